"""What a segment is called and what to do with it: names by rules, from what sets each apart."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

import pandas as pd

NO_PURCHASE = "No purchase"
KEY, TOP, AVERAGE = "Key accounts", "Top customers", "Average customers"
KEY_SHARE_PCT, KEY_SPEND = 10.0, 1.0
"""Key accounts are the segment that spends most, if it is so few of the customers and lies so far above them."""
MENTION = 0.45
"""Standard deviations from the average customer from which a difference is worth a name."""
VISIBLE_SHARE, VISIBLE_POINTS = 0.1, 1.0
"""A median that is nearer than this to that of all customers shows no difference, whatever the average says."""


HELD = 0.5
"""A segment keeps the name that it bears while so much of what the rule asks still holds: near a border, names stay."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A name of two or three words, and its rule: bounds on topics, in standard deviations."""

    name: str
    rule: Mapping[str, tuple[float | None, float | None]]

    def fits(self, topics: Mapping[str, float], *, part: float = 1.0) -> bool:
        """Whether so much of every bound holds; what is not known fulfils none."""
        return all(
            topic in topics
            and (low is None or topics[topic] >= part * low)
            and (high is None or topics[topic] <= part * high)
            for topic, (low, high) in self.rule.items()
        )


_MUCH, _LITTLE = (MENTION, None), (None, -MENTION)
KINDS = (
    Kind(name="Bargain hunters", rule={"discount": _MUCH}),
    Kind(name="Seasonal customers", rule={"season": (1.0, None)}),
    Kind(name="Few large orders", rule={"basket": _MUCH, "orders": (None, -0.2)}),
    Kind(name="Many small orders", rule={"basket": _LITTLE, "orders": (0.2, None)}),
    Kind(name="Fading customers", rule={"lately": _LITTLE, "orders": (-0.2, None)}),
    Kind(name="Steady customers", rule={"orders": (0.2, None), "spend": (0.2, None)}),
    Kind(name="Good customers", rule={"spend": _MUCH}),
    Kind(name="Casual customers", rule={"basket": _LITTLE, "orders": _LITTLE}),
    Kind(name="Small customers", rule={"spend": _LITTLE}),
    Kind(name="Not seen lately", rule={"lately": _LITTLE}),
)
"""Tried in this order, after `KEY` and `TOP`: the segment that spends most, where that is well above the average."""

PHRASES: Mapping[str, tuple[str, str]] = {
    "orders": ("Many orders", "Few orders"),
    "basket": ("Large orders", "Small orders"),
    "margin": ("High margin", "Thin margin"),
    "lately": ("Seen lately", "Not seen lately"),
    "discount": ("Bargain hunters", "Little discount"),
    "season": ("Seasonal customers", "No year-end season"),
    "spend": ("Good customers", "Small customers"),
    "gaps": ("Long order gaps", "Short order gaps"),
    "trend": ("Rising spend", "Falling spend"),
    "tenure": ("Long-standing customers", "Short history"),
    "range": ("Wide range", "Narrow range"),
    "focus": ("One main category", "Mixed baskets"),
    "returns": ("Many returns", "Few returns"),
    "rhythm": ("Uneven rhythm", "Steady rhythm"),
    "weekend": ("Weekend shoppers", "Weekday shoppers"),
    "evening": ("Evening shoppers", "Daytime shoppers"),
    "campaigns": ("Many campaigns", "Few campaigns"),
    "answers": ("Answer campaigns", "Ignore campaigns"),
}
"""Topic -> the name of a segment that is high in it, and of one that is low; where no kind fits."""

