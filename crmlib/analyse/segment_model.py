"""The scikit-learn estimator behind the segments."""

from copy import copy
from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, ClusterMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data
from threadpoolctl import threadpool_limits

from crmlib.analyse.segment_clusters import METHODS, draw_rows, find_clusters, order_clusters, refine_clusters
from crmlib.analyse.segment_prepare import learn_preparation
from crmlib.schema.errors import ParameterError, nearest


class SegmentModel(ClusterMixin, TransformerMixin, BaseEstimator):
    """Groups of customers in a numeric table of any units.

    Columns are prepared (see `crmlib.analyse.segment_prepare.Preparation`: missing values filled by the
    median, outliers capped, skewed columns unbent, scaled, near copies left out), then grouped. The starts
    are tried on at most 3,000 rows, the best is settled on all.

    Parameters
    ----------
    n_segments : int
    method : "kmeans" or "mixture"
        A mixture is of Gaussians whose columns are independent within a segment.
    n_init : int
        Starts of k-means; the mixture, which begins from k-means, takes a third of them.
    near_copy : float
        Of columns correlated more strongly than this the first is kept.
    random_state : int, RandomState or None

    Attributes
    ----------
    labels_ : array (rows,)
        0 to `n_segments` - 1.
    centres_ : array (n_segments, kept columns)
        Means of the prepared columns: standard deviations from the average customer.
    preparation_ : Preparation
    clusters_ : Clusters
    dropped_ : dict of column name to reason
    n_features_in_, feature_names_in_
        As everywhere in scikit-learn.

    Raises
    ------
    ParameterError
        If a parameter is out of range, there are fewer rows than segments, or no column differs between rows.

    References
    ----------
    Hastie, T., Tibshirani, R. and Friedman, J. (2009). The Elements of Statistical Learning, chapter 14.

    Examples
    --------
    >>> spend = np.array([[10.0], [12.0], [11.0], [13.0], [900.0], [950.0], [870.0], [910.0]])
    >>> model = SegmentModel(n_segments=2, random_state=0).fit(spend)
    >>> model.labels_.tolist() in ([0] * 4 + [1] * 4, [1] * 4 + [0] * 4)
    True
    """

    def __init__(self, n_segments=4, *, method="kmeans", n_init=9, near_copy=0.9, random_state=None):
        self.n_segments = n_segments
        self.method = method
        self.n_init = n_init
        self.near_copy = near_copy
        self.random_state = random_state

    def fit(self, X, y=None):
        """Learn the preparation and the segments.

        Parameters
        ----------
        X : DataFrame or array (rows, columns), NaN where missing
        y : ignored

        Returns
        -------
        SegmentModel

        Examples
        --------
        >>> SegmentModel(n_segments=2, random_state=0).fit(np.arange(20.0).reshape(-1, 1)).n_features_in_
        1
        """
        self._check_parameters()
        X = validate_data(self, X, dtype="float64", ensure_all_finite="allow-nan")
        if len(X) < self.n_segments:
            raise ParameterError(
                f"n_samples={len(X)} is less than n_segments={self.n_segments}. Ask for fewer segments."
            )
        names = getattr(self, "feature_names_in_", [f"x{j}" for j in range(X.shape[1])])
        self.preparation_ = learn_preparation(X, names, near_copy=self.near_copy)
        self.dropped_ = self.preparation_.dropped
        if not len(self.preparation_.kept):
            raise ParameterError(
                f"No column differs between the n_samples={len(X)} rows (1 sample can never do). "
                "Give columns that do."
            )
        rows = self.preparation_.apply(X)
        self._keep(_search(rows, self.n_segments, self.method, self.n_init, self._seed()), rows)
        return self

    def predict(self, X):
        """The segment of each row, which need not have been there at the fit.

        Parameters
        ----------
        X : DataFrame or array (rows, columns)

        Returns
        -------
        array (rows,) of int

        Examples
        --------
        >>> model = SegmentModel(n_segments=2, random_state=0).fit(np.arange(20.0).reshape(-1, 1))
        >>> low, high = model.predict([[1.0], [18.0]])
        >>> bool(low != high)
        True
        """
        rows = self._prepared(X)
        return self.clusters_.assign(rows)

    def transform(self, X):
        """The prepared columns, as the segments see them: means 0, standard deviations 1 at the fit.

        Parameters
        ----------
        X : DataFrame or array (rows, columns)

        Returns
        -------
        array (rows, kept columns)

        Examples
        --------
        >>> model = SegmentModel(n_segments=2, random_state=0).fit(np.arange(21.0).reshape(-1, 1))
        >>> model.transform([[10.0]]).tolist()
        [[0.0]]
        """
        return self._prepared(X)

    def get_feature_names_out(self, input_features=None):
        """The columns that count: those given, without the dropped ones.

        Parameters
        ----------
        input_features : names, optional
            Must be the fitted ones where the fit saw names.

        Returns
        -------
        array of str

        Examples
        --------
        >>> model = SegmentModel(n_segments=2, random_state=0).fit(np.arange(20.0).reshape(-1, 1))
        >>> model.get_feature_names_out().tolist()
        ['x0']
        """
        check_is_fitted(self)
        names = np.asarray(self.preparation_.names, dtype=object)
        if input_features is not None:
            given = np.asarray(input_features, dtype=object)
            if len(given) != self.n_features_in_:
                raise ParameterError(
                    "input_features should have length equal to number of features (n_features_in_)."
                )
            if hasattr(self, "feature_names_in_") and not np.array_equal(given, names):
                raise ParameterError("input_features is not equal to feature_names_in_. Leave it out.")
            names = given
        return names[self.preparation_.kept]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _check_parameters(self):
        if (
            isinstance(self.n_segments, bool)
            or not isinstance(self.n_segments, Integral)
            or self.n_segments < 1
        ):
            raise ParameterError(f"n_segments={self.n_segments!r}: give a whole number, at least 1.")
        if self.method not in METHODS:
            raise ParameterError(f"method={self.method!r} is none.{nearest(self.method, METHODS)}")
        if isinstance(self.n_init, bool) or not isinstance(self.n_init, Integral) or self.n_init < 1:
            raise ParameterError(f"n_init={self.n_init!r}: give a whole number, at least 1.")
        if not 0 < self.near_copy <= 1:
            raise ParameterError(f"near_copy={self.near_copy!r}: give a correlation, above 0 and at most 1.")

    def _prepared(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype="float64", ensure_all_finite="allow-nan", reset=False)
        return self.preparation_.apply(X)

    def _seed(self):
        if isinstance(self.random_state, Integral):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))

    def _keep(self, clusters, rows):
        self.clusters_ = clusters
        self.centres_ = clusters.centres
        self.labels_ = clusters.assign(rows)


