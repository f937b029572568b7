"""The page of one customer: its figures, tables and pictures, and the page whole."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
from markupsafe import Markup

import crmlib
from crmlib.analyse.people.decisions import TIE_SOURCES
from crmlib.analyse.people.panorama import TRAITS, Panorama, Panoramas
from crmlib.analyse.stats.small_groups import OTHER
from crmlib.prepare.clock import closing_day
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import kept_or_made, read_kept, shows_pseudonyms
from crmlib.present.blocks import Answer, Block, DataTable, KeyFigure, KeyFigures, Limits, Prose
from crmlib.present.blocks.base import BLOCK_MIME
from crmlib.present.blocks.tables import without_empty
from crmlib.present.blocks.trees import FoldedTable
from crmlib.present.claims import Family, claim, count, days, money, name
from crmlib.present.needs import WORK
from crmlib.present.numbers import is_known
from crmlib.present.publish.html import ReportWriter, check_size, environment, slug
from crmlib.present.publish.publish import write_text
from crmlib.present.reports.people.draw import (
    WHAT_WORDS,
    deal_picture,
    family_picture,
    history_picture,
    people_picture,
)
from crmlib.present.reports.people.say import (
    ROLE_WORDS,
    customer_answer,
    customer_limits,
    deal_says,
    family_says,
    interest_says,
    people_signs,
    person,
    speaks_says,
    sway_says,
    work_lines,
)
from crmlib.schema.states import COLLECT, FOLLOW_UP, HAND_OVER, LEAD

TRAIT_WORDS = Family("people-trait", TRAITS)
OUTCOME_WORDS = Family("people-outcome", ("open", "won", "lost"))
TIE_WORDS = Family("people-tie", TIE_SOURCES)
PRESSING = (HAND_OVER, COLLECT, FOLLOW_UP)
"""Actions of the worklist that are told where no run has kept its own: they need no comparison of all customers."""


class CustomerPages:
    """Pages of customers of one workspace; what they have in common is computed once."""

    def __init__(self, crm: Crm, *, context: Mapping[str, str] | None = None) -> None:
        self.context = {
            "workspace_title": crm.name,
            "as_of": closing_day(crm).date().isoformat(),
            "crmlib": crmlib.__version__,
            "own_numbers": "" if shows_pseudonyms(crm) else str(claim("page-own-numbers")),
        } | dict(context or {})
        self.crm, self.panoramas = crm, Panoramas(crm)
        known = {"stages": self.panoramas.stages, "indicators": self.panoramas.figures}
        self._at_hand = partial(work_at_hand, crm, **known)
        self._names: dict[str, str] = {}
        self._rows: dict[bool, tuple[dict[str, pd.DataFrame], bool]] = {}

    @property
    def work(self) -> pd.DataFrame:
        """The worklist at hand, leads in the order of their chance."""
        return self._at_hand()[0]

    def _rows_of(self, *, ranks_leads: bool) -> tuple[dict[str, pd.DataFrame], bool]:
        """The rows of each customer, "" for none, and whether they are of the whole worklist."""
        if ranks_leads not in self._rows:
            table, is_whole = self._at_hand(ranks_leads=ranks_leads)
            self._rows[ranks_leads] = (
                dict(iter(table.groupby("customer_id"))) | {"": table.iloc[:0]},
                is_whole,
            )
        return self._rows[ranks_leads]

    def html(self, customer_id: str) -> tuple[str, str]:
        """The public name of a customer, given by number or pseudonym, and the page."""
        found = self.panoramas.of(customer_id)
        rows, is_whole = self._rows_of(ranks_leads=found.stage == LEAD)
        work = rows.get(found.public_id, rows[""])
        title = str(claim("people-title", customer=name(found.public_id)))
        sections = customer_sections(found, work, is_whole=is_whole, known=self.panoramas)
        return found.public_id, page_of(title, sections, self.context)

    def write(self, customer_id: str, folder: Path) -> Path:
        """Write one page into a folder, under the customer's public name."""
        public, html = self.html(customer_id)
        target = folder / f"customer-{self._name_of(public)}.html"
        folder.mkdir(parents=True, exist_ok=True)
        write_text(target, html)
        return target

    def _name_of(self, public: str) -> str:
        """A file name of its own for each customer: numbers may differ in signs that no file name has."""
        return self._names.setdefault(public, slug(public, set(self._names.values())))


