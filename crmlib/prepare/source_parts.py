"""What one file brings to a table: SQL that reads its rows, and the records that could not be read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from crmlib.prepare.casting import text_literal
from crmlib.prepare.engine import Engine

REJECT_COLUMNS = ("reason", "file", "row", "text")
OWN_COLUMNS = ("_file", "_row")
TEXT_SHOWN = 500
"""Characters of a rejected line that are kept."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """The rows of one file, sheet or database table.

    Parameters
    ----------
    shown : str
        Its name as a reader knows it.
    columns : names, in order
        Different from each other also in lower case.
    select : str
        A SELECT that yields `_row` and the columns.
    rows : int
        Rows of the SELECT.
    rejects : DataFrame or None
        Records that cannot be read: `reason`, `file`, `row`, `text`.
    notes : tuple of str
    relations : names of tables in the engine that belong to it

    Examples
    --------
    >>> Part(shown="a.csv", columns=("id",), select="select 1 as _row, 2 as id", rows=1).notes
    ()
    """

    shown: str
    columns: tuple[str, ...]
    select: str
    rows: int
    rejects: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()
    relations: tuple[str, ...] = ()


def distinct_names(names: Iterable[object]) -> tuple[list[str], list[str]]:
    """Column names that differ from each other and from our own, upper and lower case being the same.

    Parameters
    ----------
    names : as the file has them; empty ones become ``column3`` by their place

    Returns
    -------
    names, notes
        The notes say which were renamed.

    Examples
    --------
    >>> distinct_names(["id", " ID ", "", "_row"])[0]
    ['id', 'ID_2', 'column3', '_row_2']
    """
    used = set(OWN_COLUMNS)
    found: list[str] = []
    renamed: list[str] = []
    for place, given in enumerate(names, start=1):
        plain = "" if given is None else str(given).replace("\x00", "").strip()
        name, number = plain or f"column{place}", 2
        while name.lower() in used:
            name, number = f"{plain or f'column{place}'}_{number}", number + 1
        if plain and name != plain:
            renamed.append(f"{plain} is called {name}")
        used.add(name.lower())
        found.append(name)
    return found, renamed


def rejects_frame(rows: Sequence[tuple[str, str, int, str]]) -> pd.DataFrame:
    """Rejected records as a frame.

    Parameters
    ----------
    rows : (reason, file, row, text)

    Examples
    --------
    >>> rejects_frame([("too few columns", "a.csv", 3, "1,2")]).row.tolist()
    [3]
    """
    frame = pd.DataFrame(list(rows), columns=list(REJECT_COLUMNS))
    return frame.astype({"reason": "str", "file": "str", "row": "int64", "text": "str"})


def union_of(parts: Sequence[Part]) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """One SELECT over all parts, columns matched by name; a part that lacks one gives nulls.

    Returns
    -------
    sql, columns, notes

    Examples
    --------
    >>> first = Part(shown="a", columns=("id", "x"), select="select 1 as _row, 2 as id, 3 as x", rows=1)
    >>> second = Part(shown="b", columns=("ID",), select='select 1 as _row, 2 as "ID"', rows=1)
    >>> sql, columns, notes = union_of([first, second])
    >>> columns, notes
    (('id', 'x'), ('b: has no column x; it is empty there.',))
    """
    columns: dict[str, str] = {}
    for part in parts:
        for name in part.columns:
            columns.setdefault(name.lower(), name)
    selects, notes = [], []
    for part in parts:
        there = {name.lower(): name for name in part.columns}
        wanted = ["_row"]
        for lower, name in columns.items():
            wanted.append(
                f"{Engine.quote(there[lower]) if lower in there else 'null'} as {Engine.quote(name)}"
            )
        missing = [name for lower, name in columns.items() if lower not in there]
        if missing:
            notes.append(f"{part.shown}: has no column {', '.join(missing)}; it is empty there.")
        shown = text_literal(part.shown)
        selects.append(f"select {shown} as _file, {', '.join(wanted)} from ({part.select}) as part")
    return "\nunion all\n".join(selects), tuple(columns.values()), tuple(notes)
