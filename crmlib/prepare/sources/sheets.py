"""Sheets of workbooks: Excel and OpenDocument."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import Any
from uuid import uuid4

import pandas as pd
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from crmlib.prepare.check.casting import text_literal
from crmlib.prepare.engine import Engine
from crmlib.prepare.sources.encodings import TextFile
from crmlib.prepare.sources.files import (
    TEXT_SHOWN,
    FileReference,
    Part,
    distinct_names,
    rejects_frame,
    scratch_folder,
)
from crmlib.prepare.sources.text import (
    TITLE_LINES,
    Dialect,
    header_below,
    load_records,
    number_rows,
    read_rows_part,
    rejected_records,
    title_note,
)
from crmlib.schema.errors import SourceError, nearest


def read_sheet_part(
    engine: Engine, file: FileReference, *, name: str, header_row: int | None = None, decimal: str = "."
) -> Part:
    """Read one sheet; its first row that is not empty has the column names, unless `header_row` states another."""
    try:
        with file.path.open("rb") as stream:  # an .xls may hold an .xlsx: what is in it says what it is
            book = CalamineWorkbook.from_filelike(stream)
    except PasswordError as error:
        raise SourceError(f"{file.shown} is locked by a password. Save it without one.") from error
    except (CalamineError, OSError, ValueError) as error:
        raise SourceError(
            f"{file.shown} cannot be read as a workbook ({error}). Save it again as .xlsx."
        ) from error
    sheet = _sheet(book, file)
    whole = file.shown if f"#{sheet.name}" in file.shown else f"{file.shown}#{sheet.name}"
    rows = ((number, row) for number, row in enumerate(rows_of(sheet), start=1) if _filled(row))
    top = list(islice(rows, TITLE_LINES if header_row is None else header_row))
    if header_row is not None:
        below = [row for row in top if row[0] >= header_row]
        title = title_note(
            whole, [" ".join(map(str, filter(_cell, row))) for number, row in top if number < header_row]
        )
        top = below
    else:
        title = ()
        _refuse_title(top, whole)
    if not top:
        raise SourceError(f"{whole} is empty. Name another sheet, or export it again.")
    header = top[0]
    names, renamed = distinct_names(_names_of(header[1]))
    notes = [*title, *(f"{whole}: {n}." for n in renamed)]
    again: list[tuple[str, str, int, str]] = []

    def below_header() -> Iterator[tuple[int, list[Any]]]:
        for number, row in chain(top[1:], rows):
            if row == header[1]:
                again.append(("repeats the header", whole, number, ""))
            else:
                yield number, row

    part = read_rows_part(
        engine, _values(below_header()), names=names, name=name, shown=whole, notes=notes, decimal=decimal
    )
    return replace(part, rejects=rejects_frame(again)) if again else part


def rows_of(sheet: CalamineSheet) -> Iterator[list[Any]]:
    """The rows of a sheet; cells merged downwards hold their value in each row."""
    below = {
        (row, column): first
        for (first, column), (last, _) in sheet.merged_cell_ranges or ()
        for row in range(first + 1, last + 1)
    }
    kept: dict[tuple[int, int], Any] = {}
    starts = {(first, column) for (_, column), first in below.items()}
    for number, row in enumerate(sheet.iter_rows()):
        for column in range(len(row)) if below else ():
            if (number, column) in starts:
                kept[number, column] = row[column]
            elif (number, column) in below:
                row[column] = kept.get((below[number, column], column), row[column])
        yield row


def _cell(cell: Any) -> bool:
    return cell != ""


def _refuse_title(top: list[tuple[int, list[Any]]], whole: str) -> None:
    lines = [",".join("" if cell == "" else "x" for cell in row) for _, row in top]
    if place := header_below(lines, ","):
        first, number = top[0][1], top[place][0]
        words = " ".join(str(cell) for cell in first if cell != "")[:60]
        raise SourceError(
            f"{whole}: row {top[0][0]} ({words!r}) is a title; the column names seem to stand in row {number}. "
            f"State it in crm.toml under the table: header_row = {number}."
        )


def _sheet(book: CalamineWorkbook, file: FileReference) -> CalamineSheet:
    names = book.sheet_names
    if file.part is not None:
        same = [name for name in names if name.strip().lower() == file.part.strip().lower()]
        if len(same) != 1 and file.part not in names:
            there = ", ".join(names) or "none"
            hint = nearest(file.part, names)
            hint = hint if hint.startswith(" Did") else ""
            raise SourceError(f"{file.shown} has no sheet {file.part}. There are: {there}.{hint}")
        return book.get_sheet_by_name(file.part if file.part in names else same[0])
    hidden = {entry.name for entry in book.sheets_metadata if entry.visible != SheetVisibleEnum.Visible}
    filled = [name for name in names if name not in hidden and book.get_sheet_by_name(name).height]
    if len(filled) == 1:
        return book.get_sheet_by_name(filled[0])
    if not filled:
        raise SourceError(f"{file.shown} has no sheet with rows. Save it again, or name another file.")
    raise SourceError(
        f'{file.shown} has several sheets: {", ".join(filled)}. Write "{file.shown}#{filled[0]}".'
    )


def _names_of(cells: list[Any]) -> list[Any]:
    """Column names as text; empty columns on the right are none."""
    names = [str(int(cell)) if isinstance(cell, float) and cell == int(cell) else cell for cell in cells]
    while names and names[-1] == "":
        names.pop()
    return names


def _values(rows: Iterator[tuple[int, list[Any]]]) -> Iterator[tuple[int, list[Any]]]:
    return ((number, [None if cell == "" else cell for cell in row]) for number, row in rows)


def _filled(row: list[Any]) -> bool:
    return any(cell != "" for cell in row)


MOST_ARRAY = 512 << 20
"""A JSON array of more bytes than this is not taken into memory."""

MAX_KEYS = 2000
"""More keys than this, and the keys themselves are data."""

_IS_OBJECT = "(coalesce(try(json_type(c0)), '') = 'OBJECT')"
_LINES = Dialect(delimiter="\x1f", escape="", skip=0, header=("line",))


def read_json_part(engine: Engine, text: TextFile, *, name: str, shown: str) -> Part:
    """Read JSON lines into the engine: one object a line, values as text, inner objects as JSON."""
    if _is_one_document(text):
        return _read_document(engine, text, name=name, shown=shown)
    return _read_lines(engine, text, name=name, shown=shown)


def _read_lines(engine: Engine, text: TextFile, *, name: str, shown: str) -> Part:
    lines = f"{name}_lines"
    found = load_records(engine, text, name=lines, dialect=_LINES, width=1, shown=shown, header=False)
    numbered = _numbered(engine, lines, [record for record, _, _ in found])
    keys = _keys(engine, numbered, shown)
    names, renamed = distinct_names(keys)
    paths = ", ".join(text_literal(_pointer(key)) for key in keys)
    cells = ", ".join(f"v[{i}] as {Engine.quote(column)}" for i, column in enumerate(names, start=1))
    engine.execute(
        f"create or replace table {name} as select _row, {cells} from "
        f"(select _row, json_extract_string(c0, [{paths}]) as v from {numbered} where {_IS_OBJECT})"
    )
    bad = engine.rows(
        f"select _row, left(c0, {TEXT_SHOWN}) from {numbered} "
        f"where c0 is not null and not {_IS_OBJECT} order by _row"
    )
    no_objects = rejects_frame([("is no JSON object", shown, row, line) for row, line in bad])
    engine.execute(f"drop table {lines}; drop table if exists {lines}_rows")
    (rows,) = engine.rows(f"select count(*) from {name}")[0]
    columns = ", ".join(["_row", *(Engine.quote(column) for column in names)])
    rejects = pd.concat([rejected_records(found, shown), no_objects], ignore_index=True)
    return Part(
        shown=shown,
        columns=tuple(names),
        select=f"select {columns} from {name}",
        rows=rows,
        rejects=rejects.sort_values("row", kind="stable", ignore_index=True),
        notes=(*text.notes, *(f"{shown}: {note}." for note in renamed)),
        relations=(name,),
    )


def _is_one_document(text: TextFile) -> bool:
    """Whether a file is an array, or an object that more than its first line holds or that holds a list of objects."""
    head = text.head(1 << 16).lstrip("\ufeff \t\r\n")
    first, _, rest = head.partition("\n")
    if head.startswith("[") or rest.strip():
        return head.startswith("[") or (head.startswith("{") and first.rstrip().endswith(("{", "[", ",")))
    try:
        return bool(_lists(json.loads(first)))
    except (ValueError, RecursionError):
        return head.startswith("{")


def _lists(document: Any, depth: int = 2) -> list[tuple[str, list[Any]]]:
    """The lists of objects that an object holds, itself or in an object of its own, with their keys."""
    found = []
    for key, value in document.items() if isinstance(document, dict) and depth else ():
        if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            found.append((key, value))
        found += _lists(value, depth - 1)
    return found


def _read_document(engine: Engine, text: TextFile, *, name: str, shown: str) -> Part:
    """Read one JSON array, or the only list of objects in one object, as if its elements stood one a line."""
    if text.size > MOST_ARRAY:
        raise SourceError(
            f"{shown} is one JSON document of {text.size >> 20} MB. "
            "Write one object a line: jq -c '.[]' in.json > out.jsonl"
        )
    try:
        with text.open() as stream:
            document = json.loads(stream.read().decode("utf-8-sig"), parse_float=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        if not text.head(4096).lstrip().startswith("["):
            return _read_lines(engine, text, name=name, shown=shown)
        raise SourceError(f"{shown} is no JSON ({error}). Export it again.") from error
    lists, notes = _lists(document), text.notes
    if len(lists) > 1:
        named = ", ".join(key[:40] for key, _ in lists[:5])
        raise SourceError(f"{shown} holds several lists: {named}. Write each as a file, one object a line.")
    if not isinstance(document, list):
        if not lists:
            return _read_lines(engine, text, name=name, shown=shown)
        notes = (*notes, f"{shown} is one object: its rows are its list {lists[0][0][:40]!r}.")
        document = lists[0][1]
    target = scratch_folder() / f"{uuid4().hex}.jsonl"
    try:
        target.write_text("\n".join(json.dumps(one, ensure_ascii=False) for one in document), "utf-8")
        lines = replace(text, path=target, packed=False, encoding="utf-8", blank_lines=False, notes=notes)
        return _read_lines(engine, lines, name=name, shown=shown)
    finally:
        target.unlink(missing_ok=True)


def _numbered(engine: Engine, lines: str, rejected: list[int]) -> str:
    """The lines with their numbers, as SQL."""
    if not rejected:
        return f"(select rowid + 1 as _row, c0 from {lines})"
    (rows,) = engine.rows(f"select count(*) from {lines}")[0]
    numbers = number_rows(engine, f"{lines}_rows", rows, set(rejected))
    return f"(select n as _row, c0 from {lines} positional join {numbers})"


def _keys(engine: Engine, lines: str, shown: str) -> list[str]:
    """All keys of the objects, in the order in which they first appear."""
    found = engine.rows(
        f"with shapes as (select json_keys(c0) as keys, min(_row) as seen from {lines} where {_IS_OBJECT} "
        "group by all) select key from (select unnest(keys) as key, "
        "generate_subscripts(keys, 1) as place, seen from shapes) "
        f"group by key order by min(seen * 100000 + place) limit {MAX_KEYS + 1}"
    )
    if not found:
        raise SourceError(f"{shown}: no line holds a JSON object with keys. Write one object a line.")
    if len(found) > MAX_KEYS:
        raise SourceError(f"{shown} has more than {MAX_KEYS:,} keys. Write the changing ones as values.")
    return [key for (key,) in found]


def _pointer(key: str) -> str:
    """A key as a JSON pointer (RFC 6901)."""
    return "/" + key.replace("~", "~0").replace("/", "~1")
