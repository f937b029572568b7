"""Growth potential: what customers do not buy from us, and others who spend alike do."""

import numpy as np
import pandas as pd

from crmlib.schema.errors import ParameterError

BENCHMARK = 0.75
"""The upper quartile: a quarter of a customer's peers spend at least so much, in a category and in all."""

LITTLE = 0.25
"""Under a quarter of the benchmark a category counts as not, or little, bought."""

FEWEST_PEERS = 20
"""A smaller segment is measured by all customers."""

SPEND_THIRDS = ("lower third", "middle third", "upper third")

GROWTH_UNITS = {
    "growth_potential": "currency",
    "growth_category": "name",
    "growth_category_amount": "currency",
    "growth_peers": "segment",
}
"""Column -> unit; amounts are of a year."""

_ALL = "all customers"
_BLOCK = 5_000


def growth_valuation(spend: pd.DataFrame, segments: pd.Series | None = None) -> pd.DataFrame:
    """What each customer could spend a year in categories not, or little, bought so far.

    The benchmark of a category is the upper quartile of the year's spend in it among the customer's peers,
    those who buy none of it included: so it is above 0 only where more than a quarter of them buy it. The
    room in a category is the benchmark less what the customer spends there, if that is under a quarter of it.
    The sum over categories is cut where the customer would spend more in all than the upper quartile of the
    peers does, so that a quarter of them do spend that much more; who spends as much already has none. It
    says what peers do, not what this customer will.

    Parameters
    ----------
    spend : DataFrame, one row per customer and category
        `customer_id`, `category`, `spend` of a year, above 0, as `category_spend` makes it. Who has no row
        has bought nothing in the year and is not judged.
    segments : Series customer_id -> segment, optional
        Who is compared with whom. Without it the customers in three parts by the year's spend. A segment of
        fewer than 20, and who is in none, is measured by all customers.

    Returns
    -------
    DataFrame indexed by customer_id, sorted
        `growth_potential` (account currency a year), `growth_category` (where most of the room is; empty
        where there is none), `growth_category_amount` (the room in it, at most the potential),
        `growth_peers` (with whom the customer was compared).

    Raises
    ------
    ParameterError
        If `segments` is no Series by customer.

    Examples
    --------
    >>> spend = pd.DataFrame([(f"c{i:02}", "tea", 100.0) for i in range(20)]
    ...                      + [(f"c{i:02}", "mugs", 40.0) for i in range(8)],
    ...                      columns=["customer_id", "category", "spend"])
    >>> growth = growth_valuation(spend, pd.Series("shop", index=spend["customer_id"].unique()))
    >>> growth.loc[["c00", "c19"], ["growth_potential", "growth_category"]]     # 8 of 20 buy mugs for 40
                 growth_potential growth_category
    customer_id
    c00                       0.0             NaN
    c19                      40.0            mugs
    """
    if segments is not None and not isinstance(segments, pd.Series):
        raise ParameterError(f"segments is a {type(segments).__name__}: give a Series by customer_id.")
    customers = pd.Index(sorted(spend["customer_id"].unique()), name="customer_id", dtype="str")
    categories = pd.Index(sorted(spend["category"].unique()), dtype="str")
    cells = _Cells(spend, customers, categories)
    labels = spend_thirds(cells.totals) if segments is None else segments.reindex(customers)
    peers = _peers(labels)
    amounts = np.zeros(len(customers))
    largest = np.zeros(len(customers))
    place = np.full(len(customers), -1)
    for name in sorted(peers.unique()):
        members = np.flatnonzero((peers == name).to_numpy())
        compared = np.arange(len(customers)) if name == _ALL else members
        bar = cells.benchmark(compared)
        top = np.quantile(cells.totals.to_numpy()[compared], BENCHMARK)
        for start in range(0, len(members), _BLOCK):
            rows = members[start : start + _BLOCK]
            room, most, at = _room(cells.dense(rows), bar)
            limit = np.maximum(top - cells.totals.to_numpy()[rows], 0.0)
            amounts[rows], place[rows] = np.minimum(room, limit), at
            largest[rows] = np.minimum(most, limit)
    some = pd.Series(amounts > 0, index=customers)
    named = pd.Series(categories.to_numpy()[place] if len(categories) else [], index=customers, dtype="str")
    return pd.DataFrame(
        {
            "growth_potential": amounts,
            "growth_category": named.where(some),
            "growth_category_amount": np.where(some, largest, 0.0),
            "growth_peers": peers,
        },
        index=customers,
    )


