"""What is at hand may be passed along: it is not computed again, and nothing changes by it."""

import pandas as pd
import pytest

from crmlib import Crm, compute_indicators
from crmlib.analyse import worklist as worklist_module
from crmlib.analyse.churn import model as churn_horizon
from crmlib.analyse.churn import periods as churn_periods
from crmlib.analyse.churn.model import fit_churn
from crmlib.analyse.customers import states as lifecycle
from crmlib.analyse.customers import states as lifecycle_moves
from crmlib.analyse.lifetime import future as future_module
from crmlib.analyse.lifetime import holdout as holdout_module
from crmlib.analyse.lifetime.future import future_contribution
from crmlib.analyse.lifetime.holdout import holdout_check
from crmlib.analyse.retention import retention_curves
from crmlib.analyse.value.valuations import customer_actions, customer_valuations
from crmlib.measure.purchases import cohorts
from crmlib.measure.purchases.history import purchase_days, read_once
from crmlib.schema.errors import ParameterError
from tests.analyse.churn.churn_cases import BEHAVIOUR, FAST, HORIZON, driven_shop
from tests.analyse.lifetime.test_future import company, of
from tests.analyse.value.valuation_company import company as valued_company
from tests.analyse.value.valuation_company import future_of
from tests.measure.purchases.lifecycle_cases import ledger


def refuse(*args, **more):
    raise AssertionError("computed again")


@pytest.fixture(scope="module")
def crm():
    return Crm.from_frames(as_of="2024-05-14", transactions=ledger(seed=2))


def test_stages_and_their_scale_are_not_measured_twice(crm, monkeypatch):
    now = lifecycle.lifecycle_stages(crm)
    rhythm = now.attrs["rhythm"]
    plain = lifecycle_moves.lifecycle_between(crm, earlier="2024-02-14")
    curves, horizon = retention_curves(crm), churn_horizon.usual_horizon(crm)
    for module in (lifecycle_moves, cohorts, churn_horizon):
        monkeypatch.setattr(module, "purchase_rhythm", refuse)
    moves = lifecycle_moves.lifecycle_between(crm, earlier="2024-02-14", now=now)
    for name in ("matrix", "shares", "flows", "net"):
        pd.testing.assert_frame_equal(getattr(moves, name), getattr(plain, name))
    again = retention_curves(crm, rhythm=rhythm)
    pd.testing.assert_frame_equal(again.shares, curves.shares)
    assert (again.limit_days, again.too_new) == (curves.limit_days, curves.too_new)
    assert churn_horizon.usual_horizon(crm, rhythm=rhythm) == horizon


def test_what_is_no_series_of_stages_is_refused(crm):
    with pytest.raises(ParameterError, match="categorical Series"):
        lifecycle_moves.lifecycle_between(crm, earlier="2024-02-14", now=pd.Series(["new"]))
    with pytest.raises(ParameterError, match="gap_days"):
        churn_horizon.usual_horizon(crm, rhythm={"long_gap_days": 30})


def test_a_years_revenue_is_read_from_the_indicators(crm, monkeypatch):
    figures, plain = compute_indicators(crm), lifecycle.revenue_of_a_year(crm)
    some = lifecycle.revenue_of_a_year(crm, indicators=figures[["order_count"]])
    monkeypatch.setattr(lifecycle, "compute_indicators", refuse)
    pd.testing.assert_series_equal(lifecycle.revenue_of_a_year(crm, indicators=figures), plain)
    pd.testing.assert_series_equal(some, plain)


@pytest.mark.parametrize("names", [None, BEHAVIOUR])
def test_who_may_stop_is_scored_on_the_indicators_at_hand(names, monkeypatch):
    shop, asked = driven_shop(), {"horizon_days": HORIZON, "candidates": FAST[:1], "indicators": names}
    figures = compute_indicators(shop)
    moments, known = [], churn_periods.compute_indicators

    def counted(crm, wanted=None):
        moments.append(crm.as_of)
        return known(crm, wanted)

    monkeypatch.setattr(churn_periods, "compute_indicators", counted)
    plain, asked_before = fit_churn(shop, **asked), len(moments)
    moments.clear()
    found = fit_churn(shop, now=figures, **asked)
    assert len(moments) == asked_before - 1 and max(moments) < shop.as_of
    pd.testing.assert_series_equal(found.scores, plain.scores)
    pd.testing.assert_frame_equal(found.reason_table, plain.reason_table)


def test_indicators_that_lack_what_is_asked_are_computed():
    shop = driven_shop()
    asked = {"horizon_days": HORIZON, "candidates": FAST[:1], "indicators": BEHAVIOUR}
    found = fit_churn(shop, now=compute_indicators(shop, ["order_count", "recency_days"]), **asked)
    pd.testing.assert_series_equal(found.scores, fit_churn(shop, **asked).scores)


def test_the_lists_for_action_read_the_indicators_at_hand(monkeypatch):
    crm = valued_company()
    worth, figures = customer_valuations(crm, future=future_of(crm)), compute_indicators(crm)
    plain = customer_actions(crm, valuations=worth)
    monkeypatch.setattr(worklist_module, "compute_indicators", refuse)
    found = customer_actions(crm, valuations=worth, indicators=figures)
    for name in ("keep", "develop", "win_back"):
        pd.testing.assert_frame_equal(found[name], plain[name])


def test_order_lines_are_fetched_once_for_what_customers_will_bring(monkeypatch):
    crm, fetched = of(company()), []
    plain = future_contribution(crm, horizon_days=90)

    def counted(given):
        fetched.append(given)
        return read_once(given)

    monkeypatch.setattr(future_module, "read_once", counted)
    monkeypatch.setattr(future_module, "compute_indicators", refuse)
    found = future_contribution(crm, horizon_days=90, indicators=compute_indicators(crm, ["order_count"]))
    pd.testing.assert_frame_equal(found.table, plain.table)
    assert len(fetched) == 1 and found.holdout is not None


def test_purchase_days_at_hand_are_not_made_again(monkeypatch):
    lines, asked = company(), {"calibration_end": "2024-09-01", "holdout_end": "2024-12-30"}
    plain, days, made = holdout_check(lines, **asked), purchase_days(lines, as_of="2024-12-30"), []

    def counted(transactions, **more):
        made.append(more["as_of"])
        return purchase_days(transactions, **more)

    monkeypatch.setattr(holdout_module, "purchase_days", counted)
    found = holdout_check(lines, days=days, **asked)
    pd.testing.assert_frame_equal(found.totals, plain.totals)
    assert len(made) == 1 and made[0] < pd.Timestamp("2024-09-03")


def test_order_lines_are_read_with_the_columns_that_are_there():
    lines = company(20).assign(channel="web")
    assert read_once(of(lines)).column_names == [
        "customer_id",
        "order_id",
        "ordered_at",
        "net_amount",
        "product_id",
    ]
    assert len(read_once(of(lines))) == len(lines)
