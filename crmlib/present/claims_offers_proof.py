"""What the report says of the proof of offers: how they were tested, and how they fared."""

from typing import Any

import numpy as np

from crmlib.analyse.offers.proof_measures import BUYERS
from crmlib.analyse.offers.proof_result import ALL_OFFERS, NEW_OFFERS, OffersProof
from crmlib.analyse.offers.proof_sides import ITEM_KNN, OWN_REPEATS, PLAIN_SIDES, POPULARITY
from crmlib.present.claims_offers_words import agreeing_deciles, gap_words, range_words
from crmlib.present.needs import or_else
from crmlib.present.words import count, date, listing, money, number, percent, sentence

_HIT = "hit_rate_pct"
_TAKEN = {
    ALL_OFFERS: "Bought in the test",
    NEW_OFFERS: "Bought where only products new to the customer were picked",
}
_OPENINGS = {
    "yes": "The offers beat the best sellers",
    "no": "The offers do not beat the best sellers",
    "uncertain": "The offers are not shown to beat the best sellers",
}


@or_else(lambda missing: [f"Whether the offers hold could not be tested. {sentence(missing.reason)}"])
def proof_sentences(proof: OffersProof) -> list[str]:
    """The first lines: beaten or not, and by how much; then the same for what is new to the customer.

    Parameters
    ----------
    proof : OffersProof

    Returns
    -------
    list of str

    Examples
    --------
    >>> from crmlib.present.claims_offers_words import little_proof
    >>> proof_sentences(little_proof(ahead="uncertain"))[0].partition(":")[0]
    'The offers are not shown to beat the best sellers'
    """
    ours, theirs = proof.value(_HIT), proof.value(_HIT, side=POPULARITY)
    gap, k = proof.ahead_of(POPULARITY), number(proof.k)
    dates = count(len(proof.periods), "earlier date")
    said = [
        f"{_OPENINGS[proof.beats_popularity]}: tested on {dates}, {percent(ours)} of customers bought at least "
        f"one of the {k + ' products' if proof.k > 1 else 'one product'} picked for them within "
        f"{number(proof.holdout_days)}\u00a0days, against {percent(theirs)} for the {_best(proof.k)}. "
        f"{_gap_sentence(gap)}"
    ]
    said[0] += _usual_list(proof)
    fresh = proof.ahead_of(POPULARITY, question=NEW_OFFERS)
    if fresh is not None:
        said.append(
            f"Of offers new to the customer {percent(proof.value(_HIT, question=NEW_OFFERS))} of customers bought "
            f"at least one, against {percent(proof.value(_HIT, side=POPULARITY, question=NEW_OFFERS))} for the "
            f"best sellers that were new to them: {_gap_clause(fresh)}."
        )
    return said


@or_else(lambda missing: [f"There is no proof here. {sentence(missing.reason)}"])
def proof_paragraph(proof: OffersProof) -> list[str]:
    """How it was tested, who is judged, and how each other list fared.

    Parameters
    ----------
    proof : OffersProof

    Returns
    -------
    list of str

    Examples
    --------
    >>> from crmlib.present.claims_offers_words import little_proof
    >>> proof_paragraph(little_proof())[0].partition(",")[0].replace("\\u00a0", " ")
    'Offers were made as of 5 April 2024 and 3 May 2024'
    """
    people = list(dict.fromkeys(number(many) for many in sorted(proof.periods["customers"])))
    judged = people[0] if len(people) == 1 else f"{people[0]} to {people[-1]}"
    buyers = 100 * proof.periods["buyers"].sum() / proof.periods["customers"].sum()
    said = [
        f"Offers were made as of {listing([date(day) for day in proof.periods['cutoff']])}, from what was known "
        f"then, and held against what customers bought in the {number(proof.holdout_days)}\u00a0days after "
        f"{'it' if len(proof.periods) == 1 else 'each'}.",
        f"Judged is everybody who had bought before, {judged} customers on a date, of whom {percent(buyers)} "
        f"bought anything in the test. Among those who did, {percent(proof.value(_HIT, judged=BUYERS))} bought at "
        f"least one of their offers; of the best sellers "
        f"{percent(proof.value(_HIT, side=POPULARITY, judged=BUYERS))} did.",
    ]
    for side in (OWN_REPEATS, ITEM_KNN):
        gap = proof.ahead_of(side)
        if gap is not None:
            theirs = percent(proof.value(_HIT, side=side))
            ahead = f"{'the difference is' if gap['ahead'] == 'uncertain' else 'the offers reached'} {gap_words(gap)}"
            said.append(sentence(f"{PLAIN_SIDES[side]} reached {theirs}; {ahead}"))
    said.append(_money_sentence(proof))
    return [*said, *proof.notes]


