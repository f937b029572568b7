"""What the report on leads says about where they come from."""

import pandas as pd

from crmlib.analyse.pipeline.sources import SURE, ChannelConversion
from crmlib.present.claims_leads_words import base_words, by_words, group_words
from crmlib.present.needs import or_else
from crmlib.present.words import count, days, listing, money, number, percent, plural, points

_MIX = {"category": "product category", "industry": "industry", "region": "region"}


@or_else(lambda missing: [])
def sources_answer(found: ChannelConversion) -> list[str]:
    """How many deals are won, and which sources differ.

    Parameters
    ----------
    found : ChannelConversion

    Examples
    --------
    >>> from crmlib.present.claims_leads_words import _little_sources
    >>> print(sources_answer(_little_sources())[1].replace("\\u00a0", " "))
    Won more often than the rest: “referral” (73 %, likely 66 % to 80 %).
    """
    total = found.overall
    said = [
        f"{number(total['won'])} of {number(total[found.base])} {base_words(found.base)} were won "
        f"({percent(total['win_rate_pct'])}, likely {percent(total['low'])} to {percent(total['high'])})."
    ]
    for verdict in ("more often", "less often"):
        rows = found.table[found.table["verdict"] == verdict]
        rows = rows.sort_values("difference_points", ascending=verdict == "less often", kind="stable")
        if len(rows):
            named = listing([_rate(row, found.by) for row in rows.itertuples()], limit=3, noun="other")
            said.append(f"Won {verdict} than the rest: {named}.")
    if len(said) == 1:
        said.append(f"No {by_words(found.by)[0]} is shown to differ from the rest.")
    return said


@or_else(lambda missing: [])
def sources_findings(found: ChannelConversion) -> list[str]:
    """The one sentence that the index repeats.

    Parameters
    ----------
    found : ChannelConversion

    Examples
    --------
    >>> from crmlib.present.claims_leads_words import _little_sources
    >>> len(sources_findings(_little_sources()))
    1
    """
    return sources_answer(found)[1:2]


@or_else(lambda missing: [])
def sources_paragraph(found: ChannelConversion) -> list[str]:
    """What the picture of sources means: the base, the mix, time and money.

    Parameters
    ----------
    found : ChannelConversion

    Examples
    --------
    >>> from crmlib.present.claims_leads_words import _little_sources
    >>> print(sources_paragraph(_little_sources())[0].replace("\\u00a0", " "))
    The win rate is of the deals decided; the 147 open deals are counted apart.
    """
    return [_base(found), *_mix(found), *_time(found), *_cost(found), *_small(found)]


@or_else(lambda missing: [])
def sources_limits(found: ChannelConversion) -> list[str]:
    """What the comparison of sources cannot say.

    Parameters
    ----------
    found : ChannelConversion

    Examples
    --------
    >>> from crmlib.present.claims_leads_words import _little_sources
    >>> sources_limits(_little_sources())[0][:45]
    'A source that is won more often may simply ge'
    """
    one, several = by_words(found.by)
    limits = [
        f"A {one} that is won more often may simply get the easier deals; the comparison at one mix allows for "
        f"{listing([_MIX.get(name, name) for name in dict.fromkeys(found.mix['mix'])])} only, one at a time."
        if len(found.mix)
        else f"A {one} that is won more often may simply get the easier deals; nothing is known by which {several} "
        "could be compared at one mix."
    ]
    if found.table["cost"].isna().all():
        limits.append(f"What {several} cost is not known.")
    elif found.table["cost"].isna().any():
        limits.append(
            "Costs are those of campaigns that brought deals; other costs are not known, so that what looks free need "
            "not be."
        )
    if found.negative_durations:
        n = found.negative_durations
        limits.append(
            f"{count(n, 'deal')} {plural(n, 'is', 'are')} said to have closed before being "
            "opened, and left out of the days to win."
        )
    return limits


def _rate(row: object, by: str) -> str:
    return (
        f"{group_words(row.value, by)} ({percent(row.win_rate_pct)}, likely {percent(row.low)} to "
        f"{percent(row.high)})"
    )


def _base(found: ChannelConversion) -> str:
    if found.base == "leads":
        return "The win rate is of all leads: one that is still open counts as not won yet."
    n = int(found.overall["open"])
    if not n:
        return "The win rate is of the deals decided; none is open."
    return f"The win rate is of the deals decided; the {count(n, 'open deal')} {plural(n, 'is', 'are')} counted apart."


def _mix(found: ChannelConversion) -> list[str]:
    turned = found.mix[found.mix["turns"]]
    said = [
        f"The picture turns for {group_words(row.value, found.by)} once all are compared at the same mix of "
        f"{_MIX.get(row.mix, row.mix)}: {points(row.crude_points)} against the rest as it is, "
        f"{points(row.standardised_points)} at one mix ({_likely(row)})."
        for row in turned.itertuples()
    ]
    hidden = found.mix[~found.mix["turns"] & (found.mix["q"] <= SURE)]
    plain = found.table.set_index("value")["verdict"]
    hidden = hidden[hidden["value"].map(plain) == "no difference shown"]
    said += [
        f"By itself {group_words(row.value, found.by)} is not shown to differ; at the same mix of "
        f"{_MIX.get(row.mix, row.mix)} it is won {'more' if row.standardised_points > 0 else 'less'} often "
        f"({points(row.standardised_points)}, {_likely(row)})."
        for row in hidden.itertuples()
    ]
    if len(found.mix) and not len(turned):
        names = listing([_MIX.get(name, name) for name in dict.fromkeys(found.mix["mix"])])
        said.append(f"No difference turns when all are compared at the same mix of {names}, one at a time.")
    return said


def _likely(row: object) -> str:
    low, high = (f"{end:+.1f}".replace("-", "−") for end in (row.low, row.high))
    return f"likely {low} to {high}"


def _time(found: ChannelConversion) -> list[str]:
    rows = found.table[found.table["judged"] & found.table["days_to_win"].notna()]
    if len(rows) < 2:
        return []
    fast, slow = rows.loc[rows["days_to_win"].idxmin()], rows.loc[rows["days_to_win"].idxmax()]
    return [
        f"Deals won took {days(fast['days_to_win'])} at the median from {group_words(fast['value'], found.by)} and "
        f"{days(slow['days_to_win'])} from {group_words(slow['value'], found.by)}."
    ]


def _cost(found: ChannelConversion) -> list[str]:
    rows = found.table[found.table["return_ratio"].notna()]
    if rows.empty:
        return []
    named = listing(
        [
            f"{money(row.return_ratio, found.currency)} from {group_words(row.value, found.by)}"
            for row in rows.sort_values("return_ratio", ascending=False, kind="stable").itertuples()
        ],
        limit=4,
        noun="other",
    )
    return [
        f"For each {money(1, found.currency)} that campaigns cost, deals were won worth {named}. That is value won, "
        "not margin."
    ]


def _small(found: ChannelConversion) -> list[str]:
    rows: pd.DataFrame = found.table[~found.table["judged"]]
    if rows.empty:
        return []
    if len(found.table) == 1:
        return [f"All deals have the same {by_words(found.by)[0]}, so there is nothing to compare it with."]
    named = listing([group_words(row.value, found.by) for row in rows.itertuples()], limit=4, noun="other")
    sure = percent(100 * SURE)
    return [
        f"Too few deals to judge: {named}. Of the differences named, about {sure} at most may be due to chance."
    ]
