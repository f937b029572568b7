"""One worklist: what to do next about each customer and each open deal, why, by when, for how much, by whom."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from crmlib.analyse.customers.states import is_late, is_likely, lifecycle_stages, of_buyers
from crmlib.analyse.offers.result import BEST_SELLER, Offers
from crmlib.analyse.pipeline.newcomers import Newcomers, score_newcomers
from crmlib.analyse.pipeline.overdue import Overdue, overdue_opportunities
from crmlib.analyse.pipeline.team import TeamWork, team_work
from crmlib.analyse.value.scorecard import TOP_SHARE, Scorecard, workspace_scorecard
from crmlib.analyse.value.valuations import customer_valuations
from crmlib.measure.deals.contacts import customer_owners, employees_left
from crmlib.measure.indicators import compute_indicators
from crmlib.prepare.clock import in_zone
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import employee_codes, public_ids
from crmlib.schema.errors import ParameterError, SchemaError, nearest
from crmlib.schema.states import (
    BUYING,
    COLLECT,
    COUPON,
    DECLINING,
    DEVELOP,
    FOLLOW_UP,
    HAND_OVER,
    KEEP,
    LEAD,
    LIKELY,
    NEW,
    OFFER,
    PROSPECT,
    SERVE,
    SILENT,
    WIN_BACK,
    require_states,
)

if TYPE_CHECKING:
    from crmlib.analyse.churn.model import ChurnModel

PRECEDENCE = (HAND_OVER, COLLECT, FOLLOW_UP, WIN_BACK, SERVE, KEEP, DEVELOP, COUPON, OFFER)
"""Which of a customer's actions comes first: somebody must be there, money owed comes before selling, a deal that
waits before a new one, who has gone silent is won back, what troubles the valuable is seen to before they are thanked,
what is there is kept before more is sold, and what costs margin comes after what does not."""

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

OFTEN_CASES = 2
"""A valuable customer with so many service requests within a year, answered late, is offered a service level."""

POOR_CREDIT = ("D", "E")
"""The grades with which money comes before the next order."""

RISING_TENURE_DAYS, RISING_TREND = 180, 0.05
"""Spend can rise from one 90 days to the next only for who was a customer in both; by a tenth at least."""

_LEARNT_FROM = (
    "spend_total",
    "spend_365d",
    "recency_days",
    "tenure_days",
    "order_count",
    "gap_overdue_ratio",
)

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
_DEAL = ("deal_stage", "stage_age_days", "limit_days", "last_touch_days", "next_step", "next_planned_on")
_GONE = ("spend_total", "order_count", "worth_a_year", "recency_days", "gap_overdue_ratio")
_ROOM = ("growth_potential", "growth_category", "growth_category_amount")
_HELP = ("case_count_365d", "first_response_hours_mean")
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
    Task(reason="silent_owing", action=WIN_BACK, step="settle_then_prepaid", within_days=14,
         source="value", evidence=RULE, facts=(*_GONE, *_OWED)),
    Task(reason="silent_large", action=WIN_BACK, step="call_in_person", within_days=14,
         source="value", evidence=RULE, facts=_GONE),
    Task(reason="silent", action=WIN_BACK, step="write_once", within_days=30,
         source="value", evidence=RULE, facts=_GONE),
    Task(reason="valuable_owing", action=KEEP, step="settle_then_talk", within_days=7,
         source="value", evidence=BOOKS, strength=STRONG, facts=(*_STATE, *_OWED)),
    Task(reason="valuable_late", action=KEEP, step="ask_what_is_missing", within_days=7,
         source="value", evidence=RULE, facts=(*_STATE, "stop_probability_pct")),
    Task(reason="valuable_likely_to_stop", action=KEEP, step="call_with_what_fits", within_days=30,
         source="value", evidence=MODEL, facts=(*_STATE, "stop_probability_pct", "stop_reason")),
    Task(reason="valuable", action=KEEP, step="thank_them", within_days=90,
         source="value", evidence=BOOKS, strength=STRONG, facts=(*_STATE, "stop_probability_pct")),
    Task(reason="valuable_in_service", action=SERVE, step="agree_service_level", within_days=30,
         source="service", evidence=RULE, facts=("spend_365d", *_HELP, "usual_response_hours")),
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
        analysis), `also` (on a first row: the customer's other actions), then the figures that speak for it.
    as_of_on : Timestamp
    currency : str

    Examples
    --------
    See `worklist`.
    """

    table: pd.DataFrame = field(repr=False)
    as_of_on: pd.Timestamp
    currency: str = ""

    @property
    def first(self) -> pd.DataFrame:
        """The one thing to do first about each customer, and about deals of nobody known."""
        return self.table[self.table["turn"] == FIRST].reset_index(drop=True)

    def slice(self, action: str) -> pd.DataFrame:
        """All rows of one action, the most money at stake first.

        Parameters
        ----------
        action : str

        Returns
        -------
        DataFrame
        """
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
    newcomers: Newcomers | None = None,
    stages: pd.Series | None = None,
    indicators: pd.DataFrame | None = None,
    only: Collection[str] = PRECEDENCE,
) -> Worklist:
    """What to do next about each customer and each open deal.

    Results that are at hand are taken; what is missing is computed where that is quick. Offers are taken only
    where they are given, since they are not.

    Parameters
    ----------
    crm : Crm
    valuations : DataFrame indexed by customer_id, optional
        As `customer_valuations` makes it. It says, with the next two, whom to keep, develop and win back.
    scorecard : Scorecard, optional
        Its `scores["total"]` says who is valuable.
    churn : ChurnModel, optional
        Its `scores` and `revenue_at_risk`. Without it the probability of having stopped is 1 less
        `probability_alive`.
    overdue : Overdue, optional
    team : TeamWork, optional
        The deals of those who left.
    offers : Offers, optional
        The best new offer to each customer who buys.
    newcomers : Newcomers, optional
        Puts leads without a deal in the order of their chance, where that ranks better than chance.
    stages : Series customer_id -> state, optional
    indicators : DataFrame indexed by customer_id, optional
    only : collection of actions
        Leave all others out.

    Returns
    -------
    Worklist

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
    known["newcomers"] = newcomers
    stages = lifecycle_stages(crm) if stages is None else stages
    table = _all_work(crm, only, stages=stages, overdue=overdue, team=team, offers=offers, **known)
    table["owner_id"] = employee_codes(crm, table["owner_id"])
    table["customer_id"] = public_ids(crm, table["customer_id"])
    return Worklist(table=table, as_of_on=_closing_day(crm), currency=crm.currency)


def action_list(crm: Crm, action: str) -> pd.DataFrame:
    """The rows of an action that has a list of its own, under the house's own customer numbers."""
    if action not in OF_LISTS:
        raise ParameterError(f"action: {action!r} has no list of its own.{nearest(action, OF_LISTS)}")
    figures, given = compute_indicators(crm), {}
    if {"spend_total", "order_count"} <= set(figures.columns):
        given = {"indicators": figures, "scorecard": workspace_scorecard(crm, figures, seed=0)}
    table = _all_work(crm, PRECEDENCE, stages=lifecycle_stages(crm), **given)
    return table[table["action"] == action].sort_values("at_stake", ascending=False, kind="stable")


