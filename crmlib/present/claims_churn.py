"""What the report on who stops, or who buys, says: made from the numbers, whichever way they went."""

import numpy as np

from crmlib.analyse.churn_candidates import PLAIN_NAMES
from crmlib.analyse.churn_result import ChurnModel
from crmlib.measure.columns import label_of
from crmlib.measure.indicators import INDICATORS
from crmlib.present.claims_churn_words import (
    FIRST,
    driver_words,
    groups_that_agree,
    outcome_words,
    top_at_risk,
    value_words,
)
from crmlib.present.needs import or_else
from crmlib.present.words import count, date, listing, money, number, percent, plural
from crmlib.schema.states import DORMANT, LOST

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

    Examples
    --------
    >>> from crmlib.present.claims_churn_words import _little_churn
    >>> print(churn_answer(_little_churn())[0].replace("\\u00a0", " "))
    Of 304 customers who bought in the last 48 days and are neither dormant nor lost, about 28 (9.2 %) are expected
    to buy nothing within 48 days.
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

    Examples
    --------
    >>> from crmlib.present.claims_churn_words import _little_churn
    >>> churn_findings(_little_churn())[0].replace("\\u00a0", " ")
    'The 20 % of customers most likely to stop held 67 % of those who did (likely 51 % to 81 %).'
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

    Examples
    --------
    >>> from crmlib.present.claims_churn_words import _little_churn
    >>> comparison_paragraph(_little_churn())[-1][:62]
    'It is not shown to rank customers better than the chance of be'
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

    Examples
    --------
    >>> from crmlib.present.claims_churn_words import _little_churn
    >>> calibration_paragraph(_little_churn())[0].partition(":")[0]
    'Customers were put into groups of like probability'
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

    Examples
    --------
    >>> from crmlib.present.claims_churn_words import _little_churn
    >>> drivers_paragraph(_little_churn())[0]
    'The forecast rests most on days since last order and discount share.'
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

    Examples
    --------
    >>> from crmlib.present.claims_churn_words import _little_churn
    >>> risk_paragraph(_little_churn())[-1][:38]
    'The list holds them in the order of re'
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

    Examples
    --------
    >>> from crmlib.present.claims_churn_words import _little_churn
    >>> len(churn_limits(_little_churn())) >= 3
    True
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
