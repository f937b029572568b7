"""Order lines to numbered baskets in memory: the quick way where they fit."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crmlib.analyse.baskets import Baskets, baskets_needed, check_whole, register_lines
from crmlib.analyse.rule_itemsets import Entries
from crmlib.prepare.engine import Engine

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
    """The same as `encode_baskets`, with the pairs laid out in memory instead of in the engine.

    Parameters
    ----------
    engine, transactions, min_support, basket, item, max_basket_items
        As for `crmlib.analyse.baskets.encode_baskets`.
    max_bytes : int
        Memory that this may take, about.
    wanted : frozenset, optional
        Only these items are numbered; baskets and sizes are those of all items.

    Returns
    -------
    (Baskets, Entries), or None when it does not fit

    Raises
    ------
    SchemaError, ParameterError
        As for `encode_baskets`.

    Examples
    --------
    >>> import pandas as pd
    >>> lines = pd.DataFrame({"order_id": [1, 1, 2, 2], "product_id": ["tea", "mug", "tea", "tea"]})
    >>> with Engine() as engine:
    ...     baskets, entries = encode_in_memory(engine, lines, min_support=1, max_basket_items=9, max_bytes=10**6)
    >>> baskets.names, entries.items.tolist()
    (['mug', 'tea'], [0, 1, -1, 1, -1])
    """
    from crmlib.analyse.rule_layout import gather, lay_out

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
    entries = Entries(
        items=laid,
        item_starts=np.concatenate(([0], np.cumsum(item_counts))).astype(np.int64),
        pair_steps=int(pair_steps),
    )
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
