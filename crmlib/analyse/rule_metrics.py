"""Item sets to rules: every split of every set, its counts, its measures and what chance would have done."""

from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import comb

import numpy as np
from scipy.special import gammaln

from crmlib.analyse.baskets import least_count
from crmlib.analyse.rule_itemsets import ItemSets


@dataclass(frozen=True, kw_only=True, eq=False)
class RuleCounts:
    """Rules as numbers: one entry a rule in every array.

    Parameters
    ----------
    antecedents, consequents : int arrays
        Where the sets stand in ``ItemSets.frozensets``.
    counts, antecedent_counts, consequent_counts : int arrays
        Baskets that hold both sides, the antecedent, the consequent.
    improvement : float array
        Confidence over the best confidence of a more general rule (fewer items before the arrow, none at all
        among them).
    q_values : float array
        One-sided Fisher exact tests, adjusted over `tested_count` tests.
    tested_count : int
        Rules looked at: all that meet the support, before the confidence was asked for.

    Examples
    --------
    >>> from crmlib.analyse.rule_itemsets import mine_itemsets, number_entries
    >>> sets = mine_itemsets(number_entries([0, 0, 1, 1, 2], [0, 1, 0, 1, 1]), min_count=1)
    >>> derive_rules(sets, basket_count=3, min_confidence=Fraction(7, 10)).counts.tolist()
    [2]
    """

    antecedents: np.ndarray
    consequents: np.ndarray
    counts: np.ndarray
    antecedent_counts: np.ndarray
    consequent_counts: np.ndarray
    improvement: np.ndarray
    q_values: np.ndarray
    tested_count: int


def count_candidates(sets: ItemSets, max_consequents: int | None) -> int:
    """How many rules the sets split into, before any is made.

    Examples
    --------
    >>> from crmlib.analyse.rule_itemsets import mine_itemsets, number_entries
    >>> count_candidates(mine_itemsets(number_entries([0, 0, 0], [0, 1, 2]), min_count=1), None)
    12
    """
    return sum(len(counts) * _split_count(level, max_consequents) for level, counts in enumerate(sets.counts))


def support_with_rules_below(sets: ItemSets, max_consequents: int | None, limit: int) -> int:
    """The lowest support, in baskets, at which no more than `limit` rules are candidates.

    Examples
    --------
    >>> from crmlib.analyse.rule_itemsets import mine_itemsets, number_entries
    >>> sets = mine_itemsets(number_entries([0, 0, 1, 1, 1], [0, 1, 0, 1, 2]), min_count=1)
    >>> support_with_rules_below(sets, 1, 2)
    2
    """
    levels = range(len(sets.counts))
    splits = [_split_count(level, max_consequents) for level in levels]
    counts = np.concatenate(sets.counts)
    made = np.repeat(splits, [len(sets.counts[level]) for level in levels])
    order = np.argsort(-counts, kind="stable")
    beyond = np.flatnonzero(np.cumsum(made[order]) > limit)
    return int(counts[order[beyond[0]]]) + 1 if len(beyond) else int(counts.min(initial=1))


