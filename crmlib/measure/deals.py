"""Deals: one row an opportunity, with all that was known of it at the closing moment."""

import pandas as pd

from crmlib.measure.deal_steps import deal_steps, visit_steps
from crmlib.measure.stage_stays import stage_name
from crmlib.measure.steps import ask, columns_here, local_days, read_table
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import SchemaError

DEAL_COLUMNS = (
    *("customer_id", "owner_id", "product_id", "source", "campaign_id", "amount", "created_at", "closed_at"),
    *("outcome", "stage", "stage_entered_at", "stage_age_days", "age_days", "expected_close_on"),
    *("lost_reason", "industry", "company_size", "employee_count", "country", "region", "category"),
    *("touch_count", "touch_in_count", "touch_out_count", "last_touch_at", "last_touch_days"),
    *("next_planned_on", "planned_count", "minutes_spent", "cost_spent"),
)
"""Of `deals`, in this order, whatever the workspace has."""

UNKNOWN_STAGE = "unknown"

_MOMENTS = (
    *("created_at", "closed_at", "stage_entered_at", "expected_close_on", "last_touch_at", "next_planned_on"),
)
_NUMBERS = (
    *("amount", "stage_age_days", "age_days", "employee_count", "touch_count", "touch_in_count"),
    *("touch_out_count", "last_touch_days", "planned_count", "minutes_spent", "cost_spent"),
)
_PARTY = ("customer_id", "industry", "company_size", "employee_count", "country", "region")
_CONTACT = (
    *("opportunity_id", "happened_at", "direction", "planned_for", "duration_minutes", "cost_amount"),
)

_LAST_STAGE = {
    "last_visits": """
        select opportunity_id, stage, entered_at
        from (
            select
                opportunity_id,
                stage,
                entered_at,
                row_number() over (partition by opportunity_id order by entry_no desc) as from_the_end
            from stage_visits
            where end_kind is null
        ) as visits
        where from_the_end = 1
    """,
}
_NO_STAGE = {
    "last_visits": """
        select
            cast(null as varchar) as opportunity_id,
            cast(null as varchar) as stage,
            cast(null as timestamp) as entered_at
        where false
    """,
}
_REST = {
    "parties": """
        select
            customer_id,
            min(industry) as industry,
            min(company_size) as company_size,
            min(employee_count) as employee_count,
            min(country) as country,
            min(region) as region
        from ({customers}) as customers
        group by customer_id
    """,
    "things": """
        select product_id, min(category) as category from ({products}) as products group by product_id
    """,
    "contacts_of_deals": """
        select
            opportunity_id,
            count(case when planned_for is null then 1 end) as touch_count,
            count(case when planned_for is null and direction = 'in' then 1 end) as touch_in_count,
            count(case when planned_for is null and direction = 'out' then 1 end) as touch_out_count,
            max(case when planned_for is null then happened_at end) as last_touch_at,
            min(case when planned_for >= $as_of_on then planned_for end) as next_planned_on,
            count(case when planned_for >= $as_of_on then 1 end) as planned_count,
            sum(case when planned_for is null then duration_minutes end) as minutes_spent,
            sum(case when planned_for is null then cost_amount end) as cost_spent
        from ({contacts}) as contacts
        where opportunity_id is not null and happened_at <= $as_of
        group by opportunity_id
    """,
}
_DEALS_SQL = """
select
    known_deals.opportunity_id,
    known_deals.customer_id,
    known_deals.owner_id,
    known_deals.product_id,
    known_deals.source,
    known_deals.campaign_id,
    cast(known_deals.amount as double) as amount,
    known_deals.created_at,
    known_deals.closed_at,
    known_deals.outcome,
    {stage} as stage,
    last_visits.entered_at as stage_entered_at,
    {stage_age} as stage_age_days,
    {age} as age_days,
    known_deals.expected_close_on,
    known_deals.lost_reason,
    parties.industry,
    parties.company_size,
    parties.employee_count,
    parties.country,
    parties.region,
    things.category,
    contacts_of_deals.touch_count,
    contacts_of_deals.touch_in_count,
    contacts_of_deals.touch_out_count,
    contacts_of_deals.last_touch_at,
    {touched} as last_touch_days,
    contacts_of_deals.next_planned_on,
    contacts_of_deals.planned_count,
    contacts_of_deals.minutes_spent,
    cast(contacts_of_deals.cost_spent as double) as cost_spent
from known_deals
left join last_visits on known_deals.opportunity_id = last_visits.opportunity_id
left join parties on known_deals.customer_id = parties.customer_id
left join things on known_deals.product_id = things.product_id
left join contacts_of_deals on known_deals.opportunity_id = contacts_of_deals.opportunity_id
order by known_deals.opportunity_id
"""
_COUNTED = {
    "touch_count": "opportunity_id",
    "touch_in_count": "direction",
    "touch_out_count": "direction",
    "planned_count": "planned_for",
    "minutes_spent": "duration_minutes",
    "cost_spent": "cost_amount",
}
"""Sums over contacts, and the column without which they are not known; with it, no contact is 0."""


