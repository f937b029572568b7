"""How the last whole month or quarter went, beside the one before and the same a year earlier."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from crmlib.measure.sales import plan_rows
from crmlib.measure.steps import Steps, ask, columns_here, local_day, read_table
from crmlib.prepare.clock import in_zone
from crmlib.prepare.crm import Crm

MONTHS = {"month": 1, "quarter": 3}
"""Length of a period, in months."""

PERIODS_SHOWN = 13
"""As many periods of history as are kept."""

FIGURES = ("sales", "orders", "buyers", "won_deals", "won_amount", "open_amount", "plan_reached_pct")

_LINES = ("order_id", "customer_id", "ordered_at", "net_amount")
_SOLD = {
    "sold": """
        select {day} as sold_on, order_id, customer_id, net_amount
        from ({lines}) as lines
        where ordered_at <= $as_of
    """,
}
_SOLD_SQL = """
select
    cast(date_trunc('{freq}', sold_on) as date) as period_start,
    cast(sum(net_amount) as double) as sales,
    count(distinct case when net_amount > 0 then order_id end) as orders,
    count(distinct case when net_amount > 0 then customer_id end) as buyers
from sold
group by 1
order by 1
"""
_DEALS = ("opportunity_id", "created_at", "closed_at", "outcome", "amount")
_MOVED = {
    "decided": """
        select {created} as created_on, {closed} as closed_on, outcome, amount
        from ({deals}) as deals
        where created_at <= $as_of
    """,
    "moved": """
        select cast(date_trunc('{freq}', created_on) as date) as period_start, 'created' as what, amount
        from decided
        where created_on is not null
        union all
        select cast(date_trunc('{freq}', closed_on) as date) as period_start, outcome as what, amount
        from decided
        where closed_on is not null and outcome in ('won', 'lost')
    """,
}
_MOVED_SQL = """
select period_start, what, count(*) as deals, cast(coalesce(sum(amount), 0) as double) as amount
from moved
group by 1, 2
order by 1, 2
"""


@dataclass(frozen=True, kw_only=True, eq=False)
class Lately:
    """The figures of the last whole period, those before it, and where the period begins and ends.

    `table` is indexed by figure (of `FIGURES`, those that are known): `now`, `before` (the period before) and
    `year_ago`, NaN where they are not known; `history` has one row a period, oldest first, and one column a figure.
    """

    table: pd.DataFrame
    history: pd.DataFrame = field(repr=False)
    freq: str
    first_day: pd.Timestamp
    last_day: pd.Timestamp
    currency: str = ""


def lately(crm: Crm) -> Lately | None:
    """The last whole quarter where deals are kept, else the last whole month; none where nothing was sold in it."""
    freq = "quarter" if "opportunities" in crm else "month"
    today = in_zone(crm.as_of, time_zone=crm.time_zone).tz_localize(None).normalize().as_unit("us")
    first_day = _last_whole(today, MONTHS[freq])
    last_day = first_day + pd.DateOffset(months=MONTHS[freq]) - pd.Timedelta(days=1)
    parts = [part for part in (_sold(crm, freq), _deals(crm, freq)) if part is not None]
    if not parts or all(part.index.min() > first_day for part in parts):
        return None
    begins = min(part.index.min() for part in parts)
    starts = pd.date_range(begins, first_day, freq=f"{MONTHS[freq]}MS").as_unit("us")
    history = pd.concat([_over(part, starts) for part in parts], axis=1)
    history["plan_reached_pct"] = _reached(crm, history, MONTHS[freq])
    known = [name for name in FIGURES if name in history and pd.notna(history[name].iloc[-1])]
    history = history[known]
    back = {"now": 0, "before": 1, "year_ago": 12 // MONTHS[freq]}
    table = pd.DataFrame(
        {
            name: history.iloc[-1 - periods] if len(history) > periods else np.nan
            for name, periods in back.items()
        },
        index=known,
    )
    return Lately(
        table=table.astype("float64"),
        history=history.tail(PERIODS_SHOWN),
        freq=freq,
        first_day=first_day,
        last_day=last_day.as_unit("us"),
        currency=crm.currency,
    )


def _last_whole(today: pd.Timestamp, months: int) -> pd.Timestamp:
    """The first day of the last period that is over at the end of a day."""
    tomorrow = today + pd.Timedelta(days=1)
    running = pd.Timestamp(tomorrow.year, (tomorrow.month - 1) // months * months + 1, 1)
    return (running - pd.DateOffset(months=months)).as_unit("us")


def _sold(crm: Crm, freq: str) -> pd.DataFrame | None:
    if "transactions" not in crm:
        return None
    lines = read_table(columns_here(crm, "transactions"), "transactions", _LINES)
    steps = Steps().add(_SOLD, day=local_day("ordered_at"), lines=lines)
    sold = _by_period(ask(crm, _SOLD_SQL.format(freq=freq), steps=steps))
    knows_buyers = "customer_id" in crm.columns("transactions")
    return sold if sold is None or knows_buyers else sold.drop(columns="buyers")


def _deals(crm: Crm, freq: str) -> pd.DataFrame | None:
    """Deals won by period, and the value of those that were open at its end."""
    if "opportunities" not in crm:
        return None
    deals = read_table(columns_here(crm, "opportunities"), "opportunities", _DEALS)
    days = {"created": local_day("created_at"), "closed": local_day("closed_at")}
    steps = Steps().add(_MOVED, deals=deals, freq=freq, **days)
    moved = ask(crm, _MOVED_SQL, steps=steps)
    if moved.empty:
        return None
    moved["period_start"] = pd.to_datetime(moved["period_start"]).astype("datetime64[us]")
    ways = ["created", "won", "lost"]
    wide = moved.pivot(index="period_start", columns="what", values=["deals", "amount"]).fillna(0.0)
    deals_of, amounts = (wide[name].reindex(columns=ways, fill_value=0.0) for name in ("deals", "amount"))
    grown = amounts["created"] - amounts["won"] - amounts["lost"]
    return pd.DataFrame(
        {"won_deals": deals_of["won"], "won_amount": amounts["won"], "open_amount": grown.cumsum()}
    ).astype("float64")


def _by_period(table: pd.DataFrame) -> pd.DataFrame | None:
    if table.empty:
        return None
    begins = pd.to_datetime(table["period_start"]).astype("datetime64[us]")
    return table.drop(columns="period_start").set_index(begins).astype("float64")


def _over(part: pd.DataFrame, starts: pd.DatetimeIndex) -> pd.DataFrame:
    """The figures of each period; a stock goes on where nothing moved, a flow is 0 once it has begun."""
    spread = part.reindex(starts)
    begun = spread.index >= part.index.min()
    flows = [name for name in part if name != "open_amount"]
    spread[flows] = spread[flows].where(~begun[:, None] | spread[flows].notna(), 0.0)
    if "open_amount" in spread:
        spread["open_amount"] = part["open_amount"].reindex(starts.union(part.index)).ffill().reindex(starts)
    return spread


def _reached(crm: Crm, history: pd.DataFrame, months: int) -> pd.Series:
    """What was reached of the plan for the whole company, of periods that the plan covers in whole."""
    nothing = pd.Series(np.nan, index=history.index)
    if "plans" not in crm:
        return nothing
    plans = plan_rows(crm, by="total")
    measured = {"won_amount": "won_amount", "net_amount": "sales"}
    measure = next((name for name in measured if (plans["measure"] == name).any()), None)
    if measure is None or measured[measure] not in history:
        return nothing
    own = plans[plans["measure"] == measure]
    ends = history.index + pd.DateOffset(months=months) - pd.Timedelta(days=1)
    targets = [_target(own, start, end) for start, end in zip(history.index, ends, strict=True)]
    target = pd.Series(targets, index=history.index, dtype="float64")
    return 100 * history[measured[measure]] / target.where(target > 0)


def _target(plans: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> float:
    inside = plans[(plans["period_start"] >= start) & (plans["period_end"] <= end)]
    days = (inside["period_end"] - inside["period_start"]).dt.days + 1
    whole = days.sum() == (end - start).days + 1
    return float(inside["target"].sum()) if len(inside) and whole else float("nan")
