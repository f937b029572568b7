"""Categories that a unit of a family needs and does not buy from us: it buys them elsewhere."""

import numpy as np
import pandas as pd

from crmlib.sample.raw import lots
from crmlib.sample.truths import DAYS, RULES

GAP_SHARE, YEAR = 0.1, 365
"""Of the units of families, so many at the most have such a category; it is worth what they need in so many days."""


def make_gaps(
    lines: pd.DataFrame, relations: pd.DataFrame, customers: pd.DataFrame, products: pd.DataFrame, *,
    told: pd.DataFrame, seed: int,
) -> tuple[pd.DataFrame, np.ndarray]:  # fmt: skip
    """Units with a category that they buy elsewhere, what that is worth a year, and which lines fall away.

    Another unit of the family buys it in the last year. No order is left without a line, no rule loses a basket, and
    nothing that is told elsewhere (`told`: `customer_id`, `product_id`) falls away, so that all other truths stay.
    """
    family, goods = _families(relations), products.iloc[lines["product"]]
    who, category = customers["customer_id"].to_numpy()[lines["customer"]], goods["category"].to_numpy()
    known = lines.assign(unit=who, category=category, family=pd.Series(who).map(family).to_numpy())
    at = pd.MultiIndex.from_arrays([who, category])
    spoken_of = told["product_id"].map(products.set_index("product_id")["category"])
    known["stays"] = (
        at.isin(pd.MultiIndex.from_arrays([told["customer_id"], spoken_of]))
        | goods["label"].isin({label for given, then, _ in RULES for label in (*given, then)}).to_numpy()
        | (known.groupby("order_id")["category"].transform("nunique") == 1).to_numpy()
    )
    known["amount"] = known["net_amount"].where(known["day"] >= DAYS - YEAR, 0.0)
    of_families = known[known["family"].notna()].groupby(["family", "unit", "category"], as_index=False)
    pairs = of_families.agg({"amount": "sum", "stays": "any"})
    bought = pairs[pairs["amount"] > 0]
    bought = bought.assign(units=bought.groupby(["family", "category"])["unit"].transform("size"))
    can = bought[~bought["stays"] & (bought["units"] > 1)]
    can = can.iloc[lots(seed, "gaps").permutation(len(can))]
    can = can.drop_duplicates("unit").drop_duplicates(["family", "category"])
    chosen = can.head(round(GAP_SHARE * len(family))).sort_values("unit", ignore_index=True)
    falls = at.isin(pd.MultiIndex.from_frame(chosen[["unit", "category"]]))
    table = chosen.rename(columns={"unit": "customer_id", "amount": "yearly_amount"})
    return table[["customer_id", "category", "yearly_amount"]], falls


def _families(relations: pd.DataFrame) -> dict[str, str]:
    """Unit -> the head of its family, going up by the largest share."""
    owned = relations[relations["relation"] == "parent"].sort_values("share_pct", kind="stable")
    above = dict(zip(owned["to_customer_id"], owned["from_customer_id"], strict=True))
    heads = {}
    for unit in dict.fromkeys([*above, *above.values()]):
        heads[unit] = unit
        while heads[unit] in above:
            heads[unit] = above[heads[unit]]
    return heads
