"""From a folder of exports with a crm.toml to its tables: read, checked, kept for the next time."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from sqlglot import exp, parse_one

from crmlib.prepare.check.casting import Standards
from crmlib.prepare.check.findings import IDENTITY_COLUMNS, NOTICE_COLUMNS, SOURCE_COLUMNS, CheckReport
from crmlib.prepare.check.staging import Reading, Staged
from crmlib.prepare.clock import closing_moment
from crmlib.prepare.config.parts import ColumnConfig, TableConfig
from crmlib.prepare.config.read import WorkspaceConfig, load_config
from crmlib.prepare.crm import Crm, stage_tables
from crmlib.prepare.engine import Engine, columns_of
from crmlib.prepare.expressions import parse_expression
from crmlib.prepare.forgotten import forgotten_in, forgotten_print
from crmlib.prepare.increments import Loaded, load_increments, open_loaded
from crmlib.prepare.outbox import archive_fingerprints, read_back
from crmlib.prepare.private import scratch_folder
from crmlib.prepare.snapshot import (
    lay_out_set_aside,
    open_snapshot,
    read_manifest,
    read_sealed,
    report_from_json,
    report_to_json,
    snapshot_key,
    snapshots_folder,
    write_snapshot,
)
from crmlib.prepare.sources.door import (
    Source,
    allowed_paths,
    close_source,
    columns_missing_in_files,
    fingerprints,
    open_source,
)
from crmlib.prepare.spark import asks_for_spark, engine_of_snapshot
from crmlib.schema.errors import ConfigError, ParameterError, nearest
from crmlib.schema.tables import CORE_TABLES, table_spec

if TYPE_CHECKING:
    from crmlib.prepare.forget import Person


def open_workspace(
    path: str | Path, *, as_of: Any = None, progress: Callable[[str], None] | None = None
) -> Crm:
    """Read, check and hold the tables of a workspace.

    While neither crm.toml, the exports, the outbox nor the closing moment have changed, the checked tables of
    the last time are opened again. Drafts of the outbox up to the closing moment stand among `interactions`.

    Parameters
    ----------
    path : path
        The folder that holds crm.toml, or crm.toml itself.
    as_of : Timestamp, date, text or None
        The closing moment; None takes what crm.toml says. A bare date means the end of that day there.
    progress : callable, optional
        Called with the name of each table when its rows have been read.

    Returns
    -------
    Crm
        `checks` tells what was found; the rows set aside lie in ``<workspace>/set_aside/<table>.parquet``.

    Raises
    ------
    ConfigError
        A mistake in crm.toml, with its key path.
    SourceError
        An export that cannot be used at all.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "orders.csv").write_text("order_id,product_id,ordered_at,net_amount\\n007,a,2020-01-05,9.5\\n")
    >>> _ = (folder / "crm.toml").write_text('currency = "EUR"\\n[tables.transactions]\\nfrom = "orders.csv"\\n')
    >>> crm = open_workspace(folder)
    >>> crm.frame("transactions").order_id.item(), crm.as_of
    ('007', Timestamp('2020-01-05 00:00:00'))
    """
    config = load_config(path)
    if not set(config.tables) & set(CORE_TABLES):
        raise ConfigError(
            f"tables: a workspace needs {' or '.join(CORE_TABLES)}. Add [tables.{CORE_TABLES[0]}]."
        )
    moment = _stated_moment(config, as_of)
    loaded = _load(config)
    files: dict[str, dict[str, str] | str] = {
        name: loaded.fingerprint(name) if table.mode and loaded else fingerprints(config, name)
        for name, table in config.tables.items()
    }
    files |= {"outbox": prints} if (prints := archive_fingerprints(config)) else {}
    files |= {"forgotten": marks} if (marks := forgotten_print(config.root)) else {}
    if config.identity is not None:
        from crmlib.prepare.identity.follow import decisions_print

        files |= {"identity": decisions_print(config.root)}
    key = snapshot_key(config.model_dump(mode="json"), str(moment), files)
    folder = snapshots_folder(config.root)
    snapshot = folder / key
    manifest, damage = read_sealed(snapshot)
    if manifest is None:
        snapshot = write_snapshot(
            folder, key, lambda target: _check_sources(config, moment, target, progress, loaded)
        )
        manifest = read_manifest(snapshot)
    assert manifest is not None
    lay_out_set_aside(snapshot, config.root)
    tables = list(manifest["tables"])
    return Crm(
        name=config.name,
        as_of=pd.Timestamp(manifest["as_of"]).as_unit("us"),
        tables=tuple(tables),
        checks=_with_notices(
            report_from_json(manifest, snapshot / "set_aside"), _healed(snapshot, damage, loaded)
        ),
        engine=engine_of_snapshot(snapshot, tables, settings=config.engine)
        if asks_for_spark(config.engine)
        else open_snapshot(snapshot, tables),
        currency=config.currency,
        time_zone=config.time_zone,
        config=config,
        root=config.root,
        key=key,
    )


def _healed(snapshot: Path, damage: str, loaded: Loaded | None) -> list[str]:
    """What was damaged on the disk, and what was done about it."""
    told = []
    if damage:
        told.append(
            f"The checked tables in {snapshot.parent.name} were damaged ({damage}); they were read anew from the "
            "exports. If it comes again, look at the disk."
        )
    if loaded and loaded.damage:
        told.append(
            f"The last load in {loaded.folder.parent.name} was damaged ({loaded.damage}) and is put aside; the "
            "load before it stands, and the exports that lie here were loaded again. Bring back exports that "
            "came between, if there were any."
        )
    return told


def _with_notices(report: CheckReport, told: list[str]) -> CheckReport:
    if not told:
        return report
    more = pd.DataFrame([("", says) for says in told], columns=list(NOTICE_COLUMNS))
    return replace(report, notices=pd.concat([more, report.notices], ignore_index=True))


def visit_findings(
    path: str | Path, visit: Callable[[Staged], None], *, as_of: Any = None
) -> WorkspaceConfig:
    """Read and check a workspace once more, and show each table with its findings to `visit`; nothing is kept."""
    config = load_config(path)
    loaded = _load(config)
    with tempfile.TemporaryDirectory(prefix="check-", dir=scratch_folder()) as folder:
        (Path(folder) / "set_aside").mkdir()
        _check_sources(config, _stated_moment(config, as_of), Path(folder), None, loaded, visit)
    return config


def _load(config: WorkspaceConfig) -> Loaded | None:
    return load_increments(config, read_as=lambda source, name: _reading_in(config, source, name))


def forget(crm: Crm, customer: str) -> tuple["Person", tuple[str, ...], list[Path]]:
    """Forget a customer of an open workspace, whose engine is closed: who it was, its pseudonyms, what was changed."""
    from crmlib.prepare.forget import find_person, forget_person, pseudonyms_of

    if crm.root is None:
        raise ParameterError(
            f"{crm.name} is made of tables in memory, so nothing is kept of anybody. "
            "Open the workspace from its folder."
        )
    person = find_person(crm, customer)
    coded = pseudonyms_of(crm, person.ids)
    crm.engine.close()
    config = load_config(crm.root)
    changed = forget_person(crm, person, read_as=lambda source, name: _reading_in(config, source, name))
    return person, coded, changed


def reading_of(source: Source, name: str, table: TableConfig, policies: Mapping[str, str]) -> Reading:
    """How the columns of a source become those of a table; columns with our own names need no mapping."""
    spec = table_spec(name)
    key_path = f"tables.{name}.columns"
    theirs = {column.lower(): column for column in source.columns}
    joined = {column for other in source.joined for column in other.columns}
    expressions = {
        ours: Engine.quote(theirs[ours])
        for ours in spec.names
        if ours not in table.columns
        and ours in theirs
        # An amount of a joined row stands beside each row: whose it is, is for the user to say.
        and not (theirs[ours] in joined and spec.field(ours).type == "money")
    }
    for ours, mapped in table.columns.items():
        expressions[ours] = _expression(mapped, source, f"{key_path}.{ours}")
    filters = tuple(
        (
            parse_expression(
                rule.sql,
                columns=source.columns,
                aggregate=False,
                key_path=f"tables.{name}.where.{i}",
                context="filter",
                windows=True,
            ).sql,
            rule.reason,
        )
        for i, rule in enumerate(table.where)
    )
    return Reading(
        spec=spec,
        view=source.view,
        expressions=expressions,
        filters=filters,
        date_formats=table.date_formats,
        decimal=table.decimal,
        policies=policies,
        vanished=source.vanished,
        files=source.files if source.joined or _looks_around([*expressions.values(), *filters]) else (),
        standards=Standards(owner=table.owner, fresh_days=table.fresh_days, allowed=table.allowed),
    )


def _looks_around(parts: Sequence[Any]) -> bool:
    """Whether a column or filter looks at other rows than its own, which may leave them in another order."""
    return any(
        parse_one(part if isinstance(part, str) else part[0], dialect="duckdb").find(exp.Window)
        for part in parts
    )


def _reading_in(config: WorkspaceConfig, source: Source, name: str) -> Reading:
    reading = reading_of(source, name, config.tables[name], config.policies(name))
    return replace(reading, currency=config.currency)


def _expression(mapped: ColumnConfig, source: Source, key_path: str) -> str:
    if mapped.sql is not None:
        return parse_expression(
            mapped.sql, columns=source.columns, aggregate=False, key_path=key_path, windows=True
        ).sql
    if mapped.name is not None:
        if mapped.name not in source.columns:
            raise ConfigError(
                f"{key_path}: {', '.join(source.files)} has no column {mapped.name!r}."
                f"{nearest(mapped.name, source.columns)}"
            )
        return Engine.quote(mapped.name)
    return Engine.literal(mapped.value)


def _stated_moment(config: WorkspaceConfig, as_of: Any) -> Any:
    stated = config.as_of if as_of is None or as_of == "" else as_of
    if isinstance(stated, str) and stated == "latest":
        return stated
    return closing_moment(stated, time_zone=config.time_zone)


def _check_sources(
    config: WorkspaceConfig,
    moment: Any,
    target: Path,
    progress: Callable[[str], None] | None,
    loaded: Loaded | None,
    visit: Callable[[Staged], None] | None = None,
) -> dict[str, Any]:
    stores = [loaded.folder] if loaded else []
    if config.identity is not None:
        from crmlib.prepare.identity.names import needs_packages

        needs_packages()
    with Engine(allowed_paths=[target, *stores, *allowed_paths(config)]) as engine:
        sources = {
            name: open_loaded(engine, loaded, name)
            if table.mode and loaded
            else open_source(engine, config, name)
            for name, table in config.tables.items()
        }
        forgotten = forgotten_in(config.root)
        readings = {
            name: replace(_reading_in(config, source, name), forgotten=forgotten)
            for name, source in sources.items()
        }
        lacks = {name: _lacking(source, readings[name]) for name, source in sources.items()}
        staged = stage_tables(
            engine,
            readings,
            as_of=moment,
            time_zone=config.time_zone,
            rejects={
                name: forgotten.rejects(source.rejects) if forgotten else source.rejects
                for name, source in sources.items()
            },
            aside_folder=target / "set_aside",
            progress=progress,
            visit=visit,
        )
        for source in sources.values():
            close_source(engine, source)
        archive = read_back(engine, config, staged, aside_folder=target / "set_aside")
        tables = list(dict.fromkeys([*config.tables, *(["interactions"] if archive else [])]))
        same, sources_of = _identities(engine, config, tables, as_of=staged.as_of)
        for name in tables:
            file = Engine.literal(str(target / f"{name}.parquet"))
            engine.execute(f"copy ({_laid_down(engine, name)}) to {file} (format parquet, compression zstd)")
    found = archive.report if archive else staged.report
    frames = [_sources_frame(sources), *([archive.sources] if archive else [])]
    notes = [(name, note) for name, source in sources.items() for note in (*source.notes, *lacks[name])]
    notices = [pd.DataFrame(notes, columns=list(NOTICE_COLUMNS)), found.notices]
    report = replace(
        found,
        summary=pd.concat([found.summary, same], ignore_index=True) if len(same) else found.summary,
        identities=sources_of,
        sources=pd.concat(frames, ignore_index=True),
        notices=pd.concat(notices, ignore_index=True),
    )
    return {"as_of": str(staged.as_of), "tables": tables, **report_to_json(report)}


def _lacking(source: Source, reading: Reading) -> list[str]:
    """What a file of several lacks of the columns that ours are read from; of a coalesce one is enough."""
    several = [one for one in (source, *source.joined) if len(one.files) > 1]
    read_from = {}
    for ours, sql in reading.expressions.items() if several else ():
        tree = parse_one(sql, dialect="duckdb")
        names = tuple(dict.fromkeys(column.name for column in tree.find_all(exp.Column)))
        read_from[ours] = [(name,) for name in names] if tree.find(exp.Coalesce) else [names]
    notes = []
    for one in several:
        own = {
            ours: [
                inside for names in sets if (inside := tuple(name for name in names if name in one.columns))
            ]
            for ours, sets in read_from.items()
        }
        notes += columns_missing_in_files(one, {ours: sets for ours, sets in own.items() if sets})
    return notes


def _identities(
    engine: Engine, config: WorkspaceConfig, tables: list[str], *, as_of: Any
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Where ``[identity]`` is asked for, one row a customer; and what of that the report says."""
    if config.identity is None or "customers" not in tables:
        return pd.DataFrame(), pd.DataFrame(columns=list(IDENTITY_COLUMNS))
    from crmlib.prepare.identity.follow import follow_identities

    given = config.identity.model_dump()
    return follow_identities(engine, tables, root=config.root, as_of=as_of, given=given)


def _laid_down(engine: Engine, name: str) -> str:
    """Order lines lie by customer: who asks for some of the customers reads their lines only."""
    query = f"from {Engine.quote(name)}"
    if name != "transactions" or "customer_id" not in columns_of(engine.run(query)):
        return query
    return f"{query} order by customer_id, ordered_at, order_id"


def _sources_frame(sources: Mapping[str, Source]) -> pd.DataFrame:
    rows = [
        {
            "table": name,
            "file": file,
            "rows_read": source.rows_by_file[file],
            "fingerprint": source.fingerprints[file],
            "note": "; ".join(source.notes),
        }
        for name, whole in sources.items()
        for source in (whole, *whole.joined)
        for file in source.files
    ]
    return pd.DataFrame(rows, columns=list(SOURCE_COLUMNS))
