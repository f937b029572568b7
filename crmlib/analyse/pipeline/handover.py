"""Whose deals they are: what was planned and done for each, each owner's load, and what must be handed over."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from crmlib.analyse.pipeline.overdue import Overdue, overdue_opportunities
from crmlib.measure.deal_contacts import LOAD_DAYS, contacts_made, deal_plans, employees_left, last_contacts
from crmlib.measure.deals import deals
from crmlib.prepare.crm import Crm

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
    currency : str

    Examples
    --------
    See `team_work`.
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

    Returns
    -------
    TeamWork

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
