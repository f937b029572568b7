"""Retention: which customers came back in the periods after their first purchase, and how long they stayed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from crmlib.analyse.stats.small_groups import NOT_STATED, OTHER, age_bands, shown_groups
from crmlib.analyse.stats.tests import benjamini_hochberg
from crmlib.measure.purchases.cohorts import (
    FIRST_ORDER_COLUMNS,
    cohort_cells,
    customer_lifetimes,
    first_purchase_values,
    period_number,
)
from crmlib.measure.purchases.states import purchases_are
from crmlib.measure.steps import columns_here
from crmlib.prepare.clock import local_time
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import min_group
from crmlib.schema.errors import ParameterError, nearest
from crmlib.schema.fields import MINIMUM_GROUP
from crmlib.schema.tables import table_spec

COHORT = "cohort"
MOST_GROUPS = 5
"""Groups that are told apart; a picture has six colours, the sixth is for all others."""
COHORT_CODE = re.compile(r"(?P<year>\d{4})-Q(?P<quarter>[1-4])|<=(?P<last>\d{4})")
"""Customers by their first purchase, in a quarter or up to a year."""

_NOT_A_GROUP = ("customer_id", "parent_customer_id", "interests", "tags")


def retention_groups(crm: Crm, first_on: pd.Series, *, by: str) -> pd.Series:
    """The group of every customer."""
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
    """The columns by which retention can be told apart in a workspace, beside "cohort"."""
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
    named = {kind: f"{kind.year}-Q{kind.quarter}" if quarters else str(kind.year) for kind in kinds}
    if len(kinds) > MOST_GROUPS + 1:
        old = kinds[:-MOST_GROUPS]
        named |= dict.fromkeys(old, f"<={old[-1].year}")
    order = list(dict.fromkeys(named[kind] for kind in kinds))
    groups = pd.Categorical(periods.map(named), categories=order, ordered=True)
    return pd.Series(groups, index=first_on.index, name=COHORT)


AT_RISK_LEAST = 10
"""A curve is shown while at least so many are still under observation."""

LEVEL = 0.95
"""Of the intervals; the tests ask for its complement."""

EVERYONE = "all"
_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class SurvivalCurves:
    """The share that is still there after a time, by group.

    Attributes
    ----------
    curves : DataFrame, one row per group and time at which something ended
        `group`, `time`, `at_risk` (under observation just before), `ended`, `survival` (share still there just
        after), `low`, `high` (pointwise interval of 95 %; NaN where nothing is left), `shown` (at least 10
        under observation).
    medians : DataFrame indexed by group
        `count`, `ended`, `median` (the time at which no more than half are there), `low`, `high` (NaN where not
        reached), `shown_until` (the last time with at least 10 under observation; NaN where there never were).
    tests : DataFrame indexed by group, empty for fewer than two
        Each group against all the others: `chi2`, `p`, `p_adjusted`, `differs` (adjusted p below 0.05),
        `ended_expected` (how many would have ended if the group were like all together).
    p_overall : float
        Probability of differences at least this large if all groups were alike; NaN for one group.
    """

    curves: pd.DataFrame
    medians: pd.DataFrame
    tests: pd.DataFrame = field(repr=False)
    p_overall: float = float("nan")

    def _repr_html_(self) -> str:
        return self.medians.to_html()

    def share_after(self, time: float) -> pd.DataFrame:
        """The share still there after a time, of each group for which it is shown.

        Parameters
        ----------
        time : number, in the unit of the durations

        Returns
        -------
        DataFrame indexed by group
            `survival`, `low`, `high`; NaN where fewer than 10 were still under observation. No interval where
            nothing has ended yet.

        Examples
        --------
        >>> ended = survival_curves(pd.Series(range(1, 21)), pd.Series([True] * 20))
        >>> round(float(ended.share_after(5)["survival"].iloc[0]), 3)
        0.75
        """
        rows = {}
        for group, median in self.medians.iterrows():
            if not time <= median["shown_until"]:
                rows[group] = (np.nan, np.nan, np.nan)
                continue
            curve = self.curves[(self.curves["group"] == group) & (self.curves["time"] <= time)]
            last = curve.iloc[-1] if len(curve) else None
            rows[group] = (
                (1.0, np.nan, np.nan) if last is None else (last["survival"], last["low"], last["high"])
            )
        return pd.DataFrame.from_dict(rows, orient="index", columns=["survival", "low", "high"]).rename_axis(
            "group"
        )


def survival_curves(
    durations: Any, observed: Any, *, groups: Any = None, at_least: int = AT_RISK_LEAST
) -> SurvivalCurves:
    """Estimate how long things last, those included that have not ended yet.

    Parameters
    ----------
    durations : array or Series of numbers
        How long each lasted, or has lasted so far; 0 or more, in any one unit.
    observed : array or Series of bool
        Whether the end was seen; False where it is still going on.
    groups : array or Series, optional
        Compared with each other. Order of appearance in a categorical, else of the alphabet. Members of a
        missing group are left out.
    at_least : int
        A curve is shown while so many are still under observation.

    Returns
    -------
    SurvivalCurves
        Kaplan-Meier estimates with Greenwood's variance and log-log intervals; the log-rank test, adjusted
        by Benjamini and Hochberg over the groups.

    Raises
    ------
    ParameterError
        If lengths differ, there is nothing, or a duration is negative or missing.

    References
    ----------
    Kaplan, E. L. & Meier, P. (1958). Nonparametric estimation from incomplete observations. JASA 53.
    Kalbfleisch, J. D. & Prentice, R. L. (2002). The Statistical Analysis of Failure Time Data, chapter 1.
    Benjamini, Y. & Hochberg, Y. (1995). Controlling the false discovery rate. JRSS B 57.

    Examples
    --------
    Four deals, of which the second is still open after 2 weeks:

    >>> found = survival_curves([1, 2, 3, 3], [True, False, True, True])
    >>> found.curves[["time", "at_risk", "ended", "survival"]]
       time  at_risk  ended  survival
    0   1.0        4      1      0.75
    1   3.0        2      2      0.00
    >>> float(found.medians["median"].iloc[0])
    3.0
    """
    table = _table(durations, observed, groups)
    curves, medians = [], {}
    for name in table["group"].cat.categories:
        members = table[table["group"] == name]
        curve = _curve(members, at_least)
        curves.append(curve.assign(group=name))
        medians[name] = _median(members, curve, at_least)
    columns = ["group", "time", "at_risk", "ended", "survival", "low", "high", "shown"]
    tests, overall = _tests(table)
    return SurvivalCurves(
        curves=pd.concat(curves, ignore_index=True)[columns],
        medians=pd.DataFrame.from_dict(medians, orient="index").rename_axis("group"),
        tests=tests,
        p_overall=overall,
    )


def _table(durations: Any, observed: Any, groups: Any) -> pd.DataFrame:
    time = np.asarray(durations, dtype="float64")
    if time.ndim != 1 or len(np.asarray(observed)) != len(time):
        raise ParameterError("durations and observed must be of one length: one value for each case.")
    if groups is not None and len(groups) != len(time):
        raise ParameterError("groups must be as long as durations: one for each case.")
    table = pd.DataFrame({"time": time, "ended": np.asarray(observed)})
    if table["ended"].isna().any():
        raise ParameterError("observed has missing values. Say True or False for each case.")
    table["ended"] = table["ended"].astype("bool")
    kinds = (
        pd.Series(EVERYONE, index=table.index) if groups is None else pd.Series(np.asarray(groups, object))
    )
    order = (
        list(groups.cat.categories)
        if isinstance(getattr(groups, "dtype", None), pd.CategoricalDtype)
        else None
    )
    present = kinds.dropna().unique()
    names = sorted(present, key=str) if order is None else [name for name in order if name in set(present)]
    table["group"] = pd.Categorical(kinds, categories=names)
    table = table[table["group"].notna()].reset_index(drop=True)
    if table.empty:
        raise ParameterError("There is no case to estimate from.")
    if not (np.isfinite(table["time"]) & (table["time"] >= 0)).all():
        raise ParameterError("durations must be 0 or more, none missing. Leave out what has no duration.")
    return table


def _curve(members: pd.DataFrame, at_least: int) -> pd.DataFrame:
    if not members["ended"].any():
        names = ["time", "at_risk", "ended", "survival", "low", "high", "shown"]
        return pd.DataFrame({name: pd.Series(dtype="float64") for name in names}).astype(
            {"at_risk": "int64", "ended": "int64", "shown": "bool"}
        )
    times, place = np.unique(members["time"].to_numpy(), return_inverse=True)
    ended = np.bincount(place, weights=members["ended"].to_numpy()).astype("int64")
    at_risk = np.bincount(place)[::-1].cumsum()[::-1]
    times, ended, at_risk = (part[ended > 0] for part in (times, ended, at_risk))
    survival = np.cumprod(1 - ended / at_risk)
    # Greenwood's variance; where nobody is left there is no interval.
    low, high = _interval(
        survival, survival * np.sqrt(np.cumsum(ended / at_risk / np.maximum(at_risk - ended, 0.5)))
    )
    return pd.DataFrame(
        {
            "time": times,
            "at_risk": at_risk,
            "ended": ended,
            "survival": survival,
            "low": low,
            "high": high,
            "shown": at_risk >= at_least,
        }
    )


def _interval(share: np.ndarray, error: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The log-log interval: it stays between 0 and 1, and is not symmetric."""
    inside = (share > 0) & (share < 1)
    wide = np.full(len(share), np.nan)
    logs = np.log(share[inside])
    wide[inside] = ndtri((1 + LEVEL) / 2) * error[inside] / (share[inside] * np.abs(logs))
    low, high = np.full(len(share), np.nan), np.full(len(share), np.nan)
    low[inside] = share[inside] ** np.exp(wide[inside])
    high[inside] = share[inside] ** np.exp(-wide[inside])
    return low, high


