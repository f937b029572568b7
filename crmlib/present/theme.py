"""The look of every picture and what it is put together from: one width, one typeface, six colours, grey for context.

A page shows pictures 358 pixels wide on a telephone. At `WIDTH` inches, letters of `SMALL` points are then
still 11 pixels high; so nothing is set smaller, and what does not fit is wrapped or cut, never shrunk.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any
from warnings import warn

import numpy as np

from crmlib.present.claims import Claim, Fact, claim, claims_in
from crmlib.present.numbers import NBSP, capital, number

FIRST = "DejaVu Sans"
"""It comes with matplotlib, so a picture is laid out alike wherever it is drawn."""

CJK = (
    *(f"Noto Sans CJK {place}" for place in ("SC", "TC", "HK", "JP", "KR")),
    *("Noto Sans SC", "Noto Sans TC", "Noto Sans JP", "Noto Sans KR"),
    *("Source Han Sans SC", "Source Han Sans JP", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei"),
    *("PingFang SC", "Hiragino Sans", "Apple SD Gothic Neo", "Arial Unicode MS"),
    *("Microsoft YaHei", "Yu Gothic", "Meiryo", "Malgun Gothic", "SimHei", "IPAGothic", "TakaoGothic"),
)
"""Families with Chinese, Japanese or Korean letters, on Linux, macOS and Windows."""

SHOWN = ", ".join(
    name if name == "sans-serif" else f"'{name}'"
    for name in (
        FIRST,
        "Verdana",
        "Segoe UI",
        "Roboto",
        "Helvetica Neue",
        "Noto Sans",
        "Arial",
        *CJK,
        "sans-serif",
    )
)
"""What a reader's machine is asked for, as CSS says it: first what has the widths of `FIRST`, then what is
narrower, so that words keep the room that was made for them."""


class MissingFontWarning(UserWarning):
    """A picture has letters that no installed font can draw."""


@cache
def families() -> tuple[str, ...]:
    """The installed families that pictures are drawn with; matplotlib asks them in this order, letter by letter."""
    from matplotlib.font_manager import fontManager

    installed = set(fontManager.get_font_names())
    return (FIRST, *[name for name in CJK if name in installed][:3])


def missing_glyphs(text: str, *, names: Iterable[str] | None = None) -> list[str]:
    """The letters of a text that none of the fonts has."""
    chosen = tuple(families() if names is None else names)
    letters = dict.fromkeys(letter for letter in text if letter.isprintable() and not letter.isspace())
    for name in chosen:
        letters = {letter: None for letter in letters if ord(letter) not in _letters_of(name)}
        if not letters:
            return []
    return list(letters)


def warn_of_missing(text: str) -> list[str]:
    """Warn, with the font to install, where a text has letters that would be drawn as empty boxes."""
    missing = missing_glyphs(text)
    if missing:
        shown = "".join(missing[:20]) + ("…" if len(missing) > 20 else "")
        warn(
            f"No installed font has the letters {shown} of a picture, so they are drawn as boxes. "
            f"{_remedy(missing)}",
            MissingFontWarning,
            stacklevel=2,
        )
    return missing


def _remedy(missing: Iterable[str]) -> str:
    if any(0x1100 <= ord(letter) <= 0xFFEF and not 0x2000 <= ord(letter) < 0x2E80 for letter in missing):
        return "Install Noto Sans CJK (Debian and Ubuntu: apt-get install fonts-noto-cjk) and start again."
    return "Install a font that has them, such as Noto Sans (Debian and Ubuntu: apt-get install fonts-noto)."


@cache
def _letters_of(name: str) -> frozenset[int]:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    try:
        path = findfont(FontProperties(family=[name]), fallback_to_default=False)
    except ValueError:
        return frozenset()
    return frozenset(get_font(path).get_charmap())


WIDTH = 4.8
"""Inches. Pictures are made for a telephone; a wide page shows them as they are."""

SMALL, LARGE = 11, 13
"""Points: all letters, and titles."""

INK, SOFT, GREY, PALE = "#1a1f26", "#55606d", "#8b95a1", "#e3e7eb"
"""Words, quieter words, marks that are context, lines of the grid."""

SEGMENT_COLOURS = ("#0072b2", "#d55e00", "#0f5132", "#8a2f6b", "#a08a5a", "#5b3fb8")
"""Begun from Okabe and Ito's, and chosen to differ in lightness too: each has a contrast of at least 3 to 1
with a white page, and no two look alike to readers who do not see red, green or blue."""

_EDGE = 3 / 72

MAIN, ALARM = SEGMENT_COLOURS[:2]
"""The one colour of a picture that needs only one, and the one for what asks to be looked at."""


def theme() -> Any:
    """The settings of all pictures, for as long as a `with` block lasts."""
    import matplotlib
    from cycler import cycler

    return matplotlib.rc_context(
        {
            "font.family": list(families()),
            "font.size": SMALL,
            "axes.labelsize": SMALL,
            "axes.titlesize": LARGE,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "axes.titlepad": 12,
            "axes.titlecolor": INK,
            "axes.labelcolor": SOFT,
            "axes.edgecolor": GREY,
            "axes.facecolor": "white",
            "axes.axisbelow": True,
            "axes.grid": False,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.spines.left": False,
            "axes.prop_cycle": cycler(color=SEGMENT_COLOURS),
            "axes.formatter.use_mathtext": False,
            "figure.facecolor": "white",
            "figure.dpi": 96,
            "grid.color": PALE,
            "grid.linewidth": 1,
            "legend.frameon": False,
            "legend.fontsize": SMALL,
            "lines.linewidth": 2,
            "lines.solid_capstyle": "round",
            "text.color": INK,
            "text.parse_math": False,
            "xtick.color": GREY,
            "xtick.labelcolor": SOFT,
            "xtick.labelsize": SMALL,
            "xtick.major.size": 0,
            "ytick.color": GREY,
            "ytick.labelcolor": INK,
            "ytick.labelsize": SMALL,
            "ytick.major.size": 0,
        }
    )


def axes(*, height: float = 3.2) -> Any:
    """Empty axes of the width that pages are made for."""
    import matplotlib.pyplot as plt

    with theme():
        figure, ax = plt.subplots(figsize=(WIDTH, height), layout="constrained")
    figure.crmlib_own = True
    return ax


def finish(ax: Any, *, title: Claim | str, alt: Claim | str) -> Any:
    """Set title and alternative text, and lay the picture out."""
    figure = ax.get_figure(root=True)
    own = getattr(figure, "crmlib_own", False)
    width = (WIDTH if own else ax.get_position().width * figure.get_figwidth()) * 72
    ax.crmlib_claims = tuple(claims_in(title, alt))
    ax.crmlib_alt = " ".join(str(alt).split())
    with theme():
        heading = ax.set_title(balanced(str(title), width=width - 6), loc="left")
        _plain_text(figure)
        if own:
            ax.set_xlabel(wrapped(ax.get_xlabel(), width=WIDTH * 72 - 6))
            figure.get_layout_engine().execute(figure)
            _keep_inside(ax)
    if own:
        box = ax.get_position()
        heading.set_x((_EDGE / WIDTH - box.x0) / box.width)
        figure.set_layout_engine("none")
    return ax


def colour_of(name: Any, order: Sequence[Any]) -> str:
    """The colour of a segment: the same in every picture whose segments come in the same order."""
    place = list(order).index(name) if name in list(order) else len(SEGMENT_COLOURS)
    return SEGMENT_COLOURS[place] if place < len(SEGMENT_COLOURS) else GREY


def letters_of(colour: str) -> str:
    """The colour for letters that go with a mark: darkened until it can be read on a white page."""
    parts = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    while contrast("#{:02x}{:02x}{:02x}".format(*parts)) < 4.5:
        parts = [int(part * 0.98) for part in parts]
    return "#{:02x}{:02x}{:02x}".format(*parts)


def contrast(colour: str, *, paper: str = "#ffffff") -> float:
    """How far a colour stands out from the paper, 1 to 21.

    Web Content Accessibility Guidelines 2.2, contrast ratio.
    """
    light, dark = sorted((_luminance(colour), _luminance(paper)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def wrapped(
    text: str, *, width: float, size: float = SMALL, bold: bool = False, lines: int | None = None
) -> str:
    """A text broken into lines that fit."""
    done, line = [], ""
    for word in _words(str(text), width, size, bold):
        longer = f"{line} {word}" if line else word
        if line and text_width(longer, size=size, bold=bold) > width:
            done.append(line)
            line = word
        else:
            line = longer
    done.append(line)
    if lines is not None and len(done) > lines:
        last = done[lines - 1]
        while len(last) > 1 and text_width(f"{last}…", size=size, bold=bold) > width:
            last = last.rpartition(" ")[0] or last[:-1]
        done = [*done[: lines - 1], f"{last.rstrip(' ,;')}…"]
    return "\n".join(done)


def balanced(title: str, *, width: float) -> str:
    """A title broken into as few lines as it needs, all about as long, so that no word stands alone."""
    best = wrapped(title, width=width, size=LARGE, bold=True)
    for narrower in range(1, 12):
        tried = wrapped(title, width=width * (1 - 0.04 * narrower), size=LARGE, bold=True)
        if tried.count("\n") > best.count("\n"):
            break
        best = tried
    return best


def text_width(text: str, *, size: float = SMALL, bold: bool = False) -> float:
    """How wide the longest line of a text is drawn, in points."""
    return max(_line_width(line, size, bold) for line in text.split("\n"))


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@cache
def _line_width(line: str, size: float, bold: bool) -> float:
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.font_manager import FontProperties

    letters = FontProperties(family=list(families()), size=size, weight="bold" if bold else "normal")
    return RendererAgg(1, 1, 96).get_text_width_height_descent(line, letters, False)[0] * 72 / 96


def _words(text: str, width: float, size: float, bold: bool) -> list[str]:
    words = []
    for word in text.split(" "):
        while len(word) > 1 and text_width(word, size=size, bold=bold) > width:
            keep = next(
                n
                for n in range(len(word) - 1, 0, -1)
                if n == 1 or text_width(word[:n], size=size, bold=bold) <= width
            )
            words.append(word[:keep])
            word = word[keep:]
        if word:
            words.append(word)
    return words


def _keep_inside(ax: Any) -> None:
    """Move the name of the axis below as far as it stands out of the picture."""
    name, page, frame = ax.xaxis.label, ax.get_figure(root=True).bbox, ax.get_window_extent()
    if name.get_text() and ax.axison:
        box = name.get_window_extent()
        moved = max(page.x0 + 2 - box.x0, 0) + min(page.x1 - 2 - box.x1, 0)
        name.set_x(name.get_position()[0] + moved / frame.width)


def _plain_text(figure: Any) -> None:
    # A dollar sign in a name is a dollar sign, also on axes that were made elsewhere.
    from matplotlib.text import Text

    texts = figure.findobj(Text)
    for text in texts:
        text.set_parse_math(False)
    warn_of_missing("".join(sorted({letter for text in texts for letter in text.get_text() if letter > "ɏ"})))


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


def named_rows(ax: Any, labels: Sequence[Any], *, title: Any, foot: float = 0.85) -> tuple[Any, np.ndarray]:
    """Axes with a row for each name, which stands at its side; and the middle of each row."""
    said = [wrapped(str(label), width=SIDE * 84, lines=4) for label in labels]
    tall = [max(0.46, LINE * (label.count("\n") + 1) + 0.16) for label in said]
    middles = np.cumsum(tall) - np.array(tall) / 2
    ax = canvas(ax, title=title, body=sum(tall), foot=foot)
    ax.set_yticks(middles, said)
    ax.set_ylim(sum(tall), 0)
    ax.xaxis.grid(True)
    return ax, middles


def draw_range(
    ax: Any, middle: float, row: Sequence[float], *, colour: str, mark: str = "o", filled: bool = True
) -> None:
    """A value's dot on the line of its range: `row` is value, low, high."""
    value, low, high = row
    ax.plot([low, high], [middle] * 2, color=colour, linewidth=3, alpha=0.55)
    ax.plot(value, middle, mark, color=colour, markersize=8, markerfacecolor=colour if filled else "white")


