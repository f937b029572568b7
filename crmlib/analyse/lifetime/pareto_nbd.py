"""Pareto / NBD: customers buy at random at their own rate and may leave at any moment."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import digamma, expit, gammaln

from crmlib.analyse.lifetime.history import Groups
from crmlib.analyse.lifetime.model import TransactionsModel

_CHUNK = 65_536
_DEEPEST = 40.0
"""Fall of the logarithm after which the rest of the integral is beyond double precision."""
_RULES = ((1.0, 0.6, 6), (4.0, 1.6, 10), (12.0, 3.0, 16), (np.inf, 6.0, 32), (np.inf, np.inf, 96))
"""Quadrature rules: for falls and lengths of the path up to these, so many nodes."""
_RULE_OF = {nodes: np.polynomial.legendre.leggauss(nodes) for _, _, nodes in _RULES}


@dataclass(frozen=True, kw_only=True, eq=False)
class DeathIntegral:
    """The integral over the moment of death, and means under its integrand.

    Parameters
    ----------
    log_value : array
        Logarithm of the integral; -inf where its path has no length.
    log_alpha, inverse_alpha : arrays
        Mean of log(alpha + t) and of 1 / (alpha + t).
    log_beta, inverse_beta : arrays
        Mean of log(beta + t) and of 1 / (beta + t).
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

    References
    ----------
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
    standard_errors_ : Series
    log_likelihood_ : float
    converged_ : bool
    unit_ : str or None

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
