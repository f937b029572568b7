"""One person in a workspace: all that is held on her, and the way to forget her for good.

The exports are not changed: a salted mark of her numbers stays in ``.forgotten.json``, and whenever the exports are
read again, the rows that bear it are left out before anything else sees them.
"""

import csv
import io
import json
import re
import secrets
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from crmlib.prepare.check.staging import Reading
from crmlib.prepare.config.read import WorkspaceConfig, load_config
from crmlib.prepare.engine import Engine, columns_of
from crmlib.prepare.forgotten import FILE, ID, KNOWN_BY, SEPARATORS, Forgotten, forgotten_in, own_columns
from crmlib.prepare.identity.follow import FOLDER as IDENTITY
from crmlib.prepare.increments import FOLDER as LOADED
from crmlib.prepare.outbox import forget_kept, outbox_folder
from crmlib.prepare.personal import Known, is_telling, told
from crmlib.prepare.privacy import known_customers, looks_like_pseudonym, public_ids, reveal_ids
from crmlib.prepare.private import close_to_others, in_place, write_private
from crmlib.prepare.snapshot import read_sealed, seal_folder, snapshots_folder
from crmlib.prepare.sources.door import Source
from crmlib.schema.errors import ParameterError
from crmlib.schema.tables import SIGNS_OF, TABLES, table_spec


@dataclass(frozen=True, kw_only=True)
class Person:
    """One customer as a workspace holds her: all her numbers, the lasting one first; her rows by table; her drafts.

    `known_by`: e-mail addresses, accounts, visitors and orders that are hers alone, as kind of the mark and value.
    """

    ids: tuple[str, ...]
    tables: dict[str, pd.DataFrame]
    files: tuple[Path, ...] = ()
    known_by: tuple[tuple[str, str], ...] = ()


def find_person(crm: Any, customer: str) -> Person:
    """All that a workspace holds on one customer: by number, by pseudonym, or by the number of one of her records.

    Raises
    ------
    ParameterError
        Where the workspace knows no such customer.
    """
    ids = _ids_of(crm, customer)
    rows_of, keys = _her_rows(crm, set(ids))
    tables = {name: rows for name, rows in rows_of.items() if len(rows)}
    needles = _needles(tables)
    for name, frame in dict(crm.checks.set_aside).items():
        hers = frame[[_speaks_of(_fields(row), {*ids, *keys}, needles) for row in frame.to_numpy()]]
        if len(hers):
            tables[f"set aside: {name}"] = hers
    root = crm.root
    for path in _parquet_files(root / IDENTITY) if root else ():
        frame = pd.read_parquet(path)
        hers = frame[[_speaks_of(row, ids, needles) for row in frame.to_numpy()]]
        if len(hers):
            tables[f"identity: {path.stem}"] = hers
    box = outbox_folder(crm) if root else None
    files = [
        path for path in _files_in(box) if path.suffix != ".parquet" and _file_speaks(path, ids, needles)
    ]
    return Person(ids=ids, tables=tables, files=tuple(files), known_by=_known_by(crm, ids))


def forget_person(crm: Any, person: Person, *, read_as: Callable[[Source, str], Reading]) -> list[Path]:
    """Remove a person from all that a workspace keeps beside its exports, and mark her; what was changed or removed.

    Close the workspace's engine first: its snapshot goes.
    """
    root = Path(crm.root)
    needles = needles_of(person)
    marked = _add_marks(root, person)
    changed = [root / FILE]
    for folder in (snapshots_folder(root), root / "set_aside"):
        if folder.is_dir():
            shutil.rmtree(folder)
            changed.append(folder)
    changed += forget_kept(crm, person.ids)
    changed += _cleanse_store(load_config(root), marked, person, read_as)
    for folder in (root / IDENTITY, outbox_folder(crm)):
        for path in _files_in(folder):
            if path.suffix == ".parquet":
                changed += [path] if _cleanse_parquet(path, person.ids, needles) else []
            elif path in person.files:
                path.unlink()
                changed.append(path)
    return changed


def remove_from_lists(folder: Path, person: Person, *, pseudonyms: Iterable[str]) -> list[Path]:
    """Take her rows out of the CSV files of a folder of lists, and remove the workbooks that hold her."""
    ids = (*person.ids, *pseudonyms)
    needles = needles_of(person)
    changed = []
    for path in _files_in(folder):
        if path.suffix.lower() == ".csv":
            text = path.read_bytes().decode("utf-8-sig", "replace")
            rows = list(csv.reader(io.StringIO(text, newline="")))
            kept = [row for row in rows if not _speaks_of(row, ids, needles)]
            if len(kept) < len(rows):
                written = io.StringIO(newline="")
                csv.writer(written, lineterminator="\r\n").writerows(kept)
                write_private(path, b"\xef\xbb\xbf" + written.getvalue().encode("utf-8"))
                changed.append(path)
        elif path.suffix.lower() == ".xlsx" and _workbook_speaks(path, ids, needles):
            path.unlink()
            changed.append(path)
    return changed


