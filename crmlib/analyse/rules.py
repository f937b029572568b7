"""What is bought together: frequent item sets and association rules, from order lines."""

import sys
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numba import __version__ as numba_version

from crmlib.analyse.baskets import MAX_BASKET_ITEMS, as_written, check_whole
from crmlib.analyse.rule_book import ItemSets, RuleBook
from crmlib.analyse.rule_columns import in_order
from crmlib.analyse.rule_hierarchy import named_by_level, related_items, with_groups
from crmlib.analyse.rule_metrics import count_candidates, derive_rules, support_with_rules_below
from crmlib.analyse.rule_mining import find_sets
from crmlib.schema.errors import CostError, ParameterError

__all__ = ["ItemSets", "RuleBook", "frequent_itemsets", "mine_itemsets", "mine_rules", "prune_redundant"]

MAX_MEMORY_MB = 1_000
"""Memory that an answer may take, about, before it is refused with advice."""

BYTES_PER_CANDIDATE = 64
BYTES_PER_RULE = 250
"""Memory of a rule that is looked at, and of one that is returned (its frozensets are shared)."""


def frequent_itemsets(
    transactions: Any,
    *,
    min_support: int | float,
    basket: str = "order_id",
    item: str | Sequence[str] = "product_id",
    max_len: int | None = None,
    max_basket_items: int = MAX_BASKET_ITEMS,
    max_memory_mb: float = MAX_MEMORY_MB,
    closed: bool = False,
    maximal: bool = False,
) -> pd.DataFrame:
    """Items that are bought together in at least `min_support` baskets.

    Parameters
    ----------
    transactions : table, one row per order line
        The columns named by `basket` and `item`; refund lines are left out when `quantity` or `net_amount`
        is there (see `crmlib.analyse.baskets.encode_baskets`). An item twice in a basket counts once.
    min_support : int or float
        An int is a number of baskets, a float a share of all baskets: 1 is one basket, 1.0 is all of them.
        A share is read as written and met from the exact count on: 90 of 300 is in at 0.3.
    basket, item : str
        Columns. `item="category"` takes categories for items. Several columns, the finest first, are mined
        together (``["product_id", "category"]``): an item is then (column, value as text), and never stands in one set
        with a group that it belongs to.
    max_len : int, optional
        Most items in a set. With 2, pairs are counted alone, in the engine if memory is short.
    max_basket_items : int
        Baskets of more distinct items are set aside but stay in the number that supports are a share of.
    max_memory_mb : float
        About how much memory the answer may take.
    closed, maximal : bool
        Only sets that no larger set has the same support as; only sets that no larger set is frequent with. A
        larger set counts even where it is longer than `max_len`.

    Returns
    -------
    DataFrame, one row per set
        `support` (share of all baskets), `itemsets` (frozensets): mlxtend's columns. Largest support first,
        then shorter sets, then names. Counts of what was left out are in ``.attrs["set_aside"]``.

    Raises
    ------
    SchemaError
        If a column is missing.
    ParameterError
        If an argument does not fit.
    CostError
        If the answer would take more memory than `max_memory_mb`: it says which support would fit.

    References
    ----------
    Agrawal, R. & Srikant, R. (1994). Fast algorithms for mining association rules. VLDB.

    Examples
    --------
    >>> lines = pd.DataFrame({"order_id": [1, 1, 2, 2, 3], "product_id": ["tea", "mug", "tea", "mug", "tea"]})
    >>> found = frequent_itemsets(lines, min_support=2)
    >>> [(round(s, 3), sorted(i)) for s, i in zip(found["support"], found["itemsets"])]
    [(1.0, ['tea']), (0.667, ['mug']), (0.667, ['mug', 'tea'])]
    """
    return mine_itemsets(
        transactions,
        min_support=min_support,
        basket=basket,
        item=item,
        max_basket_items=max_basket_items,
        max_len=max_len,
        max_memory_mb=max_memory_mb,
        closed=closed,
        maximal=maximal,
        as_python=True,
    ).to_frame()


