"""The sample company: drawn from known truths, written as raw exports, the truth kept apart."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from crmlib.sample.aftercare import make_cases, make_events, make_feedback
from crmlib.sample.customers import make_contacts, make_customers, make_relations, make_twins
from crmlib.sample.deals import Deals, make_deal_contacts, make_deals
from crmlib.sample.lots import lots
from crmlib.sample.orders import make_baskets, make_lines, make_orders
from crmlib.sample.plans import make_plans
from crmlib.sample.products import make_products
from crmlib.sample.staff import make_campaign_contacts, make_campaigns, make_employees
from crmlib.sample.touches import make_other_touches, make_touches
from crmlib.schema.errors import ParameterError

SELLERS = [f"E{i:02d}" for i in range(1, 25)]


@dataclass(frozen=True, kw_only=True)
class Company:
    """Everything that happened, and what was not seen by anybody.

    Attributes
    ----------
    products, employees, campaigns, members, customers, twins, contacts, relations, deal_contacts, ties, touches, \
next_steps, orders, months, lines, rules, events, cases, feedback, plans : DataFrame
        See the functions of this package that make them. Days are counted from the start of the history.
    deals : Deals

    Examples
    --------
    >>> company = make_company(scale=0.02)
    >>> len(company.customers), len(company.deals.table), len(company.months)
    (60, 160, 36)
    """

    products: pd.DataFrame
    employees: pd.DataFrame
    campaigns: pd.DataFrame
    members: pd.DataFrame
    customers: pd.DataFrame
    twins: pd.DataFrame
    contacts: pd.DataFrame
    relations: pd.DataFrame
    deals: Deals
    deal_contacts: pd.DataFrame
    ties: pd.DataFrame
    touches: pd.DataFrame
    next_steps: pd.DataFrame
    orders: pd.DataFrame
    months: pd.DataFrame
    lines: pd.DataFrame
    rules: pd.DataFrame
    events: pd.DataFrame
    cases: pd.DataFrame
    feedback: pd.DataFrame
    plans: pd.DataFrame


def make_company(*, seed: int = 1, scale: float = 1.0) -> Company:
    """Draw the whole company; the same seed and scale give the same one, on every machine.

    Parameters
    ----------
    seed : int, 0 or more
    scale : float
        1: some 3,000 customers, 8,000 deals, 60,000 order lines. At least 0.01.

    Raises
    ------
    ParameterError
        If seed or scale is out of range.

    Examples
    --------
    >>> make_company(scale=0)
    Traceback (most recent call last):
    ...
    crmlib.schema.errors.ParameterError: scale is 0: give a number from 0.01 to 100.
    """
    if not 0.01 <= scale <= 100:
        raise ParameterError(f"scale is {scale}: give a number from 0.01 to 100.")
    if seed < 0:
        raise ParameterError(f"seed is {seed}: give a whole number, 0 or more.")
    products, employees, campaigns = make_products(seed=seed), make_employees(seed=seed), make_campaigns()
    customers = make_customers(seed=seed, scale=scale, owners=SELLERS, campaigns=campaigns)
    twins = make_twins(customers, seed=seed)
    contacts = make_contacts(customers, seed=seed)
    members = make_campaign_contacts(customers, campaigns, seed=seed)
    deals = make_deals(customers, products, campaigns, SELLERS, seed=seed, scale=scale)
    deal_contacts, ties = make_deal_contacts(deals.table, contacts, seed=seed)
    deals = _under_either_number(deals, twins, seed=seed)
    touches, next_steps = make_touches(deals, deal_contacts, contacts, seed=seed)
    orders, months = make_orders(customers, members, seed=seed, scale=scale)
    baskets, rules = make_baskets(orders, customers, products, seed=seed)
    lines = make_lines(orders, baskets, customers, products, seed=seed)
    cases = make_cases(lines, customers, products, seed=seed)
    others = make_other_touches(members, cases, seed=seed)
    return Company(
        products=products,
        employees=employees,
        campaigns=campaigns,
        members=_responses(members, orders, customers),
        customers=customers,
        twins=twins,
        contacts=contacts,
        relations=make_relations(customers, seed=seed),
        deals=deals,
        deal_contacts=deal_contacts,
        ties=ties,
        touches=_in_order(pd.concat([touches, others], ignore_index=True)),
        next_steps=next_steps,
        orders=orders,
        months=months,
        lines=lines,
        rules=rules,
        events=make_events(lines, customers, products, seed=seed),
        cases=cases,
        feedback=make_feedback(lines, customers, products, seed=seed),
        plans=make_plans(_lines_to_plan(lines, customers, products), deals.table, seed=seed),
    )


def _under_either_number(deals: Deals, twins: pd.DataFrame, *, seed: int) -> Deals:
    """Half of the deals of customers recorded twice stand under the second number."""
    rng = lots(seed, "twin deals")
    second = deals.table["customer_id"].map(twins.set_index("twin_of")["customer_id"])
    taken = second.notna().to_numpy() & (rng.random(len(second)) < 0.5)
    return replace(
        deals, table=deals.table.assign(customer_id=deals.table["customer_id"].mask(taken, second))
    )


def _responses(members: pd.DataFrame, orders: pd.DataFrame, customers: pd.DataFrame) -> pd.DataFrame:
    """The day on which each answered: that of the order which the campaign brought; -1: never."""
    brought = orders[orders["campaign_id"] != ""]
    ids = customers["customer_id"].to_numpy()[brought["customer"].to_numpy()]
    answered = {
        (campaign, who): (day, minute)
        for campaign, who, day, minute in zip(
            brought["campaign_id"], ids, brought["day"], brought["minute"], strict=True
        )
    }
    found = [
        answered.get(key, (-1, 0)) for key in zip(members["campaign_id"], members["customer_id"], strict=True)
    ]
    return members.assign(
        answered_day=[day for day, _ in found], answered_minute=[minute for _, minute in found]
    )


def _in_order(touches: pd.DataFrame) -> pd.DataFrame:
    table = touches.sort_values(["day", "minute"], ignore_index=True, kind="stable")
    table.insert(0, "interaction_id", [f"I{500_001 + i}" for i in range(len(table))])
    return table


def _lines_to_plan(lines: pd.DataFrame, customers: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    goods = products.iloc[lines["product"].to_numpy()]
    who = customers.iloc[lines["customer"].to_numpy()]
    return lines.assign(
        all="total",
        region=who["region"].to_numpy(),
        customer_id=who["customer_id"].to_numpy(),
        department=goods["department"].to_numpy(),
        category=goods["category"].to_numpy(),
        product_id=goods["product_id"].to_numpy(),
        employee_id=np.where(lines["employee_id"] == "", "", lines["employee_id"]),
    )
