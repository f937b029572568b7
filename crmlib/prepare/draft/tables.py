"""From readings of exports to tables: several exports of one table together, several tables from one export."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from crmlib.prepare.draft.exports import Join
from crmlib.prepare.draft.meaning import Cell, Filter, Reading, clock_format, samples_of
from crmlib.prepare.draft.presets import preset_of
from crmlib.prepare.draft.profile import Column
from crmlib.prepare.engine import Engine
from crmlib.schema.tables import TABLES

OVERLAP = 0.3
"""Two exports that share more of their order numbers than this tell of the same orders."""

ATTRIBUTES = {
    "customers": {
        "name": "customer_name", "email": "customer_email", "country": "customer_country",
        "region": "customer_region", "city": "customer_city", "postcode": "customer_postcode",
        "phone": "customer_phone", "address": "customer_address",
    },
    "products": {"name": "product_name", "category": "product_category", "unit_price": "unit_price"},
}  # fmt: skip
"""What order lines tell of customers and products."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """One of our tables as crm.toml will describe it."""

    name: str
    entries: tuple[str, ...]
    cells: Mapping[str, Cell]
    filters: tuple[Filter, ...] = ()
    questions: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    encoding: str | None = None
    header_row: int | None = None
    decimal: str = "."
    date_formats: tuple[str, ...] = ()
    merged: bool = False
    naive_times: bool = False
    notes: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    headers: tuple[tuple[str, ...], ...] = field(default=(), repr=False)
    joins: tuple[Join, ...] = ()


def tables_of(readings: Sequence[Reading]) -> tuple[list[Table], list[tuple[str, str]]]:
    """The tables of a folder in the vocabulary's order, and exports that double another."""
    groups: dict[str, list[Reading]] = {}
    for reading in sorted(readings, key=lambda one: (len(one.missing), -one.match.score)):
        groups.setdefault(reading.match.table, []).append(reading)
    unused: list[tuple[str, str]] = []
    found: dict[str, Table] = {}
    for name in TABLES:
        if name in groups:
            together, doubled = _together(groups[name])
            unused += doubled
            found[name] = together
    for reading in groups.get("transactions", []):
        for name in ATTRIBUTES:
            inner = _inside(reading, name) if name not in found else None
            if inner is not None:
                found[name] = inner
    return [found[name] for name in TABLES if name in found], unused


def _together(readings: list[Reading]) -> tuple[Table, list[tuple[str, str]]]:
    """One table of all the exports that look like it and do not tell the same twice."""
    kept: list[Reading] = []
    unused = []
    for reading in readings:
        why = _why_not(reading, kept)
        if why:
            unused.append((", ".join(reading.match.export.entries), why))
        else:
            kept.append(reading)
    if len(kept) == 1:
        return _single(kept[0]), unused
    return _union(kept), unused


def _why_not(reading: Reading, kept: Sequence[Reading]) -> str:
    if not kept:
        return ""
    table = reading.match.table
    first = kept[0]
    if reading.missing:
        lacks = ", ".join(reading.missing)
        return f"looks like {table}, but has no {lacks}, and {', '.join(first.match.export.entries)} has"
    if table == "transactions":
        mine = reading.match.column("order_id")
        for other in kept:
            theirs = other.match.column("order_id")
            if (
                mine
                and theirs
                and len(mine.texts & theirs.texts) > OVERLAP * min(len(mine.texts), len(theirs.texts))
            ):
                return f"tells of the same orders as {', '.join(other.match.export.entries)}"
            if _names_orders_of(reading, other) or _names_orders_of(other, reading):
                return (
                    f"tells of the same orders as {', '.join(other.match.export.entries)}, by their numbers"
                )
        goods, known = reading.match.column("product_id"), first.match.column("product_id")
        alike = len(reading.match.profile.keys() & first.match.profile.keys()) > 2
        told = goods and known and not alike and min(goods.distinct, known.distinct) > 2
        if told and goods and known and not goods.texts & known.texts:
            return f"sells none of the products of {', '.join(first.match.export.entries)}"
    if _options(reading)[:2] != _options(first)[:2] or reading.match.export.joins or first.match.export.joins:
        return (
            f"looks like {table}, but is written in another way than {', '.join(first.match.export.entries)}"
        )
    points = sum(reading.match.profile[t].points for c in reading.cells.values() for t in c.theirs)
    commas = sum(reading.match.profile[t].commas for c in reading.cells.values() for t in c.theirs)
    opposed = points if _decimal(first) == "," else commas
    if opposed:
        return f"looks like {table}, but writes numbers in another way than {', '.join(first.match.export.entries)}"
    return ""


