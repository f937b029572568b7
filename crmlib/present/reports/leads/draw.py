"""Pictures of leads: what the won have in common, where deals come from, how good the chances are."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.pipeline.concerns import Concerns
from crmlib.analyse.pipeline.leads import LeadScores
from crmlib.analyse.pipeline.portrait import Portrait
from crmlib.analyse.pipeline.sources import ChannelConversion
from crmlib.analyse.pipeline.traits import TRAITS
from crmlib.present.plots_parts import LINE, SIDE, bar_percent, bar_rows, canvas, nothing, scale_of
from crmlib.present.reports.leads.say import (
    base_words,
    by_words,
    group_words,
    lift_text,
    topic_sentence,
    trait_label,
)
from crmlib.present.theme import (
    ALARM,
    GREY,
    MAIN,
    PALE,
    SOFT,
    WIDTH,
    finish,
    letters_of,
    text_width,
    theme,
    wrapped,
)
from crmlib.present.words import listing, money, number, percent, quoted, shortened

_MOST_EACH_WAY, _MOST_SOURCES, _MOST_BARS = 6, 14, 8


def plot_portrait(result: Portrait, *, ax: Any = None) -> Any:
    """Kinds of deals that are won more or less often than all, with intervals.

    Parameters
    ----------
    result : Portrait
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    told = result.told
    if told.empty:
        says = "Nothing sets the won apart by more than chance"
        return finish(nothing(ax, says=says), title=says, alt=f"No picture: {says.lower()}.")
    more = told[told["lift"] > 1].head(_MOST_EACH_WAY)
    less = told[told["lift"] < 1].tail(_MOST_EACH_WAY)
    rows = pd.concat([more, less], ignore_index=True)
    title = _portrait_title(told)
    names = [trait_label(row.trait, shortened(row.value, 60)) for row in rows.itertuples()]
    with theme():
        ax, middles = _name_rows(ax, names, title=title)
        for place, (_, row) in zip(middles, rows.iterrows(), strict=True):
            colour = MAIN if row["lift"] > 1 else ALARM
            ax.plot([row["low"], row["high"]], [place] * 2, color=colour, linewidth=3, alpha=0.55)
            ax.plot(
                row["lift_shrunk"], place, "o" if row["lift"] > 1 else "s", color=colour, markersize=8,
                markerfacecolor=colour if row["at_start"] else "white",
            )  # fmt: skip
            ahead = row["lift"] > 1
            ax.annotate(
                lift_text(row), (row["high" if ahead else "low"], place), (7 if ahead else -7, 0), va="center",
                textcoords="offset points", ha="left" if ahead else "right", color=letters_of(colour),
                fontweight="bold",
            )  # fmt: skip
        ax.axvline(1, color=GREY, linewidth=1, zorder=0)
        low, high = min(0.95, rows["low"].min()), max(1.05, rows["high"].max())
        room = 0.32 * (high - low)
        ax.set_xlim(low - room if len(less) else low, high + room if len(more) else high)
        ax.xaxis.grid(True)
        ax.locator_params(axis="x", nbins=5)
        grows = "\nhollow: builds up over time" if not rows["at_start"].all() else ""
        ax.set_xlabel(f"times as often won as all {base_words(result.base)}{grows}", loc="left")
    parts = [
        f"{name} {row.lift_shrunk:.2f} times ({row.low:.2f} to {row.high:.2f})"
        for name, row in zip(names, rows.itertuples(), strict=True)
    ]
    return finish(ax, title=title, alt=f"Dots with ranges, won against all deals: {listing(parts)}.")


