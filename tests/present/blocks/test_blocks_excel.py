"""Lists as workbooks: read back with openpyxl, a reader of its own."""

import re
import zipfile
from base64 import b64decode
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from crmlib.present.blocks import DataTable
from crmlib.present.blocks import downloads as blocks_downloads_excel
from crmlib.present.blocks import tables as blocks_tables
from crmlib.present.blocks.downloads import EXCEL_TEXT, excel_text, file_name, sheet_name, to_excel_bytes
from crmlib.schema.errors import ParameterError

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "＝1+1", '=HYPERLINK("http://evil.example")']
LINKS = ["http://evil.example", "mailto:a@b.example", "internal:About!A1", "external:c:\\x.xlsx"]


def opened(content):
    return load_workbook(BytesIO(content))


def cells(frame, **options):
    """The cells below the header, column by column."""
    sheet = opened(to_excel_bytes(frame, **options)).worksheets[0]
    return [list(column)[1:] for column in sheet.iter_cols()]


def values(frame, **options):
    return [[cell.value for cell in column] for column in cells(frame, **options)]


def table(frame, **options):
    return DataTable(frame, **{"name": "call list", "caption": "A table", "excel": True, **options})


def downloaded(html):
    found = re.search(
        r'download="([^"]*)" href="data:[^"]*spreadsheetml.sheet;base64,([^"]*)">([^<]*)<', html
    )
    return found.group(1), b64decode(found.group(2)), found.group(3)


@pytest.mark.parametrize("text", FORMULAS + LINKS)
def test_text_is_never_a_formula_nor_a_link(text):
    content = to_excel_bytes(pd.DataFrame({text: [text]}), sheet=text, about=[(text, text)])
    book = opened(content)
    found = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert len(found) == 4
    for cell in found:
        assert cell.data_type == "s" and cell.hyperlink is None
        assert cell.value == (f"'{text}" if text in FORMULAS else text)
    names = zipfile.ZipFile(BytesIO(content)).namelist()
    assert not any("rels" in name and "sheet" in name for name in names), "no relations: no links"


@pytest.mark.parametrize("text", ["<r><t>x</t></r>", "<r>&</r>", "</t></si>", "_x0041_", "]]>", "&amp;"])
def test_text_is_never_markup_of_the_workbook(text):
    assert values(pd.DataFrame({"a": [text]})) == [[f"'{text}" if text.startswith("<r>") else text]]


def test_identifiers_that_look_like_numbers_stay_text_and_numbers_stay_numbers():
    frame = pd.DataFrame({"id": ["007", "1e5", "12"], "spend": [2.5, -1.0, 3.0], "orders": [1, 2, 3]})
    ids, spend, orders = cells(frame)
    assert [(cell.value, cell.data_type) for cell in ids] == [("007", "s"), ("1e5", "s"), ("12", "s")]
    assert [cell.value for cell in spend] == [2.5, -1, 3] and {cell.data_type for cell in spend} == {"n"}
    assert [cell.value for cell in orders] == [1, 2, 3]
    assert b"numberStoredAsText" in zipfile.ZipFile(BytesIO(to_excel_bytes(frame))).read(
        "xl/worksheets/sheet1.xml"
    )


def test_what_is_not_known_is_an_empty_cell_and_endless_is_said():
    frame = pd.DataFrame(
        {
            "n": [np.nan, np.inf, -np.inf],
            "t": ["a", None, pd.NA],
            "d": pd.to_datetime(["2017-01-02", None, None]),
        }
    )
    n, t, d = values(frame)
    assert n == [None, "∞", "−∞"] and t == ["a", None, None] and d == [datetime(2017, 1, 2), None, None]


def test_dates_are_dates_and_those_that_excel_does_not_know_are_text():
    frame = pd.DataFrame(
        {
            "d": pd.to_datetime(["2017-01-02 03:04", "1960-02-29 00:00"]),
            "zoned": pd.to_datetime(["2017-07-02 03:04", "2017-01-02 00:00"]).tz_localize("Europe/Paris"),
            "old": [date(1899, 12, 31), date(2017, 5, 6)],
        }
    )
    days, zoned, old = cells(frame, formats=["yyyy-mm-dd", "", "yyyy-mm-dd"])
    assert [cell.value for cell in days] == [datetime(2017, 1, 2, 3, 4), datetime(1960, 2, 29)]
    assert all(cell.is_date and cell.number_format == "yyyy-mm-dd" for cell in days)
    assert [cell.value for cell in zoned] == [datetime(2017, 7, 2, 3, 4), datetime(2017, 1, 2)]
    assert [cell.value for cell in old] == ["1899-12-31", datetime(2017, 5, 6)]


