"""Item sets from depth-first order to a table a length, and where the parts of each set stand; compiled."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from crmlib.analyse.rules.baskets import Baskets
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

    References
    ----------
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
