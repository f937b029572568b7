"""Sales by period, in all or by what they are told apart by; how the last whole month or quarter went."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from crmlib.measure.steps import Steps, ask, columns_here, local_day, read_table
from crmlib.prepare.clock import closing_day
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError, SchemaError, nearest

MEASURES = ("net_amount", "quantity", "margin", "order_count", "won_amount")
"""What can be added up over a time: money sold, pieces, money sold less cost, orders, money of won deals."""

FREQUENCIES = ("week", "month")
"""Weeks begin on Monday."""

SPLITS = {
    "customer": ("lines.customer_id", "deals.customer_id"),
    "product": ("lines.product_id", "deals.product_id"),
    "category": ("things.category", "things.category"),
    "department": ("things.department", "things.department"),
    "brand": ("things.brand", "things.brand"),
    "employee": ("lines.employee_id", "deals.owner_id"),
    "region": ("parties.region", "parties.region"),
    "country": ("parties.country", "parties.country"),
    "channel": ("lines.channel", None),
    "store": ("lines.store_id", None),
}
"""What sales may be told apart by: the column of order lines, and that of deals."""

_LINES = (
    *("order_id", "customer_id", "product_id", "ordered_at", "quantity", "net_amount", "cost_amount"),
    *("channel", "store_id", "employee_id"),
)
_DEALS = ("opportunity_id", "customer_id", "product_id", "owner_id", "closed_at", "amount", "outcome")
_THINGS = ("product_id", "category", "department", "brand")
_PARTIES = ("customer_id", "region", "country")

_DETAILS = {
    "things": """
        select product_id, min(category) as category, min(department) as department, min(brand) as brand
        from ({things}) as things
        group by product_id
    """,
    "parties": """
        select customer_id, min(region) as region, min(country) as country
        from ({parties}) as parties
        group by customer_id
    """,
}
_FACTS_OF_LINES = {
    "facts": """
        select
            {day} as sold_on,
            {key} as key,
            cast(lines.product_id as varchar) as product_id,
            cast(lines.customer_id as varchar) as customer_id,
            lines.order_id as order_id,
            lines.net_amount as net_amount,
            try_cast(lines.quantity as decimal(18, 4)) as quantity,
            case when lines.cost_amount is not null then lines.net_amount - lines.cost_amount end as margin,
            case when lines.net_amount > 0 then lines.order_id end as counted_order_id,
            cast(null as decimal(18, 4)) as won_amount
        from ({lines}) as lines
        left join things on lines.product_id = things.product_id
        left join parties on lines.customer_id = parties.customer_id
        where lines.ordered_at <= $as_of
    """
}
_FACTS_OF_DEALS = {
    "facts": """
        select
            {day} as sold_on,
            {key} as key,
            deals.product_id as product_id,
            cast(deals.customer_id as varchar) as customer_id,
            deals.opportunity_id as order_id,
            cast(null as decimal(18, 4)) as net_amount,
            cast(null as decimal(18, 4)) as quantity,
            cast(null as decimal(18, 4)) as margin,
            cast(null as varchar) as counted_order_id,
            coalesce(deals.amount, 0) as won_amount
        from ({deals}) as deals
        left join things on deals.product_id = things.product_id
        left join parties on deals.customer_id = parties.customer_id
        where deals.outcome = 'won' and deals.closed_at <= $as_of
    """
}
_SUMS = {
    "net_amount": "cast(sum(net_amount) as double)",
    "quantity": "cast(sum(quantity) as double)",
    "margin": "cast(sum(margin) as double)",
    "order_count": "cast(count(distinct counted_order_id) as double)",
    "won_amount": "cast(sum(won_amount) as double)",
}
_BEGIN = {
    "month": "cast(date_trunc('month', sold_on) as date)",
    "week": "cast(date_trunc('week', sold_on) as date)",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class SalesSeries:
    """A figure by period.

    `values` (indexed by period_start, one column a key): Whole periods only, every one from the first to the
        last; 0 where nothing was sold. The one column "all" where it was not told apart; "" where the key is
        not known.
    `last_day`: The last day of the last whole period.
    `left_out`: `running` (value of the period that was not over at the closing moment, over all keys; NaN
        where it was), `running_start`, and `first_start` (first day of a first period that began late and was
        left out, or NaT).
    """

    values: pd.DataFrame
    measure: str
    freq: str
    last_day: pd.Timestamp
    left_out: dict[str, Any]


def sales_series(
    crm: Crm, *, freq: str = "month", by: str | None = None, measure: str = "net_amount", today: pd.Timestamp
) -> SalesSeries:
    """What was sold in each whole week or month.

    A first period in which sales began more than a tenth of its days late is left out, and so is the last one
    if its last day is later than that of the closing moment.
    """
    if freq not in FREQUENCIES:
        raise ParameterError(f"there is no freq {freq!r}.{nearest(str(freq), FREQUENCIES)}")
    steps = facts_steps(crm, by=by, measure=measure)
    question = (
        f"select {_BEGIN[freq]} as period_start, coalesce(key, '') as key, {_SUMS[measure]} as figure, "
        "min(sold_on) as first_on from facts group by 1, 2 order by 1, 2"
    )
    table = ask(crm, question, steps=steps)
    table["period_start"] = pd.to_datetime(table["period_start"]).astype("datetime64[us]")
    step = pd.offsets.MonthBegin(1) if freq == "month" else pd.Timedelta(days=7)
    running = today - pd.Timedelta(days=today.weekday() if freq == "week" else int(today.day) - 1)
    end = running + step - pd.Timedelta(days=1)
    is_over = bool(today >= end)
    last_start = running if is_over else running - (pd.DateOffset(months=1) if freq == "month" else step)
    left_out = {
        "running": float("nan")
        if is_over
        else float(table.loc[table["period_start"] == running, "figure"].sum()),
        "running_start": pd.NaT if is_over else running,
        "first_start": pd.NaT,
    }
    wide = table.pivot(index="period_start", columns="key", values="figure") if len(table) else pd.DataFrame()
    first: Any = wide.index.min() if len(wide) else pd.NaT
    if len(wide):
        late = (pd.Timestamp(table["first_on"].min()) - first).days
        if late > (3 if freq == "month" else 1):
            left_out["first_start"] = first
            first = first + step
    starts = _starts(first, last_start, freq)
    values = wide.reindex(starts).astype("float64").fillna(0.0) if len(wide) else pd.DataFrame(index=starts)
    values = values if by is not None or len(values.columns) else values.assign(all=0.0)
    values.index.name = "period_start"
    last_day = last_start + step - pd.Timedelta(days=1)
    return SalesSeries(
        values=values.loc[:, sorted(values.columns)], measure=measure, freq=freq, last_day=last_day,
        left_out=left_out,
    )  # fmt: skip


def usual_groups(crm: Crm) -> str | None:
    """By what sales are told apart where nobody says otherwise: categories of products, where those are known."""
    return "category" if "products" in crm and "category" in crm.columns("products") else None


def facts_steps(crm: Crm, *, by: str | None, measure: str) -> Steps:
    """The steps to `facts`: one row an order line or won deal, with the day, the key and the figures."""
    if measure not in MEASURES:
        raise ParameterError(f"there is no measure {measure!r}.{nearest(str(measure), MEASURES)}")
    if by is not None and by not in SPLITS:
        raise ParameterError(f"sales cannot be told apart by {by!r}.{nearest(str(by), SPLITS)}")
    of_deals = measure == "won_amount"
    table = "opportunities" if of_deals else "transactions"
    crm.columns(table)
    column = "'all'" if by is None else SPLITS[by][of_deals]
    if column is None:
        raise ParameterError(f"deals cannot be told apart by {by!r}; orders can.")
    _require(crm, column, table)
    needed = {"quantity": "quantity", "margin": "cost_amount"}.get(measure)
    if needed:
        _require(crm, f"lines.{needed}", table)
    columns = columns_here(crm, "products", "customers", table)
    things = read_table(columns, "products", _THINGS)
    steps = Steps().add(_DETAILS, things=things, parties=read_table(columns, "customers", _PARTIES))
    key = f"cast({column} as varchar)"
    if of_deals:
        deals = read_table(columns, "opportunities", _DEALS)
        return steps.add(_FACTS_OF_DEALS, day=local_day("deals.closed_at"), key=key, deals=deals)
    lines = read_table(columns, "transactions", _LINES)
    return steps.add(_FACTS_OF_LINES, day=local_day("lines.ordered_at"), key=key, lines=lines)


def _require(crm: Crm, column: str, table: str) -> None:
    if "." not in column:
        return
    source, name = column.split(".")
    where = {"things": "products", "parties": "customers"}.get(source, table)
    if where not in crm or name not in crm.columns(where):
        raise SchemaError(f"{where} has no column {name}. Map it in crm.toml under [tables.{where}.columns].")


def _starts(first: Any, last: pd.Timestamp, freq: str) -> pd.DatetimeIndex:
    if pd.isna(first) or first > last:
        return pd.DatetimeIndex([], dtype="datetime64[us]")
    starts = pd.date_range(first, last, freq="MS" if freq == "month" else "7D")
    return starts.as_unit("us")


DIMENSIONS = ("total", "customer", "product", "category", "department", "employee", "region")

_FIGURES = {
    "net_amount": "sum(net_amount)",
    "quantity": "sum(quantity)",
    "margin": "sum(margin)",
    "order_count": "count(distinct counted_order_id)",
    "won_amount": "sum(won_amount)",
}
_WINDOW = "where sold_on between cast($first_on as date) and cast($last_on as date)"
_MASTERS = {
    "customer": ("customers", "customer_id"),
    "product": ("products", "product_id"),
    "category": ("products", "category"),
    "department": ("products", "department"),
    "employee": ("employees", "employee_id"),
    "region": ("customers", "region"),
}


def plan_rows(crm: Crm, *, by: str) -> pd.DataFrame:
    """The targets of a dimension."""
    if "plans" not in crm:
        raise SchemaError(f"{crm.name} has no plans. Map them in crm.toml under [tables.plans].")
    key = "'all'" if by == "total" else "key"
    found = crm.engine.to_pandas(
        f"select period_start, period_end, {key} as key, measure, cast(sum(target) as double) as target "
        "from plans where dimension = $by group by 1, 2, 3, 4 order by 4, 1, 2, 3",
        {"by": by},
    )
    for column in ("period_start", "period_end"):
        found[column] = pd.to_datetime(found[column]).astype("datetime64[us]")
    return found


def reached(crm: Crm, *, by: str, measure: str, first: pd.Timestamp, last: pd.Timestamp) -> pd.Series:
    """What was reached from one day to another, by key."""
    steps = facts_steps(crm, by=None if by == "total" else by, measure=measure)
    question = f"select coalesce(key, '') as key, cast({_FIGURES[measure]} as double) as figure from facts {_WINDOW} "
    found = _ask(crm, question + "group by 1 order by 1", steps, first, last)
    return found.set_index("key")["figure"].astype("float64")


def product_sums(crm: Crm, *, by: str, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """Money and pieces of every product from one day to another, by key."""
    steps = facts_steps(crm, by=None if by == "total" else by, measure="quantity")
    question = f"""select coalesce(key, '') as key, product_id, cast(sum(net_amount) as double) as amount,
        cast(sum(quantity) as double) as pieces,
        cast(coalesce(sum(case when quantity is null then net_amount end), 0) as double) as unpriced
        from facts {_WINDOW} group by 1, 2 order by 1, 2"""
    return _ask(crm, question, steps, first, last).astype(
        {"amount": "float64", "pieces": "float64", "unpriced": "float64"}
    )


def known_keys(crm: Crm, *, by: str) -> set[str] | None:
    """The keys of a dimension that the workspace knows; None where it keeps no list of them."""
    table, column = _MASTERS.get(by, ("", ""))
    if table not in crm.tables or column not in crm.columns(table):
        return None
    return {
        str(row[0]) for row in crm.engine.rows(f"select distinct {column} from {table}") if row[0] is not None
    }


def left_employees(crm: Crm) -> pd.Series:
    """Employees who left, and when."""
    if "employees" not in crm or "left_on" not in crm.columns("employees"):
        return pd.Series(dtype="datetime64[us]")
    rows = crm.engine.rows("select employee_id, left_on from employees where left_on is not null order by 1")
    return pd.Series({str(who): pd.Timestamp(day) for who, day in rows}, dtype="datetime64[us]")


def can_measure(crm: Crm, *, by: str, measure: str) -> str:
    """Why a measure cannot be computed here; empty where it can."""
    try:
        facts_steps(crm, by=by if by in SPLITS else None, measure=measure)
    except (SchemaError, ValueError) as error:
        return str(error)
    return ""


def _ask(crm: Crm, question: str, steps: Steps, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    return ask(crm, question, steps=steps, first_on=f"{first:%Y-%m-%d}", last_on=f"{last:%Y-%m-%d}")


MONTHS = {"month": 1, "quarter": 3}
"""Length of a period, in months."""

PERIODS_SHOWN = 13
"""As many periods of history as are kept."""

FIGURES = ("sales", "orders", "buyers", "won_deals", "won_amount", "open_amount", "plan_reached_pct")

_LATELY_LINES = ("order_id", "customer_id", "ordered_at", "net_amount")
_SOLD = {
    "sold": """
        select {day} as sold_on, order_id, customer_id, net_amount
        from ({lines}) as lines
        where ordered_at <= $as_of
    """
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
_LATELY_DEALS = ("opportunity_id", "created_at", "closed_at", "outcome", "amount")
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

    `plan_measure` says what the plan is of, "won_amount" or "net_amount".
    `table` is indexed by figure (of `FIGURES`, those that are known): `now`, `before` (the period before) and
    `year_ago`, NaN where they are not known; `history` has one row a period, oldest first, and one column a figure.
    """

    table: pd.DataFrame
    history: pd.DataFrame = field(repr=False)
    freq: str
    first_day: pd.Timestamp
    last_day: pd.Timestamp
    currency: str = ""
    plan_measure: str = ""

    def first_day_of(self, when: str) -> pd.Timestamp:
        """The first day of the period of a column of `table`."""
        months = {"now": 0, "before": MONTHS[self.freq], "year_ago": 12}[when]
        return self.first_day - pd.DateOffset(months=months)


