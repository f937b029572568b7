"""How many segments, and found how: every candidate is tried on resamples, and the rule is written down."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.metrics import pairwise_distances

from crmlib.analyse.segment_clusters import METHODS, Clusters, find_clusters

ROUNDS = 25
"""How often the customers are drawn again, with replacement, for a candidate."""
HOPELESS = (8, 0.5)
"""After this many resamples a candidate whose least stable segment overlaps less than this is given up."""
NEAR_BEST = 0.9
"""Scores this near to the best are too near to tell apart; then the most segments are taken."""
STABLE = 0.6
"""Mean Jaccard index below which a segment is not published: Hennig's line between a pattern and noise."""
SMALLEST_SHARE_PCT = 5.0
SMALLEST_COUNT = 10


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidate:
    """One way to cut the customers into segments, and how well it stood up.

    Parameters
    ----------
    clusters : Clusters
    labels : array (rows,)
        The segment of each row of the sample.
    silhouettes : array (rows,)
    jaccard : array (resamples, segments)
        Overlap of each segment with its nearest one of the resample: shared members over members of either.
    rand : array (resamples,)
        Adjusted Rand index of the whole.

    Examples
    --------
    >>> rows = np.repeat([[0.0], [9.0]], 20, axis=0) + np.tile([[0.0], [0.4]], (20, 1))
    >>> both = try_candidates(rows, [2], seed=0)
    >>> [(c.method, round(c.silhouette, 2), c.smallest_jaccard, c.holds_up) for c in both]
    [('kmeans', 0.98, 1.0, True), ('mixture', 0.98, 1.0, True)]
    """

    clusters: Clusters
    labels: np.ndarray
    silhouettes: np.ndarray
    jaccard: np.ndarray
    rand: np.ndarray

    @property
    def method(self) -> str:
        """ "kmeans" or "mixture"."""
        return self.clusters.method

    @property
    def n_segments(self) -> int:
        """How many segments were asked for."""
        return len(self.clusters.centres)

    @property
    def sizes(self) -> np.ndarray:
        """Customers of each segment in the sample."""
        return np.bincount(self.labels, minlength=self.n_segments)

    @property
    def silhouette(self) -> float:
        """Mean over the rows: 1 apart, 0 touching, below 0 mixed up."""
        return float(self.silhouettes.mean())

    @property
    def silhouettes_per_segment(self) -> np.ndarray:
        """Mean silhouette of each segment's rows; NaN for a segment without a row."""
        sums = np.bincount(self.labels, weights=self.silhouettes, minlength=self.n_segments)
        return np.where(self.sizes > 0, sums / np.maximum(self.sizes, 1), np.nan)

    @property
    def smallest_jaccard(self) -> float:
        """Mean Jaccard index of the least stable segment."""
        return float(self.jaccard.mean(axis=0).min())

    @property
    def smallest_share_pct(self) -> float:
        """Share of the customers in the smallest segment."""
        return float(100 * self.sizes.min() / len(self.labels))

    @property
    def told_apart_pct(self) -> float:
        """Share of the pairs of customers that the segments tell apart."""
        return float(100 * (1 - ((self.sizes / len(self.labels)) ** 2).sum()))

    @property
    def score(self) -> float:
        """Separation squared x stability x detail; see `choose`."""
        return float(((1 + self.silhouette) / 2) ** 2 * self.smallest_jaccard * self.told_apart_pct / 100)

    @property
    def big_enough(self) -> bool:
        """No segment is a handful of customers."""
        return self.smallest_share_pct >= SMALLEST_SHARE_PCT and self.sizes.min() >= SMALLEST_COUNT

    @property
    def holds_up(self) -> bool:
        """Big enough, every segment comes back in resamples, and the segments are not mixed up."""
        return self.big_enough and self.smallest_jaccard >= STABLE and self.silhouette > 0


def try_candidates(
    rows: np.ndarray, numbers: Iterable[int], *, seed: int, rounds: int = ROUNDS
) -> list[Candidate]:
    """Every number of segments, by k-means and by a Gaussian mixture.

    Parameters
    ----------
    rows : array (rows, columns), prepared
    numbers : of segments
    seed : int
    rounds : int
        Resamples for each candidate; all candidates see the same ones.

    Returns
    -------
    list of Candidate

    References
    ----------
    Hennig, C. (2007). Cluster-wise assessment of cluster stability. Computational Statistics and Data
    Analysis 52.

    Hubert, L. and Arabie, P. (1985). Comparing partitions. Journal of Classification 2.

    Examples
    --------
    >>> rows = np.repeat([[0.0], [9.0]], 20, axis=0) + np.tile([[0.0], [0.4]], (20, 1))
    >>> [c.n_segments for c in try_candidates(rows, [2, 3], seed=0, rounds=2)]
    [2, 2, 3, 3]
    """
    distances = pairwise_distances(rows.astype("float32"))
    draws = np.random.default_rng(seed).integers(0, len(rows), size=(rounds, len(rows)))
    ways = [(n, method) for n in numbers for method in METHODS]
    return [
        _try(rows, distances, draws, find_clusters(rows, n, method=way, seed=seed), seed) for n, way in ways
    ]


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
        again = find_clusters(rows[draw], n, method=clusters.method, seed=seed + i + 1, starts=3).assign(rows)
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


