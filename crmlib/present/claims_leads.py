"""What the report on leads says: who is won, which open deals are likely to be, where they come from."""

import numpy as np
import pandas as pd

from crmlib.analyse.pipeline.lead_features import FEATURE_WORDS
from crmlib.analyse.pipeline.lead_result import LEAD_MODELS, LeadScores
from crmlib.analyse.pipeline.portrait import SURE, Portrait
from crmlib.analyse.pipeline.portrait_traits import TRAITS
from crmlib.present.claims_leads_words import trait_words
from crmlib.present.needs import or_else
from crmlib.present.words import count, date, listing, money, number, percent, plural, points, quoted

_OPEN = ("industry", "region", "product")


@or_else(lambda missing: [])
def leads_answer(scores: LeadScores) -> list[str]:
    """How many open deals are expected to be won, and whether the chances are any good.

    Parameters
    ----------
    scores : LeadScores

    Examples
    --------
    >>> from crmlib.present.claims_leads_words import _little_scores
    >>> leads_answer(_little_scores())[0].replace("\\u00a0", " ")
    'Of 147 open deals, about 14 (9.6 %) are expected to be won within 42 days.'
    """
    if not scores.open:
        return ["No open deal is there to be scored."]
    expected = float(scores.table["probability"].sum())
    said = [
        f"Of {count(scores.open, 'open deal')}, about {number(round(expected))} "
        f"({percent(100 * expected / scores.open)}) are expected to be won within "
        f"{number(scores.horizon_days)}\u00a0days."
    ]
    value = float(scores.table["expected_value"].sum(min_count=1))
    if np.isfinite(value):
        said.append(
            f"They are worth {money(value, scores.currency)}: for each deal its chance times its value."
        )
    return [*said, _verdict(scores)]


@or_else(lambda missing: [])
def leads_findings(scores: LeadScores) -> list[str]:
    """The sentence that the index repeats.

    Parameters
    ----------
    scores : LeadScores

    Examples
    --------
    >>> from crmlib.present.claims_leads_words import _little_scores
    >>> leads_findings(_little_scores())[0].startswith("Of the tenth of open deals")
    True
    """
    return [_first_group(scores)]


@or_else(lambda missing: [])
def portrait_answer(portrait: Portrait) -> list[str]:
    """What sets the won apart most, in one or two sentences.

    Parameters
    ----------
    portrait : Portrait

    Examples
    --------
    >>> from crmlib.present.claims_leads_words import _little_portrait
    >>> print("\\n".join(portrait_answer(_little_portrait())).replace("\\u00a0", " "))
    Of 453 decided deals, 238 were won (53 %).
    Won more often than others are deals with source “referral” (1.4 times as often as all, likely 1.2 to 1.5).
    """
    said = [
        f"Of {count(portrait.base_leads, _deal(portrait))}, {number(portrait.won)} "
        f"{plural(portrait.won, 'was', 'were')} won ({percent(portrait.win_rate_pct)})."
    ]
    best = _more(portrait).head(2)
    if len(best):
        named = listing([_with_lift(row) for _, row in best.iterrows()])
        return [*said, f"Won more often than others are deals with {named}."]
    return [*said, "Nothing that is known when a deal is opened sets the won apart by more than chance."]


@or_else(lambda missing: [])
def portrait_paragraph(portrait: Portrait) -> list[str]:
    """What the picture of the won means, what is said once, and what it is no reason for.

    Parameters
    ----------
    portrait : Portrait

    Examples
    --------
    >>> from crmlib.present.claims_leads_words import _little_portrait
    >>> [said.replace("\\u00a0", " ")[:44] for said in portrait_paragraph(_little_portrait())]
    ['Compared are the won with all 453 decided de', 'Won less often are deals with source “web” (', \
'Country and region nearly always go together', 'A trait that goes along with winning need no']
    """
    apart = f"{count(portrait.open, 'open deal')} {plural(portrait.open, 'is', 'are')} counted apart"
    if portrait.base == "leads":
        apart = "those still open are among them and count as not won, since no loss is recorded"
    said = [
        f"Compared are the won with all {count(portrait.base_leads, _deal(portrait))}; {apart}. The fewer deals there "
        "are of a kind, the closer its figure is drawn to that of all."
    ]
    if portrait.told.empty:
        said[0] = (
            f"{said[0]} No value of the {number(len(portrait.table))} looked at differs by more than chance."
        )
    less = portrait.told[(portrait.told["lift"] < 1) & portrait.told["at_start"].astype(bool)]
    if len(less):
        named = listing([_with_lift(row) for _, row in less.iloc[::-1].head(2).iterrows()])
        said.append(f"Won less often are deals with {named}.")
    for pair in portrait.together.itertuples():
        names = [TRAITS[name].says for name in (pair.trait, pair.other)]
        said.append(
            f"{names[0][:1].upper()}{names[0][1:]} and {names[1]} nearly always go together, so that only "
            f"{TRAITS[pair.kept].says} is told."
        )
    return [
        *said,
        *[note for note in portrait.notes if not note.startswith("No loss")],
        "A trait that goes along with winning need not be why: look for more such deals, but do not expect to turn "
        "a deal by changing the trait.",
    ]


