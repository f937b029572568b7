"""Which model of buying and leaving to use: all are tried, one is chosen by a stated rule, none silently."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.lifetime_bgnbd import BetaGeoModel, ModifiedBetaGeoModel
from crmlib.analyse.lifetime_fit import FitError
from crmlib.analyse.lifetime_naive import NaiveRateModel, ShrunkSpendModel
from crmlib.analyse.lifetime_pareto import ParetoNBDModel
from crmlib.analyse.lifetime_spend import GammaGammaModel
from crmlib.schema.errors import ParameterError, nearest

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
        `model`, `log_likelihood`, `aic`, `chosen`, `reason`; in the order of preference.
    fell_back : bool
        Whether none that was asked for could be used, and another stands in.
    says : str
        A sentence on what was chosen and why.
    usable : dict of name -> fitted model
        Every model that could have been taken, in the order of preference.

    Examples
    --------
    See `fit_purchases`.
    """

    model: Any
    name: str
    tried: pd.DataFrame
    fell_back: bool
    says: str
    usable: dict[str, Any]

    def _repr_html_(self) -> str:
        return f"<p>{self.says}</p>{self.tried.to_html(index=False)}"


@dataclass(frozen=True, kw_only=True, eq=False)
class SpendFit:
    """The model of spend a purchase that was chosen.

    Parameters
    ----------
    model : GammaGammaModel or ShrunkSpendModel, fitted; None where nobody bought again
    name : str
        "Gamma-Gamma", "own mean spend", or "" where there is none.
    fell_back : bool
    correlation : float
        Between how often customers buy and what they spend each time, among those who bought again.
        Gamma-Gamma takes it for 0.
    correlation_low, correlation_high : float
        Its 95 % interval.
    says : str

    Examples
    --------
    See `fit_spend`.
    """

    model: Any
    name: str
    fell_back: bool
    correlation: float
    correlation_low: float
    correlation_high: float
    says: str


def fit_purchases(history: pd.DataFrame, *, model: str = "auto") -> PurchaseFit:
    """Fit the models of buying and leaving, and choose one by a stated rule.

    Of the models that converged, and whose parameters the customers determine (no standard error above
    `MOST_UNSURE` times its parameter), the one with the least AIC is taken; of those within `SAME_AIC` of it
    the first in the order BG/NBD, MBG/NBD, Pareto/NBD. Where none is left, each customer's own rate stands in,
    drawn to the mean.

    Parameters
    ----------
    history : DataFrame, one row per customer
        `frequency`, `recency`, `T`, as `purchase_history` gives them.
    model : "auto", "BG/NBD", "MBG/NBD", "Pareto/NBD" or "own rate"
        One that is asked for by name is taken whenever it can be fitted; where it cannot, the others are tried.

    Returns
    -------
    PurchaseFit

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
    >>> print(fit.says)
    None of the models of buying and leaving fits these customers, so each customer's own rate of buying,
    drawn towards the mean, is used instead; it cannot say who has left.
    """
    known = (*PURCHASE_MODELS, OWN_RATE)
    if model not in ("auto", *known):
        raise ParameterError(f"there is no model {model!r}.{nearest(str(model), ('auto', *known))}")
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
        (name, *tries[name].figures, name == chosen, _reason(name, chosen, tries, asked=model))
        for name in PURCHASE_MODELS
        if name in tries
    ]
    last = (
        "Needs no fit: taken because it was asked for." if model == OWN_RATE else "Needs no fit: stands in."
    )
    rows += [(OWN_RATE, np.nan, np.nan, True, last)] if chosen == OWN_RATE else []
    tried = pd.DataFrame(rows, columns=["model", "log_likelihood", "aic", "chosen", "reason"])
    says = _says(chosen, model, tries, fell_back=fell_back)
    models = {name: one.model for name, one in usable.items()}
    return PurchaseFit(model=fitted, name=chosen, tried=tried, fell_back=fell_back, says=says, usable=models)


