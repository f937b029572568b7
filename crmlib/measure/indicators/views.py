"""The prepared views that indicators are computed over: one row an event, dates already counted back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from crmlib.measure.indicators.steps import ORDER_STEPS
from crmlib.schema.errors import ParameterError, nearest

Column = tuple[str, str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class View:
    """A prepared view.

    Parameters
    ----------
    name : str
        What an indicator's `over` says.
    row : str
        What one row is, in words.
    table : str
        The table without which it does not exist.
    steps : tuple of str
        The named steps it is made of; the last one is the view itself.
    columns : tuple of (name, says, needs)
        `needs` are the optional columns, as table.column, that it is made from.

    Examples
    --------
    >>> VIEWS["orders"].row
    'an order, or a refund, of a customer'
    """

    name: str
    row: str
    table: str
    steps: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names.

        Examples
        --------
        >>> VIEWS["customer_channels"].names
        ('customer_id', 'channel', 'order_count', 'net_amount', 'channel_rank')
        """
        return tuple(name for name, _, _ in self.columns)

    def missing(self, used: Iterable[str], tables: Mapping[str, Iterable[str]]) -> str:
        """Why columns of this view cannot be had, or nothing.

        Parameters
        ----------
        used : names of this view's columns
        tables : table -> its columns in this workspace

        Returns
        -------
        str
            A sentence with the remedy; empty where all is there.

        Examples
        --------
        >>> print(VIEWS["orders"].missing({"margin_amount"}, {"transactions": ["order_id", "net_amount"]}))
        transactions has no column cost_amount. Map it in crm.toml under [tables.transactions.columns].
        >>> VIEWS["orders"].missing({"net_amount"}, {"transactions": ["order_id", "net_amount"]})
        ''
        """
        needs = {name: need for name, _, need in self.columns}
        wanted = [need.split(".") for name in sorted(used) for need in needs.get(name, ())]
        for table in (self.table, *(table for table, _ in wanted)):
            if table not in tables:
                return f"There is no table {table}. Add it to crm.toml as [tables.{table}]."
        for table, column in wanted:
            if column not in tables[table]:
                return f"{table} has no column {column}. Map it in crm.toml under [tables.{table}.columns]."
        return ""


def view_catalogue() -> pd.DataFrame:
    """The columns that an indicator's SQL may use.

    Returns
    -------
    DataFrame, one row per view and column
        view, row (what one row is), column, says, needs (the optional columns it is made from).

    Examples
    --------
    >>> catalogue = view_catalogue()
    >>> print(catalogue.loc[catalogue.column == "gap_days", "says"].item())
    Days since the customer's previous purchase; empty for the first and for refunds.
    """
    return pd.DataFrame(
        [
            {"view": view.name, "row": view.row, "column": name, "says": says, "needs": ", ".join(needs)}
            for view in VIEWS.values()
            for name, says, needs in view.columns
        ]
    )


def view_named(name: str) -> View:
    """The view of that name.

    Raises
    ------
    ParameterError
        If there is none; it names the nearest.

    Examples
    --------
    >>> view_named("order")
    Traceback (most recent call last):
    ...
    crmlib.schema.errors.ParameterError: there is no view 'order'. Did you mean 'orders'?
    """
    if name not in VIEWS:
        raise ParameterError(f"there is no view {name!r}.{nearest(name, VIEWS)}")
    return VIEWS[name]


def _of(table: str, **columns: str) -> tuple[Column, ...]:
    return tuple((name, says, (f"{table}.{name}",)) for name, says in columns.items())


def _plain(**columns: str) -> tuple[Column, ...]:
    return tuple((name, says, ()) for name, says in columns.items())


_PRODUCT_DETAILS = _of(
    "products",
    category="The product's category.",
    subcategory="The product's subcategory.",
    department="The product's department.",
    brand="The product's brand.",
)
_CLOCK = _plain(
    age_days="Calendar days from then to as_of, in the workspace's time zone; 0 is the day of as_of.",
    is_weekend="Whether it was a Saturday or Sunday there.",
    hour="The hour of the day there, 0 to 23.",
)
_COST = ("transactions.cost_amount",)

