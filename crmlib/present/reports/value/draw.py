"""Pictures of value: how unevenly it lies, what lifts the best customers, how far the weights decide."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.lifetime.future import FutureContribution
from crmlib.analyse.lifetime.holdout import HoldoutCheck
from crmlib.analyse.value.pareto import ParetoCurve
from crmlib.analyse.value.scorecard import Scorecard
from crmlib.analyse.value.valuations import credit_by_grade, growth_by_category, loyalty_table
from crmlib.analyse.value.weights import topic_lifts
from crmlib.present.plots_parts import (
    SIDE,
    bar_percent,
    bar_rows,
    canvas,
    nothing,
    place_labels,
    scale_of,
    short_numbers,
)
from crmlib.present.reports.value.say import measure_word, topic_word
from crmlib.present.theme import (
    ALARM,
    GREY,
    INK,
    MAIN,
    PALE,
    SOFT,
    finish,
    letters_of,
    text_width,
    theme,
    wrapped,
)
from crmlib.present.words import NBSP, count, date, listing, money, number, percent, quoted, shortened

_MOST_TOPICS = 8
_NEAR = 12


def plot_pareto(result: ParetoCurve, *, ax: Any = None) -> Any:
    """The share of value that the most valuable customers bring, with its interval.

    Parameters
    ----------
    result : ParetoCurve
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    if result.curve.empty:
        says = f"Nobody brings {measure_word(result)}"
        return finish(nothing(ax, says=says), title="Nothing to show", alt=f"No picture: {says.lower()}.")
    share, low, high = result.top20_share_pct
    word = measure_word(result)
    title = f"The top {percent(20)} of customers bring {percent(share)} of {word}"
    curve = result.curve.set_index("customers_share_pct")
    a, bring = result.class_table.loc["A", ["customers_share_pct", "value_share_pct"]].astype(float)
    with theme():
        ax = canvas(ax, title=title, body=2.9, foot=0.6)
        even = np.linspace(0, 100, 41)
        ax.plot(even, even, color=GREY, linewidth=1.5)
        ax.fill_between(curve.index, curve["low"], curve["high"], color=MAIN, alpha=0.18, linewidth=0)
        ax.plot(curve.index, curve["value_share_pct"], color=MAIN, linewidth=2.5)
        ax.plot([20, 20], [low, high], color=INK, linewidth=3)
        ax.plot([20], [share], "o", color=INK, markersize=8)
        points, texts = [(20.0, share)], [f"20 % bring {bar_percent(share)}\n({_range(low, high)})"]
        colours = [INK]
        if abs(share - bring) >= _NEAR and a < 99.5:
            ax.plot([a], [bring], "o", color=MAIN, markersize=7)
            points, texts = (
                [*points, (a, bring)],
                [*texts, f"class A: {bar_percent(a)}\nbring {bar_percent(bring)}"],
            )
            colours.append(letters_of(MAIN))
        ax.set(xlim=(0, 102), ylim=(0, 102), xticks=np.arange(0, 101, 20), yticks=np.arange(0, 101, 20))
        ax.grid(True)
        ax.set_xlabel("customers, most valuable first, %")
        ax.set_ylabel(f"{word}, %")
        ax.text(72, 47, "if all brought\nthe same", ha="center", va="center", color=SOFT, linespacing=1.05)
        place_labels(ax, points=points, texts=texts, colours=colours, beside=True)
    parts = [
        f"{at} % of customers bring {percent(curve['value_share_pct'][at])}" for at in (1, 5, 10, 20, 50)
    ]
    alt = f"Curve of {word} over customers, the most valuable first: {listing(parts)}. The interval of the "
    return finish(ax, title=title, alt=f"{alt}top 20 % is {_range(low, high)}.")


