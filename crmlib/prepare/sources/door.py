"""Sources: whatever crm.toml names as `from`, as one view of their rows with their columns."""

import glob
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import pandas as pd

from crmlib.prepare.check.casting import base_sql, cast_sql, text_literal
from crmlib.prepare.config.parts import FilesConfig, JoinConfig, TableConfig
from crmlib.prepare.config.read import WorkspaceConfig
from crmlib.prepare.engine import Engine, EngineError
from crmlib.prepare.sources.databases import read_duckdb_part, read_sqlite_part
from crmlib.prepare.sources.encodings import prepare_text, sha256_of
from crmlib.prepare.sources.files import (
    FileReference,
    NoFileError,
    Part,
    allowed_paths,
    distinct_names,
    find_files,
    is_query,
    masked,
    rejects_frame,
    scratch_folder,
    union_of,
)
from crmlib.prepare.sources.servers import ServerPart, read_server_part, server_fingerprint, server_parts
from crmlib.prepare.sources.sheets import read_json_part, read_sheet_part
from crmlib.prepare.sources.spss import read_spss_part
from crmlib.prepare.sources.text import read_csv_part
from crmlib.schema.errors import ConfigError, SourceError, nearest
from crmlib.schema.fields import Field
from crmlib.schema.tables import table_spec

__all__ = [
    "Source",
    "allowed_paths",
    "close_source",
    "columns_missing_in_files",
    "fingerprints",
    "open_source",
]


@dataclass(frozen=True, kw_only=True)
class Source:
    """The rows of a table as its owner wrote them.

    Parameters
    ----------
    table : str
        Which of our tables they are for.
    view : str
        Name in the engine: `columns`, then `_file` (as in `files`) and `_row` (the number of the row in the
        file, the header being row 1, as a spreadsheet counts).
    columns : tuple of str
        Their names. Values of text files are VARCHAR; databases, workbooks and Parquet keep their types.
    files : tuple of str
        As a reader knows them.
    rows_read : int
        Rows of the view and rejected records together.
    rows_by_file : file -> rows read
    columns_by_file : file -> names of its own columns
    fingerprints : file -> SHA-256 of its bytes
    rejects : DataFrame
        Records that cannot be read: `reason`, `file`, `row`, `text` (cut at 500 characters).
    notes : tuple of str
        What was taken without being stated, and what is odd.
    relations, views : tables and inner views in the engine that `close_source` removes
    joined : tuple of Source
        Whose columns stand behind those of the table's own files.
    vanished : str
        A query for `_file` and `_row` of rows that the last full export lacks; "" where no load was kept.
    """

    table: str
    view: str
    columns: tuple[str, ...]
    files: tuple[str, ...] = ()
    rows_read: int = 0
    rows_by_file: dict[str, int] = field(default_factory=dict)
    columns_by_file: dict[str, tuple[str, ...]] = field(default_factory=dict)
    fingerprints: dict[str, str] = field(default_factory=dict)
    rejects: pd.DataFrame = field(default_factory=lambda: rejects_frame([]))
    notes: tuple[str, ...] = ()
    relations: tuple[str, ...] = ()
    views: tuple[str, ...] = ()
    joined: tuple["Source", ...] = ()
    vanished: str = ""


def open_source(
    engine: Engine, config: WorkspaceConfig, table_name: str, *, only: Collection[str] | None = None
) -> Source:
    """Read what crm.toml names as the source of one table, or only some of the files.

    Parquet and DuckDB files are read where they lie, each time the view is asked. Text, workbooks and SQLite
    are read once into the engine, which spills to disk; `close_source` gives the room back.
    """
    view = f"source_{table_spec(table_name).name}"
    if table_name not in config.tables or not config.tables[table_name].join:
        return _open(engine, config, table_name, view, only)
    source = _open(engine, config, table_name, f"{view}_own", only)
    for i, join in enumerate(config.tables[table_name].join):
        name = f"{table_name}.join[{i}]"
        other = _open(engine, _with_join(config, name, join), name, f"{view}_join{i + 1}")
        last = i + 1 == len(config.tables[table_name].join)
        source = _joined(
            engine, source, other, join, view if last else f"{view}_with{i + 1}", f"tables.{name}.on"
        )
    return source


def _with_join(config: WorkspaceConfig, name: str, join: JoinConfig) -> WorkspaceConfig:
    """The workspace with what is joined as a table of its own."""
    stated = TableConfig(**join.model_dump(include=set(FilesConfig.model_fields), exclude_none=True))
    return config.model_copy(update={"tables": {**config.tables, name: stated}})


