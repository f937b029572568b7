"""Key figures and tables of the report on the life cycle."""

from typing import Any

import pandas as pd

from crmlib.analyse.lifecycle_lists import stage_list
from crmlib.analyse.lifecycle_moves import LifecycleMoves
from crmlib.analyse.retention import Retention, shown_cohorts, typical_retention
from crmlib.analyse.retention_survival import SurvivalCurves
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures
from crmlib.present.blocks_downloads_about import about_workspace
from crmlib.present.words import count, date
from crmlib.present.words_lifecycle import period_name, retention_day, time_word
from crmlib.schema.states import BUYING, SILENT


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

    Examples
    --------
    >>> from crmlib.present.claims_lifecycle import _little_summary
    >>> print(lifecycle_figures(_little_summary())._text().splitlines()[0])
    Customers buying within their usual time: 8
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

    Examples
    --------
    >>> from crmlib.present.claims_lifecycle import _little_summary
    >>> stages_table(_little_summary().assign(says="They buy.", action="Call.")).frame.columns.tolist()
    ['stage', 'customers', 'share_pct', 'revenue', 'revenue_share_pct', 'says', 'action']
    """
    columns = ["customers", "share_pct", "revenue", "revenue_share_pct", "says", "action"]
    frame = summary[columns].rename_axis("stage")
    if frame["revenue"].isna().all():
        frame = frame.drop(columns=["revenue", "revenue_share_pct"])
    return DataTable(
        frame,
        name="stages",
        caption="Stages of life; revenue is that of the last year",
        currency=summary.attrs.get("currency", ""),
    )


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
    >>> from crmlib.analyse.lifecycle_moves import lifecycle_moves
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

    Examples
    --------
    >>> from crmlib.analyse.retention import retention_curves
    >>> from crmlib.present.claims_lifecycle import _little_crm
    >>> cohort_table(retention_curves(_little_crm())).frame.columns.tolist()
    ['cohort', 'customers', '1', '2']
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
