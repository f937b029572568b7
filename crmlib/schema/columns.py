"""Every result column once: what a reader calls it, its unit, its decimals, and what it means.

The declarations are the rows of columns.csv, grouped by what they are about. A row without a label declares the two
ends of an interval, `<name>_low` and `<name>_high`; the word "-" says that nothing stands behind the label.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from crmlib.schema.errors import SchemaError

UNITS: Mapping[str, tuple[str, int | None]] = {
    "text": ("", None),
    "date": ("", None),
    "flag": ("", None),
    "count": ("", 0),
    "currency": ("", 2),
    "days": ("days", 0),
    "share_pct": ("%", 1),
    "points": ("points", 1),
    "ratio": ("", 2),
    "score": ("", 0),
    "number": ("", 1),
}
"""Kind of column -> the word behind its label, and the decimals that it has on pages, in CSV and in Excel."""


class Told(dict):
    """What is told of the columns of a frame; nobody changes it, so pandas, which copies it at every step, need not."""

    def __deepcopy__(self, memo: dict) -> "Told":
        return self


@dataclass(frozen=True)
class Column:
    """One column of a result, as every page, list and dictionary shows it.

    `unit` is one of `UNITS`; `digits` and `word` stand in for the unit's own where they are given. `better` is
    which end is good for us: "higher", "lower" or None.
    """

    name: str
    label: str
    unit: str = "text"
    meaning: str = ""
    digits: int | None = None
    better: str | None = None
    word: str | None = None

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise SchemaError(f"column {self.name} has unit {self.unit!r}; there are {', '.join(UNITS)}.")
        if self.digits is None:
            object.__setattr__(self, "digits", UNITS[self.unit][1])

    def shown_unit(self, currency: str = "") -> str:
        """What stands behind the label; nothing where the label says it itself.

        >>> Column("age_days", "Age", "days").shown_unit(), Column("age_days", "Days old", "days").shown_unit()
        ('days', '')
        """
        word = (
            currency if self.unit == "currency" else UNITS[self.unit][0] if self.word is None else self.word
        )
        return "" if word and word.lower() in self.label.lower() else word


def declared(name: str) -> Column | None:
    """The declaration of a column; periods after a first purchase are named by their number.

    >>> declared("cohort").label, declared("3").unit, declared("no_such_column")
    ('First purchase', 'share_pct', None)
    """
    if name.isdigit():
        return Column(name, name, "share_pct", "Share that bought in that period after the first.", digits=0)
    return COLUMNS.get(name)


def _columns_of(row: dict[str, str]) -> Iterator[Column]:
    name, unit, digits = row["name"], row["unit"], int(row["digits"]) if row["digits"] else None
    if row["label"]:
        word = "" if row["word"] == "-" else row["word"] or None
        yield Column(name, row["label"], unit, row["meaning"], digits, row["better"] or None, word)
        return
    for end, label, which in (("low", "from", "Lower"), ("high", "to", "Upper")):
        meaning = f"{which} end of the interval of {name}."
        yield Column(f"{name}_{end}", label, unit, meaning, digits, word="")


with (Path(__file__).parent / "columns.csv").open(encoding="utf-8", newline="") as _file:
    COLUMNS: Mapping[str, Column] = {
        column.name: column for row in csv.DictReader(_file) for column in _columns_of(row)
    }
"""Name -> declaration, but for the indicators, whose labels are below and whose units they say themselves."""
