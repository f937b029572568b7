"""Where in a TOML file a key stands, so that a mistake can be found."""

import tomllib
from collections.abc import Sequence
from typing import Any

MAX_LINES = 3000


def line_of(text: str, path: Sequence[str | int]) -> int | None:
    """The line on which the statement begins that brings a key into a TOML document.

    Parameters
    ----------
    text : str
        A valid TOML document.
    path : keys from the top, such as ``("tables", "transactions", "from")``

    Returns
    -------
    int or None
        Counted from 1. Where the key is missing, the line of the nearest table above that is there.

    Examples
    --------
    >>> document = 'name = "Acme"\\n\\n[tables.products]\\nfrom = "p.csv"\\n'
    >>> line_of(document, ("tables", "products", "from"))
    4
    >>> line_of(document, ("tables", "products", "columns"))
    3
    """
    lines = text.splitlines(keepends=True)
    if len(lines) > MAX_LINES:
        return None
    found, depth, begun = None, 0, 1
    for i in range(len(lines)):
        try:
            document = tomllib.loads("".join(lines[: i + 1]))
        except tomllib.TOMLDecodeError:
            continue
        reached = _reached(document, path)
        if reached > depth:
            found, depth = begun, reached
        if depth == len(path):
            break
        begun = i + 2
    return found


def _reached(document: Any, path: Sequence[str | int]) -> int:
    for i, key in enumerate(path):
        try:
            document = document[key]
        except (KeyError, IndexError, TypeError):
            return i
    return len(path)
