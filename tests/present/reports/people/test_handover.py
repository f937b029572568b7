"""Who hands over what to whom, in which order, and the follow-ups as another program reads them."""

import datetime as dt
import re

import pandas as pd
import pytest

from crmlib.analyse.people.handover import handover
from crmlib.analyse.worklist import worklist
from crmlib.prepare.crm import Crm
from crmlib.present.blocks.tables import plain
from crmlib.present.reports.people.handover import (
    calendar,
    follow_ups,
    handover_answer,
    handover_load,
    handover_sections,
    handover_title,
)
from crmlib.present.reports.people.show import page_of
from crmlib.schema.errors import ParameterError

EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def crm():
    sold = pd.DataFrame(
        {"opportunity_id": ["d1", "d2", "d3", "d4"], "customer_id": ["c", "c2", EVIL, "c"], "stage": "Offer",
         "outcome": ["open", "open", "open", "won"], "amount": [10.0, 50.0, 20.0, 99.0], "created_at": "2024-01-01",
         "closed_at": [None, None, None, "2024-02-01"], "owner_id": ["e1", "e1", "e2", "e1"]}
    )  # fmt: skip
    known = pd.DataFrame(
        {"customer_id": ["c", "c2", "c3"], "name": "Canary Ltd", "owner_id": ["e1", "e2", "e1"]}
    )
    staff = pd.DataFrame(
        {
            "employee_id": ["e1", "e2", "e3", "gone"],
            "name": "Canary",
            "left_on": [None, None, None, "2024-03-01"],
        }
    )
    people = pd.DataFrame({"contact_id": ["p1", "p2"], "customer_id": "c", "name": "Canary"})
    parts = pd.DataFrame({"opportunity_id": ["d1"], "contact_id": ["p1"], "decision_role": ["user"]})
    talk = pd.DataFrame(
        {"interaction_id": ["1", "2", "3", "4"], "customer_id": ["c", "c", "c3", "c2"],
         "contact_id": ["p1", "p1", None, None], "opportunity_id": ["d1", "d1", None, "d2"],
         "employee_id": ["e1", "e1", "e2", "e1"], "notes": "Canary",
         "happened_at": ["2024-12-01", "2024-12-02", "2024-12-03", "2024-12-04"],
         "planned_for": [None, "2025-01-15", "2025-01-02", "2024-12-20"]}
    )  # fmt: skip
    return Crm.from_frames(
        as_of="2024-12-31", opportunities=sold, customers=known, employees=staff, contacts=people,
        opportunity_contacts=parts, interactions=talk,
    )  # fmt: skip


@pytest.fixture(scope="module")
def work(crm):
    return worklist(crm).table


@pytest.fixture(scope="module")
def brief(crm, work):
    return handover(crm, "e1", to_id="e2", work=work)


def test_only_open_deals_and_own_customers_are_handed_over(brief):
    assert list(brief.deals.index) == ["d2", "d1"]
    assert sorted(brief.customers.index) == ["c", "c3"]


def test_promises_still_ahead_count_whoever_made_them(brief):
    assert list(brief.promises["planned_for"].dt.strftime("%m-%d")) == ["01-02", "01-15"]
    assert list(brief.promises["customer_id"]) == ["c3", "c"]


def test_an_account_that_hangs_on_one_person_is_named(brief):
    assert brief.customers["signs"]["c"] == ("single_threaded", "no_decider")
    assert brief.customers["signs"]["c3"] == ()


def test_the_work_is_a_slice_of_the_worklist_the_earliest_day_first(work, brief):
    assert len(brief.work) == (work["owner_id"] == "e1").sum() > 0
    assert brief.work["by_when"].is_monotonic_increasing


def test_who_takes_over_carries_both(brief):
    assert brief.load["open_deals"].tolist() == [1, 3]
    assert brief.load["open_amount"].tolist() == [20.0, 80.0]
    assert brief.load.loc["after", "deals_ratio"] == 3.0
    first, second = map(plain, handover_load(brief))
    assert "would hold 3: 3 times" in first and "Share the deals" in second


@pytest.mark.parametrize(
    "given, says", [("e9", "no employee 'e9'"), ("gone", "has left"), ("e1", "hands over")]
)
def test_who_cannot_take_over_is_told(crm, work, given, says):
    with pytest.raises(ParameterError, match=says):
        handover(crm, "e1", to_id=given, work=work)


def test_the_page_is_short_hides_names_and_escapes(crm, work, brief):
    html = page_of(str(handover_title(brief)), handover_sections(brief), {})
    assert "Handover from e1 to e2" in html and "canary" not in html.lower()
    said = " ".join(map(plain, handover_answer(brief)))
    assert said.startswith("e1 looks after 2 customers and 2 open deals") and len(said.split()) <= 60
    other = handover(crm, "e2", work=work)
    html = page_of("x", handover_sections(other), {})
    assert EVIL not in html and "&lt;script&gt;" in html and other.load.empty


def read_calendar(content):
    """Unfold and unescape as RFC 5545 says, written apart from what writes it."""
    assert content.endswith(b"\r\n") and b"\n" not in content.replace(b"\r\n", b"")
    assert max(map(len, content.split(b"\r\n"))) <= 75
    lines = content.replace(b"\r\n ", b"").decode("utf-8").split("\r\n")[:-1]
    events, current = [], None
    for line in lines:
        key, value = line.split(":", 1)
        if line == "BEGIN:VEVENT":
            current = {}
        elif line == "END:VEVENT":
            events.append(current)
            current = None
        elif current is not None:
            current[key] = re.sub(r"\\(.)", lambda m: "\n" if m[1] in "nN" else m[1], value)
    return lines, events


def test_a_calendar_is_read_back_as_it_was_meant():
    hostile = "Call; now, c:\\new\nEND:VEVENT\r\nBEGIN:VALARM \x07 " + "お客様" * 40
    day = dt.date(2025, 1, 15)
    content = calendar(
        [(day, hostile, "Why, because;"), (day, "x", "")], made_at=dt.datetime(2024, 12, 31, 23)
    )
    lines, events = read_calendar(content)
    assert lines[0] == "BEGIN:VCALENDAR" and lines[-1] == "END:VCALENDAR" and "VERSION:2.0" in lines
    first, second = events
    assert first["SUMMARY"] == hostile.replace("\r\n", "\n").replace("\x07", " ")
    assert first["DESCRIPTION"] == "Why, because;" and first["DTSTART;VALUE=DATE"] == "20250115"
    assert first["DTSTAMP"] == "20241231T230000Z" and first["UID"] != second["UID"]


def test_follow_ups_are_the_rows_of_the_work(brief):
    found = list(follow_ups(brief.work, currency=brief.currency))
    assert [day for day, _, _ in found] == [moment.date() for moment in brief.work["by_when"]]
    assert any(summary.startswith("Deal d2 of c2: ") for _, summary, _ in found)
    again = calendar(found, made_at=dt.datetime(2024, 12, 31))
    assert len(read_calendar(again)[1]) == len(found) and again == calendar(
        found, made_at=dt.datetime(2024, 12, 31)
    )
