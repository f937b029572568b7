"""A small sample company for every test that wants a whole one: drawn once a process, at a tenth of its size."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

import pandas as pd

from crmlib import Crm, open_workspace
from crmlib.sample.dirt import write_company

SCALE = 0.1
CONFIG = Path(__file__).resolve().parents[2] / "data" / "b2b" / "crm.toml"


def sample_folder(*, scale: float = SCALE, seed: int = 1) -> Path:
    """A workspace with exports, truth and the crm.toml of data/b2b; gone when the process ends."""
    return _folder(scale, seed)


def sample_crm(*, scale: float = SCALE, seed: int = 1) -> Crm:
    """The small company, read and checked."""
    return _crm(scale, seed)


@cache
def _folder(scale: float, seed: int) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="sample-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    write_company(folder, seed=seed, scale=scale)
    shutil.copy(CONFIG, folder / "crm.toml")
    return folder


@cache
def _crm(scale: float, seed: int) -> Crm:
    return open_workspace(_folder(scale, seed))


def truth(name: str, *, scale: float = SCALE, seed: int = 1) -> pd.DataFrame:
    """A table of the truth; numbers of customers stay text."""
    ids = dict.fromkeys(("customer_id", "duplicate_id", "product_id", "successor_id"), str)
    path = _folder(scale, seed) / "truth" / f"{name}.csv"
    return pd.read_csv(path, dtype=ids, keep_default_na=name != "dirt")


@atexit.register
def _let_go():
    _crm.cache_clear()
