"""How long deals stay in each stage, with those that are still there, and where they go from it."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.pipeline.durations_result import StageDurations, quantiles_of
from crmlib.analyse.pipeline.funnel import stage_funnel
from crmlib.analyse.pipeline.incidence import INCIDENCE_COLUMNS, cumulative_incidence
from crmlib.analyse.retention_survival import AT_RISK_LEAST, survival_curves
from crmlib.measure.deals import DEAL_COLUMNS, deals
from crmlib.measure.stage_stays import EXITS, stage_stays
from crmlib.prepare.crm import Crm
from crmlib.prepare.engine import columns_of, frame_of, require_columns
from crmlib.schema.errors import ParameterError, nearest
from crmlib.schema.tables import table_spec

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

    Returns
    -------
    StageDurations

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
    >>> found = stage_durations(little_history(), as_of="2024-03-31")
    >>> found.table[["stays", "open", "mean_finished_days", "mean_days", "median_days"]].round(1)
           stays  open  mean_finished_days  mean_days  median_days
    stage
    Talk      20     0                 5.8        5.8          5.0
    Offer     20     8                 7.2       13.5         10.0
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


def little_history() -> pd.DataFrame:
    """Twenty deals in two stages, for the examples: eight have not left the second.

    Returns
    -------
    DataFrame
        `opportunity_id`, `stage`, `entered_at`, `exited_at`.

    Examples
    --------
    >>> little_history()["stage"].value_counts().to_dict()
    {'Talk': 20, 'Offer': 20, 'Lost': 12}
    """
    rows, begin = [], pd.Timestamp("2024-03-01")
    for number in range(20):
        name, talk = f"d{number:02d}", begin + pd.Timedelta(days=number // 2)
        offer = talk + pd.Timedelta(days=1 + number % 5 + 3 * (number % 3))
        rows.append((name, "Talk", talk, offer))
        end = offer + pd.Timedelta(days=4 + number % 9)
        rows.append((name, "Offer", offer, end if number < 12 else pd.NaT))
        if number < 12:
            rows.append((name, "Lost", end, pd.NaT))
    return pd.DataFrame(rows, columns=["opportunity_id", "stage", "entered_at", "exited_at"])


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
    from scipy.stats import false_discovery_control

    rows = []
    for stage in stages if by is not None else ():
        here = keyed[keyed["stage"] == stage]
        sizes = here["group"].value_counts()
        here = here[here["group"].isin(sizes.index[sizes >= AT_RISK_LEAST])]
        if here["group"].nunique() > 1 and here["is_over"].any():
            found = survival_curves(here["stay_days"].clip(lower=0), here["is_over"], groups=here["group"])
            rows.append((stage, here["group"].nunique(), found.p_overall))
    tests = pd.DataFrame(rows, columns=["stage", "groups", "p"])
    adjusted = false_discovery_control(tests["p"]) if len(tests) else pd.Series(dtype="float64")
    return tests.assign(p_adjusted=adjusted, differs=np.asarray(adjusted) < 0.05)


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
