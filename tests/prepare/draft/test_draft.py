import re
import sqlite3
import tomllib
import zipfile

import openpyxl
import pandas as pd
import pytest

import crmlib
from crmlib.prepare.draft.draft import answered
from crmlib.prepare.draft.names import VIRTUAL, meaning_of
from crmlib.prepare.draft.presets import preset_of, presets
from crmlib.schema.errors import ConfigError
from crmlib.schema.tables import TABLES


def folder_of(path, **files):
    path.mkdir(exist_ok=True)
    for name, text in files.items():
        (path / name.replace("__", ".").replace("~", " ")).write_text(text, encoding="utf-8")
    return path


def opened(folder, **given):
    """Draft, write, read: the rows that come of it."""
    draft = crmlib.draft(folder, **given)
    draft.write(folder)
    return draft, crmlib.open_workspace(folder)


def section(draft, table="transactions"):
    return tomllib.loads(draft.text)["tables"][table]


ORDERS = "order_id,customer_id,product_id,ordered_at,quantity,net_amount"


def test_a_folder_of_exports_becomes_a_workspace_that_opens(tmp_path):
    (tmp_path / "orders 2020.csv").write_text(
        "Order No,SKU,Customer_ID,Order Date,Qty,Amount\n007,a,c1,2020-01-05,1,9.5\n"
    )
    (tmp_path / "articles.csv").write_text("sku;description;price\na;Tea;9,5\n")
    (tmp_path / "readme.txt").write_text("hello there\n")
    draft = crmlib.draft(tmp_path, currency="EUR")
    assert draft.tables == {"products": ("articles.csv",), "transactions": ("orders 2020.csv",)}
    assert draft.gaps == ()
    assert [file for file, _ in draft.unused] == ["readme.txt"]
    draft.write(tmp_path)
    with pytest.raises(ConfigError, match="there already"):
        draft.write(tmp_path)
    crm = crmlib.open_workspace(tmp_path)
    assert crm.frame("transactions")["order_id"].tolist() == ["007"]
    products = crm.frame("products")
    assert (products["name"].tolist(), [float(p) for p in products["unit_price"]]) == (["Tea"], [9.5])


def test_what_is_not_found_is_said_and_left_open(tmp_path):
    (tmp_path / "orders.csv").write_text("invoice,sku,date,widgets\n1,a,2020-01-05,red\n")
    draft = crmlib.draft(tmp_path)
    assert draft.gaps == ("transactions.net_amount",)
    assert 'net_amount = "?"  # required, and not found: What was paid' in draft.text
    assert "Their columns not used: widgets" in draft.text
    assert "tables" not in tomllib.loads(draft.text)


@pytest.mark.parametrize(
    "header",
    [
        'order_id,product_id,ordered_at,"net""\namount",amount',
        "order_id,product_id,ordered_at,'); drop table x; --,amount",
    ],
)
def test_hostile_names_stay_text(tmp_path, header):
    (tmp_path / 'a"] evil [b*.csv').write_text(f"{header}\n1,a,2020-01-05,9,8\n")
    (tmp_path / "aX] evil [bX.csv").write_text("colour,size\nred,1\n")
    draft, crm = opened(tmp_path)
    assert section(draft)["from"] == 'a"] evil [[]b[*].csv'
    assert len(crm.frame("transactions")) == 1


def test_hostile_values_stay_text(tmp_path):
    (tmp_path / "orders.csv").write_text(
        f"{ORDERS},status\n1,K,A,2024-01-05,1,100,completed\n"
        "2,K,A,2024-01-06,1,100,\"cancelled' or '1'='1\"\n3,K,A,2024-01-06,1,100,cancelled\n"
        '4,K,A,2024-01-06,1,100,"cancelled"" # """\n'
    )
    _, crm = opened(tmp_path)
    assert sorted(crm.frame("transactions")["order_id"]) in (["1"], ["1", "2"], ["1", "4"], ["1", "2", "4"])


