"""Key figures and tables of the report on forecast and plan."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.forecast.plan_result import PlanVsActual
from crmlib.analyse.forecast.result import PIPELINE, Forecast
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures, Prose, Skipped
from crmlib.present.blocks_downloads_about import about_workspace
from crmlib.present.claims_forecast_words import (
    MEASURE_UNITS,
    covered,
    way_words,
    what_is_foretold,
)
from crmlib.present.needs import or_else
from crmlib.present.tables_forecast_plan import plan_figures, with_keys
from crmlib.present.words import sentence


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

    Examples
    --------
    >>> from crmlib.present.claims_forecast_words import _little_forecast
    >>> print(forecast_figures(_little_forecast())._text().splitlines()[0].partition(":")[0])
    Expected won deals
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

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from crmlib.present.claims_forecast_words import _little_forecast
    >>> table = periods_table(SimpleNamespace(config=None), _little_forecast())
    >>> len(table.frame), table.frame.columns.tolist()[:4]
    (3, ['period_start', 'period_end', 'expected', 'expected_low'])
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

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from crmlib.present.claims_forecast_words import _little_forecast
    >>> crm = SimpleNamespace(config=None, tables=())
    >>> parts_table(crm, _little_forecast(), by="owner").frame["owner"].tolist()
    ['e2', 'e1']
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
        frame.rename(columns={"coverage_pct": "within_bounds_pct"}),
        name="forecast_ways",
        caption="Ways to foretell, tried on the past (the last range: how much nearer the chosen one was, 95 %)",
    )
