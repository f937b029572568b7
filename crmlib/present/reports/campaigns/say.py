"""What the report on campaigns says: made from the numbers, whichever way they went."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.campaigns.comparison import CONTROL_GROUP, FEWEST, MATCHED
from crmlib.analyse.campaigns.effect import (
    CHANCE,
    DOUBTED,
    FEW,
    JUDGED,
    LESS,
    MORE,
    NO_DIFFERENCE,
    NOT_JUDGED,
    CampaignEffect,
    CampaignSummary,
)
from crmlib.analyse.campaigns.groups import ANSWERED_BAND, CAMPAIGNS_BAND, SPEND_BAND, SURE
from crmlib.analyse.campaigns.matching import ALIKE
from crmlib.analyse.stats.small_groups import NOT_STATED, OTHER
from crmlib.measure.columns import label_of
from crmlib.present.needs import or_else
from crmlib.present.words import (
    NBSP,
    count,
    date,
    days,
    listing,
    money,
    number,
    percent,
    plural,
    sentence,
    shortened,
)

FIGURES = {
    "spend_before": "Spend before",
    "spend_recent": "Spend in the last 28 days",
    "spend_change": "Change of spend lately",
    "purchase_days_before": "Days with a purchase",
    "recency_days": "Days since last purchase",
    "known_days": "Days since first purchase",
    "campaigns_before": "Earlier campaigns",
    "responses_before": "Earlier answers",
    "campaigns_running": "Other campaigns running",
}
GROUPINGS = {
    SPEND_BAND: "Spend before",
    ANSWERED_BAND: "Answered a campaign before",
    CAMPAIGNS_BAND: "Campaigns before",
    "age_band": "Age",
}
WAYS = {
    "adjusted": "Adjusted for spend before",
    "unadjusted": "As it is",
    "redrawn": "Adjusted, customers drawn again",
    "everyone": "Against all other customers",
}


def campaign_name(row: Any) -> str:
    """A campaign as it is called: its name, or its number."""
    name = row["name"] if isinstance(row, pd.Series) else row.name
    campaign = row["campaign_id"] if isinstance(row, pd.Series) else row.campaign_id
    if name is None or pd.isna(name) or not str(name).strip():
        return f"campaign{NBSP}{shortened(campaign, 30)}"
    return shortened(name, 40)


def grouping_name(name: str) -> str:
    """What customers were grouped by."""
    return GROUPINGS.get(name) or label_of(name)


def figure_name(name: str) -> str:
    """A figure that groups were compared in."""
    trait, colon, level = name.partition(": ")
    return FIGURES.get(name) or (f"{grouping_name(trait)}: {level}" if colon else label_of(name))


def stated(groups: pd.DataFrame) -> pd.DataFrame:
    """The groups that say something of a customer: not those of whom nothing is known."""
    return groups[~groups["group"].isin([NOT_STATED, OTHER])]


def signed_money(amount: float, currency: str) -> str:
    """An amount with its sign, also where it is a gain."""
    said = money(abs(amount), currency)
    return said if amount == 0 or not pd.notna(amount) else f"{'+' if amount > 0 else '−'}{said}"


def likely(low: float, high: float, currency: str) -> str:
    """The ends of an interval of amounts."""
    return f"likely {signed_money(low, currency)} to {signed_money(high, currency)}"


def whom(effect: CampaignEffect) -> str:
    """Those that a campaign's customers are compared with."""
    names = {CONTROL_GROUP: "the control group", MATCHED: "customers outside it like them"}
    return names.get(effect.comparison.kind, "nobody")


def effect_name(effect: CampaignEffect) -> str:
    """A campaign as it is called."""
    return campaign_name(pd.Series({"campaign_id": effect.campaign_id, "name": effect.name or None}))


def likely_share(row: Any) -> str:
    """The ends of the interval of a share that answered."""
    return f"likely {percent(row['response_low'])} to {percent(row['response_high'])}"


_KEPT: dict[str, Any] = {}


def _little_effect() -> CampaignEffect:
    """One campaign with a control group, for the examples."""
    from crmlib.analyse.campaigns.effect import _little_shop, campaign_effect

    if "effect" not in _KEPT:
        _KEPT["effect"] = campaign_effect(_little_shop(), "spring")
    return _KEPT["effect"]


def _little_summary() -> Any:
    """The campaigns of the same shop, for the examples."""
    from crmlib.analyse.campaigns.effect import _little_shop, campaign_summary

    if "summary" not in _KEPT:
        _KEPT["summary"] = campaign_summary(_little_shop())
    return _KEPT["summary"]


