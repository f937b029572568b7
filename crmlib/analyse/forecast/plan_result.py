"""What the comparison of plan and reality comes out as."""

from dataclasses import dataclass
from html import escape

import pandas as pd

from crmlib.analyse.forecast.result import Forecast

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
        `problem`, `measure`, `key`, `period_start`, `period_end`, `value`, `says`.
    forecasts : dict measure -> Forecast
        What `expected` rests on.
    today : Timestamp
    currency : str
    level_pct : float
        Of the bounds.
    says : str
    notes, limits : tuple of str

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
    says: str
    notes: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.says)}</p>{self.table.round(1).to_html(index=False)}"


def status_of(target: float, *, actual: float, low: float, high: float, is_over: bool) -> str:
    """Where a key stands.

    Parameters
    ----------
    target, actual, low, high : float
    is_over : bool

    Returns
    -------
    str
        Empty where it is not known.

    Examples
    --------
    >>> status_of(10.0, actual=4.0, low=11.0, high=13.0, is_over=False)
    'on course'
    >>> status_of(10.0, actual=4.0, low=8.0, high=13.0, is_over=False)
    'open'
    >>> status_of(10.0, actual=9.0, low=9.0, high=9.0, is_over=True)
    'missed'
    """
    if pd.isna(target) or pd.isna(actual):
        return ""
    if is_over:
        return REACHED if actual >= target else MISSED
    if pd.isna(low) or pd.isna(high):
        return ""
    return ON_COURSE if low >= target else BEHIND if high < target else OPEN
