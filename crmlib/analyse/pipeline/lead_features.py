"""What was known of each open deal at a moment."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.learn.candidates import Fitted
from crmlib.analyse.learn.features import OTHER, UNKNOWN
from crmlib.analyse.learn.leaks import find_leaks
from crmlib.analyse.learn.reasons import WORTH_SAYING, contributions
from crmlib.analyse.stats.shrink import fit_beta_binomial
from crmlib.measure.deals.stays import deals

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


FILLED_APART = 0.25
"""A field is refused if it is known so much more often of decided deals than of open ones, or less often."""
FEWEST_ENDED = 30
"""Rows won, and rows lost, without which no field is held against how deals ended."""
_FROM = {
    "expected_close_on": ("days_to_expected_close",),
    "campaign_id": ("campaign_id", "campaign_won_pct"),
    "product_id": ("product_id", "product_won_pct"),
    "owner_id": ("owner_won_pct", "team"),
    "industry": ("industry", "industry_won_pct"),
    "customer_id": ("customer_won_count", "customer_lost_count"),
}
"""Features that rest on a field of another name."""


def leaking_features(
    features: pd.DataFrame, label: np.ndarray, groups: np.ndarray, *, now: pd.DataFrame, has_history: bool
) -> dict[str, str]:
    """Features of open deals that are refused because they know the outcome, each with the reason.

    Refused by name: the stage where no stage history is kept (it is the one at the end), and the reason lost.
    Refused by how it is filled in: a field known for many more of the decided deals than of the open ones, such
    as an amount that is written when a deal closes, or the other way round; its history is not kept, so at an
    earlier moment it seems to have been there. Refused by what it tells: see `churn_leaks.find_leaks`, asked both of
    the wins within the horizon and of how the deals ended at last.
    """
    refused: dict[str, str] = {}
    if "lost_reason" in now and now["lost_reason"].notna().any():
        refused["lost_reason"] = "is written when a deal is lost"
    if not has_history and "stage" in features:
        refused["stage"] = "is the stage at the end; where the deal stood before is not recorded"
    refused |= _filled_in_late(now)
    rest = features.drop(columns=[name for name in refused if name in features])
    told = find_leaks(rest, label, groups=groups) | _knows_the_end(rest, groups, now)
    return refused | {name: reason.replace("customers", "deals") for name, reason in told.items()}


def _knows_the_end(features: pd.DataFrame, groups: np.ndarray, now: pd.DataFrame) -> dict[str, str]:
    end = now["outcome"].reindex(features.index).to_numpy()
    decided, won = np.isin(end, ["won", "lost"]), end == "won"
    if min(int((decided & won).sum()), int((decided & ~won).sum())) < FEWEST_ENDED:
        return {}
    return find_leaks(features[decided], won[decided], groups=pd.factorize(groups[decided])[0])


def _filled_in_late(now: pd.DataFrame) -> dict[str, str]:
    is_open = (now["outcome"] == "open").to_numpy()
    refused: dict[str, str] = {}
    if not is_open.any() or is_open.all():
        return refused
    for name in [name for name in RECORDED if name in now]:
        known = now[name].notna().to_numpy()
        decided, waiting = float(known[~is_open].mean()), float(known[is_open].mean())
        if abs(decided - waiting) < FILLED_APART:
            continue
        when = "is filled in as a deal closes" if decided > waiting else "is emptied as a deal closes"
        reason = (
            f"{when}: known of {100 * decided:.0f} % of the decided deals and of {100 * waiting:.0f} % of the "
            "open ones"
        )
        refused |= dict.fromkeys(_FROM.get(name, (name,)), reason)
    return refused


MOST_FOR, MOST_AGAINST = 3, 2
NOTHING = "nothing stands out"
_HIDDEN = ("owner_won_pct", "team")
"""Never the reason of a single deal: a list of leads is no list of how good people are."""
_SHARES = ("_won_pct",)


def lead_reasons(model: Fitted, features: pd.DataFrame, *, shown: pd.DataFrame | None = None) -> pd.DataFrame:
    """Up to three figures of each deal that speak for a win, and up to two against."""
    columns = ["opportunity_id", "speaks", "place", "feature", "value", "typical", "log_odds"]
    names = [name for name in model.encoding.features if name not in _HIDDEN]
    if features.empty or not names:
        return pd.DataFrame(columns=columns)
    moved = contributions(model, model.encoding.matrix(features), names)
    typical = {name: _typical(model, name) for name in names}
    said = features if shown is None else shown
    texts = {name: said[name].astype("object").to_numpy() for name in names}
    strength = moved.to_numpy()
    rows = []
    for i, who in enumerate(features.index):
        order = np.argsort(-np.abs(strength[i]), kind="stable")
        counted = {"for": 0, "against": 0}
        for j in order:
            size, value = float(strength[i, j]), texts[names[j]][i]
            if abs(size) < WORTH_SAYING:
                break
            side = "for" if size > 0 else "against"
            # That something is not known may well foretell the outcome, but nobody can act on it.
            if pd.isna(value) or counted[side] == (MOST_FOR if size > 0 else MOST_AGAINST):
                continue
            counted[side] += 1
            rows.append((who, side, counted[side], names[j], value, typical[names[j]], size))
    return pd.DataFrame(rows, columns=columns)


def reasons_in_words(table: pd.DataFrame, deals: pd.Index) -> pd.DataFrame:
    """The reasons of each deal as two texts."""
    said: dict[tuple[Any, str], list[str]] = {}
    for row in table.itertuples(index=False):
        said.setdefault((row.opportunity_id, row.speaks), []).append(
            _words(row.feature, row.value, row.typical)
        )
    rows = [
        ("; ".join(said.get((who, "for"), [])), "; ".join(said.get((who, "against"), []))) for who in deals
    ]
    words = pd.DataFrame(rows, columns=["speaks_for", "speaks_against"], index=deals)
    nothing = (words["speaks_for"] == "") & (words["speaks_against"] == "")
    return words.assign(speaks_for=words["speaks_for"].where(~nothing, NOTHING))


def _words(name: str, value: Any, typical: Any) -> str:
    plain = FEATURE_WORDS.get(name, name.replace("_", " "))
    if isinstance(value, str):
        return f"{plain} {' '.join(value.split())}"
    unit = "\u00a0%" if name.endswith(_SHARES) else ""
    return f"{plain} {_short(value)}{unit} (ordinary: {_short(typical)}{unit})"


def _short(value: float) -> str:
    size = abs(float(value))
    shown = f"{float(value):,.0f}" if size >= 9.95 or float(value).is_integer() else f"{float(value):.1f}"
    return "0" if shown in ("-0", "-0.0", "0.0") else shown.replace("-", "−")


def _typical(model: Fitted, name: str) -> Any:
    encoding = model.encoding
    if name in encoding.levels:
        first = encoding.levels[name][0]
        return "" if first in (OTHER, UNKNOWN) else first
    return float(encoding.reference[np.flatnonzero(encoding.owner == encoding.features.index(name))[0]])