TOPICS: Mapping[str, tuple[str, int]] = {
    **dict.fromkeys(("order_count", "order_count_365d", "orders_per_year_mean"), ("orders", 1)),
    **dict.fromkeys(("spend_total", "spend_365d", "margin_total", "margin_365d"), ("spend", 1)),
    **dict.fromkeys(("basket_value_mean", "basket_items_mean", "basket_lines_mean"), ("basket", 1)),
    **dict.fromkeys(("recency_days", "gap_overdue_ratio"), ("lately", -1)),
    **dict.fromkeys(("spend_30d", "spend_90d", "margin_30d", "margin_90d", "order_count_90d"), ("lately", 1)),
    **dict.fromkeys(("product_count", "category_count", "department_count"), ("range", 1)),
    **dict.fromkeys(("discount_share_pct", "discounted_lines_share_pct"), ("discount", 1)),
    "year_end_share_pct": ("season", 1),
    "gap_days_mean": ("gaps", 1),
    "spend_trend": ("trend", 1),
    "tenure_days": ("tenure", 1),
    "favourite_category_share_pct": ("focus", 1),
    "margin_share_pct": ("margin", 1),
    "return_rate_pct": ("returns", 1),
    "gap_days_variation": ("rhythm", 1),
    "weekend_share_pct": ("weekend", 1),
    "evening_share_pct": ("evening", 1),
    "campaign_count": ("campaigns", 1),
    "campaign_response_rate_pct": ("answers", 1),
}
"""Column -> its topic, and whether a high figure is much or little of it. The clearest column of a topic speaks."""


def segment_names(
    deviations: pd.DataFrame,
    medians: pd.DataFrame,
    everyone: pd.Series,
    shares: Sequence[float] = (),
    taken: Mapping[int, str] | None = None,
) -> list[str]:
    """A name for every segment, in their order, from what sets it apart; no two the same.

    `shares` are those of all customers, in percent; `taken` are names that places bear already, and keep as long
    as their rule holds; a name that its segment has lost passes to no other in the same report.
    """
    taken = taken or {}
    topics, held = (
        [_topics(row) for _, row in visible(deviations, medians, everyone, part=part).iterrows()]
        for part in (1.0, HELD)
    )
    most = max((row.get("spend", 0.0) for row in topics), default=0.0)
    names: list[str] = []
    for place, row in enumerate(topics):
        share = shares[place] if len(shares) else 100.0
        fitting = _fitting(row, most=most, share=share)
        if name_of(taken.get(place, "")) in _fitting(held[place], most=most, share=share, part=HELD):
            fitting = [taken[place], *fitting]
        others = [*enumerate(names), *((other, name) for other, name in taken.items() if other != place)]
        bearers = {name: topics[other] for other, name in others}
        free = [name for name in fitting if name not in bearers]
        names.append(free[0] if free else _told_apart(fitting[0], row, bearers))
    return names


def own_names(names: Sequence[str], own: Mapping[str, str]) -> list[str]:
    """The house's own names for those of the rules, where it has given any; never two the same."""
    made: list[str] = []
    for name in names:
        said = own.get(name, own.get(name_of(name), name))
        made.append(said if said not in made else _numbered(said, made))
    return made


def visible(
    deviations: pd.DataFrame, medians: pd.DataFrame, everyone: pd.Series, *, part: float = 1.0
) -> pd.DataFrame:
    """The deviations that a reader of the medians sees too; others are missing."""
    gap = medians[deviations.columns] - everyone[deviations.columns]
    least = VISIBLE_SHARE * everyone[deviations.columns].abs()
    shares = [name for name in deviations.columns if str(name).endswith("_pct")]
    least[shares] = least[shares].clip(lower=VISIBLE_POINTS)
    return deviations.where((gap.abs() >= part * least) & (gap * deviations > 0))


def name_of(segment: str) -> str:
    """The name without what tells two segments of one name apart."""
    return _APART.sub("", segment)


def plain(column: str) -> str:
    """A column that nobody wrote words for, as a name says it."""
    return re.sub(r"_(pct|days|total|mean)$", "", str(column)).replace("_", " ").strip() or str(column)


