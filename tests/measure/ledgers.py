"""Ledgers for the tests of this floor: one written by hand with its figures worked out, one drawn by lot."""

import numpy as np
import pandas as pd

HAND_AS_OF = "2024-06-30"

_COLUMNS = [
    "order_id", "customer_id", "product_id", "ordered_at", "quantity", "net_amount", "discount_amount",
    "cost_amount", "channel",
]  # fmt: skip
_HAND_LINES = [
    # ann: the cake comes back, the rest of the order stays
    ("A1", "ann", "tea", "2024-01-10 10:00", 2, 20.0, 0.0, 12.0, "shop"),
    ("A1", "ann", "cake", "2024-01-10 10:00", 1, 10.0, 2.0, 4.0, "shop"),
    ("R1", "ann", "cake", "2024-01-25 12:00", -1, -10.0, None, -4.0, "shop"),
    ("A2", "ann", "tea", "2024-05-04 19:30", 1, 10.0, 0.0, 6.0, "web"),
    ("A3", "ann", "mug", "2024-06-20 09:00", 1, 30.0, 0.0, 15.0, "web"),
    # bob: the only order comes back whole
    ("B1", "bob", "mug", "2024-06-01 20:00", 1, 30.0, 5.0, 15.0, "shop"),
    ("R2", "bob", "mug", "2024-06-10 11:00", -1, -30.0, 0.0, -15.0, "shop"),
    # cem: the cake is voided on the receipt, the tea exchanged for a mug in the next order
    ("C1", "cem", "tea", "2024-06-29 23:30", 1, 10.0, 0.0, 6.0, "web"),
    ("C1", "cem", "cake", "2024-06-29 23:30", 1, 10.0, 0.0, None, "web"),
    ("C1", "cem", "cake", "2024-06-29 23:30", -1, -10.0, 0.0, None, "web"),
    ("C2", "cem", "tea", "2024-06-29 23:45", -1, -10.0, 0.0, -6.0, "web"),
    ("C2", "cem", "mug", "2024-06-29 23:45", 1, 30.0, 0.0, 15.0, "web"),
    # nobody we know
    ("X1", None, "tea", "2024-06-15 12:00", 1, 10.0, 0.0, 6.0, "shop"),
    # eve: a free sample and nothing else
    ("E1", "eve", "tea", "2024-03-03 12:00", 1, 0.0, 0.0, 0.0, "shop"),
    # fay: the refund of something bought before the data begin, then the same again
    ("F1", "fay", "tea", "2024-02-01 12:00", -1, -10.0, 0.0, -6.0, "shop"),
    ("F2", "fay", "tea", "2024-04-01 12:00", 1, 10.0, 0.0, 6.0, None),
]
_NAN = float("nan")
HAND_FIGURES = pd.DataFrame(
    {
        "customer_id": ["ann", "bob", "cem", "dora", "eve", "fay"],
        "recency_days": [10, _NAN, 1, _NAN, _NAN, 90],
        "tenure_days": [172, _NAN, 1, _NAN, _NAN, 90],
        "order_count": [3, 0, 1, 0, 0, 1],
        "order_count_90d": [2, 0, 1, 0, 0, 0],
        "order_count_365d": [3, 0, 1, 0, 0, 1],
        "gap_days_mean": [(115 + 47) / 2, _NAN, _NAN, _NAN, _NAN, _NAN],
        "gap_days_variation": [(2 * 34**2) ** 0.5 / 81, _NAN, _NAN, _NAN, _NAN, _NAN],
        "gap_overdue_ratio": [10 / 81, _NAN, _NAN, _NAN, _NAN, _NAN],
        "weekend_share_pct": [100 / 3, _NAN, 100, _NAN, _NAN, 0],
        "evening_share_pct": [100 / 3, _NAN, 100, _NAN, _NAN, 0],
        "favourite_channel": ["web", None, "web", None, None, None],
        "spend_total": [60.0, 0, 30, 0, 0, 0],
        "spend_30d": [30.0, 0, 30, 0, 0, 0],
        "spend_90d": [40.0, 0, 30, 0, 0, 0],
        "spend_365d": [60.0, 0, 30, 0, 0, 0],
        "spend_trend": [(40 - 20) / 60, _NAN, 1, _NAN, _NAN, _NAN],
        "basket_value_mean": [(20 + 10 + 30) / 3, _NAN, 30, _NAN, _NAN, 10],
        "margin_total": [27.0, 0, 15, 0, 0, 0],
        "margin_30d": [15.0, 0, 15, 0, 0, 0],
        "margin_90d": [19.0, 0, 15, 0, 0, 0],
        "margin_365d": [27.0, 0, 15, 0, 0, 0],
        "margin_share_pct": [100 * 27 / 60, _NAN, 50, _NAN, _NAN, _NAN],
        "discount_share_pct": [100 * 2 / 72, _NAN, 0, _NAN, _NAN, 0],
        "discounted_lines_share_pct": [25, 100, 0, _NAN, 0, 0],
        "return_rate_pct": [100 * 10 / 70, 100, 100 * 20 / 50, _NAN, _NAN, 100],
        "basket_lines_mean": [4 / 3, _NAN, 1, _NAN, _NAN, 1],
        "basket_items_mean": [5 / 3, _NAN, 1, _NAN, _NAN, 1],
        "product_count": [2, 0, 1, 0, 0, 0],
        "category_count": [2, 0, 1, 0, 0, 0],
        "department_count": [2, 0, 1, 0, 0, 0],
        "favourite_category": ["drinks", None, "kitchen", None, None, None],
        "favourite_category_share_pct": [50, _NAN, 100, _NAN, _NAN, _NAN],
        "campaign_count": [2, 0, 0, 1, 0, 0],
        "campaign_response_rate_pct": [50, _NAN, _NAN, 0, _NAN, _NAN],
    }
).set_index("customer_id")
"""Worked out by hand from the lines above; dora is a customer who has never ordered."""


