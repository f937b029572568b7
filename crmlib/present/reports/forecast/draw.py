"""Pictures of a forecast: the past and what is expected, and how such forecasts did before."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.forecast.plan import PARTS, main_rows
from crmlib.analyse.forecast.result import BEHIND, MISSED, ON_COURSE, OPEN, Forecast, PlanVsActual
from crmlib.analyse.learn.evaluate import LEVEL_PCT
from crmlib.present.claims import Claim, Fact, Family, claim, clause, count, money, name, names, share
from crmlib.present.numbers import number, shortened
from crmlib.present.reports.forecast.say import (
    IN_PIECES,
    KEY_WORDS,
    MEASURE_WORDS,
    UNIT_WORDS,
    amount,
    error_facts,
    expected_fact,
    far_from_plan,
    held,
    horizon_words,
    parts_of,
    past_of,
    period_length,
    period_words,
    plan_fact,
    plan_place,
    promised_bounds,
    unit_of,
    what_is_expected,
)
from crmlib.present.theme import (
    ALARM,
    GREY,
    INK,
    MAIN,
    PALE,
    SIDE,
    SOFT,
    canvas,
    finish,
    named_rows,
    nothing,
    room_for_texts,
    say_behind,
    scale_of,
    short_numbers,
    theme,
    wrapped,
)

_SCALES = Family("forecast-picture-scale", ("thousand", "million", "billion"))
_STEPS = Family("forecast-picture-split-step", PARTS)
_TOTALS = Family("forecast-picture-total", (ON_COURSE, BEHIND, OPEN, "unknown"), ("when",))

_MOST_PERIODS = 30


def plot_forecast(result: Forecast, *, ax: Any = None) -> Any:
    """What was reached in each period, what is expected, within which bounds, and what the simple way says."""
    past = result.history.tail(_MOST_PERIODS)
    coming = result.periods[result.periods["is_whole"]]
    coming = coming if len(coming) else result.periods
    whole = {"amount": expected_fact(result), "what": what_is_expected(result)}
    whole["horizon"] = horizon_words(result)
    title = claim("forecast-picture-unpromised", **whole)
    key = claim("forecast-picture-unpromised-key")
    if result.is_promised:
        title = claim("forecast-picture-coming", **whole)
        key = claim("forecast-picture-coming-key", level=share(LEVEL_PCT))
    coming = coming if result.is_promised else coming.assign(low=np.nan, high=np.nan)
    known = np.concatenate([past["actual"], coming["expected"], coming["high"].dropna()])
    scale, word = scale_of(known)
    then, ahead = _middles(past), _middles(coming)
    with theme():
        ax = canvas(ax, title=title, body=2.9, foot=0.95)
        ax.plot(then, past["actual"] / scale, color=INK, linewidth=2)
        _fan(ax, past, coming, scale)
        if _has_diamonds(result):
            ax.plot(ahead, coming["baseline"] / scale, color=GREY, linewidth=0, marker="D", markersize=5)
        lowest = min(0.0, float(np.nanmin(known)), float(coming["low"].min(skipna=True) or 0)) / scale
        ax.set_ylim(bottom=1.05 * lowest if lowest < 0 else 0)
        ax.margins(x=0.03)
        ax.yaxis.grid(True)
        ax.locator_params(axis="y", nbins=5)
        _dates(ax)
        plain = [claim("forecast-picture-coming-key-plain")] if _has_diamonds(result) else []
        ax.set_xlabel("\n".join(map(str, [key, *plain])), loc="left")
        ax.set_ylabel(_axis_name(result, word))
    last = past["actual"].iloc[-1] if len(past) else np.nan
    alt = claim(
        "forecast-picture-coming-alt",
        n=count(len(past)),
        last=amount(last, **unit_of(result)),
        bounds=promised_bounds(result),
        **{name: whole[name] for name in ("amount", "what")},
    )
    return finish(ax, title=title, alt=alt)


def plot_past_forecasts(result: Forecast, *, ax: Any = None) -> Any:
    """Forecasts made again as of past days, each with its bounds, and what then happened."""
    table = past_of(result)
    if table.empty:
        return nothing(ax, says=claim("forecast-picture-past-none"))
    ranged = result.is_promised
    off = {} if ranged else {"pct": error_facts(result, result.way)["pct"]}
    title = (
        claim("forecast-picture-past", **held(result))
        if ranged
        else claim("forecast-picture-past-off", **off)
    )
    scale, word = scale_of(np.concatenate([table["high" if ranged else "expected"], table["actual"]]))
    with theme():
        ax = canvas(ax, title=title, body=2.9, foot=0.95)
        x = table["made_on"]
        if ranged:
            ax.vlines(x, table["low"] / scale, table["high"] / scale, color=MAIN, alpha=0.35, linewidth=6)
        ax.plot(x, table["expected"] / scale, "_", color=MAIN, markersize=9, markeredgewidth=2.5)
        outside = ranged & ~table["is_covered"].astype(bool)
        for part, colour, marker in ((table[~outside], INK, "o"), (table[outside], ALARM, "s")):
            ax.plot(part["made_on"], part["actual"] / scale, marker, color=colour, markersize=6)
        lowest = float(min(table["low" if ranged else "expected"].min(), table["actual"].min(), 0)) / scale
        ax.set_ylim(bottom=1.05 * lowest if lowest < 0 else 0)
        ax.margins(x=0.06)
        ax.yaxis.grid(True)
        ax.locator_params(axis="y", nbins=5)
        _dates(ax)
        key = claim("forecast-picture-past-key") if ranged else claim("forecast-picture-past-off-key")
        key = [claim("forecast-picture-past-made"), key]
        key += [claim("forecast-picture-past-outside")] if outside.any() else []
        ax.set_xlabel("\n".join(map(str, key)), loc="left")
        ax.set_ylabel(_axis_name(result, word, whole=True))
    return finish(ax, title=title, alt=_past_alt(result, table.iloc[-1], off))


def _past_alt(result: Forecast, last: Any, off: dict[str, Fact]) -> Claim:
    facts = {
        "what": what_is_expected(result),
        "horizon": horizon_words(result),
        "amount": amount(last["expected"], **unit_of(result)),
        "actual": amount(last["actual"], **unit_of(result)),
    }
    if off:
        return claim("forecast-picture-past-off-alt", tried=held(result)["tried"], **facts, **off)
    return claim("forecast-picture-past-alt", **facts, **held(result))


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


def _has_diamonds(result: Forecast) -> bool:
    return result.way != result.baseline


def _scale_words(measure: str, currency: str, word: str) -> str:
    """The unit of an axis: "million SGD", "thousand pieces"."""
    unit = str(UNIT_WORDS.term(measure)) if measure in IN_PIECES else currency
    return " ".join(part for part in (str(_SCALES.term(word)) if word else "", unit) if part)


def _with_unit(words: Claim | Fact, unit: str) -> str:
    said = clause(words) if isinstance(words, Claim) else words
    return str(claim("forecast-picture-unit", words=said, unit=name(unit)) if unit else words)


def _axis_name(result: Forecast, word: str, *, whole: bool = False) -> str:
    what = what_is_expected(result)
    if whole:
        said = claim("forecast-picture-axis-whole", what=what, horizon=horizon_words(result))
    else:
        said = claim("forecast-picture-axis-each", what=what, unit=UNIT_WORDS.term(period_length(result)))
    return _with_unit(said, _scale_words(result.measure, result.currency, word))


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


def plot_plan(result: PlanVsActual, *, ax: Any = None, names: dict[str, str] | None = None) -> Any:
    """Each plan: reached, expected at the end with bounds, and the target; customers are numbered without `names`."""
    rows = main_rows(result.table)
    shown, measure = rows.head(_MOST_PLANS), rows["measure"].iloc[0]
    if names is None and result.by in ("customer", "employee"):
        names = {key: _numbered(place) for place, key in enumerate(rows["key"], 1)}
    is_over = rows["elapsed_days"].iloc[0] >= rows["period_days"].iloc[0]
    title = (
        _title_of_total(rows.iloc[0], is_over)
        if result.by == "total"
        else _title_of_keys(result, rows, is_over)
    )
    ends = shown[["target", "actual", "expected", "high"]].max(axis=1)
    scale, word = scale_of(ends)
    said = [_key_text(result, shortened((names or {}).get(key, key), 40)) for key in shown["key"]]
    texts = [_share_text(row) for row in shown.itertuples()]
    with theme():
        ax, middles = named_rows(ax, said, title=title, foot=0.85 if is_over else 1.05)
        for place, row, text in zip(middles, shown.itertuples(), texts, strict=True):
            _plan_bar(ax, row, place, scale)
            end = max(row.target, row.actual, 0 if np.isnan(row.high) else row.high, 0) / scale
            say_behind(ax, text, (end, place))
        least = float(shown[["actual", "target"]].min().min())
        room_for_texts(ax, np.array([least, *ends]) / scale, ["", *texts], taken=SIDE)
        ax.locator_params(axis="x", nbins=4)
        short_numbers(ax.xaxis)
        key = claim("forecast-picture-plan-key-over" if is_over else "forecast-picture-plan-key-ahead")
        axis = _with_unit(MEASURE_WORDS.term(measure), _scale_words(measure, result.currency, word))
        ax.set_xlabel(f"{axis}\n{key}", loc="left")
    return finish(ax, title=title, alt=_plan_alt(result, shown, measure, names or {}))


def plot_split(result: PlanVsActual, *, ax: Any = None) -> Any:
    """From the sales of a year before to those of now, in steps: prices, volume and mix."""
    if result.deviation.empty:
        return nothing(ax, says=claim("forecast-picture-split-none"))
    row = result.deviation.iloc[0]
    parts = parts_of(row)
    title = _split_title(row, result.currency)
    level = np.cumsum([row["before"], *(row[part] for part in parts)])
    scale, word = scale_of([*level, row["now"]])
    steps = [
        str(claim("forecast-picture-split-before")),
        *(str(_STEPS.term(part)) for part in parts),
        str(claim("forecast-picture-split-now")),
    ]
    first, *moved, last = _in_steps([row["before"], *(row[part] for part in parts), row["now"]])
    texts = [
        number(first / scale),
        *(f"{'+' if step > 0 else ''}{number(step / scale)}" for step in moved),
        number(last / scale),
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
        ax.set_xticks(range(len(steps)), [wrapped(step, width=58, lines=2) for step in steps])
        ax.set_yticks([])
        ax.axhline(0, color=PALE, linewidth=1)
        said = claim("forecast-picture-split-axis")
        ax.set_xlabel(_with_unit(said, _scale_words("net_amount", result.currency, word)), loc="left")
    return finish(ax, title=title, alt=_split_alt(row, parts, result.currency))


def _in_steps(amounts: list[float]) -> list[float]:
    """Both ends and the steps between them, rounded alike so that the steps still lead from one to the other."""
    unit = 10.0 ** np.floor(np.log10(max(abs(amounts[0]), abs(amounts[-1])) or 1.0) - 2)
    first, *moved, last = (round(amount / unit) for amount in amounts)
    widest = int(np.argmax(np.abs(moved)))
    moved[widest] += last - first - sum(moved)
    return [step * unit for step in (first, *moved, last)]


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
    known = row.target and np.isfinite(value)
    return str(claim("forecast-picture-plan-share", share=share(100 * value / row.target if known else None)))


def _numbered(place: int) -> str:
    return str(claim("forecast-picture-plan-numbered", place=count(place)))


def _key_text(result: PlanVsActual, text: str) -> str:
    if result.by == "total":
        return str(claim("forecast-picture-plan-total"))
    return text or str(KEY_WORDS.term("unknown"))


def _title_of_keys(result: PlanVsActual, rows: pd.DataFrame, is_over: bool) -> Claim:
    short = rows["status"].isin([MISSED, BEHIND])
    whole = plan_place(rows.iloc[0], "plan.keys", result.by)
    state = MISSED if is_over else BEHIND
    facts = {
        "n": count(
            int(short.sum()), at=plan_place(rows.iloc[0], "plan.keys", result.by, state), part_of=whole
        ),
        "all": count(len(rows), at=whole),
        "when": period_words(rows["period_start"].iloc[0], rows["period_end"].iloc[0]),
    }
    if is_over:
        return claim("forecast-picture-plan-short-over", **facts)
    return claim("forecast-picture-plan-short-ahead", **facts)


def _title_of_total(row: Any, is_over: bool) -> Claim:
    when = period_words(row["period_start"], row["period_end"])
    if is_over:
        return claim("forecast-picture-total-over", when=when, **far_from_plan(row))
    return _TOTALS.claim(row["status"] or "unknown", when=when)


def _split_title(row: Any, currency: str) -> Claim:
    parts = {part: row[part] for part in ("price", "volume", "mix")}
    moved = row["now"] - row["before"]
    most = max(parts, key=lambda part: parts[part] * (1 if moved > 0 else -1))
    said = claim("forecast-plan-none")
    if abs(parts[most]) > 0.5 * abs(moved):
        of_it = share(100 * parts[most] / moved if moved else None)
        said = claim("forecast-picture-split-most", part=_STEPS.term(most), share=of_it)
    way = name("up" if moved > 0 else "down" if moved < 0 else "level")
    return claim("forecast-picture-split", way=way, far=money(abs(moved), currency), most=said)


def _split_alt(row: Any, parts: list[str], currency: str) -> Claim:
    said = [
        claim("forecast-picture-split-part", part=_STEPS.term(part), amount=money(row[part], currency))
        for part in parts
    ]
    before = money(row["before"], currency)
    now = money(row["now"], currency)
    return claim("forecast-picture-split-alt", before=before, now=now, parts=names(said))


def _plan_alt(result: PlanVsActual, shown: pd.DataFrame, measure: str, keys: dict[str, str]) -> Claim:
    rows = [
        claim(
            "forecast-picture-plan-alt-row",
            part=name(_key_text(result, shortened(keys.get(row["key"], row["key"]), 40))),
            actual=plan_fact(result, row, "actual", result.by, str(keys.get(row["key"], place))),
            target=plan_fact(result, row, "target", result.by, str(keys.get(row["key"], place))),
        )
        for place, (_, row) in enumerate(shown.iterrows(), 1)
    ]
    return claim("forecast-picture-plan-alt", what=MEASURE_WORDS.term(measure), rows=names(rows))
