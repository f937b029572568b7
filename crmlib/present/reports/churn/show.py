"""Key figures and tables of the report on who stops, or who buys."""

from functools import partial
from typing import Any

import pandas as pd

from crmlib.analyse.churn.model import ChurnModel
from crmlib.analyse.customers.states import LifecycleMoves, stage_list
from crmlib.analyse.learn.candidates import PLAIN_NAMES
from crmlib.analyse.learn.reasons import branch_words
from crmlib.analyse.retention import Retention, SurvivalCurves, shown_cohorts, typical_retention
from crmlib.measure.columns import label_of
from crmlib.prepare.privacy import public_ids
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures, Prose
from crmlib.present.blocks.downloads import about_workspace
from crmlib.present.claims import state_advice, state_says
from crmlib.present.needs import or_else
from crmlib.present.reports.churn.say import (
    FIRST,
    figure_words,
    outcome_words,
    period_name,
    plain_label,
    reason_words,
    retention_day,
    time_word,
    value_words,
)
from crmlib.present.words import count, date, sentence
from crmlib.schema.states import ACTIONS, BUYING, LIFE_ORDER, SILENT


@or_else(lambda missing: None)
def churn_figures(model: ChurnModel) -> KeyFigures:
    """How many are expected to stop, the revenue at risk, and how good the forecast is.

    Parameters
    ----------
    model : ChurnModel

    Returns
    -------
    KeyFigures
    """
    best, gains = model.chosen, model.gains.set_index("reached_pct").loc[float(FIRST)]
    figures = [
        KeyFigure(
            label=f"Expected to {outcome_words(model)}",
            value=round(float(model.scores.sum())),
            note=f"of {len(model.scores):,} customers"
            + (f", within {model.horizon_days} days" if model.horizon_days else ""),
        ),
        KeyFigure(
            label="Pairs ranked rightly",
            value=100 * best["auc"], low=100 * best["auc_low"], high=100 * best["auc_high"], unit="%",
            better="higher", format=".0f", note="50 % is chance",
        ),
        KeyFigure(
            label=f"Found among the likeliest {FIRST} %",
            value=gains["found_pct"], low=gains["low"], high=gains["high"], unit="%", better="higher",
            format=".0f", note=f"of those who did {outcome_words(model)}",
        ),
    ]  # fmt: skip
    total = float(model.revenue_at_risk.sum(min_count=1))
    if pd.notna(total):
        risk = KeyFigure(
            label="Revenue at risk", value=total, unit=model.currency, better="lower",
            note=f"within {model.horizon_days} days" if model.horizon_days else "",
        )  # fmt: skip
        figures.insert(1, risk)
    return KeyFigures(*figures)


@or_else(lambda missing: None)
def comparison_table(model: ChurnModel) -> DataTable:
    """Every way to foretell, and how good it was on customers it had not seen.

    Parameters
    ----------
    model : ChurnModel

    Returns
    -------
    DataTable
    """
    table = model.evaluation
    frame = pd.DataFrame(
        {
            "way": [sentence(PLAIN_NAMES[name]).rstrip(".") for name in table["model"]],
            "kind": table["kind"].map({"candidate": "model", "baseline": "simple rule"}),
            "ranked_pct": 100 * table["auc"],
            "ranked_low": 100 * table["auc_low"],
            "ranked_high": 100 * table["auc_high"],
            "first_tenth": table["lift_top_decile"],
            "first_low": table["lift_top_decile_low"],
            "first_high": table["lift_top_decile_high"],
            "surprise": table["log_loss"],
            "surprise_low": table["log_loss_low"],
            "surprise_high": table["log_loss_high"],
            "chosen": table["chosen"].map({True: "yes", False: ""}),
        }
    )
    return DataTable(
        frame.rename(columns={"kind": "way_kind"}),
        name="ways_to_foretell",
        caption="Ways to foretell, tested on customers they had not seen (ranges: 95 %)",
    )


@or_else(lambda missing: missing)
def at_risk_table(crm: Any, model: ChurnModel, *, most: int | None = None) -> DataTable:
    """Customers with their probability, the revenue at risk and the reasons, the largest risk first.

    Parameters
    ----------
    crm : Crm
        Says whether customers are shown by pseudonyms.
    model : ChurnModel
    most : int, optional
        At most so many customers.

    Returns
    -------
    DataTable
    """
    frame = pd.DataFrame(
        {
            "customer_id": model.scores.index.astype("str"),
            "probability_pct": 100 * model.scores.to_numpy(),
            "value": model.value.to_numpy(),
            "revenue_at_risk": model.revenue_at_risk.to_numpy(),
            "reason": reason_words(model).to_numpy(),
        }
    )
    known = bool(frame["revenue_at_risk"].notna().any())
    first = "revenue_at_risk" if known else "probability_pct"
    frame = frame.sort_values([first, "customer_id"], ascending=[False, True], kind="stable").head(
        most or len(frame)
    )
    frame["customer_id"] = public_ids(crm, frame["customer_id"])
    if not known:
        frame = frame.drop(columns=["value", "revenue_at_risk"])
    verb = outcome_words(model)
    return DataTable(
        frame.reset_index(drop=True).rename(
            columns={
                "probability_pct": f"{_outcome_name(verb)}_chance_pct",
                "value": "value_before",
                "reason": "reasons_apart",
            }
        ),
        name=f"customers_likely_to_{verb.split()[0]}" if verb.isascii() else "customers_likely",
        caption=f"Customers by {'revenue at risk' if known else f'chance to {verb}'}, the largest first",
        currency=model.currency,
        rows=15,
        excel=True,
        about=about_workspace(crm),
        meanings={"value_before": sentence(value_words(model))},
    )


