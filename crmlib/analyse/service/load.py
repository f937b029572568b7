"""How many cases come, are closed and wait, week by week, and how many will wait in the coming weeks."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from crmlib.analyse.learn.evaluate import (
    FEWEST_DATES,
    WIDEST,
    independent_dates,
    learn_stretch,
    stretched_past,
)
from crmlib.analyse.retention import survival_curves
from crmlib.measure.service import service_cases
from crmlib.prepare.clock import local_time
from crmlib.prepare.crm import Crm, require
from crmlib.schema.errors import ParameterError

FLOW, AS_TODAY = "flow", "as_today"
WAYS = (AS_TODAY, FLOW)
"""As many as today, the plainest guess; or what comes in less what is closed."""

WEEKS_AHEAD = (1, 2, 3, 4)
_RATE_DAYS, _APART_DAYS, _PAST_DATES, _LEARN_DAYS = 56, 28, 12, 365


@dataclass(frozen=True, kw_only=True, eq=False)
class ServiceLoad:
    """Cases that come, are closed and wait.

    Attributes
    ----------
    weeks : DataFrame, one row a whole week, the last one ending at the closing moment
        `week_end`, `came`, `closed`, `waiting` (at its end).
    ahead : DataFrame, one row a coming week; empty where no level is promised
        `week_end`, `expected`, `low`, `high` (80 %).
    tests : DataFrame indexed by way ("as_today", "flow")
        `forecasts`, `mae` (cases), `held`, `tried` (past intervals, each from what was known then).
    way : str
        The one that was closer on past days, of equals the plainer.
    waiting : int
    """

    weeks: pd.DataFrame = field(repr=False)
    ahead: pd.DataFrame
    tests: pd.DataFrame = field(repr=False)
    way: str
    waiting: int

    def _repr_html_(self) -> str:
        return self.ahead.round(1).to_html(index=False)


def service_load(crm: Crm) -> ServiceLoad:
    """How many cases come, are closed and wait, and how many will wait in four weeks.

    Parameters
    ----------
    crm : Crm
        With `service_cases`, of which some say when they were closed.

    Returns
    -------
    ServiceLoad

    Raises
    ------
    SchemaError
        If there is no table of service cases.
    ParameterError
        If no case was closed.

    Notes
    -----
    Of the cases that wait, each is still open later with the chance that cases as old had; what comes in is as much
    a day as in the last 56. Both ways are made on past days, 28 days apart, from what was known then; the interval
    is as wide as their errors ask for. No level is promised on fewer than four such days, or where the interval is
    wider than one and a half times what is expected.

    References
    ----------
    Little, J. D. C. (1961). A proof for the queuing formula L = λW. Operations Research 9.

    Examples
    --------
    >>> days = pd.date_range("2024-01-01", "2024-03-30", freq="D")
    >>> cases = pd.DataFrame({"case_id": range(len(days)), "customer_id": "a", "opened_at": days,
    ...     "closed_at": days + pd.Timedelta(days=4, hours=1)}).astype({"case_id": str})
    >>> found = service_load(Crm.from_frames(as_of="2024-03-30", service_cases=cases))
    >>> found.waiting, found.weeks.tail(1)[["came", "closed"]].to_numpy().tolist()
    (4, [[7, 7]])
    """
    require(crm, "service_cases")
    cases = service_cases(crm)[["opened_at", "closed_at"]]
    if cases["closed_at"].isna().all():
        raise ParameterError("No service case says when it was closed, so what waits cannot be counted.")
    now = pd.Timestamp(crm.as_of)
    past = _past(cases, now)
    scored = stretched_past(past) if len(past) else past
    tests = _tests(scored)
    # Weeks end at the hour of the closing moment; their day is that of the workspace's clocks.
    clock = local_time(now, time_zone=crm.time_zone) - now
    way = FLOW if len(tests) and tests.loc[FLOW, "mae"] < tests.loc[AS_TODAY, "mae"] else AS_TODAY
    weeks, ahead = (
        table.assign(week_end=(table["week_end"] + clock).dt.normalize())
        for table in (_weeks(cases, now), _ahead(cases, now, way, past))
    )
    return ServiceLoad(
        weeks=weeks,
        ahead=ahead,
        tests=tests,
        way=way,
        waiting=int(_open(cases, now).sum()),
    )


def _open(cases: pd.DataFrame, day: pd.Timestamp) -> pd.Series:
    return (cases["opened_at"] <= day) & ~(cases["closed_at"] <= day)


def _weeks(cases: pd.DataFrame, now: pd.Timestamp) -> pd.DataFrame:
    ends = pd.date_range(end=now, periods=max(int((now - cases["opened_at"].min()).days // 7), 1), freq="7D")
    opened, closed = (np.sort(cases[name].dropna().to_numpy()) for name in ("opened_at", "closed_at"))
    came, done = (np.searchsorted(times, ends.to_numpy(), side="right") for times in (opened, closed))
    before = [
        np.searchsorted(times, (ends[0] - pd.Timedelta(days=7)).to_numpy(), side="right")
        for times in (opened, closed)
    ]
    return pd.DataFrame(
        {
            "week_end": ends,
            "came": np.diff(came, prepend=before[0]),
            "closed": np.diff(done, prepend=before[1]),
            "waiting": came - done,
        }
    )


def _past(cases: pd.DataFrame, now: pd.Timestamp) -> pd.DataFrame:
    """What each way would have said on past days, against what came."""
    first = cases["opened_at"].min() + pd.Timedelta(days=2 * _RATE_DAYS)
    latest = now - pd.Timedelta(weeks=WEEKS_AHEAD[-1])
    days = [latest - pd.Timedelta(days=_APART_DAYS * place) for place in range(_PAST_DATES)][::-1]
    made = [_said(cases, day) for day in days if day >= first]
    if not made:
        return pd.DataFrame(columns=["way", "made_on", "until", "expected", "deviation", "actual"])
    table = pd.concat(made, ignore_index=True)
    return table.assign(actual=[float(_open(cases, day).sum()) for day in table["until"]])


def _said(cases: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """How many cases will be open in each of the coming weeks, by each way, from what is known on a day."""
    known = cases[cases["opened_at"] <= day]
    known = known.assign(closed_at=known["closed_at"].where(known["closed_at"] <= day))
    waiting = known[known["closed_at"].isna()]
    stays = _staying(known[known["opened_at"] > day - pd.Timedelta(days=_LEARN_DAYS)], day)
    ages = ((day - waiting["opened_at"]) / pd.Timedelta(days=1)).to_numpy(float)
    rate = float((known["opened_at"] > day - pd.Timedelta(days=_RATE_DAYS)).sum()) / _RATE_DAYS
    rows = []
    for weeks in WEEKS_AHEAD:
        now, later = stays(ages), stays(ages + 7 * weeks)
        chance = np.divide(later, now, out=np.ones_like(now), where=now > 0)
        # A new case is open at the end if it lasts longer than what is left of the time: the area under the curve.
        share = float(stays((np.arange(28 * weeks) + 0.5) / 4).sum()) / 4
        spread = (chance * (1 - chance)).sum() + rate * share * (1 + share / _RATE_DAYS)
        until = day + pd.Timedelta(weeks=weeks)
        rows.append((FLOW, day, until, chance.sum() + rate * share, np.sqrt(max(spread, 0.25))))
        rows.append((AS_TODAY, day, until, float(len(waiting)), np.sqrt(max(len(waiting), 0.25))))
    return pd.DataFrame(rows, columns=["way", "made_on", "until", "expected", "deviation"])


def _staying(cases: pd.DataFrame, day: pd.Timestamp):
    """The share of cases still open after so many days, those that wait counted."""
    ended = cases["closed_at"].notna().to_numpy()
    if not ended.any():
        return lambda days: np.ones(len(days))
    lasted = ((cases["closed_at"].fillna(day) - cases["opened_at"]) / pd.Timedelta(days=1)).clip(lower=0)
    curve = survival_curves(lasted.to_numpy(), ended).curves
    times, left = curve["time"].to_numpy(), np.append(1.0, curve["survival"].to_numpy())
    return lambda days: left[np.searchsorted(times, days, side="right")]


def _tests(scored: pd.DataFrame) -> pd.DataFrame:
    if scored.empty:
        return pd.DataFrame(columns=["forecasts", "mae", "held", "tried"]).rename_axis("way")
    tried = scored[scored["known_errors"] > 0].assign(is_covered=scored["is_covered"].astype(bool))
    off = (scored["actual"] - scored["expected"]).abs().groupby(scored["way"])
    held = tried.groupby("way")["is_covered"].agg(["sum", "count"]).reindex(list(WAYS), fill_value=0)
    table = pd.DataFrame({"forecasts": off.size(), "mae": off.mean()}).reindex(list(WAYS))
    return table.assign(held=held["sum"].astype("int64"), tried=held["count"]).rename_axis("way")


def _ahead(cases: pd.DataFrame, now: pd.Timestamp, way: str, past: pd.DataFrame) -> pd.DataFrame:
    """The coming weeks with their interval; nothing where no level can be promised."""
    names = ["week_end", "expected", "low", "high"]
    own, said = past[past["way"] == way], _said(cases, now)
    if own["made_on"].nunique() < FEWEST_DATES:
        return said.head(0).assign(low=0.0, high=0.0).rename(columns={"until": "week_end"})[names]
    said = said[said["way"] == way]
    errors = ((own["actual"] - own["expected"]) / own["deviation"]).to_numpy()
    stretch = learn_stretch(errors, independent=independent_dates(own))
    low, high = stretch.ends(said["expected"].to_numpy(), said["deviation"].to_numpy())
    table = said.assign(week_end=said["until"], low=np.maximum(low, 0.0), high=high)[names]
    wide = (table["high"] - table["low"] > WIDEST * table["expected"]).any()
    return table.reset_index(drop=True).head(0 if wide else len(table))
