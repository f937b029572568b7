"""Deals that are not there yet: how many begin on each coming day, by the level of late and the time of year."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

HALF_LIFE_MONTHS = 4.0
"""A month counts half as much as one so much later."""

PRIOR_YEARS = 1.0
"""A month's share in a year is shrunk as if so many years without seasons had been seen."""

FEWEST_YEARS = 2
"""Seasons are told from chance only with so many whole years."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Arrivals:
    """New deals that are expected, day by day.

    Parameters
    ----------
    daily : array (days,)
        Expected number on each day of the horizon.
    seasons : Series month of the year -> factor
        1 for each where there is too little history to tell.
    level : float
        New deals a day, without seasons, of late.
    relative_variance : float
        Of the number over the horizon, beyond that of counting: (standard deviation / mean) squared.
    months : int
        Whole months learnt from.

    Examples
    --------
    See `expected_arrivals`.
    """

    daily: np.ndarray
    seasons: pd.Series
    level: float
    relative_variance: float
    months: int


def expected_arrivals(created_on: pd.Series, *, today: pd.Timestamp, days: int) -> Arrivals:
    """How many deals will be opened on each of the coming days.

    Parameters
    ----------
    created_on : Series of datetimes
        Of all deals opened up to today.
    today : Timestamp
    days : int

    Returns
    -------
    Arrivals

    Examples
    --------
    Two deals a day, all through a year:

    >>> opened = pd.Series(pd.date_range("2023-01-01", "2023-12-31").repeat(2))
    >>> found = expected_arrivals(opened, today=pd.Timestamp("2023-12-31"), days=3)
    >>> found.daily.round(2).tolist(), found.months
    ([2.0, 2.0, 2.0], 12)
    """
    opened = created_on.dropna()
    opened = opened[opened < today + pd.Timedelta(days=1)]
    whole = _monthly_rates(opened, today)
    coming = pd.date_range(today + pd.Timedelta(days=1), periods=days)
    if len(whole) < 2:
        span = max((today - opened.min()).days + 1, 1) if len(opened) else 1
        level, seasons, spread = len(opened) / span, pd.Series(1.0, index=range(1, 13)), 0.0
    else:
        seasons = _seasons(whole)
        level, spread = _level(whole, seasons)
    daily = level * seasons.reindex(coming.month).to_numpy(float)
    return Arrivals(daily=daily, seasons=seasons, level=level, relative_variance=spread, months=len(whole))


def _monthly_rates(opened: pd.Series, today: pd.Timestamp) -> pd.DataFrame:
    """Whole months with the number a day: neither the first month, if it began late, nor the running one."""
    columns = {"month": [], "rate": [], "count": []}
    if opened.empty:
        return pd.DataFrame(columns)
    last = today.to_period("M") if today.is_month_end else today.to_period("M") - 1
    first = opened.min().to_period("M") + int(opened.min().day > 3)
    if first > last:
        return pd.DataFrame(columns)
    months = pd.period_range(first, last, freq="M")
    counts = opened.dt.to_period("M").value_counts().reindex(months, fill_value=0)
    return pd.DataFrame(
        {
            "month": months.month,
            "rate": counts.to_numpy() / months.days_in_month,
            "count": counts.to_numpy(float),
        },
        index=months,
    )


def _seasons(whole: pd.DataFrame) -> pd.Series:
    flat = pd.Series(1.0, index=range(1, 13))
    years = len(whole) // 12
    if years < FEWEST_YEARS:
        return flat
    used = whole.tail(12 * years)
    year = np.arange(len(used)) // 12
    usual = used.groupby(year)["rate"].transform("mean")
    ratio = (used["rate"] / usual.where(usual > 0)).fillna(1.0)
    factor = (ratio.groupby(used["month"]).sum() + PRIOR_YEARS) / (years + PRIOR_YEARS)
    return flat.mul(factor / factor.mean(), fill_value=1.0)


def _level(whole: pd.DataFrame, seasons: pd.Series) -> tuple[float, float]:
    rate = whole["rate"] / seasons.reindex(whole["month"]).to_numpy()
    level = rate.ewm(halflife=HALF_LIFE_MONTHS).mean()
    # How far off the level of the month before was, beyond what counting alone makes.
    error = (rate / level.shift(1).where(level.shift(1) > 0) - 1).dropna().tail(24)
    counted = 1 / max(float(whole["count"].tail(24).mean()), 1.0)
    spread = max(float((error**2).mean()) - counted, 0.0) if len(error) >= 3 else 0.04
    return float(level.iloc[-1]), min(spread, 1.0)
