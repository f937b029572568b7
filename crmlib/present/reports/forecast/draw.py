"""Pictures of a forecast: the past and what is expected, and how such forecasts did before."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.forecast.plan import main_rows
from crmlib.analyse.forecast.plan_gaps import PARTS
from crmlib.analyse.forecast.result import BEHIND, MISSED, OPEN, Forecast, PlanVsActual
from crmlib.analyse.forecast.says import MEASURE_WORDS
from crmlib.analyse.forecast.scores import LEVEL_PCT
from crmlib.present.plots_parts import SIDE, canvas, nothing, scale_of, short_numbers
from crmlib.present.reports.forecast.say import (
    MEASURE_UNITS,
    amount,
    bounds,
    covered,
    past_of,
    period_words,
    what_is_foretold,
)
from crmlib.present.theme import ALARM, GREY, INK, MAIN, PALE, SOFT, finish, text_width, theme, wrapped
from crmlib.present.words import count, listing, money, number, percent, plural, sentence, shortened

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


_MOST_PLANS = 12
_STEPS = {"price": "prices", "volume": "volume", "mix": "mix", "other": "no price"}


def plot_plan(result: PlanVsActual, *, ax: Any = None, names: dict[str, str] | None = None) -> Any:
    """Each plan: reached so far, expected at the end with bounds, and the target as a line.

    Parameters
    ----------
    result : PlanVsActual
    ax : matplotlib Axes, optional
    names : key -> what is shown instead, optional
        As `tables_forecast_plan.plan_names` makes them. Customers are numbered without it: their own numbers never
        stand in a picture.

    Returns
    -------
    matplotlib Axes
    """
    rows = main_rows(result.table)
    shown, measure = rows.head(_MOST_PLANS), rows["measure"].iloc[0]
    if names is None and result.by == "customer":
        names = {key: f"no. {place}" for place, key in enumerate(rows["key"], 1)}
    short = int(rows["status"].isin([MISSED, BEHIND]).sum())
    when = period_words(rows["period_start"].iloc[0], rows["period_end"].iloc[0])
    is_over = rows["elapsed_days"].iloc[0] >= rows["period_days"].iloc[0]
    verb = plural(short, "was" if is_over else "is")
    title = f"{number(short)} of {count(len(rows), 'plan')} for {when} {verb} "
    title += "missed" if is_over else "expected to fall short"
    if result.by == "total":
        title = _title_of_total(rows.iloc[0], when, is_over)
    ends = shown[["target", "actual", "expected", "high"]].max(axis=1)
    scale, word = scale_of(ends)
    side = SIDE + 0.3 * (result.by == "customer")
    said = [
        wrapped(shortened((names or {}).get(key, key), 40), width=side * 72, lines=2) for key in shown["key"]
    ]
    said = ["total" if result.by == "total" else name or "not known" for name in said]
    tall = np.array([max(0.46, 0.185 * (name.count("\n") + 1) + 0.2) for name in said])
    middles = np.cumsum(tall) - tall / 2
    texts = [_share_text(row) for row in shown.itertuples()]
    with theme():
        ax = canvas(ax, title=title, body=float(tall.sum()), foot=0.85 if is_over else 1.05)
        for place, row, text in zip(middles, shown.itertuples(), texts, strict=True):
            _plan_bar(ax, row, place, scale)
            end = max(row.target, row.actual, 0 if np.isnan(row.high) else row.high, 0) / scale
            ax.annotate(text, (end, place), (6, 0), textcoords="offset points", va="center", color=SOFT)
        low = min(0.0, float(shown[["actual", "target"]].min().min()) / scale)
        inches, widest = (4.8 - side - 0.35) * 72, max(text_width(text) for text in texts) + 12
        ax.set_xlim(low, low + (float(ends.max()) / scale - low or 1.0) * inches / max(inches - widest, 60))
        ax.set_yticks(middles, said)
        ax.set_ylim(float(tall.sum()), 0)
        ax.locator_params(axis="x", nbins=4)
        short_numbers(ax.xaxis)
        ax.xaxis.grid(True)
        unit = " ".join(part for part in (word, MEASURE_UNITS.get(measure, result.currency)) if part)
        key = "bar: reached; line: plan" + ("" if is_over else "\ndot and range: expected end")
        ax.set_xlabel(f"{MEASURE_WORDS[measure]}{f', {unit}' if unit else ''}\n{key}", loc="left")
    return finish(ax, title=title, alt=_plan_alt(result, shown, measure, len(rows), names or {}))


def plot_split(result: PlanVsActual, *, ax: Any = None) -> Any:
    """From the sales of a year before to those of now, in steps: prices, volume and mix.

    Parameters
    ----------
    result : PlanVsActual
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    if result.deviation.empty:
        says = "Why sales differ cannot be told without quantities and a year before"
        return finish(nothing(ax, says=says), title=says, alt=f"No picture: {says.lower()}.")
    row = result.deviation.iloc[0]
    parts = [part for part in PARTS if part != "other" or abs(row[part]) > 0.001 * abs(row["before"])]
    title = _split_title(row, result.currency)
    level = np.cumsum([row["before"], *(row[part] for part in parts)])
    scale, word = scale_of([*level, row["now"]])
    names = ["a year before", *(_STEPS[part] for part in parts), "now"]
    texts = [
        number(row["before"] / scale),
        *(f"{'+' if row[part] > 0 else ''}{number(row[part] / scale)}" for part in parts),
        number(row["now"] / scale),
    ]
    with theme():
        ax = canvas(ax, title=title, body=2.9, foot=0.75)
        ax.bar(0, row["before"] / scale, color=GREY, width=0.62)
        for place, part in enumerate(parts, 1):
            colour = MAIN if row[part] >= 0 else ALARM
            ax.bar(place, row[part] / scale, bottom=level[place - 1] / scale, color=colour, width=0.62)
            ax.plot(
                [place - 0.69, place + 0.31],
                [level[place - 1] / scale] * 2,
                color=GREY,
                linewidth=1,
                zorder=0,
            )
        ax.bar(len(parts) + 1, row["now"] / scale, color=INK, width=0.62)
        tops = [level[0], *np.maximum(level[:-1], level[1:]), row["now"]]
        for place, (top, text) in enumerate(zip(tops, texts, strict=True)):
            ax.annotate(
                text,
                (place, max(top, 0) / scale),
                (0, 4),
                textcoords="offset points",
                ha="center",
                va="bottom",
            )
        low, high = min(0.0, float(level.min())) / scale, float(max(level.max(), row["now"])) / scale
        ax.set_ylim(1.1 * low, high + 0.12 * (high - low or 1))
        ax.set_xticks(range(len(names)), [wrapped(name, width=58, lines=2) for name in names])
        ax.set_yticks([])
        ax.axhline(0, color=PALE, linewidth=1)
        unit = " ".join(part for part in (word, result.currency) if part)
        ax.set_xlabel(
            f"sales so far against the same days a year before{f', {unit}' if unit else ''}", loc="left"
        )
    said = [f"{_STEPS[part]} {money(row[part], result.currency)}" for part in parts]
    alt = (
        f"Steps from {money(row['before'], result.currency)} a year before to {money(row['now'], result.currency)}: "
        f"{listing(said)}."
    )
    return finish(ax, title=title, alt=alt)


