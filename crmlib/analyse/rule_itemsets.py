"""Frequent item sets in whole numbers: the miner, and its columnar result."""

import sys
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

PIECE = 4_000_000
"""Followers of one item that are held at a time: bounds the miner's working memory (some 30 bytes each)."""

SPARSE = 8
"""Rows of bits are narrowed to the baskets still in play when those need this many times fewer words."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ItemSets:
    """Item sets by length, as numbers; Python sets are made only for those that are shown.

    Parameters
    ----------
    codes : list of int arrays, the k-th of shape (sets, k + 1)
        Item numbers, ascending in a row; rows in lexicographic order; all subsets of a row are there too.
    counts : list of int arrays
        Baskets that hold the set.

    Examples
    --------
    >>> sets = mine_itemsets(number_entries([0, 0, 1, 1, 2], [0, 1, 0, 1, 1]), min_count=2)
    >>> [codes.tolist() for codes in sets.codes], [counts.tolist() for counts in sets.counts]
    ([[[0], [1]], [[0, 1]]], [[2, 3], [2]])
    """

    codes: list
    counts: list

    def __len__(self) -> int:
        return sum(len(counts) for counts in self.counts)

    def without_column(self, level: int) -> list[np.ndarray]:
        """For each column of the sets of ``level + 1`` items: where the set without it stands a level below.

        Examples
        --------
        >>> sets = mine_itemsets(number_entries([0, 0, 1, 1, 2], [0, 1, 0, 1, 1]), min_count=2)
        >>> [places.tolist() for places in sets.without_column(1)]
        [[1], [0]]
        """
        rows = self.codes[level]
        return [self._places(np.delete(rows, column, axis=1)) for column in range(level + 1)]

    def _places(self, rows):
        """Row numbers of item sets; the place of a prefix and the next item make one whole number."""
        places = np.searchsorted(self._keys(0), rows[:, 0])
        for level in range(1, rows.shape[1]):
            places = np.searchsorted(self._keys(level), places * self._width + rows[:, level])
        return places

    def _keys(self, level):
        if level not in self._cached_keys:
            rows = self.codes[level]
            prefixes = self._places(rows[:, :-1]) if level else 0
            self._cached_keys[level] = prefixes * self._width + rows[:, -1]
        return self._cached_keys[level]

    @cached_property
    def _cached_keys(self):
        return {}

    @cached_property
    def _width(self):
        return int(self.codes[0].max(initial=0)) + 1

    def frozensets(self, names: list) -> np.ndarray:
        """All sets, level by level, as frozensets of the items' names.

        Examples
        --------
        >>> mine_itemsets(number_entries([0, 1], [0, 0]), min_count=2).frozensets(["tea"]).tolist()
        [frozenset({'tea'})]
        """
        made = np.empty(len(self), dtype=object)
        start = 0
        for rows in self.codes:
            for i, row in enumerate(rows.tolist(), start):
                made[i] = frozenset([names[code] for code in row])
            start += len(rows)
        return made

    def name_order(self, names: list) -> np.ndarray:
        """Each set's place when sets are ordered by length and then by their sorted names.

        Examples
        --------
        >>> sets = mine_itemsets(number_entries([0, 0, 1], [0, 1, 1]), min_count=1)
        >>> sets.name_order(["tea", "mug"]).tolist()
        [1, 0, 2]
        """
        try:
            ordered = sorted(range(len(names)), key=names.__getitem__)
        except TypeError:
            ordered = sorted(range(len(names)), key=lambda code: str(names[code]))
        rank = np.empty(len(names), dtype=np.int32)
        rank[ordered] = np.arange(len(names), dtype=np.int32)
        places, start = np.empty(len(self), dtype=np.int64), 0
        for rows in self.codes:
            order = np.lexsort(np.sort(rank[rows], axis=1).T[::-1])
            places[start + order] = np.arange(start, start + len(rows))
            start += len(rows)
        return places


@dataclass(frozen=True, kw_only=True, eq=False)
class Entries:
    """(basket, item) pairs, laid out by basket and found by item.

    Parameters
    ----------
    items : int array, shape (pairs,)
        Items of the first basket ascending, then of the second, ...
    basket_ends : int array, shape (pairs,)
        Where the pair's basket ends.
    places : int array, shape (pairs,)
        The pairs of item 0, then of item 1, ...
    item_starts : int array, shape (items + 1,)
        Where in `places` each item's pairs begin.

    Examples
    --------
    >>> number_entries([0, 0, 1], [0, 1, 1]).item_starts.tolist()
    [0, 1, 3]
    """

    items: np.ndarray
    basket_ends: np.ndarray
    places: np.ndarray
    item_starts: np.ndarray


def number_entries(baskets, items) -> Entries:
    """Lay out (basket, item) pairs that are distinct and sorted by basket and item.

    Parameters
    ----------
    baskets, items : int arrays, shape (pairs,)
        Items are numbered from 0, rarest first: that keeps the miner's classes small.

    Returns
    -------
    Entries

    Examples
    --------
    >>> number_entries([0, 0, 1], [0, 1, 1]).basket_ends.tolist()
    [2, 2, 3]
    """
    baskets, items = np.asarray(baskets, dtype=np.int64), np.asarray(items, dtype=np.int32)
    last = np.flatnonzero(np.diff(baskets, append=-1)) + 1
    sizes = np.bincount(items)
    return Entries(
        items=items,
        basket_ends=np.repeat(last, np.diff(last, prepend=0)),
        places=np.argsort(items, kind="stable"),
        item_starts=np.concatenate(([0], np.cumsum(sizes))),
    )


def mine_itemsets(
    entries: Entries, *, min_count: int, max_len: int | None = None, max_bytes: int | None = None
) -> ItemSets | None:
    """All item sets that at least `min_count` baskets hold.

    An item's baskets are looked through for the items that follow it (rarer items come first); those that are
    frequent there become rows of bits, a bit a basket, and longer sets come from ANDing rows, depth first.

    Parameters
    ----------
    entries : Entries
    min_count : int
        Baskets.
    max_len : int, optional
        Longest set.
    max_bytes : int, optional
        Memory that the sets may take as Python sets, and a class of bits while mining.

    Returns
    -------
    ItemSets, or None when they do not fit `max_bytes`

    References
    ----------
    Zaki, M. J. (2000). Scalable algorithms for association mining. IEEE TKDE 12(3).
    Uno, T., Kiyomi, M. & Arimura, H. (2004). LCM ver. 2. FIMI '04 (occurrence deliver).

    Examples
    --------
    >>> sets = mine_itemsets(number_entries([0, 0, 1, 1, 2], [0, 1, 0, 1, 1]), min_count=3)
    >>> sets.codes[0].tolist(), sets.counts[0].tolist()
    ([[1]], [3])
    """
    counts = np.diff(entries.item_starts)
    found = _Found(max_bytes if max_bytes is not None else sys.maxsize)
    longest = max_len if max_len is not None else sys.maxsize
    frequent = np.flatnonzero(counts >= min_count)
    if not found.add((), frequent, counts[frequent]):
        return None
    for code in frequent if longest > 1 else ():
        if not _mine_from(entries, code, min_count, longest, found):
            return None
    return found.sets()


def _mine_from(entries, code, min_count, longest, found):
    """Sets whose first item is `code`. False when they do not fit."""
    starts = entries.places[entries.item_starts[code] : entries.item_starts[code + 1]] + 1
    lengths = entries.basket_ends[starts - 1] - starts
    width = len(entries.item_starts) - 1
    counts = np.zeros(width, dtype=np.int64)
    for _, items in _followers(entries, starts, lengths):
        counts += np.bincount(items, minlength=width)
    followers = np.flatnonzero(counts >= min_count)
    if not len(followers):
        return True
    if not found.add((code,), followers, counts[followers]):
        return False
    if len(followers) == 1 or longest < 3:
        return True
    words = -(-len(starts) // 64)
    if 4 * 8 * words * len(followers) > found.max_bytes:
        return False
    row_of = np.full(width, -1, dtype=np.int64)
    row_of[followers] = np.arange(len(followers))
    bits = np.zeros(len(followers) * words, dtype=np.uint64)
    for rows, items in _followers(entries, starts, lengths):
        kept = row_of[items] >= 0
        rows, items = rows[kept], items[kept]
        bit = np.uint64(1) << (rows & 63).astype(np.uint64)
        np.bitwise_or.at(bits, row_of[items] * words + (rows >> 6), bit)
    return _mine_deeper(code, followers, bits.reshape(-1, words), min_count, longest, found)


def _mine_deeper(code, followers, bits, min_count, longest, found):
    """Depth first, by a stack of classes: prefix, items that may follow it, their rows, the next to take."""
    stack = [((code,), followers, bits, 0)]
    while stack:
        prefix, items, bits, i = stack.pop()
        if i + 2 < len(items):
            stack.append((prefix, items, bits, i + 1))
        joined = bits[i + 1 :] & bits[i]
        counts = np.bitwise_count(joined).sum(axis=1, dtype=np.int64)
        kept = np.flatnonzero(counts >= min_count)
        if not len(kept):
            continue
        longer, after = (*prefix, items[i]), items[i + 1 :][kept]
        if not found.add(longer, after, counts[kept]):
            return False
        if len(kept) > 1 and len(longer) + 1 < longest:
            stack.append((longer, after, _narrowed(joined[kept], bits[i]), 0))
    return True


def _narrowed(bits, held):
    """The same rows with a bit only for the baskets in `held`, where those are few; the others are 0."""
    words = -(-int(np.bitwise_count(held).sum()) // 64)
    if SPARSE * words > len(held):
        return bits
    baskets = np.flatnonzero(np.unpackbits(held.view(np.uint8), bitorder="little"))
    picked = np.zeros((len(bits), 64 * words), dtype=bool)
    picked[:, : len(baskets)] = bits[:, baskets >> 6] >> (baskets & 63).astype(np.uint64) & np.uint64(1)
    return np.packbits(picked, axis=1, bitorder="little").view(np.uint64)


def _followers(entries, starts, lengths):
    """Yield (row, item) of all that follows in the baskets from `starts` on, a bounded piece at a time."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    first = 0
    for limit in range(PIECE, total + PIECE, PIECE):
        last = max(int(np.searchsorted(ends, limit, side="right")), first + 1)
        part = lengths[first:last]
        shift = np.repeat(starts[first:last] - (np.cumsum(part) - part), part)
        rows = np.repeat(np.arange(first, first + len(part)), part)
        yield rows, entries.items[shift + np.arange(len(shift))]
        first = last
        if first >= len(starts):
            return


class _Found:
    """Sets found so far, a matrix a class; it refuses what would not fit."""

    def __init__(self, max_bytes):
        self.max_bytes, self.bytes, self._levels = max_bytes, 0, {}

    def add(self, prefix, items, counts):
        length = len(prefix) + 1
        self.bytes += len(items) * bytes_per_set(length)
        if self.bytes > self.max_bytes:
            return False
        rows = np.empty((len(items), length), dtype=np.int32)
        rows[:, :-1] = prefix
        rows[:, -1] = items
        self._levels.setdefault(length, []).append((rows, counts))
        return True

    def sets(self):
        levels = [self._levels[length] for length in sorted(self._levels)]
        return ItemSets(
            codes=[np.concatenate([rows for rows, _ in level]) for level in levels],
            counts=[np.concatenate([counts for _, counts in level]) for level in levels],
        )


@cache
def bytes_per_set(length: int) -> int:
    """Memory of a set of that many items: as numbers, as a frozenset, and as a row of a frame.

    Examples
    --------
    >>> bytes_per_set(2) < bytes_per_set(5)
    True
    """
    return sys.getsizeof(frozenset(range(length))) + 4 * length + 32
