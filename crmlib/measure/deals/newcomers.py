"""Who is known and has neither bought nor begun a deal: what is known of them, and when customers begin."""

import pandas as pd

from crmlib.measure.steps import Steps, ask, columns_here, local_day, read_table
from crmlib.prepare.crm import Crm

TRAITS = ("source", "industry", "company_size", "kind", "country", "region", "campaign_id", "owner_id")
NUMBERS = ("known_days", "touch_count", "answer_count", "last_touch_days", "look_count", "last_look_days")
_STEPS = {
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
    coalesce(look_count, 0) as look_count, last_look_days, {", ".join(TRAITS)}
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
    people = read_table(columns_here(crm), "customers", ("customer_id", "signed_up_on", *TRAITS))
    found = ask(crm, _UNBEGUN.format(people=people), steps=_steps(crm)).set_index("customer_id")
    return found.astype(dict.fromkeys(NUMBERS, "float64") | dict.fromkeys(TRAITS, "object"))


def begun_at(crm: Crm) -> pd.Series:
    """When each customer first ordered or began a deal (naive, UTC)."""
    found = ask(crm, _BEGUN, steps=_steps(crm)).set_index("customer_id")["began_at"]
    return pd.to_datetime(found).astype("datetime64[us]")


def _steps(crm: Crm) -> Steps:
    columns = columns_here(crm)
    return Steps().add(
        _STEPS,
        day=local_day("happened_at"),
        orders=read_table(columns, "transactions", ("customer_id", "ordered_at")),
        deals=read_table(columns, "opportunities", ("customer_id", "created_at")),
        contacts=read_table(columns, "interactions", ("customer_id", "happened_at", "direction")),
        visits=read_table(columns, "events", ("customer_id", "happened_at")),
    )
