"""Where runs lie, and how one becomes public: whole, by one rename (or as one page that a password opens), or not.

::

    reports/
        index.html                  all workspaces
        retail/
            latest -> 20261121T193000Z
            20261121T193000Z/       a published run: pages and run.json, nothing else
            failed/<run>/           notebooks and log of a run that failed or was killed (newest 5)
            .staging-<run>/         pages being made
            .work/<run>/            executed notebooks and log of a run (newest 3)
            .lock

Executed notebooks are not published: their outputs hold everything that a cell has printed, which nobody has
checked for personal data. They stay in ``.work``, which only their owner can open.
"""

import contextlib
import gzip
import json
import math
import os
import re
import shutil
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import file_digest
from html import unescape
from itertools import count, zip_longest
from pathlib import Path, PurePosixPath
from re import Match, compile
from typing import Any

from crmlib.prepare.encryption import decrypt, encrypt
from crmlib.prepare.private import close_to_others, give_rights, open_to_all, private_folder
from crmlib.present.blocks.base import BLOCK_MIME, FILES_MIME
from crmlib.present.blocks.downloads import file_name, link_beside, put_beside
from crmlib.present.publish.html import environment
from crmlib.present.publish.manifest import sealed
from crmlib.schema.audiences import DEFAULT
from crmlib.schema.errors import CrmlibError, SourceError

HEALTH_REPORT = "data_health"
"""The report about the data themselves: on the indexes its findings come after those about the business."""

WORKLIST_REPORT = "worklist"
"""The report that says what to do next: on the index of a run its findings have a part of their own."""

CHANGES_REPORT = "what_changed"
"""The report that says what is different: on the index of a run its answer has a part of its own."""
SPEAKS_FIRST = (
    *("forecast_and_plan", "sales_pipeline", "churn_and_life_cycle", "customer_value", "campaigns"),
    *("segmentation", "cross_sell", "customer_profile"),
)
"""Whose findings the index takes first: the plan, the pipeline, who may leave, who is worth most. One of each, then
the next of each; reports that are not named here come after those, and the one about the data last."""

KEPT_FAILED = 5
KEPT_WORK = 3
RECORD = frozenset({"title", "as_of", "run", "reports"})
"""What a ``run.json`` holds at least; a file without them is of somebody else."""

