"""What the page of one customer says: the answer, what to do, who decides, and what warns."""

from typing import Any

import pandas as pd

from crmlib.analyse.people.contacts import ACCOUNT_SIGNS, FRESH_DAYS, ROLES, ContactMap
from crmlib.analyse.people.decisions import GAIN, GO_ON, MOVES, RISKS, Decisions
from crmlib.analyse.people.panorama import Panorama, Panoramas
from crmlib.analyse.voice.themes import WITHIN_A_WEEK
from crmlib.present.claims import (
    STATE_WORDS,
    Claim,
    Fact,
    Family,
    claim,
    count,
    date,
    days,
    interval,
    money,
    name,
    names,
    share,
)
from crmlib.present.numbers import is_known
from crmlib.present.reports.voice.say import theme_words
from crmlib.present.reports.worklist.say import work_reason, work_step

ROLE_WORDS = Family("people-role", ROLES)
RISK_WORDS = Family("people-risk", RISKS)
MOVE_WORDS = Family("people-move", MOVES, facts=("who", "via", "role"))
SIGN_WORDS = Family("people-sign", ACCOUNT_SIGNS, facts=("days",))

MOST_THEMES, MOST_ROOMS = 3, 3
"""So many themes that a customer talks about are told, the latest first; so many categories, the largest room first."""


def person(contacts: ContactMap | None, contact_id: Any) -> Claim | Fact:
    """A person by title and number, never by name or identifier."""
    if not is_known(contact_id):
        return count(None)
    there = contacts is not None and contact_id in contacts.people.index
    place = count(int(contacts.people.index.get_loc(contact_id)) + 1 if there else None)
    title = contacts.people.at[contact_id, "title"] if there else None
    if is_known(title):
        return claim("people-person", title=name(title), number=place)
    return claim("people-person-untitled", number=place)


def customer_answer(found: Panorama, work: pd.DataFrame) -> list[Claim]:
    """How the customer stands, what is open, and what to do first."""
    said = [_standing(found)]
    if len(found.deals):
        amount = money(found.deals["amount"].sum(min_count=1), found.currency)
        said.append(claim("people-answer-deals", deals=count(len(found.deals)), amount=amount))
    if len(work):
        row = next(work.itertuples())
        if is_known(row.opportunity_id):
            step = claim("people-answer-first-deal", deal=name(row.opportunity_id), step=work_step(row))
            return [*said, step]
        return [*said, claim("people-answer-first", step=work_step(row))]
    if len(found.deals):
        deal = next(found.deals.itertuples())
        move = deal_move(found, deal)
        return [*said, claim("people-answer-move", deal=name(deal.Index), move=move)]
    return [*said, claim("people-answer-nothing")]


def _standing(found: Panorama) -> Claim:
    spend, silence = found.figures["spend_365d"], found.figures["recency_days"]
    if not found.stage:
        return claim("people-answer-plain")
    state = STATE_WORDS.term(found.stage)
    if not is_known(silence):
        return claim("people-answer-not-yet", state=state)
    return claim(
        "people-answer-buyer", state=state, spend=money(spend, found.currency), silence=days(silence)
    )


def deal_move(found: Panorama, deal: Any) -> Claim:
    """The next conversation about a deal."""
    role = ROLE_WORDS.term(deal.next_role) if is_known(deal.next_role) else count(None)
    via = count(None) if deal.next_move == GAIN else person(found.contacts, deal.via_contact_id)
    who = person(found.contacts, deal.next_contact_id)
    return MOVE_WORDS.claim(deal.next_move, who=who, via=via, role=role)


def deal_says(found: Panorama, deal_id: str, work: pd.DataFrame) -> list[Claim]:
    """One open deal: how much, where it stands, the next conversation, and what warns; as the worklist has it."""
    deal = next(found.deals.loc[[deal_id]].itertuples())
    listed = next(work[work["opportunity_id"] == deal_id].itertuples(), None)
    risks = claim("people-deal-quiet")
    if deal.risks:
        risks = claim("people-deal-risks", found=RISK_WORDS.claim(deal.risks[0]))
    elif listed is not None:
        risks = claim("people-deal-listed", reason=work_reason(listed, currency=found.currency))
    is_listed = listed is not None and deal.next_move == GO_ON
    said = claim(
        "people-deal-says",
        deal=name(deal_id),
        amount=money(deal.amount, found.currency),
        stage=name(deal.stage),
        move=work_step(listed) if is_listed else deal_move(found, deal),
        risks=risks,
    )
    return [said]


