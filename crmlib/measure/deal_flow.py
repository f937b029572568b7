"""Logs of events as steps from one activity to the next: counts and times, one row a step, and one a case."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from crmlib.measure.steps import Steps
from crmlib.prepare.engine import ConversionError, Engine, require_columns
from crmlib.schema.errors import ParameterError

_LOG = {
    "log": """
        select
            cast({case} as varchar) as case_id,
            cast({activity} as varchar) as activity,
            cast({at} as timestamp) as happened_at,
            row_no
        from numbered_events
        where {case} is not null and {activity} is not null and {at} is not null{until}
    """,
    "placed": """
        select
            *,
            row_number() over (partition by case_id order by happened_at, row_no) as place,
            lead(activity) over (partition by case_id order by happened_at, row_no) as next_activity,
            lead(happened_at) over (partition by case_id order by happened_at, row_no) as next_at
        from log
    """,
    "timed": """
        select *, (epoch(next_at) - epoch(happened_at)) / cast(86400 as double) as days from placed
    """,
}
_STEPS = """
select
    activity,
    next_activity,
    count(*) as step_count,
    count(distinct case_id) as case_count,
    percentile_cont(0.5) within group (order by days) as median_days,
    sum(days) as total_days
from timed
where next_activity is not null
group by activity, next_activity
order by step_count desc, activity, next_activity
"""
_ACTIVITIES = {
    "counted": """
        select activity, case_id, count(*) as times, min(place) as first_place
        from timed
        group by activity, case_id
    """,
    "ends": """
        select
            activity,
            count(*) as event_count,
            count(case when place = 1 then 1 end) as start_count,
            count(case when next_activity is null then 1 end) as end_count
        from timed
        group by activity
    """,
    "spread": """
        select
            activity,
            count(*) as case_count,
            count(case when times > 1 then 1 end) as repeated_count,
            avg(first_place) as mean_place
        from counted
        group by activity
    """,
}
_ACTIVITIES_SQL = """
select
    ends.activity,
    event_count,
    case_count,
    repeated_count,
    start_count,
    end_count,
    mean_place
from ends join spread on ends.activity = spread.activity
order by mean_place, ends.activity
"""
_CASES = """
select
    case_id,
    count(*) as event_count,
    (epoch(max(happened_at)) - epoch(min(happened_at))) / cast(86400 as double) as days
from timed
group by case_id
order by case_id
"""


@dataclass(frozen=True, kw_only=True, eq=False)
class LogSteps:
    """A log of events, counted.

    Attributes
    ----------
    steps : DataFrame, one row an activity and the next, the most frequent first
        `activity`, `next_activity`, `step_count`, `case_count`, `median_days`, `total_days`.
    activities : DataFrame, in the order in which they come on average
        `activity`, `event_count`, `case_count`, `repeated_count` (cases with it more than once), `start_count`,
        `end_count`, `mean_place` (of its first time in a case).
    cases : DataFrame
        `case_id`, `event_count`, `days` (first event to last).

    Examples
    --------
    See `log_steps`.
    """

    steps: pd.DataFrame
    activities: pd.DataFrame
    cases: pd.DataFrame


def log_steps(events: Any, *, case: str, activity: str, at: str, as_of: Any = None) -> LogSteps:
    """Count the steps of a log of events.

    Parameters
    ----------
    events : table, one row an event
        Events of one moment follow each other as they stand in the table. Rows without case, activity or moment
        do not count.
    case, activity, at : names of columns
        What belongs together, what was done, and when.
    as_of : Timestamp, optional
        Later events are ignored.

    Returns
    -------
    LogSteps

    Raises
    ------
    ParameterError
        If two of the names are one column, or a moment cannot be read.
    SchemaError
        If a column is missing.

    Examples
    --------
    >>> log = pd.DataFrame({"ticket": ["1", "1", "2", "2"], "what": ["open", "close", "open", "open"],
    ...                     "when": pd.to_datetime(["2024-01-01", "2024-01-03", "2024-01-01", "2024-01-02"])})
    >>> found = log_steps(log, case="ticket", activity="what", at="when")
    >>> found.steps[["activity", "next_activity", "step_count", "median_days"]]
      activity next_activity  step_count  median_days
    0     open         close           1          2.0
    1     open          open           1          1.0
    """
    if len({case, activity, at}) < 3:
        raise ParameterError("case, activity and at are three columns; two of them are the same here.")
    require_columns(events, [case, activity, at], table_name="events")
    quoted = {"case": Engine.quote(case), "activity": Engine.quote(activity), "at": Engine.quote(at)}
    until = "" if as_of is None else f" and {quoted['at']} <= $as_of"
    values = None if as_of is None else {"as_of": pd.Timestamp(as_of).to_pydatetime()}
    log = Steps().add(_LOG, **quoted, until=until).add(_ACTIVITIES)
    with Engine() as engine:
        engine.register("events", events, columns=[case, activity, at])
        engine.execute("create table numbered_events as select *, row_number() over () as row_no from events")
        try:
            parts = [engine.to_pandas(log.sql(asked), values) for asked in (_STEPS, _ACTIVITIES_SQL, _CASES)]
        except ConversionError as error:
            raise ParameterError(
                f"{at} of the events cannot be read as moments ({str(error).splitlines()[0]}). "
                "Give timestamps."
            ) from error
    return LogSteps(steps=parts[0], activities=parts[1], cases=parts[2])
