"""Leads without a deal: the plainest rule speaks unless the model is better; nothing looks ahead; the list obeys."""

import numpy as np
import pandas as pd
import pytest

from crmlib import Crm, score_newcomers, worklist
from crmlib.analyse.pipeline.leads import BASE, MODEL, NEWEST
from crmlib.measure.deals.contacts import begun_at, unbegun
from crmlib.present.reports.leads.say import newcomers_answer
from crmlib.present.reports.leads.show import newcomers_table
from crmlib.present.reports.worklist.say import work_reason
from crmlib.schema.errors import ParameterError, SchemaError


def tables(kind, *, n=1200):
    """Leads of three years: half begin soon after they came; those of one source; or all, at any time."""
    draw = np.random.default_rng(4)
    signed = pd.Timestamp("2022-01-01") + pd.to_timedelta(draw.integers(0, 1095, n), "D")
    people = pd.DataFrame({"customer_id": [f"c{i:04d}" for i in range(n)], "signed_up_on": signed})
    people["source"] = np.where(draw.random(n) < 0.3, "Fair", "List <b>")
    waits = draw.exponential(60, n) if kind == NEWEST else draw.exponential(500, n)
    begins = {MODEL: people["source"] == "Fair", NEWEST: draw.random(n) < 0.5, BASE: draw.random(n) < 2}[kind]
    orders = people.assign(ordered_at=signed + pd.to_timedelta(waits, "D"))[begins]
    orders = orders.assign(order_id=orders["customer_id"], product_id="p", net_amount=9.0)
    return people, orders.drop(columns=["signed_up_on", "source"])


def crm_of(kind):
    people, orders = tables(kind)
    return Crm.from_frames(as_of="2024-12-31", customers=people, transactions=orders)


@pytest.fixture(scope="module")
def newest():
    crm = crm_of(NEWEST)
    return crm, score_newcomers(crm)


def test_leads_that_begin_soon_or_never_are_put_in_the_order_in_which_they_came(newest):
    crm, found = newest
    assert found.way == NEWEST and found.ranks and found.evaluation["chosen"].sum() == 1
    assert found.table["known_days"].head(20).max() < found.table["known_days"].tail(20).min()
    assert (
        found.table["probability"].is_monotonic_decreasing and found.table["probability"].between(0, 1).all()
    )
    assert set(found.table.index) == set(unbegun(crm).index) and not set(found.table.index) & set(
        begun_at(crm).index
    )
    said = " ".join(map(str, newcomers_answer(found))).replace("\u00a0", " ")
    assert "90 days" in said and "while they are new" in said
    html = newcomers_table(crm, found)._html()
    assert "List <b>" not in html and "Likely to begin" in html


def test_the_model_speaks_where_it_knows_more_than_the_rule_and_nobody_where_all_is_chance():
    better = score_newcomers(crm_of(MODEL))
    assert better.way == MODEL and better.table["source"].head(30).eq("Fair").all()
    chance = score_newcomers(crm_of(BASE))
    assert chance.way == BASE and not chance.ranks and newcomers_table(crm_of(BASE), chance) is None


def test_what_is_known_at_a_moment_does_not_depend_on_what_came_later():
    people, orders = tables(NEWEST)
    day = pd.Timestamp("2024-03-31 23:59:59.999999")
    early = Crm.from_frames(
        as_of="2024-03-31",
        customers=people[people["signed_up_on"] <= day],
        transactions=orders[orders["ordered_at"] <= day],
    )
    whole = Crm.from_frames(as_of="2024-12-31", customers=people, transactions=orders)
    pd.testing.assert_frame_equal(unbegun(whole.at("2024-03-31")), unbegun(early))


def test_the_worklist_puts_leads_in_that_order_and_says_the_chance(newest):
    crm, found = newest
    rows = worklist(crm, newcomers=found).slice("follow_up")
    leads = rows[rows["reason"] == "lead"]
    assert set(leads["customer_id"]) == set(found.table.index) and leads["begin_pct"].is_monotonic_decreasing
    said = str(work_reason(next(leads.itertuples()), currency="EUR")).replace("\u00a0", " ")
    assert "likely to order or begin a deal within 90 days." in said


def test_short_histories_and_missing_days_are_refused_with_the_remedy():
    people, orders = tables(NEWEST, n=60)
    with pytest.raises(ParameterError, match="at least 30"):
        score_newcomers(Crm.from_frames(as_of="2024-12-31", customers=people, transactions=orders))
    with pytest.raises(SchemaError, match="signed_up_on"):
        score_newcomers(Crm.from_frames(as_of="2024-12-31", transactions=orders))
    with pytest.raises(ParameterError, match="horizon_days"):
        score_newcomers(
            Crm.from_frames(as_of="2024-12-31", customers=people, transactions=orders), horizon_days=0
        )
