"""What the open deals are worth, and in which industries, regions and products most of it lies."""

import numpy as np
import pandas as pd

OPEN_BY = ("industry", "region", "product", "category")
"""Traits by which open value is added up."""
FEWEST_LIKE = 5
"""Deals won with a known value, from which the value of a like deal is taken."""


def deal_values(deals: pd.DataFrame) -> pd.DataFrame:
    """The value of every deal: as recorded, or for open ones without one that of like deals that were won.

    Parameters
    ----------
    deals : DataFrame indexed by opportunity_id
        `outcome`, `amount`, `product_id`, `category`.

    Returns
    -------
    DataFrame, same index
        `value` (account currency; NaN where no like deal was won either), `estimated`: whether it is the median
        of the deals won of the same product, else of the same category, else of all.

    Examples
    --------
    >>> deals = pd.DataFrame({"outcome": ["won"] * 5 + ["open", "open"], "product_id": "a", "category": "x",
    ...                       "amount": [1.0, 2.0, 3.0, 4.0, 5.0, 9.0, None]})
    >>> deal_values(deals).tail(2).values.tolist()
    [[9.0, False], [3.0, True]]
    """
    amount = deals["amount"].astype("float64")
    won = deals[(deals["outcome"] == "won") & (amount > 0)]
    value = amount.where((amount > 0) | (deals["outcome"] != "open"))
    estimated = (deals["outcome"] == "open") & value.isna()
    guess = pd.Series(np.nan, index=deals.index)
    for column in ("product_id", "category"):
        like = won.groupby(column)["amount"].agg(["median", "size"])
        medians = like.loc[like["size"] >= FEWEST_LIKE, "median"]
        guess = guess.fillna(deals[column].map(medians).astype("float64"))
    if len(won) >= FEWEST_LIKE:
        guess = guess.fillna(float(won["amount"].median()))
    return pd.DataFrame({"value": value.where(~estimated, guess), "estimated": estimated})


def open_by_value(
    values: pd.DataFrame, worth: pd.Series, table: pd.DataFrame, *, overall: float
) -> pd.DataFrame:
    """Open deals, their value and what of it is likely to be won, by industry, region, product and category.

    Parameters
    ----------
    values : DataFrame of the open deals, a column a trait
    worth : Series, value of each
    table : DataFrame of `Portrait.table`
        Gives the win rate of each value.
    overall : float
        Win rate of all in percent, for values of which no deal was decided.

    Returns
    -------
    DataFrame
        As in `Portrait.opportunity`.

    Examples
    --------
    >>> table = pd.DataFrame({"trait": ["industry"], "value": ["bank"], "leads": [10], "won": [5],
    ...                       "lift": [1.0], "lift_shrunk": [1.2]})
    >>> open_by_value(pd.DataFrame({"industry": ["bank", "bank", None]}), pd.Series([100.0, 50.0, 9.0]), table,
    ...               overall=50.0).round(1).values.tolist()
    [['industry', 'bank', 2, 150.0, 60.0, 90.0]]
    """
    parts = []
    for name in [name for name in OPEN_BY if name in values]:
        frame = pd.DataFrame({"value": values[name], "open_value": worth})
        known = frame.dropna(subset="value").groupby("value", sort=True)["open_value"]
        rows = pd.DataFrame({"open": known.size(), "open_value": known.sum(min_count=1)}).reset_index()
        own = table[table["trait"] == name]
        base = 100 * own["won"].sum() / own["leads"].sum() if len(own) else overall
        rate = rows["value"].map((own.set_index("value")["lift_shrunk"] * base).to_dict())
        rows["win_rate_pct"] = rate.astype("float64").fillna(overall)
        rows["expected_value"] = rows["open_value"] * rows["win_rate_pct"] / 100
        rows.insert(0, "trait", name)
        parts.append(
            rows.sort_values(
                ["expected_value", "open", "value"], ascending=[False, False, True], kind="stable"
            )
        )
    columns = ["trait", "value", "open", "open_value", "win_rate_pct", "expected_value"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)
