"""How lists of products are judged: what offers are held against, and by how much one list is ahead of another.

The other lists are best sellers, each customer's own favourites, and what like buyers bought; intervals come from
drawing customers again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.stats import t as student

from crmlib.analyse.learn.evaluate import draws_of
from crmlib.analyse.stats.intervals import DRAWN_BELOW, interval, resampled_means, share_interval

OFFERS, POPULARITY, OWN_REPEATS, ITEM_KNN = "offers", "popularity", "own repeats", "item-kNN"

_ITEMS = 3_000
_NEIGHBOURS = 20
_BLOCK = 500
_NO_OFFER = -1
_GRAIN = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class Bought:
    """What each customer had bought before a cut-off, in whole numbers for customers and products.

    Attributes
    ----------
    customers, products : Index of str
        Products beyond `known` were not sold before the cut-off.
    known : int
        The first so many of `products` were.
    customer, product : arrays, one row a customer and product, sorted by both
        Places in `customers` and `products`.
    order_count : array
    last_at : array of datetime64
    cutoff : Timestamp
    holdout_days : int
    """

    customers: pd.Index
    products: pd.Index
    known: int
    customer: np.ndarray
    product: np.ndarray
    order_count: np.ndarray
    last_at: np.ndarray
    cutoff: pd.Timestamp
    holdout_days: int

    @classmethod
    def of(cls, history: pd.DataFrame, *, cutoff: pd.Timestamp, holdout_days: int) -> "Bought":
        """The history of a cut-off."""
        customer, customers = pd.factorize(history["customer_id"], sort=True)
        product, products = pd.factorize(history["product_id"], sort=True)
        return cls(
            customers=pd.Index(customers),
            products=pd.Index(products),
            known=len(products),
            customer=customer,
            product=product,
            order_count=history["order_count"].to_numpy(),
            last_at=history["last_at"].to_numpy(),
            cutoff=cutoff,
            holdout_days=holdout_days,
        )

    def with_products(self, *more: pd.Series) -> "Bought":
        """The same with places for products that were not sold before the cut-off."""
        names = pd.Index(pd.concat(more, ignore_index=True).dropna().unique())
        later = names.difference(self.products)
        return replace(self, products=self.products.append(later) if len(later) else self.products)

    def keys(self) -> np.ndarray:
        """One number a customer and product that was bought, sorted."""
        return np.sort(self.customer.astype("int64") * len(self.products) + self.product)

    def buyers(self, *, since: np.datetime64 | None = None) -> np.ndarray:
        """How many customers had bought each product, or had bought it since a moment."""
        rows = slice(None) if since is None else self.last_at >= since
        return np.bincount(self.product[rows], minlength=len(self.products))


Lists = tuple[np.ndarray, np.ndarray | None]
"""What each customer is named, and what of it is new to the customer; None where a side cannot name anything new.