def _closing_day(crm: Crm) -> pd.Timestamp:
    return in_zone(crm.as_of, time_zone=crm.time_zone).tz_localize(None).normalize().as_unit("us")


def _all_work(
    crm: Crm,
    only: Collection[str],
    *,
    stages: pd.Series,
    overdue: Overdue | None = None,
    team: TeamWork | None = None,
    offers: Offers | None = None,
    **known: Any,
) -> pd.DataFrame:
    """All rows, under the house's own numbers."""
    as_of_on = _closing_day(crm)
    rows = [
        *_of_deals(crm, overdue, team, only, as_of_on),
        *_of_customers(crm, only, as_of_on, stages=stages, **known),
        *_of_offers(offers, stages, only, as_of_on),
    ]
    table = _whole(rows)
    table = _turns(_not_ruled_out(table[table["action"].isin(list(only))]))
    table["owner_id"] = table["owner_id"].fillna(table["customer_id"].map(customer_owners(crm)))
    return table


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
    crm: Crm,
    overdue: Overdue | None,
    team: TeamWork | None,
    only: Collection[str],
    as_of_on: pd.Timestamp,
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
    newcomers: Newcomers | None = None,
    **known: Any,
) -> Iterable[pd.DataFrame]:
    """Whom to keep, develop and win back, who owes money, who lost their owner, whom to speak to first."""
    made = [_in_state(stages, PROSPECT, as_of_on)]
    if FOLLOW_UP in only:
        made.append(_leads(crm, stages, newcomers, as_of_on))
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


