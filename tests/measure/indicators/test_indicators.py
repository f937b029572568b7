"""The contract that every indicator inherits, and what compute_indicators promises around it."""

import json

import pandas as pd
import pytest

from crmlib import Crm, compute_indicators, indicator_catalogue
from crmlib.measure.indicators import ASPECTS, INDICATORS, VIEWS, Indicator, view_catalogue
from crmlib.measure.indicators.steps import source_steps
from crmlib.prepare.clock import closing_moment
from crmlib.schema.errors import ParameterError
from crmlib.schema.tables import TABLES
from tests.measure.indicators.hand_figures import FIGURES, HAND_FIGURES
from tests.measure.indicators.reference import reference_indicators
from tests.measure.ledgers import HAND_AS_OF, hand_ledger, random_ledger
from tests.measure.workspaces import RANDOM_AS_OF, ZONE, as_utc, from_tables, hand_crm, with_own

NAMES = [indicator.name for indicator in INDICATORS]
NAMES_BY_HAND = [name for name, *_ in FIGURES]
OVER = {view: [one.name for one in INDICATORS if one.over == view] for view in VIEWS}
every_view = pytest.mark.parametrize("view", [view for view, names in OVER.items() if names])


def shuffled(tables, *, seed):
    return {name: table.sample(frac=1, random_state=seed) for name, table in tables.items()}


def moved(table, **times):
    """The same rows again under other keys, at other times."""
    keys = [
        name for name in table if name.endswith("_id") and name.split("_")[0] not in ("customer", "session")
    ]
    return table.assign(**{keys[0]: table[keys[0]] + "x"}, **times)


@pytest.fixture(scope="module")
def by_hand():
    return compute_indicators(hand_crm())


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


@pytest.mark.parametrize(("name", "how"), [(name, how) for name, _, _, how in FIGURES], ids=NAMES_BY_HAND)
def test_hand_checked_figures(by_hand, name, how):
    assert_same(by_hand, HAND_FIGURES, name)


def test_every_indicator_is_checked_by_hand():
    assert sorted(HAND_FIGURES) == sorted(NAMES) == sorted(NAMES_BY_HAND)


@pytest.fixture(scope="module")
def hand_reference():
    return reference_indicators(hand_ledger(), as_of=closing_moment(HAND_AS_OF), time_zone="UTC")


@every_view
def test_reference_agrees_with_the_hand_checked_figures(hand_reference, view):
    for name in OVER[view]:
        if name in hand_reference:
            assert_same(hand_reference, HAND_FIGURES, name)


@every_view
def test_equal_to_the_reference_on_a_random_ledger(at_random, at_random_reference, view):
    for name in OVER[view]:
        if name in at_random_reference:
            assert_same(at_random, at_random_reference, name)


def test_nearly_every_indicator_is_worked_out_a_second_time(at_random_reference):
    assert set(at_random_reference) <= set(NAMES)
    assert len(at_random_reference.columns) >= 150


@pytest.mark.parametrize("seed", range(2))
def test_equal_to_the_reference_on_small_random_ledgers(seed):
    tables = random_ledger(seed=seed, lines=250, customers=9)
    result = compute_indicators(from_tables(tables, as_of=as_utc(RANDOM_AS_OF), time_zone="Asia/Tokyo"))
    expected = reference_indicators(tables, as_of=RANDOM_AS_OF, time_zone="Asia/Tokyo")
    for name in expected:
        assert_same(result, expected, name)


def test_random_ledger_meets_the_hard_cases(at_random, random_tables):
    lines = random_tables["transactions"]
    assert lines.groupby("order_id").customer_id.nunique().max() > 1
    assert at_random.isna().any().sum() > 10
    assert at_random.return_rate_pct.gt(0).sum() > 20
    assert (lines.ordered_at > as_utc(RANDOM_AS_OF)).any()


