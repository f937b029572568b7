"""Pictures drawn once for all the tests that only look at them."""

from functools import cache, cached_property

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
