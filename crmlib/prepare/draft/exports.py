"""What a folder of exports holds: every readable table in it, months of one export taken together."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from io import StringIO
from pathlib import Path
from zipfile import BadZipFile

import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from crmlib.prepare.check.casting import text_literal
from crmlib.prepare.config.read import CONFIG_NAME, WorkspaceConfig
from crmlib.prepare.engine import Engine, EngineError
from crmlib.prepare.sources.door import allowed_paths, close_source, open_source
from crmlib.prepare.sources.encodings import prepare_text
from crmlib.prepare.sources.files import (
    SUFFIXES,
    FileReference,
    distinct_names,
    inside_zip,
    scratch_folder,
    unpacked,
)
from crmlib.prepare.sources.headers import LOOKED_AT, beginning_of, header_place
from crmlib.prepare.sources.sheets import rows_of
from crmlib.schema.errors import CrmlibError, SourceError

ROWS_READ = 60_000
"""Rows of a table that are looked at; of several files, as many of each."""

LEAST_ROWS = 4_000
MOST_FILES = 2_000
_HEAD = 24 << 20
_OURS = ("set_aside", "outbox", "reports")
_SUFFIXES = tuple(f".{suffix}" for suffixes in SUFFIXES.values() for suffix in suffixes)
_TOTALS = re.compile(
    r"(grand |sub)?totals?:?|(gesamt)?summe|gesamt|total g[eé]n[eé]ral|suma|soma|总计|總計|合计|合計|小计|小計|総計",
    re.IGNORECASE,
)
_IN_A_ZIP = tuple(f".{suffix}" for kind in ("csv", "json", "parquet") for suffix in SUFFIXES[kind])
_UNREADABLE = (CrmlibError, OSError, ValueError, sqlite3.Error, EngineError, BadZipFile)
_TEMPORARY = ("~", ".tmp", ".part", ".crdownload", ".swp", ".bak")


@dataclass(frozen=True, kw_only=True)
class Join:
    """Another export of the folder whose rows stand beside these where two columns agree."""

    source: str
    mine: str
    theirs: str


@dataclass(frozen=True, kw_only=True)
class Export:
    """One table as it lies in the folder.

    Parameters
    ----------
    entries : what stands behind `from` in crm.toml
    frame : its first rows; text where the file holds text
    rows : rows of `frame`, or of the whole where that is known
    encoding, delimiter : of text that is not UTF-8 with commas, semicolons, tabs or bars as the reader finds them
    header_row : the line of the header where it is not the first that holds something
    totals : values of the first column that stand in rows of totals
    notes : what is odd about it
    joins : other exports that are joined to it
    """

    entries: tuple[str, ...]
    frame: pd.DataFrame
    encoding: str | None = None
    delimiter: str = ","
    header_row: int | None = None
    totals: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    joins: tuple[Join, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self.frame.columns)


def exports_of(folder: Path) -> tuple[list[Export], list[tuple[str, str]]]:
    """Every table that can be read in a folder and below it, and what cannot be, with the reason."""
    found: list[Export] = []
    unused: list[tuple[str, str]] = []
    with Engine(allowed_paths=[folder.resolve(), scratch_folder()]) as engine:
        for entry, path in _files(folder):
            _read_into(found, unused, engine, folder, entry, path)
    return _months_together(found), unused


def _read_into(
    found: list[Export], unused: list[tuple[str, str]], engine: Engine, folder: Path, entry: str, path: Path
) -> None:
    """The tables of one file; of databases and zip files those that can be read, whatever becomes of the others."""
    try:
        for name, file in _parts_of(engine, entry, path):
            try:
                found += _tables_in(engine, folder, name, file)
            except _UNREADABLE as error:
                unused.append((name, str(error)))
    except _UNREADABLE as error:
        unused.append((entry, str(error)))


def _parts_of(engine: Engine, entry: str, path: Path) -> list[tuple[str, Path]]:
    if path.suffix.lower() == ".zip":
        inner = [name for name in inside_zip(path) if name.lower().removesuffix(".gz").endswith(_IN_A_ZIP)]
        inner = [name for name in inner if not name.startswith("__MACOSX/")]
        if not inner:
            raise SourceError(f"holds no file that can be read: {', '.join(inside_zip(path))[:200]}")
        return [(f"{entry}#{name}", unpacked(path, name, shown=f"{entry}#{name}")) for name in inner]
    kind = FileReference(path=path, shown=entry).kind
    if kind in ("sqlite", "duckdb"):
        names = _sqlite_tables(path) if kind == "sqlite" else _duckdb_tables(engine, path)
        return [(f"{entry}#{name}", path) for name in names]
    return [(entry, path)]


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    root = folder.resolve()
    for number, path in enumerate(sorted(folder.rglob("*"))):
        inner = path.relative_to(folder)
        hidden = any(name.startswith((".", "~$")) or name in _OURS for name in inner.parts)
        name = path.name.lower().removesuffix(".gz")
        if hidden or name.endswith(_TEMPORARY) or not path.is_file() or path.name == CONFIG_NAME:
            continue
        if (
            number < MOST_FILES
            and path.resolve().is_relative_to(root)
            and name.endswith((*_SUFFIXES, ".db", ".zip"))
        ):
            yield inner.as_posix(), path


def _tables_in(engine: Engine, folder: Path, entry: str, path: Path) -> list[Export]:
    kind = FileReference(path=path, shown=entry).kind
    if kind == "csv":
        return _text_table(entry, path)
    if kind == "excel":
        return list(_sheets(entry, path))
    return [_by_reader(engine, folder, entry)]


def _text_table(entry: str, path: Path) -> list[Export]:
    encoding = None
    try:
        text = prepare_text(path, shown=entry, scratch=scratch_folder())
    except SourceError:
        encoding = _encoding_by_letters(path)
        if encoding is None:
            raise
        text = prepare_text(path, shown=entry, stated=encoding, scratch=scratch_folder())
    try:
        head = text.head(_HEAD)
    finally:
        if text.copied:
            text.path.unlink(missing_ok=True)
    start = beginning_of(head[: 1 << 20])
    if start is None or (len(start.header) < 2 and _is_prose(head)):
        raise SourceError("holds no table: no line could be a header of columns")
    lines = head.split("\n")
    first = next(
        (i for i, line in enumerate(lines, start=1) if line.strip() and not line.lower().startswith("sep=")),
        1,
    )
    frame = pd.read_csv(
        StringIO(head), sep=start.delimiter, skiprows=start.line - 1, header=0, names=distinct_names(start.header)[0],
        dtype=str, keep_default_na=False, nrows=ROWS_READ, on_bad_lines="skip", index_col=False,
        skip_blank_lines=True, engine="c",
    )  # fmt: skip
    frame, totals, notes = _cleaned(frame.fillna(""))
    title = start.line if start.line != first else None
    taken = encoding or (
        text.encoding if text.encoding not in ("utf-8", "utf-8-sig") and text.notes else None
    )
    return [
        Export(
            entries=(entry,),
            frame=frame,
            encoding=taken,
            delimiter=start.delimiter,
            header_row=title,
            totals=totals,
            notes=(*text.notes, *notes),
        )
    ]


def _is_prose(head: str) -> bool:
    """Whether a file of one column is running text: its header line holds a sentence."""
    first = next((line.strip() for line in head.splitlines() if line.strip()), "")
    return len(first.split()) > 1 or not first


_COMMON = {
    "gb18030": ((0xB0, 0xD7),),
    "big5": ((0xA4, 0xC6),),
    "shift_jis": ((0x81, 0x83), (0x88, 0x97)),
    "euc_jp": ((0xA4, 0xA5), (0xB0, 0xCF)),
    "euc_kr": ((0xB0, 0xC8),),
    "cp1252": ((0xC0, 0xFF), (0x80, 0x80)),
    "cp1250": ((0x8A, 0x9F), (0xB9, 0xFF)),
    "cp1251": ((0xC0, 0xFF),),
}
"""First bytes of the common letters of an encoding."""


def _encoding_by_letters(path: Path) -> str | None:
    """The encoding whose common letters a file is made of, where the reader asks to be told."""
    if path.name.lower().endswith(".gz"):
        return None
    raw = path.read_bytes()[: 1 << 20].rsplit(b"\n", 1)[0]
    if b"\x00" in raw:
        return None
    found = {encoding: _commonness(raw, encoding) for encoding in _COMMON}
    best = max(found, key=lambda encoding: found[encoding])
    return best if found[best] > 0.6 else None


def _commonness(raw: bytes, encoding: str) -> float:
    """The share of common ones among the letters beyond ASCII; letters of two bytes count more than of one."""
    text = raw.decode(encoding, "replace")
    letters = [sign for sign in text if ord(sign) > 127]
    wrong = letters.count("\ufffd")
    if not letters or wrong > 0.02 * len(letters) + 1:
        return 0.0
    firsts = [sign.encode(encoding, "replace")[:1] for sign in letters if sign != "\ufffd"]
    common = sum(any(low <= first[0] <= high for low, high in _COMMON[encoding]) for first in firsts if first)
    single = encoding.startswith("cp")
    kana = sum("\u3041" <= sign <= "\u30ff" for sign in letters) / len(letters)
    bonus = 0.2 * kana if encoding in ("shift_jis", "euc_jp") else 0.0
    return common / len(letters) * (0.7 if single else 1.0) + bonus


def _sheets(entry: str, path: Path) -> Iterator[Export]:
    try:
        book = CalamineWorkbook.from_path(str(path))
    except CalamineError as error:
        raise SourceError(f"cannot be read as a workbook ({error})") from error
    hidden = {sheet.name for sheet in book.sheets_metadata if sheet.visible != SheetVisibleEnum.Visible}
    for name in book.sheet_names:
        rows = [] if name in hidden else list(rows_of(book.get_sheet_by_name(name)))[: ROWS_READ + LOOKED_AT]
        place = header_place(rows[:LOOKED_AT]) if rows else None
        if place is None:
            continue
        cells = list(rows[place])
        while cells and cells[-1] == "":
            cells.pop()
        if len(cells) < 2:
            continue
        names, _ = distinct_names(cells)
        body = [[None if cell == "" else cell for cell in row[: len(names)]] for row in rows[place + 1 :]]
        frame = pd.DataFrame(
            [row for row in body if any(c is not None for c in row)], columns=names, dtype=object
        )
        first = next(i for i, row in enumerate(rows) if any(cell != "" for cell in row))
        frame, totals, notes = _cleaned(frame)
        title = place + 1 if place != first else None
        yield Export(entries=(f"{entry}#{name}",), frame=frame, header_row=title, totals=totals, notes=notes)


def _sqlite_tables(path: Path) -> list[str]:
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as shop:
        return [
            name
            for (name,) in shop.execute(
                "select name from sqlite_master where type in ('table', 'view') and name not like 'sqlite_%'"
            )
        ]


def _duckdb_tables(engine: Engine, path: Path) -> list[str]:
    engine.execute(f"attach {text_literal(str(path.resolve()))} as looked_at (read_only, type duckdb)")
    try:
        found = engine.rows(
            "select case schema_name when 'main' then '' else schema_name || '.' end || table_name "
            "from duckdb_tables() where database_name = 'looked_at' order by 1"
        )
    finally:
        engine.execute("detach looked_at")
    return [name for (name,) in found]


def _by_reader(engine: Engine, folder: Path, entry: str) -> Export:
    """Rows through the project's own reader."""
    config = WorkspaceConfig.model_validate(
        {
            "root": folder,
            "name": "draft",
            "currency": "EUR",
            "tables": {"transactions": {"from": _literally(entry)}},
        }
    )
    allowed_paths(config)
    source = open_source(engine, config, "transactions")
    try:
        names = ", ".join(Engine.quote(column) for column in source.columns)
        rows = engine.rows(f"select {names} from {source.view} limit {ROWS_READ}")
        frame = pd.DataFrame(rows, columns=list(source.columns), dtype=object)
    finally:
        close_source(engine, source)
    frame, totals, notes = _cleaned(frame)
    return Export(entries=(entry,), frame=frame, totals=totals, notes=(*source.notes, *notes))


