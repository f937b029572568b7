"""Pictures of a forecast: the past and what is expected, and how such forecasts did before."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.forecast.intervals import LEVEL_PCT
from crmlib.analyse.forecast.result import Forecast
from crmlib.present.claims_forecast_words import (
    MEASURE_UNITS,
    amount,
    bounds,
    covered,
    past_of,
    what_is_foretold,
)
from crmlib.present.plots_parts import canvas, nothing, scale_of
from crmlib.present.theme import ALARM, GREY, INK, MAIN, SOFT, finish, theme
from crmlib.present.words import count, number, percent, sentence

_MOST_PERIODS = 30


def plot_forecast(result: Forecast, *, ax: Any = None) -> Any:
    """What was reached in each period, what is expected, within which bounds, and what the simple way says.

    Parameters
    ----------
    result : Forecast
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from crmlib.present.claims_forecast_words import _little_forecast
    >>> ax = plot_forecast(_little_forecast())
    >>> "expected" in ax.get_title(loc="left").replace("\\n", " ")
    True
    >>> plt.close(ax.figure)
    """
    unit = {"measure": result.measure, "currency": result.currency}
    total, past = result.total, result.history.tail(_MOST_PERIODS)
    coming = result.periods[result.periods["is_whole"]]
    coming = coming if len(coming) else result.periods
    title = sentence(
        f"{amount(total['expected'], **unit)} of {what_is_foretold(result)} expected in the next {result.horizon}"
    ).rstrip(".")
    known = np.concatenate([past["actual"], coming["expected"], coming["high"].dropna()])
    scale, word = scale_of(known)
    then, ahead = _middles(past), _middles(coming)
    with theme():
        ax = canvas(ax, title=title, body=2.9, foot=0.95)
        ax.plot(then, past["actual"] / scale, color=INK, linewidth=2)
        _fan(ax, past, coming, scale)
        if result.way != result.baseline:
            ax.plot(ahead, coming["baseline"] / scale, color=GREY, linewidth=0, marker="D", markersize=5)
        lowest = min(0.0, float(np.nanmin(known)), float(coming["low"].min(skipna=True) or 0)) / scale
        ax.set_ylim(bottom=1.05 * lowest if lowest < 0 else 0)
        ax.margins(x=0.03)
        ax.yaxis.grid(True)
        ax.locator_params(axis="y", nbins=5)
        _dates(ax)
        key = f"blue: expected, with bounds for {percent(LEVEL_PCT)}"
        key += "\ndiamonds: the simple way" if result.way != result.baseline else ""
        ax.set_xlabel(key, loc="left")
        ax.set_ylabel(_axis_name(result, word))
    alt = f"Line of {count(len(past), 'period')} of {what_is_foretold(result)}, last " + (
        f"{amount(past['actual'].iloc[-1], **unit)}" if len(past) else "not known"
    )
    alt += (
        f"; expected {amount(total['expected'], **unit)}{bounds(total['low'], total['high'], **unit)} in all."
    )
    return finish(ax, title=title, alt=alt)


def plot_past_forecasts(result: Forecast, *, ax: Any = None) -> Any:
    """Forecasts made again as of past days, each with its bounds, and what then happened.

    Parameters
    ----------
    result : Forecast
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from crmlib.present.claims_forecast_words import _little_forecast
    >>> ax = plot_past_forecasts(_little_forecast())
    >>> "past forecasts" in ax.get_title(loc="left").replace("\\n", " ")
    True
    >>> plt.close(ax.figure)
    """
    table = past_of(result)
    if table.empty:
        says = "Too little history to try the forecast on the past"
        return finish(nothing(ax, says=says), title=says, alt=f"No picture: {says.lower()}.")
    inside, tried = covered(result)
    title = f"In {number(inside)} of {count(tried, 'past forecast')} what happened lay within the bounds"
    scale, word = scale_of(np.concatenate([table["high"], table["actual"]]))
    with theme():
        ax = canvas(ax, title=title, body=2.9, foot=0.95)
        x = table["made_on"]
        ax.vlines(x, table["low"] / scale, table["high"] / scale, color=MAIN, alpha=0.35, linewidth=6)
        ax.plot(x, table["expected"] / scale, "_", color=MAIN, markersize=9, markeredgewidth=2.5)
        for held, colour, marker in ((True, INK, "o"), (False, ALARM, "s")):
            part = table[table["is_covered"] == held]
            ax.plot(part["made_on"], part["actual"] / scale, marker, color=colour, markersize=6)
        lowest = float(min(table["low"].min(), table["actual"].min(), 0)) / scale
        ax.set_ylim(bottom=1.05 * lowest if lowest < 0 else 0)
        ax.margins(x=0.06)
        ax.yaxis.grid(True)
        ax.locator_params(axis="y", nbins=5)
        _dates(ax)
        ax.set_xlabel(
            "day of the forecast\nblue: foretold, with bounds; dots: what happened\n(squares: outside)",
            loc="left",
        )
        ax.set_ylabel(_axis_name(result, word, whole=True))
    unit = {"measure": result.measure, "currency": result.currency}
    last = table.iloc[-1]
    alt = (
        f"Ranges and dots, {count(tried, 'past forecast')} of {what_is_foretold(result)} over {result.horizon}: "
        f"what happened lay inside in {number(inside)}; in the last one {amount(last['expected'], **unit)} was "
        f"foretold and {amount(last['actual'], **unit)} happened."
    )
    return finish(ax, title=title, alt=alt)


def _fan(ax: Any, past: pd.DataFrame, coming: pd.DataFrame, scale: float) -> None:
    ahead = _middles(coming)
    if len(past):
        ax.plot(
            [_middles(past).iloc[-1], ahead.iloc[0]],
            [past["actual"].iloc[-1] / scale, coming["expected"].iloc[0] / scale],
            color=MAIN,
            linewidth=1.2,
            linestyle=(0, (3, 2)),
        )
    if coming["low"].notna().all():
        if len(coming) > 1:
            ax.fill_between(
                ahead, coming["low"] / scale, coming["high"] / scale, color=MAIN, alpha=0.2, linewidth=0
            )
        ax.vlines(ahead, coming["low"] / scale, coming["high"] / scale, color=MAIN, alpha=0.35, linewidth=4)
    ax.plot(ahead, coming["expected"] / scale, "o-", color=MAIN, markersize=5)


def _middles(table: pd.DataFrame) -> pd.Series:
    return table["period_start"] + (table["period_end"] - table["period_start"]) / 2


def _axis_name(result: Forecast, word: str, *, whole: bool = False) -> str:
    unit = MEASURE_UNITS.get(result.measure, result.currency)
    said = " ".join(part for part in (word, unit) if part)
    each = f"in {result.horizon}" if whole else f"a {_period_word(result)}"
    return ", ".join(part for part in (f"{what_is_foretold(result)} {each}", said) if part)


def _period_word(result: Forecast) -> str:
    table = result.history if len(result.history) else result.periods
    length = (table["period_end"] - table["period_start"]).dt.days.max()
    return "week" if length < 10 else "month"


def _dates(ax: Any) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, MonthLocator, YearLocator

    low, high = ax.get_xlim()
    months = (high - low) / 30.4
    step = next((step for step in (1, 2, 3, 6, 12) if months / step <= 5), None)
    places = YearLocator(base=max(2, round(months / 48))) if step is None else None
    if step is not None:
        places = MonthLocator(bymonth=range(1, 13, step)) if months > 2 else AutoDateLocator(maxticks=5)
    ax.xaxis.set_major_locator(places)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(places, show_offset=False))
    ax.tick_params(axis="x", colors=SOFT, pad=9)
