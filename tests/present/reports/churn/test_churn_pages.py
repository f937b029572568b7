"""The report's part on who stops: pictures that can be read, sentences that are true of their numbers."""

import re
from dataclasses import replace

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from crmlib.analyse.churn.model import fit_given_label, strongest_rule, top_at_risk
from crmlib.measure.columns import label_of
from crmlib.present.blocks import Picture
from crmlib.present.claims import claim
from crmlib.present.reports.churn import draw as plots_churn
from crmlib.present.reports.churn import say as claims_churn
from crmlib.present.reports.churn import show as tables_churn
from crmlib.present.reports.churn.say import figure_words, outcome_words, reason_words
from crmlib.present.theme import SMALL
from crmlib.schema.states import LIKELY
from tests.analyse.churn.churn_cases import driven_model, driven_shop
from tests.present.drawn import faults_of, words_of

PLOTS = [
    plots_churn.plot_model_comparison,
    plots_churn.plot_calibration,
    plots_churn.plot_lift,
    plots_churn.plot_drivers,
    plots_churn.plot_risk,
]
CLAIMS = [
    claims_churn.churn_answer,
    claims_churn.churn_findings,
    claims_churn.trust_paragraph,
    claims_churn.comparison_paragraph,
    claims_churn.calibration_paragraph,
    claims_churn.drivers_paragraph,
    claims_churn.risk_paragraph,
    claims_churn.churn_limits,
    claims_churn.churn_fine_print,
]
_NAMES = ("a very long name of a figure that does not fit any line", "<b>bold</b>", "$x^{y}$ 茶葉")
_MADE: dict[str, object] = {}


def model_of(name):
    if name not in _MADE:
        _MADE[name] = driven_model() if name == "shop" else given()
    return _MADE[name]


def given():
    """A label that was given, figures with names from outside, no revenue."""
    lot = np.random.default_rng(0)
    table = pd.DataFrame(lot.normal(size=(400, 3)), columns=list(_NAMES))
    table["plan"] = lot.choice(["<script>alert(1)</script>", "=cmd()", "year"], 400)
    label = pd.Series(lot.random(400) < 1 / (1 + np.exp(-2 * table[_NAMES[0]])), name="left")
    table["left_reason"] = label.map({True: "price"})
    return fit_given_label(table, label, candidates=["decision_tree"], outcome="ends the contract")


BOTH = pytest.mark.parametrize("name", ["shop", "given"])


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@BOTH
@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.__name__)
def test_pictures_are_readable(plot, name):
    before = dict(matplotlib.rcParams)
    ax = plot(model_of(name))
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
    assert plot(model_of("shop"), ax=left) is left
    assert len(figure.axes) == 2 and not right.has_data() and left.crmlib_alt


@BOTH
@pytest.mark.parametrize("told", CLAIMS, ids=lambda told: told.__name__)
def test_sentences_are_whole(told, name):
    for sentence in map(str, told(model_of(name))):
        assert sentence[0].isupper() or sentence[0].isdigit()
        assert sentence.endswith(".") and not {"nan", "None", "inf"} & set(sentence.split())
        for word in ("churn", "AUC", "logistic", "boosting", "baseline"):
            assert word not in sentence


def test_the_headline_names_the_strongest_plain_rule_and_says_which_way_it_went():
    model = model_of("shop")
    strongest = str(claims_churn.WAY_WORDS.term(strongest_rule(model)["model"]))
    headline = str(claims_churn.churn_findings(model)[0])
    assert (
        f"a better order than the strongest plain rule, {strongest}" in headline
        and "not shown" not in headline
    )
    none = model.differences.assign(better=False)
    lost = replace(model, differences=none, beats_baselines=False)
    headline = str(claims_churn.churn_findings(lost)[0])
    assert "is not shown to put customers in a better order" in headline and strongest in headline
    assert any("not shown" in str(limit) for limit in claims_churn.churn_limits(lost))
    assert "not shown" in plots_churn.plot_model_comparison(lost).get_title(loc="left")


def test_where_a_plain_rule_wins_headline_and_picture_say_so():
    model = model_of("shop")
    table = model.evaluation.copy()
    rule = strongest_rule(model)["model"]
    table.loc[table["model"] == rule, "auc"] = model.chosen["auc"] + 0.01
    lost = replace(model, evaluation=table, differences=model.differences.assign(better=False))
    headline = str(claims_churn.churn_findings(lost)[0])
    assert headline.endswith("Use the rule.") and str(claims_churn.WAY_WORDS.term(rule)) in headline
    title = " ".join(plots_churn.plot_model_comparison(lost).get_title(loc="left").split())
    assert title.startswith("A simple rule ranks customers as well as the forecast")


def test_figures_in_the_sentences_are_those_of_the_model():
    model = model_of("shop")
    said = " ".join(map(str, claims_churn.risk_paragraph(model))).replace("\u00a0", " ")
    assert f"about {round(model.scores.sum())} " in said
    listed = (model.scores >= LIKELY).sum()
    answer = str(claims_churn.churn_answer(model)[0]).replace("\u00a0", " ")
    assert answer.startswith(f"{listed} of {len(model.scores)} ")
    few, share = top_at_risk(model)
    ordered = model.revenue_at_risk.sort_values(ascending=False)
    assert ordered.head(few).sum() >= ordered.sum() / 2 > ordered.head(few - 1).sum()
    assert share == pytest.approx(100 * few / len(ordered))


