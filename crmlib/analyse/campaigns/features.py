"""What was known of each customer before a campaign: buying, earlier campaigns, and traits."""

import numpy as np
import pandas as pd

from crmlib.analyse.small_groups import age_bands, shown_groups
from crmlib.prepare.crm import Crm
from crmlib.schema.fields import MINIMUM_GROUP

TRAITS = (
    *("kind", "industry", "company_size", "country", "region", "income_band", "household_size", "gender"),
    "source",
)
"""Columns of customers that tell them apart; none says anything about a campaign."""

BUYING = ("spend_before", "spend_recent", "purchase_days_before", "recency_days")
"""The figures that must be alike before two groups may be compared."""

_FIGURES = (
    *("spend_before", "spend_recent", "spend_change", "purchase_days_before", "recency_days", "known_days"),
    *("campaigns_before", "responses_before", "campaigns_running"),
)
_LOGARITHMS = ("spend_before", "spend_recent", "purchase_days_before", "recency_days")
_MOST_LEVELS = 8


def customer_traits(crm: Crm) -> pd.DataFrame:
    """What `customers` says of each customer that may set those in a campaign apart, as it is now.

    Parameters
    ----------
    crm : Crm

    Returns
    -------
    DataFrame indexed by customer_id
        The columns of `TRAITS` that are there and differ, and `age_band`; text, missing where not known.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> people = pd.DataFrame({"customer_id": ["ann", "bob", "cy"], "region": ["north", "south", None],
    ...                        "kind": "person"})
    >>> customer_traits(Crm.from_frames(as_of="2024-01-31", customers=people))
                region
    customer_id
    ann          north
    bob          south
    cy             NaN
    """
    if "customers" not in crm:
        return pd.DataFrame(index=pd.Index([], dtype="str", name="customer_id"))
    present = crm.columns("customers")
    names = [name for name in TRAITS if name in present]
    born = ["birth_on"] if "birth_on" in present else []
    table = crm.frame("customers", ["customer_id", *names, *born]).drop_duplicates("customer_id")
    table = table.set_index("customer_id")
    if born:
        table["age_band"] = age_bands(table.pop("birth_on"), as_of=crm.as_of)
    told = [name for name in table if table[name].nunique() > 1]
    return table[told].apply(lambda column: column.astype("str").where(column.notna()))


def known_before(people: pd.DataFrame) -> pd.DataFrame:
    """The figures of each customer as they stood before a campaign.

    Parameters
    ----------
    people : DataFrame
        Rows of one campaign and time, as `crmlib.measure.campaign_spend.campaign_people` gives them.

    Returns
    -------
    DataFrame like `people`
        `spend_before`, `spend_recent` (of the last 28 days), `spend_change` (recent spend a day less that of the whole
        time, times 28), `purchase_days_before`, `recency_days` (one more than the time looked back at where there
        was none), `known_days`, `campaigns_before`, `responses_before`, `campaigns_running`.

    Examples
    --------
    >>> row = dict.fromkeys(("purchase_days_before", "known_days", "campaigns_before", "responses_before",
    ...                      "campaigns_running"), [1.0])
    >>> people = pd.DataFrame(row | {"spend_before": [56.0], "spend_recent": [20.0], "recency_days": [np.nan],
    ...                              "history_days": [56.0]})
    >>> known_before(people)[["spend_change", "recency_days"]].values.tolist()
    [[-8.0, 57.0]]
    """
    days = people["history_days"].clip(lower=1)
    usual = people["spend_before"] / days * np.minimum(days, 28)
    table = people.assign(
        spend_change=people["spend_recent"] - usual,
        recency_days=people["recency_days"].fillna(days + 1),
        known_days=people["known_days"].fillna(0),
    )
    return table[list(_FIGURES)].reset_index(drop=True)


def trait_levels(
    traits: pd.DataFrame, customers: pd.Index, *, min_group: int = MINIMUM_GROUP
) -> pd.DataFrame:
    """Whether each customer belongs to each group of each trait; rare groups put together.

    Parameters
    ----------
    traits : DataFrame indexed by customer_id
    customers : Index of ids, each once

    Returns
    -------
    DataFrame of 0 and 1, indexed by customer_id
        Columns are named "trait: group". No column for what all or none are.

    Examples
    --------
    >>> traits = pd.DataFrame({"kind": ["person"] * 12 + ["company"] * 11}, index=[str(i) for i in range(23)])
    >>> trait_levels(traits, traits.index).sum().to_dict()
    {'kind: company': 11.0, 'kind: person': 12.0}
    """
    columns = {}
    for trait in traits:
        given = traits[trait].reindex(customers)
        values = shown_groups(given, min_group=min_group, most=_MOST_LEVELS).to_numpy()
        for level in sorted(set(values)):
            belongs = (values == level).astype(float)
            if 0 < belongs.sum() < len(belongs):
                columns[f"{trait}: {level}"] = belongs
    return pd.DataFrame(columns, index=customers)


def levels_of(levels: pd.DataFrame, customers: pd.Series, *, min_group: int = MINIMUM_GROUP) -> pd.DataFrame:
    """The groups of some customers, those left out that fewer than `min_group` of these are in, or are not in.

    Parameters
    ----------
    levels : DataFrame, as `trait_levels` gives it
    customers : Series of ids

    Returns
    -------
    DataFrame, one row a customer, numbered

    Examples
    --------
    >>> traits = pd.DataFrame({"kind": ["person"] * 12 + ["company"] * 11}, index=[str(i) for i in range(23)])
    >>> levels = trait_levels(traits, traits.index)
    >>> levels_of(levels, pd.Series(["1", "2"])).shape, levels_of(levels, pd.Series(traits.index)).shape
    ((2, 0), (23, 2))
    """
    places = levels.index.get_indexer(pd.Index(customers))
    values = np.where((places >= 0)[:, None], levels.to_numpy(dtype=float)[places], 0.0)
    members = values.sum(axis=0)
    kept = np.minimum(members, len(places) - members) >= min_group
    return pd.DataFrame(values[:, kept], columns=levels.columns[kept])


def matching_matrix(known: pd.DataFrame, levels: pd.DataFrame) -> np.ndarray:
    """The figures that partners are looked for by: as they are and, of those that lie far apart, logarithms too.

    Parameters
    ----------
    known : DataFrame, as `known_before` gives it
    levels : DataFrame, as `levels_of` gives it

    Returns
    -------
    array (customers, figures)

    Examples
    --------
    >>> known = pd.DataFrame(dict.fromkeys(_FIGURES, [1.0, 2.0]))
    >>> matching_matrix(known, pd.DataFrame(index=[0, 1])).shape
    (2, 13)
    """
    logs = np.log1p(known[list(_LOGARITHMS)].clip(lower=0)).to_numpy()
    return np.column_stack([known.to_numpy(dtype=float), logs, levels.to_numpy(dtype=float)])
