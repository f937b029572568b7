"""Numbering in memory and in the engine give the same."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.analyse.rules import itemsets as rule_encoding
from crmlib.analyse.rules.baskets import encode_baskets
from crmlib.analyse.rules.itemsets import encode_in_memory
from crmlib.analyse.rules.mining import read_entries
from crmlib.prepare.engine import Engine

FIELDS = (
    "names", "basket_count", "item_count", "transaction_count", "min_count", "entry_count", "pair_steps",
)  # fmt: skip


def as_baskets(entries):
    parts = np.split(entries.items, np.flatnonzero(entries.items < 0) + 1)[:-1]
    return sorted(part.tolist() for part in parts)


def assert_same(lines, **arguments):
    arguments = {"min_support": 1, "max_basket_items": 1_000, **arguments}
    with Engine() as engine:
        expected = encode_baskets(engine, lines, **arguments)
        there = read_entries(engine)
    with Engine() as engine:
        baskets, entries = encode_in_memory(engine, lines, **arguments, max_bytes=10**9)
    for name in FIELDS:
        assert getattr(baskets, name) == getattr(expected, name), name
    assert dict(baskets.set_aside) == dict(expected.set_aside)
    np.testing.assert_array_equal(baskets.item_counts, expected.item_counts)
    np.testing.assert_array_equal(entries.item_starts, there.item_starts)
    assert as_baskets(entries) == as_baskets(there)
    assert entries.pair_steps == there.pair_steps
    return baskets


ROWS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(0, 5)),
        st.one_of(st.none(), st.integers(-3, 9)),
        st.one_of(st.none(), st.integers(-1, 2)),
    ),
    max_size=40,
)


@settings(max_examples=15, deadline=None)
@given(rows=ROWS, min_support=st.integers(1, 3), cap=st.integers(1, 5), as_text=st.booleans())
def test_random_lines(rows, min_support, cap, as_text):
    lines = pd.DataFrame(rows, columns=["order_id", "product_id", "quantity"]).astype("Int64")
    if as_text:
        lines["product_id"] = lines["product_id"].astype("string")
    assert_same(lines, min_support=min_support, max_basket_items=cap)


@pytest.mark.parametrize(
    "items",
    [
        [1.5, float("nan"), 2.0, 1.5],
        pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-01", None]),
        pd.Categorical(["b", "a", "b", None]),
        [10**15, 5, 10**15, 7],
        np.array([-128, 3, 127, 127], dtype="int8"),
        np.array([-(2**63), 3, 2**63 - 1, 3], dtype="int64"),
        [True, False, True, True],
    ],
    ids=["floats", "days", "categories", "far apart", "bytes", "extremes", "truths"],
)
def test_items_of_every_type(items):
    baskets = assert_same(pd.DataFrame({"order_id": ["x", "y", "y", "z"], "product_id": items}))
    assert baskets.names


def test_unordered_and_ordered_lines_are_the_same():
    rng = np.random.default_rng(2)
    lines = pd.DataFrame({"order_id": np.repeat(np.arange(60), 5), "product_id": rng.integers(0, 90, 300)})
    one = assert_same(lines, min_support=2)
    other = assert_same(lines.sample(frac=1, random_state=1), min_support=2)
    assert one.names == other.names


def test_what_does_not_fit_is_left_to_the_engine():
    lines = pd.DataFrame({"order_id": range(10), "product_id": range(10)})
    room = 10 * rule_encoding.BYTES_PER_LINE
    with Engine() as engine:
        for max_bytes, fits in ((room, True), (room - 1, False)):
            encoded = encode_in_memory(engine, lines, min_support=1, max_basket_items=9, max_bytes=max_bytes)
            assert (encoded is not None) == fits


def test_only_wanted_items_are_numbered():
    lines = pd.DataFrame({"order_id": [1, 1, 1, 2], "product_id": list("abca")})
    with Engine() as engine:
        baskets, entries = encode_in_memory(
            engine, lines, min_support=1, max_basket_items=2, max_bytes=10**6, wanted=frozenset("a")
        )
    assert (baskets.names, baskets.basket_count, baskets.set_aside["baskets_above_cap"]) == (["a"], 2, 1)
    assert entries.items.tolist() == [0, -1]
