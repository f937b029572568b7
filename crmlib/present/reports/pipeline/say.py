"""What the report on the pipeline says of funnel and time: made from the numbers, whichever way they went."""

from functools import cache

import pandas as pd

from crmlib.analyse.pipeline.durations import StageDurations
from crmlib.analyse.pipeline.overdue import Overdue
from crmlib.analyse.pipeline.team import ProcessFlow, TeamWork
from crmlib.measure.deals.stays import WHOLE_DEAL
from crmlib.present.needs import or_else
from crmlib.present.words import count, date, days, listing, money, number, percent, plural, quoted, times

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
    """Twenty deals of which eight are open, for the examples."""
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
    """The day of the closing moment, for captions."""
    return date(overdue.as_of_on)


@or_else(lambda missing: [])
def overdue_paragraph(overdue: Overdue) -> list[str]:
    """Which open deals are overdue, by how much, and what may be done about them.

    Parameters
    ----------
    overdue : Overdue

    Returns
    -------
    list of str

    Examples
    --------
    >>> from crmlib.present.reports.pipeline.say import little_pipeline
    >>> overdue_paragraph(little_pipeline()[1])[0].replace("\\u00a0", " ")
    'A deal is overdue once it has been in its stage for longer than 50 % of deals ever are: “Talk” 5 days and
    “Offer” 10 days.'
    """
    known = overdue.limits.dropna(subset="limit_days")
    if known.empty:
        return ["No stage has seen enough deals leave to say what is overdue."]
    whole = list(known.index) == [WHOLE_DEAL]
    parts = [f"{quoted(stage)} {days(row['limit_days'])}" for stage, row in known.iterrows()]
    place = "been open" if whole else "been in its stage"
    limits = days(known["limit_days"].iloc[0]) if whole else listing(parts)
    said = [
        f"A deal is overdue once it has {place} for longer than {percent(100 * overdue.quantile)} of deals ever "
        f"are: {limits}."
    ]
    unknown = [quoted(stage) for stage in overdue.limits.index.difference(known.index, sort=False)]
    if unknown:
        said.append(f"For {listing(unknown)} no limit can be told: too few stays are seen to end.")
    if len(overdue.table):
        row = overdue.table.iloc[0]
        clear = int(overdue.table["is_clear"].sum())
        said.append(
            f"Of the {count(len(overdue.table), 'overdue deal')}, {number(clear)} "
            f"{plural(clear, 'is', 'are')} beyond the likely range of the limit, too."
        )
        if pd.notna(row["amount"]):
            said.append(
                f"The largest one, worth {money(row['amount'], overdue.currency)}, is "
                f"{days(row['over_days'])} over. Close what is dead, and call on the others."
            )
    return said


@or_else(lambda missing: [])
def next_step_paragraph(overdue: Overdue) -> list[str]:
    """Whether some next step is more frequent among the won than among the lost at the same point.

    Parameters
    ----------
    overdue : Overdue

    Returns
    -------
    list of str

    Examples
    --------
    >>> from crmlib.present.reports.pipeline.say import little_pipeline
    >>> next_step_paragraph(little_pipeline()[1])
    ['Too few closed deals had a contact that is known, so no next step can be told from them.']
    """
    steps = overdue.steps
    if steps.empty:
        return ["Too few closed deals had a contact that is known, so no next step can be told from them."]
    said = [
        "For each point of a stage it was looked up what we did next with the deals that were won later and with "
        "those that were lost; deals that had no further contact are left out on both sides."
    ]
    better = steps[steps["is_better"]].sort_values("lift", ascending=False, kind="stable")
    if better.empty:
        said.append(
            f"Not one of {count(len(steps), 'step')} is shown to be more frequent among the won. The list therefore "
            "names the step that the won took most often, as a habit, not as a cure."
        )
    for row in better.head(2).itertuples():
        said.append(
            f"In {_overdue_name(row.stage)} after {days(row.at_days)}, “{row.step}” came next in {percent(row.won_pct)} of "
            f"the won against {percent(row.lost_pct)} of the lost ({times(row.lift)} as often, likely "
            f"{number(row.low)} to {number(row.high)}), after another {days(row.wait_days)} in the middle."
        )
    if len(better):
        said.append("That goes together with winning; it is no proof that the step brings it about.")
    return said


def _overdue_name(stage: object) -> str:
    return "the pipeline" if stage == WHOLE_DEAL else quoted(stage)


