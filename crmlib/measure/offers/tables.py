"""Who bought which product on which day, refunds taken off: the ground that offers stand on."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from crmlib.measure.indicators.steps import indicator_steps, source_steps
from crmlib.measure.purchases.states import people_sql
from crmlib.measure.steps import Steps, columns_here, lay_down, moments
from crmlib.prepare.crm import Crm
from crmlib.prepare.engine import Engine
from crmlib.schema.errors import SchemaError
from crmlib.schema.tables import table_spec

DETAILS = (
    *("name", "category", "subcategory", "tier", "unit_price", "unit_cost", "life_days"),
    *("launched_on", "retired_on", "replaces_product_id"),
)
"""What is read of a product."""

SENT_BACK = {
    "product_refunds": """
        select
            customer_id,
            product_id,
            refund_amount,
            last_value(case when bought_amount > 0 then order_id end ignore nulls) over (
                partition by customer_id, product_id
                order by ordered_at, case when bought_amount > 0 then 0 else 1 end, order_id
                rows between unbounded preceding and current row
            ) as order_id
        from sent_back_histories
    """,
    "came_back": """
        select histories.customer_id, histories.product_id, histories.order_id
        from sent_back_histories as histories
            join product_refunds as refunds using (customer_id, product_id, order_id)
        where refunds.refund_amount is not null
        group by histories.customer_id, histories.product_id, histories.order_id
        having max(histories.bought_amount) + sum(refunds.refund_amount) <= 0
    """,
}
"""The steps to `came_back`: what was bought of an order and wholly sent back, at once or later."""

_KEPT = SENT_BACK | {
    "order_numbers": """
        select
            numbered.customer_id,
            numbered.order_id,
            numbered.ordered_at,
            customers.c,
            cast(dense_rank() over (order by numbered.customer_id, numbered.order_id) as integer) as o,
            cast(numbered.ordered_at at time zone 'UTC' at time zone $time_zone as date) as ordered_on
        from (select distinct customer_id, order_id, ordered_at from order_lines) as numbered
            join offer_customers as customers using (customer_id)
    """
}
_KEPT_SQL = """
select
    order_numbers.c,
    products.p,
    order_numbers.o,
    order_numbers.ordered_on,
    lines.net_amount as amount,
    cast(case when lines.quantity > 0 then lines.quantity else 1 end as decimal(18, 4)) as quantity,
    lines.cost_amount as cost
from (
        select customer_id, product_id, order_id, ordered_at, net_amount, quantity, cost_amount
        from order_lines anti join came_back using (customer_id, product_id, order_id)
        where not is_refund and net_amount > 0
    ) as lines
    join order_numbers using (customer_id, order_id, ordered_at)
    join offer_products as products using (product_id)
"""

_TABLES = {
    "offer_customers": """
        select customer_id, cast(row_number() over (order by customer_id) - 1 as integer) as c
        from ({people}) as everybody
    """,
    "offer_products": """
        select
            product_id,
            cast(row_number() over (order by product_id) - 1 as integer) as p,
            cast(dense_rank() over (order by {group}) - 1 as integer) as g,
            {has_group} as has_group,
            {details}
        from (
            select product_id, {smallest}
            from (
                select product_id, {details} from ({products}) as listed
                union all
                select product_id, {nothing} from ({sold}) as sold
            ) as mentioned
            group by product_id
        ) as named
    """,
    "offer_purchases": "{kept}",
    "offer_days": """
        select c, p, ordered_on, max(cast(amount as double) / cast(quantity as double)) as price
        from offer_purchases
        group by c, p, ordered_on
    """,
}


def offer_engine(crm: Crm) -> Engine:
    """An engine beside the workspace's own that holds every purchase of a known customer, coded by numbers."""
    if "transactions" not in crm or "customer_id" not in crm.columns("transactions"):
        raise SchemaError(
            "No order line says who bought. Map customer_id in crm.toml under [tables.transactions.columns]."
        )
    engine = crm.engine.branch("offers", dict.fromkeys(crm.tables, "select * from {source}"))
    tables = table_statements(columns_here(crm), people=people_sql(crm))
    lay_down(engine, tables, **moments(" ".join(tables.values()), as_of=crm.as_of, time_zone=crm.time_zone))
    return engine


