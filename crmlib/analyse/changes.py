"""What changed between two periods, and why: sums split into parts that add up, moves, stage times, data."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.customers.states import LifecycleMoves, lifecycle_between
from crmlib.analyse.forecast.plan import price_volume_mix
from crmlib.analyse.offers.result import Offers
from crmlib.analyse.retention import survival_curves
from crmlib.analyse.rules.cross_sell import CrossSell
from crmlib.analyse.segments.moves import SegmentMoves, segment_moves
from crmlib.analyse.segments.segment import Segmentation
from crmlib.analyse.stats.small_groups import OTHER, shown_traits
from crmlib.analyse.stats.tests import SURE
from crmlib.measure.changes import (
    Windows,
    customer_traits,
    differences,
    money_of,
    pieces_of_periods,
    print_of_data,
    sums_of_periods,
    two_periods,
)
from crmlib.measure.deals.stays import deals, stage_stays
from crmlib.prepare.clock import local_time
from crmlib.prepare.crm import Crm
from crmlib.prepare.outbox import keep, kept_now, last_kept
from crmlib.prepare.privacy import min_group, public_ids
from crmlib.schema.errors import ParameterError, SchemaError

KEPT_AS = "data"
PRODUCT_PARTS = ("price", "volume", "mix", "new_products", "returned_products", "absent_products", "unpriced")
"""Of the difference of two periods: prices, pieces and their mix of what sold in both; what sold in one of them."""
CUSTOMER_PARTS = (
    "first_orders",
    "came_again",
    "stayed_away",
    "more_orders",
    "larger_orders",
    "refunds",
    "unknown",
)
"""Of the same difference: who bought in one period only; how often and how much those of both ordered."""
GROUPED_BY = ("source", "region", "industry")
SEGMENT, CATEGORY = "segment", "category"
FEWEST_STAYS = 20
"""Stays in a stage that each period needs before their times are compared."""
KEY_SHARE = 0.05
"""One customer or product is named alone if it moved so much of the sales of the period before."""


CHANGED_POINTS = 10.0
"""Percentage points by which a rule's confidence has to move for it to count as changed."""
BORN, DIED, CHANGED = "born", "died", "changed"


@dataclass(frozen=True, kw_only=True, eq=False)
class Turnover:
    """Which rules and offers were born, died or changed between the last look and this one.

    `looked`: Closing moment of the last look at rules; empty for a first one.
    `rules`: `change` ("born", "died", "changed"), `if`, `then`, `count` and `confidence_pct` (of those that died, as
        they were), `confidence_before_pct`; the rules with most baskets first.
    `rule_counts` (tuple of int): Rules at the last look, and now.
    `offers`: `change` ("born", "died"), `product`, `customers` (to whom it is, or was, offered); the most first.
    `customers` (tuple of int): Customers with an offer at the last look, and now.
    """

    looked: str
    rules: pd.DataFrame
    rule_counts: tuple[int, int]
    offers: pd.DataFrame
    customers: tuple[int, int]


@dataclass(frozen=True, kw_only=True, eq=False)
class Split:
    """The difference of sales between two periods, split in several ways; the parts of each add up to it.

    Attributes
    ----------
    windows : Windows
    before, now : float
    products : Series, part of `PRODUCT_PARTS` -> money; empty where products or pieces are not known
    customers : Series, part of `CUSTOMER_PARTS` -> money; empty where customers are not known
    counts : DataFrame indexed by the same parts
        `customers`, and `largest` (the customer who moved most of it) with `largest_amount`.
    groups : DataFrame
        `by`, `group`, `before`, `now`, `buyers` (money by more or fewer buyers), `spend` (by more or less a buyer),
        `rest` (of groups that bought in one period only); buyers + spend + rest = now - before.
    movers : DataFrame, the products and customers that moved most
        `what` ("product", "customer"), `key`, `shown` (as a page may show it: a product's name, a pseudonym),
        `part`, `before`, `now`, `change`.
    prices : DataFrame indexed by category
        Of products sold in both periods, where categories and pieces are known: `amount` (money that prices made),
        `percent` (of what the pieces of now would have brought before).
    """

    windows: Windows
    before: float
    now: float
    products: pd.Series
    customers: pd.Series
    counts: pd.DataFrame = field(repr=False)
    groups: pd.DataFrame = field(repr=False)
    movers: pd.DataFrame = field(repr=False)
    prices: pd.DataFrame = field(repr=False)

    @property
    def change(self) -> float:
        """How much more was sold, or less."""
        return self.now - self.before

    def _repr_html_(self) -> str:
        return pd.concat([self.products, self.customers]).to_frame("amount").to_html()


