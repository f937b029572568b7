"""Kinds of exports that strangers have: firms beside persons, contacts to come, goods told of by name, first lines."""

import pytest

import crmlib
from tests.prepare.draft.test_people_and_percent import lines, written


def read_from(found, table, column):
    seen = found.columns.query("table == @table and column == @column")["theirs"]
    return seen.item() if len(seen) else None


def test_the_name_of_a_firm_stands_where_no_person_is_named(tmp_path):
    rows = [f"C{n:03d},{'' if n % 3 else f'Firm {n}'},{'Ann,Bee' if n % 3 else ','},Leeds" for n in range(60)]
    written(tmp_path, "clients.csv", "Customer No,Organisation,First Name,Last Name,City", rows)
    lines(tmp_path, lambda n: "", lambda n: 1)
    said = read_from(crmlib.draft(tmp_path), "customers", "name")
    assert said == 'coalesce(nullif("Organisation", \'\'), concat_ws(\' \', "First Name", "Last Name"))'


def test_the_words_person_and_company_tell_the_kind_under_any_name(tmp_path):
    rows = [f"C{n:03d},Name {n},{'Person' if n % 3 else 'Company'},Leeds" for n in range(60)]
    written(tmp_path, "clients.csv", "Customer No,Customer Name,Xyz,City", rows)
    lines(tmp_path, lambda n: "", lambda n: 1)
    assert read_from(crmlib.draft(tmp_path), "customers", "kind") == "Xyz"


def activities(folder, result):
    rows = [
        f"{n},C{n % 9:03d},2025-01-{n % 28 + 1:02d} 10:00,Call,{result(n)},{'' if n % 2 else '2025-03-01'}"
        for n in range(60)
    ]
    written(folder, "activities.csv", "Activity ID,Customer No,Date,Type,Outcome,Next contact", rows)
    return read_from(crmlib.draft(folder), "interactions", "planned_for")


def test_a_next_contact_beside_an_outcome_makes_no_row_a_plan(tmp_path):
    assert activities(tmp_path, lambda n: "reached") is None


def test_a_day_that_stands_where_nothing_came_of_it_yet_is_planned(tmp_path):
    assert activities(tmp_path, lambda n: "reached" if n % 2 else "") == "Next contact"


def test_what_is_added_up_to_the_total_of_the_first_line_is_quantity_and_price(tmp_path):
    rows = []
    for n in range(80):
        one, two, price = n % 3 + 1, n % 2 + 1, n % 7 + 10.5
        rows.append(
            f"O{n},C{n % 9:03d},2025-01-{n % 28 + 1:02d},{one * price + two * 8:.2f},S{n % 7},{price},{one}"
        )
        rows.append(f"O{n},C{n % 9:03d},2025-01-{n % 28 + 1:02d},,S9,8,{two}")
    written(tmp_path, "o.csv", "Order No,Customer No,Order Date,Foo,SKU,Bar,Baz", rows)
    assert read_from(crmlib.draft(tmp_path), "transactions", "net_amount") == '"Baz" * "Bar"'


def test_an_amount_that_is_another_less_a_third_is_what_the_line_brought(tmp_path):
    rows = [
        f"V{n},C{n % 9:03d},2025-01-{n % 28 + 1:02d},P{n % 7},{n + 50}.00,{n % 3 * 5}.00,{n + 50 - n % 3 * 5}.00"
        for n in range(60)
    ]
    written(tmp_path, "visits.csv", "Invoice No,Customer No,Invoice Date,SKU,Foo,Bar,Baz", rows)
    found = crmlib.draft(tmp_path)
    assert read_from(found, "transactions", "net_amount") == "Baz"
    assert read_from(found, "transactions", "discount_amount") == "Bar"


def test_states_are_no_countries_though_some_are_written_alike(tmp_path):
    rows = [f"C{n:03d},Name {n},{('CA', 'DE', 'ID', 'GA')[n % 4]},Town {n % 7}" for n in range(60)]
    written(tmp_path, "clients.csv", "Customer No,Customer Name,State,City", rows)
    lines(tmp_path, lambda n: "", lambda n: 1)
    assert read_from(crmlib.draft(tmp_path), "customers", "region") == "State"


def test_a_full_name_is_no_first_name(tmp_path):
    rows = [f"C{n:03d},佐藤 花子{n},東京都" for n in range(60)]
    written(tmp_path, "顧客.csv", "顧客番号,名,都道府県", rows)
    assert read_from(crmlib.draft(tmp_path), "customers", "name") == "名"


