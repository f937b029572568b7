"""What each customer might be offered, some two hundred products at most, with the signals that speak for each."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from crmlib.measure.indicators.steps import indicator_steps, source_steps
from crmlib.measure.offers.tables import day_values
from crmlib.measure.steps import Steps, ask, columns_here
from crmlib.prepare.clock import closing_moment_of_table
from crmlib.prepare.crm import Crm
from crmlib.prepare.engine import Engine
from crmlib.schema.errors import ParameterError, SchemaError
from crmlib.schema.fields import MINIMUM_GROUP

OWN_MOST, TOGETHER_MOST, LIFTED_MOST = 80, 40, 25
"""Products taken per customer: of the own history, by the score of what goes together, and by its excess."""

ANTECEDENTS = 60
"""Products of a customer's history that may point to others, the latest and most frequent."""

GROUPS, OF_GROUP, STEPS_OF_GROUP = 10, 3, 12
"""Categories of a customer that are looked into, best sellers taken of each, and those that may be a step up."""

DEARER_FROM, DEARER_TO, PAID_BEFORE = 1.1, 2.0, 1.25
"""A step up costs so many times what is bought now, and at most so many times what was paid there before."""

_SIGNALS = {
    "own": """
        select *, row_number() over (
            partition by c order by own_days_season desc, own_days desc, last_on desc, p
        ) as place
        from offer_histories semi join offer_batch using (c)
    """,
    "weighed": """
        select c, p, cast(round(1e6 * sqrt(own_days) / (1 + date_diff('day', last_on, $cut) / cast($horizon as double)))
            as bigint) as weight
        from own
    """,
    "antecedents": f"""
        select c, p, weight
        from (select *, row_number() over (partition by c order by weight desc, p) as place from weighed) as placed
        where place <= {ANTECEDENTS}
    """,
    "pointed": """
        select
            antecedents.c,
            pairs.q as p,
            antecedents.p as because,
            pairs.share / pairs.base as lift,
            cast(round(weight * pairs.share) as bigint) as part,
            greatest(cast(round(weight * (pairs.share - pairs.base)) as bigint), 0) as excess
        from antecedents join offer_pairs as pairs on antecedents.p = pairs.p
    """,
    "together": """
        select
            c,
            p,
            cast(sum(part) as bigint) as together,
            max(part) as together_best,
            cast(sum(excess) as bigint) as excess,
            max(lift) as lift_best,
            max(case when excess > 0 then excess * 10000000 + because end) % 10000000 as because
        from pointed
        group by c, p
    """,
    "placed": """
        select
            c,
            p,
            row_number() over (partition by c order by together desc, p) as place,
            row_number() over (partition by c order by excess desc, p) as excess_place
        from together
    """,
    "habits": "select * from offer_group_habits semi join offer_batch using (c)",
    "own_groups": f"""
        select *
        from (
            select *, row_number() over (partition by c order by group_days desc, group_days_season desc, g) as place
            from habits
        ) as groups_placed
        where place <= {GROUPS}
    """,
    "usual": """
        select c, g, p, tier, own_days, first_on, last_on, price
        from (
            select own.c, own.p, own.own_days, own.first_on, own.last_on, places.g, places.tier, places.price,
                row_number() over (partition by own.c, places.g
                    order by places.tier desc nulls last, own.own_days desc, own.last_on desc, own.p)
                    as usual_place
            from own join offer_group_places as places using (p)
        ) as usual_placed
        where usual_place = 1
    """,
    "steps": f"""
        select
            own_groups.c,
            places.p,
            usual.p as step_from,
            usual.own_days as step_days,
            usual.first_on as step_first_on,
            usual.last_on as step_last_on,
            usual.price as step_price,
            places.tier is not null and usual.tier is not null as step_by_tier,
            row_number() over (partition by own_groups.c, own_groups.g order by places.place) as place
        from own_groups
            join usual using (c, g)
            join offer_group_places as places using (g)
            anti join own on own.c = own_groups.c and own.p = places.p
        where places.place <= {STEPS_OF_GROUP}
            and own_groups.group_days >= 2
            and places.price > usual.price
            and places.price <= {PAID_BEFORE} * greatest(own_groups.group_top_price, usual.price)
                * (case when places.tier is not null and usual.tier is not null then 2 else 1 end)
            and coalesce(places.tier = usual.tier + 1,
                places.price between {DEARER_FROM} * usual.price and {DEARER_TO} * usual.price)
    """,
    "candidates": f"""
        select c, p from own where place <= {OWN_MOST}
        union select c, p from placed where place <= {TOGETHER_MOST} or excess_place <= {LIFTED_MOST}
        union select offer_batch.c, p from offer_batch cross join offer_favourites
        union select own_groups.c, places.p from own_groups join offer_group_places as places using (g)
            where places.place <= {OF_GROUP}
        union select c, p from steps where place <= {OF_GROUP}
    """,
}
CANDIDATES_SQL = Steps(_SIGNALS).sql(
    """
select
    candidates.c,
    candidates.p,
    own.own_days is not null as is_own,
    cast(own.first_on as timestamp) as first_on,
    cast(own.last_on as timestamp) as last_on,
    own.own_days,
    own.own_days_recent,
    own.own_days_season,
    date_diff('day', own.last_on, $cut) as since,
    date_diff('day', own.first_on, $cut) as own_tenure,
    case when own.own_days > 1
        then date_diff('day', own.first_on, own.last_on) / cast(own.own_days - 1 as double) end as own_gap,
    coalesce(together.together, 0) / 1e6 as together,
    coalesce(together.together_best, 0) / 1e6 as together_best,
    coalesce(together.excess, 0) / 1e6 as excess,
    together.lift_best,
    together.because,
    steps.step_from,
    steps.step_days,
    cast(steps.step_first_on as timestamp) as step_first_on,
    cast(steps.step_last_on as timestamp) as step_last_on,
    steps.step_price,
    steps.step_by_tier,
    stats.buyers,
    stats.buyers_recent,
    stats.buyers_season,
    stats.first_recent,
    stats.first_season,
    stats.repeat_share,
    stats.days_per_buyer,
    stats.paid_price / habits.group_top_price as price_ratio,
    visits.visit_days,
    visits.visit_days_recent,
    visits.visit_days_season,
    date_diff('day', visits.last_visit_on, $cut) as recency,
    date_diff('day', visits.first_visit_on, $cut) as tenure,
    cast(visits.lines as double) / visits.visit_days as basket,
    visits.products,
    visits.tried_recent,
    visits.tried_season,
    coalesce(habits.group_days, 0) as group_days,
    coalesce(habits.group_days_season, 0) as group_days_season,
    coalesce(habits.group_products, 0) as group_products,
    habits.group_top_price,
    date_diff('day', habits.group_last_on, $cut) as group_since,
    stats.group_share
from candidates
    join offer_product_signals as stats using (p)
    join offer_customer_stats as visits using (c)
    left join own using (c, p)
    left join together using (c, p)
    left join steps using (c, p)
    left join habits on habits.c = candidates.c and habits.g = stats.g
order by candidates.c, candidates.p
"""
)

