"""Gamma-Gamma: the published figures, the definition on a grid, and customers drawn by lot."""

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import gamma as gamma_law

from crmlib.analyse.lifetime.model import FitError
from crmlib.analyse.lifetime.spend import GammaGammaModel, _Values
from crmlib.schema.errors import ParameterError, SchemaError
from tests.analyse.lifetime.lifetime_cases import cdnow_history, numeric_gradient

TRUTH = {"p": 5.0, "q": 4.0, "gamma": 15.0}


def drawn(customers, seed):
    rng = np.random.default_rng(seed)
    x = rng.poisson(1.5, customers)
    rate = rng.gamma(TRUTH["q"], 1 / TRUTH["gamma"], customers)
    mean = rng.gamma(TRUTH["p"] * np.maximum(x, 1)) / (np.maximum(x, 1) * rate)
    return pd.DataFrame({"frequency": x, "monetary_value": np.where(x > 0, mean, np.nan)}), TRUTH["p"] / rate


def test_gamma_gamma_against_fader_hardie_2013():
    history = cdnow_history()
    model = GammaGammaModel().fit(history)
    assert model.params_.round(2).to_dict() == {"p": 6.25, "q": 3.74, "gamma": 15.44}
    first_ten = model.expected_average_spend(history).head(10).round(2).tolist()
    assert first_ten == [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]
    assert 0 < model.spend_correlation_ < 0.2


@pytest.mark.parametrize("seed", range(4))
def test_gradient_is_that_of_the_likelihood(seed):
    history = drawn(200, seed)[0].dropna()
    values = _Values.of(history.frequency.to_numpy(float), history.monetary_value.to_numpy())
    at = np.exp(np.random.default_rng(seed).normal(0.5, 0.7, 3))
    numeric = numeric_gradient(lambda *params: values.log_likelihood(*params)[0], at)
    np.testing.assert_allclose(values.log_likelihood(*at)[1], numeric, rtol=1e-6, atol=1e-5)


def test_likelihood_is_the_density_integrated_over_rates():
    values = _Values.of(np.array([3.0]), np.array([20.0]))

    def density(rate):
        return gamma_law.pdf(rate, TRUTH["q"], scale=1 / TRUTH["gamma"]) * gamma_law.pdf(
            20.0, 3 * TRUTH["p"], scale=1 / (3 * rate)
        )

    assert values.log_likelihood(**TRUTH)[0] == pytest.approx(np.log(quad(density, 0, 5)[0]), abs=1e-8)


def test_customers_drawn_by_lot_give_the_parameters_back():
    fitted = GammaGammaModel().fit(drawn(8000, 1)[0])
    misses = (fitted.params_ - pd.Series(TRUTH)) / fitted.standard_errors_
    assert (misses.abs() < 3.5).all(), misses
    assert (fitted.standard_errors_ < 0.2 * fitted.params_).all()
    assert abs(fitted.spend_correlation_) < 0.05


def test_expected_spend_is_right_on_average_for_every_number_of_purchases():
    history, truth = drawn(80_000, 2)
    miss = truth - GammaGammaModel.with_params(**TRUTH).expected_average_spend(history)
    table = miss.groupby(history.frequency.clip(upper=5))
    assert (table.mean().abs() < 4.5 * table.std() / np.sqrt(table.size())).all()
    assert table.size().min() > 500


def test_currency_changes_no_answer():
    history, _ = drawn(3000, 3)
    cents = history.assign(monetary_value=history.monetary_value * 100)
    one, other = GammaGammaModel().fit(history), GammaGammaModel().fit(cents)
    np.testing.assert_allclose(other.params_, one.params_ * [1, 1, 100], rtol=1e-5)
    repeats = (history.frequency > 0).sum()
    assert other.log_likelihood_ == pytest.approx(one.log_likelihood_ - repeats * np.log(100), abs=1e-5)


def test_a_fit_begun_on_a_sample_ends_where_one_without_does(monkeypatch):
    history, _ = drawn(4000, 5)
    whole = GammaGammaModel().fit(history)
    monkeypatch.setattr("crmlib.analyse.lifetime.spend.SKETCH_ROWS", 400)
    np.testing.assert_allclose(GammaGammaModel().fit(history).params_, whole.params_, rtol=1e-6)


def test_spend_without_a_mean_is_refused():
    model = GammaGammaModel.with_params(p=2.0, q=0.8, gamma=10.0)
    with pytest.raises(FitError, match="no finite mean"):
        model.expected_average_spend(pd.DataFrame({"frequency": [0], "monetary_value": [np.nan]}))
    assert model.expected_average_spend(pd.DataFrame({"frequency": [1], "monetary_value": [9.0]}))[0] > 0


def test_too_few_repeaters_are_refused():
    with pytest.raises(FitError, match="2 customers bought again"):
        GammaGammaModel().fit(pd.DataFrame({"frequency": [1, 2, 0], "monetary_value": [9.0, 8.0, np.nan]}))


def test_equal_spend_of_all_has_no_summit():
    history = pd.DataFrame({"frequency": [1, 2, 3] * 50, "monetary_value": 20.0})
    with pytest.raises(FitError, match="GammaGammaModel"):
        GammaGammaModel().fit(history)


@pytest.mark.parametrize("spend", [0.0, -5.0, np.nan, np.inf])
def test_repeat_purchases_without_a_value_are_refused(spend):
    history = pd.DataFrame({"frequency": [1], "monetary_value": [spend]}, index=["ann"])
    with pytest.raises(SchemaError, match="ann has monetary_value"):
        GammaGammaModel().fit(history)


def test_parameters_must_be_above_zero():
    with pytest.raises(ParameterError, match="q is -1"):
        GammaGammaModel.with_params(p=1, q=-1, gamma=1)
