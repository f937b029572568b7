"""What counts how much in the value score: one table of topics, or weights of the user's own."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from math import isfinite
from numbers import Real
from typing import Any

import pandas as pd

from crmlib.analyse.scorecard_ranks import GROWS, NO_WEIGHT, NOUGHT
from crmlib.measure.indicators import indicator_catalogue
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ConfigError, ParameterError, nearest


@dataclass(frozen=True)
class Topic:
    """Indicators that say nearly the same thing, and share one weight.

    Parameters
    ----------
    name : str
        In a reader's words.
    points : float
        Weight of the whole topic against the others. It is split evenly among those of its indicators that a
        workspace can score, so that a topic does not count more because it is measured four times.
    begin : names
        An indicator belongs to the topic if its name is one of these, or one of these and "_" and more; where
        several fit, the longest decides.

    Examples
    --------
    >>> Topic("spend", 12, begin=("spend",)).name
    'spend'
    """

    name: str
    points: float
    _: KW_ONLY
    begin: tuple[str, ...]


# fmt: off
TOPICS = (
    # What they bring, and what they cost.
    Topic("spend", 12, begin=("spend",)),
    Topic("margin", 12, begin=("margin",)),
    Topic("trend of spend", 4, begin=("spend_trend", "spend_growth_pct", "order_trend")),
    Topic("value of an order", 4, begin=("basket_value", "first_basket_value")),
    Topic("discounts and margin rate", 3, begin=(
        "discount_share_pct", "discounted_lines_share_pct", "discounted_orders_share_pct", "margin_share_pct",
        "loss_orders_share_pct")),
    Topic("deals won", 5, begin=("won_amount", "won_opportunity_count", "win_rate_pct", "days_to_win_mean")),
    Topic("open deals", 3, begin=(
        "open_opportunity_amount", "open_opportunity_count", "opportunity_count", "last_opportunity_days")),
    Topic("paying on time", 6, begin=(
        "days_to_pay_mean", "days_late", "late_invoice_share_pct", "overdue_share_pct", "overdue_days_max",
        "credit_used_pct")),
    Topic("cost to serve", 2, begin=("cost_to_serve", "service_contact_share_pct")),
    # How they buy.
    Topic("time since the last order", 7, begin=("recency_days", "gap_overdue_ratio")),
    Topic("number of orders", 8, begin=(
        "order_count", "gap_days_mean", "gap_days_median", "active_day_count", "active_month_count",
        "active_month_share_pct", "orders_per_active_month_mean", "item_count")),
    Topic("regularity", 2, begin=(
        "gap_days_variation", "gap_days_max", "longest_silence_days", "basket_value_variation")),
    Topic("breadth", 5, begin=(
        "product_count", "category_count", "department_count", "channel_count", "new_product_count",
        "new_category_count")),
    Topic("products bought again", 1, begin=("repeat_product_share_pct",)),
    Topic("size of an order", 1, begin=("basket_lines", "basket_items")),
    Topic("returns", 2, begin=("return_rate_pct",)),
    # Who they are.
    Topic("length of the tie", 3, begin=("tenure_days", "known_days")),
    Topic("size of the customer", 3, begin=("employee_count", "annual_revenue")),
    Topic("how well we know them", 2, begin=(
        "record_completeness_pct", "interest_count", "contact_person_count", "contact_influence_max")),
    Topic("consent to be contacted", 1, begin=("has_email_consent", "has_sms_consent", "has_phone_consent")),
    Topic("referrals", 2, begin=("referral_count",)),
    # How they answer.
    Topic("response to campaigns", 3, begin=(
        "campaign_response_rate_pct", "campaign_response_count", "last_response_days", "days_to_respond_mean")),
    Topic("contact from their side", 2, begin=(
        "incoming_count", "last_contact_days", "last_incoming_days", "reply_rate_pct")),
    Topic("interest on the site", 2, begin=(
        "event_count", "view_count", "click_count", "search_count", "cart_count", "download_count",
        "last_event_days", "session_count", "session_events_mean", "cart_sessions_share_pct")),
    Topic("satisfaction", 3, begin=("satisfaction_mean", "review_score_mean", "nps_mean")),
    Topic("complaints and service", 2, begin=(
        "complaint_count", "open_complaint_count", "last_complaint_days", "complaint_days_mean",
        "open_case_count", "oldest_open_case_days", "first_response_hours_mean", "days_to_close_mean",
        "reopened_case_share_pct", "urgent_case_share_pct")),
    # Amounts that are low for whoever buys little: they would punish the best customers.
    Topic("amounts that grow with spend", 0, begin=(
        "discount_total", "discount_365d", "refund_total", "refund_count", "open_amount", "overdue_amount",
        "silent_spend_365d")),
)
# fmt: on
"""The default weights, topic after topic; the points come to 100."""

OTHER_POINTS = 1.0
"""Weight of an indicator that belongs to no topic, such as one of the user's own."""


def topic_of(indicator: str, topics: Iterable[Topic] = TOPICS) -> Topic:
    """The topic that an indicator belongs to: one of its own, with one point, where none fits.

    Parameters
    ----------
    indicator : str
    topics : Topics

    Returns
    -------
    Topic

    Examples
    --------
    >>> topic_of("spend_90d").name, topic_of("spend_trend").name, topic_of("weekend_spend").points
    ('spend', 'trend of spend', 1.0)
    """
    fitting = [
        (len(begin), topic)
        for topic in topics
        for begin in topic.begin
        if indicator == begin or indicator.startswith(f"{begin}_")
    ]
    if not fitting:
        return Topic(indicator, OTHER_POINTS, begin=(indicator,))
    return max(fitting, key=lambda pair: pair[0])[1]


