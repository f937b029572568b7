"""Last contacts and answers by channel: against loops over the same rows, and the SQL travels to Spark."""

import numpy as np
import pandas as pd
import pytest

from crmlib import Crm
from crmlib.measure.outreach import (
    ANSWER_DAYS,
    ANSWERED,
    LAST_CONTACTS,
    LAST_CONTROLS,
    channel_responses,
    contact_permissions,
    is_email,
    is_phone,
    last_contacts,
    last_controls,
    outreach_steps,
    responses_question,
)
from tests.measure.indicators.test_indicator_steps import ALL_COLUMNS, to_spark

AS_OF = pd.Timestamp("2024-03-31")


def random_tables(seed):
    rng = np.random.default_rng(seed)
    n = 300
    calls = pd.DataFrame(
        {
            "interaction_id": [f"i{i}" for i in range(n)],
            "customer_id": rng.choice([f"c{i}" for i in range(25)], n),
            "campaign_id": rng.choice(["spring", "summer", None], n, p=[0.2, 0.2, 0.6]),
            "happened_at": pd.Timestamp("2024-01-01")
            + pd.to_timedelta(rng.integers(0, 130 * 24, n), unit="h"),
            "channel": rng.choice(["email", "sms", "phone", "visit", None], n),
            "direction": rng.choice(["in", "out", None], n, p=[0.35, 0.55, 0.1]),
            "outcome": rng.choice(["Answered", "no answer", "drafted", None], n),
            "planned_for": rng.choice(["2024-04-05", None], n, p=[0.1, 0.9]),
        }
    )
    pairs = [(c, f"c{i}") for c in ("spring", "summer") for i in range(25) if rng.random() < 0.6]
    members = pd.DataFrame(pairs, columns=["campaign_id", "customer_id"])
    size = len(members)
    members["contacted_on"] = rng.choice(["2024-02-10", "2024-03-25", None], size)
    members["is_control"] = rng.choice([True, False, None], size, p=[0.2, 0.6, 0.2])
    members["responded_at"] = rng.choice(["2024-02-20", "2024-04-09", None], size)
    campaigns = pd.DataFrame(
        {
            "campaign_id": ["spring", "summer"],
            "channel": ["Email", "tv"],
            "started_on": ["2024-02-01", "2024-03-01"],
        }
    )
    return calls, members, campaigns


def known_members(members, campaigns):
    starts = campaigns.set_index("campaign_id")["started_on"]
    channels = campaigns.set_index("campaign_id")["channel"].str.lower()
    for row in members.itertuples():
        if pd.notna(row.contacted_on) and pd.Timestamp(row.contacted_on) > AS_OF:
            continue
        if row.is_control is True:
            continue
        day = pd.Timestamp(row.contacted_on if pd.notna(row.contacted_on) else starts[row.campaign_id])
        answered = pd.notna(row.responded_at) and pd.Timestamp(row.responded_at) <= AS_OF
        yield row.campaign_id, row.customer_id, day, answered, channels[row.campaign_id]


def by_loops(calls, members, campaigns):
    rows = [row for row in calls.itertuples() if row.happened_at <= AS_OF and pd.isna(row.planned_for)]
    known = list(known_members(members, campaigns))
    responded = {(campaign, customer) for campaign, customer, _, answered, _ in known if answered}
    counts: dict[tuple[str, str], list[int]] = {}
    judged = AS_OF - pd.Timedelta(days=ANSWER_DAYS)
    for row in rows:
        if row.direction != "out" or row.channel not in ("email", "sms", "phone") or row.outcome == "drafted":
            continue
        if row.happened_at > judged:
            continue
        replied = any(
            other.direction == "in" and other.customer_id == row.customer_id and other.channel == row.channel
            and pd.Timedelta(0) < other.happened_at - row.happened_at <= pd.Timedelta(days=ANSWER_DAYS)
            for other in rows
        )  # fmt: skip
        said = isinstance(row.outcome, str) and row.outcome.lower() in ANSWERED
        found = counts.setdefault((row.customer_id, row.channel), [0, 0])
        found[0] += 1
        found[1] += said or replied or (row.campaign_id, row.customer_id) in responded
    logged = {(row.campaign_id, row.customer_id) for row in rows if row.direction == "out"}
    for campaign, customer, day, answered, channel in known:
        if channel == "email" and day <= judged.normalize() and (campaign, customer) not in logged:
            found = counts.setdefault((customer, channel), [0, 0])
            found[0] += 1
            found[1] += answered
    return sorted((*key, *found) for key, found in counts.items())


@pytest.mark.parametrize("seed", [1, 2])
def test_answers_against_loops(seed):
    calls, members, campaigns = random_tables(seed)
    crm = Crm.from_frames(as_of=AS_OF, interactions=calls, campaign_contacts=members, campaigns=campaigns)
    found = channel_responses(crm)
    assert [tuple(row) for row in found.itertuples(index=False)] == by_loops(calls, members, campaigns)
    assert found["answer_count"].sum() > 10 and (found["answer_count"] < found["contact_count"]).any()


