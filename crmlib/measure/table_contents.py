"""How much of a table is filled, and from when to when it reaches."""

from dataclasses import dataclass
from typing import Any

from crmlib.prepare.crm import Crm
from crmlib.prepare.engine import Engine
from crmlib.schema.fields import TableSpec


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
    """Everything about one table in one pass.

    >>> import pandas as pd
    >>> from crmlib.prepare.crm import Crm
    >>> from crmlib.schema.tables import table_spec
    >>> people = pd.DataFrame({"customer_id": ["1", "2"], "region": ["North", None]})
    >>> table_contents(Crm.from_frames(as_of="2024-01-31", customers=people), table_spec("customers")).filled
    {'customer_id': 2, 'region': 1}
    """
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
