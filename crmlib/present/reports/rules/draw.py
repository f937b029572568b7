"""Pictures of what is bought together: which rules stand out, and what is in most baskets."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.rules.cross_sell import CrossSell
from crmlib.analyse.rules.mine import RuleBook
from crmlib.analyse.rules.worth import STRONG
from crmlib.present.claims import Claim, claim, count, days, money, name, names, share, times
from crmlib.present.reports.rules.say import MONEY_WORDS
from crmlib.present.theme import (
    GREY,
    INK,
    LINE,
    MAIN,
    PALE,
    SOFT,
    WIDTH,
    bar_percent,
    bar_picture,
    canvas,
    finish,
    nothing,
    place_labels,
    say_behind,
    short_numbers,
    theme,
    wrapped,
)

_TICKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)


def ticks_between(low: float, high: float) -> list[float]:
    """Round percentages for a logarithmic axis of shares; the middle, rounded, where none lies within."""
    return [tick for tick in _TICKS if low <= tick <= high] or [float(f"{(low * high) ** 0.5:.2g}")]


_SHADES = ("#6aa9d4", "#1f6aa5", "#0a2f52")
_STEPS = (2.0, 5.0)


def plot_rules_worth(result: CrossSell, *, most: int = 8, ax: Any = None) -> Any:
    """What the rules that matter are expected to bring in baskets beyond chance."""
    rules = result.best.head(most)
    if rules.empty:
        return nothing(ax, says=claim("rules-picture-none"))
    first, worth = rules.iloc[0], [money(value, result.currency) for value in rules["expected"]]
    return bar_picture(
        ax,
        title=claim(
            "rules-picture-worth", before=name(first["if"]), after=name(first["then"]), worth=worth[0]
        ),
        names=[_pair(row) for _, row in rules.iterrows()],
        values=rules["expected"].tolist(),
        texts=worth,
        unit=claim(
            "rules-picture-worth-axis", kind=MONEY_WORDS.term(result.money), days=days(result.holdout_days)
        ),
        alt=lambda bars: claim("rules-picture-worth-alt", bars=bars),
    )


def plot_rules_lift(result: CrossSell, *, most: int = 10, ax: Any = None) -> Any:
    """The rules with the highest lift: how many times as often as by chance, and how often they hold."""
    rules = result.pairs.head(most)
    if rules.empty:
        return nothing(ax, says=claim("rules-picture-none"))
    first = rules.iloc[0]
    title = claim(
        "rules-picture-lift", before=name(first["if"]), after=name(first["then"]), lift=times(first["lift"])
    )
    pairs = [_pair(row) for _, row in rules.iterrows()]
    said = [wrapped(str(pair), width=WIDTH * 72 - 12, lines=2) for pair in pairs]
    texts = [
        claim("rules-picture-lift-text", lift=times(lift), share=share(pct))
        for lift, pct in rules[["lift", "confidence_pct"]].to_numpy()
    ]
    tall = [LINE * (words.count("\n") + 1) + 0.36 for words in said]
    with theme():
        ax = canvas(ax, title=title, body=sum(tall), foot=0.75)
        middles = np.cumsum(tall) - 0.2
        room = 1.0 + (rules["lift"].max() - 1.0) * 1.9
        for words, middle, lift, text in zip(said, middles, rules["lift"], texts, strict=True):
            ax.hlines(middle, 1, lift, color=MAIN, linewidth=2)
            ax.plot(lift, middle, "o", color=MAIN, markersize=9)
            ax.text(1 + (room - 1) * 0.012, middle - 0.12, words, va="bottom", linespacing=1.1)
            say_behind(ax, text, (lift, middle), gap=9)
        ax.axvline(1, color=GREY, linewidth=1)
        ax.set_xlim(1, room)
        ax.set_ylim(sum(tall), -0.05)
        ax.set_yticks([])
        ax.set_xlabel(str(claim("rules-picture-lift-axis", one=count(1))), loc="left")
        short_numbers(ax.xaxis)
    listed = names(
        claim("rules-picture-lift-alt-one", rule=pair, text=text)
        for pair, text in zip(pairs, texts, strict=True)
    )
    return finish(ax, title=title, alt=claim("rules-picture-lift-alt", rules=listed))


def _pair(row: Any) -> Claim:
    return claim("rules-picture-pair", before=name(row["if"]), after=name(row["then"]))


def plot_rules_scatter(result: CrossSell, *, most: int = 100, ax: Any = None) -> Any:
    """How often the rules with most extra baskets hold, and how many baskets they are in; darker is higher lift."""
    rules = result.pairs.sort_values(["extra", "lift"], ascending=False, kind="stable").head(most)
    if rules.empty:
        return nothing(ax, says=claim("rules-picture-none"))
    title = _scatter_title(rules)
    classes = np.digitize(rules["lift"], _STEPS)
    with theme():
        ax = canvas(ax, title=title, body=3.3, foot=0.7)
        _cloud(ax, rules.iloc[::-1], "confidence_pct", classes[::-1], _SHADES, _lift_words())
        top = rules["confidence_pct"].max()
        ax.set_ylim(0, 1.28 * top)
        ax.set_yticks(
            [
                tick
                for tick in (0, 5, 10, 20, 40, 60, 80, 100)
                if tick <= 1.05 * top and (tick >= 20 or top < 40 or not tick)
            ]
        )
        ax.set_ylabel(str(claim("rules-picture-scatter-y")))
        _key_above(ax)
        best = rules.head(2)
        _label_rules(ax, best, "confidence_pct")
    parts = [
        claim(
            "rules-picture-scatter-alt-one",
            rule=_pair(row),
            support=share(row["support_pct"]),
            holds=share(row["confidence_pct"]),
        )
        for _, row in best.iterrows()
    ]
    alt = claim("rules-picture-scatter-alt", rules=count(len(rules)), best=names(parts))
    return finish(ax, title=title, alt=alt)


def _cloud(ax: Any, rules: pd.DataFrame, column: str, classes: Any, shades: Any, words: Any) -> None:
    """A figure of the rules against the share of baskets they are in, shaded in classes."""
    for place, (shade, says) in enumerate(zip(shades, words, strict=True)):
        chosen = rules[classes == place]
        ax.plot(chosen["support_pct"], chosen[column], "o", color=shade, markersize=6,
                markeredgecolor="white", markeredgewidth=0.5, label=str(says))  # fmt: skip
    low, high = rules["support_pct"].min() / 1.3, rules["support_pct"].max() * 1.8
    ax.set_xscale("log")
    ax.set_xlim(low, high)
    ax.set_xticks(ticks_between(low, high))
    ax.minorticks_off()
    short_numbers(ax.xaxis)
    ax.grid(True, color=PALE)
    ax.set_xlabel(str(claim("rules-picture-scatter-x")))


def _label_rules(ax: Any, rules: pd.DataFrame, column: str) -> None:
    points = list(zip(rules["support_pct"], rules[column], strict=True))
    texts = [wrapped(str(_pair(row)), width=125, lines=3, bold=True) for _, row in rules.iterrows()]
    place_labels(ax, points=points, texts=texts, colours=[INK] * len(rules), beside=True)


def _scatter_title(rules: pd.DataFrame) -> Claim:
    sure = int((rules["confidence_pct"] >= 50).sum())
    surest = share(rules["confidence_pct"].max())
    if len(rules) == 1:
        return claim("rules-picture-scatter-one", share=surest)
    if not sure:
        return claim("rules-picture-scatter-none", rules=count(len(rules)), share=surest)
    return claim("rules-picture-scatter", rules=count(len(rules)), sure=count(sure))


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
    """What is in most baskets."""
    items = result.items.head(most)
    if items.empty:
        return nothing(ax, says=claim("rules-picture-items-none"))
    first = items.iloc[0]
    title = claim("rules-picture-items", item=name(first["item"]), share=share(first["share_pct"]))
    return bar_picture(
        ax,
        title=title,
        names=[name(item) for item in items["item"]],
        values=items["share_pct"].tolist(),
        texts=[bar_percent(pct) for pct in items["share_pct"]],
        unit=claim("rules-picture-items-unit"),
        alt=lambda bars: claim("rules-picture-items-alt", items=bars),
    )


def _lift_words() -> tuple[Claim, Claim, Claim]:
    low, high = (count(step) for step in _STEPS)
    return (
        claim("rules-picture-under", low=low),
        claim("rules-picture-between", low=low, high=high),
        claim("rules-picture-over", high=high),
    )


_GRAPH_SHADES = ("#a9c9e4", "#4f94c8", "#0a4a80")
_GRAPH_STEPS = (20.0, 50.0)
_LOOKED_AT = 5_000


def plot_rule_graph(result: CrossSell | RuleBook, *, most: int = 12, ax: Any = None) -> Any:
    """The rules with the highest lift as arrows between the items; what hangs together stands together.

    Parameters
    ----------
    result : CrossSell or RuleBook
    most : int
        Rules, the highest lift first; of both directions of a combination only the surer one.
    ax : matplotlib Axes, optional

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
        return nothing(ax, says=claim("rules-picture-none"))
    groups = _groups(rules)
    title = _graph_title(rules, groups)
    points = [point for group in groups for point in group]
    said = [wrapped(point, width=WIDTH * 72 * 0.62, lines=2) for point in points]
    heights = [LINE * (text.count("\n") + 1) + 0.08 for text in said]
    starts = {group[0] for group in groups[1:]}
    tops = np.cumsum([high + 0.16 * (point in starts) for high, point in zip(heights, points, strict=True)])
    places = dict(zip(points, tops - np.array(heights) / 2, strict=True))
    with theme():
        ax = canvas(ax, title=title, body=float(tops[-1]), foot=0.55)
        ax.set_xlim(0, 1)
        ax.set_ylim(float(tops[-1]) + 0.1, -0.05)
        for point, text in zip(points, said, strict=True):
            ax.plot(0.34, places[point], "o", color=INK, markersize=6, zorder=5)
            ax.text(0.365, places[point], text, va="center", linespacing=1.05)
        widest = max(abs(places[a] - places[b]) for a, b in rules[["if", "then"]].to_numpy()) or 1.0
        for rule in rules.itertuples(index=False):
            _arc(ax, places[rule[0]], places[rule[1]], widest, float(rule.confidence_pct))
        _shade_legend(ax)
        ax.set_xticks([])
        ax.set_yticks([])
        ax.spines["bottom"].set_visible(False)
    parts = [
        claim(
            "rules-picture-graph-alt-one",
            before=name(row["if"]),
            after=name(row["then"]),
            lift=times(row["lift"]),
            share=share(row["confidence_pct"]),
        )
        for _, row in rules.iterrows()
    ]
    return finish(ax, title=title, alt=claim("rules-picture-graph-alt", rules=names(parts)))


