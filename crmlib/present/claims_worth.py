"""What the report on customer value says of scores and of how unevenly value lies, made from the numbers."""

import re

import pandas as pd

from crmlib.analyse.pareto import FEWEST, NEARLY_80, ParetoCurve
from crmlib.analyse.scorecard import ENOUGH, Scorecard
from crmlib.analyse.scorecard_ranks import OWN_REASONS, SAME, UNKNOWN
from crmlib.analyse.scorecard_reasons import topic_lifts
from crmlib.analyse.scorecard_stability import SHAKE_DRAWS
from crmlib.analyse.scorecard_weights import TOPICS
from crmlib.measure.columns import label_of, unit_of
from crmlib.present.claims_worth_reasons import topic_word
from crmlib.present.words import count, listing, money, number, percent, plural, sentence


def worth_answer(pareto: ParetoCurve, scorecard: Scorecard) -> list[str]:
    """Whether 80/20 is true here, and how far the score of the best can be relied on.

    Parameters
    ----------
    pareto : ParetoCurve
    scorecard : Scorecard

    Returns
    -------
    list of str

    Examples
    --------
    >>> worth_answer(*_little_worth())[0].replace("\u00a0", " ")
    'The top 20 % of 60 customers bring 56 % of net spend (likely 47 % to 63 %): 80/20 is not true here.'
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

    Examples
    --------
    >>> pareto_paragraph(_little_worth()[0])[1].replace("\u00a0", " ")
    'Class A is 25 customers (42 %, likely 36 % to 49 %), those it takes for the first 80 %: they bring 80 %,
    class B 15 % and class C 4.5 %.'
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

    Examples
    --------
    >>> scorecard_paragraph(_little_worth()[1])[0].replace("\u00a0", " ")
    'Each of 3 figures is turned into a score from 0 to 100, the share of customers that a customer leaves behind;
    the value score is their weighted mean, and 50 is an average customer.'
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

    Examples
    --------
    >>> stability_paragraph(_little_worth()[1])[0].replace("\u00a0", " ")[:72]
    'Weights are a judgement, so each was moved at random 200 times: by up to'
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

    Examples
    --------
    >>> len(worth_limits(*_little_worth()))
    2
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
    """What the value is, as it stands in a sentence.

    Parameters
    ----------
    pareto : ParetoCurve

    Returns
    -------
    str

    Examples
    --------
    >>> measure_word(_little_worth()[0])
    'net spend'
    """
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

    from crmlib.analyse.pareto import customer_value, pareto
    from crmlib.analyse.scorecard import value_scorecard

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
