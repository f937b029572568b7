"""What was known of each open deal at a moment."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.pipeline.portrait_shrink import fit_beta_binomial
from crmlib.measure.deals import deals

NUMBERS = (
    *("amount", "age_days", "stage_age_days", "touch_count", "touch_in_count", "touch_out_count"),
    *("last_touch_days", "planned_count", "minutes_spent", "cost_spent", "employee_count"),
)
KINDS = (
    *("stage", "industry", "company_size", "country", "region", "source", "category", "product_id"),
    *("campaign_id", "team"),
)
RECORDS = ("owner_id", "campaign_id", "product_id", "industry")
"""Of each of these, how many of its earlier deals were won in time is a feature."""
RECORDED = (
    *("amount", "expected_close_on", "source", "campaign_id", "product_id", "category", "owner_id"),
    *("customer_id", "industry", "company_size", "employee_count", "country", "region"),
)
"""Fields that somebody fills in: one that is filled in when a deal closes knows the outcome."""
FEATURE_WORDS: dict[str, str] = {
    "amount": "value of the deal",
    "age_days": "days since it was opened",
    "stage_age_days": "days in its stage",
    "touch_count": "contacts so far",
    "touch_in_count": "contacts from the customer",
    "touch_out_count": "contacts from us",
    "last_touch_days": "days since the last contact",
    "planned_count": "contacts planned",
    "minutes_spent": "minutes spent",
    "cost_spent": "spent on contacts",
    "employee_count": "employees of the customer",
    "days_to_expected_close": "days to the expected close",
    "customer_won_count": "deals won with this customer",
    "customer_lost_count": "deals lost with this customer",
    "stage": "stage",
    "industry": "industry",
    "company_size": "company size",
    "country": "country",
    "region": "region",
    "source": "source",
    "category": "product category",
    "product_id": "product",
    "campaign_id": "campaign",
    "team": "owner's team",
    "owner_won_pct": "owner's earlier deals won in time",
    "campaign_won_pct": "earlier deals of the campaign won in time",
    "product_won_pct": "earlier deals of the product won in time",
    "industry_won_pct": "earlier deals of the industry won in time",
    "lost_reason": "reason lost",
}
"""Features in plain words, as they stand inside a sentence."""


def features_at(then: Any, *, horizon_days: int, known: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row an open deal, with what was known of it at the closing moment of `then`.

    Deals without an opening date are left out: nobody can say whether they were there.

    Parameters
    ----------
    then : Crm
        As known at the moment asked about: ``crm.at(moment)``.
    horizon_days : int
        The records count earlier deals that had so much time.
    known : DataFrame, optional
        `deals` of `then`, where they are at hand.

    Returns
    -------
    DataFrame indexed by opportunity_id
        The columns of `FEATURE_WORDS` but `lost_reason`, and `owner_id`, `customer_id` never.

    Examples
    --------
    >>> from crmlib.analyse.pipeline.portrait import _little_pipeline
    >>> crm = _little_pipeline()
    >>> table = features_at(crm.at("2024-06-30"), horizon_days=30)
    >>> len(table), table["age_days"].max() < 182
    (123, np.True_)
    """
    known = deals(then) if known is None else known
    known = known.assign(team=_team(then, known["owner_id"]))
    at = then.as_of
    is_open = (known["outcome"] == "open") & known["created_at"].notna()
    table = known.loc[is_open, [*NUMBERS, *KINDS]].copy()
    close = known.loc[is_open, "expected_close_on"]
    table["days_to_expected_close"] = (close - at).dt.total_seconds() / 86_400
    for outcome in ("won", "lost"):
        earlier = known.loc[known["outcome"] == outcome, "customer_id"].value_counts()
        who = known.loc[is_open, "customer_id"]
        table[f"customer_{outcome}_count"] = who.map(earlier).fillna(0.0).where(who.notna())
    for name in RECORDS:
        column = f"{name.removesuffix('_id')}_won_pct"
        table[column] = _record(known, name, at, horizon_days).reindex(known.loc[is_open, name]).to_numpy()
    return table.astype({name: "float64" for name in table if name not in KINDS})


def _team(then: Any, owner: pd.Series) -> pd.Series:
    if "employees" not in then or "team" not in then.columns("employees"):
        return pd.Series(np.nan, index=owner.index, dtype="object")
    table = then.frame("employees", ["employee_id", "team"]).dropna().drop_duplicates("employee_id")
    return owner.map(table.set_index("employee_id")["team"]).astype("object")


def _record(known: pd.DataFrame, name: str, at: pd.Timestamp, horizon_days: int) -> pd.Series:
    """Per cent of the earlier deals that were won within the horizon of being opened, drawn to that of all."""
    time = pd.Timedelta(days=horizon_days)
    ripe = known[(known["created_at"] <= at - time) & known[name].notna()]
    in_time = (ripe["outcome"] == "won") & (ripe["closed_at"] <= ripe["created_at"] + time)
    counts = in_time.groupby(ripe[name].astype(str)).agg(["sum", "size"])
    if len(counts) < 2:
        return pd.Series(dtype="float64")
    won, n = counts["sum"].to_numpy(dtype=float), counts["size"].to_numpy(dtype=float)
    alpha, beta = fit_beta_binomial(won, n)
    return pd.Series(100 * (won + alpha) / (n + alpha + beta), index=counts.index)
