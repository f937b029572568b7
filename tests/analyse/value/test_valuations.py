"""customer_valuations: the five valuations in one table, and what is said where one is missing."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from crmlib import Crm, compute_indicators, indicator_catalogue
from crmlib.analyse.value.valuations import VALUATIONS, customer_valuations
from crmlib.schema.errors import SchemaError
from tests.analyse.value.valuation_company import AS_OF, company, future_of, tables


def test_all_five_are_there_where_all_tables_are():
    worth = customer_valuations(company(), future=future_of(company()), hourly_cost=60.0)
    assert [name for names in VALUATIONS.values() for name in names if name not in worth] == []
    assert worth.attrs["left_out"] == {} and worth.attrs["currency"] == "EUR"
    assert set(worth.attrs["units"]) == set(worth.columns)
    assert worth.index.is_monotonic_increasing and worth.index.name == "customer_id"


def test_one_row_for_each_customer_that_has_bought():
    indicators = compute_indicators(company(), ["order_count"])
    worth = customer_valuations(company(), future=future_of(company()))
    assert worth.index.tolist() == indicators.index[indicators["order_count"] > 0].tolist()


def test_a_missing_table_leaves_its_valuation_out_and_says_what_brings_it():
    bare = Crm.from_frames(
        as_of=AS_OF, transactions=tables()["transactions"].drop(columns=["cost_amount", "paid_on"])
    )
    worth = customer_valuations(bare, future=SimpleNamespace(table=pd.DataFrame(index=["c00"])))
    left_out = worth.attrs["left_out"]
    for kind in ("future", "credit", "profitability"):
        assert not set(VALUATIONS[kind]) & set(worth.columns)
        assert set(VALUATIONS[kind]) <= set(left_out)
    assert not {"growth_potential", "category_share_pct"} & set(worth.columns)
    assert left_out["credit_grade"].endswith("under [tables.transactions.columns].")
    assert left_out["profit_365d"].startswith("transactions has no column cost_amount")
    assert (
        left_out["growth_potential"] == "There is no table products. Add it to crm.toml as [tables.products]."
    )
    assert worth["loyalty_score"].notna().any() and worth["spend_trend"].notna().any()


def test_no_credit_limit_is_said_alone():
    given = tables()
    given["customers"] = given["customers"].drop(columns="credit_limit")
    crm = Crm.from_frames(as_of=AS_OF, **given)
    worth = customer_valuations(crm, future=future_of(crm))
    assert "credit_grade" in worth and "credit_used_pct" not in worth
    assert "credit_limit" in worth.attrs["left_out"]["credit_used_pct"]


def test_later_rows_change_nothing():
    later = tables()["transactions"].tail(50).copy()
    later["ordered_at"] = pd.Timestamp("2024-02-01")
    later["order_id"] = "later" + later["order_id"]
    more = tables() | {"transactions": pd.concat([tables()["transactions"], later], ignore_index=True)}
    crm = Crm.from_frames(as_of=AS_OF, currency="EUR", **more)
    future = future_of(company())
    pd.testing.assert_frame_equal(
        customer_valuations(crm, future=future), customer_valuations(company(), future=future)
    )


def test_another_currency_scales_the_money_and_nothing_else():
    given = tables()
    for table, columns in (
        ("transactions", ["net_amount", "cost_amount"]),
        ("customers", ["credit_limit"]),
        ("service_cases", ["cost_amount"]),
        ("campaigns", ["cost_amount"]),
    ):
        given[table] = given[table].assign(**{name: 8 * given[table][name] for name in columns})
    crm = Crm.from_frames(as_of=AS_OF, currency="EUR", **given)
    future = SimpleNamespace(table=future_of(company()).table[["probability_alive"]])
    before = customer_valuations(company(), future=future)
    after = customer_valuations(crm, future=future)
    for name, unit in before.attrs["units"].items():
        if unit == "currency":
            np.testing.assert_allclose(after[name], 8 * before[name], rtol=1e-6, atol=1e-3, err_msg=name)
        else:
            pd.testing.assert_series_equal(after[name], before[name], rtol=1e-9)


def test_what_has_the_name_of_an_indicator_has_its_value():
    crm = company()
    worth = customer_valuations(crm, future=future_of(crm))
    shared = [name for name in worth.columns if name in set(indicator_catalogue()["name"])]
    assert {"tenure_days", "days_late_mean", "overdue_share_pct", "credit_used_pct", "margin_365d"} <= set(
        shared
    )
    pd.testing.assert_frame_equal(
        worth[shared], compute_indicators(crm, shared).loc[worth.index], check_dtype=False, check_like=True
    )


def test_given_indicators_are_taken_and_the_rest_computed():
    future = future_of(company())
    indicators = compute_indicators(company(), ["spend_365d", "spend_total"])
    worth = customer_valuations(company(), future=future, indicators=indicators + 1)
    plain = customer_valuations(company(), future=future)
    assert (worth["spend_365d"] == plain["spend_365d"] + 1).all()
    assert worth["profit_365d"].equals(plain["profit_365d"])


def test_given_segments_say_who_is_compared():
    crm = company()
    labels = pd.Series("all of them", index=crm.frame("customers")["customer_id"])
    worth = customer_valuations(crm, future=future_of(crm), segments=labels)
    assert set(worth["growth_peers"].dropna()) == {"all of them"}


def test_lines_without_customers_are_refused_with_the_remedy():
    lines = tables()["transactions"].drop(columns="customer_id")
    with pytest.raises(SchemaError, match="customer_id"):
        customer_valuations(Crm.from_frames(as_of=AS_OF, transactions=lines))
