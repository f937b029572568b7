"""What can be offered: products that are goods, steps up in a category, best sellers; what is asked for offers."""

import re
from datetime import date, timedelta
from typing import Any

import pandas as pd

from crmlib.measure.indicators.settled import workspace_steps
from crmlib.measure.steps import Steps, ask, moments
from crmlib.prepare.clock import closing_moment_of_table
from crmlib.prepare.crm import Crm
from crmlib.prepare.engine import Engine
from crmlib.schema.errors import ParameterError, SchemaError
from crmlib.schema.fields import MINIMUM_GROUP

WORDS = {
    "en": "postage shipping freight carriage delivery surcharge fee charges manual adjustment adjust correction "
    "discount sample samples voucher gift-card giftcard deposit commission bad-debt test",
    "de": "versand versandkosten porto fracht gebühr pfand gutschein muster rabatt korrektur zuschlag mahngebühr",
    "fr": "port livraison frais échantillon remise bon-cadeau consigne",
    "es": "envío portes gastos muestra descuento tarjeta-regalo",
    "it": "spedizione trasporto spese campione sconto buono-regalo",
    "ja": "送料 手数料 値引 サンプル 商品券",
    "zh": "运费 手续费 样品 折扣 礼品卡 邮费",
}
"""Words that name no goods, by language; a hyphen stands for any gap between two words."""

NEARLY_ALL = 0.95
"""So much of a product's lines must be free, or negative."""

LEAST_LINES = 3
"""Fewer lines of a product prove nothing by their amounts."""

USUAL_SHAPE = 0.9
"""Where so many codes hold a digit, one without is no article."""

EVIDENCE = ("name", "free", "negative", "code")
"""Why a product is taken for no goods, the first that fits."""

_LINES_SQL = """
select
    product_id,
    count(*) as lines,
    count(case when net_amount = 0 then 1 end) as free_lines,
    count(case when net_amount < 0 then 1 end) as negative_lines
from transactions
where ordered_at <= $as_of and product_id is not null
group by product_id
order by product_id
"""


def find_not_goods(crm: Crm, *, engine: Engine | None = None) -> pd.DataFrame:
    """Products that should not be offered, with the evidence: one row each.

    The columns are `product_id`, `name`, `evidence` (one of `EVIDENCE`), `lines`, `free_lines`, `negative_lines`.
    """
    engine = engine or crm.engine
    lines = engine.to_pandas(_LINES_SQL, moments(_LINES_SQL, as_of=crm.as_of, time_zone=crm.time_zone))
    lines["name"] = None
    if "products" in crm and "name" in crm.columns("products"):
        names = engine.to_pandas("select product_id, min(name) as name from products group by product_id")
        lines["name"] = lines["product_id"].map(names.set_index("product_id")["name"])
    evidence = _evidence(lines)
    found = lines.assign(evidence=evidence)[evidence != ""]
    columns = ["product_id", "name", "evidence", "lines", "free_lines", "negative_lines"]
    return found[columns].reset_index(drop=True)


def _evidence(lines: pd.DataFrame) -> pd.Series:
    enough, needed = lines["lines"] >= LEAST_LINES, NEARLY_ALL * lines["lines"]
    digits = lines["product_id"].astype("str").str.contains(r"\d", regex=True)
    usual = len(digits) >= 20 and digits.mean() >= USUAL_SHAPE
    said = pd.Series("", index=lines.index)
    said[enough & ~digits & usual] = "code"
    said[enough & (lines["negative_lines"] >= needed)] = "negative"
    said[enough & (lines["free_lines"] >= needed)] = "free"
    said[[names_no_goods(name) for name in lines["name"]]] = "name"
    return said


def names_no_goods(name: Any) -> bool:
    """Whether a name is made of words that name no goods, and no more than one other.

    >>> [names_no_goods(name) for name in ("DOTCOM POSTAGE", "Versandkosten", "Postage stamp album red", "送料")]
    [True, True, False, True]
    """
    if not isinstance(name, str):
        return False
    plain = name.casefold()
    if any(word in plain for word in (*WORDS["ja"].split(), *WORDS["zh"].split())):
        return True
    left, hits = _PATTERN.subn(" ", plain)
    return bool(hits) and len(re.findall(r"\w+", left)) <= 1


