"""DuckDB and SQLite files: tables, views and SELECTs of theirs, and nothing beyond them."""

import datetime as dt
import sqlite3
from contextlib import closing

import duckdb
import pytest

from crmlib.schema.errors import ConfigError, SourceError
from tests.prepare.reading import read


@pytest.fixture()
def duck(tmp_path):
    root = tmp_path / "acme"
    root.mkdir(exist_ok=True)
    for path in (root / "shop.duckdb", tmp_path / "o'ut[1].duckdb"):
        with duckdb.connect(str(path)) as shop:
            shop.execute("""
                create table orders as select i as id, 'x' || i as "na me", date '2020-01-01' + i::int as day
                    from range(3) t(i);
                create view late as select * from orders where id > 0;
                create schema old; create table old.orders as select 9 as id;
                create view evil as select * from read_text('/etc/hostname')""")
    return root


@pytest.fixture()
def lite(tmp_path):
    root = tmp_path / "acme"
    root.mkdir(exist_ok=True)
    with closing(sqlite3.connect(root / "shop.db")) as shop:
        shop.executescript("""
            create table orders (id text, n integer, price real, mixed, day text, raw blob);
            insert into orders values ('007', 1, 1.5, 'a', '2020-01-02', x'6162'),
                ('008', 2, 2, 3, null, null), (null, null, null, null, null, null);
            create view late as select * from orders where n > 1;
            create table "odd ""name" (id integer)""")
        shop.commit()
    return root


@pytest.mark.parametrize("entry", ["shop.duckdb#orders", "shop.duckdb#ORDERS", "../o'ut[1].duckdb#orders"])
def test_a_duckdb_table_keeps_its_types(duck, entry):
    rows, source, types = read(duck, entry, types=True)
    assert rows[1] == (entry, 2, 1, "x1", dt.date(2020, 1, 2))
    assert (types["id"], types["na me"], types["day"]) == ("BIGINT", "VARCHAR", "DATE")
    assert source.rows_read == 3


def test_views_and_other_schemas_of_a_duckdb_file(duck):
    assert [row[1:3] for row in read(duck, "shop.duckdb#late")[0]] == [(1, 1), (2, 2)]
    assert [row[1:3] for row in read(duck, "shop.duckdb#old.orders")[0]] == [(1, 9)]


def test_two_tables_of_one_duckdb_file_are_joined_by_name(duck):
    rows, _ = read(duck, "shop.duckdb#orders", "shop.duckdb#old.orders")
    assert [row[2] for row in rows] == [0, 1, 2, 9]


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("shop.duckdb#ordrs", "has no table ordrs. Did you mean 'orders'"),
        ("shop.duckdb", "say which table"),
        ("shop.duckdb#evil", "disabled by configuration"),
        ("garbage.duckdb#orders", "cannot be opened as a DuckDB file"),
    ],
)
def test_a_duckdb_file_that_cannot_be_used_says_what_to_do(duck, entry, why):
    (duck / "garbage.duckdb").write_bytes(b"no database" * 1000)
    with pytest.raises(SourceError, match=why):
        read(duck, entry)


def test_sql_over_a_duckdb_source(duck):
    source = {"url": "duckdb:///shop.duckdb"}
    rows, opened = read(duck, "select id * 2 as double_id from orders where id > 0", source=source)
    assert rows == [("duckdb:shop.duckdb#SELECT", 1, 2), ("duckdb:shop.duckdb#SELECT", 2, 4)]
    assert len(opened.fingerprints["duckdb:shop.duckdb#SELECT"]) == 64
    assert read(duck, "orders", source=source)[1].files == ("duckdb:shop.duckdb#orders",)
    with pytest.raises(ConfigError, match=r"^tables\.transactions\.from: .*no table secrets"):
        read(duck, "select * from secrets", source=source)
    with pytest.raises(ConfigError, match="read_text"):
        read(duck, "select read_text('/etc/hostname') from orders", source=source)


def test_a_sqlite_table_gets_types_where_a_column_has_one(lite):
    rows, source, types = read(lite, "shop.db#orders", types=True)
    assert rows[0][1:] == (1, "007", 1, 1.5, "a", "2020-01-02", "ab")
    assert rows[1][1:] == (2, "008", 2, 2.0, "3", None, None)
    assert [types[name] for name in source.columns] == [
        "VARCHAR",
        "BIGINT",
        "DOUBLE",
        "VARCHAR",
        "VARCHAR",
        "VARCHAR",
    ]
    assert source.rows_read == 3


def test_sqlite_views_and_odd_names(lite):
    assert [row[2] for row in read(lite, "shop.db#late")[0]] == ["008"]
    assert read(lite, 'shop.db#odd "name')[0] == []


def test_sql_over_a_sqlite_source(lite):
    source = {"url": "sqlite:///shop.db"}
    rows, opened = read(
        lite, "select id, n + 1 as m from orders where n is not null order by n", source=source
    )
    assert [row[2:] for row in rows] == [("007", 2), ("008", 3)]
    assert opened.files == ("sqlite:shop.db#SELECT",)
    for sql, why in (
        ("select load_extension('x') from orders", "load_extension"),
        ("select * from sqlite_master", "no table sqlite_master"),
        ("delete from orders", "no table delete from orders"),
    ):
        with pytest.raises((ConfigError, SourceError), match=why):
            read(lite, sql, source=source)
    assert len(read(lite, "orders", source=source)[0]) == 3


def test_sqlite_stays_as_it_was(lite):
    before = (lite / "shop.db").read_bytes()
    read(lite, "shop.db#orders")
    assert (lite / "shop.db").read_bytes() == before
    assert sorted(path.name for path in lite.iterdir()) == ["shop.db"]


@pytest.mark.parametrize(
    ("entry", "source", "why"),
    [
        ("shop.db#ordrs", None, "has no table ordrs. Did you mean 'orders'"),
        ("shop.db", None, "say which table"),
        ("garbage.sqlite#orders", None, "cannot be read as a SQLite database"),
        ("select * from orders", None, "SQL needs a database"),
        ("orders", "sqlite:///other.db", "there is no file other.db"),
        ("orders", "postgresql://reader@127.0.0.1:1/crm", "source.url: postgresql says|crmlib.databases"),
        ("orders", "mysql://reader@127.0.0.1:1/crm", "source.url: mysql says|crmlib.databases"),
    ],
)
def test_a_database_that_cannot_be_used_says_what_to_do(lite, entry, source, why):
    (lite / "garbage.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(SourceError, match=why):
        read(lite, entry, source=source and {"url": source})
