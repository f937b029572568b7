"""Fits that fail say so by name; models ask for what they need."""

import numpy as np
import pandas as pd
import pytest

from crmlib.analyse.lifetime import history as lifetime_history
from crmlib.analyse.lifetime.history import group_histories, history_arrays
from crmlib.analyse.lifetime.model import FitError, maximise
from crmlib.analyse.lifetime.purchase_models import BetaGeoModel, ModifiedBetaGeoModel, ParetoNBDModel
from crmlib.schema.errors import CrmlibError, ParameterError, SchemaError
from tests.analyse.lifetime.lifetime_cases import as_history, drawn_from_beta_geometric, drawn_from_pareto

MODELS = [BetaGeoModel, ModifiedBetaGeoModel, ParetoNBDModel]
EACH = pytest.mark.parametrize("model", MODELS)


def equal_customers_who_never_leave(customers=400):
    """All at the same rate, nobody leaves: no distribution of rates, none of leaving."""
    rng = np.random.default_rng(0)
    x = rng.poisson(6, customers).astype(float)
    recency = np.where(x > 0, 30 * rng.random(customers) ** (1 / np.maximum(x, 1)), 0)
    return as_history(x, recency, np.full(customers, 30.0))


@EACH
def test_customers_without_differences_are_refused_by_name(model):
    fitted = model()
    with pytest.raises(FitError, match=rf"{model.__name__}.* (r|alpha|a|b|s|beta)\b.*simpler model"):
        fitted.fit(equal_customers_who_never_leave())
    assert fitted.converged_ is False
    with pytest.raises(FitError, match="call fit"):
        fitted.probability_alive(equal_customers_who_never_leave())


@EACH
def test_a_refit_that_fails_leaves_no_old_parameters(model):
    history, _ = drawn_from_pareto(2500, r=0.6, alpha=8, s=0.7, beta=10, seed=8)
    fitted = model().fit(history)
    assert fitted.converged_
    with pytest.raises(FitError):
        fitted.fit(equal_customers_who_never_leave())
    assert not hasattr(fitted, "params_") and not fitted.converged_


@EACH
@pytest.mark.parametrize("rows", [0, 1, 5])
def test_without_repeat_purchases_nothing_is_fitted(model, rows):
    with pytest.raises(FitError, match="no customer bought twice"):
        model().fit(as_history([0.0] * rows, [0.0] * rows, [9.0] * rows))


@EACH
def test_a_handful_of_customers_is_fitted_or_refused_but_never_wrong_silently(model):
    for seed in range(6):
        history, _ = drawn_from_beta_geometric(12, r=0.8, alpha=6, a=0.9, b=2.5, seed=seed)
        try:
            fitted = model().fit(history)
        except FitError as error:
            assert model.__name__ in str(error)
        else:
            assert fitted.converged_ and np.isfinite(fitted.standard_errors_).all()


@EACH
def test_not_fitted_is_said(model):
    with pytest.raises(FitError, match=f"{model.__name__} has no parameters yet: call fit"):
        model().expected_purchases(as_history([1], [1], [2]), 4)
    assert issubclass(FitError, CrmlibError)


@EACH
def test_given_parameters_are_checked(model):
    with pytest.raises(ParameterError, match="give them all"):
        model.with_params(r=1.0)
    with pytest.raises(ParameterError, match="r is nan"):
        model.with_params(**{name: float("nan") for name in model.names})


def test_histories_of_another_unit_are_refused():
    history, _ = drawn_from_beta_geometric(1000, r=0.8, alpha=6, a=0.9, b=2.5, seed=1)
    history.attrs["unit"] = "W"
    model = BetaGeoModel().fit(history)
    days = history.copy()
    days.attrs["unit"] = "D"
    with pytest.raises(ParameterError, match=r"unit 'D'.*fitted in 'W'"):
        model.expected_purchases(days, 4)


@pytest.mark.parametrize("t", [-1, np.nan, [1, 2, 3], [[1]]])
def test_times_ahead_that_do_not_fit_are_refused(t):
    model = BetaGeoModel.with_params(r=1, alpha=1, a=1, b=1)
    with pytest.raises(ParameterError, match="t "):
        model.expected_purchases(as_history([1, 2], [1, 2], [3, 3]), t)


def test_each_customer_may_have_an_own_time():
    model = BetaGeoModel.with_params(r=1, alpha=1, a=2, b=1)
    history = as_history([1, 1], [1, 1], [3, 3])
    both = model.expected_purchases(history, [5, 9])
    assert both.tolist() == pytest.approx(
        [model.expected_purchases(history, 5)[0], model.expected_purchases(history, 9)[0]]
    )


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ((1, 5, 3), "recency 5 above T 3"),
        ((0, 2, 3), "no repeat purchase"),
        ((2, 0, 3), "recency 0"),
        ((1.5, 1, 3), "no count"),
        ((-1, 1, 3), "no count"),
        ((1, -1, 3), "below 0"),
        ((1, np.nan, 3), "missing"),
        ((1, 1, np.inf), "missing or infinite"),
    ],
)
def test_figures_that_cannot_be_are_refused_with_the_customer(row, says):
    history = pd.DataFrame([(0, 0, 5), row], columns=["frequency", "recency", "T"], index=["bob", "ann"])
    with pytest.raises(SchemaError, match=f"ann has .*{says}.*purchase_history"):
        history_arrays(history)


