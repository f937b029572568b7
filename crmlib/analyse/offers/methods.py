"""Ways to rank products for customers from what everybody bought up to a day: plain lists and likeness.

Bought before and new to the customer are two questions with methods of their own: what somebody has bought is
ranked by how often and how lately, what is new by best sellers, first buyers, customers alike, and a closed form
over products (EASE).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.linalg import lapack

HALF_LIFE = 56
"""Days after which a purchase counts half."""

ITEMS = 2_000
"""New products are looked for among so many that most customers bought lately."""

POOL, ALIKE = 4_000, 200
"""Customers among whom those alike are looked for, the latest, and how many of them are asked."""

RIDGE = 200.0
"""How strongly weights between products are drawn to nothing, of `POOL` customers; fewer draw less."""

VIEW_HALF_LIFE, VIEW_WEIGHT = 14, 0.1
"""A look fades faster than a purchase, and says less of what somebody likes."""

LIKING_PRIOR = 5.0
"""The usual share of a category counts as much as so many purchases of a customer's own."""

FILLED, FEW = 0.04, 20_000
"""From so many of all pairs of customer and item on, and up to so many customers, dense arithmetic costs less."""

BLOCK = 500
"""Customers whose scores are in memory at once."""

LONG_AGO = 10_000

NEW_METHODS = ("best_sellers", "first_buyers", "customers_alike", "products_alike")
OWN_METHODS = ("own_most", "own_lately")
"""Ways to rank by one figure; the highest comes first."""

OF_CUSTOMER = ("visits", "visits_lately", "recency")
"""Figures that are the same for all products of a customer: they move chances, never an order."""

SIGNALS_OF = {
    "own": (
        *(*OWN_METHODS, "since", "tenure", "due_ratio", "buyers_recent", "bought_again", "alike", "viewed"),
        *OF_CUSTOMER,
    ),
    "new": (*NEW_METHODS, "buyers_season", "buyers", "liking", "viewed", *OF_CUSTOMER),
}  # fmt: skip
"""What is looked at for products that the customer has bought before, and for those that are new."""

SIGNALS = tuple(dict.fromkeys((*SIGNALS_OF["own"], *SIGNALS_OF["new"])))


@dataclass(frozen=True, kw_only=True, eq=False)
class Days:
    """Who bought which product on which day, in whole numbers, sorted by customer, product and day.

    Attributes
    ----------
    groups : array, one number a product: its category
    views : customers, products and days of what was looked at, clicked or searched, if known
    """

    c: np.ndarray
    p: np.ndarray
    day: np.ndarray
    customers: int
    groups: np.ndarray
    views: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None

    @cached_property
    def visits(self) -> tuple[np.ndarray, np.ndarray]:
        """Customer and day of each day on which a customer bought anything, sorted by both."""
        span = np.int64(1 << 24)
        seen = np.unique(self.c.astype("int64") * span + self.day)
        return seen // span, seen % span

    def bought_between(self, after: int, until: int) -> np.ndarray:
        """One number a customer and product that was bought after a day and up to another, sorted."""
        rows = (self.day > after) & (self.day <= until)
        return np.unique(self.c[rows].astype("int64") * len(self.groups) + self.p[rows])


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """Candidates of some customers: customer, product, whether bought before, and a column a signal."""

    c: np.ndarray
    p: np.ndarray
    signals: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.c)


