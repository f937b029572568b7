"""What a workspace remembers of its last reports, so that the next can carry on: small, private, by closing moment."""

import json
import os
from typing import Any

from crmlib.prepare.crm import Crm

FOLDER = ".kept"
MOST = 36
"""So many closing moments are kept of one thing."""


def last_kept(crm: Crm, what: str) -> dict[str, Any] | None:
    """What was kept at the last closing moment before this one."""
    earlier = [one for one in _all(crm, what) if one["as_of"] < crm.as_of.isoformat()]
    return earlier[-1] if earlier else None


def keep(crm: Crm, what: str, found: dict[str, Any]) -> None:
    """Keep something for the next closing moment; a workspace that cannot be written to keeps nothing."""
    root = getattr(crm.config, "root", None)
    if root is None or not os.access(root, os.W_OK):
        return
    now = crm.as_of.isoformat()
    kept = [one for one in _all(crm, what) if one["as_of"] != now]
    kept = sorted([*kept, {**found, "as_of": now}], key=lambda one: one["as_of"])[-MOST:]
    folder = root / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    beside = folder / f".{what}.{os.getpid()}"
    beside.touch(mode=0o600)
    beside.write_text(json.dumps(kept), encoding="utf-8")
    beside.replace(folder / f"{what}.json")


def _all(crm: Crm, what: str) -> list[dict[str, Any]]:
    root = getattr(crm.config, "root", None)
    file = root / FOLDER / f"{what}.json" if root is not None else None
    return json.loads(file.read_text(encoding="utf-8")) if file is not None and file.is_file() else []