def choose(candidates: Sequence[Candidate]) -> int:
    """The number of the best candidate: highest score among those that hold up, else among all.

    The score is a product of three shares. Separation, (1 + silhouette) / 2, counts twice and falls when
    segments overlap; stability, the smallest mean Jaccard index, falls when a segment does not come back;
    detail, the share of pairs of customers told apart, rises with the number of segments and their evenness.
    So natural groups are found where there are some (cutting one in two is unstable and overlaps), and where
    customers shade into each other the finest cut wins that still repeats itself, instead of always two
    halves.

    Examples
    --------
    >>> rows = np.repeat([[0.0], [9.0], [18.0]], 20, axis=0) + np.tile(np.linspace(-1, 1, 20), 3)[:, None]
    >>> tried = try_candidates(rows, [2, 3, 4], seed=0, rounds=5)
    >>> tried[choose(tried)].n_segments
    3
    """
    pool = [i for i, one in enumerate(candidates) if one.holds_up]
    if not pool:
        return max(range(len(candidates)), key=lambda i: (candidates[i].sizes.min() > 0, candidates[i].score))
    enough = NEAR_BEST * max(candidates[i].score for i in pool)
    near = [i for i in pool if candidates[i].score >= enough]
    return max(near, key=lambda i: (candidates[i].n_segments, candidates[i].score))


def candidate_table(candidates: Sequence[Candidate], best: int) -> pd.DataFrame:
    """All candidates with their figures and a plain verdict on each.

    Returns
    -------
    DataFrame
        `method`, `n_segments`, `silhouette`, `adjusted_rand`, `smallest_jaccard`, `smallest_share_pct`,
        `told_apart_pct`, `score`, `chosen`, `verdict`.

    Examples
    --------
    >>> rows = np.repeat([[0.0], [9.0]], 20, axis=0) + np.tile([[0.0], [0.4]], (20, 1))
    >>> tried = try_candidates(rows, [2], seed=0, rounds=2)
    >>> candidate_table(tried, 0)[["method", "n_segments", "chosen"]]
                 method  n_segments  chosen
    0           k-means           2    True
    1  Gaussian mixture           2   False
    """
    return pd.DataFrame(
        {
            "method": METHODS[one.method],
            "n_segments": one.n_segments,
            "silhouette": one.silhouette,
            "adjusted_rand": float(one.rand.mean()),
            "smallest_jaccard": one.smallest_jaccard,
            "smallest_share_pct": one.smallest_share_pct,
            "told_apart_pct": one.told_apart_pct,
            "score": one.score,
            "chosen": i == best,
            "verdict": _verdict(one, candidates[best]),
        }
        for i, one in enumerate(candidates)
    )


def _try(
    rows: np.ndarray, distances: np.ndarray, draws: np.ndarray, clusters: Clusters, seed: int
) -> Candidate:
    labels = clusters.assign(rows)
    jaccard, rand = resample(rows, clusters, draws, seed=seed)
    return Candidate(
        clusters=clusters,
        labels=labels,
        silhouettes=silhouettes(distances, labels),
        jaccard=jaccard,
        rand=rand,
    )


def _verdict(one: Candidate, best: Candidate) -> str:
    faults = []
    if not one.big_enough:
        faults.append(f"the smallest segment is only {one.smallest_share_pct:.1f} % of the customers")
    if one.smallest_jaccard < STABLE:
        faults.append(
            "a segment does not come back when customers are drawn again "
            f"(overlap {one.smallest_jaccard:.2f}, {STABLE} is needed)"
        )
    if one.silhouette <= 0:
        faults.append("the segments are mixed up")
    if one is best:
        return (
            "Chosen: best balance of separation, stability and detail."
            if not faults
            else f"Chosen for want of a better one, to be read as a sketch: {'; '.join(faults)}."
        )
    if faults:
        return f"Rejected: {'; '.join(faults)}."
    return f"Holds up, but {_weakness(one, best)}."


def _weakness(one: Candidate, best: Candidate) -> str:
    ratios = {
        "its segments overlap more than the chosen ones": ((1 + one.silhouette) / (1 + best.silhouette)) ** 2,
        "its segments come back less well than the chosen ones": one.smallest_jaccard
        / max(best.smallest_jaccard, 1e-9),
        "it tells fewer customers apart": one.told_apart_pct / max(best.told_apart_pct, 1e-9),
    }
    words, ratio = min(ratios.items(), key=lambda item: item[1])
    return words if ratio < 1 else "it is no better than the chosen one"


def _crossed(labels: np.ndarray, again: np.ndarray, n: int) -> np.ndarray:
    m = int(again.max()) + 1
    return np.bincount(labels * m + again, minlength=n * m).reshape(n, m)


def _pairs(counts: np.ndarray) -> np.ndarray:
    return counts * (counts - 1) / 2
