"""Pictures of offers: how they fared beside simpler lists, whether chances came true, what is offered."""

from typing import Any

import numpy as np

from crmlib.analyse.offers.proof import ALL_OFFERS, NEW_OFFERS, OffersProof
from crmlib.analyse.offers.proof_sides import OFFERS, POPULARITY
from crmlib.analyse.offers.result import Offers
from crmlib.present.plots_parts import LINE, SIDE, bar_percent, bar_rows, canvas, nothing
from crmlib.present.reports.offers.say import agreeing_deciles, kind_name, side_name
from crmlib.present.theme import ALARM, GREY, INK, MAIN, SOFT, finish, letters_of, theme, wrapped
from crmlib.present.words import count, listing, number, percent, plural

_HIT = "hit_rate_pct"


def plot_proof(result: OffersProof, *, question: str = ALL_OFFERS, ax: Any = None) -> Any:
    """The share of customers who bought something of each list, with its interval.

    Parameters
    ----------
    result : OffersProof
    question : "all offers" or "new to the customer"
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from crmlib.present.reports.offers.say import little_proof
    >>> ax = plot_proof(little_proof())
    >>> ax.get_title(loc="left").replace("\\n", " ")
    '30\\xa0% of customers bought something picked for them, 20\\xa0% a best seller'
    >>> plt.close(ax.figure)
    """
    table = result.overall
    table = table[
        (table["question"] == question) & (table["measure"] == _HIT) & (table["judged"] == "everybody")
    ]
    if table.empty:
        says = "Offers of new products were not asked for"
        return finish(nothing(ax, says=says), title=says, alt=f"No picture: {says.lower()}.")
    table = table.assign(ours=table["side"] == OFFERS)
    table = table.sort_values(["ours", "value"], ascending=[False, False], kind="stable")
    title = _proof_title(result, question)
    said = [wrapped(side_name(side, question), width=SIDE * 84, lines=4) for side in table["side"]]
    tall = [max(0.5, LINE * (name.count("\n") + 1) + 0.16) for name in said]
    middles = np.cumsum(tall) - np.array(tall) / 2
    with theme():
        ax = canvas(ax, title=title, body=sum(tall), foot=0.85)
        for place, row in zip(middles, table.itertuples(), strict=True):
            colour = MAIN if row.ours else GREY
            ax.plot([row.low, row.high], [place] * 2, color=colour, linewidth=3, alpha=0.6)
            ax.plot(row.value, place, "o" if row.ours else "D", color=colour, markersize=8)
            ax.annotate(
                bar_percent(row.value), (row.high, place), (7, 0), textcoords="offset points", va="center",
                color=letters_of(colour), fontweight="bold" if row.ours else "normal",
            )  # fmt: skip
        most = float(table[["value", "high"]].max().max())
        ax.set_xlim(0, max(1.25 * most, 0.5))
        ax.set_yticks(middles, said)
        ax.set_ylim(sum(tall), 0)
        ax.locator_params(axis="x", nbins=5)
        ax.xaxis.grid(True)
        ax.set_xlabel(
            f"bought at least one of {number(result.k)} within {number(result.holdout_days)} days, %\n"
            "of customers who had bought before", loc="left",
        )  # fmt: skip
    parts = [
        f"{side_name(row.side, question).lower()} {percent(row.value)} ({percent(row.low)} to {percent(row.high)})"
        for row in table.itertuples()
    ]
    alt = "Dots with ranges, customers who bought at least one of the products on each list:"
    return finish(ax, title=title, alt=f"{alt} {listing(parts)}.")


def plot_proof_new(result: OffersProof, *, ax: Any = None) -> Any:
    """The same for products that were new to the customer.

    Parameters
    ----------
    result : OffersProof
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from crmlib.present.reports.offers.say import little_proof
    >>> ax = plot_proof_new(little_proof())
    >>> ax.get_title(loc="left").replace("\\n", " ")
    '15\\xa0% bought something new that was picked for them, 10\\xa0% a new best seller'
    >>> plt.close(ax.figure)
    """
    return plot_proof(result, question=NEW_OFFERS, ax=ax)


