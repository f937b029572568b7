"""Key figures and tables of the report on who stays and who leaves."""

from typing import Any

import pandas as pd

from crmlib.analyse.churn.model import ChurnModel, at_risk
from crmlib.analyse.customers.states import LifecycleMoves, stage_list
from crmlib.analyse.learn.reasons import tree_paths
from crmlib.analyse.retention import Retention, SurvivalCurves, shown_cohorts
from crmlib.measure.columns import label_of
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import public_ids
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures, Prose
from crmlib.present.blocks.tables import yes_marks
from crmlib.present.claims import (
    Claim,
    Family,
    claim,
    count,
    date,
    days,
    money,
    name,
    share,
    state_advice,
    state_says,
)
from crmlib.present.needs import or_else
from crmlib.present.numbers import capital, period
from crmlib.present.reports.churn.say import (
    PERIODS_WORDS,
    WAY_WORDS,
    figure_words,
    model_at,
    outcome_words,
    plain_label,
    reason_words,
    retention_day,
    state_word,
    time_word,
)
from crmlib.schema.states import ACTIONS, BUYING, LIFE_ORDER, LIKELY, SILENT

KIND_WORDS = Family("churn-way-kind", ("candidate", "baseline"))
_MEASURES = {
    "ranked_pct": ("ranked", "auc", 100),
    "first_tenth": ("first", "lift_top_decile", 1),
    "surprise": ("surprise", "log_loss", 1),
}
"""Column of the table: what its bounds begin with, the measure, and times what it is shown."""
_LEVEL = 95


@or_else(lambda missing: None)
def churn_figures(model: ChurnModel) -> KeyFigures:
    """How many are at risk, how many are expected to stop, and the revenue at risk."""
    outcome = outcome_words(model)
    of_all = claim(
        "churn-figure-expected-note", asked=count(len(model.scores)), horizon=days(model.horizon_days)
    )
    figures = [
        KeyFigure(
            claim("churn-figure-at-risk"),
            count(len(at_risk(model)), at=model_at(model, "customers.at_risk")),
            note=claim("churn-figure-at-risk-note", likely=share(100 * LIKELY), outcome=outcome),
            better="lower",
        ),
        KeyFigure(
            claim("churn-figure-expected", outcome=outcome),
            count(round(float(model.scores.sum())), at=model_at(model, "customers.stopping")),
            note=of_all,
        ),
    ]
    total = float(model.revenue_at_risk.sum(min_count=1))
    if pd.notna(total):
        paid = money(total, model.currency, at=model_at(model, "sales.at_risk"))
        figures.append(KeyFigure(claim("churn-figure-money"), paid, better="lower", note=of_all))
    return KeyFigures(*figures)


@or_else(lambda missing: None)
def comparison_table(model: ChurnModel) -> DataTable:
    """Every way to forecast, and how good it was on customers it had not seen."""
    table = model.evaluation
    said = {
        "way": [str(claim("churn-line", what=WAY_WORDS.term(way))) for way in table["model"]],
        "way_kind": [str(KIND_WORDS.term(kind)) for kind in table["kind"]],
    }
    for column, (bound, measure, times) in _MEASURES.items():
        said |= {column: times * table[measure]}
        said |= {f"{bound}_{end}": times * table[f"{measure}_{end}"] for end in ("low", "high")}
    shown = pd.DataFrame({**said, "chosen": yes_marks(table["chosen"])})
    return DataTable(shown, "ways_to_forecast", claim("churn-table-ways", level=share(_LEVEL)))


