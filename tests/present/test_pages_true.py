"""What the pages of a run say agrees: the checks find planted contradictions, and nothing in what is true."""

import copy
import re

import pandas as pd
import pytest

from crmlib.present import blocks as page
from crmlib.present.claims import claim, clause, count, date, money, name, names, share
from crmlib.present.reports.forecast import draw, say
from tests.present.consistency import (
    banned_words,
    claims_of,
    contradictions,
    false_most,
    faults,
    larger_parts,
    parts_beyond_whole,
    past_due,
    repeated_ids,
    silent_as_buyers,
    titles_beside_pictures,
    two_actions,
    two_states,
    wrong_articles,
)
from tests.present.reports.forecast.cases import little_forecast, little_plan

AS_OF = "2024-12-31T23:59:59+08:00"


def run_of(*pages):
    """A run.json of so many reports, each a list of claims."""
    reports = [
        {"name": f"report_{place}", "claims": [one.record() for one in said]}
        for place, said in enumerate(pages, 1)
    ]
    return claims_of({"as_of": AS_OF, "reports": reports})


def aside(n, of=10):
    at = {"at": "rows.at_fault", "part_of": "rows.up_to_closing"}
    facts = {"aside": count(n, **at), "rows": count(of, at="rows.up_to_closing"), "merged": count(0)}
    return claim(
        "health-finding-set-aside-among", table=name("customers"), found=name("have no name"), **facts
    )


def said(text, key="test-claim", **facts):
    """A claim as run.json keeps it, of any text."""
    return _Raw({"key": key, "text": text, "facts": {at: fact.record() for at, fact in facts.items()}})


class _Raw:
    def __init__(self, record):
        self.kept = record

    def record(self):
        return copy.deepcopy(self.kept)


def test_claims_that_agree_pass():
    assert not faults(run_of([aside(3)], [aside(3)]))


def test_two_values_of_one_quantity_are_found():
    found = contradictions(run_of([aside(3)], [aside(4)]))
    assert found == [
        "rows.at_fault: 3 in report_1/health-finding-set-aside-among, 4 in report_2/health-finding-set-aside-among"
    ]


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        (money(1_750.0, "EUR", at="sales.net_amount[365d]"), money(1_710.0, "EUR", at="sales.net_amount[365d]"), False),
        (money(1_750.0, "EUR", at="sales.net_amount[365d]"), money(1_750.4, "EUR", at="sales.net_amount[365d]"), True),
        (money(5.0, "EUR", at="sales.net_amount[365d]"), money(5.0, "USD", at="sales.net_amount[365d]"), False),
        (share(9.04, at="deals.win_rate"), share(9.0, at="deals.win_rate"), True),
        (share(9.4, at="deals.win_rate"), share(9.0, at="deals.win_rate"), False),
        (date("2024-01-31", at="data.last_day[deals]"), date("2024-02-01", at="data.last_day[deals]"), False),
        (count(5, at="customers.in_state[lost]"), count(7, at="customers.in_state[new]"), True),
    ],
)  # fmt: skip
def test_values_agree_within_the_rounding_of_their_kind(one, other, agree):
    assert bool(contradictions(run_of([said("One.", x=one)], [said("Other.", x=other)]))) != agree


def test_facts_within_clauses_and_lists_are_read():
    inner = claim("health-answer-look-first", what=clause(aside(4)))
    assert contradictions(run_of([aside(3)], [inner]))
    listed = claim("health-tables-old", tables=names([aside(4)]))
    assert contradictions(run_of([aside(3)], [listed]))


def test_a_part_larger_than_its_whole_is_found():
    assert larger_parts(run_of([aside(11)]))
    assert not larger_parts(run_of([aside(10)]))


def test_most_needs_more_than_half():
    text = "97 of 501 rows were set aside, mostly customers."
    assert false_most(run_of([said(text, share=share(100 * 97 / 501))]))
    assert false_most(run_of([said(text)])) and not false_most(run_of([said(text, share=share(51.0))]))


def test_a_day_to_do_something_is_not_past():
    assert past_due(run_of([said("Call by then.", key="worklist-do-call", day=date("2024-12-30"))]))
    assert not past_due(run_of([said("Call by then.", key="worklist-do-call", day=date("2024-12-31"))]))
    assert not past_due(run_of([said("The last order.", key="health-last-order", day=date("2020-01-01"))]))


@pytest.mark.parametrize(
    ("text", "is_wrong"),
    [
        ("With a outcome in mind.", True),
        ("An report follows.", True),
        ("An hour, a one-off, a unit, an RFM type, a euro, an order.", False),
        ("The group “a outcome” comes from the data.", False),
    ],
)
def test_articles(text, is_wrong):
    assert bool(wrong_articles(run_of([said(text)]))) == is_wrong


def lists(**rows):
    """A run with lists: `page__name` -> rows."""
    run = run_of()
    run.lists = {tuple(at.split("__")): pd.DataFrame(some, dtype="str") for at, some in rows.items()}
    return run


def work(customer, step="Call.", **more):
    row = {"Customer": customer, "Deal": "", "By when": "2025-01-07", "Suggested step": step, "Why": "Late."}
    return row | {name.replace("_", " "): value for name, value in more.items()}


