"""Gamma-Gamma: what a customer spends in a purchase, from the few purchases that were seen."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import pandas as pd
from scipy.special import digamma, gammaln

from crmlib.analyse.lifetime.history import SKETCH_ROWS, refuse_first
from crmlib.analyse.lifetime.model import FitError, LifetimeModel, TransactionsModel
from crmlib.analyse.lifetime.purchase_models import BetaGeoModel, ModifiedBetaGeoModel, ParetoNBDModel
from crmlib.prepare.engine import require_columns
from crmlib.schema.errors import ParameterError


class GammaGammaModel(LifetimeModel):
    """Gamma-Gamma: the value of a purchase varies around a mean that differs between customers.

    The values of a customer's purchases have a gamma distribution of shape `p`, whose rate differs between
    customers as a gamma distribution of shape `q` and rate `gamma` (in money). Spend must have nothing to do
    with how often a customer buys: `spend_correlation_` says how far that holds.

    Attributes
    ----------
    params_ : Series with p, q, gamma
    standard_errors_ : Series
    log_likelihood_ : float
    converged_ : bool
    unit_ : str or None
    spend_correlation_ : float
        Correlation of frequency and mean spend among those who bought again; the model wants it near 0.

    References
    ----------
    Fader, P. S. & Hardie, B. G. S. (2013). The Gamma-Gamma model of monetary value.
    Fader, P. S., Hardie, B. G. S. & Lee, K. L. (2005). RFM and CLV: using iso-value curves for customer base
    analysis. Journal of Marketing Research 42(4), 415-430.

    Examples
    --------
    The parameters of the note. Who bought again twice for 22.35 on average is drawn towards the mean of all,
    which is what stands for someone who has not bought again:

    >>> model = GammaGammaModel.with_params(p=6.25, q=3.74, gamma=15.44)
    >>> history = pd.DataFrame({"frequency": [2, 0], "monetary_value": [22.35, np.nan]}, index=["ann", "bob"])
    >>> model.expected_average_spend(history).round(2).to_dict()
    {'ann': 24.66, 'bob': 35.22}
    """

    names: ClassVar[tuple[str, ...]] = ("p", "q", "gamma")

    def fit(self, history: pd.DataFrame) -> Self:
        """Fit by maximum likelihood to the customers who bought again.

        Parameters
        ----------
        history : DataFrame, one row per customer
            `frequency`, `monetary_value`, as `purchase_history` gives them. Customers without a repeat
            purchase say nothing about repeat spend and are left out.

        Raises
        ------
        SchemaError
            If a column is missing or a figure cannot be.
        FitError
            If fewer than three customers bought again, or the likelihood has no summit.

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> history = pd.DataFrame({"frequency": 2, "monetary_value": rng.gamma(8, 2 / rng.gamma(4, 1, 500))})
        >>> GammaGammaModel().fit(history).converged_
        True
        """
        x, spend = _repeats(history)
        again = x > 0
        if again.sum() < 3:
            raise FitError(
                f"{type(self).__name__}: {again.sum()} customers bought again, too few to say how spend "
                "differs. Take a longer time."
            )
        scale = float(np.exp(np.log(spend[again]).mean()))
        values = _Values.of(x[again], spend[again] / scale)
        starts = np.log([[5.0, 4.0, 0.5], [1.0, 2.0, 2.0], [20.0, 10.0, 1.0], [2.0, 1.2, 0.3]]).tolist()
        summit = self._climb(values, values.sketch(), starts=starts)
        self._keep(
            summit, scales=[1.0, 1.0, scale], jacobian=float(again.sum() * np.log(scale)), history=history
        )
        self.spend_correlation_ = spend_correlation(x[again], spend[again])
        return self

    def expected_average_spend(self, history: pd.DataFrame) -> pd.Series:
        """Expected mean value of each customer's future purchases, account currency.

        Parameters
        ----------
        history : DataFrame, one row per customer
            `frequency`, `monetary_value`. Who has not bought again gets the mean of all customers.

        Raises
        ------
        FitError
            If spend differs so widely between customers that it has no mean (q of 1 or less) and one of them
            has not bought again.

        Examples
        --------
        >>> model = GammaGammaModel.with_params(p=6.25, q=3.74, gamma=15.44)
        >>> five = pd.DataFrame({"frequency": [5], "monetary_value": [90.0]})
        >>> model.expected_average_spend(five).round(2).to_list()
        [85.58]
        """
        p, q, gamma = self._values(history)
        x, spend = _repeats(history)
        below = p * x + q - 1
        if (below <= 0).any():
            raise FitError(
                f"{type(self).__name__}: q is {q:.3g}, so spend has no finite mean for customers who "
                "have not bought again. Ask for those with frequency above 0 only, or take the median of all."
            )
        expected = p * (gamma + np.where(x > 0, x * spend, 0)) / below
        return pd.Series(expected, index=history.index, name="expected_average_spend")

    def _log_likelihood(self, values: "_Values", *params: float) -> tuple[float, np.ndarray]:
        return values.log_likelihood(*params)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Values:
    x: np.ndarray
    spend: np.ndarray
    counts: np.ndarray
    position: np.ndarray

    @classmethod
    def of(cls, x: np.ndarray, spend: np.ndarray) -> Self:
        counts, position = np.unique(x, return_inverse=True)
        return cls(x=x, spend=spend, counts=counts, position=position)

    @property
    def customers(self) -> float:
        return float(len(self.x))

    def sketch(self) -> Self | None:
        if len(self.x) <= 2 * SKETCH_ROWS:
            return None
        order = np.lexsort((self.spend, self.x))
        drawn = order[np.linspace(0, len(order) - 1, SKETCH_ROWS).astype(int)]
        return self.of(self.x[drawn], self.spend[drawn])

    def log_likelihood(self, p: float, q: float, gamma: float) -> tuple[float, np.ndarray]:
        """Of all customers, and its gradient by p, q and gamma."""
        counts, n = self.counts, len(self.x)
        customers = np.bincount(self.position, minlength=len(counts))
        total = self.x * self.spend
        log_total, log_more = np.log(total), np.log(gamma + total)
        power = (p * counts + q)[self.position]
        value = (
            customers @ (gammaln(p * counts + q) - gammaln(p * counts))
            + n * (q * np.log(gamma) - gammaln(q))
            + (p * self.x) @ log_total
            - np.log(self.spend).sum()
            - power @ log_more
        )
        by_p = customers @ (counts * (digamma(p * counts + q) - digamma(p * counts)))
        by_q = customers @ digamma(p * counts + q) - n * digamma(q) + n * np.log(gamma) - log_more.sum()
        by_gamma = n * q / gamma - (power / (gamma + total)).sum()
        return float(value), np.array([by_p + self.x @ (log_total - log_more), by_q, by_gamma])


def spend_correlation(x: np.ndarray, spend: np.ndarray) -> float:
    """Of how often customers bought again and their mean spend; NaN where either is the same for all."""
    varied = len(x) > 1 and np.ptp(x) > 0 and np.ptp(spend) > 0
    return float(np.corrcoef(x, spend)[0, 1]) if varied else float("nan")


def _repeats(history: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    require_columns(history, ("frequency", "monetary_value"), table_name="history")
    x = history["frequency"].to_numpy(dtype=float, na_value=np.nan)
    spend = history["monetary_value"].to_numpy(dtype=float, na_value=np.nan)
    wrong = [
        (~(x >= 0) | (x != np.floor(x)), "frequency {x}, which is no count"),
        ((x > 0) & ~((spend > 0) & np.isfinite(spend)), "monetary_value {spend}, which must be above 0"),
    ]
    refuse_first(history, wrong, x=x, spend=spend)
    return x, spend


__all__ = [
    "BetaGeoModel",
    "FitError",
    "GammaGammaModel",
    "ModifiedBetaGeoModel",
    "ParetoNBDModel",
    "lifetime_value",
]

_UNITS_IN_A_YEAR = {"D": 365.25, "W": 365.25 / 7, "M": 12.0}


def lifetime_value(
    transactions_model: TransactionsModel,
    spend_model: GammaGammaModel,
    history: pd.DataFrame,
    *,
    horizon: float,
    margin_pct: float = 100,
    discount_rate: float = 0.0,
    unit: str = "W",
) -> pd.DataFrame:
    """What each customer is expected to bring within a time, in money of today.

    Expected purchases times expected mean spend times margin; a purchase in a year's time is worth
    1 / (1 + discount_rate) of one today, and so on in between.

    Parameters
    ----------
    transactions_model : BetaGeoModel, ModifiedBetaGeoModel or ParetoNBDModel, fitted
    spend_model : GammaGammaModel, fitted
    history : DataFrame, one row per customer
        `frequency`, `recency`, `T`, `monetary_value`, as `purchase_history` gives them.
    horizon : number above 0
        How far to look ahead, in `unit`: 52 with "W" is a year less a day.
    margin_pct : number
        Share of spend that is earned, percent. With 100 the result is revenue.
    discount_rate : number, 0 or more
        A year, with yearly compounding: 0.1 is 10 % a year.
    unit : "D", "W" or "M"
        The time unit of the history.

    Returns
    -------
    DataFrame indexed as `history`
        `probability_alive` (0 to 1), `expected_purchases` (within the horizon, not discounted),
        `expected_average_spend` and `lifetime_value` (account currency).

    Raises
    ------
    ParameterError
        If a figure does not fit, or the unit is not that of the history.
    FitError
        If a model has no parameters yet, or spend has no mean.

    References
    ----------
    Fader, P. S., Hardie, B. G. S. & Lee, K. L. (2005). RFM and CLV: using iso-value curves for customer base
    analysis. Journal of Marketing Research 42(4), 415-430.

    Examples
    --------
    >>> buying = BetaGeoModel.with_params(r=0.2426, alpha=4.4136, a=0.7929, b=2.4259)
    >>> spending = GammaGammaModel.with_params(p=6.25, q=3.74, gamma=15.44)
    >>> history = pd.DataFrame({"frequency": [2], "recency": [30.43], "T": [38.86],
    ...                         "monetary_value": [22.35]}, index=["ann"])
    >>> value = lifetime_value(buying, spending, history, horizon=39, margin_pct=30, discount_rate=0.1)
    >>> value.loc["ann"].round(2)
    probability_alive          0.73
    expected_purchases         1.23
    expected_average_spend    24.66
    lifetime_value             8.77
    Name: ann, dtype: float64
    """
    if unit not in _UNITS_IN_A_YEAR:
        raise ParameterError(f'there is no unit {unit!r}: give "D" (days), "W" (weeks) or "M" (months).')
    if history.attrs.get("unit", unit) != unit:
        raise ParameterError(f"the history is in unit {history.attrs['unit']!r}, not {unit!r}: give unit=.")
    if not (np.isfinite(horizon) and horizon > 0):
        raise ParameterError(f"horizon is {horizon!r}: give a number of units above 0, such as 52.")
    if not (np.isfinite(discount_rate) and discount_rate >= 0):
        raise ParameterError(f"discount_rate is {discount_rate!r}: give a rate a year, such as 0.1 for 10 %.")
    if not np.isfinite(margin_pct):
        raise ParameterError(f"margin_pct is {margin_pct!r}: give a percentage, such as 30.")
    rate = float(np.log1p(discount_rate) / _UNITS_IN_A_YEAR[unit])
    spend = spend_model.expected_average_spend(history)
    purchases = transactions_model.expected_purchases(history, horizon)
    worth = purchases
    if rate:
        worth = transactions_model.discounted_purchases(history, float(horizon), rate=rate)
    return pd.DataFrame(
        {
            "probability_alive": transactions_model.probability_alive(history),
            "expected_purchases": purchases,
            "expected_average_spend": spend,
            "lifetime_value": worth * spend * (margin_pct / 100),
        }
    )
