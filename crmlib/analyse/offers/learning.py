"""What speaks for a product, and what each signal weighs: learnt on earlier days of the same workspace."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from crmlib.measure.offers.candidates import bought_after, candidates_of
from crmlib.measure.offers.tables import (
    LEAST_ENDED,
    count_pairs,
    count_up_to,
    first_purchase_on,
    known_buyers,
    products_offered,
)

RHYTHM_WEIGHT = 3
"""The product's time between purchases counts as much as so many of the customer's own."""

_OF_OWN = (
    *("own_days", "own_days_recent", "own_days_season", "since", "own_gap", "own_tenure", "due_ratio"),
    *("own_rate", "own_share", "return_share", "together", "excess", "buyers", "buyers_recent"),
    *("repeat_share", "days_per_buyer", "trend", "group_days_season", "group_since"),
    *("visit_days_recent", "visit_days_season", "recency", "tenure", "basket", "products"),
)
_OF_NEW = (
    *("together", "together_best", "lift_best", "excess", "buyers", "buyers_recent", "buyers_season"),
    *("first_recent", "first_season", "repeat_share", "days_per_buyer", "trend", "group_share"),
    *("group_days", "group_days_season", "group_products", "group_since", "price_ratio"),
    *("visit_days_recent", "visit_days_season", "recency", "tenure", "basket", "products"),
    *("tried_recent", "tried_season"),
)
SHARES = ("own_rate", "own_share", "return_share", "repeat_share", "trend", "group_share")
"""Signals that are not counts, days or amounts, so that their logarithm says no more."""

SIGNALS_OF = {"own": _OF_OWN, "new": _OF_NEW}
"""What is looked at for products that the customer has bought before, and for those that are new."""

SIGNALS = tuple(dict.fromkeys((*_OF_OWN, *_OF_NEW)))


def signal_table(candidates: pd.DataFrame, rhythms: pd.DataFrame, *, part: str) -> pd.DataFrame:
    """The signals of candidates."""
    names = SIGNALS_OF[part]
    known = candidates.reindex(columns=[name for name in names if name in candidates])
    table = known.astype("float64").reindex(columns=list(names))
    if part == "own":
        product = rhythms.reindex(candidates["p"])
        table["due_ratio"] = candidates["since"].to_numpy() / own_rhythm(candidates, rhythms)
        table["own_rate"] = table["own_days"] / (table["own_tenure"] + 28)
        table["own_share"] = table["own_days_season"] / (table["visit_days_season"] + 1)
        table["return_share"] = product["return_pct"].to_numpy(dtype="float64") / 100
    table["trend"] = table["buyers_recent"] / (
        candidates["buyers_season"].astype("float64") / 3 + 1 if "buyers_season" in candidates else 1
    )
    return table.replace([np.inf, -np.inf], np.nan)


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


LEAST_HITS = 50
"""Purchases that followed, and candidates without one, from which weights are learnt."""

LEFT_OUT_SHARE = 0.25
"""Of the customers, on whom the ways to weigh are compared and the probabilities are set right."""

WAYS = ("logistic_regression", "boosted_trees", "mean_of_both")
_SHUFFLED_ROWS = 1_000
_SHOWN = 10
"""Candidates of a customer, the best, on which probabilities are set right."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Blend:
    """The probability of buying a candidate within the horizon, for one part of the candidates.

    Attributes
    ----------
    part : "own" or "new"
    way : one of `WAYS`, or "shrunk_shares" where nothing could be learnt
    horizon_days : int
    tried : DataFrame
        `part`, `model`, `log_loss`, `auc` on customers left out, `chosen`.
    strength : DataFrame
        `signal`, `auc_loss`.
    """

    part: str
    way: str
    horizon_days: int
    tried: pd.DataFrame = field(repr=False)
    strength: pd.DataFrame = field(repr=False)
    models: Any = field(default=None, repr=False)
    shape: tuple[float, float] = (1.0, 0.0)

    def probability(self, candidates: pd.DataFrame, rhythms: pd.DataFrame) -> np.ndarray:
        """The probability of each candidate, 0 to 1."""
        if not len(candidates):
            return np.zeros(0)
        table = signal_table(candidates, rhythms, part=self.part)
        if self.models is None:
            return _shrunk(candidates, table, horizon_days=self.horizon_days, part=self.part)
        return _sigmoid(self.shape[0] * _logit(self.models.ways(table)[self.way]) + self.shape[1])


