"""Spark in the place of DuckDB: the same statements, carried out by a cluster.

A `SparkEngine` is an engine with two sides. On this side DuckDB holds every table without its rows: it says what a
statement means (names, types, errors), and gives the answer the types it would have had. On the other side Spark has
the rows. What comes back has to fit here; Spark's own limit of results (``spark.driver.maxResultSize``) guards that.

sqlglot translates; each rewrite of `REWRITES` has a name and closes one difference in meaning, `SETTINGS` close three.
"""

import itertools
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow.dataset import dataset
from sqlglot import ErrorLevel, exp, parse_one
from sqlglot.errors import SqlglotError

from crmlib.prepare.engine import Engine, EngineError, columns_of
from crmlib.schema.errors import ConfigError, SourceError

_ASKED_BY_NAME = "p"


def spark_sql(
    sql: str, values: Mapping[str, Any], *, views: Mapping[str, str], schema: str
) -> tuple[str, dict[str, Any]]:
    """A select for Spark and its parameters; `views` tells what ``schema.table`` is called there."""
    kinds = tuple(sorted((name, _kind_of(value)) for name, value in values.items()))
    text = _translated(sql, kinds, tuple(sorted(views.items())), schema)
    return text, {name: _given(value) for name, value in values.items()}


def as_named(parameters: Any) -> dict[str, Any]:
    """Parameters by name; the first of a sequence is ``p1``."""
    if parameters is None:
        return {}
    if isinstance(parameters, Mapping):
        return {str(name): value for name, value in parameters.items()}
    return {f"{_ASKED_BY_NAME}{i}": value for i, value in enumerate(parameters, 1)}


def parsed(sql: str) -> exp.Expression:
    """The tree of a statement."""
    return _tree(sql).copy()


def about_no_rows(sql: str) -> bool:
    """Whether a question reads no table, or asks for its columns only."""
    tree = _tree(sql)
    return tree.find(exp.Describe) is not None or tree.find(exp.Table) is None


@lru_cache(maxsize=256)
def _tree(sql: str) -> exp.Expression:
    return parse_one(sql, dialect="duckdb")


@lru_cache(maxsize=256)
def _translated(
    sql: str, kinds: tuple[tuple[str, str], ...], views: tuple[tuple[str, str], ...], schema: str
) -> str:
    tree = _with_tables(parsed(sql), dict(views), schema)
    for rewrite in REWRITES.values():
        tree = tree.transform(rewrite)
    tree = tree.transform(_with_parameters, dict(kinds))
    return tree.sql(dialect="spark", unsupported_level=ErrorLevel.RAISE)


def _with_tables(tree: exp.Expression, views: Mapping[str, str], schema: str) -> exp.Expression:
    steps = {step.alias_or_name for step in tree.find_all(exp.CTE)}
    for table in list(tree.find_all(exp.Table)):
        if not isinstance(table.this, exp.Identifier) or (not table.db and table.name in steps):
            continue
        known = views.get(f"{table.db or schema}.{table.name}")
        if known is None:
            raise SourceError(
                f"Spark knows no table {table.name}. Register it with the engine, or run without Spark."
            )
        alias = table.alias or table.name
        place = exp.Table(
            this=exp.to_identifier(known, quoted=True), alias=exp.TableAlias(this=exp.to_identifier(alias))
        )
        place.set("joins", table.args.get("joins"))
        table.replace(place)
    return tree


def _with_parameters(node: exp.Expression, kinds: Mapping[str, str]) -> exp.Expression:
    if not isinstance(node, exp.Parameter | exp.Placeholder) or node.meta.get("given"):
        return node
    name = f"{_ASKED_BY_NAME}{node.name}" if node.name.isdigit() else node.name
    marker = exp.Placeholder(this=name)
    marker.meta["given"] = True
    kind = kinds.get(name)
    return exp.Cast(this=marker, to=exp.DataType.build(kind, dialect="spark")) if kind else marker


def _kind_of(value: Any) -> str:
    if isinstance(value, datetime):
        return "timestamp_ntz"
    if isinstance(value, date):
        return "date"
    return "string" if value is None else ""


def _given(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date) else value


