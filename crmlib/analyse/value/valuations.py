"""Five valuations of each customer: future contribution, loyalty, credit, growth potential, profitability.

They say whom to keep, to develop, to win back and to serve: nobody twice, the most money at stake first.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from crmlib.analyse.customers.states import is_late, is_likely, lifecycle_stages, of_buyers
from crmlib.analyse.service.cases import proposed_hours
from crmlib.analyse.value.potential import (
    CREDIT_GRADES,
    CREDIT_UNITS,
    GROWTH_UNITS,
    LOYALTY_UNITS,
    LOYALTY_WEIGHTS,
    credit_valuation,
    growth_valuation,
    loyalty_marks,
    loyalty_valuation,
)
from crmlib.analyse.value.scorecard import TOP_SHARE, Scorecard
from crmlib.measure.indicators import compute_indicators
from crmlib.measure.purchases.worth import (
    buying_habits,
    category_spend,
    invoice_totals,
    serving_costs,
    why_missing,
)
from crmlib.prepare.crm import Crm
from crmlib.prepare.engine import require_columns
from crmlib.schema.columns import Told
from crmlib.schema.errors import CrmlibError, ParameterError
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
        DEVELOP: _developed(table[~gone & (kept.index.get_indexer(table.index) < 0)]),
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
    reason[is_late(table["gap_overdue_ratio"])] = "valuable_late"
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


PROFIT_UNITS = {
    "margin_total": "currency",
    "margin_365d": "currency",
    "serving_cost_total": "currency",
    "serving_cost_365d": "currency",
    "profit_total": "currency",
    "profit_365d": "currency",
    "profit_share_pct": "%",
}
"""Column -> unit."""


def profit_valuation(margins: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """What is left of each customer's margin after the cost to serve."""
    table = pd.DataFrame(index=margins.index)
    for name in ("total", "365d"):
        cost = costs[f"serving_cost_{name}"].reindex(margins.index).fillna(0.0)
        table[f"serving_cost_{name}"] = cost
        table[f"profit_{name}"] = margins[f"margin_{name}"].astype("float64") - cost
    everyone = float(table["profit_365d"].sum())
    table["profit_share_pct"] = 100 * table["profit_365d"] / everyone if everyone > 0 else np.nan
    names = [name for name in PROFIT_UNITS if name in table]
    return table[names]


FUTURE_UNITS = {
    "probability_alive": "0 to 1",
    "expected_purchases": "purchases",
    "expected_average_spend": "currency",
    "future_contribution": "currency",
}
"""Column -> unit; what the model of purchases expects within its horizon."""

SPEND_UNITS = {"spend_total": "currency", "spend_365d": "currency"}

VALUATIONS = {
    "future": tuple(FUTURE_UNITS),
    "loyalty": tuple(LOYALTY_UNITS),
    "credit": tuple(CREDIT_UNITS),
    "growth": (*GROWTH_UNITS, "spend_trend"),
    "profitability": tuple(PROFIT_UNITS),
}
"""Valuation -> its columns."""

_UNITS = {
    **SPEND_UNITS, **FUTURE_UNITS, **LOYALTY_UNITS, **CREDIT_UNITS, **GROWTH_UNITS, "spend_trend": "-1 to 1",
    **PROFIT_UNITS,
}  # fmt: skip
LEFT_OUT = ("not_given", "no_category", "no_due_date", "no_credit_limit", "no_margin")
"""Why a column is not here, although no table and no column of the workspace is missing for it."""

_NEEDS_GROWTH = {"products": "category"}


