"""The valuations of all customers in a few small tables, for pictures and sentences alike."""

import pandas as pd

from crmlib.analyse.valuation_credit import CREDIT_GRADES
from crmlib.analyse.valuation_loyalty import LOYALTY_WEIGHTS, loyalty_marks

LOYALTY_WORDS = {
    "cadence": "Purchases made when due",
    "repeat": "Purchases soon repeated",
    "breadth": "Categories bought",
    "tenure": "Time with us",
    "steadiness": "Activity kept up",
}
"""The marks of loyalty, in words."""


def growth_by_category(valuations: pd.DataFrame) -> pd.DataFrame:
    """In which categories the most room is, each customer counted with the one where theirs is largest.

    Parameters
    ----------
    valuations : DataFrame indexed by customer_id

    Returns
    -------
    DataFrame indexed by category, the largest amount first
        `customers`, `amount` (account currency a year).

    Examples
    --------
    >>> worth = pd.DataFrame({"growth_category": ["tea", "mugs", "tea"], "growth_category_amount": [5.0, 7, 4]})
    >>> growth_by_category(worth)
                     customers  amount
    growth_category
    tea                      2     9.0
    mugs                     1     7.0
    """
    if "growth_category" not in valuations:
        return pd.DataFrame({"customers": pd.Series(dtype="int64"), "amount": pd.Series(dtype="float64")})
    grouped = valuations.groupby("growth_category")["growth_category_amount"].agg(["size", "sum"])
    table = grouped.set_axis(["customers", "amount"], axis=1)
    return table.sort_values("amount", ascending=False, kind="stable")


def credit_by_grade(valuations: pd.DataFrame) -> pd.DataFrame:
    """Customers and amounts of each credit grade.

    Parameters
    ----------
    valuations : DataFrame indexed by customer_id

    Returns
    -------
    DataFrame indexed by grade, A to E
        `customers`, `open_amount`, `overdue_amount`; empty where nobody is graded.

    Examples
    --------
    >>> worth = pd.DataFrame({"credit_grade": ["A", "C", None], "open_amount": [0.0, 50.0, 9.0],
    ...                       "overdue_amount": [0.0, 20.0, 0.0]})
    >>> credit_by_grade(worth).loc["C"].tolist()
    [1.0, 50.0, 20.0]
    """
    names = ["customers", "open_amount", "overdue_amount"]
    if "credit_grade" not in valuations or not valuations["credit_grade"].notna().any():
        return pd.DataFrame({name: pd.Series(dtype="float64") for name in names})
    grouped = valuations.groupby("credit_grade")
    table = grouped[names[1:]].sum()
    table.insert(0, "customers", grouped.size())
    return table.reindex(list(CREDIT_GRADES), fill_value=0)


def loyalty_table(valuations: pd.DataFrame) -> pd.DataFrame:
    """The marks that make up loyalty: what each counts for, and how customers do.

    Parameters
    ----------
    valuations : DataFrame indexed by customer_id

    Returns
    -------
    DataFrame indexed by mark
        `says`, `weight_pct`, `low`, `median`, `high` (a quarter of the customers lies below `low`, a quarter
        above `high`), `known_pct`.

    Examples
    --------
    >>> worth = pd.DataFrame({"tenure_days": [100.0, 100.0], "cadence_kept_pct": [80.0, 60.0],
    ...                       "repeat_rate_pct": [50.0, 70.0], "loyalty_decay": [0.2, 0.0]})
    >>> loyalty_table(worth)[["weight_pct", "median"]].loc[["cadence", "repeat"]]
             weight_pct  median
    cadence        30.0    70.0
    repeat         25.0    60.0
    """
    marks = loyalty_marks(valuations)
    return pd.DataFrame(
        {
            "says": pd.Series(LOYALTY_WORDS)[marks.columns],
            "weight_pct": 100 * pd.Series(LOYALTY_WEIGHTS)[marks.columns],
            "low": marks.quantile(0.25),
            "median": marks.median(),
            "high": marks.quantile(0.75),
            "known_pct": 100 * marks.notna().mean(),
        }
    )
