"""A column is described once: what it holds feeds checks, types, privacy and the dictionary."""

from dataclasses import dataclass

from crmlib.schema.errors import SchemaError, nearest

TYPES = {
    "id": "VARCHAR",
    "text": "VARCHAR",
    "list": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "share": "DOUBLE",
    "money": "DECIMAL(18,4)",
    "timestamp": "TIMESTAMP",
    "date": "DATE",
    "boolean": "BOOLEAN",
}
"""The types of the vocabulary and how the engine stores them. Money is a decimal so that sums are exact."""

PRIVACY_CLASSES = ("internal", "personal", "sensitive")

MINIMUM_GROUP = 10
"""Customers that a group has at the least where it is shown, unless `[privacy] min_group` asks for more."""


@dataclass(frozen=True)
class Field:
    """A column of the vocabulary.

    `name`, `type`, `description`: what it is called, one of `TYPES`, what it means.
    `unit`: As a reader would write it: "days", "account currency".
    `privacy`: "internal", "personal" (class P) or "sensitive" (class S).
    `required`: must be present and not null.
    `key`: part of the table's key.
    `allowed`: the only values that are right, lower case.
    `minimum`, `maximum`: the range, ends included.
    `references`: The table whose key this column holds.
    `known_from`: The timestamp column before which this value cannot be known: it is empty while that lies after
        `as_of`.
    `unknown_as`: the value while it is not yet known.
    `not_before`: A moment of the same row that cannot lie after this one: where this states only that one's day, it
        is taken as that moment.
    `expected_as`: The column that takes this value while the row is open: a day of the future is an expectation.
    `guesses`: names that exports use for it, lower case.
    """

    name: str
    type: str
    description: str
    unit: str | None = None
    privacy: str = "internal"
    required: bool = False
    key: bool = False
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    references: str | None = None
    known_from: str | None = None
    unknown_as: str | None = None
    not_before: str | None = None
    expected_as: str | None = None
    guesses: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.type not in TYPES:
            raise SchemaError(f"field {self.name}: no type {self.type!r}.{nearest(self.type, TYPES)}")
        if self.privacy not in PRIVACY_CLASSES:
            raise SchemaError(f"field {self.name}: privacy is one of {', '.join(PRIVACY_CLASSES)}")

    @property
    def sql_type(self) -> str:
        """The engine's type."""
        return TYPES[self.type]


POLICIES = ("set_aside", "mend", "warn")
"""What a check does with the rows it finds: they leave with a reason, are put right and counted, or only counted."""


@dataclass(frozen=True)
class TableCheck:
    """A check over the columns of a row, or over a whole table.

    `sql`: A condition over the row's columns that is true where something is wrong; or, with `whole_table`, a query
        that yields the `rowid` of the offending rows of ``{rows}``.
    `needs`: the columns without which the check is left out.
    `says`: what is wrong, as the end of a sentence that begins with a number of rows.
    `policy`: one of `POLICIES`; a workspace may choose another.
    `whole_table`: whether `sql` is a query.
    `column`: the column that the policy "mend" empties.
    """

    name: str
    sql: str
    needs: tuple[str, ...]
    says: str
    policy: str = "warn"
    whole_table: bool = False
    column: str = ""

    def __post_init__(self) -> None:
        if self.policy not in POLICIES:
            raise SchemaError(f"check {self.name}: policy is one of {', '.join(POLICIES)}")


@dataclass(frozen=True)
class TableSpec:
    """A table of the vocabulary.

    `row`: what one row is, in words.
    `fields`: the columns, keys first.
    `time`: The column that places a row in time; rows after `as_of` are invisible.
    `traps`: what is easily got wrong about this table; printed in the reports that use it.
    `checks`: checks beyond those that the fields declare.
    """

    name: str
    row: str
    fields: tuple[Field, ...]
    time: str | None = None
    traps: tuple[str, ...] = ()
    checks: tuple[TableCheck, ...] = ()

    def field(self, name: str) -> Field:
        """The field of that name."""
        for field in self.fields:
            if field.name == name:
                return field
        raise SchemaError(f"table {self.name} has no column {name!r}.{nearest(name, self.names)}")

    @property
    def names(self) -> tuple[str, ...]:
        """All column names, in order."""
        return tuple(field.name for field in self.fields)

    @property
    def keys(self) -> tuple[str, ...]:
        """The names that together are unique."""
        return tuple(field.name for field in self.fields if field.key)

    @property
    def required(self) -> tuple[str, ...]:
        """The names that must be present and not null."""
        return tuple(field.name for field in self.fields if field.required)
