"""What all lifetime models have in common: fitting, given parameters, and the checks before an answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from threadpoolctl import ThreadpoolController

from crmlib.analyse.lifetime.history import WIDE_ROWS, Groups, group_histories, history_arrays, horizons
from crmlib.schema.errors import CrmlibError, ParameterError

Objective = Callable[[np.ndarray], tuple[float, np.ndarray]]
"""Logarithms of the parameters -> negative log-likelihood a customer, and its gradient."""
Curvature = Callable[[np.ndarray], np.ndarray]
"""Logarithms of the parameters -> second derivatives of the objective."""

BOUND = 12.0
"""How far from 0 the logarithm of a parameter is looked for, with time and money rescaled to about 1."""
MOST_UNSURE = 8.0
"""Standard error of a logarithm from which a parameter counts as not determined by the data."""
NEAR_ENOUGH = 1e-6
"""Log-likelihood that may still be missing at the summit."""
_STEP = 1e-4


class FitError(CrmlibError):
    """A lifetime model that could not be fitted, or is asked before it was."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Summit:
    """Where the likelihood is largest.

    `logs` (parameters,): Logarithms of the parameters.
    `log_likelihood`: Of all customers together.
    `standard_errors` (parameters,): Of the logarithms, from the curvature at the summit.
    """

    logs: np.ndarray
    log_likelihood: float
    standard_errors: np.ndarray


def maximise(
    objective: Objective,
    *,
    starts: Sequence[Sequence[float]],
    names: Sequence[str],
    customers: float,
    model: str,
    sketch: Objective | None = None,
    wide: Objective | None = None,
    curvature: Curvature | None = None,
) -> Summit:
    """Find the summit of a likelihood from several starts, and make sure that it is one.

    Each start climbs by L-BFGS-B within bounds, on `sketch` where it is given. The best one is carried on
    with all customers by BFGS, which begins with the curvature found, and polished by Newton's method. Where
    that ends at no summit, all starts climb again, on `wide`, a larger sketch, where it is given, whose best goes
    on with all customers; else with all customers. One thread does the sums: the matrices
    are tiny, and threads that wait for each other cost many times the work itself on a busy machine.
    """
    objective = _remembering(objective)
    curvature = curvature or partial(hessian, objective)
    given = {"curvature": curvature, "names": names, "customers": customers, "model": model}
    with _threads().limit(limits=1, user_api="blas"):
        if sketch is not None:
            try:
                sketched = _best_of(sketch, starts, model=model, near=1e-10)
                if wide is None or np.abs(sketched).max() < BOUND:
                    begin = _carry_on(objective, sketched, hessian(sketch, sketched))
                    return _summit(objective, begin, **given)
            except FitError:
                pass
        if wide is not None:
            starts = [_best_of(wide, starts, model=model, near=1e-10)]
        return _summit(objective, _best_of(objective, starts, model=model), **given)


def _summit(
    objective: Objective,
    begin: np.ndarray,
    *,
    curvature: Curvature,
    names: Sequence[str],
    customers: float,
    model: str,
) -> Summit:
    if np.abs(begin).max() >= BOUND:
        _refuse_endless(begin, names=names, model=model)
    logs, value, gradient, bend = _polish(objective, curvature, begin)
    _check(logs, gradient, bend, names=names, customers=customers, model=model)
    errors = np.sqrt(np.diag(np.linalg.inv(bend)) / customers)
    return Summit(logs=logs, log_likelihood=-value * customers, standard_errors=errors)


def hessian(objective: Objective, logs: np.ndarray) -> np.ndarray:
    """Curvature of an objective: central differences of its exact gradient, made symmetric."""
    rows = []
    for i in range(len(logs)):
        step = np.zeros(len(logs))
        step[i] = _STEP
        rows.append((objective(logs + step)[1] - objective(logs - step)[1]) / (2 * _STEP))
    found = np.array(rows)
    return (found + found.T) / 2