def plot_lift_by_support(result: CrossSell | RuleBook, *, most: int = 500, ax: Any = None) -> Any:
    """How far above chance rules are, against the share of baskets they are in.

    Parameters
    ----------
    result : CrossSell or RuleBook
    most : int
        The rules with the highest lift.
    ax : matplotlib Axes, optional

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from crmlib.analyse.rules.mine import mine_rules
    >>> lines = pd.DataFrame({"order_id": [1, 1, 2, 2, 3], "product_id": ["tea", "mug", "tea", "mug", "jam"]})
    >>> ax = plot_lift_by_support(mine_rules(lines, min_support=2))
    >>> ax.get_title(loc="left").replace("\\n", " ")
    'No rule is more than 3\\xa0times as frequent as by chance'
    >>> plt.close(ax.figure)
    """
    rules = _pairs(result).head(most)
    if rules.empty:
        return nothing(ax, says=claim("rules-picture-none"))
    strong = rules[rules["lift"] > STRONG]
    title = claim("rules-picture-support-none", times=times(STRONG))
    if len(strong):
        title = claim(
            "rules-picture-support",
            strong=count(len(strong)),
            times=times(STRONG),
            share=share(strong["support_pct"].max()),
        )
    with theme():
        ax = canvas(ax, title=title, body=3.2, foot=0.7)
        classes = np.digitize(rules["confidence_pct"], _GRAPH_STEPS)
        ax.set_yscale("log")
        _cloud(ax, rules, "lift", classes, _GRAPH_SHADES, _shade_words())
        top = rules["lift"].max()
        ax.set_ylim(0.9, 6 * max(top, 1.5))
        ax.set_yticks([tick for tick in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if tick <= 1.05 * top])
        ax.minorticks_off()
        short_numbers(ax.yaxis)
        ax.axhline(1, color=GREY, linewidth=1)
        ax.set_ylabel(str(claim("rules-picture-support-y")))
        ax.legend(loc="upper right", ncols=3, title=str(claim("rules-picture-holds-in")), handletextpad=0.0,
                  columnspacing=0.8, borderpad=0.0, labelcolor=SOFT, bbox_to_anchor=(1.0, 1.03))  # fmt: skip
        ends = rules.iloc[[0, int(rules["support_pct"].to_numpy().argmax())]].drop_duplicates(["if", "then"])
        _label_rules(ax, ends, "lift")
    parts = [
        claim(
            "rules-picture-support-alt-one",
            before=name(row["if"]),
            after=name(row["then"]),
            lift=times(row["lift"]),
            share=share(row["support_pct"]),
        )
        for _, row in ends.iterrows()
    ]
    alt = claim("rules-picture-support-alt", rules=count(len(rules)), ends=names(parts))
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


