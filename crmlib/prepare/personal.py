"""The personal and sensitive values of a workspace, sought in text: which of them stand in it, and where."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from crmlib.prepare.engine import Engine
from crmlib.prepare.privacy import min_group
from crmlib.schema.tables import TABLES

SHORTEST, SHORTEST_WORD, SHORTEST_IDEOGRAPHS, SHORTEST_PHONE = 6, 10, 3, 9
"""Signs from which a value is telling: of several words, of one word, in Chinese or Japanese, of a telephone."""

LONGEST = 120
"""Of a longer value, such as a note, its beginning is sought. Less of it may be a phrase that many notes have."""

_IDEOGRAPHS = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_DIGITS = re.compile(r"\d(?<![\w.,]\d)(?:[ ()./-]{0,2}\d){8,15}(?!\w)")
_PSEUDONYM = re.compile(rb"K-(?<!\wK-)[A-Z2-7]{12}\b")
_OTHER_DIGIT = re.compile(r"[^\W\D0-9]")
_RECORD, _MANY = "\r\n", 1_000
_NOUGHTS = bytes.maketrans(b"123456789", b"000000000")
_MARKS = bytes.maketrans(b"123456789@ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"000000000+" + b"0" * 26)
_BEGINNINGS = (16, SHORTEST, SHORTEST_IDEOGRAPHS, 1)
_HASHED = 20


@dataclass(frozen=True, kw_only=True)
class Known:
    """Values to be sought: each in the form of `told` with its column, and telephones by their digits."""

    values: dict[str, str]
    phones: dict[str, str]

    def found_in(self, text: str) -> Iterator[tuple[str, str]]:
        """The values that stand in a text as words of their own, each with its column."""
        for value in _found(told(text), self.values, self._indexes):
            yield value, self.values[value]
        for match in _DIGITS.finditer(text) if self.phones else ():
            digits = re.sub(r"\D", "", match[0])
            if digits in self.phones:
                yield digits, self.phones[digits]

    def hidden_from(self, reads: Iterable[str]) -> "Known":
        """Those of columns of other classes than an audience reads."""

        def hidden(places: dict[str, str]) -> dict[str, str]:
            return {value: place for value, place in places.items() if _class_of(place) not in reads}

        return Known(values=hidden(self.values), phones=hidden(self.phones))

    @cached_property
    def _indexes(self) -> list["_Index"]:
        return _indexes(self.values)

    @cached_property
    def _shaped(self) -> "Known":
        return Known(values={_shape(value): place for value, place in self.values.items()}, phones={})

    def telling_lines(self, text: str) -> str:
        """What of a long list has to be looked at: all of it, or the lines that say more than names and figures do.

        No known value goes over the end of a line, and none stands in a list in which its shape does not. A line is
        kept where so many digits stand together as the shortest number of a person has, or a sign of an address.
        """
        lines = text.split(_RECORD)
        if len(lines) < _MANY or any(line.count('"') % 2 for line in lines):
            return text
        body = _PSEUDONYM.sub(b"K-", text.encode("utf-8", "surrogatepass"))
        shapes, known = _shapes(body), self._shaped
        if _OTHER_DIGIT.search(shapes) or any(_found(_shape(told(shapes)), known.values, known._indexes)):
            return text
        marks = body.translate(_MARKS, b" -()./")
        marked = zip(lines, marks.split(_RECORD.encode()), strict=True) if _tells(marks) else ()
        return "\n".join(line for line, mark in marked if _tells(mark))

    def without(self, texts: Iterable[str]) -> "Known":
        """Those that do not stand in what is no secret anyway, such as the names of products."""
        common = {value for text in texts for value in _found(told(text), self.values, self._indexes)}
        kept = {value: column for value, column in self.values.items() if value not in common}
        return Known(values=kept, phones=self.phones)


def _class_of(place: str) -> str:
    table, _, column = place.partition(".")
    return TABLES[table].field(column).privacy


def told(text: str) -> str:
    """Text in the form in which it is compared: width, case and blanks do not count."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _shape(text: str) -> str:
    """A text without what pseudonyms and numbers are: few lines of a list differ in more."""
    return re.sub(r"\d+", "0", re.sub(r"k-(?<!\wk-)[a-z2-7]{12}\b", "k-", text))


def _tells(marks: bytes) -> bool:
    return b"000000000" in marks or b"+" in marks


def _shapes(body: bytes) -> str:
    signs = np.frombuffer(body.translate(_NOUGHTS), dtype=np.uint8)
    begins = np.append(True, (signs[1:] != ord("0")) | (signs[:-1] != ord("0")))
    return b"\n".join(set(signs[begins].tobytes().split(_RECORD.encode()))).decode("utf-8", "surrogatepass")


def is_telling(value: str) -> bool:
    """Whether a value is long enough to point at somebody when it stands in a text."""
    if _IDEOGRAPHS.search(value):
        return len(value.replace(" ", "")) >= SHORTEST_IDEOGRAPHS
    letters = sum(sign.isalpha() for sign in value)
    if not letters:
        return False
    return len(value) >= (SHORTEST if re.search(r"\w\W+\w", value) else SHORTEST_WORD)


