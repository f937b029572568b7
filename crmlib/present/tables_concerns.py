"""Tables of the part on customers' concerns."""

from crmlib.analyse.pipeline.concerns import Concerns
from crmlib.present.blocks import DataTable

_LABELS = {
    "topic": "Topic",
    "term": "Words",
    "language": "Language",
    "deals": "Deals",
    "lost_share_pct": "Notes of lost deals",
    "open_share_pct": "Of open deals",
    "won_share_pct": "Of won deals",
    "difference": "Lost less won",
    "low": "At least",
    "high": "At most",
    "q_value": "Could be chance",
    "recent_share_pct": "Recent notes",
    "earlier_share_pct": "Earlier notes",
    "trend": "Trend",
}
_UNITS = {"difference": "points", "low": "points", "high": "points"}
_DIGITS = {name: 0 for name in _LABELS if name.endswith("_pct") or name in _UNITS} | {"q_value": 3}


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
        result.topics, name="concerns", caption="What notes speak of, by what became of the deal",
        labels=_LABELS, units=_UNITS, digits=_DIGITS,
    )  # fmt: skip


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
        result.terms.drop(columns="open_share_pct"), name="concern-words",
        caption="The most frequent words of notes, those of lost deals first",
        labels=_LABELS, units=_UNITS, digits=_DIGITS, rows=12,
    )  # fmt: skip


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
        frame, name="concern-examples", caption="How it sounds (rare words and all names are dots)",
        labels={"topic": "Topic", "language": "Language", "outcome": "Deal", "example": "From a note"},
    )  # fmt: skip


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
    >>> reasons_table(_little_concerns()).frame["reason"].tolist()
    ['Price']
    """
    if result.reasons.empty:
        return None
    frame = result.reasons.dropna(axis="columns", how="all")
    return DataTable(
        frame, name="lost-reasons", caption="Reasons given for lost deals",
        labels={**_LABELS, "reason": "Reason", "share_pct": "Share", "amount": "Value lost",
                "recent_share_pct": "Recently", "earlier_share_pct": "Before"},
        units={"amount": currency, "low": "%", "high": "%"},
        digits={"share_pct": 0, "low": 0, "high": 0, "amount": 0, "recent_share_pct": 0, "earlier_share_pct": 0},
    )  # fmt: skip
