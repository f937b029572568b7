"""Files as people have them: titles above the header, columns renamed between months, zero bytes; and what is said."""

import sqlite3
import zipfile

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

import crmlib
from crmlib.cli import app
from crmlib.schema.errors import ConfigError, SchemaError, SourceError

HEAD = "order_id,customer_id,product_id,ordered_at,net_amount"


@pytest.fixture()
def workspace(tmp_path):
    def make(table='from = "orders.csv"', **files):
        for name, content in files.items():
            path = tmp_path / name.replace("_csv", ".csv").replace("_xlsx", ".xlsx")
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        (tmp_path / "crm.toml").write_text(
            f'currency = "EUR"\n[tables.transactions]\n{table}\n', encoding="utf-8"
        )
        return tmp_path

    return make


def says(crm):
    return " ".join(crm.checks.notices["says"])


ROWS = "1,K1,A,2024-01-05,10\n2,K2,B,2024-01-06,20\n"


@pytest.mark.parametrize(
    ("above", "line"),
    [("Sales report\nPeriod: 2024-01-01 to 2024-02-29\n\n", 4), ("Report\n", 2), ('"Report, 2024"\n', 2),
     ("Report,,,,\n,,,,\n", 3), ("Kunde:,Alle,,,\nVon:,1.1.,,,\n", 3)],
)  # fmt: skip
def test_title_rows_are_named_with_the_remedy_and_the_remedy_works(workspace, above, line):
    folder = workspace(orders_csv=f"{above}{HEAD}\n{ROWS}")
    with pytest.raises(
        SourceError,
        match=rf"is a title; the column names seem to stand in line {line}.*header_row = {line}\.",
    ):
        crmlib.open_workspace(folder)
    for key in (f"header_row = {line}", f"skip_rows = {line - 1}"):
        crm = crmlib.open_workspace(workspace(f'from = "orders.csv"\n{key}'))
        assert crm.frame("transactions")["net_amount"].astype(float).sum() == 30
        assert "title" in says(crm) and ("eport" in says(crm) or "Kunde" in says(crm))


@pytest.mark.parametrize(
    "text", [f"{HEAD}\n{ROWS}", f"\n\n{HEAD}\n{ROWS}", f"{HEAD}\n1,K1,A,2024-01-05,10\n,,,,\n"]
)
def test_a_header_on_top_is_no_title(workspace, text):
    crm = crmlib.open_workspace(workspace(orders_csv=text))
    assert crm.checks.notices.empty


def test_row_numbers_of_rows_set_aside_count_the_title(workspace):
    folder = workspace(
        'from = "orders.csv"\nheader_row = 3', orders_csv=f"Report\n\n{HEAD}\n{ROWS}3,K1,A,soon,1\n"
    )
    assert crmlib.open_workspace(folder).checks.set_aside["transactions"]["row"].tolist() == [6]


def test_the_header_of_a_sheet_can_be_stated_and_is_named(workspace, tmp_path):
    rows = [["Sales report"], [], HEAD.split(","), *(line.split(",") for line in ROWS.split())]
    pd.DataFrame(rows).to_excel(tmp_path / "orders.xlsx", header=False, index=False)
    with pytest.raises(SourceError, match=r"row 1 .*title.*header_row = 3\."):
        crmlib.open_workspace(workspace('from = "orders.xlsx"'))
    crm = crmlib.open_workspace(workspace('from = "orders.xlsx"\nheader_row = 3'))
    assert crm.frame("transactions")["order_id"].tolist() == ["1", "2"]
    assert "Sales report" in says(crm)


def test_only_one_of_header_row_and_skip_rows_is_stated(workspace):
    with pytest.raises(ConfigError, match="both header_row and skip_rows"):
        crmlib.open_workspace(
            workspace('from = "orders.csv"\nheader_row = 3\nskip_rows = 2', orders_csv=f"{HEAD}\n{ROWS}")
        )
    with pytest.raises(SourceError, match="no header line 9"):
        crmlib.open_workspace(workspace('from = "orders.csv"\nheader_row = 9'))


