"""The value scorecard: what each customer is worth, from all that is known, with every point accounted for."""

from dataclasses import dataclass
from html import escape
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.scorecard_ranks import rank_score, unusable
from crmlib.analyse.scorecard_reasons import lifts, score_reasons
from crmlib.analyse.scorecard_stability import rank_stability, top_border
from crmlib.analyse.scorecard_weights import checked_weights, weights_table, workspace_weights
from crmlib.analyse.segment_table import numeric_table
from crmlib.measure.indicators import ASPECTS, indicator_catalogue
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError

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
        Only what is named counts. None takes the default weights of `crmlib.analyse.scorecard_weights.TOPICS`;
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
    """The scorecard of a workspace: with its own indicators and the weights of its crm.toml.

    Parameters
    ----------
    crm : Crm
    indicators : DataFrame indexed by customer_id
        As `crmlib.compute_indicators(crm)` makes it.
    seed : int

    Returns
    -------
    Scorecard

    Raises
    ------
    ConfigError
        If crm.toml weighs what cannot be weighed.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> figures = pd.DataFrame({"spend_total": [90.0, 40.0]})
    >>> workspace_scorecard(SimpleNamespace(config=None), figures).scores["total"].tolist()
    [75.0, 25.0]
    """
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
