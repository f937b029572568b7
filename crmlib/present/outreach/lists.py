"""A list and its drafts become files: whole, or not at all; an earlier list is never written over."""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd

import crmlib
from crmlib.analyse.outreach import (
    CHANNEL_BASES,
    LITTLE_SD,
    NOTES,
    PLANNED,
    REASONS,
    OutreachPlan,
    plan_outreach,
)
from crmlib.analyse.segments.groups import customers_in
from crmlib.analyse.worklist import OF_LISTS, action_list
from crmlib.measure.outreach import CHANNELS
from crmlib.prepare.clock import closing_moment_of_table, in_zone
from crmlib.prepare.crm import Crm
from crmlib.prepare.outbox import (
    ARCHIVE,
    ARCHIVE_COLUMNS,
    CONTACT_COLUMNS,
    CONTACTS,
    campaign_name,
    outbox_folder,
)
from crmlib.prepare.privacy import public_ids
from crmlib.prepare.private import private_folder, write_private
from crmlib.present import numbers
from crmlib.present.blocks.downloads import about_workspace, to_csv_bytes, to_excel_bytes
from crmlib.present.blocks.tables import plain
from crmlib.present.claims import Claim, Fact, Family, claim, count, counts, days, name, names, number, share
from crmlib.present.messages import language
from crmlib.present.numbers import capital
from crmlib.present.outreach.drafts import checked_sender, make_drafts, promised
from crmlib.schema.errors import ParameterError, nearest

_FORMATS = {
    "customer_id": "",
    "channel": "",
    "kind": "",
    "product_id": "",
    "product": "",
    "category": "",
    "probability_pct": "0.0",
    "price": "#,##0.00",
    "margin": "#,##0.00",
    "expected_value": "#,##0.00",
    "due_on": "yyyy-mm-dd",
    "reason": "",
    "channel_reason": "",
    "last_contacted_on": "yyyy-mm-dd",
}
"""Columns of a list, and how a workbook writes them."""

LIST_WORDS = Family("outreach-list", (*_FORMATS, "why", "says"))
CHANNEL_WORDS = Family("outreach-channel", (*CHANNELS, "auto"))
BY_WORDS = Family("outreach-by", CHANNELS)
VALUE_WORDS = Family("outreach-value", ("expected margin", "expected revenue", "probability", "at stake"))
CONSENT_WORDS = Family("outreach-consent", ("yes", "no", "unknown", "not kept"))
REASON_WORDS = Family("outreach-reason", REASONS)
BALANCE_WORDS = Family("outreach-balance", ("customers", "expected_value", "probability"))
NOTE_WORDS = Family("outreach-note", NOTES, facts=("columns", "n", "share", "listed"))
CHANNEL_REASON_WORDS = Family(
    "outreach-because", CHANNEL_BASES, facts=("channel", "by", "contacts", "answers", "share")
)


def plan_claims(plan: OutreachPlan) -> list[Claim]:
    """What a list is, and what to know before it is used."""
    columns = names((name(column) for column in plan.consents_missing), limit=None)
    listed = len(plan.contacts) + len(plan.control)
    facts: dict[str, Any] = {"columns": columns, "n": count(len(plan.consents_missing))}
    facts |= {"share": share(plan.control_share_pct), "listed": count(listed)}
    return [_what_it_is(plan), *(NOTE_WORDS.claim(note, **facts) for note in plan.notes)]


def _what_it_is(plan: OutreachPlan) -> Claim:
    aside = count(len(plan.set_aside))
    if not len(plan.contacts) and not len(plan.control):
        return claim("outreach-plan-nobody", aside=aside)
    numbers_of = plan.contacts["channel"].value_counts()
    used = [channel for channel in CHANNELS if channel in numbers_of.index]
    facts = {"control": count(len(plan.control)), "aside": aside}
    if not used:
        return claim("outreach-plan-control-only", listed=count(0), **facts)
    parts, listed = counts([int(numbers_of[channel]) for channel in used])
    means = [
        claim("outreach-plan-means", n=part, by=BY_WORDS.term(channel))
        for part, channel in zip(parts, used, strict=True)
    ]
    return claim("outreach-plan", listed=listed, means=names(means), **facts)


