"""One person on the command line: all that is held on her as a file, and what is left when she is forgotten."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

import crmlib
from crmlib.prepare.encryption import (
    SUFFIX,
    decrypt,
    encrypted_into,
    is_encrypted,
    stated_password,
    written_name,
)
from crmlib.prepare.forget import Person, find_person, needles_of, remove_from_lists
from crmlib.prepare.private import private_folder, sweep, temporary_root, write_private
from crmlib.prepare.workspace import forget
from crmlib.present.publish.publish import Shelf, audience_folder, held_in, read_json, unlocked
from crmlib.present.publish.scan import texts_of
from crmlib.present.run.reports import workspace_folders
from crmlib.schema.audiences import AUDIENCES
from crmlib.schema.errors import ParameterError

SHORTEST_NUMBER = 5
"""Signs from which a customer's own number is telling on a page where there are pseudonyms for it."""


def print_person(
    workspace: Path, customer: str, *, to: Path, as_of: str | None = None, password: str | None = None
) -> int:
    """Write all that a workspace holds on one customer into a file for its owner alone."""
    if to.suffix.lower() not in (".json", ".xlsx"):
        raise ParameterError(f"{to}: name a file that ends in .json or .xlsx.")
    (folder,) = workspace_folders([workspace])
    crm = crmlib.open_workspace(folder, as_of=as_of)
    try:
        person = find_person(crm, customer)
        sources = [str(row.file) for row in crm.checks.sources.itertuples()]
    finally:
        crm.engine.close()
    with encrypted_into(to.parent, password=password) as place:
        content = _as_workbook(person) if to.suffix.lower() == ".xlsx" else _as_json(person, sources)
        write_private(place / to.name, content)
    to = written_name(to, password=password)
    tell = Console(highlight=False)
    for name, rows in person.tables.items():
        tell.print(escape(f"{name}: {len(rows):,} row{'s' * (len(rows) != 1)}"))
    for path in person.files:
        tell.print(escape(f"Draft: {os.path.relpath(path)}"), soft_wrap=True)
    tell.print(
        escape(f"Written: {os.path.relpath(to)}. Columns of the exports that are not mapped are not in it.")
    )
    return 0


def print_forgotten(workspace: Path, customer: str, *, out: Path, lists: Sequence[Path] = ()) -> int:
    """Forget a customer, and say what was changed, which published runs hold her still, and what is left to do."""
    (folder,) = workspace_folders([workspace])
    person, coded, changed = forget(crmlib.open_workspace(folder), customer)
    shelves = [Shelf(root=audience_folder(out, one) / folder.name) for one in AUDIENCES]
    for one in lists:
        changed += remove_from_lists(one, person, pseudonyms=coded)
    left = (".work", "failed", ".staging-*", ".trash-*")
    for private in (path for shelf in shelves for part in left for path in shelf.root.glob(part)):
        # Executed notebooks, what reports hand on, runs that were killed: nobody can say in which of them she stands.
        if private.is_dir():
            shutil.rmtree(private)
            changed.append(private)
    sweep(temporary_root())
    tell = Console(highlight=False)
    for path in changed:
        tell.print(
            escape(f"{'Changed' if path.exists() else 'Removed'}: {os.path.relpath(path)}"), soft_wrap=True
        )
    held = [run for shelf in shelves for run in runs_that_hold(shelf, person, coded)]
    held += [path for shelf in shelves for path in files_that_hold(shelf.root.parent, person, coded)]
    for path in held:
        tell.print(
            escape(f"Still holds her: {os.path.relpath(path)}. Remove it, or publish anew."), soft_wrap=True
        )
    for path in encrypted_files(shelves, lists):
        said = f"Encrypted, so it was not searched: {os.path.relpath(path)}. Remove it, or open it and look."
        tell.print(escape(said), soft_wrap=True)
    tell.print(
        "The exports are as they were; her rows are left out of them from now on. Take her out of the CRM, too.",
        soft_wrap=True,
    )
    return 0


