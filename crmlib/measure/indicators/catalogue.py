"""The built-in indicators: one line of SQL over a prepared view each, and what it means.

A window such as 90d is the last 90 calendar days of the workspace's time zone, the day of as_of among them.
Where the data begin later than the window does, it is the count or the sum of what is there.
"""

from dataclasses import KW_ONLY, dataclass
from functools import cached_property, partial
from typing import Literal

from sqlglot import exp, parse_one

from crmlib.measure.indicators.views import view_named
from crmlib.schema.errors import ParameterError
from crmlib.schema.states import LATE_TIMES, spoken

ASPECTS = ("characteristics", "transactions", "finance", "contact")
"""What an indicator is about, in the order a reader meets them."""

HEAVY_DISCOUNT_PCT = 10
"""Of the list price of all that a customer bought: who pays less than so much off is no bargain hunter."""


@dataclass(frozen=True)
class Indicator:
    """One figure per customer.

    Parameters
    ----------
    name : str
        The column's name; the unit is in the suffix where there is one.
    sql : str
        An aggregate expression over the columns of the view, in DuckDB's dialect.
    over : str
        The prepared view, such as "orders".
    aspect : one of `ASPECTS`
    unit : str
        As a reader would write it: "days", "currency", "%".
    better : "higher", "lower" or None
        Which end is good for us; None where neither is.
    says : str
        What it means, in a sentence.
    empty : 0 or None
        What a customer gets for whom the view has no fitting row: 0, or nothing (NaN).
    label : str
        Its name on pages; "" is the column's own, in words.
    """

    name: str
    sql: str
    _: KW_ONLY
    over: str
    aspect: str
    unit: str
    better: str | None
    says: str
    empty: Literal[0] | None = None
    label: str = ""

    def __post_init__(self) -> None:
        view_named(self.over)
        if self.better not in ("higher", "lower", None):
            raise ParameterError(f"indicator {self.name}: better is 'higher', 'lower' or None.")
        if self.empty is not None and self.empty != 0:
            raise ParameterError(f"indicator {self.name}: empty is 0 or None.")

    @cached_property
    def columns(self) -> frozenset[str]:
        """The columns of the view that the SQL reads."""
        tree = parse_one(self.sql, read="duckdb")
        return frozenset(column.name for column in tree.find_all(exp.Column))


_PURCHASES = "nullif(count(*) filter (where is_purchase), 0)"
_GAPS = "count(gap_days)"
_GAP_SPREAD = f"({_GAPS} * sum(gap_days * gap_days) - sum(gap_days) * sum(gap_days))"
_RECENT = "count(*) filter (where is_purchase and age_days < 90)"
_BEFORE = "count(*) filter (where is_purchase and age_days between 90 and 179)"
_MONTHS = "count(*) filter (where starts_month)"
_LAST_90 = "greatest(coalesce(sum(net_amount) filter (where age_days < 90), 0), 0)"
_90_BEFORE = "greatest(coalesce(sum(net_amount) filter (where age_days between 90 and 179), 0), 0)"
_YEAR = "sum(net_amount) filter (where age_days < 365)"
_YEAR_BEFORE = "sum(net_amount) filter (where age_days between 365 and 729)"
_FULL_PRICE = "sum(bought_amount + coalesce(discount_amount, 0)) filter (where is_purchase)"
_KEPT = "sum(kept_amount) filter (where is_purchase)"
_PRODUCTS_KEPT = "nullif(count(*) filter (where net_amount > 0), 0)"
# Of 19 digits: DuckDB keeps the product of two decimals of 18 in 18 digits, too few for 100,001 squared.
_SQUARED = "try_cast(kept_amount as decimal(19, 4)) * try_cast(kept_amount as decimal(19, 4))"
_SQUARES = f"cast({_PURCHASES} * sum({_SQUARED}) filter (where is_purchase) as double)"
_SQUARE = f"cast({_KEPT} as double) * cast({_KEPT} as double)"


def _mean(column: str, condition: str = "") -> str:
    chosen = f" filter (where {condition})" if condition else ""
    return f"cast(sum({column}){chosen} as double) / nullif(count({column}){chosen}, 0)"


def _share(condition: str, of: str = "") -> str:
    both = f"{of} and {condition}" if of else condition
    all_of_them = f"count(*) filter (where {of})" if of else "count(*)"
    return f"100 * cast(count(*) filter (where {both}) as double) / nullif({all_of_them}, 0)"


def _busiest(values: range, condition: str) -> str:
    counts = [f"count(*) filter (where is_purchase and {condition.format(value)})" for value in values]
    return f"100 * cast(greatest({', '.join(counts)}) as double) / {_PURCHASES}"


def _favourite(name: str, *measures: str) -> str:
    """The name with the highest measures; of equals the first by alphabet. A ranking would sort every row."""
    places = ", ".join(f"place{i} := -{measure}" for i, measure in enumerate(measures))
    return f"(min(struct_pack({places}, name := {name})) filter (where {measures[0]} > 0)).name"


def _top_share(measure: str) -> str:
    known = f"filter (where {measure} > 0)"
    return f"100 * cast(max({measure}) {known} as double) / sum({measure}) {known}"


def _concentration(amount: str) -> str:
    """The Herfindahl index; squares are of decimals, so that their sum is exact, of 19 digits lest they overflow."""
    exact = f"try_cast({amount} as decimal(19, 4))"
    known = f"filter (where {amount} > 0)"
    return (
        f"cast(sum({exact} * {exact}) {known} as double) "
        f"/ (cast(sum({amount}) {known} as double) * cast(sum({amount}) {known} as double))"
    )


