"""Key figures and tables of the report on forecast and plan."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.forecast.plan import main_rows
from crmlib.analyse.forecast.result import PIPELINE, Forecast, PlanVsActual
from crmlib.analyse.forecast.says import MEASURE_WORDS
from crmlib.prepare.privacy import employee_codes, public_ids
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures, Prose, Skipped
from crmlib.present.blocks.downloads import about_workspace
from crmlib.present.needs import or_else
from crmlib.present.reports.forecast.say import (
    MEASURE_UNITS,
    covered,
    period_words,
    way_words,
    what_is_foretold,
)
from crmlib.present.words import sentence

_WHOLE = ("", "all", "all others")
KEY_NAMES = {
    "owner": "Owner", "employee": "Employee", "product": "Product", "category": "Category", "region": "Region",
    "customer": "Customer", "department": "Department", "total": "Plan",
}  # fmt: skip
"""What the keys of a dimension are called above their column."""


@or_else(lambda missing: missing)
def plan_figures(plan: PlanVsActual) -> KeyFigures:
    """Target, reached and expected of the first measure of a plan, all keys together."""
    rows = main_rows(plan.table)
    measure = rows["measure"].iloc[0]
    unit = MEASURE_UNITS.get(measure, plan.currency)
    target, actual = float(rows["target"].sum()), float(rows["actual"].sum())
    when = period_words(rows["period_start"].iloc[0], rows["period_end"].iloc[0])
    figures = [
        KeyFigure(label=f"Plan for {MEASURE_WORDS[measure]}", value=target, unit=unit, note=when),
        KeyFigure(
            label="Reached", value=100 * actual / target if target else None, unit="%", format=".0f",
            better="higher", note="of the plan so far" if rows["elapsed_days"].iloc[0] else "it has not begun",
        ),
    ]  # fmt: skip
    return KeyFigures(*figures)


@or_else(lambda missing: missing)
def plan_table(crm: Any, plan: PlanVsActual) -> DataTable:
    """Every plan of a dimension: target, reached, expected at the end, and a year before.

    Parameters
    ----------
    crm : Crm
    plan : PlanVsActual

    Returns
    -------
    DataTable
    """
    columns = [
        *("measure", "key", "period_start", "period_end", "target", "actual", "gap", "gap_pct", "run_rate"),
        *("expected", "low", "high", "expected_gap_pct", "status", "year_before"),
    ]
    frame = plan.table[columns].copy()
    over = bool((plan.table["elapsed_days"] >= plan.table["period_days"]).all())
    if over:
        frame = frame.drop(columns=["run_rate", "expected", "low", "high", "expected_gap_pct"])
    frame = with_keys(crm, frame, by=plan.by)
    frame["measure"] = frame["measure"].map(MEASURE_WORDS)
    if plan.by == "total":
        frame = frame.drop(columns="key")
    return DataTable(
        frame.rename(
            columns={
                "key": plan.by,
                "gap": "plan_gap",
                "expected": "plan_expected",
                "low": "plan_expected_low",
                "high": "plan_expected_high",
            }
        ),
        name=f"plan_by_{plan.by}",
        caption=f"Plan and reality by {plan.by} (money in {plan.currency or 'account currency'})",
        rows=12,
        excel=True,
        about=about_workspace(crm),
    )


@or_else(lambda missing: None)
def missing_plans_table(crm: Any, plan: PlanVsActual) -> DataTable | Prose:
    """Plans that are missing, late or for keys that are not known.

    Parameters
    ----------
    crm : Crm
    plan : PlanVsActual

    Returns
    -------
    DataTable, or Prose where nothing is missing
    """
    if plan.missing.empty:
        return Prose(f"No plan by {plan.by} is missing or late.")
    frame = with_keys(crm, plan.missing, by=plan.by, blank="all")
    frame["measure"] = frame["measure"].map(MEASURE_WORDS)
    frame["problem"] = [sentence(text).rstrip(".") for text in frame["problem"]]
    return DataTable(
        frame.rename(columns={"key": plan.by, "value": "target_or_reached", "says": "what_is_wrong"}),
        name=f"plans_missing_by_{plan.by}",
        caption=f"Plans by {plan.by} that are missing or late",
        rows=10,
        excel=True,
        about=about_workspace(crm),
    )


@or_else(lambda missing: None)
def split_table(crm: Any, plan: PlanVsActual) -> DataTable | Prose:
    """Price, volume and mix of every key, against the same days a year before.

    Parameters
    ----------
    crm : Crm
    plan : PlanVsActual

    Returns
    -------
    DataTable, or Prose where it cannot be split
    """
    if plan.deviation.empty:
        return Prose(
            "The difference to a year before cannot be split: quantities or that year are not known."
        )
    frame = with_keys(crm, plan.deviation, by=plan.by)
    return DataTable(
        frame.rename(columns={"key": plan.by, "price": "price_effect"}),
        name=f"price_volume_mix_by_{plan.by}",
        caption=f"Sales so far against the same days a year before, by {plan.by}",
        currency=plan.currency,
        rows=12,
        excel=True,
        about=about_workspace(crm),
    )


@or_else(lambda missing: None)
def plan_names(crm: Any, plan: PlanVsActual) -> dict[str, str]:
    """Key -> what a picture shows for it: a pseudonym of a customer, the name of a product.

    Parameters
    ----------
    crm : Crm
    plan : PlanVsActual
    """
    keys = pd.Series(plan.table["key"].unique(), dtype="str")
    if plan.by == "customer":
        return dict(zip(keys, public_ids(crm, keys), strict=True))
    names = product_names(crm) if plan.by == "product" else {}
    return {key: names.get(key, key) for key in keys}


def product_names(crm: Any) -> dict[str, str]:
    """Product -> its name, where products have one."""
    if "products" not in crm.tables or "name" not in crm.columns("products"):
        return {}
    frame = crm.frame("products", ["product_id", "name"]).dropna()
    return dict(zip(frame["product_id"].astype(str), frame["name"].astype(str), strict=True))


def with_keys(crm: Any, table: pd.DataFrame, *, by: str, blank: str = "not known") -> pd.DataFrame:
    """A table by key as a list may show it: customers by pseudonyms, products with their names."""
    frame = table.copy()
    keys = frame["key"].astype(str)
    if by == "customer":
        known = ~keys.isin(_WHOLE)
        frame.loc[known, "key"] = public_ids(crm, keys[known]).to_numpy()
    if by in ("owner", "employee"):
        known = ~keys.isin(_WHOLE)
        frame.loc[known, "key"] = employee_codes(crm, keys[known]).to_numpy()
    if by == "product":
        names = product_names(crm)
        if names:
            named = keys.map(names).where(keys.isin(list(names)) | keys.isin(_WHOLE), "not known").fillna("")
            frame.insert(frame.columns.get_loc("key") + 1, "name", named)
    return frame.assign(key=frame["key"].where(frame["key"] != "", blank))


def forecast_figures(
    forecast: Forecast | Skipped, plan: PlanVsActual | Skipped | None = None
) -> KeyFigures | Skipped:
    """What is expected with its bounds, how far off such forecasts were, and the plan.

    Parameters
    ----------
    forecast : Forecast
    plan : PlanVsActual, optional
        Left out where it is missing.

    Returns
    -------
    KeyFigures, or what stands in the forecast's place
    """
    if isinstance(forecast, Skipped):
        return forecast
    total, unit = forecast.total, MEASURE_UNITS.get(forecast.measure, forecast.currency)
    has_bounds = bool(np.isfinite(total["low"]))
    figures = [
        KeyFigure(
            label=f"Expected {what_is_foretold(forecast)}", value=total["expected"], unit=unit,
            low=total["low"] if has_bounds else None, high=total["high"] if has_bounds else None,
            note=f"in the next {forecast.horizon}", better="higher",
        )
    ]  # fmt: skip
    if forecast.kind == PIPELINE:
        share = 100 * total["from_open"] / total["expected"] if total["expected"] else None
        figures.append(
            KeyFigure(
                label="Of it from open deals", value=share, unit="%", format=".0f", note="the rest is new"
            )
        )
    score = forecast.scores[forecast.scores["way"] == forecast.way]
    if len(score):
        figures.append(
            KeyFigure(
                label="Usual error", value=float(score["wape_pct"].iloc[0]), unit="%", better="lower", format=".0f",
                note="of what happened, on the past",
            )
        )  # fmt: skip
        inside, tried = covered(forecast)
        figures.append(
            KeyFigure(
                label="Held within bounds", value=100 * inside / max(tried, 1), unit="%", format=".0f",
                note=f"of {tried:,} past forecasts; {forecast.level_pct:.0f} % should",
            )
        )  # fmt: skip
    if isinstance(plan, PlanVsActual):
        figures += plan_figures(plan).figures
    return KeyFigures(*figures)


@or_else(lambda missing: missing)
def periods_table(crm: Any, forecast: Forecast) -> DataTable:
    """What is expected in each period, with bounds and the simple way beside it.

    Parameters
    ----------
    crm : Crm
    forecast : Forecast

    Returns
    -------
    DataTable
    """
    columns = ["period_start", "period_end", "expected", "low", "high", "baseline"]
    more = [name for name in ("from_open", "from_new", "count") if name in forecast.periods]
    unit = MEASURE_UNITS.get(forecast.measure, forecast.currency)
    return DataTable(
        forecast.periods[columns + more].rename(
            columns={"low": "expected_low", "high": "expected_high", "count": "deals_expected"}
        ),
        name="forecast_by_period",
        caption=f"Expected {what_is_foretold(forecast)} by period (bounds: {forecast.level_pct:.0f} %); "
        f"simple way: {way_words(forecast, forecast.baseline)}",
        currency=unit,
        excel=True,
        about=about_workspace(crm),
    )


@or_else(lambda missing: missing)
def parts_table(crm: Any, forecast: Forecast, *, by: str) -> DataTable | Prose:
    """What is expected by owner, product, category or region, the largest first.

    Parameters
    ----------
    crm : Crm
    forecast : Forecast
    by : a name of ``forecast.by``

    Returns
    -------
    DataTable, or Prose where there is no such part
    """
    table = forecast.by.get(by, pd.DataFrame())
    if table.empty:
        return Prose(f"The forecast cannot be told apart by {by} here.")
    frame = with_keys(crm, table, by=by)
    frame = frame.drop(columns=[name for name in ("count", "coverage_pct") if name in frame])
    unit = MEASURE_UNITS.get(forecast.measure, forecast.currency)
    if "way" in frame:
        frame["way"] = [sentence(way_words(forecast, way)).rstrip(".") for way in frame["way"]]
    return DataTable(
        frame.rename(
            columns={"key": by, "low": "expected_low", "high": "expected_high", "open_amount": "open_value"}
        ),
        name=f"forecast_by_{by}",
        caption=f"Expected {what_is_foretold(forecast)} in the next {forecast.horizon} by {by}",
        currency=unit,
        rows=12,
        excel=True,
        about=about_workspace(crm),
    )


@or_else(lambda missing: None)
def ways_table(forecast: Forecast) -> DataTable | Prose:
    """Every way that was tried, and how far off it was on the past.

    Parameters
    ----------
    forecast : Forecast

    Returns
    -------
    DataTable, or Prose where nothing was tried
    """
    scores = forecast.scores
    if scores.empty:
        return Prose("The history is too short to try ways on the past.")
    gain = forecast.comparison.set_index("way")
    frame = pd.DataFrame(
        {
            "way": [sentence(way_words(forecast, way)).rstrip(".") for way in scores["way"]],
            "forecasts": scores["forecasts"],
            "wape_pct": scores["wape_pct"],
            "bias_pct": scores["bias_pct"],
            "coverage_pct": scores["coverage_pct"],
            "gain_low": [gain["low"].get(way, np.nan) for way in scores["way"]],
            "gain_high": [gain["high"].get(way, np.nan) for way in scores["way"]],
            "chosen": ["yes" if chosen else "" for chosen in scores["is_chosen"]],
        }
    )
    return DataTable(
        frame.rename(columns={"coverage_pct": "within_bounds_pct"}),
        name="forecast_ways",
        caption="Ways to foretell, tried on the past (the last range: how much nearer the chosen one was, 95 %)",
    )
