"""What was bought, and what within a time: histories, months and totals of sales, the words of products."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from crmlib.measure.indicators.catalogue import INDICATORS
from crmlib.measure.indicators.parts import customer_parts, of_orders
from crmlib.measure.indicators.settled import are_kept, steps_with_orders, workspace_steps
from crmlib.measure.indicators.steps import IN_PART, order_lines_sql, source_steps
from crmlib.measure.steps import ask, columns_here, moments
from crmlib.prepare.answers import kept_answer
from crmlib.prepare.clock import closing_moment_of_table
from crmlib.prepare.crm import Crm, workspace_of
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


def buyer_count(crm: Crm) -> int:
    """How many customers any order line names."""
    sql = "select count(distinct customer_id) as buyers from transactions"
    return int(kept_answer(crm, "buyer_count", make=lambda: crm.engine.to_pandas(sql)).iloc[0, 0])


def _ask(crm: Crm, *, after: pd.Timestamp, category: str | None) -> pd.DataFrame:
    if category is not None:
        _require_category(crm, category)
    return ask(
        crm,
        _ALL if category is None else _OF_CATEGORY,
        steps=workspace_steps(crm),
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
    """The order lines of a workspace with the columns that `ask_orders` reads, for several questions in a row.

    Where its orders are kept, nothing is read here.
    """
    transactions = crm.table("transactions")
    require_columns(transactions, _REQUIRED, table_name="transactions")
    if are_kept(crm):
        return transactions
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
    in_parts: bool = False,
) -> pd.DataFrame:
    """Ask something of the orders view (refunds settled, purchases told) made from order lines.

    Of many customers whose orders are kept, a question about each may be asked `in_parts`: it takes less room.
    """
    require_columns(transactions, _REQUIRED, table_name="transactions")
    present = columns_of(transactions)
    read = [_READ_AS[name] if name in present else _WHERE_MISSING[name] for name in _READ_AS]
    read += [f"cast(null as {kind}) as {name}" for name, kind in _UNUSED.items()]
    owner = workspace_of(transactions)
    if owner is not None and (as_of > owner.as_of or time_zone != owner.time_zone):
        owner = None
    lines = order_lines_sql(f"select {', '.join(read)} from {'transactions' if owner else 'lines_at_hand'}")
    parts = of_orders(customer_parts(owner)) if owner and in_parts and are_kept(owner) else []
    sources = {"order_lines": lines + IN_PART if parts else lines}
    asked = steps_with_orders(owner, sources, as_of=as_of, part=bool(parts))
    sql = asked.add(steps or {}).sql(question)
    values = moments(sql, as_of=as_of, time_zone=time_zone)
    try:
        if owner and parts:
            each = [values | part for part in parts]
            table = owner.engine.to_pandas_by_parts(sql, each, order_by="customer_id")
        elif owner:
            table = owner.engine.to_pandas(sql, values)
        else:
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


UNIT_DAYS = {"D": 1.0, "W": 7.0, "M": 30.4375}
"""Days in a unit of time: day, week, mean month of the Gregorian calendar (365.25 / 12)."""

_FREE = "line_count > 0 and bought_amount = 0 and refund_amount = 0"
FREE_ORDERS = {"ignore": "is_purchase", "count": f"is_purchase or ({_FREE})"}
"""What to do with orders whose lines all cost nothing -> which orders are purchases then."""

_DAYS = {
    "purchase_days": """
        select
            customer_id,
            ordered_on,
            count(*) filter (where {purchase}) > 0 as is_counted,
            sum(kept_amount) filter (where {purchase}) as kept_amount,
            count(*) filter (where {free}) as free_orders
        from orders
        group by customer_id, ordered_on
    """,
    "repeats": """
        select
            *,
            min(case when is_counted then ordered_on end) over (partition by customer_id) as first_on
        from purchase_days
    """,
}
_FIGURES_SQL = """
select
    customer_id,
    cast(count(*) filter (where is_counted) - 1 as bigint) as frequency,
    date_diff('day', first_on, max(ordered_on) filter (where is_counted)) / {days} as recency,
    date_diff('day', first_on, $as_of_on) / {days} as "T",
    cast(sum(kept_amount) filter (where ordered_on > first_on) as double)
        / nullif(count(*) filter (where is_counted) - 1, 0) as monetary_value,
    cast(sum(free_orders) as bigint) as free_orders
