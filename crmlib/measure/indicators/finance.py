"""Built-in indicators of money: what a customer brings, costs and owes.

A window such as 90d is the last 90 calendar days of the workspace's time zone, the day of as_of among them.
Where the data begin later than the window does, it is the sum of what is there.
"""

from crmlib.measure.indicators.indicator import Indicator
from crmlib.schema.states import LATE_TIMES, spoken

_LAST_90 = "greatest(coalesce(sum(net_amount) filter (where age_days < 90), 0), 0)"
_90_BEFORE = "greatest(coalesce(sum(net_amount) filter (where age_days between 90 and 179), 0), 0)"
_YEAR = "sum(net_amount) filter (where age_days < 365)"
_YEAR_BEFORE = "sum(net_amount) filter (where age_days between 365 and 729)"
_PURCHASES = "nullif(count(*) filter (where is_purchase), 0)"
_FULL_PRICE = "sum(bought_amount + coalesce(discount_amount, 0)) filter (where is_purchase)"
_KEPT = "sum(kept_amount) filter (where is_purchase)"
# Of 19 digits: DuckDB keeps the product of two decimals of 18 in 18 digits, too few for 100,001 squared.
_SQUARED = "try_cast(kept_amount as decimal(19, 4)) * try_cast(kept_amount as decimal(19, 4))"
_SQUARES = f"cast({_PURCHASES} * sum({_SQUARED}) filter (where is_purchase) as double)"
_SQUARE = f"cast({_KEPT} as double) * cast({_KEPT} as double)"
_OPEN = "sum(open_amount)"


def _known_sum(column: str, when: str = "true") -> str:
    """The sum of a column, not a number where there are fitting rows and none of them knows it."""
    rows, known = f"count(*) filter (where {when})", f"count({column}) filter (where {when})"
    total = f"cast(sum({column}) filter (where {when}) as double)"
    return f"case when {rows} > 0 and {known} = 0 then cast('NaN' as double) else {total} end"


# fmt: off
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
        "spend_365d", _YEAR,
        over="orders", aspect="finance", unit="currency", better="higher", empty=0,
        says="Net spend in the last 365 days.",
    ),
    Indicator(
        "spend_previous_365d", _YEAR_BEFORE,
        over="orders", aspect="finance", unit="currency", better="higher", empty=0,
        says="Net spend in the 365 days before the last 365.",
    ),
    Indicator(
        "spend_growth_pct",
        f"100 * cast(coalesce({_YEAR}, 0) - {_YEAR_BEFORE} as double) / nullif(greatest({_YEAR_BEFORE}, 0), 0)",
        over="orders", aspect="finance", unit="%", better="higher",
        says="Net spend of the last 365 days against the 365 before: 0 is the same, -100 nothing any more; "
        "empty where there was none before.",
    ),
    Indicator(
        "spend_trend",
        f"cast({_LAST_90} - {_90_BEFORE} as double) / nullif({_LAST_90} + {_90_BEFORE}, 0)",
        over="orders", aspect="finance", unit="-1 to 1", better="higher",
        says="Net spend of the last 90 days less that of the 90 before, over their sum: 0 is steady, 1 all "
        "in the last 90, -1 none; a window below 0 counts as 0; empty where both are 0.",
    ),
    Indicator(
        "spend_month_mean",
        "cast(sum(net_amount) as double) / (1 + max(months_ago) filter (where is_purchase))",
        over="orders", aspect="finance", unit="currency", better="higher",
        says="Net spend a calendar month, from the month of the first purchase to that of as_of.",
    ),
    Indicator(
        "basket_value_mean", f"cast({_KEPT} as double) / {_PURCHASES}",
        over="orders", aspect="finance", unit="currency", better="higher",
        says="Mean value of a purchase, after refunds.",
    ),
    Indicator(
        "basket_value_median",
        "percentile_cont(0.5) within group (order by case when is_purchase then cast(kept_amount as double) end)",
        over="orders", aspect="finance", unit="currency", better="higher",
        says="Median value of a purchase, after refunds.",
    ),
    Indicator(
        "basket_value_mean_365d",
        "cast(sum(kept_amount) filter (where is_purchase and age_days < 365) as double) "
        "/ nullif(count(*) filter (where is_purchase and age_days < 365), 0)",
        over="orders", aspect="finance", unit="currency", better="higher",
        says="Mean value of a purchase of the last 365 days, after refunds.",
    ),
    Indicator(
        "basket_value_max", "max(kept_amount) filter (where is_purchase)",
        over="orders", aspect="finance", unit="currency", better="higher",
        says="Value of the largest purchase, after refunds.",
    ),
    Indicator(
        "basket_value_variation",
        f"sqrt((case when {_SQUARES} - {_SQUARE} > {_SQUARE} / 1e13 then {_SQUARES} - {_SQUARE} else 0 end) "
        f"* {_PURCHASES} / nullif({_PURCHASES} - 1, 0)) / nullif(cast({_KEPT} as double), 0)",
        over="orders", aspect="finance", unit="ratio", better="lower",
        says="How much the values of purchases differ: their standard deviation over their mean; "
        "from two purchases on.",
    ),
    Indicator(
        "first_basket_value", "sum(kept_amount) filter (where is_purchase and gap_days is null)",
        over="orders", aspect="finance", unit="currency", better="higher",
        says="Value of the first purchase, after refunds.",
    ),
    Indicator(
        "piece_price_mean",
        "cast(sum(bought_amount) filter (where is_purchase) as double) "
        "/ nullif(sum(quantity) filter (where is_purchase), 0)",
        over="orders", aspect="finance", unit="currency", better=None,
        says="Mean price paid for a piece, before refunds.",
    ),
    Indicator(
        "silent_spend_365d",
        "case when sum(gap_days) > 0 "
        f"and min(age_days) filter (where is_purchase) * count(gap_days) >= {LATE_TIMES:g} * sum(gap_days) "
        f"then greatest({_YEAR}, 0) else 0 end",
        over="orders", aspect="finance", unit="currency", better="lower", empty=0,
        says=f"Net spend of the last 365 days of a customer who is late: no purchase for {spoken(LATE_TIMES)} the "
        "usual gap or longer; 0 for all others, and where all purchases were on one day.",
    ),
)

