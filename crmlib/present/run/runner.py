"""The work of a run on one workspace, from its first notebook to its published pages."""

import contextlib
import json
import logging
import math
import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from crmlib.prepare.encryption import PASSWORD_VARIABLE, encrypt_files
from crmlib.prepare.personal import known_values
from crmlib.prepare.privacy import key_print, own_keys
from crmlib.prepare.private import close_to_others
from crmlib.prepare.workspace import open_workspace
from crmlib.present.publish import manifest, publish
from crmlib.present.publish.html import HeavyPageError, check_size
from crmlib.present.publish.publish import lock_run, move_downloads, take_files
from crmlib.present.publish.scan import Scanner, our_words, says_hits, scan_folder
from crmlib.present.run.customers import publish_customers
from crmlib.present.run.kernels import Kernels
from crmlib.present.run.notebooks import FILES, TIMEOUT, Execution, execute_report, harvest, read_executed
from crmlib.present.run.reports import HANDED, Report
from crmlib.schema.audiences import DEFAULT, audience_of, may_read
from crmlib.schema.errors import CrmlibError

KEEP = 30
"""Published runs of a workspace that stay."""

A_NOTEBOOK, A_CUSTOMER = 400_000_000, 5_500
"""Bytes that a notebook takes at its peak, and that each customer adds (customer value, 500,000 and 2 M customers)."""

LOGGERS = ("crmlib.run", "papermill")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_CONVERTING = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class Step:
    """Something that has happened in a run.

    Parameters
    ----------
    kind : "waiting", "opening", "planned", "started", "cell", "done", "failed", "skipped" or "published"
    workspace : str
    report : str
        Empty where the step is about the whole workspace.
    done, total : cells of the report, or reports of the workspace
    says : a sentence
    """

    kind: str
    workspace: str
    report: str = ""
    done: int = 0
    total: int = 0
    says: str = ""


Progress = Callable[[Step], None]


def free_memory() -> int:
    """Bytes that can be had without taking them from others; all of the machine's where the system does not say."""
    with contextlib.suppress(OSError):
        if found := re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text(encoding="ascii")):
            return 1024 * int(found[1])
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def silent(step: Step) -> None:
    """Tell nobody."""


@dataclass(frozen=True, kw_only=True)
class Pages:
    """How notebooks and runs become pages; nbconvert is imported when the first page is made.

    Parameters
    ----------
    notebook_to_html, run_index, site_index : callables, optional
        Instead of those of `crmlib.present.publish.html` and `crmlib.present.publish.site`.
    """

    notebook_to_html: Callable[..., str] | None = None
    run_index: Callable[..., str] | None = None
    site_index: Callable[..., str] | None = None

    def report(
        self, notebook: Any, *, title: str, context: Mapping[str, Any], show_code: bool = False
    ) -> str:
        """The page of an executed notebook, refused when it is too heavy to send around."""
        from crmlib.present.publish.html import notebook_to_html

        make = self.notebook_to_html or notebook_to_html
        page = make(notebook, title=title, context=dict(context), show_code=show_code)
        check_size(page, name=f"The page {title!r}")
        return page

    def index(self, run: Mapping[str, Any], reports: Sequence[Mapping[str, Any]]) -> str:
        """The index page of a run."""
        from crmlib.present.publish.site import run_index

        return (self.run_index or run_index)(run, reports)

    def site(self, workspaces: Sequence[Mapping[str, Any]]) -> str:
        """The index page over all workspaces."""
        from crmlib.present.publish.site import site_index

        return (self.site_index or site_index)(workspaces)


