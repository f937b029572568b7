"""Pareto/NBD: the published figures, and customers drawn by lot."""

import numpy as np
import pandas as pd
import pytest

from crmlib.analyse.lifetime.history import group_histories
from crmlib.analyse.lifetime.purchase_models import ParetoNBDModel
from tests.analyse.lifetime.lifetime_cases import (
    as_history,
    assert_right_on_average,
    cdnow_history,
    drawn_from_pareto,
    numeric_gradient,
)

TRUTH = {"r": 0.6, "alpha": 8.0, "s": 0.7, "beta": 10.0}


def test_pareto_nbd_against_fader_hardie_lee_2005():
    model = ParetoNBDModel().fit(cdnow_history())
    assert model.params_.round(3).to_dict() == {"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669}
    assert round(model.log_likelihood_, 1) == -9595.0
    assert round(model.expected_purchases(as_history([26], [30.86], [31.0]), 52)[0], 2) == 25.46


@pytest.mark.parametrize("seed", range(4))
def test_gradient_is_that_of_the_likelihood(seed):
    groups = group_histories(drawn_from_pareto(300, **TRUTH, seed=seed)[0])
    at = np.exp(np.random.default_rng(seed).normal(0, 1, 4))
    model = ParetoNBDModel()
    numeric = numeric_gradient(lambda *values: model._log_likelihood(groups, *values)[0], at)
    np.testing.assert_allclose(model._log_likelihood(groups, *at)[1], numeric, rtol=1e-6, atol=1e-4)


def test_customers_drawn_by_lot_give_the_parameters_back():
    history, _ = drawn_from_pareto(4000, **TRUTH, seed=8)
    fitted = ParetoNBDModel().fit(history)
    misses = (fitted.params_ - pd.Series(TRUTH)) / fitted.standard_errors_
    assert (misses.abs() < 3.5).all(), misses
    assert (fitted.standard_errors_ < 0.5 * fitted.params_).all()


def test_customers_drawn_by_lot_buy_as_expected():
    history, later = drawn_from_pareto(60_000, **TRUTH, seed=3, ahead=26)
    fitted = ParetoNBDModel.with_params(**TRUTH)
    expected = fitted.expected_purchases(history, 26)
    assert_right_on_average(expected, later, history.frequency.clip(upper=12))
    assert_right_on_average(expected, later, fitted.probability_alive(history).round(1))


def test_new_customers_drawn_by_lot_buy_as_expected():
    rng = np.random.default_rng(5)
    lives = rng.exponential(1 / rng.gamma(TRUTH["s"], 1 / TRUTH["beta"], 200_000))
    bought = rng.poisson(rng.gamma(TRUTH["r"], 1 / TRUTH["alpha"], 200_000) * np.minimum(lives, 40))
    expected = ParetoNBDModel.with_params(**TRUTH).expected_purchases_new(40.0)
    assert bought.mean() == pytest.approx(expected, abs=4 * bought.std() / 200_000**0.5)


def test_unit_of_time_changes_no_answer():
    history, _ = drawn_from_pareto(1000, **TRUTH, seed=1)
    in_days = history.assign(recency=history.recency * 7, T=history["T"] * 7)
    weeks, days = ParetoNBDModel().fit(history), ParetoNBDModel().fit(in_days)
    np.testing.assert_allclose(days.params_, weeks.params_ * [1, 7, 1, 7], rtol=1e-5)
    assert days.log_likelihood_ == pytest.approx(
        weeks.log_likelihood_ - history.frequency.sum() * np.log(7), abs=1e-6
    )


@pytest.mark.parametrize("s", [0.4, 1.0, 1.0 + 1e-12, 3.0])
@pytest.mark.parametrize("beta", [1e-3, 4.4, 4.4 + 1e-12, 1e3])
def test_extreme_customers_get_finite_answers(s, beta):
    fitted = ParetoNBDModel.with_params(r=0.25, alpha=4.4, s=s, beta=beta)
    history = as_history([0, 0, 5000, 5000, 1], [0, 0, 30, 1, 39], [0, 39, 30, 39, 39])
    alive, ahead = fitted.probability_alive(history), fitted.expected_purchases(history, 52)
    assert alive.between(0, 1).all() and np.isfinite(ahead).all() and (ahead >= 0).all()
    assert alive[0] == 1 and alive[2] == 1 and alive[3] < 1e-6
    total, gradient = fitted._log_likelihood(group_histories(history), 0.25, 4.4, s, beta)
    assert np.isfinite(total) and np.isfinite(gradient).all()


def test_expectation_has_its_limit_where_s_is_one():
    history = as_history([3], [20], [39])
    near = [ParetoNBDModel.with_params(r=0.3, alpha=4, s=s, beta=9).expected_purchases(history, 26)[0]
            for s in (1 - 1e-7, 1.0, 1 + 1e-7)]  # fmt: skip
    assert near[1] == pytest.approx(near[0], rel=1e-6) and near[1] == pytest.approx(near[2], rel=1e-6)