def test_a_folder_without_orders_is_drafted_and_told(tmp_path):
    (tmp_path / "people.csv").write_text("colour,size\nred,1\n")
    draft = crmlib.draft(tmp_path)
    assert draft.tables == {} and "No export gives transactions" in draft.questions[0]
    assert draft.unused == (("people.csv", "its columns look like no table: colour, size"),)
    with pytest.raises(ConfigError, match="no such folder"):
        crmlib.draft(tmp_path / "nowhere")


def test_the_columns_that_the_readme_shows(tmp_path):
    (tmp_path / "orders-2010.csv").write_text(
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        "536365,85123A,WHITE,6,2010-12-01 08:26:00,2.55,17850,UK\n"
    )
    draft, crm = opened(tmp_path)
    assert set(draft.tables) == {"transactions", "products", "customers"}
    assert float(crm.frame("transactions")["net_amount"].sum()) == 15.3
    assert section(draft, "customers")["columns"]["country"] == "Country"


@pytest.mark.parametrize(
    "names", [["orders-2024-01", "orders-2024-02", "orders-2024-03"], ["Q1 sales", "Q2 sales"]]
)
def test_months_become_one_pattern(tmp_path, names):
    for number, name in enumerate(names):
        (tmp_path / f"{name}.csv").write_text(f"{ORDERS}\n{number},K1,A,2024-0{number + 1}-05,1,100\n")
    draft, crm = opened(tmp_path)
    assert isinstance(section(draft)["from"], str) and "*" in section(draft)["from"]
    assert len(crm.frame("transactions")) == len(names)


def test_a_pattern_means_no_other_file(tmp_path):
    for number in (1, 2):
        (tmp_path / f"orders-{number}.csv").write_text(f"{ORDERS}\n{number},K1,A,2024-01-05,1,100\n")
    (tmp_path / "orders-notes.csv").write_text("colour,size\nred,1\n")
    draft, crm = opened(tmp_path)
    assert section(draft)["from"] == ["orders-1.csv", "orders-2.csv"]
    assert len(crm.frame("transactions")) == 2


@pytest.mark.parametrize(
    ("sep", "amounts", "total"),
    [(";", ["1.234,56", "12,50", "1.500"], 2747.06), (";", ["1.500", "2.000"], 3500.0),
     (",", ['"1,234.56"', "12.50", '"1,500"'], 2747.06), ("\t", ["1234,5", "10,0"], 1244.5)],
)  # fmt: skip
def test_decimals_are_read_as_they_are_written(tmp_path, sep, amounts, total):
    lines = [
        f"{i}{sep}K{sep}A{sep}2024-01-0{i}{sep}1{sep}{amount}" for i, amount in enumerate(amounts, start=1)
    ]
    (tmp_path / "Bestellungen.csv").write_text("\n".join([ORDERS.replace(",", sep), *lines, ""]))
    _, crm = opened(tmp_path)
    assert float(crm.frame("transactions")["net_amount"].sum()) == pytest.approx(total)


@pytest.mark.parametrize("total", ["total", "Order total", "Gesamt"])
def test_a_total_of_the_order_on_each_line_is_not_counted_twice(tmp_path, total):
    (tmp_path / "orders.csv").write_text(
        f"order_id,customer_id,product_id,order_date,quantity,price,{total}\n"
        "1,K1,A,2024-01-05,1,20,50\n1,K1,B,2024-01-05,3,10,50\n2,K2,A,2024-01-06,1,20,20\n"
    )
    _, crm = opened(tmp_path)
    assert float(crm.frame("transactions")["net_amount"].sum()) == 70


