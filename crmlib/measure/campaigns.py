"""Campaigns, their time, and what each customer bought before and within it."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from crmlib.measure.indicators.steps import source_steps
from crmlib.measure.purchases.states import DEALS, purchases_are
from crmlib.measure.steps import Steps, ask, columns_here, local_day
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError, SchemaError

HISTORY_DAYS = 182
"""At most so many days before a campaign are looked back at."""

RECENT_DAYS = 28
"""The last part of that time, looked at by itself; and the least that a comparison needs."""

USUAL_DAYS = 28
"""How long a campaign is followed that states no end."""

EARLY_DAYS = 31
"""A contact dated more than so many days before the campaign's first day is a mistake."""

SHORTEST_TRIAL_DAYS = 14
"""The comparison is tried on the time before a campaign where that leaves at least so many days."""

STEPS = ("order_days", "first_days", "contacts", "campaign_days", "spans", "people", "figures", "touches")

_DAY = "date_diff('day', date '1970-01-01', {0})"

_ORDER_DAYS = """
    select
        customer_id,
        day,
        sum(net_amount) as amount,
        sum(discount_amount) as discount_amount,
        sum(margin_amount) as margin_amount,
        sum(case when margin_amount is not null then net_amount end) as costed_amount,
        max(case when not is_refund and net_amount > 0 then 1 else 0 end) as is_purchase
    from (select *, {day} as day from ({lines}) as order_lines) as dated_lines
    group by customer_id, day
"""
_DEAL_DAYS = """
    select
        customer_id,
        day,
        sum(coalesce(amount, 0)) as amount,
        cast(null as double) as discount_amount,
        cast(null as double) as margin_amount,
        cast(null as double) as costed_amount,
        1 as is_purchase
    from (select customer_id, amount, {day} as day from ({deals}) as deals
        where customer_id is not null and outcome = 'won' and closed_at <= $as_of) as won_deals
    group by customer_id, day
"""
_FIRST_DAYS = """
    select customer_id, min(day) as first_day
    from order_days
    where is_purchase = 1
    group by customer_id
"""
_ANSWER_ORDERS = """
    select campaign_id, customer_id, min({day}) as answered_day
    from ({lines}) as order_lines
    where campaign_id is not null and not is_refund
    group by campaign_id, customer_id
"""
_CONTACTS = """
    select
        contacted.campaign_id,
        contacted.customer_id,
        coalesce(is_control, false) as is_control,
        {contact_day} as contact_day,
        least({responded_day}, answered_day) as responded_day
    from ({contacted}) as contacted
    left join ({answers}) as answer_orders
        on contacted.campaign_id = answer_orders.campaign_id and contacted.customer_id = answer_orders.customer_id
"""
_CAMPAIGN_DAYS = """
    select
        *,
        least(planned_day, {as_of_day}) as until_day,
        coalesce(least({history}, begin_day - first_order_day), 0) as history_days
    from (
        select
            *,
            coalesce(begin_day + $response_days - 1, own_until_day) as planned_day
        from (
            select
                *,
                case when ended_day >= begin_day then ended_day else begin_day + {usual} - 1 end as own_until_day
            from (
                select
                    known.*,
                    least(started_day, first_contact_day) as begin_day,
                    coalesce(contact_count, 0) as contact_count,
                    coalesce(control_count, 0) as control_count,
                    (select min(day) from order_days) as first_order_day
                from ({known}) as known
                left join (
                    select
                        contacts.campaign_id,
                        count(*) as contact_count,
                        sum(case when is_control then 1 else 0 end) as control_count,
                        min(case when contact_day < started_day - {early} then null else contact_day end)
                            as first_contact_day
                    from contacts join ({known}) as dated on contacts.campaign_id = dated.campaign_id
                    group by contacts.campaign_id
                ) as counted on known.campaign_id = counted.campaign_id
            ) as begun
        ) as ending
    ) as planned
"""
_SPANS = """
    select *, reference_day - history_days as from_day
    from (
        select campaign_id, 'campaign' as span, begin_day as reference_day, until_day as to_day, history_days
        from campaign_days
        where begin_day is not null
        union all
        select
            campaign_id,
            'before' as span,
            begin_day - trial_days as reference_day,
            begin_day - 1 as to_day,
            least({history}, begin_day - trial_days - first_order_day) as history_days
        from (
            select *, least(until_day - begin_day + 1, begin_day - first_order_day - {recent}) as trial_days
            from campaign_days
        ) as tried
        where trial_days >= {trial}
    ) as all_spans
"""
_CAMPAIGN_STEPS_PEOPLE = """
    select
        campaign_days.campaign_id,
        customer_id,
        case
            when contact_day > until_day or contact_day < started_day - {early} then 'aside'
            when is_control then 'control'
            else 'contacted'
        end as arm,
        coalesce(contact_day, begin_day) as contact_day,
        responded_day
    from contacts join campaign_days on contacts.campaign_id = campaign_days.campaign_id
    where campaign_days.campaign_id in (select unnest($campaign_ids))
    union all
    select
        campaign_days.campaign_id,
        first_days.customer_id,
        'other' as arm,
        cast(null as integer) as contact_day,
        cast(null as integer) as responded_day
    from campaign_days
    join first_days on first_days.first_day < campaign_days.begin_day
    left join contacts
        on contacts.campaign_id = campaign_days.campaign_id and contacts.customer_id = first_days.customer_id
    where contacts.customer_id is null
        and campaign_days.control_count = 0
        and campaign_days.campaign_id in (select unnest($campaign_ids))
"""
_FIGURES = """
    select
        spans.campaign_id,
        spans.span,
        order_days.customer_id,
        sum(case when day >= reference_day then amount end) as spend,
        sum(case when day >= reference_day then is_purchase end) as purchase_days,
        sum(case when day >= reference_day then margin_amount end) as margin,
        sum(case when day >= reference_day then costed_amount end) as costed,
        sum(case when day < reference_day then amount end) as spend_before,
        sum(case when day < reference_day then discount_amount end) as discount_before,
        sum(case when day < reference_day then is_purchase end) as purchase_days_before,
        sum(case when day < reference_day and day >= reference_day - {recent} then amount end) as spend_recent,
        max(case when day < reference_day and is_purchase = 1 then day end) as last_day
    from spans join order_days on order_days.day >= spans.from_day and order_days.day <= spans.to_day
    where spans.campaign_id in (select unnest($campaign_ids))
    group by spans.campaign_id, spans.span, order_days.customer_id
"""
_TOUCHES = """
    select
        spans.campaign_id,
        spans.span,
        others.customer_id,
        sum(case when others.begin_day < reference_day then 1 else 0 end) as campaigns_before,
        sum(case when others.responded_day < reference_day then 1 else 0 end) as responses_before,
        sum(case when others.begin_day <= reference_day and others.own_until_day >= reference_day
            then 1 else 0 end) as campaigns_running,
        sum(case when others.own_until_day >= reference_day then 1 else 0 end) as campaigns_overlapping
    from spans
    join (
        select contacts.*, begin_day, own_until_day
        from contacts join campaign_days on contacts.campaign_id = campaign_days.campaign_id
        where not is_control
    ) as others on others.campaign_id <> spans.campaign_id and others.begin_day <= spans.to_day
    where spans.campaign_id in (select unnest($campaign_ids))
    group by spans.campaign_id, spans.span, others.customer_id
"""


