"""Numbers in English sentences that are still made in Python; `numbers` writes them, `claims` takes over."""

from collections.abc import Iterable
from numbers import Integral
from typing import Any

from crmlib.present import numbers
from crmlib.present.numbers import NBSP, is_known

_IRREGULAR = {"person": "people", "child": "children", "is": "are", "has": "have", "was": "were"}


def number(x: Any) -> str:
    """A whole number as a count, any other one with three figures.

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
    ('2,469', '1.47\\xa0million', '0.0346', '−12.3', 'not known')
    """
    return numbers.count(x) if isinstance(x, Integral) else numbers.number(x)


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
    return numbers.money(x, currency)


def percent(x: Any) -> str:
    """A share in percent, which is what comes in: 31.4 is "31 %"."""
    return numbers.percent(x)


def points(x: Any) -> str:
    """A difference of two percentages."""
    return numbers.points(x)


def plural(n: Any, singular: str, more: str | None = None) -> str:
    """The word alone, in the singular after exactly one."""
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
        From 10,000 on with three figures.
    singular, more : str
        The noun, and its plural where that is not the regular one.

    Returns
    -------
    str

    Examples
    --------
    >>> count(1, "customer"), count(2469, "customer"), count(0, "category"), count(None, "order")
    ('1\\xa0customer', '2,469\\xa0customers', 'no categories', 'an unknown number of orders')
    """
    noun = plural(n if is_known(n) else 2, singular, more)
    if not is_known(n):
        return f"an unknown number of {noun}"
    return f"no {noun}" if float(n) == 0 else f"{numbers.count(n)}{NBSP}{noun}"


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
    return numbers.days(x)


def times(x: Any) -> str:
    """A multiple."""
    return numbers.times(x)


def date(moment: Any) -> str:
    """A day as it is spoken."""
    return numbers.date(moment)


def listing(words: Iterable[Any], *, limit: int | None = None, noun: str | None = None) -> str:
    """Words one after the other, with "and" before the last."""
    said = list(words)
    left = len(said) - (limit or len(said))
    return numbers.listing(said, limit=limit, noun=plural(left, noun) if noun else "")


def change(new: Any, old: Any, *, unit: str = "%") -> str:
    """How one figure moved against another."""
    return numbers.change(new, old, unit=unit)


def sentence(text: str) -> str:
    """The text with a capital at its beginning and one full stop at its end."""
    bare = str(text).strip()
    if not bare:
        return ""
    at = 1 if bare[0] in "“'(" and len(bare) > 1 else 0
    return f"{bare[:at]}{bare[at].upper()}{bare[at + 1 :]}{'' if bare[-1] in '.?!' else '.'}"


def quoted(name: Any) -> str:
    """A name of a product or category as it stands in a sentence."""
    return f"“{shortened(name, 60)}”"


def shortened(name: Any, length: int) -> str:
    """A name that fits: white space closed up, an ellipsis where it was cut."""
    bare = " ".join(str(name).split())
    return bare if len(bare) <= length else f"{bare[: length - 1].rstrip()}…"
