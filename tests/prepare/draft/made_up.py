"""Made-up folders of exports, one a system: its own headers, values that fit together, and the truth of it all.

The systems stand in `made_up_a.toml` and `made_up_b.toml`, other modules and layouts of them in `made_up_d.toml`, those
that clerks keep in `made_up_c.toml`: a file is a list of columns, each "header | value | what it is of ours".
Run as a module it writes them: ``python -m tests.prepare.draft.made_up FOLDER [a|b|c|d]``.

A value is a path into the row (`order.customer.email`), followed by `@` and a format of dates, `#` and a number
of decimals, `!` for cents, `$` for the file's currency mark, `>` and a map of words, or `?yes;no`;
`{path} {path}` joins several;
`=x` is a constant, `pick:`, `int:` and `like:` are drawn, `maybe:` leaves seven of ten rows empty.
A truth is `table.column`; `?table.column` may be mapped and need not be. Columns without a truth are not ours.
"""

import csv
import io
import json
import random
import re
import sqlite3
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import faker
import openpyxl

HERE = Path(__file__).parent
HALVES = {
    "a": "made_up_a.toml",
    "b": "made_up_b.toml",
    "c": "made_up_c.toml",
    "d": "made_up_d.toml",
    "e": "made_up_e.toml",
}
SIZES = {"customers": 60, "orders": 90, "deals": 90, "employees": 6, "activities": 120, "tickets": 50}
NATURAL = {
    **{name: name for name in ("customers", "contacts", "products", "employees")},
    **{"orders": "transactions", "lines": "transactions", "deals": "opportunities", "stays": "stage_history"},
    **{"activities": "interactions", "tickets": "service_cases"},
}
Row = dict[str, Any]


def systems(half: str = "ab") -> list[Row]:
    """The systems of one half or of both, as declared."""
    return [one for key in half for one in tomllib.loads((HERE / HALVES[key]).read_text("utf-8"))["system"]]


def write_system(system: Row, folder: Path) -> Row:
    """Write the exports of a system into a folder of its name, with truth.toml; the truth comes back."""
    root = folder / system["name"]
    root.mkdir(parents=True, exist_ok=True)
    world = make_world(system)
    tables, headers = [], {}
    for file in system["file"]:
        written = _write_file(system, {**system.get("style", {}), **file}, world, root)
        for name, header, rows in written:
            headers[name] = header
            tables.append((name, file, rows))
    truth = _truth(system, world, tables, headers)
    (root / "truth.toml").write_text(_toml(truth), "utf-8")
    return truth


def same_export(declared: str, name: str) -> bool:
    """Whether a file is one of those that a declaration writes, of a month or whole."""
    pattern = re.escape(declared).replace(re.escape("{month}"), r"\d{4}-\d\d")
    return bool(re.fullmatch(pattern, name))


# The world: what happened, before any system writes it down.


def make_world(system: Row) -> dict[str, list[Row]]:
    """Customers, products, orders, lines, deals and the rest of a made-up company, drawn from its name."""
    rng = random.Random(system["name"])
    words = tomllib.loads((HERE / "made_up_words.toml").read_text("utf-8"))[system.get("language", "en")]
    fake = faker.Faker(system.get("locale", words["locale"]))
    fake.seed_instance(rng.randrange(10**9))
    world = {"fake": fake, "rng": rng, "words": words, "zone": ZoneInfo(system["time_zone"])}
    world["taken"] = set()
    sizes = SIZES | system.get("sizes", {})
    world["employees"] = [_person(system, world, "employee", n) for n in range(sizes["employees"])]
    for person in world["employees"]:
        person |= {"team": rng.choice(["Team 1", "Team 2"]), "manager": world["employees"][0]}
    world["products"] = list(_products(system, world))
    world["customers"] = [_customer(system, world, n) for n in range(sizes["customers"])]
    world["contacts"] = [_contact(system, world, customer) for customer in world["customers"]]
    _orders(system, world, sizes["orders"])
    _deals(system, world, sizes["deals"])
    _touches(system, world, sizes)
    return world