@pytest.mark.parametrize(
    ("column", "good", "bad"),
    [("order_status", "completed", ["cancelled", "failed", "refunded"]), ("Status", "bezahlt", ["storniert", "stn."]),
     ("Voided?", "Taken", ["Voided"]),
     ("订单状态", "交易成功", ["交易关闭", "等待买家付款"]), ("Financial Status", "paid", ["voided", "pending"])],
)  # fmt: skip
def test_orders_that_brought_no_money_are_left_out(tmp_path, column, good, bad):
    lines = [f"{i},K,A,2024-01-0{i},1,100,{status}" for i, status in enumerate([good, *bad], start=1)]
    (tmp_path / "orders.csv").write_text("\n".join([f"{ORDERS},{column}", *lines, ""]), encoding="utf-8")
    draft, crm = opened(tmp_path)
    assert float(crm.frame("transactions")["net_amount"].sum()) == 100
    reasons = [re.search(r"(\d+) of the (\d+) rows", one["reason"]) for one in section(draft)["where"]]
    assert sum(int(found[1]) for found in reasons) == len(bad)
    assert {int(found[2]) for found in reasons} == {len(bad) + 1}
    flagged = column == "Voided?"
    assert flagged or all(any(word in question for question in draft.questions) for word in bad)


def test_orders_that_wait_for_their_money_are_a_question_of_their_own(tmp_path):
    lines = [
        f"{i},K,A,2024-01-0{i},1,100,{said}" for i, said in enumerate(["paid", "pending", "voided"], start=1)
    ]
    (tmp_path / "orders.csv").write_text("\n".join([f"{ORDERS},Financial Status", *lines, ""]))
    draft, _ = opened(tmp_path)
    waiting = [one for one in section(draft)["where"] if "pending" in one["reason"]]
    assert len(waiting) == 1 and "voided" not in waiting[0]["sql"]
    assert sum("before they are paid" in question for question in draft.questions) == 1


@pytest.mark.parametrize("given", [None, "USD"])
def test_currencies_are_not_added_up(tmp_path, given):
    (tmp_path / "orders.csv").write_text(
        f"{ORDERS},currency\n1,K1,A,2024-01-05,1,100,USD\n2,K2,A,2024-01-06,1,15000,JPY\n3,K3,A,2024-01-07,1,50,USD\n"
    )
    draft, crm = opened(tmp_path, currency=given)
    assert float(crm.frame("transactions")["net_amount"].sum()) == 150
    assert any("mixes currencies" in question for question in draft.questions)
    assert tomllib.loads(draft.text)["currency"] == "USD"


DEALS = [
    ("Record ID,Deal Name,Deal Stage,Amount,Create Date,Close Date,Deal owner,Associated Company",
     "1,A,Closed won,5,2024-01-05 10:11,2024-02-20 11:00,Ann,Acme\n"
     "2,B,Contract sent,3,2024-01-15 10:11,2024-06-20 11:00,Bob,Beta\n"
     "3,C,Closed lost,,2024-01-15 10:11,2024-03-10 11:00,Bob,Beta\n"),
    ("Chance Nr,Firma,Phase,Wert,Angelegt am,Abschlussdatum", "1,A,Gewonnen,5,05.01.2024,20.02.2024\n"
     "2,B,Angebot,3,15.01.2024,\n3,C,Verloren,4,15.01.2024,10.03.2024\n"),
    ("商机编号,客户名称,销售阶段,商机金额,创建日期,成交日期", "1,A,赢单,5,2024-01-05,2024-02-20\n"
     "2,B,报价,3,2024-01-15,\n3,C,输单,4,2024-01-15,2024-03-10\n"),
    ("No affaire,Client,Etape,Montant,Cree le,Date de cloture", "1,A,Gagné,5,05/01/2024,20/02/2024\n"
     "2,B,Devis,3,15/01/2024,\n3,C,Perdu,4,15/01/2024,10/03/2024\n"),
]  # fmt: skip