@or_else(lambda missing: None)
def at_risk_table(crm: Crm, model: ChurnModel, *, most: int | None = None) -> DataTable | None:
    """Customers whose chance is acted on, with the revenue at risk and the reasons, the largest risk first."""
    listed = at_risk(model)[:most]
    if not len(listed):
        return None
    verb, columns = outcome_words(model), _outcome_column(model)
    frame = pd.DataFrame(
        {
            "customer_id": public_ids(crm, pd.Series(listed.astype("str"))).to_numpy(),
            f"{columns}_chance_pct": 100 * model.scores.reindex(listed).to_numpy(),
            "value_before": model.value.reindex(listed).to_numpy(),
            "revenue_at_risk": model.revenue_at_risk.reindex(listed).to_numpy(),
            "reasons_apart": reason_words(model, listed).to_numpy(),
        }
    )
    caption = claim("churn-table-at-risk-money")
    if not model.revenue_at_risk.notna().any():
        frame = frame.drop(columns=["value_before", "revenue_at_risk"])
        caption = claim("churn-table-at-risk", outcome=verb)
    return DataTable(
        frame,
        "customers_at_risk" if model.stops else "customers_likely",
        caption,
        currency=model.currency,
        rows=5,
        about=crm,
        meanings={"value_before": str(_worth_column(model))},
    )


@or_else(lambda missing: None)
def tree_block(model: ChurnModel) -> DataTable | Prose:
    """The forecast as a few rules that can be read: who is likeliest, in words."""
    if model.tree.empty:
        return Prose(claim("churn-tree-none"))
    rows = [
        (
            "; ".join(_branch(branch, model.currency) for branch in path),
            leaf.customers,
            leaf.outcome_share_pct,
        )
        for path, leaf in tree_paths(model.tree)
    ]
    share_column = f"{_outcome_column(model)}_share_pct"
    frame = pd.DataFrame(rows, columns=["rule", "customers", share_column])
    frame["rule"] = [capital(rule) for rule in frame["rule"]]
    shown = frame.sort_values(share_column, ascending=False, kind="stable").reset_index(drop=True)
    return DataTable(shown, "rules_in_words", claim("churn-table-tree", outcome=outcome_words(model)), rows=8)


@or_else(lambda missing: None)
def refused_table(model: ChurnModel) -> DataTable | Prose:
    """Figures that were refused because they know the outcome, each with the reason."""
    if not len(model.refused):
        return Prose(claim("churn-refused-none"))
    frame = pd.DataFrame(
        {
            "figure": [label_of(figure) for figure in model.refused.index],
            "reason": [f"{capital(why)}." for why in model.refused],
        }
    )
    return DataTable(frame, "figures_refused", claim("churn-table-refused"), download=False)


def lifecycle_figures(summary: pd.DataFrame, retention: Retention | None = None) -> KeyFigures:
    """Customers who buy, who have fallen silent, what those brought, and how many buy on for long."""
    sums = {
        group: summary[summary.index.isin(states)][["customers", "revenue"]].sum(min_count=1)
        for group, states in (("buying", BUYING), ("silent", SILENT))
    }
    brought = money(
        _known(sums["silent"]["revenue"]),
        summary.attrs.get("currency", ""),
        at="sales.net_amount[365d, silent]",
    )
    figures = [
        KeyFigure(
            claim("churn-figure-buying"),
            count(_whole(sums["buying"]), at="customers.buying"),
            better="higher",
        ),
        KeyFigure(
            claim("churn-figure-silent"), count(_whole(sums["silent"]), at="customers.silent"), better="lower"
        ),
        KeyFigure(claim("churn-figure-silent-revenue"), brought, note=claim("churn-figure-last-year")),
    ]
    if retention is not None and retention.overall is not None:
        figures.extend(_staying(retention.overall))
    return KeyFigures(*figures)


def stages_table(summary: pd.DataFrame) -> DataTable:
    """Each state: customers, revenue, what it means and what to do; states without anybody are left out."""
    columns = ["customers", "share_pct", "revenue", "revenue_share_pct", "says", "action"]
    frame = summary.loc[summary["customers"] > 0, columns].rename_axis("state")
    frame["says"] = [given or _state_says(state) for state, given in frame["says"].items()]
    frame["action"] = [_advice(state, given) for state, given in frame["action"].items()]
    frame.index = pd.Index([str(state_word(state)) for state in frame.index], name="state")
    if frame["revenue"].isna().all():
        frame = frame.drop(columns=["revenue", "revenue_share_pct"])
    return DataTable(frame, "states", claim("churn-table-states"), currency=summary.attrs.get("currency", ""))


