"""One door to the miner: estimate the cost, choose the way, or refuse with advice."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.rules.baskets import Baskets, encode_baskets
from crmlib.analyse.rules.itemsets import (
    QUICK_STEPS,
    THREADS,
    UNRELATED,
    Entries,
    SetLevels,
    bytes_per_set,
    encode_in_memory,
    grow_itemsets,
    number_entries,
)
from crmlib.analyse.rules.metrics import RuleCounts, measures
from crmlib.prepare.engine import Engine
from crmlib.schema.errors import CostError

MAX_PAIR_STEPS = 20_000_000_000
"""Pairs of items within baskets, one by one, that are counted before the work is refused: some minutes."""

BYTES_PER_ENTRY = 24
"""Memory of one (basket, item) pair while it is read from the engine and sets are mined."""

CELLS_PER_STEP = 16
"""A triangle of counters is filled where it has no more cells than this for each pair to be counted."""

PASSES = 6
"""Times that the baskets are read, at most, where the triangle does not fit at once."""

ADVICE_STEP = 4
"""Each try for a support that fits takes this many times the baskets of the one before."""


def find_sets(
    transactions: Any,
    *,
    max_len: int | None,
    max_memory_mb: float,
    as_python: bool = True,
    wanted: frozenset | None = None,
    relate: Any = None,
    **encoding: Any,
) -> tuple[Baskets, SetLevels]:
    """Order lines to numbered baskets to frequent item sets."""
    max_bytes = int(max_memory_mb * 1e6)
    with Engine() as engine:
        encoded = encode_in_memory(engine, transactions, max_bytes=max_bytes, wanted=wanted, **encoding)
        baskets, entries = encoded or (encode_baskets(engine, transactions, **encoding), None)
        related = relate(baskets.names) if relate else UNRELATED
        sets = mine(
            engine, baskets, entries=entries, max_len=max_len, max_memory_mb=max_memory_mb,
            as_python=as_python, related=related,
        )  # fmt: skip
    return baskets, sets


def mine(
    engine: Engine,
    baskets: Baskets,
    *,
    max_len: int | None,
    max_memory_mb: float,
    entries: Entries | None = None,
    as_python: bool = True,
    related: tuple[np.ndarray, np.ndarray] = UNRELATED,
) -> SetLevels:
    """The frequent item sets of the encoded baskets.

    Pairs are counted in a triangle of counters where that fits, at once or in a few passes; longer sets are grown
    in memory. Where the pairs of basket and item alone would not fit, sets of up to two items are counted by the
    engine, which spills to disk, and longer ones are refused. Cost is estimated from the encoded baskets before
    anything starts; what is found is weighed on the way.
    """
    max_bytes = int(max_memory_mb * 1e6)
    if max_len == 1 or not baskets.names:
        return _single_items(baskets)
    if baskets.pair_steps > MAX_PAIR_STEPS:
        raise CostError(
            f"{baskets.pair_steps:,} pairs of items would have to be counted (at most {MAX_PAIR_STEPS:,}). "
            "Raise min_support, lower max_basket_items, or group items "
            "(item='category')."
        )
    if entries is None and baskets.entry_count * BYTES_PER_ENTRY <= max_bytes:
        entries = read_entries(engine)
    if entries is not None:
        return _sets_in_memory(entries, baskets, max_len, max_bytes, as_python=as_python, related=related)
    if max_len == 2 and related is UNRELATED:
        return _pairs_by_engine(engine, baskets, max_bytes)
    fits = engine.rows(
        "select min(n) from (select n, sum(n) over (order by n desc) as entries from frequent) "
        "where entries <= $1",
        [max_bytes // BYTES_PER_ENTRY],
    )[0][0]
    raise _advice(baskets, max_bytes, fits, max_len=max_len)


def read_entries(engine: Engine) -> Entries:
    """The (basket, item) pairs that `encode_baskets` left in the engine, laid out in memory."""
    pairs = engine.to_arrow("select basket, item from entries order by basket, item")
    return number_entries(pairs.column("basket").to_numpy(), pairs.column("item").to_numpy())


def _single_items(baskets):
    codes = np.arange(len(baskets.names), dtype=np.int32)[:, None]
    return SetLevels(codes=[codes], counts=[baskets.item_counts])


def _with_pairs(baskets, codes, counts):
    singles = _single_items(baskets)
    if not len(counts):
        return singles
    return SetLevels(codes=[*singles.codes, codes], counts=[*singles.counts, counts])


def _pairs_by_engine(engine, baskets, max_bytes):
    engine.execute(
        "create table pairs as select a.item as first, b.item as second, count(*) as n "
        "from entries a join entries b on a.basket = b.basket and a.item < b.item "
        "group by a.item, b.item having count(*) >= $1",
        [baskets.min_count],
    )
    room = max(max_bytes // bytes_per_set(2) - len(baskets.names), 0)
    too_many = engine.rows("select n + 1 from pairs order by n desc limit 1 offset $1", [room])
    if too_many:
        raise _advice(baskets, max_bytes, too_many[0][0], max_len=2)
    pairs = engine.to_arrow("select first, second, n from pairs order by first, second")
    codes = np.column_stack([pairs.column(name).to_numpy() for name in ("first", "second")]).astype(np.int32)
    return _with_pairs(baskets, codes, pairs.column("n").to_numpy().astype(np.int64))


def _sets_in_memory(entries, baskets, max_len, max_bytes, *, as_python=True, related=UNRELATED):
    limits = {"max_len": max_len, "as_python": as_python, "related": related}
    rows = _triangle_rows(len(baskets.names), baskets.pair_steps, max_bytes)
    if max_len == 2 and related is UNRELATED and rows:
        sets = pairs_by_triangle(entries, baskets, rows)
        if sum(map(len, sets.counts)) * bytes_per_set(2, as_python=as_python) > max_bytes:
            sets = None
    else:
        sets = grow_itemsets(entries, min_count=baskets.min_count, max_bytes=max_bytes, **limits)
    if sets is None:
        fits = _support_that_fits(entries, baskets, max_bytes, limits)
        raise _advice(baskets, max_bytes, fits, max_len=max_len)
    return sets


def _triangle_rows(width, pair_steps, max_bytes):
    """How many rows of the triangle to count in a pass; 0 where lists of places are the better way."""
    cells = width * (width - 1) // 2
    if cells > CELLS_PER_STEP * pair_steps + 1_000_000 or 8 * cells > PASSES * max_bytes:
        return 0
    return max(min(width, max_bytes // (8 * width)), 1)


def pairs_by_triangle(entries: Entries, baskets: Baskets, rows: int) -> SetLevels:
    """Items and frequent pairs, counted in a triangle of counters, so many rows of it at a time."""
    from crmlib.analyse.rules.eclat import count_pairs, frequent_pairs

    width, found = len(baskets.names), []
    threads = 1 if baskets.pair_steps <= QUICK_STEPS else THREADS
    with ThreadPoolExecutor(threads) as pool:
        for first in range(0, width, rows):
            last = min(first + rows, width)
            cells = (last - first) * (2 * width - first - last - 1) // 2
            counts = np.zeros(cells, dtype=np.int32)

            def count(offset, counts=counts, first=first, last=last):
                count_pairs(entries.items, counts, first, last, width, threads, offset)

            list(pool.map(count, range(threads)))
            found.append(frequent_pairs(counts, first, last, width, baskets.min_count))
    codes, counts = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return _with_pairs(baskets, codes, counts)


def _support_that_fits(entries, baskets, max_bytes, limits):
    """The lowest support tried that fits: from high to low, so that each try is quick; None if none does."""
    fits, count = None, int(baskets.item_counts.max())
    while count > baskets.min_count:
        if grow_itemsets(entries, min_count=count, max_bytes=max_bytes // 4, **limits) is None:
            break
        fits, count = count, count * (ADVICE_STEP - 1) // ADVICE_STEP
    return fits


def _advice(baskets, max_bytes, fits, *, max_len):
    raise_it = f"min_support to {fits:,} baskets" if fits else "min_support"
    shorter = ", ask for pairs only (max_len=2)" if max_len != 2 else ""
    return CostError(
        f"The item sets in at least {baskets.min_count:,} of {baskets.basket_count:,} baskets need more than "
        f"{max_bytes / 1e6:,.0f} MB. Raise {raise_it}{shorter}, group items (item='category'), or allow more "
        "with max_memory_mb."
    )


SHORT_RUN = 32
"""Rules of one lift up to which they are put in order one by one."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RuleColumns:
    """Rules as arrays: one entry a rule, strongest lift first.

    `names`: The items; an item's code is its place here.
    `found` (RuleCounts): The rules in the order in which they were derived.
    `rows` (int array, shape (rules,)): Where in `found` each rule stands.
    """

    names: list = field(repr=False)
    found: RuleCounts = field(repr=False)
    rows: np.ndarray = field(repr=False)

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def counts(self) -> np.ndarray:
        """Baskets that hold both sides; int64."""
        return self.found.counts[self.rows]

    @cached_property
    def antecedent_counts(self) -> np.ndarray:
        """Baskets that hold the antecedents; int64."""
        return self.found.antecedent_counts[self.rows]

    @cached_property
    def consequent_counts(self) -> np.ndarray:
        """Baskets that hold the consequents; int64."""
        return self.found.consequent_counts[self.rows]

    @cached_property
    def antecedents(self) -> tuple[np.ndarray, np.ndarray]:
        """Item codes of all antecedents one after the other, and where each rule's begin (and the last end)."""
        return self._flat(self.found.antecedents[self.rows])

    @cached_property
    def consequents(self) -> tuple[np.ndarray, np.ndarray]:
        """Item codes of all consequents one after the other, and where each rule's begin (and the last end)."""
        return self._flat(self.found.consequents[self.rows])

    @cached_property
    def measures(self) -> dict[str, np.ndarray]:
        """mlxtend's measures by name, in its order; float64."""
        return measures(
            self.counts, self.antecedent_counts, self.consequent_counts, max(self.found.basket_count, 1)
        )

    @cached_property
    def q_value(self) -> np.ndarray:
        """One-sided Fisher exact tests, adjusted for all rules tested; worked out when first asked for."""
        return self.found.q_values[self.rows]

    @cached_property
    def improvement(self) -> np.ndarray:
        """Confidence over that of the best more general rule; worked out when first asked for."""
        return self.found.improvement[self.rows]

    def take(self, places: np.ndarray) -> "RuleColumns":
        """The rules at some places, or those marked by a bool array."""
        return replace(self, rows=self.rows[places])

    def to_frame(self, *, judged: bool = True) -> pd.DataFrame:
        """mlxtend's columns, and (if `judged`) `count`, `q_value` and `improvement`."""
        before, after = self.found.antecedents[self.rows], self.found.consequents[self.rows]
        made = self.found.sets.frozensets(self.names, np.concatenate((before, after)))
        table = {
            "antecedents": pd.Series(made[: len(before)], dtype=object),
            "consequents": pd.Series(made[len(before) :], dtype=object),
        }
        table |= self.measures
        if judged:
            table |= {"count": self.counts, "q_value": self.q_value, "improvement": self.improvement}
        return pd.DataFrame(table)

    def applies_to(self, held: frozenset) -> np.ndarray:
        """Which rules fit a basket: it holds all of their antecedents and none of their consequents."""
        is_held = np.array([name in held for name in self.names], dtype=np.int64)
        sets = self.found.sets
        held_items = np.concatenate([is_held[codes].sum(axis=1) for codes in sets.codes])
        sizes = np.repeat(np.arange(1, len(sets.codes) + 1), np.diff(sets.starts))
        before, after = self.found.antecedents[self.rows], self.found.consequents[self.rows]
        return (held_items[before] == sizes[before]) & (held_items[after] == 0)

    def _flat(self, places):
        from crmlib.analyse.rules.itemsets import put_rows

        sets = self.found.sets
        lengths = np.searchsorted(sets.starts, places, side="right")
        offsets = np.concatenate(([0], np.cumsum(lengths)))
        codes = np.empty(int(offsets[-1]), dtype=np.int32)
        for level, rows in enumerate(sets.codes):
            put_rows(codes, offsets, places, lengths, np.ascontiguousarray(rows), sets.starts[level])
        return codes, offsets


