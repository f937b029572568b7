"""A list and its drafts become files: whole, or not at all; an earlier list is never written over."""

import os
import re
import shutil
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd

from crmlib.prepare.outbox import ARCHIVE, ARCHIVE_COLUMNS, CONTACTS, outbox_folder
from crmlib.present.outreach_drafts import make_drafts
from crmlib.present.outreach_lists import contact_rows, list_files
from crmlib.schema.errors import ParameterError

_MAKING = ".crmlib-making-"


@dataclass(frozen=True, kw_only=True)
class WrittenOutreach:
    """Where a list and its drafts lie.

    Attributes
    ----------
    folder : Path
        Of the list.
    files : tuple of Path
    outbox : Path or None
        The campaign's folder in the outbox.
    drafts : dict of channel -> number of drafts
    sms_parts : dict of parts of a text message -> number of messages

    Examples
    --------
    >>> WrittenOutreach(folder=Path("lists/spring"), files=(), outbox=None).drafts
    {}
    """

    folder: Path
    files: tuple[Path, ...]
    outbox: Path | None
    drafts: dict[str, int] = field(default_factory=dict)
    sms_parts: dict[int, int] = field(default_factory=dict)


def write_outreach(
    crm: Any, plan: Any, *, out: str | Path, drafts: bool = False, real_ids: bool = False
) -> WrittenOutreach:
    """Write a list into ``<out>/<campaign>/`` and remember it, with its drafts, in the workspace's outbox.

    Everything is made aside and put in place by one rename each, the outbox first. The files can be read by
    their owner only. Nothing is sent.

    Parameters
    ----------
    crm : Crm
        Tables at hand (no workspace) have no outbox: there the list is written and not remembered.
    plan : OutreachPlan
    out : path
    drafts : bool
        A draft for each customer to address, too.
    real_ids : bool
        The house's own customer numbers instead of pseudonyms.

    Returns
    -------
    WrittenOutreach

    Raises
    ------
    ParameterError
        If nobody can be addressed, or the campaign has a list, drafts or contacts already.
    ConfigError
        If a template cannot be used; nothing has been written then.

    Examples
    --------
    >>> import tempfile
    >>> from types import SimpleNamespace
    >>> from crmlib import Crm
    >>> from crmlib.analyse.outreach.plan import plan_outreach
    >>> people = pd.DataFrame({"customer_id": ["ann"], "phone_consent": [True]})
    >>> crm = Crm.from_frames(as_of="2024-01-31", customers=people)
    >>> offered = pd.DataFrame({"customer_id": ["ann"], "rank": 1, "kind": "up-sell", "product_id": "p1",
    ...                         "product": "Tea", "probability": 0.2, "price": 5.0})
    >>> plan = plan_outreach(crm, SimpleNamespace(table=offered), campaign_id="spring", control_share_pct=0)
    >>> written = write_outreach(crm, plan, out=tempfile.mkdtemp())
    >>> len(written.files), written.outbox
    (7, None)
    """
    target = Path(out) / plan.campaign_id
    box = outbox_folder(crm) / plan.campaign_id if drafts or getattr(crm, "root", None) else None
    _refuse(crm, plan, target, box)
    listing = _begin(target)
    boxing: Path | None = None
    try:
        made = _fill_outbox(crm, plan, boxing := _begin(box), drafts=drafts) if box is not None else _Made()
        for name, content in list_files(crm, plan, real_ids=real_ids, drafts=_draft_words(made, box)).items():
            _write(listing / name, content)
        if box is not None and boxing is not None:
            _put(boxing, box)
        try:
            _put(listing, target)
        except BaseException:
            if box is not None:
                shutil.rmtree(box, ignore_errors=True)
            raise
    finally:
        for folder in (listing, boxing):
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
    return WrittenOutreach(
        folder=target,
        files=tuple(sorted(target.iterdir())),
        outbox=box,
        drafts=made.drafts,
        sms_parts=made.sms_parts,
    )


@dataclass(kw_only=True)
class _Made:
    drafts: dict[str, int] = field(default_factory=dict)
    sms_parts: dict[int, int] = field(default_factory=dict)


def _refuse(crm: Any, plan: Any, target: Path, box: Path | None) -> None:
    if not len(plan.contacts):
        raise ParameterError(f"There is nobody to address, so no list is written. {plan.says}")
    if box is not None and target.resolve().is_relative_to(box.parent.resolve()):
        raise ParameterError(
            f"--out {target.parent} is the outbox, which holds drafts only. Give another folder."
        )
    other = "Give another --campaign, or move that folder away to begin anew."
    if target.exists():
        raise ParameterError(f"{target} is there already; an earlier list is never written over. {other}")
    if box is not None and box.exists():
        raise ParameterError(f"{box} is there already: this campaign has a list that counts. {other}")
    if "campaign_contacts" in crm:
        ((known,),) = crm.engine.rows(
            "select count(*) from campaign_contacts where campaign_id = $1", [plan.campaign_id]
        )
        if known:
            raise ParameterError(
                f"campaign {plan.campaign_id} has {known:,} contacts already. Give another --campaign."
            )


def _begin(target: Path) -> Path:
    """A folder beside the target that only its owner can open; what dead processes left there goes."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    for left in target.parent.glob(f"{_MAKING}*"):
        found = re.fullmatch(rf"{re.escape(_MAKING)}(\d+)-.*", left.name)
        if found and not _is_alive(int(found.group(1))):
            shutil.rmtree(left, ignore_errors=True)
    folder = target.parent / f"{_MAKING}{os.getpid()}-{target.name}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    return folder


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _fill_outbox(crm: Any, plan: Any, folder: Path, *, drafts: bool) -> _Made:
    made, rows = _Made(), []
    _write_rows(folder / CONTACTS, contact_rows(plan))
    for draft in make_drafts(crm, plan) if drafts else ():
        _write(folder / draft.path, draft.content)
        rows.append(draft.row)
        channel = draft.row["channel"]
        made.drafts[channel] = made.drafts.get(channel, 0) + 1
        if draft.sms is not None:
            made.sms_parts[draft.sms[0]] = made.sms_parts.get(draft.sms[0], 0) + 1
    if rows:
        frame = pd.DataFrame(rows, columns=list(ARCHIVE_COLUMNS))
        texts = {name: "str" for name in ARCHIVE_COLUMNS if name != "happened_at"}
        _write_rows(folder / ARCHIVE, frame.astype(texts | {"happened_at": "datetime64[us]"}))
    ignored = folder.parent / ".gitignore"
    if not ignored.exists():
        ignored.write_text("*\n", encoding="utf-8")
    return made


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(content)


def _write_rows(path: Path, rows: pd.DataFrame) -> None:
    target = BytesIO()
    rows.to_parquet(target, index=False)
    _write(path, target.getvalue())


def _put(made: Path, target: Path) -> None:
    try:
        made.rename(target)
    except OSError as error:
        if target.exists():
            raise ParameterError(
                f"{target} has come up meanwhile: another run made it. Look there."
            ) from error
        raise


def _draft_words(made: _Made, box: Path | None) -> str:
    if not made.drafts:
        return ""
    count = sum(made.drafts.values())
    said = f"{count:,} {'draft lies' if count == 1 else 'drafts lie'} in {box}; nothing has been sent."
    longer = sum(n for parts, n in made.sms_parts.items() if parts > 1)
    return f"{said} {longer:,} of the text messages take more than one part." if longer else said
