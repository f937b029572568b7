"""Built-in indicators of what, when and how regularly a customer buys.

A window such as 90d is the last 90 calendar days of the workspace's time zone, the day of as_of among them.
Where the data begin later than the window does, it is the count of what is there.
"""

from crmlib.measure.indicators.indicator import Indicator

_PURCHASES = "nullif(count(*) filter (where is_purchase), 0)"
_GAPS = "count(gap_days)"
_GAP_SPREAD = f"({_GAPS} * sum(gap_days * gap_days) - sum(gap_days) * sum(gap_days))"
_RECENT = "count(*) filter (where is_purchase and age_days < 90)"
_BEFORE = "count(*) filter (where is_purchase and age_days between 90 and 179)"
_MONTHS = "count(*) filter (where starts_month)"
_KEPT = "nullif(count(*) filter (where net_amount > 0), 0)"


def _share(condition: str) -> str:
    return f"100 * cast(count(*) filter (where is_purchase and {condition}) as double) / {_PURCHASES}"


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


# fmt: off
_HABITS = (
    Indicator(
        "recency_days", "min(age_days) filter (where is_purchase)",
        over="orders", aspect="transactions", unit="days", better="lower",
        says="Days from the last purchase to as_of.",
    ),
    Indicator(
        "order_count", "count(*) filter (where is_purchase)",
        over="orders", aspect="transactions", unit="orders", better="higher", empty=0,
        says="Purchases; an order wholly refunded is none.",
    ),
    Indicator(
        "order_count_30d", "count(*) filter (where is_purchase and age_days < 30)",
        over="orders", aspect="transactions", unit="orders", better="higher", empty=0,
        says="Purchases in the last 30 days.",
    ),
    Indicator(
        "order_count_90d", _RECENT,
        over="orders", aspect="transactions", unit="orders", better="higher", empty=0,
        says="Purchases in the last 90 days.",
    ),
    Indicator(
        "order_count_365d", "count(*) filter (where is_purchase and age_days < 365)",
        over="orders", aspect="transactions", unit="orders", better="higher", empty=0,
        says="Purchases in the last 365 days.",
    ),
    Indicator(
        "order_count_previous_365d", "count(*) filter (where is_purchase and age_days between 365 and 729)",
        over="orders", aspect="transactions", unit="orders", better="higher", empty=0,
        says="Purchases in the 365 days before the last 365.",
    ),
    Indicator(
        "order_trend", f"cast({_RECENT} - {_BEFORE} as double) / nullif({_RECENT} + {_BEFORE}, 0)",
        over="orders", aspect="transactions", unit="-1 to 1", better="higher",
        says="Purchases of the last 90 days less those of the 90 before, over their sum: 0 is steady, 1 all in "
        "the last 90, -1 none; empty where there are none in both.",
    ),
    Indicator(
        "gap_days_mean", f"cast(sum(gap_days) as double) / nullif({_GAPS}, 0)",
        over="orders", aspect="transactions", unit="days", better="lower",
        says="Mean days from one purchase to the next; from two purchases on.",
    ),
    Indicator(
        "gap_days_median", "percentile_cont(0.5) within group (order by cast(gap_days as double))",
        over="orders", aspect="transactions", unit="days", better="lower",
        says="Median days from one purchase to the next; from two purchases on.",
    ),
    Indicator(
        "gap_days_variation",
        f"sqrt(cast({_GAP_SPREAD} as double) * {_GAPS} / nullif({_GAPS} - 1, 0)) / nullif(sum(gap_days), 0)",
        over="orders", aspect="transactions", unit="ratio", better="lower",
        says="How irregular the gaps between purchases are: their standard deviation over their mean; "
        "from three purchases on.",
    ),
    Indicator(
        "gap_days_max", "max(gap_days)",
        over="orders", aspect="transactions", unit="days", better="lower",
        says="Most days from one purchase to the next; from two purchases on.",
    ),
    Indicator(
        "longest_silence_days", "greatest(max(gap_days), min(age_days) filter (where is_purchase))",
        over="orders", aspect="transactions", unit="days", better="lower",
        says="Most days without a purchase since the first one, the time since the last one among them.",
    ),
    Indicator(
        "gap_overdue_ratio",
        f"cast(min(age_days) filter (where is_purchase) as double) * {_GAPS} / nullif(sum(gap_days), 0)",
        over="orders", aspect="transactions", unit="ratio", better="lower",
        says="Days since the last purchase over the customer's mean gap: above 1 is later than usual.",
    ),
    Indicator(
        "active_day_count", "count(*) filter (where starts_day)",
        over="orders", aspect="transactions", unit="days with orders", better="higher", empty=0,
        says="Days on which the customer purchased.",
    ),
    Indicator(
        "active_month_count", _MONTHS,
        over="orders", aspect="transactions", unit="months", better="higher", empty=0,
        says="Calendar months in which the customer purchased.",
    ),
    Indicator(
        "active_month_count_12m", "count(*) filter (where starts_month and months_ago < 12)",
        over="orders", aspect="transactions", unit="months", better="higher", empty=0,
        says="Calendar months of the last 12, that of as_of among them, in which the customer purchased.",
    ),
    Indicator(
        "active_month_share_pct",
        f"100 * cast({_MONTHS} as double) / (1 + max(months_ago) filter (where is_purchase))",
        over="orders", aspect="transactions", unit="%", better="higher",
        says="Share of the calendar months from that of the first purchase to that of as_of in which the "
        "customer purchased.",
    ),
    Indicator(
        "orders_per_active_month_mean", f"cast(count(*) filter (where is_purchase) as double) / nullif({_MONTHS}, 0)",
        over="orders", aspect="transactions", unit="orders", better="higher",
        says="Mean purchases in a calendar month with a purchase.",
    ),
    Indicator(
        "weekend_share_pct", _share("is_weekend"),
        over="orders", aspect="transactions", unit="%", better=None,
        says="Share of purchases made on a Saturday or Sunday.",
    ),
    Indicator(
        "morning_share_pct", _share("hour < 12"),
        over="orders", aspect="transactions", unit="%", better=None,
        says="Share of purchases made from midnight to 12:00.",
    ),
    Indicator(
        "evening_share_pct", _share("hour >= 18"),
        over="orders", aspect="transactions", unit="%", better=None,
        says="Share of purchases made from 18:00 to midnight.",
    ),
    Indicator(
        "office_hours_share_pct", _share("weekday < 5 and hour between 9 and 16"),
        over="orders", aspect="transactions", unit="%", better=None,
        says="Share of purchases made from Monday to Friday between 9:00 and 17:00.",
    ),
    Indicator(
        "busiest_weekday_share_pct", _busiest(range(7), "weekday = {}"),
        over="orders", aspect="transactions", unit="%", better=None,
        says="Share of purchases made on the day of the week with most of them.",
    ),
    Indicator(
        "busiest_quarter_share_pct", _busiest(range(1, 5), "(month + 2) // 3 = {}"),
        over="orders", aspect="transactions", unit="%", better=None,
        says="Share of purchases made in the quarter of the year with most of them: about 25 is no season.",
    ),
    Indicator(
        "year_end_share_pct", _share("month >= 11"),
        over="orders", aspect="transactions", unit="%", better=None,
        says="Share of purchases made in November or December.",
    ),
    Indicator(
        "favourite_channel", _favourite("channel", "order_count", "net_amount"),
        over="customer_channels", aspect="transactions", unit="name", better=None,
        says="The channel of most purchases; of equals the one with more spend.",
    ),
    Indicator(
        "channel_count", "count(*)",
        over="customer_channels", aspect="transactions", unit="channels", better="higher", empty=0,
        says="Different channels of purchases.",
    ),
    Indicator(
        "favourite_channel_share_pct", _top_share("order_count"),
        over="customer_channels", aspect="transactions", unit="%", better=None,
        says="Share of the favourite channel in the purchases whose channel is known.",
    ),
    Indicator(
        "store_count", "count(*)",
        over="customer_stores", aspect="transactions", unit="shops", better=None, empty=0,
        says="Different shops of purchases.",
    ),
    Indicator(
        "favourite_store_share_pct", _top_share("order_count"),
        over="customer_stores", aspect="transactions", unit="%", better=None,
        says="Share of the shop with most purchases in those whose shop is known.",
    ),
)