@pytest.mark.parametrize("name", ["Customer ID", "CustomerID", "kunde"])
def test_a_column_renamed_in_a_later_file_is_refused_with_the_remedy(workspace, name):
    later = HEAD.replace("customer_id", name) + "\n3,K3,A,2024-02-05,1\n"
    folder = workspace(
        'from = "orders-*.csv"', **{"orders-01_csv": f"{HEAD}\n{ROWS}", "orders-02_csv": later}
    )
    with pytest.raises(
        SourceError, match=rf"orders-02\.csv has no column 'customer_id'.*{name}.*renamed.*coalesce"
    ):
        crmlib.open_workspace(folder)
    remedy = f"customer_id = {{ sql = '''coalesce(\"customer_id\", \"{name}\")''' }}"
    crm = crmlib.open_workspace(workspace(f'from = "orders-*.csv"\n[tables.transactions.columns]\n{remedy}'))
    assert set(crm.frame("transactions")["customer_id"]) == {"K1", "K2", "K3"}


def test_a_column_that_an_earlier_file_does_not_have_yet_is_said(workspace):
    later = f"{HEAD},channel\n3,K3,A,2024-02-05,1,web\n"
    folder = workspace(
        'from = "orders-*.csv"', **{"orders-01_csv": f"{HEAD}\n{ROWS}", "orders-02_csv": later}
    )
    crm = crmlib.open_workspace(folder)
    assert "orders-01.csv: has no column 'channel'; empty in its 2 rows: channel." in says(crm)
    shown = CliRunner().invoke(app, ["check", str(folder)]).output
    assert "orders-01.csv: has no column" in shown and "Nothing is wrong" not in shown


def test_columns_that_nothing_is_read_from_may_come_and_go(workspace):
    later = f"{HEAD},comment\n3,K3,A,2024-02-05,1,x\n"
    folder = workspace(
        'from = "orders-*.csv"', **{"orders-01_csv": f"{HEAD}\n{ROWS}", "orders-02_csv": later}
    )
    assert crmlib.open_workspace(folder).checks.notices.empty


def test_a_zero_byte_costs_its_row(workspace):
    many = "".join(f"{i},K{i},A,2024-01-05,10\n" for i in range(3, 60))
    for place, bad in enumerate(
        (b"60,K\x001,A,2024-01-05,10\n", b'60,"K\x00",A,2024-01-05,10\n', b"\x0060,K,A,2024-01-05,1\n")
    ):
        data = f"{HEAD}\n{ROWS}".encode() + bad + many.encode()
        crm = crmlib.open_workspace(workspace(orders_csv=data))
        assert len(crm.frame("transactions")) == 59, place
        aside = crm.checks.set_aside["transactions"]
        assert (aside["row"].tolist(), aside["file"].tolist()) == ([4], ["orders.csv"])
        assert aside["reason"].str.contains("a zero byte").all()


def test_check_prints_findings_first_and_ends_with_2_where_nothing_is_accepted(workspace):
    folder = workspace(orders_csv=f"{HEAD}\n1,K1,A,2024-01-05,ten\n")
    for arguments in ([str(folder)], [str(folder), "--as-of", "2024-12-31"]):
        shown = CliRunner().invoke(app, ["check", *arguments])
        assert "wrong_type" in shown.output and "'ten' (1)" in shown.output
        assert shown.exit_code in (1, 2) and "as_of cannot" not in shown.output


def found(crm):
    return {(row.check, row.column): (row.policy, row.rows) for row in crm.checks.summary.itertuples()}


@pytest.mark.parametrize("sign", ["^", "~", "\x01", "\x1f", ";", "|", "\t"])
def test_any_sign_that_cuts_evenly_cuts(workspace, sign):
    crm = crmlib.open_workspace(workspace(orders_csv=f"{HEAD}\n{ROWS}".replace(",", sign)))
    assert crm.frame("transactions")["customer_id"].tolist() == ["K1", "K2"]


@pytest.mark.parametrize("sign", [":", "，", "  "])
def test_a_file_that_is_not_cut_shows_its_columns_and_the_remedy(workspace, sign):
    with pytest.raises(SchemaError, match=r"order_id.+customer_id.*net_amount'\. .* state delimiter\."):
        crmlib.open_workspace(workspace(orders_csv=f"{HEAD}\n{ROWS}".replace(",", sign)))


@pytest.mark.parametrize("mark", ["\ufeff\ufeff", "\u200b", "\u00a0", "\ufeff "])
def test_a_columns_name_is_known_whatever_unseen_stands_before_it(workspace, mark):
    assert (
        len(crmlib.open_workspace(workspace(orders_csv=f"{mark}{HEAD}\n{ROWS}")).frame("transactions")) == 2
    )


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_header_within_is_set_aside_as_what_it_is(workspace, mark):
    table = 'from = "orders.csv"\n[tables.customers]\nfrom = "people.csv"'
    people = f"customer_id,name\nK1,a\n{mark}customer_id,name\nK2,b\n"
    crm = crmlib.open_workspace(
        workspace(table, orders_csv=f"{HEAD}\n{ROWS}{mark}{HEAD}\n{ROWS}", people_csv=people)
    )
    assert crm.frame("customers")["customer_id"].tolist() == ["K1", "K2"]
    for name, row in (("customers", 3), ("transactions", 4)):
        aside = crm.checks.set_aside[name]
        assert aside[["reason", "row"]].values.tolist() == [["repeats the header", row]]


