"""What the report on forecast and plan says: made from the numbers, whichever way they went."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.forecast.outlooks import BY_TIME
from crmlib.analyse.forecast.plan import LEFT, NO_NEXT, NO_PLAN, NOT_PLANNED, PARTS, UNKNOWN_KEY, main_rows
from crmlib.analyse.forecast.result import (
    BEHIND,
    BY_STAGE,
    GROWN,
    LAST_YEAR,
    LATELY,
    MISSED,
    ON_COURSE,
    OPEN,
    PIPELINE,
    PLAIN,
    REACHED,
    Forecast,
    PlanVsActual,
    Remark,
)
from crmlib.analyse.forecast.series import AVERAGE, DIFFERENCES, LINE, SMOOTHING
from crmlib.analyse.learn.evaluate import LEVEL_PCT
from crmlib.measure.sales import DIMENSIONS, MEASURES
from crmlib.prepare.crm import Crm
from crmlib.present.blocks import Skipped
from crmlib.present.claims import (
    Claim,
    Fact,
    Family,
    claim,
    clause,
    count,
    date,
    interval,
    money,
    month,
    name,
    names,
    share,
)
from crmlib.present.needs import or_else

IN_PIECES = ("quantity", "order_count")
"""Measures that are counted; all others are money."""

MEASURE_WORDS = Family("forecast-measure", MEASURES)
BY_WORDS = Family("forecast-by", ("owner", *DIMENSIONS))
UNIT_WORDS = Family("forecast-unit", ("month", "week", *IN_PIECES))
STATE_WORDS = Family("forecast-plan-state", (REACHED, ON_COURSE, OPEN, BEHIND, MISSED, "unknown"), ("n",))
_AMOUNTS = Family("forecast-amount", IN_PIECES, ("n",))
_HORIZONS = Family("forecast-horizon", ("month", "week", "day"), ("n",))
_QUARTERS = Family("forecast-quarter", ("1", "2", "3", "4"), ("year",))
WAYS_OF_DEALS = Family("forecast-way-pipeline", (BY_TIME, BY_STAGE, LAST_YEAR, LATELY))
WAYS_OF_SALES = Family(
    "forecast-way-sales", (LAST_YEAR, GROWN, LATELY, SMOOTHING, DIFFERENCES, LINE, AVERAGE)
)
KEY_WORDS = Family("forecast-key", ("all", "others", "unknown"))
_ERRORS = Family("forecast-error", ("pipeline", "sales"), ("money", "pct", "unit"))
_NOTES = Family(
    "forecast-note",
    (
        *("amounts_filled", "amounts_known_late", "no_created_day", "no_closed_day", "no_stage"),
        *(
            "running_left_out",
            "first_left_out",
            "known_cost",
            "parts_fitted",
            "parts_apart",
            "others_together",
            "after_stop",
            "missing_filled",
        ),
    ),
    ("n", "of", "unit", "day", "changed"),
)
_LIMITS = Family(
    "forecast-limits",
    (
        *("nothing_open", "few_pasts", "no_past", "no_stage_history", "no_example_deals"),
        *("short_history", "no_bounds", "no_example_sales"),
    ),
    ("n", "unit", "rule"),
)
_PLAN_NOTES = Family(
    "forecast-plan-note",
    (NO_PLAN, UNKNOWN_KEY, LEFT, "unpriced_adds", "unpriced_takes"),
    ("n", "by", "amount"),
)
_PLAN_LIMITS = Family(
    "forecast-limits", ("shared_out", "no_forecast", "not_split"), ("by", "months", "measures")
)
_PLAN_ENDS = Family("forecast-limits", ("plan_ends", "plan_ended"), ("by", "what", "day", "planned"))
_VERDICTS = Family("forecast-plan-verdict", (ON_COURSE, BEHIND, OPEN))
_SPLIT = Family("forecast-split", PARTS)
_MISSING_HERE = Family("forecast-limits-none", ("deals", "sales", "plan"))
_MISSING_TABLES = Family("forecast-limits-no-table", _MISSING_HERE.members, ("table",))
_UNKNOWN = name("unknown")


def amount(value: Any, *, measure: str, currency: str, at: str = "", part_of: str = "") -> Fact:
    """An amount of a measure with its unit."""
    if measure not in IN_PIECES:
        return money(value, currency, at=at, part_of=part_of)
    whole = round(float(value)) if np.isfinite(value) else None
    return clause(_AMOUNTS.claim(measure, n=count(whole, at=at, part_of=part_of)))


def bounds(low: Any, high: Any, *, measure: str, currency: str) -> Fact:
    """From the lower to the upper end of a range; the selector `unknown` where there is none."""
    if not (np.isfinite(low) and np.isfinite(high)):
        return _UNKNOWN
    if measure in IN_PIECES:
        return interval(round(low), round(high), "count")
    return interval(low, high, "money", unit=currency)


def unit_of(result: Forecast | PlanVsActual, measure: str | None = None) -> dict[str, str]:
    """What `amount` and `bounds` need to know of a result."""
    return {"measure": measure or result.measure, "currency": result.currency}


def way_words(forecast: Forecast, way: str) -> Fact:
    """How a method goes about it, as it follows "by" or a colon."""
    return (WAYS_OF_DEALS if forecast.kind == PIPELINE else WAYS_OF_SALES).term(way)


def what_is_expected(forecast: Forecast) -> Fact:
    """What a forecast is of: "won deals", "sales"."""
    return MEASURE_WORDS.term(forecast.measure)


def horizon_words(forecast: Forecast) -> Claim:
    """How far a forecast looks: "3 months"."""
    n, unit = forecast.horizon.split()
    return _HORIZONS.claim(unit.removesuffix("s"), n=count(int(n)))


def period_length(forecast: Forecast) -> str:
    """How long each period of a forecast is: "month" or "week"."""
    table = forecast.history if len(forecast.history) else forecast.periods
    return "week" if (table["period_end"] - table["period_start"]).dt.days.max() < 10 else "month"


def period_words(first: Any, last: Any) -> Claim:
    """A period as it is spoken: a quarter, month or year by its name, else its two days."""
    for freq in ("M", "Q", "Y"):
        period = pd.Timestamp(first).to_period(freq)
        if period.start_time == first and period.end_time.normalize() == last:
            if freq == "M":
                return claim("forecast-month", month=month(first))
            year = name(period.year)
            return (
                _QUARTERS.claim(str(period.quarter), year=year)
                if freq == "Q"
                else claim("forecast-year", year=year)
            )
    return claim("forecast-days", first=date(first), last=date(last))


def period_code(first: Any, last: Any) -> str:
    """A period as a selector: "2025", "2025-Q4", "2025-12", else its two days."""
    for freq in ("M", "Q", "Y"):
        period = pd.Timestamp(first).to_period(freq)
        if period.start_time == first and period.end_time.normalize() == last:
            return f"{period.year}-Q{period.quarter}" if freq == "Q" else str(period)
    return f"{first:%Y-%m-%d}..{last:%Y-%m-%d}"


def place_of(forecast: Forecast, quantity: str, *more: str) -> str:
    """The identity of a figure of a forecast: quantity[measure, period]."""
    when = period_code(forecast.periods["period_start"].iloc[0], forecast.ends_on)
    return f"{quantity}[{', '.join((forecast.measure, when, *more))}]"


def plan_place(row: Any, quantity: str, *more: str) -> str:
    """The identity of a figure of a plan: quantity[measure, dimension or key, period]."""
    when = period_code(row["period_start"], row["period_end"])
    bare = [str(part).replace("[", "(").replace("]", ")") for part in more]
    return f"{quantity}[{', '.join((row['measure'], *bare, when))}]"


def covered(forecast: Forecast) -> tuple[int, int]:
    """In how many past forecasts by the chosen method the result lay in the range, and how many there were."""
    own = past_of(forecast)
    return int(own["is_covered"].sum()), len(own)


def held(forecast: Forecast) -> dict[str, Fact]:
    """The two as facts."""
    inside, tried = covered(forecast)
    whole = place_of(forecast, "forecast.tried")
    return {
        "inside": count(inside, at=place_of(forecast, "forecast.held"), part_of=whole),
        "tried": count(tried, at=whole),
    }


def past_of(forecast: Forecast, way: str | None = None) -> pd.DataFrame:
    """Past forecasts of the whole horizon by a method, the chosen one if none is named, the earliest first."""
    tried = forecast.workings.get("tried")
    table = forecast.past if tried is None else tried.sums
    return table[table["way"] == (way or forecast.way)].sort_values("made_on").reset_index(drop=True)


def error_facts(forecast: Forecast, way: str) -> dict[str, Fact]:
    """How far off a method was on average, and in percent of what happened."""
    found = forecast.scores[forecast.scores["way"] == way]
    far, pct = (found[column].iloc[0] if len(found) else np.nan for column in ("mean_error", "wape_pct"))
    return {
        "money": amount(far, **unit_of(forecast), at=place_of(forecast, "forecast.error", way)),
        "pct": share(pct, at=place_of(forecast, "forecast.error_share", way)),
        "unit": UNIT_WORDS.term(period_length(forecast)),
    }


def error_words(forecast: Forecast, way: str) -> Claim:
    """How far off a method was: "SGD 620,000 (6 %)", of sales for each month or week."""
    return _ERRORS.claim(forecast.kind, **error_facts(forecast, way))


def expected_fact(forecast: Forecast) -> Fact:
    """What is expected in all: the same fact in the answer, the figure and the picture's title."""
    return amount(forecast.total["expected"], **unit_of(forecast), at=place_of(forecast, "forecast.amount"))