def _exact_quantiles(node: exp.Expression) -> exp.Expression:
    if not isinstance(node, exp.WithinGroup) or not isinstance(node.this, exp.PercentileCont):
        return node
    value = node.expression.expressions[0].this
    return exp.Anonymous(this="percentile", expressions=[value, node.this.this])


def _exact_epochs(node: exp.Expression) -> exp.Expression:
    if not isinstance(node, exp.TimeToUnix):
        return node
    micros = exp.Anonymous(this="unix_micros", expressions=[exp.cast(node.this, "timestampltz")])
    seconds = exp.Div(this=exp.cast(micros, "double"), expression=exp.Literal.number(1_000_000))
    return exp.paren(seconds)


def _quotients_are_doubles(node: exp.Expression) -> exp.Expression:
    """Over 0 they are infinite or no number; Spark would fail, even in a row that is left out later."""
    if not isinstance(node, exp.Div):
        return node
    above, under = (
        exp.paren(side.transform(_quotients_are_doubles)) for side in (node.this, node.expression)
    )
    over = exp.cast(above, "double")
    quotient = exp.Div(this=over, expression=under)
    divisor = node.expression.unnest()
    divisor = divisor.this if isinstance(divisor, exp.Cast) else divisor
    if isinstance(divisor, exp.Nullif) or (isinstance(divisor, exp.Literal) and float(divisor.this) != 0):
        return exp.paren(quotient)
    endless = exp.Mul(this=over.copy(), expression=exp.cast(exp.Literal.string("Infinity"), "double"))
    return exp.If(
        this=exp.EQ(this=under.copy(), expression=exp.Literal.number(0)), true=endless, false=quotient
    )


def _means_are_doubles(node: exp.Expression) -> exp.Expression:
    if isinstance(node, exp.Avg):
        node.set("this", exp.cast(node.this.copy(), "double"))
    return node


def _days_between_are_midnights(node: exp.Expression) -> exp.Expression:
    if not isinstance(node, exp.DateDiff) or node.text("unit").upper() != "DAY":
        return node
    days = [
        exp.cast(side.transform(_days_between_are_midnights), "date") for side in (node.this, node.expression)
    ]
    return exp.Anonymous(this="datediff", expressions=days)


def _digests_are_text(node: exp.Expression) -> exp.Expression:
    """Spark has no number of 128 bits: quarters of the digest, its last byte first, written one behind the other."""
    if not isinstance(node, exp.BitwiseXorAgg) or node.this.name.lower() != "md5_number":
        return node
    (digested,) = node.this.expressions
    turned = f"regexp_replace(reverse(md5({digested.sql(dialect='spark')})), '(.)(.)', '$2$1')"
    quarters = (f"cast(conv(substring({turned}, {place}, 8), 16, 10) as bigint)" for place in (1, 9, 17, 25))
    written = ", ".join(f"lpad(hex(bit_xor({quarter})), 8, '0')" for quarter in quarters)
    return parse_one(f"concat('0x', {written})", dialect="spark")


def _semi_joins_name_their_sides(node: exp.Expression) -> exp.Expression:
    if not isinstance(node, exp.Join) or node.kind != "SEMI" or not node.args.get("using"):
        return node
    left = node.parent.args["from_"].this.alias_or_name
    pairs = [
        exp.EQ(
            this=exp.column(name.name, table=left), expression=exp.column(name.name, table=node.alias_or_name)
        )
        for name in node.args["using"]
    ]
    node.set("using", None)
    node.set("on", exp.and_(*pairs))
    return node


