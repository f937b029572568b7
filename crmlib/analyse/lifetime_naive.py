"""Figures that need no fit: a customer's own rate goes on, and own spend, both drawn towards the mean."""

from typing import ClassVar, Self

import numpy as np
import pandas as pd

from crmlib.analyse.lifetime_fit import FitError
from crmlib.analyse.lifetime_history import history_arrays, horizons
from crmlib.analyse.lifetime_model import LifetimeModel
from crmlib.prepare.engine import require_columns
from crmlib.schema.errors import ParameterError, nearest

RATE_KINDS = {
    "shrunk": "own rate, drawn to the mean",
    "own": "own rate goes on",
    "mean": "everyone buys like the average",
    "last period": "the last period repeats",
}
"""Ways to carry a purchase rate on, with what they are called."""


class NaiveRateModel(LifetimeModel):
    """Everyone goes on buying at a rate taken from the past; nobody leaves.

    The last resort where no model of buying and leaving can be fitted, and the baselines that one has to
    beat. It has the methods of the models, but no opinion on who still buys: `probability_alive` is NaN.

    Parameters
    ----------
    kind : "shrunk", "own", "mean" or "last period"
        "shrunk" draws each customer's rate to the mean, the more the shorter the time seen: a gamma
        distribution of rates with the mean and the variance found. "own" takes repeat purchases a time
        since the first one; "mean" the same rate for all; "last period" what was bought in the last stretch of
        time, which the history then holds as `last_period` (see `crmlib.analyse.holdout`).

    Attributes
    ----------
    params_ : Series with r, alpha
        Of the gamma distribution of rates; alpha in units of time. Without differences between customers
        both are infinite.
    unit_ : str or None

    References
    ----------
    Ehrenberg, A. S. C. (1959). The pattern of consumer purchases. Applied Statistics 8(1), 26-41.

    Examples
    --------
    >>> history = pd.DataFrame({"frequency": [8, 0], "recency": [9.0, 0.0], "T": [10.0, 10.0]})
    >>> model = NaiveRateModel().fit(history)
    >>> model.expected_purchases(history, 10).round(2).to_list()
    [7.0, 1.0]
    >>> NaiveRateModel("own").fit(history).expected_purchases(history, 10).to_list()
    [8.0, 0.0]
    """

    names: ClassVar[tuple[str, ...]] = ("r", "alpha")

    def __init__(self, kind: str = "shrunk") -> None:
        if kind not in RATE_KINDS:
            raise ParameterError(f"there is no rate {kind!r}.{nearest(kind, RATE_KINDS)}")
        self.kind = kind

    def fit(self, history: pd.DataFrame) -> Self:
        """Take the mean rate and how it differs between customers, from their moments.

        Parameters
        ----------
        history : DataFrame, one row per customer
            `frequency`, `recency`, `T`.

        Raises
        ------
        SchemaError
            If a column is missing or a figure cannot be.

        Examples
        --------
        >>> NaiveRateModel().fit(pd.DataFrame({"frequency": [], "recency": [], "T": []})).params_.to_list()
        [0.0, 1.0]
        """
        x, _, age = history_arrays(history)
        seen = age.sum()
        mean = x.sum() / seen if seen > 0 else 0.0
        squares = (age**2).sum()
        spread = ((x - mean * age) ** 2 - x).sum() / squares if squares > 0 else 0.0
        values = [0.0, 1.0]
        if mean > 0:
            values = [mean**2 / spread, mean / spread] if spread > 0 else [np.inf, np.inf]
        self.mean_ = float(mean)
        self.params_ = pd.Series(values, index=list(self.names), name="value", dtype=float)
        self.standard_errors_ = pd.Series(np.nan, index=self.params_.index, name="standard_error")
        self.log_likelihood_ = float("nan")
        self.converged_ = False
        self.unit_ = history.attrs.get("unit")
        return self

    def probability_alive(self, history: pd.DataFrame) -> pd.Series:
        """NaN for everyone: a rate says nothing about who has left.

        Examples
        --------
        >>> history = pd.DataFrame({"frequency": [8], "recency": [9.0], "T": [10.0]})
        >>> NaiveRateModel().fit(history).probability_alive(history).to_list()
        [nan]
        """
        self._values(history)
        return pd.Series(np.nan, index=history.index, name="probability_alive")

    def expected_purchases(self, history: pd.DataFrame, t: object) -> pd.Series:
        """Expected purchase days of each customer in the time `t` after the closing moment.

        Parameters
        ----------
        history : DataFrame, one row per customer
        t : number, or one for each customer

        Examples
        --------
        >>> history = pd.DataFrame({"frequency": [8, 0], "recency": [9.0, 0.0], "T": [10.0, 10.0]})
        >>> NaiveRateModel("mean").fit(history).expected_purchases(history, 5).to_list()
        [2.0, 2.0]
        """
        expected = self._rates(history) * horizons(t, history)
        return pd.Series(expected, index=history.index, name="expected_purchases")

    def discounted_purchases(self, history: pd.DataFrame, t: float, *, rate: float) -> pd.Series:
        """Expected purchase days in the time `t` to come, each worth less the later it is.

        Parameters
        ----------
        history : DataFrame, one row per customer
        t : number
        rate : number, 0 or more
            Continuous discount rate per time unit.

        Examples
        --------
        >>> history = pd.DataFrame({"frequency": [8], "recency": [9.0], "T": [10.0]})
        >>> NaiveRateModel("own").fit(history).discounted_purchases(history, 10, rate=0.1).round(3).to_list()
        [5.057]
        """
        time = float(horizons(float(t), history))
        worth = -np.expm1(-rate * time) / rate if rate > 0 else time
        return pd.Series(self._rates(history) * worth, index=history.index, name="discounted_purchases")

    def expected_purchases_new(self, t: object) -> np.ndarray | float:
        """Expected repeat purchase days of a new customer in the time `t`: the mean rate.

        Examples
        --------
        >>> history = pd.DataFrame({"frequency": [8, 0], "recency": [9.0, 0.0], "T": [10.0, 10.0]})
        >>> NaiveRateModel().fit(history).expected_purchases_new(5)
        2.0
        """
        self._values()
        times = np.asarray(t, dtype=float) * self.mean_
        return times if times.ndim else float(times)

    def _rates(self, history: pd.DataFrame) -> np.ndarray:
        r, alpha = self._values(history)
        x, _, age = history_arrays(history)
        if self.kind == "last period":
            require_columns(history, ("last_period",), table_name="history")
            return history["last_period"].to_numpy(dtype=float)
        if self.kind == "own":
            return np.divide(x, age, out=np.zeros(len(x)), where=age > 0)
        if self.kind == "mean" or not np.isfinite(r):
            return np.full(len(x), self.mean_)
        return (r + x) / (alpha + age)


