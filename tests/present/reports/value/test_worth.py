"""Customer value in words, pictures and tables: true to the numbers, readable, without a secret in it."""

import re
from functools import cache
from types import SimpleNamespace

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from crmlib import indicator_catalogue
from crmlib.analyse.value.pareto import customer_value, pareto
from crmlib.analyse.value.scorecard import reason_pairs, topic_lifts, value_scorecard, workspace_scorecard
from crmlib.prepare.config.parts import PrivacyConfig
from crmlib.prepare.privacy import KEY_VARIABLE
from crmlib.present.blocks import Picture
from crmlib.present.numbers import count, percent
from crmlib.present.reports.value import draw, say, show
from crmlib.present.reports.value.say import reason_words
from crmlib.present.theme import SMALL
from tests.present.drawn import drawn, faults_of, words_of
from tests.present.report_samples import CANARIES, SHOPS, customers_of

NAMES = [*SHOPS, "steep", "flat", "equal", "refunds", "wobbly"]


@cache
def curve_of(name):
    if name in SHOPS:
        return pareto(customer_value(customers_of(name)))
    random = np.random.default_rng(0)
    values = {
        "steep": random.pareto(0.9, 300),
        "flat": random.uniform(9, 11, 300),
        "equal": np.full(40, 5.0),
        "refunds": np.r_[random.gamma(1, 10, 60), -5.0, -3.0, 0.0, np.nan],
        "wobbly": random.lognormal(0, 1.7, 400),
    }[name]
    return pareto(pd.Series(values, name="margin_total"))


@cache
def card_of(name):
    if name in SHOPS:
        return workspace_scorecard(SHOPS[name](), customers_of(name))
    random = np.random.default_rng(1)
    figures = pd.DataFrame(random.random((50, 3)), columns=["spend_total", "tenure_days", "recency_days"])
    weights = {"spend_total": 1, "tenure_days": 1, "recency_days": 1} if name == "wobbly" else None
    return value_scorecard(figures.mask(random.random(figures.shape) < 0.3), weights=weights)


def told(claims):
    return [str(claim) for claim in claims]


def paragraphs(name):
    curve, card = curve_of(name), card_of(name)
    yield from (told(say.worth_answer(curve, card)), told(say.worth_limits(curve, card)))
    yield told(say.pareto_paragraph(curve))
    yield told([*say.score_paragraph(card), *say.weights_paragraph(card)])
    yield told(say.stability_paragraph(card))


PLOTS = [
    (draw.plot_pareto, curve_of),
    (draw.plot_score_profile, card_of),
    (draw.plot_rank_stability, card_of),
]
EVERY_NAME = pytest.mark.parametrize("name", NAMES)
DRAWN = [
    (plot, result, name)
    for plot, result in PLOTS
    for name in NAMES
    if result is curve_of or name in (*SHOPS, "steep", "wobbly")
]
EVERY_PLOT = pytest.mark.parametrize(
    ("plot", "result", "name"), DRAWN, ids=[f"{plot.__name__}-{name}" for plot, _, name in DRAWN]
)


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@EVERY_NAME
def test_sentences_are_whole_short_of_digits_and_without_secrets(name):
    for sentences in paragraphs(name):
        assert sentences
        for sentence in sentences:
            assert sentence[-1] == "." and (sentence[0].isupper() or sentence[0].isdigit()), sentence
            assert not re.search(r"\bnan\b|\bNone\b|\binf\b|  |\.\.|,\.|_", sentence), sentence
            assert not re.search(r"\bC\d{3}\b|gini|pareto|bootstrap|spearman|monte", sentence, re.IGNORECASE)
            for figure in re.findall(r"\d[\d,.]*\d|\d", sentence.replace("80/20", "")):
                whole = re.fullmatch(r"\d,\d{3}", figure.strip(".,"))
                assert whole or len(re.sub(r"[.,]", "", figure).strip("0")) <= 3, sentence


@EVERY_PLOT
def test_a_picture_is_described_readable_and_inside_its_frame(plot, result, name):
    seen = drawn(plot, result, name)
    ax = seen.ax
    title = ax.get_title(loc="left")
    assert ax.crmlib_alt.endswith(".") and len(ax.crmlib_alt) > 20 and title and not title.endswith(".")
    assert not {"nan", "None", "inf"} & set(f"{title} {ax.crmlib_alt}".replace("%", " ").split())
    boxes = list(seen.words.items())
    assert min(text.get_fontsize() for text, _ in boxes) >= SMALL and seen.picture.width <= 480
    assert not faults_of(ax)


