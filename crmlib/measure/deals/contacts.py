"""Contacts of deals: plans kept and missed, the last one, how many an owner makes; and who has not begun a deal yet."""

from typing import Any

import pandas as pd

from crmlib.measure.steps import Steps, ask, columns_here, local_day, read_table
from crmlib.prepare.crm import Crm

KEPT_WITHIN_DAYS = 3
"""A plan is kept by a contact so many days before or after the day it was made for."""

LOAD_DAYS = 28
"""The days before the closing moment over which contacts are counted for an owner's load."""

_CONTACT = (
    *("interaction_id", "opportunity_id", "employee_id", "happened_at", "direction", "planned_for"),
    *("purpose", "channel"),
)
_DATED = {
    "dated_contacts": """
        select *, {day} as happened_on
        from ({contacts}) as contacts
        where happened_at <= $as_of and {known} is not null
    """
}
_PLANS = {
    "judged_plans": """
        select
            plans.opportunity_id,
            plans.interaction_id,
            max(plans.planned_for) as planned_for,
            count(done.interaction_id) as kept_by
        from dated_contacts as plans
        left join dated_contacts as done on plans.opportunity_id = done.opportunity_id
            and done.planned_for is null
            and done.happened_at >= plans.happened_at
            and abs(date_diff('day', plans.planned_for, done.happened_on)) <= $days
        where plans.planned_for is not null
        group by plans.opportunity_id, plans.interaction_id
    """
}
_PLANS_SQL = """
select
    opportunity_id,
    count(*) as plan_count,
    count(case when planned_for < $as_of_on and kept_by > 0 then 1 end) as kept_count,
    count(case when date_diff('day', planned_for, $as_of_on) > $days and kept_by = 0 then 1 end) as missed_count
from judged_plans
group by opportunity_id
order by opportunity_id
"""
_LAST = """
select opportunity_id, purpose, channel, happened_at
from (
    select *, row_number() over (
        partition by opportunity_id order by happened_at desc, interaction_id
    ) as from_the_end
    from dated_contacts
    where planned_for is null
) as contacts
where from_the_end = 1
order by opportunity_id
"""
_MADE = """
select employee_id, count(*) as touch_count
from dated_contacts
where planned_for is null and coalesce(direction, 'out') <> 'in'
    and date_diff('day', happened_on, $as_of_on) < $days
group by employee_id
order by employee_id
"""
_TALKERS = """
select opportunity_id, employee_id, count(*) as touch_count
from dated_contacts
where planned_for is null and employee_id is not null
group by opportunity_id, employee_id
order by opportunity_id, employee_id
"""


def deal_plans(crm: Crm) -> pd.DataFrame:
    """What became of the contacts that were planned for each deal.

    A plan is kept where a contact took place within three days before or after the day it was made for, and not
    before it was made. It is missed when those days are over and there was none.
    """
    columns = ["plan_count", "kept_count", "missed_count"]
    if not _has(crm, "opportunity_id", "planned_for"):
        return pd.DataFrame(columns=columns, dtype="int64").rename_axis("opportunity_id")
    found = ask(crm, _PLANS_SQL, steps=_dated(crm, "opportunity_id").add(_PLANS), days=KEPT_WITHIN_DAYS)
    return found.set_index("opportunity_id")[columns]


def last_contacts(crm: Crm) -> pd.DataFrame:
    """The last contact that took place about each deal."""
    columns = ["purpose", "channel", "happened_at"]
    if not _has(crm, "opportunity_id"):
        return pd.DataFrame(columns=columns).rename_axis("opportunity_id")
    return ask(crm, _LAST, steps=_dated(crm, "opportunity_id")).set_index("opportunity_id")[columns]


def deal_talkers(crm: Crm) -> pd.DataFrame:
    """Who of us has been in contact about each deal, and how often."""
    if not _has(crm, "opportunity_id", "employee_id"):
        return pd.DataFrame(columns=["opportunity_id", "employee_id", "touch_count"])
    return ask(crm, _TALKERS, steps=_dated(crm, "opportunity_id"))


