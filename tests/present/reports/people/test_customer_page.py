"""The page of one customer: what it says, what it hides, and what is escaped."""

import itertools
from types import SimpleNamespace
from xml.etree import ElementTree

import pandas as pd
import pytest

from crmlib.analyse.people.handover import handover
from crmlib.prepare.crm import Crm
from crmlib.present.blocks.trees import MOST_ROWS, WIDTH, Node, TimePicture, TimeRow, TreePicture
from crmlib.present.claims import claim, count
from crmlib.present.reports.people.draw import family_picture, history_picture
from crmlib.present.reports.people.say import deal_says, person, sway_says
from crmlib.present.reports.people.show import CustomerPages
from crmlib.present.reports.worklist.say import work_step
from crmlib.present.theme import text_width
from crmlib.schema.errors import ParameterError

EVIL = "<script>alert(1)</script>"
ALT = claim("people-picture-people-alt", people=count(2))


def picture(*nodes):
    return TreePicture(nodes, title=claim("people-picture-people"), alt=ALT)


def drawn(block):
    html = block._html()
    return ElementTree.fromstring(html[html.index("<svg") : html.index("</svg>") + 6])


def company(talk, *, without=None):
    people = pd.DataFrame(
        {"contact_id": ["p1", "p2"], "customer_id": "c", "title": ["Head", EVIL], "name": ["Ann Canary", "Bob Canary"],
         "reports_to_contact_id": [None, "p1"], "email": "canary@example.com"}
    )  # fmt: skip
    sold = pd.DataFrame(
        {"opportunity_id": ["d1", "d2"], "customer_id": "c", "stage": "Offer", "outcome": ["open", "won"],
         "amount": 10.0, "created_at": "2024-01-01", "closed_at": [None, "2024-02-01"], "owner_id": "e1"}
    )  # fmt: skip
    parts = pd.DataFrame(
        {"opportunity_id": ["d1", "d1", "d2"], "contact_id": ["p1", "p2", "p1"],
         "decision_role": ["decider", "user", "decider"], "stance": [0.5, -0.2, 0.1],
         "influences_contact_id": [None, "p1", None]}
    )  # fmt: skip
    talk = pd.DataFrame({"customer_id": "c", "opportunity_id": "d1", "employee_id": "e1", **talk})
    known = pd.DataFrame({"customer_id": ["c"], "name": ["Canary Ltd"], "industry": ["Tools"]})
    frames = {"customers": known, "contacts": people, "opportunities": sold, "opportunity_contacts": parts,
              "interactions": talk}  # fmt: skip
    frames.pop(without, None)
    return CustomerPages(Crm.from_frames(as_of="2024-12-31", **frames))


TALK = {"interaction_id": ["1", "2"], "contact_id": "p1", "happened_at": ["2024-12-01", "2024-12-02"],
        "planned_for": [None, "2025-01-15"], "notes": "Canary notes"}  # fmt: skip
PEOPLE, DEALS, HISTORY, WHO = (
    "The people there",
    "Open deals and who decides",
    "What happened",
    "Who they are",
)


@pytest.fixture(scope="module")
def page():
    return company(TALK)


@pytest.mark.parametrize(
    "without, lost",
    [("customers", set()), ("contacts", {PEOPLE}), ("interactions", set()),
     ("opportunity_contacts", {DEALS, PEOPLE})],
)  # fmt: skip
def test_without_a_table_the_page_has_all_that_the_others_bring(without, lost):
    pages = company(TALK, without=without)
    html = pages.html("c")[1]
    assert {one for one in (PEOPLE, DEALS, HISTORY, WHO) if f">{one}</h2>" not in html} == lost
    shown = html[html.index("<main") : html.index("</main>")]
    assert ">nan" not in shown.lower() and "NaT" not in shown and "canary" not in html.lower()
    assert ("so deals and people are not shown" in shown) == (DEALS in lost)
    assert ("the people there are not shown" in shown) == (without == "contacts")
    brief = handover(pages.crm, "e1", work=pages.work, panoramas=pages.panoramas)
    assert len(brief.deals) == (without != "opportunities") and len(brief.promises) == (
        without != "interactions"
    )


