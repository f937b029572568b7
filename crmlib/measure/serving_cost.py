"""What each customer costs besides the goods: service, contacts, campaigns."""

from collections.abc import Mapping

import pandas as pd

from crmlib.measure.steps import Steps, ask, columns_here, local_day
from crmlib.prepare.crm import Crm

_SERVICE_SQL = f"""
select
    customer_id,
    sum(cast(cost_amount as decimal(18, 4))) as total,
    sum(cast(cost_amount as decimal(18, 4))) filter (
        where date_diff('day', {local_day("opened_at")}, $as_of_on) < 365
    ) as year
from service_cases
where opened_at <= $as_of and cost_amount is not null
group by customer_id
order by customer_id
"""
_CONTACT_SQL = f"""
select
    customer_id,
    sum(cast(duration_minutes as decimal(18, 4))) as total,
    sum(cast(duration_minutes as decimal(18, 4))) filter (
        where date_diff('day', {local_day("happened_at")}, $as_of_on) < 365
    ) as year
from interactions
where happened_at <= $as_of and duration_minutes is not null
group by customer_id
order by customer_id
"""
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
    """Cost to serve of every customer, from the records that are there.

    Parameters
    ----------
    crm : Crm
        `service_cases` with `cost_amount`; `interactions` with `duration_minutes`, where `hourly_cost` is
        given; `campaigns` with `cost_amount` and `campaign_contacts`: a campaign's cost is shared evenly by
        the customers in it, those held out for comparison left aside.
    hourly_cost : float, optional
        What an hour of our people costs, in account currency. Without it their time is not counted.

    Returns
    -------
    DataFrame indexed by customer_id, sorted; customers with any such cost
        `serving_cost_total`, `serving_cost_365d` (account currency). ``attrs["counted"]`` names what was
        counted, ``attrs["not_counted"]`` says why the rest was not.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> cases = pd.DataFrame({"case_id": ["1", "2"], "customer_id": ["ann", "ann"], "cost_amount": [30.0, 12.0],
    ...                       "opened_at": ["2024-01-05", "2022-01-05"]})
    >>> serving_costs(Crm.from_frames(as_of="2024-01-31", service_cases=cases))
                 serving_cost_total  serving_cost_365d
    customer_id
    ann                        42.0               30.0
    """
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
    """Which table or column is not there, and how to bring it; nothing where all are.

    Parameters
    ----------
    columns : table name -> the columns it has in this workspace
    needs : table name -> a column that it must have

    Returns
    -------
    str

    Examples
    --------
    >>> why_missing({"products": ["product_id"]}, {"products": "category"})
    'products has no column category. Map it in crm.toml under [tables.products.columns].'
    >>> why_missing({}, {"products": "category"})
    'There is no table products. Add it to crm.toml as [tables.products].'
    """
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
