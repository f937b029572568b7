"""Tables of the part on customers' concerns."""

from crmlib.analyse.pipeline.concerns import Concerns
from crmlib.present.blocks import DataTable

_NAMES = {"low": "difference_low", "high": "difference_high"}


def topics_table(result: Concerns) -> DataTable | None:
    """The topics, those of lost deals first.

    Parameters
    ----------
    result : Concerns

    Returns
    -------
    DataTable, or None where there is no topic

    Examples
    --------
    >>> from crmlib.present.claims_concerns import _little_concerns
    >>> topics_table(_little_concerns()).frame["topic"].iloc[0]
    'high, price'
    """
    if result.topics.empty:
        return None
    return DataTable(
        result.topics.rename(columns=_NAMES),
        name="concerns",
        caption="What notes speak of, by what became of the deal",
    )


def terms_table(result: Concerns) -> DataTable | None:
    """The most frequent words in notes of lost and of won deals, those of lost deals first.

    Parameters
    ----------
    result : Concerns

    Returns
    -------
    DataTable, or None where no word may be shown

    Examples
    --------
    >>> from crmlib.present.claims_concerns import _little_concerns
    >>> "price" in set(terms_table(_little_concerns()).frame["term"])
    True
    """
    if result.terms.empty:
        return None
    return DataTable(
        result.terms.drop(columns="open_share_pct").rename(columns=_NAMES),
        name="concern-words",
        caption="The most frequent words of notes, those of lost deals first",
        rows=12,
    )


def examples_table(result: Concerns) -> DataTable | None:
    """Notes in which every word that is not common is replaced by dots.

    Parameters
    ----------
    result : Concerns

    Returns
    -------
    DataTable, or None where there is no topic

    Examples
    --------
    >>> from crmlib.present.claims_concerns import _little_concerns
    >>> examples_table(_little_concerns()).frame["example"].iloc[0]
    'the price is too high'
    """
    if result.examples.empty:
        return None
    order = {topic: place for place, topic in enumerate(result.topics["topic"])}
    frame = result.examples.sort_values("topic", key=lambda topic: topic.map(order), kind="stable")
    return DataTable(
        frame,
        name="concern-examples",
        caption="How it sounds (rare words and all names are dots)",
    )


def reasons_table(result: Concerns, *, currency: str = "") -> DataTable | None:
    """Why deals were lost.

    Parameters
    ----------
    result : Concerns
    currency : str

    Returns
    -------
    DataTable, or None where no reasons are known

    Examples
    --------
    >>> from crmlib.present.claims_concerns import _little_concerns
    >>> reasons_table(_little_concerns()).frame["lost_reason"].tolist()
    ['Price']
    """
    if result.reasons.empty:
        return None
    frame = result.reasons.dropna(axis="columns", how="all")
    return DataTable(
        frame.rename(
            columns={
                "reason": "lost_reason",
                "share_pct": "reason_share_pct",
                "low": "reason_share_low",
                "high": "reason_share_high",
                "amount": "amount_lost",
            }
        ),
        name="lost-reasons",
        caption="Reasons given for lost deals",
        currency=currency,
    )
