"""Categories that a unit of a family would buy and does not: it buys them elsewhere."""

import numpy as np
import pandas as pd

from crmlib.sample.raw import lots
from crmlib.sample.truths import DAYS, RULES

GAP_SHARE = 0.1
"""Of the units that belong to a family, so many at the most have such a category."""
YEAR = 365


def make_gaps(
    lines: pd.DataFrame, relations: pd.DataFrame, customers: pd.DataFrame, products: pd.DataFrame, *,
    told: pd.DataFrame, seed: int,
) -> tuple[pd.DataFrame, np.ndarray]:  # fmt: skip
    """Units with a category that they buy elsewhere, what that is worth a year, and which lines fall away.

    Another unit of the family buys it in the last year. No order is left without a line, no rule loses a basket, and
    nothing that is told elsewhere (`told`: `customer_id`, `product_id`) falls away, so that all other truths stay.
    """
    rng, family = lots(seed, "gaps"), _families(relations)
    category = products["category"].to_numpy()[lines["product"]]
    known = lines.assign(unit=customers["customer_id"].to_numpy()[lines["customer"]], category=category)
    known["family"] = known["unit"].map(family)
    known["at_rule"] = products["label"].isin(_in_rules()).to_numpy()[lines["product"]]
    known["alone"] = known.groupby("order_id")["category"].transform("nunique") == 1
    known["last"] = known["net_amount"].where(known["day"] >= DAYS - YEAR, 0.0)
    of_families = known[known["family"].notna()]
    pairs = of_families.groupby(["family", "unit", "category"], as_index=False).agg(
        amount=("last", "sum"), at_rule=("at_rule", "any"), alone=("alone", "any")
    )  # fmt: skip
    buys = pairs["amount"] > 0
    at = told["product_id"].map(products.set_index("product_id")["category"])
    is_told = pd.MultiIndex.from_frame(pairs[["unit", "category"]]).isin(
        pd.MultiIndex.from_arrays([told["customer_id"], at])
    )
    can = pairs[buys & ~pairs["at_rule"] & ~pairs["alone"] & ~is_told]
    can = can.iloc[rng.permutation(len(can))].drop_duplicates("unit").drop_duplicates(["family", "category"])
    others = buys.groupby([pairs["family"], pairs["category"]]).sum()
    can = can[others.reindex(pd.MultiIndex.from_frame(can[["family", "category"]])).to_numpy() > 1]
    chosen = can.head(round(GAP_SHARE * len(family))).sort_values("unit")
    falls = pd.MultiIndex.from_frame(known[["unit", "category"]]).isin(
        pd.MultiIndex.from_frame(chosen[["unit", "category"]])
    )
    table = chosen.rename(columns={"unit": "customer_id", "amount": "yearly_amount"})
    return table[["customer_id", "category", "yearly_amount"]].reset_index(drop=True), falls


def _families(relations: pd.DataFrame) -> dict[str, str]:
    """Unit -> the head of its family, going up by the largest share."""
    owned = relations[relations["relation"] == "parent"].sort_values("share_pct", kind="stable")
    above = dict(zip(owned["to_customer_id"], owned["from_customer_id"], strict=True))
    heads = {}
    for unit in dict.fromkeys([*above, *above.values()]):
        head = unit
        while head in above:
            head = above[head]
        heads[unit] = head
    return heads


def _in_rules() -> set[str]:
    return {label for given, then, _ in RULES for label in (*given, then)}
