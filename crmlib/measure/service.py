"""Service cases with what the customer is worth, and cases against sales by product."""

import pandas as pd

from crmlib.measure.steps import Steps, ask, columns_here, read_table
from crmlib.prepare.crm import Crm

_CASE = ("case_id", "customer_id", "product_id", "opened_at", "first_response_at", "closed_at", "priority",
         "service_level", "kind", "cost_amount", "reopened_count")  # fmt: skip
_LINE = ("customer_id", "product_id", "ordered_at", "quantity", "net_amount")
_STEPS = {
    "service_lines": "select * from ({lines}) as lines where ordered_at <= $as_of",
    "service_opened": "select * from ({cases}) as cases where opened_at <= $as_of",
    "service_worth": """
        select customer_id, ntile(3) over (order by sum(net_amount), customer_id) as value_third
        from service_lines where customer_id is not null group by customer_id
    """,
    "service_sold": """
        select product_id, count(*) as lines_sold from service_lines
        where net_amount > 0 and product_id is not null group by product_id
    """,
}
_CASES_SQL = """
select
    cases.case_id, cases.customer_id, cases.product_id, cases.opened_at,
    case when cases.first_response_at <= $as_of then cases.first_response_at end as first_response_at,
    case when cases.closed_at <= $as_of then cases.closed_at end as closed_at,
    cases.priority, cases.service_level, cases.kind, cases.cost_amount, cases.reopened_count, worth.value_third
from service_opened as cases left join service_worth as worth on cases.customer_id = worth.customer_id
order by cases.opened_at, cases.case_id
"""
_PRODUCTS_SQL = """
select
    sold.product_id, sold.lines_sold, coalesce(opened.cases, 0) as cases, coalesce(opened.customers, 0) as customers
from service_sold as sold left join (
    select product_id, count(*) as cases, count(distinct customer_id) as customers
    from service_opened group by product_id
) as opened on sold.product_id = opened.product_id
order by sold.product_id
"""


def service_cases(crm: Crm) -> pd.DataFrame:
    """Every case up to the closing moment as it was known then, with the customer's third of spend (3 = most)."""
    cases = ask(crm, _CASES_SQL, steps=_steps(crm))
    for name in ("opened_at", "first_response_at", "closed_at"):
        cases[name] = pd.to_datetime(cases[name])
    for name in ("cost_amount", "reopened_count"):
        cases[name] = cases[name].astype("float64")
    return cases


def cases_by_product(crm: Crm) -> pd.DataFrame:
    """Cases, and the customers who had them, against the order lines sold of each product."""
    return ask(crm, _PRODUCTS_SQL, steps=_steps(crm))


def _steps(crm: Crm) -> Steps:
    here = columns_here(crm, "service_cases", "transactions")
    tables = {
        "cases": read_table(here, "service_cases", _CASE),
        "lines": read_table(here, "transactions", _LINE),
    }
    return Steps().add(_STEPS, **tables)
