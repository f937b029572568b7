"""Purchases over time: the same orders that the indicators count, month by month."""

from typing import Any

import pandas as pd

from crmlib.measure.indicators.sources import source_steps
from crmlib.measure.indicators.steps import indicator_steps
from crmlib.measure.steps import ask, columns_here

_MONTHS = """
select
    cast(date_trunc('month', local_at) as date) as month,
    count(*) as orders,
    count(customer_id) as customers
from (
    select local_at, case when nth = 1 then customer_id end as customer_id
    from (
        select local_at, customer_id, row_number() over (
            partition by customer_id, date_trunc('month', local_at) order by local_at, order_id) as nth
        from orders
        where is_purchase
    ) as known_orders
    union all
    select min(ordered_at) at time zone 'UTC' at time zone $time_zone as local_at, null as customer_id
    from nameless_lines
    where net_amount > 0
    group by order_id
) as purchases
group by month
order by month
"""


def purchases_by_month(crm: Any) -> pd.DataFrame:
    """Orders and customers of every month with a purchase, in the workspace's time zone.

    What a purchase is, the indicators say: an order wholly refunded later is none. Orders without a customer
    count where anything on them was paid for; which refund belongs to them is not known.

    Parameters
    ----------
    crm : Crm
        With `transactions`.

    Returns
    -------
    DataFrame, one row a month
        `month` (its first day), `orders`, `customers`.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({
    ...     "order_id": ["1", "2", "3"], "customer_id": ["ann", "ann", None], "product_id": "tea",
    ...     "ordered_at": ["2024-01-02", "2024-01-05", "2024-02-01"], "net_amount": [5.0, -5.0, 4.0]})
    >>> purchases_by_month(Crm.from_frames(as_of="2024-02-29", transactions=lines))
           month  orders  customers
    0 2024-02-01       1          0
    """
    columns = columns_here(crm)
    known = source_steps(columns)["order_lines"]
    customer = "customer_id is null" if "customer_id" in columns["transactions"] else "true"
    sources = {
        "order_lines": known,
        "nameless_lines": f"select order_id, ordered_at, net_amount from transactions where {customer}",
    }
    months = ask(crm, _MONTHS, steps=indicator_steps(sources))
    return months.assign(month=pd.to_datetime(months["month"]))
