"""The one picture of what happened with a customer: orders, talks, cases, opinions and deals along time."""

import pandas as pd

from crmlib.analyse.people.contacts import ROLES, ContactMap
from crmlib.analyse.people.decisions import GIVEN, DecisionTree
from crmlib.analyse.people.panorama import Panorama
from crmlib.present.blocks.trees import MOST_ROWS, Node, TimePicture, TimeRow, TreePicture
from crmlib.present.claims import Family, claim, count, date, days, money, name, names, number, share
from crmlib.present.numbers import is_known
from crmlib.present.reports.people.say import ROLE_WORDS, person

WHATS = ("deal", "order", "visit", "contact", "plan", "case", "complaint", "feedback")
WHAT_WORDS = Family("people-what", WHATS)


def history_picture(found: Panorama) -> TimePicture:
    """Dots on a line of time, one row a kind of event; deals and cases as long as they last."""
    history, today = found.history, found.as_of_on
    rows, said = [], []
    for what in WHATS:
        own = history[history["what"] == what]
        if len(own):
            ended = own["ended_on"].fillna(today).clip(upper=today) if what in ("deal", "case") else None
            rows.append(TimeRow(str(WHAT_WORDS.term(what)), own["began_on"], ended))
            said.append(
                claim("people-picture-history-kind", kind=WHAT_WORDS.term(what), events=count(len(own)))
            )
    title = claim("people-picture-history", events=count(len(history)), day=date(history["began_on"].min()))
    alt = claim("people-picture-history-alt", kinds=names(map(str, said)))
    return TimePicture(rows, today=today, title=title, alt=alt)


def deal_picture(found: Panorama, tree: DecisionTree) -> TreePicture:
    """Who decides about a deal, and below each who sways them."""
    nodes = []
    for row in tree.people.itertuples():
        stance = number(row.stance) if is_known(row.stance) else count(None)
        note = claim("people-node-stance", stance=stance, touches=count(int(row.touch_count)))
        if is_known(row.tie_source) and row.tie_source != GIVEN:
            note = claim("people-node-estimated", said=note)
        who = person(found.contacts, row.Index)
        label = claim("people-role-person", role=ROLE_WORDS.term(row.decision_role), person=who) if (
            row.decision_role in ROLES
        ) else who  # fmt: skip
        nodes.append(Node(row.depth, str(label), str(note), bool(row.stance < 0)))
    title = claim("people-picture-deal", deal=name(tree.opportunity_id))
    return TreePicture(nodes, title=title, alt=claim("people-picture-deal-alt", people=count(len(nodes))))


def people_picture(known: ContactMap) -> TreePicture:
    """Who reports to whom, and how long ago each was spoken to."""
    nodes = []
    for row in known.people.itertuples():
        silence = days(row.last_days) if is_known(row.last_days) else count(None)
        by = name(row.known_by) if is_known(row.known_by) else count(None)
        note = claim("people-node-contact", silence=silence, who=by)
        nodes.append(Node(row.depth, str(person(known, row.Index)), str(note), not row.is_fresh))
    alt = claim("people-picture-people-alt", people=count(len(nodes)))
    return TreePicture(nodes, title=claim("people-picture-people"), alt=alt)


def family_picture(found: Panorama) -> TreePicture:
    """The group that the customer belongs to: who owns whom, what each spends and owes; nearest units first."""
    nodes = []
    family = found.family.loc[
        [*(near := _nearest(found.family)), *found.family.index.difference(near, sort=False)]
    ]
    for row in family.itertuples():
        held = share(row.held_pct) if is_known(row.held_pct) and row.depth else count(None)
        spend, owed = money(row.spend_365d, found.currency), row.overdue_amount
        owes = is_known(owed) and owed > 0
        note = claim("people-node-unit", held=held, spend=spend)
        if owes:
            note = claim("people-node-owing", held=held, owed=money(owed, found.currency))
        label = claim("people-unit-own" if row.is_own else "people-unit", customer=name(row.Index))
        nodes.append(Node(int(row.depth), str(label), str(note), bool(owes)))
    alt = claim("people-picture-family-alt", units=count(len(nodes)))
    return TreePicture(nodes, title=claim("people-picture-family", units=count(len(nodes))), alt=alt)


def _nearest(family: pd.DataFrame) -> list[str]:
    """So many units as a picture shows, in the order of the family: who stands above, below, then beside."""
    (own,) = family.index[family["is_own"]]
    above = [own]
    while (parent := family.at[above[-1], "parent_id"]) in family.index:
        above.append(parent)
    chosen = dict.fromkeys(above[:MOST_ROWS])
    below = {own}
    for unit, parent in family["parent_id"].items():
        if parent in below:
            below.add(unit)
    for kin in (below, set(family.index)):
        for unit, parent in family["parent_id"].items():
            if len(chosen) < MOST_ROWS and unit in kin and parent in chosen:
                chosen[unit] = None
    return [unit for unit in family.index if unit in chosen]
