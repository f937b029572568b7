"""Who bought which product on which day, refunds taken off: the ground that offers stand on."""

from datetime import date

import pandas as pd

from crmlib.measure.indicators.sources import source_steps
from crmlib.measure.indicators.steps import indicator_steps
from crmlib.measure.lifecycle_steps import people_sql
from crmlib.measure.steps import columns_here, lay_down, moments
from crmlib.prepare.crm import Crm
from crmlib.prepare.engine import Engine
from crmlib.schema.errors import SchemaError
from crmlib.schema.tables import table_spec

DETAILS = (
    *("name", "category", "subcategory", "tier", "unit_price", "unit_cost", "life_days"),
    *("launched_on", "retired_on", "replaces_product_id"),
)
"""What is read of a product."""

_KEPT = {
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
    """,
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
    "offer_gaps": """
        select p, ordered_on, cast(date_diff('day', previous_on, ordered_on) as integer) as gap
        from (
            select p, ordered_on, lag(ordered_on) over (partition by c, p order by ordered_on) as previous_on
            from offer_days
        ) as days
        where previous_on is not null
    """,
}


def offer_engine(crm: Crm) -> Engine:
    """An engine beside the workspace's own that holds every purchase of a known customer, coded by numbers.

    Parameters
    ----------
    crm : Crm
        With `transactions`.

    Returns
    -------
    Engine
        `offer_customers` (`customer_id`, `c`), `offer_products` (`product_id`, `p`, `g`: its category, or
        subcategory where products have no tiers, `has_group`, what is known of it) and `offer_purchases` (one
        row a line of which something is left: `c`, `p`, `o`, `ordered_on`, `amount`,
        `quantity`, `cost`), `offer_days` (the same by day, with the highest price paid for a piece) and
        `offer_gaps` (days from one to the next). Close it when done; the workspace stays as it was.

    Raises
    ------
    SchemaError
        If no order line says who bought.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({
    ...     "order_id": ["1", "2", "2"], "customer_id": "ann", "product_id": ["tea", "tea", "jam"],
    ...     "ordered_at": ["2024-01-02", "2024-02-05", "2024-02-05"], "net_amount": [5.0, -5.0, 3.0]})
    >>> engine = offer_engine(Crm.from_frames(as_of="2024-02-29", transactions=lines))
    >>> engine.rows("select product_id from offer_purchases join offer_products using (p)")
    [('jam',)]
    """
    if "transactions" not in crm or "customer_id" not in crm.columns("transactions"):
        raise SchemaError(
            "No order line says who bought. Map customer_id in crm.toml under [tables.transactions.columns]."
        )
    engine = crm.engine.branch("offers", dict.fromkeys(crm.tables, "select * from {source}"))
    tables = table_statements(columns_here(crm), people=people_sql(crm))
    lay_down(engine, tables, **moments(" ".join(tables.values()), as_of=crm.as_of, time_zone=crm.time_zone))
    return engine


def table_statements(columns: dict[str, list[str]], *, people: str) -> dict[str, str]:
    """The statements behind `offer_engine`, by the name of the table that each one makes.

    Parameters
    ----------
    columns : table -> the columns that it has in this workspace
    people : str
        A select of `customer_id`, each once.

    Examples
    --------
    >>> list(table_statements({"transactions": ["order_id"]}, people="select 'ann' as customer_id"))
    ['offer_customers', 'offer_products', 'offer_purchases', 'offer_days', 'offer_gaps']
    """
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


def day_of(crm: Crm) -> date:
    """The day of the closing moment by the clocks of the workspace.

    Parameters
    ----------
    crm : Crm

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> day_of(Crm.from_frames(as_of="2024-01-31", customers=pd.DataFrame({"customer_id": ["ann"]})))
    datetime.date(2024, 1, 31)
    """
    return moments("$as_of_on", as_of=crm.as_of, time_zone=crm.time_zone)["as_of_on"]


def products_offered(engine: Engine) -> pd.DataFrame:
    """What is known of every product, sold so far or listed only.

    Parameters
    ----------
    engine : Engine, as `offer_engine` makes it, with the tables of `offer_steps.count_up_to`

    Returns
    -------
    DataFrame indexed by the product's number
        `product_id`, `g`, `has_group`, the columns of `DETAILS`, `paid_price` (for a piece on average lately,
        account currency), `cost_share` (of what was paid), and the time between two purchases: `km_days` (half
        of those who buy it again have done so), `km_return` (share of purchases followed by another), `ended`,
        `running`, by the survival curve of all stretches of 20 or more repeats; likewise of its group and of all.

    Examples
    --------
    >>> from crmlib.measure.offer_pairs import count_pairs
    >>> from crmlib.measure.offer_steps import count_up_to
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({"order_id": ["1", "2"], "customer_id": "ann", "product_id": "tea",
    ...                       "ordered_at": ["2024-01-02", "2024-01-16"], "net_amount": 5.0})
    >>> crm = Crm.from_frames(as_of="2024-01-31", transactions=lines)
    >>> engine = offer_engine(crm)
    >>> count_pairs(engine, day_of(crm), horizon_days=28)
    >>> count_up_to(engine, day_of(crm), horizon_days=28)
    >>> products_offered(engine)[["product_id", "paid_price", "all_days"]]
      product_id  paid_price  all_days
    p
    0        tea         5.0      14.0
    """
    table = engine.to_pandas(
        f"""
        select p, product_id, g, has_group, {", ".join(DETAILS)}, paid_price, cost_share,
            km_days, km_return, ended, running, group_days, group_return, group_ended, all_days, all_return
        from offer_products
            left join offer_product_stats using (p)
            left join offer_product_gaps using (p)
            left join offer_group_gaps using (g)
            cross join offer_all_gaps
        order by p
        """
    )
    return table.set_index("p")


def first_purchase_on(engine: Engine) -> date | None:
    """The day of the first purchase that `offer_engine` holds; None where there is none.

    >>> engine = Engine()
    >>> engine.execute("create table offer_days as select date '2024-01-02' as ordered_on")
    >>> first_purchase_on(engine)
    datetime.date(2024, 1, 2)
    """
    return engine.rows("select min(ordered_on) from offer_days")[0][0]


def known_buyers(engine: Engine) -> pd.Series:
    """The numbers of the customers who bought up to the day that the engine is counted up to, sorted.

    >>> engine = Engine()
    >>> engine.execute("create table offer_customer_stats as select unnest([2, 1]) as c")
    >>> known_buyers(engine).tolist()
    [1, 2]
    """
    return engine.to_pandas("select c from offer_customer_stats order by c")["c"]


def buyers_of_products(engine: Engine) -> pd.Series:
    """Product's number -> customers who bought it up to that day.

    >>> engine = Engine()
    >>> engine.execute("create table offer_product_stats as select 4 as p, 7 as buyers")
    >>> buyers_of_products(engine).to_dict()
    {4: 7}
    """
    return engine.to_pandas("select p, buyers from offer_product_stats").set_index("p")["buyers"]
