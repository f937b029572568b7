"""Key figures: a number, its unit, its interval, and never a nought for what is not known."""

from dataclasses import dataclass
from datetime import date
from math import floor, isfinite, log10
from numbers import Integral
from typing import Any, ClassVar, Literal

import pandas as pd
from markupsafe import Markup

from crmlib.present.blocks_base import Block
from crmlib.schema.errors import ParameterError

NOT_KNOWN = "not known"
_NBSP = "\u00a0"
_MINUS = "\u2212"


def is_known(value: Any) -> bool:
    """Whether there is a value at all: None, NaN and NaT are not known.

    Parameters
    ----------
    value : anything

    Returns
    -------
    bool

    Examples
    --------
    >>> is_known(0), is_known(float("nan")), is_known(None)
    (True, False, False)
    """
    if value is None:
        return False
    unknown = pd.isna(value) if pd.api.types.is_scalar(value) else False
    return not bool(unknown)


def shown_number(value: Any, *, format: str | None = None) -> str:
    """A number as a reader likes it: separators, at most three significant digits above a whole number.

    Parameters
    ----------
    value : number, date, text or None
        Whole numbers below a million are shown in full.
    format : str, optional
        A format of Python's own, such as ",.1f", instead.

    Returns
    -------
    str

    Examples
    --------
    >>> shown_number(2469), shown_number(1_469_307), shown_number(0.03456), shown_number(8911.4)
    ('2,469', '1.47\xa0million', '0.0346', '8,910')
    >>> shown_number(None), shown_number(-12.5, format=".1f")
    ('not known', '−12.5')
    """
    if not is_known(value):
        return NOT_KNOWN
    if isinstance(value, date):
        return f"{value.day} {value:%B %Y}"
    if isinstance(value, str):
        return value
    number = float(value)
    if format:
        shown = f"{int(value) if isinstance(value, Integral) else number:{format}}"
    elif not isfinite(number):
        shown = "∞" if number > 0 else "-∞" if number < 0 else NOT_KNOWN
    else:
        shown = _rounded(value, number).replace(" ", _NBSP)
    return shown.replace("-", _MINUS)


def _rounded(value: Any, number: float) -> str:
    for size, word in ((1e9, " billion"), (1e6, " million")):
        if abs(number) >= (size if isinstance(value, Integral) else size * 0.9995):
            return f"{_three_digits(number / size)}{word}"
    if isinstance(value, Integral):
        return f"{int(value):,}"
    return _three_digits(number)


def _three_digits(number: float) -> str:
    if number == 0:
        return "0"
    if abs(number) < 1e-6:
        return f"{number:.3g}"
    decimals = 2 - floor(log10(abs(number)))
    rounded = round(number, decimals)
    shown = f"{rounded:,.{min(max(decimals, 0), 12)}f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def with_unit(shown: str, unit: str) -> str:
    """A shown number beside its unit, held together by a no-break space.

    Parameters
    ----------
    shown : what `shown_number` returned
    unit : "%", "days", or a currency code of three capitals, which goes in front

    Returns
    -------
    str

    Examples
    --------
    >>> with_unit("31", "%"), with_unit("1", "days"), with_unit("4.1", "USD"), with_unit("not known", "days")
    ('31\\xa0%', '1\\xa0day', 'USD\\xa04.1', 'not known')
    """
    if not unit or shown == NOT_KNOWN:
        return shown
    if is_currency(unit):
        return f"{unit}{_NBSP}{shown}"
    return f"{shown}{_NBSP}{one_or_more(shown, unit)}"


def is_currency(unit: str) -> bool:
    """Whether a unit is a currency code, which is written before the number.

    Parameters
    ----------
    unit : str

    Returns
    -------
    bool

    Examples
    --------
    >>> is_currency("USD"), is_currency("days")
    (True, False)
    """
    return len(unit) == 3 and unit.isascii() and unit.isalpha() and unit.isupper()


def one_or_more(shown: str, unit: str) -> str:
    """The unit in the singular after exactly one.

    Parameters
    ----------
    shown, unit : str

    Returns
    -------
    str

    Examples
    --------
    >>> one_or_more("1", "orders"), one_or_more("2", "orders")
    ('order', 'orders')
    """
    return unit[:-1] if shown == "1" and unit.endswith("s") and len(unit) > 2 else unit


