"""What any column of a result is called and measured in: declared columns, indicators, the vocabulary."""

from functools import cache

from crmlib.measure.indicators.catalogue import INDICATORS
from crmlib.schema.columns import Column, declared
from crmlib.schema.tables import TABLES

_KINDS = {"currency": "currency", "%": "share_pct", "days": "days", "name": "text", "0 or 1": "flag"}
_FRACTIONS = ("_mean", "_ratio", "_trend", "_variation", "_concentration", "_median", "_score")


def column_of(name: str) -> Column:
    """The declaration of a column; of one that nobody declared, what its name says.

    >>> column_of("recency_days").label, column_of("email_open_rate_pct").unit
    ('Days since last order', 'share_pct')
    """
    return _known().get(name) or declared(name) or _by_name(name)


def is_declared(name: str) -> bool:
    """Whether a column has a declaration of its own."""
    return name in _known() or declared(name) is not None


def label_of(name: str) -> str:
    """A column by the name a reader knows.

    >>> label_of("recency_days"), label_of("email_open_rate_pct")
    ('Days since last order', 'Email open rate')
    """
    return column_of(name).label


def unit_of(name: str, currency: str = "") -> str:
    """A column's unit: money in the workspace's currency, else what its declaration or its name says.

    >>> unit_of("spend_90d", "EUR"), unit_of("recency_days"), unit_of("return_rate_pct"), unit_of("tags")
    ('EUR', 'days', '%', '')
    """
    column = column_of(name)
    if column.unit == "currency":
        return currency
    return column.word if column.word is not None else _word_of(column.unit)


def declared_columns() -> dict[str, Column]:
    """Every column that has a declaration, indicators first."""
    from crmlib.schema.columns import COLUMNS

    return {**_known(), **COLUMNS}


def _word_of(unit: str) -> str:
    from crmlib.schema.columns import UNITS

    return UNITS[unit][0]


@cache
def _known() -> dict[str, Column]:
    return {one.name: _of_indicator(one) for one in INDICATORS}


def _of_indicator(one) -> Column:
    label = INDICATOR_LABELS.get(one.name) or _plain(one.name)
    unit = _KINDS.get(one.unit, "number" if one.name.endswith(_FRACTIONS) else "count")
    word = "times" if one.name == "gap_overdue_ratio" else None if one.unit in _KINDS else one.unit
    digits = {"days": 1 if one.name.endswith("_mean") else 0, "0 to 1": 2, "-1 to 1": 2, "ratio": 2}.get(
        one.unit
    )
    return Column(one.name, label, unit, one.says, digits=digits, better=one.better, word=word)


def _by_name(name: str) -> Column:
    unit = "share_pct" if name.endswith("_pct") else "days" if name.endswith("_days") else "text"
    digits = 1 if unit == "days" else None
    of_customers = {field.name: field.description for field in TABLES["customers"].fields}
    return Column(name, _plain(name), unit, of_customers.get(name, ""), digits=digits)


def _plain(name: str) -> str:
    plain = name.removesuffix("_pct").removesuffix("_days").replace("_", " ").strip()
    return f"{plain[:1].upper()}{plain[1:]}"