VIEWS: dict[str, View] = {
    view.name: view
    for view in (
        View(
            name="lines",
            row="an order line of a customer",
            table="transactions",
            steps=("order_lines", "product_details", "lines"),
            columns=(
                *_plain(
                    customer_id="Who bought.",
                    order_id="The order.",
                    product_id="What was bought.",
                    ordered_at="When, in UTC.",
                    net_amount="What was paid; refunds negative.",
                    is_refund="Whether the amount or the quantity is negative.",
                ),
                *_of(
                    "transactions",
                    line_no="The line within the order.",
                    quantity="Pieces.",
                    discount_amount="Given off the price.",
                    cost_amount="What the line cost us.",
                    channel="Where it was bought.",
                    store_id="The shop.",
                    campaign_id="The campaign it answers.",
                    employee_id="Who sold it.",
                    due_on="When payment is due.",
                    paid_on="When it was paid; empty while that lies after as_of.",
                ),
                ("margin_amount", "Net amount less cost; empty where the cost is not known.", _COST),
                *_PRODUCT_DETAILS,
                *_CLOCK,
            ),
        ),
        View(
            name="orders",
            row="an order, or a refund, of a customer",
            table="transactions",
            steps=ORDER_STEPS,
            columns=(
                *_plain(
                    customer_id="Who bought.",
                    order_id="The order.",
                    ordered_at="When, in UTC: its first line that is no refund.",
                    is_purchase="Whether anything of it is left after refunds: kept_amount above 0.",
                    net_amount="Sum of its own lines; refunds negative.",
                    bought_amount="Sum of its own lines that are no refund.",
                    refund_amount="Sum of its own refund lines; 0 or negative.",
                    refunded_amount="Refunds in later orders that belong to it; 0 or negative.",
                    kept_amount="What is left of it: its lines and refunded_amount, less its refund lines "
                    "that belong to earlier orders.",
                    line_count="Number of its lines that are no refund.",
                    product_count="Number of different products on those lines.",
                    gap_days="Days since the customer's previous purchase; empty for the first "
                    "and for refunds.",
                ),
                *_of(
                    "transactions",
                    discount_amount="Given off the price.",
                    cost_amount="What its lines cost us.",
                    quantity="Pieces on its lines that are no refund.",
                    channel="Where it was bought; of several the first by alphabet.",
                    store_id="The shop; of several the first by alphabet.",
                ),
                ("margin_amount", "Net amount less cost, of the lines whose cost is known.", _COST),
                ("costed_amount", "Net amount of the lines whose cost is known.", _COST),
                *_CLOCK,
            ),
        ),
        View(
            name="customer_products",
            row="a product that a customer has ordered",
            table="transactions",
            steps=("order_lines", "product_details", "product_totals", "customer_products"),
            columns=(
                *_plain(
                    customer_id="Who bought.",
                    product_id="What was bought.",
                    net_amount="What was paid for it in all; 0 or less where it was sent back.",
                    line_count="Number of order lines.",
                ),
                *_of("transactions", quantity="Pieces, less those that came back."),
                *_PRODUCT_DETAILS,
            ),
        ),
        View(
            name="customer_categories",
            row="a category that a customer has ordered from",
            table="transactions",
            steps=(
                *("order_lines", "product_details", "product_totals", "customer_products"),
                *("category_totals", "customer_categories"),
            ),
            columns=tuple(
                (name, says, ("products.category",))
                for name, says in (
                    ("customer_id", "Who bought."),
                    ("category", "The category."),
                    ("net_amount", "Net spend on it; 0 or less where it was sent back."),
                    ("product_count", "Different products of it bought and not sent back."),
                    ("category_rank", "1 is the one with most spend; of equals the first by alphabet."),
                )
            ),
        ),
        View(
            name="customer_channels",
            row="a channel through which a customer has purchased",
            table="transactions",
            steps=(*ORDER_STEPS, "channel_totals", "customer_channels"),
            columns=tuple(
                (name, says, ("transactions.channel",))
                for name, says in (
                    ("customer_id", "Who bought."),
                    ("channel", "The channel."),
                    ("order_count", "Purchases through it."),
                    ("net_amount", "What is left of them after refunds."),
                    ("channel_rank", "1 is the one with most purchases; of equals the one with more spend."),
                )
            ),
        ),
        View(
            name="campaign_contacts",
            row="a campaign that a customer was in",
            table="campaign_contacts",
            steps=("contacted_customers", "campaign_answers"),
            columns=(
                *_plain(
                    customer_id="Whom it is about.",
                    campaign_id="The campaign.",
                    is_contacted="Whether the customer was contacted: not held out for comparison.",
                ),
                *_of(
                    "campaign_contacts",
                    contacted_on="When.",
                    is_control="Whether the customer was held out for comparison.",
                    responded_at="When the customer responded.",
                ),
                (
                    "has_responded",
                    "Whether the customer has responded by as_of.",
                    ("campaign_contacts.responded_at",),
                ),
                (
                    "age_days",
                    "Calendar days from the contact to as_of.",
                    ("campaign_contacts.contacted_on",),
                ),
            ),
        ),
    )
}
