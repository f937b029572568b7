"""What customers said and looked at: texts of contacts and feedback, opinions, and looks at products."""

from typing import Literal

import pandas as pd

from crmlib.measure.steps import Steps, ask, columns_here, read_table
from crmlib.prepare.crm import Crm

TEXT_COLUMNS = (
    *("source", "customer_id", "opportunity_id", "outcome", "said_at", "text"),
    *("next_channel", "next_days"),
)
_TEXTS = {
    "voice_deals": "select opportunity_id, outcome, closed_at from ({deals}) as deals",
    "voice_contacts": """
        select *, lead(channel) over (partition by opportunity_id order by happened_at, interaction_id) as next_channel,
            lead(happened_at) over (partition by opportunity_id order by happened_at, interaction_id) as next_at
        from ({notes}) as notes
        where happened_at <= $as_of and planned_for is null
    """,
    "voice_notes": """
        select
            case when notes.opportunity_id is null then 'note' else 'deal_note' end as source,
            notes.customer_id, notes.opportunity_id, voice_deals.outcome, notes.happened_at as said_at,
            trim(notes.notes) as text, notes.interaction_id as text_id, contacts.next_channel,
            date_diff('day', notes.happened_at, contacts.next_at) as next_days
        from ({notes}) as notes left join voice_deals on notes.opportunity_id = voice_deals.opportunity_id
        left join voice_contacts as contacts
            on notes.interaction_id = contacts.interaction_id and notes.opportunity_id is not null
            and (voice_deals.closed_at is null or contacts.next_at <= voice_deals.closed_at)
        where trim(coalesce(notes.notes, '')) <> '' and notes.happened_at <= $as_of
            and (voice_deals.closed_at is null or notes.happened_at <= voice_deals.closed_at)
    """,
    "voice_feedback": """
        select
            kind as source, customer_id, cast(null as varchar) as opportunity_id, cast(null as varchar) as outcome,
            given_at as said_at, trim(text) as text, feedback_id as text_id,
            cast(null as varchar) as next_channel, cast(null as bigint) as next_days
        from ({feedback}) as feedback
        where trim(coalesce(text, '')) <> '' and given_at <= $as_of
    """,
}
_TEXTS_SQL = """
select source, customer_id, opportunity_id, outcome, said_at, text, next_channel, next_days
from (select * from voice_notes union all select * from voice_feedback) as texts
order by said_at desc, source, text_id
limit $most
"""
_READ = {
    "deals": ("opportunities", ("opportunity_id", "outcome", "closed_at")),
    "notes": (
        "interactions",
        ("interaction_id", "customer_id", "opportunity_id", "happened_at", "notes", "channel", "planned_for"),
    ),
    "feedback": ("feedback", ("feedback_id", "customer_id", "given_at", "kind", "text")),
}


def said_texts(crm: Crm, *, most: int) -> pd.DataFrame:
    """All texts that customers or our notes of them hold, the latest first; of deals only up to their close.

    `next_channel` and `next_days`: by what means, and how much later, the next contact about the deal before its close
    came. The texts are personal: they go no further than words that many customers have in common.
    """
    tables = {
        word: read_table(columns_here(crm, name), name, columns) for word, (name, columns) in _READ.items()
    }
    return ask(crm, _TEXTS_SQL, steps=Steps().add(_TEXTS, **tables), most=int(most))[list(TEXT_COLUMNS)]


_SCORED = {
    "voice_orders": """
        select order_id, customer_id, min(ordered_at) as ordered_at, min(channel) as channel,
            sum(net_amount) as net_amount, sum(discount_amount) as discount_amount
        from ({orders}) as lines
        where ordered_at <= $as_of and customer_id is not null
        group by order_id, customer_id
    """,
    "voice_spend": """
        select customer_id, sum(case when date_diff('day', ordered_at, $as_of) < 365 then net_amount end) as spend_365d,
            ntile(3) over (order by sum(net_amount), customer_id) as value_third,
            100 * cast(sum(discount_amount) as double)
                / nullif(cast(sum(net_amount) + sum(discount_amount) as double), 0) as discount_pct
        from voice_orders
        group by customer_id
    """,
    "voice_said": "select * from ({said}) as said where given_at <= $as_of",
    "voice_before": """
        select distinct opinions.feedback_id
        from voice_said as opinions join ({cases}) as cases on opinions.customer_id = cases.customer_id
        where cases.opened_at < opinions.given_at
            and date_diff('day', cases.opened_at, opinions.given_at) <= $days
    """,
}
_SCORED_SQL = """
select
    said.feedback_id, said.customer_id, said.product_id, said.order_id, said.given_at, said.kind, said.score,
    said.score_max, said.text,
    case when said.resolved_at <= $as_of then said.resolved_at end as resolved_at,
    products.category, customers.region, customers.country, customers.industry, orders.channel as order_channel,
    customers.company_size, spend.value_third, spend.discount_pct, coalesce(spend.spend_365d, 0) as spend_365d,
    case when before.feedback_id is null then 0 else 1 end as had_case,
    case
        when spend.customer_id is null or date_diff('day', said.given_at, $as_of) < $days then null
        else coalesce(later.bought, 0)
    end as bought_after
from voice_said as said
left join ({products}) as products on said.product_id = products.product_id
left join ({customers}) as customers on said.customer_id = customers.customer_id
left join voice_orders as orders on said.order_id = orders.order_id and said.customer_id = orders.customer_id
left join voice_spend as spend on said.customer_id = spend.customer_id
left join voice_before as before on said.feedback_id = before.feedback_id
left join (
    select opinions.feedback_id, 1 as bought
    from voice_said as opinions join voice_orders as bought on opinions.customer_id = bought.customer_id
        and bought.ordered_at > opinions.given_at
        and date_diff('day', opinions.given_at, bought.ordered_at) <= $days
    where bought.net_amount > 0
    group by opinions.feedback_id
) as later on said.feedback_id = later.feedback_id
order by said.given_at, said.feedback_id
"""
_SAID = ("feedback_id", "customer_id", "product_id", "order_id", "given_at", "kind", "score", "score_max", "text",
         "resolved_at")  # fmt: skip