_MARGIN = (
    Indicator(
        "margin_total", _known_sum("margin_amount"),
        over="orders", aspect="finance", unit="currency", better="higher", empty=0,
        says="Net spend less cost, of the lines whose cost is known; empty where none of them is.",
    ),
    Indicator(
        "margin_30d", _known_sum("margin_amount", "age_days < 30"),
        over="orders", aspect="finance", unit="currency", better="higher", empty=0,
        says="Margin in the last 30 days, of the lines whose cost is known; empty where none of them is.",
    ),
    Indicator(
        "margin_90d", _known_sum("margin_amount", "age_days < 90"),
        over="orders", aspect="finance", unit="currency", better="higher", empty=0,
        says="Margin in the last 90 days, of the lines whose cost is known; empty where none of them is.",
    ),
    Indicator(
        "margin_365d", _known_sum("margin_amount", "age_days < 365"),
        over="orders", aspect="finance", unit="currency", better="higher", empty=0,
        says="Margin in the last 365 days, of the lines whose cost is known; empty where none of them is.",
    ),
    Indicator(
        "margin_share_pct",
        "100 * cast(sum(margin_amount) as double) / nullif(greatest(sum(costed_amount), 0), 0)",
        over="orders", aspect="finance", unit="%", better="higher",
        says="Margin as a share of net spend, of the lines whose cost is known; "
        "empty where that spend is not above 0.",
    ),
    Indicator(
        "loss_orders_share_pct",
        "100 * cast(count(*) filter (where is_purchase and margin_amount < 0) as double) "
        "/ nullif(count(margin_amount) filter (where is_purchase), 0)",
        over="orders", aspect="finance", unit="%", better="lower",
        says="Share of the purchases whose cost is known that cost us more than they brought.",
    ),
    Indicator(
        "discount_total", "sum(discount_amount) filter (where is_purchase)",
        over="orders", aspect="finance", unit="currency", better="lower", empty=0,
        says="Discounts given on purchases.",
    ),
    Indicator(
        "discount_365d", "sum(discount_amount) filter (where is_purchase and age_days < 365)",
        over="orders", aspect="finance", unit="currency", better="lower", empty=0,
        says="Discounts given on purchases of the last 365 days.",
    ),
    Indicator(
        "discount_share_pct",
        f"100 * cast(sum(discount_amount) filter (where is_purchase) as double) / nullif({_FULL_PRICE}, 0)",
        over="orders", aspect="finance", unit="%", better="lower",
        says="Discounts on purchases as a share of their value before discount.",
    ),
    Indicator(
        "refund_total", "-sum(refund_amount)",
        over="orders", aspect="finance", unit="currency", better="lower", empty=0,
        says="Paid back to the customer.",
    ),
    Indicator(
        "cost_to_serve_total", _known_sum("cost_amount"),
        over="service_cases", aspect="finance", unit="currency", better="lower", empty=0,
        says="What the customer's service requests cost us; empty where no cost of theirs is known.",
    ),
    Indicator(
        "cost_to_serve_365d", _known_sum("cost_amount", "age_days < 365"),
        over="service_cases", aspect="finance", unit="currency", better="lower", empty=0,
        says="What the customer's service requests of the last 365 days cost us; empty where no cost is known.",
    ),
)