def forecast_answer(forecast: Forecast | Skipped, plan: PlanVsActual | Skipped | None = None) -> list[Claim]:
    """What is expected, how far off that was before and against which plain rule, and what to do first."""
    if isinstance(forecast, Skipped):
        return []
    said = claim(
        "forecast-answer-expected",
        amount=expected_fact(forecast),
        bounds=promised_bounds(forecast),
        what=what_is_expected(forecast),
        first=date(forecast.periods["period_start"].iloc[0]),
        last=date(forecast.ends_on),
        **held(forecast),
    )
    return [said, _trust(forecast), _do_first(forecast, plan)]


def promised_bounds(forecast: Forecast) -> Fact:
    """The range of the whole, as far as past forecasts allow one."""
    if not forecast.is_promised:
        return _UNKNOWN
    return bounds(forecast.total["low"], forecast.total["high"], **unit_of(forecast))


def _trust(forecast: Forecast) -> Claim:
    rule = way_words(forecast, forecast.way)
    if not len(forecast.scores):
        return claim("forecast-answer-untested", rule=rule)
    if not forecast.is_promised:
        unit = period_length(forecast)
        if forecast.is_wide and not forecast.is_thin:
            return claim("forecast-answer-wide", error=error_words(forecast, forecast.way))
        return claim(
            "forecast-answer-thin", history=_HORIZONS.claim(unit, n=count(len(forecast.learnt))), rule=rule
        )
    error = error_words(forecast, forecast.way)
    if forecast.way in PLAIN:
        return claim("forecast-answer-plain-won", rule=rule, error=error)
    return claim(
        "forecast-answer-trust",
        better=name(forecast.beats_baseline),
        error=error,
        rule=way_words(forecast, forecast.baseline),
        plain=error_facts(forecast, forecast.baseline)["pct"],
    )


