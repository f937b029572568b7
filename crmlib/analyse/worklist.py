"""One worklist: what to do next about each customer and each open deal, why, by when, for how much, by whom."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from crmlib.analyse.customers.states import lifecycle_stages
from crmlib.analyse.offers.result import BEST_SELLER, Offers
from crmlib.analyse.pipeline.leads import Newcomers, score_newcomers
from crmlib.analyse.pipeline.overdue import Overdue, overdue_opportunities
from crmlib.analyse.pipeline.team import TeamWork, team_work
from crmlib.analyse.value.scorecard import Scorecard, workspace_scorecard
from crmlib.analyse.value.valuations import HELP, customer_actions, customer_valuations
from crmlib.analyse.voice.satisfaction import Satisfaction, customers_to_call
from crmlib.analyse.voice.themes import open_deal_themes
from crmlib.measure.deals.contacts import customer_owners, employees_left
from crmlib.measure.indicators import compute_indicators
from crmlib.prepare.clock import closing_day
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import employee_codes, public_ids
from crmlib.schema.errors import ParameterError, SchemaError, nearest
from crmlib.schema.states import (
    BUYING,
    COLLECT,
    COUPON,
    DEVELOP,
    FOLLOW_UP,
    HAND_OVER,
    KEEP,
    LEAD,
    LIKELY,
    NEW,
    OFFER,
    PREVENT,
    PROSPECT,
    SERVE,
    WIN_BACK,
)

if TYPE_CHECKING:
    from crmlib.analyse.churn.model import ChurnModel
    from crmlib.analyse.promises import ModelWatch
    from crmlib.analyse.service.ahead import CasesAhead

PRECEDENCE = (HAND_OVER, COLLECT, FOLLOW_UP, WIN_BACK, PREVENT, SERVE, KEEP, DEVELOP, COUPON, OFFER)
"""Which of a customer's actions comes first: somebody must be there, money owed comes before selling, a deal that
waits before a new one, who has gone silent is won back, trouble is met before it comes, what troubles the valuable is
seen to before they are thanked, what is there is kept before more is sold, and what costs margin comes after what
does not."""

OF_BUYERS = (COLLECT, WIN_BACK, SERVE, KEEP, DEVELOP, COUPON)
"""What is done about customers who have bought: nothing else rules any of it out."""

OF_DEALS = (HAND_OVER, FOLLOW_UP)
"""What is done about open deals."""

RULED_OUT = {
    COLLECT: (DEVELOP, COUPON, OFFER),
    WIN_BACK: (SERVE, KEEP, DEVELOP, COUPON, OFFER),
    KEEP: (DEVELOP, COUPON),
    DEVELOP: (COUPON,),
}
"""What is not done with a customer of whom an action is called for: nothing more is sold to who has not paid, and no
discount is given away where something else is called for."""

OF_LISTS = (COUPON, SERVE)
"""Actions with a list and a message of their own; their effect is not tested, so lists leave a group out to compare."""

FIRST, ALSO = "first", "also"
BOOKS, RULE, PATTERN, PEERS, MODEL = "books", "rule", "pattern", "peers", "model"
EVIDENCE = (BOOKS, RULE, PATTERN, PEERS, MODEL)
"""What speaks for an action: the books, a rule set beforehand, how earlier deals went, comparable customers, or a
model's probability."""

STRONG, FAIR, WEAK = "strong", "fair", "weak"
STRENGTHS = (STRONG, FAIR, WEAK)


@dataclass(frozen=True, kw_only=True)
class Task:
    """A reason to act: what it calls for, the step, the days in which to take it, and what it rests on."""

    reason: str
    action: str
    step: str
    within_days: int
    source: str
    evidence: str
    strength: str = FAIR
    facts: tuple[str, ...] = ()


_STATE = ("spend_365d", "recency_days", "gap_overdue_ratio")
_DEAL = (
    *("deal_stage", "stage_age_days", "limit_days", "last_touch_days", "next_step", "next_planned_on"),
    "themes",
)
_GONE = ("spend_total", "order_count", "worth_a_year", "recency_days", "gap_overdue_ratio")
_ROOM = ("growth_potential", "growth_category", "growth_category_amount")
_OWED = ("overdue_amount", "overdue_days_max", "credit_grade")

