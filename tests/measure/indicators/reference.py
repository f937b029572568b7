"""What the indicators should be, worked out a second time: plain Python, one customer after another.

Nothing here is shared with crmlib, so that an error would have to be made twice.
"""

import statistics
from collections import Counter, defaultdict
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pandas as pd

from tests.measure.indicators.reference_contact import reference_contact

NAN = float("nan")


def reference_indicators(tables: dict[str, pd.DataFrame], *, as_of, time_zone: str) -> pd.DataFrame:
    """Most of the built-in indicators by customer; `as_of` is a naive moment in UTC."""
    zone = ZoneInfo(time_zone)
    lines = _lines(tables["transactions"], as_of)
    orders = _orders(lines)
    today = as_of.tz_localize("UTC").tz_convert(zone).date()
    products = tables["products"].set_index("product_id")
    contacts = _contacts(tables["campaign_contacts"], today, as_of)
    deals = tables["opportunities"]
    known = set(
        deals.customer_id[pd.to_datetime(deals.created_at, utc=True) <= as_of.tz_localize("UTC")].dropna()
    )
    listed = set(tables["customers"]["customer_id"])
    everyone = sorted({line["customer"] for line in lines} | listed | known)
    rows = []
    for customer in everyone:
        own_orders = [order for order in orders if order["customer"] == customer]
        own_lines = [line for line in lines if line["customer"] == customer]
        for order in own_orders:
            local = order["at"].tz_localize("UTC").tz_convert(zone)
            order |= {"day": local.date(), "age": (today - local.date()).days, "hour": local.hour}
        rows.append(
            {"customer_id": customer}
            | _habits(own_orders)
            | _money(own_orders, own_lines)
            | _invoices(own_orders, today)
            | _breadth(own_lines, products)
            | _newness(own_lines, products, today, zone)
            | _campaigns([contact for contact in contacts if contact["customer"] == customer])
        )
    contact = reference_contact(tables, everyone, as_of=as_of, time_zone=time_zone)
    return pd.DataFrame(rows).set_index("customer_id").join(contact)


def reference_rfm(transactions: pd.DataFrame, *, as_of, bins: int) -> pd.DataFrame:
    """Recency, frequency and spend with scores by counting, days in UTC."""
    figures = {}
    orders = _orders(_lines(transactions, as_of))
    for customer in sorted({order["customer"] for order in orders}):
        own = [order for order in orders if order["customer"] == customer]
        bought = [order for order in own if order["is_purchase"]]
        if bought:
            figures[customer] = (
                min((as_of.normalize() - order["at"].normalize()).days for order in bought),
                len(bought),
                float(sum(order["net"] for order in own)),
            )
    table = pd.DataFrame.from_dict(
        figures, orient="index", columns=["recency_days", "order_count", "spend_total"]
    )
    for score, column, sign in (
        ("r_score", "recency_days", -1),
        ("f_score", "order_count", 1),
        ("m_score", "spend_total", 1),
    ):
        values = [sign * value for value in table[column]]
        scores = []
        for value in values:
            place = sum(other < value for other in values) * 2 + sum(other == value for other in values)
            scores.append(next(s for s in range(1, bins + 1) if place * bins < 2 * len(values) * s))
        table[score] = scores
    return table


def _lines(transactions, as_of):
    rows = []
    for row in transactions.to_dict("records"):
        at = _utc(row["ordered_at"])
        if pd.isna(row["customer_id"]) or at > as_of:
            continue
        quantity = None if pd.isna(row.get("quantity")) else row["quantity"]
        rows.append(
            {
                "customer": row["customer_id"],
                "order": row["order_id"],
                "product": row["product_id"],
                "at": at,
                "net": _exact(row["net_amount"]),
                "discount": _exact(row.get("discount_amount")),
                "cost": _exact(row.get("cost_amount")),
                "quantity": quantity,
                "channel": None if pd.isna(row.get("channel")) else row["channel"],
                "store": None if pd.isna(row.get("store_id")) else row["store_id"],
                "due": _day(row.get("due_on")),
                "paid": _day(row.get("paid_on")),
                "is_refund": row["net_amount"] < 0 or (quantity is not None and quantity < 0),
            }
        )
    return rows