def _remembering(objective: Objective) -> Objective:
    """The same, but a place that was just looked at costs nothing a second time: climbers hand over there."""
    known: dict[bytes, tuple[float, np.ndarray]] = {}

    def remembered(logs: np.ndarray) -> tuple[float, np.ndarray]:
        place = logs.tobytes()
        if place not in known:
            known[place] = objective(logs)
        value, gradient = known[place]
        return value, gradient.copy()

    return remembered


@cache
def _threads() -> ThreadpoolController:
    return ThreadpoolController()


def _best_of(
    objective: Objective, starts: Sequence[Sequence[float]], *, model: str, near: float = 1e-14
) -> np.ndarray:
    from scipy.optimize import minimize

    found = []
    for start in starts:
        begin = np.clip(np.asarray(start, dtype=float), -BOUND, BOUND)
        bounds = [(-BOUND, BOUND)] * len(begin)
        options = {"ftol": near, "gtol": near**0.5 / 10, "maxiter": 500}
        result = minimize(objective, begin, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
        if np.isfinite(result.fun):
            found.append(result)
    if not found:
        raise FitError(
            f"{model}: the likelihood is not finite at any of {len(starts)} starts. Look in the history for "
            "figures that are far too large."
        )
    return min(found, key=lambda result: result.fun).x


def _carry_on(objective: Objective, logs: np.ndarray, curvature: np.ndarray) -> np.ndarray:
    from scipy.optimize import minimize

    values, axes = np.linalg.eigh(curvature)
    start = (axes / np.maximum(np.abs(values), 1e-6)) @ axes.T
    options = {"gtol": 1e-7, "maxiter": 200, "hess_inv0": (start + start.T) / 2}
    result = minimize(objective, logs, jac=True, method="BFGS", options=options)
    return result.x if result.fun <= objective(logs)[0] else logs


def _polish(
    objective: Objective, curvature: Curvature, logs: np.ndarray
) -> tuple[np.ndarray, float, np.ndarray, np.ndarray]:
    value, gradient = objective(logs)
    for _ in range(3):
        bend = curvature(logs)
        if not np.isfinite(bend).all() or np.linalg.eigvalsh(bend)[0] <= 0:
            break
        step = np.linalg.solve(bend, gradient)
        if np.abs(step).max() > 1:
            break
        there = logs - step
        new_value, new_gradient = objective(there)
        # At the summit the value no longer tells better from worse: its digits are used up.
        if not new_value <= value + 1e-12 * (1 + abs(value)):
            break
        logs, value, gradient = there, new_value, new_gradient
        if np.abs(step).max() < 1e-4:
            break
    return logs, value, gradient, bend


def _refuse_endless(logs: np.ndarray, *, names: Sequence[str], model: str) -> None:
    far = [
        f"{name} {'grows without end' if log > 0 else 'falls to 0'}"
        for name, log in zip(names, logs, strict=True)
        if abs(log) > BOUND - 0.5
    ]
    if far:
        raise _with_remedy(
            FitError(f"{model} has no summit: the likelihood keeps rising as {' and '.join(far)}.")
        )


def _check(
    logs: np.ndarray,
    gradient: np.ndarray,
    curvature: np.ndarray,
    *,
    names: Sequence[str],
    customers: float,
    model: str,
) -> None:
    _refuse_endless(logs, names=names, model=model)
    if not np.isfinite(curvature).all() or np.linalg.eigvalsh(curvature)[0] <= 0:
        raise _with_remedy(
            FitError(f"{model} did not converge: where it stopped the likelihood has no summit.")
        )
    inverse = np.linalg.inv(curvature)
    unsure = np.sqrt(np.diag(inverse) / customers) > MOST_UNSURE
    if unsure.any():
        listed = " and ".join(name for name, flag in zip(names, unsure, strict=True) if flag)
        raise _with_remedy(FitError(f"{model}: these customers do not determine {listed}."))
    if customers * float(gradient @ inverse @ gradient) / 2 > NEAR_ENOUGH:
        raise _with_remedy(
            FitError(f"{model} did not converge: the likelihood still rises where it stopped.")
        )


def _with_remedy(error: FitError) -> FitError:
    return FitError(
        f"{error} Fit it on more customers or a longer time, or choose a simpler model; until then use figures that "
        "need no model, such as the purchases of the last year."
    )


_NODES = 16


class LifetimeModel:
    """The common part of the models of purchases and of spend.

    `standard_errors_`: From the curvature of the likelihood; NaN where the parameters were given.
    `converged_`: True after a fit. One that does not converge raises `FitError` and leaves no parameters.
    `unit_`: The time unit of the history, where it is known.
    """

    names: ClassVar[tuple[str, ...]] = ()
    """Names of the parameters."""

    @classmethod
    def with_params(cls, **params: float) -> Self:
        """A model with parameters that are known from elsewhere, such as a paper."""
        if set(params) != set(cls.names):
            raise ParameterError(f"{cls.__name__} has the parameters {', '.join(cls.names)}: give them all.")
        for name, value in params.items():
            if not (np.isfinite(value) and value > 0):
                raise ParameterError(f"{cls.__name__}: {name} is {value!r} and must be above 0.")
        return cls()._take([float(params[name]) for name in cls.names], unit=None)

    def _take(self, values: Sequence[float], *, unit: str | None) -> Self:
        """Parameters that no likelihood was climbed for."""
        self.params_ = pd.Series(values, index=list(self.names), name="value", dtype=float)
        self.standard_errors_ = pd.Series(np.nan, index=self.params_.index, name="standard_error")
        self.log_likelihood_ = float("nan")
        self.converged_ = False
        self.unit_ = unit
        return self

    def __repr__(self) -> str:
        if not hasattr(self, "params_"):
            return f"{type(self).__name__}()"
        figures = ", ".join(f"{name}={value:.4g}" for name, value in self.params_.items())
        return f"{type(self).__name__}({figures})"

    def _objective(self, groups: Any) -> Objective:
        """What is made least: the likelihood of one customer, turned over, by the logarithms of the parameters."""

        def objective(logs: np.ndarray) -> tuple[float, np.ndarray]:
            values = np.exp(logs)
            total, gradient = self._log_likelihood(groups, *values)
            return -total / groups.customers, -gradient * values / groups.customers

        return objective

    def _climb(
        self,
        groups: Any,
        sketch: Any = None,
        wide: Any = None,
        *,
        starts: Sequence[Sequence[float]],
        curvature: Curvature | None = None,
    ) -> Summit:
        for name in ("params_", "standard_errors_", "log_likelihood_", "unit_"):
            self.__dict__.pop(name, None)
        self.converged_ = False
        return maximise(
            self._objective(groups),
            starts=starts,
            names=self.names,
            customers=groups.customers,
            model=type(self).__name__,
            sketch=None if sketch is None else self._objective(sketch),
            wide=None if wide is None else self._objective(wide),
            curvature=curvature,
        )

    def _keep(
        self, summit: Summit, *, scales: Sequence[float], jacobian: float, history: pd.DataFrame
    ) -> Self:
        values = np.exp(summit.logs) * np.asarray(scales)
        self.params_ = pd.Series(values, index=list(self.names), name="value")
        errors = values * summit.standard_errors
        self.standard_errors_ = pd.Series(errors, index=list(self.names), name="standard_error")
        self.log_likelihood_ = float(summit.log_likelihood - jacobian)
        self.converged_ = True
        self.unit_ = history.attrs.get("unit")
        return self

    def _values(self, history: pd.DataFrame | None = None) -> list[float]:
        if not hasattr(self, "params_"):
            raise FitError(f"{type(self).__name__} has no parameters yet: call fit(history) first.")
        unit = None if history is None else history.attrs.get("unit")
        if unit and self.unit_ and unit != self.unit_:
            raise ParameterError(
                f"the history is in unit {unit!r}, but {type(self).__name__} was fitted in {self.unit_!r}. "
                "Make both with the same unit."
            )
        return [float(self.params_[name]) for name in self.names]


class TransactionsModel(LifetimeModel):
    """The common part of the models of when customers buy, and until when."""

    _times: ClassVar[tuple[str, ...]] = ()

    def fit(self, history: pd.DataFrame) -> Self:
        """Fit by maximum likelihood.

        Customers with the same history are put together, times are rescaled, the logarithms of the
        parameters are looked for from several starts with exact gradients.
        """
        groups = group_histories(history)
        purchases = float(groups.weights @ groups.x)
        if not purchases:
            raise FitError(
                f"{type(self).__name__}: no customer bought twice, so nothing can be said about when they "
                "buy again. Take a longer time."
            )
        scale = float(groups.weights @ groups.T) / groups.customers
        scaled = groups.in_time_units_of(scale)
        starts = self._starts(purchases / groups.customers)
        samples = scaled.sketch(), scaled.sketch(WIDE_ROWS)
        summit = self._climb(scaled, *samples, starts=starts, curvature=self._curvature(scaled))
        scales = [scale if name in self._times else 1.0 for name in self.names]
        return self._keep(summit, scales=scales, jacobian=purchases * np.log(scale), history=history)

    def probability_alive(self, history: pd.DataFrame) -> pd.Series:
        """Probability that each customer still buys at the closing moment, 0 to 1."""
        values = self._values(history)
        alive = self._alive(*history_arrays(history), *values)
        return pd.Series(alive, index=history.index, name="probability_alive")

    def expected_purchases(self, history: pd.DataFrame, t: object) -> pd.Series:
        """Expected purchase days of each customer in the time `t` after the closing moment."""
        times = horizons(t, history)
        if times.ndim == 0:
            return self.discounted_purchases(history, float(times), rate=0.0).rename("expected_purchases")
        values = self._values(history)
        x, recency, age = history_arrays(history)
        expected = self._alive(x, recency, age, *values) * self._while_alive(x, age, times, *values)
        return pd.Series(expected, index=history.index, name="expected_purchases")

    def discounted_purchases(self, history: pd.DataFrame, t: float, *, rate: float) -> pd.Series:
        """Expected purchase days in the time `t` to come, each worth less the later it is.

        A purchase after a time u counts exp(-rate u). The integral of that over the expected purchases is
        taken by parts and by quadrature.
        """
        values = self._values(history)
        x, recency, age = history_arrays(history)
        # What is to come while alive depends on two figures only, which many customers share.
        pairs = pd.DataFrame({"x": x, "age": age}).groupby(["x", "age"], sort=False)
        of_pair = pairs.ngroup().to_numpy()
        first = np.unique(of_pair, return_index=True)[1]
        x_of, age_of = x[first], age[first]
        total = np.exp(-rate * t) * self._while_alive(x_of, age_of, np.full(len(first), t), *values)
        if rate > 0:
            places, weights = np.polynomial.legendre.leggauss(_NODES)
            for place, weight in zip((places + 1) / 2, weights / 2, strict=True):
                # Squared places lie denser at the beginning, where purchases come fastest.
                time = np.full(len(first), t * place**2)
                share = 2 * t * place * weight * rate * np.exp(-rate * time)
                total += share * self._while_alive(x_of, age_of, time, *values)
        expected = self._alive(x, recency, age, *values) * total[of_pair]
        return pd.Series(expected, index=history.index, name="discounted_purchases")

    def expected_purchases_new(self, t: object) -> np.ndarray | float:
        """Expected repeat purchase days of a new customer in the time `t` after the first purchase."""
        values = self._values()
        times = np.asarray(t, dtype=float)
        horizons(times.ravel(), pd.DataFrame(index=range(times.size)))
        none = np.zeros(times.shape)
        expected = self._alive(none, none, none, *values) * self._while_alive(none, none, times, *values)
        return expected if times.ndim else float(expected)

    def _curvature(self, groups: Groups) -> Curvature | None:
        """Second derivatives of the objective, for a model that knows them."""
        return None
