"""What each customer costs besides the goods: service, contacts, campaigns."""

from collections.abc import Mapping

import pandas as pd

from crmlib.measure.indicators.parts import customer_parts, of_orders
from crmlib.measure.indicators.settled import workspace_steps
from crmlib.measure.steps import Steps, ask, columns_here, local_day, moments
from crmlib.prepare.crm import Crm
from crmlib.prepare.engine import require_columns
from crmlib.schema.errors import SchemaError


def _summed(column: str, *, table: str, at: str) -> str:
    """Question for the sum of a column by customer, ever and in the last year."""
    return f"""
select
    customer_id,
    sum(cast({column} as decimal(18, 4))) as total,
    sum(cast({column} as decimal(18, 4))) filter (
        where date_diff('day', {local_day(at)}, $as_of_on) < 365
    ) as year
from {table}
where {at} <= $as_of and {column} is not null
group by customer_id
order by customer_id
"""


_SERVICE_SQL = _summed("cost_amount", table="service_cases", at="opened_at")
_CONTACT_SQL = _summed("duration_minutes", table="interactions", at="happened_at")
_SHARES = {
    "contacted": """
        select campaign_id, customer_id, {contacted_on} as contacted_on
        from campaign_contacts
        where not coalesce({is_control}, false)
    """,
    "reached": """
        select campaign_id, customer_id, coalesce(contacted_on, {started_on}) as contacted_on, cost_amount
        from contacted join campaigns using (campaign_id)
        where coalesce(coalesce(contacted_on, {started_on}) <= $as_of_on, true) and cost_amount is not null
    """,
    "shares": """
        select
            customer_id,
            contacted_on,
            cast(cost_amount / count(*) over (partition by campaign_id) as decimal(18, 6)) as cost_share
        from reached
    """,
}
_SHARES_SQL = """
select
    customer_id,
    sum(cost_share) as total,
    sum(cost_share) filter (where date_diff('day', contacted_on, $as_of_on) < 365) as year
from shares
group by customer_id
order by customer_id
"""


def serving_costs(crm: Crm, *, hourly_cost: float | None = None) -> pd.DataFrame:
    """Cost to serve of every customer, from the records that are there."""
    columns = columns_here(crm)
    parts, counted, not_counted = [], [], {}
    for kind, needs, sql, rate in (
        ("service cases", {"service_cases": "cost_amount"}, _SERVICE_SQL, 1.0),
        ("contacts", {"interactions": "duration_minutes"}, _CONTACT_SQL, (hourly_cost or 0) / 60),
        (
            "campaigns",
            {"campaigns": "cost_amount", "campaign_contacts": "customer_id"},
            _campaign_sql(columns),
            1.0,
        ),
    ):
        reason = why_missing(columns, needs)
        if not reason and kind == "contacts" and hourly_cost is None:
            reason = "No cost of an hour is given (hourly_cost)."
        if reason:
            not_counted[kind] = reason
            continue
        table = ask(crm, sql)
        parts.append(table.set_index("customer_id").astype("float64").fillna(0.0) * rate)
        counted.append(kind)
    frame = _added(parts)
    frame.attrs = {"counted": counted, "not_counted": not_counted}
    return frame


def why_missing(columns: Mapping[str, list[str]], needs: Mapping[str, str]) -> str:
    """Which table or column is not there, and how to bring it; nothing where all are."""
    for table, column in needs.items():
        if table not in columns:
            return f"There is no table {table}. Add it to crm.toml as [tables.{table}]."
        if column not in columns[table]:
            return f"{table} has no column {column}. Map it in crm.toml under [tables.{table}.columns]."
    return ""


def _campaign_sql(columns: Mapping[str, list[str]]) -> str:
    contacts, campaigns = columns.get("campaign_contacts", []), columns.get("campaigns", [])
    steps = Steps().add(
        _SHARES,
        contacted_on="contacted_on" if "contacted_on" in contacts else "cast(null as date)",
        is_control="is_control" if "is_control" in contacts else "cast(null as boolean)",
        started_on="started_on" if "started_on" in campaigns else "cast(null as date)",
    )
    return steps.sql(_SHARES_SQL)


