"""Errors that say what is wrong, where, and what to do."""

from collections.abc import Iterable
from difflib import get_close_matches


class CrmlibError(Exception):
    """Bad use, configuration or data: the message carries the remedy."""


class SchemaError(CrmlibError, KeyError):
    """A table or column that the vocabulary asks for is missing or wrong."""

    def __str__(self):
        return str(self.args[0]) if self.args else ""


class ConfigError(CrmlibError):
    """A mistake in crm.toml: the message begins with its key path."""


class SourceError(CrmlibError):
    """A file or database that cannot be used at all."""


class NothingAcceptedError(SourceError):
    """Every row was set aside: the message says why, `report` holds what was found."""

    def __init__(self, message: str, *, report: object = None) -> None:
        super().__init__(message)
        self.report = report


class ParameterError(CrmlibError, ValueError):
    """An argument or a notebook parameter that does not fit."""


class CostError(CrmlibError):
    """Work refused before it starts because it would not fit the machine."""


def nearest(word: str, choices: Iterable[str]) -> str:
    """Name the choice nearest to a misspelt word, as the end of a sentence."""
    names = sorted({str(choice) for choice in choices})
    close = get_close_matches(str(word), names, n=1, cutoff=0.6)
    if close:
        return f" Did you mean '{close[0]}'?"
    return f" Known: {', '.join(names)}." if names else ""
