"""Maximum likelihood for the lifetime models: several starts, a polished summit, errors or a reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from scipy.optimize import minimize
from threadpoolctl import ThreadpoolController

from crmlib.schema.errors import CrmlibError

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
    """A lifetime model that could not be fitted, or is asked before it was.

    Examples
    --------
    >>> raise FitError("BetaGeoModel: nobody bought twice.")
    Traceback (most recent call last):
    ...
    crmlib.analyse.lifetime_fit.FitError: BetaGeoModel: nobody bought twice.
    """


@dataclass(frozen=True, kw_only=True, eq=False)
class Summit:
    """Where the likelihood is largest.

    Parameters
    ----------
    logs : array (parameters,)
        Logarithms of the parameters.
    log_likelihood : float
        Of all customers together.
    standard_errors : array (parameters,)
        Of the logarithms, from the curvature at the summit.

    Examples
    --------
    See `maximise`.
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
    curvature: Curvature | None = None,
) -> Summit:
    """Find the summit of a likelihood from several starts, and make sure that it is one.

    Each start climbs by L-BFGS-B within bounds, on `sketch` where it is given. The best one is carried on
    with all customers by BFGS, which begins with the curvature found, and polished by Newton's method. Where
    that ends at no summit, all starts climb again with all customers. One thread does the sums: the matrices
    are tiny, and threads that wait for each other cost many times the work itself on a busy machine.

    Parameters
    ----------
    objective : function of the logarithms of the parameters
        Negative log-likelihood a customer, and its gradient.
    starts : several points to begin at, logarithms
    names : names of the parameters, for messages
    customers : number of customers
    model : name of the model, for messages
    sketch : the same objective on a sample of the customers, optional
    curvature : second derivatives of `objective`, optional
        Where they are not given, differences of the gradient are taken, at eight evaluations for four parameters.

    Raises
    ------
    FitError
        If there is no summit, or the data do not determine a parameter: it names the parameter.

    Examples
    --------
    The rate of five waiting times of mean 2 is 0.5; the logarithm of it has standard error 1 / sqrt(5):

    >>> def objective(logs):
    ...     return 2 * np.exp(logs[0]) - logs[0], 2 * np.exp(logs) - 1
    >>> summit = maximise(objective, starts=[[0.0], [1.0]], names=["rate"], customers=5, model="Waiting")
    >>> np.exp(summit.logs).round(6), summit.standard_errors.round(6)
    (array([0.5]), array([0.447214]))
    """
    objective = _remembering(objective)
    curvature = curvature or partial(hessian, objective)
    given = {"curvature": curvature, "names": names, "customers": customers, "model": model}
    with _threads().limit(limits=1, user_api="blas"):
        if sketch is not None:
            try:
                sketched = _best_of(sketch, starts, model=model, near=1e-10)
                begin = _carry_on(objective, sketched, hessian(sketch, sketched))
                return _summit(objective, begin, **given)
            except FitError:
                pass
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
    logs, value, gradient, bend = _polish(objective, curvature, begin)
    _check(logs, gradient, bend, names=names, customers=customers, model=model)
    errors = np.sqrt(np.diag(np.linalg.inv(bend)) / customers)
    return Summit(logs=logs, log_likelihood=-value * customers, standard_errors=errors)


def hessian(objective: Objective, logs: np.ndarray) -> np.ndarray:
    """Curvature of an objective: central differences of its exact gradient, made symmetric.

    Parameters
    ----------
    objective : function that gives a value and its gradient
    logs : array (parameters,), where

    Examples
    --------
    >>> hessian(lambda z: (z[0] ** 2, 2 * z), np.array([3.0])).round(6)
    array([[2.]])
    """
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
    found = []
    for start in starts:
        begin = np.clip(np.asarray(start, dtype=float), -BOUND + 1, BOUND - 1)
        result = minimize(
            objective,
            begin,
            jac=True,
            method="L-BFGS-B",
            bounds=[(-BOUND, BOUND)] * len(begin),
            options={"ftol": near, "gtol": near**0.5 / 10, "maxiter": 500},
        )
        if np.isfinite(result.fun):
            found.append(result)
    if not found:
        raise FitError(
            f"{model}: the likelihood is not finite at any of {len(starts)} starts. Look in the history for "
            "figures that are far too large."
        )
    return min(found, key=lambda result: result.fun).x


def _carry_on(objective: Objective, logs: np.ndarray, curvature: np.ndarray) -> np.ndarray:
    values, axes = np.linalg.eigh(curvature)
    start = (axes / np.maximum(np.abs(values), 1e-6)) @ axes.T
    result = minimize(
        objective,
        logs,
        jac=True,
        method="BFGS",
        options={"gtol": 1e-7, "maxiter": 200, "hess_inv0": (start + start.T) / 2},
    )
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


def _check(
    logs: np.ndarray,
    gradient: np.ndarray,
    curvature: np.ndarray,
    *,
    names: Sequence[str],
    customers: float,
    model: str,
) -> None:
    remedy = (
        "Fit it on more customers or a longer time, or choose a simpler model; until then use figures that "
        "need no model, such as the purchases of the last year."
    )
    far = [
        f"{name} {'grows without end' if log > 0 else 'falls to 0'}"
        for name, log in zip(names, logs, strict=True)
        if abs(log) > BOUND - 0.5
    ]
    if far:
        raise FitError(f"{model} has no summit: the likelihood keeps rising as {' and '.join(far)}. {remedy}")
    if not np.isfinite(curvature).all() or np.linalg.eigvalsh(curvature)[0] <= 0:
        raise FitError(f"{model} did not converge: where it stopped the likelihood has no summit. {remedy}")
    inverse = np.linalg.inv(curvature)
    unsure = np.sqrt(np.diag(inverse) / customers) > MOST_UNSURE
    if unsure.any():
        listed = " and ".join(name for name, flag in zip(names, unsure, strict=True) if flag)
        raise FitError(f"{model}: these customers do not determine {listed}. {remedy}")
    if customers * float(gradient @ inverse @ gradient) / 2 > NEAR_ENOUGH:
        raise FitError(f"{model} did not converge: the likelihood still rises where it stopped. {remedy}")
