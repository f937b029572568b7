"""From a matched column to what stands in crm.toml: its name, or SQL where the values need reading."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from crmlib.prepare.check.casting import text_literal
from crmlib.prepare.draft.fit import WORDS_OF_FIELD
from crmlib.prepare.draft.names import names, value_key, words
from crmlib.prepare.draft.profile import Column, number_of, text_of
from crmlib.prepare.draft.score import STAND_INS, SURE, Match
from crmlib.prepare.draft.sums import Cell, Sums, firsts, in_cents
from crmlib.prepare.engine import Engine
from crmlib.prepare.sources.files import masked
from crmlib.schema.fields import Field
from crmlib.schema.tables import TABLES

MOST_CASES = 60
_YES = frozenset(["true", "t", "yes", "y", "1", "x", "on"])
_NO = frozenset(["false", "f", "no", "n", "0", "off"])


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Rows that stay, and why the others go."""

    sql: str
    reason: str


@dataclass(kw_only=True)
class Reading:
    """How one export is read as one table."""

    match: Match
    cells: dict[str, Cell] = field(default_factory=dict)
    filters: list[Filter] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    currencies: dict[str, int] = field(default_factory=dict)
    clocks: list[tuple[str, str]] = field(default_factory=list)


def read_as(match: Match) -> Reading:
    """How the rows of a matched export become rows of its table."""
    reading = Reading(match=match)
    spec = TABLES[match.table]
    for name, guess in match.guesses.items():
        if name in spec.names:
            reading.cells[name] = _plain_cell(match, spec.field(name), guess.theirs)
    by_table = {
        "transactions": _orders, "opportunities": _deals, "customers": _people, "contacts": _people,
        "feedback": _feedback, "plans": _plans, "employees": _people, "products": _goods, "interactions": _log,
    }  # fmt: skip
    _day_and_time(reading)
    by_table.get(match.table, _nothing)(reading)
    _stand_in(reading)
    _totals(reading)
    reading.missing = [name for name in spec.required if name not in reading.cells]
    _gaps(reading)
    for name, cell in reading.cells.items():
        if cell.sure < SURE and cell.theirs:
            shown = " and ".join(f'"{one}"' for one in cell.theirs[:3])
            other = f', or "{cell.runner_up}"' if cell.runner_up else ""
            reading.questions.append(f"Is {match.table}.{name} {shown}{other}? ({cell.sure:.0%} sure)")
    return reading


def _gaps(reading: Reading) -> None:
    """Required columns that most rows leave empty, as merged cells of a sheet do."""
    spec = TABLES[reading.match.table]
    for name in spec.required:
        cell = reading.cells.get(name)
        column = reading.match.profile[cell.name] if cell and cell.name else None
        if column is not None and not column.empty and column.filled < 0.9 * column.rows:
            reading.questions.append(
                f'"{column.name}" is empty in {column.rows - column.filled:,} of {column.rows:,} rows, which cannot '
                "be read without it. If cells were merged, fill them down before exporting."
            )


def _nothing(reading: Reading) -> None:
    """Tables whose columns need no more than their own reading."""


def _day_and_time(reading: Reading) -> None:
    """Days whose time stands in a column of its own, right behind it: both become one moment."""
    match = reading.match
    names = list(match.profile)
    for ours, cell in list(reading.cells.items()):
        if TABLES[match.table].field(ours).type != "timestamp" or not cell.name:
            continue
        day, place = match.profile[cell.name], names.index(cell.name)
        texts = all(isinstance(one, str) for one in match.export.frame[cell.name].head(50))
        if not texts or any(":" in text for text in list(day.texts)[:200]):
            continue
        near = [names[i] for i in (place + 1, place - 1, place + 2) if 0 <= i < len(names)]
        time = next((name for name in near if match.profile[name].clocks > 0.95), None)
        if time is not None:
            reading.clocks.append((cell.name, time))
            sql = f"concat_ws(' ', {Engine.quote(cell.name)}, {Engine.quote(time)})"
            reading.cells[ours] = replace(
                cell, name="", sql=sql, theirs=(cell.name, time), why="day and time"
            )


