"""Pictures of who stops, or who buys: how good the forecast is, what it rests on, where the money lies."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.churn.model import ChurnModel
from crmlib.analyse.customers.states import LifecycleMoves
from crmlib.analyse.learn.candidates import PLAIN_NAMES
from crmlib.analyse.retention import Retention, shown_cohorts, typical_retention
from crmlib.measure.columns import label_of
from crmlib.present.plots_parts import (
    SIDE,
    bar_percent,
    bar_rows,
    canvas,
    nothing,
    paired_bars,
    place_labels,
    short_numbers,
)
from crmlib.present.reports.churn.say import (
    FIRST,
    changed_share,
    groups_that_agree,
    outcome_words,
    period_name,
    retention_day,
    silent_stages,
    time_word,
    top_at_risk,
    value_words,
)
from crmlib.present.theme import (
    ALARM,
    GREY,
    INK,
    MAIN,
    SEGMENT_COLOURS,
    SOFT,
    finish,
    letters_of,
    text_width,
    theme,
    wrapped,
)
from crmlib.present.words import count, date, listing, number, percent, plural, sentence

_MOST_DRIVERS, _MOST_POINTS = 8, 600


def plot_model_comparison(result: ChurnModel, *, ax: Any = None) -> Any:
    """How often each way to foretell ranks two customers rightly, with its interval; simple ones in grey.

    Parameters
    ----------
    result : ChurnModel
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    table = result.evaluation[result.evaluation["model"] != "base_rate"]
    table = table.sort_values(["chosen", "kind", "auc"], ascending=[False, False, False], kind="stable")
    rivals = result.differences[result.differences["baseline"] != "base_rate"]
    title = "The forecast ranks customers better than any simple rule"
    if not rivals["better"].all():
        title = "The forecast is not shown to beat every simple rule"
    said = [_heading(PLAIN_NAMES[name]) for name in table["model"]]
    names = [wrapped(name, width=SIDE * 84, lines=4) for name in said]
    tall = [max(0.5, 0.185 * (name.count("\n") + 1) + 0.16) for name in names]
    middles = np.cumsum(tall) - np.array(tall) / 2
    with theme():
        ax = canvas(ax, title=title, body=sum(tall), foot=0.85)
        for place, (_, row) in zip(middles, table.iterrows(), strict=True):
            colour = MAIN if row["chosen"] else SOFT if row["kind"] == "candidate" else GREY
            ax.plot(
                [100 * row["auc_low"], 100 * row["auc_high"]],
                [place] * 2,
                color=colour,
                linewidth=3,
                alpha=0.6,
            )
            ax.plot(
                100 * row["auc"],
                place,
                "o" if row["kind"] == "candidate" else "D",
                color=colour,
                markersize=8,
            )
            ax.annotate(
                bar_percent(100 * row["auc"]) + (" chosen" if row["chosen"] else ""),
                (100 * row["auc_high"], place), (7, 0), textcoords="offset points", va="center",
                color=letters_of(colour), fontweight="bold" if row["chosen"] else "normal",
            )  # fmt: skip
        low = min(50.0, np.floor(20 * table["auc_low"].min()) * 5)
        ax.set_xlim(low, 100 * table["auc_high"].max() + 0.32 * (100 * table["auc_high"].max() - low))
        ax.axvline(50, color=GREY, linewidth=1)
        ax.set_yticks(middles, names)
        ax.set_ylim(sum(tall), 0)
        ax.xaxis.grid(True)
        ax.set_xlabel(
            "pairs of customers ranked rightly, %\n50 is chance; diamonds: simple rules", loc="left"
        )
    parts = [
        f"{PLAIN_NAMES[row['model']]} {percent(100 * row['auc'])} ({percent(100 * row['auc_low'])} to "
        f"{percent(100 * row['auc_high'])})"
        for _, row in table.iterrows()
    ]
    return finish(
        ax, title=title, alt=f"Dots with ranges, pairs of customers ranked rightly: {listing(parts)}."
    )


