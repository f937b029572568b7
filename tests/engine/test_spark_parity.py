"""DuckDB and Spark give the same answers: nulls, ties, decimals, refunds, zones and summer time among the rows."""

import ast
import re
from pathlib import Path

import pandas as pd
import pytest

from crmlib import Crm
from crmlib.measure.indicators import INDICATORS, VIEWS
from crmlib.measure.indicators.compute import compute_indicators, customer_parts
from crmlib.measure.purchases import history
from crmlib.prepare.engine import EngineError
from crmlib.prepare.privacy import key_from_exports
from crmlib.prepare.spark import REWRITES, spark_sql
from tests.engine.sparks import assert_same, laid_with, needs_spark, opened
from tests.measure.ledgers import random_ledger

ROOT = Path(__file__).resolve().parents[2]
OVER = sorted({indicator.over for indicator in INDICATORS})
ZONES = {"Europe/Berlin": "2023-10-29 23:30", "America/New_York": "2023-03-12 12:00"}


def lines_of(crm):
    return {"transactions": crm.table("transactions"), "as_of": crm.as_of, "time_zone": crm.time_zone}


def bought(crm, over):
    return history.values_bought(crm, over).sort_values(["customer_id", "value"], ignore_index=True)


QUESTIONS = {
    "rfm_table": lambda crm: history.rfm_table(**lines_of(crm)),
    "purchase_history": lambda crm: history.purchase_history(**lines_of(crm), unit="D"),
    "purchase_history, free orders": lambda crm: history.purchase_history(
        **lines_of(crm), free_orders="count"
    ),
    "purchase_days": lambda crm: history.purchase_days(**lines_of(crm)),
    "purchases_by_month": history.purchases_by_month,
    "net_sales_by_month": history.net_sales_by_month,
    "sales_totals": history.sales_totals,
    "margin_of_costed_sales": lambda crm: history.margin_of_costed_sales(crm, days=365),
    "values_bought, category": lambda crm: bought(crm, "category"),
    "values_bought, channel": lambda crm: bought(crm, "channel"),
    "product_words": lambda crm: history.product_words(crm, ["p01", "p00"]),
    "purchases_within": lambda crm: history.purchases_within(crm, after="2022-10-30", until="2023-02-01"),
    "purchases_within, category": lambda crm: history.purchases_within(
        crm, after="2022-10-30", until="2023-02-01", category="cat1"
    ),
    "category_habits": lambda crm: history.category_habits(crm, category="cat1"),
    "first_order_at": history.first_order_at,
}
"""Every question of the two modules of purchases that are held here."""


@pytest.fixture(scope="module")
def spark():
    needs_spark()
    session = opened("local[2]")
    yield session
    session.stop()


@pytest.fixture(scope="module", params=list(ZONES.items()), ids=list(ZONES))
def both(request, spark):
    zone, as_of = request.param
    tables = random_ledger(seed=len(zone), lines=1_200, customers=40)
    crm = Crm.from_frames(as_of=pd.Timestamp(as_of), time_zone=zone, currency="EUR", **tables)
    # One zone by compiled stages, as Spark comes; the other without.
    spark.conf.set("spark.sql.codegen.wholeStage", str(zone.startswith("Europe")).lower())
    there = laid_with(spark, crm)
    yield crm, there
    there.engine.close()


@pytest.mark.spark
@pytest.mark.parametrize("view", OVER)
def test_indicators_are_the_same(both, view):
    here, there = both
    names = [indicator.name for indicator in INDICATORS if indicator.over == view]
    assert_same(compute_indicators(there, names), compute_indicators(here, names))


@pytest.mark.spark
@pytest.mark.parametrize("name", list(QUESTIONS))
def test_purchases_are_the_same(both, name):
    here, there = both
    assert_same(QUESTIONS[name](there), QUESTIONS[name](here))


