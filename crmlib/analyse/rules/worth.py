"""Which rules hold beyond chance, season and shorter or longer rules, what they are worth, and where to use them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.stats import binom, norm

from crmlib.analyse.rules.kernels import count_held
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
_BLOCK = 1 << 15


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


@dataclass(frozen=True, kw_only=True, eq=False)
class Rules:
    """Rules as columns, since there may be millions: figures in a table, the items of both sides as numbers.

    `before` and `after` have a row a rule, items in ascending order and -1 where there is none; `items` is how many
    items there are.
    """

    table: pd.DataFrame
    before: np.ndarray
    after: np.ndarray
    items: int

    @classmethod
    def of(cls, book: RuleBook, items: int) -> "Rules":
        """The rules of a book whose names are item numbers."""
        found = book.columns
        table = pd.DataFrame(
            found.measures
            | {"count": found.counts, "q_value": found.q_value, "improvement": found.improvement}
            | {"before_count": found.antecedent_counts}
        )
        numbers = np.asarray(found.names, dtype="int64")
        before = _padded(numbers, *found.antecedents)
        return cls(table=table, before=before, after=_padded(numbers, *found.consequents), items=items)

    def __len__(self) -> int:
        return len(self.table)

    def take(self, places: np.ndarray) -> "Rules":
        """The rules at some places, or those marked by a bool array."""
        places = np.flatnonzero(places) if places.dtype == bool else places
        table = self.table.iloc[places].reset_index(drop=True)
        return replace(self, table=table, before=self.before[places], after=self.after[places])

    def assign(self, **columns: Any) -> "Rules":
        """With further figures."""
        return replace(self, table=self.table.assign(**columns))

    @cached_property
    def both(self) -> np.ndarray:
        """The items of both sides, ascending, -1 before them."""
        return np.sort(np.concatenate([self.before, self.after], axis=1), axis=1)

    @cached_property
    def sets(self) -> np.ndarray:
        """A key that rules of the same items share."""
        return set_keys(self.both, self.items)

    @cached_property
    def directed(self) -> np.ndarray:
        """A key of each rule: its items and on which side they stand."""
        return set_keys(np.concatenate([self.before, self.after], axis=1), self.items)

    def to_frame(self) -> pd.DataFrame:
        """The table with both sides as tuples of item numbers: for few rules."""
        sides = {"before": self.before, "after": self.after}
        return self.table.assign(
            **{
                name: pd.Series([tuple(row[row >= 0].tolist()) for row in rows], dtype="object")
                for name, rows in sides.items()
            }
        )


def _padded(numbers: np.ndarray, codes: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Sets of codes, one after the other, as rows of item numbers in ascending order, -1 where there is none."""
    lengths = np.diff(offsets)
    width = int(lengths.max(initial=1))
    place = np.arange(len(codes)) - np.repeat(offsets[:-1], lengths)
    rows = np.full((len(lengths), width), np.iinfo("int64").max, dtype="int64")
    rows[np.repeat(np.arange(len(lengths)), lengths), place] = numbers[codes] if len(codes) else 0
    rows.sort(axis=1)
    return np.where(rows == np.iinfo("int64").max, -1, rows)


def set_keys(rows: np.ndarray, items: int) -> np.ndarray:
    """One value a row, equal where rows are: packed into a whole number where that has room, else its bytes."""
    width = rows.shape[1]
    if (items + 1) ** width < 2**63:
        return (rows + 1) @ (np.int64(items + 1) ** np.arange(width - 1, -1, -1, dtype="int64"))
    return np.ascontiguousarray(rows + 1).view(f"S{8 * width}").ravel()


def judged(book: RuleBook, shelf: Shelf, *, day: int, min_improvement: float) -> Rules:
    """The rules that hold: beyond chance and season, and better than shorter ones, all that were tested in mind.

    Both directions of a pair are rules. What chance would bring is counted month by month, so that two things bought
    more in December only are no rule; a rule of three must hold more often than the best shorter one beyond chance;
    a rule of two that is nothing where the third of a rule of three is missing gives way to it.

    Mantel, N. & Haenszel, W. (1959). Statistical aspects of the analysis of data from retrospective studies of
    disease. Journal of the National Cancer Institute 22.
    Webb, G. I. (2007). Discovering significant patterns. Machine Learning 68.
    """
    better = prune_redundant(book, min_improvement=min_improvement)
    columns = better.columns
    beyond_chance = (columns.measures["lift"] > 1) & (columns.q_value <= SURE)
    rules = Rules.of(replace(better, columns=columns.take(beyond_chance)), len(shelf.labels))
    rules = rules.take(_better_than_shorter(rules, book.tested_count))
    days = shelf.lines.day
    known = days[days <= day]
    year = float(min(YEAR_DAYS, day - known.min() + 1)) if len(known) else 1.0
    counts = Counts(shelf, rules, days <= day, days > day - YEAR_DAYS)
    table = rules.table.assign(**counts.figures(rules, year=year))
    chances = _by_chance(*(table[name] for name in ("count", "before_count", "after_count", "by_chance")))
    # Within one month there is no season, and Fisher's exact test has said all.
    in_season = (_adjusted(chances, book.tested_count) <= SURE) | (len(np.unique(counts.month)) <= 1)
    spread = table["months_share"].isna() | (table["months_share"] >= MOST_MONTHS)
    kept = replace(rules, table=table).take(in_season & spread.to_numpy())
    return kept.take(~_explained(kept, counts))


