"""Where a table begins in an export: the header below titles and blank lines, and the sign that cuts its cells."""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

LOOKED_AT = 60
"""Records at the top of an export that are looked at."""

SIGNS = (",", ";", "\t", "|", "^", "~", "\x01", "\x1f")
"""What cuts the cells of a line, the likeliest first."""

_NUMBER = re.compile(r"[-+(]?[\s$€£¥]*\d[\d\s.,'’%/:\-]*\)?")


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """How an export begins.

    Parameters
    ----------
    delimiter : the sign between two cells
    line : the number of the header's line in the file, counted from 1
    header : the column names as written
    """

    delimiter: str
    line: int
    header: tuple[str, ...]


def beginning_of(head: str, *, delimiter: str | None = None) -> Beginning | None:
    """Delimiter and header of a text file, from its first lines; None where no line could be a header."""
    best: tuple[float, Beginning] | None = None
    for sign in [delimiter] if delimiter else SIGNS:
        numbered = _records(head, sign)
        records = [cells for _, cells in numbered]
        place = header_place(records)
        if place is None:
            continue
        width = len(records[place])
        body = records[place + 1 :]
        even = sum(len(cells) == width for cells in body) / len(body) if body else 1.0
        fit = even * (1 - 1 / (1 + width)) if width > 1 else 0.0
        found = Beginning(delimiter=sign, line=numbered[place][0], header=tuple(records[place]))
        if best is None or fit > best[0]:
            best = (fit, found)
    return best[1] if best else None


def header_place(records: Sequence[Sequence[object]]) -> int | None:
    """Which of the first records holds the column names: the first as wide as the table that has no figures.

    Titles above a table fill one or two cells; column names fill all, differ from each other and are words.
    """
    filled = [sum(_text(cell) != "" for cell in record) for record in records]
    if not any(filled):
        return None
    wide = Counter(n for n in filled if n > 1)
    usual = max(wide, key=lambda n: (wide[n] * n, n)) if wide else 1
    fallback = next(i for i, n in enumerate(filled) if n)
    for place, record in enumerate(records):
        cells = [text for cell in record if (text := _text(cell))]
        if len(cells) < max(1, 0.6 * usual) or len(set(cells)) < 0.7 * len(cells):
            continue
        words = [cell for cell in cells if not _NUMBER.fullmatch(cell)]
        if len(words) >= 0.8 * len(cells):
            return place
    return fallback


def _records(head: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """The first records that are not empty, each with the number of its first line."""
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
    found: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for record in reader:
            if any(cell.strip() for cell in record) and not _states_delimiter(record, line):
                found.append((line, record))
            line = reader.line_num + 1
            if len(found) == LOOKED_AT:
                break
    except csv.Error:
        pass
    return found


def _states_delimiter(record: Sequence[str], line: int) -> bool:
    return line == 1 and record[0].lower().startswith("sep=")


def _text(cell: object) -> str:
    return "" if cell is None else str(cell).strip()
