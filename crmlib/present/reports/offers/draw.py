"""Pictures of offers: how they fared beside simpler lists, whether chances came true, what is offered."""

from typing import Any

import numpy as np

from crmlib.analyse.offers.judging import OFFERS
from crmlib.analyse.offers.proof import ALL_OFFERS, NEW_OFFERS, OffersProof
from crmlib.analyse.offers.result import Offers
from crmlib.present.claims import Claim, claim, count, days, names, share
from crmlib.present.reports.offers.say import (
    KIND_PLURALS,
    KIND_WORDS,
    LIST_WORDS,
    agreeing_deciles,
    hit_share,
    kind_counts,
    likely,
    side_name,
)
from crmlib.present.theme import (
    ALARM,
    GREY,
    INK,
    MAIN,
    SOFT,
    bar_percent,
    bar_picture,
    canvas,
    draw_range,
    finish,
    named_rows,
    nothing,
    say_behind,
    theme,
)

_HIT = "hit_rate_pct"


def plot_proof(result: OffersProof, *, question: str = ALL_OFFERS, ax: Any = None) -> Any:
    """The share of customers who bought something of each list, with its interval."""
    table = result.overall
    table = table[
        (table["question"] == question) & (table["measure"] == _HIT) & (table["judged"] == "everybody")
    ]
    if table.empty:
        return nothing(ax, says=claim("offers-picture-proof-none"))
    table = table.assign(ours=table["side"] == OFFERS)
    table = table.sort_values(["ours", "value"], ascending=[False, False], kind="stable")
    title = _proof_title(result, question)
    with theme():
        ax, middles = named_rows(ax, [side_name(side, question) for side in table["side"]], title=title)
        for place, row in zip(middles, table.itertuples(), strict=True):
            colour = MAIN if row.ours else GREY
            ends = (row.value, row.low, row.high)
            draw_range(ax, place, ends, colour=colour, mark="o" if row.ours else "D")
            text = bar_percent(row.value)
            say_behind(ax, text, (row.high, place), colour=colour, bold=row.ours)
        most = float(table[["value", "high"]].max().max())
        ax.set_xlim(0, max(1.25 * most, 0.5))
        ax.locator_params(axis="x", nbins=5)
        k, within = count(result.k), days(result.holdout_days)
        ax.set_xlabel(str(claim("offers-picture-proof-axis", k=k, days=within)), loc="left")
    parts = [
        claim(
            "offers-picture-proof-alt-one",
            list=side_name(row.side, question),
            share=share(row.value),
            range=likely(row.low, row.high, "share"),
        )
        for row in table.itertuples()
    ]
    return finish(ax, title=title, alt=claim("offers-picture-proof-alt", lists=names(parts)))


def plot_proof_new(result: OffersProof, *, ax: Any = None) -> Any:
    """The same for products that were new to the customer."""
    return plot_proof(result, question=NEW_OFFERS, ax=ax)


def plot_acceptance(result: OffersProof, *, ax: Any = None) -> Any:
    """How many offers were bought, from those said to be the least likely to the likeliest, and what was expected."""
    table = result.by_decile
    if table.empty:
        return nothing(ax, says=claim("offers-picture-acceptance-none"))
    first, last = (share(table["accepted_pct"].iloc[place]) for place in (0, -1))
    title = claim("offers-picture-acceptance", last=last, first=first)
    if len(table) == 1:
        title = claim("offers-picture-acceptance-one", last=last)
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
        ax.set_ylabel(str(claim("offers-picture-acceptance-y")))
        ax.set_xlabel(str(claim("offers-picture-acceptance-x")), loc="left")
        _key(ax, agrees=bool(table["agrees"].all()))
    parts = [
        claim(
            "offers-picture-acceptance-alt-one",
            place=count(row.decile),
            bought=share(row.accepted_pct),
            range=likely(row.low, row.high, "share"),
            expected=share(row.predicted_pct),
        )
        for row in table.itertuples()
    ]
    agree, groups = count(agreeing_deciles(result)), count(len(table))
    alt = claim("offers-picture-acceptance-alt", groups=names(parts), agree=agree, all=groups)
    return finish(ax, title=title, alt=alt)


def plot_offers_by_kind(result: Offers, *, ax: Any = None) -> Any:
    """How many offers there are of each kind."""
    kinds = result.table["kind"].value_counts()
    if kinds.empty:
        return nothing(ax, says=claim("offers-picture-kinds-none"))
    each, made = kind_counts(result)
    title = claim("offers-picture-kinds", made=made, kind=KIND_PLURALS.term(kinds.index[0]))
    if len(kinds) == 1:
        title = claim("offers-picture-kinds-one", kind=KIND_PLURALS.term(kinds.index[0]))
    people = result.table.groupby("kind")["customer_id"].nunique()
    return bar_picture(
        ax,
        title=title,
        names=[KIND_WORDS.term(kind) for kind in kinds.index],
        values=[float(many) for many in kinds],
        texts=[
            claim("offers-picture-kinds-bar", n=n, people=count(int(people[kind])))
            for kind, n in each.items()
        ],
        unit=claim("offers-picture-kinds-unit"),
        alt=lambda bars: claim("offers-picture-kinds-alt", bars=bars),
    )


def _proof_title(result: OffersProof, question: str) -> Claim:
    best = result.strongest_rival(question)
    facts = {
        "ours": hit_share(result, OFFERS, question),
        "theirs": hit_share(result, best, question),
        "list": LIST_WORDS.term(best),
    }
    return claim("offers-picture-proof-new" if question == NEW_OFFERS else "offers-picture-proof", **facts)


def _key(ax: Any, *, agrees: bool) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    marks = [Patch(color=MAIN, alpha=0.85), Line2D([], [], color=SOFT, linewidth=3.5)]
    words = [str(claim("offers-picture-key-bought")), str(claim("offers-picture-key-expected"))]
    if not agrees:
        marks.append(Line2D([], [], color=ALARM, linewidth=3.5))
        words.append(str(claim("offers-picture-key-off")))
    ax.legend(
        marks, words, loc="upper left", labelcolor=SOFT, handlelength=1.1, borderpad=0.0, labelspacing=0.3,
        bbox_to_anchor=(0.0, 1.0), frameon=True, facecolor="white", edgecolor="none", framealpha=0.9,
    )  # fmt: skip