def book(path, *rows, change=None):
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    made.save(path)


def test_a_header_within_a_sheet_is_set_aside_too(workspace, tmp_path):
    rows = [line.split(",") for line in ROWS.split()]
    book(tmp_path / "orders.xlsx", HEAD.split(","), rows[0], HEAD.split(","), rows[1])
    crm = crmlib.open_workspace(workspace('from = "orders.xlsx"'))
    assert crm.frame("transactions")["order_id"].tolist() == ["1", "2"]
    assert crm.checks.set_aside["transactions"]["row"].tolist() == [3]


def test_numbers_among_text_keep_their_size_under_a_decimal_comma(workspace, tmp_path):
    rows = [[str(i), "K", "A", "2024-01-05", amount] for i, amount in enumerate(("1.234,50", 10.125, 7))]
    book(tmp_path / "orders.xlsx", HEAD.split(","), *rows)
    with sqlite3.connect(tmp_path / "orders.sqlite") as shop:
        shop.execute(f"create table orders ({HEAD})")
        shop.executemany("insert into orders values (?, ?, ?, ?, ?)", rows)
    for name in ("orders.xlsx", "orders.sqlite"):
        crm = crmlib.open_workspace(workspace(f'from = "{name}"\ndecimal = ","'))
        assert crm.frame("transactions")["net_amount"].astype(float).tolist() == [1234.5, 10.125, 7]


def test_an_identifier_whose_figures_a_sheet_has_lost_looks_so_and_is_found(workspace, tmp_path):
    rows = [
        [str(i), number, "A", "2024-01-05", 1]
        for i, number in enumerate((123456789012345678, 12345678901234567890))
    ]
    book(tmp_path / "orders.xlsx", HEAD.split(","), *rows)
    crm = crmlib.open_workspace(workspace('from = "orders.xlsx"'))
    assert set(crm.frame("transactions")["customer_id"]) == {"1.23456789012346E+17", "1.23456789012346E+19"}
    assert found(crm) == {("ruined_id", "customer_id"): ("warn", 2)}


def test_the_content_says_what_an_xls_is(workspace, tmp_path):
    (tmp_path / "orders.xls").write_text(f"{HEAD}\n{ROWS}".replace(",", "\t"))
    assert len(crmlib.open_workspace(workspace('from = "orders.xls"')).frame("transactions")) == 2
    book(tmp_path / "orders.xls", HEAD.split(","), ["1", "K1", "A", "2024-01-05", 1])
    assert len(crmlib.open_workspace(workspace('from = "orders.xls"')).frame("transactions")) == 1
    (tmp_path / "orders.xls").write_text("\ufeff <html><table></table></html>")
    with pytest.raises(SourceError, match="web page"):
        crmlib.open_workspace(workspace('from = "orders.xls"'))


def test_files_without_a_row_and_files_that_are_there_twice_are_said(workspace):
    files = {
        "orders-1_csv": f"{HEAD}\n{ROWS}",
        "orders-1 (1)_csv": f"{HEAD}\n{ROWS}",
        "orders-2_csv": f"{HEAD}\n",
    }
    told = says(crmlib.open_workspace(workspace('from = "orders-*.csv"', **files)))
    assert "orders-1.csv: is the same as orders-1 (1).csv, byte by byte" in told
    assert "orders-2.csv: has column names and no row." in told
    with pytest.raises(SourceError, match="column names and no rows"):
        crmlib.open_workspace(workspace('from = "orders-2.csv"'))


def test_a_zip_by_pattern_without_what_a_mac_puts_in(workspace, tmp_path):
    for month in (1, 2):
        with zipfile.ZipFile(tmp_path / f"orders-{month}.zip", "w") as packed:
            packed.writestr("orders.csv", f"{HEAD}\n{month}9,K1,A,2024-0{month}-05,1\n")
            packed.writestr("__MACOSX/._orders.csv", "x")
    crm = crmlib.open_workspace(workspace('from = "orders-*.zip"'))
    assert crm.frame("transactions")["order_id"].tolist() == ["19", "29"]


