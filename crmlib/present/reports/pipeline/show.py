"""Key figures and tables of the report on the pipeline: stages, overdue deals, the team's load and handovers."""

from typing import Any

import pandas as pd

from crmlib.analyse.pipeline.durations import StageDurations
from crmlib.analyse.pipeline.overdue import Overdue
from crmlib.analyse.pipeline.team import ProcessFlow, TeamWork
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import employee_codes, public_ids
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures
from crmlib.present.blocks.tables import without_empty, yes_marks
from crmlib.present.claims import Claim, claim, count, date, days, name, share, term
from crmlib.present.needs import or_else
from crmlib.present.reports.pipeline.say import worth_of


def filled(table: Any) -> Any:
    """A table that has rows; an empty one says nothing and is not shown."""
    return None if isinstance(table, DataTable) and table.frame.empty else table


@or_else(lambda missing: missing)
def stages_figures(durations: StageDurations, overdue: Overdue, work: TeamWork | None = None) -> KeyFigures:
    """Open deals and their value, overdue ones, those without a plan, those to hand over, the slowest stage."""
    every, currency = overdue.open_deals, overdue.currency
    figures = [
        KeyFigure(claim("pipeline-figure-open"), count(len(every), at="deals.open")),
        KeyFigure(
            claim("pipeline-figure-open-amount"),
            worth_of(every, currency, at="deals.open_amount"),
            better="higher",
        ),
        *_overdue_figures(durations, overdue),
    ]
    if overdue.plans_kept:
        bare = count(len(overdue.unplanned), at="deals.unplanned", part_of="deals.open")
        figures.append(KeyFigure(claim("pipeline-figure-unplanned"), bare, better="lower"))
    if work is not None and work.left_known:
        left = count(len(work.handover), at="deals.to_hand_over", part_of="deals.open")
        figures.append(KeyFigure(claim("pipeline-figure-handover"), left, better="lower"))
    return KeyFigures(*figures, *(_slowest_figure(durations) if len(figures) < 6 else []))


def _overdue_figures(durations: StageDurations, overdue: Overdue) -> list[KeyFigure]:
    if not overdue.limits["limit_days"].notna().any():
        return []
    quantile = share(100 * overdue.quantile)
    note = claim("pipeline-figure-overdue-note", quantile=quantile)
    if not durations.has_history:
        note = claim("pipeline-figure-overdue-note-whole", quantile=quantile)
    late = count(len(overdue.table), at="deals.overdue", part_of="deals.open")
    worth = worth_of(overdue.table, overdue.currency, at="deals.overdue_amount")
    return [
        KeyFigure(claim("pipeline-figure-overdue"), late, better="lower", note=note),
        KeyFigure(claim("pipeline-figure-overdue-amount"), worth),
    ]


def _slowest_figure(durations: StageDurations) -> list[KeyFigure]:
    known = durations.table.dropna(subset="median_days")
    if known.empty:
        return []
    stage = known["median_days"].idxmax()
    row = known.loc[stage]
    both = pd.notna(row["median_low"]) and pd.notna(row["median_high"])
    label = claim("pipeline-figure-half-deal")
    if durations.has_history:
        label = claim("pipeline-figure-half-stage", stage=name(stage))
    low = float(row["median_low"]) if both else None
    high = float(row["median_high"]) if both else None
    return [KeyFigure(label, days(float(row["median_days"])), low=low, high=high, better="lower")]


@or_else(lambda missing: missing)
def stage_times_table(durations: StageDurations) -> DataTable:
    """Each stage: deals, how long they stay, and where they go."""
    columns = [
        *("stays", "open", "mean_finished_days", "median_finished_days", "median_days", "median_low"),
        *("median_high", "q80_days", "cumulative_median_days", "reentered_deals", "forward_pct", "won_pct"),
        *("lost_pct", "back_pct"),
    ]
    frame = durations.table[columns].reset_index()
    return DataTable(
        frame.rename(columns={"open": "still_there"}), "stage_times", claim("pipeline-table-times")
    )


@or_else(lambda missing: missing)
def load_table(crm: Crm, work: TeamWork) -> DataTable:
    """Each owner's open deals, their value and contacts a week, against the median of the team."""
    frame = work.load.reset_index()
    frame["owner_id"] = employee_codes(crm, frame["owner_id"])
    # Without rows every column is empty, and none of them says nothing.
    frame = frame.dropna(axis=1, how="all") if len(frame) else frame
    if "team" in frame and frame["team"].replace("nan", pd.NA).isna().all():
        frame = frame.drop(columns="team")
    frame["has_left"] = yes_marks(frame["has_left"])
    if not work.left_known:
        frame = frame.drop(columns="has_left")
    shown = frame.rename(columns={"open_amount": "open_value"})
    return DataTable(shown, "owners_load", claim("pipeline-table-load"), currency=work.currency)


