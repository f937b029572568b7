"""One clock: the closing moment is always given, and here is how it is read."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from crmlib.schema.errors import ParameterError


def closing_moment(value: Any, *, time_zone: str = "UTC") -> pd.Timestamp:
    """The moment after which nothing is known, as a naive timestamp in UTC.

    Parameters
    ----------
    value : Timestamp, datetime, date or text
        A moment is taken as it is. A bare date (a `date`, or text without a time) means the end of that day.
    time_zone : str
        The zone of a value that states none.

    Raises
    ------
    ParameterError
        If it is no date.

    Examples
    --------
    >>> closing_moment("2017-12-31")
    Timestamp('2017-12-31 23:59:59.999999')
    >>> closing_moment("2017-12-31 12:00", time_zone="America/New_York")
    Timestamp('2017-12-31 17:00:00')
    >>> closing_moment(pd.Timestamp("2017-12-31"))
    Timestamp('2017-12-31 00:00:00')
    """
    whole_day = (isinstance(value, date) and not isinstance(value, datetime)) or (
        isinstance(value, str) and len(value.strip()) == 10
    )
    try:
        moment = pd.Timestamp(value)
    except (ValueError, TypeError) as error:
        raise ParameterError(f"as_of: {value!r} is no date. Write it as 2017-12-31.") from error
    if moment is pd.NaT:
        raise ParameterError("as_of is empty. Write it as 2017-12-31.")
    try:
        if whole_day:
            moment = moment.normalize() + pd.Timedelta(days=1) - pd.Timedelta(microseconds=1)
        if moment.tzinfo is None:
            moment = moment.tz_localize(ZoneInfo(time_zone), ambiguous=True, nonexistent="shift_forward")
        return moment.tz_convert("UTC").tz_localize(None).as_unit("us")
    except (ValueError, OverflowError, RuntimeError) as error:
        raise ParameterError(f"as_of: {value} is out of range. Write a date such as 2017-12-31.") from error


def closing_moment_of_table(value: Any, *, time_zone: str = "UTC") -> pd.Timestamp:
    """The closing moment for a table whose times are naive UTC: so is a Timestamp that states no zone.

    `Crm.as_of` is one. Read as a moment of the zone's clocks it would be hours off, and a day near midnight.

    Parameters
    ----------
    value : Timestamp, datetime, date or text
        A date or a text without a zone is still one of the zone's calendar, as for `closing_moment`.
    time_zone : str

    Raises
    ------
    ParameterError
        If it is no date.

    Examples
    --------
    >>> closing_moment_of_table(pd.Timestamp("2018-01-01 04:01"), time_zone="America/New_York")
    Timestamp('2018-01-01 04:01:00')
    >>> closing_moment_of_table("2017-12-31 23:01", time_zone="America/New_York")
    Timestamp('2018-01-01 04:01:00')
    """
    is_naive = isinstance(value, datetime) and value.tzinfo is None
    return closing_moment(value, time_zone="UTC" if is_naive else time_zone)


def in_zone(moment: Any, *, time_zone: str) -> pd.Timestamp:
    """A naive moment in UTC as the clocks of a time zone show it, the offset with it.

    Examples
    --------
    >>> in_zone(pd.Timestamp("2018-01-01 04:01"), time_zone="America/New_York").isoformat()
    '2017-12-31T23:01:00-05:00'
    """
    return pd.Timestamp(moment).tz_localize("UTC").tz_convert(ZoneInfo(time_zone))


def days_later(moment: pd.Timestamp, days: int, *, time_zone: str) -> pd.Timestamp:
    """A naive moment in UTC so many calendar days later, at the same time by the clocks of a zone.

    Parameters
    ----------
    moment : Timestamp (naive, UTC)
    days : int
        Below 0: earlier.
    time_zone : str

    Examples
    --------
    The end of a day stays the end of a day when the clocks are put forward in between:

    >>> days_later(pd.Timestamp("2024-02-29 22:59:59"), 60, time_zone="Europe/Berlin")
    Timestamp('2024-04-29 21:59:59')
    """
    there = in_zone(moment, time_zone=time_zone).tz_localize(None) + pd.Timedelta(days=days)
    there = there.tz_localize(ZoneInfo(time_zone), ambiguous=True, nonexistent="shift_forward")
    return there.tz_convert("UTC").tz_localize(None)


def local_time(moment: Any, *, time_zone: str) -> pd.Timestamp | None:
    """A naive moment in UTC as the clocks of a time zone show it, without the offset.

    Parameters
    ----------
    moment : Timestamp, datetime or None
    time_zone : str

    Returns
    -------
    Timestamp, naive; None where there is no moment

    Examples
    --------
    >>> local_time(pd.Timestamp("2018-01-01 04:01"), time_zone="America/New_York")
    Timestamp('2017-12-31 23:01:00')
    >>> local_time(None, time_zone="UTC")
    """
    if moment is None or pd.isna(moment):
        return None
    return in_zone(moment, time_zone=time_zone).tz_localize(None)
