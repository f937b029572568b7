"""How well lists of products foretold what was bought, with intervals from drawing customers again."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from crmlib.analyse.churn_evaluation import draws_of
from crmlib.analyse.offers.proof_sides import Bought, among
from crmlib.analyse.resampling import DRAWN_BELOW, interval, resampled_means

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

    Parameters
    ----------
    named : array (customers, k)
        Places in ``bought.products``, the best first; -1 where nothing is named.
    bought : Bought
    outcome : arrays
        What was bought after the cut-off, as `outcome_keys` makes it.
    new : bool
        Count only products that the customer had not bought before.

    Returns
    -------
    array (customers, figures)
        In the order of `FIGURES`. `precision` is hits over k, however many were named. `recall` is hits over
        the products bought. `ndcg` discounts a hit by the logarithm of its rank and divides by what the best
        list of k would have reached. `bits` is the sum of -log2 of the share of customers who had bought each
        named product (one that nobody had bought counts as bought by one).

    References
    ----------
    Järvelin, K. & Kekäläinen, J. (2002). Cumulated gain-based evaluation of IR techniques. ACM TOIS 20.
    Vargas, S. & Castells, P. (2011). Rank and relevance in novelty and diversity metrics. RecSys 5.

    Examples
    --------
    >>> from crmlib.analyse.offers.proof_sides import _little_bought
    >>> bought = _little_bought()
    >>> later = pd.DataFrame({"customer_id": ["ann", "ann"], "product_id": ["milk", "tea"],
    ...                       "net_amount": [2.0, 6.0]})
    >>> named = np.array([[0, 2], [0, 1], [-1, -1]])
    >>> dict(zip(FIGURES, figures_of(named, bought, outcome_keys(bought, later))[0].round(2).tolist()))
    {'judged': 1.0, 'hit': 1.0, 'precision': 0.5, 'recall': 0.5, 'ndcg': 0.39, 'revenue': 6.0, 'spent': 8.0,
     'bits': 1.17, 'new': 0.0, 'named': 2.0}
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
    """What was bought after the cut-off by those judged: one number a customer and product, and the amount.

    Parameters
    ----------
    bought : Bought
        With places for all products of `outcome`.
    outcome : DataFrame
        `customer_id`, `product_id`, `net_amount` (above 0).

    Returns
    -------
    (array of int, array of float), by the first

    Examples
    --------
    >>> from crmlib.analyse.offers.proof_sides import _little_bought
    >>> later = pd.DataFrame({"customer_id": ["cem", "eve", "ann"], "product_id": ["jam", "jam", "tea"],
    ...                       "net_amount": [2.0, 3.0, 6.0]})
    >>> [part.tolist() for part in outcome_keys(_little_bought(), later)]
    [[2, 6], [6.0, 2.0]]
    """
    customer = bought.customers.get_indexer(outcome["customer_id"])
    product = bought.products.get_indexer(outcome["product_id"])
    rows = (customer >= 0) & (product >= 0)
    keys = customer[rows].astype("int64") * len(bought.products) + product[rows]
    order = np.argsort(keys)
    return keys[order], outcome["net_amount"].to_numpy(dtype="float64")[rows][order]


def judged_as(figures: np.ndarray, judged: str) -> np.ndarray:
    """The figures of those who are judged; the others count as nothing.

    Parameters
    ----------
    figures : array (customers, figures)
    judged : "everybody" or "buyers"

    Returns
    -------
    array, shaped like `figures`

    Examples
    --------
    >>> judged_as(np.array([[1.0] * 6 + [0.0] + [1.0] * 3]), "buyers").sum().item()
    0.0
    """
    if judged == EVERYBODY:
        return figures
    return figures * (figures[:, [FIGURES.index("spent")]] > 0)


def drawn_sums(values: np.ndarray, *, seed: int) -> np.ndarray:
    """Sums of several figures when customers are drawn again with replacement, all figures of one together.

    Parameters
    ----------
    values : array (customers, figures)
    seed : int

    Returns
    -------
    array (draws, figures)
        From `crmlib.analyse.resampling.DRAWN_BELOW` customers on from the normal distribution that sums have
        in the limit.

    Examples
    --------
    >>> drawn = drawn_sums(np.array([[0.0, 1.0], [2.0, 1.0]]), seed=0)
    >>> drawn.shape, sorted(set(drawn[:, 0].tolist())), set(drawn[:, 1].tolist())
    ((500, 2), [0.0, 2.0, 4.0], {2.0})
    """
    if len(values) >= DRAWN_BELOW:
        return len(values) * resampled_means(values, seed=seed)
    return np.concatenate([weights @ values for weights in draws_of(len(values), seed=seed)])


def ratios(sums: np.ndarray) -> np.ndarray:
    """The measures that sums of figures make.

    Parameters
    ----------
    sums : array (..., figures)

    Returns
    -------
    array (..., measures)
        In the order of `MEASURES`; NaN where nothing was judged.

    Examples
    --------
    >>> sums = np.array([4.0, 2.0, 1.0, 1.0, 1.0, 6.0, 24.0, 10.0, 2.0, 8.0])
    >>> dict(zip(MEASURES, ratios(sums).tolist()))["revenue_share_pct"]
    25.0
    """
    at = {name: place for place, name in enumerate(FIGURES)}
    with np.errstate(divide="ignore", invalid="ignore"):
        made = [sums[..., at[over]] * times / sums[..., at[under]] for over, under, times in _RATIOS.values()]
    made = [np.where(np.isfinite(value), value, np.nan) for value in made]
    return np.stack(made, axis=-1)


def measure_table(
    figures: Mapping[str, np.ndarray], people: np.ndarray, *, ours: str, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every measure of every side, and how far ours is ahead of each other one.

    Parameters
    ----------
    figures : side -> array (rows, figures)
        One row a customer and cut-off, the same rows for all sides.
    people : array (rows,)
        Which customer a row is of: the rows of one customer are drawn together.
    ours : side
    seed : int

    Returns
    -------
    overall : DataFrame
        `judged`, `side`, `measure`, `value`, `low`, `high` (95 % intervals).
    differences : DataFrame
        `judged`, `side`, `measure`, `difference` (ours minus the side's), `low`, `high`, `ahead` ("yes", "no",
        "uncertain"; empty for measures of which more is not better).

    References
    ----------
    Cameron, A. C. & Miller, D. L. (2015). A practitioner's guide to cluster-robust inference. Journal of Human
    Resources 50.

    Examples
    --------
    >>> lot = np.random.default_rng(0)
    >>> hits = lot.random((400, 2)) < [0.5, 0.2]
    >>> sides = {name: np.column_stack([np.ones(400), hits[:, i], *np.ones((8, 400))])
    ...          for i, name in enumerate(["offers", "popularity"])}
    >>> overall, ahead = measure_table(sides, np.arange(400), ours="offers", seed=0)
    >>> ahead.loc[ahead["measure"] == "hit_rate_pct", ["judged", "ahead"]].to_numpy().tolist()
    [['everybody', 'yes'], ['buyers', 'yes']]
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
    """Whether an interval of a difference lies above 0, below it, or says neither.

    Parameters
    ----------
    low, high : float

    Returns
    -------
    "yes", "no" or "uncertain"

    Examples
    --------
    >>> verdict_of(0.1, 0.3), verdict_of(-0.3, -0.1), verdict_of(-0.1, 0.1), verdict_of(float("nan"), 0.1)
    ('yes', 'no', 'uncertain', 'uncertain')
    """
    return "yes" if low > 0 else "no" if high < 0 else "uncertain"
