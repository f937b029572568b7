"""What the command line prints: runs as they go, check reports, lists of reports."""

import csv
import io
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

import crmlib
from crmlib.prepare.privacy import KEY_VARIABLE, looks_like_pseudonym, reveal_ids
from crmlib.prepare.sources.encodings import prepare_text
from crmlib.prepare.sources.text import sniff
from crmlib.present.blocks.downloads import safe_cell
from crmlib.present.run.kernels import Kernels
from crmlib.present.run.progress import Bars, split_command, tell_failure
from crmlib.present.run.reports import (
    check_parameters,
    choose_reports,
    copy_notebooks,
    find_reports,
    notebook_folder,
    workspace_folders,
)
from crmlib.present.words import plural
from crmlib.schema.errors import CrmlibError, ParameterError, SourceError


def report_and_tell(
    workspaces: Sequence[Path], *, quiet: bool = False, on_failure: str = "", **options: Any
) -> int:
    """Run the reports, show how they go, tell of failures, and give the exit code."""
    if on_failure:
        split_command(on_failure)
    try:
        folders = workspace_folders(workspaces)
        known = find_reports(notebook_folder(options.get("notebooks")))
        chosen = choose_reports(known, options.get("reports"))
        check_parameters(chosen, options.get("parameters") or {}, as_of=options.get("as_of"))
        # Its imports take seconds, and so do those of the runner: they go side by side.
        with Kernels() as kernels, nullcontext() if quiet else Bars() as bars:
            from crmlib.present.run.runs import run_reports

            runs = run_reports(folders, progress=bars, kernels=kernels, **options)
    except CrmlibError as error:
        _notify(on_failure, str(error), {"exit_code": "2", "workspace": " ".join(map(str, workspaces))})
        raise
    out, problems = Console(highlight=False), Console(stderr=True, highlight=False)
    for run in runs:
        if run.exit_code in (1, 2):
            problems.print(escape(say(run)), soft_wrap=True)
            log = str(run.log or "")
            facts = {"workspace": run.workspace, "run": run.run, "log": log, "exit_code": str(run.exit_code)}
            _notify(on_failure, run.reason, facts)
        elif not quiet:
            out.print(escape(say(run)), soft_wrap=True)
    return worst(run.exit_code for run in runs)


def say(run: Any) -> str:
    """One run, for a person.

    Parameters
    ----------
    run : crmlib.present.run.runner.Run

    Examples
    --------
    >>> from crmlib.present.run.runner import Run
    >>> print(say(Run(workspace="retail", status="nothing to do", reason="Nothing has changed.")))
    retail: nothing to do. Nothing has changed.
    """
    if run.status == "published":
        latest = _near(run.folder.parent / "latest" / "index.html")
        done = int((run.reports.status == "done").sum())
        skipped = "; ".join(
            f"{row.report} skipped: {row.reason}"
            for row in run.reports.itertuples()
            if row.status == "skipped"
        )
        tail = f" ({skipped})" if skipped else ""
        return f"{run.workspace}: {done} report{'s' * (done != 1)} in {run.seconds:.0f} s: {latest}{tail}"
    lines = [f"{run.workspace}: {run.status}. {run.reason}"]
    if run.log:
        lines.append(f"  The last published run stands. Notebooks and log: {_near(run.log.parent)}")
    return "\n".join(lines)


def worst(codes: Iterable[int]) -> int:
    """The exit code of several runs."""
    codes = list(codes)
    return next((code for code in (2, 1, 0) if code in codes), 3)


def print_checks(workspace: Path, *, as_of: str | None = None) -> None:
    """Read a workspace and print its check report."""
    (folder,) = workspace_folders([workspace])
    crm = crmlib.open_workspace(folder, as_of=as_of)
    try:
        console = Console(highlight=False)
        console.print(escape(f"{crm.name}, as of {crm.as_of:%Y-%m-%d %H:%M} UTC"))
        console.print(_table(crm.checks.counts))
        console.print(_findings(crm.checks.summary) if len(crm.checks.summary) else "Nothing is wrong.")
    finally:
        crm.engine.close()


def print_reports(workspace: Path, *, notebooks: Path | None = None) -> None:
    """Print which reports can run on a workspace, what the others lack, and what each can be told."""
    (folder,) = workspace_folders([workspace])
    found = find_reports(notebook_folder(notebooks))
    crm = crmlib.open_workspace(folder)
    tables = crm.tables
    crm.engine.close()
    table = Table("report", "question", "can run", "does without", "parameters")
    for report in found.values():
        lacks = report.lacks(tables)
        without = [name for name in report.wants if name not in tables]
        told = [
            f"{p.name}: {p.annotation}" for p in report.parameters if p.name not in ("workspace", "as_of")
        ]
        answer = f"no: no table {', '.join(lacks)}" if lacks else "yes"
        table.add_row(
            *map(escape, (report.name, report.question, answer, ", ".join(without), "\n".join(told)))
        )
    Console(highlight=False).print(table)