def test_missing_column_is_named():
    with pytest.raises(SchemaError, match="no column recency"):
        BetaGeoModel().fit(pd.DataFrame({"frequency": [1], "T": [2]}))


def test_groups_hold_every_customer():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 3, 500)
    history = as_history(x, np.where(x > 0, rng.integers(1, 5, 500), 0), rng.integers(5, 8, 500))
    groups = group_histories(history)
    assert groups.customers == 500 and len(groups.x) <= 3 + 2 * 4 * 3
    assert groups.weights @ groups.x == x.sum() and groups.weights @ groups.T == history["T"].sum()
    assert groups.count_weights.tolist() == np.bincount(x).tolist()
    drawn = groups.sketch(10)
    assert drawn.customers == 10 and abs(drawn.weights @ drawn.x / 10 - x.mean()) < 0.2


@pytest.mark.parametrize("too_many", [False, True])
def test_groups_are_those_of_pandas(too_many, monkeypatch):
    """Also where the distinct figures are too many for one whole number: then no one is put together."""
    rng = np.random.default_rng(1)
    x = rng.integers(0, 4, 3000) * rng.choice([1, 20_000], 3000)
    history = as_history(x, np.where(x > 0, rng.integers(1, 9, 3000) / 7, 0), rng.integers(10, 15, 3000) / 7)
    if too_many:
        monkeypatch.setattr(lifetime_history, "prod", lambda sizes: 2**62)
    groups = group_histories(history)
    assert (np.diff(groups.x) >= 0).all()
    np.testing.assert_array_equal(groups.counts[groups.position], groups.x)
    found = pd.DataFrame({"x": groups.x, "recency": groups.recency, "T": groups.T, "n": groups.weights})
    assert len(found) == 3000 if too_many else len(found) < 300
    expected = history.groupby(["frequency", "recency", "T"]).size().rename("n").reset_index()
    together = found.groupby(["x", "recency", "T"], as_index=False)["n"].sum()
    np.testing.assert_array_equal(together, expected)


def test_the_input_is_not_changed():
    history, _ = drawn_from_beta_geometric(500, r=0.8, alpha=6, a=0.9, b=2.5, seed=1)
    before = history.copy(deep=True)
    BetaGeoModel().fit(history).expected_purchases(history, 4)
    pd.testing.assert_frame_equal(history, before)


def test_the_best_of_several_starts_is_taken():
    """Two summits, the higher one far from the first start."""

    def objective(logs):
        z = logs[0]
        value = (z**2 - 4) ** 2 / 8 + z / 4
        return value, np.array([z * (z**2 - 4) / 2 + 0.25])

    summit = maximise(objective, starts=[[3.0], [-3.0]], names=["z"], customers=100, model="Hills")
    assert summit.logs[0] < -1.9


@pytest.mark.parametrize("slope", [1.0, -1.0])
def test_a_likelihood_without_summit_is_refused(slope):
    def objective(logs):
        return slope * logs[0] + logs[1] ** 2, np.array([slope, 2 * logs[1]])

    way = "falls to 0" if slope > 0 else "grows without end"
    with pytest.raises(FitError, match=f"Slide has no summit: the likelihood keeps rising as tilt {way}"):
        maximise(objective, starts=[[0.0, 1.0]], names=["tilt", "other"], customers=10, model="Slide")


def test_a_likelihood_that_is_not_finite_is_refused():
    def objective(logs):
        return np.nan, np.array([np.nan])

    with pytest.raises(FitError, match="not finite"):
        maximise(objective, starts=[[0.0]], names=["z"], customers=1, model="Fog")


def test_second_derivatives_that_are_known_are_used_and_judged():
    def bowl(logs):
        return 2.0 * (logs[0] - 1) ** 2, 4 * (logs - 1)

    given = {"starts": [[0.0]], "names": ["z"], "customers": 100, "model": "Bowl"}
    summit = maximise(bowl, curvature=lambda logs: np.array([[4.0]]), **given)
    assert summit.logs[0] == pytest.approx(1) and summit.standard_errors[0] == pytest.approx(1 / 20)
    with pytest.raises(FitError, match="no summit"):
        maximise(bowl, curvature=lambda logs: np.array([[-4.0]]), **given)


def test_no_place_is_looked_at_twice():
    places = []

    def bowl(logs):
        places.append(tuple(logs))
        return float(((logs - 1) ** 2).sum() + ((logs - 1) ** 4).sum()), 2 * (logs - 1) + 4 * (logs - 1) ** 3

    def sketch(logs):
        return float(((logs - 0.9) ** 2).sum()), 2 * (logs - 0.9)

    summit = maximise(bowl, starts=[[0.0, 2.0]], names=["y", "z"], customers=9, model="Bowl", sketch=sketch)
    np.testing.assert_allclose(summit.logs, 1, atol=1e-6)
    assert len(places) == len(set(places))


def test_a_flat_likelihood_does_not_determine_its_parameter():
    def objective(logs):
        return 1e-4 * logs[0] ** 2, 2e-4 * logs

    with pytest.raises(FitError, match="do not determine z"):
        maximise(objective, starts=[[1.0]], names=["z"], customers=10, model="Plain")