@dataclass(frozen=True, kw_only=True, eq=False)
class WhatChanged:
    """What changed between two periods, and why.

    Attributes
    ----------
    split : Split or None
        Against the period before; None where nothing was sold in either.
    year_ago : Split or None
        Against the same days a year earlier, where all of them lie in the data.
    win_rate : DataFrame
        One row a source of deals: `decided_before`, `decided_now`, `rate_before`, `rate_now` (percent), `rate` and
        `mix` (percentage points of the whole rate: won more often, or more deals of sources that are won more often).
    stages : DataFrame indexed by stage
        Stays that began in either period: `stays_before`, `stays_now`, `days` (after which half of the earlier ones
        were over), `left_before_pct`, `left_now_pct` (over by then), `p_adjusted` (log-rank test, stays that are not
        over counted, adjusted for the number of stages), `differs`.
    data : DataFrame
        What the last look held against the same moment as it is known now, see `crmlib.measure.changes.differences`.
    revised : float
        Money that the period before gained since that look because its rows changed; NaN where none looked.
    since : Timestamp
        Customers are compared with this moment, naive, in UTC.
    looked : str
        Closing moment of that look; empty for a first one.
    currency, money : str
        `money` is "net_amount" (orders) or "won_amount" (won deals).
    """

    split: Split | None
    year_ago: Split | None
    win_rate: pd.DataFrame = field(repr=False)
    stages: pd.DataFrame
    states: LifecycleMoves | None = field(repr=False)
    segments: SegmentMoves | None = field(repr=False)
    data: pd.DataFrame
    revised: float
    since: pd.Timestamp
    looked: str = ""
    currency: str = ""
    money: str = "net_amount"

    def _repr_html_(self) -> str:
        return "" if self.split is None else self.split._repr_html_()


def what_changed(
    crm: Crm,
    *,
    before: Any = None,
    segmentation: Segmentation | None = None,
    indicators: pd.DataFrame | None = None,
    stages: pd.Series | None = None,
) -> WhatChanged:
    """Compare the last period with the one before it, and say what made the difference.

    Both periods are read from the data as they are known now, so that rows which came late are in both; what the
    data themselves gained or lost since the last look is told apart, in `data` and `revised`.

    Parameters
    ----------
    before : Timestamp, date or text, optional
        Compares the days since then with as many before. Otherwise the last whole quarter (month, where no deals
        are kept) with the one before.
    segmentation : Segmentation, optional
        As `follow_segments` makes it; sales are then told apart by segment, too, and moves between them counted.
    indicators : DataFrame indexed by customer_id, optional
        What the segments were made from.
    stages : Series customer_id -> state, optional
        As `lifecycle_stages` makes it for `crm`.

    Raises
    ------
    ParameterError
        If `before` is not before the closing moment.
    SchemaError
        If the workspace has neither orders nor deals.

    References
    ----------
    Horngren, Datar & Rajan (2015), see `price_volume_mix`. Mantel, N. (1966). Evaluation of survival data and two
    new rank order statistics arising in its consideration. Cancer Chemotherapy Reports 50 (the log-rank test).
    Kitagawa, E. M. (1955). Components of a difference between two rates. JASA 50 (rate and mix).

    Examples
    --------
    >>> lines = pd.DataFrame({"order_id": ["1", "2", "3", "4"], "customer_id": ["ann", "bob", "ann", "cem"],
    ...     "product_id": "tea", "quantity": [10, 4, 10, 2], "net_amount": [100.0, 40.0, 110.0, 22.0],
    ...     "ordered_at": ["2024-04-05", "2024-04-08", "2024-05-05", "2024-05-20"]})
    >>> found = what_changed(Crm.from_frames(as_of="2024-05-31", transactions=lines))
    >>> found.split.before, found.split.now
    (140.0, 132.0)
    >>> found.split.products[["price", "volume"]].round(1).to_dict()
    {'price': 12.0, 'volume': -20.0}
    >>> found.split.customers[["first_orders", "stayed_away", "larger_orders"]].to_dict()
    {'first_orders': 22.0, 'stayed_away': -40.0, 'larger_orders': 10.0}
    """
    if "transactions" not in crm and "opportunities" not in crm:
        raise SchemaError(f"{crm.name} has neither transactions nor opportunities: nothing was sold in it.")
    windows = two_periods(crm, before=before)
    # The moment at which the earlier of the two periods was over.
    since = crm.at(f"{windows.before_last:%Y-%m-%d}").as_of
    labels = None if segmentation is None else segmentation.labels
    looked, data, revised = _data_since(crm, windows)
    return WhatChanged(
        split=_split(crm, windows, labels=labels),
        year_ago=_split(crm, two_periods(crm, before=before, years_back=1), labels=labels, whole=True),
        win_rate=_win_rate(crm, windows),
        stages=_stage_times(crm, windows),
        states=_states(crm, since, stages),
        segments=_segments(crm, segmentation, indicators, since),
        data=data,
        revised=revised,
        since=since,
        looked=looked,
        currency=crm.currency,
        money=money_of(crm),
    )