def table_statements(columns: dict[str, list[str]], *, people: str) -> dict[str, str]:
    """The statements behind `offer_engine`, by the name of the table that each one makes."""
    spec, listed = table_spec("products"), columns.get("products", ())
    nothing = {name: f"cast(null as {spec.field(name).sql_type}) as {name}" for name in DETAILS}
    read = ", ".join(name if name in listed else gap for name, gap in nothing.items())
    parts = ["category"] if "tier" in listed else ["category", "subcategory"]
    empty = "(select cast(null as varchar) as product_id where false) as nothing_listed"
    words = {
        "people": people,
        "details": ", ".join(DETAILS),
        "smallest": ", ".join(f"min({name}) as {name}" for name in DETAILS),
        "nothing": ", ".join(nothing.values()),
        "group": ", ".join(f"coalesce({name}, '')" for name in parts),
        "has_group": " or ".join(f"{name} is not null" for name in parts),
        "products": f"select product_id, {read} from {'products' if listed else empty}",
        "sold": "select distinct product_id from transactions where ordered_at <= $as_of",
        "kept": indicator_steps(source_steps(columns)).add(_KEPT).sql(_KEPT_SQL),
    }
    return {name: sql.format(**words) for name, sql in _TABLES.items()}


def products_offered(engine: Engine) -> pd.DataFrame:
    """What is known of every product, sold so far or listed only."""
    table = engine.to_pandas(
        f"""
        select p, product_id, g, has_group, {", ".join(DETAILS)}, paid_price, cost_share, usual_pieces
        from offer_products left join offer_product_stats using (p)
        order by p
        """
    )
    return table.set_index("p")


def product_gaps(engine: Engine, day: date) -> pd.DataFrame:
    """The time between purchases of every product, of its category and of all, as known at the end of a day."""
    lay_down(engine, GAP_STATEMENTS, cut=day)
    table = engine.to_pandas(
        """
        select p, life_days, km_days, km_return, ended, running, group_days, group_return, group_ended,
            all_days, all_return
        from offer_products
            left join offer_product_gaps using (p)
            left join offer_group_gaps using (g)
            cross join offer_all_gaps
        order by p
        """
    )
    return table.set_index("p")


def offer_people(engine: Engine) -> pd.Series:
    """The customers, in the order of their numbers."""
    return engine.to_pandas("select customer_id from offer_customers order by c")["customer_id"]


def product_categories(engine: Engine) -> pd.DataFrame:
    """Category and subcategory of each product, in the order of their numbers."""
    return engine.to_pandas("select category, subcategory from offer_products order by p")


def purchase_days(engine: Engine) -> pd.DataFrame:
    """Customer, product and day, as whole numbers, of every purchase; days are counted from 1970."""
    return engine.to_pandas(
        "select c, p, date_diff('day', date '1970-01-01', ordered_on) as day from offer_days order by c, p, day"
    )


def order_products(engine: Engine) -> pd.DataFrame:
    """Order and product, as whole numbers, of every order that is not too large to say something of pairs."""
    rows = engine.to_pandas("select distinct o, p from offer_purchases")
    return rows[np.bincount(rows["o"])[rows["o"]] <= LARGEST_ORDER]


LARGEST_ORDER = 100
"""Orders with more different products say little about any two of them; they are left out of pairs."""

LEAST_ENDED = 20
"""Repeat purchases from which a product, or a category, has a rhythm of its own."""

_GAPS = {
    "gaps": """
        select {key}, gap, sum(at_gap) as at_gap, sum(ended) as ended
        from offer_gap_counts
        where {where}
        group by {key}, gap
    """,
    # what is at risk is added up from the end: a sum over what follows takes Spark the square of the time
    "risks": """
        select
            {key},
            gap,
            ended,
            sum(at_gap) over (
                partition by {key} order by gap desc rows between unbounded preceding and current row
            ) as at_risk,
            sum(at_gap) over (partition by {key}) as stretches
        from gaps
    """,
    "curve": """
        select
            {key},
            gap,
            ended,
            stretches,
            round(exp(sum(ln(greatest(1 - cast(ended as double) / at_risk, 1e-9))) over (
                partition by {key} order by gap rows between unbounded preceding and current row
            )), 9) as lasting
        from risks
        where ended > 0
    """,
    "ends": """
        select
            *,
            min(lasting) over (partition by {key}) as lasting_at_end,
            sum(ended) over (partition by {key}) as all_ended
        from curve
    """,
}
_GAPS_SQL = """
select
    {key},
    cast(min(case when 2 * lasting <= 1 + lasting_at_end then gap end) as double) as {name}_days,
    1 - min(lasting_at_end) as {name}_return,
    min(all_ended) as {ended},
    min(stretches) - min(all_ended) as {running}
from ends
group by {key}
"""


def _gaps_sql(*, key: str, where: str, name: str, ended: str, running: str) -> str:
    question = _GAPS_SQL.format(key=key, name=name, ended=ended, running=running)
    return Steps().add(_GAPS, key=key, where=where).sql(question)


