"""One door to the miner: estimate the cost, choose the way, or refuse with advice."""

import numpy as np

from crmlib.analyse.baskets import Baskets
from crmlib.analyse.rule_itemsets import ItemSets, bytes_per_set, mine_itemsets, number_entries
from crmlib.prepare.engine import Engine
from crmlib.schema.errors import CostError

MAX_PAIR_STEPS = 20_000_000_000
"""Pairs of items within baskets, one by one, that are counted before the work is refused: some minutes."""

BYTES_PER_ENTRY = 40
"""Memory of one (basket, item) pair while longer sets are mined."""

ADVICE_STEP = 4
"""Each try for a support that fits takes this many times the baskets of the one before."""


def mine(engine: Engine, baskets: Baskets, *, max_len: int | None, max_memory_mb: float) -> ItemSets:
    """The frequent item sets of the encoded baskets.

    `mine_itemsets` does it in memory. Where the pairs of basket and item alone would not fit, sets of up to
    two items are counted by the engine, which spills to disk, and longer ones are refused. Cost is estimated
    from the encoded baskets before anything starts; what is found is weighed on the way.

    Parameters
    ----------
    engine : Engine
        With the tables that `encode_baskets` made.
    baskets : Baskets
    max_len : int, optional
    max_memory_mb : float

    Returns
    -------
    ItemSets

    Raises
    ------
    CostError
        With a support that fits.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmlib.analyse.baskets import encode_baskets
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
    if baskets.entry_count * BYTES_PER_ENTRY <= max_bytes:
        return _sets_in_memory(engine, baskets, max_len, max_bytes)
    if max_len == 2:
        return _pairs_by_engine(engine, baskets, max_bytes)
    fits = engine.rows(
        "select min(n) from (select n, sum(n) over (order by n desc) as entries from frequent) "
        "where entries <= $1",
        [max_bytes // BYTES_PER_ENTRY],
    )[0][0]
    raise CostError(_advice(baskets, max_bytes, fits, max_len=max_len))


def _single_items(baskets):
    codes = np.arange(len(baskets.names), dtype=np.int32)[:, None]
    return ItemSets(codes=[codes], counts=[baskets.item_counts])


def _pairs_by_engine(engine, baskets, max_bytes):
    singles = _single_items(baskets)
    engine.execute(
        "create table pairs as select a.item as first, b.item as second, count(*) as n "
        "from entries a join entries b on a.basket = b.basket and a.item < b.item "
        "group by a.item, b.item having count(*) >= $1",
        [baskets.min_count],
    )
    room = max(max_bytes // bytes_per_set(2) - len(singles), 0)
    too_many = engine.rows("select n + 1 from pairs order by n desc limit 1 offset $1", [room])
    if too_many:
        raise CostError(_advice(baskets, max_bytes, too_many[0][0], max_len=2))
    pairs = engine.to_arrow("select first, second, n from pairs order by first, second")
    if not pairs.num_rows:
        return singles
    codes = np.column_stack([pairs.column(name).to_numpy() for name in ("first", "second")]).astype(np.int32)
    return ItemSets(
        codes=[*singles.codes, codes], counts=[*singles.counts, pairs.column("n").to_numpy().astype(np.int64)]
    )


def _sets_in_memory(engine, baskets, max_len, max_bytes):
    pairs = engine.to_arrow("select basket, item from entries order by basket, item")
    entries = number_entries(pairs.column("basket").to_numpy(), pairs.column("item").to_numpy())
    sets = mine_itemsets(entries, min_count=baskets.min_count, max_len=max_len, max_bytes=max_bytes)
    if sets is None:
        fits = _support_that_fits(entries, baskets, max_len, max_bytes)
        raise CostError(_advice(baskets, max_bytes, fits, max_len=max_len))
    return sets


def _support_that_fits(entries, baskets, max_len, max_bytes):
    """The lowest support tried that fits: from high to low, so that each try is quick; None if none does."""
    fits, count = None, int(baskets.item_counts.max())
    while count > baskets.min_count:
        if mine_itemsets(entries, min_count=count, max_len=max_len, max_bytes=max_bytes // 4) is None:
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