def _added(parts: list[pd.DataFrame]) -> pd.DataFrame:
    names = {"total": "serving_cost_total", "year": "serving_cost_365d"}
    if not parts:
        index = pd.Index([], dtype="str", name="customer_id")
        return pd.DataFrame({name: pd.Series(dtype="float64") for name in names.values()}, index=index)
    everyone = parts[0].index
    for part in parts[1:]:
        everyone = everyone.union(part.index)
    everyone = everyone.sort_values()
    added = parts[0].reindex(everyone, fill_value=0.0)
    for part in parts[1:]:
        added = added + part.reindex(everyone, fill_value=0.0)
    return added.rename(columns=names).rename_axis("customer_id")


_SPEND_SQL = """
select customer_id, category, cast(sum(net_amount) as double) as spend
from lines
where category is not null and age_days < $days
group by customer_id, category
having sum(net_amount) > 0
order by customer_id, category
"""

_SOLD_SQL = """
select count(distinct category) as categories
from lines
where category is not null and net_amount > 0
"""


def category_spend(crm: Crm, *, days: int = 365) -> pd.DataFrame:
    """Net spend of every customer in every category, in the last days before the closing moment; both as categories."""
    require_columns(crm.table("products"), ["category"], table_name="products")
    crm.table("transactions")
    parts = of_orders(customer_parts(crm))
    steps = workspace_steps(crm, "transactions", "products", part=bool(parts))
    sql = steps.sql(_SPEND_SQL)
    values = moments(sql, as_of=crm.as_of, time_zone=crm.time_zone) | {"days": int(days)}
    asked, coded = [values | part for part in parts or [{}]], ("customer_id", "category")
    spend = crm.engine.to_pandas_by_parts(sql, asked, order_by="customer_id", coded=coded)
    steps = workspace_steps(crm, "transactions", "products")
    spend.attrs["categories_sold"] = int(ask(crm, _SOLD_SQL, steps=steps)["categories"].item())
    return spend


REPEAT_DAYS = 90
"""A purchase is repeated when the next one follows within so many days."""

_RHYTHM = {
    "bought_days": """
        select customer_id, ordered_on, min(age_days) as age_days
        from orders
        where is_purchase
        group by customer_id, ordered_on
    """,
    "spaced_days": """
        select
            customer_id,
            age_days,
            lag(age_days) over (partition by customer_id order by ordered_on) - age_days as gap_days,
            age_days - lead(age_days) over (partition by customer_id order by ordered_on) as next_gap_days,
            max(age_days) over (partition by customer_id) as tenure_days
        from bought_days
    """,
    "own_rhythms": """
        select
            customer_id,
            count(*) as purchase_day_count,
            count(gap_days) as gap_count,
            percentile_cont(0.5) within group (order by gap_days) as own_gap_days,
            max(tenure_days) as tenure_days,
            min(age_days) as recency_days
        from spaced_days
        group by customer_id
    """,
    "house_rhythm": """
        select percentile_cont(0.5) within group (order by own_gap_days) as house_gap_days
        from own_rhythms
        where gap_count >= 2
    """,
    "rhythms": """
        select
            customer_id,
            purchase_day_count,
            tenure_days,
            recency_days,
            case when gap_count >= 2 then own_gap_days else house_gap_days end as usual_gap_days
        from own_rhythms cross join house_rhythm
    """,
    "slots": """
        select
            customer_id,
            sum(greatest(floor(gap_days / usual_gap_days + 0.5) - 1, 0)) as missed_between,
            count(*) filter (where age_days >= $repeat_days) as could_repeat_count,
            count(*) filter (where age_days >= $repeat_days and next_gap_days <= $repeat_days) as repeated_count,
            count(*) filter (
                where gap_days is not null and 2 * (spaced_days.tenure_days - age_days) <= spaced_days.tenure_days
            ) as earlier_count,
            count(*) filter (
                where gap_days is not null and 2 * (spaced_days.tenure_days - age_days) > spaced_days.tenure_days
            ) as recent_count
        from spaced_days join rhythms using (customer_id)
        group by customer_id
    """,
}
_HABITS_SQL = """
select
    customer_id,
    purchase_day_count,
    tenure_days,
    recency_days,
    usual_gap_days,
    coalesce(missed_between, 0)
        + greatest(floor(recency_days / usual_gap_days + 0.5) - 1, 0) as missed_count,
    could_repeat_count,
    repeated_count,
    earlier_count,
    recent_count
from rhythms join slots using (customer_id)
order by customer_id
"""


