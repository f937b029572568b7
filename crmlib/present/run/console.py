"""What the command line prints: runs as they go, check reports, lists of reports."""

import csv
import io
import os
import re
import shlex
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

import crmlib
from crmlib.prepare.check.findings import CheckReport
from crmlib.prepare.encryption import encrypted_into, written_name
from crmlib.prepare.privacy import KEY_VARIABLE, looks_like_pseudonym, reveal_ids
from crmlib.prepare.private import scratch_folder, write_private
from crmlib.prepare.sources.encodings import prepare_text
from crmlib.prepare.sources.text import sniff
from crmlib.present.blocks.downloads import safe_csv_cell
from crmlib.present.run.kernels import Kernels
from crmlib.present.run.reports import (
    check_parameters,
    choose_reports,
    copy_notebooks,
    find_reports,
    notebook_folder,
    workspace_folders,
)
from crmlib.present.run.tell import Message, Receivers, message_of, tell, without_values
from crmlib.schema.errors import CrmlibError, NothingAcceptedError, ParameterError, SourceError
from crmlib.schema.tables import CORE_TABLES

TERMINATED = 143
WIDE = 160
"""Characters of a line that is not printed on a terminal."""


class Terminated(KeyboardInterrupt):
    """The system asks the process to end."""


def report_and_tell(
    workspaces: Sequence[Path],
    *,
    quiet: bool = False,
    on_failure: str = "",
    on_success: str = "",
    receivers: Receivers | None = None,
    **options: Any,
) -> int:
    """Run the reports, show how they go, tell of every end that is not good, and give the exit code."""
    for command in filter(None, (on_failure, on_success)):
        split_command(command)
    told: list[Any] = []

    def ended(run: Any) -> None:
        told.append(run)
        _tell(run, quiet=quiet, on_failure=on_failure, on_success=on_success)
        if receivers and run.exit_code != 3:
            message = message_of(run, out=Path(options.get("out") or "reports"), link=receivers.link)
            _complain_of(tell(message, receivers, good=run.exit_code == 0))

    try:
        with _terminable():
            folders = workspace_folders(workspaces)
            known = find_reports(notebook_folder(options.get("notebooks")))
            chosen = choose_reports(known, options.get("reports"))
            check_parameters(chosen, options.get("parameters") or {}, as_of=options.get("as_of"))
            # Its imports take seconds, and so do those of the runner: they go side by side.
            with Kernels() as kernels, nullcontext() if quiet else Bars() as bars:
                from crmlib.present.run.runs import run_reports

                run_reports(folders, progress=bars, kernels=kernels, ended=ended, **options)
    except BaseException as error:
        unfinished = " ".join(map(str, workspaces[len(told) :]))
        code = {CrmlibError: 2, OSError: 2, Terminated: TERMINATED, KeyboardInterrupt: 130}
        number = next((code[kind] for kind in code if isinstance(error, kind)), 1)
        _notify(on_failure, _why(error), {"exit_code": str(number), "workspace": unfinished})
        if receivers:
            said = (f"{unfinished}: not done.", without_values(_why(error)))
            message = Message(workspace=unfinished, status="not done", title=unfinished, sentences=said)
            _complain_of(tell(message, receivers, good=False))
        raise
    return worst(run.exit_code for run in told)


