"""The reason of each offer as a sentence: plain text, made from its own figures."""

import numpy as np
import pandas as pd

from crmlib.analyse.offers.result import BEST_SELLER, KINDS

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
    """One sentence an offer.

    Parameters
    ----------
    rows : DataFrame
        Offers with `kind`, `product`, `because`, `replaces` (name of the product that it replaces, else missing),
        `own_days`, `own_gap`, `last_bought_on`, `due_on`, `baskets`, `orders_before`, `lift`, `price`,
        `step_price`, `group_top_price`, `step_by_tier`, `buyers_recent`.
    day : Timestamp
        Of the closing moment.
    horizon_days : int
    currency : str

    Returns
    -------
    list of str

    Examples
    --------
    >>> row = {"kind": "repeat-sell", "product": "Tea", "replaces": None, "own_days": 3, "own_gap": 14.0,
    ...        "last_bought_on": pd.Timestamp("2024-01-20"), "due_on": pd.Timestamp("2024-02-03")}
    >>> reasons(pd.DataFrame([row]), day=pd.Timestamp("2024-01-31"), horizon_days=28, currency="EUR")
    ['Bought on 3 days, 14 days apart on average, the last on 2024-01-20: due on 2024-02-03.']
    """
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
    """Why somebody of whom no purchase is known gets this offer.

    Parameters
    ----------
    group_by : str
        The column of customers, empty for all.
    value : str
    sensitive : bool
        The value is then not named.
    buyers, members : int
        Customers of the group who bought it, and who bought anything, in the last days.
    horizon_days : int

    Returns
    -------
    str

    Examples
    --------
    >>> cold_reason(group_by="region", value="North", sensitive=False, buyers=4, members=20, horizon_days=28)
    'No purchase is known yet: of 20 buyers of the last 28 days with the same region (North), 4 bought it.'
    """
    alike = ""
    if group_by:
        words = group_by.replace("_", " ")
        alike = f" with the same {words}" + ("" if sensitive else f" ({' '.join(value.split())})")
    group = f"{members:,} buyers of the last {horizon_days} days{alike}"
    return f"No purchase is known yet: of {group}, {buyers:,} bought it."


def summary(table: pd.DataFrame, *, customers: int, ranked_by: str, horizon_days: int, learnt: str) -> str:
    """What offers there are, in a few sentences.

    Parameters
    ----------
    table : DataFrame, as `Offers.table`
    customers : int
    ranked_by : str
    horizon_days : int
    learnt : str
        How the probabilities came about, a sentence.

    Returns
    -------
    str

    Examples
    --------
    >>> table = pd.DataFrame({"customer_id": ["ann", "ann"], "kind": ["repeat-sell", "up-sell"]})
    >>> print(summary(table, customers=2, ranked_by="probability", horizon_days=28, learnt="Learnt so."))
    1 of 2 customers gets offers, 2 in all: 1 for products that are a step up, 1 for products that they have bought
    before. Ranked by the probability of buying within 28 days. Learnt so.
    """
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