from repeats
group by customer_id, first_on
order by customer_id
"""


def purchase_history(
    transactions: Any, *, as_of: Any, unit: str = "W", time_zone: str = "UTC", free_orders: str = "ignore"
) -> pd.DataFrame:
    """Frequency, recency, age and mean repeat spend of every customer, as buy-till-you-die models want them.

    A purchase occasion is a day: several orders of a customer on one day count as one, their values added
    up. Times are whole days divided by the length of the unit, not counts of calendar weeks or months.
    Refunds take from the value of the order that they belong to and never move a purchase; an order of which
    nothing is left after its refunds, or that was free, is no purchase (the rules of `rfm_table`); a free order
    can be made to count.

    Parameters
    ----------
    transactions : table, one row per order line
        `customer_id`, `order_id`, `ordered_at`, `net_amount` (account currency; refunds negative); and where
        they are there `product_id` and `quantity` (negative: a refund). A pandas or polars DataFrame, an
        Arrow table or a DuckDB relation. Lines without a customer or a time are left out. Times without a
        zone are taken as UTC.
    as_of : Timestamp, date or text
        The closing moment. Later rows are ignored. A bare date means the end of that day; a Timestamp
        without a zone is UTC, as ``crm.as_of`` is.
    unit : "D", "W" or "M"
        Day, week (7 days) or month (30.4375 days).
    time_zone : str
        Whose days are counted, such as that of the workspace (``crm.time_zone``).
    free_orders : "ignore" or "count"
        Whether an order whose lines all cost nothing is a purchase (of value 0).

    Returns
    -------
    DataFrame indexed by customer_id, sorted; customers with at least one purchase
        `frequency` (repeat purchase days: purchase days less one), `recency` (first to last purchase, in
        units; not the `recency_days` of RFM), `T` (first purchase to as_of, in units), `monetary_value` (mean
        value of the repeat purchase days, account currency; NaN where there is none, because the first
        purchase is no part of it). ``attrs["unit"]`` keeps the unit, ``attrs["left_out"]`` the number of free
        orders left out (`free_orders`) and of customers with orders but no purchase (`customers`).

    Raises
    ------
    SchemaError
        If a column is missing: it names the column, those present, and the line of crm.toml that maps it.
        If a time or an amount cannot be read as one.
    ParameterError
        If there is no such unit, `as_of` is no date, or `free_orders` is another word.

    References
    ----------
    Fader, P. S., Hardie, B. G. S. & Lee, K. L. (2005). "Counting your customers" the easy way. Marketing
    Science 24(2), 275-284.

    Examples
    --------
    >>> ledger = pd.DataFrame({
    ...     "customer_id": ["ann", "ann", "ann", "bob"], "order_id": ["1", "2", "3", "4"],
    ...     "ordered_at": pd.to_datetime(["2024-01-01", "2024-01-08", "2024-01-08", "2024-01-11"]),
    ...     "net_amount": [20.0, 15.0, 5.0, 10.0]})
    >>> purchase_history(ledger, as_of="2024-01-22")
                 frequency  recency         T  monetary_value
    customer_id
    ann                  1      1.0  3.000000            20.0
    bob                  0      0.0  1.571429             NaN
    """
    if unit not in UNIT_DAYS:
        raise ParameterError(
            f'there is no unit {unit!r}: give "D" (days), "W" (weeks) or "M" (months).'
            + nearest(str(unit).upper(), UNIT_DAYS)
        )
    purchase = what_counts(free_orders)
    moment = closing_moment_of_table(as_of, time_zone=time_zone)
    question = _FIGURES_SQL.format(days=f"cast({UNIT_DAYS[unit]} as double)")
    steps = {name: sql.format(purchase=purchase, free=_FREE) for name, sql in _DAYS.items()}
    asked: dict[str, Any] = {"as_of": moment, "time_zone": time_zone, "in_parts": True}
    everyone = ask_orders(transactions, question, steps=steps, **asked)
    free = 0 if free_orders == "count" else int(everyone["free_orders"].sum())
    has_bought = everyone["frequency"] >= 0
    history = everyone.loc[has_bought, ["frequency", "recency", "T", "monetary_value"]]
    history.attrs["unit"] = unit
    history.attrs["left_out"] = {"free_orders": free, "customers": int((~has_bought).sum())}
    return history


def what_counts(free_orders: str) -> str:
    """Which orders are purchases, as a condition on the orders view."""
    if free_orders not in FREE_ORDERS:
        raise ParameterError(f'free_orders is {free_orders!r}: give "ignore" or "count".')
    return FREE_ORDERS[free_orders]


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
    """
    columns = columns_here(crm)
    known = source_steps(columns)["order_lines"]
    customer = "customer_id is null" if "customer_id" in columns["transactions"] else "true"
    sources = {
        "order_lines": known,
        "nameless_lines": f"select order_id, ordered_at, net_amount from transactions where {customer}",
    }
    months = ask(crm, _MONTHS, steps=steps_with_orders(crm, sources))
    return months.assign(month=pd.to_datetime(months["month"]))