def plot_calibration(result: ChurnModel, *, ax: Any = None) -> Any:
    """What was foretold against what happened, customers in groups of like probability.

    Parameters
    ----------
    result : ChurnModel
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    table, agree = result.calibration, groups_that_agree(result)
    title = f"In {number(agree)} of {count(len(table), 'group')} what was foretold came true, within chance"
    most = min(100.0, 1.06 * float(table[["predicted_pct", "high"]].max().max()))
    with theme():
        ax = canvas(ax, title=title, body=2.9, foot=0.85)
        ax.plot([0, most], [0, most], color=GREY, linewidth=1.5)
        for row in table.itertuples():
            inside = row.low <= row.predicted_pct <= row.high
            colour = MAIN if inside else ALARM
            ax.plot([row.predicted_pct] * 2, [row.low, row.high], color=colour, linewidth=2.5, alpha=0.5)
            ax.plot(row.predicted_pct, row.observed_pct, "o" if inside else "s", color=colour, markersize=7)
        ax.set(xlim=(-0.02 * most, most), ylim=(-0.02 * most, most))
        ax.grid(True)
        says = _below(f"foretold to {outcome_words(result)}, %", "squares: off by more than chance")
        ax.set_xlabel(says, loc="left")
        ax.set_ylabel("did so, %")
        ax.text(0.98 * most, 0.8 * most, "if all\ncame true", color=SOFT, ha="right", va="top")
    parts = [
        f"{percent(row.predicted_pct)} foretold, {percent(row.observed_pct)} observed ({percent(row.low)} to "
        f"{percent(row.high)})"
        for row in table.itertuples()
    ]
    return finish(ax, title=title, alt=f"Dots with ranges, foretold against observed: {listing(parts)}.")


def plot_lift(result: ChurnModel, *, ax: Any = None) -> Any:
    """How many of those with the outcome are among the customers called first.

    Parameters
    ----------
    result : ChurnModel
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    table = result.gains.set_index("reached_pct")
    first = table.loc[float(FIRST)]
    found = percent(first["found_pct"])
    title = f"The likeliest {percent(FIRST)} held {found} of those who did {outcome_words(result)}"
    rivals = {name: name.removeprefix("found_pct_") for name in table if name.startswith("found_pct_")}
    best = max(rivals, key=lambda name: table[name].mean(), default=None)
    x = np.r_[0, table.index]
    with theme():
        ax = canvas(ax, title=title, body=2.9, foot=0.85)
        ax.plot([0, 100], [0, 100], color=GREY, linewidth=1.2, linestyle=(0, (4, 3)))
        ax.fill_between(
            x, np.r_[0, table["low"]], np.r_[0, table["high"]], color=MAIN, alpha=0.18, linewidth=0
        )
        if best:
            ax.plot(x, np.r_[0, table[best]], color=GREY, linewidth=2)
        ax.plot(x, np.r_[0, table["found_pct"]], color=MAIN, linewidth=2.5)
        ax.plot([FIRST], [first["found_pct"]], "o", color=INK, markersize=8)
        ax.set(xlim=(0, 102), ylim=(0, 103), xticks=np.arange(0, 101, 20), yticks=np.arange(0, 101, 20))
        ax.grid(True)
        ax.set_xlabel("customers called, likeliest first, %\ndashed: called by chance", loc="left")
        ax.set_ylabel("of those who did, %")
        points = [(float(FIRST), float(first["found_pct"]))]
        texts, colours = [f"{bar_percent(first['found_pct'])}"], [INK]
        if best:
            points.append((40.0, float(table.loc[40.0, best])))
            texts.append(wrapped(PLAIN_NAMES[rivals[best]], width=125, lines=3, bold=True))
            colours.append(SOFT)
        place_labels(ax, points=points, texts=texts, colours=colours, beside=True)
    parts = [f"{percent(at)} reach {percent(table.loc[at, 'found_pct'])}" for at in (10.0, 20.0, 50.0)]
    alt = f"Curve of those found over customers called, likeliest first: {listing(parts)}."
    if best:
        alt += f" By {PLAIN_NAMES[rivals[best]]}, {percent(20)} reach {percent(table.loc[20.0, best])}."
    return finish(ax, title=title, alt=alt)