def _graph_title(rules: pd.DataFrame, groups: list[list[str]]) -> Claim:
    items, n = count(sum(map(len, groups))), count(len(rules))
    largest = max(groups, key=len)
    if len(groups) == 1:
        return claim("rules-picture-graph-one", rules=n, items=items)
    if len(largest) > 2:
        centre = name(_middle(rules, largest))
        many = count(len(groups))
        return claim("rules-picture-graph-groups", rules=n, items=items, groups=many, centre=centre)
    return claim("rules-picture-graph-pairs", rules=n, items=items, groups=count(len(groups)))


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


def _shade_words() -> tuple[Claim, Claim, Claim]:
    low, high = (share(step) for step in _GRAPH_STEPS)
    return (
        claim("rules-picture-under-share", low=low),
        claim("rules-picture-between-share", low=low, high=high),
        claim("rules-picture-over-share", high=high),
    )


def _shade_legend(ax: Any) -> None:
    for shade, words in zip(_GRAPH_SHADES, _shade_words(), strict=True):
        ax.plot([], [], color=shade, linewidth=3, label=str(words))
    legend = ax.legend(loc="upper left", ncols=3, bbox_to_anchor=(0, 0), borderaxespad=0.2, borderpad=0,
                       title=str(claim("rules-picture-holds-in")), handlelength=1.2, columnspacing=1.0,
                       labelcolor=SOFT, alignment="left")  # fmt: skip
    legend.get_title().set_color(SOFT)
    legend.set_in_layout(True)
