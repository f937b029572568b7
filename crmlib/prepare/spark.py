"""Spark in the place of DuckDB: the same statements, carried out by a cluster.

A `SparkEngine` is an engine with two sides. On this side DuckDB holds every table without its rows: it says what a
statement means (names, types, errors), and gives the answer the types it would have had. On the other side Spark has
the rows. What comes back has to fit here; Spark's own limit of results (``spark.driver.maxResultSize``) guards that.
"""

import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlglot import exp
from sqlglot.errors import SqlglotError

from crmlib.prepare.engine import Engine, EngineError, columns_of
from crmlib.prepare.spark_sql import about_no_rows, as_named, parsed, spark_sql
from crmlib.schema.errors import ConfigError, SourceError

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
}
"""What a session has to be told while a statement of ours is read, so that it means the same there."""

ENGINES = ("duckdb", "spark")
KIND_VARIABLE = "CRMLIB_ENGINE"
"""Environment variable that names the engine, before ``[engine] kind`` of crm.toml."""

MASTER_VARIABLE, REMOTE_VARIABLE = "CRMLIB_SPARK_MASTER", "CRMLIB_SPARK_REMOTE"
"""Environment variables that name a cluster (``local[2]``, ``spark://host:7077``) or a Spark Connect server."""

_MISSING = "Spark is asked for, and pyspark is not installed. Install crmlib[spark]"
_numbers = itertools.count(1)


class SparkRefusedError(EngineError):
    """What Spark says of a statement that it does not carry out."""


def is_spark(table: Any) -> bool:
    """Whether a table is a DataFrame of Spark."""
    return type(table).__module__.startswith("pyspark.sql") and hasattr(table, "sparkSession")


def engine_for(table: Any) -> Engine:
    """The engine that reads a table where it lies: Spark for a DataFrame of Spark, else DuckDB."""
    return SparkEngine(table.sparkSession) if is_spark(table) else Engine()


def engine_of_snapshot(snapshot: Path, tables: Sequence[str], *, settings: Any) -> Engine:
    """An engine of Spark over the checked tables of a workspace, as ``[engine]`` or the environment says."""
    master = os.environ.get(MASTER_VARIABLE) or settings.master
    remote = os.environ.get(REMOTE_VARIABLE) or ("" if os.environ.get(MASTER_VARIABLE) else settings.remote)
    engine = SparkEngine(spark_session(master=master, remote=remote, memory=settings.answer_memory))
    for name in tables:
        engine.register_parquet(name, snapshot.resolve() / f"{name}.parquet")
    return engine


def asks_for_spark(settings: Any) -> bool:
    """Whether the environment, or else crm.toml, names Spark."""
    kind = os.environ.get(KIND_VARIABLE) or settings.kind
    if kind not in ENGINES:
        raise ConfigError(f"{KIND_VARIABLE} is {kind!r}: give {' or '.join(ENGINES)}.")
    return kind == "spark"


