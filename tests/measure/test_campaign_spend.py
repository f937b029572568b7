"""What customers bought before and within campaigns, worked out by hand on a ledger of thirteen lines."""

from functools import cache

import pandas as pd
import pytest
import sqlglot
from sqlglot import exp

from crmlib import Crm
from crmlib.measure.campaigns import STEPS, campaign_people, campaign_steps, campaign_windows
from crmlib.schema.errors import ParameterError, SchemaError
from crmlib.schema.tables import TABLES

# spring runs 2024-03-10 to 2024-03-31; orders are known from 2024-01-01, 69 days before.
LINES = [
    ("A1", "ann", "2024-01-01 10:00", 40.0),
    ("A2", "ann", "2024-03-09 23:59", 10.0),  # the last minute before it
    ("A3", "ann", "2024-03-10 00:00", 7.0),  # the first minute of it
    ("A4", "ann", "2024-03-31 23:59", 3.0),  # the last one
    ("A5", "ann", "2024-04-01 00:00", 99.0),  # too late
    ("B1", "bob", "2024-02-20 12:00", 20.0),
    ("B2", "bob", "2024-03-12 12:00", -20.0),  # comes back within the campaign: what was before stays
    ("B3", "bob", "2024-03-20 12:00", 5.0),
    ("C1", "cem", "2024-02-01 12:00", 8.0),
    ("C2", "cem", "2024-03-15 12:00", 4.0),
    ("D1", "dee", "2024-03-25 12:00", 6.0),  # buys first within it: nobody outside to compare with
    ("X1", None, "2024-03-15 12:00", 1000.0),
    ("E1", "eve", "2024-01-05 12:00", 2.0),
]
CAMPAIGNS = [("spring", "2024-03-10", "2024-03-31"), ("winter", "2024-02-01", "2024-03-12"),
             ("summer", "2024-04-20", "2024-07-31")]  # fmt: skip
CONTACTS = [
    ("spring", "ann", "2024-03-10", "2024-03-15 10:00"),
    ("spring", "bob", "2024-03-11", None),
    ("spring", "fay", None, None),  # has never bought
    ("winter", "ann", "2024-02-01", "2024-02-05 10:00"),
    ("summer", "cem", "2024-04-22", None),
]


def ledger(**more):
    lines = pd.DataFrame(LINES, columns=["order_id", "customer_id", "ordered_at", "net_amount"])
    frames = {
        "transactions": lines.assign(product_id="tea"),
        "campaigns": pd.DataFrame(CAMPAIGNS, columns=["campaign_id", "started_on", "ended_on"]),
        "campaign_contacts": pd.DataFrame(
            CONTACTS, columns=["campaign_id", "customer_id", "contacted_on", "responded_at"]
        ),
    }
    return {name: frame for name, frame in (frames | more).items() if frame is not None}


@cache
def whole_shop():
    return Crm.from_frames(as_of="2024-04-30", **ledger())


def shop(*, as_of="2024-04-30", time_zone="UTC", **more):
    if not more and (as_of, time_zone) == ("2024-04-30", "UTC"):
        return whole_shop()
    return Crm.from_frames(as_of=as_of, time_zone=time_zone, **ledger(**more))


@pytest.fixture(scope="module")
def spring():
    people = campaign_people(shop(), campaign_ids=["spring"])
    return people[people["span"] == "campaign"].set_index("customer_id")


def test_the_days_of_each_campaign():
    table = campaign_windows(shop())
    assert list(table.index) == ["winter", "spring", "summer"]
    assert table["history_days"].to_dict() == {"winter": 31, "spring": 69, "summer": 110}
    assert table["is_over"].to_dict() == {"winter": True, "spring": True, "summer": False}
    assert table.loc["summer", "until_on"] == pd.Timestamp("2024-04-30")
    assert table["contact_count"].to_dict() == {"winter": 1, "spring": 3, "summer": 1}


