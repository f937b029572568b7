"""Item sets from depth-first order to a table a length, and where the parts of each set stand; compiled."""

import numpy as np

from crmlib.analyse.rule_kernels import kernel


@kernel
def rows_of_level(found, length, rows, counts):
    """Fill in the sets of one length, in lexicographic order.

    Parameters
    ----------
    found : int32 array, shape (all sets, 3)
        Length, last item, count of each set, depth first (see `crmlib.analyse.rule_eclat.grow`).
    length : int
    rows : int32 array, shape (sets, length)
    counts : int64 array, shape (sets,)
        Both are written to.

    Examples
    --------
    >>> rows, counts = np.empty((1, 2), dtype=np.int32), np.empty(1, dtype=np.int64)
    >>> rows_of_level(np.array([[1, 0, 2], [2, 1, 2], [1, 1, 3]], dtype=np.int32), 2, rows, counts)
    >>> rows.tolist(), counts.tolist()
    ([[0, 1]], [2])
    """
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
    """For each set of a level, where the set without one of its items stands a level below.

    Parameters
    ----------
    rows : int32 array, shape (sets, items)
    rows_below : int32 array, shape (sets below, items - 1)
        Both in lexicographic order.
    places_below : int32 array, shape (items - 1, sets below)
        What this function gave for those sets; one row of zeros for single items.
    children_below : int64 array, shape (sets two below + 1,)
        Where the sets below that go on from each set two below begin; (0, sets below) for single items.

    Returns
    -------
    places : int32 array, shape (items, sets)
    children : int64 array, shape (sets below + 1,)

    Examples
    --------
    >>> pairs, items = np.array([[0, 2]], dtype=np.int32), np.array([[0], [2]], dtype=np.int32)
    >>> places, children = parts_below(pairs, items, np.zeros((1, 2), dtype=np.int32), np.array([0, 2]))
    >>> places.tolist(), children.tolist()
    ([[1], [0]], [0, 1, 1])
    """
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
    """Write the items of those chosen sets that are as long as `rows` is wide.

    Parameters
    ----------
    codes : int32 array
        Written to.
    offsets, places, lengths : int64 arrays
        Of each chosen set: where it goes in `codes`, where it stands among all sets, its length.
    rows : int32 array, shape (sets, length)
    first : int
        Where the first of `rows` stands among all sets.

    Examples
    --------
    >>> codes = np.zeros(3, dtype=np.int32)
    >>> put_rows(codes, np.array([0, 1]), np.array([5, 1]), np.array([1, 2]), np.array([[7, 8]], dtype=np.int32), 1)
    >>> codes.tolist()
    [0, 7, 8]
    """
    length = rows.shape[1]
    for i in range(len(places)):
        if lengths[i] == length:
            for column in range(length):
                codes[offsets[i] + column] = rows[places[i] - first, column]


@kernel
def settle(order, starts, ends, confidence, counts, names):
    """Put the rules of each short run in order: higher confidence, higher count, earlier names; in place.

    Parameters
    ----------
    order : int64 array
        Rules; written to.
    starts, ends : int64 arrays
        Runs in `order`.
    confidence : float64 array
    counts, names : int64 arrays
        Of each rule.

    Examples
    --------
    >>> order = np.array([0, 1])
    >>> settle(order, np.array([0]), np.array([2]), np.array([0.1, 0.9]), np.array([1, 1]), np.array([0, 1]))
    >>> order.tolist()
    [1, 0]
    """
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