def _names_orders_of(reading: Reading, other: Reading) -> bool:
    """Whether a column of an export holds the other's numbers of orders: its invoice, its payment."""
    theirs, mine = other.match.column("order_id"), reading.match.column("order_id")
    if theirs is None or theirs.distinct < 5 or theirs.length < 4:
        return False
    return any(
        one is not mine
        and len(one.texts & theirs.texts) > OVERLAP * min(max(one.distinct, 5), theirs.distinct)
        for one in reading.match.profile.values()
    )


def _options(reading: Reading) -> tuple[object, ...]:
    export = reading.match.export
    return export.encoding, export.header_row, _decimal(reading)


def _used(reading: Reading, kinds: tuple[str, ...]) -> list[Column]:
    spec = TABLES[reading.match.table]
    names = {t for n, cell in reading.cells.items() if spec.field(n).type in kinds for t in cell.theirs}
    return [reading.match.profile[name] for name in names]


def _decimal(reading: Reading) -> str:
    columns = _used(reading, ("money", "number", "integer", "share"))
    commas, points = sum(c.commas for c in columns), sum(c.points for c in columns)
    if commas == points == 0 and reading.match.export.delimiter == ";":
        grouped = any("." in text for column in columns if column.numbers > 0.9 for text in column.texts)
        return "," if grouped else "."
    return "," if commas > points else "."


def _date_formats(reading: Reading) -> tuple[tuple[str, ...], list[str]]:
    """Formats of the dates that are read, commonest first; nothing where ISO 8601 says all; and what is doubtful."""
    columns = [c for c in _used(reading, ("timestamp", "date")) if c.formats and c.dates >= 0.6]
    days, months = sum(c.day_first for c in columns), sum(c.month_first for c in columns)
    formats: Counter[str] = Counter()
    doubts = []
    for column in columns:
        for form, n in column.formats.items():
            formats[_ordered(form, days, months, reading) + _clock_beside(reading, column, form)] += n
    if not any(formats):
        return (), []
    slashed = [form for form in formats if form.startswith(("%d/%m", "%m/%d", "%d-%m", "%m-%d"))]
    if slashed and not days and not months:
        doubts.append(
            f"{reading.match.table}: no date proves whether days or months come first; taken: {slashed[0]}"
        )
    if days and months:
        doubts.append(
            f"{reading.match.table}: some dates begin with days, others with months; the commoner is taken"
        )
    plain = [form for form, _ in formats.most_common() if form]
    if "" in formats:
        texts = [text for c in columns for text in list(c.texts)[:2000]]
        plain += _iso_formats(texts)
    return tuple(dict.fromkeys(plain)), doubts


def _clock_beside(reading: Reading, column: Column, form: str) -> str:
    """The format of the time that stands in a column of its own and is put behind the day."""
    clock = next((reading.match.profile[time] for day, time in reading.clocks if day == column.name), None)
    return clock_format(clock) if clock is not None and form else ""


