"""A small company whose every personal value is a canary of its own, and whose every text is hostile."""

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
        {"contact_id": f"k{i}", "customer_id": name, "title": "buyer", **_personal("contacts", i)}
        for i, name in enumerate(ids[:20])
    ])  # fmt: skip
    _write(folder, "campaigns", [
        {"campaign_id": f"{HOSTILE}{i}", "name": FORMULA, "kind": HOSTILE, "started_on": f"2024-0{i + 2}-01",
         "ended_on": f"2024-0{i + 2}-20", "cost_amount": 100} for i in range(2)
    ])  # fmt: skip
    _write(folder, "campaign_contacts", [
        {"campaign_id": f"{HOSTILE}{k % 2}", "customer_id": name, "contacted_on": f"2024-0{k % 2 + 2}-02",
         "is_control": k % 5 == 0, "responded_at": f"2024-0{k % 2 + 2}-09" if k % 3 == 0 and k % 5 else ""}
        for k, name in enumerate(ids)
    ])  # fmt: skip
    deals = _deals(ids, [good[0] for good in goods], rng)
    _write(folder, "opportunities", deals)
    _write(folder, "stage_history", _stays(deals, rng))
    _write(folder, "plans", [
        {"period_start": "2024-01-01", "period_end": "2024-12-31", "dimension": "category", "key": goods[i][1],
         "measure": "net_amount", "target": 5000} for i in range(3)
    ])  # fmt: skip
    _write(folder, "interactions", _interactions(ids, deals))
    _write(folder, "feedback", [
        {"feedback_id": f"f{i}", "customer_id": name, "given_at": "2024-05-02", "kind": "nps", "score": 9,
         **_personal("feedback", i)} for i, name in enumerate(ids[:30])
    ])  # fmt: skip
    _write(folder, "service_cases", [
        {"case_id": f"s{i}", "customer_id": ids[i % len(ids)], "product_id": goods[i % 5][0], "kind": HOSTILE,
         "opened_at": f"2024-0{1 + i % 5}-{1 + i % 28:02} 09:00:00", "service_level": FORMULA if i % 2 else HOSTILE,
         "first_response_at": f"2024-0{1 + i % 5}-{1 + i % 28:02} 1{i % 9}:00:00", "employee_id": f"e{i % 4}",
         "closed_at": "" if i % 11 == 0 else f"2024-0{2 + i % 5}-{1 + i % 28:02} 12:00:00", "cost_amount": 5 + i % 7,
         "reopened_count": i % 2, **_personal("service_cases", i)} for i in range(120)
    ])  # fmt: skip
    _write(folder, "employees", [
        {"employee_id": f"e{i}", "department": "sales", "team": HOSTILE, "left_on": "2024-05-01" if i == 3 else "",
         **_personal("employees", i)} for i in range(4)
    ])  # fmt: skip
    tables = (
        *(
            "customers",
            "products",
            "transactions",
            "contacts",
            "interactions",
            "feedback",
            "service_cases",
            "employees",
        ),
        *("campaigns", "campaign_contacts", "opportunities", "stage_history", "plans"),
    )
    mapped = "".join(f'\n[tables.{name}]\nfrom = "{name}.csv"\n' for name in tables)
    (folder / "crm.toml").write_text(CONFIG + mapped, encoding="utf-8")
    return folder


def _personal(table: str, row: int) -> dict[str, str]:
    """A value for each personal column that no other row has, behind the word by which it is found."""
    return {column: f"{canary(table, column)}x{row}" for t, column in personal_columns() if t == table}


def _customer(i: int, name: str, rng: random.Random) -> dict[str, str]:
    told = rng.choice(["f", "m"])
    rare = "rare gender" if i < 3 else f"canarycustomersgenderx{i}" if i < 12 else told
    income = "rare income" if i < 2 else f"canarycustomersincomebandx{i}" if i < 12 else "middle"
    return {
        "customer_id": name, "kind": "person", "country": HOSTILE if i % 5 == 0 else "日本", "gender": rare,
        **_traits(i),
        "birth_on": f"{1950 + i % 50}-03-04", "income_band": income,
        "tax_id": f"canarycustomerstaxidx{i}", **_personal("customers", i),
    }  # fmt: skip


TRAITS = ("industry", "region", "city", "company_size", "household_size", "source")


