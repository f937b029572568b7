"""What the report on customers says of groups of them, and of the figures there are for each."""

import pandas as pd

from crmlib.analyse.profile import CustomerProfile
from crmlib.analyse.small_groups import NOT_STATED, OTHER
from crmlib.measure.columns import label_of
from crmlib.present.words import count, listing, money, percent


def groups_paragraph(profile: CustomerProfile) -> list[str]:
    """What is known of customers beyond what they buy.

    Parameters
    ----------
    profile : CustomerProfile

    Returns
    -------
    list of str

    Examples
    --------
    >>> from crmlib.present.claims_profile import _little_profile
    >>> groups_paragraph(_little_profile())
    ['Nothing is known of customers but what they buy.']
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

    Examples
    --------
    >>> from crmlib.present.claims_profile import _little_profile
    >>> indicators_paragraph(_little_profile())[0][:44]
    'Half of the customers lie below the median, '
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