@contextmanager
def _terminable() -> Iterator[None]:
    """Have SIGTERM end what runs here like a key press does, once: notebooks are kept and the failure is told."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Terminated

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _why(error: BaseException) -> str:
    if isinstance(error, Terminated):
        return (
            "The run was ended from outside (SIGTERM) before it was done. What was published before stands."
        )
    if isinstance(error, KeyboardInterrupt):
        return "The run was stopped by the keyboard. What was published before stands."
    from crmlib.present.run.opening import in_words

    return in_words(error)


def _complain_of(problems: Iterable[str]) -> None:
    for problem in problems:
        Console(stderr=True, highlight=False).print(escape(problem), soft_wrap=True)


def _tell(run: Any, *, quiet: bool, on_failure: str, on_success: str = "") -> None:
    facts = {"workspace": run.workspace, "run": run.run, "log": str(run.log or "")}
    facts["exit_code"] = str(run.exit_code)
    if run.exit_code in (1, 2):
        _complain_of([say(run)])
        _notify(on_failure, run.reason, facts)
        return
    if run.exit_code == 0:
        _notify(on_success, say(run), facts, option="--on-success")
    if not quiet:
        Console(highlight=False).print(escape(say(run)), soft_wrap=True)


def say(run: Any) -> str:
    """One run, for a person."""
    if run.status == "published":
        latest = _near(run.folder.parent / "latest" / "index.html")
        done = int((run.reports.status == "done").sum())
        skipped = "; ".join(
            f"{row.report} skipped: {row.reason}"
            for row in run.reports.itertuples()
            if row.status == "skipped"
        )
        tail = f" ({skipped})" if skipped else ""
        if not run.pseudonyms:
            tail += "\n  Customers stand in it under their own numbers: [privacy] pseudonyms = false."
        for folder in run.beside:
            tail += f"\n  For others: {_near(folder.parent / 'latest' / 'index.html')}"
        return f"{run.workspace}: {done} report{'s' * (done != 1)} in {run.seconds:.0f} s: {latest}{tail}"
    lines = [f"{run.workspace}: {run.status}. {run.reason}"]
    if run.log:
        lines.append(f"  The last published run stands. Notebooks and log: {_near(run.log.parent)}")
    return "\n".join(lines)


def worst(codes: Iterable[int]) -> int:
    """The exit code of several runs."""
    codes = list(codes)
    return next((code for code in (2, 1, 0) if code in codes), 3)


def print_checks(workspace: Path, *, as_of: str | None = None) -> int:
    """Read a workspace and print its check report; 2 where no row of a table that has any can be used."""
    (folder,) = workspace_folders([workspace])
    console = _console()
    try:
        crm = crmlib.open_workspace(folder, as_of=as_of)
    except NothingAcceptedError as error:
        _print_report(console, error.report)
        raise
    try:
        console.print(escape(f"{crm.name}, as of {crm.as_of:%Y-%m-%d %H:%M} UTC"))
        _print_report(console, crm.checks)
        core = crm.checks.counts[crm.checks.counts["table"].isin(CORE_TABLES)]
        return 2 if core["rows_read"].sum() and not core["rows_accepted"].sum() else 0
    finally:
        crm.engine.close()


def _print_report(console: Console, report: CheckReport) -> None:
    console.print(_table(report.counts))
    for notice in report.notices.itertuples():
        console.print(escape(f"Note: {notice.says}"), soft_wrap=True)
    if len(report.summary):
        console.print(_findings(report.summary))
    elif report.notices.empty:
        console.print("Nothing is wrong.")


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
    _console().print(table)


def print_copies(folder: Path, *, force: bool = False) -> None:
    """Write copies of the notebooks that came with the package, and say what runs them."""
    written = copy_notebooks(folder, force=force)
    told = "" if folder.resolve() == Path("notebooks").resolve() else f" --notebooks {folder}"
    print(
        f"Written: {len(written)} notebooks into {folder}. Change them in JupyterLab (jupyter lab {folder}),"
    )
    print(f"then publish what they say: crmlib report WORKSPACE{told}")


def print_revealed(
    workspace: Path,
    listed: Path,
    *,
    out: Path | None = None,
    as_of: str | None = None,
    password: str | None = None,
) -> int:
    """Write a list again with the house's own customer numbers, say where, and give the exit code."""

    (folder,) = workspace_folders([workspace])
    target = Path(out or listed.with_name(f"{listed.stem}-revealed.csv"))
    _refuse_written(written_name(target, password=password))
    crm = crmlib.open_workspace(folder, as_of=as_of)
    try:
        with encrypted_into(target.parent, password=password) as place:
            revealed = reveal_list(crm, listed, out=place / target.name)
    finally:
        crm.engine.close()
    tell = _console()
    if revealed is None:
        tell.print(escape(f"{listed} holds no pseudonyms: nothing to turn back."), soft_wrap=True)
        return 3
    plural = "" if revealed.known == 1 else "s"
    target = written_name(target, password=password)
    said = f"{revealed.known:,} customer number{plural} turned back: {_near(target)}"
    tell.print(escape(said), soft_wrap=True)
    if revealed.unknown:
        problems = Console(stderr=True, highlight=False)
        problems.print(escape(unknown_words(revealed)), soft_wrap=True)
    return 2 if revealed.unknown else 0


def print_identities(workspace: Path, *, review: Path, as_of: str | None = None) -> int:
    """Take over the decisions in an Excel file, open the workspace by them, write the file anew; the exit code."""
    from crmlib.prepare.identity.follow import read_review, write_review

    (folder,) = workspace_folders([workspace])
    decided = read_review(folder, review) if review.is_file() else 0
    crmlib.open_workspace(folder, as_of=as_of).engine.close()
    open_pairs = write_review(folder, review)
    said = f"{decided:,} decisions taken over, {open_pairs:,} pairs to decide: {_near(review)}"
    Console(highlight=False).print(escape(said), soft_wrap=True)
    return 0