def buying_habits(crm: Crm) -> pd.DataFrame:
    """How often, how evenly and how lately each customer has come, counted in purchase days.

    Several orders of one day are one purchase. What a purchase is, the indicators say.
    """
    crm.table("transactions")
    steps = workspace_steps(crm, "transactions").add(_RHYTHM)
    return ask(crm, _HABITS_SQL, steps=steps, repeat_days=REPEAT_DAYS).set_index("customer_id")


_INVOICES = {
    "credit_terms": "{terms}",
    "invoices": """
        select
            customer_id,
            kept_amount,
            coalesce(due_on, ordered_on + payment_terms_days) as due_on,
            paid_on
        from orders left join credit_terms using (customer_id)
        where is_purchase
    """,
    "judged_invoices": """
        select
            *,
            paid_on is null as is_open,
            paid_on is null and due_on < $as_of_on as is_overdue,
            case
                when paid_on is not null then greatest(date_diff('day', due_on, paid_on), 0)
                when due_on < $as_of_on then date_diff('day', due_on, $as_of_on)
            end as days_late
        from invoices
        where due_on is not null
    """,
    "invoice_totals": """
        select
            customer_id,
            count(*) as invoice_count,
            count(days_late) as judged_count,
            count(*) filter (where days_late > 0) as late_count,
            coalesce(sum(days_late), 0) as late_days,
            max(days_late) as days_late_max,
            coalesce(sum(kept_amount) filter (where is_open), 0) as open_amount,
            coalesce(sum(kept_amount) filter (where is_overdue), 0) as overdue_amount,
            coalesce(max(days_late) filter (where is_overdue), 0) as overdue_days
        from judged_invoices
        group by customer_id
    """,
}
_TOTALS_SQL = """
select
    customer_id,
    invoice_count,
    judged_count,
    late_count,
    cast(late_days as bigint) as late_days,
    days_late_max,
    open_amount,
    overdue_amount,
    overdue_days,
    credit_limit
from invoice_totals left join credit_terms using (customer_id)
order by customer_id
"""


def invoice_totals(crm: Crm) -> pd.DataFrame:
    """Invoices of every customer, as they stand at the closing moment.

    An order that is a purchase and has a due date is an invoice; its amount is what is left of it after
    refunds. It is paid on the day its last line is; a payment after the closing moment is not known yet, so
    the invoice is open. Without `due_on` it falls due `payment_terms_days` after the order.
    """
    require_columns(crm.table("transactions"), ["paid_on"], table_name="transactions")
    columns = columns_here(crm, "transactions", "customers")
    known = columns.get("customers", [])
    if "due_on" not in columns["transactions"] and "payment_terms_days" not in known:
        raise SchemaError(
            "transactions has no column due_on. Map it in crm.toml under [tables.transactions.columns], or "
            "payment_terms_days under [tables.customers.columns]."
        )
    steps = workspace_steps(crm, "transactions", "customers").add(_INVOICES, terms=_terms(known))
    return ask(crm, _TOTALS_SQL, steps=steps).set_index("customer_id")


def _terms(known: list[str]) -> str:
    wanted = {"payment_terms_days": "integer", "credit_limit": "decimal(18, 4)"}
    read = [f"cast({name if name in known else 'null'} as {kind}) as {name}" for name, kind in wanted.items()]
    if "customer_id" not in known:
        return f"select cast(null as varchar) as customer_id, {', '.join(read)} where false"
    return f"select customer_id, {', '.join(read)} from customers"
