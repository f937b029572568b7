"""Numbered order lines to baskets of frequent items, and pairs counted in them; compiled."""

import numpy as np

from crmlib.analyse.rule_kernels import kernel


@kernel
def gather(baskets, items, basket_limit, item_limit, most):
    """Bring the lines of each basket together, and count.

    Parameters
    ----------
    baskets : int32 array, shape (lines,)
        From 0; not every number need be there.
    items : int32 array, shape (lines,)
        From 0; -1 where the item is missing.
    basket_limit, item_limit : int
        Above all numbers.
    most : int
        Baskets of more distinct items are set aside.

    Returns
    -------
    bought : int32 array
        Distinct items of each basket.
    starts, ends : int64 arrays, shape (basket_limit,)
        Where in `bought` a basket begins and ends; those set aside end where they begin.
    item_counts : int64 array, shape (item_limit,)
        Baskets with the item, without those set aside.
    basket_count, set_aside : int

    Examples
    --------
    >>> bought, starts, ends, counts, baskets, aside = gather(
    ...     np.array([1, 0, 1, 1], dtype=np.int32), np.array([5, 5, 5, 2], dtype=np.int32), 2, 6, 9)
    >>> [bought[a:b].tolist() for a, b in zip(starts, ends)], counts.tolist(), baskets, aside
    ([[5], [5, 2]], [0, 0, 1, 0, 0, 2], 2, 0)
    """
    starts = np.zeros(basket_limit + 1, dtype=np.int64)
    ordered = True
    for i in range(len(baskets)):
        starts[baskets[i] + 1] += 1
        ordered = ordered and (i == 0 or baskets[i] >= baskets[i - 1])
    basket_count = 0
    for i in range(basket_limit):
        basket_count += starts[i + 1] > 0
        starts[i + 1] += starts[i]
    ends = starts[:-1].copy()
    if ordered:
        bought = items.copy()
        ends[:] = starts[1:]
    else:
        bought = np.empty(len(items), dtype=np.int32)
        for i in range(len(baskets)):
            bought[ends[baskets[i]]] = items[i]
            ends[baskets[i]] += 1
    seen, counts = np.full(item_limit, -1, dtype=np.int32), np.zeros(item_limit, dtype=np.int64)
    set_aside = 0
    for basket in range(basket_limit):
        end = starts[basket]
        for at in range(starts[basket], ends[basket]):
            item = bought[at]
            if item >= 0 and seen[item] != basket:
                seen[item] = basket
                bought[end] = item
                end += 1
        if end - starts[basket] > most:
            set_aside += 1
            end = starts[basket]
        ends[basket] = end
        for at in range(starts[basket], end):
            counts[bought[at]] += 1
    return bought, starts[:-1], ends, counts, basket_count, set_aside


@kernel
def lay_out(bought, starts, ends, ranks):
    """The frequent items of each basket by rank, ascending, then -1; in place.

    Parameters
    ----------
    bought, starts, ends : arrays
        From `gather`; `bought` is used up.
    ranks : int32 array, shape (items,)
        Of each frequent item; -1 for others.

    Returns
    -------
    items : int32 array
    pair_steps : int
        Pairs within baskets, one by one.

    Examples
    --------
    >>> items, steps = lay_out(np.array([5, 2, 0], dtype=np.int32), np.array([0]), np.array([3]),
    ...                        np.array([1, 0, 0, 0, 0, -1], dtype=np.int32))
    >>> items.tolist(), steps
    ([0, 1, -1], 1)
    """
    size = len(starts)
    for basket in range(len(starts)):
        size += ends[basket] - starts[basket]
    items = np.empty(size, dtype=np.int32)
    end, steps = 0, 0
    for basket in range(len(starts)):
        begin = end
        for at in range(starts[basket], ends[basket]):
            rank = ranks[bought[at]]
            if rank >= 0:
                items[end] = rank
                end += 1
        if end == begin:
            continue
        if end - begin > 40:
            items[begin:end].sort()
        else:
            _sort_few(items, begin, end)
        steps += (end - begin) * (end - begin - 1) // 2
        items[end] = -1
        end += 1
    return items[:end].copy() if 2 * end < size else items[:end], steps


@kernel
def _sort_few(items, begin, end):
    for at in range(begin + 1, end):
        item, to = items[at], at
        while to > begin and items[to - 1] > item:
            items[to] = items[to - 1]
            to -= 1
        items[to] = item


@kernel
def places_of(items, starts):
    """Where item 0 stands, then item 1, ...

    Parameters
    ----------
    items : int32 array
        From `lay_out`.
    starts : int64 array, shape (items + 1,)

    Returns
    -------
    int32 array

    Examples
    --------
    >>> places_of(np.array([0, 1, -1, 0, -1], dtype=np.int32), np.array([0, 2, 3])).tolist()
    [0, 3, 1]
    """
    places, ends = np.empty(starts[-1], dtype=np.int32), starts[:-1].copy()
    for at in range(len(items)):
        item = items[at]
        if item >= 0:
            places[ends[item]] = at
            ends[item] += 1
    return places


@kernel
def count_pairs(items, counts, first, last, width, step, offset):
    """Count pairs in a triangle: pair (a, b), a < b, of the rows `first` to `last`.

    Parameters
    ----------
    items : int32 array
        From `lay_out`.
    counts : int32 array
        Row `a` holds b = a + 1, ..., width - 1; row `first` comes first. Written to.
    first, last, width : int
    step, offset : int
        Only rows with ``a % step == offset``: others may do the rest at the same time.

    Examples
    --------
    >>> counts = np.zeros(3, dtype=np.int32)
    >>> count_pairs(np.array([0, 2, -1, 0, 1, 2, -1], dtype=np.int32), counts, 0, 3, 3, 1, 0)
    >>> counts.tolist()
    [1, 2, 1]
    """
    base = first * (2 * width - first - 1) // 2
    for at in range(len(items)):
        a = items[at]
        if a < first or a >= last or a % step != offset:
            continue
        row = a * (2 * width - a - 1) // 2 - a - 1 - base
        after = np.uint64(at + 1)
        while items[after] >= 0:
            counts[np.uint64(row + items[after])] += 1
            after += np.uint64(1)


@kernel
def frequent_pairs(counts, first, last, width, min_count):
    """The pairs of a triangle that are frequent, in order.

    Parameters
    ----------
    counts, first, last, width
        As for `count_pairs`.
    min_count : int

    Returns
    -------
    rows : int32 array, shape (pairs, 2)
    found : int64 array, shape (pairs,)

    Examples
    --------
    >>> rows, found = frequent_pairs(np.array([1, 2, 1], dtype=np.int32), 0, 3, 3, 2)
    >>> rows.tolist(), found.tolist()
    ([[0, 2]], [2])
    """
    size = 0
    for count in counts:
        size += count >= min_count
    rows, found = np.empty((size, 2), dtype=np.int32), np.empty(size, dtype=np.int64)
    at, into = 0, 0
    for a in range(first, last):
        for b in range(a + 1, width):
            if counts[at] >= min_count:
                rows[into, 0], rows[into, 1], found[into] = a, b, counts[at]
                into += 1
            at += 1
    return rows, found
