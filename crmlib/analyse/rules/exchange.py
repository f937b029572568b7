"""Rules to and from the frames of mlxtend: what its `association_rules` gives becomes a book of rules."""

from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.rules.itemsets import SetLevels
from crmlib.analyse.rules.metrics import RuleCounts
from crmlib.analyse.rules.mine import RuleBook
from crmlib.analyse.rules.mining import in_order
from crmlib.analyse.stats.fisher import fisher_p
from crmlib.analyse.stats.tests import benjamini_hochberg
from crmlib.schema.errors import ParameterError, SchemaError

_NEEDED = ("antecedents", "consequents", "antecedent support", "consequent support", "support")
_GRAIN = 0.01


class _GivenRules(RuleCounts):
    """Rules made elsewhere: more general ones are looked for among themselves."""

    @cached_property
    def _judged(self) -> tuple[np.ndarray, np.ndarray]:
        codes = 1 + max((int(rows.max(initial=-1)) for rows in self.sets.codes), default=-1)
        made = self.sets.frozensets(list(range(codes)))
        before, after = made[self.antecedents], made[self.consequents]
        confidence = self.counts / self.antecedent_counts
        known: dict[Any, list[tuple[frozenset, float]]] = {}
        for items, then, held in zip(before, after, confidence, strict=True):
            known.setdefault(then, []).append((items, held))
        best = [
            max([share, *(held for shorter, held in known[then] if shorter < items)])
            for items, then, share in zip(
                before, after, self.consequent_counts / self.basket_count, strict=True
            )
        ]
        chances = fisher_p(self.counts, self.antecedent_counts, self.consequent_counts, self.basket_count)
        return confidence - np.array(best, dtype="float64"), benjamini_hochberg(chances)


def rules_from_mlxtend(rules: pd.DataFrame, *, basket_count: int) -> RuleBook:
    """A book of rules from the frame that mlxtend's ``association_rules`` gives.

    The other way, ``RuleBook.to_mlxtend()`` gives that frame, and the frame of `frequent_itemsets` is what
    ``association_rules`` takes.

    Parameters
    ----------
    rules : DataFrame, one row a rule
        `antecedents`, `consequents` (sets of items), `antecedent support`, `consequent support`, `support` (shares of
        all baskets, 0 to 1); further columns are worked out anew.
    basket_count : int
        Baskets that the shares are of; mlxtend's frame does not hold it.

    Returns
    -------
    RuleBook
        `q_value` is adjusted for the rules of the frame, and `improvement` is over more general rules in it (and the
        share of all baskets), since no others are known.

    Raises
    ------
    SchemaError
        If a column is missing.
    ParameterError
        If a share is not one of so many baskets.

    References
    ----------
    Raschka, S. (2018). MLxtend. Journal of Open Source Software 3(24).

    Examples
    --------
    >>> from mlxtend.frequent_patterns import association_rules
    >>> from crmlib import frequent_itemsets
    >>> lines = pd.DataFrame({"order_id": [1, 1, 2, 2, 3], "product_id": ["tea", "mug", "tea", "mug", "tea"]})
    >>> theirs = association_rules(frequent_itemsets(lines, min_support=2), num_itemsets=3, min_threshold=0.5)
    >>> book = rules_from_mlxtend(theirs, basket_count=3)
    >>> book.rules[["antecedents", "consequents", "confidence", "count"]]
            antecedents       consequents  confidence  count
    0  frozenset({mug})  frozenset({tea})    1.000000      2
    1  frozenset({tea})  frozenset({mug})    0.666667      2
    """
    missing = [name for name in _NEEDED if name not in rules]
    if missing:
        raise SchemaError(
            f"rules has no column {', '.join(missing)}. Give the frame of mlxtend's association_rules."
        )
    before, after = ([frozenset(items) for items in rules[side]] for side in _NEEDED[:2])
    first, second, both = (_counts(rules[name], basket_count) for name in _NEEDED[2:])
    names = sorted({item for items in (*before, *after) for item in items}, key=str)
    sets, place = _levels(names, dict(zip((*before, *after), (*first, *second), strict=True)))
    found = _GivenRules(
        antecedents=np.array([place[items] for items in before], dtype=np.int64),
        consequents=np.array([place[items] for items in after], dtype=np.int64),
        counts=both, antecedent_counts=first, consequent_counts=second,
        tested_count=len(both), sets=sets, basket_count=basket_count, max_consequents=None,
        kept=np.ones(len(both), dtype=bool),
    )  # fmt: skip
    return RuleBook(
        columns=in_order(found, names),
        basket_count=basket_count,
        item_count=len(names),
        transaction_count=0,
        min_support_count=int(both.min()) if len(both) else 1,
        min_confidence=float((both / first).min()) if len(both) else 0.0,
        tested_count=len(both),
        item="item",
    )


def _counts(shares: pd.Series, basket_count: int) -> np.ndarray:
    exact = shares.to_numpy(dtype="float64") * basket_count
    whole = np.round(exact)
    if basket_count < 1 or (np.abs(exact - whole) > _GRAIN).any():
        raise ParameterError(
            f"{shares.name} is no share of {basket_count:,} baskets. Give the number of baskets that were mined."
        )
    return whole.astype(np.int64)


def _levels(names: list, counts: dict[frozenset, int]) -> tuple[SetLevels, dict[frozenset, int]]:
    """The sides as columns of numbers by length, and where each stands."""
    code = {name: place for place, name in enumerate(names)}
    longest = max(map(len, counts), default=1)
    rows: list[list[tuple[tuple[int, ...], frozenset]]] = [[] for _ in range(longest)]
    for items in counts:
        rows[len(items) - 1].append((tuple(sorted(code[item] for item in items)), items))
    codes, held, place = [], [], {}
    for size, level in enumerate(rows, start=1):
        level.sort()
        for _, items in level:
            place[items] = len(place)
        codes.append(np.array([row for row, _ in level], dtype=np.int32).reshape(-1, size))
        held.append(np.array([counts[items] for _, items in level], dtype=np.int64))
    return SetLevels(codes=codes, counts=held), place