REWRITES: dict[str, Callable[[exp.Expression], exp.Expression]] = {
    "exact quantiles: percentile, not percentile_approx": _exact_quantiles,
    "seconds since 1970 with their fractions": _exact_epochs,
    "a quotient is a double, never a decimal, over 0, too": _quotients_are_doubles,
    "a mean is a double, never a decimal": _means_are_doubles,
    "days between two moments are midnights, not 24 hours": _days_between_are_midnights,
    "a semi join says which side a column is of": _semi_joins_name_their_sides,
    "the sum of digests as text, which this side reads as a number": _digests_are_text,
}
"""What a rewrite is for -> the rewrite, in the order in which they are made."""


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
        engine.view(name, [snapshot.resolve() / f"{name}.parquet"])
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

    `session` (pyspark.sql.SparkSession): Classic or Spark Connect. Its settings are as they were after each
        statement.
    """

    kind, reads_in_parts = "spark", False

    def __init__(self, session: Any) -> None:
        super().__init__(threads=1)
        self._session, self._prefix, self._schema = session, f"crmlib_{os.getpid()}_{next(_numbers)}", "main"
        self._views: dict[str, str] = {}
        self._kept: dict[str, Any] = {}

    def close(self) -> None:
        """Let go of what Spark keeps for this engine; the session stays open."""
        for kept in self._kept.values():
            kept.unpersist()
        for name in [name for name in self._views if name.startswith(f"{self._schema}.")]:
            self._session.catalog.dropTempView(self._views.pop(name))
        super().close()

    def register(self, name: str, table: Any, *, columns: Sequence[str] | None = None) -> None:
        """Make a table known under a name; what is no DataFrame of Spark yet is sent there."""
        names = list(columns) if columns is not None else columns_of(table)
        if is_spark(table):
            frame = table.select(*[f"`{one.replace('`', '``')}`" for one in names])
            return self._know(_called(name), frame)
        with Engine() as here:
            here.register("given", table, columns=names)
            given = here.to_arrow("from given")
        with _explained(), self._settings():
            self._know(_called(name), self._session.createDataFrame(given), given.schema)

    def view(self, name: str, files: Sequence[Path]) -> None:
        """Make Parquet files or folders known under a name; every worker has to reach them by the same path."""
        with _explained(), self._settings():
            frame = self._session.read.parquet(*map(str, files))
            self._know(exp.to_table(name), frame)

    def keep(self, sql: str, parameters: Mapping[str, Any], file: Path) -> None:
        """Lay the answer to SQL down as a folder of Parquet, with the types that this side would have given it.

        The workers write it, each its part; where this machine does not see all of them, it is refused.
        """
        from pyspark.sql import Observation
        from pyspark.sql import functions as of

        meant, seen = super().run(sql, parameters), Observation()
        kinds = [exp.DataType.build(str(kind), dialect="duckdb").sql(dialect="spark") for kind in meant.types]
        frame = self.run(sql, parameters)
        with _explained(), self._settings():
            cells = [frame[f"`{name}`"].cast(kind) for name, kind in zip(meant.columns, kinds, strict=True)]
            frame.select(*cells).observe(seen, of.count(of.lit(1)).alias("rows")).write.parquet(str(file))
            made = seen.get["rows"]
        here = dataset(file, format="parquet").count_rows() if file.is_dir() else 0
        if here != made:
            raise SparkRefusedError(
                f"Of {made} rows that Spark wrote to {file.name}, {here} are here. Give every worker the same folder."
            )

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
        other._schema, other._kept = name if self._schema == "main" else f"{self._schema}_{name}", {}
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
                frame = self._laid_down(statement.this.name, frame)
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

    def _laid_down(self, name: str, frame: Any) -> Any:
        """Rows that are there; a cluster may lose some of them, so it remembers how they were made."""
        with _explained(), self._settings():
            if str(self._session.conf.get("spark.master", "")).startswith("local"):
                # Planning anew what every row was made of takes longer than the rows.
                return frame.localCheckpoint()
            if name in self._kept:
                self._kept[name].unpersist()
            self._kept[name] = frame.persist()
            return self._kept[name]

    def _know(self, table: exp.Table, frame: Any, schema: pa.Schema | None = None) -> None:
        empty = f"empty_{next(_numbers)}"
        with _explained(), self._settings():
            schema = schema or frame.limit(0).toArrow().schema
        self._connection.register(empty, schema.empty_table())
        super().execute(f"create or replace table {table.sql(dialect='duckdb')} as from {empty}")
        self._connection.unregister(empty)
        self._view(table, frame)

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


def _called(name: str) -> exp.Table:
    return exp.Table(this=exp.to_identifier(name, quoted=True))


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
    """What an error says; of one with its causes below it, that which Spark has a name for."""
    said = str(error).strip() or type(error).__name__
    named = re.search(r"\[[A-Z][A-Z_.]+\].*", said)
    return named[0] if named else said.splitlines()[0]
