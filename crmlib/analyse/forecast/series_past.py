"""A time series foretold from many past periods, each time from what came before only."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmlib.analyse.churn_candidates import one_thread
from crmlib.analyse.forecast.intervals import stretched_past
from crmlib.analyse.forecast.series_models import (
    AVERAGE,
    LATELY,
    SEASONAL,
    Ahead,
    Spec,
    average_of,
    choose_spec,
    foretell,
)

MOST_ORIGINS, FEWEST_ORIGINS = 12, 5
"""From so many past periods it is foretold; with fewer than the second nothing is chosen by them."""

FEWEST_PERIODS = 12


@dataclass(frozen=True, kw_only=True, eq=False)
class Tried:
    """What was tried on a series.

    Parameters
    ----------
    past : DataFrame, one row a way, origin and period ahead
        `way`, `made_on`, `until`, `ahead` (1 for the next period), `expected`, `deviation`, `actual`, `low`,
        `high`, `is_covered`, `known_errors`.
    sums : DataFrame
        The same for the sum of all periods ahead, one row a way and origin.
    now : dict way -> Ahead
        From the end of the series.
    baseline : str

    Examples
    --------
    See `try_ways`.
    """

    past: pd.DataFrame
    sums: pd.DataFrame
    now: dict[str, Ahead]
    baseline: str


def try_ways(
    values: pd.Series, *, periods: int, season: int, families: tuple[str, ...], lowest: float | None
) -> Tried:
    """Foretell a series from its end and from past origins.

    Which model of a family is used is chosen from the values before the first origin, and again at the end; its
    parameters are fitted anew at every origin.

    Parameters
    ----------
    values : Series indexed by period_start
    periods : int
        To look ahead.
    season : int
        Periods in a year.
    families : names of `FAMILIES`
    lowest : float, optional
        No interval reaches below it.

    Returns
    -------
    Tried
        With the simple way alone where there are too few values to test others on.

    Examples
    --------
    >>> months = pd.date_range("2022-01-01", periods=30, freq="MS")
    >>> values = pd.Series(100.0 + np.arange(30) % 2, index=months)
    >>> tried = try_ways(values, periods=2, season=12, families=("drifting line",), lowest=0.0)
    >>> list(tried.now), tried.past["made_on"].nunique(), len(tried.sums)
    (['a year earlier', 'drifting line'], 5, 10)
    """
    with one_thread():
        return _try_ways(values, periods=periods, season=season, families=families, lowest=lowest)


def _try_ways(
    values: pd.Series, *, periods: int, season: int, families: tuple[str, ...], lowest: float | None
) -> Tried:
    numbers = values.to_numpy(float)
    begin = first_origin(len(numbers), periods=periods, season=season)
    baseline = SEASONAL if season > 1 and min(begin, len(numbers)) >= season else LATELY
    simple = Spec(family=baseline, order=(), season=season, is_log=False)
    is_testable = (len(numbers) - periods - begin) // stride_of(periods) + 1 >= FEWEST_ORIGINS
    used = families if is_testable and len(numbers) >= FEWEST_PERIODS else ()
    origins = range(len(numbers) - periods, begin - 1, -stride_of(periods))[:MOST_ORIGINS][::-1]
    chosen = [_chosen(numbers[: origins[0]], used, season=season) if len(origins) else []]
    chosen.append(_chosen(numbers, used, season=season))
    rows = []
    for origin in origins:
        found = _all_ways(numbers[:origin], [simple, *chosen[0]], periods=periods)
        rows += list(_rows(values, found, origin=origin, periods=periods))
    columns = ["way", "made_on", "until", "ahead", "expected", "deviation", "actual"]
    past = _everywhere(pd.DataFrame(rows, columns=columns))
    return Tried(
        past=stretched_past(past, lowest=lowest),
        sums=stretched_past(_summed(past), lowest=lowest),
        now=_all_ways(numbers, [simple, *chosen[1]], periods=periods),
        baseline=baseline,
    )


def stride_of(periods: int) -> int:
    """Periods from one origin to the next: times that are long need not be tried from each.

    Parameters
    ----------
    periods : int

    Examples
    --------
    >>> stride_of(3), stride_of(13)
    (1, 3)
    """
    return max(1, periods // 4)


def deviation_of_sum(deviation: np.ndarray) -> float:
    """Standard deviation of the sum of periods whose errors go together by half.

    Parameters
    ----------
    deviation : array (periods,)

    Examples
    --------
    >>> round(deviation_of_sum(np.array([3.0, 3.0])), 2)
    5.2
    """
    return float(np.sqrt(0.5 * (deviation**2).sum() + 0.5 * deviation.sum() ** 2))


def first_origin(count: int, *, periods: int, season: int) -> int:
    """How many values are learnt from at the first origin: two whole years where that leaves enough to test.

    Parameters
    ----------
    count : int
        Of values.
    periods, season : int

    Examples
    --------
    >>> first_origin(36, periods=3, season=12), first_origin(20, periods=3, season=12)
    (24, 12)
    """
    stride = stride_of(periods)
    for least in (2 * season, season, 26, FEWEST_PERIODS):
        if least >= FEWEST_PERIODS and (count - periods - least) // stride + 1 >= FEWEST_ORIGINS:
            return least
    return FEWEST_PERIODS // 2 if count < FEWEST_PERIODS + periods + FEWEST_ORIGINS else FEWEST_PERIODS


def _chosen(values: np.ndarray, families: tuple[str, ...], *, season: int) -> list[Spec]:
    found = (choose_spec(family, values, season=season) for family in families)
    return [spec for spec in found if spec is not None]


def _all_ways(values: np.ndarray, specs: list[Spec], *, periods: int) -> dict[str, Ahead]:
    found: dict[str, Ahead] = {}
    for spec in specs:
        try:
            found[spec.family] = foretell(spec, values, periods=periods)
        except (ValueError, np.linalg.LinAlgError):
            continue
    parts = [ahead for way, ahead in found.items() if way not in (SEASONAL, LATELY)]
    return found | {AVERAGE: average_of(parts)} if len(parts) > 1 else found


def _rows(
    values: pd.Series, found: dict[str, Ahead], *, origin: int, periods: int
) -> Iterator[tuple[object, ...]]:
    starts = values.index
    made_on = starts[origin] - pd.Timedelta(days=1)
    for way, ahead in found.items():
        for step in range(periods):
            place = origin + step
            end = starts[place + 1] if place + 1 < len(starts) else _next(starts)
            yield (
                way, made_on, end - pd.Timedelta(days=1), step + 1, float(ahead.expected[step]),
                float(ahead.deviation[step]), float(values.iloc[place]),
            )  # fmt: skip


def _next(starts: pd.DatetimeIndex) -> pd.Timestamp:
    return starts[-1] + (
        pd.DateOffset(months=1) if starts[-1].day == 1 and _monthly(starts) else starts[-1] - starts[-2]
    )


def _monthly(starts: pd.DatetimeIndex) -> bool:
    return len(starts) < 2 or (starts[1] - starts[0]).days > 7


def _everywhere(past: pd.DataFrame) -> pd.DataFrame:
    """Only ways that could be fitted at every origin, so that all are judged by the same periods."""
    origins = past.groupby("way")["made_on"].nunique()
    return past[past["way"].map(origins) == past["made_on"].nunique()].reset_index(drop=True)


def _summed(past: pd.DataFrame) -> pd.DataFrame:
    columns = ["way", "made_on", "until", "expected", "deviation", "actual"]
    rows = [
        (
            way, made_on, part["until"].max(), part["expected"].sum(),
            deviation_of_sum(part["deviation"].to_numpy()), part["actual"].sum(),
        )
        for (way, made_on), part in past.groupby(["way", "made_on"], sort=False)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)
