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
        "rows.found_share": "rows that a check found, as a share of the table's rows [table.check.column]",
        "tables.read": "tables that the workspace has",
        "tables.known": "tables of the vocabulary",
        "tables.missing": "tables of the vocabulary that the workspace does not have",
        "columns.mapped": "columns of the tables that are there",
        "columns.full": "columns that are filled in for every row",
        "columns.with_gaps": "columns that are not filled in for every row",
        "columns.filled_share": "share of rows in which a column is filled in [table.column]",
        "columns.empty_share": "share of rows in which a column is empty [table.column]",
        "data.first_day": "day of the first row [table]",
        "data.last_day": "day of the last row [table]",
        "data.age_days": "days from the last row to the closing moment [table]",
        # Identities
        "identities.records": "entries of the lists of customers",
        "identities.customers": "the customers that the entries of the lists are",
        "identities.right": "the least share of the pairs put together that are one customer",
        "identities.found": "the least share of the double entries that were found",
        "identities.signs": "e-mail addresses, telephones, visitors, accounts and orders' numbers in other tables",
        "identities.signs_joined": "signs in other tables that are of one customer",
        "identities.signs_shared": "signs in other tables that are of several customers",
        "rows.named": "rows that named nobody and name their customer by a sign, such as an e-mail address",
        # Customers
        "customers.all": "customers of the workspace",
        "customers.buyers": "customers who have bought, ever or in [period]",
        "customers.in_state": "customers in one state of schema/states [state]",
        "customers.in_segment": "customers of one segment [segment]",
        "customers.in_type": "customers of one RFM type [type]",
        "customers.at_risk": "customers whom the churn model calls at risk [horizon]",
        "customers.stopping": "customers expected to stop [model, horizon]",
        "customers.listed": "customers on one list of actions [action]",
        "customers.bought": "customers who have bought by their state: buying or silent",
        "customers.buying": "customers who buy by their state",
        "customers.silent": "customers who are dormant or lost",
        "customers.asked": "customers of whom the churn model has a say [horizon]",
        "customers.likely_gone": "customers whom the purchase model calls likely gone",
        "customers.segment_share": "share of customers in one segment [segment]",
        "customers.late": "customers who are late by their own habit, all or of [segment:..]",
        "customers.late_buying": "late customers who still buy by their state, all or of [segment:..]",
        "customers.came_back": "share of those who have bought that have bought again",
        "customers.bought_once": "customers with one purchase, whatever came back left out",
        "customers.spend_median": "median spend of those who have bought",
        "customers.type_share": "share of customers of one RFM type [type]",
        "segments.found": "segments of those who have bought",
        "customers.in_class": "customers of one class of value [class]",
        "customers.top_share": "share of the value that the best customers bring [their share in percent, measure]",
        "customers.future_value": "what today's customers should bring, in money of today [horizon]",
        "customers.loyalty": "the median score of loyalty",
        # Sales
        "sales.net_amount": "net sales [period], [state:..] or [segment:..] of it",
        "sales.share": "share of net sales [group]",
        "sales.orders": "orders [period]",
        "sales.average_order": "net sales an order [period]",
        "sales.expected": "net sales expected [customer group, horizon]",
        "sales.at_risk": "chance to stop times the net sales of the last horizon, added up [horizon]",
        "sales.late_buying": "net sales of those who are late and still buy by their state, all or of [segment:..]",
        "sales.top_share": "share of spend of the customers who spend most [part of the customers, %]",
        "profit.amount": "profit after all costs that are known [period]",
        "sales.room": "what customers would spend more a year, if they bought what comparable ones do",
        "sales.overdue": "invoiced, past its day and not paid",
        # Products and offers
        "products.all": "products that were sold",
        "rules.found": "rules that hold up",
        "offers.made": "offers listed [kind]",
        "offers.customers": "customers with an offer",
        "offers.hit_share": "share of customers who bought something of a list in the test [list, question]",
        "offers.money_each": "what was bought of a list in the test, a customer [list, question]",
        "baskets.all": "orders from which anything was taken",
        # Deals and plan
        "deals.open": "deals that are open",
        "deals.open_amount": "amount of the open deals",
        "deals.won": "deals won [period]",
        "deals.won_amount": "amount of the deals won [period]",
        "deals.lost": "deals lost [period]",
        "deals.overdue": "open deals past the day on which they should have closed or moved [stage]",
        "deals.win_rate": "deals won of those decided [period, stage]",
        "deals.overdue_amount": "amount of the deals that are overdue",
        "deals.unplanned": "open deals with no contact planned",
        "deals.unplanned_amount": "amount of the open deals with no contact planned",
        "deals.overdue_unplanned": "overdue deals with no contact planned",
        "deals.to_hand_over": "open deals of owners who have left",
        "deals.came_into": "deals that ever came into a stage [stage]",
        "deals.lost_from": "deals that came into a stage, never went on and were lost [stage]",
        "deals.stage_days": "days after which half of the deals have left a stage, or the pipeline [stage]",
        "deals.expected_won": "open deals expected to be won within the horizon",
        "deals.expected_amount": "amount that open deals are expected to bring within the horizon, chance times value",
        "deals.followed_won": "deals won of those whose days in the stages are known",
        "deals.decided": "deals that are won or lost",
        "deals.won_share": "share of the decided deals that were won",
        "deals.reason": "lost deals with a reason written down, all or [reason]",
        "cases.open": "cases of service that are not solved",
        "cases.reopened_share": "share of cases that were opened again, of those of which that is known",
        "cases.cost": "what cases cost [period in which they were opened]",
        "complaints.open": "complaints that are not solved",
        "feedback.answers": "answers with a score to a survey [nps or csat]",
        "feedback.score": "what those who answered a survey think: NPS, or the share of the satisfied [nps or csat]",
        "forecast.amount": "what is expected to come in [period]",
        "plan.target": "what the plan asks for [period]",
        "plan.reached": "what has come in towards the plan [period]",
        "plan.gap": "what is missing to the plan [period]",
        "plan.expected": "what is expected to have come in towards the plan by its end [measure, dimension, period]",
        "plan.keys": "targets of one dimension [measure, dimension, period, state]",
        "forecast.from_open": "the part of the forecast that comes from deals that are open now [measure, period]",
        "forecast.plain": "what the best plain rule expects [measure, period]",
        "forecast.error": "how far off past forecasts were [measure, period, method]",
        "forecast.error_share": "error of past forecasts as a share of what happened [measure, period, method]",
        "forecast.tried": "past forecasts that were made again [measure, period]",
        "forecast.held": "past forecasts in whose range the result lay [measure, period]",
        # Campaigns, leads, retention, outreach
        "campaigns.all": "campaigns that can be judged",
        "campaigns.contacts": "customers contacted, by all campaigns or by [campaign]",
        "campaigns.contacts_with_answers": "customers contacted by campaigns that have an answer on record",
        "campaigns.answers": "customers contacted who answered [campaign]",
        "campaigns.answer_share": "share of those contacted who answered, where answers are on record [campaign]",
        "campaigns.raised": "campaigns shown to have brought extra spend",
        "campaigns.effect": "what a campaign brought beyond what would have been bought anyway [campaign]",
        "campaigns.total": "what a campaign brought of its own, over all customers compared [campaign]",
        "campaigns.cost": "what a campaign cost [campaign]",
        "campaigns.gain": "a campaign's extra margin, or spend where the margin is not known, less its cost [campaign]",
        "leads.all": "leads [period]",
        "leads.converted": "leads that became customers [source, period]",
        "retention.share": "share that came back [cohort, month]",
        "lately.figure": "a figure of the last whole month or quarter, or of another one [figure, first day]",
        "worklist.first": "customers and deals of which an action is the first thing to do [action]",
        "outreach.planned": "contacts planned [step]",
    }
)
"""`subject.quantity` -> what it is. Add a line before a page states a quantity that is not here."""


def meaning_of(at: str) -> str:
    """What a quantity is, in words, without what may be selected.

    >>> meaning_of("rows.read[orders]"), meaning_of("plan.gap[revenue, 2025]")
    ('rows read', 'what is missing to the plan')
    """
    said = QUANTITIES[at.partition("[")[0]].partition("[")[0].strip()
    return said.rpartition(",")[0] if said.endswith((" or", " or of", " or in", " or by")) else said