_BASKETS = (
    Indicator(
        "basket_lines_mean", f"cast(sum(line_count) filter (where is_purchase) as double) / {_PURCHASES}",
        over="orders", aspect="transactions", unit="lines", better="higher",
        says="Mean number of lines of a purchase.",
    ),
    Indicator(
        "basket_lines_max", "max(line_count) filter (where is_purchase)",
        over="orders", aspect="transactions", unit="lines", better="higher",
        says="Lines of the purchase with most of them.",
    ),
    Indicator(
        "basket_items_mean", f"cast(sum(quantity) filter (where is_purchase) as double) / {_PURCHASES}",
        over="orders", aspect="transactions", unit="pieces", better="higher",
        says="Mean number of pieces of a purchase.",
    ),
    Indicator(
        "item_count", "sum(quantity) filter (where is_purchase)",
        over="orders", aspect="transactions", unit="pieces", better="higher", empty=0,
        says="Pieces bought in all purchases.",
    ),
    Indicator(
        "discounted_lines_share_pct",
        "100 * cast(sum(discounted_line_count) as double) / nullif(sum(line_count), 0)",
        over="orders", aspect="transactions", unit="%", better="lower",
        says="Share of order lines bought at a discount; refund lines are left out.",
    ),
    Indicator(
        "discounted_orders_share_pct", _share("discounted_line_count > 0"),
        over="orders", aspect="transactions", unit="%", better="lower",
        says="Share of purchases with anything bought at a discount.",
    ),
    Indicator(
        "return_rate_pct", "100 * cast(-sum(refund_amount) as double) / nullif(sum(bought_amount), 0)",
        over="orders", aspect="transactions", unit="%", better="lower",
        says="Refunds as a share of what was bought; above 100 where something came back that was bought "
        "before the data begin.",
    ),
    Indicator(
        "refund_count", "count(*) filter (where refund_amount < 0)",
        over="orders", aspect="transactions", unit="orders", better="lower", empty=0,
        says="Orders with a refund on them.",
    ),
    Indicator(
        "last_refund_days", "min(age_days) filter (where refund_amount < 0)",
        over="orders", aspect="transactions", unit="days", better=None,
        says="Days from the last order with a refund on it to as_of.",
    ),
)

