"""What was known on a day: histories, best sellers, gaps and what was bought together, counted up to it."""

from datetime import date, timedelta
from typing import Any

from crmlib.measure.offer_pairs import LEAST_TOGETHER, PAIRS_SQL
from crmlib.measure.steps import Steps, lay_down

LEAST_ENDED = 20
"""Repeat purchases from which a product, or a category, has a rhythm of its own."""

_GAPS = {
    "gaps": """
        select {key}, gap, sum(at_gap) as at_gap, sum(ended) as ended
        from offer_gap_counts
        where {where}
        group by {key}, gap
    """,
    "risks": """
        select
            {key},
            gap,
            at_gap,
            ended,
            sum(at_gap) over (
                partition by {key} order by gap rows between current row and unbounded following
            ) as at_risk
        from gaps
    """,
    "curve": """
        select
            {key},
            gap,
            ended,
            round(exp(sum(ln(greatest(1 - cast(ended as double) / at_risk, 1e-9))) over (
                partition by {key} order by gap rows between unbounded preceding and current row
            )), 9) as lasting
        from risks
        where ended > 0
    """,
    "ends": """
        select {key}, min(lasting) as lasting_at_end, sum(ended) as ended from curve group by {key}
    """,
    "stretches": "select {key}, sum(at_gap) as stretches from gaps group by {key}",
}
_GAPS_SQL = """
select
    {key},
    cast(min(case when 2 * lasting <= 1 + lasting_at_end then gap end) as double) as {name}_days,
    1 - min(lasting_at_end) as {name}_return,
    min(ends.ended) as {ended},
    min(stretches.stretches) - min(ends.ended) as {running}
from curve join ends using ({key}) join stretches using ({key})
group by {key}
"""


def _gaps_sql(*, key: str, where: str, name: str, ended: str, running: str) -> str:
    question = _GAPS_SQL.format(key=key, name=name, ended=ended, running=running)
    return Steps().add(_GAPS, key=key, where=where).sql(question)


STATEMENTS = {
    "offer_histories": """
        select
            c,
            p,
            cast(count(*) as integer) as own_days,
            cast(count(case when ordered_on > $recent_on then 1 end) as integer) as own_days_recent,
            cast(count(case when ordered_on > $season_on then 1 end) as integer) as own_days_season,
            min(ordered_on) as first_on,
            max(ordered_on) as last_on,
            max(price) as top_price
        from offer_days
        where ordered_on <= $cut
        group by c, p
    """,
    "offer_product_stats": """
        select *
        from (
            select
                p,
                count(*) as buyers,
                count(case when last_on > $recent_on then 1 end) as buyers_recent,
                count(case when last_on > $season_on then 1 end) as buyers_season,
                count(case when first_on > $recent_on then 1 end) as first_recent,
                count(case when first_on > $season_on then 1 end) as first_season,
                count(case when own_days > 1 then 1 end) as repeaters,
                sum(own_days) as bought_days
            from offer_histories
            group by p
        ) as takers join (
            select
                p,
                cast(coalesce(
                    sum(case when ordered_on > $season_on then amount end)
                        / sum(case when ordered_on > $season_on then quantity end),
                    sum(amount) / sum(quantity)
                ) as double) as paid_price,
                cast(sum(cost) as double)
                    / nullif(cast(sum(case when cost is not null then amount end) as double), 0) as cost_share
            from offer_purchases
            where ordered_on <= $cut
            group by p
        ) as prices using (p)
    """,
    "offer_customer_stats": """
        select *
        from (
            select
                c,
                count(*) as visit_days,
                count(case when ordered_on > $recent_on then 1 end) as visit_days_recent,
                count(case when ordered_on > $season_on then 1 end) as visit_days_season,
                min(ordered_on) as first_visit_on,
                max(ordered_on) as last_visit_on
            from (select distinct c, ordered_on from offer_days where ordered_on <= $cut) as visits
            group by c
        ) as coming join (
            select
                c,
                count(*) as products,
                sum(own_days) as lines,
                count(case when first_on > $recent_on then 1 end) as tried_recent,
                count(case when first_on > $season_on then 1 end) as tried_season
            from offer_histories
            group by c
        ) as choosing using (c)
    """,
    "offer_group_habits": """
        select
            histories.c,
            products.g,
            cast(sum(histories.own_days) as bigint) as group_days,
            cast(sum(histories.own_days_season) as bigint) as group_days_season,
            count(*) as group_products,
            max(histories.last_on) as group_last_on,
            max(histories.top_price) as group_top_price
        from offer_histories as histories join offer_products as products using (p)
        where products.has_group
        group by histories.c, products.g
    """,
    "offer_group_places": """
        select
            g,
            p,
            tier,
            coalesce(unit_price, paid_price) as price,
            sum(buyers_recent) over (partition by g) as group_buyers,
            row_number() over (partition by g order by buyers_recent desc, buyers desc, p) as place
        from offer_product_stats join offer_products using (p)
        where has_group
    """,
    "offer_product_signals": """
        select
            stats.p,
            products.g,
            stats.buyers,
            stats.buyers_recent,
            stats.buyers_season,
            stats.first_recent,
            stats.first_season,
            stats.paid_price,
            cast(stats.repeaters as double) / stats.buyers as repeat_share,
            cast(stats.bought_days as double) / stats.buyers as days_per_buyer,
            cast(stats.buyers_recent as double) / nullif(places.group_buyers, 0) as group_share
        from offer_product_stats as stats
            join offer_products as products using (p)
            left join offer_group_places as places using (p)
    """,
    "offer_favourites": """
        select p
        from (
            select
                p,
                row_number() over (order by buyers_recent desc, buyers desc, p) as place,
                row_number() over (order by first_recent desc, buyers_recent desc, p) as new_place
            from offer_product_stats
        ) as places
        where place <= 30 or new_place <= 30
    """,
    "offer_gap_counts": f"""
        select
            1 as k,
            case when products.has_group then products.g end as g,
            often.p as often_p,
            stretches.gap,
            count(*) as at_gap,
            sum(stretches.ended) as ended
        from (
            select p, gap, 1 as ended from offer_gaps where ordered_on <= $cut
            union all
            select p, cast(date_diff('day', last_on, $cut) as integer) as gap, 0 as ended from offer_histories
        ) as stretches
            join offer_products as products using (p)
            left join (
                select p from offer_histories group by p having sum(own_days - 1) >= {LEAST_ENDED}
            ) as often using (p)
        group by products.has_group, products.g, often.p, stretches.gap
    """,
    "offer_product_gaps": "select often_p as p, km_days, km_return, ended, running from ("
    + _gaps_sql(key="often_p", where="often_p is not null", name="km", ended="ended", running="running")
    + ") as found",
    "offer_group_gaps": _gaps_sql(
        key="g", where="g is not null", name="group", ended="group_ended", running="group_running"
    ),
    "offer_all_gaps": "select all_days, all_return from (values (1)) as one left join ("
    + _gaps_sql(key="k", where="true", name="all", ended="all_ended", running="all_running")
    + ") as found on true",
    "offer_pairs": PAIRS_SQL,
}
"""Table -> how it is made; later ones rest on earlier ones. ``$cut`` is the last day that is looked at."""


