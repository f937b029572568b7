"""Database servers, read only: PostgreSQL by ADBC, MySQL and MariaDB by PyMySQL."""

import datetime as dt
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pyarrow as pa

from crmlib.prepare.config.parts import SourceConfig
from crmlib.prepare.config.read import WorkspaceConfig
from crmlib.prepare.engine import Engine
from crmlib.prepare.sources.databases import is_select, numbered, parse_select, table_named
from crmlib.prepare.sources.files import Part, distinct_names
from crmlib.prepare.sources.text import read_rows_part
from crmlib.prepare.sql_guard import first_line
from crmlib.schema.errors import ConfigError, SourceError, nearest

PASSWORD_VARIABLE = "CRMLIB_SOURCE_PASSWORD"
CONNECT_SECONDS = 10

_OPTIONS = {
    "postgresql": ("host", "sslmode", "sslrootcert", "sslcert", "sslkey"),
    "mysql": ("unix_socket", "ssl_ca", "ssl_verify_identity"),
}
_ALIAS = "crmlib_row"
_MOST_DIGITS = 38
_DIALECTS = {"postgresql": "postgres", "mysql": "mysql"}


@dataclass(frozen=True, kw_only=True)
class ServerPart:
    """A table or a SELECT of the server that `[source]` names."""

    source: SourceConfig
    root: Path
    part: str
    key_path: str

    @property
    def shown(self) -> str:
        """As a reader knows it: kind, database and table."""
        words = f"SELECT {hashlib.sha256(self.part.encode()).hexdigest()[:6]}"
        return f"{self.source.kind}:{_database(self.source)}#{words if is_select(self.part) else self.part}"


def server_parts(config: WorkspaceConfig, entries: list[str], key_path: str) -> list[ServerPart]:
    """The entries of `from` that the server of a workspace answers."""
    assert config.source is not None
    return [
        ServerPart(source=config.source, root=config.root, part=one, key_path=key_path)
        for one in dict.fromkeys(entries)
    ]


def read_server_part(engine: Engine, part: ServerPart, *, name: str) -> Part:
    """The rows of a table or SELECT, in the engine."""
    with _errors_explained(part), closing(_connect(part)) as connection:
        query = _query_of(connection, part)
        if part.source.kind == "postgresql":
            return _read_postgresql(engine, connection, part, query, name=name)
        return _read_mysql(engine, connection, part, query, name=name)


def server_fingerprint(part: ServerPart) -> str:
    """A digest of all rows that the server reckons itself: it changes when a row does."""
    with _errors_explained(part), closing(_connect(part)) as connection:
        query = _query_of(connection, part)
        if part.source.kind == "postgresql":
            text = f"hashtextextended({_ALIAS}::text, 0)::numeric"
        else:
            cells = [f"coalesce(hex({_back(column)}), '-')" for column in _columns(connection, query)]
            text = f"cast(conv(left(md5(concat_ws(',', {', '.join(cells)})), 15), 16, 10) as decimal(30))"
        rows, total = _rows(connection, f"select count(*), sum({text}) from ({query}) {_ALIAS}")[0]
    return hashlib.sha256(f"{query}\n{rows}\n{total}".encode()).hexdigest()


def password_of(source: SourceConfig, root: Path) -> str | None:
    """The password: from the file that crm.toml names, which its owner alone may read, else from the environment."""
    if source.password_file is None:
        return os.environ.get(PASSWORD_VARIABLE)
    path = root / Path(source.password_file).expanduser()
    try:
        mode, owner = path.stat().st_mode, path.stat().st_uid
        if mode & 0o077 or owner not in (os.getuid(), 0):
            raise ConfigError(
                f"source.password_file: others than its owner may read {source.password_file}. "
                f"Run: chmod 600 {source.password_file}"
            )
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is no UTF-8 text"
        raise ConfigError(
            f"source.password_file: {source.password_file} cannot be read ({reason})."
        ) from error
    return lines[0] if lines else ""


def _database(source: SourceConfig) -> str:
    return unquote(urlsplit(source.url).path.removeprefix("/"))


def _options(source: SourceConfig) -> dict[str, str]:
    known = _OPTIONS[source.kind]
    given = dict(parse_qsl(urlsplit(source.url).query))
    for name in given:
        if name not in known:
            raise ConfigError(f"source.url: the option {name} is not known.{nearest(name, known)}")
    return given


