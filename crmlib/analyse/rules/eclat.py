"""Growing item sets, compiled: lists of places where baskets are sparse, rows of bits where they are dense.

A found set is three numbers: its length, its last item, the baskets that hold it. Sets stand depth first, so that the
other items of a set are the last items of the shorter sets before it.
"""

import numpy as np

from crmlib.analyse.rules.kernels import count_bits, kernel, room

LIST_STEP, BIT_STEP, BIT_CHECK = 5.0, 0.4, 6.0
"""Relative costs of an entry of a list, of a word of bits, and of looking at a pair of rows at all."""

NARROW = 4
"""Rows of bits are narrowed to the baskets still in play when those need this many times fewer words."""


@kernel
def grow(items, places, starts, first, last, min_count, max_len, weights, max_bytes, related):
    """All frequent sets whose first item is one of a range, depth first.

    Zaki, M. J. (2000). Scalable algorithms for association mining. IEEE TKDE 12(3) (rows of bits).
    Uno, T., Kiyomi, M. & Arimura, H. (2004). LCM ver. 2. FIMI '04 (occurrence deliver, lists of places).
    """
    slots, tally = np.full(len(starts) - 1, -1, dtype=np.int64), np.zeros(len(starts) - 1, dtype=np.int64)
    ends, nexts = np.zeros(max_len + 2, dtype=np.int64), np.zeros(max_len + 2, dtype=np.int64)
    path, lists = np.zeros(max_len + 1, dtype=np.int32), np.empty(1024, dtype=np.int32)
    found, size, taken = np.empty(3 * 1024, dtype=np.int32), 0, 0
    codes = np.arange(first, last).astype(np.int32)
    counts = starts[first + 1 : last + 1] - starts[first:last]
    begins = np.zeros(len(codes) + 1, dtype=np.int64)
    level, ends[1] = 1, len(codes)
    while level and taken <= max_bytes:
        k = nexts[level]
        if k == ends[level]:
            level -= 1
            continue
        nexts[level] += 1
        if counts[k] < min_count:
            continue
        found, size, taken = room(found, 3 * size + 3), size + 1, taken + _weight(weights, level, 1)
        found[3 * size - 3], found[3 * size - 2], found[3 * size - 1] = level, codes[k], counts[k]
        if level == max_len or (level > 1 and k + 1 == ends[level]):
            continue
        path[level - 1], begin = codes[k], ends[level]
        held = lists[begins[k] : begins[k + 1]]
        if level == 1:
            held = places[starts[codes[k]] : starts[codes[k] + 1]]
        codes, counts, end = _followers(
            items, held, tally, begin, codes, counts, min_count, path[:level], related
        )
        if end == begin:
            continue
        if end == begin + 1 or level + 1 == max_len:
            found, size = _all_of(found, size, level + 1, codes[begin:end], counts[begin:end])
            taken += _weight(weights, level + 1, end - begin)
        elif _is_dense(len(held), counts[begin:end], max_bytes):
            found, size, taken = _grow_bits(
                _as_bits(items, held, slots, codes[begin:end]), codes[begin:end], counts[begin:end], level,
                min_count, max_len, found, size, taken, weights, max_bytes, related,
            )  # fmt: skip
        else:
            begins, lists = _deliver(items, held, slots, begin, end, codes, counts, begins, lists)
            level += 1
            nexts[level], ends[level] = begin, end
    return found[: 3 * size], taken


@kernel
def _weight(weights, length, sets):
    return sets * weights[min(length, len(weights) - 1)]


@kernel
def _all_of(found, size, length, codes, counts):
    found = room(found, 3 * (size + len(codes)))
    for i in range(len(codes)):
        at = 3 * (size + i)
        found[at], found[at + 1], found[at + 2] = length, codes[i], counts[i]
    return found, size + len(codes)


