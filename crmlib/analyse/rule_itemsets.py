"""Frequent item sets in whole numbers: (basket, item) pairs in, columns of sets out."""

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

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

    Parameters
    ----------
    codes : list of int arrays, the k-th of shape (sets, k + 1)
        Item numbers, ascending in a row; rows in lexicographic order; all subsets of a row are there too.
    counts : list of int arrays
        Baskets that hold the set.

    Examples
    --------
    >>> sets = grow_itemsets(number_entries([0, 0, 1, 1, 2], [0, 1, 0, 1, 1]), min_count=2)
    >>> [codes.tolist() for codes in sets.codes], [counts.tolist() for counts in sets.counts]
    ([[[0], [1]], [[0, 1]]], [[2, 3], [2]])
    """

    codes: list
    counts: list

    def __len__(self) -> int:
        return sum(len(counts) for counts in self.counts)

    @cached_property
    def starts(self) -> np.ndarray:
        """Where each level's sets begin when all stand in one row; and their number at the end.

        Examples
        --------
        >>> grow_itemsets(number_entries([0, 0], [0, 1]), min_count=1).starts.tolist()
        [0, 2, 3]
        """
        return np.concatenate(([0], np.cumsum([len(counts) for counts in self.counts]))).astype(np.int64)

    def without_column(self, level: int) -> np.ndarray:
        """For each column of the sets of ``level + 1`` items: where the set without it stands a level below.

        Returns
        -------
        int32 array, shape (level + 1, sets)

        Examples
        --------
        >>> sets = grow_itemsets(number_entries([0, 0, 1, 1, 2], [0, 1, 0, 1, 1]), min_count=2)
        >>> sets.without_column(1).tolist()
        [[1], [0]]
        """
        return self._without[level]

    @cached_property
    def _without(self):
        from crmlib.analyse.rule_levels import parts_below

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

        References
        ----------
        Pasquier, N. et al. (1999). Discovering frequent closed itemsets for association rules. ICDT.

        Examples
        --------
        >>> sets = grow_itemsets(number_entries([0, 0, 1, 1, 2], [0, 1, 0, 1, 1]), min_count=2)
        >>> [kept.tolist() for kept in sets.closed()]
        [[False, True], [True]]
        """
        return self._without_larger(same_count=True)

    def maximal(self) -> list[np.ndarray]:
        """For each level, whether a set is maximal: no larger set is there at all.

        References
        ----------
        Bayardo, R. (1998). Efficiently mining long patterns from databases. SIGMOD.

        Examples
        --------
        >>> sets = grow_itemsets(number_entries([0, 0, 1, 1, 2], [0, 1, 0, 1, 1]), min_count=2)
        >>> [kept.tolist() for kept in sets.maximal()]
        [[False, False], [True]]
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
        """Only the sets that are marked, level by level; subsets may then be missing.

        Examples
        --------
        >>> sets = grow_itemsets(number_entries([0, 0, 1, 1, 2], [0, 1, 0, 1, 1]), min_count=2)
        >>> len(sets.subset(sets.maximal()))
        1
        """
        pairs = list(zip(self.codes, self.counts, kept, strict=True))
        return SetLevels(codes=[c[k] for c, _, k in pairs], counts=[n[k] for _, n, k in pairs])

    def frozensets(self, names: list, chosen: np.ndarray | None = None) -> np.ndarray:
        """Sets as frozensets of the items' names: all, level by level, or those at the chosen places.

        Parameters
        ----------
        names : list
        chosen : int array, optional
            Places; a set that is chosen twice is made once.

        Returns
        -------
        object array

        Examples
        --------
        >>> grow_itemsets(number_entries([0, 1], [0, 0]), min_count=2).frozensets(["tea"]).tolist()
        [frozenset({'tea'})]
        """
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
        """Each set's place when sets are ordered by length and then by their sorted names.

        Examples
        --------
        >>> sets = grow_itemsets(number_entries([0, 0, 1], [0, 1, 1]), min_count=1)
        >>> sets.name_order(["tea", "mug"]).tolist()
        [1, 0, 2]
        """
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

    Parameters
    ----------
    items : int32 array, shape (pairs + baskets,)
        Items of the first basket ascending, -1, then of the second, ...
    item_starts : int64 array, shape (items + 1,)
        Where in `places` each item's begin.
    pair_steps : int
        Pairs of items within baskets, one by one.

    Examples
    --------
    >>> entries = number_entries([0, 0, 1], [0, 1, 1])
    >>> entries.items.tolist(), entries.places.tolist(), entries.item_starts.tolist()
    ([0, 1, -1, 1, -1], [0, 1, 3], [0, 1, 3])
    """

    items: np.ndarray
    item_starts: np.ndarray
    pair_steps: int

    @cached_property
    def places(self) -> np.ndarray:
        """Where in `items` item 0 stands, then item 1, ...; int32.

        Examples
        --------
        >>> number_entries([0, 1], [0, 0]).places.tolist()
        [0, 2]
        """
        from crmlib.analyse.rule_layout import places_of

        return places_of(self.items, self.item_starts)


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
    >>> number_entries([0, 0, 1], [0, 1, 1]).pair_steps
    1
    """
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

    Parameters
    ----------
    entries : Entries
    min_count : int
        Baskets.
    max_len : int, optional
        Longest set.
    max_bytes : int, optional
        Memory that the sets may take.
    related : (int64 array, int32 array)
        For each item, those it must not stand with (see `crmlib.analyse.rule_eclat.grow`).
    as_python : bool
        Whether the sets will be wanted as Python sets too, which take some ten times the memory.

    Returns
    -------
    SetLevels, or None when they do not fit `max_bytes`

    References
    ----------
    Zaki, M. J. (2000). Scalable algorithms for association mining. IEEE TKDE 12(3).
    Uno, T., Kiyomi, M. & Arimura, H. (2004). LCM ver. 2. FIMI '04 (occurrence deliver).

    Examples
    --------
    >>> sets = grow_itemsets(number_entries([0, 0, 1, 1, 2], [0, 1, 0, 1, 1]), min_count=3)
    >>> sets.codes[0].tolist(), sets.counts[0].tolist()
    ([[1]], [3])
    """
    from crmlib.analyse.rule_eclat import grow

    width = len(entries.item_starts) - 1
    limit = max_bytes if max_bytes is not None else sys.maxsize // 4
    weights = np.array([bytes_per_set(n, as_python=as_python) for n in range(256)], dtype=np.int64)
    longest = min(max_len or width, width, _longest_basket(entries.items))
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
    """Memory of a set of that many items: as numbers, and as a frozenset and a row of a frame.

    Examples
    --------
    >>> bytes_per_set(2) < bytes_per_set(5), bytes_per_set(2, as_python=False)
    (True, 36)
    """
    as_numbers = 8 * length + 20
    return sys.getsizeof(frozenset(range(length))) + 4 * length + 32 if as_python else as_numbers


def _longest_basket(items):
    ends = np.flatnonzero(items < 0)
    return int(np.diff(ends, prepend=-1).max(initial=1)) - 1


def _parts(starts, pair_steps):
    """Ranges of first items: the many rare ones have short classes, the few frequent ones little after them."""
    width = len(starts) - 1
    if pair_steps <= QUICK_STEPS:
        return [(0, width)]
    cuts = np.searchsorted(starts, np.linspace(0, starts[-1], PARTS + 1)[1:-1])
    cuts = np.unique(np.concatenate(([0], cuts, [width])))
    return list(zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True))


def _by_level(found):
    from crmlib.analyse.rule_levels import rows_of_level

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
