"""The index pages: ten seconds to read, nothing unknown shown as 0."""

import re

import pytest

from crmlib.present.blocks import Answer, Findings, KeyFigure, KeyFigures, Skipped
from crmlib.present.publish.site import change_note, run_index, site_index, sparkline
from tests.present.blocks.test_blocks import CANARIES, Tags
from tests.present.pages_demo import RUN, WORKSPACES, reports


@pytest.fixture(scope="module")
def index():
    return run_index(RUN, reports())


def words(html):
    body = html.split("</style>")[-1].split("<script>")[0]
    return re.sub(r"\s+", " ", " ".join(Tags(body).words)).replace("\xa0", " ")


def record(*blocks):
    return [block._repr_mimebundle_()["application/vnd.crmlib+json"] for block in blocks]


def test_the_head_says_whose_and_up_to_when(index):
    assert "Complete Journey As of 31 December 2017 Data up to 31 December 2017 Money in USD" in words(index)


def test_key_figures_carry_their_change_and_their_history(index):
    said = words(index)
    assert "Net spend, 365 days USD 4.13 million ▲ 3 % more , better" in said
    assert "Days since last order, median 5 days ▲ 1 day more , worse" in said
    assert "Stability of the segments 0.81 ▼ 2.4 % less , worse" in said
    assert "Spend of the top segment 31.2 % no change" in said
    assert index.count("<polyline") == 5
    assert 'aria-label="Days since last order, median, 6 runs: 3, 3, 4, 4, 4, 5"' in index


def test_what_is_not_known_has_no_change_and_no_line(index):
    margin = re.search(r"<dt>Margin</dt>(.*?)</div>", index)[1]
    assert margin == '<dd class="crm-number"><span class="crm-unknown">not known</span></dd>'


def test_findings_come_from_all_reports_in_turn_and_lead_to_their_place(index):
    found = re.findall(r'<li>(.*?) <a href="(\w+\.html#finding-[0-9a-f]{8})">', index)
    assert [href.split(".")[0] for _, href in found] == [
        "segmentation",
        "cross_sell",
        "data_health",
        "segmentation",
        "cross_sell",
    ], "what is said of the data comes after what is said of the business"


def test_a_finding_links_to_an_id_that_its_page_has(index):
    anchor = re.search(r"segmentation\.html#(finding-\w+)", index)[1]
    assert f'<li id="{anchor}">' in Findings("231 frequent households (9 %) bring 31 % of spend.")._html()


def test_cards_say_title_answer_time_and_failure(index):
    cards = re.findall(r'<li class="card.*?</li>', index, re.DOTALL)
    assert len(cards) == 4
    assert "231 frequent households, 9 % of all, bring 31 % of spend." in cards[1]
    assert "Made in 15 s" in cards[1]
    assert "Failed." in cards[3]
    assert "no column channel" in cards[3]
    assert "href" not in cards[3]


def test_health_is_one_line_with_a_link(index):
    assert '1,561,638 rows read, 12 set aside (under 0.01\xa0%). <a href="data_health.html">' in index


def test_what_was_skipped_names_the_table_that_would_bring_it(index):
    said = words(index).split("Not in this run")[1]
    assert (
        "Voice of the customer : Nothing is known about opinions. The table feedback would bring it." in said
    )
    assert "Customer segments : What each segment says about us is not known." in said
    assert "This workspace has no feedback , service_cases , opportunities ." in said


@pytest.mark.parametrize(
    "run", [{}, {"key_figures": None, "history": None, "checks": {}, "row_counts": [{"table": "x"}]}]
)
def test_an_index_survives_a_run_that_knows_nothing(run):
    html = run_index(run, [{}, {"name": "x", "blocks": None, "status": "done"}, {"status": "failed"}])
    said = words(html)
    assert "None" not in said
    assert "How many rows were read is not known." in said
    assert not re.search(r"\b0\b", said)
    assert "Data up to not known" in said


def test_rows_are_summed_when_only_tables_are_counted():
    run = {"row_counts": [{"rows_read": 900, "rows_set_aside": 8}, {"rows_read": 100, "rows_set_aside": 2}]}
    assert "1,000 rows read, 10 set aside (1 %)." in words(run_index(run, []))


def test_flagged_figures_of_the_reports_stand_in_when_the_run_names_none():
    flagged = record(KeyFigures(KeyFigure(label="Flagged", value=3), index=True))
    plain = record(KeyFigures(KeyFigure(label="Plain", value=4)))
    done = [{"name": "a", "blocks": plain}, {"name": "b", "blocks": flagged}]
    assert "Flagged 3" in words(run_index({}, done))
    assert "Plain" not in words(run_index({}, done))


def test_the_first_run_says_that_there_is_nothing_to_compare_with():
    assert "first published run" in run_index({"key_figures": RUN["key_figures"]}, [])


def test_a_second_run_of_the_same_day_is_named_by_its_run():
    again = {**RUN, "previous": {**RUN, "run": "2018-01-01T0700"}}
    assert "the last published run, 2018-01-01T0700, as of 31 December 2017 too." in run_index(again, [])


def test_history_may_contain_the_run_itself():
    html = run_index({**RUN, "history": [*RUN["history"], RUN]}, [])
    assert html.count(", 6 runs: ") == 5
    assert ", 7 runs: " not in html