def customer_actions(
    crm: Crm,
    *,
    valuations: pd.DataFrame,
    scorecard: Scorecard | None = None,
    churn: "ChurnModel | None" = None,
    stages: pd.Series | None = None,
    indicators: pd.DataFrame | None = None,
) -> dict[str, pd.DataFrame]:
    """Whom to keep, to develop and to win back: action -> customers, the most money at stake first, nobody twice.

    To win back are the dormant and the lost, nobody else, of whom those go on the list who spent, a year while
    they came, at least as much as the median customer. Of the others the most valuable fifth (by the scorecard's
    total; else by profit, future contribution or spend, whichever is known first) are to be kept, and of the
    rest those to be developed who have room to grow, are neither declining nor late by their own habit, and pay.
    A service level is offered to those of the valuable who needed help more than once in a year and wait longer for it
    than others. A model's probability counts only for who buys by the state; of two models, that of churn speaks.
    """
    if not isinstance(valuations, pd.DataFrame) or "spend_365d" not in valuations:
        raise ParameterError("valuations must be the table that crmlib.customer_valuations makes.")
    stages = lifecycle_stages(crm) if stages is None else stages
    require_states(stages.dropna().unique())
    table = _gathered(crm, valuations, scorecard, churn, stages, indicators)
    gone, top = table["stage"].isin(SILENT), _most_valuable(table)
    kept = _kept(table[top & ~gone & (table["spend_365d"] > 0)])
    return {
        WIN_BACK: _won_back(table[gone], table["worth_a_year"]),
        SERVE: _served(kept, indicators),
        KEEP: kept,
        DEVELOP: _developed(table[~gone & ~table.index.isin(kept.index)]),
    }


def _gathered(
    crm: Crm,
    valuations: pd.DataFrame,
    scorecard: Scorecard | None,
    churn: "ChurnModel | None",
    stages: pd.Series,
    indicators: pd.DataFrame | None,
) -> pd.DataFrame:
    """One row per customer with all that the lists are made from."""
    known = indicators is not None and set(_LEARNT_FROM) <= set(indicators.columns)
    figures = indicators[list(_LEARNT_FROM)] if known else compute_indicators(crm, _LEARNT_FROM)
    figures = figures.reindex(valuations.index)
    figures.attrs = {}
    own = valuations[[name for name in valuations if name not in figures]].copy()
    own.attrs = {}
    table = figures.join(own)
    if churn is not None:
        table["stop_probability"] = churn.scores.reindex(table.index)
        for name, given in (("revenue_at_risk", "revenue_at_risk"), ("stop_reason", "reasons")):
            if getattr(churn, given, None) is not None:
                table[name] = getattr(churn, given).reindex(table.index)
    elif "probability_alive" in table:
        table["stop_probability"] = 1 - table["probability_alive"]
    table["stage"] = stages.reindex(table.index).astype("object")
    for name in ("stop_probability", "revenue_at_risk", "stop_reason"):
        if name in table:
            table[name] = of_buyers(table["stage"], table[name])
    if "stop_probability" in table and not table["stop_probability"].notna().any():
        table = table.drop(columns="stop_probability")
    if "stop_probability" in table:
        table["stop_probability_pct"] = 100 * table["stop_probability"]
    if scorecard is not None:
        table["score"] = scorecard.scores["total"].reindex(table.index)
    came = (table["tenure_days"] - table["recency_days"]).clip(lower=365)
    table["worth_a_year"] = table["spend_total"] * 365 / came
    gap = table.get("usual_gap_days", pd.Series(np.nan, index=table.index))
    table["silence"] = table["gap_overdue_ratio"].fillna(table["recency_days"] / gap)
    return table


def _most_valuable(table: pd.DataFrame) -> pd.Series:
    ways = ("score", "profit_365d", "future_contribution", "spend_365d")
    by = next((name for name in ways if name in table and table[name].notna().any()), "spend_365d")
    return (table[by].rank(pct=True, method="max") > 1 - TOP_SHARE) & table[by].notna()


