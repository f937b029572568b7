"""Key figures and tables of the report on forecast and plan."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.forecast.plan_result import PlanVsActual
from crmlib.analyse.forecast.plan_says import main_rows
from crmlib.analyse.forecast.result import PIPELINE, Forecast
from crmlib.analyse.forecast.says_sales import MEASURE_WORDS
from crmlib.prepare.privacy import public_ids
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures, Prose
from crmlib.present.blocks_downloads_about import about_workspace
from crmlib.present.claims_forecast_words import (
    MEASURE_UNITS,
    covered,
    period_words,
    way_words,
    what_is_foretold,
)
from crmlib.present.needs import or_else
from crmlib.present.words import sentence

_WHOLE = ("", "all", "all others")
_NAMES = {
    "owner": "Owner", "employee": "Employee", "product": "Product", "category": "Category", "region": "Region",
    "customer": "Customer", "department": "Department", "total": "Plan",
}  # fmt: skip


@or_else(lambda missing: missing)
def forecast_figures(forecast: Forecast, plan: PlanVsActual | None = None) -> KeyFigures:
    """What is expected with its bounds, how far off such forecasts were, and the plan.

    Parameters
    ----------
    forecast : Forecast
    plan : PlanVsActual, optional

    Returns
    -------
    KeyFigures

    Examples
    --------
    >>> from crmlib.present.claims_forecast_words import _little_forecast
    >>> print(forecast_figures(_little_forecast())._text().splitlines()[0].partition(":")[0])
    Expected won deals
    """
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
def plan_figures(plan: PlanVsActual) -> KeyFigures:
    """Target, reached and expected of the first measure of a plan, all keys together.

    Parameters
    ----------
    plan : PlanVsActual

    Returns
    -------
    KeyFigures

    Examples
    --------
    >>> from crmlib.present.claims_forecast_words import _little_plan
    >>> print(plan_figures(_little_plan())._text().splitlines()[0].replace("\\u00a0", " "))
    Plan for sales: EUR 1,190
    """
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
def periods_table(crm: Any, forecast: Forecast) -> DataTable:
    """What is expected in each period, with bounds and the simple way beside it.

    Parameters
    ----------
    crm : Crm
    forecast : Forecast

    Returns
    -------
    DataTable

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from crmlib.present.claims_forecast_words import _little_forecast
    >>> table = periods_table(SimpleNamespace(config=None), _little_forecast())
    >>> len(table.frame), table.frame.columns.tolist()[:4]
    (3, ['period_start', 'period_end', 'expected', 'low'])
    """
    columns = ["period_start", "period_end", "expected", "low", "high", "baseline"]
    more = [name for name in ("from_open", "from_new", "count") if name in forecast.periods]
    unit = MEASURE_UNITS.get(forecast.measure, forecast.currency)
    labels = {
        "period_start": "From", "period_end": "To", "expected": "Expected", "low": "at least", "high": "at most",
        "baseline": sentence(way_words(forecast, forecast.baseline)).rstrip("."),
        "from_open": "From open deals", "from_new": "From new deals", "count": "Deals",
    }  # fmt: skip
    return DataTable(
        forecast.periods[columns + more],
        name="forecast_by_period",
        caption=f"Expected {what_is_foretold(forecast)} by period (bounds: {forecast.level_pct:.0f} %)",
        labels=labels,
        units=dict.fromkeys([*columns[2:], "from_open", "from_new"], unit),
        digits=dict.fromkeys([*columns[2:], "from_open", "from_new"], 0) | {"count": 1},
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

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from crmlib.present.claims_forecast_words import _little_forecast
    >>> crm = SimpleNamespace(config=None, tables=())
    >>> parts_table(crm, _little_forecast(), by="owner").frame["key"].tolist()
    ['e2', 'e1']
    """
    table = forecast.by.get(by, pd.DataFrame())
    if table.empty:
        return Prose(f"The forecast cannot be told apart by {by} here.")
    frame = _with_keys(crm, table, by=by)
    frame = frame.drop(columns=[name for name in ("count", "coverage_pct") if name in frame])
    unit = MEASURE_UNITS.get(forecast.measure, forecast.currency)
    if "way" in frame:
        frame["way"] = [sentence(way_words(forecast, way)).rstrip(".") for way in frame["way"]]
    labels = {
        "key": _NAMES.get(by, by.capitalize()), "name": "Name", "expected": "Expected", "low": "at least",
        "high": "at most", "from_open": "From open deals", "from_new": "From new deals", "open_deals": "Open deals",
        "open_amount": "Open amount", "baseline": "By the simple way", "way": "Goes by",
        "wape_pct": "Usual error", "last_year": "Last year",
    }  # fmt: skip
    money = ["expected", "low", "high", "from_open", "from_new", "open_amount", "baseline", "last_year"]
    return DataTable(
        frame,
        name=f"forecast_by_{by}",
        caption=f"Expected {what_is_foretold(forecast)} in the next {forecast.horizon} by {by}",
        labels=labels,
        units=dict.fromkeys(money, unit) | {"wape_pct": "%"},
        digits=dict.fromkeys(money, 0) | {"wape_pct": 0, "open_deals": 0},
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

    Examples
    --------
    >>> from crmlib.present.claims_forecast_words import _little_forecast
    >>> sorted(ways_table(_little_forecast()).frame["chosen"])
    ['', '', 'yes']
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
        frame,
        name="forecast_ways",
        caption="Ways to foretell, tried on the past (the last range: how much nearer the chosen one was, 95 %)",
        labels={
            "way": "By", "forecasts": "Past forecasts", "wape_pct": "Error", "bias_pct": "Too high (+) or low (−)",
            "coverage_pct": "Within bounds", "gain_low": "Chosen nearer by, from", "gain_high": "to",
            "chosen": "Chosen",
        },
        units=dict.fromkeys(["wape_pct", "bias_pct", "coverage_pct", "gain_low", "gain_high"], "%"),
        digits={"wape_pct": 1, "bias_pct": 1, "coverage_pct": 0, "gain_low": 1, "gain_high": 1},
    )  # fmt: skip


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

    Examples
    --------
    >>> from crmlib.present.claims_forecast_words import _little_plan, _little_shop
    >>> plan_table(_little_shop(), _little_plan()).frame[["key", "name", "status"]]
        key      name     status
    0   tea        Tea  behind
    1  milk       Milk    open
    2  salt  not known  behind
    """
    columns = [
        *("measure", "key", "period_start", "period_end", "target", "actual", "gap", "gap_pct", "run_rate"),
        *("expected", "low", "high", "expected_gap_pct", "status", "year_before"),
    ]
    frame = plan.table[columns].copy()
    over = bool((plan.table["elapsed_days"] >= plan.table["period_days"]).all())
    if over:
        frame = frame.drop(columns=["run_rate", "expected", "low", "high", "expected_gap_pct"])
    frame = _with_keys(crm, frame, by=plan.by)
    frame["measure"] = frame["measure"].map(MEASURE_WORDS)
    if plan.by == "total":
        frame = frame.drop(columns="key")
    labels = {
        "measure": "Measure", "key": _NAMES[plan.by], "name": "Name", "period_start": "From", "period_end": "To",
        "target": "Plan", "actual": "Reached", "gap": "Gap", "gap_pct": "Gap", "run_rate": "At this pace",
        "expected": "Expected", "low": "at least", "high": "at most", "expected_gap_pct": "Expected gap",
        "status": "Stands", "year_before": "Year before",
    }  # fmt: skip
    whole = ["target", "actual", "gap", "run_rate", "expected", "low", "high", "year_before"]
    return DataTable(
        frame,
        name=f"plan_by_{plan.by}",
        caption=f"Plan and reality by {plan.by} (money in {plan.currency or 'account currency'})",
        labels=labels,
        units={"gap_pct": "%", "expected_gap_pct": "%"},
        digits=dict.fromkeys(whole, 0) | {"gap_pct": 1, "expected_gap_pct": 1},
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

    Examples
    --------
    >>> from crmlib.present.claims_forecast_words import _little_plan, _little_shop
    >>> missing_plans_table(_little_shop(), _little_plan()).frame["key"].tolist()[:1]
    ['salt']
    """
    if plan.missing.empty:
        return Prose(f"No plan by {plan.by} is missing or late.")
    frame = _with_keys(crm, plan.missing, by=plan.by, blank="all")
    frame["measure"] = frame["measure"].map(MEASURE_WORDS)
    frame["problem"] = [sentence(text).rstrip(".") for text in frame["problem"]]
    return DataTable(
        frame,
        name=f"plans_missing_by_{plan.by}",
        caption=f"Plans by {plan.by} that are missing or late",
        labels={
            "problem": "Problem", "measure": "Measure", "key": _NAMES[plan.by], "name": "Name",
            "period_start": "From", "period_end": "To", "value": "Target, or reached without", "says": "What is wrong",
        },
        digits={"value": 0},
        rows=10,
        excel=True,
        about=about_workspace(crm),
    )  # fmt: skip


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

    Examples
    --------
    >>> from crmlib.present.claims_forecast_words import _little_plan, _little_shop
    >>> split_table(_little_shop(), _little_plan()).frame["key"].tolist()
    ['all', 'milk', 'tea']
    """
    if plan.deviation.empty:
        return Prose(
            "The difference to a year before cannot be split: quantities or that year are not known."
        )
    frame = _with_keys(crm, plan.deviation, by=plan.by)
    figures = ["before", "price", "volume", "mix", "other", "now"]
    return DataTable(
        frame,
        name=f"price_volume_mix_by_{plan.by}",
        caption=f"Sales so far against the same days a year before, by {plan.by}",
        labels={
            "key": _NAMES[plan.by], "name": "Name", "before": "Year before", "price": "Prices", "volume": "Volume",
            "mix": "Mix", "other": "No price", "now": "Now",
        },
        units=dict.fromkeys(figures, plan.currency),
        digits=dict.fromkeys(figures, 0),
        rows=12,
        excel=True,
        about=about_workspace(crm),
    )  # fmt: skip


def product_names(crm: Any) -> dict[str, str]:
    """Product -> its name, where products have one.

    Parameters
    ----------
    crm : Crm

    Examples
    --------
    >>> from crmlib.present.claims_forecast_words import _little_shop
    >>> product_names(_little_shop())
    {'tea': 'Tea', 'milk': 'Milk'}
    """
    if "products" not in crm.tables or "name" not in crm.columns("products"):
        return {}
    frame = crm.frame("products", ["product_id", "name"]).dropna()
    return dict(zip(frame["product_id"].astype(str), frame["name"].astype(str), strict=True))


@or_else(lambda missing: None)
def plan_names(crm: Any, plan: PlanVsActual) -> dict[str, str]:
    """Key -> what a picture shows for it: a pseudonym of a customer, the name of a product.

    Parameters
    ----------
    crm : Crm
    plan : PlanVsActual

    Examples
    --------
    >>> from crmlib.present.claims_forecast_words import _little_plan, _little_shop
    >>> plan_names(_little_shop(), _little_plan())
    {'tea': 'Tea', 'milk': 'Milk', 'salt': 'salt'}
    """
    keys = pd.Series(plan.table["key"].unique(), dtype="str")
    if plan.by == "customer":
        return dict(zip(keys, public_ids(crm, keys), strict=True))
    names = product_names(crm) if plan.by == "product" else {}
    return {key: names.get(key, key) for key in keys}


def _with_keys(crm: Any, table: pd.DataFrame, *, by: str, blank: str = "not known") -> pd.DataFrame:
    frame = table.copy()
    keys = frame["key"].astype(str)
    if by == "customer":
        known = ~keys.isin(_WHOLE)
        frame.loc[known, "key"] = public_ids(crm, keys[known]).to_numpy()
    if by == "product":
        names = product_names(crm)
        if names:
            named = keys.map(names).where(keys.isin(list(names)) | keys.isin(_WHOLE), "not known").fillna("")
            frame.insert(frame.columns.get_loc("key") + 1, "name", named)
    return frame.assign(key=frame["key"].where(frame["key"] != "", blank))
