"""Databases in a file: DuckDB is attached where it lies, SQLite comes through Python's own reader."""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokens import Token, TokenType

from crmlib.prepare import sql_guard as words
from crmlib.prepare.check.casting import text_literal
from crmlib.prepare.engine import Engine, EngineError
from crmlib.prepare.expressions import EXPRESSION_NODES
from crmlib.prepare.sources.files import FileReference, Part, distinct_names
from crmlib.prepare.sources.text import BATCH, read_rows_part
from crmlib.prepare.sql_guard import PLAIN_VALUES, first_line, is_call, is_word, near, tokens_of
from crmlib.schema.errors import ConfigError, SourceError, nearest

MAX_LENGTH = 20_000

_NODES = (
    *EXPRESSION_NODES, exp.Select, exp.Subquery, exp.From, exp.Join, exp.Group, exp.Having, exp.Limit,
    exp.Offset, exp.With, exp.CTE, exp.Table, exp.TableAlias, exp.Alias, exp.SetOperation, exp.Window,
    exp.WindowSpec,
    exp.Qualify, exp.Exists, exp.SimilarTo, exp.Values,
)  # fmt: skip
_BEFORE_A_BRACKET = words.BEFORE_A_BRACKET | words.words_of(
    """
    select all exists any on using join inner outer left right full cross semi anti asof with recursive union
    intersect except over partition having qualify limit offset values window rows range
    """
)
_WINDOW_FUNCTIONS = words.WINDOW - {"over"} | words.ROW_ORDER
_OWN_FUNCTIONS = {
    "sqlite": words.words_of(
        """
        date time datetime julianday unixepoch strftime timediff total printf format iif char hex unhex quote
        typeof group_concat glob like unicode json json_extract json_array_length json_type concat concat_ws
        """
    ),
    "postgres": words.words_of(
        """
        date date_part date_bin to_char to_date to_number to_timestamp make_interval justify_days btrim initcap
        overlay octet_length regexp_match regexp_count regexp_substr encode decode array_agg array_remove
        array_cat cardinality unnest jsonb_array_length json_array_length jsonb_extract_path_text
        json_extract_path_text every width_bucket num_nulls num_nonnulls
        """
    ),
    "mysql": words.words_of(
        """
        date time str_to_date date_format date_add date_sub timestampdiff timestampadd from_unixtime
        unix_timestamp to_days convert_tz format hex unhex char elt field find_in_set substring_index mid
        json_extract json_unquote json_value json_length group_concat any_value std
        """
    ),
}
"""What a database knows beyond the words of crm.toml; nothing that waits, writes or opens files."""


_ODD_SIGNS = {"postgres": ("--", "/*", "$", "\\"), "mysql": ("--", "/*", "#", "\\")}
"""What a server may read otherwise than sqlglot does: comments that are carried out, other ends of a string."""


def parse_select(
    sql: str,
    *,
    tables: Iterable[str],
    key_path: str,
    dialect: str = "duckdb",
    catalog: str | None = None,
) -> str:
    """Check one SELECT over a source database."""
    tree = _parse(sql, key_path, dialect)
    for node in tree.walk():
        if not isinstance(node, _NODES):
            raise ConfigError(
                f"{key_path}: {type(node).__name__} is not available in a SELECT over a source."
            )
    _check_words(tokens_of(sql, dialect), key_path, dialect)
    _check_tables(tree, list(tables), key_path, catalog)
    if dialect != "duckdb":
        return sql
    text = str(tree.sql(dialect=dialect, comments=False))
    _check_words(tokens_of(text, dialect), key_path, dialect)
    return text


