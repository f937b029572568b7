"""Kinds of exports that strangers have: firms beside persons, contacts to come, goods told of by name, first lines."""

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
