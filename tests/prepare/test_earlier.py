"""A workspace at an earlier moment is the workspace that was there then."""

import pandas as pd
import pytest

from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError

THEN = "2020-02-15"
LATER = "2020-06-30"


def company():
    """One row that was known by THEN and one that came later in every table with a time."""
    return {
        "transactions": pd.DataFrame(
            {
                "order_id": ["1", "2", "3"],
                "customer_id": ["ann", "ann", "bob"],
                "product_id": ["tea", "cup", "tea"],
                "ordered_at": pd.to_datetime(["2020-01-10 12:00", "2020-03-01 09:00", "2020-02-15 23:30"]),
                "net_amount": [10.0, 20.0, 30.0],
                "due_on": ["2020-01-20", "2020-03-10", "2020-02-28"],
                "paid_on": ["2020-02-15", "2020-03-11", "2020-02-16"],
            }
        ),
        "feedback": pd.DataFrame(
            {
                "feedback_id": ["f1", "f2"],
                "customer_id": ["ann", "bob"],
                "given_at": pd.to_datetime(["2020-02-01", "2020-05-01"]),
                "kind": ["complaint", "nps"],
                "resolved_at": pd.to_datetime(["2020-02-20", None]),
            }
        ),
        "service_cases": pd.DataFrame(
            {
                "case_id": ["c1", "c2"],
                "customer_id": ["ann", "bob"],
                "opened_at": pd.to_datetime(["2020-02-10 08:00", "2020-02-20 10:00"]),
                "first_response_at": pd.to_datetime(["2020-02-10 09:00", "2020-02-21 10:00"]),
                "closed_at": pd.to_datetime(["2020-02-16", "2020-02-22"]),
            }
        ),
        "opportunities": pd.DataFrame(
            {
                "opportunity_id": ["o1", "o2"],
                "customer_id": ["ann", "bob"],
                "created_at": pd.to_datetime(["2020-01-01", "2020-04-01"]),
                "closed_at": pd.to_datetime(["2020-03-01", "2020-05-01"]),
                "stage": ["closed", "closed"],
                "outcome": ["won", "lost"],
                "amount": [5.0, 6.0],
                "lost_reason": [None, "price"],
            }
        ),
        "campaigns": pd.DataFrame({"campaign_id": ["s", "t"], "started_on": ["2020-01-01", "2020-03-01"]}),
    }


def test_every_table_is_as_if_the_workspace_had_been_opened_then():
    earlier = Crm.from_frames(as_of=LATER, **company()).at(THEN)
    opened_then = Crm.from_frames(as_of=THEN, **company())
    assert earlier.as_of == opened_then.as_of
    for name in company():
        pd.testing.assert_frame_equal(earlier.frame(name), opened_then.frame(name), obj=name)


def test_the_stage_of_a_deal_that_closes_later_is_not_known_yet():
    crm = Crm.from_frames(as_of=LATER, **company())
    assert crm.frame("opportunities")["stage"].tolist() == ["closed", "closed"]
    assert crm.at(THEN).frame("opportunities")["stage"].tolist() == ["unknown"]


def test_nothing_changes_in_the_workspace_it_was_made_from():
    crm = Crm.from_frames(as_of=LATER, **company())
    before = {name: crm.frame(name) for name in crm.tables}
    crm.at(THEN)
    for name, frame in before.items():
        pd.testing.assert_frame_equal(crm.frame(name), frame)


def test_a_moment_of_an_earlier_workspace_is_the_same_as_of_the_later_one():
    crm = Crm.from_frames(as_of=LATER, **company())
    twice, once = crm.at("2020-03-31").at(THEN), crm.at(THEN)
    for name in crm.tables:
        pd.testing.assert_frame_equal(twice.frame(name), once.frame(name))


def test_two_earlier_moments_do_not_disturb_each_other():
    crm = Crm.from_frames(as_of=LATER, **company())
    january, march = crm.at("2020-01-31"), crm.at("2020-03-31")
    assert (len(january.frame("transactions")), len(march.frame("transactions"))) == (1, 3)
    assert len(january.frame("transactions")) == 1


def test_the_end_of_a_day_is_that_of_the_workspaces_zone():
    frames = {"transactions": company()["transactions"]}
    tokyo = Crm.from_frames(as_of=LATER, time_zone="Asia/Tokyo", **frames)
    ends = tokyo.at(THEN)
    assert ends.as_of == pd.Timestamp("2020-02-15 14:59:59.999999")
    assert ends.frame("transactions").order_id.tolist() == ["1", "3"]  # 23:30 in Tokyo is 14:30 UTC


def test_a_date_is_one_of_the_workspaces_calendar():
    frames = {"transactions": company()["transactions"]}
    ohio = Crm.from_frames(as_of=LATER, time_zone="America/New_York", **frames).at(THEN)
    paid = ohio.frame("transactions").set_index("order_id")["paid_on"]
    assert pd.isna(paid["3"])  # paid on the 16th, though the 15th of Ohio ends at 04:59 of the 16th in UTC
    assert str(paid["1"]) in ("2020-02-15", "2020-02-15 00:00:00")


def test_who_signed_up_later_was_not_there():
    people = pd.DataFrame(
        {"customer_id": ["a", "b", "c"], "signed_up_on": ["2020-01-01", "2020-03-01", None]}
    )
    crm = Crm.from_frames(as_of=LATER, customers=people, **company())
    assert crm.at(THEN).frame("customers").customer_id.tolist() == ["a", "c"]


def test_nobody_was_in_a_campaign_that_had_not_begun():
    sent = pd.DataFrame({"campaign_id": ["s", "t"], "customer_id": ["ann", "ann"]})
    crm = Crm.from_frames(as_of=LATER, campaign_contacts=sent, **company())
    assert crm.at(THEN).frame("campaign_contacts").campaign_id.tolist() == ["s"]


def test_a_later_moment_is_refused_with_the_way_out():
    crm = Crm.from_frames(as_of=THEN, **company())
    with pytest.raises(ParameterError, match=r"lies after as_of .*open the workspace with a later as_of"):
        crm.at(LATER)
