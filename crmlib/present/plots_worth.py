"""Pictures of value: how unevenly it lies, what lifts the best customers, how far the weights decide."""

from typing import Any

import numpy as np

from crmlib.analyse.pareto import ParetoCurve
from crmlib.analyse.scorecard import Scorecard
from crmlib.analyse.scorecard_reasons import topic_lifts
from crmlib.present.claims_worth import measure_word
from crmlib.present.claims_worth_reasons import topic_word
from crmlib.present.plots_parts import SIDE, bar_percent, canvas, nothing, place_labels
from crmlib.present.theme import GREY, INK, MAIN, PALE, SOFT, finish, letters_of, text_width, theme, wrapped
from crmlib.present.words import count, listing, number, percent

_MOST_TOPICS = 8
_NEAR = 12


def plot_pareto(result: ParetoCurve, *, ax: Any = None) -> Any:
    """The share of value that the most valuable customers bring, with its interval.

    Parameters
    ----------
    result : ParetoCurve
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from crmlib.present.claims_worth import _little_worth
    >>> ax = plot_pareto(_little_worth()[0])
    >>> ax.get_title(loc="left").replace("\\n", " ").replace("\u00a0", " ")
    'The top 20 % of customers bring 56 % of net spend'
    >>> plt.close(ax.figure)
    """
    if result.curve.empty:
        says = f"Nobody brings {measure_word(result)}"
        return finish(nothing(ax, says=says), title="Nothing to show", alt=f"No picture: {says.lower()}.")
    share, low, high = result.top20_share_pct
    word = measure_word(result)
    title = f"The top {percent(20)} of customers bring {percent(share)} of {word}"
    curve = result.curve.set_index("customers_share_pct")
    a, bring = result.class_table.loc["A", ["customers_share_pct", "value_share_pct"]].astype(float)
    with theme():
        ax = canvas(ax, title=title, body=2.9, foot=0.6)
        even = np.linspace(0, 100, 41)
        ax.plot(even, even, color=GREY, linewidth=1.5)
        ax.fill_between(curve.index, curve["low"], curve["high"], color=MAIN, alpha=0.18, linewidth=0)
        ax.plot(curve.index, curve["value_share_pct"], color=MAIN, linewidth=2.5)
        ax.plot([20, 20], [low, high], color=INK, linewidth=3)
        ax.plot([20], [share], "o", color=INK, markersize=8)
        points, texts = [(20.0, share)], [f"20 % bring {bar_percent(share)}\n({_range(low, high)})"]
        colours = [INK]
        if abs(share - bring) >= _NEAR and a < 99.5:
            ax.plot([a], [bring], "o", color=MAIN, markersize=7)
            points, texts = (
                [*points, (a, bring)],
                [*texts, f"class A: {bar_percent(a)}\nbring {bar_percent(bring)}"],
            )
            colours.append(letters_of(MAIN))
        ax.set(xlim=(0, 102), ylim=(0, 102), xticks=np.arange(0, 101, 20), yticks=np.arange(0, 101, 20))
        ax.grid(True)
        ax.set_xlabel("customers, most valuable first, %")
        ax.set_ylabel(f"{word}, %")
        ax.text(72, 47, "if all brought\nthe same", ha="center", va="center", color=SOFT, linespacing=1.05)
        place_labels(ax, points=points, texts=texts, colours=colours, beside=True)
    parts = [
        f"{at} % of customers bring {percent(curve['value_share_pct'][at])}" for at in (1, 5, 10, 20, 50)
    ]
    alt = f"Curve of {word} over customers, the most valuable first: {listing(parts)}. The interval of the "
    return finish(ax, title=title, alt=f"{alt}top 20 % is {_range(low, high)}.")


