"""CSV: every value as text, every record counted, the unreadable ones kept apart."""

import csv
import glob
import io
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from crmlib.prepare.check.casting import MOST, text_literal
from crmlib.prepare.engine import Engine, EngineError
from crmlib.prepare.sources.encodings import TextFile
from crmlib.prepare.sources.files import TEXT_SHOWN, Part, distinct_names, rejects_frame
from crmlib.prepare.sources.headers import SIGNS
from crmlib.schema.errors import SourceError

MAX_LOST_LINES = 1000
"""More lines than this behind an unclosed quote, and the file counts as damaged."""

_SAMPLE_RECORDS = 300
_KEPT_TEXT = 100_000
_BUFFER = 8 << 20
_REASONS = {
    "MISSING COLUMNS": "has too few columns",
    "TOO MANY COLUMNS": "has too many columns",
    "UNQUOTED VALUE": "has a quote that is not closed",
    "LINE SIZE OVER MAXIMUM": "is longer than 8 MB",
    "INVALID ENCODING": "has bytes that are no UTF-8, or a zero byte",
    "CAST": "cannot be read",
}


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How a CSV file is written."""

    delimiter: str
    escape: str
    skip: int
    header: tuple[str, ...]


def sniff(head: str, *, shown: str, delimiter: str | None = None, header_row: int | None = None) -> Dialect:
    """Find out how a CSV file is written, from its first records; `header_row` states the line of the names."""
    skip = 0 if header_row is None else header_row - 1
    lines = list(io.StringIO(head, newline=""))
    while header_row is None and skip < len(lines) and not lines[skip].strip():
        skip += 1
    named = re.fullmatch(r'"?sep=(.)"?\s*', lines[skip]) if skip < len(lines) else None
    if named:
        skip += 1
        delimiter = delimiter or named.group(1)
    body = "".join(lines[skip:])
    nothing = SourceError(
        f"{shown} has no header line{f' {header_row}' if header_row else ''}. "
        "Export it again with the column names on top."
    )
    if not body.strip():
        raise nothing
    escapes = ('"', "\\") if '\\"' in body else ('"',)
    tried = [
        (_fit(body, sign, escape), -place, sign, escape)
        for place, sign in enumerate([delimiter] if delimiter else SIGNS)
        for escape in escapes
    ]
    (fit, _), _, sign, escape = max(tried, key=lambda entry: (entry[0][0], entry[1], entry[3] == '"'))
    header = _records(body, sign, escape, 1)
    if not header or not any(cell.strip() for cell in header[0]):
        raise nothing
    doubtful = fit < 0.5 or 2 * sum(bool(cell.strip()) for cell in header[0]) <= len(header[0])
    if header_row is None and doubtful and (place := header_below(lines[skip:], delimiter)):
        raise SourceError(
            f"{shown}: line {skip + 1} ({lines[skip].strip()[:60]!r}) is a title; the column names seem to stand in "
            f"line {skip + place + 1}. State it in crm.toml under the table: header_row = {skip + place + 1}."
        )
    return Dialect(delimiter=sign, escape=escape, skip=skip, header=tuple(header[0]))


TITLE_LINES = 40
"""Lines at the top of a file among which a header is looked for."""


def header_below(lines: Sequence[str], delimiter: str | None) -> int:
    """How many lines of title stand above the column names; 0 where the first line has as many cells as most."""
    best = (0, 0)
    for sign in [delimiter] if delimiter else SIGNS:
        records = [_records(line, sign, '"', 1) for line in lines[:TITLE_LINES]]
        filled = [sum(bool(cell.strip()) for cell in record[0]) if record else 0 for record in records]
        widths = [len(record[0]) if record else 0 for record in records]
        usual = Counter(width for width in widths if width > 1).most_common(1)
        if not usual or usual[0][0] < 3 or usual[0][1] < 2:
            continue
        width = usual[0][0]
        first = next((i for i, n in enumerate(widths) if n == width and filled[i] > width / 2), 0)
        above_is_title = all(_most_cells(line) <= max(2, width // 3) for line in lines[:first])
        if first and above_is_title and width > best[1]:
            best = (first, width)
        elif not first and width > best[1]:
            best = (0, width)
    return best[0]


def _most_cells(line: str) -> int:
    """Cells of a line that are filled, by whichever sign gives most."""
    cut = [_records(line, sign, '"', 1) for sign in SIGNS]
    return max(sum(bool(cell.strip()) for cell in record[0]) if record else 0 for record in cut)


def _fit(body: str, delimiter: str, escape: str) -> tuple[float, int]:
    """How well a sign cuts: the share of records as wide as the header, wider being better."""
    records = _records(body, delimiter, escape, _SAMPLE_RECORDS)
    if not records or len(records[0]) < 2:
        return 0.0, 1
    same = sum(len(record) == len(records[0]) for record in records)
    return same / len(records) * (1 - 1 / (1 + len(records[0]))), len(records[0])


def _records(body: str, delimiter: str, escape: str, count: int) -> list[list[str]]:
    reader = csv.reader(
        io.StringIO(body, newline=""),
        delimiter=delimiter,
        doublequote=escape == '"',
        escapechar=None if escape == '"' else escape,
    )
    records: list[list[str]] = []
    try:
        for record in reader:
            if record:
                records.append(record)
            if len(records) == count:
                break
    except csv.Error:
        pass
    return records


def read_csv_part(
    engine: Engine,
    text: TextFile,
    *,
    name: str,
    shown: str,
    delimiter: str | None = None,
    header_row: int | None = None,
) -> Part:
    """Read a CSV file into the engine, all values as text."""
    dialect = sniff(text.head(), shown=shown, delimiter=delimiter, header_row=header_row)
    title = title_note(shown, text.head().splitlines()[: dialect.skip]) if header_row else ()
    names, renamed = distinct_names(dialect.header)
    rejected = load_records(engine, text, name=name, dialect=dialect, width=len(names), shown=shown)
    rejects = rejected_records(rejected, shown)
    (rows,) = engine.rows(f"select count(*) from {name}")[0]
    if rejects.shape[0] and not rows:
        raise SourceError(
            f"{shown}: no record fits the header of {len(names)} columns ({', '.join(names[:6])}); "
            f"row {rejects.row[0]} {rejects.reason[0]}. State the delimiter or the encoding in crm.toml."
        )
    blanks, notes = _blank_records(text) if text.blank_lines and len(names) > 1 else ([], ())
    taken = {*range(1, dialect.skip + 2), *rejects["row"].tolist(), *blanks}
    relations: tuple[str, ...] = (name,)
    source, row = f"(select rowid as k, * from {name})", f"k + {dialect.skip + 2}"
    if len(taken) > dialect.skip + 1:
        relations = (name, number_rows(engine, f"{name}_rows", rows, taken))
        source, row = f"{name} positional join {name}_rows", "n"
    cells = ", ".join(f"c{i} as {Engine.quote(column)}" for i, column in enumerate(names))
    # Files put one behind the other: the later headers may have a byte order mark.
    again = " and ".join(
        f"coalesce(c{i}, '') in ({text_literal(one)}, {text_literal(chr(0xFEFF) + one)})"
        for i, one in enumerate(dialect.header[:40])
    )
    repeated = engine.rows(f"select {row} from {source} where {again}")
    where = " where c0 is not null" if len(names) == 1 else f" where not ({again})" if repeated else ""
    if where:
        (rows,) = engine.rows(f"select count(*) from {name}{where}")[0]
    if repeated and len(names) > 1:
        heads = rejects_frame(
            [("repeats the header", shown, n, ",".join(names)[:TEXT_SHOWN]) for (n,) in repeated]
        )
        rejects = pd.concat([rejects, heads], ignore_index=True).sort_values(
            "row", kind="stable", ignore_index=True
        )
    return Part(
        shown=shown,
        columns=tuple(names),
        select=f"select {row} as _row, {cells} from {source}{where}",
        rows=rows,
        rejects=rejects,
        notes=(*text.notes, *title, *(f"{shown}: {note}." for note in [*renamed, *notes])),
        relations=relations,
    )


def title_note(shown: str, lines: Sequence[str]) -> tuple[str, ...]:
    """What stands above the stated header, as a notice."""
    title = " / ".join(line.strip(' ,;\t|"') for line in lines if line.strip(' ,;\t|"'))
    above = "line 1 is" if len(lines) == 1 else f"lines 1 to {len(lines)} are"
    return (f"{shown}: {above} taken as a title: {title[:120]!r}.",) if lines and title else ()


def load_records(
    engine: Engine,
    text: TextFile,
    *,
    name: str,
    dialect: Dialect,
    width: int,
    shown: str,
    header: bool = True,
) -> list[tuple[int, str, str]]:
    """Fill the table `name` with the columns c0, c1 ... of a file; say which records are rejected."""
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(width))
    file = text_literal(glob.escape(str(text.path)))
    quote = "''" if not dialect.escape else "'\"'"
    try:
        engine.execute(
            f"create or replace table {name} as select * from read_csv({file}, "
            f"auto_detect = false, header = {str(header).lower()}, skip = {dialect.skip}, "
            f"delim = {text_literal(dialect.delimiter)}, quote = {quote}, "
            f"escape = {text_literal(dialect.escape)}, columns = {{{columns}}}, hive_partitioning = false, "
            f"compression = '{'gzip' if text.packed else 'none'}', strict_mode = true, store_rejects = true, "
            f"rejects_table = '{name}_errors', rejects_scan = '{name}_scans', "
            f"rejects_line_size_limit = {_KEPT_TEXT}, buffer_size = {_BUFFER}, max_line_size = {_BUFFER})"
        )
        found = engine.rows(
            "select line, min(error_type::varchar), min(csv_line), max(greatest(strlen(csv_line), "
            "coalesce(try_cast(regexp_extract(error_message, 'Size: *([0-9]+)', 1) as bigint), 0))) "
            f"from {name}_errors group by line order by line"
        )
    except EngineError as error:
        reason = str(error).splitlines()[0]
        raise SourceError(f"{shown} cannot be read ({reason}). Export it again as plain CSV.") from error
    finally:
        engine.execute(f"drop table if exists {name}_errors; drop table if exists {name}_scans")
    rejected = [(record, kind, line or "") for record, kind, line, _ in found]
    if not any(_swallows(kind, line) for _, kind, line in rejected):
        _refuse_losses(engine, text, name, width, sum(size or 0 for *_, size in found), shown)
    return rejected


def _swallows(kind: str, line: str) -> bool:
    """Whether a rejected record holds lines that are records of their own."""
    return kind in ("UNQUOTED VALUE", "LINE SIZE OVER MAXIMUM") and "\n" in line.strip("\r\n")


def _refuse_losses(engine: Engine, text: TextFile, name: str, width: int, rejected: int, shown: str) -> None:
    """The engine drops a record that is longer than two of its buffers without a word; bytes tell."""
    if text.size < _BUFFER:
        return
    lengths = " + ".join(f"coalesce(strlen(c{i}), 0)" for i in range(width))
    (bytes_read,) = engine.rows(f"select coalesce(sum({lengths} + {width}), 0)::bigint from {name}")[0]
    lost = text.size - text.quotes - rejected - bytes_read
    if lost > _BUFFER // 2:
        raise SourceError(
            f"{shown}: {lost / 1e6:.0f} MB of it cannot be cut into records, behind a quote that is not "
            "closed or in an endless line. Mend the file, or export it again."
        )


def rejected_records(found: Sequence[tuple[int, str, str]], shown: str) -> pd.DataFrame:
    """Rejected records in plain words; lines that an unclosed quote swallowed count one by one."""
    rows: list[tuple[str, str, int, str]] = []
    for record, kind, line in found:
        reason = _REASONS.get(kind, "cannot be read")
        lines = line.strip("\r\n").split("\n")
        swallowed = _swallows(kind, line)
        if swallowed and (len(lines) > MAX_LOST_LINES or len(line) >= _KEPT_TEXT):
            raise SourceError(
                f"{shown}: row {record} opens a quote that is not closed, and {len(lines):,} lines or more "
                "behind it are lost. Mend that row, or export the file again."
            )
        if swallowed:
            rows.append((reason, shown, record, lines[0][:TEXT_SHOWN]))
            behind = "stands behind a quote that is not closed"
            rows += [(behind, shown, record, one[:TEXT_SHOWN]) for one in lines[1:]]
        else:
            rows.append((reason, shown, record, "\n".join(lines)[:TEXT_SHOWN]))
    return rejects_frame(rows)


def number_rows(engine: Engine, name: str, rows: int, taken: set[int]) -> str:
    """Make a table of the numbers of the read rows: 1, 2, 3 ... without those that are taken."""
    free = np.ones(rows + len(taken) + 1, dtype=bool)
    free[0] = False
    free[[number for number in taken if number < len(free)]] = False
    engine.register(f"{name}_given", pa.table({"n": np.flatnonzero(free)[:rows]}))
    engine.execute(f"create or replace table {name} as select * from {name}_given; drop view {name}_given")
    return name


def _blank_records(text: TextFile) -> tuple[list[int], tuple[str, ...]]:
    """Numbers of the records that are empty lines; quoted line ends do not end a record."""
    blanks: list[np.ndarray] = []
    inside, records, offset, last = 0, 0, 0, -1
    carry = b""
    with text.open() as stream:
        while chunk := stream.read(1 << 22):
            data = np.frombuffer(chunk, dtype=np.uint8)
            quotes = (np.cumsum(data == ord('"')) + inside) & 1
            ends = np.flatnonzero((data == ord("\n")) & (quotes == 0))
            if len(ends):
                gaps = np.diff(ends + offset, prepend=last)
                before = np.where(ends > 0, data[np.maximum(ends - 1, 0)], ord(carry[-1:] or b"\n"))
                empty = (gaps == 1) | ((gaps == 2) & (before == ord("\r")))
                blanks.append(np.flatnonzero(empty) + records + 1)
                last = int(ends[-1]) + offset
                records += len(ends)
            inside = int(quotes[-1])
            offset += len(chunk)
            carry = chunk[-1:]
    numbers = np.concatenate(blanks).tolist() if blanks else []
    odd = ("row numbers behind a stray quote may be off",) if inside else ()
    return numbers, odd


BATCH = 20_000

_KINDS = {
    str: "text",
    bool: "boolean",
    int: "bigint",
    float: "double",
    datetime: "timestamp",
    date: "date",
}


def read_rows_part(
    engine: Engine,
    rows: Iterable[tuple[int, Sequence[Any]]],
    *,
    names: Sequence[str],
    name: str,
    shown: str,
    notes: Sequence[str] = (),
    decimal: str = ".",
) -> Part:
    """Put rows into the engine; a column whose values are all of one kind gets its type, the others are text.

    A number among text gets the decimal sign of the text, or 12.125 would be read as 12125.
    """
    columns = ", ".join(f"c{i} varchar" for i in range(len(names)))
    engine.execute(f"create or replace table {name} (n bigint{', ' + columns if columns else ''})")
    kinds: list[set[str]] = [set() for _ in names]
    iterator, total = iter(rows), 0
    while batch := list(islice(iterator, BATCH)):
        arrays = [pa.array([number for number, _ in batch], pa.int64())]
        for i in range(len(names)):
            values = [cells[i] if i < len(cells) else None for _, cells in batch]
            texts, found = _as_text(values, decimal)
            kinds[i] |= found
            arrays.append(pa.array(texts, pa.string()))
        engine.register(f"{name}_batch", pa.table(arrays, names=["n", *(f"c{i}" for i in range(len(names)))]))
        engine.execute(f"insert into {name} select * from {name}_batch")
        engine.execute(f"drop view {name}_batch")
        total += len(batch)
    cells = [
        f"{f'replace(c{i}, {text_literal(decimal)}, {text_literal(chr(46))})' if sql_type == 'double' else f'c{i}'}"
        f"::{sql_type} as {Engine.quote(column)}"
        for i, (column, sql_type) in enumerate(zip(names, map(_type_of, kinds), strict=True))
    ]
    return Part(
        shown=shown,
        columns=tuple(names),
        select=f"select {', '.join(['n as _row', *cells])} from {name}",
        rows=total,
        notes=tuple(notes),
        relations=(name,),
    )


def _type_of(kinds: set[str]) -> str:
    if len(kinds) == 1:
        (kind,) = kinds
        return "varchar" if kind == "text" else kind
    if kinds == {"bigint", "double"}:
        return "double"
    if kinds == {"date", "timestamp"}:
        return "timestamp"
    return "varchar"


def _as_text(values: list[Any], decimal: str) -> tuple[list[str | None], set[str]]:
    """The values as text that casts back exactly, and the kinds that are among them."""
    types = {type(value) for value in values} - {type(None)}
    if types <= {str}:
        return [value.replace("\x00", "") if value and "\x00" in value else value for value in values], {
            "text" for _ in types
        }
    texts, kinds = [], set()
    for value in values:
        text, kind = _one(value)
        texts.append(text.replace(".", decimal) if text and kind == "double" else text)
        kinds.add(kind)
    return texts, kinds - {""}


def _one(value: Any) -> tuple[str | None, str]:
    if value is None:
        return None, ""
    if isinstance(value, bool):
        return str(value).lower(), "boolean"
    if isinstance(value, float):
        if not math.isfinite(value):
            return None, ""
        if abs(value) >= MOST:
            return f"{value:.14E}", "text"  # as an identifier it has lost figures, and looks so
        return (str(int(value)), "bigint") if value == int(value) else (repr(value), "double")
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").replace("\x00", ""), "text"
    if isinstance(value, datetime | date | time):
        return value.isoformat(), _KINDS.get(type(value), "text")
    if isinstance(value, timedelta):
        return str(value), "text"
    kind = _KINDS.get(type(value), "text")
    return str(value).replace("\x00", ""), kind
