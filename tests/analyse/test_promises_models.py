"""Promises of the other models: kept, scored when they are due against what was counted by hand, and heeded."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import crmlib
from crmlib.analyse.offers.result import OFFER_COLUMNS, Offers
from crmlib.analyse.promises import (
    DO_NOT_USE,
    HOLDS,
    MODELS,
    OFFERS,
    PIPELINE,
    REFIT,
    SALES,
    TOO_EARLY,
    VALUE,
    WATCH,
    ModelWatch,
    drift_of,
    judge,
    keep_promise,
    kind_of,
    score_offers,
    surprised,
    watch_models,
)
from crmlib.present.blocks import Skipped
from crmlib.present.claims import claim
from crmlib.present.reports.models import say, show
from crmlib.present.reports.worklist.say import work_limits

NONE = drift_of({}, pd.DataFrame())


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Eighty customers who buy each month, every other one until May; deals won each month."""
    root = tmp_path_factory.mktemp("shop")
    months = pd.date_range("2023-09-10", "2024-12-10", freq="MS") + pd.Timedelta(days=9)
    lines = [
        (f"{who}-{day:%Y%m}", f"c{who:02d}", ["tea", "cup"][who % 2 or who == 0], day, 10.0)
        for who in range(80)
        for day in months
        if who % 2 or day < pd.Timestamp("2024-06-01")
    ]
    names = ["order_id", "customer_id", "product_id", "ordered_at", "net_amount"]
    pd.DataFrame(lines, columns=names).to_csv(root / "lines.csv", index=False)
    sold = [(f"d{i}", "x", "won", day - pd.Timedelta(days=20), day, 100.0) for i, day in enumerate(months)]
    names = ["opportunity_id", "stage", "outcome", "created_at", "closed_at", "amount"]
    pd.DataFrame(sold, columns=names).to_csv(root / "deals.csv", index=False)
    (root / "crm.toml").write_text(
        'name = "shop"\ncurrency = "EUR"\nas_of = "2024-12-31"\n[tables.transactions]\nfrom = "lines.csv"\n'
        '[tables.opportunities]\nfrom = "deals.csv"\n'
    )
    crm = crmlib.open_workspace(root)
    then = crm.at("2024-05-31")
    figures = crmlib.compute_indicators(then, ["recency_days", "order_count"])
    future = crmlib.future_contribution(then, horizon_days=90, indicators=figures)
    sales = crmlib.forecast_sales(then, horizon="3 months")
    table = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in OFFER_COLUMNS.items()})
    rows = {"customer_id": [f"c{i:02d}" for i in range(80)], "product_id": "tea", "probability": 0.5}
    table = pd.concat([table, pd.DataFrame(rows)], ignore_index=True)
    empty = {name: pd.DataFrame() for name in ("removed", "cold", "tried", "signals", "rhythms")}
    offers = Offers(
        table=table,
        ranked_by="probability",
        horizon_days=90,
        k=1,
        customers=80,
        ways={},
        currency="EUR",
        **empty,
    )
    for model in (future, sales, replace(sales, kind=PIPELINE, measure="won_amount"), offers):
        keep_promise(then, model, figures)
        keep_promise(then, model, figures)
    return crm, future, sales


def test_every_model_keeps_one_promise_a_month_without_names(shop):
    crm = shop[0]
    kept = sorted(file.name for file in (crm.config.root / ".kept").glob("promises*"))
    assert kept == [f"promises-{model}.json" for model in sorted(MODELS[1:])]
    text = "".join((crm.config.root / ".kept" / name).read_text() for name in kept)
    assert "c01" not in text and "expected" in text
    assert [kind_of(one) for one in shop[1:]] == [VALUE, SALES]


def test_each_is_scored_by_what_came(shop):
    crm, future, sales = shop
    watched = watch_models(crm)
    assert set(watched) == set(MODELS)
    value, sold = (watched[model].scored.iloc[0] for model in (VALUE, SALES))
    assert value["actual"] == 40 * 3, "one purchase day a month of each who stays, from 1 June to 29 August"
    assert value["expected"] == pytest.approx(future.levels["purchases"].expected)
    assert (value["customers"], value["money_actual"], value["counts"]) == (80, 1200, True)
    assert sold["actual"] == 3 * 40 * 10 and sold["expected"] == pytest.approx(sales.total["expected"])
    assert watched[SALES].error_pct() == pytest.approx(100 * abs(sold["expected"] / 1200 - 1))
    assert watched[PIPELINE].scored["actual"].iloc[0] == 300
    bought = watched[OFFERS].scored.iloc[0]
    assert (bought["order"], bought["plain_order"], bought["expected"]) == (0, 50, 50)


def test_nothing_is_judged_before_its_time(shop):
    early = watch_models(shop[0].at("2024-07-01"))
    assert all(watch.scored.empty and watch.reason == "none_due" for watch in early.values())


def test_figures_that_moved_are_told_before_any_prediction_is_due():
    moved = pd.DataFrame({"drifted": [False, True]})
    assert judge(pd.DataFrame(), moved) == (WATCH, "drift")
    assert judge(pd.DataFrame(), NONE) == (TOO_EARLY, "none_due")
    few = pd.DataFrame({"counts": [False], "made_on": pd.Timestamp(0), "until": pd.Timestamp(1)})
    assert (judge(few, moved), judge(few, NONE)) == ((WATCH, "drift"), (TOO_EARLY, "few"))


