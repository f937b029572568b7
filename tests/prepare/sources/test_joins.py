"""A table drawn from several files by key: what stands beside each row, and what is refused."""

import sqlite3

import duckdb
import pandas as pd
import pytest

import crmlib
from crmlib.prepare.check.staging import Staged
from crmlib.prepare.engine import Engine
from crmlib.prepare.sources.door import allowed_paths, close_source, fingerprints, open_source
from crmlib.prepare.workspace import reading_of
from crmlib.schema.errors import ConfigError, SchemaError, SourceError
from tests.prepare.reading import config_of, read

ITEMS = pd.DataFrame({"order_id": ["1", "1", "2", "9", None], "sku": list("abcde"), "amount": list("56789")})
ORDERS = pd.DataFrame({"id": ["2", "1", "3"], "created_at": ["2020-02-02", "2020-01-01", "2020-03-03"],
                       "customer": ["y", "x", "z"], "amount": ["70", "110", "1"]})  # fmt: skip
ON = {"from": "orders.csv", "on": {"order_id": "id"}}
CRM = """
currency = "EUR"
[tables.transactions]
from = "order_items.csv"
[[tables.transactions.join]]
from = "orders.csv"
on = { order_id = "id" }
[tables.transactions.columns]
product_id = "sku"
net_amount = "amount"
ordered_at = "created_at"
customer_id = "customer"
"""


def folder_of(tmp_path, items=ITEMS, orders=ORDERS, crm=CRM):
    items.to_csv(tmp_path / "order_items.csv", index=False)
    orders.to_csv(tmp_path / "orders.csv", index=False)
    (tmp_path / "crm.toml").write_text(crm)
    return tmp_path


def test_each_row_gets_the_columns_of_its_partner_and_keeps_its_number(tmp_path):
    rows, source = read(folder_of(tmp_path), "order_items.csv", join=[ON])
    assert source.columns == ("order_id", "sku", "amount", "id", "created_at", "customer", "orders.amount")
    assert sorted((row[1], row[3], row[4], row[6], row[8]) for row in rows) == [
        (2, "a", "5", "2020-01-01", "110"), (3, "b", "6", "2020-01-01", "110"), (4, "c", "7", "2020-02-02", "70"),
        (5, "d", "8", None, None), (6, "e", "9", None, None),
    ]  # fmt: skip
    (note,) = source.notes
    assert note == (
        "order_items.csv: 2 of 5 rows have no partner in orders.csv (order_id = id); its columns are empty there."
    )
    assert source.files == ("order_items.csv",) and source.joined[0].files == ("orders.csv",)


def test_a_whole_workspace_is_read_through_a_join(tmp_path):
    crm = crmlib.open_workspace(folder_of(tmp_path))
    lines = crm.frame("transactions", ["order_id", "customer_id", "net_amount"]).to_numpy().tolist()
    assert sorted(lines) == [["1", "x", 5.0], ["1", "x", 6.0], ["2", "y", 7.0]]
    aside = crm.checks.set_aside["transactions"]
    assert aside[["file", "row"]].to_numpy().tolist() == [["order_items.csv", 5], ["order_items.csv", 6]]
    assert crm.checks.sources["file"].tolist() == ["order_items.csv", "orders.csv"]
    assert any("have no partner" in says for says in crm.checks.notices["says"])


def test_a_change_of_the_joined_file_is_seen(tmp_path):
    root = folder_of(tmp_path)
    assert set(fingerprints(config_of(root, "order_items.csv", join=[ON]), "transactions")) == {
        "order_items.csv", "orders.csv"
    }  # fmt: skip
    crmlib.open_workspace(root)
    ORDERS.assign(customer="new").to_csv(root / "orders.csv", index=False)
    assert set(crmlib.open_workspace(root).frame("transactions").customer_id) == {"new"}


