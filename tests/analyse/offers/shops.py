"""Workspaces for the tests of offers."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from crmlib import Crm

AS_OF = "2024-06-30"


def lines_of(*rows):
    """Order lines: order, customer, product, day, amount; a sixth value is the cost."""
    names = ["order_id", "customer_id", "product_id", "ordered_at", "net_amount", "cost_amount"]
    table = pd.DataFrame([list(row) + [None] * (6 - len(row)) for row in rows], columns=names)
    table = table.assign(cost_amount=table["cost_amount"].astype("float64"), quantity=1)
    return table if table["cost_amount"].notna().any() else table.drop(columns="cost_amount")


def repeated(customer, product, days, amount=5.0):
    """One order a day with one product."""
    return [(f"{customer}-{product}-{day}", customer, product, day, amount) for day in days]


def together(customers, products, day="2024-06-20", amount=5.0):
    """One order a customer with all the products."""
    return [
        (f"{customer}-{day}", customer, product, day, amount)
        for customer in customers
        for product in products
    ]


def goods(**columns):
    """A table of products, `product_id` among the columns."""
    return pd.DataFrame(columns)


def workspace(rows, *, as_of=AS_OF, offers=None, **tables):
    """A workspace of order lines and tables, with what crm.toml says of offers."""
    crm = Crm.from_frames(as_of=as_of, currency="EUR", transactions=lines_of(*rows), **tables)
    if offers is None:
        return crm
    from dataclasses import replace

    return replace(crm, config=SimpleNamespace(offers=SimpleNamespace(**offers)))


def regular_shop(*, customers=160, weeks=26, seed=0):
    """Customers with favourites, bought now and then; jam goes with tea."""
    draw = np.random.default_rng(seed)
    products = np.array([f"p{n:02}" for n in range(30)])
    rows = []
    for who in range(customers):
        liking = draw.permutation(30)[:6]
        rate = draw.uniform(0.1, 0.7, 6)
        for week in range(weeks):
            bought = list(products[liking[draw.random(6) < rate]])
            if "p00" in bought and draw.random() < 0.7:
                bought.append("p01")
            day = pd.Timestamp("2024-01-01") + pd.Timedelta(days=7 * week + int(draw.integers(0, 7)))
            rows += [(f"{who}-{week}", f"c{who:03}", product, day, 4.0) for product in sorted(set(bought))]
    return rows
