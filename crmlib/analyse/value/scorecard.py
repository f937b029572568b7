"""The value scorecard: what each customer is worth, from all that is known, with every point accounted for."""

from dataclasses import dataclass
from html import escape
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from crmlib.analyse.segments.preparation import numeric_table
from crmlib.analyse.value.weights import (
    checked_weights,
    lifts,
    rank_score,
    score_reasons,
    unusable,
    weights_table,
    workspace_weights,
)
from crmlib.measure.indicators import ASPECTS, indicator_catalogue
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError

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

    References
    ----------
    Saisana, M., Saltelli, A. & Tarantola, S. (2005). Uncertainty and sensitivity analysis techniques as tools
    for the quality assessment of composite indicators. Journal of the Royal Statistical Society A 168.
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
    """Every customer's mean score, under several sets of weights; what is not known is left out."""
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
    """The lowest total among the top 20 %, a part of a customer counting as one."""
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


__all__ = ["Scorecard", "lifts", "score_reasons", "value_scorecard", "workspace_scorecard"]

ENOUGH = 0.5
"""From this coverage on, a customer's score is taken for a list of the best."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Scorecard:
    """A score from 0 to 100 for every customer, and what it is made of.

    Parameters
    ----------
    scores : DataFrame customer_id x aspects and `total`
        Weighted means of the rank scores of the indicators that are known: 50 is an average customer. NaN
        where none is known.
    contributions : DataFrame customer_id x indicator
        Points that each indicator brings to `total`; NaN where it is not known. The sum of a row is `total`.
    coverage : Series customer_id -> 0 to 1
        The share of the weight whose indicators are known.
    rank_stability : DataFrame
        `shake_pct`, `kept_share_pct` (of the top 20 %, those that are there again when weights are moved by
        up to so much), `low`, `high`, `rank_correlation`.
    weights : DataFrame indexed by indicator
        `topic`, `aspect`, `better`, `weight` (points; those used come to 100), `used`, `reason`.
    left_out : Series indicator -> why it is not scored

    Examples
    --------
    >>> card = value_scorecard(pd.DataFrame({"spend_total": [90.0, 40.0, 5.0], "recency_days": [2, 9, 300]}))
    >>> card.scores[["transactions", "finance", "total"]].round(1)
       transactions  finance  total
    0          83.3     83.3   83.3
    1          50.0     50.0   50.0
    2          16.7     16.7   16.7
    """

    scores: pd.DataFrame
    contributions: pd.DataFrame
    coverage: pd.Series
    rank_stability: pd.DataFrame
    weights: pd.DataFrame
    left_out: pd.Series

    @property
    def best_fifth(self) -> pd.Index:
        """The top 20 % by total, the best first; whoever is level with the last of them is in it.

        Returns
        -------
        Index of customer_id

        Examples
        --------
        >>> value_scorecard(pd.DataFrame({"spend_total": [9.0, 40.0, 5.0]})).best_fifth.tolist()
        [1]
        """
        totals = self.scores["total"].dropna()
        if totals.empty:
            return totals.index
        border = top_border(totals.to_numpy())
        return totals[totals >= border].sort_values(ascending=False, kind="stable").index

    def _repr_html_(self) -> str:
        used = self.weights[self.weights["used"]]
        rows = "".join(
            f"<tr><th scope='row'>{escape(str(name))}</th><td>{escape(str(row['topic']))}</td>"
            f"<td>{escape(str(row['aspect']))}</td><td>{row['weight']:.1f}</td></tr>"
            for name, row in used.iterrows()
        )
        heads = "".join(f"<th scope='col'>{head}</th>" for head in ("Indicator", "Topic", "Aspect", "Weight"))
        return (
            f"<table><caption>Value score of {len(self.scores):,} customers from {len(used)} indicators; "
            f"{len(self.left_out)} are left out</caption><thead><tr>{heads}</tr></thead>"
            f"<tbody>{rows}</tbody></table>"
        )


def value_scorecard(
    indicators: pd.DataFrame,
    *,
    weights: Any = None,
    catalogue: pd.DataFrame | None = None,
    seed: int = 0,
) -> Scorecard:
    """Score every customer from 0 to 100 by all indicators that have a better end.

    Each indicator becomes a rank score (the percentage of customers that a customer leaves behind, those level
    with it half), turned round where lower is better. A customer's total is the weighted mean of those that
    are known; what is missing lowers `coverage` instead of the score.

    Parameters
    ----------
    indicators : DataFrame indexed by customer_id
        As `crmlib.compute_indicators` makes it. Columns that are no number, the same for everyone, known for
        nobody, or without a better end are not scored; `left_out` says why.
    weights : mapping of indicator -> number, optional
        Only what is named counts. None takes the default weights of `crmlib.analyse.value.weights.TOPICS`;
        `workspace_weights(crm)` has those of crm.toml.
    catalogue : DataFrame, optional
        `name`, `aspect`, `better` of every indicator, as `indicator_catalogue(crm)` gives it for a workspace
        with indicators of its own. The built-in ones by default.
    seed : int
        Of the shaking of weights.

    Returns
    -------
    Scorecard

    Raises
    ------
    ParameterError
        If `indicators` is no DataFrame, a customer or a column comes twice, a weight is negative or no number,
        or names what is not there; it says the nearest.

    References
    ----------
    Nardo, M. et al. (2008). Handbook on Constructing Composite Indicators. OECD.

    Examples
    --------
    >>> figures = pd.DataFrame({"spend_total": [90.0, 40.0, 5.0], "recency_days": [2, None, 300]},
    ...                        index=["ann", "bob", "cy"])
    >>> card = value_scorecard(figures, weights={"spend_total": 3, "recency_days": 1})
    >>> card.scores["total"].round(1).to_dict(), card.coverage.to_dict()
    ({'ann': 81.2, 'bob': 50.0, 'cy': 18.8}, {'ann': 1.0, 'bob': 0.75, 'cy': 1.0})
    """
    table = _checked(indicators, seed)
    catalogue = _catalogue(catalogue)
    own = None if weights is None else checked_weights(weights, catalogue)
    better = catalogue.set_index("name")["better"].to_dict()
    reasons = unusable(
        table,
        [str(name) for name in indicators.columns],
        better=better,
        left_out=indicators.attrs.get("left_out", {}),
    )
    usable = [name for name in better if name not in reasons]
    decided = weights_table(usable, reasons, catalogue=catalogue, weights=own)
    used = decided[decided["used"]]
    scores = _rank_scores(table, used["better"])
    points = used["weight"].to_numpy()
    coverage = _coverage(scores, points)
    stability = rank_stability(scores, points, pd.factorize(used["topic"])[0], seed=int(seed))
    aspects = _aspects(scores, used, catalogue["aspect"])
    with np.errstate(invalid="ignore", divide="ignore"):
        for place, point in enumerate(points):
            scores[:, place] *= point / 100 / coverage
    contributions = pd.DataFrame(scores, index=table.index, columns=used.index.rename(None), copy=False)
    total = contributions.sum(axis=1, min_count=1)
    order = indicators.index
    return Scorecard(
        scores=pd.DataFrame(aspects | {"total": total}, index=table.index).reindex(order),
        contributions=contributions.reindex(order),
        coverage=pd.Series(coverage, index=table.index, name="coverage").reindex(order),
        rank_stability=stability,
        weights=decided,
        left_out=decided.loc[~decided["used"], "reason"].rename(None),
    )


def workspace_scorecard(crm: Crm, indicators: pd.DataFrame, *, seed: int = 0) -> Scorecard:
    """The scorecard of a workspace: with its own indicators and the weights of its crm.toml."""
    return value_scorecard(
        indicators, weights=workspace_weights(crm), catalogue=indicator_catalogue(crm), seed=seed
    )


def _checked(indicators: Any, seed: Any) -> pd.DataFrame:
    if isinstance(seed, bool) or not isinstance(seed, Integral) or not 0 <= seed < 2**31:
        raise ParameterError(f"seed={seed!r}: give a whole number, 0 or more.")
    if not isinstance(indicators, pd.DataFrame):
        raise ParameterError(
            f"value_scorecard needs a DataFrame with a row a customer, not a {type(indicators).__name__}. "
            "Make it with crmlib.compute_indicators."
        )
    return numeric_table(indicators)[0]


def _catalogue(given: pd.DataFrame | None) -> pd.DataFrame:
    catalogue = indicator_catalogue() if given is None else given
    missing = [name for name in ("name", "aspect", "better") if name not in catalogue]
    if missing:
        raise ParameterError(f"catalogue has no column {missing[0]!r}. Take indicator_catalogue(crm).")
    if catalogue["name"].duplicated().any():
        twice = catalogue.loc[catalogue["name"].duplicated(), "name"].iloc[0]
        raise ParameterError(f"catalogue has {twice!r} twice. Take indicator_catalogue(crm).")
    return catalogue


def _rank_scores(table: pd.DataFrame, better: pd.Series) -> np.ndarray:
    scores = np.empty((len(table), len(better)), order="F")
    for place, (name, way) in enumerate(better.items()):
        scores[:, place] = rank_score(table[name], better=way)
    return scores


def _coverage(scores: np.ndarray, points: np.ndarray) -> np.ndarray:
    known = np.zeros(len(scores))
    for column, point in zip(scores.T, points, strict=True):
        known += np.where(np.isfinite(column), point / 100, 0.0)
    return np.minimum(known.round(12), 1.0)


def _aspects(scores: np.ndarray, used: pd.DataFrame, named: pd.Series) -> dict[str, np.ndarray]:
    found = {}
    for aspect in dict.fromkeys([*ASPECTS, *named]):
        places = np.flatnonzero(used["aspect"] == aspect)
        points, known = np.zeros(len(scores)), np.zeros(len(scores))
        for place in places:
            weight, column = used["weight"].iloc[place], scores[:, place]
            points += np.where(np.isfinite(column), column * weight, 0.0)
            known += np.where(np.isfinite(column), weight, 0.0)
        found[aspect] = np.divide(points, known, out=np.full(len(scores), np.nan), where=known > 0)
    return found
