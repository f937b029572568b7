"""The indicators that crmlib brings, one line of SQL each.

A window such as 90d is the last 90 calendar days of the workspace's time zone, the day of as_of among them.
Where the data begin later than the window does, it is the sum of what is there.
"""

from crmlib.measure.indicators.indicator import Indicator

_LAST_90 = "greatest(coalesce(sum(net_amount) filter (where age_days < 90), 0), 0)"
_90_BEFORE = "greatest(coalesce(sum(net_amount) filter (where age_days between 90 and 179), 0), 0)"
_PURCHASES = "nullif(count(*) filter (where is_purchase), 0)"
_FULL_PRICE = "sum(bought_amount + coalesce(discount_amount, 0)) filter (where is_purchase)"
_GAPS = "count(gap_days)"
_GAP_SPREAD = f"({_GAPS} * sum(gap_days * gap_days) - sum(gap_days) * sum(gap_days))"

# fmt: off
_PURCHASE_HABITS = (
    Indicator(
        "recency_days", "min(age_days) filter (where is_purchase)",
        over="orders", aspect="transactions", unit="days", better="lower",
        says="Days from the last purchase to as_of.",
    ),
    Indicator(
        "tenure_days", "max(age_days) filter (where is_purchase)",
        over="orders", aspect="characteristics", unit="days", better="higher",
        says="Days from the first purchase to as_of.",
    ),
    Indicator(
        "order_count", "count(*) filter (where is_purchase)",
        over="orders", aspect="transactions", unit="orders", better="higher", empty=0,
        says="Purchases; an order wholly refunded is none.",
    ),
    Indicator(
        "order_count_90d", "count(*) filter (where is_purchase and age_days < 90)",
        over="orders", aspect="transactions", unit="orders", better="higher", empty=0,
        says="Purchases in the last 90 days.",
    ),
    Indicator(
        "order_count_365d", "count(*) filter (where is_purchase and age_days < 365)",
        over="orders", aspect="transactions", unit="orders", better="higher", empty=0,
        says="Purchases in the last 365 days.",
    ),
    Indicator(
        "gap_days_mean", f"cast(sum(gap_days) as double) / nullif({_GAPS}, 0)",
        over="orders", aspect="transactions", unit="days", better="lower",
        says="Mean days from one purchase to the next; from two purchases on.",
    ),
    Indicator(
        "gap_days_variation",
        f"sqrt(cast({_GAP_SPREAD} as double) * {_GAPS} / nullif({_GAPS} - 1, 0)) / nullif(sum(gap_days), 0)",
        over="orders", aspect="transactions", unit="ratio", better="lower",
        says="How irregular the gaps between purchases are: their standard deviation over their mean; "
        "from three purchases on.",
    ),
    Indicator(
        "gap_overdue_ratio",
        f"cast(min(age_days) filter (where is_purchase) as double) * {_GAPS} / nullif(sum(gap_days), 0)",
        over="orders", aspect="transactions", unit="ratio", better="lower",
        says="Days since the last purchase over the customer's mean gap: above 1 is later than usual.",
    ),
    Indicator(
        "weekend_share_pct",
        f"100 * cast(count(*) filter (where is_purchase and is_weekend) as double) / {_PURCHASES}",
        over="orders", aspect="transactions", unit="%", better=None,
        says="Share of purchases made on a Saturday or Sunday.",
    ),
    Indicator(
        "evening_share_pct",
        f"100 * cast(count(*) filter (where is_purchase and hour >= 18) as double) / {_PURCHASES}",
        over="orders", aspect="transactions", unit="%", better=None,
        says="Share of purchases made from 18:00 to midnight.",
    ),
    Indicator(
        "favourite_channel", "min(channel) filter (where channel_rank = 1)",
        over="customer_channels", aspect="transactions", unit="name", better=None,
        says="The channel of most purchases.",
    ),
)