def clock_format(column: Column) -> str:
    """The format of times of the day."""
    some = next(iter(column.texts), "")
    half = some[-1:] in "Mm" and bool(some)
    gap = " " if " " in some else ""
    seconds = ":%S" if some.count(":") == 2 else ""
    return f" %I:%M{seconds}{gap}%p" if half else f" %H:%M{seconds}"


def _plain_cell(match: Match, one: Field, theirs: str) -> Cell:
    column, guess = match.profile[theirs], match.guesses[one.name]
    runner = f"{guess.runner_up}" if guess.runner_up else ""
    base: dict[str, Any] = {
        "theirs": (theirs,),
        "sure": guess.sure,
        "runner_up": runner,
        "samples": samples_of(column),
    }
    sql, why = _reading_sql(match.table, one, column)
    return Cell(sql=sql, why=why, **base) if sql else Cell(name=theirs, **base)


def samples_of(column: Column) -> tuple[str, ...]:
    """Three values, masked."""
    return tuple(dict.fromkeys(masked(text) for text in sorted(column.texts, key=len)[-3:]))


def _reading_sql(table: str, one: Field, column: Column) -> tuple[str, str]:
    """SQL where the values are not yet what the field holds, with what was seen; else nothing."""
    quoted = Engine.quote(column.name)
    if one.type in ("timestamp", "date") and column.dates < 0.6 and column.numbers > 0.9 and not column.empty:
        if column.low > 1e11:
            return f"to_timestamp(cast({quoted} as bigint) / 1000.0)", "milliseconds since 1970"
        if column.low > 1e8:
            return f"to_timestamp(cast({quoted} as bigint))", "seconds since 1970"
        days = f"to_days(cast(floor(cast({quoted} as double)) as integer))"
        return f"cast('1899-12-30' as date) + {days}", "days as a spreadsheet counts them"
    if one.type == "money" and in_cents(column.name):
        return f"{quoted} / 100.0", "its name says cents"
    if one.type == "boolean" and column.values:
        return _boolean_sql(column)
    kind = WORDS_OF_FIELD.get((table, one.name), "")
    if one.allowed and kind and one.name != "outcome" and column.values:
        return _words_sql(one, kind, column)
    return "", ""


def lowered(name: str) -> str:
    """The values of a column as SQL, trimmed and in small letters."""
    return f"lower(trim(cast({Engine.quote(name)} as varchar)))"


def _boolean_sql(column: Column) -> tuple[str, str]:
    seen = {value.lower().strip(): words("boolean").get(value_key(value)) for value in column.values}
    if all(value in _YES | _NO for value in seen):
        return "", ""
    cases = " ".join(f"when {text_literal(v)} then {text_literal(m)}" for v, m in seen.items() if m)
    return f"case {lowered(column.name)} {cases} end", "words for yes and no"


def _words_sql(one: Field, kind: str, column: Column) -> tuple[str, str]:
    seen = {value.lower().strip(): column.meaning(kind, value) for value in column.values}
    if all(value in one.allowed for value in seen) or not any(seen.values()):
        return "", ""
    cases = " ".join(
        f"when {text_literal(value)} then {text_literal(meaning)}"
        for value, meaning in list(seen.items())[:MOST_CASES]
        if meaning and len(value) < 80
    )
    unknown = [masked(value) for value, meaning in seen.items() if not meaning]
    why = f"not known: {', '.join(unknown[:3])}" if unknown else ""
    return f"case {lowered(column.name)} {cases} else {Engine.quote(column.name)} end", why


def _stand_in(reading: Reading) -> None:
    """Required columns that are not there, from what says the same."""
    match, cells = reading.match, reading.cells
    for name in TABLES[match.table].required:
        if name in cells:
            continue
        for other in STAND_INS.get((match.table, name), ()):
            source = cells.get(other) or _virtual_cell(match, other)
            if source is None or not source.theirs:
                continue
            made = _made_of(reading, name, other, source)
            if made is not None:
                cells[name] = made
                break
    spec = TABLES[match.table]
    reading.cells = {name: cells[name] for name in spec.names if name in cells}


