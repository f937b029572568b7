"""What the report on the pipeline says of funnel and time: made from the numbers, whichever way they went."""

from functools import cache

import pandas as pd

from crmlib.analyse.pipeline.durations_result import StageDurations
from crmlib.analyse.pipeline.overdue import Overdue
from crmlib.measure.stage_stays import WHOLE_DEAL
from crmlib.present.needs import or_else
from crmlib.present.words import count, date, days, listing, money, number, percent, plural, quoted

SET_ASIDE = {
    "negative": "left before they were entered",
    "overlapping": "ended after the next one had begun",
    "orphan": "belong to no deal that is known",
    "after_close": "were entered after the deal was closed",
    "unclear_end": "say that a deal was closed, but not how",
    "no_end": "belong to closed deals without a closing date",
    "no_begin": "have no beginning",
    "nowhere": "ended, and nothing says where the deal went",
}
"""Why rows were left out, as the end of a sentence about several of them."""


@or_else(lambda missing: [])
def stages_answer(durations: StageDurations, overdue: Overdue) -> list[str]:
    """How many open deals are overdue and what they are worth, how many lack a plan, where deals take longest.

    Parameters
    ----------
    durations : StageDurations
    overdue : Overdue

    Returns
    -------
    list of str

    Examples
    --------
    >>> durations, overdue = little_pipeline()
    >>> stages_answer(durations, overdue)[0].replace("\\u00a0", " ")
    'Of 8 open deals, 8 (100 %) have been in their stage for longer than 50 % of all deals stay there; they are
    worth EUR 800 together.'
    """
    open_deals, late = len(overdue.open_deals), len(overdue.table)
    if not open_deals:
        return ["No deal is open.", *_slowest(durations)]
    said = []
    told = int(overdue.open_deals["is_overdue"].notna().sum())
    if told:
        worth = overdue.table["amount"].sum(min_count=1)
        value = (
            f"; {plural(late, 'it is', 'they are')} worth {money(worth, overdue.currency)}"
            f"{' together' if late > 1 else ''}"
        )
        who = "have" if late != 1 else "has"
        place = "been in their stage" if durations.has_history else "been open"
        stay = "all deals stay there" if durations.has_history else "all deals take"
        said.append(
            f"Of {count(told, 'open deal')}{'' if told == open_deals else ' that can be judged'}, {number(late)} "
            f"({percent(100 * late / told)}) {who} "
            f"{place} for longer than {percent(100 * overdue.quantile)} of {stay}"
            f"{value if late and pd.notna(worth) else ''}."
        )
    else:
        said.append(f"{count(open_deals, 'deal')} {plural(open_deals, 'is', 'are')} open.")
    if overdue.plans_kept:
        bare = len(overdue.unplanned)
        said.append(f"{number(bare)} of them {plural(bare, 'has', 'have')} no contact planned.")
    return [*said, *_slowest(durations)]


@or_else(lambda missing: [])
def stages_findings(durations: StageDurations, overdue: Overdue) -> list[str]:
    """The sentences that the index repeats.

    Parameters
    ----------
    durations : StageDurations
    overdue : Overdue

    Returns
    -------
    list of str

    Examples
    --------
    >>> stages_findings(*little_pipeline())[0].replace("\\u00a0", " ")
    'Most overdue deals stand in “Offer”: 8 of 8, worth EUR 800.'
    """
    said = []
    limits = overdue.limits[overdue.limits["overdue"] > 0]
    if len(limits) and durations.has_history:
        stage = limits["overdue"].idxmax()
        row = limits.loc[stage]
        worth = (
            f", worth {money(row['overdue_amount'], overdue.currency)}"
            if pd.notna(row["overdue_amount"])
            else ""
        )
        said.append(
            f"Most overdue deals stand in {quoted(stage)}: {number(row['overdue'])} of "
            f"{number(limits['overdue'].sum())}{worth}."
        )
    lost = _most_lost(durations)
    if lost is not None and durations.has_history:
        said.append(
            f"Most of the lost deals are lost in {quoted(lost[0])}: {number(lost[1])} of {number(lost[2])} "
            f"({percent(100 * lost[1] / lost[2])})."
        )
    return said


