"""Plan against reality: what was reached, what is expected at the end, and why it differs."""

import re
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.forecast.horizon import closing_day
from crmlib.analyse.forecast.plan_gaps import (
    NO_PLAN,
    PARTS,
    UNKNOWN_KEY,
    find_gaps,
    forecast_for,
    price_volume_mix,
    rest_of_period,
)
from crmlib.analyse.forecast.result import BEHIND, MISSED, Forecast, PlanVsActual, status_of
from crmlib.analyse.forecast.says import MEASURE_WORDS
from crmlib.analyse.forecast.scores import LEVEL_PCT
from crmlib.measure.sales import DIMENSIONS, can_measure, plan_rows, product_sums, reached
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError, nearest


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


_UNITS = {"quantity": "pieces", "order_count": "orders"}


def main_rows(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the measure that a plan is first asked about: net amount, else won deals, else another."""
    for measure in MEASURE_WORDS:
        if (table["measure"] == measure).any():
            return table[table["measure"] == measure]
    return table


def plan_says(*, table: pd.DataFrame, by: str, currency: str, **_: Any) -> str:
    """Where the main measure stands."""
    rows = main_rows(table)
    measure = rows["measure"].iloc[0]
    unit = f" {_UNITS.get(measure, currency)}".rstrip()
    first, last = rows["period_start"].iloc[0], rows["period_end"].iloc[0]
    actual, target = float(rows["actual"].sum()), float(rows["target"].sum())
    is_over = rows["elapsed_days"].iloc[0] >= rows["period_days"].iloc[0]
    if not rows["elapsed_days"].iloc[0]:
        said = f"From {first:%Y-%m-%d} to {last:%Y-%m-%d} {target:,.0f}{unit} of {MEASURE_WORDS[measure]} are planned"
    else:
        said = (
            f"From {first:%Y-%m-%d} to {last:%Y-%m-%d} {MEASURE_WORDS[measure]} "
            f"{'came to' if is_over else 'have come to'} {actual:,.0f}{unit}{'' if is_over else ' so far'} against a "
            f"plan of {target:,.0f}{unit}"
        )
    if not is_over and by == "total" and np.isfinite(rows["expected"].iloc[0]):
        row = rows.iloc[0]
        said += f"; {row['expected']:,.0f}{unit} are expected at the end"
        said += f" ({row['low']:,.0f} to {row['high']:,.0f})" if np.isfinite(row["low"]) else ""
    if by != "total":
        short = int(rows["status"].isin([BEHIND, MISSED]).sum())
        said += (
            f"; {short:,} of {len(rows):,} {'are short of theirs' if short != 1 else 'is short of its own'}"
        )
    return f"{said}."


def plan_notes(*, by: str, missing: pd.DataFrame, deviation: pd.DataFrame, **_: Any) -> tuple[str, ...]:
    """What was set beside the plan."""
    said = []
    for problem, words in (
        (NO_PLAN, "something was reached without a target"),
        (UNKNOWN_KEY, "there is a target, though they are not known here"),
    ):
        count = missing.loc[missing["problem"] == problem, "key"].nunique()
        if count:
            many = {"category": "categories"}.get(by, f"{by}s")
            said.append(f"For {count:,} {by if count == 1 else many} {words}.")
    if len(deviation):
        row = deviation.iloc[0]
        moved, other = abs(row["now"] - row["before"]), abs(row["other"])
        if other > 0.01 * moved and other > 0.005:
            said.append(
                f"{other:,.0f} of the difference {'adds to' if row['other'] > 0 else 'takes from'} it without a "
                "price: lines without a quantity, and products of which more came back than was sold."
            )
    return tuple(said)


def plan_limits(
    *, table: pd.DataFrame, by: str, forecasts: dict[str, Forecast], deviation: pd.DataFrame, **_: Any
) -> tuple[str, ...]:
    """What the comparison cannot know."""
    said = []
    running = table[table["elapsed_days"] < table["period_days"]]
    if len(running) and by != "total" and set(running["measure"]) - {"won_amount"}:
        said.append(
            f"What is expected by {by} is its share in the forecast of the whole, as it was in the last twelve "
            "months."
        )
    lacking = sorted(set(running["measure"]) - set(forecasts))
    if lacking:
        names = " and ".join(MEASURE_WORDS[name] for name in lacking)
        said.append(f"For {names} nothing can be foretold yet, so there is no expected end.")
    if deviation.empty and "net_amount" in set(table["measure"]):
        said.append(
            "The difference is not split into price, volume and mix: that needs quantities, and sales in the same "
            "days a year earlier."
        )
    return tuple(said)


_YEAR = pd.DateOffset(years=1)
_SPLIT = ["key", "before", *PARTS, "now"]


def plan_vs_actual(
    crm: Crm,
    *,
    by: str = "total",
    period: Any = None,
    forecasts: tuple[Forecast, ...] = (),
    seed: int = 0,
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
    seed : int

    Returns
    -------
    PlanVsActual

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
        why = " ".join(not_computed.values()) or "no target lies in that period."
        raise ParameterError(f"the plan by {by} cannot be compared: {why}")
    table = pd.concat(tables, ignore_index=True)
    deviation, plan_deviation = _deviations(crm, table, by=by, today=today)
    missing = find_gaps(
        crm, by=by, rows=rows, table=table, unplanned=pd.concat(unplanned, ignore_index=True),
        not_computed=not_computed, today=today,
    )  # fmt: skip
    known = {"table": table, "by": by, "today": today, "missing": missing, "currency": crm.currency}
    known |= {"forecasts": used, "deviation": deviation}
    return PlanVsActual(
        by=by, table=table, deviation=deviation, plan_deviation=plan_deviation, missing=missing,
        forecasts=used, today=today, currency=crm.currency, level_pct=LEVEL_PCT,
        says=plan_says(**known), notes=plan_notes(**known), limits=plan_limits(**known),
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