def _made_of(reading: Reading, name: str, other: str, source: Cell) -> Cell | None:
    table = reading.match.table
    constants = {
        ("feedback", "kind"): "review", ("events", "event"): "view", ("plans", "dimension"): "total",
        ("plans", "key"): "total", ("plans", "measure"): "net_amount", ("relations", "relation"): "parent",
    }  # fmt: skip
    if (table, name) in constants:
        reading.questions.append(
            f"{table}.{name} has no column: {constants[table, name]!r} is taken for all rows."
        )
        return Cell(value=constants[table, name], sure=0.6)
    told = reading.match.column(other)
    if (table, other) == ("feedback", "order_id"):
        return source if told is not None and told.unique else None
    if (table, name) in (
        ("transactions", "order_id"),
        ("interactions", "interaction_id"),
        ("feedback", "feedback_id"),
    ):
        who = reading.cells.get("customer_id")
        parts = [one for one in (who, source) if one is not None]
        texts = ", ".join(f"cast({one.expression} as varchar)" for one in parts)
        reading.questions.append(
            f"{table}.{name} has no column: one customer at one moment is taken for one."
        )
        theirs = tuple(theirs for one in parts for theirs in one.theirs)
        return Cell(sql=f"concat_ws('/', {texts})", theirs=theirs, sure=0.6)
    column = reading.match.profile[source.theirs[0]]
    if name in TABLES[table].keys and table != "transactions" and not column.unique:
        if column.distinct < 0.5 * max(column.filled, 1):
            return None
        reading.questions.append(
            f'{table}.{name} has no column: "{source.theirs[0]}" is taken, which is not unique.'
        )
    return source


def _virtual_cell(match: Match, name: str) -> Cell | None:
    guess = match.guesses.get(name)
    if guess is None:
        return None
    column = match.profile[guess.theirs]
    return Cell(name=guess.theirs, theirs=(guess.theirs,), sure=guess.sure, runner_up=guess.runner_up,
                samples=samples_of(column))  # fmt: skip


def _totals(reading: Reading) -> None:
    totals = reading.match.export.totals
    if totals:
        first = reading.match.export.columns[0]
        listed = ", ".join(text_literal(value.lower()) for value in totals)
        reading.filters.append(
            Filter(sql=f"coalesce({lowered(first)}, '') not in ({listed})", reason="is a row of totals")
        )


def _without(reading: Reading, name: str, values: Sequence[str], what: str) -> None:
    """Leave out the rows whose column holds one of the values; their number is said."""
    column = reading.match.profile[name]
    rows = sum(column.values.get(value, 0) for value in values)
    listed = ", ".join(text_literal(value.lower().strip()) for value in values)
    sql = f"coalesce({lowered(name)}, '') not in ({listed})"
    order = reading.match.column("order_id")
    if (
        order is not None
        and order.distinct < column.rows
        and column.filled == firsts(reading.match, name, order.name)
    ):
        said = f"nullif(trim(cast({Engine.quote(name)} as varchar)), '')"
        whole = f"max({said}) over (partition by {Engine.quote(order.name)})"
        sql = f"coalesce(lower({whole}), '') not in ({listed})"
        what += ", which the first line of an order says"
    reading.filters.append(Filter(sql=sql, reason=f"{what} ({rows:,} of the {column.rows:,} rows looked at)"))


def _orders(reading: Reading) -> None:
    match, cells = reading.match, reading.cells
    if "ordered_at" not in cells and "paid_on" in cells:
        cells["ordered_at"] = cells.pop("paid_on")
        reading.questions.append("transactions.ordered_at has no column: the day of payment is taken.")
    days = [n for n, one in match.profile.items() if one.dates > 0.97 and one.filled > 0.97 * one.rows]
    if "ordered_at" not in cells and len(days) == 1:
        cells["ordered_at"] = Cell(name=days[0], theirs=(days[0],), sure=0.6, why="the only day")
    if "customer_id" not in cells:
        for other in ("customer_email", "customer_phone", "customer_name"):
            cell = _virtual_cell(match, other)
            if cell is not None:
                cells["customer_id"] = cell
                break
    if "product_id" not in cells and "product_name" not in match.guesses and "order_id" in cells:
        cells["product_id"] = Cell(value="unknown", sure=0.6)
        reading.questions.append(
            "transactions.product_id has no column: each row counts as one unknown product."
        )
    _amount(reading)
    _status(reading)