def _ordered(form: str, days: int, months: int, reading: Reading) -> str:
    """A format with days and months in the order that the export as a whole proves."""
    if not form.startswith(("%d/%m", "%m/%d", "%d-%m", "%m-%d", "%d.%m", "%m.%d")) or form[3:5] == "%b":
        return form
    sign = form[2]
    first = days > months
    if days == months:
        first = sign != "/" or ("%I" not in form and not _american(reading))
    return (f"%d{sign}%m" if first else f"%m{sign}%d") + form[5:]


def _american(reading: Reading) -> bool:
    """Without proof: months first where figures are not padded and decimals are points, as in the United States."""
    columns = _used(reading, ("timestamp", "date"))
    short = any(
        text[1:2] == "/" or (text[4:5] == "/" and text[2:3] == "/") for c in columns for text in c.texts
    )
    return short and _decimal(reading) == "." and reading.match.export.delimiter == ","


def _iso_formats(texts: Sequence[str]) -> list[str]:
    found: dict[str, None] = {}
    for text in texts:
        if len(text) < 10 or text[4:5] != "-":
            continue
        form = "%Y-%m-%d"
        if len(text) > 15:
            form += f"{text[10]}%H:%M" + (":%S" if text[16:17] == ":" else "")
            form += ".%f" if text[19:20] == "." else ""
        found[form] = None
    return sorted(found, key=len, reverse=True)


def _single(reading: Reading) -> Table:
    match = reading.match
    formats, doubts = _date_formats(reading)
    used = {name for cell in reading.cells.values() for name in cell.theirs}
    times = _used(reading, ("timestamp",))
    return Table(
        name=match.table,
        entries=match.export.entries,
        cells=reading.cells,
        filters=tuple(reading.filters),
        questions=(*reading.questions, *doubts),
        missing=tuple(reading.missing),
        encoding=match.export.encoding,
        header_row=match.export.header_row,
        decimal=_decimal(reading),
        date_formats=formats,
        naive_times=any(column.dates and not column.offsets for column in times),
        notes=(*_of_system(reading), *match.export.notes),
        left=tuple(name for name in match.export.columns if name not in used),
        headers=(match.export.columns,),
        joins=match.export.joins,
    )


def _of_system(reading: Reading) -> tuple[str, ...]:
    preset = preset_of(tuple(reading.match.profile))
    return (f"{preset.system}: {preset.says}",) if preset and preset.table == reading.match.table else ()


def _union(readings: Sequence[Reading]) -> Table:
    """Exports of one table one below the other; rows of one key become one."""
    singles = [_single(reading) for reading in readings]
    spec = TABLES[readings[0].match.table]
    references = _cross_references(readings)
    cells = {}
    for name in spec.names:
        there = [(reading, reading.cells[name]) for reading in readings if name in reading.cells]
        if there:
            cells[name] = _coalesced(
                there,
                references if spec.keys[0] == name else {},
                counted=spec.field(name).type in ("money", "number", "integer", "share"),
            )
    keyed = all(key in cells for key in spec.keys) and spec.name not in ("transactions", "events")
    return replace(
        singles[0],
        entries=tuple(entry for one in singles for entry in one.entries),
        cells=cells,
        filters=tuple(f for one in singles for f in one.filters),
        questions=tuple(q for one in singles for q in one.questions),
        missing=tuple(name for name in spec.required if name not in cells),
        decimal="," if any(one.decimal == "," for one in singles) else ".",
        date_formats=tuple(dict.fromkeys(f for one in singles for f in _formats_of(one, singles))),
        merged=keyed,
        naive_times=any(one.naive_times for one in singles),
        notes=tuple(note for one in singles for note in one.notes),
        left=tuple(name for one in singles for name in one.left if name not in _read(cells)),
        headers=tuple(header for one in singles for header in one.headers),
    )


def _formats_of(one: Table, all_of_them: Sequence[Table]) -> tuple[str, ...]:
    """Formats of an export; those of ISO 8601 spelt out where another export states others."""
    if one.date_formats or not any(other.date_formats for other in all_of_them):
        return one.date_formats
    return ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d")