def test_one_row_per_customer(at_random, random_tables):
    lines, deals = random_tables["transactions"], random_tables["opportunities"]
    buyers = lines.customer_id[lines.ordered_at <= as_utc(RANDOM_AS_OF)].dropna()
    prospects = deals.customer_id[deals.created_at <= as_utc(RANDOM_AS_OF)].dropna()
    everyone = sorted({*buyers, *prospects, *random_tables["customers"].customer_id})
    assert list(at_random.index) == everyone
    assert at_random.index.name == "customer_id"
    assert list(at_random) == NAMES


@pytest.fixture(scope="module")
def large_and_shuffled():
    tables = random_ledger(seed=11, lines=125_000, customers=700)
    return [
        compute_indicators(from_tables(order, as_of=as_utc(RANDOM_AS_OF), time_zone=ZONE))
        for order in (tables, shuffled(tables, seed=1))
    ]


@every_view
def test_row_order_changes_no_bit(large_and_shuffled, view):
    first, second = large_and_shuffled
    pd.testing.assert_frame_equal(first[OVER[view]], second[OVER[view]], check_exact=True)


@pytest.fixture(scope="module")
def with_future_rows(random_tables):
    tables = dict(random_tables)
    after = as_utc(RANDOM_AS_OF) + pd.Timedelta(microseconds=1)
    times = {"interactions": "happened_at", "events": "happened_at", "feedback": "given_at",
             "service_cases": "opened_at", "opportunities": "created_at"}  # fmt: skip
    for name, time in times.items():
        outcomes = dict.fromkeys(("closed_at", "resolved_at", "first_response_at"), pd.NaT)
        known = {column: moment for column, moment in outcomes.items() if column in tables[name]}
        tables[name] = pd.concat([moved(tables[name], **{time: after}, **known), tables[name]])
    lines = tables["transactions"]
    tables["transactions"] = pd.concat([lines.assign(ordered_at=after, paid_on=pd.NaT), lines])
    contacts = tables["campaign_contacts"]
    later = moved(contacts, contacted_on=pd.Timestamp("2023-10-02"), responded_at=pd.NaT)
    tables["campaign_contacts"] = pd.concat([contacts, later])
    return compute_indicators(from_tables(tables, as_of=as_utc(RANDOM_AS_OF), time_zone=ZONE))


@every_view
def test_rows_after_as_of_change_nothing(at_random, with_future_rows, view):
    pd.testing.assert_frame_equal(at_random[OVER[view]], with_future_rows[OVER[view]], check_exact=True)


@pytest.fixture(scope="module")
def with_later_outcomes(random_tables):
    """What is not known yet at as_of comes about a day later."""
    tables = dict(random_tables)
    later = as_utc(RANDOM_AS_OF) + pd.Timedelta(days=1)
    outcomes = {"feedback": ["resolved_at"], "service_cases": ["first_response_at", "closed_at"],
                "opportunities": ["closed_at"], "campaign_contacts": ["responded_at"]}  # fmt: skip
    for name, columns in outcomes.items():
        table = tables[name]
        moments = {column: pd.to_datetime(table[column], utc=True) for column in columns}
        known = {
            column: moment.where(moment <= as_utc(RANDOM_AS_OF), later) for column, moment in moments.items()
        }
        tables[name] = table.assign(**known)
    deals = tables["opportunities"]
    tables["opportunities"] = deals.assign(outcome=deals.outcome.where(deals.closed_at < later, "won"))
    lines = tables["transactions"]
    tables["transactions"] = lines.assign(
        paid_on=lines.paid_on.where(lines.paid_on <= "2023-10-01", pd.Timestamp("2023-10-02"))
    )
    return compute_indicators(from_tables(tables, as_of=as_utc(RANDOM_AS_OF), time_zone=ZONE))