Both are arrays (customers, k) of places in ``Bought.products``, the best first, -1 where there is none.
"""

Side = Callable[[Bought, int], Lists]
"""A side takes what was bought and how many products to name."""


def best_sellers(bought: Bought, k: int) -> Lists:
    """The products that most customers bought in the last holdout before the cut-off, the same for all.

    Of products with as many buyers, the one that more had ever bought. What is new to a customer are the first
    of that order that the customer has not bought.
    """
    since = (bought.cutoff - pd.Timedelta(days=bought.holdout_days)).to_datetime64()
    lately, ever = bought.buyers(since=since), bought.buyers()
    order = np.lexsort((np.arange(len(ever)), -ever, -lately))[: bought.known]
    named = np.full(k, _NO_OFFER)
    named[: len(order[:k])] = order[:k]
    return np.tile(named, (len(bought.customers), 1)), first_unbought(bought, order, k)


def own_repeats(bought: Bought, k: int) -> Lists:
    """What each customer bought in most orders; of equals, the one bought last. Nothing of it is new."""
    named = np.full((len(bought.customers), k), _NO_OFFER)
    # Rows stand in the order of products: of equals, the first stays first.
    order = np.lexsort((-bought.last_at.astype("int64"), -bought.order_count, bought.customer))
    customer, product = bought.customer[order], bought.product[order]
    place = np.arange(len(customer)) - np.searchsorted(customer, customer)
    first = place < k
    named[customer[first], place[first]] = product[first]
    return named, None


def item_neighbours(bought: Bought, k: int) -> Lists:
    """What was bought by those who bought the same things: cosine between products over customers.

    Products are the 3,000 bought by most customers; each points to the twenty nearest to it. A customer's score
    of a product is the sum over the own products of how near they are, each weighed by the orders it was in; a
    product is nearest to itself, so that repeats compete where they may.

    References
    ----------
    Sarwar, B., Karypis, G., Konstan, J. & Riedl, J. (2001). Item-based collaborative filtering recommendation
    algorithms. WWW 10.
    """
    from scipy.sparse import csr_array

    counts = bought.buyers()
    chosen = np.lexsort((np.arange(len(counts)), -counts))[: min(_ITEMS, bought.known)]
    place = np.full(len(counts), _NO_OFFER)
    place[chosen] = np.arange(len(chosen))
    rows = place[bought.product] >= 0
    where = (bought.customer[rows], place[bought.product[rows]])
    shape = (len(bought.customers), len(chosen))
    seen = csr_array((np.ones(int(rows.sum()), dtype="float32"), where), shape=shape)
    near = _nearest(seen, counts[chosen])
    often = csr_array((bought.order_count[rows].astype("float32"), where), shape=shape)
    found = [np.full((shape[0], k), _NO_OFFER) for _ in range(2)]
    for begin in range(0, shape[0], _BLOCK):
        part = slice(begin, begin + _BLOCK)
        score = (often[part] @ near).toarray()
        for named in found:
            best = highest(score, k)
            named[part, : best.shape[1]] = np.where(best >= 0, chosen[best], _NO_OFFER)
            score[seen[part].nonzero()] = 0.0
    return found[0], found[1]


def first_unbought(bought: Bought, order: np.ndarray, k: int) -> np.ndarray:
    """The first products of an order that each customer has not bought."""
    keys, people = bought.keys(), len(bought.customers)
    named = np.full((people, k), _NO_OFFER)
    left, reach = np.arange(people), 4 * k
    while len(left):
        tried = order[:reach]
        free = ~among(keys, left[:, None].astype("int64") * len(bought.products) + tried[None, :])
        place = free.cumsum(axis=1) - 1
        done = (free.sum(axis=1) >= k) | (len(tried) == len(order))
        take = free & (place < k) & done[:, None]
        row, column = take.nonzero()
        named[left[row], place[row, column]] = tried[column]
        left, reach = left[~done], 2 * reach
    return named


def among(keys: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Which numbers are among sorted ones."""
    if not len(keys):
        return np.zeros(asked.shape, dtype=bool)
    at = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return keys[at] == asked


def highest(score: np.ndarray, k: int) -> np.ndarray:
    """The places of the highest scores of each row, above 0; of equals, the first."""
    columns = score.shape[1]
    # Whole numbers in which the place decides between equals: the same order on every machine.
    rank = np.round(score.astype("float64") / _GRAIN).astype("int64") * columns - np.arange(columns)
    few = min(k, columns)
    best = (
        np.argpartition(-rank, few - 1, axis=1)[:, :few]
        if few < columns
        else np.tile(np.arange(columns), (len(score), 1))
    )
    order = np.argsort(-np.take_along_axis(rank, best, axis=1), axis=1)
    best = np.take_along_axis(best, order, axis=1)
    return np.where(np.take_along_axis(score, best, axis=1) > 0, best, _NO_OFFER)


def _nearest(seen: object, counts: np.ndarray) -> object:
    """Cosine of every product to those nearest to it, itself with 1."""
    from scipy.sparse import csr_array, vstack

    turned, length = seen.T.tocsr(), np.sqrt(counts.astype("float64"))  # type: ignore[attr-defined]
    parts = []
    for begin in range(0, len(counts), _BLOCK):
        part = slice(begin, begin + _BLOCK)
        cosine = (turned[part] @ seen).toarray() / (length[part, None] * length[None, :])
        if cosine.shape[1] > _NEIGHBOURS:
            least = np.partition(cosine, -_NEIGHBOURS, axis=1)[:, -_NEIGHBOURS][:, None]
            cosine[cosine < least] = 0.0
        parts.append(csr_array(cosine.astype("float32")))
    return vstack(parts, format="csr")


