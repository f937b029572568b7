"""Pictures of leads: what the won have in common, where deals come from, how good the chances are."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.pipeline.leads import LeadScores
from crmlib.analyse.pipeline.portrait import Portrait
from crmlib.analyse.pipeline.sources import ChannelConversion
from crmlib.analyse.stats.small_groups import NOT_STATED
from crmlib.present.claims import Claim, Fact, claim, count, interval, name, names, number, share, times
from crmlib.present.reports.leads.say import (
    BASE_WORDS,
    BY_WORDS,
    TRAIT_WORDS,
    group_words,
    overall_won,
    part_word,
    trait_label,
    trait_words,
)
from crmlib.present.theme import (
    ALARM,
    GREY,
    MAIN,
    PALE,
    SIDE,
    SOFT,
    bar_picture,
    canvas,
    draw_range,
    finish,
    named_rows,
    nothing,
    room_for_texts,
    say_behind,
    scale_of,
    theme,
)

_MOST_EACH_WAY, _MOST_SOURCES, _MOST_BARS = 6, 14, 8


def plot_portrait(result: Portrait, *, ax: Any = None) -> Any:
    """Kinds of deals that are won more or less often than all, with intervals."""
    told = result.told
    if told.empty:
        return nothing(ax, says=claim("leads-picture-portrait-none"))
    more = told[told["lift"] > 1].head(_MOST_EACH_WAY)
    less = told[told["lift"] < 1].tail(_MOST_EACH_WAY)
    rows = pd.concat([more, less], ignore_index=True)
    title = _portrait_title(told)
    labels = [trait_label(row.trait, row.value) for row in rows.itertuples()]
    with theme():
        ax, middles = named_rows(ax, labels, title=title)
        for place, (_, row) in zip(middles, rows.iterrows(), strict=True):
            _draw_lift(ax, place, row)
        ax.axvline(1, color=GREY, linewidth=1, zorder=0)
        low, high = min(0.95, rows["low"].min()), max(1.05, rows["high"].max())
        room = 0.32 * (high - low)
        ax.set_xlim(low - room if len(less) else low, high + room if len(more) else high)
        ax.locator_params(axis="x", nbins=5)
        ax.set_xlabel(str(_portrait_label(result, grows=not rows["at_start"].all())), loc="left")
    said = [
        claim(
            "leads-picture-portrait-row",
            value=label,
            lift=times(row.lift_shrunk),
            range=interval(row.low, row.high),
        )
        for label, row in zip(labels, rows.itertuples(), strict=True)
    ]
    return finish(ax, title=title, alt=claim("leads-picture-portrait-alt", rows=names(said)))


def plot_source_rates(result: ChannelConversion, *, ax: Any = None) -> Any:
    """The share won of each source with its interval; grey where deals are too few to judge."""
    table = result.table[result.table["win_rate_pct"].notna()].head(_MOST_SOURCES)
    if table.empty:
        return nothing(ax, says=claim("leads-picture-sources-none"))
    table = table.sort_values("win_rate_pct", ascending=False, kind="stable")
    title = _sources_title(result)
    labels = [name(row.value) for row in table.itertuples()]
    texts = [str(_rate_text(row, result.base)) for row in table.itertuples()]
    from matplotlib.ticker import MaxNLocator

    colours = {"more_often": MAIN, "less_often": ALARM, "no_difference": SOFT, "too_few": GREY}
    with theme():
        ax, middles = named_rows(ax, labels, title=title)
        for place, text, (_, row) in zip(middles, texts, table.iterrows(), strict=True):
            colour, mark = colours[row["verdict"]], "s" if row["verdict"] == "less_often" else "o"
            ends = row[["win_rate_pct", "low", "high"]]
            draw_range(ax, place, ends, colour=colour, mark=mark, filled=row["verdict"] != "too_few")
            say_behind(ax, text, (row["high"], place), colour=colour)
        ax.axvline(result.overall["win_rate_pct"], color=GREY, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
        room_for_texts(ax, table["high"], texts, taken=SIDE)
        ticks = MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(0, min(100.0, ax.get_xlim()[1]))
        ax.set_xticks([tick for tick in ticks if tick <= min(100.0, ax.get_xlim()[1])])
        ax.set_xlabel(str(_sources_label(result, table)), loc="left")
    rows = [
        claim(
            "leads-picture-sources-row",
            group=name(row.value),
            share=share(row.win_rate_pct),
            range=interval(row.low, row.high, "share"),
        )
        for row in table.itertuples()
    ]
    alt = claim("leads-picture-sources-alt", by=BY_WORDS.term(result.by), rows=names(rows))
    return finish(ax, title=title, alt=_with_rest(alt, len(result.table) - len(table)))


def plot_lead_test(result: LeadScores, *, ax: Any = None) -> Any:
    """Deals of the test in groups by their chance: what was foretold and what was won."""
    table, overall = result.tenths, overall_won(result)
    title = claim(
        "leads-picture-test", part=part_word(result), won=share(table["won_pct"].iloc[0]), all=share(overall)
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
        ax.set_ylabel(str(claim("leads-picture-test-unit")))
        ax.set_xlabel(str(claim("leads-picture-test-label")), loc="left")
    rows = [
        claim(
            "leads-picture-test-row",
            group=count(row.tenth),
            won=share(row.won_pct),
            range=interval(row.low, row.high, "share"),
            predicted=share(row.predicted_pct),
        )
        for row in table.itertuples()
    ]
    return finish(ax, title=title, alt=claim("leads-picture-test-alt", rows=names(rows)))


def plot_open_opportunity(result: Portrait, *, trait: str = "industry", ax: Any = None) -> Any:
    """What can be expected of the open deals, by industry, region, product or category."""
    rows = result.opportunity[result.opportunity["trait"] == trait]
    known = rows["expected_value"].notna().any() if len(rows) else False
    column = "expected_value" if known else "open"
    rows = rows[rows[column].fillna(0) > 0].sort_values(
        [column, "value"], ascending=[False, True], kind="stable"
    )
    word = TRAIT_WORDS.term(trait)
    if rows.empty:
        return nothing(ax, says=claim("leads-picture-open-none", trait=word))
    shown = rows.head(_MOST_BARS)
    first = {"trait": word, "value": name(shown["value"].iloc[0])}
    title = claim("leads-picture-open-expected" if known else "leads-picture-open-deals", **first)
    size, scale = scale_of(shown[column]) if known else (1.0, "")
    unit = claim("leads-picture-open-unit")
    if known:
        unit = claim("leads-picture-open-unit-expected", currency=name(result.currency), size=name(scale))
    texts = [_open_text(row, column, size, first=not place) for place, row in enumerate(shown.itertuples())]
    left = len(rows) - len(shown)
    return bar_picture(
        ax,
        title=title,
        names=[name(value) for value in shown["value"]],
        values=(shown[column] / size).tolist(),
        texts=texts,
        unit=unit,
        alt=lambda bars: _with_rest(claim("leads-picture-open-alt", unit=unit, trait=word, rows=bars), left),
    )


def _with_rest(alt: Claim, left: int) -> Claim:
    return claim("leads-picture-left-out", alt=alt, left=count(left)) if left else alt


def _draw_lift(ax: Any, place: float, row: pd.Series) -> None:
    ahead = row["lift"] > 1
    colour = MAIN if ahead else ALARM
    ends = row[["lift_shrunk", "low", "high"]]
    draw_range(ax, place, ends, colour=colour, mark="o" if ahead else "s", filled=bool(row["at_start"]))
    said = claim("leads-picture-portrait-lift", lift=number(round(row["lift_shrunk"], 2)))
    at = (row["high" if ahead else "low"], place)
    say_behind(ax, said, at, gap=7 if ahead else -7, colour=colour, bold=True)


def _portrait_label(result: Portrait, *, grows: bool) -> Claim:
    label = claim("leads-picture-portrait-label-all")
    if result.base == "decided":
        label = claim("leads-picture-portrait-label-decided")
    return claim("leads-picture-portrait-hollow", label=label) if grows else label


def _rate_text(row: Any, base: str) -> Claim:
    facts = {"share": share(row.win_rate_pct), "deals": count(getattr(row, base))}
    return claim("leads-picture-sources-of", **facts)


def _sources_label(result: ChannelConversion, table: pd.DataFrame) -> Claim:
    base = BASE_WORDS.term(result.base)
    if (table["verdict"] == "too_few").any():
        return claim("leads-picture-sources-label-hollow", base=base)
    return claim("leads-picture-sources-label", base=base)


def _open_text(row: Any, column: str, size: float, *, first: bool) -> Claim | Fact:
    if column == "open":
        return count(row.open)
    facts = {"value": number(row.expected_value / size), "deals": count(row.open)}
    if first:
        return claim("leads-picture-open-from-deals", **facts)
    return claim("leads-picture-open-from", **facts)


def _portrait_title(told: pd.DataFrame) -> Claim:
    first = told[told["at_start"].astype(bool)]
    row = (first if len(first) else told).iloc[0]
    if row["lift"] < 1:
        row = (first if len(first) else told).iloc[-1]
    value = trait_words(row["trait"], row["value"])
    return claim("leads-picture-portrait", value=value, lift=times(row["lift_shrunk"]))


def _sources_title(result: ChannelConversion) -> Claim:
    by = BY_WORDS.term(result.by)
    for verdict in ("more_often", "less_often"):
        rows = result.table[result.table["verdict"] == verdict]
        if rows.empty:
            continue
        row = rows.loc[rows["difference_points"].abs().idxmax()]
        if row["value"] == NOT_STATED:
            more = verdict == "more_often"
            return claim(
                "leads-picture-sources-more-none" if more else "leads-picture-sources-less-none", by=by
            )
        group = group_words(row["value"], result.by)
        if verdict == "more_often":
            return claim("leads-picture-sources-more", group=group)
        return claim("leads-picture-sources-less", group=group)
    return claim("leads-picture-sources-no-difference", by=by)