def contacts_made(crm: Crm, *, within_days: int = LOAD_DAYS) -> pd.Series:
    """Contacts that each of us has made in the last days, about deals or not."""
    if not _has(crm, "employee_id"):
        return pd.Series(dtype="int64", name="touch_count").rename_axis("employee_id")
    found = ask(crm, _MADE, steps=_dated(crm, "employee_id"), days=within_days)
    return found.set_index("employee_id")["touch_count"]


def employees_left(crm: Crm) -> pd.Series:
    """The day on which each employee who is gone by the closing moment left."""
    if "employees" not in crm or "left_on" not in crm.columns("employees"):
        return pd.Series(dtype="datetime64[us]", name="left_on").rename_axis("employee_id")
    sql = "select employee_id, left_on from employees where left_on <= $as_of_on order by employee_id"
    left = ask(crm, sql).set_index("employee_id")["left_on"]
    return pd.to_datetime(left).astype("datetime64[us]")


def customer_owners(crm: Crm) -> pd.Series:
    """Who looks after each customer, of those whose owner is known."""
    if "customers" not in crm or "owner_id" not in crm.columns("customers"):
        return pd.Series(dtype="str", name="owner_id").rename_axis("customer_id")
    sql = "select customer_id, owner_id from customers where owner_id is not null order by customer_id"
    return ask(crm, sql).set_index("customer_id")["owner_id"]


def _has(crm: Crm, *columns: str) -> bool:
    return "interactions" in crm and set(columns) <= set(crm.columns("interactions"))


def _dated(crm: Crm, known: str) -> Steps:
    contacts = read_table(columns_here(crm, "interactions"), "interactions", _CONTACT)
    return Steps().add(_DATED, day=local_day("happened_at"), contacts=contacts, known=known)


_TOUCHES = {
    "touches": """
        select opportunity_id, happened_at
        from interactions
        where opportunity_id is not null{done}
    """
}
_TOUCHES_SQL = """
select opportunities.opportunity_id, count(touches.opportunity_id) as touch_count
from opportunities left join touches
    on touches.opportunity_id = opportunities.opportunity_id{before}
group by opportunities.opportunity_id
order by opportunities.opportunity_id
"""


def touches_before_close(crm: Crm) -> pd.Series:
    """Contacts about each deal up to the moment it was won or lost, or up to the closing moment.

    What comes after the close, such as a word of thanks, would tell the outcome. Plans are no contacts.
    """
    deals = crm.frame("opportunities", ["opportunity_id"])["opportunity_id"]
    columns = crm.columns("interactions") if "interactions" in crm else []
    if "opportunity_id" not in columns:
        return pd.Series(float("nan"), index=pd.Index(deals, name="opportunity_id"), name="touch_count")
    counted = crm.engine.to_pandas(touches_sql(columns, crm.columns("opportunities")))
    return counted.set_index("opportunity_id")["touch_count"].astype("float64")


def touches_sql(interaction_columns: Any, opportunity_columns: Any) -> str:
    """The query of `touches_before_close`, for the columns that are there."""
    done = " and planned_for is null" if "planned_for" in interaction_columns else ""
    before = ""
    if "closed_at" in opportunity_columns:
        before = (
            "\n    and (opportunities.closed_at is null or touches.happened_at <= opportunities.closed_at)"
        )
    return Steps().add(_TOUCHES, done=done).sql(_TOUCHES_SQL.format(before=before))


_DEALS = {"known_deals": "select opportunity_id, outcome, {closed} as closed_at from opportunities"}
_NOTES_SQL = """
select
    interactions.opportunity_id,
    interactions.customer_id,
    known_deals.outcome,
    interactions.happened_at,
    trim(interactions.notes) as text
from interactions join known_deals on interactions.opportunity_id = known_deals.opportunity_id
where
    interactions.notes is not null
    and trim(interactions.notes) <> ''
    and (known_deals.closed_at is null or interactions.happened_at <= known_deals.closed_at)
order by interactions.happened_at desc, interactions.interaction_id
limit $most
"""

NOTE_COLUMNS = ("opportunity_id", "customer_id", "outcome", "happened_at", "text")


def deal_notes(crm: Crm, *, most: int = 20_000) -> pd.DataFrame:
    """The notes of contacts about deals, up to the moment at which each deal was decided.

    What was noted afterwards speaks of the outcome and is left out. The texts are personal: they go no further
    than the words that many customers' notes have in common.
    """
    present = crm.columns("opportunities")
    columns = crm.columns("interactions") if "interactions" in crm else []
    if not {"opportunity_id", "notes"} <= set(columns):
        return pd.DataFrame(columns=list(NOTE_COLUMNS))
    return ask(crm, notes_sql(present), most=int(most))


