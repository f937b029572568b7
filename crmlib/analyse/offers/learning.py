"""Which way of ranking told best, on earlier days, what customers bought next, and with what chance."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.offers.judging import among
from crmlib.analyse.offers.methods import (
    NEW_METHODS,
    OF_CUSTOMER,
    OWN_METHODS,
    SIGNALS_OF,
    Past,
    Rows,
    candidates,
    joined,
)
from crmlib.measure.offers.tables import LEAST_ENDED

RHYTHM_WEIGHT = 3
"""The product's time between purchases counts as much as so many of the customer's own."""

METHODS_OF = {"own": OWN_METHODS, "new": NEW_METHODS}
ALL_SIGNALS = "all_signals"
WAYS = (*OWN_METHODS, *NEW_METHODS, ALL_SIGNALS)
"""One figure that ranks, or all of them weighed."""

HISTORY = 2
"""So many horizons of orders must lie before a day that is learnt from."""

CUSTOMERS = 600
"""Customers drawn of a day."""

LOOKED_AT = 25
"""New products of a customer that each way to rank brings in; of own ones twice as many."""

LEAST_HITS = 50
"""Purchases that followed, and candidates without one, from which weights are learnt."""

JUDGED_AT = 5
"""A method is judged by whether one of its first so many products was bought."""

SEASON_DAYS = 364
"""The same weeks of the year before."""

_SHUFFLED_ROWS = 3_000
"""Candidates of the days on which the strength of signals is measured."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Weights:
    """A logistic line over the logarithms of some signals."""

    names: tuple[str, ...]
    mean: np.ndarray
    scale: np.ndarray
    line: Any

    @classmethod
    def fitted(cls, rows: Rows, bought: np.ndarray, names: tuple[str, ...]) -> "Weights":
        """Learn from candidates and whether they were bought."""
        from sklearn.linear_model import LogisticRegression

        table = _bent(rows, names)
        mean, scale = table.mean(axis=0), np.maximum(table.std(axis=0), 1e-9)
        return cls(
            names=names,
            mean=mean,
            scale=scale,
            line=LogisticRegression(max_iter=300).fit((table - mean) / scale, bought),
        )

    def probability(self, rows: Rows) -> np.ndarray:
        """The chance of each candidate."""
        return np.asarray(self.line.predict_proba((_bent(rows, self.names) - self.mean) / self.scale)[:, 1])


def _bent(rows: Rows, names: tuple[str, ...]) -> np.ndarray:
    return np.column_stack([np.log(np.maximum(rows.signals[name], 0) + 0.01) for name in names])


@dataclass(frozen=True, kw_only=True, eq=False)
class Blend:
    """The probability of buying a candidate within the horizon, for one part of the candidates.

    Attributes
    ----------
    part : "own" or "new"
    way : one of `WAYS`, or "shrunk_shares" where nothing could be learnt
    told : the candidates learnt from, whether each was bought, the part that is left out with it, the share of
        customers hit by each way, and the chance by all signals, learnt without its part
    """

    part: str
    way: str
    horizon_days: int
    weights: Weights | None = field(default=None, repr=False)
    told: tuple[Rows, np.ndarray, np.ndarray, dict[str, float], np.ndarray] | None = field(
        default=None, repr=False
    )

    @cached_property
    def tried(self) -> pd.DataFrame:
        """`part`, `model`, `hit_rate_pct`, `log_loss`, `auc`, each on days or customers left out; `chosen`."""
        names = ["part", "model", "hit_rate_pct", "log_loss", "auc", "chosen"]
        if self.told is None:
            return pd.DataFrame(columns=names)
        rows, hits, fold, share, chance = self.told
        found = []
        for name, columns in _columns(self.part).items():
            of_all = name == ALL_SIGNALS
            measures = _measures(chance if of_all else _left_out(rows, hits, fold, columns), hits)
            found.append((self.part, name, 100 * share[name], *measures, name == self.way))
        return pd.DataFrame(found, columns=names)

    @cached_property
    def strength(self) -> pd.DataFrame:
        """`signal`, `auc_loss`."""
        if self.told is None or self.weights is None:
            return pd.DataFrame(columns=["signal", "auc_loss"])
        return _strength(self.weights, *self.told[:2])

    def probability(self, rows: Rows, rhythms: Callable[[], pd.DataFrame]) -> np.ndarray:
        """The probability of each candidate, 0 to 1; rhythms of products are asked for where nothing was learnt."""
        if not len(rows):
            return np.zeros(0)
        if self.weights is None:
            return _shrunk(rows, rhythms(), horizon_days=self.horizon_days, part=self.part)
        return self.weights.probability(rows)


