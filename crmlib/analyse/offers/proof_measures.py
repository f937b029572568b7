"""How well lists of products foretold what was bought, with intervals from drawing customers again."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from crmlib.analyse.learn.evaluate import draws_of
from crmlib.analyse.offers.proof_sides import Bought, among
from crmlib.analyse.stats.bootstrap import DRAWN_BELOW, interval, resampled_means
from crmlib.analyse.stats.intervals import share_interval

EVERYBODY, BUYERS = "everybody", "buyers"
"""Who is judged: everybody who had bought before the cut-off, or those of them who bought in the holdout."""

FIGURES = (*("judged", "hit", "precision", "recall", "ndcg", "revenue", "spent", "bits", "new", "named"),)
"""What is counted of each customer at each cut-off, in this order."""

_RATIOS = {
    "hit_rate_pct": ("hit", "judged", 100.0),
    "precision_pct": ("precision", "judged", 100.0),
    "recall_pct": ("recall", "judged", 100.0),
    "ndcg": ("ndcg", "judged", 1.0),
    "revenue_per_customer": ("revenue", "judged", 1.0),
    "revenue_share_pct": ("revenue", "spent", 100.0),
    "novelty_bits": ("bits", "named", 1.0),
    "new_share_pct": ("new", "named", 100.0),
}
MEASURES = tuple(_RATIOS)
"""Measures that are means over customers; the share of the catalogue that is named is counted beside them."""

COVERAGE = "coverage_pct"

OF_BUYERS = ("recall_pct", "ndcg")
"""Measures that say nothing of somebody who bought nothing: they are given for buyers only."""


def figures_of(
    named: np.ndarray, bought: Bought, outcome: tuple[np.ndarray, np.ndarray], *, new: bool = False
) -> np.ndarray:
    """What the lists of one side were worth to each customer.

    References
    ----------
    Järvelin, K. & Kekäläinen, J. (2002). Cumulated gain-based evaluation of IR techniques. ACM TOIS 20.
    Vargas, S. & Castells, P. (2011). Rank and relevance in novelty and diversity metrics. RecSys 5.
    """
    people, k = named.shape
    many = len(bought.products)
    keys, amounts = outcome
    own = bought.keys()
    if new:
        fresh = ~among(own, keys)
        keys, amounts = keys[fresh], amounts[fresh]
    asked = np.arange(people)[:, None] * np.int64(many) + named
    there = named >= 0
    hit = among(keys, asked) & there
    paid = (
        np.where(hit, amounts[np.minimum(np.searchsorted(keys, asked), len(keys) - 1)], 0.0)
        if len(keys)
        else np.zeros(named.shape)
    )
    wanted = np.bincount(keys // many, minlength=people)
    discount = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.concatenate([[0.0], discount.cumsum()])[np.minimum(wanted, k)]
    share = np.maximum(bought.buyers(), 1) / people
    with np.errstate(divide="ignore", invalid="ignore"):
        recall = np.where(wanted > 0, hit.sum(axis=1) / wanted, 0.0)
        ndcg = np.where(wanted > 0, (hit * discount).sum(axis=1) / ideal, 0.0)
    return np.column_stack(
        [
            np.ones(people),
            hit.any(axis=1),
            hit.sum(axis=1) / k,
            recall,
            ndcg,
            paid.sum(axis=1),
            np.bincount(keys // many, weights=amounts, minlength=people),
            np.where(there, -np.log2(share)[named], 0.0).sum(axis=1),
            (there & ~among(own, asked)).sum(axis=1),
            there.sum(axis=1),
        ]
    )


def outcome_keys(bought: Bought, outcome: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """What was bought after the cut-off by those judged: one number a customer and product, and the amount."""
    customer = bought.customers.get_indexer(outcome["customer_id"])
    product = bought.products.get_indexer(outcome["product_id"])
    rows = (customer >= 0) & (product >= 0)
    keys = customer[rows].astype("int64") * len(bought.products) + product[rows]
    order = np.argsort(keys)
    return keys[order], outcome["net_amount"].to_numpy(dtype="float64")[rows][order]


def judged_as(figures: np.ndarray, judged: str) -> np.ndarray:
    """The figures of those who are judged; the others count as nothing."""
    if judged == EVERYBODY:
        return figures
    return figures * (figures[:, [FIGURES.index("spent")]] > 0)


def drawn_sums(values: np.ndarray, *, seed: int) -> np.ndarray:
    """Sums of several figures when customers are drawn again with replacement, all figures of one together."""
    if len(values) >= DRAWN_BELOW:
        return len(values) * resampled_means(values, seed=seed)
    return np.concatenate([weights @ values for weights in draws_of(len(values), seed=seed)])


def ratios(sums: np.ndarray) -> np.ndarray:
    """The measures that sums of figures make."""
    at = {name: place for place, name in enumerate(FIGURES)}
    with np.errstate(divide="ignore", invalid="ignore"):
        made = [sums[..., at[over]] * times / sums[..., at[under]] for over, under, times in _RATIOS.values()]
    made = [np.where(np.isfinite(value), value, np.nan) for value in made]
    return np.stack(made, axis=-1)


def measure_table(
    figures: Mapping[str, np.ndarray], people: np.ndarray, *, ours: str, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every measure of every side, and how far ours is ahead of each other one.

    References
    ----------
    Cameron, A. C. & Miller, D. L. (2015). A practitioner's guide to cluster-robust inference. Journal of Human
    Resources 50.
    """
    names, groups = list(figures), (EVERYBODY, BUYERS)
    place, customers = pd.factorize(people)
    blocks = [judged_as(figures[name], judged) for judged in groups for name in names]
    values = np.zeros((len(customers), len(blocks) * len(FIGURES)))
    np.add.at(values, place, np.hstack(blocks))
    shape = (-1, len(groups), len(names), len(FIGURES))
    exact = ratios(values.sum(axis=0).reshape(shape))[0]
    drawn = ratios(drawn_sums(values, seed=seed).reshape(shape))
    rows, ahead = [], []
    own = names.index(ours)
    for g, judged in enumerate(groups):
        for s, side in enumerate(names):
            for m, measure in enumerate(MEASURES):
                if judged == EVERYBODY and measure in OF_BUYERS:
                    continue
                low, high = interval(drawn[:, g, s, m])
                rows.append((judged, side, measure, exact[g, s, m], low, high))
                if side != ours:
                    low, high = interval(drawn[:, g, own, m] - drawn[:, g, s, m])
                    said = "" if measure in ("novelty_bits", "new_share_pct") else verdict_of(low, high)
                    ahead.append((judged, side, measure, exact[g, own, m] - exact[g, s, m], low, high, said))
    columns = ["judged", "side", "measure"]
    return (
        pd.DataFrame(rows, columns=[*columns, "value", "low", "high"]),
        pd.DataFrame(ahead, columns=[*columns, "difference", "low", "high", "ahead"]),
    )


