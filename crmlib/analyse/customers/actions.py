"""Lists for action: whom to keep, whom to develop, whom to win back, each with the reason and a step."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.customers.states import is_late, is_likely, lifecycle_stages, of_buyers
from crmlib.analyse.value.potential import amount, counted, figure, known, plain_name
from crmlib.measure.indicators import compute_indicators
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import public_ids
from crmlib.schema.errors import ParameterError
from crmlib.schema.states import DECLINING, DORMANT, LOST, SILENT, require_states

ACTION_STEPS = {
    "keep, late": "Call within a week and ask what is missing, before any offer.",
    "keep, likely to stop": "Call within a month with something that fits the last orders.",
    "keep, steady": "Thank them by name and give them a first look at what is new; no needless discount.",
    "keep, in arrears": "Settle the open invoices with them first, then speak of the next order.",
    "develop, category": "Show them {category} with their next order: comparable customers buy it.",
    "develop, rising": "Offer what goes with their last orders while their spend is rising.",
    "win back, large": "Call in person, ask why they stay away, and make one offer that fits what they bought.",
    "win back, small": "Write once, with something like their last order; no more if it goes unanswered.",
    "win back, in arrears": "Settle what is open before anything else; a new order against payment in advance.",
}
"""Situation -> what to do."""

POOR_CREDIT = ("D", "E")
"""The grades with which money comes before the next order."""


def suggest(table: pd.DataFrame) -> pd.Series:
    """The step for each row, from its situation."""
    names = table.get("growth_category", pd.Series(None, index=table.index, dtype="object"))
    said = [
        ACTION_STEPS[situation].format(category=plain_name(name))
        if situation == "develop, category"
        else ACTION_STEPS[situation]
        for situation, name in zip(table["situation"], names, strict=True)
    ]
    return pd.Series(said, index=table.index, dtype="str")


def keep_reason(row: dict, *, currency: str = "", horizon_days: int | None = None) -> str:
    """Why to keep a customer: what they spend, how long ago they bought, what may be lost."""
    parts = [f"Spent {amount(row['spend_365d'], currency)} in the last year", silence(row)]
    chance = row.get("stop_probability")
    if known(chance):
        said = f"{_share(chance)} likely to have stopped"
        if horizon_days:
            said = f"{_share(chance)} likely not to buy within {counted(horizon_days, 'day')}"
        if row.get("at_stake_is") == "risk":
            said += f", which puts {amount(row['at_stake'], currency)} at risk"
        parts.append(said)
    return f"{'; '.join(parts)}."


def develop_reason(row: dict, *, currency: str = "") -> str:
    """Why to develop a customer: what peers spend where this one does not, or the rising spend."""
    parts = [f"Spent {amount(row['spend_365d'], currency)} in the last year", silence(row)]
    if known(row.get("growth_potential")):
        parts.append(
            f"a quarter of comparable customers spend at least {amount(row['growth_potential'], currency)} "
            f"more a year, and at least {amount(row['growth_category_amount'], currency)} more on "
            f"{plain_name(row['growth_category'])}, of which this one buys little or nothing"
        )
    elif known(row.get("spend_trend")):
        trend = row["spend_trend"]
        parts.append(
            "came back in the last 90 days after 90 days without spend"
            if trend >= 1
            else f"{figure((1 + trend) / (1 - trend))} times as much in the last 90 days as in the 90 before"
        )
    return f"{'; '.join(parts)}."


def win_back_reason(row: dict, *, currency: str = "") -> str:
    """Why to win a customer back: what they brought a year while they came, and how long ago they bought last."""
    spent = f"Spent {amount(row['spend_total'], currency)} in {counted(row['order_count'], 'order')}"
    if abs(row["worth_a_year"] - row["spend_total"]) > 0.01 * abs(row["spend_total"]):
        spent += f", {amount(row['worth_a_year'], currency)} a year while they came"
    return f"{spent}; {silence(row)}."


def silence(row: dict) -> str:
    """How long ago the last purchase was, against the customer's own habit."""
    days, ratio = row["recency_days"], row.get("gap_overdue_ratio")
    if days < 1:
        return "bought on the last day"
    if known(ratio) and ratio >= 1.05:
        return f"last bought {counted(days, 'day')} ago, {figure(round(ratio, 1))} times the usual gap"
    return f"bought {counted(days, 'day')} ago"


