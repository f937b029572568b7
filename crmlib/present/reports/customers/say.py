"""What the report on customers says, made from its numbers."""

from math import ceil

import pandas as pd

from crmlib.analyse.customers.profile import CustomerProfile, late_of_all
from crmlib.analyse.customers.states import is_late
from crmlib.analyse.customers.types import CUSTOMER_TYPES
from crmlib.analyse.stats.small_groups import NOT_STATED, OTHER
from crmlib.measure.columns import label_of
from crmlib.present.words import (
    change,
    count,
    date,
    days,
    listing,
    money,
    number,
    percent,
    plural,
    sentence,
    times,
)
from crmlib.schema.states import BUYING, DORMANT, LATE_TIMES, LOST, spoken


def groups_paragraph(profile: CustomerProfile) -> list[str]:
    """What is known of customers beyond what they buy.

    Parameters
    ----------
    profile : CustomerProfile

    Returns
    -------
    list of str
    """
    groups = profile.groups
    if groups.empty:
        return ["Nothing is known of customers but what they buy."]
    described = int(groups.groupby("field")["customers"].sum().max())
    share = 100 * described / max(profile.totals["listed_customers"], 1)
    said = []
    if share < 95:
        said.append(
            f"This is known of {count(described, 'customer')}, {percent(share)} of all. They need not be "
            "like the others."
        )
    said += [
        _group_sentence(groups[groups["field"] == name], name, profile.currency)
        for name in groups["field"].unique()
    ]
    said.append(
        f"Values are shown for groups of at least {count(profile.min_group, 'customer')}; smaller ones are put "
        "together, with one more where they could be worked out."
    )
    return [part for part in said if part]


def indicators_paragraph(profile: CustomerProfile) -> list[str]:
    """How to read the table of indicators, and which ones are missing.

    Parameters
    ----------
    profile : CustomerProfile

    Returns
    -------
    list of str
    """
    said = [
        "Half of the customers lie below the median, a tenth below the low figure and a tenth above the high "
        "one."
    ]
    left = list(profile.left_out)
    if left:
        said.append(
            f"{count(len(left), 'indicator').capitalize()} could not be computed, for want of a column or "
            "table: "
            f"{listing([label_of(name).lower() for name in left], limit=5)}. The report on data health says "
            "what would "
            "bring them."
        )
    return said


def _group_sentence(table: pd.DataFrame, name: str, currency: str) -> str:
    shown = table[~table["value"].isin([OTHER, NOT_STATED]) & table["spend_median"].notna()]
    if len(shown) < 2:
        return ""
    largest = shown.loc[shown["customers"].idxmax()]
    solid = shown[shown["customers"] >= 30]
    solid = solid if len(solid) > 1 else shown
    most, least = solid.loc[solid["spend_median"].idxmax()], solid.loc[solid["spend_median"].idxmin()]
    return (
        f"{label_of(name)}: “{largest['value']}” is the largest group with {percent(largest['share_pct'])}; "
        "the median "
        f"customer spent from {money(least['spend_median'], currency)} (“{least['value']}”) to "
        f"{money(most['spend_median'], currency)} (“{most['value']}”)."
    )


__all__ = [
    "concentration_paragraph",
    "frequency_paragraph",
    "groups_paragraph",
    "indicators_paragraph",
    "months_paragraph",
    "profile_answer",
    "profile_findings",
    "profile_limits",
    "type_noun",
    "types_paragraph",
]

_NOTABLE = 5.0
_NOUNS = tuple(kind.name for kind in CUSTOMER_TYPES if kind.rule)


def type_noun(name: str) -> str:
    """The customers of a type, as a sentence can begin with them."""
    return name if name in _NOUNS else f"“{name}” customers"


def profile_answer(profile: CustomerProfile) -> list[str]:
    """How many buy, how far they come back, and who brings the money.

    Parameters
    ----------
    profile : CustomerProfile

    Returns
    -------
    list of str
    """
    totals = profile.totals
    if not totals["customers"]:
        return [
            "No purchase by a known customer is in these data; net sales are "
            f"{money(totals['net_sales'], profile.currency)}."
        ]
    said = [
        f"{count(totals['customers'], 'customer')} placed {count(totals['orders'], 'order')} worth "
        f"{money(totals['net_sales'], profile.currency)} from {date(totals['first_at'])} to "
        f"{date(totals['last_at'])}."
    ]
    if (totals["anonymous_share_pct"] or 0) >= 1:
        said[0] = (
            f"Net sales from {date(totals['first_at'])} to {date(totals['last_at'])} were "
            f"{money(totals['net_sales'], profile.currency)} in {count(totals['orders'], 'order')}; "
            f"{percent(100 - totals['anonymous_share_pct'])} of that came from "
            f"{count(totals['customers'], 'known customer')}."
        )
    said.append(
        f"{percent(totals['repeat_share_pct'])} of the customers have come back for a second order, and the "
        "fifth that spend "
        f"most bring {percent(totals['top_fifth_share_pct'])} of all spend."
    )
    return said + _at_stake(profile)


