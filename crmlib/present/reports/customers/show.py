"""Key figures and tables of the report on customers."""

import pandas as pd

from crmlib.analyse.customers.profile import CustomerProfile, late_customers
from crmlib.measure.columns import label_of
from crmlib.prepare.crm import Crm
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures, Picture, Prose
from crmlib.present.claims import STATE_WORDS, claim, money, share, times
from crmlib.present.reports.customers.draw import plot_groups
from crmlib.present.reports.customers.say import (
    TYPE_SAYS,
    buyers_of,
    came_back,
    orders_of,
    sales_of,
    top_share,
    type_noun,
)
from crmlib.schema.states import DORMANT, LATE_TIMES, LOST


def profile_figures(profile: CustomerProfile) -> KeyFigures:
    """Customers, orders, sales, return of customers and what a customer spends; the index shows them too."""
    anonymous = profile.totals["anonymous_share_pct"] or 0
    without = claim("customers-figure-anonymous", share=share(anonymous)) if anonymous >= 0.1 else ""
    spend = money(profile.totals["spend_median"], profile.currency, at="customers.spend_median")
    return KeyFigures(
        KeyFigure(
            claim("customers-figure-customers"),
            buyers_of(profile),
            better="higher",
            note=claim("customers-figure-with-purchase"),
        ),
        KeyFigure(claim("customers-figure-orders"), orders_of(profile), better="higher"),
        KeyFigure(claim("customers-figure-sales"), sales_of(profile), better="higher", note=without),
        KeyFigure(
            claim("customers-figure-back"),
            came_back(profile),
            better="higher",
            note=claim("customers-figure-twice"),
        ),
        KeyFigure(
            claim("customers-figure-spend"), spend, better="higher", note=claim("customers-figure-median")
        ),
        KeyFigure(
            claim("customers-figure-fifth"), top_share(profile), note=claim("customers-figure-of-spend")
        ),
        index=True,
    )


def types_table(profile: CustomerProfile) -> DataTable:
    """Customer types: who they are, how many, and what they bring; what to do where a type of your own says so.

    Of a type with fewer customers than a group that may be shown, only how many they are.
    """
    frame = profile.type_table.reset_index()
    small = frame["customers"] < profile.min_group
    figures = ["recency_days", "order_count", "basket_value", "spend_total"]
    frame[figures] = frame[figures].mask(small, axis=0)
    named = zip(frame["customer_type"], frame["says"].fillna(""), strict=True)
    frame["says"] = [
        given or (str(TYPE_SAYS.term(one)) if one in TYPE_SAYS.members else "") for one, given in named
    ]
    frame = frame.assign(customer_type=[str(type_noun(one)) for one in frame["customer_type"]])
    advised = bool(frame["action"].fillna("").str.strip().any())
    frame = frame if advised else frame.drop(columns="action")
    shown = frame.rename(
        columns={
            "spend_total": "spend_of_group",
            "recency_days": "recency_days_median",
            "order_count": "order_count_median",
            "basket_value": "basket_value_median",
            "says": "who",
        }
    )
    return DataTable(shown, "customer_types", claim("customers-table-types"), currency=profile.currency)


def call_list(crm: Crm, profile: CustomerProfile) -> DataTable:
    """The customers who are late and still buy by their state, most spend first."""
    shown = late_customers(crm, profile)
    dormant = STATE_WORDS.term(DORMANT)
    lost = STATE_WORDS.term(LOST)
    caption = claim("customers-table-call", times=times(LATE_TIMES), dormant=dormant, lost=lost)
    return DataTable(shown, "customers_to_call", caption, currency=profile.currency, rows=6, about=crm)


def months_table(profile: CustomerProfile) -> DataTable:
    """Sales month by month."""
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
    return DataTable(frame, "sales_by_month", claim("customers-table-months"), currency=profile.currency)


def indicators_table(profile: CustomerProfile) -> DataTable:
    """Every indicator that is a number: what it is, and how it lies over the customers."""
    frame = profile.summary.reset_index()
    frame.insert(0, "label", [label_of(one) for one in frame["indicator"]])
    frame = frame[["label", "unit", "low", "median", "high", "known_pct", "says", "indicator"]]
    shown = frame.rename(columns={"low": "tenth_low", "high": "tenth_high"})
    return DataTable(shown, "indicators", claim("customers-table-indicators"), rows=10)


def groups_picture(profile: CustomerProfile) -> Picture | Prose:
    """Spend by the groups that differ most; nothing where nothing is known of them."""
    return Prose() if profile.groups.empty else Picture(plot_groups(profile))


def groups_table(profile: CustomerProfile) -> DataTable | Prose:
    """Customers by what is known of them, in groups that are large enough; nothing where nothing is known."""
    if profile.groups.empty:
        return Prose()
    frame = profile.groups.assign(field=[label_of(one) for one in profile.groups["field"]])
    shown = frame.rename(columns={"value": "trait_value", "share_pct": "listed_share_pct"})
    caption = claim("customers-table-groups")
    return DataTable(shown, "customer_groups", caption, currency=profile.currency, rows=20)