def channel_reason(row: Any) -> Claim:
    """Why a customer is addressed through a channel."""
    return CHANNEL_REASON_WORDS.claim(
        row.channel_basis,
        channel=CHANNEL_WORDS.term(row.channel),
        by=BY_WORDS.term(row.channel),
        contacts=count(row.channel_contacts),
        answers=count(row.channel_answers),
        share=share(row.channel_all_pct),
    )


def aside_claim(row: Any, plan: OutreachPlan) -> Claim:
    """Why a customer is not on the list, in detail."""
    rest = days(plan.quiet_days)
    if row.reason == "no_consent":
        said = [part.split("=") for part in row.consents.split("; ")]
        consents = [
            claim(
                "outreach-aside-consent", channel=CHANNEL_WORDS.term(channel), said=CONSENT_WORDS.term(word)
            )
            for channel, word in said
        ]
        return claim("outreach-aside-consents", consents=names(consents))
    if row.reason == "quiet":
        return claim("outreach-aside-quiet", ago=days(row.days_ago), rest=rest)
    if row.reason == "control":
        return claim("outreach-aside-control", ago=days(row.days_ago), rest=rest)
    if row.reason == "beyond_most":
        return claim("outreach-aside-beyond-most", most=count(len(plan.contacts) + len(plan.control)))
    return claim("outreach-aside-reason", reason=REASON_WORDS.term(row.reason))


def reason_counts(plan: OutreachPlan) -> list[tuple[str, int]]:
    """How many customers are set aside for each reason, in words."""
    return [(plain(REASON_WORDS.term(row.reason)), int(row.customers)) for row in plan.counts.itertuples()]


def balance_name(figure: str) -> Claim | Fact:
    """A figure in which the groups are compared."""
    column, _, value = figure.partition(": ")
    if not value:
        return BALANCE_WORDS.term(figure)
    what = BY_WORDS.term(value) if column == "channel" else name(value)
    return claim("outreach-balance-share", what=what)


def contact_rows(plan: OutreachPlan) -> pd.DataFrame:
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


def list_files(crm: Crm, plan: OutreachPlan, *, real_ids: bool = False, drafts: str = "") -> dict[str, bytes]:
    """Every file of a list: the list and the control group as CSV and Excel, who was set aside, the contacts.

    Customers stand there under pseudonyms unless crm.toml says ``[privacy] pseudonyms = false``.
    """

    def shown(ids: pd.Series) -> pd.Series:
        return ids if real_ids else public_ids(crm, ids)

    about = [*about_workspace(crm).items(), *_about_list(plan)]
    name, files = plan.campaign_id, {}
    for part, rows in (("list", plan.contacts), ("control", plan.control)):
        frame, labels, formats = _shown_list(rows.assign(customer_id=shown(rows["customer_id"])), plan)
        files[f"{name}-{part}.csv"] = to_csv_bytes(frame, labels=labels)
        sheet = plain(claim("outreach-sheet-list" if part == "list" else "outreach-sheet-control"))
        files[f"{name}-{part}.xlsx"] = to_excel_bytes(
            frame, labels=labels, formats=formats, sheet=sheet, about=about
        )
    aside = plan.set_aside
    frame = pd.DataFrame(
        {
            "customer_id": shown(aside["customer_id"]),
            "why": [plain(REASON_WORDS.term(reason)) for reason in aside["reason"]],
            "says": [plain(aside_claim(row, plan)) for row in aside.itertuples()],
        }
    )
    files[f"{name}-set-aside.csv"] = to_csv_bytes(frame, labels=_labels("customer_id", "why", "says"))
    rows = contact_rows(plan)
    files[f"{name}-contacts.csv"] = to_csv_bytes(rows.assign(customer_id=shown(rows["customer_id"])))
    files[f"{name}-summary.txt"] = summary_text(crm, plan, drafts=drafts).encode("utf-8", "replace")
    return files


def _about_list(plan: OutreachPlan) -> list[tuple[str, str]]:
    what = _what_it_is(plan)
    return [
        (plain(claim("outreach-about-campaign")), plan.campaign_id),
        (plain(claim("outreach-about-what")), plain(what)),
    ]


def _labels(*columns: str) -> list[str]:
    return [plain(LIST_WORDS.term(column)) for column in columns]