@every_view
def test_outcomes_after_as_of_are_not_known(at_random, with_later_outcomes, view):
    pd.testing.assert_frame_equal(at_random[OVER[view]], with_later_outcomes[OVER[view]], check_exact=True)


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
    tables = {name: table.iloc[:0].astype(table.dtypes) for name, table in hand_ledger().items()}
    tables["customers"] = hand_ledger()["customers"]
    return compute_indicators(from_tables(tables, as_of=HAND_AS_OF))


@every_view
def test_a_customer_without_rows_gets_what_the_catalogue_says(by_hand, of_nothing, view):
    catalogue = indicator_catalogue().set_index("name")
    assert list(of_nothing.index) == ["ann", "bob", "dora"]
    for name in OVER[view]:
        empty = catalogue.loc[name, "empty"]
        stranger = "dora" if VIEWS[view].table == "transactions" else "eve"
        nobody = [] if VIEWS[view].table == "customers" else list(of_nothing[name])
        for value in [by_hand.loc[stranger, name], *nobody]:
            assert pd.isna(value) if pd.isna(empty) else value == empty, name


@pytest.fixture(scope="module")
def of_one_buyer():
    tables = hand_ledger()
    own = {
        name: table.query("customer_id == 'ann'") for name, table in tables.items() if "customer_id" in table
    }
    return compute_indicators(from_tables(tables | own, as_of=HAND_AS_OF))


@every_view
def test_type_does_not_depend_on_the_data(by_hand, at_random, of_one_buyer, of_nothing, view):
    for frame in (at_random, of_one_buyer, of_nothing):
        assert dict(frame[OVER[view]].dtypes) == dict(by_hand[OVER[view]].dtypes)


@every_view
def test_alone_they_are_what_they_are_in_company(by_hand, view):
    crm = hand_crm()
    for names in (OVER[view], OVER[view][:1], OVER[view][-1:]):
        pd.testing.assert_frame_equal(compute_indicators(crm, names), by_hand[names], check_exact=True)


@every_view
def test_declarations_are_complete(view):
    for indicator in (one for one in INDICATORS if one.over == view):
        assert indicator.aspect in ASPECTS
        assert indicator.columns <= set(VIEWS[view].names)
        assert indicator.says.endswith(".") and indicator.unit
        for suffix, unit in (("_days", "days"), ("_pct", "%"), ("_years", "years"), ("_hours_mean", "hours")):
            assert indicator.unit == unit or not indicator.name.endswith(suffix), indicator.name


def test_no_indicator_shows_what_is_personal():
    shown = {need for view in VIEWS.values() for _, _, needs in view.columns for need in needs}
    fields = {f"{spec.name}.{field.name}": field.privacy for spec in TABLES.values() for field in spec.fields}
    assert {need for need in shown if fields[need] != "internal"} == {"customers.birth_on"}
    steps = source_steps({name: spec.names for name, spec in TABLES.items()})
    for step in (sql for name, sql in steps.items() if name != "known_customers"):
        assert not {f.name for f in TABLES["customers"].fields if f.privacy != "internal"} & set(
            step.split(", ")
        )


