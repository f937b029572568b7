"""The segments that were published: kept while they serve, matched to a new model when they do not."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from crmlib.analyse.segments.choice import Clusters
from crmlib.analyse.segments.preparation import Preparation, steady_shares

MARGIN_POINTS = 5.0
"""A new model is taken only if its segments explain so much more of how customers differ, in percentage points."""
SAME_OVERLAP = 1 / 3
"""Members shared, of those in either: from here on a segment of a new model carries on an earlier one."""

KEPT, NEW, FIRST = "kept", "replaced", "first"
_ARRAYS = ("medians", "low", "high", "fence_low", "fence_high", "size", "power", "mean", "deviation", "kept")


@dataclass(frozen=True, kw_only=True, eq=False)
class Published:
    """A published model of segments: enough to put any customer into one, and what they were called.

    Parameters
    ----------
    names : tuple of the names that the rules gave, in the order in which they were shown
    as_of : closing moment, as text
    since : closing moment from which the model holds
    preparation : Preparation
    clusters : Clusters
        Its group i is `names[i]`.
    shares : as `crmlib.analyse.segments.preparation.learn_shares` makes it
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

    Parameters
    ----------
    verdict : "kept", "replaced" or "first"
    since : closing moment from which the model holds, as text
    kept_pct, new_pct : float
        Share of the differences between customers that the published and the new segments explain.
    matched : dict of new place -> earlier place
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

    References
    ----------
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
