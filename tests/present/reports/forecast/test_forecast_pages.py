"""The report on forecast and plan: pictures that can be read, sentences that are true of their numbers."""

from dataclasses import replace
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from crmlib.analyse.forecast.plan import plan_vs_actual
from crmlib.analyse.forecast.sales import forecast_sales
from crmlib.present.blocks import Picture, Skipped
from crmlib.present.needs import picture_of
from crmlib.present.reports.forecast import draw, say, show
from crmlib.present.theme import SMALL
from tests.analyse.forecast.cases import little_company
from tests.present.drawn import faults_of, words_of
from tests.present.reports.forecast.cases import little_forecast, little_plan, little_shop

NASTY = (
    "<script>alert(1)</script>",
    "=cmd()",
    "a very long name of a thing that fits no line at all $x^2$ 茶葉",
    "",
)
BARE = SimpleNamespace(config=None, tables=())
_MADE = {}


def made(name):
    if name not in _MADE:
        _MADE[name] = {
            "pipeline": little_forecast,
            "sales": lambda: forecast_sales(little_shop(), horizon="2 months"),
            "untested": lambda: _untested(),
            "plan": little_plan,
            "total": lambda: plan_vs_actual(little_shop(), by="total"),
            "nasty": lambda: _nasty(),
            "over": lambda: _over(),
        }[name]()
    return _MADE[name]


def _untested():
    found = little_forecast()
    nothing = {name: getattr(found, name).head(0) for name in ("past", "scores", "comparison")}
    return replace(found, way=found.baseline, is_thin=True, **nothing)


def _nasty():
    plan = little_plan()
    rows = pd.concat([plan.table] * 2, ignore_index=True).head(4).assign(key=list(NASTY))
    rows.loc[3, ["target", "expected", "low", "high", "gap_pct"]] = [0.0, np.nan, np.nan, np.nan, np.nan]
    return replace(plan, by="region", table=rows.assign(status=["behind", "open", "on course", ""]))


def _over():
    table = little_plan().table.assign(elapsed_days=92, period_days=92, status="missed")
    return replace(little_plan(), table=table, deviation=little_plan().deviation.head(0))


FORECASTS, PLANS = ("pipeline", "sales", "untested"), ("plan", "total", "nasty", "over")
DRAWN = [
    *((draw.plot_forecast, name) for name in FORECASTS),
    *((draw.plot_past_forecasts, name) for name in FORECASTS),
    *((draw.plot_plan, name) for name in PLANS),
    *((draw.plot_split, name) for name in ("plan", "over")),
]
SAID = [
    *((claim, name) for name in FORECASTS for claim in (
        say.forecast_answer, say.forecast_findings, say.history_paragraph,
        say.backtest_paragraph, say.forecast_limits)),
    *((claim, name) for name in PLANS for claim in (
        say.plan_answer, say.plan_paragraph, say.split_paragraph,
        say.plan_limits)),
]  # fmt: skip


def identify(given):
    return getattr(given, "__name__", given)


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.mark.parametrize(("plot", "name"), DRAWN, ids=identify)
def test_pictures_are_readable(plot, name):
    ax = plot(made(name))
    title = ax.get_title(loc="left")
    assert title and not title.endswith(".") and ax.crmlib_alt.endswith(".") and len(ax.crmlib_alt) > 20
    assert not {"nan", "None", "inf"} & set(f"{title} {ax.crmlib_alt}".replace("%", " ").split())
    boxes = list(words_of(ax).items())
    assert min(text.get_fontsize() for text, _ in boxes) >= SMALL and Picture(ax).width <= 480
    assert not faults_of(ax)


@pytest.mark.parametrize(
    ("plot", "name"), [(plot, name) for plot, name in DRAWN if name in ("sales", "plan")], ids=identify
)
def test_pictures_are_drawn_on_given_axes(plot, name):
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5))
    assert plot(made(name), ax=left) is left
    assert len(figure.axes) == 2 and not right.has_data() and left.crmlib_alt


@pytest.mark.parametrize(("claim", "name"), SAID, ids=identify)
def test_sentences_are_whole(claim, name):
    for sentence in map(str, claim(made(name))):
        assert sentence[0].isupper() or sentence[0].isdigit(), sentence
        assert sentence.endswith(".") and not {"nan", "None", "inf"} & set(sentence.strip(".").split()), (
            sentence
        )
        for word in ("hazard", "ARIMA", "Theta", "bootstrap", "baseline", "simulat"):
            assert word not in sentence


def plain(claim):
    return str(claim).replace("\u00a0", " ")


def test_figures_in_the_sentences_are_those_of_the_forecast():
    found = made("pipeline")
    answer = say.forecast_answer(found)
    assert f"EUR {found.total['expected']:,.0f}"[:6] in plain(answer[0])
    assert "open deals" in plain(answer[-1])
    said = " ".join(map(plain, say.backtest_paragraph(found)))
    inside = found.past[(found.past["way"] == found.way) & found.past["is_covered"]]
    assert f"In {len(inside)} of 6 the result lay within the range" in said
    assert f"{len(inside)} of 6 past ranges held" in plain(answer[0])


