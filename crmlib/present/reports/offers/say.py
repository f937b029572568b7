"""What the report on offers says: whether they hold, by how much, and what there is to offer."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.offers.proof import ALL_OFFERS, NEW_OFFERS, OffersProof
from crmlib.analyse.offers.proof_measures import BUYERS, EVERYBODY
from crmlib.analyse.offers.proof_sides import ITEM_KNN, OFFERS, OWN_REPEATS, PLAIN_SIDES, POPULARITY
from crmlib.analyse.offers.result import Offers
from crmlib.present.blocks import Skipped
from crmlib.present.needs import or_else
from crmlib.present.words import (
    count,
    date,
    listing,
    money,
    number,
    percent,
    plural,
    points,
    quoted,
    sentence,
)

SIDE_NAMES = {
    OFFERS: "These offers",
    POPULARITY: "Best sellers, the same for all",
    OWN_REPEATS: "What the customer bought most often",
    ITEM_KNN: "What buyers of the same things bought",
}
NEW_SIDE_NAMES = SIDE_NAMES | {POPULARITY: "Best sellers the customer had not bought"}
"""Each list of products by the name a reader knows, for the two questions."""

QUESTION_NAMES = {ALL_OFFERS: "all offers", NEW_OFFERS: "offers new to the customer"}

KIND_NAMES = {
    "cross-sell": "Cross-sell: goes with what was bought",
    "up-sell": "Up-sell: the next step in a category",
    "repeat-sell": "Repeat-sell: due again",
    "best-seller": "Best seller: nothing else is known",
}


def side_name(side: str, question: str = ALL_OFFERS) -> str:
    """A list of products by the name a reader knows."""
    return (NEW_SIDE_NAMES if question == NEW_OFFERS else SIDE_NAMES).get(side, side)


def kind_name(kind: str) -> str:
    """A kind of offer in words."""
    return KIND_NAMES.get(kind, f"{kind[:1].upper()}{kind[1:]}")


def range_words(low: Any, high: Any, *, digits: int = 1) -> str:
    """An interval as it stands in brackets."""
    if not (np.isfinite(low) and np.isfinite(high)):
        return "not known"
    said = [number(round(float(end), digits) + 0.0) for end in (low, high)]
    return f"likely {said[0]} to {said[1]}"


def gap_words(gap: pd.Series) -> str:
    """A difference in percentage points, and whether it is more than chance."""
    difference, low, high = (float(gap[name]) for name in ("difference", "low", "high"))
    if gap["ahead"] == "no":
        return f"{points(-difference)} less ({range_words(-high, -low)})"
    if gap["ahead"] == "yes":
        return f"{points(difference)} more ({range_words(low, high)})"
    return f"{points(difference)}, which may be chance ({range_words(low, high)})"


def agreeing_deciles(proof: OffersProof) -> int:
    """In how many groups of like probability as many offers were bought as was foretold, within chance."""
    return int(proof.by_decile["agrees"].sum()) if len(proof.by_decile) else 0


def little_proof(*, ahead: str = "yes") -> OffersProof:
    """A proof with all its tables, as the examples show it."""
    ours, apart = {"yes": (30.0, -2.0), "no": (12.0, 4.0), "uncertain": (20.5, -0.5)}[ahead]
    hits = {
        OFFERS: ours,
        POPULARITY: 20.0,
        OWN_REPEATS: ours + apart,
        ITEM_KNN: 18.0,
    }
    rows, gaps = [], []
    for question, factor in ((ALL_OFFERS, 1.0), (NEW_OFFERS, 0.5)):
        for judged, more in (("everybody", 1.0), ("buyers", 1.25)):
            for side, value in hits.items():
                if question == NEW_OFFERS and side == OWN_REPEATS:
                    continue
                shown = value * factor * more
                figures = {
                    "hit_rate_pct": shown, "precision_pct": shown / 4, "revenue_per_customer": shown / 10,
                    "revenue_share_pct": shown / 5, "novelty_bits": 3.0, "new_share_pct": 20.0,
                }  # fmt: skip
                if judged == "buyers":
                    figures |= {"recall_pct": shown / 3, "ndcg": shown / 100}
                else:
                    rows.append((question, judged, side, "coverage_pct", 7.0, np.nan, np.nan))
                rows += [(question, judged, side, name, x, 0.9 * x, 1.1 * x) for name, x in figures.items()]
                if side != OFFERS:
                    lead = (ours - value) * factor * more
                    said = "yes" if lead > 1 else "no" if lead < -1 else "uncertain"
                    gaps.append((question, judged, side, "hit_rate_pct", lead, lead - 1, lead + 1, said))
    named = ["question", "judged", "side", "measure"]
    deciles = pd.DataFrame(
        {"decile": [1, 2, 3], "offered": [500] * 3, "predicted_pct": [4.0, 9.0, 30.0],
         "accepted_pct": [4.2, 12.0, 31.0], "low": [3.0, 10.0, 28.0], "high": [5.4, 14.0, 34.0],
         "agrees": [True, False, True]}
    )  # fmt: skip
    kinds = pd.DataFrame(
        {"kind": ["repeat-sell", "cross-sell"], "offered": [1000, 500], "predicted_pct": [20.0, 5.0],
         "accepted_pct": [21.0, 5.5], "low": [19.0, 4.0], "high": [23.0, 7.0], "agrees": [True, True],
         "revenue": [900.0, 80.0], "question": ALL_OFFERS}
    )  # fmt: skip
    periods = pd.DataFrame(
        {"cutoff": pd.to_datetime(["2024-04-05", "2024-05-03"]),
         "until": pd.to_datetime(["2024-05-03", "2024-05-31"]), "customers": [290, 300], "buyers": [200, 210],
         "with_offers": [290, 300], "products": [380, 400]}
    )  # fmt: skip
    return OffersProof(
        overall=pd.DataFrame(rows, columns=[*named, "value", "low", "high"]),
        measures=pd.DataFrame(),
        differences=pd.DataFrame(gaps, columns=[*named, "difference", "low", "high", "ahead"]),
        by_decile=deciles, by_kind=kinds, periods=periods, beats_popularity=ahead, beats_popularity_new=ahead,
        holdout_days=28, k=5, says="", currency="EUR",
    )  # fmt: skip


_PROOF_HIT = "hit_rate_pct"
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
    """The first lines: beaten or not, and by how much; then the same for what is new to the customer."""
    ours, theirs = proof.value(_PROOF_HIT), proof.value(_PROOF_HIT, side=POPULARITY)
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
            f"Of offers new to the customer {percent(proof.value(_PROOF_HIT, question=NEW_OFFERS))} of customers bought "
            f"at least one, against {percent(proof.value(_PROOF_HIT, side=POPULARITY, question=NEW_OFFERS))} for the "
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
    >>> from crmlib.present.reports.offers.say import little_proof
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
        f"bought anything in the test. Among those who did, {percent(proof.value(_PROOF_HIT, judged=BUYERS))} bought at "
        f"least one of their offers; of the best sellers "
        f"{percent(proof.value(_PROOF_HIT, side=POPULARITY, judged=BUYERS))} did.",
    ]
    for side in (OWN_REPEATS, ITEM_KNN):
        gap = proof.ahead_of(side)
        if gap is not None:
            theirs = percent(proof.value(_PROOF_HIT, side=side))
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
    >>> from crmlib.present.reports.offers.say import little_proof
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
    >>> from crmlib.present.reports.offers.say import little_proof
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
    theirs = percent(proof.value(_PROOF_HIT, side=OWN_REPEATS))
    return f" A plain list of what each customer bought most often does {does}: {theirs}."


def _money_sentence(proof: OffersProof) -> str:
    share, each = "revenue_share_pct", money(proof.value("revenue_per_customer"), proof.currency)
    said = (
        f"What was picked for customers and bought made up {percent(proof.value(share))} of all that was spent in the "
        f"test, {each} a customer; the best sellers, {percent(proof.value(share, side=POPULARITY))}"
    )
    own = proof.row(share, side=OWN_REPEATS)
    return f"{said}." if own is None else f"{said}; what each bought most often, {percent(own['value'])}."


_HIT = "hit_rate_pct"
_WHERE = {ALL_OFFERS: "", NEW_OFFERS: ", where only what is new to the customer counts"}


def offers_answer(proof: OffersProof | Skipped, offers: Offers | Skipped) -> list[str]:
    """Whether the offers beat the best sellers and by how much, also where they are new; what there is to offer.

    Parameters
    ----------
    proof : OffersProof or Skipped
    offers : Offers or Skipped

    Returns
    -------
    list of str
    """
    return [*proof_sentences(proof), *_what_there_is(offers)]


def offers_findings(proof: OffersProof | Skipped, offers: Offers | Skipped) -> list[str]:
    """The one or two sentences that the index repeats.

    Parameters
    ----------
    proof : OffersProof or Skipped
    offers : Offers or Skipped

    Returns
    -------
    list of str
    """
    said = [] if isinstance(proof, Skipped) else proof_sentences(proof)[:1]
    return [*said, *_what_there_is(offers)[:1]]


@or_else(lambda missing: [sentence(missing.reason)])
def offers_paragraph(offers: Offers) -> list[str]:
    """What is offered to whom, in which order, and to those of whom nothing is known.

    Parameters
    ----------
    offers : Offers

    Returns
    -------
    list of str
    """
    table = offers.table
    if table.empty:
        return ["There is nothing to offer. The table of what was left out says why."]
    said = [
        f"Each customer's offers are in the order of {offers.ranked_by}, each with its reason. The chance is that of "
        f"buying the product within {number(offers.horizon_days)}\u00a0days."
    ]
    best = table[table["rank"] == 1]["product"].value_counts()
    if len(best):
        share = 100 * best.iloc[0] / best.sum()
        said.append(
            f"The first offer most often is {quoted(best.index[0])}, for {percent(share)} of customers."
        )
    if len(offers.cold):
        cold = len(offers.cold)
        said.append(
            f"{count(cold, 'customer')} {plural(cold, 'has', 'have')} not bought anything yet and "
            f"{plural(cold, 'gets', 'get')} best sellers."
        )
    return said


@or_else(lambda missing: [])
def removed_paragraph(offers: Offers) -> list[str]:
    """What eligibility took out.

    Parameters
    ----------
    offers : Offers

    Returns
    -------
    list of str
    """
    table = offers.removed
    table = table[table["offers_removed"] > 0]
    if table.empty:
        return ["No possible offer had to be left out."]
    most = table.sort_values("offers_removed", ascending=False, kind="stable").iloc[0]
    total = int(table["offers_removed"].sum())
    many = len(table)
    why = (
        f", the most because {most['says']} ({number(int(most['offers_removed']))})"
        if many > 1
        else f": {most['says']}"
    )
    return [f"{count(many, 'rule')} took out {count(total, 'possible offer')}{why}."]


def offers_limits(proof: OffersProof | Skipped, offers: Offers | Skipped) -> list[str]:
    """What offers and their proof cannot say.

    Parameters
    ----------
    proof : OffersProof or Skipped
    offers : Offers or Skipped

    Returns
    -------
    list of str
    """
    limits = [
        "The test looks at what customers bought whether or not it had been offered to them: it shows how well the "
        "offers foresee, not that making them sells more. That takes a trial in which some customers are left alone."
    ]
    if isinstance(proof, Skipped):
        limits.append("The offers are untested, for the reason above.")
    else:
        limits.append(
            "Offers obey every rule of eligibility but consent in the test; the lists they are held against obey none, "
            "so they may name what could not be offered."
        )
        behind = _sides(proof, ALL_OFFERS, _HIT, ("no", "uncertain"))
        if behind:
            limits.append(f"The offers are not shown to do better than {listing(behind)}.")
        for question, where in _WHERE.items():
            poorer = _sides(proof, question, "revenue_share_pct", ("no",))
            if poorer:
                limits.append(
                    f"By the money spent on the products named{where}, they fall behind {listing(poorer)}."
                )
        if proof.beats_popularity_new in ("no", "uncertain"):
            limits.append(
                "Where only what is new to the customer counts, they are not shown to beat the best sellers."
            )
        if len(proof.by_decile) and agreeing_deciles(proof) < 0.7 * len(proof.by_decile):
            limits.append("The chances stand in the right order more than they are exact.")
    return [*limits, *([] if isinstance(offers, Skipped) else offers.limits)]


def _sides(proof: OffersProof, question: str, measure: str, verdicts: tuple[str, ...]) -> list[str]:
    """Lists against which the offers fare so, every customer judged."""
    rows = proof.differences
    rows = rows[(rows["question"] == question) & (rows["judged"] == EVERYBODY) & (rows["measure"] == measure)]
    return [PLAIN_SIDES.get(side, side) for side in rows.loc[rows["ahead"].isin(verdicts), "side"]]


def _what_there_is(offers: Offers | Skipped) -> list[str]:
    if isinstance(offers, Skipped):
        return [f"No offers could be made. {sentence(offers.reason)}"]
    table = offers.table
    if table.empty:
        return ["There is nothing to offer to anybody."]
    people, made = table["customer_id"].nunique(), len(table)
    kinds = [f"{number(many)} {kind}" for kind, many in _kind_counts(offers)]
    whom = f"{number(people)} of {count(offers.customers, 'customer')}"
    if people == offers.customers:
        whom = f"All {count(people, 'customer')}" if people > 1 else "The one customer"
    return [f"{whom} {plural(people, 'gets', 'get')} {count(made, 'offer')}: {listing(kinds)}."]


def _kind_counts(offers: Offers) -> list[tuple[str, int]]:
    return list(offers.table["kind"].value_counts().items())
