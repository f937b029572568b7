"""How well segments stand apart, and whether they come back when customers are drawn again."""

import numpy as np

from crmlib.analyse.segment_clusters import Clusters, find_clusters

HOPELESS = (8, 0.5)
"""After this many resamples a candidate whose least stable segment overlaps less than this is given up."""


def resample(
    rows: np.ndarray, clusters: Clusters, draws: np.ndarray, *, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Find the segments again in resamples and see how much of each comes back.

    Each resample's segments take in all rows, so that the comparison is over the same customers. A candidate
    without hope (see `HOPELESS`) is spared the rest of the resamples.

    Parameters
    ----------
    rows : array (rows, columns)
    clusters : Clusters
    draws : array (resamples, rows drawn)
    seed : int

    Returns
    -------
    jaccard : array (resamples made, segments)
    rand : array (resamples made,)

    Examples
    --------
    >>> rows = np.array([[0.0], [0.1], [7.0], [7.1]])
    >>> groups = find_clusters(rows, 2, method="kmeans", seed=0)
    >>> resample(rows, groups, np.array([[0, 1, 2, 3]]), seed=0)[0].tolist()
    [[1.0, 1.0]]
    """
    n, labels = len(clusters.centres), clusters.assign(rows)
    jaccard, rand = [], []
    for i, draw in enumerate(draws):
        found = find_clusters(rows[draw], n, method=clusters.method, seed=seed + i + 1, starts=5)
        again = found.assign(rows)
        jaccard.append(jaccard_per_segment(labels, again, n=n))
        rand.append(adjusted_rand(labels, again))
        if len(rand) == HOPELESS[0] and np.mean(jaccard, axis=0).min() < HOPELESS[1]:
            break
    return np.array(jaccard), np.array(rand)


def jaccard_per_segment(labels: np.ndarray, again: np.ndarray, *, n: int | None = None) -> np.ndarray:
    """Of every segment, the overlap with its nearest one in another grouping of the same rows.

    Parameters
    ----------
    labels, again : arrays (rows,) of int from 0
    n : int, optional
        How many segments `labels` has; a segment without a row has overlap 0.

    Returns
    -------
    array (segments,)
        Shared members over members of either: 1 the same, 0 nothing shared.

    References
    ----------
    Jaccard, P. (1901). Distribution de la flore alpine.

    Examples
    --------
    >>> jaccard_per_segment(np.array([0, 0, 0, 1]), np.array([1, 1, 0, 0])).round(3).tolist()
    [0.667, 0.5]
    """
    shared = _crossed(labels, again, n or int(labels.max()) + 1)
    either = shared.sum(axis=1, keepdims=True) + shared.sum(axis=0) - shared
    return (shared / np.maximum(either, 1)).max(axis=1)


def adjusted_rand(labels: np.ndarray, again: np.ndarray) -> float:
    """Agreement of two groupings: 1 the same, 0 as by chance.

    Examples
    --------
    >>> adjusted_rand(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]))
    1.0
    """
    shared = _crossed(labels, again, int(labels.max()) + 1).astype("float64")
    pairs, rows, columns = (_pairs(x).sum() for x in (shared, shared.sum(axis=1), shared.sum(axis=0)))
    expected = rows * columns / max(_pairs(np.float64(len(labels))), 1.0)
    most = (rows + columns) / 2
    return 1.0 if most == expected else float((pairs - expected) / (most - expected))


def silhouettes(distances: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How much nearer each row is to its own segment than to the next one.

    Parameters
    ----------
    distances : array (rows, rows)
    labels : array (rows,) of int from 0

    Returns
    -------
    array (rows,)
        From -1 to 1; 0 for a row alone in its segment.

    References
    ----------
    Rousseeuw, P. J. (1987). Silhouettes. Journal of Computational and Applied Mathematics 20.

    Examples
    --------
    >>> apart = np.abs(np.subtract.outer([0.0, 1.0, 9.0], [0.0, 1.0, 9.0]))
    >>> silhouettes(apart, np.array([0, 0, 1])).round(3).tolist()
    [0.889, 0.875, 0.0]
    """
    members = np.eye(labels.max() + 1, dtype=distances.dtype)[labels]
    sizes = members.sum(axis=0)
    totals = distances @ members
    index = np.arange(len(labels))
    own = totals[index, labels] / np.maximum(sizes[labels] - 1, 1)
    others = np.where(sizes > 0, totals / np.maximum(sizes, 1), np.inf)
    others[index, labels] = np.inf
    nearest = others.min(axis=1)
    wider = np.maximum(own, nearest)
    with np.errstate(invalid="ignore"):
        values = np.where((wider > 0) & np.isfinite(wider), (nearest - own) / wider, 0.0)
    return np.where(sizes[labels] > 1, values, 0.0)


def _crossed(labels: np.ndarray, again: np.ndarray, n: int) -> np.ndarray:
    m = int(again.max()) + 1
    return np.bincount(labels * m + again, minlength=n * m).reshape(n, m)


def _pairs(counts: np.ndarray) -> np.ndarray:
    return counts * (counts - 1) / 2