def _literally(entry: str) -> str:
    return re.sub(r"([\[*?])", r"[\1]", entry)


def _cleaned(frame: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...], tuple[str, ...]]:
    """Rows without repeated headers, totals and lines of a footer, and what was left out."""
    if frame.empty:
        return frame, (), ()
    names = list(frame.columns)
    texts = frame.iloc[:, :3].map(lambda cell: "" if cell is None else str(cell).strip())
    repeated = (texts == [name.strip() for name in names[:3]]).all(axis=1)
    total = texts.iloc[:, 0].map(lambda cell: bool(_TOTALS.fullmatch(cell))) & (len(names) > 1)
    filled = frame.map(lambda cell: cell is not None and cell != "").sum(axis=1) if len(names) > 3 else None
    if filled is not None:
        told = texts.iloc[:, 0].map(lambda cell: bool(_TOTALS.match(cell)) and len(cell) < 40)
        total |= told & (filled <= 0.5 * len(names)) & (filled > 1)
    footer = (filled <= 1) & (texts.iloc[:, 0] != "") & ~total if filled is not None else total & False
    footer &= footer[::-1].cumprod()[::-1].astype(bool) | (filled is not None and len(frame) < 200)
    notes = []
    if repeated.any():
        notes.append(f"the header stands again in {int(repeated.sum())} rows")
    if total.any():
        notes.append(f"{int(total.sum())} rows hold totals")
    values = tuple(dict.fromkeys(texts.loc[total].iloc[:, 0])) if total.any() else ()
    return frame[~(repeated | total | footer)].reset_index(drop=True), values, tuple(notes)