def plot_drivers(result: ChurnModel, *, ax: Any = None) -> Any:
    """Which figures the forecast rests on: how much worse customers are ranked without each.

    Parameters
    ----------
    result : ChurnModel
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    table = result.drivers.head(_MOST_DRIVERS)
    if table.empty:
        says = "No figure tells customers apart"
        return finish(nothing(ax, says=says), title=says, alt=f"No picture: {says.lower()}.")
    firm = table.loc[table["low"] > 0, "indicator"]
    title = "No single figure carries the forecast"
    if len(firm):
        title = f"The forecast rests most on {label_of(firm.iloc[0]).lower()}"
    signs = {"more": "high: likelier", "less": "low: likelier", "": ""}
    said = [wrapped(label_of(name), width=SIDE * 78, lines=3) for name in table["indicator"]]
    tall = [max(0.44, 0.185 * (name.count("\n") + 1) + 0.14) for name in said]
    middles = np.cumsum(tall) - np.array(tall) / 2
    with theme():
        ax = canvas(ax, title=title, body=sum(tall), foot=0.85)
        for place, (_, row) in zip(middles, table.iterrows(), strict=True):
            ax.barh(place, 100 * row["auc_loss"], height=0.22, color=MAIN if row["low"] > 0 else GREY)
            ax.plot([100 * row["low"], 100 * row["high"]], [place] * 2, color=INK, linewidth=1.5)
            ax.annotate(
                signs[row["direction"]], (100 * max(row["high"], row["auc_loss"], 0), place), (6, 0),
                textcoords="offset points", va="center", color=SOFT,
            )  # fmt: skip
        low = min(0.0, 100 * float(table[["low", "auc_loss"]].min().min()))
        high = max(100 * float(table[["high", "auc_loss"]].max().max()), 0.1)
        inches = (4.8 - SIDE - 0.3) * 72
        ax.set_xlim(low, low + (high - low) * inches / max(inches - text_width("high: likelier") - 12, 60))
        ax.set_yticks(middles, said)
        ax.set_ylim(sum(tall), 0)
        ax.axvline(0, color=GREY, linewidth=1)
        ax.locator_params(axis="x", nbins=4)
        short_numbers(ax.xaxis)
        ax.xaxis.grid(True)
        ax.set_xlabel("fewer pairs ranked rightly without it, points\ngrey: within chance", loc="left")
    parts = [
        f"{label_of(row.indicator).lower()} {100 * row.auc_loss:.1f} ({100 * row.low:.1f} to {100 * row.high:.1f})"
        for row in table.itertuples()
    ]
    alt = f"Bars, points of pairs ranked rightly that are lost without each figure: {listing(parts)}."
    return finish(ax, title=title, alt=alt.replace("-", "−"))


def plot_risk(result: ChurnModel, *, ax: Any = None) -> Any:
    """Each customer's probability against the value at stake.

    Parameters
    ----------
    result : ChurnModel
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    most = top_at_risk(result)
    if most is None:
        says = "What customers would bring is not known"
        return finish(nothing(ax, says=says), title=says, alt=f"No picture: {says.lower()}.")
    few, share = most
    title = f"{percent(share)} of customers hold half of the revenue at risk"
    order = result.revenue_at_risk.sort_values(ascending=False, kind="stable").index
    table = result.scores.to_frame("p").assign(value=result.value).loc[order].reset_index(drop=True)
    table["first"] = table.index < few
    shown = table[table["value"] > 0]
    step = max(1, -(-len(shown) // _MOST_POINTS))
    shown = shown.iloc[::step]
    unit = f", {result.currency}" if result.currency else ""
    with theme():
        ax = canvas(ax, title=title, body=3.1, foot=0.85)
        for first, colour, marker in ((False, GREY, "o"), (True, MAIN, "D")):
            part = shown[shown["first"] == first]
            ax.scatter(
                100 * part["p"], part["value"], s=14, color=colour, alpha=0.5, linewidths=0, marker=marker
            )
        low, high = shown["value"].quantile([0.05, 0.95])
        if high > 20 * low:
            ax.set_yscale("log")
        else:
            ax.set_ylim(bottom=0)
        short_numbers(ax.yaxis)
        ax.set_xlim(left=0)
        ax.grid(True)
        says = _below(f"chance to {outcome_words(result)}, %", "diamonds: hold half of the risk")
        ax.set_xlabel(says, loc="left")
        ax.set_ylabel(f"{value_words(result)}{unit}")
    left = len(table) - int((table["value"] > 0).sum())
    alt = (
        f"Dots of {count(len(table), 'customer')}: chance to {outcome_words(result)} against what each brought. "
        f"{count(few, 'customer')} {plural(few, 'holds', 'hold')} half of the revenue at risk."
    )
    if left:
        alt += f" {count(left, 'customer')} who brought nothing {plural(left, 'is', 'are')} not drawn."
    return finish(ax, title=title, alt=alt)


def _below(what: str, key: str) -> str:
    return f"{wrapped(what, width=270, lines=2)}\n{key}"


def _heading(name: str) -> str:
    return f"{name[:1].upper()}{name[1:]}"


_MOST_ROWS, _MOST_PERIODS = 18, 12


def plot_stages(result: pd.DataFrame, *, ax: Any = None) -> Any:
    """Each stage's share of customers beside its share of revenue; stages with nobody are left out.

    Parameters
    ----------
    result : DataFrame
        As `lifecycle_summary` makes it.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> table = pd.DataFrame({"customers": [8, 2], "share_pct": [80.0, 20.0], "revenue": [90.0, 10.0],
    ...                       "revenue_share_pct": [90.0, 10.0]}, index=["active", "dormant"])
    >>> ax = plot_stages(table)
    >>> ax.get_title(loc="left").replace("\\n", " ")
    '20\\xa0% of customers have fallen silent; they brought 10\\xa0% of a year’s revenue'
    >>> plt.close(ax.figure)
    """
    table = result[result["customers"] > 0]
    if table.empty:
        return _nothing(ax, "No customer is known")
    title = _stages_title(table)
    names = [sentence(f"{name} ({row['customers']:,.0f})").rstrip(".") for name, row in table.iterrows()]
    silent = silent_stages(table)
    colours = [ALARM if name in silent else MAIN for name in table.index]
    if table["revenue_share_pct"].isna().all():
        ax = bar_rows(
            ax, title=title, names=names, values=table["share_pct"].tolist(), unit="share of customers, %",
            texts=[percent(share) for share in table["share_pct"]], colours=colours,
        )  # fmt: skip
    else:
        ax = paired_bars(
            ax, title=title, names=names, context=table["share_pct"].tolist(),
            values=table["revenue_share_pct"].tolist(), context_says="of customers",
            values_say="of revenue", unit="share, %", colours=colours,
        )  # fmt: skip
    parts = [
        f"{name} {percent(row['share_pct'])} of customers"
        + (
            f" and {percent(row['revenue_share_pct'])} of revenue"
            if pd.notna(row["revenue_share_pct"])
            else ""
        )
        for name, row in table.iterrows()
    ]
    return finish(ax, title=title, alt=f"Bar chart of stages of life: {listing(parts)}.")


def plot_moves(result: LifecycleMoves, *, ax: Any = None) -> Any:
    """From which stage to which: a table of colours, each row one stage of the earlier day.

    Parameters
    ----------
    result : LifecycleMoves
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from crmlib.analyse.customers.states import lifecycle_moves
    >>> stage = pd.CategoricalDtype(["active", "dormant"], ordered=True)
    >>> before = pd.Series(["active"] * 4, index=list("abcd"), dtype=stage)
    >>> ax = plot_moves(lifecycle_moves(before, before.replace({}).where(before.index != "a", "dormant")))
    >>> ax.get_title(loc="left").replace("\\n", " ")
    '25\\xa0% of customers changed their stage'
    >>> plt.close(ax.figure)
    """
    matrix = result.matrix.loc[result.matrix.sum(axis=1) > 0, result.matrix.sum(axis=0) > 0]
    if matrix.empty:
        return _nothing(ax, "No customer is known")
    shares = result.shares.loc[matrix.index, matrix.columns]
    changed = changed_share(result)
    since = f" since {date(result.before_on)}" if result.before_on else ""
    title = f"{percent(changed)} of customers changed their stage{since}"
    if not np.isfinite(changed):
        title = "Everybody is a newcomer"
    words = shares.map(_cell_percent).to_numpy()
    sides = [sentence(f"{name} ({matrix.loc[name].sum():,})").rstrip(".") for name in matrix.index]
    ax = _heat_table(
        ax, title, shares.to_numpy(), words, sides, [sentence(n).rstrip(".") for n in matrix.columns]
    )
    then = f"on {date(result.before_on)}" if result.before_on else "before"
    now = f"on {date(result.after_on)}" if result.after_on else "after"
    with theme():
        ax.set_xlabel(f"rows: {then}; columns: {now}\n% of each row", loc="right", linespacing=1.15)
    parts = [
        f"from {row.before} to {row.after} {count(row.customers, 'customer')}"
        for row in result.flows[result.flows["moved"]].head(8).itertuples()
    ]
    alt = f"Table of colours, stages {then} against stages {now}. Most frequent moves: {listing(parts)}."
    return finish(ax, title=title, alt=alt)


def plot_cohorts(result: Retention, *, ax: Any = None) -> Any:
    """What share of each cohort bought in the periods after the first; what is not over yet is white.

    Parameters
    ----------
    result : Retention
        Its last 18 cohorts and first 12 periods are drawn.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from types import SimpleNamespace
    >>> months = pd.DatetimeIndex(["2024-01-01", "2024-02-01"], name="cohort")
    >>> shares = pd.DataFrame({0: [100.0, 100.0], 1: [50.0, 20.0], 2: [25.0, np.nan]}, index=months)
    >>> sizes = pd.Series([20, 30], index=months)
    >>> found = SimpleNamespace(shares=shares, sizes=sizes, active=shares.mul(sizes, axis=0) / 100, unit="month")
    >>> ax = plot_cohorts(found)
    >>> ax.get_title(loc="left").replace("\\n", " ")
    '20\\xa0% of new customers came back in the month after their first purchase'
    >>> plt.close(ax.figure)
    """
    typical = typical_retention(result)
    if typical.empty:
        return _nothing(ax, "Too few customers have been seen for long enough")
    shares = shown_cohorts(result).iloc[:, 1 : _MOST_PERIODS + 1]
    shares = shares[shares.notna().any(axis=1)].tail(_MOST_ROWS).dropna(axis=1, how="all")
    title = (
        f"{percent(typical['share_pct'].iloc[0])} of new customers came back in the {result.unit} after "
        "their first purchase"
    )
    sides = [f"{period_name(day, result.unit)} ({result.sizes[day]:,})" for day in shares.index]
    words = shares.map(lambda x: "" if pd.isna(x) else f"{x:.0f}").to_numpy()
    ax = _heat_table(
        ax, title, shares.to_numpy(), words, sides, [str(k) for k in shares.columns], upright=True
    )
    with theme():
        ax.set_xlabel(
            f"{plural(2, result.unit)} after the first purchase\n% of the cohort that bought; white: not yet over",
            loc="right",
            linespacing=1.15,
        )
    parts = [f"{k}: {percent(row['share_pct'])}" for k, row in typical.head(_MOST_PERIODS).iterrows()]
    alt = (
        f"Table of colours, {count(len(shares), 'cohort')} of first purchase by {plural(2, result.unit)} "
        f"after it. Share of customers who bought, over all cohorts that are known, by {result.unit}: "
        f"{listing(parts)}."
    )
    return finish(ax, title=title, alt=alt)


def plot_retention(result: Retention, *, ax: Any = None) -> Any:
    """The share of customers who have not yet fallen silent, by time since the first purchase.

    Parameters
    ----------
    result : Retention
        Curves end where fewer than ten customers are under observation.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from types import SimpleNamespace
    >>> from crmlib.analyse.retention import survival_curves
    >>> curves = survival_curves(pd.Series(range(40)) * 9, pd.Series([True, False] * 20))
    >>> ax = plot_retention(SimpleNamespace(survival=curves, overall=curves))
    >>> ax.get_title(loc="left").replace("\\n", " ")
    '68\\xa0% of customers buy on for half a year without a long silence'
    >>> plt.close(ax.figure)
    """
    curves = result.survival
    shown = curves.medians["shown_until"].dropna() if curves is not None else pd.Series(dtype="float64")
    shown = shown[shown > 0]
    if shown.empty:
        return _nothing(ax, "Too few customers have been seen for long enough")
    day, share = retention_day(result.overall)
    title = (
        f"{percent(100 * share['survival'])} of customers buy on for {time_word(day)} without a long silence"
    )
    with theme():
        ax = canvas(ax, title=title, body=3.2, foot=0.6)
        ends = []
        for place, name in enumerate(curves.medians.index):
            if name not in shown.index:
                continue
            colour = SEGMENT_COLOURS[place % len(SEGMENT_COLOURS)] if len(shown) > 1 else MAIN
            ends.append((_draw_curve(ax, curves.curves, name, shown[name], colour), name, colour))
        ax.set_ylim(0, 103)
        ax.set_xlim(-0.01 * shown.max(), 1.01 * shown.max())
        ax.set_yticks(range(0, 101, 25))
        ax.yaxis.grid(True)
        ax.set_ylabel("not yet silent, %")
        ax.set_xlabel("days since the first purchase; band: likely range")
        if len(ends) > 1:
            _label_ends(ax, ends, right=float(shown.max()))
    parts = [
        f"{name} {percent(100 * row['survival'])}{_likely(row)}"
        for name, row in curves.share_after(min(day, float(shown.min()))).dropna(subset="survival").iterrows()
    ]
    alt = (
        f"Curves of the share of customers who have not yet fallen silent, over {number(shown.max())} days. "
        f"After {time_word(min(day, float(shown.min())))}: {listing(parts)}."
    )
    return finish(ax, title=title, alt=alt)


def _likely(row: pd.Series) -> str:
    if pd.isna(row["low"]):
        return ""
    return f" ({percent(100 * row['low'])} to {percent(100 * row['high'])})"


def _stages_title(table: pd.DataFrame) -> str:
    silent = table[table.index.isin(silent_stages(table))]
    if silent.empty:
        largest = table["customers"].idxmax()
        return f"{percent(table.loc[largest, 'share_pct'])} of customers are {largest}"
    title = f"{percent(silent['share_pct'].sum())} of customers have fallen silent"
    brought = silent["revenue_share_pct"].sum(min_count=1)
    return title if pd.isna(brought) else f"{title}; they brought {percent(brought)} of a year’s revenue"


def _cell_percent(share: float) -> str:
    if pd.isna(share) or share == 0:
        return ""
    return "<1" if share < 0.5 else ">99" if 99.5 <= share < 100 else f"{share:.0f}"


def _heat_table(
    ax: Any,
    title: str,
    values: np.ndarray,
    words: np.ndarray,
    sides: list[str],
    heads: list[str],
    *,
    upright: bool = False,
) -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    with theme():
        tall = 0 if upright else max(text_width(head) for head in heads) / 72
        ax = canvas(ax, title=title, body=0.3 * len(sides) + tall + 0.2, foot=0.55)
        shades = LinearSegmentedColormap.from_list("white_blue", ["#f3f8fc", "#86bfe3"])
        ax.imshow(np.ma.masked_invalid(values), cmap=shades, vmin=0, vmax=100, aspect="auto")
        for row, column in np.ndindex(words.shape):
            ax.text(column, row, words[row, column], ha="center", va="center", color=INK)
        ax.set_xticks(range(len(heads)), heads, rotation=0 if upright else 90, ha="center", va="bottom")
        ax.set_yticks(range(len(sides)), sides)
        ax.xaxis.tick_top()
        ax.set_xticks(np.arange(len(heads) + 1) - 0.5, minor=True)
        ax.set_yticks(np.arange(len(sides) + 1) - 0.5, minor=True)
        ax.grid(which="minor", color="white", linewidth=2)
        ax.tick_params(which="both", length=0)
        ax.spines["bottom"].set_visible(False)
    return ax


def _draw_curve(ax: Any, curves: pd.DataFrame, name: Any, until: float, colour: str) -> tuple[float, float]:
    curve = curves[(curves["group"] == name) & (curves["time"] <= until)]
    last = 100 * float(curve["survival"].iloc[-1]) if len(curve) else 100.0
    times = np.r_[0.0, curve["time"], until]
    share = np.r_[100.0, 100 * curve["survival"], last]
    low, high = (np.r_[100.0, 100 * curve[side], np.nan] for side in ("low", "high"))
    low[-1], high[-1] = low[-2], high[-2]
    ax.fill_between(times, low, high, step="post", color=colour, alpha=0.16, linewidth=0)
    ax.step(times, share, where="post", color=colour)
    return until, last


def _label_ends(ax: Any, ends: list[tuple[tuple[float, float], Any, str]], *, right: float) -> None:
    """Names at the right, each as near to its curve's end as the others leave room."""
    wide = 1.32 * 72
    said = [wrapped(str(name), width=wide, lines=2, bold=True) for _, name, _ in ends]
    order = sorted(range(len(ends)), key=lambda i: -ends[i][0][1])
    step = 103 * 0.185 / 2.6
    tops, place = {}, 103.0
    for i in order:
        high = step * (said[i].count("\n") + 1)
        place = min(place - high / 2, ends[i][0][1])
        tops[i] = place
        place -= high / 2
    lift = max(0.0, -place)
    for i in order:
        (x, y), _, colour = ends[i]
        ax.annotate(
            said[i], (right, tops[i] + lift), (8, 0), textcoords="offset points", va="center", ha="left",
            color=letters_of(colour), fontweight="bold", linespacing=1.0, annotation_clip=False,
        )  # fmt: skip
        if x < right:
            ax.plot([x, right], [y, tops[i] + lift], color=GREY, linewidth=0.6, linestyle=":")


def _nothing(ax: Any, says: str) -> Any:
    return finish(nothing(ax, says=says), title="Nothing to show", alt=f"No picture: {says.lower()}.")
