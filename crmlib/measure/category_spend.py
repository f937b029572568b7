"""What each customer has spent in each category."""

import pandas as pd

from crmlib.measure.indicators.sources import source_steps
from crmlib.measure.indicators.steps import indicator_steps
from crmlib.measure.steps import ask, columns_here
from crmlib.prepare.crm import Crm
from crmlib.prepare.engine import require_columns

_SPEND_SQL = """
select customer_id, category, cast(sum(net_amount) as double) as spend
from lines
where category is not null and age_days < $days
group by customer_id, category
having sum(net_amount) > 0
order by customer_id, category
"""

_SOLD_SQL = """
select count(distinct category) as categories
from lines
where category is not null and net_amount > 0
"""


def category_spend(crm: Crm, *, days: int = 365) -> pd.DataFrame:
    """Net spend of every customer in every category, in the last days before the closing moment.

    Parameters
    ----------
    crm : Crm
        With `transactions`, and `products` with `category`.
    days : int
        Calendar days of the workspace's time zone, the day of as_of among them.

    Returns
    -------
    DataFrame, one row per customer and category in which more was spent than came back
        `customer_id`, `category`, `spend` (account currency), sorted. ``attrs["categories_sold"]`` is the
        number of categories that any known customer has ever bought from.

    Raises
    ------
    SchemaError
        If the table of transactions or of products is missing, or has no category.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({
    ...     "order_id": ["1", "2", "3"], "customer_id": "ann", "product_id": ["tea", "tea", "mug"],
    ...     "ordered_at": ["2024-01-01", "2024-01-11", "2022-01-01"], "net_amount": [5.0, 6.0, 9.0]})
    >>> goods = pd.DataFrame({"product_id": ["tea", "mug"], "category": ["drinks", "kitchen"]})
    >>> spend = category_spend(Crm.from_frames(as_of="2024-01-31", transactions=lines, products=goods))
    >>> spend
      customer_id category  spend
    0         ann   drinks   11.0
    >>> spend.attrs["categories_sold"]
    2
    """
    require_columns(crm.table("products"), ["category"], table_name="products")
    crm.table("transactions")
    steps = indicator_steps(source_steps(columns_here(crm, "transactions", "products")))
    spend = ask(crm, _SPEND_SQL, steps=steps, days=int(days))
    spend.attrs["categories_sold"] = int(ask(crm, _SOLD_SQL, steps=steps)["categories"].item())
    return spend
