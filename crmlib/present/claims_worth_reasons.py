"""The reasons of a score in the words of a salesperson."""

from collections.abc import Iterable

from crmlib.analyse.scorecard import Scorecard
from crmlib.measure.columns import label_of, unit_of

# fmt: off
_COUNTED = frozenset({
    "orders", "products", "categories", "departments", "campaigns", "lines", "pieces", "visits", "months",
    "weeks", "cases", "complaints", "interactions", "contacts", "responses", "channels", "stores", "invoices",
    "shops", "opportunities", "events", "views", "clicks", "searches", "times", "downloads", "opinions",
    "requests", "people", "interests", "customers", "days with orders",
})
# fmt: on
_PHRASES = {
    ("spend_total", "high"): "high net spend",
    ("spend_total", "low"): "low net spend",
    ("spend_trend", "high"): "spend trend better than others'",
    ("spend_trend", "low"): "spend trend worse than others'",
    ("recency_days", "low"): "bought lately",
    ("recency_days", "high"): "long without an order",
    ("tenure_days", "high"): "long with us",
    ("tenure_days", "low"): "new with us",
    ("gap_days_mean", "low"): "orders close together",
    ("gap_days_mean", "high"): "orders far apart",
    ("gap_days_variation", "low"): "buys regularly",
    ("gap_days_variation", "high"): "buys irregularly",
    ("gap_overdue_ratio", "low"): "silent for less of the usual gap than others",
    ("gap_overdue_ratio", "high"): "silent for more of the usual gap than others",
    ("basket_value_mean", "high"): "large orders",
    ("basket_value_mean", "low"): "small orders",
    ("campaign_response_rate_pct", "high"): "answers campaigns",
    ("campaign_response_rate_pct", "low"): "seldom answers campaigns",
    ("discount_share_pct", "low"): "little discount",
    ("discount_share_pct", "high"): "much discount",
    ("return_rate_pct", "low"): "few returns",
    ("return_rate_pct", "high"): "many returns",
}


def reason_words(pairs: Iterable[tuple[str, str]]) -> str:
    """The reasons of a score, as a salesperson would say them.

    Parameters
    ----------
    pairs : of indicator and "high" or "low"
        As `crmlib.analyse.scorecard_reasons.reason_pairs` gives them.

    Returns
    -------
    str

    Examples
    --------
    >>> reason_words([("spend_total", "high"), ("category_count", "high"), ("recency_days", "low")])
    'high net spend, many different categories, bought lately'
    """
    return ", ".join(_PHRASES.get((name, way)) or _phrase(name, way) for name, way in pairs)


def _phrase(name: str, way: str) -> str:
    said = label_of(name).lower()
    if said.startswith("days ") or unit_of(name) in _COUNTED:
        return f"{'many' if way == 'high' else 'few'} {said}"
    return f"{way} {said}"


def topic_word(scorecard: Scorecard, topic: str) -> str:
    """A topic of the score as it stands in a sentence.

    Parameters
    ----------
    scorecard : Scorecard
    topic : str
        A name of `TOPICS`, or an indicator that is a topic of its own.

    Returns
    -------
    str

    Examples
    --------
    >>> from crmlib.present.claims_worth import _little_worth
    >>> topic_word(_little_worth()[1], "spend"), topic_word(_little_worth()[1], "spend_total")
    ('spend', 'net spend')
    """
    return label_of(topic).lower() if topic in scorecard.weights.index else topic
