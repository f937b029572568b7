"""How many segments, and how: candidates tried on resamples, the rule written down; published ones kept or not."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from scipy.special import logsumexp
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import pairwise_distances
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from crmlib.analyse.segments.preparation import Preparation, steady_shares

METHODS = ("kmeans", "mixture")
SAMPLE = 3_000
"""Starts, silhouettes and resamples are computed on at most this many rows."""
_ROUNDS = 100
_FLOOR = 0.01


@dataclass(frozen=True, kw_only=True, eq=False)
class Clusters:
    """Groups of rows, numbered from 0.

    `method`: "kmeans" or "mixture".
    `centres`: array (groups, columns).
    `variances` (array (groups, columns) or (groups, columns, columns)): Within the group; ones for k-means,
        covariances for a mixture.
    `weights` (array (groups,)): Share of the rows; equal for k-means.
    """

    method: str
    centres: np.ndarray
    variances: np.ndarray
    weights: np.ndarray

    def assign(self, rows: np.ndarray) -> np.ndarray:
        """The group of each row: the nearest centre, or the likeliest group of the mixture."""
        return self.log_shares(rows).argmax(axis=1)

    def log_shares(self, rows: np.ndarray) -> np.ndarray:
        """How likely each row is in each group (rows, groups): the logarithm of weight times density."""
        if self.variances.ndim == 2:
            precision = 1.0 / self.variances
            distance = rows**2 @ precision.T - 2 * rows @ (self.centres * precision).T
            distance += (self.centres**2 * precision + np.log(self.variances)).sum(axis=1)
        else:
            roots = np.linalg.inv(np.linalg.cholesky(self.variances))
            away = np.einsum("gij,rgj->rgi", roots, rows[:, None, :] - self.centres)
            spread = -2 * np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
            distance = (away**2).sum(axis=2) + spread
        return np.log(self.weights) - 0.5 * (distance + rows.shape[1] * np.log(2 * np.pi))


def find_clusters(rows: np.ndarray, n: int, *, method: str, seed: int, starts: int = 9) -> Clusters:
    """Find `n` groups.

    MacQueen, J. (1967). Some methods for classification and analysis of multivariate observations.
    McLachlan, G. and Peel, D. (2000). Finite Mixture Models.
    """
    tries = starts if method == "kmeans" else max(1, starts // 3)
    return _fit(rows, n, method, n_init=tries, random_state=seed)


def refine_clusters(clusters: Clusters, rows: np.ndarray) -> Clusters:
    """Let the groups that were found in a sample settle on all rows given; they keep their numbers."""
    return _fit(rows, len(clusters.centres), clusters.method, **_start_at(clusters))


def order_clusters(clusters: Clusters, order: np.ndarray) -> Clusters:
    """The same groups, renumbered: the first is what `order[0]` was."""
    order = np.asarray(order, dtype=int)
    return replace(
        clusters,
        centres=clusters.centres[order],
        variances=clusters.variances[order],
        weights=clusters.weights[order],
    )


def draw_rows(count: int, *, seed: int, most: int = SAMPLE) -> np.ndarray:
    """Numbers of at most `most` rows, drawn without replacement, in ascending order."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, size=most, replace=False))


def _start_at(clusters: Clusters) -> dict[str, object]:
    if clusters.method == "kmeans":
        return {"init": clusters.centres, "n_init": 1}
    return {
        "means_init": clusters.centres,
        "weights_init": clusters.weights,
        "precisions_init": np.linalg.inv(clusters.variances),
    }


def _fit(rows: np.ndarray, n: int, method: str, **options) -> Clusters:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        if method == "kmeans":
            centres = KMeans(n, max_iter=_ROUNDS, **options).fit(rows).cluster_centers_
            shape = {"variances": np.ones_like(centres), "weights": np.full(n, 1.0 / n)}
            return Clusters(method=method, centres=centres, **shape)
        options = {"covariance_type": "full", "reg_covar": _FLOOR, "max_iter": _ROUNDS, **options}
        model = GaussianMixture(n, **options).fit(rows)
    return Clusters(method=method, centres=model.means_, variances=model.covariances_, weights=model.weights_)


