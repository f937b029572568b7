"""Columns near each other: net and gross, number and name, a name and how it is read, payments and fees."""

import pytest

import crmlib
from tests.prepare.draft.test_people_and_percent import lines, written
from tests.prepare.draft.test_strangers import read_from


def orders(folder, header, amounts):
    rows = [
        f"O{n},C{n % 9:03d},P{n % 7},2025-01-{n % 28 + 1:02d},{','.join(f'{one:.2f}' for one in amounts(n))}"
        for n in range(60)
    ]
    written(folder, "orders.csv", f"Order No,Customer No,SKU,Order Date,{header}", rows)
    return read_from(crmlib.draft(folder), "transactions", "net_amount")


@pytest.mark.parametrize(
    ("gross", "net"),
    [("Gross sales", "Net sales"), ("Subtotal (inc tax)", "Subtotal (ex tax)"), ("Ventas brutas", "Ventas netas"),
     ("含税金额", "未税金额"), ("総売上高", "純売上高")],
)  # fmt: skip
def test_what_says_net_is_taken_before_what_says_gross(tmp_path, gross, net):
    assert orders(tmp_path, f"{gross},{net}", lambda n: (1.37 * n + 12.13, 1.29 * n + 10.11)) == net


def test_what_says_gross_is_taken_where_nothing_says_net(tmp_path):
    assert orders(tmp_path, "Gross sales", lambda n: (1.29 * n + 10.11,)) == "Gross sales"


def test_an_amount_that_with_the_tax_is_another_is_net_under_any_name(tmp_path):
    assert (
        orders(tmp_path, "Foo,VAT,Total", lambda n: (1.25 * n + 10.5, 0.25 * n + 2.1, 1.5 * n + 12.6))
        == "Foo"
    )


def test_a_tax_that_adds_up_to_nothing_proves_nothing(tmp_path):
    assert (
        orders(tmp_path, "Foo,VAT,Total", lambda n: (1.29 * n + 10.11, 3.3 + n % 4, 2.1 * n + 30)) == "Total"
    )


def test_who_is_told_by_number_and_by_name_is_known_by_the_number(tmp_path):
    rows = [f"O{n},2025-01-{n % 28 + 1:02d},Firm {n % 9} Ltd,{n % 9:05d},{n + 10}.50" for n in range(60)]
    written(tmp_path, "Rechnungen.csv", "Rechnungsnummer,Rechnungsdatum,Kunde,Kundennummer,Summe Netto", rows)
    assert read_from(crmlib.draft(tmp_path), "transactions", "customer_id") == "Kundennummer"


def test_how_a_name_is_read_is_no_name(tmp_path):
    lines(tmp_path, lambda n: "", lambda n: 1)
    rows = [f"C{n:03d},カイシャ{n},会社{n},東京都" for n in range(12)]
    written(tmp_path, "取引先.csv", "取引先コード,取引先名（カナ）,取引先名,都道府県", rows)
    assert read_from(crmlib.draft(tmp_path), "customers", "name") == "取引先名"


@pytest.mark.parametrize(
    ("header", "paid"),
    [("Date,Time,TimeZone,Name,Status,Currency,Gross,Fee,Net,From Email Address,Transaction ID,Balance Impact",
      "Gross"),
     ("Datum,Uhrzeit,Zeitzone,Name,Status,Währung,Brutto,Gebühr,Netto,Absender E-Mail-Adresse,Transaktionscode,X",
      "Brutto")],
)  # fmt: skip
def test_what_a_buyer_paid_is_the_amount_and_not_what_stays_after_the_fee(tmp_path, header, paid):
    rows = [
        f"2025-01-{n % 28 + 1:02d},10:{n % 60:02d}:00,PST,Ann {n % 9},Completed,EUR,{n + 10}.00,-1.00,{n + 9}.00,"
        f"a{n % 9}@example.org,T{n:04d},Credit"
        for n in range(60)
    ]
    written(tmp_path, "Download.csv", header, rows)
    assert read_from(crmlib.draft(tmp_path), "transactions", "net_amount") == paid


def test_an_order_s_reference_is_no_product(tmp_path):
    rows = [f"{n + 1},XK{n * 7919:06d},C{n % 9:03d},2025-01-{n % 28 + 1:02d},{n + 10}.50" for n in range(60)]
    written(tmp_path, "pedidos.csv", "ID,Referencia,Cliente,Fecha,Total", rows)
    assert read_from(crmlib.draft(tmp_path), "transactions", "product_id") != "Referencia"


PEOPLE = [f"{n},Firm {n} & Sons,Miller{n},Ann,www.firm{n}.example,Town {n}" for n in range(30)]


def test_firms_before_the_persons_to_ask_for_are_the_customers_names(tmp_path):
    written(tmp_path, "Kunden.csv", "Kunden-Nr.,Firma,Name,Vorname,Internet,Ort", PEOPLE)
    found = crmlib.draft(tmp_path)
    assert read_from(found, "customers", "name") == "Firma"
    assert "Internet" not in found.columns["theirs"].tolist()


def test_a_telephone_tells_customers_better_than_a_nickname(tmp_path):
    people = [f"Ann {n},nick{n},1390000{n:04d}" for n in range(30)]
    bought = [
        f"O{n},2025-01-{n % 28 + 1:02d},nick{n % 30},1390000{n % 30:04d},P{n % 7},{n}.50" for n in range(60)
    ]
    written(tmp_path, "customers.csv", "客户姓名,客户昵称,客户手机号", people)
    written(tmp_path, "orders.csv", "订单号,下单时间,买家昵称,买家手机号,商品编码,实付金额", bought)
    found = crmlib.draft(tmp_path)
    assert read_from(found, "customers", "customer_id") == "客户手机号"
    assert read_from(found, "transactions", "customer_id") == "买家手机号"