def reorder_segments(model: SegmentModel, order) -> SegmentModel:
    """The same fitted model with its segments renumbered: segment 0 is what `order[0]` was.

    Parameters
    ----------
    model : SegmentModel, fitted; it is not changed
    order : sequence of int
        A permutation of 0 to `n_segments` - 1.

    Returns
    -------
    SegmentModel

    Examples
    --------
    >>> model = SegmentModel(n_segments=2, random_state=0).fit(np.arange(20.0).reshape(-1, 1))
    >>> ordered = reorder_segments(model, np.argsort(-model.centres_[:, 0]))
    >>> ordered.predict([[19.0], [0.0]]).tolist()
    [0, 1]
    """
    order = np.asarray(order, dtype=int)
    if sorted(order.tolist()) != list(range(len(model.centres_))):
        raise ParameterError(
            f"{order.tolist()} is no order of the {len(model.centres_)} segments. Name each once."
        )
    renumbered = copy(model)
    renumbered.clusters_ = order_clusters(model.clusters_, order)
    renumbered.centres_ = renumbered.clusters_.centres
    renumbered.labels_ = np.argsort(order)[model.labels_]
    return renumbered


@threadpool_limits.wrap(limits=1)
def _search(rows, n_segments, method, starts, seed):
    sample = draw_rows(len(rows), seed=seed)
    clusters = find_clusters(rows[sample], n_segments, method=method, seed=seed, starts=starts)
    return clusters if len(sample) == len(rows) else refine_clusters(clusters, rows)