def _id(system: Row, world: Row, kind: str, n: int) -> str:
    return drawn(system.get("ids", {}).get(kind, kind[0].upper() + "{n:05d}"), world["rng"], n + 1)


def drawn(pattern: str, rng: random.Random, n: int = 0) -> str:
    r"""A text like a pattern: # a digit (\# itself), ? a letter or digit, ~ a hexadecimal digit, {n} the number."""
    signs = {
        "#": "0123456789",
        "~": "0123456789abcdef",
        "?": "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz0123456789",
    }
    filled = pattern.replace("\\#", "\0").format(n=n, nx=f"{n:04x}")
    return "".join(rng.choice(signs[sign]) if sign in signs else sign for sign in filled).replace("\0", "#")


def _person(system: Row, world: Row, kind: str, n: int) -> Row:
    fake, rng = world["fake"], world["rng"]
    first, last = fake.first_name(), fake.last_name()
    eastern = system.get("language", "en") in ("zh", "zh_tw", "ja")
    local = f"{drawn('?', rng).lower()}{n + 1}" if eastern else f"{first}.{last}".lower()
    email = re.sub(r"[^a-z0-9.]", "", local.translate(str.maketrans("äöüéèñç", "aoueenc")))
    return {
        "n": n + 1,
        "id": _id(system, world, kind, n),
        "first": first,
        "last": last,
        "name": f"{last}{first}" if eastern else f"{first} {last}",
        "email": f"{email}{n}@{rng.choice(['example.com', 'example.org', 'example.net'])}",
        "phone": fake.phone_number(),
        "title": rng.choice(world["words"]["titles"]),
        "department": rng.choice(world["words"]["departments"]),
        "birth": date(1950, 1, 1) + timedelta(days=rng.randrange(18_000)),
        "gender": rng.choice("fm"),
    }


def _customer(system: Row, world: Row, n: int) -> Row:
    fake, rng, words = world["fake"], world["rng"], world["words"]
    person = _person(system, world, "customer", n)
    company = next(name for name in iter(fake.company, None) if name not in world["taken"])
    world["taken"].add(company)
    states = ("state", "prefecture", "region", "province", "county", "city")
    state = next(getattr(fake, name) for name in states if hasattr(fake, name))
    return person | {
        "person": person["name"],
        "company": company,
        "name": company if system.get("customers") == "company" else person["name"],
        "street": fake.street_address() if hasattr(fake, "street_address") else fake.address().split("\n")[0],
        "city": fake.city(),
        "region": state(),
        "postcode": fake.postcode(),
        "country": system.get("country", "United States"),
        "country_code": system.get("country_code", "US"),
        "created": _moment(world, datetime(2021, 1, 4), 1000),
        "owner": rng.choice(world["employees"]),
        "industry": rng.choice(words["industries"]),
        "employees": rng.choice([4, 12, 35, 80, 240, 1200]),
        "revenue": float(rng.randrange(200, 90_000) * 1000),
        "source": rng.choice(words["sources"]),
        "consent": rng.random() < 0.6,
        "tax_id": fake.vat_id() if hasattr(fake, "vat_id") else drawn("91##########", rng),
        "credit": float(rng.randrange(1, 40) * 500),
        "terms": rng.choice([0, 14, 30, 60]),
        "tags": rng.choice(["", "VIP", "newsletter", "VIP, wholesale"]),
        "website": f"www.example.com/{n + 1}",
    }


def _contact(system: Row, world: Row, customer: Row) -> Row:
    return _person(system, world, "contact", customer["n"] - 1) | {"customer": customer}


