"""The integral in the Pareto/NBD likelihood, with what its gradient needs, by Gauss-Legendre quadrature."""

from dataclasses import dataclass

import numpy as np

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

    Examples
    --------
    See `death_integral`.
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

    Parameters
    ----------
    power : array (rows,)
        r + x.
    recency, age : arrays (rows,)
    alpha, beta, s : float, above 0

    References
    ----------
    Schmittlein, D. C., Morrison, D. G. & Colombo, R. (1987). Counting your customers: who are they and what
    will they do next? Management Science 33(1), 1-24.
    Fader, P. S. & Hardie, B. G. S. (2005). A note on deriving the Pareto/NBD model and related expressions.

    Examples
    --------
    With alpha = beta = 1, power 1 and s = 1 the integrand is (1 + t)^-3; from 0 to 1 that makes 3/8:

    >>> found = death_integral(np.ones(1), np.zeros(1), np.ones(1), alpha=1.0, beta=1.0, s=1.0)
    >>> np.exp(found.log_value).round(12)
    array([0.375])
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
