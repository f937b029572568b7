"""What the report on customer value says of scores and of how unevenly value lies, made from the numbers."""

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.customers.actions import ActionLists
from crmlib.analyse.customers.states import is_late
from crmlib.analyse.lifetime.choice import OWN_RATE, OWN_SPEND, RATE_KINDS
from crmlib.analyse.lifetime.future import STRONG_CORRELATION, FutureContribution, future_contribution
from crmlib.analyse.lifetime.history import FEWEST_CUSTOMERS, Regularity
from crmlib.analyse.lifetime.holdout import HoldoutCheck
from crmlib.analyse.value.pareto import FEWEST, NEARLY_80, ParetoCurve
from crmlib.analyse.value.potential import LOYALTY_WEIGHTS
from crmlib.analyse.value.scorecard import ENOUGH, SHAKE_DRAWS, Scorecard
from crmlib.analyse.value.valuations import LOYALTY_WORDS, credit_by_grade, growth_by_category
from crmlib.analyse.value.weights import OWN_REASONS, SAME, TOPICS, UNKNOWN, topic_lifts
from crmlib.measure.columns import label_of, unit_of
from crmlib.prepare.crm import Crm
from crmlib.present.blocks import Skipped
from crmlib.present.reports.churn.say import likely_gone_sentences
from crmlib.present.words import count, date, days, listing, money, number, percent, plural, quoted, sentence
from crmlib.schema.states import DORMANT, LATE_TIMES, LOST, spoken

# fmt: off
_COUNTED = frozenset({
    "orders", "products", "categories", "departments", "campaigns", "lines", "pieces", "visits", "months",
    "weeks", "cases", "complaints", "interactions", "contacts", "responses", "channels", "stores", "invoices",
    "shops", "opportunities", "events", "views", "clicks", "searches", "times", "downloads", "opinions",
    "requests", "people", "interests", "customers", "days with orders",
})
# fmt: on
_PHRASES = {
    ("spend_total", "high"): "high net spend",
    ("spend_total", "low"): "low net spend",
    ("spend_trend", "high"): "spend trend better than others'",
    ("spend_trend", "low"): "spend trend worse than others'",
    ("recency_days", "low"): "bought lately",
    ("recency_days", "high"): "long without an order",
    ("tenure_days", "high"): "long with us",
    ("tenure_days", "low"): "new with us",
    ("gap_days_mean", "low"): "orders close together",
    ("gap_days_mean", "high"): "orders far apart",
    ("gap_days_variation", "low"): "buys regularly",
    ("gap_days_variation", "high"): "buys irregularly",
    ("gap_overdue_ratio", "low"): "silent for less of the usual gap than others",
    ("gap_overdue_ratio", "high"): "silent for more of the usual gap than others",
    ("basket_value_mean", "high"): "large orders",
    ("basket_value_mean", "low"): "small orders",
    ("campaign_response_rate_pct", "high"): "answers campaigns",
    ("campaign_response_rate_pct", "low"): "seldom answers campaigns",
    ("discount_share_pct", "low"): "little discount",
    ("discount_share_pct", "high"): "much discount",
    ("return_rate_pct", "low"): "few returns",
    ("return_rate_pct", "high"): "many returns",
}


def reason_words(pairs: Iterable[tuple[str, str]]) -> str:
    """The reasons of a score, as a salesperson would say them."""
    return ", ".join(_PHRASES.get((name, way)) or _phrase(name, way) for name, way in pairs)


def _phrase(name: str, way: str) -> str:
    said = label_of(name).lower()
    if said.startswith("days ") or unit_of(name) in _COUNTED:
        return f"{'many' if way == 'high' else 'few'} {said}"
    return f"{way} {said}"


def topic_word(scorecard: Scorecard, topic: str) -> str:
    """A topic of the score as it stands in a sentence."""
    return label_of(topic).lower() if topic in scorecard.weights.index else topic


def worth_answer(pareto: ParetoCurve, scorecard: Scorecard) -> list[str]:
    """Whether 80/20 is true here, and how far the score of the best can be relied on.

    Parameters
    ----------
    pareto : ParetoCurve
    scorecard : Scorecard

    Returns
    -------
    list of str
    """
    if pareto.curve.empty:
        return [_no_value(pareto)]
    said = [_eighty_twenty(pareto)]
    half = percent(pareto.half_of_value_customers_pct)
    said.append(f"Half of all {measure_word(pareto)} comes from {half} of customers.")
    stable = scorecard.rank_stability.set_index("shake_pct")["kept_share_pct"]
    if len(stable):
        said.append(
            f"A value score of {count(_used(scorecard), 'figure')} names the best; with all weights moved by "
            f"up to {percent(25)}, {percent(stable[25.0])} of the best fifth stay in it."
        )
    return said


