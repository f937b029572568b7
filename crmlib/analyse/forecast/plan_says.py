"""What the comparison of plan and reality says, in sentences made from its numbers."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.forecast.plan_gaps import NO_PLAN, UNKNOWN_KEY
from crmlib.analyse.forecast.plan_result import BEHIND, MISSED
from crmlib.analyse.forecast.result import Forecast
from crmlib.analyse.forecast.says_sales import MEASURE_WORDS

_UNITS = {"quantity": "pieces", "order_count": "orders"}


def main_rows(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the measure that a plan is first asked about: net amount, else won deals, else another.

    Parameters
    ----------
    table : DataFrame
        As `PlanVsActual` has it.

    Examples
    --------
    >>> main_rows(pd.DataFrame({"measure": ["margin", "net_amount"]}))["measure"].tolist()
    ['net_amount']
    """
    for measure in MEASURE_WORDS:
        if (table["measure"] == measure).any():
            return table[table["measure"] == measure]
    return table


def plan_says(*, table: pd.DataFrame, by: str, currency: str, **_: Any) -> str:
    """Where the main measure stands.

    Parameters
    ----------
    table, by, currency
        As `PlanVsActual` has them.

    Returns
    -------
    str

    Examples
    --------
    >>> table = pd.DataFrame({"measure": ["net_amount"], "key": "all", "target": 50.0, "actual": 60.0,
    ...     "expected": 60.0, "low": 60.0, "high": 60.0, "status": "reached", "elapsed_days": 31,
    ...     "period_days": 31, "period_start": pd.Timestamp("2024-01-01"),
    ...     "period_end": pd.Timestamp("2024-01-31")})
    >>> plan_says(table=table, by="total", currency="EUR")
    'From 2024-01-01 to 2024-01-31 sales came to 60 EUR against a plan of 50 EUR.'
    """
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
    """What was set beside the plan.

    Parameters
    ----------
    by, missing, deviation
        As `PlanVsActual` has them.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> plan_notes(by="product", deviation=pd.DataFrame(),
    ...            missing=pd.DataFrame({"problem": ["sold without a plan"], "key": ["tea"]}))
    ('For 1 product something was reached without a target.',)
    """
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
    """What the comparison cannot know.

    Parameters
    ----------
    table, by, forecasts, deviation
        As `PlanVsActual` has them.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> table = pd.DataFrame({"elapsed_days": [1], "period_days": [2], "measure": "net_amount"})
    >>> plan_limits(table=table, by="region", forecasts={"net_amount": None}, deviation=pd.DataFrame())[0]
    'What is expected by region is its share in the forecast of the whole, as it was in the last twelve months.'
    """
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