@kernel
def _are_related(related, one, other):
    """Whether `other` is in the ascending list of `one`."""
    starts, others = related
    low, high = starts[one], starts[one + 1]
    while low < high:
        middle = (low + high) // 2
        if others[middle] < other:
            low = middle + 1
        else:
            high = middle
    return low < starts[one + 1] and others[low] == other


@kernel
def _followers(items, held, tally, begin, codes, counts, min_count, path, related):
    """The items that stand after enough of the held places, put from `begin` on; and their end."""
    codes = room(codes, begin + len(tally))
    end = begin
    for place in held:
        at = np.uint64(place + 1)
        while items[at] >= 0:
            item = np.uint64(items[at])
            if tally[item] == 0:
                codes[end] = items[at]
                end += 1
            tally[item] += 1
            at += np.uint64(1)
    kept = begin
    for k in range(begin, end):
        item = codes[k]
        good = tally[item] >= min_count
        if good and len(related[1]):
            for before in path:
                good = good and not _are_related(related, before, item)
        if good:
            codes[kept] = item
            kept += 1
        else:
            tally[item] = 0
    codes[begin:kept].sort()
    counts = room(counts, kept)
    for k in range(begin, kept):
        counts[k] = tally[codes[k]]
        tally[codes[k]] = 0
    return codes, counts, kept


@kernel
def _is_dense(baskets, counts, max_bytes):
    """Whether rows of bits are quicker for a class than lists, and fit."""
    kids, entries, words = len(counts), counts.sum(), (baskets + 63) // 64
    by_bits = 0.5 * kids * kids * (BIT_CHECK + BIT_STEP * words)
    by_lists = LIST_STEP * (entries + 0.5 * entries * entries / baskets)
    return by_bits < by_lists and 8 * kids * words <= max_bytes


@kernel
def _deliver(items, held, slots, begin, end, codes, counts, begins, lists):
    """For each item of a class, the places where it stands after the held ones."""
    begins = room(begins, end + 1)
    for k in range(begin, end):
        slots[codes[k]] = begins[k]
        begins[k + 1] = begins[k] + counts[k]
    lists = room(lists, begins[end])
    for place in held:
        at = np.uint64(place + 1)
        while items[at] >= 0:
            item = np.uint64(items[at])
            if slots[item] >= 0:
                lists[slots[item]] = at
                slots[item] += 1
            at += np.uint64(1)
    for k in range(begin, end):
        slots[codes[k]] = -1
    return begins, lists


@kernel
def _as_bits(items, held, slots, codes):
    """A row of bits for each item of a class: a bit for each held place that it stands after."""
    words = (len(held) + 63) // 64
    bits = np.zeros(len(codes) * words, dtype=np.uint64)
    for k in range(len(codes)):
        slots[codes[k]] = k * words
    for row in range(len(held)):
        at, bit = np.uint64(held[row] + 1), np.uint64(1) << np.uint64(row & 63)
        while items[at] >= 0:
            slot = slots[np.uint64(items[at])]
            if slot >= 0:
                bits[np.uint64(slot + (row >> 6))] |= bit
            at += np.uint64(1)
    for k in range(len(codes)):
        slots[codes[k]] = -1
    return bits