@pytest.mark.parametrize(("plot", "result"), PLOTS, ids=[plot.__name__ for plot, _ in PLOTS])
def test_a_picture_is_drawn_on_given_axes_and_the_same_each_time(plot, result):
    before = dict(matplotlib.rcParams)
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5))
    assert plot(result("shop"), ax=left) is left
    assert len(figure.axes) == 2 and not right.has_data() and dict(matplotlib.rcParams) == before
    assert Picture(plot(result("shop"))).image == drawn(plot, result, "shop").picture.image


def test_the_answer_on_80_20_is_true():
    curve = curve_of("shop")
    spend = customers_of("shop")["spend_total"]
    spend = spend[customers_of("shop")["order_count"] > 0].clip(lower=0).sort_values(ascending=False)
    share = 100 * np.interp(0.2 * len(spend), range(len(spend) + 1), np.r_[0, spend.cumsum()]) / spend.sum()
    first = told(say.worth_answer(curve, card_of("shop")))[0]
    assert percent(share) in first and f"{count(len(spend))}\u00a0customer{'s' * (len(spend) != 1)}" in first
    assert "80/20 is true here" in first and curve.says_80_20 == "yes"
    card = card_of("shop")
    assert "80/20 is not true here" in told(say.worth_answer(curve_of("flat"), card))[0]
    few = pareto(pd.Series([1.0] * 90 + [0.0] * 910))
    assert "less evenly spread than 80/20" in told(say.worth_answer(few, card))[0]
    assert "cannot be told" in told(say.worth_answer(curve_of("wobbly"), card))[0]
    steep = pareto(pd.Series([100.0] * 200 + [5.0] * 800))
    assert "80/20 is true" in told(say.worth_answer(steep, card))[0]


def test_classes_in_words_and_table_agree():
    curve = curve_of("shop")
    table = show.class_table(curve).frame.set_index("class")
    listed = int(table.loc["A", "customers"])
    assert f"{count(listed)}\u00a0customer{'s' * (listed != 1)}" in told(say.pareto_paragraph(curve))[1]
    assert table.loc["A", "each"] == pytest.approx(
        table.loc["A", curve.measure] / table.loc["A", "customers"]
    )
    assert "Net spend (EUR)" in show.class_table(curve)._text()


def test_who_sent_more_back_is_spoken_of():
    said = " ".join(
        told(say.pareto_paragraph(curve_of("refunds")))
        + told(say.worth_limits(curve_of("refunds"), card_of("shop")))
    )
    assert "2\u00a0customers have sent back more than was bought, 8 in all" in said
    assert "1\u00a0customer brings exactly 0" in said and "without a known value" in said


def test_nobody_is_said_to_bring_nothing():
    assert told(say.worth_answer(curve_of("nobody"), card_of("nobody"))) == [
        "Of no customer net spend is known."
    ]
    assert "cannot be scored" in told(say.score_paragraph(card_of("nobody")))[0]
    nothing = pareto(pd.Series([0.0, -2.0], name="spend_total"))
    assert "nothing to share out" in told(say.worth_answer(nothing, card_of("shop")))[0]


def test_missing_data_are_named_by_their_topic():
    said = " ".join(told(say.worth_limits(curve_of("shop"), card_of("shop"))))
    assert "not in the score: margin" in said and "amounts that grow" not in said


def test_stability_is_told_as_it_is():
    card = card_of("shop")
    for low, words in ((90, "does not hang"), (70, "near the border"), (20, "agree on them")):
        table = card.rank_stability.assign(low=low)
        assert words in told(say.stability_paragraph(SimpleNamespace(rank_stability=table)))[-1]


def test_the_pictures_show_the_intervals():
    curve = curve_of("shop")
    lines = [line.get_xydata().tolist() for line in draw.plot_pareto(curve).lines]
    assert [[20, curve.top20_share_pct[1]], [20, curve.top20_share_pct[2]]] in lines
    card = card_of("shop")
    ends = [list(line.get_xdata()) for line in draw.plot_rank_stability(card).lines[::2]]
    assert ends == card.rank_stability[["low", "high"]].to_numpy().tolist()
    bars = draw.plot_score_profile(card).patches
    assert [bar.get_width() for bar in bars] == topic_lifts(card)["mean"].head(len(bars)).tolist()