def pareto_paragraph(pareto: ParetoCurve) -> list[str]:
    """What the curve and the classes mean, and what was done with those who bring nothing.

    Parameters
    ----------
    pareto : ParetoCurve

    Returns
    -------
    list of str
    """
    if pareto.curve.empty:
        return [_no_value(pareto)]
    a, bring = pareto.class_table.loc["A"], pareto.class_table.query("customers > 0")["value_share_pct"]
    parts = [
        f"{'they bring' if name == 'A' else f'class {name}'} {percent(bring[name])}" for name in bring.index
    ]
    said = [
        f"If all brought the same, the curve would be the straight line; concentration is "
        f"{_gini(pareto.gini[0])} on a scale from 0 (all alike) to 1 (one brings all), likely "
        f"{_gini(pareto.gini[1])} to {_gini(pareto.gini[2])}.",
        f"Class A is {count(int(a['customers']), 'customer')} ({percent(a['customers_share_pct'])}, likely "
        f"{percent(a['low'])} to {percent(a['high'])}), those it takes for the first {percent(80)}: "
        f"{listing(parts)}.",
    ]
    if pareto.negative_customers:
        verb = plural(pareto.negative_customers, "has", "have")
        said.append(
            f"{sentence(count(pareto.negative_customers, 'customer'))[:-1]} {verb} sent back more than was "
            f"bought, {_amount(-pareto.negative_total, pareto)} in all; on the curve they bring 0, and are in class C."
        )
    if pareto.without_value:
        verb = plural(pareto.without_value, "brings", "bring")
        said.append(f"{sentence(count(pareto.without_value, 'customer'))[:-1]} {verb} exactly 0.")
    return said


def scorecard_paragraph(scorecard: Scorecard) -> list[str]:
    """How to read the score, what counts most in it, and what lifts the best.

    Parameters
    ----------
    scorecard : Scorecard

    Returns
    -------
    list of str
    """
    used = scorecard.weights[scorecard.weights["used"]]
    if used.empty:
        return ["Customers cannot be scored: no figure tells them apart."]
    said = [
        f"Each of {count(len(used), 'figure')} is turned into a score from 0 to 100, the share of customers "
        "that a customer leaves behind; the value score is their weighted mean, and 50 is an average customer."
    ]
    heavy = used.groupby("topic")["weight"].sum().sort_values(ascending=False, kind="stable")
    named = [f"{topic_word(scorecard, topic)} ({percent(weight)})" for topic, weight in heavy.head(3).items()]
    said.append(f"{'Most weight have' if len(heavy) > 1 else 'All weight has'} {listing(named)}.")
    if len(heavy) < len(used):
        said.append("Figures that say nearly the same share one weight, so that none counts several times.")
    best = topic_lifts(scorecard)
    if len(best) and best["mean"].iloc[0] > 0:
        lead = [topic_word(scorecard, topic) for topic in best.index[best["mean"] > 0][:2]]
        said.append(f"The best fifth owe most of their lead to {listing(lead)}.")
    thin = int((scorecard.coverage < ENOUGH).sum())
    if thin:
        said.append(
            f"{sentence(count(thin, 'customer'))[:-1]} {plural(thin, 'has', 'have')} less than half of the "
            f"weight known and {plural(thin, 'is', 'are')} not among the listed."
        )
    return said


def stability_paragraph(scorecard: Scorecard) -> list[str]:
    """What becomes of the best customers when the weights are moved.

    Parameters
    ----------
    scorecard : Scorecard

    Returns
    -------
    list of str
    """
    table = scorecard.rank_stability
    if table.empty:
        return ["No score could be made, so there is nothing to try."]
    mild, wild = table.iloc[0], table.iloc[-1]
    said = [
        f"Weights are a judgement, so each was moved at random {number(SHAKE_DRAWS)} times: by up to "
        f"{percent(mild['shake_pct'])}, {percent(mild['kept_share_pct'])} of the best fifth stay in it; by up "
        f"to {percent(wild['shake_pct'])}, {percent(wild['kept_share_pct'])} (nearly always "
        f"{percent(wild['low'])} to {percent(wild['high'])})."
    ]
    if wild["low"] >= 80:
        said.append("Who the best are does not hang on the exact weights.")
    elif wild["low"] >= 60:
        said.append(
            "Most of the best are so under nearly all weights tried; near the border, the weights decide."
        )
    else:
        said.append("The weights decide who is among the best: agree on them before acting on the list.")
    return said


def catalogue_paragraph(indicators: pd.DataFrame) -> list[str]:
    """How many figures there are of a customer, and what would bring the others.

    Parameters
    ----------
    indicators : DataFrame indexed by customer_id
        As `crmlib.compute_indicators` makes it.

    Returns
    -------
    list of str

    Examples
    --------
    >>> known = pd.DataFrame({"order_count": [1], "spend_total": [2.0]})
    >>> known.attrs["left_out"] = {"margin_total": "transactions has no column cost_amount. Map it."}
    >>> for said in catalogue_paragraph(known):
    ...     print(said.replace("\u00a0", " "))
    Of 3 figures of each customer, 2 are known here.
    The other waits for a table or a column, which the list names: 1 for “transactions”.
    """
    left = indicators.attrs.get("left_out", {})
    total, known = len(left) + indicators.shape[1], indicators.shape[1]
    said = [f"Of {count(total, 'figure')} of each customer, {number(known)} are known here."]
    wanted = pd.Series([_wanted_table(reason) for reason in left.values()], dtype="str").value_counts()
    wanted = wanted[wanted.index != ""]
    if len(wanted):
        parts = listing([f"{number(n)} for “{name}”" for name, n in wanted.head(4).items()])
        who = plural(len(left), "The other waits", "The others wait")
        said.append(f"{who} for a table or a column, which the list names: {parts}.")
    return said


