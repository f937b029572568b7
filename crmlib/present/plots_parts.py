"""What the pictures are put together from: rows of bars, pairs of bars, labels that keep apart."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from crmlib.present.theme import GREY, LARGE, MAIN, PALE, SOFT, WIDTH, axes, text_width, theme, wrapped
from crmlib.present.words import NBSP, number

LINE = 0.185
"""Inches from one line of small letters to the next."""

SIDE = 1.45
"""Inches that names beside bars may take; longer ones are wrapped."""


def canvas(ax: Any, *, title: str, body: float, foot: float = 0.55) -> Any:
    """The axes that were given, or new ones high enough for the title and what is drawn."""
    if ax is not None:
        return ax
    lines = wrapped(str(title), width=WIDTH * 72 - 6, size=LARGE, bold=True).count("\n") + 1
    return axes(height=body + foot + 0.24 * lines + 0.2)


def bar_rows(
    ax: Any,
    *,
    title: str,
    names: Sequence[str],
    values: Sequence[float],
    texts: Sequence[str],
    unit: str,
    colours: str | Sequence[str] = MAIN,
    whole: float | None = None,
) -> Any:
    """Bars from left to right, each under its name, each with its figure behind it."""
    said = [wrapped(str(name), width=WIDTH * 72 - 12, lines=2) for name in names]
    texts = [str(text) for text in texts]
    tall = [LINE * (name.count("\n") + 1) + 0.38 for name in said]
    with theme():
        ax = canvas(ax, title=title, body=sum(tall), foot=0.3)
        top, ends = 0.0, []
        colours = [colours] * len(said) if isinstance(colours, str) else colours
        for name, value, text, colour, height in zip(said, values, texts, colours, tall, strict=True):
            middle = top + height - 0.22
            if whole is not None:
                ax.barh(middle, whole, height=0.17, color=PALE)
            ax.barh(middle, value, height=0.17, color=colour)
            ax.vlines(0, middle - 0.085, middle + 0.085, color=colour, linewidth=1)
            ax.text(0, top + height - 0.33, name, va="bottom", ha="left", linespacing=1.1)
            ends.append(max(value, whole or 0))
            ax.annotate(text, (ends[-1], middle), (5, 0), textcoords="offset points", va="center", color=SOFT)
            top += height
        ax.set_ylim(top, 0)
        ax.set_yticks([])
        _room_for_texts(ax, ends, texts)
        ax.set_xlabel(str(unit), loc="left")
        ax.set_xticks([])
        ax.spines["bottom"].set_visible(False)
    return ax


def paired_bars(
    ax: Any,
    *,
    title: str,
    names: Sequence[str],
    context: Sequence[float],
    values: Sequence[float],
    context_says: str,
    values_say: str,
    unit: str,
    colours: str | Sequence[str] = MAIN,
) -> Any:
    """Two bars a name: a grey one for what it is measured against, a coloured one for what counts."""
    said = [wrapped(str(name), width=SIDE * 72, lines=3) for name in names]
    tall = [max(0.5, LINE * (name.count("\n") + 1) + 0.14) for name in said]
    with theme():
        ax = canvas(ax, title=title, body=sum(tall), foot=0.3)
        colours = [colours] * len(said) if isinstance(colours, str) else colours
        middles = np.cumsum(tall) - np.array(tall) / 2
        shown: list[str] = []
        for i, middle in enumerate(middles):
            for value, words, colour, y in (
                (context[i], context_says, GREY, middle - 0.1),
                (values[i], values_say, colours[i], middle + 0.1),
            ):
                ax.barh(y, value, height=0.17, color=colour)
                shown.append(f"{bar_percent(value)}{f' {words}' if i == 0 else ''}")
                at = max(value, 0)
                ax.annotate(shown[-1], (at, y), (5, 0), textcoords="offset points", va="center", color=SOFT)
        ax.set_yticks(middles, said)
        ax.set_ylim(sum(tall), 0)
        ends = [length for pair in zip(context, values, strict=True) for length in pair]
        _room_for_texts(ax, ends, shown, taken=SIDE)
        ax.set_xticks([])
        ax.set_xlabel(str(unit), loc="left")
        ax.spines["bottom"].set_visible(False)
        ax.axvline(0, color=GREY, linewidth=1)
    return ax


def bar_percent(value: float) -> str:
    """A share as it stands behind a bar: short, and never 0 for what is not 0."""
    if value is None or not np.isfinite(value):
        return "not known"
    if 0 < abs(value) < 0.05:
        return f"under 0.1{NBSP}%"
    shown = f"{value:.0f}" if abs(value) >= 9.95 else f"{round(value, 1):g}"
    return f"{shown}{NBSP}%".replace("-", "−")


def scale_of(values: Sequence[float]) -> tuple[float, str]:
    """What to divide amounts by, so that an axis has short numbers, and the word for it."""
    largest = max((abs(float(value)) for value in values if np.isfinite(value)), default=0)
    for size, word in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if largest >= 2 * size:
            return size, word
    return 1.0, ""


def short_numbers(axis: Any) -> None:
    """Write an axis's numbers with separators, and as plain numbers on a logarithmic scale too."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, place: number(value)))
    axis.set_minor_formatter(NullFormatter())


