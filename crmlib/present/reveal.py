"""From a list that left the house with pseudonyms back to the same list with the house's own customer numbers."""

import csv
import io
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from crmlib.prepare.encodings import prepare_text
from crmlib.prepare.privacy import KEY_VARIABLE, looks_like_pseudonym, reveal_ids
from crmlib.prepare.source_text import sniff
from crmlib.present.blocks_downloads import safe_cell
from crmlib.schema.errors import ParameterError, SourceError

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?|-?inf")


@dataclass(frozen=True, kw_only=True)
class Revealed:
    """What `reveal_list` wrote.

    Attributes
    ----------
    path : Path
        The new list.
    known, unknown : int
        Different pseudonyms that were, and were not, led back to a customer.

    Examples
    --------
    >>> Revealed(path=Path("call_list-revealed.csv"), known=3, unknown=0).known
    3
    """

    path: Path
    known: int
    unknown: int


def reveal_list(crm: Any, path: str | Path, *, out: str | Path | None = None) -> Revealed | None:
    """Write a list again with the house's own customer numbers in place of pseudonyms.

    Parameters
    ----------
    crm : Crm
        The same data, closing moment and key as when the list was made.
    path : path
        A CSV file or a workbook (its first sheet) as a page offers it; a spreadsheet may have saved it since.
    out : path, optional
        The new CSV file; otherwise ``NAME-revealed.csv`` beside the list.

    Returns
    -------
    Revealed, or None
        None where the list holds no pseudonym: nothing is written then.

    Raises
    ------
    SourceError
        If the list cannot be read.
    ParameterError
        If the new file is there already, is no CSV file, or not one pseudonym is of this workspace as it is.

    Examples
    --------
    >>> from crmlib import Crm
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "list.csv").write_text("Customer,Spend\\n17850,2.5\\n")
    >>> crm = Crm.from_frames(as_of="2020-01-31", customers=pd.DataFrame({"customer_id": ["17850"]}))
    >>> reveal_list(crm, folder / "list.csv") is None
    True
    """
    source = Path(path)
    target = Path(out) if out is not None else source.with_name(f"{source.stem}-revealed.csv")
    if target.suffix.lower() != ".csv":
        raise ParameterError(f"{target}: the new list is a CSV file. Name it .csv.")
    if target.exists():
        raise ParameterError(f"{target} is there already. Move it, or name another file with --out.")
    rows = read_list(source)
    found = pd.Series(sorted({cell.strip().upper() for row in rows for cell in row if _is_pseudonym(cell)}))
    if found.empty:
        return None
    own = dict(zip(found, reveal_ids(crm, found), strict=True))
    back = {name: identifier for name, identifier in own.items() if isinstance(identifier, str)}
    if not back:
        raise ParameterError(f"{source}: not one of its {len(found):,} pseudonyms {_REMEDY}")
    written = [[_revealed(cell, back) for cell in row] for row in rows]
    _write(target, written)
    return Revealed(path=target, known=len(back), unknown=len(found) - len(back))


def unknown_words(revealed: Revealed) -> str:
    """What to say of pseudonyms that were not led back; nothing where there are none.

    Examples
    --------
    >>> print(unknown_words(Revealed(path=Path("a.csv"), known=3, unknown=1)))
    1 of 4 pseudonyms is not of this workspace as it is now and stays as it was. Give the list's closing moment
    with --as-of, the exports it was made from, or the CRMLIB_PSEUDONYM_KEY of that time.
    """
    if not revealed.unknown:
        return ""
    verb, stays = ("is", "stays as it was") if revealed.unknown == 1 else ("are", "stay as they were")
    whole = revealed.known + revealed.unknown
    return (
        f"{revealed.unknown:,} of {whole:,} pseudonyms {verb} not of this workspace as it is now "
        f"and {stays}. {_WAYS}"
    )


_WAYS = (
    "Give the list's closing moment with --as-of, the exports it was made from, "
    f"or the {KEY_VARIABLE} of that time."
)
_REMEDY = f"is of this workspace as it is now. {_WAYS}"


def read_list(path: Path) -> list[list[str]]:
    """The cells of a CSV file, or of a workbook's first sheet, as text.

    Parameters
    ----------
    path : path

    Raises
    ------
    SourceError
        If it is not there, or cannot be read.

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "list.csv").write_text("Customer;Spend\\n007;2,5\\n")
    >>> read_list(folder / "list.csv")
    [['Customer', 'Spend'], ['007', '2,5']]
    """
    if not path.is_file():
        raise SourceError(f"There is no file {path}.")
    if path.suffix.lower() in WORKBOOKS:
        return list(_workbook_rows(path))
    with tempfile.TemporaryDirectory() as scratch:
        text = prepare_text(path, shown=path.name, scratch=Path(scratch))
        with text.open() as stream:
            content = stream.read().decode("utf-8-sig", "replace")
    dialect = sniff(content[:100_000], shown=path.name)
    lines = csv.reader(io.StringIO(content, newline=""), delimiter=dialect.delimiter)
    try:
        return [row for number, row in enumerate(lines) if number >= dialect.skip and row]
    except csv.Error as error:
        raise SourceError(f"{path.name} cannot be read as CSV ({error}). Save it again.") from error


def _workbook_rows(path: Path) -> Iterator[list[str]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(path))
        cells = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, OSError, ValueError, IndexError) as error:
        raise SourceError(f"{path.name} cannot be read as a workbook ({error}). Save it again.") from error
    for row in cells:
        yield [_as_text(cell) for cell in row]


def _as_text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _is_pseudonym(cell: str) -> bool:
    return looks_like_pseudonym(cell.strip().upper())


def _revealed(cell: str, back: dict[str, str]) -> str:
    own = back.get(cell.strip().upper()) if _is_pseudonym(cell) else None
    if own is not None:
        return safe_cell(own)
    return cell if _NUMBER.fullmatch(cell) else safe_cell(cell)


def _write(target: Path, rows: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    with target.open("xb") as file:
        file.write(b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "replace"))
