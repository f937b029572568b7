"""What the report on who stays and who leaves says: made from the numbers, whichever way they went."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.churn.model import (
    FOLDS,
    ChurnModel,
    at_risk,
    groups_that_agree,
    strongest_rule,
    top_at_risk,
)
from crmlib.analyse.customers.states import NO_LONGER, NOT_YET, LifecycleMoves, flow, known_at_both
from crmlib.analyse.learn.candidates import WAYS
from crmlib.analyse.retention import COHORT_CODE, Retention, SurvivalCurves, typical_retention
from crmlib.measure.columns import label_of, unit_of
from crmlib.measure.indicators import INDICATORS
from crmlib.present.blocks.figures import shown_number, with_unit
from crmlib.present.claims import (
    STATE_WORDS,
    Claim,
    Fact,
    Family,
    claim,
    clause,
    count,
    counts,
    date,
    days,
    interval,
    money,
    name,
    names,
    points,
    share,
    term,
    times,
)
from crmlib.present.needs import or_else
from crmlib.present.numbers import period
from crmlib.schema.states import (
    BUYING,
    CHANCE_ONE_IN,
    DECLINING,
    DORMANT,
    GROWING,
    LEAD,
    LIKELY,
    LOST,
    LOST_TIMES,
    NEW,
    PROSPECT,
    QUIET_TIMES,
    SILENT,
    WON_BACK,
)

FIRST = 20
"""Percent of customers that a campaign might reach: sentences and pictures speak of these."""

WAY_WORDS = Family("churn-way", WAYS)
PERIOD_WORDS = Family("churn-period", ("week", "month", "quarter", "year"))
PERIODS_WORDS = Family("churn-periods", PERIOD_WORDS.members)
TIME_WORDS = Family("churn-time", ("28", "91", "182", "365", "730", "1826"))
NOTE_WORDS = Family(
    "churn-note",
    ("alive_second", "own_rate", "some", "some_tested", "best_single", "stands"),
    facts=("drawn", "customers", "tested", "asked", "figure", "day"),
)
_NOBODYS_RULE = "base_rate"
_SMALL_CHANGE = 5
_AGREES = 0.7
"""Where fewer of the groups came out as expected, probabilities are an order at best."""
_UNDATED = ("customers", "contacts", "relations")
_FROM_A_DATE = ("age_years", "known_days")


def outcome_words(model: ChurnModel, *, short: bool = True) -> Fact:
    """The outcome as a verb of many customers: "stop", "buy", "leave"."""
    if model.stops and model.horizon_days is not None:
        whole = claim("churn-outcome-stop-within", horizon=days(model.horizon_days))
        return term("churn-outcome-stop") if short else clause(whole)
    first, _, rest = model.outcome.partition(" ")
    whole = f"{first.removesuffix('s')} {rest}".strip()
    return name(whole.partition(" within ")[0] if short else whole)


def reason_words(model: ChurnModel, customers: Iterable[Any] | None = None) -> pd.Series:
    """The reasons of all customers, or of some, in the words of the reports."""
    asked = model.scores.index if customers is None else pd.Index(customers)
    rows = model.reason_table[model.reason_table["customer_id"].isin(asked)]
    said: dict[Any, list[str]] = {}
    written: dict[tuple[Any, ...], str] = {}
    for who, *reason in rows[["customer_id", "indicator", "value", "typical"]].itertuples(index=False):
        if (told := written.get(tuple(reason))) is None:
            told = written[tuple(reason)] = _reason(*reason, currency=model.currency)
        said.setdefault(who, []).append(told)
    likely, several = model.scores > model.scores.mean(), str(claim("churn-reason-several"))
    nothing = str(claim("churn-reason-nothing"))
    texts = ["; ".join(said.get(who, [several if likely[who] else nothing])) for who in asked]
    return pd.Series(texts, index=asked, name="reason", dtype="str")


def _reason(figure: str, *both: Any, currency: str) -> str:
    own, usual = (
        one if isinstance(one, str) else figure_words(figure, one, currency=currency) for one in both
    )
    told = {"figure": name(plain_label(figure)), "value": name(own), "usual": name(usual)}
    return str(claim("churn-reason-figure", **told))


def plain_label(figure: str) -> str:
    """The label of a figure as it stands inside a sentence."""
    label = label_of(figure)
    return f"{label[:1].lower()}{label[1:]}"


def figure_words(figure: str, value: float, *, currency: str = "") -> str:
    """A value of a figure with its unit, where its label does not say the unit already."""
    unit = unit_of(figure, currency)
    if unit == "times":
        value = round(float(value), 1)
    known = unit in label_of(figure).lower() or unit == "ratio" or unit[:1] in "-0123456789"
    return with_unit(shown_number(float(value)), "" if known else unit)


def state_word(state: str) -> Fact:
    """A state as a page calls it; who was not yet known, or is no longer, has no state."""
    if state == NOT_YET:
        return term("churn-not-yet-known")
    if state == NO_LONGER:
        return term("churn-no-longer-known")
    return STATE_WORDS.term(state)


def retention_day(curves: SurvivalCurves) -> tuple[float, pd.Series]:
    """The longest usual time for which the share of all customers still buying is shown, and that share."""
    until = float(curves.medians["shown_until"].iloc[0])
    day = max((int(time) for time in TIME_WORDS.members if int(time) <= until), default=until)
    return day, curves.share_after(day).iloc[0]


def time_word(time: float) -> Fact:
    """A number of days as it is spoken."""
    usual = f"{time:g}"
    return TIME_WORDS.term(usual) if usual in TIME_WORDS.members else days(time)


def group_name(group: Any) -> str:
    """A group of customers as it is called; a quarter of first purchases is a code such as 2024-Q1."""
    code = COHORT_CODE.fullmatch(str(group))
    if code and code["last"]:
        return str(claim("churn-stay-until", year=name(code["last"])))
    return period(f"{code['year']}-{3 * int(code['quarter']):02}-01", "quarter") if code else str(group)


def lifecycle_answer(summary: pd.DataFrame) -> list[Claim]:
    """Who is still buying and who has fallen silent; of customers who have not bought only where nobody has."""
    n, whole, silent = (_customers(summary, states) for states in (BUYING, [*BUYING, *SILENT], SILENT))
    if not whole:
        anybody = summary["customers"].sum()
        said = claim("churn-answer-nobody-bought" if anybody else "churn-answer-nobody-known")
        return [said, *without_purchase(summary)]
    buying = summary[summary.index.isin(BUYING)]
    brought = buying["revenue_share_pct"].sum(min_count=1)
    facts = {"buyers": count(whole, at="customers.bought"), "share": share(brought, at="sales.share[buying]")}
    if n == whole > 1:
        return [claim("churn-answer-all", **facts)]
    return [
        claim(
            "churn-answer-some",
            buying=count(n, at="customers.buying", part_of="customers.bought"),
            silent=count(silent, at="customers.silent", part_of="customers.bought"),
            **facts,
        )
    ]


@or_else(lambda missing: [])
def churn_answer(model: ChurnModel) -> list[Claim]:
    """How many are at risk, and what they brought."""
    listed = at_risk(model)
    asked = count(len(model.scores), at=model_at(model, "customers.asked"))
    facts = {
        "n": count(
            len(listed), at=model_at(model, "customers.at_risk"), part_of=model_at(model, "customers.asked")
        ),
        "asked": asked,
        "likely": share(100 * LIKELY),
    }
    if not model.stops or model.horizon_days is None:
        return [claim("churn-answer-likely", outcome=outcome_words(model, short=False), **facts)]
    horizon = days(model.horizon_days)
    brought = float(model.value.reindex(listed).sum(min_count=1))
    is_promised = model.level is not None and model.level.is_promised
    if len(listed) and not is_promised:
        return [claim("churn-answer-at-risk-order", horizon=horizon, **facts)]
    if len(listed) and brought > 0:
        at = f"sales.net_amount[{model.horizon_days}d, at risk]"
        paid = money(brought, model.currency, at=at)
        return [claim("churn-answer-at-risk-money", horizon=horizon, money=paid, **facts)]
    return [claim("churn-answer-at-risk", horizon=horizon, **facts)]


def first_step(summary: pd.DataFrame, model: Any) -> list[Claim]:
    """What to do first: call who is at risk or declining, whichever brings more, else the dormant or prospects."""
    if not summary["customers"].sum():
        return []
    declining = _customers(summary, [DECLINING])
    listed, brought = _at_risk_in_a_year(model)
    if listed and not (declining and summary.loc[DECLINING, "revenue"] > brought):
        return [claim("churn-answer-first-at-risk", n=count(listed, at=model_at(model, "customers.at_risk")))]
    if declining:
        return [claim("churn-answer-first-declining", n=_in_state(declining, DECLINING))]
    if dormant := _customers(summary, [DORMANT]):
        return [claim("churn-answer-first-dormant", n=_in_state(dormant, DORMANT))]
    if prospects := _customers(summary, [PROSPECT]):
        return [claim("churn-answer-first-prospect", n=_in_state(prospects, PROSPECT))]
    return [claim("churn-answer-first-nothing")]


def lifecycle_findings(summary: pd.DataFrame, moves: LifecycleMoves | None = None) -> list[Claim]:
    """The sentences on states and moves that the index repeats; of two, what is about more money comes first."""
    fell = [] if moves is None else _fell_and_came_back(moves)
    if not (n := _customers(summary, [DECLINING])):
        return fell
    brought = summary.loc[DECLINING, "revenue"]
    revenue = money(brought, summary.attrs.get("currency", ""), at=f"sales.net_amount[365d, {DECLINING}]")
    declining = claim("churn-finding-declining", n=_in_state(n, DECLINING), revenue=revenue)
    is_less = moves is not None and flow(moves, BUYING, SILENT)[1] > brought
    return [*fell, declining] if is_less else [declining, *fell]


@or_else(lambda missing: [])
def churn_findings(model: ChurnModel) -> list[Claim]:
    """Whether the forecast is worth more than the strongest plain rule, and where the money lies."""
    said = [_verdict(model)]
    most = top_at_risk(model)
    if most is not None:
        few, part = most
        said.append(claim("churn-finding-half", few=count(few), share=share(part)))
    return said


def stages_paragraph(summary: pd.DataFrame) -> list[Claim]:
    """What makes a customer dormant or lost."""
    rhythm, said = summary.attrs.get("rhythm"), []
    if not rhythm:
        return []
    if summary.index.isin(SILENT).sum() == len(SILENT):
        said.append(
            claim(
                "churn-states-expected",
                quiet=times(QUIET_TIMES),
                long_gap=days(rhythm["long_gap_days"]),
                dormant=STATE_WORDS.term(DORMANT),
                lost_times=times(LOST_TIMES),
                lost=STATE_WORDS.term(LOST),
            )
        )
    return said


def scale_paragraph(summary: pd.DataFrame) -> list[Claim]:
    """On which scale and over which time the states are measured, and how all customers together moved."""
    rhythm = summary.attrs.get("rhythm")
    if not rhythm:
        return []
    gap, long_gap = days(rhythm["gap_days"]), days(rhythm["long_gap_days"])
    own = claim("churn-scale-own", gap=gap, long_gap=long_gap)
    said = [own if rhythm["repeat_customers"] else claim("churn-scale-assumed", gap=gap)]
    if _has_all_buying(summary):
        period = days(rhythm["period_days"])
        new = STATE_WORDS.term(NEW)
        won_back = STATE_WORDS.term(WON_BACK)
        said.append(
            claim(
                "churn-states-period", period=period, new=new, won_back=won_back, **_words(GROWING, DECLINING)
            )
        )
    moved = summary.attrs.get("house_change_pct")
    if _has_all_buying(summary) and moved is not None and abs(moved) >= _SMALL_CHANGE:
        said.append(
            claim(
                "churn-scale-house",
                share=share(abs(moved)),
                way=_up_or_down(moved),
                period=days(rhythm["period_days"]),
                **_words(GROWING, DECLINING),
            )
        )
    return said


def moves_paragraph(moves: LifecycleMoves) -> list[Claim]:
    """Who moved where, and what they had brought."""
    both, said = known_at_both(moves), []
    whole, moved = int(both["customers"].sum()), int(both.loc[both["moved"], "customers"].sum())
    dated = term("churn-both-dates")
    if moves.before_on and moves.after_on:
        dated = clause(claim("churn-two-days", before=date(moves.before_on), after=date(moves.after_on)))
    if whole:
        said.append(claim("churn-moves-known", known=count(whole), dated=dated, moved=count(moved)))
    largest = both[both["moved"]].head(3)
    if len(largest) > 1:
        parts = names(_move(row, moves.currency) for row in largest.itertuples())
        said.append(claim("churn-moves-largest", moves=parts))
    flows = moves.flows
    if newcomers := int(flows.loc[flows["before"] == NOT_YET, "customers"].sum()):
        said.append(claim("churn-moves-newcomers", n=count(newcomers)))
    return said


def retention_paragraph(retention: Retention) -> list[Claim]:
    """How many come back after a first purchase, and how long customers stay."""
    said = [_come_back(typical_retention(retention), retention.unit)]
    return said if retention.overall is None else said + silence_sentences(retention)


def cohorts_paragraph(retention: Retention) -> list[Claim]:
    """Which cohort is left out, who is in none of the curves, and which groups fall silent sooner or later."""
    said = group_sentences(retention)
    if len(retention.sizes) > 1 and len(typical_retention(retention)):
        first = name(period(retention.sizes.index[0], retention.unit))
        said.append(claim("churn-stay-first-cohort", first=first))
    said.append(claim("churn-limits-still-here"))
    if retention.too_new:
        said.append(claim("churn-limits-too-new", n=count(retention.too_new)))
    return said


def silence_sentences(retention: Retention) -> list[Claim]:
    """How long customers buy before their first long silence, and how many come back after it."""
    day, found = retention_day(retention.overall)
    limit = claim("churn-stay-limit-own", quiet=times(QUIET_TIMES), limit=days(retention.limit_days))
    if retention.silence_days is not None:
        limit = claim("churn-stay-limit-given", limit=days(retention.silence_days))
    said = []
    if not day >= 1:
        said.append(claim("churn-stay-too-short"))
    elif pd.notna(found["survival"]):
        facts = {"share": share(100 * found["survival"]), "time": time_word(day), "limit": limit}
        if pd.notna(found["low"]):
            likely = interval(100 * found["low"], 100 * found["high"], "share")
            said.append(claim("churn-stay-share-likely", range=likely, **facts))
        else:
            said.append(claim("churn-stay-share", **facts))
    if pd.notna(retention.came_back_pct):
        said.append(claim("churn-stay-back", share=share(retention.came_back_pct)))
    return said


def group_sentences(retention: Retention) -> list[Claim]:
    """Which groups fall silent sooner or later than the others, beyond chance."""
    curves = retention.survival
    if curves is None or len(curves.medians) < 2:
        return []
    is_cohort = retention.by == "cohort"
    what = term("churn-stay-by-cohort") if is_cohort else name(label_of(retention.by).lower())
    apart = curves.tests[curves.tests["differs"]]
    if apart.empty:
        return [claim("churn-stay-groups-alike", what=what)]
    is_sooner = (curves.medians["ended"].reindex(apart.index) > apart["ended_expected"]).to_numpy()
    sooner, later = list(apart.index[is_sooner]), list(apart.index[~is_sooner])
    parts = []
    if sooner:
        parts.append(claim("churn-stay-sooner", groups=names(map(group_name, sooner)), n=count(len(sooner))))
    if later:
        parts.append(claim("churn-stay-later", groups=names(map(group_name, later)), n=count(len(later))))
    said = [claim("churn-stay-groups", what=what, parts=names(parts))]
    first = curves.medians.index[0]
    if is_cohort and first in apart.index:
        said.append(claim("churn-stay-old-group", first=name(group_name(first))))
    return said


@or_else(lambda missing: [])
def risk_paragraph(model: ChurnModel, summary: pd.DataFrame | None = None) -> list[Claim]:
    """Who is on the list and who is not, how far it reaches, and what to mind."""
    listed, likely, outcome = at_risk(model), share(100 * LIKELY), outcome_words(model)
    said, in_money = [], bool(model.revenue_at_risk.notna().any())
    if len(listed):
        order = term("churn-risk-order-money" if in_money else "churn-risk-order-chance")
        n = count(len(listed), at=model_at(model, "customers.at_risk"))
        said.append(claim("churn-risk-list", n=n, likely=likely, order=order))
        said.append(claim("churn-risk-left-out", parts=names(_not_listed(model, len(listed), summary))))
    else:
        said.append(claim("churn-risk-nobody", outcome=outcome, likely=likely))
    asked = count(len(model.scores), at=model_at(model, "customers.asked"))
    expected = count(round(float(model.scores.sum())), at=model_at(model, "customers.stopping"))
    said.append(claim("churn-risk-expected", asked=asked, expected=expected, outcome=outcome))
    return [*said, claim("churn-risk-ask")] if model.stops else said


@or_else(lambda missing: [])
def drivers_paragraph(model: ChurnModel) -> list[Claim]:
    """Which figures the forecast rests on."""
    firm = list(model.drivers.loc[model.drivers["low"] > 0, "indicator"].head(3))
    if not firm:
        return [claim("churn-drivers-none")]
    said = [claim("churn-drivers-most", figures=_labels(firm)), *driver_words(model, firm)]
    return [*said, claim("churn-drivers-no-cause" if model.stops else "churn-drivers-no-cause-buy")]


def driver_words(model: ChurnModel, figures: list[str]) -> list[Claim]:
    """Which way figures work; nothing where none goes one way."""
    way = model.drivers.set_index("indicator")["direction"]
    high, low = ([one for one in figures if way[one] == side] for side in ("more", "less"))
    outcome = outcome_words(model)
    if high and low:
        return [claim("churn-drivers-both", outcome=outcome, high=_labels(high), low=_labels(low))]
    if high:
        return [claim("churn-drivers-high", outcome=outcome, high=_labels(high))]
    return [claim("churn-drivers-low", outcome=outcome, low=_labels(low))] if low else []


@or_else(lambda missing: [])
def trust_paragraph(model: ChurnModel) -> list[Claim]:
    """How the forecast was tested, and how many had the outcome then."""
    test = model.periods[model.periods["role"] == "test"].iloc[0]
    happened = claim(
        "churn-trust-outcome",
        hits=count(round(test["outcomes"])),
        customers=count(test["customers"]),
        share=share(100 * model.base_rate),
        outcome=outcome_words(model),
    )
    return [_how_tested(model, test), happened]


@or_else(lambda missing: [])
def comparison_paragraph(model: ChurnModel) -> list[Claim]:
    """What was tried, and what the chosen one is ahead of."""
    best, tried = model.chosen, model.evaluation["kind"] == "candidate"
    chosen = claim(
        "churn-trust-chosen",
        ways=count(int(tried.sum())),
        way=WAY_WORDS.term(best["model"]),
        outcome=outcome_words(model),
        pairs=share(100 * best["auc"]),
        range=interval(100 * best["auc_low"], 100 * best["auc_high"], "share"),
        coin=share(50),
    )
    return [chosen, *(_note(*note) for note in model.notes), *_against(model)]


@or_else(lambda missing: [])
def calibration_paragraph(model: ChurnModel) -> list[Claim]:
    """Whether what was expected came true."""
    table, inside = model.calibration, groups_that_agree(model)
    expected = float(np.average(table["predicted_pct"], weights=table["customers"]))
    observed = 100 * model.base_rate
    outcome = outcome_words(model)
    said = [
        claim("churn-calibration-groups", inside=count(inside), groups=count(len(table))),
        claim("churn-calibration-all", expected=share(expected), observed=share(observed), outcome=outcome),
    ]
    said.extend(_level(model))
    if inside < _AGREES * len(table):
        said.append(claim("churn-calibration-order", way=_up_or_down(observed - expected)))
    return said


def _level(model: ChurnModel) -> list[Claim]:
    """Which share is expected now, or that none is promised."""
    level = model.level
    if model.horizon_days is None:
        return []
    if level is None or not level.is_promised:
        return [claim("churn-calibration-no-level")]
    inside, tried = level.held
    ends = interval(100 * level.low, 100 * level.high, "share")
    facts = {"inside": count(inside), "tried": count(tried), "expected": share(100 * level.expected)}
    return [claim("churn-calibration-level", outcome=outcome_words(model), range=ends, **facts)]


def lifecycle_limits(summary: pd.DataFrame) -> list[Claim]:
    """What states cannot say."""
    said = [claim("churn-limits-silence"), claim("churn-limits-seasons")]
    if summary.attrs.get("purchases") == "won deals":
        said.append(claim("churn-limits-won-deals"))
    return said


def states_fine_print(summary: pd.DataFrame) -> list[Claim]:
    """What the rules of the states cannot tell apart."""
    said = [claim("churn-limits-bought-once")]
    if NEW in summary.index:
        said.append(claim("churn-limits-new", new=STATE_WORDS.term(NEW)))
    if GROWING in summary.index:
        said.append(claim("churn-limits-chance", one_in=count(CHANCE_ONE_IN)))
    return said


@or_else(lambda missing: [claim("churn-limits-no-forecast"), missing.reason])
def churn_limits(model: ChurnModel) -> list[Claim]:
    """What such a forecast cannot say."""
    said = [claim("churn-limits-no-why")]
    if model.horizon_days is not None and model.stops:
        said.append(claim("churn-limits-come-back", horizon=days(model.horizon_days)))
    if not model.tested_later:
        said.append(claim("churn-limits-not-later"))
    if not model.beats_baselines:
        worse = [WAY_WORDS.term(rule) for rule in model.differences.query("not better")["baseline"]]
        said.append(claim("churn-limits-not-better", rules=names(worse)))
    return said + _undated(model)


@or_else(lambda missing: [])
def churn_fine_print(model: ChurnModel) -> list[Claim]:
    """Which figures do not count in the forecast, and how what is missing is treated."""
    said = []
    if len(model.refused):
        said.append(claim("churn-limits-refused", figures=_labels(model.refused.index, limit=6)))
    if len(model.left_out):
        said.append(claim("churn-limits-left-out", figures=_labels(model.left_out.index, limit=5)))
    return [*said, claim("churn-limits-unknown")]


def model_at(model: ChurnModel, quantity: str) -> str:
    """Where a number of the model is the same on other pages: by its horizon, only of customers who may stop."""
    return f"{quantity}[{model.horizon_days}d]" if model.stops and model.horizon_days else ""


def _at_risk_in_a_year(model: Any) -> tuple[int, float]:
    """How many are at risk, and what they bring in a year at the pace of the last horizon."""
    if not isinstance(model, ChurnModel) or not model.stops:
        return 0, 0.0
    listed = at_risk(model)
    return len(listed), float(model.value.reindex(listed).sum()) * 365 / (model.horizon_days or 365)


def _customers(summary: pd.DataFrame, states: Iterable[str]) -> int:
    return int(summary.loc[summary.index.isin(list(states)), "customers"].sum())


def _in_state(n: int, state: str) -> Fact:
    return count(n, at=f"customers.in_state[{state}]")


def _has_all_buying(summary: pd.DataFrame) -> bool:
    return summary.index.isin(BUYING).sum() == len(BUYING)


def _words(*states: str) -> dict[str, Fact]:
    return {state: STATE_WORDS.term(state) for state in states}


def _up_or_down(moved: float) -> Fact:
    return term("churn-way-up" if moved > 0 else "churn-way-down")


def _labels(figures: Iterable[str], *, limit: int | None = None) -> Fact:
    return names((name(plain_label(figure)) for figure in figures), limit=limit)


def without_purchase(summary: pd.DataFrame) -> list[Claim]:
    """How many are known who have not bought."""
    found = {state: _customers(summary, [state]) for state in (PROSPECT, LEAD)}
    at = [f"customers.in_state[{state}]" for state in found]
    (touched, untouched), total = counts(list(found.values()), at=at)
    parts = []
    if found[PROSPECT]:
        parts.append(claim("churn-answer-in-touch", n=touched))
    if found[LEAD]:
        parts.append(claim("churn-answer-not-in-touch", n=untouched))
    return [claim("churn-answer-without-purchase", total=total, parts=names(parts))] if parts else []


def _fell_and_came_back(moves: LifecycleMoves) -> list[Claim]:
    since = date(moves.before_on) if moves.before_on else term("churn-since-then")
    said = []
    fell, brought = flow(moves, BUYING, SILENT)
    if fell:
        had = money(brought if brought > 0 else None, moves.currency)
        said.append(claim("churn-finding-fell", since=since, n=count(fell), revenue=had))
    if silent_then := int(moves.net["before"].reindex(list(SILENT)).fillna(0).sum()):
        back, _ = flow(moves, SILENT, BUYING)
        said.append(claim("churn-finding-came-back", silent=count(silent_then), back=count(back)))
    return said


def _move(row: Any, currency: str) -> Claim:
    before = state_word(row.before)
    revenue = money(row.revenue if row.revenue > 0 else None, currency)
    return claim(
        "churn-moves-one", before=before, after=state_word(row.after), n=count(row.customers), revenue=revenue
    )


def _come_back(typical: pd.DataFrame, unit: str) -> Claim:
    if typical.empty:
        return claim("churn-stay-too-new")
    first = share(typical["share_pct"].iloc[0], at=f"retention.share[all, {unit} 1]")
    facts = {"unit": PERIOD_WORDS.term(unit), "share": first}
    solid = typical[typical["customers"] >= 0.5 * typical["customers"].iloc[0]]
    later = solid.index.max() if len(solid) else 1
    if later <= 1:
        return claim("churn-stay-next", **facts)
    then = share(typical.loc[later, "share_pct"])
    return claim("churn-stay-next-later", nth=count(later), later=then, **facts)


def _not_listed(model: ChurnModel, listed: int, summary: pd.DataFrame | None) -> list[Claim]:
    asked = len(model.scores)
    parts = [claim("churn-risk-below", n=count(asked - listed))] if asked > listed else []
    if summary is None or not model.stops or model.horizon_days is None:
        return parts
    if others := _customers(summary, BUYING) - asked:
        active = days(model.active_days)
        parts.append(claim("churn-risk-not-asked", n=count(others), active=active))
    if silent := _customers(summary, SILENT):
        parts.append(
            claim("churn-risk-silent", n=count(silent, at="customers.silent"), **_words(DORMANT, LOST))
        )
    return parts


def _how_tested(model: ChurnModel, test: pd.Series) -> Claim:
    if not model.tested_later:
        return claim("churn-trust-in-turn", folds=count(FOLDS))
    if model.horizon_days is None:
        return claim("churn-trust-ordered", begin=name(test["cutoff"]))
    learnt = model.periods[model.periods["role"] == "learn"]
    return claim(
        "churn-trust-later",
        moments=names(date(day) for day in learnt["cutoff"]),
        horizon=days(model.horizon_days),
        begin=date(test["cutoff"]),
        end=date(test["until"]),
    )


def _verdict(model: ChurnModel) -> Claim:
    tested = term("churn-tested-later" if model.tested_later else "churn-tested-unseen")
    rule = strongest_rule(model)
    if rule is None:
        return claim("churn-verdict-alone", tested=tested)
    facts = {
        "tested": tested,
        "rule": WAY_WORDS.term(rule["model"]),
        "forecast": share(100 * model.chosen["auc"]),
        "ruled": share(100 * rule["auc"]),
    }
    if rule["auc"] >= model.chosen["auc"]:
        return claim("churn-verdict-worse", **facts)
    return claim("churn-verdict-better" if rule["better"] else "churn-verdict-even", **facts)


def _note(code: str, *values: Any) -> Claim:
    facts: dict[str, Fact] = {"day": date(values[0])} if code == "stands" else {}
    if code in ("some", "some_tested"):
        said = ("drawn", "customers", "tested", "asked")
        facts = {fact: count(n) for fact, n in zip(said, values, strict=False)}
    if code == "best_single":
        facts = {"figure": name(plain_label(values[0]))}
    return NOTE_WORDS.claim(code, **facts)


def _against(model: ChurnModel) -> list[Claim]:
    rows = model.differences[model.differences["baseline"] != _NOBODYS_RULE]
    said = []
    for row in rows.itertuples():
        facts = {
            "rule": WAY_WORDS.term(row.baseline),
            "gain": points(round(100 * row.auc_difference, 1)),
            "range": interval(round(100 * row.auc_low, 1), round(100 * row.auc_high, 1)),
        }
        said.append(claim("churn-trust-better" if row.better else "churn-trust-not-better", **facts))
    return said


def _undated(model: ChurnModel) -> list[Claim]:
    """Figures of which only today's value is known, so that learning and test may have seen later entries."""
    if model.horizon_days is None:
        return []
    over = {indicator.name: indicator.over for indicator in INDICATORS}
    found = [one for one in model.features if over.get(one) in _UNDATED and one not in _FROM_A_DATE]
    return [claim("churn-limits-undated", figures=_labels(found, limit=4))] if found else []
