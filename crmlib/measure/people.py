"""Ties between customers, and what passed between us and each person there: small tables for floor 3."""

from typing import Any

import pandas as pd

from crmlib.measure.steps import Steps, ask, columns_here, local_day, read_table
from crmlib.prepare.crm import Crm

PARENT = "parent"
USUAL_SHARE = 0.8
"""This share of the silences of won deals was over by then; a longer one is unusual."""

_TIES = {
    "stated_ties": "{relations}",
    "stated_parents": "{parents}",
    "all_ties": """
        select from_customer_id, to_customer_id, relation, share_pct from stated_ties
        union all
        select parent_customer_id, customer_id, 'parent', cast(null as double)
        from stated_parents
        where parent_customer_id is not null
    """,
}
_TIES_SQL = """
select from_customer_id, to_customer_id, relation, cast(max(share_pct) as double) as share_pct
from all_ties
where from_customer_id is not null and to_customer_id is not null
group by from_customer_id, to_customer_id, relation
order by relation, from_customer_id, to_customer_id
"""
_CONTACT = (*("contact_id", "customer_id", "title", "department", "reports_to_contact_id", "influence"),)
_CONTACTS_SQL = """
select contact_id, customer_id, title, department, reports_to_contact_id, cast(influence as double) as influence
from people
where $customer_id = '' or customer_id = $customer_id
order by customer_id, contact_id
"""
_TALK = {
    "talk": """
        select *, {day} as happened_on
        from ({contacts}) as contacts
        where happened_at <= $as_of and planned_for is null
    """
}
_TOUCHES_SQL = """
select
    contact_id,
    employee_id,
    count(*) as touch_count,
    count(case when direction = 'in' then 1 end) as incoming_count,
    count(case when channel = 'visit' then 1 end) as visit_count,
    max(happened_on) as last_on
from talk
where contact_id is not null and ($customer_id = '' or customer_id = $customer_id)
group by contact_id, employee_id
order by contact_id, employee_id
"""
_PARTS = {
    "known_parts": "{parts}",
    "known_people": "{people}",
    "known_deals": "{deals}",
    "deal_talk": """
        select opportunity_id, contact_id, count(*) as touch_count, max(happened_on) as last_on
        from talk
        where opportunity_id is not null and contact_id is not null
        group by opportunity_id, contact_id
    """,
}
_PARTS_SQL = """
select
    known_parts.opportunity_id,
    known_parts.contact_id,
    lower(trim(known_parts.decision_role)) as decision_role,
    cast(known_parts.stance as double) as stance,
    known_parts.influences_contact_id,
    known_deals.customer_id,
    known_deals.outcome,
    known_deals.product_id,
    known_people.title,
    known_people.department,
    known_people.reports_to_contact_id,
    cast(known_people.influence as double) as influence,
    coalesce(deal_talk.touch_count, 0) as touch_count,
    deal_talk.last_on
from known_parts
join known_deals on known_parts.opportunity_id = known_deals.opportunity_id
left join known_people on known_parts.contact_id = known_people.contact_id
left join deal_talk on known_parts.opportunity_id = deal_talk.opportunity_id
    and known_parts.contact_id = deal_talk.contact_id
order by known_parts.opportunity_id, known_parts.contact_id
"""
_SILENCES = {
    "won_deals": "{deals}",
    "won_stays": "{stays}",
    "deal_days": """
        select
            opportunity_id,
            happened_at,
            happened_on,
            lead(happened_on) over (partition by opportunity_id order by happened_at) as next_on
        from talk
        where opportunity_id is not null
    """,
}
_SILENCES_SQL = """
select
    won_stays.stage,
    count(*) as silence_count,
    percentile_cont($share) within group (order by date_diff('day', happened_on, next_on)) as usual_days
from deal_days
join won_deals on deal_days.opportunity_id = won_deals.opportunity_id and won_deals.outcome = 'won'
join won_stays on deal_days.opportunity_id = won_stays.opportunity_id
    and happened_at >= won_stays.entered_at
    and (won_stays.exited_at is null or happened_at < won_stays.exited_at)
where next_on is not null
group by won_stays.stage
order by won_stays.stage
"""
_TALKED = (
    *("interaction_id", "customer_id", "contact_id", "opportunity_id", "employee_id", "happened_at"),
    *("channel", "direction", "planned_for"),
)


def customer_ties(crm: Crm) -> pd.DataFrame:
    """Every tie between two customers once; a customer's stated parent is one, too.

    Columns `from_customer_id`, `to_customer_id`, `relation`, `share_pct` (of parents, where it is known).
    """
    columns = columns_here(crm, "relations", "customers")
    given = ("from_customer_id", "to_customer_id", "relation", "share_pct")
    steps = Steps().add(
        _TIES,
        relations=read_table(columns, "relations", given),
        parents=read_table(columns, "customers", ("customer_id", "parent_customer_id")),
    )
    return ask(crm, _TIES_SQL, steps=steps)


def contact_people(crm: Crm, *, customer_id: str = "") -> pd.DataFrame:
    """The people at one customer, or at all; without what is personal."""
    steps = Steps({"people": read_table(columns_here(crm, "contacts"), "contacts", _CONTACT)})
    return ask(crm, _CONTACTS_SQL, steps=steps, customer_id=customer_id).set_index("contact_id")


def contact_touches(crm: Crm, *, customer_id: str = "") -> pd.DataFrame:
    """Who of us spoke to whom how often, and when last; plans do not count."""
    return ask(crm, _TOUCHES_SQL, steps=_talk(crm), customer_id=customer_id)


