"""Choosing a model: by the stated rule, by name, never silently; and what stands in for one."""

import numpy as np
import pandas as pd
import pytest

from crmlib.analyse.lifetime import choice
from crmlib.analyse.lifetime import history as history_module
from crmlib.analyse.lifetime.choice import (
    RATE_KINDS,
    NaiveRateModel,
    ShrunkSpendModel,
    fit_purchases,
    fit_spend,
)
from crmlib.analyse.lifetime.model import FitError, maximise
from crmlib.analyse.lifetime.purchase_models import BetaGeoModel, ParetoNBDModel
from crmlib.schema.errors import ParameterError, SchemaError
from tests.analyse.lifetime.lifetime_cases import (
    as_history,
    cdnow_history,
    drawn_from_beta_geometric,
    drawn_from_pareto,
)
from tests.analyse.lifetime.test_lifetime_fit import equal_customers_who_never_leave


@pytest.fixture(scope="module")
def cdnow():
    return cdnow_history()


def test_on_cdnow_the_first_of_two_equals_is_taken(cdnow):
    fit = fit_purchases(cdnow)
    assert fit.name == "BG/NBD" and isinstance(fit.model, BetaGeoModel) and not fit.fell_back
    tried = fit.tried.set_index("model")
    assert list(tried.index) == ["BG/NBD", "MBG/NBD", "Pareto/NBD"]
    assert tried.aic["BG/NBD"] - tried.aic["MBG/NBD"] < choice.SAME_AIC
    assert (tried.reason["MBG/NBD"], tried.detail["MBG/NBD"]) == ("level", "BG/NBD")
    assert (tried.reason["Pareto/NBD"], tried.detail["Pareto/NBD"]) == ("behind", "25.1")
    assert tried.chosen.tolist() == [True, False, False]
    assert list(fit.usable) == ["BG/NBD", "MBG/NBD", "Pareto/NBD"]


def test_the_model_that_customers_follow_is_found():
    history, _ = drawn_from_pareto(12_000, r=0.6, alpha=5, s=0.5, beta=3, seed=2)
    fit = fit_purchases(history)
    assert fit.name == "Pareto/NBD" and isinstance(fit.model, ParetoNBDModel)
    assert fit.tried.set_index("model").reason["Pareto/NBD"] == "best"
    assert fit.tried.aic.idxmin() == 2 and fit.tried.aic.diff().iloc[-1] < -choice.SAME_AIC


def test_of_many_customers_some_are_fitted_on_who_say_nearly_the_same(monkeypatch):
    history, _ = drawn_from_pareto(12_000, r=0.6, alpha=5, s=0.5, beta=3, seed=2)
    monkeypatch.setattr(history_module, "MOST_FITTED", 6_000)
    some = history_module.some_histories(history)
    assert len(some) == 6_000 and some.index.is_monotonic_increasing and some.index.isin(history.index).all()
    of_some = fit_purchases(history, model="BG/NBD").model
    monkeypatch.undo()
    of_all, alone = (fit_purchases(one, model="BG/NBD").model for one in (history, some))
    assert of_some.params_.equals(alone.params_) and not of_some.params_.equals(of_all.params_)
    said, whole = (one.expected_purchases(history, 20).sum() for one in (of_some, of_all))
    assert said == pytest.approx(whole, rel=0.03)


def test_where_no_model_fits_the_own_rate_stands_in_and_says_so():
    fit = fit_purchases(equal_customers_who_never_leave())
    assert fit.name == "own rate" and fit.fell_back and isinstance(fit.model, NaiveRateModel)
    assert len(fit.tried) == 4 and set(fit.tried.reason) <= {"unfit", "undetermined", "stands_in"}
    assert fit.tried["reason"].iloc[-1] == "stands_in"
    assert fit.model.probability_alive(equal_customers_who_never_leave()).isna().all()
    assert "stands_in" in fit._repr_html_() and fit.usable == {}


def test_a_model_asked_for_by_name_is_taken_or_replaced_by_name(cdnow):
    assert fit_purchases(cdnow, model="Pareto/NBD").name == "Pareto/NBD"
    assert len(fit_purchases(cdnow, model="MBG/NBD").tried) == 1
    own = fit_purchases(cdnow, model="own rate")
    assert own.name == "own rate" and not own.fell_back and own.tried.chosen.tolist() == [True]


def test_a_model_asked_for_that_fails_is_replaced_and_named(cdnow, monkeypatch):
    def refuse(self, history):
        raise FitError("ParetoNBDModel has no summit: beta grows. Fit it on more customers.")

    monkeypatch.setattr(ParetoNBDModel, "fit", refuse)
    fit = fit_purchases(cdnow, model="Pareto/NBD")
    assert fit.fell_back and fit.name == "BG/NBD"
    detail = fit.tried.set_index("model").loc["Pareto/NBD", "detail"]
    assert fit.name == "BG/NBD" and "beta grows." in detail and "Fit it on more" not in detail


def test_a_parameter_that_says_nothing_rules_a_model_out(cdnow, monkeypatch):
    monkeypatch.setattr(choice, "MOST_UNSURE", 0.1)
    fit = fit_purchases(cdnow)
    assert fit.name == "own rate" and fit.fell_back
    assert fit.tried.reason[0] == "undetermined" and fit.tried.detail[0] and np.isfinite(fit.tried.aic[0])


def test_unknown_models_are_refused(cdnow):
    with pytest.raises(ParameterError, match=r"'BG/NDB'.*BG/NBD"):
        fit_purchases(cdnow, model="BG/NDB")
    with pytest.raises(SchemaError, match="no column recency"):
        fit_purchases(cdnow.drop(columns="recency"))


