"""Beta-geometric / NBD: customers buy at random at their own rate and may leave after each purchase."""

from typing import ClassVar

import numpy as np
from scipy.special import betaln, digamma, expit, gammaln, hyp2f1

from crmlib.analyse.lifetime_history import Groups
from crmlib.analyse.lifetime_model import TransactionsModel

_TOO_NEAR = 1e-4


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
        counts, weights, of_count = groups.counts, groups.weights, groups.count_weights
        later = b + counts + self._leaves_at_once
        # Only the two times differ within customers of equal count: all else is worked out once a count.
        log_end, log_last = np.log(alpha + groups.T), np.log(alpha + groups.recency)
        power = (r + counts)[groups.position]
        gap = self._log_odds(counts, a, b)[groups.position] + power * (log_end - log_last)
        gone = expit(gap)
        total = of_count @ (
            gammaln(r + counts) - gammaln(r) + r * np.log(alpha) + betaln(a, later) - betaln(a, b)
        ) + weights @ (np.logaddexp(0, gap) - power * log_end)
        gone_of_count = np.bincount(groups.position, weights=weights * gone, minlength=len(counts))
        stays = weights * (1 - gone) / (alpha + groups.T) + weights * gone / (alpha + groups.recency)
        leaving = np.where(gone_of_count > 0, gone_of_count / np.where(later > 1, later - 1, b), 0)
        both = digamma(a + b) - digamma(a + later)
        return float(total), np.array(
            [
                of_count @ (digamma(r + counts) - digamma(r) + np.log(alpha))
                - weights @ log_end
                + (weights * gone) @ (log_end - log_last),
                groups.customers * r / alpha - power @ stays,
                of_count @ both + gone_of_count.sum() / a,
                of_count @ (both + digamma(later) - digamma(b)) - leaving.sum(),
            ]
        )

    def _log_odds(self, x: np.ndarray, a: float, b: float) -> np.ndarray:
        """Of having left at the last purchase against being alive, before time has passed."""
        before = b + x + self._leaves_at_once - 1
        can_leave = (x > 0) | self._leaves_at_once
        return np.where(can_leave, np.log(a) - np.log(np.where(can_leave, before, 1.0)), -np.inf)

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