def spark_session(*, master: str = "", remote: str = "", memory: str = "2GB") -> Any:
    """A session of the cluster or Spark Connect server that is named, the one that is open if there is one.

    `memory` is what the answers to one statement may take here.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise ConfigError(f"{_MISSING}: pip install 'crmlib[spark]'.") from error
    builder = SparkSession.builder.appName("crmlib")
    if remote:
        return _opened(builder.remote(remote), f"the Spark Connect server {remote}", "engine.remote")
    builder = builder.master(master or "local[*]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.driver.maxResultSize", memory.replace(" ", ""))
    return _opened(builder, f"Spark at {master or 'local[*]'}", "engine.master")


def _opened(builder: Any, place: str, key: str) -> Any:
    try:
        return builder.getOrCreate()
    except ImportError as error:
        raise ConfigError(
            f"{key}: {place} needs a package that is not here ({error}). Install crmlib[spark]."
        ) from error
    except Exception as error:
        raise SourceError(
            f"{key}: {place} does not answer as it should ({_first_line(error)}). Start it, correct its address, "
            'or take [engine] kind = "duckdb"; a cluster other than a Connect server needs Java 17 here.'
        ) from error


class SparkEngine(Engine):
    """An engine whose rows lie with Spark.

    Parameters
    ----------
    session : pyspark.sql.SparkSession
        Classic or Spark Connect. Its settings are as they were after each statement.
    """

    reads_in_parts = False

    def __init__(self, session: Any) -> None:
        super().__init__(threads=1)
        self._session, self._prefix, self._schema = session, f"crmlib_{os.getpid()}_{next(_numbers)}", "main"
        self._views: dict[str, str] = {}
        self._kept: list[Any] = []

    def close(self) -> None:
        """Let go of what Spark keeps for this engine; the session stays open."""
        for kept in self._kept:
            kept.unpersist()
        for name in [name for name in self._views if name.startswith(f"{self._schema}.")]:
            self._session.catalog.dropTempView(self._views.pop(name))
        super().close()

    def register(self, name: str, table: Any, *, columns: Sequence[str] | None = None) -> None:
        """Make a table known under a name; what is no DataFrame of Spark yet is sent there."""
        names = list(columns) if columns is not None else columns_of(table)
        if is_spark(table):
            frame = table.select(*[f"`{one.replace('`', '``')}`" for one in names])
            return self._know(name, frame)
        with Engine() as here:
            here.register("given", table, columns=names)
            given = here.to_arrow("from given")
        with _explained(), self._settings():
            self._know(name, self._session.createDataFrame(given), given.schema)

    def register_parquet(self, name: str, path: str | Path) -> None:
        """Make a Parquet file or folder known under a name; every worker has to reach it by the same path."""
        with _explained(), self._settings():
            frame = self._session.read.parquet(str(path))
            self._know(name, frame)

    def run(self, sql: str, parameters: Any = None) -> Any:
        """A query as a DataFrame of Spark, carried out when its rows are asked for."""
        try:
            text, values = spark_sql(sql, as_named(parameters), views=self._views, schema=self._schema)
        except SqlglotError as error:
            raise SparkRefusedError(f"Spark has no words for this: {_first_line(error)}") from error
        with _explained(), self._settings():
            return self._session.sql(text, args=values)

    def branch(self, name: str, views: Mapping[str, str]) -> Engine:
        """A second engine over the same data, in which some tables are views of those here."""
        other: Any = super().branch(name, views)
        other._schema, other._kept = name if self._schema == "main" else f"{self._schema}_{name}", []
        return other

    def rows(self, sql: str, parameters: Any = None) -> list[tuple]:
        """The rows of a small result as tuples."""
        return self._answer(sql, parameters).fetchall()

    def execute(self, sql: str, parameters: Any = None) -> None:
        """Make a view, table or schema, or drop one; nothing else is asked of Spark."""
        statement = parsed(sql)
        if isinstance(statement, exp.Create) and isinstance(statement.expression, exp.Query):
            frame = self.run(statement.expression.sql(dialect="duckdb"), parameters)
            if statement.kind == "TABLE":
                self._kept.append(frame := frame.persist())
            super().execute(sql, parameters)
            self._view(statement.this, frame)
        elif isinstance(statement, exp.Use) or (
            isinstance(statement, exp.Create) and statement.kind == "SCHEMA"
        ):
            super().execute(sql, parameters)
        else:
            raise SparkRefusedError(
                f"Spark only makes tables and views here, it does not {statement.key}. Run this without Spark."
            )

    def to_arrow(self, sql: str, parameters: Any = None) -> pa.Table:
        """The result of SQL as an Arrow table."""
        return self._answer(sql, parameters).to_arrow_table()

    def splink_backend(self) -> Any:
        """Refused: records of one customer are found with DuckDB before Spark has the tables."""
        raise SparkRefusedError('Identities are found by DuckDB. Take [engine] kind = "duckdb" for it.')

    def _answer(self, sql: str, parameters: Any) -> Any:
        """Spark's rows as a relation of this side, with the types that this side would have given them."""
        meant = super().run(sql, parameters)
        if about_no_rows(sql):
            return meant
        frame = self.run(sql, parameters)
        with _explained(), self._settings():
            table = frame.toArrow()
        # Of `select *` over a join, Spark puts the columns of `using` first.
        if len(set(meant.columns)) == len(meant.columns) and set(table.column_names) == set(meant.columns):
            table = table.select(meant.columns)
        columns = [f"c{i}" for i in range(len(meant.columns))]
        cells = zip(columns, meant.types, meant.columns, strict=True)
        cast = ", ".join(f"cast({one} as {kind}) as {self.quote(name)}" for one, kind, name in cells)
        return self._connection.from_arrow(table.rename_columns(columns)).project(cast)

    def _know(self, name: str, frame: Any, schema: pa.Schema | None = None) -> None:
        empty = f"empty_{next(_numbers)}"
        with _explained(), self._settings():
            schema = schema or frame.limit(0).toArrow().schema
        self._connection.register(empty, schema.empty_table())
        super().execute(f"create or replace table {self.quote(name)} as from {empty}")
        self._connection.unregister(empty)
        self._view(exp.to_table(name), frame)

    def _view(self, table: exp.Table, frame: Any) -> None:
        view = f"{self._prefix}_{next(_numbers)}"
        frame.createOrReplaceTempView(view)
        self._views[f"{table.db or self._schema}.{table.name}"] = view

    @contextmanager
    def _settings(self) -> Iterator[None]:
        before = {key: self._session.conf.get(key, None) for key in SETTINGS}
        changed = {key: value for key, value in SETTINGS.items() if before[key] != value}
        for key, value in changed.items():
            self._session.conf.set(key, value)
        try:
            yield
        finally:
            for key in changed:
                if before[key] is None:
                    self._session.conf.unset(key)
                else:
                    self._session.conf.set(key, before[key])


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except EngineError:
        raise
    except Exception as error:
        said = str(error)
        if "maxResultSize" in said:
            raise SourceError(
                "The answer of Spark does not fit here (spark.driver.maxResultSize). Ask for fewer customers or "
                "columns, or set answer_memory in crm.toml under [engine] higher."
            ) from error
        if not type(error).__module__.startswith(("pyspark", "py4j", "grpc")):
            raise
        raise SparkRefusedError(f"Spark: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
