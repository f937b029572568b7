"""An attack on what a run publishes: suppressed groups are sought in cells, shares, differences and rests."""

import base64
import csv
import io
import math
import re
from collections import defaultdict
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path

from openpyxl import load_workbook

from crmlib.analyse.stats.small_groups import NOT_STATED, OTHER

TRAITS = {
    **{name: name for name in ("kind", "industry", "country", "region", "city", "gender", "age", "source")},
    **{"company size": "company_size", "income": "income_band", "people in the household": "household_size"},
    **{"source of the customer": "source", "came to us by": "source"},
}
"""What a page calls a trait of customers -> its column; in whatever place of a table it stands."""

OF_CUSTOMERS, OF_DEALS = ("customers", "contacted"), ("deals", "answers")
"""Columns that count the customers of a group, and those that count what is at least one for each."""

SHARES = re.compile(r"share of (customers|those listed) %|of all %", re.IGNORECASE)
_LIST = re.compile(r"data:text/csv[^,\"]*base64,([A-Za-z0-9+/=]+)")
_BOOK = re.compile(r"spreadsheetml.sheet;base64,([A-Za-z0-9+/=]+)")
_NUMBER = re.compile(r"\d[\d,]*(\.\d+)?")


class Tables(HTMLParser):
    """The tables of a page as lists of rows of text."""

    def __init__(self):
        super().__init__()
        self.tables, self._open = [], False

    def handle_starttag(self, tag, attrs):
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            self.tables[-1][-1].append("")
            self._open = True

    def handle_endtag(self, tag):
        self._open = self._open and tag not in ("td", "th")

    def handle_data(self, data):
        if self._open:
            self.tables[-1][-1][-1] += data


def published_tables(folder):
    """Every table of a run, on its pages and in the lists in and beside them: (file, number) -> rows of text."""
    found = {}
    for path in sorted(path for path in Path(folder).rglob("*") if path.is_file()):
        tables = []
        if path.suffix == ".html":
            text = path.read_text(encoding="utf-8")
            read = Tables()
            read.feed(text)
            tables += read.tables
            tables += [_list(base64.b64decode(part)) for part in _LIST.findall(text)]
            tables += [sheet for part in _BOOK.findall(text) for sheet in _book(base64.b64decode(part))]
        elif path.suffix == ".csv":
            tables.append(_list(path.read_bytes()))
        elif path.suffix == ".xlsx":
            tables += _book(path.read_bytes())
        for number, table in enumerate(filter(None, tables)):
            found[path.relative_to(folder).as_posix(), number] = table
    return found


def _list(content):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def _book(content):
    sheets = load_workbook(io.BytesIO(content), read_only=True)
    return [
        [["" if c is None else str(c) for c in row] for row in s.iter_rows(values_only=True)] for s in sheets
    ]


def published_groups(folder, *, planted=None, total=None):
    """What a run counts by value of a trait: (file, number of the table, column, trait) -> value -> customers.

    A group is found by the name of its trait before it or above it, or because its own name was `planted` (name ->
    trait). A share of all customers counts as their number where it can be worked out from the `total`.
    """
    found = defaultdict(dict)
    for (file, number), (head, *rows) in published_tables(folder).items():
        if "customer" in {name.strip().casefold() for name in head}:
            continue  # a row is one customer under a pseudonym, not a group
        traits = [_traits_of(head, row, planted or {}) for row in rows]
        alone = {trait for told in traits for trait, _ in told}
        for row, told in zip(rows, traits, strict=True):
            if not told and len(alone) == 1 and OTHER in row:
                told = [(next(iter(alone)), OTHER)]
            if not told:
                continue
            trait = " x ".join(name for name, _ in told)
            value = " x ".join(name for _, name in told)
            for column, cell in zip(head, row, strict=False):
                size = _size(column.strip(), cell.strip(), total)
                if size is not None:
                    found[file, number, column.strip().casefold(), trait][value] = size
    return dict(found)


def _traits_of(head, row, planted):
    cells = [cell.strip() for cell in row]
    told = {}
    for place, cell in enumerate(cells):
        above = TRAITS.get(head[place].strip().casefold()) if place < len(head) else None
        before = TRAITS.get(cells[place - 1].casefold()) if place else None
        trait = planted.get(cell) or before or above
        if trait and cell and not (_NUMBER.fullmatch(cell) and not before and not above):
            told.setdefault(trait, cell)
    return sorted(told.items())


def _size(column, cell, total):
    if not _NUMBER.fullmatch(cell):
        return None
    number = float(cell.replace(",", ""))
    if column.casefold() in (*OF_CUSTOMERS, *OF_DEALS):
        return int(number)
    if total and SHARES.fullmatch(column):
        half = 0.5 * 10.0 ** -len(cell.partition(".")[2])
        low, high = (total * (number + way * half) / 100 for way in (-1, 1))
        return math.ceil(low) if math.ceil(low) == math.floor(high) else None
    return None


def small_groups_found(groups, *, least, parents=None, total=None):
    """What an attacker learns of fewer than `least` customers, by reading and by subtracting tables.

    `parents`: (trait, value) -> the wider (trait, value) that everybody knows it to lie in.
    """
    found = []
    for place, counts in groups.items():
        for value, count in counts.items():
            if value != NOT_STATED and 0 < count < least:
                found.append((place, value, count))
        left = (total or 0) - sum(counts.values())
        if place[2] == "customers" and OTHER not in counts and len(counts) > 1 and 0 < left < least:
            found.append((place, "what is left of all", left))
    found += _nested(groups, parents or {}, least)
    by_trait = defaultdict(list)
    for place, counts in groups.items():
        if place[2] in OF_CUSTOMERS:
            by_trait[place[3].casefold()].append((place, counts))
    for tables in by_trait.values():
        for (one, first), (two, second) in combinations(tables, 2):
            found += _differences(one, first, two, second, least)
    return found


def _differences(one, first, two, second, least):
    found = []
    for value in set(first) & set(second) - {OTHER, NOT_STATED}:
        if 0 < abs(first[value] - second[value]) < least:
            found.append((one, two, value, "difference"))
    for whole, parts in ((first, second), (second, first)):
        # What some customers have less the count of all is a bound that says nothing.
        if sum(whole.values()) < sum(parts.values()):
            continue
        hidden = set(parts) - set(whole) - {OTHER, NOT_STATED}
        rest = whole.get(OTHER, 0) - sum(parts[value] for value in hidden)
        if OTHER in whole and hidden and 0 < rest < least:
            found.append((one, two, sorted(hidden), "rest"))
    return found


def _nested(groups, parents, least):
    """Wider groups less those that lie in them, of the same table, or of another that counts the same customers."""
    found = []
    for (file, number, column, trait), parts in groups.items():
        wider = {parents[trait, value][0] for value in parts if (trait, value) in parents}
        for upper in wider:
            wholes = groups.get((file, number, column, upper), {})
            for whole, count in wholes.items():
                within = [v for v in parts if parents.get((trait, v)) == (upper, whole)]
                rest = count - sum(parts[value] for value in within)
                if within and 0 < rest < least:
                    found.append(
                        ((file, number, column, upper), whole, sorted(within), "rest of a wider group")
                    )
    return found