_ANSWERED_SQL = """
select count(*) as orders, count(answers.order_id) as answered
from voice_orders left join (
    select distinct order_id from voice_said where kind in ('nps', 'csat')
) as answers on voice_orders.order_id = answers.order_id
"""
_THIRDS_SQL = (
    "select value_third, count(*) as customers from voice_spend group by value_third order by value_third"
)


def scored_feedback(crm: Crm, *, within_days: int = 182) -> pd.DataFrame:
    """Every opinion with what it was about, who gave it, and whether the customer bought in the days after it.

    `bought_after` is missing where those days are not over; `had_case` is 1 where a service case was opened within
    as many days before. `attrs` has the `orders` of known customers, those that
    were `answered` by a survey, and the customers of each third of spend (`thirds`).
    """
    here = columns_here(crm, "feedback", "transactions", "products", "customers", "service_cases")
    line = ("order_id", "customer_id", "ordered_at", "channel", "net_amount", "discount_amount")
    tables = {
        "orders": read_table(here, "transactions", line),
        "said": read_table(here, "feedback", _SAID),
        "cases": read_table(here, "service_cases", ("customer_id", "opened_at")),
    }
    steps = Steps().add(_SCORED, **tables)
    joined = {
        "products": read_table(here, "products", ("product_id", "category")),
        "customers": read_table(
            here, "customers", ("customer_id", "region", "country", "industry", "company_size")
        ),
    }
    rows = ask(crm, _SCORED_SQL.format(**joined), steps=steps, days=within_days)
    for name in ("score", "score_max", "spend_365d", "discount_pct"):
        rows[name] = rows[name].astype("float64")
    for name in ("given_at", "resolved_at"):
        rows[name] = pd.to_datetime(rows[name])
    counted = ask(crm, _ANSWERED_SQL, steps=steps)
    thirds = ask(crm, _THIRDS_SQL, steps=steps).set_index("value_third")["customers"].astype("float64")
    rows.attrs = {
        "orders": counted["orders"].iloc[0],
        "answered": counted["answered"].iloc[0],
        "thirds": thirds.to_dict(),
    }
    return rows


_LOOKED = {
    "voice_looks": """
        select
            coalesce(session_id, visitor_id, customer_id) as session_id, customer_id, product_id,
            min(happened_at) as seen_at, max(campaign_id) as campaign_id,
            max(case when event = 'cart' then 1 else 0 end) as in_cart
        from ({events}) as events
        where event in ('view', 'cart') and product_id is not null and happened_at <= $as_of
        group by coalesce(session_id, visitor_id, customer_id), customer_id, product_id
    """,
    "voice_bought": """
        select distinct looks.session_id, looks.customer_id, looks.product_id
        from voice_looks as looks join ({orders}) as lines
            on looks.customer_id = lines.customer_id and looks.product_id = lines.product_id
        where lines.ordered_at <= $as_of and lines.net_amount > 0
            and date_diff('day', looks.seen_at, lines.ordered_at) between 0 and $days
    """,
}
_LOOKS_SQL = """
select
    looks.{by}, count(*) as looks, sum(looks.in_cart) as carts,
    sum(case when bought.product_id is null then 0 else 1 end) as orders,
    count(distinct looks.customer_id) as customers
from voice_looks as looks left join voice_bought as bought
    on looks.session_id = bought.session_id and looks.customer_id = bought.customer_id
    and looks.product_id = bought.product_id
where looks.customer_id is not null and date_diff('day', looks.seen_at, $as_of) > $days
group by looks.{by}
order by looks.{by}
"""
_UNKNOWN_SQL = """
select count(*) as looks, sum(case when customer_id is null then 1 else 0 end) as unknown from voice_looks
"""


def product_looks(crm: Crm, *, by: Literal["product_id", "campaign_id"], within_days: int) -> pd.DataFrame:
    """By product or campaign: visits of known customers with a look, those that put it in the cart, those that bought.

    A look counts once those days are over. `attrs["unknown_pct"]`: of all looks, those of visitors nobody knows.
    """
    here = columns_here(crm, "events", "transactions")
    seen = ("session_id", "visitor_id", "customer_id", "product_id", "campaign_id", "happened_at", "event")
    lines = ("customer_id", "product_id", "ordered_at", "net_amount")
    steps = Steps().add(
        _LOOKED, events=read_table(here, "events", seen), orders=read_table(here, "transactions", lines)
    )
    found = ask(crm, _LOOKS_SQL.format(by=by), steps=steps, days=within_days)
    names = ["looks", "carts", "orders", "customers"]
    found[names] = found[names].astype("int64")
    every = ask(crm, _UNKNOWN_SQL, steps=steps).iloc[0]
    found.attrs = {
        "unknown_pct": 100 * float(every["unknown"]) / float(every["looks"]) if every["looks"] else 0.0
    }
    return found