def _driver(name: str, what: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise SourceError(
            f'source.url: {what} needs a driver that is not installed. Run: pip install "crmlib[databases]"'
        ) from error


def _connect(part: ServerPart) -> Any:
    source = part.source
    address, password = urlsplit(source.url), password_of(source, part.root)
    if source.kind == "postgresql":
        given = {
            "host": address.hostname, "port": address.port, "user": unquote(address.username or ""),
            "dbname": _database(source), "password": password, "connect_timeout": CONNECT_SECONDS,
            "application_name": "crmlib", **_options(source),
        }  # fmt: skip
        words = [f"{key}={_conninfo(str(value))}" for key, value in given.items() if value not in (None, "")]
        connection = _driver("adbc_driver_postgresql.dbapi", "PostgreSQL").connect(" ".join(words))
        _begin(connection, "set transaction isolation level repeatable read, read only",
               "set local timezone = 'UTC'", "set local datestyle = 'ISO'", "set local synchronize_seqscans = off",
               "set local max_parallel_workers_per_gather = 0")  # fmt: skip
        return connection
    driver = _driver("pymysql", "MySQL")
    options: dict[str, Any] = {**_options(source)}
    if "ssl_verify_identity" in options:
        options["ssl_verify_identity"] = options["ssl_verify_identity"] == "true"
    connection = driver.connect(
        host=address.hostname or "localhost", port=address.port or 3306, database=_database(source),
        user=unquote(address.username or "") or None, password=password or "", charset="utf8mb4",
        connect_timeout=CONNECT_SECONDS, local_infile=False, conv=_mysql_conversions(driver), **options,
    )  # fmt: skip
    _begin(
        connection,
        "set session time_zone = '+00:00'",
        "start transaction with consistent snapshot, read only",
    )
    return connection


def _begin(connection: Any, *statements: str) -> None:
    with closing(connection.cursor()) as cursor:
        for statement in statements:
            cursor.execute(statement)


def _conninfo(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _mysql_conversions(driver: Any) -> dict[Any, Any]:
    """A TIMESTAMP is a moment and says its offset, a DATETIME is what a clock showed; bits are a number."""
    kinds, plain = driver.constants.FIELD_TYPE, driver.converters

    def moment(text: Any) -> Any:
        found = plain.convert_datetime(text)
        return found.replace(tzinfo=dt.UTC).isoformat() if isinstance(found, dt.datetime) else None

    return plain.conversions | {kinds.TIMESTAMP: moment, kinds.BIT: lambda raw: int.from_bytes(raw, "big")}


def _rows(connection: Any, sql: str, parameters: tuple = ()) -> list[tuple]:
    with closing(connection.cursor()) as cursor:
        cursor.execute(sql, parameters) if parameters else cursor.execute(sql)
        return list(cursor.fetchall())


_POSTGRESQL_TABLES = """
    select case when pg_catalog.pg_table_is_visible(c.oid) then '' else n.nspname::text || '.' end || c.relname::text,
           n.nspname::text || '.' || c.relname::text
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'v', 'm', 'p', 'f') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
      and pg_catalog.has_schema_privilege(n.oid, 'usage') and pg_catalog.has_table_privilege(c.oid, 'select')
    order by 1
"""
_MYSQL_TABLES = """
    select table_name, concat(table_schema, '.', table_name) from information_schema.tables
    where table_schema = database() order by 1
"""


def _query_of(connection: Any, part: ServerPart) -> str:
    """The SELECT that the server is asked: a guarded one of the user's, or all of a table."""
    postgresql = part.source.kind == "postgresql"
    found = _rows(connection, _POSTGRESQL_TABLES if postgresql else _MYSQL_TABLES)
    tables = {full: full for _, full in found} | dict(found)
    if is_select(part.part):
        dialect = _DIALECTS[part.source.kind]
        sql = parse_select(part.part, tables=tables, key_path=part.key_path, dialect=dialect)
        return sql.strip().rstrip(";")
    full = tables[table_named(part.part, list(tables), shown=f"{part.source.kind}:{_database(part.source)}")]
    quote = Engine.quote if postgresql else _back
    return f"select * from {'.'.join(quote(word) for word in full.split('.', 1))}"


def _columns(connection: Any, query: str) -> list[str]:
    with closing(connection.cursor()) as cursor:
        cursor.execute(f"select * from ({query}) {_ALIAS} limit 0")
        return [column[0] for column in cursor.description]


def _back(name: str) -> str:
    return f"`{name.replace('`', '``')}`"


def _read_postgresql(engine: Engine, connection: Any, part: ServerPart, query: str, *, name: str) -> Part:
    with closing(connection.cursor()) as cursor:
        schema = cursor.adbc_execute_schema(query)
        names, renamed = distinct_names(schema.names)
        kinds = [_kind(column) for column in schema]
        inner = ", ".join(f"c{i}" for i in range(len(names)))
        cells = ", ".join(_ASKED[kind].format(f"c{i}") + f" as c{i}" for i, kind in enumerate(kinds))
        cursor.execute(f"select {cells} from ({query}) as {_ALIAS} ({inner})")
        engine.load(name, cursor.fetch_record_batch())
    types = [_number_type(engine, name, f"c{i}") if kind == "numeric" else "" for i, kind in enumerate(kinds)]
    read = ", ".join(
        f"{f'try_cast(c{i} as {types[i]})' if types[i] else f'c{i}'} as {Engine.quote(column)}"
        for i, column in enumerate(names)
    )
    return Part(
        shown=part.shown,
        columns=tuple(names),
        select=f"select rowid + 1 as _row, {read} from {name}",
        rows=engine.rows(f"select count(*) from {name}")[0][0],
        notes=tuple(f"{part.shown}: {note}." for note in renamed),
        relations=(name,),
    )


def _read_mysql(engine: Engine, connection: Any, part: ServerPart, query: str, *, name: str) -> Part:
    driver = _driver("pymysql", "MySQL")
    decimals = (driver.constants.FIELD_TYPE.DECIMAL, driver.constants.FIELD_TYPE.NEWDECIMAL)
    with closing(connection.cursor(driver.cursors.SSCursor)) as cursor:
        cursor.execute(query)
        names, renamed = distinct_names(column[0] for column in cursor.description)
        numeric = [i for i, column in enumerate(cursor.description) if column[1] in decimals]
        notes = [f"{part.shown}: {note}." for note in renamed]
        read = read_rows_part(engine, numbered(cursor), names=names, name=name, shown=part.shown, notes=notes)
    if not numeric:
        return read
    typed = ", ".join(
        f"try_cast({Engine.quote(names[i])} as {_number_type(engine, name, f'c{i}')}) as {Engine.quote(names[i])}"
        for i in numeric
    )
    return replace(read, select=f"select * replace ({typed}) from ({read.select})")


_ASKED = {"plain": "{}", "numeric": "{}::numeric::text", "float4": "{}::text::float8",
          "list": "array_to_string({}, ';')", "bytes": "encode({}, 'escape')", "text": "{}::text"}  # fmt: skip
"""How a column is asked for, so that Arrow and the engine hold it without loss."""


def _kind(column: pa.Field) -> str:
    metadata = column.metadata or {}
    named = metadata.get(b"POSTGRESQL:type", b"").decode()
    if named in ("numeric", "money"):
        return "numeric"
    if named in ("float4", "bytea"):
        return {"float4": "float4", "bytea": "bytes"}[named]
    if pa.types.is_list(column.type):
        return "list"
    kind = column.type
    plain = (
        pa.types.is_integer(kind) or pa.types.is_float64(kind) or pa.types.is_boolean(kind)
        or pa.types.is_string(kind) or pa.types.is_date32(kind) or pa.types.is_timestamp(kind)
    )  # fmt: skip
    return "plain" if plain else "text"


def _number_type(engine: Engine, table: str, column: str) -> str:
    """The decimal type that holds a column of numbers written out in full, or DOUBLE where none does."""
    ((whole, digits),) = engine.rows(
        f"select max(length(ltrim(split_part({column}, '.', 1), '-'))), "
        f"max(length(split_part({column}, '.', 2))) from {table}"
    )
    fits = (whole or 0) + (digits or 0) <= _MOST_DIGITS
    return f"decimal({_MOST_DIGITS}, {digits or 0})" if fits else "double"


@contextmanager
def _errors_explained(part: ServerPart) -> Iterator[None]:
    """What a driver says, in one sentence without the password."""
    try:
        yield
    except (SourceError, ConfigError):
        raise
    except Exception as error:
        if not type(error).__module__.startswith(("adbc_driver", "pymysql", "pyarrow")):
            raise
        says = first_line(error) if len(error.args) < 2 else first_line(Exception(error.args[1]))
        secret = password_of(part.source, part.root)
        says = says.replace(secret, "***") if secret else says
        raise SourceError(f"source.url: {part.source.kind} says: {says}. {_remedy(says)}") from None


_REMEDIES: Mapping[str, str] = {
    "password": f"Set {PASSWORD_VARIABLE}, or name a file under source.password_file.",
    "access denied": f"Set {PASSWORD_VARIABLE} or source.password_file; the user needs select on the table.",
    "permission denied": "Ask for the right to read that table (grant select).",
    "read-only": "Only reading is allowed here.",
    "read only": "Only reading is allowed here.",
    "does not exist": "Mend the name under source.url or from.",
    "unknown database": "Mend the name under source.url.",
}


def _remedy(says: str) -> str:
    for words, remedy in _REMEDIES.items():
        if words in says.lower():
            return remedy
    return "See whether the server runs, and whether address, port and query are right."