def _open(
    engine: Engine, config: WorkspaceConfig, table_name: str, view: str, only: Collection[str] | None = None
) -> Source:
    files = [file for file in _references(config, table_name) if only is None or file.shown in only]
    parts = [
        _read(engine, config, table_name, file, f"{view}_{place}")
        for place, file in enumerate(files, start=1)
    ]
    sql, columns = union_of(parts)
    names = ", ".join([*(Engine.quote(column) for column in columns), "_file", "_row"])
    try:
        engine.execute(f"create or replace view {view} as select {names} from ({sql}) as parts")
    except EngineError as error:
        reason = str(error).splitlines()[0]
        raise SourceError(f"tables.{table_name}.from: its files do not fit together ({reason}).") from error
    prints = [_print_of(file) for file in files]
    rejects = [part.rejects for part in parts if part.rejects is not None and len(part.rejects)]
    rows = {part.shown: part.rows + (0 if part.rejects is None else len(part.rejects)) for part in parts}
    return Source(
        table=table_name,
        view=view,
        views=(view,),
        columns=columns,
        files=tuple(part.shown for part in parts),
        rows_read=sum(rows.values()),
        rows_by_file=rows,
        columns_by_file={part.shown: part.columns for part in parts},
        fingerprints={part.shown: given for part, given in zip(parts, prints, strict=True)},
        rejects=pd.concat(rejects, ignore_index=True) if rejects else rejects_frame([]),
        notes=(*(note for part in parts for note in part.notes), *_odd_files(files, prints, rows)),
        relations=tuple(relation for part in parts for relation in part.relations),
    )


def _odd_files(
    files: Sequence[FileReference | ServerPart], prints: Sequence[str], rows: Mapping[str, int]
) -> list[str]:
    """Files without a row, and files that are there twice, in words."""
    notes = [f"{shown}: has column names and no row." for shown, n in rows.items() if not n]
    first: dict[tuple[str, str | None], str] = {}
    for file, given, shown in zip(files, prints, rows, strict=True):
        twin = first.setdefault((given, file.part), shown) if isinstance(file, FileReference) else shown
        if twin != shown and rows[shown]:
            notes.append(
                f"{shown}: is the same as {twin}, byte by byte, and is read, too. Take one of them away."
            )
    return notes


def _joined(
    engine: Engine, source: Source, other: Source, join: JoinConfig, view: str, key_path: str
) -> Source:
    """The rows of `source` with the columns of the one row of `other` that has the same key, or with nothing."""
    pairs = [
        (_column_of(source, ours, f"{key_path}.{ours}"), _column_of(other, theirs, f"{key_path}.{ours}"))
        for ours, theirs in join.on.items()
    ]
    ours = [_key_sql(engine, source.view, column) for column, _ in pairs]
    theirs = [_key_sql(engine, other.view, column) for _, column in pairs]
    files = ", ".join(other.files)
    _refuse_repeated(engine, other.view, theirs, [column for _, column in pairs], f"{key_path}: {files}")
    taken = {name.lower() for name in source.columns}
    wanted = [f"{join.prefix}.{name}" if name.lower() in taken else name for name in other.columns]
    names = distinct_names([*source.columns, *wanted])[0][len(source.columns) :]
    cells = [f"o.{Engine.quote(name)}" for name in source.columns]
    cells += [f"j.{Engine.quote(a)} as {Engine.quote(b)}" for a, b in zip(other.columns, names, strict=True)]
    keys = [f"_key{i}" for i in range(len(pairs))]
    left, right = (
        f"(select *, {', '.join(f'{sql} as {key}' for sql, key in zip(side, keys, strict=True))} from {name})"
        for side, name in ((ours, source.view), (theirs, other.view))
    )
    both = f"{left} o left join {right} j on {' and '.join(f'o.{key} = j.{key}' for key in keys)}"
    engine.execute(
        f"create or replace view {view} as select {', '.join(cells)}, o._file as _file, o._row as _row from {both}"
    )
    return replace(
        source,
        view=view,
        columns=(*source.columns, *names),
        columns_by_file={file: (*own, *names) for file, own in source.columns_by_file.items()},
        notes=(*source.notes, *other.notes, *_unpaired(engine, source, other, both, pairs)),
        relations=(*source.relations, *other.relations),
        views=(*source.views, *other.views, view),
        joined=(*source.joined, _called(other, names)),
    )


def _called(source: Source, names: Sequence[str]) -> Source:
    """A joined source with its columns as they are called in the join."""
    new = {old.lower(): name for old, name in zip(source.columns, names, strict=True)}
    by_file = {file: tuple(new[c.lower()] for c in own) for file, own in source.columns_by_file.items()}
    return replace(source, columns=tuple(names), columns_by_file=by_file)


def _column_of(source: Source, name: str, key_path: str) -> str:
    same = [column for column in source.columns if column == name] or [
        column for column in source.columns if column.lower() == name.lower()
    ]
    if len(same) != 1:
        raise ConfigError(
            f"{key_path}: {', '.join(source.files)} has no column {name!r}.{nearest(name, source.columns)}"
        )
    return same[0]


