"""The prepared views' SQL: it travels to Spark, and it says which order is a purchase."""

import pandas as pd
import pytest
import sqlglot
from sqlglot import exp

from crmlib import Crm
from crmlib.measure.indicators import INDICATORS, VIEWS
from crmlib.measure.indicators.compute import indicators_sql
from crmlib.measure.indicators.steps import indicator_steps, source_steps
from crmlib.measure.steps import Steps, ask
from crmlib.schema.tables import TABLES
from tests.measure.ledgers import HAND_AS_OF, hand_ledger

ALL_COLUMNS = {table: spec.names for table, spec in TABLES.items()}


def to_spark(sql):
    (translated,) = sqlglot.transpile(
        sql, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE
    )
    return sqlglot.parse_one(translated, read="spark", error_level=sqlglot.ErrorLevel.RAISE)


@pytest.mark.parametrize("view", list(VIEWS))
@pytest.mark.parametrize("columns", [ALL_COLUMNS, {}], ids=["all columns", "no table"])
def test_every_view_translates_to_spark(view, columns):
    steps = indicator_steps(source_steps(columns))
    tree = to_spark(steps.sql(f"select * from {VIEWS[view].steps[-1]}"))
    assert [step.alias for step in tree.find_all(exp.CTE)] == list(VIEWS[view].steps)


@pytest.mark.parametrize("view", sorted({indicator.over for indicator in INDICATORS}))
def test_every_indicator_translates_to_spark(view):
    chosen = [indicator for indicator in INDICATORS if indicator.over == view]
    tree = to_spark(indicators_sql(chosen, columns=ALL_COLUMNS))
    names = [column.alias_or_name for column in tree.selects]
    assert names == ["customer_id", *(indicator.name for indicator in chosen)]


def test_one_statement_and_one_select_a_view():
    sql = indicators_sql(INDICATORS, columns=ALL_COLUMNS)
    steps = [step.alias for step in sqlglot.parse_one(sql, read="duckdb").find_all(exp.CTE)]
    assert len(steps) == len(set(steps))
    over = {indicator.over for indicator in INDICATORS}
    assert sorted(step for step in steps if step.endswith("_figures")) == sorted(f"{v}_figures" for v in over)


def test_no_function_that_means_something_else_on_spark():
    sql = indicators_sql(INDICATORS, columns=ALL_COLUMNS).lower()
    for word in ("isodow", "dayofweek", "mode(", "quantile_cont", "asof", "date_trunc", "today", "now("):
        assert word not in sql


def test_unknown_step_is_refused():
    with pytest.raises(KeyError, match="there is no step oders"):
        indicator_steps({}).needed_by(["oders"])


def orders_of(lines, *, as_of="2024-12-31"):
    crm = Crm.from_frames(as_of=as_of, transactions=lines)
    steps = indicator_steps(source_steps({"transactions": lines.columns}))
    return ask(crm, "select * from orders order by order_id", steps=steps).set_index("order_id")


def test_a_question_takes_along_what_it_needs_in_reading_order():
    steps = Steps({"a": "select 1 as x", "b": "select 2 as y"}).add({"c": "select x + {n} as z from a"}, n=5)
    assert steps.sql("select z from c") == (
        "with a as (select 1 as x),\nc as (select x + 5 as z from a)\nselect z from c"
    )
    assert steps.sql("select 1") == "select 1"
    with pytest.raises(ValueError, match="already a step a"):
        steps.add({"a": "select 3"})
    assert "c" in steps and "d" not in steps


def test_a_value_is_a_parameter_and_goes_only_where_it_is_named():
    crm = Crm.from_frames(as_of="2024-12-31", products=pd.DataFrame({"product_id": ["tea"]}))
    steps = Steps({"said": "select $word as word, $as_of_on as day"})
    found = ask(crm, "select * from said", steps=steps, word="'; drop table products --", other=1)
    assert found["word"].item() == "'; drop table products --" and str(found["day"].item()) == "2024-12-31"


def ledger(*rows):
    lines = pd.DataFrame(rows, columns=["order_id", "product_id", "ordered_at", "net_amount"])
    return lines.assign(customer_id="ann", ordered_at=pd.to_datetime(lines["ordered_at"]))


def test_orders_of_the_hand_written_ledger():
    lines = hand_ledger()["transactions"]
    orders = orders_of(lines, as_of=HAND_AS_OF)
    kept = {"A1": 20, "A2": 10, "A3": 30, "C2": 30, "F1": -10, "F2": 10, "G1": 30, "G2": 30, "G3": 15}
    assert orders.kept_amount[lambda amount: amount != 0].to_dict() == kept
    assert list(orders.index[orders.is_purchase]) == ["A1", "A2", "A3", "C2", "F2", "G1", "G2", "G3"]
    assert orders.refunded_amount[lambda amount: amount != 0].to_dict() == {"A1": -10, "B1": -30, "C1": -10}
    assert orders.gap_days.dropna().to_dict() == {"A2": 115, "A3": 47, "G2": 92, "G3": 366}


def test_a_refund_belongs_to_the_latest_purchase_before_it():
    orders = orders_of(
        ledger(
            ("1", "tea", "2024-01-01", 10),
            ("2", "tea", "2024-02-01", 10),
            ("3", "tea", "2024-02-10", -10),
            ("4", "tea", "2024-03-01", 10),
        )
    )
    assert orders.is_purchase.to_dict() == {"1": True, "2": False, "3": False, "4": True}
    assert orders.gap_days.dropna().to_dict() == {"4": 60}


def test_a_refund_of_another_product_leaves_the_order_alone():
    orders = orders_of(ledger(("1", "tea", "2024-01-01", 10), ("2", "mug", "2024-02-01", -10)))
    assert orders.kept_amount.to_dict() == {"1": 10, "2": -10}
    assert orders.is_purchase.to_dict() == {"1": True, "2": False}


def test_a_refund_at_the_moment_of_the_purchase_belongs_to_it_whatever_its_number():
    orders = orders_of(ledger(("2", "tea", "2024-01-01 10:00", 10), ("1", "tea", "2024-01-01 10:00", -10)))
    assert not orders.is_purchase.any()


def test_an_order_number_used_again_for_the_refund_does_not_move_the_date():
    orders = orders_of(ledger(("1", "tea", "2024-01-01", 10), ("1", "tea", "2024-03-01", -4)))
    assert orders.ordered_at["1"] == pd.Timestamp("2024-01-01")
    assert orders.kept_amount["1"] == 6 and orders.is_purchase["1"]


def test_a_discount_line_that_was_never_bought_counts_in_its_own_order():
    orders = orders_of(ledger(("1", "tea", "2024-01-01", 10), ("1", "discount", "2024-01-01", -3)))
    assert orders.kept_amount["1"] == 7 and orders.is_purchase["1"]


def test_other_customers_refunds_and_orders_of_one_number_stay_apart():
    lines = ledger(("1", "tea", "2024-01-01", 10), ("2", "tea", "2024-01-02", -10))
    lines["customer_id"] = ["ann", "bob"]
    assert orders_of(lines).is_purchase.to_dict() == {"1": True, "2": False}
    lines["order_id"] = "1"
    both = orders_of(lines).reset_index().set_index("customer_id")
    assert both.is_purchase.to_dict() == {"ann": True, "bob": False}
