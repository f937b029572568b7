"""What the report on campaigns says: made from the numbers, whichever way they went."""

import pandas as pd

from crmlib.analyse.campaigns.comparison import CONTROL_GROUP, FEWEST, MATCHED
from crmlib.analyse.campaigns.judging import CHANCE, DOUBTED, JUDGED, LESS, MORE, NO_DIFFERENCE, NOT_JUDGED
from crmlib.analyse.campaigns.result import CampaignEffect, CampaignSummary
from crmlib.present.claims_campaigns_words import (
    campaign_name,
    effect_name,
    likely,
    likely_share,
    signed_money,
)
from crmlib.present.needs import or_else
from crmlib.present.words import count, listing, number, percent, plural, sentence

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

    Examples
    --------
    >>> from crmlib.present.claims_campaigns_words import _little_summary
    >>> [one.replace("\\u00a0", " ") for one in campaigns_answer(_little_summary())]
    ['In 1 campaign 40 contacts were made and 12 (30 %) brought an answer.',
     'It brought extra spend: campaign spring.']
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

    Examples
    --------
    >>> from crmlib.present.claims_campaigns_words import _little_summary
    >>> print(campaigns_findings(_little_summary())[0].replace("\\u00a0", " "))
    Those contacted by campaign spring spent +5.53 a customer (likely +5.04 to +6.02) compared with its control
    group.
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

    Examples
    --------
    >>> from crmlib.present.claims_campaigns_words import _little_summary
    >>> print(responses_paragraph(_little_summary())[0].replace("\\u00a0", " "))
    Of the 40 customers that campaign spring reached, 12 answered (30 %, likely 18 % to 45 %).
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

    Examples
    --------
    >>> from crmlib.present.claims_campaigns_words import _little_summary
    >>> effects_paragraph(_little_summary())[0]
    'It brought extra spend: campaign\\xa0spring.'
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

    Examples
    --------
    >>> from crmlib.present.claims_campaigns_words import _little_effect, _little_summary
    >>> len(campaigns_limits(_little_summary(), _little_effect())) >= 2
    True
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
