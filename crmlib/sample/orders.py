"""Orders, drawn month by month from the trend and season of `truths`, and what is in each basket."""

import bisect

import numpy as np
import pandas as pd

from crmlib.sample.people import ORDERS_WITHIN_DAYS, TESTED, still_here
from crmlib.sample.raw import lots, pick
from crmlib.sample.truths import (
    CLEANING_MIX,
    DAYS,
    FILTER_RISE,
    NEVER_PAID,
    ORDERS,
    PRICE_BY_YEAR,
    RETURN_SHARE,
    RULES,
    SEASONAL_FACTOR,
    SEASONAL_MONTHS,
    SEGMENTS,
    START,
    WEEKDAY,
    month_weights,
)


def day_number(day: np.datetime64) -> int:
    """A date as days since the start of the history."""
    return int((np.datetime64(day, "D") - START).astype(int))


def make_orders(
    customers: pd.DataFrame, members: pd.DataFrame, *, seed: int, scale: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """When who orders.

    The number of orders of a month is Poisson with the mean of trend, season and length of the month; who
    orders is drawn in proportion to the weights of those who are still customers. On top come the orders
    that a campaign brought.
    """
    rng = lots(seed, "orders")
    first, weight = month_weights()
    expected = weight * max(1.0, ORDERS * scale) / weight.sum()
    counts = rng.poisson(expected)
    ends = np.append(first[1:], DAYS)
    start, stop = customers["first_day"].to_numpy(), customers["end_day"].to_numpy()
    eager, seasonal = customers["weight"].to_numpy(), customers["segment"].to_numpy() == "seasonal"
    parts = []
    for m, n in enumerate(counts):
        overlap = np.clip(np.minimum(stop, ends[m]) - np.maximum(start, first[m]), 0, None)
        factor = np.where(seasonal & (m % 12 + 1 in SEASONAL_MONTHS), SEASONAL_FACTOR, 1.0)
        who = pick(rng, eager * factor * overlap, n)
        parts.append(np.column_stack([who, _days(rng, first[m], ends[m], start[who], stop[who])]))
    drawn = np.concatenate(parts)
    orders = pd.DataFrame({"customer": drawn[:, 0], "day": drawn[:, 1], "campaign_id": ""})
    extra = _campaign_orders(customers, members, rng)
    orders = pd.concat([orders, extra], ignore_index=True)
    orders["minute"] = rng.integers(8 * 60, 18 * 60, len(orders))
    orders = orders.sort_values(["day", "minute", "customer"], ignore_index=True, kind="stable")
    month = np.arange(np.datetime64(START, "M"), np.datetime64(START, "M") + 36).astype(str)
    place = np.searchsorted(first, extra["day"].to_numpy(), side="right") - 1
    months = pd.DataFrame({"month": month, "expected_orders": expected.round(4), "orders": counts})
    return orders, months.assign(campaign_orders=np.bincount(place, minlength=36))


def leave_for_good(
    customers: pd.DataFrame, orders: pd.DataFrame, months: pd.DataFrame, *, leaving_pct: float, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """A drift: of those who are there, so many percent more leave in each month of the last year.

    What they would have ordered nobody orders in their place.
    """
    first, _ = month_weights()
    rng, start, end = (
        lots(seed, "leaving"),
        customers["first_day"].to_numpy(),
        customers["end_day"].to_numpy(),
    )
    for day in first[-12:]:
        leaves = (start < day) & (end > day) & (rng.random(len(customers)) < leaving_pct / 100)
        end = np.where(leaves, day, end)
    earlier = (end < customers["end_day"].to_numpy())[orders["customer"]]
    gone = earlier & (orders["day"].to_numpy() >= end[orders["customer"]])
    place = np.searchsorted(first, orders["day"].to_numpy(), side="right") - 1
    of_campaign = (orders["campaign_id"] != "").to_numpy()
    fewer = {
        name: months[name] - np.bincount(place[gone & (of_campaign == is_campaign)], minlength=36)
        for name, is_campaign in (("orders", False), ("campaign_orders", True))
    }
    return customers.assign(end_day=end), orders[~gone].reset_index(drop=True), months.assign(**fewer)


def _days(rng: np.random.Generator, first: int, end: int, start: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """A day of the month for each order, weekends seldom, within the customer's time."""
    days = np.arange(first, end)
    weights = np.array(WEEKDAY)[(days + 6) % 7]
    found = days[pick(rng, weights, len(start))]
    for _ in range(30):
        wrong = (found < start) | (found >= stop)
        found[wrong] = days[pick(rng, weights, int(wrong.sum()))]
    return np.where((found < start) | (found >= stop), np.maximum(start, first), found)


def _campaign_orders(
    customers: pd.DataFrame, members: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """One more order within four weeks, with the chance of the segment, where a tested campaign works."""
    uplift = {name: row[6] for name, row in SEGMENTS.items() if row[1]}
    place = pd.Series(np.arange(len(customers)), index=customers["customer_id"])
    parts = []
    for name, works in TESTED.items():
        asked = members[(members["campaign_id"] == name) & ~members["is_control"]]
        hit = rng.random(len(asked)) < asked["segment"].map(uplift).to_numpy() * works
        delay = rng.integers(1, ORDERS_WITHIN_DAYS, len(asked))[hit]
        chosen = asked[hit]
        parts.append(
            pd.DataFrame(
                {
                    "customer": place[chosen["customer_id"]].to_numpy(),
                    "day": chosen["contacted_on"].to_numpy() + delay,
                    "campaign_id": name,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


class _Shop:
    """What can be had on a day, and what stands in for what is gone."""

    def __init__(self, products: pd.DataFrame, rng: np.random.Generator) -> None:
        self.launched, self.retired = products["launched_on"].tolist(), products["retired_on"].tolist()
        ids = products["product_id"].tolist()
        self.successor = {
            ids.index(old): new
            for new, old in enumerate(products["replaces_product_id"])
            if isinstance(old, str)
        }
        label = {name: i for i, name in enumerate(products["label"])}
        self.rules = [({label[one] for one in given}, label[then], chance) for given, then, chance in RULES]
        self.life = products["life_days"].tolist()
        plain = products["popularity"].to_numpy()
        mixed = plain * np.where(
            (products["category"] == CLEANING_MIX[0]) & (products["tier"] == 3), CLEANING_MIX[2], 1.0
        )
        self.edges = [np.cumsum(plain).tolist(), np.cumsum(mixed).tolist()]
        self.mix_day = day_number(CLEANING_MIX[1])
        self.supplies = np.flatnonzero(products["department"] == "Supplies")
        self.supply_weights = plain[self.supplies]

    def on_sale(self, product: int, day: int) -> int:
        """The product itself, or its successor once it is retired."""
        while day > self.retired[product] and product in self.successor:
            product = self.successor[product]
        return product

    def free_choice(self, draw: float, day: int) -> int | None:
        edges = self.edges[day >= self.mix_day]
        product = self.on_sale(bisect.bisect_right(edges, draw * edges[-1]), day)
        return product if self.launched[product] <= day else None


def make_baskets(
    orders: pd.DataFrame, customers: pd.DataFrame, products: pd.DataFrame, *, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What is in each order: supplies that are due again, free choices, and what the rules put in."""
    rng = lots(seed, "baskets")
    shop = _Shop(products, rng)
    extra = customers["segment"].map({name: row[3] for name, row in SEGMENTS.items()}).to_numpy()
    free = rng.poisson(extra[orders["customer"]])
    draws = iter(rng.random(int(free.sum()) + 3 * len(orders)).tolist())
    rule_draws = rng.random((len(orders), len(RULES))).tolist()
    favourites = [
        dict.fromkeys(
            rng.choice(shop.supplies, 3, p=shop.supply_weights / shop.supply_weights.sum()).tolist(), -1
        )
        for _ in range(len(customers))
    ]
    rhythm = rng.gamma(25.0, 0.04, 8 * len(orders)).tolist()
    tally = np.zeros((len(RULES), 3), dtype=np.int64)
    found: list[tuple[int, int, str]] = []
    for o, (who, day) in enumerate(zip(orders["customer"].tolist(), orders["day"].tolist(), strict=True)):
        basket: dict[int, str] = {}
        for product, due in favourites[who].items():
            if day >= due:
                sold = shop.on_sale(product, day)
                if shop.launched[sold] <= day:
                    basket[sold] = "due"
                    favourites[who][product] = day + int(
                        shop.life[sold] * rhythm[(8 * o + len(basket)) % len(rhythm)]
                    )
        for _ in range(max(free[o], 1 - len(basket))):
            chosen = shop.free_choice(next(draws), day)
            if chosen is not None:
                basket.setdefault(chosen, "free")
        _apply_rules(shop, basket, day, rule_draws[o], tally)
        found += [(o, product, why) for product, why in basket.items()]
    lines = pd.DataFrame(found, columns=["order", "product", "why"])
    rules = pd.DataFrame(
        [(" + ".join(given), then, chance) for given, then, chance in RULES],
        columns=["antecedent", "consequent", "chance"],
    )
    return lines, rules.assign(baskets=tally[:, 0], there=tally[:, 1], added=tally[:, 2])


def _apply_rules(
    shop: _Shop, basket: dict[int, str], day: int, draws: list[float], tally: np.ndarray
) -> None:
    for r, (given, then, chance) in enumerate(shop.rules):
        if given <= basket.keys() and shop.launched[then] <= day <= shop.retired[then]:
            tally[r, 0] += 1
            if then in basket:
                tally[r, 1] += 1
            elif draws[r] < chance:
                basket[then] = "rule"
                tally[r, 2] += 1


def make_lines(
    orders: pd.DataFrame, baskets: pd.DataFrame, customers: pd.DataFrame, products: pd.DataFrame, *, seed: int
) -> pd.DataFrame:
    """Quantities, prices, costs and payment of every line, and what was sent back."""
    rng = lots(seed, "lines")
    order, product = baskets["order"].to_numpy(), baskets["product"].to_numpy()
    who, day = orders["customer"].to_numpy()[order], orders["day"].to_numpy()[order]
    pieces = customers["segment"].map({name: row[2] for name, row in SEGMENTS.items()}).to_numpy()[who]
    supply = (products["department"] == "Supplies").to_numpy()[product]
    is_filter = (products["category"] == FILTER_RISE[0]).to_numpy()[product] & (
        day >= day_number(FILTER_RISE[1])
    )
    mean = np.where(supply, 2 * pieces, 0.15 * pieces) * np.where(is_filter, FILTER_RISE[3], 1.0)
    quantity = 1 + rng.poisson(mean)
    year = (START + day).astype("datetime64[Y]").astype(int) + 1970
    level = pd.Series(year).map(PRICE_BY_YEAR).to_numpy() * np.where(is_filter, FILTER_RISE[2], 1.0)
    full = np.round(products["unit_price"].to_numpy()[product] * level, 2) * quantity
    share = np.round(customers["discount"].to_numpy()[who] * rng.uniform(0.5, 1.5, len(who)), 3)
    given = np.round(full * share, 2)
    cost = np.round(
        products["unit_cost"].to_numpy()[product] * quantity * np.where(year == 2025, 1.03, 1.0), 2
    )
    line_no = baskets.groupby("order").cumcount().to_numpy() + 1
    terms = customers["payment_terms_days"].to_numpy()[who]
    tardy = customers["tardiness"].to_numpy()[who]
    by_order = rng.random((len(orders), 3))
    delay = np.where(by_order[order, 0] < tardy, 3 + 45 * by_order[order, 1], -10 * by_order[order, 1])
    paid = np.where(
        by_order[order, 2] < NEVER_PAID, 10**6, np.maximum(day + terms + delay.astype(np.int64), day)
    )
    field = rng.random(len(orders)) < 0.25
    table = pd.DataFrame(
        {
            "order_id": order + 1,
            "line_no": line_no,
            "customer": who,
            "product": product,
            "day": day,
            "minute": orders["minute"].to_numpy()[order],
            "quantity": quantity,
            "net_amount": np.round(full - given, 2),
            "discount_amount": given,
            "cost_amount": cost,
            "channel": np.where(field, "phone", np.where(rng.random(len(orders)) < 0.6, "web", "field"))[
                order
            ],
            "store_id": np.array(["SIN", "HAM", "SHA", "TYO"], dtype=object)[
                rng.integers(4, size=len(orders))
            ][order],
            "campaign_id": orders["campaign_id"].to_numpy()[order],
            "employee_id": still_here(np.where(field[order], customers["owner_id"].to_numpy()[who], ""), day),
            "due_on": day + terms,
            "paid_on": paid,
            "is_return": False,
            "why": baskets["why"].to_numpy(),
        }
    )
    return pd.concat([table, _returns(table, rng)], ignore_index=True)


def _returns(lines: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Lines sent back one to four weeks later, whole: negative pieces, negative amounts."""
    back = lines[rng.random(len(lines)) < RETURN_SHARE].copy()
    back["day"] += rng.integers(7, 28, len(back))
    back = back[back["day"] < DAYS]
    for name in ("quantity", "net_amount", "discount_amount", "cost_amount"):
        back[name] = -back[name]
    return back.assign(
        order_id=900_001 + np.arange(len(back)),
        line_no=1,
        is_return=True,
        due_on=-1,
        paid_on=back["day"],
        why="return",
    )


GAP_SHARE, YEAR = 0.1, 365
"""Of the units of families, so many at the most buy a category elsewhere; its worth is their need in so many days."""


def make_gaps(
    lines: pd.DataFrame, relations: pd.DataFrame, customers: pd.DataFrame, products: pd.DataFrame, *,
    told: pd.DataFrame, seed: int,
) -> tuple[pd.DataFrame, np.ndarray]:  # fmt: skip
    """Units with a category that they buy elsewhere, what that is worth a year, and which lines fall away.

    Another unit of the family buys it in the last year. No order is left without a line, no rule loses a basket, and
    nothing that is told elsewhere (`told`: `customer_id`, `product_id`) falls away, so that all other truths stay.
    """
    family, goods = _families(relations), products.iloc[lines["product"]]
    who, category = customers["customer_id"].to_numpy()[lines["customer"]], goods["category"].to_numpy()
    known = lines.assign(unit=who, category=category, family=pd.Series(who).map(family).to_numpy())
    at = pd.MultiIndex.from_arrays([who, category])
    spoken_of = told["product_id"].map(products.set_index("product_id")["category"])
    known["stays"] = (
        at.isin(pd.MultiIndex.from_arrays([told["customer_id"], spoken_of]))
        | goods["label"].isin({label for given, then, _ in RULES for label in (*given, then)}).to_numpy()
        | (known.groupby("order_id")["category"].transform("nunique") == 1).to_numpy()
    )
    known["amount"] = known["net_amount"].where(known["day"] >= DAYS - YEAR, 0.0)
    of_families = known[known["family"].notna()].groupby(["family", "unit", "category"], as_index=False)
    pairs = of_families.agg({"amount": "sum", "stays": "any"})
    bought = pairs[pairs["amount"] > 0]
    bought = bought.assign(units=bought.groupby(["family", "category"])["unit"].transform("size"))
    can = bought[~bought["stays"] & (bought["units"] > 1)]
    can = can.iloc[lots(seed, "gaps").permutation(len(can))]
    can = can.drop_duplicates("unit").drop_duplicates(["family", "category"])
    chosen = can.head(round(GAP_SHARE * len(family))).sort_values("unit", ignore_index=True)
    falls = at.isin(pd.MultiIndex.from_frame(chosen[["unit", "category"]]))
    table = chosen.rename(columns={"unit": "customer_id", "amount": "yearly_amount"})
    return table[["customer_id", "category", "yearly_amount"]], falls


def _families(relations: pd.DataFrame) -> dict[str, str]:
    """Unit -> the head of its family, going up by the largest share."""
    owned = relations[relations["relation"] == "parent"].sort_values("share_pct", kind="stable")
    above = dict(zip(owned["to_customer_id"], owned["from_customer_id"], strict=True))
    heads = {}
    for unit in dict.fromkeys([*above, *above.values()]):
        heads[unit] = unit
        while heads[unit] in above:
            heads[unit] = above[heads[unit]]
    return heads


_GOODS = (
    # department, category, subcategory, price of the basic tier, share of cost, life in days, popularity
    ("Equipment", "Printers", "Label printer", 420, 0.62, 1500, 1.2),
    ("Equipment", "Scanners", "Hand scanner", 180, 0.58, 1100, 1.4),
    ("Equipment", "Scanners", "Fixed scanner", 640, 0.60, 1500, 0.5),
    ("Equipment", "Scales", "Bench scale", 350, 0.57, 1800, 0.9),
    ("Equipment", "Tools", "Drill set", 95, 0.66, 900, 1.4),
    ("Equipment", "Tools", "Torque wrench", 140, 0.63, 1400, 0.8),
    ("Supplies", "Labels", "Label roll", 18, 0.48, 45, 3.0),
    ("Supplies", "Labels", "Ribbon", 26, 0.50, 60, 2.0),
    ("Supplies", "Protection", "Nitrile gloves", 14, 0.55, 35, 3.4),
    ("Supplies", "Protection", "Safety goggles", 19, 0.52, 180, 1.2),
    ("Supplies", "Cleaning", "Disinfectant", 22, 0.45, 40, 2.4),
    ("Supplies", "Cleaning", "Wipes", 11, 0.47, 35, 2.0),
    ("Supplies", "Filters", "Dust filter", 48, 0.51, 90, 2.2),
    ("Supplies", "Filters", "Filter bag", 16, 0.50, 60, 1.6),
    ("Supplies", "Energy", "Battery pack", 39, 0.56, 365, 1.6),
    ("Supplies", "Energy", "Charger", 58, 0.59, 700, 0.8),
    ("Supplies", "Cutting", "Cutting oil", 24, 0.49, 75, 1.5),
    ("Supplies", "Cutting", "Saw blade", 33, 0.54, 70, 1.4),
    ("Services", "Maintenance", "Calibration", 160, 0.40, 365, 0.7),
    ("Services", "Maintenance", "Inspection", 220, 0.42, 365, 0.6),
    ("Services", "Training", "Course", 480, 0.38, 800, 0.3),
)
_TIER_NAMES = {1: "basic", 2: "plus", 3: "pro"}
_BRANDS = {"A": "Aquila", "B": "Boreas"}
_SUCCESSORS = (
    # product, last day on sale, days before it that the successor is launched
    ("Label printer A1", "2024-06-30", 45),
    ("Hand scanner B2", "2024-09-30", 30),
    ("Ribbon B1", "2025-01-31", 30),
    ("Dust filter B2", "2025-03-31", 40),
    ("Battery pack B1", "2025-05-31", 20),
    ("Nitrile gloves B2", "2025-08-31", 30),
    ("Torque wrench A2", "2026-02-28", 90),
    ("Charger A2", "2026-03-31", 120),
)
"""The last two are retired after the closing day: a plan that is known already."""


def make_products(*, seed: int) -> pd.DataFrame:
    """Every product, under the vocabulary's names and some of the generator's own."""
    rng = lots(seed, "products")
    rows = [
        _product(rng, goods, brand, tier) for goods in _GOODS for brand in _BRANDS for tier in _TIER_NAMES
    ]
    place = {row["label"]: i for i, row in enumerate(rows)}
    for label, last, lead in _SUCCESSORS:
        old = rows[place[label]]
        last_day = int((np.datetime64(last, "D") - START).astype(int))
        old["retired_on"] = last_day
        rows.append(
            {
                **old,
                "label": f"{label} II",
                "name": f"{old['name']} II",
                "unit_price": round(old["unit_price"] * 1.08, 1),
                "launched_on": last_day - lead,
                "retired_on": 10 * DAYS,
                "replaces": place[label],
            }
        )
    table = pd.DataFrame(rows)
    table.insert(0, "product_id", [f"{1001 + i:06d}" for i in range(len(table))])
    table["replaces_product_id"] = table.pop("replaces").map(table["product_id"])
    return table


def _product(rng: np.random.Generator, goods: tuple, brand: str, tier: int) -> dict:
    department, category, name, price, cost, life, popularity = goods
    list_price = round(price * (1.0, 1.45, 2.2)[tier - 1] * (1.06 if brand == "B" else 1.0), 1)
    return {
        "label": f"{name} {brand}{tier}",
        "name": f"{_BRANDS[brand]} {name} {_TIER_NAMES[tier]}",
        "category": category,
        "subcategory": name,
        "department": department,
        "brand": _BRANDS[brand],
        "tier": tier,
        "unit_price": list_price,
        "unit_cost": round(list_price * (cost - 0.03 * (tier - 1)), 2),
        "life_days": life,
        "launched_on": -int(rng.integers(200, 2500)),
        "retired_on": 10 * DAYS,
        "popularity": popularity * (1.0, 0.6, 0.3)[tier - 1] * (1.0 if brand == "A" else 0.7),
        "replaces": None,
    }
