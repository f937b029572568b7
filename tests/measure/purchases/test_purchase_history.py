"""purchase_history: published tables, hand-worked refunds, and a plain reading of random ledgers."""

from collections import defaultdict

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from crmlib.measure.purchases.history import purchase_history, rfm_table
from crmlib.schema.errors import ParameterError, SchemaError
from tests.analyse.lifetime.lifetime_cases import cdnow_history
from tests.measure.indicators.reference import _lines, _orders
from tests.measure.ledgers import HAND_AS_OF, hand_ledger, random_ledger

COLUMNS = ["frequency", "recency", "T", "monetary_value"]


def ledger(*rows):
    lines = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "net_amount"])
    lines["ordered_at"] = pd.to_datetime(lines["ordered_at"])
    return lines.assign(order_id=[str(i) for i in range(len(lines))])


def test_little_table_of_lifetimes():
    lines = ledger(
        ("1", "2015-02-01", 1), ("1", "2015-02-06", 2), ("2", "2015-01-01", 2),
        ("3", "2015-01-01", 3), ("3", "2015-01-02", 1), ("3", "2015-01-05", 5),
    )  # fmt: skip
    history = purchase_history(lines, as_of="2015-02-07", unit="D")
    expected = pd.DataFrame(
        [[1, 5.0, 6.0, 2.0], [0, 0.0, 37.0, np.nan], [2, 4.0, 37.0, 3.0]],
        columns=COLUMNS,
        index=pd.Index(["1", "2", "3"], name="customer_id"),
    )
    pd.testing.assert_frame_equal(history, expected, check_index_type=False)


def test_cdnow_counts_of_fader_hardie_lee_2005():
    history = cdnow_history()
    assert len(history) == 2357
    assert (history.frequency == 0).sum() == 1411
    assert history.monetary_value.notna().sum() == 946
    assert round(history.monetary_value.mean(), 2) == 35.08
    assert round(history.monetary_value.max(), 2) == 299.63


def test_a_free_order_counts_when_asked_and_is_told_when_not():
    lines = ledger(
        ("a", "2024-01-01", 0), ("a", "2024-01-11", 30), ("a", "2024-01-21", 0), ("b", "2024-01-05", 0),
        ("c", "2024-01-02", 10), ("c", "2024-01-03", -10), ("d", "2024-01-09", 5),
    )  # fmt: skip
    history = purchase_history(lines, as_of="2024-01-31", unit="D")
    assert history.index.to_list() == ["a", "d"] and history.loc["a", "frequency"] == 0
    assert history.attrs["left_out"] == {"free_orders": 3, "customers": 2}
    history = purchase_history(lines, as_of="2024-01-31", unit="D", free_orders="count")
    assert history.index.to_list() == ["a", "b", "d"]
    assert history.loc["a"].to_list() == [2, 20, 30, 15]
    assert history.attrs["left_out"] == {"free_orders": 0, "customers": 1}
    with pytest.raises(ParameterError, match='give "ignore" or "count"'):
        purchase_history(lines, as_of="2024-01-31", free_orders="yes")


def test_a_free_line_beside_what_was_paid_or_refunded_makes_no_free_order():
    lines = pd.DataFrame(
        [("1", "2024-01-01", 0.0, 1), ("1", "2024-01-01", 9.0, 1), ("2", "2024-01-05", 0.0, -1)],
        columns=["order_id", "ordered_at", "net_amount", "quantity"],
    ).assign(customer_id="a", product_id="tea")
    history = purchase_history(lines, as_of="2024-01-31", unit="D")
    assert history.attrs["left_out"] == {"free_orders": 0, "customers": 0}


def test_hand_checked_refunds():
    history = purchase_history(hand_ledger()["transactions"], as_of=HAND_AS_OF, unit="D")
    # ann: 10 January, 4 May, 20 June; the refund of 25 January is no purchase and moves none
    assert history.index.to_list() == ["ann", "cem", "fay", "gus"]
    assert history.loc["ann"].to_list() == [2, 162, 172, 20]
    assert history.loc["cem", ["frequency", "recency", "T"]].to_list() == [0, 0, 1]
    # gus: 1 March and 1 June 2023, 1 June 2024; 30 and 15 after the first
    assert history.loc["gus"].to_list() == [2, 458, 487, 22.5]
    assert history.monetary_value.isna().to_list() == [False, True, True, False]


def test_a_refund_lowers_the_value_of_the_order_it_belongs_to():
    lines = ledger(("a", "2024-01-01", 10), ("a", "2024-01-11", 30), ("a", "2024-01-21", -5))
    history = purchase_history(lines, as_of="2024-01-31", unit="D")
    assert history.loc["a"].to_list() == [1, 10, 30, 25]