def summary_text(crm: Crm, plan: OutreachPlan, *, drafts: str = "") -> str:
    """What a list is, who is not on it, whether the control group is alike, and how to go on."""
    lines = [f"{word}: {plain(text)}" for word, text in _about_plan(crm, plan)]
    said = [plain(one) for one in plan_claims(plan)]
    lines += ["", *said, *([drafts] if drafts else []), "", plain(claim("outreach-summary-aside"))]
    lines += [f"  {customers:>9,}  {reason}" for reason, customers in reason_counts(plan)]
    if len(plan.control):
        lines += ["", plain(claim("outreach-summary-alike")), *map(_balance_line, plan.balance.itertuples())]
        lines.append(f"  {plain(claim('outreach-summary-below', little=number(LITTLE_SD)))}")
    return "\n".join([*lines, ""])


def _about_plan(crm: Crm, plan: OutreachPlan) -> list[tuple[str, Any]]:
    kind = claim("outreach-about-any-kind") if plan.kind == "any" else plan.kind
    control = claim("outreach-about-control-share", share=share(plan.control_share_pct), seed=name(plan.seed))
    return [
        *about_workspace(crm).items(),
        (plain(claim("outreach-about-campaign")), plan.campaign_id),
        (plain(claim("outreach-about-day")), f"{plan.contacted_on:%Y-%m-%d}"),
        (plain(claim("outreach-about-offers")), kind),
        (plain(claim("outreach-about-channel")), CHANNEL_WORDS.term(plan.channel)),
        (plain(claim("outreach-about-rest")), days(plan.quiet_days)),
        (plain(claim("outreach-about-control")), control),
        (plain(claim("outreach-about-order")), VALUE_WORDS.term(plan.value_means)),
    ]


def _balance_line(row: Any) -> str:
    cells = (_figure(row.contacted), _figure(row.control), _figure(row.difference_sd))
    return f"  {plain(balance_name(row.figure)):<32}{cells[0]:>12}{cells[1]:>12}{cells[2]:>9}"


def _shown_list(rows: pd.DataFrame, plan: OutreachPlan) -> tuple[pd.DataFrame, list[str], list[str]]:
    frame = rows.assign(
        probability_pct=(rows["probability"].astype("float64") * 100).round(1),
        channel_reason=pd.Series(
            [plain(channel_reason(row)) for row in rows.itertuples()], rows.index, dtype="str"
        ),
        channel=rows["channel"].map({channel: plain(CHANNEL_WORDS.term(channel)) for channel in CHANNELS}),
        **{name: rows[name].astype("float64").round(2) for name in ("price", "margin")},
        expected_value=rows["expected_value"].astype("float64").round(4),
        **{name: pd.to_datetime(rows[name]).dt.date for name in ("due_on", "last_contacted_on")},
    )
    kept = [column for column in _FORMATS if column == "customer_id" or not rows_empty(frame[column])]
    labels = [_list_label(column, plan) for column in kept]
    return frame[kept].astype({"customer_id": "str"}), labels, [_FORMATS[column] for column in kept]


def _list_label(column: str, plan: OutreachPlan) -> str:
    label = plain(LIST_WORDS.term(column))
    if column == "expected_value":
        label = plain(VALUE_WORDS.term(plan.value_means))
        label = capital(label)
    is_money = column in ("price", "margin") or (
        column == "expected_value" and plan.value_means != "probability"
    )
    if not is_money or not plan.currency:
        return label
    return plain(claim("outreach-list-with-unit", label=name(label), unit=name(plan.currency)))


def rows_empty(column: pd.Series) -> bool:
    """Whether a column says nothing in a list that has rows."""
    return bool(len(column)) and bool(column.isna().all())


def _figure(value: float) -> str:
    if pd.isna(value):
        return "–"
    written = numbers.count if float(value).is_integer() else numbers.number
    return written(value, locale=language())


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
    crm: Crm, plan: OutreachPlan, *, out: str | Path, drafts: bool = False, real_ids: bool = False
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


def _refuse(crm: Crm, plan: OutreachPlan, target: Path, box: Path | None) -> None:
    if not len(plan.contacts):
        raise ParameterError(f"There is nobody to address, so no list is written. {plain(_what_it_is(plan))}")
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


