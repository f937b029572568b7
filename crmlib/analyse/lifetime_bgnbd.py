"""Beta-geometric / NBD: customers buy at random at their own rate and may leave after each purchase."""

from typing import ClassVar

import numpy as np
from scipy.special import betaln, digamma, expit, gammaln, hyp2f1, polygamma

from crmlib.analyse.lifetime_fit import Curvature
from crmlib.analyse.lifetime_history import Groups
from crmlib.analyse.lifetime_model import TransactionsModel

_TOO_NEAR = 1e-4
_ROWS = 8_192
"""Rows worked on at a time: so many stay in the fast memory beside the processor."""


class BetaGeoModel(TransactionsModel):
    """BG/NBD: a customer may leave after each repeat purchase, not before the first one.

    While alive a customer buys at random at a rate that differs between customers as a gamma distribution
    (shape `r`, rate `alpha`, in units of time). After each repeat purchase the customer leaves with a
    probability that differs as a beta distribution (`a`, `b`).

    Attributes
    ----------
    params_ : Series with r, alpha, a, b
    standard_errors_ : Series
    log_likelihood_ : float
    converged_ : bool
    unit_ : str or None

    Notes
    -----
    The likelihood is equation 6, the expected purchases of a new customer equation 9, those of one with a
    history equation 10 of the paper, the latter after Euler's transformation of the hypergeometric function,
    which keeps every number small however often a customer has bought. Customers who buy like clockwork are
    what the model gets wrong: it thinks them alive for too long.

    References
    ----------
    Fader, P. S., Hardie, B. G. S. & Lee, K. L. (2005). "Counting your customers" the easy way: an alternative
    to the Pareto/NBD model. Marketing Science 24(2), 275-284.

    Examples
    --------
    The parameters of the paper for the music shop CDNOW, in weeks. A new customer buys again 1.04 times in
    32 weeks; one who did so twice, the last time in week 30 of 39, 1.2 times in the next 39:

    >>> import pandas as pd
    >>> model = BetaGeoModel.with_params(r=0.2426, alpha=4.4136, a=0.7929, b=2.4259)
    >>> model
    BetaGeoModel(r=0.2426, alpha=4.414, a=0.7929, b=2.426)
    >>> round(model.expected_purchases_new(32), 2)
    1.04
    >>> history = pd.DataFrame({"frequency": [2], "recency": [30.43], "T": [38.86]}, index=["ann"])
    >>> model.expected_purchases(history, 39).round(2).to_dict()
    {'ann': 1.23}
    >>> model.probability_alive(history).round(2).to_dict()
    {'ann': 0.73}
    """

    names: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b")
    _times: ClassVar[tuple[str, ...]] = ("alpha",)
    _leaves_at_once: ClassVar[bool] = False

    def _starts(self, purchases: float) -> list[list[float]]:
        begin = [(0.25, 0.8, 2.5), (1.0, 0.5, 1.5), (0.5, 0.1, 1.0), (2.0, 2.0, 8.0)]
        return [np.log([r, r / purchases, a, b]).tolist() for r, a, b in begin]

    def _log_likelihood(
        self, groups: Groups, r: float, alpha: float, a: float, b: float
    ) -> tuple[float, np.ndarray]:
        total, gradient, _ = self._derivatives(groups, r, alpha, a, b)
        return total, gradient

    def _curvature(self, groups: Groups) -> Curvature:
        def curvature(logs: np.ndarray) -> np.ndarray:
            values = np.exp(logs)
            _, gradient, bend = self._derivatives(groups, *values, twice=True)
            return -(bend * np.outer(values, values) + np.diag(gradient * values)) / groups.customers

        return curvature

    def _derivatives(
        self, groups: Groups, r: float, alpha: float, a: float, b: float, *, twice: bool = False
    ) -> tuple[float, np.ndarray, np.ndarray]:
        """The log-likelihood, its gradient and, where asked for, its second derivatives."""
        counts, position = groups.counts, groups.position
        power, odds, left = r + counts, self._log_odds(counts, a, b), b + self._chances(counts)
        total, gradient = self._by_counts(groups, r, alpha, a, b)
        bend = self._bend_by_counts(groups, r, alpha, a, b) if twice else np.zeros((4, 4))
        for rows in _few_at_a_time(int(np.searchsorted(position, (odds > -np.inf).argmax())), len(position)):
            at = position[rows]
            sums = _sums(groups, rows, power[at], odds[at], left[at], alpha=alpha, a=a, twice=twice)
            total, gradient, bend = total + sums[0], gradient + sums[1], bend + sums[2]
        return total, gradient, bend

    def _by_counts(
        self, groups: Groups, r: float, alpha: float, a: float, b: float
    ) -> tuple[float, np.ndarray]:
        """The part in which customers of equal count do not differ, and its gradient."""
        counts, of_count, n = groups.counts, groups.count_weights, groups.customers
        later = b + counts + self._leaves_at_once
        total = of_count @ (gammaln(r + counts) - gammaln(r) + betaln(a, later) - betaln(a, b))
        either = of_count @ (digamma(a + b) - digamma(a + later))
        by_r = of_count @ (digamma(r + counts) - digamma(r)) + n * np.log(alpha)
        by_b = either + of_count @ (digamma(later) - digamma(b))
        return float(total + n * r * np.log(alpha)), np.array([by_r, n * r / alpha, either, by_b])

    def _bend_by_counts(self, groups: Groups, r: float, alpha: float, a: float, b: float) -> np.ndarray:
        """Second derivatives of the same part."""
        counts, of_count, n = groups.counts, groups.count_weights, groups.customers
        later = b + counts + self._leaves_at_once
        bend = np.zeros((4, 4))
        bend[0, 0] = of_count @ (polygamma(1, r + counts) - polygamma(1, r))
        bend[0, 1] = bend[1, 0] = n / alpha
        bend[1, 1] = -n * r / alpha**2
        bend[2:, 2:] = of_count @ (polygamma(1, a + b) - polygamma(1, a + later))
        bend[3, 3] += of_count @ (polygamma(1, later) - polygamma(1, b))
        return bend

    def _log_odds(self, x: np.ndarray, a: float, b: float) -> np.ndarray:
        """Of having left at the last purchase against being alive, before time has passed."""
        stayed = self._chances(x)
        return np.where(stayed >= 0, np.log(a) - np.log(b + np.maximum(stayed, 0)), -np.inf)

    def _chances(self, x: np.ndarray) -> np.ndarray:
        """How often one could have left before the last purchase and did not; below 0 where there was no chance."""
        return x + self._leaves_at_once - 1

    def _alive(
        self, x: np.ndarray, recency: np.ndarray, age: np.ndarray,
        r: float, alpha: float, a: float, b: float,
    ) -> np.ndarray:  # fmt: skip
        odds = self._log_odds(x, a, b) + (r + x) * (np.log(alpha + age) - np.log(alpha + recency))
        return expit(-odds)

    def _while_alive(
        self, x: np.ndarray, age: np.ndarray, t: np.ndarray,
        r: float, alpha: float, a: float, b: float,
    ) -> np.ndarray:  # fmt: skip
        # The formula divides by a - 1, where it has a limit: there the mean of both sides is taken.
        if abs(a - 1) < _TOO_NEAR / 2:
            return (
                self._while_alive(x, age, t, r, alpha, a - _TOO_NEAR, b)
                + self._while_alive(x, age, t, r, alpha, a + _TOO_NEAR, b)
            ) / 2
        total = a + b + x + self._leaves_at_once - 1
        total = np.where(np.abs(total) < 1e-9, 1e-9, total)
        start, end = alpha + age, alpha + age + t
        series = hyp2f1(total - r - x, a - 1, total, t / end)
        return total / (a - 1) * (1 - (start / end) ** (a - 1) * series)


