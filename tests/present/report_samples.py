"""A shop made up for the tests of pictures, sentences and notebooks: small, seeded, with hostile names."""

import atexit
from functools import cache

import numpy as np
import pandas as pd

from crmlib import Crm, compute_indicators, segment_customers
from crmlib.analyse.customers.profile import customer_profile
from crmlib.analyse.health import data_health
from crmlib.analyse.rules.cross_sell import cross_sell

AS_OF = "2024-06-15"
NAMES = (
    "Milk",
    "Bread",
    "Tea $5",
    "茶葉",
    "<b>Jam</b>",
    "A very long name of a product that does not fit any line at all",
)
CANARIES = {
    "name": "Canary Personal",
    "email": "canary@example.org",
    "phone": "+49 000 CANARY",
    "tax_id": "CANARY-TAX",
}


def order_lines(*, customers: int = 120, seed: int = 0) -> pd.DataFrame:
    """Order lines of a year and a half; the first customers buy often and much, some lines are refunds."""
    draw = np.random.default_rng(seed)
    orders = np.maximum(draw.geometric(np.linspace(0.04, 0.6, customers)), 1)
    who = np.repeat(np.arange(customers), orders)
    days = draw.integers(0, 530, len(who))
    lines = pd.DataFrame(
        {"order_id": np.arange(len(who)).astype(str), "customer_id": [f"C{i:03}" for i in who], "day": days}
    )
    lines = lines.loc[lines.index.repeat(draw.integers(1, 5, len(lines)))].reset_index(drop=True)
    product = draw.integers(0, len(NAMES), len(lines))
    with_tea = (product == 2) & (draw.random(len(lines)) < 0.7)
    lines, product = (
        pd.concat([lines, lines[with_tea]], ignore_index=True),
        np.r_[product, np.full(with_tea.sum(), 4)],
    )
    amount = (draw.gamma(2.0, 8.0, len(lines)) * (1 + 3 * (lines["customer_id"] < "C030"))).round(2) + 0.01
    refund = draw.random(len(lines)) < 0.02
    return pd.DataFrame(
        {
            "order_id": lines["order_id"],
            "customer_id": lines["customer_id"],
            "product_id": [f"P{i}" for i in product],
            "ordered_at": pd.Timestamp("2023-01-01") + pd.to_timedelta(lines["day"], unit="D"),
            "quantity": np.where(refund, -1, 1),
            "net_amount": np.where(refund, -amount, amount),
            "discount_amount": (draw.random(len(lines)) < 0.4) * amount * 0.2,
        }
    )


def product_list() -> pd.DataFrame:
    """Six products in three categories, with names that a picture must not choke on."""
    return pd.DataFrame(
        {
            "product_id": [f"P{i}" for i in range(len(NAMES))],
            "name": NAMES,
            "category": ["Dairy", "Bakery", "Drinks", "Drinks", "Bakery", None],
            "subcategory": ["Milk", "Bread", "TEA", "TEA LOOSE", "Jam", None],
        }
    )


def customer_list(customers: int = 100) -> pd.DataFrame:
    """Customers with personal data that must never be seen, and sensitive data for large groups only."""
    draw = np.random.default_rng(1)
    people = pd.DataFrame({"customer_id": [f"C{i:03}" for i in range(customers)]})
    people["gender"] = draw.choice(["f", "m", "x"], customers, p=[0.5, 0.46, 0.04])
    people["income_band"] = draw.choice(
        ["under 20K", "20-39K", "40-59K", "60K+"], customers, p=[0.3, 0.4, 0.25, 0.05]
    )
    people["region"] = draw.choice(["north", "south"], customers)
    people["birth_on"] = pd.Timestamp("1960-01-01") + pd.to_timedelta(
        draw.integers(0, 15000, customers), unit="D"
    )
    for column, value in CANARIES.items():
        people[column] = [f"{value} {i}" for i in range(customers)]
    return people


@cache
def shop() -> Crm:
    """The whole shop."""
    return Crm.from_frames(
        as_of=AS_OF,
        currency="EUR",
        transactions=order_lines(),
        products=product_list(),
        customers=customer_list(),
    )


@cache
def bare_shop() -> Crm:
    """Order lines alone, some without a customer; no discount, no quantity."""
    lines = order_lines().drop(columns=["quantity", "discount_amount"])
    lines.loc[lines.index % 7 == 0, "customer_id"] = None
    return Crm.from_frames(as_of=AS_OF, transactions=lines)


@cache
def nobody() -> Crm:
    """Order lines of which none has a customer."""
    return Crm.from_frames(as_of=AS_OF, transactions=order_lines(customers=5).assign(customer_id=None))


@cache
def one_order() -> Crm:
    """One customer with one order."""
    lines = pd.DataFrame(
        {"order_id": ["1"], "customer_id": ["ann"], "product_id": ["tea"], "net_amount": [9.5]}
    )
    return Crm.from_frames(as_of=AS_OF, transactions=lines.assign(ordered_at="2024-06-01"))


@cache
def products_only() -> Crm:
    """No sales at all."""
    return Crm.from_frames(as_of=AS_OF, products=product_list())


SHOPS = {"shop": shop, "bare": bare_shop, "nobody": nobody, "one order": one_order}


@cache
def profile_of(name: str):
    """The customer profile of a shop by its name in `SHOPS`."""
    return customer_profile(SHOPS[name]())


@cache
def health_of(name: str):
    """The data health of a shop, or of "products only"."""
    return data_health(products_only() if name == "products only" else SHOPS[name]())


@cache
def cross_sell_of(name: str):
    """What is bought together in a shop."""
    return cross_sell(SHOPS[name](), min_support=5)


@cache
def customers_of(name: str) -> pd.DataFrame:
    """The indicators of a shop."""
    return compute_indicators(SHOPS[name]())


@cache
def segments_of(name: str, n_segments: int | str = "auto"):
    """The segments of a shop."""
    return segment_customers(customers_of(name), n_segments=n_segments)


@atexit.register
def _let_go():
    for kept in (shop, bare_shop, nobody, one_order, products_only):
        kept.cache_clear()
