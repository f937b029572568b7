"""Orders settled once: laid down beside the checked tables, and read for every moment up to theirs.

Which order a refund belongs to is told by what came before it, so a later moment changes nothing of it. Only an order
of which some lines are there at a moment and others are not is another one then: such customers' orders are settled
anew.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import pandas as pd

from crmlib.measure.indicators.parts import customer_parts, of_orders
from crmlib.measure.indicators.steps import IN_PART, ORDER_STEPS, indicator_steps, source_steps
from crmlib.measure.steps import Steps, columns_here, moments
from crmlib.prepare.answers import keep_tables
from crmlib.prepare.crm import Crm
from crmlib.prepare.engine import columns_of

WORTH_LINES = 100_000
"""Fewer order lines are settled as quickly as read."""

_at_moments: WeakKeyDictionary[Any, dict[pd.Timestamp, str | None]] = WeakKeyDictionary()

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
        where refunded_at > $as_of{{part}}
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
        select distinct customer_id from {ORDERS} where first_at <= $as_of and last_at > $as_of{{part}}
    """,
    "waiting_order_lines": "select * from order_lines semi join waiting_customers using (customer_id)",
}
_ANEW_TOO = """ and kept.customer_id not in (select customer_id from {anew} where true{part})
        union all select * from {anew} where true{part}
"""


def workspace_steps(crm: Crm, *tables: str, part: bool = False) -> Steps:
    """The steps to the prepared views of a workspace; its orders are read as they were settled where they are kept."""
    return steps_with_orders(crm, source_steps(columns_here(crm, *tables), part=part), part=part)


def steps_with_orders(
    crm: Crm | None, sources: Mapping[str, str], *, as_of: pd.Timestamp | None = None, part: bool = False
) -> Steps:
    """The steps behind those that begin at the workspace's own tables; orders that are kept are read as at a moment."""
    steps = indicator_steps(sources)
    kept = [] if crm is None else kept_at(crm, crm.as_of if as_of is None else as_of)
    if not kept:
        return steps
    anew = kept[2:]
    # Without this every part would read the refunds and orders of all.
    in_part = IN_PART if part else ""
    columns = ", ".join(
        f"{_AS_AT_THE_MOMENT.get(name, f'kept.{name}')} as {name}"
        for name in columns_of(crm.engine.run(f"from {ORDERS}"))
    )
    words = {
        "columns": columns,
        "within": in_part.replace("customer_id", "kept.customer_id"),
        "part": in_part,
        "more": _ANEW_TOO.format(anew=anew[0], part=in_part) if anew else "",
    }
    read = {name: sql.format(**words) for name, sql in _READ.items()}
    return steps.instead(read, before="order_totals")


def are_kept(crm: Crm) -> bool:
    """Whether settled orders of a workspace lie beside its tables; they are laid down when first asked for."""
    whole = crm.loaded or crm
    if "transactions" not in whole or not {"customer_id", "order_id"} <= set(whole.columns("transactions")):
        return False
    return keep_tables(whole, _written, least=WORTH_LINES, of="transactions")


@contextmanager
def of_some(crm: Crm, customers: Sequence[str]) -> Iterator[Crm]:
    """A workspace in which order lines, orders that are kept and the list of customers are those of some, read once."""
    sources = {name: name for name in ("transactions", "customers") if name in crm}
    sources |= {_bare(name): name for name in kept_at(crm, crm.as_of)}
    theirs = "select * from {} where customer_id in (select unnest($customers))"
    selects = {name: theirs.format(source) for name, source in sources.items()}
    with crm.engine.holding(crm.tables, selects, {"customers": list(customers)}) as engine:
        yield replace(crm, engine=engine, loaded=None, key="")


def over_some(sql: str) -> str:
    """A statement to a workspace as one to its part that `of_some` holds."""
    return sql.replace(ORDERS, _bare(ORDERS)).replace(REFUNDS, _bare(REFUNDS))


def _bare(name: str) -> str:
    return name.split(".")[-1]


def _written(whole: Crm) -> dict[str, tuple[str, list[dict[str, Any]]]]:
    parts = customer_parts(whole)
    steps = indicator_steps(source_steps(columns_here(whole, "transactions"), part=bool(parts)))
    return _asked(whole, _KEPT, steps=steps, parts=parts, as_of=whole.as_of)


def kept_at(crm: Crm, moment: pd.Timestamp) -> list[str]:
    """The tables from which the orders at a moment are read; none where they are settled with each question.

    Behind orders and refunds stand the orders of customers with one that was half there then, settled anew.
    """
    if not are_kept(crm):
        return []
    whole = crm.loaded or crm
    known = _at_moments.setdefault(whole.engine, {})
    if moment not in known:
        known[moment] = _anew_at(whole, moment)
    anew = known[moment]
    return [] if anew is None else [ORDERS, REFUNDS, *([anew] if anew else [])]


def _anew_at(whole: Crm, moment: pd.Timestamp) -> str | None:
    """The table of orders settled anew; no name where there is no such customer, None where it cannot be laid down."""
    if moment >= whole.as_of or not _is_waited_for(whole, moment):
        return ""
    at = f"{moment:%Y%m%d_%H%M%S_%f}"
    table = f"{ORDERS}_{at}"

    def written(_: Crm) -> dict[str, tuple[str, list[dict[str, Any]]]]:
        parts = of_orders(customer_parts(whole))
        steps = indicator_steps(source_steps(columns_here(whole, "transactions"), part=bool(parts)))
        names = re.compile(rf"\b({'|'.join(_SETTLED_ANEW)})\b")
        anew = {name: sql.format(part=IN_PART if parts else "") for name, sql in _ANEW.items()}
        chain = {f"waiting_{name}": names.sub(r"waiting_\1", steps[name]) for name in _SETTLED_ANEW[1:]}
        question = "select * from waiting_settled_orders order by customer_id, ordered_at, order_id"
        return _asked(whole, {table: question}, steps=steps.add(anew | chain), parts=parts, as_of=moment)

    return table if keep_tables(whole, written, of="transactions", least=0, name=at) else None


def _asked(
    whole: Crm,
    questions: Mapping[str, str],
    *,
    steps: Steps,
    parts: list[dict[str, Any]],
    as_of: pd.Timestamp,
) -> dict[str, tuple[str, list[dict[str, Any]]]]:
    asked = {}
    for name, question in questions.items():
        sql = steps.sql(question)
        values = moments(sql, as_of=as_of, time_zone=whole.time_zone)
        asked[name] = (sql, [values | part for part in parts or [{}]])
    return asked


def _is_waited_for(whole: Crm, moment: pd.Timestamp) -> bool:
    """Whether some lines of an order are there at a moment, and others are not."""
    sql = f"select count(*) from {ORDERS} where first_at <= $as_of and last_at > $as_of"
    return whole.engine.rows(sql, {"as_of": moment.to_pydatetime()})[0][0] > 0
