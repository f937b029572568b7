"""Pictures of segments: how large, how different, how far to trust them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.segments.choice import STABLE
from crmlib.analyse.segments.groups import GroupComparison
from crmlib.analyse.segments.names import NO_PURCHASE
from crmlib.analyse.segments.segment import Segmentation
from crmlib.measure.columns import label_of
from crmlib.present.claims import Claim, Family, claim, clause, count, interval, name, names, number
from crmlib.present.reports.segments.say import (
    CLEAR,
    SOME,
    customers_share,
    differences,
    figure_word,
    most_telling,
    outstanding,
    segment_word,
    segment_words,
    spend_share,
)
from crmlib.present.reports.segments.show import METHOD_WORDS
from crmlib.present.theme import (
    GREY,
    INK,
    MAIN,
    PALE,
    SIDE,
    SOFT,
    canvas,
    colour_of,
    draw_range,
    finish,
    letters_of,
    nothing,
    paired_bars,
    place_labels,
    theme,
    wrapped,
)

PLACE_WORDS = Family("place", ("high", "low", "very_high", "very_low"))
_MOST_POINTS = 400
_FAR, _NEAR = 1.0, 0.35


def segment_colour(segment: str, order: Sequence[str]) -> str:
    """The colour of a segment, by its place among all; grey for those who have not bought."""
    return GREY if segment == NO_PURCHASE else colour_of(segment, list(order))


def plot_segment_share(result: Segmentation, *, ax: Any = None) -> Any:
    """Each segment's share of customers beside its share of spend."""
    profile, known = result.profile, "spend_share_pct" in result.profile
    segments = list(profile.index)
    spend = profile["spend_share_pct" if known else "share_pct"]
    first = {"segment": segment_word(segments[0]), "share": customers_share(result, segments[0])}
    title = claim("segments-picture-share-only", **first)
    if known:
        title = claim("segments-picture-share", spend_share=spend_share(result, segments[0]), **first)
    of_customers, of_spend = claim("segments-picture-of-customers"), claim("segments-picture-of-spend")
    ax = paired_bars(
        ax,
        title=title,
        names=[str(segment_word(one)) for one in segments],
        context=profile["share_pct"].tolist(),
        values=spend.fillna(0).tolist(),
        context_says=str(of_customers),
        values_say=str(of_spend if known else of_customers),
        unit=claim("segments-picture-unit"),
        colours=[segment_colour(one, segments) for one in segments],
    )
    bars = names(
        claim(
            "segments-picture-share-bar",
            segment=segment_word(one),
            share=customers_share(result, one),
            spend_share=spend_share(result, one),
        )
        for one in segments
    )
    return finish(ax, title=title, alt=claim("segments-picture-share-alt", bars=bars))


def plot_segment_profile(result: Segmentation, *, ax: Any = None) -> Any:
    """Where each segment lies against the average customer, in words on a map of colours."""
    places = differences(result)
    title = claim("segments-picture-apart", first=figure_word(most_telling(result)[0]))
    ax = _shaded(
        places.T, places.T.map(_place_word), ax=ax, title=title, axis=claim("segments-picture-apart-axis"),
        heads=[str(segment_word(name)) for name in places.index],
        said=[label_of(name) for name in places.columns], row=0.45, span=(-1.6, 0, 1.6),
    )  # fmt: skip
    rows = names(
        claim("segments-picture-apart-row", segment=segment_word(name), words=_row_words(row))
        for name, row in places.iterrows()
    )
    return finish(ax, title=title, alt=claim("segments-picture-apart-alt", rows=rows))


