"""What the report on forecast and plan says: made from the numbers, whichever way they went."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.forecast.plan import main_rows
from crmlib.analyse.forecast.plan_gaps import PARTS
from crmlib.analyse.forecast.result import (
    BEHIND,
    MISSED,
    ON_COURSE,
    OPEN,
    PIPELINE,
    REACHED,
    Forecast,
    PlanVsActual,
)
from crmlib.analyse.forecast.says import MEASURE_WORDS, SERIES_WORDS, WAY_WORDS
from crmlib.analyse.forecast.scores import LEVEL_PCT
from crmlib.present.blocks import Skipped
from crmlib.present.needs import or_else
from crmlib.present.words import count, date, listing, money, number, percent, plural, sentence

MEASURE_UNITS = {"quantity": "pieces", "order_count": "orders"}


def amount(value: Any, *, measure: str, currency: str) -> str:
    """An amount of a measure with its unit."""
    unit = MEASURE_UNITS.get(measure)
    return f"{number(value)}\u00a0{unit}" if unit else money(value, currency)


def bounds(low: Any, high: Any, *, measure: str, currency: str) -> str:
    """An interval in brackets with a blank before; empty where it is not known."""
    if not (np.isfinite(low) and np.isfinite(high)):
        return ""
    ends = [amount(end, measure=measure, currency=currency) for end in (low, high)]
    return f" (likely {ends[0]} to {ends[1]})"


def way_words(forecast: Forecast, way: str) -> str:
    """How a way goes about it, as it ends "by ..."."""
    words = WAY_WORDS if forecast.kind == PIPELINE else SERIES_WORDS
    return words[way].replace("'", "’")


def what_is_foretold(forecast: Forecast) -> str:
    """What a forecast is of, as a subject: "won deals", "sales"."""
    return MEASURE_WORDS[forecast.measure]


def period_words(first: Any, last: Any) -> str:
    """A period as it is spoken: a quarter, month or year by its name, else its two days."""
    for freq in ("M", "Q", "Y"):
        period = pd.Timestamp(first).to_period(freq)
        if period.start_time == first and period.end_time.normalize() == last:
            if freq == "M":
                return f"{first:%B %Y}"
            if freq == "Y":
                return f"{first:%Y}"
            return f"the {('first', 'second', 'third', 'fourth')[period.quarter - 1]} quarter of {first:%Y}"
    return f"{date(first)} to {date(last)}"


def covered(forecast: Forecast) -> tuple[int, int]:
    """How many past forecasts there were by the way taken, and in how many what happened lay in the bounds."""
    own = past_of(forecast)
    return int(own["is_covered"].sum()), len(own)


def past_of(forecast: Forecast) -> pd.DataFrame:
    """Past forecasts of the whole horizon by the way taken, the earliest first."""
    tried = forecast.workings.get("tried")
    table = forecast.past if tried is None else tried.sums
    return table[table["way"] == forecast.way].sort_values("made_on").reset_index(drop=True)


def error_words(forecast: Forecast, way: str) -> str:
    """How far off a way was, in percent of what happened; "not known" where it was not tried."""
    found = forecast.scores.loc[forecast.scores["way"] == way, "wape_pct"]
    return percent(found.iloc[0] if len(found) else None)


@cache
def _little_forecast() -> Forecast:
    from crmlib.analyse.forecast.pipeline import _little_company, forecast_pipeline

    return forecast_pipeline(_little_company(), draws=200, most_past=6)


@cache
def _little_plan() -> PlanVsActual:
    from crmlib.analyse.forecast.plan import plan_vs_actual

    return plan_vs_actual(_little_shop(), by="product")


@cache
def _little_shop() -> Any:
    """Thirty months of two products, a plan for each of them, and one for a third that does not exist."""
    from crmlib.prepare.crm import Crm

    lot = np.random.default_rng(0)
    days = pd.date_range("2022-07-01", "2024-12-15", freq="2D")
    lines = pd.DataFrame({"ordered_at": days, "order_id": [f"o{n}" for n in range(len(days))]})
    lines["product_id"] = np.where(lot.random(len(days)) < 0.5, "tea", "milk")
    lines["quantity"] = lot.integers(1, 9, len(days))
    price = lines["product_id"].map({"tea": 5.0, "milk": 2.0}) * np.where(days.year == 2024, 1.1, 1.0)
    lines["net_amount"] = (lines["quantity"] * price).round(2)
    plans = pd.DataFrame({"key": ["tea", "milk", "salt"], "target": [900.0, 250.0, 40.0]})
    plans = plans.assign(
        period_start="2024-10-01", period_end="2024-12-31", dimension="product", measure="net_amount"
    )
    total = plans.head(1).assign(dimension="total", key="all", target=1200.0)
    goods = pd.DataFrame({"product_id": ["tea", "milk"], "name": ["Tea", "Milk"]})
    return Crm.from_frames(
        as_of="2024-12-15",
        currency="EUR",
        transactions=lines,
        plans=pd.concat([plans, total]),
        products=goods,
    )


NO_FORECAST = "There is no forecast here, for the reason above."
NO_PLAN = "There is no plan to compare with, for the reason above."

_STATES = {
    REACHED: "reached the plan",
    ON_COURSE: "on course to reach it",
    OPEN: "open either way",
    BEHIND: "expected to fall short",
    MISSED: "missed the plan",
}


@or_else(lambda missing: [])
def forecast_answer(forecast: Forecast) -> list[str]:
    """What is expected, and how far off such forecasts were.

    Parameters
    ----------
    forecast : Forecast

    Returns
    -------
    list of str
    """
    first = forecast.periods["period_start"].iloc[0]
    unit = {"measure": forecast.measure, "currency": forecast.currency}
    total = forecast.total
    said = (
        f"From {date(first)} to {date(forecast.ends_on)} we expect {amount(total['expected'], **unit)}"
        f"{bounds(total['low'], total['high'], **unit)} of {what_is_foretold(forecast)}"
    )
    if forecast.kind == PIPELINE and np.isfinite(total.get("from_open", np.nan)):
        said += f", {amount(total['from_open'], **unit)} of it from deals that are open now"
    return [f"{said}.", _trust(forecast)]


@or_else(lambda missing: [])
def plan_answer(plan: PlanVsActual) -> list[str]:
    """Where the plan stands.

    Parameters
    ----------
    plan : PlanVsActual

    Returns
    -------
    list of str
    """
    rows = main_rows(plan.table)
    row, unit = rows.iloc[0], {"measure": rows["measure"].iloc[0], "currency": plan.currency}
    when = period_words(row["period_start"], row["period_end"])
    what = {"net_amount": "sales", "won_amount": "won deals"}.get(unit["measure"], unit["measure"])
    if plan.by == "total":
        return [_whole_plan(row, when, what, unit)]
    states = rows["status"].value_counts()
    parts = [f"{number(states[name])} {words}" for name, words in _STATES.items() if states.get(name, 0)]
    unknown = int((rows["status"] == "").sum())
    if unknown:
        parts.append(f"{number(unknown)} cannot be judged yet")
    made = count(len(rows), "plan")
    return [f"Of {made} by {plan.by} for {what} in {when}: {listing(parts)}."]


def _whole_plan(row: Any, when: str, what: str, unit: dict[str, str]) -> str:
    target = amount(row["target"], **unit)
    if row["elapsed_days"] >= row["period_days"]:
        verb = "above" if row["gap"] > 0 else "below" if row["gap"] < 0 else "exactly on"
        far = f"{percent(abs(row['gap_pct']))} " if row["gap"] and np.isfinite(row["gap_pct"]) else ""
        return f"In {when} {what} came to {amount(row['actual'], **unit)}, {far}{verb} the plan of {target}."
    said = f"The plan for {what} in {when} is {target}"
    if row["elapsed_days"]:
        said += f"; {amount(row['actual'], **unit)} is reached so far"
    if np.isfinite(row["expected"]):
        ends = bounds(row["low"], row["high"], **unit)
        said += f"; we expect {amount(row['expected'], **unit)}{ends} by its end"
        verdict = {
            ON_COURSE: ", so it is on course",
            BEHIND: ", so it is expected to fall short",
            OPEN: ", so it is open either way",
        }
        said += verdict.get(row["status"], "")
    return f"{said}."


def forecast_findings(forecast: Forecast | Skipped, plan: PlanVsActual | Skipped | None = None) -> list[str]:
    """The one or two sentences that the index repeats.

    Parameters
    ----------
    forecast : Forecast
    plan : PlanVsActual, optional
        Either may be missing; the other is told of all the same.

    Returns
    -------
    list of str
    """
    said = forecast_answer(forecast)[:1]
    return said if plan is None else said + plan_answer(plan)


@or_else(lambda missing: [NO_FORECAST])
def history_paragraph(forecast: Forecast) -> list[str]:
    """How the forecast is made, and what was filled in.

    Parameters
    ----------
    forecast : Forecast

    Returns
    -------
    list of str
    """
    said = [f"The forecast goes by {way_words(forecast, forecast.way)}."]
    if np.isfinite(forecast.total["low"]):
        said.append(
            f"In {LEVEL_PCT / 10:.0f} of 10 such forecasts what happens should lie between the two bounds. For "
            "a single period they are wider, in proportion, than for the whole."
        )
    before = forecast.total["baseline"]
    unit = {"measure": forecast.measure, "currency": forecast.currency}
    if forecast.way != forecast.baseline:
        said.append(
            f"By {way_words(forecast, forecast.baseline)} alone it would be {amount(before, **unit)}."
        )
    return [*said, *(sentence(note) for note in forecast.notes)]


@or_else(lambda missing: [NO_FORECAST])
def backtest_paragraph(forecast: Forecast) -> list[str]:
    """How such forecasts did on the past.

    Parameters
    ----------
    forecast : Forecast

    Returns
    -------
    list of str
    """
    inside, tried = covered(forecast)
    if not tried:
        return ["The history is too short to try the forecast on the past."]
    what = "the pipeline rebuilt" if forecast.kind == PIPELINE else "sales"
    said = [
        f"The forecast was made again as of {count(tried, 'past day')}, with {what} as known then, and "
        f"held against what followed in {forecast.horizon}."
    ]
    ranked = forecast.scores
    parts = [f"{way_words(forecast, row.way)} {percent(row.wape_pct)}" for row in ranked.itertuples()]
    said.append(f"Off by, on the whole: {listing(parts)}.")
    said.append(
        f"In {number(inside)} of {number(tried)} what happened lay inside the bounds ({percent(LEVEL_PCT)} should)."
    )
    row = ranked[ranked["way"] == forecast.way].iloc[0]
    if np.isfinite(row["bias_pct"]) and abs(row["bias_pct"]) >= 1:
        way = "high" if row["bias_pct"] > 0 else "low"
        said.append(f"Over all of them it was {percent(abs(row['bias_pct']))} too {way}.")
    return said


@or_else(lambda missing: [NO_PLAN])
def plan_paragraph(plan: PlanVsActual) -> list[str]:
    """What the plan's picture means, and what is missing.

    Parameters
    ----------
    plan : PlanVsActual

    Returns
    -------
    list of str
    """
    rows = main_rows(plan.table)
    unit = {"measure": rows["measure"].iloc[0], "currency": plan.currency}
    said = plan_answer(plan)
    if plan.by != "total":
        over = rows["elapsed_days"].iloc[0] >= rows["period_days"].iloc[0]
        worst = rows.assign(short=rows["expected"] - rows["target"]).sort_values("short", kind="stable")
        short = worst[worst["short"] < 0]
        if len(short):
            verb = "is" if over else "is expected to be"
            total = amount(abs(short["short"].sum()), **unit)
            said.append(
                f"What they lack {verb} {total} in all, over {count(len(short), plan.by, _many(plan.by))}."
            )
    return [*said, *(sentence(note) for note in plan.notes)]


@or_else(lambda missing: [NO_PLAN])
def split_paragraph(plan: PlanVsActual) -> list[str]:
    """Why sales differ from a year before.

    Parameters
    ----------
    plan : PlanVsActual

    Returns
    -------
    list of str
    """
    if plan.deviation.empty:
        return ["Why sales differ cannot be told: that needs quantities, and sales a year earlier."]
    row = plan.deviation.iloc[0]
    moved = row["now"] - row["before"]
    way = "above" if moved > 0 else "below" if moved < 0 else "level with"
    far = f" {money(abs(moved), plan.currency)}" if moved else ""
    said = [f"Sales so far are{far} {way} the same days a year earlier."]
    words = {"price": "prices", "volume": "volume", "mix": "mix", "other": "lines without a price"}
    parts = [
        f"{words[part]} {_signed(row[part], plan.currency)}"
        for part in PARTS
        if part != "other" or abs(row[part]) > 0.005
    ]
    meaning = (
        "Volume is more or fewer pieces at the mean price of then; mix is dearer or cheaper products among them, "
        "new and dropped ones included."
    )
    return [*said, f"Its parts: {listing(parts)}.", meaning]


@or_else(lambda missing: [])
def forecast_limits(forecast: Forecast) -> list[str]:
    """What the forecast cannot know, and where it lost.

    Parameters
    ----------
    forecast : Forecast

    Returns
    -------
    list of str
    """
    return [sentence(limit.replace("'", "’")) for limit in forecast.limits]


@or_else(lambda missing: [])
def plan_limits(plan: PlanVsActual) -> list[str]:
    """What the comparison with the plan cannot know.

    Parameters
    ----------
    plan : PlanVsActual

    Returns
    -------
    list of str
    """
    said = [sentence(limit) for limit in plan.limits]
    late = plan.missing[plan.missing["key"].eq("") & plan.missing["measure"].ne("")]
    return [*said, *dict.fromkeys(sentence(text) for text in late["says"])]


def _trust(forecast: Forecast) -> str:
    way, simple = forecast.way, forecast.baseline
    if forecast.is_thin:
        return f"There is too little history to try other ways, so it goes by {way_words(forecast, way)}."
    off = error_words(forecast, way)
    if way == simple:
        return f"On the past this was off by {off}; no other way was nearer than {way_words(forecast, way)}."
    said = f"On the past this was off by {off}, against {error_words(forecast, simple)} by "
    said += way_words(forecast, simple)
    ending = {"yes": ".", "no": ", which was nearer.", "uncertain": "; chance may have made the difference."}
    return said + ending.get(forecast.beats_baseline, ".")


def _signed(value: float, currency: str) -> str:
    shown = money(abs(value), currency)
    return f"+{shown}" if value > 0 else f"−{shown}" if value < 0 else shown


def _many(word: str) -> str:
    return plural(2, word)
