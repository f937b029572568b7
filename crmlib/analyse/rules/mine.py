"""What is bought together: frequent item sets and association rules, from order lines."""

import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numba import __version__ as numba_version

from crmlib.analyse.rules.baskets import MAX_BASKET_ITEMS, as_written, check_whole, register_lines
from crmlib.analyse.rules.itemsets import SetLevels, named_by_level, related_items, with_groups
from crmlib.analyse.rules.kernels import count_held
from crmlib.analyse.rules.metrics import count_candidates, derive_rules, support_with_rules_below
from crmlib.analyse.rules.mining import RuleColumns, find_sets, in_order
from crmlib.prepare.engine import Engine, columns_of
from crmlib.schema.errors import CostError, ParameterError


@dataclass(frozen=True, kw_only=True, eq=False)
class ItemSets:
    """Item sets as columns of numbers, shorter ones first.

    Parameters
    ----------
    names : list
        The items, rarest first; an item's code is its place here.
    levels : SetLevels
        The sets by length.
    basket_count : int
        All baskets: what supports are a share of.
    min_support_count : int
        Baskets that a set had to be in.
    item : str
        The column whose values the items are.
    set_aside : dict of str to int
    """

    names: list = field(repr=False)
    levels: SetLevels = field(repr=False)
    basket_count: int
    min_support_count: int
    item: Any = "product_id"
    set_aside: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.levels)

    @cached_property
    def items(self) -> np.ndarray:
        """Item codes of all sets, one after the other; int32."""
        return np.concatenate([rows.ravel() for rows in self.levels.codes])

    @cached_property
    def offsets(self) -> np.ndarray:
        """Where in `items` each set begins, and the last one ends; int64."""
        sizes = np.repeat(np.arange(1, len(self.levels.counts) + 1), np.diff(self.levels.starts))
        return np.concatenate(([0], np.cumsum(sizes)))

    @cached_property
    def counts(self) -> np.ndarray:
        """Baskets that hold each set; int64."""
        return np.concatenate(self.levels.counts)

    def to_frame(self) -> pd.DataFrame:
        """mlxtend's columns `support` and `itemsets`: largest support first, then shorter sets, then names."""
        order = np.lexsort((self.levels.name_order(self.names), -self.counts))
        found = pd.DataFrame(
            {
                "support": self.counts[order] / max(self.basket_count, 1),
                "itemsets": pd.Series(self.levels.frozensets(self.names)[order], dtype=object),
            }
        )
        found.attrs["set_aside"] = dict(self.set_aside)
        return found

    def _repr_html_(self) -> str:
        return (
            f"<p>{len(self):,} sets of {escape(str(self.item))} in at least {self.min_support_count:,} of "
            f"{self.basket_count:,} baskets.</p>"
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class RuleBook:
    """Rules "who buys the antecedents buys the consequents", strongest lift first.

    Parameters
    ----------
    columns : RuleColumns
        The rules as arrays of numbers.
    basket_count, item_count, transaction_count : int
        Baskets (what supports are a share of, those set aside for their size included), distinct items
        bought, lines read.
    min_support_count : int
        Baskets that a rule had to be in.
    tested_count : int
        Rules that met the support and were tested, whatever their confidence.
    item : str, or several
        The column whose values the items are.
    set_aside : dict of str to int
        `refund_lines`, `lines_without_basket`, `lines_without_item`, `baskets_above_cap`.
    """

    columns: RuleColumns = field(repr=False)
    basket_count: int
    item_count: int
    transaction_count: int
    min_support_count: int
    min_confidence: float
    tested_count: int
    item: Any = "product_id"
    set_aside: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.columns)

    @cached_property
    def rules(self) -> pd.DataFrame:
        """One row per rule, made when it is first asked for.

        mlxtend's columns in its order (`antecedents`, `consequents` as frozensets, `antecedent support`,
        `consequent support`, `support`, `confidence`, `lift`, `representativity`, `leverage`, `conviction`,
        `zhangs_metric`, `jaccard`, `certainty`, `kulczynski`), then `count` (baskets that hold both sides),
        `q_value` (one-sided Fisher exact test against "no association", adjusted for all `tested_count`
        rules by Benjamini-Hochberg) and `improvement` (confidence minus the best confidence of a more
        general rule). Order: lift, confidence, count, then the items' names, so that the order of the input
        is irrelevant.
        """
        return self.columns.to_frame()

    def head(self, n: int = 5) -> pd.DataFrame:
        """The first n rules; sets are made for these only."""
        return self.columns.take(np.arange(len(self))[:n]).to_frame()

    def to_mlxtend(self) -> pd.DataFrame:
        """The rules with just the columns that mlxtend's ``association_rules`` gives, in the same numbers."""
        return self.columns.to_frame(judged=False)

    def for_basket(self, items: Iterable[Any]) -> pd.DataFrame:
        """The rules that apply to a basket: it holds all of their antecedents and none of their consequents."""
        if isinstance(items, str):
            raise ParameterError(f"items must be a list of items, not one word. Give [{items!r}].")
        places = np.flatnonzero(self.columns.applies_to(frozenset(items)))
        found = self.columns.take(places).to_frame().set_axis(places)
        return found.sort_values("confidence", ascending=False, kind="stable")

    def to_table(self, n: int | None = None) -> pd.DataFrame:
        """The first n rules (all by default) for reading: sides as text, shares in percent."""
        rules = self.rules if n is None else self.head(n)
        return pd.DataFrame(
            {
                "if": pd.Series([_text(items) for items in rules["antecedents"]], dtype=object),
                "then": pd.Series([_text(items) for items in rules["consequents"]], dtype=object),
                "count": rules["count"].to_numpy(),
                "support_pct": 100 * rules["support"].to_numpy(),
                "confidence_pct": 100 * rules["confidence"].to_numpy(),
                "lift": rules["lift"].to_numpy(),
                "q_value": rules["q_value"].to_numpy(),
            }
        )

    def _repr_html_(self) -> str:
        shown = self.to_table(10).to_html(index=False, escape=True, border=0, float_format="{:.3g}".format)
        hidden = f" {len(self) - 10:,} more." if len(self) > 10 else ""
        item = self.item if isinstance(self.item, str) else ", ".join(map(str, self.item))
        return (
            f"<p>{len(self):,} rules on {escape(item)} in at least {self.min_support_count:,} of "
            f"{self.basket_count:,} baskets (confidence from {100 * self.min_confidence:g} %).{hidden}</p>"
            f"{shown}"
        )


