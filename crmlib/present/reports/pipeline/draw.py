"""Pictures of the pipeline: the funnel, times in stages, ways out of them, and the process as it went."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.pipeline.durations import StageDurations
from crmlib.analyse.pipeline.team import ProcessFlow
from crmlib.measure.deals.stays import WHOLE_DEAL
from crmlib.measure.deals.steps import LOST
from crmlib.present.plots_parts import SIDE, bar_percent, bar_rows, canvas, nothing
from crmlib.present.reports.pipeline.say import short_time
from crmlib.present.theme import (
    ALARM,
    GREY,
    INK,
    MAIN,
    PALE,
    SEGMENT_COLOURS,
    SMALL,
    SOFT,
    finish,
    letters_of,
    theme,
    wrapped,
)
from crmlib.present.words import days, listing, number, percent, plural, quoted

_MOST_STAGES = 8
WAYS = {
    "forward": ("on", MAIN),
    "won": ("won", MAIN),
    "lost": ("lost", ALARM),
    "back": ("back", SEGMENT_COLOURS[3]),
}
"""Exit -> the word behind its curve, and its colour."""

_LANE, _GAP = 100.0, 26.0


def plot_pipeline_funnel(result: StageDurations, *, ax: Any = None) -> Any:
    """How many deals ever came into each stage, and what share of them went on.

    Parameters
    ----------
    result : StageDurations
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from crmlib.present.reports.pipeline.say import little_pipeline
    >>> ax = plot_pipeline_funnel(little_pipeline()[0])
    >>> ax.get_title(loc="left").replace("\\n", " ")
    'Most of the lost deals are lost in “Offer”: 12 of 12'
    >>> plt.close(ax.figure)
    """
    table = result.funnel.head(_MOST_STAGES)
    names = [
        f"{_stage(row.stage)}: {number(row.deals)} {plural(row.deals, 'deal')}; {number(row.lost)} lost, "
        f"{number(row.open)} open"
        for row in table.itertuples()
    ]
    shares = 100 * table["went_on"] / table["deals"]
    onward = set(result.flow.loc[result.flow["exit"] == "forward", "stage"])
    ways = ["went on" if stage in onward else "won" for stage in table["stage"]]
    texts = [f"{bar_percent(share)} {way}" for share, way in zip(shares, ways, strict=True)]
    values = table["deals"].tolist()
    won = int(result.flow.loc[result.flow["exit"] == "won", "stays"].sum())
    if result.has_history:
        names, texts, values = (
            [*names, f"Won: {number(won)} {plural(won, 'deal')}"],
            [*texts, ""],
            [*values, won],
        )
    lost = result.flow[result.flow["exit"] == "lost"].groupby("stage")["stays"].sum()
    title = f"{number(won)} {plural(won, 'deal')} won; none is known to be lost"
    if len(lost) and result.has_history:
        most = f"{number(lost.max())} of {number(lost.sum())}"
        title = f"Most of the lost deals are lost in {quoted(lost.idxmax())}: {most}"
    elif len(lost):
        title = f"{number(won)} {plural(won, 'deal')} won and {number(lost.sum())} lost"
    ax = bar_rows(
        ax, title=title, names=names, values=values, texts=texts, unit="deals that ever came so far"
    )
    parts = [f"{name}{f', {text}' if text else ''}" for name, text in zip(names, texts, strict=True)]
    return finish(ax, title=title, alt=f"Bars, deals that ever came into each stage. {'; '.join(parts)}.")


def plot_stage_times(result: StageDurations, *, ax: Any = None) -> Any:
    """When half and 80 % of the deals have left each stage, beside the mean of the finished stays.

    Parameters
    ----------
    result : StageDurations
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from crmlib.present.reports.pipeline.say import little_pipeline
    >>> ax = plot_stage_times(little_pipeline()[0])
    >>> ax.get_title(loc="left").replace("\\n", " ").replace("\\u00a0", " ")
    'Half of the deals are still in “Offer” after 10 days'
    >>> plt.close(ax.figure)
    """
    table = result.table.head(_MOST_STAGES)
    known = table.dropna(subset="median_days")
    if known.empty:
        return nothing(ax, says="Too few deals have been seen to leave a stage")
    stage = known["median_days"].idxmax()
    title = f"Half of the deals are still in {quoted(stage)} after {days(known.loc[stage, 'median_days'])}"
    if not result.has_history:
        title = f"Half of the deals are still open after {days(known.loc[stage, 'median_days'])}"
    tall = 0.62
    with theme():
        ax = canvas(ax, title=title, body=tall * len(table) + 0.1, foot=1.05)
        for place, (_, row) in enumerate(table.iterrows()):
            _draw_times(ax, tall * (place + 0.5), row)
        reach = np.nanmax(table[["q80_days", "q80_high", "median_high", "mean_finished_days", "median_days"]])
        ax.set_xlim(0, 1.32 * float(reach) if reach > 0 else 1.0)
        names = [wrapped(_stage(name), width=SIDE * 72, lines=2) for name in table.index]
        ax.set_yticks(tall * (np.arange(len(table)) + 0.5), names)
        ax.set_ylim(tall * len(table), 0)
        ax.xaxis.grid(True)
        ax.set_xlabel(
            "days\ndot: half have left (bar: likely range);\ntick: 80 % have left; those still there counted\n"
            "grey diamond: mean of finished stays only",
            loc="left",
        )
    return finish(ax, title=title, alt=_times_alt(table))


def plot_stage_exits(result: StageDurations, *, ax: Any = None) -> Any:
    """What share of the deals has left each stage in which way, by days since they came into it.

    Parameters
    ----------
    result : StageDurations
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
        One lane a stage, each from 0 to 100 %.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from crmlib.present.reports.pipeline.say import little_pipeline
    >>> ax = plot_stage_exits(little_pipeline()[0])
    >>> ax.get_title(loc="left").replace("\\n", " ").replace("\\u00a0", " ")
    '“Offer” loses 55 % of its deals within 11 days'
    >>> plt.close(ax.figure)
    """
    stages = [name for name in result.table.index if name in set(result.incidence["stage"])][:_MOST_STAGES]
    shown = result.incidence[result.incidence["shown"]]
    stages = [name for name in stages if name in set(shown["stage"])]
    if not stages:
        return nothing(ax, says="Too few deals have been seen to leave a stage")
    until = _shown_days(result, stages)
    title = _exits_title(shown, stages, until)
    with theme():
        ax = canvas(ax, title=title, body=0.98 * len(stages), foot=0.6)
        ticks, said = [], []
        for place, stage in enumerate(stages):
            floor = -(_LANE + _GAP) * place
            rows = shown[(shown["stage"] == stage) & (shown["time"] <= until)]
            said.append(_draw_lane(ax, rows, floor, until))
            ax.text(0, floor + _LANE + 3, _stage(stage), ha="left", va="bottom", fontweight="bold")
            ticks += [(floor, "0"), (floor + _LANE, "100")]
        ax.set_yticks([at for at, _ in ticks], [text for _, text in ticks])
        ax.set_ylim(-(_LANE + _GAP) * (len(stages) - 1) - 4, _LANE + _GAP)
        ax.set_xlim(0, 1.36 * until)
        ax.set_xticks([tick for tick in ax.get_xticks() if 0 <= tick <= until])
        ax.set_xlim(0, 1.36 * until)
        ax.set_ylabel("left that way, %")
        ax.set_xlabel("days since the deal came into the stage; band: likely range", loc="left")
        ax.spines["left"].set_visible(False)
    parts = [f"{_stage(stage)}: {text}" for stage, text in zip(stages, said, strict=True)]
    what = f"Curves, one lane a stage: share that has left in each way within {number(until)} days"
    return finish(ax, title=title, alt=f"{what}. {'; '.join(parts)}.")


def _draw_times(ax: Any, middle: float, row: pd.Series) -> None:
    ax.plot(row["mean_finished_days"], middle, "D", color=GREY, markersize=7, zorder=3)
    half, most = row["median_days"], row["q80_days"]
    if pd.isna(half):
        ax.annotate("half not yet seen", (0, middle), (6, 11), textcoords="offset points", color=SOFT)
        return
    if pd.notna(most):
        ax.plot([half, most], [middle] * 2, color=MAIN, linewidth=1.5, zorder=1)
        ax.plot(most, middle, "|", color=MAIN, markersize=14, markeredgewidth=2.5, zorder=2)
    if pd.notna(row["median_low"]) and pd.notna(row["median_high"]):
        ends = [row["median_low"], row["median_high"]]
        ax.plot(ends, [middle] * 2, color=MAIN, linewidth=6, alpha=0.4, zorder=2, solid_capstyle="butt")
    ax.plot(half, middle, "o", color=MAIN, markersize=8, zorder=4)
    right = max(x for x in (half, most, row["mean_finished_days"]) if pd.notna(x))
    said = f"{number(round(half, 1) if half < 10 else round(half))}"
    if pd.notna(most):
        said += f" / {number(round(most, 1) if most < 10 else round(most))}"
    ax.annotate(
        said, (right, middle), (9, 0), textcoords="offset points", va="center", color=letters_of(MAIN)
    )


def _times_alt(table: pd.DataFrame) -> str:
    parts = []
    for stage, row in table.iterrows():
        half = f"half have left after {days(row['median_days'])}"
        most = f", 80 % after {days(row['q80_days'])}" if pd.notna(row["q80_days"]) else ""
        parts.append(
            f"{_stage(stage)}: {half if pd.notna(row['median_days']) else 'half not yet seen to leave'}{most}; "
            f"mean of finished stays {days(row['mean_finished_days'])}"
        )
    return f"Dots with ranges, days in each stage. {'; '.join(parts)}."


def _shown_days(result: StageDurations, stages: list[Any]) -> float:
    """Far enough to see most of the deals leave, and no farther than enough of them are seen."""
    table = result.table.loc[stages]
    far = table["q80_days"].fillna(table["median_days"]).max()
    last = table["shown_until"].max()
    return float(min(2 * far, last)) if pd.notna(far) and far > 0 else float(last)


def _exits_title(shown: pd.DataFrame, stages: list[Any], until: float) -> str:
    lost = {
        stage: rows["incidence"].iloc[-1]
        for stage in stages
        if len(
            rows := shown[(shown["stage"] == stage) & (shown["exit"] == "lost") & (shown["time"] <= until)]
        )
    }
    if not lost or max(lost.values()) == 0:
        return "No deal is seen to be lost from a stage"
    stage = max(lost, key=lambda name: lost[name])
    if stage == WHOLE_DEAL:
        return f"{percent(100 * lost[stage])} of deals are lost within {days(until)}"
    return f"{quoted(stage)} loses {percent(100 * lost[stage])} of its deals within {days(until)}"


def _draw_lane(ax: Any, rows: pd.DataFrame, floor: float, until: float) -> str:
    ax.fill_between([0, until], floor, floor + _LANE, color=PALE, alpha=0.45, linewidth=0)
    ends = []
    for way, (word, colour) in WAYS.items():
        curve = rows[rows["exit"] == way]
        if curve.empty:
            continue
        times = np.r_[0.0, curve["time"], until]
        share = np.r_[0.0, 100 * curve["incidence"], 100 * curve["incidence"].iloc[-1]]
        low, high = (np.r_[0.0, 100 * curve[side], 100 * curve[side].iloc[-1]] for side in ("low", "high"))
        ax.fill_between(times, floor + low, floor + high, step="post", color=colour, alpha=0.2, linewidth=0)
        ax.step(times, floor + share, where="post", color=colour, linewidth=1.8)
        if share[-1] >= 0.5:
            ends.append((share[-1], word, colour))
    place = _LANE + 20
    for share, word, colour in sorted(ends, reverse=True):
        place = min(place - 24, max(share, 8 + 24 * sum(other < share for other, _, _ in ends)))
        ax.annotate(
            f"{bar_percent(share)} {word}", (until, floor + place), (5, 0), textcoords="offset points",
            va="center", color=letters_of(colour), fontweight="bold",
        )  # fmt: skip
    return listing([f"{percent(share)} {word}" for share, word, _ in ends]) if ends else "nobody has left"


def _stage(name: Any) -> str:
    return "Whole deal" if name == WHOLE_DEAL else str(name)


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
    """The most frequent steps of a process: straight on in the middle, ahead at the right, back at the left.

    Parameters
    ----------
    result : ProcessFlow
        At most nine activities and twelve steps are drawn, those of at least 1 % of the cases. Steps to an
        end, such as lost, stand beside the activity.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from crmlib.analyse.pipeline.durations import little_history
    >>> from crmlib.analyse.pipeline.team import process_flow
    >>> ax = plot_process(process_flow(little_history(), case="opportunity_id", activity="stage", at="entered_at"))
    >>> ax.get_title(loc="left").replace("\\n", " ")
    'No step goes back to an earlier activity'
    >>> plt.close(ax.figure)
    """
    activities, steps, left_out = _drawn(result)
    if steps.empty:
        return nothing(ax, says="No step was taken often enough to be drawn")
    title = _title(result)
    place = {name: number for number, name in enumerate(activities.index)}
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
        for name, row in activities.iterrows():
            _draw_box(ax, place[name], name, row, result)
        taken = _draw_ends(ax, beside, place)
        _draw_steps(ax, inner, place, widest, taken)
        ax.text(0, len(activities) - 0.62, _key(result, left_out), va="top", color=INK, linespacing=1.25)
    return finish(ax, title=title, alt=_alt(activities, steps, result))


def _drawn(result: ProcessFlow) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    total = max(len(result.cases), 1)
    frequent = result.activities[result.activities["cases_pct"] >= LEAST_PCT]
    chosen = frequent["cases"].sort_values(ascending=False, kind="stable").head(MOST_ACTIVITIES).index
    activities = frequent[frequent.index.isin(chosen)]
    aside = [name for name in result.ends if name != _last(activities, result)]
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
    ends = [name for name in result.ends if name in activities.index]
    return ends[0] if ends else None


def _draw_box(ax: Any, row: int, name: str, figures: pd.Series, result: ProcessFlow) -> None:
    from matplotlib.patches import FancyBboxPatch

    is_end = name in result.ends
    ax.add_patch(
        FancyBboxPatch(
            (_LEFT, row - 0.24), _RIGHT - _LEFT, 0.48, boxstyle="round,pad=0,rounding_size=0.03",
            facecolor="#eaf3fa" if not is_end else MAIN, edgecolor=MAIN, linewidth=1.2, zorder=3,
        )
    )  # fmt: skip
    said = wrapped(str(name), width=(_RIGHT - _LEFT) * 4.6 * 72 - 8, lines=1, bold=True)
    colour = "white" if is_end else INK
    middle = (_LEFT + _RIGHT) / 2
    ax.text(middle, row - 0.09, said, ha="center", va="center", fontweight="bold", color=colour, zorder=4)
    cases = f"{number(figures['cases'])} {plural(figures['cases'], result.what)}"
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
    for name, rows in steps.groupby("activity", sort=False):
        for offset, (_, row) in enumerate(rows.iterrows()):
            y = place[name] - 0.1 + _HIGH * offset
            heights.append(y)
            colour = GREY if row["next_activity"] == LOST else MAIN
            ax.add_patch(
                FancyArrowPatch(
                    (_RIGHT, y), (_RIGHT + 0.06, y), arrowstyle="-|>", mutation_scale=11, color=colour, shrinkA=0,
                    shrinkB=0, linewidth=1.4,
                )
            )  # fmt: skip
            text = f"{row['next_activity']}: {number(row['count'])}\n{short_time(row['median_days'])}"
            ax.text(_RIGHT + 0.07, y, text, va="center", color=letters_of(GREY), linespacing=1.05)
    return heights


def _step_text(row: pd.Series) -> str:
    return f"{number(row['count'])}\n{short_time(row['median_days'])}"


def _title(result: ProcessFlow) -> str:
    total, back = result.steps["count"].sum(), result.steps.loc[result.steps["is_loop"], "count"].sum()
    stalls = result.steps[result.steps["is_stall"]]
    if len(stalls):
        row = stalls.loc[stalls["median_days"].idxmax()]
        return (
            f"Work stalls from {quoted(row['activity'])} to {quoted(row['next_activity'])}: "
            f"{short_time(row['median_days'])} in the middle"
        )
    if back:
        return f"{percent(100 * back / total)} of the steps go back to an earlier activity or repeat it"
    return "No step goes back to an earlier activity"


def _key(result: ProcessFlow, left_out: int) -> str:
    parts = ["how many took the step, and the time it took in the middle"]
    marks = []
    if result.steps["is_loop"].any():
        marks.append("purple: back or again")
    if result.steps["is_stall"].any():
        marks.append("orange: stalls")
    if marks:
        parts.append("; ".join(marks))
    if left_out:
        parts.append(f"not drawn: {number(left_out)} rarer {plural(left_out, 'step')}")
    return "\n".join(parts)


def _alt(activities: pd.DataFrame, steps: pd.DataFrame, result: ProcessFlow) -> str:
    parts = [
        f"{row['activity']} to {row['next_activity']} {number(row['count'])} times, {short_time(row['median_days'])}"
        + (", back" if row["is_loop"] else "")
        + (", stalls" if row["is_stall"] else "")
        for _, row in steps.head(8).iterrows()
    ]
    names = listing([f"{name} ({number(row['cases'])})" for name, row in activities.iterrows()])
    return f"Boxes and arrows, steps of the process by {result.what}. Activities: {names}. Steps: {'; '.join(parts)}."
