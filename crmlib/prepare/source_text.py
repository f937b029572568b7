"""CSV: every value as text, every record counted, the unreadable ones kept apart."""

import csv
import glob
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from crmlib.prepare.casting import text_literal
from crmlib.prepare.encodings import TextFile
from crmlib.prepare.engine import Engine, EngineError
from crmlib.prepare.source_parts import TEXT_SHOWN, Part, distinct_names, rejects_frame
from crmlib.schema.errors import SourceError

DELIMITERS = (",", ";", "\t", "|")
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
    "INVALID ENCODING": "has bytes that are no UTF-8",
    "CAST": "cannot be read",
}


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How a CSV file is written.

    Examples
    --------
    >>> Dialect(delimiter=";", escape='"', skip=0, header=("id", "name")).delimiter
    ';'
    """

    delimiter: str
    escape: str
    skip: int
    header: tuple[str, ...]


def sniff(head: str, *, shown: str, delimiter: str | None = None) -> Dialect:
    """Find out how a CSV file is written, from its first records.

    Parameters
    ----------
    head : str
        The first characters, from the first line on.
    shown : str
    delimiter : str, optional
        As crm.toml states it; otherwise the sign that cuts most records like the header.

    Raises
    ------
    SourceError
        If there is no header.

    Examples
    --------
    >>> sniff("id;price\\n1;2,50\\n", shown="a.csv").delimiter
    ';'
    >>> sniff("sep=|\\nid|price\\n", shown="a.csv")
    Dialect(delimiter='|', escape='"', skip=1, header=('id', 'price'))
    """
    skip = 0
    lines = list(io.StringIO(head, newline=""))
    while skip < len(lines) and not lines[skip].strip():
        skip += 1
    named = re.fullmatch(r'"?sep=(.)"?\s*', lines[skip]) if skip < len(lines) else None
    if named:
        skip += 1
        delimiter = delimiter or named.group(1)
    body = "".join(lines[skip:])
    if not body.strip():
        raise SourceError(f"{shown} has no header line. Export it again with the column names on top.")
    escapes = ('"', "\\") if '\\"' in body else ('"',)
    tried = [
        (_fit(body, sign, escape), -place, sign, escape)
        for place, sign in enumerate([delimiter] if delimiter else DELIMITERS)
        for escape in escapes
    ]
    _, _, sign, escape = max(tried, key=lambda entry: (entry[0][0], entry[1], entry[3] == '"'))
    header = _records(body, sign, escape, 1)
    if not header or not any(cell.strip() for cell in header[0]):
        raise SourceError(f"{shown} has no header line. Export it again with the column names on top.")
    return Dialect(delimiter=sign, escape=escape, skip=skip, header=tuple(header[0]))


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
    engine: Engine, text: TextFile, *, name: str, shown: str, delimiter: str | None = None
) -> Part:
    """Read a CSV file into the engine, all values as text.

    Parameters
    ----------
    engine : Engine
    text : TextFile
    name : str
        Free in the engine; tables are made under it.
    shown : str
    delimiter : str, optional

    Raises
    ------
    SourceError
        If there is no header, no record fits it, or a quote swallows the file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.csv").write_text("id,name\\n007,Ann\\n8\\n")
    >>> text = TextFile(path=folder / "a.csv", packed=False, encoding="utf-8")
    >>> engine = Engine(allowed_paths=[folder])
    >>> part = read_csv_part(engine, text, name="a", shown="a.csv")
    >>> engine.rows(part.select), part.rejects.reason.tolist()
    ([(2, '007', 'Ann')], ['has too few columns'])
    """
    dialect = sniff(text.head(), shown=shown, delimiter=delimiter)
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
    where = " where c0 is not null" if len(names) == 1 else ""
    if where:
        (rows,) = engine.rows(f"select count(*) from {name}{where}")[0]
    return Part(
        shown=shown,
        columns=tuple(names),
        select=f"select {row} as _row, {cells} from {source}{where}",
        rows=rows,
        rejects=rejects,
        notes=(*text.notes, *(f"{shown}: {note}." for note in [*renamed, *notes])),
        relations=relations,
    )


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
    """Fill the table `name` with the columns c0, c1 ... of a file; say which records are rejected.

    Parameters
    ----------
    dialect : Dialect
        An empty `escape` means that there are no quotes either.
    width : int
        Number of columns.

    Returns
    -------
    list of (record, kind, line)
        Counted from 1, headers and empty lines included.

    Raises
    ------
    SourceError
        If the engine cannot read the file at all.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.csv").write_text("id,name\\n7,Ann\\n8\\n")
    >>> load_records(Engine(allowed_paths=[folder]), name="a", shown="a.csv", width=2,
    ...              text=TextFile(path=folder / "a.csv", packed=False, encoding="utf-8"),
    ...              dialect=Dialect(delimiter=",", escape='"', skip=0, header=("id", "name")))
    [(3, 'MISSING COLUMNS', '8')]
    """
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
    """Rejected records in plain words; lines that an unclosed quote swallowed count one by one.

    Parameters
    ----------
    found : (record, kind, line)
    shown : the file's name

    Raises
    ------
    SourceError
        If a quote swallowed more than `MAX_LOST_LINES`.

    Examples
    --------
    >>> rejected_records([(2, "UNQUOTED VALUE", '1,"a\\n2,b\\n')], "a.csv").reason.tolist()
    ['has a quote that is not closed', 'stands behind a quote that is not closed']
    """
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
    """Make a table of the numbers of the read rows: 1, 2, 3 ... without those that are taken.

    Parameters
    ----------
    engine : Engine
    name : str
        Of the table; its column is ``n``.
    rows : int
    taken : numbers of headers, empty lines and rejected records

    Examples
    --------
    >>> engine = Engine()
    >>> engine.rows(f"from {number_rows(engine, 'numbers', 3, {1, 3})}")
    [(2,), (4,), (5,)]
    """
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
