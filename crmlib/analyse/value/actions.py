"""Whom to keep, to develop, to win back and to serve: nobody twice, the most money at stake first."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from crmlib.analyse.customers.states import is_late, is_likely, lifecycle_stages, of_buyers
from crmlib.analyse.service.cases import proposed_hours
from crmlib.analyse.value.scorecard import TOP_SHARE, Scorecard
from crmlib.measure.indicators import compute_indicators
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError
from crmlib.schema.states import DECLINING, DEVELOP, KEEP, SERVE, SILENT, WIN_BACK, require_states

if TYPE_CHECKING:
    from crmlib.analyse.churn.model import ChurnModel

OFTEN_CASES = 2
"""A valuable customer with so many service requests within a year, answered later than is proposed, is offered it."""

POOR_CREDIT = ("D", "E")
"""The grades with which money comes before the next order."""

RISING_TENURE_DAYS, RISING_TREND = 180, 0.05
"""Spend can rise from one 90 days to the next only for who was a customer in both; by a tenth at least."""

HELP = ("case_count_365d", "first_response_hours_mean")
"""What shows who asks for help, and how long they wait for it."""

_LEARNT_FROM = (
    *("spend_total", "spend_365d", "recency_days", "tenure_days", "order_count", "gap_overdue_ratio"),
)


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
    than the level that is proposed for those who spend most. A model's probability counts only for who buys by the
    state; of two models, that of churn speaks.
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
        SERVE: _served(kept, indicators, proposed_hours(crm)),
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


def _served(kept: pd.DataFrame, indicators: pd.DataFrame | None, level: float) -> pd.DataFrame:
    """The valuable who asked for help more than once in a year, and wait longer for an answer than is proposed."""
    if indicators is None or not set(HELP) <= set(indicators.columns):
        return kept.head(0)
    some = kept.join(indicators[list(HELP)].reindex(kept.index))
    some = some[(some[HELP[0]] >= OFTEN_CASES) & (some[HELP[1]] > level)]
    reason = "valuable_in_service"
    return _ranked(some.assign(at_stake=some["spend_365d"], reason=reason, proposed_hours=level))


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
