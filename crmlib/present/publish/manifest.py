"""What a run writes down about itself: its inputs, versions, durations and what its reports found."""

import hashlib
import json
import platform
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

import pandas as pd

import crmlib
from crmlib.prepare.clock import in_zone
from crmlib.prepare.privacy import key_print, public_ids, shows_pseudonyms
from crmlib.present.claims import claim, count
from crmlib.present.claims import name as named
from crmlib.present.messages import language
from crmlib.schema.audiences import DEFAULT, audience_of
from crmlib.schema.tables import TABLES

PACKAGES = (
    "pandas",
    "numpy",
    "duckdb",
    "pyarrow",
    "scikit-learn",
    "mlxtend",
    "matplotlib",
    "seaborn",
    "papermill",
)
SITE_HREF = "../../index.html"
KEPT_BLOCKS = ("answer", "key_figures", "findings", "limits", "skipped")
"""Kinds of blocks that ``run.json`` keeps. Tables and pictures stay in the pages."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the runner needs to know of a workspace, taken from the open one so that it can be closed again.

    `name`: the folder's name.
    `title`, `currency`, `time_zone`, `as_of`, `data_up_to`: as crm.toml and the data say; moments as ISO text of the
        zone.
    `tables`: names of those that are there.
    `counts`, `sources`, `summary`: rows of the check report, as dicts.
    `parameters`: report to the parameters that crm.toml states for it.
    `audiences`: report to the audience that crm.toml states for it.
    `healed`: what was damaged on the disk and was made anew.
    `tables_key`: names all that the checked tables come from.
    `key_print`, `pseudonyms`: which key the pseudonyms have, and whether there are any.
    """

    name: str
    title: str
    as_of: str
    currency: str = ""
    time_zone: str = "UTC"
    data_up_to: str = ""
    tables: tuple[str, ...] = ()
    counts: list[dict] = field(default_factory=list)
    sources: list[dict] = field(default_factory=list)
    summary: list[dict] = field(default_factory=list)
    parameters: dict[str, dict] = field(default_factory=dict)
    audiences: dict[str, str] = field(default_factory=dict)
    healed: tuple[str, ...] = ()
    tables_key: str = ""
    key_print: str = ""
    pseudonyms: bool = True

    @property
    def checks(self) -> dict[str, int]:
        """Rows read, accepted and set aside over all tables."""
        words = ("rows_read", "rows_accepted", "rows_set_aside")
        return {word: sum(int(row[word]) for row in self.counts) for word in words}


def read_facts(crm: Any, *, folder: Path) -> Facts:
    """The facts of an open workspace."""
    stated = getattr(crm.config, "reports", None) or {}
    sources = [dict(row, file=_within(row.get("file"), folder)) for row in _records(crm.checks.sources)]
    return Facts(
        name=folder.name,
        title=crm.name,
        as_of=in_zone(crm.as_of, time_zone=crm.time_zone).isoformat(),
        currency=crm.currency,
        time_zone=crm.time_zone,
        data_up_to=_last_moment(crm),
        tables=tuple(crm.tables),
        counts=_records(crm.checks.counts),
        sources=sources,
        summary=_records(crm.checks.summary),
        parameters={name: dict(getattr(report, "parameters", None) or {}) for name, report in stated.items()},
        audiences={name: said for name, one in stated.items() if (said := getattr(one, "audience", None))},
        healed=_healed(crm.checks),
        tables_key=getattr(crm, "key", ""),
        key_print=key_print(crm),
        pseudonyms=shows_pseudonyms(crm) or getattr(crm, "config", None) is None,
    )


def open_facts(folder: Path, *, as_of: str | None, open_workspace: Any) -> Facts:
    """Open a workspace, take its facts and close it again."""
    crm = open_workspace(folder, as_of=as_of)
    try:
        public_ids(crm, pd.Series([], dtype="str"))  # a missing key is known before the work, not after
        return read_facts(crm, folder=folder)
    finally:
        crm.engine.close()


