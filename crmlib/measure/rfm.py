"""Recency, frequency and spend: who bought lately, who buys often, who spends much."""

from typing import Any

import pandas as pd

from crmlib.measure.given_orders import ask_orders
from crmlib.measure.indicators.built_in import INDICATORS
from crmlib.prepare.clock import closing_moment_of_table
from crmlib.schema.errors import ParameterError


def rfm_table(transactions: Any, *, as_of: Any, bins: int = 5, time_zone: str = "UTC") -> pd.DataFrame:
    """Recency, frequency and spend of every customer, scored from 1 (weak) to `bins` (strong).

    Refunds reduce spend and never move a purchase date. An order of which nothing is left after its refunds
    is no purchase. A refund that is a line of another order belongs to the customer's latest order before it
    with the same `product_id`; without that column, to the customer's latest order before it.

    A score says where a customer stands in the ranking: the share of customers that are weaker, plus half
    the share that is equal (itself included), decides which of the `bins` equal parts of the ranking it falls
    in. Equal customers always have the same score, a stronger one never has a lower score, and without ties
    each score has the same number of customers, give or take one. A large group of equals can leave a score
    without customers.

    Parameters
    ----------
    transactions : table, one row per order line
        `customer_id`, `order_id`, `ordered_at`, `net_amount` (account currency; refunds negative); and where
        they are there `product_id` and `quantity` (negative: a refund). A pandas or polars DataFrame, an
        Arrow table or a DuckDB relation. Lines without a customer or a time are left out. Times without a
        zone are taken as UTC.
    as_of : Timestamp, date or text
        The closing moment. Later rows are ignored. A bare date means the end of that day; a Timestamp
        without a zone is UTC, as ``crm.as_of`` is.
    bins : int
        Number of scores, at least 2.
    time_zone : str
        Whose days are counted, such as that of the workspace (``crm.time_zone``).

    Returns
    -------
    DataFrame indexed by customer_id, sorted; customers with at least one purchase
        `recency_days` (days from the last purchase to as_of), `order_count` (purchases), `spend_total` (net
        spend), `r_score`, `f_score`, `m_score` (1 to `bins`; a recent purchase scores high). ``attrs["bins"]``
        keeps the number of scores.

    Raises
    ------
    SchemaError
        If a column is missing: it names the column, those present, and the line of crm.toml that maps it.
        If a time or an amount cannot be read as one.
    ParameterError
        If `bins` is no whole number from 2 on, or `as_of` is no date.

    References
    ----------
    Hughes, A. M. (1994). Strategic Database Marketing.

    Examples
    --------
    >>> ledger = pd.DataFrame({
    ...     "customer_id": ["ann", "ann", "bob"], "order_id": ["1", "2", "3"],
    ...     "ordered_at": pd.to_datetime(["2024-01-05", "2024-01-30", "2024-01-11"]),
    ...     "net_amount": [20.0, 15.0, 10.0]})
    >>> rfm_table(ledger, as_of="2024-01-31", bins=2)
                 recency_days  order_count  spend_total  r_score  f_score  m_score
    customer_id
    ann                     1            2         35.0        2        2        2
    bob                    20            1         10.0        1        1        1
    """
    if isinstance(bins, bool) or not isinstance(bins, int) or bins < 2:
        raise ParameterError(f"bins is {bins!r}: give a whole number from 2 on, such as 5.")
    moment = closing_moment_of_table(as_of, time_zone=time_zone)
    table = ask_orders(transactions, _question(), as_of=moment, time_zone=time_zone)
    table.attrs["bins"] = bins
    return table.assign(
        r_score=_scores(-table["recency_days"], bins=bins),
        f_score=_scores(table["order_count"], bins=bins),
        m_score=_scores(table["spend_total"], bins=bins),
    )


def _question() -> str:
    figures = [
        f"{indicator.sql} as {indicator.name}"
        for indicator in INDICATORS
        if indicator.name in ("recency_days", "order_count", "spend_total")
    ]
    return (
        f"select customer_id, {', '.join(figures)} from orders "
        "group by customer_id having count(*) filter (where is_purchase) > 0 order by customer_id"
    )


def _scores(values: pd.Series, *, bins: int) -> pd.Series:
    weaker = values.rank(method="min").astype("int64") - 1
    weaker_or_equal = values.rank(method="max").astype("int64")
    return 1 + bins * (weaker + weaker_or_equal) // (2 * max(len(values), 1))
