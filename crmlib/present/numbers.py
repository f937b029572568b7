"""One function for each kind of number that a reader sees, in each language.

A count below 10,000 is whole; everything else has three figures. What is not known is said to be so.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date as Date
from decimal import Decimal, localcontext
from functools import lru_cache
from math import floor, isfinite, log10
from typing import Any

import pandas as pd
from babel.dates import format_date, format_skeleton
from babel.lists import format_list
from babel.numbers import format_decimal

from crmlib.present.messages import NBSP, locale_of, render

MINUS = "\u2212"
WHOLE_BELOW = 10_000
"""Counts below this are written whole."""

_PATTERN = "#,##0.############"
_PERIODS = {"week": "yMMMd", "month": "yMMM", "quarter": "yQQQ", "year": "y"}
_DIGITS = 400
"""More than any float has."""
_TOO_LARGE = 1e300


def is_known(value: Any) -> bool:
    """Whether there is a value at all: None, NaN and NaT are not known."""
    if value is None:
        return False
    unknown = pd.isna(value) if pd.api.types.is_scalar(value) else False
    return not bool(unknown)


def not_known(locale: str = "en") -> str:
    """What stands where a value should."""
    return render("number-not-known", language=locale)


def number(x: Any, *, locale: str = "en") -> str:
    """A measure with three figures.

    >>> number(2469), number(1_469_307), number(0.03456), number(-12.34), number(float("nan"))
    ('2,470', '1.47\\xa0million', '0.0346', '−12.3', 'not known')
    """
    if not _is_finite(x):
        return not_known(locale)
    return _compact(float(x), locale)


def count(n: Any, *, locale: str = "en") -> str:
    """So many: whole below 10,000, with three figures above.

    >>> count(2469), count(12_345), count(1_469_307), count(999_950), count(None)
    ('2,469', '12,300', '1.47\\xa0million', '1\\xa0million', 'not known')
    """
    if not _is_finite(n):
        return not_known(locale)
    whole = round(float(n))
    return in_full(whole, locale=locale) if abs(whole) < WHOLE_BELOW else number(whole, locale=locale)


def money(x: Any, currency: str = "", *, locale: str = "en") -> str:
    """An amount with its currency: a code stands where the language has it, any other word behind.

    >>> money(4_130_000, "USD"), money(35.678, "EUR"), money(0.7784, "EUR"), money(-12), money(None, "USD")
    ('USD\\xa04.13\\xa0million', 'EUR\\xa035.7', 'EUR\\xa00.78', '−12', 'not known')
    """
    if not _is_finite(x) or not currency:
        return number(x, locale=locale)
    cents = round(float(x), 2)
    values = {"x": number(cents if cents and abs(cents) < 1 else x, locale=locale), "currency": currency}
    if is_currency(currency):
        return render("number-money", values, language=locale)
    return render("number-money-word", values, language=locale)


def percent(x: Any, *, locale: str = "en") -> str:
    """A share, given in percent: neither 0 % nor 100 % unless it is exactly that.

    >>> percent(31.4), percent(9.04), percent(0.0004), percent(99.97), percent(0), percent(None)
    ('31\\xa0%', '9\\xa0%', 'under 0.01\\xa0%', '99.9\\xa0%', '0\\xa0%', 'not known')
    """
    if not _is_finite(x):
        return not_known(locale)
    value = float(x)
    if 0 < abs(value) < 0.01:
        return render("number-under", {"x": _with_sign(_decimal(0.01, locale), locale)}, language=locale)
    if 99.5 <= value < 100:
        return _with_sign(_decimal(floor(value * 10) / 10, locale), locale)
    return _with_sign(_short(value, locale), locale)


def points(x: Any, *, locale: str = "en") -> str:
    """A difference of two percentages.

    >>> points(2.31), points(1), points(-0.5), points(None)
    ('2.3\\xa0percentage points', '1\\xa0percentage point', '−0.5\\xa0percentage points', 'not known')
    """
    if not _is_finite(x):
        return not_known(locale)
    return render("number-points", _with_noun(_share_rounded(float(x)), locale), language=locale)


def days(x: Any, *, locale: str = "en") -> str:
    """A time in days, whole from ten on; below one day in hours, below one hour in minutes.

    >>> days(1), days(5.25), days(31.4), days(0), days(None)
    ('1\\xa0day', '5.2\\xa0days', '31\\xa0days', '0\\xa0days', 'not known')
    >>> days(0.5), days(1 / 24), days(0.000694), days(0.0001)
    ('12\\xa0hours', '1\\xa0hour', '1\\xa0minute', 'under a minute')
    """
    if not _is_finite(x):
        return not_known(locale)
    if 0 < x < 1:
        return _part_of_a_day(float(x), locale)
    return render("number-days", _with_noun(_days_rounded(float(x)), locale), language=locale)


def times(x: Any, *, locale: str = "en") -> str:
    """A multiple.

    >>> times(3.216), times(11.24), times(1), times(None)
    ('3.2\\xa0times', '11\\xa0times', '1\\xa0time', 'not known')
    """
    if not _is_finite(x):
        return not_known(locale)
    return render("number-times", _with_noun(_share_rounded(float(x)), locale), language=locale)


def date(moment: Any, *, locale: str = "en") -> str:
    """A day as it is spoken.

    >>> date("2017-12-31 23:59"), date(pd.Timestamp("2018-01-01")), date(None), date("2018-01-01", locale="zh")
    ('31 December 2017', '1 January 2018', 'not known', '2018年1月1日')
    """
    stamp = pd.to_datetime(moment, errors="coerce") if is_known(moment) else pd.NaT
    if stamp is pd.NaT:
        return not_known(locale)
    return format_date(Date(stamp.year, stamp.month, stamp.day), "long", locale=locale_of(locale))


def month(moment: Any, *, locale: str = "en") -> str:
    """A month by its name, with its year.

    >>> month("2017-12-31"), month(None), month(pd.Timestamp("2018-01-01"), locale="zh")
    ('December 2017', 'not known', '2018年1月')
    """
    return period(moment, "yMMMM", locale=locale)


def period(moment: Any, form: str, *, locale: str = "en") -> str:
    """A week, month, quarter or year, short enough for the side of a table; or in a form of Unicode's CLDR.

    >>> period("2024-05-01", "quarter"), period("2024-05-01", "month"), period("2024-05-01", "week", locale="zh")
    ('Q2 2024', 'May 2024', '2024年5月1日')
    """
    stamp = pd.to_datetime(moment, errors="coerce") if is_known(moment) else pd.NaT
    if stamp is pd.NaT:
        return not_known(locale)
    form = _PERIODS.get(form, form)
    return format_skeleton(form, Date(stamp.year, stamp.month, stamp.day), locale=locale_of(locale))


def change(new: Any, old: Any, *, unit: str = "%", locale: str = "en") -> str:
    """How one figure moved against another; `unit` is "points" for figures that are percentages themselves.

    >>> change(112, 100), change(5, 5), change(5, 0), change(12.0, 9.5, unit="points"), change(None, 3)
    ('up 12\\xa0%', 'unchanged', 'up from 0', 'up 2.5\\xa0percentage points', 'not known')
    >>> change(2062, 2061)
    'nearly unchanged'
    """
    if not is_known(new) or not is_known(old):
        return not_known(locale)
    new, old = float(new), float(old)
    moved = new - old
    if moved == 0:
        return render("number-unchanged", language=locale)
    if unit == "%" and old and abs(moved / old) < 0.001:
        return render("number-nearly-unchanged", language=locale)
    way = "up" if moved > 0 else "down"
    if unit == "points":
        values = {"way": way, "by": points(abs(moved), locale=locale)}
    elif old:
        values = {"way": way, "by": percent(100 * abs(moved / old), locale=locale)}
    else:
        return render("number-moved-from-nothing", {"way": way}, language=locale)
    return render("number-moved", values, language=locale)


def interval(low: Any, high: Any, *, kind: str = "number", unit: str = "", locale: str = "en") -> str:
    """From one end to the other, both of one kind.

    >>> interval(0.74, 0.881), interval(31, 34, kind="share"), interval(1e6, 2e6, kind="money", unit="USD")
    ('0.74 to 0.881', '31\\xa0% to 34\\xa0%', 'USD\\xa01\\xa0million to USD\\xa02\\xa0million')
    >>> interval(-1, 12, kind="points"), interval(5.4, 8.1, kind="times")
    ('−1 to 12\\xa0percentage points', '5.4 to 8.1\\xa0times')
    """
    shown = [of_kind(end, kind, unit=unit, locale=locale) for end in (low, high)]
    if kind in ("points", "times") and _is_finite(low):
        shown[0] = _short(float(low), locale)
    return render("number-interval", {"low": shown[0], "high": shown[1]}, language=locale)


def listing(words: Iterable[Any], *, limit: int | None = None, noun: str = "", locale: str = "en") -> str:
    """Words one after the other, as the language lists them; beyond `limit` they are counted.

    >>> listing(["a"]), listing(["a", "b"]), listing(["a", "b", "c", "d"], limit=2), listing([])
    ('a', 'a and b', 'a, b and 2 more', 'none')
    """
    said = [str(word) for word in words]
    if not said:
        return render("number-none", language=locale)
    if limit is not None and len(said) > limit:
        left = count(len(said) - limit, locale=locale)
        more = render("number-more", {"left": left}, language=locale)
        said = [*said[:limit], f"{more} {noun}" if noun else more]
    return format_list(said, locale=locale_of(locale))


def of_kind(x: Any, kind: str, *, unit: str = "", locale: str = "en") -> str:
    """A value by the name of its kind: "count", "money", "share", "points", "days", "times", "date", "number".

    >>> of_kind(12, "days"), of_kind(12, "money", unit="USD")
    ('12\\xa0days', 'USD\\xa012')
    """
    if isinstance(x, float) and isfinite(x) and kind in _ALIKE:
        x = _ALIKE[kind](float(x))  # numpy rounds halves otherwise
    return _of_kind(x, kind, unit, locale)


@lru_cache(maxsize=1 << 16, typed=True)
def _of_kind(x: Any, kind: str, unit: str, locale: str) -> str:
    if kind == "money":
        return money(x, unit, locale=locale)
    return _KINDS[kind](x, locale=locale)


def shares_that_add_up(parts: Sequence[float]) -> list[float]:
    """Parts in percent of their sum, rounded so that they make 100 together (largest remainder).

    Whole percents, or so many decimals that no part comes out as nothing or all.

    >>> shares_that_add_up([1, 1, 1]), shares_that_add_up([996, 4]), shares_that_add_up([0, 0])
    ([34.0, 33.0, 33.0], [99.6, 0.4], [0.0, 0.0])
    """
    whole = float(sum(parts))
    if not whole:
        return [0.0 for _ in parts]
    for steps in (1, 10, 100):
        shown = _apportioned([100 * steps * part / whole for part in parts], total=100 * steps)
        if all(n > 0 for n, part in zip(shown, parts, strict=True) if part > 0):
            break
    return [n / steps for n in shown]


def counts_that_add_up(parts: Sequence[int]) -> list[int]:
    """Counts shown beside their whole, which is the sum of what is returned; `in_full` writes them.

    As precise as their sum is by the rule of `count`; where that would leave nothing of a part, all are whole.

    >>> counts_that_add_up([12_251, 33]), counts_that_add_up([9_000, 33]), counts_that_add_up([8_451, 3_851])
    ([12251, 33], [9000, 33], [8500, 3800])
    """
    whole = sum(parts)
    step = 10 ** (floor(log10(whole)) - 2) if whole >= WHOLE_BELOW else 1
    if step == 1 or any(0 < part < step for part in parts):
        return [int(part) for part in parts]
    return [n * step for n in _apportioned([part / step for part in parts], total=round(whole / step))]


def percent_in_full(x: float, *, locale: str = "en") -> str:
    """A share as it is given, already rounded so that it adds up with others."""
    return _with_sign(_decimal(x, locale), locale)


def in_full(n: float, *, locale: str = "en") -> str:
    """A whole number with all its figures."""
    return _decimal(int(n), locale)


def sentence(text: str) -> str:
    """The text with a capital at its beginning and one full stop at its end.

    >>> sentence("champions come often"), sentence("“lost” customers"), sentence("Why?"), sentence("")
    ('Champions come often.', '“Lost” customers.', 'Why?', '')
    """
    bare = str(text).strip()
    if not bare:
        return ""
    at = 1 if bare[0] in "“'(" and len(bare) > 1 else 0
    return f"{bare[:at]}{bare[at].upper()}{bare[at + 1 :]}{'' if bare[-1] in '.?!' else '.'}"


def capital(text: Any) -> str:
    """The text with a capital at its beginning, as the words of a cell or a row stand.

    >>> capital("days since the last order"), capital("")
    ('Days since the last order', '')
    """
    said = str(text)
    return f"{said[:1].upper()}{said[1:]}"


def shortened(name: Any, length: int) -> str:
    """A name that fits: white space closed up, an ellipsis where it was cut.

    >>> shortened("SOFT  DRINKS 12/18&15PK CAN CAR", 15), shortened(7, 5)
    ('SOFT DRINKS 12…', '7')
    """
    bare = " ".join(str(name).split())
    return bare if len(bare) <= length else f"{bare[: length - 1].rstrip()}…"


def is_currency(unit: str) -> bool:
    """Whether a unit is a currency code, which is written before the number."""
    return len(unit) == 3 and unit.isascii() and unit.isalpha() and unit.isupper()


def three_figures(x: float) -> float:
    """A number rounded to three significant digits.

    >>> three_figures(2469.0), three_figures(0.034567)
    (2470.0, 0.0346)
    """
    if not x or abs(x) >= _TOO_LARGE:
        return x
    return round(x, 2 - floor(log10(abs(x))))


_KINDS = {
    "count": count,
    "share": percent,
    "points": points,
    "days": days,
    "times": times,
    "number": number,
    "date": date,
    "month": month,
}


_ALIKE: dict[str, Callable[[float], float]] = {
    "money": lambda x: three_figures(x) if abs(x) > 1.01 else x,
    "share": lambda x: x if abs(x) < 0.02 or 99.5 <= x < 100 else _share_rounded(x),
    "days": lambda x: x if 0 < x < 1 else _days_rounded(x),
    "times": lambda x: _share_rounded(x),
}
"""Kind -> a number that is written like this one, and like many others: each is written once."""


def _is_finite(x: Any) -> bool:
    return is_known(x) and isfinite(float(x))


def _compact(x: float, locale: str) -> str:
    if 0 < abs(x) < 1e-6:
        return f"{x:.3g}".replace("-", MINUS)
    rounded = three_figures(x)
    if abs(rounded) < 1e6:
        return _decimal(rounded, locale)
    return _large(rounded, locale)


def _large(x: float, locale: str) -> str:
    """Millions and more in the words of the language: "1.47 million", "147万"."""
    formats = locale_of(locale).compact_decimal_formats
    style = formats["long"] if "long" in formats else formats["short"]
    size = max(int(power) for power in style["other"] if int(power) <= abs(x))
    pattern = style["other"][str(size)].pattern
    shown = x / (size / 10 ** (pattern.count("0") - 1))
    words = pattern.replace("'", "").replace("0" * pattern.count("0"), _decimal(three_figures(shown), locale))
    return words.replace(" ", NBSP)


@lru_cache(maxsize=20_000)
def _decimal(x: float, locale: str) -> str:
    x = int(x) if x == int(x) else x
    with localcontext(prec=_DIGITS):
        return format_decimal(Decimal(str(x)), _PATTERN, locale=locale_of(locale)).replace("-", MINUS)


def _with_sign(shown: str, locale: str) -> str:
    return render("number-percent", {"x": shown}, language=locale)


def _share_rounded(x: float) -> float:
    size = abs(x)
    if size >= 1000:
        return three_figures(x)
    return round(x, 0 if size >= 9.95 else 1 if size >= 0.095 or size == 0 else 2)


def _days_rounded(x: float) -> float:
    return float(round(x)) if abs(x) >= 10 else round(x, 1)


def _part_of_a_day(x: float, locale: str) -> str:
    hours, minutes = round(24 * x), round(24 * 60 * x)
    if hours == 24:
        return days(1, locale=locale)
    if minutes >= 60:
        return render("number-hours", _with_noun(hours, locale), language=locale)
    if minutes >= 1:
        return render("number-minutes", _with_noun(minutes, locale), language=locale)
    return render("number-under-a-minute", language=locale)


def _short(x: float, locale: str) -> str:
    return _compact(_share_rounded(x), locale)


def _with_noun(rounded: float, locale: str) -> dict[str, Any]:
    return {"x": _compact(rounded or 0.0, locale), "n": abs(rounded)}


def _apportioned(parts: Sequence[float], *, total: int | None = None) -> list[int]:
    kept = [floor(part) for part in parts]
    left = round(sum(parts) if total is None else total) - sum(kept)
    order = sorted(range(len(parts)), key=lambda place: kept[place] - parts[place])
    for place in order[: max(left, 0)]:
        kept[place] += 1
    return kept