def mine_itemsets(
    transactions: Any,
    *,
    min_support: int | float,
    basket: str = "order_id",
    item: str | Sequence[str] = "product_id",
    max_len: int | None = None,
    max_basket_items: int = MAX_BASKET_ITEMS,
    max_memory_mb: float = MAX_MEMORY_MB,
    closed: bool = False,
    maximal: bool = False,
    as_python: bool = False,
) -> ItemSets:
    """The same as `frequent_itemsets`, as columns of numbers: for millions of sets.

    Parameters
    ----------
    transactions, min_support, basket, item, max_len, max_basket_items, max_memory_mb, closed, maximal
        As for `frequent_itemsets`.
    as_python : bool
        Whether `max_memory_mb` must do for the sets as Python sets as well.

    Returns
    -------
    ItemSets

    Raises
    ------
    SchemaError, ParameterError, CostError
        As for `frequent_itemsets`.

    References
    ----------
    Zaki, M. J. (2000). Scalable algorithms for association mining. IEEE TKDE 12(3).

    Examples
    --------
    >>> lines = pd.DataFrame({"order_id": [1, 1, 2, 2, 3], "product_id": ["tea", "mug", "tea", "mug", "tea"]})
    >>> len(mine_itemsets(lines, min_support=2)), len(mine_itemsets(lines, min_support=2, maximal=True))
    (3, 1)
    """
    longer = max_len + 1 if max_len is not None and (closed or maximal) else max_len
    baskets, sets = _mine(
        transactions,
        item=item,
        checked_len=max_len,
        max_len=longer,
        max_memory_mb=max_memory_mb,
        as_python=as_python,
        min_support=min_support,
        basket=basket,
        max_basket_items=max_basket_items,
    )
    if closed or maximal:
        sets = sets.subset(sets.maximal() if maximal else sets.closed())
        if max_len is not None:
            sets = replace(sets, codes=sets.codes[:max_len], counts=sets.counts[:max_len])
    return ItemSets(
        names=baskets.names,
        levels=sets,
        basket_count=baskets.basket_count,
        min_support_count=baskets.min_count,
        item=item,
        set_aside=baskets.set_aside,
    )


def mine_rules(
    transactions: Any,
    *,
    min_support: int | float,
    min_confidence: float = 0.0,
    basket: str = "order_id",
    item: str | Sequence[str] = "product_id",
    max_len: int | None = None,
    max_consequents: int | None = 1,
    max_basket_items: int = MAX_BASKET_ITEMS,
    max_memory_mb: float = MAX_MEMORY_MB,
    antecedents: Collection[Any] | None = None,
    consequents: Collection[Any] | None = None,
) -> RuleBook:
    """Rules "who buys these buys that as well" that hold in enough baskets, with their measures.

    Parameters
    ----------
    transactions, min_support, basket, item, max_basket_items, max_memory_mb
        As for `frequent_itemsets`. The support of a rule is that of both its sides together.
    min_confidence : float
        Share of the baskets with the antecedents that hold the consequents too, from 0 to 1; exact.
    max_len : int, optional
        Most items in a rule, both sides together.
    max_consequents : int, optional
        Most items after the arrow; None = any number.
    antecedents, consequents : items, optional
        Only these may stand before, after the arrow; other rules are neither made nor tested.

    Returns
    -------
    RuleBook
        Without rules when nothing is frequent.

    Raises
    ------
    SchemaError, ParameterError, CostError
        As for `frequent_itemsets`.

    References
    ----------
    Agrawal, R. & Srikant, R. (1994). Fast algorithms for mining association rules. VLDB.
    Hahsler, M., Grün, B. & Hornik, K. (2005). arules. Journal of Statistical Software 14(15).

    Examples
    --------
    >>> lines = pd.DataFrame({"order_id": [1, 1, 2, 2, 3], "product_id": ["tea", "mug", "tea", "mug", "tea"]})
    >>> mine_rules(lines, min_support=2).rules[["antecedents", "consequents", "confidence", "count"]]
            antecedents       consequents  confidence  count
    0  frozenset({mug})  frozenset({tea})    1.000000      2
    1  frozenset({tea})  frozenset({mug})    0.666667      2
    """
    if max_consequents is not None:
        check_whole(max_consequents, name="max_consequents")
    confidence = as_written(min_confidence, name="min_confidence")
    if not 0 <= confidence <= 1:
        raise ParameterError(f"min_confidence must be from 0 to 1 (0.5 = 50 %), not {min_confidence!r}.")
    sides = _checked_sides(antecedents, consequents)
    baskets, sets = _mine(
        transactions,
        item=item,
        checked_len=max_len,
        max_len=max_len,
        max_memory_mb=max_memory_mb,
        wanted=None if None in sides else sides[0] | sides[1],
        min_support=min_support,
        basket=basket,
        max_basket_items=max_basket_items,
    )
    found = _derive(sets, baskets, confidence, max_consequents, max_memory_mb, sides)
    return RuleBook(
        columns=in_order(found, baskets.names),
        basket_count=baskets.basket_count,
        item_count=baskets.item_count,
        transaction_count=baskets.transaction_count,
        min_support_count=baskets.min_count,
        min_confidence=float(confidence),
        tested_count=found.tested_count,
        item=item,
        set_aside=baskets.set_aside,
    )


