"""Which columns and which customers can be grouped at all."""

from decimal import Decimal

import numpy as np
import pandas as pd

from crmlib.schema.errors import ParameterError

FEWEST_CUSTOMERS = 50
MOST_MISSING_PCT = 40.0
CORE = ("spend_total", "order_count", "recency_days")
"""They come first, so that of columns that move together these are kept."""


def numeric_table(indicators: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """The numeric columns as floats, the rows sorted by customer so that their order is irrelevant.

    Parameters
    ----------
    indicators : DataFrame indexed by customer_id

    Returns
    -------
    table : DataFrame
        Infinite values are missing.
    left_out : dict of column to reason

    Raises
    ------
    ParameterError
        If it is no DataFrame, or a customer or a column comes twice.

    Examples
    --------
    >>> indicators = pd.DataFrame({"spend": [1, 2], "channel": ["web", "shop"]}, index=["b", "a"])
    >>> table, left_out = numeric_table(indicators)
    >>> table["spend"].to_dict(), left_out
    ({'a': 2.0, 'b': 1.0}, {'channel': 'is no number'})
    """
    if not isinstance(indicators, pd.DataFrame):
        raise ParameterError(
            f"segment_customers needs a DataFrame with a row a customer, not a {type(indicators).__name__}. "
            "Make it with crmlib.compute_indicators."
        )
    if indicators.index.has_duplicates or indicators.columns.has_duplicates:
        raise ParameterError(
            "indicators has a customer or a column twice. Give one row a customer, indexed by customer_id."
        )
    order = np.argsort(indicators.index.astype(str).to_numpy(dtype=object), kind="stable")
    numeric = [name for name, column in indicators.items() if _is_numeric(column)]
    table = indicators[numeric].iloc[order].astype("float64").replace([np.inf, -np.inf], np.nan)
    left_out = {str(name): "is no number" for name in indicators.columns if name not in numeric}
    return table.rename(columns=str), left_out


def who_bought(table: pd.DataFrame) -> pd.Series:
    """The customers with a purchase.

    `order_count` decides where it is there, else `recency_days`, else whether anything is known.

    Parameters
    ----------
    table : DataFrame of floats, indexed by customer_id

    Returns
    -------
    Series of bool

    Examples
    --------
    >>> who_bought(pd.DataFrame({"order_count": [3, 0, None], "spend_total": [9.0, 0.0, None]})).tolist()
    [True, False, False]
    """
    for column in ("order_count", "recency_days"):
        if column in table and table[column].notna().any():
            return table[column].gt(0) if column == "order_count" else table[column].notna()
    return table.notna().any(axis=1)


def usable_columns(buyers: pd.DataFrame) -> tuple[list[str], dict[str, str]]:
    """The columns that can tell buyers apart, the core ones first.

    Parameters
    ----------
    buyers : DataFrame of floats, customers with a purchase

    Returns
    -------
    used : list of str
    left_out : dict of column to reason

    Raises
    ------
    ParameterError
        If there are too few customers or no column is left.

    Examples
    --------
    >>> usable_columns(pd.DataFrame({"visits": range(50), "order_count": range(50), "country": 1.0}))
    (['order_count', 'visits'], {'country': 'is the same for every customer'})
    """
    if len(buyers) < FEWEST_CUSTOMERS:
        raise ParameterError(
            f"indicators has {len(buyers)} customers with a purchase; {FEWEST_CUSTOMERS} are needed to find "
            "segments. Take a longer period, or use customer_types, which needs no minimum."
        )
    left_out = {}
    for name, column in buyers.items():
        missing = 100 * column.isna().mean()
        if missing > MOST_MISSING_PCT:
            left_out[name] = (
                f"is missing for {missing:.0f} % of the customers (at most {MOST_MISSING_PCT:.0f} %)"
            )
        elif column.nunique() <= 1:
            left_out[name] = "is the same for every customer"
    used = [name for name in buyers.columns if name not in left_out]
    if not used:
        why = "; ".join(f"{name} {reason}" for name, reason in left_out.items()) or "none is numeric"
        raise ParameterError(
            f"indicators has no column that tells customers apart ({why}). Give at least one, "
            "such as spend_total."
        )
    first = [name for name in CORE if name in used]
    return [*first, *(name for name in used if name not in first)], left_out


def _is_numeric(column: pd.Series) -> bool:
    if column.dtype == object:
        known = column.dropna()
        return len(known) > 0 and all(isinstance(value, Decimal | int | float) for value in known)
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_complex_dtype(column)
