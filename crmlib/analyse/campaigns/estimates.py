"""Differences between two groups: how large, how sure, and how small a one could have been seen."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

LEVEL = 0.95
"""Of all intervals of campaigns."""

POWER = 0.8
"""The smallest effect that could have been seen is the one that is missed one time in five."""

_NORMAL_FROM = 2_000.0
"""Degrees of freedom from which a t distribution is as good as normal."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A difference of two means and what chance may have done to it.

    Attributes
    ----------
    value : float
    low, high : float
        95 %.
    p_value : float
        Two-sided.
    error : float
        Standard error.
    freedom : float
        Degrees of freedom.
    """

    value: float
    low: float
    high: float
    p_value: float
    error: float
    freedom: float

    @classmethod
    def unknown(cls) -> "Difference":
        """Where nothing can be said."""
        return cls(**dict.fromkeys(("value", "low", "high", "p_value", "error", "freedom"), float("nan")))

    @classmethod
    def of(cls, value: float, error: float, freedom: float) -> "Difference":
        """From a value, its standard error and the degrees of freedom, by the t distribution."""
        if error == 0:
            ends = {"low": value, "high": value, "p_value": float(value == 0)}
            return cls(value=value, **ends, error=0.0, freedom=float("inf"))
        edge = float(stats.t.ppf((1 + LEVEL) / 2, freedom))
        return cls(
            value=value,
            low=value - edge * error,
            high=value + edge * error,
            p_value=float(2 * stats.t.sf(abs(value) / error, freedom)),
            error=error,
            freedom=freedom,
        )

    @property
    def smallest(self) -> float:
        """The smallest true difference that such groups show as one four times in five."""
        return smallest_effect(self.error, freedom=self.freedom)


def welch(one: np.ndarray, other: np.ndarray) -> Difference:
    """The difference of two means where the spread of the groups may differ.

    References
    ----------
    Welch, B. L. (1947). The generalization of "Student's" problem when several different population variances
    are involved. Biometrika 34.
    """
    one, other = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    if min(len(one), len(other)) < 2:
        return Difference.unknown()
    parts = np.array([one.var(ddof=1) / len(one), other.var(ddof=1) / len(other)])
    error = float(np.sqrt(parts.sum()))
    value = float(one.mean() - other.mean())
    if error == 0:
        return Difference.of(value, error, float("inf"))
    freedom = float(parts.sum() ** 2 / (parts**2 / np.array([len(one) - 1, len(other) - 1])).sum())
    return Difference.of(value, error, freedom)


def mean_of_pairs(differences: np.ndarray) -> Difference:
    """The mean of differences within pairs.

    References
    ----------
    Abadie, A. & Spiess, J. (2022). Robust post-matching inference. JASA 117: pairs matched without replacement
    are the units that chance draws.
    """
    differences = np.asarray(differences, dtype=float)
    n = len(differences)
    if n < 2:
        return Difference.unknown()
    value, error = float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(n))
    return Difference.of(value, error, float(n - 1))


def adjusted_spend(
    one: np.ndarray, other: np.ndarray, *, one_before: np.ndarray, other_before: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Spend less what spend before the campaign foretells of it: the same difference on average, less chance.

    References
    ----------
    Deng, A., Xu, Y., Kohavi, R. & Walker, T. (2013). Improving the sensitivity of online controlled experiments
    by utilizing pre-experiment data (CUPED). WSDM. The factor is taken within the groups, so that the effect
    itself does not bend it.
    """
    spend, before = (
        np.concatenate(pair).astype(float) for pair in ((one, other), (one_before, other_before))
    )
    if not len(one) or not len(other):
        return np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    group = np.repeat([0, 1], [len(one), len(other)])
    inside = [values - _group_means(values, group)[group] for values in (spend, before)]
    spread = float(inside[1] @ inside[1])
    factor = float(inside[0] @ inside[1]) / spread if spread > 0 else 0.0
    adjusted = spend - factor * (before - before.mean())
    return adjusted[: len(one)], adjusted[len(one) :]


def adjusted_pairs(differences: np.ndarray, *, before: np.ndarray) -> tuple[np.ndarray, Difference]:
    """Differences within pairs less what the pair's difference in spend before foretells of them.

    References
    ----------
    Rubin, D. B. (1979). Using multivariate matched sampling and regression adjustment to control bias in
    observational studies. JASA 74.
    White, H. (1980). A heteroskedasticity-consistent covariance matrix estimator. Econometrica 48.
    """
    differences, before = np.asarray(differences, dtype=float), np.asarray(before, dtype=float)
    n, centred = len(differences), before - (before.mean() if len(before) else 0)
    spread = float(centred @ centred)
    if n < 4 or spread == 0:
        return differences, mean_of_pairs(differences)
    adjusted = differences - float(centred @ differences) / spread * before
    value = float(adjusted.mean())
    weights = 1 / n - before.mean() * centred / spread
    error = float(np.sqrt(((weights * (adjusted - value)) ** 2).sum() * n / (n - 2)))
    return adjusted, Difference.of(value, error, float(n - 2))


def power_of(effect: float, error: float, *, freedom: float, level: float = LEVEL) -> float:
    """The chance that a true difference shows, as one whose interval leaves out 0.

    References
    ----------
    Cohen, J. (1988). Statistical power analysis for the behavioral sciences, chapter 2.
    """
    if not np.isfinite(error) or not np.isfinite(effect):
        return float("nan")
    if error == 0:
        return float(effect != 0)
    shift = abs(effect) / error
    if freedom > _NORMAL_FROM:
        edge = stats.norm.ppf((1 + level) / 2)
        return float(stats.norm.sf(edge - shift) + stats.norm.cdf(-edge - shift))
    edge = stats.t.ppf((1 + level) / 2, freedom)
    above, below = stats.nct.sf(edge, freedom, shift), stats.nct.cdf(-edge, freedom, shift)
    # Far from the middle the distribution is not computed; there it is as good as 1, and 0.
    return float(above if np.isfinite(above) else 1.0) + float(below if np.isfinite(below) else 0.0)


def smallest_effect(error: float, *, freedom: float, power: float = POWER, level: float = LEVEL) -> float:
    """The smallest true difference that shows with a chance of `power`."""
    from scipy.optimize import brentq

    if not np.isfinite(error):
        return float("nan")
    if error == 0:
        return 0.0
    edge = stats.t.ppf((1 + level) / 2, freedom)
    upper = edge + 4 * stats.t.ppf(max(power, 0.6), freedom) + 8
    found = brentq(
        lambda shift: power_of(shift, 1.0, freedom=freedom, level=level) - power, 1e-9, upper, xtol=1e-10
    )
    return float(found * error)


def _group_means(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    return np.bincount(group, weights=values) / np.bincount(group)
