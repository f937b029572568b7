"""The proof of offers: its measures against independent ones, its intervals against an analytic case."""

from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.metrics import dcg_score, ndcg_score

from crmlib import Crm
from crmlib.analyse.offers.judging import (
    FIGURES,
    SIDES,
    Bought,
    acceptance_by_decile,
    acceptance_by_kind,
    best_sellers,
    drawn_sums,
    figures_of,
    item_neighbours,
    judged_as,
    measure_table,
    outcome_keys,
    own_repeats,
)
from crmlib.analyse.offers.proof import evaluate_offers
from crmlib.present.reports.offers.say import LIST_WORDS, how_paragraph
from crmlib.schema.errors import ParameterError, SchemaError
from tests.analyse.offers.samples import little_shop, next_in_row

CUTOFF = pd.Timestamp("2024-03-01")


def random_case(seed, *, customers=40, products=25, k=5):
    """A random history, a random outcome and random lists of which some are short."""
    lot = np.random.default_rng(seed)
    pairs = np.argwhere(lot.random((customers, products)) < 0.3)
    history = pd.DataFrame(
        {
            "customer_id": [f"c{i:02}" for i in pairs[:, 0]],
            "product_id": [f"p{i:02}" for i in pairs[:, 1]],
            "order_count": lot.integers(1, 4, len(pairs)),
            "last_at": CUTOFF - pd.to_timedelta(lot.integers(0, 50, len(pairs)), unit="D"),
        }
    )
    after = np.argwhere(lot.random((customers, products + 2)) < 0.12)
    outcome = pd.DataFrame(
        {
            "customer_id": [f"c{i:02}" for i in after[:, 0]],
            "product_id": [f"p{i:02}" for i in after[:, 1]],
            "net_amount": lot.integers(1, 50, len(after)) / 4,
        }
    )
    bought = Bought.of(history, cutoff=CUTOFF, holdout_days=14).with_products(outcome["product_id"])
    named = np.array([lot.permutation(products)[:k] for _ in bought.customers])
    named[lot.random(named.shape) < 0.1] = -1
    return history, outcome, bought, _packed(named)


def _packed(named):
    """What is named comes first, nothing last."""
    return np.array([[*row[row >= 0], *row[row < 0]] for row in named])


def by_hand(history, outcome, bought, named, *, new):
    """The same figures, one customer and one product after the other."""
    rows = []
    people = history.customer_id.nunique()
    sold_to = history.groupby("product_id").customer_id.nunique()
    for customer, row in zip(bought.customers, named, strict=True):
        own = set(history.product_id[history.customer_id == customer])
        later = outcome[outcome.customer_id == customer].set_index("product_id").net_amount.to_dict()
        if new:
            later = {product: paid for product, paid in later.items() if product not in own}
        names = [bought.products[place] for place in row if place >= 0]
        hits = [name for name in names if name in later]
        scores, relevance = np.zeros(len(bought.products)), np.zeros(len(bought.products))
        for rank, name in enumerate(names):
            scores[bought.products.get_loc(name)] = len(row) - rank
        relevance[[bought.products.get_loc(name) for name in later]] = 1
        rows.append(
            {
                "judged": 1,
                "hit": bool(hits),
                "precision": len(hits) / len(row),
                "recall": len(hits) / len(later) if later else 0,
                "ndcg": ndcg_of(relevance, scores, k=len(row)),
                "revenue": sum(later[name] for name in hits),
                "spent": sum(later.values()),
                "bits": sum(-np.log2(sold_to.get(name, 1) / people) for name in names),
                "new": sum(name not in own for name in names),
                "named": len(names),
            }
        )
    return pd.DataFrame(rows).astype(float)


def ndcg_of(relevance, scores, *, k):
    """scikit-learn's, which shares the gain among equal scores: what is not named must not count."""
    if not relevance.any():
        return 0.0
    order = np.argsort(-scores, kind="stable")[:k]
    gain, best = np.where(scores[order] > 0, relevance[order], 0.0), np.sort(relevance)[::-1][:k]
    ranks = np.arange(k, 0, -1.0)[None, :]
    return dcg_score(gain[None, :], ranks) / dcg_score(best[None, :], ranks)


@pytest.mark.parametrize("new", [False, True])
@pytest.mark.parametrize("seed", [0, 1])
def test_figures_against_brute_force_and_scikit_learn(seed, new):
    history, outcome, bought, named = random_case(seed)
    found = figures_of(named, bought, outcome_keys(bought, outcome), new=new)
    wanted = by_hand(history, outcome, bought, named, new=new)
    assert wanted.hit.mean() > 0.1 and (wanted.named < 5).any()
    np.testing.assert_allclose(found, wanted[list(FIGURES)].to_numpy(), atol=1e-12)


