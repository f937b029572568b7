"""How each customer pays: invoices, days late, what is open and what is overdue."""

import pandas as pd

from crmlib.measure.indicators.sources import source_steps
from crmlib.measure.indicators.steps import indicator_steps
from crmlib.measure.steps import ask, columns_here
from crmlib.prepare.crm import Crm
from crmlib.prepare.engine import require_columns
from crmlib.schema.errors import SchemaError

_INVOICES = {
    "credit_terms": "{terms}",
    "invoices": """
        select
            customer_id,
            kept_amount,
            coalesce(due_on, ordered_on + payment_terms_days) as due_on,
            paid_on
        from orders left join credit_terms using (customer_id)
        where is_purchase
    """,
    "judged_invoices": """
        select
            *,
            paid_on is null as is_open,
            paid_on is null and due_on < $as_of_on as is_overdue,
            case
                when paid_on is not null then greatest(date_diff('day', due_on, paid_on), 0)
                when due_on < $as_of_on then date_diff('day', due_on, $as_of_on)
            end as days_late
        from invoices
        where due_on is not null
    """,
    "invoice_totals": """
        select
            customer_id,
            count(*) as invoice_count,
            count(days_late) as judged_count,
            count(*) filter (where days_late > 0) as late_count,
            coalesce(sum(days_late), 0) as late_days,
            max(days_late) as days_late_max,
            coalesce(sum(kept_amount) filter (where is_open), 0) as open_amount,
            coalesce(sum(kept_amount) filter (where is_overdue), 0) as overdue_amount,
            coalesce(max(days_late) filter (where is_overdue), 0) as overdue_days
        from judged_invoices
        group by customer_id
    """,
}
_TOTALS_SQL = """
select
    customer_id,
    invoice_count,
    judged_count,
    late_count,
    cast(late_days as bigint) as late_days,
    days_late_max,
    open_amount,
    overdue_amount,
    overdue_days,
    credit_limit
from invoice_totals left join credit_terms using (customer_id)
order by customer_id
"""


def invoice_totals(crm: Crm) -> pd.DataFrame:
    """Invoices of every customer, as they stand at the closing moment.

    An order that is a purchase and has a due date is an invoice; its amount is what is left of it after
    refunds. It is paid on the day its last line is; a payment after the closing moment is not known yet, so
    the invoice is open. Without `due_on` it falls due `payment_terms_days` after the order.

    Parameters
    ----------
    crm : Crm
        With `transactions`, its `paid_on`, and either its `due_on` or `payment_terms_days` of `customers`.

    Returns
    -------
    DataFrame indexed by customer_id, sorted; customers with an invoice
        `invoice_count`, `judged_count` (paid, or past its due day), `late_count` (of these, paid or still
        open after the due day), `late_days` (their days late, added up; an open one so far), `days_late_max`,
        `open_amount`, `overdue_amount` (account currency), `overdue_days` (of the oldest open one; 0 where
        none is overdue), `credit_limit` (empty where not known).

    Raises
    ------
    SchemaError
        If the dates of payment, or what falls due when, are missing; it says what to map.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({
    ...     "order_id": ["1", "2"], "customer_id": "ann", "product_id": "tea", "net_amount": [50.0, 30.0],
    ...     "ordered_at": ["2024-01-01", "2024-02-01"], "due_on": ["2024-01-15", "2024-02-15"],
    ...     "paid_on": ["2024-01-20", None]})
    >>> totals = invoice_totals(Crm.from_frames(as_of="2024-02-25", transactions=lines))
    >>> totals[["judged_count", "late_count", "late_days", "overdue_amount", "overdue_days"]]
                 judged_count  late_count  late_days  overdue_amount  overdue_days
    customer_id
    ann                     2           2         15            30.0            10
    """
    require_columns(crm.table("transactions"), ["paid_on"], table_name="transactions")
    columns = columns_here(crm, "transactions", "customers")
    known = columns.get("customers", [])
    if "due_on" not in columns["transactions"] and "payment_terms_days" not in known:
        raise SchemaError(
            "transactions has no column due_on. Map it in crm.toml under [tables.transactions.columns], or "
            "payment_terms_days under [tables.customers.columns]."
        )
    steps = indicator_steps(source_steps(columns)).add(_INVOICES, terms=_terms(known))
    return ask(crm, _TOTALS_SQL, steps=steps).set_index("customer_id")


def _terms(known: list[str]) -> str:
    wanted = {"payment_terms_days": "integer", "credit_limit": "decimal(18, 4)"}
    read = [f"cast({name if name in known else 'null'} as {kind}) as {name}" for name, kind in wanted.items()]
    if "customer_id" not in known:
        return f"select cast(null as varchar) as customer_id, {', '.join(read)} where false"
    return f"select customer_id, {', '.join(read)} from customers"