_SPEND = (
    Indicator(
        "spend_total", "sum(net_amount)",
        over="orders", aspect="finance", unit="currency", better="higher", empty=0,
        says="Net spend: all order lines less refunds.",
    ),
    Indicator(
        "spend_30d", "sum(net_amount) filter (where age_days < 30)",
        over="orders", aspect="finance", unit="currency", better="higher", empty=0,
        says="Net spend in the last 30 days; below 0 where more came back than was bought.",
    ),
    Indicator(
        "spend_90d", "sum(net_amount) filter (where age_days < 90)",
        over="orders", aspect="finance", unit="currency", better="higher", empty=0,
        says="Net spend in the last 90 days.",
    ),
    Indicator(
        "spend_365d", "sum(net_amount) filter (where age_days < 365)",
        over="orders", aspect="finance", unit="currency", better="higher", empty=0,
        says="Net spend in the last 365 days.",
    ),
    Indicator(
        "spend_trend",
        f"cast({_LAST_90} - {_90_BEFORE} as double) / nullif({_LAST_90} + {_90_BEFORE}, 0)",
        over="orders", aspect="finance", unit="-1 to 1", better="higher",
        says="Net spend of the last 90 days less that of the 90 before, over their sum: 0 is steady, 1 all "
        "in the last 90, -1 none; a window below 0 counts as 0; empty where both are 0.",
    ),
    Indicator(
        "basket_value_mean", f"cast(sum(kept_amount) filter (where is_purchase) as double) / {_PURCHASES}",
        over="orders", aspect="finance", unit="currency", better="higher",
        says="Mean value of a purchase, after refunds.",
    ),
    Indicator(
        "margin_total", "sum(margin_amount)",
        over="orders", aspect="finance", unit="currency", better="higher", empty=0,
        says="Net spend less cost, of the lines whose cost is known.",
    ),
    Indicator(
        "margin_30d", "sum(margin_amount) filter (where age_days < 30)",
        over="orders", aspect="finance", unit="currency", better="higher", empty=0,
        says="Margin in the last 30 days, of the lines whose cost is known.",
    ),
    Indicator(
        "margin_90d", "sum(margin_amount) filter (where age_days < 90)",
        over="orders", aspect="finance", unit="currency", better="higher", empty=0,
        says="Margin in the last 90 days, of the lines whose cost is known.",
    ),
    Indicator(
        "margin_365d", "sum(margin_amount) filter (where age_days < 365)",
        over="orders", aspect="finance", unit="currency", better="higher", empty=0,
        says="Margin in the last 365 days, of the lines whose cost is known.",
    ),
    Indicator(
        "margin_share_pct",
        "100 * cast(sum(margin_amount) as double) / nullif(greatest(sum(costed_amount), 0), 0)",
        over="orders", aspect="finance", unit="%", better="higher",
        says="Margin as a share of net spend, of the lines whose cost is known; "
        "empty where that spend is not above 0.",
    ),
    Indicator(
        "discount_share_pct",
        f"100 * cast(sum(discount_amount) filter (where is_purchase) as double) / nullif({_FULL_PRICE}, 0)",
        over="orders", aspect="finance", unit="%", better="lower",
        says="Discounts on purchases as a share of their value before discount.",
    ),
    Indicator(
        "discounted_lines_share_pct",
        "100 * cast(count(*) filter (where discount_amount > 0 and not is_refund) as double) "
        "/ nullif(count(*) filter (where not is_refund), 0)",
        over="lines", aspect="transactions", unit="%", better="lower",
        says="Share of order lines bought at a discount; refund lines are left out.",
    ),
    Indicator(
        "return_rate_pct", "100 * cast(-sum(refund_amount) as double) / nullif(sum(bought_amount), 0)",
        over="orders", aspect="transactions", unit="%", better="lower",
        says="Refunds as a share of what was bought; above 100 where something came back that was bought "
        "before the data begin.",
    ),
)

_BASKETS = (
    Indicator(
        "basket_lines_mean", f"cast(sum(line_count) filter (where is_purchase) as double) / {_PURCHASES}",
        over="orders", aspect="transactions", unit="lines", better="higher",
        says="Mean number of lines of a purchase.",
    ),
    Indicator(
        "basket_items_mean", f"cast(sum(quantity) filter (where is_purchase) as double) / {_PURCHASES}",
        over="orders", aspect="transactions", unit="pieces", better="higher",
        says="Mean number of pieces of a purchase.",
    ),
    Indicator(
        "product_count", "count(*) filter (where net_amount > 0)",
        over="customer_products", aspect="transactions", unit="products", better="higher", empty=0,
        says="Different products bought and not sent back.",
    ),
    Indicator(
        "category_count", "count(*) filter (where product_count > 0)",
        over="customer_categories", aspect="transactions", unit="categories", better="higher", empty=0,
        says="Different categories among the products bought and not sent back.",
    ),
    Indicator(
        "department_count", "count(distinct department) filter (where net_amount > 0)",
        over="customer_products", aspect="transactions", unit="departments", better="higher", empty=0,
        says="Different departments among the products bought and not sent back.",
    ),
    Indicator(
        "favourite_category", "min(category) filter (where category_rank = 1 and net_amount > 0)",
        over="customer_categories", aspect="transactions", unit="name", better=None,
        says="The category with the highest net spend.",
    ),
    Indicator(
        "favourite_category_share_pct",
        "100 * cast(max(net_amount) filter (where net_amount > 0) as double) "
        "/ sum(net_amount) filter (where net_amount > 0)",
        over="customer_categories", aspect="transactions", unit="%", better=None,
        says="Share of the favourite category in the net spend on known categories.",
    ),
)

_CAMPAIGNS = (
    Indicator(
        "campaign_count", "count(*) filter (where is_contacted)",
        over="campaign_contacts", aspect="contact", unit="campaigns", better=None, empty=0,
        says="Campaigns the customer was in, held-out ones left aside.",
    ),
    Indicator(
        "campaign_response_rate_pct",
        "100 * cast(count(*) filter (where is_contacted and has_responded) as double) "
        "/ nullif(count(*) filter (where is_contacted), 0)",
        over="campaign_contacts", aspect="contact", unit="%", better="higher",
        says="Share of the campaigns the customer was in that the customer answered.",
    ),
)
# fmt: on

INDICATORS: tuple[Indicator, ...] = (*_PURCHASE_HABITS, *_SPEND, *_BASKETS, *_CAMPAIGNS)
"""The built-in indicators, in the order of the columns they become."""
