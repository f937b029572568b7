"""Pictures of what customers are concerned about."""

from typing import Any

from crmlib.analyse.pipeline.concerns import Concerns
from crmlib.present.claims_concerns import topic_sentence
from crmlib.present.plots_parts import LINE, canvas, nothing
from crmlib.present.theme import ALARM, GREY, MAIN, SOFT, WIDTH, finish, theme, wrapped
from crmlib.present.words import percent, quoted

_SURE = 0.05
_OTHER = {"other": ""}


def plot_topics(result: Concerns, *, most: int = 8, ax: Any = None) -> Any:
    """How much more often notes of lost deals speak of a topic than those of won ones, with intervals.

    Parameters
    ----------
    result : Concerns
    most : int
        Topics with the largest differences either way.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from crmlib.present.claims_concerns import _little_concerns
    >>> ax = plot_topics(_little_concerns())
    >>> ax.get_title(loc="left").replace("\\n", " ")
    '“high, price” is in 100\\xa0% of the notes of lost and 0\\xa0% of won deals'
    >>> plt.close(ax.figure)
    """
    known = result.topics.dropna(subset=["difference"])
    chosen = known.reindex(known["difference"].abs().sort_values(ascending=False, kind="stable").index[:most])
    rows = chosen.sort_values("difference", ascending=False, kind="stable")
    if rows.empty:
        says = "Too few notes of lost and won deals to compare"
        return finish(nothing(ax, says=says), title="Nothing to show", alt=f"No picture: {says.lower()}.")
    first = rows.iloc[0]
    title = (
        f"{quoted(first['topic'])} is in {percent(first['lost_share_pct'])} of the notes of lost and "
        f"{percent(first['won_share_pct'])} of won deals"
    )
    several = rows["language"].nunique() > 1
    names = [
        f"{row.topic}{f' ({_OTHER.get(row.language, row.language)})' if several and row.language != 'other' else ''}"
        for row in rows.itertuples()
    ]
    said = [wrapped(name, width=WIDTH * 72 - 12, lines=2) for name in names]
    heights = [LINE * (text.count("\n") + 1) + 0.36 for text in said]
    with theme():
        ax = canvas(ax, title=title, body=sum(heights), foot=0.7)
        top = 0.0
        for row, text, height in zip(rows.itertuples(), said, heights, strict=True):
            middle = top + height - 0.2
            colour = GREY if row.q_value > _SURE else ALARM if row.difference > 0 else MAIN
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
            "more often in won deals ← points → more often in lost deals\nline: 95 % interval; grey: could be chance",
            loc="left", linespacing=1.15, color=SOFT,
        )  # fmt: skip
    listed = "; ".join(topic_sentence(row) for _, row in rows.iterrows())
    return finish(ax, title=title, alt=f"Dots with intervals, lost against won deals. {listed}.")
