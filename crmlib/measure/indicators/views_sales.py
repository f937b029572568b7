"""The prepared views of what was sold and may yet be: lines, orders, products, channels, credit, deals."""

from crmlib.measure.indicators.steps import ORDER_STEPS, PRODUCT_STEPS
from crmlib.measure.indicators.view import View, made_from, of_table, plain

_PRODUCT_DETAILS = of_table(
    "products",
    category="The product's category.",
    subcategory="The product's subcategory.",
    department="The product's department.",
    brand="The product's brand.",
)
_CLOCK = plain(
    age_days="Calendar days from then to as_of, in the workspace's time zone; 0 is the day of as_of.",
    is_weekend="Whether it was a Saturday or Sunday there.",
    hour="The hour of the day there, 0 to 23.",
)
_COST = "transactions.cost_amount"
_BILLS = ("transactions.due_on", "transactions.paid_on")

LINES = View(
    name="lines",
    row="an order line of a customer",
    table="transactions",
    steps=("order_lines", "product_details", "lines"),
    columns=(
        *plain(
            customer_id="Who bought.",
            order_id="The order.",
            product_id="What was bought.",
            ordered_at="When, in UTC.",
            net_amount="What was paid; refunds negative.",
            is_refund="Whether the amount or the quantity is negative.",
        ),
        *of_table(
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
        *made_from(_COST, margin_amount="Net amount less cost; empty where the cost is not known."),
        *_PRODUCT_DETAILS,
        *_CLOCK,
    ),
)

_INVOICE = (
    *made_from(
        "transactions.due_on",
        due_on="When payment is due; of several dates the first.",
        is_invoice="Whether it is a purchase with a day on which payment is due.",
    ),
    *made_from("transactions.paid_on", paid_on="When its last line was paid; empty while one is not."),
    *made_from(
        *_BILLS,
        days_to_pay="Days from an invoice's order to its payment; empty while it is not paid.",
        days_late="Days from the due day of an invoice to its payment, or to as_of while it is not paid; 0 if "
        "paid in time, empty while it is not yet due.",
        is_overdue="Whether it is an invoice past its due day and not paid.",
        open_amount="What is left of an invoice that is not paid; else 0.",
    ),
)

ORDERS = View(
    name="orders",
    row="an order, or a refund, of a customer",
    table="transactions",
    steps=ORDER_STEPS,
    columns=(
        *plain(
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
            gap_days="Days since the customer's previous purchase; empty for the first and for refunds.",
            starts_day="Whether it is the customer's first purchase of its day.",
            starts_month="Whether it is the customer's first purchase of its calendar month.",
            months_ago="Calendar months from its month to that of as_of; 0 is the month of as_of.",
            month="The month there, 1 to 12.",
            weekday="The day of the week there: 0 is Monday, 6 Sunday.",
        ),
        *of_table(
            "transactions",
            discount_amount="Given off the price.",
            cost_amount="What its lines cost us.",
            quantity="Pieces on its lines that are no refund.",
            channel="Where it was bought; of several the first by alphabet.",
            store_id="The shop; of several the first by alphabet.",
        ),
        *made_from(
            "transactions.discount_amount",
            discounted_line_count="Number of its lines that are no refund and were bought at a discount.",
        ),
        *made_from(
            _COST,
            margin_amount="Net amount less cost, of the lines whose cost is known.",
            costed_amount="Net amount of the lines whose cost is known.",
        ),
        *_INVOICE,
        *_CLOCK,
    ),
)

PRODUCTS = View(
    name="customer_products",
    row="a product that a customer has ordered",
    table="transactions",
    steps=(*PRODUCT_STEPS, "dated_products"),
    columns=(
        *plain(
            customer_id="Who bought.",
            product_id="What was bought.",
            net_amount="What was paid for it in all; 0 or less where it was sent back.",
            line_count="Number of order lines.",
            is_repeated="Whether it was bought again at a later moment.",
            is_bought_90d="Whether it was bought in the last 90 days.",
            is_bought_365d="Whether it was bought in the last 365 days.",
            is_new_90d="Whether it was bought in the last 90 days for the first time.",
            is_new_365d="Whether it was bought in the last 365 days for the first time.",
        ),
        *of_table("transactions", quantity="Pieces, less those that came back."),
        *_PRODUCT_DETAILS,
    ),
)

CATEGORIES = View(
    name="customer_categories",
    row="a category that a customer has ordered from",
    table="transactions",
    steps=(*PRODUCT_STEPS, "category_totals", "customer_categories"),
    columns=made_from(
        "products.category",
        customer_id="Who bought.",
        category="The category.",
        net_amount="Net spend on it; 0 or less where it was sent back.",
        product_count="Different products of it bought and not sent back.",
        is_bought_365d="Whether a product of it, not sent back, was bought in the last 365 days.",
        is_new_365d="Whether that was for the first time.",
        category_rank="1 is the one with most spend; of equals the first by alphabet.",
    ),
)


def _places(column: str, what: str) -> View:
    return View(
        name=f"customer_{column.removesuffix('_id')}s",
        row=f"a {what} through which a customer has purchased",
        table="transactions",
        steps=(
            *ORDER_STEPS,
            f"{column.removesuffix('_id')}_totals",
            f"customer_{column.removesuffix('_id')}s",
        ),
        columns=made_from(
            f"transactions.{column}",
            **{
                "customer_id": "Who bought.",
                column: f"The {what}.",
                "order_count": "Purchases through it.",
                "net_amount": "What is left of them after refunds.",
                f"{column.removesuffix('_id')}_rank": "1 is the one with most purchases; of equals the one "
                "with more spend.",
            },
        ),
    )


CHANNELS = _places("channel", "channel")
STORES = _places("store_id", "shop")

CREDIT = View(
    name="credit_accounts",
    row="a customer with a credit limit",
    table="customers",
    steps=("order_lines", "known_customers", *ORDER_STEPS[1:], "open_totals", "credit_accounts"),
    columns=(
        *plain(customer_id="Whose it is."),
        *of_table("customers", credit_limit="Credit granted."),
        *made_from(*_BILLS, open_amount="What is left of invoices that are not paid."),
    ),
)

OPPORTUNITIES = View(
    name="opportunities",
    row="an opportunity of a customer",
    table="opportunities",
    steps=("known_opportunities", "dated_opportunities"),
    columns=(
        *plain(
            customer_id="The customer.",
            opportunity_id="The opportunity.",
            stage="Where it stands.",
            outcome="What became of it by as_of: open, won or lost.",
        ),
        *of_table(
            "opportunities",
            product_id="What it is about.",
            owner_id="Who works on it.",
            source="How it came to us.",
            campaign_id="The campaign that brought it.",
            amount="Value of the deal.",
            created_at="When it was opened, in UTC.",
            closed_at="When it was won or lost, in UTC.",
            lost_reason="Why it was lost.",
        ),
        *made_from("opportunities.created_at", age_days="Calendar days from its opening to as_of."),
        *made_from("opportunities.closed_at", closed_age_days="Calendar days from its end to as_of."),
        *made_from(
            "opportunities.created_at",
            "opportunities.closed_at",
            days_to_close="Calendar days from its opening to its end; empty while it is open.",
        ),
    ),
)
