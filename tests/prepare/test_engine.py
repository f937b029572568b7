import subprocess
import sys

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from crmlib.prepare.engine import THREADS_VARIABLE, Engine, columns_of, require_columns
from crmlib.schema.errors import SchemaError, SourceError

FRAME = pd.DataFrame({"a": ["1", None], "b": [1.5, 2.5]})


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow", "relation"])
def test_every_kind_of_table_is_read_alike(kind):
    with Engine() as engine, Engine() as other:
        other.register("frame", FRAME)
        table = {
            "pandas": FRAME,
            "polars": pl.from_pandas(FRAME),
            "arrow": pa.Table.from_pandas(FRAME),
            "relation": other.run("select * from frame"),
        }[kind]
        assert columns_of(table) == ["a", "b"]
        engine.register("t", table, columns=["b"])
        assert engine.to_pandas("select * from t")["b"].tolist() == [1.5, 2.5]


def test_what_is_no_table_is_refused():
    with Engine() as engine, pytest.raises(SchemaError, match="int is no table"):
        engine.register("t", 3)
    with pytest.raises(SchemaError, match=r"t has no column c \(has: a, b\)"):
        require_columns(FRAME, ["a", "c"], table_name="t")


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_text('/etc/passwd')",
        "select * from read_csv('{outside}')",
        "copy (select 1) to '{outside}'",
        "attach '{outside}' as other",
        "install httpfs",
        "set enable_external_access = true",
        "set memory_limit = '100GB'",
    ],
)
def test_nothing_outside_the_allowed_paths_can_be_reached(tmp_path, sql):
    inside = tmp_path / "inside"
    inside.mkdir()
    outside = tmp_path / "outside.csv"
    outside.write_text("a\n1\n")
    with Engine(allowed_paths=[inside]) as engine, pytest.raises(duckdb.Error):
        engine.rows(sql.format(outside=outside))


def test_allowed_files_can_be_read(tmp_path):
    file = tmp_path / "it's [odd].csv"
    file.write_text("a\n007\n")
    with Engine(allowed_paths=[file]) as engine:
        name = str(file).replace("'", "''").replace("[", "[[]")
        assert engine.rows(f"select * from read_csv('{name}', all_varchar = true)") == [("007",)]


def test_it_spills_instead_of_dying_and_says_so_when_it_cannot(tmp_path):
    with Engine(memory_limit="100MB", temp_directory=tmp_path, threads=1) as engine:
        engine.execute("create table big as select range as i, hash(range)::varchar as h from range(4000000)")
        assert engine.rows("select count(*) from (select * from big order by h)") == [(4_000_000,)]
        with pytest.raises(SourceError, match="CRMLIB_MEMORY_LIMIT"):
            engine.rows("select length(string_agg(h, '')) from (select repeat(h, 40) as h from big)")


_HELD = """
import math, psutil
from crmlib.prepare import engine

engine._LONG = {long}
resident = psutil.Process().memory_info
with engine.Engine(memory_limit="1GB") as asked:
    asked.rows("select 1")
    before = resident().rss
    asked.rows("select count(*) from (select x, min(md5(x::varchar)) from range(8000000) as t(x) group by x)")
    print((resident().rss - before) // 2**20)
"""


def test_what_a_long_statement_freed_is_given_back():
    # In processes of their own: what other tests hold would blur it.
    held = {
        long: int(subprocess.check_output([sys.executable, "-c", _HELD.format(long=long)], timeout=120))
        for long in ("math.inf", "0.0")
    }
    assert held["math.inf"] > 100, held
    assert held["0.0"] < held["math.inf"] / 2, held


def test_where_other_work_shares_the_machine_it_takes_as_many_cores_as_it_is_told(monkeypatch):
    monkeypatch.setenv(THREADS_VARIABLE, "3")
    for given, taken in ((None, 3), (1, 1)):
        with Engine(threads=given) as engine:
            assert engine.rows("select current_setting('threads')") == [(taken,)]


def test_decimals_arrive_as_floats_and_texts_as_texts():
    with Engine() as engine:
        frame = engine.to_pandas("select 0.1::decimal(18, 4) as d, 'x' as t, 1::hugeint as h")
    assert frame["d"].dtype == "float64" and frame["h"].dtype == "float64"
    assert frame["d"].item() == 0.1


def test_a_frame_turned_round_is_read_as_it_stands():
    frame = pd.DataFrame(
        {"word": ["a", "b"], "n": [1, 2], "at": pd.to_datetime(["2024-01-01", "2024-01-02"])}
    )
    with Engine() as engine:
        engine.register("turned", frame[::-1])
        assert engine.rows("select word, n from turned") == [("b", 2), ("a", 1)]