def told(proof, side):
    """What the page says of the offers against a list."""
    words = str(LIST_WORDS.term(side))
    return next(str(said) for said in how_paragraph(proof) if str(said).startswith(f"Against {words} "))


def test_ndcg_is_scikit_learns_where_full_lists_are_named():
    lot = np.random.default_rng(5)
    for _ in range(20):
        relevance, scores = (lot.random(30) < 0.2).astype(float), lot.permutation(30).astype(float) + 1
        if not relevance.any():
            continue
        bought = Bought.of(
            pd.DataFrame({"customer_id": "c", "product_id": [f"p{i:02}" for i in range(30)],
                          "order_count": 1, "last_at": CUTOFF}), cutoff=CUTOFF, holdout_days=14)  # fmt: skip
        later = pd.DataFrame({"customer_id": "c", "product_id": bought.products[relevance > 0],
                              "net_amount": 1.0})  # fmt: skip
        named = np.argsort(-scores)[None, :7]
        found = figures_of(named, bought, outcome_keys(bought, later))[0, FIGURES.index("ndcg")]
        assert found == pytest.approx(ndcg_score(relevance[None, :], scores[None, :], k=7))


def test_best_sellers_own_repeats_and_neighbours_against_pandas():
    history, _, bought, _ = random_case(3)
    lately = history[history.last_at >= CUTOFF - pd.Timedelta(days=14)].groupby("product_id").size()
    ever = history.groupby("product_id").size()
    order = sorted(ever.index, key=lambda name: (-lately.get(name, 0), -ever[name], name))
    own = history.groupby("customer_id").product_id.agg(set)
    everything, new = best_sellers(bought, 4)
    repeats, nothing = own_repeats(bought, 4)
    assert nothing is None
    matrix = history.pivot_table(index="customer_id", columns="product_id", values="order_count").fillna(0)
    seen = (matrix > 0).to_numpy(dtype=float)
    cosine = seen.T @ seen / np.sqrt(np.outer(seen.sum(axis=0), seen.sum(axis=0)))
    for row in cosine:
        row[row < np.sort(row)[-20]] = 0
    score = pd.DataFrame(matrix.to_numpy() @ cosine, index=matrix.index, columns=matrix.columns)
    near, near_new = item_neighbours(bought, 4)
    for place, customer in enumerate(bought.customers):
        assert [bought.products[i] for i in everything[place]] == order[:4]
        left = [name for name in order if name not in own[customer]]
        assert [bought.products[i] for i in new[place]] == left[:4]
        mine = history[history.customer_id == customer].sort_values(
            ["order_count", "last_at", "product_id"], ascending=[False, False, True]
        )
        assert [bought.products[i] for i in repeats[place] if i >= 0] == list(mine.product_id[:4])
        for names, scores in (
            (near[place], score.loc[customer]),
            (near_new[place], score.loc[customer][left]),
        ):
            got = scores[[bought.products[i] for i in names]].to_numpy()
            np.testing.assert_allclose(got, np.sort(scores)[::-1][:4], rtol=1e-5)


def one_measure(rows, people, *, seed=0):
    """Hit rate of two sides, of which the second never hits."""
    table = np.zeros((len(rows), len(FIGURES)))
    table[:, 0], table[:, 1], table[:, 6] = 1, rows, 1
    nothing = table.copy()
    nothing[:, 1] = 0
    overall, ahead = measure_table({"offers": table, "popularity": nothing}, people, ours="offers", seed=seed)
    pick = overall[(overall.measure == "hit_rate_pct") & (overall.side == "offers")].iloc[0]
    gap = ahead[(ahead.measure == "hit_rate_pct")].iloc[0]
    return pick, gap


@pytest.mark.parametrize("customers", [1500, 6000])
def test_interval_of_a_share_is_the_analytic_one(customers):
    """Drawn again one by one below 5,000 customers, from the normal distribution above."""
    hits = np.arange(customers) % 10 < 3
    row, gap = one_measure(hits, np.arange(customers))
    half = 100 * norm.ppf(0.975) * np.sqrt(0.3 * 0.7 / customers)
    assert row.value == pytest.approx(30) and gap.difference == pytest.approx(30)
    np.testing.assert_allclose([row.high - row.low, gap.high - gap.low], 2 * half, rtol=0.12)
    np.testing.assert_allclose((row.low + row.high) / 2, 30, atol=0.25 * half)


