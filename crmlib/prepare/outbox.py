"""The outbox of a workspace: what lists and drafts have left there, and how the next run reads it back.

::

    outbox/
        spring-2024/                    a campaign: whole, or not there
            interactions.parquet        a row a draft; read back as interactions
            campaign_contacts.parquet   who is to be contacted, and who is left alone on purpose
            email/ sms/ ...             the drafts

Folders whose name begins with a dot are being made, and are not looked at.
"""

import contextlib
import glob
import json
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from crmlib.prepare.check.casting import text_literal
from crmlib.prepare.check.findings import SOURCE_COLUMNS, CheckReport, join_summaries
from crmlib.prepare.check.staging import Reading
from crmlib.prepare.config.parts import OutreachConfig
from crmlib.prepare.config.read import WorkspaceConfig
from crmlib.prepare.crm import StagedTables, stage_tables
from crmlib.prepare.engine import Engine, EngineError
from crmlib.prepare.privacy import pseudonyms
from crmlib.prepare.private import private_folder, write_private
from crmlib.prepare.sources.encodings import sha256_of
from crmlib.schema.errors import ParameterError, SourceError
from crmlib.schema.tables import table_spec

ARCHIVE, CONTACTS = "interactions.parquet", "campaign_contacts.parquet"
ARCHIVE_COLUMNS = (
    "interaction_id", "customer_id", "campaign_id", "happened_at", "channel", "direction", "purpose",
    "subject", "template", "outcome",
)  # fmt: skip
"""Columns of a campaign's archive; `happened_at` is naive and in UTC."""

CONTACT_COLUMNS = ("campaign_id", "customer_id", "contacted_on", "is_control")

DRAFTED = "drafted"
"""The outcome of a message that was written and not sent by this program."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")


@dataclass(frozen=True, kw_only=True)
class ReadBack:
    """The report of the exports with the archives' rows among `interactions`, and a row of sources an archive."""

    report: CheckReport
    sources: pd.DataFrame


def campaign_name(campaign_id: str) -> str:
    """The campaign's number, if it can name a folder on every system."""
    if not _NAME.fullmatch(campaign_id) or len(campaign_id) > 64:
        raise ParameterError(
            f"{campaign_id[:80]!r} cannot name a campaign's folder. Use letters of English, digits, - and _; "
            "at most 64."
        )
    return campaign_id


def outbox_folder(crm: Any) -> Path:
    """Where the drafts of a workspace lie: ``[outreach] outbox`` of its crm.toml."""
    if getattr(crm, "root", None) is None:
        raise ParameterError("Tables at hand have no folder for an outbox. Open a workspace instead.")
    settings = getattr(getattr(crm, "config", crm), "outreach", None) or OutreachConfig()
    return Path(crm.root) / settings.outbox


def archives(config: WorkspaceConfig, name: str = ARCHIVE) -> dict[str, Path]:
    """The archives of all campaigns of a workspace, by their path within it, sorted."""
    found = sorted(outbox_folder(config).glob(f"[!.]*/{name}"))
    return {path.relative_to(config.root).as_posix(): path for path in found if path.is_file()}


def archive_fingerprints(config: WorkspaceConfig) -> dict[str, str]:
    """The archives and the SHA-256 of each: what a snapshot of the tables rests on beside the exports."""
    return {shown: sha256_of(path) for shown, path in archives(config).items()}


def read_back(
    engine: Engine, config: WorkspaceConfig, staged: StagedTables, *, aside_folder: Path
) -> ReadBack | None:
    """Add the drafts of the outbox to the engine's `interactions`, checked as an export is.

    Drafts later than the closing moment are not there yet. A draft that the exports hold too, by its
    `interaction_id`, counts once: the exports' row stays.
    """
    files = archives(config)
    exported = "interactions" in config.tables
    rows = _rows_known(engine, files, as_of=staged.as_of, exported=exported)
    if not any(rows.values()):
        return None
    if exported:
        engine.execute("alter table interactions rename to exported_interactions")
    reading = Reading(
        spec=table_spec("interactions"),
        view="archived_rows",
        expressions={name: Engine.quote(name) for name in ARCHIVE_COLUMNS},
        filters=(("not already_exported", "are in the exports too"),),
    )
    inner = aside_folder / "outbox"
    inner.mkdir()
    ours = stage_tables(
        engine, {"interactions": reading}, as_of=staged.as_of, time_zone="UTC", aside_folder=inner
    )
    if exported:
        _join_tables(engine)
    _join_set_aside(engine, inner, aside_folder)
    prints = archive_fingerprints(config)
    lines = [("interactions", shown, rows[shown], prints[shown], "drafts of the outbox") for shown in files]
    return ReadBack(
        report=_joined_report(staged.report, ours.report),
        sources=pd.DataFrame(lines, columns=list(SOURCE_COLUMNS)),
    )