def test_the_page_says_who_decides_and_what_comes_next_and_hides_names(page):
    public, html = page.html("c")
    assert public == "c" and "Decider: Head (1)" in html and "Who reports to whom" in html
    assert "canary" not in html.lower()
    assert EVIL not in html and "&lt;script&gt;" in html
    assert str(person(page.panoramas.of("c").contacts, "moved")) == "somebody who is not on this page"


def test_the_words_of_the_history_picture_do_not_overlap(page):
    block = history_picture(page.panoramas.of("c"))
    svg = drawn(block)
    marks = {mark.text: mark for mark in svg.iter() if mark.tag.endswith("text")}
    assert list(marks)[:3] == ["Deal", "Contact", "Planned"] and len(marks) > 3
    boxes = [
        (x := float(mark.get("x")), float(mark.get("y")), x + text_width(said, size=12))
        for said, mark in marks.items()
    ]
    assert all(left >= 0 and right <= WIDTH for left, _, right in boxes)
    assert all(
        abs(one[1] - other[1]) >= 12 or one[2] < other[0] or other[2] < one[0]
        for one, other in itertools.combinations(boxes, 2)
    )
    assert {int(mark.get("font-size")[:-2]) for mark in marks.values()} == {12}
    assert "Contact: 1" in block._text()


@pytest.mark.parametrize(
    "moments", [["2024-12-31"], ["2024-12-30 08:00", "2024-12-31"], ["1994-02-01", "2024-12-31"]]
)
def test_a_day_and_thirty_years_have_a_line_of_time_with_names_inside(moments):
    rows = [TimeRow(EVIL * 3, pd.Series(pd.to_datetime(moments, format="ISO8601")))]
    block = TimePicture(rows, today=pd.Timestamp("2024-12-31"), title=ALT, alt=ALT)
    html, marks = block._html(), [mark for mark in drawn(block).iter() if mark.tag.endswith("text")]
    assert EVIL not in html and len(marks) > 1 and "nan" not in html.lower()
    places = [(float(mark.get("x")), text_width(mark.text, size=12)) for mark in marks[1:]]
    assert all(x >= 0 and x + wide <= WIDTH for x, wide in places)
    assert all(x + wide < later for (x, wide), (later, _) in itertools.pairwise(places))


def test_a_deal_on_the_worklist_is_told_as_it_is_there():
    both = {"interaction_id": ["1", "2"], "contact_id": ["p1", "p2"], "happened_at": "2024-12-01"}
    pages = company({**both, "planned_for": pd.Series([None, None], dtype="datetime64[us]")})
    found, work = pages.panoramas.of("c"), pages.work
    row = next(work[work["opportunity_id"] == "d1"].itertuples())
    assert found.deals.loc["d1", "next_move"] == "go_on" and not found.deals.loc["d1", "risks"]
    (said,), (free,) = deal_says(found, "d1", work), deal_says(found, "d1", work.iloc[:0])
    assert str(work_step(row)) in str(said) and "Nothing warns" not in str(said)
    assert "Keep the talks going" in str(free) and "Nothing warns" in str(free)


def test_an_unknown_customer_is_named(page):
    with pytest.raises(ParameterError, match="'zz'"):
        page.html("zz")


def test_a_family_of_sixty_is_folded_and_says_how_many_are_left():
    block = picture(*(Node(i % 12, f"unit {i}") for i in range(60)))
    texts = [mark.text for mark in drawn(block).iter() if mark.tag.endswith("text")]
    assert f"unit {MOST_ROWS - 1}" in texts and f"unit {MOST_ROWS}" not in texts
    assert texts[-1].startswith("And 45 more")
    assert "unit 59" in block._text()


