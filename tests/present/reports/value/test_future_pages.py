"""Pictures, sentences and tables of purchases to come: readable, whole, and true of the numbers beside them."""

import re
from dataclasses import replace
from functools import cache

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from crmlib.analyse.lifetime import history
from crmlib.analyse.lifetime.choice import RATE_KINDS
from crmlib.analyse.lifetime.future import future_contribution
from crmlib.present.blocks import Picture
from crmlib.present.numbers import count, date, money, percent
from crmlib.present.reports.value import ahead as claims_future
from crmlib.present.reports.value import draw as plots_future
from crmlib.present.reports.value import say
from crmlib.present.reports.value import show as tables_future
from crmlib.present.theme import SMALL
from crmlib.schema.states import LIKELY
from tests.present.drawn import Drawn, faults_of
from tests.present.report_samples import SHOPS
from tests.present.reports.value.value_samples import little_future, little_work
from tests.present.test_claims import ALGORITHMS

NAMES = ("shop", "bare", "one order", "little")
CLAIMS = (
    *("future_answer", "future_findings", "future_limits"),
    *("future_paragraph", "holdout_paragraph", "money_paragraph", "regularity_paragraph"),
)
CHECKED = [plots_future.plot_holdout]
CASES = [
    *[(plot, name) for plot in (plots_future.plot_future_value, plots_future.plot_alive) for name in NAMES],
    *[(plot, name) for plot in CHECKED for name in ("shop", "little")],
]
EVERY = pytest.mark.parametrize(("plot", "name"), CASES, ids=[f"{p.__name__}-{n}" for p, n in CASES])


@cache
def future_of(name):
    if name == "little":
        return little_future()
    return future_contribution(SHOPS[name](), horizon_days=180)


def draw(plot, name, **more):
    found = future_of(name)
    return plot(found.holdout if plot in CHECKED else found, **more)


@cache
def drawn(plot, name):
    return Drawn(draw(plot, name))


def told(claims):
    return [str(claim) for claim in claims]


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@EVERY
def test_a_picture_is_described_and_can_be_read_on_a_telephone(plot, name):
    seen = drawn(plot, name)
    ax = seen.ax
    title = ax.get_title(loc="left")
    assert len(ax.crmlib_alt) > 20 and ax.crmlib_alt.endswith(".") and title and not title.endswith(".")
    for text in (ax.crmlib_alt, title):
        assert not {"nan", "None", "inf"} & set(text.replace("%", " ").split()) and not ALGORITHMS.search(
            text
        )
    boxes = list(seen.words.items())
    assert min(text.get_fontsize() for text, _ in boxes) >= SMALL and seen.picture.width <= 480
    assert not faults_of(ax)


@EVERY
def test_it_draws_on_the_axes_it_is_given_the_same_each_time(plot, name):
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5))
    assert draw(plot, name, ax=left) is left
    assert len(figure.axes) == 2 and not right.has_data()
    assert Picture(draw(plot, name)).image == drawn(plot, name).picture.image


def test_the_picture_of_the_test_shows_what_came_with_its_interval():
    check = future_of("little").holdout
    ax = plots_future.plot_holdout(check)
    bars = ax.containers[0].lines[2][0].get_segments()
    drawn_ends = [(segment[0][1], segment[1][1]) for segment in bars]
    table = check.by_frequency
    assert np.allclose(drawn_ends, table[["actual_low", "actual_high"]].to_numpy())
    row = check.total(check.chosen)
    assert percent(100 * (row["predicted"] / row["actual"] - 1)) in ax.get_title(loc="left").replace(
        "\n", " "
    )
    assert ax.get_ylim()[0] == 0 and "days" in ax.get_ylabel()


def test_who_cannot_be_told_is_not_drawn():
    assert "cannot be told" in plots_future.plot_alive(future_of("one order")).get_title(loc="left")


def test_a_history_too_short_for_a_test_is_said_in_words_instead_of_drawn():
    block = Picture(plots_future.plot_holdout(None))
    assert "<img" not in block._html()
    assert "too short to put the expectation to the test.</p>" in block._html()