def _products(system: Row, world: Row) -> Iterator[Row]:
    rng, n = world["rng"], 0
    low, high = system.get("prices", [3, 90])
    for category, names in world["words"]["products"].items():
        for name in names:
            price = round(rng.uniform(low, high), 0 if system.get("whole") else 2)
            yield {
                "n": n + 1,
                "id": _id(system, world, "product", n),
                "sku": _id(system, world, "sku", n),
                "name": name,
                "category": category,
                "brand": rng.choice(world["words"]["brands"]),
                "price": price,
                "cost": round(price * rng.uniform(0.4, 0.7), 0 if system.get("whole") else 2),
                "stock": rng.randrange(400),
                "handle": f"item-{n + 1}",
                "ean": drawn("40##########", rng) + str(n % 10),
                "created": _moment(world, datetime(2020, 1, 4), 600),
            }
            n += 1


def _moment(world: Row, start: datetime, days: int) -> datetime:
    rng = world["rng"]
    at = start + timedelta(days=rng.randrange(days), seconds=rng.randrange(8 * 3600, 20 * 3600))
    return at.replace(tzinfo=world["zone"])


def _orders(system: Row, world: Row, size: int) -> None:
    rng, digits = world["rng"], 0 if system.get("whole") else 2
    statuses = system.get("statuses", [["", 1, True]])
    moments = sorted(_moment(world, datetime(2024, 1, 1), 366) for _ in range(size))
    world["orders"], world["lines"] = [], []
    for n, at in enumerate(moments):
        word, _, kept = rng.choices(statuses, [weight for _, weight, _ in statuses])[0]
        customer = world["customers"][min(int(rng.expovariate(1 / 18)), len(world["customers"]) - 1)]
        order = {"n": n + 1, "id": _id(system, world, "order", n), "at": at, "status": word, "kept": kept}
        order |= {
            "no": _id(system, world, "order_no", n),
            "customer": customer,
            "code": drawn("~~~~~~~~", rng),
        }
        order |= {"employee": rng.choice(world["employees"]), "shipping": float(rng.choice([0, 5, 9]))}
        order |= {"paid": at + timedelta(minutes=rng.randrange(1, 90)), "shipped": at + timedelta(days=2)}
        order["due"] = (at + timedelta(days=customer["terms"])).date()
        order["lines"] = []
        picked = rng.sample(world["products"], rng.choices([1, 2, 3, 4], [4, 3, 2, 1])[0])
        for place, product in enumerate(picked if not system.get("one_line") else picked[:1]):
            qty = rng.choices([1, 2, 3, 5, 10], [8, 4, 2, 1, 1])[0]
            gross = round(qty * product["price"], digits)
            discount = round(gross * 0.1, digits) if rng.random() < 0.2 else 0.0
            tax = round((gross - discount) * system.get("tax", 0), digits)
            line = {"line_no": place + 1, "order": order, "product": product, "qty": qty, "gross": gross}
            line |= {"id": _id(system, world, "line", len(world["lines"])), "discount": discount, "tax": tax}
            line |= {"net": round(gross - discount, digits), "cost": round(qty * product["cost"], digits)}
            line["back"] = line["net"] if word in system.get("refunds", []) else 0.0
            line |= {"total": round(gross - discount + tax, digits), "rebate_pct": 10 if discount else 0}
            line["taken_off"] = -discount if discount else 0.0
            if word in system.get("negative", []):
                line |= {
                    part: -line[part] for part in ("qty", "gross", "discount", "net", "tax", "total", "cost")
                }
            order["lines"].append(line)
            world["lines"].append(line)
        for part in ("gross", "discount", "net", "tax", "total", "qty"):
            order[part] = round(sum(line[part] for line in order["lines"]), digits)
        order["grand"] = round(order["total"] + order["shipping"], digits)
        order["first"] = order["lines"][0]
        world["orders"].append(order)


