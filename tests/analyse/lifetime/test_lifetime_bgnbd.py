"""BG/NBD and MBG/NBD: the published figures, the definition on a grid, and customers drawn by lot."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import beta, gamma, roots_genlaguerre, roots_jacobi

from crmlib.analyse.lifetime import purchase_models as lifetime_bgnbd
from crmlib.analyse.lifetime.history import Groups, group_histories
from crmlib.analyse.lifetime.model import hessian
from crmlib.analyse.lifetime.purchase_models import BetaGeoModel, ModifiedBetaGeoModel
from crmlib.measure.purchases.history import purchase_history
from tests.analyse.lifetime.lifetime_cases import (
    as_history,
    assert_right_on_average,
    cdnow_history,
    cdnow_ledger,
    drawn_from_beta_geometric,
    numeric_gradient,
)

PAPER = {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}
BOTH = pytest.mark.parametrize("model", [BetaGeoModel, ModifiedBetaGeoModel])


@pytest.fixture(scope="module")
def cdnow():
    return cdnow_history()


def test_bgnbd_against_fader_hardie_lee_2005(cdnow):
    model = BetaGeoModel().fit(cdnow)
    np.testing.assert_allclose(model.params_, [0.242595, 4.413602, 0.792922, 2.425907], rtol=1e-5)
    assert model.params_.round(3).to_dict() == {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
    assert round(model.log_likelihood_, 1) == -9582.4
    assert model.converged_ and model.unit_ == "W"


def test_expected_purchases_of_fader_hardie_lee_2005(cdnow):
    model = BetaGeoModel().fit(cdnow)
    one = as_history([2], [30.43], [38.86])
    assert round(model.expected_purchases(one, 39)[0], 3) == 1.226
    new = model.expected_purchases_new([0.1429, 1, 3, 31.8571, 32, 78])
    assert new[:5].round(4).tolist() == [0.0078, 0.0532, 0.1506, 1.0405, 1.0437]
    # The spreadsheet sums finitely many terms of a series, which at 78 weeks costs it the fourth digit.
    assert new[5] == pytest.approx(1.8576, abs=5e-4)
    assert new[5] == pytest.approx(expected_of_series(78, **model.params_), rel=1e-9)


def expected_of_series(t, *, r, alpha, a, b, terms=5000):
    """Equation 9 of the paper as it stands, its series summed to the end."""
    j = np.arange(1, terms)
    ratios = (r + j - 1) * (b + j - 1) / ((a + b + j - 2) * j) * t / (alpha + t)
    series = 1 + np.cumprod(ratios).sum()
    return (a + b - 1) / (a - 1) * (1 - (alpha / (alpha + t)) ** r * series)


def test_purchases_by_week_78_are_4_percent_low_as_in_fader_hardie_lee_2005(cdnow):
    model = BetaGeoModel().fit(cdnow)
    later = purchase_history(cdnow_ledger(), as_of="1998-06-30", free_orders="count")
    assert later.frequency.sum() == 4339
    total = model.expected_purchases_new(later["T"]).sum()
    assert total / 4339 - 1 == pytest.approx(-0.04, abs=0.005)


def test_without_the_free_orders_of_cdnow_eight_customers_are_missing_and_told():
    history = purchase_history(cdnow_ledger(), as_of="1997-09-30")
    assert len(history) == 2349 and history.attrs["left_out"]["customers"] == 8
    assert BetaGeoModel().fit(history).params_.to_list() == pytest.approx(
        [0.2439, 4.422, 0.7925, 2.423], abs=5e-4
    )


def test_mbgnbd_of_cdnow(cdnow):
    model = ModifiedBetaGeoModel().fit(cdnow)
    assert model.params_.round(3).to_dict() == {"r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614}
    assert model.probability_alive(cdnow)[cdnow.frequency == 0].max() < 1


def test_calendar_weeks_would_give_the_parameters_of_the_wrong_unit():
    lines = cdnow_ledger()
    mondays = lines.assign(ordered_at=lines.ordered_at.dt.to_period("W").dt.start_time)
    model = BetaGeoModel().fit(purchase_history(mondays, as_of="1997-09-29", free_orders="count"))
    assert model.params_.round(3).to_list() == [0.291, 6.852, 0.665, 2.32]


@BOTH
@pytest.mark.parametrize("seed", range(4))
def test_gradient_is_that_of_the_likelihood(model, seed):
    rng = np.random.default_rng(seed)
    history, _ = drawn_from_beta_geometric(300, r=0.8, alpha=6, a=1, b=2, seed=seed)
    groups = group_histories(history)
    at = np.exp(rng.normal(0, 1, 4))
    gradient = model()._log_likelihood(groups, *at)[1]
    numeric = numeric_gradient(lambda *values: model()._log_likelihood(groups, *values)[0], at)
    np.testing.assert_allclose(gradient, numeric, rtol=1e-6, atol=1e-4)


@BOTH
@pytest.mark.parametrize("seed", range(4))
def test_second_derivatives_are_those_of_the_gradient(model, seed):
    rng = np.random.default_rng(seed)
    history, _ = drawn_from_beta_geometric(300, r=0.8, alpha=6, a=1, b=2, seed=seed)
    # Twice the same customers, so that the weights are seen to count; and one who has bought very often.
    often = as_history([400.0], [38.0], [39.0])
    groups = group_histories(pd.concat([history, history[:99], often], ignore_index=True))
    at = rng.normal(0, 1, 4)
    known = model()._curvature(groups)(at)
    np.testing.assert_allclose(known, hessian(model()._objective(groups), at), rtol=1e-6, atol=1e-7)


@BOTH
@pytest.mark.parametrize("rows", [1, 7, 50, 10_000])
def test_how_many_rows_are_taken_at_a_time_changes_no_sum(model, rows, monkeypatch):
    history, _ = drawn_from_beta_geometric(400, r=0.8, alpha=6, a=1, b=2, seed=5)
    groups = group_histories(history)
    whole = model()._derivatives(groups, 0.7, 5.0, 0.9, 2.0, twice=True)
    assert 50 < (groups.x == 0).sum() < len(groups.x) - 50
    monkeypatch.setattr(lifetime_bgnbd, "_ROWS", rows)
    for found, expected in zip(
        model()._derivatives(groups, 0.7, 5.0, 0.9, 2.0, twice=True), whole, strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_the_likelihood_is_equation_6_customer_by_customer():
    """Sums by groups, counts and slices against the formula of the paper as it stands, one customer at a time."""
    history, _ = drawn_from_beta_geometric(500, r=0.8, alpha=6, a=1, b=2, seed=6)
    r, alpha, a, b = 0.7, 5.0, 0.9, 2.0
    total = 0.0
    for x, recency, age in history[["frequency", "recency", "T"]].to_numpy():
        alive = beta(a, b + x) / beta(a, b) * gamma(r + x) * alpha**r / gamma(r) / (alpha + age) ** (r + x)
        gone = 0.0
        if x:
            gone = beta(a + 1, b + x - 1) / beta(a, b) * gamma(r + x) * alpha**r / gamma(r)
            gone /= (alpha + recency) ** (r + x)
        total += np.log(alive + gone)
    assert BetaGeoModel()._log_likelihood(group_histories(history), r, alpha, a, b)[0] == pytest.approx(total)


def on_a_grid(x, recency, age, t, *, r, alpha, a, b, leaves_at_once):
    """P(alive) and expected purchases by integrating over the customer's own rate and leaving probability."""
    shape = r + x

    def mean(function, last, stays):
        rate, of_rate = roots_genlaguerre(80, shape - 1)
        p, of_p = roots_jacobi(80, b - 1, a - 1)
        rate, p = rate[:, None] / (alpha + last), (1 + p) / 2
        values = function(rate, p) * p ** (not stays) * (1 - p) ** (x - (not stays) + leaves_at_once)
        # Beta and gamma weights leave these powers over; constants are the same in both fates.
        return (alpha + last) ** -shape * float(of_rate @ values @ of_p)

    alive = mean(lambda rate, p: np.ones_like(rate * p), age, True)
    gone = mean(lambda rate, p: np.ones_like(rate * p), recency, False) if x or leaves_at_once else 0.0
    ahead = mean(lambda rate, p: -np.expm1(-rate * p * t) / p, age, True)
    return alive / (alive + gone), ahead / (alive + gone)


