"""How unevenly value lies: against formulas, brute force and hand-made customers."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from crmlib.analyse.customers.profile import concentration
from crmlib.analyse.value.pareto import (
    customer_value,
    draw_curves,
    in_cells,
    pareto,
    resampled,
    value_classes,
)
from crmlib.schema.errors import ParameterError

AMOUNTS = st.lists(st.integers(0, 60).map(float), min_size=1, max_size=25)
FEW = settings(max_examples=60, deadline=None, derandomize=True)


def now(values):
    ordered = np.sort(np.asarray(values, dtype=float))[::-1]
    return draw_curves(np.ones((1, len(ordered))), ordered)


@given(AMOUNTS.filter(any))
@FEW
def test_gini_is_half_the_relative_mean_difference(values):
    values = np.array(values)
    brute = np.abs(values[:, None] - values).mean() / (2 * values.mean())
    assert now(values).gini[0] == pytest.approx(brute, abs=1e-12)


@given(AMOUNTS.filter(any), st.sampled_from([1, 20, 37, 50]))
@FEW
def test_a_part_of_a_customer_counts_as_that_part(values, share):
    # A hundred copies of every customer make each share a whole number of them.
    copies = np.sort(np.repeat(values, 100))[::-1]
    brute = 100 * copies[: share * len(values)].sum() / copies.sum()
    assert now(values).at_customers[0, share] == pytest.approx(brute, abs=1e-9)


@pytest.mark.parametrize(
    ("values", "top", "gini"),
    [
        ([80, 15, 4, 1, 0], 80.0, 0.696),
        ([50, 20, 10, 10, 10], 50.0, 0.36),
        ([3, 3, 3], 20.0, 0.0),
        ([9, 1], 36.0, 0.4),
        ([7], 20.0, 0.0),
        ([100] + [0] * 9, 100.0, 0.9),
    ],
)
def test_customers_worked_by_hand(values, top, gini):
    found = pareto(pd.Series(values, dtype=float))
    assert found.top20_share_pct[0] == pytest.approx(top)
    assert found.gini[0] == pytest.approx(gini, abs=1e-12)


@pytest.mark.parametrize("sigma", [0.5, 1.0, 1.5])
def test_lognormal_against_aitchison_brown_1957(sigma):
    n = 200_000
    curves = now(np.exp(sigma * norm.ppf((np.arange(n) + 0.5) / n)))
    assert curves.gini[0] == pytest.approx(2 * norm.cdf(sigma / np.sqrt(2)) - 1, abs=5e-4)
    assert curves.at_customers[0, 20] == pytest.approx(100 * norm.cdf(sigma - norm.ppf(0.8)), abs=0.05)


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    truth = 100 * norm.cdf(1.0 - norm.ppf(0.8))
    random, held = np.random.default_rng(3), 0
    for _ in range(60):
        values = np.sort(np.exp(random.normal(size=300)))[::-1]
        draws = draw_curves(resampled(np.ones(300, dtype=int), seed=1, draws=100), values)
        low, high = np.percentile(draws.at_customers[:, 20], [2.5, 97.5])
        held += low <= truth <= high
    assert 50 <= held <= 59


def test_neighbours_taken_together_leave_intervals_as_they_are():
    values = np.sort(np.exp(np.random.default_rng(0).normal(size=4000)))[::-1]
    ends = []
    for most in (4000, 800):
        sizes, means = in_cells(values, most=most)
        assert sizes.sum() == 4000 and (sizes * means).sum() == pytest.approx(values.sum())
        draws = draw_curves(resampled(sizes, seed=5, draws=300), means)
        ends.append(
            [np.percentile(part, [2.5, 97.5]) for part in (draws.at_customers[:, 20], draws.gini * 100)]
        )
    assert np.abs(np.subtract(*ends)).max() < 0.5
    assert in_cells(values, most=800)[0].max() > 1


def test_the_result_does_not_hang_on_the_order_of_customers_or_the_currency():
    values = pd.Series(np.random.default_rng(1).gamma(1, 10, 80).round(), index=[f"c{i}" for i in range(80)])
    one, other = pareto(values), pareto(values.sample(frac=1, random_state=2) * 7.5)
    assert one.top20_share_pct == pytest.approx(other.top20_share_pct)
    assert one.gini == pytest.approx(other.gini)
    assert one.classes.equals(other.classes.reindex(one.classes.index))


def test_the_same_seed_gives_the_same_intervals_and_another_does_not():
    values = pd.Series(np.random.default_rng(1).gamma(1, 10, 80))
    assert pareto(values).top20_share_pct == pareto(values).top20_share_pct
    assert pareto(values).top20_share_pct != pareto(values, seed=1).top20_share_pct
    pd.testing.assert_frame_equal(pareto(values).curve, pareto(values).curve)


@given(AMOUNTS)
@FEW
def test_classes_are_the_fewest_who_bring_so_much_and_equals_stay_together(values):
    values = pd.Series(values)
    classes = value_classes(values)
    assert classes.groupby(values).nunique().max() == 1
    ranked = values.to_numpy()
    whole = ranked.sum()
    for value, found in zip(ranked, classes, strict=True):
        before = ranked[ranked > value].sum()
        border = "A" if before < 0.8 * whole - 1e-9 else "B" if before < 0.95 * whole - 1e-9 else "C"
        assert found == (border if value > 0 else "C")


def test_the_class_table_adds_up():
    values = pd.Series(np.random.default_rng(0).lognormal(0, 1, 300), name="spend_total")
    found = pareto(values)
    table = found.class_table
    assert table["customers"].sum() == 300 and table["value_share_pct"].sum() == pytest.approx(100)
    assert table["value"].sum() == pytest.approx(values.sum())
    assert (
        (table["low"] <= table["customers_share_pct"]) & (table["customers_share_pct"] <= table["high"])
    ).all()
    assert (found.classes.value_counts()[table.index] == table["customers"]).all()
    assert found.measure == "spend_total"


def test_who_sent_more_back_than_bought_brings_nothing_and_is_reported():
    found = pareto(pd.Series({"a": 80.0, "b": 20.0, "c": 0.0, "d": -30.0, "e": None}))
    assert (found.negative_customers, found.negative_total, found.without_value) == (1, -30.0, 1)
    assert (found.customers, found.missing, found.total) == (4, 1, 100.0)
    assert found.classes[["a", "c", "d"]].tolist() == ["A", "C", "C"] and pd.isna(found.classes["e"])
    assert found.curve["value_share_pct"].is_monotonic_increasing and found.gini[0] < 1
    assert found.top20_share_pct[0] == pareto(pd.Series([80.0, 20.0, 0.0, 0.0])).top20_share_pct[0]


@pytest.mark.parametrize("values", [[], [0.0], [0.0] * 40, [-1.0, -5.0], [None, None]])
def test_without_value_nothing_is_claimed(values):
    found = pareto(pd.Series(values, dtype=float))
    assert np.isnan([*found.top20_share_pct, *found.gini]).all()
    assert found.curve.empty and found.says_80_20 == "uncertain"
    assert set(found.classes.dropna()) <= {"C"}
    assert "Infinity" not in found._repr_html_()


def test_80_20_is_told_apart():
    random = np.random.default_rng(0)
    assert pareto(pd.Series([1.0] * 100)).says_80_20 == "no"
    assert pareto(pd.Series([100.0] * 200 + [5.0] * 800)).says_80_20 == "yes"
    assert pareto(pd.Series([100.0] * 6 + [5.0] * 24)).says_80_20 == "uncertain"
    assert pareto(pd.Series([100.0] * 4 + [1.0] * 16)).says_80_20 == "uncertain"
    assert pareto(pd.Series(random.pareto(1.16, 60))).says_80_20 == "uncertain"


def test_the_curve_and_its_band():
    curve = pareto(pd.Series(np.random.default_rng(0).gamma(1, 10, 200))).curve
    assert curve.columns.tolist() == ["customers_share_pct", "value_share_pct", "low", "high"]
    assert curve.iloc[0].tolist() == [0, 0, 0, 0] and curve.iloc[-1].tolist() == pytest.approx([100] * 4)
    assert (np.diff(curve["value_share_pct"], n=2) <= 1e-9).all()
    assert ((curve["low"] <= curve["value_share_pct"]) & (curve["value_share_pct"] <= curve["high"])).all()


def test_it_agrees_with_the_report_on_customers():
    spend = pd.Series(np.random.default_rng(0).gamma(1, 10, 500))
    points = concentration(spend)["spend_pct"]
    assert pareto(spend).curve["value_share_pct"].to_numpy() == pytest.approx(points.to_numpy(), abs=1e-9)


def test_leads_are_no_customers():
    table = pd.DataFrame({"order_count": [1.0, 0.0, None], "spend_total": [5.0, 0.0, 0.0]}, index=list("abc"))
    table.attrs["currency"] = "EUR"
    assert customer_value(table).to_dict() == {"a": 5.0}
    assert pareto(customer_value(table)).currency == "EUR"
    assert len(customer_value(table[["spend_total"]])) == 3


@pytest.mark.parametrize(
    ("given_", "says"),
    [
        ([1.0, 2.0], "not a list"),
        (pd.Series(["x", "y"]), "no number"),
        (pd.Series([1.0, np.inf]), "1 infinite"),
        (pd.Series([1.0, 2.0], index=["a", "a"]), "customer twice"),
    ],
    ids=["list", "text", "infinite", "twice"],
)
def test_what_cannot_be_shared_out_is_refused(given_, says):
    with pytest.raises(ParameterError, match=says):
        pareto(given_)


@pytest.mark.parametrize("seed", [-1, 1.5, True, None])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(ParameterError, match="seed"):
        pareto(pd.Series([1.0]), seed=seed)


def test_a_measure_that_is_not_there_is_named():
    with pytest.raises(ParameterError, match="margin_total"):
        customer_value(pd.DataFrame({"spend_total": [1.0]}), "margin_total")


def test_names_are_escaped():
    assert "<b>" not in pareto(pd.Series([1.0], name="<b>"))._repr_html_()
