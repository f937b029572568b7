"""The brief of who hands over: its sentences and tables, and its follow-ups for a calendar."""

from collections.abc import Iterable, Iterator
from datetime import date as Day
from datetime import datetime, timedelta
from hashlib import sha256
from re import sub

import pandas as pd

from crmlib.analyse.people.contacts import FRESH_DAYS, SINGLE_THREADED
from crmlib.analyse.people.handover import Handover
from crmlib.present.blocks import Answer, Block, DataTable, KeyFigure, KeyFigures, Limits, Prose
from crmlib.present.blocks.tables import plain, without_empty
from crmlib.present.claims import STATE_WORDS, Claim, claim, count, date, days, money, name, times
from crmlib.present.numbers import is_known
from crmlib.present.reports.people.say import RISK_WORDS, SIGN_WORDS, work_lines
from crmlib.present.reports.worklist.say import SOON_DAYS, work_begin_of, work_reason, work_step

LINE_OCTETS = 75
"""A line of a calendar has at most so many octets; the rest stands on the next, behind a space (RFC 5545, 3.1)."""


def handover_title(found: Handover) -> Claim:
    """Who hands over, and to whom."""
    if not found.to_id:
        return claim("handover-title", who=name(found.from_id))
    return claim("handover-title-to", who=name(found.from_id), other=name(found.to_id))


def handover_answer(found: Handover) -> list[Claim]:
    """What is handed over, what is due, and what to do first."""
    held, open_deals = count(len(found.customers)), count(len(found.deals))
    amount = money(found.deals["amount"].sum(), found.currency)
    said = [
        claim("handover-answer", who=name(found.from_id), customers=held, deals=open_deals, amount=amount)
    ]
    soon = found.as_of_on + timedelta(days=SOON_DAYS)
    due = int((found.work["by_when"] <= soon).sum())
    until = claim("handover-answer-due", steps=count(due), day=date(soon))
    until = until if due else claim("handover-answer-none", day=date(soon))
    return [*said, until, *work_begin_of(found.work)]


def handover_figures(found: Handover) -> KeyFigures:
    """Customers, their spend, deals, promises, and accounts that hang on one person or none."""
    signs = found.customers["signs"]
    thin = count(int(signs.map(lambda some: SINGLE_THREADED in some).sum()))
    spend = money(found.customers["spend_365d"].sum(min_count=1), found.currency)
    figures = [
        (claim("handover-figure-customers"), count(len(found.customers))),
        (claim("handover-figure-spend"), spend),
        (claim("handover-figure-deals"), count(len(found.deals))),
        (claim("handover-figure-amount"), money(found.deals["amount"].sum(), found.currency)),
        (claim("handover-figure-promises"), count(len(found.promises))),
        (claim("handover-figure-thin"), thin),
    ]
    return KeyFigures(
        *(KeyFigure(label=label, value=fact) for label, fact in figures if is_known(fact.value))
    )


def handover_load(found: Handover) -> list[Claim]:
    """What it means for who takes over."""
    if found.load.empty:
        return []
    before, after = found.load.loc["before"], found.load.loc["after"]
    facts = {
        "who": name(found.to_id),
        "deals": count(int(before["open_deals"])),
        "then": count(int(after["open_deals"])),
    }
    if not is_known(after["deals_ratio"]):
        return [claim("handover-load", **facts)]
    said = claim("handover-load-ratio", **facts, ratio=times(after["deals_ratio"]))
    return [said] if after["deals_ratio"] < 1.5 else [said, claim("handover-load-share")]


def handover_sections(found: Handover) -> Iterator[tuple[str, list[Block]]]:
    """Headings and blocks of the brief, in their order."""
    yield "", [Answer(handover_answer(found)), handover_figures(found)]
    parts = [
        (claim("handover-heading-work"), _work(found), "handover_work", claim("handover-table-work")),
        (claim("handover-heading-promises"), found.promises, "handover_promises", claim("handover-table-promises")),
        (claim("handover-heading-deals"), _deals(found), "handover_deals", claim("handover-table-deals")),
        (claim("handover-heading-customers"), _customers(found), "handover_customers",
         claim("handover-table-customers")),
    ]  # fmt: skip
    for heading, frame, file, caption in parts:
        yield str(heading), _table(frame, file, caption, found)
    load = handover_load(found)
    yield str(claim("handover-heading-load")), [Prose(load)] if load else []
    limits = [claim("handover-limits-promises"), claim("handover-limits-names")]
    yield str(claim("handover-heading-limits")), [Limits(limits)]


