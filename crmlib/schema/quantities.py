"""Every quantity that pages state, by one name: where two pages say the same `at`, they say the same value.

`subject.quantity[selector]`: the selector names whom or what it is about, and the period where there is one
("lost", "365d", "2024-03", "segment:loyal"). Without a selector it is the whole.
"""

from collections.abc import Mapping
from types import MappingProxyType

QUANTITIES: Mapping[str, str] = MappingProxyType(
    {
        # Data themselves
        "rows.read": "rows read, of all tables or of [table]",
        "rows.up_to_closing": "rows read that are not after the closing moment",
        "rows.accepted": "rows used",
        "rows.set_aside": "rows set aside, of all tables or of [table]; those merged or after the closing moment too",
        "rows.at_fault": "rows set aside because something is wrong with them",
        "rows.after_closing": "rows after the closing moment",
        "rows.mended": "rows mended",
        "rows.found": "rows that a check found [table.check.column]",
        "rows.found_share": "the same as a share of the table's rows [table.check.column]",
        "tables.read": "tables that the workspace has",
        "tables.known": "tables of the vocabulary",
        "tables.missing": "tables of the vocabulary that the workspace does not have",
        "columns.mapped": "columns of the tables that are there",
        "columns.full": "those that are filled in for every row",
        "columns.with_gaps": "those that are not",
        "columns.filled_share": "share of rows in which a column is filled in [table.column]",
        "columns.empty_share": "share of rows in which it is not [table.column]",
        "data.first_day": "day of the first row [table]",
        "data.last_day": "day of the last row [table]",
        "data.age_days": "days from the last row to the closing moment [table]",
        # Customers
        "customers.all": "customers of the workspace",
        "customers.buyers": "customers who have bought, ever or in [period]",
        "customers.in_state": "customers in one state of schema/states [state]",
        "customers.in_segment": "customers of one segment [segment]",
        "customers.in_type": "customers of one RFM type [type]",
        "customers.at_risk": "customers whom the churn model calls at risk [horizon]",
        "customers.stopping": "customers expected to stop [model, horizon]",
        "customers.listed": "customers on one list of actions [action]",
        # Sales
        "sales.net_amount": "net sales [period], [state:..] or [segment:..] of it",
        "sales.share": "share of net sales [group]",
        "sales.orders": "orders [period]",
        "sales.average_order": "net sales an order [period]",
        "sales.expected": "net sales expected [customer group, horizon]",
        "profit.amount": "profit after all costs that are known [period]",
        # Products and offers
        "products.all": "products that were sold",
        "rules.found": "rules that hold up",
        "offers.made": "offers listed [kind]",
        # Deals and plan
        "deals.open": "deals that are open",
        "deals.open_amount": "their amount",
        "deals.won": "deals won [period]",
        "deals.won_amount": "their amount [period]",
        "deals.lost": "deals lost [period]",
        "deals.overdue": "open deals past the day on which they should have closed or moved [stage]",
        "deals.win_rate": "deals won of those decided [period, stage]",
        "forecast.amount": "what is expected to come in [period]",
        "plan.target": "what the plan asks for [period]",
        "plan.reached": "what has come in towards it [period]",
        "plan.gap": "what is missing to it [period]",
        "plan.expected": "what is expected to have come in towards it by its end [measure, dimension, period]",
        "plan.keys": "targets of one dimension [measure, dimension, period, state]",
        "forecast.from_open": "the part of it that comes from deals that are open now [measure, period]",
        "forecast.plain": "what the best plain rule expects [measure, period]",
        "forecast.error": "how far off past forecasts were [measure, period, method]",
        "forecast.error_share": "the same as a share of what happened [measure, period, method]",
        "forecast.tried": "past forecasts that were made again [measure, period]",
        "forecast.held": "those in whose range the result lay [measure, period]",
        # Campaigns, leads, retention, outreach
        "campaigns.all": "campaigns that can be judged",
        "campaigns.contacts": "customers contacted [campaign]",
        "campaigns.effect": "what a campaign brought beyond what would have been bought anyway [campaign]",
        "leads.all": "leads [period]",
        "leads.converted": "leads that became customers [source, period]",
        "retention.share": "share that came back [cohort, month]",
        "outreach.planned": "contacts planned [step]",
    }
)
"""`subject.quantity` -> what it is. Add a line before a page states a quantity that is not here."""