def listed_contacts(config: WorkspaceConfig | None, *, until: Any, controls: bool = False) -> pd.DataFrame:
    """Whom earlier lists of the outbox have meant to contact, or have left alone for comparison."""
    rows = _listed(config, until=until)
    asked = rows[rows["is_control"] == controls]
    return asked.groupby("customer_id", as_index=False)[["contacted_on"]].max()


def read_rows(path: Path, columns: tuple[str, ...], *, shown: str) -> pd.DataFrame:
    """The rows of an archive."""
    try:
        return pd.read_parquet(path, columns=list(columns))
    except (OSError, ValueError, KeyError) as error:
        raise _damaged(shown) from error


def _listed(config: WorkspaceConfig | None, *, until: Any) -> pd.DataFrame:
    parts = [
        read_rows(path, CONTACT_COLUMNS, shown=shown)
        for shown, path in (archives(config, CONTACTS) if config is not None else {}).items()
    ]
    if not parts:
        kinds = {"customer_id": "str", "contacted_on": "M8[us]", "is_control": "bool"}
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})
    rows = pd.concat(parts, ignore_index=True)
    days = pd.to_datetime(rows["contacted_on"], errors="coerce")
    rows = rows.assign(contacted_on=days, is_control=rows["is_control"].eq(True))
    return rows[days <= pd.Timestamp(until)]


def _damaged(shown: str) -> SourceError:
    return SourceError(
        f"{shown} cannot be read as this program wrote it. Put it back from a copy, or move the campaign's "
        "folder out of the outbox: its drafts are then forgotten."
    )


def _rows_known(
    engine: Engine, files: Mapping[str, Path], *, as_of: pd.Timestamp, exported: bool
) -> dict[str, int]:
    """Lay the archives' rows up to the closing moment down as one view, and count them by file."""
    names = ", ".join(f"{Engine.quote(name)}" for name in ARCHIVE_COLUMNS)
    moment = f"{text_literal(str(as_of))}::timestamp"
    parts, rows = [], {}
    for shown, path in files.items():
        scan = f"read_parquet({text_literal(glob.escape(str(path.resolve())))}, hive_partitioning = false)"
        part = (
            f"select {names}, {text_literal(shown)} as _file, file_row_number + 1 as _row from {scan} "
            f"where not coalesce(try_cast(happened_at as timestamp) > {moment}, false)"
        )
        try:
            ((rows[shown],),) = engine.rows(f"select count(*) from ({part})")
        except EngineError as error:
            raise _damaged(shown) from error
        parts.append(part)
    if not parts:
        return {}
    known = "interaction_id in (select interaction_id from interactions)" if exported else "false"
    engine.execute(
        f"create or replace table archived_rows as select *, coalesce({known}, false) as already_exported "
        f"from ({' union all by name '.join(parts)})"
    )
    return rows


def _join_tables(engine: Engine) -> None:
    engine.execute("alter table interactions rename to archived_interactions")
    both = "select * from exported_interactions union all by name select * from archived_interactions"
    present = {row[0] for row in engine.rows(f"describe {both}")}
    columns = ", ".join(Engine.quote(name) for name in table_spec("interactions").names if name in present)
    engine.execute(f"create table interactions as select {columns} from ({both})")
    for name in ("exported_interactions", "archived_interactions"):
        engine.execute(f"drop table {name}")