def say_behind(
    ax: Any, text: Any, at: tuple[float, float], *, gap: float = 6, colour: str = SOFT, bold: bool = False
) -> None:
    """Words behind the end of a bar or range, before it where the gap is negative."""
    from matplotlib.patheffects import withStroke

    ax.annotate(
        str(text), at, (gap, 0), textcoords="offset points", va="center", ha="left" if gap > 0 else "right",
        color=letters_of(colour), fontweight="bold" if bold else "normal",
        path_effects=[withStroke(linewidth=3, foreground="white")],
    )  # fmt: skip


def range_rows(
    ax: Any,
    *,
    title: Claim,
    names: Sequence[Any],
    rows: Sequence[Sequence[float]],
    texts: Sequence[Any],
    unit: Any,
    colours: str | Sequence[str] = MAIN,
    about: float | None = None,
) -> Any:
    """A dot on its range a row (`rows`: value, low, high), each with its name at the side and its figure behind it."""
    colours, texts = [colours] * len(rows) if isinstance(colours, str) else colours, [*map(str, texts)]
    with theme():
        foot = 0.62 + 0.2 * str(unit).count("\n")
        ax, middles = named_rows(ax, [capital(name) for name in names], title=title, foot=foot)
        if about is not None and np.isfinite(about):
            ax.axvline(about, color=INK, linewidth=1)
        for middle, row, text, colour in zip(middles, rows, texts, colours, strict=True):
            draw_range(ax, middle, row, colour=colour)
            say_behind(ax, text, (row[2], middle), colour=colour)
        room_for_texts(
            ax, [min(low for _, low, _ in rows), *(row[2] for row in rows)], ["", *texts], taken=SIDE
        )
        ax.locator_params(axis="x", nbins=5)
        short_numbers(ax.xaxis)
        ax.set_xlabel(str(unit), loc="left")
    return ax


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
            say_behind(ax, text, (ends[-1], middle), gap=5)
            top += height
        ax.set_ylim(top, 0)
        ax.set_yticks([])
        room_for_texts(ax, ends, texts)
        ax.set_xlabel(str(unit), loc="left")
        ax.set_xticks([])
        ax.spines["bottom"].set_visible(False)
    return ax