SIDES: dict[str, Side] = {POPULARITY: best_sellers, OWN_REPEATS: own_repeats, ITEM_KNN: item_neighbours}
"""What offers are held against."""


EVERYBODY, BUYERS = "everybody", "buyers"
"""Who is judged: everybody who had bought before the cut-off, or those of them who bought in the holdout."""

FIGURES = ("judged", "hit", "precision", "recall", "ndcg", "revenue", "spent", "bits", "new", "named")
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
    figures: Mapping[str, np.ndarray],
    people: np.ndarray,
    *,
    ours: str,
    seed: int,
    dates: np.ndarray | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every measure of every side, and how far ours is ahead of each other one.

    Intervals carry that other customers would have bought, and, from two dates on, that it would have been another
    date.

    References
    ----------
    Cameron, A. C. & Miller, D. L. (2015). A practitioner's guide to cluster-robust inference. Journal of Human
    Resources 50.
    """
    names, groups = list(figures), (EVERYBODY, BUYERS)
    place, customers = pd.factorize(people)
    blocks = [judged_as(figures[name], judged) for judged in groups for name in names]
    values_of_rows = np.hstack(blocks)
    values = np.zeros((len(customers), values_of_rows.shape[1]))
    np.add.at(values, place, values_of_rows)
    shape = (-1, len(groups), len(names), len(FIGURES))
    exact = ratios(values.sum(axis=0).reshape(shape))[0]
    drawn = ratios(drawn_sums(values, seed=seed).reshape(shape))
    each = _each_date(values_of_rows, dates, shape)
    rows, ahead = [], []
    own = names.index(ours)
    for g, judged in enumerate(groups):
        for s, side in enumerate(names):
            for m, measure in enumerate(MEASURES):
                if judged == EVERYBODY and measure in OF_BUYERS:
                    continue
                low, high = over_dates(exact[g, s, m], drawn[:, g, s, m], each[:, g, s, m])
                rows.append((judged, side, measure, exact[g, s, m], low, high))
                if side != ours:
                    gaps = (part[..., g, own, m] - part[..., g, s, m] for part in (exact, drawn, each))
                    low, high = over_dates(*gaps)
                    said = "" if measure in ("novelty_bits", "new_share_pct") else verdict_of(low, high)
                    ahead.append((judged, side, measure, exact[g, own, m] - exact[g, s, m], low, high, said))
    columns = ["judged", "side", "measure"]
    return (
        pd.DataFrame(rows, columns=[*columns, "value", "low", "high"]),
        pd.DataFrame(ahead, columns=[*columns, "difference", "low", "high", "ahead"]),
    )


def _each_date(rows: np.ndarray, dates: np.ndarray | None, shape: tuple[int, ...]) -> np.ndarray:
    """The measures of each date."""
    place = np.zeros(len(rows), dtype=int) if dates is None else np.unique(dates, return_inverse=True)[1]
    sums = np.stack([rows[place == date].sum(axis=0) for date in range(place.max(initial=0) + 1)])
    return ratios(sums.reshape(shape))


def over_dates(value: float, drawn: np.ndarray, each: np.ndarray) -> tuple[float, float]:
    """An interval of customers drawn again, widened by how much dates differ beyond what their customers explain.

    References
    ----------
    DerSimonian, R. & Laird, N. (1986). Meta-analysis in clinical trials. Controlled Clinical Trials 7.
    """
    low, high = interval(drawn)
    each = each[np.isfinite(each)]
    if len(each) < 2 or not np.isfinite(low):
        return low, high
    between = max(float(each.var(ddof=1)) / len(each) - float(np.nanvar(drawn)), 0.0)
    wider = student.ppf(0.975, len(each) - 1) * np.sqrt(between)
    return value - np.hypot(value - low, wider), value + np.hypot(high - value, wider)


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
