"""Results kept beside the checked tables they were made from, and answers of the engine; they go when those go."""

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import pandas as pd
from filelock import FileLock

from crmlib.prepare.engine import EngineError
from crmlib.prepare.private import FILE_MODE, close_to_others, private_folder
from crmlib.prepare.snapshot import code_digest, read_sealed, seal_folder, snapshots_folder

_CODE = tuple(Path(__file__).parents[1] / floor for floor in ("measure", "analyse"))
_FOLDER = "results"
_tables_kept: WeakKeyDictionary[Any, dict[str, bool]] = WeakKeyDictionary()
WORTH_SECONDS = 0.5
"""An answer of the engine that took less is asked for again rather than kept."""


def kept_answer(crm: Any, *asked: Any, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """What the engine answered before to what is asked of these tables; made, and kept if that took long.

    The notebooks of a run are processes of their own, and most of them ask for the same figures of all customers.
    It holds the house's own identifiers, as the tables beside it do, and no pseudonym.
    """
    said = json.dumps(asked, sort_keys=True, default=str)
    folder = place_of(crm, f"answer-{hashlib.sha256(said.encode()).hexdigest()[:16]}")
    with _made_once(folder):
        found = read_frames(folder)
        if found is not None:
            return found["answer"]
        begun = time.perf_counter()
        answer = make()
        if time.perf_counter() - begun > WORTH_SECONDS:
            write_frames(folder, {"answer": answer})
        return answer


@contextmanager
def _made_once(folder: Path | None) -> Iterator[None]:
    """Of several processes that would make what belongs into a folder one does it, and the others wait to read it."""
    held = None
    if folder is not None and not folder.is_dir():
        # Where no lock can be written nothing will be kept either.
        with suppress(OSError):
            held = FileLock(private_folder(folder.parent.with_name(".locks")) / folder.name, mode=FILE_MODE)
            held.acquire()
    try:
        yield
    finally:
        if held is not None:
            held.release()


def keep_tables(
    crm: Any,
    selects: Callable[[Any], Mapping[str, tuple[str, list[dict]]]],
    *,
    of: str,
    least: int,
    name: str = "",
) -> bool:
    """Whether the answers to several selects lie beside a workspace's tables, as tables of its engine.

    They are laid down, sealed, when first asked for, where the table that they are made of has so many rows at least;
    each select for some parameters after others, so that its answer need not fit the memory. Several such sets of
    one workspace differ in their `name`.
    """
    known = _tables_kept.setdefault(crm.engine, {})
    if name not in known:
        known[name] = _has_kept(crm, selects, of=of, least=least, name=name)
    return known[name]


def _has_kept(crm: Any, selects: Callable[[Any], Mapping], *, of: str, least: int, name: str) -> bool:
    folder = place_of(crm, f"{of}-{name}" if name else of)
    if folder is None or crm.engine.rows(f"select count(*) from {of}")[0][0] < least:
        return False
    with _made_once(folder):
        names = read_sealed(folder)[0] or _laid_down(crm, folder, selects(crm))
    for table, files in (names or {}).items():
        crm.engine.view(table, [folder / file for file in files])
    return names is not None


def _laid_down(crm: Any, folder: Path, asked: Mapping[str, tuple[str, list[dict]]]) -> dict | None:
    """The files of each table that was laid down, in a folder; None where that could not be done."""
    names = {
        name: [f"{name.split('.')[-1]}_{i}.parquet" for i in range(len(parts))]
        for name, (_, parts) in asked.items()
    }

    def fill(building: Path) -> None:
        for name, (sql, parts) in asked.items():
            for file, values in zip(names[name], parts, strict=True):
                crm.engine.keep(sql, values, building / file)
        seal_folder(building, names)

    shutil.rmtree(folder, ignore_errors=True)
    return names if _put_whole(folder, fill, over=False) else None


def place_of(crm: Any, name: str, *, key: str = "") -> Path | None:
    """Where what this code and engine made of these tables at this moment is kept; None for tables in memory."""
    if getattr(crm, "root", None) is None or not getattr(crm, "key", ""):
        return None
    snapshot = snapshots_folder(crm.root) / crm.key
    said = f"{_code_print()} {key} {crm.as_of} {crm.engine.kind}"
    made = hashlib.sha256(said.encode()).hexdigest()[:16]
    return snapshot / _FOLDER / f"{name}-{made}" if snapshot.is_dir() else None


def read_frames(folder: Path | None) -> dict[str, pd.DataFrame] | None:
    """The frames of a folder; None, and no folder any more, where one of them is damaged."""
    if folder is None or not folder.is_dir():
        return None
    try:
        return {
            path.stem: pd.read_parquet(path, page_checksum_verification=True)
            for path in sorted(folder.glob("*.parquet"))
        }
    except (OSError, ValueError):
        shutil.rmtree(folder, ignore_errors=True)
        return None


def write_frames(folder: Path | None, frames: Mapping[str, pd.DataFrame]) -> None:
    """Put frames into a folder, all of them or none; on a full disk none."""

    def fill(building: Path) -> None:
        for one, frame in frames.items():
            bare = frame.copy(deep=False)
            bare.attrs = {}
            bare.to_parquet(building / f"{one}.parquet", write_page_checksum=True)

    if folder is not None:
        _put_whole(folder, fill)


def _put_whole(folder: Path, fill: Callable[[Path], None], *, over: bool = True) -> bool:
    """Whether a folder could be filled and put in place, whole."""
    try:
        private_folder(folder.parent)
        building = Path(tempfile.mkdtemp(prefix=".building-", dir=folder.parent))
    except OSError:
        return False
    try:
        fill(building)
        close_to_others(building)
        if over:
            shutil.rmtree(folder, ignore_errors=True)
        building.rename(folder)
    except (OSError, EngineError):
        shutil.rmtree(building, ignore_errors=True)
        return folder.is_dir()
    return True


@cache
def _code_print() -> str:
    return code_digest(_CODE).hexdigest()
