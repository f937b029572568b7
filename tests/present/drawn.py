"""Pictures drawn once for all the tests that only look at them."""

from functools import cache, cached_property
from itertools import combinations

import numpy as np
from matplotlib.text import Text

from crmlib.present.blocks import Picture


def words_of(ax):
    """The texts that are seen, with the place that their letters take, in pixels."""
    figure = ax.figure
    figure.draw_without_rendering()
    seen = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    off = [
        tick for axis in (ax.xaxis, ax.yaxis) for tick in axis.get_minor_ticks() if not tick.label1.get_text()
    ]
    hidden = {tick.label1 for tick in off}
    if not ax.axison:
        hidden |= {text for axis in (ax.xaxis, ax.yaxis) for text in axis.findobj(Text)}
    limits = {ax.xaxis: sorted(ax.get_xlim()), ax.yaxis: sorted(ax.get_ylim())}
    for axis, (low, high) in limits.items():
        for tick in axis.get_major_ticks():
            if not low - 1e-9 <= tick.get_loc() <= high + 1e-9:
                hidden |= {tick.label1, tick.label2}
    return {text: Text.get_window_extent(text) for text in seen if text not in hidden}


PHONE, DESK = 358, 576
"""How wide a page shows a picture, in its pixels: on a telephone of 390, and beside its contents on a desk."""

_LEAST, _TOUCH = 11, 2


def faults_of(ax):
    """What is wrong with the words of a picture, in sentences: too small, outside of it, or one over another."""
    words = words_of(ax)
    page = ax.figure.bbox.padded(_TOUCH)
    inches = ax.figure.get_tightbbox().width + 0.16
    wide = getattr(ax.figure, "crmlib_own", False)
    found = [f"{word(text)} is outside" for text, box in words.items() if not _within(box, page)]
    for shown in (PHONE, DESK) if wide else ():
        for text in words:
            high = text.get_fontsize() / 72 / inches * shown
            if high < _LEAST:
                found.append(f"{word(text)} is {high:.1f} pixels high where {shown} are to be had")
    shapes = {text: _corners(text, box) for text, box in words.items()}
    found += [f"{word(a)} over {word(b)}" for a, b in combinations(words, 2) if _over(shapes[a], shapes[b])]
    return found


def word(text):
    """A text as a message quotes it."""
    return repr(text.get_text())


def _within(box, page):
    return page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1


def _corners(text, box):
    # A turned text's own rectangle, not the far larger upright one around it.
    angle = text.get_rotation()
    if angle % 90 == 0:
        return np.array([(box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1)])
    given = text.get_transform_rotates_text(), text.get_rotation_mode()
    across = np.radians(angle)
    c, s = abs(np.cos(across)), abs(np.sin(across))
    if given[0] or abs(c * c - s * s) < 1e-6:
        high = text.get_fontsize() * text.figure.dpi / 72 * (1.2 * text.get_text().count("\n") + 1)
        wide = max((box.width - high * s) / c, high)
    else:
        wide, high = np.linalg.solve([[c, s], [s, c]], [box.width, box.height])
    middle = np.array([(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2])
    along, up = np.array([np.cos(across), np.sin(across)]), np.array([-np.sin(across), np.cos(across)])
    sides = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return np.array([middle + a * wide / 2 * along + b * high / 2 * up for a, b in sides])


def _over(one, other):
    # Two rectangles are apart when a side of either parts them; a touch of two pixels is let pass.
    for shape in (one, other):
        for side in (shape[1] - shape[0], shape[3] - shape[0]):
            side = side / (np.linalg.norm(side) or 1)
            a, b = one @ side, other @ side
            if min(a.max(), b.max()) - max(a.min(), b.min()) < _TOUCH:
                return False
    return True


class Drawn:
    """A picture, its words and what the page is given; each is worked out when it is first asked for."""

    def __init__(self, ax):
        self.ax = ax

    @cached_property
    def words(self):
        """See `words_of`."""
        return words_of(self.ax)

    @cached_property
    def picture(self):
        """The block of the page."""
        return Picture(self.ax)


@cache
def drawn(plot, result, name) -> Drawn:
    """The picture of `plot(result(name))`: to be looked at, not to be changed."""
    return Drawn(plot(result(name)))