def _do_first(forecast: Forecast, plan: PlanVsActual | Skipped | None) -> Claim:
    if isinstance(plan, PlanVsActual) and plan.by == "total":
        row = main_rows(plan.table).iloc[0]
        is_over = row["elapsed_days"] >= row["period_days"]
        gap = row["target"] - (row["actual"] if is_over else row["expected"])
        if np.isfinite(gap) and gap > 0:
            what = MEASURE_WORDS.term(row["measure"])
            facts = {"when": period_words(row["period_start"], row["period_end"])}
            facts["gap"] = amount(
                gap, **unit_of(plan, row["measure"]), at=plan_place(row, "plan.gap", "total")
            )
            if is_over:
                return claim("forecast-answer-do-missed", **facts)
            return claim("forecast-answer-do-gap", what=what, **facts)
    if forecast.kind == PIPELINE and forecast.total.get("from_open", 0) > 0:
        return claim("forecast-answer-do-deals", open=_open_fact(forecast))
    if isinstance(plan, PlanVsActual):
        return claim("forecast-answer-do-check", horizon=horizon_words(forecast))
    return claim("forecast-answer-do-plan")


def _open_fact(forecast: Forecast) -> Fact:
    whole, place = place_of(forecast, "forecast.amount"), place_of(forecast, "forecast.from_open")
    return amount(forecast.total["from_open"], **unit_of(forecast), at=place, part_of=whole)


