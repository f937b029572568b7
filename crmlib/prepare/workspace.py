"""From a folder of exports with a crm.toml to its tables: read, checked, kept for the next time."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from crmlib.prepare.check.reading import Reading
from crmlib.prepare.check.report import SOURCE_COLUMNS, CheckReport
from crmlib.prepare.clock import closing_moment
from crmlib.prepare.config.parts import ColumnConfig, TableConfig
from crmlib.prepare.config.read import WorkspaceConfig, load_config
from crmlib.prepare.crm import Crm, stage_tables
from crmlib.prepare.engine import Engine, columns_of
from crmlib.prepare.expressions import parse_expression
from crmlib.prepare.outbox import archive_fingerprints, read_back
from crmlib.prepare.snapshot import (
    lay_out_set_aside,
    open_snapshot,
    read_manifest,
    report_from_json,
    report_to_json,
    snapshot_key,
    snapshots_folder,
    write_snapshot,
)
from crmlib.prepare.sources.door import Source, allowed_paths, close_source, fingerprints, open_source
from crmlib.schema.errors import ConfigError, nearest
from crmlib.schema.tables import CORE_TABLES, table_spec


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
    files = {name: fingerprints(config, name) for name in config.tables}
    files |= {"outbox": prints} if (prints := archive_fingerprints(config)) else {}
    if config.identity is not None:
        from crmlib.prepare.identity.follow import decisions_print

        files |= {"identity": decisions_print(config.root)}
    key = snapshot_key(config.model_dump(mode="json"), str(moment), files)
    folder = snapshots_folder(config.root)
    snapshot = folder / key
    manifest = read_manifest(snapshot)
    if manifest is None:
        snapshot = write_snapshot(
            folder, key, lambda target: _check_sources(config, moment, target, progress)
        )
        manifest = read_manifest(snapshot)
    assert manifest is not None
    lay_out_set_aside(snapshot, config.root)
    tables = list(manifest["tables"])
    return Crm(
        name=config.name,
        as_of=pd.Timestamp(manifest["as_of"]).as_unit("us"),
        tables=tuple(tables),
        checks=report_from_json(manifest, snapshot / "set_aside"),
        engine=open_snapshot(snapshot, tables),
        currency=config.currency,
        time_zone=config.time_zone,
        config=config,
        root=config.root,
    )


def reading_of(source: Source, name: str, table: TableConfig, policies: Mapping[str, str]) -> Reading:
    """How the columns of a source become those of a table; columns with our own names need no mapping."""
    spec = table_spec(name)
    key_path = f"tables.{name}.columns"
    theirs = {column.lower(): column for column in source.columns}
    expressions = {
        ours: Engine.quote(theirs[ours])
        for ours in spec.names
        if ours not in table.columns and ours in theirs
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
    )


def _expression(mapped: ColumnConfig, source: Source, key_path: str) -> str:
    if mapped.sql is not None:
        return parse_expression(mapped.sql, columns=source.columns, aggregate=False, key_path=key_path).sql
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
    config: WorkspaceConfig, moment: Any, target: Path, progress: Callable[[str], None] | None
) -> dict[str, Any]:
    with Engine(allowed_paths=[target, *allowed_paths(config)]) as engine:
        sources = {name: open_source(engine, config, name) for name in config.tables}
        staged = stage_tables(
            engine,
            {
                name: reading_of(source, name, config.tables[name], config.policies(name))
                for name, source in sources.items()
            },
            as_of=moment,
            time_zone=config.time_zone,
            rejects={name: source.rejects for name, source in sources.items()},
            aside_folder=target / "set_aside",
            progress=progress,
        )
        for source in sources.values():
            close_source(engine, source)
        archive = read_back(engine, config, staged, aside_folder=target / "set_aside")
        tables = list(dict.fromkeys([*config.tables, *(["interactions"] if archive else [])]))
        same = _identities(engine, config, tables)
        for name in tables:
            file = Engine.literal(str(target / f"{name}.parquet"))
            engine.execute(f"copy ({_laid_down(engine, name)}) to {file} (format parquet, compression zstd)")
    found = archive.report if archive else staged.report
    frames = [_sources_frame(sources), *([archive.sources] if archive else [])]
    report = CheckReport(
        summary=pd.concat([found.summary, *same], ignore_index=True),
        counts=found.counts,
        sources=pd.concat(frames, ignore_index=True),
        missing=found.missing,
    )
    return {"as_of": str(staged.as_of), "tables": tables, **report_to_json(report)}


def _identities(engine: Engine, config: WorkspaceConfig, tables: list[str]) -> list[pd.DataFrame]:
    """Where ``[identity]`` is asked for, one row a customer; and what of that the report says."""
    if config.identity is None or "customers" not in tables:
        return []
    from crmlib.prepare.identity.follow import follow_identities

    return [follow_identities(engine, tables, root=config.root, given=config.identity.model_dump())]


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
        for name, source in sources.items()
        for file in source.files
    ]
    return pd.DataFrame(rows, columns=list(SOURCE_COLUMNS))
