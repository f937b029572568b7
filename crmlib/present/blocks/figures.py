"""Key figures: a number, its unit, its interval, and never a nought for what is not known."""

import re
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import date
from math import isfinite
from numbers import Integral
from typing import Any, ClassVar, Literal

from markupsafe import Markup

from crmlib.present import numbers
from crmlib.present.blocks.base import Block
from crmlib.present.claims import Claim, Fact
from crmlib.present.messages import language, render
from crmlib.present.numbers import is_currency, is_known, not_known
from crmlib.schema.errors import ParameterError

NOT_KNOWN = "not known"
"""In English; `numbers.not_known` says it in each language."""


def shown_number(value: Any, *, format: str | None = None) -> str:
    """A value as a reader likes it: a whole number as a count, any other one with three figures.

    >>> shown_number(2469), shown_number(12_345), shown_number(1_469_307), shown_number(0.03456)
    ('2,469', '12,300', '1.47\\xa0million', '0.0346')
    >>> shown_number(None), shown_number(-12.5, format=".1f"), shown_number(-0.02, format=".1f")
    ('not known', '−12.5', '0.0')
    """
    if not is_known(value):
        return not_known(language())
    if isinstance(value, date):
        return numbers.date(value, locale=language())
    if isinstance(value, str):
        return value
    if format:
        shown = f"{int(value) if isinstance(value, Integral) else float(value):{format}}"
        return shown.replace("-", numbers.MINUS if re.search("[1-9]", shown) else "")
    if not isfinite(float(value)):
        return "∞" if float(value) > 0 else f"{numbers.MINUS}∞"
    written = numbers.count if isinstance(value, Integral) else numbers.number
    return written(value, locale=language())


def with_unit(shown: str, unit: str) -> str:
    """A shown number beside its unit, held together by a no-break space."""
    if not unit or shown in (NOT_KNOWN, not_known(language())):
        return shown
    if is_currency(unit):
        return f"{unit}{numbers.NBSP}{shown}"
    return f"{shown}{numbers.NBSP}{one_or_more(shown, unit)}"


def one_or_more(shown: str, unit: str) -> str:
    """The unit in the singular after exactly one."""
    return unit[:-1] if shown == "1" and unit.endswith("s") and len(unit) > 2 else unit


@dataclass(frozen=True)
class KeyFigure:
    """One number a manager looks for.

    `label`: What it is, in plain words.
    `value` (Fact, number, date, text, or None where it is not known): A Fact brings its unit along, and its place in
        run.json.
    `unit`: "%", "days", "households", or a currency code.
    `low`, `high`: The interval, where the value is an estimate.
    `note`: A few words below it.
    `better` (None, "higher" or "lower"): Which way is good; None when neither is.
    `format`: A format of Python's own for value and interval, such as ",.1f".
    `history` (sequence of numbers): The same figure of earlier periods, oldest first, this one last; the index draws
        it as a small line.
    """

    label: str | Claim
    value: Any
    _: KW_ONLY
    unit: str = ""
    low: float | None = None
    high: float | None = None
    note: str | Claim = ""
    better: Literal["higher", "lower"] | None = None
    format: str | None = None
    history: Sequence[float] = ()
    fact: Fact | None = field(default=None, init=False, repr=False)

    def __post_init__(self):
        if isinstance(self.value, Fact):
            fact = self.value
            unit = self.unit or {"money": fact.unit, "share": "%"}.get(fact.kind, "")
            for name, value in {"fact": fact, "value": fact.value, "unit": unit}.items():
                object.__setattr__(self, name, value)
        if self.better not in (None, "higher", "lower"):
            raise ParameterError(f"KeyFigure better={self.better!r} is not None, 'higher' or 'lower'.")
        if is_known(self.low) != is_known(self.high):
            raise ParameterError(
                f"KeyFigure {self.label!r} has one end of an interval: give low and high, or neither."
            )

    @property
    def number(self) -> str:
        """The value as shown, without its unit."""
        if self.fact is None or self.format:
            return shown_number(self.value, format=self.format)
        return str(replace(self.fact, unit="")).removesuffix(f"{numbers.NBSP}%")

    @property
    def shown(self) -> str:
        """The value as shown, with its unit."""
        return with_unit(self.number, self.unit)

    @property
    def interval(self) -> str:
        """The interval as shown, empty where there is none."""
        if not is_known(self.low) or not is_known(self.value):
            return ""
        low, high = (shown_number(end, format=self.format) for end in (self.low, self.high))
        return render("number-interval", {"low": low, "high": high}, language=language())

    def _record(self) -> dict[str, Any]:
        machine = {name: _machine(getattr(self, name)) for name in ("value", "low", "high")}
        words = {name: str(getattr(self, name)) for name in ("label", "unit", "note")} | {
            "better": self.better
        }
        if len(self.history):
            machine["history"] = [_machine(value) for value in self.history]
        return {**words, **machine, "shown": self.shown, "number": self.number, "interval": self.interval}

    def _claims(self) -> list[dict[str, Any]]:
        made = [said.record() for said in (self.label, self.note) if isinstance(said, Claim)]
        if self.fact is not None and isinstance(self.label, Claim):
            made[0]["facts"]["value"] = self.fact.record()
            made[0]["text"] = f"{self.label}: {self.shown}"
        return made


