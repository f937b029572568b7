"""Cohorts: who bought first when, who came back in which period after, and when somebody stopped."""

from collections.abc import Mapping
from math import isfinite
from numbers import Real

import pandas as pd

from crmlib.measure.purchases.states import (
    HOUSE_WEIGHT,
    PURCHASES,
    purchase_day_steps,
    purchase_rhythm,
    purchases_are,
    read_rhythm,
)
from crmlib.measure.steps import ask, columns_here
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError, nearest
from crmlib.schema.states import QUIET_TIMES

COHORT_UNITS = ("week", "month", "quarter", "year")
"""Calendar periods that cohorts may be made of; weeks begin on Monday."""

FIRST_ORDER_COLUMNS = ("channel", "store_id")
"""What is known of a first purchase."""

_CELLS = {
    "firsts": """
        select
            customer_id,
            ordered_on,
            amount,
            min(ordered_on) over (partition by customer_id) as first_on
        from purchase_days
    """
}
_CELLS_SQL = """
select
    cast(date_trunc('{unit}', first_on) as date) as cohort,
    cast(date_trunc('{unit}', ordered_on) as date) as period,
    count(distinct customer_id) as customers,
    cast(sum(amount) as double) as revenue
from firsts
group by 1, 2
order by 1, 2
"""
_LIFETIMES = {
    "series": """
        select
            *,
            row_number() over (partition by customer_id order by ordered_on) as nth,
            min(ordered_on) over (partition by customer_id) as first_on,
            lag(ordered_on) over (partition by customer_id order by ordered_on) as previous_on,
            lead(ordered_on) over (partition by customer_id order by ordered_on) as next_on
        from purchase_days
    """,
    "awaited": """
        select
            *,
            date_diff('day', first_on, ordered_on) as tenure_days,
            date_diff('day', first_on, coalesce(previous_on, ordered_on)) as tenure_before,
            date_diff('day', ordered_on, coalesce(next_on, $as_of_on)) as silence_days,
            date_diff('day', ordered_on, $as_of_on) as age_days,
            {limit} as limit_days
        from series
    """,
    "decided": """
        select
            *,
            case
                when age_days <= limit_days then 'open'
                when silence_days > limit_days then 'stopped'
            end as verdict
        from awaited
    """,
    "firsts": """
        select *, min(case when verdict is not null then nth end) over (partition by customer_id) as decided_nth
        from decided
    """,
}
_LIFETIMES_SQL = """
select
    customer_id,
    first_on,
    limit_days,
    case
        when verdict = 'stopped' then cast(tenure_days as double)
        when nth > 1 then least(
            greatest(tenure_days + age_days - limit_days, cast(tenure_before as double)),
            cast(tenure_days as double)
        )
    end as duration_days,
    verdict = 'stopped' as stopped,
    verdict = 'stopped' and next_on is not null as came_back
from firsts
where nth = decided_nth
order by customer_id
"""
_OWN_LIMIT = """greatest(
            $quiet_times * ($house_weight * $gap_days + date_diff('day', first_on, ordered_on))
                / ($house_weight + nth - 1),
            $long_gap_days
        )"""

_FIRST_ORDERS = """
        select customer_id, {column} as value,
            row_number() over (partition by customer_id order by ordered_at, order_id) as nth
        from orders
        where is_purchase
    """


def cohort_cells(crm: Crm, *, unit: str = "month") -> pd.DataFrame:
    """Customers and revenue of every cohort in every period in which it bought."""
    if unit not in COHORT_UNITS:
        raise ParameterError(f"there is no unit {unit!r}.{nearest(str(unit), COHORT_UNITS)}")
    cells = ask(crm, _CELLS_SQL.format(unit=unit), steps=purchase_day_steps(crm).add(_CELLS))
    cells["cohort"] = pd.to_datetime(cells["cohort"]).astype("datetime64[us]")
    cells["period"] = pd.to_datetime(cells["period"]).astype("datetime64[us]")
    after = period_number(cells["period"], unit=unit) - period_number(cells["cohort"], unit=unit)
    cells.insert(2, "after", after)
    return cells


def period_number(days: pd.Series, *, unit: str) -> pd.Series:
    """The number of the calendar period that a day lies in, so that the next period has the next number."""
    if unit == "week":
        return ((days - pd.Timestamp("0001-01-01").as_unit("s")).dt.days // 7).astype("int64")
    months = 12 * days.dt.year + days.dt.month - 1
    return (months // {"month": 1, "quarter": 3, "year": 12}[unit]).astype("int64")


def customer_lifetimes(
    crm: Crm, *, silence_days: float | None = None, rhythm: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """How long every customer bought before falling silent, or is known to have bought so far.

    Somebody has stopped at the purchase after which a silence followed that is longer than the limit; a later
    return does not undo it. Whoever's silence is not yet over the limit has not been seen to stop, and counts
    up to the moment at which that could have been seen: the limit before the closing moment.
    """
    if silence_days is None:
        scale = purchase_rhythm(crm) if rhythm is None else read_rhythm(rhythm)
        limit = _OWN_LIMIT
    else:
        if isinstance(silence_days, bool) or not isinstance(silence_days, Real):
            raise ParameterError(f"silence_days is {silence_days!r}. Give a number of days above 0.")
        if not isfinite(silence_days) or silence_days <= 0:
            raise ParameterError(f"silence_days is {silence_days!r}. Give a number of days above 0.")
        scale, limit = {"silence_limit": float(silence_days)}, "cast($silence_limit as double)"
    table = ask(
        crm,
        _LIFETIMES_SQL,
        steps=purchase_day_steps(crm).add(_LIFETIMES, limit=limit),
        quiet_times=float(QUIET_TIMES),
        house_weight=float(HOUSE_WEIGHT),
        **scale,
    ).set_index("customer_id")
    table["first_on"] = pd.to_datetime(table["first_on"]).astype("datetime64[us]")
    table["duration_days"] = table["duration_days"].astype("float64")
    flags = {"stopped": "bool", "came_back": "bool", "limit_days": "float64"}
    return table.astype(flags)[["first_on", "duration_days", "stopped", "came_back", "limit_days"]]


def first_purchase_values(crm: Crm, *, column: str) -> pd.Series:
    """Where the first purchase of every customer was made: its channel or shop."""
    present = columns_here(crm).get("transactions", [])
    known = [name for name in FIRST_ORDER_COLUMNS if name in present]
    if column not in known or purchases_are(crm) != PURCHASES:
        raise ParameterError(f"a first purchase has no {column!r} here.{nearest(column, known)}")
    steps = purchase_day_steps(crm).add({"numbered": _FIRST_ORDERS}, column=column)
    table = ask(
        crm, "select customer_id, value from numbered where nth = 1 order by customer_id", steps=steps
    )
    return table.set_index("customer_id")["value"].rename(column)
