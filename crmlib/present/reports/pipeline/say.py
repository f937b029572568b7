"""What the report on the pipeline says of funnel and time, of overdue deals, of the process and of the team."""

import pandas as pd

from crmlib.analyse.pipeline.durations import StageDurations
from crmlib.analyse.pipeline.overdue import Overdue, soonest_day
from crmlib.analyse.pipeline.team import STALL_TIMES, WITHOUT_OWNER, ProcessFlow, TeamWork
from crmlib.measure.deals.contacts import KEPT_WITHIN_DAYS
from crmlib.measure.deals.stays import WHOLE_DEAL
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import employee_codes
from crmlib.present.claims import (
    Claim,
    Fact,
    Family,
    claim,
    count,
    counts,
    date,
    days,
    interval,
    money,
    name,
    names,
    number,
    share,
    times,
)
from crmlib.present.needs import or_else

ASIDE_WORDS = Family(
    "pipeline-aside",
    (*("negative", "overlapping", "orphan", "after_close", "unclear_end", "no_end", "no_begin"), "nowhere"),
    facts=("rows",),
)
"""Why rows of the history were left out."""

EXITS_FIRST = Family("pipeline-exit-first", ("forward", "won", "lost", "back"), facts=("share",))
EXITS = Family("pipeline-exit", ("forward", "won", "lost", "back"), facts=("share",))
CASES = Family("pipeline-cases", ("deal", "case"), facts=("n",))
NO_STEPS = Family("pipeline-process-none", ("deal", "case"))
EFFORT = Family("pipeline-effort", ("won", "lost"), facts=("effort",))
KEPT = Family("pipeline-effort-kept", ("won", "lost", "open"), facts=("share",))

_MOST_STAGES = 6
_Q80 = 80.0
_BUSY, _FEW = 1.2, 0.8


def place_of(stage: object) -> Claim:
    """A stage, or the whole pipeline, as it stands in a sentence."""
    return claim("pipeline-whole") if stage == WHOLE_DEAL else claim("pipeline-stage", stage=name(stage))


def worth_of(table: pd.DataFrame, currency: str, *, at: str = "") -> Fact:
    """What deals are worth together; not known where no amount is."""
    return money(table["amount"].sum(min_count=1), currency, at=at)


@or_else(lambda missing: [])
def stages_answer(durations: StageDurations, overdue: Overdue) -> list[Claim]:
    """How many open deals are overdue and what they are worth, and where deals take longest."""
    open_deals = len(overdue.open_deals)
    if not open_deals:
        return [claim("pipeline-answer-none-open"), *_slowest(durations)]
    told = int(overdue.open_deals["is_overdue"].notna().sum())
    if not told:
        return [claim("pipeline-answer-open", open=count(open_deals, at="deals.open")), *_slowest(durations)]
    facts = {
        "open": count(told, at="deals.open" if told == open_deals else ""),
        "overdue": count(len(overdue.table), at="deals.overdue", part_of="deals.open"),
        "share": share(100 * len(overdue.table) / told),
        "quantile": share(100 * overdue.quantile),
        "amount": worth_of(overdue.table, overdue.currency, at="deals.overdue_amount"),
    }
    if durations.has_history:
        return [claim("pipeline-answer-overdue", **facts), *_slowest(durations)]
    return [claim("pipeline-answer-overdue-whole", **facts), *_slowest(durations)]


@or_else(lambda missing: [])
def stages_findings(durations: StageDurations, overdue: Overdue) -> list[Claim]:
    """The sentences that the index repeats."""
    if not durations.has_history:
        return []
    lost = most_lost(durations)
    said = [
        claim("pipeline-finding-lost", share=share(100 * lost["lost"] / lost["deals"]), **lost_facts(lost))
    ]
    return [*_most_overdue(overdue), *(said if lost["lost"] else [])]


@or_else(lambda missing: [])
def funnel_paragraph(durations: StageDurations) -> list[Claim]:
    """What became of the deals that came into the first stage and into the last one."""
    table = durations.funnel
    if not durations.has_history:
        row = table.iloc[0]
        deals = count(row["deals"])
        on = count(row["went_on"])
        lost = count(row["lost"])
        return [claim("pipeline-funnel-whole", deals=deals, on=on, lost=lost, open=count(row["open"]))]
    shown = (table.iloc[0], table.iloc[-1]) if len(table) > 1 else (table.iloc[0],)
    return [_came_into(durations, row) for row in shown]