LABELS_SQL = """
select distinct c, p
from offer_days semi join offer_batch using (c)
where ordered_on > $cut and ordered_on <= $until
order by c, p
"""

EVIDENCE_SQL = """
select
    offers.c,
    offers.p,
    pairs.baskets,
    pairs.orders_before,
    cast(pairs.baskets as double) / pairs.orders_before as confidence,
    cast(pairs.baskets as double) / pairs.orders_before / pairs.base as lift
from offer_chosen as offers join offer_pairs as pairs on pairs.p = offers.because and pairs.q = offers.p
order by offers.c, offers.p
"""


def candidates_of(engine: Any, customers: np.ndarray, *, day: date, horizon_days: int) -> pd.DataFrame:
    """The products that some customers might be offered, with their signals."""
    engine.register("offer_batch", pd.DataFrame({"c": np.asarray(customers, dtype="int32")}))
    days = {"cut": day_values(day, horizon_days=horizon_days)["cut"], "horizon": horizon_days}
    return engine.to_pandas(CANDIDATES_SQL, days)


def bought_after(engine: Any, customers: np.ndarray, *, day: date, horizon_days: int) -> pd.DataFrame:
    """What some customers bought in the days after a day."""
    engine.register("offer_batch", pd.DataFrame({"c": np.asarray(customers, dtype="int32")}))
    return engine.to_pandas(LABELS_SQL, {"cut": day, "until": day + timedelta(days=horizon_days)})


def evidence_of(engine: Any, chosen: pd.DataFrame) -> pd.DataFrame:
    """The orders behind each offer that another product points to."""
    engine.register("offer_chosen", chosen[["c", "p", "because"]].astype("int64"))
    return engine.to_pandas(EVIDENCE_SQL)


GROUP_COLUMNS = ("industry", "company_size", "income_band", "region", "country")
"""By what customers are alike, the most telling first."""

MOST = 60
"""Best sellers kept of each group."""

