"""How each customer's purchases are spaced: what loyalty is judged by."""

import pandas as pd

from crmlib.measure.indicators.sources import source_steps
from crmlib.measure.indicators.steps import indicator_steps
from crmlib.measure.steps import ask, columns_here
from crmlib.prepare.crm import Crm

REPEAT_DAYS = 90
"""A purchase is repeated when the next one follows within so many days."""

_RHYTHM = {
    "bought_days": """
        select customer_id, ordered_on, min(age_days) as age_days
        from orders
        where is_purchase
        group by customer_id, ordered_on
    """,
    "spaced_days": """
        select
            customer_id,
            age_days,
            lag(age_days) over (partition by customer_id order by ordered_on) - age_days as gap_days,
            age_days - lead(age_days) over (partition by customer_id order by ordered_on) as next_gap_days,
            max(age_days) over (partition by customer_id) as tenure_days
        from bought_days
    """,
    "own_rhythms": """
        select
            customer_id,
            count(*) as purchase_day_count,
            count(gap_days) as gap_count,
            percentile_cont(0.5) within group (order by gap_days) as own_gap_days,
            max(tenure_days) as tenure_days,
            min(age_days) as recency_days
        from spaced_days
        group by customer_id
    """,
    "house_rhythm": """
        select percentile_cont(0.5) within group (order by own_gap_days) as house_gap_days
        from own_rhythms
        where gap_count >= 2
    """,
    "rhythms": """
        select
            customer_id,
            purchase_day_count,
            tenure_days,
            recency_days,
            case when gap_count >= 2 then own_gap_days else house_gap_days end as usual_gap_days
        from own_rhythms cross join house_rhythm
    """,
    "slots": """
        select
            customer_id,
            sum(greatest(floor(gap_days / usual_gap_days + 0.5) - 1, 0)) as missed_between,
            count(*) filter (where age_days >= $repeat_days) as could_repeat_count,
            count(*) filter (where age_days >= $repeat_days and next_gap_days <= $repeat_days) as repeated_count,
            count(*) filter (
                where gap_days is not null and 2 * (spaced_days.tenure_days - age_days) <= spaced_days.tenure_days
            ) as earlier_count,
            count(*) filter (
                where gap_days is not null and 2 * (spaced_days.tenure_days - age_days) > spaced_days.tenure_days
            ) as recent_count
        from spaced_days join rhythms using (customer_id)
        group by customer_id
    """,
}
_HABITS_SQL = """
select
    customer_id,
    purchase_day_count,
    tenure_days,
    recency_days,
    usual_gap_days,
    coalesce(missed_between, 0)
        + greatest(floor(recency_days / usual_gap_days + 0.5) - 1, 0) as missed_count,
    could_repeat_count,
    repeated_count,
    earlier_count,
    recent_count
from rhythms join slots using (customer_id)
order by customer_id
"""


def buying_habits(crm: Crm) -> pd.DataFrame:
    """How often, how evenly and how lately each customer has come, counted in purchase days.

    Several orders of one day are one purchase. What a purchase is, the indicators say.

    Parameters
    ----------
    crm : Crm
        With `transactions`.

    Returns
    -------
    DataFrame indexed by customer_id, sorted; customers with a purchase
        `purchase_day_count`, `tenure_days` (since the first), `recency_days` (since the last),
        `usual_gap_days` (the median of the customer's own gaps; with fewer than two of them the median of the
        others' medians, empty where nobody has two), `missed_count` (purchases missed: a gap of g days at a
        usual gap of u holds round(g / u) slots, of which the purchase at its end keeps one; the time since
        the last purchase counts alike, its last slot being still to come), `could_repeat_count` (purchases at
        least 90 days old), `repeated_count` (of these, followed by the next within 90 days),
        `earlier_count` and `recent_count` (purchases after the first one, in the earlier and the recent half
        of the time from the first purchase to as_of; the middle day belongs to the earlier half).

    Raises
    ------
    SchemaError
        If there is no table of transactions.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> days = ["2024-01-01", "2024-01-11", "2024-01-21", "2024-02-20"]     # gaps of 10, 10 and 30 days
    >>> lines = pd.DataFrame({"order_id": ["1", "2", "3", "4"], "customer_id": "ann", "product_id": "tea",
    ...                       "ordered_at": days, "net_amount": 5.0})
    >>> rhythm = buying_habits(Crm.from_frames(as_of="2024-03-06", transactions=lines))
    >>> rhythm[["purchase_day_count", "usual_gap_days", "missed_count"]]    # 2 in the long gap, 1 since
                 purchase_day_count  usual_gap_days  missed_count
    customer_id
    ann                           4            10.0           3.0
    """
    crm.table("transactions")
    steps = indicator_steps(source_steps(columns_here(crm, "transactions"))).add(_RHYTHM)
    return ask(crm, _HABITS_SQL, steps=steps, repeat_days=REPEAT_DAYS).set_index("customer_id")
