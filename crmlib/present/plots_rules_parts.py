"""What pictures of rules have in common."""

from typing import Any

from crmlib.present.plots_parts import nothing
from crmlib.present.theme import finish

_TICKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)


def ticks_between(low: float, high: float) -> list[float]:
    """Round percentages for a logarithmic axis of shares; the middle, rounded, where none lies within.

    Parameters
    ----------
    low, high : float
        Ends of the axis, percent, above 0.

    Examples
    --------
    >>> ticks_between(0.015, 0.3), ticks_between(0.00031, 0.00044), ticks_between(22.0, 29.0)
    ([0.02, 0.05, 0.1, 0.2], [0.00037], [25.0])
    """
    return [tick for tick in _TICKS if low <= tick <= high] or [float(f"{(low * high) ** 0.5:.2g}")]


def no_rules(ax: Any) -> Any:
    """The picture that says that there is no rule to draw.

    Parameters
    ----------
    ax : matplotlib Axes or None

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> ax = no_rules(None)
    >>> ax.crmlib_alt
    'No picture: no rule is above chance at this support.'
    >>> plt.close(ax.figure)
    """
    says = "No rule is above chance at this support"
    return finish(nothing(ax, says=says), title="Nothing to show", alt=f"No picture: {says.lower()}.")
