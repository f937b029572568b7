"""Pictures of what customers say: satisfaction over time, and what notes of lost and of won deals speak of."""

from typing import Any

import pandas as pd

from crmlib.analyse.stats.tests import SURE
from crmlib.analyse.voice.concerns import Concerns
from crmlib.analyse.voice.satisfaction import Satisfaction, is_sure
from crmlib.present.claims import Claim, claim, clause, date, interval, name, names, share
from crmlib.present.reports.voice.say import theme_words, topic_sentence
from crmlib.present.theme import (
    ALARM,
    GREY,
    LINE,
    MAIN,
    SOFT,
    WIDTH,
    canvas,
    finish,
    nothing,
    range_rows,
    theme,
    wrapped,
)

_MOST_QUARTERS = 8


def plot_quarters(result: Satisfaction, *, ax: Any = None) -> Any:
    """The mean score of each of the last quarters with its interval."""
    table = result.quarters[result.quarters["answers"] >= result.minimum].tail(_MOST_QUARTERS)
    if table.empty:
        return nothing(ax, says=claim("voice-picture-quarters-none"))
    last = share(table["score_pct"].iloc[-1])
    title = claim("voice-picture-quarters", last=last)
    if is_sure(result.change):
        title = claim("voice-picture-quarters-changed", last=last, day=date(result.change["changed_on"]))
    labels = [str(one.to_period("Q")) for one in table["period_start"]]
    ends, unit = table[["score_pct", "low", "high"]].to_numpy(float), claim("voice-picture-quarters-unit")
    ax = range_rows(
        ax, title=title, names=labels, rows=ends, texts=[share(one) for one, *_ in ends], unit=unit
    )
    rows = [
        claim(
            "voice-picture-quarters-row", when=name(label), value=share(row.score_pct),
            likely=interval(row.low, row.high, "share"),
        )
        for label, row in zip(labels, table.itertuples(), strict=True)
    ]  # fmt: skip
    return finish(ax, title=title, alt=claim("voice-picture-quarters-alt", rows=names(rows)))


def plot_topics(result: Concerns, *, most: int = 8, ax: Any = None) -> Any:
    """How much more often notes of lost deals speak of a topic than those of won ones, with intervals."""
    known = result.themes.dropna(subset=["difference"])
    chosen = known.reindex(known["difference"].abs().sort_values(ascending=False, kind="stable").index[:most])
    rows = chosen.sort_values("difference", ascending=False, kind="stable")
    if rows.empty:
        return nothing(ax, says=claim("voice-picture-topics-none"))
    title = _topics_title(rows)
    labels = [theme_words(row.theme) for row in rows.itertuples()]
    said = [wrapped(str(label), width=WIDTH * 72 - 12, lines=2) for label in labels]
    heights = [LINE * (text.count("\n") + 1) + 0.36 for text in said]
    with theme():
        ax = canvas(ax, title=title, body=sum(heights), foot=0.7)
        top = 0.0
        for row, text, height in zip(rows.itertuples(), said, heights, strict=True):
            middle = top + height - 0.2
            colour = GREY if row.q_value > SURE else ALARM if row.difference > 0 else MAIN
            ax.hlines(middle, row.low, row.high, color=colour, linewidth=2)
            ax.plot(row.difference, middle, "o", color=colour, markersize=8)
            ax.text(
                0.0, middle - 0.12, text, va="bottom", linespacing=1.05, transform=ax.get_yaxis_transform()
            )
            top += height
        ax.axvline(0, color=GREY, linewidth=1, zorder=0)
        ax.set_ylim(top, -0.05)
        ax.set_yticks([])
        ax.set_xlabel(
            str(claim("voice-picture-topics-label")), loc="left", linespacing=1.15, color=SOFT,
        )  # fmt: skip
    listed = names(clause(topic_sentence(row)) for _, row in rows.iterrows())
    return finish(ax, title=title, alt=claim("voice-picture-topics-alt", rows=listed))


def _topics_title(rows: pd.DataFrame) -> Claim:
    """The first theme of lost deals that is no chance; without one, what the picture is of."""
    sure = rows[(rows["difference"] > 0) & (rows["q_value"] <= SURE)]
    if sure.empty:
        return claim("voice-picture-topics-plain")
    first = sure.iloc[0]
    shares = {"lost": share(first["lost_share_pct"]), "won": share(first["won_share_pct"])}
    return claim("voice-picture-topics", topic=theme_words(first["theme"]), **shares)
