"""Loyalty: how long, how faithfully, how widely and how steadily a customer buys."""

import numpy as np
import pandas as pd

LOYALTY_WEIGHTS = {"cadence": 0.30, "repeat": 0.25, "breadth": 0.15, "tenure": 0.15, "steadiness": 0.15}
"""What each mark counts for in the score; of marks that are not known the rest takes the place."""

LOYALTY_UNITS = {
    "loyalty_score": "0 to 100",
    "tenure_days": "days",
    "usual_gap_days": "days",
    "cadence_kept_pct": "%",
    "repeat_rate_pct": "%",
    "category_share_pct": "%",
    "loyalty_decay": "-1 to 1",
}
"""Column -> unit."""

FULL_MARK = 0.9
"""Tenure and breadth have the full mark from where nine in ten customers lie below."""

EXTRA_PURCHASES = 4
"""The decay counts as if so many more purchases had been seen, half of them in each half of the time."""


def loyalty_valuation(rhythm: pd.DataFrame, *, category_share_pct: pd.Series | None = None) -> pd.DataFrame:
    """Loyalty of every customer, with what it is made of.

    Parameters
    ----------
    rhythm : DataFrame indexed by customer_id
        As `crmlib.measure.loyalty.buying_habits` makes it.
    category_share_pct : Series customer_id -> percent, optional
        Share of the categories sold that the customer has bought.

    Returns
    -------
    DataFrame indexed by customer_id
        `loyalty_score` (0 to 100: the weighted mean of the marks of `loyalty_marks`; empty where neither
        cadence nor repeats can be told yet), `tenure_days`, `usual_gap_days`, `cadence_kept_pct` (share of
        the purchases that were due by the customer's usual gap and were made: those made after the first, over
        those and the missed ones), `repeat_rate_pct` (share of the purchases at least 90 days old that the
        next followed within 90 days), `category_share_pct`, `loyalty_decay` ((e - r) / (e + r + 4) of the e
        purchases in the earlier and the r in the recent half of the customer's time, the first one left out:
        above 0 fewer lately, below 0 more; the 4 holds few purchases near 0; empty without any).

    References
    ----------
    Gelman, A. et al. (2013). Bayesian Data Analysis, 3rd edition, section 2.4: a share shrunk by a beta prior.

    Examples
    --------
    >>> rhythm = pd.DataFrame({
    ...     "purchase_day_count": [4], "tenure_days": [100], "usual_gap_days": [10.0], "missed_count": [3.0],
    ...     "could_repeat_count": [4], "repeated_count": [3], "earlier_count": [2], "recent_count": [1]},
    ...     index=pd.Index(["ann"], name="customer_id"))
    >>> loyalty = loyalty_valuation(rhythm)      # 3 of 6 due, 3 of 4 followed, (2 - 1) / (3 + 4)
    >>> loyalty[["cadence_kept_pct", "repeat_rate_pct", "loyalty_decay"]].round(3)
                 cadence_kept_pct  repeat_rate_pct  loyalty_decay
    customer_id
    ann                      50.0             75.0          0.143
    """
    made = rhythm["purchase_day_count"].astype("float64") - 1
    due = made + rhythm["missed_count"].astype("float64")
    older = rhythm["could_repeat_count"].astype("float64")
    earlier, recent = (rhythm[name].astype("float64") for name in ("earlier_count", "recent_count"))
    table = pd.DataFrame(
        {
            "tenure_days": rhythm["tenure_days"].astype("float64"),
            "usual_gap_days": rhythm["usual_gap_days"].astype("float64"),
            "cadence_kept_pct": 100 * made / due.where(due > 0),
            "repeat_rate_pct": 100 * rhythm["repeated_count"] / older.where(older > 0),
        },
        index=rhythm.index,
    )
    if category_share_pct is not None:
        table["category_share_pct"] = category_share_pct.reindex(rhythm.index).astype("float64")
    repeats = earlier + recent
    table["loyalty_decay"] = ((earlier - recent) / (repeats + EXTRA_PURCHASES)).where(repeats > 0)
    table.insert(0, "loyalty_score", _score(loyalty_marks(table)))
    return table


def loyalty_marks(loyalty: pd.DataFrame) -> pd.DataFrame:
    """The marks, 0 to 100 each, that the score is the weighted mean of.

    Parameters
    ----------
    loyalty : DataFrame indexed by customer_id
        With `tenure_days`, `cadence_kept_pct`, `repeat_rate_pct`, `loyalty_decay`, and `category_share_pct`
        where it is known.

    Returns
    -------
    DataFrame indexed by customer_id
        `cadence` (the share kept), `repeat` (the repeat rate), `breadth` and `tenure` (100 from the value
        on below which nine in ten customers lie, in proportion under it), `steadiness` (100 less what was
        lost: 100 times 1 - decay, and 100 where activity did not fall).

    Examples
    --------
    >>> loyalty = pd.DataFrame({"tenure_days": [50.0, 100.0], "cadence_kept_pct": [80.0, None],
    ...                         "repeat_rate_pct": [50.0, 0.0], "loyalty_decay": [0.25, -0.5]})
    >>> loyalty_marks(loyalty)
       cadence  repeat     tenure  steadiness
    0     80.0    50.0  52.631579        75.0
    1      NaN     0.0 100.000000       100.0
    """
    marks = pd.DataFrame(
        {"cadence": loyalty["cadence_kept_pct"], "repeat": loyalty["repeat_rate_pct"]}, index=loyalty.index
    ).astype("float64")
    if "category_share_pct" in loyalty:
        marks["breadth"] = _against_the_tenth(loyalty["category_share_pct"])
    marks["tenure"] = _against_the_tenth(loyalty["tenure_days"])
    marks["steadiness"] = 100 * (1 - loyalty["loyalty_decay"].clip(lower=0))
    return marks


def _against_the_tenth(values: pd.Series) -> pd.Series:
    full = values.quantile(FULL_MARK)
    if not full > 0:
        return pd.Series(np.nan, index=values.index)
    return (100 * values / full).clip(upper=100)


def _score(marks: pd.DataFrame) -> pd.Series:
    weights = pd.Series(LOYALTY_WEIGHTS)[list(marks.columns)]
    known = marks.notna().mul(weights)
    score = marks.mul(weights).sum(axis=1) / known.sum(axis=1)
    return score.where(marks[["cadence", "repeat"]].notna().any(axis=1))