def test_who_sells_is_known_by_the_word_for_a_woman_too(tmp_path):
    rows = [f"{n};C{n % 9:03d};2025-01-{n % 28 + 1:02d};P{n % 7};{n % 7 + 10},50;Ana" for n in range(60)]
    rows = [row.replace("Ana", ("Ana", "Eva", "Luz")[n % 3]) for n, row in enumerate(rows)]
    written(tmp_path, "ventas.csv", "Nº ticket;Cliente;Fecha;Artículo;Importe;Empleada", rows)
    assert read_from(crmlib.draft(tmp_path), "transactions", "employee_id") == "Empleada"


@pytest.mark.parametrize(
    ("header", "values", "said"),
    [
        ("Do Not Call", ("1", "0"), "when '1' then 'false'"),
        ("Do not allow Phone Calls", ("Do Not Allow", "Allow"), "when 'do not allow' then 'false'"),
        ("Keine Anrufe", ("ja", "nein"), "when 'ja' then 'false'"),
    ],
)
def test_who_refuses_to_be_called_consents_to_nothing(tmp_path, header, values, said):
    rows = [f"C{n:03d},Name {n},{values[n % 3 > 0]}" for n in range(60)]
    written(tmp_path, "clients.csv", f"Customer No,Customer Name,{header}", rows)
    lines(tmp_path, lambda n: "", lambda n: 1)
    found = crmlib.draft(tmp_path)
    assert said in read_from(found, "customers", "phone_consent")
    (tmp_path / "crm.toml").write_text(found.text, "utf-8")
    consents = crmlib.open_workspace(tmp_path).frame("customers")["phone_consent"].tolist()
    assert consents == [n % 3 > 0 for n in range(60)]


def test_whose_rows_others_name_as_owners_are_employees(tmp_path):
    rows = [f"U{n:03d},Ann{n},Bee{n},a{n}@example.com,Sample Ltd,Sales,U000" for n in range(12)]
    written(tmp_path, "user.csv", "Id,FirstName,LastName,Email,CompanyName,Department,ManagerId", rows)
    rows = [f"C{n:03d},Firm {n},U{n % 12:03d},Leeds" for n in range(60)]
    written(tmp_path, "account.csv", "Id,Account Name,OwnerId,BillingCity", rows)
    found = crmlib.draft(tmp_path)
    assert read_from(found, "employees", "employee_id") == "Id"
    assert read_from(found, "customers", "name") == "Account Name"


def test_of_two_numbers_the_one_that_comes_again_is_the_orders(tmp_path):
    rows = [
        f"{n + 900},D{n // 2:03d},P{n % 7},2025-01-{n // 2 % 28 + 1:02d},{n % 3 + 1},{n + 10}.50"
        for n in range(60)
    ]
    written(
        tmp_path,
        "line items.csv",
        "Record ID,Associated Deal IDs,Product ID,Create date,Quantity,Net price",
        rows,
    )
    found = crmlib.draft(tmp_path)
    assert read_from(found, "transactions", "order_id") == "Associated Deal IDs"
    assert read_from(found, "transactions", "line_no") == "Record ID"


def test_an_amount_that_another_shows_to_be_without_the_discount_is_less_by_it(tmp_path):
    rows = []
    for n in range(80):
        gross, off = (n % 3 + 1) * (n % 7 + 10), n % 2 * 2
        tax = (gross - off) / 5
        rows.append(
            f"O{n},C{n % 9:03d},2025-01-{n % 28 + 1:02d},S{n % 7},{n % 3 + 1},{n % 7 + 10}.00,{gross}.00,{off}.00,"
            f"{tax:.2f},{gross - off + tax:.2f}"
        )
    head = "Order No,Customer No,Order Date,SKU,Quantity,Price Per Unit,Amount,Manual Discount,Tax,Extended Amount"
    written(tmp_path, "o.csv", head, rows)
    said = read_from(crmlib.draft(tmp_path), "transactions", "net_amount")
    assert said == '"Amount" - coalesce("Manual Discount", 0)'


def test_parts_of_an_address_are_read_whatever_it_is_called(tmp_path):
    parts = "ID", "Nome", "Cidade/município/vila de Endereço", "País de Endereço"
    head = ",".join(f"Organização - {part}" for part in parts)
    rows = [f"{n},Firma {n},Cidade {n % 7},Brasil" for n in range(60)]
    written(tmp_path, "organizations.csv", head, rows)
    found = crmlib.draft(tmp_path)
    assert read_from(found, "customers", "city") == "Organização - Cidade/município/vila de Endereço"
    assert read_from(found, "customers", "country") == "Organização - País de Endereço"
