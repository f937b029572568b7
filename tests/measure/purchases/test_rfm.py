"""rfm_table: the worked example, the rule of the scores, and every kind of table."""

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib import Crm, compute_indicators, rfm_table
from crmlib.measure.purchases.history import _scores
from crmlib.schema.errors import ParameterError, SchemaError
from tests.measure.indicators.reference import reference_rfm
from tests.measure.ledgers import HAND_AS_OF, hand_ledger, random_ledger

COLUMNS = ["recency_days", "order_count", "spend_total", "r_score", "f_score", "m_score"]


def test_hand_checked_ledger():
    result = rfm_table(hand_ledger()["transactions"], as_of=HAND_AS_OF, bins=3)
    expected = pd.DataFrame(
        {
            "recency_days": [10, 1, 90, 29],
            "order_count": [3, 1, 1, 3],
            "spend_total": [60.0, 30.0, 0.0, 75.0],
            "r_score": [2, 3, 1, 2],
            "f_score": [3, 1, 1, 3],
            "m_score": [2, 2, 1, 3],
        },
        index=pd.Index(["ann", "cem", "fay", "gus"], name="customer_id"),
    )
    pd.testing.assert_frame_equal(result, expected, check_index_type=False)


@pytest.mark.parametrize("bins", [2, 5, 7])
@pytest.mark.parametrize("seed", range(3))
def test_equal_to_the_reference_on_random_ledgers(seed, bins):
    lines = random_ledger(seed=seed, lines=300, customers=150)["transactions"]
    as_of = pd.Timestamp("2023-08-01 12:00")
    result = rfm_table(lines, as_of=as_of, bins=bins)
    expected = reference_rfm(lines, as_of=as_of, bins=bins)
    assert 50 < len(result) < lines.customer_id.nunique()
    pd.testing.assert_frame_equal(
        result, expected, check_names=False, check_index_type=False, check_dtype=False, rtol=1e-12
    )


def test_figures_are_those_of_the_indicators():
    tables = random_ledger(seed=5, lines=900)
    as_of = pd.Timestamp("2023-08-01 12:00")
    rfm = rfm_table(tables["transactions"], as_of=as_of)
    indicators = compute_indicators(Crm.from_frames(as_of=as_of, **tables), COLUMNS[:3])
    buyers = indicators[indicators.order_count > 0]
    pd.testing.assert_frame_equal(rfm[COLUMNS[:3]], buyers, check_dtype=False, check_exact=True)


def in_every_kind(frame):
    arrow = pa.Table.from_pandas(frame, preserve_index=False)
    return {
        "pandas": frame,
        "polars": pl.from_arrow(arrow),
        "arrow": arrow,
        "duckdb": duckdb.connect().from_arrow(arrow),
    }


@pytest.mark.parametrize("kind", ["polars", "arrow", "duckdb"])
def test_every_kind_of_table_gives_the_same(kind):
    lines = random_ledger(seed=2, lines=300)["transactions"]
    expected = rfm_table(lines, as_of="2023-08-01")
    pd.testing.assert_frame_equal(rfm_table(in_every_kind(lines)[kind], as_of="2023-08-01"), expected)