def test_decimals_flags_sets_and_long_whole_numbers():
    frame = pd.DataFrame(
        {
            "paid": pd.Series([Decimal("1234.50"), None], dtype=object),
            "sold": [True, False],
            "items": [frozenset({"pasta", "basil"}), ["=a"]],
            "long": [12345678901234567, 10**14],
        }
    )
    paid, sold, items, long = values(frame)
    assert paid == [1234.5, None] and sold == [True, False]
    assert items == ["basil, pasta", "'=a"] and long == ["12345678901234567", 10**14]


def test_signs_that_xml_forbids_and_long_text_do_not_break_the_workbook():
    texts = [
        "a\x00b\x0bc\x1fd",
        "lone \ud800",
        "\uffff",
        "line\r\nbreak",
        "顧客 麺類 🍜",
        "x" * 40_000,
        "🍜" * 20_000,
    ]
    found = values(pd.DataFrame({"t": pd.Series(texts, dtype=object)}))[0]
    assert found[:5] == ["a�b�c�d", "lone �", "�", "line\nbreak", "顧客 麺類 🍜"]
    for text, sign in zip(found[5:], "x🍜", strict=True):
        assert len(text.encode("utf-16-le")) // 2 <= EXCEL_TEXT and text.endswith(f"{sign}…")
        assert len(text.encode("utf-16-le")) // 2 >= EXCEL_TEXT - 2


@given(st.lists(st.text(), min_size=1, max_size=6))
def test_any_text_gives_a_workbook_that_reads_back_as_it_was_written(texts):
    found = values(pd.DataFrame({"t": pd.Series(texts, dtype=object), "n": 1}))[0]
    assert [value or "" for value in found] == [excel_text(text) for text in texts]


def test_more_rows_than_a_sheet_holds_are_left_out(monkeypatch):
    monkeypatch.setattr(blocks_downloads_excel, "EXCEL_ROWS", 11)
    monkeypatch.setattr(blocks_tables, "EXCEL_ROWS", 11)
    assert values(pd.DataFrame({"n": range(30)})) == [list(range(10))]
    _, content, label = downloaded(table(pd.DataFrame({"n": range(30)}))._html())
    assert label == "Download as Excel (the first 10 rows)"
    assert ("Rows", "The first 10 of 30") in list(opened(content)["About"].iter_rows(values_only=True))


def test_more_columns_than_a_sheet_holds_are_refused(monkeypatch):
    monkeypatch.setattr(blocks_downloads_excel, "EXCEL_COLUMNS", 3)
    with pytest.raises(ParameterError, match=r"3 columns, not 4\. Choose"):
        to_excel_bytes(pd.DataFrame([[1, 2, 3, 4]]))


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("a" * 40, "a" * 31),
        ("顧客一覧", "顧客一覧"),
        ("[x]:*?/\\", "x"),
        ("''", "List"),
        ("History", "List"),
        ("ABOUT", "List"),
        ("🍜" * 20, "🍜" * 15),
    ],
)
def test_names_of_sheets_follow_the_rules(name, given):
    assert sheet_name(name) == given
    assert opened(to_excel_bytes(pd.DataFrame({"a": [1]}), sheet=name)).sheetnames == [given]