def fit_blend(rows: pd.DataFrame, rhythms: pd.DataFrame, *, part: str, horizon_days: int, seed: int) -> Blend:
    """Learn the weights; where too little is known, say so by the name of the way.

    References
    ----------
    Platt, J. (1999). Probabilistic outputs for support vector machines.
    """
    own = rows["is_own"].to_numpy() == (part == "own") if "is_own" in rows else np.ones(len(rows), dtype=bool)
    rows = rows[own]
    bought = rows["bought"].to_numpy(dtype="int64") if len(rows) else np.zeros(0, dtype="int64")
    customers = np.unique(rows["c"]) if len(rows) else np.zeros(0)
    left = np.random.default_rng([seed, 7]).permutation(customers)[: int(LEFT_OUT_SHARE * len(customers))]
    out = np.isin(rows["c"], left) if len(rows) else np.zeros(0, dtype=bool)
    hits = [int(bought[side].sum()) for side in (out, ~out)]
    misses = [int((1 - bought[side]).sum()) for side in (out, ~out)]
    if min(hits[0] * 3, hits[1], *misses) < LEAST_HITS:
        return _unlearnt(part, horizon_days)
    table = signal_table(rows, rhythms, part=part)
    models = _Models.fitted(table[~out], bought[~out], seed=seed)
    ways = models.ways(table[out])
    tried = pd.DataFrame(
        [{"part": part, "model": name} | _measures(ways[name], bought[out]) for name in WAYS]
    )
    way = _preferred(ways, bought[out], rows["c"].to_numpy()[out])
    return Blend(
        part=part,
        way=way,
        horizon_days=horizon_days,
        tried=tried.assign(chosen=tried["model"] == way),
        strength=_strength(models, way, table[out], bought[out], seed=seed),
        models=models,
        shape=_straightened(ways[way], bought[out], rows["c"].to_numpy()[out]),
    )


def _preferred(ways: dict[str, np.ndarray], bought: np.ndarray, customers: np.ndarray) -> str:
    """The mean, which lasts best from one period to the next, unless one way is clearly better."""
    inside = {name: np.clip(found, 1e-9, 1 - 1e-9) for name, found in ways.items()}
    losses = {name: -np.log(np.where(bought == 1, found, 1 - found)) for name, found in inside.items()}
    place = np.unique(customers, return_inverse=True)[1]
    best, ahead = "mean_of_both", 0.0
    for name in ("logistic_regression", "boosted_trees"):
        saved = np.bincount(place, weights=losses["mean_of_both"] - losses[name])
        error = saved.std() * np.sqrt(len(saved))
        if saved.sum() > max(2 * error, ahead):
            best, ahead = name, saved.sum()
    return best


