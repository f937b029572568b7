"""Pareto / NBD: customers buy at random at their own rate and may leave at any moment."""

from typing import ClassVar

import numpy as np
from scipy.special import digamma, expit, gammaln

from crmlib.analyse.lifetime_history import Groups
from crmlib.analyse.lifetime_integral import DeathIntegral, death_integral
from crmlib.analyse.lifetime_model import TransactionsModel


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
