"""What chance would have done: the adjustment for many tests, and tests of counts."""

import numpy as np
from scipy.special import gammaln

SURE = 0.05
"""Adjusted p-value up to which a difference, a trend or a rule counts as more than chance, wherever one is named."""


def benjamini_hochberg(p_values) -> np.ndarray:
    """Smallest false discovery rates at which each test would pass.

    Benjamini, Y. & Hochberg, Y. (1995). Controlling the false discovery rate. JRSS B 57(1).
    """
    p_values = np.asarray(p_values, dtype=float)
    order = np.argsort(p_values)[::-1]
    ranks = np.arange(len(p_values), 0, -1)
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum.accumulate(p_values[order] * len(p_values) / ranks)
    return adjusted


def both_tails(hits, n, share) -> np.ndarray:
    """How likely a count at least so far from its share is, on either side: twice the smaller tail."""
    from scipy.stats import binom

    return np.minimum(
        1.0, 2 * np.minimum(binom.cdf(hits, n, share), binom.sf(np.asarray(hits) - 1, n, share))
    )


def two_sided_fisher(hits: int, n: int, others: int, m: int) -> float:
    """Fisher's exact test of `hits` of `n` against `others` of `m`: how likely what is as rare, or rarer, is.

    Of `scipy.stats`, which takes longer to be read than all tests of a workspace, it has the sum and the slack.
    """
    both = np.arange(max(0, hits + others - m), min(n, hits + others) + 1)
    drawn = hits + others - both
    log = -gammaln(both + 1.0) - gammaln(n - both + 1.0) - gammaln(drawn + 1.0) - gammaln(m - drawn + 1.0)
    chances = np.exp(log - log.max())
    seen = chances[hits - both[0]]
    return float(min(1.0, chances[chances <= seen * (1 + 1e-7)].sum() / chances.sum()))
