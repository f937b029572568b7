"""The interval of a share, for one share or for many."""

from typing import Any

import numpy as np


def share_interval(hits: Any, n: Any, *, level: float = 0.95) -> tuple[Any, Any]:
    """The interval of a share by Wilson's score.

    Parameters
    ----------
    hits, n : int, or arrays of one length
        How many of how many.
    level : float
        0 to 1.

    Returns
    -------
    (low, high)
        From 0 to 1, floats for numbers and arrays for arrays; NaN where n is 0.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. Journal of the
    American Statistical Association 22.

    Examples
    --------
    >>> [round(end, 4) for end in share_interval(10, 100)]
    [0.0552, 0.1744]
    >>> low, high = share_interval([5, 0, 0], [10, 10, 0])
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.2366, 0.0, nan], [0.7634, 0.2775, nan])
    """
    from statsmodels.stats.proportion import proportion_confint

    hits, n = np.asarray(hits, dtype=float), np.asarray(n, dtype=float)
    low, high = proportion_confint(hits, np.where(n > 0, n, np.nan), alpha=1 - level, method="wilson")
    # Rounding leaves a trace above 0 or below 1 where nothing or everything hit.
    low, high = np.where(hits == 0, 0 * low, low), np.where(hits == n, 1 + 0 * high, high)
    return (low, high) if low.ndim else (float(low), float(high))
