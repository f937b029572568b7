"""The parameters of a notebook: read from its tagged cell, checked and typed before they are injected.

papermill only warns about a parameter that the notebook does not know, and about a notebook without a tagged
cell (nteract/papermill#818, #245). Here both are refused, and so is all that looks like a secret, since the
injected cell is kept with the notebook (nteract/papermill#706).
"""

import ast
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from crmlib.schema.errors import ParameterError, nearest

TAG = "parameters"

_SECRET = re.compile(
    r"(^|_)(passwords?|passwd|pwd|passphrase|secrets?|tokens?|credentials?|apikey|keys?)$|"
    r"(^|_)(password|passwd|secret|token|api_?key|private_key|access_key)(_|$)",
    re.IGNORECASE,
)
_URL_WITH_PASSWORD = re.compile(r"://[^/\s:@]*:[^/\s@]+@")
_TRUTH = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}
_NOTHING = ("", "none", "null")


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A parameter of a notebook, as its tagged cell declares it.

    Parameters
    ----------
    name, annotation : ``n_segments: int = 6`` has the annotation "int"; without one it is that of the default
    default : the value in the notebook, None where it is not a literal
    says : the comment behind it
    """

    name: str
    annotation: str
    default: Any = None
    says: str = ""

    def value(self, given: Any) -> Any:
        """What was given, as the annotated type."""
        try:
            return _coerce(given, ast.parse(self.annotation, mode="eval").body)
        except (ValueError, SyntaxError) as error:
            raise ParameterError(
                f"parameter {self.name} is {self.annotation}; {given!r} is not. {error}"
            ) from None


def read_parameters(notebook: Mapping, *, name: str = "the notebook") -> tuple[Parameter, ...]:
    """The parameters that the cell tagged ``parameters`` declares."""
    tagged = [cell for cell in notebook["cells"] if TAG in cell["metadata"].get("tags", ())]
    if len(tagged) != 1:
        raise ParameterError(
            f"{name} has {f'{len(tagged)} cells' if tagged else 'no cell'} tagged '{TAG}'. Tag exactly one "
            "(in JupyterLab: the gears at the top right, Cell Tags)."
        )
    try:
        statements = ast.parse(tagged[0]["source"]).body
    except SyntaxError as error:
        raise ParameterError(f"{name}: the cell tagged '{TAG}' is not Python: {error}") from None
    found = tuple(_declared(statement, tagged[0]["source"], name) for statement in statements)
    for parameter in found:
        refuse_secret(parameter.name)
    return found


def match_parameters(declared: Iterable[Parameter], given: Mapping[str, Any], *, name: str) -> dict[str, Any]:
    """The given values, typed, each of them known to the notebook."""
    known = {parameter.name: parameter for parameter in declared}
    for key, value in given.items():
        refuse_secret(key, value)
        if key not in known:
            raise ParameterError(f"{name} has no parameter {key!r}.{nearest(key, known)}")
    return {key: known[key].value(value) for key, value in given.items()}


def refuse_secret(name: str, value: Any = None) -> None:
    """Refuse a parameter that is named like a secret or holds an address with a password."""
    if _SECRET.search(name) or (isinstance(value, str) and _URL_WITH_PASSWORD.search(value)):
        raise ParameterError(
            f"{name} looks like a secret, and parameters are kept with the executed notebook. Put it into an "
            "environment variable and read it from there."
        )


def _declared(statement, source, name):
    plain = isinstance(statement, ast.Assign) and len(statement.targets) == 1
    target = statement.targets[0] if plain else getattr(statement, "target", None)
    if not (plain or isinstance(statement, ast.AnnAssign)) or not isinstance(target, ast.Name):
        raise ParameterError(
            f"{name}: line {statement.lineno} of the cell tagged '{TAG}' is no `name: type = value`. Move it "
            "to another cell."
        )
    try:
        default = ast.literal_eval(statement.value) if statement.value is not None else None
    except ValueError:
        default = None
    annotation = None if plain else statement.annotation
    if isinstance(annotation, ast.Constant):
        text = str(annotation.value)
    else:
        text = ast.unparse(annotation) if annotation else _type_of(default)
    comment = source.splitlines()[statement.end_lineno - 1].encode()[statement.end_col_offset :].decode()
    return Parameter(name=target.id, annotation=text, default=default, says=comment.strip().lstrip("# "))


def _type_of(default):
    return "str | None" if default is None else type(default).__name__


def _coerce(given, kind):
    if isinstance(kind, ast.BinOp) and isinstance(kind.op, ast.BitOr):
        return _first_that_fits(given, [kind.left, kind.right])
    if isinstance(kind, ast.Subscript):
        return _coerce_subscript(given, ast.unparse(kind.value).rpartition(".")[2], kind.slice)
    name = ast.unparse(kind).rpartition(".")[2]
    if name not in _READERS:
        raise ValueError(f"crmlib cannot set a parameter of type {name}; it can set {', '.join(_READERS)}.")
    return _READERS[name](given)


def _coerce_subscript(given, outer, inner):
    parts = list(inner.elts) if isinstance(inner, ast.Tuple) else [inner]
    if outer == "Optional":
        return _first_that_fits(given, [ast.Constant(None), *parts])
    if outer == "Union":
        return _first_that_fits(given, parts)
    if outer == "Literal":
        choices = [ast.literal_eval(part) for part in parts]
        for choice in choices:
            if given == choice or (isinstance(given, str) and given == str(choice)):
                return choice
        raise ValueError(nearest(str(given), map(str, choices)).strip())
    return [_coerce(item, parts[0]) for item in _read_list(given)]


def _first_that_fits(given, kinds):
    # Text fits every str, so what is narrower is tried first.
    problems = []
    for kind in sorted(kinds, key=lambda kind: "str" in ast.unparse(kind)):
        try:
            return _coerce(given, kind)
        except ValueError as error:
            problems.append(str(error))
    raise ValueError(" Or: ".join(problems))


def _read_int(given):
    if isinstance(given, bool) or not isinstance(given, str | int):
        raise ValueError("Give a whole number.")
    try:
        return int(given)
    except ValueError:
        raise ValueError("Give a whole number.") from None


def _read_float(given):
    try:
        number = float("x" if isinstance(given, bool) else given)
    except (ValueError, TypeError):
        raise ValueError("Give a number, with a point for the decimals.") from None
    if not math.isfinite(number):
        raise ValueError("Give a finite number.")
    return number


def _read_bool(given):
    if isinstance(given, bool):
        return given
    if str(given).lower() not in _TRUTH:
        raise ValueError("Give true or false.")
    return _TRUTH[str(given).lower()]


def _read_str(given):
    if not isinstance(given, str):
        raise ValueError("Give text, in quotes.")
    return given


def _read_list(given):
    try:
        found = json.loads(given) if isinstance(given, str) else given
    except json.JSONDecodeError:
        found = None
    if not isinstance(found, list):
        raise ValueError('Give a list as JSON, such as ["a", "b"].')
    return found


def _read_none(given):
    if given is None or (isinstance(given, str) and given.lower() in _NOTHING):
        return None
    raise ValueError("Give nothing.")


_READERS = {
    "int": _read_int,
    "float": _read_float,
    "bool": _read_bool,
    "str": _read_str,
    "list": _read_list,
    "None": _read_none,
    "NoneType": _read_none,
}