@pytest.mark.parametrize("name", NAMES)
def test_sentences_are_whole_and_plain(name):
    for function in CLAIMS:
        sentences = told(getattr(claims_future, function)(future_of(name)))
        assert sentences or function in ("future_findings", "money_paragraph")
        for sentence in sentences:
            assert sentence[-1] in ".?!" and (sentence[0].isupper() or sentence[0].isdigit()), sentence
            assert not re.search(r"\bnan\b|\bNone\b|\binf\b|  |\.\.|,\.|\bno no\b", sentence), sentence
            assert not ALGORITHMS.search(sentence) and "NBD" not in sentence and "Gamma" not in sentence, (
                sentence
            )
            assert not re.search(r"\bC\d{3}\b|\d{4,}(?!\d*[”\w])", re.sub(r"20\d\d", "", sentence)), sentence


def test_the_answer_is_true():
    found = future_of("little")
    said = " ".join(told(claims_future.future_answer(promised(found)))).replace("of\nmargin", "of margin")
    assert money(found.table.future_contribution.sum(), "EUR") in said and "of margin" in said
    checked = found.spend_check
    assert percent(abs(checked["error_pct"])) in said and percent(abs(checked["rule_error_pct"])) in said
    said = " ".join(told(claims_future.holdout_paragraph(found)))
    assert money(checked["expected"], "EUR") in said and money(checked["actual"], "EUR") in said
    row = found.holdout.total(found.holdout.chosen)
    assert count(row.predicted) in said and count(row.actual) in said
    assert date(found.holdout.calibration_end) in said


def test_findings_count_who_has_stopped():
    found = future_of("little")
    alive = found.table.probability_alive
    stages = pd.Series("active", index=alive.index)
    stages[alive.nsmallest(5).index] = "lost"
    buying = alive[stages == "active"]
    gone = int((1 - buying >= LIKELY).sum())
    said = " ".join(told(claims_future.future_findings(found, stages))).replace("\xa0", " ")
    assert (
        gone and f"Of {len(buying)} customers who are neither dormant nor lost, {gone} have probably" in said
    )
    assert "probably stopped" not in " ".join(told(claims_future.future_findings(found)))
    everyone_lost = pd.Series("lost", index=alive.index)
    assert "probably stopped" not in " ".join(told(claims_future.future_findings(found, everyone_lost)))


def test_both_errors_of_the_test_are_said():
    found = future_of("little")
    said = " ".join(told(claims_future.holdout_paragraph(found)))
    assert percent(found.holdout.cumulative_error_pct).lstrip("−") in said
    assert percent(found.holdout.total(found.holdout.chosen).error_pct).lstrip("−") in said
    assert told(claims_future.holdout_paragraph(found)) == [
        *told(claims_future.holdout_paragraph(found.holdout)),
        *told(claims_future.money_paragraph(found)),
    ]


@pytest.mark.parametrize(
    ("verdict", "says"),
    [
        ("no", "the model lost"),
        ("yes", "nearer than every plain rule"),
        ("uncertain", "cannot be told apart"),
    ],
)
def test_a_model_that_loses_is_said_to_lose(verdict, says):
    check = little_future().holdout
    differences = check.differences.assign(verdict="not told apart" if verdict == "uncertain" else "better")
    check = replace(check, beats_baselines=verdict, differences=differences)
    said = " ".join(told(claims_future.holdout_paragraph(check)))
    assert says in said


def test_where_the_model_lost_its_probability_is_named_as_such():
    """The purchases follow a plain guess then; that customers have "probably stopped" is the loser's word."""
    future = little_future()
    lost = replace(future, method=RATE_KINDS["own"])
    assert any("the model that lost" in said for said in told(claims_future.future_limits(lost)))
    assert not any("the model that lost" in said for said in told(claims_future.future_limits(future)))


@pytest.mark.parametrize(
    ("verdict", "says"),
    [
        ("regular", "sees late"),
        ("bursts", "in bursts"),
        ("random", "at random moments"),
        ("unknown", "Too few"),
    ],
)
def test_regularity_is_said_as_it_was_found(verdict, says):
    found = replace(little_future().regularity, verdict=verdict)
    assert says in " ".join(told(claims_future.regularity_paragraph(found)))


