"""Which model of buying and leaving to use: all are tried, one is chosen by a stated rule, none silently."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from crmlib.analyse.lifetime.history import history_arrays, horizons, some_histories
from crmlib.analyse.lifetime.model import FitError, LifetimeModel
from crmlib.analyse.lifetime.purchase_models import BetaGeoModel, ModifiedBetaGeoModel, ParetoNBDModel
from crmlib.analyse.lifetime.spend import GammaGammaModel, spend_correlation
from crmlib.prepare.engine import require_columns
from crmlib.schema.errors import ParameterError, nearest

RATE_KINDS = {"shrunk": "shrunk rate", "own": "past rate", "mean": "mean rate", "last period": "last rate"}
"""Ways to carry a purchase rate on, with the names under which they stand in tables."""


class NaiveRateModel(LifetimeModel):
    """Everyone goes on buying at a rate taken from the past; nobody leaves.

    The last resort where no model of buying and leaving can be fitted, and the baselines that one has to
    beat. It has the methods of the models, but no opinion on who still buys: `probability_alive` is NaN.

    `kind` ("shrunk", "own", "mean" or "last period"): "shrunk" draws each customer's rate to the mean, the
        more the shorter the time seen: a gamma distribution of rates with the mean and the variance found.
        "own" takes repeat purchases a time since the first one; "mean" the same rate for all; "last period"
        what was bought in the last stretch of time, which the history then holds as `last_period` (see
        `crmlib.analyse.lifetime.holdout`).

    `params_` (with r, alpha): Of the gamma distribution of rates; alpha in units of time. Without differences
        between customers both are infinite.

    References
    ----------
    Ehrenberg, A. S. C. (1959). The pattern of consumer purchases. Applied Statistics 8(1), 26-41.
    """

    names: ClassVar[tuple[str, ...]] = ("r", "alpha")

    def __init__(self, kind: str = "shrunk") -> None:
        if kind not in RATE_KINDS:
            raise ParameterError(f"there is no rate {kind!r}.{nearest(kind, RATE_KINDS)}")
        self.kind = kind

    def fit(self, history: pd.DataFrame) -> Self:
        """Take the mean rate and how it differs between customers, from their moments."""
        x, _, age = history_arrays(history)
        seen = age.sum()
        mean = x.sum() / seen if seen > 0 else 0.0
        squares = (age**2).sum()
        spread = ((x - mean * age) ** 2 - x).sum() / squares if squares > 0 else 0.0
        values = [0.0, 1.0]
        if mean > 0:
            values = [mean**2 / spread, mean / spread] if spread > 0 else [np.inf, np.inf]
        self.mean_ = float(mean)
        return self._take(values, unit=history.attrs.get("unit"))

    def probability_alive(self, history: pd.DataFrame) -> pd.Series:
        """NaN for everyone: a rate says nothing about who has left."""
        self._values(history)
        return pd.Series(np.nan, index=history.index, name="probability_alive")

    def expected_purchases(self, history: pd.DataFrame, t: object) -> pd.Series:
        """Expected purchase days of each customer in the time `t` after the closing moment."""
        expected = self._rates(history) * horizons(t, history)
        return pd.Series(expected, index=history.index, name="expected_purchases")

    def discounted_purchases(self, history: pd.DataFrame, t: float, *, rate: float) -> pd.Series:
        """Expected purchase days in the time `t` to come, each worth less the later it is."""
        time = float(horizons(float(t), history))
        worth = -np.expm1(-rate * time) / rate if rate > 0 else time
        return pd.Series(self._rates(history) * worth, index=history.index, name="discounted_purchases")

    def expected_purchases_new(self, t: object) -> np.ndarray | float:
        """Expected repeat purchase days of a new customer in the time `t`: the mean rate."""
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

    `params_` (with mean, k): k is infinite where customers do not differ: everyone then gets the mean.
    `spend_correlation_`: Correlation of frequency and mean spend among those who bought again.

    References
    ----------
    Bühlmann, H. & Straub, E. (1970). Glaubwürdigkeit für Schadensätze. Mitteilungen der Vereinigung
    schweizerischer Versicherungsmathematiker 70, 111-133.
    """

    names: ClassVar[tuple[str, ...]] = ("mean", "k")

    def fit(self, history: pd.DataFrame, *, within_variance: float) -> Self:
        """Take the mean and how much customers differ, from their moments."""
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
        self.spend_correlation_ = spend_correlation(n, spend)
        return self._take([mean, k], unit=history.attrs.get("unit"))

    def expected_average_spend(self, history: pd.DataFrame) -> pd.Series:
        """Expected mean value of each customer's future purchases, account currency."""
        mean, k = self._values(history)
        n = history["frequency"].to_numpy(dtype=float)
        spend = np.where(n > 0, history["monetary_value"].to_numpy(dtype=float, na_value=np.nan), mean)
        weight = np.divide(n, n + k, out=np.zeros(len(n)), where=n > 0) if np.isfinite(k) else 0.0
        return pd.Series(mean + weight * (spend - mean), index=history.index, name="expected_average_spend")


