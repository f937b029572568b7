"""Partners: against brute force, scikit-learn, and on customers whose differences are known."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from crmlib.analyse.campaigns.comparison import _nearest_unused, balance_table, match_pairs, propensity


def slow_nearest(wanted, pool, caliper):
    free, chosen = set(range(len(pool))), []
    for value in wanted:
        gaps = sorted((abs(pool[i] - value), i) for i in free)
        near = gaps[0] if gaps and gaps[0][0] <= caliper else None
        chosen.append(near[1] if near else -1)
        free -= {near[1]} if near else set()
    return np.array(chosen)


@pytest.mark.parametrize("seed", range(8))
def test_the_nearest_unused_against_brute_force(seed):
    lot = np.random.default_rng(seed)
    wanted, pool = lot.normal(size=lot.integers(0, 40)), np.sort(lot.normal(0.5, 1, lot.integers(0, 30)))
    for caliper in (0.0, 0.1, 9.0):
        found = _nearest_unused(wanted, pool, caliper)
        assert found.tolist() == slow_nearest(wanted, pool, caliper).tolist()
        used = found[found >= 0]
        assert len(set(used)) == len(used)


def test_log_odds_against_scikit_learn():
    lot = np.random.default_rng(0)
    features = lot.lognormal(size=(300, 4))
    treated = lot.random(300) < 1 / (1 + np.exp(2 - features[:, 0]))
    scaled = (features - features.mean(0)) / features.std(0)
    model = LogisticRegression(C=1.0, tol=1e-10, max_iter=1000).fit(scaled, treated)
    assert propensity(features, treated) == pytest.approx(model.decision_function(scaled), abs=1e-4)


def test_a_figure_that_tells_all_apart_and_one_that_tells_nothing():
    features = np.column_stack([np.arange(40.0), np.ones(40)])
    odds = propensity(features, np.arange(40) >= 20)
    assert np.isfinite(odds).all() and (np.diff(odds) > 0).all()


def test_matching_makes_groups_alike():
    lot = np.random.default_rng(1)
    spend = lot.lognormal(3, 0.5, 800)
    treated = lot.random(800) < 1 / (1 + np.exp(-2 * (np.log(spend) - 3.4)))
    features = np.column_stack([spend, np.log(spend)])
    pairs = match_pairs(features, treated)
    table = balance_table(pd.DataFrame({"spend": spend}), treated, pairs).iloc[0]
    assert table["difference_before"] > 0.6 and abs(table["difference_after"]) < 0.1 and table["alike"]
    assert treated[pairs.treated].all() and not treated[pairs.partner].any()
    assert (np.abs(pairs.log_odds[pairs.treated] - pairs.log_odds[pairs.partner]) <= pairs.caliper).all()
    again = match_pairs(features, treated)
    assert (again.treated == pairs.treated).all() and (again.partner == pairs.partner).all()


def test_standardised_differences_by_hand():
    features = pd.DataFrame({"a": [2.0, 4.0, 1.0, 3.0], "same": 5.0, "split": [1.0, 1.0, 0.0, 0.0]})
    table = balance_table(features, np.array([True, True, False, False]), None).set_index("feature")
    assert table.loc["a", "difference_before"] == pytest.approx(1 / np.sqrt(2))
    assert table.loc["same", "difference_before"] == 0 and table.loc["same", "alike"]
    assert np.isnan(table.loc["split", "difference_before"]) and not table.loc["split", "alike"]
