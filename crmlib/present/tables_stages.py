"""Key figures and tables of the report on the pipeline: stages, overdue deals, the team's load and handovers."""

import pandas as pd

from crmlib.analyse.pipeline.durations_result import StageDurations
from crmlib.analyse.pipeline.handover import TeamWork
from crmlib.analyse.pipeline.overdue import Overdue
from crmlib.analyse.pipeline.process import ProcessFlow
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures
from crmlib.present.needs import or_else
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

    Examples
    --------
    >>> from crmlib.present.claims_stages import little_pipeline
    >>> print(stages_figures(*little_pipeline())._text().splitlines()[0])
    Open deals: 8
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
    >>> from crmlib.present.claims_stages import little_pipeline
    >>> stage_times_table(little_pipeline()[0]).frame["stage"].tolist()
    ['Talk', 'Offer']
    """
    columns = [
        *("stays", "open", "mean_finished_days", "median_finished_days", "median_days", "median_low"),
        *("median_high", "q80_days", "cumulative_median_days", "reentered_deals", "forward_pct", "won_pct"),
        *("lost_pct", "back_pct"),
    ]
    frame = durations.table[columns].reset_index()
    ways = ["forward_pct", "won_pct", "lost_pct", "back_pct"]
    return DataTable(
        frame,
        name="stage_times",
        caption="Stages: how long deals stay, those still there counted, and where they go (days; ranges: 95 %)",
        labels={
            "stage": "Stage",
            "stays": "Stays",
            "open": "Still there",
            "mean_finished_days": "Mean of finished stays only",
            "median_finished_days": "Half of the finished stays only",
            "median_days": "Half have left after",
            "median_low": "from",
            "median_high": "to",
            "q80_days": "80 % have left after",
            "cumulative_median_days": "All stays of a deal together, half",
            "reentered_deals": "Deals that came back",
            "forward_pct": "Go on",
            "won_pct": "Are won",
            "lost_pct": "Are lost",
            "back_pct": "Go back",
        },
        units=dict.fromkeys(ways, "%") | dict.fromkeys([c for c in columns if c.endswith("_days")], ""),
        digits=dict.fromkeys([c for c in columns if c.endswith("_days") or c.startswith("median")], 1)
        | dict.fromkeys(ways, 0),
    )


@or_else(lambda missing: missing)
def load_table(work: TeamWork) -> DataTable:
    """Each owner's open deals, their value and contacts a week, against the middle of the team.

    Parameters
    ----------
    work : TeamWork

    Returns
    -------
    DataTable

    Examples
    --------
    >>> from crmlib.present.claims_stages_team import little_work
    >>> load_table(little_work()).frame["open_deals"].tolist()
    [1, 1]
    """
    frame = work.load.reset_index()
    # Without rows every column is empty, and none of them says nothing.
    frame = frame.dropna(axis=1, how="all") if len(frame) else frame
    for name in ("team",):
        if name in frame and frame[name].replace("nan", pd.NA).isna().all():
            frame = frame.drop(columns=name)
    frame["has_left"] = frame["has_left"].map({True: "yes", False: ""})
    if not work.left_known:
        frame = frame.drop(columns="has_left")
    return DataTable(
        frame,
        name="owners_load",
        caption="What each owner carries; 1 is the middle of the owners who are still here",
        labels={
            "owner_id": "Owner",
            "open_deals": "Open deals",
            "open_amount": "Value",
            "overdue_deals": "Overdue",
            "unplanned_deals": "Without a plan",
            "touches_a_week": "Contacts a week",
            "team": "Team",
            "has_left": "Has left",
            "deals_ratio": "Deals against the middle",
            "amount_ratio": "Value against the middle",
            "touches_ratio": "Contacts against the middle",
        },
        units={"open_amount": work.currency},
        digits={"open_amount": 0, "touches_a_week": 1, "unplanned_deals": 0}
        | dict.fromkeys(["deals_ratio", "amount_ratio", "touches_ratio"], 1),
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
    >>> from crmlib.present.claims_stages import little_pipeline
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
        frame.reset_index(drop=True),
        name="next_steps",
        caption="What came next, from a day of the stay on: won deals against lost ones (ranges: 95 %)",
        labels={
            "stage": "Stage",
            "at_days": "After days in stage",
            "step": "Next contact",
            "won": "Won deals",
            "won_pct": "Share of the won",
            "lost_pct": "Share of the lost",
            "lift": "Times as often",
            "low": "from",
            "high": "to",
            "is_better": "More frequent among the won",
            "wait_days": "Days until then, half",
        },
        units={"won_pct": "%", "lost_pct": "%", "at_days": "", "wait_days": ""},
        digits={"at_days": 0, "won_pct": 1, "lost_pct": 1, "lift": 2, "low": 2, "high": 2, "wait_days": 0},
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
    >>> from crmlib.analyse.pipeline.process import process_flow
    >>> flow = process_flow(little_history(), case="opportunity_id", activity="stage", at="entered_at")
    >>> process_table(flow).frame["count"].tolist()
    [20, 12]
    """
    marks = [
        ", ".join(word for word, is_so in (("back", row.is_loop), ("stalls", row.is_stall)) if is_so)
        for row in flow.steps.itertuples()
    ]
    return DataTable(
        flow.steps.drop(columns=["is_loop", "is_stall"]).assign(mark=marks),
        name="process_steps",
        caption="Steps of the process, the most frequent first",
        labels={
            "activity": "From",
            "next_activity": "To",
            "count": "Times",
            "cases": f"{flow.what.capitalize()}s",
            "share_pct": "Share of the steps from there",
            "median_days": "Days, half",
            "wait_share_pct": "Share of all waiting",
            "mark": "Mark",
        },
        units={"share_pct": "%", "wait_share_pct": "%", "median_days": ""},
        digits={"share_pct": 0, "median_days": 1, "wait_share_pct": 0},
        rows=10,
    )


def _sum(amounts: pd.Series) -> float | None:
    known = amounts.sum(min_count=1)
    return None if pd.isna(known) else float(known)