def in_order(found: RuleCounts, names: list) -> RuleColumns:
    """Rules by lift, then confidence, count, the antecedents' names and the consequents' names."""
    from crmlib.analyse.rules.itemsets import settle

    # lift from whole numbers, so that equal lifts are equal and fall back on the later keys
    lift = found.counts * found.basket_count / (found.antecedent_counts * found.consequent_counts)
    order = np.argsort(-lift)
    if not len(order):
        return RuleColumns(names=names, found=found, rows=order)
    ends = np.append(np.flatnonzero(np.diff(lift[order])) + 1, len(order))
    starts = np.concatenate(([0], ends[:-1]))
    confidence = found.counts / found.antecedent_counts
    places = found.sets.name_order(names)
    names_key = places[found.antecedents] * np.int64(len(places)) + places[found.consequents]
    short = ends - starts <= SHORT_RUN
    settle(order, starts[short], ends[short], confidence, found.counts, names_key)
    long = np.flatnonzero(np.repeat(~short, ends - starts))
    rows = order[long]
    # An order by the lift first is an order within runs of one lift: each stays where it stands.
    order[long] = rows[np.lexsort((names_key[rows], -found.counts[rows], -confidence[rows], -lift[rows]))]
    return RuleColumns(names=names, found=found, rows=order)
