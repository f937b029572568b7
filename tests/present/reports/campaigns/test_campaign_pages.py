"""The report on campaigns: pictures that can be read, sentences that are true of their numbers."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from crmlib.analyse.campaigns.effect import campaign_summary
from crmlib.analyse.campaigns.estimates import Difference
from crmlib.present.blocks import Picture, Skipped
from crmlib.present.reports.campaigns import draw as plots_campaigns
from crmlib.present.reports.campaigns import say as claims_campaigns
from crmlib.present.reports.campaigns import say as claims_campaigns_one
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
    claims_campaigns.campaigns_findings,
    claims_campaigns.responses_paragraph,
    claims_campaigns.effects_paragraph,
]
CLAIMS_OF_ONE = [
    claims_campaigns_one.campaign_paragraph,
    claims_campaigns_one.balance_paragraph,
    claims_campaigns_one.groups_paragraph,
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
            "doubt": "x" if verdict == "not trusted" else ""} for i, verdict in enumerate(verdicts)]  # fmt: skip
    none = {"effect": np.nan, "comparison": "none", "verdict": "too few to judge", "reason": "Fewer than 30."}
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
    whole(said + claims_campaigns.campaigns_limits(summary, effect_of("control")))


@pytest.mark.parametrize("name", ["control", "matched", "none", "small"])
def test_sentences_on_one_campaign_are_whole(name):
    whole([sentence for claim in CLAIMS_OF_ONE for sentence in claim(effect_of(name))])


def whole(sentences):
    for sentence in sentences:
        assert sentence[0].isupper() or sentence[0].isdigit() or sentence.startswith(("<", "=", "$")), (
            sentence
        )
        assert sentence.endswith(".") and not sentence.endswith(".."), sentence
        assert not {"nan", "None", "inf"} & set(sentence.replace("\u00a0", " ").split()), sentence
        for word in ("propensity", "CUPED", "Welch", "Wilson", "placebo", "p-value", "not known not known"):
            assert word not in sentence


def test_the_answer_counts_the_verdicts():
    many = claims_campaigns.campaigns_answer(summary_of("many"))
    assert "4 of 16 that could be judged brought extra spend" in many[1]
    assert "4 of 16 that could be judged went with less spend" in many[2]
    none = summary_of("one").table.assign(verdict="no difference seen")
    said = claims_campaigns.campaigns_answer(replace(summary_of("one"), table=none))
    assert said[-1] == "It is not shown to have changed what customers spent."
    little = claims_campaigns.campaigns_answer(summary_of("little"))
    assert "who answered is not known" in little[0] and "could not be judged" in little[1]
    empty = replace(summary_of("one"), table=summary_of("one").table.iloc[:0])
    assert claims_campaigns.campaigns_answer(empty) == ["Nobody has been contacted by a campaign yet."]
    for claim in CLAIMS_OF_ALL:
        whole(claim(empty))


def test_figures_in_the_sentences_are_those_of_the_result():
    effect = effect_of("control")
    said = " ".join(claims_campaigns_one.campaign_paragraph(effect)).replace("\u00a0", " ")
    money, response = effect.money.iloc[0], effect.response
    assert f"{response.responded} of {response.contacted} customers contacted answered" in said
    assert f"+EUR {money['effect']:.1f} a customer against the control group" in said
    assert "It cost EUR 600" in said and f"comes to +EUR {money['gain']:,.0f}"[:18] in said


def test_the_matched_comparison_says_that_it_is_weaker_and_what_the_trial_shows():
    effect = effect_of("matched")
    said = " ".join(claims_campaigns_one.balance_paragraph(effect))
    assert "found a partner" in said and "in line with none" in said
    moved = replace(effect.trial, chosen=Difference.of(9.0, 1.0, 50.0))
    doubted = replace(effect, judgement=replace(effect.judgement, trial=moved, doubt="the groups differed"))
    assert "the groups differed already" in " ".join(claims_campaigns_one.balance_paragraph(doubted))
    assert "not to be trusted" in " ".join(claims_campaigns_one.campaign_paragraph(doubted))
    summary = campaign_summary(crm_of(shop(effect=20, control=False, confounded=True)))
    assert "weaker evidence" in " ".join(claims_campaigns.effects_paragraph(summary))


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
    assert claims_campaigns_one.groups_paragraph(gone) == []
    assert claims_campaigns.campaigns_limits(gone, effect) == []
    assert tables_campaigns.campaigns_figures(gone, effect) is gone
    assert tables_campaigns.alike_table(gone) is None
