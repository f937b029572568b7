"""Pictures of segments: how large, how different, how far to trust them."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.segments.choice import STABLE
from crmlib.analyse.segments.lists import deviations
from crmlib.analyse.segments.segment import Segmentation
from crmlib.measure.columns import label_of
from crmlib.present.plots_parts import SIDE, canvas, nothing, paired_bars, place_labels
from crmlib.present.theme import GREY, INK, MAIN, PALE, SOFT, colour_of, finish, letters_of, theme, wrapped
from crmlib.present.words import count, listing, number, percent, plural

_MOST_POINTS = 400
_FAR, _NEAR = 1.0, 0.35


def plot_segment_share(result: Segmentation, *, ax: Any = None) -> Any:
    """Each segment's share of customers beside its share of spend.

    Parameters
    ----------
    result : Segmentation
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from types import SimpleNamespace
    >>> profile = pd.DataFrame({"share_pct": [20.0, 80.0], "spend_share_pct": [60.0, 40.0]},
    ...                        index=["Large", "Small"])
    >>> ax = plot_segment_share(SimpleNamespace(profile=profile))
    >>> ax.get_title(loc="left").replace("\\n", " ")
    '“Large”: 20\\xa0% of customers, 60\\xa0% of spend'
    >>> plt.close(ax.figure)
    """
    profile = result.profile
    names = list(profile.index)
    spend = profile.get("spend_share_pct", profile["share_pct"])
    first = profile.iloc[0]
    title = f"“{names[0]}”: {percent(first['share_pct'])} of customers"
    title += f", {percent(first['spend_share_pct'])} of spend" if "spend_share_pct" in profile else ""
    ax = paired_bars(
        ax,
        title=title,
        names=names,
        context=profile["share_pct"].tolist(),
        values=spend.fillna(0).tolist(),
        context_says="of customers",
        values_say="of spend" if "spend_share_pct" in profile else "of customers",
        unit="share, %",
        colours=[colour_of(name, names) for name in names],
    )
    parts = [
        f"{name} {percent(c)} and {percent(s)}"
        for name, c, s in zip(names, profile["share_pct"], spend, strict=True)
    ]
    alt = f"Bar chart of segments, share of customers and share of spend: {listing(parts)}."
    return finish(ax, title=title, alt=alt)


def plot_segment_profile(result: Segmentation, *, ax: Any = None) -> Any:
    """Where each segment lies against the average customer, in words on a map of colours.

    Parameters
    ----------
    result : Segmentation
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from types import SimpleNamespace
    >>> found = SimpleNamespace(profile=pd.DataFrame(index=["Large", "Small"]),
    ...                         features=["spend_total", "recency_days"],
    ...                         model=SimpleNamespace(centres_=np.array([[1.2, 0.1], [-0.5, 0.0]])))
    >>> ax = plot_segment_profile(found)
    >>> ax.get_title(loc="left").replace("\\n", " ")
    'Segments differ most in net spend'
    >>> plt.close(ax.figure)
    """
    import seaborn as sns
    from matplotlib.colors import LinearSegmentedColormap

    places = deviations(result)
    words = places.map(_place_word)
    most = places.abs().mean().idxmax()
    title = f"Segments differ most in {label_of(most).lower()}"
    said = [wrapped(name, width=SIDE * 72, lines=3) for name in places.index]
    heads = [wrapped(label_of(name), width=78, lines=2) for name in places.columns]
    with theme():
        ax = canvas(ax, title=title, body=0.62 * len(said) + 1.25, foot=0.35)
        shades = LinearSegmentedColormap.from_list("below_above", ["#f0a873", "#ffffff", "#86bfe3"])
        sns.heatmap(
            places, annot=words.to_numpy(), fmt="", cmap=shades, center=0, vmin=-1.6, vmax=1.6, cbar=False,
            ax=ax, linewidths=2, linecolor="white", annot_kws={"color": INK, "size": 11, "linespacing": 0.95},
        )  # fmt: skip
        ax.xaxis.tick_top()
        ax.set_xticklabels(heads, rotation=90, ha="center", va="bottom", linespacing=1.05)
        ax.set_yticklabels(said, rotation=0)
        ax.set_ylabel("")
        ax.set_xlabel("against the average customer; an empty field is about average", loc="right")
        ax.tick_params(length=0)
        ax.spines["bottom"].set_visible(False)
    parts = [f"{name}: {_row_words(row)}" for name, row in places.iterrows()]
    return finish(
        ax, title=title, alt=f"Table of colours, segments against the average customer. {'; '.join(parts)}."
    )


def plot_segment_map(result: Segmentation, *, ax: Any = None) -> Any:
    """Customers on the two directions in which they differ most, coloured by segment.

    Parameters
    ----------
    result : Segmentation
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from types import SimpleNamespace
    >>> xy = pd.DataFrame({"x": [0.0, 1.0], "y": [0.0, 1.0]}, index=["a", "b"])
    >>> found = SimpleNamespace(coordinates=xy, labels=pd.Series({"a": "Small", "b": "Large"}),
    ...                         silhouette=0.6,
    ...                         profile=pd.DataFrame(index=["Large", "Small"]))
    >>> ax = plot_segment_map(found)
    >>> ax.get_title(loc="left").replace("\\n", " ")
    'The segments are clearly apart'
    >>> plt.close(ax.figure)
    """
    names = list(result.profile.index)
    points = result.coordinates.assign(segment=result.labels.reindex(result.coordinates.index))
    title = _apart_title(result.silhouette)
    step = max(1, -(-len(points) // _MOST_POINTS))
    low, high = points[["x", "y"]].quantile(0.005), points[["x", "y"]].quantile(0.995)
    with theme():
        ax = canvas(ax, title=title, body=3.6, foot=0.6)
        shown = points.sort_values(["x", "y"]).iloc[::step]
        centres = []
        for name in [name for name in names if (points["segment"] == name).any()]:
            colour, members = colour_of(name, names), shown[shown["segment"] == name]
            ax.scatter(members["x"], members["y"], s=9, color=colour, alpha=0.45, linewidths=0)
            middle = points.loc[points["segment"] == name, ["x", "y"]].median()
            centres.append(((middle["x"], middle["y"]), name, colour))
        for axis, side in ((ax.set_xlim, "x"), (ax.set_ylim, "y")):
            room = 0.06 * ((high[side] - low[side]) or 1)
            axis(low[side] - room, high[side] + room)
        ax.set_xticks([])
        ax.set_yticks([])
        ax.set_xlabel("more value →", loc="right")
        ax.set_ylabel("what tells them apart next")
        ax.spines["left"].set_visible(True)
        ax.spines["left"].set_color(GREY)
        place_labels(
            ax,
            points=[point for point, _, _ in centres],
            texts=[wrapped(name, width=120, lines=3, bold=True) for _, name, _ in centres],
            colours=[letters_of(colour) for _, _, colour in centres],
        )
    alt = (
        f"Map of {count(len(points), 'customer')} by the two directions in which they differ most, in "
        f"{count(len(centres), 'segment')}: {listing([name for _, name, _ in centres])}. How clearly they "
        "stand apart: "
        f"{number(result.silhouette)}, where 1 is clear cut and 0 is not at all."
    )
    return finish(ax, title=title, alt=alt)


def plot_stability(result: Segmentation, *, ax: Any = None) -> Any:
    """How far each segment comes back when customers are drawn again, with its range.

    Parameters
    ----------
    result : Segmentation
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from types import SimpleNamespace
    >>> table = pd.DataFrame({"jaccard": [0.9, 0.5], "low": [0.8, 0.3], "high": [0.95, 0.7]},
    ...                      index=["Large", "Small"])
    >>> ax = plot_stability(SimpleNamespace(stability=table))
    >>> ax.get_title(loc="left").replace("\\n", " ")
    '1 of 2\\xa0segments does not come back reliably'
    >>> plt.close(ax.figure)
    """
    table = result.stability.dropna(subset=["jaccard"])
    if table.empty:
        says = "Stability was not measured"
        return finish(nothing(ax, says=says), title=says, alt=f"No picture: {says.lower()}.")
    names, weak = list(result.stability.index), int((table["jaccard"] < STABLE).sum())
    title = f"{weak} of {count(len(table), 'segment')} {plural(weak, 'does', 'do')} not come back reliably"
    if not weak:
        title = "Drawn again, customers fall into the same segments"
    with theme():
        ax = canvas(ax, title=title, body=0.56 * len(table), foot=0.75)
        ax.axvspan(0, STABLE, color=PALE, alpha=0.55, linewidth=0)
        for place, (name, row) in enumerate(table.iterrows()):
            colour = colour_of(name, names)
            ax.plot([row["low"], row["high"]], [place, place], color=colour, linewidth=3, alpha=0.5)
            ax.plot(row["jaccard"], place, "o", color=colour, markersize=9)
        ax.set_yticks(range(len(table)), [wrapped(name, width=SIDE * 72, lines=3) for name in table.index])
        ax.set_ylim(len(table) - 0.5, -0.5)
        ax.set_xlim(0, 1.02)
        ax.set_xticks([0, 0.2, 0.4, STABLE, 0.8, 1], ["0", "0.2", "0.4", "0.6", "0.8", "1"])
        ax.xaxis.grid(True)
        ax.set_xlabel("overlap with itself, 1 = always the same; shaded: too little", loc="right")
    parts = [f"{n} {r['jaccard']:.2f} ({r['low']:.2f} to {r['high']:.2f})" for n, r in table.iterrows()]
    alt = f"Dots with ranges: overlap of each segment with itself when drawn again: {listing(parts)}. "
    return finish(ax, title=title, alt=f"{alt}From {STABLE} on a segment can be relied on.")


def plot_candidates(result: Segmentation, *, ax: Any = None) -> Any:
    """Every way that was tried to cut the customers, and the one that was chosen.

    Parameters
    ----------
    result : Segmentation
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from types import SimpleNamespace
    >>> table = pd.DataFrame({"method": ["k-means", "k-means"], "n_segments": [2, 3], "score": [0.1, 0.2],
    ...                       "chosen": [False, True], "verdict": ["Rejected: small", "Chosen"]})
    >>> ax = plot_candidates(SimpleNamespace(candidates=table))
    >>> ax.get_title(loc="left").replace("\\n", " ")
    'Of 2\\xa0ways to cut, 3 segments balance best'
    >>> plt.close(ax.figure)
    """
    table = result.candidates
    chosen = table[table["chosen"]].iloc[0]
    title = f"Of {count(len(table), 'way')} to cut, {chosen['n_segments']} segments balance best"
    if len(table) == 1:
        title = f"{chosen['n_segments']} segments were asked for"
    rejected = table["verdict"].str.startswith("Rejected")
    with theme():
        ax = canvas(ax, title=title, body=2.5, foot=0.75)
        ends: list[tuple[float, int, str, str]] = []
        for (method, rows), colour in zip(table.groupby("method"), (MAIN, SOFT), strict=False):
            ax.plot(rows["n_segments"], rows["score"], color=colour, linewidth=1.2, alpha=0.6)
            for holds, face in ((True, colour), (False, "white")):
                members = rows[rejected[rows.index] != holds]
                ax.plot(
                    members["n_segments"],
                    members["score"],
                    "o",
                    color=colour,
                    markerfacecolor=face,
                    markersize=7,
                )
            ends.append((rows["score"].iloc[-1], rows["n_segments"].iloc[-1], method, colour))
        for place, (score, number_of, method, colour) in enumerate(sorted(ends)):
            away = 0 if len(ends) < 2 else (-1, 1)[place] * 7
            ax.annotate(method, (number_of, score), (8, away), textcoords="offset points", va="center",
                        color=letters_of(colour), annotation_clip=False)  # fmt: skip
        ax.plot(
            chosen["n_segments"],
            chosen["score"],
            "o",
            color=INK,
            markersize=14,
            fillstyle="none",
            markeredgewidth=2,
        )
        at_the_end = chosen["n_segments"] == table["n_segments"].max()
        ax.annotate("chosen", (chosen["n_segments"], chosen["score"]), (0, 13), textcoords="offset points",
                    ha="right" if at_the_end else "center", fontweight="bold")  # fmt: skip
        ax.set_ylim(0, 1.25 * table["score"].max())
        ax.set_xticks(sorted(table["n_segments"].unique()))
        ax.set_xlim(table["n_segments"].min() - 0.4, table["n_segments"].max() + 0.4)
        ax.set_yticks([])
        ax.set_ylabel("balance, more is better")
        ax.set_xlabel("segments (hollow: rejected, too small or not stable)")
    parts = [f"{row.method} {row.n_segments}: {row.score:.2f}" for row in table.itertuples()]
    alt = (
        f"Lines of the balance of separation, stability and detail by number of segments: {listing(parts)}. "
    )
    return finish(ax, title=title, alt=f"{alt}Chosen: {chosen['n_segments']} segments by {chosen['method']}.")


def _place_word(value: float) -> str:
    if abs(value) < _NEAR:
        return ""
    word = "high" if value > 0 else "low"
    return f"very\n{word}" if abs(value) >= _FAR else word


def _row_words(row: pd.Series) -> str:
    parts = [
        f"{label_of(name).lower()} {_place_word(value)}".replace("\n", " ")
        for name, value in row.items()
        if _place_word(value)
    ]
    return listing(parts) if parts else "about average in everything"


def _apart_title(silhouette: float) -> str:
    if not np.isfinite(silhouette):
        return "Where the segments lie"
    if silhouette >= 0.5:
        return "The segments are clearly apart"
    if silhouette >= 0.3:
        return "The segments are apart, with some customers in between"
    return "The segments run into each other: their borders are drawn, not found"
