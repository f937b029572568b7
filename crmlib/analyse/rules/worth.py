"""Which rules hold beyond chance, season and shorter or longer rules, what they are worth, and where to use them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.stats import binom, norm

from crmlib.analyse.rules.mine import RuleBook, mine_rules, prune_redundant
from crmlib.analyse.stats.tests import SURE, benjamini_hochberg
from crmlib.measure.purchases.baskets import BasketLines
from crmlib.schema.errors import CostError

STRONG = 3.0
"""So many times as often as by chance makes a rule a strong one."""

SEASON_MONTHS, MOST_MONTHS = 3, 0.5
"""From so many months on, a rule must be in so large a part of the months that its count would reach if it were
spread evenly."""

YEAR_DAYS, HOLDOUT_DAYS, LEAST_HOLDOUT = 365, 91, 14
"""What is expected goes by the last year; the later time that it is held against, and the least of it."""

LEAST_BASKETS, LEAST_SHARE, GROUP_SHARE = 20, 0.0002, 0.005
"""Baskets with both sides where nothing is asked for: of products the larger of the first two, of groups the third."""

COSTED_SHARE = 0.5
"""The margin counts where the cost of so much of what was bought is known, else what was paid."""

BOTH_WAYS, LATER_LIFT, LATER_DAYS = 0.3, 1.2, 30
"""A bundle holds both ways in so large a share of cases; what is bought later must be so much above the usual."""

PERSONAL = ("phone", "field", "visit", "call", "meeting", "sales")
"""Channels in which somebody of ours speaks with the customer."""

USES = ("bundle", "email", "call", "shelf")
"""Where a rule is used, the first that fits: see `where_to_use`."""

CHANGED_POINTS, CHANGED_SURE = 5.0, 0.01
"""A rule is said to have changed where it holds by so many points more or less of late, beyond chance."""

_ATTEMPTS = 5
_BLOCK = 400


@dataclass(frozen=True, kw_only=True, eq=False)
class Shelf:
    """The items of one level, laid out by item: its baskets, and what it brought in each."""

    lines: BasketLines
    labels: pd.Index
    starts: np.ndarray
    baskets: np.ndarray
    money: np.ndarray
    unnamed_share: float

    @classmethod
    def of(cls, lines: BasketLines, worth: np.ndarray, groups: pd.Series | None = None) -> "Shelf":
        """Products, or the groups that they belong to."""
        if groups is None:
            item, labels = lines.product.astype("int64"), lines.products
        else:
            of_product, labels = pd.factorize(groups.to_numpy(dtype=object), sort=True)
            item = np.where(lines.product >= 0, np.append(of_product, -1)[lines.product], -1).astype("int64")
        there = item >= 0
        many = max(len(lines.day), 1)
        key = item[there] * many + lines.basket[there]
        keys, place = np.unique(key, return_inverse=True)
        money = np.bincount(place, weights=worth[there], minlength=len(keys))
        of_item, baskets = keys // many, keys % many
        starts = np.searchsorted(of_item, np.arange(len(labels) + 1))
        unnamed = 1 - there.mean() if len(there) else 0.0
        return cls(
            lines=lines, labels=pd.Index(labels), starts=starts, baskets=baskets, money=money,
            unnamed_share=float(unnamed),
        )  # fmt: skip

    @cached_property
    def sizes(self) -> np.ndarray:
        """Different items in each basket."""
        return np.bincount(self.baskets, minlength=len(self.lines.day))

    @cached_property
    def counts(self) -> np.ndarray:
        """Baskets with each item."""
        return np.diff(self.starts)

    def until(self, day: int) -> "Shelf":
        """The baskets of a day and before; the others are empty, and keep their number."""
        kept = self.lines.day[self.baskets] <= day
        of_item = np.repeat(np.arange(len(self.labels)), self.counts)[kept]
        starts = np.searchsorted(of_item, np.arange(len(self.labels) + 1))
        return replace(self, starts=starts, baskets=self.baskets[kept], money=self.money[kept])

    def holders(self, items: Iterable[int]) -> np.ndarray:
        """The baskets that hold all of some items, sorted."""
        first, *others = sorted(items, key=lambda item: self.counts[item])
        found = self._of(first)
        for item in others:
            found = found[np.isin(found, self._of(item), assume_unique=True)]
        return found

    def _of(self, item: int) -> np.ndarray:
        return self.baskets[self.starts[item] : self.starts[item + 1]]

    def pairs(self, day: int) -> pa.Table:
        """Baskets and items up to a day, as the miner takes them; a basket without an item counts, too."""
        then = np.flatnonzero(self.lines.day <= day)
        there = self.until(day)
        item = np.repeat(np.arange(len(self.labels)), there.counts)
        empty = np.setdiff1d(then, there.baskets, assume_unique=False)
        items = pa.concat_arrays([pa.array(item), pa.nulls(len(empty), pa.int64())])
        return pa.table({"basket": np.concatenate([there.baskets, empty]), "item": items})


def worth_of(lines: BasketLines) -> tuple[np.ndarray, str]:
    """What each product of a basket earned: "margin", or "revenue" where costs are not known."""
    known = ~np.isnan(lines.cost)
    paid = lines.amount.sum()
    if not known.any() or lines.amount[known].sum() < COSTED_SHARE * paid:
        return lines.amount, "revenue"
    usual = lines.cost[known].sum() / max(lines.amount[known].sum(), 1e-9)
    return lines.amount - np.where(known, lines.cost, usual * lines.amount), "margin"


def mined(
    shelf: Shelf, *, day: int, min_support: int | float | None, single: bool, **limits: Any
) -> tuple[RuleBook, int | float, int | float]:
    """The rules of the baskets up to a day; the support that was used, and that which was asked for."""
    table = shelf.pairs(day)
    many = int((shelf.lines.day <= day).sum())
    asked = min_support
    if asked is None:
        asked = max(LEAST_BASKETS, round(LEAST_SHARE * many)) if single else GROUP_SHARE
    elif isinstance(asked, int) and len(shelf.lines.day):
        asked = max(1, round(asked * many / len(shelf.lines.day)))
    support = asked
    for attempt in range(_ATTEMPTS):
        try:
            return (
                mine_rules(table, min_support=support, basket="basket", item="item", **limits),
                support,
                asked,
            )
        except CostError:
            if attempt == _ATTEMPTS - 1 or (isinstance(support, float) and support > 0.5):
                raise
            support = support * 2
    raise AssertionError


def judged(book: RuleBook, shelf: Shelf, *, day: int, min_improvement: float) -> pd.DataFrame:
    """The rules that hold: beyond chance and season, and better than shorter ones, all that were tested in mind.

    One row a rule, both directions of a pair; `before` and `after` are tuples of item numbers. What chance would
    bring is counted month by month, so that two things bought more in December only are no rule; a rule of three
    must hold more often than the best shorter one beyond chance; a rule of two that is nothing where the third of a
    rule of three is missing gives way to it.

    References
    ----------
    Mantel, N. & Haenszel, W. (1959). Statistical aspects of the analysis of data from retrospective studies of
    disease. Journal of the National Cancer Institute 22.
    Webb, G. I. (2007). Discovering significant patterns. Machine Learning 68.
    """
    rules = prune_redundant(book, min_improvement=min_improvement).rules
    rules = rules[(rules["lift"] > 1) & (rules["q_value"] <= SURE)].reset_index(drop=True)
    rules["before"] = [tuple(sorted(items)) for items in rules["antecedents"]]
    rules["after"] = [tuple(sorted(items)) for items in rules["consequents"]]
    rules["before_count"] = (rules["count"] / rules["confidence"]).round()
    rules = rules[_better_than_shorter(rules, book.tested_count)].reset_index(drop=True)
    days = shelf.lines.day
    counts = Counts(shelf, [*rules["before"], *rules["after"]], days <= day, days > day - YEAR_DAYS)
    table = rules.assign(**counts.figures(rules["before"], rules["after"], year=_year(days, day)))
    chances = _by_chance(*(table[name] for name in ("count", "before_count", "after_count", "by_chance")))
    # Within one month there is no season, and Fisher's exact test has said all.
    in_season = (_adjusted(chances, book.tested_count) <= SURE) | (len(np.unique(counts.month)) <= 1)
    spread = table["months_share"].isna() | (table["months_share"] >= MOST_MONTHS)
    kept = table[in_season & spread.to_numpy()].reset_index(drop=True)
    return kept[~_explained(kept, counts)].reset_index(drop=True)


def _year(days: np.ndarray, day: int) -> float:
    known = days[days <= day]
    return float(min(YEAR_DAYS, day - known.min() + 1)) if len(known) else 1.0


def _adjusted(chances: np.ndarray, tested: int) -> np.ndarray:
    """False discovery rates; what fell before counts as tested, too."""
    padded = np.ones(max(tested, len(chances)))
    padded[: len(chances)] = chances
    return benjamini_hochberg(padded)[: len(chances)]


def _by_chance(both: Any, first: Any, second: Any, expected: Any) -> np.ndarray:
    """How likely at least so many baskets with both are, where so many are expected without any tie."""
    fewer = np.maximum(np.minimum(first, second), 1)
    return np.asarray(binom.sf(np.asarray(both) - 1, fewer, np.clip(expected / fewer, 1e-15, 1.0)))


def _better_than_shorter(rules: pd.DataFrame, tested: int) -> np.ndarray:
    shorter = np.clip(rules["confidence"] - rules["improvement"], 0, 1)
    chances = np.asarray(binom.sf(rules["count"] - 1, rules["before_count"], shorter))
    # A rule of two has no shorter one but the share of all baskets, which Fisher's test has been held against.
    of_two = np.array([len(items) == 1 for items in rules["before"]], dtype=bool)
    return of_two | (_adjusted(np.where(of_two, 1.0, chances), tested) <= SURE)


class Counts:
    """Baskets with sets of items, month by month: a row of bits an item, each month's baskets side by side."""

    def __init__(
        self,
        shelf: Shelf,
        sides: Iterable[tuple[int, ...]],
        inside: np.ndarray,
        recent: np.ndarray | None = None,
    ) -> None:
        days = np.asarray(shelf.lines.day, dtype="int64")
        month = days.astype("datetime64[D]").astype("datetime64[M]").astype("int64")
        lately = np.zeros(len(days), dtype=bool) if recent is None else recent
        strata, place = np.unique(2 * month[inside] + lately[inside], return_inverse=True)
        self.month, self.lately = strata // 2, strata % 2 == 1
        self.all = np.bincount(place, minlength=len(strata)).astype("float64")
        order = np.argsort(place, kind="stable")
        width = 8 * -(-self.all.astype("int64") // 8)
        self.starts = np.concatenate([[0], np.cumsum(width)])[:-1] // 8
        rank = (
            np.arange(len(place))
            - np.concatenate([[0], np.cumsum(self.all)])[:-1].astype("int64")[place[order]]
        )
        at = np.full(len(days), -1, dtype="int64")
        at[np.flatnonzero(inside)[order]] = 8 * self.starts[place[order]] + rank
        items = sorted({item for side in sides for item in side})
        self.row = {item: row for row, item in enumerate(items)}
        self.bits = np.zeros((len(items), int(width.sum()) // 8), dtype=np.uint8)
        self.each = np.zeros(len(items))
        for item, row in self.row.items():
            part = slice(shelf.starts[item], shelf.starts[item + 1])
            where = at[shelf.baskets[part]]
            flags = np.zeros(8 * self.bits.shape[1], dtype=bool)
            flags[where[where >= 0]] = True
            self.bits[row] = np.packbits(flags)
            held = inside[shelf.baskets[part]] & (lately[shelf.baskets[part]] if recent is not None else True)
            self.each[row] = shelf.money[part][held].sum() / max(int(held.sum()), 1)

    def of(self, sets: Sequence[Iterable[int]]) -> np.ndarray:
        """For each set, the baskets with all of it in each stratum."""
        found = np.zeros((len(sets), len(self.all)), dtype="int64")
        sized: dict[int, list[int]] = {}
        rows = [[self.row[item] for item in items] for items in sets]
        for place, each in enumerate(rows):
            sized.setdefault(len(each), []).append(place)
        for size, places in sized.items():
            for begin in range(0, len(places), _BLOCK):
                block = places[begin : begin + _BLOCK]
                chosen = np.array([rows[place] for place in block])
                held = self.bits[chosen[:, 0]]
                for column in range(1, size):
                    held = held & self.bits[chosen[:, column]]
                ones = np.bitwise_count(held).astype("int64")
                found[block] = np.add.reduceat(ones, self.starts, axis=1) if len(self.all) else 0
        return found

    def worth(self, sets: Sequence[Iterable[int]]) -> np.ndarray:
        """What the items of each set bring in a basket that holds them, on average."""
        return np.array([sum(self.each[self.row[item]] for item in items) for items in sets])

    def figures(self, before: Sequence[Any], after: Sequence[Any], *, year: float) -> dict[str, np.ndarray]:
        """Counts of both sides, what chance would bring, how evenly over months, and what is expected a day."""
        first, second = self.of(list(before)), self.of(list(after))
        both = self.of([a + b for a, b in zip(before, after, strict=True)])
        chance = first * second / np.maximum(self.all, 1)
        surplus = (both - chance)[:, self.lately].sum(axis=1)
        return {
            "before_count": first.sum(axis=1),
            "after_count": second.sum(axis=1),
            "by_chance": chance.sum(axis=1),
            "months_share": self._spread(first, second, both),
            "expected": np.maximum(surplus, 0) / year,
            "per_basket": self.worth(list(after)),
        }

    def _spread(self, first: np.ndarray, second: np.ndarray, both: np.ndarray) -> np.ndarray:
        """Months with both, over those that as many would reach if spread evenly since both were first sold."""
        months, place = np.unique(self.month, return_inverse=True)
        into = np.zeros((len(self.month), len(months)))
        into[np.arange(len(place)), place] = 1.0
        first, second, both = (part @ into for part in (first, second, both))
        baskets = self.all @ into
        if not len(first) or len(months) < SEASON_MONTHS:
            return np.full(len(first), np.nan)
        since = np.maximum((first > 0).argmax(axis=1), (second > 0).argmax(axis=1))
        there = np.arange(len(months))[None, :] >= since[:, None]
        share = np.where(there, baskets, 0.0)
        share = share / np.maximum(share.sum(axis=1, keepdims=True), 1)
        reached = np.where(there, 1 - np.exp(-both.sum(axis=1, keepdims=True) * share), 0.0).sum(axis=1)
        found = ((both > 0) & there).sum(axis=1) / np.maximum(reached, 1e-9)
        return np.where(there.sum(axis=1) < SEASON_MONTHS, np.nan, found)


def _explained(rules: pd.DataFrame, counts: Counts) -> np.ndarray:
    """Rules of two that are nothing where the third item of a rule of three is missing."""
    sets = _item_sets(rules)
    pairs = {items for items in sets if len(items) == 2}
    asked = [
        (more - {third}, third)
        for more in {items for items in sets if len(items) == 3}
        for third in more
        if more - {third} in pairs
    ]
    if not asked:
        return np.zeros(len(sets), dtype=bool)

    def without(*places: int) -> np.ndarray:
        picked = [[sorted(pair)[place] for place in places] for pair, _ in asked]
        held = [(*items, third) for items, (_, third) in zip(picked, asked, strict=True)]
        return (counts.of(picked) - counts.of(held)).sum(axis=1)

    left = counts.all.sum() - counts.of([(third,) for _, third in asked]).sum(axis=1)
    first, second = without(0), without(1)
    nothing = _by_chance(without(0, 1), first, second, first * second / np.maximum(left, 1)) > SURE
    gone = {pair for (pair, _), is_nothing in zip(asked, nothing, strict=True) if is_nothing}
    return np.array([items in gone for items in sets], dtype=bool)


def one_direction(rules: pd.DataFrame) -> pd.DataFrame:
    """Of rules with the same items the one that is surest; the strongest lift first."""
    order = rules.assign(lift=rules["lift"].round(9)).sort_values(
        ["lift", "confidence", "before"], ascending=[False, False, True], kind="stable"
    )
    once = ~pd.Series(_item_sets(order), index=order.index, dtype="object").duplicated()
    return rules.loc[order.index[once.to_numpy()]].reset_index(drop=True)


def holdout_days(lines: BasketLines) -> int:
    """So many days at the end are later time; 0 where the history is too short."""
    if not len(lines.day):
        return 0
    days = min(HOLDOUT_DAYS, int(lines.day.max() - lines.day.min() + 1) // 4)
    return days if days >= LEAST_HOLDOUT else 0


def came_true(rules: pd.DataFrame, shelf: Shelf, *, after: int, until: int) -> pd.DataFrame:
    """What became of rules in later time: baskets with both, by chance in each month, and what the surplus brought."""
    inside = (shelf.lines.day > after) & (shelf.lines.day <= until)
    counts = Counts(shelf, [*rules["before"], *rules["after"]], inside)
    figures = counts.figures(rules["before"], rules["after"], year=1.0)
    sets = [a + b for a, b in zip(rules["before"], rules["after"], strict=True)]
    both = counts.of(sets).sum(axis=1)
    extra = both - figures["by_chance"]
    return pd.DataFrame(
        {
            "later_before": figures["before_count"],
            "later_both": both,
            "later_extra": extra,
            "later_money": extra * figures["per_basket"],
        },
        index=rules.index,
    )


def changes(
    best: pd.DataFrame, best_then: pd.DataFrame, *, rules_now: pd.DataFrame, rules_then: pd.DataFrame
) -> pd.DataFrame:
    """Of the best rules, those that were born or died since an earlier day, or hold more or less of late than before.

    `best` has the columns of `came_true`; all tables are of `one_direction`.
    """
    sets, then = set(_item_sets(rules_now)), set(_item_sets(rules_then))
    is_known = np.array([items in then for items in _item_sets(best)], dtype=bool)
    is_alive = np.array([items in sets for items in _item_sets(best_then)], dtype=bool)
    stay = best[is_known]
    moved = stay.assign(change=_moved(stay))
    parts = [
        best[~is_known].assign(change="born"),
        best_then[~is_alive].assign(change="died"),
        moved[moved["change"] != ""],
    ]
    columns = ["change", "before", "after", "count", "confidence", "later_confidence"]
    there = [part.reindex(columns=columns) for part in parts if len(part)]
    return pd.concat(there or [best.reindex(columns=columns)[:0]], ignore_index=True)


def _item_sets(rules: pd.DataFrame) -> list[frozenset]:
    return [frozenset(a + b) for a, b in zip(rules["before"], rules["after"], strict=True)]


def _moved(rules: pd.DataFrame) -> np.ndarray:
    late, n = rules["later_both"].astype("float64"), rules["later_before"].astype("float64")
    early, m = rules["count"] - late, rules["before_count"] - n
    with np.errstate(divide="ignore", invalid="ignore"):
        p, gap = (late + early) / (n + m), late / n - early / m
        z = (gap / np.sqrt(p * (1 - p) * (1 / n + 1 / m))).to_numpy()
    sure = np.abs(np.nan_to_num(z)) > norm.isf(CHANGED_SURE / 2 / max(len(rules), 1))
    sure &= (np.abs(gap) >= CHANGED_POINTS / 100).to_numpy()
    return np.where(sure, np.where(gap > 0, "stronger", "weaker"), "")


def where_to_use(rules: pd.DataFrame, shelf: Shelf) -> pd.DataFrame:
    """The use of each rule, and what it rests on.

    A rule that holds both ways in at least three of ten cases is a bundle. Else, where customers who took the first
    without the second buy the second within 30 days more often than it is taken along, and more often than usual,
    it is for an e-mail afterwards. Else the second is named at once: by whoever calls or visits, where most such
    baskets come in through a person, and on the shelf or the product's page elsewhere.
    """
    later = _Later(shelf)
    found = [later.of(before, after) for before, after in zip(rules["before"], rules["after"], strict=True)]
    table = pd.DataFrame(found, columns=["personal_share", "later_share", "later_usual"], index=rules.index)
    both_ways = (rules["count"] / np.maximum(rules["before_count"], rules["after_count"])) >= BOTH_WAYS
    afterwards = (table["later_share"] >= rules["confidence"]) & (
        table["later_share"] >= LATER_LIFT * table["later_usual"]
    )
    chosen = np.select([both_ways, afterwards, table["personal_share"] > 0.5], USES[:3], USES[3])
    return table.assign(use=chosen)


class _Later:
    """What customers buy in the days after a basket."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.day, self.customer = shelf.lines.day.astype("int64"), shelf.lines.customer.astype("int64")
        self.last = int(self.day.max(initial=0))
        self.personal = np.isin(shelf.lines.channel.astype(str), PERSONAL)
        self.asked = (self.customer >= 0) & (self.day <= self.last - LATER_DAYS)

    def of(self, before: tuple[int, ...], after: tuple[int, ...]) -> tuple[float, float, float]:
        first, second = self.shelf.holders(before), self.shelf.holders(after)
        both = np.intersect1d(first, second, assume_unique=True)
        without = np.ones(len(self.day), dtype=bool)
        without[second] = False
        bought = np.unique(self._key(second[self.customer[second] >= 0]))
        mine = first[without[first] & self.asked[first]]
        every = np.flatnonzero(without & self.asked)
        personal = float(self.personal[both].mean()) if len(both) else 0.0
        return personal, self._share(mine, bought), self._share(every, bought)

    def _key(self, baskets: np.ndarray) -> np.ndarray:
        return self.customer[baskets] * (1 << 24) + self.day[baskets]

    def _share(self, baskets: np.ndarray, bought: np.ndarray) -> float:
        if not len(baskets) or not len(bought):
            return np.nan
        key = self._key(baskets)
        place = np.searchsorted(bought, key, side="right")
        following = bought[np.minimum(place, len(bought) - 1)]
        return float(((place < len(bought)) & (following <= key + LATER_DAYS)).mean())
