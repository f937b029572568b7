"""Words for segments: names from what sets each apart, sentences from its figures."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmlib.analyse.segments.preparation import CORE

NO_PURCHASE = "No purchase"
NOTHING_SPECIAL = "Middle of the road"
MENTION, FAINT, STRONG = 0.45, 0.2, 1.1
"""Standard deviations from the average customer: worth a third word, worth one of the first two, "very"."""
FEWEST_WORDS, MOST_WORDS = 2, 3


@dataclass(frozen=True, kw_only=True)
class Wording:
    """How a salesperson speaks of a column.

    Parameters
    ----------
    topic : str
        Columns of one topic say the same thing; the clearest of them speaks.
    high, low : str
        What a high and a low figure are called; empty: not worth a word.
    highest, lowest : str, optional
        For the extremes.
    figure : str
        The figure in a sentence, its value as ``{}``.
    """

    topic: str
    high: str
    low: str
    highest: str = ""
    lowest: str = ""
    figure: str = "{}"

    def say(self, deviation: float) -> str:
        """The words for a segment this many standard deviations from the average customer."""
        usual, extreme = (self.high, self.highest) if deviation > 0 else (self.low, self.lowest)
        return extreme if extreme and abs(deviation) >= STRONG else usual


def _words(figure, topic, high, low, highest="", lowest=""):
    return Wording(topic=topic, high=high, low=low, figure=figure, highest=highest, lowest=lowest)


_ORDERS = ("orders", "frequent", "occasional", "very frequent", "rare")
_SPEND = ("spend", "high spend", "low spend", "very high spend", "very low spend")
_BASKET = ("basket", "large baskets", "small baskets", "very large baskets", "very small baskets")
_LATELY = ("lately", "recent", "less recent")
WORDINGS: dict[str, Wording] = {
    "order_count": _words("{} orders", *_ORDERS),
    "order_count_365d": _words("{} orders in 365 days", *_ORDERS),
    "gap_days_mean": _words("{} between orders", "gaps", "long gaps", "short gaps"),
    "spend_total": _words("{} spent", *_SPEND),
    "spend_365d": _words("{} spent in 365 days", *_SPEND),
    "margin_total": _words("{} of margin", *_SPEND),
    "margin_365d": _words("{} of margin in 365 days", *_SPEND),
    "basket_value_mean": _words("{} an order", *_BASKET),
    "basket_items_mean": _words("{} items an order", *_BASKET),
    "basket_lines_mean": _words("{} lines an order", *_BASKET),
    "recency_days": _words("{} since the last order", "lately", "less recent", "recent", "least recent"),
    "spend_30d": _words("{} spent in the last 30 days", *_LATELY),
    "spend_90d": _words("{} spent in the last 90 days", *_LATELY),
    "margin_30d": _words("{} of margin in the last 30 days", *_LATELY),
    "margin_90d": _words("{} of margin in the last 90 days", *_LATELY),
    "order_count_90d": _words("{} orders in the last 90 days", *_LATELY),
    "gap_overdue_ratio": _words(
        "{} times the usual gap since the last order", "wait", "later than usual", "", "far later than usual"
    ),
    "spend_trend": _words("a spend trend (from -1 to 1) of {}", "trend", "rising spend", "falling spend"),
    "tenure_days": _words("{} since the first order", "tenure", "long with us", "newcomers"),
    "product_count": _words("{} products", "range", "many products", "few products"),
    "category_count": _words("{} categories", "range", "many categories", "few categories"),
    "department_count": _words("{} departments", "range", "many departments", "few departments"),
    "favourite_category_share_pct": _words(
        "{} in the favourite category", "focus", "one main category", "mixed baskets"
    ),
    "discount_share_pct": _words("{} discount", "discount", "more discounts", "fewer discounts"),
    "discounted_lines_share_pct": _words(
        "{} of lines at a discount", "discount", "more discounts", "fewer discounts"
    ),
    "margin_share_pct": _words("{} margin", "margin", "good margin", "thin margin"),
    "return_rate_pct": _words("{} returned", "returns", "many returns", "few returns"),
    "gap_days_variation": _words(
        "a variation of the gaps of {}", "rhythm", "irregular rhythm", "regular rhythm"
    ),
    "weekend_share_pct": _words("{} at weekends", "weekend", "weekend shoppers", "weekday shoppers"),
    "evening_share_pct": _words("{} in the evening", "evening", "evening shoppers", "daytime shoppers"),
    "campaign_count": _words("{} campaigns", "campaigns", "in many campaigns", "in few campaigns"),
    "campaign_response_rate_pct": _words(
        "{} of campaigns answered", "answers", "answer campaigns", "ignore campaigns"
    ),
}
"""The indicators' words, in the order they stand in a name."""


def wording_of(column: str) -> Wording:
    """The words for a column, made from its name where nobody wrote them."""
    if column in WORDINGS:
        return WORDINGS[column]
    plain = re.sub(r"_(pct|days|total|mean)$", "", str(column)).replace("_", " ").strip() or str(column)
    return _words(f"{plain} of {{}}", f"column {column}", f"high {plain}", f"low {plain}")


