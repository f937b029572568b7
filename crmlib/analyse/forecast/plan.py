"""Plan against reality: what was reached, what is expected at the end, and why it differs."""

import re
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.forecast.pipeline import expected_until, forecast_pipeline
from crmlib.analyse.forecast.result import PIPELINE, SALES, Forecast, PlanVsActual, Remark, status_of
from crmlib.analyse.forecast.sales import forecast_sales
from crmlib.analyse.learn.evaluate import LEVEL_PCT
from crmlib.measure.sales import (
    DIMENSIONS,
    can_measure,
    known_keys,
    left_employees,
    plan_rows,
    product_sums,
    reached,
    sales_series,
)
from crmlib.prepare.clock import closing_day
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError, nearest

PARTS = ("price", "volume", "mix", "other")
"""They add up to the difference. `other`: what has no price, such as lines without a quantity and net returns."""

SHARE_MONTHS = 12
_YEAR = pd.DateOffset(years=1)
_SPLIT = ["key", "before", *PARTS, "now"]


NO_PLAN, UNKNOWN_KEY, LEFT, PARTLY = "no_target", "unknown_key", "left", "partly"
NOT_PLANNED, NO_NEXT, SET_LATE, NOT_COMPUTED = "not_planned", "no_next", "set_late", "not_computed"

PROBLEMS = (NO_PLAN, UNKNOWN_KEY, LEFT, PARTLY, NOT_PLANNED, NO_NEXT, SET_LATE, NOT_COMPUTED)
"""What may be wrong with a target, in the order in which it is listed."""

_COLUMNS = ["problem", "measure", "key", "period_start", "period_end", "value", "day", "days", "planned_as"]


def read_period(given: Any) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First and last day of a period."""
    try:
        if isinstance(given, str) and re.fullmatch(r"\d{4}(-[Qq][1-4]|-\d\d)?", given.strip()):
            period = pd.Period(given.strip().upper().replace("-Q", "Q"))
            return period.start_time.as_unit("us"), period.end_time.normalize().as_unit("us")
        if not isinstance(given, str) and len(given) == 2:
            first, last = (pd.Timestamp(day).normalize().as_unit("us") for day in given)
            if first <= last:
                return first, last
    except (TypeError, ValueError):
        pass
    raise ParameterError(
        f'period is {given!r}. Write it as "2024", "2024-Q3", "2024-07", or as its first and last day.'
    )


def usual_period(rows: pd.DataFrame, *, today: pd.Timestamp) -> tuple[pd.Timestamp, pd.Timestamp]:
    """The period of the plan that is running; else the last one that ended, else the next."""
    periods = rows[["period_start", "period_end"]].drop_duplicates()
    periods = periods.assign(length=periods["period_end"] - periods["period_start"])
    running = periods[(periods["period_start"] <= today) & (periods["period_end"] >= today)]
    ended = periods[periods["period_end"] < today]
    if len(running):
        chosen = running.sort_values(["length", "period_start"]).iloc[0]
    elif len(ended):
        chosen = ended.sort_values(["period_end", "length"], ascending=[False, True]).iloc[0]
    else:
        chosen = periods.sort_values(["period_start", "length"]).iloc[0]
    return chosen["period_start"], chosen["period_end"]


def targets_of(rows: pd.DataFrame, *, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """The target of every key in a period, from rows of the plan that lie in it and do not overlap.

    A row of just that period counts alone; else shorter ones are put together, the earlier and shorter first.
    """
    inside = rows[(rows["period_start"] >= first) & (rows["period_end"] <= last)]
    inside = inside.sort_values(["key", "period_start", "period_end"])
    found = []
    for key, part in inside.groupby("key", sort=True):
        exact = part[(part["period_start"] == first) & (part["period_end"] == last)]
        kept = exact if len(exact) else part.loc[_apart(part)]
        days = (kept["period_end"] - kept["period_start"]).dt.days + 1
        found.append((key, float(kept["target"].sum()), int(days.sum())))
    return pd.DataFrame(found, columns=["key", "target", "planned_days"]).set_index("key")


def _apart(rows: pd.DataFrame) -> list[Any]:
    kept, free_from = [], pd.Timestamp.min
    for row in rows.itertuples():
        if row.period_start >= free_from:
            kept.append(row.Index)
            free_from = row.period_end + pd.Timedelta(days=1)
    return kept


def main_rows(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the measure that a plan is first asked about: net amount, else won deals, else another."""
    for measure in ("net_amount", "quantity", "margin", "order_count", "won_amount"):
        if (table["measure"] == measure).any():
            return table[table["measure"] == measure]
    return table


