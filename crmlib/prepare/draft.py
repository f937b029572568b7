"""A first crm.toml for a folder of exports: which file may be which table, which column which of ours."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crmlib.prepare.config.read import CONFIG_NAME, WorkspaceConfig
from crmlib.prepare.engine import Engine
from crmlib.prepare.sources.door import allowed_paths, close_source, open_source
from crmlib.prepare.sources.files import SUFFIXES
from crmlib.schema.errors import ConfigError, CrmlibError
from crmlib.schema.fields import TableSpec
from crmlib.schema.tables import CORE_TABLES, TABLES

LEAST_SHARE = 0.5
"""A file is taken for a table when it seems to have at least this share of the table's required columns."""

_READ = tuple(f".{suffix}" for kind in ("csv", "json", "parquet", "excel") for suffix in SUFFIXES[kind])


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a folder of exports seems to hold.

    Attributes
    ----------
    text : str
        A crm.toml to look over, or to write down as it is where `gaps` is empty.
    tables : table -> file
    gaps : tuple of str
        Required columns that no column of the file looks like.
    unused : tuple of (file, reason)
    """

    text: str
    tables: Mapping[str, str]
    gaps: tuple[str, ...]
    unused: tuple[tuple[str, str], ...]


def draft_config(folder: str | Path, *, currency: str = "EUR", time_zone: str = "UTC") -> Draft:
    """Look at the exports of a folder and write a first crm.toml for them; nothing is changed.

    Columns are matched by name only: our own names, and those that exports commonly use. The draft says what it
    took and what it did not find; read it before you trust it.
    """
    root = Path(folder)
    if not root.is_dir():
        raise ConfigError(f"{folder}: there is no such folder. Name the one that holds the exports.")
    columns, unused = _columns_of_files(root, currency)
    chosen: dict[str, tuple[str, dict[str, str]]] = {}
    for file, theirs in columns.items():
        table, mapping, score = _best_table(theirs)
        if not table:
            unused.append((file, f"its columns look like no table: {', '.join(theirs[:8])}"))
        elif table in chosen and _score(TABLES[table], chosen[table][1]) >= score:
            unused.append((file, f"looks like {table}, as {chosen[table][0]} does more"))
        else:
            if table in chosen:
                unused.append((chosen[table][0], f"looks like {table}, as {file} does more"))
            chosen[table] = (file, mapping)
    if not set(chosen) & set(CORE_TABLES):
        seen = "; ".join(f"{file}: {', '.join(theirs[:8])}" for file, theirs in columns.items())
        raise ConfigError(
            f"{folder}: no file looks like {' or '.join(CORE_TABLES)} (seen: {seen or 'no readable file'}). "
            "Write crm.toml by hand; README.md shows how."
        )
    text, gaps = _write(root, chosen, columns, unused, currency=currency, time_zone=time_zone)
    return Draft(
        text=text,
        tables={table: file for table, (file, _) in chosen.items()},
        gaps=tuple(gaps),
        unused=tuple(unused),
    )


def write_draft(folder: str | Path, draft: Draft) -> Path:
    """Write a draft beside the exports."""
    file = Path(folder) / CONFIG_NAME
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(draft.text)
    except FileExistsError:
        raise ConfigError(f"{file} is there already and stays as it is. Move it away first.") from None
    return file


def match_columns(spec: TableSpec, theirs: Sequence[str]) -> dict[str, str]:
    """Which of their columns looks like which of ours: our own names first, then the names exports use."""
    plain = {_plain(name): name for name in reversed(theirs)}
    found: dict[str, str] = {}
    for guess in (lambda field: (field.name,), lambda field: field.guesses):
        for field in spec.fields:
            names = [plain[_plain(name)] for name in guess(field) if _plain(name) in plain]
            free = [name for name in names if name not in found.values()]
            if field.name not in found and free:
                found[field.name] = free[0]
    return {name: found[name] for name in spec.names if name in found}


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _columns_of_files(root: Path, currency: str) -> tuple[dict[str, list[str]], list[tuple[str, str]]]:
    columns: dict[str, list[str]] = {}
    unused: list[tuple[str, str]] = []
    for path in sorted(root.iterdir()):
        name = path.name.lower().removesuffix(".gz")
        if not path.is_file() or path.name == CONFIG_NAME or not name.endswith(_READ):
            continue
        try:
            columns[path.name] = _columns(root, path.name, currency)
        except CrmlibError as error:
            unused.append((path.name, str(error)))
    return columns, unused


def _columns(root: Path, file: str, currency: str) -> list[str]:
    entry = re.sub(r"([\[*?])", r"[\1]", file)
    tables = {"transactions": {"from": entry}}
    config = WorkspaceConfig.model_validate(
        {"root": root, "name": "draft", "currency": currency, "tables": tables}
    )
    with Engine(allowed_paths=allowed_paths(config)) as engine:
        source = open_source(engine, config, "transactions")
        close_source(engine, source)
    return list(source.columns)


def _score(spec: TableSpec, mapping: Iterable[str]) -> float:
    mapped = set(mapping)
    required = len(mapped & set(spec.required)) / len(spec.required)
    return required + len(mapped) / (4 * len(spec.fields))


def _best_table(theirs: Sequence[str]) -> tuple[str, dict[str, str], float]:
    best: tuple[str, dict[str, str], float] = ("", {}, 0.0)
    for name, spec in TABLES.items():
        mapping = match_columns(spec, theirs)
        share = len(set(mapping) & set(spec.required)) / len(spec.required)
        enough = share >= LEAST_SHARE and len(mapping) >= min(2, len(theirs))
        if enough and spec.keys[0] in mapping and _score(spec, mapping) > best[2]:
            best = (name, mapping, _score(spec, mapping))
    return best


def _write(
    root: Path,
    chosen: Mapping[str, tuple[str, dict[str, str]]],
    columns: Mapping[str, list[str]],
    unused: Sequence[tuple[str, str]],
    *,
    currency: str,
    time_zone: str,
) -> tuple[str, list[str]]:
    gaps: list[str] = []
    lines = [
        f"name = {_quoted(root.resolve().name)}",
        f"currency = {_quoted(currency)}",
        f"time_zone = {_quoted(time_zone)}",
        'as_of = "latest"',
    ]
    lines += [f"# Not used: {_comment(file)} ({_comment(reason)})" for file, reason in unused]
    for table in (name for name in TABLES if name in chosen):
        file, mapping = chosen[table]
        spec = TABLES[table]
        lines += ["", f"[tables.{table}]", f"from = {_quoted(file)}", "", f"[tables.{table}.columns]"]
        lines += [f"{ours} = {_quoted(theirs)}" for ours, theirs in mapping.items()]
        left = [name for name in columns[file] if name not in mapping.values()]
        for name in spec.required:
            if name not in mapping:
                gaps.append(f"{table}.{name}")
                lines.append(f'# {name} = "?"  # required: {spec.field(name).description}')
        if left:
            lines.append(f"# Their columns not used: {_comment(', '.join(left))}")
    return "\n".join([*lines, ""]), gaps


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _comment(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text)[:300]
