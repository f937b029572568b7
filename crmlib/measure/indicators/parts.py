"""Many customers: the figures of order lines are computed for a part of the customers after the other.

A grouping of millions of order lines by a million customers walks over more memory than a processor keeps at hand.
The figures of one customer never need the lines of another, so ranges of customers give the same figures, faster
and in less memory. A checked workspace lies on disk by customer, so that a range reads its own lines only.
"""

from collections.abc import Sequence

import pandas as pd

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
    """The ranges of customers, about `PART_LINES` order lines each.

    Parameters
    ----------
    crm : Crm
        Has `transactions`; customers who are only listed in `customers` are in one of the parts, too.

    Returns
    -------
    list of dict
        `first_customer` and `last_customer`, both of them in the part; empty where one part holds all.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> ledger = pd.DataFrame({"order_id": ["1"], "customer_id": ["ann"], "product_id": ["tea"],
    ...                        "ordered_at": pd.to_datetime(["2024-01-01"]), "net_amount": [10.0]})
    >>> customer_parts(Crm.from_frames(as_of="2024-01-31", transactions=ledger))
    []
    """
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


def joined_figures(frames: Sequence[pd.DataFrame], *, zeros: Sequence[str]) -> pd.DataFrame:
    """Figures side by side, one row for every customer of any of the frames.

    Parameters
    ----------
    frames : each indexed by customer_id
    zeros : columns that are 0 for customers whom their frame does not have; the others are missing there

    Returns
    -------
    DataFrame indexed by customer_id, sorted

    Examples
    --------
    >>> left = pd.DataFrame({"orders": [2], "gap": [7.0]}, index=["ann"])
    >>> joined_figures([left, pd.DataFrame({"deals": [1]}, index=["bob"])], zeros=["orders", "deals"])
         orders  gap  deals
    ann       2  7.0      0
    bob       0  NaN      1
    """
    everyone = frames[0].index
    for frame in frames[1:]:
        everyone = everyone.union(frame.index)
    if all(frame.index.equals(everyone) for frame in frames):
        return pd.concat(list(frames), axis=1)
    columns = {}
    for frame in frames:
        for name in frame:
            columns[name] = frame[name].reindex(everyone, fill_value=0 if name in zeros else None)
    return pd.DataFrame(columns, index=everyone)
