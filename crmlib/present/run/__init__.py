"""Notebooks, kernels and runs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_GRAMMAR = "rfc3987_syntax"


@contextmanager
def light_imports() -> Iterator[None]:
    """What JupyterLab brings is not there for jsonschema, which nbformat imports.

    jsonschema would make a parser of international addresses from it: two seconds, for nothing a notebook holds.
    """
    known = sys.modules.setdefault(_GRAMMAR, None)  # type: ignore[arg-type]
    try:
        yield
    finally:
        if known is None:
            del sys.modules[_GRAMMAR]