def needles_of(person: Person) -> Known:
    """What of her points at her wherever it stands: names, addresses, e-mails, telephones."""
    return _needles(person.tables)


def pseudonyms_of(crm: Any, ids: Iterable[str]) -> tuple[str, ...]:
    """What lists show for a customer under the key of today."""
    return tuple(dict.fromkeys(public_ids(crm, pd.Series(list(ids), dtype="str"))))


def _ids_of(crm: Any, customer: str) -> tuple[str, ...]:
    asked = customer.strip()
    if looks_like_pseudonym(asked.upper()):
        asked = next(iter(reveal_ids(crm, pd.Series([asked.upper()])).dropna()), asked)
    known = Path(crm.root) / IDENTITY / "known.parquet" if crm.root else None
    if known is not None and known.is_file():
        table = pd.read_parquet(known).astype("str")
        lasting = table.loc[table["record_id"].eq(asked), "customer_id"]
        asked = lasting.iloc[0] if len(lasting) else asked
        records = table.loc[table["customer_id"].eq(asked), "record_id"]
        if len(records):
            return tuple(dict.fromkeys([asked, *records]))
    if asked not in set(known_customers(crm)):
        raise ParameterError(
            f"No customer {customer!r} is known here. Give the number, or the pseudonym of a list."
        )
    return (asked,)


def _her_rows(crm: Any, ids: set[str]) -> tuple[dict[str, pd.DataFrame], set[str]]:
    """Her rows of every table, with those that belong to them, such as the stages of her deals; and their keys."""
    gone: dict[str, set[str]] = {"customers": set(ids)}
    found = {}
    # Twice: what belongs to her deals may stand in a table before that of the deals.
    for name in (*TABLES, *TABLES):
        if name not in crm.tables:
            continue
        spec, present = table_spec(name), crm.columns(name)
        own = [f.name for f in spec.fields if f.name in present and gone.get(f.references or "")]
        own += ["customer_id"] if name == "customers" else []
        if not own:
            continue
        keys = [sorted(gone[spec.field(c).references or "customers"]) for c in own]
        where = " or ".join(f"{Engine.quote(c)} in (select unnest(${i}))" for i, c in enumerate(own, start=1))
        found[name] = crm.engine.run(f"from {Engine.quote(name)} where {where}", keys).df()
        if len(spec.keys) == 1 and spec.keys[0] in present and name != "customers":
            gone.setdefault(name, set()).update(found[name][spec.keys[0]].dropna().astype("str"))
    return found, set().union(*gone.values())


def _fields(row: Iterable[Any]) -> list[str]:
    """The cells of a row; a record that could not be read is cut into its own."""
    cells = [str(cell) for cell in row if cell is not None]
    return [*cells, *(part.strip().strip("\"'") for cell in cells for part in SEPARATORS.split(cell))]


def _add_marks(root: Path, person: Person) -> Forgotten:
    """Her numbers, and what she alone is known by."""
    before = forgotten_in(root) or Forgotten(salt=secrets.token_hex(16), marks=frozenset())
    marks = {before.mark(ID, one) for one in person.ids}
    marks |= {before.mark(kind, value) for kind, value in person.known_by}
    after = Forgotten(salt=before.salt, marks=before.marks | marks)
    write_private(root / FILE, json.dumps({"salt": after.salt, "marks": sorted(after.marks)}).encode())
    return after


