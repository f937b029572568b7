"""Sales by period, what was reached of a plan, and the ledger of deals: counted by hand, fit for Spark."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from sqlglot import exp

from crmlib import Crm
from crmlib.measure.deals.past import deal_ledger, ledger_sql, past_pipeline
from crmlib.measure.sales import (
    FREQUENCIES,
    MEASURES,
    SPLITS,
    facts_steps,
    plan_rows,
    product_sums,
    reached,
    sales_series,
)
from tests.measure.indicators.test_indicator_steps import to_spark

LOT = np.random.default_rng(0)
N = 400


def lines():
    moments = pd.Timestamp("2023-01-01") + pd.to_timedelta(LOT.uniform(0, 500, N).round(4), unit="D")
    return pd.DataFrame(
        {
            "order_id": LOT.integers(0, 150, N).astype(str), "product_id": LOT.choice(["a", "b", "c"], N),
            "customer_id": LOT.choice(["x", "y", None], N), "ordered_at": moments, "quantity": LOT.integers(-2, 9, N),
            "net_amount": LOT.integers(-20, 90, N).astype(float),
            "cost_amount": np.where(LOT.random(N) < 0.2, np.nan, LOT.integers(0, 30, N)),
            "channel": LOT.choice(["web", "shop"], N), "store_id": "s", "employee_id": "e1",
        }
    )  # fmt: skip


LINES = lines()
GOODS = pd.DataFrame({"product_id": ["a", "b"], "category": ["one", "two"], "department": "d", "brand": "w"})
PEOPLE = pd.DataFrame({"customer_id": ["x", "y"], "region": ["north", "south"], "country": "CH"})
DEALS = pd.DataFrame(
    {"opportunity_id": ["1", "2", "3"], "customer_id": "x", "product_id": "a", "owner_id": "e1", "stage": "z",
     "created_at": "2023-01-01", "closed_at": ["2023-02-03", "2023-02-28", None], "amount": [5.0, None, 9.0],
     "outcome": ["won", "won", "open"]}
)  # fmt: skip


@cache
def plain():
    return workspace()


def workspace(**settings):
    tables = {"transactions": LINES, "products": GOODS, "customers": PEOPLE, "opportunities": DEALS}
    return Crm.from_frames(as_of="2024-05-31", **(tables | settings))


@pytest.mark.parametrize("measure", MEASURES)
def test_statements_translate_to_spark(measure):
    crm = plain()
    for by in (None, *SPLITS):
        if SPLITS.get(by, ("", ""))[measure == "won_amount"] is not None:
            tree = to_spark(facts_steps(crm, by=by, measure=measure).sql("select * from facts"))
            assert [step.alias for step in tree.find_all(exp.CTE)] == ["things", "parties", "facts"]
    to_spark(ledger_sql(crm))


@cache
def in_tokyo():
    return workspace(time_zone="Asia/Tokyo")


@pytest.mark.parametrize("freq", FREQUENCIES)
@pytest.mark.parametrize("measure", ["net_amount", "quantity", "margin", "order_count"])
def test_series_equal_a_count_in_pandas(freq, measure):
    crm = in_tokyo()
    today = pd.Timestamp("2024-05-31")
    found = sales_series(crm, freq=freq, measure=measure, by="product", today=today)
    local = LINES["ordered_at"].dt.tz_localize("Asia/Tokyo").dt.tz_localize(None)
    assert crm.frame("transactions")["ordered_at"].min() == LINES["ordered_at"].min() - pd.Timedelta(hours=9)
    period = local.dt.to_period("M" if freq == "month" else "W-SUN").dt.start_time
    part = LINES.assign(period=period, margin=LINES["net_amount"] - LINES["cost_amount"])
    if measure == "order_count":
        part = part[part["net_amount"] > 0]
        brute = part.groupby(["period", "product_id"])["order_id"].nunique()
    else:
        brute = part.groupby(["period", "product_id"])[measure].sum()
    brute = brute.unstack().reindex(found.values.index).fillna(0.0)
    assert found.values.to_numpy() == pytest.approx(brute.to_numpy())
    assert len(found.values) >= 16


def test_won_deals_by_month():
    found = sales_series(plain(), measure="won_amount", by="employee", today=pd.Timestamp("2023-03-31"))
    assert found.values["e1"].to_dict() == {pd.Timestamp("2023-02-01"): 5.0, pd.Timestamp("2023-03-01"): 0.0}


def test_reached_and_product_sums_equal_a_count_in_pandas():
    crm, first, last = plain(), pd.Timestamp("2023-03-01"), pd.Timestamp("2023-09-15")
    inside = LINES[(LINES["ordered_at"] >= first) & (LINES["ordered_at"] < last + pd.Timedelta(days=1))]
    category = inside["product_id"].map(GOODS.set_index("product_id")["category"]).fillna("")
    found = reached(crm, by="category", measure="net_amount", first=first, last=last)
    assert found.to_dict() == inside.groupby(category)["net_amount"].sum().to_dict()
    sums = product_sums(crm, by="total", first=first, last=last).set_index("product_id")
    assert sums["amount"].to_dict() == inside.groupby("product_id")["net_amount"].sum().to_dict()
    assert sums["pieces"].to_dict() == inside.groupby("product_id")["quantity"].sum().to_dict()


def test_lines_without_a_quantity_have_no_price():
    some = LINES.assign(quantity=LINES["quantity"].where(LINES.index % 2 == 0))
    sums = product_sums(
        workspace(transactions=some),
        by="total",
        first=pd.Timestamp("2023-01-01"),
        last=pd.Timestamp("2024-12-31"),
    )
    assert sums["unpriced"].sum() == pytest.approx(some.loc[some["quantity"].isna(), "net_amount"].sum())


def test_plans_of_a_total_have_one_key():
    plans = pd.DataFrame(
        {"period_start": "2024-01-01", "period_end": "2024-01-31", "dimension": "total", "key": ["a", "b"],
         "measure": "net_amount", "target": [1.0, 2.0]}
    )  # fmt: skip
    rows = plan_rows(workspace(plans=plans), by="total")
    assert rows[["key", "target"]].to_numpy().tolist() == [["all", 3.0]]


def test_the_ledger_cut_to_a_day_is_the_ledger_of_that_day():
    crm, moment = plain(), pd.Timestamp("2023-02-10")
    one = past_pipeline(crm, moment=moment)
    other = past_pipeline(crm.at(moment), moment=moment)
    pd.testing.assert_frame_equal(one.open, other.open)
    pd.testing.assert_frame_equal(one.decided, other.decided)
    assert one.open.index.tolist() == ["2", "3"] and deal_ledger(crm).loc["1", "region"] == "north"