def _notes(missing: pd.DataFrame, deviation: pd.DataFrame) -> tuple[Remark, ...]:
    """Keys without a target, targets without a key, and what has no price."""
    said = []
    for problem in (NO_PLAN, UNKNOWN_KEY, LEFT):
        count = missing.loc[missing["problem"] == problem, "key"].nunique()
        if count:
            said.append(Remark(problem, {"n": int(count)}))
    if len(deviation):
        row = deviation.iloc[0]
        moved, other = abs(row["now"] - row["before"]), abs(row["other"])
        if other > 0.01 * moved and other > 0.005:
            code = "unpriced_adds" if row["other"] > 0 else "unpriced_takes"
            said.append(Remark(code, {"amount": float(other)}))
    return tuple(said)


def _limits(
    table: pd.DataFrame, *, by: str, forecasts: dict[str, Forecast], deviation: pd.DataFrame
) -> tuple[Remark, ...]:
    """What the comparison cannot know."""
    said = []
    running = table[table["elapsed_days"] < table["period_days"]]
    if len(running) and by != "total" and set(running["measure"]) - {"won_amount"}:
        said.append(Remark("shared_out", {"months": SHARE_MONTHS}))
    lacking = sorted(set(running["measure"]) - set(forecasts))
    if lacking:
        said.append(Remark("no_forecast", {"measures": lacking}))
    if deviation.empty and "net_amount" in set(table["measure"]):
        said.append(Remark("not_split"))
    return tuple(said)