def work_at_hand(crm: Crm, *, ranks_leads: bool = True, **known: Any) -> tuple[pd.DataFrame, bool]:
    """The worklist that the last run kept, or what presses of it; and whether it is the whole one.

    To learn the chance of leads takes a second: the page of who is none goes without.
    """
    from crmlib.analyse.worklist import worklist

    whole = read_kept(crm, WORK)
    name = "work-pressing" if ranks_leads else "work-unranked"
    found = whole or kept_or_made(
        crm, name, lambda: {"table": worklist(crm, only=PRESSING, ranks_leads=ranks_leads, **known).table}
    )
    return found["table"].assign(also=found["table"]["also"].map(tuple)), whole is not None


def page_of(title: str, sections: Iterable[tuple[str, list[Block]]], context: Mapping[str, str]) -> str:
    """A page of headings and blocks; a section without blocks is left out."""
    cells = [
        cell for heading, blocks in sections if blocks for cell in (_markdown(heading), *map(_shown, blocks))
    ]
    told = {"writer": ReportWriter(title=title), "title": title, "context": context, "show_code": False}
    html = environment().get_template("index.html.j2").render(resources=told, nb=SimpleNamespace(cells=cells))
    check_size(html, name=title)
    return html


def _markdown(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "source": f"## {text}" if text else ""}


def _shown(block: Block) -> dict[str, Any]:
    # No record and no files: nothing of the page goes into run.json, and its tables are small.
    html = block._html()
    data = {"text/html": html, "text/plain": Markup(html).striptags(), BLOCK_MIME: {"kind": block.kind}}
    return {"cell_type": "code", "source": "", "outputs": [{"output_type": "display_data", "data": data}]}


def customer_sections(
    found: Panorama, work: pd.DataFrame, *, is_whole: bool, known: Panoramas
) -> Iterator[tuple[str, list[Block]]]:
    """Headings and blocks, in the order of the page; a section without blocks is left out."""
    yield "", [Answer(customer_answer(found, work)), customer_figures(found)]
    yield str(claim("people-heading-next")), _next(found, work)
    yield str(claim("people-heading-deals")), list(_deals(found, work, known))
    speaks = speaks_says(found)
    yield str(claim("people-heading-speaks")), [Prose(speaks)] if speaks else []
    yield str(claim("people-heading-history")), _history(found)
    yield str(claim("people-heading-people")), _people(found)
    yield str(claim("people-heading-family")), _family(found)
    yield str(claim("people-heading-bought")), _bought(found)
    yield (
        str(claim("people-heading-who")),
        [*_traits(found), Limits(customer_limits(is_whole=is_whole, known=known))],
    )


def customer_figures(found: Panorama) -> KeyFigures:
    """Spend, orders, deals, debts, cases and the last contact, of those that are known."""
    known, currency = found.figures, found.currency
    figures = [
        (claim("people-figure-spend"), "spend_365d", money(known["spend_365d"], currency)),
        (claim("people-figure-orders"), "order_count", _count(known["order_count"])),
        (
            claim("people-figure-open"),
            "open_opportunity_amount",
            money(known["open_opportunity_amount"], currency),
        ),
        (claim("people-figure-overdue"), "overdue_amount", money(known["overdue_amount"], currency)),
        (claim("people-figure-cases"), "open_case_count", _count(known["open_case_count"])),
        (claim("people-figure-contact"), "last_contact_days", days(known["last_contact_days"])),
    ]
    return KeyFigures(
        *(KeyFigure(label=label, value=fact) for label, key, fact in figures if is_known(known[key]))
    )


def _count(value: Any) -> Any:
    return count(int(value) if is_known(value) else None)


def _next(found: Panorama, work: pd.DataFrame) -> list[Block]:
    lines = work_lines(work, found.currency)
    if not lines:
        return []
    table = pd.DataFrame(lines, columns=["step", "reason"])
    table.insert(1, "by_when", work["by_when"].to_numpy())
    table.insert(2, "opportunity_id", work["opportunity_id"].to_numpy())
    shown = table.loc[:, table.notna().any()]
    return [DataTable(shown, name="next", caption=claim("people-table-next"), download=False)]