def profile_findings(profile: CustomerProfile) -> list[str]:
    """The two sentences that the index repeats.

    Parameters
    ----------
    profile : CustomerProfile

    Returns
    -------
    list of str
    """
    if not profile.totals["customers"]:
        return ["No purchase by a known customer is in these data."]
    return [
        f"A fifth of the customers brings {percent(profile.totals['top_fifth_share_pct'])} of spend.",
        *_at_stake(profile),
    ]


def types_paragraph(profile: CustomerProfile) -> list[str]:
    """What sets the leading type apart, and what its customers are worth.

    Parameters
    ----------
    profile : CustomerProfile

    Returns
    -------
    list of str
    """
    table = profile.type_table
    if table.empty:
        return ["Nobody has bought yet, so there is no type to tell of."]
    first = table.iloc[0]
    said = [
        f"{sentence(type_noun(table.index[0]))[:-1]} are {percent(first['share_pct'])} of customers and "
        "bring "
        f"{percent(first['spend_share_pct'])} of spend, {times(_against(first))} as much each as the average "
        "customer."
    ]
    last = table.iloc[-1]
    if len(table) > 2:
        said.append(
            f"{sentence(type_noun(table.index[-1]))[:-1]} bring least: {percent(last['spend_share_pct'])} of spend, "
            f"with {percent(last['share_pct'])} of customers."
        )
    return [
        *said,
        "Each customer has exactly one type, the first whose rule fits; “lately”, “often” and “much” are "
        "measured against "
        "the other customers here, in fifths.",
    ]


def months_paragraph(profile: CustomerProfile) -> list[str]:
    """How sales moved from month to month; months in part are left out.

    Parameters
    ----------
    profile : CustomerProfile

    Returns
    -------
    list of str
    """
    whole = profile.months[profile.months["complete"]].reset_index(drop=True)
    if len(whole) < 2:
        known = "No whole month is" if whole.empty else "One whole month is"
        return [f"{known} in the data; a comparison needs two."]
    best, least = whole.loc[whole["net_sales"].idxmax()], whole.loc[whole["net_sales"].idxmin()]
    last, before = whole.iloc[-1], whole.iloc[-2]
    said = [
        f"The best month was {best['month']:%B %Y} with {money(best['net_sales'], profile.currency)}, the "
        "weakest "
        f"{least['month']:%B %Y} with {money(least['net_sales'], profile.currency)}.",
        f"{last['month']:%B %Y}, the last whole month, was {change(last['net_sales'], before['net_sales'])} "
        "on the month "
        f"before; orders were {change(last['orders'], before['orders'])} and customers "
        f"{change(last['customers'], before['customers'])}.",
    ]
    if len(whole) >= 13:
        year_ago = whole.iloc[-13]
        said.append(
            f"Against {year_ago['month']:%B %Y} it was {change(last['net_sales'], year_ago['net_sales'])}."
        )
    else:
        said.append("There is no year before to compare with, so a season cannot be told from a trend.")
    return said


def frequency_paragraph(profile: CustomerProfile) -> list[str]:
    """What the number of orders and the spend of customers say about where growth can come from.

    Parameters
    ----------
    profile : CustomerProfile

    Returns
    -------
    list of str
    """
    bought = profile.indicators[profile.indicators["order_count"] > 0]
    if bought.empty:
        return ["Nobody has bought yet."]
    said = [
        f"Half of the customers have placed {number(bought['order_count'].median())} "
        f"{plural(bought['order_count'].median(), 'order')} or fewer and spent "
        f"{money(profile.totals['spend_median'], profile.currency)} or less."
    ]
    once = 100 - profile.totals["repeat_share_pct"]
    single = int((bought["order_count"] == 1).sum())
    if once >= _NOTABLE:
        said.append(
            f"{percent(once)} have ordered once only, {count(single, 'customer')}: a second order from one "
            "in ten of them "
            f"would be {count(max(round(single / 10), 1), 'order')} more."
        )
    if "gap_days_mean" in bought and bought["gap_days_mean"].notna().any():
        said.append(
            f"Who comes back takes {days(bought['gap_days_mean'].median())} from one order to the next, at "
            "the median; a reminder makes sense after that, not before."
        )
    return said


