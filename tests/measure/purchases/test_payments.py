"""invoice_totals: what is paid, open and overdue at the closing moment, worked out by hand."""

import pandas as pd
import pytest

from crmlib import Crm, compute_indicators
from crmlib.measure.purchases.worth import invoice_totals
from crmlib.schema.errors import SchemaError

AS_OF = "2024-06-30"
_COLUMNS = ["order_id", "customer_id", "ordered_at", "net_amount", "due_on", "paid_on"]
ROWS = [
    ("A1", "ann", "2024-01-01", 100.0, "2024-01-31", "2024-01-31"),  # on the day: in time
    ("A2", "ann", "2024-02-01", 50.0, "2024-03-02", "2024-03-12"),  # 10 days late
    (
        "A3",
        "ann",
        "2024-05-01",
        80.0,
        "2024-05-31",
        "2024-07-05",
    ),  # paid after the closing moment: open, 30 days
    ("A4", "ann", "2024-06-20", 40.0, "2024-07-20", None),  # not due yet
    ("B1", "bob", "2024-06-01", 60.0, "2024-06-15", "2024-06-10"),  # first line paid early ...
    ("B1", "bob", "2024-06-01", 20.0, "2024-06-15", None),  # ... second not: the invoice is open, 15 days
    ("C1", "cem", "2024-06-25", 70.0, "2024-07-25", None),  # nothing can be judged yet
    ("D1", "dan", "2024-06-01", 30.0, None, None),  # no due date: no invoice
    ("E1", "eve", "2024-03-01", 90.0, "2024-03-31", None),  # sent back: nothing is owed
    ("E2", "eve", "2024-03-15", -90.0, None, None),
]


def ledger(rows=ROWS):
    lines = pd.DataFrame(rows, columns=_COLUMNS)
    return lines.assign(product_id="tea", line_no=[str(i) for i in range(len(lines))])


def test_hand_checked_ledger():
    totals = invoice_totals(Crm.from_frames(as_of=AS_OF, transactions=ledger()))
    expected = pd.DataFrame(
        {
            "invoice_count": [4, 1, 1],
            "judged_count": [3, 1, 0],
            "late_count": [2, 1, 0],
            "late_days": [0 + 10 + 30, 15, 0],
            "days_late_max": [30, 15, None],
            "open_amount": [80.0 + 40.0, 80.0, 70.0],
            "overdue_amount": [80.0, 80.0, 0.0],
            "overdue_days": [30, 15, 0],
            "credit_limit": [float("nan")] * 3,
        },
        index=pd.Index(["ann", "bob", "cem"], name="customer_id"),
    )
    pd.testing.assert_frame_equal(totals, expected, check_dtype=False, check_index_type=False)


def test_terms_of_the_customer_stand_in_for_a_missing_due_date():
    people = pd.DataFrame({"customer_id": ["dan"], "payment_terms_days": [14], "credit_limit": [60.0]})
    totals = invoice_totals(Crm.from_frames(as_of=AS_OF, transactions=ledger(), customers=people))
    dan = totals.loc["dan"]  # ordered on 1 June, due on the 15th
    assert (dan["overdue_days"], dan["overdue_amount"], dan["credit_limit"]) == (15, 30.0, 60.0)


def test_a_part_refund_leaves_the_rest_owing():
    back = ("A5", "ann", "2024-06-25", -30.0, None, None)
    totals = invoice_totals(Crm.from_frames(as_of=AS_OF, transactions=ledger([*ROWS, back])))
    assert totals.loc["ann", "open_amount"] == 120.0 - 30.0


def test_rows_after_the_closing_moment_change_nothing():
    later = ("A9", "ann", "2024-07-02", 500.0, "2024-07-03", None)
    before = invoice_totals(Crm.from_frames(as_of=AS_OF, transactions=ledger()))
    after = invoice_totals(Crm.from_frames(as_of=AS_OF, transactions=ledger([*ROWS, later])))
    pd.testing.assert_frame_equal(before, after)


@pytest.mark.parametrize(
    ("dropped", "said"), [("paid_on", "no column paid_on"), ("due_on", "payment_terms_days")]
)
def test_what_is_missing_is_said(dropped, said):
    with pytest.raises(SchemaError, match=said):
        invoice_totals(Crm.from_frames(as_of=AS_OF, transactions=ledger().drop(columns=dropped)))


def test_an_invoice_is_not_judged_on_the_very_day_it_is_due():
    """It is neither paid in time nor late yet; the indicators leave it out too."""
    today = ("F1", "fay", "2024-06-01", 10.0, AS_OF, None)
    crm = Crm.from_frames(as_of=AS_OF, transactions=ledger([today]))
    totals = invoice_totals(crm).loc["fay"]
    assert (totals["invoice_count"], totals["judged_count"], totals["open_amount"]) == (1, 0, 10.0)
    assert pd.isna(compute_indicators(crm, ["days_late_mean"]).loc["fay", "days_late_mean"])