def deals(crm: Crm) -> pd.DataFrame:
    """Every deal as it was known at the closing moment: where it stands, since when, whose it is, what was done.

    Parameters
    ----------
    crm : Crm
        With `opportunities`. ``crm.at(moment)`` gives the deals as they were known then.

    Returns
    -------
    DataFrame indexed by opportunity_id, sorted
        The columns of `DEAL_COLUMNS`, always all of them, empty where something is not known.
        `outcome` : "open", "won" or "lost"; a deal that closed later is open.
        `stage` : where the deal stands, or last stood before it closed, by the stage history ("unknown" for a
        deal without a row in it); without a history what opportunities say.
        `stage_entered_at`, `created_at`, `closed_at`, `last_touch_at` : moments, naive, in UTC.
        `stage_age_days`, `age_days`, `last_touch_days` : days from then to the end of the deal (the first two) or
        to the closing moment, by the clocks of the workspace's zone, with fractions.
        `amount`, `cost_spent` : account currency. `minutes_spent` : minutes.
        `touch_*` : contacts that took place; `next_planned_on`, `planned_count` : contacts planned for the day of
        the closing moment or later. 0 where contacts are kept and there are none.

    Raises
    ------
    SchemaError
        If there are no opportunities.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> sold = pd.DataFrame({"opportunity_id": ["1", "2"], "stage": "x", "outcome": ["won", "open"],
    ...                      "created_at": "2024-01-01", "closed_at": ["2024-01-12", None]})
    >>> history = pd.DataFrame({"opportunity_id": ["1", "1", "2"], "stage": ["Talk", "Offer", "Talk"],
    ...                         "entered_at": ["2024-01-01", "2024-01-05", "2024-01-01"]})
    >>> crm = Crm.from_frames(as_of="2024-01-31", opportunities=sold, stage_history=history)
    >>> deals(crm)[["outcome", "stage", "stage_age_days", "age_days"]].round(1)
                   outcome  stage  stage_age_days  age_days
    opportunity_id
    1                  won  Offer             7.0      11.0
    2                 open   Talk            31.0      31.0
    >>> deals(crm.at("2024-01-04"))["outcome"].tolist()
    ['open', 'open']
    """
    if "opportunities" not in crm:
        raise SchemaError(
            f"{crm.name} has no opportunities, so there are no deals. "
            "Map them in crm.toml under [tables.opportunities]."
        )
    table = ask(crm, deals_sql(crm)).set_index("opportunity_id")
    table["stage"] = stage_name(crm, table["stage"])
    for name in _MOMENTS:
        table[name] = pd.to_datetime(table[name]).astype("datetime64[us]")
    table = table.astype(dict.fromkeys(_NUMBERS, "float64"))
    present = set(crm.columns("interactions")) if "interactions" in crm else set()
    for name, needed in _COUNTED.items():
        if {needed, "opportunity_id"} <= present:
            table[name] = table[name].fillna(0.0)
    return table[list(DEAL_COLUMNS)]


def deals_sql(crm: Crm) -> str:
    """The statement behind `deals`.

    Parameters
    ----------
    crm : Crm

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> sold = pd.DataFrame({"opportunity_id": ["1"], "stage": ["x"], "outcome": ["open"]})
    >>> deals_sql(Crm.from_frames(as_of="2024-01-31", opportunities=sold)).count("left join")
    4
    """
    has_history = "stage_history" in crm
    columns = columns_here(crm, "customers", "products", "interactions")
    end = "case when known_deals.outcome in ('won', 'lost') then known_deals.closed_at else $as_of end"
    stage_end = f"case when {end} < last_visits.entered_at then last_visits.entered_at else {end} end"
    steps = visit_steps(crm).add(_LAST_STAGE) if has_history else deal_steps(crm).add(_NO_STAGE)
    steps = steps.add(
        _REST,
        customers=read_table(columns, "customers", _PARTY),
        products=read_table(columns, "products", ("product_id", "category")),
        contacts=read_table(columns, "interactions", _CONTACT),
    )
    return steps.sql(
        _DEALS_SQL.format(
            stage=f"coalesce(last_visits.stage, '{UNKNOWN_STAGE}')" if has_history else "known_deals.stage",
            stage_age=local_days("last_visits.entered_at", stage_end),
            age=local_days("known_deals.created_at", end),
            touched=local_days("contacts_of_deals.last_touch_at", "$as_of"),
        )
    )
