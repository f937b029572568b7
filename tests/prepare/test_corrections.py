"""What to mend in the CRM, and what was agreed about tables: found, told, offered as a mend."""

import stat

import pandas as pd
import pytest
from typer.testing import CliRunner

import crmlib
from crmlib.cli import app
from crmlib.prepare.check.casting import is_near, misspelt
from crmlib.prepare.corrections import find_corrections
from crmlib.schema.errors import ConfigError

CONFIG = """
currency = "EUR"
as_of = 2020-03-31
[tables.transactions]
from = "orders.csv"
[tables.customers]
from = "customers.csv"
"""


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "acme"
    folder.mkdir()
    (folder / "crm.toml").write_text(CONFIG)
    orders = ["order_id,product_id,customer_id,ordered_at,net_amount", "1,a,c1,2020-01-05,10"]
    orders += [",a,c1,2020-01-06,20", "3,a,c404,2020-02-30,x"]
    (folder / "orders.csv").write_text("\n".join(orders) + "\n")
    rows = [f"c{i},Healthcare,North" for i in range(60)]
    rows += ["c60,Helthcare,North", "c61,healthcare,Norht", "c62,Mining,South", "c63,=cmd(),South"]
    (folder / "customers.csv").write_text("customer_id,industry,region\n" + "\n".join(rows) + "\n")
    return folder


def found(folder):
    summary = crmlib.open_workspace(folder).checks.summary
    return {(row.check, row.column): row for row in summary.itertuples()}


def standards(folder, *lines, table="customers"):
    text = CONFIG.replace(f"[tables.{table}]\n", f"[tables.{table}]\n" + "\n".join(lines) + "\n")
    (folder / "crm.toml").write_text(text)


def test_each_mistake_is_a_row_with_what_to_do(folder):
    table = find_corrections(folder).table
    told = {(row.file, row.row, row.column): (row.stands, row.do) for row in table.itertuples()}
    assert told["customers.csv", 62, "industry"] == ("Helthcare", "Write Healthcare.")
    assert told["customers.csv", 63, "region"] == ("Norht", "Write North.")
    assert told["orders.csv", 3, "order_id"][1] == "Fill it in."
    assert told["orders.csv", 4, "ordered_at"][0] == "2020-02-30"
    assert told["orders.csv", 4, "net_amount"][0] == "x"
    assert set(table["table"]) == {"customers", "transactions"}


def test_the_file_is_the_owners_alone_and_inert(folder):
    standards(folder, 'allowed.industry = ["Healthcare"]')
    done = CliRunner().invoke(app, ["corrections", str(folder)])
    assert done.exit_code == 0, done.output
    file = folder / "set_aside" / "corrections.csv"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    read = pd.read_csv(file)
    assert "'=cmd()" in read["stands"].tolist() and "Helthcare" in read["stands"].tolist()
    assert (
        CliRunner().invoke(app, ["corrections", str(folder), "--out", str(folder / "x.xlsx")]).exit_code == 0
    )


def test_misspelt_words_are_found_by_nearness_and_mended_where_asked(folder):
    row = found(folder)["misspelt", "industry"]
    assert (row.rows, row.policy) == (2, "warn")
    assert "Helthcare (for Healthcare)" in row.says and "healthcare (for Healthcare)" in row.says
    assert crmlib.open_workspace(folder).frame("customers")["industry"].isin(["Helthcare"]).sum() == 1
    standards(folder, 'checks.misspelt.industry = "mend"')
    frame = crmlib.open_workspace(folder).frame("customers").set_index("customer_id")
    assert frame.loc[["c60", "c61"], "industry"].tolist() == ["Healthcare", "Healthcare"]
    assert find_corrections(folder).table["stands"].eq("Helthcare").any(), "the CRM is still to be mended"
    standards(folder, 'checks.misspelt = "set_aside"')
    assert (
        crmlib.open_workspace(folder).checks.counts.set_index("table").loc["customers", "rows_set_aside"] == 2
    )


def test_words_that_were_not_agreed_upon_name_whom_to_ask(folder):
    standards(folder, 'owner = "Sales operations"', 'allowed.industry = ["Healthcare", "Construction"]')
    row = found(folder)["not_agreed", "industry"]
    assert row.rows == 2 and "Mining" in row.says and "ask Sales operations" in row.says
    assert found(folder)["misspelt", "industry"].rows == 2


def test_a_table_staler_than_agreed_is_a_finding(folder):
    standards(folder, 'owner = "IT"', "fresh_days = 30", table="transactions")
    row = found(folder)["stale", ""]
    assert row.rows == 1 and "86 days before" in row.says and "at most 30 were agreed (ask IT)" in row.says
    standards(folder, "fresh_days = 90", table="transactions")
    assert ("stale", "") not in found(folder)


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (['allowed.industri = ["x"]'], r"customers.allowed.industri .*Did you mean 'industry'"),
        (['allowed.email = ["x"]'], "no column of customers whose words"),
        (["fresh_days = -1"], "fresh_days"),
    ],
)
def test_a_mistake_in_the_standards_is_told(folder, lines, why):
    standards(folder, *lines)
    with pytest.raises(ConfigError, match=why):
        crmlib.open_workspace(folder)


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [("Helthcare", "Healthcare", True), ("Logisitcs", "Logistics", True), ("north ", "North", True),
     ("Electronis", "Electronics", True), ("Austria", "Australia", False), ("Iran", "Iraq", False),
     ("Region 1", "Region 2", False), ("Inbound", "Outbound", False), ("Niger", "Nigeria", False),
     ("Healthcare", "Healthcare", False), ("male", "female", False)],
)  # fmt: skip
def test_near_words(one, other, near):
    assert is_near(one, other) is near and is_near(other, one) is near


def test_a_word_that_stands_often_enough_is_not_called_misspelt():
    assert misspelt({"Trading": 100, "Trading.": 40}) == {}
    assert misspelt({"Healthcare": 19, "Helthcare": 1}) == {}