@or_else(lambda missing: [])
def process_paragraph(flow: ProcessFlow) -> list[str]:
    """Steps of the process that go back, and those that wait longest.

    Parameters
    ----------
    flow : ProcessFlow

    Returns
    -------
    list of str

    Examples
    --------
    >>> from crmlib.analyse.pipeline.durations import little_history
    >>> from crmlib.analyse.pipeline.team import process_flow
    >>> log = little_history()
    >>> process_paragraph(process_flow(log, case="opportunity_id", activity="stage", at="entered_at"))[-2:]
    ['No step goes back to an earlier activity.', 'No frequent step waits twice as long as the middle one.']
    """
    steps, total = flow.steps, int(flow.steps["count"].sum())
    if not total:
        return [f"No {flow.what} has more than one step."]
    first = steps.iloc[0]
    said = [
        f"{count(len(flow.cases), flow.what)} took {count(total, 'step')}. The most frequent one leads from "
        f"{quoted(first['activity'])} to {quoted(first['next_activity'])}: {number(first['count'])} times, after "
        f"{short_time(first['median_days'])} in the middle."
    ]
    loops = steps[steps["is_loop"]]
    if loops.empty:
        said.append("No step goes back to an earlier activity.")
    else:
        back, row = int(loops["count"].sum()), loops.iloc[0]
        said.append(
            f"{count(back, 'step')} ({percent(100 * back / total)}) {plural(back, 'goes', 'go')} back or "
            f"{plural(back, 'repeats', 'repeat')} what was done, most often from {quoted(row['activity'])} to "
            f"{quoted(row['next_activity'])} ({number(row['count'])})."
        )
    stalls = steps[steps["is_stall"]].sort_values("median_days", ascending=False, kind="stable")
    if stalls.empty:
        said.append("No frequent step waits twice as long as the middle one.")
    else:
        parts = [
            f"from {quoted(row.activity)} to {quoted(row.next_activity)} ({short_time(row.median_days)})"
            for row in stalls.head(3).itertuples()
        ]
        said.append(f"Work stalls {listing(parts)}: twice the wait of the middle step, or more.")
    return said


def short_time(x: float) -> str:
    """A time in days; below one day in hours, below one hour in minutes."""
    if pd.isna(x) or x >= 1:
        return days(x)
    if x * 24 >= 1:
        return count(round(24 * x), "hour")
    minutes = round(24 * 60 * x)
    return count(minutes, "minute") if minutes >= 1 else "under a minute"


@or_else(lambda missing: [])
def effort_paragraph(work: TeamWork) -> list[str]:
    """Contacts, time and expense of won and lost deals, and how many plans were kept.

    Parameters
    ----------
    work : TeamWork

    Returns
    -------
    list of str

    Examples
    --------
    >>> effort_paragraph(little_work())
    ['Contacts are not kept with the deal they were about, so nobody can tell what was done for it.']
    """
    table = work.by_outcome
    if table.empty or table["touch_count"].isna().all():
        return [
            "Contacts are not kept with the deal they were about, so nobody can tell what was done for it."
        ]
    said = []
    for outcome in ("won", "lost"):
        if outcome in table.index:
            row = table.loc[outcome]
            parts = [count(row["touch_count"], "contact")]
            if row["minutes_spent"] > 0:
                parts.append(f"{number(row['minutes_spent'])} minutes")
            if row["cost_spent"] > 0:
                parts.append(f"{money(row['cost_spent'], work.currency)} of expense")
            said.append(f"A {outcome} deal took {listing(parts)} in the middle.")
    kept = table["kept_pct"].dropna()
    if len(kept):
        parts = [f"{percent(share)} of those for {outcome} deals" for outcome, share in kept.items()]
        said.append(
            f"Of the contacts that were planned and due, {listing(parts)} took place within 3 days of the day planned."
        )
    if {"won", "lost"} <= set(table.index):
        said.append(
            "Won deals are worked on for longer, so they have more contacts; that alone is no reason."
        )
    return said


@or_else(lambda missing: [])
def unplanned_paragraph(overdue: Overdue) -> list[str]:
    """Open deals that have no contact planned.

    Parameters
    ----------
    overdue : Overdue

    Returns
    -------
    list of str

    Examples
    --------
    >>> from crmlib.present.reports.pipeline.say import little_pipeline
    >>> unplanned_paragraph(little_pipeline()[1])
    ['Planned contacts are not kept, so nobody can tell which deals have none.']
    """
    if not overdue.plans_kept:
        return ["Planned contacts are not kept, so nobody can tell which deals have none."]
    bare, total = overdue.unplanned, len(overdue.open_deals)
    if bare.empty:
        return ["Every open deal has a contact planned."] if total else ["No deal is open."]
    worth = bare["amount"].sum(min_count=1)
    value = (
        f" and {plural(len(bare), 'is', 'are')} worth {money(worth, overdue.currency)}"
        if pd.notna(worth)
        else ""
    )
    late = int(bare["is_overdue"].eq(True).fillna(False).sum())
    return [
        f"{number(len(bare))} of {count(total, 'open deal')} ({percent(100 * len(bare) / total)}) "
        f"{plural(len(bare), 'has', 'have')} no contact planned{value}; {number(late)} of them "
        f"{plural(late, 'is', 'are')} overdue as well.",
        "Put a date on each, or close it.",
    ]


