"""How many segments, and found how: every candidate is tried on resamples, and the rule is written down."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.metrics import pairwise_distances
from threadpoolctl import threadpool_limits

from crmlib.analyse.segment_clusters import METHODS, Clusters, find_clusters
from crmlib.analyse.segment_stability import resample, silhouettes

ROUNDS = 20
"""How often the customers are drawn again, with replacement, for a candidate."""
CLEAR_CUT = 0.5
"""Silhouette from which groups count as natural."""
NEAR_BEST = 0.95
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


# One thread: the fits are small, and sums must not depend on the machine's number of cores.
@threadpool_limits.wrap(limits=1)
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


def choose(candidates: Sequence[Candidate]) -> int:
    """The number of the candidate to take.

    Only those that hold up are weighed, if there are any, by a score: the product of three shares.
    Separation, (1 + silhouette) / 2, counts twice and falls when segments overlap; stability, the smallest
    mean Jaccard index, falls when a segment does not come back; detail, the share of pairs of customers told
    apart, rises with the number of segments and their evenness. (Silhouette alone would cut customers, who
    mostly shade into each other, always into two halves.) Where groups are clear-cut (a silhouette of 0.5 is
    reached) the best score wins. Elsewhere scores within 5 % of the best are too near to tell apart, and
    the one with the most segments is taken: it lets one treat more customers as they are.

    References
    ----------
    Kaufman, L. and Rousseeuw, P. J. (1990). Finding Groups in Data, chapter 2.

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
    enough = max(candidates[i].score for i in pool) * (1 if _clear_cut(candidates) else NEAR_BEST)
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
            "verdict": _verdict(one, candidates[best], _clear_cut(candidates)),
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


def _clear_cut(candidates: Sequence[Candidate]) -> bool:
    return any(one.holds_up and one.silhouette >= CLEAR_CUT for one in candidates)


def _verdict(one: Candidate, best: Candidate, clear_cut: bool) -> str:
    faults = _faults(one)
    if one is best and faults:
        return f"Chosen for want of a better one, to be read as a sketch: {'; '.join(faults)}."
    if one is best:
        finest = "" if clear_cut else "the finest of those with the "
        return f"Chosen: {finest}best balance of separation, stability and detail."
    if faults:
        return f"Rejected: {'; '.join(faults)}."
    return f"Holds up, but {_weakness(one, best)}."


def _faults(one: Candidate) -> list[str]:
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
    return faults


def _weakness(one: Candidate, best: Candidate) -> str:
    ratios = {
        "its segments overlap more than the chosen ones": ((1 + one.silhouette) / (1 + best.silhouette)) ** 2,
        "its segments come back less well than the chosen ones": one.smallest_jaccard / best.smallest_jaccard,
        "it tells fewer customers apart": one.told_apart_pct / best.told_apart_pct,
    }
    words, ratio = min(ratios.items(), key=lambda item: item[1])
    return words if ratio < 1 else "it is no better than the chosen one"