@or_else(lambda missing: [])
def open_paragraph(portrait: Portrait) -> list[str]:
    """Which industry, region and product hold the most open opportunity.

    Parameters
    ----------
    portrait : Portrait

    Examples
    --------
    >>> from crmlib.present.claims_leads_words import _little_portrait
    >>> open_paragraph(_little_portrait())[0].replace("\\u00a0", " ")[:38]
    'Most is open in region “Europe”: 78 de'
    """
    said = []
    for name in _OPEN:
        rows = portrait.opportunity[portrait.opportunity["trait"] == name]
        if len(rows) < 2:
            continue
        top = rows.iloc[0]
        worth = ""
        if pd.notna(top["expected_value"]):
            worth = (
                f" worth {money(top['open_value'], portrait.currency)}, of which about "
                f"{money(top['expected_value'], portrait.currency)} can be expected"
            )
        said.append(
            f"Most is open in {TRAITS[name].says} {quoted(top['value'])}: "
            f"{count(top['open'], 'deal')}{worth}."
        )
    if not said:
        return [
            "Of the open deals neither industry, region nor product is known, or each has one value only."
        ]
    said.append("Expected is the open value times the win rate of that kind of deal.")
    if portrait.values_estimated_pct > 0:
        said.append(
            f"For {percent(portrait.values_estimated_pct)} of the open deals no value is recorded: the median of like "
            "deals that were won stands in."
        )
    return said


@or_else(lambda missing: ["There are no chances to win here, for the reason above."])
def scores_paragraph(scores: LeadScores) -> list[str]:
    """How the chances were tested, and against what.

    Parameters
    ----------
    scores : LeadScores

    Examples
    --------
    >>> from crmlib.present.claims_leads_words import _little_scores
    >>> len(scores_paragraph(_little_scores())) >= 4
    True
    """
    best, test = scores.chosen, scores.periods[scores.periods["role"] == "test"]
    learnt = scores.periods[scores.periods["role"] == "learn"]
    return [
        f"It learnt from deals that were open on {count(len(learnt), 'past day')} from {date(learnt['moment'].min())} "
        f"to {date(learnt['moment'].max())}, with what was known then, and was tested on "
        f"{count(len(test), 'later day')} whose outcomes none of it had seen.",
        *scores.notes[:1],
        _first_group(scores),
        f"Given one deal that was won and one that was not, the chances put the right one first in "
        f"{percent(100 * best['auc'])} of cases (likely {percent(100 * best['auc_low'])} to "
        f"{percent(100 * best['auc_high'])}); tossing a coin does in {percent(50)}.",
        *[_against(row) for row in scores.differences.itertuples() if row.baseline != "base_rate"],
        _honesty(scores),
        *_rests_on(scores),
    ]


