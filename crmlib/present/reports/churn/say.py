"""What the report on who stops, or who buys, says: made from the numbers, whichever way they went."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.churn.model import ChurnModel
from crmlib.analyse.customers.states import NO_LONGER, NOT_YET, LifecycleMoves, is_likely, of_buyers
from crmlib.analyse.learn.candidates import PLAIN_NAMES
from crmlib.analyse.retention import Retention, SurvivalCurves, typical_retention
from crmlib.measure.columns import label_of, unit_of
from crmlib.measure.indicators import INDICATORS
from crmlib.present.blocks.figures import shown_number, with_unit
from crmlib.present.needs import or_else
from crmlib.present.words import count, date, days, listing, money, number, percent, plural, sentence
from crmlib.schema.states import (
    ACTIVE,
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
    WITHOUT_PURCHASE,
    WON_BACK,
    spoken,
)

NO_REASON = "nothing stands out"
NO_SINGLE_REASON = "no single figure: several a little each, or what is not known"
FIRST = 20
"""Percent of customers that a campaign might reach: sentences and pictures speak of these."""


def outcome_words(model: ChurnModel, *, short: bool = True) -> str:
    """The outcome as a verb of many customers: "stop", "buy", "leave"."""
    first, _, rest = model.outcome.partition(" ")
    whole = f"{first.removesuffix('s')} {rest}".strip()
    if not short:
        return whole
    if model.stops and model.horizon_days is not None:
        return "stop"
    return whole.partition(" within ")[0]


def reason_words(model: ChurnModel) -> pd.Series:
    """Each customer's reasons in the words of the reports."""
    said: dict[Any, list[str]] = {}
    for row in model.reason_table.itertuples(index=False):
        own, usual = (
            value if isinstance(value, str) else figure_words(row.indicator, value, currency=model.currency)
            for value in (row.value, row.typical)
        )
        said.setdefault(row.customer_id, []).append(f"{plain_label(row.indicator)} {own} (ordinary: {usual})")
    likely = model.scores > model.scores.mean()
    texts = [
        "; ".join(said.get(who, [NO_SINGLE_REASON if likely[who] else NO_REASON]))
        for who in model.scores.index
    ]
    return pd.Series(texts, index=model.scores.index, name="reason", dtype="str")


def plain_label(name: str) -> str:
    """The label of a figure as it stands inside a sentence."""
    label = label_of(name)
    return f"{label[:1].lower()}{label[1:]}"


def figure_words(name: str, value: float, *, currency: str = "") -> str:
    """A value of a figure with its unit, where its label does not say the unit already."""
    unit = unit_of(name, currency)
    if unit == "times":
        value = round(float(value), 1)
    known = unit in label_of(name).lower() or unit == "ratio" or unit[:1] in "-0123456789"
    return with_unit(shown_number(float(value)), "" if known else unit)


def groups_that_agree(model: ChurnModel) -> int:
    """Groups of like probability in which what was foretold lies within the interval of what happened."""
    table = model.calibration
    return int(table["predicted_pct"].between(table["low"], table["high"]).sum())


def top_at_risk(model: ChurnModel) -> tuple[int, float] | None:
    """How few customers hold half of the revenue at risk, and what percentage of all that is."""
    risk = model.revenue_at_risk.dropna().sort_values(ascending=False).to_numpy()
    if not len(risk) or risk.sum() <= 0:
        return None
    few = int(np.searchsorted(risk.cumsum(), risk.sum() / 2)) + 1
    return few, 100 * few / len(risk)


def value_words(model: ChurnModel) -> str:
    """What a customer's value is, where a horizon is known: what was brought in the last one."""
    return "value" if model.horizon_days is None else f"brought in the last {model.horizon_days}\u00a0days"


def driver_words(model: ChurnModel, names: list[str]) -> str:
    """Which way figures work, in one sentence; empty where none goes one way."""
    way = model.drivers.set_index("indicator")["direction"]
    high, low = (
        [label_of(name).lower() for name in names if way[name] == direction] for direction in ("more", "less")
    )
    if not high and not low:
        return ""
    parts = [f"high figures for {listing(high)}"] if high else []
    parts += [f"low {'ones' if high else 'figures'} for {listing(low)}"] if low else []
    return f"Likelier to {outcome_words(model)} are customers with {' and '.join(parts)}."