def notes_sql(present: list[str]) -> str:
    """The statement behind `deal_notes`."""
    closed = "closed_at" if "closed_at" in present else "cast(null as timestamp)"
    return Steps().add(_DEALS, closed=closed).sql(_NOTES_SQL)


def known_names(crm: Crm) -> list[str]:
    """Every name of a customer, a contact or an employee: words of them are never shown."""
    parts = [
        f"select name from {table}"
        for table in ("customers", "contacts", "employees")
        if table in crm and "name" in crm.columns(table)
    ]
    if not parts:
        return []
    rows = crm.engine.rows(
        f"select distinct name from ({' union all '.join(parts)}) as named where name is not null order by name"
    )
    return [name for (name,) in rows]


NEWCOMER_TRAITS = (
    "source",
    "industry",
    "company_size",
    "kind",
    "country",
    "region",
    "campaign_id",
    "owner_id",
)
NEWCOMER_NUMBERS = (
    "known_days",
    "touch_count",
    "answer_count",
    "last_touch_days",
    "look_count",
    "last_look_days",
)
_BEGINNINGS = {
    "begun": """
        select customer_id, min(began_at) as began_at
        from (
            select customer_id, ordered_at as began_at from ({orders}) as orders
            union all
            select customer_id, created_at as began_at from ({deals}) as deals
        ) as beginnings
        where customer_id is not null and began_at <= $as_of
        group by customer_id
    """,
    "touches": """
        select customer_id, count(*) as touch_count, count(case when direction = 'in' then 1 end) as answer_count,
            min(date_diff('day', {day}, $as_of_on)) as last_touch_days
        from ({contacts}) as contacts
        where happened_at <= $as_of and date_diff('day', {day}, $as_of_on) < 365
        group by customer_id
    """,
    "looks": """
        select customer_id, count(*) as look_count, min(date_diff('day', {day}, $as_of_on)) as last_look_days
        from ({visits}) as visits
        where happened_at <= $as_of and date_diff('day', {day}, $as_of_on) < 365
        group by customer_id
    """,
}
_UNBEGUN = f"""
select customer_id, date_diff('day', signed_up_on, $as_of_on) as known_days,
    coalesce(touch_count, 0) as touch_count, coalesce(answer_count, 0) as answer_count, last_touch_days,
    coalesce(look_count, 0) as look_count, last_look_days, {", ".join(NEWCOMER_TRAITS)}
from ({{people}}) as people
    anti join begun using (customer_id)
    left join touches using (customer_id)
    left join looks using (customer_id)
where signed_up_on <= $as_of_on
order by customer_id
"""
_BEGUN = "select customer_id, began_at from begun order by customer_id"


def unbegun(crm: Crm) -> pd.DataFrame:
    """One row a customer who is known and has neither bought nor begun a deal, with the last year's signs."""
    people = read_table(columns_here(crm), "customers", ("customer_id", "signed_up_on", *NEWCOMER_TRAITS))
    found = ask(crm, _UNBEGUN.format(people=people), steps=_beginnings(crm)).set_index("customer_id")
    return found.astype(dict.fromkeys(NEWCOMER_NUMBERS, "float64") | dict.fromkeys(NEWCOMER_TRAITS, "object"))


def begun_at(crm: Crm) -> pd.Series:
    """When each customer first ordered or began a deal (naive, UTC)."""
    found = ask(crm, _BEGUN, steps=_beginnings(crm)).set_index("customer_id")["began_at"]
    return pd.to_datetime(found).astype("datetime64[us]")


def _beginnings(crm: Crm) -> Steps:
    columns = columns_here(crm)
    return Steps().add(
        _BEGINNINGS,
        day=local_day("happened_at"),
        orders=read_table(columns, "transactions", ("customer_id", "ordered_at")),
        deals=read_table(columns, "opportunities", ("customer_id", "created_at")),
        contacts=read_table(columns, "interactions", ("customer_id", "happened_at", "direction")),
        visits=read_table(columns, "events", ("customer_id", "happened_at")),
    )
