"""Frequent item sets in whole numbers: (basket, item) pairs in, columns of sets out, a table a length; compiled."""

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crmlib.analyse.rules.baskets import Baskets, baskets_needed, check_whole, register_lines
from crmlib.analyse.rules.kernels import kernel
from crmlib.prepare.engine import Engine, columns_of, require_columns
from crmlib.schema.errors import ParameterError


@kernel
def rows_of_level(found, length, rows, counts):
    """Fill in the sets of one length, in lexicographic order."""
    path, at = np.empty(length + 1, dtype=np.int32), 0
    for i in range(len(found)):
        depth = found[i, 0]
        if depth > length:
            continue
        path[depth - 1] = found[i, 1]
        if depth == length:
            for column in range(length):
                rows[at, column] = path[column]
            counts[at] = found[i, 2]
            at += 1


@kernel
def parts_below(rows, rows_below, places_below, children_below):
    """For each set of a level, where the set without one of its items stands a level below."""
    sets, length = rows.shape
    places = np.empty((length, sets), dtype=np.int32)
    children = np.zeros(len(rows_below) + 1, dtype=np.int64)
    prefix = 0
    for i in range(sets):
        while not _begins_with(rows[i], rows_below[prefix]):
            prefix += 1
        children[prefix + 1] += 1
        places[length - 1, i] = prefix
        item = rows[i, length - 1]
        for column in range(length - 1):
            above = places_below[column, prefix]
            low, high = children_below[above], children_below[above + 1]
            while low < high:
                middle = (low + high) // 2
                if rows_below[middle, length - 2] < item:
                    low = middle + 1
                else:
                    high = middle
            places[column, i] = low
    for i in range(len(rows_below)):
        children[i + 1] += children[i]
    return places, children


@kernel
def _begins_with(row, prefix):
    alike = True
    for column in range(len(prefix)):
        alike = alike and row[column] == prefix[column]
    return alike


@kernel
def put_rows(codes, offsets, places, lengths, rows, first):
    """Write the items of those chosen sets that are as long as `rows` is wide."""
    length = rows.shape[1]
    for i in range(len(places)):
        if lengths[i] == length:
            for column in range(length):
                codes[offsets[i] + column] = rows[places[i] - first, column]


@kernel
def settle(order, starts, ends, confidence, counts, names):
    """Put the rules of each short run in order: higher confidence, higher count, earlier names; in place."""
    for run in range(len(starts)):
        for at in range(starts[run] + 1, ends[run]):
            rule, to = order[at], at
            while to > starts[run]:
                other = order[to - 1]
                if confidence[other] != confidence[rule]:
                    first = confidence[rule] > confidence[other]
                elif counts[other] != counts[rule]:
                    first = counts[rule] > counts[other]
                else:
                    first = names[rule] < names[other]
                if not first:
                    break
                order[to] = other
                to -= 1
            order[to] = rule


_SIGN = "\x1f"


def with_groups(
    transactions: Any, *, basket: str, items: Sequence[str]
) -> tuple[pa.Table, set[tuple[str, str]]]:
    """Order lines once for each level: the product, its category, its department, ...

    Srikant, R. & Agrawal, R. (1995). Mining generalized association rules. VLDB.
    """
    items = list(items)
    if len(items) < 2 or len(set(items)) < len(items):
        raise ParameterError(f"item must be one column or several different ones, not {items!r}.")
    require_columns(transactions, [basket, *items], table_name="transactions")
    if basket in items:
        raise ParameterError(f"basket and item are both {basket!r}. Name different columns.")
    amounts = [name for name in ("quantity", "net_amount") if name in columns_of(transactions)]
    with Engine() as engine:
        engine.register("order_lines", transactions, columns=[basket, *items, *amounts])
        kept = ", ".join([f"{Engine.quote(basket)} as {Engine.quote(basket)}", *amounts])
        levels = [_level(level, name) for level, name in enumerate(items)]
        lines = " union all ".join(f"select {kept}, {level} as item from order_lines" for level in levels)
        belongs = set()
        for fine in range(len(items)):
            for coarse in range(fine + 1, len(items)):
                belongs |= set(
                    engine.rows(
                        f"select distinct {levels[fine]}, {levels[coarse]} from order_lines where "
                        f"{Engine.quote(items[fine])} is not null and {Engine.quote(items[coarse])} is not null"
                    )
                )
        return engine.to_arrow(lines), belongs