def _machine(value: Any) -> float | int | str | None:
    if not is_known(value):
        return None
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, str):
        return value
    if isinstance(value, date):
        return value.isoformat()[:10]
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
    says : Claim or str
        A line below them: of which time they are.
    """

    kind: ClassVar[str] = "key_figures"
    figures: tuple[KeyFigure, ...]
    index: bool
    says: str | Claim

    def __init__(self, *figures, index=False, says=""):
        object.__setattr__(self, "figures", tuple(figures))
        object.__setattr__(self, "index", bool(index))
        object.__setattr__(self, "says", says)

    def _html(self) -> str:
        cells = Markup("").join(figure_cell(figure._record()) for figure in self.figures)
        below = Markup('<p class="compared">{}</p>').format(str(self.says)) if self.says else ""
        return Markup('<dl class="crm-figures">{}</dl>{}').format(cells, below)

    def _text(self) -> str:
        return "\n".join(
            f"{figure.label}: {figure.shown}" + (f" ({figure.interval})" if figure.interval else "")
            for figure in self.figures
        )

    def _record(self) -> dict[str, Any]:
        claims = [claim for figure in self.figures for claim in figure._claims()]
        claims += [self.says.record()] if isinstance(self.says, Claim) else []
        more = {"says": str(self.says)} if self.says else {}
        return {
            **more,
            "index": self.index,
            "figures": [figure._record() for figure in self.figures],
            "claims": claims,
        }


def _likely(interval: str) -> str:
    return render("page-figure-likely", {"interval": interval}, language=language())


def figure_cell(record: dict[str, Any], *, more: str = "") -> Markup:
    """One key figure as a term and its descriptions, for a `dl` of the class crm-figures."""
    number = str(record.get("number") or record.get("shown") or NOT_KNOWN)
    unit = str(record.get("unit") or "") if record.get("number") else ""
    parts = [Markup('<dd class="crm-number">{}</dd>').format(_number_and_unit(number, unit))]
    if record.get("interval"):
        parts.append(Markup('<dd class="crm-interval">{}</dd>').format(_likely(record["interval"])))
    if record.get("note"):
        parts.append(Markup('<dd class="crm-note">{}</dd>').format(record["note"]))
    cell = Markup('<div class="crm-figure"><dt>{}</dt>{}{}</div>')
    return cell.format(record.get("label") or "", Markup("").join(parts), more)


def _number_and_unit(number: str, unit: str) -> Markup:
    if number in (NOT_KNOWN, not_known(language())):
        return Markup('<span class="crm-unknown">{}</span>').format(number)
    if not unit:
        return Markup("{}").format(number)
    if is_currency(unit):
        return Markup('<span class="crm-unit">{}</span> {}').format(unit, number)
    return Markup('{} <span class="crm-unit">{}</span>').format(number, one_or_more(number, unit))
