"""Cost is known before memory is taken, and the advice holds."""

import re

import numpy as np
import pandas as pd
import pytest

from crmlib.analyse.rules import itemsets as rule_encoding
from crmlib.analyse.rules import mining as rule_mining
from crmlib.analyse.rules.baskets import encode_baskets
from crmlib.analyse.rules.itemsets import bytes_per_set, grow_itemsets
from crmlib.analyse.rules.mine import frequent_itemsets, mine_rules
from crmlib.prepare.engine import Engine
from crmlib.schema.errors import CostError


@pytest.fixture(scope="module")
def lines():
    rng = np.random.default_rng(11)
    held = rng.random((400, 16)) < np.linspace(0.1, 0.8, 16)
    order_id, product_id = np.nonzero(held)
    return pd.DataFrame({"order_id": order_id, "product_id": [f"p{i}" for i in product_id]})


@pytest.fixture
def nothing_in_memory(monkeypatch):
    monkeypatch.setattr(rule_encoding, "BYTES_PER_LINE", 10**9)
    monkeypatch.setattr(rule_mining, "BYTES_PER_ENTRY", 10**9)


def advised(error):
    return int(re.search(r"Raise min_support to ([\d,]+) baskets", str(error.value))[1].replace(",", ""))


def test_the_engine_and_the_miner_count_the_same_pairs(lines):
    with Engine() as engine:
        baskets = encode_baskets(engine, lines, min_support=20)
        by_engine = rule_mining._pairs_by_engine(engine, baskets, 10**9)
        in_memory = rule_mining._sets_in_memory(rule_mining.read_entries(engine), baskets, 2, 10**9)
    for level in (0, 1):
        np.testing.assert_array_equal(by_engine.codes[level], in_memory.codes[level])
        np.testing.assert_array_equal(by_engine.counts[level], in_memory.counts[level])
    assert len(by_engine.counts[1]) > 50


def test_pairs_that_do_not_fit_in_memory_go_to_the_engine(lines, request):
    expected = mine_rules(lines, min_support=20, max_len=2).rules
    request.getfixturevalue("nothing_in_memory")
    pd.testing.assert_frame_equal(mine_rules(lines, min_support=20, max_len=2).rules, expected)
    nothing_together = lines.assign(order_id=range(len(lines)))
    assert len(mine_rules(nothing_together, min_support=20, max_len=2)) == 0
    with pytest.raises(CostError, match="max_len=2") as error:
        frequent_itemsets(lines, min_support=1)
    assert "need more than 1,000 MB" in str(error.value)


def test_too_many_sets_are_refused_with_a_support_that_fits(lines):
    budget = {"max_memory_mb": 0.5}
    with pytest.raises(CostError, match=r"item='category'.*max_memory_mb") as error:
        frequent_itemsets(lines, min_support=1, **budget)
    found = frequent_itemsets(lines, min_support=advised(error), **budget)
    assert 16 < len(found) < len(frequent_itemsets(lines, min_support=1))


@pytest.mark.usefixtures("nothing_in_memory")
def test_too_many_pairs_are_refused_with_a_support_that_just_fits(lines):
    budget = {"max_memory_mb": 0.02, "max_len": 2}
    with pytest.raises(CostError) as error:
        frequent_itemsets(lines, min_support=1, **budget)
    assert "ask for pairs" not in str(error.value)
    found = frequent_itemsets(lines, min_support=advised(error), **budget)
    assert 10_000 < sum(map(bytes_per_set, found["itemsets"].map(len))) <= 20_000


def test_too_many_rules_are_refused_with_a_support_that_fits(lines):
    budget = {"max_memory_mb": 8, "max_consequents": None}
    with pytest.raises(CostError, match=r"min_confidence, take one item after the arrow") as error:
        mine_rules(lines, min_support=5, **budget)
    assert len(mine_rules(lines, min_support=advised(error), **budget)) > 0


def test_many_candidates_with_few_confident_rules_are_not_refused(lines):
    budget = {"max_memory_mb": 8, "min_support": 10, "max_consequents": None}
    with pytest.raises(CostError, match="103,344 candidates"):
        mine_rules(lines, **budget)
    assert len(mine_rules(lines, **budget, min_confidence=0.9)) == 898


def test_baskets_too_large_to_count_pairs_are_refused(lines, monkeypatch):
    monkeypatch.setattr(rule_mining, "MAX_PAIR_STEPS", 1000)
    with pytest.raises(CostError, match=r"pairs of items would have to be counted.*max_basket_items"):
        mine_rules(lines, min_support=20, max_len=2)
    assert len(frequent_itemsets(lines, min_support=20, max_len=1)) == 16


def test_a_triangle_in_passes_counts_what_lists_count(lines):
    with Engine() as engine:
        baskets = encode_baskets(engine, lines, min_support=3)
        entries = rule_mining.read_entries(engine)
    expected = grow_itemsets(entries, min_count=3, max_len=2)
    for rows in (1, 5, 16):
        found = rule_mining.pairs_by_triangle(entries, baskets, rows)
        for level in (0, 1):
            np.testing.assert_array_equal(found.codes[level], expected.codes[level])
            np.testing.assert_array_equal(found.counts[level], expected.counts[level])


def test_the_triangle_is_for_many_pairs_of_few_items_and_cut_to_the_memory():
    assert rule_mining._triangle_rows(1_000, 10**6, 10**9) == 1_000
    assert rule_mining._triangle_rows(20_000, 10**8, 8 * 20_000 * 7_000) == 7_000
    assert rule_mining._triangle_rows(20_000, 10**8, 10**8) == 0
    assert rule_mining._triangle_rows(1_000_000, 10**6, 10**9) == 0


def test_pairs_with_two_threads(lines, monkeypatch):
    expected = mine_rules(lines, min_support=20, max_len=2).rules
    monkeypatch.setattr(rule_mining, "QUICK_STEPS", 0)
    pd.testing.assert_frame_equal(mine_rules(lines, min_support=20, max_len=2).rules, expected)
