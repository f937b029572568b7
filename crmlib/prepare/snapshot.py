"""Checked tables laid down on disk, so that opening a workspace again takes no time while nothing has changed."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock, Timeout

from crmlib.prepare.check.casting import text_literal
from crmlib.prepare.check.findings import (
    COUNT_COLUMNS,
    IDENTITY_COLUMNS,
    NOTICE_COLUMNS,
    SOURCE_COLUMNS,
    SUMMARY_COLUMNS,
    CheckReport,
)
from crmlib.prepare.engine import Engine
from crmlib.prepare.private import FILE_MODE, close_to_others, private_folder, temporary_root, write_private
from crmlib.prepare.sources.encodings import sha256_of
from crmlib.schema.errors import SourceError

KEPT = 6
"""Snapshots kept in a workspace; older ones are removed when a new one is made."""

_MANIFEST = "manifest.json"
_LOCK = ".lock"
_CODE = (Path(__file__).parent, Path(__file__).parents[1] / "schema")


class ParquetFrames(Mapping[str, pd.DataFrame]):
    """Frames that are read from a folder, one Parquet file a table, when they are asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, name: str) -> pd.DataFrame:
        path = self._folder / f"{name}.parquet"
        if not path.is_file():
            raise KeyError(name)
        return pd.read_parquet(path)

    def __iter__(self) -> Iterator[str]:
        return (path.stem for path in sorted(self._folder.glob("*.parquet")))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def snapshot_key(*parts: Any) -> str:
    """A name for what a snapshot is made from: configuration, sources, closing moment, and this code."""
    digest = code_digest(_CODE).copy()
    digest.update(json.dumps(parts, sort_keys=True, default=str).encode())
    return digest.hexdigest()[:24]


@cache
def code_digest(folders: tuple[Path, ...]) -> Any:
    """The hash of the modules and declarations in some folders, as this process runs them; add to a copy of it."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(path for path in folder.rglob("*") if path.suffix in (".py", ".toml", ".csv")):
            digest.update(path.read_bytes())
    return digest


def snapshots_folder(root: Path) -> Path:
    """Where a workspace's snapshots lie: beside its exports, or in a private temporary folder if that is read-only."""
    folder = root / ".prepared"
    if not os.access(folder if folder.exists() else root, os.W_OK):
        name = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:16]
        folder = temporary_root() / name
    return private_folder(folder)


def write_snapshot(folder: Path, key: str, fill: Callable[[Path], Mapping[str, Any]]) -> Path:
    """Make a snapshot aside and put it in place whole, when its bytes are on the disk."""
    try:
        building, alive = _begin_building(folder)
    except OSError as error:
        raise _unwritten(folder, error) from error
    try:
        (building / "set_aside").mkdir()
        manifest = fill(building)
        seal_folder(building, manifest)
        close_to_others(building)
        with FileLock(folder / _LOCK, mode=FILE_MODE):
            alive.release()
            (building / _LOCK).unlink(missing_ok=True)
            _put_in_place(building, folder / key)
            to_disk(folder)
    except OSError as error:
        raise _unwritten(folder, error) from error
    finally:
        alive.release()
        shutil.rmtree(building, ignore_errors=True)
    _remove_old(folder, keep=key)
    return folder / key


def seal_folder(folder: Path, told: Mapping[str, Any]) -> None:
    """Write what a folder says of itself, with the checksum of each file and of this, and bring all to the disk."""
    files = sorted(
        path for path in folder.rglob("*") if path.is_file() and path.name not in (_LOCK, _MANIFEST)
    )
    sums = {path.relative_to(folder).as_posix(): sha256_of(path) for path in files}
    content = json.loads(json.dumps({"told": told, "files": sums}, default=str))
    sealed = json.dumps(content | {"seal": _seal(content)})
    (folder / _MANIFEST).write_text(sealed, encoding="utf-8")
    for path in (*files, folder / _MANIFEST, *{file.parent for file in files}, folder):
        to_disk(path)


def read_sealed(folder: Path) -> tuple[dict[str, Any] | None, str]:
    """What a folder says of itself, and ""; or None, and what is wrong with it: nothing where it is not there."""
    if not folder.exists():
        return None, ""
    try:
        content = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        whole = content.pop("seal") == _seal(content)
        told, sums = content["told"], content["files"]
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None, f"{_MANIFEST} cannot be read"
    if not whole:
        return None, f"{_MANIFEST} was changed"
    for name, sum_ in sums.items():
        try:
            if sha256_of(folder / name) != sum_:
                return None, f"{name} is not what was written"
        except OSError as error:
            return None, f"{name} cannot be read ({error.strerror or error})"
    return told, ""


