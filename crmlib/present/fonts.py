"""Fonts of the pictures: matplotlib's own first, on every machine; others serve the letters that it lacks."""

from collections.abc import Iterable
from functools import cache
from warnings import warn

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
    """A picture has letters that no installed font can draw.

    Examples
    --------
    >>> issubclass(MissingFontWarning, UserWarning)
    True
    """


@cache
def families() -> tuple[str, ...]:
    """The installed families that pictures are drawn with; matplotlib asks them in this order, letter by letter.

    Returns
    -------
    tuple of str
        `FIRST`, and behind it at most three families with Chinese, Japanese or Korean letters.

    Examples
    --------
    >>> families()[0]
    'DejaVu Sans'
    """
    from matplotlib.font_manager import fontManager

    installed = set(fontManager.get_font_names())
    return (FIRST, *[name for name in CJK if name in installed][:3])


def missing_glyphs(text: str, *, names: Iterable[str] | None = None) -> list[str]:
    """The letters of a text that none of the fonts has.

    Parameters
    ----------
    text : str
    names : families, optional
        `families()` when not given.

    Returns
    -------
    list of str
        Each letter once, in the order they come; they would be drawn as empty boxes.

    Examples
    --------
    >>> missing_glyphs("Umsatz je Kunde, €"), missing_glyphs("顧客", names=["DejaVu Sans"])
    ([], ['顧', '客'])
    """
    chosen = tuple(families() if names is None else names)
    letters = dict.fromkeys(letter for letter in text if letter.isprintable() and not letter.isspace())
    for name in chosen:
        letters = {letter: None for letter in letters if ord(letter) not in _letters_of(name)}
        if not letters:
            return []
    return list(letters)


def warn_of_missing(text: str) -> list[str]:
    """Warn, with the font to install, where a text has letters that would be drawn as empty boxes.

    Parameters
    ----------
    text : str

    Returns
    -------
    list of str
        The letters, as `missing_glyphs` gives them.

    Warns
    -----
    MissingFontWarning

    Examples
    --------
    >>> warn_of_missing("Net sales, USD")
    []
    """
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