@pytest.mark.parametrize(("header", "rows"), DEALS)
def test_what_was_won_and_lost_is_read_from_the_words(tmp_path, header, rows):
    (tmp_path / "deals.csv").write_text(f"{header}\n{rows}", encoding="utf-8")
    _, crm = opened(tmp_path)
    found = crm.frame("opportunities").sort_values("opportunity_id")
    assert found["outcome"].tolist() == ["won", "open", "lost"]
    assert found["closed_at"].dt.strftime("%m-%d").iloc[[0, 2]].tolist() == ["02-20", "03-10"]


def test_titles_above_the_header_and_rows_of_totals(tmp_path):
    (tmp_path / "report.csv").write_text(
        f"Sales report,,,,,\n,,,,,\nPeriod: January,,,,,\n{ORDERS}\n1,K1,A,2024-01-05,1,100\n2,K2,A,2024-01-06,1,50\n"
        "Total,,,2024-01-31,2,150\n"
    )
    draft = crmlib.draft(tmp_path)
    assert section(draft)["header_row"] == 4
    assert "not in ('total')" in section(draft)["where"][0]["sql"]
    assert (
        dict(zip(draft.columns["column"], draft.columns["theirs"], strict=True))["net_amount"] == "net_amount"
    )


@pytest.mark.parametrize(
    ("shown", "formats"),
    [(["05.01.2024", "31.01.2024"], ["%d.%m.%Y"]), (["1/5/2024", "2/20/2024"], ["%m/%d/%Y"]),
     (["05/01/2024 10:11", "20/02/2024 09:00"], ["%d/%m/%Y %H:%M"]),
     (["2024年1月5日", "2024年2月1日"], ["%Y年%m月%d日"]),
     (["1/5/2024 3:04 PM", "2/20/2024 9:00 AM"], ["%m/%d/%Y %I:%M %p"])],
)  # fmt: skip
def test_the_order_of_days_and_months_is_proved_by_the_dates(tmp_path, shown, formats):
    lines = [f"{i},K,A,{day},1,5" for i, day in enumerate(shown)]
    (tmp_path / "orders.csv").write_text("\n".join([ORDERS, *lines, ""]), encoding="utf-8")
    draft, crm = opened(tmp_path)
    assert section(draft)["date_formats"] == formats
    assert len(crm.frame("transactions")) == len(shown)


def test_values_are_shown_masked(tmp_path):
    (tmp_path / "customers.csv").write_text("customer_id,email,phone\nK1,ann@example.org,+49 30 1234\n")
    draft = crmlib.draft(tmp_path)
    assert "ann@" not in draft.text and "aaa@aaaaaaa.aaa" in draft.text
    assert "1234" not in draft._repr_html_() and "ann" not in draft._repr_html_()


def test_a_terminal_is_asked_at_most_five_questions(tmp_path):
    folder_of(tmp_path, orders__csv=f"{ORDERS}\n1,K1,A,2024-01-05,1,100\n")
    asked = []

    def ask(question, *, default):
        asked.append(question)
        return {"The currency": "USD", "The zone of": "Asia/Tokyo"}.get(question[:12].rstrip(), default)

    found = answered(crmlib.draft(tmp_path), ask=ask)
    assert len(asked) == 2 and found.questions == ()
    assert (tomllib.loads(found.text)["currency"], tomllib.loads(found.text)["time_zone"]) == (
        "USD",
        "Asia/Tokyo",
    )


LINES = (
    "item,order_no,sku,qty,unit price,created_at\n1,A-0001,p1,2,5,x\n2,A-0001,p2,1,3,x\n3,A-0002,p1,1,5,x\n"
)
HEADS = "id,customer,ordered at,status,created_at\nA-0001,K1,2024-01-05,paid,y\nA-0002,K2,2024-01-06,cancelled,y\n"


def test_lines_are_joined_to_their_orders(tmp_path):
    folder_of(tmp_path, items__csv=LINES, heads__csv=HEADS)
    found = section(crmlib.draft(tmp_path))
    assert (found["from"], found["join"]) == ("items.csv", [{"from": "heads.csv", "on": {"order_no": "id"}}])
    assert found["columns"]["ordered_at"] == "ordered at" and found["columns"]["customer_id"] == "customer"
    assert "cancelled" in found["where"][0]["sql"]


