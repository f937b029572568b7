"""Open deals that have been in their stage for longer than most, and what to do next about each."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from crmlib.analyse.pipeline.durations import stage_durations
from crmlib.analyse.pipeline.durations_result import StageDurations
from crmlib.analyse.pipeline.next_steps import steps_of_the_won, suggested_steps
from crmlib.measure.deals import deals
from crmlib.measure.stage_stays import WHOLE_DEAL, stage_stays
from crmlib.prepare.clock import in_zone
from crmlib.prepare.crm import Crm

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
        `overdue_amount`, `says`.
    unplanned : DataFrame indexed by opportunity_id, the largest value first
        Open deals with no contact planned; empty where plans are not kept.
    steps : DataFrame
        As `steps_of_the_won` makes it.
    quantile : float
    plans_kept : bool
        Whether the workspace keeps planned contacts.
    as_of_on : Timestamp
        The day of the closing moment.
    currency : str

    Examples
    --------
    See `overdue_opportunities`.
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

    Returns
    -------
    Overdue

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
    as_of_on = in_zone(crm.as_of, time_zone=crm.time_zone).tz_localize(None).normalize().as_unit("us")
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
        limits=_limits(limits, judged, quantile),
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


def _limits(limits: pd.DataFrame, judged: pd.DataFrame, quantile: float) -> pd.DataFrame:
    by_stage = judged.groupby("stage")
    counts = by_stage.size().reindex(limits.index, fill_value=0)
    late = judged[judged["is_overdue"].eq(True).fillna(False).astype("bool")].groupby("stage")
    known = limits["limit_days"].notna()
    return limits.assign(
        open=counts.astype("int64"),
        overdue=late.size().reindex(limits.index, fill_value=0).astype("float64").where(known),
        overdue_amount=late["amount"].sum(min_count=1).reindex(limits.index).where(known),
        says=np.where(
            known,
            "",
            f"Fewer than {100 * quantile:.0f} % of the stays are seen to end, so no limit can be told.",
        ),
    )
