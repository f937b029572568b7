"""Models watched: what was promised is kept without names, scored when it is due, and judged by stated rules."""

import json
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from crmlib import open_workspace
from crmlib.analyse.promises import (
    DO_NOT_USE,
    HOLDS,
    KEPT_AS,
    REFIT,
    SALES,
    TOO_EARLY,
    WATCH,
    _by_name,
    drift_of,
    judge,
    keep_promise,
    one_after_the_other,
    score,
    spread_of,
    watch_model,
)
from crmlib.prepare.outbox import keep
from crmlib.present.blocks import Skipped
from crmlib.present.reports.models import say, show

NO_DRIFT = drift_of({}, pd.DataFrame())


def promise(rng, *, customers=400, ranks=True, low=0.3, high=0.7):
    """A promise, and who came: the truth follows what was said, or has nothing to do with it."""
    truth = rng.uniform(0.05, 0.95, customers)
    said = truth if ranks else rng.permutation(truth)
    silence = truth + rng.normal(0, 0.5, customers)
    table = {f"K-{i}": [p, s, 10.0] for i, (p, s) in enumerate(zip(said, silence, strict=True))}
    came = {f"K-{i}" for i in np.flatnonzero(rng.random(customers) > truth)}
    return {"customers": table, "range": [low, high]}, came


def due(*scores, days=90):
    """Promises that follow each other without sharing a day."""
    made = [pd.Timestamp("2024-01-31") + pd.Timedelta(days=days * i) for i in range(len(scores))]
    return pd.DataFrame(
        [
            {"made_on": day, "until": day + pd.Timedelta(days=90), **one}
            for day, one in zip(made, scores, strict=True)
        ]
    )


def test_a_promise_is_scored_as_counted_by_hand():
    table = {f"K-{i}": [0.9 if i < 40 else 0.1, float(i < 20), 5.0] for i in range(80)}
    found = score({"customers": table, "range": [0.4, 0.6]}, {f"K-{i}" for i in range(40, 80)})
    assert (found["customers"], found["actual"], found["counts"]) == (80, 50, True)
    assert found["expected"] == pytest.approx(50)
    assert (
        found["order"] == 1
        and found["plain_order"] == pytest.approx(0.75)
        and found["ahead"] == pytest.approx(0.25)
    )
    assert (found["is_covered"], found["money_expected"], found["money_actual"]) == (1, 200, 200)


def test_what_is_kept_of_a_customer_is_each_figure_rounded_and_nothing_where_it_is_not_known():
    lot = np.random.default_rng(3)
    said = pd.Series(lot.normal(size=50), index=[f"c{i}" for i in range(50)])
    counts = pd.Series(np.where(lot.random(50) < 0.2, None, lot.integers(0, 9, 50)), said.index).astype(
        "Int64"
    )
    kept = _by_name("k3y-of-this-test-only-ABCDEFGHIJKLM", said, said.where(said > 0), counts)
    assert len(kept) == 50 and not set(kept) & set(said.index)
    rows = zip(said, said.where(said > 0), counts, strict=True)
    assert list(kept.values()) == [[None if pd.isna(x) else round(float(x), 6) for x in row] for row in rows]


def test_few_customers_get_no_verdict():
    one = promise(np.random.default_rng(1), customers=40)
    assert np.isnan(score(*one)["order"])
    assert judge(due(score(*one)), NO_DRIFT) == (TOO_EARLY, "few")
    assert judge(pd.DataFrame(), NO_DRIFT) == (TOO_EARLY, "none_due")


def test_verdicts_by_their_rules():
    rng = np.random.default_rng(2)
    good, bad = (score(*promise(rng, ranks=ranks)) for ranks in (True, False))
    missed = good | {"low": 60.0, "high": 70.0}
    other_side = good | {"low": 20.0, "high": 30.0}
    assert judge(due(good, good), NO_DRIFT) == (HOLDS, "kept")
    assert judge(due(bad), NO_DRIFT)[0] != DO_NOT_USE, "one alone may be chance"
    assert judge(due(bad, bad), NO_DRIFT) == (DO_NOT_USE, "no_order")
    behind = good | {"ahead_high": -0.01}
    assert judge(due(behind, behind), NO_DRIFT) == (DO_NOT_USE, "plain_better")
    assert judge(due(good, missed), NO_DRIFT) == (HOLDS, "kept"), "a range of 80 % is missed by one of five"
    assert judge(due(missed, missed), NO_DRIFT) == (WATCH, "missed_lately")
    assert judge(due(good, missed, missed), NO_DRIFT) == (WATCH, "missed_lately")
    assert judge(due(missed, missed, missed), NO_DRIFT) == (REFIT, "missed")
    assert judge(due(missed, other_side), NO_DRIFT) == (HOLDS, "kept")
    assert judge(due(missed, missed, days=30), NO_DRIFT)[0] == HOLDS, "they share days, so they are one"


