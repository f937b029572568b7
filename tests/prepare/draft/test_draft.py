import tomllib

import pytest

import crmlib
from crmlib.prepare.draft.draft import answered
from crmlib.schema.errors import ConfigError


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
    draft, crm = opened(tmp_path)
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
    [("order_status", "completed", ["cancelled", "failed", "refunded"]), ("Status", "bezahlt", ["storniert"]),
     ("订单状态", "交易成功", ["交易关闭", "等待买家付款"]), ("Financial Status", "paid", ["voided", "pending"])],
)  # fmt: skip
def test_orders_that_brought_no_money_are_left_out(tmp_path, column, good, bad):
    lines = [f"{i},K,A,2024-01-0{i},1,100,{status}" for i, status in enumerate([good, *bad], start=1)]
    (tmp_path / "orders.csv").write_text("\n".join([f"{ORDERS},{column}", *lines, ""]), encoding="utf-8")
    draft, crm = opened(tmp_path)
    assert float(crm.frame("transactions")["net_amount"].sum()) == 100
    assert f"{len(bad)} of the {len(bad) + 1} rows" in section(draft)["where"][0]["reason"]
    assert any(bad[0] in question for question in draft.questions)


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
     "1,A,Closed won,5,2024-01-05 10:11,2024-02-20 11:00,Ann,Acme\n2,B,Contract sent,3,2024-01-15 10:11,2024-06-20 11:00,Bob,Beta\n"
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
     (["05/01/2024 10:11", "20/02/2024 09:00"], ["%d/%m/%Y %H:%M"]), (["2024年1月5日", "2024年2月1日"], ["%Y年%m月%d日"]),
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
