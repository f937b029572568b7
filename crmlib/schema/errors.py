"""Errors that say what is wrong, where, and what to do."""

from collections.abc import Iterable
from difflib import get_close_matches


class CrmlibError(Exception):
    """Bad use, configuration or data: the message carries the remedy.

    Examples
    --------
    >>> raise CrmlibError("orders.csv has no header line. Add one.")
    Traceback (most recent call last):
    ...
    crmlib.schema.errors.CrmlibError: orders.csv has no header line. Add one.
    """


class SchemaError(CrmlibError, KeyError):
    """A table or column that the vocabulary asks for is missing or wrong.

    Examples
    --------
    >>> print(SchemaError("transactions has no column net_amount."))
    transactions has no column net_amount.
    """

    def __str__(self):
        return str(self.args[0]) if self.args else ""


class ConfigError(CrmlibError):
    """A mistake in crm.toml: the message begins with its key path.

    Examples
    --------
    >>> print(ConfigError("tables.transactions.from: names no file."))
    tables.transactions.from: names no file.
    """


class SourceError(CrmlibError):
    """A file or database that cannot be used at all.

    Examples
    --------
    >>> print(SourceError("orders.csv is empty. Export it again."))
    orders.csv is empty. Export it again.
    """


class ParameterError(CrmlibError, ValueError):
    """An argument or a notebook parameter that does not fit.

    Examples
    --------
    >>> isinstance(ParameterError("bins must be at least 2."), ValueError)
    True
    """


class CostError(CrmlibError):
    """Work refused before it starts because it would not fit the machine.

    Examples
    --------
    >>> isinstance(CostError("needs 90 GB; raise min_support."), CrmlibError)
    True
    """


def nearest(word: str, choices: Iterable[str]) -> str:
    """Name the choice nearest to a misspelt word, as the end of a sentence.

    Parameters
    ----------
    word : what was given
    choices : the words that would have been right

    Returns
    -------
    str
        ``" Did you mean 'x'?"``, or the list of choices when none is near.

    Examples
    --------
    >>> nearest("transaction", ["transactions", "products"])
    " Did you mean 'transactions'?"
    >>> nearest("zzz", ["b", "a"])
    ' Known: a, b.'
    """
    names = sorted({str(choice) for choice in choices})
    close = get_close_matches(str(word), names, n=1, cutoff=0.6)
    if close:
        return f" Did you mean '{close[0]}'?"
    return f" Known: {', '.join(names)}." if names else ""