_SELLERS = {
    "members": "{members}",
    "buyers": """
        select members.value, purchases.c, purchases.p
        from offer_days as purchases join members using (c)
        where purchases.ordered_on <= $cut and purchases.ordered_on > $recent_on
        group by members.value, purchases.c, purchases.p
    """,
    "sizes": "select value, count(distinct c) as group_buyers from buyers group by value",
    "sellers": """
        select value, p, count(*) as buyers, row_number() over (partition by value order by count(*) desc, p) as place
        from buyers
        group by value, p
    """,
}
_SELLERS_SQL = """
select value, p, buyers, group_buyers, place
from sellers join sizes using (value)
where place <= $most and group_buyers >= $least
order by value, place
"""


def group_sellers(
    engine: Engine, column: str, *, day: date, horizon_days: int, min_group: int = MINIMUM_GROUP
) -> pd.DataFrame:
    """The best sellers of the last days by a column of customers, in groups large enough to name."""
    members = "select c, '' as value from offer_customers"
    if column:
        members = (
            f"select c, cast({Engine.quote(column)} as varchar) as value "
            f"from offer_customers join customers using (customer_id) where {Engine.quote(column)} is not null"
        )
    return engine.to_pandas(
        Steps().add(_SELLERS, members=members).sql(_SELLERS_SQL),
        {
            "cut": day,
            "recent_on": day - timedelta(days=horizon_days),
            "least": min_group if column else 1,
            "most": MOST,
        },
    )


def started_share(engine: Engine, *, day: date, horizon_days: int, listed: bool) -> float:
    """Of those who had bought nothing a horizon before a day, the share that has bought since."""
    if not listed:
        return float("nan")
    ((waiting, started),) = engine.rows(
        """
        select count(*), count(case when first_on is not null then 1 end)
        from offer_customers
            join (select customer_id, min(signed_up_on) as since from customers group by customer_id) as people
                using (customer_id)
            left join (select c, min(ordered_on) as first_on from offer_days group by c) as firsts using (c)
        where since <= $then and (first_on is null or first_on > $then)
        """,
        {"then": day - timedelta(days=horizon_days)},
    )
    return float("nan") if waiting < 20 else (started + 0.5) / (waiting + 1)


def people_of(crm: Crm, engine: Engine) -> pd.DataFrame:
    """Every customer, with what offers ask of them: consents, and what groups are made of."""
    asked = (*CONSENTS, *GROUP_COLUMNS)
    present = [name for name in asked if "customers" in crm and name in crm.columns("customers")]
    if not present:
        return engine.to_pandas("select c, customer_id from offer_customers order by c").set_index("c")
    chosen = ", ".join(f"min({name}) as {name}" for name in present)
    return engine.to_pandas(
        f"""
        select c, customer_id, {", ".join(present)}
        from offer_customers left join (
            select customer_id, {chosen} from customers group by customer_id
        ) as listed using (customer_id)
        order by c
        """
    ).set_index("c")


CONSENTS = ("email_consent", "sms_consent", "phone_consent")
"""Columns of customers that say by which channel they may be addressed."""


BOUGHT_SQL = """
select
    customer_id,
    product_id,
    count(bought_at) as order_count,
    cast(sum(net_amount) as double) as net_amount,
    max(bought_at) as last_at
from (
    select
        customer_id,
        product_id,
        order_id,
        sum(net_amount) as net_amount,
        max(case when not is_refund and net_amount > 0 then ordered_at end) as bought_at
    from order_lines
    where ordered_at > $after
    group by customer_id, product_id, order_id
) as products_of_orders
group by customer_id, product_id
having max(bought_at) is not null
order by customer_id, product_id
"""

_BEFORE_ALL = pd.Timestamp("0001-01-01")


def products_bought(crm: Crm, *, after: Any = None, until: Any = None) -> pd.DataFrame:
    """Which customer paid for which product later than one moment and up to another, as known at the later one."""
    if "transactions" not in crm or "customer_id" not in crm.columns("transactions"):
        raise SchemaError(
            "No order line says who bought. Map customer_id in crm.toml under [tables.transactions.columns]."
        )
    zone = crm.time_zone
    begins = _BEFORE_ALL if after is None else closing_moment_of_table(after, time_zone=zone)
    then = crm if until is None else crm.at(until)
    if begins > then.as_of:
        raise ParameterError(
            f"the time ends on {then.as_of:%Y-%m-%d %H:%M}, before it begins on {begins:%Y-%m-%d %H:%M} "
            "(UTC). Give `after` before `until`."
        )
    steps = indicator_steps(source_steps(columns_here(then)))
    return ask(then, BOUGHT_SQL, steps=steps, after=begins.to_pydatetime())
