"""Plans that are missing or late: sold without a plan, planned for a key that is unknown, no plan for a period."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.forecast.horizon import closing_day
from crmlib.analyse.forecast.pipeline import expected_until, forecast_pipeline
from crmlib.analyse.forecast.result import PIPELINE, SALES, Forecast
from crmlib.analyse.forecast.sales import forecast_sales
from crmlib.measure.sales import known_keys, left_employees, sales_series
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError

NO_PLAN, UNKNOWN_KEY, LEFT, NOT_PLANNED, PARTLY, NOT_COMPUTED = (
    *("sold without a plan", "plan for an unknown key", "plan for somebody who left"),
    *("no plan for the running period", "plan for part of the period", "cannot be computed"),
)
NO_NEXT = "no plan for the next period"
SET_LATE = "target set late"

_COLUMNS = ["problem", "measure", "key", "period_start", "period_end", "value", "says"]


def find_gaps(
    crm: Crm, *, by: str, rows: pd.DataFrame, table: pd.DataFrame, unplanned: pd.DataFrame,
    not_computed: dict[str, str], today: pd.Timestamp,
) -> pd.DataFrame:  # fmt: skip
    """What is missing in the plans of a dimension."""
    found: list[tuple[Any, ...]] = []
    if len(table):
        for row in unplanned.itertuples():
            said = "Reached in the period, and no target was set."
            found.append((NO_PLAN, row.measure, row.key, row.period_start, row.period_end, row.actual, said))
    found += _unknown(crm, by, table)
    if by == "employee":
        found += _left(crm, table)
    for row in table[table["planned_days"] < table["period_days"]].itertuples():
        said = f"The targets are for {row.planned_days:,} of {row.period_days:,} days."
        found.append((PARTLY, row.measure, row.key, row.period_start, row.period_end, row.target, said))
    found += _late(rows, today)
    found += _set_late(crm, by, table)
    found += [
        (NOT_COMPUTED, measure, "", pd.NaT, pd.NaT, float("nan"), why)
        for measure, why in not_computed.items()
    ]
    gaps = pd.DataFrame(found, columns=_COLUMNS)
    order = gaps["problem"].map({name: place for place, name in enumerate(dict.fromkeys(gaps["problem"]))})
    size = gaps["value"].astype("float64").abs().fillna(0.0)
    return (
        gaps.assign(_order=order, _size=-size)
        .sort_values(["_order", "_size"], kind="stable")
        .drop(columns=["_order", "_size"])
        .reset_index(drop=True)
    )


def _unknown(crm: Crm, by: str, table: pd.DataFrame) -> list[tuple[Any, ...]]:
    known = known_keys(crm, by=by)
    if known is None or not len(table):
        return []
    strange = table[table["target"].notna() & ~table["key"].isin(known)]
    said = f"The plan names a {by} that is not known here."
    return [
        (UNKNOWN_KEY, row.measure, row.key, row.period_start, row.period_end, row.target, said)
        for row in strange.itertuples()
    ]


def _left(crm: Crm, table: pd.DataFrame) -> list[tuple[Any, ...]]:
    left = left_employees(crm)
    rows = []
    for row in table[table["key"].isin(left.index)].itertuples():
        day = left[row.key]
        if day <= row.period_end:
            said = f"Left on {day:%Y-%m-%d}; the target stands."
            rows.append((LEFT, row.measure, row.key, row.period_start, row.period_end, row.target, said))
    return rows


def _set_late(crm: Crm, by: str, table: pd.DataFrame) -> list[tuple[Any, ...]]:
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
        (SET_LATE, row.measure, row.key, row.period_start, row.period_end, float(row.target),
         f"Set on {row.set_on:%Y-%m-%d}, {(row.set_on - row.period_start).days:,} days into the period.")
        for row in late.itertuples()
    ]  # fmt: skip


def _late(rows: pd.DataFrame, today: pd.Timestamp) -> list[tuple[Any, ...]]:
    """A measure that was planned so far, and has no target for the time that runs or comes next."""
    found = []
    for measure, part in rows.groupby("measure", sort=True):
        last = part.sort_values("period_end").iloc[-1]
        begin = last["period_end"] + pd.Timedelta(days=1)
        length = last["period_end"] - last["period_start"]
        if last["period_end"] < today:
            said = f"The last plan ended on {last['period_end']:%Y-%m-%d}; the time since then has none."
            found.append((NOT_PLANNED, measure, "", begin, today, float("nan"), said))
        elif last["period_end"] - today <= length / 4:
            left = (last["period_end"] - today).days
            said = f"The plan ends on {last['period_end']:%Y-%m-%d}, in {left:,} days, and none follows."
            if not left:
                said = f"The plan ends on {last['period_end']:%Y-%m-%d}, the closing day, and none follows."
            found.append((NO_NEXT, measure, "", begin, pd.NaT, float("nan"), said))
    return found


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
_SHARE_MONTHS = 12


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
    recent = apart.tail(_SHARE_MONTHS)
    whole = float(recent.to_numpy().sum())
    share = recent.sum() / whole if whole else recent.sum() * 0.0
    total = apart.sum(axis=1)
    rolled = apart.rolling(_SHARE_MONTHS, min_periods=3).sum().shift(1)
    usual = rolled.div(rolled.sum(axis=1), axis=0)
    stray = (apart - usual.mul(total, axis=0)).tail(2 * _SHARE_MONTHS)
    size = np.sqrt((stray**2).mean())
    own = _Z * size * np.sqrt(months)
    bound = np.sqrt(own**2 + (share * half) ** 2)
    table = pd.DataFrame({"expected": share * expected})
    table = table.assign(low=table["expected"] - bound, high=table["expected"] + bound)
    table.index = table.index.astype(str)
    table.index.name = "key"
    return table


PARTS = ("price", "volume", "mix", "other")
"""They add up to the difference. `other`: what has no price, such as lines without a quantity and net returns."""


def price_volume_mix(now: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Split the difference of two amounts into price, volume, mix and what has no price.

    Of every product with pieces and money in both times, ``price`` is what its pieces of now would have brought
    less at the price of before. ``volume`` is the change of all pieces at the mean price of before. ``mix`` is the
    rest: more or less of dear products, new and dropped ones among them.

    References
    ----------
    Horngren, C. T., Datar, S. M. & Rajan, M. V. (2015). Cost Accounting, 15th ed., ch. 14: sales-mix and
    sales-quantity variances.
    """
    both = pd.merge(
        _priced(now), _priced(before), on=["key", "product_id"], how="outer", suffixes=("_now", "_before")
    ).fillna(0.0)
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
    table = sums.groupby(["key", "product_id"], as_index=False)[["amount", "pieces", "unpriced"]].sum()
    table["amount"] -= table["unpriced"]
    kept = (table["pieces"] > 0) & (table["amount"] > 0)
    return table.loc[kept, ["key", "product_id", "amount", "pieces"]]
