"""What counts how much in the value score: one table of topics, or weights of the user's own."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from math import isfinite
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from crmlib.measure.indicators import indicator_catalogue
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ConfigError, ParameterError, nearest

SAME, UNKNOWN, NO_NUMBER, NOT_GIVEN = "same", "unknown", "no_number", "not_given"
NEITHER, UNLISTED, GROWS, NO_WEIGHT, NOUGHT = "neither_better", "unlisted", "grows", "no_weight", "nought"
OWN_REASONS = frozenset({SAME, UNKNOWN, NO_NUMBER, NOT_GIVEN, NEITHER, UNLISTED, NO_WEIGHT, NOUGHT, GROWS})
"""Why an indicator does not count although it could be computed; any other reason tells what data are missing."""


def rank_score(values: pd.Series, *, better: str) -> pd.Series:
    """A score from 0 to 100: the percentage of customers behind this one, those level with it half."""
    places = values.rank(method="average", ascending=better == "higher")
    return (places - 0.5) * (100 / max(int(places.count()), 1))


def unusable(
    table: pd.DataFrame, given: Iterable[str], *, better: Mapping[str, str], left_out: Mapping[str, str]
) -> dict[str, str]:
    """Why indicators cannot be scored."""
    given = list(given)
    found = {}
    for name in [*better, *(name for name in given if name not in better)]:
        if name not in given:
            found[name] = left_out.get(name, NOT_GIVEN)
        elif name not in table:
            found[name] = NO_NUMBER
        elif name not in better:
            found[name] = UNLISTED
        elif better[name] not in ("higher", "lower"):
            found[name] = NEITHER
        else:
            found[name] = _tells_nothing(table[name])
    return {name: reason for name, reason in found.items() if reason}


def _tells_nothing(column: pd.Series) -> str:
    known = column.dropna().to_numpy()
    if not len(known):
        return UNKNOWN
    return SAME if np.ptp(known) == 0 else ""


@dataclass(frozen=True)
class Topic:
    """Indicators that say nearly the same thing, and share one weight.

    Parameters
    ----------
    name : str
        A code; the words are in the message files.
    points : float
        Weight of the whole topic against the others. It is split evenly among those of its indicators that a
        workspace can score, so that a topic does not count more because it is measured four times.
    begin : names
        An indicator belongs to the topic if its name is one of these, or one of these and "_" and more; where
        several fit, the longest decides.
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
    Topic("trend_of_spend", 4, begin=("spend_trend", "spend_growth_pct", "order_trend")),
    Topic("value_of_an_order", 4, begin=("basket_value", "first_basket_value")),
    Topic("discounts_and_margin_rate", 3, begin=(
        "discount_share_pct", "discounted_lines_share_pct", "discounted_orders_share_pct", "margin_share_pct",
        "loss_orders_share_pct")),
    Topic("deals_won", 5, begin=("won_amount", "won_opportunity_count", "win_rate_pct", "days_to_win_mean")),
    Topic("open_deals", 3, begin=(
        "open_opportunity_amount", "open_opportunity_count", "opportunity_count", "last_opportunity_days")),
    Topic("paying_on_time", 6, begin=(
        "days_to_pay_mean", "days_late", "late_invoice_share_pct", "overdue_share_pct", "overdue_days_max",
        "credit_used_pct")),
    Topic("cost_to_serve", 2, begin=("cost_to_serve", "service_contact_share_pct")),
    # How they buy.
    Topic("time_since_the_last_order", 7, begin=("recency_days", "gap_overdue_ratio")),
    Topic("number_of_orders", 8, begin=(
        "order_count", "gap_days_mean", "gap_days_median", "active_day_count", "active_month_count",
        "active_month_share_pct", "orders_per_active_month_mean", "item_count")),
    Topic("regularity", 2, begin=(
        "gap_days_variation", "gap_days_max", "longest_silence_days", "basket_value_variation")),
    Topic("breadth", 5, begin=(
        "product_count", "category_count", "department_count", "channel_count", "new_product_count",
        "new_category_count")),
    Topic("products_bought_again", 1, begin=("repeat_product_share_pct",)),
    Topic("size_of_an_order", 1, begin=("basket_lines", "basket_items")),
    Topic("returns", 2, begin=("return_rate_pct",)),
    # Who they are.
    Topic("length_of_the_tie", 3, begin=("tenure_days", "known_days")),
    Topic("size_of_the_customer", 3, begin=("employee_count", "annual_revenue")),
    Topic("how_well_we_know_them", 2, begin=(
        "record_completeness_pct", "interest_count", "contact_person_count", "contact_influence_max")),
    Topic("consent_to_be_contacted", 1, begin=("has_email_consent", "has_sms_consent", "has_phone_consent")),
    Topic("referrals", 2, begin=("referral_count",)),
    # How they answer.
    Topic("response_to_campaigns", 3, begin=(
        "campaign_response_rate_pct", "campaign_response_count", "last_response_days", "days_to_respond_mean")),
    Topic("contact_from_their_side", 2, begin=(
        "incoming_count", "last_contact_days", "last_incoming_days", "reply_rate_pct")),
    Topic("interest_on_the_site", 2, begin=(
        "event_count", "view_count", "click_count", "search_count", "cart_count", "download_count",
        "last_event_days", "session_count", "session_events_mean", "cart_sessions_share_pct")),
    Topic("satisfaction", 3, begin=("satisfaction_mean", "review_score_mean", "nps_mean")),
    Topic("complaints_and_service", 2, begin=(
        "complaint_count", "open_complaint_count", "last_complaint_days", "complaint_days_mean",
        "open_case_count", "oldest_open_case_days", "first_response_hours_mean", "days_to_close_mean",
        "reopened_case_share_pct", "urgent_case_share_pct")),
    # Amounts that are low for whoever buys little: they would punish the best customers.
    Topic("amounts_that_grow_with_spend", 0, begin=(
        "discount_total", "discount_365d", "refund_total", "refund_count", "open_amount", "overdue_amount",
        "silent_spend_365d")),
)
# fmt: on
"""The default weights, topic after topic; the points come to 100."""