@or_else(lambda missing: [])
def stage_times_paragraph(durations: StageDurations) -> list[Claim]:
    """How long deals stay, and what the average of the finished stays gets wrong."""
    said = []
    for stage, row in durations.table.head(_MOST_STAGES).iterrows():
        facts = {"stage": place_of(stage), "half": days(row["median_days"], at=_half_at(stage))}
        if pd.isna(row["median_days"]):
            said.append(claim("pipeline-times-unseen", stage=facts["stage"]))
        elif pd.isna(row["q80_days"]):
            said.append(claim("pipeline-times-half", **facts))
        else:
            said.append(claim("pipeline-times-most", share=share(_Q80), most=days(row["q80_days"]), **facts))
    return [*said, *_pulled_up(durations), *_too_short(durations), *_came_again(durations)]


@or_else(lambda missing: [])
def exits_paragraph(durations: StageDurations) -> list[Claim]:
    """Where deals go from each stage, open ones counted."""
    said = []
    for stage, row in durations.table.iterrows():
        ways = [way for way in EXITS.members if row[f"{way}_pct"] >= 0.5]
        if not ways:
            continue
        parts = [
            (EXITS if place else EXITS_FIRST).claim(way, share=share(row[f"{way}_pct"]))
            for place, way in enumerate(ways)
        ]
        if stage == WHOLE_DEAL:
            said.append(claim("pipeline-exits-whole", ways=names(parts)))
        else:
            said.append(claim("pipeline-exits-stage", stage=name(stage), ways=names(parts)))
    return [*said, claim("pipeline-exits-counted")] if said else []


@or_else(lambda missing: [])
def stages_limits(durations: StageDurations, overdue: Overdue, work: TeamWork | None = None) -> list[Claim]:
    """What the times cannot say, what was left out, and what is not kept."""
    said = [claim("pipeline-limits-long-stays"), claim("pipeline-limits-mixed")]
    out = {reason: rows for reason, rows in durations.set_aside.items() if rows}
    if out:
        parts = [ASIDE_WORDS.claim(reason, rows=count(rows)) for reason, rows in out.items()]
        said.append(claim("pipeline-limits-set-aside", rows=count(sum(out.values())), reasons=names(parts)))
    untold = int(overdue.open_deals["is_overdue"].isna().sum())
    if untold:
        said.append(claim("pipeline-limits-untold", deals=count(untold)))
    if not durations.has_history:
        said.append(claim("pipeline-limits-no-history"))
    if not overdue.plans_kept:
        said.append(claim("pipeline-limits-no-plans"))
    if overdue.steps.empty:
        said.append(claim("pipeline-limits-no-steps"))
    if work is not None and work.by_outcome["touch_count"].isna().all():
        said.append(claim("pipeline-limits-no-contacts"))
    if work is not None and not work.left_known:
        said.append(claim("pipeline-limits-nobody-left"))
    return said


@or_else(lambda missing: [])
def overdue_paragraph(overdue: Overdue) -> list[Claim]:
    """Which open deals are overdue, by how much, and what may be done about them."""
    known = overdue.limits.dropna(subset="limit_days")
    if known.empty:
        return [claim("pipeline-overdue-none-known")]
    said = [_limits_of(known, share(100 * overdue.quantile))]
    unknown = overdue.limits.index.difference(known.index, sort=False)
    if len(unknown):
        said.append(claim("pipeline-overdue-unknown", stages=names(unknown)))
    if len(overdue.table):
        row, clear = overdue.table.iloc[0], int(overdue.table["is_clear"].sum())
        late = count(len(overdue.table), at="deals.overdue")
        said.append(
            claim("pipeline-overdue-clear", overdue=late, clear=count(clear, part_of="deals.overdue"))
        )
        if pd.notna(row["amount"]):
            worth = money(row["amount"], overdue.currency)
            said.append(claim("pipeline-overdue-largest", amount=worth, over=days(row["over_days"])))
    return said