def _amount(reading: Reading) -> None:
    """What a line brought: a column that says so, or quantity times price; never an order's total on each line."""
    match, cells = reading.match, reading.cells
    sums = Sums(match)
    net = match.guesses.get("net_amount")
    once = net is None or sums.repeated(net.theirs) or sums.sparse(net.theirs)
    if net is not None and once and sums.price:
        said = (
            "stands again on each line of an order" if sums.repeated(net.theirs) else "is empty on most lines"
        )
        reading.questions.append(f'"{net.theirs}" {said}: quantity times price is taken for the line.')
    if once and sums.price:
        cells["net_amount"] = sums.product()
    elif net is None:
        total = match.guesses.get("order_total")
        if total is None:
            return
        cells["net_amount"] = _virtual_cell(match, "order_total") or Cell()
        once = sums.repeated(total.theirs)
    if once and not sums.price and "line_no" in cells and "net_amount" in cells:
        first = cells["line_no"].expression
        total_sql = (
            f"case when cast({first} as varchar) = '1' then {cells['net_amount'].expression} else 0 end"
        )
        cells["net_amount"] = Cell(sql=total_sql, theirs=cells["net_amount"].theirs, sure=0.7)
        reading.questions.append("The order's total is counted once, on its first line.")
    discount = cells.get("discount_amount")
    if discount is not None and discount.name and sums.of_the_order(discount.name):
        del cells["discount_amount"]
    elif discount is not None and discount.name and sums.hundred(discount.name):
        cells.pop("discount_amount")
        if sums.price:
            gross = sums.product(whole=True)
            sql = f"{gross.sql} * coalesce({Engine.quote(discount.name)}, 0) / {sums.hundred(discount.name)}"
            cells["discount_amount"] = replace(
                discount, name="", sql=sql, theirs=(*gross.theirs, discount.name), why="a share of the price"
            )
    elif discount is not None and discount.name and sums.before(discount.name) and not once:
        cell = cells["net_amount"]
        sql = f"{cell.expression} - coalesce({Engine.quote(discount.name)}, 0)"
        theirs = (*cell.theirs, discount.name)
        cells["net_amount"] = replace(cell, name="", sql=sql, theirs=theirs, why="less the discount")
    elif discount is not None and discount.name and net is not None and not once:
        cells["discount_amount"] = sums.discounts(discount, net.theirs)
    refunded = match.guesses.get("refunded_amount")
    order = match.column("order_id")
    if refunded is not None and order is not None and order.unique and "net_amount" in cells:
        cell = cells["net_amount"]
        sql = f"{cell.expression} - coalesce({Engine.quote(refunded.theirs)}, 0)"
        if match.profile[refunded.theirs].high > 0:
            cells["net_amount"] = Cell(sql=sql, theirs=(*cell.theirs, refunded.theirs), sure=cell.sure,
                                       samples=cell.samples, why="less what was paid back")  # fmt: skip


def _status(reading: Reading) -> None:
    """Orders that brought no money are left out."""
    match = reading.match
    guess = match.guesses.get("status")
    told = [guess.theirs] if guess is not None and match.profile[guess.theirs].values else []
    told += [name for name in match.profile if name not in told and _tells_status(match, name)]
    for name in told:
        _left_out_by(reading, name, surely=guess is not None and name == guess.theirs)
    cancelled = match.column("cancelled_at")
    if cancelled is not None and 0 < cancelled.filled < 0.5 * cancelled.rows:
        quoted = f"nullif(trim(cast({Engine.quote(cancelled.name)} as varchar)), '')"
        what = f"has {cancelled.name[:40]} ({cancelled.filled:,} of the {cancelled.rows:,} rows looked at)"
        reading.filters.append(Filter(sql=f"{quoted} is null", reason=what))
    for name, live in (("test_flag", "live"), ("cancelled_flag", "valid")):
        column = match.column(name)
        if column is not None and column.values:
            yes = [v for v in column.values if words("test").get(value_key(v)) or _is_cancelled(column, v)]
            good = live in column.name.lower()
            values = [value for value in column.values if value not in yes] if good else yes
            if values:
                _without(reading, column.name, values, "is a test" if name == "test_flag" else "is cancelled")


def _is_cancelled(column: Column, value: str) -> bool:
    return column.meaning("status", value) == "cancelled"


