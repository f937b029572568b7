"""What was bought within a time, one row a customer and product: what an offer made before it is held against."""

from typing import Any

import pandas as pd

from crmlib.measure.indicators.sources import source_steps
from crmlib.measure.indicators.steps import indicator_steps
from crmlib.measure.steps import ask, columns_here
from crmlib.prepare.clock import closing_moment_of_table
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError, SchemaError

BOUGHT_SQL = """
select
    customer_id,
    product_id,
    count(bought_at) as order_count,
    cast(sum(net_amount) as double) as net_amount,
    max(bought_at) as last_at
from (
    select
        customer_id,
        product_id,
        order_id,
        sum(net_amount) as net_amount,
        max(case when not is_refund and net_amount > 0 then ordered_at end) as bought_at
    from order_lines
    where ordered_at > $after
    group by customer_id, product_id, order_id
) as products_of_orders
group by customer_id, product_id
having max(bought_at) is not null
order by customer_id, product_id
"""

_BEFORE_ALL = pd.Timestamp("0001-01-01")


def products_bought(crm: Crm, *, after: Any = None, until: Any = None) -> pd.DataFrame:
    """Which customer paid for which product later than one moment and up to another, as known at the later one.

    Parameters
    ----------
    crm : Crm
        With `transactions` that say who bought.
    after, until : Timestamp, date or text, optional
        The time ``(after, until]``; from the beginning and to ``crm.as_of`` where they are not given. A bare date
        means the end of that day in the workspace's zone; a Timestamp without a zone is UTC, as `as_of` is.

    Returns
    -------
    DataFrame, sorted by customer and product
        `customer_id`, `product_id`, `order_count` (orders with a line of it that was paid for), `net_amount`
        (account currency; refunds of that time taken off, so that it is 0 where all came back), `last_at` (the
        last time it was paid for).

    Raises
    ------
    SchemaError
        If no order line says who bought.
    ParameterError
        If `until` lies after ``crm.as_of`` or before `after`.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({
    ...     "order_id": ["1", "2", "2", "3"], "customer_id": ["ann", "ann", "ann", "bob"],
    ...     "product_id": ["tea", "tea", "jam", "tea"], "net_amount": [5.0, 7.0, 3.0, 4.0],
    ...     "ordered_at": ["2024-01-02", "2024-02-05", "2024-02-05", "2024-02-09"]})
    >>> crm = Crm.from_frames(as_of="2024-02-29", transactions=lines)
    >>> products_bought(crm, after="2024-01-31", until="2024-02-07")[["customer_id", "product_id", "net_amount"]]
      customer_id product_id  net_amount
    0         ann        jam         3.0
    1         ann        tea         7.0
    """
    if "transactions" not in crm or "customer_id" not in crm.columns("transactions"):
        raise SchemaError(
            "No order line says who bought. Map customer_id in crm.toml under [tables.transactions.columns]."
        )
    zone = crm.time_zone
    begins = _BEFORE_ALL if after is None else closing_moment_of_table(after, time_zone=zone)
    then = crm if until is None else crm.at(until)
    if begins > then.as_of:
        raise ParameterError(
            f"the time ends on {then.as_of:%Y-%m-%d %H:%M}, before it begins on {begins:%Y-%m-%d %H:%M} "
            "(UTC). Give `after` before `until`."
        )
    steps = indicator_steps(source_steps(columns_here(then)))
    return ask(then, BOUGHT_SQL, steps=steps, after=begins.to_pydatetime())