def prune_redundant(book: RuleBook, *, min_improvement: float = 0.0) -> RuleBook:
    """Leave out rules that are no better than a more general one.

    A rule is redundant when some rule to the same consequent with fewer items before the arrow (the plain
    share of baskets with the consequent among them) has at least its confidence.

    Parameters
    ----------
    book : RuleBook
    min_improvement : float
        The confidence that a rule must add, as a difference of shares: 0.05 is five percentage points.

    Returns
    -------
    RuleBook

    References
    ----------
    Bayardo, R., Agrawal, R. & Gunopulos, D. (2000). Constraint-based rule mining in large, dense databases.
    Data Mining and Knowledge Discovery 4.

    Examples
    --------
    >>> lines = pd.DataFrame({"order_id": [1, 1, 2, 2, 3], "product_id": ["tea", "mug", "tea", "mug", "tea"]})
    >>> len(prune_redundant(mine_rules(lines, min_support=2)))      # everybody buys tea anyway
    0
    """
    improvement = book.columns.improvement
    return replace(book, columns=book.columns.take((improvement > 0) & (improvement >= min_improvement)))


def _mine(transactions, *, item, checked_len, max_memory_mb, **arguments):
    if not max_memory_mb > 0:
        raise ParameterError(f"max_memory_mb must be above 0, not {max_memory_mb!r}.")
    if checked_len is not None:
        check_whole(checked_len, name="max_len")
    if isinstance(item, str):
        return find_sets(transactions, item=item, max_memory_mb=max_memory_mb, **arguments)
    arguments.pop("wanted", None)
    lines, belongs = with_groups(transactions, basket=arguments["basket"], items=item)
    baskets, sets = find_sets(
        lines,
        item="item",
        max_memory_mb=max_memory_mb,
        relate=lambda names: related_items(names, belongs),
        **arguments,
    )
    return named_by_level(baskets, list(item)), sets


def _checked_sides(antecedents, consequents):
    for name, items in (("antecedents", antecedents), ("consequents", consequents)):
        if isinstance(items, str):
            raise ParameterError(f"{name} must be a list of items, not one word. Give [{items!r}].")
    return tuple(None if items is None else frozenset(items) for items in (antecedents, consequents))


def _as_flags(sides, names):
    if sides == (None, None):
        return None
    flags = [[side is None or name in side for name in names] for side in sides]
    return tuple(np.array(flag, dtype=bool) for flag in flags)


def _derive(sets, baskets, min_confidence, max_consequents, max_memory_mb, sides):
    max_rules = int(max_memory_mb * 1e6 / BYTES_PER_RULE)
    found, candidates = None, count_candidates(sets, max_consequents)
    if candidates * BYTES_PER_CANDIDATE <= max_memory_mb * 1e6:
        found = derive_rules(
            sets,
            basket_count=baskets.basket_count,
            min_confidence=min_confidence,
            max_consequents=max_consequents,
            max_rules=max_rules,
            sides=_as_flags(sides, baskets.names),
        )
    if found is not None:
        return found
    fits = support_with_rules_below(sets, max_consequents, max_rules)
    fewer = "" if max_consequents == 1 else ", take one item after the arrow (max_consequents=1)"
    raise CostError(
        f"The rules in at least {baskets.min_count:,} of {baskets.basket_count:,} baskets need more than "
        f"{max_memory_mb:,.0f} MB ({candidates:,} candidates). Raise min_support to {fits:,} baskets, raise "
        f"min_confidence{fewer}, set max_len lower, group items (item='category'), or allow more with "
        "max_memory_mb."
    )


def warm() -> None:
    """Use every kernel once, so that all of them are compiled.

    Examples
    --------
    >>> warm()
    """
    rng = np.random.default_rng(0)
    order_id, product_id = np.nonzero(rng.random((300, 12)) < np.linspace(0.1, 0.8, 12))
    lines = pd.DataFrame({"order_id": order_id, "product_id": product_id})
    for table in (lines, lines.astype({"product_id": str, "order_id": str})):
        frequent_itemsets(table, min_support=20, maximal=True)
        book = mine_rules(table, min_support=20, max_len=2)
        book.for_basket(book.rules["antecedents"].iloc[0])
    _ = book.columns.antecedents


if __name__ == "__main__":
    warm()
    sys.stdout.write(f"Compiled by numba {numba_version}.\n")