def test_outcomes_are_spoken_of_in_plain_words():
    model = model_of("shop")
    assert str(outcome_words(model)) == "stop"
    assert str(outcome_words(model, short=False)).replace("\u00a0", " ") == "buy nothing within 48 days"
    assert str(outcome_words(model_of("given"))) == "end the contract"
    tea = replace(model, outcome="buys from tea within 30 days", stops=False)
    assert str(outcome_words(tea)) == "buy from tea"


def test_the_list_holds_the_largest_risk_first_with_reasons():
    model, shop = model_of("shop"), driven_shop()
    table = tables_churn.at_risk_table(shop, model)
    likely = model.scores.index[model.scores >= LIKELY]
    assert sorted(table.frame["customer_id"]) == sorted(likely) and 0 < len(likely) < len(model.scores)
    assert table.frame["revenue_at_risk"].is_monotonic_decreasing
    first = table.frame.iloc[0]
    assert first["reasons_apart"] == reason_words(model)[first["customer_id"]]
    assert "ordinary:" in first["reasons_apart"]


def test_the_list_shows_pseudonyms_where_they_are_asked_for(monkeypatch):
    from types import SimpleNamespace

    monkeypatch.setenv("CRMLIB_PSEUDONYM_KEY", "a key of sixteen or more")
    hidden = SimpleNamespace(config=SimpleNamespace(privacy=SimpleNamespace(pseudonyms=True)))
    table = tables_churn.at_risk_table(hidden, model_of("shop"))
    assert table.frame["customer_id"].str.startswith("K-").all()


def test_rules_in_words_cover_every_customer_once():
    model = model_of("shop")
    block = tables_churn.tree_block(model)
    assert block.frame["customers"].sum() == model.tree.loc[model.tree["depth"] == 1, "customers"].sum()
    hits = (block.frame["customers"] * block.frame["stop_share_pct"]).sum() / 100
    learnt = model.periods[model.periods["role"].isin(["learn", "test"])]
    assert hits == pytest.approx(learnt["outcomes"].tail(int(len(learnt) - 1)).sum())
    assert "No rules" in tables_churn.tree_block(replace(model, tree=pd.DataFrame()))._text()


def test_where_nobody_is_likely_to_stop_there_is_no_list_and_that_is_said():
    model = model_of("shop")
    none = replace(model, scores=model.scores * LIKELY / 2)
    assert tables_churn.at_risk_table(driven_shop(), none) is None
    said = " ".join(map(str, claims_churn.risk_paragraph(none)))
    assert "so there is no list" in said and "Not on it" not in said


def test_names_from_outside_do_no_harm():
    model = model_of("given")
    for block in (tables_churn.at_risk_table(driven_shop(), model), tables_churn.tree_block(model),
                  tables_churn.refused_table(model), tables_churn.comparison_table(model)):  # fmt: skip
        assert "<script" not in block._html() and "<b>bold" not in block._html()
    assert list(model.refused.index) == ["left_reason"]


def test_picture_and_sentence_name_the_same_driver():
    """The figure with the largest loss may be the one that chance explains."""
    rows = [("recency_days", 0.03, -0.01, 0.06, "more"), ("spend_90d", 0.02, 0.01, 0.03, "less")]
    table = pd.DataFrame(rows, columns=["indicator", "auc_loss", "low", "high", "direction"])
    model = replace(driven_model(), drivers=table)
    said = str(claims_churn.drivers_paragraph(model)[0])
    title = " ".join(plots_churn.plot_drivers(model).get_title(loc="left").split())
    assert "spend in 90 days" in said.replace("\u00a0", " ") and title.rstrip(".") == said.rstrip(".")


def test_figures_that_are_known_only_as_of_today_are_named_as_a_limit():
    """Consent, industry and the like have no history: at the earlier cut-offs they are what they became."""
    plain = " ".join(map(str, claims_churn.churn_limits(driven_model())))
    assert "keep no history" not in plain
    model = replace(driven_model(), features=["recency_days", "has_email_consent", "age_years"])
    said = " ".join(map(str, claims_churn.churn_limits(model)))
    named = said.partition("in the test too: ")[2].partition(".")[0]
    assert named == label_of("has_email_consent").lower()
    undated = claims_churn.churn_limits(replace(model, horizon_days=None))
    assert "keep no history" not in " ".join(map(str, undated))


def test_who_is_likely_to_stop_is_not_told_that_nothing_stands_out():
    model = model_of("shop")
    model = replace(model, reason_table=model.reason_table.iloc[:0])
    said, likely = reason_words(model), model.scores > model.scores.mean()
    assert set(said[likely]) == {str(claim("churn-reason-several"))}
    assert set(said[~likely]) == {str(claim("churn-reason-nothing"))}


def test_rules_in_words_say_the_units_of_their_limits():
    rules = tables_churn.tree_block(model_of("shop")).frame["rule"].str.cat(sep=" ")
    assert not re.search(r"\d.ratio| -1 to 1|-\d", rules)
    assert figure_words("spend_90d", 18.0, currency="EUR") == "EUR\u00a018"
    assert figure_words("irregularity", 1.4) == "1.4"


def test_how_it_was_tested_is_said_where_no_later_time_is_known():
    model = model_of("given")
    assert "No later time could be tested" in str(claims_churn.trust_paragraph(model)[0])
    later = replace(model, tested_later=True)
    assert "was tested on the later ones" in str(claims_churn.trust_paragraph(later)[0])
