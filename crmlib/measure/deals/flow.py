"""Logs of events as steps from one activity to the next: counts and times, one row a step, and one a case."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from crmlib.measure.deals.stays import stage_name, stay_steps
from crmlib.measure.steps import Steps, ask, columns_here, read_table
from crmlib.prepare.crm import Crm
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

    `steps` (one row an activity and the next, the most frequent first): `activity`, `next_activity`,
        `step_count`, `case_count`, `median_days`, `total_days`.
    `activities` (in the order in which they come on average): `activity`, `event_count`, `case_count`,
        `repeated_count` (cases with it more than once), `start_count`, `end_count`, `mean_place` (of its
        first time in a case).
    `cases`: `case_id`, `event_count`, `days` (first event to last).
    """

    steps: pd.DataFrame
    activities: pd.DataFrame
    cases: pd.DataFrame


def log_steps(events: Any, *, case: str, activity: str, at: str, as_of: Any = None) -> LogSteps:
    """Count the steps of a log of events."""
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


NEXT_COLUMNS = ("opportunity_id", "stage", "at_days", "outcome", "purpose", "channel", "wait_days")

_CONTACT = (
    "interaction_id",
    "opportunity_id",
    "happened_at",
    "direction",
    "planned_for",
    "purpose",
    "channel",
)

_NEXT = {
    "points": "{points}",
    "passed": """
        select
            judged_stays.opportunity_id,
            judged_stays.stage_key,
            points.at_days,
            known_deals.outcome,
            known_deals.closed_at,
            judged_stays.entry_no,
            epoch(judged_stays.entered_at) + 86400 * points.at_days as from_second
        from judged_stays
        join points on judged_stays.stage_key = points.stage_key
        join known_deals on judged_stays.opportunity_id = known_deals.opportunity_id
        where judged_stays.reason is null
            and known_deals.outcome in ('won', 'lost')
            and judged_stays.is_over
            and judged_stays.stay_days > points.at_days
    """,
    "our_contacts": """
        select opportunity_id, interaction_id, happened_at, purpose, channel
        from ({contacts}) as contacts
        where planned_for is null and coalesce(direction, 'out') <> 'in' and happened_at <= $as_of
            and opportunity_id is not null
    """,
    "followed": """
        select
            passed.opportunity_id,
            passed.stage_key,
            passed.at_days,
            passed.outcome,
            our_contacts.purpose,
            our_contacts.channel,
            our_contacts.interaction_id,
            (epoch(our_contacts.happened_at) - passed.from_second) / cast(86400 as double) as wait_days,
            row_number() over (
                partition by passed.opportunity_id, passed.stage_key, passed.entry_no, passed.at_days
                order by our_contacts.happened_at, our_contacts.interaction_id
            ) as place
        from passed
        left join our_contacts on passed.opportunity_id = our_contacts.opportunity_id
            and epoch(our_contacts.happened_at) > passed.from_second
            and our_contacts.happened_at <= passed.closed_at
    """,
}
_NEXT_SQL = """
select opportunity_id, stage_key as stage, at_days, outcome, purpose, channel, wait_days,
    interaction_id is not null as is_done
from followed
where place = 1
order by stage, at_days, opportunity_id, wait_days
"""


def next_contacts(crm: Crm, points: Mapping[str, list[float]]) -> pd.DataFrame:
    """What we did next with each deal that is closed now, from certain days of its stay in a stage on."""
    present = set(crm.columns("interactions")) if "interactions" in crm else set()
    listed = [(stage, float(day)) for stage, days in points.items() for day in days]
    if "opportunity_id" not in present or "opportunities" not in crm or not listed:
        return pd.DataFrame({name: pd.Series(dtype="object") for name in NEXT_COLUMNS})
    rows = " union all ".join(
        f"select $stage_{i} as stage_key, cast($day_{i} as double) as at_days" for i in range(len(listed))
    )
    contacts = read_table(columns_here(crm, "interactions"), "interactions", _CONTACT)
    values: dict[str, Any] = {}
    for i, (stage, day) in enumerate(listed):
        values |= {f"stage_{i}": stage.strip().lower(), f"day_{i}": day}
    steps = stay_steps(crm).add(_NEXT, points=rows, contacts=contacts)
    found = ask(crm, _NEXT_SQL, steps=steps, **values)
    found["stage"] = stage_name(crm, found["stage"].map({s.strip().lower(): s for s, _ in listed}))
    done = found["is_done"].astype("bool")
    for name in ("purpose", "channel"):
        found[name] = found[name].where(found[name].notna() | ~done, "")
    return found[list(NEXT_COLUMNS)]
