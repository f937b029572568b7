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

from collections.abc import Iterable, Mapping

from crmlib.measure.steps import Steps
from crmlib.schema.tables import table_spec

_LOCAL_DAY = "cast({} at time zone 'UTC' at time zone $time_zone as date)"

CONTACT_STEPS: dict[str, str] = {
    "described_customers": """
        select
            *,
            extract(year from $as_of_on) - extract(year from birth_on)
                - case when 100 * extract(month from birth_on) + extract(day from birth_on)
                    > 100 * extract(month from $as_of_on) + extract(day from $as_of_on)
                    then 1 else 0 end as age_years,
            try_cast(regexp_extract(household_size, '[0-9]+', 0) as integer) as household_people,
            date_diff('day', signed_up_on, $as_of_on) as known_days,
            case when interests is null then 0
                else length(interests) - length(replace(interests, ';', '')) + 1 end as interest_count,
            case when tags is null then 0
                else length(tags) - length(replace(tags, ';', '')) + 1 end as tag_count,
            cast(email_consent as integer) as has_email_consent,
            cast(sms_consent as integer) as has_sms_consent,
            cast(phone_consent as integer) as has_phone_consent
        from known_customers
    """,
    "seen_relations": """
        select
            from_customer_id as customer_id,
            to_customer_id as other_customer_id,
            relation,
            true as is_from
        from listed_relations
        union all
        select
            to_customer_id as customer_id,
            from_customer_id as other_customer_id,
            relation,
            false as is_from
        from listed_relations
    """,
    "dated_opportunities": f"""
        select
            *,
            date_diff('day', created_on, $as_of_on) as age_days,
            date_diff('day', closed_on, $as_of_on) as closed_age_days,
            date_diff('day', created_on, closed_on) as days_to_close
        from (
            select
                *,
                {_LOCAL_DAY.format("created_at")} as created_on,
                {_LOCAL_DAY.format("closed_at")} as closed_on
            from known_opportunities
            where customer_id is not null and (created_at is null or created_at <= $as_of)
        ) as customers_opportunities
    """,
    "campaign_answers": f"""
        select
            *,
            date_diff('day', contacted_on, $as_of_on) as age_days,
            date_diff('day', responded_on, $as_of_on) as response_age_days,
            date_diff('day', contacted_on, responded_on) as days_to_respond,
            not coalesce(is_control, false) as is_contacted,
            responded_at is not null as has_responded
        from (
            select *, {_LOCAL_DAY.format("responded_at")} as responded_on
            from contacted_customers
        ) as answers
        where contacted_on is null or contacted_on <= $as_of_on
    """,
    "dated_interactions": f"""
        select *, date_diff('day', happened_on, $as_of_on) as age_days
        from (
            select *, {_LOCAL_DAY.format("happened_at")} as happened_on
            from seen_interactions
            where happened_at <= $as_of
        ) as known_interactions
    """,
    "interactions_with_replies": """
        select
            *,
            direction = 'out' and age_days > 7 as is_asking,
            coalesce(direction = 'out' and date_diff('day', happened_on, reply_on) <= 7, false) as is_answered
        from (
            select
                *,
                min(case when direction = 'in' then happened_on end) over (
                    partition by customer_id order by happened_at, interaction_id
                    rows between 1 following and unbounded following
                ) as reply_on
            from dated_interactions
        ) as followed_interactions
    """,
    "dated_events": f"""
        select *, date_diff('day', happened_on, $as_of_on) as age_days
        from (
            select *, {_LOCAL_DAY.format("happened_at")} as happened_on
            from seen_events
            where customer_id is not null and happened_at <= $as_of
        ) as known_events
    """,
    "sessions": """
        select
            customer_id,
            session_id,
            count(*) as event_count,
            count(*) filter (where event = 'cart') as cart_count,
            max(age_days) as age_days
        from dated_events
        where session_id is not null
        group by customer_id, session_id
    """,
    "dated_feedback": f"""
        select
            *,
            cast(100 * cast(score as double) / nullif(score_max, 0) as decimal(18, 4)) as score_pct,
            date_diff('day', given_on, $as_of_on) as age_days,
            resolved_at is not null as is_resolved,
            date_diff('day', given_on, resolved_on) as days_to_resolve
        from (
            select
                *,
                {_LOCAL_DAY.format("given_at")} as given_on,
                {_LOCAL_DAY.format("resolved_at")} as resolved_on
            from given_feedback
            where customer_id is not null and given_at <= $as_of
        ) as known_feedback
    """,
    "dated_cases": f"""
        select
            *,
            date_diff('day', opened_on, $as_of_on) as age_days,
            closed_at is null as is_open,
            date_diff('day', opened_on, closed_on) as days_to_close,
            cast(floor(epoch(first_response_at)) - floor(epoch(opened_at)) as bigint) as response_seconds,
            coalesce(lower(priority) in ('high', 'urgent', 'critical', '1'), false) as is_urgent
        from (
            select
                *,
                {_LOCAL_DAY.format("opened_at")} as opened_on,
                {_LOCAL_DAY.format("closed_at")} as closed_on
            from opened_cases
            where opened_at <= $as_of
        ) as known_cases
    """,
}
"""Step -> its SQL; each begins at a source step of the same table."""