_KEY = Field("key", "id", "")


def _key_sql(engine: Engine, view: str, column: str) -> str:
    """A key as text, as identifiers are read."""
    name = Engine.quote(column)
    ((_, kind, *_),) = engine.rows(f"describe select {name} from {view}")
    return cast_sql(_KEY, f"({base_sql(name, kind)})", kind)


def _refuse_repeated(engine: Engine, view: str, keys: list[str], columns: list[str], where: str) -> None:
    """A row for which there are several partners would be there several times."""
    known = " and ".join(f"{key} is not null" for key in keys)
    text = f"concat_ws(' / ', {', '.join(keys)})"
    found = engine.rows(
        f"select min({text}), count(*), count(*) over () from {view} where {known} "
        f"group by {', '.join(keys)} having count(*) > 1 order by 2 desc, 1 limit 3"
    )
    if found:
        shown = ", ".join(f"{masked(key)!r} ({n:,} rows)" for key, n, _ in found)
        name = " and ".join(map(repr, columns))
        raise SourceError(
            f"{where} has several rows for one {name}, {found[0][2]:,} times: {shown}. Join by a column that names a "
            "row once, or name the file of many rows under the table's own from."
        )


def _unpaired(
    engine: Engine, source: Source, other: Source, both: str, pairs: Sequence[tuple[str, str]]
) -> list[str]:
    """What the join leaves open, in words."""
    ((rows, without),) = engine.rows(f"select count(*), count(*) filter (where j._row is null) from {both}")
    on = " and ".join(f"{ours} = {theirs}" for ours, theirs in pairs)
    notes = []
    if without:
        empty = "its columns are empty there"
        notes.append(
            f"{', '.join(source.files)}: {without:,} of {rows:,} rows have no partner in {', '.join(other.files)} "
            f"({on}); {empty}."
        )
    if len(other.rejects):
        notes.append(
            f"{', '.join(other.files)}: {len(other.rejects):,} records cannot be read, so none is joined."
        )
    return notes


def columns_missing_in_files(source: Source, read_from: Mapping[str, Sequence[Sequence[str]]]) -> list[str]:
    """Where a file lacks a column that others have and one of ours is read from, in words.

    Parameters
    ----------
    source : Source
    read_from : our column -> sets of their columns, any one of which is enough

    Raises
    ------
    SourceError
        If the file has another column in its place: it was renamed, and its values would be lost.
    """
    notes = []
    for file, there in source.columns_by_file.items():
        have, lacks = {name.lower() for name in there}, {}
        for ours, enough in read_from.items():
            if any(all(name.lower() in have for name in names) for names in enough):
                continue
            gone = next(name for names in enough for name in names if name.lower() not in have)
            others = [names for names in source.columns_by_file.values() if gone in names]
            new = [
                name for name in there if not any(name.lower() in map(str.lower, names) for names in others)
            ]
            place = {names.index(gone) for names in others}
            alike = any(2 * len(have & {one.lower() for one in names}) > len(names) for names in others)
            renamed = [
                name for name in new if _plain(name) == _plain(gone) or (alike and there.index(name) in place)
            ]
            if renamed:
                raise SourceError(
                    f"{file} has no column {gone!r}, from which {ours} is read, but {renamed[0]!r}: it seems renamed. "
                    f"Read both: {ours} = {{ sql = '''coalesce({Engine.quote(gone)}, {Engine.quote(renamed[0])})''' }}"
                )
            lacks[ours] = gone
        if lacks:
            names, empty = ", ".join(map(repr, dict.fromkeys(lacks.values()))), ", ".join(lacks)
            notes.append(
                f"{file}: has no column {names}; empty in its {source.rows_by_file[file]:,} rows: {empty}."
            )
    return notes


def _plain(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalnum())


def close_source(engine: Engine, source: Source) -> None:
    """Remove a source's view and what it holds in the engine."""
    for view in dict.fromkeys([source.view, *source.views]):
        engine.execute(f"drop view if exists {view}")
    for relation in source.relations:
        engine.execute(f"drop table if exists {relation}")


def fingerprints(config: WorkspaceConfig, table_name: str) -> dict[str, str]:
    """The files of a table and the SHA-256 of each, without reading them as tables."""
    files = _references(config, table_name)
    for i, join in enumerate(config.tables[table_name].join):
        name = f"{table_name}.join[{i}]"
        files += _references(_with_join(config, name, join), name)
    return {file.shown: _print_of(file) for file in files}


def _print_of(file: FileReference | ServerPart) -> str:
    return server_fingerprint(file) if isinstance(file, ServerPart) else _fingerprint(file.path)