@dataclass(frozen=True, kw_only=True)
class KeyFigure:
    """One number a manager looks for.

    Parameters
    ----------
    label : what it is, in plain words
    value : number, date, text, or None where it is not known
    unit : "%", "days", "households", or a currency code
    low, high : float, optional
        The interval, where the value is an estimate.
    note : str
        A few words below it.
    better : None, "higher" or "lower"
        Which way is good; None when neither is.
    format : str, optional
        A format of Python's own for value and interval, such as ",.1f".

    Raises
    ------
    ParameterError
        If `better` is something else, or one end of the interval is missing.

    Examples
    --------
    >>> KeyFigure(label="Spend", value=4_130_000.0, unit="USD").shown
    'USD\\xa04.13\\xa0million'
    >>> KeyFigure(label="Stability", value=0.81, low=0.74, high=0.88).interval
    '0.74 to 0.88'
    """

    label: str
    value: Any
    unit: str = ""
    low: float | None = None
    high: float | None = None
    note: str = ""
    better: Literal["higher", "lower"] | None = None
    format: str | None = None

    def __post_init__(self):
        if self.better not in (None, "higher", "lower"):
            raise ParameterError(f"KeyFigure better={self.better!r} is not None, 'higher' or 'lower'.")
        if is_known(self.low) != is_known(self.high):
            raise ParameterError(
                f"KeyFigure {self.label!r} has one end of an interval: give low and high, or neither."
            )

    @property
    def number(self) -> str:
        """The value as shown, without its unit.

        Examples
        --------
        >>> KeyFigure(label="Households", value=None, unit="households").number
        'not known'
        """
        return shown_number(self.value, format=self.format)

    @property
    def shown(self) -> str:
        """The value as shown, with its unit.

        Examples
        --------
        >>> KeyFigure(label="Households", value=2469).shown
        '2,469'
        """
        return with_unit(self.number, self.unit)

    @property
    def interval(self) -> str:
        """The interval as shown, empty where there is none.

        Examples
        --------
        >>> KeyFigure(label="Households", value=2469).interval
        ''
        """
        if not is_known(self.low) or not is_known(self.value):
            return ""
        low, high = (shown_number(end, format=self.format) for end in (self.low, self.high))
        return f"{low} to {high}"

    def _record(self) -> dict[str, Any]:
        machine = {name: _machine(getattr(self, name)) for name in ("value", "low", "high")}
        words = {name: getattr(self, name) for name in ("label", "unit", "note", "better")}
        return {**words, **machine, "shown": self.shown, "number": self.number, "interval": self.interval}


def _machine(value: Any) -> float | int | str | None:
    if not is_known(value):
        return None
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, str):
        return value
    if isinstance(value, date):
        return value.isoformat()
    number = float(value)
    return number if isfinite(number) else None


@dataclass(frozen=True, init=False)
class KeyFigures(Block):
    """A row of key figures.

    Parameters
    ----------
    *figures : KeyFigure
    index : bool
        Whether they stand on the index of the run as well.

    Examples
    --------
    >>> print(KeyFigures(KeyFigure(label="Households", value=2469), index=True)._text())
    Households: 2,469
    """

    kind: ClassVar[str] = "key_figures"
    figures: tuple[KeyFigure, ...]
    index: bool

    def __init__(self, *figures, index=False):
        object.__setattr__(self, "figures", tuple(figures))
        object.__setattr__(self, "index", bool(index))

    def _html(self) -> str:
        cells = Markup("").join(figure_cell(figure._record()) for figure in self.figures)
        return Markup('<dl class="crm-figures">{}</dl>').format(cells)

    def _text(self) -> str:
        return "\n".join(
            f"{figure.label}: {figure.shown}" + (f" ({figure.interval})" if figure.interval else "")
            for figure in self.figures
        )

    def _record(self) -> dict[str, Any]:
        return {"index": self.index, "figures": [figure._record() for figure in self.figures]}


def figure_cell(record: dict[str, Any], *, more: str = "") -> Markup:
    """One key figure as a term and its descriptions, for a `dl` of the class crm-figures.

    Parameters
    ----------
    record : the figure's part of the block's record
        label, number, unit, interval, note; any may be missing.
    more : Markup, optional
        What stands below it: its change and its history, on the index.

    Returns
    -------
    Markup

    Examples
    --------
    >>> print(figure_cell({"label": "Orders", "number": "12"}))
    <div class="crm-figure"><dt>Orders</dt><dd class="crm-number">12</dd></div>
    """
    number = str(record.get("number") or record.get("shown") or NOT_KNOWN)
    unit = str(record.get("unit") or "") if record.get("number") else ""
    parts = [Markup('<dd class="crm-number">{}</dd>').format(_number_and_unit(number, unit))]
    if record.get("interval"):
        parts.append(Markup('<dd class="crm-interval">likely {}</dd>').format(record["interval"]))
    if record.get("note"):
        parts.append(Markup('<dd class="crm-note">{}</dd>').format(record["note"]))
    cell = Markup('<div class="crm-figure"><dt>{}</dt>{}{}</div>')
    return cell.format(record.get("label") or "", Markup("").join(parts), more)


def _number_and_unit(number: str, unit: str) -> Markup:
    if number == NOT_KNOWN:
        return Markup('<span class="crm-unknown">{}</span>').format(number)
    if not unit:
        return Markup("{}").format(number)
    if is_currency(unit):
        return Markup('<span class="crm-unit">{}</span> {}').format(unit, number)
    return Markup('{} <span class="crm-unit">{}</span>').format(number, one_or_more(number, unit))