def _known_sum(column: str, when: str = "true") -> str:
    """The sum of a column, not a number where there are fitting rows and none of them knows it."""
    rows, known = f"count(*) filter (where {when})", f"count({column}) filter (where {when})"
    total = f"cast(sum({column}) filter (where {when}) as double)"
    return f"case when {rows} > 0 and {known} = 0 then cast('NaN' as double) else {total} end"


_customers = partial(Indicator, over="customers", aspect="characteristics")
_people = partial(Indicator, over="contacts", aspect="characteristics")
_ties = partial(Indicator, over="relations", aspect="characteristics")
_orders = partial(Indicator, over="orders", aspect="transactions")
_channels = partial(Indicator, over="customer_channels", aspect="transactions")
_stores = partial(Indicator, over="customer_stores", aspect="transactions")
_products = partial(Indicator, over="customer_products", aspect="transactions")
_categories = partial(Indicator, over="customer_categories", aspect="transactions")
_deals = partial(Indicator, over="opportunities", aspect="transactions")
_money = partial(Indicator, over="orders", aspect="finance")
_service = partial(Indicator, over="service_cases", aspect="finance")
_deal_value = partial(Indicator, over="opportunities", aspect="finance")
_campaigns = partial(Indicator, over="campaign_contacts", aspect="contact")
_contacts = partial(Indicator, over="interactions", aspect="contact")
_events = partial(Indicator, over="events", aspect="contact")
_sessions = partial(Indicator, over="sessions", aspect="contact")
_feedback = partial(Indicator, over="feedback", aspect="contact")
_cases = partial(Indicator, over="service_cases", aspect="contact")