def plan_vs_actual(
    crm: Crm, *, by: str = "total", period: Any = None, forecasts: tuple[Forecast, ...] = (), seed: int = 0
) -> PlanVsActual:
    """Targets of a period against what was reached in it, and what is expected at its end.

    What is expected is what was reached so far and the forecast of the rest: won deals by `forecast_pipeline`, all
    else by `forecast_sales`. The net amount so far is held against the same days a year earlier, and, where both
    amounts and quantities are planned, against the plan; each difference is split into price, volume and mix.

    Parameters
    ----------
    crm : Crm
        With `plans`.
    by : "total", "customer", "product", "category", "department", "employee" or "region"
        A dimension of the plans. Departments are those of products.
    period : "2024", "2024-Q3", "2024-07" or (first day, last day), optional
        Targets that lie in it and do not overlap are added up. Without it, for each measure the period of
        the plan that is running, else the last that ended.
    forecasts : tuple of Forecast
        Made already; one that fits is used.

    Raises
    ------
    SchemaError
        If there are no plans.
    ParameterError
        If the dimension has no plan, or none in the period, or the period cannot be read.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({"order_id": list("12"), "product_id": "tea", "net_amount": [40.0, 60.0],
    ...                       "quantity": [20, 20], "ordered_at": ["2023-01-09", "2024-01-09"]})
    >>> plans = pd.DataFrame({"period_start": ["2024-01-01"], "period_end": ["2024-01-31"], "dimension": "total",
    ...                       "key": "all", "measure": "net_amount", "target": 50.0})
    >>> crm = Crm.from_frames(as_of="2024-01-31", transactions=lines, plans=plans)
    >>> found = plan_vs_actual(crm)
    >>> found.table[["target", "actual", "gap", "status"]]
       target  actual   gap   status
    0    50.0    60.0  10.0  reached
    >>> found.deviation[["before", "price", "volume", "mix", "now"]]
       before  price  volume  mix   now
    0    40.0   20.0     0.0  0.0  60.0
    """
    if by not in DIMENSIONS:
        raise ParameterError(f"plans have no dimension {by!r}.{nearest(str(by), DIMENSIONS)}")
    rows, today = plan_rows(crm, by=by), closing_day(crm)
    if rows.empty:
        raise ParameterError(f"no plan is made by {by}: the plans have no row of that dimension.")
    asked = None if period is None else read_period(period)
    tables, unplanned, used = [], [], {}
    not_computed = {
        name: why for name in rows["measure"].unique() if (why := can_measure(crm, by=by, measure=name))
    }
    for measure, part in rows.groupby("measure", sort=True):
        first, last = asked or usual_period(part, today=today)
        targets = targets_of(part, first=first, last=last)
        if measure in not_computed or targets.empty:
            continue
        forecast = None
        if last > today:
            forecast = forecast_for(
                crm, measure=measure, end=last, given=(*forecasts, *used.values()), seed=seed
            )
        if forecast is not None:
            used[measure] = forecast
        table, rest = _compared(
            crm, forecast, targets, by=by, measure=measure, first=first, last=last, today=today
        )
        tables.append(table)
        unplanned.append(rest)
    if not tables:
        why = " ".join(not_computed.values())
        raise ParameterError(
            f"the plan by {by} cannot be compared: {why or 'no target lies in that period.'}"
        )
    table = pd.concat(tables, ignore_index=True)
    deviation, plan_deviation = _deviations(crm, table, by=by, today=today)
    missing = find_gaps(
        crm, by=by, rows=rows, table=table, unplanned=pd.concat(unplanned, ignore_index=True),
        not_computed=not_computed, today=today,
    )  # fmt: skip
    return PlanVsActual(
        by=by, table=table, deviation=deviation, plan_deviation=plan_deviation, missing=missing,
        forecasts=used, today=today, currency=crm.currency, level_pct=LEVEL_PCT,
        notes=_notes(missing, deviation),
        limits=_limits(table, by=by, forecasts=used, deviation=deviation),
    )  # fmt: skip


def _compared(
    crm: Crm, forecast: Forecast | None, targets: pd.DataFrame, *, by: str, measure: str,
    first: pd.Timestamp, last: pd.Timestamp, today: pd.Timestamp,
) -> tuple[pd.DataFrame, pd.DataFrame]:  # fmt: skip
    until, is_over = min(last, today), last <= today
    settings = {"by": by, "measure": measure}
    so_far = reached(crm, first=first, last=until, **settings) if until >= first else pd.Series(dtype=float)
    year = {
        "year_before": reached(crm, first=first - _YEAR, last=last - _YEAR, **settings),
        "year_before_so_far": reached(crm, first=first - _YEAR, last=until - _YEAR, **settings)
        if until >= first
        else pd.Series(dtype=float),
    }
    rest = rest_of_period(crm, forecast, first=first, last=last, **settings)
    elapsed, length = max((until - first).days + 1, 0), (last - first).days + 1
    table = targets.assign(actual=so_far.reindex(targets.index).fillna(0.0))
    table["gap"] = (table["actual"] - table["target"]) if elapsed else np.nan
    table["gap_pct"] = 100 * table["gap"] / table["target"].where(table["target"] != 0).abs()
    table["run_rate"] = table["actual"] * length / elapsed if elapsed else np.nan
    for name in ("expected", "low", "high"):
        ahead = rest[name].reindex(table.index).fillna(0.0) if len(rest) else (0.0 if is_over else np.nan)
        table[name] = table["actual"] + ahead
    if measure != "margin" and not is_over:
        table["low"] = table["low"].clip(lower=table["actual"].clip(lower=0))
    table["expected_gap_pct"] = (
        100 * (table["expected"] - table["target"]) / table["target"].where(table["target"] != 0).abs()
    )
    table["status"] = [
        status_of(row.target, actual=row.actual, low=row.low, high=row.high, is_over=is_over)
        for row in table.itertuples()
    ]
    for name, values in year.items():
        table[name] = values.reindex(table.index) if len(values) else np.nan
    table.insert(0, "period_start", first)
    table.insert(1, "period_end", last)
    table = table.reset_index().assign(measure=measure, period_days=length, elapsed_days=elapsed)
    others = so_far[~so_far.index.isin([*targets.index, ""]) & (so_far != 0)]
    if len(targets) < len(others):
        # A plan for a chosen few: of the others, those count that are as large as one of them.
        others = others[others >= targets["target"].min() * (elapsed / length)]
    unplanned = pd.DataFrame(
        {"measure": measure, "key": others.index, "period_start": first, "period_end": last, "actual": others}
    )
    columns = [
        *("measure", "key", "period_start", "period_end", "planned_days", "period_days", "elapsed_days"),
        *("target", "actual", "gap", "gap_pct", "run_rate", "expected", "low", "high", "expected_gap_pct"),
        *("status", "year_before", "year_before_so_far"),
    ]
    ordered = table[columns].sort_values(["target", "key"], ascending=[False, True], kind="stable")
    return ordered.reset_index(drop=True), unplanned.reset_index(drop=True)


