"""Purchases month by month are those that the indicators count."""

import pandas as pd

from crmlib.analyse.customers.profile import customer_profile, sales_by_month
from crmlib.measure.purchases.history import purchases_by_month
from crmlib.prepare.crm import Crm

LEDGER = pd.DataFrame(
    [
        ("1", "ann", "tea", "2024-01-02", 5.0),
        ("2", "ann", "mug", "2024-01-20", 9.0),
        ("3", "ann", "mug", "2024-02-03", -9.0),  # order 2 comes back whole
        ("4", "bob", "tea", "2024-02-10", 5.0),
        ("5", None, "tea", "2024-02-11", 5.0),
        ("6", None, "tea", "2024-02-12", -5.0),
        ("7", "bob", "tea", "2024-02-28", 5.0),
    ],
    columns=["order_id", "customer_id", "product_id", "ordered_at", "net_amount"],
)


def test_orders_of_the_months_add_up_to_the_orders_of_the_report():
    crm = Crm.from_frames(as_of="2024-02-29", transactions=LEDGER)
    months = purchases_by_month(crm)
    assert months[["orders", "customers"]].to_numpy().tolist() == [[1, 1], [3, 1]]
    assert months["orders"].sum() == customer_profile(crm).totals["orders"]


def test_row_order_is_irrelevant():
    turned = Crm.from_frames(as_of="2024-02-29", transactions=LEDGER[::-1])
    crm = Crm.from_frames(as_of="2024-02-29", transactions=LEDGER)
    pd.testing.assert_frame_equal(purchases_by_month(turned), purchases_by_month(crm))


def test_months_are_those_of_the_workspaces_clocks():
    night = pd.Timestamp("2024-02-01 03:00", tz="UTC")
    for zone, month in (("America/New_York", "2024-01-01"), ("UTC", "2024-02-01")):
        lines = LEDGER.iloc[[0]].assign(ordered_at=night)
        crm = Crm.from_frames(as_of="2024-02-29", time_zone=zone, transactions=lines)
        assert purchases_by_month(crm)["month"].tolist() == [pd.Timestamp(month)]


def test_a_month_in_which_the_data_stop_is_not_whole():
    stale = Crm.from_frames(as_of="2024-06-30", transactions=LEDGER[LEDGER["ordered_at"] < "2024-02-15"])
    assert sales_by_month(stale)["complete"].tolist() == [True, False]
    assert sales_by_month(Crm.from_frames(as_of="2024-06-30", transactions=LEDGER))["complete"].tolist() == [
        True,
        True,
    ]