@pytest.mark.parametrize(
    ("now", "before", "unit", "better", "note"),
    [
        (110, 100, "", "higher", "10 % more"),
        (90, 100, "USD", "lower", "10 % less"),
        (31.4, 30.2, "%", None, "1.2 points more"),
        (5, 4, "days", "lower", "1 day more"),
        (5, 0, "orders", "higher", "5 orders more"),
        (100_001, 100_000, "", "higher", "under 0.1 % more"),
        (100, 100, "", "higher", "no change"),
    ],
)
def test_changes_are_in_percent_points_or_days(now, before, unit, better, note):
    said = change_note(
        {"label": "x", "value": now, "unit": unit, "better": better},
        [{"label": "x", "value": before, "unit": unit}],
    )
    assert note in words(f"</style>{said}")


def test_a_figure_in_another_currency_is_not_compared():
    now, before = {"label": "x", "value": 5, "unit": "EUR"}, {"label": "x", "value": 4, "unit": "USD"}
    assert change_note(now, [before]) == ""


def test_a_flat_line_lies_in_the_middle_and_gaps_are_no_noughts():
    assert 'points="3.0,14.0 117.0,14.0"' in sparkline([7, 7])
    gap = sparkline([1, None, 3], label="x")
    assert re.search(r'points="([^"]*)"', gap)[1] == "3.0,25.0 117.0,3.0"
    assert "2 runs: 1, 3" in gap


@pytest.mark.parametrize("canary", CANARIES)
def test_canaries_leave_the_index_pages_as_they_are(canary):
    def tags(text):
        figure = {
            "label": text,
            "number": text,
            "value": 1,
            "unit": text,
            "note": text,
            "interval": text,
            "report": text,
        }
        blocks = record(Answer(text), Findings(text), Skipped(text, table=text))
        for block in blocks:
            block["anchors"] = [text]
        common = dict.fromkeys(("name", "title", "question", "reason", "href", "table"), text)
        made = [
            {**common, "status": status, "blocks": blocks, "seconds": 1}
            for status in ("done", "failed", "skipped")
        ]
        plain = dict.fromkeys(
            ("workspace", "title", "as_of", "data_up_to", "currency", "run", "crmlib", "site_href", "lang"),
            text,
        )
        past = {"run": text, "as_of": text, "key_figures": [{**figure, "value": 2}]}
        run = {
            **plain,
            "parameters": {text: text},
            "missing_tables": [text],
            "key_figures": [figure],
            "previous": past,
        }
        space = {**plain, **common, "status": text, "findings": [text], "key_figures": [figure]}
        return Tags(run_index({**run, "history": [past]}, made)).seen, Tags(site_index([space])).seen

    for hostile, harmless in zip(tags(canary), tags("plain"), strict=True):
        assert [(tag, sorted(attrs)) for tag, attrs in hostile] == [
            (tag, sorted(attrs)) for tag, attrs in harmless
        ]
        assert not [attrs for _, attrs in hostile if attrs.get("href", "").lower().startswith("javascript")]


def test_the_site_lists_its_workspaces():
    said = words(site_index(WORKSPACES))
    assert "2 workspaces Complete Journey As of 31 December 2017 Run 2018-01-02T0700" in said
    assert "Online gifts As of 9 December 2011 Run 2018-01-02T0712 the run after it failed" in said
    assert "Nothing is published yet." in words(site_index([]))
    assert "As of not known" in words(site_index([{}]))


def test_the_index_opens_with_what_to_do_and_takes_findings_across_subjects():
    done = [
        {
            "name": name,
            "title": name,
            "href": f"{name}.html",
            "blocks": record(Findings(f"{name} one.", f"{name} two.")),
        }
        for name in ("data_health", "cross_sell", "worklist", "sales_pipeline", "forecast_and_plan", "my_own")
    ]
    said = words(run_index({}, done))
    work, found = said.split("What to do next")[1].split("What we found")
    assert "worklist one." in work and "worklist two." in work and work.strip().endswith("See the whole list")
    assert run_index({}, done).count("See the whole list") == 1
    changed = {
        "name": "what_changed",
        "title": "What changed",
        "href": "w.html",
        "blocks": record(Answer("Up.", "Why.")),
    }
    said_too = words(run_index({}, [*done, changed]))
    assert "What changed Up. Why. See what made the difference" in said_too and "What changed" not in said
    order = re.findall(r"(\w+) (one|two)\.", found.split("Reports")[0])
    assert [name for name, _ in order] == [
        *("forecast_and_plan", "sales_pipeline", "cross_sell", "my_own", "data_health")
    ]


def test_figures_of_a_period_bring_their_own_history_and_their_own_comparison():
    figure = KeyFigure(
        label="Net sales", value=9, note="before: 8; a year earlier: 7", history=(7, 7.5, 8, 9)
    )
    row = KeyFigures(figure, index=True, says="Of the quarter that ended on 31 December.")
    html = run_index({}, [{"name": "worklist", "href": "worklist.html", "blocks": record(row)}])
    assert "Net sales, 4 periods: 7, 7.5, 8, 9" in html
    assert "before: 8; a year earlier: 7" in html
    assert "Of the quarter that ended on 31 December." in html and "first published run" not in html