def test_rows_do_not_overlap_and_long_words_end_inside():
    block = picture(Node(0, "W" * 200, "n" * 300), Node(8, "W" * 200, "x"))
    marks = [mark for mark in drawn(block).iter() if mark.tag.endswith("text")]
    heights = [float(mark.get("y")) for mark in marks]
    assert all(later - before >= 12 for before, later in itertools.pairwise(heights))
    assert all(mark.text.endswith("…") for mark in marks[:2])
    assert all(float(mark.get("x")) < WIDTH for mark in marks)


def test_names_in_a_tree_are_escaped():
    html = picture(Node(0, EVIL, EVIL))._html()
    assert EVIL not in html and "&lt;script&gt;" in html


def ties_page(owned):
    ties = pd.DataFrame(owned, columns=["from_customer_id", "to_customer_id"]).assign(
        relation="parent", share_pct=60.0
    )
    sold = pd.DataFrame(
        {"opportunity_id": ["d"], "customer_id": ["u0"], "stage": "Offer", "outcome": "open", "amount": 10.0,
         "created_at": "2024-01-01", "closed_at": [None], "owner_id": "e1"}
    )  # fmt: skip
    everyone = sorted({one for tie in owned for one in tie})
    known = pd.DataFrame({"customer_id": everyone, "name": "Canary Ltd"})
    return CustomerPages(
        Crm.from_frames(as_of="2024-12-31", relations=ties, opportunities=sold, customers=known)
    )


def test_a_family_of_sixty_shows_the_customer_and_who_stands_above_and_lists_all():
    pages = ties_page([(f"u{max((n - 1) // 3, 0)}", f"u{n}") for n in range(1, 60)])
    found = pages.panoramas.of("u41")
    tree = family_picture(found)
    shown = [node.label for node in tree.nodes[:MOST_ROWS]]
    assert {"u41, this customer", "u13", "u4", "u1", "u0"} <= set(shown) and len(tree.nodes) == 60
    depths = {node.label.split(",")[0]: node.depth for node in tree.nodes}
    assert shown[0] == "u0" and all(depths[one.split(",")[0]] <= 4 for one in shown)
    html = pages.html("u41")[1]
    assert "And 45 more, in the table below" in html and html.count(">u59<") == 1
    assert faults_in_tree(drawn(tree)) == []


def test_a_circle_of_ownership_is_drawn_as_a_line():
    pages = ties_page([("u0", "u1"), ("u1", "u2"), ("u2", "u0")])
    tree = family_picture(pages.panoramas.of("u2"))
    assert sorted(node.label for node in tree.nodes) == ["u0", "u1", "u2, this customer"]
    html = pages.html("u1")[1]
    assert "The group they belong to" in html and "3 customers belong to the group." in html
    notes = {node.note for node in tree.nodes}
    assert notes == {"", "36\u00a0% held", "60\u00a0% held"}, "without orders nothing is said of spend"


def test_a_chain_deeper_than_the_picture_keeps_the_customer_and_the_nearest_above():
    pages = ties_page([(f"u{n}", f"u{n + 1}") for n in range(40)])
    shown = [node.label for node in family_picture(pages.panoramas.of("u30")).nodes[:MOST_ROWS]]
    assert shown == [*(f"u{n}" for n in range(16, 30)), "u30, this customer"]


def faults_in_tree(svg):
    """Words that leave the picture, or rows that touch."""
    marks = [mark for mark in svg.iter() if mark.tag.endswith("text")]
    heights = [float(mark.get("y")) for mark in marks]
    outside = [mark.text for mark in marks if not 0 <= float(mark.get("x")) < WIDTH]
    return outside + [pair for pair in itertools.pairwise(heights) if pair[1] - pair[0] < 12]


def test_how_far_a_stance_follows_is_told_only_where_it_is_more_than_chance():
    found = SimpleNamespace(sway=0.81, sway_low=0.8, sway_high=0.82)
    (said,) = map(str, sway_says(found))
    assert "81\xa0% carries over (likely 80\xa0% to 82\xa0%)" in said
    for low in (-0.1, float("nan")):
        assert sway_says(SimpleNamespace(sway=0.3, sway_low=low, sway_high=0.7)) == []
    assert sway_says(None) == []
