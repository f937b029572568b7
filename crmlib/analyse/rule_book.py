"""What a miner hands over: item sets and rules, columnar inside, as pandas where somebody reads them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.rule_columns import RuleColumns
from crmlib.analyse.rule_itemsets import SetLevels
from crmlib.schema.errors import ParameterError


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

    Examples
    --------
    >>> from crmlib.analyse.rules import mine_itemsets
    >>> lines = pd.DataFrame({"order_id": [1, 1, 2], "product_id": ["tea", "mug", "tea"]})
    >>> sets = mine_itemsets(lines, min_support=1)
    >>> sets.names, sets.items.tolist(), sets.offsets.tolist(), sets.counts.tolist()
    (['mug', 'tea'], [0, 1, 0, 1], [0, 1, 2, 4], [1, 2, 1])
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
        """mlxtend's columns `support` and `itemsets`: largest support first, then shorter sets, then names.

        Examples
        --------
        >>> from crmlib.analyse.rules import mine_itemsets
        >>> lines = pd.DataFrame({"order_id": [1, 1, 2], "product_id": ["tea", "mug", "tea"]})
        >>> mine_itemsets(lines, min_support=2).to_frame()
           support          itemsets
        0      1.0  frozenset({tea})
        """
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
    min_confidence : float
    tested_count : int
        Rules that met the support and were tested, whatever their confidence.
    item : str, or several
        The column whose values the items are.
    set_aside : dict of str to int
        `refund_lines`, `lines_without_basket`, `lines_without_item`, `baskets_above_cap`.

    Examples
    --------
    >>> from crmlib.analyse.rules import mine_rules
    >>> lines = pd.DataFrame({"order_id": [1, 1, 2, 2, 3], "product_id": ["tea", "mug", "tea", "mug", "tea"]})
    >>> book = mine_rules(lines, min_support=2, min_confidence=0.7)
    >>> book.to_table()[["if", "then", "count", "confidence_pct"]]
        if then  count  confidence_pct
    0  mug  tea      2           100.0
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
        """The first n rules; sets are made for these only.

        Examples
        --------
        >>> from crmlib.analyse.rules import mine_rules
        >>> lines = pd.DataFrame({"order_id": [1, 1, 2], "product_id": ["tea", "mug", "tea"]})
        >>> mine_rules(lines, min_support=1).head(1)["count"].tolist()
        [1]
        """
        return self.columns.take(np.arange(len(self))[:n]).to_frame()

    def to_mlxtend(self) -> pd.DataFrame:
        """The rules with just the columns that mlxtend's ``association_rules`` gives, in the same numbers.

        Examples
        --------
        >>> from crmlib.analyse.rules import mine_rules
        >>> lines = pd.DataFrame({"order_id": [1, 1, 2], "product_id": ["tea", "mug", "tea"]})
        >>> mine_rules(lines, min_support=1).to_mlxtend().columns[-1]
        'kulczynski'
        """
        return self.columns.to_frame(judged=False)

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
        >>> from crmlib.analyse.rules import mine_rules
        >>> lines = pd.DataFrame({"order_id": [1, 1, 2], "product_id": ["tea", "mug", "tea"]})
        >>> mine_rules(lines, min_support=1).for_basket(["tea"])["consequents"].tolist()
        [frozenset({'mug'})]
        """
        if isinstance(items, str):
            raise ParameterError(f"items must be a list of items, not one word. Give [{items!r}].")
        places = np.flatnonzero(self.columns.applies_to(frozenset(items)))
        found = self.columns.take(places).to_frame().set_axis(places)
        return found.sort_values("confidence", ascending=False, kind="stable")

    def to_table(self, n: int | None = None) -> pd.DataFrame:
        """The first n rules (all by default) for reading: sides as text, shares in percent.

        Examples
        --------
        >>> from crmlib.analyse.rules import mine_rules
        >>> lines = pd.DataFrame({"order_id": [1, 1, 2], "product_id": ["tea", "mug", "tea"]})
        >>> mine_rules(lines, min_support=1).to_table().columns.tolist()
        ['if', 'then', 'count', 'support_pct', 'confidence_pct', 'lift', 'q_value']
        """
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
        hidden = f" {len(self) - 10:,} more are not shown." if len(self) > 10 else ""
        item = self.item if isinstance(self.item, str) else ", ".join(map(str, self.item))
        return (
            f"<p>{len(self):,} rules on {escape(item)} in at least {self.min_support_count:,} of "
            f"{self.basket_count:,} baskets, confidence at least {100 * self.min_confidence:g} %.{hidden}</p>"
            f"{shown}"
        )


def _text(items):
    return " + ".join(sorted(map(_word, items)))


def _word(item):
    return f"{item[1]} ({item[0]})" if isinstance(item, tuple) else str(item)
