"""Purchase history: the four figures that buy-till-you-die models of customer lifetime stand on."""

from typing import Any

import pandas as pd

from crmlib.measure.given_orders import ask_orders
from crmlib.prepare.clock import closing_moment_of_table
from crmlib.schema.errors import ParameterError, nearest

UNIT_DAYS = {"D": 1.0, "W": 7.0, "M": 30.4375}
"""Days in a unit of time: day, week, mean month of the Gregorian calendar (365.25 / 12)."""

_DAYS = {
    "purchase_days": """
        select customer_id, ordered_on, sum(kept_amount) as kept_amount
        from orders
        where is_purchase
        group by customer_id, ordered_on
    """,
    "repeats": """
        select *, min(ordered_on) over (partition by customer_id) as first_on
        from purchase_days
    """,
}
_FIGURES_SQL = """
select
    customer_id,
    cast(count(*) - 1 as bigint) as frequency,
    date_diff('day', min(ordered_on), max(ordered_on)) / {days} as recency,
    date_diff('day', min(ordered_on), $as_of_on) / {days} as "T",
    cast(sum(kept_amount) filter (where ordered_on > first_on) as double)
        / nullif(count(*) - 1, 0) as monetary_value
from repeats
group by customer_id
order by customer_id
"""


def purchase_history(
    transactions: Any, *, as_of: Any, unit: str = "W", time_zone: str = "UTC"
) -> pd.DataFrame:
    """Frequency, recency, age and mean repeat spend of every customer, as buy-till-you-die models want them.

    A purchase occasion is a day: several orders of a customer on one day count as one, their values added
    up. Times are whole days divided by the length of the unit, not counts of calendar weeks or months.
    Refunds take from the value of the order that they belong to and never move a purchase; an order of which
    nothing is left after its refunds, or that was free, is no purchase (the rules of `rfm_table`).

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
    unit : "D", "W" or "M"
        Day, week (7 days) or month (30.4375 days).
    time_zone : str
        Whose days are counted, such as that of the workspace (``crm.time_zone``).

    Returns
    -------
    DataFrame indexed by customer_id, sorted; customers with at least one purchase
        `frequency` (repeat purchase days: purchase days less one), `recency` (first to last purchase, in
        units; not the `recency_days` of RFM), `T` (first purchase to as_of, in units), `monetary_value` (mean
        value of the repeat purchase days, account currency; NaN where there is none, because the first
        purchase is no part of it). ``attrs["unit"]`` keeps the unit.

    Raises
    ------
    SchemaError
        If a column is missing: it names the column, those present, and the line of crm.toml that maps it.
        If a time or an amount cannot be read as one.
    ParameterError
        If there is no such unit, or `as_of` is no date.

    References
    ----------
    Fader, P. S., Hardie, B. G. S. & Lee, K. L. (2005). "Counting your customers" the easy way. Marketing
    Science 24(2), 275-284.

    Examples
    --------
    >>> ledger = pd.DataFrame({
    ...     "customer_id": ["ann", "ann", "ann", "bob"], "order_id": ["1", "2", "3", "4"],
    ...     "ordered_at": pd.to_datetime(["2024-01-01", "2024-01-08", "2024-01-08", "2024-01-11"]),
    ...     "net_amount": [20.0, 15.0, 5.0, 10.0]})
    >>> purchase_history(ledger, as_of="2024-01-22")
                 frequency  recency         T  monetary_value
    customer_id
    ann                  1      1.0  3.000000            20.0
    bob                  0      0.0  1.571429             NaN
    """
    if unit not in UNIT_DAYS:
        raise ParameterError(
            f'there is no unit {unit!r}: give "D" (days), "W" (weeks) or "M" (months).'
            + nearest(str(unit).upper(), UNIT_DAYS)
        )
    moment = closing_moment_of_table(as_of, time_zone=time_zone)
    question = _FIGURES_SQL.format(days=f"cast({UNIT_DAYS[unit]} as double)")
    history = ask_orders(transactions, question, as_of=moment, time_zone=time_zone, steps=_DAYS)
    history.attrs["unit"] = unit
    return history
