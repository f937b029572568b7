"""Small results kept under the key of the pseudonyms in them, beside the tables they were made from."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from crmlib.prepare.answers import place_of, read_frames, write_frames
from crmlib.prepare.privacy import key_print


def read_kept(crm: Any, name: str) -> dict[str, pd.DataFrame] | None:
    """The frames that this code kept of these tables, at this moment and under this key; None where there are none."""
    return read_frames(_place(crm, name))


def write_kept(crm: Any, name: str, frames: Mapping[str, pd.DataFrame]) -> None:
    """Keep frames under a name, whole or not at all; of tables in memory, or on a full disk, nothing is kept."""
    write_frames(_place(crm, name), frames)


def kept_or_made(crm: Any, name: str, make: Callable[[], dict[str, pd.DataFrame]]) -> dict[str, pd.DataFrame]:
    """The frames kept under a name; made, and kept, where there are none."""
    found = read_kept(crm, name)
    if found is None:
        found = make()
        write_kept(crm, name, found)
    return found


def _place(crm: Any, name: str) -> Path | None:
    in_memory = getattr(crm, "root", None) is None or not getattr(crm, "key", "")
    return None if in_memory else place_of(crm, name, key=key_print(crm))
