"""The report's part on stages: pictures that can be read, sentences that are true of their numbers."""

from dataclasses import replace
from types import SimpleNamespace

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from crmlib import Crm
from crmlib.analyse.pipeline.durations import stage_durations
from crmlib.analyse.pipeline.overdue import overdue_opportunities
from crmlib.analyse.pipeline.team import deal_process, team_work
from crmlib.present.blocks import Picture, Skipped
from crmlib.present.claims import Claim
from crmlib.present.reports.pipeline import draw, say, show
from crmlib.present.theme import SMALL
from tests.analyse.pipeline.sales_team import sales_team
from tests.present.drawn import faults_of
from tests.present.reports.greek import greek, latin_letters  # noqa: F401

HOSTILE = ("<script>alert(1)</script>", "=cmd|' /C calc'!A0", "$x^{y}$ 商谈 a very long name of a stage")


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def results_of(crm):
    durations = stage_durations(crm)
    late = overdue_opportunities(crm, durations=durations)
    flow = deal_process(crm) if "stage_history" in crm else Skipped("No stage history is kept.")
    return SimpleNamespace(crm=crm, durations=durations, late=late, work=team_work(crm, late), flow=flow)


def hostile_pipeline():
    """Stages and owners with names from outside; one deal a way."""
    rows, sold = [], []
    for i in range(40):
        begin = pd.Timestamp("2024-01-01") + pd.Timedelta(days=i)
        for k, stage in enumerate(HOSTILE[: 1 + i % 3]):
            rows.append((f"d{i:02d}", stage, begin + pd.Timedelta(days=3 * k)))
        end = begin + pd.Timedelta(days=4 + 3 * (i % 3))
        way = ("open", "won", "lost", "lost")[i % 4]
        sold.append((f"d{i:02d}", f"{HOSTILE[i % 2]}", way, begin, end if way != "open" else None))
    history = pd.DataFrame(rows, columns=["opportunity_id", "stage", "entered_at"])
    table = pd.DataFrame(sold, columns=["opportunity_id", "owner_id", "outcome", "created_at", "closed_at"])
    return Crm.from_frames(as_of="2024-03-31", stage_history=history, opportunities=table.assign(stage="x"))


def whole_deals():
    """No history, no amounts, nothing lost."""
    sold = pd.DataFrame(
        {"opportunity_id": [f"d{i}" for i in range(30)], "stage": "x", "outcome": ["won", "open"] * 15,
         "created_at": "2024-01-01", "closed_at": ["2024-01-20", None] * 15}
    )  # fmt: skip
    return Crm.from_frames(as_of="2024-03-31", opportunities=sold)


def one_open_deal():
    sold = pd.DataFrame(
        {"opportunity_id": ["a"], "stage": ["x"], "outcome": ["open"], "created_at": ["2024-01-01"]}
    )
    return Crm.from_frames(as_of="2024-03-31", opportunities=sold)


def no_open_deal():
    sold = pd.DataFrame(
        {"opportunity_id": ["a", "b"], "stage": "x", "owner_id": "e1", "outcome": ["won", "lost"],
         "created_at": "2024-01-01", "closed_at": "2024-02-01"}
    )  # fmt: skip
    return Crm.from_frames(as_of="2024-03-31", opportunities=sold)


def unknown_stages():
    """The closed deals tell how long stages take; of the open ones nobody knows where they are."""
    sold = pd.DataFrame(
        {"opportunity_id": [f"d{i:02d}" for i in range(40)], "stage": "x", "created_at": "2024-01-01",
         "outcome": ["won", "lost", "won"] * 10 + ["open"] * 10, "closed_at": ["2024-02-01"] * 30 + [None] * 10}
    )  # fmt: skip
    history = pd.DataFrame(
        {"opportunity_id": sold["opportunity_id"].head(30), "stage": "Talk", "entered_at": "2024-01-01"}
    )
    return Crm.from_frames(as_of="2024-03-31", opportunities=sold, stage_history=history)


CASES = {
    "team": sales_team,
    "hostile": hostile_pipeline,
    "whole": whole_deals,
    "one": one_open_deal,
    "closed": no_open_deal,
    "unknown": unknown_stages,
}
_MADE: dict[str, SimpleNamespace] = {}


def case(name):
    if name not in _MADE:
        _MADE[name] = results_of(CASES[name]())
    return _MADE[name]


@pytest.fixture(params=list(CASES))
def found(request):
    return case(request.param)


def claims_of(found):
    parts = [
        say.stages_answer(found.durations, found.late),
        say.stages_findings(found.durations, found.late),
        say.funnel_paragraph(found.durations),
        say.stage_times_paragraph(found.durations),
        say.exits_paragraph(found.durations),
        say.overdue_paragraph(found.late),
        say.next_step_paragraph(found.late),
        say.process_paragraph(found.flow),
        say.stages_limits(found.durations, found.late, found.work),
        say.effort_paragraph(found.work),
        say.unplanned_paragraph(found.late),
        say.load_paragraph(found.crm, found.work),
        say.handover_paragraph(found.work),
    ]
    claims = [sentence for part in parts for sentence in part]
    assert all(isinstance(one, Claim) for one in claims)
    return claims


def sentences(found):
    return [str(one) for one in claims_of(found)]


def test_sentences_are_whole_and_never_empty_words(found):
    said = sentences(found)
    assert len(said) > 8
    for sentence in said:
        assert sentence.endswith(".")
        assert sentence[0] in "“e" or sentence[0].isupper() or sentence[0].isdigit()
        for word in ("nan", "None", "  ", "not known", "NaT", "inf "):
            assert word not in sentence, sentence


