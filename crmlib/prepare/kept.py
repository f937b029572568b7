"""Small results kept beside the checked tables they were made from; they go when those go."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from crmlib.prepare.privacy import key_print
from crmlib.prepare.private import close_to_others, private_folder
from crmlib.prepare.snapshot import code_digest, snapshots_folder

_CODE = tuple(Path(__file__).parents[1] / floor for floor in ("measure", "analyse"))
_FOLDER = "results"


def read_kept(crm: Any, name: str) -> dict[str, pd.DataFrame] | None:
    """The frames that this code kept of these tables, at this moment and under this key; None where there are none."""
    folder = _place(crm, name)
    if folder is None or not folder.is_dir():
        return None
    try:
        return {path.stem: pd.read_parquet(path) for path in sorted(folder.glob("*.parquet"))}
    except (OSError, ValueError):
        shutil.rmtree(folder, ignore_errors=True)
        return None


def write_kept(crm: Any, name: str, frames: Mapping[str, pd.DataFrame]) -> None:
    """Keep frames under a name, whole or not at all; of tables in memory, or on a full disk, nothing is kept."""
    folder = _place(crm, name)
    if folder is None:
        return
    try:
        private_folder(folder.parent)
        building = Path(tempfile.mkdtemp(prefix=".building-", dir=folder.parent))
    except OSError:
        return
    try:
        for one, frame in frames.items():
            bare = frame.copy(deep=False)
            bare.attrs = {}
            bare.to_parquet(building / f"{one}.parquet")
        close_to_others(building)
        shutil.rmtree(folder, ignore_errors=True)
        building.rename(folder)
    except OSError:
        shutil.rmtree(building, ignore_errors=True)


def kept_or_made(crm: Any, name: str, make: Callable[[], dict[str, pd.DataFrame]]) -> dict[str, pd.DataFrame]:
    """The frames kept under a name; made, and kept, where there are none."""
    found = read_kept(crm, name)
    if found is None:
        found = make()
        write_kept(crm, name, found)
    return found


def _place(crm: Any, name: str) -> Path | None:
    if getattr(crm, "root", None) is None or not getattr(crm, "key", ""):
        return None
    snapshot = snapshots_folder(crm.root) / crm.key
    made = hashlib.sha256(f"{_code_print()} {key_print(crm)} {crm.as_of}".encode()).hexdigest()[:16]
    return snapshot / _FOLDER / f"{name}-{made}" if snapshot.is_dir() else None


@cache
def _code_print() -> str:
    return code_digest(_CODE).hexdigest()
