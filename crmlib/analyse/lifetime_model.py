"""What all lifetime models have in common: fitting, given parameters, and the checks before an answer."""

from collections.abc import Callable, Sequence
from typing import ClassVar, Self

import numpy as np
import pandas as pd

from crmlib.analyse.lifetime_fit import Curvature, FitError, Objective, Summit, maximise
from crmlib.analyse.lifetime_history import Groups, group_histories, history_arrays, horizons
from crmlib.schema.errors import ParameterError

_NODES = 16


class LifetimeModel:
    """The common part of the models of purchases and of spend.

    Attributes
    ----------
    params_ : Series
    standard_errors_ : Series
        From the curvature of the likelihood; NaN where the parameters were given.
    log_likelihood_ : float
    converged_ : bool
        True after a fit. One that does not converge raises `FitError` and leaves no parameters.
    unit_ : str or None
        The time unit of the history, where it is known.

    Examples
    --------
    See `crmlib.analyse.lifetime_bgnbd.BetaGeoModel`.
    """

    names: ClassVar[tuple[str, ...]] = ()
    """Names of the parameters."""

    @classmethod
    def with_params(cls, **params: float) -> Self:
        """A model with parameters that are known from elsewhere, such as a paper.

        Raises
        ------
        ParameterError
            If one is missing, unknown or not above 0.

        Examples
        --------
        >>> from crmlib.analyse.lifetime_bgnbd import BetaGeoModel
        >>> BetaGeoModel.with_params(r=0.243, alpha=4.414, a=0.793, b=2.426).params_["alpha"]
        np.float64(4.414)
        """
        if set(params) != set(cls.names):
            raise ParameterError(f"{cls.__name__} has the parameters {', '.join(cls.names)}: give them all.")
        for name, value in params.items():
            if not (np.isfinite(value) and value > 0):
                raise ParameterError(f"{cls.__name__}: {name} is {value!r} and must be above 0.")
        model = cls()
        model.params_ = pd.Series({name: float(params[name]) for name in cls.names}, name="value")
        model.standard_errors_ = pd.Series(np.nan, index=model.params_.index, name="standard_error")
        model.log_likelihood_ = float("nan")
        model.converged_ = False
        model.unit_ = None
        return model

    def __repr__(self) -> str:
        if not hasattr(self, "params_"):
            return f"{type(self).__name__}()"
        figures = ", ".join(f"{name}={value:.4g}" for name, value in self.params_.items())
        return f"{type(self).__name__}({figures})"

    def _climb(
        self,
        make_objective: Callable[..., Objective],
        groups: object,
        sketch: object,
        *,
        starts: Sequence[Sequence[float]],
        customers: float,
        curvature: Curvature | None = None,
    ) -> Summit:
        for name in ("params_", "standard_errors_", "log_likelihood_", "unit_"):
            self.__dict__.pop(name, None)
        self.converged_ = False
        return maximise(
            make_objective(groups),
            starts=starts,
            names=self.names,
            customers=customers,
            model=type(self).__name__,
            sketch=None if sketch is None else make_objective(sketch),
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
    """The common part of the models of when customers buy, and until when.

    Examples
    --------
    See `crmlib.analyse.lifetime_bgnbd.BetaGeoModel`.
    """

    _times: ClassVar[tuple[str, ...]] = ()

    def fit(self, history: pd.DataFrame) -> Self:
        """Fit by maximum likelihood.

        Customers with the same history are put together, times are rescaled, the logarithms of the
        parameters are looked for from several starts with exact gradients.

        Parameters
        ----------
        history : DataFrame, one row per customer
            `frequency`, `recency`, `T`, as `purchase_history` gives them.

        Raises
        ------
        SchemaError
            If a column is missing or a figure cannot be.
        FitError
            If nobody bought twice, or the likelihood has no summit that the data determine.

        Examples
        --------
        >>> from crmlib.analyse.lifetime_bgnbd import BetaGeoModel
        >>> BetaGeoModel().fit(pd.DataFrame({"frequency": [0], "recency": [0.0], "T": [9.0]}))
        Traceback (most recent call last):
        ...
        crmlib.analyse.lifetime_fit.FitError: BetaGeoModel: no customer bought twice, so nothing can be said
        about when they buy again. Take a longer time.
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
        summit = self._climb(
            self._objective,
            scaled,
            scaled.sketch(),
            starts=self._starts(purchases / groups.customers),
            customers=groups.customers,
            curvature=self._curvature(scaled),
        )
        scales = [scale if name in self._times else 1.0 for name in self.names]
        return self._keep(summit, scales=scales, jacobian=purchases * np.log(scale), history=history)

    def probability_alive(self, history: pd.DataFrame) -> pd.Series:
        """Probability that each customer still buys at the closing moment, 0 to 1.

        Parameters
        ----------
        history : DataFrame, one row per customer
            `frequency`, `recency`, `T`.

        Examples
        --------
        >>> from crmlib.analyse.lifetime_bgnbd import BetaGeoModel
        >>> model = BetaGeoModel.with_params(r=0.243, alpha=4.414, a=0.793, b=2.426)
        >>> late = pd.DataFrame({"frequency": [4, 4], "recency": [38.0, 9.0], "T": [39.0, 39.0]})
        >>> model.probability_alive(late).round(3).to_list()
        [0.861, 0.045]
        """
        values = self._values(history)
        alive = self._alive(*history_arrays(history), *values)
        return pd.Series(alive, index=history.index, name="probability_alive")

    def expected_purchases(self, history: pd.DataFrame, t: object) -> pd.Series:
        """Expected purchase days of each customer in the time `t` after the closing moment.

        Parameters
        ----------
        history : DataFrame, one row per customer
            `frequency`, `recency`, `T`.
        t : number, or one for each customer
            In the time unit of the history.

        Raises
        ------
        ParameterError
            If `t` is negative or does not fit, or the model was fitted in another unit.

        Examples
        --------
        >>> from crmlib.analyse.lifetime_bgnbd import BetaGeoModel
        >>> model = BetaGeoModel.with_params(r=0.243, alpha=4.414, a=0.793, b=2.426)
        >>> one = pd.DataFrame({"frequency": [2], "recency": [30.43], "T": [38.86]})
        >>> model.expected_purchases(one, 39).round(2).to_list()
        [1.23]
        """
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

        Parameters
        ----------
        history : DataFrame, one row per customer
            `frequency`, `recency`, `T`.
        t : number
            In the time unit of the history.
        rate : number, 0 or more
            Continuous discount rate per time unit: the logarithm of 1 + the rate with yearly compounding,
            divided by the units in a year.

        Examples
        --------
        >>> from crmlib.analyse.lifetime_bgnbd import BetaGeoModel
        >>> model = BetaGeoModel.with_params(r=0.243, alpha=4.414, a=0.793, b=2.426)
        >>> one = pd.DataFrame({"frequency": [2], "recency": [30.43], "T": [38.86]})
        >>> model.discounted_purchases(one, 39, rate=0.01).round(2).to_list()
        [1.03]
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
        """Expected repeat purchase days of a new customer in the time `t` after the first purchase.

        Parameters
        ----------
        t : number or array

        Returns
        -------
        float or array of the shape of `t`

        Examples
        --------
        >>> from crmlib.analyse.lifetime_bgnbd import BetaGeoModel
        >>> model = BetaGeoModel.with_params(r=0.2426, alpha=4.4136, a=0.7929, b=2.4259)
        >>> model.expected_purchases_new([1, 3]).round(3)
        array([0.053, 0.151])
        """
        values = self._values()
        times = np.asarray(t, dtype=float)
        horizons(times.ravel(), pd.DataFrame(index=range(times.size)))
        none = np.zeros(times.shape)
        expected = self._alive(none, none, none, *values) * self._while_alive(none, none, times, *values)
        return expected if times.ndim else float(expected)

    def _objective(self, groups: Groups) -> Objective:
        def objective(logs: np.ndarray) -> tuple[float, np.ndarray]:
            values = np.exp(logs)
            total, gradient = self._log_likelihood(groups, *values)
            return -total / groups.customers, -gradient * values / groups.customers

        return objective

    def _curvature(self, groups: Groups) -> Curvature | None:
        """Second derivatives of the objective, for a model that knows them."""
        return None
