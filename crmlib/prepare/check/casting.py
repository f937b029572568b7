"""From what an export holds to what a field declares: SQL that reads a value as a type, or as nothing."""

from collections.abc import Collection, Sequence

from sqlglot import exp, parse_one

from crmlib.schema.fields import Field

NULL_WORDS = ("", "null", "nan", "\\n", "none", "nat")
"""What exports write where they have nothing; compared in lower case. ``NA`` is not among them: it is Namibia."""

PLAIN_DATE_FORMATS = ("%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d %b %Y", "%d-%b-%Y", "%b %d, %Y", "%d %B %Y")
"""Formats with one possible reading, tried after ISO 8601. 03/04/2020 has two: a workspace states which."""

_BLANKS = " \t\r\n\u00a0\u3000"
_YEARS = (1800, 2200)
_YES = "('true', 't', 'yes', 'y', '1', 'x', 'on')"
_NO = "('false', 'f', 'no', 'n', '0', 'off')"


def text_literal(value: str) -> str:
    """A text as an SQL literal, quoted by sqlglot."""
    return exp.Literal.string(value).sql(dialect="duckdb")


def is_text(sql_type: str) -> bool:
    """Whether the engine holds a column as text."""
    return sql_type.startswith(("VARCHAR", "ENUM")) and not sql_type.endswith("]")


def base_sql(column: str, sql_type: str) -> str:
    """A raw column without the words for nothing: text is trimmed, other types stay as they are."""
    if not is_text(sql_type):
        return f"case when isfinite({column}) then {column} end" if _is_float(sql_type) else column
    trimmed = f"trim({column}, {text_literal(_BLANKS)})"
    words = ", ".join(text_literal(word) for word in NULL_WORDS)
    return f"case when lower({trimmed}) not in ({words}) then {trimmed} end"


def cast_sql(
    field: Field,
    base: str,
    sql_type: str,
    *,
    time_zone: str = "UTC",
    date_formats: Sequence[str] = (),
    decimal: str = ".",
) -> str:
    """SQL that reads `base` (see `base_sql`) as the field's type; null where it cannot be read."""
    kind = field.type
    if kind in ("id", "text", "list"):
        return _text(field, base, sql_type)
    if kind in ("timestamp", "date"):
        return _moment(kind, base, sql_type, time_zone, date_formats)
    if kind == "boolean":
        lowered = f"lower({base}::varchar)"
        return f"case when {lowered} in {_YES} then true when {lowered} in {_NO} then false end"
    if kind == "integer":
        number = _number(base, sql_type, "double", decimal)
        exact = f"try_cast({base} as bigint)" if not is_text(sql_type) and not _is_float(sql_type) else "null"
        return (
            f"coalesce({exact}, case when {number} = round({number}) then try_cast({number} as bigint) end)"
        )
    return _number(base, sql_type, "decimal(18, 4)" if kind == "money" else "double", decimal)


def _is_float(sql_type: str) -> bool:
    return sql_type in ("DOUBLE", "FLOAT")


def _text(field: Field, base: str, sql_type: str) -> str:
    text = base
    if _is_float(sql_type):
        text = f"case when {base} = round({base}) then try_cast({base} as bigint)::varchar else {base}::varchar end"
    elif sql_type != "VARCHAR":
        text = f"{base}::varchar"
    return f"lower({text})" if field.allowed else text


def _number(base: str, sql_type: str, target: str, decimal: str) -> str:
    if not is_text(sql_type):
        return f"try_cast({base} as {target})"
    group, point = (",", ".") if decimal == "." else (".", ",")
    group_pattern, point_pattern = rf"\{group}", rf"\{point}"
    bare = f"regexp_replace({base}, '[\\s$€£¥]', '', 'g')"
    grouped = rf"^[+-]?\d{{1,3}}({group_pattern}\d{{3}})+({point_pattern}\d*)?$"
    ungrouped = f"replace({bare}, {text_literal(group)}, '')"
    plain = rf"^[+-]?(\d+{point_pattern}?\d*|{point_pattern}\d+)([eE][+-]?\d+)?$"
    normal = (
        f"case when regexp_matches({bare}, '{grouped}') then replace({ungrouped}, {text_literal(point)}, '.') "
        f"when regexp_matches({bare}, '{plain}') then replace({bare}, {text_literal(point)}, '.') end"
    )
    simple = f"case when regexp_matches({base}, '^-?[0-9]+(\\.[0-9]+)?$') then {base} end"
    fast = f"try_cast({simple} as {target}), " if decimal == "." else ""
    return f"coalesce({fast}try_cast({normal} as {target}))"


def _moment(kind: str, base: str, sql_type: str, time_zone: str, date_formats: Sequence[str]) -> str:
    zone = text_literal(time_zone)
    if sql_type in ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS"):
        base = f"({base})::timestamptz"
        utc = f"timezone('UTC', {base})"
        return utc if kind == "timestamp" else f"timezone({zone}, {base})::date"
    if is_text(sql_type):
        formats = ", ".join(text_literal(form) for form in (*date_formats, *PLAIN_DATE_FORMATS))
        iso = "" if date_formats else f"try_cast({base} as timestamp), "
        naive = _sane(f"coalesce({iso}try_strptime({base}, [{formats}]))")
        offset = f"regexp_matches({base}, '\\d{{2}}:\\d{{2}}.*(Z|[+-]\\d{{2}}(:?\\d{{2}})?)$')"
        if kind == "date":
            local = f"timezone({zone}, try_cast({base} as timestamptz))"
            return f"case when {offset} then ({_sane(local)})::date else ({naive})::date end"
        utc = f"timezone('UTC', try_cast({base} as timestamptz))"
        return f"case when {offset} then {_sane(utc)} else {_to_utc(naive, zone)} end"
    naive = (
        _sane(f"try_cast({base} as timestamp)")
        if sql_type.startswith(("TIMESTAMP", "DATE"))
        else "null::timestamp"
    )
    return f"({naive})::date" if kind == "date" else _to_utc(naive, zone)


def _sane(moment: str) -> str:
    return f"case when year({moment}) between {_YEARS[0]} and {_YEARS[1]} then {moment} end"


def _to_utc(naive: str, zone: str) -> str:
    return naive if zone == "'UTC'" else f"timezone('UTC', timezone({zone}, {naive}))"


NUMBER_PREFIX = "number of "

_ARITHMETIC = (
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg, exp.Abs, exp.Round, exp.Floor, exp.Ceil,
    exp.Sqrt, exp.Ln, exp.Log, exp.Exp, exp.Pow, exp.Sign,
)  # fmt: skip
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In)
_PASSING = (exp.Paren, exp.Coalesce, exp.Case, exp.If, exp.Greatest, exp.Least, exp.Nullif)


def numbers_in(sql: str, *, text_columns: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """Where an expression reckons with columns of text, let it read their numbers instead."""
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
