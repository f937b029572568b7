"""Small shops and what is made of them, for the examples."""

from functools import cache

import numpy as np
import pandas as pd

from crmlib.analyse.churn.model import ChurnModel, fit_churn
from crmlib.prepare.crm import Crm
from crmlib.schema.states import ACTIVE, DORMANT


def little_shop() -> Crm:
    """Three hundred customers who come at their own pace; half of them leave some day."""
    lot = np.random.default_rng(0)
    rows = []
    for who in range(300):
        gap, leaves = lot.uniform(4, 25), lot.uniform(0, 400)
        days = np.cumsum(lot.exponential(gap, 80))
        rows += [(f"c{who:03}", day) for day in days[days < min(240, leaves)]]
    lines = pd.DataFrame(rows, columns=["customer_id", "day"])
    lines["ordered_at"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(lines["day"].round(3), unit="D")
    lines = lines.assign(order_id=np.arange(len(lines)).astype(str), product_id="tea", net_amount=10.0)
    return Crm.from_frames(as_of="2024-08-27", transactions=lines.drop(columns="day"), currency="EUR")


@cache
def little_churn() -> ChurnModel:
    """Six hundred customers of whom those with much discount stop, for the examples."""
    lot, rows = np.random.default_rng(1), []
    for who in range(500):
        heavy, start = who % 3 == 0, lot.uniform(0, 60)
        days = start + np.cumsum(lot.exponential(9, 50))
        for day in days[days < min(start + lot.exponential(120 if heavy else 900), 240)]:
            price = round(lot.uniform(5, 40), 2)
            share = lot.uniform(0.2, 0.5) if heavy else lot.uniform(0, 0.1)
            rows.append((f"c{who:03}", day, price, round(price * share, 2)))
    lines = pd.DataFrame(rows, columns=["customer_id", "day", "net_amount", "discount_amount"])
    lines["ordered_at"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(lines.pop("day").round(3), unit="D")
    lines = lines.assign(order_id=np.arange(len(lines)).astype(str), product_id="tea")
    crm = Crm.from_frames(as_of="2024-08-27", transactions=lines, currency="EUR")
    names = ["recency_days", "order_count_90d", "spend_90d", "discount_share_pct"]
    ways = ["logistic_regression", "decision_tree"]
    return fit_churn(crm, horizon_days=48, indicators=names, candidates=ways)


def little_summary() -> pd.DataFrame:
    """Ten customers, for the examples."""
    table = pd.DataFrame(
        {"customers": [8, 2], "share_pct": [80.0, 20.0], "revenue": [90.0, 10.0]}, index=[ACTIVE, DORMANT]
    )
    table["revenue_share_pct"] = table["revenue"]
    rhythm = {"gap_days": 9.0, "long_gap_days": 65.0, "period_days": 91.0, "repeat_customers": 9.0}
    table.attrs = {"currency": "EUR", "rhythm": rhythm}
    return table


def little_crm() -> Crm:
    """An old customer and ten who bought first in January, for the examples."""
    first = pd.DataFrame({"customer_id": [f"c{i}" for i in range(10)], "ordered_at": "2024-01-05"})
    again = first.head(5).assign(ordered_at="2024-02-05")
    lines = pd.concat([first.head(1).assign(customer_id="old", ordered_at="2023-12-30"), first, again])
    lines = lines.reset_index(drop=True).assign(product_id="tea", net_amount=5.0)
    return Crm.from_frames(as_of="2024-03-15", transactions=lines.assign(order_id=lines.index.astype(str)))
