"""The contract that every indicator inherits, and what compute_indicators promises around it."""

import pandas as pd
import pytest

from crmlib import Crm, compute_indicators, indicator_catalogue
from crmlib.measure.indicators import ASPECTS, INDICATORS, VIEWS, Indicator, view_catalogue
from crmlib.prepare.clock import closing_moment
from crmlib.schema.errors import ParameterError
from tests.measure.ledgers import HAND_AS_OF, HAND_FIGURES, hand_ledger, random_ledger
from tests.measure.reference import reference_indicators
from tests.measure.workspaces import RANDOM_AS_OF, ZONE, as_utc, from_tables, with_own

NAMES = [indicator.name for indicator in INDICATORS]
every_indicator = pytest.mark.parametrize("name", NAMES)


def shuffled(tables, *, seed):
    return {name: table.sample(frac=1, random_state=seed) for name, table in tables.items()}


@pytest.fixture(scope="module")
def by_hand():
    return compute_indicators(from_tables(hand_ledger(), as_of=HAND_AS_OF))


@pytest.fixture(scope="module")
def random_tables():
    return random_ledger(seed=7)


@pytest.fixture(scope="module")
def at_random(random_tables):
    return compute_indicators(from_tables(random_tables, as_of=as_utc(RANDOM_AS_OF), time_zone=ZONE))


@pytest.fixture(scope="module")
def at_random_reference(random_tables):
    return reference_indicators(random_tables, as_of=RANDOM_AS_OF, time_zone=ZONE)


def assert_same(result, expected, name):
    pd.testing.assert_series_equal(
        result[name], expected[name], check_dtype=False, check_index_type=False, rtol=1e-12, atol=1e-9
    )


@every_indicator
def test_hand_checked_figures(by_hand, name):
    assert_same(by_hand, HAND_FIGURES, name)


@every_indicator
def test_reference_agrees_with_the_hand_checked_figures(name):
    tables = hand_ledger()
    reference = reference_indicators(tables, as_of=closing_moment(HAND_AS_OF), time_zone="UTC")
    assert_same(reference, HAND_FIGURES, name)


@every_indicator
def test_equal_to_the_reference_on_a_random_ledger(at_random, at_random_reference, name):
    assert_same(at_random, at_random_reference, name)


@pytest.mark.parametrize("seed", range(4))
def test_equal_to_the_reference_on_small_random_ledgers(seed):
    tables = random_ledger(seed=seed, lines=250, customers=9)
    result = compute_indicators(from_tables(tables, as_of=as_utc(RANDOM_AS_OF), time_zone="Asia/Tokyo"))
    expected = reference_indicators(tables, as_of=RANDOM_AS_OF, time_zone="Asia/Tokyo")
    for name in NAMES:
        assert_same(result, expected, name)


def test_random_ledger_meets_the_hard_cases(at_random, random_tables):
    lines = random_tables["transactions"]
    assert lines.groupby("order_id").customer_id.nunique().max() > 1
    assert at_random.isna().any().sum() > 10
    assert at_random.return_rate_pct.gt(0).sum() > 20
    assert (lines.ordered_at > as_utc(RANDOM_AS_OF)).any()


@every_indicator
def test_one_row_per_customer(at_random, random_tables, name):
    lines = random_tables["transactions"]
    seen = set(lines.customer_id[lines.ordered_at <= as_utc(RANDOM_AS_OF)].dropna())
    everyone = sorted(seen | set(random_tables["customers"].customer_id))
    assert list(at_random[name].index) == everyone
    assert at_random.index.name == "customer_id"


@pytest.fixture(scope="module")
def large_and_shuffled():
    tables = random_ledger(seed=11, lines=150_000, customers=700)
    return [
        compute_indicators(from_tables(order, as_of=as_utc(RANDOM_AS_OF), time_zone=ZONE))
        for order in (tables, shuffled(tables, seed=1), shuffled(tables, seed=2))
    ]


@every_indicator
def test_row_order_changes_no_bit(large_and_shuffled, name):
    first, *others = large_and_shuffled
    for other in others:
        pd.testing.assert_series_equal(first[name], other[name], check_exact=True)


@pytest.fixture(scope="module")
def with_future_rows(random_tables):
    tables = dict(random_tables)
    lines = tables["transactions"]
    future = lines.assign(ordered_at=as_utc(RANDOM_AS_OF) + pd.Timedelta(microseconds=1))
    tables["transactions"] = pd.concat([future, lines])
    contacts = tables["campaign_contacts"]
    later = contacts.assign(
        campaign_id=contacts.campaign_id + "x", contacted_on=pd.Timestamp("2023-10-02"), responded_at=pd.NaT
    )
    tables["campaign_contacts"] = pd.concat([contacts, later])
    return compute_indicators(from_tables(tables, as_of=as_utc(RANDOM_AS_OF), time_zone=ZONE))


@every_indicator
def test_rows_after_as_of_change_nothing(at_random, with_future_rows, name):
    pd.testing.assert_series_equal(at_random[name], with_future_rows[name], check_exact=True)


