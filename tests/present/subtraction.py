"""An attack on the tables of a run: what was suppressed is sought in the differences of what is published."""

from collections import defaultdict
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path

from crmlib.analyse.stats.small_groups import NOT_STATED, OTHER

GROUPED = (("What is known", "Value", "Customers"), ("Customers by", "Group", "Contacted"))
"""Headers of tables that count customers by a trait: the trait, its value, the count."""


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


def published_groups(folder):
    """What a run counts by value of a trait: (page, number of the table, trait) -> value -> count."""
    found = defaultdict(dict)
    for page in sorted(Path(folder).glob("*.html")):
        read = Tables()
        read.feed(page.read_text(encoding="utf-8"))
        for number, (head, *rows) in enumerate(table for table in read.tables if table):
            for trait, value, count in GROUPED:
                if {trait, value, count} <= set(head):
                    places = [head.index(name) for name in (trait, value, count)]
                    for row in rows:
                        named, group, customers = (row[place].strip() for place in places)
                        if customers.replace(",", "").isdigit():
                            found[page.stem, number, named][group] = int(customers.replace(",", ""))
    return dict(found)


def small_groups_found(groups, *, least):
    """What an attacker learns of fewer than `least` customers, by reading and by subtracting tables."""
    found = []
    for place, counts in groups.items():
        for value, count in counts.items():
            if value != NOT_STATED and 0 < count < least:
                found.append((place, value, count))
    by_trait = defaultdict(list)
    for place, counts in groups.items():
        by_trait[place[2].casefold()].append((place, counts))
    for tables in by_trait.values():
        for (one, first), (two, second) in combinations(tables, 2):
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