def _table(frame: pd.DataFrame, file: str, caption: Claim, found: Handover) -> list[Block]:
    if frame.empty:
        return []
    shown = DataTable(
        without_empty(frame), name=file, caption=caption, currency=found.currency,
        rows=8,
    )  # fmt: skip
    return [shown]


def _work(found: Handover) -> pd.DataFrame:
    lines = pd.DataFrame(work_lines(found.work, found.currency), columns=["step", "reason"])
    return pd.concat([found.work[["by_when", "customer_id", "opportunity_id", "at_stake"]], lines], axis=1)


def _deals(found: Handover) -> pd.DataFrame:
    made = found.deals.drop(columns="risks").reset_index()
    return made.assign(warns=[_first(RISK_WORDS, some) for some in found.deals["risks"]])


def _customers(found: Handover) -> pd.DataFrame:
    made = found.customers.drop(columns="signs").reset_index()
    made["state"] = [str(STATE_WORDS.term(state)) if state else None for state in made["state"]]
    return made.assign(warns=[_first(SIGN_WORDS, some) for some in found.customers["signs"]])


def _first(words, codes: tuple[str, ...]) -> str | None:
    if not codes:
        return None
    said = str(words.claim(codes[0], **({"days": days(FRESH_DAYS)} if words is SIGN_WORDS else {})))
    return said[:1].upper() + said[1:]


def follow_ups(work: pd.DataFrame, *, currency: str) -> Iterator[tuple[Day, str, str]]:
    """Steps of the worklist as a calendar takes them: the day, what to do about whom, and why."""
    for row in work.itertuples():
        step, who = work_step(row), name(row.customer_id)
        about = claim("handover-event", customer=who, step=step)
        if is_known(row.opportunity_id):
            about = claim("handover-event-deal", deal=name(row.opportunity_id), customer=who, step=step)
        yield row.by_when.date(), plain(about), plain(work_reason(row, currency=currency))


def calendar(events: Iterable[tuple[Day, str, str]], *, made_at: datetime) -> bytes:
    """Whole days with a summary and a description as a calendar that others read; a step's name stays from day to day.

    References
    ----------
    RFC 5545, Internet Calendaring and Scheduling.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//crmlib//follow-ups//EN", "CALSCALE:GREGORIAN"]
    for day, summary, description in events:
        uid = sha256(f"{day}\n{summary}".encode()).hexdigest()[:32]
        lines += [
            "BEGIN:VEVENT", f"UID:{uid}@crmlib.invalid", f"DTSTAMP:{made_at:%Y%m%dT%H%M%SZ}",
            f"DTSTART;VALUE=DATE:{day:%Y%m%d}", f"SUMMARY:{_escaped(summary)}",
            f"DESCRIPTION:{_escaped(description)}", "TRANSP:TRANSPARENT", "END:VEVENT",
        ]  # fmt: skip
    folded = [part for line in [*lines, "END:VCALENDAR"] for part in _folded(line)]
    return b"".join(part + b"\r\n" for part in folded)


def _escaped(text: str) -> str:
    """Text of a property: no sign of it ends the line or the value (RFC 5545, 3.3.11)."""
    bare = sub(r"[\x00-\x09\x0b-\x1f\x7f\u2028\u2029]", " ", text.replace("\r\n", "\n"))
    return bare.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> Iterator[bytes]:
    part = b""
    for sign in line:
        octets = sign.encode("utf-8", "replace")
        if len(part) + len(octets) > LINE_OCTETS:
            yield part
            part = b" "
        part += octets
    yield part