STATEMENTS = {
    "offer_histories": """
        select
            c,
            p,
            cast(count(*) as integer) as own_days,
            cast(count(case when ordered_on > $recent_on then 1 end) as integer) as own_days_recent,
            cast(count(case when ordered_on > $season_on then 1 end) as integer) as own_days_season,
            min(ordered_on) as first_on,
            max(ordered_on) as last_on,
            max(price) as top_price
        from offer_days
        where ordered_on <= $cut
        group by c, p
    """,
    "offer_product_stats": """
        select *
        from (
            select
                p,
                count(*) as buyers,
                count(case when last_on > $recent_on then 1 end) as buyers_recent,
                count(case when last_on > $season_on then 1 end) as buyers_season,
                count(case when first_on > $recent_on then 1 end) as first_recent,
                count(case when first_on > $season_on then 1 end) as first_season,
                count(case when own_days > 1 then 1 end) as repeaters,
                sum(own_days) as bought_days
            from offer_histories
            group by p
        ) as takers join (
            select
                p,
                cast(coalesce(
                    sum(case when ordered_on > $season_on then amount end)
                        / sum(case when ordered_on > $season_on then quantity end),
                    sum(amount) / sum(quantity)
                ) as double) as paid_price,
                cast(sum(cost) as double)
                    / nullif(cast(sum(case when cost is not null then amount end) as double), 0) as cost_share,
                median(cast(quantity as double)) as usual_pieces
            from offer_purchases
            where ordered_on <= $cut
            group by p
        ) as prices using (p)
    """,
    "offer_group_habits": """
        select
            histories.c,
            products.g,
            cast(sum(histories.own_days) as bigint) as group_days,
            cast(sum(histories.own_days_season) as bigint) as group_days_season,
            count(*) as group_products,
            max(histories.last_on) as group_last_on,
            max(histories.top_price) as group_top_price
        from offer_histories as histories join offer_products as products using (p)
        where products.has_group
        group by histories.c, products.g
    """,
    "offer_group_places": """
        select
            g,
            p,
            tier,
            coalesce(unit_price, paid_price) as price,
            sum(buyers_recent) over (partition by g) as group_buyers,
            row_number() over (partition by g order by buyers_recent desc, buyers desc, p) as place
        from offer_product_stats join offer_products using (p)
        where has_group
    """,
}
"""Table -> how it is made; later ones rest on earlier ones. ``$cut`` is the last day that is looked at."""


GAP_STATEMENTS = {
    "offer_gaps": """
        select p, ordered_on, cast(date_diff('day', previous_on, ordered_on) as integer) as gap
        from (
            select p, ordered_on, lag(ordered_on) over (partition by c, p order by ordered_on) as previous_on
            from offer_days
        ) as days
        where previous_on is not null
    """,
    "offer_gap_counts": f"""
        select
            1 as k,
            case when products.has_group then products.g end as g,
            often.p as often_p,
            stretches.gap,
            count(*) as at_gap,
            sum(stretches.ended) as ended
        from (
            select p, gap, 1 as ended from offer_gaps where ordered_on <= $cut
            union all
            select p, cast(date_diff('day', last_on, $cut) as integer) as gap, 0 as ended from offer_histories
        ) as stretches
            join offer_products as products using (p)
            left join (
                select p from offer_histories group by p having sum(own_days - 1) >= {LEAST_ENDED}
            ) as often using (p)
        group by products.has_group, products.g, often.p, stretches.gap
    """,
    "offer_product_gaps": "select often_p as p, km_days, km_return, ended, running from ("
    + _gaps_sql(key="often_p", where="often_p is not null", name="km", ended="ended", running="running")
    + ") as found",
    "offer_group_gaps": _gaps_sql(
        key="g", where="g is not null", name="group", ended="group_ended", running="group_running"
    ),
    "offer_all_gaps": "select all_days, all_return from (values (1)) as one left join ("
    + _gaps_sql(key="k", where="true", name="all", ended="all_ended", running="all_running")
    + ") as found on true",
}
"""The same for the time between purchases, on top of `STATEMENTS`."""


def count_up_to(engine: Any, day: date, *, horizon_days: int) -> None:
    """Make the tables of `STATEMENTS` as they were known at the end of a day; those of another day go."""
    lay_down(engine, STATEMENTS, **day_values(day, horizon_days=horizon_days))


def day_values(day: date, *, horizon_days: int) -> dict[str, Any]:
    """The parameters of the statements."""
    return {
        "cut": day,
        "recent_on": day - timedelta(days=horizon_days),
        "season_on": day - timedelta(days=3 * horizon_days),
    }
