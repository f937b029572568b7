"""Key figures and tables of the report on who stops, or who buys."""

from functools import partial
from typing import Any

import pandas as pd

from crmlib.analyse.churn_candidates import PLAIN_NAMES
from crmlib.analyse.churn_reasons import branch_words
from crmlib.analyse.churn_result import ChurnModel
from crmlib.measure.columns import label_of
from crmlib.prepare.privacy import public_ids
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures, Prose
from crmlib.present.blocks_downloads_about import about_workspace
from crmlib.present.claims_churn_words import (
    FIRST,
    figure_words,
    outcome_words,
    plain_label,
    reason_words,
    value_words,
)
from crmlib.present.needs import or_else
from crmlib.present.words import sentence


@or_else(lambda missing: None)
def churn_figures(model: ChurnModel) -> KeyFigures:
    """How many are expected to stop, the revenue at risk, and how good the forecast is.

    Parameters
    ----------
    model : ChurnModel

    Returns
    -------
    KeyFigures

    Examples
    --------
    >>> from crmlib.present.claims_churn_words import _little_churn
    >>> print(churn_figures(_little_churn())._text().splitlines()[0])
    Expected to stop: 28
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

    Examples
    --------
    >>> from crmlib.present.claims_churn_words import _little_churn
    >>> comparison_table(_little_churn()).frame["way"].tolist()[0]
    'A weighted sum of the figures'
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

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from crmlib.present.claims_churn_words import _little_churn
    >>> table = at_risk_table(SimpleNamespace(config=None), _little_churn(), most=3)
    >>> table.frame.columns.tolist(), len(table.frame)
    (['customer_id', 'stop_chance_pct', 'value_before', 'revenue_at_risk', 'reasons_apart'], 3)
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

    Examples
    --------
    >>> from crmlib.present.claims_churn_words import _little_churn
    >>> block = tree_block(_little_churn())
    >>> block.frame.columns.tolist(), block.frame["stop_share_pct"].is_monotonic_decreasing
    (['rule', 'customers', 'stop_share_pct'], True)
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

    Examples
    --------
    >>> from crmlib.present.claims_churn_words import _little_churn
    >>> print(refused_table(_little_churn())._text())
    No figure was refused: none tells the outcome by itself, which would mean that it is known only afterwards.
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
