"""The engine: the one module that knows that DuckDB carries out the SQL of floors 1 and 2."""

import glob
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from copy import copy
from pathlib import Path
from typing import Any
from weakref import WeakSet

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crmlib.prepare.private import private_folder, scratch_folder
from crmlib.schema.errors import SchemaError, SourceError

MEMORY_VARIABLE = "CRMLIB_MEMORY_LIMIT"
"""Environment variable that states how much memory one engine may take, such as ``2GB``."""

THREADS_VARIABLE = "CRMLIB_THREADS"
"""Environment variable that states how many cores one engine may take, where other work shares the machine."""

EngineError = duckdb.Error
"""What a statement fails with."""

ConversionError = duckdb.ConversionException
"""What it fails with because a value cannot be read as what it should be."""

_SETTINGS = (
    "TimeZone = 'UTC'",
    "enable_external_access = false",
    # A short list of words becomes a join otherwise, and sixty joins take ten seconds for a single row.
    "disabled_optimizers = 'in_clause'",
    "lock_configuration = true",
)


_BATCH_ROWS = 131_072
"""Rows of a batch of Arrow, as DuckDB cuts them by default."""

_LONG = 1.0
"""Seconds after which a statement may have needed much memory."""


_open: "WeakSet[Engine]" = WeakSet()


def interrupt_all() -> None:
    """Stop what the engines of this process are at; it fails with `EngineError`."""
    for engine in list(_open):
        with suppress(duckdb.Error):
            engine._connection.interrupt()


