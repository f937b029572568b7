"""Numbers in sentences: three significant digits at most, the unit always, what is not known said so."""

from collections.abc import Iterable
from math import floor, isfinite
from typing import Any

import pandas as pd

from crmlib.present.blocks_figures import NOT_KNOWN, is_currency, is_known, shown_number

NBSP = "\u00a0"

_IRREGULAR = {"person": "people", "child": "children", "is": "are", "has": "have", "was": "were"}


def number(x: Any) -> str:
    """A number with thousands separators and at most three significant digits.

    Parameters
    ----------
    x : number or None

    Returns
    -------
    str
        "not known" where there is no finite number.

    Examples
    --------
    >>> number(2469), number(1_469_307), number(0.03456), number(-12.34), number(float("nan"))
    ('2,470', '1.47\\xa0million', '0.0346', '−12.3', 'not known')
    """
    if not is_known(x) or not isfinite(float(x)):
        return NOT_KNOWN
    return shown_number(float(x))


def money(x: Any, currency: str = "") -> str:
    """An amount with its currency.

    Parameters
    ----------
    x : number or None
    currency : str
        A code such as "USD" stands in front, any other word behind; empty where it is not known.

    Returns
    -------
    str

    Examples
    --------
    >>> money(4_130_000, "USD"), money(35.678, "EUR"), money(-12, ""), money(None, "USD")
    ('USD\\xa04.13\\xa0million', 'EUR\\xa035.7', '−12', 'not known')
    """
    shown = number(x)
    if shown == NOT_KNOWN or not currency:
        return shown
    return f"{currency}{NBSP}{shown}" if is_currency(currency) else f"{shown}{NBSP}{currency}"


def percent(x: Any) -> str:
    """A share in percent, which is what comes in: 31.4 is "31 %".

    Parameters
    ----------
    x : number or None
        Percent, not a fraction.

    Returns
    -------
    str
        Whole from 10 % on, one decimal below; neither 0 % nor 100 % unless it is exactly that.

    Examples
    --------
    >>> percent(31.4), percent(9.04), percent(0.0004), percent(99.97), percent(0), percent(None)
    ('31\\xa0%', '9\\xa0%', 'under 0.01\\xa0%', '99.9\\xa0%', '0\\xa0%', 'not known')
    """
    if not is_known(x) or not isfinite(float(x)):
        return NOT_KNOWN
    value = float(x)
    if 0 < abs(value) < 0.01:
        return f"under 0.01{NBSP}%"
    if 99.5 <= value < 100:
        value = floor(value * 10) / 10
        return f"{value:.1f}{NBSP}%"
    return f"{_share(value)}{NBSP}%".replace("-", "−")


def points(x: Any) -> str:
    """A difference of two percentages.

    Parameters
    ----------
    x : number or None

    Returns
    -------
    str

    Examples
    --------
    >>> points(2.31), points(1), points(-0.5), points(None)
    ('2.3\\xa0percentage points', '1\\xa0percentage point', '−0.5\\xa0percentage points', 'not known')
    """
    if not is_known(x) or not isfinite(float(x)):
        return NOT_KNOWN
    shown = _share(float(x)).replace("-", "−")
    return f"{shown}{NBSP}percentage {'point' if shown in ('1', '−1') else 'points'}"


def plural(n: Any, singular: str, more: str | None = None) -> str:
    """The word alone, in the singular after exactly one.

    Parameters
    ----------
    n : number
    singular : str
        A noun or a verb: "person", "has".
    more : str, optional
        The plural where it is not the regular one.

    Returns
    -------
    str

    Examples
    --------
    >>> plural(1, "basket"), plural(2, "category"), plural(0, "is"), plural(3, "box")
    ('basket', 'categories', 'are', 'boxes')
    """
    if is_known(n) and float(n) == 1:
        return singular
    if more is not None or singular in _IRREGULAR:
        return more if more is not None else _IRREGULAR[singular]
    if singular.endswith("y") and singular[-2:-1] not in "aeiou":
        return f"{singular[:-1]}ies"
    return f"{singular}es" if singular.endswith(("s", "x", "ch", "sh")) else f"{singular}s"


def count(n: Any, singular: str, more: str | None = None) -> str:
    """So many of something.

    Parameters
    ----------
    n : whole number or None
        From 1,000 on it is rounded to three significant digits.
    singular, more : str
        The noun, and its plural where that is not the regular one.

    Returns
    -------
    str

    Examples
    --------
    >>> count(1, "customer"), count(2469, "customer"), count(0, "category"), count(None, "order")
    ('1\\xa0customer', '2,470\\xa0customers', 'no categories', 'an unknown number of orders')
    """
    if not is_known(n):
        return f"an unknown number of {plural(2, singular, more)}"
    if float(n) == 0:
        return f"no {plural(0, singular, more)}"
    return f"{number(n)}{NBSP}{plural(n, singular, more)}"


def days(x: Any) -> str:
    """A time in days, whole from ten on.

    Parameters
    ----------
    x : number or None

    Returns
    -------
    str

    Examples
    --------
    >>> days(1), days(5.25), days(31.4), days(0), days(None)
    ('1\\xa0day', '5.2\\xa0days', '31\\xa0days', '0\\xa0days', 'not known')
    """
    if not is_known(x) or not isfinite(float(x)):
        return NOT_KNOWN
    value = float(x)
    shown = number(round(value)) if abs(value) >= 10 else number(round(value, 1))
    return f"{shown}{NBSP}{'day' if shown == '1' else 'days'}"


