"""Many customers are asked for some at a time, about as many order lines each."""

from typing import Any

from crmlib.measure.steps import Steps
from crmlib.prepare.answers import kept_answer
from crmlib.prepare.crm import Crm

PART_LINES = 750_000
"""About so many order lines are read at a time."""

_COUNTED = {
    "seen": """
        select customer_id, count(*) as line_count from transactions
        where customer_id is not null group by customer_id
        {listed}
    """,
    "counted": """
        select
            customer_id,
            sum(line_count) over (order by customer_id rows unbounded preceding) as lines_so_far,
            sum(line_count) over () as line_count
        from (select customer_id, sum(line_count) as line_count from seen group by customer_id) as summed
    """,
}
_RANGES_SQL = """
select min(customer_id) as first_customer, max(customer_id) as last_customer
from counted
group by greatest(lines_so_far - 1, 0) * $parts // greatest(line_count, 1)
order by 1
"""


_ORDERS_FOR = 8
"""Orders that are kept are fewer and narrower than lines: so many ranges of them take the room of one."""


def of_orders(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Ranges of customers put together, for a statement that reads orders which are kept."""
    ends = (parts[at : at + _ORDERS_FOR] for at in range(0, len(parts), _ORDERS_FOR))
    return [some[0] | {"last_customer": some[-1]["last_customer"]} for some in ends]


def customer_parts(crm: Crm) -> list[dict[str, Any]]:
    """The ranges of customers, about `PART_LINES` order lines each, of those who are known by now: at any moment."""
    if not crm.engine.reads_in_parts:
        return []
    whole = crm.loaded or crm
    (lines,) = whole.engine.rows("select count(*) from transactions")[0]
    parts = lines // PART_LINES
    if parts < 2:
        return []
    listed = (
        "union all select customer_id, 0 from customers where customer_id is not null"
        if "customers" in whole.tables
        else ""
    )
    sql = Steps().add(_COUNTED, listed=listed).sql(_RANGES_SQL)
    found = kept_answer(
        whole, "customer_parts", parts, make=lambda: whole.engine.to_pandas(sql, {"parts": parts})
    )
    return found.to_dict("records")
