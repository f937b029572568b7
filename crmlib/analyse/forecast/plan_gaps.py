"""Plans that are missing or late: sold without a plan, planned for a key that is unknown, no plan for a period."""

from typing import Any

import pandas as pd

from crmlib.measure.plan_actuals import known_keys, left_employees
from crmlib.prepare.crm import Crm

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
    """What is missing in the plans of a dimension.

    Parameters
    ----------
    crm : Crm
    by : str
    rows : DataFrame
        As `plan_rows` gives them.
    table : DataFrame
        As `PlanVsActual` has it.
    unplanned : DataFrame
        `measure`, `key`, `period_start`, `period_end`, `actual`: reached without a target. Where only a chosen few
        are planned, those as large as the smallest of them.
    not_computed : dict measure -> why
    today : Timestamp

    Returns
    -------
    DataFrame
        `problem`, `measure`, `key`, `period_start`, `period_end`, `value`, `says`; the largest values first.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> rows = pd.DataFrame({"measure": ["margin"], "period_start": pd.Timestamp("2024-01-01"),
    ...                      "period_end": pd.Timestamp("2024-01-31")})
    >>> table = pd.DataFrame(columns=["planned_days", "period_days", "key"])
    >>> gaps = find_gaps(SimpleNamespace(tables=()), by="region", rows=rows, table=table, unplanned=table,
    ...                  not_computed={}, today=pd.Timestamp("2024-03-01"))
    >>> gaps["says"].tolist()
    ['The last plan ended on 2024-01-31; the time since then has none.']
    """
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
