"""What becomes of the best customers when the weights are shaken."""

import numpy as np
import pandas as pd
from scipy.stats import rankdata

SHAKES = (10, 25, 50)
"""Percent by which every weight is moved at most, up or down."""

SHAKE_DRAWS = 200
MOST_CUSTOMERS = 10_000
"""Of more customers than this, evenly chosen ones along their score stand for all."""

TOP_SHARE = 0.2
_COLUMNS = ("shake_pct", "kept_share_pct", "low", "high", "rank_correlation")


def rank_stability(
    scores: np.ndarray, weights: np.ndarray, decisions: np.ndarray, *, seed: int, draws: int = SHAKE_DRAWS
) -> pd.DataFrame:
    """How many of the top 20 % stay there when every weight is moved by up to 10, 25 or 50 percent.

    Parameters
    ----------
    scores : array (customers, indicators)
        0 to 100; NaN where not known.
    weights : array (indicators,)
    decisions : array (indicators,) of whole numbers
        Indicators with the same number share one weight, and are moved together.
    seed : int
    draws : int
        Times that weights are drawn, at each strength: each is multiplied by a number that is uniform between
        1 less and 1 plus the shake.

    Returns
    -------
    DataFrame, one row a strength (none without a customer)
        `shake_pct`, `kept_share_pct` (mean over the draws), `low`, `high` (its 2.5th and 97.5th percentile),
        `rank_correlation` (Spearman's, of shaken and unshaken totals, mean over the draws; NaN for fewer than
        two different totals).

    References
    ----------
    Saisana, M., Saltelli, A. & Tarantola, S. (2005). Uncertainty and sensitivity analysis techniques as tools
    for the quality assessment of composite indicators. Journal of the Royal Statistical Society A 168.

    Examples
    --------
    >>> scores = np.array([[90.0, 80.0], [50.0, 50.0], [10.0, 20.0]])
    >>> rank_stability(scores, np.array([1.0, 1.0]), np.array([0, 1]), seed=0)["kept_share_pct"].tolist()
    [100.0, 100.0, 100.0]
    """
    scores = scores[np.isfinite(scores).any(axis=1)] if scores.size else scores
    if not scores.size:
        return pd.DataFrame({name: pd.Series(dtype="float64") for name in _COLUMNS})
    totals = weighted_means(scores, weights[:, None])[:, 0]
    chosen = np.argsort(totals, kind="stable")[_evenly(len(totals))]
    scores, totals = scores[chosen], totals[chosen]
    random = np.random.default_rng(seed)
    rows = []
    for shake in SHAKES:
        factors = 1 + shake / 100 * random.uniform(-1, 1, (int(decisions.max()) + 1, draws))
        shaken = weighted_means(scores, weights[:, None] * factors[decisions])
        kept = 100 * _still_on_top(totals, shaken)
        low, high = np.percentile(kept, [2.5, 97.5])
        rows.append((float(shake), float(kept.mean()), float(low), float(high), _spearman(totals, shaken)))
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def weighted_means(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Every customer's mean score, under several sets of weights; what is not known is left out.

    Parameters
    ----------
    scores : array (customers, indicators)
    weights : array (indicators, sets)

    Returns
    -------
    array (customers, sets)

    Examples
    --------
    >>> scores = np.array([[90.0, 30.0], [np.nan, 40.0]])
    >>> weighted_means(scores, np.array([[1.0, 2.0], [1.0, 1.0]])).tolist()
    [[60.0, 70.0], [40.0, 40.0]]
    """
    points = np.zeros((len(scores), weights.shape[1]))
    known = np.zeros_like(points)
    # One indicator after the other: the same sums on every machine, whatever its threads.
    for column, weight in zip(scores.T, weights, strict=True):
        there = np.isfinite(column)
        points += np.where(there, column, 0.0)[:, None] * weight
        known += there[:, None] * weight
    with np.errstate(invalid="ignore", divide="ignore"):
        return points / known


def top_border(totals: np.ndarray) -> np.ndarray:
    """The lowest total among the top 20 %, a part of a customer counting as one.

    Parameters
    ----------
    totals : array (customers,) or (customers, sets)
        At least one customer.

    Returns
    -------
    float, or array (sets,)

    Examples
    --------
    >>> float(top_border(np.array([1.0, 5.0, 3.0, 4.0, 2.0, 6.0])))
    5.0
    """
    place = len(totals) - int(np.ceil(TOP_SHARE * len(totals)))
    return np.partition(totals, place, axis=0)[place]


def _evenly(customers: int) -> np.ndarray:
    return np.linspace(0, customers - 1, min(customers, MOST_CUSTOMERS)).round().astype("int64")


def _still_on_top(totals: np.ndarray, shaken: np.ndarray) -> np.ndarray:
    """Share of the top customers that are among the top again; whoever is level with the last is one too."""
    top = totals >= top_border(totals)
    borders = top_border(shaken)
    return (shaken[top] >= borders - 1e-9).mean(axis=0)


def _spearman(totals: np.ndarray, shaken: np.ndarray) -> float:
    base = rankdata(totals)
    base -= base.mean()
    found = []
    for column in shaken.T:
        ranks = rankdata(column)
        ranks -= ranks.mean()
        size = np.sqrt((base**2).sum() * (ranks**2).sum())
        found.append((base * ranks).sum() / size if size > 0 else np.nan)
    return float(np.mean(found))