def _deviations(
    crm: Crm, table: pd.DataFrame, *, by: str, today: pd.Timestamp
) -> tuple[pd.DataFrame, pd.DataFrame]:
    amounts = table[table["measure"] == "net_amount"]
    empty = pd.DataFrame(columns=_SPLIT)
    if amounts.empty or can_measure(crm, by=by, measure="quantity"):
        return empty, empty
    first, last = amounts["period_start"].iloc[0], min(amounts["period_end"].iloc[0], today)
    if last < first:
        return empty, empty
    now = product_sums(crm, by=by, first=first, last=last)
    before = product_sums(crm, by=by, first=first - _YEAR, last=last - _YEAR)
    whole = price_volume_mix(now.assign(key="all"), before.assign(key="all"))
    parts = price_volume_mix(now, before) if by != "total" else whole.head(0)
    if not float(whole["before"].abs().sum()):
        whole, parts = whole.head(0), parts.head(0)
    planned = table[table["measure"] == "quantity"]
    whole.index.name = parts.index.name = "key"
    against_year = pd.concat([whole, parts]).reset_index()[_SPLIT]
    return against_year, _against_plan(amounts, planned)


def _against_plan(amounts: pd.DataFrame, pieces: pd.DataFrame) -> pd.DataFrame:
    """Keys with targets for both amount and quantity stand as products do: each has a planned price."""
    both = amounts.merge(pieces, on=["key", "period_start", "period_end"], suffixes=("", "_pieces"))
    if both.empty or (both["elapsed_days"] < both["period_days"]).any():
        return pd.DataFrame(columns=_SPLIT)
    plan = pd.DataFrame(
        {
            "product_id": both["key"], "amount": both["target"], "pieces": both["target_pieces"], "unpriced": 0.0
        }
    )  # fmt: skip
    now = plan.assign(amount=both["actual"], pieces=both["actual_pieces"])
    whole = price_volume_mix(now.assign(key="all"), plan.assign(key="all"))
    parts = price_volume_mix(now.assign(key=plan["product_id"]), plan.assign(key=plan["product_id"]))
    return pd.concat([whole, parts]).reset_index()[_SPLIT]


