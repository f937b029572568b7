"""A few offers, a proof with all its tables, and the small workspaces that examples and tests share."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.offers.judging import ITEM_KNN, OFFERS, OWN_REPEATS, POPULARITY, Bought
from crmlib.analyse.offers.proof import ALL_OFFERS, NEW_OFFERS, OffersProof
from crmlib.analyse.offers.result import BEST_SELLER, Offers, offer_frame
from crmlib.prepare.crm import Crm


def little_offers() -> Offers:
    """Four offers to three customers, as the examples show them."""
    day = pd.Timestamp
    rows = [
        {"customer_id": "ann", "rank": 1, "kind": "repeat-sell", "product_id": "p1", "product": "Tea",
         "category": "Drinks", "probability": 0.6, "price": 5.0, "margin": 2.0, "due_on": day("2024-02-09"),
         "reason": "bought_due", "last_bought_on": day("2024-01-26"), "bought_days": 4, "gap_days": 14.0},
        {"customer_id": "ann", "rank": 2, "kind": "cross-sell", "product_id": "p2", "product": "Cup",
         "category": "Kitchen", "probability": 0.2, "price": 8.0, "margin": 3.0, "because_product_id": "p1",
         "because": "Tea", "reason": "together", "lift": 2.4, "confidence_pct": 30.0, "baskets": 12,
         "orders_before": 40, "is_new": True},
        {"customer_id": "bob", "rank": 1, "kind": "up-sell", "product_id": "p3", "product": "Fine tea",
         "category": "Drinks", "probability": 0.15, "price": 9.0, "margin": 5.0, "because_product_id": "p1",
         "because": "Tea", "reason": "step_up_paid", "lift": 1.2, "confidence_pct": 15.0, "baskets": 6,
         "step_price": 5.0, "top_price": 8.5, "is_new": True},
        {"customer_id": "cem", "rank": 1, "kind": BEST_SELLER, "product_id": "p1", "product": "Tea",
         "category": "Drinks", "probability": 0.05, "price": 5.0, "margin": 2.0, "reason": "no_purchase",
         "buyers": 4, "group_buyers": 20, "recent_days": 28, "is_new": True},
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    table["pieces"] = 1.0
    table["expected_margin"] = table["probability"] * table["margin"]
    return Offers(
        table=offer_frame(table),
        removed=pd.DataFrame(
            {"rule": ["retired", "consent"], "offers_removed": [3, 5], "customers_affected": [2, 1], "bound": np.nan}
        ),
        cold=pd.DataFrame({"customer_id": ["cem"], "group_by": [""], "group": ["all customers"]}),
        tried=pd.DataFrame(
            {"part": "own", "model": ["own_most", "all_signals"], "hit_rate_pct": [60.0, 62.0],
             "log_loss": [0.31, 0.29], "auc": [0.78, 0.81], "chosen": [False, True]}
        ),
        signals=pd.DataFrame({"part": ["own"], "signal": ["own_lately"], "auc_loss": [0.1]}),
        rhythms=pd.DataFrame(
            {"due_days": [14.0], "return_pct": [80.0], "based_on": ["product"], "ended": [40], "running": [9]},
            index=pd.Index(["p1"], name="product_id"),
        ),
        ranked_by="expected margin",
        horizon_days=28,
        k=2,
        customers=4,
        ways={"own": "all_signals", "new": "shrunk_shares"},
        learnt_on=(day("2024-01-03").date(),),
        learnt_customers=4,
        limits={"large_orders": 100},
        currency="EUR",
    )  # fmt: skip


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
                    for measure, size in (
                        ("hit_rate_pct", 1.0),
                        ("revenue_per_customer", 0.1),
                        ("revenue_share_pct", 0.2),
                    ):
                        lead = (ours - value) * factor * more * size
                        said = "yes" if lead > size else "no" if lead < -size else "uncertain"
                        ends = (lead - size, lead + size, said)
                        gaps.append((question, judged, side, measure, lead, *ends))
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
        holdout_days=28, k=5, cutoffs_asked=2, currency="EUR",
    )  # fmt: skip


def little_shop() -> Crm:
    """Sixty customers who each walk through twelve products, one a week, each from another place."""
    who, week = (part.ravel() for part in np.meshgrid(np.arange(60), np.arange(20), indexing="ij"))
    lines = pd.DataFrame({"customer_id": [f"c{i:02}" for i in who], "order_id": who * 20 + week})
    lines["product_id"] = [f"p{i:02}" for i in (who + week) % 12]
    lines["ordered_at"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(7 * week, unit="D")
    lines = lines.assign(order_id=lines["order_id"].astype(str), net_amount=5.0)
    return Crm.from_frames(as_of="2024-05-14", transactions=lines, currency="EUR")


def next_in_row(crm: Crm, *, k: int, **settings: Any) -> pd.DataFrame:
    """Offers for `little_shop` that know how its customers walk."""
    lines = crm.frame("transactions", ["customer_id", "product_id", "ordered_at"])
    last = lines.sort_values("ordered_at").groupby("customer_id")["product_id"].last().str[1:].astype(int)
    table = last.rename("last").reset_index().merge(pd.DataFrame({"rank": range(1, k + 1)}), how="cross")
    products = [f"p{place:02}" for place in (table["last"] + table["rank"]) % 12]
    return table.assign(kind="cross-sell", probability=0.9, product_id=products)


def little_bought() -> Bought:
    """Three customers who bought two of three products each."""
    rows = [
        ("ann", "jam", 1, "2024-01-05"), ("ann", "tea", 3, "2024-01-25"), ("bob", "jam", 2, "2024-01-21"),
        ("bob", "milk", 2, "2024-01-09"), ("cem", "milk", 1, "2024-01-28"), ("cem", "tea", 1, "2024-01-22"),
    ]  # fmt: skip
    history = pd.DataFrame(rows, columns=["customer_id", "product_id", "order_count", "last_at"])
    history["last_at"] = pd.to_datetime(history["last_at"])
    return Bought.of(history, cutoff=pd.Timestamp("2024-01-31"), holdout_days=14)
