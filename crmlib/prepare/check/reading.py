"""How a source's rows are read: each of our columns as SQL over theirs, typed, with its findings as bits."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp, parse_one

from crmlib.prepare.check.casting import (
    NUMBER_PREFIX,
    Parts,
    Standards,
    base_sql,
    cast_sql,
    is_text,
    numbers_in,
    text_literal,
)
from crmlib.prepare.check.findings import Finding, refusal_of
from crmlib.prepare.engine import Engine, EngineError
from crmlib.prepare.forgotten import Forgotten
from crmlib.schema.fields import Field, TableSpec


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How the rows of a source become rows of a table.

    `view`: Name in the engine; it has their columns, `_file` and `_row`.
    `expressions`: our column -> SQL over their columns.
    `filters`: (SQL, reason) pairs; rows for which the SQL is not true are set aside with the reason.
    `date_formats`, `decimal`: how dates and numbers are written.
    `policies`: ``check`` or ``check.column`` -> policy.
    `currency`: Of the workspace; "" where none is stated.
    `files`: names in the order in which rows are laid down, where the view may not keep it.
    `vanished`: a query for `_file` and `_row` of rows that the last full export lacks.
    `standards`: what was agreed about the table.
    `forgotten`: whose rows are left out.
    """

    spec: TableSpec
    view: str
    expressions: Mapping[str, str]
    filters: tuple[tuple[str, str], ...] = ()
    date_formats: tuple[str, ...] = ()
    decimal: str = "."
    policies: Mapping[str, str] = field(default_factory=dict)
    currency: str = ""
    files: tuple[str, ...] = ()
    vanished: str = ""
    standards: Standards = field(default_factory=Standards)
    forgotten: Forgotten | None = None

    @property
    def mapped(self) -> tuple[str, ...]:
        """Our columns that the source fills, in the vocabulary's order."""
        return tuple(name for name in self.spec.names if name in self.expressions)

    @property
    def keyed(self) -> bool:
        """Whether all parts of the table's key are mapped."""
        return bool(self.spec.keys) and all(key in self.mapped for key in self.spec.keys)


def staging_query(
    engine: Engine, reading: Reading, findings: Sequence[Finding], *, time_zone: str
) -> tuple[str, dict[str, str]]:
    """The query that reads and types every row and marks what each finding's condition holds for."""
    fields = [reading.spec.field(name) for name in reading.mapped]
    theirs = {row[0]: row[1] for row in engine.rows(f"describe {reading.view}")}
    text_columns = [name for name, sql_type in theirs.items() if is_text(sql_type)]
    numeric: dict[str, None] = {}

    def meant(sql: str) -> str:
        sql, columns = numbers_in(sql, text_columns=text_columns)
        numeric.update(dict.fromkeys(columns))
        return sql

    raw = [f'{meant(reading.expressions[f.name])} as "r_{f.name}"' for f in fields]
    keeps = [f"coalesce(({meant(sql)}), false) as _keep_{i}" for i, (sql, _) in enumerate(reading.filters)]
    numbers = [_number_sql(reading, name, theirs[name]) for name in numeric]
    rows = f"(select {', '.join(['*', *numbers])} from {reading.view})"
    computed = {
        **{f"columns.{f.name}": f"{sql} from {rows}" for f, sql in zip(fields, raw, strict=True)},
        **{f"where[{i}]": f"{sql} from {rows}" for i, sql in enumerate(keeps)},
    }
    try:
        engine.execute(
            f"create or replace temp view raw_{reading.spec.name} as "
            f"select {', '.join(['_file', '_row', _digest_sql(reading, theirs), *raw, *keeps])} "
            f"from {rows}"
        )
        described = engine.rows(f"describe raw_{reading.spec.name}")
    except EngineError as error:
        raise refusal_of(engine, error, table=reading.spec.name, computed=computed) from error
    types = {row[0]: row[1] for row in described}
    based = [
        f'{base_sql(chr(34) + "r_" + f.name + chr(34), types["r_" + f.name])} as "b_{f.name}"' for f in fields
    ]
    typed, parts = [], Parts()
    for f in fields:
        sql = cast_sql(
            f,
            f'"b_{f.name}"',
            types[f"r_{f.name}"],
            time_zone=time_zone,
            date_formats=reading.date_formats,
            decimal=reading.decimal,
            share=parts,
        )
        typed.append(f'{sql} as "t_{f.name}"')
    kept = [f"_keep_{i}" for i in range(len(keeps))]
    bits = " + ".join(
        f"(case when {_over_typed(f.condition)} then {1 << i} else 0 end)" for i, f in enumerate(findings)
    )
    finals = ", ".join(f'"t_{f.name}" as "{f.name}"' for f in fields)
    query = f"""
        with based as (select {", ".join(["_file", "_row", "_hash", *based, *kept])}
                       from raw_{reading.spec.name}),
             typed as (select *, {", ".join(typed)} from ({parts.over("based")})),
             dated as (select * {_same_day_sql(reading, time_zone)} from typed)
        select _file, _row, _hash, ({bits or "0"})::bigint as _bits, {finals} from dated {_order_sql(reading)}
    """
    return query, computed


def _order_sql(reading: Reading) -> str:
    """Rows lie as in their files, so that the earlier of two is the same one each time."""
    files = ", ".join(map(text_literal, reading.files))
    return f"order by list_position([{files}], _file), _row" if files else ""


def _same_day_sql(reading: Reading, time_zone: str) -> str:
    """An end that states only its day is not before a beginning on that day."""
    moved = []
    for declared in map(reading.spec.field, reading.mapped):
        if declared.not_before in reading.mapped:
            end, begin = f'"t_{declared.name}"', f'"t_{declared.not_before}"'
            day = local_sql(end, time_zone)
            whole = f"{end} < {begin} and {day} = date_trunc('day', {local_sql(begin, time_zone)})"
            moved.append(f"case when {whole} then {begin} else {end} end as {end}")
    return f"replace ({', '.join(moved)})" if moved else ""


def local_sql(moment: str, time_zone: str) -> str:
    """A naive moment in UTC as the clocks of a zone show it, as SQL."""
    return (
        moment if time_zone == "UTC" else f"timezone({Engine.literal(time_zone)}, timezone('UTC', {moment}))"
    )


def _digest_sql(reading: Reading, theirs: Iterable[str]) -> str:
    if reading.keyed:
        return "null::ubigint as _hash"
    names = [Engine.quote(name) for name in theirs if name not in ("_file", "_row")]
    return f"hash({', '.join(names)}) as _hash"


def _number_sql(reading: Reading, name: str, sql_type: str) -> str:
    base = base_sql(Engine.quote(name), sql_type)
    number = cast_sql(Field(name, "number", ""), f"({base})", sql_type, decimal=reading.decimal)
    return f"{number} as {Engine.quote(NUMBER_PREFIX + name)}"


def _over_typed(condition: str) -> str:
    if '"b_' in condition or '"t_' in condition or condition.startswith("not _keep_"):
        return condition
    tree = parse_one(condition, dialect="duckdb")
    for column in tree.find_all(exp.Column):
        column.replace(exp.column(exp.to_identifier(f"t_{column.name}", quoted=True)))
    return tree.sql(dialect="duckdb")
