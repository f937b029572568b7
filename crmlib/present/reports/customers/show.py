"""Key figures and tables of the report on customers."""

from typing import Any

import pandas as pd

from crmlib.analyse.customers.profile import CustomerProfile, late_customers
from crmlib.measure.columns import label_of
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures, Picture, Prose, Skipped
from crmlib.present.blocks.downloads import about_workspace
from crmlib.present.reports.customers.draw import plot_groups
from crmlib.present.words import percent, sentence
from crmlib.schema.states import DORMANT, LATE_TIMES, LOST, spoken


def profile_figures(profile: CustomerProfile) -> KeyFigures:
    """Customers, orders, sales, return of customers and what a customer spends; the index shows them too.

    Parameters
    ----------
    profile : CustomerProfile

    Returns
    -------
    KeyFigures
    """
    totals = profile.totals
    anonymous = totals["anonymous_share_pct"] or 0
    return KeyFigures(
        KeyFigure(label="Customers", value=totals["customers"], better="higher", note="with a purchase"),
        KeyFigure(label="Orders", value=totals["orders"], better="higher"),
        KeyFigure(
            label="Net sales",
            value=totals["net_sales"],
            unit=profile.currency,
            better="higher",
            note=f"{percent(anonymous)} without a customer" if anonymous >= 0.1 else "",
        ),
        KeyFigure(
            label="Came back",
            value=totals["repeat_share_pct"],
            unit="%",
            better="higher",
            note="ordered at least twice",
        ),
        KeyFigure(
            label="Spend of a customer",
            value=totals["spend_median"],
            unit=profile.currency,
            better="higher",
            note="median",
        ),
        KeyFigure(
            label="Spend of the top fifth", value=totals["top_fifth_share_pct"], unit="%", note="of all spend"
        ),
        index=True,
    )


def types_table(profile: CustomerProfile) -> DataTable:
    """Customer types: how many, and what they bring.

    Parameters
    ----------
    profile : CustomerProfile

    Returns
    -------
    DataTable
    """
    frame = _named(profile).drop(columns=["says", "action"])
    return DataTable(
        frame.rename(
            columns={
                "spend_total": "spend_of_group",
                "recency_days": "recency_days_median",
                "order_count": "order_count_median",
                "basket_value": "basket_value_median",
            }
        ),
        name="customer_types",
        caption="Customer types, the most spend first",
        currency=profile.currency,
    )


def actions_table(profile: CustomerProfile) -> DataTable:
    """Who the customers of each type are; what to do where a type of the workspace's own says so.

    Parameters
    ----------
    profile : CustomerProfile

    Returns
    -------
    DataTable
    """
    frame = _named(profile)[["customer_type", "customers", "says", "action"]]
    advised = bool(frame["action"].fillna("").str.strip().any())
    return DataTable(
        (frame if advised else frame.drop(columns="action")).rename(columns={"says": "who"}),
        name="who_they_are",
        caption="Who they are, and what to do" if advised else "Who they are",
        download=False,
    )


def call_list(crm: Any, profile: CustomerProfile) -> DataTable:
    """The customers who are late and still buy by their state, most spend first.

    Parameters
    ----------
    crm : Crm
    profile : CustomerProfile

    Returns
    -------
    DataTable
    """
    return DataTable(
        late_customers(crm, profile),
        name="customers_to_call",
        caption=f"Customers who have not bought for {spoken(LATE_TIMES)} their usual gap and are neither {DORMANT} nor "
        f"{LOST}, most spend first",
        currency=profile.currency,
        rows=10,
        excel=True,
        about=about_workspace(crm),
    )


def months_table(profile: CustomerProfile) -> DataTable:
    """Sales month by month.

    Parameters
    ----------
    profile : CustomerProfile

    Returns
    -------
    DataTable
    """
    months = profile.months
    frame = pd.DataFrame(
        {
            "month": [f"{month:%Y-%m}" for month in months["month"]],
            "net_sales": months["net_sales"],
            "orders": months["orders"],
            "customers": months["customers"],
            "order_value": months["net_sales"] / months["orders"].where(months["orders"] > 0),
            "complete": months["complete"],
        }
    )
    return DataTable(
        frame,
        name="sales_by_month",
        caption="Sales by month",
        currency=profile.currency,
    )


def indicators_table(profile: CustomerProfile) -> DataTable:
    """Every indicator that is a number: what it is, and how it lies over the customers.

    Parameters
    ----------
    profile : CustomerProfile

    Returns
    -------
    DataTable
    """
    frame = profile.summary.reset_index()
    frame.insert(0, "label", [label_of(name) for name in frame["indicator"]])
    frame = frame[["label", "unit", "low", "median", "high", "known_pct", "says", "indicator"]]
    return DataTable(
        frame.rename(columns={"low": "tenth_low", "high": "tenth_high"}),
        name="indicators",
        caption="Indicators of the customers who bought",
        rows=10,
    )


def groups_picture(profile: CustomerProfile) -> Picture | Skipped:
    """Spend by the groups that differ most, or that nothing is known of them.

    Parameters
    ----------
    profile : CustomerProfile

    Returns
    -------
    Picture, or Skipped where nothing is known
    """
    if profile.groups.empty:
        return Skipped("Customers by region, size or age.", table="customers")
    return Picture(plot_groups(profile))


def groups_table(profile: CustomerProfile) -> DataTable | Prose:
    """Customers by what is known of them; sensitive values only in groups that are large enough.

    Parameters
    ----------
    profile : CustomerProfile

    Returns
    -------
    DataTable, or an empty Prose where nothing is known
    """
    if profile.groups.empty:
        return Prose()
    frame = profile.groups.assign(field=[label_of(name) for name in profile.groups["field"]])
    return DataTable(
        frame.rename(columns={"value": "trait_value", "share_pct": "listed_share_pct"}),
        name="customer_groups",
        caption="Customers by what is known of them",
        currency=profile.currency,
        rows=20,
    )


def _named(profile: CustomerProfile) -> pd.DataFrame:
    frame = profile.type_table.reset_index()
    return frame.assign(customer_type=[sentence(name)[:-1] for name in frame["customer_type"]])