def test_spend_within_and_before(spring):
    assert spring["spend"].to_dict() == {"ann": 10, "bob": -15, "fay": 0, "cem": 4, "eve": 0}
    assert spring["spend_before"].to_dict() == {"ann": 50, "bob": 20, "fay": 0, "cem": 8, "eve": 2}
    assert spring["spend_recent"].to_dict() == {"ann": 10, "bob": 20, "fay": 0, "cem": 0, "eve": 0}
    assert spring["purchase_days"].to_dict() == {"ann": 2, "bob": 1, "fay": 0, "cem": 1, "eve": 0}
    assert spring["recency_days"].dropna().to_dict() == {"ann": 1, "bob": 19, "cem": 38, "eve": 65}
    assert spring["known_days"].dropna().to_dict() == {"ann": 69, "bob": 19, "cem": 38, "eve": 65}
    assert spring["arm"].value_counts().to_dict() == {"contacted": 3, "other": 2}


def test_earlier_campaigns_and_overlapping_ones(spring):
    assert spring.loc["ann", ["campaigns_before", "responses_before", "campaigns_running",
                              "campaigns_overlapping"]].tolist() == [1, 1, 1, 1]  # fmt: skip
    assert spring.drop(index="ann")["campaigns_overlapping"].sum() == 0


def test_the_trial_is_the_time_of_the_same_length_before():
    people = campaign_people(shop(), campaign_ids="spring")
    trial = people[people["span"] == "before"].set_index("customer_id")
    # 22 days to 2024-03-09: from 2024-02-17 on.
    assert trial["spend"].to_dict() == {"ann": 10, "bob": 20, "fay": 0, "cem": 0, "eve": 0}
    assert trial["spend_before"].to_dict() == {"ann": 40, "bob": 0, "fay": 0, "cem": 8, "eve": 2}
    assert trial["responses_before"].to_dict()["ann"] == 1
    assert (trial["history_days"] == 69 - 22).all()


def test_days_are_those_of_the_workspace(spring):
    tokyo = campaign_people(shop(time_zone="Asia/Tokyo"), campaign_ids=["spring"])
    tokyo = tokyo[tokyo["span"] == "campaign"].set_index("customer_id")
    pd.testing.assert_series_equal(tokyo["spend"], spring["spend"])
    utc = [line if line[0] != "A2" else ("A2", "ann", "2024-03-09 15:30+00:00", 10.0) for line in LINES]
    lines = pd.DataFrame(utc, columns=["order_id", "customer_id", "ordered_at", "net_amount"])
    lines["ordered_at"] = pd.to_datetime(lines["ordered_at"], utc=True, format="mixed")
    moved = shop(time_zone="Asia/Tokyo", transactions=lines.assign(product_id="tea"))
    people = campaign_people(moved, campaign_ids=["spring"])
    ann = people[(people["span"] == "campaign") & (people["customer_id"] == "ann")].iloc[0]
    assert ann["spend"] == 20 - 3  # 00:30 of the 10th there is in; 08:59 of 1 April is out


def test_what_comes_after_the_closing_moment_changes_nothing():
    early = shop(as_of="2024-03-20")
    cut = pd.DataFrame([line for line in LINES if line[2] < "2024-03-21"],
                       columns=["order_id", "customer_id", "ordered_at", "net_amount"])  # fmt: skip
    bare = shop(as_of="2024-03-20", transactions=cut.assign(product_id="tea"))
    pd.testing.assert_frame_equal(campaign_people(early), campaign_people(bare))
    pd.testing.assert_frame_equal(campaign_people(shop().at("2024-03-20")), campaign_people(early))
    assert not campaign_windows(early).loc["spring", "is_over"]


def test_nothing_after_contact_changes_what_was_known_before(spring):
    lines = ledger()["transactions"]
    later = pd.to_datetime(lines["ordered_at"]) >= "2024-03-10"
    people = campaign_people(shop(transactions=lines[~later]), campaign_ids=["spring"])
    bare = people[people["span"] == "campaign"].set_index("customer_id")
    before = [name for name in spring if name.endswith(("_before", "_recent", "_running"))]
    before += ["recency_days", "known_days"]
    pd.testing.assert_frame_equal(bare[before], spring[before])


def test_a_first_contact_begins_a_campaign_without_a_day():
    contacts = ledger()["campaign_contacts"]
    table = campaign_windows(shop(campaigns=None, campaign_contacts=contacts))
    assert table.loc["spring", "begin_on"] == pd.Timestamp("2024-03-10")
    assert table.loc["spring", "until_on"] == pd.Timestamp("2024-04-06")
    assert not table["end_is_known"].any()
    nameless = campaign_windows(shop(campaigns=None, campaign_contacts=contacts.drop(columns="contacted_on")))
    assert nameless["begin_on"].isna().all() and not nameless["is_over"].any()


