"""Orders settled once: laid down beside the checked tables, and read for every moment up to theirs.

Which order a refund belongs to is told by what came before it, so a later moment changes nothing of it. Only an order
of which some lines are there at a moment and others are not is another one then: such customers' orders are settled
anew.
"""

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from crmlib.measure.indicators.parts import customer_parts
from crmlib.measure.indicators.steps import IN_PART, ORDER_STEPS, indicator_steps, source_steps
from crmlib.measure.steps import Steps, columns_here, moments
from crmlib.prepare.answers import keep_tables
from crmlib.prepare.crm import Crm
from crmlib.prepare.engine import columns_of

WORTH_LINES = 100_000
"""Fewer order lines are settled as quickly as read."""

ORDERS, REFUNDS = "main.kept_orders", "main.kept_refunds"

_KEPT = {
    ORDERS: "select * from settled_orders order by customer_id, ordered_at, order_id",
    REFUNDS: """
        select
            later_refunds.customer_id,
            later_refunds.purchase_order_id as order_id,
            later_refunds.refund_amount,
            order_totals.first_at as refunded_at
        from later_refunds join order_totals
            on order_totals.customer_id = later_refunds.customer_id
            and order_totals.order_id = later_refunds.refund_order_id
    """,
}
_READ = {
    "undone_refunds": f"""
        select customer_id, order_id, sum(refund_amount) as amount
        from {REFUNDS}
        where refunded_at > $as_of
        group by customer_id, order_id
    """,
    "order_totals": f"""
        select {{columns}}
        from {ORDERS} as kept left join undone_refunds as undone
            on undone.customer_id = kept.customer_id and undone.order_id = kept.order_id
        where kept.first_at <= $as_of{{within}}{{more}}
    """,
    "settled_orders": "select * from order_totals",
}
_AS_AT_THE_MOMENT = {
    "paid_on": "case when kept.paid_on <= $as_of_on then kept.paid_on end",
    "refunded_amount": "kept.refunded_amount - coalesce(undone.amount, 0)",
    "kept_amount": "kept.kept_amount - coalesce(undone.amount, 0)",
}
_SETTLED_ANEW = ORDER_STEPS[: ORDER_STEPS.index("settled_orders") + 1]
_ANEW = {
    "waiting_customers": f"""
        select distinct customer_id from {ORDERS} where first_at <= $as_of and last_at > $as_of
    """,
    "waiting_order_lines": "select * from order_lines semi join waiting_customers using (customer_id)",
}
_ANEW_TOO = """ and kept.customer_id not in (select customer_id from waiting_customers)
        union all select * from waiting_settled_orders
"""


def workspace_steps(crm: Crm, *tables: str, part: bool = False) -> Steps:
    """The steps to the prepared views of a workspace; its orders are read as they were settled where they are kept."""
    return steps_with_orders(crm, source_steps(columns_here(crm, *tables), part=part), part=part)


def steps_with_orders(
    crm: Crm | None, sources: Mapping[str, str], *, as_of: pd.Timestamp | None = None, part: bool = False
) -> Steps:
    """The steps behind those that begin at the workspace's own tables; orders that are kept are read as at a moment."""
    steps = indicator_steps(sources)
    if crm is None or not are_kept(crm):
        return steps
    moment, more = crm.as_of if as_of is None else as_of, ""
    anew: dict[str, str] = {}
    if _is_waited_for(crm, moment):
        names = re.compile(rf"\b({'|'.join(_SETTLED_ANEW)})\b")
        chain = {name: steps[name] for name in _SETTLED_ANEW[1:]}
        anew = _ANEW | {f"waiting_{name}": names.sub(r"waiting_\1", sql) for name, sql in chain.items()}
        more = _ANEW_TOO
    within = IN_PART.replace("customer_id", "kept.customer_id") if part else ""
    columns = ", ".join(
        f"{_AS_AT_THE_MOMENT.get(name, f'kept.{name}')} as {name}"
        for name in columns_of(crm.engine.run(f"from {ORDERS}"))
    )
    read = {name: sql.format(columns=columns, within=within, more=more) for name, sql in _READ.items()}
    return steps.instead(anew | read, before="order_totals")


def are_kept(crm: Crm) -> bool:
    """Whether settled orders of a workspace lie beside its tables; they are laid down when first asked for."""
    whole = crm.loaded or crm
    if "transactions" not in whole or not {"customer_id", "order_id"} <= set(whole.columns("transactions")):
        return False
    return keep_tables(whole, _written, least=WORTH_LINES, of="transactions")


def _written(whole: Crm) -> dict[str, tuple[str, list[dict[str, Any]]]]:
    parts = customer_parts(whole)
    steps = indicator_steps(source_steps(columns_here(whole, "transactions"), part=bool(parts)))
    asked = {}
    for name, question in _KEPT.items():
        sql = steps.sql(question)
        values = moments(sql, as_of=whole.as_of, time_zone=whole.time_zone)
        asked[name] = (sql, [values | part for part in parts or [{}]])
    return asked


def _is_waited_for(crm: Crm, moment: pd.Timestamp) -> bool:
    """Whether some lines of an order are there at a moment, and others are not."""
    whole = crm.loaded or crm
    if moment >= whole.as_of:
        return False
    sql = f"select count(*) from {ORDERS} where first_at <= $as_of and last_at > $as_of"
    return whole.engine.rows(sql, {"as_of": moment.to_pydatetime()})[0][0] > 0