@or_else(lambda missing: [])
def funnel_paragraph(durations: StageDurations) -> list[str]:
    """What became of the deals that came into each stage.

    Parameters
    ----------
    durations : StageDurations

    Returns
    -------
    list of str

    Examples
    --------
    >>> funnel_paragraph(little_pipeline()[0])[0].replace("\\u00a0", " ")
    'Of 20 deals that came into “Talk”, 20 (100 %) went on, 0 were lost and 0 are still open.'
    """
    table = durations.funnel
    said = []
    if not durations.has_history:
        row = table.iloc[0]
        return [
            f"No history of stages is kept, so a deal counts as one stay from its opening to its end: of "
            f"{count(row['deals'], 'deal')} whose dates are known, {number(row['went_on'])} "
            f"{plural(row['went_on'], 'was', 'were')} won, {number(row['lost'])} lost, and {number(row['open'])} "
            f"{plural(row['open'], 'is', 'are')} open."
        ]
    for row in (table.iloc[0], table.iloc[-1]) if len(table) > 1 else (table.iloc[0],):
        said.append(
            f"Of {count(row['deals'], 'deal')} that came into {quoted(row['stage'])}, {number(row['went_on'])} "
            f"({percent(100 * row['went_on'] / row['deals'])}) {_went(durations, row)}, {number(row['lost'])} "
            f"{plural(row['lost'], 'was', 'were')} lost and {number(row['open'])} "
            f"{plural(row['open'], 'is', 'are')} still open."
        )
    return said


@or_else(lambda missing: [])
def stage_times_paragraph(durations: StageDurations) -> list[str]:
    """How long deals stay, and what the mean of the finished stays leaves out.

    Parameters
    ----------
    durations : StageDurations

    Returns
    -------
    list of str

    Examples
    --------
    >>> stage_times_paragraph(little_pipeline()[0])[0].replace("\\u00a0", " ")
    'Half of the deals have left “Talk” after 5 days, and 80 % after 8 days.'
    """
    said = []
    for stage, row in durations.table.iterrows():
        half = row["median_days"]
        if pd.isna(half):
            said.append(
                f"Fewer than half of the deals are seen to leave {_name(stage)}, so no middle time can be told."
            )
            continue
        rest = f", and {percent(80)} after {days(row['q80_days'])}" if pd.notna(row["q80_days"]) else ""
        said.append(f"Half of the deals have left {_name(stage)} after {days(half)}{rest}.")
    said = said[:6]
    gap = _too_short(durations)
    if gap is not None:
        stage, row = gap
        said.append(
            f"Counting only stays that are over would say too little: in {_name(stage)} their middle is "
            f"{days(row['median_finished_days'])}, against {days(row['median_days'])} when the "
            f"{count(row['open'], 'deal')} still there {plural(row['open'], 'is', 'are')} counted."
        )
    back = durations.table["reentered_deals"]
    if back.sum():
        stage = back.idxmax()
        row = durations.table.loc[stage]
        said.append(
            f"{count(back[stage], 'deal')} came into {_name(stage)} more than once; all stays of a deal there "
            f"together last {days(row['cumulative_median_days'])} in the middle."
        )
    return said


@or_else(lambda missing: [])
def exits_paragraph(durations: StageDurations) -> list[str]:
    """Where deals go from each stage, open ones counted.

    Parameters
    ----------
    durations : StageDurations

    Returns
    -------
    list of str

    Examples
    --------
    >>> exits_paragraph(little_pipeline()[0])[0].replace("\\u00a0", " ")
    'From “Talk”, an expected 100 % of deals go on.'
    """
    words = {"forward_pct": "go on", "won_pct": "are won", "lost_pct": "are lost", "back_pct": "go back"}
    said = []
    for stage, row in durations.table.iterrows():
        parts = [f"{percent(row[name])} {what}" for name, what in words.items() if row[name] >= 0.5]
        if parts:
            parts[0] = parts[0].replace(" go", " of deals go", 1).replace(" are", " of deals are", 1)
            said.append(f"From {_name(stage)}, an expected {listing(parts)}.")
    if said:
        said.append(
            "A deal that has gone one way cannot go another, and deals still there are counted for as long as they "
            "have been."
        )
    return said