def test_promises_that_share_a_day_are_judged_once():
    table = due(*[{"customers": i} for i in range(7)], days=30)
    assert one_after_the_other(table)["customers"].tolist() == [0, 3, 6]


def test_drift_is_found_where_enough_customers_moved_and_nowhere_else():
    rng = np.random.default_rng(3)
    old = {
        "spend": spread_of(pd.Series(rng.lognormal(0, 1, 600))),
        "age": spread_of(pd.Series(rng.normal(0, 1, 600))),
    }
    now = pd.DataFrame({"spend": rng.lognormal(0.8, 1, 600), "age": rng.normal(0, 1, 600)})
    found = drift_of(old, now)
    assert found["drifted"].to_dict() == {"spend": True, "age": False}
    assert found.loc["spend", "low"] > 0.1 and found.loc["spend", "low"] < found.loc["spend", "distance"]
    assert drift_of(old, now.head(199)).empty
    gone = drift_of(old, now.assign(age=np.nan))
    assert gone.loc["age", "drifted"] and np.isfinite(gone.loc["age", "psi"])


def test_words_drift_as_figures_do():
    """A model may know customers by a word, such as their kind; new words count as others, none as not known."""
    then = pd.Series(["company"] * 500 + ["person"] * 100)
    kept = {"kind": spread_of(then)}
    assert kept["kind"]["edges"] == ["company", "person"] and kept["kind"]["counts"] == [500, 100, 0, 0]
    moved = pd.DataFrame({"kind": ["person"] * 400 + ["company"] * 100 + ["charity"] * 60 + [None] * 40})
    found = drift_of(kept, moved).loc["kind"]
    assert found["drifted"] and found["distance"] == pytest.approx(500 / 600 - 100 / 600)
    assert not drift_of(kept, pd.DataFrame({"kind": then.sample(frac=1, random_state=1)}))["drifted"].any()
    many = spread_of(pd.Series([f"w{i // 20}" for i in range(400)]))
    assert len(many["edges"]) == 9 and sum(many["counts"]) == 400 and many["counts"][-2:] == [220, 0]


class _Model:
    """What a promise reads of a fitted model."""

    stops, horizon_days, active_days, features = True, 30, None, ["spend_total", "kind"]

    def __init__(self, scores, value, *, level=None, learnt_on=None):
        self.scores, self.value, self.level, self.learnt_on = scores, value, level, learnt_on


def test_a_promise_is_kept_once_a_month_without_names_and_scored_when_due(tmp_path):
    days = {
        f"customer-{i:03d}": ["2025-01-10", "2025-03-05"] if i % 2 else ["2025-01-10"] for i in range(160)
    }
    lines = [(f"{who}-{day}", who, "tea", day, 5.0) for who, own in days.items() for day in own]
    names = ["order_id", "customer_id", "product_id", "ordered_at", "net_amount"]
    pd.DataFrame(lines, columns=names).to_csv(tmp_path / "lines.csv", index=False)
    toml = (
        'name = "shop"\ncurrency = "EUR"\nas_of = "2025-04-30"\n[tables.transactions]\nfrom = "lines.csv"\n'
    )
    (tmp_path / "crm.toml").write_text(toml)
    crm = open_workspace(tmp_path)
    scores = pd.Series({who: 0.2 if len(own) > 1 else 0.8 for who, own in days.items()})
    figures = pd.DataFrame(
        {"recency_days": 18.0, "spend_total": 5.0, "order_count": 1, "kind": "person"}, index=list(days)
    )
    for day in ("2025-02-28", "2025-02-27", "2025-03-31"):
        keep_promise(
            replace(crm, as_of=pd.Timestamp(day)), _Model(scores, pd.Series(9.0, scores.index)), figures
        )
    keep_promise(
        replace(crm, as_of=pd.Timestamp("2025-03-15")),
        _Model(1 - scores, pd.Series(9.0, scores.index)),
        figures,
    )
    text = (tmp_path / ".kept" / "promises.json").read_text()
    assert not any(who in text for who in days) and "customer-" not in text
    assert (tmp_path / ".kept" / "key").stat().st_mode & 0o077 == 0
    early = watch_model(replace(crm, as_of=pd.Timestamp("2025-03-20")))
    assert early.verdict == TOO_EARLY and early.waiting >= 1
    watch = watch_model(crm)
    assert watch.scored["order"].iloc[0] == 1 and watch.scored["actual"].iloc[0] == 50
    assert watch.scored["made_on"].iloc[0] < pd.Timestamp("2025-03-01")
    assert len(json.loads(text)) == len(watch.scored) + watch.waiting
    said = " ".join(map(str, [*say.models_answer({"churn": watch}), *say.models_findings({"churn": watch})]))
    assert "share of customers who stopped came to 100" in said and "expected: 50" in said
    assert "had brought" in " ".join(map(str, say.models_paragraph(watch))) and say.models_drift(watch)
    assert show.scored_table(watch) is not None
    model = _Model(scores, scores)
    assert say.unless_refuted(model, watch) is model
    off = say.unless_refuted(model, replace(watch, verdict=DO_NOT_USE, reason="no_order"))
    assert isinstance(off, Skipped) and "left out" in str(off.reason)


