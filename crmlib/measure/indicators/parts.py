"""Many customers are asked for some at a time, about as many order lines each."""

import re
from collections.abc import Sequence
from typing import Any

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


_OF_SOME = "customer_id in (select unnest($some_customers))"
_RANGE = re.compile(r"(\w+\.)?customer_id between \$first_customer and \$last_customer")


def of_some(sql: str) -> str:
    """A statement for the customers of a part, for some of them only."""
    return _RANGE.sub(rf"\g<0> and \g<1>{_OF_SOME}", sql)


def customer_parts(crm: Crm, some: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The ranges of customers, about `PART_LINES` order lines each; of some customers, given in order, only theirs."""
    if not crm.engine.reads_in_parts:
        return []
    if some:
        sql = f"select count(*) from transactions where {_OF_SOME}"
        (lines,) = crm.engine.rows(sql, {"some_customers": list(some)})[0]
        length = -(-len(some) // max(1, round(lines / PART_LINES)))
        chunks = [list(some[at : at + length]) for at in range(0, len(some), length)]
        return [
            {"first_customer": part[0], "last_customer": part[-1], "some_customers": part} for part in chunks
        ]
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
