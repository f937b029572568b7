"""Pictures of value: how unevenly it lies, what customers should bring, where room is, and how far to trust it."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.lifetime.future import FutureContribution
from crmlib.analyse.lifetime.holdout import HoldoutCheck
from crmlib.analyse.value.pareto import ParetoCurve
from crmlib.analyse.value.potential import CREDIT_GRADES
from crmlib.analyse.value.scorecard import Scorecard, topic_lifts
from crmlib.analyse.value.valuations import credit_by_grade, growth_by_category, loyalty_table
from crmlib.present.claims import (
    Claim,
    Fact,
    Family,
    claim,
    count,
    date,
    days,
    money,
    name,
    names,
    number,
    share,
    term,
)
from crmlib.present.numbers import capital, shortened
from crmlib.present.reports.value.ahead import SHORT_GUESS, best_tenth, future_what, signed
from crmlib.present.reports.value.say import (
    MARK_WORDS,
    TOP,
    credit_title,
    loyalty_score,
    measure_word,
    top_share,
    topic_word,
)
from crmlib.present.theme import (
    ALARM,
    GREY,
    INK,
    MAIN,
    PALE,
    SIDE,
    SOFT,
    bar_picture,
    canvas,
    draw_range,
    finish,
    letters_of,
    nothing,
    place_labels,
    say_behind,
    scale_of,
    short_numbers,
    text_width,
    theme,
    wrapped,
)

GRADE_WORDS = Family("value-grade", CREDIT_GRADES)

_MOST_TOPICS = 8
_MOST_BARS = 8
_NEAR = 12
_LEVELS = (1, 5, 10, 20, 50)


def plot_pareto(result: ParetoCurve, *, ax: Any = None) -> Any:
    """The share of value that the most valuable customers bring, with its interval."""
    word = measure_word(result)
    if result.curve.empty:
        return nothing(ax, says=claim("value-picture-pareto-none", measure=word))
    brought, low, high = result.top20_share_pct
    title = claim("value-picture-pareto", top=share(TOP), share=top_share(result), measure=word)
    curve = result.curve.set_index("customers_share_pct")
    a, bring = result.class_table.loc["A", ["customers_share_pct", "value_share_pct"]].astype(float)
    points = [(float(TOP), brought)]
    top = claim("value-picture-pareto-top", top=share(TOP), share=share(brought))
    texts = [f"{top}\n{claim('value-picture-pareto-range', low=_mark(low), high=share(high))}"]
    colours = [INK]
    if abs(brought - bring) >= _NEAR and a < 99.5:
        points.append((a, bring))
        bring_says = claim("value-picture-pareto-class-brings", value=share(bring))
        texts.append(f"{claim('value-picture-pareto-class', share=share(a))}\n{bring_says}")
        colours.append(letters_of(MAIN))
    with theme():
        ax = canvas(ax, title=title, body=2.9, foot=0.6)
        even = np.linspace(0, 100, 41)
        ax.plot(even, even, color=GREY, linewidth=1.5)
        ax.fill_between(curve.index, curve["low"], curve["high"], color=MAIN, alpha=0.18, linewidth=0)
        ax.plot(curve.index, curve["value_share_pct"], color=MAIN, linewidth=2.5)
        ax.plot([TOP, TOP], [low, high], color=INK, linewidth=3)
        ax.plot([TOP], [brought], "o", color=INK, markersize=8)
        if len(points) > 1:
            ax.plot([a], [bring], "o", color=MAIN, markersize=7)
        ax.set(xlim=(0, 102), ylim=(0, 102), xticks=np.arange(0, 101, 20), yticks=np.arange(0, 101, 20))
        ax.grid(True)
        ax.set_xlabel(str(claim("value-axis-customers")))
        ax.set_ylabel(str(claim("value-axis-measure", measure=word)))
        even_says = wrapped(str(claim("value-picture-pareto-even")), width=75)
        ax.text(72, 47, even_says, ha="center", va="center", color=SOFT, linespacing=1.05)
        place_labels(ax, points=points, texts=texts, colours=colours, beside=True)
    levels = [
        claim("value-picture-pareto-level", customers=share(at), value=share(curve["value_share_pct"][at]))
        for at in _LEVELS
    ]
    facts = {"top": share(TOP), "low": share(low), "high": share(high)}
    alt = claim("value-picture-pareto-alt", measure=word, levels=names(levels), **facts)
    return finish(ax, title=title, alt=alt)


def plot_score_profile(result: Scorecard, *, ax: Any = None) -> Any:
    """What lifts the best fifth of customers above the average one, in points of their score."""
    table = topic_lifts(result).head(_MOST_TOPICS)
    if table.empty:
        return nothing(ax, says=claim("value-picture-unscored"))
    topics = [topic_word(result, topic) for topic in table.index]
    title = _lift_title([topic for topic, mean in zip(topics, table["mean"], strict=True) if mean > 0])
    said = [wrapped(capital(topic), width=SIDE * 72, lines=2) for topic in topics]
    with theme():
        ax = canvas(ax, title=title, body=0.42 * len(said), foot=0.75)
        for place, (_, row) in enumerate(table.iterrows()):
            ax.barh(place, row["mean"], height=0.5, color=MAIN)
            ax.plot([row["low"], row["high"]], [place, place], color=INK, linewidth=2)
            say_behind(ax, _signed(row["mean"]), (max(row["high"], row["mean"], 0), place))
        low, high = min(0.0, table[["low", "mean"]].min().min()), table[["high", "mean"]].max().max()
        room = (high - low or 1) * text_width("+00.0") / 150
        ax.set_xlim(low * 1.05, high + room)
        ax.set_yticks(range(len(said)), said)
        ax.set_ylim(len(said) - 0.5, -0.5)
        ax.axvline(0, color=GREY, linewidth=1)
        ax.xaxis.grid(True)
        ax.set_xlabel(wrapped(str(claim("value-axis-lift")), width=230), loc="right")
    lifts = [
        claim(
            "value-picture-lift",
            topic=topic,
            mean=name(_signed(row["mean"])),
            low=name(_signed(row["low"])),
            high=name(_signed(row["high"])),
        )
        for topic, (_, row) in zip(topics, table.iterrows(), strict=True)
    ]
    alt = claim("value-picture-lifts-alt", best=count(len(result.best_fifth)), lifts=names(lifts))
    return finish(ax, title=title, alt=alt)


def plot_rank_stability(result: Scorecard, *, ax: Any = None) -> Any:
    """How many of the best fifth stay when the weights are moved."""
    table = result.rank_stability
    if table.empty:
        return nothing(ax, says=claim("value-picture-unscored"))
    wild = table.iloc[-1]
    few = wild["kept_share_pct"] < 70
    title = claim(
        "value-picture-stability-few" if few else "value-picture-stability",
        shake=share(wild["shake_pct"]),
        kept=share(wild["kept_share_pct"]),
    )
    with theme():
        ax = canvas(ax, title=title, body=0.62 * len(table), foot=0.6)
        for place, (_, row) in enumerate(table.iterrows()):
            draw_range(ax, place, row[["kept_share_pct", "low", "high"]], colour=MAIN)
            value = share(row["kept_share_pct"])
            low = _mark(row["low"])
            kept = claim("value-picture-with-range", value=value, low=low, high=share(row["high"]))
            right = row["kept_share_pct"] > 60
            ax.annotate(
                str(kept), (row["high"] if right else row["low"], place), (4 if right else -4, 9),
                textcoords="offset points", ha="right" if right else "left", va="bottom", color=INK,
            )  # fmt: skip
        shakes = [str(claim("value-picture-up-to", shake=share(shake))) for shake in table["shake_pct"]]
        ax.set_yticks(range(len(table)), shakes)
        ax.set_ylim(len(table) - 0.6, -0.75)
        least = 10 * min(5, int(table["low"].min() // 10))
        ax.set_xlim(least, 101 + least / 100)
        ax.set_xticks(range(least, 101, 10 if least >= 50 else 20))
        ax.xaxis.grid(True, color=PALE)
        ax.set_xlabel(str(claim("value-axis-stay")), loc="right")
    parts = [
        claim(
            "value-picture-stability-part",
            shake=share(row["shake_pct"]),
            kept=share(row["kept_share_pct"]),
            low=share(row["low"]),
            high=share(row["high"]),
        )
        for _, row in table.iterrows()
    ]
    return finish(ax, title=title, alt=claim("value-picture-stability-alt", parts=names(parts)))


def plot_growth(result: pd.DataFrame, *, ax: Any = None) -> Any:
    """The categories where most room is, with the customers who have it there."""
    currency = result.attrs.get("currency", "")
    table = growth_by_category(result)
    if table.empty:
        return nothing(ax, says=claim("value-picture-growth-none"))
    shown = table.head(_MOST_BARS)
    category = name(shortened(shown.index[0], 40))
    title = claim("value-picture-growth", category=category, amount=money(shown["amount"].iloc[0], currency))
    texts = [
        claim("value-picture-growth-bar", amount=money(row.amount, currency), n=count(row.customers))
        for row in shown.itertuples()
    ]
    no_name = str(claim("value-picture-no-name"))
    return bar_picture(
        ax,
        title=title,
        names=[shortened(category, 60) or no_name for category in shown.index],
        values=shown["amount"].tolist(),
        texts=texts,
        unit=claim("value-axis-room", currency=name(currency))
        if currency
        else claim("value-axis-room-amount"),
        colours=[MAIN, *[GREY] * (len(shown) - 1)],
        alt=lambda bars: claim("value-picture-growth-alt", bars=bars),
    )


def plot_credit(result: pd.DataFrame, *, ax: Any = None) -> Any:
    """Customers by credit grade, with what they owe past its day."""
    currency = result.attrs.get("currency", "")
    table = credit_by_grade(result)
    if table.empty:
        return nothing(ax, says=claim("value-picture-credit-none"))
    title = credit_title(table, currency)
    texts = [
        claim(
            "value-picture-credit-bar-overdue",
            n=count(row.customers),
            overdue=money(row.overdue_amount, currency),
        )
        if row.overdue_amount > 0
        else claim("value-picture-credit-bar", n=count(row.customers))
        for row in table.itertuples()
    ]
    return bar_picture(
        ax,
        title=title,
        names=[str(GRADE_WORDS.term(grade)) for grade in table.index],
        values=table["customers"].tolist(),
        texts=texts,
        unit=claim("value-axis-customers-alone"),
        colours=[MAIN if grade < "D" else ALARM for grade in table.index],
        alt=lambda bars: claim("value-picture-credit-alt", bars=bars),
    )


def plot_loyalty(result: pd.DataFrame, *, ax: Any = None) -> Any:
    """The marks that make up loyalty, at the median, with the half of the customers around it."""
    table = loyalty_table(result).dropna(subset=["median"])
    if result["loyalty_score"].isna().all() or table.empty:
        return nothing(ax, says=claim("value-picture-loyalty-none"))
    title = claim("value-picture-loyalty", score=loyalty_score(result))
    texts = [
        claim("value-picture-with-range", value=_mark(row.median), low=_mark(row.low), high=_mark(row.high))
        for row in table.itertuples()
    ]
    marks = [
        claim("value-picture-loyalty-mark", mark=MARK_WORDS.term(row.Index), weight=share(row.weight_pct))
        for row in table.itertuples()
    ]
    ax = bar_picture(
        ax,
        title=title,
        names=marks,
        values=table["median"].tolist(),
        texts=texts,
        unit=claim("value-axis-mark"),
        whole=100,
        alt=lambda bars: claim("value-picture-loyalty-alt", bars=bars),
    )
    middles = [bar.get_y() + bar.get_height() / 2 for bar in ax.patches[1::2]]
    for middle, row in zip(middles, table.itertuples(), strict=True):
        ax.plot([row.low, row.high], [middle, middle], color=INK, linewidth=2, zorder=5)
    return ax


def plot_holdout(result: HoldoutCheck | None, *, ax: Any = None) -> Any:
    """Purchases predicted and purchases that came, by how often customers had bought before."""
    if result is None:
        return nothing(ax, says=claim("value-picture-untested"))
    table, used, best = result.by_frequency, result.chosen, _other(result)
    title = _holdout_title(result.total(used))
    places, known = np.arange(len(table)), date(result.calibration_end)
    with theme():
        ax = canvas(ax, title=title, body=2.9, foot=0.75)
        reach = [table["actual_mean"] - table["actual_low"], table["actual_high"] - table["actual_mean"]]
        ax.errorbar(places, table["actual_mean"], yerr=reach, fmt="o", color=INK, markersize=6, linewidth=2.5,
                    zorder=4)  # fmt: skip
        ax.plot(
            places, table[best], color=GREY, linewidth=1.5, marker="s", markersize=5, markerfacecolor="white"
        )
        ax.plot(places, table[used], color=MAIN, linewidth=2, marker="D", markersize=5, zorder=5)
        ax.set_xticks(places, table["frequency"].astype(str), rotation=_turn(table["frequency"]))
        tops = table[["actual_high", used, best]].to_numpy(dtype=float)
        ax.set_ylim(0, 1.42 * np.nanmax(tops))
        ax.set_xlim(-0.4, len(table) - 0.6)
        legend = (
            (claim("value-picture-holdout-came"), INK),
            (claim("value-picture-holdout-expected", who=_who(used)), MAIN),
            (claim("value-picture-holdout-rule", who=_who(best)), letters_of(GREY)),
        )
        for place, (says, colour) in enumerate(legend):
            ax.text(0.01, 0.99 - 0.085 * place, str(says), color=colour, va="top", fontweight="bold",
                    transform=ax.transAxes)  # fmt: skip
        short_numbers(ax.yaxis)
        ax.yaxis.grid(True)
        ax.set_xlabel(str(claim("value-axis-repeats", day=known)), loc="right")
        ax.set_ylabel(str(claim("value-axis-purchases", days=days(result.holdout_days))))
    parts = [
        claim(
            "value-picture-holdout-part",
            frequency=name(item["frequency"]),
            actual=number(item["actual_mean"]),
            expected=number(item[used]),
            rule=number(item[best]),
        )
        for _, item in table.iterrows()
    ]
    facts = {"days": days(result.holdout_days), "day": known, "parts": names(parts)}
    return finish(ax, title=title, alt=claim("value-picture-holdout-alt", **facts))


def plot_future_value(result: FutureContribution, *, ax: Any = None) -> Any:
    """How far what is expected rests on few customers: tenths of customers, the best first."""
    value = result.table["future_contribution"].dropna().sort_values(ascending=False, kind="stable")
    if value.empty:
        return nothing(ax, says=claim("value-picture-future-unknown"))
    if value.sum() <= 0:
        return nothing(ax, says=claim("value-picture-future-nothing"))
    tenth = np.minimum(np.arange(len(value)) * 10 // len(value), 9)
    means = value.groupby(tenth).mean().reindex(range(10))
    part = 100 * value.groupby(tenth).sum().reindex(range(10)).fillna(0) / value.sum()
    part[0] = best_tenth(result) if np.isfinite(best_tenth(result)) else part[0]
    what = future_what(result)
    title = claim("value-picture-future", share=share(part[0]), what=what)
    divisor, size = scale_of(means.fillna(0).tolist())
    with theme():
        ax = canvas(ax, title=title, body=2.7, foot=0.75)
        ax.bar(range(10), means.fillna(0) / divisor, color=[MAIN] + [SOFT] * 9, width=0.75)
        for place in (0, 1, 9):
            if np.isfinite(means[place]):
                ax.annotate(str(share(part[place])), (place, means[place] / divisor), (0, 3),
                            textcoords="offset points", ha="center", va="bottom", color=INK)  # fmt: skip
        ax.set_ylim(0, 1.15 * np.nanmax(means) / divisor)
        ax.set_xticks(range(10), [str(place + 1) for place in range(10)])
        short_numbers(ax.yaxis)
        ax.yaxis.grid(True)
        ax.set_xlabel(str(claim("value-axis-tenths")), loc="right")
        ax.set_ylabel(str(_each_axis(what, size, result.currency)))
    tenths = [
        claim("value-picture-tenth", place=count(place + 1), amount=money(means[place], result.currency))
        for place in range(10)
        if means.notna()[place]
    ]
    horizon = days(result.horizon_days)
    n = count(len(value))
    alt = claim("value-picture-future-alt", what=what, horizon=horizon, n=n, tenths=names(tenths))
    return finish(ax, title=title, alt=alt)


def plot_alive(result: FutureContribution, *, ax: Any = None) -> Any:
    """How probable it is that a customer still buys, by purchases so far and days of silence."""
    curves = _alive_curves(result.history, result.fit.model)
    if not curves:
        return nothing(ax, says=claim("value-picture-alive-none"))
    title = _alive_title(curves)
    with theme():
        ax = canvas(ax, title=title, body=2.9, foot=0.75)
        colours = (SOFT, MAIN, ALARM)
        for (_, silent, chance), colour in zip(curves, colours, strict=False):
            ax.plot(silent, 100 * chance, color=colour, linewidth=2.5)
        ax.set_ylim(0, 104)
        ax.set_xlim(0, curves[0][1][-1])
        _label_curves(ax, curves, colours)
        ax.set_yticks([0, 25, 50, 75, 100])
        ax.yaxis.grid(True)
        short_numbers(ax.xaxis)
        ax.set_xlabel(str(claim("value-axis-silence")), loc="right")
        ax.set_ylabel(str(claim("value-axis-alive")))
    parts = [_alive_part(*curve) for curve in curves]
    return finish(ax, title=title, alt=claim("value-picture-alive-alt", parts=names(parts)))


def _mark(value: float) -> Fact:
    return count(round(value))


def _signed(value: float) -> str:
    shown = f"{value:+.1f}"
    return "0" if shown in ("+0.0", "-0.0") else shown.replace("-", "−")


def _lift_title(topics: list[Fact]) -> Claim:
    if not topics:
        return claim("value-picture-lifts-none")
    return claim("value-picture-lifts", topics=names(topics[:2]), n=count(min(len(topics), 2)))


def _holdout_title(row: pd.Series) -> Claim:
    if not row["actual"]:
        return claim("value-picture-holdout-nobody")
    error = row["error_pct"]
    if row["error_low"] <= 0 <= row["error_high"] or abs(error) < 0.05:
        return claim("value-picture-holdout-same", error=signed(error))
    return claim(
        "value-picture-holdout-more" if error > 0 else "value-picture-holdout-fewer", error=share(abs(error))
    )


def _other(result: HoldoutCheck) -> str:
    """The baseline to show: the best one that is not the chosen prediction itself."""
    rows = result.totals[(result.totals["kind"] == "baseline") & ~result.totals["chosen"]]
    return str(rows.loc[rows["rmse"].idxmin(), "model"])


def _who(model: str) -> Fact:
    return SHORT_GUESS.term(model) if model in SHORT_GUESS.members else term("value-guess-model")


def _turn(classes: Iterable[str]) -> int:
    return 0 if max(len(str(label)) for label in classes) <= 3 else 40


def _each_axis(what: Fact, size: str, currency: str) -> Claim:
    if not currency:
        return claim("value-axis-each", what=what)
    if not size:
        return claim("value-axis-each-in", what=what, unit=name(currency))
    return claim("value-axis-each-scaled", what=what, unit=name(currency), size=name(size))


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
        chance = model.probability_alive(asked).to_numpy()
        if not np.isfinite(chance).all():
            return []
        curves.append((repeats, 7 * silent, chance))
    return curves


def _alive_title(curves: list[tuple[int, np.ndarray, np.ndarray]]) -> Claim:
    if len(curves) == 1:
        return claim("value-picture-alive-one")
    more = curves[-1][2][-1] < curves[0][2][-1]
    return claim("value-picture-alive-more" if more else "value-picture-alive")


def _alive_part(repeats: int, silent: np.ndarray, chance: np.ndarray) -> Claim:
    if (chance < 0.5).any():
        halves = days(int(silent[np.argmax(chance < 0.5)]))
        return claim("value-picture-alive-falls", n=count(repeats), days=halves)
    return claim("value-picture-alive-stays", n=count(repeats))


def _label_curves(
    ax: Any, curves: list[tuple[int, np.ndarray, np.ndarray]], colours: tuple[str, ...]
) -> None:
    for place, ((repeats, _, _), colour) in enumerate(zip(curves, colours, strict=False)):
        ax.text(0.99, 0.98 - 0.085 * place, str(claim("value-picture-alive-curve", n=count(repeats))),
                color=letters_of(colour), ha="right", va="top", fontweight="bold", transform=ax.transAxes,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5, "alpha": 0.85})  # fmt: skip