def _wanted_table(reason: str) -> str:
    found = re.search(r"(?:no table (\w+))|(?:^(\w+) has no column)", reason)
    return (found[1] or found[2]).lower() if found else ""


def worth_limits(pareto: ParetoCurve, scorecard: Scorecard) -> list[str]:
    """What score and curve cannot say.

    Parameters
    ----------
    pareto : ParetoCurve
    scorecard : Scorecard

    Returns
    -------
    list of str
    """
    said = [
        "A score compares customers with each other: if all get better, nobody's score rises.",
        "Curve and score tell what customers have brought so far, not what they will bring.",
    ]
    if 0 < pareto.customers < FEWEST:
        said.append(
            f"With {count(pareto.customers, 'customer')}, shares are left too much to chance to judge 80/20."
        )
    if pareto.missing:
        said.append(
            f"{sentence(count(pareto.missing, 'customer'))[:-1]} without a known value "
            f"{plural(pareto.missing, 'is', 'are')} not on the curve."
        )
    useless = scorecard.left_out.isin([SAME, UNKNOWN])
    if useless.any():
        names = [label_of(name).lower() for name in scorecard.left_out.index[useless]]
        said.append(
            f"Left aside, because they do not tell customers apart here: {listing(names, limit=5, noun='figure')}."
        )
    missing = _missing_topics(scorecard)
    if missing:
        said.append(f"Not known here, and so not in the score: {listing(missing, limit=6, noun='topic')}.")
    known = 100 * float(scorecard.coverage.mean()) if _used(scorecard) else 100.0
    if known < 99.5:
        said.append(
            f"Of the weight, {percent(known)} is known for a customer on average; what is not known neither "
            "raises nor lowers a score."
        )
    return said


def measure_word(pareto: ParetoCurve) -> str:
    """What the value is, as it stands in a sentence."""
    return label_of(pareto.measure).lower()


def _missing_topics(scorecard: Scorecard) -> list[str]:
    """Topics that would count if the data for them were there."""
    weights = scorecard.weights
    known = set(weights.loc[weights["used"], "topic"])
    wanted = weights[weights["better"].isin(["higher", "lower"]) & ~weights["used"]]
    wanted = wanted[~wanted["reason"].isin(OWN_REASONS) & ~wanted["topic"].isin(known)]
    points = {topic.name: topic.points for topic in TOPICS}
    named = [topic for topic in dict.fromkeys(wanted["topic"]) if points.get(topic, 1.0) > 0]
    named.sort(key=lambda topic: -points.get(topic, 1.0))
    return [topic_word(scorecard, topic) for topic in named]


def _eighty_twenty(pareto: ParetoCurve) -> str:
    share, low, high = pareto.top20_share_pct
    verdict = {
        "yes": "80/20 is true here",
        "no": "80/20 is not true here",
        "uncertain": "whether 80/20 is true here cannot be told",
    }[pareto.says_80_20]
    if pareto.says_80_20 == "yes" and low > 100 - (100 - NEARLY_80) / 2:
        verdict = "value is even less evenly spread than 80/20"
    return (
        f"The top {percent(20)} of {count(pareto.customers, 'customer')} bring {percent(share)} of "
        f"{measure_word(pareto)} (likely {percent(low)} to {percent(high)}): {verdict}."
    )


def _no_value(pareto: ParetoCurve) -> str:
    if not pareto.customers:
        return f"Of no customer {measure_word(pareto)} is known."
    return f"No customer brings {measure_word(pareto)} above 0, so there is nothing to share out."


def _gini(value: float) -> str:
    return f"{value:.2f}"


def _amount(value: float, pareto: ParetoCurve) -> str:
    return money(value, unit_of(pareto.measure, pareto.currency))


def _used(scorecard: Scorecard) -> int:
    return int(scorecard.weights["used"].sum())


def _little_worth() -> tuple[ParetoCurve, Scorecard]:
    """Sixty customers, for the examples."""
    import numpy as np

    from crmlib.analyse.value.pareto import customer_value, pareto
    from crmlib.analyse.value.scorecard import value_scorecard

    draw = np.random.default_rng(0)
    orders = draw.geometric(0.2, 60)
    figures = pd.DataFrame(
        {
            "spend_total": (orders * draw.gamma(2.0, 4.0, 60)).round(2),
            "order_count": orders,
            "recency_days": draw.integers(0, 300, 60),
        }
    )
    figures.attrs = {"currency": "EUR"}
    return pareto(customer_value(figures)), value_scorecard(figures)


_WANTED = {
    "credit_grade": "credit",
    "growth_potential": "growth potential",
    "profit_365d": "profitability",
    "future_contribution": "future contribution",
}
FALLING = 0.2
"""From so much decay on, a customer's activity counts as falling."""


