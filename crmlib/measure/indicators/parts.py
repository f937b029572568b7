"""Many customers are asked for some at a time, about as many order lines each."""

from crmlib.measure.steps import Steps
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
select min(customer_id), max(customer_id)
from counted
group by greatest(lines_so_far - 1, 0) * $parts // greatest(line_count, 1)
order by 1
"""


def customer_parts(crm: Crm) -> list[dict[str, str]]:
    """The ranges of customers, about `PART_LINES` order lines each."""
    if not crm.engine.reads_in_parts:
        return []
    (lines,) = crm.engine.rows("select count(*) from transactions")[0]
    parts = lines // PART_LINES
    if parts < 2:
        return []
    listed = (
        "union all select customer_id, 0 from customers where customer_id is not null"
        if "customers" in crm.tables
        else ""
    )
    sql = Steps().add(_COUNTED, listed=listed).sql(_RANGES_SQL)
    found = crm.engine.rows(sql, {"parts": parts})
    return [{"first_customer": first, "last_customer": last} for first, last in found]
