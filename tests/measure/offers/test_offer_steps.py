"""Purchases, pairs, gaps and candidates of offers against the same worked out in plain Python."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest
import sqlglot

from crmlib import Crm, survival_curves
from crmlib.measure.offers.candidates import (
    CANDIDATES_SQL,
    EVIDENCE_SQL,
    LABELS_SQL,
    candidates_of,
    evidence_of,
    group_sellers,
)
from crmlib.measure.offers.tables import (
    LARGEST_ORDER,
    PAIR_STATEMENTS,
    PAIR_WEIGHT,
    STATEMENTS,
    count_pairs,
    count_up_to,
    day_of,
    offer_engine,
    products_offered,
    table_statements,
)
from crmlib.schema.errors import SchemaError
from crmlib.schema.tables import TABLES

END = date(2024, 5, 14)
HORIZON = 21


def random_lines(seed):
    draw = np.random.default_rng(seed)
    rows = []
    for order in range(220):
        day = END - timedelta(days=int(draw.integers(0, 130)))
        customer = f"c{draw.integers(0, 12)}"
        for product in set(draw.integers(0, 9, draw.integers(1, 6))):
            rows.append((f"o{order}", customer, f"p{product}", day, float(draw.integers(1, 9)), 1))
    rows += [("big", "c0", f"x{n:03}", END, 1.0, 1) for n in range(LARGEST_ORDER + 1)]
    columns = ["order_id", "customer_id", "product_id", "ordered_at", "net_amount", "quantity"]
    lines = pd.DataFrame(rows, columns=columns)
    return lines.assign(ordered_at=pd.to_datetime(lines["ordered_at"]) + pd.Timedelta(hours=9))


@pytest.fixture(scope="module")
def lines():
    return random_lines(1)


@pytest.fixture(scope="module")
def counted(lines):
    """An engine at the end, with names instead of numbers at hand."""
    engine = offer_engine(Crm.from_frames(as_of=END, transactions=lines))
    count_pairs(engine, END, horizon_days=HORIZON)
    count_up_to(engine, END, horizon_days=HORIZON)
    yield engine
    engine.close()


def names_of(engine):
    products = dict(engine.rows("select p, product_id from offer_products"))
    return products, dict(engine.rows("select c, customer_id from offer_customers"))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_pairs_are_those_counted_one_by_one(counted, lines, place):
    cut = END - timedelta(days=place * HORIZON)
    count_up_to(counted, cut, horizon_days=HORIZON, place=place)
    known = lines[lines["ordered_at"].dt.date <= cut]
    baskets = [set(own) for _, own in known.groupby("order_id")["product_id"]]
    baskets = [basket for basket in baskets if len(basket) <= LARGEST_ORDER]
    alone = Counter(item for basket in baskets for item in basket)
    both = Counter(pair for basket in baskets for pair in combinations(sorted(basket), 2))
    products, _ = names_of(counted)
    found = {
        (products[p], products[q]): (n, before, behind, share)
        for p, q, n, before, behind, share in counted.rows(
            "select p, q, baskets, orders_before, orders_behind, share from offer_pairs"
        )
    }
    expected = {}
    for (a, b), n in both.items():
        if n >= 3:
            for one, other in ((a, b), (b, a)):
                share = (n + PAIR_WEIGHT * alone[other] / len(baskets)) / (alone[one] + PAIR_WEIGHT)
                expected[one, other] = (n, alone[one], alone[other], pytest.approx(share))
    assert found == expected and len(found) > 20
    count_up_to(counted, END, horizon_days=HORIZON)


def test_histories_are_those_counted_one_by_one(counted, lines):
    products, customers = names_of(counted)
    own = defaultdict(set)
    for row in lines.itertuples():
        own[row.customer_id, row.product_id].add(row.ordered_at.date())
    found = {
        (customers[c], products[p]): rest
        for c, p, *rest in counted.rows(
            "select c, p, own_days, own_days_recent, first_on, last_on from offer_histories"
        )
    }
    recent = END - timedelta(days=HORIZON)
    assert found == {
        key: [len(days), sum(day > recent for day in days), min(days), max(days)] for key, days in own.items()
    }


def test_gaps_are_those_of_the_survival_curve_that_counts_running_stretches(counted, lines):
    products = products_offered(counted).set_index("product_id")
    for product in ("p0", "p5"):
        lasted, ended = [], []
        for _, days in lines[lines["product_id"] == product].groupby("customer_id")["ordered_at"]:
            dates = sorted(set(days.dt.date))
            lasted += [(b - a).days for a, b in pairwise(dates)] + [(END - dates[-1]).days]
            ended += [True] * (len(dates) - 1) + [False]
        curve = survival_curves(lasted, ended).curves
        share = 1 - curve["survival"].iloc[-1]
        half = curve.loc[curve["survival"] <= 1 - share / 2 + 1e-9, "time"].iloc[0]
        row = products.loc[product]
        assert row["km_return"] == pytest.approx(share) and row["km_days"] == half
        assert (row["ended"], row["running"]) == (sum(ended), len(ended) - sum(ended))


def test_candidates_know_the_history_and_what_points_to_them(counted, lines):
    products, customers = names_of(counted)
    found = candidates_of(counted, np.arange(12), day=END, horizon_days=HORIZON)
    assert not found.duplicated(["c", "p"]).any()
    bought = {(row.customer_id, row.product_id) for row in lines.itertuples()}
    said = {(customers[c], products[p]) for c, p in found.loc[found["is_own"], ["c", "p"]].to_numpy()}
    assert said <= bought and len(said) > 60
    pairs = {
        (p, q): (share, base)
        for p, q, share, base in counted.rows("select p, q, share, base from offer_pairs")
    }
    histories = defaultdict(dict)
    for c, p, days, last in counted.rows("select c, p, own_days, last_on from offer_histories"):
        histories[c][p] = round(1e6 * days**0.5 / (1 + (END - last).days / HORIZON))
    for row in found.sample(40, random_state=0).itertuples():
        own = sorted(histories[row.c].items(), key=lambda item: (-item[1], item[0]))[:60]
        parts = {p: weight * pairs[p, row.p][0] for p, weight in own if (p, row.p) in pairs}
        assert row.together == pytest.approx(sum(parts.values()) / 1e6, abs=1e-4)
        excess = {
            p: weight * (pairs[p, row.p][0] - pairs[p, row.p][1]) for p, weight in own if (p, row.p) in pairs
        }
        if excess and max(excess.values()) > 1:
            assert excess[int(row.because)] == pytest.approx(max(excess.values()), abs=1.5)


def test_evidence_is_the_orders_with_both(counted, lines):
    products, _ = names_of(counted)
    code = {word: p for p, word in products.items()}
    asked = pd.DataFrame({"c": [0], "p": [code["p1"]], "because": [code["p2"]]})
    row = evidence_of(counted, asked).iloc[0]
    fit = lines[lines["order_id"] != "big"].groupby("order_id")["product_id"].agg(set)
    both, before, behind = (sum(need <= own for own in fit) for need in ({"p1", "p2"}, {"p2"}, {"p1"}))
    assert (row["baskets"], row["orders_before"]) == (both, before)
    assert row["lift"] == pytest.approx(both / before / (behind / len(fit)))


def test_a_purchase_that_came_back_is_none():
    lines = pd.DataFrame(
        [("1", "tea", "2024-01-02", 5.0), ("2", "tea", "2024-02-02", 7.0), ("3", "tea", "2024-02-05", -7.0),
         ("4", "jam", "2024-02-05", 4.0), ("5", "jam", "2024-02-06", -1.0), ("6", "mug", "2024-02-06", 0.0)],
        columns=["order_id", "product_id", "ordered_at", "net_amount"],
    ).assign(customer_id="ann")  # fmt: skip
    engine = offer_engine(Crm.from_frames(as_of="2024-03-01", transactions=lines))
    rows = engine.rows(
        "select product_id, ordered_on from offer_purchases join offer_products using (p) order by ordered_on"
    )
    assert rows == [("tea", date(2024, 1, 2)), ("jam", date(2024, 2, 5))]


def test_days_are_those_of_the_workspace_and_it_stays_as_it_was():
    lines = pd.DataFrame({"order_id": ["1"], "customer_id": ["ann"], "product_id": ["tea"], "net_amount": [5.0],
                          "ordered_at": pd.to_datetime(["2024-02-01 03:00+00:00"])})  # fmt: skip
    crm = Crm.from_frames(as_of="2024-03-31", time_zone="America/New_York", transactions=lines)
    engine = offer_engine(crm)
    assert engine.rows("select ordered_on from offer_purchases") == [(date(2024, 1, 31),)]
    engine.close()
    assert day_of(crm) == date(2024, 3, 31) and len(crm.frame("transactions")) == 1
    assert crm.engine.rows("select count(*) from duckdb_tables() where table_name like 'offer%'") == [(0,)]


def test_small_groups_are_not_named():
    people = pd.DataFrame({"customer_id": [f"c{n}" for n in range(24)], "region": ["N"] * 15 + ["S"] * 9})
    lines = pd.DataFrame({"customer_id": people["customer_id"], "order_id": people["customer_id"],
                          "product_id": ["tea"] * 8 + ["jam"] * 16, "ordered_at": "2024-01-20",
                          "net_amount": 5.0})  # fmt: skip
    crm = Crm.from_frames(as_of="2024-01-31", transactions=lines, customers=people)
    found = group_sellers(offer_engine(crm), "region", day=date(2024, 1, 31), horizon_days=28)
    assert found[["value", "buyers", "group_buyers"]].values.tolist() == [["N", 8, 15], ["N", 7, 15]]


def test_orders_without_customers_are_refused():
    lines = pd.DataFrame(
        {"order_id": ["1"], "product_id": ["tea"], "ordered_at": ["2024-01-20"], "net_amount": [5.0]}
    )
    with pytest.raises(SchemaError, match="customer_id"):
        offer_engine(Crm.from_frames(as_of="2024-01-31", transactions=lines))


ALL_COLUMNS = {name: list(spec.names) for name, spec in TABLES.items()}


@pytest.mark.parametrize("columns", [ALL_COLUMNS, {"transactions": []}], ids=["all columns", "no column"])
def test_every_statement_translates_to_spark(columns):
    statements = {
        **table_statements(columns, people="select customer_id from customers"), **PAIR_STATEMENTS, **STATEMENTS,
        "candidates": CANDIDATES_SQL, "labels": LABELS_SQL, "evidence": EVIDENCE_SQL,
    }  # fmt: skip
    for name, sql in statements.items():
        (spark,) = sqlglot.transpile(
            sql, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE
        )
        assert sqlglot.parse_one(spark, read="spark", error_level=sqlglot.ErrorLevel.RAISE), name
        for word in ("quantile_cont", "arg_max", "mode(", "dayofweek", "isodow"):
            assert word not in sql.lower(), name
