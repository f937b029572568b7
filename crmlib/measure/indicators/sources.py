"""The steps that begin at a workspace's own tables, of which some columns may be missing."""

from collections.abc import Iterable, Mapping

from crmlib.schema.tables import table_spec

_READ_AS = {
    ("transactions", "quantity"): "try_cast(quantity as decimal(18, 4)) as quantity",
    ("transactions", "paid_on"): "case when paid_on <= $as_of_on then paid_on end as paid_on",
}
"""Columns that are not taken as they stand: quantities are summed exactly, later payments are not known."""

_DETAILS = ("category", "subcategory", "department", "brand")


def source_steps(columns: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Source step -> its SQL, with the same columns whatever the workspace has; what is missing is empty.

    Parameters
    ----------
    columns : table name -> the columns it has in this workspace

    Examples
    --------
    >>> steps = source_steps({"campaign_contacts": ["campaign_id", "customer_id", "contacted_on"]})
    >>> list(steps)
    ['order_lines', 'product_details', 'contacted_customers']
    >>> print(steps["contacted_customers"])
    select campaign_id, customer_id, contacted_on, cast(null as BOOLEAN) as is_control,
    cast(null as TIMESTAMP) as responded_at from campaign_contacts
    """
    return {
        "order_lines": order_lines_sql(_read("transactions", columns)),
        "product_details": f"""
        select product_id, {", ".join(f"min({name}) as {name}" for name in _DETAILS)}
        from ({_read("products", columns, names=("product_id", *_DETAILS))}) as details
        group by product_id
        """,
        "contacted_customers": _read("campaign_contacts", columns),
    }


def order_lines_sql(transactions: str) -> str:
    """One row per order line that has a customer, up to `as_of`, refunds recognised.

    Parameters
    ----------
    transactions : a select of all columns of transactions

    Examples
    --------
    >>> "is_refund" in order_lines_sql("select * from transactions")
    True
    """
    return f"""
        select
            *,
            net_amount - cost_amount as margin_amount,
            net_amount < 0 or coalesce(quantity < 0, false) as is_refund
        from ({transactions}) as accepted_lines
        where customer_id is not null and ordered_at <= $as_of
    """


def _read(table: str, columns: Mapping[str, Iterable[str]], *, names: Iterable[str] | None = None) -> str:
    spec = table_spec(table)
    present = set(columns.get(table, ()))
    selected = [
        _READ_AS.get((table, name), name)
        if name in present
        else f"cast(null as {spec.field(name).sql_type}) as {name}"
        for name in names or spec.names
    ]
    return f"select {', '.join(selected)} " + (f"from {table}" if table in columns else "where false")
