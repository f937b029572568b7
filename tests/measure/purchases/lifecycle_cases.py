"""Ledgers for the tests of life cycle and cohorts, and the same figures worked out customer by customer."""

import numpy as np
import pandas as pd

AS_OF = "2024-06-30"
SCALE = {"gap_days": 10.0, "long_gap_days": 30.0, "period_days": 28.0}


def one_of_each() -> dict[str, pd.DataFrame]:
    """One customer a stage, on `SCALE`: a customer is expected back within 30 days, a period has 28."""
    days = {
        # the data begin long before everybody else's first purchase
        "lost": ["2023-01-01", "2023-01-11"],  # silent for 536 days, more than 2 x 30
        "dormant": ["2024-04-26", "2024-05-06", "2024-05-16"],  # silent for 45 days: between 30 and 60
        "new": ["2024-06-20"],  # first purchase 10 days ago, within a period
        "won back": ["2024-03-01", "2024-03-11", "2024-06-15"],  # 96 days of silence ended 15 days ago
        # nine purchases in either period: 50 against 10 apiece is a change of 360 with an error of 153
        "active": pd.date_range("2024-01-03", AS_OF, freq="3D"),
        "growing": pd.date_range("2024-01-03", AS_OF, freq="3D"),
        "declining": pd.date_range("2024-01-03", AS_OF, freq="3D"),
    }
    lines = pd.DataFrame(
        [(name, pd.Timestamp(day)) for name, dates in days.items() for day in dates],
        columns=["customer_id", "ordered_at"],
    )
    late = lines["ordered_at"] > pd.Timestamp(AS_OF) - pd.Timedelta(days=28)
    dear = (late & (lines["customer_id"] == "growing")) | (~late & (lines["customer_id"] == "declining"))
    lines["net_amount"] = np.where(dear, 50.0, 10.0)
    lines["order_id"], lines["product_id"] = [f"o{i}" for i in lines.index], "tea"
    contact = {"interaction_id": ["1"], "customer_id": ["prospect"], "happened_at": ["2024-05-01"]}
    return {
        "transactions": lines,
        "customers": pd.DataFrame({"customer_id": ["lead", "prospect", "new"]}),
        "interactions": pd.DataFrame(contact),
    }


def ledger(*, seed: int, customers: int = 25, days: int = 500) -> pd.DataFrame:
    """Order lines at each customer's own pace, some with a long pause, some refunds; whole days in UTC."""
    lot = np.random.default_rng(seed)
    rows = []
    for i in range(customers):
        pace, day = lot.choice([4, 12, 40, 90]), int(lot.integers(0, days))
        while day < days:
            rows.append((f"c{i:02d}", day, float(lot.choice([5.0, 10.0, 10.0, 80.0]))))
            day += max(int(lot.exponential(pace)), 0) + (200 if lot.random() < 0.05 else 0)
            if lot.random() < 0.08:
                break
    lines = pd.DataFrame(rows, columns=["customer_id", "day", "net_amount"])
    lines["ordered_at"] = pd.Timestamp("2023-01-01 12:00") + pd.to_timedelta(lines["day"], unit="D")
    lines["order_id"], lines["product_id"] = [f"o{i}" for i in lines.index], "tea"
    back = lines[lot.random(len(lines)) < 0.06]
    back = back.assign(order_id="r" + back["order_id"], net_amount=-back["net_amount"])
    return pd.concat([lines, back], ignore_index=True).drop(columns="day")


def purchase_days(lines: pd.DataFrame) -> dict[str, dict[pd.Timestamp, float]]:
    """Customer -> day -> what is left of its orders; a refund takes back the latest order up to its day."""
    kept: dict[str, dict[pd.Timestamp, float]] = {}
    for customer, own in lines.groupby("customer_id"):
        orders = [
            [row.ordered_at, row.order_id, row.net_amount]
            for row in own[own["net_amount"] > 0].sort_values(["ordered_at", "order_id"]).itertuples()
        ]
        for row in own[own["net_amount"] < 0].itertuples():
            target = [order for order in orders if order[0] <= row.ordered_at][-1]
            target[2] += row.net_amount
        days: dict[pd.Timestamp, float] = {}
        for at, _, amount in orders:
            if amount > 0:
                days[at.normalize()] = days.get(at.normalize(), 0) + amount
        if days:
            kept[customer] = days
    return kept


def limits_of(days: list[pd.Timestamp], scale: dict[str, float]) -> list[float]:
    """After each purchase, the silence up to which the customer is expected back."""
    return [
        max(3 * (2 * scale["gap_days"] + (day - days[0]).days) / (2 + place), scale["long_gap_days"])
        for place, day in enumerate(days)
    ]


def stage_by_hand(days: dict[pd.Timestamp, float], as_of: pd.Timestamp, begin: pd.Timestamp, scale) -> str:
    """The built-in rules in plain Python, for a customer with a purchase."""
    dates = sorted(days)
    limits, period = limits_of(dates, scale), scale["period_days"]
    age = [(as_of - day).days for day in dates]
    if age[-1] > 2 * limits[-1]:
        return "lost"
    if age[-1] > limits[-1]:
        return "dormant"
    if age[0] <= period and (dates[0] - begin).days >= scale["long_gap_days"]:
        return "new"
    returns = [a for a, one, other, lim in zip(age[1:], dates, dates[1:], limits, strict=False)
               if (other - one).days > lim]  # fmt: skip
    if returns and min(returns) <= period:
        return "won back"
    last = [days[d] for d, a in zip(dates, age, strict=True) if a < period]
    before = [days[d] for d, a in zip(dates, age, strict=True) if period <= a < 2 * period]
    apart, both = sum(last) - sum(before), sum(last) + sum(before)
    if age[0] >= 2 * period and both:
        score = apart / sum(x * x for x in last + before) ** 0.5
        if apart / both >= 0.1 and score >= 2.33:
            return "growing"
        if apart / both <= -0.1 and score <= -2.33:
            return "declining"
    return "active"