def _tells_status(match: Match, name: str) -> bool:
    """Whether a column that nothing else is read from says of each order what became of it, in known words."""
    column = match.profile[name]
    used = {guess.theirs for guess in match.guesses.values()}
    coded = (column.numbers > 0.5 or column.length < 3) and not column.said
    if name in used or not 2 <= len(column.values) <= 15 or coded:
        return False
    if "fulfil" in name.lower() or "ship" in name.lower():
        return False
    meanings = {value: column.meaning("status", value) for value in column.values}
    known = sum(n for value, n in column.values.items() if meanings[value])
    return bool(column.said) or (known > 0.9 * column.filled and "kept" in meanings.values())


def _left_out_by(reading: Reading, name: str, *, surely: bool) -> None:
    """Leave out the orders whose column says that they brought nothing."""
    match = reading.match
    meanings: dict[str, list[str]] = {}
    for value in match.profile[name].values:
        meanings.setdefault(match.profile[name].meaning("status", value) or "", []).append(value)
    if "refunded" in meanings and _refunds_are_negative(match, name, meanings["refunded"]):
        del meanings["refunded"]
    told = match.profile[name].said
    for kinds in (("cancelled", "failed", "refunded"), ("pending",) if surely else ()):
        gone = [kind for kind in kinds if kind in meanings]
        values = [value for kind in gone for value in meanings[kind]]
        if values:
            _without(reading, name, values, f"is {' or '.join(gone)}, by {name[:40]}")
            shown = ", ".join(
                sorted(f"{value} ({told[value]})" if value in told else value for value in values)
            )[:120]
            why = (
                "Right?"
                if gone != ["pending"]
                else "Do they count before they are paid? Then take that filter away."
            )
            reading.questions.append(f'Orders whose "{name}" is {shown} are left out. {why}')


def _refunds_are_negative(match: Match, status: str, values: Iterable[str]) -> bool:
    name = next(
        (match.guesses[one].theirs for one in ("net_amount", "order_total") if one in match.guesses), None
    )
    if name is None:
        return False
    frame = match.export.frame
    some = frame.loc[frame[status].astype(str).str.strip().isin(set(values)), name].head(500)
    found = [number_of(str(cell)) for cell in some]
    return bool(found) and sum(one is not None and one[0] < 0 for one in found) > 0.5 * len(found)


def _deals(reading: Reading) -> None:
    match, cells = reading.match, reading.cells
    source = next((name for name in ("outcome", "stage") if (c := match.column(name)) and _decides(c)), None)
    if source is not None:
        column = match.column(source)
        assert column is not None
        cells["outcome"] = _outcome_cell(match, source, column)
        unknown = [v for v in column.values if not column.meaning("outcome", v)]
        if unknown and source == "outcome":
            shown = ", ".join(unknown)[:120]
            reading.questions.append(f'Deals whose "{column.name}" is {shown} count as open. Right?')
    elif "is_won" in match.guesses:
        cells["outcome"] = _flag_outcome(match)
    elif "closed_at" in cells:
        name = cells["closed_at"].theirs[0]
        filled = f"nullif(trim(cast({Engine.quote(name)} as varchar)), '') is not null"
        sql = f"case when {filled} then 'won' else 'open' end"
        cells["outcome"] = Cell(sql=sql, theirs=(name,), sure=0.6)
        reading.questions.append(
            f'No column says what was won or lost: a deal with a "{name}" counts as won.'
        )
    else:
        cells.pop("outcome", None)
    if "stage" not in cells and "outcome" in cells:
        cells["stage"] = cells["outcome"]
    _expected_close(reading)


def _decides(column: Column) -> bool:
    return bool({"won", "lost"} & {column.meaning("outcome", value) for value in column.values})


def _outcome_cell(match: Match, source: str, column: Column) -> Cell:
    seen = {value.lower().strip(): column.meaning("outcome", value) for value in column.values}
    cases = " ".join(
        f"when {text_literal(value)} then {text_literal(meaning)}"
        for value, meaning in list(seen.items())[:MOST_CASES]
        if meaning in ("won", "lost") and len(value) < 80
    )
    guess = match.guesses[source]
    sure = min(0.99, guess.sure + 0.05)
    if all(value in ("open", "won", "lost") for value in seen):
        return Cell(name=column.name, theirs=(column.name,), sure=sure, samples=samples_of(column))
    sql = f"case {lowered(column.name)} {cases} else 'open' end"
    return Cell(
        sql=sql, theirs=(column.name,), sure=sure, runner_up=guess.runner_up, samples=samples_of(column)
    )


