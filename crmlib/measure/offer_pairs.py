"""How many orders hold any two products: counted once for every day that offers look at."""

from datetime import date, timedelta
from typing import Any

from crmlib.measure.steps import Steps, lay_down

LARGEST_ORDER = 100
"""Orders with more different products say little about any two of them; they are left out of pairs."""

PAIR_PRODUCTS = 3_000
"""So many of the products bought on most days are looked at in pairs."""

NEIGHBOURS = 50
"""Products kept for each one that is bought together with it."""

PAIR_WEIGHT = 20
"""The share among all orders counts as much as so many orders with the first product."""

LEAST_TOGETHER = 3
"""Orders with both products, at the least."""

_COUNTED = """
            count(*) as last_orders,
            count(case when {ordered_on} <= $second_on then 1 end) as second_orders,
            count(case when {ordered_on} <= $third_on then 1 end) as third_orders"""

PAIR_STATEMENTS = {
    "offer_order_products": "select o, p, min(ordered_on) as ordered_on from offer_purchases group by o, p",
    "offer_order_sizes": """
        select o, min(ordered_on) as ordered_on, count(*) as products from offer_order_products group by o
    """,
    "offer_orders": f"""
        select o, p, ordered_on
        from offer_order_products
            semi join (
                select p, count(*) as days from offer_days group by p
                order by days desc, p
                limit {PAIR_PRODUCTS}
            ) as often using (p)
            semi join (select o from offer_order_sizes where products <= {LARGEST_ORDER}) as fit using (o)
    """,
    "offer_pair_counts": f"""
        select
            a.p,
            b.p as q,{_COUNTED.format(ordered_on="a.ordered_on")}
        from offer_orders as a join offer_orders as b on a.o = b.o and a.p < b.p
        group by a.p, b.p
        having count(*) >= {LEAST_TOGETHER}
    """,
    "offer_product_orders": f"""
        select
            p,{_COUNTED.format(ordered_on="ordered_on")}
        from offer_orders
        group by p
    """,
    "offer_all_orders": f"""
        select{_COUNTED.format(ordered_on="ordered_on")}
        from offer_order_sizes
        where products <= {LARGEST_ORDER}
    """,
}
"""Table -> how it is made; the last two days lie one and two horizons before the first."""

_AT_PLACE = "case when $place = 0 then last_orders when $place = 1 then second_orders else third_orders end"

_GOING_TOGETHER = {
    "counted": f"select p, q, {_AT_PLACE} as baskets from offer_pair_counts",
    "products": f"select p, {_AT_PLACE} as orders from offer_product_orders",
    "whole": f"select {_AT_PLACE} as total from offer_all_orders",
    "together": """
        select p, q, baskets from counted where baskets >= $least_together
        union all
        select q as p, p as q, baskets from counted where baskets >= $least_together
    """,
    "shares": f"""
        select
            together.p,
            together.q,
            together.baskets,
            before.orders as orders_before,
            behind.orders as orders_behind,
            cast(behind.orders as double) / total as base,
            (together.baskets + {PAIR_WEIGHT} * cast(behind.orders as double) / total)
                / (before.orders + {PAIR_WEIGHT}) as share
        from together
            join products as before on together.p = before.p
            join products as behind on together.q = behind.p
            cross join whole
    """,
}
PAIRS_SQL = Steps(_GOING_TOGETHER).sql(
    f"""
select p, q, baskets, orders_before, orders_behind, base, share
from (
    select *, row_number() over (partition by p order by share desc, q) as place from shares
) as places
where place <= {NEIGHBOURS}
"""
)
"""The products that go with each one, by their share among its orders, drawn towards that among all."""

_DONE_WITH = ("offer_orders", "offer_order_sizes", "offer_order_products")


def count_pairs(engine: Any, day: date, *, horizon_days: int) -> None:
    """Count the orders with any two products, up to a day and to one and two horizons before it.

    Parameters
    ----------
    engine : Engine, as `offer_tables.offer_engine` makes it
    day : date
        The last day of the orders there.
    horizon_days : int

    Examples
    --------
    >>> from crmlib.prepare.engine import Engine
    >>> engine = Engine()
    >>> engine.execute("create temp table offer_purchases as select o, p, date '2024-01-02' as ordered_on "
    ...                "from range(3) as orders(o), range(2) as products(p)")
    >>> engine.execute("create temp table offer_days as from offer_purchases")
    >>> count_pairs(engine, date(2024, 1, 31), horizon_days=7)
    >>> engine.rows("from offer_pair_counts")
    [(0, 1, 3, 3, 3)]
    """
    values = {
        "second_on": day - timedelta(days=horizon_days),
        "third_on": day - timedelta(days=2 * horizon_days),
    }
    lay_down(engine, PAIR_STATEMENTS, **values)
    for name in _DONE_WITH:
        engine.execute(f"drop table {name}")
