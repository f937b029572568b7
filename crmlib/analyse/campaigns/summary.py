"""All campaigns side by side."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.campaigns.features import customer_traits, trait_levels
from crmlib.analyse.campaigns.judging import CHANCE, DOUBTED, FEW, LESS, MORE, Judgement, judge, overlap_of
from crmlib.analyse.campaigns.response import answers_known
from crmlib.analyse.campaigns.result import CampaignSummary
from crmlib.analyse.rule_significance import benjamini_hochberg
from crmlib.measure.campaign_spend import campaign_people, campaign_windows
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import known_customers, min_group

SURE = 0.05
"""Adjusted p-value up to which a difference is more than what chance does among so many campaigns."""

_ROWS_AT_ONCE = 2_000_000
_WINDOW = ("name", "kind", "channel", "begin_on", "until_on", "planned_until_on", "is_over", "cost_amount")


def campaign_summary(crm: Crm, *, response_days: int | None = None, seed: int = 0) -> CampaignSummary:
    """Response and extra spend of every campaign, judged alike.

    Each is judged as `campaign_effect` does. Of many campaigns some differ by chance alone: a difference that does
    not hold against the number of campaigns looked at (Benjamini and Hochberg) is called "could be chance".

    Parameters
    ----------
    crm : Crm
        With `campaign_contacts`, and `transactions` or won `opportunities`.
    response_days : int, optional
        As for `campaign_effect`.
    seed : int

    Returns
    -------
    CampaignSummary

    Raises
    ------
    SchemaError
        If there are no campaign_contacts, or neither orders nor opportunities.
    ParameterError
        If `response_days` is no whole number from 1 on.

    References
    ----------
    Benjamini, Y. & Hochberg, Y. (1995). Controlling the false discovery rate. JRSS B 57.

    Examples
    --------
    >>> from crmlib.analyse.campaigns.effect import _little_shop
    >>> table = campaign_summary(_little_shop()).table
    >>> table[["campaign_id", "contacted", "control", "responded", "comparison", "verdict"]].values.tolist()
    [['spring', 40, 40, 12, 'control group', 'more spend']]
    """
    windows = campaign_windows(crm, response_days=response_days)
    unknown = answers_known(crm)
    customers = pd.Index(known_customers(crm), name="customer_id")
    levels = trait_levels(customer_traits(crm), customers, min_group=min_group(crm))
    rows = []
    for ids in _portions(list(windows.index), len(customers)):
        people = campaign_people(crm, campaign_ids=ids, response_days=response_days)
        parts = dict(tuple(people.groupby("campaign_id", sort=False)))
        for campaign in ids:
            own = parts.get(campaign, people.iloc[:0])
            found = judge(windows.loc[campaign], own, levels, unknown=unknown, seed=seed)
            rows.append(_row(campaign, windows.loc[campaign], own, found))
    table = _among_many(pd.DataFrame(rows, columns=None if rows else [*_row_names()]))
    return CampaignSummary(table=table, responses_unknown=unknown, currency=crm.currency, as_of=crm.as_of)


def main_campaign(summary: CampaignSummary) -> str:
    """The campaign to look at first: the most customers compared, one that is over before one that is not.

    Parameters
    ----------
    summary : CampaignSummary

    Returns
    -------
    str
        Its id; empty where there are no campaigns.

    Examples
    --------
    >>> from crmlib.analyse.campaigns.effect import _little_shop
    >>> main_campaign(campaign_summary(_little_shop()))
    'spring'
    """
    if summary.table.empty:
        return ""
    table = summary.table.assign(judged=summary.table["effect"].notna())
    order = ["judged", "is_over", "contacted"]
    return str(table.sort_values(order, ascending=False, kind="stable")["campaign_id"].iloc[0])


def _portions(ids: list[str], customers: int) -> list[list[str]]:
    size = max(1, _ROWS_AT_ONCE // max(2 * customers, 1))
    return [ids[begin : begin + size] for begin in range(0, len(ids), size)]


def _row(campaign: str, window: pd.Series, people: pd.DataFrame, found: Judgement) -> dict[str, Any]:
    response, comparison, trial = found.response, found.comparison, found.trial.chosen
    chosen = comparison.chosen
    effects = comparison.effects.set_index("way")["effect"]
    overlap = overlap_of(people, comparison).set_index("side")["share_pct"]
    return {
        "campaign_id": campaign,
        **{name: window[name] for name in _WINDOW},
        "contacted": response.contacted,
        "control": int(window["control_count"]),
        "responded": np.nan if response.reason else response.responded,
        "response_pct": response.rate_pct,
        "response_low": response.low,
        "response_high": response.high,
        "comparison": comparison.kind,
        "compared": comparison.contacted if np.isfinite(chosen.value) else 0,
        "effect": chosen.value,
        "effect_low": chosen.low,
        "effect_high": chosen.high,
        "p_value": chosen.p_value,
        "base_mean": comparison.base_mean,
        "everyone": float(effects.get("everyone", np.nan)),
        "smallest_effect": chosen.smallest,
        "trial_effect": trial.value,
        "trial_low": trial.low,
        "trial_high": trial.high,
        "total": chosen.value * comparison.contacted,
        "overlapping_pct": float(overlap.get("contacted", np.nan)),
        "verdict": found.verdict,
        "doubt": found.doubt,
        "reason": comparison.reason,
    }


def _row_names() -> list[str]:
    return [
        "campaign_id", *_WINDOW, "contacted", "control", "responded", "response_pct", "response_low",
        "response_high", "comparison", "compared", "effect", "effect_low", "effect_high", "p_value", "base_mean",
        "everyone", "smallest_effect", "trial_effect", "trial_low", "trial_high", "total", "overlapping_pct",
        "verdict", "doubt", "reason",
    ]  # fmt: skip


def _among_many(table: pd.DataFrame) -> pd.DataFrame:
    """What holds against the number of campaigns; those that are not trusted or too small are no tests."""
    tested = table["p_value"].notna() & ~table["verdict"].isin([DOUBTED, FEW])
    table["q_value"] = np.nan
    if tested.any():
        table.loc[tested, "q_value"] = benjamini_hochberg(table.loc[tested, "p_value"].to_numpy(dtype=float))
    by_chance = table["verdict"].isin([MORE, LESS]) & (table["q_value"] > SURE)
    table.loc[by_chance, "verdict"] = CHANCE
    return table
