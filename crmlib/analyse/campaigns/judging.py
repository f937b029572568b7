"""What is concluded of one campaign, and how far that may be trusted."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.campaigns.comparison import MATCHED, NONE, Comparison, compare
from crmlib.analyse.campaigns.response import Response, response_of
from crmlib.measure.campaign_spend import BEFORE, CONTACTED, DURING

MORE, LESS, NO_DIFFERENCE = "more spend", "less spend", "no difference seen"
CHANCE, DOUBTED, FEW = "could be chance", "not trusted", "too few to judge"
NOTHING, NOBODY = "nothing to compare", "nobody contacted"

JUDGED = (MORE, LESS, NO_DIFFERENCE, CHANCE)
"""What may be concluded of a comparison; `CHANCE` only where many campaigns are looked at together."""

NOT_JUDGED = (FEW, NOTHING, NOBODY)
"""Why nothing is concluded. `DOUBTED` is neither: compared, and not trusted."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Judgement:
    """One campaign's response and comparison, the trial before it, and what follows.

    Attributes
    ----------
    response : Response
    comparison : Comparison
        Within the campaign's time.
    trial : Comparison
        The same on the time before it; of the kind "none" where that was not possible.
    verdict : str
        One of `JUDGED`, one of `NOT_JUDGED`, or `DOUBTED`.
    doubt : str
        Why a matched comparison is not trusted; empty where it is, or where there is none.

    Examples
    --------
    See `judge`.
    """

    response: Response
    comparison: Comparison
    trial: Comparison
    verdict: str
    doubt: str = ""


def judge(
    window: Any,
    people: pd.DataFrame,
    levels: pd.DataFrame,
    *,
    unknown: str = "",
    seed: int = 0,
    redrawn: bool = False,
) -> Judgement:
    """Judge one campaign.

    Parameters
    ----------
    window : row of `crmlib.measure.campaign_spend.campaign_windows`
    people : DataFrame
        The campaign's rows of `crmlib.measure.campaign_spend.campaign_people`.
    levels : DataFrame, as `crmlib.analyse.campaigns.features.trait_levels` gives it
    unknown : str
        Why answers are not known; empty where they are.
    seed : int
    redrawn : bool
        Whether intervals are also found by drawing customers again.

    Returns
    -------
    Judgement

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> window = SimpleNamespace(begin_on=pd.NaT, until_on=pd.NaT, first_order_on=pd.NaT)
    >>> people = pd.DataFrame({"span": "campaign", "arm": ["contacted"], "customer_id": "a",
    ...                        "contact_on": pd.NaT, "responded_on": pd.NaT})
    >>> found = judge(window, people, pd.DataFrame())
    >>> found.verdict, found.comparison.reason
    ('nothing to compare', 'No day is known on which it began.')
    """
    response = response_of(people, until_on=window.until_on, unknown=unknown)
    reason = _no_time(window)
    if reason or not response.contacted:
        none = Comparison(kind=NONE, reason=reason)
        verdict = NOTHING if response.contacted else NOBODY
        return Judgement(response=response, comparison=none, trial=none, verdict=verdict)
    comparison = compare(people, levels, span=DURING, seed=seed, redrawn=redrawn)
    trial = Comparison(kind=NONE, reason="Orders do not reach back far enough.")
    if comparison.kind != NONE and (people["span"] == BEFORE).any():
        trial = compare(people, levels, span=BEFORE, seed=seed)
    doubt = doubt_of(comparison, trial)
    return Judgement(
        response=response,
        comparison=comparison,
        trial=trial,
        verdict=verdict_of(comparison, doubt),
        doubt=doubt,
    )


def differs(comparison: Comparison) -> bool:
    """Whether the interval of a comparison leaves out 0.

    Parameters
    ----------
    comparison : Comparison

    Examples
    --------
    >>> differs(Comparison(kind=NONE))
    False
    """
    found = comparison.chosen
    return bool(np.isfinite(found.value) and (found.low > 0 or found.high < 0))


def doubt_of(comparison: Comparison, trial: Comparison) -> str:
    """Why a matched comparison is not to be trusted.

    Parameters
    ----------
    comparison, trial : Comparison

    Returns
    -------
    str
        Empty where nothing speaks against it. A control group drawn by chance is not doubted.

    Examples
    --------
    >>> doubt_of(Comparison(kind="control group"), Comparison(kind=NONE))
    ''
    """
    if comparison.kind != MATCHED or not comparison.enough:
        return ""
    if comparison.unlike:
        return "even the best partners bought differently before it"
    if differs(trial):
        return "the same comparison shows a difference before the campaign, when there can be none"
    if trial.kind == NONE and differs(comparison):
        return "the comparison could not be tried on a time before the campaign"
    return ""


def verdict_of(comparison: Comparison, doubt: str) -> str:
    """What follows from a comparison.

    Parameters
    ----------
    comparison : Comparison
    doubt : str

    Returns
    -------
    str
        One of `JUDGED`, one of `NOT_JUDGED`, or `DOUBTED`.

    Examples
    --------
    >>> verdict_of(Comparison(kind="control group", contacted=9, compared=99), "")
    'too few to judge'
    """
    if comparison.kind == NONE:
        return FEW if comparison.few else NOTHING
    if not comparison.enough:
        return FEW
    if doubt:
        return DOUBTED
    if not differs(comparison):
        return NO_DIFFERENCE
    return MORE if comparison.chosen.value > 0 else LESS


def overlap_of(people: pd.DataFrame, comparison: Comparison) -> pd.DataFrame:
    """How many customers of either side were in another campaign at the same time.

    Parameters
    ----------
    people : DataFrame
        Rows of one campaign.
    comparison : Comparison

    Returns
    -------
    DataFrame, one row a side
        `side` ("contacted", "compared with"), `customers`, `overlapping`, `share_pct`.

    Examples
    --------
    >>> people = pd.DataFrame({"span": "campaign", "arm": "contacted", "customer_id": ["a", "b"],
    ...                        "campaigns_overlapping": [0.0, 2.0]})
    >>> overlap_of(people, Comparison(kind=NONE)).values.tolist()
    [['contacted', 2, 1, 50.0]]
    """
    rows = people[people["span"] == DURING]
    found = []
    for side, chosen in (
        (CONTACTED, rows["arm"] == CONTACTED),
        ("compared with", rows["customer_id"].isin(_compared(comparison))),
    ):
        n, both = int(chosen.sum()), int((rows.loc[chosen, "campaigns_overlapping"] > 0).sum())
        if n:
            found.append((side, n, both, 100 * both / n))
    return pd.DataFrame(found, columns=["side", "customers", "overlapping", "share_pct"])


def _compared(comparison: Comparison) -> list[str]:
    units = comparison.units
    if comparison.kind == MATCHED:
        return units["partner_id"].tolist()
    return units.loc[units["side"] == 0, "customer_id"].tolist()


def _no_time(window: Any) -> str:
    if pd.isna(window.begin_on):
        return "No day is known on which it began."
    if pd.isna(window.first_order_on):
        return "Nobody's purchases are known."
    if window.until_on < window.first_order_on:
        return f"Orders begin only after it, on {window.first_order_on:%Y-%m-%d}."
    return ""