def derive_rules(
    sets: ItemSets,
    *,
    basket_count: int,
    min_confidence: Fraction,
    max_consequents: int | None = 1,
    max_rules: int | None = None,
) -> RuleCounts | None:
    """Split every set into antecedent and consequent, and keep what meets the confidence, exactly.

    Parameters
    ----------
    sets : ItemSets
    basket_count : int
        All baskets.
    min_confidence : Fraction
        Compared in whole numbers: 90 of 300 is in at 3/10.
    max_consequents : int, optional
        Items after the arrow; None = any number.
    max_rules : int, optional

    Returns
    -------
    RuleCounts, or None when there are more than `max_rules`

    References
    ----------
    Agrawal, R. & Srikant, R. (1994). Fast algorithms for mining association rules. VLDB.
    Bayardo, R., Agrawal, R. & Gunopulos, D. (2000). Constraint-based rule mining in large, dense databases.
    Data Mining and Knowledge Discovery 4 (improvement).

    Examples
    --------
    >>> from crmlib.analyse.rule_itemsets import mine_itemsets, number_entries
    >>> sets = mine_itemsets(number_entries([0, 0, 1, 1, 2], [0, 1, 0, 1, 1]), min_count=1)
    >>> rules = derive_rules(sets, basket_count=3, min_confidence=Fraction(0))
    >>> rules.counts.tolist(), rules.antecedent_counts.tolist(), rules.improvement.round(3).tolist()
    ([2, 2], [3, 2], [0.0, 0.0])
    """
    offsets = np.concatenate(([0], np.cumsum([len(counts) for counts in sets.counts])))
    below = [sets.without_column(level) if level else [] for level in range(len(sets.counts))]
    kept, p_values, general = [np.empty((5, 0), dtype=np.int64)], [np.empty(0)], {}
    improvement, passed = [np.empty(0)], [np.empty(0, dtype=bool)]
    for level in range(1, len(sets.counts)):
        general_here = {}
        for columns in _consequent_columns(level, max_consequents):
            rest = tuple(column for column in range(level + 1) if column not in columns)
            ante, cons = _places_of(rest, level, below), _places_of(columns, level, below)
            count = sets.counts[level]
            ante_count, cons_count = sets.counts[len(rest) - 1][ante], sets.counts[len(columns) - 1][cons]
            confidence = count / ante_count
            best = _best_general(columns, rest, below[level], general, cons_count / basket_count)
            general_here[columns] = np.maximum(confidence, best)
            good = count >= _counts_needed(ante_count, min_confidence)
            ids = ante + offsets[len(rest) - 1], cons + offsets[len(columns) - 1]
            kept.append(np.array([*ids, count, ante_count, cons_count])[:, good])
            improvement.append((confidence - best)[good])
            if max_rules is not None and sum(map(len, improvement)) > max_rules:
                return None
            p_values.append(fisher_p(count, ante_count, cons_count, basket_count))
            passed.append(good)
        general = general_here
    ante, cons, count, ante_count, cons_count = np.concatenate(kept, axis=1)
    return RuleCounts(
        antecedents=ante,
        consequents=cons,
        counts=count,
        antecedent_counts=ante_count,
        consequent_counts=cons_count,
        improvement=np.concatenate(improvement),
        q_values=benjamini_hochberg(np.concatenate(p_values))[np.concatenate(passed)],
        tested_count=sum(map(len, passed)),
    )


def measures(rules: RuleCounts, basket_count: int) -> dict[str, np.ndarray]:
    """The measures of mlxtend's ``association_rules``, by its names, in its order, in its arithmetic.

    Parameters
    ----------
    rules : RuleCounts
    basket_count : int

    Returns
    -------
    dict of str to float array
        Conviction is infinite at confidence 1.

    References
    ----------
    Raschka, S. (2018). MLxtend. JOSS 3(24). Its user guide gives each formula and its source.

    Examples
    --------
    >>> from crmlib.analyse.rule_itemsets import mine_itemsets, number_entries
    >>> sets = mine_itemsets(number_entries([0, 0, 1, 1, 2], [0, 1, 0, 1, 1]), min_count=1)
    >>> measures(derive_rules(sets, basket_count=3, min_confidence=Fraction(1)), 3)["conviction"]
    array([inf])
    """
    antecedent, consequent = rules.antecedent_counts / basket_count, rules.consequent_counts / basket_count
    support = rules.counts / basket_count
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


