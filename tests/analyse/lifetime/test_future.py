"""Future contribution: worked by hand, chosen by its rule, honest about money, blind to what comes later."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from crmlib import Crm
from crmlib.analyse.lifetime import future as module
from crmlib.analyse.lifetime.choice import RATE_KINDS, fit_spend
from crmlib.analyse.lifetime.future import future_contribution
from crmlib.analyse.lifetime.holdout import holdout_check
from crmlib.present.reports.value.ahead import future_answer, future_paragraph, regularity_paragraph
from crmlib.schema.errors import ParameterError, SchemaError
from tests.analyse.lifetime.lifetime_cases import cdnow_ledger


def company(customers=160, *, seed=0, **columns):
    """Customers who buy at random at own rates and leave now and then, over a year."""
    draw = np.random.default_rng(seed)
    rate, lives = draw.gamma(1.0, 1 / 20, customers), draw.exponential(300, customers)
    begin, spend = draw.integers(0, 150, customers), draw.gamma(6, 5, customers)
    seen = np.minimum(lives, 365 - begin)
    times = draw.poisson(rate * seen)
    again = np.repeat(np.arange(customers), times)
    who = np.r_[np.arange(customers), again]
    at = np.r_[begin, begin[again] + (draw.random(len(again)) * seen[again]).astype(int)]
    lines = pd.DataFrame(
        {"customer_id": [f"c{i:03}" for i in who], "order_id": np.arange(len(who)).astype(str)}
    )
    lines["ordered_at"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(at, unit="D")
    lines["net_amount"] = (spend[who] * draw.gamma(8, 1 / 8, len(who))).round(2) + 0.5
    return lines.assign(product_id="tea", **columns)


def of(lines, *, as_of="2024-12-30", **frames):
    return Crm.from_frames(as_of=as_of, currency="EUR", transactions=lines, **frames)


@pytest.fixture(scope="module")
def worth():
    return future_contribution(of(company()), margin_pct=40, horizon_days=182)


def test_the_table_is_what_its_parts_say(worth):
    table = worth.table
    assert table.columns.tolist() == module._COLUMNS and len(table) == 160
    assert table.probability_alive.between(0, 1).all() and (table.expected_purchases >= 0).all()
    undiscounted = 0.4 * table.expected_purchases * table.expected_average_spend
    ratio = table.future_contribution.sum() / undiscounted.sum()
    assert 1.1**-0.5 < ratio < 1, "within half a year at 10 % a year"
    whole = future_contribution(of(company()), margin_pct=40, horizon_days=182, discount_rate=0)
    np.testing.assert_allclose(whole.table.future_contribution, undiscounted)


def test_a_ledger_worked_by_hand():
    """Two customers, 9 and 0 repeats in 90 and 45 days; own rates by moments, spend by credibility."""
    days = [f"2024-01-{day:02}" for day in range(1, 31, 3)] + ["2024-02-15"]
    lines = pd.DataFrame({"customer_id": ["ann"] * 10 + ["bob"], "order_id": [str(i) for i in range(11)]})
    lines = lines.assign(product_id="tea", ordered_at=days, net_amount=10.0)
    found = future_contribution(
        of(lines, as_of="2024-03-31"), margin_pct=50, horizon_days=70, discount_rate=0
    )
    x, age = np.array([9, 0]), np.array([90, 45]) / 7
    mean = 9 / age.sum()
    spread = ((x - mean * age) ** 2 - x).sum() / (age**2).sum()
    expected = np.full(2, mean) if spread <= 0 else (mean**2 / spread + x) / (mean / spread + age)
    np.testing.assert_allclose(found.table.expected_purchases, 10 * expected)
    np.testing.assert_allclose(found.table.future_contribution, 10 * expected * 10 * 0.5)
    assert found.method == "own rate" and found.table.probability_alive.isna().all()
    assert (
        found.spend.name == "own mean spend"
        and found.holdout is None
        and found.holdout_missing["customers"] <= 2
    )


def test_without_a_cost_it_is_revenue_and_says_so():
    found = future_contribution(of(company(60)))
    assert found.is_revenue and found.margin_pct is None and found.margin_source == "unknown"
    assert found.is_revenue and found.margin_source == "unknown"


def test_the_margin_comes_from_the_costs_of_the_last_year():
    lines = company(60)
    lines["cost_amount"] = (0.75 * lines.net_amount).where(lines.index % 3 > 0)
    old = lines.iloc[:5].assign(
        ordered_at="2022-01-01", order_id=[f"x{i}" for i in range(5)], cost_amount=0.0
    )
    found = future_contribution(of(pd.concat([old, lines])))
    assert found.margin_pct == pytest.approx(25, abs=0.2) and found.margin_source == "costs"
    assert not found.is_revenue and found.margin_pct == 25
    assert module._margin(of(company(5, cost_amount=np.nan)), None) == (None, "unknown")


def test_customers_without_a_purchase_have_no_figure():
    people = pd.DataFrame({"customer_id": ["c000", "lead"]})
    found = future_contribution(of(company(60), customers=people))
    assert found.table.loc["lead"].isna().all() and found.table.expected_purchases.notna().sum() == 60


def test_the_past_is_put_to_the_test(worth):
    check = worth.holdout
    assert check.holdout_days == 121
    again = holdout_check(
        company(), calibration_end=f"{check.calibration_end:%Y-%m-%d}", holdout_end="2024-12-30"
    )
    pd.testing.assert_frame_equal(check.totals, again.totals)
    assert worth.spend_check["actual"] == pytest.approx(check.customers_table.actual_amount.sum())
    known = check.customers_table
    spend = fit_spend(known, within_variance=np.nan).model.expected_average_spend(known)
    assert worth.spend_check["expected"] == pytest.approx((known[check.chosen] * spend).sum())


def test_the_test_in_money_names_the_plain_rule_that_came_nearest(worth):
    check, found = worth.holdout, worth.spend_check
    known, days = check.customers_table, company()
    spend = fit_spend(known, within_variance=np.nan).model.expected_average_spend(known)
    rules = {rule: (known[rule] * spend).sum() for rule in RATE_KINDS.values()}
    split = check.calibration_end
    again = days[
        (days.ordered_at > split - (check.holdout_end - split))
        & (days.ordered_at < split + pd.Timedelta(days=1))
    ]
    rules[module.LAST_AMOUNT] = again[again.customer_id.isin(known.index)].net_amount.sum()
    errors = {rule: 100 * (total / found["actual"] - 1) for rule, total in rules.items()}
    best = min(errors, key=lambda rule: abs(errors[rule]))
    assert found["rule"] == best and found["rule_error_pct"] == pytest.approx(errors[best], rel=1e-3)
    assert found["error_low"] < found["error_pct"] < found["error_high"]
    assert found["nearer"] in ("method", "rule", "level")


@pytest.mark.parametrize("verdict", ["yes", "uncertain", "no"])
def test_the_method_follows_the_verdict(verdict, monkeypatch, worth):
    def judged(*args, **kwargs):
        return replace(worth.holdout, beats_baselines=verdict, best_baseline="last rate")

    monkeypatch.setattr(module, "holdout_check", judged)
    found = future_contribution(of(company()), horizon_days=182)
    rates = 26 * found.history["last_period"]
    if verdict == "no":
        assert found.method == "last rate"
        # Each customer by the rule; the whole as far as past days ask for.
        level = found.levels["purchases"]
        assert level.raw == pytest.approx(rates.sum())
        np.testing.assert_allclose(found.table.expected_purchases, rates * level.expected / level.raw)
    else:
        assert found.method == found.fit.name and found.method != "own rate"
        assert not np.allclose(found.table.expected_purchases, rates)
    assert found.table.probability_alive.notna().all()


def test_rows_after_the_closing_moment_change_nothing():
    lines = company()
    one = future_contribution(of(lines[lines.ordered_at < "2024-10-01"], as_of="2024-09-30"))
    later = lines.assign(net_amount=lines.net_amount.where(lines.ordered_at < "2024-10-01", 1e6))
    other = future_contribution(of(later, as_of="2024-09-30"))
    both = one.table.index
    pd.testing.assert_frame_equal(one.table, other.table.loc[both])
    assert (one.method, one.spend_check, one.holdout_missing) == (
        other.method,
        other.spend_check,
        other.holdout_missing,
    )


def test_regular_buyers_and_related_spend_are_named_as_limits():
    rows = [
        (f"c{i:02}", day, 10.0 + 60 / gap)
        for i in range(60)
        for gap in [5 + i % 20]
        for day in range(i, 300, gap)
    ]
    lines = pd.DataFrame(rows, columns=["customer_id", "day", "net_amount"])
    lines["ordered_at"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(lines.pop("day"), unit="D")
    found = future_contribution(of(lines.assign(order_id=lines.index.astype(str), product_id="tea")))
    assert found.regularity.verdict == "regular" and found.spend.correlation > 0.8
    said = " ".join(map(str, [*regularity_paragraph(found), *future_paragraph(found)]))
    assert "far more regularly" in said and "spends more each time" in said


@pytest.mark.parametrize(
    "given",
    [
        {"horizon_days": 0},
        {"horizon_days": 1.5},
        {"margin_pct": np.nan},
        {"discount_rate": -1},
        {"model": "magic"},
    ],
)
def test_figures_that_do_not_fit_are_refused(given):
    with pytest.raises(ParameterError):
        future_contribution(of(company(20)), **given)


def test_nobody_and_no_sales_are_refused():
    with pytest.raises(ParameterError, match="nobody has bought"):
        future_contribution(of(company(20).assign(customer_id=None)))
    with pytest.raises(SchemaError, match="no table transactions"):
        future_contribution(
            Crm.from_frames(as_of="2024-01-01", products=pd.DataFrame({"product_id": ["tea"]}))
        )


def test_cdnow_is_expected_as_its_model_says():
    lines = cdnow_ledger().assign(product_id="cd")
    found = future_contribution(of(lines, as_of="1998-06-30"), margin_pct=30)
    assert found.method == found.fit.name == "MBG/NBD" and found.spend.name == "Gamma-Gamma"
    assert found.holdout.beats_baselines == "yes" and found.holdout.holdout_days == 181
    direct = found.fit.model.expected_purchases(found.history, 365 / 7)
    level = found.levels["purchases"]
    assert level.raw == pytest.approx(direct.sum())
    expected = found.table.expected_purchases
    np.testing.assert_allclose(expected[direct.index], direct * level.expected / level.raw)
    assert len(expected) - len(direct) == 8 and not expected.drop(direct.index).fillna(0).any()


def test_where_nobody_bought_again_no_amount_is_named():
    lines = pd.DataFrame({"customer_id": ["ann", "bob"], "order_id": ["1", "2"], "product_id": "tea",
                          "ordered_at": "2024-01-01", "net_amount": 5.0})  # fmt: skip
    found = future_contribution(Crm.from_frames(as_of="2024-03-01", currency="EUR", transactions=lines))
    assert found.table["future_contribution"].isna().all() and not found.spend_check
    assert "nan" not in str(future_answer(found)[0]) and "bring" not in str(future_answer(found)[0])