@pytest.mark.parametrize(
    "heads",
    [HEADS + "A-0002,K3,2024-01-07,paid,y\n", HEADS.replace("A-000", "B-000")],
    ids=["an order that stands twice", "other orders"],
)
def test_what_does_not_fit_by_its_key_is_not_joined(tmp_path, heads):
    folder_of(tmp_path, items__csv=LINES, heads__csv=heads)
    assert all(
        "[[tables" not in line or ".join]]" not in line for line in crmlib.draft(tmp_path).text.splitlines()
    )


def test_lines_are_joined_within_a_database(tmp_path):
    with sqlite3.connect(tmp_path / "shop.db") as shop:
        shop.execute("create table orders (id integer, customer_id text, placed_at text, note text)")
        shop.execute(
            "create table items (id integer, order_id integer, product_id text, quantity, unit_price, note text)"
        )
        shop.executemany(
            "insert into orders values (?, ?, ?, 'o')", [(i, f"K{i}", f"2024-01-0{i}") for i in (1, 2, 3)]
        )
        shop.executemany(
            "insert into items values (?, ?, 'p', 2, 5, 'i')", [(9, 1), (10, 1), (11, 2), (12, 3)]
        )
    shop.close()
    draft, crm = opened(tmp_path)
    assert (
        section(draft)["from"].startswith("shop.db#select ") and 'as "orders.note"' in section(draft)["from"]
    )
    rows = crm.frame("transactions")
    assert float(rows["net_amount"].sum()) == 40 and rows["customer_id"].tolist().count("K1") == 2


@pytest.mark.parametrize(
    ("days", "times", "first"),
    [(["05.01.2024", "20.02.2024"], ["10:15", "09:00"], "2024-01-05 10:15"),
     (["2024-01-05", "2024-02-20"], ["10:15:30", "09:00:00"], "2024-01-05 10:15:30"),
     (["1/5/2024", "2/20/2024"], ["3:04 PM", "9:00 AM"], "2024-01-05 15:04")],
)  # fmt: skip
def test_day_and_time_in_two_columns_are_one_moment(tmp_path, days, times, first):
    rows = [f"{i},K,A,{day},{time},1,5" for i, (day, time) in enumerate(zip(days, times, strict=True))]
    header = "order_id,customer_id,product_id,order date,order time,quantity,net_amount"
    (tmp_path / "orders.csv").write_text("\n".join([header, *rows, ""]))
    _, crm = opened(tmp_path)
    assert crm.frame("transactions")["ordered_at"].min() == pd.Timestamp(first)


@pytest.mark.parametrize(("header", "values"), [("Cancelled at", ["", "2024-01-07", ""]),
                                                ("Cancelled", ["no", "yes", "no"]),
                                                ("Fortschritt", ["bezahlt", "storniert", "bezahlt"])])  # fmt: skip
def test_cancelled_orders_go_by_date_flag_or_words_of_an_unknown_column(tmp_path, header, values):
    lines = [f"{i},K,A,2024-01-0{i + 1},1,100,{value}" for i, value in enumerate(values)]
    (tmp_path / "orders.csv").write_text("\n".join([f"{ORDERS},{header}", *lines, ""]))
    _, crm = opened(tmp_path)
    assert float(crm.frame("transactions")["net_amount"].sum()) == 200


