"""Key figures and tables of the report on the pipeline: stages, overdue deals, the team's load and handovers."""

from typing import Any

import pandas as pd

from crmlib.analyse.pipeline.durations import StageDurations
from crmlib.analyse.pipeline.overdue import Overdue
from crmlib.analyse.pipeline.team import ProcessFlow, TeamWork
from crmlib.prepare.privacy import employee_codes, public_ids
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures
from crmlib.present.blocks.downloads import about_workspace
from crmlib.present.needs import or_else
from crmlib.present.reports.pipeline.say import as_of_words
from crmlib.present.words import percent


@or_else(lambda missing: missing)
def stages_figures(durations: StageDurations, overdue: Overdue, work: TeamWork | None = None) -> KeyFigures:
    """Open deals and their value, overdue ones, those without a plan, those to hand over, the slowest stage.

    Parameters
    ----------
    durations : StageDurations
    overdue : Overdue
    work : TeamWork, optional

    Returns
    -------
    KeyFigures
    """
    late, every = overdue.table, overdue.open_deals
    figures = [
        KeyFigure(label="Open deals", value=len(every)),
        KeyFigure(
            label="Value of open deals", value=_sum(every["amount"]), unit=overdue.currency, better="higher"
        ),
    ]
    if overdue.limits["limit_days"].notna().any():
        note = f"longer in their stage than {percent(100 * overdue.quantile)} of all deals"
        if not durations.has_history:
            note = f"open for longer than {percent(100 * overdue.quantile)} of all deals take"
        figures += [
            KeyFigure(label="Overdue deals", value=len(late), better="lower", note=note),
            KeyFigure(label="Value of overdue deals", value=_sum(late["amount"]), unit=overdue.currency),
        ]
    if overdue.plans_kept:
        figures.append(
            KeyFigure(label="Without a planned contact", value=len(overdue.unplanned), better="lower")
        )
    if work is not None and work.left_known:
        figures.append(KeyFigure(label="To be handed over", value=len(work.handover), better="lower"))
    known = durations.table.dropna(subset="median_days")
    if len(known) and len(figures) < 6:
        stage = known["median_days"].idxmax()
        row = known.loc[stage]
        both = pd.notna(row["median_low"]) and pd.notna(row["median_high"])
        figures.append(
            KeyFigure(
                label=f"Half leave “{stage}” within" if durations.has_history else "Half are closed within",
                value=float(row["median_days"]),
                low=float(row["median_low"]) if both else None,
                high=float(row["median_high"]) if both else None,
                unit="days",
                better="lower",
            )
        )
    return KeyFigures(*figures)


@or_else(lambda missing: missing)
def stage_times_table(durations: StageDurations) -> DataTable:
    """Each stage: deals, how long they stay, and where they go.

    Parameters
    ----------
    durations : StageDurations

    Returns
    -------
    DataTable

    Examples
    --------
    >>> from crmlib.present.reports.pipeline.say import little_pipeline
    >>> stage_times_table(little_pipeline()[0]).frame["stage"].tolist()
    ['Talk', 'Offer']
    """
    columns = [
        *("stays", "open", "mean_finished_days", "median_finished_days", "median_days", "median_low"),
        *("median_high", "q80_days", "cumulative_median_days", "reentered_deals", "forward_pct", "won_pct"),
        *("lost_pct", "back_pct"),
    ]
    frame = durations.table[columns].reset_index()
    return DataTable(
        frame.rename(columns={"open": "still_there"}),
        name="stage_times",
        caption="Stages: how long deals stay, those still there counted, and where they go (days; ranges: 95 %)",
    )


@or_else(lambda missing: missing)
def load_table(crm: Any, work: TeamWork) -> DataTable:
    """Each owner's open deals, their value and contacts a week, against the middle of the team.

    Parameters
    ----------
    crm : Crm
    work : TeamWork

    Returns
    -------
    DataTable

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from crmlib.present.reports.pipeline.say import little_work
    >>> load_table(SimpleNamespace(tables=()), little_work()).frame["open_deals"].tolist()
    [1, 1]
    """
    frame = work.load.reset_index()
    frame["owner_id"] = employee_codes(crm, frame["owner_id"])
    # Without rows every column is empty, and none of them says nothing.
    frame = frame.dropna(axis=1, how="all") if len(frame) else frame
    for name in ("team",):
        if name in frame and frame[name].replace("nan", pd.NA).isna().all():
            frame = frame.drop(columns=name)
    frame["has_left"] = frame["has_left"].map({True: "yes", False: ""})
    if not work.left_known:
        frame = frame.drop(columns="has_left")
    return DataTable(
        frame.rename(columns={"open_amount": "open_value"}),
        name="owners_load",
        caption="What each owner carries; 1 is the middle of the owners who are still here",
        currency=work.currency,
    )


@or_else(lambda missing: missing)
def next_steps_table(overdue: Overdue) -> DataTable:
    """What came next at each point of a stage, among the won and among the lost.

    Parameters
    ----------
    overdue : Overdue

    Returns
    -------
    DataTable

    Examples
    --------
    >>> from crmlib.present.reports.pipeline.say import little_pipeline
    >>> len(next_steps_table(little_pipeline()[1]).frame)
    0
    """
    columns = [
        *(
            "stage",
            "at_days",
            "step",
            "won",
            "won_pct",
            "lost_pct",
            "lift",
            "low",
            "high",
            "is_better",
            "wait_days",
        ),
    ]
    frame = overdue.steps[columns].assign(is_better=overdue.steps["is_better"].map({True: "yes", False: ""}))
    return DataTable(
        frame.reset_index(drop=True).rename(
            columns={
                "step": "next_contact",
                "won_pct": "share_won_pct",
                "lost_pct": "share_lost_pct",
                "lift": "won_lift",
                "low": "won_lift_low",
                "high": "won_lift_high",
            }
        ),
        name="next_steps",
        caption="What came next, from a day of the stay on: won deals against lost ones (ranges: 95 %)",
        rows=10,
    )