def bar_picture(
    ax: Any,
    *,
    title: Claim,
    names: Sequence[Any],
    texts: Sequence[Any],
    alt: Callable[[Fact], Claim],
    **drawn: Any,
) -> Any:
    """`bar_rows` as a finished picture; `alt` makes its description of all bars, said one after the other."""
    ax = bar_rows(ax, title=title, names=names, texts=texts, **drawn)
    bars = [
        claim("picture-bar", what=_as_fact(what), text=_as_fact(text)) if str(text) else _as_fact(what)
        for what, text in zip(names, texts, strict=True)
    ]
    return finish(ax, title=title, alt=alt(Fact(tuple(bars), "names")))


def _as_fact(said: Any) -> Fact | Claim:
    return said if isinstance(said, Fact | Claim) else Fact(str(said), "name")


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
                say_behind(ax, shown[-1], (max(value, 0), y), gap=5)
        ax.set_yticks(middles, said)
        ax.set_ylim(sum(tall), 0)
        ends = [length for pair in zip(context, values, strict=True) for length in pair]
        room_for_texts(ax, ends, shown, taken=SIDE)
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


def nothing(ax: Any, *, says: Claim | str, title: Claim | None = None) -> Any:
    """A picture that says why there is nothing to see, instead of an empty frame."""
    why = str(says)
    with theme():
        ax = axes(height=1.3) if ax is None else ax
        ax.set_axis_off()
        said = wrapped(why, width=WIDTH * 72 - 40)
        ax.text(0.5, 0.5, said, ha="center", va="center", color=SOFT, transform=ax.transAxes)
    ax.crmlib_nothing = why
    return finish(ax, title=title or says, alt=claim("picture-nothing-alt", why=_as_fact(says)))


def room_for_texts(ax: Any, values: Sequence[float], texts: Sequence[str], *, taken: float = 0.0) -> None:
    """Set the axis below so that the longest bar and the words behind it both fit."""
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
    high = high or 1.0
    ax.set_xlim(low - 0.02 * (high - low) if low < 0 else low, high)


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