def net_sales_by_month(crm: Crm) -> pd.DataFrame:
    """Net sales of every month with a line, with the first and last moment by the workspace's clocks."""
    return ask(crm, _NET_SALES)


def sales_totals(crm: Crm) -> tuple[Any, ...]:
    """Net sales, those without a customer, bought, refunded, orders without a customer; first and last moment."""
    known = "customer_id is not null" if "customer_id" in crm.columns("transactions") else "false"
    return crm.engine.rows(_TOTALS.format(known=known))[0]


def margin_of_costed_sales(crm: Crm, *, days: int) -> tuple[float, float]:
    """Margin and net sales (account currency) of the last days' lines whose cost is known; NaN without one."""
    begin = (crm.as_of - pd.Timedelta(days=days)).to_pydatetime()
    margin, sales = ask(crm, _MARGIN, begin=begin).iloc[0]
    return float(margin), float(sales)


_DAYS_SQL = """
select customer_id, ordered_on, cast(sum(kept_amount) as double) as kept_amount
from orders
where {purchase}
group by customer_id, ordered_on
order by customer_id, ordered_on
"""


def purchase_days(
    transactions: Any, *, as_of: Any, time_zone: str = "UTC", free_orders: str = "ignore"
) -> pd.DataFrame:
    """Each day on which a customer bought, and what is left of that day's orders after refunds.

    `purchase_history` counts these days; here they stand one by one.
    """
    moment = closing_moment_of_table(as_of, time_zone=time_zone)
    question = _DAYS_SQL.format(purchase=what_counts(free_orders))
    asked: dict[str, Any] = {"as_of": moment, "time_zone": time_zone, "in_parts": True}
    days = ask_orders(transactions, question, **asked).reset_index()
    return days.assign(ordered_on=pd.to_datetime(days["ordered_on"]))


