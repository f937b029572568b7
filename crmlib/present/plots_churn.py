"""Pictures of who stops, or who buys: how good the forecast is, what it rests on, where the money lies."""

from typing import Any

import numpy as np

from crmlib.analyse.churn_candidates import PLAIN_NAMES
from crmlib.analyse.churn_result import ChurnModel
from crmlib.measure.columns import label_of
from crmlib.present.claims_churn_words import (
    FIRST,
    groups_that_agree,
    outcome_words,
    top_at_risk,
    value_words,
)
from crmlib.present.plots_parts import SIDE, bar_percent, canvas, nothing, place_labels, short_numbers
from crmlib.present.theme import ALARM, GREY, INK, MAIN, SOFT, finish, letters_of, text_width, theme, wrapped
from crmlib.present.words import count, listing, number, percent, plural

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

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from crmlib.present.claims_churn_words import _little_churn
    >>> ax = plot_model_comparison(_little_churn())
    >>> ax.get_title(loc="left").startswith("The forecast")
    True
    >>> plt.close(ax.figure)
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

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from crmlib.present.claims_churn_words import _little_churn
    >>> ax = plot_calibration(_little_churn())
    >>> "groups" in ax.get_title(loc="left")
    True
    >>> plt.close(ax.figure)
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

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from crmlib.present.claims_churn_words import _little_churn
    >>> ax = plot_lift(_little_churn())
    >>> ax.get_title(loc="left").startswith("The likeliest 20")
    True
    >>> plt.close(ax.figure)
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

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from crmlib.present.claims_churn_words import _little_churn
    >>> ax = plot_drivers(_little_churn())
    >>> ax.get_title(loc="left").replace("\\n", " ")
    'The forecast rests most on days since last order'
    >>> plt.close(ax.figure)
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

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from crmlib.present.claims_churn_words import _little_churn
    >>> ax = plot_risk(_little_churn())
    >>> "half of the revenue at risk" in ax.get_title(loc="left").replace("\\n", " ")
    True
    >>> plt.close(ax.figure)
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
