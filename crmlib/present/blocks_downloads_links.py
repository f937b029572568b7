"""A table's file in the page and, where that had to be cut, the whole of it beside the page."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from re import sub

from markupsafe import Markup

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

    Examples
    --------
    >>> made = Download.of(lambda rows: b"x" * rows, kind="CSV", name="at risk", rows=300, most=100)
    >>> made.name, made.kept, len(made.whole)
    ('at_risk.csv', 98, 300)
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
        """The file that `make` makes of so many first rows.

        Parameters
        ----------
        make : function of the number of rows
        kind, name : see above; `name` is made a file name
        rows : of the table
        most : bytes that the page can carry
        limit : rows that this kind of file can hold

        Examples
        --------
        >>> Download.of(lambda rows: b"x" * rows, kind="CSV", name="all", rows=3, most=100).whole
        b''
        """
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
        """The link to what is in the page, after the place where a link to the whole may stand.

        Examples
        --------
        >>> made = Download.of(lambda rows: b"x" * rows, kind="CSV", name="a", rows=300, most=100)
        >>> print(made.link.striptags())
        Download as CSV (the first 98 rows)
        """
        note = f" (the first {self.kept:,} rows)" if self.kept < self.rows else ""
        content = b64encode(self.content).decode("ascii")
        link = _IN_PAGE.format(self.name, _TYPES[self.kind], content, f"Download as {self.kind}{note}")
        return (place_of(self.name) if self.whole else Markup()) + link

    @property
    def whole_link(self) -> str:
        """What the link to the file beside the page says.

        Examples
        --------
        >>> made = Download.of(lambda rows: b"x" * rows, kind="Excel", name="a", rows=300, most=100)
        >>> made.whole_link
        'All 300 rows as Excel'
        """
        count = "All" if self.whole_rows == self.rows else "The first"
        return f"{count} {self.whole_rows:,} rows as {self.kind}"


def place_of(name: str) -> Markup:
    """Where in a table's HTML the link to a file beside the page will stand.

    Examples
    --------
    >>> print(place_of("at_risk.csv"))
    <span class="crm-whole" data-file="at_risk.csv"></span>
    """
    return _PLACE.format(name)


def link_beside(name: str, *, href: str, says: str) -> Markup:
    """A link to a file beside the page.

    Examples
    --------
    >>> print(link_beside("a.csv", href="value_files/a.csv", says="All 300 rows as CSV"))
    <a class="crm-download" download="a.csv" href="value_files/a.csv">All 300 rows as CSV</a>
    """
    return _BESIDE.format(name, href, says)


def file_name(name: str, *, suffix: str = ".csv") -> str:
    """A file name that every system takes: letters, digits, dash and underscore.

    Parameters
    ----------
    name : str
    suffix : str

    Returns
    -------
    str

    Examples
    --------
    >>> file_name("../at risk: €"), file_name("顧客"), file_name("???")
    ('at_risk.csv', '顧客.csv', 'table.csv')
    """
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