def valuations_findings(valuations: pd.DataFrame, lists: ActionLists) -> list[str]:
    """The one to three sentences that the index repeats: whom to keep, to win back, to develop.

    Parameters
    ----------
    valuations : DataFrame
    lists : ActionLists

    Returns
    -------
    list of str
    """
    currency, said = lists.currency, []
    late = _late(lists.keep)
    if late:
        stake = money(lists.keep.loc[is_late(lists.keep["gap_overdue_ratio"]), "spend_365d"].sum(), currency)
        said.append(
            f"{_of(late, len(lists.keep))} on the list to keep {plural(late, 'has', 'have')} not bought for "
            f"{spoken(LATE_TIMES)} the usual gap or longer; they spent {stake} in the last year."
        )
    n = lists.candidates["win_back"]
    if n:
        said.append(
            f"{count(n, 'customer')} {plural(n, 'is', 'are')} {DORMANT} or {LOST} and once brought at least as much a "
            "year as the median customer; at their former pace they spent "
            f"{money(lists.at_stake['win_back'], currency)} a year."
        )
    if "growth_potential" in valuations and lists.candidates["develop"]:
        n = lists.candidates["develop"]
        said.append(
            f"{count(n, 'customer')} who {plural(n, 'buys', 'buy')} as usual could be developed: up to "
            f"{money(lists.at_stake['develop'], currency)} a year, if each bought what a quarter of "
            "comparable customers do."
        )
    return said


def loyalty_paragraph(valuations: pd.DataFrame) -> list[str]:
    """How loyal customers are, and how that is told.

    Parameters
    ----------
    valuations : DataFrame

    Returns
    -------
    list of str
    """
    score = valuations["loyalty_score"].dropna() if "loyalty_score" in valuations else pd.Series()
    if score.empty:
        return ["Loyalty cannot be told yet: no customer has had time for a second purchase."]
    parts = [
        f"{LOYALTY_WORDS[name].lower()} {percent(100 * weight)}"
        for name, weight in LOYALTY_WEIGHTS.items()
        if name != "breadth" or "category_share_pct" in valuations
    ]
    said = [
        f"The median customer scores {number(round(score.median()))} of 100 for loyalty.",
        f"The score is the mean of marks from 0 to 100, which count: {listing(parts)}.",
    ]
    kept = valuations["cadence_kept_pct"].dropna()
    if len(kept):
        said.append(
            "A purchase is due when the customer's own usual gap has passed; half of the customers made at "
            f"least {percent(kept.median())} of those that were due."
        )
    falling, rising = (int((sign * valuations["loyalty_decay"] >= FALLING).sum()) for sign in (1, -1))
    judged = int(valuations["loyalty_decay"].notna().sum())
    if judged:
        said.append(
            f"{_of(falling, judged)} with a second purchase came less often in the recent half of their time than "
            f"in the earlier one, {number(rising) if rising else 'none'} more often; by chance alone there would "
            "be about as many of either."
        )
    return said


def growth_paragraph(valuations: pd.DataFrame) -> list[str]:
    """Where customers could buy more, and how far that figure can be taken.

    Parameters
    ----------
    valuations : DataFrame

    Returns
    -------
    list of str
    """
    if "growth_potential" not in valuations:
        return [_not_known("What else customers could buy", valuations, "growth_potential")]
    currency, potential = valuations.attrs.get("currency", ""), valuations["growth_potential"]
    table, some = growth_by_category(valuations), int((potential > 0).sum())
    if not some:
        return [
            "No room to grow can be seen: nobody who spends less in all than a quarter of comparable customers do "
            "leaves out a category that more than a quarter of those buy."
        ]
    spent = valuations.loc[potential.notna(), "spend_365d"].sum()
    share = (
        f", {percent(100 * potential.sum() / spent)} of what was spent in the last year" if spent > 0 else ""
    )
    first = table.iloc[0]
    return [
        f"{count(some, 'customer')} could spend up to {money(potential.sum(), currency)} more a year{share}.",
        "It counts categories of which a customer buys little or nothing while more than a quarter of comparable "
        "customers buy them, and stops where the customer would spend more in all than a quarter of those do.",
        f"For {count(first['customers'], 'customer')} most of the room is in {quoted(table.index[0])}, "
        f"{money(first['amount'], currency)} a year.",
        *_elsewhere(table["amount"].sum(), potential.sum(), currency),
        "This is room, not a forecast: it says what others do, not what these customers will.",
        *([valuations.attrs["notes"]["growth"]] if "growth" in valuations.attrs.get("notes", {}) else []),
    ]


