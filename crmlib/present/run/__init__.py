"""Notebooks, kernels and runs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_HEAVY = ("rfc3987_syntax", "polars", "coverage")


@contextmanager
def light_imports() -> Iterator[None]:
    """What other packages take if it is there, and nothing here needs, is not there for what is imported within.

    jsonschema would make a parser of international addresses: two seconds, for nothing a notebook holds. statsmodels
    would know polars, numba would measure coverage.
    """
    hidden = [name for name in _HEAVY if sys.modules.setdefault(name, None) is None]  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            sys.modules.pop(name, None)
