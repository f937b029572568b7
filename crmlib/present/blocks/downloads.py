"""Downloads that a spreadsheet opens as data, never as instructions."""

from base64 import b64encode
from collections.abc import Callable, Collection
from dataclasses import dataclass
from numbers import Number
from re import sub
from typing import Any

import pandas as pd
from markupsafe import Markup
from pandas.api import types

from crmlib.prepare.clock import in_zone
from crmlib.present.words import date

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_CONTROL = ("\t", "\r", "\n", "\0")
_BLANK = " \t\r\n\0\xa0\u3000\ufeff"
_SETS = (frozenset, set)
_LISTS = (frozenset, set, list, tuple)


def safe_cell(value: Any) -> Any:
    """Make text harmless that a spreadsheet would take for a formula.

    References
    ----------
    CWE-1236; OWASP, CSV Injection.
    """
    if not isinstance(value, str):
        return value
    if value.startswith(_CONTROL) or value.lstrip(_BLANK).startswith(_FORMULA):
        return f"'{value}"
    return value


def joined(value: Any) -> Any:
    """Write a set or list as text, sets in alphabetical order; other values stay as they are."""
    if not isinstance(value, _LISTS):
        return value
    words = [str(member) for member in value]
    return ", ".join(sorted(words) if isinstance(value, _SETS) else words)


def with_index(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with what its index says as leading columns; a mere row number is dropped."""
    named = any(name is not None for name in frame.index.names)
    keep = named or not types.is_integer_dtype(frame.index)
    names = [str(name) if name is not None else f"index_{i}" for i, name in enumerate(frame.index.names)]
    clash = set(names) & {str(column) for column in frame.columns}
    return frame.reset_index(drop=not keep or bool(clash), names=names if keep and not clash else None)


def to_csv_bytes(frame: pd.DataFrame, *, labels: Collection[str] | None = None) -> bytes:
    """A table as CSV for a spreadsheet: UTF-8 with its mark, formula-safe, CRLF between lines."""
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


def about_workspace(crm: Any) -> dict[str, str]:
    """Where a list is from, as `DataTable` takes it for a workbook's second sheet."""
    as_of = getattr(crm, "as_of", None)
    said = {
        "Workspace": getattr(crm, "name", ""),
        "As of": date(in_zone(as_of, time_zone=crm.time_zone)) if as_of is not None else "",
        "Currency": getattr(crm, "currency", ""),
    }
    return {word: text for word, text in said.items() if text}


WHOLE_BYTES = 50_000_000
"""A file beside the page larger than this is cut, and says so."""

_TYPES = {
    "CSV": "text/csv;charset=utf-8",
    "Excel": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_SUFFIXES = {"CSV": ".csv", "Excel": ".xlsx"}
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{i}" for port in ("com", "lpt") for i in range(10))}
)
_IN_PAGE = Markup('<a class="crm-download" download="{}" href="data:{};base64,{}">{}</a>')
_PLACE = Markup('<span class="crm-whole" data-file="{}"></span>')
_BESIDE = Markup('<a class="crm-download" download="{}" href="{}">{}</a>')


@dataclass(frozen=True, kw_only=True)
class Download:
    """A table as a file, whole or as much of it as the page can carry.

    Parameters
    ----------
    kind : "CSV" or "Excel"
    name : of the file
    rows : of the table
    content, kept : what is in the page, and how many rows of the table that are
    whole, whole_rows : the file beside the page; empty where the page has it all
    """

    kind: str
    name: str
    rows: int
    content: bytes
    kept: int
    whole: bytes = b""
    whole_rows: int = 0

    @classmethod
    def of(
        cls,
        make: Callable[[int], bytes],
        *,
        kind: str,
        name: str,
        rows: int,
        most: int,
        limit: int | None = None,
    ) -> "Download":
        """The file that `make` makes of so many first rows."""
        named = file_name(name, suffix=_SUFFIXES[kind])
        whole, whole_rows = _fitting(make, min(rows, limit or rows), WHOLE_BYTES)
        content, kept = _fitting(make, whole_rows, most, made=whole)
        if kept == whole_rows:
            whole, whole_rows = b"", 0
        return cls(
            kind=kind, name=named, rows=rows, content=content, kept=kept, whole=whole, whole_rows=whole_rows
        )

    @property
    def link(self) -> Markup:
        """The link to what is in the page, after the place where a link to the whole may stand."""
        note = f" (the first {self.kept:,} rows)" if self.kept < self.rows else ""
        content = b64encode(self.content).decode("ascii")
        link = _IN_PAGE.format(self.name, _TYPES[self.kind], content, f"Download as {self.kind}{note}")
        return (place_of(self.name) if self.whole else Markup()) + link

    @property
    def whole_link(self) -> str:
        """What the link to the file beside the page says."""
        count = "All" if self.whole_rows == self.rows else "The first"
        return f"{count} {self.whole_rows:,} rows as {self.kind}"


def place_of(name: str) -> Markup:
    """Where in a table's HTML the link to a file beside the page will stand."""
    return _PLACE.format(name)


def link_beside(name: str, *, href: str, says: str) -> Markup:
    """A link to a file beside the page."""
    return _BESIDE.format(name, href, says)


def file_name(name: str, *, suffix: str = ".csv") -> str:
    """A file name that every system takes: letters, digits, dash and underscore."""
    plain = sub(r"[^\w-]+", "_", str(name)).strip("_-")[:80]
    return f"{plain or 'table'}{'_' if plain.lower() in _RESERVED else ''}{suffix}"


def _fitting(
    make: Callable[[int], bytes], rows: int, most: int, *, made: bytes | None = None
) -> tuple[bytes, int]:
    """What `make` makes of as many rows as fit so many bytes, and their number."""
    made = make(rows) if made is None else made
    while len(made) > most and rows > 1:
        rows = max(1, int(rows * most / len(made) * 0.98))
        made = make(rows)
    return made, rows
