"""Rules as columns of numbers, in the order in which they are read; Python sets only for the rows that are shown."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from crmlib.analyse.rule_metrics import RuleCounts, measures

SHORT_RUN = 32
"""Rules of one lift up to which they are put in order one by one."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RuleColumns:
    """Rules as arrays: one entry a rule, strongest lift first.

    Parameters
    ----------
    names : list
        The items; an item's code is its place here.
    found : RuleCounts
        The rules in the order in which they were derived.
    rows : int array, shape (rules,)
        Where in `found` each rule stands.

    Examples
    --------
    >>> from crmlib.analyse.rules import mine_rules
    >>> lines = pd.DataFrame({"order_id": [1, 1, 2], "product_id": ["tea", "mug", "tea"]})
    >>> columns = mine_rules(lines, min_support=1).columns
    >>> columns.names, columns.counts.tolist(), [part.tolist() for part in columns.antecedents]
    (['mug', 'tea'], [1, 1], [[0, 1], [0, 1, 2]])
    """

    names: list = field(repr=False)
    found: RuleCounts = field(repr=False)
    rows: np.ndarray = field(repr=False)

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def counts(self) -> np.ndarray:
        """Baskets that hold both sides; int64."""
        return self.found.counts[self.rows]

    @cached_property
    def antecedent_counts(self) -> np.ndarray:
        """Baskets that hold the antecedents; int64."""
        return self.found.antecedent_counts[self.rows]

    @cached_property
    def consequent_counts(self) -> np.ndarray:
        """Baskets that hold the consequents; int64."""
        return self.found.consequent_counts[self.rows]

    @cached_property
    def antecedents(self) -> tuple[np.ndarray, np.ndarray]:
        """Item codes of all antecedents one after the other, and where each rule's begin (and the last end)."""
        return self._flat(self.found.antecedents[self.rows])

    @cached_property
    def consequents(self) -> tuple[np.ndarray, np.ndarray]:
        """Item codes of all consequents one after the other, and where each rule's begin (and the last end)."""
        return self._flat(self.found.consequents[self.rows])

    @cached_property
    def measures(self) -> dict[str, np.ndarray]:
        """mlxtend's measures by name, in its order; float64."""
        return measures(
            self.counts, self.antecedent_counts, self.consequent_counts, max(self.found.basket_count, 1)
        )

    @cached_property
    def q_value(self) -> np.ndarray:
        """One-sided Fisher exact tests, adjusted for all rules tested; worked out when first asked for."""
        return self.found.q_values[self.rows]

    @cached_property
    def improvement(self) -> np.ndarray:
        """Confidence over that of the best more general rule; worked out when first asked for."""
        return self.found.improvement[self.rows]

    def take(self, places: np.ndarray) -> "RuleColumns":
        """The rules at some places, or those marked by a bool array.

        Examples
        --------
        >>> from crmlib.analyse.rules import mine_rules
        >>> lines = pd.DataFrame({"order_id": [1, 1, 2], "product_id": ["tea", "mug", "tea"]})
        >>> len(mine_rules(lines, min_support=1).columns.take([0]))
        1
        """
        return replace(self, rows=self.rows[places])

    def to_frame(self, *, judged: bool = True) -> pd.DataFrame:
        """mlxtend's columns, and (if `judged`) `count`, `q_value` and `improvement`.

        Examples
        --------
        >>> from crmlib.analyse.rules import mine_rules
        >>> lines = pd.DataFrame({"order_id": [1, 1, 2], "product_id": ["tea", "mug", "tea"]})
        >>> mine_rules(lines, min_support=1).columns.to_frame(judged=False).shape
        (2, 14)
        """
        before, after = self.found.antecedents[self.rows], self.found.consequents[self.rows]
        made = self.found.sets.frozensets(self.names, np.concatenate((before, after)))
        table = {
            "antecedents": pd.Series(made[: len(before)], dtype=object),
            "consequents": pd.Series(made[len(before) :], dtype=object),
        }
        table |= self.measures
        if judged:
            table |= {"count": self.counts, "q_value": self.q_value, "improvement": self.improvement}
        return pd.DataFrame(table)

    def applies_to(self, held: frozenset) -> np.ndarray:
        """Which rules fit a basket: it holds all of their antecedents and none of their consequents.

        Parameters
        ----------
        held : frozenset of items

        Returns
        -------
        bool array, shape (rules,)

        Examples
        --------
        >>> from crmlib.analyse.rules import mine_rules
        >>> lines = pd.DataFrame({"order_id": [1, 1, 2], "product_id": ["tea", "mug", "tea"]})
        >>> mine_rules(lines, min_support=1).columns.applies_to(frozenset({"tea"})).tolist()
        [False, True]
        """
        is_held = np.array([name in held for name in self.names], dtype=np.int64)
        sets = self.found.sets
        held_items = np.concatenate([is_held[codes].sum(axis=1) for codes in sets.codes])
        sizes = np.repeat(np.arange(1, len(sets.codes) + 1), np.diff(sets.starts))
        before, after = self.found.antecedents[self.rows], self.found.consequents[self.rows]
        return (held_items[before] == sizes[before]) & (held_items[after] == 0)

    def _flat(self, places):
        from crmlib.analyse.rule_levels import put_rows

        sets = self.found.sets
        lengths = np.searchsorted(sets.starts, places, side="right")
        offsets = np.concatenate(([0], np.cumsum(lengths)))
        codes = np.empty(int(offsets[-1]), dtype=np.int32)
        for level, rows in enumerate(sets.codes):
            put_rows(codes, offsets, places, lengths, np.ascontiguousarray(rows), sets.starts[level])
        return codes, offsets


def in_order(found: RuleCounts, names: list) -> RuleColumns:
    """Rules by lift, then confidence, count, the antecedents' names and the consequents' names.

    Parameters
    ----------
    found : RuleCounts
    names : list

    Returns
    -------
    RuleColumns

    Examples
    --------
    >>> from fractions import Fraction
    >>> from crmlib.analyse.rule_itemsets import grow_itemsets, number_entries
    >>> from crmlib.analyse.rule_metrics import derive_rules
    >>> sets = grow_itemsets(number_entries([0, 0, 1], [0, 1, 1]), min_count=1)
    >>> found = derive_rules(sets, basket_count=2, min_confidence=Fraction(0))
    >>> in_order(found, ["mug", "tea"]).rows.tolist()
    [1, 0]
    """
    from crmlib.analyse.rule_levels import settle

    # lift from whole numbers, so that equal lifts are equal and fall back on the later keys
    lift = found.counts * found.basket_count / (found.antecedent_counts * found.consequent_counts)
    order = np.argsort(-lift)
    if not len(order):
        return RuleColumns(names=names, found=found, rows=order)
    ends = np.append(np.flatnonzero(np.diff(lift[order])) + 1, len(order))
    starts = np.concatenate(([0], ends[:-1]))
    confidence = found.counts / found.antecedent_counts
    places = found.sets.name_order(names)
    names_key = places[found.antecedents] * np.int64(len(places)) + places[found.consequents]
    short = ends - starts <= SHORT_RUN
    settle(order, starts[short], ends[short], confidence, found.counts, names_key)
    long = np.flatnonzero(np.repeat(~short, ends - starts))
    rows = order[long]
    # An order by the lift first is an order within runs of one lift: each stays where it stands.
    order[long] = rows[np.lexsort((names_key[rows], -found.counts[rows], -confidence[rows], -lift[rows]))]
    return RuleColumns(names=names, found=found, rows=order)
