"""The words of the reports, explained once for everyone who reads them."""

from collections.abc import Iterable
from re import IGNORECASE, search

from crmlib.schema.states import DORMANT, LIFE_ORDER, LOST, LOST_TIMES, QUIET_TIMES, spoken

GLOSSARY: dict[str, str] = {
    "80/20": "The saying that a fifth of the customers bring four fifths of the value. A report checks it.",
    "As of": "The closing moment of a report. Nothing that happened later is in it.",
    "Basket": "Everything bought together in one order or visit to the till.",
    "Best seller": "A product that more customers bought lately than others. Offering it to all is the simplest list.",
    "Cost to serve": "What a customer costs us besides the goods: service, time on calls and visits, campaigns.",
    "Credit grade": "How a customer pays, from A (as agreed) to E; with few invoices it leans on how others pay.",
    "Class A": "The customers it takes for the first 80 % of the value; B are those for the next 15 %, C the rest.",
    "Concentration": (
        "How unevenly value lies over the customers: 0 if all bring the same, near 1 if one brings nearly all."
    ),
    "Cohort": "The customers who bought for the first time in the same period, such as one month.",
    "Cross-sell": "Offering a customer something that goes with what they already buy.",
    "Confidence": (
        "How often a rule holds: of all baskets with the first item, the share that also hold the second. "
        "40 % means four in ten."
    ),
    "Control group": (
        "Customers held out of a campaign by lot, to see what those contacted would have spent without it."
    ),
    "Customer type": "A name given by fixed rules from how lately, how often and how much somebody buys.",
    "Lost": f"A customer who has been silent {spoken(LOST_TIMES)} as long as was to be expected.",
    "Decision tree": (
        "A chain of questions with two answers each; at its end stands the share of customers to whom something "
        "happened."
    ),
    "Dormant": (
        f"A customer who has been silent for longer than was to be expected: {spoken(QUIET_TIMES)} the own usual gap, "
        "and at least as long as three in four customers never wait."
    ),
    "Extra spend": "What customers of a campaign spent more than those they are compared with, refunds taken off.",
    "Frequency": "How many separate orders a customer has placed.",
    "Future contribution": (
        "What a customer is expected to bring within the time ahead that the report names: margin, "
        "or revenue where the margin is not known."
    ),
    "Growth potential": (
        "What comparable customers spend in categories that a customer does not, or hardly, buy. "
        "Room to grow, not a forecast."
    ),
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
    "Loyalty": "A score from 0 to 100: how long, how regularly, how widely and how steadily a customer buys.",
    "Log loss": (
        "How surprised a forecast is by what happens: small is good, and being sure of something wrong costs most."
    ),
    "Many small trees": (
        "A forecast added up from many short chains of questions, each mending what those before it got wrong."
    ),
    "Margin": "What remains of the price after the cost of the goods.",
    "Median": "The value that half lie below and half above when all are put in order.",
    "Net spend": "What was paid, with refunds taken off.",
    "Overdue deal": (
        "An open deal that has been in its stage for longer than most deals, open and closed, ever stay there."
    ),
    "Percentage point": "The plain difference of two percentages: from 10 % to 12 % is two points.",
    "Recency": "Days since the customer's last order. Few is good.",
    "Rows set aside": (
        "Lines of the source files that could not be trusted, each with its reason. "
        "They are counted, kept apart and not used."
    ),
    "Plain rule": (
        "What one would expect without any model, such as the same as last year; a forecast has to do better."
    ),
    "Segment": "A group of customers who buy alike, found from the data rather than set beforehand.",
    "Repeat-sell": "Offering a customer what they buy again and again, when it is due.",
    "Revenue at risk": (
        "The chance that a customer stops, times what the customer brought in the last time of the same length."
    ),
    "Separation": (
        "How clearly the segments stand apart: 1 is clear cut, 0 means they run into each other. "
        "Customers rarely score above 0.5."
    ),
    "Small neural net": (
        "A forecast from a few weighted sums of all figures, bent and added up again; it finds figures that count "
        "together."
    ),
    "Stability": (
        "How far the same segments come out again when they are worked out "
        "from another draw of the same customers. "
        "1 is always the same; below 0.6 a segment is not published."
    ),
    "State": (
        f"Where a customer stands, by fixed rules: {', '.join(LIFE_ORDER)}. Everybody is in exactly one. "
        f"Of who is {DORMANT} or {LOST} the state counts, whatever a forecast says."
    ),
    "Support": "The share of all baskets that hold an item, or all items of a rule together.",
    "Up-sell": "Offering a customer the next step of quality or price in a category they buy from.",
    "Value score": (
        "A number from 0 to 100 that compares a customer with all others in everything that is known: "
        "50 is an average customer."
    ),
    "Weighted sum of the figures": (
        "A forecast that gives each figure a number of points, adds them up and turns the sum into a chance."
    ),
    "Won back": "A customer who has bought again lately after a silence longer than was to be expected.",
}
"""Term -> plain explanation; the foot of every page gives those that stand on it."""


def terms_in(text: str, *, glossary: dict[str, str] | None = None) -> dict[str, str]:
    """The terms that a page uses, with their explanations."""
    words = GLOSSARY if glossary is None else glossary
    return {term: words[term] for term in _sorted(words) if search(rf"\b{term}s?\b", text, IGNORECASE)}


def _sorted(terms: Iterable[str]) -> list[str]:
    return sorted(terms, key=str.lower)
