"""What the values of a column look like, whatever its name says."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

import pandas as pd

from crmlib.prepare.check.casting import NULL_WORDS
from crmlib.prepare.draft.names import meaning_of

VALUES_KEPT = 40
"""Different values of a column that are kept as its value set."""

LOOKED_AT = 3_000
"""Different values of a column whose shapes are looked at."""

_CODE = re.compile(r"[\x21-\x7e]*\d[\x21-\x7e]*")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")
_PHONE = re.compile(r"\+?[\d\s()./–-]{6,22}(?:\s*(?:x|ext\.?)\s*\d+)?", re.IGNORECASE)
_URL = re.compile(r"(?:https?://|www\.)\S+|/\S*", re.IGNORECASE)
MARKS = {"€": "EUR", "£": "GBP", "₩": "KRW", "₹": "INR", "R$": "BRL", "$": "USD"}
_NUMBER = re.compile(
    r"\(?[-+−]?\s*(?:[A-Z]{3}|R\$|[$€£¥₩₹元円])?\s*[-+−]?(\d[\d .,'’\u00a0\u202f]*|[.,]\d+)(?:[eE][-+]?\d+)?"
    r"\s*(?:[A-Z]{3}|[$€£¥₩₹元円%])?\s*-?\)?"
)
_DAY = re.compile(
    r"(\d{1,4})([-/.年])\s?(\d{1,2})([-/.月])\s?(\d{1,4})(日?)"
    r"(?:(T|,?\s+)(\d{1,2}):(\d{2})(:\d{2})?([.,]\d+)?(\s?[AaPp]\.?[Mm]\.?)?)?\s*(Z|UTC|GMT|[A-Z]{3,4}|[-+]\d{2}:?\d{0,2})?"
)
_CLOCK = re.compile(r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?(\s?[AaPp][Mm])?")
_COMPACT = re.compile(r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(\d{4,6})?")
_NAMED = re.compile(
    r"(?:[A-Za-z]{3,9},?\s)?(?:(\d{1,2})([-\s.]+)([A-Za-zéûä]{3,9})\.?([-\s,]+)(\d{2,4})|([A-Za-z]{3,9})\.?\s(\d{1,2}),\s(\d{4}))"
    r"(?:(,?\s+)(\d{1,2}):(\d{2})(:\d{2})?(\s?[AaPp][Mm])?)?(?:\s*([A-Z]{3,4}|[-+]\d{2}:?\d{2}))?"
)


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of an export by its values.

    Parameters
    ----------
    name : as the export writes it
    filled, rows : values that are there, of how many
    distinct : different ones among them
    numbers, dates, emails, phones, links, clocks : shares of the different values that look so
    integers, negatives : shares of the numbers
    low, high : range of the numbers
    length : mean number of characters
    commas, points : numbers that only a decimal comma, only a decimal point can explain
    formats : date format -> values; "" stands for ISO 8601
    day_first, month_first : dates that only one order can explain
    offsets : dates that state their distance from UTC, or a zone
    marks : currency code -> values that carry its sign
    values : the commonest values with their numbers, if there are few, else empty
    texts : all different values, as text
    said : value -> word, where another table or the rows say what a value stands for
    """

    name: str
    filled: int
    rows: int
    distinct: int
    numbers: float = 0.0
    integers: float = 0.0
    negatives: float = 0.0
    low: float = 0.0
    high: float = 0.0
    dates: float = 0.0
    emails: float = 0.0
    phones: float = 0.0
    links: float = 0.0
    clocks: float = 0.0
    length: float = 0.0
    commas: int = 0
    points: int = 0
    formats: dict[str, int] = field(default_factory=dict)
    day_first: int = 0
    month_first: int = 0
    offsets: int = 0
    marks: dict[str, int] = field(default_factory=dict)
    values: dict[str, int] = field(default_factory=dict)
    texts: frozenset[str] = frozenset()
    said: Mapping[str, str] = field(default_factory=dict)

    def meaning(self, kind: str, value: str) -> str | None:
        """What a value means, by what it stands for."""
        return meaning_of(kind, value) or (meaning_of(kind, self.said[value]) if value in self.said else None)

    @property
    def empty(self) -> bool:
        """Whether no value is there."""
        return not self.filled

    @property
    def unique(self) -> bool:
        """Whether each value stands once."""
        return self.filled > 0 and self.distinct >= 0.995 * self.filled

    @cached_property
    def numbered(self) -> bool:
        """Whether most values are one word with figures in it: a number, no name; Chinese puts no blanks in names."""
        some = list(self.texts)[:200]
        return sum(bool(_CODE.fullmatch(text)) for text in some) > 0.9 * len(some)