def _share(chance: float) -> str:
    pct = 100 * chance
    if pct < 1:
        return "under 1 %"
    return f"{min(round(pct), 99)} %"


TOP_SHARE = 0.2
"""The most valuable fifth is worth keeping at some cost."""

RISING_TENURE_DAYS, RISING_TREND = 180, 0.05
"""Spend can rise from one 90 days to the next only for who was a customer in both; by a tenth at least."""

LEARNT_FROM = ("spend_total", "spend_365d", "recency_days", "tenure_days", "order_count", "gap_overdue_ratio")

# fmt: off
_FIGURES = (
    "at_stake", "spend_365d", "spend_total", "order_count", "recency_days", "gap_overdue_ratio",
    "stop_probability_pct", "stop_reason", "future_contribution", "profit_365d", "loyalty_score", "credit_grade",
    "growth_potential", "growth_category", "growth_category_amount", "spend_trend", "score", "stage",
)
# fmt: on
_OF_LIST = {
    "keep": ("growth_potential", "growth_category", "growth_category_amount", "spend_trend"),
    "develop": ("spend_total",),
    "win_back": (
        *("growth_potential", "growth_category", "growth_category_amount", "spend_trend"),
        *("stop_probability_pct", "stop_reason"),
    ),
}
"""Figures that a list does without. Of who is dormant or lost no model speaks."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ActionLists:
    """Three lists of customers; nobody is on two of them.

    Attributes
    ----------
    keep, develop, win_back : DataFrame, most money at stake first
        `customer_id` (as it may be shown), `reason` (a sentence made from the figures), `step` (what to do),
        `at_stake` (account currency: keep, what may be lost, or the year's spend where no risk is known;
        develop, the growth potential, or what is expected; win back, what the customer spent a year while
        they came), then those of the other figures that are known.
    candidates : dict of list -> how many customers qualify, those cut off at `most` among them
    at_stake : dict of list -> money at stake of all who qualify
    currency : str
    basis : dict of list -> how it was chosen, in words
    left_out : dict of list -> why it is empty
    chosen : dict of list -> DataFrame indexed by customer_id (the house's own)
        All who qualify, the most money at stake first, with the `situation` and the figures that speak for it.

    Examples
    --------
    See `action_lists`.
    """

    keep: pd.DataFrame = field(repr=False)
    develop: pd.DataFrame = field(repr=False)
    win_back: pd.DataFrame = field(repr=False)
    candidates: dict[str, int]
    at_stake: dict[str, float]
    currency: str = ""
    basis: dict[str, str] = field(default_factory=dict, repr=False)
    left_out: dict[str, str] = field(default_factory=dict, repr=False)
    chosen: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)

    def _repr_html_(self) -> str:
        parts = (("Keep", self.keep), ("Develop", self.develop), ("Win back", self.win_back))
        return "".join(f"<h4>{name}</h4>{table.head(10).to_html(index=False)}" for name, table in parts)


def action_lists(
    crm: Crm,
    *,
    valuations: pd.DataFrame,
    scorecard: Any = None,
    churn: Any = None,
    stages: pd.Series | None = None,
    most: int = 200,
    indicators: pd.DataFrame | None = None,
) -> ActionLists:
    """Whom to keep, whom to develop and whom to win back, the most money at stake first.

    To win back are the dormant and the lost, nobody else, of whom those go on the list who spent, a year while
    they came, at least as much as the median customer. Of the others the most valuable fifth (by the scorecard's
    total; else by profit, future contribution or spend, whichever is known first) go on the list to keep, and
    of the rest those with room to grow, who are neither declining nor late by their own habit and pay, on the
    list to develop. A model's probability counts only for who buys by the state.

    Parameters
    ----------
    crm : Crm
        Says whether customers are shown by pseudonyms.
    valuations : DataFrame indexed by customer_id
        As `customer_valuations` makes it.
    scorecard : Scorecard, optional
        Its `scores["total"]` says who is valuable.
    churn : ChurnModel, optional
        Its `scores` (probability to stop), `revenue_at_risk` and `horizon_days`. Without it the probability
        of having stopped is 1 less `probability_alive`.
    stages : Series customer_id -> state, optional
        As `lifecycle_stages` makes it, which is called where none is given.
    most : int
        At most so many customers on each list.
    indicators : DataFrame indexed by customer_id, optional
        As `compute_indicators` makes it; computed where it does not hold what is needed.

    Returns
    -------
    ActionLists

    Raises
    ------
    ParameterError
        If `most` is no whole number from 1 on, `valuations` is no table by customer, or a stage is none of the
        house's states.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> from crmlib.analyse.value.valuations import customer_valuations
    >>> from types import SimpleNamespace
    >>> lines = pd.DataFrame({
    ...     "order_id": list("123456"), "customer_id": ["ann"] * 3 + ["bob"] * 3, "product_id": "tea",
    ...     "ordered_at": ["2024-01-01", "2024-02-01", "2024-03-01", "2023-01-01", "2023-02-01", "2023-03-01"],
    ...     "net_amount": 50.0})
    >>> crm = Crm.from_frames(as_of="2024-03-11", currency="EUR", transactions=lines)
    >>> alive = pd.DataFrame({"probability_alive": [0.9, 0.1]}, index=["ann", "bob"])
    >>> worth = customer_valuations(crm, future=SimpleNamespace(table=alive))
    >>> lists = action_lists(crm, valuations=worth)
    >>> print(lists.keep["reason"].item())
    Spent EUR 150 in the last year; bought 10 days ago; 10 % likely to have stopped, which puts EUR 15 at risk.
    >>> lists.win_back[["customer_id", "at_stake"]].values.tolist()
    [['bob', 150.0]]
    """
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise ParameterError(f"most is {most!r}: give a whole number from 1 on, such as 200.")
    if not isinstance(valuations, pd.DataFrame) or "spend_365d" not in valuations:
        raise ParameterError("valuations must be the table that crmlib.customer_valuations makes.")
    stages = lifecycle_stages(crm) if stages is None else stages
    require_states(stages.dropna().unique())
    table = _gathered(crm, valuations, scorecard, churn, stages, indicators)
    gone = table["stage"].isin(SILENT)
    top, valued_by = _most_valuable(table)
    chosen = {
        "win_back": _won_back(table[gone], table["worth_a_year"]),
        "keep": _kept(table[top & ~gone & (table["spend_365d"] > 0)]),
    }
    kept = chosen["keep"].head(most).index
    chosen["develop"] = _developed(table[~gone & ~table.index.isin(kept)])
    horizon = getattr(churn, "horizon_days", None)
    says = {
        "keep": lambda row: keep_reason(row, currency=crm.currency, horizon_days=horizon),
        "develop": lambda row: develop_reason(row, currency=crm.currency),
        "win_back": lambda row: win_back_reason(row, currency=crm.currency),
    }
    return ActionLists(
        **{name: _shown(crm, chosen[name].head(most), says[name], _OF_LIST[name]) for name in says},
        candidates={name: len(chosen[name]) for name in says},
        at_stake={name: float(chosen[name]["at_stake"].sum()) for name in says},
        currency=crm.currency,
        basis=_basis(table, valued_by),
        left_out={name: _WHY_EMPTY[name] for name in says if chosen[name].empty},
        chosen=chosen,
    )


_WHY_EMPTY = {
    "keep": "None of the most valuable customers is still buying.",
    "develop": "No customer who buys as usual has room to grow that can be seen in these data.",
    "win_back": f"No customer worth at least the median is {DORMANT} or {LOST}.",
}


def _gathered(
    crm: Crm,
    valuations: pd.DataFrame,
    scorecard: Any,
    churn: Any,
    stages: pd.Series,
    indicators: pd.DataFrame | None,
) -> pd.DataFrame:
    """One row per customer with all that the lists are made from."""
    known = indicators is not None and set(LEARNT_FROM) <= set(indicators.columns)
    figures = indicators[list(LEARNT_FROM)] if known else compute_indicators(crm, LEARNT_FROM)
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


def _most_valuable(table: pd.DataFrame) -> tuple[pd.Series, str]:
    named = {
        "score": "the scorecard's total",
        "profit_365d": "the profit of the last year",
        "future_contribution": "the future contribution",
        "spend_365d": "the spend of the last year",
    }
    by = next((name for name in named if name in table and table[name].notna().any()), "spend_365d")
    values = table[by]
    return (values.rank(pct=True, method="max") > 1 - TOP_SHARE) & values.notna(), named[by]


def _kept(table: pd.DataFrame) -> pd.DataFrame:
    if "revenue_at_risk" in table:
        stake, kind = table["revenue_at_risk"].fillna(0.0), "risk"
    elif "stop_probability" in table:
        stake, kind = table["spend_365d"] * table["stop_probability"].fillna(0.0), "risk"
    else:
        stake, kind = table["spend_365d"], "spend"
    chance = table.get("stop_probability", pd.Series(np.nan, index=table.index))
    situation = pd.Series("keep, steady", index=table.index)
    situation[is_likely(table["stage"], chance)] = "keep, likely to stop"
    situation[is_late(table["silence"])] = "keep, late"
    situation[_in_arrears(table)] = "keep, in arrears"
    return _ranked(table.assign(at_stake=stake, at_stake_is=kind, situation=situation))


def _developed(table: pd.DataFrame) -> pd.DataFrame:
    chance = table.get("stop_probability", pd.Series(0.0, index=table.index))
    healthy = ~is_late(table["silence"]) & ~is_likely(table["stage"], chance) & (table["stage"] != DECLINING)
    healthy &= ~_in_arrears(table) & (table["spend_365d"] > 0)
    if "profit_365d" in table:
        healthy &= ~(table["profit_365d"] < 0)
    if "growth_potential" in table:
        some = table[healthy & (table["growth_potential"] > 0)]
        return _ranked(some.assign(at_stake=some["growth_potential"], situation="develop, category"))
    if "spend_trend" not in table:
        return _ranked(table.head(0).assign(at_stake=0.0, situation="develop, rising"))
    some = table[
        healthy & (table["spend_trend"] >= RISING_TREND) & (table["tenure_days"] >= RISING_TENURE_DAYS)
    ]
    stake = some.get("future_contribution", some["spend_365d"])
    return _ranked(some.assign(at_stake=stake.fillna(0.0), situation="develop, rising"))


def _won_back(table: pd.DataFrame, worth: pd.Series) -> pd.DataFrame:
    large = worth.quantile(1 - TOP_SHARE)
    situation = pd.Series("win back, small", index=table.index)
    situation[table["worth_a_year"] >= large] = "win back, large"
    situation[_in_arrears(table)] = "win back, in arrears"
    some = table.assign(at_stake=table["worth_a_year"], situation=situation)
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


def _shown(crm: Crm, table: pd.DataFrame, says: Any, without: tuple[str, ...]) -> pd.DataFrame:
    names = [name for name in _FIGURES if name in table and name not in without]
    shown = table[names].reset_index(drop=True)
    records = table.to_dict("records")
    ids = public_ids(crm, pd.Series(table.index.astype("str"), dtype="str"))
    shown.insert(0, "customer_id", ids.to_numpy())
    shown.insert(1, "reason", pd.Series([says(row) for row in records], dtype="str"))
    shown.insert(2, "step", suggest(table).to_numpy())
    return shown


def _basis(table: pd.DataFrame, valued_by: str) -> dict[str, str]:
    risk = "the year's spend, since no risk is known"
    if "revenue_at_risk" in table:
        risk = "the revenue at risk"
    elif "stop_probability" in table:
        risk = "the year's spend times the probability of having stopped"
    growth = "growth potential" if "growth_potential" in table else "rising spend"
    return {
        "keep": f"The most valuable fifth by {valued_by}, still buying; ranked by {risk}.",
        "develop": f"Customers who buy as usual, with {growth}, and are not on the list to keep.",
        "win_back": f"Customers who are {DORMANT} or {LOST}. While they came, they spent at least as much a year as "
        "the median customer; ranked by that spend.",
    }