@pytest.mark.parametrize(
    ("refit", "learnt"),
    [
        ("always", [1, 2, 3, 4, 5, 6, 7, 8]),
        # Three promises of January's model that share no day have missed by the end of May; of May's, by August.
        ("by_verdict", [1, 1, 1, 1, 5, 5, 5, 8]),
        ("never", [1] * 8),
        (date(2025, 2, 28), [1, 2, 2, 2, 2, 2, 2, 2]),
    ],
)
def test_a_model_stands_as_configured_until_its_own_promises_speak_against_it(tmp_path, refit, learnt):
    """Half of the customers stop in each month, and every promise says that a tenth to a fifth do."""
    ends = pd.date_range("2025-01-31", periods=8, freq="ME")
    who = [f"c{i:03d}" for i in range(120)]
    lines = [(f"{one}-{day:%m}", one, "tea", day - pd.Timedelta(days=9), 5.0)
             for i, one in enumerate(who) for day in ends if i % 2 or day == ends[0]]  # fmt: skip
    names = ["order_id", "customer_id", "product_id", "ordered_at", "net_amount"]
    pd.DataFrame(lines, columns=names).to_csv(tmp_path / "lines.csv", index=False)
    (tmp_path / "crm.toml").write_text(
        'name = "shop"\ncurrency = "EUR"\nas_of = "2025-08-31"\n[tables.transactions]\nfrom = "lines.csv"\n'
        f"[models]\nrefit = {refit if isinstance(refit, date) else repr(refit)}\n"
    )
    crm, scores = open_workspace(tmp_path), pd.Series([0.2, 0.1] * 60, index=who)
    level = SimpleNamespace(is_promised=True, low=0.1, high=0.2)
    figures = pd.DataFrame(
        {"recency_days": 9.0, "spend_total": 5.0, "order_count": 1, "kind": "x"}, index=who
    )
    found = []
    for end in ends:
        then = crm.at(end.date())
        watch = watch_model(then)
        past = watch.learnt_from(then)
        found.append(past.as_of.month)
        keep_promise(then, _Model(scores, scores, level=level, learnt_on=past.as_of), figures)
    assert found == learnt
    assert watch.scored["learnt_on"].dt.month.tolist() == learnt[: len(watch.scored)]
    assert watch.scored["until"].max() == pd.Timestamp("2025-08-30"), "days, not moments"
    said = " ".join(map(str, say.models_learning(watch, then)))
    assert ("Each run learns it anew" in said) == (refit == "always")
    assert ("31 January 2025" in said and "before it" in said) == (refit not in ("always", "never"))


def test_a_promise_of_a_year_is_judged_though_the_latest_share_its_days(tmp_path):
    """Of 36 monthly promises three share no day; the latest eight alone would never bring a verdict."""
    pd.DataFrame({"order_id": "1", "product_id": "tea", "customer_id": "ann", "net_amount": 5.0,
                  "ordered_at": ["2020-01-15"]}).to_csv(tmp_path / "lines.csv", index=False)  # fmt: skip
    (tmp_path / "crm.toml").write_text(
        'name = "shop"\ncurrency = "EUR"\nas_of = "2023-12-31"\n[tables.transactions]\nfrom = "lines.csv"\n'
    )
    crm = open_workspace(tmp_path)
    for end in pd.date_range("2020-12-31", periods=25, freq="ME"):
        year_on = (end + pd.DateOffset(years=1)).strftime("%Y-%m-%d")
        told = {"measure": "net_amount", "today": f"{end:%Y-%m-%d}", "ends_on": year_on}
        keep(
            crm.at(end.date()), KEPT_AS[SALES], told | {"expected": 9.0, "plain": None, "range": [8.0, 10.0]}
        )
    watch = watch_model(crm, model=SALES)
    assert one_after_the_other(watch.scored)["made_on"].dt.year.tolist() == [2020, 2021, 2022]
    assert (watch.verdict, watch.reason, len(watch.scored)) == (REFIT, "missed", 10)
