"""The interval of a share, for one share or for many."""

from typing import Any

import numpy as np


def share_interval(hits: Any, n: Any, *, level: float = 0.95) -> tuple[Any, Any]:
    """The interval of a share by Wilson's score.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. Journal of the
    American Statistical Association 22.
    """
    from statsmodels.stats.proportion import proportion_confint

    hits, n = np.asarray(hits, dtype=float), np.asarray(n, dtype=float)
    low, high = proportion_confint(hits, np.where(n > 0, n, np.nan), alpha=1 - level, method="wilson")
    # Rounding leaves a trace above 0 or below 1 where nothing or everything hit.
    low, high = np.where(hits == 0, 0 * low, low), np.where(hits == n, 1 + 0 * high, high)
    return (low, high) if low.ndim else (float(low), float(high))