def fit_spend(history: pd.DataFrame, *, within_variance: float = np.nan) -> SpendFit:
    """Fit what customers spend each time: Gamma-Gamma, or by name the shrunken mean of own spend.

    Parameters
    ----------
    history : DataFrame, one row per customer
        `frequency`, `monetary_value`, as `purchase_history` gives them.
    within_variance : number
        For the shrunken mean: variance of the values of one customer's purchases.

    Returns
    -------
    SpendFit

    Examples
    --------
    >>> fit = fit_spend(pd.DataFrame({"frequency": [2, 4, 0], "monetary_value": [10.0, 20.0, np.nan]}))
    >>> fit.name, fit.fell_back
    ('own mean spend', True)
    """
    again = history[history["frequency"] > 0]
    found, low, high = _correlation(again)
    shared = {"correlation": found, "correlation_low": low, "correlation_high": high}
    try:
        model: Any = GammaGammaModel().fit(history)
        model.expected_average_spend(history)
    except FitError as error:
        if again.empty:
            says = "Nobody has bought again, so nothing is known of what a purchase to come will bring."
            return SpendFit(model=None, name="", fell_back=True, says=says, **shared)
        model = ShrunkSpendModel().fit(history, within_variance=within_variance)
        says = (
            "What customers spend could not be fitted, so each customer's own mean, drawn towards that of "
            f"all, is used instead. {_first_sentence(str(error))}"
        )
        return SpendFit(model=model, name=OWN_SPEND, fell_back=True, says=says, **shared)
    says = (
        "What a customer spends each time is the own mean so far, drawn towards that of all the more, the "
        "fewer purchases there are."
    )
    return SpendFit(model=model, name="Gamma-Gamma", fell_back=False, says=says, **shared)


@dataclass(frozen=True, kw_only=True)
class _Try:
    model: Any
    aic: float
    usable: bool
    reason: str

    @classmethod
    def of(cls, name: str, history: pd.DataFrame) -> "_Try":
        try:
            fitted = PURCHASE_MODELS[name]().fit(history)
        except FitError as error:
            return cls(model=None, aic=np.nan, usable=False, reason=_first_sentence(str(error)))
        unsure = fitted.standard_errors_ / fitted.params_ > MOST_UNSURE
        names = " and ".join(unsure.index[unsure])
        reason = f"These customers do not determine {names}: too few seem to leave." if names else ""
        aic = 2 * len(fitted.params_) - 2 * fitted.log_likelihood_
        return cls(model=fitted, aic=aic, usable=not names, reason=reason)

    @property
    def figures(self) -> tuple[float, float]:
        return (np.nan if self.model is None else self.model.log_likelihood_, self.aic)


def _least_aic(usable: dict[str, _Try]) -> str:
    least = min(one.aic for one in usable.values())
    return next(name for name, one in usable.items() if one.aic <= least + SAME_AIC)


def _reason(name: str, chosen: str, tries: dict[str, _Try], *, asked: str) -> str:
    one = tries[name]
    if name == chosen:
        return "Asked for." if name == asked else _why_chosen(name, tries)
    if not one.usable:
        return one.reason
    behind = one.aic - tries[chosen].aic
    if behind <= SAME_AIC:
        return f"Fits as well as {chosen}, which comes first in order."
    return f"Fits less well than {chosen}: AIC {behind:.1f} higher."


def _why_chosen(name: str, tries: dict[str, _Try]) -> str:
    others = [one.aic for other, one in tries.items() if one.usable and other != name]
    if not others:
        return "The only one that fits these customers."
    return (
        "Fits best."
        if min(others) > tries[name].aic
        else "Fits as well as the best, and comes first in order."
    )


def _says(chosen: str, asked: str, tries: dict[str, _Try], *, fell_back: bool) -> str:
    if chosen == OWN_RATE and asked == OWN_RATE:
        return (
            "Each customer's own rate of buying, drawn towards the mean, is used; it cannot say who has left."
        )
    if chosen == OWN_RATE:
        return (
            "None of the models of buying and leaving fits these customers, so each customer's own rate of "
            "buying, drawn towards the mean, is used instead; it cannot say who has left."
        )
    if fell_back:
        return f"{asked} does not fit these customers, so {chosen} is used instead: {tries[asked].reason}"
    if asked != "auto":
        unsure = f" {tries[chosen].reason}" if tries[chosen].reason else ""
        return f"{chosen} was asked for, and is used.{unsure}"
    failed = [name for name, one in tries.items() if not one.usable]
    left = f"; {' and '.join(failed)} could not be used" if failed else ""
    return f"Of {len(tries)} models of buying and leaving, {chosen} was chosen{left}."


def _first_sentence(text: str) -> str:
    return text.split(". ", 1)[0].rstrip(".") + "."


def _correlation(again: pd.DataFrame) -> tuple[float, float, float]:
    """Pearson's correlation of frequency and mean spend, with Fisher's interval."""
    n, spend = again["frequency"].to_numpy(dtype=float), again["monetary_value"].to_numpy(dtype=float)
    if len(n) < 4 or not np.ptp(n) or not np.ptp(spend):
        return float("nan"), float("nan"), float("nan")
    found = float(np.corrcoef(n, spend)[0, 1])
    centre, reach = np.arctanh(np.clip(found, -1 + 1e-12, 1 - 1e-12)), 1.959964 / np.sqrt(len(n) - 3)
    return found, float(np.tanh(centre - reach)), float(np.tanh(centre + reach))
