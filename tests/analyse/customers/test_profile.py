"""The customer profile: exact on a ledger that can be checked by hand, and right on a real one."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlib import Crm
from crmlib.analyse.customers.profile import (
    concentration,
    customer_profile,
    customers_of_types,
    order_frequency,
    sales_by_month,
)
from crmlib.analyse.stats.small_groups import NOT_STATED
from crmlib.schema.errors import ParameterError, SchemaError

LEDGER = pd.DataFrame(
    [
        ("1", "ann", "tea", "2024-01-05", 1, 20.0),
        ("2", "ann", "mug", "2024-01-30", 1, 10.0),
        ("2", "ann", "tea", "2024-01-30", 1, 5.0),
        ("3", "bob", "tea", "2024-03-11", 1, 40.0),
        ("4", "bob", "tea", "2024-03-12", -1, -40.0),
        ("5", None, "mug", "2024-03-13", 1, 15.0),
    ],
    columns=["order_id", "customer_id", "product_id", "ordered_at", "quantity", "net_amount"],
)


def crm(as_of="2024-03-20", **more):
    return Crm.from_frames(as_of=as_of, currency="EUR", transactions=LEDGER, **more)


def test_totals_of_the_ledger():
    totals = customer_profile(crm()).totals
    assert totals["customers"] == 1 and totals["listed_customers"] == 2
    assert totals["orders"] == 3
    assert totals["net_sales"] == 50.0
    assert totals["anonymous_share_pct"] == pytest.approx(30.0)
    assert totals["refund_share_pct"] == pytest.approx(100 * 40 / 90)
    assert (totals["first_at"], totals["last_at"]) == (pd.Timestamp("2024-01-05"), pd.Timestamp("2024-03-13"))


def test_an_order_that_came_back_makes_no_customer():
    profile = customer_profile(crm())
    assert list(profile.types.index) == ["ann"] and profile.type_table["customers"].sum() == 1


def test_months_have_no_gap_and_know_when_they_are_whole():
    months = sales_by_month(crm())
    assert months["month"].dt.strftime("%Y-%m").tolist() == ["2024-01", "2024-02", "2024-03"]
    assert months["net_sales"].tolist() == [35.0, 0.0, 15.0]
    assert months["orders"].tolist() == [2, 0, 1]  # the order of 11 March came back whole
    assert months["customers"].tolist() == [1, 0, 0]
    assert months["complete"].tolist() == [False, True, False]
    still = sales_by_month(crm(as_of="2024-03-31"))  # nothing was sold after 13 March: the data stop there
    assert still["complete"].tolist() == [False, True, False]
    assert sales_by_month(crm(as_of="2024-03-15"))["complete"].tolist() == [False, True, False]


def test_a_month_is_one_of_the_workspace_not_of_utc():
    lines = pd.DataFrame(
        {
            "order_id": ["1"],
            "product_id": ["a"],
            "net_amount": [5.0],
            "ordered_at": [pd.Timestamp("2024-02-01 02:00", tz="UTC")],
        }
    )
    there = Crm.from_frames(as_of="2024-02-28", time_zone="America/New_York", transactions=lines)
    assert sales_by_month(there)["month"].dt.month.tolist() == [1]


def test_rows_after_as_of_change_nothing():
    future = LEDGER.assign(order_id="9", ordered_at="2024-12-01")
    later = Crm.from_frames(as_of="2024-03-20", currency="EUR", transactions=pd.concat([LEDGER, future]))
    assert customer_profile(later).totals == customer_profile(crm()).totals
    pd.testing.assert_frame_equal(sales_by_month(later), sales_by_month(crm()))


def test_the_order_of_rows_is_irrelevant():
    shuffled = Crm.from_frames(
        as_of="2024-03-20", currency="EUR", transactions=LEDGER.sample(frac=1, random_state=3)
    )
    pd.testing.assert_frame_equal(customer_profile(shuffled).type_table, customer_profile(crm()).type_table)


@given(st.lists(st.integers(1, 300), max_size=60))
def test_every_customer_is_in_one_class_of_orders(orders):
    table = order_frequency(pd.Series(orders, dtype="int64"))
    assert table["customers"].sum() == len(orders)
    assert not orders or table["share_pct"].sum() == pytest.approx(100)


@given(st.lists(st.integers(1, 10_000).map(float), min_size=1, max_size=80))
def test_spend_is_never_less_concentrated_than_equal_shares(spend):
    curve = concentration(pd.Series(spend)).set_index("customers_pct")["spend_pct"]
    assert curve.is_monotonic_increasing and curve[0] == 0 and curve[100] == pytest.approx(100)
    assert all(curve[share] >= share - 1e-6 for share in range(101))


def test_groups_show_no_personal_column_and_no_small_group():
    people = pd.DataFrame({"customer_id": [f"c{i}" for i in range(40)]})
    people["email"] = "canary@example.org"
    people["tax_id"] = "CANARY"
    people["gender"] = ["f"] * 20 + ["m"] * 15 + ["x"] * 3 + [None] * 2
    people["region"] = ["north"] * 28 + ["south"] * 11 + ["east"]
    people["household_size"] = ["1"] * 39 + ["7"]
    groups = customer_profile(crm(customers=people)).groups
    assert set(groups["field"]) == {"gender", "region"}
    gender = groups[groups["field"] == "gender"].set_index("value")["customers"]
    assert gender.to_dict() == {"f": 20, "all other values": 18, NOT_STATED: 2}
    assert groups[groups["field"] == "region"].set_index("value")["customers"].to_dict() == {
        "north": 28,
        "all other values": 12,
    }
    assert "canary" not in groups.to_csv().lower()


def test_bands_come_in_their_own_order():
    bands = ["under 15K", "15-24K", "250K+", "100-124K"]
    people = pd.DataFrame({"customer_id": [f"c{i}" for i in range(80)], "income_band": sorted(bands * 20)})
    groups = customer_profile(crm(customers=people)).groups
    assert groups["value"].tolist() == ["under 15K", "15-24K", "100-124K", "250K+"]


def test_without_sales_it_says_what_is_missing():
    with pytest.raises(SchemaError, match="transactions"):
        customer_profile(Crm.from_frames(as_of="2024-01-31", products=pd.DataFrame({"product_id": ["a"]})))


def test_a_list_of_customers_is_by_spend_and_refuses_what_it_does_not_know():
    there = crm()
    profile = customer_profile(there)
    listed = customers_of_types(there, profile, profile.types.unique())
    assert listed["customer_id"].tolist() == ["ann"] and listed["spend_total"].tolist() == [35.0]
    with pytest.raises(ParameterError, match="Did you mean 'big spenders'"):
        customers_of_types(there, profile, ["big spendrs"])


@pytest.mark.slow
def test_online_retail_net_sales_by_month_of_chen_sain_guo(shared_data):
    lines = pd.read_parquet(
        shared_data / "online_retail" / "online_retail.parquet",
        columns=["InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice"],
    )
    frame = pd.DataFrame(
        {
            "order_id": lines["InvoiceNo"],
            "product_id": lines["StockCode"],
            "ordered_at": lines["InvoiceDate"],
            "net_amount": (lines["Quantity"] * lines["UnitPrice"]).round(4),
        }
    )
    months = sales_by_month(Crm.from_frames(as_of="latest", time_zone="Europe/London", transactions=frame))
    assert months["net_sales"].sum() == pytest.approx(9_747_747.93, abs=0.01)
    assert len(months) == 13 and months["complete"].tolist() == [True] * 12 + [False]


def test_orders_without_customers_are_refused_with_the_way_to_bring_them():
    bare = Crm.from_frames(as_of="2024-03-31", transactions=LEDGER.drop(columns="customer_id"))
    with pytest.raises(SchemaError, match="transactions has no column customer_id"):
        customer_profile(bare)