def plot_source_rates(result: ChannelConversion, *, ax: Any = None) -> Any:
    """The share won of each source with its interval; grey where deals are too few to judge.

    Parameters
    ----------
    result : ChannelConversion
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    table = result.table[result.table["win_rate_pct"].notna()].head(_MOST_SOURCES)
    if table.empty:
        says = "No deal has been decided yet"
        return finish(nothing(ax, says=says), title=says, alt=f"No picture: {says.lower()}.")
    table = table.sort_values("win_rate_pct", ascending=False, kind="stable")
    title = _sources_title(result)
    names = [shortened(row.value, 60) for row in table.itertuples()]
    texts = [
        f"{bar_percent(row.win_rate_pct)} of {number(getattr(row, result.base))}"
        for row in table.itertuples()
    ]
    from matplotlib.patheffects import withStroke
    from matplotlib.ticker import MaxNLocator

    halo = [withStroke(linewidth=3, foreground="white")]
    colours = {"more often": MAIN, "less often": ALARM, "no difference shown": SOFT, "too few to judge": GREY}
    with theme():
        ax, middles = _name_rows(ax, names, title=title)
        for place, text, (_, row) in zip(middles, texts, table.iterrows(), strict=True):
            colour = colours[row["verdict"]]
            ax.plot([row["low"], row["high"]], [place] * 2, color=colour, linewidth=3, alpha=0.55)
            ax.plot(
                row["win_rate_pct"], place, "s" if row["verdict"] == "less often" else "o", markersize=8,
                color=colour, markerfacecolor="white" if row["verdict"] == "too few to judge" else colour,
            )  # fmt: skip
            ax.annotate(
                text, (row["high"], place), (7, 0), textcoords="offset points", va="center",
                color=letters_of(colour), path_effects=halo,
            )  # fmt: skip
        ax.axvline(result.overall["win_rate_pct"], color=GREY, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
        _room(ax, low=0.0, high=float(table["high"].max()), text=max(texts, key=text_width))
        ax.xaxis.grid(True)
        ticks = MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(0, min(100.0, ax.get_xlim()[1]))
        ax.set_xticks([tick for tick in ticks if tick <= min(100.0, ax.get_xlim()[1])])
        foot = "dashed: all" + (
            "; hollow: too few to judge" if (table["verdict"] == "too few to judge").any() else ""
        )
        ax.set_xlabel(f"won of {base_words(result.base)}, %\n{foot}", loc="left")
    parts = [
        f"{row.value} {percent(row.win_rate_pct)} ({percent(row.low)} to {percent(row.high)})"
        for row in table.itertuples()
    ]
    alt = f"Dots with ranges, share won by {by_words(result.by)[0]}: {listing(parts)}."
    left = len(result.table) - len(table)
    return finish(ax, title=title, alt=alt + (f" {number(left)} more are not drawn." if left else ""))


def plot_lead_test(result: LeadScores, *, ax: Any = None) -> Any:
    """Deals of the test in groups by their chance: what was foretold and what was won.

    Parameters
    ----------
    result : LeadScores
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    table = result.tenths
    overall = float(np.average(table["won_pct"], weights=table["deals"]))
    part = {10: "tenth", 1: "group"}.get(len(table), "group")
    title = (
        f"Of the {part} with the best chances {percent(table['won_pct'].iloc[0])} were won, of all "
        f"{percent(overall)}"
    )
    x = table["tenth"].to_numpy()
    high = float(np.nanmax([table["high"].max(), table["predicted_pct"].max()]))
    with theme():
        ax = canvas(ax, title=title, body=2.7, foot=0.85)
        ax.bar(x, table["won_pct"], width=0.62, color=PALE, zorder=1)
        ax.vlines(x, table["low"], table["high"], color=MAIN, linewidth=3, alpha=0.55, zorder=2)
        ax.plot(x, table["won_pct"], "o", color=MAIN, markersize=7, zorder=3)
        ax.plot(x, table["predicted_pct"], "D", color=ALARM, markersize=6, markerfacecolor="white", zorder=4)
        ax.axhline(overall, color=GREY, linewidth=1, linestyle=(0, (4, 3)))
        ax.set(xlim=(0.4, len(table) + 0.6), ylim=(0, 1.12 * high), xticks=x)
        ax.yaxis.grid(True)
        ax.set_ylabel("won in time, %")
        ax.set_xlabel(
            "open deals in groups, best chances first\ndots: won; diamonds: foretold; dashed: all", loc="left"
        )
    parts = [
        f"group {row.tenth} {percent(row.won_pct)} ({percent(row.low)} to {percent(row.high)}), foretold "
        f"{percent(row.predicted_pct)}"
        for row in table.itertuples()
    ]
    return finish(ax, title=title, alt=f"Dots with ranges over groups of deals, share won: {listing(parts)}.")