def spend_thirds(totals: pd.Series) -> pd.Series:
    """Customers in three parts by spend, equal spend in the same part.

    Parameters
    ----------
    totals : Series customer_id -> spend

    Returns
    -------
    Series customer_id -> one of `SPEND_THIRDS`

    Examples
    --------
    >>> spend_thirds(pd.Series({"ann": 5.0, "bob": 50.0, "cem": 20.0})).to_dict()
    {'ann': 'lower third', 'bob': 'upper third', 'cem': 'middle third'}
    """
    below = totals.rank(method="min") - 1
    upto = totals.rank(method="max")
    part = (3 * (below + upto) // (2 * max(len(totals), 1))).astype("int64").clip(0, 2)
    return part.map(dict(enumerate(SPEND_THIRDS))).astype("str")


class _Cells:
    """The long table, made wide for some customers at a time."""

    def __init__(self, spend: pd.DataFrame, customers: pd.Index, categories: pd.Index) -> None:
        row = customers.get_indexer(spend["customer_id"].astype("str"))
        order = np.argsort(row, kind="stable")
        self._column = categories.get_indexer(spend["category"].astype("str"))[order]
        self._amount = spend["spend"].to_numpy(dtype="float64")[order]
        self._begin = np.searchsorted(row[order], np.arange(len(customers) + 1))
        self._width = len(categories)
        sums = np.bincount(row, weights=spend["spend"].to_numpy(dtype="float64"), minlength=len(customers))
        self.totals = pd.Series(sums, index=customers)

    def _of(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The customer's place among `rows`, and the cell, of all their cells."""
        lengths = self._begin[rows + 1] - self._begin[rows]
        place = np.repeat(np.arange(len(rows)), lengths)
        first = np.repeat(self._begin[rows] - np.r_[0, np.cumsum(lengths)[:-1]], lengths)
        return place, first + np.arange(lengths.sum())

    def dense(self, rows: np.ndarray) -> np.ndarray:
        place, cell = self._of(rows)
        table = np.zeros((len(rows), self._width))
        table[place, self._column[cell]] = self._amount[cell]
        return table

    def benchmark(self, rows: np.ndarray) -> np.ndarray:
        """The upper quartile of each category over these customers, those without it counting as 0."""
        _, cell = self._of(rows)
        column, value = self._column[cell], self._amount[cell]
        order = np.lexsort((value, column))
        value, begin = value[order], np.searchsorted(column[order], np.arange(self._width + 1))
        at = BENCHMARK * (len(rows) - 1)
        low, share = int(np.floor(at)), at - np.floor(at)
        zeros = len(rows) - (begin[1:] - begin[:-1])

        def ranked(rank: int) -> np.ndarray:
            inside = np.minimum(begin[:-1] + np.maximum(rank - zeros, 0), len(value) - 1)
            return np.where(rank >= zeros, value[inside], 0.0)

        lower, upper = ranked(low), ranked(min(low + 1, len(rows) - 1))
        return lower + share * (upper - lower)


def _room(spent: np.ndarray, bar: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    room = np.where(spent < LITTLE * bar, bar - spent, 0.0)
    at = room.argmax(axis=1)
    return room.sum(axis=1), room[np.arange(len(room)), at], at


def _peers(labels: pd.Series) -> pd.Series:
    words = labels.astype("str").where(labels.notna(), _ALL)
    sizes = words.map(words.value_counts())
    return words.where(sizes >= FEWEST_PEERS, _ALL).rename("growth_peers")
