"""The report's part on leads: pictures that can be read, sentences that are true of their numbers."""

from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import matplotlib
import matplotlib.pyplot as plt
import pandas as pd
import pytest

from crmlib.analyse.pipeline.portrait import won_portrait
from crmlib.analyse.pipeline.sources import channel_conversion
from crmlib.present.blocks import Picture, Skipped
from crmlib.present.reports.leads import draw as plots_leads
from crmlib.present.reports.leads import say as claims_leads
from crmlib.present.reports.leads import say as claims_leads_sources
from crmlib.present.reports.leads import show as tables_leads
from crmlib.present.reports.leads.say import _little_portrait, _little_scores, _little_sources
from crmlib.present.theme import SMALL
from tests.analyse.pipeline.lead_cases import planted
from tests.present.drawn import faults_of, words_of

HOSTILE = [
    "<script>alert(1)</script>",
    "=cmd()|' /C calc'!A0",
    "$x^{y}$ 茶葉 a very long name that fits no line",
]
OF_PORTRAIT = [
    claims_leads.portrait_answer,
    claims_leads.portrait_paragraph,
    claims_leads.open_paragraph,
]
OF_SOURCES = [
    claims_leads_sources.sources_answer,
    claims_leads_sources.sources_findings,
    claims_leads_sources.sources_paragraph,
    claims_leads_sources.sources_limits,
]
OF_SCORES = [
    claims_leads.leads_answer,
    claims_leads.leads_findings,
    claims_leads.scores_paragraph,
    claims_leads.leads_limits,
]


@cache
def hostile():
    """Values with names from outside, one of them without any deal that was lost, one with very few."""
    deals = planted().frame("opportunities")
    names = dict(zip(["web", "referral", "fair"], HOSTILE, strict=True))
    deals["source"] = deals["source"].map(names)
    deals.loc[deals.index[:3], "source"] = ["tiny", "tiny", None]
    crm = planted(opportunities=deals)
    return won_portrait(crm), channel_conversion(crm)


def cases(plot):
    if plot is plots_leads.plot_lead_test:
        return [_little_scores()]
    portrait, found = hostile()
    return (
        [_little_sources(), found]
        if plot is plots_leads.plot_source_rates
        else [_little_portrait(), portrait]
    )


PLOTS = [plots_leads.plot_portrait, plots_leads.plot_source_rates, plots_leads.plot_lead_test,
         plots_leads.plot_open_opportunity]  # fmt: skip


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.__name__)
def test_pictures_are_readable(plot):
    before = dict(matplotlib.rcParams)
    for result in cases(plot):
        ax = plot(result)
        title = ax.get_title(loc="left")
        assert title and not title.endswith(".") and ax.crmlib_alt.endswith(".") and len(ax.crmlib_alt) > 20
        assert not {"nan", "None", "inf"} & set(f"{title} {ax.crmlib_alt}".replace("%", " ").split())
        boxes = list(words_of(ax).items())
        assert min(text.get_fontsize() for text, _ in boxes) >= SMALL and Picture(ax).width <= 480
        assert not faults_of(ax)
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.__name__)
def test_pictures_are_drawn_on_given_axes(plot):
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5))
    assert plot(cases(plot)[0], ax=left) is left
    assert len(figure.axes) == 2 and not right.has_data() and left.crmlib_alt