@or_else(lambda missing: missing)
def process_table(flow: ProcessFlow) -> DataTable:
    """Every step of the process, the most frequent first.

    Parameters
    ----------
    flow : ProcessFlow

    Returns
    -------
    DataTable

    Examples
    --------
    >>> from crmlib.analyse.pipeline.durations import little_history
    >>> from crmlib.analyse.pipeline.team import process_flow
    >>> flow = process_flow(little_history(), case="opportunity_id", activity="stage", at="entered_at")
    >>> process_table(flow).frame["times"].tolist()
    [20, 12]
    """
    marks = [
        ", ".join(word for word, is_so in (("back", row.is_loop), ("stalls", row.is_stall)) if is_so)
        for row in flow.steps.itertuples()
    ]
    return DataTable(
        flow.steps.drop(columns=["is_loop", "is_stall"])
        .assign(mark=marks)
        .rename(
            columns={
                "count": "times",
                "cases": f"{flow.what}s",
                "share_pct": "steps_share_pct",
                "median_days": "half_days",
            }
        ),
        name="process_steps",
        caption="Steps of the process, the most frequent first",
        rows=10,
    )


def _sum(amounts: pd.Series) -> float | None:
    known = amounts.sum(min_count=1)
    return None if pd.isna(known) else float(known)


_ROWS, _BYTES = 40, 80_000
"""Of each list: the report has four of them, and a page may weigh two million bytes."""


@or_else(lambda missing: missing)
def overdue_table(crm: Any, overdue: Overdue) -> DataTable:
    """Overdue deals with owner, value, how long over, and the next step of the won, the largest value first.

    Parameters
    ----------
    crm : Crm
        Says whether customers are shown by pseudonyms.
    overdue : Overdue

    Returns
    -------
    DataTable

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from crmlib.present.reports.pipeline.say import little_pipeline
    >>> table = overdue_table(SimpleNamespace(config=None), little_pipeline()[1])
    >>> table.frame["opportunity_id"].head(2).tolist()
    ['d12', 'd13']
    """
    columns = [
        *("customer_id", "owner_id", "stage", "stage_age_days", "limit_days", "over_days", "amount"),
        *("last_touch_days", "next_planned_on", "next_step", "next_step_on", "next_step_won_pct"),
        *("next_step_lost_pct", "next_step_lift"),
    ]
    return _deals_table(
        crm, overdue.table[columns], currency=overdue.currency, name="overdue_deals",
        caption=f"Deals overdue on {as_of_words(overdue)}, the largest value first",
    )  # fmt: skip


@or_else(lambda missing: missing)
def unplanned_table(crm: Any, overdue: Overdue) -> DataTable:
    """Open deals with no contact planned, the largest value first.

    Parameters
    ----------
    crm : Crm
    overdue : Overdue

    Returns
    -------
    DataTable

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from crmlib.present.reports.pipeline.say import little_pipeline
    >>> len(unplanned_table(SimpleNamespace(config=None), little_pipeline()[1]).frame)
    0
    """
    columns = [
        *("customer_id", "owner_id", "stage", "stage_age_days", "over_days", "amount", "last_touch_days"),
        *("expected_close_on", "next_step", "next_step_on"),
    ]
    return _deals_table(
        crm, overdue.unplanned[columns], currency=overdue.currency, name="deals_without_a_plan",
        caption="Open deals with no contact planned, the largest value first",
    )  # fmt: skip


@or_else(lambda missing: missing)
def handover_table(crm: Any, work: TeamWork) -> DataTable:
    """Open deals of owners who left, with the last contact and the next step.

    Parameters
    ----------
    crm : Crm
    work : TeamWork

    Returns
    -------
    DataTable

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from crmlib.present.reports.pipeline.say import little_work
    >>> handover_table(SimpleNamespace(config=None), little_work()).frame["owner_id"].tolist()
    ['e2']
    """
    return _deals_table(
        crm, work.handover, currency=work.currency, name="deals_to_hand_over",
        caption="Open deals of owners who have left, the largest value first",
    )  # fmt: skip


def _deals_table(crm: Any, frame: pd.DataFrame, *, currency: str, name: str, caption: str) -> DataTable:
    listed = frame.reset_index()
    listed["customer_id"] = public_ids(
        crm, listed["customer_id"].astype("str").where(listed["customer_id"].notna())
    )
    if "owner_id" in listed:
        listed["owner_id"] = employee_codes(crm, listed["owner_id"])
    empty = [column for column in listed if column != "opportunity_id" and listed[column].isna().all()]
    listed = listed.drop(columns=empty) if len(listed) else listed
    return DataTable(
        listed,
        name=name,
        caption=caption,
        currency=currency,
        rows=10,
        page_rows=_ROWS,
        download_bytes=_BYTES,
        excel=True,
        about=about_workspace(crm),
    )
