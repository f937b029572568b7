"""Tables, columns and checks in words that somebody understands who has never seen a column's name."""

from typing import Any

from crmlib.present.claims import Claim, Fact, Family, claim, name, share
from crmlib.schema.tables import TABLES

TABLE_WORDS = Family("table", tuple(TABLES))
"""What the rows of a table are called."""

COLUMN_WORDS = Family(
    "column",
    (
        *("customer_id", "product_id", "campaign_id", "employee_id", "opportunity_id", "contact_id"),
        *("order_id", "ordered_at", "net_amount"),
    ),
)

CHECK_WORDS = Family(
    "check",
    (
        *("after_as_of", "isolated_future", "exact_duplicate", "duplicate_key", "merged", "filtered"),
        *("unreadable_record", "zero_quantity", "negative_price", "refund_without_purchase"),
        *("score_above_best", "closed_before_opened", "closed_before_created", "left_before_entered"),
        *("ends_before_start", "missing_required", "unparsable_date", "wrong_type", "out_of_range"),
        *("not_allowed", "unknown_column", "orphan_key"),
    ),
    facts=("column",),
)

POLICY_WORDS = Family("policy", ("set_aside", "mend", "warn"))


def table_word(table: str) -> Fact:
    """What the rows of a table are called.

    >>> str(table_word("transactions")), str(table_word("something_new"))
    ('order lines', 'something new')
    """
    return TABLE_WORDS.term(table)


def column_word(column: str) -> Fact:
    """What a column is called in a sentence.

    >>> str(column_word("customer_id")), str(column_word("unit_price"))
    ('customer', 'unit price')
    """
    return COLUMN_WORDS.term(column)


def check_words(finding: Any) -> Claim | Fact:
    """What a row of ``CheckReport.summary`` found, as the end of a sentence that begins with a number of rows.

    >>> from types import SimpleNamespace
    >>> str(check_words(SimpleNamespace(check="orphan_key", column="customer_id")))
    'name a customer who is not in the list of customers'
    """
    check = str(finding.check)
    if check not in CHECK_WORDS.members:
        return name(finding.says)
    return CHECK_WORDS.claim(check, column=column_word(str(finding.column or "")))


def check_line(finding: Any) -> Claim:
    """The same as a line of its own: "Products that are listed more than once"."""
    return claim("check-line", table=table_word(finding.table), found=check_words(finding))


def check_place(finding: Any) -> str:
    """Which check of which column a fact is about, as its `at` selects it."""
    return ".".join(filter(None, (str(finding.table), str(finding.check), str(finding.column or ""))))


def found_share(finding: Any) -> Fact:
    """The share of its table's rows that a check found."""
    return share(finding.share_pct, at=f"rows.found_share[{check_place(finding)}]")