def find_gaps(
    crm: Crm, *, by: str, rows: pd.DataFrame, table: pd.DataFrame, unplanned: pd.DataFrame,
    not_computed: dict[str, str], today: pd.Timestamp,
) -> pd.DataFrame:  # fmt: skip
    """What is missing in the plans of a dimension."""
    found: list[dict[str, Any]] = []
    if len(table):
        found += [_of_row(NO_PLAN, row, value=row.actual) for row in unplanned.itertuples()]
    found += _unknown(crm, by, table)
    if by == "employee":
        found += _left(crm, table)
    for row in table[table["planned_days"] < table["period_days"]].itertuples():
        found.append(_of_row(PARTLY, row, value=row.target, days=row.planned_days))
    found += _late(crm, by, rows, today)
    found += _set_late(crm, by, table)
    found += [{"problem": NOT_COMPUTED, "measure": measure, "key": ""} for measure in not_computed]
    gaps = pd.DataFrame(found, columns=_COLUMNS).astype({"value": "float64", "days": "float64"})
    for column in ("period_start", "period_end", "day"):
        gaps[column] = pd.to_datetime(gaps[column]).astype("datetime64[us]")
    order = gaps["problem"].map({name: place for place, name in enumerate(dict.fromkeys(gaps["problem"]))})
    size = gaps["value"].abs().fillna(0.0)
    return (
        gaps.assign(
            _order=order, _size=-size, planned_as=gaps["planned_as"].astype("object").fillna("").astype("str")
        )
        .sort_values(["_order", "_size"], kind="stable")
        .drop(columns=["_order", "_size"])
        .reset_index(drop=True)
    )


def _of_row(problem: str, row: Any, *, value: float, **more: Any) -> dict[str, Any]:
    whose = {name: getattr(row, name) for name in ("measure", "key", "period_start", "period_end")}
    return {"problem": problem, **whose, "value": float(value), **more}


def _unknown(crm: Crm, by: str, table: pd.DataFrame) -> list[dict[str, Any]]:
    known = known_keys(crm, by=by)
    if known is None or not len(table):
        return []
    strange = table[table["target"].notna() & ~table["key"].isin(known)]
    return [_of_row(UNKNOWN_KEY, row, value=row.target) for row in strange.itertuples()]


def _left(crm: Crm, table: pd.DataFrame) -> list[dict[str, Any]]:
    left = left_employees(crm)
    return [
        _of_row(LEFT, row, value=row.target, day=left[row.key])
        for row in table[table["key"].isin(left.index)].itertuples()
        if left[row.key] <= row.period_end
    ]


def _set_late(crm: Crm, by: str, table: pd.DataFrame) -> list[dict[str, Any]]:
    """Targets of the periods looked at that were set when their period had begun."""
    if "plans" not in crm.tables or "set_on" not in crm.columns("plans") or table.empty:
        return []
    columns = ["dimension", "measure", "key", "period_start", "period_end", "target", "set_on"]
    plans = crm.frame("plans", columns)
    plans = plans[(plans["dimension"] == by) & plans["set_on"].notna()]
    days = {name: pd.to_datetime(plans[name]) for name in ("period_start", "period_end", "set_on")}
    plans = plans.assign(**days)
    inside = plans["period_start"].ge(table["period_start"].min()) & plans["period_end"].le(
        table["period_end"].max()
    )
    late = plans[inside & (plans["set_on"] > plans["period_start"])]
    return [
        _of_row(SET_LATE, row, value=row.target, day=row.set_on, days=(row.set_on - row.period_start).days)
        for row in late.itertuples()
    ]


def _late(crm: Crm, by: str, rows: pd.DataFrame, today: pd.Timestamp) -> list[dict[str, Any]]:
    """A measure that was planned so far, and has no target for the time that runs or comes next."""
    found = []
    for measure, part in rows.groupby("measure", sort=True):
        last = part.sort_values("period_end").iloc[-1]
        begin = last["period_end"] + pd.Timedelta(days=1)
        length = last["period_end"] - last["period_start"]
        one = {"measure": measure, "key": "", "period_start": begin, "day": last["period_end"]}
        if last["period_end"] < today:
            found.append({"problem": NOT_PLANNED, "period_end": today, **one})
        elif last["period_end"] - today <= length / 4:
            found.append({"problem": NO_NEXT, "days": (last["period_end"] - today).days, **one})
    return [one | {"planned_as": _planned_as(crm, by, one)} for one in found]


