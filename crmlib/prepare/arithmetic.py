"""Sums over columns that a text export holds as text: ``Quantity * UnitPrice`` of a CSV means numbers."""

from collections.abc import Collection

from sqlglot import exp, parse_one

NUMBER_PREFIX = "number of "

_ARITHMETIC = (
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg, exp.Abs, exp.Round, exp.Floor, exp.Ceil,
    exp.Sqrt, exp.Ln, exp.Log, exp.Exp, exp.Pow, exp.Sign,
)  # fmt: skip
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In)
_PASSING = (exp.Paren, exp.Coalesce, exp.Case, exp.If, exp.Greatest, exp.Least, exp.Nullif)


def numbers_in(sql: str, *, text_columns: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """Where an expression reckons with columns of text, let it read their numbers instead.

    Parameters
    ----------
    sql : str
        An expression that has passed `crmlib.prepare.expressions.parse_expression`.
    text_columns : names of the columns that hold text

    Returns
    -------
    sql, columns
        The expression over ``"number of <column>"`` where a number is meant, and the columns concerned.

    Examples
    --------
    >>> numbers_in('"Quantity" * "UnitPrice"', text_columns=["Quantity", "UnitPrice"])
    ('"number of Quantity" * "number of UnitPrice"', ('Quantity', 'UnitPrice'))
    >>> numbers_in('"Code" || "Line"', text_columns=["Code", "Line"])
    ('"Code" || "Line"', ())
    """
    tree = parse_one(sql, dialect="duckdb")
    used: dict[str, None] = {}
    for column in list(tree.find_all(exp.Column, bfs=False)):
        if column.name in text_columns and _number_is_meant(column):
            used[column.name] = None
            numeric = exp.column(exp.to_identifier(NUMBER_PREFIX + column.name, quoted=True))
            tree = numeric if column is tree else tree
            column.replace(numeric)
    return (tree.sql(dialect="duckdb"), tuple(used)) if used else (sql, ())


def _number_is_meant(node: exp.Expression) -> bool:
    parent = node.parent
    while parent is not None:
        if isinstance(parent, _ARITHMETIC):
            return True
        if isinstance(parent, _COMPARISONS):
            return any(_is_number(child) for child in parent.iter_expressions() if child is not node)
        condition = isinstance(parent, exp.If) and parent.this is node
        if condition or not isinstance(parent, _PASSING):
            return False
        node, parent = parent, parent.parent
    return False


def _is_number(node: exp.Expression) -> bool:
    inner = node.this if isinstance(node, exp.Neg) else node
    return isinstance(inner, exp.Literal) and not inner.is_string