def count_up_to(engine: Any, day: date, *, horizon_days: int, place: int = 0) -> None:
    """Make the tables of `STATEMENTS` as they were known at the end of a day; those of another day go.

    Parameters
    ----------
    engine : Engine, as `offer_tables.offer_engine` makes it, after `count_pairs`
    day : date
    horizon_days : int
        "Recent" is so many days; the "season" is three times as long.
    place : 0, 1 or 2
        How many horizons the day lies before that of `count_pairs`.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmlib.measure.offer_pairs import count_pairs
    >>> from crmlib.measure.offer_tables import day_of, offer_engine, products_offered
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({
    ...     "order_id": ["1", "2", "3"], "customer_id": "ann", "product_id": ["tea", "tea", "jam"],
    ...     "ordered_at": ["2024-01-02", "2024-01-16", "2024-01-16"], "net_amount": [5.0, 6.0, 3.0],
    ...     "quantity": [1, 2, 1]})
    >>> crm = Crm.from_frames(as_of="2024-01-31", transactions=lines)
    >>> engine = offer_engine(crm)
    >>> count_pairs(engine, day_of(crm), horizon_days=28)
    >>> count_up_to(engine, day_of(crm), horizon_days=28)
    >>> products_offered(engine)[["product_id", "paid_price", "ended"]]
      product_id  paid_price  ended
    p
    0        jam    3.000000    NaN
    1        tea    3.666667    NaN
    """
    values = day_values(day, horizon_days=horizon_days) | {"place": place}
    lay_down(engine, STATEMENTS, **values)


def day_values(day: date, *, horizon_days: int) -> dict[str, Any]:
    """The parameters of the statements.

    Examples
    --------
    >>> day_values(date(2024, 1, 31), horizon_days=10)["season_on"]
    datetime.date(2024, 1, 1)
    """
    return {
        "cut": day,
        "recent_on": day - timedelta(days=horizon_days),
        "season_on": day - timedelta(days=3 * horizon_days),
        "least_together": LEAST_TOGETHER,
    }