# fmt: off
_CHARACTERISTICS = (
    Indicator("tenure_days", "max(age_days) filter (where is_purchase)",
              over="orders", aspect="characteristics", unit="days", better="higher", label="Days since first order",
              says="Days from the first purchase to as_of."),
    _customers("known_days", "max(known_days)", unit="days", better="higher", label="Days since first record",
               says="Days from the customer's first record to as_of."),
    _customers("record_completeness_pct",
               "100 * cast(max(filled_field_count) as double) / nullif(max(asked_field_count), 0)",
               unit="%", better="higher", label="Record filled",
               says="Share of the fields about a customer, of those that this workspace has, that are filled."),
    _customers("kind", "max(kind)", unit="name", better=None, label="Kind",
               says="Whether a person or a company."),
    _customers("industry", "max(industry)", unit="name", better=None, label="Industry",
               says="Line of business."),
    _customers("company_size", "max(company_size)", unit="name", better=None, label="Company size",
               says="Size class of the company."),
    _customers("country", "max(country)", unit="name", better=None, label="Country",
               says="Country."),
    _customers("region", "max(region)", unit="name", better=None, label="Region",
               says="Region or state."),
    _customers("source", "max(source)", unit="name", better=None, label="Source",
               says="How the customer came to us."),
    _customers("employee_count", "max(employee_count)", unit="people", better="higher", label="Employees",
               says="People employed by the company."),
    _customers("annual_revenue", "max(annual_revenue)", unit="currency", better="higher",
               label="Yearly revenue", says="Yearly revenue of the company."),
    _customers("household_people", "max(household_people)", unit="people", better=None,
               label="Household members", says="People in the household; a band such as 5+ counts as its lower end."),
    _customers("age_years", "max(age_years)", unit="years", better=None, label="Age",
               says="Full years of age at as_of."),
    _customers("interest_count", "max(interest_count)", unit="interests", better="higher", label="Interests",
               says="Interests that the customer has stated."),
    _customers("tag_count", "max(tag_count)", unit="labels", better=None, label="Labels",
               says="Labels that the customer bears."),
    _customers("has_email_consent", "max(has_email_consent)", unit="0 or 1", better="higher",
               label="May be e-mailed",
               says="1 where the customer may be written to by e-mail, 0 where not; empty where not known."),
    _customers("has_sms_consent", "max(has_sms_consent)", unit="0 or 1", better="higher",
               label="May be texted",
               says="1 where the customer may be sent text messages, 0 where not; empty where not known."),
    _customers("has_phone_consent", "max(has_phone_consent)", unit="0 or 1", better="higher",
               label="May be called", says="1 where the customer may be called, 0 where not; empty where not known."),
    _customers("has_owner", "count(owner_id)", unit="0 or 1", better=None, empty=0,
               label="Looked after by one of us", says="1 where one of us looks after the customer, else 0."),
    _customers("has_parent", "count(parent_customer_id)", unit="0 or 1", better=None, empty=0,
               label="Belongs to a company", says="1 where the customer belongs to another company, else 0."),
    _customers("came_by_campaign", "count(campaign_id)", unit="0 or 1", better=None, empty=0,
               label="Came by a campaign", says="1 where a campaign brought the customer, else 0."),
    _customers("payment_terms_days", "max(payment_terms_days)", unit="days", better=None,
               label="Days allowed for payment", says="Days that the customer is allowed for payment."),
    _people("contact_person_count", "count(*)", unit="people", better="higher", empty=0,
            label="Contact persons", says="People whom we know at the customer."),
    _people("contact_influence_max", "max(influence)", unit="0 to 1", better="higher",
            label="Greatest influence",
            says="Influence on decisions of the most influential person whom we know at the customer."),
    _ties("relation_count", "count(*)", unit="ties", better=None, empty=0, label="Ties to others",
          says="Ties of the customer to others, of either end."),
    _ties("referral_count", "count(*) filter (where relation = 'referrer' and is_from)",
          unit="customers", better="higher", empty=0, label="Customers referred",
          says="Customers whom this customer has brought to us."),
)
_TRANSACTIONS = (
    _orders("recency_days", "min(age_days) filter (where is_purchase)", unit="days", better="lower",
            label="Days since last order", says="Days from the last purchase to as_of."),
    _orders("order_count", "count(*) filter (where is_purchase)", unit="orders", better="higher", empty=0,
            label="Orders", says="Purchases; an order wholly refunded is none."),
    _orders("order_count_30d", "count(*) filter (where is_purchase and age_days < 30)",
            unit="orders", better="higher", empty=0, label="Orders in 30 days",
            says="Purchases in the last 30 days."),
    _orders("order_count_90d", _RECENT, unit="orders", better="higher", empty=0, label="Orders in 90 days",
            says="Purchases in the last 90 days."),
    _orders("order_count_365d", "count(*) filter (where is_purchase and age_days < 365)",
            unit="orders", better="higher", empty=0, label="Orders in a year",
            says="Purchases in the last 365 days."),
    _orders("order_count_previous_365d",
            "count(*) filter (where is_purchase and age_days between 365 and 729)",
            unit="orders", better="higher", empty=0, label="Orders in the year before",
            says="Purchases in the 365 days before the last 365."),
    _orders("order_trend", f"cast({_RECENT} - {_BEFORE} as double) / nullif({_RECENT} + {_BEFORE}, 0)",
            unit="-1 to 1", better="higher", label="Order trend",
            says="Purchases of the last 90 days less those of the 90 before, over their sum: 0 is steady, 1 all in "
            "the last 90, -1 none; empty where there are none in both."),
    _orders("orders_per_year_mean",
            "365 * cast(1 + count(*) filter (where is_purchase) as double) / nullif(180 "
            "+ max(age_days) filter (where is_purchase) - min(age_days) filter (where is_purchase), 0)",
            unit="orders", better=None, label="Orders a year while buying",
            says="Purchases a year from the first one to the last; half a year and one purchase are added, so that "
            "few purchases in a short time promise no more than they say."),
    _orders("gap_days_mean", f"cast(sum(gap_days) as double) / nullif({_GAPS}, 0)",
            unit="days", better="lower", label="Days between orders",
            says="Mean days from one purchase to the next; from two purchases on."),
    _orders("gap_days_median", "percentile_cont(0.5) within group (order by cast(gap_days as double))",
            unit="days", better="lower", label="Median days between orders",
            says="Median days from one purchase to the next; from two purchases on."),
    _orders("gap_days_variation",
            f"sqrt(cast({_GAP_SPREAD} as double) * {_GAPS} / nullif({_GAPS} - 1, 0)) / nullif(sum(gap_days), 0)",
            unit="ratio", better="lower", label="Irregularity of orders",
            says="How irregular the gaps between purchases are: their standard deviation over their mean; from "
            "three purchases on."),
    _orders("gap_days_max", "max(gap_days)", unit="days", better="lower", label="Longest gap between orders",
            says="Most days from one purchase to the next; from two purchases on."),
    _orders("longest_silence_days", "greatest(max(gap_days), min(age_days) filter (where is_purchase))",
            unit="days", better="lower", label="Longest silence",
            says="Most days without a purchase since the first one, the time since the last one among them."),
    _orders("gap_overdue_ratio",
            f"cast(min(age_days) filter (where is_purchase) as double) * {_GAPS} / nullif(sum(gap_days), 0)",
            unit="ratio", better="lower", label="Silence against usual gap",
            says="Days since the last purchase over the customer's mean gap: above 1 is later than usual."),
    _orders("active_day_count", "count(*) filter (where starts_day)",
            unit="days with orders", better="higher", empty=0, label="Days with orders",
            says="Days on which the customer purchased."),
    _orders("active_month_count", _MONTHS, unit="months", better="higher", empty=0,
            label="Months with orders", says="Calendar months in which the customer purchased."),
    _orders("active_month_count_12m", "count(*) filter (where starts_month and months_ago < 12)",
            unit="months", better="higher", empty=0, label="Months with orders of the last 12",
            says="Calendar months of the last 12, that of as_of among them, in which the customer purchased."),
    _orders("active_month_share_pct",
            f"100 * cast({_MONTHS} as double) / (1 + max(months_ago) filter (where is_purchase))",
            unit="%", better="higher", label="Share of months with orders",
            says="Share of the calendar months from that of the first purchase to that of as_of in which the "
            "customer purchased."),
    _orders("orders_per_active_month_mean",
            f"cast(count(*) filter (where is_purchase) as double) / nullif({_MONTHS}, 0)",
            unit="orders", better="higher", label="Orders a month with orders",
            says="Mean purchases in a calendar month with a purchase."),
    _orders("weekend_share_pct", _share("is_weekend", "is_purchase"), unit="%", better=None,
            label="Bought at weekends", says="Share of purchases made on a Saturday or Sunday."),
    _orders("morning_share_pct", _share("hour < 12", "is_purchase"), unit="%", better=None,
            label="Bought before noon", says="Share of purchases made from midnight to 12:00."),
    _orders("evening_share_pct", _share("hour >= 18", "is_purchase"), unit="%", better=None,
            label="Bought in the evening", says="Share of purchases made from 18:00 to midnight."),
    _orders("office_hours_share_pct", _share("weekday < 5 and hour between 9 and 16", "is_purchase"),
            unit="%", better=None, label="Bought in office hours",
            says="Share of purchases made from Monday to Friday between 9:00 and 17:00."),
    _orders("busiest_weekday_share_pct", _busiest(range(7), "weekday = {}"), unit="%", better=None,
            label="Bought on the busiest weekday",
            says="Share of purchases made on the day of the week with most of them."),
    _orders("busiest_quarter_share_pct", _busiest(range(1, 5), "(month + 2) // 3 = {}"),
            unit="%", better=None, label="Bought in the busiest quarter",
            says="Share of purchases made in the quarter of the year with most of them: about 25 is no season."),
    _orders("year_end_share_pct", _share("month >= 11", "is_purchase"), unit="%", better=None,
            label="Bought in November or December", says="Share of purchases made in November or December."),
    _channels("favourite_channel", _favourite("channel", "order_count", "net_amount"),
              unit="name", better=None, label="Favourite channel",
              says="The channel of most purchases; of equals the one with more spend."),
    _channels("channel_count", "count(*)", unit="channels", better="higher", empty=0,
              label="Different channels", says="Different channels of purchases."),
    _channels("favourite_channel_share_pct", _top_share("order_count"), unit="%", better=None,
              label="Share of favourite channel",
              says="Share of the favourite channel in the purchases whose channel is known."),
    _stores("store_count", "count(*)", unit="shops", better=None, empty=0, label="Different shops",
            says="Different shops of purchases."),
    _stores("favourite_store_share_pct", _top_share("order_count"), unit="%", better=None,
            label="Share of favourite shop",
            says="Share of the shop with most purchases in those whose shop is known."),
    _orders("basket_lines_mean", f"cast(sum(line_count) filter (where is_purchase) as double) / {_PURCHASES}",
            unit="lines", better="higher", label="Lines an order", says="Mean number of lines of a purchase."),
    _orders("basket_lines_max", "max(line_count) filter (where is_purchase)", unit="lines", better="higher",
            label="Lines of the longest order", says="Lines of the purchase with most of them."),
    _orders("basket_items_mean", f"cast(sum(quantity) filter (where is_purchase) as double) / {_PURCHASES}",
            unit="pieces", better="higher", label="Pieces an order", says="Mean number of pieces of a purchase."),
    _orders("item_count", "sum(quantity) filter (where is_purchase)", unit="pieces", better="higher", empty=0,
            label="Pieces bought", says="Pieces bought in all purchases."),
    _orders("discounted_lines_share_pct",
            "100 * cast(sum(discounted_line_count) as double) / nullif(sum(line_count), 0)",
            unit="%", better="lower", label="Lines at a discount",
            says="Share of order lines bought at a discount; refund lines are left out."),
    _orders("discounted_orders_share_pct", _share("discounted_line_count > 0", "is_purchase"),
            unit="%", better="lower", label="Orders at a discount",
            says="Share of purchases with anything bought at a discount."),
    _orders("return_rate_pct", "100 * cast(-sum(refund_amount) as double) / nullif(sum(bought_amount), 0)",
            unit="%", better="lower", label="Returns",
            says="Refunds as a share of what was bought; above 100 where something came back that was bought "
            "before the data begin."),
    _orders("refund_count", "count(*) filter (where refund_amount < 0)",
            unit="orders", better="lower", empty=0, label="Orders with refunds",
            says="Orders with a refund on them."),
    _orders("last_refund_days", "min(age_days) filter (where refund_amount < 0)", unit="days", better=None,
            label="Days since last refund", says="Days from the last order with a refund on it to as_of."),
    _products("product_count", "count(*) filter (where net_amount > 0)",
              unit="products", better="higher", empty=0, label="Different products",
              says="Different products bought and not sent back."),
    _products("product_count_90d", "count(*) filter (where net_amount > 0 and is_bought_90d)",
              unit="products", better="higher", empty=0, label="Different products in 90 days",
              says="Different products, not sent back, bought in the last 90 days."),
    _products("product_count_365d", "count(*) filter (where net_amount > 0 and is_bought_365d)",
              unit="products", better="higher", empty=0, label="Different products in a year",
              says="Different products, not sent back, bought in the last 365 days."),
    _products("new_product_count_90d", "count(*) filter (where net_amount > 0 and is_new_90d)",
              unit="products", better="higher", empty=0, label="New products in 90 days",
              says="Different products, not sent back, bought in the last 90 days for the first time."),
    _products("new_product_share_pct",
              "100 * cast(count(*) filter (where net_amount > 0 and is_new_90d) as double) "
              "/ nullif(count(*) filter (where net_amount > 0 and is_bought_90d), 0)", unit="%", better=None,
              label="Share of new products",
              says="Of the different products bought in the last 90 days, the share never bought before."),
    _products("repeat_product_share_pct",
              f"100 * cast(count(*) filter (where net_amount > 0 and is_repeated) as double) / {_PRODUCTS_KEPT}",
              unit="%", better="higher", label="Products bought again",
              says="Share of the different products bought that were bought again at a later moment."),
    _products("top_product_share_pct", _top_share("net_amount"), unit="%", better=None,
              label="Share of top product",
              says="Share of the product with the highest net spend in the net spend on all products."),
    _products("product_concentration", _concentration("net_amount"), unit="0 to 1", better=None,
              label="Concentration on products",
              says="Herfindahl index of the net spend on products: 1 is all on one, near 0 spread over many."),
    _categories("category_count", "count(*) filter (where product_count > 0)",
                unit="categories", better="higher", empty=0, label="Different categories",
                says="Different categories among the products bought and not sent back."),
    _categories("category_count_365d", "count(*) filter (where is_bought_365d)",
                unit="categories", better="higher", empty=0, label="Different categories in a year",
                says="Different categories among the products, not sent back, bought in the last 365 days."),
    _categories("new_category_count_365d", "count(*) filter (where is_new_365d)",
                unit="categories", better="higher", empty=0, label="New categories in a year",
                says="Different categories bought from in the last 365 days for the first time."),
    _products("department_count", "count(distinct department) filter (where net_amount > 0)",
              unit="departments", better="higher", empty=0, label="Different departments",
              says="Different departments among the products bought and not sent back."),
    _categories("favourite_category", _favourite("category", "net_amount"), unit="name", better=None,
                label="Favourite category", says="The category with the highest net spend."),
    _categories("favourite_category_share_pct", _top_share("net_amount"), unit="%", better=None,
                label="Share of favourite category",
                says="Share of the favourite category in the net spend on known categories."),
    _categories("category_concentration", _concentration("net_amount"), unit="0 to 1", better=None,
                label="Concentration on categories",
                says="Herfindahl index of the net spend on categories: 1 is all on one, near 0 spread over many."),
    _deals("opportunity_count", "count(*)", unit="opportunities", better="higher", empty=0,
           label="Opportunities", says="Opportunities with the customer, open, won or lost."),
    _deals("open_opportunity_count", "count(*) filter (where outcome = 'open')",
           unit="opportunities", better="higher", empty=0, label="Open opportunities",
           says="Opportunities that were open at as_of."),
    _deals("won_opportunity_count", "count(*) filter (where outcome = 'won')",
           unit="opportunities", better="higher", empty=0, label="Opportunities won",
           says="Opportunities that were won."),
    _deals("win_rate_pct",
           "100 * cast(count(*) filter (where outcome = 'won') as double) "
           "/ nullif(count(*) filter (where outcome in ('won', 'lost')), 0)", unit="%", better="higher",
           label="Opportunities won of those decided",
           says="Share of the opportunities that came to an end that were won."),
    _deals("last_opportunity_days", "min(age_days)", unit="days", better="lower",
           label="Days since last opportunity", says="Days from the opening of the last opportunity to as_of."),
    _deals("days_to_win_mean",
           "cast(sum(days_to_close) filter (where outcome = 'won') as double) "
           "/ nullif(count(days_to_close) filter (where outcome = 'won'), 0)", unit="days", better="lower",
           label="Days to win", says="Mean days from the opening to the winning of an opportunity."),
)
_FINANCE = (
    _money("spend_total", "sum(net_amount)", unit="currency", better="higher", empty=0, label="Net spend",
           says="Net spend: all order lines less refunds."),
    _money("spend_30d", "sum(net_amount) filter (where age_days < 30)",
           unit="currency", better="higher", empty=0, label="Spend in 30 days",
           says="Net spend in the last 30 days; below 0 where more came back than was bought."),
    _money("spend_90d", "sum(net_amount) filter (where age_days < 90)",
           unit="currency", better="higher", empty=0, label="Spend in 90 days",
           says="Net spend in the last 90 days."),
    _money("spend_365d", _YEAR, unit="currency", better="higher", empty=0, label="Spend in a year",
           says="Net spend in the last 365 days."),
    _money("spend_previous_365d", _YEAR_BEFORE, unit="currency", better="higher", empty=0,
           label="Spend in the year before", says="Net spend in the 365 days before the last 365."),
    _money("spend_growth_pct",
           f"100 * cast(coalesce({_YEAR}, 0) - {_YEAR_BEFORE} as double) / nullif(greatest({_YEAR_BEFORE}, 0), 0)",
           unit="%", better="higher", label="Spend against the year before",
           says="Net spend of the last 365 days against the 365 before: 0 is the same, -100 nothing any more; "
           "empty where there was none before."),
    _money("spend_trend", f"cast({_LAST_90} - {_90_BEFORE} as double) / nullif({_LAST_90} + {_90_BEFORE}, 0)",
           unit="-1 to 1", better="higher", label="Spend trend",
           says="Net spend of the last 90 days less that of the 90 before, over their sum: 0 is steady, 1 all in "
           "the last 90, -1 none; a window below 0 counts as 0; empty where both are 0."),
    _money("spend_month_mean",
           "cast(sum(net_amount) as double) / (1 + max(months_ago) filter (where is_purchase))",
           unit="currency", better="higher", label="Spend a month",
           says="Net spend a calendar month, from the month of the first purchase to that of as_of."),
    _money("basket_value_mean", f"cast({_KEPT} as double) / {_PURCHASES}", unit="currency", better="higher",
           label="Spend an order", says="Mean value of a purchase, after refunds."),
    _money("basket_value_median",
           "percentile_cont(0.5) within group (order by case when is_purchase then cast(kept_amount as double) end)",
           unit="currency", better="higher", label="Median spend an order",
           says="Median value of a purchase, after refunds."),
    _money("basket_value_mean_365d",
           "cast(sum(kept_amount) filter (where is_purchase and age_days < 365) as double) "
           "/ nullif(count(*) filter (where is_purchase and age_days < 365), 0)",
           unit="currency", better="higher", label="Spend an order, last year",
           says="Mean value of a purchase of the last 365 days, after refunds."),
    _money("basket_value_max", "max(kept_amount) filter (where is_purchase)",
           unit="currency", better="higher", label="Largest order",
           says="Value of the largest purchase, after refunds."),
    _money("basket_value_variation",
           f"sqrt((case when {_SQUARES} - {_SQUARE} > {_SQUARE} / 1e13 then {_SQUARES} - {_SQUARE} else 0 end) "
           f"* {_PURCHASES} / nullif({_PURCHASES} - 1, 0)) / nullif(cast({_KEPT} as double), 0)",
           unit="ratio", better="lower", label="Unevenness of orders",
           says="How much the values of purchases differ: their standard deviation over their mean; from two "
           "purchases on."),
    _money("first_basket_value", "sum(kept_amount) filter (where is_purchase and gap_days is null)",
           unit="currency", better="higher", label="First order", says="Value of the first purchase, after refunds."),
    _money("piece_price_mean",
           "cast(sum(bought_amount) filter (where is_purchase) as double) "
           "/ nullif(sum(quantity) filter (where is_purchase), 0)", unit="currency", better=None,
           label="Price a piece", says="Mean price paid for a piece, before refunds."),
    _money("silent_spend_365d",
           "case when sum(gap_days) > 0 "
           f"and min(age_days) filter (where is_purchase) * count(gap_days) >= {LATE_TIMES:g} * sum(gap_days) "
           f"then greatest({_YEAR}, 0) else 0 end", unit="currency", better="lower", empty=0,
           label="Spend in a year, if late",
           says=f"Net spend of the last 365 days of a customer who is late: no purchase for {spoken(LATE_TIMES)} the "
           "usual gap or longer; 0 for all others, and where all purchases were on one day."),
    _money("margin_total", _known_sum("margin_amount"), unit="currency", better="higher", empty=0,
           label="Margin",
           says="Net spend less cost, of the lines whose cost is known; empty where none of them is."),
    _money("margin_30d", _known_sum("margin_amount", "age_days < 30"),
           unit="currency", better="higher", empty=0, label="Margin in 30 days",
           says="Margin in the last 30 days, of the lines whose cost is known; empty where none of them is."),
    _money("margin_90d", _known_sum("margin_amount", "age_days < 90"),
           unit="currency", better="higher", empty=0, label="Margin in 90 days",
           says="Margin in the last 90 days, of the lines whose cost is known; empty where none of them is."),
    _money("margin_365d", _known_sum("margin_amount", "age_days < 365"),
           unit="currency", better="higher", empty=0, label="Margin in a year",
           says="Margin in the last 365 days, of the lines whose cost is known; empty where none of them is."),
    _money("margin_share_pct",
           "100 * cast(sum(margin_amount) as double) / nullif(greatest(sum(costed_amount), 0), 0)",
           unit="%", better="higher", label="Margin share",
           says="Margin as a share of net spend, of the lines whose cost is known; empty where that spend is not "
           "above 0."),
    _money("loss_orders_share_pct",
           "100 * cast(count(*) filter (where is_purchase and margin_amount < 0) as double) "
           "/ nullif(count(margin_amount) filter (where is_purchase), 0)", unit="%", better="lower",
           label="Orders at a loss",
           says="Share of the purchases whose cost is known that cost us more than they brought."),
    _money("discount_total", "sum(discount_amount) filter (where is_purchase)",
           unit="currency", better="lower", empty=0, label="Discounts", says="Discounts given on purchases."),
    _money("discount_365d", "sum(discount_amount) filter (where is_purchase and age_days < 365)",
           unit="currency", better="lower", empty=0, label="Discounts in a year",
           says="Discounts given on purchases of the last 365 days."),
    _money("discount_share_pct",
           f"100 * cast(sum(discount_amount) filter (where is_purchase) as double) / nullif({_FULL_PRICE}, 0)",
           unit="%", better="lower", label="Discount share",
           says="Discounts on purchases as a share of their value before discount."),
    _money("refund_total", "-sum(refund_amount)", unit="currency", better="lower", empty=0, label="Refunds",
           says="Paid back to the customer."),
    _service("cost_to_serve_total", _known_sum("cost_amount"), unit="currency", better="lower", empty=0,
             label="Cost of service",
             says="What the customer's service requests cost us; empty where no cost of theirs is known."),
    _service("cost_to_serve_365d", _known_sum("cost_amount", "age_days < 365"),
             unit="currency", better="lower", empty=0, label="Cost of service in a year",
             says="What the customer's service requests of the last 365 days cost us; empty where no cost is known."),
    _money("invoice_count", "count(*) filter (where is_invoice)", unit="invoices", better=None, empty=0,
           label="Invoices", says="Purchases with a day on which payment is due."),
    _money("days_to_pay_mean", _mean("days_to_pay"), unit="days", better="lower", label="Days to pay",
           says="Mean days from order to payment, of the invoices that are paid."),
    _money("days_late_mean", _mean("days_late"), unit="days", better="lower", label="Days late",
           says="Mean days past the due day, 0 if paid in time; one not paid counts up to as_of, one not yet due "
           "is left out."),
    _money("days_late_max", "max(days_late)", unit="days", better="lower", label="Days late at worst",
           says="Most days past the due day, of invoices paid or still overdue."),
    _money("late_invoice_share_pct",
           "100 * cast(count(*) filter (where days_late > 0) as double) / nullif(count(days_late), 0)",
           unit="%", better="lower", label="Invoices late",
           says="Share of the invoices paid or due that were paid late or are overdue."),
    _money("open_amount", "sum(open_amount)", unit="currency", better="lower", empty=0, label="Open amount",
           says="Invoices that are not paid."),
    _money("overdue_amount", "sum(open_amount) filter (where is_overdue)",
           unit="currency", better="lower", empty=0, label="Overdue amount",
           says="Invoices past their due day that are not paid."),
    _money("overdue_share_pct",
           "100 * cast(coalesce(sum(open_amount) filter (where is_overdue), 0) as double) "
           "/ nullif(sum(open_amount), 0)", unit="%", better="lower", label="Overdue share",
           says="Share of the open amount that is past its due day; empty where nothing is open."),
    _money("overdue_days_max", "max(days_late) filter (where is_overdue)", unit="days", better="lower",
           label="Oldest overdue invoice", says="Days that the oldest overdue invoice is past its due day."),
    Indicator("credit_limit", "max(credit_limit)",
              over="customers", aspect="finance", unit="currency", better=None, label="Credit limit",
              says="Credit granted to the customer."),
    Indicator("credit_used_pct", "100 * cast(sum(open_amount) as double) / nullif(sum(credit_limit), 0)",
              over="credit_accounts", aspect="finance", unit="%", better="lower", label="Credit used",
              says="Invoices that are not paid as a share of the credit granted."),
    _deal_value("open_opportunity_amount", "sum(amount) filter (where outcome = 'open')",
                unit="currency", better="higher", empty=0, label="Value of open opportunities",
                says="Value of the opportunities that were open at as_of."),
    _deal_value("won_amount_total", "sum(amount) filter (where outcome = 'won')",
                unit="currency", better="higher", empty=0, label="Value won",
                says="Value of the opportunities that were won."),
    _deal_value("won_amount_365d", "sum(amount) filter (where outcome = 'won' and closed_age_days < 365)",
                unit="currency", better="higher", empty=0, label="Value won in a year",
                says="Value of the opportunities won in the last 365 days."),
)
_CONTACT = (
    _campaigns("campaign_count", "count(*) filter (where is_contacted)",
               unit="campaigns", better=None, empty=0, label="Campaigns",
               says="Campaigns the customer was in, held-out ones left aside."),
    _campaigns("campaign_count_365d", "count(*) filter (where is_contacted and age_days < 365)",
               unit="campaigns", better=None, empty=0, label="Campaigns in a year",
               says="Campaigns of the last 365 days the customer was in."),
    _campaigns("campaign_response_count", "count(*) filter (where is_contacted and has_responded)",
               unit="campaigns", better="higher", empty=0, label="Answers to campaigns",
               says="Campaigns the customer was in that the customer answered."),
    _campaigns("campaign_response_rate_pct", _share("has_responded", "is_contacted"),
               unit="%", better="higher", label="Campaigns answered",
               says="Share of the campaigns the customer was in that the customer answered."),
    _campaigns("last_campaign_days", "min(age_days) filter (where is_contacted)", unit="days", better=None,
               label="Days since last campaign", says="Days from the last campaign the customer was in to as_of."),
    _campaigns("last_response_days", "min(response_age_days) filter (where is_contacted)",
               unit="days", better="lower", label="Days since last answer",
               says="Days from the last answer to a campaign to as_of."),
    _campaigns("days_to_respond_mean", _mean("days_to_respond", "is_contacted"), unit="days", better="lower",
               label="Days to answer",
               says="Mean days from the contact of a campaign to the answer, of the campaigns answered."),
    _contacts("interaction_count", "count(*)", unit="contacts", better=None, empty=0, label="Contacts",
              says="Contacts with the customer, of either direction."),
    _contacts("interaction_count_90d", "count(*) filter (where age_days < 90)",
              unit="contacts", better=None, empty=0, label="Contacts in 90 days",
              says="Contacts in the last 90 days, of either direction."),
    _contacts("interaction_count_365d", "count(*) filter (where age_days < 365)",
              unit="contacts", better=None, empty=0, label="Contacts in a year",
              says="Contacts in the last 365 days, of either direction."),
    _contacts("incoming_count_365d", "count(*) filter (where direction = 'in' and age_days < 365)",
              unit="contacts", better="higher", empty=0, label="Contacts from the customer in a year",
              says="Contacts from the customer in the last 365 days."),
    _contacts("outgoing_count_365d", "count(*) filter (where direction = 'out' and age_days < 365)",
              unit="contacts", better=None, empty=0, label="Contacts to the customer in a year",
              says="Contacts to the customer in the last 365 days."),
    _contacts("incoming_share_pct", _share("direction = 'in'", "direction in ('in', 'out')"),
              unit="%", better=None, label="Contacts that came from the customer",
              says="Share of the contacts, those of known direction, that came from the customer."),
    _contacts("email_count_365d", "count(*) filter (where channel = 'email' and age_days < 365)",
              unit="contacts", better=None, empty=0, label="E-mails in a year",
              says="Contacts by e-mail in the last 365 days."),
    _contacts("phone_count_365d", "count(*) filter (where channel = 'phone' and age_days < 365)",
              unit="contacts", better=None, empty=0, label="Calls in a year",
              says="Telephone calls in the last 365 days."),
    _contacts("visit_count_365d", "count(*) filter (where channel = 'visit' and age_days < 365)",
              unit="contacts", better=None, empty=0, label="Visits in person in a year",
              says="Visits in person in the last 365 days."),
    _contacts("digital_contact_share_pct",
              _share("channel in ('web', 'email', 'sms', 'social', 'chat')", "channel is not null"),
              unit="%", better=None, label="Digital contacts",
              says="Share of the contacts, those of known channel, by web, e-mail, text message, social media or "
              "chat."),
    _contacts("service_contact_share_pct", _share("purpose = 'service'", "purpose is not null"),
              unit="%", better="lower", label="Contacts about service",
              says="Share of the contacts, those of known purpose, that were about service."),
    _contacts("last_contact_days", "min(age_days)", unit="days", better="lower",
              label="Days since last contact", says="Days from the last contact, of either direction, to as_of."),
    _contacts("last_incoming_days", "min(age_days) filter (where direction = 'in')",
              unit="days", better="lower", label="Days since the customer's last contact",
              says="Days from the last contact from the customer to as_of."),
    _contacts("reply_rate_pct", _share("is_answered", "is_asking"), unit="%", better="higher",
              label="Contacts answered",
              says="Share of our contacts to the customer after which the customer came back to us within 7 days; "
              "those of the day of as_of and the 7 days before it are left out."),
    _contacts("contact_minutes_365d", "sum(duration_minutes) filter (where age_days < 365)",
              unit="minutes", better=None, empty=0, label="Contact time in a year",
              says="Time that contacts of the last 365 days took."),
    _events("event_count_90d", "count(*) filter (where age_days < 90)",
            unit="events", better="higher", empty=0, label="Site events in 90 days",
            says="What the customer did on our site or app in the last 90 days."),
    _events("view_count_90d", "count(*) filter (where event = 'view' and age_days < 90)",
            unit="views", better="higher", empty=0, label="Views in 90 days",
            says="Pages or products viewed in the last 90 days."),
    _events("click_count_90d", "count(*) filter (where event = 'click' and age_days < 90)",
            unit="clicks", better="higher", empty=0, label="Clicks in 90 days", says="Clicks in the last 90 days."),
    _events("search_count_90d", "count(*) filter (where event = 'search' and age_days < 90)",
            unit="searches", better="higher", empty=0, label="Searches in 90 days",
            says="Searches in the last 90 days."),
    _events("cart_count_90d", "count(*) filter (where event = 'cart' and age_days < 90)",
            unit="times", better="higher", empty=0, label="Put into the cart in 90 days",
            says="How often something was put into the cart in the last 90 days."),
    _events("download_count_90d", "count(*) filter (where event = 'download' and age_days < 90)",
            unit="downloads", better="higher", empty=0, label="Downloads in 90 days",
            says="Downloads in the last 90 days."),
    _events("last_event_days", "min(age_days)", unit="days", better="lower",
            label="Days since last on the site",
            says="Days from the last thing the customer did on our site or app to as_of."),
    _sessions("session_count_90d", "count(*) filter (where age_days < 90)",
              unit="visits", better="higher", empty=0, label="Site visits in 90 days",
              says="Visits to our site or app in the last 90 days."),
    _sessions("session_events_mean", _mean("event_count"), unit="events", better="higher",
              label="Events a site visit", says="Mean number of things done in a visit to our site or app."),
    _sessions("cart_sessions_share_pct", _share("cart_count > 0"), unit="%", better="higher",
              label="Site visits with a cart",
              says="Share of the visits to our site or app in which something was put into the cart."),
    _feedback("feedback_count", "count(*)", unit="opinions", better=None, empty=0, label="Opinions given",
              says="Opinions and complaints of the customer."),
    _feedback("satisfaction_mean", _mean("score_pct", "kind = 'csat'"), unit="0 to 100", better="higher",
              label="Satisfaction", says="Mean of the answers on satisfaction, each as a share of the best score."),
    _feedback("review_score_mean", _mean("score_pct", "kind = 'review'"), unit="0 to 100", better="higher",
              label="Review score", says="Mean score of the customer's reviews, each as a share of the best score."),
    _feedback("nps_mean", _mean("score", "kind = 'nps'"), unit="0 to 10", better="higher",
              label="Would recommend us",
              says="Mean answer to how likely the customer is to recommend us: 9 and 10 do, 0 to 6 warn."),
    _feedback("complaint_count", "count(*) filter (where kind = 'complaint')",
              unit="complaints", better="lower", empty=0, label="Complaints", says="Complaints."),
    _feedback("complaint_count_365d", "count(*) filter (where kind = 'complaint' and age_days < 365)",
              unit="complaints", better="lower", empty=0, label="Complaints in a year",
              says="Complaints in the last 365 days."),
    _feedback("open_complaint_count", "count(*) filter (where kind = 'complaint' and not is_resolved)",
              unit="complaints", better="lower", empty=0, label="Open complaints",
              says="Complaints that were not resolved at as_of."),
    _feedback("last_complaint_days", "min(age_days) filter (where kind = 'complaint')",
              unit="days", better="higher", label="Days since last complaint",
              says="Days from the last complaint to as_of."),
    _feedback("complaint_days_mean", _mean("days_to_resolve", "kind = 'complaint'"),
              unit="days", better="lower", label="Days to settle a complaint",
              says="Mean days until a complaint was resolved, of those that were."),
    _cases("case_count", "count(*)", unit="requests", better=None, empty=0, label="Service requests",
           says="Service requests."),
    _cases("case_count_365d", "count(*) filter (where age_days < 365)", unit="requests", better=None, empty=0,
           label="Service requests in a year", says="Service requests of the last 365 days."),
    _cases("open_case_count", "count(*) filter (where is_open)", unit="requests", better="lower", empty=0,
           label="Open service requests", says="Service requests that were open at as_of."),
    _cases("oldest_open_case_days", "max(age_days) filter (where is_open)", unit="days", better="lower",
           label="Oldest open request", says="Days that the oldest open service request has waited."),
    _cases("last_case_days", "min(age_days)", unit="days", better=None, label="Days since last request",
           says="Days from the last service request to as_of."),
    _cases("first_response_hours_mean",
           "cast(sum(response_seconds) as double) / nullif(3600 * count(response_seconds), 0)",
           unit="hours", better="lower", label="Hours to first answer",
           says="Mean hours until our first answer to a service request, of those answered."),
    _cases("days_to_close_mean", _mean("days_to_close"), unit="days", better="lower",
           label="Days to close a request", says="Mean days until a service request was closed, of those that were."),
    _cases("reopened_case_share_pct", _share("reopened_count > 0"), unit="%", better="lower",
           label="Requests opened again", says="Share of the service requests that were opened again."),
    _cases("urgent_case_share_pct", _share("is_urgent"), unit="%", better="lower", label="Urgent requests",
           says="Share of the service requests of high priority."),
)
# fmt: on

INDICATORS: tuple[Indicator, ...] = (*_CHARACTERISTICS, *_TRANSACTIONS, *_FINANCE, *_CONTACT)
"""The built-in indicators, in the order of the columns they become."""
