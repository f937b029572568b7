"""What a forecast comes out as."""

from dataclasses import dataclass, field
from html import escape
from typing import Any

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
    currency : str
    notes : tuple of Remark
        What was filled in or left out.
    limits : tuple of Remark
        What it cannot know.
    workings : dict
        What further tables are made from.

    Examples
    --------
    See `crmlib.analyse.forecast.pipeline.forecast_pipeline`.
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

        Examples
        --------
        See `crmlib.analyse.forecast.pipeline.forecast_pipeline`.
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
        """How often what happened lay inside the interval, percent of the past forecasts; NaN without any.

        Examples
        --------
        See `crmlib.analyse.forecast.pipeline.forecast_pipeline`.
        """
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
    today : Timestamp
    currency : str
    level_pct : float
        Of the bounds.
    notes, limits : tuple of Remark

    Examples
    --------
    See `crmlib.analyse.forecast.plan.plan_vs_actual`.
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