# fmt: off
TASKS = (
    Task(reason="deal_owner_left", action=HAND_OVER, step="hand_over_deal", within_days=7,
         source="team", evidence=BOOKS, strength=STRONG, facts=("left_on", "last_contact", *_DEAL)),
    Task(reason="customer_owner_left", action=HAND_OVER, step="hand_over_customer", within_days=14,
         source="team", evidence=BOOKS, strength=STRONG, facts=("left_on", *_STATE)),
    Task(reason="invoice_overdue", action=COLLECT, step="ask_for_payment", within_days=7,
         source="invoices", evidence=BOOKS, strength=STRONG, facts=_OWED),
    Task(reason="deal_overdue", action=FOLLOW_UP, step="take_next_step", within_days=7,
         source="deals", evidence=PATTERN, facts=_DEAL),
    Task(reason="deal_unplanned", action=FOLLOW_UP, step="plan_contact", within_days=14,
         source="deals", evidence=BOOKS, strength=STRONG, facts=_DEAL),
    Task(reason=PROSPECT, action=FOLLOW_UP, step="settle_next_step", within_days=14,
         source="states", evidence=BOOKS, strength=STRONG),
    Task(reason=LEAD, action=FOLLOW_UP, step="make_first_contact", within_days=30,
         source="states", evidence=BOOKS, strength=STRONG, facts=("begin_pct",)),
    Task(reason="complaint_open", action=FOLLOW_UP, step="answer_complaint", within_days=3,
         source="voice", evidence=BOOKS, strength=STRONG, facts=("waited_days", "spend_365d")),
    Task(reason="unhappy", action=FOLLOW_UP, step="ask_what_went_wrong", within_days=14,
         source="voice", evidence=BOOKS, strength=STRONG, facts=("said_on", "score_pct", "spend_365d")),
    Task(reason="silent_owing", action=WIN_BACK, step="settle_then_prepaid", within_days=14,
         source="value", evidence=RULE, facts=(*_GONE, *_OWED)),
    Task(reason="silent_large", action=WIN_BACK, step="call_in_person", within_days=14,
         source="value", evidence=RULE, facts=_GONE),
    Task(reason="silent", action=WIN_BACK, step="write_once", within_days=30,
         source="value", evidence=RULE, facts=_GONE),
    Task(reason="case_likely", action=PREVENT, step="ask_how_it_works", within_days=14,
         source="service", evidence=RULE, facts=("product", "bought_on", "probability_pct", "ahead_days")),
    Task(reason="valuable_owing", action=KEEP, step="settle_then_talk", within_days=7,
         source="value", evidence=BOOKS, strength=STRONG, facts=(*_STATE, *_OWED)),
    Task(reason="valuable_late", action=KEEP, step="ask_what_is_missing", within_days=7,
         source="value", evidence=RULE, facts=(*_STATE, "stop_probability_pct")),
    Task(reason="valuable_likely_to_stop", action=KEEP, step="call_with_what_fits", within_days=30,
         source="value", evidence=MODEL, facts=(*_STATE, "stop_probability_pct", "stop_reason")),
    Task(reason="valuable", action=KEEP, step="thank_them", within_days=90,
         source="value", evidence=BOOKS, strength=STRONG, facts=(*_STATE, "stop_probability_pct")),
    Task(reason="valuable_in_service", action=SERVE, step="agree_service_level", within_days=30,
         source="service", evidence=RULE, facts=("spend_365d", *HELP, "proposed_hours")),
    Task(reason="room_to_grow", action=DEVELOP, step="show_category", within_days=30,
         source="value", evidence=PEERS, facts=(*_STATE, *_ROOM)),
    Task(reason="spend_rising", action=DEVELOP, step="offer_what_goes_with_it", within_days=30,
         source="value", evidence=BOOKS, facts=(*_STATE, "spend_trend")),
    Task(reason="bought_once", action=COUPON, step="send_coupon", within_days=14,
         source="states", evidence=RULE, facts=("spend_total", "recency_days")),
    Task(reason="likely_to_buy", action=OFFER, step="offer_product", within_days=30,
         source="offers", evidence=MODEL, facts=("product", "probability_pct", "price")),
)
# fmt: on
"""Every reason to act, once."""