def lately(crm: Crm) -> Lately | None:
    """The last whole quarter where deals are kept, else the last whole month; none where nothing was sold in it."""
    freq = "quarter" if "opportunities" in crm else "month"
    today = closing_day(crm)
    first_day = last_whole_period(today, MONTHS[freq])
    last_day = first_day + pd.DateOffset(months=MONTHS[freq]) - pd.Timedelta(days=1)
    parts = [part for part in (_sold(crm, freq), _deals(crm, freq)) if part is not None]
    if not parts or all(part.index.min() > first_day for part in parts):
        return None
    begins = min(part.index.min() for part in parts)
    starts = pd.date_range(begins, first_day, freq=f"{MONTHS[freq]}MS").as_unit("us")
    history = pd.concat([_over(part, starts) for part in parts], axis=1)
    history["plan_reached_pct"], planned = _reached(crm, history, MONTHS[freq])
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
        plan_measure=planned,
    )


def last_whole_period(today: pd.Timestamp, months: int) -> pd.Timestamp:
    """The first day of the last period that is over at the end of a day."""
    tomorrow = today + pd.Timedelta(days=1)
    running = pd.Timestamp(tomorrow.year, (tomorrow.month - 1) // months * months + 1, 1)
    return (running - pd.DateOffset(months=months)).as_unit("us")


def _sold(crm: Crm, freq: str) -> pd.DataFrame | None:
    if "transactions" not in crm:
        return None
    lines = read_table(columns_here(crm, "transactions"), "transactions", _LATELY_LINES)
    steps = Steps().add(_SOLD, day=local_day("ordered_at"), lines=lines)
    sold = _by_period(ask(crm, _SOLD_SQL.format(freq=freq), steps=steps))
    knows_buyers = "customer_id" in crm.columns("transactions")
    return sold if sold is None or knows_buyers else sold.drop(columns="buyers")


def _deals(crm: Crm, freq: str) -> pd.DataFrame | None:
    """Deals won by period, and the value of those that were open at its end."""
    if "opportunities" not in crm:
        return None
    deals = read_table(columns_here(crm, "opportunities"), "opportunities", _LATELY_DEALS)
    days = {"created": local_day("created_at"), "closed": local_day("closed_at")}
    steps = Steps().add(_MOVED, deals=deals, freq=freq, **days)
    moved = ask(crm, _MOVED_SQL, steps=steps)
    if moved.empty:
        return None
    moved["period_start"] = pd.to_datetime(moved["period_start"]).astype("datetime64[us]")
    ways = ["created", "won", "lost"]
    deals_of, amounts = (
        moved.pivot(index="period_start", columns="what", values=name).reindex(columns=ways).fillna(0.0)
        for name in ("deals", "amount")
    )
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
    flows = part.columns.drop("open_amount", errors="ignore")
    spread[flows] = spread[flows].where(~begun[:, None] | spread[flows].notna(), 0.0)
    if "open_amount" in spread:
        spread["open_amount"] = part["open_amount"].reindex(part.index.union(starts)).ffill().reindex(starts)
    return spread


def _reached(crm: Crm, history: pd.DataFrame, months: int) -> tuple[pd.Series, str]:
    """What was reached of the plan for the whole company, of periods that the plan covers in whole; and of what."""
    nothing = pd.Series(np.nan, index=history.index), ""
    if "plans" not in crm:
        return nothing
    plans = plan_rows(crm, by="total")
    measured = {"won_amount": "won_amount", "net_amount": "sales"}
    measure = next((name for name in measured if (plans["measure"] == name).any()), None)
    if measure is None or measured[measure] not in history:
        return nothing
    own = plans[plans["measure"] == measure]
    ends = pd.DatetimeIndex(history.index) + pd.DateOffset(months=months) - pd.Timedelta(days=1)
    targets = [_target(own, start, end) for start, end in zip(history.index, ends, strict=True)]
    target = pd.Series(targets, index=history.index, dtype="float64")
    return 100 * history[measured[measure]] / target.where(target > 0), measure


def _target(plans: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> float:
    inside = plans[(plans["period_start"] >= start) & (plans["period_end"] <= end)]
    days = (inside["period_end"] - inside["period_start"]).dt.days + 1
    whole = days.sum() == (end - start).days + 1
    return float(inside["target"].sum()) if len(inside) and whole else float("nan")
