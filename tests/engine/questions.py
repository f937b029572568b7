"""Every public question of floor 2, to be asked of two engines: module -> name -> the question to a workspace.

A name is that of the public function, with what it is asked for behind a comma.
"""

from datetime import date
from weakref import WeakKeyDictionary

import pandas as pd

from crmlib.measure import campaigns, changes, columns, outreach, people, sales, service, voice
from crmlib.measure.deals import contacts, flow, past, stays
from crmlib.measure.offers import candidates, tables
from crmlib.measure.purchases import baskets, cohorts, history, states, worth
from crmlib.measure.steps import ask
from crmlib.schema.tables import table_spec

VIEWS_SETTLED = ("orders", "lines", "customer_products", "customer_categories", "credit_accounts")

ON_THE_WAY = {
    *("what_counts", "rfm_scores", "ask_orders", "read_once", "period_number", "why_missing", "two_periods"),
    *(
        "purchases_are",
        "purchase_day_steps",
        "contacts_sql",
        "people_sql",
        "read_rhythm",
        "first_fitting_rule",
    ),
    *("touches_sql", "notes_sql", "ledger_sql", "deal_steps", "visit_steps", "history_entries", "stay_steps"),
    *(
        "stage_order",
        "stage_name",
        "plain_stage",
        "count_set_aside",
        "deals_sql",
        "names_no_goods",
        "offer_engine",
    ),
    *(
        "table_statements",
        "count_up_to",
        "day_values",
        "campaign_steps",
        "money_of",
        "differences",
        "column_of",
    ),
    *("is_declared", "label_of", "unit_of", "dictionary_markdown", "data_dictionary", "outreach_steps"),
    *("responses_question", "is_email", "is_phone", "usual_groups", "facts_steps", "can_measure"),
    *("last_whole_period",),
}
"""Public functions of those modules that read no row, or compose what the questions ask."""


def lines_of(crm):
    return {"transactions": crm.table("transactions"), "as_of": crm.as_of, "time_zone": crm.time_zone}


def in_order(frame):
    """Rows whose order nobody promised, sorted by all their columns."""
    return frame.sort_values(list(frame), ignore_index=True)


def some_customer(crm):
    return ask(crm, "select customer_id from transactions group by 1 order by count(*) desc, 1 limit 1")[
        "customer_id"
    ].item()


def moments(crm):
    return [crm.as_of - pd.Timedelta(days=days) for days in (200, 100, 0)]


def windows(crm):
    return changes.two_periods(crm)


def from_to(crm):
    return {"first": crm.as_of.normalize() - pd.Timedelta(days=240), "last": crm.as_of.normalize()}


_engines = WeakKeyDictionary()


def offered(ask_engine):
    """A question to the engine of offers, made once for each workspace and counted up to an earlier day."""

    def asked(crm):
        day = (crm.as_of - pd.Timedelta(days=60)).date()
        if crm.engine not in _engines:
            _engines[crm.engine] = tables.offer_engine(crm)
            tables.count_up_to(_engines[crm.engine], day, horizon_days=180)
        return ask_engine(crm, _engines[crm.engine], day)

    return asked


def _log(crm):
    events = crm.frame("stage_history", ["opportunity_id", "stage", "entered_at"])
    events = in_order(events.dropna())
    return flow.log_steps(events, case="opportunity_id", activity="stage", at="entered_at")


def _points(crm):
    return {stage: [2.0, 10.0] for stage in stays.stage_stays(crm).attrs["stages"]}


