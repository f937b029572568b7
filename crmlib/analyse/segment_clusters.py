"""Groups in prepared columns: found by k-means or a Gaussian mixture, held as plain arrays."""

import warnings
from dataclasses import dataclass, replace

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

METHODS = {"kmeans": "k-means", "mixture": "Gaussian mixture"}
SAMPLE = 3_000
"""Starts, silhouettes and resamples are computed on at most this many rows."""
_ROUNDS = 100
_FLOOR = 0.05


@dataclass(frozen=True, kw_only=True, eq=False)
class Clusters:
    """Groups of rows, numbered from 0.

    Parameters
    ----------
    method : "kmeans" or "mixture"
    centres : array (groups, columns)
    variances : array (groups, columns)
        Within the group; ones for k-means.
    weights : array (groups,)
        Share of the rows; equal for k-means.

    Examples
    --------
    >>> groups = find_clusters(np.array([[0.0], [0.1], [5.0], [5.1]]), 2, method="kmeans", seed=0)
    >>> order_clusters(groups, groups.centres[:, 0].argsort()).assign(np.array([[4.0], [1.0]])).tolist()
    [1, 0]
    """

    method: str
    centres: np.ndarray
    variances: np.ndarray
    weights: np.ndarray

    def assign(self, rows: np.ndarray) -> np.ndarray:
        """The group of each row: the nearest centre, or the likeliest group of the mixture.

        Parameters
        ----------
        rows : array (rows, columns)

        Returns
        -------
        array (rows,) of int

        Examples
        --------
        >>> ones = np.ones((2, 1))
        >>> Clusters(
        ...     method="kmeans", centres=4 * ones.cumsum(axis=0) - 4, variances=ones, weights=ones[:, 0] / 2
        ... ).assign(np.array([[1.0], [3.0]])).tolist()
        [0, 1]
        """
        precision = 1.0 / self.variances
        distance = rows**2 @ precision.T - 2 * rows @ (self.centres * precision).T
        distance += (self.centres**2 * precision + np.log(self.variances)).sum(axis=1) - 2 * np.log(
            self.weights
        )
        return distance.argmin(axis=1)


def find_clusters(rows: np.ndarray, n: int, *, method: str, seed: int, starts: int = 9) -> Clusters:
    """Find `n` groups.

    Parameters
    ----------
    rows : array (rows, columns)
        Prepared: the same footing for every column.
    n : int
    method : "kmeans" or "mixture"
        The mixture's columns are independent within a group (latent profile analysis), which few customers
        suffice to estimate.
    seed : int
    starts : int
        The best of this many for k-means, of a third for the mixture, which starts from k-means.

    References
    ----------
    MacQueen, J. (1967). Some methods for classification and analysis of multivariate observations.

    McLachlan, G. and Peel, D. (2000). Finite Mixture Models.

    Examples
    --------
    >>> rows = np.array([[0.0], [0.2], [9.0], [9.2]])
    >>> sorted(find_clusters(rows, 2, method="mixture", seed=0).centres.ravel().round(1).tolist())
    [0.1, 9.1]
    """
    tries = starts if method == "kmeans" else max(1, starts // 3)
    return _fit(rows, n, method, n_init=tries, random_state=seed)


def refine_clusters(clusters: Clusters, rows: np.ndarray) -> Clusters:
    """Let the groups that were found in a sample settle on all rows; they keep their numbers.

    Examples
    --------
    >>> rows = np.array([[0.0], [0.2], [9.0], [9.4]])
    >>> rough = find_clusters(rows[[0, 2]], 2, method="kmeans", seed=0)
    >>> sorted(refine_clusters(rough, rows).centres.ravel().round(1).tolist())
    [0.1, 9.2]
    """
    return _fit(rows, len(clusters.centres), clusters.method, **_start_at(clusters))


def order_clusters(clusters: Clusters, order: np.ndarray) -> Clusters:
    """The same groups, renumbered: the first is what `order[0]` was.

    Examples
    --------
    >>> groups = find_clusters(np.array([[0.0], [0.1], [5.0], [5.1]]), 2, method="kmeans", seed=0)
    >>> order_clusters(groups, np.argsort(-groups.centres[:, 0])).centres[0].tolist()
    [5.05]
    """
    order = np.asarray(order, dtype=int)
    return replace(
        clusters,
        centres=clusters.centres[order],
        variances=clusters.variances[order],
        weights=clusters.weights[order],
    )


def draw_rows(count: int, *, seed: int, most: int = SAMPLE) -> np.ndarray:
    """Numbers of at most `most` rows, drawn without replacement, in ascending order.

    Examples
    --------
    >>> draw_rows(4, seed=0).tolist()
    [0, 1, 2, 3]
    >>> len(draw_rows(1_000, seed=0, most=10))
    10
    """
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, size=most, replace=False))


def _start_at(clusters: Clusters) -> dict[str, object]:
    if clusters.method == "kmeans":
        return {"init": clusters.centres, "n_init": 1}
    return {
        "means_init": clusters.centres,
        "weights_init": clusters.weights,
        "precisions_init": 1.0 / clusters.variances,
    }


def _fit(rows: np.ndarray, n: int, method: str, **options) -> Clusters:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        if method == "kmeans":
            centres = KMeans(n, max_iter=_ROUNDS, **options).fit(rows).cluster_centers_
            shape = {"variances": np.ones_like(centres), "weights": np.full(n, 1.0 / n)}
            return Clusters(method=method, centres=centres, **shape)
        options = {"covariance_type": "diag", "reg_covar": _FLOOR, "max_iter": _ROUNDS, **options}
        model = GaussianMixture(n, **options).fit(rows)
    return Clusters(method=method, centres=model.means_, variances=model.covariances_, weights=model.weights_)
