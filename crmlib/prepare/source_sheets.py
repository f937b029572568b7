"""Sheets of workbooks: Excel and OpenDocument."""

from collections.abc import Iterator
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from crmlib.prepare.engine import Engine
from crmlib.prepare.source_files import FileReference
from crmlib.prepare.source_parts import Part, distinct_names
from crmlib.prepare.source_rows import read_rows_part
from crmlib.schema.errors import SourceError, nearest


def read_sheet_part(engine: Engine, file: FileReference, *, name: str) -> Part:
    """Read one sheet; its first row that is not empty has the column names.

    Parameters
    ----------
    engine : Engine
    file : FileReference
        `part` is the sheet; it may be left out where only one sheet has rows.
    name : str
        Free in the engine; a table is made under it.

    Raises
    ------
    SourceError
        If it is no workbook, is locked by a password, or has no such sheet (the message names those it has).

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from openpyxl import Workbook
    >>> book, path = Workbook(), Path(tempfile.mkdtemp()) / "book.xlsx"
    >>> for row in (["id", "day"], [7, "monday"]):
    ...     book.active.append(row)
    >>> book.save(path)
    >>> engine = Engine()
    >>> part = read_sheet_part(engine, FileReference(path=path, shown="book.xlsx"), name="t")
    >>> part.shown, engine.rows(part.select)
    ('book.xlsx#Sheet', [(2, 7, 'monday')])
    """
    try:
        book = CalamineWorkbook.from_path(str(file.path))
    except PasswordError as error:
        raise SourceError(f"{file.shown} is locked by a password. Save it without one.") from error
    except (CalamineError, OSError, ValueError) as error:
        raise SourceError(
            f"{file.shown} cannot be read as a workbook ({error}). Save it again as .xlsx."
        ) from error
    sheet = _sheet(book, file)
    whole = file.shown if f"#{sheet.name}" in file.shown else f"{file.shown}#{sheet.name}"
    rows = ((number, row) for number, row in enumerate(sheet.iter_rows(), start=1) if _filled(row))
    header = next(rows, None)
    if header is None:
        raise SourceError(f"{whole} is empty. Name another sheet, or export it again.")
    names, renamed = distinct_names(_names_of(header[1]))
    return read_rows_part(
        engine, _values(rows), names=names, name=name, shown=whole, notes=[f"{whole}: {n}." for n in renamed]
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
