"""Downloads that a spreadsheet opens as data, never as instructions."""

from collections.abc import Collection
from numbers import Number
from typing import Any

import pandas as pd
from pandas.api import types

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_CONTROL = ("\t", "\r", "\n", "\0")
_BLANK = " \t\r\n\0\xa0\u3000\ufeff"
_SETS = (frozenset, set)
_LISTS = (frozenset, set, list, tuple)


def safe_cell(value: Any) -> Any:
    """Make text harmless that a spreadsheet would take for a formula.

    Parameters
    ----------
    value : a cell
        Text that begins with = + - @ (their full-width forms too), a tab or a line break gets an apostrophe
        in front. Everything else, numbers among it, is returned as it is.

    Returns
    -------
    The value, or the same text after an apostrophe.

    References
    ----------
    CWE-1236; OWASP, CSV Injection.

    Examples
    --------
    >>> safe_cell("=HYPERLINK(1)"), safe_cell("bread"), safe_cell(-3.5)
    ("'=HYPERLINK(1)", 'bread', -3.5)
    """
    if not isinstance(value, str):
        return value
    if value.startswith(_CONTROL) or value.lstrip(_BLANK).startswith(_FORMULA):
        return f"'{value}"
    return value


def joined(value: Any) -> Any:
    """Write a set or list as text, sets in alphabetical order; other values stay as they are.

    Parameters
    ----------
    value : a cell
        Rules carry their items as frozensets.

    Returns
    -------
    The value, or its members with commas between them.

    Examples
    --------
    >>> joined(frozenset({"milk", "bread"})), joined(7)
    ('bread, milk', 7)
    """
    if not isinstance(value, _LISTS):
        return value
    words = [str(member) for member in value]
    return ", ".join(sorted(words) if isinstance(value, _SETS) else words)


def with_index(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with what its index says as leading columns; a mere row number is dropped.

    Parameters
    ----------
    frame : DataFrame

    Returns
    -------
    DataFrame with a plain index

    Examples
    --------
    >>> by_segment = pd.DataFrame({"customers": [3]}, index=pd.Index(["loyal"], name="segment"))
    >>> list(with_index(by_segment).columns)
    ['segment', 'customers']
    """
    named = any(name is not None for name in frame.index.names)
    keep = named or not types.is_integer_dtype(frame.index)
    names = [str(name) if name is not None else f"index_{i}" for i, name in enumerate(frame.index.names)]
    clash = set(names) & {str(column) for column in frame.columns}
    return frame.reset_index(drop=not keep or bool(clash), names=names if keep and not clash else None)


def to_csv_bytes(frame: pd.DataFrame, *, labels: Collection[str] | None = None) -> bytes:
    """A table as CSV for a spreadsheet: UTF-8 with its mark, formula-safe, CRLF between lines.

    Parameters
    ----------
    frame : DataFrame
        A named index comes along as leading columns.
    labels : the headers, one a column, index first; optional
        Without it, the names of the columns.

    Returns
    -------
    bytes

    Examples
    --------
    >>> to_csv_bytes(pd.DataFrame({"item": ["=1+1", "tea"], "lift": [-1.5, 2.0]})).decode("utf-8-sig")
    "item,lift\\r\\n'=1+1,-1.5\\r\\ntea,2.0\\r\\n"
    """
    flat = with_index(frame)
    headers = list(labels) if labels is not None else [str(joined(column)) for column in flat.columns]
    cells = flat.set_axis(range(flat.shape[1]), axis=1)
    cells = cells.assign(**{}) if not len(cells.columns) else cells.apply(_safe_column)
    text = cells.to_csv(index=False, header=[safe_cell(header) for header in headers], lineterminator="\r\n")
    return b"\xef\xbb\xbf" + text.encode("utf-8", "replace")


def _safe_column(column: pd.Series) -> pd.Series:
    if types.is_numeric_dtype(column) or types.is_datetime64_any_dtype(column):
        return column
    return column.astype(object).map(_safe_value)


def _safe_value(value: Any) -> Any:
    if isinstance(value, Number):
        return value
    return safe_cell(joined(value))