def plot_segment_map(result: Segmentation, *, ax: Any = None) -> Any:
    """Customers on the two directions in which they differ most, coloured by segment."""
    segments = list(result.profile.index)
    points = result.coordinates.assign(segment=result.labels.reindex(result.coordinates.index))
    title = _apart_title(result.silhouette)
    step = max(1, -(-len(points) // _MOST_POINTS))
    low, high = points[["x", "y"]].quantile(0.005), points[["x", "y"]].quantile(0.995)
    with theme():
        ax = canvas(ax, title=title, body=3.6, foot=0.6)
        shown = points.sort_values(["x", "y"]).iloc[::step]
        centres = []
        for name in [one for one in segments if (points["segment"] == one).any()]:
            colour, members = segment_colour(name, segments), shown[shown["segment"] == name]
            ax.scatter(members["x"], members["y"], s=9, color=colour, alpha=0.45, linewidths=0)
            middle = points.loc[points["segment"] == name, ["x", "y"]].median()
            centres.append(((middle["x"], middle["y"]), name, colour))
        for axis, side in ((ax.set_xlim, "x"), (ax.set_ylim, "y")):
            room = 0.06 * ((high[side] - low[side]) or 1)
            axis(low[side] - room, high[side] + room)
        ax.set_xticks([])
        ax.set_yticks([])
        ax.set_xlabel(str(claim("segments-picture-map-x")), loc="right")
        ax.set_ylabel(str(claim("segments-picture-map-y")))
        ax.spines["left"].set_visible(True)
        ax.spines["left"].set_color(GREY)
        texts = [wrapped(str(segment_word(name)), width=120, lines=3, bold=True) for _, name, _ in centres]
        colours = [letters_of(colour) for _, _, colour in centres]
        place_labels(ax, points=[point for point, _, _ in centres], texts=texts, colours=colours)
    alt = claim(
        "segments-picture-map-alt",
        customers=count(len(points)),
        n=count(len(centres)),
        segments=segment_words([name for _, name, _ in centres]),
        separation=number(result.silhouette),
    )
    return finish(ax, title=title, alt=alt)


def plot_stability(result: Segmentation, *, ax: Any = None) -> Any:
    """How far each segment comes back when customers are drawn again, with its range."""
    table = result.stability.dropna(subset=["jaccard"])
    if table.empty:
        return nothing(ax, says=claim("segments-picture-unmeasured"))
    weak = int((table["jaccard"] < STABLE).sum())
    title = claim("segments-picture-stable")
    if weak:
        title = claim("segments-picture-weak", weak=count(weak), segments=count(len(table)))
    with theme():
        ax = canvas(ax, title=title, body=0.56 * len(table), foot=0.75)
        ax.axvspan(0, STABLE, color=PALE, alpha=0.55, linewidth=0)
        for place, (name, row) in enumerate(table.iterrows()):
            colour = segment_colour(name, result.stability.index)
            draw_range(ax, place, row[["jaccard", "low", "high"]], colour=colour)
        said = [wrapped(str(segment_word(name)), width=SIDE * 72, lines=3) for name in table.index]
        ax.set_yticks(range(len(table)), said)
        ax.set_ylim(len(table) - 0.5, -0.5)
        ax.set_xlim(0, 1.02)
        ax.set_xticks([0, 0.2, 0.4, STABLE, 0.8, 1], ["0", "0.2", "0.4", f"{STABLE:g}", "0.8", "1"])
        ax.xaxis.grid(True)
        ax.set_xlabel(str(claim("segments-picture-stability-axis")), loc="right")
    dots = names(
        claim(
            "segments-picture-stability-dot",
            segment=segment_word(one),
            overlap=number(round(row["jaccard"], 2)),
            range=interval(round(row["low"], 2), round(row["high"], 2)),
        )
        for one, row in table.iterrows()
    )
    alt = claim("segments-picture-stability-alt", dots=dots, needed=number(STABLE))
    return finish(ax, title=title, alt=alt)


def plot_candidates(result: Segmentation, *, ax: Any = None) -> Any:
    """Every way that was tried to cut the customers, and the one that was chosen."""
    table = result.candidates
    chosen = table[table["chosen"]].iloc[0]
    title = claim("segments-picture-asked-for", n=count(chosen["n_segments"]))
    if table["n_segments"].nunique() > 1:
        facts = {"ways": count(len(table)), "n": count(chosen["n_segments"])}
        is_found = chosen["verdict"] == "found"
        title = (
            claim("segments-picture-ways-found", **facts)
            if is_found
            else claim("segments-picture-ways", **facts)
        )
    with theme():
        ax = canvas(ax, title=title, body=2.5, foot=0.75)
        _draw_ways(ax, table)
        _mark_chosen(ax, table, chosen)
        ax.set_ylim(0, 1.25 * table["score"].max())
        ax.set_xticks(sorted(table["n_segments"].unique()))
        ax.set_xlim(table["n_segments"].min() - 0.4, table["n_segments"].max() + 0.4)
        ax.set_yticks([])
        ax.set_ylabel(str(claim("segments-picture-ways-side")))
        ax.set_xlabel(str(claim("segments-picture-ways-axis")))
    points = names(
        claim(
            "segments-picture-ways-point",
            method=METHOD_WORDS.term(row.method),
            n=count(row.n_segments),
            balance=number(round(row.score, 2)),
        )
        for row in table.itertuples()
    )
    n = count(chosen["n_segments"])
    alt = claim("segments-picture-ways-alt", points=points, n=n, method=METHOD_WORDS.term(chosen["method"]))
    return finish(ax, title=title, alt=alt)


def plot_group_comparison(result: GroupComparison, *, ax: Any = None) -> Any:
    """The index of every group and value against all customers; what is not clearly different stays empty."""
    table = result.table
    wide = {one: table.pivot(index="group", columns="value", values=one) for one in ("index", "is_clear")}
    order = [list(dict.fromkeys(table[side])) for side in ("group", "value")]
    index, clear = (wide[one].reindex(index=order[0], columns=sorted(order[1])) for one in wide)
    words = index.round().astype(int).astype("str").where(clear.astype(bool), "")
    most = outstanding(result)
    title = claim("segments-picture-compare-none")
    if most is not None:
        facts = {"group": segment_word(most["group"]), "value": name(most["value"])}
        title = claim("segments-picture-compare", index=number(round(most["index"])), **facts)
    ax = _shaded(
        index.where(clear.astype(bool), 100), words, ax=ax, title=title, axis=claim("segments-picture-compare-axis"),
        heads=index.columns, said=[str(segment_word(one)) for one in index.index], row=0.62, span=(40, 100, 160),
    )  # fmt: skip
    cells = [
        claim(
            "segments-picture-compare-cell",
            group=segment_word(row.group),
            value=name(row.value),
            index=number(round(row.index_of)),
        )
        for row in table[table["is_clear"]].rename(columns={"index": "index_of"}).itertuples()
    ]
    shown = names(cells) if cells else clause(claim("segments-picture-compare-nothing"))
    return finish(ax, title=title, alt=claim("segments-picture-compare-alt", cells=shown))


def _shaded(
    places: pd.DataFrame, words: pd.DataFrame, *, ax: Any, title: Claim, axis: Claim, heads: Sequence[str],
    said: Sequence[str], row: float, span: tuple[float, float, float],
) -> Any:  # fmt: skip
    """A map of colours from low over the middle to high, a word in each field; a row is so many inches high."""
    import seaborn as sns
    from matplotlib.colors import LinearSegmentedColormap

    low, middle, high = span
    with theme():
        ax = canvas(ax, title=title, body=row * len(said) + 1.25, foot=0.35)
        shades = LinearSegmentedColormap.from_list("below_above", ["#f0a873", "#ffffff", "#86bfe3"])
        sns.heatmap(
            places, annot=words.to_numpy(), fmt="", cmap=shades, center=middle, vmin=low, vmax=high, cbar=False,
            ax=ax, linewidths=2, linecolor="white", annot_kws={"color": INK, "size": 11, "linespacing": 0.95},
        )  # fmt: skip
        ax.xaxis.tick_top()
        turned = [wrapped(one, width=78, lines=2) for one in heads]
        ax.set_xticklabels(turned, rotation=90, ha="center", va="bottom", linespacing=1.05)
        ax.set_yticklabels([wrapped(one, width=SIDE * 72, lines=3) for one in said], rotation=0)
        ax.set_ylabel("")
        ax.set_xlabel(str(axis), loc="right")
        ax.tick_params(length=0)
        ax.spines["bottom"].set_visible(False)
    return ax


def _draw_ways(ax: Any, table: pd.DataFrame) -> None:
    """A line for each method, hollow where a way was rejected, with the method's name at its end."""
    rejected = table["verdict"] == "rejected"
    ends: list[tuple[float, int, str, str]] = []
    for (method, rows), colour in zip(table.groupby("method"), (MAIN, SOFT), strict=False):
        ax.plot(rows["n_segments"], rows["score"], color=colour, linewidth=1.2, alpha=0.6)
        for holds, face in ((True, colour), (False, "white")):
            members = rows[rejected[rows.index] != holds]
            ax.plot(
                members["n_segments"], members["score"], "o", color=colour, markerfacecolor=face, markersize=7
            )
        ends.append((rows["score"].iloc[-1], rows["n_segments"].iloc[-1], method, colour))
    for place, (score, number_of, method, colour) in enumerate(sorted(ends)):
        away = 0 if len(ends) < 2 else (-1, 1)[place] * 7
        ax.annotate(
            str(METHOD_WORDS.term(method)), (number_of, score), (8, away), textcoords="offset points",
            va="center", color=letters_of(colour), annotation_clip=False,
        )  # fmt: skip


def _mark_chosen(ax: Any, table: pd.DataFrame, chosen: pd.Series) -> None:
    at = (chosen["n_segments"], chosen["score"])
    ax.plot(*at, "o", color=INK, markersize=14, fillstyle="none", markeredgewidth=2)
    at_the_end = chosen["n_segments"] == table["n_segments"].max()
    ax.annotate(
        str(claim("segments-picture-ways-chosen")), at, (0, 13), textcoords="offset points",
        ha="right" if at_the_end else "center", fontweight="bold",
    )  # fmt: skip


def _place_code(value: float) -> str:
    if abs(value) < _NEAR:
        return ""
    return f"{'very_' if abs(value) >= _FAR else ''}{'high' if value > 0 else 'low'}"


def _place_word(value: float) -> str:
    code = _place_code(value)
    return str(PLACE_WORDS.term(code)).replace(" ", "\n") if code else ""


def _row_words(row: pd.Series) -> Any:
    parts = [
        claim("segments-picture-apart-cell", figure=figure_word(name), word=PLACE_WORDS.term(code))
        for name, value in row.items()
        if (code := _place_code(value))
    ]
    return names(parts) if parts else clause(claim("segments-picture-apart-average"))


def _apart_title(silhouette: float) -> Claim:
    if not np.isfinite(silhouette):
        return claim("segments-picture-map-unknown")
    if silhouette >= CLEAR:
        return claim("segments-picture-map-clear")
    return claim("segments-picture-map-some" if silhouette >= SOME else "segments-picture-map-blurred")