def look_at_data(crm: Crm) -> None:
    """Keep what the tables hold at this closing moment, for the next comparison: counts and sums, no row."""
    keep(crm, KEPT_AS, {"tables": print_of_data(crm.at(crm.as_of))})


def keep_rules(crm: Crm, found: CrossSell) -> None:
    """Keep the rules of this closing moment, for the next comparison."""
    table = found.pairs[["if", "then", "count", "confidence_pct"]]
    keep(crm, "rules", {"item": str(found.item), "rules": table.to_numpy(dtype=object).tolist()})


def keep_offers(crm: Crm, offers: Offers) -> None:
    """Keep which products are offered, and to how many; no customer."""
    sizes = offers.table.groupby("product")["customer_id"].nunique()
    customers = int(offers.table["customer_id"].nunique())
    made = {str(product): int(size) for product, size in sizes.items()}
    keep(crm, "offers", {"products": made, "customers_with_offers": customers})


def turnover(crm: Crm) -> Turnover | None:
    """Rules and offers kept at this closing moment against the last ones; None where there are no two."""
    rules, offers = (
        [entry for entry in (last_kept(crm, what), kept_now(crm, what)) if entry is not None]
        for what in ("rules", "offers")
    )
    # Rules between things of another level are other rules; nothing was born or died by that.
    if len(rules) < 2 or rules[0]["item"] != rules[1]["item"]:
        return None
    before, now = (_rules_of(entry) for entry in rules)
    table = now.join(before["confidence_pct"].rename("confidence_before_pct"), how="left")
    known = table["confidence_before_pct"]
    moved = (table["confidence_pct"] - known).abs() >= CHANGED_POINTS
    table["change"] = np.select([known.isna(), moved], [BORN, CHANGED], default="")
    gone = before[~before.index.isin(now.index)].assign(change=DIED)
    changed = pd.concat([table[table["change"] != ""], gone]).sort_values(
        "count", ascending=False, kind="stable"
    )
    whole = [entry["products"] for entry in offers] if len(offers) == 2 else [{}, {}]
    rows = [(BORN, name, n) for name, n in whole[1].items() if name not in whole[0]]
    rows += [(DIED, name, n) for name, n in whole[0].items() if name not in whole[1]]
    made = pd.DataFrame(rows, columns=["change", "product", "customers"])
    served = [int(entry["customers_with_offers"]) for entry in offers] if len(offers) == 2 else [0, 0]
    return Turnover(
        looked=rules[0]["as_of"],
        rules=changed.reset_index(),
        rule_counts=(len(before), len(now)),
        offers=made.sort_values("customers", ascending=False, kind="stable").reset_index(drop=True),
        customers=(served[0], served[1]),
    )


def _rules_of(entry: dict[str, Any]) -> pd.DataFrame:
    columns = ["if", "then", "count", "confidence_pct"]
    table = pd.DataFrame(entry["rules"], columns=columns)
    return table.astype({"count": "int64", "confidence_pct": "float64"}).set_index(["if", "then"])