def plot_acceptance(result: OffersProof, *, ax: Any = None) -> Any:
    """How many offers were bought, from those said to be the least likely to the likeliest, and what was foretold.

    Parameters
    ----------
    result : OffersProof
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from crmlib.present.reports.offers.say import little_proof
    >>> ax = plot_acceptance(little_proof())
    >>> ax.get_title(loc="left").replace("\\n", " ")
    'Of the likeliest offers 31\\xa0% were bought, of the least likely 4.2\\xa0%'
    >>> plt.close(ax.figure)
    """
    table = result.by_decile
    if table.empty:
        says = "The offers carry no probability"
        return finish(nothing(ax, says=says), title=says, alt=f"No picture: {says.lower()}.")
    first, last = (percent(table["accepted_pct"].iloc[place]) for place in (0, -1))
    title = f"Of the likeliest offers {last} were bought, of the least likely {first}"
    if len(table) == 1:
        title = f"{last} of the offers were bought"
    places = np.arange(1, len(table) + 1)
    most = float(table[["predicted_pct", "high"]].max().max())
    with theme():
        ax = canvas(ax, title=title, body=3.0, foot=0.85)
        ax.bar(places, table["accepted_pct"], width=0.72, color=MAIN, alpha=0.85, zorder=2)
        for place, row in zip(places, table.itertuples(), strict=True):
            ax.plot([place] * 2, [row.low, row.high], color=INK, linewidth=1.5, zorder=3)
            ax.plot(
                [place - 0.36, place + 0.36], [row.predicted_pct] * 2, linewidth=3.5, zorder=4,
                color=SOFT if row.agrees else ALARM, solid_capstyle="butt",
            )  # fmt: skip
        ax.set_xlim(0.4, len(table) + 0.6)
        ax.set_ylim(0, max(1.3 * most, 0.5))
        ax.set_xticks(places)
        ax.yaxis.grid(True)
        ax.set_ylabel("offers bought, %")
        ax.set_xlabel("offers in groups of like chance, the likeliest at the right", loc="left")
        _key(ax, agrees=bool(table["agrees"].all()))
    parts = [
        f"group {number(row.decile)}: {percent(row.accepted_pct)} bought ({percent(row.low)} to {percent(row.high)}), "
        f"{percent(row.predicted_pct)} foretold"
        for row in table.itertuples()
    ]
    inside = agreeing_deciles(result)
    alt = (
        f"Bars of the share of offers bought in groups of like chance, with ranges: {'; '.join(parts)}. In "
        f"{number(inside)} of {count(len(table), 'group')} what was foretold lies in the range."
    )
    return finish(ax, title=title, alt=alt)


def plot_offers_by_kind(result: Offers, *, ax: Any = None) -> Any:
    """How many offers there are of each kind.

    Parameters
    ----------
    result : Offers
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    kinds = result.table["kind"].value_counts()
    if kinds.empty:
        says = "There is nothing to offer"
        return finish(nothing(ax, says=says), title=says, alt=f"No picture: {says.lower()}.")
    made, most = int(kinds.sum()), int(kinds.iloc[0])
    title = f"{number(most)} of {count(made, 'offer')} {plural(most, 'is a', 'are')} {plural(most, kinds.index[0])}"
    if len(kinds) == 1:
        title = (
            f"All {count(made, 'offer')} are {plural(made, kinds.index[0])}"
            if made > 1
            else "There is one offer"
        )
    people = result.table.groupby("kind")["customer_id"].nunique()
    ax = bar_rows(
        ax,
        title=title,
        names=[kind_name(kind) for kind in kinds.index],
        values=[float(many) for many in kinds],
        texts=[
            f"{number(int(many))}, for {count(int(people[kind]), 'customer')}" for kind, many in kinds.items()
        ],
        unit="offers",
    )
    parts = [f"{kind_name(kind)} {number(int(many))}" for kind, many in kinds.items()]
    return finish(ax, title=title, alt=f"Bar chart of the number of offers of each kind: {listing(parts)}.")


def _proof_title(result: OffersProof, question: str) -> str:
    ours, theirs = (
        percent(result.value(_HIT, side=side, question=question)) for side in (OFFERS, POPULARITY)
    )
    if question == NEW_OFFERS:
        return f"{ours} bought something new that was picked for them, {theirs} a new best seller"
    return f"{ours} of customers bought something picked for them, {theirs} a best seller"


def _key(ax: Any, *, agrees: bool) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    marks = [Patch(color=MAIN, alpha=0.85), Line2D([], [], color=SOFT, linewidth=3.5)]
    words = ["bought, with its range", "foretold"]
    if not agrees:
        marks.append(Line2D([], [], color=ALARM, linewidth=3.5))
        words.append("foretold, off by more than chance")
    ax.legend(
        marks, words, loc="upper left", labelcolor=SOFT, handlelength=1.1, borderpad=0.0, labelspacing=0.3,
        bbox_to_anchor=(0.0, 1.0), frameon=True, facecolor="white", edgecolor="none", framealpha=0.9,
    )  # fmt: skip
