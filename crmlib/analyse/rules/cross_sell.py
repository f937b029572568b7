"""What is bought together, at the level at which it can be acted on, with names instead of codes."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from re import findall
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.rules.mine import RuleBook
from crmlib.analyse.rules.worth import (
    Rules,
    Shelf,
    came_true,
    changes,
    holdout_days,
    judged,
    mined,
    one_direction,
    set_keys,
    where_to_use,
    worth_of,
)
from crmlib.measure.purchases.baskets import BasketLines, basket_lines, product_groups
from crmlib.measure.purchases.history import product_words
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError, nearest

ITEM_LEVELS = ("product_id", "subcategory", "category")
"""What may serve as an item by default, the finest first."""

ENOUGH_HELD = 5
"""A level is fine where so many of its rules, as known before the later time, held in it; else a coarser one is looked
at, which leaves open what product to offer."""

MATTER = 20
"""Rules that the page shows: those with the highest expected money."""

_GROUPS = ("subcategory", "category", "department", "brand")
_TOP_ITEMS = 50
_FIRST_DAY = date(1970, 1, 1)


@dataclass(frozen=True, kw_only=True, eq=False)
class CrossSell:
    """The rules worth reading, and the baskets they come from.

    Attributes
    ----------
    item : str
        What an item is: "product_id", "subcategory", "category" …
    book : RuleBook
        All rules that hold often enough, whether or not they are worth reading.
    rules : DataFrame, one row a rule, the highest lift first
        `if`, `then` (names), `count` (baskets with both), `if_count`, `then_count`, `either` (baskets with one side
        at least), `support_pct`, `confidence_pct`, `base_pct` (the share of all baskets that hold `then`), `lift`,
        `extra` (baskets more than chance would bring in the same months), `improvement_pct` (percentage points over
        the best shorter rule), `across` (whether the two sides are of different categories; missing where those are
        not known), `months_pct` (months with both, of those that as many would reach if spread evenly),
        `expected` (what `then` is expected to earn in baskets beyond chance in the next `holdout_days`, account
        currency), `came` (what it did earn so in the last ones; missing where the rule was not known before them).
        Only rules above chance and season, better than any shorter one, with an adjusted p-value of at most 0.05.
    pairs : DataFrame
        The same, of rules with the same items only the one with the highest confidence.
    best : DataFrame
        The twenty of `pairs` with the highest `expected`, with `use` ("bundle", "email", "call" or "shelf": see
        `where_to_use`), `later_pct` (baskets with `if` alone after which `then` was bought within 30 days).
    changes : DataFrame
        `change` ("born", "died" since `compared_on`; "stronger", "weaker" in the last `holdout_days` than before),
        `if`, `then`, `count`, `confidence_pct`, `later_confidence_pct`.
    levels : DataFrame, one row a level that was looked at
        `item`, `rules`, `held` (of its twenty known before the later time, those above chance in it), `named`
        (how many they are), `expected`, `came` (of them together), `chosen`.
    money : str
        "margin", or "revenue" where costs are not known.
    holdout_days : int
        The later time that rules are held against; 0 where the history is too short.
    cutoff, compared_on : date or None
        The day before the later time; the day whose rules these are compared with.
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
    best: pd.DataFrame = field(repr=False)
    changes: pd.DataFrame = field(repr=False)
    levels: pd.DataFrame = field(repr=False)
    money: str
    holdout_days: int
    cutoff: date | None
    compared_on: date | None
    currency: str
    items: pd.DataFrame = field(repr=False)
    basket_items_median: float
    single_share_pct: float
    unnamed_share_pct: float
    min_support: int | float
    raised_from: int | float | None = None
    named: bool = True

    def _repr_html_(self) -> str:
        return self.best.head(10).to_html(index=False)


