"""A small company with consents, contacts and offers, at hand or as a workspace's folder."""

from types import SimpleNamespace

import pandas as pd

from crmlib import Crm

AS_OF = "2024-01-31"
CONFIG = """\
name = "Tea & Co"
currency = "EUR"
as_of = "2024-01-31"

[privacy]
pseudonyms = {pseudonyms}

[outreach]
quiet_days = 14
control_share_pct = 20
sender = "Tea & Co <hello@tea.example>"

[tables.transactions]
from = "transactions.csv"

[tables.customers]
from = "customers.csv"
"""


def offers_of(*rows):
    """Offers by (customer, kind, product, probability, price); the rank is the place among the customer's."""
    table = pd.DataFrame(rows, columns=["customer_id", "kind", "product", "probability", "price"])
    table["rank"] = table.groupby("customer_id").cumcount() + 1
    table["product_id"] = table["product"].str.lower()
    table["category"] = "Drinks"
    table["reason"] = "Bought before."
    return SimpleNamespace(table=table)


def company(customers, **tables):
    """Tables at hand."""
    return Crm.from_frames(as_of=AS_OF, customers=pd.DataFrame(customers), **tables)


def many(n, *, channels=("email",)):
    """A company of `n` customers who agreed to the channels, and an offer of rising value for each."""
    ids = [f"c{i:03}" for i in range(n)]
    crm = company({"customer_id": ids, **{f"{name}_consent": True for name in channels}})
    offers = offers_of(*[(name, "cross-sell", "Tea", (i + 1) / (n + 1), 10.0) for i, name in enumerate(ids)])
    return crm, offers


def write_workspace(folder, people, *, pseudonyms="true", more=""):
    """A workspace of these customers, each with an order of 2024-01-02."""
    folder.mkdir(parents=True)
    (folder / "crm.toml").write_text(CONFIG.format(pseudonyms=pseudonyms) + more, encoding="utf-8")
    pd.DataFrame(people).to_csv(folder / "customers.csv", index=False)
    lines = [
        {"order_id": i, "customer_id": name, "product_id": "tea", "ordered_at": "2024-01-02", "net_amount": 5}
        for i, name in enumerate(people["customer_id"])
    ]
    pd.DataFrame(lines).to_csv(folder / "transactions.csv", index=False)
    return folder


def offers_for(people, product="Tea"):
    """A cross-sell of one product for each of some people."""
    return offers_of(*[(name, "cross-sell", product, 0.5, 4.0) for name in people["customer_id"]])
