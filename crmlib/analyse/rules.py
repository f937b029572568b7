"""What is bought together: frequent item sets and association rules, from order lines."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.baskets import MAX_BASKET_ITEMS, as_written, check_whole, encode_baskets
from crmlib.analyse.rule_metrics import count_candidates, derive_rules, measures, support_with_rules_below
from crmlib.analyse.rule_mining import mine
from crmlib.prepare.engine import Engine
from crmlib.schema.errors import CostError, ParameterError

MAX_MEMORY_MB = 1_000
"""Memory that an answer may take, about, before it is refused with advice."""

BYTES_PER_CANDIDATE = 64
BYTES_PER_RULE = 250
"""Memory of a rule that is looked at, and of one that is returned (its frozensets are shared)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RuleBook:
    """Rules "who buys the antecedents buys the consequents", strongest lift first.

    Parameters
    ----------
    rules : DataFrame, one row per rule
        mlxtend's columns in its order (`antecedents`, `consequents` as frozensets, `antecedent support`,
        `consequent support`, `support`, `confidence`, `lift`, `representativity`, `leverage`, `conviction`,
        `zhangs_metric`, `jaccard`, `certainty`, `kulczynski`), then `count` (baskets that hold both sides),
        `q_value` (one-sided Fisher exact test against "no association", adjusted for all `tested_count`
        rules by Benjamini-Hochberg) and `improvement` (confidence minus the best confidence of a more
        general rule). Order: lift, confidence, count, then the items' names, so that the order of the input
        is irrelevant.
    basket_count, item_count, transaction_count : int
        Baskets (what supports are a share of, those set aside for their size included), distinct items
        bought, lines read.
    min_support_count : int
        Baskets that a rule had to be in.
    min_confidence : float
    tested_count : int
        Rules that met the support and were tested, whatever their confidence.
    item : str
        The column whose values the items are.
    set_aside : dict of str to int
        `refund_lines`, `lines_without_basket`, `lines_without_item`, `baskets_above_cap`.

    Examples
    --------
    >>> lines = pd.DataFrame({"order_id": [1, 1, 2, 2, 3], "product_id": ["tea", "mug", "tea", "mug", "tea"]})
    >>> book = mine_rules(lines, min_support=2, min_confidence=0.7)
    >>> book.to_table()[["if", "then", "count", "confidence_pct"]]
        if then  count  confidence_pct
    0  mug  tea      2           100.0
    """

    rules: pd.DataFrame = field(repr=False)
    basket_count: int
    item_count: int
    transaction_count: int
    min_support_count: int
    min_confidence: float
    tested_count: int
    item: str = "product_id"
    set_aside: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rules)

    def head(self, n: int = 5) -> pd.DataFrame:
        """The first n rules.

        Examples
        --------
        >>> lines = pd.DataFrame({"order_id": [1, 1, 2], "product_id": ["tea", "mug", "tea"]})
        >>> mine_rules(lines, min_support=1).head(1)["count"].tolist()
        [1]
        """
        return self.rules.head(n)

    def for_basket(self, items: Iterable[Any]) -> pd.DataFrame:
        """The rules that apply to a basket: it holds all of their antecedents and none of their consequents.

        Parameters
        ----------
        items : what the basket holds

        Returns
        -------
        DataFrame
            Rows of `rules`, the best first (highest confidence: likeliest to be bought as well).

        Examples
        --------
        >>> lines = pd.DataFrame({"order_id": [1, 1, 2], "product_id": ["tea", "mug", "tea"]})
        >>> mine_rules(lines, min_support=1).for_basket(["tea"])["consequents"].tolist()
        [frozenset({'mug'})]
        """
        if isinstance(items, str):
            raise ParameterError(f"items must be a list of items, not one word. Give [{items!r}].")
        held = frozenset(items)
        sides = zip(self.rules["antecedents"], self.rules["consequents"], strict=True)
        applies = [before <= held and held.isdisjoint(after) for before, after in sides]
        found = self.rules[np.array(applies, dtype=bool)]
        return found.sort_values("confidence", ascending=False, kind="stable")

    def to_table(self, n: int | None = None) -> pd.DataFrame:
        """The first n rules (all by default) for reading: sides as text, shares in percent.

        Examples
        --------
        >>> lines = pd.DataFrame({"order_id": [1, 1, 2], "product_id": ["tea", "mug", "tea"]})
        >>> mine_rules(lines, min_support=1).to_table().columns.tolist()
        ['if', 'then', 'count', 'support_pct', 'confidence_pct', 'lift', 'q_value']
        """
        rules = self.rules if n is None else self.rules.head(n)
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
        hidden = f" {len(self) - 10:,} more are not shown." if len(self) > 10 else ""
        return (
            f"<p>{len(self):,} rules on {escape(str(self.item))} in at least {self.min_support_count:,} of "
            f"{self.basket_count:,} baskets, confidence at least {100 * self.min_confidence:g} %.{hidden}</p>"
            f"{shown}"
        )