def _deals(system: Row, world: Row, size: int) -> None:
    rng = world["rng"]
    stages = system.get("stages", [["New", "open", 10], ["Won", "won", 100], ["Lost", "lost", 0]])
    path = [one for one in stages if one[1] == "open"]
    world["deals"], world["stays"] = [], []
    for n in range(size):
        customer = rng.choice(world["customers"])
        created = _moment(world, datetime(2023, 3, 1), 600)
        word, outcome, probability = rng.choices(
            stages, [2 if kind == "open" else 6 for _, kind, _ in stages]
        )[0]
        closed = created + timedelta(days=rng.randrange(15, 110)) if outcome != "open" else None
        deal = {"n": n + 1, "id": _id(system, world, "deal", n), "customer": customer, "created": created}
        deal |= {"contact": world["contacts"][customer["n"] - 1], "owner": rng.choice(world["employees"])}
        deal |= {"name": f"{customer['company']} - {rng.choice(world['products'])['name']}", "stage": word}
        deal |= {"outcome": outcome, "probability": probability, "closed": closed, "won": outcome == "won"}
        deal["expected"] = (closed or created + timedelta(days=rng.randrange(160, 240))).date()
        deal |= {
            "done": outcome != "open",
            "amount": float(rng.randrange(5, 400) * 100),
            "product": rng.choice(world["products"]),
        }
        deal["weighted"] = round(deal["amount"] * probability / 100, 2)
        deal |= {"source": rng.choice(world["words"]["sources"]), "status": outcome}
        deal["reason"] = rng.choice(world["words"]["reasons"]) if outcome == "lost" else None
        deal["age"] = ((closed or datetime(2024, 12, 20, tzinfo=world["zone"])) - created).days
        last = (
            path.index([word, outcome, probability]) + 1
            if outcome == "open"
            else rng.randrange(1, len(path) + 1)
        )
        passed = [*path[:last], *([[word, outcome, probability]] if outcome != "open" else [])]
        ends = closed or created + timedelta(days=10 * len(passed))
        times = [created + (ends - created) * place / max(len(passed) - 1, 1) for place in range(len(passed))]
        for place, ((stage, _, _), at) in enumerate(zip(passed, times, strict=True)):
            leaves = times[place + 1] if place + 1 < len(times) else None
            stay = {"deal": deal, "stage": stage, "entered": at.replace(microsecond=0), "from": None}
            stay |= {"exited": leaves.replace(microsecond=0) if leaves else None}
            stay["from"] = passed[place - 1][0] if place else None
            stay["days"] = round(((leaves or at) - at).total_seconds() / 86400, 1)
            world["stays"].append(stay)
        world["deals"].append(deal)


def _touches(system: Row, world: Row, sizes: Row) -> None:
    rng, words = world["rng"], world["words"]
    world["activities"], world["tickets"] = [], []
    for n in range(sizes["activities"]):
        deal = rng.choice(world["deals"])
        one = {"n": n + 1, "id": _id(system, world, "activity", n), "deal": deal, "contact": deal["contact"]}
        one |= {
            "customer": deal["customer"],
            "owner": deal["owner"],
            "subject": rng.choice(words["subjects"]),
        }
        one |= {
            "at": deal["created"] + timedelta(days=rng.randrange(40), hours=1),
            "minutes": rng.choice([5, 15, 30, 60]),
        }
        world["activities"].append(
            one | {"type": rng.choice(system.get("touches", ["Call", "Email", "Meeting"]))}
        )
    for n in range(sizes["tickets"]):
        opened = _moment(world, datetime(2024, 1, 1), 300)
        one = {"n": n + 1, "id": _id(system, world, "ticket", n), "customer": rng.choice(world["customers"])}
        one |= {
            "product": rng.choice(world["products"]),
            "opened": opened,
            "owner": rng.choice(world["employees"]),
        }
        one |= {
            "first": opened + timedelta(hours=rng.randrange(1, 30)),
            "subject": rng.choice(words["subjects"]),
        }
        one["closed"] = one["first"] + timedelta(days=rng.randrange(1, 9)) if rng.random() < 0.8 else None
        world["tickets"].append(
            one | {"priority": rng.choice(system.get("priorities", ["Low", "Medium", "High"]))}
        )


# The files: what a system makes of it.