@BOTH
@pytest.mark.parametrize(
    ("x", "recency", "age"), [(0, 0.0, 30.0), (1, 2.0, 38.0), (2, 30.43, 38.86), (12, 20.0, 38.0)]
)
def test_predictions_are_those_of_integrating_over_the_customers_own_rates(model, x, recency, age):
    values = {"r": 0.7, "alpha": 5.0, "a": 1.6, "b": 2.5}
    fitted = model.with_params(**values)
    alive, ahead = on_a_grid(x, recency, age, 39, leaves_at_once=model is ModifiedBetaGeoModel, **values)
    history = as_history([x], [recency], [age])
    assert fitted.probability_alive(history)[0] == pytest.approx(alive, rel=1e-9)
    assert fitted.expected_purchases(history, 39)[0] == pytest.approx(ahead, rel=1e-5)


@BOTH
def test_customers_drawn_by_lot_give_the_parameters_back(model):
    truth = {"r": 0.8, "alpha": 6.0, "a": 0.9, "b": 2.5}
    at_once = model is ModifiedBetaGeoModel
    history, _ = drawn_from_beta_geometric(6000, **truth, seed=7, leaves_at_once=at_once)
    fitted = model().fit(history)
    misses = (fitted.params_ - pd.Series(truth)) / fitted.standard_errors_
    assert (misses.abs() < 3.5).all(), misses
    assert (fitted.standard_errors_ < 0.35 * fitted.params_).all()


