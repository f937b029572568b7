"""The look of every picture: one width, one typeface, six colours, and grey for what is only context.

A page shows pictures 358 pixels wide on a telephone. At `WIDTH` inches, letters of `SMALL` points are then
still 11 pixels high; so nothing is set smaller, and what does not fit is wrapped or cut, never shrunk.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any
from warnings import warn

from crmlib.present.claims import Claim, claims_in

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
            figure.draw_without_rendering()
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

    References
    ----------
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