@pytest.mark.parametrize("values", [["10", "10", "0"], ["10", "", ""]])
def test_a_discount_of_the_whole_order_is_none_of_the_line(tmp_path, values):
    rows = [(1, "A", 20), (1, "B", 30), (2, "A", 20)]
    lines = [f"{o},K,{p},2024-01-05,1,{n},{v}" for (o, p, n), v in zip(rows * 1, values, strict=True)]
    more = [
        f"{o},K,{p},2024-02-05,1,{n},{v}"
        for o, p, n, v in ((3, "A", 20, 5), (3, "B", 30, 5 if values[1] else ""))
    ]
    header = "order_id,customer_id,product_id,ordered_at,quantity,price,discount"
    (tmp_path / "orders.csv").write_text("\n".join([header,
                                                    *lines, *more, ""]))  # fmt: skip
    assert "discount_amount" not in section(crmlib.draft(tmp_path))["columns"]


def test_files_in_a_zip_are_drafted_and_read(tmp_path):
    (tmp_path / "sub").mkdir()
    with zipfile.ZipFile(tmp_path / "sub" / "x.zip", "w") as box:
        for n in (1, 2):
            box.writestr(f"in/orders-{n}.csv", f"{ORDERS}\n{n},K1,A,2024-0{n}-05,1,100\n")
        box.writestr("readme.md", "hello")
    draft, crm = opened(tmp_path)
    assert section(draft)["from"] == ["sub/x.zip#in/orders-1.csv", "sub/x.zip#in/orders-2.csv"]
    assert len(crm.frame("transactions")) == 2


def test_a_zip_that_cannot_be_read_is_said(tmp_path):
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04 no zip")
    (tmp_path / "orders.csv").write_text(f"{ORDERS}\n1,K1,A,2024-01-05,1,100\n")
    draft = crmlib.draft(tmp_path)
    assert draft.unused[0][0] == "bad.zip" and "no zip that can be read" in draft.unused[0][1]


def test_a_system_is_known_by_its_headers_and_its_rows_are_explained(tmp_path):
    header = (
        "Name,Email,Financial Status,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku"
    )
    (tmp_path / "x.csv").write_text(f"{header}\n#1,a@example.org,paid,2024-01-05 10:00:00 +0100,2,Tea,5,T\n")
    draft = crmlib.draft(tmp_path)
    assert "# Shopify (2024): one row a line of an order" in draft.text
    assert section(draft)["columns"]["order_id"] == "Name"


def test_presets_name_columns_that_there_are():
    for preset in presets():
        known = {*(TABLES[preset.table].names if preset.table else ()), *VIRTUAL, ""}
        assert set(preset.columns.values()) <= known and len(preset.marks) >= 3
    assert preset_of(("Name", "Email", "City")) is None


def test_noise_is_taken_for_nothing(tmp_path):
    lines = [f"K{i},Ann {i},1,,gold" for i in range(40)]
    (tmp_path / "customers.csv").write_text(
        "\n".join(["customer_id,name,count,Sex code,Churn label", *lines, ""])
    )
    assert set(section(crmlib.draft(tmp_path), "customers")["columns"]) == {"customer_id", "name"}


@pytest.mark.parametrize(("first", "second"), [("Pivot", "Orders"), ("Notes", "Orders 2024")])
def test_of_several_sheets_each_is_looked_at_and_the_others_are_named(tmp_path, first, second):
    book = openpyxl.Workbook()
    book.active.title = first
    for row in (["x", "y"], [1, 2]):
        book.active.append(row)
    sheet = book.create_sheet(second)
    for row in (ORDERS.split(","), [1, "K1", "A", "2024-01-05", 1, 100]):
        sheet.append(row)
    book.save(tmp_path / "book.xlsx")
    draft = crmlib.draft(tmp_path)
    assert section(draft)["from"] == f"book.xlsx#{second}"
    assert [file for file, _ in draft.unused] == [f"book.xlsx#{first}"]


# Names that nobody knows: what the rows, the keys and a table of codes prove.


