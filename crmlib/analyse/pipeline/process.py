"""A process as it went: steps from one activity to the next, with loops and the waits that take most time."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from crmlib.measure.deal_flow import LogSteps, log_steps
from crmlib.measure.stage_stays import stage_stays
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError

STALL_TIMES = 2.0
"""A step stalls where its median wait is at least so many times that of the middle step."""

STALL_LEAST_PCT = 2.0
"""And at least so many of the cases take it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ProcessFlow:
    """The steps of a process, counted and timed.

    Attributes
    ----------
    activities : DataFrame indexed by activity, in the order in which they come
        `events`, `cases`, `cases_pct`, `repeated` (cases with it more than once), `repeated_pct` (of its cases),
        `starts`, `ends`.
    steps : DataFrame, the most frequent first
        `activity`, `next_activity`, `count`, `cases`, `share_pct` (of the steps from that activity),
        `median_days`, `wait_share_pct` (of all waiting), `is_loop` (back to an activity that comes earlier, or to
        itself), `is_stall` (the median wait is at least twice that of the middle one of all steps taken, and at least
        2 % of the cases take it).
    cases : DataFrame indexed by case
        `events`, `days` (first event to last).
    ends : tuple of str
        Activities that are ends by their meaning, such as won and lost.
    what : str
        What a case is, as a noun: "case", "deal".

    Examples
    --------
    See `process_flow`.
    """

    activities: pd.DataFrame
    steps: pd.DataFrame
    cases: pd.DataFrame = field(repr=False)
    ends: tuple[str, ...] = ()
    what: str = "case"

    def _repr_html_(self) -> str:
        return self.activities.to_html() + self.steps.to_html(index=False)


def process_flow(events: Any, *, case: str, activity: str, at: str, as_of: Any = None) -> ProcessFlow:
    """The process that a log of events shows.

    Parameters
    ----------
    events : table, one row an event
        Events of one moment follow each other as they stand in the table.
    case, activity, at : names of columns
        What belongs together, what was done, and when.
    as_of : Timestamp, optional
        Later events are ignored.

    Returns
    -------
    ProcessFlow
        Activities stand in the order of the mean place of their first time in a case.

    Raises
    ------
    ParameterError
        If there is no event, or a moment cannot be read.
    SchemaError
        If a column is missing.

    References
    ----------
    van der Aalst, W. (2016). Process Mining: Data Science in Action, chapter 5: directly-follows graphs.

    Examples
    --------
    >>> log = pd.DataFrame({"ticket": ["1", "1", "1", "2", "2"],
    ...                     "what": ["open", "work", "open", "open", "work"],
    ...                     "when": pd.to_datetime(["2024-01-01", "2024-01-03", "2024-01-04", "2024-01-01",
    ...                                             "2024-01-02"])})
    >>> found = process_flow(log, case="ticket", activity="what", at="when")
    >>> found.steps[["activity", "next_activity", "count", "median_days", "is_loop"]]
      activity next_activity  count  median_days  is_loop
    0     open          work      2          1.5    False
    1     work          open      1          1.0     True
    """
    counted = log_steps(events, case=case, activity=activity, at=at, as_of=as_of)
    if counted.activities.empty:
        raise ParameterError("The log has no event with a case, an activity and a moment.")
    return _flow(counted, order=list(counted.activities["activity"]))


def deal_process(crm: Crm) -> ProcessFlow:
    """The sales process as the stage history shows it: which stages deals went through, and how long it took.

    Parameters
    ----------
    crm : Crm
        With `stage_history`, and `opportunities` for the outcome.

    Returns
    -------
    ProcessFlow
        Activities are the stages in their order, then "won" and "lost". Stays that `stage_stays` sets aside are
        not in it.

    Raises
    ------
    ParameterError
        If no stage history is kept, or it is empty.

    Examples
    --------
    >>> from crmlib.analyse.pipeline.durations import little_history
    >>> from crmlib.prepare.crm import Crm
    >>> crm = Crm.from_frames(as_of="2024-03-31", stage_history=little_history())
    >>> deal_process(crm).steps[["activity", "next_activity", "count"]]
      activity next_activity  count
    0     Talk         Offer     20
    1    Offer          lost     12
    """
    if "stage_history" not in crm:
        raise ParameterError(
            "No stage history is kept, so the steps of deals are not known. "
            "Map it in crm.toml under [tables.stage_history]."
        )
    stays = stage_stays(crm)
    entries = stays[["opportunity_id", "stage", "entered_at"]].rename(columns={"entered_at": "at"})
    closed = stays[stays["exit"].isin(["won", "lost"])]
    ends = closed[["opportunity_id", "exit", "exited_at"]].rename(
        columns={"exit": "stage", "exited_at": "at"}
    )
    events = pd.concat([entries, ends], ignore_index=True)
    if events.empty:
        raise ParameterError("There is no stay of a deal in a stage, so there are no steps to show.")
    counted = log_steps(events, case="opportunity_id", activity="stage", at="at")
    return _flow(counted, order=[*stays.attrs["stages"], "won", "lost"], ends=("won", "lost"), what="deal")


def _flow(
    counted: LogSteps, *, order: list[str], ends: tuple[str, ...] = (), what: str = "case"
) -> ProcessFlow:
    place = {name: number for number, name in enumerate(order)}
    activities = counted.activities.rename(
        columns={
            "event_count": "events",
            "case_count": "cases",
            "repeated_count": "repeated",
            "start_count": "starts",
            "end_count": "ends",
        }
    )
    activities = activities.assign(
        cases_pct=100 * activities["cases"] / max(len(counted.cases), 1),
        repeated_pct=100 * activities["repeated"] / activities["cases"],
        place=activities["activity"].map(place),
    ).sort_values("place", kind="stable")
    columns = ["events", "cases", "cases_pct", "repeated", "repeated_pct", "starts", "ends"]
    return ProcessFlow(
        activities=activities.set_index("activity")[columns],
        steps=_steps(counted.steps, place, max(len(counted.cases), 1)),
        cases=counted.cases.rename(columns={"event_count": "events"}).set_index("case_id"),
        ends=ends,
        what=what,
    )


def _steps(counted: pd.DataFrame, place: dict[str, int], case_count: int) -> pd.DataFrame:
    names = {"step_count": "count", "case_count": "cases"}
    steps = counted.rename(columns=names).astype({"median_days": "float64", "total_days": "float64"})
    whole = steps["total_days"].sum()
    steps["wait_share_pct"] = 100 * steps["total_days"] / whole if whole > 0 else np.nan
    steps["share_pct"] = 100 * steps["count"] / steps.groupby("activity")["count"].transform("sum")
    here, there = steps["activity"].map(place), steps["next_activity"].map(place)
    steps["is_loop"] = (there <= here).astype("bool")
    slow = steps["median_days"] >= STALL_TIMES * _middle(steps["median_days"], steps["count"])
    steps["is_stall"] = (
        slow & (steps["median_days"] > 0) & (100 * steps["cases"] / case_count >= STALL_LEAST_PCT)
    )
    order = ["activity", "next_activity", "count", "cases", "share_pct", "median_days", "wait_share_pct"]
    return steps[[*order, "is_loop", "is_stall"]]


def _middle(values: pd.Series, weights: pd.Series) -> float:
    """The value of the middle step, each counted as often as it was taken."""
    ordered = pd.DataFrame({"value": values, "weight": weights}).sort_values("value", kind="stable")
    if ordered.empty:
        return float("nan")
    reached = ordered["weight"].cumsum() >= ordered["weight"].sum() / 2
    return float(ordered.loc[reached, "value"].iloc[0])