def test_lists_that_agree_pass():
    agree = lists(
        churn__customers_by_state=[{"Customer": "a", "State": "active"}, {"Customer": "b", "State": "lost"}],
        value__worklist_keep=[work("a")], worklist__worklist_keep=[work("a")],
        worklist__worklist_win_back=[work("b")],
        worklist__worklist_first=[work("a", What_to_do="Keep"), work("b", What_to_do="Win back")],
    )  # fmt: skip
    assert faults(agree) == []


def test_two_states_of_a_customer_are_found():
    states = {
        "churn__a": [{"Customer": "a", "State": "lost"}],
        "value__b": [{"Customer": "a", "Stage": "active"}],
    }
    assert two_states(lists(**states))
    assert not two_states(
        lists(churn__a=states["churn__a"], deals__c=[{"Customer": "a", "Deal": "d", "Stage": "x"}])
    )


def test_a_silent_customer_to_keep_and_an_active_one_to_win_back_are_found():
    states = [{"Customer": "a", "State": "Active"}, {"Customer": "b", "State": "Lost"}]
    assert silent_as_buyers(lists(churn__states=states, value__worklist_keep=[work("b")]))
    assert silent_as_buyers(lists(churn__states=states, churn__customers_at_risk=[{"Customer": "b"}]))
    assert silent_as_buyers(lists(churn__states=states, value__worklist_win_back=[work("a")]))
    assert not silent_as_buyers(lists(churn__states=states, value__worklist_keep=[work("a")]))


def test_actions_that_contradict_each_other_are_found():
    assert two_actions(lists(x__worklist_win_back=[work("a")], y__worklist_keep=[work("a")]))
    assert two_actions(lists(x__worklist_keep=[work("a")], y__worklist_keep=[work("a", "Write.")]))
    first = [work("a", What_to_do="Offer")]
    assert two_actions(lists(x__worklist_first=first, y__worklist_keep=[work("a")]))
    assert two_actions(lists(x__worklist_first=[*first, work("a", What_to_do="Keep")]))
    assert not two_actions(lists(x__worklist_first=first, y__worklist_offer=[work("a")]))


def test_a_list_of_what_to_do_by_a_day_that_is_past_is_found():
    assert past_due(lists(x__worklist_keep=[work("a", By_when="2024-12-30")]))
    assert past_due(run_of([said("Begin.", key="work-top-deal", day=date("2024-12-30"))]))
    assert not past_due(run_of([said("The owner left.", key="work-top-deal", left=date("2024-12-30"))]))


def test_groups_that_hold_more_than_there_are_are_found():
    def parts(n):
        inside = {one: count(n, at=f"customers.in_state[{one}]") for one in ("lost", "active")}
        return run_of([said("All.", all=count(10, at="customers.all"), **inside)])

    assert parts_beyond_whole(parts(6)) and not parts_beyond_whole(parts(5))


def test_banned_words_are_found_but_not_in_what_comes_from_data():
    assert banned_words(run_of([said("It was foretold.")])) and banned_words(run_of([said("By k-means.")]))
    assert not banned_words(run_of([said("Sold “k-means mugs”.")]))


def test_a_title_that_its_picture_does_not_show_is_found():
    def drawn(title, told):
        at = {"at": "sales.net_amount[365d]"}
        run = run_of([
            said("Sales.", key="x-picture", n=money(title, "EUR", **at)),
            said("Bars.", key="x-picture-alt", n=money(told, "EUR", **at)),
        ])  # fmt: skip
        for one in run.claims:
            one["block"] = "picture"
        return run

    assert titles_beside_pictures(drawn(1_750.0, 1_710.0)) and not titles_beside_pictures(
        drawn(1_750.0, 1_750.0)
    )


def test_an_identifier_that_stands_twice_on_a_page_is_found():
    run = run_of()
    run.ids = {"value": ["a", "p1-0", "p2-0"], "churn": ["a", "p1-0"]}
    assert repeated_ids(run) == []
    run.ids["churn"] += ["p1-0"]
    assert repeated_ids(run) == ["churn: p1-0 stands 2 times"]


def test_two_pictures_of_a_page_share_no_identifier():
    found = little_forecast()
    pages = [
        page.Picture(plot(found))._repr_mimebundle_()["text/html"]
        for plot in (draw.plot_forecast, draw.plot_past_forecasts)
    ]
    ids = [re.findall(r'\sid="([^"]+)"', text) for text in pages]
    assert all(ids) and not set(ids[0]) & set(ids[1])


def test_forecast_and_plan_agree_with_themselves():
    found, plan = little_forecast(), little_plan()
    page = [
        *say.forecast_answer(found, plan),
        *say.forecast_findings(found, plan=plan),
        *say.history_paragraph(found),
        *say.backtest_paragraph(found),
        *say.plan_paragraph(plan),
        *say.split_paragraph(plan),
    ]
    pictures = [
        *draw.plot_forecast(found).crmlib_claims,
        *draw.plot_past_forecasts(found).crmlib_claims,
        *draw.plot_plan(plan).crmlib_claims,
        *draw.plot_split(plan).crmlib_claims,
    ]
    assert not faults(run_of(page, pictures))
