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
from crmlib.present import messages
from crmlib.present.blocks import Picture, Skipped
from crmlib.present.reports.leads import draw, say, show
from crmlib.present.reports.voice import draw as draw_voice
from crmlib.present.reports.voice import say as say_voice
from crmlib.present.reports.voice import show as show_voice
from crmlib.present.theme import SMALL
from tests.analyse.pipeline.lead_cases import planted
from tests.analyse.pipeline.little import little_concerns, little_portrait, little_scores, little_sources
from tests.present.drawn import faults_of, words_of
from tests.present.reports.greek import greek, latin_letters  # noqa: F401

HOSTILE = [
    "<script>alert(1)</script>",
    "=cmd()|' /C calc'!A0",
    "$x^{y}$ 茶葉 a very long name that fits no line",
]
OF_PORTRAIT = [
    say.portrait_answer,
    say.portrait_paragraph,
    say.open_paragraph,
]
OF_SOURCES = [
    say.sources_answer,
    say.sources_findings,
    say.sources_paragraph,
    say.sources_limits,
]
OF_SCORES = [
    say.leads_answer,
    say.leads_findings,
    say.scores_paragraph,
    say.first_group,
    say.leads_limits,
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
    if plot is draw.plot_lead_test:
        return [little_scores()]
    portrait, found = hostile()
    return [little_sources(), found] if plot is draw.plot_source_rates else [little_portrait(), portrait]


PLOTS = [draw.plot_portrait, draw.plot_source_rates, draw.plot_lead_test,
         draw.plot_open_opportunity]  # fmt: skip


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
        little_scores(), beats_base=False,
        differences=little_scores().differences.assign(better=False, auc_difference=-0.012),
    )  # fmt: skip
    said = [
        *(claim(result) for claim in OF_PORTRAIT for result in (little_portrait(), portrait, nothing)),
        *(claim(result) for claim in OF_SOURCES for result in (little_sources(), found)),
        *(claim(result) for claim in OF_SCORES for result in (little_scores(), worse)),
    ]
    for sentence in [str(sentence) for part in said for sentence in part]:
        assert sentence[0].isupper() or sentence[0].isdigit(), sentence
        assert sentence.endswith(".") and not {"nan", "None", "inf"} & set(sentence.split()), sentence
        for word in ("AUC", "logistic", "boosting", "baseline", "Cramer", "p-value", "bootstrap"):
            assert word not in sentence
    assert any("tossing a coin" in str(limit) for limit in say.leads_limits(worse))
    assert "fewer pairs put right" in " ".join(map(str, say.scores_paragraph(worse)))
    assert "Nothing that is known" in str(say.portrait_answer(nothing)[-1])


def test_what_a_champion_is_worth_is_told_where_it_is_more_than_chance():
    table = pd.DataFrame(
        {"trait": "champion", "value": ["yes", "no"], "q": 0.001, "lift": [1.3, 0.9],
         "win_rate_pct": [45.0, 32.0], "open": [7, 12]}
    )  # fmt: skip
    (told,) = say.roles_finding(SimpleNamespace(table=table))
    assert "45\u00a0% of deals were won, without one 32\u00a0%: look for one in the 12 open deals" in str(
        told
    )
    chance, against = table.assign(q=0.5), table.assign(lift=[0.9, 1.3])
    assert [say.roles_finding(SimpleNamespace(table=one)) for one in (chance, against)] == [[], []]
    assert say.roles_finding(Skipped("No deals.")) == []


def test_figures_in_the_sentences_are_those_of_the_results():
    scores, portrait, found = little_scores(), little_portrait(), little_sources()
    expected = scores.table["probability"].sum()
    assert f"About {round(expected)} " in str(say.leads_answer(scores)[0]).replace("\u00a0", " ")
    top = portrait.opportunity[portrait.opportunity["trait"] == "region"].iloc[0]
    assert f"“{top['value']}”: {top['open']}\u00a0deals" in str(say.open_paragraph(portrait)[0])
    first, named = map(str, say.sources_answer(found)[:2])
    assert f"{found.overall['won']:.0f} of {found.overall['decided']:.0f} decided" in first
    more = (found.table["verdict"] == "more_often").tolist()
    assert [row.value in named for row in found.table.itertuples()] == more


def test_one_source_of_all_deals_is_not_said_to_have_too_few():
    sold = pd.DataFrame(
        {"opportunity_id": [f"d{i}" for i in range(80)], "stage": "x", "source": "<b>Web</b>",
         "outcome": ["won", "lost"] * 40, "created_at": "2024-01-01", "closed_at": "2024-02-01"}
    )  # fmt: skip
    found = channel_conversion(sold, as_of="2024-03-31")
    said = say.sources_paragraph(found)[-1]
    assert str(said) == "All deals have the same source, so there is nothing to compare it with."


