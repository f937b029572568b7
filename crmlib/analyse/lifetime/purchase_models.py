"""Models of when customers buy and until when: beta-geometric and Pareto / NBD, and sBG for renewals."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import pandas as pd
from scipy.special import betaln, digamma, expit, gammaln, hyp2f1, polygamma

from crmlib.analyse.lifetime.history import Groups
from crmlib.analyse.lifetime.model import Curvature, FitError, LifetimeModel, TransactionsModel
from crmlib.schema.errors import ParameterError, SchemaError

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
    standard_errors_, log_likelihood_, converged_, unit_
        Of the fit, as with every model.

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
    standard_errors_, log_likelihood_, converged_, unit_
        Of the fit, as with every model.

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


@dataclass(frozen=True, kw_only=True)
class _Renewals:
    """Of one cohort: how many were lost at each renewal, its number, how many are left at the last."""

    lost: np.ndarray
    periods: np.ndarray
    last: float

    @property
    def customers(self) -> float:
        return float(self.lost.sum() + self.last)


class ShiftedBetaGeoModel(LifetimeModel):
    """sBG: at each renewal a customer leaves with a probability of their own.

    The probability differs between customers as a beta distribution (`alpha`, `beta`), so that those who are
    likely to leave do so first, and the retention rate of those who stay rises, though nobody changes.

    Attributes
    ----------
    params_ : Series with alpha, beta
    standard_errors_, log_likelihood_, converged_, unit_
        Of the fit, as with every model.

    References
    ----------
    Fader, P. S. & Hardie, B. G. S. (2007). How to project customer retention. Journal of Interactive
    Marketing 21(1), 76-90.
    Fader, P. S. & Hardie, B. G. S. (2010). Customer-base valuation in a contractual setting: the perils of
    ignoring heterogeneity. Marketing Science 29(1), 85-93.

    Examples
    --------
    The high-end segment of the paper of 2007, seven renewals of a thousand customers:

    >>> model = ShiftedBetaGeoModel().fit([1000, 869, 743, 653, 593, 551, 517, 491])
    >>> model.params_.round(3).to_dict(), round(model.log_likelihood_, 2)
    ({'alpha': 0.668, 'beta': 3.806}, -1611.16)
    """

    names: ClassVar[tuple[str, ...]] = ("alpha", "beta")

    def fit(self, surviving: Sequence[float]) -> Self:
        """Fit by maximum likelihood to the customers of one cohort who are still there.

        Parameters
        ----------
        surviving : counts of customers
            At the beginning, then after each renewal: never rising.

        Raises
        ------
        SchemaError
            If a count cannot be.
        FitError
            If fewer than two renewals were seen, or the likelihood has no summit that the data determine.

        Examples
        --------
        >>> ShiftedBetaGeoModel().fit([1000, 631, 468, 382, 326, 289, 262, 241]).params_.round(3).to_dict()
        {'alpha': 0.704, 'beta': 1.182}
        """
        counts = _checked(surviving)
        lost, periods = -np.diff(counts), np.arange(1.0, len(counts))
        starts = np.log([[1.0, 1.0], [0.5, 4.0], [5.0, 5.0], [2.0, 20.0]]).tolist()
        summit = self._climb(_Renewals(lost=lost, periods=periods, last=counts[-1]), starts=starts)
        return self._keep(summit, scales=[1.0, 1.0], jacobian=0.0, history=pd.DataFrame())

    def _log_likelihood(self, of: _Renewals, alpha: float, beta: float) -> tuple[float, np.ndarray]:
        lost, periods, last, end, customers = of.lost, of.periods, of.last, of.periods[-1], of.customers
        total = lost @ betaln(alpha + 1, beta + periods - 1) + last * betaln(alpha, beta + end)
        total -= customers * betaln(alpha, beta)
        both = lost @ digamma(alpha + beta + periods) + last * digamma(alpha + beta + end)
        both -= customers * digamma(alpha + beta)
        by_alpha = lost.sum() * digamma(alpha + 1) + last * digamma(alpha) - customers * digamma(alpha) - both
        by_beta = lost @ digamma(beta + periods - 1) + last * digamma(beta + end)
        by_beta -= customers * digamma(beta) + both
        return total, np.array([by_alpha, by_beta])

    def survival(self, periods: object) -> np.ndarray | float:
        """Share of the customers who are still there after so many renewals, 0 to 1.

        Parameters
        ----------
        periods : whole number or array, 0 or more

        Examples
        --------
        >>> model = ShiftedBetaGeoModel.with_params(alpha=0.668, beta=3.806)
        >>> model.survival([0, 1, 12]).round(3)
        array([1.   , 0.851, 0.378])
        """
        alpha, beta = self._values()
        times = _periods(periods)
        share = np.exp(betaln(alpha, beta + times) - betaln(alpha, beta))
        return share if times.ndim else float(share)

    def retention_rate(self, period: object) -> np.ndarray | float:
        """Share of those there before a renewal who are there after it, 0 to 1.

        Parameters
        ----------
        period : whole number or array, 1 or more
            Which renewal.

        Examples
        --------
        >>> model = ShiftedBetaGeoModel.with_params(alpha=0.668, beta=3.806)
        >>> model.retention_rate([1, 7]).round(3)
        array([0.851, 0.936])
        """
        alpha, beta = self._values()
        times = _periods(period)
        if (times < 1).any():
            raise ParameterError("there is no renewal 0: give 1 for the first.")
        rate = (beta + times - 1) / (alpha + beta + times - 1)
        return rate if times.ndim else float(rate)

    def residual_lifetime(self, renewals: object = 0, *, discount_rate: float) -> np.ndarray | float:
        """Expected periods to come of a customer who is about to renew, each worth less the later it is.

        The period that begins with the renewal ahead counts in full where it is renewed, the next one
        1 / (1 + discount_rate), and so on without end.

        Parameters
        ----------
        renewals : whole number or array, 0 or more
            How often the customer has renewed so far.
        discount_rate : number, 0 or more
            A period. Without discount the sum is finite only where alpha is above 1; else it is infinite.

        Returns
        -------
        float or array of the shape of `renewals`

        Examples
        --------
        A customer who has stayed long is worth more than one who has just come:

        >>> model = ShiftedBetaGeoModel.with_params(alpha=0.668, beta=3.806)
        >>> model.residual_lifetime([0, 4], discount_rate=0.1).round(2)
        array([5.41, 6.9 ])
        """
        alpha, beta = self._values()
        if not (np.isfinite(discount_rate) and discount_rate >= 0):
            raise ParameterError(
                f"discount_rate is {discount_rate!r}: give a rate a period, such as 0.1 for 10 %."
            )
        n = _periods(renewals) + 1
        if discount_rate == 0:
            found = np.where(alpha > 1, (beta + n - 1) / (alpha - 1 if alpha > 1 else 1.0), np.inf)
        else:
            ahead = hyp2f1(1.0, beta + n, alpha + beta + n, 1 / (1 + discount_rate))
            found = (beta + n - 1) / (alpha + beta + n - 1) * ahead
        return found if n.ndim else float(found)


def _checked(surviving: Sequence[float]) -> np.ndarray:
    counts = np.asarray(surviving, dtype=float)
    if counts.ndim != 1 or not np.isfinite(counts).all() or (counts < 0).any():
        raise SchemaError("surviving must be one row of counts, 0 or more, none missing.")
    if (np.diff(counts) > 0).any():
        at = int(np.flatnonzero(np.diff(counts) > 0)[0]) + 1
        raise SchemaError(
            f"surviving rises at renewal {at}, from {counts[at - 1]:g} to {counts[at]:g}: "
            "count one cohort, without those who came later."
        )
    if len(counts) < 3 or counts[0] == 0:
        raise FitError(
            "ShiftedBetaGeoModel: fewer than two renewals were seen, so nothing can be said about how "
            "customers differ. Give the count at the beginning and after at least two renewals."
        )
    return counts


def _periods(periods: object) -> np.ndarray:
    times = np.asarray(periods, dtype=float)
    if not (np.isfinite(times) & (times >= 0) & (times == np.floor(times))).all():
        raise ParameterError("renewals are counted: give whole numbers, 0 or more.")
    return times


_CHUNK = 65_536
_DEEPEST = 40.0
"""Fall of the logarithm after which the rest of the integral is beyond double precision."""
_RULES = ((1.0, 0.6, 6), (4.0, 1.6, 10), (12.0, 3.0, 16), (np.inf, 6.0, 32), (np.inf, np.inf, 96))
"""Quadrature rules: for falls and lengths of the path up to these, so many nodes."""
_RULE_OF = {nodes: np.polynomial.legendre.leggauss(nodes) for _, _, nodes in _RULES}


@dataclass(frozen=True, kw_only=True, eq=False)
class DeathIntegral:
    """The integral over the moment of death, and means under its integrand.

    `log_value`: Logarithm of the integral; -inf where its path has no length.
    `log_alpha`, `inverse_alpha`: Mean of log(alpha + t) and of 1 / (alpha + t).
    `log_beta`, `inverse_beta`: Mean of log(beta + t) and of 1 / (beta + t).
    """

    log_value: np.ndarray
    log_alpha: np.ndarray
    inverse_alpha: np.ndarray
    log_beta: np.ndarray
    inverse_beta: np.ndarray


def death_integral(
    power: np.ndarray, recency: np.ndarray, age: np.ndarray, *, alpha: float, beta: float, s: float
) -> DeathIntegral:
    """Integral of (alpha + t)^-power (beta + t)^-(s + 1) over t from `recency` to `age`.

    It is the difference of two hypergeometric functions in Fader & Hardie's note, which loses its digits
    where alpha is near beta or `power` is large, and whose derivatives are in no library. In
    v = log(min(alpha, beta) + t) the logarithm of the integrand is smooth and concave, so that few nodes
    give all digits; the path is cut where the integrand has fallen below exp(-40).

    Schmittlein, D. C., Morrison, D. G. & Colombo, R. (1987). Counting your customers: who are they and what
    will they do next? Management Science 33(1), 1-24.
    Fader, P. S. & Hardie, B. G. S. (2005). A note on deriving the Pareto/NBD model and related expressions.
    """
    low, high = np.log(min(alpha, beta) + recency), np.log(min(alpha, beta) + age)
    shape = _Shape(alpha=alpha, beta=beta, s=s)
    fall = shape.log_integrand(low, power)[0] - shape.log_integrand(high, power)[0]
    deep = fall > _DEEPEST
    if deep.any():
        high = high.copy()
        high[deep] = _cut(shape, power[deep], low[deep], high[deep])
    found = np.empty((5, len(power)))
    left = np.ones(len(power), dtype=bool)
    for most_fall, most_length, nodes in _RULES:
        chosen = np.flatnonzero(
            left & (np.minimum(fall, _DEEPEST) <= most_fall) & (high - low <= most_length)
        )
        left[chosen] = False
        size = _CHUNK // nodes
        for begin in range(0, len(chosen), size):
            rows = chosen[begin : begin + size]
            found[:, rows] = _quadrature(shape, power[rows], low[rows], high[rows], nodes=nodes)
    return DeathIntegral(
        log_value=found[0],
        log_alpha=found[1],
        inverse_alpha=found[2],
        log_beta=found[3],
        inverse_beta=found[4],
    )


@dataclass(frozen=True, kw_only=True)
class _Shape:
    alpha: float
    beta: float
    s: float

    def log_integrand(self, v: np.ndarray, power: np.ndarray) -> tuple[np.ndarray, ...]:
        """Its logarithm along v, then log and value of alpha + t and of beta + t."""
        smaller = np.exp(v)
        larger = smaller + abs(self.alpha - self.beta)
        log_larger = v if self.alpha == self.beta else np.log(larger)
        pairs = [(v, smaller), (log_larger, larger)]
        (log_alpha, plus_alpha), (log_beta, plus_beta) = pairs if self.alpha < self.beta else pairs[::-1]
        height = v - power * log_alpha - (self.s + 1) * log_beta
        return height, log_alpha, plus_alpha, log_beta, plus_beta


def _cut(shape: _Shape, power: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Where the integrand has fallen by `_DEEPEST`: concave, so there is one such place."""
    top = shape.log_integrand(low, power)[0]
    near, far = low.copy(), high.copy()
    for _ in range(30):
        middle = (near + far) / 2
        beyond = top - shape.log_integrand(middle, power)[0] > _DEEPEST
        far, near = np.where(beyond, middle, far), np.where(beyond, near, middle)
    return far