@dataclass(frozen=True, kw_only=True)
class Run:
    """What became of one workspace.

    Parameters
    ----------
    workspace : its folder's name
    status : "published", "failed", "refused" (its data or configuration cannot be used, or another run is at
        work) or "nothing to do"
    reason : why it was not published
    run : name of the run, if one began
    folder : of the published pages, or of the notebooks kept for diagnosis
    log : file
    beside : of the pages for further audiences
    reports : DataFrame of report, status, seconds, reason, reused
    seconds : wall-clock time
    pseudonyms : whether customers stand in it under pseudonyms
    """

    workspace: str
    status: str
    reason: str = ""
    run: str = ""
    folder: Path | None = None
    log: Path | None = None
    beside: tuple[Path, ...] = ()
    reports: pd.DataFrame = field(default_factory=pd.DataFrame)
    seconds: float = 0.0
    pseudonyms: bool = True

    @property
    def exit_code(self) -> int:
        """0 published, 1 a report failed, 2 refused, 3 nothing to do."""
        return {"published": 0, "failed": 1, "refused": 2, "nothing to do": 3}[self.status]

    def _repr_html_(self) -> str:
        return self.reports.to_html(index=False)


@dataclass(frozen=True, kw_only=True)
class Order:
    """What was asked for, the same for every workspace of a call.

    Parameters
    ----------
    reports, parameters, as_of : which, told what, at which closing moment
    audiences : to whom it goes and where their runs lie, those who may read most first; the work is done there
    keep, keep_days : how many runs stay, and for how long
    retries, retry_seconds : how often a workspace that failed is tried again, and after which pause; it doubles
    jobs, timeout : notebooks at once (0: as many as fit the cores and the memory), seconds for each
    if_changed, wait, fresh : only after a change; for another run to end; nothing of an unfinished run used again
    show_code : on the pages
    password : opens the one page that is published in the place of all, if given
    pages, open_workspace, progress : how pages are made, workspaces opened (None: apart, with a deadline), steps told
    """

    reports: tuple[Report, ...]
    audiences: Mapping[str, Path]
    open_workspace: Any = None
    pages: Pages = field(default_factory=Pages)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    as_of: str = ""
    keep: int = KEEP
    keep_days: float = math.inf
    retries: int = 0
    retry_seconds: float = 60.0
    jobs: int = 1
    timeout: float = TIMEOUT
    if_changed: bool = False
    wait: bool = True
    fresh: bool = False
    show_code: bool = False
    password: str | None = field(default=None, repr=False)
    progress: Progress = silent

    @property
    def out(self) -> Path:
        """Where the work is done: with those who may read all of it."""
        return next(iter(self.audiences.values()))


@dataclass(frozen=True, kw_only=True)
class Job:
    """One report of one workspace with what is settled before it is executed."""

    report: Report
    parameters: dict[str, Any]
    key: str
    lacks: tuple[str, ...]
    audience: str = DEFAULT

    @property
    def told(self) -> dict[str, Any]:
        """The parameters that a page may name: all but paths."""
        return {name: value for name, value in self.parameters.items() if name not in ("workspace", HANDED)}