def print_copies(folder: Path, *, force: bool = False) -> None:
    """Write copies of the notebooks that came with the package, and say what runs them."""
    written = copy_notebooks(folder, force=force)
    told = "" if folder.resolve() == Path("notebooks").resolve() else f" --notebooks {folder}"
    print(
        f"Written: {len(written)} notebooks into {folder}. Change them in JupyterLab (jupyter lab {folder}),"
    )
    print(f"then publish what they say: crmlib report WORKSPACE{told}")


def print_revealed(
    workspace: Path, listed: Path, *, out: Path | None = None, as_of: str | None = None
) -> int:
    """Write a list again with the house's own customer numbers, say where, and give the exit code."""

    (folder,) = workspace_folders([workspace])
    crm = crmlib.open_workspace(folder, as_of=as_of)
    try:
        revealed = reveal_list(crm, listed, out=out)
    finally:
        crm.engine.close()
    tell = Console(highlight=False)
    if revealed is None:
        tell.print(escape(f"{listed} holds no pseudonyms: nothing to turn back."), soft_wrap=True)
        return 3
    numbers = plural(revealed.known, "customer number")
    said = f"{revealed.known:,} {numbers} turned back: {_near(revealed.path)}"
    tell.print(escape(said), soft_wrap=True)
    if revealed.unknown:
        problems = Console(stderr=True, highlight=False)
        problems.print(escape(unknown_words(revealed)), soft_wrap=True)
    return 2 if revealed.unknown else 0


def print_lists(
    workspace: Path, *, out: Path, drafts: bool = False, real_ids: bool = False, **options: Any
) -> int:
    """Write a list of whom to address with which offer, say what it is, and give the exit code."""
    from crmlib.present.blocks.tables import plain
    from crmlib.present.outreach.lists import (
        plan_claims,
        plan_from_workspace,
        reason_counts,
        write_outreach,
        written_words,
    )

    (folder,) = workspace_folders([workspace])
    tell = Console(highlight=False)
    with plan_from_workspace(folder, drafts=drafts, **options) as (crm, plan):
        tell.print(escape("\n".join(map(plain, plan_claims(plan)))), soft_wrap=True)
        tell.print(_table(pd.DataFrame(reason_counts(plan), columns=["set aside", "customers"])))
        if not len(plan.contacts):
            return 3
        written = write_outreach(crm, plan, out=out, drafts=drafts, real_ids=real_ids)
    tell.print(escape("\n".join(written_words(written))), soft_wrap=True)
    return 0


def print_export(
    workspace: Path, target: Path, *, kind: str, personal: bool, as_of: str | None = None
) -> int:
    """Write a workspace for other tools, say what lies where and what was left out, and give the exit code."""
    from crmlib.present.export import export_workspace

    (folder,) = workspace_folders([workspace])
    crm = crmlib.open_workspace(folder, as_of=as_of)
    try:
        written = export_workspace(crm, target, kind=kind, personal=personal)
    finally:
        crm.engine.close()
    tell = Console(highlight=False)
    tell.print(
        _table(pd.DataFrame({"file": map(_near, written.files), "rows": list(written.files.values())}))
    )
    for name, reason in written.left_out.items():
        tell.print(escape(f"Left out: {name} {reason}"), soft_wrap=True)
    said = (
        "Names and customer numbers stand in them."
        if personal
        else "Personal columns are left out (--personal)."
    )
    tell.print(escape(said), soft_wrap=True)
    return 0 if written.files else 3


def print_corrections(workspace: Path, *, out: Path | None = None, as_of: str | None = None) -> int:
    """Write what to mend in the CRM, count it, and give the exit code."""
    from crmlib.prepare.corrections import find_corrections
    from crmlib.present.export import write_corrections

    (folder,) = workspace_folders([workspace])
    found = find_corrections(folder, as_of=as_of)
    tell = Console(highlight=False)
    if not len(found.table):
        tell.print("Nothing is to be mended.")
        return 3
    target = out or folder / "set_aside" / "corrections.csv"
    write_corrections(found.table, target)
    counted = found.table.groupby(["table", "wrong", "do"], sort=False).size().rename("rows").reset_index()
    tell.print(_table(counted))
    more = f" {found.left_out:,} more of the same are not listed." if found.left_out else ""
    tell.print(
        escape(f"{len(found.table):,} {plural(len(found.table), 'row')} to mend: {_near(target)}.{more}")
    )
    return 0


def _notify(command: str, reason: str, facts: Mapping[str, str]) -> None:
    if command:
        problem = tell_failure(command, reason=reason, facts=facts)
        if problem:
            Console(stderr=True, highlight=False).print(escape(f"--on-failure: {problem}"), soft_wrap=True)