def test_inputs_are_unchanged():
    tables = hand_ledger()
    crm = from_tables(tables, as_of=HAND_AS_OF)
    before = {table: crm.frame(table) for table in crm.tables}
    compute_indicators(crm)
    for table, frame in before.items():
        pd.testing.assert_frame_equal(crm.frame(table), frame)
    for table, frame in hand_ledger().items():
        pd.testing.assert_frame_equal(tables[table], frame)


@pytest.fixture(scope="module")
def of_nothing():
    tables = hand_ledger()
    tables["transactions"] = tables["transactions"].iloc[:0].astype(tables["transactions"].dtypes)
    tables["campaign_contacts"] = tables["campaign_contacts"].iloc[:0]
    return compute_indicators(from_tables(tables, as_of=HAND_AS_OF))


@every_indicator
def test_a_customer_without_rows_gets_what_the_catalogue_says(by_hand, of_nothing, name):
    empty = indicator_catalogue().set_index("name").loc[name, "empty"]
    assert list(of_nothing.index) == ["ann", "bob", "dora"]
    values = list(of_nothing[name])
    if name != "campaign_count" and name != "campaign_response_rate_pct":
        values.append(by_hand.loc["dora", name])
    for value in values:
        assert pd.isna(value) if pd.isna(empty) else value == empty


@pytest.fixture(scope="module")
def of_one_buyer():
    tables = {**hand_ledger(), "customers": pd.DataFrame({"customer_id": ["ann"]})}
    tables["transactions"] = tables["transactions"].query("customer_id == 'ann'")
    return compute_indicators(from_tables(tables, as_of=HAND_AS_OF))


@every_indicator
def test_type_does_not_depend_on_the_data(by_hand, at_random, of_one_buyer, of_nothing, name):
    assert by_hand[name].dtype == at_random[name].dtype == of_one_buyer[name].dtype == of_nothing[name].dtype


@pytest.fixture(scope="module")
def one_by_one():
    crm = from_tables(hand_ledger(), as_of=HAND_AS_OF)
    return {name: compute_indicators(crm, [name])[name] for name in NAMES}


@every_indicator
def test_alone_it_is_what_it_is_in_company(by_hand, one_by_one, name):
    pd.testing.assert_series_equal(one_by_one[name], by_hand[name], check_exact=True)


@every_indicator
def test_declaration_is_complete(name):
    indicator = next(indicator for indicator in INDICATORS if indicator.name == name)
    assert indicator.aspect in ASPECTS
    assert indicator.columns <= set(VIEWS[indicator.over].names)
    assert indicator.says.endswith(".") and indicator.unit
    for suffix, unit in (("_days", "days"), ("_pct", "%"), ("_count", None)):
        if name.endswith(suffix) and unit:
            assert indicator.unit == unit


def test_names_are_unique_and_many():
    assert len(set(NAMES)) == len(NAMES) >= 28


@pytest.mark.parametrize(
    ("name", "last_in", "value"),
    [
        ("order_count_90d", 89, 1),
        ("order_count_365d", 364, 1),
        ("spend_30d", 29, 1),
        ("spend_90d", 89, 1),
        ("spend_365d", 364, 1),
        ("margin_30d", 29, 0.5),
        ("margin_90d", 89, 0.5),
        ("margin_365d", 364, 0.5),
        ("spend_trend", 179, -1),
    ],
)
def test_windows_end_where_they_say(name, last_in, value):
    lines = pd.DataFrame({"order_id": ["1", "2"], "customer_id": ["in", "out"]}).assign(
        product_id="tea", net_amount=1.0, cost_amount=0.5
    )
    days = pd.to_timedelta([last_in, last_in + 1], unit="D")
    lines["ordered_at"] = pd.Timestamp("2024-12-31") - days
    result = compute_indicators(Crm.from_frames(as_of="2024-12-31", transactions=lines), [name])[name]
    assert result["in"] == value
    assert result["out"] == 0 or pd.isna(result["out"])


def test_the_trend_counts_the_ninetieth_day_once():
    lines = pd.DataFrame({"order_id": ["1", "2"], "net_amount": [3.0, 1.0]}).assign(
        product_id="tea", customer_id="ann"
    )
    lines["ordered_at"] = pd.Timestamp("2024-12-31") - pd.to_timedelta([89, 90], unit="D")
    result = compute_indicators(Crm.from_frames(as_of="2024-12-31", transactions=lines), ["spend_trend"])
    assert result.loc["ann", "spend_trend"] == (3 - 1) / (3 + 1)


def test_money_is_summed_exactly():
    lines = pd.DataFrame(
        {
            "order_id": [str(i) for i in range(30)],
            "customer_id": "ann",
            "product_id": "tea",
            "ordered_at": pd.Timestamp("2024-01-01"),
            "net_amount": [0.1] * 30,
        }
    )
    crm = Crm.from_frames(as_of="2024-01-02", transactions=lines)
    assert compute_indicators(crm, ["spend_total"]).loc["ann", "spend_total"] == 3.0