def _traits(i: int) -> dict[str, str]:
    """Groups of every trait that a page speaks of, some small, some large with a small part beside or within."""
    abroad = i % 5 == 0
    region = ("East" if i % 15 == 0 else "West") if abroad else ("Oki" if i % 12 == 1 else "Kanto")
    return {
        "industry": "zqrareindustry" if i < 4 else f"zqindustry{i % 3}",
        "region": f"zqregion{region}",
        "city": f"zqcity{region}{0 if i % 13 else 1}",
        "company_size": "zqraresize" if i % 30 == 7 else f"zqsize{i % 2}",
        "household_size": str(9 if i % 23 == 5 else 1 + i % 3),
        "source": "zqraresource" if i % 18 == 4 else f"zqsource{int(i % 9 == 0)}",
    }


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
                    **_personal("transactions", len(lines)),
                })  # fmt: skip
    lines.append({**lines[0], "order_id": "", "channel": canary("customers", "email")})
    return lines


def _deals(customers: list[str], goods: list[str], rng: random.Random) -> list[dict[str, object]]:
    deals = []
    for i in range(560):
        begun = datetime(2022, 6, 1) + timedelta(days=rng.randrange(700))
        closed = begun + timedelta(days=rng.randrange(5, 120))
        over = closed < datetime(2024, 5, 20)
        outcome = rng.choice(["won", "lost"]) if over else "open"
        deals.append({
            "opportunity_id": f"d{i}", "customer_id": rng.choice(customers), "product_id": rng.choice(goods),
            "owner_id": f"e{i % 4}", "source": (HOSTILE, FORMULA, "日本", "web")[i % 4],
            "created_at": begun.isoformat(sep=" "), "closed_at": closed.isoformat(sep=" ") if over else "",
            "stage": outcome if over else f"<b>{1 + i % 2}</b>", "outcome": outcome,
            "amount": round(rng.uniform(100, 9000), 2), "lost_reason": HOSTILE if outcome == "lost" else "",
        })  # fmt: skip
    return deals


def _stays(deals: list[dict], rng: random.Random) -> list[dict[str, object]]:
    rows = []
    for deal in deals:
        begun = datetime.fromisoformat(deal["created_at"])
        closed = datetime.fromisoformat(deal["closed_at"]) if deal["closed_at"] else datetime(2024, 5, 31)
        turn = begun + (closed - begun) * rng.uniform(0.2, 0.8)
        two = deal["outcome"] != "open" or deal["stage"] == "<b>2</b>"
        stays = (
            [("<b>1</b>", begun, turn), ("<b>2</b>", turn, closed)] if two else [("<b>1</b>", begun, closed)]
        )
        for place, (stage, entered, left) in enumerate(stays):
            last = place == len(stays) - 1 and deal["outcome"] == "open"
            rows.append({"opportunity_id": deal["opportunity_id"], "stage": stage, "entered_at": entered,
                         "exited_at": "" if last else left})  # fmt: skip
    return rows


def _interactions(customers: list[str], deals: list[dict]) -> list[dict[str, object]]:
    rows = [{"customer_id": name, "happened_at": "2024-05-01 10:00"} for name in customers[:40]]
    for deal in deals:
        when = datetime.fromisoformat(deal["created_at"]) + timedelta(days=2)
        rows.append({"customer_id": deal["customer_id"], "opportunity_id": deal["opportunity_id"],
                     "employee_id": deal["owner_id"], "happened_at": when.isoformat(sep=" "),
                     "direction": "out", "purpose": "follow-up",
                     "planned_for": "2024-07-01" if int(deal["opportunity_id"][1:]) % 9 == 0 else ""})  # fmt: skip
    columns = (
        "customer_id",
        "opportunity_id",
        "employee_id",
        "happened_at",
        "direction",
        "purpose",
        "planned_for",
    )
    said = ("the price is too high", "delivery takes too long", "we wait for the budget")
    return [
        {"interaction_id": f"i{i}", "channel": "phone", **{name: row.get(name, "") for name in columns},
         "subject": HOSTILE, "outcome": FORMULA,
         "notes": f"{canary('interactions', 'notes')}x{i}x{row['customer_id']} says {said[i % 3]} {HOSTILE}"}
        for i, row in enumerate(rows)
    ]  # fmt: skip


def _write(folder: Path, name: str, rows: list[dict]) -> None:
    with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
