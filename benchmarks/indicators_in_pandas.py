"""The indicators of transactions as a good user of pandas writes them: vectorised, no function called per group.

Money is in whole cents (float64, so that what is not known can be NaN; sums of whole numbers are exact), since a
purchase that was wholly refunded must come to exactly 0. Identifiers are ordered categories. Everything that one
group-by can sum is summed in one.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

MONEY = ("net_amount", "discount_amount", "cost_amount", "credit_limit")
COMMON = ["customer", "order"]
BASKET = ["customer", "product"]


def load(folder: Path) -> dict[str, pd.DataFrame]:
    """The tables in memory, types made fit; the clock does not run yet."""
    tables = {}
    for name in ("transactions", "products", "customers"):
        table = pq.read_table(folder / f"{name}.parquet")
        for place, field in enumerate(table.schema):
            if pa.types.is_decimal(field.type):
                table = table.set_column(place, field.name, table.column(place).cast(pa.float64()))
            elif pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
                table = table.set_column(place, field.name, table.column(place).dictionary_encode())
        frame = table.to_pandas(date_as_object=False)
        for column in frame.columns:
            if column in MONEY:
                frame[column] = (frame[column] * 100).round()
            elif isinstance(frame[column].dtype, pd.CategoricalDtype):
                ordered = frame[column].cat.categories.sort_values()
                frame[column] = frame[column].cat.set_categories(ordered, ordered=True)
        tables[name] = frame.drop(columns="line_no", errors="ignore")
    return tables


@dataclass
class Prepared:
    """The frames that the figures are made of; `customer` is a place among `people`."""

    people: pd.Index
    orders: pd.DataFrame
    purchases: pd.DataFrame
    products: pd.DataFrame
    categories: pd.DataFrame
    limits: pd.Series
    names: dict[str, pd.Index]


def indicators(tables, *, as_of, time_zone, names, zeros) -> pd.DataFrame:
    """Every indicator asked for, one row a customer; those of `zeros` are 0 where there is nothing."""
    ready = prepare(tables, as_of=as_of, time_zone=time_zone)
    made: dict[str, pd.Series] = {}
    for figures in (habits, money, baskets, credit, breadth, places):
        made |= figures(ready)
    frame = pd.DataFrame({name: made[name] for name in names if name in made}, index=range(len(ready.people)))
    frame.index = ready.people.rename("customer_id")
    nothing = [name for name in zeros if name in frame and not name.startswith("margin_")]
    return frame.fillna(dict.fromkeys(nothing, 0))


def prepare(tables, *, as_of, time_zone) -> Prepared:
    sold = tables["transactions"]
    sold = sold[(sold["ordered_at"] <= as_of) & sold["customer_id"].notna()]
    known = tables["customers"].set_index("customer_id")
    people = pd.Index(known.index.astype(str)).union(pd.Index(sold["customer_id"].cat.categories.astype(str)))
    places = people.get_indexer(sold["customer_id"].cat.categories)
    lines = pd.DataFrame(
        {
            "customer": places[sold["customer_id"].cat.codes],
            "order": sold["order_id"].cat.codes,
            "product": sold["product_id"].cat.codes,
            "channel": sold["channel"].cat.codes,
            "store": sold["store_id"].cat.codes,
            "is_refund": (sold["net_amount"] < 0) | (sold["quantity"] < 0),
            "is_discounted": sold["discount_amount"] > 0,
            "margin_amount": sold["net_amount"] - sold["cost_amount"],
            "costed_amount": sold["net_amount"].where(sold["cost_amount"].notna()),
            **{
                name: sold[name]
                for name in ("ordered_at", "net_amount", "discount_amount", "quantity", "due_on", "paid_on")
            },
        }
    )
    bought = lines[~lines["is_refund"]]
    zone_now = as_of.tz_localize("UTC").tz_convert(time_zone)
    today = zone_now.tz_localize(None).normalize()
    orders = settled_orders(lines, bought)
    local = orders["ordered_at"].dt.tz_localize("UTC").dt.tz_convert(time_zone).dt.tz_localize(None)
    orders = orders.assign(local_at=local, ordered_on=local.dt.normalize())
    orders["age_days"] = (today - orders["ordered_on"]).dt.days
    since = {
        days: (today - pd.Timedelta(days=days - 1)).tz_localize(time_zone).tz_convert("UTC").tz_localize(None)
        for days in (90, 365)
    }
    products, categories, names = product_totals(lines, bought, sold, tables["products"], since)
    return Prepared(
        people=people,
        orders=orders,
        purchases=dated_purchases(orders, today),
        products=products,
        categories=categories,
        limits=pd.Series(known["credit_limit"].to_numpy(), people.get_indexer(known.index.astype(str))),
        names=names | {"channel": sold["channel"].cat.categories, "store": sold["store_id"].cat.categories},
    )


def settled_orders(lines: pd.DataFrame, bought: pd.DataFrame) -> pd.DataFrame:
    """One row an order of a customer, refunds given to the purchase that they belong to."""
    whole = lines.groupby(COMMON).agg(
        first_at=("ordered_at", "min"),
        net_amount=("net_amount", "sum"),
        discount_amount=("discount_amount", "sum"),
        margin_amount=("margin_amount", "sum"),
        costed_amount=("costed_amount", "sum"),
        costed_line_count=("costed_amount", "count"),
        channel=("channel", "min"),
        store=("store", "min"),
        due_on=("due_on", "min"),
    )
    own = bought.assign(is_paid=bought["paid_on"].notna()).groupby(COMMON)
    own = own.agg(
        ordered_at=("ordered_at", "min"),
        bought_amount=("net_amount", "sum"),
        quantity=("quantity", "sum"),
        line_count=("product", "size"),
        discounted_line_count=("is_discounted", "sum"),
        paid_on=("paid_on", "max"),
        is_paid=("is_paid", "all"),
    )
    orders = whole.join(own)
    counts = ["bought_amount", "quantity", "line_count", "discounted_line_count"]
    orders[counts] = orders[counts].fillna(0)
    orders["ordered_at"] = orders["ordered_at"].fillna(orders["first_at"])
    # An order without a bought line has no line that waits for its payment, and no day of payment either.
    orders["paid_on"] = orders["paid_on"].where(orders["is_paid"].fillna(False).astype(bool))
    orders["refund_amount"] = orders["net_amount"] - orders["bought_amount"]
    refunded, passed_on = refund_transfers(lines)
    orders = orders.join(refunded.rename("refunded")).join(passed_on.rename("passed_on"))
    orders["kept_amount"] = (
        orders["net_amount"] - orders["passed_on"].fillna(0) + orders["refunded"].fillna(0)
    )
    orders["is_purchase"] = (orders["bought_amount"] > 0) & (orders["kept_amount"] > 0)
    return orders.reset_index()


def refund_transfers(lines: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Of later refunds: what comes off the purchase they belong to, and off the order they stand in."""
    sent_back = lines.loc[lines["is_refund"], BASKET].drop_duplicates()
    history = lines.merge(sent_back, on=BASKET)
    history = history.assign(
        bought=history["net_amount"].where(~history["is_refund"], 0),
        refund=history["net_amount"].where(history["is_refund"]),
    )
    history = history.groupby([*BASKET, "order"], as_index=False).agg(
        ordered_at=("ordered_at", "min"),
        bought=("bought", "sum"),
        refund=("refund", "sum"),
        n=("refund", "count"),
    )
    history["is_after"] = ~(history["bought"] > 0)
    history = history.sort_values([*BASKET, "ordered_at", "is_after", "order"])
    history["purchase"] = history["order"].where(history["bought"] > 0)
    history["purchase"] = history.groupby(BASKET)["purchase"].ffill()
    later = history[
        (history["n"] > 0) & history["purchase"].notna() & (history["purchase"] != history["order"])
    ]
    later = later.astype({"purchase": "int64"})
    refunded = later.groupby(["customer", "purchase"])["refund"].sum().rename_axis(COMMON)
    return refunded, later.groupby(COMMON)["refund"].sum()