def forecast_findings(
    forecast: Forecast | Skipped,
    other: Forecast | Skipped | None = None,
    plan: PlanVsActual | Skipped | None = None,
    people: PlanVsActual | Skipped | None = None,
) -> list[Claim]:
    """What the index repeats: each forecast against the year before, the plan, and the targets of people."""
    said = [_against_year(one) for one in (forecast, other) if isinstance(one, Forecast)]
    for one in (plan, people):
        if isinstance(one, PlanVsActual):
            said += plan_answer(one)
    return said


def _against_year(forecast: Forecast) -> Claim:
    facts = {
        "what": what_is_expected(forecast),
        "horizon": horizon_words(forecast),
        "amount": expected_fact(forecast),
    }
    if not forecast.is_promised:
        return claim("forecast-finding-unpromised", rule=way_words(forecast, forecast.way), **facts)
    first, last = forecast.periods["period_start"].iloc[0], forecast.ends_on
    year = pd.DateOffset(years=1)
    before = forecast.history[
        (forecast.history["period_start"] >= first - year) & (forecast.history["period_end"] <= last - year)
    ]
    whole = forecast.periods["is_whole"].all() and len(before) == len(forecast.periods)
    then = float(before["actual"].sum())
    if not whole or then <= 0:
        return claim("forecast-finding-now", **facts)
    moved = 100 * (forecast.total["expected"] / then - 1)
    return claim("forecast-finding-year", way=_way_of(moved), far=share(abs(moved)), **facts)


def _way_of(moved: float, up: str = "up", down: str = "down", level: str = "level") -> Fact:
    return name(up if moved > 0 else down if moved < 0 else level)


@or_else(lambda missing: [])
def plan_answer(plan: PlanVsActual) -> list[Claim]:
    """Where the plan stands."""
    rows = main_rows(plan.table)
    if plan.by == "total":
        return [_whole_plan(plan, rows.iloc[0])]
    states = rows["status"].replace("", "unknown").value_counts()
    whole = plan_place(rows.iloc[0], "plan.keys", plan.by)
    parts = [
        STATE_WORDS.claim(
            state,
            n=count(
                int(states[state]), at=plan_place(rows.iloc[0], "plan.keys", plan.by, state), part_of=whole
            ),
        )
        for state in STATE_WORDS.members
        if states.get(state, 0)
    ]
    return [
        claim(
            "forecast-plan-keys",
            all=count(len(rows), at=whole),
            by=BY_WORDS.term(plan.by),
            what=MEASURE_WORDS.term(rows["measure"].iloc[0]),
            when=period_words(rows["period_start"].iloc[0], rows["period_end"].iloc[0]),
            states=names(parts),
        )
    ]


def plan_fact(plan: PlanVsActual, row: Any, column: str, *more: str) -> Fact:
    """Target, result or expected end of one plan."""
    quantity = {"target": "plan.target", "actual": "plan.reached", "expected": "plan.expected"}[column]
    return amount(
        row[column], **unit_of(plan, row["measure"]), at=plan_place(row, quantity, *(more or (plan.by,)))
    )


def _whole_plan(plan: PlanVsActual, row: Any) -> Claim:
    facts = {
        "when": period_words(row["period_start"], row["period_end"]),
        "what": MEASURE_WORDS.term(row["measure"]),
        "target": plan_fact(plan, row, "target"),
    }
    actual, none = plan_fact(plan, row, "actual"), claim("forecast-plan-none")
    if row["elapsed_days"] >= row["period_days"]:
        return claim("forecast-plan-over", actual=actual, **far_from_plan(row), **facts)
    so_far, coming, verdict = none, none, none
    if row["elapsed_days"]:
        so_far = claim("forecast-plan-so-far", actual=actual)
    if np.isfinite(row["expected"]):
        ends = bounds(row["low"], row["high"], **unit_of(plan, row["measure"]))
        coming = claim("forecast-plan-coming", expected=plan_fact(plan, row, "expected"), bounds=ends)
        if row["status"] in _VERDICTS.members:
            verdict = _VERDICTS.claim(row["status"])
    return claim("forecast-plan-ahead", so_far=so_far, coming=coming, verdict=verdict, **facts)


def far_from_plan(row: Any) -> dict[str, Fact]:
    """Which way, and how far, a plan's result ended from its target."""
    if not np.isfinite(row["gap_pct"]):
        return {"way": name("no-target"), "far": share(None)}
    return {"way": _way_of(row["gap"], "above", "below", "on"), "far": share(abs(row["gap_pct"]))}


