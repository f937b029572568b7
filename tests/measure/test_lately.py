"""The last whole month or quarter, by hand."""

import pandas as pd
import pytest

from crmlib import Crm
from crmlib.measure.sales import lately
from crmlib.present.reports.worklist.show import lately_figures


def lines(*rows):
    return pd.DataFrame(rows, columns=["order_id", "customer_id", "ordered_at", "net_amount"]).assign(
        product_id="tea"
    )


def test_a_shop_is_told_its_last_whole_month():
    crm = Crm.from_frames(as_of="2024-03-15", currency="EUR", transactions=lines(
        ("1", "ann", "2023-02-03", 7.0), ("2", "ann", "2024-01-31", 10.0), ("3", "ann", "2024-02-01", 20.0),
        ("3", "ann", "2024-02-01", 5.0), ("4", "bob", "2024-02-29", 30.0), ("5", "bob", "2024-02-29", -3.0),
        ("6", "ann", "2024-03-01", 99.0),
    ))  # fmt: skip
    found = lately(crm)
    assert (found.freq, str(found.first_day.date()), str(found.last_day.date())) == (
        "month",
        "2024-02-01",
        "2024-02-29",
    )
    assert found.table.loc["sales"].tolist() == [52.0, 10.0, 7.0]
    assert found.table.loc["orders"].tolist() == [2.0, 1.0, 1.0]
    assert found.table.loc["buyers"].tolist() == [2.0, 1.0, 1.0]
    assert found.history["sales"].tolist() == [7.0, *[0.0] * 10, 10.0, 52.0]
    assert "won_deals" not in found.table.index, "no deals are kept"


def test_a_month_that_ends_on_the_closing_day_is_over():
    crm = Crm.from_frames(as_of="2024-02-29", transactions=lines(("1", "ann", "2024-02-03", 7.0)))
    assert str(lately(crm).last_day.date()) == "2024-02-29"
    assert lately(crm).table.loc["sales"].isna().tolist() == [False, True, True]
    assert (
        lately(Crm.from_frames(as_of="2024-02-28", transactions=lines(("1", "ann", "2024-02-03", 7.0))))
        is None
    )


def test_who_sells_by_deals_is_told_quarters_open_value_and_the_plan():
    deals = pd.DataFrame({
        "opportunity_id": list("abcd"), "stage": "x", "amount": [100.0, 50.0, 30.0, 20.0],
        "outcome": ["won", "lost", "open", "won"],
        "created_at": ["2023-11-01", "2023-12-01", "2024-02-01", "2024-04-02"],
        "closed_at": ["2024-01-10", "2024-03-31", None, "2024-04-09"],
    })  # fmt: skip
    plans = pd.DataFrame({
        "period_start": ["2024-01-01", "2024-02-01", "2024-03-01"],
        "period_end": ["2024-01-31", "2024-02-29", "2024-03-31"],
        "dimension": "total", "key": "all", "measure": "won_amount", "target": [50.0, 50.0, 100.0],
    })  # fmt: skip
    crm = Crm.from_frames(as_of="2024-04-15", currency="EUR", opportunities=deals, plans=plans)
    found = lately(crm)
    assert (found.freq, str(found.last_day.date())) == ("quarter", "2024-03-31")
    assert found.table.loc["won_deals", ["now", "before"]].tolist() == [1.0, 0.0]
    assert found.table.loc["won_amount", "now"] == 100.0
    assert found.table.loc["open_amount", ["now", "before"]].tolist() == [30.0, 150.0]
    assert found.table.loc["plan_reached_pct", "now"] == 50.0 and found.plan_measure == "won_amount"
    assert "Plan for won deals reached" in [str(one.label) for one in lately_figures(found).figures]
    short = Crm.from_frames(as_of="2024-04-15", opportunities=deals, plans=plans.head(2))
    assert "plan_reached_pct" not in lately(short).table.index, "a plan of two months is none of the quarter"


@pytest.mark.parametrize("tables", [{}, {"transactions": lines().head(0)}])
def test_nothing_sold_nothing_told(tables):
    customers = pd.DataFrame({"customer_id": ["ann"]})
    assert lately(Crm.from_frames(as_of="2024-02-29", customers=customers, **tables)) is None
