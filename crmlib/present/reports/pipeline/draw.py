"""Pictures of the pipeline: the funnel, times in stages, ways out of them, and the process as it went."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.pipeline.durations import StageDurations
from crmlib.analyse.pipeline.team import ProcessFlow
from crmlib.measure.deals.stays import LOST, WHOLE_DEAL
from crmlib.present.claims import Claim, Fact, Family, claim, count, days, name, names, number, share
from crmlib.present.reports.pipeline.say import CASES, lost_facts, most_lost
from crmlib.present.theme import (
    ALARM,
    GREY,
    INK,
    MAIN,
    PALE,
    SEGMENT_COLOURS,
    SIDE,
    SMALL,
    SOFT,
    bar_picture,
    canvas,
    finish,
    letters_of,
    nothing,
    say_behind,
    theme,
    wrapped,
)

_MOST_STAGES = 8
_Q80 = 80.0
WAYS = {"forward": MAIN, "won": MAIN, "lost": ALARM, "back": SEGMENT_COLOURS[3]}
"""Exit -> the colour of its curve."""

WAY_WORDS = Family("pipeline-way", tuple(WAYS))
"""The word behind the curve."""

BY_WORDS = Family("pipeline-by", ("deal", "case"))

_LANE, _GAP = 100.0, 26.0


def plot_pipeline_funnel(result: StageDurations, *, ax: Any = None) -> Any:
    """How many deals ever came into each stage, and what share of them went on."""
    table = result.funnel.head(_MOST_STAGES)
    lines: list[Any] = [_funnel_row(row) for row in table.itertuples()]
    onward = set(result.flow.loc[result.flow["exit"] == "forward", "stage"])
    texts: list[Any] = [_funnel_text(row, on=row.stage in onward) for row in table.itertuples()]
    values = table["deals"].tolist()
    won = int(result.flow.loc[result.flow["exit"] == "won", "stays"].sum())
    if result.has_history:
        lines, texts, values = (
            [*lines, claim("pipeline-picture-funnel-won-row", won=count(won))],
            [*texts, ""],
            [*values, won],
        )
    title = _funnel_title(result, won)
    unit = claim("pipeline-picture-funnel-unit")
    return bar_picture(
        ax, title=title, names=lines, values=values, texts=texts, unit=unit,
        alt=lambda bars: claim("pipeline-picture-funnel-alt", rows=bars),
    )  # fmt: skip


def plot_stage_times(result: StageDurations, *, ax: Any = None) -> Any:
    """When half and 80 % of the deals have left each stage, beside the mean of the finished stays."""
    table = result.table.head(_MOST_STAGES)
    known = table.dropna(subset="median_days")
    if known.empty:
        return nothing(ax, says=claim("pipeline-picture-times-none"))
    title = _times_title(result, known)
    tall = 0.62
    with theme():
        ax = canvas(ax, title=title, body=tall * len(table) + 0.1, foot=1.05)
        for place, (_, row) in enumerate(table.iterrows()):
            _draw_times(ax, tall * (place + 0.5), row)
        reach = np.nanmax(table[["q80_days", "q80_high", "median_high", "mean_finished_days", "median_days"]])
        ax.set_xlim(0, 1.32 * float(reach) if reach > 0 else 1.0)
        labels = [wrapped(str(_stage(stage)), width=SIDE * 72, lines=2) for stage in table.index]
        ax.set_yticks(tall * (np.arange(len(table)) + 0.5), labels)
        ax.set_ylim(tall * len(table), 0)
        ax.xaxis.grid(True)
        ax.set_xlabel(str(claim("pipeline-picture-times-label", share=share(_Q80))), loc="left")
    return finish(ax, title=title, alt=_times_alt(table))


def plot_stage_exits(result: StageDurations, *, ax: Any = None) -> Any:
    """What share of the deals has left each stage in which way, by days since they came into it."""
    stages = [name for name in result.table.index if name in set(result.incidence["stage"])][:_MOST_STAGES]
    shown = result.incidence[result.incidence["shown"]]
    stages = [name for name in stages if name in set(shown["stage"])]
    if not stages:
        return nothing(ax, says=claim("pipeline-picture-exits-none"))
    until = _shown_days(result, stages)
    title = _exits_title(shown, stages, until)
    with theme():
        ax = canvas(ax, title=title, body=0.98 * len(stages), foot=0.6)
        ticks, said = [], []
        for place, stage in enumerate(stages):
            floor = -(_LANE + _GAP) * place
            rows = shown[(shown["stage"] == stage) & (shown["time"] <= until)]
            said.append(_draw_lane(ax, rows, floor, until))
            ax.text(0, floor + _LANE + 3, str(_stage(stage)), ha="left", va="bottom", fontweight="bold")
            ticks += [(floor, "0"), (floor + _LANE, "100")]
        ax.set_yticks([at for at, _ in ticks], [text for _, text in ticks])
        ax.set_ylim(-(_LANE + _GAP) * (len(stages) - 1) - 4, _LANE + _GAP)
        ax.set_xlim(0, 1.36 * until)
        ax.set_xticks([tick for tick in ax.get_xticks() if 0 <= tick <= until])
        ax.set_xlim(0, 1.36 * until)
        ax.set_ylabel(str(claim("pipeline-picture-exits-unit")))
        ax.set_xlabel(str(claim("pipeline-picture-exits-label")), loc="left")
        ax.spines["left"].set_visible(False)
    rows = [
        claim("pipeline-picture-exits-row", stage=_stage(stage), ways=ways)
        for stage, ways in zip(stages, said, strict=True)
    ]
    alt = claim("pipeline-picture-exits-alt", time=days(until), rows=names(rows))
    return finish(ax, title=title, alt=alt)


def _draw_times(ax: Any, middle: float, row: pd.Series) -> None:
    ax.plot(row["mean_finished_days"], middle, "D", color=GREY, markersize=7, zorder=3)
    half, most = row["median_days"], row["q80_days"]
    if pd.isna(half):
        unseen = str(claim("pipeline-picture-times-unseen"))
        ax.annotate(unseen, (0, middle), (6, 11), textcoords="offset points", color=SOFT)
        return
    if pd.notna(most):
        ax.plot([half, most], [middle] * 2, color=MAIN, linewidth=1.5, zorder=1)
        ax.plot(most, middle, "|", color=MAIN, markersize=14, markeredgewidth=2.5, zorder=2)
    if pd.notna(row["median_low"]) and pd.notna(row["median_high"]):
        ends = [row["median_low"], row["median_high"]]
        ax.plot(ends, [middle] * 2, color=MAIN, linewidth=6, alpha=0.4, zorder=2, solid_capstyle="butt")
    ax.plot(half, middle, "o", color=MAIN, markersize=8, zorder=4)
    right = max(x for x in (half, most, row["mean_finished_days"]) if pd.notna(x))
    said = _days_short(half)
    if pd.notna(most):
        said = claim("pipeline-picture-times-both", half=said, most=_days_short(most))
    say_behind(ax, said, (right, middle), gap=9, colour=MAIN)


def _days_short(x: float) -> Fact:
    """Days without their unit, which stands on the axis."""
    return number(round(x, 1) if x < 10 else round(x))


def _times_title(result: StageDurations, known: pd.DataFrame) -> Claim:
    stage = known["median_days"].idxmax()
    half = days(known.loc[stage, "median_days"])
    if not result.has_history:
        return claim("pipeline-picture-times-whole", half=half)
    return claim("pipeline-picture-times", stage=name(stage), half=half)


def _times_alt(table: pd.DataFrame) -> Claim:
    return claim("pipeline-picture-times-alt", rows=names(_times_row(row) for _, row in table.iterrows()))


def _times_row(row: pd.Series) -> Claim:
    facts = {"stage": _stage(row.name), "mean": days(row["mean_finished_days"])}
    if pd.isna(row["median_days"]):
        return claim("pipeline-picture-times-row-unseen", **facts)
    facts["half"] = days(row["median_days"])
    if pd.isna(row["q80_days"]):
        return claim("pipeline-picture-times-row-half", **facts)
    most = days(row["q80_days"])
    return claim("pipeline-picture-times-row-most", share=share(_Q80), most=most, **facts)


def _shown_days(result: StageDurations, stages: list[Any]) -> float:
    """Far enough to see most of the deals leave, and no farther than enough of them are seen."""
    table = result.table.loc[stages]
    far = table["q80_days"].fillna(table["median_days"]).max()
    last = table["shown_until"].max()
    return float(min(2 * far, last)) if pd.notna(far) and far > 0 else float(last)


def _exits_title(shown: pd.DataFrame, stages: list[Any], until: float) -> Claim:
    lost = {
        stage: rows["incidence"].iloc[-1]
        for stage in stages
        if len(
            rows := shown[(shown["stage"] == stage) & (shown["exit"] == "lost") & (shown["time"] <= until)]
        )
    }
    if not lost or max(lost.values()) == 0:
        return claim("pipeline-picture-exits-no-loss")
    stage = max(lost, key=lambda one: lost[one])
    facts = {"share": share(100 * lost[stage]), "time": days(until)}
    if stage == WHOLE_DEAL:
        return claim("pipeline-picture-exits-whole", **facts)
    return claim("pipeline-picture-exits-stage", stage=name(stage), **facts)


def _draw_lane(ax: Any, rows: pd.DataFrame, floor: float, until: float) -> Claim | Fact:
    ax.fill_between([0, until], floor, floor + _LANE, color=PALE, alpha=0.45, linewidth=0)
    ends = []
    for way, colour in WAYS.items():
        curve = rows[rows["exit"] == way]
        if curve.empty:
            continue
        moments = np.r_[0.0, curve["time"], until]
        gone, low, high = (
            np.r_[0.0, 100 * curve[side], 100 * curve[side].iloc[-1]] for side in ("incidence", "low", "high")
        )
        ax.fill_between(moments, floor + low, floor + high, step="post", color=colour, alpha=0.2, linewidth=0)
        ax.step(moments, floor + gone, where="post", color=colour, linewidth=1.8)
        if gone[-1] >= 0.5:
            ends.append((gone[-1], way, colour))
    place, parts = _LANE + 20, []
    for last, way, colour in sorted(ends, reverse=True):
        place = min(place - 24, max(last, 8 + 24 * sum(other < last for other, _, _ in ends)))
        said = claim("pipeline-picture-way", share=share(last), way=WAY_WORDS.term(way))
        parts.append(said)
        say_behind(ax, said, (until, floor + place), gap=5, colour=colour, bold=True)
    return names(parts) if parts else claim("pipeline-picture-nobody")


def _stage(stage: Any) -> Claim | Fact:
    return claim("pipeline-whole-label") if stage == WHOLE_DEAL else name(stage)


def _funnel_row(row: Any) -> Claim:
    facts = {"deals": count(row.deals), "lost": count(row.lost), "open": count(row.open)}
    return claim("pipeline-picture-funnel-row", stage=_stage(row.stage), **facts)


def _funnel_text(row: Any, *, on: bool) -> Claim:
    went = share(100 * row.went_on / row.deals)
    if on:
        return claim("pipeline-picture-funnel-went-on", share=went)
    return claim("pipeline-picture-funnel-won", share=went)


def _funnel_title(result: StageDurations, won: int) -> Claim:
    lost = most_lost(result)
    deals_won = count(won, at="deals.followed_won")
    if not lost["lost"]:
        return claim("pipeline-picture-funnel-none", won=deals_won)
    if not result.has_history:
        return claim("pipeline-picture-funnel-whole", won=deals_won, lost=count(lost["lost"]))
    return claim("pipeline-picture-funnel-lost", **lost_facts(lost))


MOST_ACTIVITIES = 9
MOST_STEPS = 12
LEAST_PCT = 1.0
"""Activities and steps of fewer cases are left out of the picture, and counted below it."""

_LOOP = SEGMENT_COLOURS[3]
_HIGH = 0.44
"""What a label of two lines takes, in rows of activities."""

_LEFT, _RIGHT, _PROCESS_LANE = 0.29, 0.64, 0.04
"""Where the boxes begin and end, and how far apart steps run beside them, as shares of the width."""


def plot_process(result: ProcessFlow, *, ax: Any = None) -> Any:
    """The most frequent steps of a process: straight on in the middle, ahead at the right, back at the left."""
    activities, steps, left_out = _drawn(result)
    if steps.empty:
        return nothing(ax, says=claim("pipeline-picture-process-none"))
    title = _title(result)
    place = {one: at for at, one in enumerate(activities.index)}
    inner = steps[
        ~steps["next_activity"].isin(result.ends) | (steps["next_activity"] == _last(activities, result))
    ]
    beside = steps.drop(inner.index)
    with theme():
        ax = canvas(ax, title=title, body=0.86 * len(activities), foot=0.7)
        ax.set_axis_off()
        ax.set_xlim(0, 1)
        ax.set_ylim(len(activities) - 0.5 + 0.45, -0.4)
        widest = float(steps["count"].max())
        for one, row in activities.iterrows():
            _draw_box(ax, place[one], one, row, result)
        taken = _draw_ends(ax, beside, place)
        _draw_steps(ax, inner, place, widest, taken)
        ax.text(0, len(activities) - 0.62, _key(result, left_out), va="top", color=INK, linespacing=1.25)
    return finish(ax, title=title, alt=_alt(activities, steps, result))


def _drawn(result: ProcessFlow) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    total = max(len(result.cases), 1)
    frequent = result.activities[result.activities["cases_pct"] >= LEAST_PCT]
    chosen = frequent["cases"].sort_values(ascending=False, kind="stable").head(MOST_ACTIVITIES).index
    activities = frequent[frequent.index.isin(chosen)]
    aside = [one for one in result.ends if one != _last(activities, result)]
    steps = result.steps[
        result.steps["activity"].isin(activities.index)
        & result.steps["next_activity"].isin(activities.index)
        & (100 * result.steps["cases"] / total >= LEAST_PCT)
    ].head(MOST_STEPS)
    return (
        activities[~activities.index.isin(aside)],
        steps,
        int(result.steps["count"].sum() - steps["count"].sum()),
    )


def _last(activities: pd.DataFrame, result: ProcessFlow) -> Any:
    """The end that stands below the activities; the others stand beside them."""
    ends = [one for one in result.ends if one in activities.index]
    return ends[0] if ends else None


def _draw_box(ax: Any, row: int, activity: str, figures: pd.Series, result: ProcessFlow) -> None:
    from matplotlib.patches import FancyBboxPatch

    is_end = activity in result.ends
    ax.add_patch(
        FancyBboxPatch(
            (_LEFT, row - 0.24), _RIGHT - _LEFT, 0.48, boxstyle="round,pad=0,rounding_size=0.03",
            facecolor="#eaf3fa" if not is_end else MAIN, edgecolor=MAIN, linewidth=1.2, zorder=3,
        )
    )  # fmt: skip
    said = wrapped(str(activity), width=(_RIGHT - _LEFT) * 4.6 * 72 - 8, lines=1, bold=True)
    colour = "white" if is_end else INK
    middle = (_LEFT + _RIGHT) / 2
    ax.text(middle, row - 0.09, said, ha="center", va="center", fontweight="bold", color=colour, zorder=4)
    cases = str(CASES.claim(result.what, n=count(figures["cases"])))
    ax.text(middle, row + 0.12, cases, ha="center", va="center", color=colour, zorder=4, fontsize=SMALL)


def _draw_steps(
    ax: Any, steps: pd.DataFrame, place: dict[Any, int], widest: float, taken: list[float]
) -> None:
    from matplotlib.patches import FancyArrowPatch

    lanes: dict[int, list[tuple[int, int]]] = {-1: [], 1: []}
    labels: dict[int, list[tuple[float, str, str]]] = {-1: [], 1: []}
    middle = (_LEFT + _RIGHT) / 2
    for _, row in steps.iterrows():
        here, there = place[row["activity"]], place[row["next_activity"]]
        colour = ALARM if row["is_stall"] else _LOOP if row["is_loop"] else MAIN
        thick = 1.0 + 3.0 * float(row["count"]) / widest
        style = {"arrowstyle": "-|>", "mutation_scale": 10, "color": colour, "linewidth": thick, "zorder": 2}
        if there == here + 1:
            ends = (middle, here + 0.24), (middle, there - 0.24)
            ax.add_patch(FancyArrowPatch(*ends, shrinkA=0, shrinkB=0, **style))
            _label(ax, middle + 0.025, here + 0.5, _step_text(row), colour, "left")
            continue
        sign = -1 if row["is_loop"] else 1
        edge = _LEFT if sign < 0 else _RIGHT
        depth = _free_lane(lanes[sign], here, there)
        reach = edge + sign * _PROCESS_LANE * (1 + depth)
        begin, end = here + 0.13, there - (0.1 if there != here else 0.14)
        ax.plot([edge, reach, reach], [begin, begin, end], color=colour, linewidth=thick, zorder=1)
        ax.add_patch(FancyArrowPatch((reach, end), (edge, end), shrinkA=0, shrinkB=0, **style))
        labels[sign].append(((begin + end) / 2, _step_text(row), colour))
    for sign, texts in labels.items():
        outermost = 1 + max((_beside(lanes[sign], lane) for lane in range(len(lanes[sign]))), default=0)
        x = (_LEFT if sign < 0 else _RIGHT) + sign * (_PROCESS_LANE * outermost + 0.015)
        _spread_labels(ax, x, texts, side="right" if sign < 0 else "left", taken=taken if sign > 0 else [])


def _beside(taken: list[tuple[int, int]], lane: int) -> int:
    return _overlapping(taken[:lane], *taken[lane])


def _spread_labels(
    ax: Any, x: float, texts: list[tuple[float, str, str]], *, side: str, taken: list[float]
) -> None:
    """Labels of one side from top to bottom, each at its step or just below the one before or what is there."""
    last = -10.0
    for y, text, colour in sorted(texts):
        last = max(y, last + _HIGH)
        for there in sorted(taken):
            if abs(there - last) < _HIGH:
                last = there + _HIGH
        _label(ax, x, last, text, colour, side)


def _label(ax: Any, x: float, y: float, text: str, colour: str, side: str) -> None:
    ax.text(
        x, y, text, va="center", ha=side, color=letters_of(colour), zorder=5, linespacing=1.05,
    )  # fmt: skip


def _free_lane(taken: list[tuple[int, int]], here: int, there: int) -> int:
    """How many of the steps drawn on that side run beside this one."""
    low, high = min(here, there), max(here, there)
    beside = _overlapping(taken, low, high)
    taken.append((low, high))
    return beside


def _overlapping(taken: list[tuple[int, int]], low: int, high: int) -> int:
    return sum(low <= other_high and other_low <= high for other_low, other_high in taken)


def _draw_ends(ax: Any, steps: pd.DataFrame, place: dict[Any, int]) -> list[float]:
    """The steps to an end beside each activity; gives how far down their labels stand."""
    from matplotlib.patches import FancyArrowPatch

    heights = []
    for here, rows in steps.groupby("activity", sort=False):
        for offset, (_, row) in enumerate(rows.iterrows()):
            y = place[here] - 0.1 + _HIGH * offset
            heights.append(y)
            colour = GREY if row["next_activity"] == LOST else MAIN
            ax.add_patch(
                FancyArrowPatch(
                    (_RIGHT, y), (_RIGHT + 0.06, y), arrowstyle="-|>", mutation_scale=11, color=colour, shrinkA=0,
                    shrinkB=0, linewidth=1.4,
                )
            )  # fmt: skip
            first = claim(
                "pipeline-picture-process-end", activity=name(row["next_activity"]), times=count(row["count"])
            )
            text = "\n".join([str(first), str(days(row["median_days"]))])
            ax.text(_RIGHT + 0.07, y, text, va="center", color=letters_of(GREY), linespacing=1.05)
    return heights


def _step_text(row: pd.Series) -> str:
    return "\n".join([str(count(row["count"])), str(days(row["median_days"]))])


def _title(result: ProcessFlow) -> Claim:
    total, back = result.steps["count"].sum(), result.steps.loc[result.steps["is_loop"], "count"].sum()
    stalls = result.steps[result.steps["is_stall"]]
    if len(stalls):
        row = stalls.loc[stalls["median_days"].idxmax()]
        facts = {
            "here": name(row["activity"]),
            "there": name(row["next_activity"]),
            "half": days(row["median_days"]),
        }
        if result.what == "deal":
            return claim("pipeline-picture-process-stall", **facts)
        return claim("pipeline-picture-process-stall-cases", **facts)
    if back:
        return claim("pipeline-picture-process-back", share=share(100 * back / total))
    return claim("pipeline-picture-process-no-loop")


def _key(result: ProcessFlow, left_out: int) -> str:
    marks = []
    if result.steps["is_loop"].any():
        marks.append(claim("pipeline-picture-process-loops"))
    if result.steps["is_stall"].any():
        marks.append(claim("pipeline-picture-process-stalls"))
    parts = [claim("pipeline-picture-process-key")]
    if len(marks) == 2:
        marks = [claim("pipeline-picture-process-marks", one=marks[0], other=marks[1])]
    if left_out:
        marks.append(claim("pipeline-picture-process-left-out", steps=count(left_out)))
    return "\n".join(str(part) for part in [*parts, *marks])


def _alt(activities: pd.DataFrame, steps: pd.DataFrame, result: ProcessFlow) -> Claim:
    boxes = [
        claim("pipeline-picture-process-alt-activity", activity=name(one), cases=count(row["cases"]))
        for one, row in activities.iterrows()
    ]
    return claim(
        "pipeline-picture-process-alt",
        what=BY_WORDS.term(result.what),
        activities=names(boxes),
        steps=names(_alt_step(row) for _, row in steps.head(8).iterrows()),
    )


def _alt_step(row: pd.Series) -> Claim:
    said = claim(
        "pipeline-picture-process-alt-step",
        here=name(row["activity"]),
        there=name(row["next_activity"]),
        times=count(row["count"]),
        half=days(row["median_days"]),
    )
    if row["is_loop"]:
        said = claim("pipeline-picture-process-alt-back", step=said)
    return claim("pipeline-picture-process-alt-stalls", step=said) if row["is_stall"] else said
