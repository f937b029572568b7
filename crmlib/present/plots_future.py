"""Pictures of what customers are expected to buy, and of whether such an expectation held before."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.future import FutureContribution
from crmlib.analyse.holdout import HoldoutCheck
from crmlib.present.plots_parts import canvas, nothing, scale_of, short_numbers
from crmlib.present.theme import ALARM, GREY, INK, MAIN, SOFT, finish, letters_of, theme
from crmlib.present.words import count, date, listing, money, number, percent

PLAIN_GUESSES = {
    "own rate, drawn to the mean": "own rate, evened out",
    "own rate goes on": "own rate goes on",
    "everyone buys like the average": "everyone like the average",
    "the last period repeats": "last period repeats",
}
"""The plain guesses, in few words."""


def plot_holdout(result: HoldoutCheck | None, *, ax: Any = None) -> Any:
    """Purchases predicted and purchases that came, by how often customers had bought before.

    Parameters
    ----------
    result : HoldoutCheck or None
        None where the history is too short for a test: the picture says so.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from crmlib.present.claims_future import _little_future
    >>> ax = plot_holdout(_little_future().holdout)
    >>> ax.get_title(loc="left").replace("\\n", " ")
    '7.2\\xa0% more purchases were expected than came'
    >>> plt.close(ax.figure)
    """
    if result is None:
        says = "The history is too short to put the expectation to the test"
        return finish(nothing(ax, says=says), title=says, alt=f"No picture: {says.lower()}.")
    table, name, best = result.by_frequency, result.chosen, _other(result)
    row = result.total(name)
    title = _holdout_title(row)
    places = np.arange(len(table))
    with theme():
        ax = canvas(ax, title=title, body=2.9, foot=0.75)
        reach = [table["actual_mean"] - table["actual_low"], table["actual_high"] - table["actual_mean"]]
        ax.errorbar(places, table["actual_mean"], yerr=reach, fmt="o", color=INK, markersize=6, linewidth=2.5,
                    zorder=4)  # fmt: skip
        ax.plot(
            places, table[best], color=GREY, linewidth=1.5, marker="s", markersize=5, markerfacecolor="white"
        )
        ax.plot(places, table[name], color=MAIN, linewidth=2, marker="D", markersize=5, zorder=5)
        ax.set_xticks(places, table["frequency"].astype(str), rotation=_turn(table["frequency"]))
        tops = table[["actual_high", name, best]].to_numpy(dtype=float)
        ax.set_ylim(0, 1.42 * np.nanmax(tops))
        ax.set_xlim(-0.4, len(table) - 0.6)
        for place, (says, colour) in enumerate(
            (
                ("● came, with interval", INK),
                (f"◆ expected ({_who(name)})", MAIN),
                (f"□ {PLAIN_GUESSES.get(best, best)}", letters_of(GREY)),
            )
        ):
            ax.text(0.01, 0.99 - 0.085 * place, says, color=colour, va="top", fontweight="bold",
                    transform=ax.transAxes)  # fmt: skip
        short_numbers(ax.yaxis)
        ax.yaxis.grid(True)
        ax.set_xlabel(f"repeat purchases up to {date(result.calibration_end)}", loc="right")
        ax.set_ylabel(f"purchases a customer, {count(result.holdout_days, 'day')}")
    parts = [
        f"{item['frequency']}: came {number(item['actual_mean'])}, expected {number(item[name])}, "
        f"plain guess {number(item[best])}"
        for _, item in table.iterrows()
    ]
    alt = (
        f"Dots with intervals and two lines: mean purchases of a customer in {count(result.holdout_days, 'day')} "
        f"after {date(result.calibration_end)}, by repeat purchases before. {'; '.join(parts)}."
    )
    return finish(ax, title=title, alt=alt)


def plot_future_value(result: FutureContribution, *, ax: Any = None) -> Any:
    """How far what is expected rests on few customers: tenths of customers, the best first.

    Parameters
    ----------
    result : FutureContribution
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from types import SimpleNamespace
    >>> table = pd.DataFrame({"future_contribution": [50.0] + [10.0] * 5})
    >>> found = SimpleNamespace(table=table, currency="EUR", is_revenue=True, horizon_days=365)
    >>> ax = plot_future_value(found)
    >>> ax.get_title(loc="left").replace("\\n", " ")
    'The best tenth of customers is expected to bring 50\\xa0% of revenue'
    >>> plt.close(ax.figure)
    """
    value = result.table["future_contribution"].dropna().sort_values(ascending=False, kind="stable")
    if value.empty or value.sum() <= 0:
        says = "Nothing is known of what customers will bring"
        if len(value):
            says = "What customers are expected to bring adds up to nothing"
        return finish(nothing(ax, says=says), title=says, alt=f"No picture: {says.lower()}.")
    tenth = np.minimum(np.arange(len(value)) * 10 // len(value), 9)
    means = value.groupby(tenth).mean().reindex(range(10))
    share = 100 * value.groupby(tenth).sum().reindex(range(10)).fillna(0) / value.sum()
    what = "revenue" if result.is_revenue else "margin"
    title = f"The best tenth of customers is expected to bring {percent(share[0])} of {what}"
    divisor, word = scale_of(means.fillna(0).tolist())
    unit = " ".join(filter(None, [word and f"{word}s of" if word else "", result.currency]))
    with theme():
        ax = canvas(ax, title=title, body=2.7, foot=0.75)
        ax.bar(range(10), means.fillna(0) / divisor, color=[MAIN] + [SOFT] * 9, width=0.75)
        for place in (0, 1, 9):
            if np.isfinite(means[place]):
                ax.annotate(percent(share[place]), (place, means[place] / divisor), (0, 3),
                            textcoords="offset points", ha="center", va="bottom", color=INK)  # fmt: skip
        ax.set_ylim(0, 1.15 * np.nanmax(means) / divisor)
        ax.set_xticks(range(10), [str(place + 1) for place in range(10)])
        short_numbers(ax.yaxis)
        ax.yaxis.grid(True)
        ax.set_xlabel("tenths of customers; % is their share of the whole", loc="right")
        ax.set_ylabel(f"{what} a customer{f', {unit}' if unit else ''}")
    parts = [
        f"{place + 1}: {money(means[place], result.currency)}" for place in range(10) if means.notna()[place]
    ]
    alt = (
        f"Bars: mean {what} expected of a customer within {count(result.horizon_days, 'day')}, by tenths of "
        f"{count(len(value), 'customer')}, the best first. {listing(parts)}."
    )
    return finish(ax, title=title, alt=alt)


def plot_alive(result: FutureContribution, *, ax: Any = None) -> Any:
    """How probable it is that a customer still buys, by purchases so far and days of silence.

    Parameters
    ----------
    result : FutureContribution
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from types import SimpleNamespace
    >>> from crmlib.analyse.lifetime_bgnbd import BetaGeoModel
    >>> model = BetaGeoModel.with_params(r=0.243, alpha=4.414, a=0.793, b=2.426)
    >>> history = pd.DataFrame({"frequency": [1, 4, 9], "recency": [9.0, 20.0, 38.0], "T": [39.0] * 3})
    >>> ax = plot_alive(SimpleNamespace(fit=SimpleNamespace(model=model), history=history))
    >>> ax.get_title(loc="left").replace("\\n", " ")
    'The more often somebody bought, the more a silence says'
    >>> plt.close(ax.figure)
    """
    history, model = result.history, result.fit.model
    curves = _alive_curves(history, model)
    if not curves:
        says = "Who still buys cannot be told from these data"
        return finish(nothing(ax, says=says), title=says, alt=f"No picture: {says.lower()}.")
    title = _alive_title(curves)
    with theme():
        ax = canvas(ax, title=title, body=2.9, foot=0.75)
        colours = (SOFT, MAIN, ALARM)
        for (_, days, share), colour in zip(curves, colours, strict=False):
            ax.plot(days, 100 * share, color=colour, linewidth=2.5)
        ax.set_ylim(0, 104)
        ax.set_xlim(0, curves[0][1][-1])
        _label_curves(ax, curves, colours)
        ax.set_yticks([0, 25, 50, 75, 100])
        ax.yaxis.grid(True)
        short_numbers(ax.xaxis)
        ax.set_xlabel("days since the last purchase", loc="right")
        ax.set_ylabel("probability of still buying, %")
    parts = []
    for repeats, days, share in curves:
        halves = days[np.argmax(share < 0.5)] if (share < 0.5).any() else None
        when = (
            f"falls below a half after {count(int(halves), 'day')}"
            if halves is not None
            else "stays above a half"
        )
        parts.append(f"with {count(repeats, 'repeat purchase')} it {when}")
    alt = f"Lines of the probability that a customer still buys, by days of silence: {listing(parts)}."
    return finish(ax, title=title, alt=alt)


def _holdout_title(row: pd.Series) -> str:
    if not row["actual"]:
        return "Nobody bought in the time that was predicted"
    error = 100 * (row["predicted"] / row["actual"] - 1)
    if round(abs(error), 1) == 0:
        return "As many purchases were expected as came"
    return f"{percent(abs(error))} {'more' if error > 0 else 'fewer'} purchases were expected than came"


def _other(result: HoldoutCheck) -> str:
    """The baseline to show: the best one that is not the chosen prediction itself."""
    rows = result.totals[(result.totals["kind"] == "baseline") & ~result.totals["chosen"]]
    return str(rows.loc[rows["rmse"].idxmin(), "model"])


def _who(name: str) -> str:
    return PLAIN_GUESSES.get(name, "model")


def _turn(names: pd.Series) -> int:
    return 0 if names.astype(str).str.len().max() <= 3 else 40


def _alive_curves(history: pd.DataFrame, model: Any) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """For few, some and many repeat purchases of a customer seen as long as most: probability by silence."""
    again = history.loc[history["frequency"] > 0, "frequency"]
    if again.empty:
        return []
    age = float(history["T"].median())
    chosen = sorted({int(x) for x in again.quantile([0.1, 0.5, 0.9], interpolation="nearest")})
    silent = np.linspace(0, 0.95 * age, 150)
    curves = []
    for repeats in chosen:
        asked = pd.DataFrame({"frequency": repeats, "recency": age - silent, "T": age})
        share = model.probability_alive(asked).to_numpy()
        if not np.isfinite(share).all():
            return []
        curves.append((repeats, 7 * silent, share))
    return curves


def _alive_title(curves: list[tuple[int, np.ndarray, np.ndarray]]) -> str:
    if len(curves) == 1:
        return "The longer the silence, the less probable another purchase"
    few, many = curves[0], curves[-1]
    if many[2][-1] < few[2][-1]:
        return "The more often somebody bought, the more a silence says"
    return "How silence lowers the probability of another purchase"


def _label_curves(
    ax: Any, curves: list[tuple[int, np.ndarray, np.ndarray]], colours: tuple[str, ...]
) -> None:
    for place, ((repeats, _, _), colour) in enumerate(zip(curves, colours, strict=False)):
        ax.text(0.99, 0.98 - 0.085 * place, f"— {count(repeats, 'repeat purchase')}", color=letters_of(colour),
                ha="right", va="top", fontweight="bold", transform=ax.transAxes,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5, "alpha": 0.85})  # fmt: skip