def _orders(lines):
    grouped = defaultdict(list)
    for line in lines:
        grouped[line["customer"], line["order"]].append(line)
    orders = {}
    for key, members in grouped.items():
        bought = [line for line in members if not line["is_refund"]]
        refunds = [line for line in members if line["is_refund"]]
        known_discounts = [line["discount"] for line in members if line["discount"] is not None]
        costed = [line for line in members if line["cost"] is not None]
        orders[key] = {
            "customer": key[0],
            "id": key[1],
            "at": min(line["at"] for line in bought or refunds),
            "net": sum(line["net"] for line in members),
            "bought": sum(line["net"] for line in bought),
            "refund": sum(line["net"] for line in refunds),
            "discount": sum(known_discounts) if known_discounts else None,
            "margin": sum(line["net"] - line["cost"] for line in costed),
            "costed": sum(line["net"] for line in costed),
            "quantity": sum(line["quantity"] or 0 for line in bought),
            "lines": len(bought),
            "channel": min((line["channel"] for line in members if line["channel"]), default=None),
            "store": min((line["store"] for line in members if line["store"]), default=None),
            "discounted": sum((line["discount"] or 0) > 0 for line in bought),
            "costs": len(costed),
            "due": min((line["due"] for line in members if line["due"]), default=None),
            "paid": [line["paid"] for line in bought],
        }
        orders[key]["kept"] = orders[key]["net"]
    _settle(grouped, orders)
    for order in orders.values():
        order["is_purchase"] = order["bought"] > 0 and order["kept"] > 0
    return sorted(orders.values(), key=lambda order: (order["customer"], order["at"], order["id"]))


def _settle(grouped, orders):
    """Hand each refund line to the latest order, up to its own, in which the product was bought."""
    moments = defaultdict(lambda: pd.Timestamp.max)
    bought = defaultdict(Decimal)
    for (customer, order), members in grouped.items():
        for line in members:
            key = customer, line["product"], order
            moments[key] = min(moments[key], line["at"])
            bought[key] += 0 if line["is_refund"] else line["net"]
    for (customer, order), members in grouped.items():
        for line in members:
            own = customer, line["product"], order
            if not line["is_refund"] or bought[own] > 0:
                continue
            earlier = [
                (moments[key], key[2])
                for key in bought
                if key[:2] == own[:2] and bought[key] > 0 and moments[key] <= moments[own]
            ]
            if earlier:
                orders[customer, max(earlier)[1]]["kept"] += line["net"]
                orders[customer, order]["kept"] -= line["net"]


def _habits(orders):
    bought = [order for order in orders if order["is_purchase"]]
    ages = [order["age"] for order in bought]
    gaps = [(after["day"] - before["day"]).days for before, after in pairwise(bought)]
    mean = statistics.fmean(gaps) if gaps else NAN
    channels = Counter(order["channel"] for order in bought if order["channel"])
    amounts = defaultdict(Decimal)
    for order in bought:
        amounts[order["channel"]] += order["kept"]
    months = [12 * order["day"].year + order["day"].month for order in bought]
    stores = Counter(order["store"] for order in bought if order["store"])
    return _calendar(bought, months) | {
        "order_count_30d": sum(age < 30 for age in ages),
        "order_count_previous_365d": sum(365 <= age < 730 for age in ages),
        "order_trend": _change(sum(age < 90 for age in ages), sum(90 <= age < 180 for age in ages)),
        "gap_days_median": statistics.median(gaps) if gaps else NAN,
        "gap_days_max": max(gaps, default=NAN),
        "longest_silence_days": max([*gaps, min(ages)]) if ages else NAN,
        "channel_count": len(channels),
        "favourite_channel_share_pct": _share(max(channels.values(), default=0), sum(channels.values())),
        "store_count": len(stores),
        "favourite_store_share_pct": _share(max(stores.values(), default=0), sum(stores.values())),
        "recency_days": min(ages, default=NAN),
        "tenure_days": max(ages, default=NAN),
        "order_count": len(bought),
        "order_count_90d": sum(age < 90 for age in ages),
        "order_count_365d": sum(age < 365 for age in ages),
        "orders_per_year_mean": 365 * (1 + len(ages)) / (180 + max(ages) - min(ages)) if ages else NAN,
        "gap_days_mean": mean,
        "gap_days_variation": statistics.stdev(gaps) / mean if len(gaps) > 1 and mean > 0 else NAN,
        "gap_overdue_ratio": min(ages) / mean if gaps and mean > 0 else NAN,
        "weekend_share_pct": _share(sum(order["day"].weekday() >= 5 for order in bought), len(bought)),
        "evening_share_pct": _share(sum(order["hour"] >= 18 for order in bought), len(bought)),
        "favourite_channel": min(
            channels, key=lambda name: (-channels[name], -amounts[name], name), default=None
        ),
    }


