"""Pictures of what is bought together: which rules stand out, and what is in most baskets."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.rules.cross_sell import CrossSell
from crmlib.analyse.rules.mine import RuleBook
from crmlib.present.plots_parts import (
    LINE,
    bar_percent,
    bar_rows,
    canvas,
    nothing,
    place_labels,
    short_numbers,
)
from crmlib.present.theme import GREY, INK, MAIN, PALE, SOFT, WIDTH, finish, theme, wrapped
from crmlib.present.words import count, listing, number, percent, plural, quoted, shortened, times

_TICKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)


def ticks_between(low: float, high: float) -> list[float]:
    """Round percentages for a logarithmic axis of shares; the middle, rounded, where none lies within."""
    return [tick for tick in _TICKS if low <= tick <= high] or [float(f"{(low * high) ** 0.5:.2g}")]


def no_rules(ax: Any) -> Any:
    """The picture that says that there is no rule to draw."""
    says = "No rule is above chance at this support"
    return finish(nothing(ax, says=says), title="Nothing to show", alt=f"No picture: {says.lower()}.")


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


_GRAPH_SHADES = ("#a9c9e4", "#4f94c8", "#0a4a80")
_GRAPH_STEPS = (20.0, 50.0)
_STRONG = 5.0
_LOOKED_AT = 5_000


def plot_rule_graph(result: CrossSell | RuleBook, *, most: int = 12, ax: Any = None) -> Any:
    """The rules with the highest lift as arrows between the items; what hangs together stands together.

    Parameters
    ----------
    result : CrossSell or RuleBook
    most : int
        Rules, the highest lift first; of both directions of a combination only the surer one.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from crmlib.analyse.rules.mine import mine_rules
    >>> lines = pd.DataFrame({"order_id": [1, 1, 2, 2, 3], "product_id": ["tea", "mug", "tea", "mug", "jam"]})
    >>> ax = plot_rule_graph(mine_rules(lines, min_support=2))
    >>> ax.get_title(loc="left").replace("\\n", " ")
    '1\\xa0rule ties 2\\xa0items together'
    >>> plt.close(ax.figure)
    """
    rules = _pairs(result).head(most)
    if rules.empty:
        return no_rules(ax)
    groups = _groups(rules)
    title = _graph_title(rules, groups)
    names = [name for group in groups for name in group]
    said = [wrapped(name, width=WIDTH * 72 * 0.62, lines=2) for name in names]
    heights = [LINE * (text.count("\n") + 1) + 0.08 for text in said]
    starts = {group[0] for group in groups[1:]}
    tops = np.cumsum([height + 0.16 * (name in starts) for height, name in zip(heights, names, strict=True)])
    places = dict(zip(names, tops - np.array(heights) / 2, strict=True))
    with theme():
        ax = canvas(ax, title=title, body=float(tops[-1]), foot=0.55)
        ax.set_xlim(0, 1)
        ax.set_ylim(float(tops[-1]) + 0.1, -0.05)
        for name, text in zip(names, said, strict=True):
            ax.plot(0.34, places[name], "o", color=INK, markersize=6, zorder=5)
            ax.text(0.365, places[name], text, va="center", linespacing=1.05)
        widest = max(abs(places[a] - places[b]) for a, b in rules[["if", "then"]].to_numpy()) or 1.0
        for rule in rules.itertuples(index=False):
            _arc(ax, places[rule[0]], places[rule[1]], widest, float(rule.confidence_pct))
        _shade_legend(ax)
        ax.set_xticks([])
        ax.set_yticks([])
        ax.spines["bottom"].set_visible(False)
    parts = [
        f"{row[0]} to {row[1]}, {times(row[2])} chance, holds in {percent(row[3])}"
        for row in rules[["if", "then", "lift", "confidence_pct"]].itertuples(index=False)
    ]
    return finish(ax, title=title, alt=f"Graph of rules as arrows between items. {'; '.join(parts)}.")


def plot_lift_by_support(result: CrossSell | RuleBook, *, most: int = 500, ax: Any = None) -> Any:
    """How far above chance rules are, against the share of baskets they are in.

    Parameters
    ----------
    result : CrossSell or RuleBook
    most : int
        The rules with the highest lift.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from crmlib.analyse.rules.mine import mine_rules
    >>> lines = pd.DataFrame({"order_id": [1, 1, 2, 2, 3], "product_id": ["tea", "mug", "tea", "mug", "jam"]})
    >>> ax = plot_lift_by_support(mine_rules(lines, min_support=2))
    >>> ax.get_title(loc="left").replace("\\n", " ")
    'No rule is more than 5\\xa0times as frequent as by chance'
    >>> plt.close(ax.figure)
    """
    rules = _pairs(result).head(most)
    if rules.empty:
        return no_rules(ax)
    strong = rules[rules["lift"] > _STRONG]
    title = f"No rule is more than {times(_STRONG)} as frequent as by chance"
    if len(strong):
        verb = plural(len(strong), "rule is", "rules are")
        title = (
            f"{number(len(strong))} {verb} over {times(_STRONG)} chance, in at most "
            f"{percent(strong['support_pct'].max())} of baskets"
        )
    with theme():
        ax = canvas(ax, title=title, body=3.2, foot=0.7)
        classes = np.digitize(rules["confidence_pct"], _GRAPH_STEPS)
        for place, words in enumerate(_shade_words()):
            chosen = rules[classes == place]
            ax.plot(chosen["support_pct"], chosen["lift"], "o", color=_GRAPH_SHADES[place], markersize=6,
                    markeredgecolor="white", markeredgewidth=0.5, label=words)  # fmt: skip
        ax.set_xscale("log")
        ax.set_yscale("log")
        low, high, top = rules["support_pct"].min(), rules["support_pct"].max(), rules["lift"].max()
        ax.set_xlim(low / 1.3, high * 2)
        ax.set_ylim(0.9, 6 * max(top, 1.5))
        ax.set_xticks(ticks_between(low / 1.3, high * 2))
        ax.set_yticks([tick for tick in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if tick <= 1.05 * top])
        ax.minorticks_off()
        short_numbers(ax.xaxis)
        short_numbers(ax.yaxis)
        ax.grid(True, color=PALE)
        ax.axhline(1, color=GREY, linewidth=1)
        ax.set_xlabel("share of baskets with both sides, %")
        ax.set_ylabel("times as often as by chance")
        ax.legend(loc="upper right", ncols=3, title="rule holds in so many cases", handletextpad=0.0,
                  columnspacing=0.8, borderpad=0.0, labelcolor=SOFT, bbox_to_anchor=(1.0, 1.03))  # fmt: skip
        ends = rules.iloc[[0, int(rules["support_pct"].to_numpy().argmax())]].drop_duplicates(["if", "then"])
        place_labels(
            ax,
            points=list(zip(ends["support_pct"], ends["lift"], strict=True)),
            texts=[
                wrapped(f"{a} → {b}", width=125, lines=3, bold=True)
                for a, b in ends[["if", "then"]].to_numpy()
            ],
            colours=[INK] * len(ends),
            beside=True,
        )
    parts = [
        f"{row[0]} to {row[1]}, {times(row[2])} chance in {percent(row[3])} of baskets"
        for row in ends[["if", "then", "lift", "support_pct"]].itertuples(index=False)
    ]
    alt = f"Scatter of {count(len(rules), 'rule')}: lift against the share of baskets. {listing(parts)}."
    return finish(ax, title=title, alt=alt)


def _pairs(result: CrossSell | RuleBook) -> pd.DataFrame:
    """Rules above chance, the highest lift first, each combination once."""
    if not isinstance(result, RuleBook):
        return result.pairs
    rules = result.head(_LOOKED_AT)
    table = result.to_table(_LOOKED_AT).drop(columns="q_value")
    # A subcategory is mined together with its category, the two parted by a sign that no font has.
    table[["if", "then"]] = table[["if", "then"]].replace("\x1f", ": ", regex=True)
    table["items"] = [a | c for a, c in zip(rules["antecedents"], rules["consequents"], strict=True)]
    # Both directions of a pair have one lift, up to the last digit.
    table = table[table["lift"] > 1].assign(lift=table["lift"].round(9))
    ordered = table.sort_values(
        ["lift", "confidence_pct", "if"], ascending=[False, False, True], kind="stable"
    )
    return ordered.drop_duplicates("items").drop(columns="items").reset_index(drop=True)


def _groups(rules: pd.DataFrame) -> list[list[str]]:
    """The items that hang together, neighbours of the graph near each other."""
    import networkx as nx

    graph = nx.Graph()
    graph.add_edges_from(rules[["if", "then"]].to_numpy().tolist())
    order = {name: place for place, name in enumerate(graph)}
    groups = sorted(nx.connected_components(graph), key=lambda group: min(order[name] for name in group))
    return [
        list(nx.utils.cuthill_mckee_ordering(graph.subgraph(sorted(group, key=order.get))))
        for group in groups
    ]


def _graph_title(rules: pd.DataFrame, groups: list[list[str]]) -> str:
    items, n = sum(map(len, groups)), len(rules)
    tied = f"{count(n, 'rule')} {plural(n, 'ties', 'tie')} {count(items, 'item')} together"
    largest = max(groups, key=len)
    if len(groups) == 1:
        return tied
    if len(largest) > 2:
        return f"{tied} in {number(len(groups))} groups, the largest round {quoted(_middle(rules, largest))}"
    return f"{tied} in {number(len(groups))} pairs"


def _middle(rules: pd.DataFrame, group: list[str]) -> str:
    """The item of most rules."""
    ends = rules[["if", "then"]].stack().value_counts(sort=False)
    return max(group, key=lambda name: ends[name])


def _arc(ax: Any, start: float, end: float, widest: float, confidence: float) -> None:
    """An arrow that bends to the left, further for items that stand far apart."""
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    reach = 0.06 + 0.26 * abs(end - start) / widest
    bend = [(0.325, start), (0.325 - 1.33 * reach, start), (0.325 - 1.33 * reach, end), (0.325, end)]
    path = Path(bend, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
    shade = _GRAPH_SHADES[int(np.digitize(confidence, _GRAPH_STEPS))]
    ax.add_patch(
        FancyArrowPatch(path=path, arrowstyle="-|>", mutation_scale=11, color=shade, linewidth=2, zorder=3)
    )


def _shade_words() -> tuple[str, str, str]:
    low, high = _GRAPH_STEPS
    return f"under {low:g} %", f"{low:g} to {high:g} %", f"over {high:g} %"


def _shade_legend(ax: Any) -> None:
    for shade, words in zip(_GRAPH_SHADES, _shade_words(), strict=True):
        ax.plot([], [], color=shade, linewidth=3, label=words)
    legend = ax.legend(loc="upper left", ncols=3, bbox_to_anchor=(0, 0), borderaxespad=0.2, borderpad=0,
                       title="rule holds in so many cases", handlelength=1.2, columnspacing=1.0,
                       labelcolor=SOFT, alignment="left")  # fmt: skip
    legend.get_title().set_color(SOFT)
    legend.set_in_layout(True)