_PATTERN = re.compile(
    r"\b(?:"
    + "|".join(
        re.escape(word).replace(r"\-", r"[\W_]+")
        for language, words in WORDS.items()
        if language not in ("ja", "zh")
        for word in words.split()
    )
    + r")\b"
)


GROUPS, OF_GROUP, STEPS_OF_GROUP = 10, 3, 12
"""Categories of a customer that are looked into, steps taken of each, and products that may be one."""

DEARER_FROM, DEARER_TO, PAID_BEFORE = 1.1, 2.0, 1.25
"""A step up costs so many times what is bought now, and at most so many times what was paid there before."""

_STEPS = {
    "own_groups": f"""
        select *
        from (
            select *, row_number() over (partition by c order by group_days desc, group_days_season desc, g) as place
            from offer_group_habits
        ) as groups_placed
        where place <= {GROUPS}
    """,
    "usual": """
        select c, g, p, tier, own_days, first_on, last_on, price
        from (
            select own.c, own.p, own.own_days, own.first_on, own.last_on, places.g, places.tier, places.price,
                row_number() over (partition by own.c, places.g
                    order by places.tier desc nulls last, own.own_days desc, own.last_on desc, own.p)
                    as usual_place
            from offer_histories as own
                join offer_group_places as places using (p)
                semi join own_groups on own_groups.c = own.c and own_groups.g = places.g
        ) as usual_placed
        where usual_place = 1
    """,
    "steps": f"""
        select
            own_groups.c,
            places.p,
            usual.p as step_from,
            usual.own_days as step_days,
            usual.first_on as step_first_on,
            usual.last_on as step_last_on,
            usual.price as step_price,
            own_groups.group_top_price,
            places.tier is not null and usual.tier is not null as step_by_tier,
            row_number() over (partition by own_groups.c, own_groups.g order by places.place) as place
        from own_groups
            join usual using (c, g)
            join offer_group_places as places using (g)
            anti join offer_histories as own on own.c = own_groups.c and own.p = places.p
        where places.place <= {STEPS_OF_GROUP}
            and own_groups.group_days >= 2
            and places.price > usual.price
            and places.price <= {PAID_BEFORE} * greatest(own_groups.group_top_price, usual.price)
                * (case when places.tier is not null and usual.tier is not null then 2 else 1 end)
            and coalesce(places.tier = usual.tier + 1,
                places.price between {DEARER_FROM} * usual.price and {DEARER_TO} * usual.price)
    """,
}
STEPS_SQL = Steps(_STEPS).sql(
    f"""
select c, p, step_from, step_days, step_first_on, step_last_on, step_price, group_top_price, step_by_tier
from steps
where place <= {OF_GROUP}
order by c, p
"""
)
"""One row a customer and product that would be a step up in price or tier from what the customer usually buys."""


def steps_up(engine: Any) -> pd.DataFrame:
    """What would be a step up for each customer, as of the day that the engine is counted up to."""
    return engine.to_pandas(STEPS_SQL)


VIEWS_SQL = """
select customers.c, products.p, date_diff('day', date '1970-01-01', cast(events.happened_at at time zone 'UTC'
    at time zone $time_zone as date)) as day
from events
    join offer_customers as customers using (customer_id)
    join offer_products as products using (product_id)
where events.happened_at <= $as_of
order by 1, 2, 3
"""


def product_views(crm: Crm, engine: Engine) -> pd.DataFrame:
    """Customer, product and day, as whole numbers, of every look at a product."""
    there = "events" in crm and {"customer_id", "product_id"} <= set(crm.columns("events"))
    if not there:
        return pd.DataFrame({"c": [], "p": [], "day": []}, dtype="int64")
    return engine.to_pandas(VIEWS_SQL, moments(VIEWS_SQL, as_of=crm.as_of, time_zone=crm.time_zone))


GROUP_COLUMNS = ("industry", "company_size", "income_band", "region", "country")
"""By what customers are alike, the most telling first."""

MOST = 60
"""Best sellers kept of each group."""

_SELLERS = {
    "members": "{members}",
    "buyers": """
        select members.value, purchases.c, purchases.p
        from offer_days as purchases join members using (c)
        where purchases.ordered_on <= $cut and purchases.ordered_on > $recent_on
        group by members.value, purchases.c, purchases.p
    """,
    "sizes": "select value, count(distinct c) as group_buyers from buyers group by value",
    "sellers": """
        select value, p, count(*) as buyers, row_number() over (partition by value order by count(*) desc, p) as place
        from buyers
        group by value, p
    """,
}
_SELLERS_SQL = """
select value, p, buyers, group_buyers, place
from sellers join sizes using (value)
where place <= $most and group_buyers >= $least
order by value, place
"""


