"""DuckDB and Spark give the same answers: nulls, ties, decimals, refunds, zones and summer time among the rows."""

import ast
import re
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow.dataset import dataset

from crmlib import Crm, open_workspace
from crmlib.measure.indicators import INDICATORS, VIEWS, parts, settled
from crmlib.measure.indicators.compute import compute_indicators, customer_parts
from crmlib.measure.indicators.steps import indicator_steps, source_steps
from crmlib.measure.purchases.history import rfm_table
from crmlib.measure.steps import ask, columns_here
from crmlib.prepare.engine import EngineError
from crmlib.prepare.privacy import key_from_exports
from crmlib.prepare.spark import REWRITES, spark_sql
from tests.engine.companies import shaken_company
from tests.engine.questions import ON_THE_WAY, QUESTIONS, VIEWS_SETTLED, in_order
from tests.engine.sparks import assert_same, laid_with, needs_spark, opened
from tests.measure.ledgers import random_ledger, settled_folder

ROOT = Path(__file__).resolve().parents[2]
HISTORY = "measure/purchases/history"
OVER = sorted({indicator.over for indicator in INDICATORS})
ZONES = {"Europe/Berlin": "2023-10-29 23:30", "America/New_York": "2023-03-12 12:00"}


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


@pytest.fixture(scope="module")
def company(spark):
    """All tables of the vocabulary; compiling large plans for few rows would take most of the time."""
    spark.conf.set("spark.sql.codegen.wholeStage", "false")
    crm = shaken_company()
    there = laid_with(spark, crm)
    yield crm, there
    there.engine.close()


@pytest.mark.spark
@pytest.mark.parametrize("name", list(QUESTIONS[HISTORY]))
def test_purchases_are_the_same(both, name):
    here, there = both
    assert_same(QUESTIONS[HISTORY][name](there), QUESTIONS[HISTORY][name](here))


@pytest.mark.spark
@pytest.mark.parametrize(
    ("module", "name"),
    [(module, name) for module in QUESTIONS if module != HISTORY for name in QUESTIONS[module]],
)
def test_every_other_question_is_answered_the_same(company, module, name):
    here, there = company
    assert_same(QUESTIONS[module][name](there), QUESTIONS[module][name](here))


@pytest.mark.spark
def test_orders_that_duckdb_keeps_and_reads_in_parts_are_those_that_spark_keeps(spark, tmp_path, monkeypatch):
    monkeypatch.setattr(settled, "WORTH_LINES", 0)
    monkeypatch.setattr(parts, "PART_LINES", 100)
    folder = settled_folder(tmp_path, seed=0)
    here = open_workspace(folder)
    monkeypatch.setenv("CRMLIB_ENGINE", "spark")
    monkeypatch.setenv("CRMLIB_SPARK_MASTER", "local[2]")
    there = open_workspace(folder)
    assert settled.are_kept(here) and settled.are_kept(there)
    assert len(customer_parts(here)) > 1 and not customer_parts(there)
    for moment in ("2023-03-26 01:17", "2023-10-13"):
        old, new = here.at(moment), there.at(moment)
        for view in VIEWS_SETTLED:
            question = f"select * from {view}"
            found, expected = (ask(crm, question, steps=settled.workspace_steps(crm)) for crm in (new, old))
            assert len(expected) > 10
            assert_same(in_order(found[list(expected)]), in_order(expected))
        names = ["order_count", "spend_total", "refund_total"]
        assert_same(compute_indicators(new, names), compute_indicators(old, names))
    there.engine.close()


@pytest.mark.spark
def test_what_workers_wrote_where_this_machine_cannot_see_it_is_not_kept(spark, tmp_path, monkeypatch):
    monkeypatch.setattr(settled, "WORTH_LINES", 0)
    in_memory = dataset(pa.table({}))
    monkeypatch.setattr("crmlib.prepare.spark.dataset", lambda *_, **__: in_memory)
    monkeypatch.setenv("CRMLIB_ENGINE", "spark")
    monkeypatch.setenv("CRMLIB_SPARK_MASTER", "local[2]")
    there = open_workspace(settled_folder(tmp_path, seed=0))
    assert not settled.are_kept(there)
    assert not list((there.root / ".prepared" / there.key).glob("results/transactions-*"))
    there.engine.close()


@pytest.mark.spark
def test_orders_are_settled_the_same(both):
    here, there = both
    for view in VIEWS_SETTLED:
        found, expected = (
            ask(crm, f"select * from {view}", steps=indicator_steps(source_steps(columns_here(crm))))
            for crm in (there, here)
        )
        assert_same(in_order(found[list(expected)]), in_order(expected))


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
    rfm_table(lines, as_of=there.as_of)
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
        "a quotient is a double, never a decimal, over 0, too": (
            "select x / y from t", "(y) = 0, CAST((x) AS DOUBLE) * CAST('Infinity' AS DOUBLE), CAST((x)"),
        "a mean is a double, never a decimal": ("select avg(x) from t", "AVG(CAST(x AS DOUBLE))"),
        "days between two moments are midnights, not 24 hours": (
            "select date_diff('day', x, y) from t", "datediff(CAST(y AS DATE), CAST(x AS DATE))"),
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
    of_indicators = {f"measure/indicators/{name}" for name in ("compute", "parts", "settled")}
    assert held == of_indicators | set(QUESTIONS)
    assert set(OVER) <= set(VIEWS)


@pytest.mark.parametrize("module", list(QUESTIONS))
def test_every_public_question_of_a_held_module_is_asked(module):
    tree = ast.parse((ROOT / "crmlib" / f"{module}.py").read_text(encoding="utf-8"))
    public = {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name[0] != "_"}
    assert public - ON_THE_WAY == {name.split(",")[0] for name in QUESTIONS[module]}
