"""The tables of the hand-written workspace beside its order lines; times are UTC."""

import pandas as pd

_NONE = None
BILLS = {  # order: due, paid; only purchases are invoices
    "A1": ("2024-02-09", "2024-02-20"),
    "A2": ("2024-06-03", _NONE),
    "A3": ("2024-07-20", _NONE),
    "B1": ("2024-07-01", _NONE),
    "C2": ("2024-06-30", "2024-07-05"),  # paid after as_of: not known
    "F2": ("2024-05-01", "2024-04-21"),
    "G1": ("2023-03-31", "2023-03-31"),
    "G2": ("2023-07-01", "2023-07-31"),
    "G3": ("2024-06-29", _NONE),
}
STORES = {"A1": "S1", "R1": "S1", "A2": "S2", "A3": "S2", "C1": "S1", "C2": "S1"}

_CUSTOMERS = [
    {"customer_id": "dora", "birth_on": "1984-06-30", "signed_up_on": "2024-06-30", "phone_consent": True},
    {
        "customer_id": "bob",
        "kind": "person",
        "birth_on": "1990-07-01",
        "household_size": "5+",
        "signed_up_on": "2024-06-01",
        "parent_customer_id": "ann",
        "credit_limit": 50.0,
        "email_consent": False,
    },
    {
        "customer_id": "ann",
        "name": "Ann & Co",
        "kind": "company",
        "industry": "tea rooms",
        "company_size": "small",
        "employee_count": 12,
        "annual_revenue": 500_000.0,
        "country": "DE",
        "region": "north",
        "source": "fair",
        "campaign_id": "spring",
        "signed_up_on": "2024-01-01",
        "owner_id": "e1",
        "credit_limit": 100.0,
        "payment_terms_days": 30,
        "interests": "tea; cake",
        "tags": "vip",
        "email_consent": True,
        "sms_consent": False,
    },
]
_INTERACTIONS = [
    # ann answers the first within 4 days, the second only after 18; the third is too young to tell
    ("i1", "ann", "2024-06-01 10:00", "email", "out", "campaign", _NONE),
    ("i2", "ann", "2024-06-05 12:00", "email", "in", "sale", _NONE),
    ("i3", "ann", "2024-06-10 09:00", "phone", "out", "sale", 15),
    ("i4", "ann", "2024-06-25 09:00", "visit", "out", "follow-up", 60),
    ("i5", "ann", "2024-06-28 09:00", "phone", "in", "service", 5),
    ("i6", "bob", "2023-01-10 09:00", "chat", "in", "service", _NONE),
    ("i7", "bob", "2024-04-01 09:00", _NONE, "out", _NONE, _NONE),
]
_EVENTS = [
    ("v1", "ann", "s1", "2024-06-20 10:00", "view"),
    ("v2", "ann", "s1", "2024-06-20 10:01", "view"),
    ("v3", "ann", "s1", "2024-06-20 10:05", "cart"),
    ("v4", "ann", "s1", "2024-06-20 10:06", "click"),
    ("v5", "ann", "s2", "2024-06-29 08:00", "search"),
    ("v6", "ann", "s2", "2024-06-29 08:01", "download"),
    ("v7", "ann", "s3", "2024-01-05 08:00", "view"),
    ("v8", "bob", _NONE, "2024-06-30 09:00", "View"),
    ("v9", _NONE, "s4", "2024-06-30 09:00", "view"),
]
_FEEDBACK = [
    ("f1", "ann", "2024-06-01", "csat", 4, 5, _NONE),
    ("f2", "ann", "2024-02-01", "csat", 5, 5, _NONE),
    ("f3", "ann", "2024-02-01", "nps", 9, 10, _NONE),
    ("f4", "ann", "2024-02-01", "review", 3, 5, _NONE),
    ("f5", "bob", "2024-06-10", "complaint", _NONE, _NONE, "2024-06-14"),
    ("f6", "bob", "2024-06-20", "complaint", _NONE, _NONE, "2024-07-02"),
    ("f7", "dora", "2023-01-01", "complaint", _NONE, _NONE, "2023-01-03"),
]
_CASES = [
    ("k1", "ann", "2024-06-01 08:00", "2024-06-01 10:00", "2024-06-03 08:00", "High", 20.0, 0),
    ("k2", "ann", "2024-06-20 08:00", "2024-06-20 09:30", _NONE, "low", 5.0, 1),
    ("k3", "bob", "2023-01-01 08:00", _NONE, "2023-01-11 07:00", _NONE, 40.0, 0),
    ("k4", "bob", "2024-06-30 12:00", "2024-07-01 12:00", "2024-07-02 12:00", "low", _NONE, 0),
]
_DEALS = [
    ("o1", "ann", "2024-01-01", "2024-01-31", "won", 1000.0),
    ("o2", "ann", "2024-06-01", _NONE, "open", 500.0),
    ("o3", "ann", "2024-02-01", "2024-03-01", "lost", 300.0),
    ("o4", "bob", "2024-05-01", "2024-07-15", "won", 800.0),  # won after as_of: open
    ("o5", "dora", "2023-01-01", "2023-02-01", "won", 200.0),
]


def hand_tables() -> dict[str, pd.DataFrame]:
    """All tables but transactions, products and campaign_contacts."""
    return {
        "customers": _frame(_CUSTOMERS, "birth_on", "signed_up_on"),
        "contacts": _frame(
            [("p1", "ann", 0.9), ("p2", "ann", 0.4), ("p3", "bob", _NONE)],
            names=["contact_id", "customer_id", "influence"],
        ),
        "relations": _frame(
            [("ann", "bob", "parent"), ("ann", "dora", "referrer")],
            names=["from_customer_id", "to_customer_id", "relation"],
        ),
        "interactions": _frame(
            _INTERACTIONS,
            "happened_at",
            names=["interaction_id", "customer_id", "happened_at", "channel", "direction", "purpose",
                   "duration_minutes"],
        ),
        "events": _frame(
            _EVENTS, "happened_at", names=["event_id", "customer_id", "session_id", "happened_at", "event"]
        ),
        "feedback": _frame(
            _FEEDBACK,
            "given_at",
            "resolved_at",
            names=["feedback_id", "customer_id", "given_at", "kind", "score", "score_max", "resolved_at"],
        ),
        "service_cases": _frame(
            _CASES,
            "opened_at",
            "first_response_at",
            "closed_at",
            names=["case_id", "customer_id", "opened_at", "first_response_at", "closed_at", "priority",
                   "cost_amount", "reopened_count"],
        ),
        "opportunities": _frame(
            _DEALS,
            "created_at",
            "closed_at",
            names=["opportunity_id", "customer_id", "created_at", "closed_at", "outcome", "amount"],
        ).assign(stage="talks"),
    }  # fmt: skip


def _frame(rows, *moments, names=None):
    frame = pd.DataFrame(rows, columns=names)
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in moments})
