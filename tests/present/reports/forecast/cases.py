"""Two small forecasts and a small shop with plans."""

from functools import cache

import numpy as np
import pandas as pd

from crmlib.analyse.forecast.pipeline import forecast_pipeline
from crmlib.analyse.forecast.plan import plan_vs_actual
from crmlib.prepare.crm import Crm
from tests.analyse.forecast.cases import little_company


@cache
def little_forecast():
    return forecast_pipeline(little_company(), draws=200, most_past=6)


@cache
def little_plan():
    return plan_vs_actual(little_shop(), by="product")


@cache
def little_shop():
    """Thirty months of two products, a plan for each of them, and one for a third that does not exist."""
    lot = np.random.default_rng(0)
    days = pd.date_range("2022-07-01", "2024-12-15", freq="2D")
    lines = pd.DataFrame({"ordered_at": days, "order_id": [f"o{n}" for n in range(len(days))]})
    lines["product_id"] = np.where(lot.random(len(days)) < 0.5, "tea", "milk")
    lines["quantity"] = lot.integers(1, 9, len(days))
    price = lines["product_id"].map({"tea": 5.0, "milk": 2.0}) * np.where(days.year == 2024, 1.1, 1.0)
    lines["net_amount"] = (lines["quantity"] * price).round(2)
    plans = pd.DataFrame({"key": ["tea", "milk", "salt"], "target": [900.0, 250.0, 40.0]})
    plans = plans.assign(
        period_start="2024-10-01", period_end="2024-12-31", dimension="product", measure="net_amount"
    )
    total = plans.head(1).assign(dimension="total", key="all", target=1200.0)
    goods = pd.DataFrame({"product_id": ["tea", "milk"], "name": ["Tea", "Milk"]})
    return Crm.from_frames(
        as_of="2024-12-15",
        currency="EUR",
        transactions=lines,
        plans=pd.concat([plans, total]),
        products=goods,
    )