def report_key(report: Any, *, facts: Facts, parameters: Mapping[str, Any], extra: Iterable[str] = ()) -> str:
    """A hash of all that a report's page comes from; equal keys mean equal pages.

    The notebook's cells, the parameters, the fingerprints and counts of the sources, the key of the checked tables, the
    closing moment, the language, the source code of crmlib and the versions of the packages go into it.
    """
    notebook = json.loads(report.path.read_text(encoding="utf-8"))
    cells = [(cell.get("cell_type"), cell.get("source")) for cell in notebook["cells"]]
    told = notebook.get("metadata", {}).get("crmlib")
    inputs = [facts.name, facts.title, facts.as_of, facts.currency, facts.time_zone, facts.tables]
    inputs += [facts.counts, facts.summary, facts.tables_key, facts.key_print, language()]
    inputs.append([(row.get("table"), row.get("file"), str(row.get("fingerprint"))) for row in facts.sources])
    everything = [
        cells,
        told,
        dict(parameters),
        inputs,
        versions(),
        _needed(),
        code_fingerprint(),
        list(extra),
    ]
    return hashlib.sha256(json.dumps(everything, sort_keys=True, default=str).encode()).hexdigest()[:32]


@cache
def code_fingerprint() -> str:
    """A hash of crmlib's own source, words and templates, so that a changed line counts as a changed version."""
    digest = hashlib.sha256()
    root = Path(crmlib.__file__).parent
    for path in sorted(path for path in root.rglob("*") if path.is_file() and path.suffix != ".pyc"):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


@cache
def _needed() -> list[tuple[str, str]]:
    """The versions of all that crmlib needs, where it is installed."""
    try:
        names = {re.match(r"[\w.-]+", line)[0] for line in requires("crmlib") or ()}
    except PackageNotFoundError:
        return []
    return sorted((name, version(name)) for name in names if _is_installed(name))


def _is_installed(name):
    try:
        return bool(version(name))
    except PackageNotFoundError:
        return False


@cache
def versions() -> dict[str, str]:
    """Versions of Python, crmlib and the packages that figures depend on."""
    found = {"python": platform.python_version(), "crmlib": crmlib.__version__}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def report_record(
    report: Any,
    execution: Any,
    *,
    parameters: Mapping[str, Any],
    key: str,
    tables: Iterable[str] = (),
) -> dict:
    """What ``run.json`` says about one report."""
    done = execution.status == "done"
    return {
        "name": report.name,
        "title": report.title,
        "question": report.question,
        "notebook": report.path.name,
        "status": execution.status,
        "reason": execution.reason,
        "table": execution.table,
        "seconds": execution.seconds,
        "reused": execution.reused,
        "href": f"{report.name}.html" if done else None,
        "parameters": dict(parameters),
        "key": key,
        "tables": [name for name in (*report.needs, *report.wants) if name in set(tables)],
        "answer": _first_answer(execution.blocks),
        "findings": _findings(execution.blocks),
        "claims": claims_of(execution.blocks),
        "blocks": _kept(execution.blocks),
    }


def claims_of(blocks: Iterable[Mapping[str, Any]]) -> list[dict]:
    """Every claim of a report with its facts, the kind of block that states it, and the anchor it stands at.

    >>> claims_of([{"kind": "prose", "section": "checks", "claims": [{"key": "k"}]}])
    [{'anchor': 'checks', 'key': 'k', 'block': 'prose'}]
    """
    told = [(block, claim) for block in blocks for claim in block.get("claims", ())]
    return [{"anchor": block.get("section", ""), **claim, "block": block["kind"]} for block, claim in told]


def run_record(
    facts: Facts,
    *,
    run: str,
    reports: list[dict],
    started: datetime,
    wanted: Iterable[str] = (),
    parameters: Mapping[str, Any] | None = None,
    show_code: bool = False,
    audience: str = DEFAULT,
) -> dict[str, Any]:
    """The content of ``run.json``."""
    finished = datetime.now(UTC)
    return {
        "workspace": facts.name,
        "title": facts.title,
        "run": run,
        "as_of": facts.as_of,
        "data_up_to": facts.data_up_to,
        "currency": facts.currency,
        "time_zone": facts.time_zone,
        "parameters": dict(parameters or {}),
        "show_code": show_code,
        "pseudonyms": facts.pseudonyms,
        "audience": audience,
        "started": started.isoformat(timespec="seconds"),
        "finished": finished.isoformat(timespec="seconds"),
        "seconds": round((finished - started).total_seconds(), 3),
        "crmlib": crmlib.__version__,
        "versions": versions(),
        "checks": facts.checks,
        "row_counts": facts.counts,
        "check_summary": facts.summary,
        "sources": facts.sources,
        "tables": list(facts.tables),
        "missing_tables": [name for name in TABLES if name in set(wanted) - set(facts.tables)],
        "key_figures": index_figures(reports),
        "reports": reports,
        "site_href": SITE_HREF,
    }


