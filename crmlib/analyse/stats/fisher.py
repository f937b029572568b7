"""Fisher's exact test for many rules at once."""

from concurrent.futures import ThreadPoolExecutor
from math import lgamma

import numpy as np
from scipy.special import gammaln

from crmlib.analyse.rules.kernels import kernel

TABLE = 1_000_000
"""Logarithms of factorials that are looked up rather than computed anew."""

QUICK = 100_000
"""Tests up to which a second thread costs more than it saves."""


def fisher_p(counts, antecedent_counts, consequent_counts, basket_count: int) -> np.ndarray:
    """One-sided Fisher exact test: how likely at least so many shared baskets are without any association.

    Hahsler, M. & Hornik, K. (2007). New probabilistic interest measures for association rules. Intelligent
    Data Analysis 11(5).
    """
    whole = [np.array(x, dtype=np.int64, ndmin=1) for x in (counts, antecedent_counts, consequent_counts)]
    table = gammaln(np.arange(min(basket_count + 1, TABLE), dtype=float) + 1)
    size = len(whole[0])
    if size < QUICK:
        return upper_tails(*whole, int(basket_count), table)
    halves = slice(0, size // 2), slice(size // 2, size)
    with ThreadPoolExecutor(len(halves)) as pool:
        parts = pool.map(
            lambda half: upper_tails(*(part[half] for part in whole), int(basket_count), table), halves
        )
        return np.concatenate(list(parts))


@kernel
def _log_factorial(table, n):
    return table[n] if n < len(table) else lgamma(n + 1.0)


@kernel
def _log_choose(table, n, k):
    return _log_factorial(table, n) - _log_factorial(table, k) - _log_factorial(table, n - k)


@kernel
def upper_tails(counts, antecedent_counts, consequent_counts, basket_count, table):
    """The chances of `fisher_p`; from the count outwards on the side where the chances fall."""
    chances = np.empty(len(counts))
    n = basket_count
    for i in range(len(counts)):
        k, a, c = counts[i], antecedent_counts[i], consequent_counts[i]
        upper = k > float(a) * c / n
        x, fewest = (k if upper else k - 1), max(0, a + c - n)
        if x < fewest:
            chances[i] = 1.0
            continue
        log_chance = _log_choose(table, a, x) + _log_choose(table, n - a, c - x) - _log_choose(table, n, c)
        term, total = 1.0, 1.0
        while term > 1e-17 * total:
            if upper:
                term *= float(a - x) * float(c - x) / (float(x + 1) * float(n - a - c + x + 1))
                x += 1
            else:
                term *= float(x) * float(n - a - c + x) / (float(a - x + 1) * float(c - x + 1))
                x -= 1
            total += term
        tail = np.exp(log_chance + np.log(total))
        chances[i] = min(max(tail if upper else 1.0 - tail, 0.0), 1.0)
    return chances