def test_sentences_are_whole_and_plain():
    portrait, found = hostile()
    nothing = replace(portrait, table=portrait.table.assign(q=1.0), opportunity=portrait.opportunity.head(0))
    worse = replace(
        _little_scores(), beats_base=False,
        differences=_little_scores().differences.assign(better=False, auc_difference=-0.012),
    )  # fmt: skip
    said = [
        *(claim(result) for claim in OF_PORTRAIT for result in (_little_portrait(), portrait, nothing)),
        *(claim(result) for claim in OF_SOURCES for result in (_little_sources(), found)),
        *(claim(result) for claim in OF_SCORES for result in (_little_scores(), worse)),
    ]
    for sentence in [sentence for part in said for sentence in part]:
        assert sentence[0].isupper() or sentence[0].isdigit(), sentence
        assert sentence.endswith(".") and not {"nan", "None", "inf"} & set(sentence.split()), sentence
        for word in ("AUC", "logistic", "boosting", "baseline", "Cramer", "p-value", "bootstrap"):
            assert word not in sentence
    assert any("tossing a coin" in limit for limit in claims_leads.leads_limits(worse))
    assert "fewer pairs put right" in " ".join(claims_leads.scores_paragraph(worse))
    assert "Nothing that is known" in claims_leads.portrait_answer(nothing)[-1]


def test_figures_in_the_sentences_are_those_of_the_results():
    scores, portrait, found = _little_scores(), _little_portrait(), _little_sources()
    expected = scores.table["probability"].sum()
    assert f"about {round(expected)} " in claims_leads.leads_answer(scores)[0].replace("\u00a0", " ")
    top = portrait.opportunity[portrait.opportunity["trait"] == "region"].iloc[0]
    assert f"“{top['value']}”: {top['open']}\u00a0deals" in claims_leads.open_paragraph(portrait)[0]
    first, named = claims_leads_sources.sources_answer(found)[:2]
    assert f"{found.overall['won']:.0f} of {found.overall['decided']:.0f} decided" in first
    more = (found.table["verdict"] == "more often").tolist()
    assert [row.value in named for row in found.table.itertuples()] == more


def test_one_source_of_all_deals_is_not_said_to_have_too_few():
    sold = pd.DataFrame(
        {"opportunity_id": [f"d{i}" for i in range(80)], "stage": "x", "source": "<b>Web</b>",
         "outcome": ["won", "lost"] * 40, "created_at": "2024-01-01", "closed_at": "2024-02-01"}
    )  # fmt: skip
    found = channel_conversion(sold, as_of="2024-03-31")
    said = claims_leads_sources.sources_paragraph(found)[-1]
    assert said == "All deals have the same source, so there is nothing to compare it with."


def test_missing_results_are_skipped_visibly():
    gone = Skipped("Too few deals were decided.")
    for claim in (*OF_PORTRAIT, *OF_SOURCES, *OF_SCORES):
        assert claim(gone) in ([], ["There are no chances to win here, for the reason above."])
    assert tables_leads.open_leads_table(None, gone) is gone
    assert tables_leads.lead_ways_table(gone) is None


def test_the_list_shows_pseudonyms_and_the_likeliest_first(monkeypatch):
    monkeypatch.setenv("CRMLIB_PSEUDONYM_KEY", "a key of sixteen or more")
    crm = SimpleNamespace(config=SimpleNamespace(privacy=SimpleNamespace(pseudonyms=True)))
    table = tables_leads.open_leads_table(crm, _little_scores())
    assert table.frame["customer_id"].str.startswith("K-").all() and table.excel
    assert table.frame["chance_pct"].is_monotonic_decreasing and len(table.frame) == _little_scores().open
    words = table.frame[["speaks_for", "speaks_against"]]
    assert (words != "").any(axis=1).all() and words.stack().str.contains(r"^$|\.$").all()
    assert table.frame["deal_score"].between(1, 99).all()


def test_tables_escape_names_from_outside():
    portrait, found = hostile()
    for table in (tables_leads.portrait_table(portrait), tables_leads.sources_table(found),
                  tables_leads.opportunity_table(portrait)):  # fmt: skip
        page = table._html()
        assert "<script>" not in page and isinstance(table.frame, pd.DataFrame)
    row = tables_leads.sources_table(found).frame.set_index("source")
    assert row.loc["tiny", "against_rest"] == "too few to judge" and row.index[-1] == "(not stated)"
    assert any(
        "Too few deals to judge: “tiny”" in said for said in claims_leads_sources.sources_paragraph(found)
    )
