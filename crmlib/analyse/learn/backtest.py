"""One back-test for all predictions: what was said on past days against what came, and what that promises now."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq

LEVEL_PCT = 80.0
"""Of the intervals of all forecasts: so often what happens should lie inside."""

PRIOR_ERRORS, PRIOR_SIZE = 4.0, 1.0
"""Before any past error is known: as if four had been seen, of the size the model says."""


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """By how much the distances from the expected value are multiplied.

    `size`: Past errors over the model's own standard deviation, root of the mean square.
    `freedom`: How many errors that rests on, those assumed included.
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


def learn_stretch(errors: Sequence[float] | np.ndarray, *, independent: float | None = None) -> Stretch:
    """How wide intervals must be, from errors of the past in standard deviations of the model.

    References
    ----------
    Shafer, G. & Vovk, V. (2008). A tutorial on conformal prediction. Journal of Machine Learning Research 9,
    371-421: what was missed before says how far to reach. Here with a prior, as few errors are known, and of
    errors of times that overlap only so many counted as are independent of each other.
    """
    known = np.asarray(errors, dtype=float)
    known = known[np.isfinite(known)]
    count = len(known) if independent is None else min(independent, len(known))
    mean = float((known**2).mean()) if len(known) else 0.0
    freedom = PRIOR_ERRORS + count
    return Stretch(
        size=float(np.sqrt((PRIOR_ERRORS * PRIOR_SIZE**2 + count * mean) / freedom)), freedom=freedom
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


SEASONS_DAYS = 2 * 365 - 31
"""History from which on a level is promised: two of each season, but for the month in which the data begin."""

WIDEST = 1.5
"""Bounds further apart than so many times what is expected are no promise."""

FEWEST_DATES = 4
"""Past days without which no level is promised."""

SURPRISE = {"log": 0.15, "logit": 0.25}
"""How far two like dates lie apart before any has been seen: one standard deviation on the scale."""

_SEASON_DAYS = 45.0
_FADES_DAYS = 365.0
_FLOOR = 0.25
_PRIOR_DATES = 1.0
_DAY = np.timedelta64(1, "D")

_SCALES: dict[str, tuple[Callable[..., np.ndarray], Callable[..., np.ndarray]]] = {
    "log": (lambda x: np.log(np.maximum(x, 1e-9)), np.exp),
    "logit": (
        lambda x: np.log(np.clip(x, 1e-4, 1 - 1e-4)) - np.log1p(-np.clip(x, 1e-4, 1 - 1e-4)),
        lambda x: 1 / (1 + np.exp(-x)),
    ),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Level:
    """How much, or which share, is expected in all, and how far past days let it be trusted.

    `raw`: What the method says by itself; `expected`: the same moved by what past days were off, those of this
    season and the latest ones most.
    `low`, `high`: An interval of `LEVEL_PCT` that holds the surprise of the next period; NaN without a test.
    `is_promised`: Whether two of each season stand behind it.
    `within`, `between`: Standard deviations on the scale: of drawing customers, and from date to date.
    `past`: One row a past day: `made_on`, `until`, `expected`, `actual`, `within`, `off`, `shift` (as it was known
    then), `is_covered`.
    """

    raw: float
    expected: float
    low: float
    high: float
    is_promised: bool
    scale: str
    shift: float
    within: float
    between: float
    past: pd.DataFrame

    @property
    def held(self) -> tuple[int, int]:
        """In how many of how many past days what came lay within the range that was known then."""
        tried = self.past["is_covered"].dropna()
        return int(tried.sum()), len(tried)

    def moved(self, values: pd.Series) -> pd.Series:
        """Each customer's amount in the proportion in which the whole was moved."""
        return values * (self.expected / self.raw if self.raw > 0 else 1.0)


def odds_moved(probability: np.ndarray, *, mean: float) -> float:
    """By how much the logarithm of everybody's odds has to move for probabilities to have a mean."""
    there, back = _SCALES["logit"]
    odds, target = there(probability), float(np.clip(mean, 1e-4, 1 - 1e-4))
    return float(brentq(lambda by: back(odds + by).mean() - target, -20, 20))


def with_odds(probability: np.ndarray, *, by: float) -> np.ndarray:
    """Probabilities after their odds have been moved."""
    there, back = _SCALES["logit"]
    return back(there(probability) + by)


def cutoffs(
    today: pd.Timestamp, *, first: pd.Timestamp, horizon_days: int, most: int = 12, apart: int = 28
) -> list[pd.Timestamp]:
    """Past days whose horizon is over, the earliest first: as far apart as the history lets `most` days be.

    The steps are whole parts of a year, so that days of this season a year ago are among them.
    """
    reach = (today - first).days - horizon_days
    steps = [days for days in (28, 30.4, 45.6, 60.8, 91.25) if days >= apart and reach / days <= most]
    step = steps[0] if steps else 91.25
    many = min(int(reach // step) + 1, most) if reach >= 0 else 0
    return [today - pd.Timedelta(days=horizon_days + round(step * n)) for n in range(many)][::-1]


def learn_level(
    past: pd.DataFrame, *, raw: float, within: float, today: pd.Timestamp, span_days: int, scale: str = "log"
) -> Level:
    """Move a prediction by what past ones were off, and give it the interval that they ask for.

    Errors are split: what drawing customers explains (`within`) and the rest, from date to date. Each past day's
    own interval is made from what was known on it alone, so that `Level.held` is a test.
    """
    there, back = _SCALES[scale]
    kinds = {"made_on": "datetime64[us]", "until": "datetime64[us]", "expected": float, "actual": float}
    past = past.astype(kinds | {"within": float})
    past = past[past["expected"] > 0].reset_index(drop=True)
    off = there(past["actual"].to_numpy(float)) - there(past["expected"].to_numpy(float))
    past = past.assign(off=off, deviation=np.hypot(past["within"], SURPRISE[scale]))
    made, until = (past[name].to_numpy("datetime64[us]") for name in ("made_on", "until"))
    days = [*made, np.datetime64(today, "us")]
    over = [until <= day for day in days]
    shifts = [
        _shift(made[known], until[known], off[known], day) for known, day in zip(over, days, strict=True)
    ]
    past["shift"] = shifts[:-1]
    rest = (off - shifts[:-1]) / past["deviation"].to_numpy()
    held = pd.Series(np.nan, index=past.index, dtype=object)
    for place, known in enumerate(over[:-1]):
        if known.any():
            reach = learn_stretch(rest[known], independent=_independent(made[known], until[known])).reach
            held[place] = bool(abs(rest[place]) <= reach)
    stretch = learn_stretch(rest, independent=independent_dates(past))
    deviation = float(np.hypot(within, SURPRISE[scale]))
    centre, half = float(there(raw)) + shifts[-1], stretch.reach * deviation
    tested = len(past) > 0 and np.isfinite(centre + half)
    total = stretch.size * deviation
    expected, *ends = (float(back(end)) for end in (centre, centre - half, centre + half))
    low, high = ends if tested else (float("nan"), float("nan"))
    return Level(
        raw=raw, expected=expected, scale=scale, shift=shifts[-1], within=within, low=low, high=high,
        between=float(np.sqrt(max(total**2 - within**2, 0.0))), past=past.assign(is_covered=held),
        is_promised=bool(
            tested and len(past) >= FEWEST_DATES and span_days >= SEASONS_DAYS
            and high - low <= WIDEST * expected
        ),
    )  # fmt: skip


def _shift(made: np.ndarray, until: np.ndarray, off: np.ndarray, day: np.datetime64) -> float:
    """What predictions were off of late, at this season above all, drawn to nothing as far as few are known."""
    if not len(made):
        return 0.0
    ago = ((day - made) // _DAY).astype(float)
    season = np.abs((ago + 182.6) % 365.25 - 182.6)
    weight = 0.5 ** (ago / _FADES_DAYS) * np.maximum(np.exp(-((season / _SEASON_DAYS) ** 2) / 2), _FLOOR)
    weight *= _independent(made, until) / len(made)
    return float(weight @ off / (weight.sum() + _PRIOR_DATES))


def independent_dates(past: pd.DataFrame) -> float:
    """As many past days as do not overlap, by `made_on` and `until`."""
    return _independent(*(past[name].to_numpy("datetime64[us]") for name in ("made_on", "until")))


def _independent(made: np.ndarray, until: np.ndarray) -> float:
    if not len(made):
        return 0.0
    length = max(float(np.median((until - made) // _DAY)), 1.0)
    return min(float(len(np.unique(made))), 1 + int((made.max() - made.min()) // _DAY) / length)
