"""Products and the groups that they belong to, mined together, without the trivial rule "cola -> drinks"."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from crmlib.analyse.baskets import Baskets
from crmlib.prepare.engine import Engine, columns_of, require_columns
from crmlib.schema.errors import ParameterError

_SIGN = "\x1f"


def with_groups(
    transactions: Any, *, basket: str, items: Sequence[str]
) -> tuple[pa.Table, set[tuple[str, str]]]:
    """Order lines once for each level: the product, its category, its department, ...

    Parameters
    ----------
    transactions : table, one row per order line
    basket : str
    items : columns, the finest first

    Returns
    -------
    lines : Arrow table
        `basket`, `item` (the level's number and the value), and what tells a refund.
    belongs : set of (item, group)
        Which stand on one line: a group of the same name under two groups belongs to both.

    Raises
    ------
    SchemaError
        If a column is missing.
    ParameterError
        If fewer than two columns are named, or one twice.

    References
    ----------
    Srikant, R. & Agrawal, R. (1995). Mining generalized association rules. VLDB.

    Examples
    --------
    >>> import pandas as pd
    >>> lines = pd.DataFrame({"order_id": [1], "product_id": ["cola"], "category": ["drinks"]})
    >>> lines, belongs = with_groups(lines, basket="order_id", items=["product_id", "category"])
    >>> lines.num_rows, sorted(tuple(item[2:] for item in pair) for pair in belongs)
    (2, [('cola', 'drinks')])
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
    """For each item, those that it belongs to or that belong to it, as the miner wants them.

    Parameters
    ----------
    names : list
        The frequent items.
    belongs : set of (item, group)

    Returns
    -------
    starts : int64 array, shape (items + 1,)
    others : int32 array

    Examples
    --------
    >>> starts, others = related_items(["cola", "drinks", "tea"], {("cola", "drinks"), ("tea", "drinks")})
    >>> starts.tolist(), others.tolist()
    ([0, 1, 3, 4], [1, 0, 2, 1])
    """
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

    Parameters
    ----------
    baskets : Baskets
        Of the lines from `with_groups`.
    items : columns

    Returns
    -------
    Baskets

    Examples
    --------
    See `crmlib.analyse.rules.mine_rules`.

    >>> named_by_level.__name__
    'named_by_level'
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