def campaign_steps(columns: Mapping[str, Iterable[str]], *, purchases: str) -> Steps:
    """The named steps, from a workspace's own tables."""
    sources = source_steps(columns)
    limits = {"history": HISTORY_DAYS, "recent": RECENT_DAYS, "usual": USUAL_DAYS, "early": EARLY_DAYS}
    written = {
        "order_days": _order_days(sources, purchases),
        "first_days": _FIRST_DAYS,
        "contacts": _contacts(columns, sources),
        "campaign_days": _CAMPAIGN_DAYS.format(
            known=_campaigns(columns), as_of_day=_DAY.format("$as_of_on"), **limits
        ),
        "spans": _SPANS.format(trial=SHORTEST_TRIAL_DAYS, **limits),
        "people": _CAMPAIGN_STEPS_PEOPLE.format(**limits),
        "figures": _FIGURES.format(**limits),
        "touches": _TOUCHES,
    }
    return Steps(written)


def _order_days(sources: Mapping[str, str], purchases: str) -> str:
    if purchases == DEALS:
        return _DEAL_DAYS.format(
            day=_DAY.format(local_day("closed_at")), deals=sources["known_opportunities"]
        )
    return _ORDER_DAYS.format(day=_DAY.format(local_day("ordered_at")), lines=sources["order_lines"])


