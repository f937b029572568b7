"""Pictures of what is bought together: which rules stand out, and what is in most baskets."""

from typing import Any

import numpy as np

from crmlib.analyse.cross_sell import CrossSell
from crmlib.present.plots_parts import (
    LINE,
    bar_percent,
    bar_rows,
    canvas,
    nothing,
    place_labels,
    short_numbers,
)
from crmlib.present.plots_rules_parts import no_rules, ticks_between
from crmlib.present.theme import GREY, INK, MAIN, PALE, SOFT, WIDTH, finish, theme, wrapped
from crmlib.present.words import count, listing, number, percent, quoted, shortened, times

_ARROW = "→"
_SHADES = ("#6aa9d4", "#1f6aa5", "#0a2f52")
_STEPS = (2.0, 5.0)


def plot_rules_lift(result: CrossSell, *, most: int = 10, ax: Any = None) -> Any:
    """The rules with the highest lift: how many times as often as by chance, and how often they hold.

    Parameters
    ----------
    result : CrossSell
    most : int
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from types import SimpleNamespace
    >>> rules = pd.DataFrame({"if": ["Icing"], "then": ["Cake mix"], "lift": [52.8],
    ...                       "confidence_pct": [68.0]})
    >>> ax = plot_rules_lift(SimpleNamespace(pairs=rules))
    >>> ax.get_title(loc="left").replace("\\n", " ")
    '“Icing” and “Cake mix”: together 53\\xa0times as often as by chance'
    >>> plt.close(ax.figure)
    """
    rules = result.pairs.head(most)
    if rules.empty:
        return no_rules(ax)
    first = rules.iloc[0]
    pair = f"{quoted(first['if'])} and {quoted(first['then'])}"
    title = f"{pair}: together {times(first['lift'])} as often as by chance"
    names = [f"{row[0]} {_ARROW} {row[1]}" for row in rules[["if", "then"]].itertuples(index=False)]
    said = [wrapped(name, width=WIDTH * 72 - 12, lines=2) for name in names]
    texts = [
        f"{times(lift)}; holds in {percent(share)}"
        for lift, share in rules[["lift", "confidence_pct"]].to_numpy()
    ]
    tall = [LINE * (name.count("\n") + 1) + 0.36 for name in said]
    with theme():
        ax = canvas(ax, title=title, body=sum(tall), foot=0.75)
        middles = np.cumsum(tall) - 0.2
        room = 1.0 + (rules["lift"].max() - 1.0) * 1.9
        for name, middle, lift, text in zip(said, middles, rules["lift"], texts, strict=True):
            ax.hlines(middle, 1, lift, color=MAIN, linewidth=2)
            ax.plot(lift, middle, "o", color=MAIN, markersize=9)
            ax.text(1 + (room - 1) * 0.012, middle - 0.12, name, va="bottom", linespacing=1.1)
            ax.annotate(text, (lift, middle), (9, 0), textcoords="offset points", va="center", color=SOFT)
        ax.axvline(1, color=GREY, linewidth=1)
        ax.set_xlim(1, room)
        ax.set_ylim(sum(tall), -0.05)
        ax.set_yticks([])
        ax.set_xlabel("times as often as by chance (the line: 1, chance)", loc="left")
        short_numbers(ax.xaxis)
    listed = "; ".join(f"{name}: {text}" for name, text in zip(names, texts, strict=True))
    return finish(ax, title=title, alt=f"Dots of the rules with the highest lift. {listed}.")


