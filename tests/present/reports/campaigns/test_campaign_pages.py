"""The report on campaigns: pictures that can be read, sentences that are true of their numbers."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from crmlib.analyse.campaigns.comparison import Difference
from crmlib.analyse.campaigns.effect import campaign_effect, campaign_summary, main_campaign
from crmlib.present.blocks import Picture, Skipped
from crmlib.present.reports.campaigns import draw as plots_campaigns
from crmlib.present.reports.campaigns import say as claims_campaigns
from crmlib.present.reports.campaigns import show as tables_campaigns
from crmlib.present.theme import SMALL
from tests.analyse.campaigns.cases import crm_of, effect_of, shop
from tests.measure.test_campaign_spend import ledger
from tests.measure.test_campaign_spend import shop as little_shop
from tests.present.drawn import faults_of, words_of

ALL = [plots_campaigns.plot_responses, plots_campaigns.plot_effects]
ONE = [plots_campaigns.plot_balance, plots_campaigns.plot_who_responds]
CLAIMS_OF_ALL = [
    claims_campaigns.campaigns_answer,
    claims_campaigns.responses_paragraph,
    claims_campaigns.effects_paragraph,
]
CLAIMS_OF_ONE = [
    claims_campaigns.campaign_paragraph,
    claims_campaigns.balance_paragraph,
    claims_campaigns.groups_paragraph,
]
_HOSTILE = ["=cmd()|' /C calc'!A0", "<script>alert(1)</script>", "$x^{y}$ 茶葉 " + "long " * 20]
_MADE: dict[str, object] = {}


def summary_of(name):
    """Campaigns: "one" with a control group; "many" with every verdict; "little" with few customers and no answers."""
    if name not in _MADE:
        contacts = ledger()["campaign_contacts"].drop(columns="responded_at")
        one = campaign_summary(crm_of(shop(customers=200, effect=20)))
        made = {
            "one": one,
            "little": campaign_summary(little_shop(campaign_contacts=contacts)),
            "many": _many(one),
        }
        _MADE.update(made)
    return _MADE[name]


def _many(one):
    verdicts = ["more spend", "less spend", "no difference seen", "could be chance", "not trusted"] * 4
    rows = [one.table.iloc[0].to_dict() | {"campaign_id": str(i), "name": [*_HOSTILE, None][i % 4],
            "verdict": verdict, "effect": 5.0 - i, "effect_low": -40.0 - i, "effect_high": 60.0 - 3 * i,
            "comparison": "matched customers", "everyone": 200.0, "contacted": 20 + i, "is_over": i != 3,
            "doubt": "unlike" if verdict == "not trusted" else ""} for i, verdict in enumerate(verdicts)]  # fmt: skip
    none = {"effect": np.nan, "comparison": "none", "verdict": "too few", "reason": "few inside"}
    return replace(one, table=pd.DataFrame([*rows, rows[0] | none | {"campaign_id": "none"}]))


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


CASES = [
    *[(plot, summary_of, name) for plot in ALL for name in ("one", "many", "little")],
    *[(plot, effect_of, name) for plot in ONE for name in ("control", "matched", "small")],
]


@pytest.mark.parametrize(("plot", "result", "name"), CASES, ids=[f"{p.__name__}-{n}" for p, _, n in CASES])
def test_pictures_are_readable(plot, result, name):
    ax = plot(result(name))
    title = ax.get_title(loc="left")
    assert title and not title.endswith(".") and ax.crmlib_alt.endswith(".") and len(ax.crmlib_alt) > 20
    assert not {"nan", "None", "inf"} & set(f"{title} {ax.crmlib_alt}".replace("%", " ").split())
    boxes = list(words_of(ax).items())
    assert min(text.get_fontsize() for text, _ in boxes) >= SMALL and Picture(ax).width <= 480
    assert not faults_of(ax)


@pytest.mark.parametrize(
    ("plot", "result"), [*[(p, summary_of) for p in ALL], *[(p, effect_of) for p in ONE]]
)
def test_pictures_are_drawn_on_given_axes(plot, result):
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5))
    assert plot(result("one" if result is summary_of else "control"), ax=left) is left
    assert len(figure.axes) == 2 and not right.has_data()


@pytest.mark.parametrize("name", ["one", "many", "little"])
def test_sentences_on_all_campaigns_are_whole(name):
    summary = summary_of(name)
    said = [sentence for claim in CLAIMS_OF_ALL for sentence in claim(summary)]
    said += claims_campaigns.campaigns_findings(summary, effect_of("control"))
    whole(said + claims_campaigns.campaigns_limits(summary, effect_of("control")))


@pytest.mark.parametrize("name", ["control", "matched", "none", "small"])
def test_sentences_on_one_campaign_are_whole(name):
    whole([sentence for claim in CLAIMS_OF_ONE for sentence in claim(effect_of(name))])


def said_of(claims):
    return " ".join(map(str, claims)).replace("\u00a0", " ")


def whole(sentences):
    for sentence in map(str, sentences):
        assert sentence[0].isupper() or sentence[0].isdigit() or sentence.startswith("“"), sentence
        assert sentence.endswith(".") and not sentence.endswith(".."), sentence
        assert not {"nan", "None", "inf"} & set(sentence.replace("\u00a0", " ").split()), sentence
        for word in ("propensity", "CUPED", "Welch", "Wilson", "placebo", "p-value", "not known not known"):
            assert word not in sentence


def test_the_answer_counts_the_verdicts():
    many = claims_campaigns.campaigns_answer(summary_of("many"))
    counted = "Of 16 campaigns that could be judged, 4 are shown to have brought more spend and 4 less"
    assert counted in said_of(many[1:2])
    none = summary_of("one").table.assign(verdict="no difference seen")
    said = claims_campaigns.campaigns_answer(replace(summary_of("one"), table=none))
    assert str(said[0]) == (
        "The one campaign that could be judged is not shown to have changed what customers spent."
    )
    little = claims_campaigns.campaigns_answer(summary_of("little"))
    assert "could not be judged" in str(little[0]) and "who answered is not known" in str(little[1])
    empty = replace(summary_of("one"), table=summary_of("one").table.iloc[:0])
    assert said_of(claims_campaigns.campaigns_answer(empty)) == "Nobody has been contacted by a campaign yet."
    for claim in CLAIMS_OF_ALL:
        whole(claim(empty))


@pytest.mark.parametrize("name", ["one", "many", "little"])
def test_the_answer_is_short_and_ends_in_what_to_do(name):
    said = claims_campaigns.campaigns_answer(summary_of(name))
    assert len(said) <= 3
    if name != "many":  # its names are as long as twenty words
        assert len(said_of(said).split()) <= 60
    assert str(said[-1]).startswith(("Repeat", "Do not repeat", "Leave", "Change"))


def test_the_answer_leads_with_the_largest_effect_that_is_shown():
    table = summary_of("many").table
    total = (
        table["total"].where(table["campaign_id"] != "5", 1e6).where(table["verdict"] != "not trusted", 1e9)
    )
    summary = replace(summary_of("many"), table=table.assign(total=total))
    best = claims_campaigns.campaigns_answer(summary)[0]
    assert main_campaign(summary) == "5" and best.facts["effect"].at == "campaigns.effect[5]"


def test_campaigns_without_an_answer_are_said_once_and_count_for_no_share():
    table = summary_of("one").table
    silent = table.assign(
        campaign_id="silent", name="Letter", responded=0, response_pct=0.0, verdict="not trusted"
    )
    summary = replace(summary_of("one"), table=pd.concat([table, silent, silent], ignore_index=True))
    said = [str(claim) for make in CLAIMS_OF_ALL[1:] for claim in make(summary)]
    about = [sentence for sentence in said if "not one answer on record" in sentence]
    assert len(about) == 1 and about[0].startswith("2\u00a0campaigns have") and "Letter" in about[0]
    facts = claims_campaigns.answer_facts(summary.table)
    assert facts["contacts"].value == table["contacted"].sum()
    assert facts["share"].value == pytest.approx(table["response_pct"].iloc[0])
    title = plots_campaigns.plot_responses(summary).get_title(loc="left")
    assert str(facts["share"]) in title


def test_figures_in_the_sentences_are_those_of_the_result():
    effect = effect_of("control")
    said = said_of(claims_campaigns.campaign_paragraph(effect))
    money, response = effect.money.iloc[0], effect.response
    assert f"{response.responded} of {response.contacted} customers contacted answered" in said
    assert f"EUR {money['effect']:.1f} a customer more than the control group" in said
    assert "It cost EUR 600" in said and f"comes to EUR {money['gain']:,.0f}"[:17] in said


def test_the_matched_comparison_says_that_it_is_weaker_and_what_the_trial_shows():
    effect = effect_of("matched")
    said = said_of(claims_campaigns.balance_paragraph(effect))
    assert "found a partner" in said and "in line with none" in said
    moved = replace(effect.trial, chosen=Difference.of(9.0, 1.0, 50.0))
    doubted = replace(effect, judgement=replace(effect.judgement, trial=moved, doubt="differed before"))
    assert "the groups differed already" in said_of(claims_campaigns.balance_paragraph(doubted))
    assert "not to be trusted" in said_of(claims_campaigns.campaign_paragraph(doubted))
    assert "when there can be none" in said_of(claims_campaigns.campaign_paragraph(doubted))
    assert "weaker evidence" in said_of(claims_campaigns.campaign_paragraph(effect))
    summary = campaign_summary(crm_of(shop(effect=20, control=False, confounded=True)))
    assert "weaker evidence" in said_of(claims_campaigns.effects_paragraph(summary))


def test_a_difference_that_is_not_shown_is_not_said_to_be_none():
    said = said_of(claims_campaigns.campaign_paragraph(effect_of("none")))
    assert "are not shown to have spent more or less than the control group" in said


def test_a_campaign_that_runs_says_up_to_when_it_is_judged():
    early = campaign_effect(crm_of(shop(effect=20, customers=200), as_of="2024-05-20"), "may")
    assert "judged up to 20 May 2024" in said_of(claims_campaigns.campaign_paragraph(early))


def test_without_a_column_of_answers_that_is_said():
    contacts = ledger()["campaign_contacts"].drop(columns="responded_at")
    found = campaign_effect(little_shop(campaign_contacts=contacts), "spring")
    assert "who answered is not known" in said_of(claims_campaigns.campaign_paragraph(found))
    assert "no day of an answer" in said_of(claims_campaigns.responses_paragraph(summary_of("little")))


def test_names_from_outside_do_no_harm():
    crm, many, effect = crm_of(shop(customers=40)), summary_of("many"), effect_of("control")
    blocks = [
        tables_campaigns.campaigns_table(crm, many),
        tables_campaigns.effects_table(crm, many),
        tables_campaigns.groups_table(crm, effect),
        tables_campaigns.ways_table(effect),
        tables_campaigns.alike_table(effect),
        tables_campaigns.campaigns_figures(many, effect),
    ]
    for block in blocks:
        html = block._html()
        assert "<script" not in html and "<b>offer" not in html and block._text()
    assert len(blocks[0].frame) == len(many.table) == len(blocks[1].frame)


def test_what_is_missing_is_skipped():
    gone = Skipped("campaign_contacts is missing.", table="campaign_contacts")
    effect = effect_of("control")
    assert claims_campaigns.campaigns_answer(gone) == [claims_campaigns.NO_CAMPAIGNS]
    assert claims_campaigns.groups_paragraph(gone) == []
    assert claims_campaigns.campaigns_limits(gone, effect) == []
    assert tables_campaigns.campaigns_figures(gone, effect) is gone
    assert tables_campaigns.alike_table(gone) is None
