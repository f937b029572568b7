"""Sales by period: what was sold, earned or won in each week or month, in all or by what it is told apart by."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from crmlib.measure.steps import Steps, ask, columns_here, local_day, read_table
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
    """,
}
_FACTS_OF_DEALS = {
    "facts": """
        select
            {day} as sold_on,
            {key} as key,
            deals.product_id as product_id,
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
    """,
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

    Parameters
    ----------
    values : DataFrame indexed by period_start, one column a key
        Whole periods only, every one from the first to the last; 0 where nothing was sold. The one column
        "all" where it was not told apart; "" where the key is not known.
    measure, freq : str
    last_day : Timestamp
        The last day of the last whole period.
    left_out : dict
        `running` (value of the period that was not over at the closing moment, over all keys; NaN where it was),
        `running_start`, and `first_start` (first day of a first period that began late and was left out, or NaT).
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
    steps = Steps().add(
        _DETAILS,
        things=read_table(columns, "products", _THINGS),
        parties=read_table(columns, "customers", _PARTIES),
    )
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