def frequent_itemsets(
    transactions: Any,
    *,
    min_support: int | float,
    basket: str = "order_id",
    item: str = "product_id",
    max_len: int | None = None,
    max_basket_items: int = MAX_BASKET_ITEMS,
    max_memory_mb: float = MAX_MEMORY_MB,
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
        Columns. `item="category"` takes categories for items.
    max_len : int, optional
        Most items in a set. With 2, pairs are counted by the engine, which spills to disk.
    max_basket_items : int
        Baskets of more distinct items are set aside but stay in the number that supports are a share of.
    max_memory_mb : float
        About how much memory the answer may take.

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
    baskets, sets = _mine(
        transactions,
        min_support=min_support,
        basket=basket,
        item=item,
        max_basket_items=max_basket_items,
        max_len=max_len,
        max_memory_mb=max_memory_mb,
    )
    counts = np.concatenate(sets.counts)
    order = np.lexsort((sets.name_order(baskets.names), -counts))
    found = pd.DataFrame(
        {
            "support": counts[order] / max(baskets.basket_count, 1),
            "itemsets": pd.Series(sets.frozensets(baskets.names)[order], dtype=object),
        }
    )
    found.attrs["set_aside"] = dict(baskets.set_aside)
    return found


def mine_rules(
    transactions: Any,
    *,
    min_support: int | float,
    min_confidence: float = 0.0,
    basket: str = "order_id",
    item: str = "product_id",
    max_len: int | None = None,
    max_consequents: int | None = 1,
    max_basket_items: int = MAX_BASKET_ITEMS,
    max_memory_mb: float = MAX_MEMORY_MB,
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
    baskets, sets = _mine(
        transactions,
        min_support=min_support,
        basket=basket,
        item=item,
        max_basket_items=max_basket_items,
        max_len=max_len,
        max_memory_mb=max_memory_mb,
    )
    found = _derive(sets, baskets, confidence, max_consequents, max_memory_mb)
    return RuleBook(
        rules=_rule_table(found, sets, baskets),
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
    improvement = book.rules["improvement"]
    kept = book.rules[(improvement > 0) & (improvement >= min_improvement)]
    return replace(book, rules=kept.reset_index(drop=True))


def _mine(transactions, *, max_len, max_memory_mb, **encoding):
    if not max_memory_mb > 0:
        raise ParameterError(f"max_memory_mb must be above 0, not {max_memory_mb!r}.")
    if max_len is not None:
        check_whole(max_len, name="max_len")
    with Engine() as engine:
        baskets = encode_baskets(engine, transactions, **encoding)
        return baskets, mine(engine, baskets, max_len=max_len, max_memory_mb=max_memory_mb)


def _rule_table(found, sets, baskets):
    columns = measures(found, max(baskets.basket_count, 1))
    place = sets.name_order(baskets.names)
    # lift from whole numbers, so that equal lifts are equal and fall back on the later keys
    lift = found.counts * baskets.basket_count / (found.antecedent_counts * found.consequent_counts)
    order = np.lexsort(
        (
            place[found.consequents],
            place[found.antecedents],
            -found.counts,
            -found.counts / found.antecedent_counts,
            -lift,
        )
    )
    shown = sets.frozensets(baskets.names)
    table = {
        "antecedents": pd.Series(shown[found.antecedents[order]], dtype=object),
        "consequents": pd.Series(shown[found.consequents[order]], dtype=object),
    }
    table |= {name: values[order] for name, values in columns.items()}
    table |= {
        "count": found.counts[order],
        "q_value": found.q_values[order],
        "improvement": found.improvement[order],
    }
    return pd.DataFrame(table)


def _derive(sets, baskets, min_confidence, max_consequents, max_memory_mb):
    max_rules = int(max_memory_mb * 1e6 / BYTES_PER_RULE)
    found, candidates = None, count_candidates(sets, max_consequents)
    if candidates * BYTES_PER_CANDIDATE <= max_memory_mb * 1e6:
        found = derive_rules(
            sets,
            basket_count=baskets.basket_count,
            min_confidence=min_confidence,
            max_consequents=max_consequents,
            max_rules=max_rules,
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


def _text(items):
    return " + ".join(sorted(map(str, items)))
