"""Key figures and tables of the report on forecast and plan."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.forecast.plan import PROBLEMS, main_rows
from crmlib.analyse.forecast.result import (
    BEHIND,
    MISSED,
    ON_COURSE,
    OPEN,
    PIPELINE,
    PLAIN,
    REACHED,
    Forecast,
    PlanVsActual,
)
from crmlib.analyse.stats.small_groups import OTHER
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import employee_codes, public_ids
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures, Picture, Prose, Skipped
from crmlib.present.blocks.tables import yes_marks
from crmlib.present.claims import Claim, Fact, Family, claim, count, date, share
from crmlib.present.needs import or_else, picture_of
from crmlib.present.numbers import capital
from crmlib.present.reports.forecast.say import (
    BY_WORDS,
    IN_PIECES,
    KEY_WORDS,
    MEASURE_WORDS,
    UNIT_WORDS,
    covered,
    error_facts,
    expected_fact,
    horizon_words,
    period_length,
    period_words,
    place_of,
    plan_fact,
    planned_word,
    way_words,
    what_is_expected,
)

_WHOLE = {"all": "all", OTHER: "others", "": "unknown"}
_STANDS = Family("forecast-stands", (REACHED, ON_COURSE, OPEN, BEHIND, MISSED))
_GAPS = Family("forecast-gap", PROBLEMS)
_GAP_SAYS = Family("forecast-gap-says", PROBLEMS, ("day", "days", "planned"))


def beside(main: Forecast, *others: Forecast | Skipped) -> Forecast | Skipped:
    """The other forecast than the main one; what stands in its place where there is none."""
    return next((one for one in others if one is not main), main)


def as_promised(*plans: PlanVsActual | Skipped) -> tuple[PlanVsActual | Skipped, ...]:
    """Plans as a page may show them: no range, and no verdict by it, where a forecast promises none."""
    return tuple(plan if isinstance(plan, Skipped) else plan.as_promised() for plan in plans)


def picture(plot: Callable[..., Any], result: Any) -> Picture | None:
    """The picture of a result, or none where it is missing or holds nothing to draw."""
    drawn = picture_of(plot, result)
    return drawn if drawn is not None and not drawn.nothing else None


def prose(*said: list[Claim]) -> Prose | None:
    """Paragraphs, or nothing where there is nothing to say."""
    return Prose(*said) if any(said) else None


@or_else(lambda missing: missing)
def plan_figures(plan: PlanVsActual) -> KeyFigures:
    """Target, reached and expected of the first measure of a plan, all keys together."""
    rows = main_rows(plan.table)
    whole, row = rows.iloc[0].copy(), rows.iloc[0]
    for column in ("target", "actual", "expected"):
        whole[column] = float(rows[column].sum(skipna=False))
    when = period_words(row["period_start"], row["period_end"])
    label = claim("forecast-figure-plan", what=MEASURE_WORDS.term(row["measure"]))
    figures = [_figure(label, plan_fact(plan, whole, "target"), plan, row["measure"], note=when)]
    is_over = row["elapsed_days"] >= row["period_days"]
    if row["elapsed_days"] and whole["target"]:
        note = claim("forecast-figure-reached-note" if is_over else "forecast-figure-reached-so-far")
        value = share(100 * whole["actual"] / whole["target"])
        label = claim("forecast-figure-reached")
        figures.append(KeyFigure(label, value, better="higher", note=note))
    if not is_over and whole["target"] and np.isfinite(whole["expected"]):
        figures.append(
            KeyFigure(
                claim("forecast-figure-plan-expected"),
                share(100 * whole["expected"] / whole["target"]),
                better="higher",
                note=claim("forecast-figure-plan-expected-note", when=when),
            )
        )
    return KeyFigures(*figures)


def _figure(label: Any, fact: Fact, result: Any, measure: str, **more: Any) -> KeyFigure:
    """A figure of money, or of pieces with their word."""
    if measure not in IN_PIECES:
        return KeyFigure(label, fact, **more)
    inner = fact.value.facts["n"]
    return KeyFigure(label, inner, unit=str(UNIT_WORDS.term(measure)), **more)


def forecast_figures(
    forecast: Forecast | Skipped, plan: PlanVsActual | Skipped | None = None
) -> KeyFigures | Skipped:
    """What is expected with its range, how far off such forecasts were, and the plan."""
    if isinstance(forecast, Skipped):
        return forecast
    total = forecast.total
    ends, label = {}, claim("forecast-figure-expected", what=what_is_expected(forecast))
    note = claim("forecast-figure-unpromised", horizon=horizon_words(forecast))
    if forecast.is_promised:
        ends = {"low": total["low"], "high": total["high"]}
        note = claim("forecast-figure-next", horizon=horizon_words(forecast))
    figures = [
        _figure(
            label, expected_fact(forecast), forecast, forecast.measure, note=note, better="higher", **ends
        )
    ]
    if forecast.kind == PIPELINE and total["expected"]:
        value = share(100 * total["from_open"] / total["expected"])
        note = claim("forecast-figure-open-note")
        figures.append(KeyFigure(claim("forecast-figure-open"), value, note=note))
    figures += _past_figures(forecast)
    if isinstance(plan, PlanVsActual):
        figures += plan_figures(plan).figures
    return KeyFigures(*figures)


def _past_figures(forecast: Forecast) -> list[KeyFigure]:
    if not (forecast.scores["way"] == forecast.way).any():
        return []
    own = error_facts(forecast, forecast.way)
    if forecast.way in PLAIN:
        note = claim("forecast-figure-error-alone", money=own["money"])
    else:
        plain = error_facts(forecast, forecast.baseline)["pct"]
        note = claim("forecast-figure-error-note", money=own["money"], plain=plain)
    error = KeyFigure(claim("forecast-figure-error"), own["pct"], better="lower", note=note)
    if not forecast.is_promised:
        return [error]
    inside, tried = covered(forecast)
    whole = place_of(forecast, "forecast.tried")
    return [
        error,
        KeyFigure(
            claim("forecast-figure-held"),
            count(inside, at=place_of(forecast, "forecast.held"), part_of=whole),
            note=claim(
                "forecast-figure-held-note", tried=count(tried, at=whole), level=share(forecast.level_pct)
            ),
        ),
    ]


@or_else(lambda missing: None)
def plan_table(crm: Crm, plan: PlanVsActual) -> DataTable:
    """Every plan of a dimension: target, reached, expected at the end, and a year before."""
    columns = [
        *("measure", "key", "period_start", "period_end", "target", "actual", "gap", "gap_pct", "run_rate"),
        *("expected", "low", "high", "expected_gap_pct", "status", "year_before"),
    ]
    frame = plan.table[columns].copy()
    if (plan.table["elapsed_days"] >= plan.table["period_days"]).all():
        frame = frame.drop(columns=["run_rate", "expected", "low", "high", "expected_gap_pct"])
    elif not plan.table["elapsed_days"].any():
        frame = frame.drop(columns=["actual", "gap", "gap_pct", "run_rate"])
    frame = with_keys(crm, frame, by=plan.by)
    frame["measure"] = _measures(frame["measure"])
    frame["status"] = [str(_STANDS.term(status)) if status else "" for status in frame["status"]]
    if plan.by == "total":
        frame, caption = frame.drop(columns="key"), claim("forecast-table-plan-total")
    else:
        caption = claim("forecast-table-plan", by=BY_WORDS.term(plan.by))
    named = {"low": "plan_expected_low", "high": "plan_expected_high", "expected": "plan_expected"}
    shown = frame.rename(columns={"key": plan.by, "gap": "plan_gap", **named})
    return DataTable(shown, f"plan_by_{plan.by}", caption, rows=8, about=crm)


@or_else(lambda missing: None)
def missing_plans_table(crm: Crm, plan: PlanVsActual) -> DataTable | None:
    """Targets that are missing, late or for keys that are not known; nothing where none is."""
    if plan.missing.empty:
        return None
    frame = with_keys(crm, plan.missing, by=plan.by, blank="all")
    frame["measure"] = _measures(frame["measure"])
    frame["problem"] = [str(_GAPS.term(problem)) for problem in plan.missing["problem"]]
    frame["what_is_wrong"] = [_what_is_wrong(row) for row in plan.missing.itertuples()]
    shown = frame.drop(columns=["day", "days", "planned_as"]).rename(
        columns={"key": plan.by, "value": "target_or_reached"}
    )
    caption = claim("forecast-table-missing", by=BY_WORDS.term(plan.by))
    return DataTable(shown, f"plans_missing_by_{plan.by}", caption, rows=8, about=crm)


def _what_is_wrong(row: Any) -> str:
    days = int(row.days) if np.isfinite(row.days) else None
    planned = planned_word(row.planned_as)
    return str(_GAP_SAYS.claim(row.problem, day=date(row.day), days=count(days), planned=planned))


def _measures(names: pd.Series) -> list[str]:
    return [str(MEASURE_WORDS.term(measure)) if measure else "" for measure in names]


@or_else(lambda missing: None)
def split_table(crm: Crm, plan: PlanVsActual) -> DataTable | None:
    """Price, volume and mix of every key, against the same days a year before; nothing where it is not known."""
    if plan.deviation.empty:
        return None
    frame = with_keys(crm, plan.deviation, by=plan.by)
    shown = frame.rename(columns={"key": plan.by, "price": "price_effect"})
    caption = claim("forecast-table-split", by=BY_WORDS.term(plan.by))
    return DataTable(
        shown, f"price_volume_mix_by_{plan.by}", caption, currency=plan.currency, rows=8, about=crm
    )


@or_else(lambda missing: None)
def plan_names(crm: Crm, plan: PlanVsActual) -> dict[str, str]:
    """Key -> what a picture shows for it: a pseudonym of a customer, a code of an employee, a product's name."""
    keys = pd.Series(plan.table["key"].unique(), dtype="str")
    if plan.by == "customer":
        return dict(zip(keys, public_ids(crm, keys), strict=True))
    if plan.by == "employee":
        return dict(zip(keys, employee_codes(crm, keys), strict=True))
    names = product_names(crm) if plan.by == "product" else {}
    return {key: names.get(key, key) for key in keys}