def test_what_is_left_of_all_orders_is_the_net_spend(random_tables):
    crm = from_tables(random_tables, as_of=as_utc(RANDOM_AS_OF), time_zone=ZONE)
    crm = with_own(crm, kept={"sql": "sum(kept_amount)", "unit": "currency", "empty": 0})
    result = compute_indicators(crm, ["kept", "spend_total"])
    pd.testing.assert_series_equal(result.kept, result.spend_total, check_names=False, check_exact=True)


def test_an_order_is_no_purchase_from_the_refund_on_and_not_before():
    lines = pd.DataFrame(
        {
            "order_id": ["1", "2", "3"],
            "customer_id": "ann",
            "product_id": "tea",
            "ordered_at": pd.to_datetime(["2024-01-01", "2024-01-10", "2024-01-20"]),
            "net_amount": [10.0, 10.0, -10.0],
        }
    )
    before = compute_indicators(Crm.from_frames(as_of="2024-01-19", transactions=lines))
    after = compute_indicators(Crm.from_frames(as_of="2024-01-20", transactions=lines))
    assert (before.loc["ann", "order_count"], before.loc["ann", "recency_days"]) == (2, 9)
    assert (after.loc["ann", "order_count"], after.loc["ann", "recency_days"]) == (1, 19)


def test_days_are_those_of_the_workspace():
    lines = pd.DataFrame(
        {
            "order_id": ["1"],
            "customer_id": ["ann"],
            "product_id": ["tea"],
            "ordered_at": pd.to_datetime(["2024-01-06 03:00"]).tz_localize("UTC"),
            "net_amount": [10.0],
        }
    )
    moment = pd.Timestamp("2024-01-07 04:00", tz="UTC")
    names = ["recency_days", "weekend_share_pct", "evening_share_pct"]
    in_utc = compute_indicators(Crm.from_frames(as_of=moment, transactions=lines), names)
    there = compute_indicators(Crm.from_frames(as_of=moment, time_zone=ZONE, transactions=lines), names)
    assert list(in_utc.loc["ann"]) == [1, 100, 0]
    assert list(there.loc["ann"]) == [1, 0, 100]  # Friday 22:00, and Saturday 23:00


def test_left_out_says_why_and_the_rest_is_computed():
    tables = hand_ledger()
    lines = tables["transactions"].drop(columns=["cost_amount", "channel", "quantity", "discount_amount"])
    result = compute_indicators(Crm.from_frames(as_of=HAND_AS_OF, transactions=lines))
    reasons = result.attrs["left_out"]
    assert set(reasons) | set(result.columns) == set(NAMES) and not set(reasons) & set(result.columns)
    assert reasons["margin_90d"] == (
        "transactions has no column cost_amount. Map it in crm.toml under [tables.transactions.columns]."
    )
    assert reasons["category_count"] == "There is no table products. Add it to crm.toml as [tables.products]."
    assert reasons["campaign_count"].startswith("There is no table campaign_contacts.")
    assert reasons["favourite_channel"].startswith("transactions has no column channel.")
    assert result.loc["ann", "order_count"] == 3


def test_a_workspace_without_transactions_has_rows_of_nothing():
    result = compute_indicators(Crm.from_frames(as_of=HAND_AS_OF, customers=hand_ledger()["customers"]))
    assert list(result.index) == ["ann", "bob", "dora"]
    assert len(result.columns) == 0 and set(result.attrs["left_out"]) == set(NAMES)


def test_names_choose_and_order_the_columns():
    crm = from_tables(hand_ledger(), as_of=HAND_AS_OF)
    assert list(compute_indicators(crm, ["spend_90d", "category_count", "order_count"])) == [
        "spend_90d",
        "category_count",
        "order_count",
    ]
    assert list(compute_indicators(crm, "spend_90d")) == ["spend_90d"]
    assert list(compute_indicators(crm, [])) == []


def test_unknown_name_is_answered_with_the_nearest():
    crm = from_tables(hand_ledger(), as_of=HAND_AS_OF)
    with pytest.raises(ParameterError, match=r"no indicator 'recency_day'\. Did you mean 'recency_days'"):
        compute_indicators(crm, ["recency_day"])


def test_catalogue_lists_every_indicator():
    catalogue = indicator_catalogue()
    assert list(catalogue.name) == NAMES
    assert list(catalogue) == ["name", "aspect", "over", "unit", "better", "says", "sql", "empty"]


def test_view_catalogue_lists_the_columns_and_what_they_need():
    catalogue = view_catalogue().set_index(["view", "column"])
    assert catalogue.loc[("orders", "margin_amount"), "needs"] == "transactions.cost_amount"
    assert set(catalogue.index.get_level_values("view")) == set(VIEWS)


def test_indicator_of_no_view_is_refused():
    with pytest.raises(ParameterError, match="no view 'visits'"):
        Indicator("n", "count(*)", over="visits", aspect="contact", unit="", better=None, says="Visits.")
    with pytest.raises(ParameterError, match="empty is 0 or None"):
        Indicator("n", "count(*)", over="orders", aspect="contact", unit="", better=None, says="N.", empty=1)