def profile_of(frame: pd.DataFrame) -> dict[str, Column]:
    """Each column of an export by its values."""
    return {name: _column(name, frame[name]) for name in frame.columns}


def _column(name: str, cells: pd.Series) -> Column:
    counted = Counter(text for cell in cells if (text := text_of(cell)) is not None)
    filled = sum(counted.values())
    if not filled:
        return Column(name=name, filled=0, rows=len(cells), distinct=0)
    some = [text for text, _ in counted.most_common(LOOKED_AT)]
    share = 1 / len(some)
    kinds = {type(cell) for cell in cells if cell is not None and cell == cell}
    dated = kinds and all(issubclass(kind, date | datetime) for kind in kinds)
    formats, day_first, month_first, offsets = ({"": len(some)}, 0, 0, 0) if dated else _dates(some)
    figures = _figures(some)
    values = [one for one, _, _ in figures]
    return Column(
        name=name,
        filled=filled,
        rows=len(cells),
        distinct=len(counted),
        numbers=len(figures) * share,
        integers=sum(one == int(one) for one in values) / len(values) if values else 0.0,
        negatives=sum(one < 0 for one in values) / len(values) if values else 0.0,
        low=min(values, default=0.0),
        high=max(values, default=0.0),
        dates=sum(formats.values()) * share,
        emails=sum(bool(_EMAIL.fullmatch(text)) for text in some) * share,
        phones=sum(bool(_PHONE.fullmatch(text)) and _digits(text) >= 6 for text in some) * share,
        links=sum(bool(_URL.fullmatch(text)) for text in some) * share,
        clocks=sum(bool(_CLOCK.fullmatch(text)) for text in some) * share,
        length=sum(map(len, some)) * share,
        commas=sum(style == "," for _, style, _ in figures),
        points=sum(style == "." for _, style, _ in figures),
        formats=formats,
        day_first=day_first,
        month_first=month_first,
        offsets=offsets,
        marks=dict(Counter(mark for _, _, mark in figures if mark)),
        values=dict(counted.most_common(VALUES_KEPT)) if len(counted) <= VALUES_KEPT else {},
        texts=frozenset(counted),
    )


def text_of(cell: object) -> str | None:
    """A cell as trimmed text; None where it says nothing."""
    if cell is None or cell != cell:
        return None
    if isinstance(cell, float) and cell == int(cell) and abs(cell) < 1e15:
        return str(int(cell))
    text = str(cell).strip(" \t\r\n\u00a0\u3000")
    return None if text.lower() in NULL_WORDS else text


def _digits(text: str) -> int:
    return sum(sign.isdigit() for sign in text)


def usual_point(profile: Mapping[str, Column]) -> str:
    """The decimal sign of an export."""
    commas, points = (sum(getattr(one, sign) for one in profile.values()) for sign in ("commas", "points"))
    return "," if commas > points else "."