def _kept(table: pd.DataFrame) -> pd.DataFrame:
    """What may be lost of each; where no risk is known, the year's spend."""
    if "revenue_at_risk" in table:
        stake = table["revenue_at_risk"].fillna(0.0)
    elif "stop_probability" in table:
        stake = table["spend_365d"] * table["stop_probability"].fillna(0.0)
    else:
        stake = table["spend_365d"]
    chance = table.get("stop_probability", pd.Series(np.nan, index=table.index))
    reason = pd.Series("valuable", index=table.index)
    reason[is_likely(table["stage"], chance)] = "valuable_likely_to_stop"
    reason[is_late(table["silence"])] = "valuable_late"
    reason[_in_arrears(table)] = "valuable_owing"
    return _ranked(table.assign(at_stake=stake, reason=reason))


def _served(kept: pd.DataFrame, indicators: pd.DataFrame | None) -> pd.DataFrame:
    """The valuable who asked for help more than once in a year, and wait longer for an answer than half of all do."""
    if indicators is None or not set(_HELP) <= set(indicators.columns):
        return kept.head(0)
    usual = float(indicators[_HELP[1]].median())
    some = kept.join(indicators[list(_HELP)].reindex(kept.index))
    some = some[(some[_HELP[0]] >= OFTEN_CASES) & (some[_HELP[1]] > usual)]
    reason = "valuable_in_service"
    return _ranked(some.assign(at_stake=some["spend_365d"], reason=reason, usual_response_hours=usual))


def _developed(table: pd.DataFrame) -> pd.DataFrame:
    chance = table.get("stop_probability", pd.Series(0.0, index=table.index))
    healthy = ~is_late(table["silence"]) & ~is_likely(table["stage"], chance) & (table["stage"] != DECLINING)
    healthy &= ~_in_arrears(table) & (table["spend_365d"] > 0)
    if "profit_365d" in table:
        healthy &= ~(table["profit_365d"] < 0)
    if "growth_potential" in table:
        some = table[healthy & (table["growth_potential"] > 0)]
        return _ranked(some.assign(at_stake=some["growth_potential"], reason="room_to_grow"))
    if "spend_trend" not in table:
        return _ranked(table.head(0).assign(at_stake=0.0, reason="spend_rising"))
    some = table[
        healthy & (table["spend_trend"] >= RISING_TREND) & (table["tenure_days"] >= RISING_TENURE_DAYS)
    ]
    stake = some.get("future_contribution", some["spend_365d"])
    return _ranked(some.assign(at_stake=stake.fillna(0.0), reason="spend_rising"))


def _won_back(table: pd.DataFrame, worth: pd.Series) -> pd.DataFrame:
    large = worth.quantile(1 - TOP_SHARE)
    reason = pd.Series("silent", index=table.index)
    reason[table["worth_a_year"] >= large] = "silent_large"
    reason[_in_arrears(table)] = "silent_owing"
    some = table.assign(at_stake=table["worth_a_year"], reason=reason)
    return _ranked(some[(some["at_stake"] > 0) & (some["at_stake"] >= worth.median())])


def _in_arrears(table: pd.DataFrame) -> pd.Series:
    if "credit_grade" not in table:
        return pd.Series(False, index=table.index)
    return table["credit_grade"].isin(POOR_CREDIT) & (table["overdue_amount"] > 0)


def _ranked(table: pd.DataFrame) -> pd.DataFrame:
    """Most money at stake first; of equals the customer with more spend, then by identifier."""
    order = table.assign(_id=table.index.astype("str"))
    by = ["at_stake", "spend_total", "_id"]
    return order.sort_values(by, ascending=[False, False, True], kind="stable").drop(columns="_id")


def _in_state(stages: pd.Series, state: str, as_of_on: pd.Timestamp) -> pd.DataFrame:
    found = _with_ids(stages[stages == state].to_frame())
    return _rows(state, found, as_of_on, customer_id=found["customer_id"], at_stake=np.nan)


def _leads(crm: Crm, stages: pd.Series, newcomers: Newcomers | None, as_of_on: pd.Timestamp) -> pd.DataFrame:
    """Leads, with the chance that they begin where that says more than tossing a coin."""
    rows = _in_state(stages, LEAD, as_of_on)
    if newcomers is None and len(rows):
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
    expected = found["probability"] * found["price"]
    worth = found["expected_margin"].fillna(expected)
    rows = _rows("likely_to_buy", found, as_of_on, customer_id=found["customer_id"], at_stake=worth)
    rows["by_when"] = found["due_on"].clip(lower=as_of_on).fillna(rows["by_when"])
    rows["strength"] = np.where(found["probability"] >= LIKELY, STRONG, WEAK)
    return [rows]


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