def _median(members: pd.DataFrame, curve: pd.DataFrame, at_least: int) -> dict[str, float]:
    ends = np.sort(members["time"].to_numpy())
    shown = ends[-at_least] if len(ends) >= at_least else np.nan
    return {
        "count": len(members),
        "ended": int(members["ended"].sum()),
        "median": _first_at_half(curve, "survival"),
        "low": _first_at_half(curve, "low"),
        "high": _first_at_half(curve, "high"),
        "shown_until": float(shown),
    }


def _first_at_half(curve: pd.DataFrame, column: str) -> float:
    # A product of fractions that is a half on paper may come out a hair above it.
    reached = curve.loc[curve[column] <= 0.5 + 1e-12, "time"]
    return float(reached.iloc[0]) if len(reached) else float("nan")


def _tests(table: pd.DataFrame) -> tuple[pd.DataFrame, float]:
    columns = ["chi2", "p", "p_adjusted", "differs", "ended_expected"]
    names = list(table["group"].cat.categories)
    if len(names) < 2 or not table["ended"].any():
        return pd.DataFrame(columns=columns).rename_axis("group"), float("nan")
    at_risk, ended = _counts(table)
    expected = (at_risk * ended.sum(axis=0) / at_risk.sum(axis=0)).sum(axis=1)
    rows = {}
    for place, name in enumerate(names):
        two = [np.vstack([part[place], part.sum(axis=0) - part[place]]) for part in (at_risk, ended)]
        chi2, p = _log_rank(*two)
        rows[name] = {"chi2": chi2, "p": p, "ended_expected": float(expected[place])}
    tests = pd.DataFrame.from_dict(rows, orient="index").rename_axis("group")
    tests["p_adjusted"] = benjamini_hochberg(tests["p"]) if len(tests) > 2 else tests["p"]
    tests["differs"] = tests["p_adjusted"] < 1 - LEVEL
    return tests[columns], _log_rank(at_risk, ended)[1]