def to_disk(path: Path) -> None:
    """Have the system write what it holds of a file or folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_manifest(snapshot: Path) -> dict[str, Any] | None:
    """What a snapshot says of itself, or None where there is no whole snapshot."""
    return read_sealed(snapshot)[0]


def open_snapshot(snapshot: Path, tables: list[str]) -> Engine:
    """An engine that sees the snapshot's tables, and no other file."""
    engine = Engine(allowed_paths=[snapshot])
    for name in tables:
        file = text_literal(str(snapshot.resolve() / f"{name}.parquet"))
        engine.execute(f"create view {Engine.quote(name)} as select * from read_parquet({file})")
    return engine


def report_to_json(report: CheckReport) -> dict[str, Any]:
    """A report as plain values; the rows set aside stay in their files."""
    return {
        "summary": report.summary.to_dict("records"),
        "counts": report.counts.to_dict("records"),
        "sources": report.sources.to_dict("records"),
        "notices": report.notices.to_dict("records"),
        "missing": list(report.missing),
        "identities": report.identities.to_dict("records"),
    }


def report_from_json(values: Mapping[str, Any], set_aside: Path) -> CheckReport:
    """The report that `report_to_json` wrote."""

    def frame(name: str, columns: tuple[str, ...]) -> pd.DataFrame:
        return pd.DataFrame(values[name], columns=None if values[name] else list(columns))

    return CheckReport(
        summary=frame("summary", SUMMARY_COLUMNS),
        counts=frame("counts", COUNT_COLUMNS),
        sources=frame("sources", SOURCE_COLUMNS),
        notices=frame("notices", NOTICE_COLUMNS),
        missing=tuple(values["missing"]),
        identities=frame("identities", IDENTITY_COLUMNS),
        set_aside=ParquetFrames(set_aside),
    )


def lay_out_set_aside(snapshot: Path, root: Path) -> None:
    """Put the rows set aside where their owner looks for them: ``set_aside/<table>.parquet`` in the workspace."""
    target = root / "set_aside"
    files = {path.name: path for path in (snapshot / "set_aside").glob("*.parquet")}
    if not os.access(root, os.W_OK) or not (files or target.is_dir()):
        return
    private_folder(target)
    for stale in target.glob("*.parquet"):
        if stale.name not in files:
            stale.unlink(missing_ok=True)
    for name, path in files.items():
        if not (target / name).exists() or not (target / name).samefile(path):
            copy = target / f".{name}.{os.getpid()}"
            copy.unlink(missing_ok=True)
            try:
                os.link(path, copy)
            except OSError:
                write_private(copy, path.read_bytes())
            copy.replace(target / name)


def _seal(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _unwritten(folder: Path, error: OSError) -> SourceError:
    return SourceError(f"The checked tables could not be written to {folder}: {error.strerror or error}.")


def _begin_building(folder: Path) -> tuple[Path, FileLock]:
    """A folder to build in, and the lock that says that its builder lives; what dead builders left is removed."""
    with FileLock(folder / _LOCK, mode=FILE_MODE):
        for left in folder.glob(".building-*"):
            held = FileLock(left / _LOCK, mode=FILE_MODE)
            try:
                held.acquire(blocking=False)
            except Timeout:
                continue
            held.release()
            shutil.rmtree(left, ignore_errors=True)
        building = Path(tempfile.mkdtemp(prefix=".building-", dir=folder))
        alive = FileLock(building / _LOCK, mode=FILE_MODE)
        alive.acquire()
    return building, alive


def _put_in_place(building: Path, target: Path) -> None:
    try:
        building.rename(target)
    except OSError:
        if read_manifest(target) is None:
            shutil.rmtree(target) if target.is_dir() else target.unlink()
            building.rename(target)


def _remove_old(folder: Path, *, keep: str) -> None:
    made = [path for path in folder.iterdir() if (path / _MANIFEST).is_file() and path.name != keep]
    for path in sorted(made, key=lambda path: path.stat().st_mtime, reverse=True)[KEPT - 1 :]:
        shutil.rmtree(path, ignore_errors=True)
