"""What the report says of one campaign: what it brought, whom it was compared with, who responds."""

import numpy as np
import pandas as pd

from crmlib.analyse.campaigns.comparison import CONTROL_GROUP, FEWEST
from crmlib.analyse.campaigns.groups import SURE
from crmlib.analyse.campaigns.judging import FEW
from crmlib.analyse.campaigns.matching import ALIKE
from crmlib.analyse.campaigns.result import CampaignEffect
from crmlib.present.claims_campaigns_words import (
    effect_name,
    figure_name,
    grouping_name,
    likely,
    likely_share,
    signed_money,
    stated,
    whom,
)
from crmlib.present.needs import or_else
from crmlib.present.words import count, date, days, listing, money, number, percent, plural, sentence


@or_else(lambda missing: [])
def campaign_paragraph(effect: CampaignEffect) -> list[str]:
    """What one campaign brought, in spend and against its cost, and how small an effect it could have shown.

    Parameters
    ----------
    effect : CampaignEffect

    Returns
    -------
    list of str

    Examples
    --------
    >>> from crmlib.present.claims_campaigns_words import _little_effect
    >>> print(campaign_paragraph(_little_effect())[1].replace("\\u00a0", " "))
    12 of 40 customers contacted answered (30 %, likely 18 % to 45 %); half of them within 4 days.
    """
    response, comparison = effect.response, effect.comparison
    said = [_when(effect)]
    if not response.contacted:
        return [*said, "Nobody was contacted."]
    if response.reason:
        said.append(
            f"{count(response.contacted, 'customer')} {plural(response.contacted, 'was', 'were')} contacted."
        )
    else:
        said.append(
            f"{number(response.responded)} of {count(response.contacted, 'customer')} contacted answered "
            f"({percent(response.rate_pct)}, likely {percent(response.low)} to {percent(response.high)})"
            + (
                f"; half of them within {days(response.days_median)}."
                if np.isfinite(response.days_median)
                else "."
            )
        )
    if not np.isfinite(comparison.chosen.value):
        return [
            *said,
            f"What it brought is not known: {comparison.reason[:1].lower()}{comparison.reason[1:]}",
        ]
    return [*said, *_extra(effect), *_cost(effect), *_judged(effect)]


@or_else(lambda missing: [])
def balance_paragraph(effect: CampaignEffect) -> list[str]:
    """How alike those compared were, and what the same comparison shows before the campaign.

    Parameters
    ----------
    effect : CampaignEffect

    Returns
    -------
    list of str

    Examples
    --------
    >>> from crmlib.present.claims_campaigns_words import _little_effect
    >>> print(balance_paragraph(_little_effect())[0])
    Who was held out was decided before, so the groups should differ by chance only.
    """
    comparison, trial = effect.comparison, effect.trial.chosen
    if comparison.balance.empty:
        return []
    if comparison.kind == CONTROL_GROUP:
        said = ["Who was held out was decided before, so the groups should differ by chance only."]
    else:
        n, of = comparison.contacted, effect.response.contacted
        far = comparison.balance[~comparison.balance["alike"]]
        said = [
            f"{number(n)} of {count(of, 'customer')} contacted found a partner outside the campaign who was "
            f"alike; what is said of extra spend holds for {plural(n, 'this one', 'these')}."
        ]
        names = listing([_low(figure_name(name)) for name in far["feature"]], limit=4, noun="figure")
        said.append(
            f"After matching they still lie more than {ALIKE} standard deviations apart in {names}."
            if len(far)
            else f"After matching they lie within {ALIKE} standard deviations in every figure."
        )
    if np.isfinite(trial.value):
        agrees = trial.low <= 0 <= trial.high
        said.append(
            "On the time before the campaign, when there can be no effect, the same comparison shows "
            f"{signed_money(trial.value, effect.currency)} a customer "
            f"({likely(trial.low, trial.high, effect.currency)}): "
            + ("in line with none." if agrees else "the groups differed already.")
        )
    else:
        said.append(
            "Orders do not reach back far enough to try the same comparison on a time before the campaign."
        )
    return [*said, *_overlap(effect)]


