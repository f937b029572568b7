"""What customers look at on the site and in the app, what they put in the cart, and what they buy of it."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from crmlib.analyse.stats.intervals import share_interval
from crmlib.analyse.stats.tests import SURE, benjamini_hochberg
from crmlib.measure.voice import product_looks
from crmlib.prepare.crm import Crm, require
from crmlib.prepare.privacy import min_group

BOUGHT_DAYS = 14
"""Days after a look within which an order of the product counts as bought."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Browsing:
    """From look to cart to order.

    Attributes
    ----------
    funnel : DataFrame, one row a campaign with enough customers, first all looks together (`campaign_id` missing)
        `campaign_id`, `looks` (visits of a known customer in which a product was looked at), `carts`, `orders` (of
        that product within 14 days), `cart_pct`, `order_pct`, `low`, `high` (95 %, of `order_pct`).
    products : DataFrame, one row a product that enough customers looked at, the most orders missed first
        `product_id`, `looks`, `carts`, `orders`, `order_pct`, `low`, `high`, `rest_pct` (of all other products),
        `orders_missed` (more, were it bought after a look like the others), `q_value`, `is_left` (surely bought less
        often after a look than the others).
    unknown_pct : float
        Of all looks, those of visitors whom nobody knows; nothing can be said of their orders.
    by_campaign : bool
        Whether any look is known to come from a campaign.
    """

    funnel: pd.DataFrame
    products: pd.DataFrame = field(repr=False)
    unknown_pct: float
    by_campaign: bool
    minimum: int

    def _repr_html_(self) -> str:
        return self.funnel.round(1).to_html(index=False)


def browsing(crm: Crm) -> Browsing:
    """From looks at products to carts and orders, by campaign, and what is looked at and not bought.

    Parameters
    ----------
    crm : Crm
        With `events` that name customers and products, and `transactions`.

    Returns
    -------
    Browsing

    Raises
    ------
    SchemaError
        If there are no events or no order lines, or they name no customers or products.

    Notes
    -----
    A look is one visit of one customer in which a product was viewed or put in the cart. It is counted once 14 days
    are over, so that all had the same time to buy. Each product is compared with all others by Fisher's exact test,
    adjusted by Benjamini and Hochberg.

    References
    ----------
    Moe, W. W. & Fader, P. S. (2004). Dynamic conversion behavior at e-commerce sites. Management Science 50(3).

    Examples
    --------
    >>> seen = pd.DataFrame({"event_id": list("abcd"), "customer_id": list("wxyz"), "session_id": list("1234"),
    ...     "product_id": "tea", "event": ["view", "view", "view", "cart"], "happened_at": "2024-01-05"})
    >>> bought = pd.DataFrame({"order_id": ["o"], "customer_id": ["z"], "product_id": ["tea"],
    ...     "ordered_at": "2024-01-06", "net_amount": [9.0]})
    >>> browsing(Crm.from_frames(as_of="2024-03-01", events=seen, transactions=bought)).funnel[
    ...     ["looks", "carts", "orders", "order_pct"]].values.tolist()
    [[4.0, 1.0, 1.0, 25.0]]
    """
    for table in ("events", "transactions"):
        require(crm, table, "customer_id", "product_id")
    looks, sums = (product_looks(crm, by=by, within_days=BOUGHT_DAYS) for by in ("product_id", "campaign_id"))
    least, sums = min_group(crm), sums[sums["campaign_id"].notna()]
    whole = looks[["looks", "carts", "orders"]].sum().to_frame().T.assign(campaign_id=None)
    known = sums[sums["customers"] >= least].sort_values("looks", ascending=False, kind="stable")
    funnel = _rates(pd.concat([whole, known], ignore_index=True) if len(known) else whole)
    return Browsing(
        funnel=funnel[funnel["looks"] > 0].reset_index(drop=True),
        products=_products(looks, least),
        unknown_pct=looks.attrs["unknown_pct"],
        by_campaign=bool(len(sums)),
        minimum=least,
    )


def _rates(table: pd.DataFrame) -> pd.DataFrame:
    looks = table["looks"].astype("float64").replace(0, np.nan)
    low, high = share_interval(table["orders"].to_numpy(), table["looks"].to_numpy())
    rates = {"cart_pct": 100 * table["carts"] / looks, "order_pct": 100 * table["orders"] / looks}
    return table.assign(**rates, low=100 * low, high=100 * high)


def _products(looks: pd.DataFrame, least: int) -> pd.DataFrame:
    from scipy.stats import fisher_exact

    seen, bought = looks["looks"].sum(), looks["orders"].sum()
    table = _rates(looks[looks["customers"] >= least].reset_index(drop=True))
    rest = seen - table["looks"], bought - table["orders"]
    table["rest_pct"] = 100 * rest[1] / rest[0].replace(0, np.nan)
    tests = [
        fisher_exact([[own, all_own - own], [bought - own, seen - all_own - (bought - own)]])
        for own, all_own in zip(table["orders"], table["looks"], strict=True)
    ]
    table["q_value"] = benjamini_hochberg([float(one.pvalue) for one in tests]) if tests else np.nan
    table["is_left"] = (table["q_value"] <= SURE) & (table["order_pct"] < table["rest_pct"])
    table["orders_missed"] = (table["rest_pct"] - table["order_pct"]) / 100 * table["looks"]
    return table.sort_values(["orders_missed", "product_id"], ascending=[False, True], ignore_index=True)
