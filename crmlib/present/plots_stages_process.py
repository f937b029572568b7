"""The picture of a process: its activities from top to bottom, and the steps between them."""

from typing import Any

import pandas as pd

from crmlib.analyse.pipeline.process import ProcessFlow
from crmlib.measure.deal_steps import LOST
from crmlib.present.claims_stages_process import short_time
from crmlib.present.plots_parts import canvas, nothing
from crmlib.present.theme import (
    ALARM,
    GREY,
    INK,
    MAIN,
    SEGMENT_COLOURS,
    SMALL,
    finish,
    letters_of,
    theme,
    wrapped,
)
from crmlib.present.words import listing, number, percent, plural, quoted

MOST_ACTIVITIES = 9
MOST_STEPS = 12
LEAST_PCT = 1.0
"""Activities and steps of fewer cases are left out of the picture, and counted below it."""

_LOOP = SEGMENT_COLOURS[3]
_HIGH = 0.44
"""What a label of two lines takes, in rows of activities."""

_LEFT, _RIGHT, _LANE = 0.29, 0.64, 0.04
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
    >>> from crmlib.analyse.pipeline.process import process_flow
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
        reach = edge + sign * _LANE * (1 + depth)
        begin, end = here + 0.13, there - (0.1 if there != here else 0.14)
        ax.plot([edge, reach, reach], [begin, begin, end], color=colour, linewidth=thick, zorder=1)
        ax.add_patch(FancyArrowPatch((reach, end), (edge, end), shrinkA=0, shrinkB=0, **style))
        labels[sign].append(((begin + end) / 2, _step_text(row), colour))
    for sign, texts in labels.items():
        outermost = 1 + max((_beside(lanes[sign], lane) for lane in range(len(lanes[sign]))), default=0)
        x = (_LEFT if sign < 0 else _RIGHT) + sign * (_LANE * outermost + 0.015)
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
