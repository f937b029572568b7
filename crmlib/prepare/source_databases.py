"""Databases in a file: DuckDB is attached where it lies, SQLite comes through Python's own reader."""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from crmlib.prepare.casting import text_literal
from crmlib.prepare.engine import Engine, EngineError
from crmlib.prepare.queries import parse_select
from crmlib.prepare.source_files import FileReference
from crmlib.prepare.source_parts import Part, distinct_names
from crmlib.prepare.source_rows import BATCH, read_rows_part
from crmlib.schema.errors import SourceError, nearest

_ALLOWED_ACTIONS = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
)
_FORBIDDEN_FUNCTIONS = frozenset({"load_extension", "readfile", "writefile", "random", "randomblob"})


def read_duckdb_part(engine: Engine, file: FileReference, *, name: str, key_path: str) -> Part:
    """A table, view or SELECT of a DuckDB file, read where it lies.

    Parameters
    ----------
    engine : Engine
        It must be allowed to open the file and ``<file>.wal``.
    file : FileReference
        `part` is a table, a view, or a SELECT.
    name : str
        Not used: nothing is copied.
    key_path : str
        Begins the message of an error in the SQL.

    Raises
    ------
    SourceError
        If it is no DuckDB file, is open for writing elsewhere, or has no such table.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp()).resolve()
    >>> import duckdb
    >>> with duckdb.connect(str(folder / "shop.duckdb")) as shop:
    ...     _ = shop.execute("create table orders as select 7 as id")
    >>> file = FileReference(path=folder / "shop.duckdb", shown="shop.duckdb#orders", part="orders")
    >>> engine = Engine(allowed_paths=[folder])
    >>> engine.rows(read_duckdb_part(engine, file, name="t", key_path="tables.transactions.from").select)
    [(1, 7)]
    """
    catalog = _attach(engine, file)
    found = engine.rows(
        "select schema_name, table_name, true from duckdb_tables() where database_name = $1 "
        "union all select schema_name, view_name, false from duckdb_views() "
        "where database_name = $1 and not internal order by 1, 2",
        [catalog],
    )
    tables = {
        f"{schema}.{table}" if schema != "main" else table: is_table for schema, table, is_table in found
    }
    part = _part_of(file, list(tables))
    if _is_select(part):
        inner = f"({parse_select(part, tables=tables, key_path=key_path, catalog=catalog)})"
        number = "row_number() over ()"
    else:
        real = _name_of(part, list(tables), file)
        schema, _, table = real.rpartition(".")
        inner = ".".join(Engine.quote(word) for word in (catalog, schema or "main", table))
        number = "rowid + 1" if tables[real] else "row_number() over ()"
    try:
        given = [row[0] for row in engine.rows(f"describe select * from {inner}")]
        (rows,) = engine.rows(f"select count(*) from {inner}")[0]
    except EngineError as error:
        raise SourceError(f"{file.shown} cannot be read ({str(error).splitlines()[0]}).") from error
    names, renamed = distinct_names(given)
    cells = [f"{Engine.quote(one)} as {Engine.quote(name)}" for one, name in zip(given, names, strict=True)]
    return Part(
        shown=_shown(file, part),
        columns=tuple(names),
        select=f"select {', '.join([f'{number} as _row', *cells])} from {inner}",
        rows=rows,
        notes=tuple(f"{file.shown}: {note}." for note in renamed),
    )


def read_sqlite_part(engine: Engine, file: FileReference, *, name: str, key_path: str) -> Part:
    """A table, view or SELECT of a SQLite file, streamed into the engine.

    Parameters
    ----------
    engine : Engine
    file : FileReference
        `part` is a table, a view, or a SELECT.
    name : str
        Free in the engine; a table is made under it.
    key_path : str
        Begins the message of an error in the SQL.

    Raises
    ------
    SourceError
        If it is no SQLite file or has no such table.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp()) / "shop.sqlite"
    >>> with closing(sqlite3.connect(path)) as shop:
    ...     _ = shop.executescript("create table orders (id text); insert into orders values ('007')")
    >>> file = FileReference(path=path, shown="shop.sqlite", part="orders")
    >>> engine = Engine()
    >>> engine.rows(read_sqlite_part(engine, file, name="t", key_path="tables.transactions.from").select)
    [(1, '007')]
    """
    try:
        with closing(sqlite3.connect(f"{file.path.as_uri()}?mode=ro", uri=True)) as shop:
            shop.text_factory = lambda raw: raw.decode("utf-8", "replace")
            found = shop.execute(
                "select name from sqlite_master where type in ('table', 'view') and name not like 'sqlite_%'"
            )
            tables = [table for (table,) in found]
            part = _part_of(file, tables)
            if _is_select(part):
                sql = parse_select(part, tables=tables, key_path=key_path, dialect="sqlite")
                shop.set_authorizer(_authorize)
            else:
                sql = f"select * from {Engine.quote(_name_of(part, tables, file))}"
            cursor = shop.execute(sql)
            names, renamed = distinct_names(column[0] for column in cursor.description)
            notes = [f"{file.shown}: {note}." for note in renamed]
            shown = _shown(file, part)
            return read_rows_part(engine, _numbered(cursor), names=names, name=name, shown=shown, notes=notes)
    except sqlite3.Error as error:
        raise SourceError(f"{file.shown} cannot be read as a SQLite database ({error}).") from error


def _numbered(cursor: sqlite3.Cursor) -> Iterator[tuple[int, tuple[Any, ...]]]:
    number = 0
    while batch := cursor.fetchmany(BATCH):
        for row in batch:
            number += 1
            yield number, row


def _authorize(action: int, first: str | None, second: str | None, *_: object) -> int:
    function = action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _FORBIDDEN_FUNCTIONS
    return sqlite3.SQLITE_OK if action in _ALLOWED_ACTIONS and not function else sqlite3.SQLITE_DENY


def _attach(engine: Engine, file: FileReference) -> str:
    """Attach a DuckDB file once; its name in the engine."""
    catalog = f"source_{hashlib.sha256(str(file.path).encode()).hexdigest()[:12]}"
    if (catalog,) not in engine.rows("select database_name from duckdb_databases()"):
        try:
            engine.execute(f"attach {text_literal(str(file.path))} as {catalog} (read_only, type duckdb)")
        except EngineError as error:
            reason = str(error).splitlines()[0]
            raise SourceError(
                f"{file.shown} cannot be opened as a DuckDB file ({reason}). Close what writes to it, or "
                "export the table as Parquet."
            ) from error
    return catalog


def _part_of(file: FileReference, tables: list[str]) -> str:
    if file.part:
        return file.part
    if len(tables) == 1:
        return tables[0]
    there = ", ".join(tables[:20]) or "none"
    raise SourceError(f'{file.shown}: say which table, as "{file.shown}#table". There are: {there}.')


def _name_of(part: str, tables: list[str], file: FileReference) -> str:
    same = [table for table in tables if table.lower() == part.lower()]
    if part in tables or len(same) == 1:
        return part if part in tables else same[0]
    raise SourceError(f"{file.shown} has no table {part}.{nearest(part, tables)}")


def _is_select(part: str) -> bool:
    words = part.split(None, 1)
    return len(words) == 2 and words[0].lower() in ("select", "with")


def _shown(file: FileReference, part: str) -> str:
    if "#" in file.shown:
        return file.shown
    return f"{file.shown}#{'SELECT' if _is_select(part) else part}"
