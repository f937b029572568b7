"""A small company whose every personal column holds a canary, and whose every text is hostile."""

import csv
import random
from datetime import datetime, timedelta
from pathlib import Path

from crmlib.schema.tables import TABLES

CANARY = "canary{table}{column}"
HOSTILE = '<script>alert("x")</script>'
FORMULA = '=HYPERLINK("x")'

CONFIG = """\
name = "The <b>Hostile</b> Company"
currency = "EUR"
time_zone = "Asia/Shanghai"
"""


def canary(table: str, column: str) -> str:
    """The word that must never leave the house."""
    return CANARY.format(table=table.replace("_", ""), column=column.replace("_", ""))


def personal_columns() -> list[tuple[str, str]]:
    """Every column of class P, as (table, column)."""
    return [(t.name, f.name) for t in TABLES.values() for f in t.fields if f.privacy == "personal"]


def write_company(folder: Path, *, customers: int = 90, seed: int = 7) -> Path:
    """Write exports and crm.toml; each P column holds its canary, categories hold HTML and formulas."""
    rng = random.Random(seed)
    folder.mkdir(parents=True)
    ids = [f"c{i:03}" for i in range(customers)]
    _write(folder, "customers", [_customer(i, name, rng) for i, name in enumerate(ids)])
    goods = [
        (f"p{i}", HOSTILE if i == 0 else FORMULA if i == 1 else f"货品 {i}", f"group {i % 4}")
        for i in range(12)
    ]
    _write(
        folder,
        "products",
        [{"product_id": a, "name": b, "category": b, "subcategory": c} for a, b, c in goods],
    )
    _write(folder, "transactions", _orders(ids, [good[0] for good in goods], rng))
    _write(folder, "contacts", [
        {"contact_id": f"k{i}", "customer_id": name, "title": "buyer", **_personal("contacts")}
        for i, name in enumerate(ids[:20])
    ])  # fmt: skip
    _write(folder, "interactions", [
        {"interaction_id": f"i{i}", "customer_id": name, "happened_at": "2024-05-01 10:00", "channel": "phone",
         **_personal("interactions")} for i, name in enumerate(ids[:40])
    ])  # fmt: skip
    _write(folder, "feedback", [
        {"feedback_id": f"f{i}", "customer_id": name, "given_at": "2024-05-02", "kind": "nps", "score": 9,
         **_personal("feedback")} for i, name in enumerate(ids[:30])
    ])  # fmt: skip
    _write(folder, "employees", [{"employee_id": "e1", "department": "sales", **_personal("employees")}])
    tables = ("customers", "products", "transactions", "contacts", "interactions", "feedback", "employees")
    mapped = "".join(f'\n[tables.{name}]\nfrom = "{name}.csv"\n' for name in tables)
    (folder / "crm.toml").write_text(CONFIG + mapped, encoding="utf-8")
    return folder


def _personal(table: str) -> dict[str, str]:
    return {column: canary(table, column) for t, column in personal_columns() if t == table}


def _customer(i: int, name: str, rng: random.Random) -> dict[str, str]:
    rare = "rare gender" if i < 3 else rng.choice(["f", "m"])
    return {
        "customer_id": name, "kind": "person", "country": HOSTILE if i % 5 == 0 else "日本", "gender": rare,
        "birth_on": f"{1950 + i % 50}-03-04", "income_band": "rare income" if i < 2 else "middle",
        "tax_id": "canarycustomerstaxid", **_personal("customers"),
    }  # fmt: skip


def _orders(customers: list[str], goods: list[str], rng: random.Random) -> list[dict[str, object]]:
    lines, order = [], 0
    for i, customer in enumerate(customers):
        for _ in range(2 + i % 12):
            order += 1
            when = datetime(2023, 6, 1) + timedelta(days=rng.randrange(360), minutes=rng.randrange(1440))
            first = rng.randrange(len(goods))
            for product in {first, (first + 1) % len(goods), rng.randrange(len(goods))}:
                lines.append({
                    "order_id": f"o{order}", "customer_id": customer, "product_id": goods[product],
                    "ordered_at": when.isoformat(sep=" "), "quantity": 1 + rng.randrange(3),
                    "net_amount": round((1 + i % 9) * rng.uniform(2, 20), 2), "channel": HOSTILE,
                })  # fmt: skip
    lines.append({**lines[0], "order_id": "", "channel": canary("customers", "email")})
    return lines


def _write(folder: Path, name: str, rows: list[dict]) -> None:
    with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