@BOTH
def test_customers_drawn_by_lot_buy_as_expected(model):
    truth = {"r": 0.5, "alpha": 5.0, "a": 0.8, "b": 2.0}
    at_once = model is ModifiedBetaGeoModel
    history, later = drawn_from_beta_geometric(60_000, **truth, seed=3, ahead=26, leaves_at_once=at_once)
    fitted = model.with_params(**truth)
    expected = fitted.expected_purchases(history, 26)
    assert_right_on_average(expected, later, history.frequency.clip(upper=12))
    assert_right_on_average(expected, later, fitted.probability_alive(history).round(1))


@BOTH
def test_unit_of_time_changes_no_answer(model):
    history, _ = drawn_from_beta_geometric(1500, r=0.8, alpha=6, a=0.9, b=2.5, seed=1)
    weeks = model().fit(history)
    in_days = history.assign(recency=history.recency * 7, T=history["T"] * 7)
    days = model().fit(in_days)
    np.testing.assert_allclose(days.params_, weeks.params_ * [1, 7, 1, 1], rtol=1e-6)
    shift = history.frequency.sum() * np.log(7)
    assert days.log_likelihood_ == pytest.approx(weeks.log_likelihood_ - shift, abs=1e-6)
    np.testing.assert_allclose(
        days.expected_purchases(in_days, 70), weeks.expected_purchases(history, 10), rtol=1e-6
    )


def test_a_fit_begun_on_a_sample_ends_where_one_without_does(monkeypatch):
    history, _ = drawn_from_beta_geometric(4000, r=0.8, alpha=6, a=0.9, b=2.5, seed=2)
    whole = BetaGeoModel().fit(history)
    sketch = Groups.sketch
    monkeypatch.setattr(Groups, "sketch", lambda self, rows=500: sketch(self, min(rows, 500)))
    assert group_histories(history).sketch().customers == 500
    np.testing.assert_allclose(BetaGeoModel().fit(history).params_, whole.params_, rtol=1e-6)