def decision_parts(crm: Crm) -> pd.DataFrame:
    """Everybody's part in every decision, with the deal's outcome and what is known of the person."""
    columns = columns_here(crm)
    given = ("opportunity_id", "contact_id", "decision_role", "stance", "influences_contact_id")
    deals = ("opportunity_id", "customer_id", "product_id", "outcome")
    steps = _talk(crm).add(
        _PARTS,
        parts=read_table(columns, "opportunity_contacts", given),
        people=read_table(columns, "contacts", _CONTACT),
        deals=read_table(columns, "opportunities", deals),
    )
    return ask(crm, _PARTS_SQL, steps=steps)


def usual_silences(crm: Crm) -> pd.Series:
    """Days after which most won deals had been spoken about again, by stage."""
    columns = columns_here(crm)
    steps = _talk(crm).add(
        _SILENCES,
        deals=read_table(columns, "opportunities", ("opportunity_id", "outcome")),
        stays=read_table(columns, "stage_history", ("opportunity_id", "stage", "entered_at", "exited_at")),
    )
    found = ask(crm, _SILENCES_SQL, steps=steps, share=USUAL_SHARE)
    enough = found[found["silence_count"] >= 20]
    return enough.set_index("stage")["usual_days"].astype("float64")


def _talk(crm: Crm) -> Steps:
    contacts: Any = read_table(columns_here(crm, "interactions"), "interactions", _TALKED)
    return Steps().add(_TALK, contacts=contacts, day=local_day("happened_at"))


_HISTORY = {
    "own_orders": "{orders}",
    "own_deals": "{deals}",
    "own_cases": "{cases}",
    "own_feedback": "{feedback}",
    "own_talk": "{talk}",
    "happened": """
        select 'order' as what, {ordered_on} as began_on, cast(null as date) as ended_on,
            cast(net_amount as double) as amount, cast(null as varchar) as outcome, order_id as thing
        from own_orders where ordered_at <= $as_of
        union all
        select 'deal', {created_on}, {closed_on}, cast(amount as double), outcome, opportunity_id
        from own_deals where created_at <= $as_of
        union all
        select 'case', {opened_on}, {solved_on}, cast(null as double), cast(null as varchar), case_id
        from own_cases where opened_at <= $as_of
        union all
        select case when kind = 'complaint' then 'complaint' else 'feedback' end, {given_on}, cast(null as date),
            cast(null as double), cast(null as varchar), feedback_id
        from own_feedback where given_at <= $as_of
        union all
        select case when planned_for is not null then 'plan' when channel = 'visit' then 'visit' else 'contact' end,
            coalesce(planned_for, {happened_on}), cast(null as date), cast(null as double), cast(null as varchar),
            interaction_id
        from own_talk where happened_at <= $as_of and (planned_for is null or planned_for >= $as_of_on)
    """,
}
_HISTORY_SQL = """
select what, thing, min(began_on) as began_on, max(ended_on) as ended_on, sum(amount) as amount,
    min(outcome) as outcome
from happened
where began_on is not null
group by what, thing
order by began_on, what, thing
"""


def customer_history(crm: Crm, customer_id: str) -> pd.DataFrame:
    """What happened with one customer, in order: `what` (order, deal, case, complaint, feedback, visit, contact,
    plan), `began_on`, `ended_on`, `amount`, `outcome`; plans are those that are still ahead."""
    own = "customer_id = $customer_id"
    wanted = {
        "orders": ("transactions", ("order_id", "ordered_at", "net_amount", "customer_id")),
        "deals": ("opportunities", ("opportunity_id", "created_at", "closed_at", "outcome", "amount")),
        "cases": ("service_cases", ("case_id", "opened_at", "closed_at")),
        "feedback": ("feedback", ("feedback_id", "given_at", "kind")),
        "talk": ("interactions", ("interaction_id", "happened_at", "channel", "planned_for")),
    }
    columns = columns_here(crm, *(table for table, _ in wanted.values()))
    read = {
        step: read_table(
            columns, table, names, where=own if "customer_id" in columns.get(table, ()) else "false"
        )
        for step, (table, names) in wanted.items()
    }
    days = {
        "ordered_on": "ordered_at", "created_on": "created_at", "closed_on": "closed_at", "opened_on": "opened_at",
        "solved_on": "closed_at", "given_on": "given_at", "happened_on": "happened_at",
    }  # fmt: skip
    steps = Steps().add(_HISTORY, **read, **{name: local_day(moment) for name, moment in days.items()})
    found = ask(crm, _HISTORY_SQL, steps=steps, customer_id=customer_id)
    return found.astype({"began_on": "datetime64[us]", "ended_on": "datetime64[us]"})


_PLANNED_SQL = """
select customer_id, opportunity_id, employee_id, min(planned_for) as planned_for, count(*) as plan_count
from planned
where planned_for >= $as_of_on and happened_at <= $as_of
group by customer_id, opportunity_id, employee_id
order by planned_for, customer_id, opportunity_id
"""
_LAST_TALK_SQL = """
select customer_id, max(happened_on) as last_on
from talk
group by customer_id
order by customer_id
"""


def planned_contacts(crm: Crm) -> pd.DataFrame:
    """Contacts that are promised and still ahead, by customer, deal and who made the plan."""
    read = read_table(columns_here(crm, "interactions"), "interactions", _TALKED)
    found = ask(crm, _PLANNED_SQL, steps=Steps({"planned": read}))
    return found.astype({"planned_for": "datetime64[us]"})


def last_talks(crm: Crm) -> pd.Series:
    """The day of the last contact with each customer."""
    found = ask(crm, _LAST_TALK_SQL, steps=_talk(crm)).astype({"last_on": "datetime64[us]"})
    return found.set_index("customer_id")["last_on"]
