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
from crmlib.present.reports.forecast import draw as plots_forecast
from crmlib.present.reports.forecast import draw as plots_forecast_plan
from crmlib.present.reports.forecast import say as claims_forecast
from crmlib.present.reports.forecast import show as tables_forecast
from crmlib.present.reports.forecast import show as tables_forecast_plan
from crmlib.present.reports.forecast.say import _little_forecast, _little_plan, _little_shop
from crmlib.present.theme import SMALL
from tests.present.drawn import faults_of, words_of

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
            "pipeline": _little_forecast,
            "sales": lambda: forecast_sales(_little_shop(), horizon="2 months"),
            "untested": lambda: _untested(),
            "plan": _little_plan,
            "total": lambda: plan_vs_actual(_little_shop(), by="total"),
            "nasty": lambda: _nasty(),
            "over": lambda: _over(),
        }[name]()
    return _MADE[name]


def _untested():
    found = _little_forecast()
    nothing = {name: getattr(found, name).head(0) for name in ("past", "scores", "comparison")}
    return replace(found, way=found.baseline, is_thin=True, **nothing)


def _nasty():
    plan = _little_plan()
    rows = pd.concat([plan.table] * 2, ignore_index=True).head(4).assign(key=list(NASTY))
    rows.loc[3, ["target", "expected", "low", "high", "gap_pct"]] = [0.0, np.nan, np.nan, np.nan, np.nan]
    return replace(plan, by="region", table=rows.assign(status=["behind", "open", "on course", ""]))


def _over():
    table = _little_plan().table.assign(elapsed_days=92, period_days=92, status="missed")
    return replace(_little_plan(), table=table, deviation=_little_plan().deviation.head(0))