FACTS = tuple(dict.fromkeys(fact for task in TASKS for fact in task.facts))
COLUMNS = (
    *("customer_id", "opportunity_id", "action", "turn", "reason", "step", "by_when", "at_stake"),
    *("owner_id", "evidence", "strength", "source", "also"),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Worklist:
    """What to do next, one row a customer or open deal and action.

    Attributes
    ----------
    table : DataFrame, what comes first for a customer before what comes also, the most money at stake first
        `customer_id`, `opportunity_id` (missing where it is about no deal), `action` (of
        `crmlib.schema.states.ACTIONS`), `turn` ("first": at most one row a customer, by `PRECEDENCE`; "also"),
        `reason` and `step` (codes, see `TASKS`), `by_when` (never before the closing moment), `at_stake`
        (account currency), `owner_id`, `evidence` (of `EVIDENCE`), `strength` (of `STRENGTHS`), `source` (which
        analysis), `also` (on a first row: the customer's other actions), then the figures that speak for it
        (`themes`: codes of what the notes of a deal speak of, the latest first, "|" between two).
    left_out : tuple of ModelWatch
        Models that are not heeded, because what they promised earlier did not come true.

    Examples
    --------
    See `worklist`.
    """

    table: pd.DataFrame = field(repr=False)
    as_of_on: pd.Timestamp
    currency: str = ""
    left_out: tuple["ModelWatch", ...] = field(default=(), repr=False)

    @property
    def first(self) -> pd.DataFrame:
        """The one thing to do first about each customer, and about deals of nobody known."""
        return self.table[self.table["turn"] == FIRST].reset_index(drop=True)

    def slice(self, action: str) -> pd.DataFrame:
        """All rows of one action, the most money at stake first."""
        return self.table.loc[self.slice_index(action)].reset_index(drop=True)

    def slice_index(self, action: str, *, about_deals: bool = False) -> pd.Index:
        """Where in the table the rows of an action stand, in the order of its slice; those about deals, if asked."""
        if action not in PRECEDENCE:
            raise ParameterError(f"action is {action!r}: give one of {', '.join(PRECEDENCE)}.")
        own = self.table[self.table["action"] == action]
        own = own[own["opportunity_id"].notna()] if about_deals else own
        return own.sort_values("at_stake", ascending=False, kind="stable", na_position="last").index

    def __repr__(self) -> str:
        day = self.as_of_on.date()
        return f"Worklist(rows={len(self.table)}, first={len(self.first)}, as_of={day})"

    def _repr_html_(self) -> str:
        return self.first[list(COLUMNS)].head(20).to_html(index=False)


def worklist(
    crm: Crm,
    *,
    valuations: pd.DataFrame | None = None,
    scorecard: Scorecard | None = None,
    churn: "ChurnModel | None" = None,
    overdue: Overdue | None = None,
    team: TeamWork | None = None,
    offers: Offers | None = None,
    ahead: "CasesAhead | None" = None,
    newcomers: Newcomers | None = None,
    stages: pd.Series | None = None,
    indicators: pd.DataFrame | None = None,
    only: Collection[str] = PRECEDENCE,
    ranks_leads: bool = True,
) -> Worklist:
    """What to do next about each customer and each open deal.

    Results that are at hand are taken; what is missing is computed where that is quick. Offers, and whom to call
    before a case, are taken only where they are given, since they are not.

    Parameters
    ----------
    valuations : DataFrame indexed by customer_id, optional
        As `customer_valuations` makes it. It says, with the next two, whom to keep, develop and win back.
    scorecard : Scorecard, optional
        Its `scores["total"]` says who is valuable.
    churn : ChurnModel, optional
        Its `scores` and `revenue_at_risk`. Without it the probability of having stopped is 1 less
        `probability_alive`. A model whose earlier promises did not come true is left out, see `left_out`.
    team : TeamWork, optional
        The deals of those who left.
    offers : Offers, optional
        The best new offer to each customer who buys.
    ahead : CasesAhead, optional
        Whom to call before a case arises; taken only where past days proved it.
    newcomers : Newcomers, optional
        Puts leads without a deal in the order of their chance, where that ranks better than chance.
    stages : Series customer_id -> state, optional
    indicators : DataFrame indexed by customer_id, optional
    only : collection of actions
        Leave all others out.
    ranks_leads : bool
        Learn the chance of leads where no `newcomers` are given.

    Raises
    ------
    ParameterError
        If `only` names what is no action, `valuations` is no table by customer, or a stage is no state.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> sold = pd.DataFrame({"opportunity_id": ["a", "b", "c"], "stage": "x", "owner_id": ["e1", "e2", "e1"],
    ...     "outcome": ["open", "open", "won"], "amount": [10.0, 20.0, 30.0], "created_at": "2024-01-01",
    ...     "closed_at": [None, None, "2024-01-09"], "customer_id": ["ann", "bob", "cem"]})
    >>> staff = pd.DataFrame({"employee_id": ["e1", "e2"], "left_on": [None, "2024-01-20"]})
    >>> found = worklist(Crm.from_frames(as_of="2024-01-31", opportunities=sold, employees=staff))
    >>> found.slice("hand_over")[["customer_id", "opportunity_id", "by_when", "at_stake"]]
      customer_id opportunity_id    by_when  at_stake
    0         bob              b 2024-02-07      20.0
    """
    unknown = set(only) - set(PRECEDENCE)
    if unknown:
        raise ParameterError(f"only names {sorted(unknown)[0]!r}: actions are {', '.join(PRECEDENCE)}.")
    known = {"valuations": valuations, "scorecard": scorecard, "churn": churn, "indicators": indicators}
    known |= {"newcomers": newcomers, "ranks_leads": ranks_leads}
    stages = lifecycle_stages(crm) if stages is None else stages
    known["left_out"] = _refuted(crm, churn=churn) if {KEEP, DEVELOP, WIN_BACK} & set(only) else ()
    table = _all_work(
        crm, only, stages=stages, overdue=overdue, team=team, offers=offers, ahead=ahead, **known
    )
    table["owner_id"] = employee_codes(crm, table["owner_id"])
    table["customer_id"] = public_ids(crm, table["customer_id"])
    return Worklist(table=table, as_of_on=closing_day(crm), currency=crm.currency, left_out=known["left_out"])


def action_list(crm: Crm, action: str) -> pd.DataFrame:
    """The rows of an action that has a list of its own, under the house's own customer numbers."""
    if action not in OF_LISTS:
        raise ParameterError(f"action: {action!r} has no list of its own.{nearest(action, OF_LISTS)}")
    figures, given = compute_indicators(crm), {}
    if {"spend_total", "order_count"} <= set(figures.columns):
        given = {"indicators": figures, "scorecard": workspace_scorecard(crm, figures, seed=0)}
    table = _all_work(crm, PRECEDENCE, stages=lifecycle_stages(crm), **given)
    return table[table["action"] == action].sort_values("at_stake", ascending=False, kind="stable")


def _all_work(
    crm: Crm,
    only: Collection[str],
    *,
    stages: pd.Series,
    overdue: Overdue | None = None,
    team: TeamWork | None = None,
    offers: Offers | None = None,
    ahead: "CasesAhead | None" = None,
    **known: Any,
) -> pd.DataFrame:
    """All rows, under the house's own numbers."""
    as_of_on = closing_day(crm)
    rows = [
        *_of_deals(crm, overdue, team, only, as_of_on),
        *_of_customers(crm, only, as_of_on, stages=stages, **known),
        *_of_offers(offers, stages, only, as_of_on),
        *(_of_voice(customers_to_call(crm), as_of_on) if FOLLOW_UP in only and "feedback" in crm else ()),
        *_of_service(crm, ahead, known.get("indicators"), only, as_of_on),
    ]
    table = _whole(rows)
    table = _turns(_not_ruled_out(table[table["action"].isin(list(only))]))
    table["owner_id"] = table["owner_id"].fillna(table["customer_id"].map(customer_owners(crm)))
    return table


def _refuted(crm: Crm, *, churn: "ChurnModel | None") -> tuple["ModelWatch", ...]:
    """Of the models that say who is likely to stop, those whose earlier promises speak against them."""
    from crmlib.analyse.promises import CHURN, DO_NOT_USE, VALUE, watch_model

    asked = [CHURN] * (churn is not None) + [VALUE]
    watched = [watch_model(crm, model=model) for model in asked]
    return tuple(watch for watch in watched if watch.verdict == DO_NOT_USE)


def _task(reason: str) -> Task:
    return next(task for task in TASKS if task.reason == reason)


def _rows(reason: str, found: pd.DataFrame, as_of_on: pd.Timestamp, **columns: object) -> pd.DataFrame:
    """Rows of one reason: what `found` knows of its facts, and the columns that are given."""
    task = _task(reason)
    facts = found[[name for name in task.facts if name in found]]
    made = facts.assign(
        reason=reason,
        action=task.action,
        step=task.step,
        evidence=task.evidence,
        strength=task.strength,
        source=task.source,
        by_when=as_of_on + pd.Timedelta(days=task.within_days),
    )
    made.attrs = {}
    return made.assign(**columns)


def _of_deals(
    crm: Crm, overdue: Overdue | None, team: TeamWork | None, only: Collection[str], as_of_on: pd.Timestamp
) -> Iterable[pd.DataFrame]:
    """Deals to hand over, deals that wait too long, and deals for which nothing is planned."""
    if "opportunities" not in crm or not {HAND_OVER, FOLLOW_UP} & set(only):
        return []
    if overdue is None:
        try:
            overdue = overdue_opportunities(crm)
        except ParameterError:
            return []
    team = team if team is not None else team_work(crm, overdue)
    named = {"stage": "deal_stage", "amount": "at_stake"}
    left, late, open_deals = (
        table.rename(columns=named).rename_axis("opportunity_id").reset_index()
        for table in (team.handover, overdue.table, overdue.unplanned)
    )
    themes = open_deal_themes(crm).map("|".join)
    left, late, open_deals = (
        table.assign(themes=table["opportunity_id"].map(themes)) for table in (left, late, open_deals)
    )
    bare = open_deals[~open_deals["opportunity_id"].isin(late["opportunity_id"])]
    made = []
    for reason, found in (("deal_owner_left", left), ("deal_overdue", late), ("deal_unplanned", bare)):
        whose = found[["opportunity_id", "customer_id", "owner_id", "at_stake"]]
        made.append(_rows(reason, found, as_of_on, **{name: whose[name] for name in whose}))
    known = late["next_step_on"].notna()
    proven = late["next_step_is_better"].eq(True) & known
    made[1]["by_when"] = late["next_step_on"].clip(lower=as_of_on).where(known, made[1]["by_when"])
    made[1]["strength"] = np.select([proven, late["is_clear"]], [STRONG, FAIR], WEAK)
    return made


def _of_customers(
    crm: Crm,
    only: Collection[str],
    as_of_on: pd.Timestamp,
    *,
    stages: pd.Series,
    indicators: pd.DataFrame | None = None,
    valuations: pd.DataFrame | None = None,
    churn: "ChurnModel | None" = None,
    left_out: tuple["ModelWatch", ...] = (),
    newcomers: Newcomers | None = None,
    ranks_leads: bool = True,
    **known: Any,
) -> Iterable[pd.DataFrame]:
    """Whom to keep, develop and win back, who owes money, who lost their owner, whom to speak to first."""
    made = [_in_state(stages, PROSPECT, as_of_on)]
    if FOLLOW_UP in only:
        made.append(_leads(crm, stages, newcomers, as_of_on, learns=ranks_leads))
    if "transactions" not in crm or "customer_id" not in crm.columns("transactions"):
        return made
    figures = compute_indicators(crm) if indicators is None else indicators
    if {COLLECT} & set(only) and "overdue_amount" in figures:
        owing = _with_ids(figures[figures["overdue_amount"] > 0])
        made.append(_rows("invoice_overdue", owing, as_of_on, **_stake(owing, "overdue_amount")))
    if HAND_OVER in only:
        made.append(_left_alone(crm, figures, stages, as_of_on))
    if COUPON in only:
        made.append(_bought_once(figures, stages, as_of_on))
    if not {KEEP, DEVELOP, WIN_BACK, SERVE} & set(only):
        return made
    if valuations is None:
        valuations = customer_valuations(crm, indicators=figures)
    refuted = {watch.model for watch in left_out}
    if "value" in refuted:
        valuations = valuations.drop(columns="probability_alive", errors="ignore")
    known["churn"] = None if "churn" in refuted else churn
    chosen = customer_actions(crm, valuations=valuations, indicators=figures, stages=stages, **known)
    for people in chosen.values():
        for reason, some in people.groupby("reason", sort=False):
            found = _with_ids(some)
            rows = _rows(str(reason), found, as_of_on, **_stake(found, "at_stake"))
            if "stop_probability_pct" in rows and (rows["evidence"] == MODEL).all():
                sure = rows["stop_probability_pct"] >= 100 * (1 + LIKELY) / 2
                rows["strength"] = np.where(sure, STRONG, FAIR)
            made.append(rows)
    return made


def _in_state(stages: pd.Series, state: str, as_of_on: pd.Timestamp) -> pd.DataFrame:
    found = _with_ids(stages[stages == state].to_frame())
    return _rows(state, found, as_of_on, customer_id=found["customer_id"], at_stake=np.nan)


def _leads(
    crm: Crm, stages: pd.Series, newcomers: Newcomers | None, as_of_on: pd.Timestamp, *, learns: bool
) -> pd.DataFrame:
    """Leads, with the chance that they begin where that says more than tossing a coin."""
    rows = _in_state(stages, LEAD, as_of_on)
    if newcomers is None and learns and len(rows):
        try:
            newcomers = score_newcomers(crm)
        except (ParameterError, SchemaError):
            return rows
    if newcomers is None or not newcomers.ranks:
        return rows
    return rows.assign(begin_pct=100 * rows["customer_id"].map(newcomers.table["probability"]))


def _left_alone(crm: Crm, figures: pd.DataFrame, stages: pd.Series, as_of_on: pd.Timestamp) -> pd.DataFrame:
    """Customers who buy, and whose owner has left."""
    owners, left = customer_owners(crm), employees_left(crm)
    theirs = owners[owners.isin(left.index)]
    buying = stages.index[stages.isin(BUYING)]
    found = _with_ids(figures[figures.index.isin(theirs.index) & figures.index.isin(buying)])
    owner = found["customer_id"].map(theirs)
    found["left_on"] = pd.to_datetime(owner.map(left.to_dict())).astype("datetime64[us]")
    spend = {} if "spend_365d" not in found else {"at_stake": found["spend_365d"]}
    given = {"customer_id": found["customer_id"], "owner_id": owner, "at_stake": np.nan} | spend
    return _rows("customer_owner_left", found, as_of_on, **given)


def _bought_once(figures: pd.DataFrame, stages: pd.Series, as_of_on: pd.Timestamp) -> pd.DataFrame:
    """New customers who have ordered once, and are not yet late."""
    known = {"order_count", "spend_total", "recency_days"} <= set(figures.columns)
    new = stages.reindex(figures.index).eq(NEW) if known else pd.Series(False, figures.index)
    once = new & figures["order_count"].eq(1) & figures["spend_total"].gt(0) if known else new
    found = _with_ids(figures[once])
    stake = found["spend_total"] if known else np.nan
    return _rows("bought_once", found, as_of_on, customer_id=found["customer_id"], at_stake=stake)


def _of_offers(
    offers: Offers | None, stages: pd.Series, only: Collection[str], as_of_on: pd.Timestamp
) -> Iterable[pd.DataFrame]:
    """The best offer to each customer who buys; best sellers are for those of whom nothing is known."""
    if offers is None or OFFER not in only:
        return []
    buying = stages.index[stages.isin(BUYING)]
    table = offers.table
    found = table[(table["kind"] != BEST_SELLER) & table["customer_id"].isin(buying)]
    found = found.drop_duplicates("customer_id").reset_index(drop=True)
    found = found.assign(probability_pct=100 * found["probability"])
    expected = found["probability"] * found["price"] * found["pieces"]
    worth = found["expected_margin"].fillna(expected)
    rows = _rows("likely_to_buy", found, as_of_on, customer_id=found["customer_id"], at_stake=worth)
    rows["by_when"] = found["due_on"].clip(lower=as_of_on).fillna(rows["by_when"])
    rows["strength"] = np.where(found["probability"] >= LIKELY, STRONG, WEAK)
    return [rows]


def _of_voice(found: pd.DataFrame, as_of_on: pd.Timestamp) -> Iterable[pd.DataFrame]:
    """Complaints to answer, and customers to ask what went wrong."""
    for reason, some in found.groupby("reason", sort=False):
        yield _rows(str(reason), some, as_of_on, **_stake(some, "spend_365d"))


def voice_work(crm: Crm, found: Satisfaction) -> Worklist:
    """The rows of the worklist that rest on what customers said, and no others; quick."""
    as_of_on = closing_day(crm)
    table = _turns(_whole(_of_voice(found.to_call, as_of_on)))
    table["owner_id"] = employee_codes(crm, table["customer_id"].map(customer_owners(crm)))
    table["customer_id"] = public_ids(crm, table["customer_id"])
    return Worklist(table=table, as_of_on=as_of_on, currency=crm.currency)


def _of_service(
    crm: Crm,
    ahead: "CasesAhead | None",
    indicators: pd.DataFrame | None,
    only: Collection[str],
    as_of_on: pd.Timestamp,
) -> Iterable[pd.DataFrame]:
    """Whom to call before a case arises, where calling them was proven; at stake is the chance of the year's spend."""
    if ahead is None or not ahead.is_proven or PREVENT not in only:
        return []
    figures = compute_indicators(crm, ("spend_365d",)) if indicators is None else indicators
    found = ahead.table.rename(columns={"chance_pct": "probability_pct"}).assign(ahead_days=float(ahead.days))
    stake = found["customer_id"].map(figures["spend_365d"]) * found["probability_pct"] / 100
    return [_rows("case_likely", found, as_of_on, customer_id=found["customer_id"], at_stake=stake)]


def _with_ids(table: pd.DataFrame) -> pd.DataFrame:
    bare = table.rename_axis("customer_id")
    bare.attrs = {}
    return bare.reset_index()


def _stake(found: pd.DataFrame, column: str) -> dict[str, pd.Series]:
    return {"customer_id": found["customer_id"], "at_stake": found[column]}


def _whole(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """All rows under one another, with all columns, of fixed kinds."""
    filled = [part for part in parts if len(part)]
    names = [*COLUMNS, *FACTS]
    table = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=names)
    table = table.reindex(columns=names)
    for name in ("customer_id", "opportunity_id", "owner_id"):
        table[name] = table[name].astype("object").where(table[name].notna(), None)
    table["at_stake"] = table["at_stake"].astype("float64")
    table["by_when"] = pd.to_datetime(table["by_when"]).astype("datetime64[us]")
    return table


def _not_ruled_out(table: pd.DataFrame) -> pd.DataFrame:
    """Leave out what another action for the same customer rules out, and the open deal's customer as a prospect."""
    kept = pd.Series(True, index=table.index)
    for action, others in RULED_OUT.items():
        whose = table.loc[table["action"] == action, "customer_id"]
        kept &= ~(table["action"].isin(others) & table["customer_id"].isin(whose.dropna()))
    in_a_deal = table.loc[table["opportunity_id"].notna(), "customer_id"].dropna()
    kept &= ~(table["reason"].isin((PROSPECT, LEAD)) & table["customer_id"].isin(in_a_deal))
    return table[kept]


def _turns(table: pd.DataFrame) -> pd.DataFrame:
    """Mark the first action of each customer by the rule of precedence; of equals the one with more at stake."""
    place = table["action"].map({action: number for number, action in enumerate(PRECEDENCE)})
    whose = table["customer_id"].where(table["customer_id"].notna(), table["opportunity_id"])
    order = table.assign(_place=place.astype("int64"), _whose=whose.astype("str"))
    ranked = order.sort_values(
        ["_place", "at_stake", "opportunity_id", "begin_pct", "_whose"],
        ascending=[True, False, True, False, True],
        kind="stable",
        na_position="last",
    )
    is_first = ~ranked["_whose"].duplicated()
    ranked["turn"] = np.where(is_first, FIRST, ALSO)
    others = ranked[~is_first].groupby("_whose")["action"].agg(lambda some: tuple(dict.fromkeys(some)))
    also = ranked["_whose"].map(others.to_dict()).where(is_first)
    ranked["also"] = [found if isinstance(found, tuple) else () for found in also]
    ranked = ranked.sort_values(
        ["turn", "at_stake", "_place"], ascending=[False, False, True], kind="stable", na_position="last"
    )
    return ranked.drop(columns=["_place", "_whose"]).reset_index(drop=True)