@or_else(lambda missing: None)
def tree_block(model: ChurnModel) -> DataTable | Prose:
    """The forecast as a few rules that can be read: who is likeliest, in words.

    Parameters
    ----------
    model : ChurnModel

    Returns
    -------
    DataTable, or Prose where no tree was made
    """
    if model.tree.empty:
        return Prose("No rules were made: the decision tree was not among the ways tried, or found nothing.")
    rows, path = [], []
    for row in model.tree.itertuples(index=False):
        path = [
            *path[: row.depth - 1],
            branch_words(row, plain_label, partial(figure_words, currency=model.currency)),
        ]
        if row.is_leaf:
            rows.append((sentence("; ".join(path)), row.customers, row.outcome_share_pct))
    frame = pd.DataFrame(rows, columns=["rule", "customers", "outcome_share_pct"])
    verb = outcome_words(model)
    return DataTable(
        frame.sort_values("outcome_share_pct", ascending=False, kind="stable")
        .reset_index(drop=True)
        .rename(columns={"outcome_share_pct": f"{_outcome_name(verb)}_share_pct"}),
        name="rules_in_words",
        caption=f"Rules in words: who did {verb}, the likeliest first (customers learnt from)",
        rows=8,
    )


@or_else(lambda missing: None)
def refused_table(model: ChurnModel) -> DataTable | Prose:
    """Figures that were refused because they know the outcome, each with the reason.

    Parameters
    ----------
    model : ChurnModel

    Returns
    -------
    DataTable, or Prose where there are none
    """
    if not len(model.refused):
        return Prose(
            "No figure was refused: none tells the outcome by itself, which would mean that it is known only "
            "afterwards."
        )
    frame = pd.DataFrame(
        {
            "figure": [label_of(name) for name in model.refused.index],
            "reason": [sentence(reason) for reason in model.refused],
        }
    )
    return DataTable(
        frame,
        name="figures_refused",
        caption="Figures that were refused because they know the outcome",
        download=False,
    )


def _outcome_name(verb: str) -> str:
    """What the columns of an outcome begin with; one of a user's own is named above the table."""
    return verb if verb in ("stop", "buy") else "outcome"


def lifecycle_figures(summary: pd.DataFrame, retention: Retention | None = None) -> KeyFigures:
    """Customers who buy, who have fallen silent, what those brought, and how many come back.

    Parameters
    ----------
    summary : DataFrame
        As `lifecycle_summary` makes it.
    retention : Retention, optional

    Returns
    -------
    KeyFigures
    """
    sums = {
        name: summary[summary.index.isin(stages)][["customers", "revenue"]].sum(min_count=1)
        for name, stages in (("buying", BUYING), ("silent", SILENT))
    }
    currency = summary.attrs.get("currency", "")
    figures = [
        _customers("Customers buying within their usual time", sums["buying"]),
        _customers("Customers fallen silent", sums["silent"], better="lower"),
        KeyFigure(
            label="Revenue of those fallen silent",
            value=_known(sums["silent"]["revenue"]),
            unit=currency,
            note="in the last year",
        ),
    ]
    typical = typical_retention(retention) if retention is not None else pd.DataFrame()
    if len(typical):
        figures.append(
            KeyFigure(
                label=f"Come back in the {retention.unit} after",
                value=float(typical["share_pct"].iloc[0]),
                unit="%",
                better="higher",
                note="of new customers",
            )
        )
    if retention is not None and retention.overall is not None:
        figures.extend(_staying(retention.overall))
    return KeyFigures(*figures)


def _staying(curves: SurvivalCurves) -> list[KeyFigure]:
    day, share = retention_day(curves)
    if not day >= 1:
        return []
    return [
        KeyFigure(
            label=f"Buying on for {time_word(day)}",
            value=_known(100 * share["survival"]),
            low=_known(100 * share["low"]),
            high=_known(100 * share["high"]),
            unit="%",
            better="higher",
            note="of customers, without a long silence",
        )
    ]


