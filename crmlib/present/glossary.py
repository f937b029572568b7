"""The words of the reports, explained once for everyone who reads them."""

from collections.abc import Iterable
from re import IGNORECASE, search

GLOSSARY: dict[str, str] = {
    "As of": "The closing moment of a report. Nothing that happened later is in it.",
    "Basket": "Everything bought together in one order or visit to the till.",
    "Cross-sell": "Offering a customer something that goes with what they already buy.",
    "Confidence": (
        "How often a rule holds: of all baskets with the first item, the share that also hold the second. "
        "40 % means four in ten."
    ),
    "Customer type": "A name given by fixed rules from how lately, how often and how much somebody buys.",
    "Frequency": "How many separate orders a customer has placed.",
    "Household": "The customer of a shop that knows its customers by a shared card.",
    "Indicator": "One number for each customer, such as days since the last order or spend in 90 days.",
    "Interval": (
        "The range in which an estimated figure probably lies. "
        "A wide one says that the data leave much room for chance."
    ),
    "Lift": (
        "How many times more often two items are bought together than they would be by chance. "
        "1 is chance; 3 is three times as often."
    ),
    "Margin": "What remains of the price after the cost of the goods.",
    "Median": "The middle one when all values are put in order: half lie below it, half above.",
    "Net spend": "What was paid, with refunds taken off.",
    "Percentage point": "The plain difference of two percentages: from 10 % to 12 % is two points.",
    "Recency": "Days since the customer's last order. Few is good.",
    "Rows set aside": (
        "Lines of the source files that could not be trusted, each with its reason. "
        "They are counted, kept apart and not used."
    ),
    "Rule": "A pattern in the baskets: whoever buys this tends to buy that.",
    "Segment": "A group of customers who buy alike, found from the data rather than set beforehand.",
    "Silhouette": (
        "How clearly the segments stand apart: 1 is clear cut, 0 means they run into each other. "
        "Customers rarely score above 0.5."
    ),
    "Stability": (
        "How far the same segments come out again when they are worked out "
        "from another draw of the same customers. "
        "1 is always the same; below 0.6 a segment is not published."
    ),
    "Support": "The share of all baskets that hold an item, or all items of a rule together.",
}
"""Term -> plain explanation; the foot of every page gives those that stand on it."""


def terms_in(text: str, *, glossary: dict[str, str] | None = None) -> dict[str, str]:
    """The terms that a page uses, with their explanations.

    Parameters
    ----------
    text : the words of the page
    glossary : dict, optional
        `GLOSSARY` when not given.

    Returns
    -------
    dict of term -> explanation, in alphabetical order

    Examples
    --------
    >>> list(terms_in("Each segment by recency; segments are steady."))
    ['Recency', 'Segment']
    """
    words = GLOSSARY if glossary is None else glossary
    return {term: words[term] for term in _sorted(words) if search(rf"\b{term}s?\b", text, IGNORECASE)}


def _sorted(terms: Iterable[str]) -> list[str]:
    return sorted(terms, key=str.lower)
