"""Repeat purchases week by week: as they came, and as they were to be expected."""

from typing import Any

import numpy as np
import pandas as pd

_WEEK = 7


def cumulative_curve(
    history: pd.DataFrame,
    days: pd.DataFrame,
    *,
    model: Any,
    baseline: Any,
    known: pd.Timestamp,
    last: pd.Timestamp,
) -> pd.DataFrame:
    """Repeat purchases of the same customers by the end of each week, since the first purchase of all.

    Parameters
    ----------
    history : DataFrame indexed by customer_id
        In weeks, at the day `known`; with what the models read.
    days : DataFrame
        `customer_id`, `ordered_on`: all purchase days of these customers up to `last`.
    model, baseline : fitted models of purchases
    known, last : Timestamp
        The last day that was known, and the last one predicted.

    Returns
    -------
    DataFrame, one row a week, besides `known` and `last` themselves
        `week` (since the first purchase of all), `week_end`, `actual`; `expected` by the model for customers
        of whom only the first day is known; from `known` on `model` and `baseline`, which begin at the
        actual figure and go by each customer's history.

    Examples
    --------
    >>> from crmlib.analyse.lifetime_naive import NaiveRateModel
    >>> history = pd.DataFrame({"frequency": [1], "recency": [1.0], "T": [2.0]}, index=["ann"])
    >>> days = pd.DataFrame({"customer_id": "ann", "ordered_on": pd.to_datetime(["2024-01-01", "2024-01-08"])})
    >>> rate = NaiveRateModel("own").fit(history)
    >>> cumulative_curve(history, days, model=rate, baseline=rate, known=pd.Timestamp("2024-01-15"),
    ...                  last=pd.Timestamp("2024-01-29"))
       week   week_end  actual  expected  model  baseline
    0   1.0 2024-01-08       1       0.5    NaN       NaN
    1   2.0 2024-01-15       1       1.0    1.0       1.0
    2   3.0 2024-01-22       1       1.5    1.5       1.5
    3   4.0 2024-01-29       1       2.0    2.0       2.0
    """
    ages = np.rint(history["T"].to_numpy() * _WEEK).astype(int)
    begin, end = known - pd.Timedelta(days=int(ages.max())), int((last - known).days)
    split = int(ages.max())
    places = sorted({*range(_WEEK, split + end + 1, _WEEK), split, split + end} - {0})
    day = np.array(places)
    first = np.bincount(split - ages, minlength=split + end + 1)
    repeats = days.groupby("customer_id")["ordered_on"].transform("min") < days["ordered_on"]
    at = (days.loc[repeats, "ordered_on"] - begin).dt.days.to_numpy()
    came = np.cumsum(np.bincount(np.clip(at, 0, split + end), minlength=split + end + 1))
    by_age = np.asarray(model.expected_purchases_new(np.arange(split + end + 1) / _WEEK))
    expected = np.convolve(first, by_age)[: split + end + 1]
    ahead = {
        name: [
            came[split] + one.expected_purchases(history, (place - split) / _WEEK).sum()
            if place >= split
            else np.nan
            for place in places
        ]
        for name, one in (("model", model), ("baseline", baseline))
    }
    return pd.DataFrame(
        {
            "week": day / _WEEK,
            "week_end": begin + pd.to_timedelta(day, unit="D"),
            "actual": came[day],
            "expected": expected[day],
            **ahead,
        }
    )
