"""Rows that come one by one (workbooks, SQLite): into the engine in batches, types found on the way."""

import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

import pyarrow as pa

from crmlib.prepare.engine import Engine
from crmlib.prepare.source_parts import Part

BATCH = 20_000

_KINDS = {
    str: "text",
    bool: "boolean",
    int: "bigint",
    float: "double",
    datetime: "timestamp",
    date: "date",
}


def read_rows_part(
    engine: Engine,
    rows: Iterable[tuple[int, Sequence[Any]]],
    *,
    names: Sequence[str],
    name: str,
    shown: str,
    notes: Sequence[str] = (),
) -> Part:
    """Put rows into the engine; a column whose values are all of one kind gets its type, the others are text.

    Parameters
    ----------
    engine : Engine
    rows : (number, values)
        The number is the row's in the file; missing values are None. Shorter rows are filled up.
    names : column names, distinct
    name : str
        Free in the engine; a table is made under it.
    shown : str
    notes : what is to be said about the file

    Examples
    --------
    >>> engine = Engine()
    >>> rows = [(2, [7.0, "a"]), (3, [8.0, 1.0])]
    >>> part = read_rows_part(engine, rows, names=["id", "mixed"], name="t", shown="book.xlsx#Orders")
    >>> engine.rows(part.select)
    [(2, 7, 'a'), (3, 8, '1')]
    """
    columns = ", ".join(f"c{i} varchar" for i in range(len(names)))
    engine.execute(f"create or replace table {name} (n bigint{', ' + columns if columns else ''})")
    kinds: list[set[str]] = [set() for _ in names]
    iterator, total = iter(rows), 0
    while batch := list(islice(iterator, BATCH)):
        arrays = [pa.array([number for number, _ in batch], pa.int64())]
        for i in range(len(names)):
            values = [cells[i] if i < len(cells) else None for _, cells in batch]
            texts, found = _as_text(values)
            kinds[i] |= found
            arrays.append(pa.array(texts, pa.string()))
        engine.register(f"{name}_batch", pa.table(arrays, names=["n", *(f"c{i}" for i in range(len(names)))]))
        engine.execute(f"insert into {name} select * from {name}_batch")
        engine.execute(f"drop view {name}_batch")
        total += len(batch)
    cells = [
        f"c{i}::{sql_type} as {Engine.quote(column)}"
        for i, (column, sql_type) in enumerate(zip(names, map(_type_of, kinds), strict=True))
    ]
    return Part(
        shown=shown,
        columns=tuple(names),
        select=f"select {', '.join(['n as _row', *cells])} from {name}",
        rows=total,
        notes=tuple(notes),
        relations=(name,),
    )


def _type_of(kinds: set[str]) -> str:
    if len(kinds) == 1:
        (kind,) = kinds
        return "varchar" if kind == "text" else kind
    if kinds == {"bigint", "double"}:
        return "double"
    if kinds == {"date", "timestamp"}:
        return "timestamp"
    return "varchar"


def _as_text(values: list[Any]) -> tuple[list[str | None], set[str]]:
    """The values as text that casts back exactly, and the kinds that are among them."""
    types = {type(value) for value in values} - {type(None)}
    if types <= {str}:
        return [value.replace("\x00", "") if value and "\x00" in value else value for value in values], {
            "text" for _ in types
        }
    texts, kinds = [], set()
    for value in values:
        text, kind = _one(value)
        texts.append(text)
        kinds.add(kind)
    return texts, kinds - {""}


def _one(value: Any) -> tuple[str | None, str]:
    if value is None:
        return None, ""
    if isinstance(value, bool):
        return str(value).lower(), "boolean"
    if isinstance(value, float):
        if not math.isfinite(value):
            return None, ""
        if value == int(value) and abs(value) < 1e18:
            return str(int(value)), "bigint"
        return repr(value), "double"
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").replace("\x00", ""), "text"
    if isinstance(value, datetime | date | time):
        return value.isoformat(), _KINDS.get(type(value), "text")
    if isinstance(value, timedelta):
        return str(value), "text"
    kind = _KINDS.get(type(value), "text")
    return str(value).replace("\x00", ""), kind
