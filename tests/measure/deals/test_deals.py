"""Deals as they were known at a moment: columns, contacts, stages, and no look-ahead."""

import pandas as pd
import pytest

from crmlib import Crm
from crmlib.measure.deals.contacts import contacts_made, deal_plans, last_contacts
from crmlib.measure.deals.flow import log_steps, next_contacts
from crmlib.measure.deals.stays import DEAL_COLUMNS, deals, stage_stays
from crmlib.prepare.engine import Engine
from crmlib.schema.errors import SchemaError
from tests.measure.deals.deal_cases import AS_OF, known_then, pipeline, random_pipeline
from tests.measure.indicators.test_indicator_steps import to_spark

SOLD = [("a", "won", "2024-01-01", "2024-01-20"), ("b", "open", "2024-06-20 12:00", None)]
CONTACTS = pd.DataFrame(
    [
        ("1", "b", "2024-06-21 12:00", "out", None, 10, 2.5),
        ("2", "b", "2024-06-25 12:00", "in", None, 20, None),
        ("3", "b", "2024-06-26", "out", "2024-07-03", None, None),
        ("4", "b", "2024-06-26", "out", "2024-07-01", None, None),
        ("5", "b", "2024-06-26", "out", "2024-06-28", None, None),
        ("6", "b", "2024-07-01", "out", None, 99, 99),
    ],
    columns=[
        *("interaction_id", "opportunity_id", "happened_at", "direction", "planned_for", "duration_minutes"),
        "cost_amount",
    ],
).assign(customer_id="c")


def test_what_was_done_and_what_is_planned():
    table = deals(pipeline([("b", "Talk", "2024-06-22 12:00", None)], SOLD, interactions=CONTACTS))
    assert tuple(table.columns) == DEAL_COLUMNS and table.index.name == "opportunity_id"
    row = table.loc["b"]
    assert row[["touch_count", "touch_in_count", "touch_out_count", "planned_count"]].tolist() == [2, 1, 1, 2]
    assert row["last_touch_at"] == pd.Timestamp("2024-06-25 12:00") and row["last_touch_days"] == 5
    assert row["next_planned_on"] == pd.Timestamp("2024-07-01")
    assert (row["minutes_spent"], row["cost_spent"]) == (30, 2.5)
    assert (row["stage"], row["stage_age_days"], row["age_days"]) == ("Talk", 8, 10)
    none = table.loc["a"]
    assert none[["touch_count", "planned_count", "minutes_spent", "cost_spent"]].tolist() == [0, 0, 0, 0]
    assert none["stage"] == "unknown" and none["age_days"] == 19


def test_a_plan_of_the_same_day_is_still_ahead():
    day = pd.DataFrame(
        {"interaction_id": ["1"], "customer_id": "c", "opportunity_id": "b", "happened_at": "2024-06-01",
         "planned_for": "2024-06-30"}
    )  # fmt: skip
    assert deals(pipeline([], SOLD, interactions=day)).loc["b", "planned_count"] == 1


def test_what_is_not_kept_is_not_said():
    sold = pd.DataFrame({"opportunity_id": ["a"], "stage": "Talk", "outcome": "open"})
    table = deals(Crm.from_frames(as_of=AS_OF, opportunities=sold))
    assert tuple(table.columns) == DEAL_COLUMNS
    assert table.loc["a"].dropna().to_dict() == {"outcome": "open", "stage": "Talk"}


def test_who_and_what_it_is_about():
    sold = pd.DataFrame(
        {"opportunity_id": ["a", "b"], "customer_id": ["acme", None], "product_id": "p", "stage": "Talk",
         "outcome": "open", "amount": [10.5, None]}
    )  # fmt: skip
    firms = pd.DataFrame({"customer_id": ["acme"], "industry": "steel", "employee_count": 7, "region": "n"})
    things = pd.DataFrame({"product_id": ["p"], "category": "saws"})
    table = deals(Crm.from_frames(as_of=AS_OF, opportunities=sold, customers=firms, products=things))
    assert table.loc["a", ["industry", "employee_count", "region", "category", "amount"]].tolist() == [
        *("steel", 7.0, "n", "saws", 10.5)
    ]
    assert pd.isna(table.loc["b", "industry"]) and table.loc["b", "category"] == "saws"


def test_the_people_of_a_decision_are_counted_by_role():
    people = pd.DataFrame(
        [("b", "1", "champion", 0.5), ("b", "2", "decider", -0.1), ("b", "3", "blocker", None)],
        columns=["opportunity_id", "contact_id", "decision_role", "stance"],
    )
    table = deals(pipeline([], SOLD, opportunity_contacts=people))
    named = ["people_count", "champion_count", "decider_count", "blocker_count", "stance_mean"]
    assert table.loc["b", named].tolist() == pytest.approx([3, 1, 1, 1, 0.2])
    assert table.loc["a", named].isna().all()


def test_without_opportunities_there_are_none():
    with pytest.raises(SchemaError, match=r"tables\.opportunities"):
        deals(pipeline([("a", "Talk", "2024-01-01", None)]))


@pytest.mark.parametrize("seed", [10])
def test_deals_as_they_were_known_then(seed):
    history, sold = random_pipeline(seed, deals=40)
    crm = pipeline(history, sold, interactions=CONTACTS.assign(opportunity_id="d003"))
    for moment in (pd.Timestamp("2024-05-02 09:00"),):
        contacts = CONTACTS.assign(opportunity_id="d003")
        rows, then_sold = known_then(history, sold, moment)
        by_hand = deals(pipeline(rows, then_sold, as_of=moment, interactions=contacts))
        pd.testing.assert_frame_equal(deals(crm.at(moment)), by_hand)


@pytest.mark.parametrize("seed", [20])
def test_the_stage_of_an_open_deal_is_that_of_its_last_stay(seed):
    history, sold = random_pipeline(seed, dirt=False)
    crm = pipeline(history, sold).at("2024-04-15")
    stays = stage_stays(crm)
    running = stays[~stays["is_over"]].set_index("opportunity_id")
    table = deals(crm).loc[running.index]
    assert len(running) > 5
    assert table["stage"].tolist() == running["stage"].tolist()
    assert table["stage_age_days"].tolist() == pytest.approx(running["stay_days"].tolist())


def test_every_statement_over_deals_translates_to_spark(monkeypatch):
    crm = pipeline([("a", "Talk", "2024-01-01", "2024-01-20")], SOLD, interactions=CONTACTS)
    said, ask = [], Engine.to_pandas
    monkeypatch.setattr(Engine, "to_pandas", lambda *given: said.append(given[1]) or ask(*given))
    deals(crm)
    stage_stays(crm)
    next_contacts(crm, {"Talk": [0.0, 3.0]})
    for measure in (deal_plans, last_contacts):
        measure(crm)
    contacts_made(from_staff := pipeline([], SOLD, interactions=CONTACTS.assign(employee_id="e")))
    log_steps(from_staff.frame("interactions"), case="opportunity_id", activity="direction", at="happened_at")
    asked = [sql for sql in said if "with " in sql]
    assert len(asked) >= 9
    for sql in asked:
        to_spark(sql)
