"""What a forecast comes out as, and how near each way of making it came on days gone by."""

from dataclasses import dataclass, field, replace
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.learn.evaluate import SEASONS_DAYS, WIDEST

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
    learnt_from : Timestamp or None
        The first period that was learnt from, where that is not the first of the history.
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
    learnt_from: pd.Timestamp | None = None

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
    def is_wide(self) -> bool:
        """Whether the bounds lie so far apart that they tell nothing."""
        return bool(self.total["high"] - self.total["low"] > WIDEST * abs(self.total["expected"]))

    @property
    def is_promised(self) -> bool:
        """Whether level and bounds rest on enough: two of each season, and past forecasts that were near enough."""
        used = self.learnt
        if self.is_thin or not np.isfinite(self.total["low"]) or self.is_wide or not len(used):
            return False
        return (used["period_end"].max() - used["period_start"].min()).days >= SEASONS_DAYS

    @property
    def learnt(self) -> pd.DataFrame:
        """The part of the history that was learnt from: what followed the last long stop."""
        if self.learnt_from is None:
            return self.history
        return self.history[self.history["period_start"] >= self.learnt_from]

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

    def as_promised(self) -> "PlanVsActual":
        """The same without ranges, and what is judged by them, of measures whose forecast promises none."""
        open_now = self.table["elapsed_days"] < self.table["period_days"]
        bare = [name for name, forecast in self.forecasts.items() if not forecast.is_promised]
        kept = ~(open_now & self.table["measure"].isin(bare))
        ends = {name: self.table[name].where(kept) for name in ("low", "high")}
        return replace(self, table=self.table.assign(**ends, status=self.table["status"].where(kept, "")))

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