def fit_blend(parts: list[Rows], bought: list[np.ndarray], *, part: str, horizon_days: int) -> Blend:
    """Choose the way to rank, one table of candidates a day; a plain list stays unless all signals are clearly ahead.

    References
    ----------
    Li, M., Jullien, S., Ariannezhad, M. & de Rijke, M. (2023). A next basket recommendation reality check. ACM
    TOIS 41.
    """
    hits = np.concatenate(bought) if bought else np.zeros(0, dtype=bool)
    rows = joined(parts) if parts else None
    day = np.repeat(np.arange(len(parts)), [len(each) for each in parts])
    fold = day if len(parts) > 1 else (rows.c % 2 if rows is not None else day)
    inside = [int(hits[fold == each].sum()) for each in np.unique(fold)]
    if rows is None or min(inside, default=0) < LEAST_HITS or hits.mean() > 0.99:
        return Blend(part=part, way="shrunk_shares", horizon_days=horizon_days)
    columns = _columns(part)
    chance = _left_out(rows, hits, fold, columns[ALL_SIGNALS])
    ranked = {name: rows.signals[name] for name in METHODS_OF[part]} | {ALL_SIGNALS: chance}
    found = {name: _hit_customers(rows, hits, day, score) for name, score in ranked.items()}
    way = _preferred(found)
    return Blend(
        part=part, way=way, horizon_days=horizon_days, weights=Weights.fitted(rows, hits, columns[way]),
        told=(rows, hits, fold, {name: float(hit.mean()) for name, hit in found.items()}, chance),
    )  # fmt: skip


def _columns(part: str) -> dict[str, tuple[str, ...]]:
    """Way to rank -> the signals that its chances are learnt from."""
    return {name: (name, *OF_CUSTOMER) for name in METHODS_OF[part]} | {ALL_SIGNALS: SIGNALS_OF[part]}


