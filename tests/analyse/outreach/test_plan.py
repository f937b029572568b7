"""Who is addressed, who is left alone, who is set aside and why: by hand, and everybody once."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.analyse.outreach import NO_CONSENTS, REASONS, SOME_CONSENTS, plan_outreach
from crmlib.schema.errors import ParameterError
from tests.analyse.outreach.company import company, many, offers_for, offers_of


def plan(crm, offers, **options):
    return plan_outreach(crm, offers, campaign_id="spring", **({"control_share_pct": 0} | options))


def reasons(found):
    return dict(zip(found.set_aside["customer_id"], found.set_aside["reason"], strict=True))


CONSENTS = {
    "customer_id": ["yyy", "ynn", "nyn", "nny", "nnn", "uuu", "ynu"],
    "email_consent": [True, True, False, False, False, None, True],
    "sms_consent": [True, False, True, False, False, None, False],
    "phone_consent": [True, False, False, True, False, None, None],
}


@pytest.mark.parametrize(
    ("channel", "reached"),
    [
        ("auto", {"yyy": "email", "ynn": "email", "nyn": "sms", "nny": "phone", "ynu": "email"}),
        ("email", dict.fromkeys(["yyy", "ynn", "ynu"], "email")),
        ("sms", dict.fromkeys(["yyy", "nyn"], "sms")),
        ("phone", dict.fromkeys(["yyy", "nny"], "phone")),
        ("fax", dict.fromkeys(["yyy", "nny"], "fax")),
        ("web", dict.fromkeys(CONSENTS["customer_id"], "web")),
    ],
)
def test_the_consent_matrix_by_hand(channel, reached):
    found = plan(company(CONSENTS), offers_for(CONSENTS), channel=channel)
    assert dict(zip(found.contacts["customer_id"], found.contacts["channel"], strict=True)) == reached
    assert reasons(found) == dict.fromkeys(set(CONSENTS["customer_id"]) - set(reached), "no_consent")


def test_set_aside_for_consent_says_which():
    found = plan(company(CONSENTS), offers_for(CONSENTS)).set_aside.set_index("customer_id")["consents"]
    assert found["nnn"] == "email=no; sms=no; phone=no; fax=no"
    assert found["uuu"].startswith("email=unknown; ")


def test_without_a_column_of_consent_nobody_has_agreed():
    people = {"customer_id": ["ann", "bob"]}
    found = plan(company(people), offers_for(people))
    assert reasons(found) == {"ann": "no_consent", "bob": "no_consent"}
    assert found.notes[0] == NO_CONSENTS and len(found.consents_missing) == 3
    assert found.contacts.empty and found.control.empty and len(found.set_aside) == 2
    assert len(plan(company(people), offers_for(people), channel="web").contacts) == 2


def test_one_column_of_consent_says_nothing_of_the_others():
    people = {"customer_id": ["ann"], "email_consent": [True]}
    found = plan(company(people), offers_for(people), channel="sms")
    assert reasons(found) == {"ann": "no_consent"}
    assert found.notes[0] == SOME_CONSENTS and found.consents_missing == ("phone_consent", "sms_consent")


def test_an_address_that_cannot_be_used_is_none():
    people = {
        "customer_id": ["a", "b", "c", "d"],
        "email_consent": [True] * 4,
        "email": ["a@x.example", None, "b@x.example\nBcc: all@x.example", "x, y"],
    }
    assert reasons(plan(company(people), offers_for(people))) == dict.fromkeys("bcd", "no_address")


def test_the_best_fitting_offer_of_the_kind():
    people = {"customer_id": ["ann", "bob", "cem"], "email_consent": [True] * 3}
    offers = offers_of(
        ("ann", "cross-sell", "Tea", 0.1, 1.0),
        ("ann", "up-sell", "Cup", 0.9, 1.0),
        ("ann", "up-sell", "Pot", 0.9, 9.0),
        ("bob", "cross-sell", "Tea", 0.5, 4.0),
    )
    crm = company(people)
    assert plan(crm, offers).contacts["product"].tolist() == ["Tea", "Tea"]
    found = plan(crm, offers, kind="up-sell")
    assert found.contacts[["customer_id", "product"]].values.tolist() == [["ann", "Cup"]]
    assert reasons(found) == {"bob": "other_offer", "cem": "no_offer"}
    assert plan(crm, offers, product="POT").contacts["expected_value"].tolist() == [pytest.approx(8.1)]
    with pytest.raises(ParameterError, match=r"product: nothing of the name 'Pott'.*Did you mean 'Pot'"):
        plan(crm, offers, product="Pott")
    with pytest.raises(ParameterError, match=r"category: nothing of the name 'Drink'.*Did you mean 'Drinks'"):
        plan(crm, offers, category="Drink")


def test_the_quiet_period_counts_every_contact_of_ours():
    ids = ["call13", "call14", "came", "planned", "member", "control", "undated", "fresh"]
    people = {"customer_id": ids, "email_consent": [True] * len(ids)}
    calls = pd.DataFrame(
        [
            ("1", "call13", "2024-01-18 23:00", "out", None),
            ("2", "call14", "2024-01-17 01:00", "out", None),
            ("3", "came", "2024-01-30", "in", None),
            ("4", "planned", "2024-01-30", "out", "2024-02-05"),
        ],
        columns=["interaction_id", "customer_id", "happened_at", "direction", "planned_for"],
    )
    members = pd.DataFrame(
        {
            "campaign_id": "winter",
            "customer_id": ["member", "control", "undated"],
            "contacted_on": ["2024-01-25", "2024-01-25", None],
            "is_control": [False, True, None],
        }
    )
    campaigns = pd.DataFrame({"campaign_id": ["winter"], "started_on": ["2024-01-20"]})
    crm = company(people, interactions=calls, campaign_contacts=members, campaigns=campaigns)
    found = plan(crm, offers_for(people))
    assert reasons(found) == {"control": "control"} | dict.fromkeys(["call13", "member", "undated"], "quiet")
    assert found.set_aside.set_index("customer_id")["days_ago"]["call13"] == 13 and found.quiet_days == 14
    assert plan(crm, offers_for(people), quiet_days=0).set_aside.empty
    later = plan(crm, offers_for(people), moment="2024-02-08")
    assert later.set_aside.empty and later.contacted_on == pd.Timestamp("2024-02-08")


def test_a_control_group_rests_as_long_as_those_addressed():
    names = ["now", "just", "over", "also", "no", "bare"]
    people = {"customer_id": names, "email_consent": [True] * 4 + [False, True]}
    members = pd.DataFrame(
        {
            "campaign_id": "winter",
            "customer_id": ["now", "just", "over", "also", "also", "no", "bare"],
            "contacted_on": [
                *("2024-01-31", "2024-01-18", "2024-01-17"),
                *("2024-01-25", "2024-01-30", "2024-01-25", "2024-01-25"),
            ],
            "is_control": [True, True, True, True, False, True, True],
        }
    ).drop_duplicates(["customer_id", "contacted_on"])
    members.loc[members["contacted_on"] == "2024-01-30", "campaign_id"] = "ice"
    crm = company(people, campaign_contacts=members)
    offers = offers_for({"customer_id": names[:-1]})
    found = plan(crm, offers, control_share_pct=50)
    assert found.contacts["customer_id"].tolist() + found.control["customer_id"].tolist() == ["over"]
    assert reasons(found) == {
        "now": "control", "just": "control", "also": "quiet", "no": "no_consent", "bare": "no_offer"
    }  # fmt: skip
    ago = found.set_aside.set_index("customer_id")["days_ago"]
    assert ago["now"] == 0 and ago["just"] == 13
    counts = found.counts.set_index("reason")
    assert counts.loc["control", "customers"] == 2
    assert set(plan(crm, offers, moment="2024-02-01").contacts["customer_id"]) == {"over", "just"}
    assert len(plan(crm, offers, quiet_days=0).contacts) == 4


def test_days_of_rest_are_days_of_the_workspaces_clocks():
    people = {"customer_id": ["ann"], "email_consent": [True]}
    # 23:30 UTC on the 17th is the 18th in Berlin: 13 days before the 31st.
    calls = pd.DataFrame(
        {
            "interaction_id": ["1"],
            "customer_id": "ann",
            "happened_at": ["2024-01-17 23:30+00:00"],
            "direction": "out",
        }
    )
    for zone, expected in (("UTC", {}), ("Europe/Berlin", {"ann": "quiet"})):
        crm = company(people, interactions=calls, time_zone=zone)
        assert reasons(plan(crm, offers_for(people))) == expected


def test_at_most_so_many_and_the_same_seed_the_same_list():
    crm, offers = many(40)
    first = plan(crm, offers, most=20, control_share_pct=20, seed=3)
    assert len(first.contacts) == 16 and len(first.control) == 4
    assert set(first.contacts["customer_id"]) | set(first.control["customer_id"]) == {
        f"c{i:03}" for i in range(20, 40)
    }
    assert first.counts.set_index("reason").loc["beyond_most", "customers"] == 20
    turned = type(offers)(table=offers.table.iloc[::-1])
    again = plan(crm, turned, most=20, control_share_pct=20, seed=3)
    pd.testing.assert_frame_equal(first.contacts, again.contacts)
    pd.testing.assert_frame_equal(first.control, again.control)
    other = plan(crm, offers, most=20, control_share_pct=20, seed=4)
    assert set(other.control["customer_id"]) != set(first.control["customer_id"])


@settings(max_examples=6, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from([True, False, None]), st.integers(0, 30)),
        min_size=1,
        max_size=12,
    )
)
def test_everybody_is_in_exactly_one_place(rows):
    people = {"customer_id": [f"c{i}" for i in range(len(rows))], "email_consent": [row[1] for row in rows]}
    offered = [(f"c{i}", "up-sell", "Tea", 0.5, 1.0) for i, row in enumerate(rows) if row[0]]
    calls = pd.DataFrame(
        {
            "interaction_id": [str(i) for i in range(len(rows))],
            "customer_id": people["customer_id"],
            "happened_at": [pd.Timestamp("2024-01-31") - pd.Timedelta(days=row[2]) for row in rows],
            "direction": "out",
        }
    )
    found = plan(company(people, interactions=calls), offers_of(*offered), control_share_pct=30)
    expected = []
    for has_offer, agreed, ago in rows:
        expected.append(
            "no_offer"
            if not has_offer
            else "no_consent"
            if agreed is not True
            else "quiet"
            if ago < 14
            else "in"
        )
    places = reasons(found) | dict.fromkeys(
        [*found.contacts["customer_id"], *found.control["customer_id"]], "in"
    )
    assert [places[name] for name in people["customer_id"]] == expected
    assert found.customers == len(rows) and found.counts["customers"].sum() == len(found.set_aside)
    assert list(found.counts["reason"]) == list(REASONS)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"kind": "crosssell"}, "Did you mean 'cross-sell'"),
        ({"channel": "mail"}, "Did you mean 'email'"),
        ({"most": 0}, "Give 1 or more"),
        ({"seed": -1}, "0 or more"),
        ({"control_share_pct": 100}, "below 100"),
        ({"quiet_days": -1}, "0 or more"),
        ({"moment": "2024-01-30"}, "lies before as_of"),
        ({"campaign_id": "a/b"}, "cannot name a campaign's folder"),
    ],
)
def test_what_does_not_fit_is_refused(options, says):
    crm, offers = many(3)
    with pytest.raises(ParameterError, match=says):
        plan_outreach(crm, offers, **({"campaign_id": "spring"} | options))


def test_offers_of_another_workspace_are_refused():
    crm, _ = many(3)
    with pytest.raises(ParameterError, match="1 of their customers are not of this workspace"):
        plan(crm, offers_of(("stranger", "up-sell", "Tea", 0.5, 1.0)))


def test_the_value_is_the_margin_where_every_margin_is_known():
    crm, offers = many(4)
    offers.table["expected_margin"] = [1.0, 2.0, 3.0, 0.5]
    found = plan(crm, offers)
    assert found.value_means == "expected margin"
    assert found.contacts["customer_id"].tolist() == ["c002", "c001", "c000", "c003"]
    offers.table.loc[1, "expected_margin"] = None
    assert plan(crm, offers).value_means == "expected revenue"
    offers.table["price"] = None
    assert plan(crm, offers).value_means == "probability"
