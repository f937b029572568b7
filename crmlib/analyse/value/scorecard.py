"""The value scorecard: what each customer is worth, its weights, and every point of it accounted for."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from html import escape
from math import isfinite
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd

from crmlib.measure.indicators import ASPECTS, indicator_catalogue
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ConfigError, ParameterError, nearest

SAME, UNKNOWN, NO_NUMBER, NOT_GIVEN = "same", "unknown", "no_number", "not_given"
NEITHER, UNLISTED, GROWS, NO_WEIGHT, NOUGHT = "neither_better", "unlisted", "grows", "no_weight", "nought"
OWN_REASONS = frozenset({SAME, UNKNOWN, NO_NUMBER, NOT_GIVEN, NEITHER, UNLISTED, NO_WEIGHT, NOUGHT, GROWS})
"""Why an indicator does not count although it could be computed; any other reason tells what data are missing."""


_DIGITS = 12


def rank_score(values: pd.Series, *, better: str) -> pd.Series:
    """A score from 0 to 100: the percentage of customers behind this one, those level with it half.

    Level is what has the same twelve digits: the last bits of a figure tell in which order it was added up.
    """
    known = values.to_numpy(dtype="float64", na_value=np.nan)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        scale = 10.0 ** (_DIGITS - 1 - np.floor(np.log10(np.abs(known))))
        level = np.where((scale > 0) & np.isfinite(scale), np.round(known * scale) / scale, known)
    places = pd.Series(level, index=values.index).rank(method="average", ascending=better == "higher")
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

    `name`: A code; the words are in the message files.
    `points`: Weight of the whole topic against the others. It is split evenly among those of its indicators
        that a workspace can score, so that a topic does not count more because it is measured four times.
    `begin`: An indicator belongs to the topic if its name is one of these, or one of these and "_" and more;
        where several fit, the longest decides.
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


SHAKES = (10, 25, 50)
"""Percent by which every weight is moved at most, up or down."""

SHAKE_DRAWS = 200
MOST_CUSTOMERS = 10_000
"""Of more customers than this, evenly chosen ones along their score stand for all."""

TOP_SHARE = 0.2
_COLUMNS = ("shake_pct", "kept_share_pct", "low", "high", "rank_correlation")


def rank_stability(
    scores: np.ndarray, weights: np.ndarray, decisions: np.ndarray, *, seed: int, draws: int = SHAKE_DRAWS
) -> pd.DataFrame:
    """How many of the top 20 % stay there when every weight is moved by up to 10, 25 or 50 percent.

    Saisana, M., Saltelli, A. & Tarantola, S. (2005). Uncertainty and sensitivity analysis techniques as tools
    for the quality assessment of composite indicators. Journal of the Royal Statistical Society A 168.
    """
    known = np.flatnonzero(np.isfinite(scores).any(axis=1)) if scores.size else np.array([], dtype="int64")
    if not len(known):
        return pd.DataFrame({name: pd.Series(dtype="float64") for name in _COLUMNS})
    totals = weighted_means(scores, weights[:, None])[known, 0]
    evenly = np.linspace(0, len(totals) - 1, min(len(totals), MOST_CUSTOMERS)).round().astype("int64")
    chosen = np.argsort(totals, kind="stable")[evenly]
    scores, totals = scores[known[chosen]], totals[chosen]
    random = np.random.default_rng(seed)
    rows = []
    for shake in SHAKES:
        factors = 1 + shake / 100 * random.uniform(-1, 1, (int(decisions.max()) + 1, draws))
        shaken = weighted_means(scores, weights[:, None] * factors[decisions])
        kept = 100 * _still_on_top(totals, shaken)
        low, high = np.percentile(kept, [2.5, 97.5])
        rows.append((float(shake), float(kept.mean()), float(low), float(high), _spearman(totals, shaken)))
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def weighted_means(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Every customer's mean score, under several sets of weights; what is not known is left out."""
    points = np.zeros((len(scores), weights.shape[1]))
    known = np.zeros_like(points)
    # One indicator after the other: the same sums on every machine, whatever its threads.
    for column, weight in zip(scores.T, weights, strict=True):
        there = np.isfinite(column)
        points += np.where(there, column, 0.0)[:, None] * weight
        known += there[:, None] * weight
    with np.errstate(invalid="ignore", divide="ignore"):
        return points / known


def top_border(totals: np.ndarray) -> np.ndarray:
    """The lowest total among the top 20 %, a part of a customer counting as one."""
    place = len(totals) - int(np.ceil(TOP_SHARE * len(totals)))
    return np.partition(totals, place, axis=0)[place]


def _still_on_top(totals: np.ndarray, shaken: np.ndarray) -> np.ndarray:
    """Share of the top customers that are among the top again; whoever is level with the last is one too."""
    top = totals >= top_border(totals)
    borders = top_border(shaken)
    return (shaken[top] >= borders - 1e-9).mean(axis=0)


