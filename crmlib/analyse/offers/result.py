"""What to offer each customer next comes out as this."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

KINDS = ("cross-sell", "up-sell", "repeat-sell")
"""What an offer to somebody who has bought before can be."""

NEW_KINDS = ("cross-sell", "up-sell")
"""Those of them that bring something the customer has not bought before."""

LISTS = (KINDS, NEW_KINDS, *((kind,) for kind in KINDS))
"""The lists of a report: of all kinds, of what is new, and of each kind alone, made from candidates of that kind."""

BEST_SELLER = "best-seller"
"""What somebody is offered of whom no purchase is known, or where nothing of the other kinds is left."""

OFFER_COLUMNS = {
    "customer_id": "str",
    "rank": "int64",
    "kind": "str",
    "product_id": "str",
    "product": "str",
    "category": "str",
    "probability": "float64",
    "price": "float64",
    "margin": "float64",
    "pieces": "float64",
    "expected_margin": "float64",
    "due_on": "datetime64[us]",
    "because_product_id": "str",
    "because": "str",
    "reason": "str",
    "lift": "float64",
    "confidence_pct": "float64",
    "baskets": "float64",
    "last_bought_on": "datetime64[us]",
    "is_new": "bool",
    "bought_days": "float64",
    "gap_days": "float64",
    "orders_before": "float64",
    "step_price": "float64",
    "top_price": "float64",
    "buyers": "float64",
    "recent_days": "float64",
    "replaces": "str",
    "group_by": "str",
    "group": "str",
    "group_buyers": "float64",
}
"""Columns of `Offers.table` and their kinds; from `bought_days` on, what a reason is filled with."""

REASONS = (
    *("bought", "bought_due", "bought_overdue", "together", "alike", "next_tier", "step_up", "step_up_paid"),
    *("best_seller", "no_purchase", "no_purchase_group", "no_purchase_trait"),
)
"""Why something is offered: the codes of `Offers.table`'s column `reason`."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Offers:
    """What to offer each customer next, with the reason, the evidence and what was not offered.

    Attributes
    ----------
    table : DataFrame, one row a customer and rank, sorted by both
        `customer_id`, `rank` (from 1), `kind` ("cross-sell", "up-sell", "repeat-sell", "best-seller"),
        `product_id`, `product` (its name, or its code), `category`, `probability` (of buying it within
        `horizon_days`, 0 to 1; NaN where it cannot be told), `price` (expected for a piece, account
        currency), `margin` (of a piece, account currency; NaN unknown), `pieces` (usually bought at once),
        `expected_margin` (probability x margin x pieces), `due_on` (of a repeat), `because_product_id`, `because`
        (the product that points to it), `reason` (one of `REASONS`), `lift`, `confidence_pct`, `baskets` (orders
        with both), `last_bought_on`, `is_new` (never bought by the customer). With what fills the reason:
        `bought_days`, `gap_days` (between them), `orders_before` (with `because`), `step_price`, `top_price` (what the
        customer pays, and has paid, for a piece), `buyers` (in the last `recent_days`), `replaces` (a product
        no longer sold), `group_by`, `group`, `group_buyers`.
    removed : DataFrame, one row a rule of eligibility that applies here
        `rule`, `offers_removed` (possible offers), `customers_affected`, `bound` (days or percent, where the
        rule has them).
    cold : DataFrame, one row a customer without a purchase who gets best sellers
        `customer_id`, `group_by` (the column of customers, empty: all customers), `group` (words).
    tried : DataFrame, one row a way to rank
        `part` ("own": products bought before, "new"), `model`, `hit_rate_pct` (customers who bought one of its
        first five), `log_loss`, `auc` (learnt without the day, or the customers, they are judged on), `chosen`.
        Empty where nothing could be learnt.
    signals : DataFrame, the strongest of each part first
        `part`, `signal`, `auc_loss` (what the ranking loses when the signal is shuffled).
    rhythms : DataFrame indexed by product_id, products whose time between purchases is known
        `due_days` (half of those who buy it again have done so), `return_pct` (of purchases that are
        followed by another), `based_on` ("product", "category", "life", "all"), `ended`, `running`.
    ranked_by : str
        "expected margin" or "probability".
    horizon_days, k, customers : int
        `customers`: of whom the workspace knows.
    ways : dict of str to str
        How the signals of each part ("own", "new") are weighed: a model of `tried`, or "shrunk_shares".
    learnt_on : tuple of dates
        What followed these days was learnt from; empty where the history is too short.
    learnt_customers : int
    limits : dict of str to number
        What could not be done for want of columns or history: a code, and how many it concerns.
    currency : str
    """

    table: pd.DataFrame
    removed: pd.DataFrame
    cold: pd.DataFrame
    tried: pd.DataFrame = field(repr=False)
    signals: pd.DataFrame = field(repr=False)
    rhythms: pd.DataFrame = field(repr=False)
    ranked_by: str
    horizon_days: int
    k: int
    customers: int
    ways: Mapping[str, str]
    learnt_on: tuple[date, ...] = ()
    learnt_customers: int = 0
    limits: Mapping[str, int] = field(default_factory=dict)
    currency: str = ""

    def for_customer(self, customer_id: str) -> pd.DataFrame:
        """The offers of one customer, the best first.

        Parameters
        ----------
        customer_id : str

        Returns
        -------
        DataFrame
            Rows of `table`; none where there is no offer.
        """
        return self.table[self.table["customer_id"] == customer_id].reset_index(drop=True)

    def of_kind(self, kind: str) -> pd.DataFrame:
        """The offers of one kind, the most likely first.

        Parameters
        ----------
        kind : str

        Returns
        -------
        DataFrame
        """
        own = self.table[self.table["kind"] == kind]
        order = ["probability", "customer_id", "rank"]
        return own.sort_values(order, ascending=[False, True, True], kind="stable").reset_index(drop=True)

    def _repr_html_(self) -> str:
        return self.table.head(10).round(3).to_html(index=False)


def offer_frame(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with the columns of an offers table, in their order and of their kinds."""
    table = rows.reindex(columns=list(OFFER_COLUMNS)).reset_index(drop=True)
    table["is_new"] = table["is_new"].eq(True)
    return table.astype(OFFER_COLUMNS)


def reasons(rows: pd.DataFrame, *, day: pd.Timestamp) -> np.ndarray:
    """Why each row is offered: a code; a repeat that was due before the day is overdue."""
    due = pd.to_datetime(rows["due_on"])
    paid_more = rows["group_top_price"].astype("float64") > rows["step_price"].astype("float64")
    return np.select(
        [
            (rows["kind"] == "repeat-sell") & due.isna(),
            (rows["kind"] == "repeat-sell") & (due < day),
            rows["kind"] == "repeat-sell",
            (rows["kind"] == "up-sell") & rows["step_by_tier"].eq(True),
            (rows["kind"] == "up-sell") & paid_more,
            rows["kind"] == "up-sell",
            (rows["kind"] == "cross-sell") & rows["because"].notna(),
            rows["kind"] == "cross-sell",
        ],
        [
            "bought",
            "bought_overdue",
            "bought_due",
            "next_tier",
            "step_up_paid",
            "step_up",
            "together",
            "alike",
        ],
        "best_seller",
    )