@pytest.fixture(scope="module")
def many():
    """So many customers, no two alike, that they are neither put together nor looked through from every start."""
    history, _ = drawn_from_beta_geometric(30_000, r=0.8, alpha=6, a=0.9, b=2.5, seed=9)
    assert len(group_histories(history).x) == 30_000
    return history


@BOTH
def test_a_fit_of_many_customers_is_the_same_to_the_last_digit_every_time(model, many):
    first, again = model().fit(many), model().fit(many)
    assert first.params_.equals(again.params_) and first.standard_errors_.equals(again.standard_errors_)
    assert first.log_likelihood_ == again.log_likelihood_


@BOTH
def test_a_fit_of_many_customers_is_that_of_a_slow_climb_over_all_of_them(model, many, monkeypatch):
    quick = model().fit(many)
    monkeypatch.setattr(Groups, "sketch", lambda self, rows=0: None)
    monkeypatch.setattr(model, "_curvature", lambda self, groups: None)
    slow = model().fit(many.sample(frac=1, random_state=0))
    np.testing.assert_allclose(quick.params_, slow.params_, rtol=1e-6)
    np.testing.assert_allclose(quick.standard_errors_, slow.standard_errors_, rtol=1e-5)
    assert quick.log_likelihood_ == pytest.approx(slow.log_likelihood_, abs=1e-5)


def test_many_customers_are_looked_through_a_few_times_only(many, monkeypatch):
    looked_at = []
    known = BetaGeoModel._derivatives

    def counted(self, groups, *values, **options):
        looked_at.append(len(groups.x))
        return known(self, groups, *values, **options)

    monkeypatch.setattr(BetaGeoModel, "_derivatives", counted)
    BetaGeoModel().fit(many)
    assert 2 <= looked_at.count(30_000) <= 9


@BOTH
def test_order_and_grouping_of_customers_change_nothing(model):
    history, _ = drawn_from_beta_geometric(800, r=0.8, alpha=6, a=0.9, b=2.5, seed=4)
    twice = pd.concat([history, history.sample(frac=1, random_state=0)], ignore_index=True)
    once, both = model().fit(history), model().fit(twice)
    np.testing.assert_allclose(both.params_, once.params_, rtol=1e-6)
    assert both.log_likelihood_ == pytest.approx(2 * once.log_likelihood_)
    np.testing.assert_allclose(both.standard_errors_ * 2**0.5, once.standard_errors_, rtol=1e-4)


@BOTH
@pytest.mark.parametrize("a", [0.3, 1.0, 1.00005, 2.0])
def test_extreme_customers_get_finite_answers(model, a):
    fitted = model.with_params(r=0.25, alpha=4.4, a=a, b=0.7)
    history = as_history([0, 0, 5000, 5000, 1], [0, 0, 30, 1, 39], [0, 39, 30, 39, 39])
    alive, ahead = fitted.probability_alive(history), fitted.expected_purchases(history, 52)
    assert alive.between(0, 1).all() and np.isfinite(ahead).all() and (ahead >= 0).all()
    assert alive[3] < 1e-6 and ahead[2] > 100
    assert (fitted.expected_purchases(history, 0).abs() < 1e-9).all()
    assert fitted.expected_purchases_new(1.0) < fitted.expected_purchases_new(2.0)


def test_expectation_passes_smoothly_where_a_is_one():
    history = as_history([0, 3], [0, 20], [39, 39])
    near = [BetaGeoModel.with_params(r=0.3, alpha=4.0, a=a, b=2.0).expected_purchases(history, 26)
            for a in (0.999, 1.0, 1.001)]  # fmt: skip
    np.testing.assert_allclose(near[1], (near[0] + near[2]) / 2, rtol=1e-5)
