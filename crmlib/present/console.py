"""What the command line prints: runs as they go, check reports, lists of reports."""

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

import crmlib
from crmlib.present.kernels import Kernels
from crmlib.present.notify import split_command, tell_failure
from crmlib.present.progress import Bars
from crmlib.present.reports import (
    check_parameters,
    choose_reports,
    copy_notebooks,
    find_reports,
    notebook_folder,
)
from crmlib.present.words import plural
from crmlib.present.workspaces import workspace_folders
from crmlib.schema.errors import CrmlibError


def report_and_tell(
    workspaces: Sequence[Path], *, quiet: bool = False, on_failure: str = "", **options: Any
) -> int:
    """Run the reports, show how they go, tell of failures, and give the exit code.

    Parameters
    ----------
    workspaces : folders
    quiet : print only what failed
    on_failure : command to run then
    **options : of `crmlib.present.runs.run_reports`

    Returns
    -------
    int
        That of the worst run: 2 before 1 before 0; 3 when none had anything to do.

    Raises
    ------
    CrmlibError
        For bad use; the command of `on_failure` has been run then, too.

    Examples
    --------
    >>> report_and_tell([])
    Traceback (most recent call last):
    ...
    crmlib.schema.errors.ParameterError: Name at least one workspace: a folder that holds a crm.toml.
    """
    if on_failure:
        split_command(on_failure)
    try:
        folders = workspace_folders(workspaces)
        known = find_reports(notebook_folder(options.get("notebooks")))
        chosen = choose_reports(known, options.get("reports"))
        check_parameters(chosen, options.get("parameters") or {}, as_of=options.get("as_of"))
        # Its imports take seconds, and so do those of the runner: they go side by side.
        with Kernels() as kernels, nullcontext() if quiet else Bars() as bars:
            from crmlib.present.runs import run_reports

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
    run : crmlib.present.runner.Run

    Examples
    --------
    >>> from crmlib.present.runner import Run
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
    """The exit code of several runs.

    Examples
    --------
    >>> worst([0, 3]), worst([3, 3]), worst([1, 2, 0])
    (0, 3, 2)
    """
    codes = list(codes)
    return next((code for code in (2, 1, 0) if code in codes), 3)


def print_checks(workspace: Path, *, as_of: str | None = None) -> None:
    """Read a workspace and print its check report.

    Raises
    ------
    CrmlibError
        If it cannot be used.

    Examples
    --------
    >>> print_checks(Path("no/such/workspace"))
    Traceback (most recent call last):
    ...
    crmlib.schema.errors.ParameterError: There is no workspace 'no/such/workspace'...
    """
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
    """Print which reports can run on a workspace, what the others lack, and what each can be told.

    Raises
    ------
    CrmlibError
        If the workspace or a notebook cannot be used.

    Examples
    --------
    >>> print_reports(Path("no/such/workspace"))
    Traceback (most recent call last):
    ...
    crmlib.schema.errors.ParameterError: There is no workspace 'no/such/workspace'...
    """
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
    """Write copies of the notebooks that came with the package, and say what runs them.

    Examples
    --------
    >>> import tempfile
    >>> print_copies(Path(tempfile.mkdtemp()))  # doctest: +ELLIPSIS
    Written: ... notebooks into ...
    """
    written = copy_notebooks(folder, force=force)
    told = "" if folder.resolve() == Path("notebooks").resolve() else f" --notebooks {folder}"
    print(
        f"Written: {len(written)} notebooks into {folder}. Change them in JupyterLab (jupyter lab {folder}),"
    )
    print(f"then publish what they say: crmlib report WORKSPACE{told}")


def print_revealed(
    workspace: Path, listed: Path, *, out: Path | None = None, as_of: str | None = None
) -> int:
    """Write a list again with the house's own customer numbers, say where, and give the exit code.

    Parameters
    ----------
    workspace, listed : paths of the folder and of the list
    out : path of the new list
    as_of : closing moment of the list

    Returns
    -------
    int
        0; 2 where some pseudonyms are not known; 3 where the list holds none.

    Raises
    ------
    CrmlibError
        If the workspace or the list cannot be used.

    Examples
    --------
    >>> print_revealed(Path("no/such/workspace"), Path("list.csv"))
    Traceback (most recent call last):
    ...
    crmlib.schema.errors.ParameterError: There is no workspace 'no/such/workspace'...
    """
    from crmlib.present.reveal import reveal_list, unknown_words

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
    """Write a list of whom to address with which offer, say what it is, and give the exit code.

    Parameters
    ----------
    workspace : folder
    out : folder of lists
    drafts, real_ids : see `crmlib.present.outreach.write_outreach`
    **options : of `crmlib.present.outreach_plan.plan_from_workspace`

    Returns
    -------
    int
        0; 3 where nobody can be addressed: nothing is written then.

    Raises
    ------
    CrmlibError
        If the workspace cannot be used, or the campaign has a list already.

    Examples
    --------
    >>> print_lists(Path("no/such/workspace"), out=Path("lists"))
    Traceback (most recent call last):
    ...
    crmlib.schema.errors.ParameterError: There is no workspace 'no/such/workspace'...
    """
    from crmlib.present.outreach import write_outreach
    from crmlib.present.outreach_plan import plan_from_workspace, written_words

    (folder,) = workspace_folders([workspace])
    tell = Console(highlight=False)
    with plan_from_workspace(folder, **options) as (crm, plan):
        tell.print(escape("\n".join([plan.says, *plan.notes])), soft_wrap=True)
        tell.print(_table(plan.counts[["says", "customers"]]))
        if not len(plan.contacts):
            return 3
        written = write_outreach(crm, plan, out=out, drafts=drafts, real_ids=real_ids)
    tell.print(escape("\n".join(written_words(written))), soft_wrap=True)
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