NO_CAMPAIGNS = "There is nothing to say of campaigns, for the reason above."


@or_else(lambda missing: [NO_CAMPAIGNS])
def campaigns_answer(summary: CampaignSummary) -> list[str]:
    """How many customers answered, and which campaigns are shown to have brought extra spend.

    Parameters
    ----------
    summary : CampaignSummary

    Returns
    -------
    list of str
    """
    table = summary.table
    contacted = int(table["contacted"].sum())
    if not contacted:
        return ["Nobody has been contacted by a campaign yet."]
    were = plural(contacted, "contact was", "contacts were")
    said = f"In {count(len(table), 'campaign')} {number(contacted)} {were} made"
    if summary.responses_unknown:
        said += "; who answered is not known"
    else:
        hits = int(table["responded"].sum())
        said += f" and {number(hits)} ({percent(100 * hits / contacted)}) brought an answer"
    return [f"{said}.", *_verdicts(table)]


@or_else(lambda missing: [])
def campaigns_findings(summary: CampaignSummary) -> list[str]:
    """The sentences that the index repeats.

    Parameters
    ----------
    summary : CampaignSummary

    Returns
    -------
    list of str
    """
    table = summary.table[summary.table["effect"].notna()]
    said = []
    for row in table[table["verdict"].isin([MORE, LESS])].head(2).itertuples():
        compared = "its control group" if row.comparison == CONTROL_GROUP else "customers like them"
        said.append(
            f"Those contacted by {campaign_name(row)} spent {signed_money(row.effect, summary.currency)} a customer "
            f"({likely(row.effect_low, row.effect_high, summary.currency)}) compared with {compared}."
        )
    naive = table[(table["comparison"] == MATCHED) & table["everyone"].notna()]
    if len(naive) and not said:
        row = naive.sort_values("contacted", ascending=False, kind="stable").iloc[0]
        said.append(
            f"Customers of {campaign_name(row)} spent {signed_money(row['everyone'], summary.currency)} compared "
            f"with all others, but {signed_money(row['effect'], summary.currency)} "
            f"({likely(row['effect_low'], row['effect_high'], summary.currency)}) compared with customers who had "
            "bought alike before."
        )
    return said


@or_else(lambda missing: [])
def responses_paragraph(summary: CampaignSummary) -> list[str]:
    """Which campaigns were answered most, and how sure that is.

    Parameters
    ----------
    summary : CampaignSummary

    Returns
    -------
    list of str
    """
    if summary.responses_unknown:
        return [f"Who answered is not known: {summary.responses_unknown}"]
    table = summary.table[summary.table["contacted"] >= FEWEST]
    if table.empty:
        return [f"No campaign reached {FEWEST} customers, so its share of answers says little."]
    order = table.sort_values("response_pct", ascending=False, kind="stable")
    best, last = order.iloc[0], order.iloc[-1]
    said = [
        f"Of the {count(best['contacted'], 'customer')} that {campaign_name(best)} reached, "
        f"{number(best['responded'])} answered ({percent(best['response_pct'])}, {likely_share(best)})."
    ]
    if len(order) > 1:
        said[0] = f"Most answers by share: {said[0][:1].lower()}{said[0][1:]}"
        said.append(
            f"Fewest: {campaign_name(last)} with {percent(last['response_pct'])} of "
            f"{count(last['contacted'], 'customer')} ({likely_share(last)})."
        )
    few = int((summary.table["contacted"].between(1, FEWEST - 1)).sum())
    if few:
        said.append(
            f"{count(few, 'campaign')} reached fewer than {FEWEST} customers: "
            f"{plural(few, 'its share says', 'their shares say')} little."
        )
    said.append(
        "An answer is no proof of extra spend: some of those who answered would have bought just the same."
    )
    return said