def _text(items):
    return " + ".join(sorted(map(_word, items)))


def _word(item):
    return f"{item[1]} ({item[0]})" if isinstance(item, tuple) else str(item)


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
        is there (see `crmlib.analyse.rules.baskets.encode_baskets`). An item twice in a basket counts once.
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
    min_improvement : float
        The confidence that a rule must add, as a difference of shares: 0.05 is five percentage points.

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
    """Use every kernel once, so that all of them are compiled."""
    rng = np.random.default_rng(0)
    order_id, product_id = np.nonzero(rng.random((300, 12)) < np.linspace(0.1, 0.8, 12))
    lines = pd.DataFrame({"order_id": order_id, "product_id": product_id})
    for table in (lines, lines.astype({"product_id": str, "order_id": str})):
        frequent_itemsets(table, min_support=20, maximal=True)
        book = mine_rules(table, min_support=20, max_len=2)
        book.for_basket(book.rules["antecedents"].iloc[0])
    _ = book.columns.antecedents
    bits, starts = np.ones((2, 1), dtype=np.uint64), np.array([0, 1], dtype="int64")
    count_held(bits, starts, np.array([[0, 1]], dtype="int64"), np.zeros((1, 1), dtype="int32"))


FEWEST_EXPECTED = 5
"""Baskets with both sides that chance alone would give, below which a period says nothing about a rule."""

_COUNTS = """
with dated as (
    select lines.basket, lines.item::varchar as item, dates.period
    from lines join dates on lines.basket = dates.basket
    where not lines.is_refund
),
bought as (select distinct basket, item, period from dated where item is not null),
periods as (select period, count(distinct basket) as baskets from dated group by period),
held as (
    select rule, side, period
    from bought join wanted using (item)
    group by rule, side, size, basket, period
    having count(*) = size
),
counted as (
    select rule, period, count(*) filter (where side = 'before') as before_count,
        count(*) filter (where side = 'after') as after_count, count(*) filter (where side = 'both') as count
    from held group by rule, period
)
select rules.rule, periods.period, periods.baskets, coalesce(before_count, 0) as before_count,
    coalesce(after_count, 0) as after_count, coalesce(counted.count, 0) as count
from (select distinct rule from wanted) as rules cross join periods
left join counted on counted.rule = rules.rule and counted.period = periods.period
order by rules.rule, periods.period
"""


