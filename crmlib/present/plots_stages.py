"""Pictures of the pipeline: the funnel, times in stages, ways out of them, and the process as it went."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.pipeline.durations_result import StageDurations
from crmlib.measure.stage_stays import WHOLE_DEAL
from crmlib.present.plots_parts import SIDE, bar_percent, bar_rows, canvas, nothing
from crmlib.present.theme import (
    ALARM,
    GREY,
    MAIN,
    PALE,
    SEGMENT_COLOURS,
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
    >>> from crmlib.present.claims_stages import little_pipeline
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
    >>> from crmlib.present.claims_stages import little_pipeline
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
    >>> from crmlib.present.claims_stages import little_pipeline
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