def test_a_sample_that_misleads_is_not_the_last_word():
    """The sketch has no summit; all customers have."""

    def slope(logs):
        return logs[0], np.ones(1)

    def hill(logs):
        return (logs[0] - 1) ** 2, 2 * (logs - 1)

    summit = maximise(hill, starts=[[0.0]], names=["z"], customers=100, model="Hill", sketch=slope)
    assert summit.logs[0] == pytest.approx(1)


def test_where_a_sample_misleads_a_larger_one_is_looked_through_before_all_customers():
    def slope(logs):
        return -logs[0], -np.ones(1)

    def near(logs):
        return (logs[0] - 0.9) ** 2, 2 * (logs - 0.9)

    looked_at = []

    def hill(logs):
        looked_at.append(float(logs[0]))
        return (logs[0] - 1) ** 2, 2 * (logs - 1)

    starts = [[0.0], [3.0], [-5.0]]
    summit = maximise(hill, starts=starts, names=["z"], customers=100, model="Hill", sketch=slope, wide=near)
    assert summit.logs[0] == pytest.approx(1)
    assert min(looked_at) > 0.8 and len(looked_at) < 15
    with pytest.raises(FitError, match="as z grows without end"):
        maximise(slope, starts=starts, names=["z"], customers=100, model="Hill", sketch=slope, wide=slope)


def test_own_rates_are_drawn_to_the_mean_as_moments_say():
    truth = {"r": 1.5, "alpha": 20.0}
    rng = np.random.default_rng(0)
    age = rng.uniform(20, 60, 20_000)
    rate = rng.gamma(truth["r"], 1 / truth["alpha"], len(age))
    x = rng.poisson(rate * age).astype(float)
    history = as_history(x, np.where(x > 0, age * 0.9, 0), age)
    model = NaiveRateModel().fit(history)
    assert model.params_.to_dict() == pytest.approx(truth, rel=0.06)
    error = {kind: ((NaiveRateModel(kind).fit(history).expected_purchases(history, 1) - rate) ** 2).mean()
             for kind in ("shrunk", "own", "mean")}  # fmt: skip
    assert error["shrunk"] < 0.8 * min(error["own"], error["mean"])


def test_naive_rates_have_the_methods_of_a_model():
    history = as_history([3, 0], [5, 0], [10, 10]).assign(last_period=[0.5, 0.0])
    for kind in RATE_KINDS:
        model = NaiveRateModel(kind).fit(history)
        purchases = model.expected_purchases(history, 4)
        half = model.discounted_purchases(history, 4, rate=0.0)
        np.testing.assert_allclose(purchases, half)
        assert (model.discounted_purchases(history, 4, rate=0.2) <= purchases).all()
        assert model.probability_alive(history).isna().all()
        np.testing.assert_allclose(model.expected_purchases(history, [4, 4]), purchases)
        assert model.expected_purchases_new([2, 4]).tolist() == pytest.approx([0.3, 0.6])
    assert NaiveRateModel("last period").fit(history).expected_purchases(history, 4).tolist() == [2, 0]


def test_naive_rates_refuse_what_they_do_not_know():
    with pytest.raises(ParameterError, match=r"no rate 'men'.*mean"):
        NaiveRateModel("men")
    with pytest.raises(FitError, match="call fit"):
        NaiveRateModel().expected_purchases(as_history([1], [1], [2]), 4)
    history = as_history([1], [1], [2])
    with pytest.raises(SchemaError, match="last_period"):
        NaiveRateModel("last period").fit(history).expected_purchases(history, 1)


def test_shrunk_spend_is_the_credibility_of_a_hand_worked_case():
    """Means 10, 20, 30 of 4 purchases each, within variance 40: between 100 - 10 = 90, k = 40 / 90."""
    history = pd.DataFrame({"frequency": [4, 4, 4, 0], "monetary_value": [10.0, 20.0, 30.0, np.nan]})
    model = ShrunkSpendModel().fit(history, within_variance=40.0)
    assert model.params_.to_dict() == pytest.approx({"mean": 20.0, "k": 40 / 90})
    weight = 4 / (4 + 40 / 90)
    assert model.expected_average_spend(history).tolist() == pytest.approx(
        [20 - 10 * weight, 20, 20 + 10 * weight, 20]
    )


def test_spend_of_cdnow_and_its_correlation(cdnow):
    fit = fit_spend(cdnow)
    assert fit.name == "Gamma-Gamma" and not fit.fell_back
    again = cdnow[cdnow.frequency > 0]
    assert fit.correlation == pytest.approx(np.corrcoef(again.frequency, again.monetary_value)[0, 1])
    assert -1 < fit.correlation_low < fit.correlation < fit.correlation_high < 1


def test_spend_that_cannot_be_fitted_falls_back_by_name():
    equal = pd.DataFrame({"frequency": [1, 2, 3] * 10, "monetary_value": 9.0})
    fit = fit_spend(equal, within_variance=1.0)
    assert fit.name == "own mean spend" and fit.fell_back
    assert np.isnan(fit.correlation)
    nobody = fit_spend(pd.DataFrame({"frequency": [0], "monetary_value": [np.nan]}))
    assert nobody.model is None and nobody.name == ""


def test_the_input_is_not_changed():
    history, _ = drawn_from_beta_geometric(800, r=0.8, alpha=6, a=0.9, b=2.5, seed=1)
    before = history.copy(deep=True)
    fit_purchases(history)
    pd.testing.assert_frame_equal(history, before)