_BREADTH = (
    Indicator(
        "product_count", "count(*) filter (where net_amount > 0)",
        over="customer_products", aspect="transactions", unit="products", better="higher", empty=0,
        says="Different products bought and not sent back.",
    ),
    Indicator(
        "product_count_90d", "count(*) filter (where net_amount > 0 and is_bought_90d)",
        over="customer_products", aspect="transactions", unit="products", better="higher", empty=0,
        says="Different products, not sent back, bought in the last 90 days.",
    ),
    Indicator(
        "product_count_365d", "count(*) filter (where net_amount > 0 and is_bought_365d)",
        over="customer_products", aspect="transactions", unit="products", better="higher", empty=0,
        says="Different products, not sent back, bought in the last 365 days.",
    ),
    Indicator(
        "new_product_count_90d", "count(*) filter (where net_amount > 0 and is_new_90d)",
        over="customer_products", aspect="transactions", unit="products", better="higher", empty=0,
        says="Different products, not sent back, bought in the last 90 days for the first time.",
    ),
    Indicator(
        "new_product_share_pct",
        "100 * cast(count(*) filter (where net_amount > 0 and is_new_90d) as double) "
        "/ nullif(count(*) filter (where net_amount > 0 and is_bought_90d), 0)",
        over="customer_products", aspect="transactions", unit="%", better=None,
        says="Of the different products bought in the last 90 days, the share never bought before.",
    ),
    Indicator(
        "repeat_product_share_pct",
        f"100 * cast(count(*) filter (where net_amount > 0 and is_repeated) as double) / {_KEPT}",
        over="customer_products", aspect="transactions", unit="%", better="higher",
        says="Share of the different products bought that were bought again at a later moment.",
    ),
    Indicator(
        "top_product_share_pct", _top_share("net_amount"),
        over="customer_products", aspect="transactions", unit="%", better=None,
        says="Share of the product with the highest net spend in the net spend on all products.",
    ),
    Indicator(
        "product_concentration", _concentration("net_amount"),
        over="customer_products", aspect="transactions", unit="0 to 1", better=None,
        says="Herfindahl index of the net spend on products: 1 is all on one, near 0 spread over many.",
    ),
    Indicator(
        "category_count", "count(*) filter (where product_count > 0)",
        over="customer_categories", aspect="transactions", unit="categories", better="higher", empty=0,
        says="Different categories among the products bought and not sent back.",
    ),
    Indicator(
        "category_count_365d", "count(*) filter (where is_bought_365d)",
        over="customer_categories", aspect="transactions", unit="categories", better="higher", empty=0,
        says="Different categories among the products, not sent back, bought in the last 365 days.",
    ),
    Indicator(
        "new_category_count_365d", "count(*) filter (where is_new_365d)",
        over="customer_categories", aspect="transactions", unit="categories", better="higher", empty=0,
        says="Different categories bought from in the last 365 days for the first time.",
    ),
    Indicator(
        "department_count", "count(distinct department) filter (where net_amount > 0)",
        over="customer_products", aspect="transactions", unit="departments", better="higher", empty=0,
        says="Different departments among the products bought and not sent back.",
    ),
    Indicator(
        "favourite_category", _favourite("category", "net_amount"),
        over="customer_categories", aspect="transactions", unit="name", better=None,
        says="The category with the highest net spend.",
    ),
    Indicator(
        "favourite_category_share_pct", _top_share("net_amount"),
        over="customer_categories", aspect="transactions", unit="%", better=None,
        says="Share of the favourite category in the net spend on known categories.",
    ),
    Indicator(
        "category_concentration", _concentration("net_amount"),
        over="customer_categories", aspect="transactions", unit="0 to 1", better=None,
        says="Herfindahl index of the net spend on categories: 1 is all on one, near 0 spread over many.",
    ),
)