@pytest.mark.spark
def test_orders_are_settled_the_same(both):
    from crmlib.measure.indicators.steps import indicator_steps, source_steps
    from crmlib.measure.steps import ask, columns_here

    here, there = both
    for view in ("orders", "lines", "customer_products", "customer_categories", "credit_accounts"):
        found, expected = (
            ask(crm, f"select * from {view}", steps=indicator_steps(source_steps(columns_here(crm))))
            for crm in (there, here)
        )
        by = list(expected)
        assert_same(found.sort_values(by, ignore_index=True), expected.sort_values(by, ignore_index=True))


@pytest.mark.spark
def test_pseudonyms_are_the_same(both):
    here, there = both
    assert key_from_exports(there) == key_from_exports(here)


@pytest.mark.spark
def test_the_session_is_left_as_it_was_and_a_frame_of_spark_is_read_where_it_lies(both, spark):
    _, there = both
    lines = there.table("transactions")
    assert type(lines).__module__.startswith("pyspark")
    before = spark.conf.get("spark.sql.session.timeZone")
    history.rfm_table(lines, as_of=there.as_of)
    assert spark.conf.get("spark.sql.session.timeZone") == before == "America/New_York"
    assert not customer_parts(there)


@pytest.mark.spark
def test_what_spark_does_not_do_is_refused_with_a_remedy(both):
    _, there = both
    with pytest.raises(EngineError, match="Run this without Spark"):
        there.engine.execute("delete from transactions")
    with pytest.raises(EngineError):
        there.engine.rows("select no_such_column from transactions")


def test_rewrites_are_named_and_each_changes_its_statement():
    texts = {
        "exact quantiles: percentile, not percentile_approx": (
            "select percentile_cont(0.5) within group (order by x) from t", "percentile(x, 0.5)"),
        "seconds since 1970 with their fractions": ("select epoch(x) from t", "unix_micros(CAST(x AS TIMESTAMP_LTZ))"),
        "a quotient is a double, never a decimal": ("select x / y from t", "CAST((x) AS DOUBLE) / y"),
        "a semi join says which side a column is of": (
            "select x from t semi join t as u using (x)", "SEMI JOIN `there` AS u ON t.x = u.x"),
        "the sum of digests as text, which this side reads as a number": (
            "select bit_xor(md5_number(x)) from t", "LPAD(HEX(BIT_XOR(CAST(CONV("),
    }  # fmt: skip
    assert list(texts) == list(REWRITES)
    for sql, expected in texts.values():
        text, _ = spark_sql(sql, {}, views={"main.t": "there"}, schema="main")
        assert expected.lower() in text.lower() and "`there`" in text


def test_the_list_of_what_is_held_is_published_and_whole():
    """Every module of floor 2 that asks the engine stands in docs/scale.md: held against DuckDB, or not yet."""
    asking = {
        str(path.relative_to(ROOT / "crmlib").with_suffix(""))
        for path in (ROOT / "crmlib/measure").rglob("*.py")
        if re.search(r"\bask\(|\bengine\.|lay_down\(|ask_orders\(", path.read_text(encoding="utf-8"))
    }
    told = (ROOT / "docs/scale.md").read_text(encoding="utf-8")
    held, waiting = (set(re.findall(r"^\| `(measure/\S+)` \| " + word, told, re.M)) for word in ("yes", "no"))
    assert held | waiting == asking - {"measure/steps"} and not held & waiting
    assert held == {
        "measure/indicators/compute", "measure/purchases/history"
    }  # fmt: skip
    assert set(OVER) <= set(VIEWS)


def test_every_public_question_of_a_held_module_is_asked():
    public = {
        node.name
        for module in (history,)
        for node in ast.parse(Path(module.__file__).read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name[0] != "_"
    }
    without_rows, on_the_way = {"what_counts", "rfm_scores"}, {"ask_orders", "read_once"}
    assert public - without_rows - on_the_way == {name.split(",")[0] for name in QUESTIONS}