def sold(point="."):
    """Lines of orders whose names and words are of no language: number, line, day, who, what, how many, each, all."""
    lines = []
    for order in range(40):
        for place in range(order % 3 + 1):
            many, each = order % 4 + 1, 7.35 + (order + place) % 9
            lines.append([f"Z{order:04d}", place + 1, f"{order % 28 + 1:02d}.{order % 12 + 1:02d}.2024",
                          f"{order * 7 % 23:05d}", f"{(order + place) % 9:03d}-0", f"{many}.000", f"{each:.2f}",
                          f"{many * each:.2f}", (10, 30, 90)[order % 3]])  # fmt: skip
    return "\n".join(";".join(str(cell).replace(".", point) if n > 4 else str(cell) for n, cell in enumerate(line))
                     for line in lines)  # fmt: skip


def named_by_nobody(folder, point):
    people = "\n".join(
        f"{n:05d};Ab Cd{chr(97 + n)};n{n}@example.com;{n % 28 + 1:02d}.01.2023" for n in range(23)
    )
    goods = "\n".join(f"{n:03d}-0;Thing {chr(97 + n)};{('xx', 'yy')[n % 2]};{7.35 + n:.2f}" for n in range(9))
    return folder_of(
        folder,
        l1__csv="qa;qb;qc;qd;qe;qf;qg;qh;qi\n" + sold(point) + "\n",
        l2__csv="qd;qj;qk;ql\n" + people + "\n",
        l3__csv="qe;qm;qn;qo\n" + goods.replace(".", point) + "\n",
        l4__csv="qi;qp\n10;shipped\n30;invoiced\n90;cancelled\n",
    )


@pytest.mark.parametrize("point", [".", ","])
def test_what_no_name_tells_is_proved_by_rows_keys_and_codes(tmp_path, point):
    draft, crm = opened(named_by_nobody(tmp_path / "a", point))
    found = {
        (table, ours): theirs for table, ours, theirs in draft.columns.iloc[:, :3].itertuples(index=False)
    }
    assert found.items() >= {
        ("transactions", "order_id"): "qa", ("transactions", "line_no"): "qb", ("transactions", "ordered_at"): "qc",
        ("transactions", "customer_id"): "qd", ("transactions", "product_id"): "qe",
        ("transactions", "quantity"): "qf", ("transactions", "net_amount"): "qh",
        ("customers", "customer_id"): "qd", ("customers", "name"): "qj", ("customers", "email"): "qk",
        ("customers", "signed_up_on"): "ql", ("products", "product_id"): "qe", ("products", "name"): "qm",
        ("products", "category"): "qn", ("products", "unit_price"): "qo",
    }.items()  # fmt: skip
    assert "unit_cost" not in {ours for _, ours in found}
    lines = [line.split(";") for line in sold().splitlines()]
    assert float(crm.frame("transactions")["net_amount"].sum()) == pytest.approx(
        sum(float(line[7]) for line in lines if line[8] != "90")
    )
    assert any("90 (cancelled)" in question for question in draft.questions)
    assert any(file == "l4.csv" and "codes" in why for file, why in draft.unused)


def test_stages_that_no_word_knows_are_won_and_lost_as_their_rows_tell(tmp_path):
    rows = []
    for n in range(60):
        stage = ("vor", "mitten", "zugesagt", "entfallen")[n % 4]
        rows.append(f"D{n},C{n % 9},2024-01-{n % 28 + 1:02d},{100 + n},{stage},"
                    f"{'2024-03-01' if n % 4 > 1 else ''},{'dear' if n % 4 == 3 else ''}")  # fmt: skip
    (tmp_path / "deals.csv").write_text(
        "deal_id,customer_id,created,amount,stage,ended,why\n" + "\n".join(rows) + "\n"
    )
    _, crm = opened(tmp_path)
    assert crm.frame("opportunities")["outcome"].value_counts().to_dict() == {
        "open": 30,
        "won": 15,
        "lost": 15,
    }