def test_last_contacts_against_loops():
    calls, members, campaigns = random_tables(3)
    crm = Crm.from_frames(as_of=AS_OF, interactions=calls, campaign_contacts=members, campaigns=campaigns)
    found = last_contacts(crm)
    rows = [
        r
        for r in calls.itertuples()
        if r.happened_at <= AS_OF and pd.isna(r.planned_for) and r.direction != "in"
    ]
    for name in {f"c{i}" for i in range(25)}:
        times = [row.happened_at for row in rows if row.customer_id == name]
        days = [day for _, customer, day, *_ in known_members(members, campaigns) if customer == name]
        got = (
            found.loc[name]
            if name in found.index
            else pd.Series({"last_interaction_at": pd.NaT, "last_campaign_on": pd.NaT})
        )
        assert got["last_interaction_at"] == max(times) if times else pd.isna(got["last_interaction_at"])
        assert got["last_campaign_on"] == max(days) if days else pd.isna(got["last_campaign_on"])


def test_last_controls_against_loops():
    _, members, campaigns = random_tables(5)
    found = last_controls(Crm.from_frames(as_of=AS_OF, campaign_contacts=members, campaigns=campaigns))
    known = list(known_members(members, campaigns))
    expected: dict[str, pd.Timestamp] = {}
    for row in members[members["is_control"].eq(True)].itertuples():
        dated = members.loc[members["campaign_id"] == row.campaign_id, "contacted_on"]
        assert dated.notna().any()
        last = max(day for campaign, _, day, *_ in known if campaign == row.campaign_id)
        day = pd.Timestamp(row.contacted_on) if pd.notna(row.contacted_on) else last
        expected[row.customer_id] = max(day, expected.get(row.customer_id, day))
    assert found.to_dict() == expected and len(expected) > 4
    assert list(found.index) == sorted(expected)


def test_a_control_without_a_day_counts_from_the_last_contact_or_else_from_the_first_day():
    rows = pd.DataFrame(
        [
            ("spring", "ann", None, True),
            ("spring", "bob", "2024-03-05", False),
            ("spring", "cem", "2024-03-20", False),
            ("spring", "dan", "2024-04-02", False),
            ("summer", "eva", None, True),
            ("autumn", "fay", None, True),
            ("nowhere", "gus", None, True),
        ],
        columns=["campaign_id", "customer_id", "contacted_on", "is_control"],
    )
    days = {"spring": "2024-03-01", "summer": "2024-03-10", "autumn": "2024-04-10"}
    camps = pd.DataFrame({"campaign_id": list(days), "started_on": list(days.values())})
    found = last_controls(Crm.from_frames(as_of=AS_OF, campaign_contacts=rows, campaigns=camps))
    assert found.astype(str).to_dict() == {"ann": "2024-03-20", "eva": "2024-03-10"}


@pytest.mark.parametrize("columns", [ALL_COLUMNS, {}], ids=["all columns", "no table"])
@pytest.mark.parametrize(
    "question", [LAST_CONTACTS, LAST_CONTROLS, responses_question()], ids=["last", "controls", "answers"]
)
def test_the_sql_translates_to_spark(columns, question):
    assert "customer_id" in [
        column.alias_or_name for column in to_spark(outreach_steps(columns).sql(question)).selects
    ]


def test_later_rows_change_nothing():
    calls, members, campaigns = random_tables(4)
    early = calls[calls["happened_at"] <= AS_OF]
    tables = {"campaign_contacts": members, "campaigns": campaigns}
    both = [Crm.from_frames(as_of=AS_OF, interactions=rows, **tables) for rows in (calls, early)]
    for ask in (channel_responses, last_contacts):
        pd.testing.assert_frame_equal(*(ask(crm) for crm in both))
    late = members.assign(contacted_on="2024-04-02", is_control=True, customer_id="late")
    more = Crm.from_frames(as_of=AS_OF, **tables | {"campaign_contacts": pd.concat([members, late.head(1)])})
    pd.testing.assert_series_equal(last_controls(more), last_controls(both[0]))


def test_permissions_without_the_tables():
    lines = pd.DataFrame(
        {
            "order_id": ["1"],
            "customer_id": "ann",
            "product_id": "p",
            "ordered_at": "2024-01-02",
            "net_amount": 1.0,
        }
    )
    found = contact_permissions(Crm.from_frames(as_of=AS_OF, transactions=lines))
    assert found.loc["ann", "fax_consent"] == "not kept" and found.loc["ann", "fax_reachable"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a@b",
        "a@b.de;c@d.de",
        "a@b.de c",
        "a\0@b.de",
        "a@b.de\r",
        '"a"@b.de',
        "<a@b.de>",
        "a@b..",
        "@b.de",
        f"{'a' * 65}@b.de",
        "=?utf-8?q?all=40e=2Eorg=2C?=@b.de",
    ],
)
def test_what_is_no_address(text):
    assert not is_email(text)


def test_what_is_an_address():
    assert is_email("jörg.müller+tea@bücher.example") and is_phone("+86 10 1234-5678")
    assert not is_phone("+49 30 123456\nBcc") and not is_phone("٣٣٣")