def _references(config: WorkspaceConfig, table: str) -> list[FileReference | ServerPart]:
    """Files, and tables or queries of [source] as parts of the database's file."""
    key_path = f"tables.{table}.from"
    if table not in config.tables:
        raise ConfigError(f"tables.{table}: is not described.{nearest(table, config.tables)}")
    queries = [entry for entry in config.tables[table].files if is_query(config, entry)]
    found: list[FileReference | ServerPart] = [*find_files(config, table)]
    if queries and config.source is None:
        remedy = 'Write [source] with url = "postgresql://reader@host/crm" or "sqlite:///shop.db"'
        raise SourceError(f"{key_path}: SQL needs a database. {remedy}.")
    if queries and config.source is not None:
        kind = config.source.kind
        if kind not in ("sqlite", "duckdb"):
            return found + server_parts(config, queries, key_path)
        path = (config.root.resolve() / config.source.database).resolve()
        if not path.is_file():
            raise SourceError(f"source.url: there is no file {config.source.database}. Mend the path.")
        shown = f"{kind}:{config.source.database}"
        found += [FileReference(path=path, shown=shown, part=entry) for entry in queries]
    if not found:
        raise NoFileError(f"{key_path}: no file matches {', '.join(config.tables[table].files)}.")
    return found


def _read(
    engine: Engine, config: WorkspaceConfig, table: str, file: FileReference | ServerPart, name: str
) -> Part:
    key_path = f"tables.{table}.from"
    if isinstance(file, ServerPart):
        return read_server_part(engine, file, name=name)
    if not file.path.stat().st_size:
        raise SourceError(f"{file.shown} is empty. Export it again, or take it out of crm.toml.")
    kind = _kind(config, file)
    if kind == "duckdb":
        return read_duckdb_part(engine, file, name=name, key_path=key_path)
    if kind == "sqlite":
        decimal = config.tables[table].decimal
        return read_sqlite_part(engine, file, name=name, key_path=key_path, decimal=decimal)
    if kind == "parquet":
        return _read_parquet(engine, file)
    if kind == "excel" and file.part is None and not _is_workbook(file.path):
        kind = "csv"  # many systems call a table of text .xls
    if kind == "excel":
        stated = config.tables[table]
        return read_sheet_part(engine, file, name=name, header_row=stated.header_line, decimal=stated.decimal)
    if kind == "spss":
        return read_spss_part(engine, file, name=name)
    stated = config.tables[table]
    text = prepare_text(file.path, shown=file.shown, stated=stated.encoding, scratch=scratch_folder())
    try:
        if kind == "json":
            return read_json_part(engine, text, name=name, shown=file.shown)
        return read_csv_part(
            engine,
            text,
            name=name,
            shown=file.shown,
            delimiter=stated.delimiter,
            header_row=stated.header_line,
        )
    finally:
        if text.copied:
            text.path.unlink(missing_ok=True)


def _is_workbook(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(4) in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


def _kind(config: WorkspaceConfig, file: FileReference) -> str:
    if config.source is not None and file.shown == f"{config.source.kind}:{config.source.database}":
        return config.source.kind
    return file.kind


def _read_parquet(engine: Engine, file: FileReference) -> Part:
    scan = f"read_parquet({text_literal(glob.escape(str(file.path)))}, hive_partitioning = false)"
    try:
        given = [row[0] for row in engine.rows(f"describe select * from {scan}")]
        (rows,) = engine.rows(f"select count(*) from {scan}")[0]
    except EngineError as error:
        reason = str(error).splitlines()[0]
        raise SourceError(f"{file.shown} cannot be read as Parquet ({reason}). Export it again.") from error
    names, renamed = distinct_names(given)
    taken = "file_row_number" in {column.lower() for column in given}
    number = "row_number() over ()" if taken else "file_row_number + 1"
    cells = [f"{Engine.quote(one)} as {Engine.quote(name)}" for one, name in zip(given, names, strict=True)]
    return Part(
        shown=file.shown,
        columns=tuple(names),
        select=f"select {', '.join([f'{number} as _row', *cells])} from {scan}",
        rows=rows,
        notes=tuple(f"{file.shown}: {note}." for note in renamed),
    )


def _fingerprint(path: Path) -> str:
    """Of the file, and of the log beside it in which a database keeps its latest changes."""
    logs = [path.with_name(f"{path.name}{ending}") for ending in (".wal", "-wal")]
    digests = []
    for file in (path, *(log for log in logs if log.is_file() and log.stat().st_size)):
        status = file.stat()
        digests.append(_hashed(file, status.st_size, status.st_mtime_ns))
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


@lru_cache(maxsize=4096)
def _hashed(path: Path, size: int, modified: int) -> str:
    return sha256_of(path)