def credit_paragraph(valuations: pd.DataFrame) -> list[str]:
    """How customers pay, and how the grade is made.

    Parameters
    ----------
    valuations : DataFrame

    Returns
    -------
    list of str
    """
    table = credit_by_grade(valuations)
    if "credit_grade" not in valuations:
        return [_not_known("How customers pay", valuations, "credit_grade")]
    if table.empty:
        return ["No invoice has been paid or fallen due yet, so nobody can be graded."]
    currency, graded = valuations.attrs.get("currency", ""), int(table["customers"].sum())
    poor = table.loc[["D", "E"]].sum()
    said = [
        f"{_of(int(poor['customers']), graded)} {plural(poor['customers'], 'has', 'have')} grade D or E.",
    ]
    overdue = table["overdue_amount"].sum()
    if overdue > 0:
        said.append(
            f"{money(overdue, currency)} is overdue, {percent(100 * overdue / valuations['open_amount'].sum())} of "
            f"what is open; {percent(100 * poor['overdue_amount'] / overdue)} of it is owed by those with D or E."
        )
    said.append(
        "The grade is set by the worst of four figures: how often an invoice is late, how many days on average, how "
        "long the oldest open one is overdue, and how much of the credit limit is used."
    )
    return [
        *said,
        *([valuations.attrs["notes"]["credit"]] if "credit" in valuations.attrs.get("notes", {}) else []),
    ]