@or_else(lambda missing: [])
def next_step_paragraph(overdue: Overdue) -> list[Claim]:
    """Whether some next step is more frequent among the won than among the lost at the same point."""
    steps = overdue.steps
    if steps.empty:
        return []
    better = steps[steps["is_better"]].sort_values("lift", ascending=False, kind="stable")
    soonest = claim("pipeline-next-soonest", day=date(soonest_day(overdue.as_of_on)))
    if better.empty:
        none = claim("pipeline-next-none-better", steps=count(len(steps)))
        return [claim("pipeline-next-looked-at"), none, soonest]
    said = [
        claim(
            "pipeline-next-better",
            stage=place_of(row.stage),
            day=days(row.at_days),
            step=name(row.step),
            won=share(row.won_pct),
            lost=share(row.lost_pct),
            lift=times(row.lift),
            range=interval(row.low, row.high),
            wait=days(row.wait_days),
        )
        for row in better.head(2).itertuples()
    ]
    return [claim("pipeline-next-looked-at"), *said, claim("pipeline-next-no-proof"), soonest]


@or_else(lambda missing: [])
def unplanned_paragraph(overdue: Overdue) -> list[Claim]:
    """Open deals that have no contact planned; nothing where plans are not kept."""
    bare, total = overdue.unplanned, len(overdue.open_deals)
    if not overdue.plans_kept or not total:
        return []
    if bare.empty:
        return [claim("pipeline-unplanned-none")]
    late = int(bare["is_overdue"].eq(True).fillna(False).sum())
    said = claim(
        "pipeline-unplanned",
        deals=count(len(bare), at="deals.unplanned", part_of="deals.open"),
        open=count(total, at="deals.open"),
        share=share(100 * len(bare) / total),
        amount=worth_of(bare, overdue.currency, at="deals.unplanned_amount"),
        overdue=count(late, at="deals.overdue_unplanned", part_of="deals.unplanned"),
    )
    return [said, claim("pipeline-unplanned-do")]


@or_else(lambda missing: [])
def process_paragraph(flow: ProcessFlow) -> list[Claim]:
    """Steps of the process that go back, and those that wait longest."""
    steps, total = flow.steps, int(flow.steps["count"].sum())
    if not total:
        return [NO_STEPS.claim(flow.what)]
    first = steps.iloc[0]
    said = [
        claim(
            "pipeline-process-first",
            cases=CASES.claim(flow.what, n=count(len(flow.cases))),
            steps=count(total),
            times=count(first["count"]),
            half=days(first["median_days"]),
            **_from_to(first),
        )
    ]
    loops = steps[steps["is_loop"]]
    back = int(loops["count"].sum())
    if back:
        facts = {"steps": count(back), "share": share(100 * back / total), **_from_to(loops.iloc[0])}
        said.append(claim("pipeline-process-loop", times=count(loops["count"].iloc[0]), **facts))
        said += [claim("pipeline-process-counted-here")] if flow.what == "deal" else []
    else:
        said.append(claim("pipeline-process-no-loop"))
    return [*said, _stalls(steps)]


@or_else(lambda missing: [])
def effort_paragraph(work: TeamWork) -> list[Claim]:
    """Contacts, time and expense of won and lost deals, and how many plans were kept."""
    table = work.by_outcome
    if table.empty or table["touch_count"].isna().all():
        return []
    said = [
        EFFORT.claim(outcome, effort=names(_effort(table.loc[outcome], work.currency)))
        for outcome in EFFORT.members
        if outcome in table.index
    ]
    kept = table["kept_pct"].dropna()
    if len(kept):
        parts = [KEPT.claim(outcome, share=share(pct)) for outcome, pct in kept.items()]
        said.append(claim("pipeline-effort-kept", kept=names(parts), within=days(KEPT_WITHIN_DAYS)))
    if {"won", "lost"} <= set(table.index):
        said.append(claim("pipeline-effort-no-reason"))
    return said