RUN_ID = re.compile(r"^\d{8}T\d{6}Z(-\d+)?$")


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """The folder of one workspace's runs: ``<out>/<workspace>``."""

    root: Path

    def staging(self, run: str) -> Path:
        """Where the pages of a run are made."""
        return self.root / f".staging-{run}"

    def work(self, run: str) -> Path:
        """Where the executed notebooks and the log of a run are."""
        return self.root / ".work" / run

    def failed(self, run: str) -> Path:
        """Where those of a run that failed or was killed are."""
        return self.root / "failed" / run

    def published(self) -> list[str]:
        """Names of the published runs, oldest first."""
        return sorted(filter(_is_run, _names(self.root)), key=_order)

    def latest(self) -> str | None:
        """The run that ``latest`` points to."""
        try:
            target = (self.root / "latest").readlink().name
        except OSError:
            return None
        return target if _is_run(target) and (self.root / target).is_dir() else None

    def history(self) -> list[dict[str, Any]]:
        """The ``run.json`` of every published run, oldest first."""
        found = [read_json(self.root / run / "run.json") for run in self.published()]
        return [run for run in found if set(run) >= RECORD]

    def begin(self, *, beside: Iterable["Shelf"] = ()) -> str:
        """Clear away what dead runs have left, and make the folders of a new one, here and beside. Hold the locks."""
        beside = list(beside)
        for shelf in (self, *beside):
            shelf.recover()
        run = self._free_name(f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}", beside)
        folders = (self.root / ".work", self.work(run), self.staging(run))
        for folder in (*folders, *(shelf.staging(run) for shelf in beside)):
            private_folder(folder)
        return run

    def recover(self) -> None:
        """Clear away what runs that were killed have left; their notebooks go to ``failed``. Hold the lock."""
        for folder in (self.root, self.root / ".work", self.root / "failed"):
            for name in _names(folder):
                if name.startswith((".staging-", ".trash-", ".latest-")):
                    _remove(folder / name)
        published = set(self.published())
        for name in _names(self.root / ".work"):
            if _is_run(name) and name not in published:
                self._to_failed(name)

    def publish(self, run: str, *, rights: int | None = None) -> None:
        """Make a staged run public, with such rights of folders, then point ``latest`` to it. Hold the lock."""
        link = self.root / "latest"
        if link.exists() and not link.is_symlink():
            raise CrmlibError(f"{link} is no link, so the new run cannot take its place. Move it away.")
        if rights is None:
            open_to_all(self.staging(run))
        else:
            give_rights(self.staging(run), rights)
        self.staging(run).rename(self.root / run)
        fresh = self.root / f".latest-{run}"
        fresh.symlink_to(run)
        fresh.replace(link)

    def set_aside(self, run: str) -> Path:
        """Keep the notebooks of a run that will not be published, and remove its pages. Hold the lock."""
        _remove(self.staging(run))
        self._to_failed(run)
        return self.failed(run)

    def discard(self, run: str) -> None:
        """Forget a run that had nothing to do. Hold the lock."""
        _remove(self.staging(run))
        _remove(self.work(run))

    def prune(self, *, keep: int, run: str | None = None, days: float = math.inf) -> None:
        """Remove all but the newest runs, and older ones; never that of ``latest``. Hold the lock."""
        latest = self.latest()
        spared = {latest, run}
        published, now = self.published(), datetime.now(UTC)
        for place, name in enumerate(reversed(published)):
            old = (now - moment_of(name)).total_seconds() > days * 86_400
            if (old or place >= max(keep, 1)) and name not in spared:
                _remove(self.root / name)
                _remove(self.work(name))
        for folder, kept in ((self.root / ".work", KEPT_WORK), (self.root / "failed", KEPT_FAILED)):
            for name in sorted(filter(_is_run, _names(folder)), key=_order)[:-kept]:
                if name not in spared:
                    _remove(folder / name)

    def unfinished(self) -> Path | None:
        """The notebooks of the newest run that failed or was killed since the last published one."""
        failed = sorted(filter(_is_run, _names(self.root / "failed")), key=_order)
        published = self.published()
        if not failed or (published and _order(failed[-1]) < _order(published[-1])):
            return None
        return self.failed(failed[-1])

    def _free_name(self, stem, beside):
        roots = [shelf.root for shelf in (self, *beside)]
        taken = {name for root in roots for part in ("", ".work", "failed") for name in _names(root / part)}
        number, name = 1, stem
        while name in taken:
            number += 1
            name = f"{stem}-{number}"
        return name

    def _to_failed(self, run):
        if self.work(run).is_dir():
            private_folder(self.root / "failed")
            close_to_others(self.work(run))
            _remove(self.failed(run))
            self.work(run).rename(self.failed(run))


def audience_folder(out: str | Path, audience: str) -> Path:
    """Where the runs for an audience lie: beside the folder for stakeholders, so that neither leads to the other."""
    whole = Path(out).resolve()
    return Path(out) if audience == DEFAULT else whole.with_name(f"{whole.name}-{audience}")


def write_text(path: str | Path, text: str) -> None:
    """Write a file so that a reader sees the old one or the new one, never a part."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: str | Path, content: bytes | Path) -> None:
    """Write a file, or copy one, and make its folder if need be, so that a reader sees the old one or the new one."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        shutil.copyfile(content, draft) if isinstance(content, Path) else draft.write_bytes(content)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        # A full disk says no name by itself.
        raise type(error)(error.errno, error.strerror, str(path)) from error