def fisher_p(counts, antecedent_counts, consequent_counts, basket_count: int) -> np.ndarray:
    """One-sided Fisher exact test: how likely at least so many shared baskets are without any association.

    Parameters
    ----------
    counts, antecedent_counts, consequent_counts : int arrays, shape (rules,)
    basket_count : int

    Returns
    -------
    float array, shape (rules,)
        To some eight digits at a million baskets.

    References
    ----------
    Hahsler, M. & Hornik, K. (2007). New probabilistic interest measures for association rules. Intelligent
    Data Analysis 11(5).

    Examples
    --------
    >>> fisher_p([3], [3], [3], 6)     # the one best of the 20 ways to draw 3 of 6
    array([0.05])
    """
    n = float(basket_count)
    k, a, c = (np.asarray(x, dtype=float) for x in (counts, antecedent_counts, consequent_counts))
    is_upper = k > a * c / n
    x = np.where(is_upper, k, k - 1)
    possible = x >= np.maximum(0, a + c - n)
    x = np.where(possible, x, np.maximum(0, a + c - n))
    log_chance = _log_choose(a, x) + _log_choose(n - a, c - x) - _log_choose(n, c)
    tail = np.where(possible, np.exp(log_chance + np.log(_tail_sum(x, a, c, n, is_upper))), 0)
    return np.clip(np.where(is_upper, tail, 1 - tail), 0, 1)


def benjamini_hochberg(p_values) -> np.ndarray:
    """Smallest false discovery rates at which each test would pass.

    Parameters
    ----------
    p_values : float array, shape (tests,)
        Of all tests made.

    Returns
    -------
    float array, shape (tests,)

    References
    ----------
    Benjamini, Y. & Hochberg, Y. (1995). Controlling the false discovery rate. JRSS B 57(1).

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03])
    array([0.03, 0.04, 0.04])
    """
    p_values = np.asarray(p_values, dtype=float)
    order = np.argsort(p_values)[::-1]
    ranks = np.arange(len(p_values), 0, -1)
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum.accumulate(p_values[order] * len(p_values) / ranks)
    return adjusted


def _consequent_sizes(level, max_consequents):
    return range(1, min(level, max_consequents or level) + 1)


def _split_count(level, max_consequents):
    return sum(comb(level + 1, size) for size in _consequent_sizes(level, max_consequents))


def _consequent_columns(level, max_consequents):
    for size in _consequent_sizes(level, max_consequents):
        yield from combinations(range(level + 1), size)


def _places_of(columns, level, below):
    """Where each set's part in these columns stands among the sets of its length."""
    places = slice(None)
    for column in reversed(range(level + 1)):
        if column not in columns:
            places = below[level][column][places]
            level -= 1
    return places


def _best_general(columns, rest, below, general, base_rate):
    """The best confidence of any rule with the same consequent and fewer items before the arrow."""
    if len(rest) == 1:
        return base_rate
    return np.max(
        [general[tuple(c - (c > column) for c in columns)][below[column]] for column in rest], axis=0
    )


def _counts_needed(antecedent_counts, min_confidence):
    """The smallest whole number of baskets that meets the confidence, for each rule."""
    distinct, where = np.unique(antecedent_counts, return_inverse=True)
    needed = [least_count(min_confidence, int(n)) for n in distinct]
    return np.array(needed, dtype=np.int64)[where]


def _log_choose(n, k):
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)


def _tail_sum(x, a, c, n, is_upper):
    """Sum of hypergeometric chances from x outwards, as a multiple of the chance of x."""
    total, live = np.ones_like(x), np.arange(len(x))
    term, sign = np.ones_like(x), np.where(is_upper, 1.0, -1.0)
    while len(live):
        up = (a - x) * (c - x)
        down = (x + 1) * (n - a - c + x + 1)
        back_up, back_down = x * (n - a - c + x), (a - x + 1) * (c - x + 1)
        term = term * np.where(sign > 0, up / down, back_up / back_down)
        total[live] += term
        x = x + sign
        on = term > 1e-17 * total[live]
        live, term, sign, x, a, c = live[on], term[on], sign[on], x[on], a[on], c[on]
    return total
