"""Key figures and tables of the report on offers."""

import pandas as pd

from crmlib.analyse.offers.proof import OffersProof
from crmlib.analyse.offers.result import Offers
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import public_ids
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures, Prose, Skipped
from crmlib.present.claims import claim, count, days, money
from crmlib.present.needs import or_else
from crmlib.present.reports.offers.say import (
    JUDGED_WORDS,
    KIND_PLURALS,
    KIND_WORDS,
    LIST_WORDS,
    QUESTION_WORDS,
    hit_share,
    kind_counts,
    offer_reasons,
    rule_words,
    side_name,
)

_HIT, _EACH = "hit_rate_pct", "revenue_per_customer"
_MEASURES = (
    *("hit_rate_pct", "precision_pct", "recall_pct", "ndcg", "revenue_share_pct", "revenue_per_customer"),
    *("coverage_pct", "new_share_pct", "novelty_bits"),
)


def offers_figures(proof: OffersProof | Skipped, offers: Offers | Skipped) -> KeyFigures:
    """How the offers fared and how many there are."""
    figures = [] if isinstance(proof, Skipped) else _proof_figures(proof)
    if not isinstance(offers, Skipped):
        people = offers.table["customer_id"].nunique()
        note = claim(
            "offers-figure-customers-note",
            customers=count(offers.customers),
            offers=kind_counts(offers)[1],
        )
        figures.append(
            KeyFigure(claim("offers-figure-customers"), count(people, at="offers.customers"), note=note)
        )
    return KeyFigures(*figures)


def _proof_figures(proof: OffersProof) -> list[KeyFigure]:
    ours, best, within = proof.row(_HIT), proof.strongest_rival(), days(proof.holdout_days)
    figures = []
    if ours is not None:
        figures.append(
            KeyFigure(
                claim("offers-figure-hit"),
                hit_share(proof),
                low=ours["low"],
                high=ours["high"],
                better="higher",
                note=claim("offers-figure-hit-note", k=count(proof.k), days=within),
            )
        )
    gap, each = proof.ahead_of(best), proof.ahead_of(best, _EACH)
    if gap is not None:
        figures.append(
            KeyFigure(
                claim("offers-figure-ahead"),
                gap["difference"],
                low=gap["low"],
                high=gap["high"],
                unit=str(claim("offers-figure-unit-points")),
                better="higher",
                format=".1f",
                note=claim("offers-figure-ahead-note", list=LIST_WORDS.term(best)),
            )
        )
    if each is not None:
        figures.append(
            KeyFigure(
                claim("offers-figure-money"),
                money(each["difference"], proof.currency),
                low=each["low"],
                high=each["high"],
                better="higher",
                note=claim("offers-figure-money-note", days=within),
            )
        )
    return figures


