"""What customers did within a time: the outcome that a prediction made before it is held against."""

from typing import Any

import pandas as pd

from crmlib.measure.indicators.sources import source_steps
from crmlib.measure.indicators.steps import indicator_steps
from crmlib.measure.steps import ask, columns_here
from crmlib.prepare.clock import closing_moment_of_table
from crmlib.prepare.crm import Crm
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

    Parameters
    ----------
    crm : Crm
        With `transactions` (and `products.category`, where a category is asked for).
    after, until : Timestamp, date or text
        The time ``(after, until]``. A bare date means the end of that day in the workspace's zone; a Timestamp
        without a zone is UTC, as `as_of` is.
    category : str, optional
        Only lines of products of this category.

    Returns
    -------
    DataFrame indexed by customer_id, sorted; customers with an order in that time
        `purchase_count` (orders), `net_amount` (account currency, refunds of that time taken off).

    Raises
    ------
    ParameterError
        If `until` lies after ``crm.as_of`` or before `after`, or there is no such category.
    SchemaError
        If a category is asked for and products have none.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({
    ...     "order_id": ["1", "2", "3"], "customer_id": ["ann", "ann", "bob"], "product_id": "tea",
    ...     "ordered_at": ["2024-01-02", "2024-02-05", "2024-02-09"], "net_amount": [5.0, 7.0, 4.0]})
    >>> crm = Crm.from_frames(as_of="2024-02-29", transactions=lines)
    >>> purchases_within(crm, after="2024-01-31", until="2024-02-07")
                 purchase_count  net_amount
    customer_id
    ann                       1         7.0
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
    """What customers have bought from one category so far.

    Parameters
    ----------
    crm : Crm
        With `transactions` and `products.category`.
    category : str

    Returns
    -------
    DataFrame indexed by customer_id, sorted; customers with a line of that category
        `category_recency_days` (days since it was last in a purchase, NaN where it came back whole),
        `category_order_count`, `category_spend_total` (account currency).

    Raises
    ------
    ParameterError, SchemaError
        As `purchases_within`.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({"order_id": ["1"], "customer_id": ["ann"], "product_id": ["p"],
    ...                       "ordered_at": ["2024-01-02"], "net_amount": [5.0]})
    >>> products = pd.DataFrame({"product_id": ["p"], "category": ["tea"]})
    >>> crm = Crm.from_frames(as_of="2024-01-12", transactions=lines, products=products)
    >>> category_habits(crm, category="tea").loc["ann"].tolist()
    [10.0, 1.0, 5.0]
    """
    habits = _ask(crm, after=_BEFORE_ALL, category=category)
    names = {
        "recency_days": "category_recency_days",
        "purchase_count": "category_order_count",
        "net_amount": "category_spend_total",
    }
    return habits[list(names)].rename(columns=names).astype("float64")


def first_order_at(crm: Crm) -> pd.Timestamp | None:
    """The moment of the first order line that has a customer; None where there is none.

    Parameters
    ----------
    crm : Crm
        With `transactions`.

    Returns
    -------
    Timestamp, naive, in UTC

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({"order_id": ["1"], "customer_id": ["ann"], "product_id": ["p"],
    ...                       "ordered_at": ["2024-01-02"], "net_amount": [5.0]})
    >>> first_order_at(Crm.from_frames(as_of="2024-01-12", transactions=lines))
    Timestamp('2024-01-02 00:00:00')
    """
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