def test_names_of_files_in_other_forms_and_links_that_lead_nowhere(workspace, tmp_path):
    (tmp_path / "Auftra\u0308ge.csv").write_text(f"{HEAD}\n{ROWS}")
    crmlib.open_workspace(workspace('from = "Auftr\u00e4ge.csv"'))
    (tmp_path / "Auftr-2.csv").symlink_to("gone.csv")
    with pytest.raises(SourceError, match=r"Auftr-2\.csv is a link to a file that is missing"):
        crmlib.open_workspace(workspace('from = "Auf*.csv"'))


@pytest.mark.parametrize(
    "word", ["K1 Total", "Gesamtergebnis", "Totaal:", "Yhteensä", "本月合计", "累计", "Übertrag"]
)
def test_totals_in_other_languages_and_below_groups(workspace, word):
    crm = crmlib.open_workspace(workspace(orders_csv=f"{HEAD}\n{ROWS}{word},,X,2024-01-07,35\n"))
    assert found(crm) == {("total_row", ""): ("set_aside", 1)}
    crm = crmlib.open_workspace(workspace(orders_csv=f"{HEAD}\n{ROWS}3,{word},X,2024-01-07,35\n"))
    assert found(crm) == {("total_row", "customer_id"): ("warn", 1)}


def test_goods_may_be_called_total(workspace):
    table = 'from = "orders.csv"\n[tables.products]\nfrom = "goods.csv"'
    goods = "product_id,name\nA,x\nB,x\nTotal Care,x\nColgate Total,x\n"
    rows = f"{ROWS}3,K1,Total Care,2024-01-07,3\n4,K1,Colgate Total,2024-01-07,3\n"
    assert found(crmlib.open_workspace(workspace(table, orders_csv=f"{HEAD}\n{rows}", goods_csv=goods))) == {}


@pytest.mark.parametrize(
    "word", ["Laufkunde", "Kein Kunde", "consumidor final", "未登录", "#NV", "0.0", "guest@shop.example"]
)
def test_more_words_for_nobody(workspace, word):
    rows = "".join(f"{i},{word if i % 2 else f'K{i}'},A,2024-01-05,1\n" for i in range(20))
    assert (
        found(crmlib.open_workspace(workspace(orders_csv=f"{HEAD}\n{rows}")))["placeholder", "customer_id"][1]
        == 10
    )


@pytest.mark.parametrize(("day", "known"), [("1970-01-01", 0), ("1899-12-30", 0), ("2014-01-01", 1)])
def test_a_day_that_programs_write_for_none_is_no_day(workspace, day, known):
    crm = crmlib.open_workspace(workspace(orders_csv=f"{HEAD}\n{ROWS}3,K1,A,{day},1\n"))
    assert len(crm.frame("transactions")) == 2 + known
    assert found(crm).get(("placeholder", "ordered_at")) == (None if known else ("set_aside", 1))


@pytest.mark.parametrize(
    ("amounts", "settings", "asked"),
    [(["1.500", "2.000", "€ 12.250", "300"], "", True), (["1.500", "2.000", "12.250", "0.50"], "", False),
     (["1.500", "2.000"], "", False), (['"1,500"', '"2,000"', '"12,250"'], 'decimal = ","', True),
     (["1,500", "2,000", "12,250"], 'decimal = ","\ndelimiter = ";"', True), (["0.500", "2.000", "12.250"], "", False)],
)  # fmt: skip
def test_amounts_that_may_be_a_thousand_times_as_large_are_asked_about(workspace, amounts, settings, asked):
    sign = ";" if "delimiter" in settings else ","
    rows = "".join(sign.join([str(i), "K1", "A", "2024-01-05", one]) + "\n" for i, one in enumerate(amounts))
    crm = crmlib.open_workspace(
        workspace(f'from = "orders.csv"\n{settings}', orders_csv=f"{HEAD.replace(',', sign)}\n{rows}")
    )
    assert ("parts thousands there" in says(crm)) is asked


@pytest.mark.parametrize(("theirs", "alike"), [("007", 1), ("7.0", 1), ("8", 0)])
def test_an_orphan_that_is_only_written_otherwise_is_told(workspace, theirs, alike):
    table = 'from = "orders.csv"\n[tables.customers]\nfrom = "people.csv"'
    crm = crmlib.open_workspace(
        workspace(
            table, orders_csv=f"{HEAD}\n1,7,A,2024-01-05,1\n", people_csv=f"customer_id,name\n{theirs},a\n"
        )
    )
    told = crm.checks.summary.set_index("check")["says"]["orphan_key"]
    assert ("leading zeros" in told) is bool(alike)
