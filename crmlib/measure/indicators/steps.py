"""The named steps from order lines to prepared views, each written once, in the order they are read.

The SQL is DuckDB's, kept to the part that sqlglot turns into Spark with the same meaning. Values
come in as parameters: ``$as_of`` (the closing moment, UTC), ``$as_of_on`` (its day in the workspace's time
zone) and ``$time_zone``; with ``$since_90d`` and ``$since_365d``, the moments (UTC) at which the last 90 and 365
days began there. Every sum is one of decimals or whole numbers, so the order of rows changes no bit.

How refunds are read
    A line with a negative amount or a negative quantity is a refund. It belongs to the customer's latest
    order, up to and with its own, in which the same product was bought; where there is none it stays with
    its own order. An order is a purchase while something of it is left: what was bought, less the refunds
    that belong to it, is above 0. So an order wholly refunded is no purchase, and neither is one whose lines
    all cost nothing. Money counts on the day of its own order, a purchase date never moves.
"""

from collections.abc import Mapping

from crmlib.measure.indicators.steps_contact import CONTACT_STEPS
from crmlib.measure.steps import Steps

_STEPS = {
    "sent_back_products": """
        select distinct customer_id, product_id
        from order_lines
        where is_refund
    """,
    "sent_back_histories": """
        select
            customer_id,
            product_id,
            order_id,
            min(ordered_at) as ordered_at,
            coalesce(sum(net_amount) filter (where not is_refund), 0) as bought_amount,
            sum(net_amount) filter (where is_refund) as refund_amount
        from order_lines semi join sent_back_products using (customer_id, product_id)
        group by customer_id, product_id, order_id
    """,
    "refund_targets": """
        select
            customer_id,
            order_id,
            refund_amount,
            last_value(case when bought_amount > 0 then order_id end ignore nulls) over (
                partition by customer_id, product_id
                order by ordered_at, case when bought_amount > 0 then 0 else 1 end, order_id
                rows between unbounded preceding and current row
            ) as purchase_order_id
        from sent_back_histories
    """,
    "later_refunds": """
        select customer_id, order_id as refund_order_id, purchase_order_id, refund_amount
        from refund_targets
        where refund_amount is not null and purchase_order_id <> order_id
    """,
    "refund_transfers": """
        select
            customer_id,
            order_id,
            sum(refunded_amount) as refunded_amount,
            sum(passed_on_amount) as passed_on_amount
        from (
            select
                customer_id,
                purchase_order_id as order_id,
                refund_amount as refunded_amount,
                0 as passed_on_amount
            from later_refunds
            union all
            select
                customer_id,
                refund_order_id as order_id,
                0 as refunded_amount,
                refund_amount as passed_on_amount
            from later_refunds
        ) as moves
        group by customer_id, order_id
    """,
    "order_totals": """
        select
            order_id,
            customer_id,
            coalesce(min(ordered_at) filter (where not is_refund), min(ordered_at)) as ordered_at,
            sum(net_amount) as net_amount,
            coalesce(sum(net_amount) filter (where not is_refund), 0) as bought_amount,
            coalesce(sum(net_amount) filter (where is_refund), 0) as refund_amount,
            sum(discount_amount) as discount_amount,
            sum(cost_amount) as cost_amount,
            sum(margin_amount) as margin_amount,
            sum(case when cost_amount is not null then net_amount end) as costed_amount,
            coalesce(sum(quantity) filter (where not is_refund), 0) as quantity,
            count(*) filter (where not is_refund) as line_count,
            array_length(
                array_distinct(array_agg(case when not is_refund then product_id end))
            ) as product_count,
            count(*) filter (where discount_amount > 0 and not is_refund) as discounted_line_count,
            min(channel) as channel,
            min(store_id) as store_id,
            min(due_on) as due_on,
            case when count(*) filter (where paid_on is null and not is_refund) = 0
                then max(paid_on) filter (where not is_refund) end as paid_on
        from order_lines
        group by order_id, customer_id
    """,
    "settled_orders": """
        select
            order_totals.*,
            coalesce(refund_transfers.refunded_amount, 0) as refunded_amount,
            order_totals.net_amount - coalesce(refund_transfers.passed_on_amount, 0)
                + coalesce(refund_transfers.refunded_amount, 0) as kept_amount,
            order_totals.ordered_at at time zone 'UTC' at time zone $time_zone as local_at
        from order_totals left join refund_transfers using (order_id, customer_id)
    """,
    "dated_orders": """
        select
            *,
            cast(local_at as date) as ordered_on,
            bought_amount > 0 and kept_amount > 0 as is_purchase
        from settled_orders
    """,
    "following_orders": """
        select
            *,
            is_purchase and due_on is not null as is_invoice,
            lag(ordered_on) over (
                partition by customer_id, is_purchase order by ordered_at, order_id
            ) as previous_on
        from dated_orders
    """,
    "orders": """
        select
            *,
            date_diff('day', ordered_on, $as_of_on) as age_days,
            case when is_purchase then date_diff('day', previous_on, ordered_on) end as gap_days,
            is_purchase and (previous_on is null or previous_on <> ordered_on) as starts_day,
            is_purchase and (
                previous_on is null
                or extract(month from previous_on) <> extract(month from ordered_on)
                or extract(year from previous_on) <> extract(year from ordered_on)
            ) as starts_month,
            12 * (extract(year from $as_of_on) - extract(year from ordered_on))
                + extract(month from $as_of_on) - extract(month from ordered_on) as months_ago,
            extract(month from ordered_on) as month,
            date_diff('day', date '0001-01-01', ordered_on) % 7 as weekday,
            date_diff('day', date '0001-01-01', ordered_on) % 7 >= 5 as is_weekend,
            extract(hour from local_at) as hour,
            case when is_invoice then date_diff('day', ordered_on, paid_on) end as days_to_pay,
            case when is_invoice and (paid_on is not null or due_on < $as_of_on)
                then greatest(date_diff('day', due_on, coalesce(paid_on, $as_of_on)), 0) end as days_late,
            is_invoice and paid_on is null and due_on < $as_of_on as is_overdue,
            case when is_invoice and paid_on is null then kept_amount else 0 end as open_amount
        from following_orders
    """,
    "lines": """
        select
            *,
            date_diff('day', cast(local_at as date), $as_of_on) as age_days,
            date_diff('day', date '0001-01-01', cast(local_at as date)) % 7 >= 5 as is_weekend,
            extract(hour from local_at) as hour
        from (
            select *, ordered_at at time zone 'UTC' at time zone $time_zone as local_at
            from order_lines left join product_details using (product_id)
        ) as dated_lines
    """,
    "product_totals": """
        select
            customer_id,
            product_id,
            sum(net_amount) as net_amount,
            sum(quantity) as quantity,
            count(*) as line_count,
            min(case when not is_refund then ordered_at end) as first_at,
            max(case when not is_refund then ordered_at end) as last_at
        from order_lines
        group by customer_id, product_id
    """,
    "customer_products": """
        select *
        from product_totals left join product_details using (product_id)
    """,
    "dated_products": """
        select
            *,
            coalesce(last_at > first_at, false) as is_repeated,
            coalesce(last_at >= $since_90d, false) as is_bought_90d,
            coalesce(last_at >= $since_365d, false) as is_bought_365d,
            coalesce(first_at >= $since_90d, false) as is_new_90d,
            coalesce(first_at >= $since_365d, false) as is_new_365d
        from customer_products
    """,
    "category_totals": """
        select
            customer_id,
            category,
            sum(net_amount) as net_amount,
            count(*) filter (where net_amount > 0) as product_count,
            coalesce(max(case when net_amount > 0 then last_at end) >= $since_365d, false) as is_bought_365d,
            coalesce(min(case when net_amount > 0 then first_at end) >= $since_365d, false) as is_new_365d
        from customer_products
        where category is not null
        group by customer_id, category
    """,
    "customer_categories": """
        select
            *,
            row_number() over (
                partition by customer_id order by net_amount desc, category
            ) as category_rank
        from category_totals
    """,
    "channel_totals": """
        select customer_id, channel, count(*) as order_count, sum(kept_amount) as net_amount
        from orders
        where is_purchase and channel is not null
        group by customer_id, channel
    """,
    "customer_channels": """
        select
            *,
            row_number() over (
                partition by customer_id order by order_count desc, net_amount desc, channel
            ) as channel_rank
        from channel_totals
    """,
    "store_totals": """
        select customer_id, store_id, count(*) as order_count, sum(kept_amount) as net_amount
        from orders
        where is_purchase and store_id is not null
        group by customer_id, store_id
    """,
    "customer_stores": """
        select
            *,
            row_number() over (
                partition by customer_id order by order_count desc, net_amount desc, store_id
            ) as store_rank
        from store_totals
    """,
    "open_totals": """
        select customer_id, sum(open_amount) as open_amount
        from orders
        group by customer_id
    """,
    "credit_accounts": """
        select customer_id, credit_limit, coalesce(open_amount, 0) as open_amount
        from known_customers left join open_totals using (customer_id)
        where credit_limit is not null
    """,
}

ORDER_STEPS = (
    "order_lines",
    "sent_back_products",
    "sent_back_histories",
    "refund_targets",
    "later_refunds",
    "refund_transfers",
    "order_totals",
    "settled_orders",
    "dated_orders",
    "following_orders",
    "orders",
)
"""The steps from order lines to orders: what is a purchase, and when."""

PRODUCT_STEPS = ("order_lines", "product_details", "product_totals", "customer_products")
"""The steps from order lines to the products of each customer."""


def indicator_steps(sources: Mapping[str, str]) -> Steps:
    """The steps to the prepared views, behind those that begin at the workspace's own tables.

    >>> "orders" in indicator_steps({"order_lines": "select 1 as one"})
    True
    """
    return Steps(sources).add(_STEPS | CONTACT_STEPS)