class Runner:
    """Executes the jobs of one workspace and publishes what comes of them; hold the workspace's lock.

    `shelves`: where its runs lie for each audience; the work is done on the first.
    """

    def __init__(
        self,
        *,
        folder: Path,
        shelves: Mapping[str, publish.Shelf],
        facts: manifest.Facts,
        jobs: Sequence[Job],
        order: Order,
        kernels: Kernels | None,
    ) -> None:
        self.folder, self.shelves, self.facts = folder, shelves, facts
        self.shelf, *self.beside = shelves.values()
        self.jobs, self.order, self.kernels = jobs, order, kernels
        self.started = datetime.now(UTC)

    def run(self) -> Run:
        """Execute, then publish or set aside."""
        self.name = self.shelf.begin(beside=self.beside)
        self.unfinished = None if self.order.fresh else self.shelf.unfinished()
        self.work = self.shelf.work(self.name)
        with log_to(self.work / "run.log") as self.log:
            self.log.info("%s: run %s as of %s", self.folder.name, self.name, self.facts.as_of)
            for says in self.facts.healed:
                self.log.warning("%s", says)
            try:
                done = self._execute_all()
                return self._finish([done[job.report.name] for job in self.jobs])
            except BaseException as error:
                self.log.error("the run ended: %s", type(error).__name__, exc_info=True)
                with contextlib.suppress(OSError):  # a disk that is full is told as such
                    self._set_aside()
                raise

    def _execute_all(self):
        results = {}
        self._tell("planned", total=len(self.jobs))
        for waits in (False, True):
            self._execute_some([job for job in self.jobs if job.report.last == waits], results)
        return results

    def _fitting(self):
        """Notebooks at once: one for each core, if the memory that is free holds so many."""
        cores = os.cpu_count() or 1
        most = max(
            (int(row["rows_accepted"]) for row in self.facts.counts if row["table"] == "customers"), default=0
        )
        fitting = max(1, min(cores, free_memory() // (A_NOTEBOOK + A_CUSTOMER * most)))
        if fitting < cores:
            self.log.info("notebooks at once: %d, since no more memory is free", fitting)
        return fitting

    def _execute_some(self, jobs, results):
        with ThreadPoolExecutor(max_workers=self.order.jobs or self._fitting()) as pool:
            futures = {pool.submit(self._execute, job): job for job in jobs}
            try:
                for future in as_completed(futures):
                    execution = future.result()
                    results[execution.report] = execution
                    self._log(execution)
                    self._tell(execution.status, report=execution.report, says=execution.reason)
                    self._tell("planned", done=len(results), total=len(self.jobs))
            except BaseException as error:
                for future in futures:
                    future.cancel()
                if not isinstance(
                    error, Exception
                ):  # an error ends this workspace, and the next one needs kernels
                    self.kernels.close()
                raise

    def _execute(self, job):
        report = job.report
        if job.lacks:
            return Execution(
                report=report.name,
                status="skipped",
                seconds=0.0,
                reason=f"The workspace has no table {', '.join(job.lacks)}.",
                table=job.lacks[0],
            )
        execution = self._finished_before(job)
        if execution is None:
            self._tell("started", report=report.name)
            execution = execute_report(
                report,
                parameters=job.parameters | self._handed(report),
                output=self.work / f"{report.name}.ipynb",
                kernels=self.kernels,
                folders={self.folder.name: self.folder, "run": self.work},
                timeout=self.order.timeout,
                on_cell=lambda done, total: self._tell("cell", report=report.name, done=done, total=total),
            )
        if execution.status != "done":
            return replace(execution, notebook=None)
        finished = {"key": job.key, "seconds": execution.seconds}
        publish.write_text(self.work / f"{report.name}.json", json.dumps(finished))
        return self._write_page(job, execution)

    def _handed(self, report):
        wants = any(parameter.name == HANDED for parameter in report.parameters)
        return {HANDED: str((self.work / HANDED).resolve())} if wants else {}

    def _finished_before(self, job):
        name = job.report.name
        finished = publish.read_json(self.unfinished / f"{name}.json") if self.unfinished else {}
        if finished.get("key") != job.key:
            return None
        notebook = read_executed(self.unfinished / f"{name}.ipynb")
        if notebook is None:
            return None
        shutil.copy2(self.unfinished / f"{name}.ipynb", self.work)
        for part in (HANDED, FILES):
            if (self.unfinished / part).is_dir():
                shutil.copytree(self.unfinished / part, self.work / part, dirs_exist_ok=True)
        return Execution(
            report=name,
            status="done",
            seconds=finished["seconds"],
            notebook=notebook,
            blocks=harvest(notebook),
            reused=True,
        )

    def _write_page(self, job, execution):
        try:
            page, files = self._page(job, execution.notebook)
        except CrmlibError as error:
            return replace(execution, status="failed", reason=f"{job.report.path.name}: {error}")
        for staging in (shelf.staging(self.name) for one, shelf in self.shelves.items() if _reads(one, job)):
            for name, content in files.items():
                publish.write_bytes(staging / _beside(job) / name, content)
            publish.write_text(staging / f"{job.report.name}.html", page)
        return replace(execution, notebook=None)

    def _page(self, job, notebook):
        context = manifest.page_context(
            job.report,
            self.facts,
            run=self.name,
            parameters=job.told,
            index_href="index.html",
            audience=job.audience,
        )
        made = partial(
            self.order.pages.report,
            notebook,
            title=job.report.title,
            context=context,
            show_code=self.order.show_code,
        )
        files = take_files(notebook, folder=_beside(job), laid=self.work / FILES)
        with _CONVERTING:
            try:
                return made(), files
            except HeavyPageError as error:
                self.log.info("%s: %s Its downloads lie beside it instead.", job.report.name, error)
                files = move_downloads(notebook, folder=_beside(job), files=files)
                return made(), files

    def _finish(self, executions):
        records = [
            manifest.report_record(
                job.report, execution, parameters=job.told, key=job.key, tables=self.facts.tables
            )
            for job, execution in zip(self.jobs, executions, strict=True)
        ]
        failed = [execution for execution in executions if execution.status == "failed"]
        result = partial(
            Run,
            workspace=self.folder.name,
            run=self.name,
            reports=manifest.status_table(executions),
            pseudonyms=self.facts.pseudonyms,
        )
        if failed:
            self._keep_record(records)
            kept = self._set_aside()
            self._prune()
            reason = "\n".join(execution.reason for execution in failed)
            return result(status="failed", reason=reason, folder=kept, log=kept / "run.log")
        if not any(execution.status == "done" for execution in executions):
            for shelf in self.shelves.values():
                shelf.discard(self.name)
            return result(status="nothing to do", reason="\n".join(e.reason for e in executions))
        crm = (self.order.open_workspace or open_workspace)(self.folder, as_of=self.order.as_of or None)
        try:
            staged = [audience for audience in self.shelves if self._stage(records, audience, crm)]
            refused = self._refuse(staged, crm)
        finally:
            crm.engine.close()
        if refused:
            self._keep_record(records)
            kept = self._set_aside()
            self.log.error(refused)
            return result(status="failed", reason=refused, folder=kept, log=kept / "run.log")
        self._publish(staged)
        folder, *beside = (self.shelves[audience].root / self.name for audience in staged)
        return result(status="published", folder=folder, beside=tuple(beside), log=self.work / "run.log")

    def _record(self, records, audience):
        jobs = [job for job in self.jobs if _reads(audience, job)]
        names = {job.report.name for job in jobs}
        return manifest.run_record(
            self.facts,
            run=self.name,
            reports=[record for record in records if record["name"] in names],
            started=self.started,
            wanted={table for job in jobs for table in (*job.report.needs, *job.report.wants)},
            parameters=self.order.parameters,
            show_code=self.order.show_code,
            audience=audience,
        )

    def _keep_record(self, records):
        record = self._record(records, next(iter(self.shelves)))
        publish.write_text(self.work / "run.json", json.dumps(record, indent=1, default=str))

    def _set_aside(self):
        for shelf in self.beside:
            shelf.discard(self.name)
        return self.shelf.set_aside(self.name)

    def _stage(self, records, audience, crm):
        """Make the index and the record for an audience; whether there is anything for it."""
        shelf, record = self.shelves[audience], self._record(records, audience)
        staging, latest = shelf.staging(self.name), shelf.latest()
        if not any(report["status"] == "done" for report in record["reports"]):
            return False
        if audience_of(audience).customers:
            self._customers(crm, staging)
        last = publish.read_json(shelf.root / latest / "run.json") if latest else {}
        told = record | {"previous": last or None, "history": shelf.history()}
        publish.write_text(staging / "index.html", self.order.pages.index(told, record["reports"]))
        whole = manifest.sealed(record, folder=staging)
        publish.write_text(staging / "run.json", json.dumps(whole, indent=1))
        return True

    def _customers(self, crm, staging):
        begun = time.monotonic()
        handed = self.work / HANDED
        written = publish_customers(
            crm, staging, handed=handed, facts=self.facts, run=self.name, log=self.log
        )
        if written:
            self.log.info("%d pages of customers after %.1f s", len(written), time.monotonic() - begun)

    def _refuse(self, audiences, crm):
        """Why what was made must not be published; nothing where it may."""
        if key_print(crm) != self.facts.key_print:
            return "Not published: the key of the pseudonyms, or the data it is made from, changed meanwhile."
        known = known_values(crm).without([our_words()])
        for audience in audiences:
            keys = own_keys(crm) | ({PASSWORD_VARIABLE: self.order.password} if self.order.password else {})
            scanner = Scanner(crm, known=known, keys=keys, audience=audience)
            staging = self.shelves[audience].staging(self.name)
            if hits := scan_folder(scanner, staging, notebooks=self.work):
                return says_hits(hits, audience=audience)
        return ""

    def _publish(self, audiences):
        """Publish for each audience, each whole; who is killed between two leaves the last run with the second."""
        shutil.rmtree(self.work / FILES, ignore_errors=True)
        if self.order.password:
            shutil.rmtree(self.work / HANDED, ignore_errors=True)
            encrypt_files(self.work.glob("*.ipynb"), password=self.order.password)
        close_to_others(self.work)
        for audience in audiences:
            shelf = self.shelves[audience]
            if self.order.password:
                lock_run(shelf.staging(self.name), password=self.order.password)
            shelf.publish(self.name, rights=audience_of(audience).rights)
            self.log.info("published as %s for %s", self.name, audience)
            self._prune(shelf)
        for shelf in self.beside:
            shelf.discard(self.name)
        self._tell("published", done=len(self.jobs), total=len(self.jobs))

    def _prune(self, shelf=None):
        (shelf or self.shelf).prune(keep=self.order.keep, run=self.name, days=self.order.keep_days)

    def _tell(self, kind, **details):
        self.order.progress(Step(kind=kind, workspace=self.folder.name, **details))

    def _log(self, execution):
        level = logging.ERROR if execution.status == "failed" else logging.INFO
        words = f"{execution.report}: {execution.status} after {execution.seconds:.1f} s"
        self.log.log(level, "%s %s%s", words, execution.reason, f"\n{execution.traceback}".rstrip())


def _reads(audience, job):
    return may_read(audience, job.audience)


def _beside(job):
    return f"{job.report.name}_files"


@contextmanager
def log_to(path: str | Path) -> Iterator[logging.Logger]:
    """Write what the runner and papermill log into a file, and as JSON lines beside it; nothing to the console."""
    handlers = []
    for target, formatter in (
        (Path(path), _PlainFormatter("%(asctime)s %(levelname)s %(message)s")),
        (Path(path).with_suffix(".jsonl"), _JsonFormatter()),
    ):
        handlers.append(_QuietHandler(target, encoding="utf-8"))
        handlers[-1].setFormatter(formatter)
    changed = [(logging.getLogger(name), logging.getLogger(name).propagate) for name in LOGGERS]
    for logger, _ in changed:
        for handler in handlers:
            logger.addHandler(handler)
        logger.propagate = False
    logging.getLogger(LOGGERS[0]).setLevel(logging.INFO)
    try:
        yield logging.getLogger(LOGGERS[0])
    finally:
        for logger, propagate in changed:
            for handler in handlers:
                logger.removeHandler(handler)
            logger.propagate = propagate
        for handler in handlers:
            handler.close()


class _QuietHandler(logging.FileHandler):
    """A log on a disk that is full loses lines; the run says by itself what is wrong."""

    def handleError(self, record):
        pass

    def close(self):
        with contextlib.suppress(OSError):
            super().close()


class _PlainFormatter(logging.Formatter):
    def format(self, record):
        return _COLOURS.sub("", super().format(record))


class _JsonFormatter(_PlainFormatter):
    def format(self, record):
        text, *trace = super().format(record).split("\n", 1)
        moment = f"{datetime.fromtimestamp(record.created, UTC):%FT%T.%fZ}"
        told = {"time": moment, "level": record.levelname, "logger": record.name, "says": text}
        return json.dumps(told | ({"details": trace[0]} if trace else {}), ensure_ascii=False)
