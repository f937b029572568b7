"""What two periods sold, one row a customer or product; and what the tables themselves held, month by month."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from crmlib.measure.sales import MONTHS, facts_steps, last_whole_period, product_sums
from crmlib.measure.steps import Steps, ask, columns_here, local_day, read_table
from crmlib.prepare.clock import closing_day, closing_moment_of_table, day_of
from crmlib.prepare.crm import BELONGS, Crm
from crmlib.schema.errors import ParameterError
from crmlib.schema.tables import TABLES


@dataclass(frozen=True, kw_only=True)
class Windows:
    """Two periods, first and last day of each; `freq` is "month", "quarter" or "days"."""

    first: pd.Timestamp
    last: pd.Timestamp
    before_first: pd.Timestamp
    before_last: pd.Timestamp
    freq: str


def two_periods(crm: Crm, *, before: Any = None, years_back: int = 0) -> Windows:
    """The last whole month or quarter and the one before it; or the days since `before` and as many before those.

    With `years_back` the period is set against the same days so many years earlier.
    """
    today = closing_day(crm)
    day = pd.Timedelta(days=1)
    if before is None:
        freq = "quarter" if "opportunities" in crm else "month"
        months = pd.DateOffset(months=MONTHS[freq])
        first = last_whole_period(today, MONTHS[freq])
        last, old = first + months - day, first - months
    else:
        then = closing_moment_of_table(before, time_zone=crm.time_zone)
        start = day_of(then, time_zone=crm.time_zone)
        if start >= today:
            raise ParameterError(f"before is {start:%Y-%m-%d}: that is not before {today:%Y-%m-%d}, as_of.")
        freq, first, last = "days", start + day, today
        old = first - (last - start)
    if years_back:
        back = pd.DateOffset(years=years_back)
        # The last day of February moves with its month.
        return Windows(
            first=first, last=last, before_first=first - back, before_last=last + day - back - day, freq=freq
        )
    return Windows(first=first, last=last, before_first=old, before_last=first - day, freq=freq)


def money_of(crm: Crm) -> str:
    """What is counted as sales: order lines, or won deals where those alone are kept."""
    return "net_amount" if "transactions" in crm else "won_amount"


_SUMS = """
select coalesce(key, '') as key,
    min(case when {order} is not null then sold_on end) as first_on,
    cast(coalesce(sum(case when {now} then {money} end), 0) as double) as amount_now,
    cast(coalesce(sum(case when {old} then {money} end), 0) as double) as amount_before,
    count(distinct case when {now} then {order} end) as orders_now,
    count(distinct case when {old} then {order} end) as orders_before,
    count(distinct case when {now} and {order} is not null then coalesce(customer_id, '') end) as customers_now,
    count(distinct case when {old} and {order} is not null then coalesce(customer_id, '') end) as customers_before