def _calendar(bought, months):
    days = Counter(order["day"].weekday() for order in bought)
    quarters = Counter((order["day"].month - 1) // 3 for order in bought)
    office = sum(order["day"].weekday() < 5 and 9 <= order["hour"] < 17 for order in bought)
    return {
        "active_day_count": len({order["day"] for order in bought}),
        "active_month_count": len(set(months)),
        "orders_per_active_month_mean": len(bought) / len(set(months)) if bought else NAN,
        "morning_share_pct": _share(sum(order["hour"] < 12 for order in bought), len(bought)),
        "office_hours_share_pct": _share(office, len(bought)),
        "busiest_weekday_share_pct": _share(max(days.values(), default=0), len(bought)),
        "busiest_quarter_share_pct": _share(max(quarters.values(), default=0), len(bought)),
        "year_end_share_pct": _share(sum(order["day"].month > 10 for order in bought), len(bought)),
    }


def _invoices(orders, today):
    bought = [order for order in orders if order["is_purchase"]]
    months = [12 * order["day"].year + order["day"].month for order in bought]
    span = 12 * today.year + today.month - min(months) + 1 if months else NAN
    invoices = [order for order in bought if order["due"]]
    to_pay, late, overdue, open_amount, overdue_amount = [], [], [], 0, 0
    for order in invoices:
        paid = max(order["paid"]) if all(day and day <= today for day in order["paid"]) else None
        if paid:
            to_pay.append((paid - order["day"]).days)
        if paid or order["due"] < today:
            late.append(max(((paid or today) - order["due"]).days, 0))
        if not paid:
            open_amount += order["kept"]
            if order["due"] < today:
                overdue.append(late[-1])
                overdue_amount += order["kept"]
    return {
        "active_month_count_12m": len({m for m in months if 12 * today.year + today.month - m < 12}),
        "active_month_share_pct": _share(len(set(months)), span) if months else NAN,
        "spend_month_mean": float(sum(order["net"] for order in orders)) / span if months else NAN,
        "invoice_count": len(invoices),
        "days_to_pay_mean": _mean(to_pay),
        "days_late_mean": _mean(late),
        "days_late_max": max(late, default=NAN),
        "late_invoice_share_pct": _share(sum(days > 0 for days in late), len(late)),
        "open_amount": float(open_amount),
        "overdue_amount": float(overdue_amount),
        "overdue_share_pct": _share(overdue_amount, open_amount),
        "overdue_days_max": max(overdue, default=NAN),
    }


def _money(orders, lines):
    def within(column, days):
        return float(sum(order[column] for order in orders if order["age"] < days))

    def margin_within(days):
        fitting = [order for order in orders if order["age"] < days]
        unknown = fitting and not any(order["costs"] for order in fitting)
        return NAN if unknown else float(sum(order["margin"] for order in fitting))

    bought = [order for order in orders if order["is_purchase"]]
    last = max(within("net", 90), 0)
    before = max(float(sum(order["net"] for order in orders if 90 <= order["age"] < 180)), 0)
    costed = sum(order["costed"] for order in orders)
    discounts = [order["discount"] for order in bought if order["discount"] is not None]
    full_price = sum(order["bought"] + (order["discount"] or 0) for order in bought)
    plain_lines = [line for line in lines if not line["is_refund"]]
    margin = margin_within(10**9)
    kept = [float(order["kept"]) for order in bought]
    before_year = float(sum(order["net"] for order in orders if 365 <= order["age"] < 730))
    pieces = sum(order["quantity"] for order in bought)
    refunds = [order["age"] for order in orders if order["refund"] < 0]
    ages, gaps = sorted(order["age"] for order in bought), len(bought) - 1
    silent = gaps > 0 and ages[-1] > ages[0] and ages[0] * gaps >= 2 * (ages[-1] - ages[0])
    return {
        "spend_previous_365d": before_year,
        "spend_growth_pct": _share(within("net", 365) - before_year, before_year) if before_year > 0 else NAN,
        "basket_value_mean_365d": _mean(order["kept"] for order in bought if order["age"] < 365),
        "basket_value_median": statistics.median(kept) if kept else NAN,
        "basket_value_max": max(kept, default=NAN),
        "basket_value_variation": statistics.stdev(kept) / statistics.fmean(kept) if len(kept) > 1 else NAN,
        "first_basket_value": kept[0] if kept else NAN,
        "piece_price_mean": float(sum(order["bought"] for order in bought)) / pieces if pieces else NAN,
        "silent_spend_365d": max(within("net", 365), 0) if silent else 0,
        "loss_orders_share_pct": _share(
            sum(order["margin"] < 0 for order in bought), sum(order["costs"] > 0 for order in bought)
        ),
        "discount_total": float(sum(discounts)),
        "discount_365d": float(sum(order["discount"] or 0 for order in bought if order["age"] < 365)),
        "refund_total": -float(sum(order["refund"] for order in orders)),
        "basket_lines_max": max((order["lines"] for order in bought), default=NAN),
        "item_count": pieces,
        "discounted_orders_share_pct": _share(sum(order["discounted"] > 0 for order in bought), len(bought)),
        "refund_count": len(refunds),
        "last_refund_days": min(refunds, default=NAN),
        "spend_total": within("net", 10**9),
        "spend_30d": within("net", 30),
        "spend_90d": within("net", 90),
        "spend_365d": within("net", 365),
        "spend_trend": (last - before) / (last + before) if last + before else NAN,
        "basket_value_mean": _mean(order["kept"] for order in bought),
        "margin_total": margin,
        "margin_30d": margin_within(30),
        "margin_90d": margin_within(90),
        "margin_365d": margin_within(365),
        "margin_share_pct": _share(margin, costed) if costed > 0 else NAN,
        "discount_share_pct": _share(sum(discounts), full_price) if discounts else NAN,
        "discounted_lines_share_pct": _share(
            sum((line["discount"] or 0) > 0 for line in plain_lines), len(plain_lines)
        ),
        "return_rate_pct": _share(
            -sum(order["refund"] for order in orders), sum(order["bought"] for order in orders)
        ),
        "basket_lines_mean": _mean(order["lines"] for order in bought),
        "basket_items_mean": _mean(order["quantity"] for order in bought),
    }


def _breadth(lines, products):
    net = defaultdict(Decimal)
    for line in lines:
        net[line["product"]] += line["net"]
    kept = [product for product, amount in net.items() if amount > 0]
    by_category = defaultdict(Decimal)
    for product, amount in net.items():
        if not pd.isna(products.loc[product, "category"]):
            by_category[products.loc[product, "category"]] += amount
    positive = {category: amount for category, amount in by_category.items() if amount > 0}
    favourite = min(positive, key=lambda category: (-positive[category], category), default=None)
    return {
        "product_count": len(kept),
        "category_count": len(set(products.loc[kept, "category"].dropna())),
        "department_count": len(set(products.loc[kept, "department"].dropna())),
        "favourite_category": favourite,
        "favourite_category_share_pct": _share(positive.get(favourite, 0), sum(positive.values())),
    }


def _newness(lines, products, today, zone):
    net, moments = defaultdict(Decimal), defaultdict(list)
    for line in lines:
        net[line["product"]] += line["net"]
        if not line["is_refund"]:
            moments[line["product"]].append(line["at"])
    kept = {product: float(amount) for product, amount in net.items() if amount > 0}
    ages = {
        product: [
            (today - moment.tz_localize("UTC").tz_convert(zone).date()).days for moment in moments[product]
        ]
        for product in kept
    }
    categories, by_category = defaultdict(list), defaultdict(float)
    for product, amount in net.items():
        category = products.loc[product, "category"]
        if not pd.isna(category):
            by_category[category] += float(amount)
            categories[category] += ages.get(product, [])
    spent = [amount for amount in by_category.values() if round(amount, 4) > 0]
    recent = sum(min(days) < 90 for days in ages.values())
    new = sum(max(days) < 90 for days in ages.values())
    known = [days for days in categories.values() if days]
    return {
        "product_count_90d": recent,
        "product_count_365d": sum(min(days) < 365 for days in ages.values()),
        "new_product_count_90d": new,
        "new_product_share_pct": _share(new, recent),
        "repeat_product_share_pct": _share(sum(len(set(moments[p])) > 1 for p in kept), len(kept)),
        "top_product_share_pct": _share(max(kept.values(), default=0), sum(kept.values())),
        "product_concentration": _spread(kept.values()),
        "category_count_365d": sum(min(days) < 365 for days in known),
        "new_category_count_365d": sum(max(days) < 365 for days in known),
        "category_concentration": _spread(spent),
    }


def _spread(amounts):
    return sum((amount / sum(amounts)) ** 2 for amount in amounts) if amounts else NAN


def _contacts(table, today, as_of):
    rows = []
    for row in table.to_dict("records"):
        if not pd.isna(row["contacted_on"]) and row["contacted_on"].date() > today:
            continue
        if row["is_control"] is not None and not pd.isna(row["is_control"]) and row["is_control"]:
            continue
        answered = not pd.isna(row["responded_at"]) and _utc(row["responded_at"]) <= as_of
        rows.append({"customer": row["customer_id"], "answered": answered})
    return rows


def _campaigns(contacts):
    return {
        "campaign_count": len(contacts),
        "campaign_response_rate_pct": _share(sum(contact["answered"] for contact in contacts), len(contacts)),
    }


def _utc(moment):
    return moment.tz_convert("UTC").tz_localize(None) if moment.tzinfo else moment


def _day(value):
    return None if value is None or pd.isna(value) else value.date()


def _change(now, before):
    return (now - before) / (now + before) if now + before else NAN


def _share(part, whole):
    return 100 * float(part) / float(whole) if whole else NAN


def _mean(values):
    listed = [float(value) for value in values]
    return statistics.fmean(listed) if listed else NAN


def _exact(value):
    return None if value is None or pd.isna(value) else Decimal(f"{value:.4f}")