def _adjusted(chances: np.ndarray, tested: int) -> np.ndarray:
    """False discovery rates; what fell before counts as tested, too."""
    padded = np.ones(max(tested, len(chances)))
    padded[: len(chances)] = chances
    return benjamini_hochberg(padded)[: len(chances)]


def _by_chance(both: Any, first: Any, second: Any, expected: Any) -> np.ndarray:
    """How likely at least so many baskets with both are, where so many are expected without any tie."""
    fewer = np.maximum(np.minimum(first, second), 1)
    return np.asarray(binom.sf(np.asarray(both) - 1, fewer, np.clip(expected / fewer, 1e-15, 1.0)))


def _better_than_shorter(rules: Rules, tested: int) -> np.ndarray:
    table = rules.table
    shorter = np.clip(table["confidence"] - table["improvement"], 0, 1)
    chances = np.asarray(binom.sf(table["count"] - 1, table["before_count"], shorter))
    # A rule of two has no shorter one but the share of all baskets, which Fisher's test has been held against.
    of_two = (rules.before >= 0).sum(axis=1) == 1
    return of_two | (_adjusted(np.where(of_two, 1.0, chances), tested) <= SURE)


class Counts:
    """Baskets with sets of items, month by month: a row of bits an item, each month's baskets side by side."""

    def __init__(
        self, shelf: Shelf, rules: Rules, inside: np.ndarray, recent: np.ndarray | None = None
    ) -> None:
        days = np.asarray(shelf.lines.day, dtype="int64")
        month = days.astype("datetime64[D]").astype("datetime64[M]").astype("int64")
        lately = np.zeros(len(days), dtype=bool) if recent is None else recent
        strata, place = np.unique(2 * month[inside] + lately[inside], return_inverse=True)
        self.month, self.lately = strata // 2, strata % 2 == 1
        self.all = np.bincount(place, minlength=len(strata)).astype("float64")
        order = np.argsort(place, kind="stable")
        words = -(-self.all.astype("int64") // 64)
        self.starts = np.concatenate([[0], np.cumsum(words)])
        rank = (
            np.arange(len(place))
            - np.concatenate([[0], np.cumsum(self.all)])[:-1].astype("int64")[place[order]]
        )
        at = np.full(len(days), -1, dtype="int64")
        at[np.flatnonzero(inside)[order]] = 64 * self.starts[place[order]] + rank
        items = np.unique(rules.both)
        items = items[items >= 0]
        self.row = np.full(len(shelf.labels) + 1, -1, dtype="int64")
        self.row[items] = np.arange(len(items))
        self.bits = np.zeros((len(items), int(self.starts[-1])), dtype=np.uint64)
        self.each = np.zeros(len(items))
        for row, item in enumerate(items):
            part = slice(shelf.starts[item], shelf.starts[item + 1])
            where = at[shelf.baskets[part]]
            flags = np.zeros(64 * self.bits.shape[1], dtype=bool)
            flags[where[where >= 0]] = True
            self.bits[row] = np.packbits(flags).view(np.uint64)
            held = inside[shelf.baskets[part]] & (lately[shelf.baskets[part]] if recent is not None else True)
            self.each[row] = shelf.money[part][held].sum() / max(int(held.sum()), 1)

    def of(self, sets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The baskets in each stratum with all items of a row, each set counted once; and where each row's stand."""
        return self._once(sets, self.starts)

    def total(self, *columns: np.ndarray) -> np.ndarray:
        """For each set of items, an item from each column, the baskets with all of them."""
        found, place = self._once(np.stack(columns, axis=1), self.starts[[0, -1]])
        return found[place, 0].astype("int64")

    def _once(self, sets: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        keys = set_keys(np.sort(sets, axis=1), len(self.row) - 1)
        _, first, place = np.unique(keys, return_index=True, return_inverse=True)
        found = np.zeros((len(first), len(starts) - 1), dtype="int32")
        count_held(self.bits, starts, self.row[sets[first]], found)
        return found, place

    def figures(self, rules: Rules, *, year: float) -> dict[str, np.ndarray]:
        """Counts of both sides, what chance would bring, how evenly over months, and what is expected a day."""
        each = np.append(self.each, 0.0)
        sides = [self.of(rules.before), self.of(rules.after), self.of(rules.both)]
        blocks = [
            self._block(*(found[place[at : at + _BLOCK]].astype("int64") for found, place in sides), year)
            for at in range(0, max(len(rules), 1), _BLOCK)
        ]
        joined = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
        # What the right side brings in a basket that holds it, on average.
        return joined | {"per_basket": each[self.row[rules.after]].sum(axis=1)}

    def _block(
        self, first: np.ndarray, second: np.ndarray, both: np.ndarray, year: float
    ) -> dict[str, np.ndarray]:
        chance = first * second / np.maximum(self.all, 1)
        surplus = (both - chance)[:, self.lately].sum(axis=1)
        return {
            "before_count": first.sum(axis=1),
            "after_count": second.sum(axis=1),
            "both": both.sum(axis=1),
            "by_chance": chance.sum(axis=1),
            "months_share": self._spread(first, second, both),
            "expected": np.maximum(surplus, 0) / year,
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


def _explained(rules: Rules, counts: Counts) -> np.ndarray:
    """Rules of two that are nothing where the third item of a rule of three is missing."""
    sizes = (rules.both >= 0).sum(axis=1)
    if not (sizes == 3).any():
        return np.zeros(len(rules), dtype=bool)
    two, three = rules.both[sizes == 2][:, -2:], np.unique(rules.both[sizes == 3][:, -3:], axis=0)
    pairs = np.unique(set_keys(two, rules.items)) if len(two) else np.empty(0, dtype="int64")
    asked = np.concatenate([three[:, [0, 1, 2]], three[:, [0, 2, 1]], three[:, [1, 2, 0]]])
    keys = set_keys(asked[:, :2], rules.items)
    known = np.isin(keys, pairs)
    (a, b, third), keys = asked[known].T, keys[known]
    if not len(keys):
        return np.zeros(len(rules), dtype=bool)
    left = counts.all.sum() - counts.total(third)
    first = counts.total(a) - counts.total(a, third)
    second = counts.total(b) - counts.total(b, third)
    both = counts.total(a, b) - counts.total(a, b, third)
    gone = keys[_by_chance(both, first, second, first * second / np.maximum(left, 1)) > SURE]
    return (sizes == 2) & np.isin(set_keys(rules.both[:, -2:], rules.items), gone)


def one_direction(rules: Rules) -> Rules:
    """Of rules with the same items the one that is surest; the strongest lift first."""
    table = rules.table
    sides = [rules.before[:, column] for column in range(rules.before.shape[1] - 1, -1, -1)]
    order = np.lexsort([*sides, -table["confidence"].to_numpy(), -table["lift"].round(9).to_numpy()])
    _, first = np.unique(rules.sets[order], return_index=True)
    return rules.take(order[np.sort(first)])


def holdout_days(lines: BasketLines) -> int:
    """So many days at the end are later time; 0 where the history is too short."""
    if not len(lines.day):
        return 0
    days = min(HOLDOUT_DAYS, int(lines.day.max() - lines.day.min() + 1) // 4)
    return days if days >= LEAST_HOLDOUT else 0


def came_true(rules: Rules, shelf: Shelf, *, after: int, until: int) -> pd.DataFrame:
    """What became of rules in later time: baskets with both, by chance in each month, and what the surplus brought."""
    inside = (shelf.lines.day > after) & (shelf.lines.day <= until)
    figures = Counts(shelf, rules, inside).figures(rules, year=1.0)
    extra = figures["both"] - figures["by_chance"]
    return pd.DataFrame(
        {
            "later_before": figures["before_count"],
            "later_both": figures["both"],
            "later_extra": extra,
            "later_money": extra * figures["per_basket"],
        }
    )


def changes(best: Rules, best_then: Rules, *, rules_now: Rules, rules_then: Rules) -> pd.DataFrame:
    """Of the best rules, those that were born or died since an earlier day, or hold more or less of late than before.

    `best` has the columns of `came_true`; all are of `one_direction`.
    """
    is_known = np.isin(best.sets, rules_then.sets)
    is_alive = np.isin(best_then.sets, rules_now.sets)
    now, then = best.to_frame(), best_then.to_frame()
    stay = now[is_known]
    moved = stay.assign(change=_moved(stay))
    parts = [
        now[~is_known].assign(change="born"),
        then[~is_alive].assign(change="died"),
        moved[moved["change"] != ""],
    ]
    columns = ["change", "before", "after", "count", "confidence", "later_confidence"]
    there = [part.reindex(columns=columns) for part in parts if len(part)]
    return pd.concat(there or [now.reindex(columns=columns)[:0]], ignore_index=True)


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
