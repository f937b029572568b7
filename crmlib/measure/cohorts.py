"""Cohorts: who bought first when, who came back in which period after, and when somebody stopped."""

from collections.abc import Mapping
from math import isfinite
from numbers import Real

import pandas as pd

from crmlib.measure.lifecycle import HOUSE_WEIGHT, purchase_rhythm, read_rhythm
from crmlib.measure.lifecycle_steps import PURCHASES, purchase_day_steps, purchases_are
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
    """,
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
    """Customers and revenue of every cohort in every period in which it bought.

    Parameters
    ----------
    crm : Crm
        Purchases are orders of which something is left after refunds, on the day of the order; without
        `transactions` the won deals.
    unit : "week", "month", "quarter" or "year"
        Of the calendar in the workspace's time zone. A cohort is everybody who bought first in one of them.

    Returns
    -------
    DataFrame, sorted
        `cohort`, `period` (first days), `after` (periods since the first purchase, from 0), `customers` (with
        a purchase), `revenue` (account currency).

    Raises
    ------
    SchemaError
        If there are neither orders nor opportunities.
    ParameterError
        If there is no such unit.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({"order_id": ["1", "2", "3"], "customer_id": ["ann", "ann", "bob"],
    ...                       "product_id": "tea", "net_amount": 5.0,
    ...                       "ordered_at": ["2024-01-01", "2024-03-11", "2024-01-20"]})
    >>> cohort_cells(Crm.from_frames(as_of="2024-03-31", transactions=lines))
          cohort     period  after  customers  revenue
    0 2024-01-01 2024-01-01      0          2     10.0
    1 2024-01-01 2024-03-01      2          1      5.0
    """
    if unit not in COHORT_UNITS:
        raise ParameterError(f"there is no unit {unit!r}.{nearest(str(unit), COHORT_UNITS)}")
    cells = ask(crm, _CELLS_SQL.format(unit=unit), steps=purchase_day_steps(crm).add(_CELLS))
    cells["cohort"] = pd.to_datetime(cells["cohort"]).astype("datetime64[us]")
    cells["period"] = pd.to_datetime(cells["period"]).astype("datetime64[us]")
    after = period_number(cells["period"], unit=unit) - period_number(cells["cohort"], unit=unit)
    cells.insert(2, "after", after)
    return cells


def period_number(days: pd.Series, *, unit: str) -> pd.Series:
    """The number of the calendar period that a day lies in, so that the next period has the next number.

    Parameters
    ----------
    days : Series of datetimes
    unit : "week", "month", "quarter" or "year"

    Examples
    --------
    >>> days = pd.to_datetime(pd.Series(["2023-12-31", "2024-01-01"]))
    >>> [period_number(days, unit=unit).diff().iloc[1].item() for unit in COHORT_UNITS]
    [1.0, 1.0, 1.0, 1.0]
    """
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

    Parameters
    ----------
    crm : Crm
    silence_days : number, optional
        The limit for everybody. Without it each customer's own, as the life cycle has it: three of the usual
        gaps up to that purchase, and at least the house's long gap.
    rhythm : mapping, optional
        As `purchase_rhythm` makes it; that of `crm` where none is given.

    Returns
    -------
    DataFrame indexed by customer_id, sorted
        `first_on`, `duration_days` (first purchase to the one after which it stopped, or as far as is known;
        NaN for those whose first purchase is too recent to tell), `stopped`, `came_back` (after having
        stopped), `limit_days`.

    Raises
    ------
    SchemaError
        If there are neither orders nor opportunities.
    ParameterError
        If `silence_days` is no number above 0, or the rhythm is incomplete.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({
    ...     "order_id": ["1", "2", "3", "4", "5"], "product_id": "tea", "net_amount": 5.0,
    ...     "customer_id": ["ann", "ann", "bob", "bob", "cem"],
    ...     "ordered_at": ["2024-01-01", "2024-01-21", "2024-05-01", "2024-06-15", "2024-06-20"]})
    >>> crm = Crm.from_frames(as_of="2024-06-30", transactions=lines)
    >>> customer_lifetimes(crm, silence_days=50)[["duration_days", "stopped", "came_back"]]
                 duration_days  stopped  came_back
    customer_id
    ann                   20.0     True      False
    bob                   10.0    False      False
    cem                    NaN    False      False
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
    """Where the first purchase of every customer was made: its channel or shop.

    Parameters
    ----------
    crm : Crm
        With `transactions` that have the column.
    column : "channel" or "store_id"

    Returns
    -------
    Series customer_id -> value; of several orders on the first day, the first by time

    Raises
    ------
    ParameterError
        If there is no such column.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({"order_id": ["1", "2"], "customer_id": "ann", "product_id": "tea",
    ...                       "net_amount": 5.0, "channel": ["web", "shop"],
    ...                       "ordered_at": ["2024-01-01", "2024-03-11"]})
    >>> crm = Crm.from_frames(as_of="2024-03-31", transactions=lines)
    >>> first_purchase_values(crm, column="channel").to_dict()
    {'ann': 'web'}
    """
    present = columns_here(crm).get("transactions", [])
    known = [name for name in FIRST_ORDER_COLUMNS if name in present]
    if column not in known or purchases_are(crm) != PURCHASES:
        raise ParameterError(f"a first purchase has no {column!r} here.{nearest(column, known)}")
    steps = purchase_day_steps(crm).add({"numbered": _FIRST_ORDERS}, column=column)
    table = ask(
        crm, "select customer_id, value from numbered where nth = 1 order by customer_id", steps=steps
    )
    return table.set_index("customer_id")["value"].rename(column)