def _columns(file: Row) -> list[tuple[str, str, list[str]]]:
    parts = [[part.strip(" \t") for part in line.split(" | ")] for line in file["columns"]]
    return [
        (one[0], one[1] if len(one) > 1 else "=", one[2].split() if len(one) > 2 else []) for one in parts
    ]


def _write_file(system: Row, file: Row, world: Row, root: Path) -> list[tuple[str, list[str], list[Row]]]:
    rows = [row for row in world[file["rows"]] if _wanted(row, file)]
    columns, rng = _columns(file), random.Random(system["name"] + file["name"])
    header = [one[0] for one in columns]
    written = []
    for name, part in _parts(file, rows):
        cells = [[_cell(value, row, file, system, rng) for _, value, _ in columns] for row in part]
        _blank_repeats(file, header, part, cells)
        _save(root, name, file, header, cells)
        written.append((name, header, part))
    return written


def _wanted(row: Row, file: Row) -> bool:
    return all(bool(_path(row, path)) == wanted for path, wanted in file.get("only", {}).items())


def _parts(file: Row, rows: list[Row]) -> Iterator[tuple[str, list[Row]]]:
    if "{month}" not in file["name"]:
        yield file["name"], rows
        return
    for month, part in groupby(rows, key=lambda row: _path(row, file["month"]).strftime("%Y-%m")):
        yield file["name"].replace("{month}", month), list(part)


def _blank_repeats(file: Row, header: list[str], rows: list[Row], cells: list[list[Any]]) -> None:
    once = (
        [place for place, name in enumerate(header) if name not in file["each_line"]]
        if "each_line" in file
        else []
    )
    for row, line in zip(rows, cells, strict=True):
        if row.get("line_no", 1) > 1:
            for place in once:
                line[place] = ""


def _path(row: Row, path: str) -> Any:
    for part in path.split("."):
        row = row[part] if row is not None else None
    return row


def _cell(value: str, row: Row, file: Row, system: Row, rng: random.Random) -> Any:
    kind, _, rest = value.partition(":")
    if value.startswith("="):
        return value[1:]
    if kind == "pick":
        return rng.choice(rest.split(";"))
    if kind == "int":
        low, high = rest.split("-")
        return rng.randint(int(low), int(high))
    if kind == "like":
        return drawn(rest, rng, row.get("n", 0))
    if kind == "maybe":
        return _cell(rest, row, file, system, rng) if rng.random() < 0.3 else ""
    if "{" in value:
        return re.sub(r"{([^}]+)}", lambda found: str(_cell(found[1], row, file, system, rng)), value)
    path, sign, form = re.fullmatch(r"([a-z_.]+)([@#$>?!]?)(.*)", value).groups()
    found = _path(row, path)
    if found is None:
        return ""
    if sign == "@":
        found = found.astimezone(UTC) if form.startswith("UTC") else found
        return _date(found, form.removeprefix("UTC"))
    if sign == "!":
        return f"{100 * found:.0f}"
    if sign == "?":
        return form.split(";")[0 if found else 1]
    if sign == ">":
        return system["words"][form][str(found)]
    return _number(found, file, sign, form) if isinstance(found, float) or sign else _plain(found, file)


def _date(moment: datetime | date, form: str) -> str | int:
    if form == "serial":
        return date(moment.year, moment.month, moment.day).toordinal() - date(1899, 12, 30).toordinal()
    early = {"%-d": moment.day, "%-m": moment.month, "%-H": getattr(moment, "hour", 0)}
    early["%-I"] = (getattr(moment, "hour", 0) + 11) % 12 + 1
    for sign, number in early.items():
        form = form.replace(sign, str(number))
    if "%:z" in form:
        offset = moment.strftime("%z")
        form = form.replace("%:z", f"{offset[:3]}:{offset[3:]}")
    return moment.strftime(form)


def _plain(found: Any, file: Row) -> Any:
    if isinstance(found, datetime | date) or (isinstance(found, int | bool) and not _typed(file)):
        return str(found)
    return found