def read_json(path: str | Path) -> dict[str, Any]:
    """The object in a JSON file; nothing where it is not there, was cut off or is none."""
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def site_records(out: str | Path) -> list[dict[str, Any]]:
    """What the index over all workspaces says, one dict each, by title."""
    records = []
    for name in _names(Path(out)):
        shelf = Shelf(root=Path(out) / name)
        latest = shelf.latest()
        run = read_json(shelf.root / latest / "run.json") if latest else {}
        if set(run) >= RECORD:
            in_turn = zip_longest(*(report.get("findings", ()) for report in found_in_turn(run["reports"])))
            findings = [text for texts in in_turn for text in texts if text]
            records.append(
                {
                    "name": name,
                    "title": run["title"],
                    "href": f"{name}/latest/index.html",
                    "as_of": run["as_of"],
                    "run": run["run"],
                    "status": "failed" if shelf.unfinished() else "done",
                    "findings": findings,
                    "key_figures": run.get("key_figures", []),
                }
            )
    return sorted(records, key=lambda record: (record["title"].casefold(), record["name"]))


def found_in_turn(reports: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The reports whose findings an index shows, in the order in which they speak."""
    places = {name: place for place, name in enumerate(SPEAKS_FIRST)}

    def place(report: Mapping[str, Any]) -> int:
        last = len(places) + (report.get("name") == HEALTH_REPORT)
        return places.get(str(report.get("name")), last)

    own_parts = (WORKLIST_REPORT, CHANGES_REPORT)
    return sorted((one for one in reports if one.get("name") not in own_parts), key=place)


def moment_of(run: str) -> datetime:
    """When a run began, as its name says."""
    return datetime.strptime(_order(run)[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def _is_run(name):
    return bool(RUN_ID.match(name))


def _order(run):
    moment, _, number = run.partition("-")
    return moment, int(number or 1)


def _names(folder):
    try:
        return [path.name for path in Path(folder).iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _remove(path):
    # Renamed first: a folder that is only half removed must not look like a run.
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        trash = path.with_name(f".trash-{path.name.lstrip('.')}")
        with contextlib.suppress(OSError):
            path = path.rename(trash) if path != trash else path
        shutil.rmtree(path, ignore_errors=True)


_IN_TABLE = compile(
    r'<a class="crm-download" download="([^"]*)" href="data:[^",]*;base64,([^"]*)">([^<]*)</a>'
)


def take_files(notebook: Mapping[str, Any], *, folder: str, laid: Path | None = None) -> dict[str, Any]:
    """Take the files out of an executed notebook, and let its tables link to where they will lie.

    `laid`: where blocks have left files by their digests; such a file is handed on as its path.
    """
    taken: dict[str, Any] = {}
    for data in _shown(notebook):
        html = "".join(data.get("text/html", ""))
        for given, file in data.pop(FILES_MIME, {}).items():
            name = _free_name(given, taken)
            taken[name] = _content(given, file, laid)
            link = link_beside(name, href=f"{folder}/{name}", says=str(file.get("says", "All rows")))
            html = put_beside(html, given, link)
        data["text/html"] = html
    return taken


def move_downloads(notebook: Mapping[str, Any], *, folder: str, files: Mapping[str, Any]) -> dict[str, Any]:
    """Take the downloads that are in the tables themselves, too: for a page that is too heavy with them."""
    taken = dict(files)

    def moved(link: Match[str]) -> str:
        given, content, says = (unescape(part) for part in link.groups())
        name = _free_name(given, taken)
        taken[name] = b64decode(content)
        return link_beside(name, href=f"{folder}/{name}", says=says)

    for data in _shown(notebook):
        data["text/html"] = _IN_TABLE.sub(moved, "".join(data.get("text/html", "")))
    return taken


def _shown(notebook: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What blocks have shown; files from elsewhere are thrown away."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if BLOCK_MIME in data and "text/html" in data:
                yield data
            else:
                data.pop(FILES_MIME, None)


def _free_name(given: str, taken: Mapping[str, Any]) -> str:
    # What a notebook shows is not trusted to name a path.
    path = PurePosixPath(str(given))
    suffix = path.suffix if path.suffix in (".csv", ".xlsx") else ".csv"
    names = (file_name(path.stem if n == 1 else f"{path.stem}_{n}", suffix=suffix) for n in count(1))
    used = {name.casefold() for name in taken}
    return next(name for name in names if name.casefold() not in used)


def _content(given: str, file: Any, laid: Path | None) -> bytes | Path:
    try:
        if laid is None or "digest" not in file:
            return b64decode(file["content"], validate=True)
        path = laid / re.fullmatch("[0-9a-f]{64}", file["digest"])[0]
        with path.open("rb") as lies:
            if path.is_symlink() or file_digest(lies, "sha256").hexdigest() != path.name:
                raise ValueError(path.name)
        return path
    except (OSError, TypeError, KeyError, ValueError, NotBase64) as error:
        raise CrmlibError(
            f"The file {given!r} that a cell hands over cannot be read. Show a DataTable."
        ) from error


KEPT = (
    *("workspace", "title", "run", "as_of", "data_up_to", "currency", "time_zone", "show_code", "pseudonyms"),
    *("audience", "started", "finished", "seconds", "crmlib", "versions", "site_href"),
)
"""What the record of an encrypted run says in the open: which run it is, and nothing of what it found."""

KEPT_OF_REPORTS = ("name", "title", "status", "seconds", "reused", "key", "href")

_HELD = re.compile(r'<template id="encrypted">([A-Za-z0-9+/=]+)</template>')


def lock_run(folder: Path, *, password: str) -> None:
    """Put one encrypted page in the place of all that a run is about to publish; its record keeps no figure."""
    record = read_json(folder / "run.json")
    files = {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }
    page = locked_page(files, record, password=password)
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    write_text(folder / "index.html", page)
    bare = {name: record[name] for name in KEPT if name in record}
    bare["reports"] = [
        {name: report[name] for name in KEPT_OF_REPORTS if name in report} for report in record["reports"]
    ]
    whole = sealed(bare | {"encrypted": True}, folder=folder)
    write_text(folder / "run.json", json.dumps(whole, indent=1))


def locked_page(files: Mapping[str, bytes], record: Mapping[str, Any], *, password: str) -> str:
    """The page that holds files, opens with a password and begins with ``index.html``."""
    held = b64encode(encrypt(_pack(files), password=password)).decode("ascii")
    title = str(record.get("title") or "Customer reports")
    told = {"lang": "en", "page_title": f"{title} · encrypted", "title": title, "as_of": record.get("as_of")}
    return environment().get_template("locked.html.j2").render(**told, opens=True, encrypted=held)


def held_in(page: str) -> bytes | None:
    """The encrypted bytes that a page holds; None where it is another kind of page."""
    found = _HELD.search(page)
    return b64decode(found[1]) if found else None


def unlocked(page: str, *, password: str) -> dict[str, bytes]:
    """The files that a page holds, by name."""
    held = held_in(page)
    if held is None:
        raise SourceError("This page holds nothing that is encrypted.")
    return _unpack(decrypt(held, password=password))


def _pack(files: Mapping[str, bytes]) -> bytes:
    """Names and sizes as a line of JSON, then the files one behind the other; compressed."""
    listed = json.dumps([[name, len(content)] for name, content in files.items()]).encode()
    return gzip.compress(b"".join([listed, b"\n", *files.values()]), mtime=0)


def _unpack(packed: bytes) -> dict[str, bytes]:
    listed, whole = gzip.decompress(packed).split(b"\n", 1)
    files, at = {}, 0
    for name, size in json.loads(listed):
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            raise SourceError(f"The page holds a file {name!r}, which would lie outside its folder.")
        files[name] = whole[at : at + size]
        at += size
    return files