HOPELESS = (5, 0.5)
"""After this many resamples a candidate whose least stable segment overlaps less than this is given up."""


def resample(
    rows: np.ndarray, clusters: Clusters, draws: np.ndarray, *, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Find the segments again in resamples and see how much of each comes back.

    Each resample's segments take in all rows, so that the comparison is over the same customers. A candidate
    without hope (see `HOPELESS`) is spared the rest of the resamples.
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

    Jaccard, P. (1901). Distribution de la flore alpine.
    """
    shared = _crossed(labels, again, n or int(labels.max()) + 1)
    either = shared.sum(axis=1, keepdims=True) + shared.sum(axis=0) - shared
    return (shared / np.maximum(either, 1)).max(axis=1)


def adjusted_rand(labels: np.ndarray, again: np.ndarray) -> float:
    """Agreement of two groupings: 1 the same, 0 as by chance."""
    shared = _crossed(labels, again, int(labels.max()) + 1).astype("float64")
    pairs, rows, columns = (_pairs(x).sum() for x in (shared, shared.sum(axis=1), shared.sum(axis=0)))
    expected = rows * columns / max(_pairs(np.float64(len(labels))), 1.0)
    most = (rows + columns) / 2
    return 1.0 if most == expected else float((pairs - expected) / (most - expected))


def silhouettes(distances: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How much nearer each row is to its own segment than to the next one.

    Rousseeuw, P. J. (1987). Silhouettes. Journal of Computational and Applied Mathematics 20.
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


ROUNDS = 10
"""How often the customers are drawn again, with replacement, for a candidate; for the chosen one as often again."""
CLEAR_CUT = 0.5
"""Silhouette from which groups count as natural."""
NEAR_BEST = 0.95
"""Scores this near to the best are too near to tell apart; then the most segments are taken."""
STABLE = 0.6
"""Mean Jaccard index below which a segment is not published: Hennig's line between a pattern and noise."""
CERTAIN = 0.85
"""Mean chance of a customer's likeliest group from which a mixture's groups count as found, not drawn."""
FOUND_APART_PCT = 50.0
"""Pairs of customers that groups which count as found tell apart, at the least: else they leave nearly all in one."""
SMALLEST_SHARE_PCT = 5.0
SMALLEST_COUNT = 10
"""Customers of a segment at the least; more where `[privacy] min_group` asks for more."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidate:
    """One way to cut the customers into segments, and how well it stood up.

    `labels` (array (rows,)): The segment of each row of the sample.
    `silhouettes`: array (rows,).
    `jaccard` (array (resamples, segments)): Overlap of each segment with its nearest one of the resample: shared
        members over members of either.
    `rand` (array (resamples,)): Adjusted Rand index of the whole.
    `certainty`: Mean chance of the likeliest group of each row; NaN for k-means, which knows none.
    `bic`: Schwarz's criterion of a mixture, per row: the lower, the better it describes the rows.
    `fewest`: Customers of a segment at the least.
    """

    clusters: Clusters
    labels: np.ndarray
    silhouettes: np.ndarray
    jaccard: np.ndarray
    rand: np.ndarray
    certainty: float = float("nan")
    bic: float = float("nan")
    fewest: int = SMALLEST_COUNT

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
    def found(self) -> bool:
        """A mixture's groups that customers are surely in."""
        return self.certainty >= CERTAIN and self.told_apart_pct >= FOUND_APART_PCT

    @property
    def score(self) -> float:
        """Separation squared x stability x detail; see `choose`."""
        return float(((1 + self.silhouette) / 2) ** 2 * self.smallest_jaccard * self.told_apart_pct / 100)

    @property
    def big_enough(self) -> bool:
        """No segment is a handful of customers."""
        return self.smallest_share_pct >= SMALLEST_SHARE_PCT and self.sizes.min() >= self.fewest

    @property
    def holds_up(self) -> bool:
        """Big enough, every segment comes back in resamples, and the segments are not mixed up."""
        return self.big_enough and self.smallest_jaccard >= STABLE and self.silhouette > 0


# One thread: the fits are small, and sums must not depend on the machine's number of cores.
@threadpool_limits.wrap(limits=1)
def try_candidates(
    rows: np.ndarray, numbers: Iterable[int], *, seed: int, rounds: int = ROUNDS, fewest: int = SMALLEST_COUNT
) -> list[Candidate]:
    """Every number of segments, by k-means and by a Gaussian mixture.

    Hennig, C. (2007). Cluster-wise assessment of cluster stability. Computational Statistics and Data
    Analysis 52.
    Hubert, L. and Arabie, P. (1985). Comparing partitions. Journal of Classification 2.
    """
    distances = pairwise_distances(rows.astype("float32"))
    draws = np.random.default_rng(seed).integers(0, len(rows), size=(rounds, len(rows)))
    ways = [(n, method) for n in numbers for method in METHODS]
    tried = (
        _try(rows, distances, draws, find_clusters(rows, n, method=way, seed=seed), seed) for n, way in ways
    )
    return [replace(one, fewest=fewest) for one in tried]


def choose(candidates: Sequence[Candidate]) -> int:
    """The number of the candidate to take.

    Only those that hold up are weighed, if there are any, by a score: the product of three shares.
    Separation, (1 + silhouette) / 2, counts twice and falls when segments overlap; stability, the
    smallest mean Jaccard index, falls when a segment does not come back; detail, the share of pairs of
    customers told apart, rises with the number of segments and their evenness. (Silhouette alone would
    cut customers, who mostly shade into each other, always into two halves.) Where groups are clear-cut
    (a silhouette of 0.5 is reached) the best score wins. Where a mixture's groups are of shapes of their
    own and customers are surely in one of them (`CERTAIN`, `FOUND_APART_PCT`), the mixture that describes
    customers best is taken. Elsewhere scores within 5 % of the best are too near to tell apart, and the
    one with the most segments is taken: it lets one treat more customers as they are.

    Kaufman, L. and Rousseeuw, P. J. (1990). Finding Groups in Data, chapter 2.
    Fraley, C. and Raftery, A. E. (2002). Model-based clustering. Journal of the American Statistical Association
    97.
    """
    pool = [i for i, one in enumerate(candidates) if one.holds_up]
    if not pool:
        return max(range(len(candidates)), key=lambda i: (candidates[i].sizes.min() > 0, candidates[i].score))
    found = [i for i in pool if candidates[i].found]
    if found and not _clear_cut(candidates):
        return min(found, key=lambda i: candidates[i].bic)
    enough = max(candidates[i].score for i in pool) * (1 if _clear_cut(candidates) else NEAR_BEST)
    near = [i for i in pool if candidates[i].score >= enough]
    return max(near, key=lambda i: (candidates[i].n_segments, candidates[i].score))


@threadpool_limits.wrap(limits=1)
def try_clusters(rows: np.ndarray, clusters: Clusters, *, seed: int, rounds: int = 2 * ROUNDS) -> Candidate:
    """How well groups that are known already stand up among these rows."""
    draws = np.random.default_rng(seed).integers(0, len(rows), size=(rounds, len(rows)))
    return _try(rows, pairwise_distances(rows.astype("float32")), draws, clusters, seed)


@threadpool_limits.wrap(limits=1)
def confirm(candidate: Candidate, rows: np.ndarray, *, seed: int, rounds: int = ROUNDS) -> Candidate:
    """The candidate tried on other resamples besides."""
    draws = np.random.default_rng(seed + 1).integers(0, len(rows), size=(rounds, len(rows)))
    jaccard, rand = resample(rows, candidate.clusters, draws, seed=seed + rounds)
    return replace(
        candidate,
        jaccard=np.vstack([candidate.jaccard, jaccard]),
        rand=np.concatenate([candidate.rand, rand]),
    )


def candidate_table(candidates: Sequence[Candidate], best: int) -> pd.DataFrame:
    """All candidates with their figures, a verdict on each, and what speaks against it."""
    return pd.DataFrame(
        {
            "method": one.method,
            "n_segments": one.n_segments,
            "silhouette": one.silhouette,
            "adjusted_rand": float(one.rand.mean()),
            "smallest_jaccard": one.smallest_jaccard,
            "smallest_share_pct": one.smallest_share_pct,
            "told_apart_pct": one.told_apart_pct,
            "score": one.score,
            "chosen": i == best,
            "verdict": _verdict(one, candidates[best], _clear_cut(candidates)),
            "why": _why(one, candidates[best]),
        }
        for i, one in enumerate(candidates)
    )


def _try(
    rows: np.ndarray, distances: np.ndarray, draws: np.ndarray, clusters: Clusters, seed: int
) -> Candidate:
    labels = clusters.assign(rows)
    # What is a mere handful is not published, however often it comes back.
    handful = 100 * np.bincount(labels, minlength=len(clusters.centres)).min() < SMALLEST_SHARE_PCT * len(
        rows
    )
    jaccard, rand = resample(rows, clusters, draws[: HOPELESS[0]] if handful else draws, seed=seed)
    return Candidate(
        clusters=clusters,
        labels=labels,
        silhouettes=silhouettes(distances, labels),
        jaccard=jaccard,
        rand=rand,
        **(_described(clusters, rows) if clusters.method == "mixture" else {}),
    )


def _described(clusters: Clusters, rows: np.ndarray) -> dict[str, float]:
    """How surely a mixture tells rows apart, and how well it describes them."""
    shares = clusters.log_shares(rows)
    whole = logsumexp(shares, axis=1)
    n, (groups, columns) = len(rows), clusters.centres.shape
    free = groups * (1 + columns + columns * (columns + 1) / 2) - 1
    return {
        "certainty": float(np.exp(shares.max(axis=1) - whole).mean()),
        "bic": float(free * np.log(n) / n - 2 * whole.mean()),
    }


def _clear_cut(candidates: Sequence[Candidate]) -> bool:
    return any(one.holds_up and one.silhouette >= CLEAR_CUT for one in candidates)


def _verdict(one: Candidate, best: Candidate, clear_cut: bool) -> str:
    if one is best:
        if _faults(one):
            return "sketch"
        return "best" if clear_cut else "found" if one.found else "finest"
    return "rejected" if _faults(one) else "holds_up"


def _why(one: Candidate, best: Candidate) -> tuple[str, ...]:
    """What speaks against a candidate: its faults, or where it falls behind the chosen one."""
    return _faults(one) or (() if one is best else (_weakness(one, best),))


def _faults(one: Candidate) -> tuple[str, ...]:
    found = {
        "too_small": not one.big_enough,
        "not_stable": one.smallest_jaccard < STABLE,
        "mixed_up": one.silhouette <= 0,
    }
    return tuple(fault for fault, there in found.items() if there)


def _weakness(one: Candidate, best: Candidate) -> str:
    if best.found and not one.bic <= best.bic:
        return "describes_less"
    ratios = {
        "overlaps_more": ((1 + one.silhouette) / (1 + best.silhouette)) ** 2,
        "less_stable": one.smallest_jaccard / best.smallest_jaccard,
        "less_detail": one.told_apart_pct / best.told_apart_pct,
    }
    weakness, ratio = min(ratios.items(), key=lambda item: item[1])
    return weakness if ratio < 1 else "no_better"


MARGIN_POINTS = 5.0
"""A new model is taken only if its segments explain so much more of how customers differ, in percentage points."""
SAME_OVERLAP = 1 / 3
"""Members shared, of those in either: from here on a segment of a new model carries on an earlier one."""

KEPT, NEW, FIRST = "kept", "replaced", "first"
_ARRAYS = ("medians", "low", "high", "fence_low", "fence_high", "size", "power", "mean", "deviation", "kept")


@dataclass(frozen=True, kw_only=True, eq=False)
class Published:
    """A published model of segments: enough to put any customer into one, and what they were called.

    `names`: tuple of the names that the rules gave, in the order in which they were shown.
    `as_of`: closing moment, as text.
    `since`: closing moment from which the model holds.
    `clusters` (Clusters): Its group i is `names[i]`.
    `shares`: as `crmlib.analyse.segments.preparation.learn_shares` makes it.
    """

    names: tuple[str, ...]
    as_of: str = ""
    since: str = ""
    preparation: Preparation
    clusters: Clusters
    shares: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        """The figures that it is made from."""
        return list(self.preparation.names)

    def fits(self, figures: pd.DataFrame) -> bool:
        """Whether all its figures are there."""
        return {*self.columns, *(["order_count"] if self.shares else [])} <= set(figures.columns)

    def values(self, figures: pd.DataFrame) -> pd.DataFrame:
        """Its figures of customers, shares of few orders drawn to that of all."""
        return steady_shares(figures, dict(self.shares))[self.columns].astype("float64")

    def assign(self, figures: pd.DataFrame) -> np.ndarray:
        """The place of each customer's segment."""
        return self.clusters.assign(self.preparation.apply(self.values(figures).to_numpy()))

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        own = {
            "names": list(self.names),
            "as_of": self.as_of,
            "since": self.since,
            "shares": dict(self.shares),
        }
        return {**own, "preparation": _plain(self.preparation), "clusters": _plain(self.clusters)}

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> "Published":
        """What `to_dict` made."""
        preparation, clusters = dict(kept["preparation"]), dict(kept["clusters"])
        preparation |= {name: np.array(preparation[name]) for name in _ARRAYS}
        preparation["names"] = tuple(preparation["names"])
        clusters |= {name: np.array(clusters[name]) for name in ("centres", "variances", "weights")}
        return cls(
            names=tuple(kept["names"]),
            as_of=kept["as_of"],
            since=kept["since"],
            preparation=Preparation(**preparation),
            clusters=Clusters(**clusters),
            shares={name: tuple(value) for name, value in kept["shares"].items()},
        )


@dataclass(frozen=True, kw_only=True)
class Carried:
    """What became of the published model: kept, or made way for a new one.

    `verdict`: "kept", "replaced" or "first".
    `since`: closing moment from which the model holds, as text.
    `kept_pct`, `new_pct`: Share of the differences between customers that the published and the new segments explain.
    `matched`: dict of new place -> earlier place.
    """

    verdict: str = FIRST
    since: str = ""
    kept_pct: float = float("nan")
    new_pct: float = float("nan")
    matched: Mapping[int, int] = field(default_factory=dict)


def _plain(made: Preparation | Clusters) -> dict[str, Any]:
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value
        for name, value in asdict(made).items()
    }


