"""A few baskets and what goes together in them, for examples."""

import pandas as pd

from crmlib.analyse.rules.cross_sell import CrossSell, cross_sell
from crmlib.prepare.crm import Crm
from crmlib.sample.truths import START
from tests.sample.company import drawn


def little_cross_sell() -> CrossSell:
    """Nine baskets, for the examples."""
    sold = [("icing", "mix")] * 5 + [("tea",)] * 4
    lines = [(str(order), item) for order, items in enumerate(sold) for item in items]
    frame = pd.DataFrame(lines, columns=["order_id", "product_id"]).assign(
        ordered_at="2024-01-02", net_amount=1.0
    )
    return cross_sell(Crm.from_frames(as_of="2024-01-31", transactions=frame), min_support=2)


def sample_baskets() -> tuple[Crm, dict[str, str]]:
    """The sample company's order lines as drawn, without the dirt of its exports; and name -> label of products."""
    company = drawn(1.0)
    products, lines = company.products, company.lines
    frame = pd.DataFrame(
        {
            "order_id": "B" + lines["order_id"].astype(str),
            "customer_id": "C" + lines["customer"].astype(str),
            "product_id": products["product_id"].to_numpy()[lines["product"]],
            "ordered_at": pd.Timestamp(START) + pd.to_timedelta(lines["day"], unit="D"),
            "channel": lines["channel"],
            "quantity": lines["quantity"],
            "net_amount": lines["net_amount"],
            "cost_amount": lines["cost_amount"],
        }
    )
    listed = products[["product_id", "name", "category", "subcategory"]]
    crm = Crm.from_frames(as_of="2025-12-31", currency="SGD", transactions=frame, products=listed)
    return crm, dict(zip(products["name"], products["label"], strict=True))
