"""Plan against reality: a ledger by hand, the split of a difference by brute force, what is missing."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from crmlib import Crm
from crmlib.analyse.forecast.pipeline import forecast_pipeline
from crmlib.analyse.forecast.plan import (
    PARTS,
    plan_vs_actual,
    price_volume_mix,
    read_period,
    targets_of,
    usual_period,
)
from crmlib.prepare.engine import Engine
from crmlib.schema.errors import ParameterError, SchemaError
from tests.analyse.forecast.cases import company

PRODUCTS = pd.DataFrame(
    {"product_id": ["tea", "milk", "oats"], "category": ["drinks", "drinks", "food"], "department": "shop"}
)
CUSTOMERS = pd.DataFrame({"customer_id": ["ann", "bob"], "region": ["north", "south"]})


def ledger():
    """Two Januaries; the second runs until the 20th."""
    rows = [
        ("a1", "ann", "tea", "2023-01-05", 10, 20.0, 12.0, "e1"),
        ("a2", "bob", "milk", "2023-01-10", 5, 5.0, 4.0, "e2"),
        ("a3", "bob", "oats", "2023-01-25", 2, 8.0, None, "e2"),
        ("b1", "ann", "tea", "2024-01-05", 12, 36.0, 14.0, "e1"),
        ("b2", "ann", "milk", "2024-01-05", 1, 1.0, 0.5, "e1"),
        ("b3", "bob", "tea", "2024-01-20", 1, 3.0, 1.0, "e2"),
        ("b4", "bob", "tea", "2024-01-15", -1, -3.0, -1.0, "e2"),
    ]
    names = [
        *("order_id", "customer_id", "product_id", "ordered_at", "quantity", "net_amount", "cost_amount"),
        "employee_id",
    ]
    return pd.DataFrame(rows, columns=names)


def plans(*rows):
    table = pd.DataFrame(rows, columns=["dimension", "key", "measure", "target"])
    return table.assign(period_start="2024-01-01", period_end="2024-01-31")


def shop(*rows, as_of="2024-01-20", extra=None, **tables):
    table = plans(*rows)
    table = table if extra is None else pd.concat([table, extra])
    tables = {"transactions": ledger(), "products": PRODUCTS, "customers": CUSTOMERS} | tables
    return Crm.from_frames(as_of=as_of, currency="EUR", plans=table, **tables)


@cache
def simple_shop():
    return shop(("total", "x", "net_amount", 40.0))


def test_a_ledger_by_hand():
    crm = shop(
        ("total", "x", "net_amount", 40.0), ("total", "x", "quantity", 10.0), ("total", "x", "margin", 30.0),
        ("total", "x", "order_count", 4.0),
    )  # fmt: skip
    table = plan_vs_actual(crm).table.set_index("measure")
    assert table["actual"].to_dict() == {
        "margin": 22.5,
        "net_amount": 37.0,
        "order_count": 3.0,
        "quantity": 13.0,
    }
    assert table["gap"].to_dict() == {
        "margin": -7.5,
        "net_amount": -3.0,
        "order_count": -1.0,
        "quantity": 3.0,
    }
    assert table.loc["net_amount", "gap_pct"] == pytest.approx(-7.5)
    assert table.loc["net_amount", "run_rate"] == pytest.approx(37 * 31 / 20)
    assert table.loc["net_amount", "year_before"] == 33.0
    assert table.loc["net_amount", "year_before_so_far"] == 25.0
    assert (table["elapsed_days"] == 20).all() and (table["period_days"] == 31).all()


BY_KEY = {
    "customer": {"ann": 37.0, "bob": 0.0}, "product": {"tea": 36.0, "milk": 1.0}, "category": {"drinks": 37.0},
    "department": {"shop": 37.0}, "employee": {"e1": 37.0, "e2": 0.0}, "region": {"north": 37.0, "south": 0.0},
}  # fmt: skip


def test_every_dimension():
    rows = [(by, key, "net_amount", 10.0) for by, keys in BY_KEY.items() for key in keys]
    crm = shop(*rows, as_of="2024-01-31")
    for by, expected in BY_KEY.items():
        table = plan_vs_actual(crm, by=by).table.set_index("key")
        assert table["actual"].to_dict() == expected == table["expected"].to_dict()
        assert table["status"].to_dict() == {
            key: "reached" if value >= 10 else "missed" for key, value in expected.items()
        }


def test_the_split_by_hand():
    found = plan_vs_actual(simple_shop())
    row = found.deviation.iloc[0]
    # Tea: 12 pieces for 36 against 10 for 20; milk: 1 for 1 against 5 for 5. Mean price before 25/15.
    assert (row["before"], row["now"]) == (25.0, 37.0)
    assert row["price"] == pytest.approx(12 * (3 - 2))
    assert row["volume"] == pytest.approx((13 - 15) * 25 / 15)
    assert row[[*PARTS]].sum() == pytest.approx(12.0)


def brute_split(now, before):
    """Piece by piece, in plain Python."""
    new = {r.product_id: (r.amount, r.pieces) for r in now.itertuples() if r.amount > 0 and r.pieces > 0}
    old = {r.product_id: (r.amount, r.pieces) for r in before.itertuples() if r.amount > 0 and r.pieces > 0}
    pieces_new, pieces_old = sum(p for _, p in new.values()), sum(p for _, p in old.values())
    mean = sum(a for a, _ in old.values()) / pieces_old if pieces_old else 0.0
    price = sum(a - p * old[k][0] / old[k][1] for k, (a, p) in new.items() if k in old)
    mix = 0.0
    for key in {*new, *old}:
        gone = old.get(key, (0.0, 0.0))[1]
        amount, pieces = new.get(key, (0.0, 0.0))
        was = old[key][0] / old[key][1] if key in old else amount / pieces
        mix += (pieces - gone) * (was - mean)
    return price, (pieces_new - pieces_old) * mean, mix


@pytest.mark.parametrize("seed", range(8))
def test_the_split_by_brute_force(seed):
    lot = np.random.default_rng(seed)
    tables = []
    for _ in range(2):
        goods = lot.choice(12, size=lot.integers(1, 12), replace=False)
        tables.append(
            pd.DataFrame(
                {"key": "all", "product_id": goods.astype(str), "amount": lot.normal(50, 40, len(goods)),
                 "pieces": lot.integers(-2, 20, len(goods)).astype(float), "unpriced": 0.0}
            )
        )  # fmt: skip
    row = price_volume_mix(*tables).iloc[0]
    assert row[["price", "volume", "mix"]].tolist() == pytest.approx(brute_split(*tables), abs=1e-9)
    assert row["before"] + row[[*PARTS]].sum() == pytest.approx(row["now"])
    assert row["now"] == pytest.approx(tables[0]["amount"].sum())


def test_the_whole_split_is_over_products_not_over_keys():
    now = pd.DataFrame({"key": list("nnss"), "product_id": list("abab"), "amount": [4.0, 9.0, 8.0, 3.0],
                        "pieces": [2.0, 3.0, 4.0, 1.0], "unpriced": 0.0})  # fmt: skip
    before = now.assign(amount=[2.0, 3.0, 4.0, 1.0])
    assert price_volume_mix(now, before)["price"].sum() == pytest.approx(14.0)
    assert price_volume_mix(now.assign(key="all"), before.assign(key="all"))[
        "price"
    ].tolist() == pytest.approx([14.0])


def test_nothing_sold_in_either_time_is_no_difference():
    with Engine() as engine:
        nothing = engine.to_pandas(
            "select 'n' as key, 'a' as product_id, 1.0 as amount, 1.0 as pieces, 0.0 as unpriced where false"
        )
    split = price_volume_mix(nothing, nothing)
    assert split.empty and {*PARTS} <= {*split}


def test_against_planned_prices():
    crm = shop(
        ("product", "tea", "net_amount", 40.0), ("product", "tea", "quantity", 20.0),
        ("product", "milk", "net_amount", 4.0), ("product", "milk", "quantity", 2.0), as_of="2024-01-31",
    )  # fmt: skip
    row = plan_vs_actual(crm, by="product").plan_deviation.iloc[0]
    assert (row["before"], row["now"]) == (44.0, 37.0)
    assert row["price"] == pytest.approx(12 * (3 - 2) + 1 * (1 - 2))
    assert row["volume"] == pytest.approx((13 - 22) * 2.0) and row["mix"] == pytest.approx(0.0)


def test_what_is_missing_or_late():
    staff = pd.DataFrame({"employee_id": ["e1", "e2"], "left_on": [None, "2023-12-01"]})
    crm = shop(
        ("employee", "e2", "net_amount", 10.0), ("employee", "e9", "net_amount", 5.0), as_of="2024-01-31",
        employees=staff,
    )  # fmt: skip
    missing = plan_vs_actual(crm, by="employee").missing
    assert missing.set_index("problem")["key"].to_dict() == {
        "no_target": "e1", "unknown_key": "e9", "left": "e2", "no_next": "",
    }  # fmt: skip
    later = shop(("total", "x", "net_amount", 10.0), as_of="2024-03-15")
    assert plan_vs_actual(later).missing["problem"].tolist() == ["not_planned"]


def test_the_dimension_that_is_planned_further_is_named():
    total = plans(("total", "all", "net_amount", 90.0)).assign(
        period_start="2024-02-01", period_end="2024-02-29"
    )
    crm = shop(("employee", "e1", "net_amount", 10.0), as_of="2024-01-31", extra=total)
    late = plan_vs_actual(crm, by="employee").missing.set_index("problem").loc["no_next"]
    assert late["planned_as"] == "total" and late["day"] == pd.Timestamp("2024-01-31") and late["days"] == 0
    alone = plan_vs_actual(shop(("employee", "e1", "net_amount", 10.0), as_of="2024-01-31"), by="employee")
    assert alone.missing.set_index("problem").loc["no_next", "planned_as"] == ""


def test_targets_are_not_counted_twice():
    month = plans(("total", "x", "net_amount", 10.0))
    rows = [
        month.assign(period_start=f"2024-0{m}-01", period_end=f"2024-0{m}-{d}") for m, d in ((2, 29), (3, 31))
    ]
    quarter = month.assign(period_end="2024-03-31", target=99.0)
    crm = shop(("total", "x", "net_amount", 10.0), extra=pd.concat([*rows, quarter]))
    assert plan_vs_actual(crm, period="2024-Q1").table["target"].tolist() == [99.0]
    assert plan_vs_actual(crm).table["target"].tolist() == [10.0]
    two = plan_vs_actual(crm, period=("2024-01-01", "2024-02-29")).table
    assert two["target"].tolist() == [20.0] and two["planned_days"].tolist() == [60]
    part = plan_vs_actual(simple_shop(), period="2024-Q1")
    assert part.missing["problem"].tolist() == ["partly"]


def test_won_deals_end_where_the_forecast_says():
    crm = company()
    table = plans(("employee", "e1", "won_amount", 9e9), ("employee", "e2", "won_amount", 1.0))
    table = table.assign(period_start="2024-12-01", period_end="2025-01-31")
    tables = {name: crm.frame(name) for name in crm.tables}
    with_plan = Crm.from_frames(as_of=crm.as_of, currency="EUR", plans=table, **tables)
    forecast = forecast_pipeline(with_plan, horizon="1 month", draws=200, most_past=0)
    found = plan_vs_actual(with_plan, by="employee", forecasts=(forecast,))
    rows = found.table.set_index("key")
    assert found.forecasts["won_amount"] is forecast
    ahead = forecast.by["owner"].set_index("key")["expected"]
    assert (rows["expected"] - rows["actual"]).to_dict() == pytest.approx(ahead[["e1", "e2"]].to_dict())
    assert rows["status"].to_dict() == {"e1": "behind", "e2": "on course"}
    assert found.missing["key"].tolist()[:1] == ["e3"]


def test_sales_end_at_what_was_reached_and_the_rest():
    days = pd.date_range("2022-08-01", "2024-01-20")
    lines = pd.DataFrame({"order_id": days.strftime("%j%Y"), "product_id": np.where(days.day % 2, "tea", "oats"),
                          "ordered_at": days, "net_amount": 10.0, "quantity": 1})  # fmt: skip
    crm = shop(
        ("total", "x", "net_amount", 200.0), ("category", "food", "net_amount", 100.0), transactions=lines
    )
    row = plan_vs_actual(crm).table.iloc[0]
    assert row["actual"] == 200 and row["expected"] == pytest.approx(310, rel=0.03) and row["low"] >= 200
    part = plan_vs_actual(crm, by="category").table.iloc[0]
    assert part["actual"] == 100 and part["expected"] == pytest.approx(155, rel=0.05)
    assert part["low"] <= part["expected"] <= part["high"]


def test_periods_are_read():
    assert read_period("2024")[1] == pd.Timestamp("2024-12-31")
    for wrong in ("2024-13", "24", 7, ("2024-02-01", "2024-01-01"), None):
        with pytest.raises(ParameterError, match="period is"):
            read_period(wrong)
    rows = pd.DataFrame(
        {"period_start": [pd.Timestamp("2024-05-01")], "period_end": [pd.Timestamp("2024-05-31")]}
    )
    for today in ("2024-01-01", "2024-05-05", "2024-09-09"):
        assert usual_period(rows, today=pd.Timestamp(today))[0] == pd.Timestamp("2024-05-01")
    none = targets_of(
        rows.assign(key="a", target=1.0), first=pd.Timestamp("2023-01-01"), last=pd.Timestamp("2023-02-01")
    )
    assert none.empty


def test_what_cannot_be_compared_says_why():
    crm = shop(("total", "x", "won_amount", 10.0))
    with pytest.raises(ParameterError, match="no table opportunities"):
        plan_vs_actual(crm)
    with pytest.raises(ParameterError, match="no row of that dimension"):
        plan_vs_actual(crm, by="region")
    with pytest.raises(ParameterError, match="no dimension 'regon'"):
        plan_vs_actual(crm, by="regon")
    both = shop(("total", "x", "won_amount", 10.0), ("total", "x", "net_amount", 10.0))
    assert "not_computed" in plan_vs_actual(both).missing["problem"].tolist()
    with pytest.raises(SchemaError, match="no plans"):
        plan_vs_actual(Crm.from_frames(as_of="2024-01-31", products=PRODUCTS))


def test_rows_after_the_closing_moment_change_nothing():
    later = pd.concat([ledger(), ledger().assign(order_id="z", ordered_at="2024-01-25")])
    one = plan_vs_actual(simple_shop())
    other = plan_vs_actual(shop(("total", "x", "net_amount", 40.0), transactions=later))
    pd.testing.assert_frame_equal(one.table, other.table)
    pd.testing.assert_frame_equal(one.deviation, other.deviation)