def _typed(file: Row) -> bool:
    return file["name"].partition("#")[0].endswith((".xlsx", ".db", ".json"))


def _number(found: float, file: Row, sign: str, form: str) -> Any:
    if _typed(file) and sign != "$":
        return round(float(found), int(form or 2))
    digits = int(form) if form else file.get("digits", 2)
    if sign == "#" and digits == 0 and not file.get("group_all"):
        return f"{found:.0f}"
    text = f"{abs(found):,.{digits}f}"
    text = (
        text.replace(",", "\0")
        .replace(".", file.get("decimal", "."))
        .replace("\0", file.get("thousands", ""))
    )
    text = file.get("mark", "{}").format(text) if sign == "$" else text
    return f"-{text}" if found < 0 else text


def _save(root: Path, name: str, file: Row, header: list[str], cells: list[list[Any]]) -> None:
    target, sheet = (root / name.partition("#")[0]), name.partition("#")[2]
    box, _, inner = name.rpartition(".zip/")
    target = root / f"{box}.zip" if box else target
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.suffix == ".xlsx":
        _save_sheet(target, sheet or "Sheet1", file, header, cells)
    elif target.suffix == ".db":
        _save_table(target, sheet, header, cells)
    elif target.suffix == ".json":
        target.write_text(
            json.dumps([dict(zip(header, line, strict=True)) for line in cells], ensure_ascii=False)
        )
    elif box:
        with zipfile.ZipFile(target, "a") as zipped:
            zipped.writestr(inner, _text(file, header, cells))
    else:
        target.write_bytes(_text(file, header, cells))


def _text(file: Row, header: list[str], cells: list[list[Any]]) -> bytes:
    stream = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if file.get("quote_all") else csv.QUOTE_MINIMAL
    writer = csv.writer(
        stream, delimiter=file.get("delimiter", ","), quoting=quoting, lineterminator=file.get("ends", "\r\n")
    )
    for line in file.get("title", []):
        writer.writerow(line)
    writer.writerow(header)
    for n, line in enumerate(cells):
        if file.get("again") and n and n % file["again"] == 0:
            writer.writerow(header)
        writer.writerow(line)
    for line in _below(file, header, cells):
        writer.writerow(line)
    return stream.getvalue().encode(file.get("encoding", "utf-8"), errors="replace")


def _below(file: Row, header: list[str], cells: list[list[Any]]) -> Iterator[list[Any]]:
    if "total" in file:
        word, *summed = file["total"]
        row = ["" for _ in header]
        row[0] = word
        for name in summed:
            place = header.index(name)
            row[place] = _number(
                sum(_float(line[place], file) for line in cells), file, "$" if "mark" in file else "", ""
            )
        yield row
    yield from file.get("foot", [])


def _float(text: Any, file: Row) -> float:
    digits = str(text).replace(file.get("decimal", "."), "\0")
    return float(re.sub(r"[^0-9\0-]", "", digits).replace("\0", ".") or 0)


def _save_sheet(target: Path, sheet: str, file: Row, header: list[str], cells: list[list[Any]]) -> None:
    book = openpyxl.load_workbook(target) if target.exists() else openpyxl.Workbook()
    if not target.exists():
        book.remove(book.active)
    page = book.create_sheet(sheet)
    for line in [*file.get("title", []), header, *cells, *_below(file, header, cells)]:
        page.append([_dated(cell, file) for cell in line])
    book.save(target)


def _dated(cell: Any, file: Row) -> Any:
    form = file.get("cell_dates")
    if not form or not isinstance(cell, str):
        return cell
    try:
        return datetime.strptime(cell, form)
    except ValueError:
        return cell


def _save_table(target: Path, name: str, header: list[str], cells: list[list[Any]]) -> None:
    marks = ", ".join("?" for _ in header)
    names = ", ".join(f'"{column}"' for column in header)
    with sqlite3.connect(target) as base:
        base.execute(f'create table "{name}" ({names})')
        base.executemany(f'insert into "{name}" values ({marks})', cells)
    base.close()


