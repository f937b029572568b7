"""What the worklist says: the answer, the largest of each kind, and why and what to do in each row."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.pipeline.leads import BEGIN_DAYS
from crmlib.analyse.worklist import (
    BOOKS,
    EVIDENCE,
    OF_LISTS,
    PATTERN,
    PRECEDENCE,
    RULE,
    STRENGTHS,
    TASKS,
    Worklist,
)
from crmlib.measure.deals.contacts import LOAD_DAYS
from crmlib.present.claims import Claim, Family, claim, count, date, days, money, name, names, share, times
from crmlib.present.needs import or_else
from crmlib.present.numbers import is_known
from crmlib.present.reports.models.say import taken_off
from crmlib.present.reports.voice.say import theme_words

WORK_ACTIONS = Family("work-action", PRECEDENCE)
WORK_PRECEDENCE = Family("work-place", PRECEDENCE)
WORK_REASONS = Family(
    "work-reason",
    tuple(task.reason for task in TASKS),
    facts=(
        *("left", "stage", "age", "limit", "touch", "spend", "owed", "days", "worth", "silence", "ratio"),
        *("chance", "room", "part", "category", "product", "bought", "ahead", "waited", "said", "score"),
        *("total", "cases", "answer", "usual", "begin", "within"),
    ),
)
WORK_STEPS = Family("work-step", tuple(dict.fromkeys(task.step for task in TASKS)), facts=("what",))
EVIDENCE_WORDS = Family("work-evidence", tuple(f"{one}_{how}" for one in EVIDENCE for how in STRENGTHS))

SOON_DAYS = 7
"""What is to be done within so many days is counted in the answer."""


def work_reason(row: Any, *, currency: str) -> Claim:
    """Why something is to be done, from the figures of a row; of a deal also what its notes speak of."""
    reason = _reason(row, currency)
    if not is_known(row.themes):
        return reason
    return claim(
        "work-reason-speaks", reason=reason, themes=names(map(theme_words, row.themes.split("|")), limit=3)
    )


def work_reasons(rows: pd.DataFrame, *, currency: str) -> np.ndarray:
    """`work_reason` of many rows in words, those of one reason at once."""
    said = np.empty(len(rows), dtype=object)
    speaks = rows["themes"].notna().to_numpy()
    for place in np.flatnonzero(speaks):
        said[place] = str(work_reason(next(rows.iloc[[place]].itertuples()), currency=currency))
    chance = rows["stop_probability_pct"].fillna(rows["probability_pct"])
    bare = rows.assign(stop_probability_pct=chance, place=range(len(rows)))[~speaks]
    for reason, some in bare.groupby("reason", sort=False):
        columns = SimpleNamespace(**dict(some.items()) | {"reason": reason})
        said[some["place"]] = _reason(columns, currency).texts(len(some))
    return said


def _reason(row: Any, currency: str) -> Claim:
    return WORK_REASONS.claim(
        row.reason,
        left=date(row.left_on),
        stage=name(row.deal_stage),
        age=days(row.stage_age_days),
        limit=days(row.limit_days),
        touch=days(row.last_touch_days),
        spend=money(row.spend_365d, currency),
        owed=money(row.overdue_amount, currency),
        days=days(row.overdue_days_max),
        worth=money(row.worth_a_year, currency),
        silence=days(row.recency_days),
        ratio=times(row.gap_overdue_ratio),
        chance=share(row.stop_probability_pct if is_known(row.stop_probability_pct) else row.probability_pct),
        room=money(row.growth_potential, currency),
        part=money(row.growth_category_amount, currency),
        category=name(row.growth_category),
        product=name(row.product),
        waited=days(row.waited_days),
        said=date(row.said_on),
        score=share(row.score_pct),
        bought=date(row.bought_on),
        ahead=days(row.ahead_days),
        total=money(row.spend_total, currency),
        begin=share(row.begin_pct),
        within=days(BEGIN_DAYS),
        cases=count(row.case_count_365d),
        answer=days(row.first_response_hours_mean / 24),
        usual=days(row.proposed_hours / 24),
    )


def work_step(row: Any) -> Claim:
    """What to do, from the figures of a row."""
    what = next((text for text in (row.next_step, row.growth_category, row.product) if is_known(text)), None)
    return WORK_STEPS.claim(row.step, what=count(None) if what is None else name(what))


def work_answer(work: Worklist) -> list[Claim]:
    """How much there is to do, where most of the money lies, and what to begin with."""
    first = work.first
    if first.empty:
        return [claim("work-answer-none")]
    until = work.as_of_on + pd.Timedelta(days=SOON_DAYS)
    soon = int((first["by_when"] <= until).sum())
    said = [claim("work-answer-one")]
    if len(first) > 1:
        said = [claim("work-answer-first", rows=count(len(first)), soon=count(soon), day=date(until))]
    sums = first.groupby("action")["at_stake"].sum().sort_values(ascending=False, kind="stable")
    if sums.iloc[0] > 0:
        stake, action = money(sums.iloc[0], work.currency), WORK_ACTIONS.term(sums.index[0])
        said.append(claim("work-answer-money", stake=stake, action=action))
    return [*said, *work_begin(work)]


@or_else(lambda missing: [])
def work_begin(work: Worklist) -> list[Claim]:
    """What to do first: the top of the list."""
    return work_begin_of(work.first)


def work_begin_of(rows: pd.DataFrame) -> list[Claim]:
    """What to do first: the top of some rows of the worklist."""
    top = next(rows.itertuples(), None)
    return [] if top is None else [claim("work-answer-begin", who=_who(top), step=work_step(top))]


def _who(row: Any) -> Claim:
    if is_known(row.opportunity_id):
        return claim("work-deal", deal=name(row.opportunity_id))
    return claim("work-customer", customer=name(row.customer_id))


TOP_KINDS = 6
"""So many kinds of action are named on top of the list, and on the index: those whose largest row is worth most."""


def work_top(work: Worklist) -> list[Claim]:
    """The largest row of the kinds of action with most at stake, in the order of precedence."""
    kinds = list(_kinds(work))
    stakes = pd.Series([own["at_stake"].max() for own in kinds], dtype="float64")
    most = stakes.sort_values(ascending=False, kind="stable", na_position="last").index[:TOP_KINDS]
    return [_top(kinds[place], work) for place in sorted(most)]


def _kinds(work: Worklist) -> Iterator[pd.DataFrame]:
    first = work.first
    for action in PRECEDENCE:
        own = first[first["action"] == action]
        if len(own):
            yield own.sort_values("at_stake", ascending=False, kind="stable", na_position="last")


def _top(own: pd.DataFrame, work: Worklist) -> Claim:
    row = next(own.itertuples())
    about_a_deal, with_money = is_known(row.opportunity_id), is_known(row.at_stake)
    given = {
        "action": WORK_ACTIONS.term(row.action),
        "day": date(row.by_when),
        "reason": work_reason(row, currency=work.currency),
    }
    if about_a_deal:
        given["deal"] = name(row.opportunity_id)
    else:
        given["customer"] = name(row.customer_id)
    if not with_money:
        return (
            claim("work-top-deal-only", **given) if about_a_deal else claim("work-top-customer-only", **given)
        )
    given["stake"] = money(row.at_stake, work.currency)
    given["rows"] = count(len(own), at=f"worklist.first[{row.action}]")
    return claim("work-top-deal", **given) if about_a_deal else claim("work-top-customer", **given)


def work_paragraph(work: Worklist) -> list[Claim]:
    """What the rows that come first rest on."""
    if work.first.empty:
        return []
    found = work.first["evidence"].value_counts()
    books, rules, deals = (count(int(found.get(name, 0))) for name in (BOOKS, RULE, PATTERN))
    others = count(int(found.drop([BOOKS, RULE, PATTERN], errors="ignore").sum()))
    said = claim("work-paragraph", books=books, rules=rules, deals=deals, others=others)
    return [said, claim("work-paragraph-more")]


def team_paragraph(team: pd.DataFrame) -> list[Claim]:
    """Whether what is due within four weeks can be done at the pace of the last four, what fits, and who could help."""
    here = team[team.index != ""]
    if here["touches_a_week"].isna().all():
        return []
    within = days(LOAD_DAYS)
    made = count(round(here["touches_a_week"].sum() * LOAD_DAYS / 7))
    steps = count(int(here["due_steps"].sum()))
    said = [claim("work-team", steps=steps, owners=count(len(here)), within=within, made=made)]
    over = here["due_steps"] > here["touches_a_week"] * LOAD_DAYS / 7
    if over.any():
        room = [name(owner) for owner in here.index[~over][::-1]]
        busy = [name(owner) for owner in here.index[over]]
        facts = {"busy": names(busy, limit=3), "n": count(len(busy))}
        said.append(
            claim("work-team-over", room=names(room[:3]), **facts) if room else claim("work-team-full")
        )
        held = (here["at_stake"] * here["fitting_pct"]).sum() / here["at_stake"].sum()
        if is_known(held):
            kept = count(int(here["fitting_steps"].sum()))
            said.append(claim("work-team-fits", kept=kept, part=share(held)))
    nobody = team.loc[team.index == "", "due_steps"].sum()
    return [*said, claim("work-team-nobody", steps=count(int(nobody)))] if nobody else said


def work_precedence(work: Worklist) -> list[Claim]:
    """By which rule one action comes before another."""
    there = set(work.table["action"])
    places = [WORK_PRECEDENCE.claim(action) for action in PRECEDENCE if action in there]
    return [claim("work-precedence"), *places, claim("work-ruled-out")] if places else []


def work_limits(work: Worklist) -> list[Claim]:
    """What the list does not say."""
    said = [
        *map(taken_off, work.left_out),
        claim("work-limits-one"),
        claim("work-limits-money"),
        claim("work-limits-days"),
    ]
    if work.table["action"].isin(OF_LISTS).any():
        said.append(claim("work-limits-untested"))
    has_offers = work.table["action"].eq("offer").any()
    return said if has_offers else [*said, claim("work-limits-without-offers")]
