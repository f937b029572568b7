"""Moments as a reader's clock shows them."""

from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd


def local_time(moment: Any, *, time_zone: str) -> pd.Timestamp | None:
    """A naive moment in UTC as the clocks of a time zone show it.

    Parameters
    ----------
    moment : Timestamp, datetime or None
    time_zone : str
        Such as "America/New_York".

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
    return pd.Timestamp(moment).tz_localize("UTC").tz_convert(ZoneInfo(time_zone)).tz_localize(None)
