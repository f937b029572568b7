"""What is bought together, at the level at which it can be acted on, with names instead of codes."""

from dataclasses import dataclass, field
from re import findall
from typing import Any

import pandas as pd

from crmlib.analyse.rules.mine import RuleBook, mine_rules, prune_redundant
from crmlib.measure.purchases.history import basket_counts, basket_lines, product_words
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import CostError, ParameterError, nearest

ITEM_LEVELS = ("subcategory", "category", "product_id")
"""What serves as an item by default: the first that the workspace knows."""

_GROUPS = ("subcategory", "category", "department", "brand")
_SURE = 0.05
_ATTEMPTS = 5


@dataclass(frozen=True, kw_only=True, eq=False)
class CrossSell:
    """The rules worth reading, and the baskets they come from.

    Attributes
    ----------
    item : str
        What an item is: "subcategory", "category", "product_id" …
    book : RuleBook
        All rules that hold often enough, whether or not they are worth reading.
    rules : DataFrame, one row a rule, the highest lift first
        `if`, `then` (names), `count` (baskets), `support_pct`, `confidence_pct`, `base_pct` (the share of all
        baskets that hold `then`), `lift`, `extra` (baskets more than by chance), `improvement_pct`
        (percentage points over the best shorter rule), `across` (whether the two sides are of different
        categories; missing where those are not
        known). Only rules above chance, better than any shorter one, with an adjusted p-value of at most
        0.05.
    pairs : DataFrame
        The same, of rules with the same items only the one with the highest confidence.
    items : DataFrame
        `item`, `count`, `share_pct` of the items in most baskets, at most 50.
    basket_items_median : float
        Different items in a basket, at the median.
    single_share_pct : float
        Baskets with one item only, of which no rule can speak.
    unnamed_share_pct : float
        Order lines whose product has no such group.
    min_support : int or float
        As used; `raised_from` is what was asked for, where that would have been too costly.
    named : bool
        Whether items are words rather than product codes.

    Examples
    --------
    See `cross_sell`.
    """

    item: str
    book: RuleBook = field(repr=False)
    rules: pd.DataFrame = field(repr=False)
    pairs: pd.DataFrame = field(repr=False)
    items: pd.DataFrame = field(repr=False)
    basket_items_median: float
    single_share_pct: float
    unnamed_share_pct: float
    min_support: int | float
    raised_from: int | float | None = None
    named: bool = True

    def _repr_html_(self) -> str:
        return self.rules.head(10).to_html(index=False)


def cross_sell(
    crm: Crm,
    *,
    item: str = "auto",
    min_support: int | float = 0.005,
    min_confidence: float = 0.1,
    min_improvement: float = 0.05,
    max_len: int = 3,
) -> CrossSell:
    """Rules "who buys this buys that as well" between groups of products, or products where none are known.

    Parameters
    ----------
    crm : Crm
        With `transactions`; `products` gives groups and names.
    item : str
        "auto", "product_id", or a column of products.
    min_support : float (share of baskets) or int (baskets)
        Doubled, up to four times, where it would cost too much memory.
    min_confidence : float
        From 0 to 1.
    min_improvement : float
        What a rule must add to the confidence of every shorter rule, and to the share of all baskets that
        hold its right side: 0.05 is five percentage points.
    max_len : int
        Most items in a rule, both sides together.

    Returns
    -------
    CrossSell

    Raises
    ------
    ParameterError
        If `item` is nothing that is known here.
    SchemaError
        If there is no table of transactions.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({
    ...     "order_id": [1, 1, 2, 2, 3, 3, 4, 5],
    ...     "product_id": ["mix", "icing", "mix", "icing", "mix", "icing", "tea", "tea"],
    ...     "ordered_at": "2024-01-02", "net_amount": 1.0})
    >>> found = cross_sell(Crm.from_frames(as_of="2024-01-31", transactions=lines), min_support=2)
    >>> len(found.book), found.items.head(1).to_dict("records")
    (2, [{'item': 'icing', 'count': 3, 'share_pct': 60.0}])
    """
    column = _item_column(crm, item)
    book, used = _mine(
        basket_lines(crm, column), min_support=min_support, min_confidence=min_confidence, max_len=max_len
    )
    counts, items = basket_counts(crm, column)
    counts = counts.fillna(0.0)
    baskets = max(counts["baskets"], 1)
    seen = {
        *items["item"],
        *(part for side in ("antecedents", "consequents") for one in book.rules[side] for part in one),
    }
    names, groups = _names(crm, column, seen)
    rules = _readable(prune_redundant(book, min_improvement=min_improvement), names, groups)
    return CrossSell(
        item=column,
        book=book,
        rules=rules,
        pairs=_one_direction(rules),
        items=items.assign(
            item=[names.get(item, item) for item in items["item"]], share_pct=100 * items["count"] / baskets
        ),
        basket_items_median=float(counts["median_size"]),
        single_share_pct=float(100 * counts["single_baskets"] / baskets),
        unnamed_share_pct=float(counts["unnamed_pct"]),
        min_support=used,
        raised_from=None if used == min_support else min_support,
        named=column != "product_id" or bool(names),
    )