def _fill_outbox(crm: Crm, plan: OutreachPlan, folder: Path, *, drafts: bool) -> _Made:
    made, rows = _Made(), []
    private_folder(folder.parent)
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
    write_private(private_folder(path.parent) / path.name, content)


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
    if not made.drafts or box is None:
        return ""
    facts = {"n": count(sum(made.drafts.values())), "campaign": name(box.name)}
    longer = sum(n for parts, n in made.sms_parts.items() if parts > 1)
    if longer:
        return plain(claim("outreach-summary-drafts-long", longer=count(longer), **facts))
    return plain(claim("outreach-summary-drafts", **facts))


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
    drafts: bool = False,
    groups: Mapping[str, str | None] | None = None,
    **options: Any,
) -> Iterator[tuple[Crm, OutreachPlan]]:
    """Open a workspace, make its offers, and plan whom to address; closed again at the end."""
    if kind not in PLANNED:
        raise ParameterError(f"kind: there is no kind of offer {kind!r}.{nearest(kind, PLANNED)}")
    if campaign_id is not None:
        campaign_name(campaign_id)
    crm = crmlib.open_workspace(folder, as_of=as_of)
    try:
        then = _moment(crm, moment)
        if drafts and crm.config is not None:
            checked_sender(crm.config.outreach.sender)
            if kind in OF_LISTS:
                promised(crm.config.outreach, kind)
        only = customers_in(crm, **(groups or {}))
        if kind in OF_LISTS and (product or category):
            raise ParameterError(f"--action {kind} offers no product. Leave --product and --category away.")
        wide = product is not None or category is not None
        table = _of_action(crm, kind) if kind in OF_LISTS else _of_offers(crm, kind, wide=wide, seed=seed)
        if kind in OF_LISTS:
            called = set(table["customer_id"])
            only = called if only is None else called & only
        plan = plan_outreach(
            crm,
            SimpleNamespace(table=table),
            campaign_id=campaign_id or f"{kind}-{in_zone(then, time_zone=crm.time_zone):%Y%m%d}",
            kind=kind,
            moment=then,
            seed=seed,
            product=product,
            category=category,
            only=only,
            **options,
        )
        yield crm, plan
    finally:
        crm.engine.close()


def _of_offers(crm: Crm, kind: str, *, wide: bool, seed: int) -> pd.DataFrame:
    from crmlib.analyse.offers.recommend import recommend_offers
    from crmlib.present.reports.offers.say import offer_reasons

    kinds: dict[str, Any] = {} if kind == "any" else {"kinds": (kind,)}
    # Consent is asked for channel by channel, so that who is left out for it is counted on the list.
    offers = recommend_offers(crm, k=SEARCHED if wide else 1, seed=seed, require_consent=False, **kinds)
    return offers.table.assign(reason=offer_reasons(offers.table, currency=crm.currency))


def _of_action(crm: Crm, action: str) -> pd.DataFrame:
    """Whom an action is for, with the worklist's reason."""
    from crmlib.present.reports.worklist.say import work_reasons

    rows = action_list(crm, action)
    return pd.DataFrame(
        {
            "customer_id": rows["customer_id"],
            "rank": 1,
            "kind": action,
            "at_stake": rows["at_stake"],
            "reason": work_reasons(rows, currency=crm.currency),
        }
    ).reset_index(drop=True)


def written_words(written: WrittenOutreach) -> list[str]:
    """Where everything lies, and how to go on."""
    lines = [f"{plain(claim('outreach-written-list'))} {os.path.relpath(written.folder)}"]
    if written.drafts:
        lines.append(plain(_written_drafts(written.drafts)))
    if written.outbox is not None:
        lines.append(f"{plain(claim('outreach-written-outbox'))} {os.path.relpath(written.outbox)}")
    return lines


def _written_drafts(drafts: dict[str, int]) -> Claim:
    channels = sorted(drafts)
    parts, n = counts([drafts[channel] for channel in channels])
    if len(channels) == 1:
        return claim("outreach-written-drafts-one", n=n, by=BY_WORDS.term(channels[0]))
    means = [
        claim("outreach-plan-means", n=part, by=BY_WORDS.term(channel))
        for part, channel in zip(parts, channels, strict=True)
    ]
    return claim("outreach-written-drafts", n=n, means=names(means))


def _moment(crm: Crm, moment: str | None) -> Any:
    if moment is None:
        return crm.as_of
    if moment.strip().lower() == "today":
        moment = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}+00:00"
    return closing_moment_of_table(moment, time_zone=crm.time_zone)
