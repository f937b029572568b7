"""SQL as tokens and nodes: the small questions that the guards ask."""

from collections.abc import Iterable

import sqlglot
from sqlglot import exp
from sqlglot.tokens import Token, TokenType

from crmlib.prepare import sql_words as words
from crmlib.schema.errors import nearest

PLAIN_VALUES = frozenset({TokenType.STRING, TokenType.NUMBER, TokenType.IDENTIFIER})
ODD_STRINGS = frozenset(kind for kind in TokenType if kind.name.endswith("STRING")) - {TokenType.STRING}


def tokens_of(sql: str, dialect: str = "duckdb") -> list[Token]:
    """The tokens of SQL text, comments left out.

    Examples
    --------
    >>> [token.text for token in tokens_of("a + 1 -- more")]
    ['a', '+', '1']
    """
    return sqlglot.tokenize(sql, read=dialect)


def is_call(tokens: list[Token], i: int) -> bool:
    """Whether a token is followed by an opening bracket.

    Examples
    --------
    >>> is_call(tokens_of("abs(a)"), 0)
    True
    """
    return i + 1 < len(tokens) and tokens[i + 1].token_type == TokenType.L_PAREN


def is_word(text: str) -> bool:
    """Whether the text of a token is a word and not a sign or a number.

    Examples
    --------
    >>> is_word("abs"), is_word("+")
    (True, False)
    """
    return text[:1].isalpha() or text[:1] == "_"


def is_aggregate(node: exp.Expr) -> bool:
    """Whether a node of the tree is a function of many rows.

    Examples
    --------
    >>> is_aggregate(sqlglot.parse_one("sum(a)")), is_aggregate(sqlglot.parse_one("abs(a)"))
    (True, False)
    """
    if isinstance(node, exp.Anonymous):
        return node.name.lower() in words.AGGREGATE_FUNCTIONS
    return isinstance(node, exp.AggFunc)


def near(name: str, known: Iterable[str]) -> str:
    """The nearest of many names as the end of a sentence; empty where none is near.

    Examples
    --------
    >>> near("summ", ["sum", "max"]), near("zzz", ["sum", "max"])
    (" Did you mean 'sum'?", '')
    """
    hint = nearest(name, known)
    return hint if hint.startswith(" Did") else ""


def first_line(error: BaseException) -> str:
    """What went wrong, in one line that is fit for a message.

    Examples
    --------
    >>> first_line(ValueError("bad value.  Line 1"))
    'bad value. Line 1'
    """
    text = str(error).replace("\x1b[4m", "").replace("\x1b[0m", "").strip()
    return " ".join(text.splitlines()[0].split())[:160].rstrip(".") if text else type(error).__name__
