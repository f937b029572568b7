"""One door to the miner: estimate the cost, choose the way, or refuse with advice."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from crmlib.analyse.baskets import Baskets, encode_baskets
from crmlib.analyse.rule_encoding import encode_in_memory
from crmlib.analyse.rule_itemsets import (
    QUICK_STEPS,
    THREADS,
    UNRELATED,
    Entries,
    SetLevels,
    bytes_per_set,
    grow_itemsets,
    number_entries,
)
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
    """Order lines to numbered baskets to frequent item sets.

    Parameters
    ----------
    transactions : table, one row per order line
    max_len : int, optional
    max_memory_mb : float
    as_python : bool
        Whether the sets will be wanted as Python sets, too.
    wanted : frozenset, optional
        Sets of other items are not asked for.
    relate : function of the items' names, optional
        Gives the items that must not stand together (see `crmlib.analyse.rule_eclat.grow`).
    **encoding
        `min_support`, `basket`, `item`, `max_basket_items` of `encode_baskets`.

    Returns
    -------
    (Baskets, SetLevels)

    Raises
    ------
    SchemaError, ParameterError
        As for `encode_baskets`.
    CostError
        With a support that fits.

    Examples
    --------
    >>> import pandas as pd
    >>> lines = pd.DataFrame({"order_id": [1, 1, 2, 2], "product_id": ["tea", "mug", "tea", "mug"]})
    >>> baskets, sets = find_sets(lines, min_support=2, max_basket_items=99, max_len=None, max_memory_mb=10)
    >>> [counts.tolist() for counts in sets.counts]
    [[2, 2], [2]]
    """
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

    Parameters
    ----------
    engine : Engine
        With the tables that `encode_baskets` made, unless there are `entries`.
    baskets : Baskets
    max_len : int, optional
    max_memory_mb : float
    entries : Entries, optional
        From `encode_in_memory`.
    as_python, related
        As for `crmlib.analyse.rule_itemsets.grow_itemsets`.

    Returns
    -------
    SetLevels

    Raises
    ------
    CostError
        With a support that fits.

    Examples
    --------
    >>> import pandas as pd
    >>> lines = pd.DataFrame({"order_id": [1, 1, 2, 2], "product_id": ["tea", "mug", "tea", "mug"]})
    >>> with Engine() as engine:
    ...     baskets = encode_baskets(engine, lines, min_support=2)
    ...     [counts.tolist() for counts in mine(engine, baskets, max_len=None, max_memory_mb=10).counts]
    [[2, 2], [2]]
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
    raise CostError(_advice(baskets, max_bytes, fits, max_len=max_len))


def read_entries(engine: Engine) -> Entries:
    """The (basket, item) pairs that `encode_baskets` left in the engine, laid out in memory.

    Parameters
    ----------
    engine : Engine

    Returns
    -------
    Entries

    Examples
    --------
    >>> import pandas as pd
    >>> with Engine() as engine:
    ...     _ = encode_baskets(engine, pd.DataFrame({"order_id": [1], "product_id": ["tea"]}), min_support=1)
    ...     read_entries(engine).items.tolist()
    [0, -1]
    """
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
        raise CostError(_advice(baskets, max_bytes, too_many[0][0], max_len=2))
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
        raise CostError(_advice(baskets, max_bytes, fits, max_len=max_len))
    return sets


def _triangle_rows(width, pair_steps, max_bytes):
    """How many rows of the triangle to count in a pass; 0 where lists of places are the better way."""
    cells = width * (width - 1) // 2
    if cells > CELLS_PER_STEP * pair_steps + 1_000_000 or 8 * cells > PASSES * max_bytes:
        return 0
    return max(min(width, max_bytes // (8 * width)), 1)


def pairs_by_triangle(entries: Entries, baskets: Baskets, rows: int) -> SetLevels:
    """Items and frequent pairs, counted in a triangle of counters, so many rows of it at a time.

    Parameters
    ----------
    entries : Entries
    baskets : Baskets
    rows : int

    Returns
    -------
    SetLevels

    Examples
    --------
    >>> import pandas as pd
    >>> lines = pd.DataFrame({"order_id": [1, 1, 2, 2], "product_id": ["tea", "mug", "tea", "mug"]})
    >>> with Engine() as engine:
    ...     baskets = encode_baskets(engine, lines, min_support=2)
    ...     pairs_by_triangle(read_entries(engine), baskets, 1).codes[1].tolist()
    [[0, 1]]
    """
    from crmlib.analyse.rule_layout import count_pairs, frequent_pairs

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
    return (
        f"The item sets in at least {baskets.min_count:,} of {baskets.basket_count:,} baskets need more than "
        f"{max_bytes / 1e6:,.0f} MB. Raise {raise_it}{shorter}, group items (item='category'), or allow more "
        "with max_memory_mb."
    )
