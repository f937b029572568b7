"""The prepared views that indicators are computed over: one row an event, dates already counted back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from crmlib.measure.indicators.steps import ORDER_STEPS, PRODUCT_STEPS
from crmlib.schema.errors import ParameterError, nearest
from crmlib.schema.tables import table_spec

Column = tuple[str, str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class View:
    """A prepared view.

    `name`: What an indicator's `over` says.
    `row`: What one row is, in words.
    `table`: The table without which it does not exist.
    `steps`: The named steps it is made of; the last one is the view itself.
    `columns` (tuple of (name, says, needs)): `needs` are the optional columns, as table.column, that it is
        made from.
    """

    name: str
    row: str
    table: str
    steps: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(name for name, _, _ in self.columns)

    def missing(self, used: Iterable[str], tables: Mapping[str, Iterable[str]]) -> str:
        """Why columns of this view cannot be had, or nothing. What all of them need, its rows need, too."""
        needs = {name: need for name, _, need in self.columns}
        of_rows = set.intersection(*(set(need) for need in needs.values()))
        asked = [*sorted(of_rows), *(need for name in sorted(used) for need in needs.get(name, ()))]
        wanted = [need.split(".") for need in asked]
        for table in (self.table, *(table for table, _ in wanted)):
            if table not in tables:
                return f"There is no table {table}. Add it to crm.toml as [tables.{table}]."
        for table, column in wanted:
            if column not in tables[table]:
                return f"{table} has no column {column}. Map it in crm.toml under [tables.{table}.columns]."
        return ""


def plain(**columns: str) -> tuple[Column, ...]:
    """Columns that are always there."""
    return tuple((name, says, ()) for name, says in columns.items())


def of_table(table: str, names: str = "", **columns: str) -> tuple[Column, ...]:
    """Columns that are those of a table, where it has them: what the table says of them, or what is said here."""
    said = {name: table_spec(table).field(name).description for name in names.split()} | columns
    return tuple((name, says, (f"{table}.{name}",)) for name, says in said.items())


def made_from(*needs: str, **columns: str) -> tuple[Column, ...]:
    """Columns that are made from others, all of which must be there."""
    return tuple((name, says, needs) for name, says in columns.items())


_AGE = "Calendar days from then to as_of, in the workspace's time zone; 0 is the day of as_of."

CUSTOMERS = View(
    name="customers",
    row="a customer of the list of customers",
    table="customers",
    steps=("known_customers", "described_customers"),
    columns=(
        *plain(
            customer_id="The customer.",
            asked_field_count="Fields about a customer that this workspace has.",
            filled_field_count="Those of them that are filled for this customer.",
        ),
        *of_table(
            "customers",
            "kind industry company_size employee_count annual_revenue country region city source "
            "campaign_id signed_up_on owner_id parent_customer_id credit_limit payment_terms_days",
        ),
        *made_from("customers.birth_on", age_years="Full years of age at as_of."),
        *made_from("customers.household_size", household_people="People in the household; 5+ counts as 5."),
        *made_from("customers.signed_up_on", known_days="Calendar days from the first record to as_of."),
        *made_from("customers.interests", interest_count="Number of interests stated."),
        *made_from("customers.tags", tag_count="Number of labels."),
        *made_from("customers.email_consent", has_email_consent="1 with consent to e-mail, 0 refused."),
        *made_from("customers.sms_consent", has_sms_consent="1 with consent to text messages, 0 refused."),
        *made_from("customers.phone_consent", has_phone_consent="1 with consent to calls, 0 refused."),
    ),
)

CONTACTS = View(
    name="contacts",
    row="a person at a customer",
    table="contacts",
    steps=("listed_contacts",),
    columns=(
        *plain(contact_id="The person.", customer_id="Where the person works."),
        *of_table(
            "contacts", "title department reports_to_contact_id", influence="Influence on decisions, 0 to 1."
        ),
    ),
)

RELATIONS = View(
    name="relations",
    row="a tie of a customer to another, seen from each end",
    table="relations",
    steps=("listed_relations", "seen_relations"),
    columns=plain(
        customer_id="The customer.",
        other_customer_id="Whom it is tied to.",
        relation="Kind of tie.",
        is_from="Whether the customer stands at the beginning of the tie, as the parent or referrer.",
    ),
)

CAMPAIGN_CONTACTS = View(
    name="campaign_contacts",
    row="a campaign that a customer was in",
    table="campaign_contacts",
    steps=("contacted_customers", "campaign_answers"),
    columns=(
        *plain(
            customer_id="Whom it is about.",
            campaign_id="The campaign.",
            is_contacted="Whether the customer was contacted: not held out for comparison.",
        ),
        *of_table(
            "campaign_contacts",
            contacted_on="When.",
            is_control="Whether the customer was held out for comparison.",
            responded_at="When the customer responded; empty while that lies after as_of.",
        ),
        *made_from(
            "campaign_contacts.responded_at",
            has_responded="Whether the customer has responded by as_of.",
            response_age_days="Calendar days from the response to as_of.",
        ),
        *made_from("campaign_contacts.contacted_on", age_days="Calendar days from the contact to as_of."),
        *made_from(
            "campaign_contacts.contacted_on",
            "campaign_contacts.responded_at",
            days_to_respond="Calendar days from the contact to the response.",
        ),
    ),
)

INTERACTIONS = View(
    name="interactions",
    row="a contact between us and a customer",
    table="interactions",
    steps=("seen_interactions", "dated_interactions", "interactions_with_replies"),
    columns=(
        *plain(customer_id="The customer.", interaction_id="The contact.", age_days=_AGE),
        *of_table(
            "interactions",
            "contact_id opportunity_id campaign_id employee_id channel direction purpose template outcome "
            "duration_minutes",
        ),
        *made_from(
            "interactions.direction",
            is_asking="Whether it went out and more than 7 days have passed since.",
            is_answered="Whether the customer came back to us within 7 days after it.",
        ),
    ),
)

EVENTS = View(
    name="events",
    row="something a customer did on our site or app",
    table="events",
    steps=("seen_events", "dated_events"),
    columns=(
        *plain(customer_id="Who did it.", event="What, in small letters: view, click, search, download, cart.",
               age_days=_AGE),
        *of_table("events", "event_id visitor_id session_id product_id page campaign_id"),
    ),
)  # fmt: skip

SESSIONS = View(
    name="sessions",
    row="a visit of a customer to our site or app",
    table="events",
    steps=("seen_events", "dated_events", "sessions"),
    columns=made_from(
        "events.session_id",
        customer_id="Who came.",
        session_id="The visit.",
        event_count="What was done in it: number of events.",
        cart_count="How often something was put into the cart.",
        age_days="Calendar days from its first event to as_of.",
    ),
)

FEEDBACK = View(
    name="feedback",
    row="an opinion or complaint of a customer",
    table="feedback",
    steps=("given_feedback", "dated_feedback"),
    columns=(
        *plain(customer_id="Who said it.", feedback_id="The opinion.", age_days=_AGE,
               kind="Kind of feedback: nps, csat, review, complaint, social."),
        *of_table("feedback", "product_id order_id score score_max"),
        *made_from("feedback.score", "feedback.score_max", score_pct="The score as a share of the best."),
        *made_from(
            "feedback.resolved_at",
            is_resolved="Whether it was resolved by as_of.",
            days_to_resolve="Calendar days until it was resolved; empty while it is not.",
        ),
    ),
)  # fmt: skip

CASES = View(
    name="service_cases",
    row="a service request of a customer",
    table="service_cases",
    steps=("opened_cases", "dated_cases"),
    columns=(
        *plain(customer_id="The customer.", case_id="The request.", age_days=_AGE),
        *of_table(
            "service_cases",
            "product_id priority service_level kind employee_id cost_amount",
            reopened_count="How often it was opened again, as of the export.",
        ),
        *made_from(
            "service_cases.closed_at",
            is_open="Whether it was not closed by as_of.",
            days_to_close="Calendar days until it was closed; empty while it is open.",
        ),
        *made_from(
            "service_cases.first_response_at",
            response_seconds="Seconds until our first answer; empty while there is none.",
        ),
        *made_from(
            "service_cases.priority", is_urgent="Whether its priority is high, urgent, critical or 1."
        ),
    ),
)


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
            "line_no cost_amount store_id campaign_id employee_id due_on",
            quantity="Pieces.",
            discount_amount="Given off the price.",
            channel="Where it was bought.",
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
        *of_table("customers", "credit_limit"),
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
            "product_id owner_id source campaign_id amount lost_reason",
            created_at="When it was opened, in UTC.",
            closed_at="When it was won or lost, in UTC.",
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


VIEWS: dict[str, View] = {
    view.name: view
    for view in (
        CUSTOMERS,
        CONTACTS,
        RELATIONS,
        LINES,
        ORDERS,
        PRODUCTS,
        CATEGORIES,
        CHANNELS,
        STORES,
        CREDIT,
        OPPORTUNITIES,
        CAMPAIGN_CONTACTS,
        INTERACTIONS,
        EVENTS,
        SESSIONS,
        FEEDBACK,
        CASES,
    )
}
"""The prepared views by their names."""


def view_catalogue() -> pd.DataFrame:
    """The columns that an indicator's SQL may use."""
    return pd.DataFrame(
        [
            {"view": view.name, "row": view.row, "column": name, "says": says, "needs": ", ".join(needs)}
            for view in VIEWS.values()
            for name, says, needs in view.columns
        ]
    )


def view_named(name: str) -> View:
    """The view of that name."""
    if name not in VIEWS:
        raise ParameterError(f"there is no view {name!r}.{nearest(name, VIEWS)}")
    return VIEWS[name]