def _parse(sql: str, key_path: str, dialect: str) -> exp.Query:
    if len(sql) > MAX_LENGTH:
        raise ConfigError(
            f"{key_path}: the SQL has {len(sql):,} characters; at most {MAX_LENGTH:,} are read."
        )
    if odd := [sign for sign in _ODD_SIGNS.get(dialect, ()) if sign in sql]:
        raise ConfigError(
            f"{key_path}: {odd[0]} is not available: comments and quoted oddities stay out of a SELECT."
        )
    try:
        first = tokens_of(sql, dialect)[0]
        if first.token_type not in (TokenType.SELECT, TokenType.WITH):
            raise ConfigError(
                f"{key_path}: only a single SELECT may read a source; this is a {first.text.upper()}."
            )
        trees = sqlglot.parse(sql, read=dialect)
    except (SqlglotError, RecursionError, ValueError, IndexError, AttributeError, TypeError) as error:
        raise ConfigError(f"{key_path}: this is no SELECT ({first_line(error)}).") from error
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        raise ConfigError(f"{key_path}: only a single SELECT may read a source; this is more than one.")
    return trees[0]


def _check_words(tokens: list[Token], key_path: str, dialect: str) -> None:
    known = words.SCALAR_FUNCTIONS | words.AGGREGATE_FUNCTIONS | _WINDOW_FUNCTIONS
    own = _OWN_FUNCTIONS.get(dialect, frozenset())
    known = known | own
    for i, token in enumerate(tokens):
        text = token.text.lower()
        if token.token_type == TokenType.STRING and dialect != "duckdb" and text.strip() == "now":
            raise ConfigError(f"{key_path}: 'now' is refused: {words.REMEDY['CLOCK']}.")
        if token.token_type in PLAIN_VALUES or not is_word(text):
            continue
        if is_call(tokens, i) and text not in _BEFORE_A_BRACKET and text not in words.UNITS:
            empty = bool(tokens[i + 2 : i + 3]) and tokens[i + 2].text == ")"
            if text not in known or (empty and text in own - {"total"}):
                why = words.why_refused(text) or f"it is not among those allowed.{near(text, known)}"
                raise ConfigError(f"{key_path}: the function {text} is refused: {why.rstrip('.')}.")
        elif text in words.CLOCK and token.token_type != TokenType.VAR:
            raise ConfigError(f"{key_path}: {text} is refused: {words.REMEDY['CLOCK']}.")


def _check_tables(tree: exp.Query, tables: list[str], key_path: str, catalog: str | None) -> None:
    """Every table is one of the database's, or a step (common table expression) of the query itself."""
    known = {name.lower(): name for name in tables}
    steps = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    for step in steps & set(known):
        raise ConfigError(f"{key_path}: the step {step} has the name of a table; give it another name.")
    if not tree.find(exp.Table):
        raise ConfigError(f"{key_path}: the SELECT reads no table.{nearest('', tables)}")
    for table in tree.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier) or table.args.get("catalog"):
            raise ConfigError(f"{key_path}: {table.sql()} is no table of the source.")
        name = f"{table.db}.{table.name}" if table.db else table.name
        if not table.db and name.lower() in steps:
            continue
        if name.lower() not in known:
            raise ConfigError(f"{key_path}: the source has no table {name}.{nearest(name, tables)}")
        if catalog is not None:
            table.set("catalog" if table.db else "db", exp.to_identifier(catalog))


_ALLOWED_ACTIONS = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
)
_FORBIDDEN_FUNCTIONS = frozenset({"load_extension", "readfile", "writefile", "random", "randomblob"})


def read_duckdb_part(engine: Engine, file: FileReference, *, name: str, key_path: str) -> Part:
    """A table, view or SELECT of a DuckDB file, read where it lies."""
    catalog = _attach(engine, file)
    found = engine.rows(
        "select schema_name, table_name, true from duckdb_tables() where database_name = $1 "
        "union all select schema_name, view_name, false from duckdb_views() "
        "where database_name = $1 and not internal order by 1, 2",
        [catalog],
    )
    tables = {
        f"{schema}.{table}" if schema != "main" else table: is_table for schema, table, is_table in found
    }
    part = _part_of(file, list(tables))
    if is_select(part):
        inner = f"({parse_select(part, tables=tables, key_path=key_path, catalog=catalog)})"
        number = "row_number() over ()"
    else:
        real = table_named(part, list(tables), shown=file.shown)
        schema, _, table = real.rpartition(".")
        inner = ".".join(Engine.quote(word) for word in (catalog, schema or "main", table))
        number = "rowid + 1" if tables[real] else "row_number() over ()"
    try:
        given = [row[0] for row in engine.rows(f"describe select * from {inner}")]
        (rows,) = engine.rows(f"select count(*) from {inner}")[0]
    except EngineError as error:
        raise SourceError(f"{file.shown} cannot be read ({str(error).splitlines()[0]}).") from error
    names, renamed = distinct_names(given)
    cells = [f"{Engine.quote(one)} as {Engine.quote(name)}" for one, name in zip(given, names, strict=True)]
    return Part(
        shown=_shown(file, part),
        columns=tuple(names),
        select=f"select {', '.join([f'{number} as _row', *cells])} from {inner}",
        rows=rows,
        notes=tuple(f"{file.shown}: {note}." for note in renamed),
    )


