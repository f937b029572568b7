"""Outcomes worked out by hand on a ledger of eleven lines."""

import pandas as pd
import pytest

from crmlib import Crm
from crmlib.measure.purchases.history import category_habits, first_order_at, purchases_within
from crmlib.schema.errors import ParameterError, SchemaError

LINES = [
    # ann buys on the last moment of the window and just after it
    ("A1", "ann", "tea", "2024-01-10 10:00", 10.0),
    ("A2", "ann", "cake", "2024-02-29 23:59:59", 8.0),
    ("A3", "ann", "tea", "2024-03-01 00:00:01", 9.0),
    # bob buys within the window, and all comes back within it
    ("B1", "bob", "tea", "2024-02-05 12:00", 20.0),
    ("B2", "bob", "tea", "2024-02-20 12:00", -20.0),
    # cem buys within the window, and it comes back after it
    ("C1", "cem", "mug", "2024-02-10 12:00", 30.0),
    ("C2", "cem", "mug", "2024-03-10 12:00", -30.0),
    # dee buys at the very moment of the cut-off: that was known then
    ("D1", "dee", "tea", "2024-01-31 12:00", 5.0),
    # eve buys twice, once for nothing; fay was there before and only returns
    ("E1", "eve", "tea", "2024-02-02 12:00", 4.0),
    ("E2", "eve", "cake", "2024-02-03 12:00", 0.0),
    ("F1", "fay", "tea", "2024-01-02 12:00", 7.0),
    ("F2", "fay", "tea", "2024-02-02 12:00", -7.0),
]
AFTER, UNTIL = pd.Timestamp("2024-01-31 12:00"), pd.Timestamp("2024-02-29 23:59:59")


@pytest.fixture(scope="module")
def shop():
    lines = pd.DataFrame(LINES, columns=["order_id", "customer_id", "product_id", "ordered_at", "net_amount"])
    products = pd.DataFrame({"product_id": ["tea", "cake", "mug"], "category": ["drinks", "food", "kitchen"]})
    return Crm.from_frames(as_of="2024-03-31", transactions=lines, products=products)


def test_the_window_takes_its_end_and_leaves_its_beginning(shop):
    found = purchases_within(shop, after=AFTER, until=UNTIL)
    assert found["purchase_count"].to_dict() == {"ann": 1, "bob": 0, "cem": 1, "eve": 1, "fay": 0}
    assert found["net_amount"].to_dict() == {"ann": 8.0, "bob": 0.0, "cem": 30.0, "eve": 4.0, "fay": -7.0}


def test_a_refund_counts_once_it_is_known(shop):
    later = purchases_within(shop, after=AFTER, until=shop.as_of)
    assert later.loc["cem"].tolist() == [0, 0.0]


def test_a_category_counts_its_own_lines_alone(shop):
    found = purchases_within(shop, after=AFTER, until=UNTIL, category="food")
    assert found["purchase_count"].to_dict() == {"ann": 1, "eve": 0}


def test_habits_of_a_category(shop):
    habits = category_habits(shop.at(AFTER), category="drinks")
    assert habits.loc["ann"].tolist() == [21.0, 1.0, 10.0]
    assert habits.loc["dee"].tolist() == [0.0, 1.0, 5.0]
    assert "cem" not in habits.index


def test_a_bare_date_is_the_end_of_that_day(shop):
    by_day = purchases_within(shop, after="2024-01-31", until="2024-02-29")
    assert by_day.loc["ann", "purchase_count"] == 1


def test_mistakes_are_named(shop):
    with pytest.raises(ParameterError, match="Did you mean 'food'"):
        purchases_within(shop, after=AFTER, until=UNTIL, category="foot")
    with pytest.raises(ParameterError, match="before it begins"):
        purchases_within(shop, after=UNTIL, until=AFTER)
    lines = shop.frame("transactions")
    bare = Crm.from_frames(as_of="2024-03-31", transactions=lines)
    with pytest.raises(SchemaError, match="products has no column category"):
        purchases_within(bare, after=AFTER, until=UNTIL, category="food")
    nameless = Crm.from_frames(as_of="2024-03-31", transactions=lines.drop(columns="customer_id"))
    with pytest.raises(SchemaError, match="No order line says who bought"):
        first_order_at(nameless)