def test_pictures_can_be_read(found):
    drawn = [
        draw.plot_pipeline_funnel(found.durations),
        draw.plot_stage_times(found.durations),
        draw.plot_stage_exits(found.durations),
    ]
    if not isinstance(found.flow, Skipped):
        drawn.append(draw.plot_process(found.flow))
    for ax in drawn:
        ax.figure.draw_without_rendering()
        sizes = [text.get_fontsize() for text in ax.texts] + [
            label.get_fontsize() for label in ax.get_yticklabels()
        ]
        assert all(size >= SMALL for size in sizes)
        assert ax.crmlib_alt and "nan" not in ax.crmlib_alt
        assert not faults_of(ax)
        Picture(ax)._repr_mimebundle_()


def test_labels_of_the_process_keep_apart():
    ax = draw.plot_process(case("team").flow)
    ax.figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in ax.texts if text.get_text()]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])
    edge = ax.figure.bbox
    assert all(box.x0 >= edge.x0 and box.x1 <= edge.x1 for box in boxes)


def test_tables_hold_what_the_results_hold(found):
    crm = SimpleNamespace(config=None, currency="EUR", name="x", as_of=found.crm.as_of, time_zone="UTC")
    assert len(show.overdue_table(crm, found.late).frame) == len(found.late.table)
    assert len(show.unplanned_table(crm, found.late).frame) == len(found.late.unplanned)
    assert len(show.handover_table(crm, found.work).frame) == len(found.work.handover)
    assert show.load_table(found.crm, found.work).frame["open_deals"].sum() == len(found.late.open_deals)
    blocks = [
        show.stages_figures(found.durations, found.late, found.work),
        show.stage_times_table(found.durations),
        show.overdue_table(crm, found.late),
        show.next_steps_table(found.late),
        show.load_table(found.crm, found.work),
        show.process_table(found.flow),
    ]
    page = "".join(block._repr_mimebundle_()["text/html"] for block in blocks)
    assert "<script>alert" not in page


def test_the_answer_is_that_of_the_numbers():
    found = case("team")
    said = str(say.stages_answer(found.durations, found.late)[0]).replace("\u00a0", " ")
    assert said.startswith(f"Of {len(found.late.open_deals)} open deals, {len(found.late.table)} (")
    both = found.late.table.index.intersection(found.late.unplanned.index)
    bare = say.unplanned_paragraph(found.late)[0].facts
    assert bare["overdue"].value == len(both) and bare["deals"].value == len(found.late.unplanned)
    assert any("“follow-up, visit”" in str(part) for part in say.next_step_paragraph(found.late))


def test_what_is_missing_is_passed_on():
    gone = Skipped("There are no deals.")
    assert say.stages_answer(gone, gone) == [] == say.handover_paragraph(gone)
    assert show.overdue_table(None, gone) is gone and show.process_table(gone) is gone


def test_customers_are_shown_by_pseudonyms_where_asked(monkeypatch):
    monkeypatch.setenv("CRMLIB_PSEUDONYM_KEY", "a key of sixteen or more")
    found = case("team")
    asked = SimpleNamespace(
        config=SimpleNamespace(privacy=SimpleNamespace(pseudonyms=True)), currency="EUR", name="x",
        as_of=found.crm.as_of, time_zone="UTC",
    )  # fmt: skip
    for table in (
        show.overdue_table(asked, found.late),
        show.handover_table(asked, found.work),
    ):
        assert table.frame["customer_id"].str.startswith("K-").all()


def test_open_deals_nobody_can_judge_are_not_said_to_be_in_time():
    said = say.stages_answer(case("unknown").durations, case("unknown").late)
    assert str(said[0]).replace("\u00a0", " ") == "10 deals are open."


def test_deals_without_an_end_are_not_counted_as_known():
    sold = pd.DataFrame(
        {"opportunity_id": ["a", "b"], "stage": "x", "outcome": ["won", "open"], "created_at": "2024-01-01"}
    )
    (said,) = say.funnel_paragraph(stage_durations(Crm.from_frames(as_of="2024-03-31", opportunities=sold)))
    assert "of 1 deal whose dates are known, 0 were won, 0 lost, and 1 is open" in str(said).replace(
        "\u00a0", " "
    )


def test_the_load_of_a_team_without_open_deals_is_an_empty_table():
    assert show.load_table(case("closed").crm, case("closed").work).frame.empty


@pytest.mark.parametrize("which", ["team", "whole"])
def test_every_sentence_can_be_told_in_another_language(which, greek):  # noqa: F811
    for one in claims_of(case(which)):
        assert not latin_letters(one, greek), one.text(greek)


def test_parts_and_wholes_of_the_funnel_add_up_and_its_title_says_its_bars():
    durations = case("team").durations
    for one in say.funnel_paragraph(durations):
        parts = [one.facts[name].value for name in ("on", "lost", "open", "elsewhere")]
        assert sum(parts) == one.facts["deals"].value
    title = draw.plot_pipeline_funnel(durations).crmlib_claims[0]
    lost = say.stages_findings(durations, case("team").late)[-1]
    row = durations.funnel.set_index("stage").loc[title.facts["stage"].value]
    for one in (title, lost):
        assert (one.facts["lost"].value, one.facts["deals"].value) == (row["lost"], row["deals"])


def test_owners_are_named_by_numbers_never_by_addresses():
    found = case("team")
    load = found.work.load.rename(index=lambda owner: f"{owner}@house.example")
    said = say.load_paragraph(found.crm, replace(found.work, load=load))
    assert not any("@" in str(one) for one in said)