def dated_purchases(orders: pd.DataFrame, today: pd.Timestamp) -> pd.DataFrame:
    """Purchases in the order of their moments, with what the calendar says of them."""
    made = orders[orders["is_purchase"]].sort_values(["customer", "ordered_at", "order"])
    on, local = made["ordered_on"], made["local_at"]
    previous = made.groupby("customer")["ordered_on"].shift()
    paid = made["paid_on"].where(made["paid_on"] <= today)
    billed, open_ = made["due_on"].notna(), paid.isna()
    late = (paid.fillna(today) - made["due_on"]).dt.days.clip(lower=0)
    month_number = on.dt.year * 12 + on.dt.month
    return made.assign(
        gap_days=(on - previous).dt.days,
        starts_day=previous.isna() | (previous != on),
        starts_month=previous.isna() | (previous.dt.year * 12 + previous.dt.month != month_number),
        months_ago=today.year * 12 + today.month - month_number,
        month=on.dt.month,
        weekday=on.dt.weekday,
        hour=local.dt.hour,
        is_invoice=billed,
        days_to_pay=(paid - on).dt.days.where(billed),
        days_late=late.where(billed & (paid.notna() | (made["due_on"] < today))),
        is_overdue=billed & open_ & (made["due_on"] < today),
        open_amount=made["kept_amount"].where(billed & open_, 0),
    )


