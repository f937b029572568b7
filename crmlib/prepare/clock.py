"""One clock: the closing moment is always given, and here is how it is read."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from crmlib.schema.errors import ParameterError


def closing_moment(value: Any, *, time_zone: str = "UTC") -> pd.Timestamp:
    """The moment after which nothing is known, as a naive timestamp in UTC."""
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
    """
    is_naive = isinstance(value, datetime) and value.tzinfo is None
    return closing_moment(value, time_zone="UTC" if is_naive else time_zone)


def in_zone(moment: Any, *, time_zone: str) -> pd.Timestamp:
    """A naive moment in UTC as the clocks of a time zone show it, the offset with it."""
    return pd.Timestamp(moment).tz_localize("UTC").tz_convert(ZoneInfo(time_zone))


def days_later(moment: pd.Timestamp, days: int, *, time_zone: str) -> pd.Timestamp:
    """A naive moment in UTC so many calendar days later, at the same time by the clocks of a zone."""
    there = in_zone(moment, time_zone=time_zone).tz_localize(None) + pd.Timedelta(days=days)
    there = there.tz_localize(ZoneInfo(time_zone), ambiguous=True, nonexistent="shift_forward")
    return there.tz_convert("UTC").tz_localize(None)


def local_time(moment: Any, *, time_zone: str) -> pd.Timestamp | None:
    """A naive moment in UTC as the clocks of a time zone show it, without the offset."""
    if moment is None or pd.isna(moment):
        return None
    return in_zone(moment, time_zone=time_zone).tz_localize(None)


def closing_day(crm: Any) -> pd.Timestamp:
    """The day of the closing moment by the clock of the workspace."""
    return day_of(crm.as_of, time_zone=crm.time_zone)


def day_of(moment: Any, *, time_zone: str) -> pd.Timestamp:
    """The day of a naive moment in UTC by the clocks of a time zone."""
    return in_zone(moment, time_zone=time_zone).tz_localize(None).normalize().as_unit("us")
