"""Service cases with what the customer is worth, cases against sales, orders after cases, and who owns what fails."""

from collections.abc import Sequence

import pandas as pd

from crmlib.measure.steps import Steps, ask, columns_here, local_day, read_table
from crmlib.prepare.clock import day_of
from crmlib.prepare.crm import Crm

AGE_BANDS = (0, 30, 90, 180, 365, 730)
"""Days since the purchase at which the chance of a case may change."""

PRIOR_CASES = 1.0
"""Before its own cases are known a product is like all others, as if one more had been expected and seen."""

RECENT_DAYS = 90
"""A case of so many days ago can still be followed by an offer; `$since_90d` begins with them."""

_CASE = ("case_id", "customer_id", "product_id", "opened_at", "first_response_at", "closed_at", "priority",
         "service_level", "kind", "cost_amount", "reopened_count")  # fmt: skip
_LINE = ("customer_id", "product_id", "ordered_at", "quantity", "net_amount", "cost_amount")
_PRODUCT = ("product_id", "name", "subcategory", "brand", "tier", "unit_price", "launched_on", "retired_on",
            "replaces_product_id")  # fmt: skip
_STEPS = {
    # everything as it was known at each of some moments; `place` counts them
    "service_moments": "{moments}",
    "service_lines": """
        select lines.*, moments.place from ({lines}) as lines
        join service_moments as moments on lines.ordered_at <= moments.until
    """,
    "service_opened": """
        select cases.*, moments.place, moments.until from ({cases}) as cases
        join service_moments as moments on cases.opened_at <= moments.until
    """,
    "service_named": """
        select product_id, coalesce(nullif(trim(name), ''), product_id) as product, subcategory, brand, tier,
            unit_price, launched_on, retired_on, replaces_product_id
        from ({products}) as products
    """,
    "service_worth": """
        select customer_id, ntile(3) over (order by sum(net_amount), customer_id) as value_third
        from service_lines where customer_id is not null group by customer_id
    """,
    "service_sold": """
        select place, product_id, count(*) as lines_sold,
            sum(case when ordered_at >= $since_365d then net_amount - cost_amount end) as margin_365d
        from service_lines where net_amount > 0 and product_id is not null group by place, product_id
    """,
    "service_days": """
        select place, customer_id, product_id, date_diff('day', date '2000-01-01', {ordered_on}) as day,
            count(*) as lines
        from service_lines where net_amount > 0 and customer_id is not null group by 1, 2, 3, 4
    """,
    "service_dated": """
        select *, date_diff('day', date '2000-01-01', {opened_on}) as opened_day,
            date_diff('day', date '2000-01-01', {closed_on}) as closed_day
        from service_opened
    """,
    # orders after a case, and as long after other orders of the same customer
    "service_orders": """
        select customer_id, day, lead(day) over (partition by customer_id order by day) as next_day
        from (select distinct customer_id, day from service_days) as days
    """,
    "service_ended": """
        select dated.case_id, dated.customer_id, dated.opened_day, dated.closed_day, max(orders.day) as last_day
        from service_dated as dated join service_orders as orders
            on dated.customer_id = orders.customer_id and orders.day <= dated.opened_day
        where dated.closed_at <= $until and dated.closed_day + $days <= $today
        group by 1, 2, 3, 4
    """,
    "service_alike": """
        select ended.case_id, ended.customer_id, orders.day, orders.day + ended.closed_day - ended.last_day as from_day
        from service_ended as ended join service_orders as orders
            on ended.customer_id = orders.customer_id and orders.day <> ended.last_day
        where (orders.next_day is null or orders.next_day - orders.day > ended.opened_day - ended.last_day)
            and orders.day + ended.closed_day - ended.last_day + $days <= $today
    """,
    "service_hits": """
        select ended.case_id, ended.customer_id, max(case when later.day is null then 0.0 else 1.0 end) as hit
        from service_ended as ended left join service_orders as later
            on ended.customer_id = later.customer_id and later.day > ended.closed_day
            and later.day <= ended.closed_day + $days
        group by 1, 2
    """,
    "service_usual": """
        select case_id, avg(hit) as usual from (
            select alike.case_id, alike.day, max(case when later.day is null then 0.0 else 1.0 end) as hit
            from service_alike as alike left join service_orders as later
                on alike.customer_id = later.customer_id and later.day > alike.from_day
                and later.day <= alike.from_day + $days
            group by 1, 2
        ) as moments group by case_id
    """,
    # the chance of a case by the age of a purchase, times what the product adds
    "service_bands": " union all ".join(
        f"select {low} as low, {high} as high"
        for low, high in zip(AGE_BANDS, (*AGE_BANDS[1:], 1_000_000), strict=True)
    ),
    "service_caused": """
        select dated.place, dated.case_id, dated.customer_id, dated.product_id, max(days.day) as day,
            dated.opened_day - max(days.day) as age
        from service_dated as dated join service_days as days on dated.place = days.place
            and dated.customer_id = days.customer_id and dated.product_id = days.product_id
            and days.day <= dated.opened_day
        group by dated.place, dated.case_id, dated.customer_id, dated.product_id, dated.opened_day
    """,
    "service_quiet": """
        select days.place, days.product_id, days.lines,
            coalesce(min(caused.age), moments.today - days.day) as quiet_days
        from service_days as days join service_moments as moments on days.place = moments.place
        left join service_caused as caused on days.place = caused.place
            and days.customer_id = caused.customer_id and days.product_id = caused.product_id
            and days.day = caused.day
        where days.product_id is not null
        group by days.place, moments.today, days.customer_id, days.product_id, days.day, days.lines
    """,
    "service_exposed": """
        select quiet.place, quiet.product_id, bands.low,
            sum(quiet.lines * greatest(0, least(quiet.quiet_days, bands.high) - bands.low)) as line_days
        from service_quiet as quiet cross join service_bands as bands group by 1, 2, 3
    """,
    "service_aged": """
        select caused.place, caused.product_id, bands.low, count(*) as cases
        from service_caused as caused join service_bands as bands
            on caused.age >= bands.low and caused.age < bands.high
        group by 1, 2, 3
    """,
    "service_rates": """
        select exposed.place, exposed.product_id, exposed.low, exposed.line_days,
            coalesce(aged.cases, 0) as cases,
            sum(coalesce(aged.cases, 0)) over (partition by exposed.place, exposed.low) / nullif(
                cast(sum(exposed.line_days) over (partition by exposed.place, exposed.low) as double), 0
            ) as rate
        from service_exposed as exposed left join service_aged as aged on exposed.place = aged.place
            and exposed.product_id = aged.product_id and exposed.low = aged.low
    """,
    "service_factors": """
        select place, product_id, (sum(cases) + $prior) / (sum(line_days * coalesce(rate, 0)) + $prior) as factor
        from service_rates group by place, product_id
    """,
    "service_ahead": """
        select days.place, days.customer_id, days.product_id, max(days.day) as last_day,
            sum(days.lines * coalesce(rates.rate, 0) * factors.factor * greatest(0,
                least(moments.today - days.day + $days, bands.high) - greatest(moments.today - days.day, bands.low)
            )) as expected
        from service_days as days join service_moments as moments on days.place = moments.place
        join service_factors as factors on days.place = factors.place and days.product_id = factors.product_id
        cross join service_bands as bands
        join (select distinct place, low, rate from service_rates) as rates
            on rates.place = days.place and rates.low = bands.low
        where factors.factor > 1 group by 1, 2, 3
    """,
    "service_waiting": """
        select place, customer_id, count(*) as open_cases from service_opened
        where closed_at is null or closed_at > until group by place, customer_id
    """,
    "service_reported": """
        select place, customer_id, product_id, max(opened_day) as reported_day from service_dated group by 1, 2, 3
    """,
    "service_later": """
        select moments.place, cases.customer_id, cases.product_id, count(*) as cases_after
        from ({cases}) as cases join service_moments as moments on cases.opened_at > moments.until
        where opened_at <= $as_of and date_diff('day', moments.until_on, {opened_on}) <= $days
        group by moments.place, cases.customer_id, cases.product_id
    """,
}  # fmt: skip
_CASES_SQL = """
select
    cases.case_id, cases.customer_id, cases.product_id, cases.opened_at,
    case when cases.first_response_at <= $until then cases.first_response_at end as first_response_at,
    case when cases.closed_at <= $until then cases.closed_at end as closed_at,
    cases.priority, cases.service_level, cases.kind, cases.cost_amount, cases.reopened_count, worth.value_third
from service_opened as cases left join service_worth as worth on cases.customer_id = worth.customer_id
order by cases.opened_at, cases.case_id
"""
_PRODUCTS_SQL = """
select
    sold.place, sold.product_id, coalesce(named.product, sold.product_id) as product, sold.lines_sold,
    coalesce(opened.cases, 0) as cases, coalesce(opened.customers, 0) as customers, opened.reopened, opened.counted,
    opened.cost_365d, sold.margin_365d
from service_sold as sold
left join service_named as named on sold.product_id = named.product_id
left join (
    select place, product_id, count(*) as cases, count(distinct customer_id) as customers,
        sum(case when reopened_count > 0 then 1 else 0 end) as reopened, count(reopened_count) as counted,
        sum(case when opened_at >= $since_365d then cost_amount end) as cost_365d
    from service_opened group by place, product_id
) as opened on sold.place = opened.place and sold.product_id = opened.product_id
order by sold.place, sold.product_id
"""
_THIRDS_SQL = """
select worth.value_third, count(*) as customers, sum(spent.margin_365d) as margin_365d,
    sum(served.cases_365d) as cases_365d, sum(served.cost_365d) as cost_365d
from service_worth as worth
left join (
    select customer_id, sum(net_amount - cost_amount) as margin_365d from service_lines
    where ordered_at >= $since_365d group by customer_id
) as spent on worth.customer_id = spent.customer_id
left join (
    select customer_id, count(*) as cases_365d, sum(cost_amount) as cost_365d from service_opened
    where opened_at >= $since_365d group by customer_id
) as served on worth.customer_id = served.customer_id
group by worth.value_third order by worth.value_third
"""
_AFTER_SQL = """
select hits.customer_id, count(*) as cases, sum(hits.hit) as hits, sum(usual.usual) as usual
from service_hits as hits join service_usual as usual on hits.case_id = usual.case_id
group by hits.customer_id order by hits.customer_id
"""
_OWNERS_SQL = """
select ahead.place, ahead.customer_id, ahead.product_id, coalesce(named.product, ahead.product_id) as product,
    ahead.last_day, ahead.expected, coalesce(later.cases_after, 0) as cases_after
from service_ahead as ahead
left join service_named as named on ahead.product_id = named.product_id
left join service_waiting as waiting on ahead.place = waiting.place and ahead.customer_id = waiting.customer_id
left join service_later as later on ahead.place = later.place and ahead.customer_id = later.customer_id
    and ahead.product_id = later.product_id
left join service_reported as reported on ahead.place = reported.place
    and ahead.customer_id = reported.customer_id and ahead.product_id = reported.product_id
where ahead.expected > 0 and waiting.customer_id is null
    and (reported.reported_day is null or reported.reported_day < ahead.last_day)
order by ahead.place, ahead.customer_id, ahead.product_id
"""
_LATEST_SQL = """
select place, customer_id, cases_after
from (
    select latest.place, latest.customer_id, coalesce(later.cases_after, 0) as cases_after,
        row_number() over (partition by latest.place order by latest.day desc, latest.customer_id) as turn
    from (
        select place, customer_id, product_id, day,
            row_number() over (partition by place, customer_id order by day desc, product_id) as turn
        from service_days where product_id is not null
    ) as latest
    left join service_waiting as waiting
        on latest.place = waiting.place and latest.customer_id = waiting.customer_id
    left join service_later as later on latest.place = later.place
        and latest.customer_id = later.customer_id and latest.product_id = later.product_id
    left join service_reported as reported on latest.place = reported.place
        and latest.customer_id = reported.customer_id and latest.product_id = reported.product_id
    where latest.turn = 1 and waiting.customer_id is null
        and (reported.reported_day is null or reported.reported_day < latest.day)
) as in_order
where turn <= $most order by place, turn
"""
_FITTING_SQL = """
select asked.customer_id, asked.product_id, coalesce(own.product, asked.product_id) as product,
    other.product_id as offered_id, other.product as offered, other.unit_price as offered_price,
    case when other.replaces_product_id = asked.product_id then 'successor' else 'better' end as why, asked.cases
from (
    select customer_id, product_id, count(*) as cases from service_opened
    where opened_at >= $since_90d and product_id is not null group by customer_id, product_id
) as asked
join service_named as own on asked.product_id = own.product_id
join service_named as other on other.replaces_product_id = asked.product_id
    or (other.subcategory = own.subcategory and other.brand = own.brand and other.tier = own.tier + 1)
where (other.launched_on is null or other.launched_on <= $until_on)
    and (other.retired_on is null or other.retired_on > $until_on)
    and not exists (
        select 1 from service_days as bought
        where bought.customer_id = asked.customer_id and bought.product_id = other.product_id
    )
order by asked.customer_id, asked.product_id, other.product_id
"""
_EPOCH = pd.Timestamp("2000-01-01")


