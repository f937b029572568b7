"""What is bought together, with names and at the level at which it can be acted on."""

import pandas as pd
import pytest

from crmlib import Crm, mine_rules
from crmlib.analyse.rules import worth as module
from crmlib.analyse.rules.cross_sell import cross_sell, plain_name
from crmlib.schema.errors import CostError, ParameterError

BASKETS = [("mix", "icing")] * 20 + [("mix",)] * 5 + [("tea",)] * 25 + [("tea", "milk")] * 10
PRODUCTS = pd.DataFrame(
    {
        "product_id": ["mix", "icing", "tea", "milk", "unsold"],
        "name": ["CAKE MIX", "ICING SUGAR", "Tea", "Milk", "Tea"],
        "category": ["BAKING", "BAKING", "DRINKS", "DAIRY", "DRINKS"],
        "subcategory": ["MIXES", "OTHER", "HOT", "OTHER", "HOT"],
    }
)


def shop(products=PRODUCTS, **columns):
    lines = [(str(order), item) for order, items in enumerate(BASKETS) for item in items]
    frame = pd.DataFrame(lines, columns=["order_id", "product_id"]).assign(
        ordered_at="2024-01-02", net_amount=1.0, **columns
    )
    frames = {"transactions": frame} | ({} if products is None else {"products": products})
    return Crm.from_frames(as_of="2024-01-31", **frames)


def test_a_rule_of_the_ledger_is_exact():
    found = cross_sell(shop(), item="product_id", min_support=5)
    rule = found.pairs.iloc[0]
    assert (rule["if"], rule["then"], rule["count"]) == ("Icing sugar", "Cake mix", 20)
    assert rule["confidence_pct"] == 100 and rule["base_pct"] == pytest.approx(100 * 25 / 60)
    assert rule["lift"] == pytest.approx(60 / 25) and rule["extra"] == pytest.approx(20 - 20 * 25 / 60)
    assert found.single_share_pct == pytest.approx(50) and found.basket_items_median == 1.5


def test_rules_are_those_of_mine_rules():
    there = shop()
    book = mine_rules(there.frame("transactions"), min_support=5, min_confidence=0.1)
    assert len(cross_sell(there, item="product_id", min_support=5).book) == len(book)


def test_groups_with_the_same_name_in_two_categories_are_two_items():
    found = cross_sell(shop(), item="subcategory", min_support=5)
    names = set(found.items["item"])
    assert {"Other (baking)", "Other (dairy)"} <= names


def test_of_a_pair_only_the_surer_direction_is_shown():
    found = cross_sell(shop(), item="product_id", min_support=5)
    assert len(found.rules) == 2 * len(found.pairs) == 4
    assert found.pairs["confidence_pct"].tolist() == [100, 100]


def test_different_categories_are_told_from_one():
    assert cross_sell(shop(), item="product_id", min_support=5).pairs["across"].tolist() == [False, True]
    assert cross_sell(shop(products=None), min_support=5).pairs["across"].isna().all()


def test_without_products_items_are_codes_and_said_to_be():
    found = cross_sell(shop(products=None), min_support=5)
    assert (found.item, found.named, found.pairs["if"].tolist()) == ("product_id", False, ["icing", "milk"])


def test_a_rule_that_adds_little_is_no_finding():
    assert not {"Milk", "Tea"} & set(
        cross_sell(shop(), item="product_id", min_support=5, min_improvement=0.5).pairs["then"]
    )


def test_lines_without_a_group_are_counted():
    assert (
        cross_sell(
            shop(products=PRODUCTS[PRODUCTS["product_id"] != "tea"]), item="subcategory", min_support=5
        ).unnamed_share_pct
        > 30
    )


def test_an_unknown_level_is_refused_with_the_nearest():
    with pytest.raises(ParameterError, match="Did you mean 'category'"):
        cross_sell(shop(), item="categroy")
    with pytest.raises(ParameterError, match="product_id"):
        cross_sell(shop(products=None), item="category")


def test_too_costly_a_support_is_raised_and_that_is_told(monkeypatch):
    def stingy(table, *, min_support, **limits):
        if min_support < 5:
            raise CostError("needs too much memory; raise min_support.")
        return mine_rules(table, min_support=min_support, **limits)

    monkeypatch.setattr(module, "mine_rules", stingy)
    found = cross_sell(shop(), item="product_id", min_support=2)
    assert (found.min_support, found.raised_from) == (8, 2)


def test_what_never_fits_is_still_refused(monkeypatch):
    def never(*_, **__):
        raise CostError("needs too much memory.")

    monkeypatch.setattr(module, "mine_rules", never)
    with pytest.raises(CostError):
        cross_sell(shop(), min_support=2)


def test_refunds_are_no_purchase():
    there = shop(quantity=-1)
    assert cross_sell(there, min_support=1).items["count"].sum() >= 0


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("FLUID MILK", "Fluid milk"),
        ("85099B", "85099B"),
        ("ToTe Bag", "ToTe Bag"),
        ("茶葉", "茶葉"),
        ("", ""),
    ],
)
def test_names_read_as_words(given, shown):
    assert plain_name(given) == shown