_PAYMENT = (
    Indicator(
        "invoice_count", "count(*) filter (where is_invoice)",
        over="orders", aspect="finance", unit="invoices", better=None, empty=0,
        says="Purchases with a day on which payment is due.",
    ),
    Indicator(
        "days_to_pay_mean", "cast(sum(days_to_pay) as double) / nullif(count(days_to_pay), 0)",
        over="orders", aspect="finance", unit="days", better="lower",
        says="Mean days from order to payment, of the invoices that are paid.",
    ),
    Indicator(
        "days_late_mean", "cast(sum(days_late) as double) / nullif(count(days_late), 0)",
        over="orders", aspect="finance", unit="days", better="lower",
        says="Mean days past the due day, 0 if paid in time; one not paid counts up to as_of, one not yet "
        "due is left out.",
    ),
    Indicator(
        "days_late_max", "max(days_late)",
        over="orders", aspect="finance", unit="days", better="lower",
        says="Most days past the due day, of invoices paid or still overdue.",
    ),
    Indicator(
        "late_invoice_share_pct",
        "100 * cast(count(*) filter (where days_late > 0) as double) / nullif(count(days_late), 0)",
        over="orders", aspect="finance", unit="%", better="lower",
        says="Share of the invoices paid or due that were paid late or are overdue.",
    ),
    Indicator(
        "open_amount", _OPEN,
        over="orders", aspect="finance", unit="currency", better="lower", empty=0,
        says="Invoices that are not paid.",
    ),
    Indicator(
        "overdue_amount", "sum(open_amount) filter (where is_overdue)",
        over="orders", aspect="finance", unit="currency", better="lower", empty=0,
        says="Invoices past their due day that are not paid.",
    ),
    Indicator(
        "overdue_share_pct",
        f"100 * cast(coalesce(sum(open_amount) filter (where is_overdue), 0) as double) / nullif({_OPEN}, 0)",
        over="orders", aspect="finance", unit="%", better="lower",
        says="Share of the open amount that is past its due day; empty where nothing is open.",
    ),
    Indicator(
        "overdue_days_max", "max(days_late) filter (where is_overdue)",
        over="orders", aspect="finance", unit="days", better="lower",
        says="Days that the oldest overdue invoice is past its due day.",
    ),
    Indicator(
        "credit_limit", "max(credit_limit)",
        over="customers", aspect="finance", unit="currency", better=None,
        says="Credit granted to the customer.",
    ),
    Indicator(
        "credit_used_pct", "100 * cast(sum(open_amount) as double) / nullif(sum(credit_limit), 0)",
        over="credit_accounts", aspect="finance", unit="%", better="lower",
        says="Invoices that are not paid as a share of the credit granted.",
    ),
)

_DEALS = (
    Indicator(
        "open_opportunity_amount", "sum(amount) filter (where outcome = 'open')",
        over="opportunities", aspect="finance", unit="currency", better="higher", empty=0,
        says="Value of the opportunities that were open at as_of.",
    ),
    Indicator(
        "won_amount_total", "sum(amount) filter (where outcome = 'won')",
        over="opportunities", aspect="finance", unit="currency", better="higher", empty=0,
        says="Value of the opportunities that were won.",
    ),
    Indicator(
        "won_amount_365d", "sum(amount) filter (where outcome = 'won' and closed_age_days < 365)",
        over="opportunities", aspect="finance", unit="currency", better="higher", empty=0,
        says="Value of the opportunities won in the last 365 days.",
    ),
)
# fmt: on

FINANCE = (*_SPEND, *_MARGIN, *_PAYMENT, *_DEALS)
"""Indicators of finance."""