def test_an_amount_of_the_joined_file_is_taken_only_where_it_is_named(tmp_path):
    items, orders = ITEMS.drop(columns="amount"), ORDERS.rename(columns={"amount": "net_amount"})
    root = folder_of(tmp_path, items, orders, CRM.replace('net_amount = "amount"', ""))
    with pytest.raises(SchemaError, match="net_amount"):
        crmlib.open_workspace(root)
    (root / "crm.toml").write_text(CRM.replace('net_amount = "amount"', 'net_amount = "net_amount"'))
    assert crmlib.open_workspace(root).frame("transactions").net_amount.sum() == 110 + 110 + 70


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl", "xlsx", "sqlite", "duckdb"])
def test_every_kind_of_file_can_be_joined_to_every_other(tmp_path, kind):
    orders = ORDERS.assign(id=ORDERS["id"].astype("int64"))
    name, source = f"orders.{kind}", None
    if kind == "csv":
        orders.to_csv(tmp_path / name, index=False, sep=";")
    elif kind == "parquet":
        orders.to_parquet(tmp_path / name)
    elif kind == "jsonl":
        orders.to_json(tmp_path / name, orient="records", lines=True)
    elif kind == "xlsx":
        orders.to_excel(tmp_path / name, index=False)
    elif kind == "sqlite":
        with sqlite3.connect(tmp_path / name) as shop:
            orders.to_sql("orders", shop, index=False)
        shop.close()
        name, source = "orders", {"url": "sqlite:///orders.sqlite"}
    else:
        with duckdb.connect(str(tmp_path / name)) as shop:
            shop.register("given", orders)
            shop.execute("create table orders as from given")
        name += "#orders"
    ITEMS.to_csv(tmp_path / "order_items.csv", index=False)
    rows, opened = read(tmp_path, "order_items.csv", join=[{**ON, "from": name}], source=source)
    found = {row[1]: (str(row[6])[:10], str(row[8])) for row in rows if row[6] is not None}
    assert found == {2: ("2020-01-01", "110"), 3: ("2020-01-01", "110"), 4: ("2020-02-02", "70")}
    assert opened.columns[-1] == "orders.amount"


def test_keys_are_compared_as_identifiers_are_read(tmp_path):
    (tmp_path / "items.csv").write_text("order\n 007 \n7\nAé\n\u200bB\nNULL\n")
    (tmp_path / "orders.csv").write_text(
        "id,at\n007,1\n7,2\nAe\u0301,3\nB,4\nnull,5\nNULL,6\n", encoding="utf-8"
    )
    rows, _ = read(tmp_path, "items.csv", join=[{"from": "orders.csv", "on": {"order": "id"}}])
    assert {row[1]: row[4] for row in rows} == {2: "1", 3: "2", 4: "3", 5: "4", 6: None}


def test_a_key_of_two_parts_and_a_join_to_what_was_joined(tmp_path):
    (tmp_path / "items.csv").write_text("shop,order\nN,1\nS,1\n")
    (tmp_path / "orders-1.csv").write_text("shop,no,who\nN,1,x\n")
    (tmp_path / "orders-2.csv").write_text("shop,no,who\nS,1,y\n")
    (tmp_path / "people.csv").write_text("id,shop\nx,Oslo\ny,Rome\n")
    joins = [
        {"from": "orders-*.csv", "on": {"shop": "shop", "order": "no"}},
        {"from": "people.csv", "on": {"who": "id"}, "name": "customer"},
    ]
    rows, source = read(tmp_path, "items.csv", join=joins)
    assert source.columns == ("shop", "order", "orders.shop", "no", "who", "id", "customer.shop")
    assert {row[2]: (row[6], row[8]) for row in rows} == {"N": ("x", "Oslo"), "S": ("y", "Rome")}


def test_a_key_that_several_rows_have_is_refused_without_showing_it(tmp_path):
    orders = pd.concat([ORDERS, ORDERS.assign(amount="0")]).replace({"id": {"1": "Ann-12"}})
    with pytest.raises(SourceError) as told:
        read(folder_of(tmp_path, orders=orders), "order_items.csv", join=[ON])
    assert str(told.value).startswith(
        "tables.transactions.join[0].on: orders.csv has several rows for one 'id', 3 times"
    )
    assert "'aaa-99' (2 rows)" in str(told.value) and "Ann" not in str(told.value)
    empty = pd.concat([ORDERS, ORDERS.assign(id=None)])
    assert len(read(folder_of(tmp_path, orders=empty), "order_items.csv", join=[ON])[0]) == 5