def test_the_answer_names_the_best_plain_rule_and_which_way_it_went():
    found = replace(made("pipeline"), way="time in stage", history=pd.concat([made("pipeline").history] * 2))
    assert found.baseline == "stage weights" and found.is_promised
    for better, said in (("yes", "against"), ("no", "was closer"), ("uncertain", "much like")):
        table = found.comparison.iloc[:1].assign(way=found.baseline, better=better)
        answer = plain(say.forecast_answer(replace(found, comparison=table))[1])
        assert said in answer and "plain rule" in answer and "the win rate of each deal’s stage" in answer
    won = plain(say.forecast_answer(replace(found, way=found.baseline))[1])
    assert won.startswith("No method beat the plain rule: the win rate of each deal’s stage (past error: EUR")
    assert "could not be tested here" in plain(say.forecast_answer(made("untested"))[1])


def test_a_thin_history_promises_neither_level_nor_range():
    answer = say.forecast_answer(replace(made("pipeline"), history=made("pipeline").history.tail(9)))
    assert "With 9 months of history, neither level nor range is promised" in plain(answer[1])


@pytest.mark.parametrize("name", FORECASTS)
@pytest.mark.parametrize("plan", ["total", None])
def test_the_answer_is_short_and_ends_in_what_to_do_first(name, plan):
    answer = say.forecast_answer(made(name), plan and made(plan))
    assert len(answer) == 3 and len(" ".join(map(plain, answer)).split()) <= 60
    assert plain(answer[-1]).startswith("First ")


def test_states_of_the_plan_are_counted():
    said = plain(say.plan_answer(made("plan"))[0])
    states = made("plan").table["status"].value_counts()
    assert f"{states['behind']} expected to fall short" in said
    assert "3 missed" in plain(say.plan_answer(made("over"))[0])
    total = plain(say.plan_answer(made("total"))[0])
    assert total.startswith("The plan for sales in the fourth quarter of 2024 is EUR 1,200")


def test_a_share_of_the_plan_is_called_that():
    texts = [text.get_text() for text in draw.plot_plan(made("plan")).texts]
    assert texts and all(text.endswith("of plan") and "short" not in text for text in texts)


def test_headline_figure_and_picture_state_the_same_fact():
    for name in FORECASTS:
        found = made(name)
        facts = [
            say.forecast_answer(found)[0].facts["amount"],
            draw.plot_forecast(found).crmlib_claims[0].facts["amount"],
            show.forecast_figures(found).figures[0].fact,
        ]
        assert len({(fact.at, fact.value) for fact in facts}) == 1 and facts[0].at


def test_targets_that_end_name_their_dimension_and_the_one_that_goes_on():
    gaps = pd.DataFrame(
        {"problem": "no_next", "measure": ["net_amount", "quantity"], "key": "", "day": pd.Timestamp("2024-12-31"),
         "days": 0.0, "planned_as": ["total", ""]}
    )  # fmt: skip
    said = [plain(claim) for claim in say.plan_ends(replace(made("plan"), missing=gaps))]
    assert said == [
        "Targets by product for pieces sold end on 31 December 2024, with none yet for the time after.",
        "Targets by product for sales end on 31 December 2024; for the time after there is only a target for the "
        "whole.",
    ]


def test_what_is_missing_is_said_once_with_its_table():
    none, bare = Skipped("No table."), SimpleNamespace(tables=("transactions",))
    said = [plain(claim) for claim in say.missing_limits(bare, deals=none, sales=made("sales"), plan=none)]
    assert said == [
        "Deals are not forecast: the table “opportunities” would bring it.",
        "There is no comparison with a plan: the table “plans” would bring it.",
    ]


def test_tables_show_pseudonyms_and_escape_names():
    plan = replace(made("nasty"), by="customer")
    ax = draw.plot_plan(plan)
    shown = " ".join(text.get_text() for text in words_of(ax)) + ax.crmlib_alt
    assert "script" not in shown and "no. 1" in shown
    html = show.plan_table(BARE, made("nasty"))._html()
    assert "<script>alert" not in html and "&lt;script&gt;" in html
    assert show.missing_plans_table(BARE, replace(plan, missing=plan.missing.head(0))) is None


def test_a_picture_of_plans_shows_pseudonyms_or_names_of_products(monkeypatch):
    monkeypatch.setenv("CRMLIB_PSEUDONYM_KEY", "a key of sixteen or more")
    plan = replace(little_plan(), by="customer")
    hidden = SimpleNamespace(config=SimpleNamespace(privacy=SimpleNamespace(pseudonyms=True)))
    for crm, by, expected in ((hidden, "customer", "K-"), (little_shop(), "product", "Tea")):
        by_key = replace(plan, by=by)
        names = show.plan_names(crm, by_key)
        picture = picture_of(draw.plot_plan, by_key, names=names)
        ax = draw.plot_plan(by_key, names=names)
        for shown in (picture.alt, " ".join(text.get_text() for text in words_of(ax))):
            assert expected in shown and not {"tea", "milk"} & set(shown.split())