def _quadrature(
    shape: _Shape, power: np.ndarray, low: np.ndarray, high: np.ndarray, *, nodes: int
) -> np.ndarray:
    places, weights = _RULE_OF[nodes]
    half = (high - low) / 2
    top = shape.log_integrand(low, power)[0]
    v = low + np.multiply.outer(1 + places, half)
    height, log_alpha, plus_alpha, log_beta, plus_beta = shape.log_integrand(v, power)
    height -= top
    mass = np.exp(height, out=height)
    area = weights @ mass
    sums = np.empty((5, len(power)))
    with np.errstate(divide="ignore"):
        sums[0] = np.log(area) + np.log(half) + top
    for row, values in enumerate((log_alpha, 1 / plus_alpha, log_beta, 1 / plus_beta), start=1):
        sums[row] = (weights @ (mass * values)) / area
    return sums


class ParetoNBDModel(TransactionsModel):
    """Pareto/NBD: a customer may leave at any moment, whether there was a purchase or not.

    While alive a customer buys at random at a rate that differs between customers as a gamma distribution
    (shape `r`, rate `alpha`). The time until the customer leaves is random with a rate that differs as a
    gamma distribution (shape `s`, rate `beta`). `alpha` and `beta` are in units of time.

    Attributes
    ----------
    params_ : Series with r, alpha, s, beta
    standard_errors_, log_likelihood_, converged_, unit_
        Of the fit, as with every model.

    Notes
    -----
    The likelihood is the sum over two fates: alive at the closing moment, or gone at some moment since the
    last purchase. Both are kept as logarithms. The second is an integral (`death_integral`).

    References
    ----------
    Schmittlein, D. C., Morrison, D. G. & Colombo, R. (1987). Counting your customers: who are they and what
    will they do next? Management Science 33(1), 1-24.
    Fader, P. S. & Hardie, B. G. S. (2005). A note on deriving the Pareto/NBD model and related expressions.

    Examples
    --------
    The parameters for the music shop CDNOW, in weeks. A customer with 26 repeat purchases in 31 weeks will
    make 25.5 in the next 52:

    >>> import pandas as pd
    >>> model = ParetoNBDModel.with_params(r=0.553, alpha=10.578, s=0.606, beta=11.669)
    >>> history = pd.DataFrame({"frequency": [26], "recency": [30.86], "T": [31.0]}, index=["ann"])
    >>> model.expected_purchases(history, 52).round(1).to_dict()
    {'ann': 25.5}
    >>> model.probability_alive(history).round(3).to_dict()
    {'ann': 0.998}
    """

    names: ClassVar[tuple[str, ...]] = ("r", "alpha", "s", "beta")
    _times: ClassVar[tuple[str, ...]] = ("alpha", "beta")

    def _starts(self, purchases: float) -> list[list[float]]:
        begin = [(0.5, 0.6, 0.4), (1.0, 0.5, 1.0), (0.3, 2.0, 4.0), (2.0, 0.2, 0.5)]
        return [np.log([r, r / purchases, s, beta]).tolist() for r, s, beta in begin]

    def _log_likelihood(
        self, groups: Groups, r: float, alpha: float, s: float, beta: float
    ) -> tuple[float, np.ndarray]:
        counts, weights, of_count = groups.counts, groups.weights, groups.count_weights
        power = (r + counts)[groups.position]
        integral, staying, gap = _fates(power, groups.recency, groups.T, alpha=alpha, s=s, beta=beta)
        gone = expit(gap)
        of_gone, of_alive = weights * gone, weights * (1 - gone)
        total = (
            of_count @ (gammaln(r + counts) - gammaln(r))
            + groups.customers * (r * np.log(alpha) + s * np.log(beta))
            + weights @ (staying + np.logaddexp(0, gap))
        )
        by_alpha = of_alive / (alpha + groups.T) + of_gone * integral.inverse_alpha
        return float(total), np.array(
            [
                of_count @ (digamma(r + counts) - digamma(r))
                + groups.customers * np.log(alpha)
                - of_alive @ np.log(alpha + groups.T)
                - of_gone @ integral.log_alpha,
                groups.customers * r / alpha - power @ by_alpha,
                groups.customers * np.log(beta)
                - of_alive @ np.log(beta + groups.T)
                + of_gone @ (1 / s - integral.log_beta),
                groups.customers * s / beta
                - s * (of_alive @ (1 / (beta + groups.T)))
                - (s + 1) * (of_gone @ integral.inverse_beta),
            ]
        )

    def _alive(
        self, x: np.ndarray, recency: np.ndarray, age: np.ndarray,
        r: float, alpha: float, s: float, beta: float,
    ) -> np.ndarray:  # fmt: skip
        shape = np.shape(x)
        power, last, end = (np.ravel(np.asarray(part, dtype=float)) for part in (r + x, recency, age))
        return expit(-_fates(power, last, end, alpha=alpha, s=s, beta=beta)[2]).reshape(shape)

    def _while_alive(
        self, x: np.ndarray, age: np.ndarray, t: np.ndarray,
        r: float, alpha: float, s: float, beta: float,
    ) -> np.ndarray:  # fmt: skip
        longer = np.log((beta + age + t) / (beta + age))
        # (1 - exp(-(s - 1) longer)) / (s - 1), which is `longer` itself where s is 1.
        spread = longer if s == 1 else -np.expm1(-(s - 1) * longer) / (s - 1)
        return (r + x) * (beta + age) / (alpha + age) * spread


def _fates(
    power: np.ndarray, recency: np.ndarray, age: np.ndarray, *, alpha: float, s: float, beta: float
) -> tuple[DeathIntegral, np.ndarray, np.ndarray]:
    """The integral over death; the logarithm of the fate of being alive; that of gone against alive."""
    integral = death_integral(power, recency, age, alpha=alpha, beta=beta, s=s)
    staying = -power * np.log(alpha + age) - s * np.log(beta + age)
    return integral, staying, np.log(s) + integral.log_value - staying