@or_else(lambda missing: [])
def history_paragraph(forecast: Forecast) -> list[Claim]:
    """How the forecast is made, beside the best plain rule, and where deals stand in it."""
    said = [_said_way(forecast)]
    if forecast.kind == PIPELINE and forecast.total.get("from_open", 0) > 0:
        new = amount(
            forecast.total["from_new"], **unit_of(forecast), part_of=place_of(forecast, "forecast.amount")
        )
        said.append(claim("forecast-said-open", open=_open_fact(forecast), new=new))
    return said


def _said_way(forecast: Forecast) -> Claim:
    before = forecast.total["baseline"]
    is_plain = forecast.way in PLAIN
    return claim(
        "forecast-said-way",
        plain=name("yes" if is_plain else "no"),
        rule=way_words(forecast, forecast.way),
        other=way_words(forecast, forecast.baseline),
        before=amount(before, **unit_of(forecast), at=place_of(forecast, "forecast.plain")),
    )


@or_else(lambda missing: [])
def parts_paragraph(forecast: Forecast, *, by: str) -> list[Claim]:
    """How much of what is expected the largest parts bring."""
    table = forecast.by.get(by, pd.DataFrame())
    whole = float(table["expected"].sum()) if len(table) else 0.0
    shown = min(3, len(table) // 2)
    if whole <= 0 or not shown:
        return []
    top = table["expected"].nlargest(shown).sum()
    if not np.isclose(whole, forecast.total["expected"], rtol=1e-6):
        return []
    return [
        claim(
            "forecast-said-parts", shown=count(shown), all=count(len(table)), share=share(100 * top / whole)
        )
    ]


@or_else(lambda missing: [])
def notes_of(forecast: Forecast) -> list[Claim]:
    """What was filled in or left out."""
    return [_NOTES.claim(note.code, **_note_facts(note)) for note in forecast.notes]


def _note_facts(note: Remark) -> dict[str, Fact]:
    made = {"n": count, "of": count, "day": date, "unit": UNIT_WORDS.term, "changed": lambda pct: share(pct)}
    return {key: made[key](value) for key, value in note.facts.items()}


@or_else(lambda missing: [])
def backtest_paragraph(forecast: Forecast) -> list[Claim]:
    """How such forecasts did on the past."""
    inside, tried = covered(forecast)
    if not tried:
        return [claim("forecast-past-none")]
    facts, again = held(forecast), {"horizon": horizon_words(forecast)}
    if forecast.kind == PIPELINE:
        said = [claim("forecast-past-deals", tried=facts["tried"], **again)]
    else:
        said = [claim("forecast-past-sales", tried=facts["tried"], **again)]
    if forecast.is_promised:
        said.append(claim("forecast-past-held", level=share(forecast.level_pct), **facts))
        said.append(claim("forecast-past-single", unit=UNIT_WORDS.term(period_length(forecast))))
    else:
        said.append(claim("forecast-past-unpromised"))
    # Off by more than chance: two standard errors of a share, were the forecasts independent.
    error = 200 * np.sqrt(LEVEL_PCT * (100 - LEVEL_PCT) / 1e4 / tried)
    if forecast.is_promised and 100 * inside / tried < LEVEL_PCT - error:
        said.append(claim("forecast-past-narrow"))
    ranked = forecast.scores
    rules = [
        claim("forecast-past-rule", rule=way_words(forecast, way), error=error_facts(forecast, way)["pct"])
        for way in ranked["way"]
    ]
    said.append(claim("forecast-past-rules", rules=names(rules)))
    bias = ranked.loc[ranked["way"] == forecast.way, "bias_pct"].iloc[0]
    if np.isfinite(bias) and abs(bias) >= 1:
        said.append(claim("forecast-past-bias", way=_way_of(bias, "high", "low"), far=share(abs(bias))))
    return said


@or_else(lambda missing: [])
def plan_paragraph(plan: PlanVsActual) -> list[Claim]:
    """What the plan's picture means, and what is missing."""
    rows = main_rows(plan.table)
    unit, said = unit_of(plan, rows["measure"].iloc[0]), plan_answer(plan)
    if plan.by != "total":
        over = rows["elapsed_days"].iloc[0] >= rows["period_days"].iloc[0]
        lack = (rows["target"] - rows["expected"]).where(rows["status"].isin([MISSED, BEHIND])).sum()
        if lack > 0 and over:
            said.append(claim("forecast-plan-short-over", amount=amount(lack, **unit)))
        elif lack > 0:
            said.append(claim("forecast-plan-short-ahead", amount=amount(lack, **unit)))
    return said + [_plan_note(plan, note) for note in plan.notes]


def _plan_note(plan: PlanVsActual, note: Remark) -> Claim:
    if note.code in (NO_PLAN, UNKNOWN_KEY, LEFT):
        return _PLAN_NOTES.claim(note.code, n=count(note.facts["n"]), by=BY_WORDS.term(plan.by))
    return _PLAN_NOTES.claim(note.code, amount=money(note.facts["amount"], plan.currency))


@or_else(lambda missing: [])
def split_paragraph(plan: PlanVsActual) -> list[Claim]:
    """Why sales differ from a year before."""
    if plan.deviation.empty:
        return []
    row = plan.deviation.iloc[0]
    moved = row["now"] - row["before"]
    parts = [_signed(plan, part, row[part]) for part in parts_of(row)]
    far = money(abs(moved), plan.currency)
    said = claim("forecast-split-moved", way=_way_of(moved), far=far, parts=names(parts))
    return [said, claim("forecast-split-means")]


def parts_of(row: Any) -> list[str]:
    """The parts of a difference that are worth telling."""
    return [part for part in PARTS if part != "other" or abs(row[part]) > 0.001 * abs(row["before"])]


def _signed(plan: PlanVsActual, part: str, value: float) -> Claim:
    facts = {"part": _SPLIT.term(part), "amount": money(abs(value), plan.currency)}
    return claim("forecast-split-plus", **facts) if value >= 0 else claim("forecast-split-minus", **facts)


def forecast_limits(*forecasts: Forecast | Skipped) -> list[Claim]:
    """What forecasts cannot know, and where they lost; what holds for several is said once."""
    said = [limit for one in forecasts if isinstance(one, Forecast) for limit in _limits_of(one)]
    return list({str(limit): limit for limit in said}.values())


def _limits_of(forecast: Forecast) -> list[Claim]:
    rule, said = way_words(forecast, forecast.way), []
    for limit in forecast.limits:
        facts = {
            key: UNIT_WORDS.term(value) if key == "unit" else count(value)
            for key, value in limit.facts.items()
        }
        said.append(_LIMITS.claim(limit.code, rule=rule, **facts))
    if forecast.is_promised:
        length = _HORIZONS.claim(period_length(forecast), n=count(len(forecast.history)))
        said.append(claim("forecast-limits-season", history=length))
    return said


@or_else(lambda missing: [])
def plan_limits(plan: PlanVsActual) -> list[Claim]:
    """What the comparison with the plan cannot know, and where targets end."""
    said = []
    for limit in plan.limits:
        facts = {"by": BY_WORDS.term(plan.by)}
        if "months" in limit.facts:
            facts["months"] = count(limit.facts["months"])
        if "measures" in limit.facts:
            facts["measures"] = names(MEASURE_WORDS.term(measure) for measure in limit.facts["measures"])
        said.append(_PLAN_LIMITS.claim(limit.code, **facts))
    return said + plan_ends(plan)


@or_else(lambda missing: [])
def plan_ends(plan: PlanVsActual) -> list[Claim]:
    """Where the targets of a dimension end, and which others go on."""
    late = plan.missing[plan.missing["problem"].isin([NO_NEXT, NOT_PLANNED])]
    said = []
    for (problem, day, planned), part in late.groupby(["problem", "day", "planned_as"], sort=True):
        facts = {
            "by": BY_WORDS.term(plan.by),
            "what": names(MEASURE_WORDS.term(measure) for measure in part["measure"]),
            "day": date(day),
            "planned": planned_word(planned),
        }
        said.append(_PLAN_ENDS.claim("plan_ends" if problem == NO_NEXT else "plan_ended", **facts))
    return said


def planned_word(by: str) -> Fact:
    """The dimension that has a target where another has none; the selector `none` where there is no such."""
    return BY_WORDS.term(by) if by else name("none")


def missing_limits(crm: Crm, *, deals: Any = None, sales: Any = None, plan: Any = None) -> list[Claim]:
    """What is not on the page, each thing once, with the table that would bring it."""
    parts = {"deals": (deals, "opportunities"), "sales": (sales, "transactions"), "plan": (plan, "plans")}
    return [
        _MISSING_HERE.claim(part) if table in crm.tables else _MISSING_TABLES.claim(part, table=name(table))
        for part, (result, table) in parts.items()
        if isinstance(result, Skipped)
    ]