@or_else(lambda missing: [])
def load_paragraph(crm: Crm, work: TeamWork) -> list[Claim]:
    """Who carries most, against the median of the team; owners by their numbers."""
    here = work.load[~work.load["has_left"] & (work.load.index != WITHOUT_OWNER)]
    if here.empty:
        return [claim("pipeline-load-nobody")]
    owners = employee_codes(crm, pd.Series(here.index, index=here.index))
    said = [claim("pipeline-load-here", owners=count(len(here)), half=number(here["open_deals"].median()))]
    most = here.iloc[0]
    if len(here) > 2 and most["deals_ratio"] >= _BUSY:
        facts = {"deals": count(most["open_deals"]), "ratio": times(most["deals_ratio"])}
        said.append(claim("pipeline-load-most", owner=name(owners.iloc[0]), **facts))
    busy = owners[(here["deals_ratio"] >= _BUSY) & (here["touches_ratio"] < _FEW)]
    if len(busy):
        listed = names([name(owner) for owner in busy], limit=3)
        said.append(claim("pipeline-load-few-contacts", owners=listed, many=times(_BUSY), few=times(_FEW)))
    nobody = work.load[work.load.index == WITHOUT_OWNER]
    if len(nobody):
        said.append(claim("pipeline-load-no-owner", deals=count(nobody["open_deals"].iloc[0])))
    return said


@or_else(lambda missing: [])
def handover_paragraph(work: TeamWork) -> list[Claim]:
    """The open deals of owners who left; nothing where it is not known who has."""
    if not work.left_known:
        return []
    listed = work.handover
    if listed.empty:
        return [claim("pipeline-handover-none")]
    deals = count(len(listed), at="deals.to_hand_over", part_of="deals.open")
    owners = count(listed["owner_id"].nunique())
    said = [claim("pipeline-handover", deals=deals, amount=worth_of(listed, work.currency), owners=owners)]
    silent = listed[listed["last_contact_on"].notna() & (listed["last_contact_on"] < listed["left_on"])]
    if len(silent):
        said.append(claim("pipeline-handover-silent", deals=count(len(silent))))
    waiting = listed["stage_age_days"].median()
    if pd.notna(waiting):
        said.append(claim("pipeline-handover-waiting", half=days(waiting)))
    if listed["next_planned_on"].notna().any() and listed["next_planned_on"].isna().any():
        bare = int(listed["next_planned_on"].isna().sum())
        said.append(claim("pipeline-handover-unplanned", deals=count(bare)))
    return said


def most_lost(durations: StageDurations) -> pd.Series:
    """The stage of the funnel in which most deals ended as lost."""
    return durations.funnel.loc[durations.funnel["lost"].idxmax()]


def lost_facts(row: pd.Series) -> dict[str, Fact]:
    """How many of the deals that came into a stage were lost there."""
    place = f"[{row['stage']}]" if not set("[]") & set(str(row["stage"])) else ""
    return {
        "stage": name(row["stage"]),
        "lost": count(row["lost"], at=f"deals.lost_from{place}", part_of=f"deals.came_into{place}"),
        "deals": count(row["deals"], at=f"deals.came_into{place}"),
    }


def _half_at(stage: object) -> str:
    place = "" if stage == WHOLE_DEAL or set("[]") & set(str(stage)) else f"[{stage}]"
    return f"deals.stage_days{place}"


def _most_overdue(overdue: Overdue) -> list[Claim]:
    late = overdue.limits[overdue.limits["overdue"] > 0]
    if late.empty:
        return []
    stage, total = late["overdue"].idxmax(), late["overdue"].sum()
    row = late.loc[stage]
    facts = {
        "stage": name(stage),
        "there": count(row["overdue"], part_of="deals.overdue"),
        "overdue": count(total, at="deals.overdue"),
        "amount": money(row["overdue_amount"], overdue.currency),
    }
    if 2 * row["overdue"] > total:
        return [claim("pipeline-finding-overdue-most", **facts)]
    return [claim("pipeline-finding-overdue-more", **facts)]


