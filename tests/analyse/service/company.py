"""A made company of two years: one product fails often, soon after it is bought; the others seldom."""

import numpy as np
import pandas as pd

from crmlib.prepare.crm import Crm

AS_OF = "2024-12-31"
BAD = "p3"


def frames(*, seed=0, bad=0.5, other=0.03, customers=120) -> dict[str, pd.DataFrame]:
    """Orders about every two months of one product each, and cases 2 to 40 days after some of them."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(customers):
        day = pd.Timestamp("2023-01-02") + pd.Timedelta(days=int(rng.integers(0, 60)))
        while day < pd.Timestamp(AS_OF):
            rows.append((f"c{i:03d}", f"p{rng.integers(0, 6)}", day + pd.Timedelta(hours=9)))
            day += pd.Timedelta(days=int(rng.integers(25, 95)))
    lines = pd.DataFrame(rows, columns=["customer_id", "product_id", "ordered_at"])
    lines = lines.assign(order_id=[f"o{i}" for i in range(len(lines))], net_amount=100.0, cost_amount=60.0)
    fails = rng.random(len(lines)) < np.where(lines["product_id"] == BAD, bad, other)
    sold = lines[fails].reset_index(drop=True)
    opened = sold["ordered_at"] + pd.to_timedelta(rng.integers(2, 40, len(sold)), unit="D")
    closed = opened + pd.to_timedelta(rng.integers(1, 20, len(sold)), unit="D")
    cases = pd.DataFrame(
        {"case_id": [f"s{i}" for i in range(len(sold))], "customer_id": sold["customer_id"],
         "product_id": sold["product_id"], "opened_at": opened, "closed_at": closed,
         "first_response_at": opened + pd.to_timedelta(rng.integers(1, 9, len(sold)), unit="h"),
         "cost_amount": 20.0, "reopened_count": 0, "service_level": "standard"}
    )  # fmt: skip
    names = [f"Product {i}" for i in range(6)]
    names[3] = "<b>Scanner</b> =cmd| {x}"
    products = pd.DataFrame(
        {"product_id": [f"p{i}" for i in range(7)], "name": [*names, "Scanner II"], "unit_price": 90.0,
         "replaces_product_id": [None] * 6 + [BAD], "launched_on": ["2020-01-01"] * 6 + ["2024-10-01"]}
    )  # fmt: skip
    return {"transactions": lines, "service_cases": cases, "products": products}


def crm(tables=None, *, as_of=AS_OF, without=()) -> Crm:
    """The company as a workspace; some tables left out."""
    given = frames() if tables is None else tables
    return Crm.from_frames(
        as_of=as_of, **{name: frame for name, frame in given.items() if name not in without}
    )