def _flag_outcome(match: Match) -> Cell:
    won = match.guesses["is_won"]
    yes = "('true', 't', 'yes', 'y', '1', 'ja', 'oui', '是')"
    closed = match.guesses.get("is_closed")
    lost = f"{lowered(closed.theirs)} in {yes}" if closed else "false"
    sql = f"case when {lowered(won.theirs)} in {yes} then 'won' when {lost} then 'lost' else 'open' end"
    return Cell(sql=sql, theirs=(won.theirs, *((closed.theirs,) if closed else ())), sure=won.sure)


def _expected_close(reading: Reading) -> None:
    """A closing date of an open deal is an expectation."""
    cells, match = reading.cells, reading.match
    closed, outcome = cells.get("closed_at"), cells.get("outcome")
    if closed is None or outcome is None or "expected_close_on" in cells or outcome.theirs == closed.theirs:
        return
    if not closed.name or not outcome.theirs:
        return
    frame = match.export.frame
    told = match.profile[outcome.theirs[0]]
    open_rows = frame[told.name].map(
        lambda cell: told.meaning("outcome", text_of(cell) or "") not in ("won", "lost")
    )
    if not frame.loc[open_rows, closed.name].map(lambda cell: cell not in (None, "")).any():
        return
    is_open = f"({outcome.expression}) = 'open'"
    cells["expected_close_on"] = Cell(
        sql=f"case when {is_open} then {closed.expression} end", theirs=closed.theirs, sure=closed.sure,
        why="of open deals an expectation",
    )  # fmt: skip
    cells["closed_at"] = Cell(
        sql=f"case when not {is_open} then {closed.expression} end", theirs=closed.theirs, sure=closed.sure,
        runner_up=closed.runner_up, samples=closed.samples,
    )  # fmt: skip


def _refusals(reading: Reading) -> None:
    """A consent that stands in the export as its refusal: Do Not Call, Email Opt Out."""
    for kind in ("email", "sms", "phone"):
        column = reading.match.column(f"{kind}_refusal")
        if f"{kind}_consent" in reading.cells or column is None or not column.values:
            continue
        turned = {"true": "false", "false": "true"}
        cases = ""
        for value in column.values:
            said = words("permission").get(value_key(value)) or turned.get(
                words("boolean").get(value_key(value), "")
            )
            cases += f" when {text_literal(value.lower().strip())} then {text_literal(said)}" if said else ""
        sure = reading.match.guesses[f"{kind}_refusal"].sure
        reading.cells[f"{kind}_consent"] = Cell(
            sql=f"case {lowered(column.name)}{cases} end", theirs=(column.name,), sure=sure,
            samples=samples_of(column), why="it says who refuses",
        )  # fmt: skip


def _people(reading: Reading) -> None:
    match, cells = reading.match, reading.cells
    if match.table == "customers":
        _refusals(reading)
    parts = [match.guesses[one].theirs for one in ("first_name", "last_name") if one in match.guesses]
    named = match.column("name")
    last = named is not None and names().meanings_of(match.table, named.name).get("last_name", 0.0) > 0.9
    if named is not None and parts and (named.empty or (len(parts) == 2 and last)):
        parts = [*parts[:1], named.name] if last and not named.empty else parts
        cells.pop("name", None)
    elif named is not None and len(parts) == 1 and _one_word(named):
        parts = [*parts, named.name] if "first_name" in match.guesses else [named.name, *parts]
        cells["name"] = replace(cells["name"], sure=0.5)
    if match.table == "customers" and parts and (firm := _all_are_firms(match, parts)):
        cells["name"] = Cell(name=firm, theirs=(firm,), sure=0.9, samples=samples_of(match.profile[firm]))
        return
    least = 0.97 if match.table == "contacts" else 0.8
    mixed = match.table == "customers" and bool(parts) and "name" not in cells
    firm = _firms_beside(match, parts) if mixed else ""
    key = cells.get(TABLES[match.table].keys[0])
    if key is not None and "name" in cells and key.theirs == cells["name"].theirs:
        least = 0.0
    if parts and ("name" not in cells or (len(parts) == 2 and cells["name"].sure < least)):
        texts = ", ".join(Engine.quote(part) for part in parts)
        sure = min(one.sure for one in match.guesses.values() if one.theirs in parts)
        said = f"concat_ws(' ', {texts})"
        said = f"coalesce(nullif({Engine.quote(firm)}, ''), {said})" if firm else said
        cells["name"] = Cell(sql=said, theirs=(*([firm] if firm else []), *parts), sure=sure)
    elif (
        len(parts) == 2
        and named is not None
        and named.filled < 0.9 * named.rows
        and match.table == "customers"
    ):
        texts = ", ".join(Engine.quote(part) for part in parts)
        sql = f"coalesce(nullif({Engine.quote(named.name)}, ''), concat_ws(' ', {texts}))"
        cells["name"] = replace(
            cells["name"], name="", sql=sql, theirs=(named.name, *parts), why="who has no company's name"
        )


