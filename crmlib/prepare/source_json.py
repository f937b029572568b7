"""JSON lines: one object a line, every value as text, the lines that are no objects kept apart."""

import pandas as pd

from crmlib.prepare.casting import text_literal
from crmlib.prepare.encodings import TextFile
from crmlib.prepare.engine import Engine
from crmlib.prepare.source_parts import TEXT_SHOWN, Part, distinct_names, rejects_frame
from crmlib.prepare.source_text import Dialect, load_records, number_rows, rejected_records
from crmlib.schema.errors import SourceError

MAX_KEYS = 2000
"""More keys than this, and the keys themselves are data."""

_IS_OBJECT = "(coalesce(try(json_type(c0)), '') = 'OBJECT')"
_LINES = Dialect(delimiter="\x1f", escape="", skip=0, header=("line",))


def read_json_part(engine: Engine, text: TextFile, *, name: str, shown: str) -> Part:
    """Read JSON lines into the engine: one object a line, values as text, inner objects as JSON.

    Parameters
    ----------
    engine : Engine
    text : TextFile
    name : str
        Free in the engine; tables are made under it.
    shown : str

    Raises
    ------
    SourceError
        If no line holds an object, or the keys are too many.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.jsonl").write_text('{"id": "007", "tags": ["x"]}\\nnot this\\n')
    >>> text = TextFile(path=folder / "a.jsonl", packed=False, encoding="utf-8")
    >>> engine = Engine(allowed_paths=[folder])
    >>> part = read_json_part(engine, text, name="a", shown="a.jsonl")
    >>> engine.rows(part.select), part.rejects.row.tolist()
    ([(1, '007', '["x"]')], [2])
    """
    if text.head(4096).lstrip().startswith("["):
        raise SourceError(
            f"{shown} is one JSON array. Write one object a line: jq -c '.[]' in.json > out.jsonl"
        )
    lines = f"{name}_lines"
    found = load_records(engine, text, name=lines, dialect=_LINES, width=1, shown=shown, header=False)
    numbered = _numbered(engine, lines, [record for record, _, _ in found])
    keys = _keys(engine, numbered, shown)
    names, renamed = distinct_names(keys)
    paths = ", ".join(text_literal(_pointer(key)) for key in keys)
    cells = ", ".join(f"v[{i}] as {Engine.quote(column)}" for i, column in enumerate(names, start=1))
    engine.execute(
        f"create or replace table {name} as select _row, {cells} from "
        f"(select _row, json_extract_string(c0, [{paths}]) as v from {numbered} where {_IS_OBJECT})"
    )
    bad = engine.rows(
        f"select _row, left(c0, {TEXT_SHOWN}) from {numbered} "
        f"where c0 is not null and not {_IS_OBJECT} order by _row"
    )
    no_objects = rejects_frame([("is no JSON object", shown, row, line) for row, line in bad])
    engine.execute(f"drop table {lines}; drop table if exists {lines}_rows")
    (rows,) = engine.rows(f"select count(*) from {name}")[0]
    columns = ", ".join(["_row", *(Engine.quote(column) for column in names)])
    rejects = pd.concat([rejected_records(found, shown), no_objects], ignore_index=True)
    return Part(
        shown=shown,
        columns=tuple(names),
        select=f"select {columns} from {name}",
        rows=rows,
        rejects=rejects.sort_values("row", kind="stable", ignore_index=True),
        notes=(*text.notes, *(f"{shown}: {note}." for note in renamed)),
        relations=(name,),
    )


def _numbered(engine: Engine, lines: str, rejected: list[int]) -> str:
    """The lines with their numbers, as SQL."""
    if not rejected:
        return f"(select rowid + 1 as _row, c0 from {lines})"
    (rows,) = engine.rows(f"select count(*) from {lines}")[0]
    numbers = number_rows(engine, f"{lines}_rows", rows, set(rejected))
    return f"(select n as _row, c0 from {lines} positional join {numbers})"


def _keys(engine: Engine, lines: str, shown: str) -> list[str]:
    """All keys of the objects, in the order in which they first appear."""
    found = engine.rows(
        f"with shapes as (select json_keys(c0) as keys, min(_row) as seen from {lines} where {_IS_OBJECT} "
        "group by all) select key from (select unnest(keys) as key, "
        "generate_subscripts(keys, 1) as place, seen from shapes) "
        f"group by key order by min(seen * 100000 + place) limit {MAX_KEYS + 1}"
    )
    if not found:
        raise SourceError(f"{shown}: no line holds a JSON object with keys. Write one object a line.")
    if len(found) > MAX_KEYS:
        raise SourceError(f"{shown} has more than {MAX_KEYS:,} keys. Write the changing ones as values.")
    return [key for (key,) in found]


def _pointer(key: str) -> str:
    """A key as a JSON pointer (RFC 6901)."""
    return "/" + key.replace("~", "~0").replace("/", "~1")