def cross_sell(
    crm: Crm,
    *,
    item: str = "auto",
    min_support: int | float | None = None,
    min_confidence: float = 0.1,
    min_improvement: float = 0.05,
    max_len: int = 3,
) -> CrossSell:
    """Rules "who buys this buys that as well" that hold beyond chance and season, and what they are worth.

    Baskets hold what was paid for and kept: lines at price 0, refunds, and what was wholly sent back or cancelled are
    left out and counted in ``book.set_aside``.

    Parameters
    ----------
    crm : Crm
        With `transactions`; `products` gives groups and names.
    item : str
        "product_id", or a column of products. "auto" takes products, where they have names, if at least five of
        their rules, as known before the later time, held in it; else subcategories, then categories on the same
        terms; where none has so many, the level whose rules brought most.
    min_support : float (share of baskets) or int (baskets), optional
        Baskets with both sides; without it, 20 baskets or 0.02 % of them for products, 0.5 % for groups. Doubled,
        up to four times, where it would cost too much memory.
    min_confidence : float
        From 0 to 1.
    min_improvement : float
        What a rule must add to the confidence of every shorter rule, and to the share of all baskets that
        hold its right side: 0.05 is five percentage points.
    max_len : int
        Most items in a rule, both sides together.

    Raises
    ------
    ParameterError
        If `item` is nothing that is known here.
    SchemaError
        If there is no table of transactions.

    References
    ----------
    Özden, B., Ramaswamy, S. & Silberschatz, A. (1998). Cyclic association rules. ICDE.

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
    levels = _levels(crm, item)
    asked = {"min_support": min_support, "min_confidence": min_confidence, "max_len": max_len}
    lines = basket_lines(crm)
    worth, money = worth_of(lines)
    days = holdout_days(lines)
    last = int(lines.day.max(initial=0))
    tried: dict[str, _Tried] = {}
    for level in levels:
        groups = None if level == "product_id" else product_groups(crm, lines.products, level)
        shelf = Shelf.of(lines, worth, groups)
        tried[level] = _Tried(shelf, level == "product_id", asked, min_improvement, last, days)
        if tried[level].holds:
            break
    return _found(crm, _chosen(tried), tried, lines, money=money)


class _Tried:
    """One level: its rules as known before the later time, and what came of them."""

    def __init__(
        self, shelf: Shelf, single: bool, asked: dict[str, Any], improvement: float, last: int, days: int
    ) -> None:
        self.shelf, self.single, self.asked, self.improvement = shelf, single, asked, improvement
        self.last, self.days = last, days
        self.known = self.rules_at(last - days)[1] if days else None
        self.best = _most_worth(one_direction(self.known), days) if days else None
        self.came = came_true(self.best, shelf, after=last - days, until=last) if days else None

    def rules_at(self, day: int) -> tuple[Any, Rules]:
        """The book, the support used and asked for; and the rules that hold."""
        found = mined(self.shelf, day=day, single=self.single, **self.asked)
        return found, judged(found[0], self.shelf, day=day, min_improvement=self.improvement)

    @property
    def holds(self) -> bool:
        """Whether so many rules held in later time that no other level need be looked at."""
        return self.came is not None and int((self.came["later_extra"] > 0).sum()) >= ENOUGH_HELD

    def row(self) -> dict[str, Any]:
        """What a reader is told of the level."""
        if self.best is None:
            return {"rules": np.nan, "named": np.nan, "held": np.nan, "expected": np.nan, "came": np.nan}
        return {
            "rules": len(one_direction(self.known)),
            "named": len(self.best),
            "held": int((self.came["later_extra"] > 0).sum()),
            "expected": float(self.best.table["money"].sum()),
            "came": float(self.came["later_money"].sum()),
        }


def _most_worth(rules: Rules, days: int) -> Rules:
    """The rules with the highest expected money in so many days."""
    money = rules.table["expected"] * rules.table["per_basket"] * days
    order = np.lexsort([-rules.table["lift"].to_numpy(), -money.to_numpy()])
    return rules.assign(money=money).take(order[:MATTER])


def _chosen(tried: dict[str, _Tried]) -> str:
    """The last level that was looked at where it holds, else that whose rules brought most, else the first."""
    *_, last = tried
    if tried[last].holds:
        return last
    brought = {
        name: each.row()["came"] for name, each in tried.items() if each.best is not None and len(each.best)
    }
    return max(brought, key=lambda name: brought[name]) if brought else next(iter(tried))


def _found(crm: Crm, column: str, tried: dict[str, _Tried], lines: BasketLines, *, money: str) -> CrossSell:
    level = tried[column]
    shelf, days = level.shelf, level.days
    (book, used, asked), holding = level.rules_at(level.last)
    month_ago = ((pd.Timestamp(_as_date(level.last)) - pd.DateOffset(months=1)).date() - _FIRST_DAY).days
    earlier = one_direction(level.rules_at(month_ago)[1]) if days else None
    pairs = one_direction(holding)
    later = came_true(pairs, shelf, after=level.last - days, until=level.last) if days else None
    labels = [str(label) for label in shelf.labels]
    names, groups = _names(crm, column, set(labels))
    told = [names.get(label, label) for label in labels]
    of_group = [groups.get(label) for label in labels]
    rules = _readable(holding, told, of_group, days, lines, bool(groups))
    shown = _readable(pairs, told, of_group, days, lines, bool(groups))
    if days:
        was = np.isin(pairs.directed, level.known.directed)
        shown["came"] = later["later_money"].where(was)
    order = shown.sort_values(["expected", "lift"], ascending=False, kind="stable").index[:MATTER]
    use = where_to_use(pairs.take(order.to_numpy()).to_frame().set_axis(order), shelf)
    best = shown.loc[order].assign(use=use["use"], later_pct=100 * use["later_share"])
    counted = np.sort(shelf.sizes[shelf.sizes > 0])
    return CrossSell(
        item=column,
        book=_labelled(book, labels, column, lines),
        rules=rules,
        pairs=shown,
        best=best.reset_index(drop=True),
        changes=_changes(pairs, later, earlier, told, days),
        levels=pd.DataFrame(
            [{"item": name} | each.row() | {"chosen": name == column} for name, each in tried.items()]
        ),
        money=money,
        holdout_days=days,
        cutoff=_as_date(level.last - days) if days else None,
        compared_on=_as_date(month_ago) if days else None,
        currency=crm.currency,
        items=_items(shelf, told),
        basket_items_median=float(np.median(counted)) if len(counted) else 0.0,
        single_share_pct=float(100 * (shelf.sizes == 1).sum() / max(len(lines.day), 1)),
        unnamed_share_pct=100 * shelf.unnamed_share,
        min_support=used,
        raised_from=None if used == asked else asked,
        named=column != "product_id" or bool(names),
    )


def _as_date(day: int) -> date:
    return _FIRST_DAY + timedelta(days=int(day))


def _labelled(book: RuleBook, labels: list[str], column: str, lines: BasketLines) -> RuleBook:
    """The book in the words of the table, with what was left out of the baskets."""
    names = [labels[int(code)] for code in book.columns.names]
    return replace(
        book,
        columns=replace(book.columns, names=names),
        item=column,
        transaction_count=lines.lines,
        set_aside={**book.set_aside, **lines.set_aside},
    )


def _items(shelf: Shelf, told: list[str]) -> pd.DataFrame:
    order = np.lexsort((np.arange(len(told)), -shelf.counts))[:_TOP_ITEMS]
    counts = shelf.counts[order]
    share = 100 * counts / max(len(shelf.lines.day), 1)
    return pd.DataFrame(
        {
            "item": pd.Series([told[place] for place in order], dtype="str"),
            "count": counts,
            "share_pct": share,
        }
    )


def _changes(
    pairs: Rules, later: pd.DataFrame | None, earlier: Rules | None, told: list[str], days: int
) -> pd.DataFrame:
    columns = ["change", "if", "then", "count", "confidence_pct", "later_confidence_pct"]
    if later is None or earlier is None:
        return pd.DataFrame(columns=columns)
    share = later["later_both"] / later["later_before"].where(later["later_before"] > 0)
    now = pairs.assign(**later, later_confidence=share)
    found = changes(_most_worth(now, days), _most_worth(earlier, days), rules_now=now, rules_then=earlier)
    sides = {
        word: pd.Series([_side(items, told) for items in found[side]], dtype="str")
        for word, side in (("if", "before"), ("then", "after"))
    }
    return found.assign(
        confidence_pct=100 * found["confidence"].astype("float64"),
        later_confidence_pct=100 * found["later_confidence"].astype("float64"),
        **sides,
    )[columns]


def _levels(crm: Crm, item: str) -> list[str]:
    """The levels to look at, the finest first: those whose items have words, or products by their code."""
    known = [name for name in _GROUPS if "products" in crm and name in crm.columns("products")]
    if item == "auto":
        words = ["product_id"] if "products" in crm and "name" in crm.columns("products") else []
        return [name for name in ITEM_LEVELS if name in (*words, *known)] or ["product_id"]
    if item not in (*known, "product_id"):
        raise ParameterError(
            f"item={item!r} is nothing that products are known by "
            f"here.{nearest(item, ['auto', 'product_id', *known])}"
        )
    return [item]


def plain_name(name: Any) -> str:
    """A name as it stands in a sentence: not in capitals throughout, unless it is a code."""
    bare = " ".join(str(name).split())
    code = " " not in bare and any(letter.isdigit() for letter in bare)
    return bare if code or not bare.isupper() else bare.capitalize()


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


def _readable(
    found: Rules, told: list[str], groups: list[str | None], days: int, lines: BasketLines, grouped: bool
) -> pd.DataFrame:
    rules = found.table
    both, first, second = rules["count"], rules["before_count"], rules["after_count"]
    return pd.DataFrame(
        {
            "if": _words(found.before, found.items, told),
            "then": _words(found.after, found.items, told),
            "count": both.to_numpy(),
            "if_count": first.to_numpy(dtype="int64"),
            "then_count": second.to_numpy(dtype="int64"),
            "either": (first + second - both).to_numpy(dtype="int64"),
            "support_pct": 100 * rules["support"].to_numpy(),
            "confidence_pct": 100 * rules["confidence"].to_numpy(),
            "base_pct": 100 * rules["consequent support"].to_numpy(),
            "lift": rules["lift"].to_numpy(),
            "extra": (both - rules["by_chance"]).to_numpy(),
            "improvement_pct": 100 * rules["improvement"].to_numpy(),
            "across": _across(found, groups, grouped),
            "months_pct": 100 * np.minimum(rules["months_share"].to_numpy(dtype="float64"), 1.0),
            "expected": (rules["expected"] * rules["per_basket"]).to_numpy(dtype="float64")
            * (days or max(int(np.ptp(lines.day)) + 1 if len(lines.day) else 1, 1)),
            "came": np.full(len(rules), np.nan),
        }
    )


def _across(rules: Rules, groups: list[str | None], grouped: bool) -> Any:
    """Whether no item of the one side is of a category that the other has."""
    if not grouped:
        return pd.array([None] * len(rules), dtype="boolean")
    of_item = np.append(pd.factorize(np.array(groups, dtype=object), use_na_sentinel=False)[0], -1)
    before, after = of_item[rules.before], of_item[rules.after]
    shared = (before[:, :, None] == after[:, None, :]) & (before[:, :, None] >= 0)
    return pd.array(~shared.any(axis=(1, 2)), dtype="boolean")


def _words(sides: np.ndarray, items: int, told: list[str]) -> pd.Series:
    """Each side as it is read; the words of a side that many rules have are put together once."""
    _, first, place = np.unique(set_keys(sides, items), return_index=True, return_inverse=True)
    words = [_side(row[row >= 0].tolist(), told) for row in sides[first]]
    return pd.Series(np.array(words, dtype=object)[place], dtype="str")


def _side(items: Sequence[int], told: list[str]) -> str:
    return " + ".join(sorted(told[item] for item in items))