QUESTIONS = {
    "measure/purchases/history": {
        "rfm_table": lambda crm: history.rfm_table(**lines_of(crm)),
        "purchase_history": lambda crm: history.purchase_history(**lines_of(crm), unit="D"),
        "purchase_history, free orders": lambda crm: history.purchase_history(
            **lines_of(crm), free_orders="count"
        ),
        "purchase_days": lambda crm: history.purchase_days(**lines_of(crm)),
        "purchases_by_month": history.purchases_by_month,
        "net_sales_by_month": history.net_sales_by_month,
        "sales_totals": history.sales_totals,
        "margin_of_costed_sales": lambda crm: history.margin_of_costed_sales(crm, days=365),
        "values_bought, category": lambda crm: in_order(history.values_bought(crm, "category")),
        "values_bought, channel": lambda crm: in_order(history.values_bought(crm, "channel")),
        "product_words": lambda crm: history.product_words(crm, ["p01", "p00"]),
        "purchases_within": lambda crm: history.purchases_within(crm, after="2022-10-30", until="2023-02-01"),
        "purchases_within, category": lambda crm: history.purchases_within(
            crm, after="2022-10-30", until="2023-02-01", category="cat1"
        ),
        "category_habits": lambda crm: history.category_habits(crm, category="cat1"),
        "first_order_at": history.first_order_at,
        "buyer_count": history.buyer_count,
    },
    "measure/purchases/baskets": {
        "basket_lines": baskets.basket_lines,
        "product_groups": lambda crm: baskets.product_groups(
            crm, pd.Index(sorted(crm.frame("products")["product_id"])), "category"
        ),
        "product_groups, subcategory": lambda crm: baskets.product_groups(
            crm, pd.Index(sorted(crm.frame("products")["product_id"])), "subcategory"
        ),
    },
    "measure/purchases/cohorts": {
        "cohort_cells": cohorts.cohort_cells,
        "cohort_cells, week": lambda crm: cohorts.cohort_cells(crm, unit="week"),
        "customer_lifetimes": cohorts.customer_lifetimes,
        "customer_lifetimes, after a stated silence": lambda crm: cohorts.customer_lifetimes(
            crm, silence_days=45.5
        ),
        "first_purchase_values": lambda crm: cohorts.first_purchase_values(crm, column="channel"),
    },
    "measure/purchases/states": {
        "purchase_amounts": lambda crm: states.purchase_amounts(crm, days=365),
        "purchase_rhythm": states.purchase_rhythm,
        "stage_figures": states.stage_figures,
    },
    "measure/purchases/worth": {
        "serving_costs": lambda crm: worth.serving_costs(crm, hourly_cost=47.5),
        "category_spend": worth.category_spend,
        "buying_habits": worth.buying_habits,
        "invoice_totals": worth.invoice_totals,
    },
    "measure/deals/contacts": {
        "deal_plans": contacts.deal_plans,
        "last_contacts": contacts.last_contacts,
        "deal_talkers": contacts.deal_talkers,
        "contacts_made": lambda crm: contacts.contacts_made(crm, within_days=200),
        "employees_left": contacts.employees_left,
        "customer_owners": contacts.customer_owners,
        "touches_before_close": contacts.touches_before_close,
        "deal_notes": lambda crm: contacts.deal_notes(crm, most=200),
        "known_names": contacts.known_names,
        "unbegun": contacts.unbegun,
        "begun_at": contacts.begun_at,
    },
    "measure/deals/flow": {
        "log_steps": lambda crm: vars(_log(crm)),
        "next_contacts": lambda crm: flow.next_contacts(crm, _points(crm)),
    },
    "measure/deals/past": {
        "stay_history": lambda crm: past.stay_history(crm).at(moments(crm)[0]),
        "deal_ledger": past.deal_ledger,
        "past_pipeline": lambda crm: past.past_pipeline(crm, moment=moments(crm)[1]).open,
    },
    "measure/deals/stays": {
        "stage_stays": stays.stage_stays,
        "stage_stays, earlier": lambda crm: stays.stage_stays(crm.at(moments(crm)[0])),
        "deals": stays.deals,
    },
    "measure/offers/candidates": {
        "find_not_goods": candidates.find_not_goods,
        "products_bought": lambda crm: candidates.products_bought(
            crm, after=moments(crm)[0], until=moments(crm)[1]
        ),
        **{
            name: offered(question)
            for name, question in {
                "steps_up": lambda crm, engine, day: candidates.steps_up(engine),
                "product_views": lambda crm, engine, day: candidates.product_views(crm, engine),
                "group_sellers": lambda crm, engine, day: candidates.group_sellers(
                    engine, "", day=day, horizon_days=180
                ),
                "group_sellers, by region": lambda crm, engine, day: candidates.group_sellers(
                    engine, "region", day=day, horizon_days=180, min_group=1
                ),
                "started_share": lambda crm, engine, day: candidates.started_share(
                    engine, day=date(2023, 6, 1), horizon_days=180, listed=True
                ),
                "people_of": lambda crm, engine, day: candidates.people_of(crm, engine),
            }.items()
        },
    },
    "measure/offers/tables": {
        name: offered(question)
        for name, question in {
            "products_offered": lambda crm, engine, day: tables.products_offered(engine),
            "product_gaps": lambda crm, engine, day: tables.product_gaps(engine, day),
            "offer_people": lambda crm, engine, day: tables.offer_people(engine),
            "product_categories": lambda crm, engine, day: tables.product_categories(engine),
            "purchase_days": lambda crm, engine, day: tables.purchase_days(engine),
            "order_products": lambda crm, engine, day: in_order(tables.order_products(engine)),
        }.items()
    },
    "measure/campaigns": {
        "campaign_windows": campaigns.campaign_windows,
        "campaign_windows, 30 days": lambda crm: campaigns.campaign_windows(crm, response_days=30),
        "campaign_people": campaigns.campaign_people,
    },
    "measure/changes": {
        "sums_of_periods": lambda crm: changes.sums_of_periods(crm, by="total", windows=windows(crm)),
        "sums_of_periods, by customer": lambda crm: changes.sums_of_periods(
            crm, by="customer", windows=windows(crm)
        ),
        "pieces_of_periods": lambda crm: changes.pieces_of_periods(crm, windows(crm)),
        "customer_traits": lambda crm: in_order(
            changes.customer_traits(crm, ("region", "country", "industry")).reset_index()
        ),
        "print_of_data": changes.print_of_data,
    },
    "measure/columns": {
        "table_contents": lambda crm: {
            name: vars(columns.table_contents(crm, table_spec(name))) for name in crm.tables
        }
    },
    "measure/outreach": {
        "last_contacts": outreach.last_contacts,
        "last_controls": outreach.last_controls,
        "channel_responses": outreach.channel_responses,
        "contact_permissions": outreach.contact_permissions,
    },
    "measure/people": {
        "customer_ties": people.customer_ties,
        "contact_people": people.contact_people,
        "contact_touches": people.contact_touches,
        "contact_touches, of one customer": lambda crm: people.contact_touches(
            crm, customer_id=some_customer(crm)
        ),
        "decision_parts": people.decision_parts,
        "usual_silences": people.usual_silences,
        "customer_history": lambda crm: people.customer_history(crm, some_customer(crm)),
        "planned_contacts": people.planned_contacts,
        "last_talks": people.last_talks,
    },
    "measure/sales": {
        **{
            f"sales_series, {measure} by {by} and {freq}": lambda crm, by=by, measure=measure, freq=freq: vars(
                sales.sales_series(crm, by=by, measure=measure, freq=freq, today=crm.as_of.normalize())
            )
            for by, measure, freq in (
                (None, "net_amount", "month"), ("category", "quantity", "week"), ("region", "margin", "month"),
                ("employee", "won_amount", "month"), ("channel", "order_count", "month"),
            )
        },
        "plan_rows": lambda crm: sales.plan_rows(crm, by="employee"),
        "plan_rows, total": lambda crm: sales.plan_rows(crm, by="total"),
        "reached": lambda crm: sales.reached(crm, by="category", measure="margin", **from_to(crm)),
        "product_sums": lambda crm: sales.product_sums(crm, by="region", **from_to(crm)),
        "known_keys": lambda crm: sales.known_keys(crm, by="category"),
        "left_employees": sales.left_employees,
        "lately": lambda crm: vars(sales.lately(crm)),
    },
    "measure/service": {
        "service_cases": service.service_cases,
        "cases_by_product": lambda crm: service.cases_by_product(crm, until=moments(crm)),
        "service_by_third": service.service_by_third,
        "orders_after_cases": lambda crm: service.orders_after_cases(crm, days=90),
        "owners_of_products": lambda crm: service.owners_of_products(crm, days=90, until=moments(crm)),
        "latest_buyers": lambda crm: service.latest_buyers(crm, days=90, until=moments(crm), most=20),
        "offers_for_cases": service.offers_for_cases,
    },
    "measure/voice": {
        "said_texts": lambda crm: voice.said_texts(crm, most=200),
        "scored_feedback": voice.scored_feedback,
        "product_looks": lambda crm: voice.product_looks(crm, by="product_id", within_days=30),
        "product_looks, by campaign": lambda crm: voice.product_looks(crm, by="campaign_id", within_days=30),
    },
}  # fmt: skip