def _deals(found: Panorama, work: pd.DataFrame, known: Panoramas) -> Iterator[Block]:
    for tree in found.trees:
        yield Prose(deal_says(found, tree.opportunity_id, work))
        if len(tree.people) > 1:
            yield deal_picture(found, tree)
    if any(tree.people["depth"].any() for tree in found.trees) and (said := sway_says(known.decisions)):
        yield Prose(said)
    if found.trees:
        yield FoldedTable(_deciders(found))


def _deciders(found: Panorama) -> DataTable:
    """The content of the pictures of decisions, as a table."""
    rows = [
        {
            "opportunity_id": tree.opportunity_id,
            "person": str(person(found.contacts, row.Index)),
            "decision_role": _word(ROLE_WORDS, row.decision_role),
            "stance": row.stance,
            "sways_person": str(person(found.contacts, row.sways_contact_id)) if row.depth else None,
            "tie_source": _word(TIE_WORDS, row.tie_source),
            "touch_count": row.touch_count,
        }
        for tree in found.trees
        for row in tree.people.itertuples()
    ]
    caption = claim("people-table-decisions")
    return DataTable(pd.DataFrame(rows), name="decisions", caption=caption, download=False)


def _word(words: Family, code: Any) -> str | None:
    return str(words.term(code)) if code in words.members else None


def _history(found: Panorama) -> list[Block]:
    if found.history.empty:
        return []
    last = found.history.sort_values("began_on", ascending=False, kind="stable")
    table = pd.DataFrame(
        {
            "event_kind": [_word(WHAT_WORDS, what) for what in last["what"]],
            "began_on": last["began_on"].to_numpy(),
            "ended_on": last["ended_on"].to_numpy(),
            "amount": last["amount"].to_numpy(),
            "outcome": [_word(OUTCOME_WORDS, one) for one in last["outcome"]],
        }
    )
    shown = DataTable(
        table.loc[:, table.notna().any()],
        name="history",
        caption=claim("people-table-history"),
        currency=found.currency,
        rows=8,
    )
    return [history_picture(found), shown]


def _people(found: Panorama) -> list[Block]:
    known = found.contacts
    if known is None:
        return []
    rows = [
        {
            "person": str(person(known, row.Index)),
            "department": row.department,
            "decision_role": _word(ROLE_WORDS, row.decision_role),
            "influence": row.influence,
            "influence_source": str(
                claim("people-influence-estimated") if row.is_estimate else claim("people-influence-stated")
            ),
            "last_on": row.last_on,
            "known_by": row.known_by,
        }
        for row in known.people.itertuples()
    ]
    caption = claim("people-table-people")
    shown = DataTable(pd.DataFrame(rows), name="people", caption=caption, download=False)
    signs = people_signs(found)
    return [*([Prose(signs)] if signs else []), people_picture(known), FoldedTable(shown)]


def _family(found: Panorama) -> list[Block]:
    if len(found.family) < 2:
        return []
    figures = ["spend_365d", "open_opportunity_amount", "overdue_amount"]
    table = found.family.rename_axis("customer_id")[["parent_id", "held_pct", *figures]].reset_index()
    shown = DataTable(
        without_empty(table),
        name="family",
        caption=claim("people-table-family"),
        currency=found.currency,
        download=False,
    )
    return [Prose(family_says(found)), family_picture(found), FoldedTable(shown)]


def _bought(found: Panorama) -> list[Block]:
    if found.bought.empty:
        return []
    shown = found.bought.rename(
        columns={"spend": "spend_365d", "usual": "usual_spend", "looks": "look_count"}
    )
    shown = shown.assign(is_stated=["✓" if one else None for one in shown["is_stated"]])
    shown["look_count"] = shown["look_count"].where(shown["look_count"] > 0)
    return [
        Prose(interest_says(found)),
        DataTable(
            without_empty(shown),
            name="bought",
            caption=claim("people-table-bought"),
            currency=found.currency,
            download=False,
        ),
    ]


def _traits(found: Panorama) -> list[Block]:
    known = found.traits.dropna().astype("str").replace(OTHER, str(claim("people-trait-rare")))
    if known.empty:
        return []
    words = [str(TRAIT_WORDS.term(one)) for one in known.index]
    table = pd.DataFrame({"trait": words, "known": known.to_numpy()})
    return [DataTable(table, name="who", caption=claim("people-table-traits"), download=False)]
