"""Survival curves against published figures, and against the product worked out by hand on random input."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.analyse.retention import survival_curves
from crmlib.schema.errors import ParameterError

# Freireich, E. J. et al. (1963), Blood 21: weeks of remission in leukaemia, as Kleinbaum & Klein (Survival
# Analysis, chapter 2) and Cox & Oakes (Analysis of Survival Data) print them; + is not over yet.
SIX_MP = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
PLACEBO = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"
WEEKS = [float(value.rstrip("+")) for value in f"{SIX_MP} {PLACEBO}".split()]
OVER = [not value.endswith("+") for value in f"{SIX_MP} {PLACEBO}".split()]
ARM = ["6-MP"] * 21 + ["placebo"] * 21


def curve_of(found, group):
    return found.curves[found.curves["group"] == group].set_index("time")


def test_kaplan_meier_against_freireich_1963():
    six = curve_of(survival_curves(WEEKS, OVER, groups=ARM), "6-MP")
    printed = {6: 0.8571, 7: 0.8067, 10: 0.7529, 13: 0.6902, 16: 0.6275, 22: 0.5378, 23: 0.4482}
    assert six["survival"].round(4).to_dict() == printed
    assert six["at_risk"].tolist() == [21, 17, 15, 12, 11, 7, 6]
    placebo = curve_of(survival_curves(WEEKS, OVER, groups=ARM), "placebo")
    assert placebo["survival"].to_numpy() == pytest.approx(
        [19 / 21, 17 / 21, 16 / 21, 14 / 21, 12 / 21, 8 / 21, 6 / 21, 4 / 21, 3 / 21, 2 / 21, 1 / 21, 0],
        abs=1e-12,
    )


def test_medians_and_log_rank_against_freireich_1963():
    found = survival_curves(WEEKS, OVER, groups=ARM)
    assert found.medians["median"].to_dict() == {"6-MP": 23, "placebo": 8}
    assert found.tests["chi2"].to_numpy() == pytest.approx([16.79, 16.79], abs=0.005)
    assert found.tests["ended_expected"].to_numpy() == pytest.approx([19.25, 10.75], abs=0.005)
    assert found.tests["differs"].all() and found.p_overall < 0.001


def by_hand(times, ended):
    """Product of the shares that got past each time, with Greenwood's sum."""
    rows, share, spread = [], 1.0, 0.0
    for time in sorted({t for t, over in zip(times, ended, strict=True) if over}):
        at_risk = sum(t >= time for t in times)
        ends = sum(t == time and over for t, over in zip(times, ended, strict=True))
        share *= 1 - ends / at_risk
        spread = spread + ends / (at_risk * (at_risk - ends)) if ends < at_risk else math.nan
        low = high = math.nan
        if 0 < share < 1:
            wide = 1.959963984540054 * math.sqrt(spread) / abs(math.log(share))
            low, high = share ** math.exp(wide), share ** math.exp(-wide)
        rows.append((time, at_risk, ends, share, low, high))
    return pd.DataFrame(rows, columns=["time", "at_risk", "ended", "survival", "low", "high"])


cases = st.lists(
    st.tuples(st.integers(0, 12), st.booleans(), st.sampled_from("abc")), min_size=1, max_size=40
)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(cases)
def test_curves_are_those_worked_out_by_hand(rows):
    times, ended, groups = (list(part) for part in zip(*rows, strict=True))
    found = survival_curves(times, ended, groups=groups)
    for group in set(groups):
        mine = [(t, e) for t, e, g in rows if g == group]
        expected = by_hand(*zip(*mine, strict=True))
        curve = found.curves[found.curves["group"] == group].reset_index(drop=True)
        assert len(curve) == len(expected)
        for column in expected:
            assert curve[column].to_numpy(float) == pytest.approx(
                expected[column].to_numpy(float), nan_ok=True
            )
        assert (curve["shown"] == (curve["at_risk"] >= 10)).all()
        half = expected.loc[expected["survival"] <= 0.5 + 1e-12, "time"]
        median = found.medians.loc[group, "median"]
        assert median == half.iloc[0] if len(half) else math.isnan(median)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(cases)
def test_the_test_of_groups_is_that_of_statsmodels(rows):
    from statsmodels.duration.survfunc import survdiff

    times, ended, groups = (np.array(part) for part in zip(*rows, strict=True))
    found = survival_curves(times, ended, groups=groups)
    for group, row in found.tests.iterrows():
        with np.errstate(all="ignore"):
            try:
                chi2, p = survdiff(times, ended.astype(float), (groups == group).astype(int))
            except np.linalg.LinAlgError:
                chi2 = math.nan
        if np.isfinite(chi2) and chi2 > 1e-9:
            assert (row["chi2"], row["p"]) == pytest.approx((chi2, p), rel=1e-6)
    if len(found.tests):
        assert found.tests["p_adjusted"].between(found.tests["p"] - 1e-12, 1).all()
        seen = sum(ended)
        assert found.tests["ended_expected"].sum() == pytest.approx(seen)


def test_many_groups_are_judged_together():
    lot = np.random.default_rng(0)
    groups = np.repeat(list("abcdefghij"), 40)
    found = survival_curves(lot.exponential(10, 400), np.ones(400, bool), groups=groups)
    p = found.tests["p"].sort_values()
    stepped = (p * len(p) / np.arange(1, len(p) + 1))[::-1].cummin()[::-1].clip(upper=1)
    assert found.tests["p_adjusted"].reindex(p.index).to_numpy() == pytest.approx(stepped.to_numpy())
    assert not found.tests["differs"].any()


def test_nothing_ended_is_no_end():
    found = survival_curves([5.0] * 12, [False] * 12)
    assert found.curves.empty and math.isnan(found.medians["median"].iloc[0])
    assert found.medians["shown_until"].iloc[0] == 5
    assert found.share_after(5)["survival"].tolist() == [1.0] and found.share_after(5)["low"].isna().all()
    assert found.share_after(6)["survival"].isna().all()


def test_a_missing_group_is_left_out_and_the_order_of_a_category_kept():
    kinds = pd.Series(["late", None, "early"], dtype=pd.CategoricalDtype(["late", "never", "early"]))
    found = survival_curves([1, 2, 3], [True] * 3, groups=kinds)
    assert found.medians.index.tolist() == ["late", "early"] and found.medians["count"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("durations", "observed", "groups", "says"),
    [
        ([1.0], [True, False], None, "one length"),
        ([1.0], [True], ["a", "b"], "as long as"),
        ([-1.0], [True], None, "0 or more"),
        ([float("nan")], [True], None, "0 or more"),
        ([1.0], [None], None, "missing"),
        ([], [], None, "no case"),
    ],
)
def test_what_cannot_be_estimated_from(durations, observed, groups, says):
    with pytest.raises(ParameterError, match=says):
        survival_curves(durations, observed, groups=groups)
