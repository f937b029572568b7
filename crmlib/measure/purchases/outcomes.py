"""What customers did within a time: the outcome that a prediction made before it is held against."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from crmlib.measure.indicators.steps import indicator_steps, order_lines_sql, source_steps
from crmlib.measure.steps import ask, columns_here, moments
from crmlib.prepare.clock import closing_moment_of_table
from crmlib.prepare.crm import Crm
from crmlib.prepare.engine import Engine, ask_in_place, columns_of, require_columns
from crmlib.prepare.spark import engine_for
from crmlib.schema.errors import ParameterError, SchemaError, nearest

_ALL = """
select
    customer_id,
    count(*) filter (where is_purchase) as purchase_count,
    cast(sum(net_amount) as double) as net_amount
from orders
where ordered_at > $after
group by customer_id
order by customer_id
"""

_OF_CATEGORY = """
select
    customer_id,
    count(distinct case when is_purchase and not is_refund and line_amount > 0 then order_id end)
        as purchase_count,
    cast(sum(line_amount) as double) as net_amount,
    min(case when is_purchase and not is_refund and line_amount > 0 then age_days end) as recency_days
from (
    select
        orders.customer_id,
        orders.order_id,
        orders.is_purchase,
        orders.age_days,
        lines.is_refund,
        lines.net_amount as line_amount
    from orders join lines on orders.customer_id = lines.customer_id and orders.order_id = lines.order_id
    where lines.category = $category and orders.ordered_at > $after
) as lines_of_category
group by customer_id
order by customer_id
"""

_BEFORE_ALL = pd.Timestamp("0001-01-01")


def purchases_within(crm: Crm, *, after: Any, until: Any, category: str | None = None) -> pd.DataFrame:
    """Who purchased later than one moment and up to another, as it was known at the later one.

    What a purchase is, the indicators say: an order of which nothing is left after its refunds is none. A
    refund counts if it was there at `until`.
    """
    begins = closing_moment_of_table(after, time_zone=crm.time_zone)
    then = crm.at(until)
    if begins > then.as_of:
        raise ParameterError(
            f"the time ends on {then.as_of:%Y-%m-%d %H:%M}, before it begins on {begins:%Y-%m-%d %H:%M} "
            "(UTC). Give `after` before `until`."
        )
    return _ask(then, after=begins, category=category)[["purchase_count", "net_amount"]]


def category_habits(crm: Crm, *, category: str) -> pd.DataFrame:
    """What customers have bought from one category so far."""
    habits = _ask(crm, after=_BEFORE_ALL, category=category)
    names = {
        "recency_days": "category_recency_days",
        "purchase_count": "category_order_count",
        "net_amount": "category_spend_total",
    }
    return habits[list(names)].rename(columns=names).astype("float64")


def first_order_at(crm: Crm) -> pd.Timestamp | None:
    """The moment of the first order line that has a customer; None where there is none."""
    if "customer_id" not in crm.columns("transactions"):
        raise SchemaError(
            "No order line says who bought. Map customer_id in crm.toml under [tables.transactions.columns]."
        )
    found = crm.engine.rows("select min(ordered_at) from transactions where customer_id is not null")[0][0]
    return None if found is None else pd.Timestamp(found)


def _ask(crm: Crm, *, after: pd.Timestamp, category: str | None) -> pd.DataFrame:
    if category is not None:
        _require_category(crm, category)
    return ask(
        crm,
        _ALL if category is None else _OF_CATEGORY,
        steps=indicator_steps(source_steps(columns_here(crm))),
        after=after.to_pydatetime(),
        category=None if category is None else str(category),
    ).set_index("customer_id")


def _require_category(crm: Crm, category: str) -> None:
    if "products" not in crm or "category" not in crm.columns("products"):
        raise SchemaError(
            "products has no column category. Map it in crm.toml under [tables.products.columns]."
        )
    known = [row[0] for row in crm.engine.rows("select distinct category from products")]
    if category not in known:
        raise ParameterError(f"there is no category {category!r}.{nearest(category, filter(None, known))}")


_REQUIRED = ("customer_id", "order_id", "ordered_at", "net_amount")
_READ_AS = {
    "customer_id": "customer_id",
    "order_id": "order_id",
    "ordered_at": "cast(ordered_at as timestamp) as ordered_at",
    "net_amount": "cast(net_amount as decimal(18, 4)) as net_amount",
    "product_id": "coalesce(cast(product_id as varchar), '') as product_id",
    "quantity": "try_cast(quantity as decimal(18, 4)) as quantity",
}
_WHERE_MISSING = {"product_id": "'' as product_id", "quantity": "cast(null as decimal(18, 4)) as quantity"}
_UNUSED = {
    **dict.fromkeys(("discount_amount", "cost_amount"), "decimal(18, 4)"),
    **dict.fromkeys(("channel", "store_id"), "varchar"),
    **dict.fromkeys(("due_on", "paid_on"), "date"),
}


def read_once(crm: Crm) -> Any:
    """The order lines of a workspace with the columns that `ask_orders` reads, for several questions in a row."""
    transactions = crm.table("transactions")
    require_columns(transactions, _REQUIRED, table_name="transactions")
    present = columns_of(transactions)
    names = [Engine.quote(name) for name in _READ_AS if name in present]
    return crm.engine.to_arrow(f"select {', '.join(names)} from transactions")


def ask_orders(
    transactions: Any,
    question: str,
    *,
    as_of: pd.Timestamp,
    time_zone: str,
    steps: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Ask something of the orders view (refunds settled, purchases told) made from order lines."""
    require_columns(transactions, _REQUIRED, table_name="transactions")
    present = columns_of(transactions)
    read = [_READ_AS[name] if name in present else _WHERE_MISSING[name] for name in _READ_AS]
    read += [f"cast(null as {kind}) as {name}" for name, kind in _UNUSED.items()]
    lines = order_lines_sql(f"select {', '.join(read)} from lines_at_hand")
    sql = indicator_steps({"order_lines": lines}).add(steps or {}).sql(question)
    values = moments(sql, as_of=as_of, time_zone=time_zone)
    try:
        table = ask_in_place(transactions, sql, values, name="lines_at_hand")
        if table is None:
            with engine_for(transactions) as engine:
                names = [name for name in _READ_AS if name in present]
                engine.register("lines_at_hand", transactions, columns=names)
                table = engine.to_pandas(sql, values)
    except Exception as error:
        raise SchemaError(
            "transactions holds a value that is no time (ordered_at) or no finite amount (net_amount): "
            f"{str(error).strip().splitlines()[0]}"
        ) from error
    return table.set_index("customer_id")