@or_else(lambda missing: [])
def leads_limits(scores: LeadScores) -> list[str]:
    """What the chances cannot say.

    Parameters
    ----------
    scores : LeadScores

    Examples
    --------
    >>> from crmlib.present.claims_leads_words import _little_scores
    >>> len(leads_limits(_little_scores())) >= 3
    True
    """
    limits = [
        "The chances say which deals are likely to be won, not which can be turned by working on them: that takes a "
        "trial.",
        "What the records of customers and deals say is as it is now; where it was changed afterwards, the test looks "
        "better than it should. Fields that are filled in as deals close were left out.",
        *scores.notes[1:],
    ]
    if not scores.beats_base:
        limits.append("On the later days the chances are not shown to rank deals better than tossing a coin.")
    elif scores.beats_stage is False:
        limits.append(
            "The chances are not shown to rank deals better than the win rate of their stage alone."
        )
    if scores.beats_stage is None:
        limits.append(
            "No stage history is kept, so the chances could not be held against the stage of each deal."
        )
    if len(scores.refused):
        names = listing([FEATURE_WORDS.get(name, name) for name in scores.refused.index], limit=6)
        limits.append(f"Refused because they know the outcome: {names}.")
    if scores.table["value_estimated"].any():
        n = int(scores.table["value_estimated"].sum())
        limits.append(
            f"The value of {count(n, 'open deal')} is not recorded; the median of like deals won stands in."
        )
    if scores.portrait_says:
        limits.append(f"How like the won a deal is, is not given: {scores.portrait_says}")
    return limits


def _verdict(scores: LeadScores) -> str:
    table = scores.differences[scores.differences["baseline"] != "base_rate"]
    better, worse = (
        listing([LEAD_MODELS[name] for name in table.loc[table["better"] == is_better, "baseline"]])
        for is_better in (True, False)
    )
    if not scores.beats_base:
        return "On later days the chances are not shown to rank deals better than tossing a coin."
    if table["better"].all():
        return f"On later days they ranked deals better than {better}."
    if not table["better"].any():
        return (
            "On later days they ranked deals better than tossing a coin, but are not shown to do so better than "
            f"{worse}."
        )
    return f"On later days they ranked deals better than {better}, but are not shown to do so better than {worse}."


def _first_group(scores: LeadScores) -> str:
    top, n = scores.tenths.iloc[0], len(scores.tenths)
    part = {10: "tenth", 1: "whole"}.get(n, f"first of {n} parts")
    overall = float(np.average(scores.tenths["won_pct"], weights=scores.tenths["deals"]))
    return (
        f"Of the {part} of open deals with the best chances, {percent(top['won_pct'])} were won in the test (likely "
        f"{percent(top['low'])} to {percent(top['high'])}); of all, {percent(overall)}."
    )


def _against(row: object) -> str:
    gain = points(abs(100 * row.auc_difference))
    way = "more" if row.auc_difference >= 0 else "fewer"
    low, high = (f"{100 * end:+.1f}".replace("-", "−") for end in (row.auc_low, row.auc_high))
    verb = "rank deals better than" if row.better else "are not shown to rank deals better than"
    return f"The chances {verb} {LEAD_MODELS[row.baseline]}: {gain} {way} pairs put right (likely {low} to {high})."


def _honesty(scores: LeadScores) -> str:
    table = scores.tenths
    foretold = float(np.average(table["predicted_pct"], weights=table["deals"]))
    won = float(np.average(table["won_pct"], weights=table["deals"]))
    inside = int(table["predicted_pct"].between(table["low"], table["high"]).sum())
    said = (
        f"All in all {percent(foretold)} were foretold to be won and {percent(won)} were; in {number(inside)} of "
        f"{count(len(table), 'group')} the two agree, as far as chance allows."
    )
    if inside < 0.6 * len(table):
        said += " Read the chances as an order of deals rather than as exact."
    return said


def _rests_on(scores: LeadScores) -> list[str]:
    firm = scores.drivers[scores.drivers["low"] > 0]["indicator"].head(3)
    return [f"They rest most on {listing([FEATURE_WORDS[name] for name in firm])}."] if len(firm) else []


def _more(portrait: Portrait) -> pd.DataFrame:
    told = portrait.told
    return told[(told["lift"] > 1) & told["at_start"].astype(bool) & (told["q"] <= SURE)]


def _with_lift(row: pd.Series) -> str:
    lift, low, high = (f"{row[name]:.1f}" for name in ("lift_shrunk", "low", "high"))
    return f"{trait_words(row['trait'], row['value'])} ({lift} times as often as all, likely {low} to {high})"


def _deal(portrait: Portrait) -> str:
    return "decided deal" if portrait.base == "decided" else "deal"