@or_else(lambda missing: [])
def effects_paragraph(summary: CampaignSummary) -> list[str]:
    """What the campaigns brought in extra spend, and what was not judged.

    Parameters
    ----------
    summary : CampaignSummary

    Returns
    -------
    list of str
    """
    table = summary.table
    said = _verdicts(table)
    matched = int((table["comparison"] == MATCHED).sum())
    if matched:
        held = int((table["comparison"] == CONTROL_GROUP).sum())
        who = (
            "No campaign has a control group"
            if not held
            else f"{count(matched, 'campaign')} {plural(matched, 'has', 'have')} no control group"
        )
        said.append(
            f"{who}, so each customer was matched with one outside the campaign who had bought alike before. That is "
            "weaker evidence: what is not on record may still tell them apart."
        )
    names = {
        CHANCE: "stand out taken alone, but not among so many campaigns, of which one in twenty would by chance",
        DOUBTED: "could not be trusted, since the groups were not alike or differed before the campaign",
    }
    for verdict, words in names.items():
        part = table[table["verdict"] == verdict]
        if len(part):
            said.append(f"{sentence(_named(part))[:-1]} {_singular(words, len(part))}.")
    left = table[table["verdict"].isin(NOT_JUDGED)]
    if len(left):
        said.append(
            f"{sentence(_named(left, 6))[:-1]} {plural(len(left), 'was', 'were')} not judged: too few customers, or "
            "nothing to compare with."
        )
    seen = table[table["verdict"] == NO_DIFFERENCE]
    if len(seen):
        small = 100 * seen["smallest_effect"] / seen["base_mean"].where(seen["base_mean"] > 0)
        if small.notna().any():
            said.append(
                f"Where no difference was seen, one of less than {percent(small.min())} to {percent(small.max())} of "
                "spend, depending on the campaign, would often have been missed."
            )
    return said


@or_else(lambda missing: [])
def campaigns_limits(summary: CampaignSummary, effect: CampaignEffect) -> list[str]:
    """What the report on campaigns cannot say.

    Parameters
    ----------
    summary : CampaignSummary
    effect : CampaignEffect

    Returns
    -------
    list of str
    """
    table = summary.table
    limits = ["Extra spend is counted within a campaign's own time. What it changed later is not in it."]
    if (table["comparison"] == MATCHED).any():
        limits.append(
            "Without a control group nobody knows for sure what a campaign did. Leave a part of the customers out of "
            "the next one, drawn by lot, and this report will say."
        )
        limits.append(
            "Where customers were picked by something that is not on record, matching does not undo it, and the trial "
            "on the time before need not show it. Who is matched with whom also depends on the seed: another one moves "
            "each figure within its range, and a figure at the edge may change its verdict."
        )
    overlap = table["overlapping_pct"].dropna()
    if len(overlap) and overlap.max() > 0:
        limits.append(
            f"Campaigns overlap: in the middle one of them {percent(overlap.median())} of those contacted were "
            "in another at the same time. What each did by itself cannot be told apart wholly."
        )
    running = int((~table["is_over"] & table["begin_on"].notna()).sum())
    if running:
        has, is_judged = plural(running, "has", "have"), plural(running, "is", "are")
        limits.append(f"{count(running, 'campaign')} {has} not ended and {is_judged} judged so far.")
    if table["cost_amount"].isna().all():
        limits.append("What campaigns cost is not known, so nothing is said of what they earned.")
    if (table["reason"].str.contains("reach back")).any():
        limits.append(
            "Campaigns from the beginning of the records cannot be judged: nobody's earlier buying is known."
        )
    for row in effect.set_aside.itertuples():
        limits.append(
            f"Not used of {effect_name(effect)}: {count(row.customers, 'customer')} with {row.what}."
        )
    return limits


def _verdicts(table: pd.DataFrame) -> list[str]:
    """Which campaigns are shown to have done something."""
    judged = table[table["verdict"].isin(JUDGED)]
    said = []
    for verdict, verb in ((MORE, "brought extra spend"), (LESS, "went with less spend")):
        part = table[table["verdict"] == verdict]
        if len(part):
            start = (
                "It"
                if len(table) == 1
                else f"{number(len(part))} of {number(len(judged))} that could be judged"
            )
            said.append(f"{start} {verb}: {_named(part)}.")
    if not said and len(judged):
        said.append(
            "It is not shown to have changed what customers spent."
            if len(table) == 1
            else f"Of the {count(len(judged), 'campaign')} that could be judged, none is shown to have changed what "
            "customers spent."
        )
    if not len(judged):
        said.append("Whether customers spent more for it could not be judged.")
    return said


def _named(table: pd.DataFrame, limit: int = 4) -> str:
    return listing([campaign_name(row) for row in table.itertuples()], limit=limit)


def _singular(words: str, n: int) -> str:
    return words.replace("stand out", "stands out", 1) if n == 1 else words


@or_else(lambda missing: [])
def campaign_paragraph(effect: CampaignEffect) -> list[str]:
    """What one campaign brought, in spend and against its cost, and how small an effect it could have shown.

    Parameters
    ----------
    effect : CampaignEffect

    Returns
    -------
    list of str
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