FORECASTS, PLANS = ("pipeline", "sales", "untested"), ("plan", "total", "nasty", "over")
DRAWN = [
    *((plots_forecast.plot_forecast, name) for name in FORECASTS),
    *((plots_forecast.plot_past_forecasts, name) for name in FORECASTS),
    *((plots_forecast_plan.plot_plan, name) for name in PLANS),
    *((plots_forecast_plan.plot_split, name) for name in ("plan", "over")),
]
SAID = [
    *((claim, name) for name in FORECASTS for claim in (
        claims_forecast.forecast_answer, claims_forecast.forecast_findings, claims_forecast.history_paragraph,
        claims_forecast.backtest_paragraph, claims_forecast.forecast_limits)),
    *((claim, name) for name in PLANS for claim in (
        claims_forecast.plan_answer, claims_forecast.plan_paragraph, claims_forecast.split_paragraph,
        claims_forecast.plan_limits)),
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
    for sentence in claim(made(name)):
        assert sentence[0].isupper() or sentence[0].isdigit(), sentence
        assert sentence.endswith(".") and not {"nan", "None", "inf"} & set(sentence.strip(".").split()), (
            sentence
        )
        for word in ("hazard", "ARIMA", "Theta", "bootstrap", "baseline", "simulat"):
            assert word not in sentence


def test_figures_in_the_sentences_are_those_of_the_forecast():
    found = made("pipeline")
    answer = claims_forecast.forecast_answer(found)[0].replace("\u00a0", " ")
    assert f"EUR {found.total['expected']:,.0f}"[:6] in answer and "from deals that are open now" in answer
    said = " ".join(claims_forecast.backtest_paragraph(found)).replace("\u00a0", " ")
    inside = found.past[(found.past["way"] == found.way) & found.past["is_covered"]]
    assert f"In {len(inside)} of 6 what happened" in said


def test_the_answer_says_which_way_it_went():
    found = replace(made("pipeline"), way="time in stage")
    for better, ending in (
        ("yes", "earlier."),
        ("no", "which was nearer."),
        ("uncertain", "the difference."),
    ):
        table = found.comparison.iloc[:1].assign(way=found.baseline, better=better)
        assert claims_forecast.forecast_answer(replace(found, comparison=table))[1].endswith(ending)
    assert "too little history" in claims_forecast.forecast_answer(made("untested"))[1]


def test_states_of_the_plan_are_counted():
    said = claims_forecast.plan_answer(made("plan"))[0]
    states = made("plan").table["status"].value_counts()
    assert f"{states['behind']} expected to fall short" in said
    assert "3 missed the plan" in claims_forecast.plan_answer(made("over"))[0]
    total = claims_forecast.plan_answer(made("total"))[0].replace("\u00a0", " ")
    assert total.startswith("The plan for sales in the fourth quarter of 2024 is EUR 1,200")


def test_tables_show_pseudonyms_and_escape_names():
    plan = replace(made("nasty"), by="customer")
    ax = plots_forecast_plan.plot_plan(plan)
    shown = " ".join(text.get_text() for text in words_of(ax)) + ax.crmlib_alt
    assert "script" not in shown and "no. 1" in shown
    html = tables_forecast_plan.plan_table(BARE, made("nasty"))._html()
    assert "<script>alert" not in html and "&lt;script&gt;" in html
    assert (
        tables_forecast_plan.missing_plans_table(BARE, replace(plan, missing=plan.missing.head(0)))
        ._text()
        .startswith("No plan")
    )


def test_a_picture_of_plans_shows_pseudonyms_or_names_of_products(monkeypatch):
    monkeypatch.setenv("CRMLIB_PSEUDONYM_KEY", "a key of sixteen or more")
    plan = replace(_little_plan(), by="customer")
    hidden = SimpleNamespace(config=SimpleNamespace(privacy=SimpleNamespace(pseudonyms=True)))
    for crm, by, expected in ((hidden, "customer", "K-"), (_little_shop(), "product", "Tea")):
        by_key = replace(plan, by=by)
        names = tables_forecast_plan.plan_names(crm, by_key)
        picture = picture_of(plots_forecast_plan.plot_plan, by_key, names=names)
        ax = plots_forecast_plan.plot_plan(by_key, names=names)
        for shown in (picture.alt, " ".join(text.get_text() for text in words_of(ax))):
            assert expected in shown and not {"tea", "milk"} & set(shown.split())


@pytest.mark.parametrize("name", FORECASTS)
def test_tables_of_a_forecast(name):
    found = made(name)
    assert tables_forecast.periods_table(BARE, found).excel
    assert tables_forecast.ways_table(found)._text()
    assert "not known" not in tables_forecast.forecast_figures(found)._text()
    for by in ("owner", "colour"):
        assert tables_forecast.parts_table(BARE, found, by=by)._text()


@pytest.mark.parametrize("name", PLANS)
def test_tables_of_a_plan(name):
    plan = made(name)
    assert len(tables_forecast_plan.plan_table(BARE, plan).frame) == len(plan.table)
    assert (
        tables_forecast_plan.split_table(BARE, plan)._text()
        and tables_forecast_plan.plan_figures(plan)._text()
    )
    assert tables_forecast_plan.missing_plans_table(BARE, plan)._text()
    both = tables_forecast.forecast_figures(made("sales"), plan)
    assert len(both.figures) > len(tables_forecast.forecast_figures(made("sales")).figures)


def test_missing_results_are_passed_over():
    none = Skipped("No deal has been won.")
    for claim in {claim for claim, _ in SAID}:
        assert isinstance(claim(none), list)
    assert picture_of(plots_forecast.plot_forecast, none) is None
    assert tables_forecast.forecast_figures(none) is none and tables_forecast.ways_table(none) is None
    assert tables_forecast.parts_table(BARE, none, by="owner") is none
    assert (
        tables_forecast_plan.plan_table(BARE, none) is none
        and tables_forecast_plan.plan_names(BARE, none) is None
    )
    assert (
        claims_forecast.forecast_findings(made("sales"), none)
        == claims_forecast.forecast_answer(made("sales"))[:1]
    )