def explained_pct(rows: np.ndarray, labels: np.ndarray) -> float:
    """The share of the variance of prepared figures that lies between segments."""
    within = sum(
        ((rows[labels == one] - rows[labels == one].mean(axis=0)) ** 2).sum() for one in np.unique(labels)
    )
    return float(100 * (1 - within / ((rows - rows.mean(axis=0)) ** 2).sum()))


def weigh(
    published: Published, figures: pd.DataFrame, rows: np.ndarray, labels: np.ndarray, *, fewest: int
) -> Carried:
    """Whether the published segments still serve, and which new segment carries on which of them.

    Kuhn, H. W. (1955). The Hungarian method for the assignment problem. Naval Research Logistics Quarterly 2.
    """
    if not published.fits(figures):
        return Carried(verdict=NEW)
    earlier = published.assign(figures)
    sizes = np.bincount(earlier, minlength=len(published.names))
    kept, new = explained_pct(rows, earlier), explained_pct(rows, labels)
    told = {"since": published.since, "kept_pct": kept, "new_pct": new}
    if sizes.min() >= fewest and new < kept + MARGIN_POINTS:
        return Carried(verdict=KEPT, **told)
    return Carried(verdict=NEW, matched=match_segments(earlier, labels), **{**told, "since": ""})


def match_segments(earlier: np.ndarray, labels: np.ndarray) -> dict[int, int]:
    """New place -> earlier place, where the overlap is large enough to speak of the same segment."""
    shared = np.zeros((int(labels.max()) + 1, int(earlier.max()) + 1))
    np.add.at(shared, (labels, earlier), 1)
    either = shared.sum(axis=1, keepdims=True) + shared.sum(axis=0) - shared
    overlap = shared / np.maximum(either, 1)
    pairs = zip(*linear_sum_assignment(-overlap), strict=True)
    return {int(new): int(old) for new, old in pairs if overlap[new, old] >= SAME_OVERLAP}


def carried_order(order: Sequence[int], matched: Mapping[int, int]) -> list[int]:
    """The places of a new model in the order of those it carries on, what is new behind them."""
    known = sorted((place for place in order if place in matched), key=lambda place: matched[place])
    return [*known, *(place for place in order if place not in matched)]