def _known_by(crm: Any, ids: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """What she alone is known by besides her numbers, as kind of the mark and value."""
    hers: set[tuple[str, str]] = set()
    theirs: set[tuple[str, str]] = set()
    for name in SIGNS_OF:
        present = crm.columns(name) if name in crm.tables else ()
        for column in (one for one in KNOWN_BY if one in present and "customer_id" in present):
            mine = "coalesce(customer_id in (select unnest($1)), false)"
            plain = f"lower(trim({column}))"
            query = f"select distinct {plain}, {mine} from {name} where {column} is not null"
            if column == "order_id":
                query = f"{query} and customer_id is not null"
            for value, is_hers in crm.engine.rows(query, [list(ids)]):
                (hers if is_hers else theirs).add((KNOWN_BY[column], value))
    return tuple(sorted(hers - theirs))


def _cleanse_store(
    config: WorkspaceConfig, marked: Forgotten, person: Person, read_as: Callable[[Source, str], Reading]
) -> list[Path]:
    """Her rows out of what earlier loads have left, in every generation."""
    changed = []
    stored = _parquet_files(config.root / LOADED)
    sealed = {folder: read_sealed(folder)[0] for folder in {path.parent for path in stored}}
    for path in stored:
        name = path.name.split(".")[0]
        if name not in config.tables:
            continue
        if path.name.endswith(".rejects.parquet"):
            frame = pd.read_parquet(path)
            kept = marked.rejects(frame)
            if len(kept) < len(frame):
                _put(path, kept)
                changed.append(path)
        elif _cleanse_load(path, name, marked, person, read_as):
            changed.append(path)
    for folder in {path.parent for path in changed}:
        told_of = sealed[folder]
        if told_of is not None:
            seal_folder(folder, told_of)
            close_to_others(folder)
    return changed


def _cleanse_load(path: Path, name: str, marked: Forgotten, person: Person, read_as: Any) -> bool:
    spec = table_spec(name)
    with Engine(allowed_paths=[path.parent]) as engine:
        scan = f"read_parquet({Engine.literal(str(path.resolve()))})"
        engine.execute(f"create table stored as from {scan}")
        columns = columns_of(engine.run("from stored"))
        reading = read_as(Source(table=name, view="stored", columns=tuple(columns)), name)
        conditions, values = [], []
        for column, kind in own_columns(spec, reading.expressions):
            sql = f"({reading.expressions[column]})::varchar"
            hers = [
                v for (v,) in engine.rows(f"select distinct {sql} from stored") if v and marked.holds(kind, v)
            ]
            if hers:
                values.append(hers)
                conditions.append(f"{sql} in (select unnest(${len(values)}))")
        for one in spec.fields:
            keys = person.tables.get(one.references or "")
            parent = TABLES[one.references].keys if one.references in TABLES else ()
            if (
                one.name in reading.expressions
                and keys is not None
                and len(parent) == 1
                and one.references != "customers"
            ):
                values.append(keys[parent[0]].dropna().astype("str").tolist())
                conditions.append(
                    f"({reading.expressions[one.name]})::varchar in (select unnest(${len(values)}))"
                )
        if not conditions:
            return False
        query = f"select * from stored where not coalesce({' or '.join(conditions)}, false)"
        before = engine.rows("select count(*) from stored")[0][0]
        kept = engine.run(query, values).to_arrow_table()
        if kept.num_rows == before:
            return False
        with in_place(path) as aside:
            pq.write_table(kept, aside, compression="zstd")
    return True


def _cleanse_parquet(path: Path, ids: Iterable[str], needles: Known) -> bool:
    frame = pd.read_parquet(path)
    hers = [_speaks_of(row, ids, needles) for row in frame.to_numpy()]
    if any(hers):
        _put(path, frame[[not one for one in hers]].reset_index(drop=True))
    return any(hers)


def _put(path: Path, frame: pd.DataFrame) -> None:
    with in_place(path) as aside:
        frame.to_parquet(aside)


def _needles(tables: Mapping[str, pd.DataFrame]) -> Known:
    values: dict[str, str] = {}
    phones: dict[str, str] = {}
    for name in SIGNS_OF:
        frame = tables.get(name, pd.DataFrame())
        for column in map(str, frame):
            # What she said of a purchase is a text, and may be anybody's.
            if TABLES[name].field(column).privacy != "personal" or column == "text":
                continue
            for value in frame[column].dropna().astype("str"):
                if column == "phone":
                    phones[re.sub(r"\D", "", value)] = column
                elif is_telling(told(value).strip()):
                    values[told(value).strip()] = column
    return Known(values=values, phones={digits: place for digits, place in phones.items() if len(digits) > 8})


def _speaks_of(cells: Iterable[Any], ids: Iterable[str], needles: Known) -> bool:
    known = set(ids)
    texts = [str(cell).strip() for cell in cells if cell is not None]
    return any(text in known for text in texts) or any(needles.found_in("\n".join(texts)))


def _file_speaks(path: Path, ids: Iterable[str], needles: Known) -> bool:
    text = _text_of(path)
    named = any(re.search(rf"(?<!\w){re.escape(one)}(?!\w)", f"{path.stem}\n{text}") for one in ids)
    return named or any(needles.found_in(text))


def _text_of(path: Path) -> str:
    """What a draft says; a mail is unpacked, since its words stand encoded in it."""
    content = path.read_bytes()
    if path.suffix.lower() != ".eml":
        return content.decode("utf-8", "replace")
    mail = message_from_bytes(content, policy=policy.default)
    parts = [part for part in mail.walk() if part.get_content_maintype() == "text"]
    return "\n".join([*map(str, mail.values()), *(str(part.get_content()) for part in parts)])


def _workbook_speaks(path: Path, ids: Iterable[str], needles: Known) -> bool:
    sheets = pd.read_excel(path, sheet_name=None, header=None, dtype=str, engine="calamine")
    return any(_speaks_of(row, ids, needles) for sheet in sheets.values() for row in sheet.to_numpy())


def _files_in(folder: Path | None) -> list[Path]:
    return (
        [] if folder is None else sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
    )


def _parquet_files(folder: Path) -> list[Path]:
    return [path for path in _files_in(folder) if path.suffix == ".parquet"]