def times(x: Any) -> str:
    """A multiple.

    Parameters
    ----------
    x : number or None

    Returns
    -------
    str

    Examples
    --------
    >>> times(3.216), times(11.24), times(1), times(None)
    ('3.2\\xa0times', '11\\xa0times', '1\\xa0time', 'not known')
    """
    if not is_known(x) or not isfinite(float(x)):
        return NOT_KNOWN
    shown = _share(float(x))
    return f"{shown}{NBSP}{'time' if shown == '1' else 'times'}"


def date(moment: Any) -> str:
    """A day as it is spoken.

    Parameters
    ----------
    moment : Timestamp, date, text or None

    Returns
    -------
    str

    Examples
    --------
    >>> date("2017-12-31 23:59"), date(pd.Timestamp("2018-01-01")), date(None)
    ('31 December 2017', '1 January 2018', 'not known')
    """
    stamp = pd.to_datetime(moment, errors="coerce") if is_known(moment) else pd.NaT
    return shown_number(None if stamp is pd.NaT else stamp)


def listing(words: Iterable[Any], *, limit: int | None = None, noun: str | None = None) -> str:
    """Words one after the other, with "and" before the last.

    Parameters
    ----------
    words : anything that can be written
    limit : int, optional
        At most so many are named, the others counted.
    noun : str, optional
        What they are, in the singular, for those that are counted.

    Returns
    -------
    str

    Examples
    --------
    >>> listing(["a"]), listing(["a", "b"]), listing(["a", "b", "c", "d"], limit=2), listing([])
    ('a', 'a and b', 'a, b and 2 more', 'none')
    >>> listing(["tea", "milk", "bread"], limit=1, noun="item")
    'tea and 2 more items'
    """
    said = [str(word) for word in words]
    if not said:
        return "none"
    if limit is not None and len(said) > limit:
        left = len(said) - limit
        said = [*said[:limit], f"{number(left)} more{f' {plural(left, noun)}' if noun else ''}"]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"


def change(new: Any, old: Any, *, unit: str = "%") -> str:
    """How one figure moved against another.

    Parameters
    ----------
    new, old : numbers or None
    unit : "%" or "points"
        "points" for figures that are percentages themselves.

    Returns
    -------
    str

    Examples
    --------
    >>> change(112, 100), change(97, 100), change(5, 5), change(5, 0), change(12.0, 9.5, unit="points")
    ('up 12\\xa0%', 'down 3\\xa0%', 'unchanged', 'up from 0', 'up 2.5\\xa0percentage points')
    >>> change(2062, 2061), change(None, 3)
    ('nearly unchanged', 'not known')
    """
    if not is_known(new) or not is_known(old):
        return NOT_KNOWN
    moved = float(new) - float(old)
    if moved == 0:
        return "unchanged"
    if unit == "%" and old and abs(moved / float(old)) < 0.001:
        return "nearly unchanged"
    way = "up" if moved > 0 else "down"
    if unit == "points":
        return f"{way} {points(abs(moved))}"
    return f"{way} {percent(100 * abs(moved) / abs(float(old)))}" if old else f"{way} from 0"


def sentence(text: str) -> str:
    """The text with a capital at its beginning and one full stop at its end.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> sentence("champions come often"), sentence("“lost” customers"), sentence("Why?"), sentence("")
    ('Champions come often.', '“Lost” customers.', 'Why?', '')
    """
    bare = str(text).strip()
    if not bare:
        return ""
    at = 1 if bare[0] in "“'(" and len(bare) > 1 else 0
    return f"{bare[:at]}{bare[at].upper()}{bare[at + 1 :]}{'' if bare[-1] in '.?!' else '.'}"


def quoted(name: Any) -> str:
    """A name of a product or category as it stands in a sentence.

    Parameters
    ----------
    name : anything
        White space in it is closed up, and a long one is cut.

    Returns
    -------
    str

    Examples
    --------
    >>> quoted("  FLUID  MILK WHITE ONLY "), len(quoted("x" * 99))
    ('“FLUID MILK WHITE ONLY”', 62)
    """
    return f"“{shortened(name, 60)}”"


def shortened(name: Any, length: int) -> str:
    """A name that fits: white space closed up, an ellipsis where it was cut.

    Parameters
    ----------
    name : anything
    length : int

    Returns
    -------
    str

    Examples
    --------
    >>> shortened("SOFT  DRINKS 12/18&15PK CAN CAR", 15), shortened(7, 5)
    ('SOFT DRINKS 12…', '7')
    """
    bare = " ".join(str(name).split())
    return bare if len(bare) <= length else f"{bare[: length - 1].rstrip()}…"


def _share(value: float) -> str:
    size = abs(value)
    shown = (
        f"{value:,.0f}" if size >= 9.95 else f"{value:.1f}" if size >= 0.095 or size == 0 else f"{value:.2f}"
    )
    if size >= 1000:
        shown = number(value)
    return shown.rstrip("0").rstrip(".") if "." in shown else shown
