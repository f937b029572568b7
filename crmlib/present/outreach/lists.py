"""A list and its drafts become files: whole, or not at all; an earlier list is never written over."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd

import crmlib
from crmlib.analyse.outreach import CHANNEL_WORDS, KINDS, LITTLE_SD, REASONS, OutreachPlan, plan_outreach
from crmlib.prepare.clock import closing_moment_of_table, in_zone
from crmlib.prepare.outbox import (
    ARCHIVE,
    ARCHIVE_COLUMNS,
    CONTACT_COLUMNS,
    CONTACTS,
    campaign_name,
    outbox_folder,
)
from crmlib.prepare.privacy import public_ids
from crmlib.present.blocks.downloads import about_workspace, to_csv_bytes
from crmlib.present.blocks.excel import to_excel_bytes
from crmlib.present.outreach.drafts import make_drafts
from crmlib.schema.errors import ParameterError, nearest

_LABELS = {
    "customer_id": ("Customer", ""),
    "channel": ("Channel", ""),
    "kind": ("Kind of offer", ""),
    "product_id": ("Product number", ""),
    "product": ("Product", ""),
    "category": ("Category", ""),
    "probability_pct": ("Chance of buying (%)", "0.0"),
    "price": ("Price expected", "#,##0.00"),
    "margin": ("Margin of a piece", "#,##0.00"),
    "expected_value": ("Expected value", "#,##0.00"),
    "due_on": ("Due on", "yyyy-mm-dd"),
    "reason": ("Why this offer", ""),
    "channel_reason": ("Why this channel", ""),
    "last_contacted_on": ("Last addressed on", "yyyy-mm-dd"),
}


def contact_rows(plan: Any) -> pd.DataFrame:
    """The plan as rows of `campaign_contacts`, with the house's own customer numbers.

    Both groups carry the day on which they were told apart, so that they are compared over the same time.
    """
    groups = [
        pd.DataFrame({"customer_id": group["customer_id"].astype("str"), "is_control": is_control})
        for group, is_control in ((plan.contacts, False), (plan.control, True))
    ]
    rows = pd.concat(groups)
    rows = rows.assign(campaign_id=plan.campaign_id, contacted_on=plan.contacted_on.date())
    rows = rows.sort_values("customer_id", kind="stable").reset_index(drop=True)
    return rows[list(CONTACT_COLUMNS)].astype({"is_control": bool})


def list_files(crm: Any, plan: Any, *, real_ids: bool = False, drafts: str = "") -> dict[str, bytes]:
    """Every file of a list: the list and the control group as CSV and Excel, who was set aside, the contacts.

    Customers stand there under pseudonyms unless crm.toml says ``[privacy] pseudonyms = false``.
    """

    def shown(ids: pd.Series) -> pd.Series:
        return ids if real_ids else public_ids(crm, ids)

    about = [*about_workspace(crm).items(), ("Campaign", plan.campaign_id), ("What it is", plan.says)]
    name, files = plan.campaign_id, {}
    for part, rows in (("list", plan.contacts), ("control", plan.control)):
        frame, labels, formats = _shown_list(rows.assign(customer_id=shown(rows["customer_id"])), plan)
        files[f"{name}-{part}.csv"] = to_csv_bytes(frame, labels=labels)
        sheet = "List" if part == "list" else "Control group"
        files[f"{name}-{part}.xlsx"] = to_excel_bytes(
            frame, labels=labels, formats=formats, sheet=sheet, about=about
        )
    aside = plan.set_aside
    frame = pd.DataFrame(
        {
            "customer_id": shown(aside["customer_id"]),
            "why": aside["reason"].map(REASONS),
            "says": aside["says"],
        }
    )
    files[f"{name}-set-aside.csv"] = to_csv_bytes(frame, labels=["Customer", "Why", "In detail"])
    rows = contact_rows(plan)
    files[f"{name}-contacts.csv"] = to_csv_bytes(rows.assign(customer_id=shown(rows["customer_id"])))
    files[f"{name}-summary.txt"] = summary_text(crm, plan, drafts=drafts).encode("utf-8", "replace")
    return files


def summary_text(crm: Any, plan: Any, *, drafts: str = "") -> str:
    """What a list is, who is not on it, whether the control group is alike, and how to go on."""
    about = about_workspace(crm) | {
        "Campaign": plan.campaign_id,
        "Day": f"{plan.contacted_on:%Y-%m-%d}",
        "Offers": "of any kind" if plan.kind == "any" else plan.kind,
        "Channel": CHANNEL_WORDS.get(plan.channel, "the one most likely to be answered"),
        "Rest between contacts": f"{plan.quiet_days} {'day' if plan.quiet_days == 1 else 'days'}",
        "Left alone for comparison": f"{plan.control_share_pct:g} % (seed {plan.seed})",
        "Put in order by": plan.value_means,
    }
    lines = [f"{word}: {text}" for word, text in about.items()]
    lines += ["", plan.says, *plan.notes, *([drafts] if drafts else []), "", "Set aside:"]
    lines += [f"  {row.customers:>9,}  {row.says}" for row in plan.counts.itertuples()]
    if len(plan.control):
        lines += ["", "Are the two groups alike?  (contacted, control, difference in standard deviations)"]
        lines += [
            f"  {row.figure:<32}{_figure(row.contacted):>12}{_figure(row.control):>12}{_figure(row.difference_sd):>9}"
            for row in plan.balance.itertuples()
        ]
        lines.append(f"  Below {LITTLE_SD:g} counts as alike; small groups differ more by chance.")
    return "\n".join([*lines, ""])


def _shown_list(rows: pd.DataFrame, plan: Any) -> tuple[pd.DataFrame, list[str], list[str]]:
    frame = rows.assign(
        probability_pct=(rows["probability"].astype("float64") * 100).round(1),
        channel=rows["channel"].map(CHANNEL_WORDS),
        **{name: rows[name].astype("float64").round(2) for name in ("price", "margin")},
        expected_value=rows["expected_value"].astype("float64").round(4),
        **{name: pd.to_datetime(rows[name]).dt.date for name in ("due_on", "last_contacted_on")},
    )
    kept = [name for name in _LABELS if name == "customer_id" or not rows_empty(frame[name])]
    money = {"price", "margin"} | ({"expected_value"} if plan.value_means != "probability" else set())
    words = {name: label for name, (label, _) in _LABELS.items()}
    words["expected_value"] = plan.value_means.capitalize()
    unit = f" ({plan.currency})" if plan.currency else ""
    labels = [f"{words[name]}{unit}" if name in money else words[name] for name in kept]
    return frame[kept].astype({"customer_id": "str"}), labels, [_LABELS[name][1] for name in kept]


def rows_empty(column: pd.Series) -> bool:
    """Whether a column says nothing in a list that has rows."""
    return bool(len(column)) and bool(column.isna().all())


def _figure(value: float) -> str:
    if pd.isna(value):
        return "–"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


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


SEARCHED = 50
"""Offers looked through for each customer where only one product or category is asked for."""


@contextmanager
def plan_from_workspace(
    folder: Path,
    *,
    kind: str,
    campaign_id: str | None = None,
    moment: str | None = None,
    as_of: str | None = None,
    seed: int = 0,
    product: str | None = None,
    category: str | None = None,
    **options: Any,
) -> Iterator[tuple[Any, OutreachPlan]]:
    """Open a workspace, make its offers, and plan whom to address; closed again at the end."""
    if kind not in KINDS:
        raise ParameterError(f"kind: there is no kind of offer {kind!r}.{nearest(kind, KINDS)}")
    if campaign_id is not None:
        campaign_name(campaign_id)
    from crmlib.analyse.offers.recommend import recommend_offers
    from crmlib.present.reports.offers.say import offer_reasons

    crm = crmlib.open_workspace(folder, as_of=as_of)
    try:
        then = _moment(crm, moment)
        kinds: dict[str, Any] = {} if kind == "any" else {"kinds": (kind,)}
        wide = product is not None or category is not None
        # Consent is asked for channel by channel, so that who is left out for it is counted on the list.
        offers = recommend_offers(crm, k=SEARCHED if wide else 1, seed=seed, require_consent=False, **kinds)
        said = offer_reasons(offers.table, currency=crm.currency)
        plan = plan_outreach(
            crm,
            SimpleNamespace(table=offers.table.assign(reason=said)),
            campaign_id=campaign_id or f"{kind}-{in_zone(then, time_zone=crm.time_zone):%Y%m%d}",
            kind=kind,
            moment=then,
            seed=seed,
            product=product,
            category=category,
            **options,
        )
        yield crm, plan
    finally:
        crm.engine.close()


def written_words(written: Any) -> list[str]:
    """Where everything lies, and how to go on."""
    lines = [f"The list: {os.path.relpath(written.folder)}"]
    if written.drafts:
        each = ", ".join(f"{n:,} by {CHANNEL_WORDS[name]}" for name, n in sorted(written.drafts.items()))
        total = sum(written.drafts.values())
        what = f"{total:,} {'draft' if total == 1 else 'drafts'}"
        what = f"{what}: {each}" if len(written.drafts) > 1 else f"{what} by {each.partition(' by ')[2]}"
        lines.append(f"{what}. Nothing has been sent.")
    if written.outbox is not None:
        lines.append(f"Remembered for the next list: {os.path.relpath(written.outbox)}")
    return lines


def _moment(crm: Any, moment: str | None) -> Any:
    if moment is None:
        return crm.as_of
    if moment.strip().lower() == "today":
        moment = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}+00:00"
    return closing_moment_of_table(moment, time_zone=crm.time_zone)
