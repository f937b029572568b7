"""The vocabulary: every table of a CRM by its name, as tables.toml declares it."""

import tomllib
from pathlib import Path
from typing import Any

from crmlib.schema.errors import SchemaError, nearest
from crmlib.schema.fields import Field, TableCheck, TableSpec


def _listed(said: dict[str, Any]) -> dict[str, Any]:
    return {word: tuple(value) if isinstance(value, list) else value for word, value in said.items()}


def _spec(name: str, said: dict[str, Any]) -> TableSpec:
    fields = tuple(Field(field, **_listed(told)) for field, told in said.pop("fields").items())
    checks = tuple(TableCheck(**_listed(told)) for told in said.pop("checks", []))
    return TableSpec(name, fields=fields, checks=checks, **_listed(said))


_DECLARED = tomllib.loads((Path(__file__).parent / "tables.toml").read_text(encoding="utf-8"))
TABLES: dict[str, TableSpec] = {name: _spec(name, said) for name, said in _DECLARED.items()}

CORE_TABLES = ("transactions", "opportunities")
"""A workspace has at least one of these; every other table is optional."""

SIGNS_OF = {
    "customers": ("email", "handle", "phone"),
    "contacts": ("email", "phone"),
    "transactions": ("email", "phone"),
    "events": ("visitor_id",),
    "feedback": ("order_id", "email", "handle"),
}
"""Tables that carry customers, and the columns by which a customer is known there besides the number."""


def table_spec(name: str) -> TableSpec:
    """The declaration of a table."""
    if name not in TABLES:
        raise SchemaError(f"the vocabulary has no table {name!r}.{nearest(name, TABLES)}")
    return TABLES[name]
