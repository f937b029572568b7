"""Intervals as wide as past errors ask for: what a model says of its own error, corrected by what happened."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

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

    Examples
    --------
    >>> low, high = Stretch(size=1.0, freedom=1e6).ends(100.0, 10.0)
    >>> round(float(low), 2), round(float(high), 2)
    (87.18, 112.82)
    """

    size: float
    freedom: float

    @property
    def reach(self) -> float:
        """Half of the interval in standard deviations of the model.

        Examples
        --------
        >>> round(Stretch(size=2.0, freedom=1e6).reach, 2)
        2.56
        """
        from scipy.special import stdtrit

        return float(self.size * stdtrit(self.freedom, 0.5 + LEVEL_PCT / 200))

    def ends(
        self, expected: np.ndarray | float, deviation: np.ndarray | float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Both ends of the interval.

        Parameters
        ----------
        expected, deviation : numbers or arrays
            What the model says: mean and standard deviation.

        Examples
        --------
        See `Stretch`.
        """
        half = self.reach * np.asarray(deviation, dtype=float)
        return np.asarray(expected) - half, np.asarray(expected) + half

    def of_draws(self, draws: np.ndarray, expected: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
        """Both ends of the interval of what was drawn, the first axis being draws.

        Parameters
        ----------
        draws : array (draws, ...)
        expected : array (...)

        Returns
        -------
        (low, high)
            Never below the smallest value that can be, 0.

        Examples
        --------
        >>> low, high = Stretch(size=1.0, freedom=1e6).of_draws(np.arange(101.0), 50.0)
        >>> float(low.round(1)), float(high.round(1))
        (10.0, 90.0)
        """
        from scipy.special import ndtri

        wider = self.reach / float(ndtri(0.5 + LEVEL_PCT / 200))
        tail = (1 - LEVEL_PCT / 100) / 2
        low, high = np.quantile(draws, [tail, 1 - tail], axis=0)
        expected = np.asarray(expected, dtype=float)
        low, high = expected + wider * (low - expected), expected + wider * (high - expected)
        # Where few deals can be won the middle of the draws may lie beside the mean; the interval holds it.
        return np.clip(np.minimum(low, expected), 0, None), np.maximum(high, expected)


def learn_stretch(errors: Sequence[float] | np.ndarray) -> Stretch:
    """How wide intervals must be, from errors of the past in standard deviations of the model.

    Parameters
    ----------
    errors : numbers
        (What happened - what was expected) / the model's standard deviation. NaN is left out.

    Returns
    -------
    Stretch

    References
    ----------
    Shafer, G. & Vovk, V. (2008). A tutorial on conformal prediction. Journal of Machine Learning Research 9,
    371-421: what was missed before says how far to reach. Here with a prior, as few errors are known.

    Examples
    --------
    >>> learn_stretch([]).size, round(learn_stretch([3.0] * 96).size, 2)
    (1.0, 2.95)
    """
    known = np.asarray(errors, dtype=float)
    known = known[np.isfinite(known)]
    total = PRIOR_ERRORS * PRIOR_SIZE**2 + float((known**2).sum())
    return Stretch(
        size=float(np.sqrt(total / (PRIOR_ERRORS + len(known)))), freedom=PRIOR_ERRORS + len(known)
    )


def stretched_past(table: pd.DataFrame, *, lowest: float | None = 0.0) -> pd.DataFrame:
    """Intervals of forecasts of the past, each as wide as the errors ask for that were known when it was made.

    Parameters
    ----------
    table : DataFrame, one row a forecast
        `way`, `made_on`, `until`, `expected`, `deviation`, `actual`.
    lowest : float, optional
        No interval reaches below it; None where there is no such value.

    Returns
    -------
    DataFrame
        With `low`, `high` and `is_covered`; and `known_errors`, the number that the width rests on.

    Examples
    --------
    >>> table = pd.DataFrame({"way": "a", "made_on": pd.to_datetime(["2024-01-31", "2024-02-29"]),
    ...     "until": pd.to_datetime(["2024-02-29", "2024-03-31"]), "expected": 100.0, "deviation": 10.0,
    ...     "actual": [150.0, 150.0]})
    >>> stretched_past(table)[["low", "high", "is_covered", "known_errors"]].round(0)
        low   high  is_covered  known_errors
    0  85.0  115.0       False             0
    1  64.0  136.0       False             1
    """
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
