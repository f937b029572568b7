"""Item sets to rules: every split of every set, its counts, its measures and what chance would have done."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import combinations
from math import comb

import numpy as np

from crmlib.analyse.rules.baskets import least_count
from crmlib.analyse.rules.itemsets import SetLevels


@dataclass(frozen=True, kw_only=True, eq=False)
class RuleCounts:
    """Rules as numbers: one entry a rule in every array.

    `antecedents`, `consequents` (int arrays): Where the sets stand in ``SetLevels.frozensets``.
    `counts`, `antecedent_counts`, `consequent_counts` (int arrays): Baskets that hold both sides, the antecedent, the
        consequent.
    `tested_count`: Rules looked at: all that meet the support, before the confidence was asked for.
    `sides` (pair of bool arrays, optional): Items that may stand before and after the arrow.
    `kept` (bool array, shape (tested rules,)): Which of the rules looked at are here.
    """

    antecedents: np.ndarray
    consequents: np.ndarray
    counts: np.ndarray
    antecedent_counts: np.ndarray
    consequent_counts: np.ndarray
    tested_count: int
    sets: SetLevels = field(repr=False)
    basket_count: int
    max_consequents: int | None = 1
    sides: tuple[np.ndarray, np.ndarray] | None = None
    kept: np.ndarray = field(repr=False)

    @property
    def improvement(self) -> np.ndarray:
        """Confidence over the best confidence of a more general rule: one with fewer items before the arrow.

        No items at all is such a rule too, so that the share of all baskets with the consequent counts. Worked
        out when it is first asked for.

        Bayardo, R., Agrawal, R. & Gunopulos, D. (2000). Constraint-based rule mining in large, dense databases.
        Data Mining and Knowledge Discovery 4.
        """
        return self._judged[0]

    @property
    def q_values(self) -> np.ndarray:
        """One-sided Fisher exact tests, adjusted over `tested_count` tests; when first asked for."""
        return self._judged[1]

    @cached_property
    def _judged(self):
        from crmlib.analyse.stats.fisher import fisher_p
        from crmlib.analyse.stats.tests import benjamini_hochberg

        improvement, counts, general, here, level = (
            [np.empty(0)],
            [np.empty((3, 0), dtype=np.int64)],
            {},
            {},
            0,
        )
        for split in _splits(self.sets, self.max_consequents):
            if split.level > level:
                level, general, here = split.level, here, {}
            confidence = split.counts / split.antecedent_counts
            best = _best_general(split, self.sets.without_column(level), general, self.basket_count)
            here[split.columns] = np.maximum(confidence, best)
            looked_at = split.allowed(self.sides, self.sets)
            improvement.append((confidence - best)[looked_at])
            numbers = (split.counts, split.antecedent_counts, split.consequent_counts)
            counts.append(np.array([column[looked_at] for column in numbers]))
        p_values = fisher_p(*np.concatenate(counts, axis=1), self.basket_count)
        return np.concatenate(improvement)[self.kept], benjamini_hochberg(p_values)[self.kept]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Split:
    """All rules that put the same columns of the sets of one length after the arrow."""

    level: int
    columns: tuple
    rest: tuple
    antecedents: np.ndarray
    consequents: np.ndarray
    counts: np.ndarray
    antecedent_counts: np.ndarray
    consequent_counts: np.ndarray

    def allowed(self, sides, sets):
        if sides is None:
            return slice(None)
        rows, (before, after) = sets.codes[self.level], sides
        return before[rows[:, self.rest]].all(axis=1) & after[rows[:, self.columns]].all(axis=1)


def count_candidates(sets: SetLevels, max_consequents: int | None) -> int:
    """How many rules the sets split into, before any is made."""
    return sum(len(counts) * _split_count(level, max_consequents) for level, counts in enumerate(sets.counts))


def support_with_rules_below(sets: SetLevels, max_consequents: int | None, limit: int) -> int:
    """The lowest support, in baskets, at which no more than `limit` rules are candidates."""
    levels = range(len(sets.counts))
    splits = [_split_count(level, max_consequents) for level in levels]
    counts = np.concatenate(sets.counts)
    made = np.repeat(splits, [len(sets.counts[level]) for level in levels])
    order = np.argsort(-counts, kind="stable")
    beyond = np.flatnonzero(np.cumsum(made[order]) > limit)
    return int(counts[order[beyond[0]]]) + 1 if len(beyond) else int(counts.min(initial=1))


def derive_rules(
    sets: SetLevels,
    *,
    basket_count: int,
    min_confidence: Fraction,
    max_consequents: int | None = 1,
    max_rules: int | None = None,
    sides: tuple[np.ndarray, np.ndarray] | None = None,
) -> RuleCounts | None:
    """Split every set into antecedent and consequent, and keep what meets the confidence, exactly.

    Agrawal, R. & Srikant, R. (1994). Fast algorithms for mining association rules. VLDB.
    """
    found, passed, size = [np.empty((5, 0), dtype=np.int64)], [np.empty(0, dtype=bool)], 0
    needed = _counts_needed(sets, min_confidence)
    for split in _splits(sets, max_consequents):
        good = split.counts >= needed[split.antecedent_counts] if min_confidence else None
        looked_at = split.allowed(sides, sets)
        columns = (
            split.antecedents,
            split.consequents,
            split.counts,
            split.antecedent_counts,
            split.consequent_counts,
        )
        if good is None:
            good = np.ones(len(split.counts), dtype=bool)
        passed.append(good[looked_at])
        if sides is not None:
            good = good & looked_at
        found.append(np.array(columns) if good.all() else np.array([column[good] for column in columns]))
        size += found[-1].shape[1]
        if max_rules is not None and size > max_rules:
            return None
    ante, cons, count, ante_count, cons_count = np.concatenate(found, axis=1)
    kept = np.concatenate(passed)
    return RuleCounts(
        antecedents=ante,
        consequents=cons,
        counts=count,
        antecedent_counts=ante_count,
        consequent_counts=cons_count,
        tested_count=len(kept),
        sets=sets,
        basket_count=basket_count,
        max_consequents=max_consequents,
        sides=sides,
        kept=kept,
    )


def measures(
    counts: np.ndarray, antecedent_counts: np.ndarray, consequent_counts: np.ndarray, basket_count: int
) -> dict[str, np.ndarray]:
    """The measures of mlxtend's ``association_rules``, by its names, in its order, in its arithmetic.

    Raschka, S. (2018). MLxtend. JOSS 3(24). Its user guide gives each formula and its source.
    """
    antecedent, consequent = antecedent_counts / basket_count, consequent_counts / basket_count
    support = counts / basket_count
    confidence = support / antecedent
    leverage = support - antecedent * consequent
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.maximum(support * (1 - antecedent), antecedent * (consequent - support))
        return {
            "antecedent support": antecedent,
            "consequent support": consequent,
            "support": support,
            "confidence": confidence,
            "lift": confidence / consequent,
            "representativity": np.ones_like(support),
            "leverage": leverage,
            "conviction": np.where(confidence < 1, (1 - consequent) / (1 - confidence), np.inf),
            "zhangs_metric": np.where(spread == 0, 0, leverage / spread),
            "jaccard": support / (antecedent + consequent - support),
            "certainty": np.where(consequent == 1, 0, (confidence - consequent) / (1 - consequent)),
            "kulczynski": (confidence + support / consequent) / 2,
        }


def _consequent_sizes(level, max_consequents):
    return range(1, min(level, max_consequents or level) + 1)


def _split_count(level, max_consequents):
    return sum(comb(level + 1, size) for size in _consequent_sizes(level, max_consequents))


def _splits(sets: SetLevels, max_consequents: int | None) -> Iterator[_Split]:
    """Every way to split the sets, shortest sets first."""
    for level in range(1, len(sets.counts)):
        for size in _consequent_sizes(level, max_consequents):
            for columns in combinations(range(level + 1), size):
                rest = tuple(column for column in range(level + 1) if column not in columns)
                before, after = _places_of(rest, level, sets), _places_of(columns, level, sets)
                yield _Split(
                    level=level,
                    columns=columns,
                    rest=rest,
                    antecedents=before + sets.starts[len(rest) - 1],
                    consequents=after + sets.starts[size - 1],
                    counts=sets.counts[level],
                    antecedent_counts=sets.counts[len(rest) - 1][before],
                    consequent_counts=sets.counts[size - 1][after],
                )


def _places_of(columns, level, sets):
    """Where each set's part in these columns stands among the sets of its length."""
    places = slice(None)
    for column in reversed(range(level + 1)):
        if column not in columns:
            places = sets.without_column(level)[column][places]
            level -= 1
    return places


def _best_general(split, below, general, basket_count):
    """The best confidence of any rule with the same consequent and fewer items before the arrow."""
    if len(split.rest) == 1:
        return split.consequent_counts / basket_count
    best = None
    for column in split.rest:
        shorter = general[tuple(c - (c > column) for c in split.columns)][below[column]]
        best = shorter if best is None else np.maximum(best, shorter, out=best)
    return best


def _counts_needed(sets, min_confidence):
    """For each size of an antecedent, the smallest number of baskets that meets the confidence."""
    distinct = np.unique(np.concatenate(sets.counts[:-1] or sets.counts[:1]))
    needed = np.zeros(int(distinct.max(initial=0)) + 1, dtype=np.int64)
    if min_confidence:
        needed[distinct] = [least_count(min_confidence, n) for n in distinct.tolist()]
    return needed