def _planned_as(crm: Crm, by: str, gap: dict[str, Any]) -> str:
    """The first other dimension that has a target of the measure for the time that lacks one."""
    for other in DIMENSIONS if "plans" in crm.tables else ():
        rows = plan_rows(crm, by=other) if other != by else None
        if (
            rows is not None
            and (
                (rows["measure"] == gap["measure"])
                & (rows["period_start"] <= gap["period_start"])
                & (rows["period_end"] >= gap["period_start"])
            ).any()
        ):
            return other
    return ""


COLUMNS = {
    "total": None,
    "customer": "customer_id",
    "product": "product_id",
    "category": "category",
    "department": "department",
    "employee": "owner_id",
    "region": "region",
}
"""Dimension -> column of the deals."""

_Z = 1.2816


def forecast_for(
    crm: Crm, *, measure: str, end: pd.Timestamp, given: tuple[Forecast, ...], seed: int
) -> Forecast | None:
    """The forecast of a measure that reaches to a day: one that was given, or a new one."""
    kind = PIPELINE if measure == "won_amount" else SALES
    for forecast in given:
        if (forecast.kind, forecast.measure) == (kind, measure) and forecast.ends_on >= end:
            return forecast
    today = closing_day(crm)
    months = 12 * (end.year - today.year) + end.month - today.month
    try:
        if kind == PIPELINE:
            return forecast_pipeline(crm, horizon=max(1, months + (end.day > today.day)), seed=seed)
        # The running month is foretold too: it is no whole period yet.
        return forecast_sales(
            crm, horizon=max(1, months + (not today.is_month_end)), measure=measure, seed=seed
        )
    except ParameterError:
        return None


def rest_of_period(
    crm: Crm, forecast: Forecast | None, *, by: str, measure: str, first: pd.Timestamp, last: pd.Timestamp
) -> pd.DataFrame:
    """What is expected from tomorrow, or the first day if that is later, to the last day, by key.

    Sales of keys are their shares of the forecast of the whole, as they were in the last twelve months; their bounds
    rest on how far their months strayed from that.
    """
    empty = pd.DataFrame(columns=["expected", "low", "high"], index=pd.Index([], name="key"), dtype="float64")
    today = closing_day(crm)
    if forecast is None or last <= today:
        return empty
    if forecast.kind == PIPELINE:
        begin = max((first - today).days, 1)
        if begin == 1:
            return expected_until(forecast, until=last, by=COLUMNS[by])[list(empty)]
        futures = forecast.workings["futures"]
        return futures.between(begin, (last - today).days, by=COLUMNS[by])[list(empty)]
    begin = max(first, today + pd.Timedelta(days=1))
    expected, half, months = _of_series(forecast, begin, last)
    if by == "total":
        row = {"expected": expected, "low": expected - half, "high": expected + half}
        return pd.DataFrame(row, index=pd.Index(["all"], name="key"))
    return _shared_out(crm, by=by, measure=measure, expected=expected, half=half, months=months)


def _of_series(forecast: Forecast, first: pd.Timestamp, last: pd.Timestamp) -> tuple[float, float, float]:
    """Expected sum, half of its interval, and how many periods it makes up; parts of a period count by days."""
    table = forecast.periods
    length = (table["period_end"] - table["period_start"]).dt.days + 1
    ends, begins = table["period_end"].clip(upper=last), table["period_start"].clip(lower=first)
    share = (((ends - begins).dt.days + 1) / length).clip(lower=0).to_numpy()
    expected = float((share * table["expected"]).sum())
    if np.allclose(share, 1):
        return expected, (forecast.total["high"] - forecast.total["low"]) / 2, float(share.sum())
    half = share * ((table["high"] - table["low"]) / 2).to_numpy()
    # Errors of neighbouring periods go together by half.
    return expected, float(np.sqrt(0.5 * (half**2).sum() + 0.5 * half.sum() ** 2)), float(share.sum())