def _contacts(columns: Mapping[str, Iterable[str]], sources: Mapping[str, str]) -> str:
    orders_name_one = "campaign_id" in columns.get("transactions", ())
    answers = (
        _ANSWER_ORDERS.format(day=_DAY.format(local_day("ordered_at")), lines=sources["order_lines"])
        if orders_name_one
        else "select cast(null as varchar) as campaign_id, cast(null as varchar) as customer_id, "
        "cast(null as integer) as answered_day where false"
    )
    return _CONTACTS.format(
        contacted=sources["contacted_customers"],
        answers=answers,
        contact_day=_DAY.format("contacted_on"),
        responded_day=_DAY.format(local_day("responded_at")),
    )


def _campaigns(columns: Mapping[str, Iterable[str]]) -> str:
    """Every campaign that is listed or that a contact names."""
    present = set(columns.get("campaigns", ()))
    started = _DAY.format("started_on") if "started_on" in present else "cast(null as integer)"
    ended = _DAY.format("ended_on") if "ended_on" in present else "cast(null as integer)"
    named = "select distinct campaign_id from contacts"
    if "campaigns" not in columns:
        return (
            f"select campaign_id, cast(null as integer) as started_day, cast(null as integer) as ended_day "
            f"from ({named}) as named_campaigns"
        )
    return (
        f"select campaign_id, max(started_day) as started_day, max(ended_day) as ended_day from ("
        f"select campaign_id, {started} as started_day, {ended} as ended_day from campaigns "
        f"union all select campaign_id, cast(null as integer), cast(null as integer) from ({named}) as named"
        f") as all_campaigns group by campaign_id"
    )


CONTACTED, CONTROL, OTHER, ASIDE = "contacted", "control", "other", "aside"
"""What a customer was to a campaign: in it, held out for comparison, neither, or in it by a date that cannot be."""

DURING, BEFORE = "campaign", "before"
"""The two times: the campaign's own, and one of the same length, as far as orders reach back, before it."""

_WINDOWS = """
select
    campaign_id,
    begin_day,
    until_day,
    planned_day,
    first_order_day,
    history_days,
    contact_count,
    control_count,
    ended_day >= begin_day as end_is_known
from campaign_days
order by begin_day nulls last, campaign_id
"""
_PEOPLE = """
select
    people.campaign_id,
    coalesce(spans.span, 'campaign') as span,
    people.customer_id,
    people.arm,
    people.contact_day,
    people.responded_day,
    cast(coalesce(figures.spend, 0) as double) as spend,
    cast(coalesce(figures.purchase_days, 0) as double) as purchase_days,
    cast(figures.margin as double) as margin,
    cast(figures.costed as double) as costed,
    cast(coalesce(figures.spend_before, 0) as double) as spend_before,
    100 * cast(figures.discount_before as double)
        / nullif(cast(figures.spend_before + figures.discount_before as double), 0) as discount_before_pct,
    cast(coalesce(figures.purchase_days_before, 0) as double) as purchase_days_before,
    cast(coalesce(figures.spend_recent, 0) as double) as spend_recent,
    cast(spans.reference_day - figures.last_day as double) as recency_days,
    cast(coalesce(touches.campaigns_before, 0) as double) as campaigns_before,
    cast(coalesce(touches.responses_before, 0) as double) as responses_before,
    cast(coalesce(touches.campaigns_running, 0) as double) as campaigns_running,
    cast(coalesce(touches.campaigns_overlapping, 0) as double) as campaigns_overlapping,
    cast(case when first_day < spans.reference_day then spans.reference_day - first_day end as double) as known_days,
    cast(spans.history_days as double) as history_days
from people
left join first_days on people.customer_id = first_days.customer_id
left join spans on people.campaign_id = spans.campaign_id
left join figures
    on people.campaign_id = figures.campaign_id
    and spans.span = figures.span
    and people.customer_id = figures.customer_id
left join touches
    on people.campaign_id = touches.campaign_id
    and spans.span = touches.span
    and people.customer_id = touches.customer_id
order by people.campaign_id, 2, people.customer_id
"""