def test_lists_of_offers_are_held_against_the_best_sellers_of_the_same_customers():
    lists = {f"K{i}": ["a"] if i < 50 else ["b"] for i in range(100)}
    promise = {"customers": lists, "plain": ["c"], "expected": 0.5, "range": [0.4, 0.6]}
    bought = {f"K{i}": {"a", "c"} if i < 40 else {"c"} for i in range(90)}
    found = score_offers(promise, bought)
    assert (found["actual"], found["plain_order"], found["ahead"], found["is_covered"]) == (40, 90, -50, 1)
    assert found["ahead_high"] < 0 and found["counts"]
    made = [pd.Timestamp("2024-01-01"), pd.Timestamp("2024-02-01")]
    scored = pd.DataFrame([{"made_on": day, "until": day + pd.Timedelta(days=28), **found} for day in made])
    assert judge(scored, NONE) == (DO_NOT_USE, "plain_better")
    watch = ModelWatch(
        scored=scored, drift=NONE, verdict=DO_NOT_USE, reason="plain_better", waiting=0, model=OFFERS
    )
    off = say.unless_refuted(object(), watch)
    assert (
        isinstance(off, Skipped) and "What to offer" in str(off.reason) and "best sellers" in str(off.reason)
    )


def test_the_range_of_a_share_without_a_past_holds_the_next_surprise():
    low, high = surprised(0.2, within=0.01)
    rng = np.random.default_rng(0)
    drawn = 1 / (1 + np.exp(-(np.log(0.2 / 0.8) + rng.normal(0, 0.25, 4000))))
    assert 0.75 < np.mean((drawn >= low) & (drawn <= high)) < 0.97
    assert surprised(0.2, within=np.nan) is None


def watch_of(verdict, reason, *, model=VALUE, actual=80.0):
    days = pd.date_range("2023-01-01", periods=3, freq="100D")
    rows = [
        {"made_on": day, "until": day + pd.Timedelta(days=90), "expected": 100.0, "low": 90.0, "high": 110.0,
         "actual": actual, "is_covered": 0.0, "counts": True, "order_low": 0.6, "ahead_high": 0.1}
        for day in days
    ]  # fmt: skip
    scored = pd.DataFrame(rows).reindex(
        columns=[
            *rows[0],
            "plain_expected",
            "order",
            "plain_order",
            "money_expected",
            "money_actual",
            "customers",
        ]
    )
    return ModelWatch(
        scored=scored, drift=NONE, verdict=verdict, reason=reason, waiting=1, currency="EUR", model=model
    )


def test_levels_that_are_off_are_said_with_their_size():
    watch = watch_of(REFIT, "missed")
    assert judge(watch.scored, NONE) == (REFIT, "missed")
    (said,) = say.levels_off(watch)
    assert "number of purchases) was 20" in str(said) and "lower" in str(said)
    assert say.levels_off(watch_of(HOLDS, "kept")) == []
    assert say.findings_watched(["x"], watch)[1:] == ["x"]
    answer = [claim("models-drift-none"), claim("models-scored-none")]
    assert say.answer_watched(answer, watch) is answer
    refuted = say.answer_watched(answer, watch_of(DO_NOT_USE, "no_order"))
    assert "left out" in str(refuted[0]) and refuted[1] is answer[-1]
    assert say.findings_watched(["x"], watch_of(DO_NOT_USE, "no_order")) == []


def test_the_report_tells_all_models_and_begins_with_the_worst():
    watched = {VALUE: watch_of(REFIT, "missed"), SALES: watch_of(HOLDS, "kept", model=SALES)}
    answer = " ".join(map(str, say.models_answer(watched))).replace("\xa0", " ")
    assert "Of 2 models" in answer and "1 holds" in answer and "number of purchases lay outside" in answer
    assert len(answer.split()) <= 60
    table = show.models_table(watched).frame
    assert table["held_count"].tolist() == [0, 0] and table["error_pct"].round(1).tolist() == [25, 25]
    assert "came to EUR80" in str(say.models_findings(watched)[1]).replace("\xa0", "")


def test_a_refuted_model_does_not_make_a_customer_urgent(shop, monkeypatch):
    crm, future, _ = shop
    then = crm.at("2024-05-31")
    values = crmlib.customer_valuations(then, future=future).assign(probability_alive=0.1)
    asked = {"valuations": values, "only": ["keep", "develop", "win_back"]}
    urgent = crmlib.worklist(then, **asked)
    assert urgent.table["reason"].eq("valuable_likely_to_stop").any() and urgent.left_out == ()
    monkeypatch.setattr(
        "crmlib.analyse.promises.watch_model",
        lambda crm, model: watch_of(DO_NOT_USE, "no_order", model=model),
    )
    heeded = crmlib.worklist(then, **asked)
    assert not heeded.table["reason"].eq("valuable_likely_to_stop").any() and len(heeded.table)
    assert [watch.model for watch in heeded.left_out] == [VALUE]
    assert "left out" in str(work_limits(heeded)[0])