def service_cases(crm: Crm) -> pd.DataFrame:
    """Every case up to the closing moment as it was known then, with the customer's third of spend (3 = most)."""
    cases = _asked(crm, _CASES_SQL)
    for name in ("opened_at", "first_response_at", "closed_at"):
        cases[name] = pd.to_datetime(cases[name])
    for name in ("cost_amount", "reopened_count"):
        cases[name] = cases[name].astype("float64")
    return cases


def cases_by_product(crm: Crm, *, until: Sequence[pd.Timestamp] = ()) -> pd.DataFrame:
    """Cases, the customers who had them, and what they cost, against the order lines sold of each product.

    As it was known at each of some moments, which `place` counts; at the closing one where none is given.
    """
    found = _asked(crm, _PRODUCTS_SQL, until=until)
    return found.astype(dict.fromkeys(("reopened", "counted", "cost_365d", "margin_365d"), "float64"))


def service_by_third(crm: Crm) -> pd.DataFrame:
    """Customers of each third of spend, and what their cases cost against their margin, of the last 365 days."""
    found = _asked(crm, _THIRDS_SQL)
    return found.astype(dict.fromkeys(("margin_365d", "cases_365d", "cost_365d"), "float64"))


def orders_after_cases(crm: Crm, *, days: int) -> pd.DataFrame:
    """By customer: cases whose days after the end are over, how many brought an order in them, how many would have.

    `usual` adds up, over the cases, the share of the customer's other orders that were followed by one as long
    after them as the case's end was after the order before it.
    """
    found = _asked(crm, _AFTER_SQL, days=days)
    return found.astype({"hits": "float64", "usual": "float64"})