@or_else(lambda missing: missing)
def offers_table(
    crm: Crm,
    offers: Offers,
    *,
    most: int | None = None,
    new: bool = False,
    rows: int = 5,
    levels: bool = True,
    kind: str = "",
) -> DataTable | None:
    """Every offer with its reason, a row a customer and rank; the customers with the best first offers first.

    Without `levels` no chance stands in it, nor what rests on one; `kind` says that it is the list of one kind.
    """
    chosen = offers.of_kind(kind) if kind else offers.table
    if kind and chosen.empty:
        return None
    table = chosen.sort_values(["customer_id", "rank"], kind="stable")
    value = table["expected_margin" if offers.ranked_by == "expected margin" else "probability"]
    best = value.groupby(table["customer_id"]).transform("first").fillna(-1.0)
    table = table.assign(best=best).sort_values(
        ["best", "customer_id", "rank"], ascending=[False, True, True], kind="stable"
    )
    if most is not None:
        table = table[table["customer_id"].isin(table["customer_id"].unique()[:most])]
    frame = pd.DataFrame(
        {
            "customer_id": public_ids(crm, table["customer_id"]).to_numpy(),
            "rank": table["rank"].to_numpy(),
            "kind": table["kind"].to_numpy(),
            "product": table["product"].to_numpy(),
            "product_id": table["product_id"].to_numpy(),
            "probability_pct": 100 * table["probability"].to_numpy(),
            "price": table["price"].to_numpy(),
            "expected_margin": table["expected_margin"].to_numpy(),
            "due_on": table["due_on"].to_numpy(),
            "reason": offer_reasons(table, currency=offers.currency),
        }
    )
    empty = [name for name in ("price", "expected_margin", "due_on") if frame[name].isna().all()]
    if kind:
        empty.append("kind")
    if not levels:
        empty += [name for name in ("probability_pct", "expected_margin") if name not in empty]
    if (frame["product"].astype("str") == frame["product_id"].astype("str")).all():
        empty.append("product_id")
    return DataTable(
        frame.drop(columns=empty).rename(columns={"kind": "offer_kind", "probability_pct": "buy_chance_pct"}),
        f"{kind}-offers" if kind else "new-offers" if new else "offers",
        claim("offers-table-kind", kind=KIND_PLURALS.term(kind))
        if kind
        else claim("offers-table-new" if new else "offers-table-all"),
        currency=offers.currency,
        rows=rows,
        about=crm if kind in ("", "cross-sell") else None,
        meanings={"buy_chance_pct": str(claim("offers-table-chance", days=days(offers.horizon_days)))}
        if levels
        else None,
    )


@or_else(lambda missing: None)
def removed_table(offers: Offers) -> DataTable | Prose:
    """What each rule of eligibility took out."""
    if offers.removed.empty:
        return Prose(claim("offers-removed-no-rule"))
    said = [str(claim("offers-rule", rule=rule_words(row))) for _, row in offers.removed.iterrows()]
    frame = offers.removed[["offers_removed", "customers_affected"]].rename(
        columns={"customers_affected": "customers"}
    )
    frame.insert(0, "rule_of_eligibility", said)
    return DataTable(frame, "offers_left_out", claim("offers-table-removed"))


@or_else(lambda missing: None)
def proof_table(proof: OffersProof) -> DataTable:
    """Every measure of every list, for all customers and for those who bought."""
    keys = ["question", "judged", "side"]
    wide = proof.overall.pivot_table(
        index=keys, columns="measure", values="value", sort=False, dropna=False
    ).dropna(how="all")
    hits = proof.overall[proof.overall["measure"] == _HIT].set_index(keys)
    frame = wide.reindex(columns=list(_MEASURES)).dropna(axis="columns", how="all")
    frame.insert(1, "hit_rate_low", hits["low"].reindex(frame.index))
    frame.insert(2, "hit_rate_high", hits["high"].reindex(frame.index))
    frame = frame.rename_axis(columns=None).reset_index()
    frame["side"] = [str(side_name(row.side, row.question)) for row in frame.itertuples()]
    frame["question"] = [str(QUESTION_WORDS.term(question)) for question in frame["question"]]
    frame["judged"] = [str(JUDGED_WORDS.term(judged)) for judged in frame["judged"]]
    return DataTable(
        frame.rename(columns={"revenue_share_pct": "named_revenue_pct"}),
        "proof_of_offers",
        claim("offers-table-proof", k=count(proof.k), days=days(proof.holdout_days)),
        currency=proof.currency,
        excel=True,
        rows=20,
    )


@or_else(lambda missing: None)
def kinds_table(proof: OffersProof) -> DataTable | None:
    """How each kind of offer fared."""
    if proof.by_kind.empty:
        return None
    frame = proof.by_kind[
        ["question", "kind", "offered", "accepted_pct", "low", "high", "predicted_pct", "revenue"]
    ]
    frame = frame.assign(
        question=[str(QUESTION_WORDS.term(question)) for question in frame["question"]],
        kind=[str(KIND_WORDS.term(kind)) for kind in frame["kind"]],
    )
    return DataTable(
        frame.rename(columns={"kind": "offer_kind", "low": "accepted_low", "high": "accepted_high"}),
        "offers_bought_by_kind",
        claim("offers-table-kinds"),
        currency=proof.currency,
        download=False,
    )