@pytest.mark.parametrize(
    ("join", "error", "says"),
    [
        ({**ON, "on": {"ordr_id": "id"}}, ConfigError, r"join\[0\]\.on\.ordr_id: order_items.csv has no .*order_id"),
        ({**ON, "on": {"order_id": "idd"}}, ConfigError, r"on\.order_id: orders.csv has no column 'idd'.*'id'"),
        ({**ON, "from": "ordrs.csv"}, SourceError, r"tables\.transactions\.join\[0\]\.from: there is no file ordrs"),
        ({**ON, "from": "../out.csv"}, SourceError, "there is no file"),
    ],
)  # fmt: skip
def test_what_cannot_be_joined_is_named(tmp_path, join, error, says):
    with pytest.raises(error, match=says):
        read(folder_of(tmp_path), "order_items.csv", join=[join])


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("on = {}", "on"),
        ('on = { order_id = "id" }\nhow = "inner"', "no such key"),
        ('on = "id"', "wants a table of keys and values"),
    ],
)
def test_mistakes_in_a_join_are_named_with_their_line(tmp_path, line, says):
    root = folder_of(tmp_path, crm=CRM.replace('on = { order_id = "id" }', line))
    with pytest.raises(ConfigError, match=rf"tables\.transactions\.join\[0\].*line.*{says}"):
        crmlib.open_workspace(root)


def test_a_join_and_loads_that_add_up_exclude_each_other(tmp_path):
    crm = CRM.replace('from = "order_items.csv"', 'from = "order_items.csv"\nmode = "append"')
    with pytest.raises(ConfigError, match="a join and a mode"):
        crmlib.open_workspace(folder_of(tmp_path, crm=crm))


def test_columns_and_files_named_like_sql_stay_names(tmp_path):
    name = 'x"; drop table t; --.csv'
    (tmp_path / "items.csv").write_text('"o""); --"\n1\n')
    (tmp_path / name).write_text('"i""d","o""); --"\n1,2\n')
    rows, source = read(tmp_path, "items.csv", join=[{"from": name, "on": {'o"); --': 'i"d'}}])
    assert rows == [("items.csv", 2, "1", "1", "2")]
    assert source.columns[-1] == 'x"; drop table t; --.o"); --'


def test_unreadable_records_of_the_joined_file_are_told(tmp_path):
    root = folder_of(tmp_path)
    with (root / "orders.csv").open("a") as more:
        more.write("9,2020-01-01\n")
    _, source = read(root, "order_items.csv", join=[ON])
    assert "orders.csv: 1 records cannot be read, so none is joined." in source.notes


def test_rows_lie_in_the_order_of_the_file_whatever_the_join_does(tmp_path):
    many = 5000
    items = pd.DataFrame(
        {"order_id": [str((i * 7919) % many) for i in range(many)], "sku": "a", "amount": "1"}
    )
    orders = pd.DataFrame({"id": [str(i) for i in range(many)], "created_at": "2020-01-01", "customer": "x",
                           "amount": "1"})  # fmt: skip
    columns = {"product_id": "sku", "net_amount": "amount", "ordered_at": "created_at"}
    config = config_of(folder_of(tmp_path, items, orders), "order_items.csv", join=[ON], columns=columns)
    with Engine(allowed_paths=allowed_paths(config)) as engine:
        source = open_source(engine, config, "transactions")
        staged = Staged(engine, reading_of(source, "transactions", config.tables["transactions"], {}))
        assert engine.rows(f"select _row from {staged.name} order by rowid") == [
            (i + 2,) for i in range(many)
        ]
        staged.drop()
        close_source(engine, source)
        assert engine.rows("select count(*) from duckdb_views() where starts_with(view_name, 'source_')") == [
            (0,)
        ]