def test_names_are_unique_and_many():
    assert len(set(NAMES)) == len(NAMES) >= 110
    fewest = {"characteristics": 15, "transactions": 40, "finance": 28, "contact": 25}
    assert list(fewest) == list(ASPECTS)
    for aspect, count in fewest.items():
        assert sum(indicator.aspect == aspect for indicator in INDICATORS) >= count


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
        ("order_trend", 179, -1),
        ("order_count_30d", 29, 1),
        ("order_count_previous_365d", 729, 1),
        ("spend_previous_365d", 729, 1),
        ("basket_value_mean_365d", 364, 1),
        ("product_count_90d", 89, 1),
        ("product_count_365d", 364, 1),
        ("new_product_count_90d", 89, 1),
    ],
)
def test_windows_end_where_they_say(name, last_in, value):
    lines = pd.DataFrame({"order_id": ["1", "2"], "customer_id": ["in", "out"]}).assign(
        product_id=["tea", "tin"], net_amount=1.0, cost_amount=0.5
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


@pytest.mark.parametrize(("silent", "at_risk"), [(19, 0), (20, 2)])
def test_spend_of_late_customers_counts_from_twice_the_usual_gap_on(silent, at_risk):
    lines = pd.DataFrame(
        {"order_id": ["1", "2"], "customer_id": "ann", "product_id": "tea", "net_amount": 1.0}
    )
    lines["ordered_at"] = pd.Timestamp("2024-12-31") - pd.to_timedelta([silent + 10, silent], unit="D")
    crm = Crm.from_frames(as_of="2024-12-31", transactions=lines)
    assert compute_indicators(crm, "silent_spend_365d").loc["ann"].item() == at_risk


def test_months_and_days_of_purchases_are_counted_once():
    lines = pd.DataFrame(
        {"order_id": list("1234"), "customer_id": "ann", "product_id": "tea", "net_amount": 1.0}
    )
    lines["ordered_at"] = pd.to_datetime(
        ["2023-05-02 10:00", "2023-05-02 11:00", "2023-05-31 10:00", "2024-05-31 10:00"]
    )
    names = ["active_day_count", "active_month_count", "active_month_count_12m", "active_month_share_pct"]
    result = compute_indicators(Crm.from_frames(as_of="2024-05-31", transactions=lines), names)
    assert list(result.loc["ann"]) == [3, 2, 1, 100 * 2 / 13]


def test_units_and_currency_come_along():
    crm = Crm.from_frames(as_of=HAND_AS_OF, currency="EUR", **hand_ledger())
    result = compute_indicators(with_own(crm, mine={"sql": "count(*)", "unit": "orders"}))
    assert result.attrs["currency"] == "EUR"
    assert list(result.attrs["units"]) == list(result)
    assert result.attrs["units"]["recency_days"] == "days" and result.attrs["units"]["mine"] == "orders"
    json.dumps(result.attrs)


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


def test_orders_of_hundreds_of_thousands_are_squared_without_overflow():
    lines = pd.DataFrame(
        {
            "order_id": ["1", "2", "3"],
            "customer_id": "ann",
            "product_id": ["a", "b", "b"],
            "ordered_at": ["2024-01-01", "2024-01-05", "2024-02-01"],
            "net_amount": [2e9, 1e9, 3e9],
        }
    )
    crm = Crm.from_frames(as_of="2024-03-01", transactions=lines)
    figures = compute_indicators(crm, ["basket_value_variation", "product_concentration"]).loc["ann"]
    assert figures.tolist() == pytest.approx([0.5, 5 / 9])


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
    dropped = ["cost_amount", "channel", "quantity", "discount_amount", "due_on"]
    lines = tables["transactions"].drop(columns=dropped)
    result = compute_indicators(Crm.from_frames(as_of=HAND_AS_OF, transactions=lines))
    reasons = result.attrs["left_out"]
    assert set(reasons) | set(result.columns) == set(NAMES) and not set(reasons) & set(result.columns)
    assert reasons["margin_90d"] == (
        "transactions has no column cost_amount. Map it in crm.toml under [tables.transactions.columns]."
    )
    assert reasons["category_count"] == "There is no table products. Add it to crm.toml as [tables.products]."
    assert reasons["campaign_count"].startswith("There is no table campaign_contacts.")
    assert reasons["favourite_channel"].startswith("transactions has no column channel.")
    assert reasons["open_amount"].startswith("transactions has no column due_on.")
    assert reasons["credit_used_pct"].startswith("There is no table customers.")
    for aspect in ("contact", "characteristics"):
        assert sum(indicator.aspect == aspect and indicator.name in reasons for indicator in INDICATORS) > 20
    assert result.loc["ann", "order_count"] == 3


def test_a_workspace_without_transactions_knows_who_its_customers_are():
    result = compute_indicators(Crm.from_frames(as_of=HAND_AS_OF, customers=hand_ledger()["customers"]))
    assert list(result.index) == ["ann", "bob", "dora"]
    assert set(result) == set(OVER["customers"])
    assert set(result.attrs["left_out"]) == set(NAMES) - set(OVER["customers"])


def test_a_workspace_of_deals_alone_has_the_customers_of_its_deals():
    result = compute_indicators(
        Crm.from_frames(as_of=HAND_AS_OF, opportunities=hand_ledger()["opportunities"])
    )
    assert dict(result["open_opportunity_count"]) == {"ann": 1, "bob": 1, "dora": 0}


def test_a_workspace_of_products_alone_has_no_customers():
    assert compute_indicators(Crm.from_frames(as_of=HAND_AS_OF, products=hand_ledger()["products"])).empty


def test_names_choose_and_order_the_columns():
    crm = hand_crm()
    assert list(compute_indicators(crm, ["spend_90d", "category_count", "order_count"])) == [
        "spend_90d",
        "category_count",
        "order_count",
    ]
    assert list(compute_indicators(crm, "spend_90d")) == ["spend_90d"]
    assert list(compute_indicators(crm, [])) == []


def test_unknown_name_is_answered_with_the_nearest():
    crm = hand_crm()
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


def test_two_orders_of_one_day_make_nobody_silent():
    """The usual gap would be nothing, and every customer silent on the day after."""
    lines = pd.DataFrame(
        {"order_id": ["1", "2"], "customer_id": "ann", "product_id": "tea", "net_amount": 1.0}
    )
    lines["ordered_at"] = pd.Timestamp("2024-12-30")
    crm = Crm.from_frames(as_of="2024-12-31", transactions=lines)
    assert compute_indicators(crm, "silent_spend_365d").loc["ann"].item() == 0


def test_complaints_make_nobody_more_content():
    catalogue = indicator_catalogue().set_index("name")
    assert pd.isna(catalogue.loc["feedback_count", "better"])


def test_costs_that_nobody_wrote_down_are_not_known_and_not_nothing():
    """Of the last 30 days: ann's costs are not known, bob's are, cem bought nothing then."""
    ledger = pd.DataFrame(
        {
            "order_id": ["1", "2", "3"],
            "customer_id": ["ann", "bob", "cem"],
            "product_id": ["tea"] * 3,
            "ordered_at": pd.to_datetime(["2024-01-20", "2024-01-20", "2023-11-20"]),
            "net_amount": [10.0, 10.0, 10.0],
            "cost_amount": [None, 4.0, None],
        }
    )
    crm = Crm.from_frames(as_of="2024-01-31", transactions=ledger)
    figures = compute_indicators(crm, ["margin_total", "margin_30d"])
    assert figures["margin_30d"].isna().tolist() == [True, False, False]
    assert figures["margin_30d"].dropna().tolist() == [6.0, 0.0]
    assert figures["margin_total"].isna().tolist() == [True, False, True]


def test_what_is_not_mapped_is_not_zero():
    lines = pd.DataFrame(
        {"customer_id": ["a", "b"], "order_id": ["1", "2"], "product_id": ["x", "y"], "net_amount": [1.0, 2.0],
         "ordered_at": ["2024-01-01", "2024-01-02"]}
    )  # fmt: skip
    events = pd.DataFrame({"customer_id": ["a"], "event": ["view"], "happened_at": ["2024-01-01"]})
    found = compute_indicators(Crm.from_frames(as_of="2024-01-31", transactions=lines, events=events))
    for name in ("channel_count", "store_count", "favourite_channel", "category_count"):
        assert name not in found and "no" in found.attrs["left_out"][name]
    assert not [name for name in found if "session" in name]
    mapped = compute_indicators(
        Crm.from_frames(as_of="2024-01-31", transactions=lines.assign(channel=["web", None]))
    )
    assert mapped["channel_count"].to_dict() == {"a": 1, "b": 0}
