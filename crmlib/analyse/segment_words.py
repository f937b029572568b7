"""Words for segments: names from what sets each apart, sentences from its figures."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

NO_PURCHASE = "No purchase yet"
NOTHING_SPECIAL = "Middle of the road"
MENTION, FAINT, STRONG = 0.45, 0.2, 1.1
"""Standard deviations from the average customer: worth a word in a name, the least for any, and "very"."""
_WORDS_IN_A_NAME = 3


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
        For the extremes, instead of "very ...".
    label : str, optional
        The figure's name in a sentence.

    Examples
    --------
    >>> Wording(topic="orders", high="frequent", low="occasional", lowest="rare").say(-1.4)
    'rare'
    >>> Wording(topic="orders", high="frequent", low="occasional").say(1.4)
    'very frequent'
    """

    topic: str
    high: str
    low: str
    highest: str = ""
    lowest: str = ""
    label: str = ""

    def say(self, deviation: float) -> str:
        """The words for a segment this many standard deviations from the average customer.

        Examples
        --------
        >>> Wording(topic="spend", high="high spend", low="low spend").say(0.7)
        'high spend'
        """
        usual, extreme = (self.high, self.highest) if deviation > 0 else (self.low, self.lowest)
        return (extreme or f"very {usual}") if abs(deviation) >= STRONG and usual else usual


def _words(topic, high, low, label="", highest="", lowest=""):
    return Wording(topic=topic, high=high, low=low, label=label, highest=highest, lowest=lowest)


_ORDERS = ("orders", "frequent", "occasional")
_SPEND = ("spend", "high spend", "low spend")
_LATELY = ("lately", "active lately", "quiet lately")
WORDINGS: dict[str, Wording] = {
    "order_count": _words(*_ORDERS, "orders", lowest="rare"),
    "order_count_365d": _words(*_ORDERS, "orders in a year", lowest="rare"),
    "gap_days_mean": _words("orders", "occasional", "frequent", "days between orders", highest="rare"),
    "spend_total": _words(*_SPEND, "spend"),
    "spend_365d": _words(*_SPEND, "spend in a year"),
    "margin_total": _words(*_SPEND, "margin"),
    "basket_value_mean": _words("basket", "large baskets", "small baskets", "spend an order"),
    "basket_items_mean": _words("basket items", "many items an order", "few items an order", "items an order"),
    "recency_days": _words(
        "lately", "quiet lately", "active lately", "days since the last order", highest="long silent"
    ),
    "spend_30d": _words(*_LATELY, "spend in 30 days"),
    "spend_90d": _words(*_LATELY, "spend in 90 days"),
    "margin_90d": _words(*_LATELY, "margin in 90 days"),
    "order_count_90d": _words(*_LATELY, "orders in 90 days"),
    "gap_overdue_ratio": _words(
        "overdue", "overdue", "", "times their usual gap since the last order", highest="long overdue"
    ),
    "product_count": _words("range", "many products", "few products", "products"),
    "category_count": _words("range", "many categories", "few categories", "categories"),
    "department_count": _words("range", "many departments", "few departments", "departments"),
    "favourite_category_share_pct": _words("focus", "one main category", "mixed baskets", "favourite category's share"),
    "discount_share_pct": _words("discount", "discount seekers", "full price", "discount share"),
    "margin_share_pct": _words("margin", "good margin", "thin margin", "margin share"),
    "return_rate_pct": _words("returns", "many returns", "few returns", "return rate"),
    "gap_days_variation": _words("rhythm", "irregular", "regular rhythm", "variation of the gaps"),
    "spend_trend": _words("trend", "growing", "shrinking", "spend trend"),
    "tenure_days": _words("tenure", "long with us", "joined lately", "days since the first order"),
    "weekend_share_pct": _words("weekend", "weekend shoppers", "weekday shoppers", "weekend share"),
}
"""The indicators' words, in the order they stand in a name."""


def wording_of(column: str) -> Wording:
    """The words for a column, made from its name where nobody wrote them.

    Examples
    --------
    >>> wording_of("email_open_rate_pct").say(0.8)
    'high email open rate'
    """
    if column in WORDINGS:
        return WORDINGS[column]
    plain = re.sub(r"_(pct|days|total|mean)$", "", str(column)).replace("_", " ").strip() or str(column)
    return _words(f"column {column}", f"high {plain}", f"low {plain}", plain)


def segment_names(deviations: pd.DataFrame) -> list[str]:
    """A name for every segment, from what sets it apart; no two the same.

    Parameters
    ----------
    deviations : DataFrame (segments, columns)
        Means of the prepared columns: standard deviations from the average customer.

    Returns
    -------
    list of str

    Examples
    --------
    >>> segment_names(
    ...     pd.DataFrame({"order_count": [1.3, -0.6, 0.0], "spend_total": [0.9, -1.2, 0.1], "category_count": -0.5})
    ... )
    ['Very frequent, high spend, few categories', 'Occasional, very low spend, few categories', 'Few categories']
    """
    spoken = [_phrases(row) for _, row in deviations.iterrows()]
    lengths = [sum(1 for _, size, _ in phrases[:_WORDS_IN_A_NAME] if size >= MENTION) or 1 for phrases in spoken]
    names = [_name(phrases, length) for phrases, length in zip(spoken, lengths, strict=True)]
    for _ in range(deviations.shape[1]):
        again = {name for name in names if names.count(name) > 1}
        for i, name in enumerate(names):
            if name in again:
                lengths[i] += 1
                names[i] = _name(spoken[i], lengths[i])
    return [_numbered(names, i) for i in range(len(names))]


