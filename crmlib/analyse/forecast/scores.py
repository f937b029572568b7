"""How far off forecasts of the past were, way by way, and which way is taken."""

import numpy as np
import pandas as pd

_DRAWS = 1_000


def score_ways(table: pd.DataFrame) -> pd.DataFrame:
    """Errors of each way over the same past forecasts.

    Parameters
    ----------
    table : DataFrame, one row a forecast
        `way`, `made_on`, `expected`, `actual`, `is_covered`.

    Returns
    -------
    DataFrame, one row a way, the best first
        `way`, `forecasts`, `wape_pct` (sum of the errors' sizes in percent of all that happened),
        `bias_pct` (sum of what was foretold over what happened, less 100), `mean_error` (mean size of an
        error), `coverage_pct` (of the intervals).

    References
    ----------
    Hyndman, R. J. & Koehler, A. B. (2006). Another look at measures of forecast accuracy. International
    Journal of Forecasting 22(4), 679-688.

    Examples
    --------
    >>> table = pd.DataFrame({"way": list("aabb"), "made_on": [1, 2, 1, 2], "expected": [9.0, 11.0, 12.0, 12.0],
    ...                       "actual": 10.0, "is_covered": [True, True, False, True]})
    >>> score_ways(table)[["way", "wape_pct", "bias_pct", "coverage_pct"]]
      way  wape_pct  bias_pct  coverage_pct
    0   a      10.0       0.0         100.0
    1   b      20.0      20.0          50.0
    """
    rows = []
    for way, part in table.groupby("way", sort=False):
        error, happened = part["expected"] - part["actual"], float(part["actual"].abs().sum())
        rows.append(
            {
                "way": way,
                "forecasts": len(part),
                "wape_pct": 100 * float(error.abs().sum()) / happened if happened else np.nan,
                "bias_pct": 100 * float(error.sum()) / happened if happened else np.nan,
                "mean_error": float(error.abs().mean()),
                "coverage_pct": 100 * float(part["is_covered"].mean()),
            }
        )
    columns = ["way", "forecasts", "wape_pct", "bias_pct", "mean_error", "coverage_pct"]
    return pd.DataFrame(rows, columns=columns).sort_values("mean_error", kind="stable").reset_index(drop=True)


def compare_ways(table: pd.DataFrame, *, chosen: str, block: int, seed: int) -> pd.DataFrame:
    """By how much the chosen way was nearer than each other one, with its interval.

    Forecasts whose times overlap are not independent of each other: they are drawn again in blocks of
    neighbours.

    Parameters
    ----------
    table : DataFrame
        As for `score_ways`.
    chosen : str
    block : int
        So many neighbours are drawn together.
    seed : int

    Returns
    -------
    DataFrame, one row each other way
        `way`, `gain_pct` (mean error of the other less that of the chosen one, percent of what happened;
        above 0: the chosen one was nearer), `low`, `high` (95 %), `better` ("yes", "no" or "uncertain").

    References
    ----------
    Kuensch, H. R. (1989). The jackknife and the bootstrap for general stationary observations. Annals of
    Statistics 17(3), 1217-1241.

    Examples
    --------
    >>> table = pd.DataFrame({"way": ["a"] * 9 + ["b"] * 9, "made_on": [*range(9), *range(9)],
    ...                       "expected": [10.0] * 9 + [12.0] * 9, "actual": 10.0, "is_covered": True})
    >>> compare_ways(table, chosen="a", block=2, seed=0)
      way  gain_pct   low  high better
    0   b      20.0  20.0  20.0    yes
    """
    size = (table["expected"] - table["actual"]).abs()
    errors = table.assign(size=size).groupby(["made_on", "way"])["size"].mean().unstack().dropna()
    usual = float(table.loc[table["way"] == chosen, "actual"].abs().mean()) or np.nan
    lot, rows = np.random.default_rng(seed), []
    n = len(errors)
    picks = _blocks(lot, n, min(block, max(n, 1)))
    for way in errors.columns.drop(chosen):
        gain = 100 * (errors[way] - errors[chosen]).to_numpy() / usual
        drawn = gain[picks].mean(axis=1) if n else np.array([np.nan])
        # Of one or two blocks nothing can be drawn.
        low, high = np.quantile(drawn, [0.025, 0.975]) if n >= 2 * block and n > 2 else (np.nan, np.nan)
        better = "yes" if low > 0 else "no" if high < 0 else "uncertain"
        rows.append((way, float(gain.mean()) if n else np.nan, float(low), float(high), better))
    return pd.DataFrame(rows, columns=["way", "gain_pct", "low", "high", "better"])


def _blocks(lot: np.random.Generator, n: int, block: int) -> np.ndarray:
    if not n:
        return np.zeros((1, 0), int)
    starts = lot.integers(0, n - block + 1, (_DRAWS, -(-n // block)))
    return (starts[:, :, None] + np.arange(block)).reshape(_DRAWS, -1)[:, :n]