def _months_together(exports: list[Export]) -> list[Export]:
    """Files with one header whose names differ by figures only become one, behind a pattern."""
    groups: dict[tuple[str, tuple[str, ...]], list[Export]] = {}
    for export in exports:
        name = export.entries[0]
        packed = ".zip#" in name.lower()
        shape = name if "#" in name and not packed else re.sub(r"\d+", "0", name)
        groups.setdefault((shape, export.columns), []).append(export)
    everything = [export.entries[0] for export in exports]
    return [_together(group, everything) for group in groups.values()]


def _together(group: list[Export], everything: list[str]) -> Export:
    entries = [export.entries[0] for export in group]
    if len(group) == 1:
        return replace(group[0], entries=tuple(one if "#" in one else _literally(one) for one in entries))
    each = max(LEAST_ROWS, ROWS_READ // len(group))
    return replace(
        group[0],
        entries=_pattern(entries, everything),
        frame=pd.concat([export.frame.head(each) for export in group], ignore_index=True),
        notes=tuple(dict.fromkeys(note for export in group for note in export.notes)),
        totals=tuple(dict.fromkeys(total for export in group for total in export.totals)),
    )


def _pattern(entries: list[str], everything: list[str]) -> tuple[str, ...]:
    """A pattern for files whose names differ in figures; their names where it would mean another file, too."""
    pattern = re.sub(r"\*(?:[-_. ]?\*)+", "*", re.sub(r"\d+", "*", _literally(entries[0])))
    if ".zip#" in pattern.lower():
        return tuple(entries)
    meant = [entry for entry in everything if fnmatchcase(entry, pattern)]
    return (pattern,) if set(meant) == set(entries) else tuple(_literally(entry) for entry in entries)