def segment_names(deviations: pd.DataFrame) -> list[str]:
    """A name for every segment, from what sets it apart; no two the same."""
    spoken = [_phrases(row) for _, row in deviations.iterrows()]
    clear = [sum(size >= MENTION for _, size, _ in phrases) for phrases in spoken]
    lengths = [min(max(FEWEST_WORDS, count), MOST_WORDS) for count in clear]
    names = [_name(phrases, length) for phrases, length in zip(spoken, lengths, strict=True)]
    for _ in range(deviations.shape[1]):
        again = {name for name in names if names.count(name) > 1}
        for i, name in enumerate(names):
            if name in again:
                lengths[i] += 1
                names[i] = _name(spoken[i], lengths[i])
    return [_numbered(names, i) for i in range(len(names))]


def describe_segments(
    profile: pd.DataFrame,
    everyone: pd.Series,
    deviations: pd.DataFrame,
    *,
    units: Mapping[str, str],
    currency: str = "",
) -> pd.Series:
    """A few sentences on every segment, made from its medians and those of all customers."""
    texts = {}
    for segment, row in deviations.iterrows():
        members = profile.loc[segment]
        sentences = (
            size_sentence(members),
            _core_sentence(members, everyone, units, currency),
            _apart_sentence(row, members, everyone, units, currency),
        )
        texts[segment] = " ".join(sentence for sentence in sentences if sentence)
    return pd.Series(texts, name="description", dtype="str")


def size_sentence(members: pd.Series) -> str:
    """How many customers a segment has, and what share of spend."""
    count = int(members["customers"])
    share = f"{count:,} customer{'' if count == 1 else 's'} ({shown(members['share_pct'])} % of all)"
    spend = members.get("spend_share_pct", float("nan"))
    return (
        f"{share} bring{'s' if count == 1 else ''} {shown(spend)} % of spend."
        if np.isfinite(spend)
        else f"{share}."
    )


def shown(value: float, unit: str = "", currency: str = "") -> str:
    """A figure for a sentence: three significant digits at most, with its unit."""
    if value is None or not np.isfinite(value):
        return "not known"
    digits = 2 if abs(value) < 1 else 1 if abs(value) < 100 else 0
    text = f"{float(f'{value:.3g}') or 0.0:,.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    text = "0" if text == "-0" else text
    if unit == "days" and text == "1":
        return "1 day"
    if unit == "currency":
        return f"{currency} {text}".strip()
    return f"{text} {unit}".strip()


def unit_of(column: str, units: Mapping[str, str]) -> str:
    """The unit to print after a figure ("currency", "days", "%"): the one stated, else what its name says."""
    if column in units:
        return units[column] if units[column] in ("currency", "days", "%") else ""
    if column.endswith("_pct"):
        return "%"
    if column.endswith("_days") or column.startswith("gap_days_mean"):
        return "days"
    return "currency" if re.match(r"(spend|margin)_(total|\d+d)$|basket_value", column) else ""


def _phrases(row: pd.Series) -> list[tuple[int, float, str]]:
    """(place in a name, size, words) of each topic, the most telling first."""
    places = {wording.topic: i for i, wording in reversed(list(enumerate(WORDINGS.values())))}
    best: dict[str, tuple[int, float, str]] = {}
    for column, deviation in row.items():
        wording = wording_of(column)
        words = wording.say(deviation)
        size = abs(float(deviation))
        if words and size >= FAINT and size > best.get(wording.topic, (0, 0.0, ""))[1]:
            best[wording.topic] = (places.get(wording.topic, len(places)), size, words)
    return sorted(best.values(), key=lambda phrase: (-round(phrase[1], 9), phrase[0], phrase[2]))


def _name(phrases: Sequence[tuple[int, float, str]], length: int) -> str:
    words = [words for _, _, words in sorted(phrases[:length], key=lambda phrase: (phrase[0], phrase[2]))]
    name = ", ".join(words) or NOTHING_SPECIAL
    return name[0].upper() + name[1:]


def _numbered(names: Sequence[str], i: int) -> str:
    before = sum(name == names[i] for name in names[:i])
    return f"{names[i]} ({before + 1})" if names.count(names[i]) > 1 else names[i]


def _core_sentence(members: pd.Series, everyone: pd.Series, units: Mapping[str, str], currency: str) -> str:
    said = []
    for column, pattern in (
        ("spend_total", "spent {}"),
        ("order_count", "placed {} order{s}"),
        ("recency_days", "last bought {} ago"),
    ):
        if column in everyone:
            theirs, all_of_them = (_figure(column, x, units, currency) for x in (members, everyone))
            words = pattern.format(theirs, s="" if theirs == "1" else "s")
            said.append(f"{words} ({'' if said else 'all customers: '}{all_of_them})")
    return f"Their median customer {_and(said)}." if said else ""


def _apart_sentence(
    row: pd.Series, members: pd.Series, everyone: pd.Series, units: Mapping[str, str], currency: str
) -> str:
    others = row.drop([column for column in CORE if column in row])
    telling = others[others.abs() >= MENTION].abs().sort_values(ascending=False, kind="stable").index[:3]
    said = []
    for column in telling:
        theirs, all_of_them = (_figure(column, x, units, currency) for x in (members, everyone))
        if theirs != all_of_them:
            before, _, after = wording_of(column).figure.rpartition("{}")
            said.append(f"{before}{theirs}{after} ({all_of_them})")
    return f"What else stands out: {_and(said)}." if said else ""


def _figure(column: str, medians: pd.Series, units: Mapping[str, str], currency: str) -> str:
    return shown(medians[column], unit_of(column, units), currency)


def _and(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
