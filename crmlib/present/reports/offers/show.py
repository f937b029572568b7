"""Key figures and tables of the report on offers."""

from typing import Any

import pandas as pd

from crmlib.analyse.offers.proof import NEW_OFFERS, OffersProof
from crmlib.analyse.offers.proof_sides import POPULARITY
from crmlib.analyse.offers.result import Offers
from crmlib.prepare.privacy import public_ids
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures, Prose, Skipped
from crmlib.present.blocks.downloads import about_workspace
from crmlib.present.needs import or_else
from crmlib.present.reports.offers.say import QUESTION_NAMES, kind_name, side_name
from crmlib.present.words import sentence

_HIT = "hit_rate_pct"
_MEASURES = (
    *("hit_rate_pct", "precision_pct", "recall_pct", "ndcg", "revenue_share_pct", "revenue_per_customer"),
    *("coverage_pct", "new_share_pct", "novelty_bits"),
)
_JUDGED = {"everybody": "all who had bought before", "buyers": "those who bought in the test"}


def offers_figures(proof: OffersProof | Skipped, offers: Offers | Skipped) -> KeyFigures:
    """How the offers fared and how many there are.

    Parameters
    ----------
    proof : OffersProof or Skipped
    offers : Offers or Skipped

    Returns
    -------
    KeyFigures
    """
    figures = [] if isinstance(proof, Skipped) else _proof_figures(proof)
    if not isinstance(offers, Skipped):
        people = offers.table["customer_id"].nunique()
        figures += [
            KeyFigure(label="Offers", value=len(offers.table), note=f"by {offers.ranked_by}"),
            KeyFigure(label="Customers with offers", value=people, note=f"of {offers.customers:,}"),
        ]
    return KeyFigures(*figures)


def _proof_figures(proof: OffersProof) -> list[KeyFigure]:
    ours = proof.row(_HIT)
    figures = []
    if ours is not None:
        figures.append(
            KeyFigure(
                label="Bought something picked for them",
                value=ours["value"],
                low=ours["low"],
                high=ours["high"],
                unit="%",
                better="higher",
                format=".0f",
                note=f"of customers; {proof.k} products each, {proof.holdout_days} days, in the test",
            )
        )
    named = {
        "Ahead of the best sellers": {},
        "Ahead where it is new to the customer": {"question": NEW_OFFERS},
    }
    for label, which in named.items():
        gap = proof.ahead_of(POPULARITY, **which)
        if gap is not None:
            figures.append(
                KeyFigure(
                    label=label,
                    value=gap["difference"],
                    low=gap["low"],
                    high=gap["high"],
                    unit="points",
                    better="higher",
                    format=".1f",
                    note="percentage points of customers",
                )
            )
    return figures


@or_else(lambda missing: missing)
def offers_table(
    crm: Any, offers: Offers, *, most: int | None = None, name: str = "offers", caption: str = "Offers"
) -> DataTable:
    """Every offer with its reason, a row a customer and rank; the customers with the best first offers first.

    Parameters
    ----------
    crm : Crm
        Says whether customers are shown by pseudonyms.
    offers : Offers
    most : int, optional
        At most so many customers.
    name : str
        Of the files to download.
    caption : str
        What offers they are.

    Returns
    -------
    DataTable
    """
    table = offers.table.sort_values(["customer_id", "rank"], kind="stable")
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
            "reason": table["reason"].to_numpy(),
        }
    )
    empty = [name for name in ("price", "expected_margin", "due_on") if frame[name].isna().all()]
    if (frame["product"].astype("str") == frame["product_id"].astype("str")).all():
        empty.append("product_id")
    return DataTable(
        frame.drop(columns=empty).rename(columns={"kind": "offer_kind", "probability_pct": "buy_chance_pct"}),
        name=name,
        caption=f"{caption}, each customer's by {offers.ranked_by}; customers with the best first offer first",
        currency=offers.currency,
        rows=15,
        excel=True,
        about=about_workspace(crm),
        meanings={"buy_chance_pct": f"Of buying it within {offers.horizon_days} days."},
    )


@or_else(lambda missing: None)
def removed_table(offers: Offers) -> DataTable | Prose:
    """What each rule of eligibility took out.

    Parameters
    ----------
    offers : Offers

    Returns
    -------
    DataTable, or Prose where no rule applies
    """
    if offers.removed.empty:
        return Prose("No rule of eligibility applies here, so nothing was left out.")
    frame = offers.removed[["says", "offers_removed", "customers_affected"]]
    return DataTable(
        frame.assign(says=[sentence(says) for says in frame["says"]]).rename(
            columns={"says": "rule_of_eligibility", "customers_affected": "customers"}
        ),
        name="offers_left_out",
        caption="Possible offers that were left out, and why",
    )


@or_else(lambda missing: None)
def proof_table(proof: OffersProof) -> DataTable:
    """Every measure of every list, for all customers and for those who bought.

    Parameters
    ----------
    proof : OffersProof

    Returns
    -------
    DataTable

    Examples
    --------
    >>> from crmlib.present.reports.offers.say import little_proof
    >>> table = proof_table(little_proof())
    >>> table.frame[["question", "side", "hit_rate_pct", "hit_rate_low"]].head(1)
         question          side  hit_rate_pct  hit_rate_low
    0  all offers  These offers          30.0          27.0
    """
    keys = ["question", "judged", "side"]
    wide = proof.overall.pivot_table(
        index=keys, columns="measure", values="value", sort=False, dropna=False
    ).dropna(how="all")
    hits = proof.overall[proof.overall["measure"] == _HIT].set_index(keys)
    frame = wide.reindex(columns=list(_MEASURES)).dropna(axis="columns", how="all")
    frame.insert(1, "hit_rate_low", hits["low"].reindex(frame.index))
    frame.insert(2, "hit_rate_high", hits["high"].reindex(frame.index))
    frame = frame.rename_axis(columns=None).reset_index()
    frame["side"] = [side_name(row.side, row.question) for row in frame.itertuples()]
    frame["question"] = frame["question"].map(QUESTION_NAMES)
    frame["judged"] = frame["judged"].map(_JUDGED)
    return DataTable(
        frame.rename(columns={"revenue_share_pct": "named_revenue_pct"}),
        name="proof_of_offers",
        caption=f"{proof.k} products named to each customer, and what was bought within {proof.holdout_days} days",
        currency=proof.currency,
        excel=True,
        rows=20,
    )


@or_else(lambda missing: None)
def kinds_table(proof: OffersProof) -> DataTable | None:
    """How each kind of offer fared.

    Parameters
    ----------
    proof : OffersProof

    Returns
    -------
    DataTable, or None where there was no offer

    Examples
    --------
    >>> from crmlib.present.reports.offers.say import little_proof
    >>> kinds_table(little_proof()).frame["accepted_pct"].tolist()
    [21.0, 5.5]
    """
    if proof.by_kind.empty:
        return None
    frame = proof.by_kind[
        ["question", "kind", "offered", "accepted_pct", "low", "high", "predicted_pct", "revenue"]
    ]
    frame = frame.assign(
        question=frame["question"].map(QUESTION_NAMES), kind=[kind_name(kind) for kind in frame["kind"]]
    )
    return DataTable(
        frame.rename(columns={"kind": "offer_kind", "low": "accepted_low", "high": "accepted_high"}),
        name="offers_bought_by_kind",
        caption="Offers of the test by kind (ranges: 95 %)",
        currency=proof.currency,
        download=False,
    )
