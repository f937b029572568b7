"""`crmlib draft`: look at a folder of exports and say how they become the tables of a CRM."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import pandas as pd

from crmlib.prepare.config.parts import CURRENCIES
from crmlib.prepare.config.read import CONFIG_NAME
from crmlib.prepare.draft.currency import currencies_of, likely_currency, only_currency
from crmlib.prepare.draft.evidence import codes_of
from crmlib.prepare.draft.exports import Export, exports_of
from crmlib.prepare.draft.joins import join_heads
from crmlib.prepare.draft.meaning import Cell, read_as
from crmlib.prepare.draft.presets import preset_of
from crmlib.prepare.draft.profile import profile_of
from crmlib.prepare.draft.score import SURE, known_by_contact, matches_of
from crmlib.prepare.draft.tables import Table, tables_of
from crmlib.prepare.draft.write import written
from crmlib.schema.errors import ConfigError
from crmlib.schema.tables import CORE_TABLES

MOST_ASKED = 5
"""Questions on a terminal."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a draft is written from."""

    name: str
    tables: tuple[Table, ...]
    questions: tuple[str, ...]
    unused: tuple[tuple[str, str], ...]
    currency: str
    time_zone: str


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a folder of exports seems to hold.

    Attributes
    ----------
    text : str
        A crm.toml that runs; its doubts stand on top as questions, what was seen beside each column.
    tables : dict of table -> tuple of files
    columns : DataFrame
        One row a column of ours: `table`, `column`, `theirs` (a name or SQL), `sure` (0 to 1), `runner_up`,
        `samples` (masked).
    questions : tuple of str
        What is doubtful, the most doubtful first.
    gaps : tuple of str
        Required columns without which a table is left out of the text.
    unused : tuple of (file, reason)
    parts : what the text is written from
    """

    text: str = field(repr=False)
    tables: dict[str, tuple[str, ...]]
    columns: pd.DataFrame
    questions: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    unused: tuple[tuple[str, str], ...] = ()
    parts: "Parts | None" = field(default=None, repr=False)

    def __repr__(self) -> str:
        return (
            f"Draft({len(self.tables)} tables, {len(self.columns)} columns, {len(self.questions)} questions, "
            f"{len(self.gaps)} gaps)"
        )

    def _repr_html_(self) -> str:
        shown = (
            self.columns.assign(sure=self.columns["sure"].map("{:.0%}".format))
            if len(self.columns)
            else self.columns
        )
        parts = [shown.to_html(index=False, escape=True, border=0)]
        for title, lines in (
            ("To be answered", self.questions),
            ("Not found, and required", self.gaps),
            ("Not used", [f"{file}: {reason}" for file, reason in self.unused]),
        ):
            if lines:
                items = "".join(f"<li>{escape(line)}</li>" for line in lines)
                parts.append(f"<p>{title}</p><ul>{items}</ul>")
        return "\n".join(parts)

    def write(self, folder: str | Path) -> Path:
        """Write the text beside the exports as crm.toml, never over one that is there."""
        file = Path(folder) / CONFIG_NAME
        try:
            with file.open("x", encoding="utf-8") as stream:
                stream.write(self.text)
        except FileExistsError:
            raise ConfigError(f"{file} is there already and stays as it is. Move it away first.") from None
        return file


def draft(folder: str | Path, *, currency: str | None = None, time_zone: str | None = None) -> Draft:
    """Draft a crm.toml for a folder of exports, from the names, values and keys of their columns.

    Every CSV file, workbook sheet, JSON lines, Parquet file, SQLite or DuckDB table of the folder and below it is
    looked at; names in English, Chinese, Japanese, German, French, Spanish and Portuguese are known. Nothing in the
    folder is changed, nothing is refused: what cannot be used is said.

    Parameters
    ----------
    folder : str or Path
    currency : str, optional
        Code of ISO 4217. Without it the currency that most amounts state is taken, else that of the country of
        most customers, else JPY where names of columns are Japanese, else EUR.
    time_zone : str, optional
        IANA name of the zone of times that state none; UTC otherwise.

    Returns
    -------
    Draft
        In JupyterLab the mapping is shown as a table.

    Raises
    ------
    ConfigError
        Where there is no such folder.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> text = "InvoiceNo,StockCode,InvoiceDate,Quantity,UnitPrice\\n1,a,2020-01-05,2,9.5\\n"
    >>> _ = (folder / "orders.csv").write_text(text)
    >>> draft(folder).columns.query("table == 'transactions'")[["column", "theirs"]].values.tolist()
    [['order_id', 'InvoiceNo'], ['product_id', 'StockCode'], ['ordered_at', 'InvoiceDate'], ['quantity', 'Quantity'],
     ['net_amount', '"Quantity" * "UnitPrice"']]
    """
    root = Path(folder)
    if not root.is_dir():
        raise ConfigError(f"{folder}: there is no such folder. Name the one that holds the exports.")
    exports, unused = exports_of(root)
    matches, left = join_heads(*matches_of(exports))
    matches = known_by_contact(matches)
    unused += [(", ".join(export.entries), _unlike(export)) for export, _ in left]
    readings = [read_as(match) for match in matches]
    seen = currencies_of(readings)
    likely, why = likely_currency(readings, exports)
    chosen = currency or (max(seen, key=lambda code: seen[code]) if seen else likely)
    for reading in readings:
        only_currency(reading, chosen)
    tables, doubled = tables_of(readings)
    unused += doubled
    questions = _questions(
        tables, currency=currency, seen=bool(seen), chosen=f"{chosen} is taken{why}", time_zone=time_zone
    )
    if not {table.name for table in tables if not table.missing} & set(CORE_TABLES):
        questions.insert(0, f"No export gives {' or '.join(CORE_TABLES)}: reports need one of them.")
    return draft_of(
        Parts(
            name=root.resolve().name,
            tables=tuple(tables),
            questions=tuple(questions),
            unused=tuple(unused),
            currency=chosen,
            time_zone=time_zone or "UTC",
        )
    )


def draft_of(parts: Parts) -> Draft:
    """The draft that is written from its parts."""
    usable = [table for table in parts.tables if not table.missing]
    return Draft(
        text=written(
            parts.name,
            parts.tables,
            parts.questions,
            parts.unused,
            currency=parts.currency,
            time_zone=parts.time_zone,
        ),
        tables={table.name: table.entries for table in usable},
        columns=_frame(usable),
        questions=parts.questions,
        gaps=tuple(f"{table.name}.{name}" for table in parts.tables for name in table.missing),
        unused=parts.unused,
        parts=parts,
    )


def _unlike(export: Export) -> str:
    if codes_of(export, profile_of(export.frame)):
        return "its words are read for the codes that other exports hold"
    preset = preset_of(export.columns)
    if preset is not None and not preset.table:
        return f"{preset.system}: {preset.says}"
    return f"its columns look like no table: {', '.join(export.columns[:8])}"


def _questions(
    tables: Sequence[Table], *, currency: str | None, seen: bool, chosen: str, time_zone: str | None
) -> list[str]:
    found = list(dict.fromkeys(question for table in tables for question in table.questions))
    if currency is None and not seen:
        found.append(f"No export states a currency: {chosen}. State it with --currency.")
    if time_zone is None and any(table.naive_times for table in tables):
        found.append("Times state no zone: UTC is taken. State yours with --time-zone.")
    return found


def _frame(tables: Sequence[Table]) -> pd.DataFrame:
    rows = [
        (table.name, name, _shown(cell), round(cell.sure, 2), cell.runner_up, " · ".join(cell.samples))
        for table in tables
        for name, cell in table.cells.items()
    ]
    return pd.DataFrame(rows, columns=["table", "column", "theirs", "sure", "runner_up", "samples"])


def _shown(cell: Cell) -> str:
    return cell.name or cell.sql or repr(cell.value)


# The doubtful guesses, asked one by one on a terminal.


def answered(found: Draft, *, ask: Callable[..., str]) -> Draft:
    """Ask at most five doubtful questions and draft anew from the answers; an empty answer takes the guess."""
    if found.parts is None:
        return found
    parts, left = found.parts, MOST_ASKED
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
                changed: dict[str, Any] = {"questions": questions, key: given}
                parts = replace(parts, **changed)
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