def number_of(text: str, usual: str = ".") -> tuple[float, str, str] | None:
    """A text as a number, the decimal sign that alone can explain it, and the currency whose mark it bears."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    body = re.sub(r"[\s'’\u00a0\u202f]", "", found.group(1))
    points, commas = body.count("."), body.count(",")
    style = ""
    if points and commas:
        style = "." if body.rindex(".") > body.rindex(",") else ","
    elif points + commas == 1:
        sign = "." if points else ","
        whole, _, rest = body.partition(sign)
        if len(rest) != 3 or len(whole) > 3 or whole in ("", "0"):
            style = sign
    elif points + commas > 1:
        style = "," if points else "."
    point = style or usual
    plain = body.replace("," if point == "." else ".", "").replace(point, ".")
    try:
        value = float(plain)
    except ValueError:
        return None
    negative = "-" in text.replace("e-", "").replace("E-", "") or "−" in text or text.startswith("(")
    mark = next((code for sign, code in MARKS.items() if sign in text), "")
    code = re.search(r"[A-Z]{3}", text)
    return (-value if negative else value), style, mark or (code.group() if code else "")


def _figures(texts: Sequence[str]) -> list[tuple[float, str, str]]:
    return [found for text in texts if len(text) < 40 and (found := number_of(text)) is not None]


def _dates(texts: Sequence[str]) -> tuple[dict[str, int], int, int, int]:
    """Formats of the dates among the texts with their numbers; which order is proved; how many state a zone."""
    formats: Counter[str] = Counter()
    day_first = month_first = offsets = 0
    undecided: list[str] = []
    for text in texts:
        if len(text) > 40:
            continue
        form, first, second, zone = _format(text)
        if form is None:
            continue
        offsets += zone
        if "%?" in form:
            day_first += first > 12
            month_first += second > 12
            undecided.append(form)
        else:
            formats[form] += 1
    order = ("%m", "%d") if month_first > day_first else ("%d", "%m")
    for form in undecided:
        formats[form.replace("%?", order[0], 1).replace("%?", order[1], 1)] += 1
    return dict(formats), day_first, month_first, offsets


def _format(text: str) -> tuple[str | None, int, int, bool]:
    """The format of one date, ``%?`` standing for a day or a month; the two figures; whether it states a zone."""
    if _COMPACT.fullmatch(text):
        return {8: "", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}[len(text)], 0, 0, False
    found = _DAY.fullmatch(text)
    if found is not None:
        return _numeric_format(found)
    found = _NAMED.fullmatch(text)
    if found is None or not _is_month(found.group(3) or found.group(6)):
        return None, 0, 0, False
    day, gap, month, gap2, year, _, _, _, between, hour, _, seconds, half, zone = found.groups()
    letters = "%B" if len(month or found.group(6)) > 3 else "%b"
    form = f"%d{gap}{letters}{gap2}{'%Y' if len(year) == 4 else '%y'}" if day else f"{letters} %d, %Y"
    clock = _clock(between, hour, seconds, None, half) if hour else ""
    return form + clock, 0, 0, bool(zone)


def _numeric_format(found: re.Match[str]) -> tuple[str | None, int, int, bool]:
    first, sign, second, sign2, third, end, between, hour, _, seconds, fraction, half, zone = found.groups()
    clock = _clock(between, hour, seconds, fraction, half) if hour else ""
    if sign in "年" or sign2 == "月":
        return f"%Y年%m月%d{end}{clock}", 0, 0, bool(zone)
    if sign != sign2 or (len(first) == 4 and int(second) > 12):
        return None, 0, 0, False
    if len(first) == 4:
        iso = sign == "-" and not half
        known = not clock and sign in "/."
        return "" if iso or known else f"%Y{sign}%m{sign}%d{clock}", 0, 0, bool(zone)
    if (
        len(first) > 2
        or len(third) not in (2, 4)
        or max(int(first), int(second)) > 31
        or not (int(first) <= 12 or int(second) <= 12)
    ):
        return None, 0, 0, False
    year = "%Y" if len(third) == 4 else "%y"
    return f"%?{sign}%?{sign}{year}{clock}", int(first), int(second), bool(zone)


def _clock(between: str, hour: str, seconds: str | None, fraction: str | None, half: str | None) -> str:
    form = f"{between}{'%I' if half else '%H'}:%M"
    form += ":%S" if seconds else ""
    form += f"{fraction[0]}%f" if fraction else ""
    return form + (" %p" if half and half[0].isspace() else "%p" if half else "")


def _is_month(word: str | None) -> bool:
    names = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
    return word is not None and word[:3].lower() in names
