"""By what retention is told apart: when, where or as whom customers bought first."""

import pandas as pd

from crmlib.analyse.small_groups import NOT_STATED, OTHER, age_bands, shown_groups
from crmlib.measure.cohorts import FIRST_ORDER_COLUMNS, first_purchase_values
from crmlib.measure.steps import columns_here
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import min_group
from crmlib.schema.errors import ParameterError, nearest
from crmlib.schema.tables import table_spec

COHORT = "cohort"
MOST_GROUPS = 5
"""Groups that are told apart; a picture has six colours, the sixth is for all others."""

_NOT_A_GROUP = ("customer_id", "parent_customer_id", "interests", "tags")


def retention_groups(crm: Crm, first_on: pd.Series, *, by: str) -> pd.Series:
    """The group of every customer.

    Parameters
    ----------
    crm : Crm
    first_on : Series customer_id -> day of the first purchase
    by : str
        "cohort" (the quarter or year of the first purchase), "channel" or "store_id" (of the first purchase),
        or a column of `customers` that is not personal.

    Returns
    -------
    Series customer_id -> group, ordered categorical
        At most six groups: the largest five (the latest five cohorts), and the others together; missing
        where nothing is stated. No group of a column has fewer than `[privacy] min_group` customers.

    Raises
    ------
    ParameterError
        If there is no such column, or it names or addresses a person.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> crm = Crm.from_frames(as_of="2024-03-31", customers=pd.DataFrame({"customer_id": ["ann", "bob"]}))
    >>> first_on = pd.Series(pd.to_datetime(["2024-01-05", "2023-11-20"]), index=["ann", "bob"])
    >>> retention_groups(crm, first_on, by="cohort").tolist()
    ['Jan to Mar 2024', 'Oct to Dec 2023']
    """
    if by == COHORT:
        return _cohort_groups(first_on)
    values = _values(crm, by).reindex(first_on.index)
    if by == "birth_on":
        values = age_bands(values, as_of=crm.as_of)
    groups = shown_groups(values, min_group=min_group(crm), most=MOST_GROUPS)
    groups = groups.mask(groups == NOT_STATED)
    sizes = groups.value_counts()
    order = sorted(sizes.index, key=lambda name: (name == OTHER, -sizes[name], name))
    return pd.Series(pd.Categorical(groups, categories=order, ordered=True), index=groups.index, name=by)


def group_columns(crm: Crm) -> list[str]:
    """The columns by which retention can be told apart in a workspace, beside "cohort".

    Parameters
    ----------
    crm : Crm

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> people = pd.DataFrame({"customer_id": ["ann"], "name": ["Ann"], "region": ["north"]})
    >>> group_columns(Crm.from_frames(as_of="2024-03-31", customers=people))
    ['region']
    """
    columns = columns_here(crm)
    first = [name for name in FIRST_ORDER_COLUMNS if name in columns.get("transactions", [])]
    spec = table_spec("customers")
    of_customers = [
        name
        for name in columns.get("customers", [])
        if spec.field(name).privacy != "personal" and name not in _NOT_A_GROUP and name != "tax_id"
    ]
    return [*first, *of_customers]


def _values(crm: Crm, by: str) -> pd.Series:
    known = group_columns(crm)
    if by not in known:
        raise ParameterError(f"retention cannot be told apart by {by!r}.{nearest(by, [COHORT, *known])}")
    if by in FIRST_ORDER_COLUMNS:
        return first_purchase_values(crm, column=by)
    people = crm.frame("customers", ["customer_id", by])
    return people.drop_duplicates("customer_id").set_index("customer_id")[by]


def _cohort_groups(first_on: pd.Series) -> pd.Series:
    quarters = first_on.dt.to_period("Q").nunique() <= MOST_GROUPS + 1
    periods = first_on.dt.to_period("Q" if quarters else "Y")
    kinds = sorted(periods.dropna().unique())
    named = {kind: _period_name(kind) for kind in kinds}
    if len(kinds) > MOST_GROUPS + 1:
        old = kinds[:-MOST_GROUPS]
        named |= dict.fromkeys(old, f"{old[-1].year} and before")
    order = list(dict.fromkeys(named[kind] for kind in kinds))
    groups = pd.Categorical(periods.map(named), categories=order, ordered=True)
    return pd.Series(groups, index=first_on.index, name=COHORT)


def _period_name(period: pd.Period) -> str:
    if period.freqstr.startswith("Y"):
        return str(period.year)
    return f"{period.start_time:%b} to {period.end_time:%b} {period.year}"
