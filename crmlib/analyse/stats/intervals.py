"""Intervals: of a share, for one or for many; of means, by drawing again."""

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import betainc, betaln


def share_interval(hits: Any, n: Any, *, level: float = 0.95) -> tuple[Any, Any]:
    """The interval of a share by Wilson's score.

    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. Journal of the
    American Statistical Association 22.
    """
    from statsmodels.stats.proportion import proportion_confint

    hits, n = np.asarray(hits, dtype=float), np.asarray(n, dtype=float)
    low, high = proportion_confint(hits, np.where(n > 0, n, np.nan), alpha=1 - level, method="wilson")
    # Rounding leaves a trace above 0 or below 1 where nothing or everything hit.
    low, high = np.where(hits == 0, 0 * low, low), np.where(hits == n, 1 + 0 * high, high)
    return (low, high) if low.ndim else (float(low), float(high))


def exact_interval(hits: Any, n: Any, *, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """The interval of a share that never holds it too seldom.

    Clopper, C. & Pearson, E. S. (1934). The use of confidence or fiducial limits. Biometrika 26.
    """
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(np.asarray(hits, float), n, alpha=1 - level, method="beta")
    return np.nan_to_num(low, nan=0.0), np.nan_to_num(high, nan=1.0)


DRAWN_BELOW = 5_000
"""Fewer customers than this are drawn again one by one; of more, the means are as good as normal."""

DRAWS = 1_000

_CELLS = 1_000_000


def resampled_means(values: np.ndarray, *, seed: int, draws: int = DRAWS) -> np.ndarray:
    """Means of several figures of each customer, when customers are drawn again with replacement.

    Efron, B. & Tibshirani, R. (1993). An introduction to the bootstrap.
    """
    values = np.asarray(values, dtype=float)
    n, figures = values.shape
    rng = np.random.default_rng(seed)
    if n == 0:
        return np.full((draws, figures), np.nan)
    if n < DRAWN_BELOW:
        at_once = max(1, _CELLS // (n * figures))
        rows = [min(at_once, draws - begin) for begin in range(0, draws, at_once)]
        return np.concatenate([values[rng.integers(0, n, (size, n))].mean(axis=1) for size in rows])
    centred = values - values.mean(axis=0)
    spread = np.einsum("ij,ik->jk", centred, centred) / n / n
    return rng.multivariate_normal(values.mean(axis=0), spread, size=draws, method="eigh")


def interval(drawn: np.ndarray, *, level: float = 0.95) -> tuple[float, float]:
    """The middle part of what was drawn, as its two ends."""
    known = np.asarray(drawn, dtype=float)
    known = known[np.isfinite(known)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def interval_of_mean(values: np.ndarray, *, seed: int) -> tuple[float, float]:
    """The 95 % interval of the mean of one figure of each customer."""
    return interval(resampled_means(np.asarray(values, dtype=float)[:, None], seed=seed)[:, 0])


_SURE = 1e5
"""As many deals of like groups as a prior ever counts for."""
_GRID = np.geomspace(1.0, _SURE, 48)


def fit_beta_binomial(won: np.ndarray, leads: np.ndarray) -> tuple[float, float]:
    """The beta distribution from which the groups' win rates most likely come.

    Efron, B. & Morris, C. (1975). Data analysis using Stein's estimator and its generalizations. Journal of the
    American Statistical Association 70.
    Griffiths, D. A. (1973). Maximum likelihood estimation for the beta-binomial distribution. Biometrics 29.
    """
    from scipy.optimize import minimize_scalar

    won, leads = np.asarray(won, dtype=float), np.asarray(leads, dtype=float)
    pooled = float(np.clip(won.sum() / max(leads.sum(), 1), 1e-6, 1 - 1e-6))
    if len(won) < 2:
        return pooled * _SURE, (1 - pooled) * _SURE

    def mean_at(size: float) -> tuple[float, float]:
        best = minimize_scalar(
            lambda odds: -_likelihood(won, leads, 1 / (1 + np.exp(-odds)), size),
            bounds=(np.log(pooled / (1 - pooled)) - 4, np.log(pooled / (1 - pooled)) + 4),
            method="bounded",
            options={"xatol": 1e-5},
        )
        return float(1 / (1 + np.exp(-best.x))), float(-best.fun)

    best = minimize_scalar(
        lambda log_size: -mean_at(np.exp(log_size))[1],
        bounds=(np.log(0.5), np.log(_SURE)),
        method="bounded",
        options={"xatol": 1e-4},
    )
    size = float(np.exp(best.x))
    mean, found = mean_at(size)
    # Where groups are alike the likelihood rises to the edge, which a bounded search only comes near.
    edge_mean, edge = mean_at(_SURE)
    if edge >= found - 1e-3:
        size, mean = _SURE, edge_mean
    return mean * size, (1 - mean) * size


def shrunk_rates(won: np.ndarray, leads: np.ndarray, *, level: float = 0.95) -> pd.DataFrame:
    """Each group's win rate, drawn to that of all groups, with an interval.

    The rate is the mean of the beta distribution that the group's own deals make of the fitted one (empirical
    Bayes). For the interval it is not taken as known how far groups differ: intervals for every extent are put
    together by how likely the data make each.

    Morris, C. N. (1983). Parametric empirical Bayes inference: theory and applications. Journal of the American
    Statistical Association 78.
    Deely, J. J. & Lindley, D. V. (1981). Bayes empirical Bayes. Journal of the American Statistical Association
    76.
    """
    won, leads = np.asarray(won, dtype=float), np.asarray(leads, dtype=float)
    alpha, beta = fit_beta_binomial(won, leads)
    rate = (won + alpha) / (leads + alpha + beta)
    mean = alpha / (alpha + beta)
    fit = np.array([_likelihood(won, leads, mean, size) for size in _GRID])
    weight = np.exp(fit - fit.max()) * _GRID / (1 + _GRID) ** 2
    weight /= weight.sum()
    if len(won) < 2:
        weight = np.r_[1.0, np.zeros(len(_GRID) - 1)]
    low, high = (
        _quantile(won, leads, mean, weight, (1 - level) / 2),
        _quantile(won, leads, mean, weight, (1 + level) / 2),
    )
    return pd.DataFrame({"rate": rate, "low": np.minimum(low, rate), "high": np.maximum(high, rate)})


def _likelihood(won: np.ndarray, leads: np.ndarray, mean: float, size: float) -> float:
    a, b = mean * size, (1 - mean) * size
    return float((betaln(won + a, leads - won + b) - betaln(a, b)).sum())


def _quantile(
    won: np.ndarray, leads: np.ndarray, mean: float, weight: np.ndarray, level: float
) -> np.ndarray:
    a = won[:, None] + mean * _GRID
    b = (leads - won)[:, None] + (1 - mean) * _GRID
    low, high = np.zeros(len(won)), np.ones(len(won))
    for _ in range(36):
        middle = (low + high) / 2
        below = (betainc(a, b, middle[:, None]) * weight).sum(axis=1) < level
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return (low + high) / 2