def _findings(summary):
    table = Table(
        "table", "check", Column("rows", justify="right"), Column("%", justify="right"), "they", "policy"
    )
    for row in summary.itertuples():
        where = f"{row.check}: {row.column}" if row.column else row.check
        cells = (
            row.table,
            where,
            f"{row.rows:,}",
            f"{row.share_pct:.3g}",
            row.says,
            row.policy.replace("_", " "),
        )
        table.add_row(*map(escape, cells))
    return table


def _table(frame):
    table = Table()
    for name in frame.columns:
        numeric = frame[name].dtype.kind in "iuf"
        table.add_column(escape(str(name)), justify="right" if numeric else "left", overflow="fold")
    for row in frame.itertuples(index=False):
        table.add_row(*(escape(f"{cell:,}" if isinstance(cell, int | float) else str(cell)) for cell in row))
    return table


def _near(path: Path) -> str:
    return os.path.relpath(path)


WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?|-?inf")


@dataclass(frozen=True, kw_only=True)
class Revealed:
    """What `reveal_list` wrote.

    Attributes
    ----------
    path : Path
        The new list.
    known, unknown : int
        Different pseudonyms that were, and were not, led back to a customer.
    """

    path: Path
    known: int
    unknown: int


def reveal_list(crm: Any, path: str | Path, *, out: str | Path | None = None) -> Revealed | None:
    """Write a list again with the house's own customer numbers in place of pseudonyms."""
    source = Path(path)
    target = Path(out) if out is not None else source.with_name(f"{source.stem}-revealed.csv")
    if target.suffix.lower() != ".csv":
        raise ParameterError(f"{target}: the new list is a CSV file. Name it .csv.")
    if target.exists():
        raise ParameterError(f"{target} is there already. Move it, or name another file with --out.")
    rows = read_list(source)
    found = pd.Series(sorted({cell.strip().upper() for row in rows for cell in row if _is_pseudonym(cell)}))
    if found.empty:
        return None
    own = dict(zip(found, reveal_ids(crm, found), strict=True))
    back = {name: identifier for name, identifier in own.items() if isinstance(identifier, str)}
    if not back:
        raise ParameterError(f"{source}: not one of its {len(found):,} pseudonyms {_REMEDY}")
    written = [[_revealed(cell, back) for cell in row] for row in rows]
    _write(target, written)
    return Revealed(path=target, known=len(back), unknown=len(found) - len(back))


def unknown_words(revealed: Revealed) -> str:
    """What to say of pseudonyms that were not led back; nothing where there are none."""
    if not revealed.unknown:
        return ""
    verb, stays = ("is", "stays as it was") if revealed.unknown == 1 else ("are", "stay as they were")
    whole = revealed.known + revealed.unknown
    return (
        f"{revealed.unknown:,} of {whole:,} pseudonyms {verb} not of this workspace as it is now "
        f"and {stays}. {_WAYS}"
    )


_WAYS = (
    "Give the list's closing moment with --as-of, the exports it was made from, "
    f"or the {KEY_VARIABLE} of that time."
)
_REMEDY = f"is of this workspace as it is now. {_WAYS}"


def read_list(path: Path) -> list[list[str]]:
    """The cells of a CSV file, or of a workbook's first sheet, as text."""
    if not path.is_file():
        raise SourceError(f"There is no file {path}.")
    if path.suffix.lower() in WORKBOOKS:
        return list(_workbook_rows(path))
    with tempfile.TemporaryDirectory() as scratch:
        text = prepare_text(path, shown=path.name, scratch=Path(scratch))
        with text.open() as stream:
            content = stream.read().decode("utf-8-sig", "replace")
    dialect = sniff(content[:100_000], shown=path.name)
    lines = csv.reader(io.StringIO(content, newline=""), delimiter=dialect.delimiter)
    try:
        return [row for number, row in enumerate(lines) if number >= dialect.skip and row]
    except csv.Error as error:
        raise SourceError(f"{path.name} cannot be read as CSV ({error}). Save it again.") from error


def _workbook_rows(path: Path) -> Iterator[list[str]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(path))
        cells = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, OSError, ValueError, IndexError) as error:
        raise SourceError(f"{path.name} cannot be read as a workbook ({error}). Save it again.") from error
    for row in cells:
        yield [_as_text(cell) for cell in row]


def _as_text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _is_pseudonym(cell: str) -> bool:
    return looks_like_pseudonym(cell.strip().upper())


def _revealed(cell: str, back: dict[str, str]) -> str:
    own = back.get(cell.strip().upper()) if _is_pseudonym(cell) else None
    if own is not None:
        return safe_cell(own)
    return cell if _NUMBER.fullmatch(cell) else safe_cell(cell)


def _write(target: Path, rows: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    with target.open("xb") as file:
        file.write(b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "replace"))
