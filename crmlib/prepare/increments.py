"""Loads that add up: rows of each load are merged into a store beside the exports, whole or not at all."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock

from crmlib.prepare.check.casting import Parts, base_sql, cast_sql, is_text, text_literal
from crmlib.prepare.check.staging import Reading
from crmlib.prepare.config.read import WorkspaceConfig
from crmlib.prepare.engine import Engine, columns_of
from crmlib.prepare.forgotten import forgotten_in, own_columns
from crmlib.prepare.private import close_to_others, private_folder
from crmlib.prepare.snapshot import read_sealed, seal_folder, to_disk
from crmlib.prepare.sources.door import Source, allowed_paths, close_source, fingerprints, open_source
from crmlib.prepare.sources.files import NoFileError, rejects_frame
from crmlib.schema.errors import ConfigError, SourceError, nearest
from crmlib.schema.fields import Field
from crmlib.schema.tables import table_spec

KEPT = 3
"""Generations of the store that stay: the last one, and those that another process may still read."""

FOLDER = ".loaded"
_MANIFEST = "manifest.json"
_OWN = ("_file", "_row", "_load", "_gone")

ReadAs = Callable[[Source, str], Reading]


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """The last whole load, what was loaded of each table, and what is wrong with a later one, which was put aside.

    `<table>.parquet` has their columns, `_file`, `_row`, `_load` (which load brought the row) and `_gone` (the first
    load of a full export that lacked it).
    """

    folder: Path
    tables: Mapping[str, Mapping[str, Any]]
    damage: str = ""

    def fingerprint(self, name: str) -> dict[str, str]:
        """What a snapshot of the table is made from."""
        return {"loaded": self.tables[name]["digest"]}


def load_increments(config: WorkspaceConfig, *, read_as: ReadAs) -> Loaded | None:
    """Merge what is new in the sources of every table with a `mode`; None where no table has one."""
    names = [name for name, table in config.tables.items() if table.mode]
    if not names:
        return None
    root = config.root.resolve()
    if not os.access(root, os.W_OK):
        raise SourceError(
            f"tables.{names[0]}.mode: {config.root} is read-only, so no load can be kept there."
        )
    folder = root / FOLDER
    private_folder(folder)
    with FileLock(folder / ".lock"):
        for left in folder.glob(".building-*"):
            shutil.rmtree(left, ignore_errors=True)
        current = _current(folder)
        told = {name: _told(config, name, current) for name in names}
        changed = [
            name
            for name in names
            if current is None or current.tables.get(name, {}).get("told") != told[name]
        ]
        if changed or current is None:
            current = _next(config, folder, current, {name: told[name] for name in changed}, read_as)
    return current


def open_loaded(engine: Engine, loaded: Loaded, name: str) -> Source:
    """The store of a table as a source of the engine, like any other."""
    view, store = f"source_{name}", loaded.tables[name]
    scan = f"read_parquet({text_literal(str(loaded.folder / f'{name}.parquet'))})"
    columns = tuple(c for c in columns_of(engine.run(f"from {scan}")) if c not in _OWN)
    again = "row_number() over (partition by _file, _row order by _load desc) > 1"
    file = f"_file || case when {again} then ' (load ' || _load || ')' else '' end"
    quoted = ", ".join(Engine.quote(column) for column in columns)
    engine.execute(
        f"create or replace table {view}_rows as select {quoted}, {file} as _file, _row, _gone from {scan}"
    )
    engine.execute(f"create or replace view {view} as select * exclude (_gone) from {view}_rows")
    rejects = pd.read_parquet(loaded.folder / f"{name}.rejects.parquet")
    rows = dict(engine.rows(f"select _file, count(*) from {view} group by 1 order by 1"))
    for one, more in rejects["file"].value_counts().items():
        rows[one] = rows.get(one, 0) + int(more)
    replaced = f"; rows replaced by later ones: {store['replaced']:,}" if store["replaced"] else ""
    return Source(
        table=name,
        view=view,
        columns=columns,
        files=tuple(rows),
        rows_read=sum(rows.values()),
        rows_by_file=rows,
        fingerprints={one: store["files"].get(one.partition(" (load ")[0], "") for one in rows},
        rejects=rejects,
        notes=(f"{name}: load {store['load']} of mode {store['told']['mode']}{replaced}.",),
        relations=(f"{view}_rows",),
        vanished=f"select _file, _row from {view}_rows where _gone is not null",
    )


def _told(config: WorkspaceConfig, name: str, current: Loaded | None) -> dict[str, Any]:
    """What decides whether a load has anything to do."""
    table = config.tables[name]
    keys = table_spec(name).keys
    try:
        files = fingerprints(config, name)
    except NoFileError:
        if current is None or name not in current.tables:
            raise
        files = {}
    mapped = {key: table.columns[key].model_dump() for key in keys if key in table.columns}
    return {"mode": table.mode, "key": list(table.key), "latest_by": table.latest_by, "files": files,
            "mapped": mapped if table.mode != "append" else {}}  # fmt: skip


def _current(folder: Path) -> Loaded | None:
    """The last load that is whole; later ones that are damaged are put aside, and told."""
    damaged: dict[Path, str] = {}
    for path in sorted(folder.glob("[0-9]*"), reverse=True):
        tables, wrong = read_sealed(path)
        if tables is None and (tables := _unsealed(path)) is None:
            damaged[path] = wrong
            continue
        for bad in damaged:
            _put_aside(bad)
        told = "; ".join(f"load {int(bad.name)}: {wrong}" for bad, wrong in damaged.items())
        return Loaded(folder=path, tables=tables, damage=told)
    if damaged:
        wrong = "; ".join(f"{path.name}: {wrong}" for path, wrong in damaged.items())
        raise SourceError(
            f"No load in {folder} is whole any more ({wrong}). Bring the folder back from a backup; or remove "
            "it and lay all exports so far beside crm.toml, which are then loaded as the first."
        )
    return None


def _unsealed(path: Path) -> dict[str, Any] | None:
    """What a load of a version that wrote no checksums says of itself."""
    try:
        tables = json.loads((path / _MANIFEST).read_text(encoding="utf-8"))
        whole = "seal" not in tables and all(
            {"digest", "load", "told"} <= set(one) for one in tables.values()
        )
        for name in tables if whole else ():
            pq.read_metadata(path / f"{name}.parquet")
            pq.read_metadata(path / f"{name}.rejects.parquet")
    except (OSError, ValueError, TypeError, AttributeError, pa.ArrowException):
        return None
    return tables if whole else None


def _put_aside(path: Path) -> None:
    target = path.with_name(f"damaged-{path.name}")
    shutil.rmtree(target, ignore_errors=True)
    path.rename(target)


def _next(
    config: WorkspaceConfig, folder: Path, current: Loaded | None, told: Mapping[str, Any], read_as: ReadAs
) -> Loaded:
    """Build the next generation aside, and put it in place by one rename."""
    number = int(current.folder.name) + 1 if current else 1
    building = Path(tempfile.mkdtemp(prefix=".building-", dir=folder))
    try:
        tables = dict(current.tables) if current else {}
        if current:
            for name in set(tables) - set(told):
                for file in (f"{name}.parquet", f"{name}.rejects.parquet"):
                    os.link(current.folder / file, building / file)
        for name, one in told.items():
            tables[name] = _merge_table(config, name, one, current, building, read_as)
        seal_folder(building, tables)
        close_to_others(building)
        building.rename(folder / f"{number:06d}")
        to_disk(folder)
    except OSError as error:
        raise SourceError(
            f"{folder}: the load could not be written ({error}). Nothing was changed."
        ) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    for old in sorted(folder.glob("[0-9]*"))[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    damage = current.damage if current else ""
    return Loaded(folder=folder / f"{number:06d}", tables=tables, damage=damage)


def _merge_table(
    config: WorkspaceConfig,
    name: str,
    told: dict[str, Any],
    current: Loaded | None,
    building: Path,
    read_as: ReadAs,
) -> dict[str, Any]:
    stored = current.tables.get(name) if current else None
    known = stored["files"] if stored else {}
    fresh = [
        file for file, print_ in told["files"].items() if known.get(file) != print_ or told["mode"] == "full"
    ]
    before = current.folder if current and stored else None
    paths = [building, *([before] if before else []), *allowed_paths(config)]
    load = stored["load"] + 1 if stored else 1
    with Engine(allowed_paths=paths) as engine:
        with _both(engine, config, name, before, fresh) as (source, columns):
            _leave_out_forgotten(engine, config, name, read_as)
            query, merged = _merge_sql(engine, config, name, source, columns, load, read_as)
            target = text_literal(str(building / f"{name}.parquet"))
            engine.execute(f"copy ({query}) to {target} (format parquet, compression zstd)")
            replaced = engine.rows(merged)[0][0] - _count(engine, building, name) if merged else 0
            rejects = source.rejects if source else rejects_frame([])
            if forgotten := forgotten_in(config.root):
                rejects = forgotten.rejects(rejects)
    if before:
        earlier = pd.read_parquet(before / f"{name}.rejects.parquet")
        rejects = pd.concat([earlier[~earlier["file"].isin(fresh)], rejects], ignore_index=True)
    rejects.to_parquet(building / f"{name}.rejects.parquet")
    digest = hashlib.sha256(
        json.dumps([stored and stored["digest"], told], sort_keys=True).encode()
    ).hexdigest()
    replaced += stored["replaced"] if stored else 0
    return {
        "told": told,
        "load": load,
        "digest": digest,
        "replaced": replaced,
        "files": {**known, **told["files"]},
    }


def _leave_out_forgotten(engine: Engine, config: WorkspaceConfig, name: str, read_as: ReadAs) -> None:
    """A row of somebody whom the workspace has forgotten never enters the store."""
    forgotten = forgotten_in(config.root)
    if forgotten is None:
        return
    there = tuple(c for c in columns_of(engine.run("from both_rows")) if c not in (*_OWN, "_new", "_order"))
    reading = read_as(Source(table=name, view="both_rows", columns=there), name)
    for column, kind in own_columns(table_spec(name), reading.expressions):
        sql = f"({reading.expressions[column]})::varchar"
        values = [value for (value,) in engine.rows(f"select distinct {sql} from both_rows") if value]
        hers = [value for value in values if forgotten.holds(kind, value)]
        if hers:
            engine.execute(f"delete from both_rows where {sql} in (select unnest($1))", [hers])


def _count(engine: Engine, folder: Path, name: str) -> int:
    return engine.rows(f"select count(*) from {_scan(folder, name)}")[0][0]


def _scan(folder: Path, name: str) -> str:
    return f"read_parquet({text_literal(str(folder / f'{name}.parquet'))})"


@contextmanager
def _both(
    engine: Engine, config: WorkspaceConfig, name: str, before: Path | None, fresh: list[str]
) -> Iterator[tuple[Source | None, list[str]]]:
    """Rows of the store and of what is new, one below the other in `both_rows`; a column of two types becomes text."""
    source = open_source(engine, config, name, only=fresh) if fresh else None
    old = {row[0]: row[1] for row in engine.rows(f"describe from {_scan(before, name)}")} if before else {}
    new = {row[0]: row[1] for row in engine.rows(f"describe {source.view}")} if source else {}
    same = {column.lower(): column for column in old}
    columns = [c for c in dict.fromkeys([*old, *(c for c in new if c.lower() not in same)]) if c not in _OWN]
    theirs = {column.lower(): column for column in new}

    def cell(column: str, types: Mapping[str, str], given: str | None) -> str:
        if given is None:
            return f"null as {Engine.quote(column)}"
        other = old.get(column, ""), new.get(theirs.get(column.lower(), ""), "")
        differ = all(other) and other[0] != other[1]
        return f"{Engine.quote(given)}{'::varchar' if differ else ''} as {Engine.quote(column)}"

    parts = []
    if before:
        cells = [cell(c, old, c if c in old else None) for c in columns]
        parts.append(
            f"select {', '.join(cells)}, _file, _row, _load, _gone, false as _new from {_scan(before, name)}"
        )
    if source:
        cells = [cell(c, new, theirs.get(c.lower())) for c in columns]
        parts.append(
            f"select {', '.join(cells)}, _file, _row, null::bigint as _load, null::bigint as _gone, "
            f"true as _new from {source.view}"
        )
    union = " union all ".join(parts)
    engine.execute(
        f"create or replace table both_rows as select *, row_number() over () as _order from ({union})"
    )
    shared = [c for c in columns if (not before or c in old) and (not source or c.lower() in theirs)]
    try:
        yield source, shared
    finally:
        if source:
            close_source(engine, source)


def _merge_sql(
    engine: Engine, config: WorkspaceConfig, name: str, source: Source | None, shared: list[str], load: int,
    read_as: ReadAs,
) -> tuple[str, str]:  # fmt: skip
    """The query that leaves what the mode keeps; where a later row wins, a query that counts all versions of rows."""
    mode = config.tables[name].mode
    stamped = f"select * exclude (_new, _order) replace (coalesce(_load, {load}) as _load) from ({{}}) order by _order"
    cells = ", ".join(f"coalesce({Engine.quote(c)}::varchar, chr(0))" for c in shared)
    content = f"md5(concat_ws(chr(31), {cells}))" if cells else "''"
    if mode == "append":
        nth = f"row_number() over (partition by _new, _file, {content} order by _order) as _nth"
        both = "select _file from both_rows where _new intersect select _file from both_rows where not _new"
        known = f"_file in ({both})"
        rows = f"select *, {content} as _content, {nth} from both_rows where {known}"
        first = "row_number() over (partition by _file, _content, _nth order by _new, _order) = 1"
        merged = f"select * exclude (_content, _nth) from ({rows}) qualify {first}"
        return stamped.format(f"select * from both_rows where not {known} union all {merged}"), ""
    key = _key_sql(engine, config, name, source, content, read_as)
    if mode == "full":
        if source is None or not source.rows_read - len(source.rejects):
            raise SourceError(
                f"tables.{name}.from: the full export has no row. Nothing was changed; export it again."
            )
        absent = "not _new and _key not in (select _key from keyed where _new)"
        gone = f"select * replace (coalesce(_gone, {load}) as _gone) from keyed where {absent}"
        both = f"select * from keyed where _new union all {gone}"
        keyed = f"with keyed as (select *, {key} as _key from both_rows)"
        return stamped.format(f"{keyed} select * exclude (_key) from ({both})"), ""
    versions = f"select count(*) from (select distinct {key}, {content} from both_rows)"
    ranks, order, rows = _ranks_sql(engine, config, name), "_order desc", "select * from both_rows"
    if ranks:
        order = f"_rank desc nulls last, {order}"
        rows = f"select * exclude (_rank) from both_rows join ({ranks}) using (_order)"
    last = f"row_number() over (partition by {key} order by {order}) = 1"
    return stamped.format(f"{rows} qualify {last}"), versions


def _key_sql(
    engine: Engine, config: WorkspaceConfig, name: str, source: Source | None, content: str, read_as: ReadAs
) -> str:
    """A row's key as one text; a row without a whole key stands for itself."""
    there = [c for c in columns_of(engine.run("from both_rows")) if c not in (*_OWN, "_new", "_order")]
    stated, keys = config.tables[name].key, table_spec(name).keys
    if stated:
        for i, column in enumerate(stated):
            if column not in there:
                raise ConfigError(
                    f"tables.{name}.key[{i}]: its source has no column {column!r}.{nearest(column, there)}"
                )
        parts = [Engine.quote(column) for column in stated]
    else:
        like = Source(
            table=name, view="both_rows", columns=tuple(there), files=source.files if source else ()
        )
        expressions = read_as(like, name).expressions
        if not keys or any(key not in expressions for key in keys):
            raise ConfigError(
                f"tables.{name}.mode: {config.tables[name].mode} needs a key. Map {' and '.join(keys) or 'one'} under "
                f'[tables.{name}.columns], or state key = ["..."], the columns of the export that name a row.'
            )
        parts = [expressions[key] for key in keys]
    texts = [f"nullif(trim(({part})::varchar), '')" for part in parts]
    whole = " and ".join(f"{text} is not null" for text in texts)
    named = f"concat_ws(chr(31), 'k', {', '.join(texts)})"
    return f"case when {whole} then {named} else concat_ws(chr(31), _file, {content}) end"


def _ranks_sql(engine: Engine, config: WorkspaceConfig, name: str) -> str:
    """A query for what makes each row the later one, `latest_by` as a moment or a number; "" without one."""
    table = config.tables[name]
    if table.latest_by is None:
        return ""
    types = {row[0]: row[1] for row in engine.rows("describe both_rows")}
    if table.latest_by not in types:
        there = [column for column in types if column not in _OWN]
        raise ConfigError(
            f"tables.{name}.latest_by: its source has no column {table.latest_by!r}.{nearest(table.latest_by, there)}"
        )
    kind = types[table.latest_by]
    base, parts = base_sql(Engine.quote(table.latest_by), kind), Parts()
    rank = "try_cast(_said as double)"
    if is_text(kind) or kind.startswith(("TIMESTAMP", "DATE")):
        zone, formats, field = config.time_zone, table.date_formats, Field("latest_by", "timestamp", "")
        moment = cast_sql(field, "_said", kind, time_zone=zone, date_formats=formats, share=parts)
        rank = f"coalesce(epoch({moment}), {rank if is_text(kind) else 'null'})"
    return f"select _order, {rank} as _rank from ({parts.over(f'(select _order, {base} as _said from both_rows)')})"