@pytest.mark.parametrize("row", ["Total du mois;;;;;9", "Gesamt 2024;;;;;9", "合計;;;;;9"])
def test_a_row_of_totals_is_known_by_its_first_word_and_what_it_lacks(tmp_path, row):
    lines = [f"Summer {n};K1;A;2024-01-0{n};1;1" for n in range(1, 9)]
    text = "\n".join([ORDERS.replace(",", ";"), *lines, row])
    (tmp_path / "o.csv").write_text(text + "\n")
    _, crm = opened(tmp_path)
    assert len(crm.frame("transactions")) == 8


def test_a_word_that_stands_first_without_a_blank_behind_it_is_read():
    said = {
        "キャンセル確定": "cancelled",
        "キャンセル": "cancelled",
        "取消済みです": "cancelled",
        "未取消": None,
    }
    assert {value: meaning_of("status", value) for value in said} == said


def rows(*lines):
    return "".join(f"{line}\n" for line in lines)


def test_invoices_of_payments_are_not_added_up_with_them(tmp_path):
    days = [f"2024-01-{day:02}" for day in range(1, 13)]
    paid = [f"ch_{n:04},2024-01-{n:02} 10:00:00,{n}.50,cus_{n % 4:03},Kettle {n % 3}" for n in range(1, 13)]
    billed = [f"in_{n:04},cus_{n % 4:03},ch_{n:04},{n}.50,{day}" for n, day in enumerate(days, 1)]
    folder_of(
        tmp_path,
        payments__csv=rows("id,Created,Amount,Customer ID,Description", *paid),
        invoices__csv=rows("id,Customer,Charge,Total,Date", *billed),
    )
    found = crmlib.draft(tmp_path)
    assert found.tables["transactions"] == ("payments.csv",)
    assert any("invoices.csv" in name and "tells of the same orders" in why for name, why in found.unused)


def test_a_list_of_prices_is_no_list_of_orders(tmp_path):
    sold = [f"o{n},2024-01-{n:02} 10:00:00,{n}.50,cus_{n % 4:03},Kettle {n % 3}" for n in range(1, 13)]
    prices = [f"price_{n},prod_{n},Kettle {n},2023-01-0{n + 1} 08:00,{n}.00,eur" for n in range(3)]
    folder_of(
        tmp_path,
        orders__csv=rows("id,Created,Amount,Customer ID,Description", *sold),
        prices__csv=rows("Price ID,Product ID,Product Name,Created (UTC),Amount,Currency", *prices),
    )
    found = crmlib.draft(tmp_path)
    assert found.tables["transactions"] == ("orders.csv",) and found.tables["products"] == ("prices.csv",)
    named = section(found)["columns"]["product_id"], section(found, "products")["columns"]["product_id"]
    assert named == ("Description", "Product Name")  # what the orders call it


def test_an_export_that_is_known_to_be_none_of_ours_is_named(tmp_path):
    header = "Id,LastName,Company,LeadSource,IsConverted,ConvertedAccountId,ConvertedOpportunityId"
    leads = [f"00Q{n:03},Miller {n},Firm {n},Web,0,," for n in range(6)]
    folder_of(tmp_path, Lead__csv=rows(header, *leads), orders__csv=rows(ORDERS, "1,K1,A,2024-01-05,1,100"))
    found = crmlib.draft(tmp_path)
    assert set(found.tables) == {"transactions"}
    assert any(name == "Lead.csv" and "a converted one is an account" in why for name, why in found.unused)


def test_numbers_that_a_system_forbids_to_change_are_those_of_the_rows(tmp_path):
    people = [f"k{n:03}-{n:04},x{n}y,Firm {n},Berlin,{n}@example.com" for n in range(12)]
    header = "(Do Not Modify) Account,(Do Not Modify) Row Checksum,Account Name,Address 1: City,Email"
    folder_of(tmp_path, accounts__csv=rows(header, *people))
    assert section(crmlib.draft(tmp_path), "customers")["columns"]["customer_id"] == "(Do Not Modify) Account"