def product_names(crm: Crm) -> dict[str, str]:
    """Product -> its name, where products have one."""
    if "products" not in crm.tables or "name" not in crm.columns("products"):
        return {}
    frame = crm.frame("products", ["product_id", "name"]).dropna()
    return dict(zip(frame["product_id"].astype(str), frame["name"].astype(str), strict=True))


def with_keys(crm: Crm, table: pd.DataFrame, *, by: str, blank: str = "unknown") -> pd.DataFrame:
    """A table by key as a list may show it: customers by pseudonyms, employees by codes, products with names."""
    frame = table.copy()
    keys = frame["key"].astype(str)
    known = ~keys.isin(list(_WHOLE))
    if by == "customer":
        frame.loc[known, "key"] = public_ids(crm, keys[known]).to_numpy()
    if by in ("owner", "employee"):
        frame.loc[known, "key"] = employee_codes(crm, keys[known]).to_numpy()
    words = {key: str(KEY_WORDS.term(word)) for key, word in (_WHOLE | {"": blank}).items()}
    if by == "product" and (names := product_names(crm)):
        named = keys.map(names).where(keys.isin(list(names)) | ~known, words[""]).fillna("")
        frame.insert(frame.columns.get_loc("key") + 1, "name", named)
    return frame.assign(
        key=[key if there else words[key] for key, there in zip(frame["key"], known, strict=True)]
    )


