"""What the sample company sells: some 110 products, with prices, costs, lives and successors."""

import numpy as np
import pandas as pd

from crmlib.sample.lots import lots
from crmlib.sample.truths import DAYS, START

_GOODS = (
    # department, category, subcategory, price of the basic tier, share of cost, life in days, popularity
    ("Equipment", "Printers", "Label printer", 420, 0.62, 1500, 1.2),
    ("Equipment", "Scanners", "Hand scanner", 180, 0.58, 1100, 1.4),
    ("Equipment", "Scanners", "Fixed scanner", 640, 0.60, 1500, 0.5),
    ("Equipment", "Scales", "Bench scale", 350, 0.57, 1800, 0.9),
    ("Equipment", "Tools", "Drill set", 95, 0.66, 900, 1.4),
    ("Equipment", "Tools", "Torque wrench", 140, 0.63, 1400, 0.8),
    ("Supplies", "Labels", "Label roll", 18, 0.48, 45, 3.0),
    ("Supplies", "Labels", "Ribbon", 26, 0.50, 60, 2.0),
    ("Supplies", "Protection", "Nitrile gloves", 14, 0.55, 35, 3.4),
    ("Supplies", "Protection", "Safety goggles", 19, 0.52, 180, 1.2),
    ("Supplies", "Cleaning", "Disinfectant", 22, 0.45, 40, 2.4),
    ("Supplies", "Cleaning", "Wipes", 11, 0.47, 35, 2.0),
    ("Supplies", "Filters", "Dust filter", 48, 0.51, 90, 2.2),
    ("Supplies", "Filters", "Filter bag", 16, 0.50, 60, 1.6),
    ("Supplies", "Energy", "Battery pack", 39, 0.56, 365, 1.6),
    ("Supplies", "Energy", "Charger", 58, 0.59, 700, 0.8),
    ("Supplies", "Cutting", "Cutting oil", 24, 0.49, 75, 1.5),
    ("Supplies", "Cutting", "Saw blade", 33, 0.54, 70, 1.4),
    ("Services", "Maintenance", "Calibration", 160, 0.40, 365, 0.7),
    ("Services", "Maintenance", "Inspection", 220, 0.42, 365, 0.6),
    ("Services", "Training", "Course", 480, 0.38, 800, 0.3),
)
_TIER_NAMES = {1: "basic", 2: "plus", 3: "pro"}
_BRANDS = {"A": "Aquila", "B": "Boreas"}
_SUCCESSORS = (
    # product, last day on sale, days before it that the successor is launched
    ("Label printer A1", "2024-06-30", 45),
    ("Hand scanner B2", "2024-09-30", 30),
    ("Ribbon B1", "2025-01-31", 30),
    ("Dust filter B2", "2025-03-31", 40),
    ("Battery pack B1", "2025-05-31", 20),
    ("Nitrile gloves B2", "2025-08-31", 30),
    ("Torque wrench A2", "2026-02-28", 90),
    ("Charger A2", "2026-03-31", 120),
)
"""The last two are retired after the closing day: a plan that is known already."""


def make_products(*, seed: int) -> pd.DataFrame:
    """Every product, under the vocabulary's names and some of the generator's own.

    Returns
    -------
    DataFrame
        `popularity` and `label` (short name) besides the vocabulary's columns; `launched_on` and `retired_on`
        are days since the start of the history, retired_on beyond it for products that stay.

    Examples
    --------
    >>> goods = make_products(seed=1)
    >>> len(goods), goods["replaces_product_id"].notna().sum().item(), goods["product_id"][0]
    (134, 8, '001001')
    """
    rng = lots(seed, "products")
    rows = [
        _product(rng, goods, brand, tier) for goods in _GOODS for brand in _BRANDS for tier in _TIER_NAMES
    ]
    place = {row["label"]: i for i, row in enumerate(rows)}
    for label, last, lead in _SUCCESSORS:
        old = rows[place[label]]
        last_day = int((np.datetime64(last, "D") - START).astype(int))
        old["retired_on"] = last_day
        rows.append(
            {
                **old,
                "label": f"{label} II",
                "name": f"{old['name']} II",
                "unit_price": round(old["unit_price"] * 1.08, 1),
                "launched_on": last_day - lead,
                "retired_on": 10 * DAYS,
                "replaces": place[label],
            }
        )
    table = pd.DataFrame(rows)
    table.insert(0, "product_id", [f"{1001 + i:06d}" for i in range(len(table))])
    table["replaces_product_id"] = table.pop("replaces").map(table["product_id"])
    return table


def _product(rng: np.random.Generator, goods: tuple, brand: str, tier: int) -> dict:
    department, category, name, price, cost, life, popularity = goods
    list_price = round(price * (1.0, 1.45, 2.2)[tier - 1] * (1.06 if brand == "B" else 1.0), 1)
    return {
        "label": f"{name} {brand}{tier}",
        "name": f"{_BRANDS[brand]} {name} {_TIER_NAMES[tier]}",
        "category": category,
        "subcategory": name,
        "department": department,
        "brand": _BRANDS[brand],
        "tier": tier,
        "unit_price": list_price,
        "unit_cost": round(list_price * (cost - 0.03 * (tier - 1)), 2),
        "life_days": life,
        "launched_on": -int(rng.integers(200, 2500)),
        "retired_on": 10 * DAYS,
        "popularity": popularity * (1.0, 0.6, 0.3)[tier - 1] * (1.0 if brand == "A" else 0.7),
        "replaces": None,
    }
