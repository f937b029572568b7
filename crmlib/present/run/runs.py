"""Reports of workspaces: checked before anything starts, then run one workspace after the other."""

import json
import os
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from crmlib.prepare.config.read import load_config
from crmlib.prepare.private import private_folder
from crmlib.present.publish import manifest, publish
from crmlib.present.publish.publish import audience_folder
from crmlib.present.run.kernels import Kernels
from crmlib.present.run.opening import Bounds, in_words, read_apart
from crmlib.present.run.parameters import match_parameters
from crmlib.present.run.reports import (
    CONFIG,
    check_parameters,
    choose_reports,
    find_reports,
    known_to,
    notebook_folder,
    workspace_folders,
)
from crmlib.present.run.runner import Job, Order, Pages, Progress, Run, Runner, Step, silent
from crmlib.present.run.status import ATTEMPT
from crmlib.schema.audiences import DEFAULT, audience_of, may_read, widest_first
from crmlib.schema.errors import ConfigError, CrmlibError, nearest


class BusyError(CrmlibError):
    """Another process holds the lock, and waiting was not wanted."""


@contextmanager
def folder_lock(
    folder: str | Path, *, wait: bool = True, on_wait: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Hold the lock of a folder, an ``.lock`` file in it."""
    held = FileLock(Path(folder) / ".lock")
    holder = Path(folder) / ".lock-holder"
    holder.parent.mkdir(parents=True, exist_ok=True)
    try:
        held.acquire(blocking=False)
    except Timeout:
        busy = f"Another run (process {_read(holder)}) is at work in {folder}."
        if not wait:
            raise BusyError(f"{busy} Wait for it, or leave out --no-wait.") from None
        if on_wait:
            on_wait(f"{busy} Waiting for it to end.")
        held.acquire()
    try:
        holder.write_text(str(os.getpid()), encoding="utf-8")
        yield
    finally:
        held.release()


def _read(holder: Path) -> str:
    return (holder.read_text(encoding="utf-8").strip() if holder.is_file() else "") or "unknown"


def run_reports(
    workspaces: str | Path | Iterable[str | Path],
    *,
    reports: Iterable[str] | None = None,
    as_of: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    out: str | Path = "reports",
    audiences: Iterable[str] = (DEFAULT,),
    jobs: int | None = None,
    progress: Progress | None = None,
    notebooks: str | Path | None = None,
    kernels: Kernels | None = None,
    pages: Pages | None = None,
    ended: Callable[[Run], None] | None = None,
    **options: Any,
) -> list[Run]:
    """Execute the reports of workspaces and publish each workspace's pages together.

    `out` is where those for stakeholders lie; those for other `audiences` lie beside it, in ``<out>-<audience>``.
    With a `password` each run is published as one page that it opens.
    Other `options` are those of `crmlib.present.run.runner.Order`, such as `keep` or `if_changed`.
    One workspace that fails does not keep the others from theirs; `ended` is told of each when it has ended.
    """
    folders = workspace_folders([workspaces] if isinstance(workspaces, str | Path) else workspaces)
    known = find_reports(notebook_folder(notebooks))
    chosen = tuple(choose_reports(known, reports))
    check_parameters(chosen, parameters or {}, as_of=as_of)
    order = Order(
        reports=chosen,
        audiences={one: audience_folder(out, one) for one in widest_first(audiences) or [DEFAULT]},
        parameters=parameters or {},
        as_of=as_of or "",
        jobs=jobs or 0,
        progress=progress or silent,
        pages=pages or Pages(),
        **options,
    )
    with nullcontext(kernels) if kernels else Kernels() as source:
        runs = []
        for folder in folders:
            runs.append(_tried(folder, order, known, source))
            for place in order.audiences.values():
                _note_attempt(place / folder.name, runs[-1])
            if ended:
                ended(runs[-1])
        return runs


def _tried(folder, order, known, kernels):
    """The run of a workspace, tried again where it failed; notebooks that were finished are not made anew."""
    run, pause = _whatever_happens(folder, order, known, kernels), order.retry_seconds
    for number in range(1, order.retries + 1):
        if run.exit_code not in (1, 2):
            break
        says = f"{run.status}. {run.reason} Trying again in {pause:g} seconds ({number} of {order.retries})."
        order.progress(Step(kind="waiting", workspace=folder.name, says=says))
        time.sleep(pause)
        run, pause = _whatever_happens(folder, order, known, kernels), pause * 2
    return run


def _whatever_happens(folder, order, known, kernels):
    """The run of one workspace; also what nobody foresaw ends it alone, and is kept for who looks into it."""
    try:
        return _run_workspace(folder, order, known, kernels)
    except CrmlibError as error:
        return Run(workspace=folder.name, status="refused", reason=str(error))
    except Exception as error:
        details = getattr(error, "details", "") or traceback.format_exc()
        status = "refused" if isinstance(error, OSError) else "failed"
        log = _keep_details(order.out / folder.name, details)
        return Run(
            workspace=folder.name,
            status=status,
            reason=in_words(error, place=order.out / folder.name),
            log=log,
        )


def _note_attempt(root, run):
    before = publish.read_json(root / ATTEMPT).get("failures", 0)
    told = {
        "failures": before + 1 if run.exit_code in (1, 2) else 0,
        "status": run.status,
        "reason": run.reason,
        "run": run.run,
        "ended": f"{datetime.now(UTC):%FT%TZ}",
    }
    with suppress(OSError):
        publish.write_text(root / ATTEMPT, json.dumps(told))


def _keep_details(root, details):
    path = root / "failed" / "last-error.log"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        publish.write_text(path, details)
    except OSError:
        return None
    return path


def _run_workspace(folder, order, known, kernels):
    shelves = {one: publish.Shelf(root=out / folder.name) for one, out in order.audiences.items()}
    began = time.monotonic()
    tell = partial(Step, workspace=folder.name)

    def waits(says):
        order.progress(tell(kind="waiting", says=says))

    _refuse_strange_names(folder)
    _close_places(order)
    with ExitStack() as held:
        for shelf in shelves.values():
            held.enter_context(folder_lock(shelf.root, wait=order.wait, on_wait=waits))
            _claim_shelf(shelf.root, folder)
        order.progress(tell(kind="opening"))
        facts = _open(folder, order, kernels)
        for says in facts.healed:
            order.progress(tell(kind="waiting", says=says))
        jobs = _plan(folder, facts, order, known)
        if not jobs:
            reason = f"No report asked for is for {' or '.join(shelves)}."
            return Run(workspace=folder.name, status="nothing to do", reason=reason)
        if order.if_changed and all(_unchanged(shelves[one], one, jobs, order) for one in shelves):
            reason = f"Nothing has changed since the run {next(iter(shelves.values())).latest()}."
            return Run(workspace=folder.name, status="nothing to do", reason=reason)
        run = Runner(
            folder=folder, shelves=shelves, facts=facts, jobs=jobs, order=order, kernels=kernels
        ).run()
    _write_site(order)
    return replace(run, seconds=round(time.monotonic() - began, 3))


def _close_places(order):
    """Make the folders of audiences with rights of their own, before anything lies in them."""
    for one, out in order.audiences.items():
        if (rights := audience_of(one).rights) is not None:
            private_folder(out).chmod(rights)


def _refuse_strange_names(folder):
    if folder.name.startswith(".") or folder.name == "index.html":
        raise ConfigError(f"A workspace cannot be named {folder.name}. Rename its folder.")


def _claim_shelf(root, folder):
    """A folder of runs belongs to the workspace that came first, as long as that is there."""
    mark = root / ".workspace"
    told = mark.read_text(encoding="utf-8").strip() if mark.is_file() else ""
    ours = os.path.relpath(folder.resolve(), root.resolve())
    owner = (root / told / CONFIG) if told else None
    if owner and owner.is_file() and not owner.parent.samefile(folder):
        raise ConfigError(
            f"{root} holds the runs of another workspace, {os.path.relpath(owner.parent)}. Rename one of the two "
            "folders, or publish this one elsewhere with --out."
        )
    if told != ours:
        publish.write_text(mark, ours)


def _open(folder, order, kernels):
    if order.open_workspace:
        return manifest.open_facts(folder, as_of=order.as_of or None, open_workspace=order.open_workspace)
    limits = load_config(folder).limits
    bounds = Bounds(seconds=min(order.timeout, limits.seconds or order.timeout), memory=limits.bytes)
    return read_apart(folder, as_of=order.as_of or None, bounds=bounds, kernels=kernels)


def _plan(folder, facts, order, known):
    if not facts.pseudonyms and "public" in order.audiences:
        raise ConfigError(
            f"{folder / CONFIG}: nobody can tell where customers stand under their own numbers, so there is nothing "
            "for the public. Take pseudonyms = false out of [privacy], or leave out --audience public."
        )
    for name in facts.parameters:
        if name not in known:
            raise ConfigError(
                f"{folder / CONFIG}: reports.{name}: there is no such report.{nearest(name, known)}"
            )
    config = (folder / CONFIG).read_text(encoding="utf-8")
    jobs = []
    for report in order.reports:
        audience = facts.audiences.get(report.name, report.audience)
        if not any(may_read(one, audience) for one in order.audiences):
            continue
        given = {"workspace": os.path.relpath(folder, report.path.parent)}
        given |= facts.parameters.get(report.name, {})
        given |= {"as_of": order.as_of} if order.as_of else {}
        given |= known_to(report, order.parameters)
        values = match_parameters(report.parameters, given, name=report.path.name)
        key = manifest.report_key(report, facts=facts, parameters=values, extra=[config])
        lacks = report.lacks(facts.tables)
        jobs.append(Job(report=report, parameters=values, key=key, lacks=lacks, audience=audience))
    return jobs


def _unchanged(shelf, audience, jobs, order):
    jobs = [job for job in jobs if may_read(audience, job.audience)]
    latest = shelf.latest()
    last = publish.read_json(shelf.root / latest / "run.json") if latest else {}
    keys = {report["name"]: report["key"] for report in last.get("reports", ())}
    same = keys == {job.report.name: job.key for job in jobs}
    same = same and last.get("audience", DEFAULT) == audience
    same = same and last.get("encrypted", False) == bool(order.password)
    return not jobs or (bool(last) and same and last.get("show_code") == order.show_code)


def _write_site(order):
    for out in order.audiences.values():
        with folder_lock(out):
            page = order.pages.site(publish.site_records(out))
            publish.write_text(out / "index.html", page)
