"""The estimator behind the segments, its preparation and its groups."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture
from sklearn.utils.estimator_checks import parametrize_with_checks

from crmlib.analyse.segments.choice import Clusters, draw_rows, find_clusters, refine_clusters
from crmlib.analyse.segments.preparation import learn_preparation
from crmlib.analyse.segments.segment import SegmentModel, reorder_segments
from crmlib.schema.errors import ParameterError


@parametrize_with_checks([SegmentModel(random_state=0), SegmentModel(method="mixture", random_state=0)])
def test_scikit_learn_habits(estimator, check):
    check(estimator)


def blobs(k=4, seed=3):
    rows, truth = make_blobs([120] * k, n_features=6, cluster_std=1.0, center_box=(-9, 9), random_state=seed)
    return rows, truth


@pytest.mark.parametrize("method", ["kmeans", "mixture"])
def test_planted_groups_are_found(method):
    rows, truth = blobs()
    model = SegmentModel(n_segments=4, method=method, random_state=0).fit(rows)
    assert adjusted_rand_score(truth, model.labels_) > 0.95
    assert (model.predict(rows) == model.labels_).all()


def test_a_sample_settles_on_all_rows():
    rows, truth = make_blobs([3000, 2500, 1500], n_features=4, center_box=(-9, 9), random_state=1)
    for method in ("kmeans", "mixture"):
        model = SegmentModel(n_segments=3, method=method, random_state=0).fit(rows)
        assert adjusted_rand_score(truth, model.labels_) > 0.95
    kmeans = SegmentModel(n_segments=3, random_state=0).fit(rows)
    prepared = kmeans.transform(rows)
    means = np.array([prepared[kmeans.labels_ == i].mean(axis=0) for i in range(3)])
    assert np.allclose(kmeans.centres_, means, atol=1e-3)


def test_names_of_columns_are_kept_and_copies_left_out():
    rows, _ = blobs()
    frame = pd.DataFrame(rows[:, :3], columns=["spend", "orders", "visits"])
    frame["spend in cents"] = 100 * frame["spend"]
    frame["country"] = 1.0
    model = SegmentModel(n_segments=3, random_state=0).fit(frame)
    assert list(model.feature_names_in_) == list(frame.columns)
    assert list(model.get_feature_names_out()) == ["spend", "orders", "visits"]
    assert model.dropped_["spend in cents"] == "moves_with spend"
    assert model.dropped_["country"] == "hardly_differs"
    assert list(model.set_output(transform="pandas").transform(frame).columns) == [
        "spend",
        "orders",
        "visits",
    ]


@pytest.mark.parametrize(
    ("options", "remedy"),
    [
        ({"n_segments": 0}, "at least 1"),
        ({"n_segments": 2.5}, "whole number"),
        ({"n_segments": 999}, "fewer segments"),
        ({"method": "kmean"}, "Did you mean 'kmeans'"),
        ({"n_init": 0}, "at least 1"),
        ({"near_copy": 0}, "correlation"),
    ],
)
def test_wrong_parameters_are_answered_with_the_remedy(options, remedy):
    with pytest.raises(ParameterError, match=remedy):
        SegmentModel(**options).fit(blobs()[0])


def test_no_column_that_differs():
    with pytest.raises(ParameterError, match="No column differs"):
        SegmentModel(n_segments=2).fit(np.ones((30, 3)))


def test_names_out_must_be_the_fitted_ones():
    frame = pd.DataFrame(blobs()[0][:, :2], columns=["a", "b"])
    model = SegmentModel(n_segments=2, random_state=0).fit(frame)
    assert list(model.get_feature_names_out(["a", "b"])) == ["a", "b"]
    with pytest.raises(ParameterError, match="feature_names_in_"):
        model.get_feature_names_out(["a", "c"])
    with pytest.raises(ParameterError, match="number of features"):
        model.get_feature_names_out(["a"])


def test_reordering_changes_a_copy_only():
    rows, _ = blobs()
    model = SegmentModel(n_segments=4, random_state=0).fit(rows)
    before = model.labels_.copy()
    turned = reorder_segments(model, [2, 0, 3, 1])
    assert (model.labels_ == before).all()
    assert (turned.labels_ == np.array([1, 3, 0, 2])[before]).all()
    assert (turned.predict(rows) == turned.labels_).all()
    with pytest.raises(ParameterError, match="Name each once"):
        reorder_segments(model, [0, 0, 1, 2])


def test_a_generator_as_random_state_and_clone():
    rows, truth = blobs()
    model = clone(SegmentModel(n_segments=4, random_state=np.random.RandomState(4)))
    assert adjusted_rand_score(truth, model.fit_predict(rows)) > 0.95


def test_the_mixture_assigns_as_scikit_learn_does():
    rows, _ = make_blobs([80, 200, 40], n_features=3, cluster_std=[1, 3, 2], random_state=5)
    theirs = GaussianMixture(3, covariance_type="diag", random_state=0).fit(rows)
    ours = Clusters(
        method="mixture", centres=theirs.means_, variances=theirs.covariances_, weights=theirs.weights_
    )
    assert (ours.assign(rows) == theirs.predict(rows)).all()


def test_refining_keeps_the_numbers():
    rows, _ = blobs()
    rough = find_clusters(rows[::4], 4, method="kmeans", seed=0)
    settled = refine_clusters(rough, rows)
    assert np.linalg.norm(rough.centres - settled.centres, axis=1).max() < 1


def test_a_drawn_sample_is_a_sample():
    drawn = draw_rows(10_000, seed=4, most=500)
    assert len(set(drawn)) == 500
    assert (np.diff(drawn) > 0).all()
    assert (drawn == draw_rows(10_000, seed=4, most=500)).all()


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        "float64",
        st.tuples(st.integers(2, 60), st.integers(1, 5)),
        elements=st.one_of(st.floats(-1e9, 1e9), st.just(float("nan")), st.just(0.0)),
    )
)
def test_prepared_columns_are_finite_whatever_comes(table):
    preparation = learn_preparation(table, [f"c{j}" for j in range(table.shape[1])])
    prepared = preparation.apply(table)
    assert np.isfinite(prepared).all()
    assert prepared.shape == (len(table), len(preparation.kept))
    assert len(preparation.kept) + len(preparation.dropped) == table.shape[1]
    if prepared.size:
        assert np.allclose(prepared.mean(axis=0), 0, atol=1e-6)
        assert np.allclose(prepared.std(axis=0), 1, atol=1e-6)


def test_preparation_keeps_the_order_of_values_and_the_unit_is_irrelevant():
    rng = np.random.default_rng(2)
    spend = rng.lognormal(5, 1.2, 400)[:, None]
    dollars, cents = (learn_preparation(x, ["spend"]).apply(x) for x in (spend, 100 * spend))
    assert np.allclose(dollars, cents, atol=1e-6)
    ranked = dollars[spend[:, 0].argsort(), 0]
    assert (np.diff(ranked) >= 0).all()


def test_skewed_columns_are_unbent_on_either_side():
    from scipy.stats import skew

    rng = np.random.default_rng(2)
    right = rng.lognormal(3, 1, 1000)
    for column in (right, -right, right - 40):
        prepared = learn_preparation(column[:, None], ["x"]).apply(column[:, None])
        assert abs(skew(prepared[:, 0])) < 0.4


def test_a_whale_is_capped_and_said_to_be_an_outlier():
    rng = np.random.default_rng(2)
    table = np.column_stack([np.r_[rng.lognormal(5, 0.5, 99), 1e9], rng.normal(size=100)])
    preparation = learn_preparation(table, ["spend", "other"])
    assert preparation.apply(table)[:, 0].max() < 4
    assert preparation.outliers(table)[:, 0].nonzero()[0].tolist() == [99]


def test_missing_values_become_the_median():
    table = np.r_[np.arange(50.0), [np.nan] * 10][:, None]
    preparation = learn_preparation(table, ["x"])
    assert preparation.medians[0] == 24.5
    assert np.allclose(preparation.apply(table)[-10:], preparation.apply(np.array([[24.5]])))
