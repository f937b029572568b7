"""Columns of service: cases, how fast they are answered and closed, what they cost, and who may have one."""

from crmlib.schema.results.column import Column, bounds

# fmt: off
SERVICE = (
    Column("value_third", "Customers by spend"),
    Column("service_level", "Service level"),
    Column("response_hours", "Half answered after", "number", "Cases not yet answered are counted.", word="hours",
           better="lower"),
    *bounds("response_hours", "number", digits=1),
    Column("resolution_days", "Half closed after", "days", "Cases still open are counted.", better="lower"),
    *bounds("resolution_days", "days"),
    Column("reopened_pct", "Opened again", "share_pct", better="lower"),
    Column("cost_each", "Cost of a case", "currency", digits=0),
    Column("cost_365d", "Cost of cases in a year", "currency", digits=0),
    Column("cost_pct", "Cost of cases", "share_pct", "Of the margin of the same year, before service.", better="lower",
           word="% of margin"),
    Column("lines_sold", "Order lines", "count"),
    Column("case_rate_pct", "Cases per hundred lines", "share_pct", word="", better="lower"),
    Column("case_times", "Against other products", "ratio", "Cases an order line, over those of all others.", digits=1,
           word="times"),
    *bounds("case_times", "ratio", digits=1),
    Column("now_kept", "Kept now", "number", word="hours"),
    Column("by_value_kept", "Could be kept", "number", word="hours"),
    Column("offered_product", "What could be offered"),
    Column("offered_price", "Price", "currency"),
    Column("offer_reason", "Because"),
    Column("bought_on", "Bought on", "date"),
    Column("called", "Would have been called", "count"),
    Column("had_case", "Had a case", "count"),
    Column("hit_pct", "Had a case, share", "share_pct"),
    *bounds("hit", "share_pct", digits=1),
)
# fmt: on
