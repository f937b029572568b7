"""SQL over a source database: one SELECT over its own tables."""

import pytest

from crmlib.prepare.sources.databases import parse_select
from crmlib.schema.errors import ConfigError

TABLES = ["orders", "lines", "sales.old_orders"]


def checked(sql, dialect="duckdb", catalog="shop"):
    return parse_select(
        sql, tables=TABLES, key_path="tables.transactions.from", dialect=dialect, catalog=catalog
    )


@pytest.mark.parametrize(
    ("sql", "written"),
    [
        ("select id from orders", "SELECT id FROM shop.orders"),
        ("SELECT o.id, l.x FROM Orders o JOIN lines l USING (id)", "shop.Orders AS o"),
        ("select * from sales.old_orders", "shop.sales.old_orders"),
        ("with recent as (select * from orders) select * from recent", "FROM recent"),
        (
            "select id, row_number() over (partition by id order by x) as n from lines",
            "OVER (PARTITION BY id",
        ),
        ("select sum(x) from lines group by id having sum(x) > 1 order by 1 limit 3", "LIMIT 3"),
        ("select id from orders union all select id from lines", "UNION ALL"),
        ("select id from orders where id in (select id from lines)", "shop.lines"),
        ("select * from orders -- all of them", "SELECT * FROM shop.orders"),
    ],
)
def test_a_select_over_known_tables_passes(sql, written):
    assert written in checked(sql)


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("delete from orders", "only a single SELECT"),
        ("insert into orders values (1)", "only a single SELECT"),
        ("select 1; drop table orders", "more than one"),
        ("copy orders to 'x'", "only a single SELECT"),
        ("attach 'x' as y", "only a single SELECT"),
        ("select id into other from orders", "Into"),
        ("select * from read_csv('/etc/passwd')", "ReadCSV|read_csv"),
        ("select * from '/etc/passwd'", "no table /etc/passwd"),
        ('select * from "x.parquet"', "no table x.parquet"),
        ("select read_text('/etc/passwd') from orders", "read_text"),
        ("select * from glob('*')", "glob|no table"),
        ("select * from other.main.orders", "no table of the source"),
        ("select * from information_schema.tables", "no table information_schema.tables"),
        ("select * from ordres", "Did you mean 'orders'"),
        ("select now() from orders", "clock"),
        ("select current_date from orders", "clock"),
        ("select random() from orders", "repeatable"),
        ("select $1 from orders", "Placeholder"),
        ("with orders as (select 1 as id) select * from orders", "another name"),
        ("select * from orders, unnest([1])", "unnest|Unnest"),
        ("from orders", "only a single SELECT"),
        ("select", "reads no table"),
        ("select 1", "reads no table"),
        ("", "no SELECT"),
        ("select 'abc", "no SELECT"),
        ("select " + "1," * 15000 + "1", "characters"),
    ],
)
def test_anything_else_is_refused(sql, why):
    with pytest.raises(ConfigError, match=rf"^tables\.transactions\.from: .*({why})"):
        checked(sql)


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("select datetime('now') from orders", "clock"),
        ("select date() from orders", "date"),
        ("select load_extension('x') from orders", "load_extension"),
        ("select * from sqlite_master", "no table sqlite_master"),
        ("select * from pragma_database_list", "no table"),
        ("select random() from orders", "repeatable"),
    ],
)
def test_sqlite_has_traps_of_its_own(sql, why):
    with pytest.raises(ConfigError, match=why):
        checked(sql, dialect="sqlite", catalog=None)


def test_sqlite_text_is_left_as_it_was_written():
    sql = "select id, date(at, 'start of month') as month from orders where id like 'a%'"
    assert checked(sql, dialect="sqlite", catalog=None) == sql