def plot_open_opportunity(result: Portrait, *, trait: str = "industry", ax: Any = None) -> Any:
    """What can be expected of the open deals, by industry, region, product or category.

    Parameters
    ----------
    result : Portrait
    trait : "industry", "region", "product" or "category"
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    rows = result.opportunity[result.opportunity["trait"] == trait]
    known = rows["expected_value"].notna().any() if len(rows) else False
    column = "expected_value" if known else "open"
    rows = rows[rows[column].fillna(0) > 0].sort_values(
        [column, "value"], ascending=[False, True], kind="stable"
    )
    if rows.empty:
        says = f"No open deal has a known {TRAITS[trait].says if trait in TRAITS else trait}"
        return finish(nothing(ax, says=says), title=says, alt=f"No picture: {says.lower()}.")
    shown = rows.head(_MOST_BARS)
    verb = "can be expected from" if known else "deals are open in"
    title = f"Most {verb} {TRAITS[trait].says} {shortened(shown['value'].iloc[0], 50)}"
    size, word = scale_of(shown[column]) if known else (1.0, "")
    unit = " ".join(part for part in ("expected,", result.currency, word) if part) if known else "open deals"
    texts = [f"{number(value / size)} from {number(n)}" if known else number(n)
             for value, n in zip(shown[column], shown["open"], strict=True)]  # fmt: skip
    if known:
        texts[0] = f"{texts[0]} deals"
    ax = bar_rows(
        ax, title=title, names=[shortened(value, 60) for value in shown["value"]],
        values=(shown[column] / size).tolist(), texts=texts, unit=unit.removesuffix(","),
    )  # fmt: skip
    parts = [
        f"{row.value} {money(row.expected_value, result.currency) if known else number(row.open)}"
        for row in shown.itertuples()
    ]
    alt = f"Bars, {unit.removesuffix(',')} by {TRAITS[trait].says}: {listing(parts)}."
    left = len(rows) - len(shown)
    return finish(ax, title=title, alt=alt + (f" {number(left)} more are not drawn." if left else ""))


def _name_rows(ax: Any, names: list[str], *, title: str) -> tuple[Any, np.ndarray]:
    """Axes with a row for each name, and the middle of each."""
    said = [wrapped(name, width=SIDE * 84, lines=3) for name in names]
    tall = [max(0.44, 0.185 * (name.count("\n") + 1) + 0.14) for name in said]
    middles = np.cumsum(tall) - np.array(tall) / 2
    ax = canvas(ax, title=title, body=sum(tall), foot=0.85)
    ax.set_yticks(middles, said)
    ax.set_ylim(sum(tall), 0)
    return ax, middles


def _room(ax: Any, *, low: float, high: float, text: str) -> None:
    """Limits that leave room for the words behind the longest range."""
    inches = (4.8 - SIDE - 0.45) * 72
    span = max(high - low, 1e-6)
    pad = 0.04 * span
    ax.set_xlim(low - pad, low + span * inches / max(inches - text_width(text, bold=True) - 16, 0.3 * inches))


def _portrait_title(told: pd.DataFrame) -> str:
    first = told[told["at_start"].astype(bool)]
    row = (first if len(first) else told).iloc[0]
    if row["lift"] < 1:
        row = (first if len(first) else told).iloc[-1]
    said = trait_label(row["trait"], shortened(row["value"], 40))
    if row["at_start"]:
        said = f"{TRAITS[row['trait']].says} “{shortened(row['value'], 40)}”"
    return f"Deals with {said} are won {row['lift_shrunk']:.1f} times as often as all"


def _sources_title(result: ChannelConversion) -> str:
    for verdict in ("more often", "less often"):
        rows = result.table[result.table["verdict"] == verdict]
        if len(rows):
            row = rows.loc[rows["difference_points"].abs().idxmax()]
            named = group_words(shortened(row["value"], 40), result.by)
            said = named if named.startswith("deals") else f"deals from {named}"
            return f"{said[:1].upper()}{said[1:]} are won {verdict} than the rest"
    return f"No {by_words(result.by)[0]} is shown to be won more or less often than the rest"


_SURE = 0.05
_OTHER = {"other": ""}


def plot_topics(result: Concerns, *, most: int = 8, ax: Any = None) -> Any:
    """How much more often notes of lost deals speak of a topic than those of won ones, with intervals.

    Parameters
    ----------
    result : Concerns
    most : int
        Topics with the largest differences either way.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    known = result.topics.dropna(subset=["difference"])
    chosen = known.reindex(known["difference"].abs().sort_values(ascending=False, kind="stable").index[:most])
    rows = chosen.sort_values("difference", ascending=False, kind="stable")
    if rows.empty:
        says = "Too few notes of lost and won deals to compare"
        return finish(nothing(ax, says=says), title="Nothing to show", alt=f"No picture: {says.lower()}.")
    first = rows.iloc[0]
    title = (
        f"{quoted(first['topic'])} is in {percent(first['lost_share_pct'])} of the notes of lost and "
        f"{percent(first['won_share_pct'])} of won deals"
    )
    several = rows["language"].nunique() > 1
    names = [
        f"{row.topic}{f' ({_OTHER.get(row.language, row.language)})' if several and row.language != 'other' else ''}"
        for row in rows.itertuples()
    ]
    said = [wrapped(name, width=WIDTH * 72 - 12, lines=2) for name in names]
    heights = [LINE * (text.count("\n") + 1) + 0.36 for text in said]
    with theme():
        ax = canvas(ax, title=title, body=sum(heights), foot=0.7)
        top = 0.0
        for row, text, height in zip(rows.itertuples(), said, heights, strict=True):
            middle = top + height - 0.2
            colour = GREY if row.q_value > _SURE else ALARM if row.difference > 0 else MAIN
            ax.hlines(middle, row.low, row.high, color=colour, linewidth=2)
            ax.plot(row.difference, middle, "o", color=colour, markersize=8)
            ax.text(
                0.0, middle - 0.12, text, va="bottom", linespacing=1.05, transform=ax.get_yaxis_transform()
            )
            top += height
        ax.axvline(0, color=GREY, linewidth=1, zorder=0)
        ax.set_ylim(top, -0.05)
        ax.set_yticks([])
        ax.set_xlabel(
            "more often in won deals ← points → more often in lost deals\nline: 95 % interval; grey: could be chance",
            loc="left", linespacing=1.15, color=SOFT,
        )  # fmt: skip
    listed = "; ".join(topic_sentence(row) for _, row in rows.iterrows())
    return finish(ax, title=title, alt=f"Dots with intervals, lost against won deals. {listed}.")
