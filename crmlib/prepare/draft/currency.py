"""Which currency the amounts of an export are in, and what becomes of the others."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from babel.numbers import get_territory_currencies

from crmlib.prepare.check.casting import text_literal
from crmlib.prepare.config.parts import CURRENCIES
from crmlib.prepare.draft.evidence import countries
from crmlib.prepare.draft.exports import Export
from crmlib.prepare.draft.meaning import Filter, Reading, lowered
from crmlib.prepare.draft.names import plain, simplified
from crmlib.prepare.draft.profile import MARKS
from crmlib.prepare.engine import Engine
from crmlib.schema.tables import TABLES


def _currency(reading: Reading) -> None:
    column = reading.match.column("currency")
    if column is None or not column.values or reading.match.table not in ("transactions", "opportunities"):
        return
    codes = {value: n for value, n in column.values.items() if _code(value)}
    for value, n in codes.items():
        reading.currencies[_code(value)] = reading.currencies.get(_code(value), 0) + n


_CODES = {
    "人民币": "CNY",
    "rmb": "CNY",
    "元": "CNY",
    "美元": "USD",
    "円": "JPY",
    "日元": "JPY",
    "欧元": "EUR",
    "港币": "HKD",
}


def _code(value: str) -> str:
    found = _CODES.get(value.strip().lower(), value.strip().upper())
    return found if found in CURRENCIES else ""


def only_currency(reading: Reading, currency: str) -> None:
    """Keep the amounts of one currency where an export mixes several."""
    _only_mark(reading, currency)
    guess = reading.match.guesses.get("currency")
    if guess is None or len(reading.currencies) < 2:
        return
    values = reading.match.profile[guess.theirs].values
    mine = [value for value in values if _code(value) in (currency, "")]
    rows = sum(n for value, n in values.items() if value not in mine)
    listed = ", ".join(text_literal(value.lower().strip()) for value in mine) or "''"
    seen = ", ".join(
        f"{code} {n:,}" for code, n in sorted(reading.currencies.items(), key=lambda one: -one[1])
    )
    sql = f"coalesce({lowered(guess.theirs)}, {text_literal(currency.lower())}) in ({listed})"
    reading.filters.append(Filter(sql=sql, reason=f"is not in {currency} ({rows:,} rows looked at)"))
    reading.questions.append(
        f'"{guess.theirs}" mixes currencies ({seen}): only {currency} is kept, since amounts cannot be added. '
        "Export converted amounts, or give the others a workspace of their own."
    )


def _only_mark(reading: Reading, currency: str) -> None:
    """Leave out the amounts that bear the mark of another currency."""
    spec = TABLES[reading.match.table]
    money = {t for n, cell in reading.cells.items() if spec.field(n).type == "money" for t in cell.theirs}
    for name in sorted(money):
        marks = {code: n for code, n in reading.match.profile[name].marks.items() if code in CURRENCIES}
        others = [code for code in marks if code != currency]
        if len(marks) < 2 or not others:
            continue
        signs = [sign for sign, code in MARKS.items() if code in others]
        text = f"coalesce(cast({Engine.quote(name)} as varchar), '')"
        sql = " and ".join(f"{text} not like {text_literal(f'%{one}%')}" for one in [*others, *signs])
        reading.filters.append(Filter(sql=sql, reason=f"is not in {currency}, by the mark of {name[:40]}"))
        reading.questions.append(
            f'"{name}" bears marks of {", ".join(sorted(marks))}: only {currency} is kept, since amounts cannot be '
            "added. Export converted amounts, or give the others a workspace of their own."
        )


def currencies_of(readings: Iterable[Reading]) -> Mapping[str, int]:
    """Currencies seen in columns of currencies, else in marks beside amounts, with their numbers."""
    readings = list(readings)
    found: dict[str, int] = {}
    for reading in readings:
        _currency(reading)
        for code, n in reading.currencies.items():
            found[code] = found.get(code, 0) + n
    if found:
        return found
    for reading in readings:
        spec = TABLES[reading.match.table]
        money = {t for n, c in reading.cells.items() if spec.field(n).type == "money" for t in c.theirs}
        for name in money:
            for code, n in reading.match.profile[name].marks.items():
                if code in CURRENCIES:
                    found[code] = found.get(code, 0) + n
    return found


def likely_currency(readings: Iterable[Reading], exports: Sequence[Export]) -> tuple[str, str]:
    """The currency where no export states one, and why: of most customers' country, or of the headers' script."""
    lands: Counter[str] = Counter()
    for reading in readings:
        for name in ("country", "customer_country"):
            column = reading.match.column(name)
            for value, n in (column.values if column else {}).items():
                lands[countries().get(plain(value), "")] += n
    land, n = max(lands.items(), key=lambda one: one[1], default=("", 0))
    usual = get_territory_currencies(land) if land and n > 0.6 * lands.total() else []
    if usual and usual[0] in CURRENCIES:
        return usual[0], ", as in the country of most customers"
    headers = "".join(name for export in exports for name in export.columns)
    if re.search("[\u3041-\u30ff]", headers):
        return "JPY", ", as the names of columns are Japanese"
    if len(re.findall("[\u4e00-\u9fff]", headers)) > 0.5 * len(headers):
        code = "CNY" if headers == simplified(headers) else "TWD"
        return code, ", as the names of columns are Chinese"
    return "EUR", ""