def encrypted_files(shelves: Sequence[Shelf], lists: Iterable[Path]) -> list[Path]:
    """Runs and lists that nobody can search without their password."""
    runs = [shelf.root / name for shelf in shelves for name in shelf.published()]
    closed = [run / "index.html" for run in runs if read_json(run / "run.json").get("encrypted")]
    beside = [path for shelf in shelves for path in sorted(shelf.root.parent.glob(f"*{SUFFIX}"))]
    return closed + beside + [path for folder in lists for path in sorted(folder.rglob(f"*{SUFFIX}"))]


def print_opened(file: Path, *, to: Path | None = None, password_file: Path | None = None) -> int:
    """Decrypt a file, or all that an encrypted page holds, for its owner alone; the exit code."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ParameterError(f"{file} cannot be read ({error.strerror}).") from error
    page = None if is_encrypted(content) else content.decode("utf-8", "replace")
    target = to or file.with_name(file.name.removesuffix(SUFFIX) if page is None else f"{file.stem}-opened")
    if target.exists():
        raise ParameterError(f"{target} is there already. Move it away, or name another place with --to.")
    if page is not None and held_in(page) is None:
        raise ParameterError(f"{file} is not encrypted.")
    password = stated_password(password_file)
    if page is None:
        write_private(target, decrypt(content, password=password))
    else:
        for name, part in unlocked(page, password=password).items():
            write_private(private_folder((private_folder(target) / name).parent) / Path(name).name, part)
    Console(highlight=False).print(escape(f"Written: {os.path.relpath(target)}"), soft_wrap=True)
    return 0


def runs_that_hold(shelf: Shelf, person: Person, coded: Sequence[str]) -> list[Path]:
    """The published runs in which she stands: by pseudonym, by number, by name or by address."""
    holds = _speaks_of(person, coded)
    runs = [shelf.root / name for name in shelf.published()]
    return [run for run in runs if any(holds(path) for path in sorted(run.rglob("*")) if path.is_file())]


def files_that_hold(out: Path, person: Person, coded: Sequence[str]) -> list[Path]:
    """Pages and calendars that commands have put beside the runs, and in which she stands."""
    holds = _speaks_of(person, coded)
    lying = sorted(out.iterdir()) if out.is_dir() else ()
    return [path for path in lying if path.suffix in (".html", ".ics") and path.is_file() and holds(path)]


def _speaks_of(person: Person, coded: Sequence[str]) -> Callable[[Path], bool]:
    words = [*coded, *(one for one in person.ids if len(one) >= SHORTEST_NUMBER)]
    named = re.compile("|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in words) or r"(?!)")
    needles = needles_of(person)

    def holds(path: Path) -> bool:
        text = "\n".join(texts_of(path.name, path.read_bytes()))
        return bool(named.search(text)) or any(needles.found_in(text))

    return holds


def _as_json(person: Person, sources: Sequence[str]) -> bytes:
    tables = {
        name: json.loads(rows.to_json(orient="records", date_format="iso", default_handler=str))
        for name, rows in person.tables.items()
    }
    held = {
        "ids": person.ids,
        "tables": tables,
        "drafts": [path.name for path in person.files],
        "exports": sources,
    }
    return json.dumps(held, ensure_ascii=False, indent=1).encode("utf-8")


def _as_workbook(person: Person) -> bytes:
    from io import BytesIO

    import pandas as pd

    from crmlib.present.blocks.downloads import excel_text, sheet_name

    target = BytesIO()
    options = {"options": {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}}
    with pd.ExcelWriter(target, engine="xlsxwriter", engine_kwargs=options) as book:
        for name, rows in person.tables.items():
            shown = rows.map(lambda value: excel_text(str(value)) if pd.notna(value) else None)
            shown.to_excel(book, sheet_name=sheet_name(name)[:31], index=False)
    return target.getvalue()
