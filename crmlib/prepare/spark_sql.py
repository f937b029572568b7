"""From the SQL that crmlib writes to Spark's: sqlglot translates, and what it leaves different is rewritten here.

Every rewrite of `REWRITES` has a name and closes one difference in meaning; there are no others, and no statement is
written twice. The settings of a session close three more (`crmlib.prepare.spark.SETTINGS`).
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlglot import ErrorLevel, exp, parse_one

from crmlib.schema.errors import SourceError

_ASKED_BY_NAME = "p"


def spark_sql(
    sql: str, values: Mapping[str, Any], *, views: Mapping[str, str], schema: str
) -> tuple[str, dict[str, Any]]:
    """A select for Spark and its parameters; `views` tells what ``schema.table`` is called there."""
    kinds = tuple(sorted((name, _kind_of(value)) for name, value in values.items()))
    text = _translated(sql, kinds, tuple(sorted(views.items())), schema)
    return text, {name: _given(value) for name, value in values.items()}


def as_named(parameters: Any) -> dict[str, Any]:
    """Parameters by name; the first of a sequence is ``p1``."""
    if parameters is None:
        return {}
    if isinstance(parameters, Mapping):
        return {str(name): value for name, value in parameters.items()}
    return {f"{_ASKED_BY_NAME}{i}": value for i, value in enumerate(parameters, 1)}


def parsed(sql: str) -> exp.Expression:
    """The tree of a statement."""
    return _tree(sql).copy()


def about_no_rows(sql: str) -> bool:
    """Whether a question reads no table, or asks for its columns only."""
    tree = _tree(sql)
    return tree.find(exp.Describe) is not None or tree.find(exp.Table) is None


@lru_cache(maxsize=256)
def _tree(sql: str) -> exp.Expression:
    return parse_one(sql, dialect="duckdb")


@lru_cache(maxsize=256)
def _translated(
    sql: str, kinds: tuple[tuple[str, str], ...], views: tuple[tuple[str, str], ...], schema: str
) -> str:
    tree = _with_tables(parsed(sql), dict(views), schema)
    for rewrite in REWRITES.values():
        tree = tree.transform(rewrite)
    tree = tree.transform(_with_parameters, dict(kinds))
    return tree.sql(dialect="spark", unsupported_level=ErrorLevel.RAISE)


def _with_tables(tree: exp.Expression, views: Mapping[str, str], schema: str) -> exp.Expression:
    steps = {step.alias_or_name for step in tree.find_all(exp.CTE)}
    for table in list(tree.find_all(exp.Table)):
        if not isinstance(table.this, exp.Identifier) or (not table.db and table.name in steps):
            continue
        known = views.get(f"{table.db or schema}.{table.name}")
        if known is None:
            raise SourceError(
                f"Spark knows no table {table.name}. Register it with the engine, or run without Spark."
            )
        alias = table.alias or table.name
        place = exp.Table(
            this=exp.to_identifier(known, quoted=True), alias=exp.TableAlias(this=exp.to_identifier(alias))
        )
        place.set("joins", table.args.get("joins"))
        table.replace(place)
    return tree


def _with_parameters(node: exp.Expression, kinds: Mapping[str, str]) -> exp.Expression:
    if not isinstance(node, exp.Parameter | exp.Placeholder) or node.meta.get("given"):
        return node
    name = f"{_ASKED_BY_NAME}{node.name}" if node.name.isdigit() else node.name
    marker = exp.Placeholder(this=name)
    marker.meta["given"] = True
    kind = kinds.get(name)
    return exp.Cast(this=marker, to=exp.DataType.build(kind, dialect="spark")) if kind else marker


def _kind_of(value: Any) -> str:
    if isinstance(value, datetime):
        return "timestamp_ntz"
    if isinstance(value, date):
        return "date"
    return "string" if value is None else ""


def _given(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date) else value


def _exact_quantiles(node: exp.Expression) -> exp.Expression:
    if not isinstance(node, exp.WithinGroup) or not isinstance(node.this, exp.PercentileCont):
        return node
    value = node.expression.expressions[0].this
    return exp.Anonymous(this="percentile", expressions=[value, node.this.this])


def _exact_epochs(node: exp.Expression) -> exp.Expression:
    if not isinstance(node, exp.TimeToUnix):
        return node
    micros = exp.Anonymous(this="unix_micros", expressions=[exp.cast(node.this, "timestampltz")])
    seconds = exp.Div(this=exp.cast(micros, "double"), expression=exp.Literal.number(1_000_000))
    return exp.paren(seconds)


def _quotients_are_doubles(node: exp.Expression) -> exp.Expression:
    if not isinstance(node, exp.Div) or node.this.meta.get("quotient"):
        return node
    over = exp.cast(
        node.this.copy() if isinstance(node.this, exp.Paren) else exp.paren(node.this.copy()), "double"
    )
    over.meta["quotient"] = True
    node.set("this", over)
    return node


def _digests_are_text(node: exp.Expression) -> exp.Expression:
    """Spark has no number of 128 bits: quarters of the digest, its last byte first, written one behind the other."""
    if not isinstance(node, exp.BitwiseXorAgg) or node.this.name.lower() != "md5_number":
        return node
    (digested,) = node.this.expressions
    turned = f"regexp_replace(reverse(md5({digested.sql(dialect='spark')})), '(.)(.)', '$2$1')"
    quarters = (f"cast(conv(substring({turned}, {place}, 8), 16, 10) as bigint)" for place in (1, 9, 17, 25))
    written = ", ".join(f"lpad(hex(bit_xor({quarter})), 8, '0')" for quarter in quarters)
    return parse_one(f"concat('0x', {written})", dialect="spark")


def _semi_joins_name_their_sides(node: exp.Expression) -> exp.Expression:
    if not isinstance(node, exp.Join) or node.kind != "SEMI" or not node.args.get("using"):
        return node
    left = node.parent.args["from_"].this.alias_or_name
    pairs = [
        exp.EQ(
            this=exp.column(name.name, table=left), expression=exp.column(name.name, table=node.alias_or_name)
        )
        for name in node.args["using"]
    ]
    node.set("using", None)
    node.set("on", exp.and_(*pairs))
    return node


REWRITES: dict[str, Callable[[exp.Expression], exp.Expression]] = {
    "exact quantiles: percentile, not percentile_approx": _exact_quantiles,
    "seconds since 1970 with their fractions": _exact_epochs,
    "a quotient is a double, never a decimal": _quotients_are_doubles,
    "a semi join says which side a column is of": _semi_joins_name_their_sides,
    "the sum of digests as text, which this side reads as a number": _digests_are_text,
}
"""What a rewrite is for -> the rewrite, in the order in which they are made."""
