"""Pictures of campaigns: who answered, what they brought, how alike the groups were, who responds."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.campaigns.comparison import CONTROL_GROUP
from crmlib.analyse.campaigns.effect import CHANCE, DOUBTED, LESS, MORE, CampaignEffect, CampaignSummary
from crmlib.analyse.campaigns.groups import SURE
from crmlib.analyse.campaigns.matching import ALIKE
from crmlib.present.plots_parts import SIDE, bar_percent, canvas, nothing, short_numbers
from crmlib.present.reports.campaigns.say import (
    campaign_name,
    figure_name,
    grouping_name,
    signed_money,
    stated,
)
from crmlib.present.theme import ALARM, GREY, INK, MAIN, SOFT, finish, letters_of, text_width, theme, wrapped
from crmlib.present.words import count, listing, number, percent, plural

_MOST_CAMPAIGNS, _MOST_FIGURES, _MOST_GROUPS = 14, 10, 10


def plot_responses(result: CampaignSummary, *, ax: Any = None) -> Any:
    """The share of those contacted that answered each campaign, with its interval.

    Parameters
    ----------
    result : CampaignSummary
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    table = result.table[result.table["response_pct"].notna() & (result.table["contacted"] > 0)]
    if table.empty:
        return _empty(ax, "Nobody knows who answered a campaign")
    contacted, responded = int(table["contacted"].sum()), int(table["responded"].sum())
    title = f"Of {count(contacted, 'contact')}, {percent(100 * responded / contacted)} brought an answer"
    if len(table) == 1:
        name = campaign_name(table.iloc[0])
        title = f"{percent(table['response_pct'].iloc[0])} of those contacted answered {name}"
    shown, left = _largest(table)
    rows = [
        (campaign_name(row), row["response_pct"], row["response_low"], row["response_high"], MAIN)
        for _, row in shown.iterrows()
    ]
    texts = [bar_percent(row[1]) for row in rows]
    ax = _ranges(ax, title=title, rows=rows, texts=texts, unit=_below("answered, % of those contacted", left))
    parts = [f"{name} {percent(a)} ({percent(b)} to {percent(c)})" for name, a, b, c, _ in rows]
    return finish(ax, title=title, alt=f"Dots with ranges, share that answered: {listing(parts)}.")


def plot_effects(result: CampaignSummary, *, ax: Any = None) -> Any:
    """Extra spend a customer in each campaign, with its interval, about a line at nought.

    Parameters
    ----------
    result : CampaignSummary
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    table = result.table[result.table["effect"].notna()]
    if table.empty:
        return _empty(ax, "No campaign's extra spend is known")
    raised = table[table["verdict"] == MORE]
    title = f"{number(len(raised))} of {count(len(table), 'campaign')} brought extra spend"
    if len(table) == 1:
        name = campaign_name(table.iloc[0])
        verb = "brought" if len(raised) else "is not shown to have brought"
        title = f"{name[:1].upper()}{name[1:]} {verb} extra spend"
    elif raised.empty:
        title = f"Not one of {count(len(table), 'campaign')} is shown to have brought extra spend"
    colours = {MORE: MAIN, LESS: ALARM, DOUBTED: GREY}
    shown, left = _largest(table)
    rows = [
        (campaign_name(row), row["effect"], row["effect_low"], row["effect_high"],
         colours.get(row["verdict"], SOFT))
        for _, row in shown.iterrows()
    ]  # fmt: skip
    texts = [
        signed_money(row[1], "") + (" ?" if v == DOUBTED else "")
        for row, v in zip(rows, shown["verdict"], strict=True)
    ]
    says = f"extra spend a customer{f', {result.currency}' if result.currency else ''}"
    marks = "?: the comparison is not trusted" if (shown["verdict"] == DOUBTED).any() else ""
    ax = _ranges(ax, title=title, rows=rows, texts=texts, unit=_below(says, left, marks), about=0.0)
    parts = [
        f"{n} {signed_money(a, '')} ({signed_money(b, '')} to {signed_money(c, '')})"
        for n, a, b, c, _ in rows
    ]
    unit = f" in {result.currency}" if result.currency else ""
    return finish(ax, title=title, alt=f"Dots with ranges, extra spend a customer{unit}: {listing(parts)}.")


def plot_balance(result: CampaignEffect, *, ax: Any = None) -> Any:
    """How far those in the campaign and those compared with lay apart before it, as they were and as matched.

    Parameters
    ----------
    result : CampaignEffect
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    table = result.balance
    if table.empty:
        return _empty(ax, "Nobody was compared")
    held_out = result.comparison.kind == CONTROL_GROUP
    table = table[table["difference_before"].notna()].head(_MOST_FIGURES)
    far = int(
        (result.balance["difference_after" if not held_out else "difference_before"].abs() > ALIKE).sum()
    )
    of = number(len(result.balance))
    way = "The control group is" if held_out else "Matched customers are"
    title = f"{way} alike in {number(len(result.balance) - far)} of {of} figures"
    names = [wrapped(figure_name(name), width=SIDE * 78, lines=3) for name in table["feature"]]
    tall = [max(0.42, 0.185 * (name.count("\n") + 1) + 0.14) for name in names]
    middles = np.cumsum(tall) - np.array(tall) / 2
    with theme():
        ax = canvas(ax, title=title, body=sum(tall), foot=1.05)
        ax.axvspan(-ALIKE, ALIKE, color=GREY, alpha=0.25, linewidth=0)
        ax.axvline(0, color=GREY, linewidth=1)
        ax.plot(table["difference_before"], middles, "D", color=MAIN if held_out else GREY, markersize=7)
        if not held_out:
            ax.plot(table["difference_after"], middles, "o", color=MAIN, markersize=8)
        ax.set_yticks(middles, names)
        ax.set_ylim(sum(tall), 0)
        ends = table[["difference_before", "difference_after"]].abs().to_numpy(dtype=float)
        most = 1.12 * max(0.3, float(np.nanmax(ends)))
        low = (
            -most
            if float(np.nanmin(table[["difference_before", "difference_after"]].to_numpy(dtype=float)))
            < -0.12
            else -0.3
        )
        ax.set_xlim(max(low, -most), most)
        ax.locator_params(axis="x", nbins=5)
        ax.xaxis.grid(True)
        key = "grey band: alike" if held_out else "diamonds: all customers; dots: matched\ngrey band: alike"
        ax.set_xlabel(f"apart before the campaign, standard deviations\n{key}", loc="left")
    parts = [f"{figure_name(row.feature)} {_apart(row.difference_before)}"
             + ("" if held_out else f" before and {_apart(row.difference_after)} after matching")
             for row in table.itertuples()]  # fmt: skip
    return finish(ax, title=title, alt=f"Dots, standard deviations apart: {listing(parts)}.")