def _spearman(totals: np.ndarray, shaken: np.ndarray) -> float:
    from scipy.stats import rankdata

    base = rankdata(totals)
    base -= base.mean()
    found = []
    for column in shaken.T:
        ranks = rankdata(column)
        ranks -= ranks.mean()
        size = np.sqrt((base**2).sum() * (ranks**2).sum())
        found.append((base * ranks).sum() / size if size > 0 else np.nan)
    return float(np.mean(found))


__all__ = ["Scorecard", "lifts", "score_reasons", "value_scorecard", "workspace_scorecard"]

ENOUGH = 0.5
"""From this coverage on, a customer's score is taken for a list of the best."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Scorecard:
    """A score from 0 to 100 for every customer, and what it is made of.

    Parameters
    ----------
    scores : DataFrame customer_id x aspects and `total`
        Weighted means of the rank scores of the indicators that are known: 50 is an average customer. NaN
        where none is known.
    contributions : DataFrame customer_id x indicator
        Points that each indicator brings to `total`; NaN where it is not known. The sum of a row is `total`.
    coverage : Series customer_id -> 0 to 1
        The share of the weight whose indicators are known.
    rank_stability : DataFrame
        `shake_pct`, `kept_share_pct` (of the top 20 %, those that are there again when weights are moved by
        up to so much), `low`, `high`, `rank_correlation`.
    weights : DataFrame indexed by indicator
        `topic`, `aspect`, `better`, `weight` (points; those used come to 100), `used`, `reason`.
    left_out : Series indicator -> why it is not scored

    Examples
    --------
    >>> card = value_scorecard(pd.DataFrame({"spend_total": [90.0, 40.0, 5.0], "recency_days": [2, 9, 300]}))
    >>> card.scores[["transactions", "finance", "total"]].round(1)
       transactions  finance  total
    0          83.3     83.3   83.3
    1          50.0     50.0   50.0
    2          16.7     16.7   16.7
    """

    scores: pd.DataFrame
    contributions: pd.DataFrame
    coverage: pd.Series
    rank_stability: pd.DataFrame
    weights: pd.DataFrame
    left_out: pd.Series

    @property
    def best_fifth(self) -> pd.Index:
        """The top 20 % by total, the best first; whoever is level with the last of them is in it.

        Returns
        -------
        Index of customer_id

        Examples
        --------
        >>> value_scorecard(pd.DataFrame({"spend_total": [9.0, 40.0, 5.0]})).best_fifth.tolist()
        [1]
        """
        totals = self.scores["total"].dropna()
        if totals.empty:
            return totals.index
        border = top_border(totals.to_numpy())
        return totals[totals >= border].sort_values(ascending=False, kind="stable").index

    def _repr_html_(self) -> str:
        used = self.weights[self.weights["used"]]
        rows = "".join(
            f"<tr><th scope='row'>{escape(str(name))}</th><td>{escape(str(row['topic']))}</td>"
            f"<td>{escape(str(row['aspect']))}</td><td>{row['weight']:.1f}</td></tr>"
            for name, row in used.iterrows()
        )
        heads = "".join(f"<th scope='col'>{head}</th>" for head in ("Indicator", "Topic", "Aspect", "Weight"))
        return (
            f"<table><caption>Value score of {len(self.scores):,} customers from {len(used)} indicators; "
            f"{len(self.left_out)} are left out</caption><thead><tr>{heads}</tr></thead>"
            f"<tbody>{rows}</tbody></table>"
        )


def value_scorecard(
    indicators: pd.DataFrame, *, weights: Any = None, catalogue: pd.DataFrame | None = None, seed: int = 0
) -> Scorecard:
    """Score every customer from 0 to 100 by all indicators that have a better end.

    Each indicator becomes a rank score (the percentage of customers that a customer leaves behind, those level
    with it half), turned round where lower is better. A customer's total is the weighted mean of those that
    are known; what is missing lowers `coverage` instead of the score.

    Parameters
    ----------
    indicators : DataFrame indexed by customer_id
        As `crmlib.compute_indicators` makes it. Columns that are no number, the same for everyone, known for
        nobody, or without a better end are not scored; `left_out` says why.
    weights : mapping of indicator -> number, optional
        Only what is named counts. None takes the default weights of `crmlib.analyse.value.scorecard.TOPICS`;
        `workspace_weights(crm)` has those of crm.toml.
    catalogue : DataFrame, optional
        `name`, `aspect`, `better` of every indicator, as `indicator_catalogue(crm)` gives it for a workspace
        with indicators of its own. The built-in ones by default.
    seed : int
        Of the shaking of weights.

    Raises
    ------
    ParameterError
        If `indicators` is no DataFrame, a customer or a column comes twice, a weight is negative or no number,
        or names what is not there; it says the nearest.

    References
    ----------
    Nardo, M. et al. (2008). Handbook on Constructing Composite Indicators. OECD.

    Examples
    --------
    >>> figures = pd.DataFrame({"spend_total": [90.0, 40.0, 5.0], "recency_days": [2, None, 300]},
    ...                        index=["ann", "bob", "cy"])
    >>> card = value_scorecard(figures, weights={"spend_total": 3, "recency_days": 1})
    >>> card.scores["total"].round(1).to_dict(), card.coverage.to_dict()
    ({'ann': 81.2, 'bob': 50.0, 'cy': 18.8}, {'ann': 1.0, 'bob': 0.75, 'cy': 1.0})
    """
    table = _checked(indicators, seed)
    catalogue = _catalogue(catalogue)
    own = None if weights is None else checked_weights(weights, catalogue)
    better = catalogue.set_index("name")["better"].to_dict()
    left_out = indicators.attrs.get("left_out", {})
    reasons = unusable(table, [str(name) for name in indicators.columns], better=better, left_out=left_out)
    usable = [name for name in better if name not in reasons]
    decided = weights_table(usable, reasons, catalogue=catalogue, weights=own)
    used = decided[decided["used"]]
    scores = _rank_scores(table, used["better"])
    points = used["weight"].to_numpy()
    coverage = _coverage(scores, points)
    stability = rank_stability(scores, points, pd.factorize(used["topic"])[0], seed=int(seed))
    aspects = _aspects(scores, used, catalogue["aspect"])
    with np.errstate(invalid="ignore", divide="ignore"):
        for place, point in enumerate(points):
            scores[:, place] *= point / 100 / coverage
    contributions = pd.DataFrame(scores, index=table.index, columns=used.index.rename(None), copy=False)
    total = contributions.sum(axis=1, min_count=1)
    order = indicators.index
    return Scorecard(
        scores=pd.DataFrame(aspects | {"total": total}, index=table.index).reindex(order),
        contributions=contributions.reindex(order),
        coverage=pd.Series(coverage, index=table.index, name="coverage").reindex(order),
        rank_stability=stability,
        weights=decided,
        left_out=decided.loc[~decided["used"], "reason"].rename(None),
    )


def workspace_scorecard(crm: Crm, indicators: pd.DataFrame, *, seed: int = 0) -> Scorecard:
    """The scorecard of a workspace: with its own indicators and the weights of its crm.toml."""
    return value_scorecard(
        indicators, weights=workspace_weights(crm), catalogue=indicator_catalogue(crm), seed=seed
    )


def _checked(indicators: Any, seed: Any) -> pd.DataFrame:
    if isinstance(seed, bool) or not isinstance(seed, Integral) or not 0 <= seed < 2**31:
        raise ParameterError(f"seed={seed!r}: give a whole number, 0 or more.")
    if not isinstance(indicators, pd.DataFrame):
        raise ParameterError(
            f"value_scorecard needs a DataFrame with a row a customer, not a {type(indicators).__name__}. "
            "Make it with crmlib.compute_indicators."
        )
    from crmlib.analyse.segments.preparation import numeric_table

    return numeric_table(indicators)[0]


def _catalogue(given: pd.DataFrame | None) -> pd.DataFrame:
    catalogue = indicator_catalogue() if given is None else given
    missing = [name for name in ("name", "aspect", "better") if name not in catalogue]
    if missing:
        raise ParameterError(f"catalogue has no column {missing[0]!r}. Take indicator_catalogue(crm).")
    if catalogue["name"].duplicated().any():
        twice = catalogue.loc[catalogue["name"].duplicated(), "name"].iloc[0]
        raise ParameterError(f"catalogue has {twice!r} twice. Take indicator_catalogue(crm).")
    return catalogue


def _rank_scores(table: pd.DataFrame, better: pd.Series) -> np.ndarray:
    scores = np.empty((len(table), len(better)), order="F")
    for place, (name, way) in enumerate(better.items()):
        scores[:, place] = rank_score(table[name], better=way)
    return scores


def _coverage(scores: np.ndarray, points: np.ndarray) -> np.ndarray:
    known = np.zeros(len(scores))
    for column, point in zip(scores.T, points, strict=True):
        known += np.where(np.isfinite(column), point / 100, 0.0)
    return np.minimum(known.round(12), 1.0)


def _aspects(scores: np.ndarray, used: pd.DataFrame, named: pd.Series) -> dict[str, np.ndarray]:
    found = {}
    for aspect in dict.fromkeys([*ASPECTS, *named]):
        places = np.flatnonzero(used["aspect"] == aspect)
        points, known = np.zeros(len(scores)), np.zeros(len(scores))
        for place in places:
            weight, column = used["weight"].iloc[place], scores[:, place]
            points += np.where(np.isfinite(column), column * weight, 0.0)
            known += np.where(np.isfinite(column), weight, 0.0)
        found[aspect] = np.divide(points, known, out=np.full(len(scores), np.nan), where=known > 0)
    return found