def related_items(names: list[str], belongs: set[tuple[str, str]]) -> tuple[np.ndarray, np.ndarray]:
    """For each item, those that it belongs to or that belong to it, as the miner wants them."""
    codes = {name: code for code, name in enumerate(names)}
    pairs = set()
    for fine, coarse in belongs:
        if fine in codes and coarse in codes:
            pairs |= {(codes[fine], codes[coarse]), (codes[coarse], codes[fine])}
    ordered = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
    starts = np.searchsorted(ordered[:, 0], np.arange(len(names) + 1)).astype(np.int64)
    return starts, ordered[:, 1].astype(np.int32)


def named_by_level(baskets: Baskets, items: Sequence[str]) -> Baskets:
    """The same with an item as (column, value), and lines counted once rather than once a level.

    `lines_without_item` counts a line once for each column in which it is empty.
    """
    levels = len(items)
    once = {name: baskets.set_aside[name] // levels for name in ("refund_lines", "lines_without_basket")}
    names = [name.partition(_SIGN) for name in baskets.names]
    return replace(
        baskets,
        names=[(items[int(level)], value) for level, _, value in names],
        transaction_count=baskets.transaction_count // levels,
        set_aside={**baskets.set_aside, **once},
    )


def _level(level, name):
    return f"'{level}' || chr(31) || {Engine.quote(name)}::varchar"


THREADS = 2
"""Ranges of first items are mined side by side; the answer is the same with any number."""

PARTS = 16
"""Ranges that the first items are cut into, of about equal work."""

QUICK_STEPS = 200_000
"""Pairs within baskets up to which a second thread costs more than it saves."""

UNRELATED = (np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int32))
"""No item is kept from standing with another."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SetLevels:
    """Item sets by length, as numbers; Python sets are made only for those that are shown.

    `codes` (list of int arrays, the k-th of shape (sets, k + 1)): Item numbers, ascending in a row; rows in
        lexicographic order; all subsets of a row are there too.
    `counts` (list of int arrays): Baskets that hold the set.
    """

    codes: list
    counts: list

    def __len__(self) -> int:
        return sum(len(counts) for counts in self.counts)

    @cached_property
    def starts(self) -> np.ndarray:
        """Where each level's sets begin when all stand in one row; and their number at the end."""
        return np.concatenate(([0], np.cumsum([len(counts) for counts in self.counts]))).astype(np.int64)

    def without_column(self, level: int) -> np.ndarray:
        """For each column of the sets of ``level + 1`` items: where the set without it stands a level below."""
        return self._without[level]

    @cached_property
    def _without(self):
        from crmlib.analyse.rules.itemsets import parts_below

        known = [np.zeros((1, len(self.counts[0])), dtype=np.int32)]
        children = np.array([0, len(self.counts[0])], dtype=np.int64)
        for level in range(1, len(self.codes)):
            rows, below = (np.ascontiguousarray(codes) for codes in self.codes[level - 1 : level + 1][::-1])
            places, children = parts_below(rows, below, known[-1], children)
            known.append(places)
        return known

    def closed(self) -> list[np.ndarray]:
        """For each level, whether a set is closed: no larger set is in as many baskets.

        Of the longest sets it is not known unless they cannot be longer.

        Pasquier, N. et al. (1999). Discovering frequent closed itemsets for association rules. ICDT.
        """
        return self._without_larger(same_count=True)

    def maximal(self) -> list[np.ndarray]:
        """For each level, whether a set is maximal: no larger set is there at all.

        Bayardo, R. (1998). Efficiently mining long patterns from databases. SIGMOD.
        """
        return self._without_larger(same_count=False)

    def _without_larger(self, *, same_count):
        kept = [np.ones(len(counts), dtype=bool) for counts in self.counts]
        for level in range(1, len(self.counts)):
            for places in self.without_column(level):
                if same_count:
                    places = places[self.counts[level - 1][places] == self.counts[level]]
                kept[level - 1][places] = False
        return kept

    def subset(self, kept: list[np.ndarray]) -> "SetLevels":
        """Only the sets that are marked, level by level; subsets may then be missing."""
        pairs = list(zip(self.codes, self.counts, kept, strict=True))
        return SetLevels(codes=[c[k] for c, _, k in pairs], counts=[n[k] for _, n, k in pairs])

    def frozensets(self, names: list, chosen: np.ndarray | None = None) -> np.ndarray:
        """Sets as frozensets of the items' names: all, level by level, or those at the chosen places."""
        made = np.empty(len(self), dtype=object)
        wanted = np.ones(len(self), dtype=bool)
        if chosen is not None:
            wanted[:] = False
            wanted[chosen] = True
        named = np.empty(len(names), dtype=object)
        named[:] = names
        for level, rows in enumerate(self.codes):
            places = np.flatnonzero(wanted[self.starts[level] : self.starts[level + 1]])
            made[self.starts[level] + places] = _as_objects(
                map(frozenset, named[rows[places]].tolist()), len(places)
            )
        return made if chosen is None else made[chosen]

    def name_order(self, names: list) -> np.ndarray:
        """Each set's place when sets are ordered by length and then by their sorted names."""
        try:
            ordered = sorted(range(len(names)), key=names.__getitem__)
        except TypeError:
            ordered = sorted(range(len(names)), key=lambda code: str(names[code]))
        rank = np.empty(len(names), dtype=np.int32)
        rank[ordered] = np.arange(len(names), dtype=np.int32)
        places = np.empty(len(self), dtype=np.int64)
        for start, rows in zip(self.starts[:-1], self.codes, strict=True):
            order = _row_order(np.sort(rank[rows], axis=1), len(names))
            places[start + order] = np.arange(start, start + len(rows))
        return places