def verdict_of(low: float, high: float) -> str:
    """Whether an interval of a difference lies above 0, below it, or says neither."""
    return "yes" if low > 0 else "no" if high < 0 else "uncertain"


_LEAST = 30


def acceptance_by_decile(offers: pd.DataFrame, *, seed: int, most: int = 10) -> pd.DataFrame:
    """What was foretold of offers against how many were taken, offers in groups of like probability.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. Journal of the
    American Statistical Association 22.
    """
    known = offers[offers["probability"].notna()]
    if known.empty:
        return _table(known.assign(decile=pd.Series(dtype="int64")), "decile", seed=seed)
    chance = known["probability"].to_numpy(dtype="float64")
    groups = int(np.clip(len(known) // _LEAST, 1, most))
    edges = np.unique(np.quantile(chance, np.linspace(0, 1, groups + 1)[1:-1]))
    place = np.unique(np.searchsorted(edges, chance, side="right"), return_inverse=True)[1]
    return _table(known.assign(decile=place + 1), "decile", seed=seed)


def acceptance_by_kind(offers: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """How many offers of each kind were taken, and what they brought."""
    table = _table(offers, "kind", seed=seed)
    paid = offers.groupby("kind")["paid"].sum()
    table["revenue"] = table["kind"].map(paid).astype("float64")
    return table.sort_values(["offered", "kind"], ascending=[False, True], kind="stable").reset_index(
        drop=True
    )


def _table(offers: pd.DataFrame, by: str, *, seed: int) -> pd.DataFrame:
    place, groups = pd.factorize(offers[by], sort=True)
    person, people = pd.factorize(offers["customer_id"])
    sums = np.zeros((len(people), 2 * len(groups)))
    np.add.at(sums, (person, 2 * place), 1.0)
    np.add.at(sums, (person, 2 * place + 1), offers["accepted"].to_numpy(dtype="float64"))
    total = sums.sum(axis=0)
    drawn = drawn_sums(sums, seed=seed) if len(people) else np.zeros((0, 2 * len(groups)))
    rows = []
    for i, group in enumerate(groups):
        own = offers[place == i]
        low, high = _ends(drawn[:, 2 * i : 2 * i + 2], *total[2 * i : 2 * i + 2])
        foretold = 100 * float(own["probability"].mean())
        rows.append(
            {
                by: group,
                "offered": int(total[2 * i]),
                "predicted_pct": foretold,
                "accepted_pct": 100 * total[2 * i + 1] / total[2 * i],
                "low": low,
                "high": high,
                "agrees": bool(low <= foretold <= high),
            }
        )
    return pd.DataFrame(
        rows, columns=[by, "offered", "predicted_pct", "accepted_pct", "low", "high", "agrees"]
    )


def _ends(drawn: np.ndarray, offered: float, accepted: float) -> tuple[float, float]:
    """Drawing again cannot see beyond what happened: where nothing was taken it would give 0 to 0."""
    least, most = share_interval(accepted, offered)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = interval(drawn[:, 1] / drawn[:, 0])
    return 100 * min(low, least), 100 * max(high, most)