def advice_codes(place: Mapping[str, float]) -> list[str]:
    """What to do with a segment, from where it lies: one step, and what to see to besides."""
    spend, orders = place.get("spend_total", 0.0), place.get("order_count", 0.0)
    silent, basket = place.get("recency_days", 0.0), place.get("basket_value_mean", 0.0)
    if spend >= 0.4:
        first = "call" if silent >= 0.3 else "keep"
    elif silent >= 0.3:
        first = "ask_back" if spend > -0.4 or basket >= 0.4 else "let_be"
    elif basket >= 0.4:
        first = "remind"
    else:
        first = "grow" if orders > -0.4 else "second"
    besides = {"see_to_margin": "discount_share_pct", "see_to_returns": "return_rate_pct"}
    return [first, *(code for code, column in besides.items() if place.get(column, 0.0) >= 0.6)]


def shown(value: float, unit: str = "", currency: str = "") -> str:
    """A figure within a text: three significant digits at most, with its unit."""
    if value is None or not isfinite(value):
        return "not known"
    digits = 2 if abs(value) < 1 else 1 if abs(value) < 100 else 0
    text = f"{float(f'{value:.3g}') or 0.0:,.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    text = "0" if text == "-0" else text
    if unit == "days" and text == "1":
        return "1 day"
    return f"{currency} {text}".strip() if unit == "currency" else f"{text} {unit}".strip()


def _topics(row: pd.Series) -> dict[str, float]:
    """How far a segment stands out in each topic, by its clearest column."""
    found: dict[str, float] = {}
    for column in sorted(row.dropna().index, key=str):
        topic, sign = TOPICS.get(column, (f"column {column}", 1))
        if abs(row[column]) > abs(found.get(topic, 0.0)):
            found[topic] = sign * float(row[column])
    return found


def _fitting(topics: Mapping[str, float], *, most: float, share: float, part: float = 1.0) -> list[str]:
    """The names that are true of a segment, the most telling first."""
    spend = topics.get("spend", 0.0)
    kinds = [TOP] if spend >= part * MENTION and spend == most else []
    if kinds and spend >= part * KEY_SPEND and share <= KEY_SHARE_PCT / part:
        kinds = [KEY, TOP]
    kinds += [kind.name for kind in KINDS if kind.fits(topics, part=part)]
    places = {topic: place for place, topic in enumerate(PHRASES)}
    clear = [topic for topic, size in topics.items() if abs(size) >= part * MENTION]
    clear.sort(key=lambda topic: (-round(abs(topics[topic]), 9), places.get(topic, len(places)), topic))
    return [*kinds, *(_phrase(topic, topics[topic]) for topic in clear)] or [AVERAGE]


def _phrase(topic: str, size: float) -> str:
    if topic in PHRASES:
        return PHRASES[topic][size < 0]
    return f"{'High' if size > 0 else 'Low'} {plain(topic.removeprefix('column '))}"


_APART = re.compile(
    rf" \((?:\d+|{'|'.join(re.escape(phrase.lower()) for pair in PHRASES.values() for phrase in pair)})\)$"
)
SLIGHT = 0.2
"""Standard deviations from the average customer from which a difference tells two segments of one name apart."""


def _told_apart(name: str, row: Mapping[str, float], bearers: Mapping[str, Mapping[str, float]]) -> str:
    """A name that another segment bears, with what sets this one apart from that; with a number where nothing does."""
    seen = {} if name == AVERAGE else row
    gaps = {topic: size - bearers[name].get(topic, 0.0) for topic, size in seen.items() if topic in PHRASES}
    clear = [topic for topic, gap in gaps.items() if abs(row[topic]) >= SLIGHT and gap * row[topic] > 0]
    for topic in sorted(clear, key=lambda topic: (-round(abs(gaps[topic]), 9), topic)):
        phrase = _phrase(topic, row[topic])
        said = f"{name} ({phrase.lower()})"
        if abs(gaps[topic]) >= SLIGHT and phrase != name and said not in bearers:
            return said
    return _numbered(name, bearers)


def _numbered(name: str, taken: Collection[str]) -> str:
    number = 2
    while f"{name} ({number})" in taken:
        number += 1
    return f"{name} ({number})"
