"""Reports of workspaces: checked before anything starts, then run one workspace after the other."""

import os
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from crmlib.prepare.privacy import public_ids
from crmlib.present import manifest, publish
from crmlib.present.kernels import Kernels
from crmlib.present.locks import folder_lock
from crmlib.present.notebooks import TIMEOUT
from crmlib.present.pages import Pages
from crmlib.present.parameters import match_parameters
from crmlib.present.progress import Progress, Step, silent
from crmlib.present.reports import check_parameters, choose_reports, find_reports, known_to, notebook_folder
from crmlib.present.runner import KEEP, Job, Order, Run, Runner
from crmlib.present.workspaces import CONFIG, workspace_folders
from crmlib.schema.errors import ConfigError, CrmlibError, nearest


def run_reports(
    workspaces: str | Path | Iterable[str | Path],
    *,
    reports: Iterable[str] | None = None,
    as_of: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    out: str | Path = "reports",
    jobs: int | None = None,
    progress: Progress | None = None,
    notebooks: str | Path | None = None,
    keep: int = KEEP,
    timeout: float = TIMEOUT,
    if_changed: bool = False,
    wait: bool = True,
    fresh: bool = False,
    show_code: bool = False,
    kernels: Kernels | None = None,
    open_workspace: Callable[..., Any] | None = None,
    pages: Pages | None = None,
) -> list[Run]:
    """Execute the reports of workspaces and publish each workspace's pages together.

    Parameters
    ----------
    workspaces : folders that hold a crm.toml
    reports : names; all by default
    as_of : closing moment; as crm.toml says by default
    parameters : name to value, for those of the reports that know the name
    out : pages go to ``<out>/<workspace>/<run>/``
    jobs : notebooks at once; by default as many as there are cores
    progress : called with every `Step`
    notebooks : folder; see `crmlib.present.notebooks.notebook_folder`
    keep : published runs of a workspace that stay
    timeout : seconds that one notebook may take
    if_changed : do nothing where inputs, parameters, notebooks and versions are those of the last run
    wait : wait for another run of the same workspace, or refuse
    fresh : do not reuse what an unfinished run has finished
    show_code : pages show the code of the cells, folded
    kernels : where kernels come from; otherwise they are started here, warm, and ended with the run
    open_workspace, pages : how workspaces are opened and pages made; for tests

    Returns
    -------
    list of Run
        One for each workspace, in order. A report that fails does not raise.

    Raises
    ------
    CrmlibError
        For bad use, before anything is started: an unknown workspace, report or parameter.

    Examples
    --------
    >>> run_reports("no/such/workspace")
    Traceback (most recent call last):
    ...
    crmlib.schema.errors.ParameterError: There is no workspace 'no/such/workspace'...
    """
    folders = workspace_folders([workspaces] if isinstance(workspaces, str | Path) else workspaces)
    known = find_reports(notebook_folder(notebooks))
    chosen = tuple(choose_reports(known, reports))
    check_parameters(chosen, parameters or {}, as_of=as_of)
    order = Order(
        reports=chosen,
        out=Path(out),
        pages=pages or Pages(),
        open_workspace=open_workspace or _opener(),
        parameters=parameters or {},
        as_of=as_of or "",
        keep=keep,
        jobs=jobs or os.cpu_count() or 1,
        timeout=timeout,
        if_changed=if_changed,
        wait=wait,
        fresh=fresh,
        show_code=show_code,
        progress=progress or silent,
    )
    with nullcontext(kernels) if kernels else Kernels() as source:
        return [_run_workspace(folder, order, known, source) for folder in folders]


def _opener():
    from crmlib import open_workspace

    return open_workspace


def _run_workspace(folder, order, known, kernels):
    shelf = publish.Shelf(root=order.out / folder.name)
    began = time.monotonic()
    tell = partial(Step, workspace=folder.name)
    try:
        _refuse_strange_names(folder)
        with folder_lock(
            shelf.root, wait=order.wait, on_wait=lambda says: order.progress(tell(kind="waiting", says=says))
        ):
            order.progress(tell(kind="opening"))
            facts = _open(folder, order)
            jobs = _plan(folder, facts, order, known)
            if order.if_changed and _unchanged(shelf, jobs, order):
                reason = f"Nothing has changed since the run {shelf.latest()}."
                return Run(workspace=folder.name, status="nothing to do", reason=reason)
            run = Runner(
                folder=folder, shelf=shelf, facts=facts, jobs=jobs, order=order, kernels=kernels
            ).run()
        _write_site(order)
    except CrmlibError as error:
        return Run(workspace=folder.name, status="refused", reason=str(error))
    return replace(run, seconds=round(time.monotonic() - began, 3))


def _refuse_strange_names(folder):
    if folder.name.startswith(".") or folder.name == "index.html":
        raise ConfigError(f"A workspace cannot be named {folder.name}. Rename its folder.")


def _open(folder, order):
    crm = order.open_workspace(folder, as_of=order.as_of or None)
    try:
        public_ids(crm, pd.Series([], dtype="str"))  # a missing key is known before the work, not after
        return manifest.read_facts(crm, folder=folder)
    finally:
        crm.engine.close()


def _plan(folder, facts, order, known):
    for name in facts.parameters:
        if name not in known:
            raise ConfigError(
                f"{folder / CONFIG}: reports.{name}: there is no such report.{nearest(name, known)}"
            )
    config = (folder / CONFIG).read_text(encoding="utf-8")
    jobs = []
    for report in order.reports:
        given = {"workspace": os.path.relpath(folder, report.path.parent)}
        given |= facts.parameters.get(report.name, {})
        given |= {"as_of": order.as_of} if order.as_of else {}
        given |= known_to(report, order.parameters)
        values = match_parameters(report.parameters, given, name=report.path.name)
        key = manifest.report_key(report, facts=facts, parameters=values, extra=[config])
        jobs.append(Job(report=report, parameters=values, key=key, lacks=report.lacks(facts.tables)))
    return jobs


def _unchanged(shelf, jobs, order):
    latest = shelf.latest()
    last = publish.read_json(shelf.root / latest / "run.json") if latest else {}
    keys = {report["name"]: report["key"] for report in last.get("reports", ())}
    same = all(keys.get(job.report.name) == job.key for job in jobs)
    return bool(last) and same and last.get("show_code") == order.show_code


def _write_site(order):
    with folder_lock(order.out):
        page = order.pages.site(publish.site_records(order.out))
        publish.write_text(order.out / "index.html", page)