def read_sqlite_part(
    engine: Engine, file: FileReference, *, name: str, key_path: str, decimal: str = "."
) -> Part:
    """A table, view or SELECT of a SQLite file, streamed into the engine."""
    try:
        with closing(sqlite3.connect(f"{file.path.as_uri()}?mode=ro", uri=True)) as shop:
            shop.text_factory = lambda raw: raw.decode("utf-8", "replace")
            found = shop.execute(
                "select name from sqlite_master where type in ('table', 'view') and name not like 'sqlite_%'"
            )
            tables = [table for (table,) in found]
            part = _part_of(file, tables)
            if is_select(part):
                sql = parse_select(part, tables=tables, key_path=key_path, dialect="sqlite")
                shop.set_authorizer(_authorize)
            else:
                sql = f"select * from {Engine.quote(table_named(part, tables, shown=file.shown))}"
            cursor = shop.execute(sql)
            names, renamed = distinct_names(column[0] for column in cursor.description)
            notes = [f"{file.shown}: {note}." for note in renamed]
            shown = _shown(file, part)
            return read_rows_part(
                engine, numbered(cursor), names=names, name=name, shown=shown, notes=notes, decimal=decimal
            )
    except sqlite3.Error as error:
        raise SourceError(f"{file.shown} cannot be read as a SQLite database ({error}).") from error


def numbered(cursor: Any) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """The rows of a cursor, each with its number."""
    number = 0
    while batch := cursor.fetchmany(BATCH):
        for row in batch:
            number += 1
            yield number, row


def _authorize(action: int, first: str | None, second: str | None, *_: object) -> int:
    function = action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _FORBIDDEN_FUNCTIONS
    return sqlite3.SQLITE_OK if action in _ALLOWED_ACTIONS and not function else sqlite3.SQLITE_DENY


def _attach(engine: Engine, file: FileReference) -> str:
    """Attach a DuckDB file once; its name in the engine."""
    catalog = f"source_{hashlib.sha256(str(file.path).encode()).hexdigest()[:12]}"
    if (catalog,) not in engine.rows("select database_name from duckdb_databases()"):
        try:
            engine.execute(f"attach {text_literal(str(file.path))} as {catalog} (read_only, type duckdb)")
        except EngineError as error:
            reason = str(error).splitlines()[0]
            raise SourceError(
                f"{file.shown} cannot be opened as a DuckDB file ({reason}). Close what writes to it, or "
                "export the table as Parquet."
            ) from error
    return catalog


def _part_of(file: FileReference, tables: list[str]) -> str:
    if file.part:
        return file.part
    if len(tables) == 1:
        return tables[0]
    there = ", ".join(tables[:20]) or "none"
    raise SourceError(f'{file.shown}: say which table, as "{file.shown}#table". There are: {there}.')


def table_named(part: str, tables: list[str], *, shown: str) -> str:
    """The table that is meant, upper and lower case being the same where that is clear."""
    same = [table for table in tables if table.lower() == part.lower()]
    if part in tables or len(same) == 1:
        return part if part in tables else same[0]
    raise SourceError(f"{shown} has no table {part}.{nearest(part, tables)}")


def is_select(part: str) -> bool:
    """Whether a part of a database is a SELECT and not a name."""
    words = part.split(None, 1)
    return len(words) == 2 and words[0].lower() in ("select", "with")


def _shown(file: FileReference, part: str) -> str:
    if "#" in file.shown:
        return file.shown
    return f"{file.shown}#{'SELECT' if is_select(part) else part}"