def hand_ledger() -> dict[str, pd.DataFrame]:
    """The tables of the hand-written workspace; times are UTC."""
    lines = pd.DataFrame(_HAND_LINES, columns=_COLUMNS)
    lines["ordered_at"] = pd.to_datetime(lines["ordered_at"])
    return {
        "transactions": lines,
        "customers": pd.DataFrame({"customer_id": ["dora", "bob", "ann"]}),
        "products": pd.DataFrame(
            {
                "product_id": ["tea", "cake", "mug"],
                "category": ["drinks", "food", "kitchen"],
                "department": ["grocery", "grocery", "home"],
            }
        ),
        "campaign_contacts": pd.DataFrame(
            {
                "campaign_id": ["spring", "summer", "spring", "summer", "autumn"],
                "customer_id": ["ann", "ann", "bob", "dora", "ann"],
                "contacted_on": pd.to_datetime(
                    ["2024-05-01", "2024-06-01", "2024-05-01", "2024-06-01", "2024-09-01"]
                ),
                "is_control": [False, None, True, False, False],
                "responded_at": pd.to_datetime(["2024-05-03", None, "2024-05-04", "2024-07-15", None]),
            }
        ),
    }


def random_ledger(*, seed: int, lines: int = 1_500, customers: int = 60) -> dict[str, pd.DataFrame]:
    """Tables drawn by lot, times in UTC with a zone: few products and coarse times, so that refunds meet
    purchases, orders meet at one moment, and an order number is shared by several customers."""
    lot = np.random.default_rng(seed)
    orders = lines // 2
    order = lot.integers(0, orders, lines)
    minute = lot.integers(0, 500 * 24 * 2, orders)[order] * 30 + lot.integers(0, 2, lines) * 30
    refund = lot.random(lines) < 0.2
    owner = lot.integers(0, customers, orders)[order]
    stray = lot.random(lines) < 0.05
    owner = np.where(stray, lot.integers(0, customers, lines), owner)
    product = lot.integers(0, 12, lines)
    price = np.round(lot.choice([0.0, 0.1, 0.35, 2.5, 2.5, 19.99, 1234.5678], lines), 4)
    sign = np.where(refund, -1, 1)
    transactions = pd.DataFrame(
        {
            "order_id": [f"o{i:05d}" for i in order],
            "customer_id": pd.Series([f"c{i:03d}" for i in owner]).mask(lot.random(lines) < 0.1, None),
            "product_id": [f"p{i:02d}" for i in product],
            "ordered_at": pd.Timestamp("2022-06-01", tz="UTC") + pd.to_timedelta(minute, unit="min"),
            "quantity": sign * lot.integers(0, 4, lines) * 0.3,
            "net_amount": sign * price,
            "discount_amount": np.where(lot.random(lines) < 0.3, np.round(price / 10, 4), np.nan),
            "cost_amount": np.where(lot.random(lines) < 0.8, np.round(sign * price * 0.6, 4), np.nan),
            "channel": lot.choice(np.array(["web", "shop", None], dtype=object), lines),
        }
    )
    products = pd.DataFrame(
        {
            "product_id": [f"p{i:02d}" for i in range(12)],
            "category": [None if i == 0 else f"cat{i % 5}" for i in range(12)],
            "department": [None if i == 1 else f"dep{i % 3}" for i in range(12)],
        }
    )
    contacts = pd.DataFrame(
        [(f"k{i}", f"c{j:03d}") for i in range(6) for j in range(0, customers + 5, 2)],
        columns=["campaign_id", "customer_id"],
    )
    contacted = pd.Timestamp("2023-06-01") + pd.to_timedelta(lot.integers(0, 200, len(contacts)), unit="D")
    contacts["contacted_on"] = contacted
    contacts["is_control"] = lot.random(len(contacts)) < 0.2
    answered = lot.random(len(contacts)) < 0.3
    contacts["responded_at"] = (
        (contacted.tz_localize("UTC") + pd.Timedelta(days=20)).to_series(index=contacts.index).where(answered)
    )
    return {
        "transactions": transactions,
        "customers": pd.DataFrame({"customer_id": [f"c{i:03d}" for i in range(0, customers + 10, 2)]}),
        "products": products,
        "campaign_contacts": contacts,
    }
