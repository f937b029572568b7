"""The doubtful guesses of a draft, asked one by one on a terminal."""

from collections.abc import Callable
from dataclasses import replace
from zoneinfo import available_timezones

from crmlib.prepare.config.parts import CURRENCIES
from crmlib.prepare.draft.draft import Draft, Parts, draft_of
from crmlib.prepare.draft.meaning import Cell
from crmlib.prepare.draft.score import SURE
from crmlib.prepare.draft.tables import Table

MOST = 5


def answered(found: Draft, *, ask: Callable[..., str]) -> Draft:
    """Ask at most five doubtful questions and draft anew from the answers; an empty answer takes the guess."""
    if found.parts is None:
        return found
    parts, left = found.parts, MOST
    for key, known, what in (
        ("currency", CURRENCIES, "The currency of the amounts (EUR, USD ...)"),
        ("time_zone", available_timezones(), "The zone of times that state none (Europe/Berlin ...)"),
    ):
        asked = [question for question in parts.questions if f"--{key.replace('_', '-')}" in question]
        if asked and left:
            given = ask(what, default=getattr(parts, key)).strip()
            left -= 1
            if given in known:
                questions = tuple(one for one in parts.questions if one not in asked)
                parts = replace(parts, questions=questions, **{key: given})
    for table, name, cell in _doubts(parts)[:left]:
        parts = _settled(parts, table, name, cell, ask)
    return draft_of(parts)


def _doubts(parts: Parts) -> list[tuple[Table, str, Cell]]:
    """Columns of which another is as likely, the least sure first."""
    found = [
        (table, name, cell)
        for table in parts.tables
        for name, cell in table.cells.items()
        if not table.missing and cell.sure < SURE and cell.name
    ]
    return sorted(found, key=lambda one: one[2].sure)


def _settled(parts: Parts, table: Table, name: str, cell: Cell, ask: Callable[..., str]) -> Parts:
    other = f", o for {cell.runner_up!r}" if cell.runner_up else ""
    question = f"Is {table.name}.{name} {cell.name!r}? y for yes{other}, n for neither"
    given = ask(question, default="y").strip().lower()[:1]
    cells = dict(table.cells)
    if given == "o" and cell.runner_up:
        cells[name] = replace(cell, name=cell.runner_up, runner_up=cell.name, sure=1.0, samples=())
    elif given == "n":
        del cells[name]
    else:
        cells[name] = replace(cell, sure=1.0)
    begins = f"Is {table.name}.{name} "
    now = next(one for one in parts.tables if one.name == table.name)
    cells = {one: cells.get(one, now.cells[one]) for one in now.cells if one in cells or one != name}
    tables = tuple(replace(one, cells=cells) if one.name == table.name else one for one in parts.tables)
    return replace(
        parts, tables=tables, questions=tuple(q for q in parts.questions if not q.startswith(begins))
    )
