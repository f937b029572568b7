"""The one composer of SQL steps: named selects are queued, and a question to them becomes one statement.

A step is a select with a name. It reads tables and the steps queued before it; a question takes along the steps
that it needs, and no others. Values are parameters of the statement (``$name``), never text in it. A table or
column that a workspace does not have is read as an empty one, so that steps are written once for all workspaces.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pandas as pd

from crmlib.prepare.crm import Crm
from crmlib.schema.tables import table_spec

if TYPE_CHECKING:
    from crmlib.prepare.engine import Engine

_LOCAL = "({} at time zone 'UTC' at time zone $time_zone)"


class Steps:
    """Named selects in reading order; adding to them makes new ones."""

    def __init__(self, steps: Mapping[str, str] | None = None) -> None:
        self._queue = dict(steps or {})

    def add(self, steps: Mapping[str, str], **words: Any) -> "Steps":
        """These steps and more behind them, in which ``{word}`` stands for the SQL that is given for it.

        >>> Steps().add({"one": "select {what} as one"}, what="1").sql("from one")
        'with one as (select 1 as one)\\nfrom one'
        """
        twice = steps.keys() & self._queue.keys()
        if twice:
            raise ValueError(f"there is already a step {', '.join(sorted(twice))}")
        written = {name: sql.format(**words) if words else sql for name, sql in steps.items()}
        return Steps(self._queue | written)

    def instead(self, steps: Mapping[str, str], *, before: str) -> "Steps":
        """These steps, some of them written otherwise; new ones stand before the one that is named."""
        queue: dict[str, str] = {}
        for name, sql in self._queue.items():
            if name == before:
                queue |= {new: steps[new] for new in steps if new not in self._queue}
            queue[name] = steps.get(name, sql)
        return Steps(queue)

    def __getitem__(self, name: str) -> str:
        return self._queue[name]

    def needed_by(self, names: Iterable[str]) -> "Steps":
        """Some of the steps with all that they rest on; a name that is no step is an error."""
        wanted = set(names)
        unknown = wanted - self._queue.keys()
        if unknown:
            raise KeyError(f"there is no step {', '.join(sorted(unknown))}")
        chosen: list[str] = []
        for name in reversed(self._queue):
            if name in wanted:
                chosen.append(name)
                wanted |= _words(self._queue[name])
        return Steps({name: self._queue[name] for name in reversed(chosen)})

    def sql(self, question: str) -> str:
        """A select over the steps, as one statement with those that it needs."""
        needed = self.needed_by(_words(question) & self._queue.keys())
        if not needed._queue:
            return question
        listed = ",\n".join(f"{name} as ({sql})" for name, sql in needed._queue.items())
        return f"with {listed}\n{question.lstrip()}"

    def __contains__(self, name: object) -> bool:
        return name in self._queue


def ask(crm: Crm, question: str, *, steps: Steps | None = None, **values: Any) -> pd.DataFrame:
    """The answer of a workspace to a question over steps; a value that it does not name is left out."""
    sql = steps.sql(question) if steps else question
    given = moments(sql, as_of=crm.as_of, time_zone=crm.time_zone)
    return crm.engine.to_pandas(sql, given | asked_values(sql, values))


def lay_down(engine: "Engine", tables: Mapping[str, str], **values: Any) -> None:
    """Keep the answers to several selects as tables of the engine, one after the other."""
    for name, sql in tables.items():
        engine.execute(f"create or replace temp table {name} as {sql}", asked_values(sql, values))


def asked_values(sql: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the values that a statement names."""
    asked = set(re.findall(r"\$(\w+)", sql))
    return {name: value for name, value in values.items() if name in asked}


def moments(sql: str, *, as_of: pd.Timestamp, time_zone: str) -> dict[str, Any]:
    """The times that a statement names, for a closing moment (naive, UTC) and the zone whose days are counted."""
    local = as_of.tz_localize("UTC").tz_convert(ZoneInfo(time_zone))
    days = {f"since_{days}d": _day_start(local, days - 1) for days in (90, 365)}
    values = {"as_of": as_of.to_pydatetime(), "as_of_on": local.date(), "time_zone": time_zone} | days
    return asked_values(sql, values)


def columns_here(crm: Crm, *tables: str) -> dict[str, list[str]]:
    """Table -> the columns that it has in a workspace; of all its tables, or of those named that are there."""
    return {name: crm.columns(name) for name in crm.tables if not tables or name in tables}


def read_table(
    columns: Mapping[str, Iterable[str]], table: str, names: Iterable[str], *, where: str = ""
) -> str:
    """A select of some columns of a table; what a workspace does not have is empty."""
    present, spec = set(columns.get(table, ())), table_spec(table)
    cells = [
        name if name in present else f"cast(null as {spec.field(name).sql_type}) as {name}" for name in names
    ]
    end = f" where {where}" if where else ""
    return f"select {', '.join(cells)} " + (f"from {table}{end}" if table in columns else "where false")


def local_day(moment: str) -> str:
    """SQL of the day on which a moment (naive, UTC) falls in the workspace's zone."""
    return f"cast({_LOCAL.format(moment)} as date)"


def local_days(begin: str, end: str) -> str:
    """SQL of the days from one moment to another by the clocks of the workspace's zone, with fractions."""
    return f"(epoch({_LOCAL.format(end)}) - epoch({_LOCAL.format(begin)})) / cast(86400 as double)"


@lru_cache(maxsize=1024)
def _words(sql: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", sql))


def _day_start(local: pd.Timestamp, days_before: int) -> datetime:
    """The moment, naive UTC, at which the day so many days before `local` began there."""
    day = local.tz_localize(None).normalize() - pd.Timedelta(days=days_before)
    begins = day.tz_localize(local.tz, ambiguous=True, nonexistent="shift_forward")
    return begins.tz_convert("UTC").tz_localize(None).to_pydatetime()
