"""Ledgers for the tests of this floor: one written by hand with its figures worked out, one drawn by lot."""

import numpy as np
import pandas as pd

from tests.measure.indicators.hand_tables import BILLS, STORES, hand_tables
from tests.measure.random_tables import random_contact_tables, random_customers

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
    # gus: two mugs of old, a third at half the price
    ("G1", "gus", "mug", "2023-03-01 10:00", 1, 30.0, 0.0, 15.0, "shop"),
    ("G2", "gus", "mug", "2023-06-01 20:00", 1, 30.0, 0.0, 15.0, "shop"),
    ("G3", "gus", "mug", "2024-06-01 10:00", 1, 15.0, 15.0, 20.0, "shop"),
]


def hand_ledger() -> dict[str, pd.DataFrame]:
    """The tables of the hand-written workspace; times are UTC."""
    lines = pd.DataFrame(_HAND_LINES, columns=_COLUMNS)
    lines["ordered_at"] = pd.to_datetime(lines["ordered_at"])
    lines["store_id"] = lines["order_id"].map(STORES)
    lines["due_on"] = pd.to_datetime(lines["order_id"].map({order: due for order, (due, _) in BILLS.items()}))
    lines["paid_on"] = pd.to_datetime(
        lines["order_id"].map({order: paid for order, (_, paid) in BILLS.items()})
    )
    return hand_tables() | {
        "transactions": lines,
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
    day = pd.Timestamp("2022-06-01") + pd.to_timedelta(minute // 1440, unit="D")
    due = pd.Series(day + pd.to_timedelta(lot.integers(0, 3, orders)[order] * 15, unit="D"))
    transactions["due_on"] = due.where(lot.random(orders)[order] < 0.7)
    paid = pd.Series(day + pd.to_timedelta(lot.integers(0, 90, lines), unit="D"))
    transactions["paid_on"] = paid.where(lot.random(orders)[order] < 0.8)
    transactions["store_id"] = lot.choice(np.array(["s1", "s2", "s3", None], dtype=object), lines)
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
    listed = [f"c{i:03d}" for i in range(0, customers + 10, 2)]
    return random_contact_tables(seed=seed, customers=customers) | {
        "transactions": transactions,
        "customers": random_customers(listed, seed=seed),
        "products": products,
        "campaign_contacts": contacts,
    }


def settled_folder(folder, *, seed: int):
    """A workspace of a ledger drawn by lot, in which many orders have lines of several moments."""
    tables = random_ledger(seed=seed, lines=900, customers=25)
    lot, lines = np.random.default_rng(seed), tables["transactions"]
    late = lot.integers(1, 90, len(lines)) * (lot.random(len(lines)) < 0.1)
    lines["ordered_at"] = lines["ordered_at"] + pd.to_timedelta(late, unit="D")
    names = ("transactions", "products", "customers")
    for name in names:
        tables[name].to_parquet(folder / f"{name}.parquet", index=False)
    listed = "".join(f'[tables.{name}]\nfrom = "{name}.parquet"\n' for name in names)
    (folder / "crm.toml").write_text(
        f'currency = "EUR"\ntime_zone = "Europe/Berlin"\nas_of = 2023-10-13\n{listed}[tables.customers.columns]\n'
    )
    return folder