# The truth.


def _truth(system: Row, world: Row, tables: list[tuple[str, Row, list[Row]]], headers: Row) -> Row:
    entries: dict[tuple[str, str], Row] = {}
    for name, file, rows in tables:
        for ours, choice, optional in _claims(file):
            table, _, column = ours.partition(".")
            joined = system.get("joins", {}).get(table, [])
            key = (table, joined[0] if name.split("#")[-1] in joined or name in joined else file["name"])
            entry = entries.setdefault(key, {"name": table, "files": [], "columns": {}, "optional": {}})
            entry["needed"] = entry.get("needed", False) or table not in file.get("optional", [])
            if name not in entry["files"]:
                entry["files"].append(name)
                if NATURAL.get(file["rows"]) == table and key[1] in (file["name"], name, name.split("#")[-1]):
                    entry["rows"] = entry.get("rows", 0) + sum(1 for row in rows if _kept(row))
            into = entry["optional" if optional else "columns"].setdefault(column, [])
            if choice not in into:
                into.append(choice)
    for entry in entries.values():
        for column in [one for one in entry["optional"] if one in entry["columns"]]:
            entry["columns"][column] += [
                one for one in entry["optional"].pop(column) if one not in entry["columns"][column]
            ]
        for column in [one for one in entry["columns"] if f"{entry['name']}.{one}" in system.get("may", [])]:
            entry["optional"][column] = entry["columns"].pop(column)
        joined = [one.split("#")[-1] for one in system.get("joins", {}).get(entry["name"], [])]
        if entry["files"][0].split("#")[-1] in joined:
            entry["files"].sort(key=lambda name: joined.index(name.split("#")[-1]))
            entry["joined"] = True
    truth = {"system": system["name"], "group": system["group"], "currency": system["currency"]}
    truth |= {"time_zone": system["time_zone"], **_figures(system, world)}
    return truth | {"headers": headers, "table": list(entries.values())}


def _claims(file: Row) -> Iterator[tuple[str, list[str], bool]]:
    for header, _, truths in _columns(file):
        for ours in truths:
            yield ours.removeprefix("?"), [header], ours.startswith("?")
    for ours, choices in file.get("reads", {}).items():
        for choice in choices:
            yield ours.removeprefix("?"), choice, ours.startswith("?")


def _kept(row: Row) -> bool:
    return bool(row.get("order", row).get("kept", True))


def _figures(system: Row, world: Row) -> Row:
    figures: Row = {}
    if "revenue" in system:
        kept = [line for line in world["lines"] if line["order"]["kept"]]
        figures["revenue"] = sorted(
            {round(sum(line[part] for line in kept), 2) for part in system["revenue"]}
        )
        moments = [line["order"]["at"].astimezone(UTC) for line in kept]
        figures["ordered"] = [min(moments).isoformat(), max(moments).isoformat()]
    if "stages" in system:
        for outcome in ("open", "won", "lost"):
            figures.setdefault("deals", {})[outcome] = sum(
                one["outcome"] == outcome for one in world["deals"]
            )
    return figures


def _toml(value: Row, path: str = "") -> str:
    plain = {key: one for key, one in value.items() if not isinstance(one, dict) and key != "table"}
    lines = [f"{_key(key)} = {json.dumps(one, ensure_ascii=False)}" for key, one in plain.items()]
    for key, one in value.items():
        if isinstance(one, dict):
            lines += ["", f"[{path}{_key(key)}]", _toml(one, f"{path}{_key(key)}.")]
    for one in value.get("table", []):
        lines += ["", "[[table]]", _toml(one, "table.")]
    return "\n".join(lines)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key, ensure_ascii=False)


if __name__ == "__main__":
    for one in systems(*sys.argv[2:3]):
        write_system(one, Path(sys.argv[1]))
