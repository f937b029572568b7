"""Purchases, orders, gaps and looks that offers stand on, against the same worked out in plain Python."""

from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import sqlglot

from crmlib import Crm, survival_curves
from crmlib.measure.offers.candidates import (
    STEPS_SQL,
    VIEWS_SQL,
    group_sellers,
    product_views,
)
from crmlib.measure.offers.tables import (
    GAP_STATEMENTS,
    LARGEST_ORDER,
    STATEMENTS,
    count_up_to,
    offer_engine,
    order_products,
    product_gaps,
    products_offered,
    purchase_days,
    table_statements,
)
from crmlib.prepare.clock import closing_day
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
    count_up_to(engine, END, horizon_days=HORIZON)
    yield engine
    engine.close()


def names_of(engine):
    products = dict(engine.rows("select p, product_id from offer_products"))
    return products, dict(engine.rows("select c, customer_id from offer_customers"))


def test_orders_hold_their_products_and_large_ones_are_left_out(counted, lines):
    products, _ = names_of(counted)
    found = defaultdict(set)
    for order, product in order_products(counted).itertuples(index=False):
        found[order].add(products[product])
    baskets = [set(own) for _, own in lines[lines["order_id"] != "big"].groupby("order_id")["product_id"]]
    assert sorted(map(sorted, found.values())) == sorted(map(sorted, baskets)) and len(baskets) > 100


def test_days_of_purchase_are_those_counted_one_by_one(counted, lines):
    products, customers = names_of(counted)
    rows = purchase_days(counted)
    assert rows.equals(rows.sort_values(["c", "p", "day"], ignore_index=True))
    found = {
        (customers[c], products[p], date(1970, 1, 1) + timedelta(days=int(d))) for c, p, d in rows.to_numpy()
    }
    assert found == {(row.customer_id, row.product_id, row.ordered_at.date()) for row in lines.itertuples()}
    assert len(rows) == len(found)


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
    products = product_gaps(counted, END).set_index(products_offered(counted)["product_id"])
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


def test_a_look_at_a_product_is_read_by_the_clock_of_the_workspace(lines):
    seen = pd.DataFrame(
        {"customer_id": ["c1", "c1", None, "c2"], "product_id": ["p3", "p3", "p3", None], "event": "view",
         "happened_at": pd.to_datetime([f"2024-{month}-01 03:00+00:00" for month in ("03", "06", "03", "03")])}
    )  # fmt: skip
    crm = Crm.from_frames(as_of=END, time_zone="America/New_York", transactions=lines, events=seen)
    engine = offer_engine(crm)
    products, customers = names_of(engine)
    found = product_views(crm, engine)
    engine.close()
    # The look of June lies after the end, the others name nobody or nothing.
    ((c, p, day),) = found.to_numpy()
    assert (customers[c], products[p], date(1970, 1, 1) + timedelta(days=int(day))) == (
        "c1",
        "p3",
        date(2024, 2, 29),
    )


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
    assert closing_day(crm).date() == date(2024, 3, 31) and len(crm.frame("transactions")) == 1
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
        **table_statements(columns, people="select customer_id from customers"), **STATEMENTS,
        **GAP_STATEMENTS, "steps": STEPS_SQL, "views": VIEWS_SQL,
    }  # fmt: skip
    for name, sql in statements.items():
        (spark,) = sqlglot.transpile(
            sql, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE
        )
        assert sqlglot.parse_one(spark, read="spark", error_level=sqlglot.ErrorLevel.RAISE), name
        for word in ("quantile_cont", "arg_max", "mode(", "dayofweek", "isodow"):
            assert word not in sql.lower(), name
