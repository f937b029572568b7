"""The guard between SQL that a user writes in crm.toml and the engine that carries it out.

What passes is written anew from the parsed tree, with every identifier quoted, so that what was checked
is what runs. Two gates stand one behind the other: the tree may hold only the kinds of node in
`EXPRESSION_NODES`, and the text that comes out may hold only the words and signs of `sql_words`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokens import Token, TokenType

from crmlib.prepare import sql_guard as words
from crmlib.prepare.sql_guard import (
    ODD_STRINGS,
    PLAIN_VALUES,
    first_line,
    is_aggregate,
    is_call,
    is_word,
    near,
    tokens_of,
)
from crmlib.schema.errors import ConfigError, nearest

MAX_LENGTH = 4000
MAX_DEPTH = 40

EXPRESSION_NODES = (
    exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.And, exp.Or, exp.Not,
    exp.Neg, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ,
    exp.Add, exp.Sub,
    exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.DPipe, exp.Between, exp.In, exp.Is, exp.Like, exp.ILike,
    exp.Escape, exp.DataType, exp.DataTypeParam, exp.Interval, exp.Var, exp.Bracket, exp.Tuple,
    exp.Filter, exp.Where, exp.Distinct, exp.Order, exp.Ordered, exp.Star, exp.WithinGroup, exp.AtTimeZone,
    exp.JSONPath, exp.JSONPathPart, exp.Func,
)  # fmt: skip
_PREDICATES = (
    exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Is, exp.In,
    exp.Between, exp.Like, exp.ILike, exp.Escape, exp.Not,
)  # fmt: skip
_OPERATORS = (exp.Binary, exp.Unary, exp.Between, exp.In, exp.Is, exp.Bracket, exp.AtTimeZone)
_NAMED = {
    exp.Alias: "a name given with AS",
    exp.Dot: "a method call or a name with a dot",
    exp.Lambda: "a lambda",
    exp.Placeholder: "a parameter",
    exp.Parameter: "a parameter",
    exp.Struct: "a struct",
    exp.Slice: "a slice",
    exp.Collate: "COLLATE",
    exp.Columns: "COLUMNS",
    exp.Query: "a subquery",
    exp.Command: "a statement",
}


@dataclass(frozen=True, kw_only=True)
class Expression:
    """SQL that has passed the guard, and the columns that it reads, in order, as the table spells them."""

    sql: str
    columns: tuple[str, ...]


def parse_expression(
    sql: str,
    *,
    columns: Iterable[str] | None,
    aggregate: bool,
    key_path: str,
    context: str = "column",
    windows: bool = False,
) -> Expression:
    """Check one expression of crm.toml and write it anew for the engine.

    With `windows` it may look at other rows of the source: over (partition by ...). Where the rows' order matters,
    ties are in the order of the files.
    """
    guard = _Guard(key_path, context, windows)
    tree = guard.parse(sql)
    guard.check_nodes(tree)
    guard.check_brackets(tree)
    names = _resolve(tree, columns, guard)
    guard.check_kind(tree, aggregate)
    _settle_ties(tree)
    text = guard.write(tree)
    return Expression(sql=text, columns=names)


class _Guard:
    """The checks, each of which refuses with the key path in front."""

    def __init__(self, key_path: str, context: str, windows: bool = False) -> None:
        self.key_path = key_path
        self.context = context
        self.windows = windows
        self.functions = words.SCALAR_FUNCTIONS | words.AGGREGATE_FUNCTIONS
        self.before_a_bracket = words.BEFORE_A_BRACKET
        self.refused = words.QUERY | words.WINDOW | words.CLOCK
        if windows:
            self.functions |= words.WINDOW_FUNCTIONS
            self.before_a_bracket |= {"over", "order by", "partition by"}
            self.refused -= words.WINDOW

    def refuse(self, why: str) -> ConfigError:
        return ConfigError(f"{self.key_path}: {why}")

    def too_deep(self) -> ConfigError:
        return self.refuse(f"the SQL is nested more than {MAX_DEPTH} deep; write it more simply.")

    def parse(self, sql: str) -> exp.Expr:
        if not isinstance(sql, str) or not sql.strip():
            raise self.refuse(f"the SQL of a {self.context} is empty. Write an expression over the columns.")
        if len(sql) > MAX_LENGTH:
            raise self.refuse(f"the SQL has {len(sql):,} characters; at most {MAX_LENGTH:,} are read.")
        try:
            self.check_tokens(tokens_of(sql))
            trees = sqlglot.parse(sql, read="duckdb")
        except RecursionError as error:
            raise self.too_deep() from error
        except (SqlglotError, ValueError, IndexError, AttributeError, TypeError) as error:
            raise self.refuse(f"this is no SQL expression ({first_line(error)}).") from error
        if len(trees) != 1 or trees[0] is None:
            raise self.refuse("more than one statement; write one expression without a semicolon.")
        tree = trees[0]
        if max(node.depth for node in tree.walk()) > MAX_DEPTH:
            raise self.too_deep()
        return tree

    def check_tokens(self, tokens: list[Token]) -> None:
        if tokens and tokens[0].token_type in _STATEMENTS and not is_call(tokens, 0):
            raise self.refuse(
                f"{tokens[0].text.upper()} begins a statement; write one expression. A column of that name "
                f'is written "{tokens[0].text}" in double quotes.'
            )
        for i, token in enumerate(tokens):
            text = token.text.lower()
            if token.token_type == TokenType.SEMICOLON:
                raise self.refuse("more than one statement; write one expression without a semicolon.")
            if token.token_type == TokenType.IDENTIFIER and is_call(tokens, i):
                raise self.refuse(
                    f'"{token.text}" is quoted, so it is a column, and a column takes no brackets.'
                )
            if token.token_type in PLAIN_VALUES:
                continue
            if token.token_type in ODD_STRINGS:
                raise self.refuse("write text as 'plain text' in single quotes.")
            if text == ".":
                if i + 1 < len(tokens) and tokens[i + 1].token_type == TokenType.NUMBER:
                    raise self.refuse(f"write 0.{tokens[i + 1].text} with its leading zero.")
                raise self.refuse("a name with a dot: write the column alone, without its table.")
            if not is_word(text):
                if text not in words.OPERATORS:
                    raise self.refuse(
                        f"the sign {token.text} is not available in the SQL of a {self.context}."
                    )
            elif is_call(tokens, i) and text not in self.before_a_bracket and text not in words.UNITS:
                self.check_function(text)
            elif text in self.refused and token.token_type != TokenType.VAR:
                raise self.refuse(f"{token.text} is refused: {words.why_refused(text)}.")

    def check_function(self, name: str) -> None:
        if name in self.functions:
            return
        why = words.why_refused(name)
        hint = f": {why}." if why else f", it is not among those allowed.{near(name, self.functions)}"
        raise self.refuse(f"the function {name} is refused{hint}")

    def check_nodes(self, tree: exp.Expr) -> None:
        for node in tree.walk():
            for kind, says in _NAMED.items():
                if isinstance(node, kind):
                    raise self.refuse(f"{says} is not available in the SQL of a {self.context}.")
            if isinstance(node, _WINDOW_NODES):
                self.check_window(node)
            elif not isinstance(node, EXPRESSION_NODES):
                raise self.refuse(f"{type(node).__name__} is not available in the SQL of a {self.context}.")
            if isinstance(node, exp.Star) and not isinstance(node.parent, exp.Count):
                raise self.refuse("a star stands for all columns; name the one that is meant.")
            if isinstance(node, exp.In) and (node.args.get("field") or node.args.get("unnest")):
                raise self.refuse("IN wants a list in brackets: x in ('a', 'b').")
            if isinstance(node, exp.Tuple) and not isinstance(node.parent, exp.Distinct):
                raise self.refuse("several values in brackets; one expression has one value.")
            if isinstance(node, exp.Min | exp.Max) and node.args.get("count"):
                raise self.refuse(f"{node.key} takes one column; of several in a row use greatest or least.")
            if isinstance(node, exp.DataType) and node.this != exp.DataType.Type.INTERVAL:
                self.check_type(node)

    def check_window(self, node: exp.Expr) -> None:
        if not self.windows:
            raise self.refuse(f"a window function is not available in the SQL of a {self.context}.")
        if not isinstance(node, exp.Window):
            return
        call = _called_over(node)
        if node.args.get("alias"):
            raise self.refuse("a window is written where it is used: sum(x) over (partition by ...).")
        if not (_is_placed(call) or is_aggregate(call)):
            raise self.refuse(
                f"{call.key} is no window function; use sum, max, count, row_number, last_value ..."
            )
        if not node.args.get("partition_by"):
            raise self.refuse("a window wants partition by: row_number() over (partition by order_id).")
        if node.find_ancestor(exp.Window):
            raise self.refuse("one window stands inside another; keep one of the two.")
        spec = node.args.get("spec")
        if spec is not None and spec.args.get("kind", "").lower() not in ("rows", "range"):
            raise self.refuse("a window's frame is of rows or range.")

    def check_brackets(self, tree: exp.Expr) -> None:
        """A comparison inside arithmetic or another comparison is read differently by different engines."""
        for node in tree.walk():
            parent = node.parent
            if not isinstance(node, _PREDICATES) or not isinstance(parent, _OPERATORS):
                continue
            alone = isinstance(parent, exp.Connector | exp.Not | exp.Paren)
            listed = isinstance(parent, exp.In) and parent.this is not node
            if not (alone or listed or isinstance(parent, exp.Escape)):
                raise self.refuse(
                    f"{node.sql('duckdb')} can be read in two ways here; set brackets around it."
                )
        for node in tree.find_all(exp.Is):
            if not isinstance(node.expression, exp.Null | exp.Boolean):
                raise self.refuse(
                    "IS is followed by NULL, TRUE or FALSE; set brackets around the comparison."
                )

    def check_type(self, node: exp.DataType) -> None:
        name = node.sql("duckdb").lower()
        if name.split("(")[0] not in words.TYPES:
            raise self.refuse(f"the type {name} is refused.{near(name, words.TYPES)}")

    def check_kind(self, tree: exp.Expr, aggregate: bool) -> None:
        found = [node for node in tree.walk() if is_aggregate(node) or _is_placed(node)]
        over = [_called_over(window) for window in tree.find_all(exp.Window)]
        if not aggregate:
            for node in tree.find_all(exp.IgnoreNulls, exp.RespectNulls):
                if not isinstance(node.parent, exp.Window):
                    raise self.refuse("ignore nulls wants a window: over (partition by ...).")
            if over and all(any(node is one for one in over) for node in found):
                return
            found = [node for node in found if not any(node is one for one in over)]
            if found or tree.find(exp.Filter):
                name = found[0].key if found else "filter"
                raise self.refuse(f"{name} takes many rows; the SQL of a {self.context} is of one row.")
            return
        if not found:
            raise self.refuse("the SQL must bring many rows to one value: sum(...), count(*), max(...).")
        if any(_inside_aggregate(node) for node in found):
            raise self.refuse("one aggregate stands inside another; keep one of the two.")
        for column in tree.find_all(exp.Column):
            if not _inside_aggregate(column):
                raise self.refuse(f"the column {column.name} stands outside an aggregate such as sum or max.")

    def write(self, tree: exp.Expr) -> str:
        try:
            text = _canonical(tree)
            self.check_written(tokens_of(text))
            if _canonical(sqlglot.parse_one(text, read="duckdb")) != text:
                raise self.refuse("the SQL can be read in two ways; set brackets, or write it more simply.")
        except (SqlglotError, RecursionError, ValueError, IndexError, AttributeError, TypeError) as error:
            raise self.refuse(f"the SQL cannot be carried out ({first_line(error)}).") from error
        return text

    def check_written(self, tokens: list[Token]) -> None:
        plain = words.KEYWORDS | words.UNITS | words.TYPES | (words.WINDOW_WORDS if self.windows else set())
        for i, token in enumerate(tokens):
            text = token.text.lower()
            if token.token_type in PLAIN_VALUES:
                continue
            if not is_word(text):
                if text not in words.OPERATORS and text != "->>":
                    raise self.refuse(f"the sign {token.text} is not available.")
            elif is_call(tokens, i) and text not in self.before_a_bracket:
                self.check_function(text)
            elif not plain.issuperset(text.split()):
                why = words.why_refused(text)
                raise self.refuse(f"{text} is refused{': ' + why if why else ''}.")


_WINDOW_NODES = (exp.Window, exp.WindowSpec, exp.IgnoreNulls, exp.RespectNulls)
_PLACE = ("_file", "_row")


def _called_over(window: exp.Window) -> exp.Expr:
    """The function of a window."""
    call = window.this
    while isinstance(call, exp.Filter | exp.IgnoreNulls | exp.RespectNulls):
        call = call.this
    return call


def _is_placed(node: exp.Expr) -> bool:
    """Whether a node is a function that only a window has."""
    names = (
        node.sql_names()
        if isinstance(node, exp.Func) and not isinstance(node, exp.Anonymous)
        else [node.name]
    )
    return isinstance(node, exp.Func) and any(name.lower() in words.WINDOW_FUNCTIONS for name in names)


def _settle_ties(tree: exp.Expr) -> None:
    """Where the order of the rows matters, rows that `order by` leaves alike are in the order of the files."""
    for window in tree.find_all(exp.Window):
        call, spec = _called_over(window), window.args.get("spec")
        by_rows = spec is not None and spec.args.get("kind", "").lower() == "rows"
        names = call.sql_names() if isinstance(call, exp.Func) and _is_placed(call) else []
        placed = any(name.lower() in words.PLACED for name in names)
        if by_rows or placed:
            order = window.args.get("order") or exp.Order(expressions=[])
            for name in _PLACE:
                order.append(
                    "expressions", exp.Ordered(this=exp.column(exp.to_identifier(name, quoted=True)))
                )
            window.set("order", order)


_STATEMENTS = frozenset(sqlglot.Dialect.get_or_raise("duckdb").parser_class.STATEMENT_PARSERS)


def _resolve(tree: exp.Expr, columns: Iterable[str] | None, guard: _Guard) -> tuple[str, ...]:
    """Give every column the spelling of the table and quote it; names in order of appearance."""
    real = None if columns is None else list(columns)
    found: dict[str, None] = {}
    for column in list(_in_order(tree)):
        if column.args.get("table") or not isinstance(column.this, exp.Identifier):
            raise guard.refuse(f"{column.sql('duckdb')}: write the column alone, without its table.")
        name = column.name if real is None else _match(column.name, real, guard)
        column.set("this", exp.to_identifier(name, quoted=True))
        found[name] = None
    return tuple(found)


def _in_order(tree: exp.Expr) -> Iterator[exp.Column]:
    return (node for node in tree.dfs() if isinstance(node, exp.Column))


def _match(name: str, real: list[str], guard: _Guard) -> str:
    if name in real:
        return name
    same = [one for one in real if one.lower() == name.lower()]
    if len(same) == 1:
        return same[0]
    if same:
        raise guard.refuse(f"the column {name} may be {' or '.join(same)}; write the one that is meant.")
    why = words.why_refused(name)
    raise guard.refuse(f"there is no column {name}{': ' + why + '.' if why else '.' + nearest(name, real)}")


def _canonical(tree: exp.Expr) -> str:
    """The tree as SQL; what sqlglot would write as something slightly different is put right."""
    for node in list(tree.find_all(exp.Log)):
        if node.expression and isinstance(node.this, exp.Literal) and node.this.name in ("2", "10"):
            call = exp.Anonymous(this=f"LOG{node.this.name}", expressions=[node.expression.copy()])
            tree = _exchange(tree, node, call)
    for rest in list(tree.find_all(exp.Mod)):
        if isinstance(rest.parent, _OPERATORS) and not isinstance(rest.parent, exp.Paren):
            rest.replace(exp.Paren(this=rest.copy()))
    return str(tree.sql(dialect="duckdb", comments=False))


def _exchange(tree: exp.Expr, old: exp.Expr, new: exp.Expr) -> exp.Expr:
    old.replace(new)
    return new if old is tree else tree


def _inside_aggregate(node: exp.Expr) -> bool:
    parent = node.parent
    while parent is not None:
        wraps = isinstance(parent, exp.Filter | exp.WithinGroup)
        if is_aggregate(parent) or (wraps and parent.this is not node):
            return True
        node, parent = parent, parent.parent
    return False