@or_else(lambda missing: [])
def load_paragraph(work: TeamWork) -> list[str]:
    """Who carries most, against the middle of the team.

    Parameters
    ----------
    work : TeamWork

    Returns
    -------
    list of str

    Examples
    --------
    >>> load_paragraph(little_work())[0].replace("\\u00a0", " ")
    '1 owner who is still here has open deals, 1 in the middle.'
    """
    here = work.load[~work.load["has_left"] & (work.load.index != "without an owner")]
    if here.empty:
        return ["No owner who is still here has an open deal."]
    middle = here["open_deals"].median()
    said = [
        f"{count(len(here), 'owner')} who {plural(len(here), 'is', 'are')} still here "
        f"{plural(len(here), 'has', 'have')} open deals, {number(middle)} in the middle."
    ]
    most = here.iloc[0]
    if len(here) > 2 and most["deals_ratio"] >= 1.2:
        said.append(
            f"{here.index[0]} carries most: {count(most['open_deals'], 'open deal')}, {times(most['deals_ratio'])} "
            f"the middle of the team."
        )
    busy = here[(here["deals_ratio"] >= 1.2) & (here["touches_ratio"] < 0.8)]
    if len(busy):
        said.append(
            f"{listing(busy.index, limit=3)} {plural(len(busy), 'has', 'have')} many deals and few contacts: more than "
            "1.2 times the deals of the middle and less than 0.8 times the contacts."
        )
    nobody = work.load[work.load.index == "without an owner"]
    if len(nobody):
        n = int(nobody["open_deals"].iloc[0])
        said.append(f"{count(n, 'open deal')} {plural(n, 'has', 'have')} no owner.")
    return said


@or_else(lambda missing: [])
def handover_paragraph(work: TeamWork) -> list[str]:
    """The open deals of owners who left.

    Parameters
    ----------
    work : TeamWork

    Returns
    -------
    list of str

    Examples
    --------
    >>> handover_paragraph(little_work())[0].replace("\\u00a0", " ")
    '1 open deal, worth EUR 20, still belongs to 1 owner who has left.'
    """
    if not work.left_known:
        return ["It is not kept who has left, so no deals can be listed for handing over."]
    listed = work.handover
    if listed.empty:
        return ["No open deal belongs to an owner who has left."]
    owners, worth = listed["owner_id"].nunique(), listed["amount"].sum(min_count=1)
    value = f", worth {money(worth, work.currency)}," if pd.notna(worth) else ""
    said = [
        f"{count(len(listed), 'open deal')}{value} still {plural(len(listed), 'belongs', 'belong')} to "
        f"{count(owners, 'owner')} who {plural(owners, 'has', 'have')} left."
    ]
    silent = listed[listed["last_contact_on"].notna() & (listed["last_contact_on"] < listed["left_on"])]
    if len(silent):
        said.append(
            f"{number(len(silent))} of them {plural(len(silent), 'has', 'have')} had no contact since the owner left."
        )
    bare = int(listed["next_planned_on"].isna().sum())
    if listed["next_planned_on"].notna().any():
        said.append(f"{number(bare)} {plural(bare, 'has', 'have')} no contact planned.")
    waiting = listed["stage_age_days"].median()
    if pd.notna(waiting):
        said.append(f"In the middle they have been in their stage for {days(waiting)}.")
    return said


@cache
def little_work() -> TeamWork:
    """Two open deals, one of them of an owner who has left, for the examples."""
    from crmlib.analyse.pipeline.team import team_work
    from crmlib.prepare.crm import Crm

    sold = pd.DataFrame(
        {
            "opportunity_id": ["a", "b", "c"],
            "stage": "x",
            "owner_id": ["e1", "e2", "e1"],
            "outcome": ["open", "open", "won"],
            "amount": [10.0, 20.0, 30.0],
            "created_at": "2024-01-01",
            "closed_at": [None, None, "2024-01-09"],
        }
    )
    staff = pd.DataFrame({"employee_id": ["e1", "e2"], "left_on": [None, "2024-01-20"]})
    return team_work(Crm.from_frames(as_of="2024-01-31", currency="EUR", opportunities=sold, employees=staff))