def plot_rules_scatter(result: CrossSell, *, most: int = 200, ax: Any = None) -> Any:
    """How often rules hold against how many baskets they are in; darker is further above chance.

    Parameters
    ----------
    result : CrossSell
    most : int
        The rules in most baskets.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from types import SimpleNamespace
    >>> rules = pd.DataFrame({"if": ["Icing", "Tea"], "then": ["Cake mix", "Milk"], "lift": [52.8, 1.5],
    ...                       "extra": [9.0, 5.0],
    ...                       "confidence_pct": [68.0, 20.0], "support_pct": [0.7, 3.0], "count": [70, 300]})
    >>> ax = plot_rules_scatter(SimpleNamespace(pairs=rules))
    >>> ax.get_title(loc="left").replace("\\n", " ")
    '1 of 2\\xa0rules holds in at least half of all cases'
    >>> plt.close(ax.figure)
    """
    rules = result.pairs.sort_values(["count", "lift"], ascending=False, kind="stable").head(most)
    if rules.empty:
        return no_rules(ax)
    sure = int((rules["confidence_pct"] >= 50).sum())
    verb = "holds" if sure == 1 else "hold"
    title = f"{number(sure)} of {count(len(rules), 'rule')} {verb} in at least half of all cases"
    classes = np.digitize(rules["lift"], _STEPS)
    with theme():
        ax = canvas(ax, title=title, body=3.3, foot=0.7)
        for place, words in enumerate(_lift_words()):
            chosen = rules[classes == place]
            ax.plot(chosen["support_pct"], chosen["confidence_pct"], "o", color=_SHADES[place], markersize=6,
                    markeredgecolor="white", markeredgewidth=0.5, label=words)  # fmt: skip
        ax.set_xscale("log")
        low, high = rules["support_pct"].min(), rules["support_pct"].max()
        ax.set_xlim(low / 1.25, high * 1.6)
        ax.set_xticks(ticks_between(low / 1.25, high * 1.6))
        ax.minorticks_off()
        top = rules["confidence_pct"].max()
        ax.set_ylim(0, 1.28 * top)
        ax.set_yticks(
            [
                tick
                for tick in (0, 5, 10, 20, 40, 60, 80, 100)
                if tick <= 1.05 * top and (tick >= 20 or top < 40 or not tick)
            ]
        )
        ax.grid(True, color=PALE)
        short_numbers(ax.xaxis)
        ax.set_xlabel("share of baskets with both sides, %")
        ax.set_ylabel("rule holds in, % of cases")
        _key_above(ax)
        best = rules.sort_values("extra", ascending=False, kind="stable").head(2)
        place_labels(
            ax,
            points=list(zip(best["support_pct"], best["confidence_pct"], strict=True)),
            texts=[
                wrapped(f"{a} {_ARROW} {b}", width=125, lines=3, bold=True)
                for a, b in best[["if", "then"]].to_numpy()
            ],
            colours=[INK] * len(best),
            beside=True,
        )
    parts = [
        f"{row[0]} {_ARROW} {row[1]}, in {percent(row[2])} of baskets, holds in {percent(row[3])}"
        for row in best[["if", "then", "support_pct", "confidence_pct"]].itertuples(index=False)
    ]
    alt = (
        f"Scatter of {count(len(rules), 'rule')}: how often each holds against the baskets with both sides. "
    )
    return finish(ax, title=title, alt=f"{alt}Most extra baskets: {listing(parts)}.")


def _key_above(ax: Any) -> None:
    """The key in one row above the points; in a picture of our own it begins at the picture's left edge."""
    from matplotlib.transforms import blended_transform_factory

    figure = ax.get_figure(root=True)
    own = getattr(figure, "crmlib_own", False)
    across = figure.transFigure if own else ax.transAxes
    key = ax.legend(loc="upper left", ncols=3, handletextpad=0.2, columnspacing=0.6, borderpad=0.0,
                    borderaxespad=0.2, handlelength=1.0, labelcolor=SOFT, bbox_to_anchor=(0.0, 1.02),
                    bbox_transform=blended_transform_factory(across, ax.transAxes))  # fmt: skip
    key.set_in_layout(False)


def plot_item_frequency(result: CrossSell, *, most: int = 12, ax: Any = None) -> Any:
    """What is in most baskets.

    Parameters
    ----------
    result : CrossSell
    most : int
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from types import SimpleNamespace
    >>> items = pd.DataFrame({"item": ["Milk", "Bread"], "count": [22, 9], "share_pct": [22.0, 9.0]})
    >>> ax = plot_item_frequency(SimpleNamespace(items=items))
    >>> ax.get_title(loc="left").replace("\\n", " ")
    '“Milk” is in 22\\xa0% of all baskets'
    >>> plt.close(ax.figure)
    """
    items = result.items.head(most)
    if items.empty:
        says = "No basket holds anything"
        return finish(nothing(ax, says=says), title="Nothing to show", alt=f"No picture: {says.lower()}.")
    title = f"{quoted(items['item'].iloc[0])} is in {percent(items['share_pct'].iloc[0])} of all baskets"
    ax = bar_rows(
        ax,
        title=title,
        names=[shortened(name, 60) for name in items["item"]],
        values=items["share_pct"].tolist(),
        texts=[bar_percent(share) for share in items["share_pct"]],
        unit="share of all baskets, %",
    )
    parts = [
        f"{name} {percent(share)}" for name, share in items[["item", "share_pct"]].itertuples(index=False)
    ]
    return finish(
        ax, title=title, alt=f"Bar chart of the share of baskets that hold each item: {listing(parts)}."
    )


def _lift_words() -> tuple[str, str, str]:
    low, high = _STEPS
    return f"under {low:g} times chance", f"{low:g} to {high:g} times", f"over {high:g} times"