def joined(parts: list[Rows]) -> Rows:
    """Several tables of candidates as one."""
    names = parts[0].signals
    return Rows(
        c=np.concatenate([part.c for part in parts]),
        p=np.concatenate([part.p for part in parts]),
        signals={name: np.concatenate([part.signals[name] for part in parts]) for name in names},
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Past:
    """What was known at the end of a day: histories by customer and product, and who buys like whom."""

    days: Days
    cut: int
    horizon: int
    c: np.ndarray
    p: np.ndarray
    count: np.ndarray
    first: np.ndarray
    last: np.ndarray
    weight: np.ndarray

    @classmethod
    def at(cls, days: Days, cut: int, horizon: int) -> "Past":
        """The histories up to a day."""
        rows = days.day <= cut
        c, p, day = days.c[rows], days.p[rows], days.day[rows]
        fresh = np.ones(len(c), dtype=bool)
        fresh[1:] = (c[1:] != c[:-1]) | (p[1:] != p[:-1])
        start = np.flatnonzero(fresh)
        count = np.diff(np.append(start, len(c)))
        faded = np.exp2(-np.arange(cut - int(day.min(initial=cut)) + 1) / HALF_LIFE)
        weight = faded[cut - day]
        summed = np.add.reduceat(weight, start) if len(start) else weight
        return cls(
            days=days, cut=cut, horizon=horizon, c=c[start], p=p[start], count=count.astype("float32"),
            first=day[start], last=day[start + count - 1], weight=summed.astype("float32"),
        )  # fmt: skip

    @cached_property
    def buyers(self) -> np.ndarray:
        """Customers who ever bought each product."""
        return np.bincount(self.p, minlength=self._products)

    @property
    def _products(self) -> int:
        return len(self.days.groups)

    def _since(self, horizons: int, on: np.ndarray) -> np.ndarray:
        recent = on > self.cut - horizons * self.horizon
        return np.bincount(self.p[recent], minlength=self._products).astype("float32")

    @cached_property
    def of_product(self) -> dict[str, np.ndarray]:
        """Figures of each product."""
        again = np.bincount(self.p[self.count > 1], minlength=self._products)
        return {
            "best_sellers": self._since(1, self.last),
            "first_buyers": self._since(3, self.first),
            "buyers_season": self._since(3, self.last),
            "buyers": self.buyers.astype("float32"),
            "bought_again": (again / (self.buyers + 5)).astype("float32"),
        }

    @cached_property
    def of_customer(self) -> dict[str, np.ndarray]:
        """Figures of each customer: days with a purchase, weighed ones, and days since the last."""
        who, day = self.days.visits
        who, age = who[day <= self.cut], self.cut - day[day <= self.cut]
        many = self.days.customers
        recency = np.full(many, LONG_AGO)
        np.minimum.at(recency, who, age)
        lately = np.bincount(who, weights=np.exp2(-age / HALF_LIFE), minlength=many)
        counted = np.bincount(who, minlength=many).astype("float32")
        return {"visits": counted, "visits_lately": lately, "recency": recency}

    @cached_property
    def known(self) -> np.ndarray:
        """Customers with a purchase."""
        return np.unique(self.c)

    @cached_property
    def items(self) -> np.ndarray:
        """Products among which what is new is looked for, the most bought lately first."""
        order = np.lexsort((np.arange(self._products), -self.buyers, -self.of_product["buyers_season"]))
        return order[: min(ITEMS, int((self.buyers > 0).sum()))]

    @cached_property
    def place(self) -> np.ndarray:
        """Product -> its place among the items, -1 where it has none."""
        found = np.full(self._products, -1)
        found[self.items] = np.arange(len(self.items))
        return found

    def _matrix(self, values: np.ndarray) -> sparse.csr_array:
        there = self.place[self.p] >= 0
        where = (self.c[there], self.place[self.p[there]])
        shape = (self.days.customers, len(self.items))
        return sparse.csr_array((values[there].astype("float32"), where), shape=shape)

    @cached_property
    def weights(self) -> sparse.csr_array:
        """Customer by item: purchases that fade."""
        return self._matrix(self.weight)

    @cached_property
    def taste(self) -> sparse.csr_array:
        """The same, its root: the tenth purchase says less than the first."""
        return self._matrix(np.sqrt(self.weight))

    @cached_property
    def between_items(self) -> np.ndarray:
        """How much each item speaks for each other one.

        References
        ----------
        Steck, H. (2019). Embarrassingly shallow autoencoders for sparse data. WWW.
        """
        gram = self._gram()
        ridge = RIDGE * min(1.0, max(len(self.known), 25) / POOL)
        inside = np.asfortranarray(gram + ridge * np.eye(len(gram), dtype="float32"))
        factor, _ = lapack.spotrf(inside, lower=0)
        half, _ = lapack.spotri(factor, lower=0)
        diagonal = np.diag(half).copy()
        found = np.ascontiguousarray(half + half.T) / -diagonal[None, :]
        np.fill_diagonal(found, 0.0)
        return np.asarray(found, dtype="float32")

    def _gram(self) -> np.ndarray:
        """How much each two items are bought by the same customers; in one piece where many do."""
        many, items = self.taste.shape
        if self.taste.nnz < FILLED * many * items or many > FEW:
            return np.asarray((self.taste.T @ self.taste).toarray())
        whole = self.taste.toarray()
        return np.asarray(whole.T @ whole)

    @cached_property
    def pool(self) -> tuple[np.ndarray, sparse.csr_array, np.ndarray]:
        """Who is asked for what is new: their numbers, their tastes at length one, and what they buy."""
        recency = self.of_customer["recency"][self.known]
        who = np.sort(self.known[np.argsort(recency, kind="stable")[:POOL]])
        return who, at_length_one(self.taste[who]), self.weights[who].toarray()

    def customers_alike(self, customers: np.ndarray) -> np.ndarray:
        """What those who buy most alike bought, nearer ones counting more; one row a customer, dense."""
        who, tastes, bought = self.pool
        near = (at_length_one(self.taste[customers]) @ tastes.T).toarray()
        self_there = np.searchsorted(who, customers)
        inside = self_there < len(who)
        inside[inside] = who[self_there[inside]] == customers[inside]
        near[np.flatnonzero(inside), self_there[inside]] = 0.0
        if near.shape[1] > ALIKE:
            near[near < np.partition(near, -ALIKE, axis=1)[:, -ALIKE][:, None]] = 0.0
        near /= near.sum(axis=1, keepdims=True) + 1e-9
        return np.asarray(sparse.csr_array(near) @ bought)

    @cached_property
    def viewed(self) -> sparse.csr_array:
        """Customer by product: what was looked at up to the day, fading."""
        shape = (self.days.customers, self._products)
        if self.days.views is None:
            return sparse.csr_array(shape, dtype="float32")
        c, p, day = self.days.views
        rows = day <= self.cut
        weight = np.exp2(-(self.cut - day[rows]) / VIEW_HALF_LIFE).astype("float32")
        return sparse.csr_array((weight, (c[rows], p[rows])), shape=shape)

    def liking(self, c: np.ndarray, g: np.ndarray) -> np.ndarray:
        """The share of a customer's interest in a category over everybody's, drawn towards 1."""
        share, usual = self.interest_shares(c, g)
        return np.asarray(share / np.maximum(usual, 1e-9), dtype="float32")

    def interest_shares(self, c: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """For customers and categories, the share of interest, drawn to everybody's; and everybody's.

        Purchases fade; what was looked at counts `VIEW_WEIGHT` of a purchase.
        """
        interest, whole, usual = self._interest
        own = np.asarray(interest[c, g]).ravel() if len(c) else np.zeros(0)
        return (own + LIKING_PRIOR * usual[g]) / (whole[c] + LIKING_PRIOR), usual[g]

    @cached_property
    def _interest(self) -> tuple[sparse.csr_array, np.ndarray, np.ndarray]:
        """Customer by category the interest, each customer's in all, and everybody's shares."""
        groups, seen = self.days.groups, self.viewed.tocoo()
        shape = (self.days.customers, int(groups.max(initial=0)) + 1)
        weight = np.concatenate([self.weight.astype("float64"), VIEW_WEIGHT * seen.data])
        where = (np.concatenate([self.c, seen.row]), groups[np.concatenate([self.p, seen.col])])
        interest = sparse.csr_array((weight, where), shape=shape)
        usual = interest.sum(axis=0) / max(float(weight.sum()), 1e-9)
        return interest, interest.sum(axis=1), usual

    def scores(self, customers: np.ndarray) -> dict[str, np.ndarray]:
        """Customer by item, by each way to find what is new."""
        alike = self.customers_alike(customers)
        flat = {
            name: np.broadcast_to(self.of_product[name][self.items], alike.shape) for name in NEW_METHODS[:2]
        }
        return flat | {"customers_alike": alike, "products_alike": self.taste[customers] @ self.between_items}

    def own_places(self, customers: np.ndarray) -> np.ndarray:
        """Which rows of the histories are of some customers, who are sorted."""
        begin, end = np.searchsorted(self.c, customers), np.searchsorted(self.c, customers, side="right")
        return np.concatenate(
            [np.arange(a, b) for a, b in zip(begin, end, strict=True)] or [np.zeros(0, int)]
        )


def at_length_one(rows: sparse.csr_array) -> sparse.csr_array:
    """Rows divided by their length."""
    length = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    return sparse.csr_array(sparse.diags_array(1 / np.maximum(length, 1e-9)) @ rows)


def candidates(
    past: Past, customers: np.ndarray, *, most: int = 40, steps: tuple[np.ndarray, np.ndarray] | None = None
) -> Iterator[tuple[Rows, Rows]]:
    """Candidates of customers, block by block: what they bought before, and what is new to them.

    `steps` are further customers and products to be looked at, such as steps up.
    """
    for begin in range(0, len(customers), BLOCK):
        block = np.asarray(customers[begin : begin + BLOCK])
        scores = past.scores(block)
        yield _own_rows(past, block, scores, most), _new_rows(past, block, scores, most, steps)


def _own_rows(past: Past, block: np.ndarray, scores: dict[str, np.ndarray], most: int) -> Rows:
    rows = past.own_places(block)
    c, p = past.c[rows], past.p[rows]
    lately = past.weight[rows] + 0.1 * past.count[rows]
    order = np.lexsort((p, -lately, c))
    kept = rows[order[np.arange(len(order)) - np.searchsorted(c, c[order]) < 2 * most]]
    c, p, count = past.c[kept], past.p[kept], past.count[kept]
    at, place = np.searchsorted(block, c), past.place[p]
    alike = np.where(place >= 0, scores["customers_alike"][at, np.maximum(place, 0)], 0.0)
    since, tenure = past.cut - past.last[kept], past.cut - past.first[kept]
    gap = np.where(count > 1, (tenure - since) / np.maximum(count - 1, 1), np.nan)
    found = {
        "own_most": count + past.weight[kept] / 100,
        "own_lately": 0.7 * past.weight[kept] + 0.3 * alike + 0.1 * count,
        "since": since,
        "tenure": tenure,
        "due_ratio": np.nan_to_num(since / np.maximum(gap, 1.0), nan=1.5),
        "buyers_recent": past.of_product["best_sellers"][p],
        "bought_again": past.of_product["bought_again"][p],
        "alike": alike,
        "viewed": _looked(past, c, p),
    }
    return Rows(c=c, p=p, signals=found | {name: past.of_customer[name][c] for name in OF_CUSTOMER})


def _new_rows(
    past: Past,
    block: np.ndarray,
    scores: dict[str, np.ndarray],
    most: int,
    steps: tuple[np.ndarray, np.ndarray] | None,
) -> Rows:
    own = np.zeros(scores["customers_alike"].shape, dtype=bool)
    rows = past.own_places(block)
    there = past.place[past.p[rows]] >= 0
    own[np.searchsorted(block, past.c[rows][there]), past.place[past.p[rows][there]]] = True
    chosen = np.zeros_like(own)
    for score in scores.values():
        np.put_along_axis(chosen, _highest(np.where(own, -np.inf, score), most), True, axis=1)
    seen = past.viewed[block].tocoo()
    more = [(block[seen.row], seen.col)] if steps is None else [steps, (block[seen.row], seen.col)]
    for c, p in more:
        inside = np.isin(c, block) & (past.place[p] >= 0)
        chosen[np.searchsorted(block, c[inside]), past.place[p[inside]]] = True
    at, place = np.nonzero(chosen & ~own)
    c, p = block[at], past.items[place]
    found = {name: score[at, place] for name, score in scores.items()}
    found |= {name: past.of_product[name][p] for name in ("buyers_season", "buyers")}
    found["viewed"] = _looked(past, c, p)
    found["liking"] = past.liking(c, past.days.groups[p])
    return Rows(c=c, p=p, signals=found | {name: past.of_customer[name][c] for name in OF_CUSTOMER})


def _looked(past: Past, c: np.ndarray, p: np.ndarray) -> np.ndarray:
    if past.days.views is None or not len(c):
        return np.zeros(len(c), dtype="float32")
    return np.asarray(past.viewed[c, p]).ravel()


def _highest(score: np.ndarray, most: int) -> np.ndarray:
    if score.shape[1] <= most:
        return np.tile(np.arange(score.shape[1]), (len(score), 1))
    return np.argpartition(-score, most - 1, axis=1)[:, :most]


LEAST_TOGETHER, TOGETHER_WEIGHT = 3, 20
"""Orders with both products at the least; the share among all orders counts as much as so many orders."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Together:
    """Orders with each item, and with any two of them."""

    both: np.ndarray
    each: np.ndarray
    total: int

    @classmethod
    def of(cls, past: Past, order: np.ndarray, product: np.ndarray) -> "Together":
        """Counted from the products of orders."""
        there = past.place[product] >= 0
        orders, order = np.unique(order, return_inverse=True)
        total = len(orders)
        where = (order[there], past.place[product[there]])
        seen = sparse.csr_array(
            (np.ones(int(there.sum()), dtype="float32"), where), shape=(total, len(past.items))
        )
        both = np.asarray((seen.T @ seen).toarray())
        each = np.diag(both).copy()
        np.fill_diagonal(both, 0.0)
        return cls(both=both, each=each, total=max(total, 1))

    @cached_property
    def excess(self) -> np.ndarray:
        """By how much the share of the second among orders with the first is above that among all orders."""
        base = self.each / self.total
        share = (self.both + TOGETHER_WEIGHT * base) / (self.each[:, None] + TOGETHER_WEIGHT)
        return np.where(self.both >= LEAST_TOGETHER, np.maximum(share - base, 0.0), 0.0)

    def pointing(self, past: Past, rows: Rows) -> np.ndarray:
        """The own product that points most to each new one, -1 where none does; rows are sorted by customer."""
        found = np.full(len(rows), -1)
        who, start = np.unique(rows.c, return_index=True)
        ends = np.append(start, len(rows))[1:]
        for c, begin, end in zip(who, start, ends, strict=True):
            begin_own, end_own = past.weights.indptr[c], past.weights.indptr[c + 1]
            own, weight = past.weights.indices[begin_own:end_own], past.weights.data[begin_own:end_own]
            place = past.place[rows.p[begin:end]]
            if len(own):
                part = weight[:, None] * self.excess[np.ix_(own, place)]
                best = part.argmax(axis=0)
                speaks = part[best, np.arange(len(place))] > 0
                found[begin:end] = np.where(speaks, past.items[own[best]], -1)
        return found

    def evidence(self, past: Past, first: np.ndarray, second: np.ndarray) -> dict[str, np.ndarray]:
        """Orders with both, with the first, and how much more often than usual; NaN where too few are known."""
        a, b = past.place[first], past.place[second]
        both = np.where((a >= 0) & (b >= 0), self.both[a, b].astype("float64"), 0.0)
        known = both >= LEAST_TOGETHER
        with np.errstate(divide="ignore", invalid="ignore"):
            share = both / self.each[a].astype("float64")
            told = {"baskets": both, "orders_before": self.each[a], "confidence": share,
                    "lift": share / (self.each[b] / self.total)}  # fmt: skip
        return {name: np.where(known, value, np.nan).astype("float64") for name, value in told.items()}
