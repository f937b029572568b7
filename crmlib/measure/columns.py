"""What any column of a result is called and measured in: and the data dictionary made of that."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd

from crmlib.measure.indicators import ASPECTS, VIEWS, indicator_catalogue, view_catalogue
from crmlib.measure.indicators.catalogue import INDICATORS
from crmlib.prepare.crm import Crm
from crmlib.prepare.engine import Engine
from crmlib.schema.columns import COLUMNS, UNITS, Column, declared
from crmlib.schema.fields import MINIMUM_GROUP, Field, TableSpec
from crmlib.schema.tables import CORE_TABLES, TABLES

_KINDS = {"currency": "currency", "%": "share_pct", "days": "days", "name": "text", "0 or 1": "flag"}
_FRACTIONS = ("_mean", "_ratio", "_trend", "_variation", "_concentration", "_median", "_score")


def column_of(name: str) -> Column:
    """The declaration of a column; of one that nobody declared, what its name says."""
    return _known().get(name) or declared(name) or _by_name(name)


def is_declared(name: str) -> bool:
    """Whether a column has a declaration of its own."""
    return name in _known() or declared(name) is not None


def label_of(name: str) -> str:
    """A column by the name a reader knows."""
    return column_of(name).label


def unit_of(name: str, currency: str = "") -> str:
    """A column's unit: money in the workspace's currency, else what its declaration or its name says."""
    column = column_of(name)
    if column.unit == "currency":
        return currency
    return column.word if column.word is not None else UNITS[column.unit][0]


@cache
def _known() -> dict[str, Column]:
    return {one.name: _of_indicator(one) for one in INDICATORS}


def _of_indicator(one) -> Column:
    label = one.label or _plain(one.name)
    unit = _KINDS.get(one.unit, "number" if one.name.endswith(_FRACTIONS) else "count")
    word = "times" if one.name == "gap_overdue_ratio" else None if one.unit in _KINDS else one.unit
    digits = {"days": 1 if one.name.endswith("_mean") else 0, "0 to 1": 2, "-1 to 1": 2, "ratio": 2}.get(
        one.unit
    )
    return Column(one.name, label, unit, one.says, digits=digits, better=one.better, word=word)


def _by_name(name: str) -> Column:
    unit = "share_pct" if name.endswith("_pct") else "days" if name.endswith("_days") else "text"
    digits = 1 if unit == "days" else None
    of_customers = {field.name: field.description for field in TABLES["customers"].fields}
    return Column(name, _plain(name), unit, of_customers.get(name, ""), digits=digits)


def _plain(name: str) -> str:
    plain = name.removesuffix("_pct").removesuffix("_days").replace("_", " ").strip()
    return f"{plain[:1].upper()}{plain[1:]}"


_PRIVACY = {"internal": "", "personal": "P", "sensitive": "S"}

_HEAD = """# Data dictionary

Made from the declarations in the code by `crmlib dictionary --write data/DICTIONARY.md`; do not edit by hand.

The tables of a CRM as crmlib names them. A workspace needs {core}; every other table is optional, and a
report says what it does without. Map your own exports to these names in `crm.toml`.

- **Bold**: part of the table's key. `*`: must be present and not empty.
- P: personal, never on a page. S: sensitive, only in groups. No group of fewer than {least} customers is shown.
- Money is in the workspace's currency. Times are UTC; a time without a zone is read in the workspace's zone.
- Identifiers are text: 007 stays 007.
"""


def dictionary_markdown() -> str:
    """The tables and columns of the vocabulary as Markdown."""
    head = _HEAD.format(least=MINIMUM_GROUP, core=" or ".join(f"`{name}`" for name in CORE_TABLES))
    return "\n".join([head, *(_table(spec) for spec in TABLES.values())])


def _table(spec: TableSpec) -> str:
    lines = [f"## {spec.name}", "", f"One row is {spec.row}.", ""]
    lines += [f"- Beware: {trap}" for trap in spec.traps]
    lines += [f"- Check `{check.name}` ({check.policy.replace('_', ' ')}): rows that {check.says}."
              for check in spec.checks]  # fmt: skip
    if spec.traps or spec.checks:
        lines.append("")
    lines += ["| column | type | unit | privacy | meaning |", "| --- | --- | --- | --- | --- |"]
    lines += [_dictionary_row(field) for field in spec.fields]
    return "\n".join([*lines, ""])


def _dictionary_row(field: Field) -> str:
    name = f"**{field.name}**" if field.key else field.name
    notes = [field.description]
    if field.allowed:
        notes.append(f"One of: {', '.join(field.allowed)}.")
    if field.references:
        notes.append(f"Refers to {field.references}.")
    if field.known_from and field.known_from != field.name:
        notes.append(f"Known from {field.known_from} on.")
    cells = [name + ("\\*" if field.required else ""), field.type, field.unit or "", _PRIVACY[field.privacy]]
    return "| " + " | ".join([*cells, " ".join(notes).replace("|", "\\|")]) + " |"


_INDICATORS = """# Indicators

