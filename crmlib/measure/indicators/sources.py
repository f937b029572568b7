"""The steps that begin at a workspace's own tables, of which some columns may be missing."""

from collections.abc import Iterable, Mapping

from crmlib.schema.tables import table_spec


def _known(column: str, when: str = "") -> str:
    return f"case when {when or f'{column} <= $as_of'} then {column} end as {column}"


_READ_AS = {
    ("transactions", "quantity"): "try_cast(quantity as decimal(18, 4)) as quantity",
    ("transactions", "paid_on"): _known("paid_on", "paid_on <= $as_of_on"),
    ("campaign_contacts", "responded_at"): _known("responded_at"),
    ("events", "event"): "lower(event) as event",
    ("feedback", "score"): "try_cast(score as decimal(18, 4)) as score",
    ("feedback", "score_max"): "try_cast(score_max as decimal(18, 4)) as score_max",
    ("feedback", "resolved_at"): _known("resolved_at"),
    ("service_cases", "first_response_at"): _known("first_response_at"),
    ("service_cases", "closed_at"): _known("closed_at"),
    ("interactions", "duration_minutes"): "try_cast(duration_minutes as decimal(18, 4)) as duration_minutes",
    ("opportunities", "closed_at"): _known("closed_at"),
}
"""Columns that are not taken as they stand: numbers are summed exactly, what came later is not known."""

_DETAILS = ("category", "subcategory", "department", "brand")
_OF_THEIR_OWN = {
    "listed_contacts": "contacts",
    "listed_relations": "relations",
    "known_opportunities": "opportunities",
    "contacted_customers": "campaign_contacts",
    "seen_interactions": "interactions",
    "seen_events": "events",
    "given_feedback": "feedback",
    "opened_cases": "service_cases",
}
"""Steps that are a table as it stands, personal columns left aside."""

_ASKED = (
    *("name", "kind", "industry", "company_size", "employee_count", "annual_revenue", "country", "region"),
    *("city", "postcode", "address", "email", "phone", "birth_on", "gender", "income_band", "household_size"),
    *("tax_id", "source", "signed_up_on", "owner_id", "interests", "email_consent", "sms_consent"),
    "phone_consent",
)
"""The fields that make a record of a customer complete; a workspace is judged by those that it has."""

_READ_OF_CUSTOMERS = (
    *("customer_id", "kind", "industry", "company_size", "employee_count", "annual_revenue", "country"),
    *("region", "city", "birth_on", "household_size", "source", "campaign_id", "signed_up_on", "owner_id"),
    *("parent_customer_id", "credit_limit", "payment_terms_days", "interests", "tags", "email_consent"),
    *("sms_consent", "phone_consent"),
)


IN_PART = " and customer_id between $first_customer and $last_customer"
"""Of many customers, those of one part."""


def source_steps(columns: Mapping[str, Iterable[str]], *, part: bool = False) -> dict[str, str]:
    """Source step -> its SQL, with the same columns whatever the workspace has; what is missing is empty.

    Parameters
    ----------
    columns : table name -> the columns it has in this workspace
    part : bool
        Whether order lines and customers are only those of the customers from ``$first_customer`` to
        ``$last_customer``.

    Examples
    --------
    >>> steps = source_steps({"campaign_contacts": ["campaign_id", "customer_id", "contacted_on"]})
    >>> list(steps)
    ['order_lines', 'product_details', 'known_customers', 'listed_contacts', 'listed_relations',
     'known_opportunities', 'contacted_customers', 'seen_interactions', 'seen_events', 'given_feedback',
     'opened_cases']
    >>> print(steps["contacted_customers"])
    select campaign_id, customer_id, contacted_on, cast(null as BOOLEAN) as is_control,
    cast(null as TIMESTAMP) as responded_at from campaign_contacts
    """
    within = IN_PART if part else ""
    customers = _customers_sql(columns)
    return {
        "order_lines": order_lines_sql(_read("transactions", columns)) + within,
        "product_details": f"""
        select product_id, {", ".join(f"min({name}) as {name}" for name in _DETAILS)}
        from ({_read("products", columns, names=("product_id", *_DETAILS))}) as details
        group by product_id
        """,
        "known_customers": f"select * from ({customers}) as listed where true{within}" if part else customers,
        **{step: _read(table, columns, names=_not_personal(table)) for step, table in _OF_THEIR_OWN.items()},
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


def _customers_sql(columns: Mapping[str, Iterable[str]]) -> str:
    """Of a personal field only whether it is filled is read."""
    asked = [name for name in _ASKED if name in columns.get("customers", ())]
    filled = " + ".join(f"case when {name} is null then 0 else 1 end" for name in asked) or "0"
    counted = f"{len(asked)} as asked_field_count, {filled} as filled_field_count"
    return _read("customers", columns, names=_READ_OF_CUSTOMERS, more=counted)


def _not_personal(table: str) -> list[str]:
    return [field.name for field in table_spec(table).fields if field.privacy == "internal"]


def _read(
    table: str, columns: Mapping[str, Iterable[str]], *, names: Iterable[str] | None = None, more: str = ""
) -> str:
    spec = table_spec(table)
    present = set(columns.get(table, ()))
    selected = [
        _READ_AS.get((table, name), name)
        if name in present
        else f"cast(null as {spec.field(name).sql_type}) as {name}"
        for name in names or spec.names
    ]
    listed = ", ".join([*selected, more] if more else selected)
    return f"select {listed} " + (f"from {table}" if table in columns else "where false")