@or_else(lambda missing: missing)
def next_steps_table(overdue: Overdue) -> DataTable:
    """What came next at each point of a stage, among the won and among the lost."""
    columns = [
        *("stage", "at_days", "step", "won", "won_pct", "lost_pct", "lift", "low", "high", "is_better"),
        "wait_days",
    ]
    frame = overdue.steps[columns].assign(is_better=yes_marks(overdue.steps["is_better"]))
    shown = frame.reset_index(drop=True).rename(
        columns={
            "step": "next_contact",
            "won_pct": "share_won_pct",
            "lost_pct": "share_lost_pct",
            "lift": "won_lift",
            "low": "won_lift_low",
            "high": "won_lift_high",
        }
    )
    return DataTable(shown, "next_steps", claim("pipeline-table-next"), rows=10)


@or_else(lambda missing: missing)
def process_table(flow: ProcessFlow) -> DataTable:
    """Every step of the process, the most frequent first."""
    marks = [_mark(row) for row in flow.steps.itertuples()]
    frame = (
        flow.steps.drop(columns=["is_loop", "is_stall"])
        .assign(mark=marks)
        .rename(
            columns={
                "count": "times",
                "cases": f"{flow.what}s",
                "share_pct": "steps_share_pct",
                "median_days": "half_days",
            }
        )
    )
    return DataTable(frame, "process_steps", claim("pipeline-table-process"), rows=10)


def _mark(row: Any) -> str:
    if row.is_loop and row.is_stall:
        return str(term("pipeline-mark-both"))
    if row.is_loop:
        return str(term("pipeline-mark-back"))
    return str(term("pipeline-mark-stalls")) if row.is_stall else ""


_ROWS, _BYTES = 40, 80_000
"""Of each list: the report has four of them, and a page may weigh two million bytes."""


@or_else(lambda missing: missing)
def overdue_table(crm: Crm, overdue: Overdue) -> DataTable:
    """Overdue deals with owner, value, how long over, and the next step of the won, the largest value first."""
    columns = [
        *("customer_id", "owner_id", "stage", "stage_age_days", "limit_days", "over_days", "amount"),
        *("last_touch_days", "next_planned_on", "next_step", "next_step_on", "next_step_won_pct"),
        *("next_step_lost_pct", "next_step_lift"),
    ]
    return _deals_table(
        crm, overdue.table[columns], currency=overdue.currency, name="overdue_deals",
        caption=claim("pipeline-table-overdue", day=date(overdue.as_of_on)),
    )  # fmt: skip


@or_else(lambda missing: missing)
def unplanned_table(crm: Crm, overdue: Overdue) -> DataTable:
    """Open deals with no contact planned, the largest value first."""
    columns = [
        *("customer_id", "owner_id", "stage", "stage_age_days", "over_days", "amount", "last_touch_days"),
        *("expected_close_on", "next_step", "next_step_on"),
    ]
    return _deals_table(
        crm, overdue.unplanned[columns], currency=overdue.currency, name="deals_without_a_plan",
        caption=claim("pipeline-table-unplanned"),
    )  # fmt: skip


@or_else(lambda missing: missing)
def handover_table(crm: Crm, work: TeamWork) -> DataTable:
    """Open deals of owners who left, with the last contact and the next step."""
    return _deals_table(
        crm, work.handover, currency=work.currency, name="deals_to_hand_over",
        caption=claim("pipeline-table-handover"),
    )  # fmt: skip


def _deals_table(crm: Crm, frame: pd.DataFrame, *, currency: str, name: str, caption: Claim) -> DataTable:
    listed = frame.reset_index()
    listed["customer_id"] = public_ids(
        crm, listed["customer_id"].astype("str").where(listed["customer_id"].notna())
    )
    if "owner_id" in listed:
        listed["owner_id"] = employee_codes(crm, listed["owner_id"])
    shown = without_empty(listed, *listed.columns.drop("opportunity_id"))
    return DataTable(
        shown, name, caption, currency=currency, rows=6, page_rows=_ROWS, download_bytes=_BYTES, about=crm
    )