def default_weights(indicators: Iterable[str]) -> dict[str, float]:
    """Points of each indicator when only these are scored.

    Parameters
    ----------
    indicators : names

    Returns
    -------
    dict of indicator -> points
        The points of a topic are split evenly among its members.

    Examples
    --------
    >>> default_weights(["spend_total", "spend_90d", "tenure_days"])
    {'spend_total': 6.0, 'spend_90d': 6.0, 'tenure_days': 3.0}
    """
    topics = {name: topic_of(name) for name in indicators}
    members = Counter(topic.name for topic in topics.values())
    return {name: topic.points / members[topic.name] for name, topic in topics.items()}


def workspace_weights(crm: Crm) -> dict[str, float] | None:
    """The weights of a workspace's crm.toml, or None where it has none.

    Parameters
    ----------
    crm : Crm

    Returns
    -------
    dict of indicator -> weight, or None
        As `value_scorecard` takes them.

    Raises
    ------
    ConfigError
        If there is no indicator of that name, or its neither end is better; it says the key path.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> scorecard = SimpleNamespace(weights={"spend_total": 3.0})
    >>> workspace_weights(SimpleNamespace(config=SimpleNamespace(scorecard=scorecard, indicators={})))
    {'spend_total': 3.0}
    """
    weights = getattr(getattr(getattr(crm, "config", None), "scorecard", None), "weights", None)
    if not weights:
        return None
    try:
        return checked_weights(weights, indicator_catalogue(crm))
    except ParameterError as error:
        raise ConfigError(f"scorecard.weights: {error}") from error


def checked_weights(weights: Any, catalogue: pd.DataFrame) -> dict[str, float]:
    """Weights of the user's own, if every one of them can be meant.

    Parameters
    ----------
    weights : mapping of indicator -> number, or a Series
    catalogue : DataFrame
        `name`, `better`.

    Returns
    -------
    dict of indicator -> float

    Raises
    ------
    ParameterError
        If a name is unknown or has no better end, a weight is negative or no number, or none is above 0.

    Examples
    --------
    >>> checked_weights({"spend_totl": 1}, indicator_catalogue())
    Traceback (most recent call last):
    ...
    crmlib.schema.errors.ParameterError: there is no indicator 'spend_totl'. Did you mean 'spend_total'?
    """
    weights = weights.to_dict() if isinstance(weights, pd.Series) else weights
    if not isinstance(weights, Mapping):
        raise ParameterError(
            f'weights is a {type(weights).__name__}: give indicators and numbers, {{"spend_total": 3}}.'
        )
    better = catalogue.set_index("name")["better"]
    for name, weight in weights.items():
        if name not in better.index:
            raise ParameterError(f"there is no indicator {name!r}.{nearest(str(name), better.index)}")
        if isinstance(weight, bool) or not isinstance(weight, Real):
            raise ParameterError(f"the weight of {name} is {weight!r}: give a number, 0 or more.")
        if not isfinite(weight) or weight < 0:
            raise ParameterError(f"the weight of {name} is {weight}: give a number, 0 or more.")
        if weight > 0 and better[name] not in ("higher", "lower"):
            raise ParameterError(
                f"{name} cannot have a weight: neither end of it is better. Leave it out, or set it to 0."
            )
    if not any(weight > 0 for weight in weights.values()):
        raise ParameterError("weights has none above 0. Give at least one, or None for the default weights.")
    return {str(name): float(weight) for name, weight in weights.items()}


def weights_table(
    usable: Iterable[str],
    reasons: Mapping[str, str],
    *,
    catalogue: pd.DataFrame,
    weights: Mapping[str, float] | None,
) -> pd.DataFrame:
    """Every indicator with what it counts, or why it does not count.

    Parameters
    ----------
    usable : indicators that can be scored
    reasons : indicator -> why it cannot
    catalogue : DataFrame
        `name`, `aspect`, `better`.
    weights : as `checked_weights` returns them; None for the default ones

    Returns
    -------
    DataFrame indexed by indicator
        `topic`, `aspect`, `better`, `weight` (points of 100), `used`, `reason` (empty where it is used); the
        topics with most weight first, what is not used last.

    Examples
    --------
    >>> table = weights_table(["spend_total", "recency_days"], {"city": "is no number"},
    ...                       catalogue=indicator_catalogue(), weights=None)
    >>> table["weight"].round(1).to_dict()
    {'spend_total': 63.2, 'recency_days': 36.8, 'city': 0.0}
    """
    usable, own = list(usable), weights is not None
    points = {name: weights.get(name, 0.0) for name in usable} if own else default_weights(usable)
    names = [*usable, *(name for name in reasons if name not in points)]
    why = dict(reasons)
    if not own:
        why |= {name: GROWS for name in usable if not points[name]}
    else:
        why |= {name: NOUGHT if name in weights else NO_WEIGHT for name in names if not weights.get(name)}
    table = catalogue.drop_duplicates("name").set_index("name")[["aspect", "better"]].reindex(names)
    table = table.rename_axis("indicator")
    table.insert(0, "topic", [name if own else topic_of(name).name for name in names])
    table["weight"] = [float(points.get(name, 0.0)) if name not in reasons else 0.0 for name in names]
    whole = float(table["weight"].sum())
    table["weight"] = table["weight"] * (100 / whole) if whole > 0 else 0.0
    table["used"] = table["weight"] > 0
    table["reason"] = [why.get(name, "") for name in names]
    of_topic = table.groupby("topic")["weight"].transform("sum")
    order = table.assign(of_topic=of_topic.round(9), unused=~table["used"]).reset_index()
    by = ["unused", "of_topic", "topic", "weight"]
    order = order.sort_values(by, ascending=[True, False, True, False], kind="stable")
    return table.loc[order["indicator"]]
