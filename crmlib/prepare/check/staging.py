"""One table on its way in: read, typed, judged row by row; then accepted or set aside, never lost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import pandas as pd
from babel.numbers import get_currency_precision
from sqlglot import exp, parse_one

from crmlib.prepare.check.casting import (
    NUMBER_PREFIX,
    Parts,
    Standards,
    base_sql,
    cast_sql,
    has_words,
    is_text,
    misspelt,
    numbers_in,
    pairs_shown,
    text_literal,
    words_of_column,
    words_shown,
)
from crmlib.prepare.check.findings import (
    MAX_FINDINGS,
    MOMENT_TYPES,
    Finding,
    field_findings,
    mapping_remedy,
    placeholder_rows,
    policy_of,
    refusal_of,
    refuse_unknown,
    table_findings,
    with_article,
)
from crmlib.prepare.engine import Engine, EngineError
from crmlib.prepare.forgotten import Forgotten
from crmlib.schema.errors import ConfigError
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
    engine: Engine, reading: Reading, findings: Sequence[Finding], theirs: dict[str, str], *, time_zone: str
) -> tuple[str, dict[str, str]]:
    """The query that reads and types every row and marks what each finding's condition holds for.

    `theirs`: the columns of the view and their types.
    """
    fields = [reading.spec.field(name) for name in reading.mapped]
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


@lru_cache(maxsize=1024)
def _over_typed(condition: str) -> str:
    if '"b_' in condition or '"t_' in condition or condition.startswith("not _keep_"):
        return condition
    tree = parse_one(condition, dialect="duckdb")
    for column in tree.find_all(exp.Column):
        column.replace(exp.column(exp.to_identifier(f"t_{column.name}", quoted=True)))
    return tree.sql(dialect="duckdb")


GAP_DAYS = 365
LARGEST_SHARE = 0.001
FEWEST_ROWS = 20
"""Below so many rows nothing can be called isolated."""

ZERO_DAYS = ("1753-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1901-01-01", "1904-01-01", "1970-01-01")
"""The first days of the calendars of programs."""

LOOKED_AT, FEWEST_SIGNED = 20_000, 3
"""Rows whose amounts are looked at for a decimal sign that parts thousands, and how many must have it."""

SEEN = 5
"""Values that a finding names."""

FEWEST_DAYS, FEWEST_EXPECTED, AROUND = 21, 15, 60
"""A hole in time: so many days without a row where rows were to be expected on so many, by the days around."""


def isolated_rows(engine: Engine, table: str, column: str, *, where: str = "true") -> str:
    """A query for the rows more than a year after all others: at most one in a thousand, or one row."""
    name = Engine.quote(column)
    known = f"from {table} where {where} and {name} is not null"
    ((rows,),) = engine.rows(f"select count(*) {known}")
    most = max(1, int(rows * LARGEST_SHARE))
    if rows - most < FEWEST_ROWS:
        return f"select rowid from {table} where false"
    ((last,),) = engine.rows(f"""
        with tail as (select {name}::timestamp as moment {known} order by moment desc limit {most + 1}),
             steps as (select moment, lead(moment) over (order by moment desc) as earlier from tail)
        select min(earlier)::varchar from steps where moment > earlier + interval {GAP_DAYS} day
    """)
    if last is None:
        return f"select rowid from {table} where false"
    moment = f"{Engine.literal(last)}::timestamp"
    return f"select rowid from {table} where {where} and {name}::timestamp > {moment}"


class Staged:
    """A table whose rows have been read and typed, each with its findings as bits.

    `time_zone`: the zone of naive times.
    """

    def __init__(self, engine: Engine, reading: Reading, *, time_zone: str = "UTC") -> None:
        self.engine, self.reading, self.spec = engine, reading, reading.spec
        self._zone = time_zone
        self._theirs = {name: kind for name, kind, *_ in engine.rows(f"describe {reading.view}")}
        theirs = [name for name in self._theirs if name not in ("_file", "_row")]
        refuse_unknown(reading.spec, reading.mapped, reading.policies, theirs)
        self.name = f"staged_{self.spec.name}"
        self.findings: list[Finding] = []
        self._queries: list[Finding] = []
        self._merge = False
        self._collect_findings()
        self._read(time_zone)
        self.words: dict[tuple[str, str], dict[str, str]] = {}
        self._counted: list[tuple[Finding, int]] = []
        self._check_words()
        if reading.vanished:
            says = "were in an earlier full export and are not in the last one"
            same = "s._file = v._file and s._row = v._row"
            query = f"select s.rowid from {self.name} s semi join ({reading.vanished}) v on {same}"
            self._mark("vanished", "", "warn", says, query)

    def _read(self, time_zone: str) -> None:
        computed: dict[str, str] = {}
        try:
            given = self.engine, self.reading, self.findings, self._theirs
            query, computed = staging_query(*given, time_zone=time_zone)
            self.engine.execute(f"create or replace table {self.name} as {query}")
        except EngineError as error:
            raise refusal_of(self.engine, error, table=self.spec.name, computed=computed) from error
        self.leave_out_forgotten()

    def leave_out_forgotten(self) -> None:
        """Take the rows of whom the workspace has forgotten out of the table."""
        if self.reading.forgotten:
            self.reading.forgotten.remove_from(self.engine, self.name, self.spec)

    def _check_words(self) -> None:
        """Words of categories that are not agreed upon, and those that look misspelt."""
        agreed = self.reading.standards
        for name in filter(lambda name: has_words(self.spec.field(name)), self.reading.mapped):
            allowed = agreed.allowed.get(name, ())
            counts = words_of_column(self.engine, self.name, name, self._acceptable())
            if counts is None and not allowed:
                continue
            pairs = misspelt(counts or {}, allowed)
            if pairs:
                says = f"have {with_article(name)} that looks misspelt: {pairs_shown(pairs)}"
                self._count_words("misspelt", name, says, pairs)
            others = [word for word in counts or {} if allowed and word not in allowed and word not in pairs]
            if others:
                says = (
                    f"have {with_article(name)} that is not agreed upon: {words_shown(others)}{agreed.asks}"
                )
                self._count_words("not_agreed", name, says, dict.fromkeys(others, ""))

    def _count_words(self, check: str, column: str, says: str, pairs: Mapping[str, str]) -> None:
        policy = policy_of(check, column, "warn", self.reading.policies, table=self.spec.name)
        self.words[check, column] = dict(pairs)
        words = ", ".join(text_literal(word) for word in pairs)
        where = f'"{column}" in ({words})'
        if policy == "set_aside":
            self._mark(check, column, "set_aside", says, f"select rowid from {self.name} where {where}")
            return
        ((rows,),) = self.engine.rows(
            f"select count(*) from {self.name} where {where} and {self._acceptable()}"
        )
        finding = Finding(check=check, column=column, policy=policy, says=says, condition=where)
        self._counted.append((finding, rows))
        if policy == "mend":
            cases = " ".join(f"when {text_literal(a)} then {text_literal(b)}" for a, b in pairs.items() if b)
            mended = f'case "{column}" {cases} end' if cases else "null"
            self.engine.execute(f'update {self.name} set "{column}" = {mended} where {where}')

    def _check_freshness(self, as_of: pd.Timestamp) -> None:
        agreed, time = self.reading.standards, self.spec.time
        if agreed.fresh_days is None or time not in self.reading.mapped:
            return
        ((last,),) = self.engine.rows(
            f'select max("{time}")::timestamp from {self.name} where {self._acceptable()}'
        )
        if last is None:
            return
        age = (as_of - pd.Timestamp(last)) // pd.Timedelta(days=1)
        if age > agreed.fresh_days:
            says = (
                f"are the last ones, {age:,} days before the closing moment; at most {agreed.fresh_days:,} were "
                f"agreed{agreed.asks}"
            )
            policy = policy_of("stale", "", "warn", self.reading.policies, table=self.spec.name)
            ((rows,),) = self.engine.rows(
                f'select count(*) from {self.name} where {self._acceptable()} and "{time}"::timestamp = $1',
                [last],
            )
            self._counted.append((Finding(check="stale", column="", policy=policy, says=says), rows))

    def _collect_findings(self) -> None:
        reading, mapped = self.reading, self.reading.mapped
        for i, (_, reason) in enumerate(reading.filters):
            self.findings.append(
                Finding(
                    check="filtered", column="", policy="set_aside", says=reason, condition=f"not _keep_{i}"
                )
            )
        self.findings += field_findings(
            self.spec, mapped, reading.policies, currency=reading.currency, time_zone=self._zone
        )
        for finding, is_query in table_findings(self.spec, mapped, reading.policies):
            (self._queries if is_query else self.findings).append(finding)
        if len(self.findings) + len(self._queries) + len(mapped) + 5 > MAX_FINDINGS:
            raise ConfigError(
                f"tables.{self.spec.name}.where: too many filters for one table; join some with and."
            )

    def last_moment(self) -> pd.Timestamp | None:
        """The last moment at which something happened in an acceptable row, or None where there is none.

        A few rows far beyond all others, such as a year mistyped, do not count; they are found as
        ``isolated_future``.
        """
        known_from = {declared.known_from for declared in self.spec.fields}
        moments = [name for name in self.reading.mapped if name == self.spec.time or name in known_from]
        if not moments:
            return None
        for name in moments:
            default = "set_aside" if name == self.spec.time else "mend"
            query = isolated_rows(self.engine, self.name, name, where=self._acceptable())
            self._mark("isolated_future", name, default, "lie more than a year after all other rows", query)
        latest = ", ".join(
            f'max("{name}") filter (where (_bits & {self._mends(name) | self._expected}) = 0)::timestamp'
            if self.spec.field(name).expected_as
            else f'max("{name}") filter (where (_bits & {self._mends(name)}) = 0)::timestamp'
            for name in moments
        )
        (found,) = self.engine.rows(f"select {latest} from {self.name} where {self._acceptable()}")
        return max((pd.Timestamp(moment) for moment in found if moment is not None), default=None)

    def close(self, as_of: pd.Timestamp) -> None:
        """Set aside the rows that lie after the closing moment."""
        if self.spec.time in self.reading.mapped:
            moment = text_literal(str(as_of))
            self._mark(
                "after_as_of",
                "",
                "set_aside",
                f"lie after as_of {as_of:%Y-%m-%d %H:%M}",
                f'select rowid from {self.name} where "{self.spec.time}" > {moment}::timestamp',
            )

    def keys_sql(self) -> str | None:
        """A query that yields the keys of the rows that are not set aside; None where the key has several parts."""
        if len(self.spec.keys) != 1 or not self.reading.keyed:
            return None
        (key,) = self.spec.keys
        return f'select distinct "{key}" from {self.name} where "{key}" is not null and {self._acceptable()}'

    def accept(self, *, as_of: pd.Timestamp, keys: Mapping[str, str | None] | None = None) -> None:
        """Judge what a single row cannot show, then lay the accepted rows down under the table's name."""
        self._check_freshness(as_of)
        self._mark_duplicates()
        for name in self.reading.mapped:
            target = self.spec.field(name).references
            if name == "customer_id":
                self._mark_placeholders(name)
            if self.spec.field(name).type in MOMENT_TYPES:
                self._mark_zero_days(name)
            if target and keys and keys.get(target):
                self._mark(
                    "orphan_key",
                    name,
                    "warn",
                    f"name a {name} that {target} does not have{self._written_otherwise(name, keys[target])}",
                    f"select s.rowid from {self.name} s anti join ({keys[target]}) k(known) "
                    f'on s."{name}" = k.known where s."{name}" is not null and (s._bits & {self._mends(name)}) = 0',
                )
        for finding in self._queries:
            self._mark(
                finding.check,
                "",
                finding.policy,
                finding.says,
                finding.condition.format(
                    rows=f"(select rowid, * from {self.name} where {self._acceptable()})"
                ),
            )
        self.engine.execute(f"create or replace table {self.spec.name} as {self._accepted_sql(as_of)}")

    def _mark_placeholders(self, name: str) -> None:
        declared = self.spec.field(name)
        default = "warn" if declared.required or declared.key else "mend"
        done = "nobody is behind it" if default == "warn" else "it was emptied, and nobody is behind it"
        rows = f"(select rowid, * from {self.name} where {self._acceptable()})"
        query = placeholder_rows(name).format(rows=rows)
        self._mark(
            "placeholder", name, default, f"have a placeholder as {name}, such as 0 or guest: {done}", query
        )

    def _mark_zero_days(self, name: str) -> None:
        """Days that programs write where they have none, where all others lie ten years and more behind."""
        day = local_sql(f'"{name}"::timestamp', self._zone)
        zero = f"({day})::date::varchar in ({', '.join(map(text_literal, ZERO_DAYS))})"
        known = f'from {self.name} where "{name}" is not null and {self._acceptable()}'
        ((zeros, first),) = self.engine.rows(
            f'select count(*) filter (where {zero}), min("{name}"::timestamp) filter (where not {zero}) {known}'
        )
        if zeros and first is not None:
            default = "set_aside" if self.spec.field(name).required else "mend"
            says = f"have {with_article(name)} that programs write where they know none, such as 1970-01-01"
            long_before = f'"{name}"::timestamp < {text_literal(str(first))}::timestamp - interval 10 year'
            query = f"select rowid from {self.name} where {zero} and {long_before}"
            self._mark("placeholder", name, default, says, query)

    def _written_otherwise(self, name: str, keys: str) -> str:
        """How many keys without a partner would have one if they were written alike, as the end of a sentence."""
        plain = "ltrim(lower(regexp_replace({}, '[.]0$', '')), '0')"
        ((same,),) = self.engine.rows(f"""
            select count(distinct "{name}") from {self.name} s anti join ({keys}) k(known) on s."{name}" = k.known
            where {plain.format('s."' + name + '"')} in (select {plain.format("known")} from ({keys}) k(known))
        """)
        return f" ({same:,} do, without leading zeros, .0 behind, or upper and lower case)" if same else ""

    def _mark(self, check: str, column: str, default: str, says: str, query: str) -> None:
        policy = policy_of(check, column, default, self.reading.policies, table=self.spec.name)
        if check == "after_as_of":
            policy = "set_aside"
        if policy == "mend" and check not in ("orphan_key", "isolated_future", "placeholder"):
            raise ConfigError(
                f"tables.{self.spec.name}.checks.{check}: cannot be mended. Use set_aside or warn."
            )
        bit = 1 << len(self.findings)
        self.findings.append(Finding(check=check, column=column, policy=policy, says=says))
        self.engine.execute(
            f"update {self.name} set _bits = _bits | {bit} where {self._acceptable()} and rowid in ({query})"
        )

    def _mark_duplicates(self) -> None:
        keys, complete = self.spec.keys, self.reading.keyed
        check, default = ("duplicate_key", "set_aside") if complete else ("exact_duplicate", "warn")
        policy = policy_of(check, "", default, self.reading.policies, table=self.spec.name)
        columns = ", ".join(f'"{key}"' for key in keys) if complete else "_hash"
        says = (
            f"repeat the {' and '.join(keys)} of an earlier row"
            if complete
            else "are the same as an earlier row"
        )
        if policy == "mend":
            if not complete:
                raise ConfigError(
                    f"tables.{self.spec.name}.checks.{check}: cannot be mended: no key to merge by."
                )
            check, policy, self._merge = "merged", "set_aside", True
            says = f"have the {' and '.join(keys)} of an earlier row and were merged into it"
        bit = 1 << len(self.findings)
        repeated = (
            f"select {columns} from {self.name} where {self._acceptable()} group by all having count(*) > 1"
        )
        self.engine.execute(f"""
            update {self.name} set _bits = _bits | {bit} where rowid in (
                select row_id from (
                    select rowid as row_id, row_number() over (partition by {columns} order by rowid) as nth
                    from {self.name}
                    where {self._acceptable()} and ({columns}) in ({repeated})
                ) where nth > 1)
        """)
        self._merged_bit = bit if self._merge else 0
        self.findings.append(Finding(check=check, column="", policy=policy, says=says))

    def _mask(self, policy: str) -> int:
        return sum(1 << i for i, finding in enumerate(self.findings) if finding.policy == policy)

    @property
    def _expected(self) -> int:
        return sum(1 << i for i, f in enumerate(self.findings) if f.check == "open_with_closing")

    def _expectation(self) -> tuple[str, str] | None:
        """The column of expectations, and SQL that gives it what stood as the end of an open row."""
        for declared in self.spec.fields:
            wanted, bits = declared.expected_as, self._expected
            if not wanted or not bits or declared.name not in self.reading.mapped:
                continue
            day = f"case when (_bits & {bits}) > 0 then {local_sql(f'{declared.name}', self._zone)}::date end"
            if wanted in self.reading.mapped:
                return wanted, f'coalesce("{wanted}", {day}) as "{wanted}"'
            ((some,),) = self.engine.rows(f"select bool_or((_bits & {bits}) > 0) from {self.name}")
            return (wanted, f'{day} as "{wanted}"') if some else None
        return None

    def _mends(self, column: str) -> int:
        return sum(1 << i for i, f in enumerate(self.findings) if f.policy == "mend" and f.column == column)

    def _acceptable(self, prefix: str = "") -> str:
        return f"({prefix}_bits & {self._mask('set_aside')}) = 0"

    def _accepted_sql(self, as_of: pd.Timestamp) -> str:
        columns = []
        for name in self.reading.mapped:
            declared = self.spec.field(name)
            mends = self._mends(name)
            value = f'case when (_bits & {mends}) = 0 then "{name}" end' if mends else f'"{name}"'
            if declared.known_from in self.reading.mapped:
                unknown = text_literal(declared.unknown_as) if declared.unknown_as else "null"
                moment = f"{text_literal(str(as_of))}::timestamp"
                value = f'case when "{declared.known_from}" > {moment} then {unknown} else {value} end'
            columns.append(f'{value} as "{name}"')
        names = list(self.reading.mapped)
        if expected := self._expectation():
            place = names.index(expected[0]) if expected[0] in names else len(names)
            columns[place : place + 1], names[place : place + 1] = [expected[1]], [expected[0]]
        kept = f"(_bits & {self._mask('set_aside') & ~self._merged_bit}) = 0"
        rows = f"select rowid as _order, {', '.join(columns)} from {self.name} where {kept}"
        if not self._merge:
            return f"select * exclude (_order) from ({rows})"
        keys = [f'"{key}"' for key in self.spec.keys]
        others = [f'"{name}"' for name in names if f'"{name}"' not in keys]
        merged = ", ".join([*keys, *(f"arg_min({name}, _order) as {name}" for name in others)])
        return f"select {merged} from ({rows}) group by {', '.join(keys)} order by min(_order)"

    def row_counts(self) -> tuple[int, int]:
        """Rows read as records, and how many of them are set aside."""
        marked, aside = self._marked(), self._mask("set_aside")
        return sum(marked.values()), sum(n for bits, n in marked.items() if bits & aside)

    def _marked(self) -> dict[int, int]:
        """How many rows bear which findings, as bits."""
        return dict(self.engine.rows(f"select _bits, count(*) from {self.name} group by _bits"))

    def summary(self) -> pd.DataFrame:
        """Rows found by each check: table, check, column, policy, rows, says.

        What is only mended or warned of is counted among the accepted rows.
        """
        marked, aside = self._marked(), self._mask("set_aside")
        accepted = {bits: n for bits, n in marked.items() if not bits & aside}
        counted = [marked if f.policy == "set_aside" else accepted for f in self.findings]
        found = [sum(n for bits, n in of.items() if bits & 1 << i) for i, of in enumerate(counted)]
        return pd.DataFrame(
            [
                (self.spec.name, f.check, f.column, f.policy, n, f.says + (self._seen(i) if n else ""))
                for i, (f, n) in enumerate(zip(self.findings, found, strict=True))
            ]
            + [(self.spec.name, f.check, f.column, f.policy, n, f.says) for f, n in self._counted],
            columns=["table", "check", "column", "policy", "rows", "says"],
        )

    def _seen(self, place: int) -> str:
        """The values that a finding is about, the most frequent first, where they are no personal data."""
        finding = self.findings[place]
        if finding.check not in ("not_allowed", "unparsable_date", "wrong_type"):
            return ""
        declared = self.spec.field(finding.column)
        if declared.privacy != "internal":
            return ""
        rows = self.engine.rows(f"""
            select left("r_{declared.name}"::varchar, 40) as seen, count(*) as n
            from raw_{self.spec.name} r join {self.name} s on r._file = s._file and r._row = s._row
            where (s._bits & {1 << place}) > 0 group by all order by n desc, seen limit {SEEN}
        """)
        shown = f": {', '.join(f'{seen!r} ({n:,})' for seen, n in rows)}"
        if finding.check == "not_allowed":
            shown += "." + mapping_remedy(
                declared, self.reading.expressions[declared.name], [v for v, _ in rows]
            )
        elif (
            finding.check == "wrong_type"
            and any("," in seen for seen, _ in rows)
            and self.reading.decimal == "."
        ):
            shown += '. State decimal = "," where the comma is the decimal sign'
        return shown

    def gap(self) -> str:
        """The longest time without an accepted row where rows were many before and after, in words; or ''."""
        time = self.spec.time
        if time not in self.reading.mapped:
            return ""
        day = local_sql(f'"{time}"::timestamp', self._zone)
        rows = self.engine.rows(f"""
            select distinct date_diff('day', date '1970-01-01', {day}::date) as day
            from {self.spec.name} where "{time}" is not null order by day
        """)
        days = np.array([day for (day,) in rows if day is not None], dtype=np.int64)
        empty = np.diff(days) - 1
        last = np.flatnonzero(empty >= FEWEST_DAYS)
        before = last + 1 - np.searchsorted(days, days[last] - AROUND)
        behind = np.searchsorted(days, days[last + 1] + AROUND) - last - 1
        last = last[np.minimum(before, behind) / AROUND * empty[last] >= FEWEST_EXPECTED][:5]
        if not len(last):
            return ""
        ends = (days[last] + 1).astype("M8[D]"), (days[last + 1] - 1).astype("M8[D]"), empty[last]
        spans = ", ".join(f"{first} to {end} ({n:,} days)" for first, end, n in zip(*ends, strict=True))
        return (
            f"{self.spec.name}: no row from {spans}, though there were many before and after. Export that time, too; "
            "if nothing happened then, all is well."
        )

    def thousands(self) -> str:
        """Amounts that may be a thousand times as large: each with the decimal sign has three figures behind it."""
        reading, sign = self.reading, self.reading.decimal
        if reading.currency and get_currency_precision(reading.currency) == 3:
            return ""
        text = {name for name, kind in self._theirs.items() if is_text(kind)}
        used = {
            column.name: self.spec.field(ours).type
            for ours in sorted(reading.mapped, key=lambda one: self.spec.field(one).type != "money")
            for column in parse_one(reading.expressions[ours], dialect="duckdb").find_all(exp.Column)
        }
        for name in sorted(text & {name for name, kind in used.items() if kind == "money"}):
            ((signed, three, seen),) = self.engine.rows(f"""
                select count(*), count(*) filter (where regexp_full_match(
                    v, '[^0-9]*[1-9][0-9]{{0,2}}[{sign}][0-9]{{3}}[^0-9]*')), min(v)
                from (select {Engine.quote(name)} as v from {reading.view} limit {LOOKED_AT})
                where contains(v, '{sign}') and regexp_matches(v, '[0-9]')
            """)
            if signed == three >= FEWEST_SIGNED:
                other = "," if sign == "." else "."
                return (
                    f"{self.spec.name}: each {name!r} with a {sign!r} has three figures behind it, such as "
                    f"{seen[:20]!r}, read as decimals. "
                    f'If {sign!r} parts thousands there, state decimal = "{other}".'
                )
        return ""

    def set_aside_sql(self) -> str:
        """SQL of the rows set aside, as they were read, with `reason`, `file` and `row` in front."""
        reasons = ", ".join(
            f"case when (s._bits & {1 << i}) > 0 then {text_literal(f.reason)} end"
            for i, f in enumerate(self.findings)
            if f.policy == "set_aside"
        )
        return f"""
            select concat_ws('; ', {reasons}) as reason, s._file as file, s._row as "row",
                   v.* exclude (_file, _row)
            from {self.name} s join {self.reading.view} v on s._file = v._file and s._row = v._row
            where not {self._acceptable("s.")}
            order by s._file, s._row
        """

    def conditions(self) -> list[tuple[Finding, str]]:
        """Every finding with SQL over the staged rows ``s`` that holds where it was made."""
        marked = [
            (
                f,
                f"(s._bits & {1 << i}) > 0"
                + ("" if f.policy == "set_aside" else f" and {self._acceptable('s.')}"),
            )
            for i, f in enumerate(self.findings)
        ]
        return [*marked, *((f, f"s.{f.condition}") for f, _ in self._counted if f.condition)]

    def drop(self) -> None:
        """Let go of the staged rows."""
        self.engine.execute(f"drop table {self.name}")