@or_else(lambda missing: [])
def groups_paragraph(effect: CampaignEffect) -> list[str]:
    """Who answered more often, and whether the campaign did more for some than for others.

    Parameters
    ----------
    effect : CampaignEffect

    Returns
    -------
    list of str

    Examples
    --------
    >>> from crmlib.present.claims_campaigns_words import _little_effect
    >>> groups_paragraph(_little_effect())[0]
    'Too few customers in any group to tell who responds.'
    """
    judged = stated(effect.groups[effect.groups["response_judged"].astype(bool)])
    if judged.empty:
        said = ["Too few customers in any group to tell who responds."]
    else:
        firm = judged[judged["response_q"] <= SURE].sort_values(
            "response_pct", ascending=False, kind="stable"
        )
        said = [_who(row) for _, row in firm.head(1).iterrows()]
        if len(firm) > 1:
            said.append(_who(firm.iloc[-1]))
        if firm.empty:
            said = ["No group is shown to answer more often than another, as far as chance allows to tell."]
    compared = stated(effect.groups[effect.groups["effect_judged"].astype(bool)])
    more = compared[compared["gap_q"] <= SURE]
    if len(compared) and more.empty:
        said.append(
            f"Extra spend is not shown to differ between the {count(len(compared), 'group')} large enough to compare."
        )
    for _, row in more.head(2).iterrows():
        said.append(
            f"Extra spend differs for {_group(row)}: {signed_money(row['effect'], effect.currency)} a customer, which "
            f"is {signed_money(row['gap'], effect.currency)} against all others "
            f"({likely(row['gap_low'], row['gap_high'], effect.currency)})."
        )
    few = int((~effect.groups["response_judged"].astype(bool)).sum())
    if few and len(judged):
        said.append(f"{count(few, 'group')} {plural(few, 'is', 'are')} too small to judge.")
    return said


def _extra(effect: CampaignEffect) -> list[str]:
    chosen, row, power = effect.comparison.chosen, effect.money.iloc[0], effect.power.iloc[0]
    firm = chosen.low > 0 or chosen.high < 0
    who = "Those contacted" if effect.comparison.kind == CONTROL_GROUP else "Those matched"
    share = (
        f", {percent(100 * abs(chosen.value) / row['base_mean'])} of their {money(row['base_mean'], effect.currency)}"
        if row["base_mean"] > 0
        else ""
    )
    in_all = "That may be chance."
    if firm:
        in_all = (
            f"For {count(effect.comparison.contacted, 'customer')} that is "
            f"{signed_money(row['total'], effect.currency)} "
            f"({likely(row['total_low'], row['total_high'], effect.currency)})."
        )
    if effect.judgement.doubt:
        in_all = f"It is not to be trusted: {effect.judgement.doubt}."
    said = [
        f"{who} spent {signed_money(chosen.value, effect.currency)} a customer against {whom(effect)}{share} "
        f"({likely(chosen.low, chosen.high, effect.currency)}). " + in_all
    ]
    if np.isfinite(power["smallest_effect"]) and power["smallest_effect"] > 0:
        tenth = (
            f"; it had a chance of {percent(power['tenth_pct'])} to show a tenth more spend"
            if np.isfinite(power["tenth_pct"])
            else ""
        )
        said.append(
            f"With so many customers an effect of {money(power['smallest_effect'], effect.currency)} a customer would "
            f"show four times in five{tenth}."
        )
    return said


def _cost(effect: CampaignEffect) -> list[str]:
    row = effect.money.iloc[0]
    if not np.isfinite(row["cost_amount"]):
        return []
    cost, each = (money(row[name], effect.currency) for name in ("cost_amount", "cost_per_contact"))
    said = f"It cost {cost}, {each} a contact"
    if np.isfinite(row["cost_per_response"]):
        said += f" and {money(row['cost_per_response'], effect.currency)} an answer"
    what = "extra margin" if np.isfinite(row["margin_pct"]) else "extra spend, before the cost of the goods,"
    return [
        f"{said}.",
        f"Its {what} less its cost comes to {signed_money(row['gain'], effect.currency)} "
        f"({likely(row['gain_low'], row['gain_high'], effect.currency)}).",
    ]


def _judged(effect: CampaignEffect) -> list[str]:
    said = []
    if effect.verdict == FEW:
        said.append(f"Fewer than {FEWEST} customers stand on one side: too few to judge.")
    return said


def _overlap(effect: CampaignEffect) -> list[str]:
    table = effect.overlap.set_index("side")
    if table.empty or not table["overlapping"].any():
        return []
    parts = [
        f"{percent(row.share_pct)} of those {'contacted' if row.Index == 'contacted' else 'they are compared with'}"
        for row in table.itertuples()
    ]
    return [f"In another campaign at the same time: {listing(parts)}."]


def _when(effect: CampaignEffect) -> str:
    if pd.isna(effect.begin_on):
        return f"No day is known for {effect_name(effect)}."
    said = f"{sentence(effect_name(effect))[:-1]} ran from {date(effect.begin_on)} to {date(effect.until_on)}"
    if not effect.is_over:
        said = (
            f"{sentence(effect_name(effect))[:-1]} began on {date(effect.begin_on)}, runs to "
            f"{date(effect.planned_until_on)} and is judged up to {date(effect.until_on)}"
        )
    return f"{said}."


def _who(row: pd.Series) -> str:
    return (
        f"{percent(row['response_pct'])} of {_group(row)} answered ({number(row['responded'])} of "
        f"{count(row['contacted'], 'customer')}, {likely_share(row)})."
    )


def _group(row: pd.Series) -> str:
    return f"the group “{grouping_name(row['grouping'])}: {row['group']}”"


def _low(text: str) -> str:
    return f"{text[:1].lower()}{text[1:]}"
