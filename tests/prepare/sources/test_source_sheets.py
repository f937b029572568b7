"""Workbooks: the sheet that is meant, its header wherever it stands, types as they are in the cells."""

import datetime as dt

import pytest
from openpyxl import Workbook, load_workbook

from crmlib.schema.errors import SourceError
from tests.prepare.reading import read


@pytest.fixture()
def book(tmp_path):
    def write(name="book.xlsx", hidden=(), **sheets):
        workbook = Workbook()
        workbook.remove(workbook.active)
        for title, rows in sheets.items():
            sheet = workbook.create_sheet(title.replace("_", " "))
            sheet.sheet_state = "hidden" if title in hidden else "visible"
            for row in rows:
                sheet.append(row)
        workbook.save(tmp_path / name)
        return tmp_path

    return write


def test_dates_stay_dates_and_numbers_numbers(book):
    folder = book(
        Orders=[
            ["id", "day", "at", "price", "paid", "mixed", "code"],
            [7, dt.date(2020, 1, 2), dt.datetime(2020, 1, 2, 3, 4, 5), 1.5, True, 8, "007"],
            [8, dt.date(2020, 1, 3), dt.datetime(2020, 1, 3), 2, False, "x", "008"],
        ]
    )
    rows, source, types = read(folder, "book.xlsx#Orders", types=True)
    assert rows == [
        (
            "book.xlsx#Orders",
            2,
            7,
            dt.date(2020, 1, 2),
            dt.datetime(2020, 1, 2, 3, 4, 5),
            1.5,
            True,
            "8",
            "007",
        ),
        ("book.xlsx#Orders", 3, 8, dt.date(2020, 1, 3), dt.datetime(2020, 1, 3), 2.0, False, "x", "008"),
    ]
    named = ["BIGINT", "DATE", "TIMESTAMP", "DOUBLE", "BOOLEAN", "VARCHAR", "VARCHAR"]
    assert [types[name] for name in source.columns] == named


def test_the_header_is_the_first_row_with_cells_and_rows_keep_their_numbers(book):
    folder = book(Orders=[[], [None, None], [None, "id", "x"], [None, 1, 2], [], [None, 3, None], []])
    rows, source = read(folder, "book.xlsx")
    assert source.columns == ("id", "x")
    assert [row[1:] for row in rows] == [(4, 1, 2), (6, 3, None)]
    assert source.files == ("book.xlsx#Orders",)


def test_the_sheet_may_be_named_in_the_entry_or_beside_it(book):
    folder = book(Orders=[["id"], [1]], Old_Orders=[["id"], [2]])
    assert read(folder, "book.xlsx#old orders")[0][0][2] == 2
    assert read(folder, "book.xlsx", sheet="Orders")[0][0][2] == 1


def test_two_sheets_of_one_book_are_two_parts(book):
    folder = book(A=[["id", "x"], [1, 2]], B=[["ID"], [3]])
    rows, source = read(folder, "book.xlsx#A", "book.xlsx#B")
    assert rows == [("book.xlsx#A", 2, 1, 2), ("book.xlsx#B", 2, 3, None)]
    assert source.columns_by_file == {"book.xlsx#A": ("id", "x"), "book.xlsx#B": ("ID",)}


def test_the_only_visible_sheet_with_rows_is_taken(book):
    folder = book(hidden=("Lists",), Lists=[["x"], [1]], Orders=[["id"], [7]], Empty=[])
    assert read(folder, "book.xlsx")[0][0][2] == 7


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("book.xlsx#Ordres", r"has no sheet Ordres. There are: Orders, Lines. Did you mean 'Orders'\?"),
        ("book.xlsx", r'has several sheets: Orders, Lines. Write "book.xlsx#Orders"'),
        ("garbage.xlsx", "cannot be read as a workbook"),
        ("empty.xlsx", "is empty"),
        ("nothing.xlsx", "has no sheet with rows"),
        ("nothing.xlsx#Sheet", "is empty"),
    ],
)
def test_a_book_that_cannot_be_used_says_what_to_do(book, entry, why):
    folder = book(Orders=[["id"], [1]], Lines=[["id"], [1]])
    book("nothing.xlsx", Sheet=[])
    (folder / "garbage.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    (folder / "empty.xlsx").write_bytes(b"")
    with pytest.raises(SourceError, match=why):
        read(folder, entry)


def test_many_rows_come_in_batches_with_one_type(book, monkeypatch):
    monkeypatch.setattr("crmlib.prepare.sources.text.BATCH", 10)
    folder = book(Orders=[["id", "late"], *[[i, None if i < 30 else f"t{i}"] for i in range(35)]])
    rows, _, types = read(folder, "book.xlsx", types=True)
    assert [row[2] for row in rows] == list(range(35))
    assert (types["id"], types["late"], rows[34][3]) == ("BIGINT", "VARCHAR", "t34")


def test_cells_merged_downwards_hold_their_value_in_each_row(book):
    folder = book(Orders=[["id", "who", "x"], [1, "a", 5], [None, None, 6], [2, "b", 7], [None, None, None]])
    workbook = load_workbook(folder / "book.xlsx")
    for cells in ("A2:A3", "B2:B3", "A4:B4"):
        workbook["Orders"].merge_cells(cells)
    workbook.save(folder / "book.xlsx")
    rows, _ = read(folder, "book.xlsx")
    assert [row[1:] for row in rows] == [(2, 1, "a", 5), (3, 1, "a", 6), (4, 2, None, 7)]
