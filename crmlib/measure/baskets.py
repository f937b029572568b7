"""What was bought together, line by line, under the name that rules are told about: the input of the rule miner."""

from collections.abc import Iterable

import pandas as pd
import pyarrow as pa

from crmlib.measure.steps import Steps, ask
from crmlib.prepare.crm import Crm

_AMOUNTS = ("quantity", "net_amount")
_STEPS = {
    "priced_lines": "{lines}",
    "bought": "select distinct order_id, item from priced_lines where {is_bought}",
    "sizes": "select order_id, count(item) as size from bought group by order_id",
}
_COUNTS_SQL = """
select
    count(*) as baskets,
    median(size) filter (where size > 0) as median_size,
    count(*) filter (where size = 1) as single_baskets,
    (select 100.0 * count(*) filter (where item is null) / count(*) from priced_lines) as unnamed_pct
from sizes
"""
_TOP_SQL = """
select item, count(*) as count
from bought
where item is not null
group by item
order by count desc, item
limit 50
"""


def basket_lines(crm: Crm, column: str) -> pa.Table:
    """Order lines with `order_id`, `item` and the amounts that are there, as an Arrow table.

    The item is the product's id or one of its columns; a subcategory of the same name in two categories is two
    items.

    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({"order_id": ["1"], "product_id": ["tea"], "ordered_at": ["2024-01-02"],
    ...                       "net_amount": [5.0]})
    >>> basket_lines(Crm.from_frames(as_of="2024-01-31", transactions=lines), "product_id").column_names
    ['order_id', 'net_amount', 'item']
    """
    return crm.engine.to_arrow(_lines_sql(crm, column))


def basket_counts(crm: Crm, column: str) -> tuple[pd.Series, pd.DataFrame]:
    """How large baskets are (`baskets`, `median_size`, `single_baskets`, `unnamed_pct`), and the 50 top items.

    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({"order_id": ["1", "1", "2"], "product_id": ["tea", "jam", "tea"],
    ...                       "ordered_at": "2024-01-02", "net_amount": 5.0})
    >>> counts, top = basket_counts(Crm.from_frames(as_of="2024-01-31", transactions=lines), "product_id")
    >>> counts[["baskets", "median_size"]].tolist(), top.to_dict("records")
    ([2.0, 1.5], [{'item': 'tea', 'count': 2}, {'item': 'jam', 'count': 1}])
    """
    present = crm.columns("transactions")
    is_bought = " or ".join(f"{name} > 0" for name in _AMOUNTS if name in present)
    steps = Steps().add(_STEPS, lines=_lines_sql(crm, column), is_bought=is_bought)
    counts = ask(crm, _COUNTS_SQL, steps=steps).astype("float64").iloc[0]
    return counts, ask(crm, _TOP_SQL, steps=steps)


def product_words(crm: Crm, products: Iterable[str]) -> pd.DataFrame:
    """`name` and `category`, as far as the workspace has them, of some products by product_id.

    >>> from crmlib.prepare.crm import Crm
    >>> goods = pd.DataFrame({"product_id": ["a", "b"], "name": ["Tea", "Jam"]})
    >>> product_words(Crm.from_frames(as_of="2024-01-31", products=goods), ["b"])["name"].to_dict()
    {'b': 'Jam'}
    """
    present = crm.columns("products") if "products" in crm else []
    known = [name for name in ("name", "category") if name in present]
    if not known:
        return pd.DataFrame()
    sql = (
        f"select product_id, {', '.join(known)} from products where product_id in (select unnest($products))"
    )
    return ask(crm, sql, products=sorted(products)).set_index("product_id")


def _lines_sql(crm: Crm, column: str) -> str:
    amounts = [name for name in _AMOUNTS if name in crm.columns("transactions")]
    kept = ", ".join(["transactions.order_id", *(f"transactions.{name}" for name in amounts)])
    if column == "product_id":
        return f"select {kept}, transactions.product_id as item from transactions"
    item = f"products.{column}"
    if column == "subcategory" and "category" in crm.columns("products"):
        item = "products.category || chr(31) || products.subcategory"
    return f"select {kept}, {item} as item from transactions left join products using (product_id)"
