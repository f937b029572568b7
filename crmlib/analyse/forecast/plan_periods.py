"""Which time of a plan is looked at, and which targets make it up."""

import re
from typing import Any

import pandas as pd

from crmlib.schema.errors import ParameterError


def read_period(given: Any) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First and last day of a period.

    Parameters
    ----------
    given : "2024", "2024-Q3", "2024-07", or (first day, last day)

    Raises
    ------
    ParameterError
        If it cannot be read, or ends before it begins.

    Examples
    --------
    >>> [f"{day:%Y-%m-%d}" for day in read_period("2024-Q1")]
    ['2024-01-01', '2024-03-31']
    >>> read_period("spring")
    Traceback (most recent call last):
    ...
    crmlib.schema.errors.ParameterError: period is 'spring'. Write it as "2024", "2024-Q3", "2024-07", or as its
    first and last day.
    """
    try:
        if isinstance(given, str) and re.fullmatch(r"\d{4}(-[Qq][1-4]|-\d\d)?", given.strip()):
            period = pd.Period(given.strip().upper().replace("-Q", "Q"))
            return period.start_time.as_unit("us"), period.end_time.normalize().as_unit("us")
        if not isinstance(given, str) and len(given) == 2:
            first, last = (pd.Timestamp(day).normalize().as_unit("us") for day in given)
            if first <= last:
                return first, last
    except (TypeError, ValueError):
        pass
    raise ParameterError(
        f'period is {given!r}. Write it as "2024", "2024-Q3", "2024-07", or as its first and last day.'
    )


def usual_period(rows: pd.DataFrame, *, today: pd.Timestamp) -> tuple[pd.Timestamp, pd.Timestamp]:
    """The period of the plan that is running; else the last one that ended, else the next.

    Parameters
    ----------
    rows : DataFrame
        `period_start`, `period_end`.
    today : Timestamp

    Returns
    -------
    (first, last)
        Of several that are running, the shortest.

    Examples
    --------
    >>> rows = pd.DataFrame({"period_start": pd.to_datetime(["2024-01-01", "2024-01-01", "2024-02-01"]),
    ...                      "period_end": pd.to_datetime(["2024-12-31", "2024-01-31", "2024-02-29"])})
    >>> [f"{day:%m-%d}" for day in usual_period(rows, today=pd.Timestamp("2024-02-10"))]
    ['02-01', '02-29']
    """
    periods = rows[["period_start", "period_end"]].drop_duplicates()
    periods = periods.assign(length=periods["period_end"] - periods["period_start"])
    running = periods[(periods["period_start"] <= today) & (periods["period_end"] >= today)]
    ended = periods[periods["period_end"] < today]
    if len(running):
        chosen = running.sort_values(["length", "period_start"]).iloc[0]
    elif len(ended):
        chosen = ended.sort_values(["period_end", "length"], ascending=[False, True]).iloc[0]
    else:
        chosen = periods.sort_values(["period_start", "length"]).iloc[0]
    return chosen["period_start"], chosen["period_end"]


def targets_of(rows: pd.DataFrame, *, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """The target of every key in a period, from rows of the plan that lie in it and do not overlap.

    A row of just that period counts alone; else shorter ones are put together, the earlier and shorter first.

    Parameters
    ----------
    rows : DataFrame
        Of one measure: `period_start`, `period_end`, `key`, `target`.
    first, last : Timestamp

    Returns
    -------
    DataFrame indexed by key, sorted
        `target`, `planned_days` (days of the period that the targets are for).

    Examples
    --------
    >>> rows = pd.DataFrame({"period_start": pd.to_datetime(["2024-01-01", "2024-02-01"]), "key": "all",
    ...     "period_end": pd.to_datetime(["2024-01-31", "2024-02-29"]), "target": [10.0, 20.0]})
    >>> targets_of(rows, first=pd.Timestamp("2024-01-01"), last=pd.Timestamp("2024-02-29"))
         target  planned_days
    key
    all    30.0            60
    """
    inside = rows[(rows["period_start"] >= first) & (rows["period_end"] <= last)]
    inside = inside.sort_values(["key", "period_start", "period_end"])
    found = []
    for key, part in inside.groupby("key", sort=True):
        exact = part[(part["period_start"] == first) & (part["period_end"] == last)]
        kept = exact if len(exact) else part.loc[_apart(part)]
        days = (kept["period_end"] - kept["period_start"]).dt.days + 1
        found.append((key, float(kept["target"].sum()), int(days.sum())))
    return pd.DataFrame(found, columns=["key", "target", "planned_days"]).set_index("key")


def _apart(rows: pd.DataFrame) -> list[Any]:
    kept, free_from = [], pd.Timestamp.min
    for row in rows.itertuples():
        if row.period_start >= free_from:
            kept.append(row.Index)
            free_from = row.period_end + pd.Timedelta(days=1)
    return kept