def moves_table(moves: LifecycleMoves) -> DataTable:
    """Every move from one state to another, the most frequent first."""
    frame = moves.flows[moves.flows["moved"]].drop(columns="moved").reset_index(drop=True)
    if frame["revenue"].isna().all():
        frame = frame.drop(columns="revenue")
    caption = claim("churn-table-moves")
    if moves.before_on and moves.after_on:
        begin, end = date(moves.before_on), date(moves.after_on)
        caption = claim("churn-table-moves-dated", before=begin, after=end)
    for side in ("before", "after"):
        frame[side] = [str(state_word(state)) for state in frame[side]]
    shown = frame.rename(
        columns={"before": "stage_before", "after": "stage_after", "revenue": "revenue_year_before"}
    )
    return DataTable(shown, "moves", caption, currency=moves.currency, rows=10)


def cohort_table(retention: Retention) -> DataTable:
    """The share of each cohort that bought in each period after the first; blank where not yet over."""
    shares = shown_cohorts(retention).iloc[:, 1:]
    shares = shares.loc[:, retention.shares.iloc[:, 1:].notna().any()]
    frame = shares.rename(columns=str)
    frame.insert(0, "customers", retention.sizes.reindex(frame.index))
    frame.index = pd.Index([period(day, retention.unit) for day in frame.index], name="cohort")
    units = PERIODS_WORDS.term(retention.unit)
    left = count(len(retention.shares) - len(shares))
    caption = claim("churn-table-cohorts", units=units, left=left, least=count(retention.min_group))
    return DataTable(frame, "cohorts", caption, rows=18)


def stage_list_table(crm: Crm, stages: pd.Series, indicators: pd.DataFrame) -> DataTable:
    """Every customer with the state, to work with."""
    shown = stage_list(crm, stages, indicators).rename(columns={"stage": "state"})
    caption = claim("churn-table-state-list")
    return DataTable(shown, "customers_by_state", caption, currency=crm.currency, rows=10, about=crm)


def _outcome_column(model: ChurnModel) -> str:
    """What the columns of an outcome begin with; one of a user's own is named above the table."""
    if model.horizon_days is None:
        return "outcome"
    return "stop" if model.stops else "buy" if model.outcome.startswith("buys within") else "outcome"


def _worth_column(model: ChurnModel) -> Claim:
    if model.horizon_days is None:
        return claim("churn-column-worth")
    return claim("churn-column-worth-lately", horizon=days(model.horizon_days))


def _branch(row: Any, currency: str) -> str:
    figure = name(plain_label(row.indicator))
    if row.level:
        level = name(row.level)
        return str(claim("churn-tree-is-not" if row.at_most else "churn-tree-is", figure=figure, level=level))
    limit = name(figure_words(row.indicator, row.threshold, currency=currency))
    said = claim("churn-tree-at-most" if row.at_most else "churn-tree-over", figure=figure, limit=limit)
    return str(claim("churn-tree-or-not-known", branch=said) if row.or_not_known else said)


def _staying(curves: SurvivalCurves) -> list[KeyFigure]:
    day, found = retention_day(curves)
    if not day >= 1:
        return []
    return [
        KeyFigure(
            claim("churn-figure-staying", time=time_word(day)),
            share(_known(100 * found["survival"])),
            low=_known(100 * found["low"]),
            high=_known(100 * found["high"]),
            better="higher",
            note=claim("churn-figure-staying-note"),
        )
    ]


def _state_says(state: str) -> str:
    return str(state_says(state)) if state in LIFE_ORDER else ""


def _advice(state: str, given: str) -> str:
    """A user's own words, or those of the house's states."""
    return str(state_advice(state)) if state in LIFE_ORDER and given in ("", *ACTIONS) else given


def _whole(sums: pd.Series) -> int | None:
    known = _known(sums["customers"])
    return None if known is None else int(known)


def _known(value: float) -> float | None:
    return None if pd.isna(value) else float(value)
