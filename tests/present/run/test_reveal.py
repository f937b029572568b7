"""A list that comes home: pseudonyms become customer numbers again, and nothing else changes."""

import csv
from datetime import datetime

import pandas as pd
import pytest
from openpyxl import Workbook

from crmlib.prepare.privacy import KEY_VARIABLE, public_ids
from crmlib.prepare.workspace import open_workspace
from crmlib.present.blocks import DataTable
from crmlib.present.run.console import reveal_list, unknown_words
from crmlib.schema.errors import ParameterError, SourceError

IDS = ["007", "=1+1", "-5", "c,4", "顧客"]
LINES = "order_id,customer_id,product_id,ordered_at,net_amount\n" + "".join(
    f'{i},"{name}",a,2020-01-0{i},9.5\n' for i, name in enumerate(IDS, start=1)
)


@pytest.fixture
def crm(tmp_path, monkeypatch):
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "orders.csv").write_text(LINES, encoding="utf-8")
    (folder / "crm.toml").write_text('currency = "EUR"\n[tables.transactions]\nfrom = "orders.csv"\n')
    return open_workspace(folder)


def listed(ids):
    frame = pd.DataFrame(
        {
            "customer_id": ids,
            "spend": [1 / 3, -2.5, 1e-9, float("inf"), None],
            "said": ["-1", "=A1", 'quote " and\nbreak', "'=kept", None],
            "at": pd.to_datetime(["2020-01-01", "2020-01-02", None, "2020-01-04", "2020-01-05"]),
        }
    )
    return DataTable(frame, name="list", caption="A list", excel=True)


@pytest.fixture
def shown(crm):
    return listed(public_ids(crm, pd.Series(IDS)))


def rows(path):
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.reader(file))


def test_a_csv_comes_back_as_if_it_had_never_had_pseudonyms(crm, shown, tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes(shown._csv(5))
    assert not any(name in path.read_text("utf-8") for name in ("007", "顧客"))
    revealed = reveal_list(crm, path)
    assert (revealed.path, revealed.known, revealed.unknown) == (tmp_path / "list-revealed.csv", 5, 0)
    assert rows(revealed.path) == rows_of(listed(IDS)._csv(5), tmp_path)
    assert revealed.path.read_bytes() == listed(IDS)._csv(5)


def rows_of(content, folder):
    (folder / "as_it_is.csv").write_bytes(content)
    return rows(folder / "as_it_is.csv")


def test_a_workbook_comes_back_with_its_figures_and_stays_harmless(crm, shown, tmp_path):
    path = tmp_path / "list.xlsx"
    path.write_bytes(shown._excel(5))
    head, *body = rows(reveal_list(crm, path).path)
    assert head == ["Customer", "Spend", "Said", "At"]
    assert [row[0] for row in body] == ["007", "'=1+1", "'-5", "c,4", "顧客"]
    assert [row[1] for row in body] == [repr(1 / 3), "-2.5", "1e-09", "∞", ""]
    assert [row[2] for row in body] == ["'-1", "'=A1", 'quote " and\nbreak', "'=kept", ""]
    assert [row[3][:10] for row in body] == ["2020-01-01", "2020-01-02", "", "2020-01-04", "2020-01-05"]


def test_what_a_spreadsheet_has_saved_since_is_read_too(crm, tmp_path):
    name = public_ids(crm, pd.Series(["007"])).item()
    (tmp_path / "a.csv").write_bytes(f"Müller;{name};2,5\nx;{name.lower()};3\n".encode("cp1252"))
    assert rows(reveal_list(crm, tmp_path / "a.csv").path) == [["Müller", "007", "2,5"], ["x", "007", "3"]]
    book = Workbook()
    for row in (["n", "at", "who"], [7, datetime(2020, 1, 2, 3, 4), f" {name} "], ["=1+1", None, "x"]):
        book.active.append(row)
    book.save(tmp_path / "b.xlsx")
    assert rows(reveal_list(crm, tmp_path / "b.xlsx").path)[1] == ["7", "2020-01-02 03:04:00", "007"]


def test_pseudonyms_of_other_data_are_refused_or_counted_with_the_remedy(crm, shown, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("Customer\nK-AAAAAAAAAAAA\n")
    with pytest.raises(ParameterError, match=f"not one of its 1 pseudonyms .*--as-of.*{KEY_VARIABLE}"):
        reveal_list(crm, path)
    assert not (tmp_path / "list-revealed.csv").exists()
    path.write_bytes(shown._csv(2) + b"K-AAAAAAAAAAAA,1,,\r\nK-AAAAAAAAAAAA,1,,\r\n")
    revealed = reveal_list(crm, path)
    assert (revealed.known, revealed.unknown) == (2, 1)
    assert unknown_words(revealed).startswith("1 of 3 pseudonyms is not of this workspace")
    assert [row[0] for row in rows(revealed.path)[1:]] == ["007", "'=1+1"] + ["K-AAAAAAAAAAAA"] * 2


def test_a_file_that_is_there_is_never_written_over(crm, shown, tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes(shown._csv(5))
    (tmp_path / "list-revealed.csv").write_text("mine")
    with pytest.raises(ParameterError, match=r"there already.*--out"):
        reveal_list(crm, path)
    with pytest.raises(ParameterError, match="there already"):
        reveal_list(crm, path, out=path)
    with pytest.raises(ParameterError, match=r"Name it \.csv"):
        reveal_list(crm, path, out=tmp_path / "new.xlsx")
    assert (tmp_path / "list-revealed.csv").read_text() == "mine"
    assert reveal_list(crm, path, out=tmp_path / "new.csv").path.exists()


def test_a_list_that_cannot_be_read_is_refused_in_words(crm, tmp_path):
    (tmp_path / "a.xlsx").write_text("no workbook")
    (tmp_path / "b.csv").write_bytes(b"PK\x03\x04")
    for name, says in {"nothing.csv": "no file", "a.xlsx": "as a workbook", "b.csv": "ZIP"}.items():
        with pytest.raises(SourceError, match=says):
            reveal_list(crm, tmp_path / name)


def test_a_list_without_pseudonyms_is_left_alone(crm, tmp_path):
    (tmp_path / "a.csv").write_text("Customer\n007\n")
    assert reveal_list(crm, tmp_path / "a.csv") is None
    assert [path.name for path in tmp_path.glob("*.csv")] == ["a.csv"]