class ModifiedBetaGeoModel(BetaGeoModel):
    """MBG/NBD: as BG/NBD, but a customer may leave after the very first purchase too.

    So a customer without a repeat purchase may have left, which BG/NBD excludes.

    Attributes
    ----------
    params_ : Series with r, alpha, a, b
    standard_errors_ : Series
    log_likelihood_ : float
    converged_ : bool
    unit_ : str or None

    References
    ----------
    Batislam, E. P., Denizel, M. & Filiztekin, A. (2007). Empirical validation and comparison of models for
    customer base analysis. International Journal of Research in Marketing 24(3), 201-209.

    Examples
    --------
    >>> import pandas as pd
    >>> model = ModifiedBetaGeoModel.with_params(r=0.525, alpha=6.183, a=0.891, b=1.614)
    >>> history = pd.DataFrame({"frequency": [0, 2], "recency": [0, 30.43], "T": 38.86}, index=["bob", "ann"])
    >>> model.probability_alive(history).round(2).to_dict()
    {'bob': 0.39, 'ann': 0.71}
    """

    _leaves_at_once: ClassVar[bool] = True


def _few_at_a_time(split: int, end: int) -> list[slice]:
    """Slices of rows, none of them on both sides of `split`."""
    parts = ((0, split), (split, end))
    return [slice(at, min(at + _ROWS, last)) for first, last in parts for at in range(first, last, _ROWS)]


def _sums(
    groups: Groups,
    rows: slice,
    power: np.ndarray,
    odds: np.ndarray,
    left: np.ndarray,
    *,
    alpha: float,
    a: float,
    twice: bool,
) -> tuple[float, np.ndarray, np.ndarray]:
    """The part of the likelihood and its derivatives in which the two times stand, summed over some rows."""
    weights, end = groups.weights[rows], alpha + groups.T[rows]
    log_end, rate = np.log(end), 1 / end
    weighted = weights * power
    total, bend = -(weighted @ log_end), np.zeros((4, 4))
    gradient = np.array([-(weights @ log_end), -(weighted @ rate), 0.0, 0.0])
    if twice:
        bend[0, 1] = bend[1, 0] = -(weights @ rate)
        bend[1, 1] = weighted @ rate**2
    if odds[0] == -np.inf:  # none of these customers can have left
        return float(total), gradient, bend
    last_rate = 1 / (alpha + groups.recency[rows])
    span = np.log(end * last_rate)
    gap = odds + power * span
    # Odds of gone to alive, the larger of the two set to 1.
    above = np.maximum(gap, 0)
    gone_share, alive_share = np.exp(np.minimum(gap, 0)), np.exp(-above)
    gone = gone_share / (gone_share + alive_share)
    of_gone = weights * gone
    # The log-odds of being gone by r, alpha, a and b.
    slopes = np.stack([span, power * (rate - last_rate), np.full(len(gap), 1 / a), -1 / left])
    total += weights @ (above + np.log(gone_share + alive_share))
    gradient += slopes @ of_gone
    if twice:
        bend += (slopes * (of_gone * (1 - gone))) @ slopes.T
        bend[[0, 1], [1, 0]] += of_gone @ (rate - last_rate)
        bend[1, 1] -= (of_gone * power) @ (rate**2 - last_rate**2)
        bend[2, 2] -= of_gone.sum() / a**2
        bend[3, 3] += of_gone @ left**-2.0
    return float(total), gradient, bend