def stages_table(summary: pd.DataFrame) -> DataTable:
    """Each stage: customers, revenue, what it means and what to do.

    Parameters
    ----------
    summary : DataFrame
        As `lifecycle_summary` makes it.

    Returns
    -------
    DataTable
    """
    columns = ["customers", "share_pct", "revenue", "revenue_share_pct", "says", "action"]
    frame = summary[columns].rename_axis("stage")
    frame["says"] = [given or _state_says(name) for name, given in frame["says"].items()]
    frame["action"] = [_advice(name, given) for name, given in frame["action"].items()]
    if frame["revenue"].isna().all():
        frame = frame.drop(columns=["revenue", "revenue_share_pct"])
    return DataTable(
        frame,
        name="stages",
        caption="Stages of life; revenue is that of the last year",
        currency=summary.attrs.get("currency", ""),
    )


def _state_says(name: str) -> str:
    return str(state_says(name)) if name in LIFE_ORDER else ""


def _advice(name: str, given: str) -> str:
    """A user's own words, or those of the house's states."""
    return str(state_advice(name)) if name in LIFE_ORDER and given in ("", *ACTIONS) else given


def moves_table(moves: LifecycleMoves) -> DataTable:
    """Every move from one stage to another, the most frequent first.

    Parameters
    ----------
    moves : LifecycleMoves

    Returns
    -------
    DataTable

    Examples
    --------
    >>> from crmlib.analyse.customers.states import lifecycle_moves
    >>> stage = pd.CategoricalDtype(["active", "dormant"], ordered=True)
    >>> before = pd.Series(["active", "active"], index=["ann", "bob"], dtype=stage)
    >>> after = pd.Series(["active", "dormant"], index=["ann", "bob"], dtype=stage)
    >>> shown = moves_table(lifecycle_moves(before, after)).frame
    >>> shown[["stage_before", "stage_after", "customers"]].to_numpy().tolist()
    [['active', 'dormant', 1]]
    """
    frame = moves.flows[moves.flows["moved"]].drop(columns="moved").reset_index(drop=True)
    if frame["revenue"].isna().all():
        frame = frame.drop(columns="revenue")
    dates = (
        f" from {date(moves.before_on)} to {date(moves.after_on)}"
        if moves.before_on and moves.after_on
        else ""
    )
    return DataTable(
        frame.rename(
            columns={"before": "stage_before", "after": "stage_after", "revenue": "revenue_year_before"}
        ),
        name="moves",
        caption=f"Who changed stage{dates}",
        currency=moves.currency,
        rows=10,
    )


def cohort_table(retention: Retention) -> DataTable:
    """The share of each cohort that bought in each period after the first; blank where not yet over.

    Parameters
    ----------
    retention : Retention

    Returns
    -------
    DataTable
    """
    shares = shown_cohorts(retention).iloc[:, 1:]
    shares = shares.loc[:, retention.shares.iloc[:, 1:].notna().any()]
    left_out = len(retention.shares) - len(shares)
    frame = shares.rename(columns=str)
    frame.insert(0, "customers", retention.sizes.reindex(frame.index))
    frame.index = pd.Index([period_name(day, retention.unit) for day in frame.index], name="cohort")
    return DataTable(
        frame,
        name="cohorts",
        caption=f"Share of each cohort that bought in the {retention.unit}s after the first; "
        "a dash where not yet over"
        + (
            f"; {count(left_out, 'cohort')} of fewer than {retention.min_group} customers left out"
            if left_out
            else ""
        ),
        rows=18,
    )


def stage_list_table(crm: Any, stages: pd.Series, indicators: pd.DataFrame) -> DataTable:
    """Every customer with the stage, to work with.

    Parameters
    ----------
    crm : Crm
        Says whether customers are shown by pseudonyms.
    stages : Series customer_id -> stage
    indicators : DataFrame indexed by customer_id

    Returns
    -------
    DataTable

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> stages = pd.Series(pd.Categorical(["new", "lost"], ordered=True), index=["ann", "bob"])
    >>> figures = pd.DataFrame({"spend_365d": [5.0, 9.0]}, index=["ann", "bob"])
    >>> table = stage_list_table(SimpleNamespace(config=None, currency="EUR"), stages, figures)
    >>> table.frame["stage"].tolist()
    ['lost', 'new']
    """
    frame = stage_list(crm, stages, indicators)
    return DataTable(
        frame,
        name="customers_by_stage",
        caption="Customers by stage, most spend in the last year first",
        currency=crm.currency,
        rows=10,
        excel=True,
        about=about_workspace(crm),
    )


def _customers(label: str, sums: pd.Series, *, better: str = "higher") -> KeyFigure:
    known = _known(sums["customers"])
    return KeyFigure(label=label, value=None if known is None else int(known), better=better)


def _known(value: float) -> float | None:
    return None if pd.isna(value) else float(value)
