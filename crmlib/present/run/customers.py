"""Pages of customers: those at the top of a run's worklist with the links to them, and one for the command line."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import escape

from crmlib.prepare.encryption import encrypted_into, written_name
from crmlib.prepare.privacy import employee_codes, write_kept
from crmlib.prepare.workspace import open_workspace
from crmlib.present.needs import WORK, handed_on
from crmlib.present.publish.html import slug
from crmlib.present.publish.manifest import SITE_HREF, Facts
from crmlib.present.publish.publish import write_bytes, write_text
from crmlib.present.run.reports import workspace_folders
from crmlib.schema.errors import CrmlibError

FOLDER = "customers"
_CELL = re.compile(r"(<td data-customer[^>]*>)([^<]+)(?=</td>)")


def pages_wanted(crm: Any) -> int:
    """Customers that a run publishes a page for: ``[customers] pages`` of crm.toml."""
    settings = getattr(getattr(crm, "config", None), "customers", None)
    return getattr(settings, "pages", 0)


def publish_customers(
    crm: Any, staging: Path, *, handed: Path, facts: Facts, run: str, log: Any
) -> dict[str, str]:
    """Write the pages that are wanted and link to them from all tables; public name -> file.

    A page that cannot be made is left out, and the log says why.
    """
    work = handed_on(str(handed), WORK).get(WORK)
    if work is None:
        return {}
    write_kept(crm, WORK, {"table": work.table})
    wanted = pages_wanted(crm)
    if not wanted:
        return {}
    from crmlib.present.reports.people.show import CustomerPages

    context = {
        "workspace": facts.name, "data_up_to": facts.data_up_to, "run": run, "index_href": "../index.html",
        "site_href": f"../{SITE_HREF}",
    }  # fmt: skip
    pages = CustomerPages(crm, context=context)
    written = {}
    for customer in list(dict.fromkeys(work.first["customer_id"].dropna()))[:wanted]:
        try:
            written[str(customer)] = pages.write(customer, staging / FOLDER).name
        except CrmlibError as error:
            log.warning("no page for customer %s: %s", customer, error)
    for folder, prefix in ((staging, f"{FOLDER}/"), (staging / FOLDER, "")):
        for page in sorted(folder.glob("*.html")):
            html = page.read_text(encoding="utf-8")
            linked = with_links(html, written, prefix=prefix)
            if linked != html:
                write_text(page, linked)
    return written


def print_customer(
    workspace: Path, customer_id: str, *, out: Path, as_of: str | None = None, password: str | None = None
) -> int:
    """Write the page of one customer, say where it lies, and give the exit code."""
    from crmlib.present.reports.people.show import CustomerPages

    (folder,) = workspace_folders([workspace])
    crm = open_workspace(folder, as_of=as_of)
    try:
        with encrypted_into(out, password=password) as place:
            target = out / CustomerPages(crm).write(customer_id, place).name
    finally:
        crm.engine.close()
    print(f"Written: {written_name(target, password=password)}")
    return 0


def print_handover(
    workspace: Path,
    from_id: str,
    *,
    to_id: str,
    out: Path,
    as_of: str | None = None,
    password: str | None = None,
) -> int:
    """Write the brief of who hands over and its follow-ups for a calendar, say where they lie; the exit code."""
    from crmlib.analyse.people.handover import handover
    from crmlib.present.reports.people.handover import calendar, follow_ups, handover_sections, handover_title
    from crmlib.present.reports.people.show import CustomerPages, page_of

    (folder,) = workspace_folders([workspace])
    crm = open_workspace(folder, as_of=as_of)
    try:
        pages = CustomerPages(crm)
        found = handover(crm, from_id, to_id=to_id, work=pages.work, panoramas=pages.panoramas)
    finally:
        crm.engine.close()
    if found.customers.empty and found.deals.empty:
        print(f"{found.from_id} looks after no customer and no open deal.")
        return 3
    page = page_of(str(handover_title(found)), handover_sections(found), pages.context)
    brief, dates = (out / f"handover-{slug(found.from_id)}{kind}" for kind in (".html", ".ics"))
    with encrypted_into(out, password=password) as place:
        write_text(place / brief.name, page)
        write_bytes(
            place / dates.name, calendar(follow_ups(found.work, currency=found.currency), made_at=crm.as_of)
        )
    brief, dates = (written_name(path, password=password) for path in (brief, dates))
    print(f"Written: {brief}, and its follow-ups for a calendar: {dates}")
    return 0


def print_steps(
    workspace: Path, owner_id: str, *, out: Path, as_of: str | None = None, password: str | None = None
) -> int:
    """Write what comes first on the worklist for its owner as a calendar, say where it lies; the exit code."""
    from crmlib.analyse.worklist import FIRST
    from crmlib.present.reports.people.handover import calendar, follow_ups
    from crmlib.present.reports.people.show import work_at_hand

    (folder,) = workspace_folders([workspace])
    crm = open_workspace(folder, as_of=as_of)
    try:
        (owner,) = employee_codes(crm, pd.Series([owner_id.strip()]))
        work, is_whole = work_at_hand(crm)
    finally:
        crm.engine.close()
    own = work[work["turn"].eq(FIRST) & work["owner_id"].eq(owner)].sort_values("by_when", kind="stable")
    if own.empty:
        print(f"Nothing on the worklist is due from {owner}.")
        return 3
    dates = out / f"steps-{slug(owner)}.ics"
    with encrypted_into(out, password=password) as place:
        write_bytes(place / dates.name, calendar(follow_ups(own, currency=crm.currency), made_at=crm.as_of))
    told = "" if is_whole else f" Only what presses: `crmlib report {workspace}` makes the whole worklist."
    print(f"Written: {written_name(dates, password=password)}, {len(own)} steps.{told}")
    return 0


def with_links(html: str, pages: Mapping[str, str], *, prefix: str = "") -> str:
    """A page whose tables link to the pages of their customers."""
    known = {str(escape(customer)): file for customer, file in pages.items()}

    def linked(cell: re.Match[str]) -> str:
        file = known.get(cell[2])
        return f'{cell[1]}<a href="{prefix}{file}">{cell[2]}</a>' if file else cell[0]

    return _CELL.sub(linked, html)
