"""The guard for SQL that reads a database: one SELECT over tables that are there."""

from collections.abc import Iterable

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokens import Token, TokenType

from crmlib.prepare import sql_words as words
from crmlib.prepare.expressions import EXPRESSION_NODES
from crmlib.prepare.sql_tokens import PLAIN_VALUES, first_line, is_call, is_word, near, tokens_of
from crmlib.schema.errors import ConfigError, nearest

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
_SQLITE_FUNCTIONS = words.words_of(
    """
    date time datetime julianday unixepoch strftime timediff total printf format iif char hex unhex quote
    typeof group_concat glob like unicode json json_extract json_array_length json_type concat concat_ws
    """
)


def parse_select(
    sql: str,
    *,
    tables: Iterable[str],
    key_path: str,
    dialect: str = "duckdb",
    catalog: str | None = None,
) -> str:
    """Check one SELECT over a source database.

    Parameters
    ----------
    sql : str
    tables : names
        The tables and views that are there, ``schema.table`` where not in the main schema.
    key_path : str
        Where it stands in crm.toml; the message of an error begins with it.
    dialect : "duckdb" or "sqlite"
    catalog : str, optional
        The name under which a DuckDB database is attached: every table is written with it.

    Returns
    -------
    str
        For DuckDB the query written anew; for SQLite the text as given, since SQLite's own authorizer
        stands behind it.

    Raises
    ------
    ConfigError
        If it is no single SELECT, or reads an unknown table, a file, the clock or chance.

    Examples
    --------
    >>> parse_select("select id from orders where paid", tables=["orders"], catalog="shop",
    ...              key_path="tables.transactions.from")
    'SELECT id FROM shop.orders WHERE paid'
    >>> parse_select("delete from orders", tables=["orders"], key_path="tables.transactions.from")
    Traceback (most recent call last):
    ...
    crmlib.schema.errors.ConfigError: tables.transactions.from: only a single SELECT may read a source; this
    is a DELETE.
    """
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
    if dialect == "sqlite":
        known = known | _SQLITE_FUNCTIONS
    for i, token in enumerate(tokens):
        text = token.text.lower()
        if token.token_type == TokenType.STRING and dialect == "sqlite" and text.strip() == "now":
            raise ConfigError(f"{key_path}: 'now' is refused: {words.REMEDY['CLOCK']}.")
        if token.token_type in PLAIN_VALUES or not is_word(text):
            continue
        if is_call(tokens, i) and text not in _BEFORE_A_BRACKET and text not in words.UNITS:
            no_moment = dialect == "sqlite" and tokens[i + 2 : i + 3] and tokens[i + 2].text == ")"
            if text not in known or (no_moment and text in _SQLITE_FUNCTIONS - {"total"}):
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