def profit_paragraph(valuations: pd.DataFrame) -> list[str]:
    """Who brings the profit, and who costs more than they bring.

    Parameters
    ----------
    valuations : DataFrame

    Returns
    -------
    list of str
    """
    if "profit_365d" not in valuations:
        return [_not_known("What customers earn us", valuations, "profit_365d")]
    profit, currency = valuations["profit_365d"].dropna(), valuations.attrs.get("currency", "")
    bad = profit[profit < 0]
    said = [
        f"In the last year customers left a profit of {money(profit.sum(), currency)} after cost to serve."
    ]
    if profit.sum() < 0:
        said = [f"In the last year customers cost {money(-profit.sum(), currency)} more than they brought."]
    elif len(profit):
        top = profit.nlargest(-(-len(profit) // 5)).sum()
        if 0 < top <= profit.sum():
            share = percent(100 * top / profit.sum())
            said.append(f"The most profitable fifth of customers brings {share} of it.")
        elif top > profit.sum():
            said.append(
                f"The most profitable fifth alone brought {money(top, currency)}; others cost part of it again."
            )
    if len(bad):
        said.append(
            f"{count(len(bad), 'customer')} cost more than they brought, {money(-bad.sum(), currency)} together."
            if len(bad) > 1
            else f"1 customer cost {money(-bad.sum(), currency)} more than they brought."
        )
    return [*said, *([valuations.attrs["notes"]["profitability"]] if "profitability" in
                     valuations.attrs.get("notes", {}) else [])]  # fmt: skip


def actions_paragraph(lists: ActionLists) -> list[str]:
    """How the three lists were made, and how long they are.

    Parameters
    ----------
    lists : ActionLists

    Returns
    -------
    list of str
    """
    said = []
    for name, words in (("keep", "To keep"), ("develop", "To develop"), ("win_back", "To win back")):
        if name in lists.left_out:
            said.append(f"{words}: nobody. {lists.left_out[name]}")
            continue
        basis = lists.basis[name]
        shown, every = len(getattr(lists, name)), lists.candidates[name]
        cut = f" The list holds the first {number(shown)} of {number(every)}." if shown < every else ""
        said.append(f"{words}: {basis[:1].lower()}{basis[1:]}{cut}")
    said.append("Nobody is on two lists. Each line says why, in figures, and what to do first.")
    return said


def valuations_limits(valuations: pd.DataFrame) -> list[str]:
    """What the valuations cannot say.

    Parameters
    ----------
    valuations : DataFrame

    Returns
    -------
    list of str
    """
    limits = [
        "Loyalty is what customers did, not what they feel; a shop that closes, or a season, looks like disloyalty.",
        "Tenure begins with the first purchase in these data; who came before them looks newer than they are.",
    ]
    if "growth_potential" in valuations:
        limits.append(
            "Growth potential compares customers with their peers; who has reason to differ from them (a small "
            "family, another supplier by contract) has less room than shown, and who came less than a year ago "
            "looks as if they had more."
        )
    if "credit_grade" in valuations:
        limits.append("An invoice is an order; part payments and reminders sent are not known.")
    if "profit_365d" in valuations:
        limits.append(
            "Profit counts the costs that are recorded; rent, wages and overheads that no record ties to a customer "
            "are not in it."
        )
    left_out = valuations.attrs.get("left_out", {})
    missing = [what for name, what in _WANTED.items() if name in left_out]
    if missing:
        words = listing([missing[0].capitalize(), *missing[1:]])
        limits.append(
            f"{words} {plural(len(missing), 'is', 'are')} not known here; the list of what could not be valued says "
            "what would bring it."
        )
    return limits


def valued(valuations: pd.DataFrame, name: str) -> pd.DataFrame | Skipped:
    """The valuations, or `Skipped` where nobody has a value of a column: then there is nothing to draw.

    Parameters
    ----------
    valuations : DataFrame
    name : column

    Returns
    -------
    DataFrame or Skipped

    Examples
    --------
    >>> valued(pd.DataFrame({"credit_grade": [None]}), "credit_grade").reason
    'It could not be computed.'
    """
    if name in valuations and valuations[name].notna().any():
        return valuations
    return Skipped(valuations.attrs.get("left_out", {}).get(name, "It could not be computed."))


def _elsewhere(drawn: float, whole: float, currency: str) -> list[str]:
    """What of the room lies outside the one category of each customer that the picture counts."""
    if drawn >= 0.95 * whole:
        return []
    return [
        f"The picture counts of each customer only the category with most room, {money(drawn, currency)} together; "
        f"the other {money(whole - drawn, currency)} lies in further categories."
    ]


def _late(table: pd.DataFrame) -> int:
    return int(is_late(table["gap_overdue_ratio"]).sum()) if "gap_overdue_ratio" in table else 0


def _of(some: int, every: int) -> str:
    if not some:
        return f"Not one of {count(every, 'customer')}"
    return f"{number(some)} of {count(every, 'customer')}"


def _not_known(what: str, valuations: pd.DataFrame, name: str) -> str:
    reason = valuations.attrs.get("left_out", {}).get(name, "It could not be computed.")
    return f"{what} is not known. {reason[:1].upper()}{reason[1:]}"


def _little_crm() -> Any:
    """Two customers of a tea shop, for the examples."""
    from crmlib.prepare.crm import Crm

    days = {
        "ann": ["2024-01-01", "2024-01-11", "2024-01-21"],
        "bob": ["2023-01-01", "2023-01-31", "2023-03-02"],
    }
    rows = [(who, day) for who, when in days.items() for day in when]
    lines = pd.DataFrame(rows, columns=["customer_id", "ordered_at"]).assign(
        product_id="tea", net_amount=50.0
    )
    lines["order_id"] = lines.index.astype("str")
    return Crm.from_frames(as_of="2024-02-20", currency="EUR", transactions=lines)


def _little_valuations() -> pd.DataFrame:
    from types import SimpleNamespace

    from crmlib.analyse.value.valuations import customer_valuations

    alive = pd.DataFrame({"probability_alive": [0.6, 0.1]}, index=["ann", "bob"])
    return customer_valuations(_little_crm(), future=SimpleNamespace(table=alive))


def _little_lists() -> ActionLists:
    from crmlib.analyse.customers.actions import action_lists

    return action_lists(_little_crm(), valuations=_little_valuations())


@cache
def _little_future() -> FutureContribution:
    """Two hundred customers who buy at random and now and then leave, for the examples."""
    draw = np.random.default_rng(4)
    rate, lives = draw.gamma(1.2, 1 / 25, 200), draw.exponential(250, 200)
    begin = draw.integers(0, 60, 200)
    seen = np.minimum(lives, 190 - begin)
    times = draw.poisson(rate * seen)
    who = np.concatenate([np.arange(200), np.repeat(np.arange(200), times)])
    at = np.concatenate([begin, begin[who[200:]] + (draw.random(times.sum()) * seen[who[200:]]).astype(int)])
    lines = pd.DataFrame({"customer_id": who.astype(str), "order_id": np.arange(len(who)).astype(str)})
    lines = lines.assign(
        product_id="tea",
        net_amount=draw.gamma(4, 5, len(who)).round(2) + 1,
        ordered_at=pd.Timestamp("2024-01-01") + pd.to_timedelta(at, unit="D"),
    )
    crm = Crm.from_frames(as_of="2024-07-08", currency="EUR", transactions=lines)
    return future_contribution(crm, horizon_days=90, margin_pct=40)


_HOW = {
    RATE_KINDS["shrunk"]: "each customer goes on at the own rate evened out towards that of all",
    RATE_KINDS["own"]: "each customer goes on at the own rate",
    RATE_KINDS["mean"]: "everyone buys like the average customer",
    RATE_KINDS["last period"]: "the last stretch of equal length repeats",
}


def future_answer(future: FutureContribution) -> list[str]:
    """How much is expected, from how many, and whether to trust it.

    Parameters
    ----------
    future : FutureContribution

    Returns
    -------
    list of str
    """
    known = future.table.dropna(subset=["expected_purchases"])
    purchases, value = known["expected_purchases"].sum(), known["future_contribution"].sum(min_count=1)
    buyers = count(len(known), "customer")
    said = [
        f"Within {days(future.horizon_days)} {buyers} {plural(len(known), 'is', 'are')} expected to make "
        f"{_purchases(purchases)}"
        f"{f' and to bring {money(value, future.currency)} of {_what(future)}' if pd.notna(value) else ''}."
    ]
    return [*said, _trust(future)]


def future_findings(future: FutureContribution, stages: pd.Series | None = None) -> list[str]:
    """What to know first: who matters, who may have stopped, how well it was known before.

    Parameters
    ----------
    future : FutureContribution
    stages : Series customer_id -> state, optional
        As `lifecycle_stages` makes it. Who may have stopped is said only of those who buy by their state, and
        not at all where no states are given.

    Returns
    -------
    list of str
    """
    said = []
    share = _top_share(future)
    if np.isfinite(share):
        said.append(
            f"The best tenth of customers is expected to bring {percent(share)} of the {_what(future)} of the next "
            f"{days(future.horizon_days)}."
        )
    if stages is not None:
        said.extend(likely_gone_sentences(future.table["probability_alive"], stages))
    if future.holdout is not None:
        said.append(_tested(future.holdout, future.holdout.used))
    return said


def future_paragraph(future: FutureContribution) -> list[str]:
    """How the figures of purchases and of money are made.

    Parameters
    ----------
    future : FutureContribution

    Returns
    -------
    list of str
    """
    spend = {
        "": "Nobody has bought again, so nothing is known of what a purchase brings.",
        OWN_SPEND: "What a purchase brings could not be fitted; it is the customer's own mean so far, drawn towards "
        "that of all.",
    }.get(
        future.spend.name,
        "What a purchase brings is the customer's own mean so far, drawn towards that of all the more, the fewer "
        "purchases there are.",
    )
    return [_how(future), spend, *_correlation(future), _money_of_today(future)]


def holdout_paragraph(future: FutureContribution | HoldoutCheck) -> list[str]:
    """Whether such a prediction would have been right before.

    Parameters
    ----------
    future : FutureContribution or HoldoutCheck

    Returns
    -------
    list of str
    """
    check = future if isinstance(future, HoldoutCheck) else future.holdout
    if check is None:
        return [future.holdout_missing]
    row = check.total(check.chosen)
    said = [_tested(check, check.chosen)]
    if np.isfinite(row["error_low"]):
        said.append(
            f"Other customers of the same kind would have put this error between {_signed(row['error_low'])} and "
            f"{_signed(row['error_high'])}."
        )
    off = check.cumulative_error_pct
    if row["kind"] == "model" and np.isfinite(off):
        last = check.cumulative.iloc[-1]
        said.append(
            f"Counted from the first day on, {_purchases(last['expected'], 'repeat purchase')} were to be expected "
            f"and {number(last['actual'])} had come by {date(check.holdout_end)}: an error of {_signed(off)}. "
            f"The test above, with an error of {_signed(row['error_pct'])}, counts only what was not known yet."
        )
    said.append(_against_guesses(check))
    return [*said, *_revenue_tested(future)]


def regularity_paragraph(future: FutureContribution | Regularity) -> list[str]:
    """Whether customers buy at random moments, and what that means for the figures.

    Parameters
    ----------
    future : FutureContribution or Regularity

    Returns
    -------
    list of str
    """
    found = future if isinstance(future, Regularity) else future.regularity
    if found.verdict == "unknown":
        return ["Too few customers have bought three times to say whether they buy regularly or at random."]
    size = (
        f"regularity is {number(found.shape)} ({number(found.low)} to {number(found.high)}), where 1 is at random "
        "and 2 clearly regular"
    )
    said = {
        "random": [
            f"Customers buy at random moments: {size}. That is what the expectation takes for granted."
        ],
        "bursts": [
            f"Customers buy {_how_unevenly(found.shape)} than at random, in bursts with pauses between: {size}.",
            "So a long silence says less about who has left than the probability of still buying has it.",
        ],
        "regular": [
            f"Customers buy {_how_regularly(found.shape)} than at random: {size}.",
            "The probability of still buying takes purchases for random, so it sees late that a regular buyer "
            "has stopped; silence against the customer's usual gap sees it sooner.",
        ],
    }[found.verdict]
    who = f"{percent(found.measured_share_pct)} of customers bought often enough to be measured."
    if found.judged_customers >= FEWEST_CUSTOMERS:
        who += (
            f" Of the {count(found.judged_customers, 'customer')} with many purchases, "
            f"{percent(found.regular_share_pct)} are regular by themselves; chance alone would make it "
            f"{percent(5)}."
        )
    return [*said, who]


def future_limits(future: FutureContribution) -> list[str]:
    """What these figures cannot say.

    Parameters
    ----------
    future : FutureContribution

    Returns
    -------
    list of str
    """
    limits = [future.holdout_missing] if future.holdout is None else []
    if future.holdout is not None and future.holdout.holdout_days < future.horizon_days:
        limits.append(
            f"The test reaches {days(future.holdout.holdout_days)} ahead, the figures {days(future.horizon_days)}: "
            "beyond the test nothing was checked."
        )
    if future.holdout is not None and future.holdout.beats_baselines != "yes":
        limits.append(_against_guesses(future.holdout))
    if future.method in _HOW and future.fit.name != OWN_RATE:
        limits.append(
            "The probability of still buying is that of the model that lost: the plain guess does not say who has "
            "stopped."
        )
    if future.is_revenue:
        limits.append("The cost of the goods is not known: what customers bring is revenue, not margin.")
    else:
        limits.append("One margin is taken for all customers; what each of them buys may bring more or less.")
    if future.fit.name == OWN_RATE:
        limits.append("Who has stopped buying is not told apart from who is only between two purchases.")
    nobody = int(future.table["expected_purchases"].isna().sum())
    if nobody:
        limits.append(
            f"{_capital(count(nobody, 'customer'))} without a purchase {plural(nobody, 'has', 'have')} no figure: "
            "there is nothing to go by."
        )
    limits.append(
        "Seasons, campaigns and prices to come are not in the figures: they carry on what was, on average."
    )
    limits.append("Who bought before these data begin counts as new at the first purchase seen.")
    return limits


def _what(future: FutureContribution) -> str:
    return "revenue" if future.is_revenue else "margin"


def _purchases(n: float, noun: str = "purchase") -> str:
    return count(round(float(n)) if n >= 10 else round(float(n), 1), noun)


def _signed(pct: float) -> str:
    return f"{'+' if pct > 0 else ''}{percent(pct)}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _top_share(future: FutureContribution) -> float:
    value = future.table["future_contribution"].dropna().sort_values(ascending=False, kind="stable")
    if len(value) < 10 or value.sum() <= 0:
        return float("nan")
    return float(100 * value.head(-(-len(value) // 10)).sum() / value.sum())


def _trust(future: FutureContribution) -> str:
    check = future.holdout
    if check is None:
        return "The history is too short to put the figures to the test."
    return _tested(check, check.used)


def _tested(check: HoldoutCheck, name: str) -> str:
    row = check.total(name)
    found = (
        f"Put to the test: what was known on {date(check.calibration_end)} gave {_purchases(row['predicted'])} for the "
        f"{days(check.holdout_days)} after, and {number(row['actual'])} came"
    )
    if not np.isfinite(row["error_pct"]):
        return f"{found}."
    if abs(row["error_pct"]) < 0.05:
        return f"{found}, as many as expected."
    return f"{found}, an error of {_signed(row['error_pct'])}."


def _against_guesses(check: HoldoutCheck) -> str:
    if check.total(check.chosen)["kind"] == "baseline":
        best = (
            f" The one that {_HOW[check.best_baseline]} was nearest, and that is more than chance: the purchases "
            "expected follow it."
        )
        return (
            "No model of buying and leaving could be fitted to what was known, so only plain guesses were "
            f"tested.{best if check.beats_baselines == 'no' else ''}"
        )
    if check.beats_baselines == "yes":
        return (
            "Customer by customer the model was nearer than every plain guess, and that is more than chance."
        )
    if check.beats_baselines == "no":
        return (
            f"Customer by customer the model lost: the plain guess that {_HOW[check.best_baseline]} was nearer, and "
            "that is more than chance. The purchases expected follow that guess."
        )
    level = check.differences.loc[check.differences["verdict"] != "better", "baseline"]
    guesses = [f"that {_HOW[name]}" for name in level]
    return (
        f"Customer by customer the model cannot be told apart from the plain {plural(len(guesses), 'guess')} "
        f"{listing(guesses)}: the difference is within chance."
    )


def _revenue_tested(future: Any) -> list[str]:
    found = getattr(future, "spend_check", None)
    if not found or not np.isfinite(found["error_pct"]):
        return []
    return [
        f"Of revenue, {money(found['expected'], future.currency)} was expected in that time and "
        f"{money(found['actual'], future.currency)} came, an error of {_signed(found['error_pct'])}."
    ]


def _how(future: FutureContribution) -> str:
    if future.method in _HOW and future.holdout is not None:
        return (
            f"The purchases expected take it that {_HOW[future.method]}: in the test this was nearer than the model "
            "of buying and leaving."
            if future.fit.name != OWN_RATE
            else f"The purchases expected take it that {_HOW[future.method]}: of the plain guesses it was nearest in "
            "the test, and no model of buying and leaving fits these customers."
        )
    if future.method == OWN_RATE:
        return (
            "No model of buying and leaving fits these customers, so the purchases expected take it that "
            f"{_HOW[RATE_KINDS['shrunk']]}."
        )
    return (
        "The purchases expected come from a model in which each customer buys at an own rate and may stop one day; "
        "both are read from how often and how lately somebody bought."
    )


def _correlation(future: FutureContribution) -> list[str]:
    spend = future.spend
    if not np.isfinite(spend.correlation):
        return []
    shown = (
        f"correlation {number(round(spend.correlation, 2))}, "
        f"{number(round(spend.correlation_low, 2))} to {number(round(spend.correlation_high, 2))}"
    )
    if abs(spend.correlation) < STRONG_CORRELATION:
        return [
            f"How often and how much somebody buys are taken for unrelated, which nearly holds here ({shown})."
        ]
    way = "more" if spend.correlation > 0 else "less"
    return [
        "How often and how much somebody buys are taken for unrelated, which does not hold here: who buys often "
        f"spends {way} each time ({shown})."
    ]


def _money_of_today(future: FutureContribution) -> str:
    later = 100 * (1 - 1 / (1 + future.discount_rate))
    waits = (
        f"a year later, an amount counts {percent(later)} less"
        if later
        else "no discount is taken for waiting"
    )
    if future.margin_source == "unknown":
        return f"No cost is known, so all amounts are revenue, not margin; {waits}."
    where = (
        "was given"
        if future.margin_source == "given"
        else "is that of all lines of the last year with a known cost"
    )
    return f"The margin of {percent(future.margin_pct)} {where}; {waits}."


def _how_unevenly(shape: float) -> str:
    return "a little less evenly" if shape > 0.8 else "less evenly" if shape > 0.5 else "far less evenly"


def _how_regularly(shape: float) -> str:
    return (
        "a little more regularly"
        if shape < 1.5
        else "more regularly"
        if shape < 2.5
        else "far more regularly"
    )