@or_else(lambda missing: [])
def decile_paragraph(proof: OffersProof) -> list[str]:
    """Whether the likeliest offers were bought most, and as often as foretold.

    Parameters
    ----------
    proof : OffersProof

    Returns
    -------
    list of str

    Examples
    --------
    >>> from crmlib.present.claims_offers_words import little_proof
    >>> decile_paragraph(little_proof())[0].replace("\\u00a0", " ")
    'Of the offers said to be the likeliest 31 % were bought, of the least likely 4.2 %.'
    """
    table = proof.by_decile
    if table.empty:
        return ["The offers carry no probability, so it cannot be held against what happened."]
    first, last = table.iloc[0], table.iloc[-1]
    foretold, taken = (
        np.average(table[name], weights=table["offered"]) for name in ("predicted_pct", "accepted_pct")
    )
    said = []
    if len(table) > 1:
        said.append(
            f"Of the offers said to be the likeliest {percent(last['accepted_pct'])} were bought, of the least "
            f"likely {percent(first['accepted_pct'])}."
        )
    inside = agreeing_deciles(proof)
    said.append(
        f"All in all {percent(foretold)} were foretold to be bought and {percent(taken)} were; in {number(inside)} of "
        f"{count(len(table), 'group')} of like probability the two agree, as far as chance allows."
    )
    if inside < 0.7 * len(table):
        said.append("Read the probabilities as an order of offers rather than as exact chances.")
    return said


@or_else(lambda missing: [])
def kinds_paragraph(proof: OffersProof) -> list[str]:
    """How often each kind of offer was bought.

    Parameters
    ----------
    proof : OffersProof

    Returns
    -------
    list of str

    Examples
    --------
    >>> from crmlib.present.claims_offers_words import little_proof
    >>> print(kinds_paragraph(little_proof())[0].replace("\\u00a0", " "))
    Bought in the test: repeat-sell 21 % of 1,000 offers (likely 19 to 23); cross-sell 5.5 % of 500 offers (likely
    4 to 7).
    """
    table = proof.by_kind
    if table.empty:
        return []
    said = []
    for question, words in _TAKEN.items():
        rows = table[table["question"] == question]
        parts = [
            f"{row.kind} {percent(row.accepted_pct)} of {count(row.offered, 'offer')} "
            f"({range_words(row.low, row.high)})"
            for row in rows.itertuples()
        ]
        if parts:
            said.append(f"{words}: {'; '.join(parts)}.")
    return said


def _best(k: int) -> str:
    return f"{number(k)} best sellers" if k > 1 else "best seller"


def _gap_sentence(gap: Any) -> str:
    if gap["ahead"] == "uncertain":
        return f"The difference is {gap_words(gap)}."
    return f"That is {gap_words(gap)}."


def _gap_clause(gap: Any) -> str:
    return f"a difference of {gap_words(gap)}" if gap["ahead"] == "uncertain" else gap_words(gap)


def _usual_list(proof: OffersProof) -> str:
    """Said in the first lines only where a list that takes no model does as well or better."""
    gap = proof.ahead_of(OWN_REPEATS)
    if gap is None or gap["ahead"] == "yes":
        return ""
    does = "better still" if gap["ahead"] == "no" else "as well, as far as chance allows"
    theirs = percent(proof.value(_HIT, side=OWN_REPEATS))
    return f" A plain list of what each customer bought most often does {does}: {theirs}."


def _money_sentence(proof: OffersProof) -> str:
    share, each = "revenue_share_pct", money(proof.value("revenue_per_customer"), proof.currency)
    said = (
        f"What was picked for customers and bought made up {percent(proof.value(share))} of all that was spent in the "
        f"test, {each} a customer; the best sellers, {percent(proof.value(share, side=POPULARITY))}"
    )
    own = proof.row(share, side=OWN_REPEATS)
    return f"{said}." if own is None else f"{said}; what each bought most often, {percent(own['value'])}."