def test_several_cutoffs_of_one_customer_say_less_than_several_customers():
    """Four equal rows a customer: the interval is that of the customers, twice as wide as of the rows."""
    hits = np.repeat(np.arange(400) % 10 < 3, 4)
    clustered, _ = one_measure(hits, np.repeat(np.arange(400), 4))
    naive, _ = one_measure(hits, np.arange(1600))
    wide, narrow = clustered.high - clustered.low, naive.high - naive.low
    assert wide / narrow == pytest.approx(2, rel=0.15)
    assert wide == pytest.approx(200 * norm.ppf(0.975) * np.sqrt(0.3 * 0.7 / 400), rel=0.12)


def test_differences_are_paired():
    """Sides that always differ by the same customer have a narrower difference than their own intervals."""
    lot = np.random.default_rng(0)
    base = np.zeros((800, len(FIGURES)))
    base[:, 0] = base[:, 6] = 1
    base[:, 1] = lot.random(800) < 0.4
    better = base.copy()
    better[:40, 1] = 1
    overall, ahead = measure_table(
        {"offers": better, "popularity": base}, np.arange(800), ours="offers", seed=0
    )
    own = overall[(overall.measure == "hit_rate_pct")].iloc[0]
    gap = ahead[(ahead.measure == "hit_rate_pct")].iloc[0]
    assert gap.ahead == "yes" and gap.high - gap.low < 0.4 * (own.high - own.low)


def test_buyers_are_those_who_bought():
    rows = np.ones((3, len(FIGURES)))
    rows[1, FIGURES.index("spent")] = 0
    assert judged_as(rows, "buyers")[:, 0].tolist() == [1, 0, 1] and judged_as(rows, "everybody")[:, 0].all()


def test_drawn_sums_keep_the_figures_of_a_customer_together():
    values = np.column_stack([np.arange(200.0), 2 * np.arange(200.0)])
    drawn = drawn_sums(values, seed=0)
    np.testing.assert_allclose(drawn[:, 1], 2 * drawn[:, 0])
    assert not np.array_equal(drawn, drawn_sums(values, seed=1))


