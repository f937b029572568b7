"""Pictures of campaigns: who answered, what they brought, how alike the groups were, who responds."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.campaigns.comparison import ALIKE, CONTROL_GROUP
from crmlib.analyse.campaigns.effect import (
    CHANCE,
    DOUBTED,
    FEW,
    JUDGED,
    LESS,
    MORE,
    CampaignEffect,
    CampaignSummary,
)
from crmlib.analyse.stats.tests import SURE
from crmlib.present import numbers
from crmlib.present.claims import Claim, Fact, claim, clause, count, interval, money, name, names, share
from crmlib.present.messages import language
from crmlib.present.reports.campaigns.say import (
    answer_facts,
    answered,
    called,
    campaign_label,
    effect_fact,
    group_line,
    measure_name,
    stated,
)
from crmlib.present.theme import (
    ALARM,
    GREY,
    MAIN,
    SOFT,
    bar_percent,
    finish,
    named_rows,
    nothing,
    range_rows,
    theme,
)

_MOST_CAMPAIGNS, _MOST_FIGURES, _MOST_GROUPS = 14, 10, 10
_RESPONSES = ["response_pct", "response_low", "response_high"]


def plot_responses(result: CampaignSummary, *, ax: Any = None) -> Any:
    """The share of those contacted that answered each campaign of which answers are on record, with its interval."""
    table = result.table[result.table["response_pct"].notna() & (result.table["contacted"] > 0)]
    table = answered(table)
    if table.empty:
        return nothing(ax, says=claim("campaigns-picture-responses-unknown"))
    title = claim("campaigns-picture-responses", **answer_facts(table))
    if len(table) == 1:
        first = table.iloc[0]
        facts = {"share": answer_facts(table)["share"], "campaign": called(first)}
        title = claim("campaigns-picture-responses-one", **facts)
    shown, left = _largest(table)
    labels, rows = [campaign_label(row) for _, row in shown.iterrows()], shown[_RESPONSES].to_numpy(float)
    unit, texts = (
        _below(claim("campaigns-picture-responses-unit"), _left(left)),
        [*map(bar_percent, rows[:, 0])],
    )
    ax = range_rows(ax, title=title, names=labels, rows=rows, texts=texts, unit=unit)
    alt = claim("campaigns-picture-responses-alt", rows=_listed(labels, rows, "share"))
    return finish(ax, title=title, alt=alt)


def plot_effects(result: CampaignSummary, *, ax: Any = None) -> Any:
    """Extra spend a customer in each campaign that is large enough, with its interval, about a line at nought."""
    table = result.table[result.table["effect"].notna() & (result.table["verdict"] != FEW)]
    if table.empty:
        return nothing(ax, says=claim("campaigns-picture-effects-unknown"))
    title = _effects_title(table, result.currency)
    colours = {MORE: MAIN, LESS: ALARM, DOUBTED: GREY}
    shown, left = _largest(table)
    labels = [campaign_label(row) for _, row in shown.iterrows()]
    rows = shown[["effect", "effect_low", "effect_high"]].to_numpy(float)
    texts = [
        _signed(effect) + (" ?" if verdict == DOUBTED else "")
        for effect, verdict in zip(rows[:, 0], shown["verdict"], strict=True)
    ]
    what = claim("campaigns-picture-effects-unit")
    if result.currency:
        what = claim("campaigns-picture-effects-unit-money", currency=name(result.currency))
    doubted = (shown["verdict"] == DOUBTED).any()
    marks = claim("campaigns-picture-effects-doubted") if doubted else ""
    unit, shades = _below(what, marks, _left(left)), [colours.get(one, SOFT) for one in shown["verdict"]]
    ax = range_rows(
        ax, title=title, names=labels, rows=rows, texts=texts, unit=unit, colours=shades, about=0.0
    )
    listed = _listed(labels, rows, "number")
    return finish(ax, title=title, alt=claim("campaigns-picture-effects-alt", unit=what, rows=listed))


def _effects_title(table: pd.DataFrame, currency: str) -> Claim:
    judged, raised = table["verdict"].isin(JUDGED), table[table["verdict"] == MORE]
    if len(table) == 1:
        first = table.iloc[0]
        if raised.empty:
            return claim("campaigns-picture-effects-one-none", campaign=called(first))
        effect = effect_fact(first, currency)
        return claim("campaigns-picture-effects-one", campaign=called(first), effect=effect)
    of = count(int(judged.sum()), at="campaigns.all")
    if raised.empty:
        return claim("campaigns-picture-effects-none", judged=of)
    shown = count(len(raised), at="campaigns.raised", part_of="campaigns.all")
    return claim("campaigns-picture-effects", raised=shown, judged=of)


def plot_balance(result: CampaignEffect, *, ax: Any = None) -> Any:
    """How far those in the campaign and those compared with lay apart before it, as they were and as matched."""
    if result.balance.empty:
        return nothing(ax, says=claim("campaigns-picture-balance-nobody"))
    held_out = result.comparison.kind == CONTROL_GROUP
    table = result.balance[result.balance["difference_before"].notna()].head(_MOST_FIGURES)
    title = _balance_title(result, held_out=held_out)
    with theme():
        ax, middles = named_rows(ax, [*map(measure_name, table["feature"])], title=title, foot=1.05)
        ax.axvspan(-ALIKE, ALIKE, color=GREY, alpha=0.25, linewidth=0)
        ax.axvline(0, color=GREY, linewidth=1)
        ax.plot(table["difference_before"], middles, "D", color=MAIN if held_out else GREY, markersize=7)
        if not held_out:
            ax.plot(table["difference_after"], middles, "o", color=MAIN, markersize=8)
        ax.set_xlim(*_reach(table[["difference_before", "difference_after"]].to_numpy(dtype=float)))
        ax.locator_params(axis="x", nbins=5)
        key = "" if held_out else claim("campaigns-picture-balance-dots")
        below = claim("campaigns-picture-balance-key")
        ax.set_xlabel(_below(claim("campaigns-picture-balance-unit"), key, below), loc="left")
    listed = names(_apart_row(row, held_out=held_out) for row in table.itertuples())
    return finish(ax, title=title, alt=claim("campaigns-picture-balance-alt", rows=listed))


def _balance_title(result: CampaignEffect, *, held_out: bool) -> Claim:
    judged = result.balance["difference_before" if held_out else "difference_after"]
    measures = len(result.balance)
    facts = {"alike": count(measures - int((judged.abs() > ALIKE).sum())), "measures": count(measures)}
    if held_out:
        return claim("campaigns-picture-balance-control", **facts)
    return claim("campaigns-picture-balance-matched", **facts)


def _reach(ends: np.ndarray) -> tuple[float, float]:
    most = 1.12 * max(0.3, float(np.nanmax(np.abs(ends))))
    return (-most if float(np.nanmin(ends)) < -0.12 else max(-0.3, -most)), most


def _apart_row(row: Any, *, held_out: bool) -> Claim:
    measure, before = clause_of(measure_name(row.feature)), name(_apart(row.difference_before))
    if held_out:
        return claim("campaigns-picture-balance-row", name=measure, before=before)
    after = name(_apart(row.difference_after))
    return claim("campaigns-picture-balance-row-matched", name=measure, before=before, after=after)


def clause_of(said: Claim | Fact) -> Fact:
    """A claim within another one; a fact as it is."""
    return clause(said) if isinstance(said, Claim) else said


def plot_who_responds(result: CampaignEffect, *, ax: Any = None) -> Any:
    """The share that answered in each group, against that of all contacted."""
    judged = stated(result.groups[result.groups["response_judged"].astype(bool)])
    if judged.empty or not result.response.responded:
        return nothing(ax, says=claim("campaigns-picture-who-few"))
    judged = judged.sort_values("response_pct", ascending=False, kind="stable")
    firm = judged[judged["response_q"] <= SURE]
    everyone = share(result.response.rate_pct)
    title = claim("campaigns-picture-who-none")
    if len(firm):
        first = firm.iloc[0]
        facts = {"group": group_line(first), "share": share(first["response_pct"])}
        title = claim("campaigns-picture-who-some", all=everyone, **facts)
    shown = _telling(judged, firm)
    labels, rows = [str(group_line(row)) for _, row in shown.iterrows()], shown[_RESPONSES].to_numpy(float)
    colours = [MAIN if q <= SURE else GREY for q in shown["response_q"]]
    left = len(judged) - len(shown)
    more = claim("campaigns-picture-left-groups", n=count(left)) if left else ""
    unit = _below(claim("campaigns-picture-responses-unit"), claim("campaigns-picture-who-key"), more)
    ax = range_rows(
        ax, title=title, names=labels, rows=rows, texts=[*map(bar_percent, rows[:, 0])], unit=unit,
        colours=colours, about=result.response.rate_pct,
    )  # fmt: skip
    listed = _listed(labels, rows, "share")
    return finish(ax, title=title, alt=claim("campaigns-picture-who-alt", all=everyone, rows=listed))


def _listed(labels: list[str], rows: np.ndarray, kind: str) -> Fact:
    """Each row's value and its range, in words."""
    said = share if kind == "share" else money
    return names(
        claim("campaigns-picture-row", name=name(label), value=said(value), likely=interval(low, high, kind))
        for label, (value, low, high) in zip(labels, rows, strict=True)
    )


