"""What to offer each customer next comes out as this."""

from dataclasses import dataclass, field
from html import escape

import numpy as np
import pandas as pd

KINDS = ("cross-sell", "up-sell", "repeat-sell")
"""What an offer to somebody who has bought before can be."""

NEW_KINDS = ("cross-sell", "up-sell")
"""Those of them that bring something the customer has not bought before."""

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
}
"""Columns of `Offers.table` and their kinds."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Offers:
    """What to offer each customer next, with the reason, the evidence and what was not offered.

    Attributes
    ----------
    table : DataFrame, one row a customer and rank, sorted by both
        `customer_id`, `rank` (from 1), `kind` ("cross-sell", "up-sell", "repeat-sell", "best-seller"),
        `product_id`, `product` (its name, or its code), `category`, `probability` (of buying it within
        `horizon_days`, 0 to 1; NaN where it cannot be told), `price` (expected for a piece, account
        currency), `margin` (of a piece, account currency; NaN unknown), `expected_margin` (probability x
        margin), `due_on` (of a repeat), `because_product_id`, `because` (the product that points to it),
        `reason` (a sentence, plain text), `lift`, `confidence_pct`, `baskets` (orders with both),
        `last_bought_on`, `is_new` (never bought by the customer).
    removed : DataFrame, one row a rule of eligibility that applies here
        `rule`, `says`, `offers_removed` (possible offers), `customers_affected`.
    cold : DataFrame, one row a customer without a purchase who gets best sellers
        `customer_id`, `group_by` (the column of customers, empty: all customers), `group` (words).
    tried : DataFrame, one row a way to weigh the signals
        `part` ("own": products bought before, "new"), `model`, `log_loss`, `auc` (on customers left out),
        `chosen`. Empty where nothing could be learnt.
    signals : DataFrame, the strongest of each part first
        `part`, `signal`, `says`, `auc_loss` (what the ranking loses when the signal is shuffled).
    rhythms : DataFrame indexed by product_id, products whose time between purchases is known
        `due_days` (half of those who buy it again have done so), `return_pct` (of purchases that are
        followed by another), `based_on` ("product", "category", "life", "all"), `ended`, `running`.
    ranked_by : str
        "expected margin" or "probability".
    horizon_days, k, customers : int
        `customers`: of whom the workspace knows.
    learnt_from : str
        "purchases of the … days before …", or why nothing could be learnt.
    says : str
        What there is, in two or three sentences.
    limits : tuple of str
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
    learnt_from: str
    says: str
    limits: tuple[str, ...] = ()
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
        return f"<p>{escape(self.says)}</p>{self.table.head(10).round(3).to_html(index=False)}"


