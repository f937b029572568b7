"""What the part on customers' concerns says, made from its numbers."""

from typing import Any

from crmlib.analyse.pipeline.concerns import Concerns
from crmlib.present.words import count, listing, number, percent, plural, points, quoted

_SURE = 0.05


def concerns_paragraph(result: Concerns) -> list[str]:
    """What notes of lost deals speak of more than those of won ones, and what is on the rise.

    Parameters
    ----------
    result : Concerns

    Returns
    -------
    list of str

    Examples
    --------
    >>> concerns_paragraph(_little_concerns())[0]
    'Notes of lost deals speak of “high, price” more than those of won ones: 100\\xa0% against 0\\xa0%.'
    """
    if result.topics.empty:
        return [_no_topics(result)]
    sure = result.topics[(result.topics["q_value"] <= _SURE) & (result.topics["difference"] > 0)]
    said = [
        "No topic of the notes stands out among the lost deals: none is clearly more frequent than among the won."
    ]
    if len(sure):
        first = sure.iloc[0]
        said = [
            f"Notes of lost deals speak of {quoted(first['topic'])} more than those of won ones: "
            f"{percent(first['lost_share_pct'])} against {percent(first['won_share_pct'])}."
        ]
        if len(sure) > 1:
            others = listing([quoted(topic) for topic in sure["topic"].iloc[1:4]])
            said.append(f"So do they of {others}.")
    rising = result.topics[result.topics["trend"] == "rising"]
    if len(rising):
        named = listing([quoted(topic) for topic in rising["topic"].head(3)])
        verb = plural(min(len(rising), 3), "comes", "come")
        said.append(
            f"In the last {number(result.recent_days)} days {named} {verb} up more often than before."
        )
    return [*said, _languages(result)]


def reasons_paragraph(result: Concerns) -> list[str]:
    """The reasons that were given for lost deals.

    Parameters
    ----------
    result : Concerns

    Returns
    -------
    list of str

    Examples
    --------
    >>> reasons_paragraph(_little_concerns())[0]
    'The reason given most often for a lost deal is “Price”: 20 of 20\\xa0deals with a reason (100\\xa0%).'
    """
    table = result.reasons
    if table.empty or table["reason"].iloc[0] == "other":
        return ["For too few lost deals a reason was written down to say anything."]
    first, deals = table.iloc[0], int(table["deals"].sum())
    said = [
        f"The reason given most often for a lost deal is {quoted(first['reason'])}: {number(first['deals'])} of "
        f"{count(deals, 'deal')} with a reason ({percent(first['share_pct'])})."
    ]
    for word in ("rising", "falling"):
        moved = table[(table["trend"] == word) & (table["reason"] != "other")].head(2)
        said += [
            f"{quoted(row.reason)} is {word}: {percent(row.recent_share_pct)} of the last "
            f"{number(result.recent_days)} days, {percent(row.earlier_share_pct)} before."
            for row in moved.itertuples()
        ]
    if result.reasons_known_pct < 99.5:
        said.append(f"A reason is known for {percent(result.reasons_known_pct)} of the lost deals.")
    return said


def concerns_findings(result: Concerns) -> list[str]:
    """The sentence that the index repeats, if there is one.

    Parameters
    ----------
    result : Concerns

    Returns
    -------
    list of str

    Examples
    --------
    >>> len(concerns_findings(_little_concerns()))
    1
    """
    sure = result.topics[(result.topics["q_value"] <= _SURE) & (result.topics["difference"] > 0)]
    return concerns_paragraph(result)[:1] if len(sure) else []


def concerns_limits(result: Concerns) -> list[str]:
    """What the words of notes cannot say.

    Parameters
    ----------
    result : Concerns

    Returns
    -------
    list of str

    Examples
    --------
    >>> concerns_limits(_little_concerns())[0]
    'A word of a note is shown only when notes of at least 10\\xa0customers hold it and it is part of no name.'
    """
    return [
        f"A word of a note is shown only when notes of at least {count(result.minimum, 'customer')} hold it and it is "
        "part of no name.",
        "Topics are words that stand together; what a note means by them, agreement or complaint, is not read.",
        "Somebody decided what to note and which reason to write down: compare, but do not take them for the cause.",
        *result.left_out.values(),
    ]


def topic_sentence(row: Any) -> str:
    """A topic, as one would say it.

    Examples
    --------
    >>> topic_sentence(_little_concerns().topics.iloc[0])
    "“high, price”: 100\\xa0% of lost and 0\\xa0% of won deals' notes, 100\\xa0percentage points more"
    """
    gap = row["difference"]
    return (
        f"{quoted(row['topic'])}: {percent(row['lost_share_pct'])} of lost and {percent(row['won_share_pct'])} of won "
        f"deals' notes, {points(abs(gap))} {'more' if gap >= 0 else 'less'}"
    )


def _no_topics(result: Concerns) -> str:
    if result.deals.empty:
        return "No notes are kept by deal, so what customers talk about is not known."
    return (
        "Too few notes have words in common to say what customers talk about: a word must stand in notes of at "
        f"least {count(result.minimum, 'customer')}."
    )


def _languages(result: Concerns) -> str:
    parts = [
        f"{count(row.notes, 'note')} in {row.language if row.language != 'other' else 'other languages'}"
        for row in result.deals.itertuples()
    ]
    return f"Read were {listing(parts)}; shares are of the notes in the same language."


def _little_concerns() -> Concerns:
    """Sixty deals with a note each, for the examples."""
    import pandas as pd

    from crmlib.analyse.pipeline.concerns import concerns
    from crmlib.prepare.crm import Crm

    names = [str(i) for i in range(60)]
    deals = pd.DataFrame(
        {"opportunity_id": names, "stage": "x", "outcome": ["lost", "won", "won"] * 20, "created_at": "2024-01-01",
         "closed_at": "2024-03-01", "lost_reason": ["Price", None, None] * 20}
    )  # fmt: skip
    said = ["the price is too high", "the delivery was on time", "service by phone was good"]
    calls = pd.DataFrame(
        {"interaction_id": names, "opportunity_id": names, "customer_id": names, "happened_at": "2024-01-05",
         "notes": said * 20}
    )  # fmt: skip
    return concerns(Crm.from_frames(as_of="2024-06-30", opportunities=deals, interactions=calls))
