"""Past moments at which open deals are looked at, and what became of them afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.pipeline.lead_features import features_at
from crmlib.measure.deals import deals
from crmlib.prepare.clock import days_later, local_time
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError

TEST_MOMENTS = 3
"""At most so many moments are tested, a third of a horizon apart."""
LEARN_MOMENTS = 6
"""At most so many moments are learnt from, the latest ones."""
FEWEST = 30
"""Rows with either outcome, without which nothing is learnt or tested."""
_LEAST_DAYS, _SHARE_WON_BY_THEN = 7, 0.8


@dataclass(frozen=True, kw_only=True, eq=False)
class Moment:
    """Open deals as they were known at one moment, and whether they were won within the horizon.

    Parameters
    ----------
    at, until : Timestamp (naive, UTC)
    features : DataFrame indexed by opportunity_id
    label : array of bool

    Examples
    --------
    See `moments_of`.
    """

    at: pd.Timestamp
    until: pd.Timestamp
    features: pd.DataFrame
    label: np.ndarray


def usual_days_to_win(table: pd.DataFrame, *, as_of: pd.Timestamp) -> int:
    """Days within which four of five of the deals won were won, in whole weeks; a quarter of the history at most.

    Parameters
    ----------
    table : DataFrame of `deals`
    as_of : Timestamp

    Returns
    -------
    int

    Raises
    ------
    ParameterError
        If no deal that was won has both dates, or the history is shorter than four weeks.

    Examples
    --------
    >>> won = pd.DataFrame({"outcome": "won", "age_days": [5.0, 10.0, 15.0, 20.0, 90.0],
    ...                     "created_at": pd.Timestamp("2024-01-01")})
    >>> usual_days_to_win(won, as_of=pd.Timestamp("2024-12-31"))
    35
    """
    days = table.loc[(table["outcome"] == "won") & (table["age_days"] >= 0), "age_days"].dropna()
    if days.empty:
        raise ParameterError(
            "of no deal that was won is it known when it was opened and closed. Map created_at and closed_at."
        )
    weeks = ceil(float(days.quantile(_SHARE_WON_BY_THEN)) / 7)
    longest = int((as_of - table["created_at"].min()).days / 4 / 7)
    if longest < 1:
        raise ParameterError(
            "the deals reach back less than four weeks: there is no later period to test on."
        )
    return 7 * max(1, min(weeks, longest))


def check_horizon(days: Any, table: pd.DataFrame, *, as_of: pd.Timestamp) -> int:
    """The horizon that was asked for, or the usual one.

    Parameters
    ----------
    days : int or None
    table : DataFrame of `deals`
    as_of : Timestamp

    Raises
    ------
    ParameterError
        If it is no whole number of days, or the history is shorter than three horizons.

    Examples
    --------
    >>> won = pd.DataFrame({"outcome": "won", "age_days": [5.0], "created_at": pd.Timestamp("2024-01-01")})
    >>> check_horizon(30, won, as_of=pd.Timestamp("2024-12-31"))
    30
    """
    if days is None:
        return usual_days_to_win(table, as_of=as_of)
    if isinstance(days, bool) or not isinstance(days, Integral) or days < 1:
        raise ParameterError(f"horizon_days={days!r}: give a whole number of days, 1 or more.")
    history = (as_of - table["created_at"].min()).days
    if not history >= 3 * days:
        raise ParameterError(
            f"a horizon of {days} days needs {3 * int(days)} days of deals: one to learn, one to wait, one to test. "
            f"There are {max(0, int(history)) if history == history else 0}. Give at most {int(history) // 3} days."
        )
    return int(days)


def moments_of(
    crm: Crm, *, horizon_days: int, now: pd.DataFrame | None = None
) -> tuple[list[Moment], list[Moment]]:
    """Moments to test on and moments to learn from, the latest first.

    No outcome that is learnt from lies after the first moment of the test. A deal that is open at several moments
    is in several of them.

    Parameters
    ----------
    crm : Crm
    horizon_days : int
    now : DataFrame, optional
        `deals` of `crm`, where they are at hand.

    Returns
    -------
    (test, learn) : lists of Moment

    Examples
    --------
    >>> from crmlib.analyse.pipeline.portrait import _little_pipeline
    >>> test, learn = moments_of(_little_pipeline(), horizon_days=42)
    >>> [f"{moment.at:%Y-%m-%d}" for moment in test], len(learn), learn[0].until <= test[-1].at
    (['2024-10-20', '2024-10-06', '2024-09-22'], 6, True)
    """
    now = deals(crm) if now is None else now
    begin = now["created_at"].min()
    step = max(_LEAST_DAYS, horizon_days // 3)
    history = (crm.as_of - begin).days
    many = next(
        (n for n in range(TEST_MOMENTS, 1, -1) if 2 * horizon_days + n * step <= history),
        1,
    )
    ends = [-horizon_days - i * step for i in range(many)]
    first = ends[-1]
    learn = [first - horizon_days - i * step for i in range(LEARN_MOMENTS)]
    learn = [days for days in learn if -days <= history]
    made = {days: moment_at(crm, days, now, horizon_days=horizon_days) for days in [*ends, *learn]}
    return [made[days] for days in ends], [made[days] for days in learn if len(made[days].label)]


def moment_at(crm: Crm, days: int, now: pd.DataFrame, *, horizon_days: int) -> Moment:
    """The deals that were open so many days from the closing moment, and what became of them.

    Parameters
    ----------
    crm : Crm
    days : int
        Below 0: earlier.
    now : DataFrame
        `deals` of the same Crm.
    horizon_days : int

    Examples
    --------
    >>> from crmlib.analyse.pipeline.portrait import _little_pipeline
    >>> crm = _little_pipeline()
    >>> moment = moment_at(crm, -60, deals(crm), horizon_days=30)
    >>> len(moment.features) == len(moment.label), 0 < moment.label.mean() < 1
    (True, np.True_)
    """
    at = days_later(crm.as_of, days, time_zone=crm.time_zone)
    until = days_later(at, horizon_days, time_zone=crm.time_zone)
    features = features_at(crm.at(at), horizon_days=horizon_days)
    then = now.reindex(features.index)
    label = (then["outcome"] == "won") & (then["closed_at"] <= until)
    return Moment(at=at, until=until, features=features, label=label.to_numpy(dtype=bool))


def require_rows(moments: Sequence[Moment], *, what: str, fewest: int = FEWEST) -> None:
    """Refuse where too few rows have either outcome.

    Parameters
    ----------
    moments : Moments
    what : str
        What they are for, as it ends a sentence.
    fewest : int

    Raises
    ------
    ParameterError

    Examples
    --------
    >>> require_rows([], what="to learn from")
    Traceback (most recent call last):
    ...
    crmlib.schema.errors.ParameterError: of 0 open deals to learn from, 0 were won within the horizon; at least 30
    are needed that were and 30 that were not. Give a longer history or another horizon_days.
    """
    n = sum(len(moment.label) for moment in moments)
    won = int(sum(moment.label.sum() for moment in moments))
    if min(won, n - won) < fewest:
        raise ParameterError(
            f"of {n:,} open deals {what}, {won:,} were won within the horizon; at least {fewest} are needed that "
            f"were and {fewest} that were not. Give a longer history or another horizon_days."
        )


def period_table(test: Sequence[Moment], learn: Sequence[Moment], *, time_zone: str) -> pd.DataFrame:
    """The moments, the earliest first: what was learnt from, what was tested.

    Parameters
    ----------
    test, learn : Moments
    time_zone : str

    Returns
    -------
    DataFrame
        `role`, `moment`, `until` (by the clocks of the zone), `deals`, `won`, `won_pct`.

    Examples
    --------
    >>> period_table([], [], time_zone="UTC").columns.tolist()
    ['role', 'moment', 'until', 'deals', 'won', 'won_pct']
    """
    rows = []
    for role, moments in (("learn", learn), ("test", test)):
        for each in sorted(moments, key=lambda moment: moment.at):
            ends = [local_time(moment, time_zone=time_zone) for moment in (each.at, each.until)]
            n, won = len(each.label), int(each.label.sum())
            rows.append((role, *ends, n, won, 100 * won / n if n else np.nan))
    return pd.DataFrame(rows, columns=["role", "moment", "until", "deals", "won", "won_pct"])
