"""What was bought together: each product of each order once, paid for and kept, with what it brought."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from crmlib.measure.indicators.settled import workspace_steps
from crmlib.measure.offers.tables import SENT_BACK
from crmlib.measure.steps import columns_here, local_day, moments, read_table
from crmlib.prepare.crm import Crm

_COLUMNS = (
    "order_id",
    "customer_id",
    "product_id",
    "ordered_at",
    "quantity",
    "net_amount",
    "cost_amount",
    "channel",
)

_READ = {
    "order_parts": """
        select order_id, product_id, customer_id, ordered_at, net_amount, cost_amount, channel,
            case when net_amount < 0 or coalesce(try_cast(quantity as double) < 0, false) then 1 else 0 end as is_back,
            case when net_amount = 0 and coalesce(try_cast(quantity as double) >= 0, true) then 1 else 0 end as is_free
        from ({lines}) as parts
        where ordered_at <= $as_of
    """,
    "products_of_orders": """
        select order_id, product_id, min(customer_id) as customer_id, min(ordered_at) as ordered_at,
            min(channel) as channel, sum(net_amount) as amount, sum(cost_amount) as cost,
            count(*) as lines, sum(is_back) as back, sum(is_free) as free,
            sum(case when is_back = 0 then net_amount else 0 end) as paid
        from order_parts
        group by order_id, product_id
    """,
}
_PARTS_SQL = """
select order_id, product_id, customer_id, channel, {day} as day,
    cast(amount as double) as amount, cast(cost as double) as cost, lines, back, free,
    cast(paid as double) as paid, {gone} as sent_back
from products_of_orders{joined}
"""
_GONE = """ left join (
    select customer_id as c, product_id as p, order_id as o, 1 as gone from came_back
) as returned on returned.c = customer_id and returned.p = product_id and returned.o = order_id"""


@dataclass(frozen=True, kw_only=True, eq=False)
class BasketLines:
    """Each product of each basket, in whole numbers.

    `basket`, `product` (int arrays, one entry a product of a basket): Places among the baskets, and in `products`; -1
        where the line names no product.
    `products`: Index of str.
    `day`, `customer` (int arrays, one entry a basket): Days since 1970 in the workspace's zone; -1 where nobody is
        named.
    `channel` (array of str, one entry a basket): Empty where it is not known.
    `amount`, `cost` (float arrays, as `basket`): What it brought, and cost (NaN unknown), in account currency.
    `lines`: Order lines read.
    `set_aside`: `refund_lines`, `free_lines` (price 0), `cancelled_lines` (bought and wholly sent back or cancelled),
        `lines_without_basket`, `lines_without_item`.
    """

    basket: np.ndarray
    product: np.ndarray
    products: pd.Index
    day: np.ndarray
    customer: np.ndarray
    channel: np.ndarray
    amount: np.ndarray
    cost: np.ndarray
    lines: int
    set_aside: Mapping[str, int] = field(default_factory=dict)


def basket_lines(crm: Crm) -> BasketLines:
    """What was paid for and kept, basket by basket; a basket of which nothing is left is none."""
    rows = _parts(crm)
    place, product = (pd.factorize(rows[name], sort=True) for name in ("order_id", "product_id"))
    known = place[0] >= 0
    gone = ((rows["sent_back"] == 1) | ((rows["paid"] > 0) & (rows["amount"] <= 0))).to_numpy(dtype=bool)
    bought = (rows["lines"] - rows["back"] - rows["free"]).to_numpy()
    kept = known & ~gone & (bought > 0)
    aside = {
        "refund_lines": int(rows["back"].sum()),
        "free_lines": int(rows["free"].sum()),
        "cancelled_lines": int(bought[gone & known].sum()),
        "lines_without_basket": int(bought[~known].sum()),
        "lines_without_item": int(bought[kept & (product[0] < 0)].sum()),
    }
    # The engine's order is any; whole numbers sort and move quicker than names.
    order = np.flatnonzero(kept)
    order = order[np.lexsort((product[0][order], place[0][order]))]
    first, basket = np.unique(place[0][order], return_index=True, return_inverse=True)[1:]
    sold = np.unique(product[0][order][product[0][order] >= 0])
    heads = rows.iloc[order[first]]
    return BasketLines(
        basket=basket, product=np.where(product[0][order] >= 0, np.searchsorted(sold, product[0][order]), -1),
        products=pd.Index(product[1])[sold],
        day=heads["day"].to_numpy(dtype="int64"),
        customer=pd.factorize(heads["customer_id"])[0],
        channel=heads["channel"].fillna("").to_numpy(dtype=object),
        amount=rows["amount"].to_numpy(dtype="float64")[order],
        cost=rows["cost"].to_numpy(dtype="float64")[order],
        lines=int(rows["lines"].sum()), set_aside=aside,
    )  # fmt: skip


def _parts(crm: Crm) -> pd.DataFrame:
    columns = columns_here(crm)
    steps, named = workspace_steps(crm), "customer_id" in columns["transactions"]
    if named:
        steps = steps.add(SENT_BACK)
    steps = steps.add(_READ, lines=read_table(columns, "transactions", _COLUMNS))
    day = f"date_diff('day', date '1970-01-01', {local_day('ordered_at')})"
    sql = steps.sql(_PARTS_SQL.format(day=day, gone="gone" if named else "0", joined=_GONE if named else ""))
    return crm.engine.to_pandas(sql, moments(sql, as_of=crm.as_of, time_zone=crm.time_zone))


def product_groups(crm: Crm, products: pd.Index, column: str) -> pd.Series:
    """The group of each product by a column of products; a subcategory stands behind its category."""
    present = crm.columns("products") if "products" in crm else []
    if column not in present:
        return pd.Series(None, index=products, dtype="object")
    item = f"min({column})"
    if column == "subcategory" and "category" in present:
        item = "min(category || chr(31) || subcategory)"
    rows = crm.engine.to_pandas(f"select product_id, {item} as item from products group by product_id")
    return rows.set_index("product_id")["item"].reindex(products)