What `crmlib.compute_indicators` works out for every customer. An indicator whose tables or columns a workspace does
not have is left out, and the result says why. Windows such as 90d are the last 90 calendar days, the day of as_of
among them. Better: which end is good for us, where one is. Empty: what a customer without a fitting row gets.
"""

_RESULTS = """# Result columns

What the columns of pages, CSV files and workbooks are called, beside the indicators, and how many decimals they have.
"""

_VIEWS = """# Prepared views

What an indicator of your own may be computed over: `over` names the view, `sql` is one aggregate over its columns,
such as `sum(net_amount) filter (where is_weekend)`. The last column says what it is made from, where that is optional.
"""


def data_dictionary() -> str:
    """The data dictionary as Markdown: tables, indicators, columns of results, prepared views."""
    catalogue, columns = indicator_catalogue(), view_catalogue()
    parts = [dictionary_markdown(), _INDICATORS]
    parts += [_aspect(aspect, catalogue[catalogue["aspect"] == aspect]) for aspect in ASPECTS]
    parts += [_RESULTS, _results()]
    parts += [_VIEWS, *(_view(name, columns[columns["view"] == name]) for name in VIEWS)]
    return "\n".join(parts)


def _aspect(aspect: str, catalogue: pd.DataFrame) -> str:
    lines = [f"## {aspect.capitalize()}: {len(catalogue)} indicators", ""]
    lines += [
        "| indicator | unit | better | empty | over | label | meaning |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for one in catalogue.fillna({"better": ""}).to_dict("records"):
        empty = "0" if one["empty"] == 0 else ""
        label = column_of(one["name"]).label
        lines.append(_row(one["name"], one["unit"], one["better"], empty, one["over"], label, one["says"]))
    return "\n".join([*lines, ""])


def _results() -> str:
    lines = [
        "| column | label | unit | decimals | better | meaning |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for one in COLUMNS.values():
        digits = "" if one.digits is None else str(one.digits)
        unit = one.unit if one.unit == "currency" else one.word or UNITS[one.unit][0]
        lines.append(_row(one.name, one.label, unit, digits, one.better or "", one.meaning))
    return "\n".join([*lines, ""])


def _view(name: str, columns: pd.DataFrame) -> str:
    row = columns["row"].iloc[0]
    lines = [
        f"## {name}",
        "",
        f"One row is {row}.",
        "",
        "| column | meaning | made from |",
        "| --- | --- | --- |",
    ]
    lines += [_row(*cells) for cells in columns[["column", "says", "needs"]].itertuples(index=False)]
    return "\n".join([*lines, ""])


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


@dataclass(frozen=True, kw_only=True)
class TableContents:
    """Rows of a table, by column its filled cells and different values (None of personal ones), and its time.

    See `table_contents`.
    """

    rows: int
    filled: dict[str, int]
    distinct: dict[str, int | None]
    first_at: Any
    last_at: Any


def table_contents(crm: Crm, spec: TableSpec) -> TableContents:
    """Everything about one table in one pass."""
    columns = [spec.field(name) for name in crm.columns(spec.name)]
    parts = ["count(*)"]
    for column in columns:
        name = Engine.quote(column.name)
        parts += [f"count({name})", f"count(distinct {name})" if column.privacy == "internal" else "null"]
    timed = spec.time is not None and spec.time in [column.name for column in columns]
    parts += [f"min({spec.time})", f"max({spec.time})"] if timed else ["null", "null"]
    sql = f"select {', '.join(parts)} from {Engine.quote(spec.name)}"
    rows, *counted, first_at, last_at = crm.engine.rows(sql)[0]
    names = [column.name for column in columns]
    return TableContents(
        rows=rows,
        filled=dict(zip(names, counted[::2], strict=True)),
        distinct=dict(zip(names, counted[1::2], strict=True)),
        first_at=first_at,
        last_at=last_at,
    )
