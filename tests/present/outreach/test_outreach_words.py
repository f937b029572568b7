"""What a list says of itself: who is on it, why through which channel, and why others are not."""

from types import SimpleNamespace

import pandas as pd
import pytest

from crmlib.analyse.outreach import plan_outreach
from crmlib.present.outreach.lists import (
    aside_claim,
    balance_name,
    channel_reason,
    plan_claims,
    reason_counts,
)
from tests.analyse.outreach.company import company, many, offers_for


def said(claim):
    return str(claim).replace("\u00a0", " ")


def channel(basis, contacts=0, answers=0, *, name="email", all_pct=float("nan")):
    facts = {"channel_basis": basis, "channel_contacts": contacts, "channel_answers": answers}
    return said(channel_reason(SimpleNamespace(channel=name, channel_all_pct=all_pct, **facts)))


def plan(people, **options):
    return plan_outreach(company(people), offers_for(people), campaign_id="spring", **options)


def details(found):
    return {row.customer_id: said(aside_claim(row, found)) for row in found.set_aside.itertuples()}


def test_why_a_channel():
    assert channel("untried", all_pct=40.0) == (
        "e-mail: no contact by e-mail with this customer is on record; all customers answered 40 % of theirs, "
        "and of the channels allowed it promises most."
    )
    assert channel("best", 20, 18, name="phone").startswith(
        "telephone: answered 18 of 20 contacts by telephone"
    )
    assert channel("nothing tried", name="sms") == (
        "text message: no channel has been tried on record, so the first that is allowed."
    )
    assert channel("only", 1, 0) == "e-mail: the only channel allowed; answered 0 of 1 contact by e-mail."
    assert channel("asked for", name="sms") == "text message: the channel asked for."
    assert channel("no tried") == "e-mail: never tried so far, but none of the channels tried is allowed."


def test_why_not_for_want_of_consent():
    people = {"customer_id": ["no", "unknown"]}
    people |= {f"{name}_consent": [False, None] for name in ("email", "sms", "phone")}
    found = details(plan(people))
    assert found["no"] == "e-mail: refused, text message: refused, telephone: refused and fax: refused."
    assert found["unknown"].startswith("e-mail: nothing recorded, ")


def test_nobody_has_agreed():
    people = {"customer_id": ["ann", "bob"]}
    first, note, *_ = map(said, plan_claims(plan(people)))
    assert first == "Nobody can be addressed: 2 customers set aside, each with the reason."
    assert "keeps no consents, so nobody can be said to have agreed" in note
    _, note, *_ = map(
        said, plan_claims(plan({"customer_id": ["ann"], "email_consent": [True]}, channel="sms"))
    )
    assert note.startswith("The workspace does not keep phone_consent and sms_consent")


@pytest.mark.parametrize(
    ("is_control", "day", "expected"),
    [
        (False, "2024-01-18", "was addressed 13 days ago; 14 days of rest are kept."),
        (False, "2024-01-31", "was addressed today; 14 days of rest are kept."),
        (True, "2024-01-31", "was put into a campaign's control group today; it is left alone for 14 days."),
        (
            True,
            "2024-01-30",
            "was put into a campaign's control group 1 day ago; it is left alone for 14 days.",
        ),
    ],
)
def test_why_not_now(is_control, day, expected):
    people = {"customer_id": ["ann"], "email_consent": [True]}
    members = pd.DataFrame(
        {"campaign_id": ["winter"], "customer_id": ["ann"], "contacted_on": [day], "is_control": [is_control]}
    )
    found = plan_outreach(
        company(people, campaign_contacts=members), offers_for(people), campaign_id="spring"
    )
    assert details(found) == {"ann": expected}
    counted = dict(reason_counts(found))
    assert counted["is left alone for the comparison of an earlier campaign"] == int(is_control)


def test_what_a_list_is():
    crm, offers = many(100)
    found = plan_outreach(crm, offers, campaign_id="spring", most=50, control_share_pct=10)
    assert said(plan_claims(found)[0]) == (
        "45 customers to address (45 by e-mail), 5 left alone for comparison, 50 set aside, each with the reason."
    )
    assert set(details(found).values()) == {"comes after the 50 of highest value."}
    names = [str(balance_name(figure)) for figure in found.balance["figure"]]
    assert names == ["customers", "expected value", "chance of buying (%)", "by e-mail (%)", "cross-sell (%)"]


def test_without_a_control_group_that_is_said():
    crm, offers = many(4)
    asked = plan_outreach(crm, offers, campaign_id="spring", control_share_pct=0)
    small = plan_outreach(crm, offers, campaign_id="spring", control_share_pct=5)
    assert "none was asked for" in said(plan_claims(asked)[-1])
    assert "5 % of 4 is less than one customer" in said(plan_claims(small)[-1])
