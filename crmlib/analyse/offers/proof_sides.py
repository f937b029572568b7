"""What offers are held against: best sellers, each customer's own favourites, what like buyers bought."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

OFFERS, POPULARITY, OWN_REPEATS, ITEM_KNN = "offers", "popularity", "own repeats", "item-kNN"

PLAIN_SIDES = {
    OFFERS: "the offers",
    POPULARITY: "the best sellers",
    OWN_REPEATS: "what each customer bought most often",
    ITEM_KNN: "what buyers of the same things bought",
}
"""Each side as it is called in a sentence."""

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
    order = np.lexsort(
        (bought.product, -bought.last_at.astype("int64"), -bought.order_count, bought.customer)
    )
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


def _little_bought() -> Bought:
    """Three customers who bought two of three products each."""
    rows = [
        ("ann", "jam", 1, "2024-01-05"), ("ann", "tea", 3, "2024-01-25"), ("bob", "jam", 2, "2024-01-21"),
        ("bob", "milk", 2, "2024-01-09"), ("cem", "milk", 1, "2024-01-28"), ("cem", "tea", 1, "2024-01-22"),
    ]  # fmt: skip
    history = pd.DataFrame(rows, columns=["customer_id", "product_id", "order_count", "last_at"])
    history["last_at"] = pd.to_datetime(history["last_at"])
    return Bought.of(history, cutoff=pd.Timestamp("2024-01-31"), holdout_days=14)