def concentration_paragraph(profile: CustomerProfile) -> list[str]:
    """How far the business rests on few customers.

    Parameters
    ----------
    profile : CustomerProfile

    Returns
    -------
    list of str
    """
    if profile.concentration.empty:
        return ["Nobody has bought yet."]
    reached = profile.concentration.set_index("customers_pct")["spend_pct"]
    said = [
        f"The 1\u00a0% of customers who spend most bring {percent(reached[1])}, the first tenth "
        f"{percent(reached[10])}, the "
        f"first half {percent(reached[50])} of spend."
    ]
    if reached[20] >= 70:
        few = ceil((profile.indicators["spend_total"] > 0).sum() / 100)
        said.append(
            f"The business rests on few: the first hundredth, {count(few, 'customer')}, should each have "
            "somebody here who "
            "knows them by name."
        )
    elif reached[20] >= 45:
        said.append("The first fifth is worth a programme of its own, without forgetting the others.")
    else:
        said.append(
            "Spend is spread widely: what helps many customers a little is worth more than care for a few."
        )
    return said


def profile_limits(profile: CustomerProfile) -> list[str]:
    """What this report cannot say.

    Parameters
    ----------
    profile : CustomerProfile

    Returns
    -------
    list of str
    """
    totals = profile.totals
    limits = []
    if (totals["anonymous_share_pct"] or 0) > 0:
        limits.append(
            f"{percent(totals['anonymous_share_pct'])} of net sales have no customer. Some of it may be "
            "bought by customers "
            "counted here, whose spend is then higher than shown."
        )
    if totals["first_at"] is not None:
        limits.append(
            f"The data begin on {date(totals['first_at'])}. Who bought before that and again since looks "
            "newer than they are."
        )
    if (totals["refund_share_pct"] or 0) >= 0.1:
        limits.append(
            f"Refunds are {percent(totals['refund_share_pct'])} of what was bought. They reduce spend, never "
            "move the date of "
            "a purchase, and an order wholly refunded is no purchase."
        )
    else:
        limits.append(
            "There are next to no refunds in the data: either nothing comes back, or it is not exported."
        )
    limits.append(
        "Customer types compare customers with each other. A customer's type can change because the others "
        "changed."
    )
    return limits


def _at_stake(profile: CustomerProfile) -> list[str]:
    """The customers who are late: how many, and what those are worth who still buy by their state."""
    late = late_of_all(profile)
    if not late:
        return []
    figures = profile.indicators.loc[profile.states.index[profile.states.isin(BUYING)]]
    called = figures[is_late(figures["gap_overdue_ratio"])]
    who = f"{count(late, 'customer')} {plural(late, 'has', 'have')}"
    said = f"{who} not bought for {spoken(LATE_TIMES)} their usual gap"
    if called.empty:
        return [f"{said}, all of them {DORMANT} or {LOST} by now."]
    n, spend = len(called), money(called["spend_total"].sum(), profile.currency)
    return [
        f"{said}; {number(n)} of them, worth {spend}, {plural(n, 'is', 'are')} neither {DORMANT} nor {LOST} yet: call "
        "those first."
    ]


def _against(row: pd.Series) -> float | None:
    return row["spend_share_pct"] / row["share_pct"] if row["share_pct"] else None


def _little_profile() -> CustomerProfile:
    """Two customers, for the examples."""
    from crmlib.analyse.customers.profile import customer_profile
    from crmlib.prepare.crm import Crm

    lines = pd.DataFrame(
        {
            "order_id": ["1", "2", "3"],
            "customer_id": ["ann", "ann", "bob"],
            "product_id": ["tea"] * 3,
            "ordered_at": pd.to_datetime(["2024-01-01", "2024-02-10", "2024-01-05"]),
            "net_amount": [10.0, 20.0, 10.0],
        }
    )
    return customer_profile(Crm.from_frames(as_of="2024-02-20", currency="EUR", transactions=lines))