@pytest.mark.parametrize("name", NAMES)
def test_tables_and_figures_hold_for_every_shop(name):
    found = future_of(name)
    for table in (tables_future.holdout_table(found), tables_future.fit_table(found)):
        words = re.sub(r"base64,[A-Za-z0-9+/=]+", "", table._html().lower())
        assert "nan" not in words.replace("financ", "")
        assert "Model" not in table.frame.astype(str).stack().str.cat()


def test_estimates_stand_with_their_standard_errors():
    fit = future_of("little").fit
    frame = tables_future.fit_table(future_of("little")).frame.set_index("model")
    said = frame.loc[fit.name, "estimates"]
    for name, value in fit.model.params_.items():
        assert f"{name} {value:.3g} ± {fit.model.standard_errors_[name]:.2g}" in said
    assert (frame.loc[~frame.index.isin(fit.usable), "estimates"] == "").all()


@pytest.mark.parametrize(
    ("shape", "says"),
    [(0.95, "a little less evenly"), (0.7, "customers buy less evenly"), (0.3, "far less evenly")],
)
def test_how_uneven_purchases_are_is_graded(shape, says):
    found = replace(little_future().regularity, verdict="bursts", shape=shape)
    assert says in told(claims_future.regularity_paragraph(found))[0].lower()


def test_the_holdout_table_stands_in_order_of_nearness():
    frame = tables_future.holdout_table(future_of("little").holdout).frame
    assert frame.rmse.is_monotonic_increasing and frame.used.sum() == 1 and len(frame) >= 5


@pytest.mark.parametrize(
    ("nearer", "says"),
    [("rule", "the plain rule “"), ("method", "nearer than the best plain rule"), ("level", "about as near")],
)
def test_the_headline_names_the_strongest_plain_rule_and_says_which_was_nearer(nearer, says):
    found = promised(replace(little_future(), spend_check=little_future().spend_check | {"nearer": nearer}))
    answer = told(say.value_answer(found, little_work()))
    assert says in answer[1] and str(claims_future.SHORT_GUESS.term(found.spend_check["rule"])) in answer[1]
    assert ("was nearer." in answer[1]) == (nearer == "rule")
    assert len(answer) <= 3 and len(" ".join(answer).split()) <= 60


def promised(found, **changes):
    level = replace(found.levels["revenue"], low=900.0, high=1200.0, is_promised=True, **changes)
    return replace(found, levels=found.levels | {"revenue": level})


def test_the_range_is_the_one_that_past_days_promise():
    found = little_future()
    assert claims_future.future_range(promised(found)) == (900.0, 1200.0)
    one_year = promised(found)
    level = replace(one_year.levels["revenue"], is_promised=False)
    thin = replace(one_year, levels=one_year.levels | {"revenue": level})
    assert claims_future.future_range(thin) is None
    answer = told(say.value_answer(thin, little_work()))
    assert "trust the order of customers" in answer[1] and "(" not in answer[0]
    assert len(answer) <= 3 and len(" ".join(answer).split()) <= 60


def test_a_difference_within_chance_is_no_difference():
    check = little_future().holdout
    totals = check.totals.assign(error_low=-3.0, error_high=9.0)
    title = plots_future.plot_holdout(replace(check, totals=totals)).get_title(loc="left")
    assert "About as many" in title
    totals = check.totals.assign(error_low=2.0, error_high=9.0)
    assert "more purchases" in plots_future.plot_holdout(replace(check, totals=totals)).get_title(loc="left")


def test_models_of_some_customers_say_of_how_many_and_how_far_these_differ(monkeypatch):
    found = future_of("shop")
    whole = told(claims_future.future_paragraph(found))
    monkeypatch.setattr(history, "MOST_FITTED", 40)
    some = found.history["frequency"].loc[history.some_histories(found.history).index]
    off = 100 * (some.mean() / found.history["frequency"].mean() - 1)
    (more,) = [line for line in told(claims_future.future_paragraph(found)) if line not in whole]
    assert more.startswith(
        f"Models are fitted to 40 of {count(len(found.history))} customers, drawn at random"
    )
    assert more.endswith(f"differs from that of all by {claims_future.signed(off)}.")
