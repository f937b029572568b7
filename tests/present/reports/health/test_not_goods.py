"""Products that are no goods stand in a sentence of data health."""

import pandas as pd

from crmlib import Crm
from crmlib.analyse.health import data_health
from crmlib.present.reports.health.say import checks_paragraph


def said(names):
    products = pd.DataFrame({"product_id": [f"p{n}" for n in range(len(names))], "name": names})
    lines = products[["product_id"]].assign(
        order_id="1", customer_id="ann", ordered_at="2024-01-02", net_amount=5.0
    )
    crm = Crm.from_frames(as_of="2024-01-31", transactions=lines, products=products)
    return " ".join(map(str, checks_paragraph(data_health(crm)))).replace("\u00a0", " ")


def test_postage_and_samples_are_named():
    told = said(["Postage", "Tea", "Mug", "Sample"])
    assert "2 products look like postage, fees, samples or corrections" in told and "never offered" in told
    assert "“Postage” and “Sample”." in told


def test_goods_are_not():
    assert "postage" not in said(["Tea", "Mug"])