def plot_score_profile(result: Scorecard, *, ax: Any = None) -> Any:
    """What lifts the best fifth of customers above the average one, in points of their score.

    Parameters
    ----------
    result : Scorecard
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from crmlib.present.claims_worth import _little_worth
    >>> ax = plot_score_profile(_little_worth()[1])
    >>> ax.get_title(loc="left").replace("\\n", " ")
    'Spend and number of orders lift the best fifth most'
    >>> plt.close(ax.figure)
    """
    table = topic_lifts(result).head(_MOST_TOPICS)
    if table.empty:
        says = "Customers could not be scored"
        return finish(nothing(ax, says=says), title=says, alt=f"No picture: {says.lower()}.")
    names = [topic_word(result, topic) for topic in table.index]
    title = _lift_title([name for name, mean in zip(names, table["mean"], strict=True) if mean > 0])
    said = [wrapped(f"{name[:1].upper()}{name[1:]}", width=SIDE * 72, lines=2) for name in names]
    with theme():
        ax = canvas(ax, title=title, body=0.42 * len(said), foot=0.75)
        for place, (_, row) in enumerate(table.iterrows()):
            ax.barh(place, row["mean"], height=0.5, color=MAIN)
            ax.plot([row["low"], row["high"]], [place, place], color=INK, linewidth=2)
            ax.annotate(
                _signed(row["mean"]), (max(row["high"], row["mean"], 0), place), (6, 0),
                textcoords="offset points", va="center", color=SOFT,
            )  # fmt: skip
        low, high = min(0.0, table[["low", "mean"]].min().min()), table[["high", "mean"]].max().max()
        room = (high - low or 1) * text_width("+00.0") / 150
        ax.set_xlim(low * 1.05, high + room)
        ax.set_yticks(range(len(said)), said)
        ax.set_ylim(len(said) - 0.5, -0.5)
        ax.axvline(0, color=GREY, linewidth=1)
        ax.xaxis.grid(True)
        ax.set_xlabel(
            wrapped("points above the average customer; line: 8 in 10 of the best fifth", width=230),
            loc="right",
        )
    parts = [
        f"{name} {_signed(row['mean'])} ({_signed(row['low'])} to {_signed(row['high'])})"
        for name, (_, row) in zip(names, table.iterrows(), strict=True)
    ]
    best = count(len(result.best_fifth), "customer")
    alt = (
        f"Bars: points that each topic adds to the score of the best fifth, {best}, against the average one: "
    )
    return finish(ax, title=title, alt=f"{alt}{listing(parts)}.")


def plot_rank_stability(result: Scorecard, *, ax: Any = None) -> Any:
    """How many of the best fifth stay when the weights are moved.

    Parameters
    ----------
    result : Scorecard
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from crmlib.present.claims_worth import _little_worth
    >>> ax = plot_rank_stability(_little_worth()[1])
    >>> ax.get_title(loc="left").replace("\\n", " ").replace("\u00a0", " ")
    'Move the weights by up to 50 %, and 96 % of the best fifth stay'
    >>> plt.close(ax.figure)
    """
    table = result.rank_stability
    if table.empty:
        says = "Customers could not be scored"
        return finish(nothing(ax, says=says), title=says, alt=f"No picture: {says.lower()}.")
    wild = table.iloc[-1]
    only = "only " if wild["kept_share_pct"] < 70 else ""
    title = (
        f"Move the weights by up to {percent(wild['shake_pct'])}, and {only}"
        f"{percent(wild['kept_share_pct'])} of the best fifth stay"
    )
    with theme():
        ax = canvas(ax, title=title, body=0.62 * len(table), foot=0.6)
        for place, (_, row) in enumerate(table.iterrows()):
            ax.plot([row["low"], row["high"]], [place, place], color=MAIN, linewidth=3, alpha=0.5)
            ax.plot(row["kept_share_pct"], place, "o", color=MAIN, markersize=9)
            kept = f"{bar_percent(row['kept_share_pct'])} ({_range(row['low'], row['high'])})"
            right = row["kept_share_pct"] > 60
            ax.annotate(
                kept, (row["high"] if right else row["low"], place), (4 if right else -4, 9),
                textcoords="offset points", ha="right" if right else "left", va="bottom", color=INK,
            )  # fmt: skip
        ax.set_yticks(range(len(table)), [f"up to {number(shake)} %" for shake in table["shake_pct"]])
        ax.set_ylim(len(table) - 0.6, -0.75)
        least = 10 * min(5, int(table["low"].min() // 10))
        ax.set_xlim(least, 101 + least / 100)
        ax.set_xticks(range(least, 101, 10 if least >= 50 else 20))
        ax.xaxis.grid(True, color=PALE)
        ax.set_xlabel("of the best fifth stay in it, %", loc="right")
    parts = [
        f"up to {number(row['shake_pct'])} % {percent(row['kept_share_pct'])} ({_range(row['low'], row['high'])})"
        for _, row in table.iterrows()
    ]
    alt = "Dots with ranges: share of the best fifth that stays in it when all weights are moved by "
    return finish(ax, title=title, alt=f"{alt}{listing(parts)}.")


def _lift_title(names: list[str]) -> str:
    if not names:
        return "No topic lifts the best fifth"
    lead = listing(names[:2])
    return f"{lead[:1].upper()}{lead[1:]} {'lifts' if len(names) == 1 else 'lift'} the best fifth most"


def _range(low: float, high: float) -> str:
    ends = [bar_percent(end).removesuffix("\u00a0%") for end in (low, high)]
    return f"{ends[0]} to {ends[1]} %"


def _signed(value: float) -> str:
    shown = f"{value:+.1f}"
    return "0" if shown in ("+0.0", "-0.0") else shown.replace("-", "−")