def plot_score_profile(result: Scorecard, *, ax: Any = None) -> Any:
    """What lifts the best fifth of customers above the average one, in points of their score.

    Parameters
    ----------
    result : Scorecard
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    table = topic_lifts(result).head(_MOST_TOPICS)
    if table.empty:
        says = "Customers could not be scored"
        return finish(nothing(ax, says=says), title=says, alt=f"No picture: {says.lower()}.")
    names = [topic_word(result, topic) for topic in table.index]
    title = _lift_title([name for name, mean in zip(names, table["mean"], strict=True) if mean > 0])
    said = [wrapped(f"{name[:1].upper()}{name[1:]}", width=SIDE * 72, lines=2) for name in names]
    with theme():
        ax = canvas(ax, title=title, body=0.42 * len(said), foot=0.75)
        for place, (_, row) in enumerate(table.iterrows()):
            ax.barh(place, row["mean"], height=0.5, color=MAIN)
            ax.plot([row["low"], row["high"]], [place, place], color=INK, linewidth=2)
            ax.annotate(
                _signed(row["mean"]), (max(row["high"], row["mean"], 0), place), (6, 0),
                textcoords="offset points", va="center", color=SOFT,
            )  # fmt: skip
        low, high = min(0.0, table[["low", "mean"]].min().min()), table[["high", "mean"]].max().max()
        room = (high - low or 1) * text_width("+00.0") / 150
        ax.set_xlim(low * 1.05, high + room)
        ax.set_yticks(range(len(said)), said)
        ax.set_ylim(len(said) - 0.5, -0.5)
        ax.axvline(0, color=GREY, linewidth=1)
        ax.xaxis.grid(True)
        ax.set_xlabel(
            wrapped("points above the average customer; line: 8 in 10 of the best fifth", width=230),
            loc="right",
        )
    parts = [
        f"{name} {_signed(row['mean'])} ({_signed(row['low'])} to {_signed(row['high'])})"
        for name, (_, row) in zip(names, table.iterrows(), strict=True)
    ]
    best = count(len(result.best_fifth), "customer")
    alt = (
        f"Bars: points that each topic adds to the score of the best fifth, {best}, against the average one: "
    )
    return finish(ax, title=title, alt=f"{alt}{listing(parts)}.")


def plot_rank_stability(result: Scorecard, *, ax: Any = None) -> Any:
    """How many of the best fifth stay when the weights are moved.

    Parameters
    ----------
    result : Scorecard
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    table = result.rank_stability
    if table.empty:
        says = "Customers could not be scored"
        return finish(nothing(ax, says=says), title=says, alt=f"No picture: {says.lower()}.")
    wild = table.iloc[-1]
    only = "only " if wild["kept_share_pct"] < 70 else ""
    title = (
        f"Move the weights by up to {percent(wild['shake_pct'])}, and {only}"
        f"{percent(wild['kept_share_pct'])} of the best fifth stay"
    )
    with theme():
        ax = canvas(ax, title=title, body=0.62 * len(table), foot=0.6)
        for place, (_, row) in enumerate(table.iterrows()):
            ax.plot([row["low"], row["high"]], [place, place], color=MAIN, linewidth=3, alpha=0.5)
            ax.plot(row["kept_share_pct"], place, "o", color=MAIN, markersize=9)
            kept = f"{bar_percent(row['kept_share_pct'])} ({_range(row['low'], row['high'])})"
            right = row["kept_share_pct"] > 60
            ax.annotate(
                kept, (row["high"] if right else row["low"], place), (4 if right else -4, 9),
                textcoords="offset points", ha="right" if right else "left", va="bottom", color=INK,
            )  # fmt: skip
        ax.set_yticks(range(len(table)), [f"up to {number(shake)} %" for shake in table["shake_pct"]])
        ax.set_ylim(len(table) - 0.6, -0.75)
        least = 10 * min(5, int(table["low"].min() // 10))
        ax.set_xlim(least, 101 + least / 100)
        ax.set_xticks(range(least, 101, 10 if least >= 50 else 20))
        ax.xaxis.grid(True, color=PALE)
        ax.set_xlabel("of the best fifth stay in it, %", loc="right")
    parts = [
        f"up to {number(row['shake_pct'])} % {percent(row['kept_share_pct'])} ({_range(row['low'], row['high'])})"
        for _, row in table.iterrows()
    ]
    alt = "Dots with ranges: share of the best fifth that stays in it when all weights are moved by "
    return finish(ax, title=title, alt=f"{alt}{listing(parts)}.")


def _lift_title(names: list[str]) -> str:
    if not names:
        return "No topic lifts the best fifth"
    lead = listing(names[:2])
    return f"{lead[:1].upper()}{lead[1:]} {'lifts' if len(names) == 1 else 'lift'} the best fifth most"


def _range(low: float, high: float) -> str:
    ends = [bar_percent(end).removesuffix("\u00a0%") for end in (low, high)]
    return f"{ends[0]} to {ends[1]} %"


def _signed(value: float) -> str:
    shown = f"{value:+.1f}"
    return "0" if shown in ("+0.0", "-0.0") else shown.replace("-", "−")


_MOST_BARS = 8
_GRADES = {
    "A": "A: as agreed",
    "B": "B: small delays",
    "C": "C: noticeable delays",
    "D": "D: long delays, or over the limit",
    "E": "E: very long delays",
}


def plot_growth(result: pd.DataFrame, *, ax: Any = None) -> Any:
    """The categories where most room is, with the customers who have it there.

    Parameters
    ----------
    result : DataFrame
        As `customer_valuations` makes it.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> worth = pd.DataFrame({"growth_category": ["tea", "mugs"], "growth_category_amount": [9.0, 7.0]})
    >>> worth.attrs["currency"] = "EUR"
    >>> ax = plot_growth(worth)
    >>> ax.get_title(loc="left").replace("\\n", " ")
    'Most room is in “tea”: EUR\\xa09 a year'
    >>> plt.close(ax.figure)
    """
    currency = result.attrs.get("currency", "")
    table = growth_by_category(result)
    if table.empty:
        return _none(ax, "No room to grow is known")
    shown = table.head(_MOST_BARS)
    first = shown.iloc[0]
    title = (
        f"Most room is in {quoted(shortened(shown.index[0], 40))}: {money(first['amount'], currency)} a year"
    )
    texts = [
        f"{money(row.amount, currency)}, {count(row.customers, 'customer')}" for row in shown.itertuples()
    ]
    ax = bar_rows(
        ax,
        title=title,
        names=[shortened(name, 60) or "no name" for name in shown.index],
        values=shown["amount"].tolist(),
        texts=texts,
        unit=f"{currency or 'amount'} a year, where each customer has most room".replace("  ", " "),
        colours=[MAIN, *[GREY] * (len(shown) - 1)],
    )
    parts = [f"{quoted(name)} {text}" for name, text in zip(shown.index, texts, strict=True)]
    alt = f"Bar chart of categories by the room to grow of customers who have most of theirs there: {listing(parts)}."
    return finish(ax, title=title, alt=alt)


def plot_credit(result: pd.DataFrame, *, ax: Any = None) -> Any:
    """Customers by credit grade, with what they owe past its day.

    Parameters
    ----------
    result : DataFrame
        As `customer_valuations` makes it.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> worth = pd.DataFrame({"credit_grade": ["A", "E"], "open_amount": [0.0, 50.0],
    ...                       "overdue_amount": [0.0, 20.0]})
    >>> ax = plot_credit(worth)
    >>> ax.get_title(loc="left").replace("\\n", " ")
    '1\\xa0of 2\\xa0customers has grade D or E, with 20 overdue'
    >>> plt.close(ax.figure)
    """
    currency = result.attrs.get("currency", "")
    table = credit_by_grade(result)
    if table.empty:
        return _none(ax, "How customers pay is not known")
    graded, poor = int(table["customers"].sum()), table.loc[["D", "E"]].sum()
    verb = "has" if poor["customers"] == 1 else "have"
    title = f"{number(poor['customers'])}{NBSP}of {count(graded, 'customer')} {verb} grade D or E"
    title += f", with {money(poor['overdue_amount'], currency)} overdue" if poor["overdue_amount"] > 0 else ""
    texts = [
        count(row.customers, "customer")
        + (f", {money(row.overdue_amount, currency)} overdue" if row.overdue_amount > 0 else "")
        for row in table.itertuples()
    ]
    ax = bar_rows(
        ax,
        title=title,
        names=[_GRADES[name] for name in table.index],
        values=table["customers"].tolist(),
        texts=texts,
        unit="customers",
        colours=[MAIN if name < "D" else ALARM for name in table.index],
    )
    parts = [f"{name} {text}" for name, text in zip(table.index, texts, strict=True)]
    return finish(ax, title=title, alt=f"Bar chart of customers by credit grade: {listing(parts)}.")


def plot_loyalty(result: pd.DataFrame, *, ax: Any = None) -> Any:
    """The marks that make up loyalty, at the median, with the middle half of the customers.

    Parameters
    ----------
    result : DataFrame
        As `customer_valuations` makes it.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> worth = pd.DataFrame({"loyalty_score": [70.0, 60.0], "tenure_days": [100.0, 100.0],
    ...                       "cadence_kept_pct": [80.0, 60.0], "repeat_rate_pct": [50.0, 70.0],
    ...                       "loyalty_decay": [0.2, 0.0]})
    >>> ax = plot_loyalty(worth)
    >>> ax.get_title(loc="left").replace("\\n", " ")
    'The median customer scores 65 of 100 for loyalty'
    >>> plt.close(ax.figure)
    """
    score = result["loyalty_score"].median()
    table = loyalty_table(result).dropna(subset=["median"])
    if pd.isna(score) or table.empty:
        return _none(ax, "Loyalty cannot be told yet")
    title = f"The median customer scores {number(round(score))} of 100 for loyalty"
    texts = [
        f"{number(round(row.median))} ({number(round(row.low))} to {number(round(row.high))})"
        for row in table.itertuples()
    ]
    ax = bar_rows(
        ax,
        title=title,
        names=[f"{row.says}, counts {percent(row.weight_pct)}" for row in table.itertuples()],
        values=table["median"].tolist(),
        texts=texts,
        unit="mark, 0 to 100: median (and middle half of the customers)",
        whole=100,
    )
    middles = [bar.get_y() + bar.get_height() / 2 for bar in ax.patches[1::2]]
    for middle, row in zip(middles, table.itertuples(), strict=True):
        ax.plot([row.low, row.high], [middle, middle], color="#1a1f26", linewidth=2, zorder=5)
    parts = [f"{row.says.lower()} {text}" for row, text in zip(table.itertuples(), texts, strict=True)]
    alt = (
        f"Bar chart of the marks of loyalty, medians and the middle half of the customers: {listing(parts)}."
    )
    return finish(ax, title=title, alt=alt)


def _none(ax: Any, says: str) -> Any:
    return finish(nothing(ax, says=says), title=says, alt=f"No picture: {says.lower()}.")


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
    >>> from crmlib.analyse.lifetime.bgnbd import BetaGeoModel
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
