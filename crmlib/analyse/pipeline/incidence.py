"""Ends of different kinds that exclude each other: how likely each is by a certain time, open cases counted."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.retention_survival import AT_RISK_LEAST, LEVEL
from crmlib.schema.errors import ParameterError

INCIDENCE_COLUMNS = ("exit", "time", "at_risk", "ended", "incidence", "low", "high", "shown")


def cumulative_incidence(durations: Any, ends: Any) -> pd.DataFrame:
    """The share that has ended in each way by a time, those included that have not ended yet.

    One minus a survival curve for each way would count cases that ended in another way as if they might still
    end in this one; here they cannot.

    Parameters
    ----------
    durations : array or Series of numbers
        How long each lasted, or has lasted so far; 0 or more.
    ends : array or Series of str
        The way each ended; "" while it has not.

    Returns
    -------
    DataFrame, one row a way and time at which something ended
        `exit`, `time`, `at_risk` (not ended just before), `ended` (in that way then), `incidence` (share ended in
        that way by then), `low`, `high` (95 %; NaN where the share is 0 or 1), `shown` (at least 10 at risk).

    Raises
    ------
    ParameterError
        If lengths differ, or a duration is negative or missing.

    References
    ----------
    Aalen, O. & Johansen, S. (1978). An empirical transition matrix for non-homogeneous Markov chains based on
    censored observations. Scandinavian Journal of Statistics 5.
    Marubini, E. & Valsecchi, M. G. (1995). Analysing Survival Data from Clinical Trials, chapter 10: the
    variance, Greenwood's where there is one way only.
    Choudhury, J. B. (2002). Non-parametric confidence interval estimation for competing risks analysis.
    Statistics in Medicine 21: the interval.

    Examples
    --------
    Four deals: won after 1 and 3 weeks, lost after 2, and one still open after 2:

    >>> found = cumulative_incidence([1, 2, 3, 2], ["won", "lost", "won", ""])
    >>> found[["exit", "time", "incidence"]].round(3)
       exit  time  incidence
    0  lost   1.0       0.00
    1  lost   2.0       0.25
    2  lost   3.0       0.25
    3   won   1.0       0.25
    4   won   2.0       0.25
    5   won   3.0       0.75
    """
    time = np.asarray(durations, dtype="float64")
    kinds = np.asarray(ends, dtype=object)
    if time.ndim != 1 or len(time) != len(kinds):
        raise ParameterError("durations and ends must be of one length: one value for each case.")
    if not (np.isfinite(time) & (time >= 0)).all():
        raise ParameterError("durations must be 0 or more, none missing. Leave out what has no duration.")
    over = np.array([bool(kind) for kind in kinds], dtype=bool)
    times = np.unique(time[over])
    at_risk = len(time) - np.searchsorted(np.sort(time), times, side="left")
    ended = np.searchsorted(np.sort(time[over]), times, side="right")
    ended = np.diff(ended, prepend=0)
    parts = [
        _one(name, times, at_risk, ended, _counts(time[over & (kinds == name)], times))
        for name in sorted(set(kinds[over]))
    ]
    if not parts:
        return pd.DataFrame({name: pd.Series(dtype="float64") for name in INCIDENCE_COLUMNS})
    return pd.concat(parts, ignore_index=True)


def _counts(own: np.ndarray, times: np.ndarray) -> np.ndarray:
    return np.bincount(np.searchsorted(times, own), minlength=len(times)).astype("int64")


def _one(
    name: str, times: np.ndarray, at_risk: np.ndarray, ended: np.ndarray, own: np.ndarray
) -> pd.DataFrame:
    survival = np.cumprod(1 - ended / at_risk)
    before = np.concatenate([[1.0], survival[:-1]])
    share = np.cumsum(before * own / at_risk)
    low, high = _interval(share, _variance(share, before, at_risk, ended, own))
    return pd.DataFrame(
        {
            "exit": name,
            "time": times,
            "at_risk": at_risk,
            "ended": own,
            "incidence": share,
            "low": low,
            "high": high,
            "shown": at_risk >= AT_RISK_LEAST,
        }
    )


def _variance(
    share: np.ndarray, before: np.ndarray, at_risk: np.ndarray, ended: np.ndarray, own: np.ndarray
) -> np.ndarray:
    """Sums over the times so far, multiplied out so that one pass is enough."""
    n, d, k = at_risk.astype("float64"), ended.astype("float64"), own.astype("float64")
    # Where all that are left end, nothing can follow, and the difference of the shares is 0.
    spread = np.divide(d, n * (n - d), out=np.zeros(len(n)), where=n > d)
    joint = before * k / n**2
    return (
        share**2 * np.cumsum(spread)
        - 2 * share * np.cumsum(share * spread)
        + np.cumsum(share**2 * spread)
        + np.cumsum(before**2 * (n - k) * k / n**3)
        - 2 * (share * np.cumsum(joint) - np.cumsum(share * joint))
    )


def _interval(share: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The log-log interval: it stays between 0 and 1."""
    from scipy.stats import norm

    inside = (share > 0) & (share < 1 - 1e-12)
    low, high = np.full(len(share), np.nan), np.full(len(share), np.nan)
    part, error = share[inside], np.sqrt(np.maximum(variance[inside], 0))
    wide = norm.ppf((1 + LEVEL) / 2) * error / (part * np.abs(np.log(part)))
    low[inside], high[inside] = part ** np.exp(wide), part ** np.exp(-wide)
    return low, high