class ShrunkSpendModel(LifetimeModel):
    """Each customer's mean spend, drawn to that of all the more, the fewer purchases there are.

    The weight of a customer's own mean is n / (n + k), where k is how much purchases of one customer vary
    against how much customers differ. It needs no fit, and is what stands in for `GammaGammaModel`.

    Attributes
    ----------
    params_ : Series with mean, k
        k is infinite where customers do not differ: everyone then gets the mean.
    spend_correlation_ : float
        Correlation of frequency and mean spend among those who bought again.

    References
    ----------
    Bühlmann, H. & Straub, E. (1970). Glaubwürdigkeit für Schadensätze. Mitteilungen der Vereinigung
    schweizerischer Versicherungsmathematiker 70, 111-133.

    Examples
    --------
    >>> history = pd.DataFrame({"frequency": [8, 8, 0], "monetary_value": [10.0, 30.0, np.nan]})
    >>> model = ShrunkSpendModel().fit(history, within_variance=200.0)
    >>> model.expected_average_spend(history).round(2).to_list()
    [11.25, 28.75, 20.0]
    """

    names: ClassVar[tuple[str, ...]] = ("mean", "k")

    def fit(self, history: pd.DataFrame, *, within_variance: float) -> Self:
        """Take the mean and how much customers differ, from their moments.

        Parameters
        ----------
        history : DataFrame, one row per customer
            `frequency`, `monetary_value`.
        within_variance : number
            Variance of the values of one customer's purchases, mean over customers; NaN where nobody
            bought again twice: then everyone gets the mean.

        Raises
        ------
        FitError
            If nobody bought again.

        Examples
        --------
        >>> history = pd.DataFrame({"frequency": [2, 4], "monetary_value": [10.0, 10.0]})
        >>> ShrunkSpendModel().fit(history, within_variance=9.0).params_["k"]
        np.float64(inf)
        """
        require_columns(history, ("frequency", "monetary_value"), table_name="history")
        again = history[history["frequency"] > 0]
        n, spend = again["frequency"].to_numpy(dtype=float), again["monetary_value"].to_numpy(dtype=float)
        if not len(n):
            raise FitError("ShrunkSpendModel: nobody bought again, so nothing is known of repeat spend.")
        mean = float((n * spend).sum() / n.sum())
        even = n.sum() - (n**2).sum() / n.sum()
        between = np.nan
        if len(n) > 1 and even > 0 and np.isfinite(within_variance):
            between = ((n * (spend - mean) ** 2).sum() - (len(n) - 1) * within_variance) / even
        k = within_variance / between if between > 0 else np.inf
        self.params_ = pd.Series([mean, k], index=list(self.names), name="value", dtype=float)
        self.standard_errors_ = pd.Series(np.nan, index=self.params_.index, name="standard_error")
        self.log_likelihood_ = float("nan")
        self.converged_ = False
        self.unit_ = history.attrs.get("unit")
        varied = len(n) > 1 and np.ptp(n) > 0 and np.ptp(spend) > 0
        self.spend_correlation_ = float(np.corrcoef(n, spend)[0, 1]) if varied else float("nan")
        return self

    def expected_average_spend(self, history: pd.DataFrame) -> pd.Series:
        """Expected mean value of each customer's future purchases, account currency.

        Parameters
        ----------
        history : DataFrame, one row per customer
            `frequency`, `monetary_value`. Who has not bought again gets the mean of all.

        Examples
        --------
        >>> history = pd.DataFrame({"frequency": [2, 4], "monetary_value": [10.0, 20.0]})
        >>> ShrunkSpendModel().fit(history, within_variance=0.0).expected_average_spend(history).to_list()
        [10.0, 20.0]
        """
        mean, k = self._values(history)
        n = history["frequency"].to_numpy(dtype=float)
        spend = np.where(n > 0, history["monetary_value"].to_numpy(dtype=float, na_value=np.nan), mean)
        weight = np.divide(n, n + k, out=np.zeros(len(n)), where=n > 0) if np.isfinite(k) else 0.0
        return pd.Series(mean + weight * (spend - mean), index=history.index, name="expected_average_spend")