def known_values(crm: Any) -> Known:
    """Every telling value of class P and S in the tables; of a sensitive column those of groups too small to show.

    Dates are left out, since any of them may stand on a page as a day of sales; so is what stands in columns that
    are nobody's secret, too.
    """
    values: dict[str, str] = {}
    phones: dict[str, str] = {}
    for table, column, privacy, kind in _columns(crm):
        if kind in ("text", "list") and privacy != "internal":
            place = f"{table}.{column}"
            for value in _distinct(crm, table, column, below=_below(crm, column, privacy)):
                digits = re.sub(r"\D", "", value)
                if column == "phone" and len(digits) >= SHORTEST_PHONE:
                    phones |= {digits: place, digits.lstrip("0"): place}
                shown = told(value).strip()
                shown = shown[:LONGEST].rsplit(" ", 1)[0] if len(shown) > LONGEST else shown
                if column != "phone" and is_telling(shown):
                    values[shown] = place
    settings = getattr(getattr(crm, "config", None), "privacy", None)
    no_secret = "\n".join(getattr(settings, "no_secret", ()))
    return Known(values=values, phones=phones).without([no_secret, *_internal_texts(crm)])


def is_own_number(crm: Any, value: str, *, customers: bool) -> bool:
    """Whether a number is one of the house: of an order, a product, a deal, or of a customer if those are shown."""
    for table, column, privacy, kind in _columns(crm):
        field = TABLES[table].field(column)
        people = column in ("customer_id", "employee_id") or field.references in ("customers", "employees")
        if kind != "id" or privacy != "internal" or (people and not customers):
            continue
        query = f"select 1 from {Engine.quote(table)} where {Engine.quote(column)} = $1 limit 1"
        if crm.engine.rows(query, [value]):
            return True
    return False


def _below(crm: Any, column: str, privacy: str) -> int | None:
    """Rows below which a value is sought; what many have is a phrase of the house or a group large enough."""
    return min_group(crm) if privacy == "sensitive" or column in ("notes", "text") else None


def _columns(crm: Any) -> Iterator[tuple[str, str, str, str]]:
    for table in crm.tables:
        present = set(crm.columns(table))
        for field in TABLES[table].fields:
            if field.name in present:
                yield table, field.name, field.privacy, field.type


def _distinct(crm: Any, table: str, column: str, *, below: int | None = None) -> list[str]:
    quoted = Engine.quote(column)
    having = f"having count(*) < {int(below)}" if below else ""
    query = f"select {quoted} from {Engine.quote(table)} where {quoted} is not null group by 1 {having}"
    return [str(value) for (value,) in crm.engine.rows(query)]


def _internal_texts(crm: Any) -> Iterator[str]:
    for table, column, privacy, kind in _columns(crm):
        if privacy == "internal" and kind in ("text", "list"):
            yield "\n".join(_distinct(crm, table, column))


@dataclass(frozen=True)
class _Index:
    """Values by their beginnings: one pass over a text finds them, however many they are."""

    length: int
    marked: np.ndarray
    ends: dict[str, tuple[int, ...]]

    @classmethod
    def of(cls, values: list[str], length: int) -> "_Index":
        ends = defaultdict(set)
        for value in values:
            ends[value[:length]].add(len(value))
        marked = np.zeros(1 << _HASHED, dtype=bool)
        marked[_hashes(_codes("".join(ends)), length)[::length]] = True
        return cls(length, marked, {start: tuple(sizes) for start, sizes in ends.items()})


def _indexes(values: Iterable[str]) -> list[_Index]:
    by_length = defaultdict(list)
    for value in values:
        by_length[next(length for length in _BEGINNINGS if len(value) >= length)].append(value)
    return [_Index.of(some, length) for length, some in by_length.items()]


def _found(text: str, values: dict[str, str], indexes: list[_Index]) -> Iterator[str]:
    signs = _codes(text)
    for index in indexes:
        if len(signs) < index.length:
            continue
        for at in np.flatnonzero(index.marked[_hashes(signs, index.length)]).tolist():
            for size in index.ends.get(text[at : at + index.length], ()):
                value = text[at : at + size]
                if value in values and _is_word(text, at, at + size):
                    yield value


def _codes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _hashes(codes: np.ndarray, length: int) -> np.ndarray:
    """A number of 20 bits for every run of so many signs."""
    count = len(codes) - length + 1
    hashed = np.zeros(count, dtype=np.uint32)
    for place in range(length):
        hashed *= np.uint32(0x01000193)
        hashed ^= codes[place : place + count]
    hashed *= np.uint32(0x9E3779B1)
    return hashed >> np.uint32(32 - _HASHED)


def _is_word(text: str, start: int, end: int) -> bool:
    """Whether no Latin word goes on before or behind; Chinese, Japanese and Korean have no gaps between words."""
    return not (_goes_on(text, start - 1, start) or _goes_on(text, end - 1, end))


def _goes_on(text: str, left: int, right: int) -> bool:
    if left < 0 or right >= len(text):
        return False
    pair = text[left], text[right]
    return all(sign.isalnum() and not _IDEOGRAPHS.match(sign) for sign in pair)
