"""Why a customer's score is what it is: the indicators that lift it above the average, or hold it down."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

AVERAGE = 50.0
"""The mean of every indicator's score over the customers for whom it is known."""

_AT_ONCE = 50_000


def lifts(scorecard: Any, customers: Iterable[Any] | None = None) -> pd.DataFrame:
    """How many points each indicator adds to a customer's total, or takes, against an average customer.

    Parameters
    ----------
    scorecard : Scorecard
    customers : customer ids, optional
        Only these, in this order.

    Returns
    -------
    DataFrame customer_id x indicator
        NaN where it is not known. They add up to the total less 50.

    Examples
    --------
    >>> from crmlib.analyse.scorecard import value_scorecard
    >>> card = value_scorecard(pd.DataFrame({"spend_total": [9.0, 1.0], "recency_days": [3, 90]}))
    >>> lifts(card).round(1).to_dict("list")
    {'spend_total': [15.8, -15.8], 'recency_days': [9.2, -9.2]}
    """
    points = scorecard.contributions if customers is None else scorecard.contributions.loc[list(customers)]
    weight = scorecard.weights["weight"].reindex(points.columns).to_numpy()
    known = scorecard.coverage.reindex(points.index).to_numpy()[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        average = AVERAGE * weight / 100 / known
    return points - np.where(known > 0, average, np.nan)


def score_reasons(scorecard: Any, n: int = 3, *, customers: Iterable[Any] | None = None) -> pd.Series:
    """The main reasons of each customer's score, as names of indicators with "high" or "low".

    Whoever is at 50 or above is told what lifts the score most, whoever is below what holds it down. Of a
    topic (indicators that share one weight) the first stands for all, unless another moves it twice as much.

    Parameters
    ----------
    scorecard : Scorecard
    n : int
        At most so many.
    customers : customer ids, optional
        Only these, in this order.

    Returns
    -------
    Series customer_id -> "high spend_total, low recency_days"
        Empty where nothing is known.

    Examples
    --------
    >>> from crmlib.analyse.scorecard import value_scorecard
    >>> card = value_scorecard(pd.DataFrame({"spend_total": [9.0, 1.0], "recency_days": [3, 90]}))
    >>> score_reasons(card).tolist()
    ['high spend_total, low recency_days', 'low spend_total, high recency_days']
    """
    listed = reason_pairs(scorecard, n=n, customers=customers)
    return listed.map(lambda pairs: ", ".join(f"{way} {name}" for name, way in pairs)).astype("str")


def reason_pairs(scorecard: Any, *, n: int = 3, customers: Iterable[Any] | None = None) -> pd.Series:
    """The main reasons of each customer's score, for whoever wants to put them into words.

    Parameters
    ----------
    scorecard : Scorecard
    n : int
    customers : customer ids, optional

    Returns
    -------
    Series customer_id -> tuple of (indicator, "high" or "low")

    Examples
    --------
    >>> from crmlib.analyse.scorecard import value_scorecard
    >>> card = value_scorecard(pd.DataFrame({"spend_total": [9.0, 1.0], "recency_days": [3, 90]}))
    >>> reason_pairs(card, n=1).tolist()
    [(('spend_total', 'high'),), (('spend_total', 'low'),)]
    """
    index = scorecard.contributions.index if customers is None else pd.Index(list(customers))
    names = list(scorecard.contributions.columns)
    better = scorecard.weights["better"].reindex(names).to_numpy()
    topics = scorecard.weights["topic"].reindex(names)
    members = [np.flatnonzero(topics == topic) for topic in dict.fromkeys(topics)]
    found: list[tuple[tuple[str, str], ...]] = []
    for start in range(0, len(index), _AT_ONCE):
        part = index[start : start + _AT_ONCE]
        moves = lifts(scorecard, part).fillna(0.0).to_numpy()
        down = scorecard.scores["total"].reindex(part).to_numpy() < AVERAGE
        found += _strongest(np.where(down[:, None], -moves, moves), down, names, better, members, n)
    return pd.Series(found, index=index.rename("customer_id"), dtype=object, name="reasons")


def topic_lifts(scorecard: Any) -> pd.DataFrame:
    """How many points each topic lifts the best fifth above an average customer.

    Parameters
    ----------
    scorecard : Scorecard

    Returns
    -------
    DataFrame indexed by topic, the largest first
        `mean`, `low`, `high` (the middle 80 % of the best fifth lie between), in points of the total.

    Examples
    --------
    >>> from crmlib.analyse.scorecard import value_scorecard
    >>> card = value_scorecard(pd.DataFrame({"spend_total": [9.0, 1.0], "recency_days": [3, 90]}))
    >>> topic_lifts(card)["mean"].round(1).to_dict()
    {'spend': 15.8, 'time since the last order': 9.2}
    """
    best = scorecard.best_fifth
    if not len(best):
        return pd.DataFrame(columns=["mean", "low", "high"], dtype="float64")
    moves = lifts(scorecard, best).fillna(0.0).T
    together = moves.groupby(scorecard.weights["topic"].reindex(moves.index).to_numpy(), sort=False).sum().T
    low, high = together.quantile(0.1), together.quantile(0.9)
    table = pd.DataFrame({"mean": together.mean(), "low": low, "high": high}).rename_axis("topic")
    return table.sort_values("mean", ascending=False, kind="stable")


def _strongest(
    moves: np.ndarray,
    down: np.ndarray,
    names: list[str],
    better: np.ndarray,
    members: list[np.ndarray],
    n: int,
) -> list[tuple[tuple[str, str], ...]]:
    if not members:
        return [()] * len(moves)
    together = np.column_stack([moves[:, part].sum(axis=1) for part in members])
    leading = np.column_stack([_leading(moves, part) for part in members])
    order = np.argsort(-together, axis=1, kind="stable")[:, :n]
    found = []
    for row, places in enumerate(order):
        chosen = [leading[row, place] for place in places if together[row, place] > 1e-9]
        found.append(
            tuple((names[i], "high" if (better[i] == "higher") != down[row] else "low") for i in chosen)
        )
    return found


def _leading(moves: np.ndarray, part: np.ndarray) -> np.ndarray:
    """The indicator that stands for its topic: its first, or the strongest where that is twice as strong."""
    strongest = moves[:, part].argmax(axis=1)
    most = moves[np.arange(len(moves)), part[strongest]]
    return np.where(moves[:, part[0]] >= most / 2, part[0], part[strongest])