def _shared_out(
    crm: Crm, *, by: str, measure: str, expected: float, half: float, months: float
) -> pd.DataFrame:
    apart = sales_series(crm, by=by, measure=measure, today=closing_day(crm)).values
    recent = apart.tail(SHARE_MONTHS)
    whole = float(recent.to_numpy().sum())
    share = recent.sum() / whole if whole else recent.sum() * 0.0
    total = apart.sum(axis=1)
    rolled = apart.rolling(SHARE_MONTHS, min_periods=3).sum().shift(1)
    usual = rolled.div(rolled.sum(axis=1), axis=0)
    stray = (apart - usual.mul(total, axis=0)).tail(2 * SHARE_MONTHS)
    size = np.sqrt((stray**2).mean())
    own = _Z * size * np.sqrt(months)
    bound = np.sqrt(own**2 + (share * half) ** 2)
    table = pd.DataFrame({"expected": share * expected})
    table = table.assign(low=table["expected"] - bound, high=table["expected"] + bound)
    table.index = table.index.astype(str)
    table.index.name = "key"
    return table


def price_volume_mix(now: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Split the difference of two amounts into price, volume, mix and what has no price.

    Of every product with pieces and money in both times, ``price`` is what its pieces of now would have brought
    less at the price of before. ``volume`` is the change of all pieces at the mean price of before. ``mix`` is the
    rest: more or less of dear products, new and dropped ones among them.

    Horngren, C. T., Datar, S. M. & Rajan, M. V. (2015). Cost Accounting, 15th ed., ch. 14: sales-mix and
    sales-quantity variances.
    """
    # pandas cannot merge two empty tables by two texts.
    sides = _priced(now).add_suffix("_now"), _priced(before).add_suffix("_before")
    both = sides[0].join(sides[1], how="outer").fillna(0.0)
    old = np.divide(
        both["amount_before"], both["pieces_before"],
        out=np.full(len(both), np.nan), where=(both["pieces_before"] > 0).to_numpy(),
    )  # fmt: skip
    new = np.divide(
        both["amount_now"], both["pieces_now"],
        out=np.full(len(both), np.nan), where=(both["pieces_now"] > 0).to_numpy(),
    )  # fmt: skip
    # A product that is new has no price of before: its own is taken, so that it counts as mix.
    usual = np.where(np.isfinite(old), old, new)
    both["price"] = np.where(both["pieces_now"] > 0, both["pieces_now"] * (new - usual), 0.0)
    sums = both.groupby("key")[["pieces_now", "pieces_before", "amount_now", "amount_before", "price"]].sum()
    keys = sorted({*now["key"], *before["key"]})
    sums = sums.reindex(keys).fillna(0.0)
    mean = (sums["amount_before"] / sums["pieces_before"].where(sums["pieces_before"] > 0)).fillna(0.0)
    whole = pd.DataFrame(
        {
            "before": before.groupby("key")["amount"].sum().reindex(keys).fillna(0.0),
            "now": now.groupby("key")["amount"].sum().reindex(keys).fillna(0.0),
        }
    )
    volume = (sums["pieces_now"] - sums["pieces_before"]) * mean
    priced = sums["amount_now"] - sums["amount_before"]
    table = pd.DataFrame(
        {
            "before": whole["before"],
            "price": sums["price"],
            "volume": volume,
            "mix": priced - sums["price"] - volume,
            "other": whole["now"] - whole["before"] - priced,
            "now": whole["now"],
        }
    )
    table.index.name = "key"
    return table


def _priced(sums: pd.DataFrame) -> pd.DataFrame:
    """Products whose price can be told; what was sold without a quantity is none of it."""
    table = sums.groupby(["key", "product_id"])[["amount", "pieces", "unpriced"]].sum()
    table["amount"] -= table["unpriced"]
    kept = (table["pieces"] > 0) & (table["amount"] > 0)
    return table.loc[kept, ["amount", "pieces"]]
