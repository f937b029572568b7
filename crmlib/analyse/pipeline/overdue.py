"""Open deals that have been in their stage for longer than most, and what to do next about each."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from crmlib.analyse.pipeline.durations import StageDurations, stage_durations
from crmlib.analyse.retention import LEVEL
from crmlib.analyse.stats.tests import benjamini_hochberg, two_sided_fisher
from crmlib.measure.deals.flow import next_contacts
from crmlib.measure.deals.stays import WHOLE_DEAL, deals, stage_stays
from crmlib.prepare.clock import closing_day
from crmlib.prepare.crm import Crm

WON_LEAST = 20
"""Won deals, and lost ones, with a contact after a point before anything is said of it."""

SOONEST_DAYS = 1
"""A next step is never put on an earlier day than so many after the closing moment: that day is over."""

KIND_LEAST = 5
"""Won deals with a step before it is recommended."""

STEP_COLUMNS = (
    *("stage", "at_days", "step", "won", "won_all", "lost", "lost_all", "won_pct", "lost_pct", "lift", "low"),
    *("high", "p_adjusted", "is_better", "wait_days"),
)


def steps_of_the_won(crm: Crm, points: dict[str, list[float]]) -> pd.DataFrame:
    """What we did next with won and lost deals from certain days of their stay in a stage on.

    Katz, D. et al. (1978). Obtaining confidence intervals for the risk ratio in cohort studies. Biometrics 34.
    Benjamini, Y. & Hochberg, Y. (1995). Controlling the false discovery rate. JRSS B 57.
    """
    found = next_contacts(crm, points)
    found = found[found["wait_days"].notna()]
    if found.empty:
        return pd.DataFrame({name: pd.Series(dtype="object") for name in STEP_COLUMNS})
    named = found.assign(step=_named(found))
    rows = [
        row
        for (stage, day), at_point in named.groupby(["stage", "at_days"], sort=True)
        for row in _of_point(stage, day, at_point)
    ]
    table = pd.DataFrame(
        rows, columns=[n for n in STEP_COLUMNS if n not in ("p_adjusted", "is_better")] + ["p"]
    )
    return _next_steps_judged(table)


def _named(found: pd.DataFrame) -> pd.Series:
    purpose, channel = found["purpose"].fillna(""), found["channel"].fillna("")
    joined = purpose.where(channel == "", purpose + ", " + channel).where(purpose != "", channel)
    return joined.where(joined != "", "contact")


def _of_point(stage: Any, day: Any, rows: pd.DataFrame) -> list[tuple]:
    won, lost = rows[rows["outcome"] == "won"], rows[rows["outcome"] == "lost"]
    if min(len(won), len(lost)) < WON_LEAST:
        return []
    said, n, m = [], len(won), len(lost)
    mine, theirs = won["step"].value_counts().to_dict(), lost["step"].value_counts().to_dict()
    waits = won.groupby("step")["wait_days"].median().to_dict()
    for step in sorted(rows["step"].unique()):
        a, b = mine.get(step, 0), theirs.get(step, 0)
        p = two_sided_fisher(a, n, b, m)
        wait = float(waits.get(step, np.nan))
        said.append((stage, day, step, a, n, b, m, 100 * a / n, 100 * b / m, *_ratio(a, n, b, m), wait, p))
    return said


def _ratio(a: int, n: int, b: int, m: int) -> tuple[float, float, float]:
    ratio = ((a + 0.5) / (n + 0.5)) / ((b + 0.5) / (m + 0.5))
    error = np.sqrt(1 / (a + 0.5) - 1 / (n + 0.5) + 1 / (b + 0.5) - 1 / (m + 0.5))
    wide = np.exp(ndtri((1 + LEVEL) / 2) * error)
    return float(ratio), float(ratio / wide), float(ratio * wide)


def _next_steps_judged(table: pd.DataFrame) -> pd.DataFrame:
    table["p_adjusted"] = benjamini_hochberg(table["p"])
    table["is_better"] = (table["p_adjusted"] < 1 - LEVEL) & (table["lift"] > 1)
    ordered = table.sort_values(
        ["stage", "at_days", "won_pct", "step"], ascending=[True, True, False, True], ignore_index=True
    )
    return ordered[list(STEP_COLUMNS)]


def suggested_steps(open_deals: pd.DataFrame, steps: pd.DataFrame, *, as_of_on: pd.Timestamp) -> pd.DataFrame:
    """The next step for each open deal: what the won did at that point more often than the lost, and when.

    The point is the last one of the stage that the deal has passed. Where no step there is more frequent among
    the won, the won ones' most usual contact stands, and `is_better` is False.
    """
    contacts = steps[steps["won"] >= KIND_LEAST] if len(steps) else steps
    names = {
        "step": "next_step",
        "won_pct": "next_step_won_pct",
        "lost_pct": "next_step_lost_pct",
        "lift": "next_step_lift",
        "is_better": "next_step_is_better",
    }
    best = {key: _best(rows) for key, rows in contacts.groupby(["stage", "at_days"])} if len(contacts) else {}
    nothing = dict.fromkeys(names.values()) | {"next_step_on": pd.NaT}
    rows = [
        _suggested(deal, best, names, as_of_on) or nothing
        for deal in open_deals[["stage", "stage_age_days", "stage_entered_at"]].itertuples(index=False)
    ]
    order = ["next_step", "next_step_on", *list(names.values())[1:]]
    columns = {
        name: pd.Series([row[name] for row in rows], index=open_deals.index, dtype="object") for name in order
    }
    suggested = pd.DataFrame(columns, index=open_deals.index)
    suggested["next_step_on"] = pd.to_datetime(suggested["next_step_on"]).astype("datetime64[us]")
    numbers = ["next_step_won_pct", "next_step_lost_pct", "next_step_lift"]
    return suggested.astype(dict.fromkeys(numbers, "float64"))


def _suggested(
    deal: Any, best: dict[Any, pd.Series], names: dict[str, str], as_of_on: Any
) -> dict[str, Any] | None:
    passed = [day for stage, day in best if stage == deal.stage and day <= deal.stage_age_days]
    if not passed or pd.isna(deal.stage_entered_at):
        return None
    chosen = best[deal.stage, max(passed)]
    due = deal.stage_entered_at.normalize() + pd.Timedelta(days=round(max(passed) + chosen["wait_days"]))
    return {new: chosen[old] for old, new in names.items()} | {
        "next_step_on": max(due, soonest_day(as_of_on))
    }


def soonest_day(as_of_on: pd.Timestamp) -> pd.Timestamp:
    """The first day on which something can still be done."""
    return as_of_on + pd.Timedelta(days=SOONEST_DAYS)


def _best(rows: pd.DataFrame) -> pd.Series:
    """The step most above the lost among those shown to be; else the usual one."""
    better = rows[rows["is_better"]]
    if len(better):
        return better.sort_values(["lift", "won", "step"], ascending=[False, False, True]).iloc[0]
    return rows.sort_values(["won", "step"], ascending=[False, True]).iloc[0]


_SHOWN = (
    *("customer_id", "owner_id", "stage", "stage_entered_at", "stage_age_days", "amount", "source"),
    *("expected_close_on", "last_touch_days", "next_planned_on", "planned_count"),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Overdue:
    """Open deals against the time that most deals need, and the next step of each.

    Attributes
    ----------
    table : DataFrame indexed by opportunity_id, the largest value first
        Overdue deals: `customer_id`, `owner_id`, `stage`, `stage_entered_at`, `stage_age_days`, `limit_days`,
        `over_days`, `is_clear` (beyond the upper end of the limit's interval too), `amount`, `source`,
        `expected_close_on`, `last_touch_days`, `next_planned_on`, `planned_count`, and the columns of
        `suggested_steps`.
    open_deals : DataFrame indexed by opportunity_id
        All open deals, with the same columns and `is_overdue` (missing where it cannot be told).
    limits : DataFrame indexed by stage
        `limit_days`, `low`, `high` (NaN: the survival curve does not come so far), `open`, `overdue`,
        `overdue_amount`.
    unplanned : DataFrame indexed by opportunity_id, the largest value first
        Open deals with no contact planned; empty where plans are not kept.
    steps : DataFrame
        As `steps_of_the_won` makes it.
    plans_kept : bool
        Whether the workspace keeps planned contacts.
    as_of_on : Timestamp
        The day of the closing moment.
    """

    table: pd.DataFrame
    open_deals: pd.DataFrame = field(repr=False)
    limits: pd.DataFrame
    unplanned: pd.DataFrame = field(repr=False)
    steps: pd.DataFrame = field(repr=False)
    quantile: float
    plans_kept: bool
    as_of_on: pd.Timestamp
    currency: str

    def _repr_html_(self) -> str:
        return self.limits.to_html() + self.table.head(20).to_html()


def overdue_opportunities(
    crm: Crm, *, quantile: float = 0.8, durations: StageDurations | None = None
) -> Overdue:
    """Open deals that have been in their stage for longer than a share of all deals stay there.

    Parameters
    ----------
    crm : Crm
        With `opportunities` and, for stages, `stage_history`. Without a history the age of the whole deal is
        held against all deals.
    quantile : float
        The share of stays that are over by the limit, by the survival curve that counts open deals.
    durations : StageDurations, optional
        Of the same workspace, without `by`; made here where none is given.

    Raises
    ------
    SchemaError
        If there are no opportunities.
    ParameterError
        If the quantile does not lie between 0 and 1, or there is no stay to measure.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> sold = pd.DataFrame({"opportunity_id": [f"d{i}" for i in range(12)], "stage": "x", "amount": 100.0,
    ...     "outcome": ["won"] * 10 + ["open"] * 2, "created_at": ["2024-01-01"] * 11 + ["2024-01-29"],
    ...     "closed_at": [f"2024-01-{day:02d}" for day in range(3, 13)] + [None, None]})
    >>> found = overdue_opportunities(Crm.from_frames(as_of="2024-01-31", opportunities=sold))
    >>> found.table[["stage", "stage_age_days", "limit_days"]].round(0)
                   stage  stage_age_days  limit_days
    opportunity_id
    d10             deal            31.0        10.0
    """
    table, durations = deals(crm), durations or stage_durations(crm)
    limits = durations.quantile(quantile).rename(columns={"days": "limit_days"})
    open_deals = _open_deals(crm, table, durations.has_history)
    as_of_on = closing_day(crm)
    steps = steps_of_the_won(crm, _points(limits))
    judged = _judged(open_deals, limits)
    suggested = suggested_steps(judged, steps, as_of_on=as_of_on)
    judged = pd.concat([judged, suggested], axis=1)
    plans_kept = bool(table["planned_count"].notna().any())
    worth = judged.sort_values("amount", ascending=False, kind="stable", na_position="last")
    overdue = worth["is_overdue"].eq(True).fillna(False)
    unplanned = worth["next_planned_on"].isna() & plans_kept
    return Overdue(
        table=worth[overdue.astype("bool")].drop(columns="is_overdue"),
        open_deals=judged,
        limits=_limits(limits, judged),
        unplanned=worth[unplanned],
        steps=steps,
        quantile=float(quantile),
        plans_kept=plans_kept,
        as_of_on=as_of_on,
        currency=crm.currency,
    )


def _open_deals(crm: Crm, table: pd.DataFrame, has_history: bool) -> pd.DataFrame:
    """Open deals with the stay that goes on; a deal whose last stay was set aside has none to measure."""
    still = table[table["outcome"] == "open"][list(_SHOWN)]
    stays = stage_stays(crm)
    running = stays[~stays["is_over"]].drop_duplicates("opportunity_id", keep="last")
    running = running.set_index("opportunity_id").reindex(still.index)
    if not has_history:
        return still.assign(
            stage=WHOLE_DEAL, stage_entered_at=running["entered_at"], stage_age_days=running["stay_days"]
        )
    return still.assign(stage_age_days=running["stay_days"].where(running["stage"] == still["stage"]))


def _points(limits: pd.DataFrame) -> dict[str, list[float]]:
    """Where the next step is looked at: at once, at half of the limit, at it, and beyond."""
    known = limits["limit_days"].dropna()
    return {
        str(stage): sorted({0.0, *(round(part * days, 3) for part in (0.5, 1.0, 1.5, 2.0))})
        for stage, days in known.items()
    }


def _judged(open_deals: pd.DataFrame, limits: pd.DataFrame) -> pd.DataFrame:
    limit = open_deals["stage"].map(limits["limit_days"]).astype("float64")
    high = open_deals["stage"].map(limits["high"]).astype("float64")
    age = open_deals["stage_age_days"]
    judged = open_deals.assign(
        limit_days=limit,
        over_days=(age - limit).where(age > limit),
        is_clear=(age > high).astype("bool"),
        is_overdue=(age > limit).astype("boolean").where(limit.notna() & age.notna()),
    )
    order = ["customer_id", "owner_id", "stage", "stage_entered_at", "stage_age_days", "limit_days"]
    order += ["over_days", "is_clear", "amount", "source", "expected_close_on", "last_touch_days"]
    return judged[[*order, "next_planned_on", "planned_count", "is_overdue"]]


def _limits(limits: pd.DataFrame, judged: pd.DataFrame) -> pd.DataFrame:
    by_stage = judged.groupby("stage")
    counts = by_stage.size().reindex(limits.index, fill_value=0)
    late = judged[judged["is_overdue"].eq(True).fillna(False).astype("bool")].groupby("stage")
    known = limits["limit_days"].notna()
    overdue = late.size().reindex(limits.index, fill_value=0).astype("float64").where(known)
    overdue_amount = late["amount"].sum(min_count=1).reindex(limits.index).where(known)
    return limits.assign(open=counts.astype("int64"), overdue=overdue, overdue_amount=overdue_amount)
