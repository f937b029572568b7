"""How many segments: the figures behind the choice, against brute force and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score, pairwise_distances, silhouette_samples

from crmlib.analyse.segments.choice import (
    HOPELESS,
    adjusted_rand,
    candidate_table,
    choose,
    jaccard_per_segment,
    silhouettes,
    try_candidates,
)

groupings = st.integers(1, 30).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(0, 4), min_size=n, max_size=n).map(np.array)] * 2)
)


@settings(deadline=None)
@given(groupings)
def test_jaccard_against_sets(both):
    labels, again = both
    rows = range(len(labels))
    expected = []
    for segment in range(labels.max() + 1):
        mine = {i for i in rows if labels[i] == segment}
        others = [{i for i in rows if again[i] == other} for other in range(again.max() + 1)]
        expected.append(max(len(mine & other) / max(len(mine | other), 1) for other in others))
    assert jaccard_per_segment(labels, again) == pytest.approx(expected)


@settings(deadline=None)
@given(groupings)
def test_adjusted_rand_against_scikit_learn(both):
    assert adjusted_rand(*both) == pytest.approx(adjusted_rand_score(*both))


@pytest.mark.parametrize("k", [2, 3, 7])
def test_silhouettes_against_scikit_learn(k):
    rng = np.random.default_rng(k)
    rows = rng.normal(size=(80, 3))
    labels = np.r_[np.arange(k), rng.integers(0, k, 79 - k), k]
    distances = pairwise_distances(rows)
    assert np.allclose(silhouettes(distances, labels), silhouette_samples(rows, labels))


def test_silhouettes_where_a_number_is_not_used_or_all_rows_are_one_group():
    rows = np.array([[0.0], [1.0], [8.0], [9.0]])
    distances = pairwise_distances(rows)
    labels = np.array([0, 0, 2, 2])
    assert np.allclose(silhouettes(distances, labels), silhouette_samples(rows, labels))
    assert (silhouettes(distances, np.zeros(4, dtype=int)) == 0).all()


def test_the_planted_number_is_chosen_and_every_candidate_judged():
    rows, _ = make_blobs([100] * 4, n_features=5, center_box=(-9, 9), random_state=1)
    tried = try_candidates(rows / rows.std(axis=0), range(2, 8), seed=0, rounds=10)
    best = choose(tried)
    assert tried[best].n_segments == 4
    table = candidate_table(tried, best)
    assert len(table) == 12
    assert table["chosen"].sum() == 1
    assert table.loc[table["chosen"], "verdict"].item() in ("best", "finest")
    assert table["verdict"].isin(["best", "finest", "rejected", "holds_up"]).all()
    assert table.loc[~table["chosen"], "why"].map(len).all()
    recomputed = (
        ((1 + table["silhouette"]) / 2) ** 2 * table["smallest_jaccard"] * table["told_apart_pct"] / 100
    )
    assert np.allclose(recomputed, table["score"])


def test_one_cloud_has_no_segments_that_hold_up_in_many_parts():
    rows = np.random.default_rng(0).normal(size=(400, 6))
    tried = try_candidates(rows, [6], seed=0, rounds=10)
    table = candidate_table(tried, choose(tried))
    assert not any(one.holds_up for one in tried)
    assert table.loc[table["chosen"], "verdict"].item() == "sketch"
    assert "not_stable" in table.loc[~table["chosen"], "why"].item()


def test_a_handful_of_customers_is_no_segment():
    rng = np.random.default_rng(0)
    rows = np.r_[rng.normal(size=(200, 3)), rng.normal(30, 0.1, size=(4, 3))]
    tried = try_candidates(rows, [2], seed=0, rounds=4)
    assert [one.sizes.min() for one in tried] == [4, 4]
    assert not any(one.big_enough or one.holds_up for one in tried)
    assert all("too_small" in why for why in candidate_table(tried, 0)["why"])
    assert candidate_table(tried, 0)["smallest_share_pct"].round(1).eq(2.0).all()


def test_a_hopeless_candidate_is_given_up_early():
    rows = np.random.default_rng(0).normal(size=(300, 8))
    (kmeans, _) = try_candidates(rows, [8], seed=0, rounds=25)
    assert len(kmeans.rand) == HOPELESS[0]
    assert kmeans.smallest_jaccard < HOPELESS[1]
    assert kmeans.silhouettes_per_segment == pytest.approx(
        [kmeans.silhouettes[kmeans.labels == i].mean() for i in range(8)]
    )