def sway_says(known: Decisions | None) -> list[Claim]:
    """How far a stance follows that of who sways it, where the decisions of all deals tell."""
    if known is None or not known.sway_low > 0:
        return []
    likely = interval(100 * known.sway_low, 100 * known.sway_high, "share")
    return [claim("people-sway", part=share(100 * known.sway), likely=likely)]


def people_signs(found: Panorama) -> list[Claim]:
    """What is wrong with whom we know there."""
    signs = () if found.contacts is None else found.contacts.signs
    return [SIGN_WORDS.claim(sign, days=days(FRESH_DAYS)) for sign in signs]


def family_says(found: Panorama) -> list[Claim]:
    """What the group is worth as a whole, and what others of it buy that this customer does not."""
    family, currency = found.family, found.currency
    facts = {
        "units": count(len(family)),
        "spend": money(family["spend_365d"].sum(min_count=1), currency),
        "own": share(100 * family.loc[family["is_own"], "spend_365d"].sum() / family["spend_365d"].sum())
        if family["spend_365d"].sum() > 0
        else count(None),
    }
    said = [claim("people-family", **facts)]
    owed = family["overdue_amount"].sum(min_count=1)
    if is_known(owed) and owed > 0:
        said.append(claim("people-family-owes", owed=money(owed, currency)))
    if len(found.headroom):
        rooms = [
            claim("people-family-room-one", category=name(row.category), room=money(row.headroom, currency))
            for row in found.headroom.head(MOST_ROOMS).itertuples()
        ]
        said.append(claim("people-family-room", rooms=names(rooms)))
    return said


def speaks_says(found: Panorama) -> list[Claim]:
    """What the customer talks about, how such deals ended, and what won deals did then."""
    said = []
    for row in found.speaks.head(MOST_THEMES).itertuples():
        facts = {"theme": theme_words(row.theme), "texts": count(row.texts), "day": date(row.last_at)}
        likely = interval(row.won_low, row.won_high, "share")
        said.append(
            claim("people-speaks", won=share(row.won_pct), likely=likely, deals=count(row.decided), **facts)
        )
    for row in found.followed.head(1).itertuples():
        shares = {"won": share(row.won_pct), "lost": share(row.lost_pct)}
        what = (
            claim("people-then-week")
            if row.what == WITHIN_A_WEEK
            else claim("people-then-by", channel=name(row.what))
        )
        said.append(claim("people-then", theme=theme_words(row.theme), what=what, **shares))
    return said if found.followed.size or not said else [*said, claim("people-then-none")]


def work_lines(work: pd.DataFrame, currency: str) -> list[tuple[str, str]]:
    """What to do, and why, as rows of a table."""
    return [(str(work_step(row)), str(work_reason(row, currency=currency))) for row in work.itertuples()]


def customer_limits(*, is_whole: bool, known: Panoramas) -> list[Claim]:
    """What the page does not say; without the worklist of a run, what only that one tells; what is not kept."""
    partial = [] if is_whole else [claim("people-limits-work")]
    if known.decisions is None:
        partial.append(claim("people-limits-decisions"))
    elif known.influence is None:
        partial.append(claim("people-limits-contacts"))
    return [claim("people-limits-moment"), *partial, claim("people-limits-names")]


def interest_says(found: Panorama) -> list[Claim]:
    """What the customer looked at and has not bought, the most looked at first."""
    table = found.bought
    looked = table[(table["looks"] > 0) & (table["spend"] <= 0)].sort_values(
        "looks", ascending=False, kind="stable"
    )
    if looked.empty:
        return []
    return [claim("people-bought-looked", categories=names(name(one) for one in looked["category"]))]