def nothing(ax: Any, *, says: str) -> Any:
    """Axes that say why there is nothing to see, instead of an empty frame."""
    says = str(says)
    with theme():
        ax = axes(height=1.3) if ax is None else ax
        ax.set_axis_off()
        said = wrapped(says, width=WIDTH * 72 - 40)
        ax.text(0.5, 0.5, said, ha="center", va="center", color=SOFT, transform=ax.transAxes)
    ax.crmlib_nothing = says
    ax.crmlib_alt = f"No picture: {says[:1].lower()}{says[1:]}."
    return ax


def place_labels(
    ax: Any,
    *,
    points: Sequence[tuple[float, float]],
    texts: Sequence[str],
    colours: Sequence[str],
    beside: bool = False,
) -> None:
    """Write a label near each point so that labels overlap neither each other, nor earlier words, nor the frame."""
    from matplotlib.patheffects import withStroke

    figure = ax.get_figure(root=True)
    figure.draw_without_rendering()
    renderer, frame = figure._get_renderer(), ax.get_window_extent()
    halo = withStroke(linewidth=3, foreground="white")
    taken: list[Any] = [said.get_window_extent(renderer) for said in ax.texts]
    taken += _dots(ax, points) if beside else []
    marks = _marks(ax) if beside else np.empty((0, 2))
    for point, text, colour in zip(points, texts, colours, strict=True):
        label = ax.annotate(
            text, point, (0, 0), textcoords="offset points", ha="center", va="center", color=colour,
            fontweight="bold", linespacing=1.05, path_effects=[halo], zorder=6,
        )  # fmt: skip
        label.set_in_layout(False)
        best = None
        for right, up in _OFFSETS:
            label.set_position((right, up))
            box = label.get_window_extent(renderer).padded(2)
            outside = _outside(box, frame)
            hidden = sum(_shared(box, other) for other in taken) + 40 * _inside(box, marks)
            cost = (hidden + 4 * outside, abs(right) + abs(up))
            if best is None or cost < best[0]:
                best = (cost, (right, up), box)
            if hidden == 0 and outside == 0:
                break
        label.set_position(best[1])
        taken.append(best[2])
        if beside:
            _lead(ax, point, best[2], colour)


_OFFSETS = [(0, 0)] + [
    (round(reach * 1.6 * np.cos(angle)), round(reach * np.sin(angle)))
    for reach in (14, 24, 36, 50, 66, 84, 104, 126, 150)
    for angle in np.linspace(0, 2 * np.pi, 12, endpoint=False) + np.pi / 2
]


def _dots(ax: Any, points: Sequence[tuple[float, float]]) -> list[Any]:
    from matplotlib.transforms import Bbox

    return [Bbox.from_bounds(x - 6, y - 6, 12, 12) for x, y in ax.transData.transform(list(points))]


def _marks(ax: Any) -> np.ndarray:
    drawn = [
        ax.transData.transform(np.column_stack(line.get_data())) for line in ax.lines if len(line.get_xdata())
    ]
    return np.concatenate(drawn) if drawn else np.empty((0, 2))


def _inside(box: Any, marks: np.ndarray) -> int:
    x, y = marks[:, 0], marks[:, 1]
    return int(((x > box.x0 - 3) & (x < box.x1 + 3) & (y > box.y0 - 3) & (y < box.y1 + 3)).sum())


def _lead(ax: Any, point: tuple[float, float], box: Any, colour: str) -> None:
    """A line from the label's nearest edge to its point."""
    x, y = ax.transData.transform(point)
    start = (min(max(x, box.x0), box.x1), min(max(y, box.y0), box.y1))
    if np.hypot(start[0] - x, start[1] - y) > 12:
        (x0, x1), (y0, y1) = zip(*ax.transData.inverted().transform([start, (x, y)]), strict=True)
        ax.plot([x0, x1], [y0, y1], color=colour, linewidth=0.8, zorder=4, scalex=False, scaley=False)


def _shared(one: Any, other: Any) -> float:
    wide = min(one.x1, other.x1) - max(one.x0, other.x0)
    high = min(one.y1, other.y1) - max(one.y0, other.y0)
    return wide * high if wide > 0 and high > 0 else 0.0


def _outside(box: Any, frame: Any) -> float:
    return box.width * box.height - _shared(box, frame)


def _room_for_texts(ax: Any, values: Sequence[float], texts: Sequence[str], *, taken: float = 0.0) -> None:
    """Set the axis so that the longest bar and the words behind it both fit."""
    figure = ax.get_figure(root=True)
    own = getattr(figure, "crmlib_own", False)
    inches = WIDTH - taken - 0.2 if own else figure.get_figwidth() * ax.get_position().width
    width = inches * 72
    lengths = [float(value) if np.isfinite(value) else 0.0 for value in values]
    low = min([0.0, *lengths])
    room = [width - min(text_width(text) + 10, 0.8 * width) for text in texts]
    high = max(
        [low + (max(x, 0.0) - low) * width / r for x, r in zip(lengths, room, strict=True)], default=0.0
    )
    ax.set_xlim(low, high or 1.0)