def test_the_list_of_the_best_is_in_order_and_gives_reasons():
    card = card_of("shop")
    frame = show.top_customers_table(SHOPS["shop"](), card, customers_of("shop"), most=20).frame
    assert len(frame) == 20 and frame["score"].is_monotonic_decreasing
    assert frame["score"].iloc[0] == card.scores["total"].max()
    assert frame["reasons"].str.len().gt(0).all() and not frame["reasons"].str.contains("_").any()
    assert not any(value in frame.to_string() for value in CANARIES.values())
    order = card.scores["total"].sort_values(ascending=False, kind="stable").index[:20]
    assert frame["spend_total"].tolist() == customers_of("shop")["spend_total"][order].tolist()


def test_the_list_of_the_best_hides_ids_where_it_is_asked_to(monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "a key of sixteen or more")
    config = SimpleNamespace(privacy=PrivacyConfig(pseudonyms=True))
    table = show.top_customers_table(SimpleNamespace(config=config, currency="EUR"), card_of("shop"))
    assert table.frame["customer_id"].str.startswith("K-").all()
    assert not re.search(r"\bC\d{3}\b", table._html())


def test_who_is_hardly_known_is_not_listed():
    figures = pd.DataFrame({"spend_total": [1.0, 2.0, np.nan], "recency_days": [9.0, 5.0, np.nan],
                            "tenure_days": [1.0, 2.0, 9.0]}, index=["a", "b", "thin"])  # fmt: skip
    card = value_scorecard(figures)
    frame = show.top_customers_table(SimpleNamespace(config=None, currency=""), card).frame
    assert frame["customer_id"].tolist() == ["b", "a"]
    assert "1\u00a0customer has less than half of the weight known" in " ".join(
        told(say.weights_paragraph(card))
    )


@EVERY_NAME
def test_tables_and_figures_can_be_shown(name):
    curve, card = curve_of(name), card_of(name)
    crm = SimpleNamespace(config=None, currency="EUR")
    for block in (
        show.worth_figures(curve, card),
        show.class_table(curve),
        show.top_customers_table(crm, card),
        show.weights_table(card),
    ):
        assert set(block._repr_mimebundle_()) and "nan" not in block._text().split()


def test_the_weights_table_holds_every_indicator_once():
    card = card_of("shop")
    frame = show.weights_table(card).frame
    assert frame["indicator"].is_unique and set(frame["indicator"]) == set(card.weights.index)
    assert frame["weight"].sum() == pytest.approx(100)
    assert (frame["weight"].isna() == frame["why"].ne("")).all()


def test_the_catalogue_says_what_is_known_here_and_why_not():
    frame = show.catalogue_table(SHOPS["shop"](), customers_of("shop")).frame.set_index("indicator")
    assert list(frame.index) == indicator_catalogue()["name"].tolist()
    assert (frame["here"] == "yes").sum() == customers_of("shop").shape[1]
    assert ((frame["here"] == "yes") == (frame["why"] == "")).all()
    assert "cost_amount" in frame.loc["margin_total", "why"]
    assert (
        frame.loc["spend_total", "unit"] == "EUR" and frame.loc["recency_days", "better"] == "less is better"
    )


def test_a_reason_of_any_indicator_is_words():
    for name in indicator_catalogue()["name"]:
        for way in ("high", "low"):
            said = reason_words([(name, way)])
            assert "_" not in said and 3 < len(said) < 70


def test_what_the_classes_bring_is_what_they_bring():
    """Of equal customers all are class A and bring everything, not the first 80 %; one large one may bring 94 %."""
    assert "they bring 100\u00a0%." in told(say.pareto_paragraph(curve_of("equal")))[1]
    alone = pareto(pd.Series([94.0, *[0.2] * 30], name="spend_total"))
    assert "they bring 94\u00a0% and class B 6\u00a0%." in told(say.pareto_paragraph(alone))[1]
    most = pareto(pd.Series([70.0, 24.0, *[0.75] * 8], name="spend_total"))  # 2 of 10, and they bring 94 %
    assert not any("bring 80" in text.get_text() for text in words_of(draw.plot_pareto(most)))


def test_a_rank_is_not_told_as_a_rise():
    """Where everybody spends less, the one who loses least stands highest and yet does not grow."""
    figures = pd.DataFrame({"spend_trend": [-0.1, -0.5, -0.9], "gap_overdue_ratio": [3.0, 5.0, 9.0]})
    pairs = score_reasons_of(figures)
    assert "growing" not in reason_words(pairs) and "within the usual gap" not in reason_words(pairs)


def score_reasons_of(figures):
    return reason_pairs(value_scorecard(figures)).iloc[0]