def _came_into(durations: StageDurations, row: pd.Series) -> Claim:
    flow = durations.flow[(durations.flow["stage"] == row["stage"]) & (durations.flow["stays"] > 0)]
    (on, lost, still, elsewhere), deals = counts(
        [int(row[part]) for part in ("went_on", "lost", "open", "elsewhere")]
    )
    facts = {
        "stage": name(row["stage"]),
        "deals": deals,
        "on": on,
        "lost": lost,
        "open": still,
        "elsewhere": elsewhere,
        "share": share(100 * row["went_on"] / row["deals"]),
    }
    if "won" in set(flow["exit"]) and "forward" not in set(flow["exit"]):
        return claim("pipeline-funnel-won", **facts)
    return claim("pipeline-funnel-on", **facts)


def _slowest(durations: StageDurations) -> list[Claim]:
    known = durations.table.dropna(subset="median_days")
    if known.empty:
        return []
    stage = known["median_days"].idxmax()
    half = days(known.loc[stage, "median_days"], at=_half_at(stage))
    if not durations.has_history:
        return [claim("pipeline-answer-slowest-whole", half=half)]
    if len(known) == 1:
        return [claim("pipeline-answer-slowest-one", stage=name(stage), half=half)]
    return [claim("pipeline-answer-slowest", stage=name(stage), half=half)]


def _pulled_up(durations: StageDurations) -> list[Claim]:
    """The stage in which the plain average lies farthest above the median, if by a third or more."""
    table = durations.table
    ratio = (table["mean_finished_days"] / table["median_days"]).where(table["median_days"] > 0)
    if not (ratio >= 4 / 3).any():
        return []
    stage = ratio.idxmax()
    row = table.loc[stage]
    facts = {"mean": days(row["mean_finished_days"]), "half": days(row["median_days"], at=_half_at(stage))}
    return [claim("pipeline-times-mean", stage=place_of(stage), **facts)]


def _too_short(durations: StageDurations) -> list[Claim]:
    """The stage in which the finished stays alone are farthest below the truth, if by a tenth or more."""
    table = durations.table[durations.table["open"] > 0]
    ratio = table["median_finished_days"] / table["median_days"]
    if not (ratio <= 0.9).any():
        return []
    row = table.loc[ratio.idxmin()]
    facts = {"finished": days(row["median_finished_days"]), "half": days(row["median_days"])}
    return [claim("pipeline-times-too-short", stage=place_of(row.name), open=count(row["open"]), **facts)]


def _came_again(durations: StageDurations) -> list[Claim]:
    back = durations.table["reentered_deals"]
    if not back.sum():
        return []
    row = durations.table.loc[back.idxmax()]
    facts = {"deals": count(row["reentered_deals"]), "half": days(row["cumulative_median_days"])}
    return [claim("pipeline-times-again", stage=place_of(row.name), **facts)]


def _limits_of(known: pd.DataFrame, quantile: Fact) -> Claim:
    if list(known.index) == [WHOLE_DEAL]:
        limit = days(known["limit_days"].iloc[0])
        return claim("pipeline-overdue-limits-whole", quantile=quantile, limit=limit)
    parts = [
        claim("pipeline-overdue-stage", stage=place_of(stage), limit=days(row["limit_days"]))
        for stage, row in known.iterrows()
    ]
    return claim("pipeline-overdue-limits", quantile=quantile, limits=names(parts))


def _from_to(row: pd.Series) -> dict[str, Fact]:
    return {"here": name(row["activity"]), "there": name(row["next_activity"])}


def _stalls(steps: pd.DataFrame) -> Claim:
    stalls = steps[steps["is_stall"]].sort_values("median_days", ascending=False, kind="stable")
    if stalls.empty:
        return claim("pipeline-process-no-stall", factor=times(STALL_TIMES))
    parts = [
        claim("pipeline-process-stall", half=days(row["median_days"]), **_from_to(row))
        for _, row in stalls.head(3).iterrows()
    ]
    return claim("pipeline-process-stalls", stalls=names(parts), factor=times(STALL_TIMES))


def _effort(row: pd.Series, currency: str) -> list[Claim]:
    parts = [claim("pipeline-effort-contacts", n=number(row["touch_count"]))]
    if row["minutes_spent"] > 0:
        parts.append(claim("pipeline-effort-minutes", n=number(row["minutes_spent"])))
    if row["cost_spent"] > 0:
        parts.append(claim("pipeline-effort-cost", amount=money(row["cost_spent"], currency)))
    return parts
