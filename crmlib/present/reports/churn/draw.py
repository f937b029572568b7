"""Pictures of who stops, or who buys: how good the forecast is, what it rests on, where the money lies."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.churn.model import ChurnModel, groups_that_agree, strongest_rule, top_at_risk
from crmlib.analyse.customers.states import LifecycleMoves, changed_share
from crmlib.analyse.retention import Retention, shown_cohorts, typical_retention
from crmlib.measure.columns import label_of
from crmlib.present.claims import Claim, claim, count, date, days, interval, name, names, number, share, term
from crmlib.present.numbers import period
from crmlib.present.reports.churn.say import (
    FIRST,
    PERIOD_WORDS,
    PERIODS_WORDS,
    WAY_WORDS,
    group_name,
    outcome_words,
    plain_label,
    retention_day,
    state_word,
    time_word,
)
from crmlib.present.theme import (
    ALARM,
    GREY,
    INK,
    MAIN,
    SEGMENT_COLOURS,
    SIDE,
    SOFT,
    bar_percent,
    bar_rows,
    canvas,
    draw_range,
    finish,
    letters_of,
    named_rows,
    nothing,
    paired_bars,
    place_labels,
    room_for_texts,
    say_behind,
    short_numbers,
    text_width,
    theme,
    wrapped,
)
from crmlib.schema.states import SILENT

_MOST_DRIVERS, _MOST_POINTS = 8, 600


def plot_model_comparison(result: ChurnModel, *, ax: Any = None) -> Any:
    """How often each way to foretell ranks two customers rightly, with its interval; simple ones in grey."""
    table = result.evaluation[result.evaluation["model"] != "base_rate"]
    table = table.sort_values(["chosen", "kind", "auc"], ascending=[False, False, False], kind="stable")
    title = _ways_title(result)
    said = [str(claim("churn-line", what=WAY_WORDS.term(way))) for way in table["model"]]
    with theme():
        ax, middles = named_rows(ax, said, title=title)
        for place, (_, row) in zip(middles, table.iterrows(), strict=True):
            colour = MAIN if row["chosen"] else SOFT if row["kind"] == "candidate" else GREY
            ends = 100 * row[["auc", "auc_low", "auc_high"]]
            draw_range(ax, place, ends, colour=colour, mark="o" if row["kind"] == "candidate" else "D")
            pairs = bar_percent(ends["auc"])
            text = claim("churn-picture-ways-chosen", pairs=name(pairs)) if row["chosen"] else pairs
            say_behind(ax, text, (ends["auc_high"], place), colour=colour, bold=bool(row["chosen"]))
        low = min(50.0, np.floor(20 * table["auc_low"].min()) * 5)
        ax.set_xlim(low, 100 * table["auc_high"].max() + 0.32 * (100 * table["auc_high"].max() - low))
        ax.axvline(50, color=GREY, linewidth=1)
        ax.set_xlabel(
            f"{claim('churn-picture-ways-axis')}\n{claim('churn-picture-ways-coin', coin=share(50))}",
            loc="left",
        )
    parts = names(_way_part(row) for _, row in table.iterrows())
    return finish(ax, title=title, alt=claim("churn-picture-ways-alt", parts=parts))


def plot_calibration(result: ChurnModel, *, ax: Any = None) -> Any:
    """What was foretold against what happened, customers in groups of like probability."""
    table, agree = result.calibration, groups_that_agree(result)
    facts = {"inside": count(agree), "groups": count(len(table))}
    once = result.horizon_days is not None and not (result.level is not None and result.level.is_promised)
    title = claim("churn-picture-calibration-once" if once else "churn-picture-calibration", **facts)
    most = min(100.0, 1.06 * float(table[["predicted_pct", "high"]].max().max()))
    with theme():
        ax = canvas(ax, title=title, body=2.9, foot=0.85)
        ax.plot([0, most], [0, most], color=GREY, linewidth=1.5)
        for row in table.itertuples():
            inside = row.low <= row.predicted_pct <= row.high
            colour = MAIN if inside else ALARM
            ax.plot([row.predicted_pct] * 2, [row.low, row.high], color=colour, linewidth=2.5, alpha=0.5)
            ax.plot(row.predicted_pct, row.observed_pct, "o" if inside else "s", color=colour, markersize=7)
        ax.set(xlim=(-0.02 * most, most), ylim=(-0.02 * most, most))
        ax.grid(True)
        expected = claim("churn-picture-calibration-axis", outcome=outcome_words(result))
        ax.set_xlabel(_below(expected, claim("churn-picture-calibration-squares")), loc="left")
        ax.set_ylabel(str(claim("churn-picture-calibration-did")))
        says = wrapped(str(claim("churn-picture-calibration-all")), width=60, lines=3)
        ax.text(0.98 * most, 0.8 * most, says, color=SOFT, ha="right", va="top")
    parts = names(
        claim(
            "churn-picture-calibration-part",
            expected=share(row.predicted_pct),
            observed=share(row.observed_pct),
            range=interval(row.low, row.high, "share"),
        )
        for row in table.itertuples()
    )
    return finish(ax, title=title, alt=claim("churn-picture-calibration-alt", parts=parts))


def plot_lift(result: ChurnModel, *, ax: Any = None) -> Any:
    """How many of those with the outcome are among the customers called first."""
    table = result.gains.set_index("reached_pct")
    first = table.loc[float(FIRST)]
    found = share(first["found_pct"])
    title = claim("churn-picture-lift", first=share(FIRST), found=found, outcome=outcome_words(result))
    rule = strongest_rule(result)
    best = None if rule is None else f"found_pct_{rule['model']}"
    x = np.r_[0, table.index]
    with theme():
        ax = canvas(ax, title=title, body=2.9, foot=0.85)
        ax.plot([0, 100], [0, 100], color=GREY, linewidth=1.2, linestyle=(0, (4, 3)))
        ax.fill_between(
            x, np.r_[0, table["low"]], np.r_[0, table["high"]], color=MAIN, alpha=0.18, linewidth=0
        )
        if best:
            ax.plot(x, np.r_[0, table[best]], color=GREY, linewidth=2)
        ax.plot(x, np.r_[0, table["found_pct"]], color=MAIN, linewidth=2.5)
        ax.plot([FIRST], [first["found_pct"]], "o", color=INK, markersize=8)
        ax.set(xlim=(0, 102), ylim=(0, 103), xticks=np.arange(0, 101, 20), yticks=np.arange(0, 101, 20))
        ax.grid(True)
        ax.set_xlabel(f"{claim('churn-picture-lift-axis')}\n{claim('churn-picture-lift-dashed')}", loc="left")
        ax.set_ylabel(str(claim("churn-picture-lift-did")))
        points = [(float(FIRST), float(first["found_pct"]))]
        texts, colours = [f"{bar_percent(first['found_pct'])}"], [INK]
        if best:
            points.append((40.0, float(table.loc[40.0, best])))
            texts.append(wrapped(str(WAY_WORDS.term(rule["model"])), width=125, lines=3, bold=True))
            colours.append(SOFT)
        place_labels(ax, points=points, texts=texts, colours=colours, beside=True)
    parts = names(
        claim("churn-picture-lift-part", at=share(at), found=share(table.loc[at, "found_pct"]))
        for at in (10.0, 20.0, 50.0)
    )
    if not best:
        return finish(ax, title=title, alt=claim("churn-picture-lift-alt", parts=parts))
    ruled = {"rule": WAY_WORDS.term(rule["model"]), "first": share(FIRST)}
    reached = share(table.loc[float(FIRST), best])
    alt = claim("churn-picture-lift-alt-rule", parts=parts, found=reached, **ruled)
    return finish(ax, title=title, alt=alt)


def plot_drivers(result: ChurnModel, *, ax: Any = None) -> Any:
    """Which figures the forecast rests on: how much worse customers are ranked without each."""
    table = result.drivers.head(_MOST_DRIVERS)
    if table.empty:
        return nothing(ax, says=claim("churn-picture-drivers-nothing"))
    firm = table.loc[table["low"] > 0, "indicator"]
    title = claim("churn-picture-drivers-none")
    if len(firm):
        title = claim("churn-picture-drivers", figure=name(plain_label(firm.iloc[0])))
    more, less = (str(claim("churn-picture-drivers-more")), str(claim("churn-picture-drivers-less")))
    signs = {"more": more, "less": less, "": ""}
    with theme():
        ax, middles = named_rows(ax, [*map(label_of, table["indicator"])], title=title)
        for place, (_, row) in zip(middles, table.iterrows(), strict=True):
            ax.barh(place, 100 * row["auc_loss"], height=0.22, color=MAIN if row["low"] > 0 else GREY)
            ax.plot([100 * row["low"], 100 * row["high"]], [place] * 2, color=INK, linewidth=1.5)
            end = 100 * max(row["high"], row["auc_loss"], 0)
            say_behind(ax, signs[row["direction"]], (end, place))
        ends = 100 * table[["low", "auc_loss", "high"]].to_numpy().ravel()
        room_for_texts(ax, [*ends, 0.1], [more] * (len(ends) + 1), taken=SIDE)
        ax.axvline(0, color=GREY, linewidth=1)
        ax.locator_params(axis="x", nbins=4)
        short_numbers(ax.xaxis)
        ax.set_xlabel(
            f"{claim('churn-picture-drivers-axis')}\n{claim('churn-picture-drivers-grey')}", loc="left"
        )
    parts = names(_driver_part(row) for row in table.itertuples())
    return finish(ax, title=title, alt=claim("churn-picture-drivers-alt", parts=parts))


def plot_risk(result: ChurnModel, *, ax: Any = None) -> Any:
    """Each customer's probability against the value at stake."""
    most = top_at_risk(result)
    if most is None:
        return nothing(ax, says=claim("churn-picture-risk-unknown"))
    few, part_of_all = most
    title = claim("churn-picture-risk", share=share(part_of_all))
    order = result.revenue_at_risk.sort_values(ascending=False, kind="stable").index
    table = result.scores.to_frame("p").assign(value=result.value).loc[order].reset_index(drop=True)
    table["first"] = table.index < few
    shown = table[table["value"] > 0]
    step = max(1, -(-len(shown) // _MOST_POINTS))
    shown = shown.iloc[::step]
    with theme():
        ax = canvas(ax, title=title, body=3.1, foot=0.85)
        for first, colour, marker in ((False, GREY, "o"), (True, MAIN, "D")):
            part = shown[shown["first"] == first]
            ax.scatter(
                100 * part["p"], part["value"], s=14, color=colour, alpha=0.5, linewidths=0, marker=marker
            )
        low, high = shown["value"].quantile([0.05, 0.95])
        if high > 20 * low:
            ax.set_yscale("log")
        else:
            ax.set_ylim(bottom=0)
        short_numbers(ax.yaxis)
        ax.set_xlim(left=0)
        ax.grid(True)
        outcome, worth = outcome_words(result), _worth(result)
        chance = claim("churn-picture-risk-chance", outcome=outcome)
        ax.set_xlabel(_below(chance, claim("churn-picture-risk-diamonds")), loc="left")
        money = claim("churn-picture-risk-worth", worth=worth, currency=name(result.currency))
        ax.set_ylabel(str(money if result.currency else worth))
    left = count(len(table) - int((table["value"] > 0).sum()))
    alt = claim("churn-picture-risk-alt", n=count(len(table)), outcome=outcome, few=count(few), left=left)
    return finish(ax, title=title, alt=alt)


def _ways_title(result: ChurnModel) -> Claim:
    rule = strongest_rule(result)
    if rule is None or (rule["better"] and rule["auc"] < result.chosen["auc"]):
        return claim("churn-picture-ways-better")
    named = WAY_WORDS.term(rule["model"])
    wins = rule["auc"] >= result.chosen["auc"]
    return claim("churn-picture-ways-worse" if wins else "churn-picture-ways-even", rule=named)


def _way_part(row: pd.Series) -> Claim:
    pairs, likely = share(100 * row["auc"]), interval(100 * row["auc_low"], 100 * row["auc_high"], "share")
    return claim("churn-picture-ways-part", way=WAY_WORDS.term(row["model"]), pairs=pairs, range=likely)


def _driver_part(row: Any) -> Claim:
    loss, low, high = (round(100 * end, 1) for end in (row.auc_loss, row.low, row.high))
    figure = name(plain_label(row.indicator))
    return claim("churn-picture-drivers-part", figure=figure, loss=number(loss), range=interval(low, high))


def _worth(model: ChurnModel) -> Claim:
    """What a customer's value is, where a horizon is known: what was brought in the last one."""
    if model.horizon_days is None:
        return claim("churn-worth")
    return claim("churn-worth-lately", horizon=days(model.horizon_days))


def _below(what: Claim, key: Claim) -> str:
    return f"{wrapped(str(what), width=270, lines=2)}\n{key}"


_MOST_ROWS, _MOST_PERIODS = 18, 12


def plot_stages(result: pd.DataFrame, *, ax: Any = None) -> Any:
    """Each stage's share of customers beside its share of revenue; stages with nobody are left out."""
    table = result[result["customers"] > 0]
    if table.empty:
        return nothing(ax, says=claim("churn-picture-nobody"))
    title = _stages_title(table)
    sides = [
        claim("churn-picture-states-name", state=state_word(state), n=count(row["customers"]))
        for state, row in table.iterrows()
    ]
    colours = [ALARM if state in SILENT else MAIN for state in table.index]
    if table["revenue_share_pct"].isna().all():
        ax = bar_rows(
            ax, title=title, names=sides, values=table["share_pct"].tolist(),
            unit=claim("churn-picture-states-unit"), texts=[share(pct) for pct in table["share_pct"]],
            colours=colours,
        )  # fmt: skip
    else:
        ax = paired_bars(
            ax, title=title, names=sides, context=table["share_pct"].tolist(),
            values=table["revenue_share_pct"].tolist(), unit=claim("churn-picture-share-unit"),
            context_says=str(claim("churn-picture-of-customers")),
            values_say=str(claim("churn-picture-of-revenue")), colours=colours,
        )  # fmt: skip
    parts = names(_state_part(state, row) for state, row in table.iterrows())
    return finish(ax, title=title, alt=claim("churn-picture-states-alt", parts=parts))


def plot_moves(result: LifecycleMoves, *, ax: Any = None) -> Any:
    """From which stage to which: a table of colours, each row one stage of the earlier day."""
    matrix = result.matrix.loc[result.matrix.sum(axis=1) > 0, result.matrix.sum(axis=0) > 0]
    if matrix.empty:
        return nothing(ax, says=claim("churn-picture-nobody"))
    shares = result.shares.loc[matrix.index, matrix.columns]
    title = _moves_title(result)
    words = shares.map(_cell_percent).to_numpy()
    sides = [
        str(claim("churn-picture-moves-name", state=state_word(state), n=count(matrix.loc[state].sum())))
        for state in matrix.index
    ]
    heads = [str(claim("churn-line", what=state_word(state))) for state in matrix.columns]
    ax = _heat_table(ax, title, shares.to_numpy(), words, sides, heads)
    then, now = _moment(result.before_on, "before"), _moment(result.after_on, "after")
    with theme():
        axis = claim("churn-picture-moves-axis", before=then, after=now)
        ax.set_xlabel(f"{axis}\n{claim('churn-picture-moves-axis-unit')}", loc="right", linespacing=1.15)
    parts = names(
        claim(
            "churn-picture-moves-part",
            before=state_word(row.before),
            after=state_word(row.after),
            n=count(row.customers),
        )
        for row in result.flows[result.flows["moved"]].head(8).itertuples()
    )
    alt = claim("churn-picture-moves-alt", before=then, after=now, moves=parts)
    return finish(ax, title=title, alt=alt)


def plot_cohorts(result: Retention, *, ax: Any = None) -> Any:
    """What share of each cohort bought in the periods after the first; what is not over yet is white."""
    typical = typical_retention(result)
    if typical.empty:
        return nothing(ax, says=claim("churn-picture-too-few"))
    shares = shown_cohorts(result).iloc[:, 1 : _MOST_PERIODS + 1]
    shares = shares[shares.notna().any(axis=1)].tail(_MOST_ROWS).dropna(axis=1, how="all")
    if shares.empty:
        return nothing(ax, says=claim("churn-picture-small-cohorts"))
    unit, units = PERIOD_WORDS.term(result.unit), PERIODS_WORDS.term(result.unit)
    first = share(typical["share_pct"].iloc[0], at=f"retention.share[all, {result.unit} 1]")
    title = claim("churn-picture-cohorts", share=first, unit=unit)
    sides = [f"{period(day, result.unit)} ({result.sizes[day]:,})" for day in shares.index]
    words = shares.map(lambda x: "" if pd.isna(x) else f"{x:.0f}").to_numpy()
    ax = _heat_table(
        ax, title, shares.to_numpy(), words, sides, [str(k) for k in shares.columns], upright=True
    )
    with theme():
        axis = claim("churn-picture-cohorts-axis", units=units)
        ax.set_xlabel(f"{axis}\n{claim('churn-picture-cohorts-axis-unit')}", loc="right", linespacing=1.15)
    parts = names(
        claim("churn-picture-cohorts-part", k=count(k), share=share(row["share_pct"]))
        for k, row in typical.head(_MOST_PERIODS).iterrows()
    )
    alt = claim("churn-picture-cohorts-alt", n=count(len(shares)), unit=unit, units=units, parts=parts)
    return finish(ax, title=title, alt=alt)


def plot_retention(result: Retention, *, ax: Any = None) -> Any:
    """The share of customers who have not yet fallen silent, by time since the first purchase."""
    curves = result.survival
    shown = curves.medians["shown_until"].dropna() if curves is not None else pd.Series(dtype="float64")
    shown = shown[shown > 0]
    if shown.empty:
        return nothing(ax, says=claim("churn-picture-too-few"))
    day, found = retention_day(result.overall)
    title = claim("churn-picture-stay", share=share(100 * found["survival"]), time=time_word(day))
    with theme():
        ax = canvas(ax, title=title, body=3.2, foot=0.6)
        ends = []
        for place, group in enumerate(curves.medians.index):
            if group not in shown.index:
                continue
            colour = SEGMENT_COLOURS[place % len(SEGMENT_COLOURS)] if len(shown) > 1 else MAIN
            ends.append((_draw_curve(ax, curves.curves, group, shown[group], colour), group, colour))
        ax.set_ylim(0, 103)
        ax.set_xlim(-0.01 * shown.max(), 1.01 * shown.max())
        ax.set_yticks(range(0, 101, 25))
        ax.yaxis.grid(True)
        ax.set_ylabel(str(claim("churn-picture-stay-axis")))
        ax.set_xlabel(str(claim("churn-picture-stay-days")))
        if len(ends) > 1:
            _label_ends(ax, ends, right=float(shown.max()))
    after = min(day, float(shown.min()))
    known = curves.share_after(after).dropna(subset="survival")
    parts = names(_stay_part(group, row) for group, row in known.iterrows())
    until, time = days(float(shown.max())), time_word(after)
    return finish(ax, title=title, alt=claim("churn-picture-stay-alt", until=until, time=time, parts=parts))


def _stay_part(group: Any, row: pd.Series) -> Claim:
    facts = {"group": name(group_name(group)), "share": share(100 * row["survival"])}
    if pd.isna(row["low"]):
        return claim("churn-picture-stay-part", **facts)
    likely = interval(100 * row["low"], 100 * row["high"], "share")
    return claim("churn-picture-stay-part-likely", range=likely, **facts)


def _stages_title(table: pd.DataFrame) -> Claim:
    silent = table[table.index.isin(SILENT)]
    if silent.empty:
        largest = table["customers"].idxmax()
        part = share(table.loc[largest, "share_pct"])
        return claim("churn-picture-states-largest", share=part, state=state_word(largest))
    brought = share(silent["revenue_share_pct"].sum(min_count=1), at="sales.share[silent]")
    n = count(silent["customers"].sum(), at="customers.silent")
    return claim("churn-picture-states-silent", n=n, brought=brought)


def _state_part(state: str, row: pd.Series) -> Claim:
    part, brought = share(row["share_pct"]), share(row["revenue_share_pct"])
    return claim("churn-picture-states-part", state=state_word(state), share=part, brought=brought)


def _moves_title(result: LifecycleMoves) -> Claim:
    changed = changed_share(result)
    if not np.isfinite(changed):
        return claim("churn-picture-moves-newcomers")
    if not result.before_on:
        return claim("churn-picture-moves", share=share(changed))
    return claim("churn-picture-moves-since", share=share(changed), since=date(result.before_on))


def _moment(day: str, side: str) -> Any:
    if day:
        return claim("churn-picture-on", day=date(day))
    return term("churn-picture-before" if side == "before" else "churn-picture-after")


def _cell_percent(share: float) -> str:
    if pd.isna(share) or share == 0:
        return ""
    return "<1" if share < 0.5 else ">99" if 99.5 <= share < 100 else f"{share:.0f}"


def _heat_table(
    ax: Any,
    title: Claim,
    values: np.ndarray,
    words: np.ndarray,
    sides: list[str],
    heads: list[str],
    *,
    upright: bool = False,
) -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    with theme():
        tall = 0 if upright else max(text_width(head) for head in heads) / 72
        ax = canvas(ax, title=title, body=0.3 * len(sides) + tall + 0.2, foot=0.55)
        shades = LinearSegmentedColormap.from_list("white_blue", ["#f3f8fc", "#86bfe3"])
        ax.imshow(np.ma.masked_invalid(values), cmap=shades, vmin=0, vmax=100, aspect="auto")
        for row, column in np.ndindex(words.shape):
            ax.text(column, row, words[row, column], ha="center", va="center", color=INK)
        ax.set_xticks(range(len(heads)), heads, rotation=0 if upright else 90, ha="center", va="bottom")
        ax.set_yticks(range(len(sides)), sides)
        ax.xaxis.tick_top()
        ax.set_xticks(np.arange(len(heads) + 1) - 0.5, minor=True)
        ax.set_yticks(np.arange(len(sides) + 1) - 0.5, minor=True)
        ax.grid(which="minor", color="white", linewidth=2)
        ax.tick_params(which="both", length=0)
        ax.spines["bottom"].set_visible(False)
    return ax


def _draw_curve(ax: Any, curves: pd.DataFrame, name: Any, until: float, colour: str) -> tuple[float, float]:
    curve = curves[(curves["group"] == name) & (curves["time"] <= until)]
    last = 100 * float(curve["survival"].iloc[-1]) if len(curve) else 100.0
    times = np.r_[0.0, curve["time"], until]
    share = np.r_[100.0, 100 * curve["survival"], last]
    low, high = (np.r_[100.0, 100 * curve[side], np.nan] for side in ("low", "high"))
    low[-1], high[-1] = low[-2], high[-2]
    ax.fill_between(times, low, high, step="post", color=colour, alpha=0.16, linewidth=0)
    ax.step(times, share, where="post", color=colour)
    return until, last


def _label_ends(ax: Any, ends: list[tuple[tuple[float, float], Any, str]], *, right: float) -> None:
    """Names at the right, each as near to its curve's end as the others leave room."""
    wide = 1.32 * 72
    said = [wrapped(group_name(group), width=wide, lines=2, bold=True) for _, group, _ in ends]
    order = sorted(range(len(ends)), key=lambda i: -ends[i][0][1])
    step = 103 * 0.185 / 2.6
    tops, place = {}, 103.0
    for i in order:
        high = step * (said[i].count("\n") + 1)
        place = min(place - high / 2, ends[i][0][1])
        tops[i] = place
        place -= high / 2
    lift = max(0.0, -place)
    for i in order:
        (x, y), _, colour = ends[i]
        ax.annotate(
            said[i], (right, tops[i] + lift), (8, 0), textcoords="offset points", va="center", ha="left",
            color=letters_of(colour), fontweight="bold", linespacing=1.0, annotation_clip=False,
        )  # fmt: skip
        if x < right:
            ax.plot([x, right], [y, tops[i] + lift], color=GREY, linewidth=0.6, linestyle=":")