OTHER_POINTS = 1.0
"""Weight of an indicator that belongs to no topic, such as one of the user's own."""


def topic_of(indicator: str, topics: Iterable[Topic] = TOPICS) -> Topic:
    """The topic that an indicator belongs to: one of its own, with one point, where none fits."""
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
    """Points of each indicator when only these are scored."""
    topics = {name: topic_of(name) for name in indicators}
    members = Counter(topic.name for topic in topics.values())
    return {name: topic.points / members[topic.name] for name, topic in topics.items()}


def workspace_weights(crm: Crm) -> dict[str, float] | None:
    """The weights of a workspace's crm.toml, or None where it has none."""
    weights = getattr(getattr(getattr(crm, "config", None), "scorecard", None), "weights", None)
    if not weights:
        return None
    try:
        return checked_weights(weights, indicator_catalogue(crm))
    except ParameterError as error:
        raise ConfigError(f"scorecard.weights: {error}") from error


def checked_weights(weights: Any, catalogue: pd.DataFrame) -> dict[str, float]:
    """Weights of the user's own, if every one of them can be meant."""
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
    """Every indicator with what it counts, or why it does not count."""
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


AVERAGE = 50.0
"""The mean of every indicator's score over the customers for whom it is known."""

_AT_ONCE = 50_000


def lifts(scorecard: Any, customers: Iterable[Any] | None = None) -> pd.DataFrame:
    """How many points each indicator adds to a customer's total, or takes, against an average customer."""
    points = scorecard.contributions if customers is None else scorecard.contributions.loc[list(customers)]
    weight = scorecard.weights["weight"].reindex(points.columns).to_numpy()
    known = scorecard.coverage.reindex(points.index).to_numpy()[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        average = AVERAGE * weight / 100 / known
    return points - np.where(known > 0, average, np.nan)


def score_reasons(scorecard: Any, n: int = 3, *, customers: Iterable[Any] | None = None) -> pd.Series:
    """The main reasons of each customer's score, as names of indicators with "high" or "low".

    Whoever is at 50 or above is told what lifts the score most, whoever is below what holds it down. Of a
    topic (indicators that share one weight) the first stands for all, unless another moves it twice as much.
    """
    listed = reason_pairs(scorecard, n=n, customers=customers)
    return listed.map(lambda pairs: ", ".join(f"{way} {name}" for name, way in pairs)).astype("str")


def reason_pairs(scorecard: Any, *, n: int = 3, customers: Iterable[Any] | None = None) -> pd.Series:
    """The main reasons of each customer's score, for whoever wants to put them into words."""
    index = scorecard.contributions.index if customers is None else pd.Index(list(customers))
    names = list(scorecard.contributions.columns)
    better = scorecard.weights["better"].reindex(names).to_numpy()
    topics = scorecard.weights["topic"].reindex(names)
    members = [np.flatnonzero(topics == topic) for topic in dict.fromkeys(topics)]
    found: list[tuple[tuple[str, str], ...]] = []
    for start in range(0, len(index), _AT_ONCE):
        part = index[start : start + _AT_ONCE]
        moves = lifts(scorecard, part).fillna(0.0).to_numpy()
        down = scorecard.scores["total"].reindex(part).to_numpy() < AVERAGE
        found += _strongest(np.where(down[:, None], -moves, moves), down, names, better, members, n)
    return pd.Series(found, index=index.rename("customer_id"), dtype=object, name="reasons")


def topic_lifts(scorecard: Any) -> pd.DataFrame:
    """How many points each topic lifts the best fifth above an average customer."""
    best = scorecard.best_fifth
    if not len(best):
        return pd.DataFrame(columns=["mean", "low", "high"], dtype="float64")
    moves = lifts(scorecard, best).fillna(0.0).T
    together = moves.groupby(scorecard.weights["topic"].reindex(moves.index).to_numpy(), sort=False).sum().T
    low, high = together.quantile(0.1), together.quantile(0.9)
    table = pd.DataFrame({"mean": together.mean(), "low": low, "high": high}).rename_axis("topic")
    return table.sort_values("mean", ascending=False, kind="stable")


def _strongest(
    moves: np.ndarray,
    down: np.ndarray,
    names: list[str],
    better: np.ndarray,
    members: list[np.ndarray],
    n: int,
) -> list[tuple[tuple[str, str], ...]]:
    if not members:
        return [()] * len(moves)
    together = np.column_stack([moves[:, part].sum(axis=1) for part in members])
    leading = np.column_stack([_leading(moves, part) for part in members])
    order = np.argsort(-together, axis=1, kind="stable")[:, :n]
    found = []
    for row, places in enumerate(order):
        chosen = [leading[row, place] for place in places if together[row, place] > 1e-9]
        found.append(
            tuple((names[i], "high" if (better[i] == "higher") != down[row] else "low") for i in chosen)
        )
    return found


def _leading(moves: np.ndarray, part: np.ndarray) -> np.ndarray:
    """The indicator that stands for its topic: its first, or the strongest where that is twice as strong."""
    strongest = moves[:, part].argmax(axis=1)
    most = moves[np.arange(len(moves)), part[strongest]]
    return np.where(moves[:, part[0]] >= most / 2, part[0], part[strongest])
