"""The test for regularity: right size at random, right shape where not, whatever rates and ends do."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta

from crmlib.analyse.lifetime.history import _p_value, _pairs, regularity
from crmlib.analyse.stats.intervals import DRAWN_BELOW, interval_of_mean, resampled_means
from crmlib.schema.errors import ParameterError, SchemaError


def drawn_days(customers, *, shape, seed, span=365, mean_rate=0.05, leave=0.0):
    """Purchase days of customers who differ in rate, with gamma gaps of this shape, cut off at `span`."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(2.0, mean_rate / 2, customers)[:, None]
    most = int(span * 12 * mean_rate)
    gaps = rng.gamma(shape, 1, (customers, most)) / (shape * rate)
    at = rng.uniform(0, 60, (customers, 1)) + np.cumsum(gaps, axis=1)
    ends = np.minimum(span, rng.exponential(1 / leave, (customers, 1)) if leave else span)
    who, place = np.nonzero(at < ends)
    days = pd.DataFrame({"customer_id": who, "day": at[who, place].astype(int)}).drop_duplicates()
    return pd.DataFrame(
        {
            "customer_id": days.customer_id,
            "ordered_on": pd.Timestamp("2024-01-01") + pd.to_timedelta(days.day, unit="D"),
        }
    )


def test_random_buyers_are_refused_as_often_as_chance_has_it():
    refused = []
    for seed in range(120):
        pairs = _pairs(drawn_days(150, shape=1, seed=seed))
        refused.append(_p_value(pairs.groupby("customer_id").spread.mean().to_numpy()) < 0.05)
    # Of 120 tests at 5 %, between 0 and 13 refuse in all but 1 of 1,000 draws.
    assert 0 < sum(refused) <= 13


def test_random_buyers_who_leave_or_are_cut_off_are_still_random():
    for given in ({"leave": 0.01}, {"span": 60}, {"mean_rate": 0.2}):
        found = regularity(drawn_days(1200, shape=1, seed=5, **given))
        assert found.low < 1 < found.high and found.verdict == "random", given
        assert found.verdict == "random"


@pytest.mark.parametrize(("shape", "verdict"), [(2.0, "regular"), (4.0, "regular"), (0.7, "bursts")])
def test_the_shape_of_erlang_and_of_bursts_is_found(shape, verdict):
    found = regularity(drawn_days(1000, shape=shape, seed=1, mean_rate=0.02, span=2000))
    assert found.verdict == verdict and found.low < found.shape < found.high
    assert found.shape == pytest.approx(shape, rel=0.1)
    assert found.p_value < 1e-6


def test_the_variance_behind_the_shape_is_that_of_wheat_morrison_1990():
    """t1 / (t1 + t2) has a beta distribution of twice the shape."""
    for shape in (0.5, 1, 2, 5):
        assert beta(shape, shape).var() == pytest.approx(1 / (4 * (2 * shape + 1)))


def test_a_single_pair_worked_by_hand():
    """Gaps of 10 and 30 days: uniform over 39 cells the split lies at 9.5 / 39."""
    days = pd.DataFrame(
        {"customer_id": "a", "ordered_on": pd.to_datetime(["2024-01-01", "2024-01-11", "2024-02-10"])}
    )
    spread = (9.5 / 39 - 0.5) ** 2 + 1 / (12 * 39**2)
    two = pd.concat([days, days.assign(customer_id="b")])
    found = regularity(two)
    assert found.shape == pytest.approx(1 / (8 * spread) - 0.5)
    assert found.verdict == "unknown" and found.pairs == 2


def test_days_do_not_blur_chance():
    """Drawn uniform over the days of a pair, the figure is a twelfth in the mean for every length."""
    for length in (8, 9, 20):
        first = np.arange(1, length)
        spread = ((first - 0.5) / (length - 1) - 0.5) ** 2 + 1 / (12 * (length - 1) ** 2)
        assert spread.mean() == pytest.approx(1 / 12)


def test_single_customers_are_judged_where_they_bought_often():
    at_random = regularity(drawn_days(700, shape=1, seed=3, mean_rate=0.1))
    regular = regularity(drawn_days(700, shape=4, seed=3, mean_rate=0.1))
    assert at_random.judged_customers > 200 and 2 < at_random.regular_share_pct < 8
    assert regular.regular_share_pct > 80
    assert at_random.by_purchases.customers.sum() == at_random.customers


def test_nobody_and_few_say_nothing():
    none = regularity(pd.DataFrame({"customer_id": [], "ordered_on": pd.to_datetime([])}))
    assert none.verdict == "unknown" and np.isnan(none.shape) and np.isnan(none.measured_share_pct)
    once = pd.DataFrame({"customer_id": range(99), "ordered_on": pd.Timestamp("2024-01-01")})
    assert regularity(once).customers == 0


def test_order_and_seed():
    days = drawn_days(300, shape=2, seed=0)
    one, other = regularity(days), regularity(days.sample(frac=1, random_state=1))
    assert (one.shape, one.low, one.high) == (other.shape, other.low, other.high)
    assert regularity(days, seed=1).low != one.low
    with pytest.raises(ParameterError, match="twice"):
        regularity(pd.concat([days, days]))
    with pytest.raises(SchemaError, match="no column ordered_on"):
        regularity(days[["customer_id"]])


def test_drawing_again_and_the_limit_of_it_agree():
    values = np.random.default_rng(0).gamma(2, 1, DRAWN_BELOW - 1)
    low, high = interval_of_mean(values, seed=0)
    many = np.r_[values, values.mean()]
    limit_low, limit_high = interval_of_mean(many, seed=0)
    assert low == pytest.approx(limit_low, abs=0.006) and high == pytest.approx(limit_high, abs=0.006)
    error = values.std() / np.sqrt(len(values))
    assert (high - low) / (2 * 1.96 * error) == pytest.approx(1, abs=0.08)
    pair = resampled_means(np.column_stack([many, 3 * many]), seed=0)
    np.testing.assert_allclose(pair[:, 1], 3 * pair[:, 0])
