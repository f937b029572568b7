"""Intervals: of a share, for one or for many; of means, by drawing again."""

from typing import Any

import numpy as np


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
