"""How long something lasts when part of it has not ended yet: survival curves, their intervals and tests."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from crmlib.schema.errors import ParameterError

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

    Examples
    --------
    See `survival_curves`.
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


def survival_curves(durations: Any, observed: Any, *, groups: Any = None) -> SurvivalCurves:
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
        curve = _curve(members)
        curves.append(curve.assign(group=name))
        medians[name] = _median(members, curve)
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


def _curve(members: pd.DataFrame) -> pd.DataFrame:
    from statsmodels.duration.survfunc import SurvfuncRight

    if not members["ended"].any():
        names = ["time", "at_risk", "ended", "survival", "low", "high", "shown"]
        return pd.DataFrame({name: pd.Series(dtype="float64") for name in names}).astype(
            {"at_risk": "int64", "ended": "int64", "shown": "bool"}
        )
    fit = SurvfuncRight(members["time"].to_numpy(), members["ended"].to_numpy().astype("float64"))
    low, high = _interval(np.asarray(fit.surv_prob), np.asarray(fit.surv_prob_se))
    at_risk = np.asarray(fit.n_risk).round().astype("int64")
    return pd.DataFrame(
        {
            "time": fit.surv_times,
            "at_risk": at_risk,
            "ended": np.asarray(fit.n_events).round().astype("int64"),
            "survival": fit.surv_prob,
            "low": low,
            "high": high,
            "shown": at_risk >= AT_RISK_LEAST,
        }
    )


def _interval(share: np.ndarray, error: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The log-log interval: it stays between 0 and 1, and is not symmetric."""
    from scipy.stats import norm

    inside = (share > 0) & (share < 1)
    wide = np.full(len(share), np.nan)
    logs = np.log(share[inside])
    wide[inside] = norm.ppf((1 + LEVEL) / 2) * error[inside] / (share[inside] * np.abs(logs))
    low, high = np.full(len(share), np.nan), np.full(len(share), np.nan)
    low[inside] = share[inside] ** np.exp(wide[inside])
    high[inside] = share[inside] ** np.exp(-wide[inside])
    return low, high


def _median(members: pd.DataFrame, curve: pd.DataFrame) -> dict[str, float]:
    ends = np.sort(members["time"].to_numpy())
    shown = ends[-AT_RISK_LEAST] if len(ends) >= AT_RISK_LEAST else np.nan
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
    from scipy.stats import false_discovery_control

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
    tests["p_adjusted"] = false_discovery_control(tests["p"]) if len(tests) > 2 else tests["p"]
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
