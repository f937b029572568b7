"""What the report on offers says: whether they hold, by how much, and what there is to offer."""

from crmlib.analyse.offers.proof_measures import EVERYBODY
from crmlib.analyse.offers.proof_result import ALL_OFFERS, NEW_OFFERS, OffersProof
from crmlib.analyse.offers.proof_sides import PLAIN_SIDES
from crmlib.analyse.offers.result import Offers
from crmlib.present.blocks import Skipped
from crmlib.present.claims_offers_proof import proof_sentences
from crmlib.present.claims_offers_words import agreeing_deciles
from crmlib.present.needs import or_else
from crmlib.present.words import count, listing, number, percent, plural, quoted, sentence

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

    Examples
    --------
    >>> from crmlib.present.claims_offers_words import little_proof
    >>> from crmlib.analyse.offers.result import _little_offers
    >>> for said in offers_answer(little_proof(), _little_offers())[:2]:
    ...     print(said.replace("\\u00a0", " "))
    The offers beat the best sellers: tested on 2 earlier dates, 30 % of customers bought at least one of the 5
    products picked for them within 28 days, against 20 % for the 5 best sellers. That is 10 percentage points
    more (likely 9 to 11).
    Of offers new to the customer 15 % of customers bought at least one, against 10 % for the best sellers that
    were new to them: 5 percentage points more (likely 4 to 6).
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

    Examples
    --------
    >>> from crmlib.present.claims_offers_words import little_proof
    >>> from crmlib.analyse.offers.result import _little_offers
    >>> offers_findings(little_proof(), _little_offers())[1].replace("\\u00a0", " ")
    '3 of 4 customers get 4 offers: 1 repeat-sell, 1 cross-sell, 1 up-sell and 1 best-seller.'
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

    Examples
    --------
    >>> from crmlib.analyse.offers.result import _little_offers
    >>> offers_paragraph(_little_offers())[-1].replace("\\u00a0", " ")
    '1 customer has not bought anything yet and gets best sellers.'
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

    Examples
    --------
    >>> from crmlib.analyse.offers.result import _little_offers
    >>> removed_paragraph(_little_offers())[0].replace("\\u00a0", " ")
    '2 rules took out 8 possible offers, the most because the customer has refused every channel (5).'
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

    Examples
    --------
    >>> from crmlib.present.claims_offers_words import little_proof
    >>> from crmlib.analyse.offers.result import _little_offers
    >>> len(offers_limits(little_proof(), _little_offers())) >= 4
    True
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