def test_a_first_order_wholly_refunded_is_no_beginning():
    lines = ledger(("a", "2024-01-01", 10), ("a", "2024-01-02", -10), ("a", "2024-01-11", 30))
    assert purchase_history(lines, as_of="2024-01-31", unit="D").loc["a", "T"] == 20


@pytest.mark.parametrize("seed", range(3))
def test_equal_to_a_plain_reading_of_random_ledgers(seed):
    lines = random_ledger(seed=seed, lines=1500, customers=120)["transactions"]
    as_of = pd.Timestamp("2023-08-01 12:00")
    history = purchase_history(lines, as_of=as_of, unit="M")
    bought = [order for order in _orders(_lines(lines, as_of)) if order["is_purchase"]]
    days = defaultdict(lambda: defaultdict(float))
    for order in bought:
        days[order["customer"]][order["at"].normalize()] += float(order["kept"])
    assert list(history.index) == sorted(days)
    assert history.frequency.max() > 3 and len(history) > 50
    for customer, values in days.items():
        first, last = min(values), max(values)
        repeats = [value for day, value in values.items() if day > first]
        row = history.loc[customer]
        assert row.frequency == len(repeats)
        assert row.recency == pytest.approx((last - first).days / 30.4375)
        assert row["T"] == pytest.approx((as_of.normalize() - first).days / 30.4375)
        mean = sum(repeats) / len(repeats) if repeats else np.nan
        assert row.monetary_value == pytest.approx(mean, nan_ok=True)


def test_customers_and_last_purchases_are_those_of_rfm():
    lines = random_ledger(seed=5, lines=900)["transactions"]
    rfm = rfm_table(lines, as_of="2023-08-01")
    history = purchase_history(lines, as_of="2023-08-01", unit="D")
    assert history.index.equals(rfm.index)
    assert (history["T"] - history.recency == rfm.recency_days).all()
    assert (history.frequency < rfm.order_count).all()


def test_units_are_days_divided():
    lines = random_ledger(seed=1, lines=300)["transactions"]
    days = purchase_history(lines, as_of="2023-08-01", unit="D")
    for unit, length in (("W", 7), ("M", 30.4375)):
        other = purchase_history(lines, as_of="2023-08-01", unit=unit)
        assert other.attrs["unit"] == unit
        np.testing.assert_allclose(other[["recency", "T"]] * length, days[["recency", "T"]], rtol=1e-14)


def test_days_are_those_of_the_time_zone():
    lines = ledger(("a", "2024-01-01 20:00", 10), ("a", "2024-01-02 04:00", 10))
    assert purchase_history(lines, as_of="2024-01-05", unit="D").loc["a", "frequency"] == 1
    there = purchase_history(lines, as_of="2024-01-05", unit="D", time_zone="America/New_York")
    assert there.loc["a"].fillna(-1).to_list() == [0, 0, 4, -1]


@pytest.mark.parametrize("kind", ["polars", "arrow", "duckdb"])
def test_every_kind_of_table_gives_the_same(kind):
    lines = random_ledger(seed=2, lines=300)["transactions"]
    arrow = pa.Table.from_pandas(lines, preserve_index=False)
    kinds = {"polars": pl.from_arrow, "arrow": lambda table: table, "duckdb": duckdb.connect().from_arrow}
    expected = purchase_history(lines, as_of="2023-08-01")
    pd.testing.assert_frame_equal(purchase_history(kinds[kind](arrow), as_of="2023-08-01"), expected)


def test_rows_after_as_of_and_their_order_change_nothing():
    lines = random_ledger(seed=4, lines=500)["transactions"]
    as_of = pd.Timestamp("2023-03-01 10:00", tz="UTC")
    known = lines[lines.ordered_at <= as_of]
    assert len(known) < len(lines)
    expected = purchase_history(known, as_of=as_of)
    mixed = lines.sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(purchase_history(mixed, as_of=as_of), expected, check_exact=True)


def test_no_customer_gives_an_empty_table():
    history = purchase_history(hand_ledger()["transactions"], as_of="2020-01-01")
    assert list(history.columns) == COLUMNS and len(history) == 0


@pytest.mark.parametrize("unit", ["w", "Y", 7, None])
def test_units_that_are_none_are_refused(unit):
    with pytest.raises(ParameterError, match='"W"'):
        purchase_history(hand_ledger()["transactions"], as_of=HAND_AS_OF, unit=unit)


def test_missing_column_is_named_with_the_remedy():
    lines = hand_ledger()["transactions"].drop(columns="net_amount")
    with pytest.raises(SchemaError, match=r"no column net_amount .*tables\.transactions\.columns"):
        purchase_history(lines, as_of=HAND_AS_OF)


def test_a_value_that_cannot_be_read_is_refused():
    lines = hand_ledger()["transactions"].astype({"net_amount": "object"}).assign(net_amount="much")
    with pytest.raises(SchemaError, match="no finite amount"):
        purchase_history(lines, as_of=HAND_AS_OF)
