"""How far off forecasts of the past were, way by way, and which way is taken."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmlib.analyse.forecast.result import PLAIN

_DRAWS = 1_000


def score_ways(table: pd.DataFrame) -> pd.DataFrame:
    """Errors of each way over the same past forecasts.

    References
    ----------
    Hyndman, R. J. & Koehler, A. B. (2006). Another look at measures of forecast accuracy. International
    Journal of Forecasting 22(4), 679-688.
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


def nearest_plain(scores: pd.DataFrame) -> str:
    """Of the plain rules the one that was nearest on the past."""
    return str(scores.loc[scores["way"].isin(PLAIN), "way"].iloc[0])


def compare_ways(table: pd.DataFrame, *, chosen: str, block: int, seed: int) -> pd.DataFrame:
    """By how much the chosen way was nearer than each other one, with its interval.

    Forecasts whose times overlap are not independent of each other: they are drawn again in blocks of
    neighbours.

    References
    ----------
    Kuensch, H. R. (1989). The jackknife and the bootstrap for general stationary observations. Annals of
    Statistics 17(3), 1217-1241.
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


LEVEL_PCT = 80.0
"""Of the intervals of all forecasts: so often what happens should lie inside."""

PRIOR_ERRORS, PRIOR_SIZE = 4.0, 1.0
"""Before any past error is known: as if four had been seen, of the size the model says."""


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """By how much the distances from the expected value are multiplied.

    Parameters
    ----------
    size : float
        Past errors over the model's own standard deviation, root of the mean square.
    freedom : float
        How many errors that rests on, those assumed included.
    """

    size: float
    freedom: float

    @property
    def reach(self) -> float:
        """Half of the interval in standard deviations of the model."""
        from scipy.special import stdtrit

        return float(self.size * stdtrit(self.freedom, 0.5 + LEVEL_PCT / 200))

    def ends(
        self, expected: np.ndarray | float, deviation: np.ndarray | float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Both ends of the interval."""
        half = self.reach * np.asarray(deviation, dtype=float)
        return np.asarray(expected) - half, np.asarray(expected) + half

    def of_draws(self, draws: np.ndarray, expected: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
        """Both ends of the interval of what was drawn, the first axis being draws."""
        from scipy.special import ndtri

        wider = self.reach / float(ndtri(0.5 + LEVEL_PCT / 200))
        tail = (1 - LEVEL_PCT / 100) / 2
        low, high = np.quantile(draws, [tail, 1 - tail], axis=0)
        expected = np.asarray(expected, dtype=float)
        low, high = expected + wider * (low - expected), expected + wider * (high - expected)
        # Where few deals can be won the median of the draws may lie beside the mean; the interval holds it.
        return np.clip(np.minimum(low, expected), 0, None), np.maximum(high, expected)


def learn_stretch(errors: Sequence[float] | np.ndarray) -> Stretch:
    """How wide intervals must be, from errors of the past in standard deviations of the model.

    References
    ----------
    Shafer, G. & Vovk, V. (2008). A tutorial on conformal prediction. Journal of Machine Learning Research 9,
    371-421: what was missed before says how far to reach. Here with a prior, as few errors are known.
    """
    known = np.asarray(errors, dtype=float)
    known = known[np.isfinite(known)]
    total = PRIOR_ERRORS * PRIOR_SIZE**2 + float((known**2).sum())
    return Stretch(
        size=float(np.sqrt(total / (PRIOR_ERRORS + len(known)))), freedom=PRIOR_ERRORS + len(known)
    )


def stretched_past(table: pd.DataFrame, *, lowest: float | None = 0.0) -> pd.DataFrame:
    """Intervals of forecasts of the past, each as wide as the errors ask for that were known when it was made."""
    gap = (table["actual"] - table["expected"]) / table["deviation"].where(table["deviation"] > 0)
    error, low, high = gap.to_numpy(float), *np.full((2, len(table)), np.nan)
    known = np.zeros(len(table), int)
    ways, made, until = (table[name].to_numpy() for name in ("way", "made_on", "until"))
    expected, deviation = table["expected"].to_numpy(float), table["deviation"].to_numpy(float)
    for way, day in dict.fromkeys(zip(ways, made, strict=True)):
        before = error[(ways == way) & (until <= day) & np.isfinite(error)]
        here = (ways == way) & (made == day)
        known[here] = len(before)
        low[here], high[here] = learn_stretch(before).ends(expected[here], deviation[here])
    if lowest is not None:
        low = np.maximum(low, np.minimum(lowest, expected))
    covered = (table["actual"] >= low) & (table["actual"] <= high)
    return table.assign(low=low, high=high, is_covered=covered.to_numpy(), known_errors=known)
