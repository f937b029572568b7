"""How long deals stay in each stage, with those that are still there, and where they go from it."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from crmlib.analyse.retention import AT_RISK_LEAST, LEVEL, survival_curves
from crmlib.analyse.stats.tests import SURE, benjamini_hochberg
from crmlib.measure.deals.stays import DEAL_COLUMNS, EXITS, deals, stage_stays
from crmlib.prepare.crm import Crm
from crmlib.prepare.engine import columns_of, frame_of, require_columns
from crmlib.schema.errors import ParameterError, nearest
from crmlib.schema.tables import table_spec


@dataclass(frozen=True, kw_only=True, eq=False)
class StageDurations:
    """How long deals stay in each stage, those counted that are still there, and where they go.

    Attributes
    ----------
    table : DataFrame indexed by stage, or by group and stage
        `stays`, `deals`, `finished`, `open` (still there), `mean_finished_days` and `median_finished_days` (of
        finished stays only: too short while deals are open), `median_days`, `median_low`, `median_high`,
        `q80_days`, `q80_low`, `q80_high` (the time by which so many have left, by a survival curve; NaN where
        not reached), `mean_days` (area under that curve up to the longest time seen), `shown_until` (last time with
        at least 10 deals), `reentered_deals` (deals that came back to the stage), `latest_median_days`,
        `cumulative_median_days` (of a deal's latest stay, and of all its stays there together), `won_pct`,
        `lost_pct`, `forward_pct`, `back_pct` (share that leave that way in the end, open deals counted).
    curves : DataFrame
        `stage`, `time`, `at_risk`, `ended`, `survival` (share still there), `low`, `high`, `shown`.
    incidence : DataFrame
        `stage`, `exit`, `time`, `at_risk`, `ended`, `incidence`, `low`, `high`, `shown`.
    flow : DataFrame
        `stage`, `next_stage` ("won", "lost", "" for still there), `exit`, `stays`, `share_pct` (of the stays of
        the stage), `median_days`.
    funnel : DataFrame, one row a stage
        As `stage_funnel` makes it.
    visits : DataFrame, one row a deal and stage
        `opportunity_id`, `stage`, `visits`, `latest_days`, `cumulative_days`, `is_over` (of the latest).
    tests : DataFrame
        With `by`: `stage`, `p`, `p_adjusted`, `differs`: whether the groups stay unequally long.
    stages : tuple of str
        In their order.
    set_aside : dict reason -> rows that were left out
    joined : int
        Rows that only repeated the stage of the row before.
    has_history : bool
        Whether a stage history is kept; without one each deal is one stay.

    All tables but `set_aside` have a first column, or level, `group` where `by` is given.
    """

    table: pd.DataFrame
    curves: pd.DataFrame = field(repr=False)
    incidence: pd.DataFrame = field(repr=False)
    flow: pd.DataFrame = field(repr=False)
    funnel: pd.DataFrame = field(repr=False)
    visits: pd.DataFrame = field(repr=False)
    tests: pd.DataFrame = field(repr=False)
    stages: tuple[str, ...]
    set_aside: dict[str, int]
    joined: int
    as_of: pd.Timestamp
    by: str | None
    has_history: bool

    def _repr_html_(self) -> str:
        return self.table.to_html()

    def quantile(self, share: float) -> pd.DataFrame:
        """The time by which a share of the stays in each stage is over, open ones counted; `days`, `low`, `high`
        (95 %), NaN where the curve does not come so far."""
        return quantiles_of(self.curves, self.table.index, share)


def quantiles_of(curves: pd.DataFrame, index: Any, share: float) -> pd.DataFrame:
    """The time at which a survival curve has fallen by a share, for each stage (and group)."""
    from crmlib.schema.errors import ParameterError

    if isinstance(share, bool) or not 0 < share < 1:
        raise ParameterError(f"the quantile must lie between 0 and 1, such as 0.8; this is {share!r}.")
    found = {}
    # A product of fractions may come out a hair above what it is on paper.
    reached = 1 - share + 1e-12
    for name, days in (("days", "survival"), ("low", "low"), ("high", "high")):
        there = curves[curves[days] <= reached]
        found[name] = there.groupby(list(index.names), sort=False)["time"].min()
    return pd.DataFrame(found).reindex(index)


FUNNEL_COLUMNS = ("group", "stage", "deals", "went_on", "lost", "open", "elsewhere", "won_later")


def stage_funnel(stays: pd.DataFrame, stages: list[str]) -> pd.DataFrame:
    """What has become of the deals that ever were in a stage."""
    last = stays.groupby(["group", "opportunity_id"], sort=False)["exit"].last().rename("end")
    on = stays["exit"].isin(["forward", "won"])
    each = stays.assign(on=on).groupby(["group", "stage", "opportunity_id"], sort=False)["on"].any()
    each = each.reset_index().merge(last.reset_index(), on=["group", "opportunity_id"])
    left = ~each["on"]
    went_on = each["on"]
    lost = left & (each["end"] == "lost")
    counted = each.assign(
        deals=1, went_on=went_on, lost=lost, open=left & (each["end"] == ""), won_later=each["end"] == "won"
    )
    counted["elsewhere"] = left & ~counted["lost"] & ~counted["open"]
    counts = list(FUNNEL_COLUMNS[2:])
    table = counted.groupby(["group", "stage"], sort=False)[counts].sum().astype("int64").reset_index()
    place = {name: number for number, name in enumerate(stages)}
    table = table.assign(place=table["stage"].map(place)).sort_values(["group", "place"], kind="stable")
    return table[list(FUNNEL_COLUMNS)].reset_index(drop=True)


INCIDENCE_COLUMNS = ("exit", "time", "at_risk", "ended", "incidence", "low", "high", "shown")


def cumulative_incidence(durations: Any, ends: Any) -> pd.DataFrame:
    """The share that has ended in each way by a time, those included that have not ended yet.

    One minus a survival curve for each way would count cases that ended in another way as if they might still
    end in this one; here they cannot.

    Aalen, O. & Johansen, S. (1978). An empirical transition matrix for non-homogeneous Markov chains based on
    censored observations. Scandinavian Journal of Statistics 5.
    Marubini, E. & Valsecchi, M. G. (1995). Analysing Survival Data from Clinical Trials, chapter 10: the
    variance, Greenwood's where there is one way only.
    Choudhury, J. B. (2002). Non-parametric confidence interval estimation for competing risks analysis.
    Statistics in Medicine 21: the interval.
    """
    time = np.asarray(durations, dtype="float64")
    kinds = np.asarray(ends, dtype=object)
    if time.ndim != 1 or len(time) != len(kinds):
        raise ParameterError("durations and ends must be of one length: one value for each case.")
    if not (np.isfinite(time) & (time >= 0)).all():
        raise ParameterError("durations must be 0 or more, none missing. Leave out what has no duration.")
    over = np.array([bool(kind) for kind in kinds], dtype=bool)
    times = np.unique(time[over])
    at_risk = len(time) - np.searchsorted(np.sort(time), times, side="left")
    ended = np.searchsorted(np.sort(time[over]), times, side="right")
    ended = np.diff(ended, prepend=0)
    parts = [
        _one(name, times, at_risk, ended, _counts(time[over & (kinds == name)], times))
        for name in sorted(set(kinds[over]))
    ]
    if not parts:
        return pd.DataFrame({name: pd.Series(dtype="float64") for name in INCIDENCE_COLUMNS})
    return pd.concat(parts, ignore_index=True)


def _counts(own: np.ndarray, times: np.ndarray) -> np.ndarray:
    return np.bincount(np.searchsorted(times, own), minlength=len(times)).astype("int64")


def _one(
    name: str, times: np.ndarray, at_risk: np.ndarray, ended: np.ndarray, own: np.ndarray
) -> pd.DataFrame:
    survival = np.cumprod(1 - ended / at_risk)
    before = np.concatenate([[1.0], survival[:-1]])
    share = np.cumsum(before * own / at_risk)
    low, high = _interval(share, _variance(share, before, at_risk, ended, own))
    return pd.DataFrame(
        {
            "exit": name,
            "time": times,
            "at_risk": at_risk,
            "ended": own,
            "incidence": share,
            "low": low,
            "high": high,
            "shown": at_risk >= AT_RISK_LEAST,
        }
    )


def _variance(
    share: np.ndarray, before: np.ndarray, at_risk: np.ndarray, ended: np.ndarray, own: np.ndarray
) -> np.ndarray:
    """Sums over the times so far, multiplied out so that one pass is enough."""
    n, d, k = at_risk.astype("float64"), ended.astype("float64"), own.astype("float64")
    # Where all that are left end, nothing can follow, and the difference of the shares is 0.
    spread = np.divide(d, n * (n - d), out=np.zeros(len(n)), where=n > d)
    joint = before * k / n**2
    return (
        share**2 * np.cumsum(spread)
        - 2 * share * np.cumsum(share * spread)
        + np.cumsum(share**2 * spread)
        + np.cumsum(before**2 * (n - k) * k / n**3)
        - 2 * (share * np.cumsum(joint) - np.cumsum(share * joint))
    )


def _interval(share: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The log-log interval: it stays between 0 and 1."""
    inside = (share > 0) & (share < 1 - 1e-12)
    low, high = np.full(len(share), np.nan), np.full(len(share), np.nan)
    part, error = share[inside], np.sqrt(np.maximum(variance[inside], 0))
    wide = ndtri((1 + LEVEL) / 2) * error / (part * np.abs(np.log(part)))
    low[inside], high[inside] = part ** np.exp(wide), part ** np.exp(-wide)
    return low, high


QUANTILES = {"median": 0.5, "q80": 0.8}
_CURVE = ["time", "at_risk", "ended", "survival", "low", "high", "shown"]


def stage_durations(
    stage_history: Any, *, as_of: Any = None, by: str | None = None, opportunities: Any = None
) -> StageDurations:
    """How long deals stay in each stage, and how they leave it.

    The mean of finished stays is too short while deals are open: the long stays are those that are not over.
    So beside it stand the median and the 80th percentile of a survival curve, which counts the deals that are
    still there for as long as they have been. The ways to leave exclude each other: each gets the share that
    has left that way, those still there counted.

    Parameters
    ----------
    stage_history : Crm, or a table
        A table has `opportunity_id`, `stage`, `entered_at` and, where known, `exited_at`. How `stage_stays`
        reads it is said there.
    as_of : Timestamp, date or text
        The closing moment; what came later is not known. For a Crm its own where none is given.
    by : str, optional
        A column of `deals`, such as "source": everything for each of its values.
    opportunities : table, optional
        With a history given as a table: `opportunity_id`, `outcome`, `closed_at` and what `by` names.

    Raises
    ------
    ParameterError
        If there is no closing moment, no stay, or no column `by`.
    SchemaError
        If a column is missing.

    References
    ----------
    Kaplan, E. L. & Meier, P. (1958). Nonparametric estimation from incomplete observations. JASA 53.
    Aalen, O. & Johansen, S. (1978); see `cumulative_incidence`.

    Examples
    --------
    >>> begin, rows = pd.Timestamp("2024-03-01"), [("d%d" % i, "Talk", 0) for i in range(12)]
    >>> rows += [("d%d" % i, "Offer", i + 1) for i in range(8)]
    >>> history = pd.DataFrame(rows, columns=["opportunity_id", "stage", "day"])
    >>> history["entered_at"] = begin + pd.to_timedelta(history["day"], unit="D")
    >>> found = stage_durations(history, as_of="2024-03-31")
    >>> found.table[["stays", "open", "mean_finished_days", "median_days"]].round(1)
           stays  open  mean_finished_days  median_days
    stage
    Talk      12     4                 4.5          6.0
    Offer      8     8                 NaN          NaN
    """
    crm = _workspace(stage_history, as_of, opportunities)
    stays = stage_stays(crm)
    if stays.empty:
        raise ParameterError("There is no stay of a deal in a stage to measure.")
    groups = _groups(crm, by)
    keyed = stays.assign(group="" if by is None else stays["opportunity_id"].map(groups))
    keyed = keyed[keyed["group"].notna()]
    if keyed.empty:
        raise ParameterError(f"No deal has a {by}. Map it in crm.toml, or choose another column.")
    stages = [name for name in stays.attrs["stages"] if name in set(stays["stage"])]
    parts = [
        _one_stage(rows, group, stage)
        for group in sorted(keyed["group"].unique(), key=str)
        for stage in stages
        if len(rows := keyed[(keyed["group"] == group) & (keyed["stage"] == stage)])
    ]
    curves, incidence, flow = (_joined(parts, name) for name in ("curves", "incidence", "flow"))
    table = pd.DataFrame([part["row"] for part in parts]).set_index(["group", "stage"])
    return _result(
        crm, stays, by=by, table=table, curves=curves, incidence=incidence, flow=flow,
        visits=_visits(keyed), tests=_tests(keyed, stages, by), funnel=stage_funnel(keyed, stages),
    )  # fmt: skip


def _workspace(given: Any, as_of: Any, opportunities: Any) -> Any:
    if hasattr(given, "engine"):
        return given if as_of is None else given.at(as_of)
    if as_of is None:
        raise ParameterError("as_of is missing: stays that are not over last until then. Give a date.")
    require_columns(given, ["opportunity_id", "stage", "entered_at"], table_name="stage_history")
    frames = {"stage_history": _known_columns(given, "stage_history")}
    if opportunities is not None:
        require_columns(opportunities, ["opportunity_id", "outcome"], table_name="opportunities")
        sold = _known_columns(opportunities, "opportunities")
        frames["opportunities"] = sold if "stage" in sold else sold.assign(stage="unknown")
    return Crm.from_frames(as_of=as_of, **frames)


def _known_columns(table: Any, name: str) -> pd.DataFrame:
    present = [column for column in columns_of(table) if column in table_spec(name).names]
    return frame_of(table, present)


def _groups(crm: Crm, by: str | None) -> pd.Series:
    if by is None:
        return pd.Series(dtype="str")
    if by not in DEAL_COLUMNS:
        raise ParameterError(f"there is no column {by!r} of deals.{nearest(by, DEAL_COLUMNS)}")
    if "opportunities" not in crm:
        raise ParameterError(f"Without opportunities no {by} is known. Give them, or leave out `by`.")
    return deals(crm)[by]


def _one_stage(rows: pd.DataFrame, group: Any, stage: str) -> dict[str, Any]:
    days, over = rows["stay_days"].clip(lower=0), rows["is_over"]
    curves = survival_curves(days, over)
    curve = curves.curves[_CURVE]
    until = curves.medians["shown_until"].iloc[0]
    incidence = cumulative_incidence(days, rows["exit"])
    finished = days[over]
    row = {
        "group": group,
        "stage": stage,
        "stays": len(rows),
        "deals": rows["opportunity_id"].nunique(),
        "finished": int(over.sum()),
        "open": int((~over).sum()),
        "mean_finished_days": finished.mean(),
        "median_finished_days": finished.median(),
        **_quantile_cells(curve),
        "mean_days": _mean_until(curve, days.max()),
        "shown_until": until,
        **_latest_and_together(rows),
        **{f"{exit}_pct": 100 * _share_by(incidence, exit) for exit in EXITS},
    }
    key = {"group": group, "stage": stage}
    return {
        "row": row,
        "curves": curve.assign(**key),
        "incidence": incidence[list(INCIDENCE_COLUMNS)].assign(**key),
        "flow": _flow(rows).assign(**key),
    }


def _quantile_cells(curve: pd.DataFrame) -> dict[str, float]:
    cells = {}
    for name, share in QUANTILES.items():
        found = quantiles_of(curve.assign(stage=""), pd.Index([""], name="stage"), share).iloc[0]
        cells |= {f"{name}_days": found["days"], f"{name}_low": found["low"], f"{name}_high": found["high"]}
    return cells


def _mean_until(curve: pd.DataFrame, last: float) -> float:
    """The area under the curve up to the longest time seen: the mean of stays, cut off there."""
    times = np.r_[0.0, curve["time"].to_numpy(), max(last, 0.0)]
    there = np.r_[1.0, curve["survival"].to_numpy()]
    return float((np.diff(times) * there).sum())


def _share_by(incidence: pd.DataFrame, exit: str) -> float:
    """The share that has left that way by the last time at which somebody is seen to leave."""
    rows = incidence.loc[incidence["exit"] == exit, "incidence"]
    # A sum of fractions that is one on paper may come out a hair below it.
    return round(float(rows.iloc[-1]), 12) if len(rows) else 0.0


def _latest_and_together(rows: pd.DataFrame) -> dict[str, float]:
    visits = _visits(rows)
    middle = {}
    for name in ("latest", "cumulative"):
        found = survival_curves(visits[f"{name}_days"], visits["is_over"])
        middle[f"{name}_median_days"] = float(found.medians["median"].iloc[0])
    return {"reentered_deals": int((visits["visits"] > 1).sum()), **middle}


def _visits(rows: pd.DataFrame) -> pd.DataFrame:
    grouped = rows.assign(stay_days=rows["stay_days"].clip(lower=0)).groupby(
        ["group", "stage", "opportunity_id"], sort=False
    )
    return pd.DataFrame(
        {
            "visits": grouped.size(),
            "latest_days": grouped["stay_days"].last(),
            "cumulative_days": grouped["stay_days"].sum(),
            "is_over": grouped["is_over"].last(),
        }
    ).reset_index()


def _flow(rows: pd.DataFrame) -> pd.DataFrame:
    grouped = rows.groupby(["next_stage", "exit"], sort=False)["stay_days"]
    flow = pd.DataFrame({"stays": grouped.size(), "median_days": grouped.median()}).reset_index()
    flow["share_pct"] = 100 * flow["stays"] / len(rows)
    return flow.sort_values(["stays", "next_stage"], ascending=[False, True], ignore_index=True)


def _tests(keyed: pd.DataFrame, stages: list[str], by: str | None) -> pd.DataFrame:
    """Whether the groups of at least ten stays differ in how long they stay, for each stage."""
    rows = []
    for stage in stages if by is not None else ():
        here = keyed[keyed["stage"] == stage]
        sizes = here["group"].value_counts()
        here = here[here["group"].isin(sizes.index[sizes >= AT_RISK_LEAST])]
        if here["group"].nunique() > 1 and here["is_over"].any():
            found = survival_curves(here["stay_days"].clip(lower=0), here["is_over"], groups=here["group"])
            rows.append((stage, here["group"].nunique(), found.p_overall))
    tests = pd.DataFrame(rows, columns=["stage", "groups", "p"])
    adjusted = benjamini_hochberg(tests["p"])
    return tests.assign(p_adjusted=adjusted, differs=adjusted < SURE)


def _joined(parts: list[dict[str, Any]], name: str) -> pd.DataFrame:
    frames = [part[name] for part in parts if len(part[name])] or [parts[0][name]]
    joined = pd.concat(frames, ignore_index=True)
    return joined[["group", "stage", *(c for c in joined if c not in ("group", "stage"))]]


def _result(
    crm: Crm, stays: pd.DataFrame, *, by: str | None, table: pd.DataFrame, **frames: Any
) -> StageDurations:
    if by is None:
        table = table.droplevel("group")
        frames = {name: frame.drop(columns="group", errors="ignore") for name, frame in frames.items()}
    return StageDurations(
        table=table,
        **frames,
        stages=tuple(stays.attrs["stages"]),
        set_aside=dict(stays.attrs["set_aside"]),
        joined=stays.attrs["joined"],
        as_of=crm.as_of,
        by=by,
        has_history="stage_history" in crm,
    )