@pytest.mark.parametrize("name", FORECASTS)
def test_tables_of_a_forecast(name):
    found = made(name)
    assert show.periods_table(BARE, found).excel
    assert (show.ways_table(found) is None) == found.scores.empty
    assert "not known" not in show.forecast_figures(found)._text()
    assert (show.parts_table(BARE, found, by="owner") is None) == (name == "sales")
    assert show.parts_table(BARE, found, by="colour") is None


@pytest.mark.parametrize("name", PLANS)
def test_tables_of_a_plan(name):
    plan = made(name)
    assert len(show.plan_table(BARE, plan).frame) == len(plan.table)
    assert show.plan_figures(plan)._text()
    assert (show.split_table(BARE, plan) is None) == plan.deviation.empty
    assert (show.picture(draw.plot_split, plan) is None) == plan.deviation.empty
    assert show.missing_plans_table(BARE, plan) is None or len(plan.missing)
    both = show.forecast_figures(made("sales"), plan)
    assert len(both.figures) > len(show.forecast_figures(made("sales")).figures)


def test_missing_results_are_passed_over():
    none = Skipped("No deal has been won.")
    for claim in {claim for claim, _ in SAID}:
        assert isinstance(claim(none), list)
    assert picture_of(draw.plot_forecast, none) is None and show.picture(draw.plot_forecast, none) is None
    assert show.forecast_figures(none) is none and show.ways_table(none) is None
    assert show.parts_table(BARE, none, by="owner") is None
    assert show.plan_table(BARE, none) is None and show.plan_names(BARE, none) is None
    assert show.beside(made("sales"), made("sales"), none) is none
    assert len(say.forecast_findings(made("sales"), none, none)) == 1


@pytest.mark.parametrize(
    "amounts",
    [[2.3755e6, 1.2e5, 4.38e5, 8.32e3, 2.94132e6], [980.0, -3.4, 0.2, 50.3, 1027.1], [7.0, 0.0, 0.0, 7.0]],
)
def test_the_steps_of_a_difference_are_rounded_so_that_they_add_up(amounts):
    steps = draw._in_steps(amounts)
    assert steps[0] + sum(steps[1:-1]) == pytest.approx(steps[-1])
    assert np.allclose(steps, amounts, atol=0.011 * max(amounts))


@pytest.mark.parametrize("is_thin", [True, False])
def test_no_picture_figure_or_table_has_a_range_where_none_is_promised(is_thin):
    found = replace(little_forecast(), is_thin=True) if is_thin else promised(little_forecast())
    assert found.is_promised is not is_thin
    pictures = [draw.plot_forecast(found), draw.plot_past_forecasts(found)]
    bands = [one for ax in pictures for one in ax.collections if one.get_alpha() in (0.2, 0.35)]
    tables = [
        show.periods_table(little_company(), found),
        show.parts_table(little_company(), found, by="owner"),
    ]
    ranges = [name for table in tables for name in table.frame if name.startswith("expected_")]
    figures = [one for one in show.forecast_figures(found).figures if one.low is not None]
    said = " ".join(str(one) for one in [
        *say.forecast_answer(found), *say.forecast_findings(found), *say.backtest_paragraph(found),
        *say.forecast_limits(found), *(one for ax in pictures for one in ax.crmlib_claims),
    ])  # fmt: skip
    assert bool(bands) == bool(ranges) == bool(figures) == (not is_thin)
    assert ("past ranges held" in said) != is_thin and ("The ranges come" in said) != is_thin


def promised(found):
    """The same forecast with past errors that are small, and a history of more than two of each season."""
    year = pd.DateOffset(years=3)
    early = found.history.assign(
        **{name: found.history[name] - year for name in ("period_start", "period_end")}
    )
    ends = {"low": 0.9 * found.total["expected"], "high": 1.1 * found.total["expected"]}
    return replace(
        found, is_thin=False, learnt_from=None, total=found.total | ends,
        history=pd.concat([early, found.history], ignore_index=True),
    )  # fmt: skip


def test_a_plan_is_not_judged_by_ranges_that_are_not_promised():
    plan = little_plan()
    bare = replace(
        plan, forecasts={name: replace(one, is_thin=True) for name, one in plan.forecasts.items()}
    ).as_promised()
    running = bare.table["elapsed_days"] < bare.table["period_days"]
    assert running.any() and bare.table.loc[running, ["low", "high"]].isna().all(axis=None)
    assert bare.table.loc[running, "status"].eq("").all()
    assert bare.table["expected"].equals(plan.table["expected"])
    kept = replace(plan, forecasts={}).as_promised()
    assert kept.table.equals(plan.table)