def test_acceptance_agrees_where_probabilities_are_true_and_not_where_they_are_half():
    lot = np.random.default_rng(1)
    chance = lot.beta(1, 6, 10_000)
    offers = pd.DataFrame({"customer_id": (np.arange(10_000) // 5).astype(str), "probability": chance})
    offers["accepted"] = lot.random(10_000) < chance
    true = acceptance_by_decile(offers, seed=0)
    assert true.decile.tolist() == list(range(1, 11)) and true.offered.sum() == 10_000
    assert true.agrees.sum() >= 8 and true.predicted_pct.is_monotonic_increasing
    np.testing.assert_allclose(true.accepted_pct, true.predicted_pct, atol=2.5)
    half = acceptance_by_decile(offers.assign(probability=chance / 2), seed=0)
    assert half.agrees.sum() <= 1


def test_acceptance_never_claims_certainty_where_nothing_was_taken():
    offers = pd.DataFrame({"customer_id": np.arange(60).astype(str), "probability": 0.01, "accepted": False})
    row = acceptance_by_decile(offers, seed=0).iloc[0]
    assert row.accepted_pct == 0 == row.low and 4 < row.high < 8 and row.agrees
    nothing = acceptance_by_decile(offers.assign(probability=np.nan), seed=0)
    assert nothing.empty and "agrees" in nothing
    assert acceptance_by_kind(offers.head(0).assign(kind="", paid=0.0), seed=0).empty


def test_offers_that_know_the_way_win_and_the_same_seed_gives_the_same():
    shop = little_shop()
    proof = evaluate_offers(shop, cutoffs=2, holdout_days=21, k=2, recommend=next_in_row)
    assert proof.beats_popularity == "yes" and proof.value("hit_rate_pct") == 100
    assert proof.periods.customers.tolist() == [60, 60] and proof.periods.buyers.tolist() == [60, 60]
    again = evaluate_offers(shop, cutoffs=2, holdout_days=21, k=2, recommend=next_in_row)
    for each in fields(proof):
        one, other = getattr(proof, each.name), getattr(again, each.name)
        if isinstance(one, pd.DataFrame):
            pd.testing.assert_frame_equal(one, other)
        else:
            assert one == other
    assert "the offers are ahead" in told(proof, "popularity") and "<table" in proof._repr_html_()


def test_nothing_of_the_holdout_reaches_the_offers():
    shop = little_shop()
    seen = []

    def look(crm, **settings):
        seen.append((crm.as_of, crm.frame("transactions", ["ordered_at"]).ordered_at.max(), settings))
        return next_in_row(crm, k=settings["k"])

    evaluate_offers(shop, cutoffs=2, holdout_days=21, k=2, recommend=look)
    assert len(seen) == 4
    for as_of, last, settings in seen:
        assert last <= as_of < shop.as_of - pd.Timedelta(days=20)
        assert settings["horizon_days"] == 21
    assert [settings["kinds"] for *_, settings in seen[:2]] == [
        ("cross-sell", "up-sell", "repeat-sell"),
        ("cross-sell", "up-sell"),
    ]


def test_offers_as_bad_as_chance_are_called_so():
    def worst(crm, *, k, **settings):
        lines = crm.frame("transactions", ["customer_id"]).drop_duplicates()
        return lines.assign(rank=1, product_id="never sold", probability=0.5)

    proof = evaluate_offers(little_shop(), cutoffs=1, holdout_days=21, k=2, recommend=worst)
    assert proof.beats_popularity == "no" and "the offers are behind" in told(proof, "popularity")
    assert proof.value("coverage_pct") == 0 == proof.value("precision_pct")
    assert not proof.by_decile.agrees.any()
    assert proof.by_kind.kind.unique().tolist() == ["offer"]


def test_what_cannot_be_proven_is_refused():
    shop = little_shop()
    with pytest.raises(ParameterError, match=r"needs 180 days of orders\. There are 134: give at most 44"):
        evaluate_offers(shop, holdout_days=60, recommend=next_in_row)
    for wrong in ({"k": 0}, {"cutoffs": 1.5}, {"holdout_days": True}, {"kinds": ("gift",)}, {"kinds": ()}):
        with pytest.raises(ParameterError):
            evaluate_offers(shop, recommend=next_in_row, **wrong)
    lines = shop.frame("transactions")
    few = Crm.from_frames(as_of="2024-05-14", transactions=lines[lines.customer_id < "c05"])
    with pytest.raises(ParameterError, match="at least 20 customers"):
        evaluate_offers(few, recommend=next_in_row)
    with pytest.raises(SchemaError, match="who bought"):
        nameless = Crm.from_frames(as_of="2024-05-14", transactions=lines.drop(columns="customer_id"))
        evaluate_offers(nameless, recommend=next_in_row)
    with pytest.raises(ParameterError, match="without rank"):
        evaluate_offers(shop, recommend=lambda crm, **settings: lines[["customer_id", "product_id"]])


def test_fewer_cutoffs_than_asked_are_noted():
    proof = evaluate_offers(little_shop(), cutoffs=3, holdout_days=28, k=2, recommend=next_in_row)
    assert len(proof.periods) == 2 and proof.cutoffs_asked == 3
    assert any(str(said).startswith("Only 2 of 3") for said in how_paragraph(proof))


def test_every_side_stands_in_every_table():
    proof = evaluate_offers(little_shop(), cutoffs=1, holdout_days=21, k=2, recommend=next_in_row)
    asked = proof.overall[proof.overall.question == "all offers"]
    assert set(asked.side) == {"offers", *SIDES} and set(asked.judged) == {"everybody", "buyers"}
    assert asked[asked.measure != "coverage_pct"][["low", "high"]].notna().all().all()
    inside = asked.dropna(subset=["low"])
    assert ((inside.low <= inside.value + 1e-9) & (inside.value <= inside.high + 1e-9)).all()


@pytest.fixture(scope="module")
def online_retail(shared_data):
    """A twelfth of the customers of Online Retail, cleaned in the usual way."""
    lines = pd.read_parquet(shared_data / "online_retail" / "online_retail.parquet")
    lines = lines[lines.CustomerID.notna()].assign(
        customer=lambda frame: frame.CustomerID.astype(float).astype(int)
    )
    lines = lines[(lines.customer % 12 == 0)]
    return Crm.from_frames(
        as_of="latest",
        time_zone="Europe/London",
        currency="GBP",
        transactions=pd.DataFrame(
            {
                "order_id": lines.InvoiceNo.astype(str),
                "customer_id": lines.customer.astype(str),
                "product_id": lines.StockCode.astype(str),
                "ordered_at": lines.InvoiceDate,
                "quantity": lines.Quantity,
                "net_amount": lines.Quantity * lines.UnitPrice,
            }
        ),
    )


@pytest.mark.slow
def test_offers_beat_the_best_sellers_on_online_retail(online_retail):
    proof = evaluate_offers(online_retail, cutoffs=1)
    assert proof.periods.customers.item() > 300
    assert proof.beats_popularity == "yes", told(proof, "popularity")
    gap = proof.ahead_of("popularity")
    assert gap.low > 0 and "the offers are ahead" in told(proof, "popularity")
    assert proof.ahead_of("popularity", "ndcg", judged="buyers").ahead == "yes"
