"""Purchases over time: the same orders that the indicators count, month by month."""

from typing import Any

import pandas as pd

from crmlib.measure.indicators.sources import source_steps
from crmlib.measure.indicators.steps import indicator_steps
from crmlib.measure.steps import ask, columns_here
from crmlib.prepare.crm import Crm

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
_NET_SALES = """
select
    cast(date_trunc('month', local_at) as date) as month,
    min(local_at) as first_at,
    max(local_at) as last_at,
    sum(net_amount) as net_sales
from (
    select net_amount, ordered_at at time zone 'UTC' at time zone $time_zone as local_at
    from transactions
) as lines
group by month
order by month
"""
_TOTALS = """
select
    sum(net_amount),
    sum(net_amount) filter (where not ({known})),
    sum(net_amount) filter (where net_amount > 0),
    -sum(net_amount) filter (where net_amount < 0),
    count(distinct order_id) filter (where net_amount > 0 and not ({known})),
    min(ordered_at),
    max(ordered_at)
from transactions
"""
_MARGIN = """
select cast(sum(net_amount - cost_amount) as double) as margin, cast(sum(net_amount) as double) as sales
from transactions
where cost_amount is not null and ordered_at > $begin and ordered_at <= $as_of
"""


def purchases_by_month(crm: Crm) -> pd.DataFrame:
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


def net_sales_by_month(crm: Crm) -> pd.DataFrame:
    """Net sales of every month with a line, with the first and last moment by the workspace's clocks.

    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({"order_id": ["1", "2"], "product_id": ["a", "a"], "net_amount": [5.0, 7.0],
    ...                       "ordered_at": ["2024-01-02", "2024-01-05"]})
    >>> net_sales_by_month(Crm.from_frames(as_of="2024-03-10", transactions=lines))["net_sales"].tolist()
    [12.0]
    """
    return ask(crm, _NET_SALES)


def sales_totals(crm: Crm) -> tuple[Any, ...]:
    """Net sales, those without a customer, bought, refunded, orders without a customer; first and last moment.

    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({"order_id": ["1", "2"], "product_id": ["a", "a"], "net_amount": [5.0, -2.0],
    ...                       "ordered_at": ["2024-01-02", "2024-01-05"]})
    >>> [float(part) for part in sales_totals(Crm.from_frames(as_of="2024-03-10", transactions=lines))[:5]]
    [3.0, 3.0, 5.0, 2.0, 1.0]
    """
    known = "customer_id is not null" if "customer_id" in crm.columns("transactions") else "false"
    return crm.engine.rows(_TOTALS.format(known=known))[0]


def margin_of_costed_sales(crm: Crm, *, days: int) -> tuple[float, float]:
    """Margin and net sales (account currency) of the last days' lines whose cost is known; NaN without one.

    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({"order_id": ["1"], "product_id": ["a"], "net_amount": [5.0], "cost_amount": [3.0],
    ...                       "ordered_at": ["2024-01-02"]})
    >>> margin_of_costed_sales(Crm.from_frames(as_of="2024-03-10", transactions=lines), days=365)
    (2.0, 5.0)
    """
    begin = (crm.as_of - pd.Timedelta(days=days)).to_pydatetime()
    margin, sales = ask(crm, _MARGIN, begin=begin).iloc[0]
    return float(margin), float(sales)