def test_contacts_on_days_that_cannot_be_are_put_aside():
    more = pd.DataFrame([("spring", "gus", "2023-03-10", None), ("spring", "hal", "2024-04-09", None)],
                        columns=["campaign_id", "customer_id", "contacted_on", "responded_at"])  # fmt: skip
    crm = shop(campaign_contacts=pd.concat([ledger()["campaign_contacts"], more]))
    people = campaign_people(crm, campaign_ids=["spring"])
    assert set(people.loc[people["arm"] == "aside", "customer_id"]) == {"gus", "hal"}
    assert campaign_windows(crm).loc["spring", "begin_on"] == pd.Timestamp("2024-03-10")


def test_an_order_that_names_its_campaign_is_an_answer():
    lines = ledger()["transactions"]
    lines["campaign_id"] = lines["order_id"].map({"B3": "spring", "A4": "spring"})
    people = campaign_people(shop(transactions=lines), campaign_ids=["spring"])
    answers = people[people["span"] == "campaign"].set_index("customer_id")["responded_on"].dropna()
    # ann answered earlier by the record of the campaign itself
    assert answers.dt.strftime("%d.%m.").to_dict() == {"ann": "15.03.", "bob": "20.03."}


def test_the_control_group_needs_nobody_from_outside():
    contacts = ledger()["campaign_contacts"].assign(is_control=[False, True, False, False, False])
    people = campaign_people(shop(campaign_contacts=contacts), campaign_ids=["spring"])
    arms = people[people["span"] == "campaign"].set_index("customer_id")["arm"]
    assert arms.to_dict() == {"ann": "contacted", "bob": "control", "fay": "contacted"}


def test_won_deals_count_where_there_are_no_orders():
    deals = pd.DataFrame(
        {"opportunity_id": ["1", "2", "3"], "customer_id": ["ann", "ann", "bob"], "stage": "x",
         "outcome": ["won", "won", "lost"], "amount": [100.0, 30.0, 50.0],
         "closed_at": ["2024-02-01", "2024-03-12", "2024-03-12"], "created_at": "2024-01-01"}
    )  # fmt: skip
    people = campaign_people(shop(transactions=None, opportunities=deals), campaign_ids=["spring"])
    rows = people[people["span"] == "campaign"].set_index("customer_id")
    assert rows.loc["ann", ["spend", "spend_before"]].tolist() == [30, 100]
    assert rows.loc["bob", "spend"] == 0


def test_mistakes_are_named():
    with pytest.raises(SchemaError, match=r"\[tables.campaign_contacts\]"):
        campaign_windows(shop(campaign_contacts=None))
    with pytest.raises(SchemaError, match="neither transactions nor opportunities"):
        campaign_windows(shop(transactions=None))
    for days in (0, -3, 2.5, True, "week"):
        with pytest.raises(ParameterError, match="whole number of days"):
            campaign_windows(shop(), response_days=days)


def test_response_days_end_every_campaign_alike():
    table = campaign_windows(shop(), response_days=7)
    assert table.loc["spring", "until_on"] == pd.Timestamp("2024-03-16") and table.loc["spring", "is_over"]
    people = campaign_people(shop(), campaign_ids=["spring"], response_days=7)
    rows = people[people["span"] == "campaign"].set_index("customer_id")
    assert rows["spend"].to_dict() == {"ann": 7, "bob": -20, "fay": 0, "cem": 4, "eve": 0}


@pytest.mark.parametrize("purchases", ["orders", "won deals"])
@pytest.mark.parametrize("columns", [{table: spec.names for table, spec in TABLES.items()}, {}],
                         ids=["all columns", "no table"])  # fmt: skip
def test_the_steps_translate_to_spark(columns, purchases):
    sql = campaign_steps(columns, purchases=purchases).sql(f"select people.* from {', '.join(STEPS)}")
    level = sqlglot.ErrorLevel.RAISE
    (spark,) = sqlglot.transpile(sql, read="duckdb", write="spark", unsupported_level=level)
    tree = sqlglot.parse_one(spark, read="spark", error_level=level)
    assert [step.alias for step in tree.find_all(exp.CTE)] == list(STEPS)
    for word in ("isodow", "mode(", "quantile_cont", "asof ", "unnest("):
        assert word not in spark.lower()