def _one_word(column: Column) -> bool:
    """Whether nearly all values are one word, as last names are."""
    return sum(" " in text for text in column.texts) < 0.2 * len(column.texts)


def _all_are_firms(match: Match, parts: Sequence[str]) -> str:
    """The column before the persons that is called a name and is filled nearly everywhere: they are whom to ask for."""
    order = list(match.profile)
    before = set(order[: min(map(order.index, parts))])
    used = {*parts, *(guess.theirs for guess in match.guesses.values() if guess.field != "name")}
    return next(
        (
            name
            for name, one in match.profile.items()
            if name in before - used
            and one.filled > 0.97 * one.rows
            and one.distinct > 5
            and not _one_word(one)
            and names().meanings_of("customers", name).get("name", 0.0) > 0.9
            and names().meanings_of("customers", name).get("last_name", 0.0) < 0.9
        ),
        "",
    )


def _firms_beside(match: Match, parts: Sequence[str]) -> str:
    """The column of text that is filled where no person is named, and hardly elsewhere."""
    there = match.export.frame.map(lambda cell: text_of(cell) is not None)
    person, used = there[list(parts)].any(axis=1), {guess.theirs for guess in match.guesses.values()}
    texts = [n for n, c in match.profile.items() if n not in used and c.numbers < 0.5 and c.distinct > 5]
    mixed = 0.03 < person.mean() < 0.97
    return next((name for name in texts if mixed and (there[name] != person).mean() > 0.9), "")


def _log(reading: Reading) -> None:
    """A day that stands beside what came of a contact is that of the next one: the row is no plan."""
    cells, match = reading.cells, reading.match
    told = next((cells[one] for one in ("outcome", "duration_minutes", "notes") if one in cells), None)
    planned = match.column("planned_for")
    if told is None or planned is None or not planned.filled:
        return
    there = match.export.frame[[planned.name, told.theirs[0]]].map(lambda cell: text_of(cell) is not None)
    if there[told.theirs[0]][there[planned.name]].mean() > 0.5:
        del cells["planned_for"]
        reading.questions.append(
            f'"{planned.name}" tells of the contact after: it makes no row a plan. Right?'
        )


def _goods(reading: Reading) -> None:
    """The only grouping of products is their category."""
    cells = reading.cells
    other = next((one for one in ("department", "subcategory") if one in cells), None)
    if "category" not in cells and other:
        cells["category"] = cells.pop(other)


def _feedback(reading: Reading) -> None:
    score = reading.match.column("score")
    if score is not None and "score_max" not in reading.cells and score.numbers > 0.9:
        best = 5 if score.high <= 5 else 10 if score.high <= 10 else 100
        reading.cells["score_max"] = Cell(value=str(best), sure=0.7)


def _plans(reading: Reading) -> None:
    cells = reading.cells
    if "period_start" in cells and "period_end" not in cells:
        start = cells["period_start"]
        cells["period_end"] = Cell(
            sql=f"last_day(cast({start.expression} as date))", theirs=start.theirs, sure=0.6
        )
        reading.questions.append("plans.period_end has no column: the last day of the month is taken.")