class Engine:
    """A DuckDB connection that may read only what it is allowed to, and spills instead of dying.

    `allowed_paths` (paths, optional): Files and folders that SQL may read and write. Nothing else on the machine can
        be reached, no extension is loaded from a network, and the configuration cannot be changed afterwards.
    `memory_limit`: Such as ``"2GB"``; else the environment variable `MEMORY_VARIABLE`; else a quarter of the
        machine's memory, at least 1 GB and at most 4 GB.
    `threads`: Else the environment variable `THREADS_VARIABLE`; else all cores.
    `temp_directory` (path, optional): Where intermediate results go that do not fit the memory.
    """

    kind = "duckdb"
    """Who carries the statements out."""

    reads_in_parts = True
    """Whether many customers are better asked for in parts than all at once."""

    def __init__(
        self,
        *,
        allowed_paths: Iterable[str | Path] = (),
        memory_limit: str | None = None,
        threads: int | None = None,
        temp_directory: str | Path | None = None,
    ) -> None:
        temp = private_folder(temp_directory or scratch_folder() / "spills")
        paths = [Path(path).resolve() for path in allowed_paths]
        self._connection = duckdb.connect(
            config={
                "memory_limit": memory_limit or os.environ.get(MEMORY_VARIABLE) or _default_memory(),
                "threads": threads or int(os.environ.get(THREADS_VARIABLE, 0)) or os.cpu_count() or 1,
                "temp_directory": str(temp),
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )
        self._connection.execute("set allowed_directories = $1", [[str(p) for p in paths if p.is_dir()]])
        files = [str(p) for p in paths if not p.is_dir()]
        self._connection.execute("set allowed_paths = $1", [[*files, *(glob.escape(file) for file in files)]])
        # Refused in a notebook without ipywidgets, where no bar can be drawn anyway.
        with suppress(duckdb.InvalidInputException):
            self._connection.execute("set enable_progress_bar = false")
        for setting in _SETTINGS:
            self._connection.execute(f"set {setting}")
        _open.add(self)

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the memory and the temporary files."""
        self._connection.close()

    def register(self, name: str, table: Any, *, columns: Sequence[str] | None = None) -> None:
        """Make a table known to SQL under a name; frames and Arrow tables are read in place."""
        given = _as_arrow_or_pandas(table, columns)
        try:
            self._connection.register(name, given)
        except duckdb.Error:
            # A frame turned round by [::-1] keeps its columns backwards in memory, which DuckDB cannot read.
            if not isinstance(given, pd.DataFrame):
                raise
            self._connection.register(name, given.copy())

    def load(self, name: str, batches: pa.RecordBatchReader) -> None:
        """Put a stream of record batches into a table; they pass through the memory one by one."""
        self._connection.register(f"{name}_stream", batches)
        try:
            self.execute(f"create or replace table {self.quote(name)} as from {self.quote(f'{name}_stream')}")
        finally:
            self._connection.unregister(f"{name}_stream")

    def keep(self, sql: str, parameters: Mapping[str, Any], file: Path) -> None:
        """Lay the answer to SQL down as Parquet, in its order."""
        target = self.literal(str(file))
        # A copy takes no parameters.
        self.execute(f"copy ({_with_values(sql, parameters)}) to {target} (format parquet, compression zstd)")

    def view(self, name: str, files: Sequence[Path]) -> None:
        """Make Parquet files, one behind the other, known to SQL under a name."""
        listed = ", ".join(self.literal(str(file)) for file in files)
        self.execute(f"create or replace view {name} as from read_parquet([{listed}])")

    def run(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> Any:
        """A query as a relation, carried out when its rows are asked for.

        Values from outside come in as `parameters` (``$1``, ``$name``), never as text of the SQL.
        """
        return self._connection.sql(sql, params=parameters)

    def branch(self, name: str, views: Mapping[str, str]) -> "Engine":
        """A second engine over the same data, in which some tables are views of those here."""
        other, here = self._another()
        schema, here = self.quote(name if here == "main" else f"{here}_{name}"), self.quote(here)
        self.execute(f"create schema if not exists {schema}")
        for table, sql in views.items():
            query = sql.format(source=f"{here}.{self.quote(table)}", here=here)
            self.execute(f"create or replace view {schema}.{self.quote(table)} as {query}")
        other.execute(f"use {schema}")
        return other

    @contextmanager
    def holding(
        self, tables: Iterable[str], selects: Mapping[str, str], values: Mapping[str, Any]
    ) -> Iterator["Engine"]:
        """A second engine over the same tables, some of them answers to selects, laid down until it is left."""
        other, here = self._another()
        schema, here = self.quote(f"{here}_{id(other)}"), self.quote(here)
        other.execute(f"create schema {schema}")
        try:
            for table, sql in selects.items():
                other.execute(f"create table {schema}.{self.quote(table)} as {sql}", values)
            for table in set(tables) - selects.keys():
                name = self.quote(table)
                other.execute(f"create view {schema}.{name} as from {here}.{name}")
            other.execute(f"use {schema}")
            yield other
        finally:
            other.execute(f"use {here}")
            other.execute(f"drop schema {schema} cascade")
            other.close()

    def rows(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> list[tuple]:
        """The rows of a small result as tuples."""
        with _asked():
            return self._connection.execute(sql, parameters).fetchall()

    def execute(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> None:
        """Carry out a statement at once."""
        with _asked():
            self._connection.execute(sql, parameters)

    def to_arrow(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> pa.Table:
        """The result of SQL as an Arrow table."""
        # A relation is bound when it is made and once more when its rows are asked for. Of a long statement that takes
        # longer than all else, so the statement is handed on as relations hand it on.
        with _asked():
            if submit := getattr(self._connection, "_submit", None):
                return submit(sql, parameters, "arrow", _BATCH_ROWS).arrow_table()
            return self._connection.sql(sql, params=parameters).to_arrow_table()

    def to_pandas(
        self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None
    ) -> pd.DataFrame:
        """The result of SQL as a DataFrame: by way of Arrow, decimals as float64."""
        with _asked():
            return decimals_as_floats(self.to_arrow(sql, parameters)).to_pandas()

    def to_pandas_by_parts(
        self, sql: str, parts: Sequence[Mapping[str, Any]], *, order_by: str, coded: Sequence[str] = ()
    ) -> pd.DataFrame:
        """The results of one statement for several sets of parameters, one below the other, each in order.

        Texts of `coded` columns are held once each: they come as categories.
        """
        with _asked():
            return self._in_parts(sql, parts, order_by, coded).to_pandas()

    def _in_parts(
        self, sql: str, parts: Sequence[Mapping[str, Any]], order_by: str, coded: Sequence[str]
    ) -> pa.Table:
        def asked(other: Engine, part: Mapping[str, Any]) -> pa.Table:
            table = decimals_as_floats(other.to_arrow(sql, part))
            # The engine sorts wide rows on one core; few rows at a time are sorted faster here.
            table = table.take(pc.sort_indices(table.column(order_by)))
            for name in coded:
                place = table.column_names.index(name)
                table = table.set_column(place, name, table.column(name).dictionary_encode())
            return table

        if len(parts) == 1:
            ordered = [asked(self, parts[0])]
        else:
            # One statement seldom keeps two cores at work to its end.
            with ThreadPoolExecutor(2) as pool:
                ordered = list(pool.map(asked, [self._another()[0] for _ in parts], parts))
        whole = pa.concat_tables(ordered, promote_options="permissive")
        return whole.unify_dictionaries() if coded else whole

    def _another(self) -> tuple["Engine", str]:
        """An engine over the same data whose statements run beside those of this one, and the schema used here."""
        other = copy(self)
        other._connection = self._connection.cursor()
        _open.add(other)
        (here,) = self.rows("select current_schema()")[0]
        other.execute(f"use {self.quote(here)}")
        return other, here

    def splink_backend(self) -> Any:
        """This engine as Splink wants it."""
        from splink import DuckDBAPI

        return DuckDBAPI(connection=self._connection)

    @staticmethod
    def quote(name: str) -> str:
        """An identifier in quotation marks, as SQL writes it."""
        return '"' + name.replace('"', '""') + '"'

    @staticmethod
    def literal(value: Any) -> str:
        """A constant as SQL, quoted by sqlglot (loaded when first needed): text, number, truth, date or moment."""
        from sqlglot import exp

        return exp.convert(value).sql(dialect="duckdb")


def decimals_as_floats(table: pa.Table) -> pa.Table:
    """An Arrow table with its decimals as float64."""
    for i, field in enumerate(table.schema):
        if pa.types.is_decimal(field.type):
            table = table.set_column(i, field.name, table.column(i).cast(pa.float64()))
    return table


def ask_in_place(table: Any, sql: str, parameters: Mapping[str, Any], *, name: str) -> pd.DataFrame | None:
    """The answer to SQL over a relation of an engine of ours, which is not copied; None for any other table.

    Another's connection may count days in another zone or sort the other way, so its rows are copied first.
    """
    if not isinstance(table, duckdb.DuckDBPyRelation):
        return None
    settings = "select current_setting('lock_configuration'), current_setting('TimeZone')"
    if table.query(name, settings).fetchall() != [(True, "UTC")]:
        return None
    # A relation's query takes no parameters.
    written = _with_values(sql, parameters)
    with _asked():
        return decimals_as_floats(table.query(name, written).to_arrow_table()).to_pandas()


def _with_values(sql: str, parameters: Mapping[str, Any]) -> str:
    return re.sub(r"\$(\w+)", lambda found: Engine.literal(parameters[found[1]]), sql)


def columns_of(table: Any) -> list[str]:
    """The column names of a pandas or polars frame, an Arrow table or a DuckDB relation."""
    if isinstance(table, pa.Table | pa.RecordBatch):
        return list(table.column_names)
    if not hasattr(table, "columns"):
        raise SchemaError(
            f"A {type(table).__name__} is no table. Give a pandas or polars DataFrame, an Arrow table or a "
            "DuckDB relation."
        )
    return [str(column) for column in table.columns]


def require_columns(table: Any, names: Iterable[str], *, table_name: str) -> None:
    """Refuse a table that lacks columns, and say how to bring them."""
    present = columns_of(table)
    missing = [name for name in names if name not in present]
    if missing:
        raise SchemaError(
            f"{table_name} has no column {', '.join(missing)} (has: {', '.join(present)}). "
            f"Map it in crm.toml under [tables.{table_name}.columns]."
        )


def frame_of(table: Any, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """A pandas or polars frame, an Arrow table or a DuckDB relation, or some of its columns, as a DataFrame.

    >>> frame_of(pa.table({"a": [1], "b": [2]}), ["b"])
       b
    0  2
    """
    with Engine() as engine:
        engine.register("given", table, columns=columns)
        return engine.to_pandas("from given")


@contextmanager
def _asked() -> Iterator[None]:
    """A statement carried out: want of memory is explained, and what a long one no longer needs is given back.

    Otherwise the engine holds on to what it has freed, up to its limit, beside the frames made of its answers, and
    Arrow to what they were made from. DuckDB gives back what all databases of the process freed when one is closed.
    """
    begun = time.monotonic()
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise SourceError(
            f"The engine's memory is used up ({error}). Set {MEMORY_VARIABLE} higher, or map fewer columns."
        ) from error
    if time.monotonic() - begun > _LONG:
        duckdb.connect(config={"threads": 1}).close()
        pa.default_memory_pool().release_unused()


def _as_arrow_or_pandas(table: Any, columns: Sequence[str] | None) -> Any:
    names = list(columns) if columns is not None else columns_of(table)
    if isinstance(table, duckdb.DuckDBPyRelation):
        return table.select(*[duckdb.ColumnExpression(name) for name in names]).to_arrow_table()
    if isinstance(table, pa.Table | pa.RecordBatch):
        return (pa.Table.from_batches([table]) if isinstance(table, pa.RecordBatch) else table).select(names)
    if isinstance(table, pd.DataFrame):
        return table[names]
    if hasattr(table, "to_arrow"):
        return table.select(names).to_arrow()
    if hasattr(table, "toArrow"):
        return table.select(*names).toArrow()
    raise SchemaError(
        f"A {type(table).__name__} is no table. Give a pandas or polars DataFrame, an Arrow table or a "
        "DuckDB relation."
    )


def _default_memory() -> str:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{min(max(total // 4, 2**30), 4 * 2**30) // 2**20}MiB"
