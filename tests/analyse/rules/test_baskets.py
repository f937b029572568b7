"""What counts as bought, what is set aside, and where a threshold lies."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from crmlib.analyse.rules.baskets import as_written, baskets_needed, encode_baskets, least_count
from crmlib.prepare.engine import Engine
from crmlib.schema.errors import ParameterError, SchemaError


def encode(lines, **arguments):
    with Engine() as engine:
        baskets = encode_baskets(engine, pd.DataFrame(lines), **{"min_support": 1, **arguments})
        entries = engine.rows("select basket, item from entries")
    return baskets, entries


def bought(lines, **arguments):
    baskets, entries = encode(lines, **arguments)
    return sorted(baskets.names[item] for _, item in entries), baskets


def test_an_item_twice_in_a_basket_counts_once():
    baskets, entries = encode({"order_id": [1, 1, 1, 2], "product_id": list("aaba")})
    assert dict(zip(baskets.names, baskets.item_counts, strict=True)) == {"b": 1, "a": 2}
    assert len(entries) == len(set(entries)) == baskets.entry_count == 3
    assert baskets.pair_steps == 1
    assert (baskets.basket_count, baskets.item_count, baskets.transaction_count) == (2, 2, 4)


def test_items_are_numbered_rarest_first_and_infrequent_ones_are_gone():
    lines = {"order_id": [1, 2, 3, 1, 2, 1], "product_id": list("cccbba")}
    baskets, entries = encode(lines, min_support=2)
    assert baskets.names == ["b", "c"]
    assert baskets.item_counts.tolist() == [2, 3]
    assert baskets.item_count == 3
    assert len(entries) == 5


@pytest.mark.parametrize(
    ("quantity", "net_amount", "is_bought"),
    [
        (1, 2.5, True),
        (1, 0, True),  # given free
        (0, 1.5, True),  # weighed, perhaps; paid for
        (1, -2.5, True),  # a discount larger than the price
        (-1, -2.5, False),
        (-1, 0, False),
        (0, 0, False),
        (None, 0, True),
        (None, -1, False),
        (-1, None, False),
        (0, None, False),
        (1, None, True),
        (None, None, True),
    ],
)
def test_a_refund_never_counts_as_bought_and_a_free_article_does(quantity, net_amount, is_bought):
    lines = {
        "order_id": [1, 1],
        "product_id": ["a", "b"],
        "quantity": pd.array([1, quantity], dtype="Float64"),
        "net_amount": pd.array([1, net_amount], dtype="Float64"),
    }
    names, baskets = bought(lines)
    assert names == (["a", "b"] if is_bought else ["a"])
    assert baskets.set_aside["refund_lines"] == (not is_bought)


@pytest.mark.parametrize(("column", "values"), [("quantity", [1, 0, -1]), ("net_amount", [0.0, 0.01, -0.01])])
def test_with_one_amount_column_only(column, values):
    names, baskets = bought({"order_id": [1, 1, 1], "product_id": list("abc"), column: values})
    assert names == (["a"] if column == "quantity" else ["a", "b"])
    assert baskets.set_aside["refund_lines"] == 3 - len(names)


def test_a_basket_of_refunds_only_is_no_basket_and_a_refund_undoes_no_purchase():
    lines = {"order_id": [1, 1, 2], "product_id": ["a", "a", "a"], "quantity": [1, -1, -1]}
    names, baskets = bought(lines)
    assert names == ["a"]
    assert baskets.basket_count == 1
    assert baskets.set_aside["refund_lines"] == 2


def test_lines_without_basket_or_item_are_counted_and_their_baskets_stay():
    lines = {"order_id": ["x", "x", None, "y", None], "product_id": ["a", "b", "a", None, None]}
    names, baskets = bought(lines)
    assert names == ["a", "b"]
    assert baskets.basket_count == 2
    assert baskets.set_aside["lines_without_basket"] == 2
    assert baskets.set_aside["lines_without_item"] == 1


def test_not_a_number_is_a_missing_number():
    import polars

    lines = polars.DataFrame({"order_id": [1.0, 1.0, float("nan")], "product_id": [5.0, float("nan"), 5.0]})
    with Engine() as engine:
        baskets = encode_baskets(engine, lines, min_support=1)
    assert (baskets.names, baskets.basket_count) == ([5.0], 1)
    assert baskets.set_aside["lines_without_basket"] == baskets.set_aside["lines_without_item"] == 1


def test_baskets_above_the_cap_are_counted_and_stay_in_the_denominator():
    lines = {"order_id": [1, 1, 1, 1, 2, 2, 3], "product_id": ["a", "b", "c", "c", "a", "b", "a"]}
    baskets, _ = encode(lines, max_basket_items=2)
    assert dict(zip(baskets.names, baskets.item_counts, strict=True)) == {"b": 1, "a": 2}
    assert baskets.basket_count == 3
    assert baskets.set_aside["baskets_above_cap"] == 1
    assert encode(lines, max_basket_items=3)[0].set_aside["baskets_above_cap"] == 0


@pytest.mark.parametrize("total", range(1, 121))
def test_a_threshold_at_exactly_k_of_n_is_met_by_k(total):
    for k in range(1, total + 1):
        assert least_count(as_written(k / total, name="share"), total) == k
        assert least_count(Fraction(k, total), total) == k


def test_decimal_thresholds_are_read_as_written():
    for thousandths in range(1, 1001):
        for total in (7, 300, 9_835, 1_000_000):
            exact = -(-thousandths * total // 1000)
            assert baskets_needed(thousandths / 1000, total) == exact
            assert baskets_needed(Decimal(thousandths) / 1000, total) == exact
    assert baskets_needed(np.float32(0.3), 300) == 90
    assert baskets_needed(np.int64(5), 300) == 5
    assert baskets_needed(1, 300) == 1
    assert baskets_needed(1.0, 300) == 300
    assert baskets_needed(1e-9, 300) == 1
    assert baskets_needed(0.5, 0) == 1


@pytest.mark.parametrize(
    "wrong", [True, False, np.True_, 0, -1, 0.0, -0.1, 1.01, float("nan"), float("inf"), "0.1", None]
)
def test_a_wrong_support_is_refused(wrong):
    with pytest.raises(ParameterError, match="min_support"):
        baskets_needed(wrong, 100)


def test_wrong_columns_are_refused_with_a_remedy():
    lines = {"order_id": [1], "product_id": ["a"], "tags": [["x", "y"]]}
    with pytest.raises(SchemaError, match=r"no column category .*crm\.toml"):
        encode(lines, item="category")
    with pytest.raises(ParameterError, match="two different columns"):
        encode(lines, item="order_id")
    with pytest.raises(ParameterError, match=r"tags holds VARCHAR.*Unnest"):
        encode(lines, item="tags")
    for wrong in (0, True, 2.5):
        with pytest.raises(ParameterError, match="max_basket_items"):
            encode(lines, max_basket_items=wrong)