def describe_segments(
    labels: pd.Series,
    table: pd.DataFrame,
    deviations: pd.DataFrame,
    *,
    units: Mapping[str, str],
    currency: str = "",
) -> pd.Series:
    """A few sentences on every segment, made from its medians and those of all customers.

    Parameters
    ----------
    labels : Series customer_id -> segment
    table : DataFrame customer_id x columns, in their own units
    deviations : DataFrame segment x columns, as for `segment_names`
    units : mapping of column to unit; what is missing is read from the column's name
    currency : str

    Returns
    -------
    Series segment -> text

    Examples
    --------
    >>> table = pd.DataFrame({"spend_total": [100.0, 300.0, 10.0, 30.0], "order_count": [5, 7, 1, 1]})
    >>> text = describe_segments(
    ...     pd.Series(["A", "A", "B", "B"]),
    ...     table,
    ...     pd.DataFrame({"spend_total": [1.0, -1.0], "order_count": [1.0, -1.0]}, index=["A", "B"]),
    ...     units={},
    ...     currency="EUR",
    ... )
    >>> print(text["A"])
    2 customers (50 % of all) bring 90.9 % of spend. Their median customer spent EUR 200 (all customers: EUR 65)
    and placed 6 orders (3).
    """
    everyone = table.median()
    spend = table["spend_total"].clip(lower=0).groupby(labels).sum() if "spend_total" in table else None
    texts = {}
    for segment, row in deviations.iterrows():
        members = table[labels == segment]
        texts[segment] = " ".join(
            part
            for part in (
                _size_sentence(len(members), len(table), None if spend is None else spend[segment] / spend.sum()),
                _core_sentence(members.median(), everyone, units, currency),
                _apart_sentence(row, members.median(), everyone, units, currency),
            )
            if part
        )
    return pd.Series(texts, name="description", dtype="str")


def shown(value: float, unit: str = "", currency: str = "") -> str:
    """A figure for a sentence: three significant digits at most, with its unit.

    Examples
    --------
    >>> shown(12345.6, "currency", "USD"), shown(2.345, "days"), shown(0.1234), shown(float("nan"))
    ('USD 12,300', '2.3 days', '0.12', 'not known')
    """
    if value is None or not np.isfinite(value):
        return "not known"
    digits = 2 if abs(value) < 1 else 1 if abs(value) < 100 else 0
    rounded = float(f"{value:.3g}")
    text = f"{rounded:,.{digits}f}"
    text = (text.rstrip("0").rstrip(".") if "." in text else text).replace("-0", "0") if not rounded else (
        text.rstrip("0").rstrip(".") if "." in text else text
    )
    if unit == "currency":
        return f"{currency} {text}".strip()
    return f"{text} {unit}".strip()


def unit_of(column: str, units: Mapping[str, str]) -> str:
    """The unit of a column: the one stated, else what its name says.

    Examples
    --------
    >>> unit_of("discount_share_pct", {}), unit_of("recency_days", {}), unit_of("spend_90d", {})
    ('%', 'days', 'currency')
    """
    stated = {"percent": "%", "pct": "%", "count": "", "ratio": ""}
    if column in units:
        return stated.get(str(units[column]), str(units[column]))
    if column.endswith("_pct"):
        return "%"
    if column.endswith("_days") or column.startswith("gap_days_mean"):
        return "days"
    return "currency" if re.match(r"(spend|margin|basket_value)(_|$)", column) else ""


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


def _size_sentence(count: int, of: int, spend_share: float | None) -> str:
    customers = "1 customer" if count == 1 else f"{count:,} customers"
    share = f"{customers} ({shown(100 * count / of)} % of all)"
    if spend_share is None or not np.isfinite(spend_share):
        return f"{share}."
    return f"{share} bring{'s' if count == 1 else ''} {shown(100 * spend_share)} % of spend."


def _core_sentence(members: pd.Series, everyone: pd.Series, units: Mapping[str, str], currency: str) -> str:
    said = []
    for column, pattern in (
        ("spend_total", "spent {}"),
        ("order_count", "placed {} orders"),
        ("recency_days", "last bought {} ago"),
    ):
        if column not in members:
            continue
        unit = "" if column == "order_count" else unit_of(column, units)
        theirs, all_of_them = (shown(x[column], unit, currency) for x in (members, everyone))
        said.append(f"{pattern.format(theirs)} ({'all customers: ' if not said else ''}{all_of_them})")
    return f"Their median customer {_and(said)}." if said else ""


def _apart_sentence(
    row: pd.Series, members: pd.Series, everyone: pd.Series, units: Mapping[str, str], currency: str
) -> str:
    core = ("spend_total", "order_count", "recency_days")
    others = row.drop([column for column in core if column in row])
    telling = others[others.abs() >= MENTION].abs().sort_values(ascending=False, kind="stable").index[:3]
    said = [
        f"{wording_of(column).label or column} {shown(members[column], unit_of(column, units), currency)} "
        f"(all: {shown(everyone[column], unit_of(column, units), currency)})"
        for column in telling
    ]
    return f"Also apart: {_and(said)}." if said else ""


def _and(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