def _read(cells: Mapping[str, Cell]) -> set[str]:
    return {name for cell in cells.values() for name in cell.theirs}


def _coalesced(
    there: Sequence[tuple[Reading, Cell]], references: Mapping[int, str], *, counted: bool = False
) -> Cell:
    first = there[0][1]
    extra = [references[id(reading)] for reading, _ in there if id(reading) in references]
    if all(cell == first or (cell.name and cell.name == first.name) for _, cell in there) and not extra:
        return first
    terms: list[str] = [f"nullif({Engine.quote(name)}, '')" for name in extra]
    for reading, cell in there:
        term = cell.expression
        if counted and cell.name and any(other.sql for _, other in there):
            term = f"{term} + 0"  # one of them is reckoned, so all are numbers
        empty_alone = cell.sql.startswith("case lower(") and " else '" not in cell.sql
        if not cell.name and not empty_alone:
            key = next(iter(reading.cells.values()))
            term = f"case when {key.expression} is not null then {term} end"
        terms.append(term)
    terms = list(dict.fromkeys(terms))
    theirs = tuple(dict.fromkeys([*extra, *(name for _, cell in there for name in cell.theirs)]))
    if len(terms) == 1 and first.name:
        return first
    return Cell(
        sql=f"coalesce({', '.join(terms)})", theirs=theirs, sure=min(cell.sure for _, cell in there),
        samples=first.samples, runner_up=first.runner_up,
    )  # fmt: skip


def _cross_references(readings: Sequence[Reading]) -> dict[int, str]:
    """A column of one export that holds keys of another: the same thing under its other number."""
    key = TABLES[readings[0].match.table].keys[0]
    found = {}
    for reading in readings:
        used = _read(reading.cells)
        for other in readings:
            known = other.match.column(key)
            if other is reading or known is None:
                continue
            for name, column in reading.match.profile.items():
                is_key = name not in used and column.distinct > 5 and column.length > 2
                if is_key and len(column.texts & known.texts) > 0.9 * len(column.texts):
                    found[id(reading)] = name
    return found


def _settles(reading: Reading, key: str, attribute: str) -> bool:
    """Whether an attribute is one and the same for each value of a key, nearly always."""
    if key == attribute:
        return True
    pairs = reading.match.export.frame[[key, attribute]].dropna().astype(str)
    pairs = pairs[(pairs[attribute] != "") & (pairs[attribute] != "None")]
    if pairs.empty:
        return False
    commonest = pairs.groupby([key, attribute]).size().groupby(level=0).max().sum()
    return bool(commonest >= 0.8 * len(pairs))


def _inside(reading: Reading, name: str) -> Table | None:
    """Customers or products as the lines of orders tell of them."""
    match = reading.match
    key = TABLES[name].keys[0]
    there = reading.cells.get(key)
    if there is None or not there.name or reading.missing:
        return None
    cells = {key: there}
    for ours, virtual in ATTRIBUTES[name].items():
        guess = match.guesses.get(virtual)
        if guess is not None and guess.sure > 0.6 and _settles(reading, there.name, guess.theirs):
            column = match.profile[guess.theirs]
            if (
                ours == "category"
                and "name" not in cells
                and column.distinct > 0.95 * match.profile[there.name].distinct
            ):
                ours = "name"  # as many as products
            cells[ours] = Cell(name=guess.theirs, theirs=(guess.theirs,), sure=guess.sure,
                               runner_up=guess.runner_up, samples=samples_of(column))  # fmt: skip
    said = [ours for ours in cells if ours != key and cells[ours].name != there.name]
    if not set(said) & ({"name", "category"} if name == "products" else set(ATTRIBUTES["customers"])):
        return None
    single = _single(reading)
    ordered = {one: cells[one] for one in TABLES[name].names if one in cells}
    return replace(
        single, name=name, cells=ordered, filters=(), questions=(), missing=(), date_formats=(), merged=True,
        naive_times=False, notes=(), left=(),
    )  # fmt: skip
