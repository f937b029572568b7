"""The guard against figures of a deal that know how it ended."""

import numpy as np
import pandas as pd

from crmlib.analyse.churn_leaks import find_leaks
from crmlib.analyse.pipeline.lead_features import RECORDED

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

    Parameters
    ----------
    features : DataFrame, the rows learnt from
    label : array of bool
    groups : array of int
        Rows of one deal have one number.
    now : DataFrame
        `deals` at the closing moment.
    has_history : bool

    Returns
    -------
    dict of feature -> reason

    Examples
    --------
    >>> now = pd.DataFrame({"outcome": ["won"] * 50 + ["open"] * 50, "amount": [9.0] * 50 + [None] * 50})
    >>> found = leaking_features(pd.DataFrame({"amount": np.arange(60.0), "stage": "x"}), np.arange(60) % 2 == 0,
    ...                          np.arange(60), now=now, has_history=False)
    >>> for name, reason in found.items():
    ...     print(f"{name}: {reason}")
    stage: is the stage at the end; where the deal stood before is not recorded
    amount: is filled in as a deal closes: known of 100 % of the decided deals and of 0 % of the open ones
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
