"""Quantities counted a second time, on tables that can be counted by hand."""

import pandas as pd
import pytest

from crmlib.prepare.crm import Crm
from crmlib.present.run.recount import Recount


@pytest.fixture(scope="module")
def recount():
    lines = pd.DataFrame(
        {
            "order_id": ["1", "1", "2", "3", "4", "5"],
            "line_no": ["1", "2", "1", "1", "1", "1"],
            "customer_id": ["a", "a", "b", "c", "z", None],
            "product_id": ["p", "q", "p", "p", "q", "p"],
            "ordered_at": [*["2024-01-10"] * 3, "2024-04-10", "2024-05-10", "2024-05-11"],
            "campaign_id": ["small", None, "k", None, None, None],
            "quantity": [1, 1, 1, 0, -1, 1],
            "net_amount": [60.0, 20.0, 15.0, 5.0, -5.0, 7.0],
        }
    )
    deals = pd.DataFrame(
        {
            "opportunity_id": ["d1", "d2", "d3", "d4"],
            "customer_id": ["a", "b", "c", "a"],
            "created_at": ["2024-01-01"] * 4,
            "closed_at": [None, None, "2024-03-01", "2024-04-05"],
            "stage": ["offer", "offer", "offer", "talk"],
            "outcome": ["open", "open", "lost", "lost"],
            "amount": [100.0, 40.0, 30.0, 20.0],
            "owner_id": ["e1", "e2", "e1", "e2"],
        }
    )
    touches = pd.DataFrame(
        {
            "interaction_id": ["i1", "i2"],
            "customer_id": ["a", "b"],
            "opportunity_id": ["d1", "d2"],
            "happened_at": ["2024-05-01", "2024-05-01"],
            "planned_for": ["2024-07-10", "2024-05-20"],
        }
    )
    sent = pd.DataFrame(
        {
            "campaign_id": [*["k"] * 3, "small", *["endless"] * 2],
            "customer_id": ["a", "b", "c", "a", "a", "b"],
            "contacted_on": ["2024-01-05"] * 6,
            "responded_at": ["2024-02-03", None, None, None, None, None],
            "is_control": [False, False, True, False, False, False],
        }
    )
    campaigns = pd.DataFrame({"campaign_id": ["k", "small"], "ended_on": ["2024-02-03", "2024-01-09"]})
    plans = pd.DataFrame(
        {
            "measure": ["net_amount"] * 3,
            "dimension": ["total", "category", "category"],
            "key": ["all", "tea", "cups"],
            "period_start": ["2024-04-01"] * 3,
            "period_end": ["2024-06-30"] * 3,
            "target": [50.0, 20.0, 30.0],
        }
    )
    people = pd.DataFrame({"employee_id": ["e1", "e2"], "left_on": ["2024-05-01", None]})
    crm = Crm.from_frames(
        as_of="2024-07-01",
        transactions=lines,
        customers=pd.DataFrame({"customer_id": ["a", "b", "c", "d"]}),
        opportunities=deals,
        interactions=touches,
        campaign_contacts=sent,
        campaigns=campaigns,
        plans=plans,
        employees=people,
    )
    yield Recount(crm)
    crm.engine.close()


BY_HAND = {
    "baskets.all": None,
    "customers.all": 5,
    "customers.top_share[20, spend_total]": 48.0,
    "customers.top_share[50, spend_total]": 87.5,
    "lately.figure[orders, 2024-04-01]": 2,
    "lately.figure[sales, 2024-04-01]": 7.0,
    "deals.to_hand_over": 1,
    "deals.unplanned": 1,
    "deals.unplanned_amount": 40.0,
    "campaigns.contacts": 5,
    "campaigns.contacts_with_answers": 5,
    "campaigns.answers[k]": 2,  # b by an order that names the campaign
    "campaigns.answers[small]": 0,  # its order came after the last day
    "campaigns.answer_share": 40.0,
    "plan.target[net_amount, total, 2024-Q2]": 50.0,
    "plan.keys[net_amount, category, 2024-Q2]": 2,
    "rows.read[transactions]": 6,
    "rows.set_aside": 0,
    "rows.found_share[transactions.orphan_key.customer_id]": 100 / 6,
    "rows.found_share[transactions.zero_quantity]": None,
    "sales.orders": None,
    "forecast.amount[net_amount, 2024-Q3]": None,
}


def test_a_contact_without_a_day_counts_from_the_first_day_of_its_campaign_and_the_last_day_is_of_orders_or_deals():
    sent = pd.DataFrame(
        {"campaign_id": ["k"] * 3, "customer_id": ["a", "b", "c"],
         "responded_at": ["2024-01-04", "2024-01-05", "2024-02-04"]}
    )  # fmt: skip
    crm = Crm.from_frames(
        as_of="2024-07-01",
        campaign_contacts=sent,
        campaigns=pd.DataFrame(
            {"campaign_id": ["k"], "started_on": ["2024-01-05"], "ended_on": ["2024-02-03"]}
        ),
        transactions=pd.DataFrame(
            {"order_id": ["1"], "product_id": ["p"], "ordered_at": ["2024-03-01"], "net_amount": [1.0]}
        ),
        opportunities=pd.DataFrame(
            {"opportunity_id": ["d"], "created_at": ["2024-03-02"], "stage": ["s"], "outcome": ["open"]}
        ),
    )
    recount = Recount(crm)
    assert (recount("campaigns.answers[k]"), recount("campaigns.contacts")) == (1, 3)
    assert recount("data.last_day") == "2024-03-02"
    crm.engine.close()


@pytest.mark.parametrize("quantity", BY_HAND)
def test_a_quantity_is_what_a_hand_counts(recount, quantity):
    expected = BY_HAND[quantity]
    assert recount(quantity) == (pytest.approx(expected) if expected is not None else None)