def test_two_runs_give_the_same_bytes_without_a_date_of_their_own():
    frame = pd.DataFrame({"id": ["007"], "spend": [2.5], "items": [frozenset("cab")]})
    first, second = (to_excel_bytes(frame, about=[("Rows", "1")]) for _ in range(2))
    assert first == second
    parts = zipfile.ZipFile(BytesIO(first))
    assert {part.date_time for part in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert b"2000-01-01T00:00:00Z" in parts.read("docProps/core.xml")
    assert re.findall(rb"<(?:dc:creator|cp:lastModifiedBy)>([^<]+)<", parts.read("docProps/core.xml")) == []


def test_an_empty_table_is_a_workbook_too():
    assert values(pd.DataFrame({"a": []})) == [[]]
    assert opened(to_excel_bytes(pd.DataFrame())).sheetnames == ["List"]
    assert values(pd.DataFrame([[1, 2]], columns=["a", "a"])) == [[1], [2]]


def test_a_table_offers_csv_and_excel_side_by_side_and_excel_only_where_asked():
    frame = pd.DataFrame({"customer_id": ["007"], "spend_total": [1 / 3], "return_rate_pct": [12.5]})
    html = table(frame, currency="EUR")._html()
    assert re.findall(r">(Download as [^<]*)<", html) == [
        "Download as CSV",
        "Download as Excel",
    ]
    name, content, _ = downloaded(html)
    sheet = opened(content).worksheets[0]
    assert name == "call_list.xlsx" and sheet.title == "Call list"
    assert [cell.value for cell in sheet[1]] == ["Customer", "Net spend (EUR)", "Returns (%)"]
    assert sheet[1][0].font.bold
    assert (sheet["B2"].value, sheet["B2"].number_format) == (1 / 3, "#,##0.00")
    assert sheet.freeze_panes == "A2" and sheet.auto_filter.ref == "A1:C2"
    for quiet in (table(frame, excel=False), table(frame, download=False)):
        assert "spreadsheetml" not in quiet._html()


def test_columns_are_wide_enough_for_what_they_hold():
    frame = pd.DataFrame({"顧客": ["顧客番号" * 4], "n": [1], "long": ["x" * 500]})
    widths = opened(to_excel_bytes(frame)).worksheets[0].column_dimensions
    assert widths["A"].width > 32 and 8 < widths["B"].width < 12 and 59 < widths["C"].width < 62


def test_the_second_sheet_says_what_the_list_is():
    frame = pd.DataFrame({"customer_id": ["K-N7PXIN6TFBVP"], "recency_days": [3], "step": ["Call."]})
    html = table(frame, about={"Workspace": "=Shop"}, meanings={"step": "What to do."})._html()
    said = dict(opened(downloaded(html)[1])["About"].iter_rows(values_only=True))
    assert said == {
        "List": "A table",
        "Workspace": "'=Shop",
        "Rows": "1",
        "Customer numbers": "Customer numbers are pseudonyms; crmlib reveal turns them back.",
        "Column": "What it means",
        "Customer": "The customer.",
        "Days since last order": "Days from the last purchase to as_of.",
        "Suggested step": "What to do.",
    }


def test_a_list_says_that_its_customer_numbers_are_pseudonyms_only_where_they_are():
    note = "Customer numbers are pseudonyms; <code>crmlib reveal</code> turns them back."
    assert note in table(pd.DataFrame({"customer_id": ["K-N7PXIN6TFBVP", None]}))._html()
    for ids in (["17850"], ["K-N7PXIN6TFBVP", "17850"], [None], []):
        assert "pseudonyms" not in table(pd.DataFrame({"customer_id": ids}))._html()


def test_a_workbook_too_heavy_for_the_page_is_cut_and_says_so(monkeypatch):
    monkeypatch.setattr(blocks_tables, "DOWNLOAD_BYTES_EACH", 20_000)
    noise = np.random.default_rng(1).random(3_000)
    _, content, label = downloaded(table(pd.DataFrame({"n": noise}))._html())
    kept = opened(content).worksheets[0].max_row - 1
    assert len(content) <= 20_000 and 500 < kept < 3_000
    assert label == f"Download as Excel (the first {kept:,} rows)"


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ('"><script>', "script.xlsx"),
        ("../../etc/passwd", "etc_passwd.xlsx"),
        ("CON", "CON_.xlsx"),
        ("顧客", "顧客.xlsx"),
    ],
)
def test_the_name_of_the_file_is_safe(name, safe):
    assert file_name(name, suffix=".xlsx") == safe
    assert downloaded(table(pd.DataFrame({"n": [1]}), name=name)._html())[0] == safe


def test_a_very_long_list_has_no_workbook_and_says_so(monkeypatch):
    monkeypatch.setattr(blocks_tables, "EXCEL_LIST", 150)
    page = table(pd.DataFrame({"n": range(151)}))._html()
    assert "Download as CSV" in page and "Download as Excel" not in page
    assert "51 more rows in the CSV download. Lists of over 150 rows have no Excel workbook." in page
    assert "Download as Excel" in table(pd.DataFrame({"n": range(150)}))._html()