def print_lists(
    workspace: Path,
    *,
    out: Path,
    drafts: bool = False,
    real_ids: bool = False,
    password: str | None = None,
    **options: Any,
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
    tell = _console()
    with plan_from_workspace(folder, drafts=drafts, **options) as (crm, plan):
        tell.print(escape("\n".join(map(plain, plan_claims(plan)))), soft_wrap=True)
        tell.print(_table(pd.DataFrame(reason_counts(plan), columns=["set aside", "customers"])))
        if not len(plan.contacts):
            return 3
        if password:
            _refuse_written(out / plan.campaign_id)
        with encrypted_into(out, password=password) as place:
            written = write_outreach(crm, plan, out=place, drafts=drafts, real_ids=real_ids)
    if password:
        listing = out / plan.campaign_id
        written = replace(written, folder=listing, files=tuple(sorted(listing.iterdir())))
    tell.print(escape("\n".join(written_words(written))), soft_wrap=True)
    return 0


def print_export(
    workspace: Path,
    target: Path,
    *,
    kind: str,
    personal: bool,
    as_of: str | None = None,
    password: str | None = None,
) -> int:
    """Write a workspace for other tools, say what lies where and what was left out, and give the exit code."""
    from crmlib.present.export import export_workspace

    (folder,) = workspace_folders([workspace])
    crm = crmlib.open_workspace(folder, as_of=as_of)
    try:
        with encrypted_into(target, password=password) as place:
            written = export_workspace(crm, place, kind=kind, personal=personal)
    finally:
        crm.engine.close()
    tell = _console()
    lie = [target / path.name for path in written.files]
    files = [written_name(path, password=password) for path in lie]
    tell.print(_table(pd.DataFrame({"file": map(_near, files), "rows": list(written.files.values())})))
    for name, reason in written.left_out.items():
        tell.print(escape(f"Left out: {name} {reason or 'has more rows than a sheet holds'}"), soft_wrap=True)
    said = (
        "Names and customer numbers stand in them."
        if personal
        else "Personal columns are left out (--personal)."
    )
    tell.print(escape(said), soft_wrap=True)
    return 0 if written.files else 3


def print_corrections(
    workspace: Path, *, out: Path | None = None, as_of: str | None = None, password: str | None = None
) -> int:
    """Write what to mend in the CRM, count it, and give the exit code."""
    from crmlib.prepare.corrections import find_corrections
    from crmlib.present.export import write_corrections

    (folder,) = workspace_folders([workspace])
    found = find_corrections(folder, as_of=as_of)
    tell = _console()
    if not len(found.table):
        tell.print("Nothing is to be mended.")
        return 3
    target = out or folder / "set_aside" / "corrections.csv"
    with encrypted_into(target.parent, password=password) as place:
        write_corrections(found.table, place / target.name)
    target = written_name(target, password=password)
    counted = found.table.groupby(["table", "wrong", "do"], sort=False).size().rename("rows").reset_index()
    tell.print(_table(counted))
    more = f" {found.left_out:,} more of the same are not listed." if found.left_out else ""
    tell.print(
        escape(
            f"{len(found.table):,} row{'' if len(found.table) == 1 else 's'} to mend: {_near(target)}.{more}"
        )
    )
    return 0


def print_verified(
    run: Path, *, workspace: Path | None = None, notebooks: Path | None = None, quick: bool = False
) -> int:
    """Verify a published run, say how, and give the exit code; a mismatch is raised."""
    from crmlib.present.run.verify import verify_run

    found = verify_run(run, workspace=workspace, notebooks=notebooks, again=not quick)
    part = f" ({100 * found.recounted / found.quantities:.0f} %)" if found.quantities else ""
    lines = [
        f"{_near(run)}: files, words and sources are as published.",
        f"{found.claims:,} claims state {found.facts:,} values.",
        f"Counted another way, by plain SQL or row by row: {found.recounted:,} of {found.quantities:,} "
        f"that name a quantity{part}.",
    ]
    lines.append(
        "The others were not reckoned again (--quick)."
        if quick
        else f"Reckoned again by the same path, every report executed anew: the other {found.again:,}."
    )
    Console(highlight=False).print(escape("\n".join(lines)), soft_wrap=True)
    return 0


def print_claims(run: Path, *, diff: Path | None = None) -> int:
    """Print what a run claims, or in which values it differs from another one; 3 where in none."""
    from crmlib.present.run.verify import claim_changes, claim_table, read_run

    _, record = read_run(run)
    table = claim_table(record) if diff is None else claim_changes(read_run(diff)[1], record)
    if table.empty:
        print("No claim." if diff is None else "The two runs claim the same.")
        return 3
    print(table.to_csv(index=False, sep="\t", lineterminator="\n"), end="")
    return 0


def print_compared(one: Path, other: Path, *, workspace: Path | None = None) -> int:
    """Print two runs beside each other, the earlier one first, and what changed between them."""
    from crmlib.present.blocks.tables import plain
    from crmlib.present.run.compare import compare_runs

    found = compare_runs(one, other, workspace=workspace)
    console = _console()
    console.print(escape(f"{found.moments[0]} and {found.moments[1]}"))
    for table in (found.figures, found.tables):
        if len(table):
            console.print(_table(table.astype("object").where(table.notna(), "")))
    for says in found.says:
        console.print(escape(plain(says)), soft_wrap=True)
    return 0


def print_status(out: Path, *, max_age_hours: float | None = None) -> int:
    """Print the last runs of all workspaces; 1 where the last attempt failed, or the last good run is too old."""
    from crmlib.present.run.status import read_status

    found = read_status(out)
    if found.empty:
        print(f"No workspace has a run in {out}.")
        return 3
    late = found["age_hours"].isna() | (found["age_hours"] > (max_age_hours or float("inf")))
    for row in found.itertuples():
        again = f", {row.failures} in a row" if row.failures > 1 else ""
        why = f": {row.reason}" if row.reason else "."
        good = "no good run yet"
        if row.last_good_run and pd.notna(row.age_hours):
            good = f"last good run {row.last_good_run}, {row.age_hours:,.1f} hours old, made in {row.seconds:,.0f} s"
        coming = f"; next expected {row.next} UTC" if row.next else ""
        said = f"{row.workspace}: {row.last_attempt}{again}{why}\n  {good}; runs kept: {row.runs}{coming}"
        _console().print(escape(said), soft_wrap=True)
    return 1 if (found["last_attempt"].isin(["failed", "refused"]) | late).any() else 0


def _notify(command: str, reason: str, facts: Mapping[str, str], *, option: str = "--on-failure") -> None:
    if command:
        problem = tell_failure(command, reason=reason, facts=facts)
        if problem:
            _complain_of([f"{option}: {problem}"])


def _console() -> Console:
    """Where results are printed: as wide as the terminal, and in a log or a pipe as wide as tables need."""
    shown = Console(highlight=False)
    return shown if shown.is_terminal else Console(highlight=False, width=max(shown.width, WIDE))


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


def _refuse_written(target: Path) -> None:
    if target.exists():
        raise ParameterError(f"{target} is there already. Move it away, or name another place with --out.")


def _near(path: Path) -> str:
    return os.path.relpath(path)


class Bars:
    """A bar for each notebook and one for all of a workspace, while they are at work.

    Parameters
    ----------
    console : rich Console, optional
        Standard error by default. Where that is no terminal, only the sentences are printed.
    """

    def __init__(self, console=None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Display

        self.console = console or Console(stderr=True)
        self._display = Display(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self._tasks: dict[tuple[str, str], object] = {}

    def __enter__(self) -> "Bars":
        self._display.__enter__()
        return self

    def __exit__(self, *details: object) -> None:
        self._display.__exit__(*details)

    def __call__(self, step: Any) -> None:
        name = f"  {step.report}" if step.report else f"[bold]{escape(step.workspace)}[/bold]"
        if step.kind == "opening":
            name += ": reading its tables"
        key = (step.workspace, step.report)
        if step.kind == "waiting":
            self.console.print(f"{escape(step.workspace)}: {escape(step.says)}", highlight=False)
        elif key not in self._tasks:
            self._tasks[key] = self._display.add_task(name, total=step.total or None, completed=step.done)
        else:
            task = self._tasks[key]
            self._display.update(task, description=name, total=step.total or None, completed=step.done)
        if step.kind in ("done", "failed", "skipped") and key in self._tasks:
            self._display.remove_task(self._tasks.pop(key))


SECONDS = 60


def split_command(command: str) -> list[str]:
    """A command line as a list of words; no shell will see it."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ParameterError(f"--on-failure {command!r}: {error}. Write it as in a shell.") from None
    if not words:
        raise ParameterError("--on-failure is empty. Name a command, such as /usr/local/bin/tell-the-team.")
    return words


def tell_failure(command: str, *, reason: str, facts: Mapping[str, str]) -> str:
    """Run a command after a failure, with what happened in its environment and the reason as its input."""
    words = split_command(command)
    told = {f"CRMLIB_{name.upper()}": value for name, value in facts.items()} | {"CRMLIB_REASON": reason}
    name = Path(words[0]).name
    try:
        done = subprocess.run(
            words,
            input=reason,
            text=True,
            timeout=SECONDS,
            check=False,
            env=os.environ | told,
            stdout=subprocess.DEVNULL,
        )
    except OSError as error:
        return f"{name} could not be started: {error.strerror}"
    except subprocess.TimeoutExpired:
        return f"{name} was still running after {SECONDS} seconds"
    return f"{name} ended with exit code {done.returncode}" if done.returncode else ""


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
    with tempfile.TemporaryDirectory(dir=scratch_folder()) as scratch:
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
        return safe_csv_cell(own)
    return cell if _NUMBER.fullmatch(cell) else safe_csv_cell(cell)


def _write(target: Path, rows: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    write_private(target, b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "replace"))