def plain_name(name: Any) -> str:
    """A name as it stands in a sentence: not in capitals throughout, unless it is a code."""
    bare = " ".join(str(name).split())
    code = " " not in bare and any(letter.isdigit() for letter in bare)
    return bare if code or not bare.isupper() else bare.capitalize()


def _item_column(crm: Crm, item: str) -> str:
    known = [name for name in _GROUPS if "products" in crm and name in crm.columns("products")]
    if item == "auto":
        return next(name for name in ITEM_LEVELS if name in known or name == "product_id")
    if item not in (*known, "product_id"):
        raise ParameterError(
            f"item={item!r} is nothing that products are known by "
            f"here.{nearest(item, ['auto', 'product_id', *known])}"
        )
    return item


def _mine(table: Any, *, min_support: int | float, **limits: Any) -> tuple[RuleBook, int | float]:
    support = min_support
    for attempt in range(_ATTEMPTS):
        try:
            return mine_rules(table, min_support=support, item="item", **limits), support
        except CostError:
            if attempt == _ATTEMPTS - 1 or (isinstance(support, float) and support > 0.5):
                raise
            support = support * 2
    raise AssertionError


def _names(crm: Crm, column: str, seen: set[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Item -> name, and item -> category, of the items that were seen and as far as they are known."""
    if column == "product_id":
        return _product_names(crm, seen)
    if not any("\x1f" in item for item in seen):
        return {item: plain_name(item) for item in seen}, {}
    groups = {item: item.partition("\x1f")[0] for item in seen}
    names = {}
    for item, category in groups.items():
        subcategory = item.partition("\x1f")[2]
        alike = set(findall(r"\w+", subcategory.lower())) & set(findall(r"\w+", category.lower()))
        alone = len(subcategory.split()) == 1 and not alike
        names[item] = plain_name(subcategory) + (f" ({plain_name(category).lower()})" if alone else "")
    return _told_apart(
        names, {item: plain_name(category).lower() for item, category in groups.items()}
    ), groups


def _product_names(crm: Crm, seen: set[str]) -> tuple[dict[str, str], dict[str, str]]:
    rows = product_words(crm, seen)
    groups = rows["category"].dropna().to_dict() if "category" in rows else {}
    if "name" not in rows:
        return {}, groups
    names = {product: plain_name(name) for product, name in rows["name"].dropna().items()}
    return _told_apart(names, {product: product for product in names}), groups


def _told_apart(names: dict[str, str], more: dict[str, str]) -> dict[str, str]:
    """Two items never share a name."""
    counted = pd.Series(list(names.values()), dtype="object").value_counts()
    twice = set(counted.index[counted > 1])
    return {item: f"{name} ({more[item]})" if name in twice else name for item, name in names.items()}


def _readable(book: RuleBook, names: dict[str, str], groups: dict[str, str]) -> pd.DataFrame:
    rules = book.rules[(book.rules["lift"] > 1) & (book.rules["q_value"] <= _SURE)]
    table = pd.DataFrame(
        {
            "if": pd.Series([_side(items, names) for items in rules["antecedents"]], dtype="str"),
            "then": pd.Series([_side(items, names) for items in rules["consequents"]], dtype="str"),
            "count": rules["count"].to_numpy(),
            "support_pct": 100 * rules["support"].to_numpy(),
            "confidence_pct": 100 * rules["confidence"].to_numpy(),
            "base_pct": 100 * rules["consequent support"].to_numpy(),
            "lift": rules["lift"].to_numpy(),
            "extra": (rules["count"] * (1 - 1 / rules["lift"])).to_numpy(),
            "improvement_pct": 100 * rules["improvement"].to_numpy(),
        }
    )
    sides = zip(rules["antecedents"], rules["consequents"], strict=True)
    across = [_across(before, after, groups) for before, after in sides]
    table["across"] = pd.array(across, dtype="boolean")
    table["items"] = pd.Series(
        [frozenset(a | c) for a, c in zip(rules["antecedents"], rules["consequents"], strict=True)],
        dtype="object",
    )
    return table


def _one_direction(rules: pd.DataFrame) -> pd.DataFrame:
    # Both directions of a pair have one lift, up to the last digit.
    lift = rules["lift"].round(9)
    order = rules.assign(lift=lift).sort_values(
        ["lift", "confidence_pct", "if"], ascending=[False, False, True], kind="stable"
    )
    return rules.loc[order.index].drop_duplicates("items").drop(columns="items").reset_index(drop=True)


def _side(items: frozenset, names: dict[str, str]) -> str:
    return " + ".join(sorted(names.get(item, str(item)) for item in items))


def _across(before: frozenset, after: frozenset, groups: dict[str, str]) -> bool | None:
    if not groups:
        return None
    return {groups.get(item) for item in before}.isdisjoint({groups.get(item) for item in after})