def _counts(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """At risk just before each time, and ended at it: groups x times."""
    times, place = np.unique(table["time"], return_inverse=True)
    at_risk, ended = [], []
    for name in table["group"].cat.categories:
        own = (table["group"] == name).to_numpy()
        left = np.bincount(place[own], minlength=len(times))
        at_risk.append(left[::-1].cumsum()[::-1])
        ended.append(np.bincount(place[own], weights=table["ended"].to_numpy()[own], minlength=len(times)))
    return np.array(at_risk, dtype="float64"), np.array(ended)


def _log_rank(at_risk: np.ndarray, ended: np.ndarray) -> tuple[float, float]:
    """Ends seen against those expected if all groups were alike, in units of chance."""
    from scipy.stats import chi2

    whole, ends = at_risk.sum(axis=0), ended.sum(axis=0)
    share = at_risk / whole
    spread = ends * (whole - ends) / np.maximum(whole - 1, 1)
    variance = np.diag((share * spread).sum(axis=1)) - (share * spread) @ share.T
    # Rounding must not count as a direction of its own: it would cost a degree of freedom.
    freedom = int(np.linalg.matrix_rank(variance, tol=_ROUNDING * np.trace(variance), hermitian=True))
    if not freedom:
        return 0.0, 1.0
    apart = (ended - share * ends).sum(axis=1)
    inverse = np.linalg.pinv(variance, rcond=_ROUNDING, hermitian=True)
    statistic = float(apart @ inverse @ apart)
    return statistic, float(chi2.sf(statistic, freedom))


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
    purchases : str
        "orders" or "won deals".
    min_group : int
        Cohorts of fewer customers are not shown on their own.
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
        The scale of those limits, as `crmlib.measure.purchases.states.purchase_rhythm` makes it; that of `crm` where
        none is given.

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
        survival=_curves(crm, known, groups),
        overall=_curves(crm, known, None),
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
    """The shares of the cohorts that are large enough to be shown on their own."""
    return retention.shares[retention.sizes >= getattr(retention, "min_group", MINIMUM_GROUP)]


def typical_retention(retention: Retention) -> pd.DataFrame:
    """The share that came back in the k-th period after, over all cohorts of which it is known.

    The first cohort is left out where there are others: it may hold customers of long standing. Periods known
    for fewer than `retention.min_group` customers are left out.
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


def _curves(crm: Crm, known: pd.DataFrame, groups: pd.Series | None) -> SurvivalCurves | None:
    if groups is not None:
        known, groups = known[groups.notna()], groups.dropna()
    if known.empty:
        return None
    least = max(AT_RISK_LEAST, min_group(crm))
    return survival_curves(known["duration_days"], known["stopped"], groups=groups, at_least=least)


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