def customer_valuations(
    crm: Crm,
    *,
    future: Any = None,
    indicators: pd.DataFrame | None = None,
    segments: pd.Series | None = None,
    hourly_cost: float | None = None,
) -> pd.DataFrame:
    """What each customer is worth, seen from five sides, in one table.

    Parameters
    ----------
    crm : Crm
        With `transactions`. A valuation whose table or column is missing is absent.
    future : FutureContribution, optional
        As `crmlib.analyse.lifetime.future.future_contribution` makes it, which is called where none is given.
    indicators : DataFrame indexed by customer_id, optional
        As `compute_indicators` makes it; what is not in it is computed.
    segments : Series customer_id -> segment, optional
        Who is compared with whom for the growth potential; see `growth_valuation`.
    hourly_cost : float, optional
        What an hour of contact costs, in account currency; see `serving_costs`.

    Returns
    -------
    DataFrame indexed by customer_id, sorted; customers with a purchase
        `spend_total` and `spend_365d`, then the columns of `VALUATIONS` that can be had, which
        `loyalty_valuation`, `credit_valuation`, `growth_valuation` and `profit_valuation` explain. In
        ``attrs``: `left_out` (column -> why it is not here: a code of `LEFT_OUT`, or what the workspace lacks with
        the line of crm.toml that brings it), `units` (column -> unit), `currency`, `notes` (valuation -> what it
        rests on: the margin in percent of `future`; "segment" or "thirds", the peers of `growth`; the invoices
        added to each customer's for `credit`; which costs are `counted` and `not_counted` in `profitability`).

    Raises
    ------
    SchemaError
        If there is no table of transactions, or it does not say who bought.
    ParameterError
        If `segments` is no Series.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({
    ...     "order_id": ["1", "2", "3"], "customer_id": ["ann", "ann", "bob"], "product_id": "tea",
    ...     "ordered_at": ["2024-01-01", "2024-01-11", "2024-01-25"], "net_amount": [10.0, 20.0, 5.0],
    ...     "cost_amount": [4.0, 8.0, 2.0]})
    >>> crm = Crm.from_frames(as_of="2024-01-31", currency="EUR", transactions=lines)
    >>> future = SimpleNamespace(table=pd.DataFrame({"probability_alive": [0.9, 0.8]}, index=["ann", "bob"]))
    >>> worth = customer_valuations(crm, future=future)
    >>> worth[["spend_365d", "probability_alive", "profit_365d"]]
                 spend_365d  probability_alive  profit_365d
    customer_id
    ann                30.0                0.9         18.0
    bob                 5.0                0.8          3.0
    >>> worth.attrs["left_out"]["credit_grade"]
    'transactions has no column paid_on. Map it in crm.toml under [tables.transactions.columns].'
    """
    require_columns(crm.table("transactions"), ["customer_id"], table_name="transactions")
    rhythm = buying_habits(crm)
    figures = _figures(crm, indicators, ["spend_total", "spend_365d", "spend_trend", "category_count",
                                         "margin_total", "margin_365d"])  # fmt: skip
    left_out: dict[str, str] = {}
    notes: dict[str, Any] = {}
    given = figures.reindex(rhythm.index)
    parts = [
        given[list(SPEND_UNITS)],
        _future(crm, future, left_out, notes),
        *_categories(crm, rhythm, given, segments, left_out, notes),
        _profitability(crm, figures, rhythm.index, hourly_cost, left_out, notes),
    ]
    parts.insert(3, _credit(crm, left_out, notes))
    table = pd.concat([_plain(part).reindex(rhythm.index) for part in parts], axis=1)
    table.attrs = {
        "left_out": Told(left_out),
        "units": Told({name: _UNITS[name] for name in table.columns}),
        "currency": crm.currency,
        "notes": Told(notes),
    }
    return table


def _plain(part: pd.DataFrame) -> pd.DataFrame:
    bare = part.copy()
    bare.attrs = {}
    return bare


def _figures(crm: Crm, given: pd.DataFrame | None, names: Iterable[str]) -> pd.DataFrame:
    have = pd.DataFrame() if given is None else given
    missing = [name for name in names if name not in have]
    if not missing:
        return have
    computed = compute_indicators(crm, missing)
    if given is None:
        return computed
    table = pd.concat([_plain(have), _plain(computed)], axis=1)
    table.attrs = {"left_out": computed.attrs["left_out"]}
    return table


def _future(crm: Crm, future: Any, left_out: dict[str, str], notes: dict[str, Any]) -> pd.DataFrame:
    if future is None:
        from crmlib.analyse.lifetime.future import future_contribution

        try:
            future = future_contribution(crm)
        except CrmlibError as error:
            left_out.update(dict.fromkeys(FUTURE_UNITS, str(error)))
            return pd.DataFrame()
    margin = getattr(future, "margin_pct", None)
    notes["future"] = margin
    names = [name for name in FUTURE_UNITS if name in future.table]
    missing = [name for name in FUTURE_UNITS if name not in names]
    left_out.update(dict.fromkeys(missing, "not_given"))
    return future.table[names]