def product_totals(lines, bought, sold, details, since):
    """One row a product of a customer, one row a category of a customer, and the names behind their codes."""
    products = lines.groupby(BASKET)["net_amount"].sum().to_frame()
    times = bought.groupby(BASKET)["ordered_at"].agg(["min", "max"])
    products = products.join(times).reset_index()
    described = details.set_index("product_id").reindex(sold["product_id"].cat.categories)
    products["category"] = described["category"].cat.codes.to_numpy()[products["product"]]
    products["department"] = described["department"].cat.codes.to_numpy()[products["product"]]
    for days, moment in since.items():
        products[f"is_bought_{days}d"] = products["max"] >= moment
        products[f"is_new_{days}d"] = products["min"] >= moment
    products["is_repeated"] = products["max"] > products["min"]
    kept = products["net_amount"] > 0
    listed = products.assign(
        is_kept=kept, first=products["min"].where(kept), last=products["max"].where(kept)
    )
    categories = (
        listed[listed["category"] >= 0]
        .groupby(["customer", "category"], as_index=False)
        .agg(
            net_amount=("net_amount", "sum"),
            product_count=("is_kept", "sum"),
            first=("first", "min"),
            last=("last", "max"),
        )
    )
    categories["is_bought_365d"] = categories["last"] >= since[365]
    categories["is_new_365d"] = categories["first"] >= since[365]
    return products, categories, {"category": details["category"].cat.categories}


def ratio(over: pd.Series, under: pd.Series, times: float = 1.0) -> pd.Series:
    """`over` / `under`, empty where `under` is 0 or less than nothing is known."""
    return times * over / under.where(under != 0)


