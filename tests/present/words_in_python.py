"""What Python says of messages: which keys it names, with which facts, and which strings look like sentences."""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from fluent.syntax import FluentParser
from fluent.syntax import ast as ftl
from fluent.syntax.visitor import Visitor

import crmlib
from crmlib import present
from crmlib.present import messages
from crmlib.present.claims import Family

ROOT = Path(crmlib.__file__).parent
NAMING = ("claim", "Claim", "term", "render")
"""Functions whose first argument is the key of a message."""

_SQL = re.compile(
    r"\b(select|from \w+ (where|group|join)|order by|group by|partition by|case when|is (not )?null|(left|anti) join)\b"
)

_FOR_DEVELOPERS = ("warn", "Error", "Warning", "compile")

_INNER = ("claims.py", "messages.py")
"""Where keys are passed on, not named."""


def modules(*floors: str) -> Iterator[tuple[str, ast.Module]]:
    """Every module of these floors by its path below crmlib, parsed."""
    for floor in floors:
        for path in sorted((ROOT / floor).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), _parsed(path)


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def named_keys() -> Iterator[tuple[str, str | None, set[str] | None]]:
    """Where, which key (None where it is not written out), which facts (None where they are passed on)."""
    for where, tree in modules("present"):
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and _name(call.func) in NAMING:
                yield from _of_call(where, call)


def families() -> Iterator[Family]:
    """Every registry of words that is picked from by a value."""
    for info in pkgutil.walk_packages(present.__path__, "crmlib.present."):
        yield from (it for it in vars(importlib.import_module(info.name)).values() if isinstance(it, Family))


@cache
def _english() -> tuple[ftl.Message, ...]:
    """The English messages, parsed once."""
    files = sorted((messages.WORDS / messages.SOURCE).glob("*.ftl"))
    entries = [
        entry for path in files for entry in FluentParser().parse(path.read_text(encoding="utf-8")).body
    ]
    return tuple(entry for entry in entries if isinstance(entry, ftl.Message))


def message_variables() -> dict[str, set[str]]:
    """The facts that each English message names."""
    found = {}
    for entry in _english():
        seen = _Variables()
        seen.visit(entry)
        found[entry.id.name] = seen.names
    return found


@cache
def message_texts() -> tuple[tuple[str, str], ...]:
    """Every piece of English text in the messages, with its key."""
    found = []
    for entry in _english():
        seen = _Texts()
        seen.visit(entry)
        found.append((entry.id.name, " ".join(seen.said)))
    return tuple(found)


def sentences_in(tree: ast.Module) -> list[str]:
    """String constants of a module that look like sentences for a reader."""
    skipped = {id(node) for part in _not_for_readers(tree) for node in ast.walk(part)}
    strings = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped
    ]
    return [node.value for node in strings if looks_like_a_sentence(node.value)]


def looks_like_a_sentence(text: str) -> bool:
    """Four words or more in small letters, and neither SQL nor style nor markup."""
    if _SQL.search(text.lower()):
        return False
    if re.search(r"[<>{}=]|::|\\\\|\\[sxu]|\b\w+\(", text):
        return False
    return len(re.findall(r"(?<![\w.\-])[a-z]+(?![\w.\-]*[_(])", text)) >= 4


def _not_for_readers(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        called = _name(node.func) or "" if isinstance(node, ast.Call) else ""
        if isinstance(node, ast.Raise) or is_docstring or called.endswith(_FOR_DEVELOPERS):
            yield node


def _of_call(where: str, call: ast.Call) -> Iterator[tuple[str, str | None, set[str] | None]]:
    if where.rpartition("/")[2] in _INNER and not _literal(call):
        return
    passed_on = any(keyword.arg is None for keyword in call.keywords) or _name(call.func) != "claim"
    facts = None if passed_on else {keyword.arg for keyword in call.keywords}
    if call.args and isinstance(call.args[0], ast.IfExp):
        for side in (call.args[0].body, call.args[0].orelse):
            yield where, side.value if isinstance(side, ast.Constant) else None, facts
    else:
        yield where, call.args[0].value if _literal(call) else None, facts


def _literal(call: ast.Call) -> bool:
    return bool(call.args) and isinstance(call.args[0], ast.Constant)


def _name(function: ast.expr) -> str | None:
    if isinstance(function, ast.Attribute):
        on = _name(function.value)
        return (
            function.attr
            if on in ("claims", "messages") or function.attr.endswith(("warn", "compile"))
            else None
        )
    return function.id if isinstance(function, ast.Name) else None


class _Variables(Visitor):
    def __init__(self):
        self.names: set[str] = set()

    def visit_VariableReference(self, node):
        self.names.add(node.id.name)


class _Texts(Visitor):
    def __init__(self):
        self.said: list[str] = []

    def visit_TextElement(self, node):
        self.said.append(node.value)

    def visit_StringLiteral(self, node):
        self.said.append(node.value)