def _places(place: str, *, column: str) -> dict[str, str]:
    """The steps from orders to the channels or shops of each customer."""
    return {
        f"{place}_totals": f"""
        select customer_id, {column}, count(*) as order_count, sum(kept_amount) as net_amount
        from orders
        where is_purchase and {column} is not null
        group by customer_id, {column}
    """,
        f"customer_{place}s": f"""
        select
            *,
            row_number() over (
                partition by customer_id order by order_count desc, net_amount desc, {column}
            ) as {place}_rank
        from {place}_totals
    """,
    }


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
            min(ordered_at) as first_at,
            max(ordered_at) as last_at,
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
    **_places("channel", column="channel"),
    **_places("store", column="store_id"),
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
    """The steps to the prepared views, behind those that begin at the workspace's own tables."""
    return Steps(sources).add(_STEPS | CONTACT_STEPS)


def _known(column: str, when: str = "") -> str:
    return f"case when {when or f'{column} <= $as_of'} then {column} end as {column}"


_READ_AS = {
    ("transactions", "quantity"): "try_cast(quantity as decimal(18, 4)) as quantity",
    ("transactions", "paid_on"): _known("paid_on", "paid_on <= $as_of_on"),
    ("campaign_contacts", "responded_at"): _known("responded_at"),
    ("events", "event"): "lower(event) as event",
    ("feedback", "score"): "try_cast(score as decimal(18, 4)) as score",
    ("feedback", "score_max"): "try_cast(score_max as decimal(18, 4)) as score_max",
    ("feedback", "resolved_at"): _known("resolved_at"),
    ("service_cases", "first_response_at"): _known("first_response_at"),
    ("service_cases", "closed_at"): _known("closed_at"),
    ("interactions", "duration_minutes"): "try_cast(duration_minutes as decimal(18, 4)) as duration_minutes",
    ("opportunities", "closed_at"): _known("closed_at"),
}
"""Columns that are not taken as they stand: numbers are summed exactly, what came later is not known."""

_DETAILS = ("category", "subcategory", "department", "brand")
_OF_THEIR_OWN = {
    "listed_contacts": "contacts",
    "listed_relations": "relations",
    "known_opportunities": "opportunities",
    "contacted_customers": "campaign_contacts",
    "seen_interactions": "interactions",
    "seen_events": "events",
    "given_feedback": "feedback",
    "opened_cases": "service_cases",
}
"""Steps that are a table as it stands, personal columns left aside."""

_ASKED = (
    *("name", "kind", "industry", "company_size", "employee_count", "annual_revenue", "country", "region"),
    *("city", "postcode", "address", "email", "phone", "birth_on", "gender", "income_band", "household_size"),
    *("tax_id", "source", "signed_up_on", "owner_id", "interests", "email_consent", "sms_consent"),
    "phone_consent",
)
"""The fields that make a record of a customer complete; a workspace is judged by those that it has."""

_READ_OF_CUSTOMERS = (
    *("customer_id", "kind", "industry", "company_size", "employee_count", "annual_revenue", "country"),
    *("region", "city", "birth_on", "household_size", "source", "campaign_id", "signed_up_on", "owner_id"),
    *("parent_customer_id", "credit_limit", "payment_terms_days", "interests", "tags", "email_consent"),
    *("sms_consent", "phone_consent"),
)


IN_PART = " and customer_id between $first_customer and $last_customer"
"""Of many customers, those of one part."""


def source_steps(columns: Mapping[str, Iterable[str]], *, part: bool = False) -> dict[str, str]:
    """Source step -> its SQL, with the same columns whatever the workspace has; what is missing is empty."""
    within = IN_PART if part else ""
    customers = _customers_sql(columns)
    return {
        "order_lines": order_lines_sql(_read("transactions", columns, names=_not_personal("transactions")))
        + within,
        "product_details": f"""
        select product_id, {", ".join(f"min({name}) as {name}" for name in _DETAILS)}
        from ({_read("products", columns, names=("product_id", *_DETAILS))}) as details
        group by product_id
        """,
        "known_customers": f"select * from ({customers}) as listed where true{within}" if part else customers,
        **{step: _read(table, columns, names=_not_personal(table)) for step, table in _OF_THEIR_OWN.items()},
    }


def order_lines_sql(transactions: str) -> str:
    """One row per order line that has a customer, up to `as_of`, refunds recognised."""
    return f"""
        select
            *,
            net_amount - cost_amount as margin_amount,
            net_amount < 0 or coalesce(quantity < 0, false) as is_refund
        from ({transactions}) as accepted_lines
        where customer_id is not null and ordered_at <= $as_of
    """


def _customers_sql(columns: Mapping[str, Iterable[str]]) -> str:
    """Of a personal field only whether it is filled is read."""
    asked = [name for name in _ASKED if name in columns.get("customers", ())]
    filled = " + ".join(f"case when {name} is null then 0 else 1 end" for name in asked) or "0"
    counted = f"{len(asked)} as asked_field_count, {filled} as filled_field_count"
    return _read("customers", columns, names=_READ_OF_CUSTOMERS, more=counted)


def _not_personal(table: str) -> list[str]:
    return [field.name for field in table_spec(table).fields if field.privacy == "internal"]


def _read(
    table: str, columns: Mapping[str, Iterable[str]], *, names: Iterable[str] | None = None, more: str = ""
) -> str:
    spec = table_spec(table)
    present = set(columns.get(table, ()))
    selected = [
        _READ_AS.get((table, name), name)
        if name in present
        else f"cast(null as {spec.field(name).sql_type}) as {name}"
        for name in names or spec.names
    ]
    listed = ", ".join([*selected, more] if more else selected)
    return f"select {listed} " + (f"from {table}" if table in columns else "where false")
