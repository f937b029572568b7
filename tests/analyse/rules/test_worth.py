"""Which rules hold, what they are worth, where they are used; and the way to mlxtend's frames and back."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from mlxtend.frequent_patterns import association_rules

from crmlib import Crm, cross_sell, frequent_itemsets, mine_rules, rules_from_mlxtend
from crmlib.analyse.rules.kernels import count_held
from crmlib.analyse.rules.worth import set_keys
from crmlib.sample.truths import RULES
from crmlib.schema.errors import ParameterError, SchemaError
from tests.analyse.rules.samples import sample_baskets

DAYS = pd.date_range("2023-01-01", "2024-12-31")


@cache
def shop(seed=1):
    """Two years of baskets: ink goes with printers all year; lights and trees sell in December only."""
    rng = np.random.default_rng(seed)
    rows = []
    for order in range(6_000):
        day = DAYS[rng.integers(len(DAYS))]
        basket = {item for item in ("tea", "mug", "pen", "jam", "cup") if rng.random() < 0.15}
        if rng.random() < 0.05:
            basket |= {"printer"} | ({"ink"} if rng.random() < 0.6 else set())
        if rng.random() < 0.03:
            basket.add("ink")
        if day.month == 12:
            basket |= {item for item in ("lights", "tree") if rng.random() < 0.5}
        rows += [(f"o{order:05}", f"c{rng.integers(400)}", item, day) for item in sorted(basket)]
    lines = pd.DataFrame(rows, columns=["order_id", "customer_id", "product_id", "ordered_at"])
    return lines.assign(quantity=1, net_amount=10.0, cost_amount=4.0)


def found(lines, **settings):
    products = pd.DataFrame({"product_id": sorted(lines["product_id"].unique())})
    products["name"] = products["product_id"].str.capitalize()
    crm = Crm.from_frames(as_of="2024-12-31", currency="EUR", transactions=lines, products=products)
    return cross_sell(crm, **settings)


@pytest.fixture(scope="module")
def year():
    return found(shop())


def test_what_sells_in_one_month_only_is_no_rule(year):
    together = {frozenset((row["if"], row["then"])) for _, row in year.pairs.iterrows()}
    assert together == {frozenset(("Printer", "Ink"))}
    book = year.book.rules
    sides = zip(book["antecedents"], book["consequents"], strict=True)
    lifts = book[[before | after == {"lights", "tree"} for before, after in sides]]
    assert lifts["lift"].min() > 5, "by the whole year they look bought together"


def test_the_worth_of_a_rule_is_what_it_brings_beyond_chance(year):
    rule = year.best.iloc[0]
    assert (rule["if"], rule["then"], year.money, year.holdout_days) == ("Printer", "Ink", "margin", 91)
    # 6,000 baskets over 731 days, a twentieth of them with a printer, 0.6 of these with ink, less chance; 6 a basket.
    expected = 6_000 / 731 * 91 * 0.05 * (0.6 * 0.97 - 0.03) * 6
    assert rule["expected"] == pytest.approx(expected, rel=0.3)
    assert rule["came"] == pytest.approx(rule["expected"], rel=0.5)
    assert rule["either"] == rule["if_count"] + rule["then_count"] - rule["count"]
    level = year.levels.iloc[0]
    assert (level["rules"], level["held"]) == (1, 1) and level["came"] == pytest.approx(rule["came"])


def test_free_and_cancelled_lines_are_in_no_basket_and_counted(year):
    lines = shop()
    counts = year.items.set_index("item")["count"]
    booked = (
        lines[lines["product_id"] == "tea"].head(40).assign(product_id="jam", net_amount=0.0, cost_amount=0.0)
    )
    back = lines[lines["product_id"] == "pen"].head(25)
    back = back.assign(order_id="r" + back["order_id"], quantity=-1, net_amount=-10.0, cost_amount=-4.0)
    back["ordered_at"] += pd.Timedelta(days=1)
    same = found(pd.concat([lines, booked], ignore_index=True))
    assert same.book.set_aside["free_lines"] == 40
    assert same.items.set_index("item").loc["Jam", "count"] == counts["Jam"]
    less = found(pd.concat([lines, back], ignore_index=True))
    assert (
        less.book.set_aside["cancelled_lines"]
        == counts["Pen"] - less.items.set_index("item").loc["Pen", "count"]
        > 0
    )
    assert less.book.set_aside["refund_lines"] == 25


def test_revenue_stands_in_where_no_cost_is_known(year):
    bare = found(shop().drop(columns="cost_amount"))
    assert bare.money == "revenue"
    assert bare.best["expected"].iloc[0] == pytest.approx(year.best["expected"].iloc[0] * 10 / 6)


def test_the_use_follows_channel_and_time(year):
    assert year.best["use"].iloc[0] == "bundle", "of all with either in 0.49 of printers and of ink"
    lines = shop()
    alone = lines["product_id"].isin(["printer", "ink"])
    more = lines[~alone].head(6_000).assign(product_id="ink")
    more = more.drop_duplicates("order_id").head(1_200)
    assert found(pd.concat([lines, more], ignore_index=True)).best["use"].iloc[0] == "shelf"
    by_phone = pd.concat([lines, more], ignore_index=True).assign(channel="phone")
    assert found(by_phone).best["use"].iloc[0] == "call"


def test_a_rule_is_born_when_it_was_none_a_month_before():
    lines = shop()
    last = lines[lines["ordered_at"] >= "2024-12-05"].drop_duplicates("order_id").head(60)
    both = pd.concat([last.assign(product_id="vase"), last.assign(product_id="rose")], ignore_index=True)
    early = shop(seed=2).drop_duplicates("order_id").iloc[:400]
    early = early.assign(order_id="x" + early["order_id"])
    vase = pd.concat([early.iloc[:200].assign(product_id="vase"), early.iloc[200:].assign(product_id="rose")])
    then = early.iloc[::8].assign(product_id="vase"), early.iloc[::8].assign(product_id="rose")
    whole = found(pd.concat([lines, vase, *then, both], ignore_index=True)).changes
    told = whole[whole["if"].isin(["Vase", "Rose"])]
    assert set(told["change"]) <= {"born", "stronger"} and len(told) == 1


def test_the_planted_rules_of_the_sample_company_are_on_the_page():
    crm, label = sample_baskets()
    page = cross_sell(crm)
    rules = zip(page.best["if"], page.best["then"], strict=True)
    shown = {frozenset(label[item] for side in sides for item in side.split(" + ")) for sides in rules}
    planted = {frozenset((*given, then)) for given, then, _ in RULES}
    assert planted <= shown
    assert page.item == "product_id" and len(shown) <= 2 * len(planted)


def test_mlxtends_rules_become_a_book_and_go_back():
    rng = np.random.default_rng(3)
    held = rng.random((500, 8)) < np.linspace(0.2, 0.6, 8)
    held[:, 1] |= held[:, 0] & (rng.random(500) < 0.5)
    order, item = np.nonzero(held)
    lines = pd.DataFrame({"order_id": order, "product_id": item.astype(str)})
    ours = mine_rules(lines, min_support=25, max_consequents=None)
    sets = frequent_itemsets(lines, min_support=25)
    theirs = association_rules(sets, num_itemsets=ours.basket_count, metric="support", min_threshold=0.0)
    book = rules_from_mlxtend(theirs.sample(frac=1, random_state=1), basket_count=ours.basket_count)
    pd.testing.assert_frame_equal(book.rules, ours.rules)
    pd.testing.assert_frame_equal(book.to_mlxtend(), ours.to_mlxtend())
    assert len(book.for_basket(["1"])) == len(ours.for_basket(["1"])) > 0


def test_what_is_no_frame_of_rules_is_refused_with_the_remedy():
    with pytest.raises(SchemaError, match="association_rules"):
        rules_from_mlxtend(pd.DataFrame({"antecedents": []}), basket_count=3)
    lines = pd.DataFrame({"order_id": [1, 1, 2, 2, 3], "product_id": ["tea", "mug", "tea", "mug", "tea"]})
    frame = mine_rules(lines, min_support=1).to_mlxtend()
    with pytest.raises(ParameterError, match="number of baskets"):
        rules_from_mlxtend(frame, basket_count=4)
    assert len(rules_from_mlxtend(frame[:0], basket_count=3)) == 0


def test_baskets_with_a_set_are_counted_as_one_by_one():
    rng = np.random.default_rng(7)
    bits = rng.integers(0, 2**63, size=(9, 5)).astype(np.uint64)
    sets = np.where(rng.random((200, 4)) < 0.3, -1, rng.integers(0, 9, size=(200, 4)))
    starts, found = np.array([0, 2, 5]), np.zeros((200, 2), dtype="int32")
    count_held(bits, starts, sets, found)
    for row, own in zip(found, sets, strict=True):
        held = (
            np.bitwise_and.reduce(bits[own[own >= 0]], axis=0) if (own >= 0).any() else np.zeros(5, "uint64")
        )
        assert row.tolist() == [np.bitwise_count(held[a:b]).sum() for a, b in ((0, 2), (2, 5))]


@pytest.mark.parametrize("items", [300, 2**40])
def test_sets_have_one_key_where_they_are_alike_however_many_items_there_are(items):
    rng = np.random.default_rng(8)
    rows = rng.choice([-1, 0, 1, 255, 256, min(items, 2**33) - 1], size=(500, 3))
    keys = set_keys(rows, items)
    alike = (rows[:, None] == rows[None]).all(axis=2)
    assert ((keys[:, None] == keys[None]) == alike).all()
