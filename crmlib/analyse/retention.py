"""Retention: which customers came back in the periods after their first purchase, and how long they stayed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from crmlib.analyse.retention_groups import COHORT, retention_groups
from crmlib.analyse.retention_survival import SurvivalCurves, survival_curves
from crmlib.measure.cohorts import cohort_cells, customer_lifetimes, period_number
from crmlib.measure.lifecycle_steps import purchases_are
from crmlib.prepare.clock import local_time
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import min_group
from crmlib.schema.fields import MINIMUM_GROUP

"""Of fewer customers no share is spoken of."""

_OFFSETS = {
    "week": pd.DateOffset(days=7),
    "month": pd.DateOffset(months=1),
    "quarter": pd.DateOffset(months=3),
    "year": pd.DateOffset(years=1),
}


@dataclass(frozen=True, kw_only=True)
class Retention:
    """Who came back, by cohort, and how long customers buy before they fall silent.

    Attributes
    ----------
    by : str
        By what the curves are told apart: "cohort" or a column.
    unit : str
        Of the cohorts: "week", "month", "quarter" or "year".
    silence_days : float or None
        The silence that counts as the end; None where each customer has an own limit.
    limit_days : float
        The middle one of the customers' limits; NaN without customers.
    sizes : Series indexed by cohort (its first day)
        Customers with their first purchase in it, so far.
    active : DataFrame, cohort x periods after the first purchase (0, 1, 2 ...)
        Customers with a purchase in that period; NaN while the period is not over.
    shares : DataFrame of the same shape
        Percent of the cohort; NaN while the period, or the cohort's own one, is not over.
    revenue_shares : DataFrame of the same shape
        Revenue of the period as percent of that of the cohort's first period; NaN likewise.
    survival : SurvivalCurves or None
        Days from the first purchase to the one before the first long silence, by group. None where nobody
        is in a group.
    overall : SurvivalCurves or None
        The same for everybody together.
    groups : Series customer_id -> group
        Of those of whom something can be said; missing where not stated.
    came_back_pct : float
        Of those who fell silent for longer than their limit, the share that has bought again so far.
    too_new : int
        Customers whose first purchase is too recent to say anything.
    data_from : Timestamp or NaT
        The first day with a purchase: the customers of the first cohort may have bought before.
    as_of : Timestamp
        As the workspace's clocks show it.
    currency : str
    purchases : str
        "orders" or "won deals".
    min_group : int
        Cohorts of fewer customers are not shown on their own.

    Examples
    --------
    See `retention_curves`.
    """

    by: str
    unit: str
    silence_days: float | None
    limit_days: float
    sizes: pd.Series = field(repr=False)
    active: pd.DataFrame = field(repr=False)
    shares: pd.DataFrame
    revenue_shares: pd.DataFrame = field(repr=False)
    survival: SurvivalCurves | None = field(repr=False)
    overall: SurvivalCurves | None = field(repr=False)
    groups: pd.Series = field(repr=False)
    came_back_pct: float
    too_new: int
    data_from: pd.Timestamp
    as_of: pd.Timestamp
    currency: str = ""
    purchases: str = "orders"
    min_group: int = MINIMUM_GROUP

    def _repr_html_(self) -> str:
        return shown_cohorts(self).round(1).to_html()


def retention_curves(
    crm: Crm,
    *,
    by: str = COHORT,
    unit: str = "month",
    silence_days: float | None = None,
    rhythm: Mapping[str, float] | None = None,
) -> Retention:
    """Measure how customers stay: cohort by cohort, and as curves of the time until they fall silent.

    Parameters
    ----------
    crm : Crm
        With `transactions`, or else `opportunities`, whose won deals then are the purchases.
    by : str
        What the curves are told apart by: "cohort" (quarter or year of the first purchase), "channel" or
        "store_id" (of the first purchase), or a column of `customers` that is not personal.
    unit : "week", "month", "quarter" or "year"
        Of the cohorts.
    silence_days : number, optional
        A longer silence counts as the end. Without it each customer's own limit, as the life cycle has it:
        three usual gaps, and at least what three in four customers never exceed.
    rhythm : mapping, optional
        The scale of those limits, as `crmlib.measure.lifecycle.purchase_rhythm` makes it; that of `crm` where
        none is given.

    Returns
    -------
    Retention

    Raises
    ------
    SchemaError
        If there are neither orders nor opportunities.
    ParameterError
        If there is no such unit or column, or `silence_days` is no number above 0.

    References
    ----------
    Kaplan, E. L. & Meier, P. (1958). Nonparametric estimation from incomplete observations. JASA 53.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({
    ...     "order_id": ["1", "2", "3", "4"], "product_id": "tea", "net_amount": [5.0, 4.0, 5.0, 5.0],
    ...     "customer_id": ["ann", "ann", "bob", "cem"],
    ...     "ordered_at": ["2024-01-01", "2024-02-11", "2024-01-20", "2024-02-20"]})
    >>> retention_curves(Crm.from_frames(as_of="2024-03-15", transactions=lines)).shares
    after           0     1
    cohort
    2024-01-01  100.0  50.0
    2024-02-01  100.0   NaN
    """
    as_of = local_time(crm.as_of, time_zone=crm.time_zone)
    cells = cohort_cells(crm, unit=unit)
    active, revenue, sizes = _triangles(cells, unit=unit, as_of=as_of)
    lifetimes = customer_lifetimes(crm, silence_days=silence_days, rhythm=rhythm)
    known = lifetimes.dropna(subset=["duration_days"])
    groups = retention_groups(crm, known["first_on"], by=by)
    stopped = known[known["stopped"]]
    return Retention(
        by=by,
        unit=unit,
        silence_days=None if silence_days is None else float(silence_days),
        limit_days=float(lifetimes["limit_days"].median()) if len(lifetimes) else float("nan"),
        sizes=sizes,
        active=active,
        shares=100 * active.div(active[0], axis=0) if len(active) else active,
        revenue_shares=100 * revenue.div(revenue[0].where(revenue[0] > 0), axis=0)
        if len(revenue)
        else revenue,
        survival=_curves(known, groups),
        overall=_curves(known, None),
        groups=groups,
        came_back_pct=float(100 * stopped["came_back"].mean()) if len(stopped) else float("nan"),
        too_new=len(lifetimes) - len(known),
        data_from=lifetimes["first_on"].min() if len(lifetimes) else pd.NaT,
        as_of=as_of,
        currency=crm.currency,
        purchases=purchases_are(crm),
        min_group=min_group(crm),
    )


def shown_cohorts(retention: Retention) -> pd.DataFrame:
    """The shares of the cohorts that are large enough to be shown on their own.

    >>> from types import SimpleNamespace
    >>> found = SimpleNamespace(sizes=pd.Series([9, 10]), shares=pd.DataFrame({0: [100.0, 100.0]}))
    >>> shown_cohorts(found).index.tolist()
    [1]
    """
    return retention.shares[retention.sizes >= getattr(retention, "min_group", MINIMUM_GROUP)]


def typical_retention(retention: Retention) -> pd.DataFrame:
    """The share that came back in the k-th period after, over all cohorts of which it is known.

    The first cohort is left out where there are others: it may hold customers of long standing. Periods known
    for fewer than `retention.min_group` customers are left out.

    Parameters
    ----------
    retention : Retention

    Returns
    -------
    DataFrame indexed by `after`, from 1
        `share_pct` (of all customers of those cohorts), `low`, `high` (the lowest and highest cohort of at
        least `min_group` customers), `cohorts`, `customers`.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> found = SimpleNamespace(sizes=pd.Series([10, 20, 20]),
    ...     active=pd.DataFrame({0: [10, 20, 20], 1: [9, 10, 14], 2: [9, 8, None]}))
    >>> typical_retention(found)
           share_pct   low  high  cohorts  customers
    after
    1           60.0  50.0  70.0        2         40
    2           40.0  40.0  40.0        1         20
    """
    skip = 1 if len(retention.sizes) > 1 else 0
    active, sizes = retention.active.iloc[skip:], retention.sizes.iloc[skip:]
    least = getattr(retention, "min_group", MINIMUM_GROUP)
    rows = {}
    for after in [column for column in active.columns if column > 0]:
        known = active[after].notna()
        if sizes[known].sum() >= least:
            shares = (100 * active[after] / sizes)[known & (sizes >= least)]
            rows[after] = {
                "share_pct": 100 * active.loc[known, after].sum() / sizes[known].sum(),
                "low": shares.min(),
                "high": shares.max(),
                "cohorts": int(known.sum()),
                "customers": int(sizes[known].sum()),
            }
    columns = ["share_pct", "low", "high", "cohorts", "customers"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return table.astype({"cohorts": "int64", "customers": "int64"}).rename_axis("after")


def _curves(known: pd.DataFrame, groups: pd.Series | None) -> SurvivalCurves | None:
    if groups is not None:
        known, groups = known[groups.notna()], groups.dropna()
    return survival_curves(known["duration_days"], known["stopped"], groups=groups) if len(known) else None


def _triangles(
    cells: pd.DataFrame, *, unit: str, as_of: pd.Timestamp
) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    if cells.empty:
        empty = pd.DataFrame(columns=pd.Index([], name="after")).rename_axis("cohort")
        return empty, empty.copy(), pd.Series(dtype="int64", name="customers")
    last = period_number(pd.Series([as_of]), unit=unit).iloc[0]
    first = period_number(cells["cohort"], unit=unit).min()
    cohorts = pd.Index(sorted(cells["cohort"].unique()), name="cohort")
    after = pd.RangeIndex(last - first + 1, name="after")
    sizes = cells[cells["after"] == 0].set_index("cohort")["customers"].reindex(cohorts)
    # The closing day counts as a whole one, as in sales by month.
    end_of_current = _start(as_of, unit) + _OFFSETS[unit] - pd.Timedelta(days=1)
    whole = last if as_of.normalize() >= end_of_current else last - 1
    after = after[: max(whole - first, 0) + 1]
    numbers = period_number(pd.Series(cohorts), unit=unit).to_numpy()[:, None] + after.to_numpy()[None, :]
    tables = []
    for name in ("customers", "revenue"):
        table = cells.pivot(index="cohort", columns="after", values=name).reindex(
            index=cohorts, columns=after
        )
        tables.append(table.fillna(0.0).where(numbers <= whole))
    return tables[0], tables[1], sizes.astype("int64").rename("customers")


def _start(day: pd.Timestamp, unit: str) -> pd.Timestamp:
    day = day.normalize()
    if unit == "week":
        return day - pd.Timedelta(days=day.weekday())
    month = {"month": day.month, "quarter": 3 * ((day.month - 1) // 3) + 1, "year": 1}[unit]
    return day.replace(day=1, month=month)
