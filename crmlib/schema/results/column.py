"""What a result column is: its name, what a reader calls it, its unit and its decimals."""

from collections.abc import Mapping
from dataclasses import dataclass

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


def bounds(name: str, unit: str, *, digits: int | None = None) -> tuple[Column, Column]:
    """The two ends of a figure's interval: `<name>_low` and `<name>_high`."""
    return (
        Column(f"{name}_low", "from", unit, f"Lower end of the interval of {name}.", digits, word=""),
        Column(f"{name}_high", "to", unit, f"Upper end of the interval of {name}.", digits, word=""),
    )