@or_else(lambda missing: [])
def stages_limits(durations: StageDurations, overdue: Overdue) -> list[str]:
    """What the times cannot say, and what was left out.

    Parameters
    ----------
    durations : StageDurations
    overdue : Overdue

    Returns
    -------
    list of str

    Examples
    --------
    >>> stages_limits(*little_pipeline())[0]
    'Long stays are met more often at any one moment, so more open deals than the quantile says lie beyond the
    limit even where nothing is wrong.'
    """
    said = [
        "Long stays are met more often at any one moment, so more open deals than the quantile says lie beyond the "
        "limit even where nothing is wrong.",
        "The times mix deals of all years and kinds; a deal of an unusual kind may need longer for good reason.",
    ]
    out = {reason: rows for reason, rows in durations.set_aside.items() if rows}
    if out:
        parts = [f"{number(rows)} {SET_ASIDE.get(reason, reason)}" for reason, rows in out.items()]
        total = sum(out.values())
        said.append(
            f"{count(total, 'row')} of the history {plural(total, 'is', 'are')} not used: {listing(parts)}."
        )
    untold = int(overdue.open_deals["is_overdue"].isna().sum())
    if untold:
        said.append(
            f"Of {count(untold, 'open deal')} it cannot be told whether {plural(untold, 'it is', 'they are')} overdue: "
            "no stay that goes on is known, or the stage has no limit."
        )
    if not durations.has_history:
        said.append("No stage history is kept, so only the age of whole deals is known.")
    if not overdue.plans_kept:
        said.append("Planned contacts are not kept, so deals without a next contact cannot be listed.")
    return said


@cache
def little_pipeline() -> tuple[StageDurations, Overdue]:
    """Twenty deals of which eight are open, for the examples.

    Returns
    -------
    (StageDurations, Overdue)

    Examples
    --------
    >>> [type(part).__name__ for part in little_pipeline()]
    ['StageDurations', 'Overdue']
    """
    from crmlib.analyse.pipeline.durations import little_history, stage_durations
    from crmlib.analyse.pipeline.overdue import overdue_opportunities
    from crmlib.prepare.crm import Crm

    history = little_history()
    lost = history[history["stage"] == "Lost"].set_index("opportunity_id")["entered_at"]
    sold = history[["opportunity_id"]].drop_duplicates().assign(stage="x", amount=100.0)
    sold["closed_at"] = sold["opportunity_id"].map(lost)
    sold["outcome"] = sold["closed_at"].notna().map({True: "lost", False: "open"})
    crm = Crm.from_frames(as_of="2024-03-31", currency="EUR", opportunities=sold, stage_history=history)
    return stage_durations(crm), overdue_opportunities(crm, quantile=0.5)


def _name(stage: object) -> str:
    return "the pipeline" if stage == WHOLE_DEAL else quoted(stage)


def _went(durations: StageDurations, row: pd.Series) -> str:
    flow = durations.flow[durations.flow["stage"] == row["stage"]]
    on = int(flow.loc[flow["exit"] == "forward", "stays"].sum())
    won = int(flow.loc[flow["exit"] == "won", "stays"].sum())
    return "went on" if on or not won else "were won" if row["went_on"] != 1 else "was won"


def _slowest(durations: StageDurations) -> list[str]:
    known = durations.table.dropna(subset="median_days")
    if known.empty:
        return []
    stage = known["median_days"].idxmax()
    row = known.loc[stage]
    if not durations.has_history:
        return [f"Half of all deals are closed within {days(row['median_days'])} of their opening."]
    if len(known) == 1:
        return [f"Half of the deals have left {quoted(stage)} after {days(row['median_days'])}."]
    return [
        f"{quoted(stage)} takes longest: half of the deals are still there after {days(row['median_days'])}."
    ]


def _too_short(durations: StageDurations) -> tuple[object, pd.Series] | None:
    """The stage in which the finished stays alone are farthest below the truth, if by a tenth or more."""
    table = durations.table[durations.table["open"] > 0]
    share = table["median_finished_days"] / table["median_days"]
    if not (share <= 0.9).any():
        return None
    return share.idxmin(), table.loc[share.idxmin()]


def _most_lost(durations: StageDurations) -> tuple[object, int, int] | None:
    lost = durations.flow[durations.flow["exit"] == "lost"].groupby("stage")["stays"].sum()
    return (lost.idxmax(), int(lost.max()), int(lost.sum())) if len(lost) else None


def as_of_words(overdue: Overdue) -> str:
    """The day of the closing moment, for captions.

    Parameters
    ----------
    overdue : Overdue

    Returns
    -------
    str

    Examples
    --------
    >>> as_of_words(little_pipeline()[1])
    '31 March 2024'
    """
    return date(overdue.as_of_on)
