"""category_spend: what was spent in which category, refunds taken off."""

import pandas as pd
import pytest

from crmlib import Crm
from crmlib.measure.purchases.worth import category_spend
from crmlib.schema.errors import SchemaError

GOODS = pd.DataFrame({"product_id": ["tea", "mug", "gift"], "category": ["drinks", "kitchen", None]})
LINES = pd.DataFrame(
    [
        ("1", "ann", "tea", "2024-05-01", 10.0),
        ("2", "ann", "tea", "2024-06-01", 5.0),
        ("3", "ann", "mug", "2024-06-01", 30.0),
        ("4", "ann", "mug", "2024-06-05", -30.0),  # sent back: nothing is left
        ("5", "bob", "mug", "2023-06-01", 30.0),  # more than a year ago
        ("6", "bob", "gift", "2024-06-01", 7.0),  # of no category
        ("7", None, "tea", "2024-06-01", 9.0),
        ("8", "bob", "tea", "2024-07-01", 9.0),  # after the closing moment
    ],
    columns=["order_id", "customer_id", "product_id", "ordered_at", "net_amount"],
)


def test_hand_checked_ledger():
    spend = category_spend(Crm.from_frames(as_of="2024-06-30", transactions=LINES, products=GOODS))
    assert spend.values.tolist() == [["ann", "drinks", 15.0]]
    assert spend.attrs["categories_sold"] == 2


def test_the_window_is_counted_in_days_of_the_workspace():
    crm = Crm.from_frames(as_of="2024-06-30", transactions=LINES, products=GOODS)
    assert category_spend(crm, days=60)["spend"].tolist() == [5.0]  # 1 May is 60 days ago: just outside
    assert category_spend(crm, days=61)["spend"].tolist() == [15.0]


def test_without_categories_it_says_what_to_map():
    crm = Crm.from_frames(as_of="2024-06-30", transactions=LINES, products=GOODS[["product_id"]])
    with pytest.raises(SchemaError, match=r"products has no column category.*\[tables.products.columns\]"):
        category_spend(crm)
