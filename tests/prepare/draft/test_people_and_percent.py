"""Who is a customer and who works at one; discounts that are a share of the price."""

import pytest

import crmlib
from tests.prepare.draft.test_draft import opened, section


def written(folder, name, header, rows):
    (folder / name).write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


def lines(folder, discount, amount):
    rows = [
        f"INV-{n},C{n % 9:03d},S-{n % 7},2025-01-{n % 28 + 1:02d},{n % 4 + 1},{n % 7 + 10:.2f},{discount(n)},"
        f"{(n % 4 + 1) * (n % 7 + 10) * amount(n):.2f}"
        for n in range(40)
    ]
    header = "Invoice Number,Customer No,SKU,Invoice Date,Quantity,Unit Price,Discount,Line Amount"
    written(folder, "invoices.csv", header, rows)


@pytest.mark.parametrize(("unit", "blank"), [(100, ""), (100, "0"), (1, "0")])
def test_a_discount_that_is_a_share_becomes_an_amount(tmp_path, unit, blank):
    lines(tmp_path, lambda n: 0.1 * unit if n % 2 else blank, lambda n: 0.9 if n % 2 else 1)
    _, crm = opened(tmp_path, currency="EUR")
    sold = crm.frame("transactions")
    odd = sold[sold["order_id"].str[4:].astype(int) % 2 == 1]
    assert odd["discount_amount"].astype(float).sum() == pytest.approx(
        odd["net_amount"].astype(float).sum() / 9, abs=0.5
    )


def test_a_list_called_contacts_whose_rows_are_billed_holds_the_customers(tmp_path):
    lines(tmp_path, lambda n: "", lambda n: 1)
    rows = [f"C{n:03d},Firm {n},Ann,Bee,f{n}@example.org,Leeds" for n in range(12)]
    written(tmp_path, "Contacts.csv", "Code,Contact Name,First Name,Last Name,Email,City", rows)
    _, crm = opened(tmp_path, currency="EUR")
    assert "contacts" not in crm
    assert crm.frame("customers")["customer_id"].tolist() == [f"C{n:03d}" for n in range(12)]


def test_users_of_organizations_are_contacts(tmp_path):
    orgs = [f"{3600 + n},Firm {n},2024-01-0{n + 1}" for n in range(6)]
    written(tmp_path, "organizations.csv", "id,name,created_at", orgs)
    users = [f"{9100 + n},Ann Bee{n},u{n}@example.org,{3600 + n % 6}" for n in range(24)]
    written(tmp_path, "users.csv", "id,name,email,organization_id", users)
    cases = [f"{n + 500},{3600 + n % 6},2025-01-{n + 1:02d},high" for n in range(20)]
    written(tmp_path, "tickets.csv", "id,organization_id,created_at,priority", cases)
    tables = crmlib.draft(tmp_path).tables
    assert (tables["customers"], tables["contacts"]) == (("organizations.csv",), ("users.csv",))


@pytest.mark.parametrize(("told", "kept"), [("Cara Dee", False), ("E02", True)])
def test_a_superior_told_by_name_is_no_key(tmp_path, told, kept):
    lines(tmp_path, lambda n: "", lambda n: 1)
    staff = [f"E{n:02d},Ann Bee{n},Sales,{told}" for n in range(8)]
    written(tmp_path, "employees.csv", "Employee ID,Name,Department,Manager", staff)
    draft, _ = opened(tmp_path, currency="EUR")
    assert ("manager_id" in section(draft, "employees")["columns"]) is kept