def _left_out(rows: Rows, hits: np.ndarray, fold: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """The chance of each candidate, learnt without its day."""
    found = np.zeros(len(rows))
    for each in np.unique(fold):
        out = fold == each
        found[out] = Weights.fitted(some(rows, ~out), hits[~out], names).probability(some(rows, out))
    return found


def some(rows: Rows, chosen: np.ndarray) -> Rows:
    """Some of the candidates."""
    return Rows(
        c=rows.c[chosen],
        p=rows.p[chosen],
        signals={name: each[chosen] for name, each in rows.signals.items()},
    )


def _hit_customers(rows: Rows, hits: np.ndarray, day: np.ndarray, score: np.ndarray) -> np.ndarray:
    """For each customer and day, whether one of the first products by a score was bought."""
    key = day.astype("int64") * (int(rows.c.max()) + 1) + rows.c
    order = np.lexsort((rows.p, -score, key))
    who, start = np.unique(key[order], return_index=True)
    rank = np.arange(len(order)) - np.repeat(start, np.diff(np.append(start, len(order))))
    shown = (rank < JUDGED_AT) & hits[order]
    return np.bincount(np.searchsorted(who, key[order][shown]), minlength=len(who)) > 0


def _preferred(found: dict[str, np.ndarray]) -> str:
    """The plain list with most hits, unless all signals together are ahead by more than their error."""
    plain = max((name for name in found if name != ALL_SIGNALS), key=lambda name: float(found[name].mean()))
    ahead = found[ALL_SIGNALS].astype(float) - found[plain]
    return ALL_SIGNALS if ahead.mean() > ahead.std() / np.sqrt(len(ahead)) else plain


def _measures(probability: np.ndarray, bought: np.ndarray) -> tuple[float, float]:
    from sklearn.metrics import log_loss, roc_auc_score

    loss = log_loss(bought, np.clip(probability, 1e-9, 1 - 1e-9))
    return float(loss), float(roc_auc_score(bought, probability))


def _strength(weights: Weights, rows: Rows, hits: np.ndarray) -> pd.DataFrame:
    """What the ranking loses when a signal is shuffled."""
    from sklearn.metrics import roc_auc_score

    draw = np.random.default_rng(11)
    chosen = np.sort(draw.permutation(len(rows))[:_SHUFFLED_ROWS])
    part, told = some(rows, chosen), hits[chosen]
    if told.min() == told.max():
        return pd.DataFrame(columns=["signal", "auc_loss"])
    whole = roc_auc_score(told, weights.probability(part))
    found = []
    for name in weights.names:
        shuffled = part.signals | {name: part.signals[name][draw.permutation(len(part))]}
        chance = weights.probability(Rows(c=part.c, p=part.p, signals=shuffled))
        found.append((name, whole - roc_auc_score(told, chance)))
    table = pd.DataFrame(found, columns=["signal", "auc_loss"])
    return table.sort_values(["auc_loss", "signal"], ascending=[False, True], ignore_index=True)


def _shrunk(rows: Rows, rhythms: pd.DataFrame, *, horizon_days: int, part: str) -> np.ndarray:
    """Shares without any learning: how often such a thing is bought again, or taken up by others."""
    if part == "new":
        signals = rows.signals
        most = max(float(signals["buyers"].max()), 1.0)
        taken_up = (signals["first_buyers"] / 3 + signals["customers_alike"]) / (most + 20)
        return np.clip(taken_up * np.sqrt(np.clip(signals["liking"], 0.2, 9)), 1e-6, 0.9)
    since, days = rows.signals["since"].astype("float64"), np.floor(rows.signals["own_most"] + 0.5)
    gap = np.where(days > 1, (rows.signals["tenure"] - since) / np.maximum(days - 1, 1), np.nan)
    told = pd.DataFrame({"p": rows.p, "own_days": days, "own_gap": gap})
    rhythm = own_rhythm(told, rhythms)
    rhythm = np.where(np.isnan(rhythm), np.maximum(rows.signals["tenure"], horizon_days), rhythm)
    share = rhythms["return_pct"].reindex(rows.p).fillna(10.0).to_numpy() / 100
    again = (days - 1 + share) / days
    late = 1 / np.maximum(since / rhythm, 1)
    return np.asarray(again * late * -np.expm1(-np.log(2) * horizon_days / rhythm))


@dataclass(frozen=True, kw_only=True, eq=False)
class Learnt:
    """The weights for products bought before and for new ones, and the days they come from.

    Attributes
    ----------
    own, new : Blend
    days : tuple of int
        Days as counted by `Days`.
    customers : int
        Drawn, over all days.
    """

    own: Blend
    new: Blend
    days: tuple[int, ...]
    customers: int = field(default=0)


def days_to_learn_from(first: int, cut: int, horizon: int) -> list[int]:
    """The last two days whose horizon has passed, and that of the same season a year before."""
    asked = [cut - SEASON_DAYS, cut - 2 * horizon, cut - horizon]
    days = [day for day in asked if first + HISTORY * horizon <= day and day + horizon <= cut]
    return sorted(set(days))


def learn(days: Any, cut: int, *, horizon_days: int, seed: int) -> Learnt:
    """Rank as of earlier days, and keep the way that told best what was bought in the horizon after each."""
    own: list[tuple[Rows, np.ndarray]] = []
    new: list[tuple[Rows, np.ndarray]] = []
    used, drawn = [], 0
    first = int(days.day.min()) if len(days.day) else cut
    for then in days_to_learn_from(first, cut, horizon_days):
        past = Past.at(days, then, horizon_days)
        if not len(past.known):
            continue
        who = np.sort(np.random.default_rng([seed, 3]).permutation(past.known)[:CUSTOMERS])
        followed = days.bought_between(then, then + horizon_days)
        for mine, fresh in candidates(past, who, most=LOOKED_AT):
            for rows, kept in ((mine, own), (fresh, new)):
                kept.append((rows, among(followed, rows.c.astype("int64") * len(days.groups) + rows.p)))
            used.append(then)
        drawn += len(who)
    blends = [
        fit_blend(*_by_day(found, used), part=part, horizon_days=horizon_days)
        for part, found in (("own", own), ("new", new))
    ]
    return Learnt(own=blends[0], new=blends[1], days=tuple(sorted(set(used))), customers=drawn)


def _by_day(found: list[tuple[Rows, np.ndarray]], used: list[int]) -> tuple[list[Rows], list[np.ndarray]]:
    rows, hits = [], []
    for then in sorted(set(used)):
        blocks = [each for each, day in zip(found, used, strict=True) if day == then]
        rows.append(joined([block for block, _ in blocks]))
        hits.append(np.concatenate([hit for _, hit in blocks]))
    return rows, hits


def own_rhythm(candidates: pd.DataFrame, rhythms: pd.DataFrame) -> np.ndarray:
    """Days between a customer's purchases of a product: the own ones, drawn towards those of the product."""
    usual = rhythms["due_days"].reindex(candidates["p"]).to_numpy(dtype="float64")
    gaps = np.maximum(candidates["own_days"].to_numpy(dtype="float64") - 1, 0)
    own = np.where(gaps > 0, candidates["own_gap"].to_numpy(dtype="float64"), 0.0)
    drawn = (RHYTHM_WEIGHT * usual + gaps * own) / (RHYTHM_WEIGHT + gaps)
    return np.maximum(np.where(np.isnan(usual), np.where(gaps > 0, own, np.nan), drawn), 1.0)


def product_rhythms(products: pd.DataFrame) -> pd.DataFrame:
    """The time between purchases of each product: its own, its stated life, its category's, or that of all."""
    figure = {name: products[name].astype("float64").to_numpy() for name in _FIGURES}
    ended = np.nan_to_num(figure["ended"])
    own, grouped = ended >= LEAST_ENDED, np.nan_to_num(figure["group_ended"]) >= LEAST_ENDED
    usual = np.where(own, figure["km_days"], np.where(grouped, figure["group_days"], figure["all_days"]))
    share = np.where(
        own, figure["km_return"], np.where(grouped, figure["group_return"], figure["all_return"])
    )
    life = np.where(figure["life_days"] > 0, figure["life_days"], np.nan)
    seen = np.where(own, ended, 0)
    stated = (LEAST_ENDED * life + seen * np.nan_to_num(figure["km_days"])) / (LEAST_ENDED + seen)
    based = np.select(
        [own, ~np.isnan(life), grouped, ~np.isnan(figure["all_days"])],
        ["product", "life", "category", "all"],
        "nothing",
    )
    return pd.DataFrame(
        {
            "due_days": np.where(np.isnan(life), usual, stated),
            "return_pct": 100 * share,
            "based_on": based,
            "ended": ended.astype("int64"),
            "running": np.nan_to_num(figure["running"]).astype("int64"),
        },
        index=products.index,
    )


_FIGURES = (
    *("km_days", "km_return", "ended", "running", "life_days", "group_days", "group_return", "group_ended"),
    *("all_days", "all_return"),
)