_DEALS = (
    Indicator(
        "opportunity_count", "count(*)",
        over="opportunities", aspect="transactions", unit="opportunities", better="higher", empty=0,
        says="Opportunities with the customer, open, won or lost.",
    ),
    Indicator(
        "open_opportunity_count", "count(*) filter (where outcome = 'open')",
        over="opportunities", aspect="transactions", unit="opportunities", better="higher", empty=0,
        says="Opportunities that were open at as_of.",
    ),
    Indicator(
        "won_opportunity_count", "count(*) filter (where outcome = 'won')",
        over="opportunities", aspect="transactions", unit="opportunities", better="higher", empty=0,
        says="Opportunities that were won.",
    ),
    Indicator(
        "win_rate_pct",
        "100 * cast(count(*) filter (where outcome = 'won') as double) "
        "/ nullif(count(*) filter (where outcome in ('won', 'lost')), 0)",
        over="opportunities", aspect="transactions", unit="%", better="higher",
        says="Share of the opportunities that came to an end that were won.",
    ),
    Indicator(
        "last_opportunity_days", "min(age_days)",
        over="opportunities", aspect="transactions", unit="days", better="lower",
        says="Days from the opening of the last opportunity to as_of.",
    ),
    Indicator(
        "days_to_win_mean",
        "cast(sum(days_to_close) filter (where outcome = 'won') as double) "
        "/ nullif(count(days_to_close) filter (where outcome = 'won'), 0)",
        over="opportunities", aspect="transactions", unit="days", better="lower",
        says="Mean days from the opening to the winning of an opportunity.",
    ),
)
# fmt: on

TRANSACTIONS = (*_HABITS, *_BASKETS, *_BREADTH, *_DEALS)
"""Indicators of transactions."""
