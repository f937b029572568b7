"""Purchase days: the days on which each customer bought, by the rules of the purchase history."""

from typing import Any

import pandas as pd

from crmlib.measure.given_orders import ask_orders
from crmlib.prepare.clock import closing_moment_of_table

_DAYS_SQL = """
select customer_id, ordered_on, cast(sum(kept_amount) as double) as kept_amount
from orders
where is_purchase
group by customer_id, ordered_on
order by customer_id, ordered_on
"""


def purchase_days(transactions: Any, *, as_of: Any, time_zone: str = "UTC") -> pd.DataFrame:
    """Each day on which a customer bought, and what is left of that day's orders after refunds.

    `purchase_history` counts these days; here they stand one by one.

    Parameters
    ----------
    transactions : table, one row per order line
        As for `purchase_history`.
    as_of : Timestamp, date or text
        The closing moment. Later rows are ignored.
    time_zone : str
        Whose days are counted.

    Returns
    -------
    DataFrame, sorted
        `customer_id`, `ordered_on` (day), `kept_amount` (account currency, above 0).

    Raises
    ------
    SchemaError
        If a column is missing, or holds a value that cannot be read.
    ParameterError
        If `as_of` is no date.

    Examples
    --------
    >>> ledger = pd.DataFrame({
    ...     "customer_id": ["ann", "ann", "ann", "bob"], "order_id": ["1", "2", "3", "4"],
    ...     "ordered_at": pd.to_datetime(["2024-01-01", "2024-01-08", "2024-01-08", "2024-01-11"]),
    ...     "net_amount": [20.0, 15.0, 5.0, 10.0]})
    >>> purchase_days(ledger, as_of="2024-01-10")
      customer_id ordered_on  kept_amount
    0         ann 2024-01-01         20.0
    1         ann 2024-01-08         20.0
    """
    moment = closing_moment_of_table(as_of, time_zone=time_zone)
    days = ask_orders(transactions, _DAYS_SQL, as_of=moment, time_zone=time_zone).reset_index()
    return days.assign(ordered_on=pd.to_datetime(days["ordered_on"]))