_KEPT: list[ChurnModel] = []


def _little_churn() -> ChurnModel:
    """Six hundred customers of whom those with much discount stop, for the examples."""
    from crmlib.analyse.churn.model import fit_churn
    from crmlib.prepare.crm import Crm

    if _KEPT:
        return _KEPT[0]
    lot, rows = np.random.default_rng(1), []
    for who in range(500):
        heavy, start = who % 3 == 0, lot.uniform(0, 60)
        days = start + np.cumsum(lot.exponential(9, 50))
        for day in days[days < min(start + lot.exponential(120 if heavy else 900), 240)]:
            price = round(lot.uniform(5, 40), 2)
            share = lot.uniform(0.2, 0.5) if heavy else lot.uniform(0, 0.1)
            rows.append((f"c{who:03}", day, price, round(price * share, 2)))
    lines = pd.DataFrame(rows, columns=["customer_id", "day", "net_amount", "discount_amount"])
    lines["ordered_at"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(lines.pop("day").round(3), unit="D")
    lines = lines.assign(order_id=np.arange(len(lines)).astype(str), product_id="tea")
    crm = Crm.from_frames(as_of="2024-08-27", transactions=lines, currency="EUR")
    names = ["recency_days", "order_count_90d", "spend_90d", "discount_share_pct"]
    _KEPT.append(
        fit_churn(crm, horizon_days=48, indicators=names, candidates=["logistic_regression", "decision_tree"])
    )
    return _KEPT[0]


_NEVER = ("base_rate",)

_UNDATED = ("customers", "contacts", "relations")
_FROM_A_DATE = ("age_years", "known_days")

NO_FORECAST = "There is no forecast here, for the reason above."


@or_else(lambda missing: [])
def churn_answer(model: ChurnModel) -> list[str]:
    """How many customers are expected to stop, what that would cost, and whether the forecast is any good.

    Parameters
    ----------
    model : ChurnModel

    Returns
    -------
    list of str
    """
    n, expected = len(model.scores), float(model.scores.sum())
    who = count(n, "customer")
    if model.active_days is not None:
        who += f" who bought in the last {number(model.active_days)}\u00a0days"
        who += f" and are neither {DORMANT} nor {LOST}" if model.stops else ""
    share = 100 * expected / max(n, 1)
    said = [
        f"Of {who}, about {number(round(expected))} ({percent(share)}) are expected to "
        f"{outcome_words(model, short=False)}."
    ]
    total = float(model.revenue_at_risk.sum(min_count=1))
    if np.isfinite(total):
        said.append(
            f"{money(total, model.currency)} is at risk: for each customer the chance to "
            f"{outcome_words(model)} times what the customer {_worth(model)}."
        )
    return [*said, _verdict(model)]


@or_else(lambda missing: [])
def churn_findings(model: ChurnModel) -> list[str]:
    """The one or two sentences that the index repeats.

    Parameters
    ----------
    model : ChurnModel

    Returns
    -------
    list of str
    """
    row = model.gains.set_index("reached_pct").loc[float(FIRST)]
    said = [
        f"The {percent(FIRST)} of customers most likely to {outcome_words(model)} held "
        f"{percent(row['found_pct'])} of those who did (likely {percent(row['low'])} to "
        f"{percent(row['high'])})."
    ]
    most = top_at_risk(model)
    if most is not None:
        few, share = most
        said.append(
            f"{count(few, 'customer')} {plural(few, 'holds', 'hold')} half of the revenue at risk "
            f"({percent(share)} of those asked about)."
        )
    return said


@or_else(lambda missing: [NO_FORECAST])
def comparison_paragraph(model: ChurnModel) -> list[str]:
    """How it was tested, what was tried, and what the chosen one is ahead of.

    Parameters
    ----------
    model : ChurnModel

    Returns
    -------
    list of str
    """
    best, test = model.chosen, model.periods[model.periods["role"] == "test"].iloc[0]
    tried = model.evaluation[model.evaluation["kind"] == "candidate"]
    said = []
    if model.tested_later and model.horizon_days is not None:
        learnt = model.periods[model.periods["role"] == "learn"]
        moments = listing([date(day) for day in learnt["cutoff"]])
        said.append(
            f"It learnt from what was known on {moments}, and what customers did in the "
            f"{number(model.horizon_days)}\u00a0days that followed. It was tested on a later time that none of it "
            f"reaches into, {date(test['cutoff'])} to {date(test['until'])}."
        )
    else:
        said.append(model.says.partition(" Of ")[0])
    said.append(
        f"In the test, {number(round(test['outcomes']))} of {count(test['customers'], 'customer')} "
        f"({percent(100 * model.base_rate)}) did {outcome_words(model)}."
    )
    said.append(
        f"Of {count(len(tried), 'way')} to foretell it, the one that did best before the test was taken: "
        f"{PLAIN_NAMES[best['model']]}. Given one customer who did {outcome_words(model)} and one who did not, "
        f"it puts the first one higher in {percent(100 * best['auc'])} of cases (likely "
        f"{percent(100 * best['auc_low'])} to {percent(100 * best['auc_high'])}); tossing a coin does in "
        f"{percent(50)}."
    )
    return [*said, *model.notes, *_against(model)]


@or_else(lambda missing: [])
def calibration_paragraph(model: ChurnModel) -> list[str]:
    """Whether what was foretold came true.

    Parameters
    ----------
    model : ChurnModel

    Returns
    -------
    list of str
    """
    table = model.calibration
    inside = groups_that_agree(model)
    foretold = float(np.average(table["predicted_pct"], weights=table["customers"]))
    observed = 100 * model.base_rate
    said = [
        f"Customers were put into groups of like probability: in {number(inside)} of "
        f"{count(len(table), 'group')} what happened agrees with what was foretold, as far as chance allows."
    ]
    way = "more" if observed > foretold else "fewer"
    said.append(
        f"All in all {percent(foretold)} were foretold to {outcome_words(model)} and {percent(observed)} did."
    )
    if inside < 0.7 * len(table):
        said.append(
            f"In some groups {way} did than foretold: read the probabilities as an order of customers rather "
            "than as exact chances."
        )
    return said


@or_else(lambda missing: [NO_FORECAST])
def drivers_paragraph(model: ChurnModel) -> list[str]:
    """Which figures the forecast rests on.

    Parameters
    ----------
    model : ChurnModel

    Returns
    -------
    list of str
    """
    firm = model.drivers[model.drivers["low"] > 0]
    if firm.empty:
        return [
            "No single figure carries the forecast: with any one of them shuffled, customers are ranked about "
            "as well, because others say much the same."
        ]
    names = [label_of(name).lower() for name in firm["indicator"].head(3)]
    said = [f"The forecast rests most on {listing(names)}."]
    told = driver_words(model, list(firm["indicator"].head(3)))
    if told:
        said.append(told)
    said.append(
        "A figure that goes along with a loss need not be its cause: changing it may change nothing."
        if model.stops
        else "A figure that goes along with a purchase need not be its cause."
    )
    return said


@or_else(lambda missing: [])
def risk_paragraph(model: ChurnModel) -> list[str]:
    """Where the revenue at risk lies, and what the list is for.

    Parameters
    ----------
    model : ChurnModel

    Returns
    -------
    list of str
    """
    most = top_at_risk(model)
    order = "probability" if most is None else "revenue at risk"
    said = []
    if most is not None:
        total = float(model.revenue_at_risk.sum())
        said.append(
            f"{money(total, model.currency)} is at risk in all; {count(most[0], 'customer')} "
            f"{plural(most[0], 'holds', 'hold')} half of it. Counted is what each {_worth(model)}."
        )
    said.append(
        f"The list holds them in the order of {order}, each with the figures that set the customer apart most. "
        f"Ask before you offer: who would have stayed anyway costs a discount for nothing."
        if model.stops
        else f"The list holds customers in the order of {order}, each with the figures that set the customer "
        "apart most."
    )
    return said


@or_else(lambda missing: [])
def churn_limits(model: ChurnModel) -> list[str]:
    """What such a forecast cannot say.

    Parameters
    ----------
    model : ChurnModel

    Returns
    -------
    list of str
    """
    limits = [
        "The forecast says who is likely to, not why, nor who would change their mind if called: that takes a "
        "trial in which some are left alone.",
    ]
    if model.horizon_days is not None and model.stops:
        limits.append(
            f"Stopping means no purchase for {number(model.horizon_days)}\u00a0days. Some of these customers "
            "come back later."
        )
    if not model.tested_later:
        limits.append("It was not tested on a later time, since no date is known; expect it to do less well.")
    if not model.beats_baselines:
        worse = listing([PLAIN_NAMES[name] for name in model.differences.query("not better")["baseline"]])
        limits.append(f"It is not shown to rank customers better than {worse}.")
    if len(model.refused):
        names = listing([label_of(name).lower() for name in model.refused.index], limit=6, noun="figure")
        limits.append(f"Refused because they know the outcome: {names}.")
    if len(model.left_out):
        names = listing([label_of(name).lower() for name in model.left_out.index], limit=5, noun="figure")
        limits.append(f"Left aside because they say the same as another figure, or nothing: {names}.")
    limits += _undated(model)
    limits.append(
        "What is not known of a customer is taken as ordinary; that it is not known may count, but is never "
        "given as a reason."
    )
    return limits


def _undated(model: ChurnModel) -> list[str]:
    """Figures of which only today's value is known, so that learning and test may have seen later entries."""
    if model.horizon_days is None:
        return []
    over = {indicator.name: indicator.over for indicator in INDICATORS}
    names = [name for name in model.features if over.get(name) in _UNDATED and name not in _FROM_A_DATE]
    if not names:
        return []
    named = listing([label_of(name).lower() for name in names], limit=4, noun="figure")
    return [
        f"Records of customers keep no history, so these are as they are now, in the test too: {named}. Where one "
        "was changed because somebody stopped, the test looks better than it should."
    ]


def _verdict(model: ChurnModel) -> str:
    names = model.differences.loc[~model.differences["baseline"].isin(_NEVER)]
    better, worse = (list(names.loc[names["better"] == is_better, "baseline"]) for is_better in (True, False))
    tested = "On a later time" if model.tested_later else "On customers it had not seen"
    if not worse and better:
        return f"{tested} the forecast ranked customers better than {_named(better)}."
    if worse and not better:
        return f"{tested} the forecast is not shown to rank customers better than {_named(worse)}."
    if worse:
        return (
            f"{tested} the forecast ranked customers better than {_named(better)}, but it is not shown to be "
            f"better than {_named(worse)}."
        )
    return f"{tested} there was nothing simpler to compare the forecast with."


def _against(model: ChurnModel) -> list[str]:
    said = []
    names = model.differences[~model.differences["baseline"].isin(_NEVER)]
    for row in names.itertuples():
        gain = f"{100 * row.auc_difference:+.1f} points (likely {100 * row.auc_low:+.1f} to {100 * row.auc_high:+.1f})"
        word = "ranks customers better than" if row.better else "is not shown to rank customers better than"
        said.append(f"It {word} {PLAIN_NAMES[row.baseline]}: {gain.replace('-', '−')}.")
    return said


def _worth(model: ChurnModel) -> str:
    return "is worth" if model.horizon_days is None else value_words(model)


def _named(names: list[str]) -> str:
    return listing([PLAIN_NAMES[name] for name in names])


_TIMES = {
    28: "four weeks",
    91: "three months",
    182: "half a year",
    365: "a year",
    730: "two years",
    1826: "five years",
}


def silent_stages(table: pd.DataFrame) -> list[str]:
    """The stages of a table whose customers have fallen silent."""
    return [name for name in SILENT if name in table.index]


def changed_share(moves: LifecycleMoves) -> float:
    """Of the customers known at both dates, the percentage in another stage at the second."""
    both = moves.flows[(moves.flows["before"] != NOT_YET) & (moves.flows["after"] != NO_LONGER)]
    whole = both["customers"].sum()
    return float(100 * both.loc[both["moved"], "customers"].sum() / whole) if whole else float("nan")


def flow(moves: LifecycleMoves, before: tuple[str, ...], after: tuple[str, ...]) -> tuple[int, float]:
    """How many customers went from some stages to others, and what they had brought.

    Parameters
    ----------
    moves : LifecycleMoves
    before, after : stages

    Returns
    -------
    (customers, revenue)
        The revenue is NaN where it is not known.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> flows = pd.DataFrame({"before": ["new", "new"], "after": ["new", "lost"], "customers": [3, 1],
    ...                       "revenue": [9.0, 5.0]})
    >>> from crmlib.schema.states import BUYING
    >>> flow(SimpleNamespace(flows=flows), BUYING, SILENT)
    (1, 5.0)
    """
    rows = moves.flows[moves.flows["before"].isin(before) & moves.flows["after"].isin(after)]
    return int(rows["customers"].sum()), float(rows["revenue"].sum(min_count=1))


def retention_day(curves: SurvivalCurves) -> tuple[float, pd.Series]:
    """The longest usual time for which the share of all customers still buying is shown, and that share."""
    until = float(curves.medians["shown_until"].iloc[0])
    day = max((time for time in _TIMES if time <= until), default=until)
    return day, curves.share_after(day).iloc[0]


def time_word(time: Any) -> str:
    """A number of days as it is spoken."""
    return _TIMES.get(time) or days(time)


def period_name(day: pd.Timestamp, unit: str) -> str:
    """A calendar period, short enough for the side of a table."""
    names = {"week": f"{day.day} {day:%b %Y}", "month": f"{day:%b %Y}", "year": f"{day:%Y}"}
    return names.get(unit) or f"Q{day.quarter} {day.year}"


def silence_sentences(retention: Retention) -> list[str]:
    """How long customers buy before their first long silence, and how many come back after it."""
    day, share = retention_day(retention.overall)
    limit = (
        f"{days(retention.silence_days)} without a purchase"
        if retention.silence_days is not None
        else f"{spoken(QUIET_TIMES)} the own usual gap without a purchase, for the middle customer "
        f"{days(retention.limit_days)}"
    )
    said = []
    if not day >= 1:
        said.append("Too few customers have been seen for long enough to say how long customers stay.")
    elif pd.notna(share["survival"]):
        span = ""
        if pd.notna(share["low"]):
            span = f" (likely {percent(100 * share['low'])} to {percent(100 * share['high'])})"
        said.append(
            f"{percent(100 * share['survival'])} of customers{span} buy on for {time_word(day)} or longer before "
            f"their first long silence ({limit})."
        )
    if pd.notna(retention.came_back_pct):
        back = f"{percent(retention.came_back_pct)} of those who fell silent have bought again so far."
        said.append(f"Silence is not always the end: {back}" if retention.came_back_pct else sentence(back))
    return said


def group_sentences(retention: Retention) -> list[str]:
    """Which groups fall silent sooner or later than the others, beyond chance."""
    curves = retention.survival
    if curves is None or len(curves.medians) < 2:
        return []
    what = "time of first purchase" if retention.by == "cohort" else label_of(retention.by).lower()
    apart = curves.tests[curves.tests["differs"]]
    if apart.empty:
        return [f"By {what}, no group falls silent sooner or later than the others beyond chance."]
    ended = curves.medians["ended"].reindex(apart.index)
    sooner = [f"“{name}”" for name in apart.index[ended > apart["ended_expected"]]]
    later = [f"“{name}”" for name in apart.index[ended <= apart["ended_expected"]]]
    parts = [
        f"{listing(names)} {plural(len(names), 'falls', 'fall')} silent {word}"
        for names, word in ((sooner, "sooner"), (later, "later"))
        if names
    ]
    said = [f"By {what}, {listing(parts)} than the others, beyond chance."]
    first = curves.medians.index[0]
    if retention.by == "cohort" and first in apart.index:
        said.append(
            f"“{first}” may hold customers who had bought before the data begin, which by itself would make it "
            "look steadier."
        )
    return said


def likely_gone_sentences(alive: pd.Series, stages: pd.Series) -> list[str]:
    """Of those who buy by their stage, how many have by the model of purchases as likely as not stopped."""
    stopped = of_buyers(stages, 1 - alive).dropna()
    if stopped.empty:
        return []
    gone, whole = int(is_likely(stages, stopped).sum()), count(len(stopped), "customer")
    share = percent(100 * LIKELY)
    who = f"{whole} who {plural(len(stopped), 'is', 'are')} neither {DORMANT} nor {LOST}"
    if not gone:
        return [f"None of {who} has probably stopped buying: no chance of that reaches {share}."]
    return [
        f"Of {who}, {number(gone)} {plural(gone, 'has', 'have')} probably stopped buying: the chance of that is "
        f"{share} or more."
    ]


def nth(n: int) -> str:
    """A place in a row as it is spoken."""
    words = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
    return words.split()[n - 1] if n <= 12 else f"{n}th"


_SMALL_CHANGE = 5


def lifecycle_answer(summary: pd.DataFrame, moves: LifecycleMoves | None = None) -> list[str]:
    """Who is still buying, who has fallen silent, who is about to, and what changed since the earlier day.

    Parameters
    ----------
    summary : DataFrame
        As `lifecycle_summary` makes it.
    moves : LifecycleMoves, optional

    Returns
    -------
    list of str
    """
    bought = summary[summary.index.isin([*BUYING, *SILENT])]
    whole = int(bought["customers"].sum())
    if not whole:
        return _without_buyers(summary)
    buying = bought[bought.index.isin(BUYING)]
    n = int(buying["customers"].sum())
    brought = buying["revenue_share_pct"].sum(min_count=1)
    who = (
        f"All {count(whole, 'customer')} buy"
        if n == whole > 1
        else (f"{number(n) if n else 'None'} of {count(whole, 'customer')} {plural(n, 'buys', 'buy')}")
    )
    said = f"{who} within the time that is usual for them"
    if pd.notna(brought):
        said += f", and {plural(n, 'brings', 'bring')} {percent(brought)} of a year’s revenue"
    return [f"{said}.", *lifecycle_findings(summary, moves), *_without_purchase(summary)]


def lifecycle_findings(summary: pd.DataFrame, moves: LifecycleMoves | None = None) -> list[str]:
    """The two or three sentences that the index repeats.

    Parameters
    ----------
    summary : DataFrame
        As `lifecycle_summary` makes it.
    moves : LifecycleMoves, optional

    Returns
    -------
    list of str
    """
    said = []
    silent = summary[summary.index.isin(silent_stages(summary))]
    n, brought = int(silent["customers"].sum()), silent["revenue"].sum(min_count=1)
    if n:
        text = f"{count(n, 'customer')} {plural(n, 'has', 'have')} been silent for longer than was to be expected"
        if pd.notna(brought):
            text += f"; they brought {_money(brought, summary)} in the last year"
        said.append(f"{text}.")
    if DECLINING in summary.index and summary.loc[DECLINING, "customers"]:
        n = int(summary.loc[DECLINING, "customers"])
        text = f"{count(n, 'customer')} still {plural(n, 'buys', 'buy')}, but clearly less than before"
        if pd.notna(summary.loc[DECLINING, "revenue"]):
            text += f": {_money(summary.loc[DECLINING, 'revenue'], summary)} a year depends on them"
        said.append(f"{text}.")
    return said + ([] if moves is None else _fell_and_came_back(moves))


def stages_paragraph(summary: pd.DataFrame) -> list[str]:
    """On which scale the stages are measured.

    Parameters
    ----------
    summary : DataFrame
        As `lifecycle_summary` makes it.

    Returns
    -------
    list of str
    """
    rhythm = summary.attrs.get("rhythm")
    if not rhythm:
        return []
    said = [
        "Stages are measured on an assumed scale, because nobody has bought on two days: a gap of "
        f"{days(rhythm['gap_days'])} between purchases counts as usual."
    ]
    if rhythm["repeat_customers"]:
        said = [
            "Stages are measured on this house’s own scale: half of the customers who bought more than once "
            f"buy every {days(rhythm['gap_days'])} or more often, and three in four never waited longer than "
            f"{days(rhythm['long_gap_days'])}."
        ]
    if summary.index.isin(SILENT).sum() == 2:
        said.append(
            f"A customer is expected back within {spoken(QUIET_TIMES)} the own usual gap, and is given at least "
            f"{days(rhythm['long_gap_days'])}; whoever is silent longer is {DORMANT}, {spoken(LOST_TIMES)} as long "
            f"{LOST}."
        )
    period = days(rhythm["period_days"])
    if summary.index.isin(BUYING).sum() == len(BUYING):
        said.append(
            f"“{sentence(NEW)[:-1]}” and “{WON_BACK}” look at the last {period}; “{GROWING}” and “{DECLINING}” set "
            f"them against the {period} before, and leave out changes that may be chance."
        )
        said.extend(_house_words(summary, period))
    return said


def moves_paragraph(moves: LifecycleMoves) -> list[str]:
    """Who moved where, and what they had brought.

    Parameters
    ----------
    moves : LifecycleMoves

    Returns
    -------
    list of str

    Examples
    --------
    >>> from crmlib.analyse.customers.states import lifecycle_moves
    >>> stage = pd.CategoricalDtype(["active", "dormant"], ordered=True)
    >>> before = pd.Series(["active", "active"], index=["ann", "bob"], dtype=stage)
    >>> after = pd.Series(["active", "dormant"], index=["ann", "bob"], dtype=stage)
    >>> moves_paragraph(lifecycle_moves(before, after))[0]
    'Of 2\\xa0customers known at both dates, 1 stands in another stage now.'
    """
    flows = moves.flows
    both = flows[(flows["before"] != NOT_YET) & (flows["after"] != NO_LONGER)]
    whole, moved = int(both["customers"].sum()), int(both.loc[both["moved"], "customers"].sum())
    dated = (
        f" on {date(moves.before_on)} and {date(moves.after_on)}"
        if moves.before_on and moves.after_on
        else " at both dates"
    )
    said = []
    if whole:
        said.append(
            f"Of {count(whole, 'customer')} known{dated}, {number(moved) if moved else 'none'} "
            f"{plural(moved, 'stands', 'stand')} in another stage now."
        )
    largest = both[both["moved"]].head(3)
    if len(largest) > 1:
        parts = [_flow_words(row, moves.currency) for row in largest.itertuples()]
        said.append(f"Most went {listing(parts)}.")
    said.extend(_fell_and_came_back(moves))
    newcomers = int(flows.loc[flows["before"] == NOT_YET, "customers"].sum())
    if newcomers:
        said.append(f"{count(newcomers, 'customer')} {plural(newcomers, 'was', 'were')} not yet known then.")
    if flows["revenue"].notna().any():
        said.append("Revenue is that of the year before the earlier day.")
    return said


def retention_paragraph(retention: Retention) -> list[str]:
    """How many come back after a first purchase, and how long customers stay.

    Parameters
    ----------
    retention : Retention

    Returns
    -------
    list of str
    """
    typical, unit = typical_retention(retention), retention.unit
    said = []
    if len(typical):
        said.append(
            f"In the {unit} after a first purchase {percent(typical['share_pct'].iloc[0])} of customers bought "
            "again."
        )
        solid = typical[typical["customers"] >= 0.5 * typical["customers"].iloc[0]]
        later = solid.index.max() if len(solid) else 1
        if later > 1:
            said[-1] = (
                f"{said[-1][:-1]}, in the {nth(later)} {unit} after it "
                f"{percent(typical.loc[later, 'share_pct'])} of those who have been seen for that long."
            )
    else:
        said.append("Too few customers bought first after the data begin to say how many come back.")
    if len(retention.sizes) > 1 and len(typical):
        first = period_name(retention.sizes.index[0], unit)
        said.append(
            f"The first cohort ({first}) is left out of this: the data begin there, so that it may hold "
            "customers who had bought before."
        )
    if retention.overall is not None:
        said.extend(silence_sentences(retention))
    return said + group_sentences(retention)


def lifecycle_limits(summary: pd.DataFrame, retention: Retention | None = None) -> list[str]:
    """What stages and retention cannot say.

    Parameters
    ----------
    summary : DataFrame
        As `lifecycle_summary` makes it.
    retention : Retention, optional

    Returns
    -------
    list of str
    """
    said = [
        "A stage is set by fixed limits. Silence does not say why somebody is silent, and a dormant customer may buy "
        "tomorrow.",
        "How often customers buy is measured on those who bought at least twice; who bought once is taken to "
        "be like them.",
    ]
    if summary.attrs.get("purchases") == "won deals":
        said.append("There are no orders in these data: a deal that was won counts as a purchase.")
    if NEW in summary.index:
        said.append(
            f"Whoever bought first soon after the data begin is not called {NEW}, because an earlier purchase "
            "would not be seen."
        )
    if GROWING in summary.index:
        said.append(
            f"By chance alone about one steady customer in {number(CHANCE_ONE_IN)} looks as if growing, and one as if "
            "declining."
        )
    said.append("Seasons are not taken out: before a feast many customers seem to grow, after it to decline.")
    if retention is not None:
        said.append(
            "Customers who have not yet been silent for too long count for as long as they were seen, neither "
            "as gone nor as staying for good."
        )
        if retention.too_new:
            n = retention.too_new
            said.append(
                f"{count(n, 'customer')} bought first too recently to tell, and {plural(n, 'is', 'are')} in "
                "none of the curves."
            )
    return said


def _without_buyers(summary: pd.DataFrame) -> list[str]:
    if not summary["customers"].sum():
        return ["No customer is known."]
    return ["Nobody has bought yet.", *_without_purchase(summary)]


def _without_purchase(summary: pd.DataFrame) -> list[str]:
    parts = []
    for stage, words in ((PROSPECT, "in touch with us"), (LEAD, "not in touch")):
        n = int(summary["customers"].get(stage, 0))
        if n:
            parts.append(f"{number(n)} {words}")
    total = int(summary["customers"].reindex(list(WITHOUT_PURCHASE)).fillna(0).sum())
    if not parts:
        return []
    said = f"{number(total)} more {plural(total, 'is', 'are')} known without a purchase"
    return [f"{said}, {parts[0].partition(' ')[2]}." if len(parts) == 1 else f"{said}: {listing(parts)}."]


def _fell_and_came_back(moves: LifecycleMoves) -> list[str]:
    since = f"Since {date(moves.before_on)}" if moves.before_on else "Since then"
    said = []
    fell, lost = flow(moves, BUYING, SILENT)
    back, _ = flow(moves, SILENT, BUYING)
    if fell:
        text = f"{since}, {count(fell, 'customer')} {plural(fell, 'has', 'have')} fallen silent"
        if pd.notna(lost) and lost > 0:
            text += f", who had brought {money(lost, moves.currency)} in the year before"
        said.append(f"{text}.")
    silent_then = int(moves.net["before"].reindex(list(SILENT)).fillna(0).sum())
    if silent_then:
        said.append(
            f"Of the {number(silent_then)} who were silent then, {number(back) if back else 'none'} "
            f"{plural(back, 'buys', 'buy')} again now."
            if silent_then > 1
            else f"The one who was silent then {'buys again' if back else 'is so still'}."
        )
    return said


def _flow_words(row: object, currency: str) -> str:
    n = int(row.customers)
    text = f"from “{row.before}” to “{row.after}” ({number(n)}"
    brought = f", with {money(row.revenue, currency)}" if pd.notna(row.revenue) else ""
    return f"{text}{brought})"


def _house_words(summary: pd.DataFrame, period: str) -> list[str]:
    moved = summary.attrs.get("house_change_pct")
    if moved is None or abs(moved) < _SMALL_CHANGE:
        return []
    word = "more" if moved > 0 else "less"
    return [
        f"All customers of long enough standing together spent {percent(abs(moved))} {word} in the last "
        f"{period} than in the {period} before; see “{GROWING}” and “{DECLINING}” against that."
    ]


def _money(amount: float, summary: pd.DataFrame) -> str:
    return money(amount, summary.attrs.get("currency", ""))


def _little_summary() -> pd.DataFrame:
    """Ten customers, for the examples."""
    table = pd.DataFrame(
        {"customers": [8, 2], "share_pct": [80.0, 20.0], "revenue": [90.0, 10.0]}, index=[ACTIVE, DORMANT]
    )
    table["revenue_share_pct"] = table["revenue"]
    rhythm = {"gap_days": 9.0, "long_gap_days": 65.0, "period_days": 91.0, "repeat_customers": 9.0}
    table.attrs = {"currency": "EUR", "rhythm": rhythm}
    return table


def _little_crm() -> object:
    """An old customer and ten who bought first in January, for the examples."""
    from crmlib.prepare.crm import Crm

    first = pd.DataFrame({"customer_id": [f"c{i}" for i in range(10)], "ordered_at": "2024-01-05"})
    again = first.head(5).assign(ordered_at="2024-02-05")
    lines = pd.concat([first.head(1).assign(customer_id="old", ordered_at="2023-12-30"), first, again])
    lines = lines.reset_index(drop=True).assign(product_id="tea", net_amount=5.0)
    return Crm.from_frames(as_of="2024-03-15", transactions=lines.assign(order_id=lines.index.astype(str)))
