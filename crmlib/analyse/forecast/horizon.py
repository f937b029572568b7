"""How far a forecast looks: months, weeks or days, counted on the calendar of the workspace."""

import re
from dataclasses import dataclass
from typing import Any

import pandas as pd

from crmlib.prepare.clock import closing_moment, in_zone
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError

UNITS = ("month", "week", "day")

LONGEST_DAYS = 3 * 366
"""No forecast looks further."""


@dataclass(frozen=True, kw_only=True)
class Horizon:
    """So many months, weeks or days.

    Parameters
    ----------
    count : int
    unit : "month", "week" or "day"

    Examples
    --------
    >>> Horizon(count=3, unit="month").later(pd.Timestamp("2024-11-30"))
    Timestamp('2025-02-28 00:00:00')
    """

    count: int
    unit: str

    def later(self, day: pd.Timestamp, *, times: int = 1) -> pd.Timestamp:
        """The day that lies so far after a day; the end of a month leads to the end of a month.

        Parameters
        ----------
        day : Timestamp
        times : int
            So many times that far; below 0: earlier.

        Examples
        --------
        >>> Horizon(count=1, unit="month").later(pd.Timestamp("2024-03-31"), times=-1)
        Timestamp('2024-02-29 00:00:00')
        """
        return _moved(day, self.count * times, self.unit)

    @property
    def says(self) -> str:
        """The time in words.

        Examples
        --------
        >>> Horizon(count=1, unit="month").says, Horizon(count=13, unit="week").says
        ('1 month', '13 weeks')
        """
        return f"{self.count} {self.unit}{'' if self.count == 1 else 's'}"


def read_horizon(given: Any, *, unit: str = "month") -> Horizon:
    """The horizon that was asked for.

    Parameters
    ----------
    given : "3 months", "13 weeks", "90 days", a whole number (of `unit`), or a Horizon
    unit : str

    Raises
    ------
    ParameterError
        If it cannot be read, is not above 0, or is longer than three years.

    Examples
    --------
    >>> read_horizon("3 months"), read_horizon(2, unit="week")
    (Horizon(count=3, unit='month'), Horizon(count=2, unit='week'))
    >>> read_horizon("soon")
    Traceback (most recent call last):
    ...
    crmlib.schema.errors.ParameterError: horizon is 'soon'. Write it as "3 months", "13 weeks" or "90 days".
    """
    if isinstance(given, Horizon):
        return given
    if isinstance(given, int) and not isinstance(given, bool):
        given = f"{given} {unit}"
    found = re.fullmatch(r"\s*(\d{1,4})\s*([a-z]+?)s?\s*", str(given).lower())
    if not isinstance(given, str) or found is None or found[2] not in UNITS or int(found[1]) < 1:
        raise ParameterError(f'horizon is {given!r}. Write it as "3 months", "13 weeks" or "90 days".')
    horizon = Horizon(count=int(found[1]), unit=found[2])
    start = pd.Timestamp("2000-01-31")
    if (horizon.later(start) - start).days > LONGEST_DAYS:
        raise ParameterError(f"horizon is {given!r}: at most three years can be foretold.")
    return horizon


def closing_day(crm: Crm) -> pd.Timestamp:
    """The day of the closing moment in the workspace's calendar.

    Parameters
    ----------
    crm : Crm

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> closing_day(SimpleNamespace(as_of=pd.Timestamp("2024-01-31 23:30"), time_zone="Asia/Tokyo"))
    Timestamp('2024-02-01 00:00:00')
    """
    return in_zone(crm.as_of, time_zone=crm.time_zone).tz_localize(None).normalize()


def end_of_day(day: pd.Timestamp, *, time_zone: str) -> pd.Timestamp:
    """The last moment of a day of the workspace's calendar, naive, in UTC.

    Parameters
    ----------
    day : Timestamp
    time_zone : str

    Examples
    --------
    >>> end_of_day(pd.Timestamp("2024-01-31"), time_zone="Asia/Tokyo")
    Timestamp('2024-01-31 14:59:59.999999')
    """
    return closing_moment(f"{day:%Y-%m-%d}", time_zone=time_zone)


def past_days(today: pd.Timestamp, *, horizon: Horizon, first: pd.Timestamp, most: int) -> list[pd.Timestamp]:
    """Days at which a forecast could have been made whose horizon has passed, a month apart.

    Parameters
    ----------
    today : Timestamp
    horizon : Horizon
    first : Timestamp
        None is earlier.
    most : int
        At most so many, the latest.

    Returns
    -------
    list of Timestamp, the earliest first
        For a horizon in weeks or days they lie four weeks apart.

    Examples
    --------
    >>> days = past_days(pd.Timestamp("2024-06-30"), horizon=Horizon(count=3, unit="month"),
    ...                  first=pd.Timestamp("2024-02-01"), most=9)
    >>> [f"{day:%Y-%m-%d}" for day in days]
    ['2024-02-29', '2024-03-31']
    """
    found: list[pd.Timestamp] = []
    for step in range(most):
        if horizon.unit == "month":
            day = _moved(today, -horizon.count - step, "month")
        else:
            day = horizon.later(today, times=-1) - pd.Timedelta(days=28 * step)
        if day < first:
            break
        found.append(day)
    return found[::-1]


def calendar_months(after: pd.Timestamp, until: pd.Timestamp) -> pd.DataFrame:
    """The calendar months that the time after a day up to another touches.

    Parameters
    ----------
    after, until : Timestamp
        The first day is not in it, the last one is.

    Returns
    -------
    DataFrame, one row a month
        `period_start`, `period_end` (the days of it that lie in the time), `is_whole`.

    Examples
    --------
    >>> calendar_months(pd.Timestamp("2024-01-31"), pd.Timestamp("2024-03-15"))
      period_start period_end  is_whole
    0   2024-02-01 2024-02-29      True
    1   2024-03-01 2024-03-15     False
    """
    begin = after + pd.Timedelta(days=1)
    months = pd.period_range(begin, until, freq="M")
    starts, ends = months.start_time, months.end_time.normalize()
    clipped = pd.DataFrame(
        {"period_start": starts.where(starts > begin, begin), "period_end": ends.where(ends < until, until)}
    )
    whole = (clipped["period_start"] == starts) & (clipped["period_end"] == ends)
    return clipped.assign(is_whole=whole.to_numpy()).astype(
        {"period_start": "datetime64[us]", "period_end": "datetime64[us]"}
    )


def _moved(day: pd.Timestamp, count: int, unit: str) -> pd.Timestamp:
    if unit != "month":
        return day + pd.Timedelta(days=count * (7 if unit == "week" else 1))
    moved = day + pd.DateOffset(months=count)
    return moved + pd.offsets.MonthEnd(0) if day.is_month_end else moved
