"""Files as people have them: titles above the header, columns renamed between months, zero bytes; and what is said."""

import pandas as pd
import pytest
from typer.testing import CliRunner

import crmlib
from crmlib.cli import app
from crmlib.schema.errors import ConfigError, SourceError

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
