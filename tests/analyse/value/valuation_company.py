"""A small company with every table that the valuations read, drawn with a fixed seed."""

import atexit
from functools import cache
from types import SimpleNamespace

import numpy as np
import pandas as pd

from crmlib import Crm

AS_OF = "2023-12-31"
DAYS = 730
GOODS = ("Paper", "Ink", "Chairs", "<b>Lamps</b>", "=Cables")
_START = pd.Timestamp("2022-01-01")


def tables(*, customers: int = 80, seed: int = 3) -> dict[str, pd.DataFrame]:
    """Orders with cost and payment, products, customers, service cases, contacts and a campaign."""
    lot = np.random.default_rng(seed)
    ids = [f"c{i:02}" for i in range(customers)]
    rows = []
    for name in ids:
        rate, day, last = lot.gamma(1.5, 1.0) + 0.2, lot.integers(0, 500), lot.exponential(900)
        tardy, likes = lot.beta(1.5, 3.0), lot.dirichlet(np.full(len(GOODS), 0.5))
        last += day
        while day < min(DAYS, last):
            paid = day + 30 + (lot.integers(1, 60) if lot.random() < tardy else -lot.integers(0, 20))
            for _ in range(lot.integers(1, 3)):
                amount = round(float(lot.gamma(2, 60 * (1 + rate))), 2) + 1
                rows.append((len(rows), name, day, lot.choice(len(GOODS), p=likes), amount, paid))
            day += max(1, int(lot.exponential(30 / rate)))
    lines = pd.DataFrame(rows, columns=["line_no", "customer_id", "day", "good", "net_amount", "paid"])
    at = {name: _START + pd.to_timedelta(lines[name], unit="D") for name in ("day", "paid")}
    transactions = pd.DataFrame(
        {
            "order_id": lines["customer_id"] + "-" + lines["day"].astype("str"),
            "line_no": lines["line_no"].astype("str"),
            "customer_id": lines["customer_id"],
            "product_id": "p" + lines["good"].astype("str"),
            "ordered_at": at["day"],
            "net_amount": lines["net_amount"],
            "cost_amount": (0.6 * lines["net_amount"]).round(2),
            "due_on": at["day"] + pd.Timedelta(days=30),
            "paid_on": at["paid"].where(lines["paid"] < DAYS),
        }
    )
    return {
        "transactions": transactions,
        "products": pd.DataFrame({"product_id": [f"p{i}" for i in range(len(GOODS))], "category": GOODS}),
        "customers": pd.DataFrame(
            {"customer_id": ids, "credit_limit": np.where(lot.random(customers) < 0.7, 2000.0, np.nan)}
        ),
        "service_cases": pd.DataFrame(
            {
                "case_id": [str(i) for i in range(60)],
                "customer_id": lot.choice(ids, 60),
                "opened_at": _START + pd.to_timedelta(lot.integers(0, DAYS, 60), unit="D"),
                "cost_amount": np.round(lot.gamma(2, 60, 60), 2),
            }
        ),
        "interactions": pd.DataFrame(
            {
                "interaction_id": [str(i) for i in range(60)],
                "customer_id": lot.choice(ids, 60),
                "happened_at": _START + pd.to_timedelta(lot.integers(0, DAYS, 60), unit="D"),
                "duration_minutes": lot.integers(1, 90, 60).astype("float64"),
            }
        ),
        "campaigns": pd.DataFrame(
            {"campaign_id": ["k1"], "started_on": [pd.Timestamp("2023-06-01")], "cost_amount": [500.0]}
        ),
        "campaign_contacts": pd.DataFrame(
            {"campaign_id": "k1", "customer_id": ids[:30], "contacted_on": pd.Timestamp("2023-06-02")}
        ),
    }


@cache
def company() -> Crm:
    """The whole company at the end of 2023."""
    return Crm.from_frames(as_of=AS_OF, currency="EUR", **tables())


def future_of(crm: Crm) -> SimpleNamespace:
    """What a model of purchases might expect: few words, no fit."""
    lines = crm.frame("transactions", ["customer_id", "ordered_at", "net_amount"])
    last = lines.groupby("customer_id")["ordered_at"].max()
    alive = np.exp(-(crm.as_of - last).dt.days / 120)
    spend = lines.groupby("customer_id")["net_amount"].sum()
    table = pd.DataFrame({"probability_alive": alive, "expected_purchases": 5 * alive})
    table["expected_average_spend"] = spend / 10
    table["future_contribution"] = alive * spend * 0.2
    return SimpleNamespace(table=table, margin_pct=40.0)


@atexit.register
def _let_go():
    company.cache_clear()