def offer_frame(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with the columns of an offers table, in their order and of their kinds."""
    table = rows.reindex(columns=list(OFFER_COLUMNS)).reset_index(drop=True)
    table["is_new"] = table["is_new"].eq(True)
    return table.astype(OFFER_COLUMNS)


def _little_offers() -> Offers:
    """Four offers to three customers, as the examples show them."""
    day = pd.Timestamp
    rows = [
        ("ann", 1, "repeat-sell", "p1", "Tea", "Drinks", 0.6, 5.0, 2.0, day("2024-02-09"), None, None,
         "Bought 4 times, usually every 14 days, last on 2024-01-26: due on 2024-02-09.",
         None, None, None, day("2024-01-26"), False),
        ("ann", 2, "cross-sell", "p2", "Cup", "Kitchen", 0.2, 8.0, 3.0, None, "p1", "Tea",
         "Of 40 orders with Tea, 12 have Cup too: 2.4 times as often as other orders.",
         2.4, 30.0, 12, None, True),
        ("bob", 1, "up-sell", "p3", "Fine tea", "Drinks", 0.15, 9.0, 5.0, None, "p1", "Tea",
         "Buys Tea in this category and has paid as much before: Fine tea is the next step.",
         1.2, 15.0, 6, None, True),
        ("cem", 1, BEST_SELLER, "p1", "Tea", "Drinks", 0.05, 5.0, 2.0, None, None, None,
         "No purchase is known yet: this sells best among all customers.", None, None, None, None, True),
    ]  # fmt: skip
    names = [name for name in OFFER_COLUMNS if name != "expected_margin"]
    table = pd.DataFrame(rows, columns=names)
    table["expected_margin"] = table["probability"] * table["margin"]
    removed = [
        ("retired", "no longer sold, and nothing replaces it", 3, 2),
        ("consent", "the customer has refused every channel", 5, 1),
    ]
    return Offers(
        table=offer_frame(table),
        removed=pd.DataFrame(removed, columns=["rule", "says", "offers_removed", "customers_affected"]),
        cold=pd.DataFrame({"customer_id": ["cem"], "group_by": [""], "group": ["all customers"]}),
        tried=_frame(
            part=["own", "own"], model=["logistic_regression", "boosted_trees"], log_loss=[0.31, 0.29],
            auc=[0.78, 0.81], chosen=[False, True],
        ),
        signals=_frame(
            part=["own"], signal=["own_days"], says=["days on which the customer bought it"], auc_loss=[0.1]
        ),
        rhythms=_frame(
            product_id=["p1"], due_days=[14.0], return_pct=[80.0], based_on=["product"], ended=[40], running=[9]
        ).set_index("product_id"),
        ranked_by="expected margin",
        horizon_days=28,
        k=2,
        customers=4,
        learnt_from="purchases of the 28 days to 2024-01-31",
        says="3 of 4 customers get 4 offers.",
        limits=("Whether an offer is accepted because it was made is not known.",),
        currency="EUR",
    )  # fmt: skip


def _frame(**columns: list) -> pd.DataFrame:
    return pd.DataFrame(columns)


_ASKED = (
    *("kind", "product", "because", "replaces", "own_days", "own_gap", "last_bought_on", "due_on", "baskets"),
    *("orders_before", "lift", "price", "step_price", "group_top_price", "step_by_tier", "buyers_recent"),
)

COUNTED_AS = {
    "cross-sell": "that go with what they bought",
    "up-sell": "that are a step up",
    "repeat-sell": "that they have bought before",
    BEST_SELLER: "that sell best",
}
"""Kind -> the products of its offers, as a sentence can name them."""


def reasons(rows: pd.DataFrame, *, day: pd.Timestamp, horizon_days: int, currency: str) -> list[str]:
    """One sentence an offer."""
    found = []
    for row in rows[[name for name in _ASKED if name in rows]].to_dict("records"):
        if row["kind"] == "repeat-sell":
            sentence = _repeat(row, day)
        elif row["kind"] == "up-sell":
            sentence = _step(row, currency)
        elif row["kind"] == "cross-sell":
            sentence = _together(row)
        else:
            sentence = f"It sells best: {_customers(row['buyers_recent'])} bought it in the last {horizon_days} days."
        if _known(row.get("replaces")):
            sentence += f" {row['product']} replaces {row['replaces']}, which is no longer offered."
        found.append(sentence)
    return found


def cold_reason(
    *, group_by: str, value: str, sensitive: bool, buyers: int, members: int, horizon_days: int
) -> str:
    """Why somebody of whom no purchase is known gets this offer."""
    alike = ""
    if group_by:
        words = group_by.replace("_", " ")
        alike = f" with the same {words}" + ("" if sensitive else f" ({' '.join(value.split())})")
    group = f"{members:,} buyers of the last {horizon_days} days{alike}"
    return f"No purchase is known yet: of {group}, {buyers:,} bought it."


def summary(table: pd.DataFrame, *, customers: int, ranked_by: str, horizon_days: int, learnt: str) -> str:
    """What offers there are, in a few sentences."""
    reached = table["customer_id"].nunique()
    if not reached:
        return f"Not one of {customers:,} customers gets an offer. {learnt}"
    counts = table["kind"].value_counts()
    parts = [
        f"{counts[kind]:,} for {'a product' if counts[kind] == 1 and kind == BEST_SELLER else 'products'} "
        f"{COUNTED_AS[kind]}"
        for kind in (*KINDS, BEST_SELLER)
        if kind in counts
    ]
    verb = "gets" if reached == 1 else "get"
    order = (
        "expected margin"
        if ranked_by != "probability"
        else f"the probability of buying within {horizon_days} days"
    )
    return (
        f"{reached:,} of {customers:,} customers {verb} offers, {len(table):,} in all: {', '.join(parts)}. "
        f"Ranked by {order}. {learnt}"
    )


def _repeat(row: dict, day: pd.Timestamp) -> str:
    days, last = int(row["own_days"]), f"{row['last_bought_on']:%Y-%m-%d}"
    if days == 1:
        said = f"Bought once, on {last}"
    else:
        apart = f"{row['own_gap']:,.0f} days apart on average" if row["own_gap"] >= 1.5 else "day after day"
        said = f"Bought on {days:,} days, {apart}, the last on {last}"
    if pd.isna(row["due_on"]):
        return f"{said}."
    due = f"{row['due_on']:%Y-%m-%d}"
    return f"{said}: {'due on' if row['due_on'] >= day else 'it was due on'} {due}."


def _together(row: dict) -> str:
    orders, both = int(row["orders_before"]), int(row["baskets"])
    return (
        f"Bought {row['because']}: of {orders:,} orders with it, {both:,} have this too, "
        f"{row['lift']:.1f} times the share among all orders."
    )


def _step(row: dict, currency: str) -> str:
    if row["step_by_tier"] is True:
        return f"Buys {row['because']}: this is the next tier of the same category."
    unit = f" {currency}" if currency else ""
    paid = row["group_top_price"]
    more = f" and has paid up to {paid:,.2f} for a piece of this category" if paid > row["step_price"] else ""
    return (
        f"Buys {row['because']} at about {row['step_price']:,.2f}{unit}{more}: "
        f"this is a step up at about {row['price']:,.2f}."
    )


def _customers(count: float) -> str:
    return f"{int(count):,} customer{'' if int(count) == 1 else 's'}"


def _known(value: object) -> bool:
    return isinstance(value, str) and value != "" and value is not np.nan