@kernel
def _grow_bits(
    bits,
    first_codes,
    first_counts,
    depth,
    min_count,
    max_len,
    found,
    size,
    taken,
    weights,
    max_bytes,
    related,
):
    """The same from a class on whose rows of bits stand one after the other; `depth` items come before it."""
    levels = min(max_len - depth, len(first_codes)) + 1
    words, masks = np.full(levels, len(bits) // len(first_codes)), np.full(levels, -1)
    tops, ends, nexts = np.full(levels, len(bits)), np.zeros(levels, np.int64), np.zeros(levels, np.int64)
    level, ends[0] = 0, len(first_codes)
    codes, counts, rows = first_codes.copy(), first_counts.copy(), np.arange(len(first_codes)) * words[0]
    while level >= 0 and taken <= max_bytes:
        k, length = nexts[level], depth + level + 1
        if k == ends[level]:
            level -= 1
            continue
        nexts[level] += 1
        found, size = _all_of(found, size, length, codes[k : k + 1], counts[k : k + 1])
        taken += _weight(weights, length, 1)
        if length == max_len or k + 1 == ends[level]:
            continue
        begin, wide, mask = ends[level], words[level], tops[level]
        bits = room(bits, mask + wide)
        _put_mask(bits, mask, rows[k], masks[level], wide)
        most = begin + ends[level] - k
        codes, counts, rows = room(codes, most), room(counts, most), room(rows, most)
        end = _joined(bits, mask, wide, k, begin, codes, counts, rows, min_count, related)
        if end <= begin + 1 or length + 1 == max_len:
            found, size = _all_of(found, size, length + 1, codes[begin:end], counts[begin:end])
            taken += _weight(weights, length + 1, end - begin)
            continue
        level += 1
        nexts[level], ends[level] = begin, end
        words[level], masks[level], tops[level] = wide, mask, mask + wide
        narrow = (counts[k] + 63) // 64
        if NARROW * narrow <= wide:
            bits = room(bits, mask + wide + (end - begin) * narrow)
            _narrowed(bits, mask, wide, narrow, rows[begin:end])
            words[level], masks[level], tops[level] = narrow, -1, mask + wide + (end - begin) * narrow
    return found, size, taken


@kernel
def _put_mask(bits, mask, row, before, wide):
    """The baskets that hold the set: those of its last item's row, and of the mask before it if there is one."""
    goal, given = bits[mask : mask + wide], bits[row : row + wide]
    if before < 0:
        goal[:] = given
        return
    earlier = bits[before : before + wide]
    for i in range(wide):
        goal[i] = given[i] & earlier[i]


@kernel
def _joined(bits, mask, wide, k, begin, codes, counts, rows, min_count, related):
    """The items after the k-th that enough of the masked baskets hold, put from `begin` on; and their end."""
    end, held = begin, bits[mask : mask + wide]
    for other in range(k + 1, begin):
        row, total = bits[rows[other] : rows[other] + wide], np.uint64(0)
        for i in range(wide):
            total += count_bits(held[i] & row[i])
        if total < min_count or (len(related[1]) and _are_related(related, codes[k], codes[other])):
            continue
        codes[end], counts[end], rows[end] = codes[other], total, rows[other]
        end += 1
    return end


@kernel
def _narrowed(bits, mask, wide, narrow, rows):
    """Rows with a bit only for each masked basket, put after the mask; `rows` then says where they stand."""
    goal = mask + wide
    bits[goal : goal + len(rows) * narrow] = 0
    basket = 0
    for i in range(wide):
        word = bits[mask + i]
        while word:
            lowest = word & (~word + np.uint64(1))
            word ^= lowest
            bit = np.uint64(1) << np.uint64(basket & 63)
            for k in range(len(rows)):
                if bits[rows[k] + i] & lowest:
                    bits[goal + k * narrow + (basket >> 6)] |= bit
            basket += 1
    for k in range(len(rows)):
        rows[k] = goal + k * narrow


@kernel
def gather(baskets, items, basket_limit, item_limit, most):
    """Bring the lines of each basket together, and count."""
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
    """The frequent items of each basket by rank, ascending, then -1; in place."""
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
    """Where item 0 stands, then item 1, ..."""
    places, ends = np.empty(starts[-1], dtype=np.int32), starts[:-1].copy()
    for at in range(len(items)):
        item = items[at]
        if item >= 0:
            places[ends[item]] = at
            ends[item] += 1
    return places


@kernel
def count_pairs(items, counts, first, last, width, step, offset):
    """Count pairs in a triangle: pair (a, b), a < b, of the rows `first` to `last`."""
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
    """The pairs of a triangle that are frequent, in order."""
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
