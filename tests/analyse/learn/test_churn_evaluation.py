"""Measures against scikit-learn and by hand; intervals that hold what they promise."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from crmlib.analyse.learn.candidates import fit_candidate, folds_of, learn_calibration
from crmlib.analyse.learn.evaluate import (
    area,
    calibration_table,
    draws_of,
    evaluate,
    gains_table,
    weighted_measures,
)
from crmlib.analyse.learn.features import OTHER, UNKNOWN, learn_encoding
from crmlib.analyse.learn.reasons import contributions, reason_table


def drawn(seed, rows=300, ties=False):
    lot = np.random.default_rng(seed)
    p = lot.beta(1, 3, rows).round(1 if ties else 9)
    return np.clip(p, 0.001, 0.999), lot.random(rows) < p


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_measures_equal_scikit_learns_on_every_draw(seed, ties):
    p, y = drawn(seed, ties=ties)
    weights = next(draws_of(len(y), seed=seed, draws=5))
    for w, found in zip(weights, weighted_measures(p, y, weights), strict=True):
        expected = [
            roc_auc_score(y, p, sample_weight=w),
            log_loss(y, p, sample_weight=w),
            brier_score_loss(y, p, sample_weight=w),
        ]
        assert np.allclose(found[:3], expected)
    assert area(p, y) == pytest.approx(roc_auc_score(y, p))


def test_lift_of_the_first_tenth_by_hand():
    y = np.zeros(40, dtype=bool)
    y[[0, 1, 3, 10]] = True
    p = np.linspace(0.9, 0.1, 40)
    # of the first 4 of 40, 3 have the outcome, of all 4 in 40: 0.75 / 0.1
    assert weighted_measures(p, y, np.ones((1, 40)))[0, 3] == pytest.approx(7.5)
    # all alike: the first tenth is as good as any
    assert weighted_measures(np.full(40, 0.3), y, np.ones((1, 40)))[0, 3] == pytest.approx(1.0)
    # the first eight are alike and hold 3: half of them are in the first tenth, with half of the 3
    tied = np.r_[np.full(8, 0.9), np.full(32, 0.1)]
    assert weighted_measures(tied, y, np.ones((1, 40)))[0, 3] == pytest.approx(3.75)


def test_gains_end_at_everybody_and_begin_with_the_likeliest():
    p, y = drawn(1)
    table = gains_table(p, {"other": np.full(len(y), 0.5)}, y)
    assert table["found_pct"].iloc[-1] == pytest.approx(100)
    assert table["found_pct"].is_monotonic_increasing
    assert np.allclose(table["found_pct_other"], table["reached_pct"])
    assert (table["low"] <= table["found_pct"] + 1e-9).all() and (
        table["high"] >= table["found_pct"] - 1e-9
    ).all()


def test_intervals_hold_the_truth_as_often_as_they_promise():
    truth = area(*drawn(0, rows=400_000))
    hits = 0
    for seed in range(60):
        p, y = drawn(seed + 1, rows=400)
        table, _ = evaluate({"decision_tree": p}, y, chosen="decision_tree", baselines=(), seed=seed)
        hits += table["auc_low"].item() <= truth <= table["auc_high"].item()
    assert 52 <= hits <= 60


def test_a_difference_of_nothing_is_not_called_better():
    p, y = drawn(2)
    noise = np.random.default_rng(9).normal(0, 1e-3, len(y))
    _, ahead = evaluate(
        {"decision_tree": p, "recency": p + noise}, y, chosen="decision_tree", baselines=("recency",)
    )
    assert not ahead["better"].item() and ahead["auc_low"].item() < 0 < ahead["auc_high"].item()


def test_calibration_groups_hold_everybody_and_right_forecasts_lie_within():
    p, y = drawn(3, rows=5_000)
    table = calibration_table(p, y)
    assert table["customers"].sum() == 5_000
    inside = (table["low"] <= table["predicted_pct"]) & (table["predicted_pct"] <= table["high"])
    assert inside.sum() >= 9
    wrong = calibration_table(np.clip(p * 2, 0, 1), y)
    assert ((wrong["predicted_pct"] > wrong["high"]).sum()) >= 7


@pytest.mark.parametrize("rows", [400, 6_000], ids=["by a curve", "by steps"])
def test_calibration_mends_what_is_overstated(rows):
    lot = np.random.default_rng(4)
    truth = lot.uniform(0.05, 0.95, rows)
    raw = 1 / (1 + np.exp(-3 * np.log(truth / (1 - truth))))
    mended = learn_calibration(raw, lot.random(rows) < truth)(raw)
    assert np.abs(mended - truth).mean() < 0.3 * np.abs(raw - truth).mean()
    assert mended.min() > 0 and mended.max() < 1


def test_a_customer_stays_in_one_fold_and_folds_share_the_outcome():
    groups = np.tile(np.arange(90), 3)
    label = np.zeros(270, dtype=bool)
    label[[3, 93, 14, 50, 77, 81, 200]] = True
    fold = folds_of(groups, label, folds=3, seed=0)
    assert all(len(set(fold[groups == who])) == 1 for who in range(90))
    assert [int(label[fold == k].sum()) for k in range(3)] == [2, 2, 3] or max(np.bincount(fold[label])) <= 3


def test_the_matrix_knows_only_what_was_learnt_from():
    learnt = pd.DataFrame(
        {
            "channel": ["web"] * 100 + ["shop"] * 60 + [None] * 40,
            "orders": [float(i % 7) for i in range(200)],
            "code": [str(i) for i in range(200)],
            "since": pd.Timestamp("2024-01-01"),
            "digits": [f"{i}.5" if i % 9 else " " for i in range(200)],
        }
    )
    encoding = learn_encoding(learnt.assign(code=learnt["code"] + "x"))
    assert encoding.columns == (("channel", "shop"), ("channel", UNKNOWN), ("orders", None), ("digits", None))
    assert encoding.left_out == {
        "code": "differs for nearly every customer, as a name or number of theirs does",
        "since": "is a date; give the days since then",
    }
    asked = pd.DataFrame({"channel": ["fax", "shop"], "orders": [np.inf, 2], "digits": ["", "3.5"]})
    assert np.array_equal(encoding.matrix(asked), [[0, 0, np.nan, np.nan], [1, 0, 2, 3.5]], equal_nan=True)


def test_rare_levels_are_put_together():
    names = [*["a"] * 50, *["b"] * 40, *[f"r{i % 10}" for i in range(30)]]
    encoding = learn_encoding(pd.DataFrame({"kind": names}))
    assert encoding.levels["kind"] == ("a", "b", OTHER)
    assert encoding.matrix(pd.DataFrame({"kind": ["r3", "never seen", "a"]})).tolist() == [
        [0, 1],
        [0, 1],
        [0, 0],
    ]


def test_contributions_of_a_weighted_sum_are_weight_times_distance():
    lot = np.random.default_rng(5)
    table = pd.DataFrame({"x": lot.normal(size=500), "z": lot.normal(size=500)})
    label = lot.random(500) < 1 / (1 + np.exp(-table["x"].to_numpy()))
    encoding = learn_encoding(table)
    matrix = encoding.matrix(table)
    fold = folds_of(np.arange(500), label, folds=3, seed=0)
    model = fit_candidate("logistic_regression", matrix, label, fold, encoding=encoding, seed=0)
    ordinary = encoding.reference[None, :]
    straight = model.straightener
    raw = (straight.apply(matrix) - straight.apply(ordinary)) * model.model.coef_[0]
    moved = contributions(model, matrix).to_numpy()
    for j in range(2):
        assert np.corrcoef(moved[:, j], raw[:, j])[0, 1] > 0.999
    reasons = reason_table(model, matrix, table, names=["x", "z"])
    assert (reasons["log_odds"] >= 0.1).all() and reasons["place"].max() <= 2
    strongest = moved.argmax(axis=1)
    first = reasons[reasons["place"] == 1].set_index("customer_id")["indicator"]
    assert all(first[i] == "xz"[strongest[i]] for i in first.index)
