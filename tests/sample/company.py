"""A small sample company for every test that wants a whole one: made once a session, at a tenth of its size."""

import atexit
import pickle
import re
import shutil
import tempfile
from functools import cache
from os import environ
from pathlib import Path

import pandas as pd
from filelock import FileLock

from crmlib import Crm, open_workspace
from crmlib.sample.company import Company, make_company, write_truth
from crmlib.sample.dirt import write_exports

SCALE = 0.1
CONFIG = Path(__file__).resolve().parents[2] / "data" / "b2b" / "crm.toml"
SHELF = "CRMLIB_TESTS_SHELF"
"""Names the folder that the processes of a session share; see tests/conftest.py."""

OF_DEALS = (
    *("customers", "products", "employees", "campaigns", "opportunities", "stage_history"),
    *("opportunity_contacts", "contacts", "interactions"),
)
"""The tables that speak of deals: most of what takes time to read at full size is in the others."""


def sample_folder(*, scale: float = SCALE, seed: int = 1, tables: tuple[str, ...] = ()) -> Path:
    """A workspace with exports, truth and the crm.toml of data/b2b, to read only; of some tables, or of all."""
    return _folder(scale, seed, tables)


def sample_crm(*, scale: float = SCALE, seed: int = 1, tables: tuple[str, ...] = ()) -> Crm:
    """The small company, read and checked."""
    return _crm(scale, seed, tables)


@cache
def shelf() -> Path:
    """The folder of what is made once: for all workers of a session, else for this process."""
    if SHELF in environ:
        return Path(environ[SHELF])
    folder = Path(tempfile.mkdtemp(prefix="sample-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def drawn(scale: float, *, seed: int = 1) -> Company:
    """The company as `make_company` draws it, before its exports."""
    kept = shelf() / f"company-{scale}-{seed}.pickle"
    with FileLock(f"{kept}.lock"):
        if not kept.exists():
            kept.write_bytes(pickle.dumps(make_company(seed=seed, scale=scale)))
        return pickle.loads(kept.read_bytes())


@cache
def _folder(scale: float, seed: int, tables: tuple[str, ...]) -> Path:
    folder = shelf() / "-".join(["sample", str(scale), str(seed), *tables])
    told = CONFIG.read_text(encoding="utf-8")
    if tables:
        whole = _folder(scale, seed, ())
        lines = "erp_order_lines_*.csv"  # a pattern may not lead out of a workspace, but a file may be named
        years = ", ".join(f'"exports/{path.name}"' for path in sorted((whole / "exports").glob(lines)))
        told = told.replace(f'"exports/{lines}"', f"[{years}]").replace(
            '"exports/', f'"{whole.as_posix()}/exports/'
        )
        parts = re.split(r"(?m)^(?=\[)", told.replace('"transactions", "events", "feedback"', ""))
        table_of = re.compile(r"\[tables\.(\w+)")
        told = "".join(one for one in parts if not (part := table_of.match(one)) or part[1] in tables)
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            made = folder.with_name(f"{folder.name}.new")
            made.mkdir()
            if not tables:
                company = drawn(scale, seed=seed)
                dirt = write_exports(company, made / "exports", seed=seed)
                write_truth(company, dirt, made / "truth", seed=seed, scale=scale)
            (made / "crm.toml").write_text(told, encoding="utf-8")
            made.rename(folder)
    return folder


@cache
def _crm(scale: float, seed: int, tables: tuple[str, ...]) -> Crm:
    folder = _folder(scale, seed, tables)
    with FileLock(f"{folder}.lock"):  # who comes second finds the tables checked
        return open_workspace(folder)


def truth(name: str, *, scale: float = SCALE, seed: int = 1) -> pd.DataFrame:
    """A table of the truth; numbers of customers stay text."""
    ids = dict.fromkeys(("customer_id", "duplicate_id", "product_id", "successor_id"), str)
    path = sample_folder(scale=scale, seed=seed) / "truth" / f"{name}.csv"
    return pd.read_csv(path, dtype=ids, keep_default_na=name != "dirt")


@atexit.register
def _let_go():
    _crm.cache_clear()