def sealed(record: Mapping[str, Any], *, folder: Path) -> dict[str, Any]:
    """A record with the checksum of every file that is published with it, and one of itself."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "run.json")
    sums = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }
    # As it will be read again: what JSON does not know is text by then.
    whole = json.loads(json.dumps(dict(record) | {"files": sums}, default=str))
    return whole | {"seal": seal_of(whole)}


def seal_of(record: Mapping[str, Any]) -> str:
    """A checksum of a record, without the one that it holds itself."""
    content = {name: value for name, value in record.items() if name != "seal"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def page_context(
    report: Any,
    facts: Facts,
    *,
    run: str,
    parameters: Mapping[str, Any],
    index_href: str,
    audience: str = DEFAULT,
) -> dict[str, Any]:
    """What head and foot of a report's page say."""
    used = [name for name in (*report.needs, *report.wants) if name in facts.tables]
    return {
        "workspace": facts.name,
        "workspace_title": facts.title,
        "as_of": facts.as_of,
        "data_up_to": facts.data_up_to,
        "currency": facts.currency,
        "run": run,
        "report": report.name,
        "question": report.question,
        "notebook": report.path.name,
        "parameters": dict(parameters),
        "own_numbers": reader_notes(audience, pseudonyms=facts.pseudonyms),
        "crmlib": crmlib.__version__,
        "index_href": index_href,
        "site_href": SITE_HREF,
        "traps": [trap for name in used for trap in TABLES[name].traps],
        "counted": [
            (row["table"], str(count(row["rows_accepted"]))) for row in facts.counts if row["table"] in used
        ],
    }


def reader_notes(audience: str, *, pseudonyms: bool) -> str:
    """What a page says of its readers: for whom alone it is, and that customers stand in it by number."""
    notes = [] if pseudonyms else [str(claim("page-own-numbers"))]
    if audience_of(audience).rights is not None:
        notes.insert(0, str(claim("page-audience", audience=named(audience))))
    return " ".join(notes)


def status_table(executions: Iterable[Any]) -> pd.DataFrame:
    """One row a report: `report`, `status`, `seconds`, `reason`, `reused`."""
    columns = ["report", "status", "seconds", "reason", "reused"]
    return pd.DataFrame([[getattr(e, name) for name in columns] for e in executions], columns=columns)


def index_figures(records: Iterable[Mapping[str, Any]]) -> list[dict]:
    """The key figures of a run: those flagged for the index, of a period before others; else the first row of them."""
    rows = [
        block
        for record in records
        for block in record.get("blocks") or ()
        if block.get("kind") == "key_figures"
    ]
    flagged = [block for block in rows if block.get("index")]
    chosen = [block for block in flagged if block.get("says")] or flagged or rows[:1]
    return [figure for block in chosen for figure in block.get("figures", ())]


def _healed(checks):
    notices = getattr(checks, "notices", None)
    return () if notices is None else tuple(notices.loc[notices["table"].eq(""), "says"])


def _first_answer(blocks):
    return next((str(block.get("text", "")) for block in blocks if block.get("kind") == "answer"), "")


def _kept(blocks):
    kept = [dict(block) for block in blocks if block.get("kind") in KEPT_BLOCKS]
    return [{name: block[name] for name in block if name not in ("claims", "section")} for block in kept]


def _findings(blocks):
    return [
        text for block in blocks if block.get("kind") == "findings" for text in block.get("sentences", ())
    ]


def _records(frame):
    if frame is None or len(frame) == 0:
        return []
    return json.loads(frame.to_json(orient="records", date_format="iso"))


def _within(file, folder):
    # A published file names no folder of the machine.
    text = str(file or "")
    if text.startswith("/"):
        path = Path(text)
        return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
    return text


def _last_moment(crm):
    moments = []
    for name in crm.tables:
        spec = TABLES[name]
        if spec.time and spec.time in crm.columns(name):
            quote = crm.engine.quote
            found = crm.engine.rows(f"select max({quote(spec.time)}) from {quote(name)}")[0][0]
            if found is not None:
                is_moment = spec.field(spec.time).type == "timestamp"
                local = in_zone(found, time_zone=crm.time_zone).tz_localize(None) if is_moment else found
                moments.append(pd.Timestamp(local).isoformat())
    return max(moments, default="")