def owners_of_products(crm: Crm, *, days: int, until: Sequence[pd.Timestamp] = ()) -> pd.DataFrame:
    """By `place` of a moment, customer and product that fails more often: cases expected in the days after, and come.

    Who has an open case, or has had one about the product since it was last bought, is in touch with us already.
    """
    found = _asked(crm, _OWNERS_SQL, until=until, days=days, prior=PRIOR_CASES)
    found["bought_on"] = (_EPOCH + pd.to_timedelta(found.pop("last_day"), unit="D")).astype("datetime64[us]")
    return found.astype({"expected": "float64"})


def latest_buyers(crm: Crm, *, days: int, until: Sequence[pd.Timestamp], most: int) -> pd.DataFrame:
    """Who bought last, whatever it was, and the cases about it that came in the days after each of some moments."""
    return _asked(crm, _LATEST_SQL, until=until, days=days, most=most)


def offers_for_cases(crm: Crm) -> pd.DataFrame:
    """By customer and product of a case of the last 90 days: what replaces it or is one better, not yet bought."""
    return _asked(crm, _FITTING_SQL).astype({"offered_price": "float64"})


def _asked(crm: Crm, question: str, *, until: Sequence[pd.Timestamp] = (), **values: object) -> pd.DataFrame:
    """The answer as it was known at some moments, the closing one where none is given."""
    here = columns_here(crm, "service_cases", "transactions", "products")
    at = ("until", "until_on", "today")
    given: dict[str, object] = {}
    for place, moment in enumerate(until or [crm.as_of]):
        day = day_of(moment, time_zone=crm.time_zone)
        for name, value in zip(at, (moment.to_pydatetime(), day.date(), (day - _EPOCH).days), strict=True):
            given[f"{name}_{place}"] = value
            given.setdefault(name, value)
    words = {
        "cases": read_table(here, "service_cases", _CASE),
        "lines": read_table(here, "transactions", _LINE),
        "products": read_table(here, "products", _PRODUCT),
        "moments": " union all ".join(
            f"select {place} as place, " + ", ".join(f"${name}_{place} as {name}" for name in at)
            for place in range(max(len(until), 1))
        ),
        **{f"{name}_on": local_day(f"{name}_at") for name in ("opened", "closed", "ordered")},
    }
    return ask(crm, question.format(**words), steps=Steps().add(_STEPS, **words), **given, **values)