def _categories(
    crm: Crm,
    rhythm: pd.DataFrame,
    given: pd.DataFrame,
    segments: pd.Series | None,
    left_out: dict[str, str],
    notes: dict[str, Any],
) -> list[pd.DataFrame]:
    """Loyalty, which asks how widely a customer buys, and growth potential, which asks what else."""
    reason = why_missing({name: crm.columns(name) for name in crm.tables}, _NEEDS_GROWTH)
    if not reason:
        spend = category_spend(crm)
        sold = spend.attrs["categories_sold"]
        reason = "" if sold else "no_category"
    if reason:
        left_out.update(dict.fromkeys([*GROWTH_UNITS, "category_share_pct"], reason))
        return [loyalty_valuation(rhythm), given[["spend_trend"]]]
    growth = growth_valuation(spend, segments)
    notes["growth"] = "thirds" if segments is None else "segment"
    share = 100 * given["category_count"].astype("float64") / sold
    return [loyalty_valuation(rhythm, category_share_pct=share), growth, given[["spend_trend"]]]


def _credit(crm: Crm, left_out: dict[str, str], notes: dict[str, Any]) -> pd.DataFrame:
    columns = {name: crm.columns(name) for name in crm.tables}
    reason = why_missing(columns, {"transactions": "paid_on"})
    if not reason and why_missing(columns, {"customers": "payment_terms_days"}):
        reason = why_missing(columns, {"transactions": "due_on"})
    totals = pd.DataFrame() if reason else invoice_totals(crm)
    if totals.empty:
        reason = reason or "no_due_date"
        left_out.update(dict.fromkeys(CREDIT_UNITS, reason))
        return pd.DataFrame()
    credit = credit_valuation(totals)
    if "credit_used_pct" not in credit:
        reason = why_missing(columns, {"customers": "credit_limit"})
        left_out["credit_used_pct"] = reason or "no_credit_limit"
    notes["credit"] = credit.attrs["shrunk_by"]
    return credit


def _profitability(
    crm: Crm,
    figures: pd.DataFrame,
    buyers: pd.Index,
    hourly_cost: float | None,
    left_out: dict[str, str],
    notes: dict[str, Any],
) -> pd.DataFrame:
    names = ["margin_total", "margin_365d"]
    if not set(names) <= set(figures.columns):
        reason = figures.attrs.get("left_out", {}).get("margin_total", "no_margin")
        left_out.update(dict.fromkeys(PROFIT_UNITS, reason))
        return pd.DataFrame()
    costs = serving_costs(crm, hourly_cost=hourly_cost)
    margins = figures[names].reindex(buyers)
    notes["profitability"] = {name: list(costs.attrs[name]) for name in ("counted", "not_counted")}
    return margins.join(profit_valuation(margins, costs).drop(columns=names, errors="ignore"))


def growth_by_category(valuations: pd.DataFrame) -> pd.DataFrame:
    """In which categories the most room is, each customer counted with the one where theirs is largest."""
    if "growth_category" not in valuations:
        return pd.DataFrame({"customers": pd.Series(dtype="int64"), "amount": pd.Series(dtype="float64")})
    grouped = valuations.groupby("growth_category")["growth_category_amount"].agg(["size", "sum"])
    table = grouped.set_axis(["customers", "amount"], axis=1)
    return table.sort_values("amount", ascending=False, kind="stable")


def credit_by_grade(valuations: pd.DataFrame) -> pd.DataFrame:
    """Customers and amounts of each credit grade."""
    names = ["customers", "open_amount", "overdue_amount"]
    if "credit_grade" not in valuations or not valuations["credit_grade"].notna().any():
        return pd.DataFrame({name: pd.Series(dtype="float64") for name in names})
    grouped = valuations.groupby("credit_grade")
    table = grouped[names[1:]].sum()
    table.insert(0, "customers", grouped.size())
    return table.reindex(list(CREDIT_GRADES), fill_value=0)


def loyalty_table(valuations: pd.DataFrame) -> pd.DataFrame:
    """The marks that make up loyalty: what each counts for, and how customers do."""
    marks = loyalty_marks(valuations)
    return pd.DataFrame(
        {
            "weight_pct": 100 * pd.Series(LOYALTY_WEIGHTS)[marks.columns],
            "low": marks.quantile(0.25),
            "median": marks.median(),
            "high": marks.quantile(0.75),
            "known_pct": 100 * marks.notna().mean(),
        }
    )