def test_missing_results_are_skipped_visibly():
    gone = Skipped("Too few deals were decided.")
    for claim in (*OF_PORTRAIT, *OF_SOURCES, *OF_SCORES):
        assert claim(gone) == []
    assert show.open_leads_table(None, gone) is gone
    assert show.lead_ways_table(gone) is None


def test_the_list_shows_pseudonyms_and_the_likeliest_first(monkeypatch):
    monkeypatch.setenv("CRMLIB_PSEUDONYM_KEY", "a key of sixteen or more")
    crm = SimpleNamespace(config=SimpleNamespace(privacy=SimpleNamespace(pseudonyms=True)))
    table = show.open_leads_table(crm, little_scores())
    assert table.frame["customer_id"].str.startswith("K-").all() and table.excel
    assert table.frame["chance_pct"].is_monotonic_decreasing and len(table.frame) == little_scores().open
    words = table.frame[["speaks_for", "speaks_against"]]
    assert (words != "").any(axis=1).all() and words.stack().str.contains(r"^$|\.$").all()
    assert table.frame["deal_score"].between(1, 99).all()


def test_tables_escape_names_from_outside():
    portrait, found = hostile()
    for table in (show.portrait_table(portrait), show.sources_table(found),
                  show.opportunity_table(portrait)):  # fmt: skip
        page = table._html()
        assert "<script>" not in page and isinstance(table.frame, pd.DataFrame)
    row = show.sources_table(found).frame.set_index("source")
    assert row.loc["tiny", "against_rest"] == "too few to judge" and row.index[-1] == "not stated"
    assert any("Too few deals to judge: “tiny”" in str(said) for said in say.sources_paragraph(found))


def beside(*, low, high):
    """The scores of the examples as if the strongest plain rule came so near to them among the first tenth."""
    scores = little_scores()
    table = scores.differences.assign(lift_top_decile_difference=3.0, lift_top_decile_low=2.0)
    of_age = table["baseline"] == "age_alone"
    names = ["lift_top_decile_difference", "lift_top_decile_low", "lift_top_decile_high"]
    table.loc[of_age, names] = [(low + high) / 2, low, high]
    return replace(scores, differences=table)


@pytest.mark.parametrize(
    ("low", "high", "key"),
    [
        (0.01, 0.1, "leads-finding-rule-beaten"),
        (-0.05, 0.05, "leads-finding-rule-equal"),
        (-0.2, -0.1, "leads-finding-rule-wins"),
    ],
)
def test_the_headline_names_the_strongest_plain_rule_and_says_if_it_wins(low, high, key):
    (said,) = say.leads_findings(beside(low=low, high=high))
    assert said.key == key and "the days since a deal was opened alone" in str(said)
    first = little_scores().tenths["won_pct"].iloc[0]
    assert (
        said.facts["won"].value
        == draw.plot_lead_test(little_scores()).crmlib_claims[0].facts["won"].value
        == first
    )


def test_what_a_reader_cannot_read_is_no_headline():
    told = little_concerns()
    one = told.themes.drop(columns="theme").assign(topic="見積もり, 高い", difference=5.0)
    foreign = replace(told, topics=one.assign(language="Japanese"))
    said = [
        *say.concerns_findings(foreign),
        *say_voice.concerns_paragraph(foreign),
        draw_voice._topics_title(foreign.themes),
    ]
    assert not any("見積もり" in str(one) for one in said)
    assert "見積もり, 高い" in show_voice.topics_table(foreign).frame["topic"].tolist()
    with messages.in_language("ja"):
        assert any("見積もり" in str(one) for one in say_voice.concerns_paragraph(foreign))


def test_a_theme_of_the_workspace_itself_goes_by_its_name():
    told = little_concerns()
    own = replace(told, themes=told.themes.assign(theme="<b>carbon</b>"))
    assert "“<b>carbon</b>”" in str(say_voice.concerns_paragraph(own)[0])
    assert "<b>" not in show_voice.themes_table(own)._repr_mimebundle_()["text/html"]


def test_every_sentence_can_be_told_in_another_language(greek):  # noqa: F811
    portrait, found = hostile()
    said = [
        *(one for tell in OF_PORTRAIT for one in tell(portrait)),
        *(one for tell in OF_SOURCES for one in tell(found)),
        *(one for tell in OF_SCORES for one in tell(little_scores())),
        *say_voice.concerns_paragraph(little_concerns()),
        *say.reasons_paragraph(little_concerns()),
        *say_voice.concerns_limits(little_concerns()),
    ]
    for one in said:
        assert not latin_letters(one, greek), one.text(greek)