def split_customers(sums: pd.DataFrame, *, since: pd.Timestamp) -> pd.DataFrame:
    """The part of each customer in the difference of two periods, and how it splits for those who bought in both.

    `sums` as `sums_of_periods` makes it; who first bought after `since` is new. One row a customer and part:
    `key`, `part`, `amount`; the amounts of a customer add up to what she bought more.
    """
    change = sums["amount_now"] - sums["amount_before"]
    now, before = sums["orders_now"] > 0, sums["orders_before"] > 0
    alone = np.select(
        [
            sums.index == "",
            now & ~before & (sums["first_on"] > since),
            now & ~before,
            before & ~now,
            ~now & ~before,
        ],
        ["unknown", "first_orders", "came_again", "stayed_away", "refunds"],
        default="",
    )
    rows = [pd.DataFrame({"key": sums.index, "part": alone, "amount": change})]
    both = sums[alone == ""]
    per_now, per_before = (
        both["amount_now"] / both["orders_now"],
        both["amount_before"] / both["orders_before"],
    )
    often = (both["orders_now"] - both["orders_before"]) * (per_now + per_before) / 2
    rows.append(pd.DataFrame({"key": both.index, "part": "more_orders", "amount": often}))
    rows.append(
        pd.DataFrame({"key": both.index, "part": "larger_orders", "amount": change[both.index] - often})
    )
    whole = pd.concat(rows, ignore_index=True)
    return whole[whole["part"].ne("") & ~(whole["part"].eq("refunds") & whole["amount"].eq(0))]


def split_products(
    now: pd.DataFrame, before: pd.DataFrame, *, first_on: pd.Series, since: pd.Timestamp
) -> pd.Series:
    """The difference of two periods by `PRODUCT_PARTS`; `now` and `before` as `product_sums` makes them."""
    sold = [
        set(frame.loc[frame["amount"].ne(0) | frame["pieces"].ne(0), "product_id"]) for frame in (now, before)
    ]
    only_now, only_before = sold[0] - sold[1], sold[1] - sold[0]
    new = {product for product in only_now if first_on.get(product, pd.NaT) > since}
    amounts = [frame.groupby("product_id")["amount"].sum() for frame in (now, before)]

    def sum_of(side: int, products: set[str]) -> float:
        return float(amounts[side].reindex(sorted(products)).sum())

    both = sold[0] & sold[1]
    sides = [frame[frame["product_id"].isin(both)] for frame in (now, before)]
    parts = price_volume_mix(*sides).sum() if both else pd.Series(dtype="float64")
    found = {name: float(parts.get(name, 0.0)) for name in ("price", "volume", "mix")}
    found |= {
        "new_products": sum_of(0, new),
        "returned_products": sum_of(0, only_now - new),
        "absent_products": -sum_of(1, only_before),
        "unpriced": float(parts.get("other", 0.0)),
    }
    return pd.Series(found, dtype="float64").reindex(list(PRODUCT_PARTS))