def habits(ready: Prepared) -> dict[str, pd.Series]:
    made = ready.purchases
    age, weekday, hour = made["age_days"], made["weekday"], made["hour"]
    counted = pd.DataFrame(
        {
            "order_count": True,
            "order_count_30d": age < 30,
            "order_count_90d": age < 90,
            "order_count_365d": age < 365,
            "order_count_previous_365d": age.between(365, 729),
            "before": age.between(90, 179),
            "gaps": made["gap_days"].notna(),
            "active_day_count": made["starts_day"],
            "active_month_count": made["starts_month"],
            "active_month_count_12m": made["starts_month"] & (made["months_ago"] < 12),
            "weekend": weekday >= 5,
            "morning": hour < 12,
            "evening": hour >= 18,
            "office": (weekday < 5) & hour.between(9, 16),
            "year_end": made["month"] >= 11,
            "discounted_orders": made["discounted_line_count"] > 0,
            **{f"weekday {day}": weekday == day for day in range(7)},
            **{f"quarter {quarter}": (made["month"] + 2) // 3 == quarter for quarter in range(1, 5)},
        },
        index=made.index,
    )
    sums = counted.groupby(made["customer"]).sum()
    totals = made[["customer", "gap_days", "line_count", "quantity"]].assign(squares=made["gap_days"] ** 2)
    totals = totals.groupby("customer").sum()
    ends = made.groupby("customer").agg(
        recency=("age_days", "min"),
        tenure=("age_days", "max"),
        gap=("gap_days", "max"),
        months=("months_ago", "max"),
        lines=("line_count", "max"),
    )
    orders, gaps = sums["order_count"], sums["gaps"]
    spread = gaps * totals["squares"] - totals["gap_days"] ** 2
    recent, before = sums["order_count_90d"], sums["before"]

    def share(name):
        return 100 * sums[name] / orders

    weekdays, quarters = (sums.filter(like=word).max(axis=1) for word in ("weekday ", "quarter "))
    counts = [name for name in sums if name.startswith(("order_count", "active_"))]
    return {name: sums[name] for name in counts} | {
        "recency_days": ends["recency"],
        "tenure_days": ends["tenure"],
        "orders_per_year_mean": ratio(365.0 * (1 + orders), 180 + ends["tenure"] - ends["recency"]),
        "order_trend": ratio(recent - before, recent + before),
        "gap_days_mean": ratio(totals["gap_days"], gaps),
        "gap_days_variation": ratio(np.sqrt(spread * gaps / (gaps - 1).where(gaps != 1)), totals["gap_days"]),
        "gap_days_median": made.groupby("customer")["gap_days"].median(),
        "gap_days_max": ends["gap"],
        "longest_silence_days": ends[["gap", "recency"]].max(axis=1),
        "gap_overdue_ratio": ratio(ends["recency"] * gaps, totals["gap_days"]),
        "active_month_share_pct": 100 * sums["active_month_count"] / (1 + ends["months"]),
        "orders_per_active_month_mean": ratio(orders, sums["active_month_count"]),
        "weekend_share_pct": share("weekend"),
        "morning_share_pct": share("morning"),
        "evening_share_pct": share("evening"),
        "office_hours_share_pct": share("office"),
        "busiest_weekday_share_pct": 100 * weekdays / orders,
        "busiest_quarter_share_pct": 100 * quarters / orders,
        "year_end_share_pct": share("year_end"),
        "discounted_orders_share_pct": share("discounted_orders"),
        "basket_lines_mean": totals["line_count"] / orders,
        "basket_lines_max": ends["lines"],
        "basket_items_mean": totals["quantity"] / orders,
        "item_count": totals["quantity"],
    }


def money(ready: Prepared) -> dict[str, pd.Series]:
    orders, made = ready.orders, ready.purchases
    age, has_refund = orders["age_days"], orders["refund_amount"] < 0
    windows = {"30d": age < 30, "90d": age < 90, "365d": age < 365}
    summed = pd.DataFrame(
        {
            "customer": orders["customer"],
            "spend_total": orders["net_amount"],
            "margin_total": orders["margin_amount"],
            "before": orders["net_amount"].where(age.between(90, 179), 0),
            "spend_previous_365d": orders["net_amount"].where(age.between(365, 729), 0),
            "has_previous": age.between(365, 729),
            "costed": orders["costed_amount"],
            "refund": orders["refund_amount"],
            "bought": orders["bought_amount"],
            "lines": orders["line_count"],
            "discounted_lines": orders["discounted_line_count"],
            "refund_count": has_refund,
            "known_costs": orders["costed_line_count"],
            "orders": True,
            **{
                f"known_{name}": orders["costed_line_count"].where(inside, 0)
                for name, inside in windows.items()
            },
            **{f"orders_{name}": inside for name, inside in windows.items()},
            **{f"spend_{name}": orders["net_amount"].where(inside, 0) for name, inside in windows.items()},
            **{
                f"margin_{name}": orders["margin_amount"].where(inside, 0) for name, inside in windows.items()
            },
        }
    )
    sums = summed.groupby("customer").sum()
    bought = made[["customer", "discount_amount", "bought_amount", "quantity"]]
    bought = bought.assign(
        recent=made["discount_amount"].where(made["age_days"] < 365, 0),
        gaps=made["gap_days"].notna(),
        gap=made["gap_days"],
    )
    own = bought.groupby("customer").sum()
    ends = made.groupby("customer").agg(recency=("age_days", "min"), months=("months_ago", "max"))
    recency = ends["recency"].reindex(sums.index)
    is_silent = recency * own["gaps"].reindex(sums.index) >= 2 * own["gap"].reindex(sums.index)
    is_silent &= own["gap"].reindex(sums.index) > 0
    recent, before = sums["spend_90d"].clip(lower=0), sums["before"].clip(lower=0)
    # A margin is not known where there are orders and not one of their costs is.
    unknown = {"margin_total": (sums["known_costs"] == 0) & (sums["orders"] > 0)} | {
        f"margin_{name}": (sums[f"known_{name}"] == 0) & (sums[f"orders_{name}"] > 0) for name in windows
    }
    everyone = range(len(ready.people))
    margins = {
        name: (sums[name] / 100).mask(is_unknown).reindex(everyone, fill_value=0)
        for name, is_unknown in unknown.items()
    }
    amounts = [name for name in sums if name.startswith("spend_")]
    return (
        margins
        | {name: sums[name] / 100 for name in amounts}
        | {
            "spend_trend": ratio(recent - before, recent + before),
            "spend_growth_pct": ratio(
                sums["spend_365d"] - sums["spend_previous_365d"],
                sums["spend_previous_365d"].clip(lower=0),
                100,
            ),
            "spend_month_mean": sums["spend_total"] / 100 / (1 + ends["months"]),
            "silent_spend_365d": (sums["spend_365d"].clip(lower=0) / 100).where(is_silent, 0),
            "piece_price_mean": ratio(own["bought_amount"] / 100, own["quantity"]),
            "discount_total": own["discount_amount"] / 100,
            "discount_365d": own["recent"] / 100,
            "refund_total": -sums["refund"] / 100,
            "margin_share_pct": ratio(sums["margin_total"], sums["costed"].clip(lower=0), 100),
            "discount_share_pct": ratio(
                own["discount_amount"], own["bought_amount"] + own["discount_amount"], 100
            ),
            "discounted_lines_share_pct": ratio(sums["discounted_lines"], sums["lines"], 100),
            "return_rate_pct": ratio(-sums["refund"], sums["bought"], 100),
            "refund_count": sums["refund_count"],
            "last_refund_days": orders[has_refund].groupby("customer")["age_days"].min(),
        }
    )


def baskets(ready: Prepared) -> dict[str, pd.Series]:
    made = ready.purchases
    kept, recent, costed = made["kept_amount"], made["age_days"] < 365, made["costed_line_count"] > 0
    summed = pd.DataFrame(
        {
            "count": True,
            "kept": kept,
            "squares": kept**2,
            "recent": recent,
            "kept_recent": kept.where(recent, 0),
            "first": kept.where(made["gap_days"].isna(), 0),
            "costed": costed,
            "loss": costed & (made["margin_amount"] < 0),
        }
    )
    sums = summed.groupby(made["customer"]).sum()
    count, spread = sums["count"], sums["count"] * sums["squares"] - sums["kept"] ** 2
    deviation = np.sqrt(spread.clip(lower=0) * count / (count - 1).where(count > 1))
    return {
        "basket_value_mean": sums["kept"] / 100 / count,
        "basket_value_mean_365d": ratio(sums["kept_recent"] / 100, sums["recent"]),
        "basket_value_median": made.groupby("customer")["kept_amount"].median() / 100,
        "basket_value_max": made.groupby("customer")["kept_amount"].max() / 100,
        "basket_value_variation": ratio(deviation, sums["kept"]),
        "first_basket_value": sums["first"] / 100,
        "loss_orders_share_pct": ratio(sums["loss"], sums["costed"], 100),
    }


def credit(ready: Prepared) -> dict[str, pd.Series]:
    bills = ready.purchases[ready.purchases["is_invoice"]]
    summed = bills[["customer", "days_to_pay", "days_late", "open_amount"]].assign(
        count=1,
        paid=bills["days_to_pay"].notna(),
        due=bills["days_late"].notna(),
        late=bills["days_late"] > 0,
        overdue=bills["open_amount"].where(bills["is_overdue"], 0),
    )
    sums = summed.groupby("customer").sum()
    open_amount = sums["open_amount"].reindex(ready.limits.index, fill_value=0)
    return {
        "invoice_count": sums["count"],
        "days_to_pay_mean": ratio(sums["days_to_pay"], sums["paid"]),
        "days_late_mean": ratio(sums["days_late"], sums["due"]),
        "days_late_max": bills.groupby("customer")["days_late"].max(),
        "late_invoice_share_pct": ratio(sums["late"], sums["due"], 100),
        "open_amount": sums["open_amount"] / 100,
        "overdue_amount": sums["overdue"] / 100,
        "overdue_share_pct": ratio(sums["overdue"], sums["open_amount"], 100),
        "overdue_days_max": bills[bills["is_overdue"]].groupby("customer")["days_late"].max(),
        "credit_used_pct": ratio(open_amount, ready.limits, 100),
    }


def breadth(ready: Prepared) -> dict[str, pd.Series]:
    kept = ready.products[ready.products["net_amount"] > 0]
    flags = ["is_bought_90d", "is_bought_365d", "is_new_90d", "is_repeated"]
    sums = (
        kept.assign(count=1, squares=kept["net_amount"] ** 2)
        .groupby("customer")[["count", "net_amount", "squares", *flags]]
        .sum()
    )
    categories = ready.categories
    flags = ["is_bought_365d", "is_new_365d"]
    counted = (
        categories.assign(is_kept=categories["product_count"] > 0)
        .groupby("customer")[["is_kept", *flags]]
        .sum()
    )
    paying = categories[categories["net_amount"] > 0]
    spent = (
        paying.assign(squares=paying["net_amount"] ** 2).groupby("customer")[["net_amount", "squares"]].sum()
    )
    top = paying.sort_values(["customer", "net_amount", "category"], ascending=[True, False, True])
    top = top.drop_duplicates("customer").set_index("customer")
    names = ready.names["category"]
    departments = kept.loc[kept["department"] >= 0, ["customer", "department"]].drop_duplicates()
    return {
        "product_count": sums["count"],
        "product_count_90d": sums["is_bought_90d"],
        "product_count_365d": sums["is_bought_365d"],
        "new_product_count_90d": sums["is_new_90d"],
        "new_product_share_pct": ratio(sums["is_new_90d"], sums["is_bought_90d"], 100),
        "repeat_product_share_pct": 100 * sums["is_repeated"] / sums["count"],
        "top_product_share_pct": 100 * kept.groupby("customer")["net_amount"].max() / sums["net_amount"],
        "product_concentration": sums["squares"] / sums["net_amount"] ** 2,
        "category_count": counted["is_kept"],
        "category_count_365d": counted["is_bought_365d"],
        "new_category_count_365d": counted["is_new_365d"],
        "department_count": departments.groupby("customer").size(),
        "favourite_category": pd.Series(names.astype(object)[top["category"]], top.index),
        "favourite_category_share_pct": 100 * top["net_amount"] / spent["net_amount"],
        "category_concentration": spent["squares"] / spent["net_amount"] ** 2,
    }


def places(ready: Prepared) -> dict[str, pd.Series]:
    made = {}
    for place in ("channel", "store"):
        known = ready.purchases[ready.purchases[place] >= 0]
        visits = known.groupby(["customer", place], as_index=False).agg(
            n=("kept_amount", "size"), spent=("kept_amount", "sum")
        )
        top = visits.sort_values(["customer", "n", "spent", place], ascending=[True, False, False, True])
        top = top.drop_duplicates("customer").set_index("customer")
        of_customer = visits.groupby("customer")["n"]
        made[f"{place}_count"] = of_customer.size()
        made[f"favourite_{place}_share_pct"] = 100 * top["n"] / of_customer.sum()
        made[f"favourite_{place}"] = pd.Series(ready.names[place].astype(object)[top[place]], top.index)
    return made
