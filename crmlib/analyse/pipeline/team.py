"""Whose deals they are: what was planned and done for each, each owner's load, and what must be handed over."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.pipeline.overdue import Overdue, overdue_opportunities
from crmlib.measure.deals.contacts import (
    LOAD_DAYS,
    contacts_made,
    deal_plans,
    deal_talkers,
    employees_left,
    last_contacts,
)
from crmlib.measure.deals.flow import LogSteps, log_steps
from crmlib.measure.deals.stays import deals, stage_stays
from crmlib.prepare.clock import closing_day
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import employee_codes
from crmlib.schema.errors import ParameterError

WITHOUT_OWNER = "without an owner"


@dataclass(frozen=True, kw_only=True, eq=False)
class TeamWork:
    """What was planned and done for deals, what each owner carries, and the deals of those who left.

    Attributes
    ----------
    efforts : DataFrame indexed by opportunity_id
        `owner_id`, `outcome`, `stage`, `amount`, `touch_count`, `plan_count`, `kept_count`, `missed_count` (plans,
        see `deal_plans`), `planned_count` (still ahead), `minutes_spent`, `cost_spent`; missing where not kept.
    by_outcome : DataFrame indexed by outcome
        `deals`, and the median of `touch_count`, `minutes_spent`, `cost_spent`, `kept_pct` (of plans that were
        due).
    load : DataFrame indexed by owner_id, most open deals first
        `open_deals`, `open_amount`, `overdue_deals`, `unplanned_deals`, `touches_a_week` (of the last 28 days),
        `team`, and, against the median of owners with open deals who have not left: `deals_ratio`,
        `amount_ratio`, `touches_ratio`; `has_left`.
    handover : DataFrame indexed by opportunity_id, the largest value first
        Open deals of owners who left: `owner_id`, `left_on`, `customer_id`, `stage`, `stage_age_days`, `amount`,
        `last_contact` (purpose and channel), `last_contact_on`, `next_planned_on`, `next_step`, `next_step_on`.
    left_known : bool
        Whether the workspace says who has left.
    touches_known : bool
        Whether contacts name who made them.
    """

    efforts: pd.DataFrame = field(repr=False)
    by_outcome: pd.DataFrame
    load: pd.DataFrame
    handover: pd.DataFrame
    left_known: bool
    touches_known: bool
    currency: str

    def _repr_html_(self) -> str:
        return self.load.to_html() + self.handover.head(20).to_html()


def team_work(crm: Crm, overdue: Overdue | None = None) -> TeamWork:
    """What was planned and done for each deal, how much each owner carries, and what is to be handed over.

    Parameters
    ----------
    crm : Crm
        With `opportunities`; `interactions` and `employees` where they are kept.
    overdue : Overdue, optional
        Of the same workspace; made here where none is given.

    Raises
    ------
    SchemaError
        If there are no opportunities.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> sold = pd.DataFrame({"opportunity_id": ["a", "b", "c"], "stage": "x", "owner_id": ["e1", "e2", "e1"],
    ...     "outcome": ["open", "open", "won"], "amount": [10.0, 20.0, 30.0], "created_at": "2024-01-01",
    ...     "closed_at": [None, None, "2024-01-09"]})
    >>> staff = pd.DataFrame({"employee_id": ["e1", "e2"], "left_on": [None, "2024-01-20"]})
    >>> found = team_work(Crm.from_frames(as_of="2024-01-31", opportunities=sold, employees=staff))
    >>> found.handover[["owner_id", "amount"]]
                   owner_id  amount
    opportunity_id
    b                    e2    20.0
    """
    table = deals(crm)
    late = overdue if overdue is not None else overdue_opportunities(crm)
    left = employees_left(crm)
    efforts = _efforts(crm, table)
    made = contacts_made(crm)
    touches_known = "interactions" in crm and "employee_id" in crm.columns("interactions")
    return TeamWork(
        efforts=efforts,
        by_outcome=_by_outcome(efforts),
        load=_load(crm, late, left, made if touches_known else None),
        handover=_handover(crm, late, left),
        left_known="employees" in crm and "left_on" in crm.columns("employees"),
        touches_known=touches_known,
        currency=crm.currency,
    )


def _efforts(crm: Crm, table: pd.DataFrame) -> pd.DataFrame:
    columns = ["owner_id", "outcome", "stage", "amount", "touch_count", "planned_count", "minutes_spent"]
    plans = deal_plans(crm).reindex(table.index).astype("float64")
    known = table["planned_count"].notna()
    return table[[*columns, "cost_spent"]].assign(
        **{name: plans[name].fillna(0.0).where(known) for name in plans.columns}
    )


def _by_outcome(efforts: pd.DataFrame) -> pd.DataFrame:
    grouped = efforts.groupby("outcome")
    rows = grouped[["touch_count", "minutes_spent", "cost_spent"]].median()
    sums = grouped[["kept_count", "missed_count"]].sum(min_count=1)
    due = sums["kept_count"] + sums["missed_count"]
    rows = rows.assign(kept_pct=100 * sums["kept_count"] / due.where(due > 0))
    rows.insert(0, "deals", grouped.size())
    return rows.reindex([name for name in ("won", "lost", "open") if name in rows.index])


def _load(crm: Crm, late: Overdue, left: pd.Series, made: pd.Series | None) -> pd.DataFrame:
    held = late.open_deals.assign(owner_id=late.open_deals["owner_id"].fillna(WITHOUT_OWNER))
    held["late"] = held["is_overdue"].eq(True).fillna(False).astype("bool")
    held["bare"] = held["next_planned_on"].isna()
    grouped = held.groupby("owner_id")
    load = pd.DataFrame({"open_deals": grouped.size(), "open_amount": grouped["amount"].sum(min_count=1)})
    load["overdue_deals"] = grouped["late"].sum().astype("int64")
    load["unplanned_deals"] = grouped["bare"].sum().astype("float64") if late.plans_kept else np.nan
    weekly = np.nan if made is None else made.reindex(load.index).fillna(0) / (LOAD_DAYS / 7)
    load["touches_a_week"] = weekly
    load["team"] = load.index.map(_teams(crm)).astype("str")
    load["has_left"] = load.index.isin(left.index)
    here = load[~load["has_left"] & (load.index != WITHOUT_OWNER)]
    for name, column in (("deals", "open_deals"), ("amount", "open_amount"), ("touches", "touches_a_week")):
        middle = here[column].median()
        load[f"{name}_ratio"] = load[column] / middle if middle > 0 else np.nan
    return load.sort_values(["open_deals", "open_amount"], ascending=False, kind="stable")


def team_capacity(crm: Crm, first: pd.DataFrame) -> pd.DataFrame:
    """What each of us has to do, of the rows of a worklist that come first, beside the contacts that each makes.

    By owner as pages name them, "" where there is none or has left: `due_steps` and `at_stake` of the next
    `LOAD_DAYS`, `touches_a_week` of the last, `work_weeks` that the due steps take at that pace, `fitting_steps` and
    `fitting_pct`: how many fit into that time, those with most at stake first, and their share of it, and
    `shared_deals`: open ones about which others of us have been in contact, too.
    """
    left, made, talkers = employees_left(crm), contacts_made(crm), deal_talkers(crm)
    gone = employee_codes(crm, pd.Series(left.index, dtype="str"))
    due = first[first["by_when"] <= closing_day(crm) + pd.Timedelta(days=LOAD_DAYS)]
    owners = due["owner_id"].mask(due["owner_id"].isin(gone)).fillna("")
    found = due.groupby(owners)["at_stake"].agg(due_steps="size", at_stake=lambda own: own.sum(min_count=1))
    made.index = employee_codes(crm, pd.Series(made.index, dtype="str"))
    weekly = made.reindex(found.index).fillna(0.0 if len(made) else np.nan) / (LOAD_DAYS / 7)
    found = found.assign(touches_a_week=weekly, work_weeks=found["due_steps"] / weekly.where(weekly > 0))
    largest = due.assign(owner_id=owners).sort_values("at_stake", ascending=False, kind="stable")
    room = largest["owner_id"].map(weekly * LOAD_DAYS / 7).astype("float64")
    fits = largest[largest.groupby("owner_id").cumcount() < room].groupby("owner_id")["at_stake"]
    found["fitting_steps"] = fits.size().reindex(found.index).fillna(0).astype("int64")
    held = fits.sum().reindex(found.index).fillna(0.0).where(weekly.notna())
    found["fitting_pct"] = 100 * held / found["at_stake"].where(found["at_stake"] > 0)
    found["shared_deals"] = 0
    if len(talkers) and "opportunities" in crm:
        table = deals(crm)
        owner = table.loc[table["outcome"] == "open", "owner_id"]
        talkers["owner_id"] = talkers["opportunity_id"].map(owner)
        others = talkers[talkers["owner_id"].notna() & ~talkers["employee_id"].isin(left.index)]
        shared = others[others["employee_id"] != others["owner_id"]].drop_duplicates("opportunity_id")
        counts = employee_codes(crm, shared["owner_id"]).value_counts()
        found["shared_deals"] = counts.reindex(found.index).fillna(0).astype("int64")
    return found.sort_values(["work_weeks", "due_steps"], ascending=False, kind="stable").rename_axis(
        "owner_id"
    )


def _teams(crm: Crm) -> dict[str, str]:
    if "employees" not in crm or "team" not in crm.columns("employees"):
        return {}
    staff = crm.frame("employees", ["employee_id", "team"]).dropna()
    return dict(zip(staff["employee_id"], staff["team"], strict=True))


def _handover(crm: Crm, late: Overdue, left: pd.Series) -> pd.DataFrame:
    theirs = late.open_deals[late.open_deals["owner_id"].isin(left.index)]
    last = last_contacts(crm).reindex(theirs.index)
    said = [
        ", ".join(str(part) for part in pair if pd.notna(part) and part)
        for pair in zip(last["purpose"], last["channel"], strict=True)
    ]
    listed = pd.DataFrame(
        {
            "owner_id": theirs["owner_id"],
            "left_on": pd.to_datetime(theirs["owner_id"].map(left.to_dict())).astype("datetime64[us]"),
            "customer_id": theirs["customer_id"],
            "stage": theirs["stage"],
            "stage_age_days": theirs["stage_age_days"],
            "amount": theirs["amount"],
            "last_contact": said,
            "last_contact_on": pd.to_datetime(last["happened_at"]).astype("datetime64[us]"),
            "next_planned_on": theirs["next_planned_on"],
            "next_step": theirs["next_step"],
            "next_step_on": theirs["next_step_on"],
        }
    )
    return listed.sort_values("amount", ascending=False, kind="stable")


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
    >>> history = pd.DataFrame({"opportunity_id": ["a", "a", "b"], "stage": ["Talk", "Offer", "Talk"],
    ...                         "entered_at": pd.to_datetime(["2024-03-01", "2024-03-05", "2024-03-02"])})
    >>> crm = Crm.from_frames(as_of="2024-03-31", stage_history=history)
    >>> deal_process(crm).steps[["activity", "next_activity", "count", "median_days"]]
      activity next_activity  count  median_days
    0     Talk         Offer      1          4.0
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