def test_times_with_a_zone_are_read_as_utc():
    lines = hand_ledger()["transactions"]
    there = lines.assign(ordered_at=lines.ordered_at.dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo"))
    expected = rfm_table(lines, as_of=HAND_AS_OF)
    pd.testing.assert_frame_equal(rfm_table(there, as_of=HAND_AS_OF), expected)
    as_text = lines.assign(ordered_at=lines.ordered_at.dt.strftime("%Y-%m-%d %H:%M:%S"))
    pd.testing.assert_frame_equal(rfm_table(as_text, as_of=HAND_AS_OF), expected)


def test_a_bare_date_is_the_whole_day_and_a_timestamp_is_taken_as_it_is():
    lines = hand_ledger()["transactions"]
    assert rfm_table(lines, as_of="2024-06-29").loc["cem", "recency_days"] == 0
    assert "cem" not in rfm_table(lines, as_of=pd.Timestamp("2024-06-29")).index


def test_rows_after_as_of_change_nothing():
    lines = random_ledger(seed=4, lines=500)["transactions"]
    as_of = pd.Timestamp("2023-03-01 10:00", tz="UTC")
    known = lines[lines.ordered_at <= as_of]
    assert len(known) < len(lines)
    pd.testing.assert_frame_equal(rfm_table(lines, as_of=as_of), rfm_table(known, as_of=as_of))


def test_input_is_unchanged_and_row_order_changes_no_bit():
    lines = random_ledger(seed=6, lines=20_000, customers=300)["transactions"]
    before = lines.copy(deep=True)
    result = rfm_table(lines, as_of="2023-08-01")
    pd.testing.assert_frame_equal(lines, before)
    mixed = rfm_table(lines.sample(frac=1, random_state=0), as_of="2023-08-01")
    pd.testing.assert_frame_equal(mixed, result, check_exact=True)


def test_without_product_a_refund_belongs_to_the_latest_order_before_it():
    lines = pd.DataFrame(
        {
            "customer_id": "ann",
            "order_id": ["1", "2", "3"],
            "ordered_at": pd.to_datetime(["2024-01-01", "2024-01-10", "2024-01-20"]),
            "net_amount": [10.0, 8.0, -8.0],
        }
    )
    result = rfm_table(lines, as_of="2024-01-31")
    assert result.loc["ann", ["recency_days", "order_count", "spend_total"]].to_list() == [30, 1, 10]


def test_a_negative_quantity_is_a_refund_too():
    lines = pd.DataFrame(
        {
            "customer_id": "ann",
            "order_id": ["1", "2"],
            "product_id": "tea",
            "ordered_at": pd.to_datetime(["2024-01-01", "2024-01-20"]),
            "net_amount": [10.0, 0.0],
            "quantity": [1, -1],
        }
    )
    assert rfm_table(lines, as_of="2024-01-31").loc["ann", "recency_days"] == 30


def test_numbers_as_customers_stay_numbers():
    lines = hand_ledger()["transactions"].assign(customer_id=17850)
    assert rfm_table(lines, as_of=HAND_AS_OF).index.to_list() == [17850]


def test_no_customer_gives_an_empty_table():
    result = rfm_table(hand_ledger()["transactions"], as_of="2020-01-01")
    assert list(result.columns) == COLUMNS and len(result) == 0


def test_missing_column_is_named_with_the_remedy():
    lines = hand_ledger()["transactions"].rename(columns={"net_amount": "amount"})
    message = r"no column net_amount \(has: .*amount.*tables\.transactions\.columns"
    with pytest.raises(SchemaError, match=message):
        rfm_table(lines, as_of=HAND_AS_OF)


@pytest.mark.parametrize("bins", [1, 0, -5, 2.5, True, "5", None])
def test_bins_that_are_no_number_of_scores_are_refused(bins):
    with pytest.raises(ParameterError, match="whole number from 2 on"):
        rfm_table(hand_ledger()["transactions"], as_of=HAND_AS_OF, bins=bins)


def test_as_of_that_is_no_date_is_refused():
    with pytest.raises(ParameterError, match="as_of"):
        rfm_table(hand_ledger()["transactions"], as_of="last Tuesday")


@pytest.mark.parametrize(("column", "value"), [("net_amount", np.inf), ("ordered_at", "soon")])
def test_a_value_that_cannot_be_read_is_refused(column, value):
    lines = hand_ledger()["transactions"].astype({column: "object"})
    lines[column] = value
    with pytest.raises(SchemaError, match=r"no time .* or no finite amount"):
        rfm_table(lines, as_of=HAND_AS_OF)


def one_order_each(amounts):
    return pd.DataFrame(
        {
            "customer_id": [f"c{i:03d}" for i in range(len(amounts))],
            "order_id": [str(i) for i in range(len(amounts))],
            "ordered_at": pd.Timestamp("2024-01-01"),
            "net_amount": amounts,
        }
    )


def test_without_ties_every_score_has_as_many_customers():
    result = rfm_table(one_order_each(np.arange(1.0, 24.0)), as_of="2024-01-02")
    sizes = result.groupby("m_score").size()
    assert list(sizes.index) == [1, 2, 3, 4, 5] and set(sizes) == {4, 5}


def test_all_equal_stand_in_the_middle():
    result = rfm_table(one_order_each([5.0] * 10), as_of="2024-01-02")
    assert set(result.m_score) == set(result.r_score) == {3}


values = st.lists(st.integers(-6, 20).map(lambda cents: cents / 4), min_size=1, max_size=40)


@given(values=values, bins=st.integers(2, 9))
def test_scores_are_in_range_monotone_and_equal_for_equals(values, bins):
    table = pd.DataFrame({"value": values}).assign(score=lambda table: _scores(table["value"], bins=bins))
    assert table.score.between(1, bins).all()
    by_value = table.groupby("value").score.agg(["min", "max"])
    assert (by_value["min"] == by_value["max"]).all()
    assert by_value["min"].is_monotonic_increasing


@given(values=st.lists(st.integers(), min_size=2, max_size=40, unique=True), bins=st.integers(2, 9))
def test_scores_without_ties_have_equal_numbers(values, bins):
    sizes = _scores(pd.Series(values, dtype="float64").rank(), bins=bins).value_counts()
    sizes = sizes.reindex(range(1, bins + 1), fill_value=0)
    assert sizes.max() - sizes.min() <= 1


@settings(max_examples=10, deadline=None)
@given(days=st.lists(st.integers(0, 9), min_size=1, max_size=25))
def test_a_recent_purchase_scores_at_least_as_high(days):
    lines = one_order_each([1.0] * len(days))
    lines["ordered_at"] = pd.Timestamp("2024-01-20") - pd.to_timedelta(days, unit="D")
    result = rfm_table(lines, as_of="2024-01-20")
    assert list(result.recency_days) == days
    assert result.sort_values("recency_days").r_score.is_monotonic_decreasing


@pytest.fixture(scope="module")
def online_retail(shared_data):
    lines = pd.read_parquet(shared_data / "online_retail" / "online_retail.parquet")
    return lines.assign(
        net_amount=lines["Quantity"] * lines["UnitPrice"],
        customer_id=lines["CustomerID"].astype("Int64").astype("str"),
    ).rename(
        columns={
            "InvoiceNo": "order_id",
            "StockCode": "product_id",
            "InvoiceDate": "ordered_at",
            "Quantity": "quantity",
        }
    )


def test_online_retail_after_the_usual_cleaning_of_chen_sain_guo(online_retail):
    lines = online_retail.query(
        "customer_id.notna() and not order_id.str.startswith('C') and quantity > 0 and UnitPrice > 0"
    )
    assert len(lines) == 397_884
    result = rfm_table(lines, as_of="2011-12-09")
    assert len(result) == 4_338
    assert result.order_count.sum() == 18_532
    assert result.spend_total.sum() == pytest.approx(8_911_407.90, abs=0.01)
    assert set(result.m_score) == {1, 2, 3, 4, 5}


def test_online_retail_with_its_cancellations(online_retail):
    result = rfm_table(online_retail, as_of="2011-12-09")
    known = online_retail[online_retail.customer_id.notna()]
    uncancelled = known[~known.order_id.str.startswith("C") & (known.net_amount > 0)]
    assert result.index.isin(uncancelled.customer_id).all()
    per_customer = known.groupby("customer_id").net_amount.sum()[result.index]
    np.testing.assert_allclose(result.spend_total, per_customer.astype(float), atol=1e-6)
    orders = uncancelled.groupby("customer_id").order_id.nunique()[result.index]
    assert (result.order_count <= orders).all() and 17_500 < result.order_count.sum() < 18_532
    last = uncancelled.groupby("customer_id").ordered_at.max()[result.index]
    assert (result.recency_days >= (pd.Timestamp("2011-12-09") - last.dt.normalize()).dt.days).all()


def test_days_are_those_of_the_zone_that_is_stated():
    ledger = pd.DataFrame(
        {"customer_id": ["ann"], "order_id": ["1"], "ordered_at": ["2024-01-02 03:00"], "net_amount": [1.0]}
    )
    as_of = pd.Timestamp("2024-01-02 23:00")
    assert rfm_table(ledger, as_of=as_of)["recency_days"].item() == 0
    assert rfm_table(ledger, as_of=as_of, time_zone="America/New_York")["recency_days"].item() == 1


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo", "UTC"])
def test_recency_is_that_of_the_indicators_in_every_zone(zone):
    lines = pd.DataFrame(
        {
            "customer_id": ["ann", "bob"],
            "order_id": ["1", "2"],
            "product_id": "tea",
            "ordered_at": pd.to_datetime(["2024-01-02 04:00", "2024-01-01 12:00"]).tz_localize("UTC"),
            "net_amount": 1.0,
        }
    )
    crm = Crm.from_frames(
        as_of=pd.Timestamp("2024-01-02 04:01", tz="UTC"), time_zone=zone, transactions=lines
    )
    rfm = rfm_table(crm.table("transactions"), as_of=crm.as_of, time_zone=zone)
    assert rfm["recency_days"].to_dict() == compute_indicators(crm)["recency_days"].to_dict()
