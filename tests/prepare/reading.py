"""A source opened and all its rows brought out, for the tests of sources."""

from crmlib.prepare.config.read import WorkspaceConfig
from crmlib.prepare.engine import Engine
from crmlib.prepare.sources.door import allowed_paths, close_source, open_source


def config_of(root, *entries, source=None, **table):
    tables = {"transactions": {"from": list(entries), **table}}
    return WorkspaceConfig(root=root, name="Acme", currency="EUR", tables=tables, source=source)


def read(root, *entries, source=None, types=False, **table):
    """Rows as tuples (_file, _row, columns ...) in the order of the view, and the Source."""
    config = config_of(root, *entries, source=source, **table)
    with Engine(allowed_paths=allowed_paths(config)) as engine:
        opened = open_source(engine, config, "transactions")
        names = ", ".join(Engine.quote(name) for name in opened.columns)
        rows = engine.rows(f"select _file, _row, {names} from {opened.view}")
        described = engine.rows(f"describe {opened.view}")
        assert [row[0] for row in described] == [*opened.columns, "_file", "_row"]
        assert opened.rows_read == len(rows) + len(opened.rejects) == sum(opened.rows_by_file.values())
        assert tuple(opened.rows_by_file) == opened.files == tuple(opened.fingerprints)
        close_source(engine, opened)
        left = engine.rows("select table_name from duckdb_tables() where database_name = 'memory'")
        assert left == [], "close_source leaves nothing behind"
        if types:
            return rows, opened, {row[0]: row[1] for row in described}
        return rows, opened


def values(root, *entries, **table):
    """Only the columns of the rows."""
    return [row[2:] for row in read(root, *entries, **table)[0]]