INDICATOR_LABELS: dict[str, str] = {
    "tenure_days": "Days since first order",
    "known_days": "Days since first record",
    "record_completeness_pct": "Record filled",
    "kind": "Kind",
    "industry": "Industry",
    "company_size": "Company size",
    "country": "Country",
    "region": "Region",
    "source": "Source",
    "employee_count": "Employees",
    "annual_revenue": "Yearly revenue",
    "household_people": "Household members",
    "age_years": "Age",
    "interest_count": "Interests",
    "tag_count": "Labels",
    "has_email_consent": "May be e-mailed",
    "has_sms_consent": "May be texted",
    "has_phone_consent": "May be called",
    "has_owner": "Looked after by one of us",
    "has_parent": "Belongs to a company",
    "came_by_campaign": "Came by a campaign",
    "payment_terms_days": "Days allowed for payment",
    "contact_person_count": "Contact persons",
    "contact_influence_max": "Greatest influence",
    "relation_count": "Ties to others",
    "referral_count": "Customers referred",
    "recency_days": "Days since last order",
    "order_count": "Orders",
    "order_count_30d": "Orders in 30 days",
    "order_count_90d": "Orders in 90 days",
    "order_count_365d": "Orders in a year",
    "order_count_previous_365d": "Orders in the year before",
    "order_trend": "Order trend",
    "gap_days_mean": "Days between orders",
    "gap_days_median": "Median days between orders",
    "gap_days_variation": "Irregularity of orders",
    "gap_days_max": "Longest gap between orders",
    "longest_silence_days": "Longest silence",
    "gap_overdue_ratio": "Silence against usual gap",
    "active_day_count": "Days with orders",
    "active_month_count": "Months with orders",
    "active_month_count_12m": "Months with orders of the last 12",
    "active_month_share_pct": "Share of months with orders",
    "orders_per_active_month_mean": "Orders a month with orders",
    "weekend_share_pct": "Bought at weekends",
    "morning_share_pct": "Bought before noon",
    "evening_share_pct": "Bought in the evening",
    "office_hours_share_pct": "Bought in office hours",
    "busiest_weekday_share_pct": "Bought on the busiest weekday",
    "busiest_quarter_share_pct": "Bought in the busiest quarter",
    "year_end_share_pct": "Bought in November or December",
    "favourite_channel": "Favourite channel",
    "channel_count": "Different channels",
    "favourite_channel_share_pct": "Share of favourite channel",
    "store_count": "Different shops",
    "favourite_store_share_pct": "Share of favourite shop",
    "basket_lines_mean": "Lines an order",
    "basket_lines_max": "Lines of the longest order",
    "basket_items_mean": "Pieces an order",
    "item_count": "Pieces bought",
    "discounted_lines_share_pct": "Lines at a discount",
    "discounted_orders_share_pct": "Orders at a discount",
    "return_rate_pct": "Returns",
    "refund_count": "Orders with refunds",
    "last_refund_days": "Days since last refund",
    "product_count": "Different products",
    "product_count_90d": "Different products in 90 days",
    "product_count_365d": "Different products in a year",
    "new_product_count_90d": "New products in 90 days",
    "new_product_share_pct": "Share of new products",
    "repeat_product_share_pct": "Products bought again",
    "top_product_share_pct": "Share of top product",
    "product_concentration": "Concentration on products",
    "category_count": "Different categories",
    "category_count_365d": "Different categories in a year",
    "new_category_count_365d": "New categories in a year",
    "department_count": "Different departments",
    "favourite_category": "Favourite category",
    "favourite_category_share_pct": "Share of favourite category",
    "category_concentration": "Concentration on categories",
    "opportunity_count": "Opportunities",
    "open_opportunity_count": "Open opportunities",
    "won_opportunity_count": "Opportunities won",
    "win_rate_pct": "Opportunities won of those decided",
    "last_opportunity_days": "Days since last opportunity",
    "days_to_win_mean": "Days to win",
    "spend_total": "Net spend",
    "spend_30d": "Spend in 30 days",
    "spend_90d": "Spend in 90 days",
    "spend_365d": "Spend in a year",
    "spend_previous_365d": "Spend in the year before",
    "spend_growth_pct": "Spend against the year before",
    "spend_trend": "Spend trend",
    "spend_month_mean": "Spend a month",
    "basket_value_mean": "Spend an order",
    "basket_value_median": "Median spend an order",
    "basket_value_mean_365d": "Spend an order, last year",
    "basket_value_max": "Largest order",
    "basket_value_variation": "Unevenness of orders",
    "first_basket_value": "First order",
    "piece_price_mean": "Price a piece",
    "silent_spend_365d": "Spend of late customers",
    "margin_total": "Margin",
    "margin_30d": "Margin in 30 days",
    "margin_90d": "Margin in 90 days",
    "margin_365d": "Margin in a year",
    "margin_share_pct": "Margin share",
    "loss_orders_share_pct": "Orders at a loss",
    "discount_total": "Discounts",
    "discount_365d": "Discounts in a year",
    "discount_share_pct": "Discount share",
    "refund_total": "Refunds",
    "cost_to_serve_total": "Cost of service",
    "cost_to_serve_365d": "Cost of service in a year",
    "invoice_count": "Invoices",
    "days_to_pay_mean": "Days to pay",
    "days_late_mean": "Days late",
    "days_late_max": "Days late at worst",
    "late_invoice_share_pct": "Invoices late",
    "open_amount": "Open amount",
    "overdue_amount": "Overdue amount",
    "overdue_share_pct": "Overdue share",
    "overdue_days_max": "Oldest overdue invoice",
    "credit_limit": "Credit limit",
    "credit_used_pct": "Credit used",
    "open_opportunity_amount": "Value of open opportunities",
    "won_amount_total": "Value won",
    "won_amount_365d": "Value won in a year",
    "campaign_count": "Campaigns",
    "campaign_count_365d": "Campaigns in a year",
    "campaign_response_count": "Answers to campaigns",
    "campaign_response_rate_pct": "Campaigns answered",
    "last_campaign_days": "Days since last campaign",
    "last_response_days": "Days since last answer",
    "days_to_respond_mean": "Days to answer",
    "interaction_count": "Contacts",
    "interaction_count_90d": "Contacts in 90 days",
    "interaction_count_365d": "Contacts in a year",
    "incoming_count_365d": "Contacts from the customer in a year",
    "outgoing_count_365d": "Contacts to the customer in a year",
    "incoming_share_pct": "Contacts that came from the customer",
    "email_count_365d": "E-mails in a year",
    "phone_count_365d": "Calls in a year",
    "visit_count_365d": "Visits in person in a year",
    "digital_contact_share_pct": "Digital contacts",
    "service_contact_share_pct": "Contacts about service",
    "last_contact_days": "Days since last contact",
    "last_incoming_days": "Days since the customer's last contact",
    "reply_rate_pct": "Contacts answered",
    "contact_minutes_365d": "Contact time in a year",
    "event_count_90d": "Site events in 90 days",
    "view_count_90d": "Views in 90 days",
    "click_count_90d": "Clicks in 90 days",
    "search_count_90d": "Searches in 90 days",
    "cart_count_90d": "Put into the cart in 90 days",
    "download_count_90d": "Downloads in 90 days",
    "last_event_days": "Days since last on the site",
    "session_count_90d": "Site visits in 90 days",
    "session_events_mean": "Events a site visit",
    "cart_sessions_share_pct": "Site visits with a cart",
    "feedback_count": "Opinions given",
    "satisfaction_mean": "Satisfaction",
    "review_score_mean": "Review score",
    "nps_mean": "Would recommend us",
    "complaint_count": "Complaints",
    "complaint_count_365d": "Complaints in a year",
    "open_complaint_count": "Open complaints",
    "last_complaint_days": "Days since last complaint",
    "complaint_days_mean": "Days to settle a complaint",
    "case_count": "Service requests",
    "case_count_365d": "Service requests in a year",
    "open_case_count": "Open service requests",
    "oldest_open_case_days": "Oldest open request",
    "last_case_days": "Days since last request",
    "first_response_hours_mean": "Hours to first answer",
    "days_to_close_mean": "Days to close a request",
    "reopened_case_share_pct": "Requests opened again",
    "urgent_case_share_pct": "Urgent requests",
}
"""Label of each built-in indicator, in the order of the catalogue."""