def _plan_bar(ax: Any, row: Any, place: float, scale: float) -> None:
    short = row.status in (MISSED, BEHIND)
    colour = ALARM if short else MAIN
    ax.barh(place, row.actual / scale, height=0.2, color=colour)
    if row.elapsed_days < row.period_days and np.isfinite(row.expected):
        if np.isfinite(row.low):
            ax.plot([row.low / scale, row.high / scale], [place] * 2, color=colour, alpha=0.4, linewidth=5)
        ax.plot(row.expected / scale, place, "o", color=colour, markersize=6)
    ax.plot([row.target / scale] * 2, [place - 0.17, place + 0.17], color=INK, linewidth=2.5)


def _share_text(row: Any) -> str:
    is_over = row.elapsed_days >= row.period_days
    value = row.actual if is_over else row.expected
    if not row.target or not np.isfinite(value):
        return "not known"
    return percent(100 * value / row.target) + (" short" if row.status in (MISSED, BEHIND) else "")


def _title_of_total(row: Any, when: str, is_over: bool) -> str:
    if is_over:
        if not np.isfinite(row["gap_pct"]):
            return f"The plan for {when} stands beside what was reached"
        way = "above" if row["gap"] > 0 else "below" if row["gap"] < 0 else "on"
        far = f"{percent(abs(row['gap_pct']))} " if row["gap"] else ""
        return f"{when[:1].upper()}{when[1:]} ended {far}{way} the plan"
    words = {BEHIND: "is expected to be missed", OPEN: "is open either way", "": "cannot be judged yet"}
    return f"The plan for {when} {words.get(row['status'], 'is on course')}"


def _split_title(row: Any, currency: str) -> str:
    parts = {part: row[part] for part in ("price", "volume", "mix")}
    moved = row["now"] - row["before"]
    if not moved:
        return "Sales are level with a year before"
    way = "above" if moved > 0 else "below"
    most = max(parts, key=lambda part: parts[part] * (1 if moved > 0 else -1))
    said = f"Sales are {money(abs(moved), currency)} {way} a year before"
    return f"{said}, most of it by {_STEPS[most]}" if abs(parts[most]) > 0.5 * abs(moved) else said


def _plan_alt(result: PlanVsActual, shown: Any, measure: str, rows: int, names: dict[str, str]) -> str:
    unit = {"measure": measure, "currency": result.currency}
    parts = [
        f"{shortened(names.get(row.key, row.key) or 'not known', 40)} reached {amount(row.actual, **unit)} of "
        f"{amount(row.target, **unit)}"
        for row in shown.itertuples()
    ]
    alt = f"Bars with a line for the plan, {MEASURE_WORDS[measure]}: {listing(parts)}."
    return alt + (f" {count(rows - len(shown), 'smaller plan')} not drawn." if rows > len(shown) else "")