def split_groups(before: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """A difference of sums by group, split into how many there were and how much each brought.

    Both have `count` and `value` by group. Of groups in both: `buyers` (more or fewer at the mean value of both
    times), `spend` (each at the mean count); of others `rest`.
    """
    names = sorted({*before.index, *now.index}, key=str)
    n0, n1 = (frame["count"].reindex(names).fillna(0.0) for frame in (before, now))
    v0, v1 = (frame["value"].reindex(names).fillna(0.0) for frame in (before, now))
    both = (n0 > 0) & (n1 > 0)
    each0, each1 = v0 / n0.where(both), v1 / n1.where(both)
    buyers = ((n1 - n0) * (each0 + each1) / 2).where(both, 0.0)
    spend = ((each1 - each0) * (n0 + n1) / 2).where(both, 0.0)
    rest = (v1 - v0).where(~both, 0.0)
    return pd.DataFrame({"before": v0, "now": v1, "buyers": buyers, "spend": spend, "rest": rest})


def split_rate(before: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """A difference of rates, split by group: the groups' own rates, and how much each group weighs.

    Both have `count` and `hits` by group. `rate` + `mix` over all groups is the difference of the whole rates, in
    percentage points. A group that is not there at one time has no rate then: its part is all mix.
    """
    names = sorted({*before.index, *now.index}, key=str)
    n0, n1 = (frame["count"].reindex(names).fillna(0.0) for frame in (before, now))
    h0, h1 = (frame["hits"].reindex(names).fillna(0.0) for frame in (before, now))
    r0, r1 = h0 / n0.where(n0 > 0), h1 / n1.where(n1 > 0)
    f0, f1 = r0.fillna(r1).fillna(0.0), r1.fillna(r0).fillna(0.0)
    w0, w1 = n0 / n0.sum(), n1 / n1.sum()
    middle = ((w0 + w1) * (f0 + f1)).sum() / 4
    return pd.DataFrame(
        {
            "decided_before": n0.astype("int64"),
            "decided_now": n1.astype("int64"),
            "rate_before": 100 * r0,
            "rate_now": 100 * r1,
            "rate": 100 * (f1 - f0) * (w0 + w1) / 2,
            # Against the middle rate: more of what is won seldom lowers the whole.
            "mix": 100 * (w1 - w0) * ((f0 + f1) / 2 - middle),
        },
        index=pd.Index(names, name="source"),
    )


def _split(crm: Crm, windows: Windows, *, labels: pd.Series | None, whole: bool = False) -> Split | None:
    buyers = _known(crm, "customer", windows)
    every = sums_of_periods(crm, by="total", windows=windows) if buyers is None else buyers
    if not every[["amount_now", "amount_before"]].any(axis=None):
        return None
    first_on = every["first_on"].min()
    if whole and not first_on <= windows.before_first:
        return None
    goods, pieces = _known(crm, "product", windows), pieces_of_periods(crm, windows)
    people = pd.DataFrame(columns=["key", "part", "amount"])
    if buyers is not None:
        people = split_customers(buyers, since=windows.before_last)
    products, prices = pd.Series(dtype="float64"), pd.DataFrame(columns=["amount", "percent"])
    if pieces is not None and goods is not None:
        prices = _prices(crm, *pieces)
        products = split_products(*pieces, first_on=goods["first_on"], since=windows.before_last)
    customers = people.groupby("part")["amount"].sum().reindex(list(CUSTOMER_PARTS)).fillna(0.0)
    return Split(
        windows=windows,
        before=float(every["amount_before"].sum()),
        now=float(every["amount_now"].sum()),
        products=products,
        customers=customers if len(people) else pd.Series(dtype="float64"),
        counts=_counts(people),
        groups=_groups(crm, buyers, labels, _known(crm, CATEGORY, windows)),
        movers=_movers(crm, goods, buyers, people, windows),
        prices=prices,
    )


def _prices(crm: Crm, *sides: pd.DataFrame) -> pd.DataFrame:
    """What prices made in each category, of products sold in both periods."""
    category = _of_products(crm, "category")
    both = set(sides[0]["product_id"]) & set(sides[1]["product_id"])
    kept = [side[side["product_id"].isin(both)] for side in sides]
    table = price_volume_mix(
        *(side.assign(key=_looked_up(side["product_id"], category, "")) for side in kept)
    )
    found = pd.DataFrame(
        {"amount": table["price"], "percent": 100 * table["price"] / (table["now"] - table["price"])}
    )
    return found.drop(index="", errors="ignore")


def _known(crm: Crm, by: str, windows: Windows) -> pd.DataFrame | None:
    try:
        return sums_of_periods(crm, by=by, windows=windows)
    except SchemaError:
        return None


def _counts(people: pd.DataFrame) -> pd.DataFrame:
    people = people[people["amount"] != 0]
    if people.empty:
        return pd.DataFrame(columns=["customers", "largest", "largest_amount"])
    most = people.loc[
        people.groupby("part")["amount"].transform(lambda own: own.abs().max()) == people["amount"].abs()
    ]
    most = most.sort_values("key").drop_duplicates("part").set_index("part")
    table = people.groupby("part").agg(customers=("key", "size"))
    return table.assign(largest=most["key"], largest_amount=most["amount"])


def _groups(
    crm: Crm, buyers: pd.DataFrame | None, labels: pd.Series | None, goods: pd.DataFrame | None
) -> pd.DataFrame:
    empty = pd.DataFrame(columns=["by", "group", "before", "now", "buyers", "spend", "rest"])
    if buyers is None:
        return empty
    traits = _shown_traits(crm, buyers.index)
    if labels is not None:
        traits = traits.reindex(traits.index.union(labels.index)).assign(**{SEGMENT: labels.astype("str")})
    parts = [] if goods is None else [_by_category(goods)]
    for by in traits.columns:
        group = traits[by].reindex(buyers.index).astype("object")
        if by != SEGMENT and set(group.dropna()) <= {OTHER}:
            continue
        group = group.where(group.notna(), "")
        found = _sides_split(buyers.groupby(group))
        parts.append(found[found[["before", "now"]].ne(0).any(axis=1)].assign(by=by))
    named = [part.rename_axis("group").reset_index() for part in parts]
    return pd.concat(named, ignore_index=True)[list(empty.columns)] if named else empty


def _sides_split(sums: Any) -> pd.DataFrame:
    """What `split_groups` makes of grouped sums of both periods."""
    names = ((f"customers_{at}", f"amount_{at}") for at in ("before", "now"))
    return split_groups(*(sums[list(pair)].sum().set_axis(["count", "value"], axis=1) for pair in names))


def _by_category(goods: pd.DataFrame) -> pd.DataFrame:
    """The categories of products that moved most, and the one that lost most of its share; the others as one."""
    found = _sides_split(goods.groupby(level=0))
    change, before = found["now"] - found["before"], found["before"]
    # What stays where all others rise moved least by money, and is told too: it lost most of its share.
    behind = (found["now"] / found["now"].sum() - before / before.sum()).nsmallest(1).index
    most = change.abs().nlargest(MOVERS).index.union(behind)
    return found.groupby(found.index.where(found.index.isin(most), OTHER)).sum().assign(by=CATEGORY)


def _shown_traits(crm: Crm, buyers: pd.Index) -> pd.DataFrame:
    """The traits of buyers as a page may show them beside those of all customers; a missing one stays missing."""
    traits = customer_traits(crm, GROUPED_BY)
    bought = traits.index.isin(buyers)
    told = shown_traits(traits[bought], min_group=min_group(crm), most=None, beside=traits[~bought])
    return told.where(traits[bought].notna())


MOVERS = 10
"""So many products, and customers, that moved most are kept."""


def _movers(
    crm: Crm, goods: pd.DataFrame | None, buyers: pd.DataFrame | None, people: pd.DataFrame, windows: Windows
) -> pd.DataFrame:
    parts = []
    for what, sums in (("product", goods), ("customer", buyers)):
        if sums is None:
            continue
        own = sums[sums.index != ""].rename(columns={"amount_before": "before", "amount_now": "now"})
        own = own.assign(change=own["now"] - own["before"], what=what)
        own = own.loc[own["change"].abs().sort_values(ascending=False, kind="stable").index[:MOVERS]]
        if what == "customer":
            own["part"] = people.drop_duplicates("key").set_index("key")["part"].reindex(own.index)
            own["shown"] = public_ids(crm, pd.Series(own.index, own.index, dtype="str"))
        else:
            fresh = own["first_on"] > windows.before_last
            own["part"] = np.select(
                [fresh, own["now"].eq(0)], ["new_products", "absent_products"], default="sold"
            )
            own["shown"] = _looked_up(own.index.to_series(), _of_products(crm, "name"), own.index.to_series())
        parts.append(own[own["change"] != 0].rename_axis("key").reset_index())
    columns = ["what", "key", "shown", "part", "before", "now", "change"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _of_products(crm: Crm, column: str) -> pd.Series:
    """What is on record of each product; empty where nothing is."""
    if "products" not in crm or column not in crm.columns("products"):
        return pd.Series(dtype="object")
    known = crm.frame("products", ["product_id", column]).drop_duplicates("product_id")
    return known.set_index("product_id")[column].astype("object")


def _looked_up(keys: pd.Series, known: pd.Series, otherwise: Any) -> pd.Series:
    return keys.map(known).astype("object").fillna(otherwise)


def _win_rate(crm: Crm, windows: Windows) -> pd.DataFrame:
    if "opportunities" not in crm:
        return split_rate(*[pd.DataFrame(columns=["count", "hits"], dtype="float64")] * 2)
    found = deals(crm)
    decided = found[found["outcome"].isin(["won", "lost"])]
    day = _days(decided["closed_at"], crm)
    source = decided["source"].astype("object").where(decided["source"].notna(), "")
    table = pd.DataFrame(
        {"count": 1.0, "hits": decided["outcome"].eq("won").astype("float64"), "source": source}
    )
    sides = [
        table[day.between(first, last)].groupby("source")[["count", "hits"]].sum()
        for first, last in ((windows.before_first, windows.before_last), (windows.first, windows.last))
    ]
    return split_rate(*sides)


def _days(moments: pd.Series, crm: Crm) -> pd.Series:
    known = pd.to_datetime(moments)
    return known.dt.tz_localize("UTC").dt.tz_convert(crm.time_zone).dt.tz_localize(None).dt.normalize()


_STAGE_COLUMNS = ["stays_before", "stays_now", "days", "left_before_pct", "left_now_pct", "p"]


def _stage_times(crm: Crm, windows: Windows) -> pd.DataFrame:
    """Whether deals that came into a stage lately leave it as fast as those before: the log-rank test of each stage."""
    from scipy.stats import false_discovery_control

    rows = {}
    if "opportunities" in crm or "stage_history" in crm:
        stays = stage_stays(crm)
        day = _days(stays["entered_at"], crm)
        when = np.select(
            [
                day.between(windows.first, windows.last),
                day.between(windows.before_first, windows.before_last),
            ],
            ["now", "before"],
            default="",
        )
        for stage in stays.attrs["stages"]:
            own = (stays["stage"] == stage).to_numpy() & (when != "")
            found = _one_stage(stays[own], when[own])
            if found is not None:
                rows[stage] = found
    table = pd.DataFrame.from_dict(rows, orient="index", columns=_STAGE_COLUMNS).rename_axis("stage")
    adjusted = false_discovery_control(table["p"]) if len(table) else np.array([])
    return table.drop(columns="p").assign(p_adjusted=adjusted, differs=np.asarray(adjusted) < SURE)


def _one_stage(stays: pd.DataFrame, when: np.ndarray) -> tuple | None:
    sizes = [int((when == name).sum()) for name in ("before", "now")]
    over = stays["is_over"].to_numpy()
    if min(sizes) < FEWEST_STAYS or not over.any():
        return None
    found = survival_curves(stays["stay_days"].clip(lower=0), over, groups=when)
    half = found.medians["median"].get("before", np.nan)
    at = found.share_after(half)["survival"] if np.isfinite(half) else pd.Series(dtype="float64")
    left = [100 * (1 - at.get(name, np.nan)) for name in ("before", "now")]
    return (*sizes, half, *left, found.p_overall)


def _states(crm: Crm, since: pd.Timestamp, stages: pd.Series | None) -> LifecycleMoves | None:
    try:
        return lifecycle_between(crm, earlier=since, now=stages)
    except (SchemaError, ParameterError):
        return None


def _segments(
    crm: Crm, segmentation: Segmentation | None, indicators: pd.DataFrame | None, since: pd.Timestamp
) -> SegmentMoves | None:
    if segmentation is None or indicators is None:
        return None
    try:
        return segment_moves(crm, segmentation, indicators, since=since)
    except ParameterError:
        return None


def _data_since(crm: Crm, windows: Windows) -> tuple[str, pd.DataFrame, float]:
    """The last look at the tables, what differs from it, and the money that the period before gained by that."""
    kept = last_kept(crm, KEPT_AS)
    if kept is None:
        return "", differences({}, {}), float("nan")
    moment = pd.Timestamp(kept["as_of"])
    found = differences(kept["tables"], print_of_data(crm.at(moment)))
    day = local_time(moment, time_zone=crm.time_zone)
    if windows.freq == "days" or day is None or day.normalize() < windows.before_last:
        return kept["as_of"], found, float("nan")
    months = pd.to_datetime(found["name"].where(found["name"].str.fullmatch(r"\d{4}-\d\d")), format="%Y-%m")
    inside = months.between(windows.before_first.to_period("M").start_time, windows.before_last)
    return kept["as_of"], found, float(found.loc[inside & found["table"].eq("transactions"), "amount"].sum())