def _left(left: int) -> Claim | str:
    return claim("campaigns-picture-left", n=count(left)) if left else ""


def _signed(amount: float) -> str:
    plus = "+" if amount > 0 else ""
    return f"{plus}{numbers.number(amount, locale=language())}"


def _below(*parts: Claim | str) -> str:
    return "\n".join(str(part) for part in parts if str(part))


def _largest(table: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """The campaigns that stand out and those with the most customers, in the order of their beginning."""
    stands = table["verdict"].isin([MORE, LESS, CHANCE])
    order = table.assign(stands=stands).sort_values(["stands", "contacted"], ascending=False, kind="stable")
    first = order.head(_MOST_CAMPAIGNS).index
    return table.loc[table.index.isin(first)], len(table) - len(first)


def _telling(judged: pd.DataFrame, firm: pd.DataFrame) -> pd.DataFrame:
    """The groups that differ, the farthest from the others first; then whichever else there is room for."""
    if len(judged) <= _MOST_GROUPS:
        return judged
    order = [*firm.sort_values("response_q", kind="stable").index, *judged.index.difference(firm.index)]
    return judged.loc[judged.index.isin(order[:_MOST_GROUPS])]


def _apart(value: float) -> str:
    if not np.isfinite(value):
        return numbers.not_known(language())
    return f"{value:.2f}".replace("-", numbers.MINUS)