def _join_set_aside(engine: Engine, inner: Path, folder: Path) -> None:
    ours, theirs = inner / ARCHIVE, folder / ARCHIVE
    if ours.is_file() and theirs.is_file():
        first, second = (f"select * from read_parquet({text_literal(str(file))})" for file in (theirs, ours))
        joined = folder / f".{ARCHIVE}"
        target = text_literal(str(joined))
        engine.execute(f"copy ({first} union all by name {second}) to {target} (format parquet)")
        joined.replace(theirs)
        ours.unlink()
    elif ours.is_file():
        ours.replace(theirs)
    inner.rmdir()


def _joined_report(exports: CheckReport, archive: CheckReport) -> CheckReport:
    counts = pd.concat([exports.counts, archive.counts], ignore_index=True)
    counts = counts.groupby("table", as_index=False, sort=False).sum()
    found = pd.concat([exports.summary, archive.summary], ignore_index=True).drop(columns="share_pct")
    keys = ["table", "check", "column", "policy", "says"]
    found = found.groupby(keys, as_index=False, sort=False)[["rows"]].sum()
    return CheckReport(
        summary=join_summaries([found], counts),
        counts=counts,
        notices=pd.concat([exports.notices, archive.notices], ignore_index=True),
        missing=tuple(name for name in exports.missing if name != "interactions"),
    )


KEPT_FOLDER = ".kept"
MOST_KEPT = 36
"""So many closing moments are kept of one thing."""


def last_kept(crm: Any, what: str) -> dict[str, Any] | None:
    """What was kept at the last closing moment before this one."""
    earlier = all_kept(crm, what)
    return earlier[-1] if earlier else None


def all_kept(crm: Any, what: str) -> list[dict[str, Any]]:
    """What was kept at every closing moment before this one, the oldest first."""
    return [one for one in _all(crm, what) if one["as_of"] < crm.as_of.isoformat()]


def kept_now(crm: Any, what: str) -> dict[str, Any] | None:
    """What was kept at this closing moment."""
    return next((one for one in _all(crm, what) if one["as_of"] == crm.as_of.isoformat()), None)


def kept_key(crm: Any) -> str:
    """The workspace's own secret for names of customers in what is kept; made once, empty where nothing can be."""
    root = getattr(crm.config, "root", None)
    if root is None or not os.access(root, os.W_OK):
        return ""
    file = private_folder(root / KEPT_FOLDER) / "key"
    if not file.is_file():
        # Reports of one run ask at once: the first one's secret is everybody's.
        own = file.with_name(f".key-{secrets.token_hex(8)}")
        write_private(own, secrets.token_urlsafe(32).encode())
        with contextlib.suppress(FileExistsError):
            os.link(own, file)
        own.unlink()
    return file.read_text(encoding="utf-8")


def keep(crm: Any, what: str, found: dict[str, Any]) -> None:
    """Keep something for the next closing moment; a workspace that cannot be written to keeps nothing."""
    root = getattr(crm.config, "root", None)
    if root is None or not os.access(root, os.W_OK):
        return
    now = crm.as_of.isoformat()
    kept = [one for one in _all(crm, what) if one["as_of"] != now]
    kept = sorted([*kept, {**found, "as_of": now}], key=lambda one: one["as_of"])[-MOST_KEPT:]
    folder = root / KEPT_FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    write_private(folder / f"{what}.json", json.dumps(kept).encode())


def forget_kept(crm: Any, customers: Iterable[str]) -> list[Path]:
    """Take customers out of all that is kept of single ones; the files that held them."""
    folder = Path(crm.root) / KEPT_FOLDER
    if not (folder / "key").is_file():
        return []
    gone, changed = set(pseudonyms(pd.Series(list(customers), dtype="str"), key=kept_key(crm))), []
    for file in sorted(folder.glob("*.json")):
        kept = json.loads(file.read_text(encoding="utf-8"))
        held = [one["customers"] for one in kept if gone & set(one.get("customers", ()))]
        for names in held:
            for name in gone & set(names):
                del names[name]
        if held:
            write_private(file, json.dumps(kept).encode())
            changed.append(file)
    return changed


def _all(crm: Any, what: str) -> list[dict[str, Any]]:
    root = getattr(crm.config, "root", None)
    file = root / KEPT_FOLDER / f"{what}.json" if root is not None else None
    return json.loads(file.read_text(encoding="utf-8")) if file is not None and file.is_file() else []
