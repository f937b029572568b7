"""Shops made up for the tests of churn, whose truth is known."""

from functools import cache

import numpy as np
import pandas as pd

from crmlib import Crm

DAYS = 240
HORIZON = 48
FAST = ("logistic_regression", "decision_tree")
BEHAVIOUR = (
    *("tenure_days", "recency_days", "order_count", "order_count_90d", "gap_days_mean", "gap_days_variation"),
    *("spend_total", "spend_90d", "basket_value_mean", "discount_share_pct", "weekend_share_pct"),
)


def orders(*, customers: int, seed: int, driven: bool) -> pd.DataFrame:
    """Orders at random times. Who has many discounts stops soon (`driven`), else everybody alike."""
    lot = np.random.default_rng(seed)
    heavy = lot.random(customers) < 0.3
    rate = np.where(heavy & driven, 1 / 90, 1 / 2000) if driven else np.full(customers, 1 / 160)
    rows = []
    for who in range(customers):
        start = lot.uniform(0, 60)
        leaves = start + lot.exponential(1 / rate[who])
        days = start + np.cumsum(lot.exponential(9, 60))
        for day in days[days < min(leaves, DAYS)]:
            price = float(np.round(lot.uniform(5, 40), 2))
            share = lot.uniform(0.2, 0.5) if heavy[who] else lot.uniform(0, 0.1)
            rows.append((f"c{who:04}", day, price, round(price * share, 2)))
    lines = pd.DataFrame(rows, columns=["customer_id", "day", "net_amount", "discount_amount"])
    lines["ordered_at"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(lines.pop("day").round(3), unit="D")
    return lines.assign(order_id=np.arange(len(lines)).astype(str), product_id="tea")


def shop_of(lines: pd.DataFrame, **tables: pd.DataFrame) -> Crm:
    """A workspace of these orders, closed after `DAYS` days."""
    as_of = pd.Timestamp("2024-01-01") + pd.Timedelta(days=DAYS)
    return Crm.from_frames(as_of=as_of, currency="EUR", transactions=lines, **tables)


@cache
def driven_shop() -> Crm:
    """Heavy discounts foretell who stops."""
    return shop_of(orders(customers=700, seed=1, driven=True))


@cache
def silent_shop() -> Crm:
    """Everybody buys and leaves alike, so that the days since the last order are all there is to know."""
    return shop_of(orders(customers=900, seed=2, driven=False))


@cache
def driven_model():
    """The model of `driven_shop`, all candidates."""
    from crmlib.analyse.churn.model import fit_churn

    return fit_churn(driven_shop(), horizon_days=HORIZON, indicators=BEHAVIOUR)