@dataclass(frozen=True, kw_only=True, eq=False)
class Entries:
    """(basket, item) pairs, laid out by basket and found by item.

    `items` (int32 array, shape (pairs + baskets,)): Items of the first basket ascending, -1, then of the second, ...
    `item_starts` (int64 array, shape (items + 1,)): Where in `places` each item's begin.
    `pair_steps`: Pairs of items within baskets, one by one.
    """

    items: np.ndarray
    item_starts: np.ndarray
    pair_steps: int

    @cached_property
    def places(self) -> np.ndarray:
        """Where in `items` item 0 stands, then item 1, ...; int32."""
        from crmlib.analyse.rules.eclat import places_of

        return places_of(self.items, self.item_starts)


def number_entries(baskets, items) -> Entries:
    """Lay out (basket, item) pairs that are distinct and sorted by basket and item."""
    baskets, items = np.asarray(baskets, dtype=np.int64), np.asarray(items, dtype=np.int32)
    before = np.cumsum(np.diff(baskets, prepend=baskets[:1]) != 0)
    laid = np.full(len(items) + (int(before[-1]) + 1 if len(items) else 0), -1, dtype=np.int32)
    laid[np.arange(len(items)) + before] = items
    sizes = np.bincount(before) if len(items) else np.zeros(0, dtype=np.int64)
    starts = np.concatenate(([0], np.cumsum(np.bincount(items)))).astype(np.int64)
    return Entries(items=laid, item_starts=starts, pair_steps=int((sizes * (sizes - 1) // 2).sum()))


def grow_itemsets(
    entries: Entries,
    *,
    min_count: int,
    max_len: int | None = None,
    max_bytes: int | None = None,
    related: tuple[np.ndarray, np.ndarray] = UNRELATED,
    as_python: bool = True,
) -> SetLevels | None:
    """All item sets that at least `min_count` baskets hold.

    Zaki, M. J. (2000). Scalable algorithms for association mining. IEEE TKDE 12(3).
    Uno, T., Kiyomi, M. & Arimura, H. (2004). LCM ver. 2. FIMI '04 (occurrence deliver).
    """
    from crmlib.analyse.rules.eclat import grow

    width = len(entries.item_starts) - 1
    limit = max_bytes if max_bytes is not None else sys.maxsize // 4
    weights = np.array([bytes_per_set(n, as_python=as_python) for n in range(256)], dtype=np.int64)
    ends = np.flatnonzero(entries.items < 0)
    longest = min(max_len or width, width, int(np.diff(ends, prepend=-1).max(initial=1)) - 1)
    if longest < 1:
        return _by_level([])

    def part(ends):
        return grow(
            entries.items, places, entries.item_starts, *ends, min_count, longest, weights, limit, related
        )

    places = entries.places
    parts = _parts(entries.item_starts, entries.pair_steps)
    if len(parts) == 1:
        found = [part(parts[0])]
    else:
        with ThreadPoolExecutor(THREADS) as pool:
            found = list(pool.map(part, parts))
    if sum(taken for _, taken in found) > limit:
        return None
    return _by_level([sets for sets, _ in found])


@cache
def bytes_per_set(length: int, *, as_python: bool = True) -> int:
    """Memory of a set of that many items: as numbers, and as a frozenset and a row of a frame."""
    as_numbers = 8 * length + 20
    return sys.getsizeof(frozenset(range(length))) + 4 * length + 32 if as_python else as_numbers


def _parts(starts, pair_steps):
    """Ranges of first items: the many rare ones have short classes, the few frequent ones little after them."""
    width = len(starts) - 1
    if pair_steps <= QUICK_STEPS:
        return [(0, width)]
    cuts = np.searchsorted(starts, np.linspace(0, starts[-1], PARTS + 1)[1:-1])
    cuts = np.unique(np.concatenate(([0], cuts, [width])))
    return list(zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True))


def _by_level(found):
    from crmlib.analyse.rules.itemsets import rows_of_level

    parts = [part.reshape(-1, 3) for part in found]
    depths = np.concatenate([part[:, 0] for part in parts]) if parts else np.zeros(0, dtype=np.int32)
    sizes = np.bincount(depths, minlength=2)[1:]
    flat = np.concatenate(parts) if parts else np.zeros((0, 3), dtype=np.int32)
    codes, counts = [], []
    for level, size in enumerate(sizes.tolist()):
        rows, numbers = np.empty((size, level + 1), dtype=np.int32), np.empty(size, dtype=np.int64)
        rows_of_level(flat, level + 1, rows, numbers)
        codes.append(rows)
        counts.append(numbers)
    return SetLevels(codes=codes, counts=counts)


def _row_order(rows, width):
    """The order of rows by their numbers, which are below `width`: several columns make one key."""
    bits = max(int(width - 1).bit_length(), 1)
    step = 63 // bits
    keys = []
    for first in range(0, rows.shape[1], step):
        key = np.zeros(len(rows), dtype=np.int64)
        for column in rows[:, first : first + step].T:
            key = (key << bits) | column
        keys.append(key)
    return np.argsort(keys[0], kind="stable") if len(keys) == 1 else np.lexsort(keys[::-1])


def _as_objects(values, size):
    made = np.empty(size, dtype=object)
    made[:] = list(values) if size else []
    return made


BYTES_PER_LINE = 32
"""Memory of an order line while it is numbered; text twice its own length more."""

WHOLE_NUMBERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
"""Types whose values may number themselves."""

SPREAD = 4
"""Whole numbers number themselves where they span no more than this many times the lines."""


def encode_in_memory(
    engine: Engine,
    transactions: Any,
    *,
    min_support: int | float,
    basket: str = "order_id",
    item: str = "product_id",
    max_basket_items: int,
    max_bytes: int,
    wanted: frozenset | None = None,
) -> tuple[Baskets, Entries] | None:
    """The same as `encode_baskets`, with the pairs laid out in memory instead of in the engine."""
    from crmlib.analyse.rules.eclat import gather, lay_out

    check_whole(max_basket_items, name="max_basket_items")
    lines, types = register_lines(engine, transactions, basket=basket, item=item)
    count = lines["lines_read"] - lines["refund_lines"] - lines["lines_without_basket"]
    if count * BYTES_PER_LINE > max_bytes or count >= 2**31 - 1:
        return None
    baskets, items = _numbered(engine, types, count)
    bought, starts, ends, item_counts, basket_count, above_cap = gather(
        baskets[0], items[0], baskets[1], items[1], max_basket_items
    )
    del baskets
    min_count = baskets_needed(min_support, basket_count)
    chosen, names = _frequent(item_counts, items[2], min_count, wanted)
    ranks = np.full(len(item_counts), -1, dtype=np.int32)
    ranks[chosen] = np.arange(len(chosen), dtype=np.int32)
    item_total = int(np.count_nonzero(item_counts))
    laid, pair_steps = lay_out(bought, starts, ends, ranks)
    item_counts = item_counts[chosen]
    item_starts = np.concatenate(([0], np.cumsum(item_counts))).astype(np.int64)
    entries = Entries(items=laid, item_starts=item_starts, pair_steps=int(pair_steps))
    found = Baskets(
        names=names,
        item_counts=item_counts,
        basket_count=int(basket_count),
        item_count=item_total,
        transaction_count=lines["lines_read"],
        min_count=min_count,
        entry_count=int(item_counts.sum()),
        pair_steps=entries.pair_steps,
        set_aside={
            "refund_lines": lines["refund_lines"],
            "lines_without_basket": lines["lines_without_basket"],
            "lines_without_item": lines["lines_without_item"],
            "baskets_above_cap": int(above_cap),
        },
    )
    return found, entries


def _frequent(item_counts, values, min_count, wanted):
    """The numbers and names of frequent items, rarest first, alike by name."""
    chosen = np.flatnonzero(item_counts >= min_count)
    names = values(chosen)
    if wanted is not None:
        kept = [place for place, name in enumerate(names) if name in wanted]
        chosen, names = chosen[kept], [names[place] for place in kept]
    counts = item_counts[chosen].tolist()
    try:
        order = sorted(range(len(names)), key=lambda place: (counts[place], names[place]))
    except TypeError:
        order = sorted(range(len(names)), key=lambda place: (counts[place], str(names[place])))
    return chosen[order], [names[place] for place in order]


def _numbered(engine, types, count):
    """For baskets and items: each line's number, a limit above all numbers, and a function to the values."""
    spans = _spans(engine, types, count)
    selected = []
    for column in ("basket", "item"):
        if column in spans:
            selected.append(
                f"coalesce(({column}::bigint - ({spans[column][0]})::bigint)::integer, -1) as {column}"
            )
        else:
            selected.append(f"{column}::varchar as {column}" if types[column].startswith("ENUM") else column)
    table = engine.to_arrow(
        f"select {', '.join(selected)} from lines where basket is not null and not is_refund"
    )
    numbered = []
    for column in ("basket", "item"):
        values = table.column(column)
        table = table.drop_columns([column])
        numbered.append(_from_span(values, *spans[column]) if column in spans else _from_dictionary(values))
        del values
    return numbered


def _spans(engine, types, count):
    """The lowest number and the length of the span of those columns whose values number themselves."""
    whole = [column for column in ("basket", "item") if types[column] in WHOLE_NUMBERS]
    if not whole or not count:
        return {}
    limits = ", ".join(f"min({column})::bigint, max({column})::bigint" for column in whole)
    found = engine.rows(f"select {limits} from lines where basket is not null and not is_refund")[0]
    spans = {}
    for column, lowest, highest in zip(whole, found[::2], found[1::2], strict=True):
        if lowest is not None and highest - lowest < min(SPREAD * count + 1024, 2**31 - 2):
            spans[column] = (lowest, highest - lowest + 1)
    return spans


def _from_span(values, lowest, length):
    return _as_int32(values), length, lambda chosen: (chosen + lowest).tolist()


def _from_dictionary(values):
    encoded = values.dictionary_encode().unify_dictionaries()
    if not encoded.num_chunks:
        return np.zeros(0, dtype=np.int32), 1, lambda chosen: []
    dictionary = encoded.chunk(0).dictionary
    codes = pa.chunked_array([pc.fill_null(chunk.indices, -1) for chunk in encoded.chunks])
    return _as_int32(codes), max(len(dictionary), 1), lambda chosen: dictionary.take(chosen).to_pylist()


def _as_int32(values):
    """One array of our own: what comes from Arrow cannot be written to."""
    numbers = np.empty(len(values), dtype=np.int32)
    at = 0
    for chunk in values.chunks:
        numbers[at : at + len(chunk)] = chunk.to_numpy(zero_copy_only=False)
        at += len(chunk)
    return numbers
