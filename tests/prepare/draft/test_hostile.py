"""Drafts of folders that no clerk would call tidy: something is drafted, the rest is said, and the text runs."""

import sqlite3
import time
import tomllib
import zipfile

import openpyxl
import pytest

import crmlib

HEADER = "order_id,order_date,customer_id,product_id,quantity,unit_price"
LINES = [
    f"O{i // 2},2024-01-{i % 28 + 1:02d},C{i % 7},P{i % 5},{i % 3 + 1},{10 + i % 5}.50" for i in range(60)
]


def csv(header=HEADER, lines=LINES):
    return "\n".join([header, *lines]) + "\n"


def opened(folder):
    found = crmlib.draft(folder)
    (folder / "crm.toml").write_text(found.text, "utf-8")
    counts = crmlib.open_workspace(folder).checks.counts.set_index("table")["rows_accepted"]
    return found, dict(counts)


def test_files_that_cannot_be_read_leave_the_others_drafted(tmp_path):
    (tmp_path / "orders.csv").write_text(csv())
    broken = {
        "a.csv": bytes(range(256)) * 20, "b.xlsx": b"PK\x03\x04", "c.parquet": b"PAR1", "d.zip": b"PK",
        "e.db": b"SQLite format 3\0junk", "f.duckdb": b"none", "g.json": b"{[", "h.pdf": b"%PDF-1.4",
    }  # fmt: skip
    for name, raw in broken.items():
        (tmp_path / name).write_bytes(raw)
    found, accepted = opened(tmp_path)
    assert accepted == {"transactions": 60}
    assert {file for file, _ in found.unused} == broken.keys() - {"h.pdf"}


def test_one_broken_view_or_member_leaves_the_others_of_its_file(tmp_path):
    with sqlite3.connect(tmp_path / "shop.db") as base:
        base.execute(f'create table "or""der; drop" ({HEADER})')
        rows = [line.split(",") for line in LINES]
        base.executemany('insert into "or""der; drop" values (?, ?, ?, ?, ?, ?)', rows)
        base.execute("create view v as select * from nowhere")
    base.close()
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as box:
        box.writestr("2024/c/customers.csv", csv("customer_id,name", [f"C{i},Name {i}" for i in range(7)]))
        box.writestr("2024/broken.parquet", "PAR1")
    found, accepted = opened(tmp_path)
    assert accepted == {"customers": 7, "transactions": 60}
    assert {file for file, _ in found.unused} == {"shop.db#v", "all.zip#2024/broken.parquet"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("wörter \"q\" <b>&amp;'.csv", csv()),
        ("o.csv", csv('"order ""no""","order\ndate",customer_id,"it\'s product",quantity,unit_price')),
        ("o.csv", csv("order_id,date,date,customer_id,product_id,quantity,price,price",
                      [f"O{i},2024-01-{i % 28 + 1:02d},2024-02-01,C{i % 7},P{i % 5},1,9.5,3" for i in range(60)])),
        ("o.csv", csv("Bestellnr;Datum;Kundennr;Artikelnr;Menge;Einzelpreis;Bemerkung",
                      [f'O{i};{i % 28 + 1:02d}.01.2024;C{i % 7};P{i % 5};1;1.1{i:02d},50;"zwei\nZeilen; ""so"""'
                       for i in range(60)])),
        ("o.csv", csv(f"{HEADER},{','.join(f'f{i}' for i in range(60))}", [f"{line}{',' * 60}" for line in LINES])),
    ],
)  # fmt: skip
def test_odd_names_headers_and_cells_are_read(tmp_path, name, text):
    (tmp_path / name).write_text(text, "utf-8")
    found, accepted = opened(tmp_path)
    assert accepted == {"transactions": 60}
    assert {"order_id", "ordered_at", "customer_id", "product_id", "net_amount"} <= set(
        found.columns["column"]
    )


def test_marks_of_several_currencies_are_not_added(tmp_path):
    lines = [
        f"O{i},2024-01-{i % 28 + 1:02d},C{i % 7},P1,1,{('€ 10.50', '$11.00', 'GBP 9.00', '€ 1.00')[i % 4]}"
        for i in range(60)
    ]
    (tmp_path / "o.csv").write_text(csv("order_id,order_date,customer_id,product_id,quantity,amount", lines))
    found, accepted = opened(tmp_path)
    assert accepted == {"transactions": 30}
    assert any("EUR, GBP, USD" in question for question in found.questions)


def test_merged_cells_are_asked_about_and_hidden_sheets_not_looked_at(tmp_path):
    book = openpyxl.Workbook()
    book.active.append([*HEADER.split(",")[:5], "amount"])
    for i, line in enumerate(LINES[:30]):
        cells = line.split(",")
        book.active.append([*(cells[:3] if i % 3 == 0 else [None] * 3), *cells[3:]])
    hidden = book.create_sheet("Hidden")
    hidden.sheet_state = "hidden"
    hidden.append(["customer_id", "name"])
    book.save(tmp_path / "b.xlsx")
    found = crmlib.draft(tmp_path)
    assert any("is empty in 20 of 30 rows" in question for question in found.questions)
    assert list(found.tables) == ["transactions"]


def test_a_due_date_is_no_date_of_the_order(tmp_path):
    (tmp_path / "o.csv").write_text(csv(HEADER.replace("order_date", "due_date,date"),
                                        [line.replace(",", ",2024-05-01,", 1) for line in LINES]))  # fmt: skip
    cells = tomllib.loads(crmlib.draft(tmp_path).text)["tables"]["transactions"]["columns"]
    assert (cells["ordered_at"], cells["due_on"]) == ("date", "due_date")


def test_a_state_on_the_first_line_of_an_order_leaves_all_its_lines_out(tmp_path):
    lines = [f"{line},{('paid', '', 'refunded', '')[i % 4]}" for i, line in enumerate(LINES)]
    (tmp_path / "o.csv").write_text(csv(f"{HEADER},status", lines))
    _, accepted = opened(tmp_path)
    assert accepted == {"transactions": 30}


def test_columns_without_a_known_name_are_told_by_what_their_rows_prove(tmp_path):
    header = "xa,xb,order_date,customer_id,product_id,xc,xd,xe"
    lines = [
        f"Q{i // 3:03d},{i % 3 + 1},2024-02-{i // 3 % 28 + 1:02d},C{i % 7},P{i % 5},{i % 4 + 1},{10 + i % 5}.50,"
        f"{(i % 4 + 1) * (10.5 + i % 5):.2f}"
        for i in range(60)
    ]
    (tmp_path / "o.csv").write_text(csv(header, lines))
    cells = tomllib.loads(crmlib.draft(tmp_path).text)["tables"]["transactions"]["columns"]
    wanted = {"order_id": "xa", "line_no": "xb", "quantity": "xc", "net_amount": "xe"}
    assert {ours: cells[ours] for ours in wanted} == wanted


def test_long_texts_of_few_kinds_are_looked_at_in_no_time(tmp_path):
    long = " ".join(f"word{n}" for n in range(20_000))
    (tmp_path / "o.csv").write_text(csv(f"{HEADER},remark", [f"{line},{long}" for line in LINES[:3]]))
    begun = time.process_time()
    assert list(crmlib.draft(tmp_path).tables) == ["transactions"]
    assert time.process_time() - begun < 30