def rfm_table(transactions: Any, *, as_of: Any, bins: int = 5, time_zone: str = "UTC") -> pd.DataFrame:
    """Recency, frequency and spend of every customer, scored from 1 (weak) to `bins` (strong).

    Refunds reduce spend and never move a purchase date. An order of which nothing is left after its refunds
    is no purchase. A refund that is a line of another order belongs to the customer's latest order before it
    with the same `product_id`; without that column, to the customer's latest order before it.

    A score says where a customer stands in the ranking: the share of customers that are weaker, plus half
    the share that is equal (itself included), decides which of the `bins` equal parts of the ranking it falls
    in. Equal customers always have the same score, a stronger one never has a lower score, and without ties
    each score has the same number of customers, give or take one. A large group of equals can leave a score
    without customers.

    Parameters
    ----------
    transactions : table, one row per order line
        `customer_id`, `order_id`, `ordered_at`, `net_amount` (account currency; refunds negative); and where
        they are there `product_id` and `quantity` (negative: a refund). A pandas or polars DataFrame, an
        Arrow table or a DuckDB relation. Lines without a customer or a time are left out. Times without a
        zone are taken as UTC.
    as_of : Timestamp, date or text
        The closing moment. Later rows are ignored. A bare date means the end of that day; a Timestamp
        without a zone is UTC, as ``crm.as_of`` is.
    bins : int
        Number of scores, at least 2.
    time_zone : str
        Whose days are counted, such as that of the workspace (``crm.time_zone``).

    Returns
    -------
    DataFrame indexed by customer_id, sorted; customers with at least one purchase
        `recency_days` (days from the last purchase to as_of), `order_count` (purchases), `spend_total` (net
        spend), `r_score`, `f_score`, `m_score` (1 to `bins`; a recent purchase scores high). ``attrs["bins"]``
        keeps the number of scores.

    Raises
    ------
    SchemaError
        If a column is missing: it names the column, those present, and the line of crm.toml that maps it.
        If a time or an amount cannot be read as one.
    ParameterError
        If `bins` is no whole number from 2 on, or `as_of` is no date.

    References
    ----------
    Hughes, A. M. (1994). Strategic Database Marketing.

    Examples
    --------
    >>> ledger = pd.DataFrame({
    ...     "customer_id": ["ann", "ann", "bob"], "order_id": ["1", "2", "3"],
    ...     "ordered_at": pd.to_datetime(["2024-01-05", "2024-01-30", "2024-01-11"]),
    ...     "net_amount": [20.0, 15.0, 10.0]})
    >>> rfm_table(ledger, as_of="2024-01-31", bins=2)
                 recency_days  order_count  spend_total  r_score  f_score  m_score
    customer_id
    ann                     1            2         35.0        2        2        2
    bob                    20            1         10.0        1        1        1
    """
    if isinstance(bins, bool) or not isinstance(bins, int) or bins < 2:
        raise ParameterError(f"bins is {bins!r}: give a whole number from 2 on, such as 5.")
    moment = closing_moment_of_table(as_of, time_zone=time_zone)
    table = ask_orders(transactions, _question(), as_of=moment, time_zone=time_zone)
    table.attrs["bins"] = bins
    return rfm_scores(table, bins=bins)


def rfm_scores(table: pd.DataFrame, *, bins: int = 5) -> pd.DataFrame:
    """Figures of buyers with the scores of `rfm_table` beside them."""
    return table.assign(
        r_score=_scores(-table["recency_days"], bins=bins),
        f_score=_scores(table["order_count"], bins=bins),
        m_score=_scores(table["spend_total"], bins=bins),
    )


def _question() -> str:
    figures = [
        f"{indicator.sql} as {indicator.name}"
        for indicator in INDICATORS
        if indicator.name in ("recency_days", "order_count", "spend_total")
    ]
    return (
        f"select customer_id, {', '.join(figures)} from orders "
        "group by customer_id having count(*) filter (where is_purchase) > 0 order by customer_id"
    )


def _scores(values: pd.Series, *, bins: int) -> pd.Series:
    weaker = values.rank(method="min").astype("int64") - 1
    weaker_or_equal = values.rank(method="max").astype("int64")
    return 1 + bins * (weaker + weaker_or_equal) // (2 * max(len(values), 1))


def values_bought(crm: Crm, over: str) -> pd.DataFrame:
    """Which customer bought which `value` of a column of products, or of `channel` or `store_id`, at least once."""
    of_orders = over in ("channel", "store_id")
    table = "transactions" if of_orders else "products"
    if "transactions" not in crm or table not in crm or over not in crm.columns(table):
        raise ParameterError(
            f"over: {table} has no column {over}. Map it in crm.toml, or compare over another."
        )
    source = "transactions t" if of_orders else "transactions t join products p using (product_id)"
    rows = crm.engine.rows(
        f"select distinct t.customer_id, {over} from {source} "
        f"where t.customer_id is not null and {over} is not null and t.net_amount > 0"
    )
    return pd.DataFrame(list(rows), columns=["customer_id", "value"]).astype("str")


def product_words(crm: Crm, products: Iterable[str]) -> pd.DataFrame:
    """`name` and `category`, as far as the workspace has them, of some products by product_id."""
    present = crm.columns("products") if "products" in crm else []
    known = [name for name in ("name", "category") if name in present]
    if not known:
        return pd.DataFrame()
    sql = (
        f"select product_id, {', '.join(known)} from products where product_id in (select unnest($products))"
    )
    return ask(crm, sql, products=sorted(products)).set_index("product_id")
