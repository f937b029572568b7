"""What a forecast comes out as, and how near each way of making it came on days gone by."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np
import pandas as pd

PIPELINE, SALES = "pipeline", "sales"

BY_STAGE, LAST_YEAR, GROWN, LATELY = "stage weights", "a year earlier", "last year grown", "lately"
PLAIN = (BY_STAGE, LAST_YEAR, GROWN, LATELY)
"""Ways that anybody could go by without a model; the forecast is held against the nearest of them."""


@dataclass(frozen=True)
class Remark:
    """Something to know about a result: its code, and the figures that go with it; the page has the words."""

    code: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class Forecast:
    """What is expected, within which bounds, and how far off such forecasts were before.

    Parameters
    ----------
    kind : "pipeline" (won deals) or "sales"
    measure : str
        What is foretold: "won_amount", "net_amount", "quantity", "margin" or "order_count".
    unit : str
        Account currency, "pieces" or "orders"; empty where not known.
    today : Timestamp
        The day from which the forecast looks ahead, in the workspace's calendar; for sales the last day of the
        last whole period.
    ends_on : Timestamp
        The last day that is foretold.
    horizon : str
        In words: "3 months".
    total : dict of float
        `expected`, `low`, `high`, `baseline`; for the pipeline also `count` (deals), `from_open` and
        `from_new` (account currency).
    periods : DataFrame, one row a period
        `period_start`, `period_end`, `is_whole`, `expected`, `low`, `high`, `baseline`.
    by : dict name -> DataFrame
        `key` ("" where it is not known), `expected`, `low`, `high`; for the pipeline also `from_open`,
        `from_new`, `open_deals`, `open_amount`.
    history : DataFrame
        `period_start`, `period_end`, `actual`: whole periods of the past, the latest last.
    past : DataFrame, one row a way and past forecast
        `way`, `made_on`, `until`, `expected`, `low`, `high`, `actual`, `is_covered`.
    scores : DataFrame, one row a way
        See `scores.score_ways`, and `is_chosen`.
    comparison : DataFrame
        See `scores.compare_ways`: the chosen way against each other.
    way : str
        The one that was taken.
    baseline : str
        The plain rule that it is measured against: of `PLAIN` the nearest on the past; the same as `way` where
        history is thin or nothing was nearer.
    is_thin : bool
        Whether there was too little history to choose, so that the simple way was taken.
    level_pct : float
        Of the intervals.
    notes : tuple of Remark
        What was filled in or left out.
    limits : tuple of Remark
        What it cannot know.
    workings : dict
        What further tables are made from.
    """

    kind: str
    measure: str
    unit: str
    today: pd.Timestamp
    ends_on: pd.Timestamp
    horizon: str
    total: dict[str, float]
    periods: pd.DataFrame
    by: dict[str, pd.DataFrame]
    history: pd.DataFrame
    past: pd.DataFrame
    scores: pd.DataFrame
    comparison: pd.DataFrame
    way: str
    baseline: str
    is_thin: bool
    level_pct: float
    currency: str
    notes: tuple[Remark, ...] = ()
    limits: tuple[Remark, ...] = ()
    workings: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def beats_baseline(self) -> str:
        """Whether the way taken was nearer than the simple one on the past, beyond chance.

        Returns
        -------
        "yes", "no", "uncertain", or "not tested" where the simple way itself was taken or nothing was tested
        """
        found = self.comparison.loc[self.comparison["way"] == self.baseline, "better"]
        return str(found.iloc[0]) if self.way != self.baseline and len(found) else "not tested"

    @property
    def is_promised(self) -> bool:
        """Whether level and bounds rest on enough: two years of history, and past forecasts to choose by."""
        if not len(self.history):
            return False
        length = (self.history["period_end"] - self.history["period_start"]).dt.days.max()
        return not self.is_thin and len(self.history) >= 2 * (52 if length < 10 else 12)

    @property
    def coverage_pct(self) -> float:
        """How often what happened lay inside the interval, percent of the past forecasts; NaN without any."""
        found = self.scores.loc[self.scores["way"] == self.way, "coverage_pct"]
        return float(found.iloc[0]) if len(found) else float("nan")

    def _repr_html_(self) -> str:
        return (
            f"<p>{escape(self.measure)}: {escape(self.way)}</p>{self.periods.round(1).to_html(index=False)}"
        )


REACHED, ON_COURSE, OPEN, BEHIND, MISSED = "reached", "on course", "open", "behind", "missed"
"""Reached or missed when the period is over; before, by where the target lies: below, in or above the bounds."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PlanVsActual:
    """Targets, what was reached, and what is expected at the end.

    Parameters
    ----------
    by : str
        The dimension.
    table : DataFrame, one row a measure and key
        `measure`, `key`, `period_start`, `period_end`, `planned_days`, `period_days`, `elapsed_days`, `target`,
        `actual` (so far), `gap` (actual - target), `gap_pct`, `run_rate` (at the end, at the pace so far),
        `expected`, `low`, `high` (at the end), `expected_gap_pct`, `status`, `year_before` (whole period),
        `year_before_so_far` (as many days of it).
        NaN where something is not known.
    deviation : DataFrame, one row a key ("all" first)
        `key`, `before`, `price`, `volume`, `mix`, `other`, `now`: net amount so far against the same days a year
        earlier. Empty where quantities or amounts are not known.
    plan_deviation : DataFrame
        The same against the plan, over keys that have both a target for the amount and for the quantity; `before`
        is the target.
    missing : DataFrame
        `problem` (a code), `measure`, `key`, `period_start`, `period_end`, `value`, `day` (of what went wrong),
        `days` (that belong to it), `planned_as` (the dimension that does have a target for that time).
    forecasts : dict measure -> Forecast
        What `expected` rests on.
    level_pct : float
        Of the bounds.
    notes, limits : tuple of Remark
    """

    by: str
    table: pd.DataFrame
    deviation: pd.DataFrame
    plan_deviation: pd.DataFrame
    missing: pd.DataFrame
    forecasts: dict[str, Forecast]
    today: pd.Timestamp
    currency: str
    level_pct: float
    notes: tuple[Remark, ...] = ()
    limits: tuple[Remark, ...] = ()

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.by)}</p>{self.table.round(1).to_html(index=False)}"


def status_of(target: float, *, actual: float, low: float, high: float, is_over: bool) -> str:
    """Where a key stands."""
    if pd.isna(target) or pd.isna(actual):
        return ""
    if is_over:
        return REACHED if actual >= target else MISSED
    if pd.isna(low) or pd.isna(high):
        return ""
    return ON_COURSE if low >= target else BEHIND if high < target else OPEN


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