PURCHASE_MODELS = {"BG/NBD": BetaGeoModel, "MBG/NBD": ModifiedBetaGeoModel, "Pareto/NBD": ParetoNBDModel}
"""Models of buying and leaving, in the order of preference."""

OWN_RATE, OWN_SPEND = "own rate", "own mean spend"
"""What stands in where no model can be fitted."""

SAME_AIC = 2.0
"""Akaike's criterion nearer than this does not tell two models apart: the first in order is taken."""

MOST_UNSURE = 2.0
"""Standard error of a parameter, in times the parameter itself, from which it says nothing."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PurchaseFit:
    """The model of buying that was chosen, and every other one that was tried.

    Parameters
    ----------
    model : BetaGeoModel, ModifiedBetaGeoModel, ParetoNBDModel or NaiveRateModel, fitted
    name : str
        "BG/NBD", "MBG/NBD", "Pareto/NBD" or "own rate".
    tried : DataFrame
        `model`, `log_likelihood`, `aic`, `chosen`, `reason` (a code of `FIT_REASONS`) and its `detail` (what did
        not fit, or how far behind); in the order of preference.
    fell_back : bool
        Whether none that was asked for could be used, and another stands in.
    usable : dict of name -> fitted model
        Every model that could have been taken, in the order of preference.
    """

    model: Any
    name: str
    tried: pd.DataFrame
    fell_back: bool
    usable: dict[str, Any]

    def _repr_html_(self) -> str:
        return self.tried.to_html(index=False)


@dataclass(frozen=True, kw_only=True, eq=False)
class SpendFit:
    """The model of spend a purchase that was chosen.

    `model`: GammaGammaModel or ShrunkSpendModel, fitted; None where nobody bought again.
    `name`: "Gamma-Gamma", "own mean spend", or "" where there is none.
    `correlation`: Between how often customers buy and what they spend each time, among those who bought
        again. Gamma-Gamma takes it for 0.
    `correlation_low`, `correlation_high`: Its 95 % interval.
    """

    model: Any
    name: str
    fell_back: bool
    correlation: float
    correlation_low: float
    correlation_high: float


def fit_purchases(history: pd.DataFrame, *, model: str = "auto") -> PurchaseFit:
    """Fit the models of buying and leaving, and choose one by a stated rule.

    Of the models that converged, and whose parameters the customers determine (no standard error above
    `MOST_UNSURE` times its parameter), the one with the least AIC is taken; of those within `SAME_AIC` of it
    the first in the order BG/NBD, MBG/NBD, Pareto/NBD. Where none is left, each customer's own rate stands in,
    drawn to the mean. Of more than 50,000 customers so many, drawn at random, are fitted on.

    Parameters
    ----------
    history : DataFrame, one row per customer
        `frequency`, `recency`, `T`, as `purchase_history` gives them.
    model : "auto", "BG/NBD", "MBG/NBD", "Pareto/NBD" or "own rate"
        One that is asked for by name is taken whenever it can be fitted; where it cannot, the others are tried.

    Raises
    ------
    SchemaError
        If a column is missing or a figure cannot be.
    ParameterError
        If there is no such model.

    References
    ----------
    Akaike, H. (1974). A new look at the statistical model identification. IEEE Transactions on Automatic
    Control 19(6), 716-723.

    Examples
    --------
    >>> nobody_came_back = pd.DataFrame({"frequency": [0, 0], "recency": 0.0, "T": [9.0, 5.0]})
    >>> fit = fit_purchases(nobody_came_back)
    >>> fit.name, fit.fell_back, fit.tried["chosen"].to_list()
    ('own rate', True, [False, False, False, True])
    >>> fit.tried["reason"].to_list()
    ['unfit', 'unfit', 'unfit', 'stands_in']
    """
    known = (*PURCHASE_MODELS, OWN_RATE)
    if model not in ("auto", *known):
        raise ParameterError(f"there is no model {model!r}.{nearest(str(model), ('auto', *known))}")
    history = some_histories(history)
    asked = list(PURCHASE_MODELS) if model == "auto" else [model]
    tries = {name: _Try.of(name, history) for name in asked if name != OWN_RATE}
    usable = {name: one for name, one in tries.items() if one.usable or (model != "auto" and one.model)}
    if not usable and model not in ("auto", OWN_RATE):
        tries |= {name: _Try.of(name, history) for name in PURCHASE_MODELS if name not in tries}
        usable = {name: one for name, one in tries.items() if one.usable}
    chosen = _least_aic(usable) if usable else OWN_RATE
    fitted = tries[chosen].model if usable else NaiveRateModel().fit(history)
    fell_back = chosen not in asked
    rows = [
        (name, *tries[name].figures, name == chosen, *_reason(name, chosen, tries, asked=model))
        for name in PURCHASE_MODELS
        if name in tries
    ]
    last = "asked" if model == OWN_RATE else "stands_in"
    rows += [(OWN_RATE, np.nan, np.nan, True, last, "")] if chosen == OWN_RATE else []
    tried = pd.DataFrame(rows, columns=["model", "log_likelihood", "aic", "chosen", "reason", "detail"])
    models = {name: one.model for name, one in usable.items()}
    return PurchaseFit(model=fitted, name=chosen, tried=tried, fell_back=fell_back, usable=models)


def fit_spend(history: pd.DataFrame, *, within_variance: float = np.nan) -> SpendFit:
    """Fit what customers spend each time: Gamma-Gamma, or by name the shrunken mean of own spend."""
    again = history[history["frequency"] > 0]
    found, low, high = _correlation(again)
    shared = {"correlation": found, "correlation_low": low, "correlation_high": high}
    try:
        model: Any = GammaGammaModel().fit(history)
        model.expected_average_spend(history)
    except FitError:
        if again.empty:
            return SpendFit(model=None, name="", fell_back=True, **shared)
        model = ShrunkSpendModel().fit(history, within_variance=within_variance)
        return SpendFit(model=model, name=OWN_SPEND, fell_back=True, **shared)
    return SpendFit(model=model, name="Gamma-Gamma", fell_back=False, **shared)


FIT_REASONS = (
    *("asked", "only", "best", "first", "stands_in"),
    *("unfit", "undetermined", "level", "behind"),
)
"""Why a model was taken (the first five), or not."""


@dataclass(frozen=True, kw_only=True)
class _Try:
    model: Any
    aic: float
    usable: bool
    reason: str
    detail: str

    @classmethod
    def of(cls, name: str, history: pd.DataFrame) -> "_Try":
        try:
            fitted = PURCHASE_MODELS[name]().fit(history)
        except FitError as error:
            return cls(
                model=None,
                aic=np.nan,
                usable=False,
                reason="unfit",
                detail=str(error).split(". ", 1)[0].rstrip(".") + ".",
            )
        unsure = fitted.standard_errors_ / fitted.params_ > MOST_UNSURE
        names = ", ".join(unsure.index[unsure])
        aic = 2 * len(fitted.params_) - 2 * fitted.log_likelihood_
        reason = "undetermined" if names else ""
        return cls(model=fitted, aic=aic, usable=not names, reason=reason, detail=names)

    @property
    def figures(self) -> tuple[float, float]:
        return (np.nan if self.model is None else self.model.log_likelihood_, self.aic)


def _least_aic(usable: dict[str, _Try]) -> str:
    least = min(one.aic for one in usable.values())
    return next(name for name, one in usable.items() if one.aic <= least + SAME_AIC)


def _reason(name: str, chosen: str, tries: dict[str, _Try], *, asked: str) -> tuple[str, str]:
    one = tries[name]
    if name == chosen:
        return ("asked", one.detail) if name == asked else (_why_chosen(name, tries), "")
    if not one.usable:
        return one.reason, one.detail
    behind = one.aic - tries[chosen].aic
    return ("level", chosen) if behind <= SAME_AIC else ("behind", f"{behind:.1f}")


def _why_chosen(name: str, tries: dict[str, _Try]) -> str:
    others = [one.aic for other, one in tries.items() if one.usable and other != name]
    if not others:
        return "only"
    return "best" if min(others) > tries[name].aic else "first"


def _correlation(again: pd.DataFrame) -> tuple[float, float, float]:
    """Pearson's correlation of frequency and mean spend, with Fisher's interval."""
    n, spend = again["frequency"].to_numpy(dtype=float), again["monetary_value"].to_numpy(dtype=float)
    if len(n) < 4 or not np.ptp(n) or not np.ptp(spend):
        return float("nan"), float("nan"), float("nan")
    found = float(np.corrcoef(n, spend)[0, 1])
    centre, reach = np.arctanh(np.clip(found, -1 + 1e-12, 1 - 1e-12)), 1.959964 / np.sqrt(len(n) - 3)
    return found, float(np.tanh(centre - reach)), float(np.tanh(centre + reach))
