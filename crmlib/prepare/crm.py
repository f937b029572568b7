"""The tables of one workspace at one moment."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import pandas as pd

from crmlib.prepare.check.casting import text_literal
from crmlib.prepare.check.findings import COUNT_COLUMNS, NOTICE_COLUMNS, CheckReport, join_summaries
from crmlib.prepare.check.staging import Reading, Staged
from crmlib.prepare.clock import closing_moment, closing_moment_of_table, in_zone
from crmlib.prepare.engine import Engine, columns_of
from crmlib.schema.errors import CrmlibError, NothingAcceptedError, ParameterError, SchemaError
from crmlib.schema.fields import Field, TableSpec
from crmlib.schema.tables import CORE_TABLES, TABLES, table_spec

_BEGINS = {"customers": "signed_up_on"}
"""Tables that have no time of their own, and the column before which a row was not there."""

BELONGS = {
    "campaign_contacts": ("campaign_id", "campaigns"),
    "opportunity_contacts": ("opportunity_id", "opportunities"),
}
"""Tables whose rows were not there before that which they belong to."""


def earlier_engine(
    engine: Engine, tables: Sequence[str], *, moment: pd.Timestamp, time_zone: str = "UTC"
) -> Engine:
    """An engine over the same tables that sees them as they were known at `moment`.

    Rows that came later are gone; values that became known later, such as a payment or the outcome of a deal,
    are empty or as they were before. What tables keep no history of, such as a customer's address or a
    product's price, is as it is now.
    """
    columns = {name: columns_of(engine.run(f"from {name}")) for name in tables}
    views = {name: _view_sql(table_spec(name), columns, moment, time_zone) for name in tables}
    return engine.branch(f"at_{moment:%Y%m%d_%H%M%S_%f}", views)


def _view_sql(
    spec: TableSpec, columns: Mapping[str, Sequence[str]], moment: pd.Timestamp, time_zone: str
) -> str:
    present, selected = columns[spec.name], []
    for name in present:
        declared, value = spec.field(name), Engine.quote(name)
        if declared.known_from in present:
            later = _later(spec.field(str(declared.known_from)), moment, time_zone)
            unknown = Engine.literal(declared.unknown_as) if declared.unknown_as else "null"
            value = f"case when {later} then {unknown} else {value} end as {value}"
        selected.append(value)
    later_rows = []
    begins = spec.time or _BEGINS.get(spec.name, "")
    if begins in present:
        later_rows.append(f"coalesce({_later(spec.field(begins), moment, time_zone)}, false)")
    key, owner = BELONGS.get(spec.name, ("", ""))
    owner_time = table_spec(owner).time or "" if owner in columns else ""
    if key in present and owner_time in columns.get(owner, ()):
        unborn = _later(table_spec(owner).field(owner_time), moment, time_zone)
        later_rows.append(f"coalesce({key} in (select {key} from {{here}}.{owner} where {unborn}), false)")
    where = f" where not ({' or '.join(later_rows)})" if later_rows else ""
    return f"select {', '.join(selected)} from {{source}}{where}"


def _later(field: Field, moment: pd.Timestamp, time_zone: str) -> str:
    if field.type == "date":
        day = in_zone(moment, time_zone=time_zone).date()
        return f"{Engine.quote(field.name)} > {Engine.literal(str(day))}::date"
    return f"{Engine.quote(field.name)} > {Engine.literal(str(moment))}::timestamp"


@dataclass(frozen=True, kw_only=True)
class Crm:
    """The accepted rows of every table that is there, as they were known at `as_of`.

    Attributes
    ----------
    as_of : Timestamp
        The closing moment, naive, in UTC. Later rows are not here.
    tables : tuple of str
        Names of the tables that are there; ``name in crm`` asks for one.
    engine : Engine
        Holds each table under its name.
    config : WorkspaceConfig or None
    root : Path or None
        The workspace's folder.
    loaded : Crm or None
        The workspace as it was opened, where this is what was known of it earlier.

    Examples
    --------
    >>> import pandas as pd
    >>> lines = pd.DataFrame({"order_id": ["1", "2"], "product_id": ["a", "b"], "net_amount": [5.0, 6.0],
    ...                       "ordered_at": ["2020-01-01", "2020-02-01"]})
    >>> crm = Crm.from_frames(as_of="2020-01-15", transactions=lines)
    >>> "transactions" in crm, "feedback" in crm, len(crm.frame("transactions"))
    (True, False, 1)
    """

    name: str
    as_of: pd.Timestamp
    tables: tuple[str, ...]
    checks: CheckReport
    engine: Engine
    currency: str = ""
    time_zone: str = "UTC"
    config: Any = None
    root: Path | None = None
    key: str = ""
    loaded: "Crm | None" = None
    _columns: dict[str, list[str]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def from_frames(
        cls,
        *,
        as_of: Any,
        time_zone: str = "UTC",
        currency: str = "",
        checks: Mapping[str, Mapping[str, str]] | None = None,
        **frames: Any,
    ) -> "Crm":
        """Tables that are at hand already, under the vocabulary's names; they are checked like any export.

        Parameters
        ----------
        as_of : Timestamp, date or text
            "latest" takes the last moment of the transactions or opportunities.
        time_zone : the zone of naive times
        checks : table -> {check: policy}, as in crm.toml
        **frames : pandas or polars DataFrame, Arrow table or DuckDB relation
            Columns beyond the vocabulary are left aside and named in `checks`.

        Raises
        ------
        SchemaError
            An unknown table, or a required column that is missing.

        Examples
        --------
        >>> import pandas as pd
        >>> Crm.from_frames(as_of="2020-01-31", products=pd.DataFrame({"product_id": ["007"]})).tables
        ('products',)
        """
        engine = Engine()
        readings = {}
        for name, frame in frames.items():
            spec = table_spec(name)
            present = columns_of(frame)
            known = [column for column in spec.names if column in present]
            engine.register(f"given_{name}", frame, columns=known)
            engine.execute(
                f"create view source_{name} as select *, 'frame' as _file, "
                f"row_number() over () as _row from given_{name}"
            )
            readings[name] = Reading(
                spec=spec,
                view=f"source_{name}",
                expressions={column: Engine.quote(column) for column in known},
                policies=(checks or {}).get(name, {}),
                currency=currency,
            )
        moment = as_of if as_of == "latest" else closing_moment(as_of, time_zone=time_zone)
        tables = stage_tables(engine, readings, as_of=moment, time_zone=time_zone)
        extra = [
            {"table": name, "check": "unknown_column", "column": column, "policy": "warn",
             "rows": len(frame) if hasattr(frame, "__len__") else 0, "share_pct": 100.0,
             "says": f"have a column {column} that the vocabulary does not know; it is not used"}
            for name, frame in frames.items()
            for column in columns_of(frame)
            if column not in table_spec(name).names
        ]  # fmt: skip
        report = tables.report
        if extra:
            summary = pd.concat([report.summary, pd.DataFrame(extra)], ignore_index=True)
            report = replace(report, summary=summary)
        return cls(
            name="frames",
            as_of=tables.as_of,
            tables=tuple(frames),
            checks=report,
            engine=engine,
            currency=currency,
            time_zone=time_zone,
        )

    def __contains__(self, name: object) -> bool:
        return name in self.tables

    def at(self, moment: Any) -> "Crm":
        """The same workspace as it was known at an earlier moment.

        Later rows are gone, and so is what became known later: a payment, an answer, the outcome of a deal.
        What the tables keep no history of, such as a customer's city, is as it is now.

        Parameters
        ----------
        moment : Timestamp, date or text
            A bare date means the end of that day in the workspace's zone; a Timestamp without a zone is UTC,
            as `as_of` is.

        Raises
        ------
        ParameterError
            If it lies after `as_of`.

        Examples
        --------
        >>> import pandas as pd
        >>> lines = pd.DataFrame({"order_id": ["1", "2"], "product_id": ["a", "b"], "net_amount": [5.0, 6.0],
        ...                       "ordered_at": ["2020-01-01", "2020-02-01"]})
        >>> crm = Crm.from_frames(as_of="2020-02-29", transactions=lines)
        >>> len(crm.at("2020-01-31").frame("transactions")), len(crm.frame("transactions"))
        (1, 2)
        """
        then = closing_moment_of_table(moment, time_zone=self.time_zone)
        if then > self.as_of:
            raise ParameterError(
                f"{then:%Y-%m-%d %H:%M} lies after as_of {self.as_of:%Y-%m-%d %H:%M} (UTC): what came later "
                "is not here. Give an earlier moment, or open the workspace with a later as_of."
            )
        engine = earlier_engine(self.engine, self.tables, moment=then, time_zone=self.time_zone)
        return replace(self, as_of=then, engine=engine, loaded=self.loaded or self)

    def table(self, name: str) -> Any:
        """A table as a DuckDB relation: nothing is copied until its rows are asked for.

        Raises
        ------
        SchemaError
            If the workspace does not have the table; it says how to bring it.

        Examples
        --------
        >>> import pandas as pd
        >>> crm = Crm.from_frames(as_of="2020-01-31", products=pd.DataFrame({"product_id": ["a", "b"]}))
        >>> crm.table("products").filter("product_id = 'a'").fetchall()
        [('a',)]
        """
        require(self, name)
        table = self.engine.run(f"select * from {Engine.quote(name)}")
        if name == "transactions":
            _whose[table] = self
        return table

    def frame(self, name: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """A table as a pandas DataFrame, or some of its columns.

        Raises
        ------
        SchemaError
            If the table or a column is not there.

        Examples
        --------
        >>> import pandas as pd
        >>> crm = Crm.from_frames(as_of="2020-01-31", products=pd.DataFrame({"product_id": ["007"]}))
        >>> crm.frame("products").product_id.item()
        '007'
        """
        require(self, name, *(columns or ()))
        chosen = ", ".join(Engine.quote(column) for column in columns or self.columns(name))
        return self.engine.to_pandas(f"select {chosen} from {Engine.quote(name)}")

    def columns(self, name: str) -> list[str]:
        """The columns of a table that are there.

        Examples
        --------
        >>> import pandas as pd
        >>> Crm.from_frames(as_of="2020-01-31", products=pd.DataFrame({"product_id": []})).columns("products")
        ['product_id']
        """
        require(self, name)
        if name not in self._columns:
            described = self.engine.rows(f"describe {Engine.quote(name)}")
            self._columns[name] = [row[0] for row in described]
        return list(self._columns[name])

    def _repr_html_(self) -> str:
        return (
            f"<p>{self.name}, as of {self.as_of:%Y-%m-%d %H:%M}</p>{self.checks.counts.to_html(index=False)}"
        )


_whose: WeakKeyDictionary[Any, Crm] = WeakKeyDictionary()


def workspace_of(transactions: Any) -> Crm | None:
    """The workspace whose order lines these are, all of them; None for any other table, and for some of its lines."""
    try:
        return _whose.get(transactions)
    except TypeError:
        return None


def require(crm: Crm, name: str, *columns: str) -> None:
    """Raise the error that says how to map a table, or columns of it, that a workspace does not have."""
    table_spec(name)
    if name not in crm.tables:
        raise SchemaError(
            f"{crm.name} has no table {name} (has: {', '.join(crm.tables)}). Map it in crm.toml under [tables.{name}]."
        )
    present = crm.columns(name) if columns else []
    for column in columns:
        if column not in present:
            raise SchemaError(
                f"{name} has no column {column} (has: {', '.join(present)}). "
                f"Map it in crm.toml under [tables.{name}.columns]."
            )


@dataclass(frozen=True, kw_only=True)
class StagedTables:
    """What `stage_tables` found: the closing moment and the report."""

    as_of: pd.Timestamp
    report: CheckReport


def stage_tables(
    engine: Engine,
    readings: Mapping[str, Reading],
    *,
    as_of: Any,
    time_zone: str = "UTC",
    rejects: Mapping[str, pd.DataFrame] | None = None,
    aside_folder: Path | None = None,
    progress: Callable[[str], None] | None = None,
    visit: Callable[[Staged], None] | None = None,
) -> StagedTables:
    """Read, check and accept tables; afterwards the engine holds each under its name.

    `visit` sees each table with its findings before its staged rows are let go.
    """
    staged = {}
    for name in TABLES:
        if name in readings:
            staged[name] = Staged(engine, readings[name], time_zone=time_zone)
            if progress:
                progress(name)
    for table in staged.values():
        # What belongs to somebody's deals may have been read before they were.
        table.leave_out_forgotten()
    moment = _closing_moment_of(staged) if isinstance(as_of, str) else as_of
    closing = NEVER if moment is None else moment
    for table in staged.values():
        table.close(closing)
    keys = {name: table.keys_sql() for name, table in staged.items()}
    for table in staged.values():
        table.accept(as_of=closing, keys=keys)
    report = _report(engine, staged, rejects or {}, aside_folder)
    for table in staged.values():
        if visit:
            visit(table)
        table.drop()
    if moment is None:
        raise _no_moment(report)
    return StagedTables(as_of=moment, report=report)


NEVER = pd.Timestamp("2262-01-01").as_unit("us")
"""Stands for the closing moment while the rows are judged of which none says a time."""


def _no_moment(report: CheckReport) -> CrmlibError:
    """Why the last moment cannot be told: the findings come first where they left no row."""
    counts = report.counts[report.counts["table"].isin(CORE_TABLES)]
    if len(counts) and not counts["rows_read"].sum():
        names = " and ".join(counts["table"])
        return NothingAcceptedError(
            f"The exports of {names} have column names and no rows. Export them again.", report=report
        )
    if counts["rows_accepted"].sum() or not len(counts):
        return ParameterError(
            "as_of cannot be 'latest': no accepted row of transactions or opportunities has a time. "
            "State a date, such as 2017-12-31."
        )
    read = " and ".join(f"{row.rows_read:,} rows of {row.table}" for row in counts.itertuples())
    aside = report.summary[
        report.summary["policy"].eq("set_aside") & report.summary["table"].isin(CORE_TABLES)
    ]
    why = "".join(
        f"\n  {row.rows:,} {row.says}" for row in aside.sort_values("rows", ascending=False).itertuples()
    )
    return NothingAcceptedError(f"None of {read} can be used:{why}", report=report)


def check_tables(crm_or_frames: Any, *, as_of: Any = "latest") -> CheckReport:
    """The report of a workspace that is open, or of frames by the vocabulary's names.

    Parameters
    ----------
    crm_or_frames : Crm, or mapping of table name -> frame
    as_of : the closing moment for frames

    Examples
    --------
    >>> import pandas as pd
    >>> check_tables({"employees": pd.DataFrame({"employee_id": ["1", "1"]})}, as_of="2020-01-01").rows_set_aside
    1
    """
    if isinstance(crm_or_frames, Crm):
        return crm_or_frames.checks
    if not isinstance(crm_or_frames, Mapping):
        raise ParameterError("check_tables takes a Crm, or a mapping of table names to frames.")
    return Crm.from_frames(as_of=as_of, **crm_or_frames).checks


def _report(
    engine: Engine, staged: Mapping[str, Staged], rejects: Mapping[str, pd.DataFrame], folder: Path | None
) -> CheckReport:
    counts, summaries = [], []
    aside: dict[str, pd.DataFrame] = {}
    for name, table in staged.items():
        bad = rejects.get(name, pd.DataFrame(columns=["reason", "file", "row", "text"]))
        read, out = table.row_counts()
        counts.append((name, read + len(bad), read - out, out + len(bad)))
        summaries.append(table.summary())
        if len(bad):
            row = (name, "unreadable_record", "", "set_aside", len(bad), "cannot be read as a record")
            summaries.append(pd.DataFrame([row], columns=summaries[-1].columns))
        if out or len(bad):
            _keep_aside(engine, table, bad, folder, aside)
    counted = pd.DataFrame(counts, columns=list(COUNT_COLUMNS))
    return CheckReport(
        summary=join_summaries(summaries, counted),
        counts=counted,
        set_aside=aside,
        notices=_gaps(staged),
        missing=tuple(name for name in TABLES if name not in staged),
    )


def _gaps(staged: Mapping[str, Staged]) -> pd.DataFrame:
    rows = [
        (name, says) for name, table in staged.items() for says in (table.gap(), table.thousands()) if says
    ]
    return pd.DataFrame(rows, columns=list(NOTICE_COLUMNS))


def _keep_aside(
    engine: Engine, table: Staged, bad: pd.DataFrame, folder: Path | None, frames: dict[str, pd.DataFrame]
) -> None:
    query = table.set_aside_sql()
    if len(bad):
        engine.register("unreadable_records", bad)
        query = f"select * from ({query}) union all by name select * from unreadable_records"
    if folder is None:
        frames[table.spec.name] = engine.to_pandas(query)
        return
    target = text_literal(str(folder / f"{table.spec.name}.parquet"))
    engine.execute(f"copy ({query}) to {target} (format parquet, compression zstd)")


def _closing_moment_of(staged: Mapping[str, Staged]) -> pd.Timestamp | None:
    moments = [staged[name].last_moment() for name in CORE_TABLES if name in staged]
    known = [moment for moment in moments if moment is not None]
    return max(known).as_unit("us") if known else None
