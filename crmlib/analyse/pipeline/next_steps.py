"""The step that won deals took next at a point of a stage, against the lost ones, and how soon."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.retention_survival import LEVEL
from crmlib.measure.deal_next import next_contacts
from crmlib.prepare.crm import Crm

WON_LEAST = 20
"""Won deals, and lost ones, with a contact after a point before anything is said of it."""

KIND_LEAST = 5
"""Won deals with a step before it is recommended."""

STEP_COLUMNS = (
    *("stage", "at_days", "step", "won", "won_all", "lost", "lost_all", "won_pct", "lost_pct", "lift", "low"),
    *("high", "p_adjusted", "is_better", "wait_days"),
)


def steps_of_the_won(crm: Crm, points: dict[str, list[float]]) -> pd.DataFrame:
    """What we did next with won and lost deals from certain days of their stay in a stage on.

    Parameters
    ----------
    crm : Crm
    points : stage -> days since the deal came into it

    Returns
    -------
    DataFrame, one row a point and step, those with a higher share among the won first
        `stage`, `at_days`, `step` (purpose and channel), `won` and `lost` (stays that went on with it), `won_all`
        and `lost_all` (all that lasted longer than the point and had a further contact), `won_pct`, `lost_pct`,
        `lift` (how many times more often among the won; half a deal is added to each count, so that few deals do
        not make much of it), `low`, `high` (95 %), `p_adjusted` (over all steps shown), `is_better` (more often
        among the won, adjusted p below 0.05), `wait_days` (median of the won until the step).
        Only stays with a further contact are compared: a deal that is lost soon has none, whatever was meant
        to be done. Points with fewer than 20 of them won or lost are left out.

    References
    ----------
    Katz, D. et al. (1978). Obtaining confidence intervals for the risk ratio in cohort studies. Biometrics 34.
    Benjamini, Y. & Hochberg, Y. (1995). Controlling the false discovery rate. JRSS B 57.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> sold = pd.DataFrame({"opportunity_id": [f"d{i}" for i in range(80)], "stage": "x",
    ...     "outcome": ["won", "lost"] * 40, "created_at": "2024-01-01", "closed_at": "2024-01-20"})
    >>> calls = pd.DataFrame({"interaction_id": [f"i{i}" for i in range(80)], "customer_id": "ann",
    ...     "opportunity_id": sold["opportunity_id"], "happened_at": "2024-01-09", "purpose": "follow-up",
    ...     "channel": ["visit", "email"] * 40})
    >>> crm = Crm.from_frames(as_of="2024-01-31", opportunities=sold, interactions=calls)
    >>> steps_of_the_won(crm, {"deal": [5.0]})[["step", "won_pct", "lost_pct", "is_better", "wait_days"]]
                  step  won_pct  lost_pct  is_better  wait_days
    0  follow-up, visit    100.0       0.0       True        3.0
    1  follow-up, email      0.0     100.0      False        NaN
    """
    found = next_contacts(crm, points)
    found = found[found["wait_days"].notna()]
    if found.empty:
        return pd.DataFrame({name: pd.Series(dtype="object") for name in STEP_COLUMNS})
    named = found.assign(step=_named(found))
    rows = [
        row
        for (stage, day), at_point in named.groupby(["stage", "at_days"], sort=True)
        for row in _of_point(stage, day, at_point)
    ]
    table = pd.DataFrame(
        rows, columns=[n for n in STEP_COLUMNS if n not in ("p_adjusted", "is_better")] + ["p"]
    )
    return _judged(table)


def _named(found: pd.DataFrame) -> pd.Series:
    purpose, channel = found["purpose"].fillna(""), found["channel"].fillna("")
    joined = purpose.where(channel == "", purpose + ", " + channel).where(purpose != "", channel)
    return joined.where(joined != "", "contact")


def _of_point(stage: Any, day: Any, rows: pd.DataFrame) -> list[tuple]:
    from scipy.stats import fisher_exact

    won, lost = rows[rows["outcome"] == "won"], rows[rows["outcome"] == "lost"]
    if min(len(won), len(lost)) < WON_LEAST:
        return []
    said = []
    for step in sorted(rows["step"].unique()):
        mine, theirs = won[won["step"] == step], lost[lost["step"] == step]
        a, b, n, m = len(mine), len(theirs), len(won), len(lost)
        p = float(fisher_exact([[a, n - a], [b, m - b]], alternative="two-sided").pvalue)
        wait = float(mine["wait_days"].median()) if a else np.nan
        said.append((stage, day, step, a, n, b, m, 100 * a / n, 100 * b / m, *_ratio(a, n, b, m), wait, p))
    return said


def _ratio(a: int, n: int, b: int, m: int) -> tuple[float, float, float]:
    from scipy.stats import norm

    ratio = ((a + 0.5) / (n + 0.5)) / ((b + 0.5) / (m + 0.5))
    error = np.sqrt(1 / (a + 0.5) - 1 / (n + 0.5) + 1 / (b + 0.5) - 1 / (m + 0.5))
    wide = np.exp(norm.ppf((1 + LEVEL) / 2) * error)
    return float(ratio), float(ratio / wide), float(ratio * wide)


def _judged(table: pd.DataFrame) -> pd.DataFrame:
    from scipy.stats import false_discovery_control

    table["p_adjusted"] = false_discovery_control(table["p"]) if len(table) else pd.Series(dtype="float64")
    table["is_better"] = (table["p_adjusted"] < 1 - LEVEL) & (table["lift"] > 1)
    ordered = table.sort_values(
        ["stage", "at_days", "won_pct", "step"], ascending=[True, True, False, True], ignore_index=True
    )
    return ordered[list(STEP_COLUMNS)]


def suggested_steps(open_deals: pd.DataFrame, steps: pd.DataFrame, *, as_of_on: pd.Timestamp) -> pd.DataFrame:
    """The next step for each open deal: what the won did at that point more often than the lost, and when.

    The point is the last one of the stage that the deal has passed. Where no step there is more frequent among
    the won, the won ones' most usual contact stands, and `is_better` is False.

    Parameters
    ----------
    open_deals : DataFrame indexed by opportunity_id
        `stage`, `stage_age_days`, `stage_entered_at`.
    steps : DataFrame
        As `steps_of_the_won` makes it.
    as_of_on : Timestamp
        The day of the closing moment; a step that is due by then is due on it.

    Returns
    -------
    DataFrame indexed like `open_deals`
        `next_step`, `next_step_on` (day), `next_step_won_pct`, `next_step_lost_pct`, `next_step_lift`,
        `next_step_is_better`; missing where no point was passed by enough deals.

    Examples
    --------
    >>> deals = pd.DataFrame({"stage": ["Talk"], "stage_age_days": [9.0],
    ...                       "stage_entered_at": pd.to_datetime(["2024-01-01"])}, index=["d1"])
    >>> steps = pd.DataFrame({"stage": ["Talk"], "at_days": [5.0], "step": ["call"], "won": [30], "won_pct": [60.0],
    ...                       "lost_pct": [20.0], "lift": [3.0], "is_better": [True], "wait_days": [7.0]})
    >>> suggested_steps(deals, steps, as_of_on=pd.Timestamp("2024-01-10")).loc["d1"].tolist()[:2]
    ['call', Timestamp('2024-01-13 00:00:00')]
    """
    contacts = steps[steps["won"] >= KIND_LEAST] if len(steps) else steps
    names = {
        "step": "next_step",
        "won_pct": "next_step_won_pct",
        "lost_pct": "next_step_lost_pct",
        "lift": "next_step_lift",
        "is_better": "next_step_is_better",
    }
    best = {key: _best(rows) for key, rows in contacts.groupby(["stage", "at_days"])} if len(contacts) else {}
    nothing = dict.fromkeys(names.values()) | {"next_step_on": pd.NaT}
    rows = [
        _suggested(deal, best, names, as_of_on) or nothing
        for deal in open_deals[["stage", "stage_age_days", "stage_entered_at"]].itertuples(index=False)
    ]
    order = ["next_step", "next_step_on", *list(names.values())[1:]]
    columns = {
        name: pd.Series([row[name] for row in rows], index=open_deals.index, dtype="object") for name in order
    }
    suggested = pd.DataFrame(columns, index=open_deals.index)
    suggested["next_step_on"] = pd.to_datetime(suggested["next_step_on"]).astype("datetime64[us]")
    numbers = ["next_step_won_pct", "next_step_lost_pct", "next_step_lift"]
    return suggested.astype(dict.fromkeys(numbers, "float64"))


def _suggested(
    deal: Any, best: dict[Any, pd.Series], names: dict[str, str], as_of_on: Any
) -> dict[str, Any] | None:
    passed = [day for stage, day in best if stage == deal.stage and day <= deal.stage_age_days]
    if not passed or pd.isna(deal.stage_entered_at):
        return None
    chosen = best[deal.stage, max(passed)]
    due = deal.stage_entered_at.normalize() + pd.Timedelta(days=round(max(passed) + chosen["wait_days"]))
    return {new: chosen[old] for old, new in names.items()} | {"next_step_on": max(due, as_of_on)}


def _best(rows: pd.DataFrame) -> pd.Series:
    """The step most above the lost among those shown to be; else the usual one."""
    better = rows[rows["is_better"]]
    if len(better):
        return better.sort_values(["lift", "won", "step"], ascending=[False, False, True]).iloc[0]
    return rows.sort_values(["won", "step"], ascending=[False, True]).iloc[0]