def campaign_windows(crm: Crm, *, response_days: int | None = None) -> pd.DataFrame:
    """Every campaign, and the days over which it is judged.

    A campaign begins on its first day, or with its first contact if that is earlier (by up to a month). It is
    followed to its last day, for `response_days` where they are given, or for four weeks where no end is known;
    in no case beyond the closing moment.
    """
    table = _ask(crm, _WINDOWS, response_days=response_days).set_index("campaign_id")
    for day, name in (
        ("begin_day", "begin_on"),
        ("until_day", "until_on"),
        ("planned_day", "planned_until_on"),
        ("first_order_day", "first_order_on"),
    ):
        table[name] = _days(table.pop(day))
    table["end_is_known"] = table["end_is_known"].fillna(False).astype("bool")
    table["is_over"] = table["until_on"].notna() & (table["until_on"] == table["planned_until_on"])
    counts = ["history_days", "contact_count", "control_count"]
    table[counts] = table[counts].fillna(0).astype("int64")
    return _described(crm, table)


def campaign_people(
    crm: Crm, *, campaign_ids: Iterable[str] | None = None, response_days: int | None = None
) -> pd.DataFrame:
    """What each customer bought before and within campaigns: one row a campaign, time and customer.

    Beside those in a campaign stand, where nobody was held out for comparison, all customers who had bought
    before it began.
    """
    if campaign_ids is None:
        ids = list(campaign_windows(crm, response_days=response_days).index)
    else:
        ids = [campaign_ids] if isinstance(campaign_ids, str) else list(campaign_ids)
    people = _ask(crm, _PEOPLE, response_days=response_days, campaign_ids=ids)
    people["contact_on"], people["responded_on"] = (
        _days(people.pop("contact_day")),
        _days(people.pop("responded_day")),
    )
    return people


def _ask(crm: Crm, question: str, *, response_days: int | None, campaign_ids: Any = ()) -> pd.DataFrame:
    if "campaign_contacts" not in crm:
        raise SchemaError(
            f"{crm.name} has no table campaign_contacts, so nobody knows who was in a campaign. "
            "Map it in crm.toml under [tables.campaign_contacts]."
        )
    if response_days is not None and (
        isinstance(response_days, bool) or not isinstance(response_days, int) or response_days < 1
    ):
        raise ParameterError(f"response_days is {response_days!r}. Give a whole number of days from 1 on.")
    steps = campaign_steps(columns_here(crm), purchases=purchases_are(crm))
    return ask(crm, question, steps=steps, response_days=response_days, campaign_ids=list(campaign_ids))


def _days(numbers: pd.Series) -> pd.Series:
    return pd.to_datetime(numbers.astype("float64"), unit="D", origin="unix").astype("datetime64[us]")


def _described(crm: Crm, table: pd.DataFrame) -> pd.DataFrame:
    texts = ["name", "kind", "channel"]
    present = [
        name for name in (*texts, "cost_amount") if "campaigns" in crm and name in crm.columns("campaigns")
    ]
    if present:
        told = crm.frame("campaigns", ["campaign_id", *present]).drop_duplicates("campaign_id")
        table = table.join(told.set_index("campaign_id"))
    for name in texts:
        table[name] = (
            table[name].astype("str") if name in table else pd.Series(index=table.index, dtype="str")
        )
    table["cost_amount"] = table["cost_amount"].astype("float64") if "cost_amount" in table else float("nan")
    order = [
        *texts, "cost_amount", "begin_on", "until_on", "planned_until_on", "end_is_known", "is_over",
        "first_order_on", "history_days", "contact_count", "control_count",
    ]  # fmt: skip
    return table[order]