def _unlearnt(part: str, horizon_days: int) -> Blend:
    return Blend(
        part=part,
        way="shrunk_shares",
        horizon_days=horizon_days,
        tried=pd.DataFrame(columns=["part", "model", "log_loss", "auc", "chosen"]),
        strength=pd.DataFrame(columns=["signal", "auc_loss"]),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Models:
    names: list[str]
    medians: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    line: Any
    trees: Any

    @classmethod
    def fitted(cls, table: pd.DataFrame, bought: np.ndarray, *, seed: int) -> "_Models":
        from sklearn.ensemble import HistGradientBoostingClassifier
        from sklearn.linear_model import LogisticRegression

        varied = table.columns[table.nunique() > 1]
        names = list(varied)
        bent = _bent(table[names])
        medians = np.nanmedian(bent, axis=0)
        filled = np.where(np.isnan(bent), medians, bent)
        mean, deviation = filled.mean(axis=0), np.maximum(filled.std(axis=0), 1e-9)
        line = LogisticRegression(C=1.0, max_iter=300).fit((filled - mean) / deviation, bought)
        trees = HistGradientBoostingClassifier(
            max_iter=50, learning_rate=0.1, max_leaf_nodes=15, l2_regularization=5.0, early_stopping=False,
            min_samples_leaf=min(200, max(20, len(table) // 50)), random_state=seed,
        ).fit(table[names].to_numpy(), bought)  # fmt: skip
        return cls(names=names, medians=medians, mean=mean, deviation=deviation, line=line, trees=trees)

    def ways(self, table: pd.DataFrame) -> dict[str, np.ndarray]:
        bent = _bent(table[self.names])
        scaled = (np.where(np.isnan(bent), self.medians, bent) - self.mean) / self.deviation
        line = self.line.predict_proba(scaled)[:, 1]
        trees = self.trees.predict_proba(table[self.names].to_numpy())[:, 1]
        return {"logistic_regression": line, "boosted_trees": trees, "mean_of_both": (line + trees) / 2}


def _bent(table: pd.DataFrame) -> np.ndarray:
    counts = ~table.columns.isin(SHARES)
    values = table.to_numpy(dtype="float64", copy=True)
    values[:, counts] = np.log1p(np.maximum(values[:, counts], 0))
    return values


def _measures(probability: np.ndarray, bought: np.ndarray) -> dict[str, float]:
    from sklearn.metrics import log_loss, roc_auc_score

    return {
        "log_loss": float(log_loss(bought, np.clip(probability, 1e-9, 1 - 1e-9))),
        "auc": float(roc_auc_score(bought, probability)),
    }


def _straightened(probability: np.ndarray, bought: np.ndarray, customers: np.ndarray) -> tuple[float, float]:
    """Slope and offset that set right the probabilities of those candidates that would be offered.

    The best of a customer's candidates are those whose probability came out too high rather than too low.
    """
    from sklearn.linear_model import LogisticRegression

    order = np.lexsort((-probability, customers))
    place = np.empty(len(order), dtype="int64")
    place[order] = np.arange(len(order)) - np.searchsorted(customers[order], customers[order])
    shown = place < _SHOWN
    if min(bought[shown].sum(), (1 - bought[shown]).sum()) < LEAST_HITS:
        shown = np.ones(len(order), dtype=bool)
    fit = LogisticRegression(C=1e6).fit(_logit(probability[shown])[:, None], bought[shown])
    slope = float(fit.coef_[0, 0])
    return (slope, float(fit.intercept_[0])) if slope > 0 else (1.0, 0.0)


def _strength(
    models: _Models, way: str, table: pd.DataFrame, bought: np.ndarray, *, seed: int
) -> pd.DataFrame:
    from sklearn.metrics import roc_auc_score

    draw = np.random.default_rng([seed, 11])
    chosen = np.sort(draw.permutation(len(table))[:_SHUFFLED_ROWS])
    part, hits = table.iloc[chosen].reset_index(drop=True), bought[chosen]
    if hits.min() == hits.max():
        return pd.DataFrame(columns=["signal", "auc_loss"])
    whole = roc_auc_score(hits, models.ways(part)[way])
    shuffled = pd.concat([part] * len(models.names), ignore_index=True)
    for place, name in enumerate(models.names):
        values = part[name].to_numpy()[draw.permutation(len(part))]
        shuffled.iloc[place * len(part) : (place + 1) * len(part), shuffled.columns.get_loc(name)] = values
    found = models.ways(shuffled)[way].reshape(len(models.names), -1)
    rows = [(name, whole - roc_auc_score(hits, each)) for name, each in zip(models.names, found, strict=True)]
    table = pd.DataFrame(rows, columns=["signal", "auc_loss"])
    return table.sort_values(["auc_loss", "signal"], ascending=[False, True], ignore_index=True)


def _shrunk(candidates: pd.DataFrame, table: pd.DataFrame, *, horizon_days: int, part: str) -> np.ndarray:
    """Shares without any learning: how often such a thing is bought again, or taken up by others."""
    if part == "own":
        rhythm = np.where(table["due_ratio"] > 0, candidates["since"] / table["due_ratio"], np.nan)
        rhythm = np.where(np.isnan(rhythm), np.maximum(table["own_tenure"], horizon_days), rhythm)
        days = table["own_days"].to_numpy()
        again = (days - 1 + table["return_share"].fillna(0.1)) / days
        late = 1 / np.maximum(table["due_ratio"].fillna(1), 1)
        return np.asarray(again * late * -np.expm1(-np.log(2) * horizon_days / rhythm))
    buyers = max(float(candidates["buyers"].max()), 1.0)
    taken_up = table["first_recent"].fillna(0) / (buyers + 20)
    return np.clip(taken_up * np.sqrt(table["lift_best"].fillna(1).clip(1, 9)), 1e-6, 0.9).to_numpy()


def _logit(probability: np.ndarray) -> np.ndarray:
    inside = np.clip(probability, 1e-6, 1 - 1e-6)
    return np.log(inside / (1 - inside))


def _sigmoid(logit: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logit))


HISTORY = 2
"""So many horizons of orders must lie before a day that is learnt from."""

CUSTOMERS = 800
"""Customers drawn of a day; where it has fewer, the day a horizon before it is learnt from too."""

BATCH = 250
"""Customers whose candidates are in memory at once."""


_A_DAY = 1_000_000_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Learnt:
    """The weights for products bought before and for new ones, and where they come from.

    Attributes
    ----------
    own, new : Blend
    days : tuple of dates
    horizon_days, customers : int
        `customers`: drawn, over all days.
    """

    own: Blend
    new: Blend
    days: tuple[date, ...]
    horizon_days: int
    customers: int = field(default=0)

    def probability(self, candidates: pd.DataFrame, rhythms: pd.DataFrame) -> np.ndarray:
        """The probability of each candidate, by the blend of its part."""
        own = candidates["is_own"].to_numpy(dtype=bool)
        found = np.zeros(len(candidates))
        found[own] = self.own.probability(candidates[own], rhythms)
        found[~own] = self.new.probability(candidates[~own], rhythms)
        return found


def learn(engine: Any, *, day: date, horizon_days: int, seed: int) -> Learnt:
    """Learn the weights on one or two earlier days; the engine is then counted up to `day`."""
    first = first_purchase_on(engine)
    count_pairs(engine, day, horizon_days=horizon_days)
    days: list[date] = []
    parts, usual, drawn = [], [], 0
    for place in (1, 2):
        then = day - timedelta(days=place * horizon_days)
        if not first or first > then - timedelta(days=HISTORY * horizon_days) or drawn >= CUSTOMERS:
            break
        count_up_to(engine, then, horizon_days=horizon_days, place=place)
        rhythms = product_rhythms(products_offered(engine))
        customers = _drawn(engine, seed=seed)
        for begin in range(0, len(customers), BATCH):
            part = _labelled(engine, customers[begin : begin + BATCH], then, horizon_days)
            # A product's number stands for its rhythm on this day: the next day's gets numbers of its own.
            parts.append(
                part.assign(p=part["p"] + len(days) * len(rhythms), c=part["c"] + len(days) * _A_DAY)
            )
        usual.append(rhythms)
        days.insert(0, then)
        drawn += len(customers)
    known = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    rhythms = pd.concat(usual, ignore_index=True) if usual else pd.DataFrame()
    given = {"horizon_days": horizon_days, "seed": seed}
    own, new = (fit_blend(known, rhythms, part=part, **given) for part in ("own", "new"))
    count_up_to(engine, day, horizon_days=horizon_days)
    return Learnt(own=own, new=new, days=tuple(days), horizon_days=horizon_days, customers=drawn)


def _drawn(engine: Any, *, seed: int) -> np.ndarray:
    everybody = known_buyers(engine).to_numpy()
    return np.sort(np.random.default_rng([seed, 3]).permutation(everybody)[:CUSTOMERS])


def _labelled(engine: Any, customers: np.ndarray, day: date, horizon_days: int) -> pd.DataFrame:
    rows = candidates_of(engine, customers, day=day, horizon_days=horizon_days)
    rows = rows[["c", "p", "is_own", *(name for name in SIGNALS if name in rows)]]
    bought = bought_after(engine, customers, day=day, horizon_days=horizon_days)
    found = pd.MultiIndex.from_frame(rows[["c", "p"]]).isin(pd.MultiIndex.from_frame(bought))
    return rows.astype({"c": "int64", "p": "int64"}).assign(bought=found)
