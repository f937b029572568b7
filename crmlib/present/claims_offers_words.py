"""Words for offers and their proof, that pictures, sentences and tables share."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.offers.proof_result import ALL_OFFERS, NEW_OFFERS, OffersProof
from crmlib.analyse.offers.proof_sides import ITEM_KNN, OFFERS, OWN_REPEATS, POPULARITY
from crmlib.present.words import number, points

SIDE_NAMES = {
    OFFERS: "These offers",
    POPULARITY: "Best sellers, the same for all",
    OWN_REPEATS: "What the customer bought most often",
    ITEM_KNN: "What buyers of the same things bought",
}
NEW_SIDE_NAMES = SIDE_NAMES | {POPULARITY: "Best sellers the customer had not bought"}
"""Each list of products by the name a reader knows, for the two questions."""

QUESTION_NAMES = {ALL_OFFERS: "all offers", NEW_OFFERS: "offers new to the customer"}

KIND_NAMES = {
    "cross-sell": "Cross-sell: goes with what was bought",
    "up-sell": "Up-sell: the next step in a category",
    "repeat-sell": "Repeat-sell: due again",
    "best-seller": "Best seller: nothing else is known",
}


def side_name(side: str, question: str = ALL_OFFERS) -> str:
    """A list of products by the name a reader knows.

    Parameters
    ----------
    side, question : str

    Returns
    -------
    str

    Examples
    --------
    >>> side_name("popularity"), side_name("ALS")
    ('Best sellers, the same for all', 'ALS')
    """
    return (NEW_SIDE_NAMES if question == NEW_OFFERS else SIDE_NAMES).get(side, side)


def kind_name(kind: str) -> str:
    """A kind of offer in words.

    Parameters
    ----------
    kind : str

    Returns
    -------
    str

    Examples
    --------
    >>> kind_name("repeat-sell"), kind_name("gift")
    ('Repeat-sell: due again', 'Gift')
    """
    return KIND_NAMES.get(kind, f"{kind[:1].upper()}{kind[1:]}")


def range_words(low: Any, high: Any, *, digits: int = 1) -> str:
    """An interval as it stands in brackets.

    Parameters
    ----------
    low, high : numbers
    digits : int

    Returns
    -------
    str

    Examples
    --------
    >>> range_words(12.94, 15.3), range_words(-1.26, 0.04), range_words(float("nan"), 1)
    ('likely 12.9 to 15.3', 'likely −1.3 to 0', 'not known')
    """
    if not (np.isfinite(low) and np.isfinite(high)):
        return "not known"
    said = [number(round(float(end), digits) + 0.0) for end in (low, high)]
    return f"likely {said[0]} to {said[1]}"


def gap_words(gap: pd.Series) -> str:
    """A difference in percentage points, and whether it is more than chance.

    Parameters
    ----------
    gap : Series
        `difference`, `low`, `high`, `ahead`, as `OffersProof.ahead_of` gives it.

    Returns
    -------
    str

    Examples
    --------
    >>> gap_words(pd.Series({"difference": 14.1, "low": 12.9, "high": 15.3, "ahead": "yes"})).replace("\\xa0", " ")
    '14 percentage points more (likely 12.9 to 15.3)'
    >>> gap_words(pd.Series({"difference": -2.0, "low": -3.0, "high": -1.0, "ahead": "no"})).replace("\\xa0", " ")
    '2 percentage points less (likely 1 to 3)'
    """
    difference, low, high = (float(gap[name]) for name in ("difference", "low", "high"))
    if gap["ahead"] == "no":
        return f"{points(-difference)} less ({range_words(-high, -low)})"
    if gap["ahead"] == "yes":
        return f"{points(difference)} more ({range_words(low, high)})"
    return f"{points(difference)}, which may be chance ({range_words(low, high)})"


def agreeing_deciles(proof: OffersProof) -> int:
    """In how many groups of like probability as many offers were bought as was foretold, within chance.

    Parameters
    ----------
    proof : OffersProof

    Returns
    -------
    int

    Examples
    --------
    >>> agreeing_deciles(little_proof())
    2
    """
    return int(proof.by_decile["agrees"].sum()) if len(proof.by_decile) else 0


def little_proof(*, ahead: str = "yes") -> OffersProof:
    """A proof with all its tables, as the examples show it.

    Parameters
    ----------
    ahead : "yes", "no" or "uncertain"
        How the offers fare against the best sellers.

    Returns
    -------
    OffersProof

    Examples
    --------
    >>> little_proof(ahead="no").beats_popularity
    'no'
    """
    ours, apart = {"yes": (30.0, -2.0), "no": (12.0, 4.0), "uncertain": (20.5, -0.5)}[ahead]
    hits = {
        OFFERS: ours,
        POPULARITY: 20.0,
        OWN_REPEATS: ours + apart,
        ITEM_KNN: 18.0,
    }
    rows, gaps = [], []
    for question, factor in ((ALL_OFFERS, 1.0), (NEW_OFFERS, 0.5)):
        for judged, more in (("everybody", 1.0), ("buyers", 1.25)):
            for side, value in hits.items():
                if question == NEW_OFFERS and side == OWN_REPEATS:
                    continue
                shown = value * factor * more
                figures = {
                    "hit_rate_pct": shown, "precision_pct": shown / 4, "revenue_per_customer": shown / 10,
                    "revenue_share_pct": shown / 5, "novelty_bits": 3.0, "new_share_pct": 20.0,
                }  # fmt: skip
                if judged == "buyers":
                    figures |= {"recall_pct": shown / 3, "ndcg": shown / 100}
                else:
                    rows.append((question, judged, side, "coverage_pct", 7.0, np.nan, np.nan))
                rows += [(question, judged, side, name, x, 0.9 * x, 1.1 * x) for name, x in figures.items()]
                if side != OFFERS:
                    lead = (ours - value) * factor * more
                    said = "yes" if lead > 1 else "no" if lead < -1 else "uncertain"
                    gaps.append((question, judged, side, "hit_rate_pct", lead, lead - 1, lead + 1, said))
    named = ["question", "judged", "side", "measure"]
    deciles = pd.DataFrame(
        {"decile": [1, 2, 3], "offered": [500] * 3, "predicted_pct": [4.0, 9.0, 30.0],
         "accepted_pct": [4.2, 12.0, 31.0], "low": [3.0, 10.0, 28.0], "high": [5.4, 14.0, 34.0],
         "agrees": [True, False, True]}
    )  # fmt: skip
    kinds = pd.DataFrame(
        {"kind": ["repeat-sell", "cross-sell"], "offered": [1000, 500], "predicted_pct": [20.0, 5.0],
         "accepted_pct": [21.0, 5.5], "low": [19.0, 4.0], "high": [23.0, 7.0], "agrees": [True, True],
         "revenue": [900.0, 80.0], "question": ALL_OFFERS}
    )  # fmt: skip
    periods = pd.DataFrame(
        {"cutoff": pd.to_datetime(["2024-04-05", "2024-05-03"]),
         "until": pd.to_datetime(["2024-05-03", "2024-05-31"]), "customers": [290, 300], "buyers": [200, 210],
         "with_offers": [290, 300], "products": [380, 400]}
    )  # fmt: skip
    return OffersProof(
        overall=pd.DataFrame(rows, columns=[*named, "value", "low", "high"]),
        measures=pd.DataFrame(),
        differences=pd.DataFrame(gaps, columns=[*named, "difference", "low", "high", "ahead"]),
        by_decile=deciles, by_kind=kinds, periods=periods, beats_popularity=ahead, beats_popularity_new=ahead,
        holdout_days=28, k=5, says="", currency="EUR",
    )  # fmt: skip