def plot_who_responds(result: CampaignEffect, *, ax: Any = None) -> Any:
    """The share that answered in each group, against that of all contacted.

    Parameters
    ----------
    result : CampaignEffect
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    judged = stated(result.groups[result.groups["response_judged"].astype(bool)])
    if judged.empty:
        return _empty(ax, "Too few customers in any group to tell who responds")
    judged = judged.sort_values("response_pct", ascending=False, kind="stable")
    firm = judged[judged["response_q"] <= SURE]
    title = "No group is shown to answer more often than another"
    if len(firm):
        title = "Some groups answered more often than others"
    shown = _telling(judged, firm)
    rows = [
        (f"{grouping_name(row['grouping'])}: {row['group']}", row["response_pct"], row["response_low"],
         row["response_high"], MAIN if row["response_q"] <= SURE else GREY)
        for _, row in shown.iterrows()
    ]  # fmt: skip
    texts = [bar_percent(row[1]) for row in rows]
    left = len(judged) - len(shown)
    key = "line: all; grey: within chance"
    if left:
        key += f"\n{count(left, 'more group')} in the table"
    unit = f"answered, % of those contacted\n{key}"
    ax = _ranges(ax, title=title, rows=rows, texts=texts, unit=unit, about=result.response.rate_pct)
    parts = [f"{name} {percent(a)} ({percent(b)} to {percent(c)})" for name, a, b, c, _ in rows]
    alt = f"Dots with ranges, share that answered, all {percent(result.response.rate_pct)}: {listing(parts)}."
    return finish(ax, title=title, alt=alt)


def _empty(ax: Any, says: str) -> Any:
    return finish(nothing(ax, says=says), title=says, alt=f"No picture: {says[:1].lower()}{says[1:]}.")


def _largest(table: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """The campaigns that stand out and those with the most customers, in the order of their beginning."""
    stands = table["verdict"].isin([MORE, LESS, CHANCE])
    order = table.assign(stands=stands).sort_values(["stands", "contacted"], ascending=False, kind="stable")
    first = order.head(_MOST_CAMPAIGNS).index
    return table.loc[table.index.isin(first)], len(table) - len(first)


def _telling(judged: pd.DataFrame, firm: pd.DataFrame) -> pd.DataFrame:
    """The groups that differ, the farthest from the others first; then whichever else there is room for."""
    if len(judged) <= _MOST_GROUPS:
        return judged
    order = [*firm.sort_values("response_q", kind="stable").index, *judged.index.difference(firm.index)]
    return judged.loc[judged.index.isin(order[:_MOST_GROUPS])]


def _ranges(
    ax: Any, *, title: str, rows: list, texts: list[str], unit: str, about: float | None = None
) -> Any:
    """A dot and its interval a row, names at the side, figures behind."""
    names = [wrapped(f"{name[:1].upper()}{name[1:]}", width=SIDE * 84, lines=3) for name, *_ in rows]
    tall = [max(0.36, 0.185 * (name.count("\n") + 1) + 0.12) for name in names]
    middles = np.cumsum(tall) - np.array(tall) / 2
    with theme():
        ax = canvas(ax, title=title, body=sum(tall), foot=0.62 + 0.2 * unit.count("\n"))
        if about is not None and np.isfinite(about):
            ax.axvline(about, color=INK, linewidth=1)
        for place, (_, value, low, high, colour), text in zip(middles, rows, texts, strict=True):
            ax.plot([low, high], [place] * 2, color=colour, linewidth=3, alpha=0.55)
            ax.plot(value, place, "o", color=colour, markersize=7)
            ax.annotate(text, (high, place), (6, 0), textcoords="offset points", va="center",
                        color=letters_of(colour),
                        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6})  # fmt: skip
        low, high = min(0.0, *(row[2] for row in rows)), max(0.1, *(row[3] for row in rows))
        inches = (4.8 - SIDE - 0.3) * 72
        room = max(text_width(text) for text in texts) + 14
        ax.set_xlim(low - 0.02 * (high - low), low + (high - low) * inches / max(inches - room, 60))
        ax.set_yticks(middles, names)
        ax.set_ylim(sum(tall), 0)
        ax.locator_params(axis="x", nbins=5)
        short_numbers(ax.xaxis)
        ax.xaxis.grid(True)
        ax.set_xlabel(unit, loc="left")
    return ax


def _below(what: str, left: int, marks: str = "") -> str:
    said = [
        what,
        marks,
        f"{count(left, 'more campaign')} {plural(left, 'is', 'are')} in the table" if left else "",
    ]
    return "\n".join(part for part in said if part)


def _apart(value: float) -> str:
    return "not known" if not np.isfinite(value) else f"{value:.2f}".replace("-", "−")