@or_else(lambda missing: None)
def periods_table(crm: Crm, forecast: Forecast) -> DataTable:
    """What is expected in each period, with its range and the plain rule beside it."""
    columns = ["period_start", "period_end", "expected", "low", "high", "baseline"]
    more = [name for name in ("from_open", "from_new", "count") if name in forecast.periods]
    facts = {
        "what": what_is_expected(forecast),
        "unit": UNIT_WORDS.term(period_length(forecast)),
        "rule": way_words(forecast, forecast.baseline),
    }
    caption = claim("forecast-table-periods-unpromised", **facts)
    if forecast.is_promised:
        caption = claim("forecast-table-periods", level=share(forecast.level_pct), **facts)
    shown = _promised(forecast, forecast.periods[columns + more]).rename(
        columns={"low": "expected_low", "high": "expected_high", "count": "deals_expected"}
    )
    return DataTable(
        shown, f"forecast_by_period_{forecast.kind}", caption, currency=_currency(forecast), about=crm
    )


def _promised(forecast: Forecast, table: pd.DataFrame) -> pd.DataFrame:
    """A table without its ranges, where none is promised."""
    return table if forecast.is_promised else table.drop(columns=["low", "high"])


def _currency(forecast: Forecast) -> str:
    return str(UNIT_WORDS.term(forecast.measure)) if forecast.measure in IN_PIECES else forecast.currency


@or_else(lambda missing: None)
def parts_table(crm: Crm, forecast: Forecast, *, by: str) -> DataTable | None:
    """What is expected by owner, product, category or region, the largest first; nothing where it is not known."""
    table = forecast.by.get(by, pd.DataFrame())
    if table.empty:
        return None
    frame = with_keys(crm, table, by=by)
    frame = frame.drop(columns=[name for name in ("count", "coverage_pct") if name in frame])
    if "way" in frame:
        frame["way"] = [capital(way_words(forecast, way)) for way in frame["way"]]
    shown = _promised(forecast, frame).rename(
        columns={"key": by, "low": "expected_low", "high": "expected_high", "open_amount": "open_value"}
    )
    what = what_is_expected(forecast)
    caption = claim("forecast-table-parts", what=what, horizon=horizon_words(forecast), by=BY_WORDS.term(by))
    return DataTable(shown, f"forecast_by_{by}", caption, currency=_currency(forecast), rows=8, about=crm)


@or_else(lambda missing: None)
def ways_table(forecast: Forecast) -> DataTable | None:
    """Every method that was tried, and how far off it was on the past; nothing where none was."""
    scores = forecast.scores
    if scores.empty:
        return None
    gain = forecast.comparison.set_index("way")
    frame = pd.DataFrame(
        {
            "way": [capital(way_words(forecast, way)) for way in scores["way"]],
            "forecasts": scores["forecasts"],
            "wape_pct": scores["wape_pct"],
            "bias_pct": scores["bias_pct"],
            "coverage_pct": scores["coverage_pct"],
            "gain_low": [gain["low"].get(way, np.nan) for way in scores["way"]],
            "gain_high": [gain["high"].get(way, np.nan) for way in scores["way"]],
            "chosen": yes_marks(scores["is_chosen"]),
        }
    )
    if len(frame) == 1:
        frame = frame.drop(columns=["gain_low", "gain_high"])
    shown = frame.rename(columns={"coverage_pct": "within_bounds_pct"})
    return DataTable(shown, f"forecast_ways_{forecast.kind}", claim("forecast-table-ways"))