from facts group by 1 order by 1
"""


def sums_of_periods(crm: Crm, *, by: str, windows: Windows) -> pd.DataFrame:
    """Money and orders of each key in both periods, and the day of its first order; every key that ever sold.

    Indexed by key ("" where it is not known): `first_on`, `amount_now`, `amount_before`, `orders_now`,
    `orders_before`, `customers_now`, `customers_before` (all unknown ones as one). An order is one with money in
    it; money given back counts as negative.
    """
    money = money_of(crm)
    order = (
        "counted_order_id" if money == "net_amount" else "case when won_amount is not null then order_id end"
    )
    now, old = (f"sold_on between cast({a} as date) and cast({b} as date)"
                for a, b in (("$first_on", "$last_on"), ("$before_first", "$before_last")))  # fmt: skip
    found = ask(
        crm,
        _SUMS.format(order=order, money=money, now=now, old=old),
        steps=facts_steps(crm, by=None if by == "total" else by, measure=money),
        **{name: f"{getattr(windows, place):%Y-%m-%d}" for name, place in (
            ("first_on", "first"), ("last_on", "last"),
            ("before_first", "before_first"), ("before_last", "before_last"))},
    )  # fmt: skip
    found["first_on"] = pd.to_datetime(found["first_on"]).astype("datetime64[us]")
    return found.set_index("key").astype({name: "float64" for name in found if name.startswith("amount")})


def pieces_of_periods(crm: Crm, windows: Windows) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """Money and pieces of every product now and before; nothing where no pieces are kept."""
    if "transactions" not in crm or "quantity" not in crm.columns("transactions"):
        return None
    now = product_sums(crm, by="total", first=windows.first, last=windows.last)
    return now, product_sums(crm, by="total", first=windows.before_first, last=windows.before_last)


def customer_traits(crm: Crm, names: tuple[str, ...]) -> pd.DataFrame:
    """What is on record of each customer by which sales may be told apart."""
    known = [name for name in names if "customers" in crm and name in crm.columns("customers")]
    if not known:
        return pd.DataFrame()
    return (
        crm.frame("customers", ["customer_id", *known])
        .drop_duplicates("customer_id")
        .set_index("customer_id")
    )


_MONEY = {"transactions": "net_amount"}
"""The table of which money is counted beside rows: what was sold does not change any more, the value of a deal may."""


def print_of_data(crm: Crm) -> dict[str, Any]:
    """What each table holds, so that a later look can tell whether it changed underneath: counts and sums, no row.

    Table -> `columns` (column -> share filled in, in percent) and `months` (month of its time, "" without one ->
    rows and money). As JSON can hold it.
    """
    return {name: {"columns": _filled(crm, name), "months": _months(crm, name)} for name in crm.tables}


def _filled(crm: Crm, table: str) -> dict[str, float]:
    columns = crm.columns(table)
    counted = ", ".join(f"count({crm.engine.quote(name)})" for name in columns)
    whole, *filled = crm.engine.rows(f"select count(*), {counted} from {crm.engine.quote(table)}")[0]
    return {
        name: round(100 * n / whole, 3) if whole else 0.0 for name, n in zip(columns, filled, strict=True)
    }


def _months(crm: Crm, table: str) -> dict[str, list[float]]:
    if not TABLES[table].time and table in BELONGS:
        return {}  # which of their rows were known then is not told
    time, money = TABLES[table].time, _MONEY.get(table, "")
    present = columns_here(crm, table)
    names = tuple(name for name in (time, money) if name and name in present[table])
    of_time = time in names
    day = (local_day(time) if TABLES[table].field(time).type == "timestamp" else time) if of_time else ""
    month = f"cast(date_trunc('month', {day}) as date)" if of_time else "cast(null as date)"
    summed = f"cast(coalesce(sum({money}), 0) as double)" if money in names else "cast(0 as double)"
    source = read_table(present, table, names) if names else f"select 1 as one from {table}"
    rows = ask(
        crm,
        f"select {month} as month, count(*) as row_count, {summed} as money from counted_rows group by 1 order by 1",
        steps=Steps({"counted_rows": source}),
    )
    names = pd.to_datetime(rows["month"]).dt.strftime("%Y-%m").fillna("")
    return {
        name: [int(row.row_count), round(float(row.money), 4)]
        for name, row in zip(names, rows.itertuples(), strict=True)
    }


def differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> pd.DataFrame:
    """What tables of one closing moment held when they were read then, against the same moment as it is known now.

    One row a difference: `table`, `what` ("late_rows": more in a month that was over, "fewer_rows", "changed_sums",
    "new_column", "lost_column", "filled", "new_table", "lost_table"), `name` (month or column), `before`, `after`,
    `amount` (money that the months gained or lost; NaN where none is counted).
    """
    rows: list[tuple] = [
        (name, "new_table", "", 0, _rows(now[name]), float("nan")) for name in now if name not in then
    ]
    for name, kept in then.items():
        if name not in now:
            rows.append((name, "lost_table", "", _rows(kept), 0, float("nan")))
            continue
        rows += [(name, *one) for one in _of_months(kept["months"], now[name]["months"], name in _MONEY)]
        rows += [(name, *one) for one in _of_columns(kept["columns"], now[name]["columns"])]
    return pd.DataFrame(rows, columns=["table", "what", "name", "before", "after", "amount"])


FILLED_POINTS = 5.0
"""A column that is filled in for so many percentage points of rows more or fewer counts as changed."""


def _rows(kept: Mapping[str, Any]) -> int:
    return sum(int(rows) for rows, _ in kept["months"].values())


def _of_months(then: Mapping[str, Any], now: Mapping[str, Any], has_money: bool) -> list[tuple]:
    found = []
    for month in sorted({*then, *now}):
        (old, money_then), (new, money_now) = then.get(month, (0, 0.0)), now.get(month, (0, 0.0))
        gained = round(money_now - money_then, 2)
        if not month and new > old:
            continue  # rows without a time may be of today
        if old != new or (has_money and abs(gained) >= 0.01):
            what = "late_rows" if new > old else "fewer_rows" if new < old else "changed_sums"
            found.append((what, month, old, new, gained if has_money else float("nan")))
    return found


def _of_columns(then: Mapping[str, float], now: Mapping[str, float]) -> list[tuple]:
    nothing = float("nan")
    found = [("new_column", name, nothing, now[name], nothing) for name in now if name not in then]
    found += [("lost_column", name, then[name], nothing, nothing) for name in then if name not in now]
    both = [name for name in then if name in now and abs(now[name] - then[name]) >= FILLED_POINTS]
    return found + [("filled", name, then[name], now[name], nothing) for name in both]
