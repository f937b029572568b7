"""Checks in words that somebody understands who has never seen a column's name."""

from typing import Any

TABLE_WORDS = {
    "customers": "customers",
    "contacts": "contacts",
    "products": "products",
    "transactions": "order lines",
    "interactions": "contacts with customers",
    "events": "events",
    "feedback": "opinions",
    "service_cases": "service requests",
    "opportunities": "deals",
    "stage_history": "stays in a stage",
    "opportunity_contacts": "parts in a decision",
    "relations": "ties between customers",
    "campaigns": "campaigns",
    "campaign_contacts": "campaign contacts",
    "plans": "targets",
    "employees": "employees",
}
"""What the rows of a table are called."""

_COLUMN_WORDS = {
    "customer_id": "customer",
    "product_id": "product",
    "campaign_id": "campaign",
    "employee_id": "employee",
    "order_id": "order number",
    "ordered_at": "date",
    "net_amount": "amount",
}

_CHECK_WORDS = {
    "after_as_of": "lie after the closing date",
    "isolated_future": "are dated more than a year after all others",
    "exact_duplicate": "are the same as an earlier row",
    "duplicate_key": "are listed more than once",
    "merged": "belong to an earlier row and were merged into it",
    "filtered": "are left out by the workspace's own filter",
    "unreadable_record": "could not be read at all",
    "zero_quantity": "have a quantity of 0",
    "negative_price": "have a price below 0",
    "refund_without_purchase": "give back what the customer had not bought in these data",
}


def table_word(table: str) -> str:
    """What the rows of a table are called.

    Parameters
    ----------
    table : str

    Returns
    -------
    str

    Examples
    --------
    >>> table_word("transactions"), table_word("stage_history")
    ('order lines', 'stays in a stage')
    """
    return TABLE_WORDS.get(table, table.replace("_", " "))


def column_word(column: str) -> str:
    """What a column is called in a sentence.

    Parameters
    ----------
    column : str

    Returns
    -------
    str

    Examples
    --------
    >>> column_word("customer_id"), column_word("unit_price")
    ('customer', 'unit price')
    """
    return _COLUMN_WORDS.get(column, column.replace("_", " "))


def check_words(finding: Any) -> str:
    """What a check found, as the end of a sentence that begins with a number of rows.

    Parameters
    ----------
    finding : a row of ``CheckReport.summary``
        With `check`, `column`, `says`.

    Returns
    -------
    str

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> check_words(SimpleNamespace(check="orphan_key", column="customer_id", says="..."))
    'name a customer who is not in the list of customers'
    >>> check_words(SimpleNamespace(check="closed_before_created", column="", says="were late"))
    'were late'
    """
    check, column = str(finding.check), str(finding.column or "")
    what = column_word(column)
    if check == "orphan_key" and column:
        who = {"customer": "who", "employee": "who"}.get(what, "that")
        return f"name {_a(what)} {who} is not in the list of {what}s"
    if check == "missing_required" and column:
        return f"have no {what}"
    if check == "unparsable_date" and column:
        return f"have {_a(what)} that cannot be read as a date"
    if check == "unknown_column" and column:
        return f"have a column “{column}” that is not used"
    return _CHECK_WORDS.get(check, str(finding.says))


def _a(word: str) -> str:
    return f"{'an' if word[:1] in 'aeiou' else 'a'} {word}"