def group_sellers(
    engine: Engine, column: str, *, day: date, horizon_days: int, min_group: int = MINIMUM_GROUP
) -> pd.DataFrame:
    """The best sellers of the last days by a column of customers, in groups large enough to name."""
    members = "select c, '' as value from offer_customers"
    if column:
        members = (
            f"select c, cast({Engine.quote(column)} as varchar) as value "
            f"from offer_customers join customers using (customer_id) where {Engine.quote(column)} is not null"
        )
    return engine.to_pandas(
        Steps().add(_SELLERS, members=members).sql(_SELLERS_SQL),
        {
            "cut": day,
            "recent_on": day - timedelta(days=horizon_days),
            "least": min_group if column else 1,
            "most": MOST,
        },
    )


def started_share(engine: Engine, *, day: date, horizon_days: int, listed: bool) -> float:
    """Of those who had bought nothing a horizon before a day, the share that has bought since."""
    if not listed:
        return float("nan")
    ((waiting, started),) = engine.rows(
        """
        select count(*), count(case when first_on is not null then 1 end)
        from offer_customers
            join (select customer_id, min(signed_up_on) as since from customers group by customer_id) as people
                using (customer_id)
            left join (select c, min(ordered_on) as first_on from offer_days group by c) as firsts using (c)
        where since <= $then and (first_on is null or first_on > $then)
        """,
        {"then": day - timedelta(days=horizon_days)},
    )
    return float("nan") if waiting < 20 else (started + 0.5) / (waiting + 1)


def people_of(crm: Crm, engine: Engine) -> pd.DataFrame:
    """Every customer, with what offers ask of them: consents, and what groups are made of."""
    asked = (*CONSENTS, *GROUP_COLUMNS)
    present = [name for name in asked if "customers" in crm and name in crm.columns("customers")]
    if not present:
        return engine.to_pandas("select c, customer_id from offer_customers order by c").set_index("c")
    chosen = ", ".join(f"min({name}) as {name}" for name in present)
    return engine.to_pandas(
        f"""
        select c, customer_id, {", ".join(present)}
        from offer_customers left join (
            select customer_id, {chosen} from customers group by customer_id
        ) as listed using (customer_id)
        order by c
        """
    ).set_index("c")


CONSENTS = ("email_consent", "sms_consent", "phone_consent")
"""Columns of customers that say by which channel they may be addressed."""


BOUGHT_SQL = """
select
    customer_id,
    product_id,
    count(bought_at) as order_count,
    cast(sum(net_amount) as double) as net_amount,
    max(bought_at) as last_at
from (
    select
        customer_id,
        product_id,
        order_id,
        sum(net_amount) as net_amount,
        max(case when not is_refund and net_amount > 0 then ordered_at end) as bought_at
    from order_lines
    where ordered_at > $after
    group by customer_id, product_id, order_id
) as products_of_orders
group by customer_id, product_id
having max(bought_at) is not null
order by customer_id, product_id
"""

_BEFORE_ALL = pd.Timestamp("0001-01-01")


def products_bought(crm: Crm, *, after: Any = None, until: Any = None) -> pd.DataFrame:
    """Which customer paid for which product later than one moment and up to another, as known at the later one."""
    if "transactions" not in crm or "customer_id" not in crm.columns("transactions"):
        raise SchemaError(
            "No order line says who bought. Map customer_id in crm.toml under [tables.transactions.columns]."
        )
    zone = crm.time_zone
    begins = _BEFORE_ALL if after is None else closing_moment_of_table(after, time_zone=zone)
    then = crm if until is None else crm.at(until)
    if begins > then.as_of:
        raise ParameterError(
            f"the time ends on {then.as_of:%Y-%m-%d %H:%M}, before it begins on {begins:%Y-%m-%d %H:%M} "
            "(UTC). Give `after` before `until`."
        )
    steps = workspace_steps(then)
    return ask(then, BOUGHT_SQL, steps=steps, after=begins.to_pydatetime())
