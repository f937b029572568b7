"""Intervals, adjustment and power against statsmodels and scipy, and against what was put there."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import NormalIndPower, TTestIndPower

from crmlib.analyse.campaigns.comparison import (
    Difference,
    adjusted_pairs,
    adjusted_spend,
    mean_of_pairs,
    power_of,
    smallest_effect,
    welch,
)
from crmlib.analyse.campaigns.groups import difference_of


def test_welch_against_scipy():
    lot = np.random.default_rng(0)
    one, other = lot.lognormal(1, 1, 40), lot.normal(2, 5, 90)
    found, theirs = welch(one, other), stats.ttest_ind(one, other, equal_var=False)
    ends = theirs.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high))
    assert found.p_value == pytest.approx(theirs.pvalue) and found.freedom == pytest.approx(theirs.df)
    assert np.isnan(welch(one[:1], other).value)
    alike = welch(np.full(5, 3.0), np.full(5, 1.0))
    assert (alike.value, alike.low, alike.p_value) == (2.0, 2.0, 0.0)


def test_pairs_against_scipy():
    lot = np.random.default_rng(1)
    gaps = lot.normal(0.3, 1, 50)
    theirs = stats.ttest_1samp(gaps, 0)
    found = mean_of_pairs(gaps)
    assert found.p_value == pytest.approx(theirs.pvalue)
    assert found.high == pytest.approx(theirs.confidence_interval(0.95).high)


@pytest.mark.parametrize(("count", "size"), [(20, 0.3), (64, 0.5), (400, 0.2), (30, -0.8)])
def test_power_against_statsmodels(count, size):
    error = np.sqrt(2 / count)
    theirs = TTestIndPower().power(size, count, 0.05)
    assert power_of(size, error, freedom=2 * count - 2) == pytest.approx(theirs, abs=1e-9)
    wanted = TTestIndPower().solve_power(nobs1=count, alpha=0.05, power=0.8)
    assert smallest_effect(error, freedom=2 * count - 2) == pytest.approx(wanted, rel=1e-5)


def test_power_of_large_groups_against_statsmodels():
    error = np.sqrt(1 / 5000 + 1 / 20000)
    theirs = NormalIndPower().power(0.04, 5000, 0.05, ratio=4)
    assert power_of(0.04, error, freedom=1e6) == pytest.approx(theirs, abs=1e-6)
    wanted = NormalIndPower().solve_power(nobs1=5000, alpha=0.05, power=0.8, ratio=4)
    assert smallest_effect(error, freedom=1e6) == pytest.approx(wanted, rel=1e-4)


def test_power_at_the_ends():
    assert power_of(0.0, 1.0, freedom=50) == pytest.approx(0.05)
    assert power_of(1.0, 0.0, freedom=50) == 1 and smallest_effect(0.0, freedom=9) == 0
    assert np.isnan(power_of(1.0, np.nan, freedom=9)) and np.isnan(Difference.unknown().smallest)
    assert power_of(50.0, 1.0, freedom=20) == pytest.approx(1)


def test_adjustment_against_a_regression():
    """The factor is that of a regression with one level a group; the difference is the group's term."""
    import statsmodels.api as sm

    lot = np.random.default_rng(2)
    before, group = lot.gamma(2, 10, 80), np.repeat([1.0, 0.0], 40)
    spend = 0.8 * before + 5 * group + lot.normal(0, 3, 80)
    one, other = adjusted_spend(spend[:40], spend[40:], one_before=before[:40], other_before=before[40:])
    fit = sm.OLS(spend, sm.add_constant(np.column_stack([group, before]))).fit()
    assert welch(one, other).value == pytest.approx(fit.params[1])
    assert welch(one, other).error < welch(spend[:40], spend[40:]).error / 3


def test_adjusted_pairs_against_a_regression():
    import statsmodels.api as sm

    lot = np.random.default_rng(3)
    before = lot.normal(1, 2, 60)
    gaps = 4 + 0.7 * before + lot.normal(0, 1 + np.abs(before), 60)
    fit = sm.OLS(gaps, sm.add_constant(before)).fit(cov_type="HC1")
    found = adjusted_pairs(gaps, before=before)[1]
    assert found.value == pytest.approx(fit.params[0]) and found.error == pytest.approx(fit.bse[0])


def test_intervals_hold_what_they_promise():
    """Skewed spend, no effect: about one interval in twenty leaves out 0; with an effect of 8 they hold 8."""
    lot = np.random.default_rng(4)
    missed, held, narrower = 0, 0, 0
    for _ in range(400):
        before = lot.lognormal(3, 0.8, 160)
        spend = before * lot.lognormal(0, 0.4, 160)
        parts = (spend[:80], spend[80:])
        adjusted = adjusted_spend(*parts, one_before=before[:80], other_before=before[80:])
        found = welch(*adjusted)
        missed += found.low > 0 or found.high < 0
        lifted = adjusted_spend(parts[0] + 8, parts[1], one_before=before[:80], other_before=before[80:])
        held += welch(*lifted).low <= 8 <= welch(*lifted).high
        narrower += found.error < welch(*parts).error
    assert 8 <= missed <= 34 and held >= 360 and narrower >= 395


def test_a_gap_between_two_effects():
    one, other = Difference.of(5.0, 1.0, 40.0), Difference.of(1.0, 2.0, 90.0)
    gap = difference_of(one, other)
    assert gap.value == 4 and gap.error == pytest.approx(np.sqrt(5))
    assert gap.freedom == pytest.approx(25 / (1 / 40 + 16 / 90))
    assert np.isnan(difference_of(Difference.unknown(), other).value)