def seasonality(
    book: RuleBook, transactions: Any, *, period: str = "ordered_at", basket: str = "order_id", n: int = 50
) -> pd.DataFrame:
    """The first rules of a book, counted anew in every quarter.

    Parameters
    ----------
    book : RuleBook
        Mined on one column of items.
    transactions : table, one row per order line
        The same lines, with a column that tells the time.
    period : str
        A column of times, of which the calendar quarter is taken as it stands there (bring it to the shop's
        time zone first); or of names of periods, taken as they are. A basket belongs to its earliest.
    n : int
        So many rules from the top.

    Returns
    -------
    DataFrame, one row per rule and period
        `rule` (its row in ``book.rules``), `period`, `baskets`, `antecedent_count`, `consequent_count`, `count`,
        `confidence`, `lift`, and `holds`: whether lift is above 1, missing where chance alone would give fewer
        than 5 baskets with both sides. Baskets set aside for their size are counted here.

    Raises
    ------
    ParameterError
        If the book was mined on several columns.
    SchemaError
        If a column is missing.

    References
    ----------
    Özden, B., Ramaswamy, S. & Silberschatz, A. (1998). Cyclic association rules. ICDE.

    Examples
    --------
    >>> from crmlib.analyse.rules.mine import mine_rules
    >>> winter = [("w%d" % i, item) for i in range(40) for item in (("tea", "mug") if i < 30 else ("ice",))]
    >>> summer = [("s%d" % i, item) for i in range(40) for item in (("tea",) if i < 20 else ("mug",))]
    >>> lines = pd.DataFrame(winter + summer, columns=["order_id", "product_id"])
    >>> lines["season"] = lines["order_id"].str[0].map({"w": "winter", "s": "summer"})
    >>> book = mine_rules(lines, min_support=20)
    >>> seasonality(book, lines, period="season", n=1)[["period", "count", "holds"]]
       period  count  holds
    0  summer      0  False
    1  winter     30   True
    """
    check_whole(n, name="n")
    if not isinstance(book.item, str):
        raise ParameterError("The rules were mined on several columns. Mine one of them for this check.")
    rules = book.head(n)
    wanted = [
        (rule, side, len(items), str(item))
        for rule, (before, after) in enumerate(zip(rules["antecedents"], rules["consequents"], strict=True))
        for side, items in (("before", before), ("after", after), ("both", before | after))
        for item in sorted(items, key=str)
    ]
    with Engine() as engine:
        if period not in columns_of(transactions):
            raise ParameterError(
                f"transactions has no column {period!r} to tell the time by. Name one as period."
            )
        register_lines(engine, transactions, basket=basket, item=book.item)
        engine.register("timed_lines", transactions, columns=list(dict.fromkeys([basket, period])))
        types = dict(engine.rows("select column_name, column_type from (describe timed_lines)"))
        column, when = Engine.quote(basket), f"min({Engine.quote(period)})"
        if types[period].startswith(("TIMESTAMP", "DATE")):
            when = f"year({when}) || ' Q' || quarter({when})"
        engine.execute(
            f"create view dates as select {column} as basket, ({when})::varchar as period from timed_lines "
            f"where {Engine.quote(period)} is not null group by {column}"
        )
        columns = list(zip(*wanted, strict=True)) or [()] * 4
        types = {"rule": pa.int64(), "side": pa.string(), "size": pa.int64(), "item": pa.string()}
        engine.register(
            "wanted",
            pa.table(
                {name: pa.array(c, type=t) for c, (name, t) in zip(columns, types.items(), strict=True)}
            ),
        )
        found = engine.to_pandas(_COUNTS)
    return _judged(
        found.rename(columns={"before_count": "antecedent_count", "after_count": "consequent_count"})
    )


def _judged(found):
    expected = found["antecedent_count"] * found["consequent_count"] / found["baskets"]
    known = found["antecedent_count"] > 0
    found["confidence"] = (found["count"] / found["antecedent_count"]).where(known)
    found["lift"] = (found["count"] / expected).where(expected > 0)
    found["holds"] = pd.array(found["count"] > expected, dtype="boolean")
    found.loc[expected < FEWEST_EXPECTED, "holds"] = pd.NA
    return found


if __name__ == "__main__":
    warm()
    sys.stdout.write(f"Compiled by numba {numba_version}.\n")
