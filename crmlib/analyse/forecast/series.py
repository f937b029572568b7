"""Time series forecast: smoothing, differences, a drifting line, their average, and plain rules."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.forecast.result import GROWN, LAST_YEAR, LATELY, PLAIN
from crmlib.analyse.learn.candidates import one_thread
from crmlib.analyse.learn.evaluate import stretched_past

SEASONAL = LAST_YEAR
"""The simple ways: the same period a year earlier, also with the growth since (GROWN), and the mean of the last
`LATELY_PERIODS` (LATELY)."""

SMOOTHING, DIFFERENCES, LINE, AVERAGE = "smoothing", "differences", "drifting line", "average"

FAMILIES = (SMOOTHING, DIFFERENCES, LINE)
"""What is tried beside a simple way and the average: exponential smoothing, ARIMA, Theta."""

LATELY_PERIODS = 3

_MOST_LOG_SPREAD = 5.0
_MOST_GROWTH = 3.0
_ETS = ((None, False), ("add", True), ("add", False))
_ARMA = ((0, 1), (1, 0), (1, 1), (2, 1))


@dataclass(frozen=True, kw_only=True)
class Spec:
    """One model of a family.

    `order`: Of the family: (trend, damped, seasonal) of smoothing; (p, d, q, P, D, Q) of differences.
    `season`: Periods in a year; 1 for none.
    `is_log`: Whether the logarithm is foretold.
    """

    family: str
    order: tuple[Any, ...]
    season: int
    is_log: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class Ahead:
    """What a model says of the coming periods.

    `expected`, `deviation`: periods,.
    `aicc`, `aic`: Criteria of Akaike of the fit on the scale of the values; NaN where the family has none.
    """

    expected: np.ndarray
    deviation: np.ndarray
    aicc: float = float("nan")
    aic: float = float("nan")


def foretell(spec: Spec, values: np.ndarray, *, periods: int) -> Ahead:
    """Fit a model and look ahead.

    Hyndman, R. J. & Athanasopoulos, G. (2021). Forecasting: Principles and Practice, 3rd ed. Assimakopoulos, V. &
    Nikolopoulos, K. (2000). The theta model. International Journal of Forecasting 16(4), 521-530.
    """
    # Its import sets filters for its own warnings; done here, so that they are put back below.

    given = np.asarray(values, dtype=float)
    used = np.log(given) if spec.is_log else given
    with warnings.catch_warnings():
        # What these fits warn of, such as a search that ended early, shows in the test on the past.
        warnings.simplefilter("ignore")
        found = _FITS[spec.family](spec, used, periods)
    if not (np.isfinite(found.expected).all() and np.isfinite(found.deviation).all()):
        raise ValueError(f"{spec.family} gave no finite forecast.")
    if not spec.is_log:
        return found
    spread = np.minimum(found.deviation**2, 1.0)
    if (found.expected > np.log(given.max()) + _MOST_LOG_SPREAD).any():
        raise ValueError(f"{spec.family} ran away.")
    mean = np.exp(found.expected + spread / 2)
    # The criterion of the logarithms, carried over to the values themselves.
    shift = 2 * float(used.sum())
    return Ahead(
        expected=mean, deviation=mean * np.sqrt(np.expm1(spread)), aicc=found.aicc + shift,
        aic=found.aic + shift,
    )  # fmt: skip


def specs_of(family: str, values: np.ndarray, *, season: int) -> list[Spec]:
    """The models of a family that so many values can carry."""
    values = np.asarray(values, dtype=float)
    has_seasons = season > 1 and len(values) >= 2 * season
    is_log = bool(values.min() > 0.2 * np.median(values) > 0)
    if family == LINE:
        return [Spec(family=LINE, order=(), season=season if has_seasons else 1, is_log=False)]
    if family == SMOOTHING:
        orders: list[tuple[Any, ...]] = [(*trend, None) for trend in _ETS]
        if has_seasons and season <= 12:
            orders += [(*trend, "add") for trend in _ETS[:2]]
    else:
        d, seasonal_d = _times_differenced(
            np.log(values) if is_log else values, season=season if has_seasons and season <= 12 else 1
        )
        orders = [(p, d, q, 0, seasonal_d, 0) for p, q in _ARMA]
        if has_seasons and season <= 12:
            orders += [(p, d, q, *((0, 1, 1) if seasonal_d else (1, 0, 0))) for p, q in _ARMA[:3]]
    return [Spec(family=family, order=order, season=season, is_log=is_log) for order in orders]


def choose_spec(family: str, values: np.ndarray, *, season: int) -> Spec | None:
    """The model of a family with the smallest corrected criterion of Akaike.

    Hurvich, C. M. & Tsai, C.-L. (1989). Regression and time series model selection in small samples. Biometrika
    76(2), 297-307.
    """
    specs = specs_of(family, values, season=season)
    if len(specs) == 1:
        return specs[0]
    best: tuple[float, Spec] | None = None
    for spec in specs:
        try:
            score = foretell(spec, values, periods=1).aicc
        except (ValueError, np.linalg.LinAlgError):
            continue
        if np.isfinite(score) and (best is None or score < best[0]):
            best = (score, spec)
    return best[1] if best else None


def average_of(parts: list[Ahead]) -> Ahead:
    """The mean of what several models say."""
    expected = np.mean([part.expected for part in parts], axis=0)
    return Ahead(expected=expected, deviation=np.mean([part.deviation for part in parts], axis=0))


def _seasonal_naive(spec: Spec, values: np.ndarray, periods: int) -> Ahead:
    season = spec.season
    ahead = np.arange(periods)
    error = values[season:] - values[:-season]
    size = np.sqrt(np.mean(error**2)) if len(error) else float(np.std(values))
    return Ahead(
        expected=values[len(values) - season + ahead % season], deviation=size * np.sqrt(ahead // season + 1)
    )


def _seasonal_grown(spec: Spec, values: np.ndarray, periods: int) -> Ahead:
    """The same period a year earlier, times what the last year was to the one before it."""
    season = spec.season
    sums = np.cumsum(np.append(0, values))
    years = sums[season:] - sums[:-season]
    # Of each value after two years: the growth that was known just before it.
    growth = np.divide(
        years[season:], years[:-season], out=np.ones(len(years) - season), where=years[:-season] > 0
    )
    growth = growth.clip(1 / _MOST_GROWTH, _MOST_GROWTH)
    plain = _seasonal_naive(spec, values, periods)
    error = values[2 * season :] - values[season:-season] * growth[:-1]
    size = np.sqrt(np.mean(error**2)) / plain.deviation[0] if len(error) and plain.deviation[0] > 0 else 1.0
    return Ahead(expected=plain.expected * growth[-1], deviation=plain.deviation * size)


def _lately(spec: Spec, values: np.ndarray, periods: int) -> Ahead:
    sums = np.cumsum(np.append(0, values))
    width = min(LATELY_PERIODS, len(values))
    means = (sums[width:] - sums[:-width]) / width
    error = values[width:] - means[:-1]
    size = np.sqrt(np.mean(error**2)) if len(error) else float(np.std(values))
    return Ahead(expected=np.full(periods, means[-1]), deviation=np.full(periods, size))


def _smoothing(spec: Spec, values: np.ndarray, periods: int) -> Ahead:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    trend, damped, seasonal = spec.order
    model = ETSModel(
        values, error="add", trend=trend, damped_trend=damped, seasonal=seasonal,
        seasonal_periods=spec.season if seasonal else None,
    )  # fmt: skip
    fit = model.fit(disp=False, maxiter=200)
    given = dict(zip(fit.model.param_names, fit.params, strict=True))
    alpha, beta = given["smoothing_level"], given.get("smoothing_trend", 0.0)
    gamma, damping = given.get("smoothing_seasonal", 0.0), given.get("damping_trend", 1.0)
    step = np.arange(1, periods)
    # Class 1 of Hyndman et al. (2008), table 6.2: how an error of now goes on into later periods.
    weight = alpha + beta * np.cumsum(damping ** (step - 1)) * (trend is not None)
    weight = weight + gamma * (step % spec.season == 0) * (seasonal is not None)
    variance = float(np.mean(fit.resid**2)) * len(values) / max(len(values) - len(fit.params), 1)
    growth = np.append(1.0, 1 + np.cumsum(weight**2))
    expected = np.asarray(fit.forecast(periods))
    deviation = np.sqrt(variance * growth)
    return Ahead(expected=expected, deviation=deviation, aicc=float(fit.aicc), aic=float(fit.aic))


def _differences(spec: Spec, values: np.ndarray, periods: int) -> Ahead:
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    order, seasonal = spec.order[:3], (*spec.order[3:], spec.season if any(spec.order[3:]) else 0)
    mean = not order[1] and not seasonal[1]
    level = float(values.mean()) if mean else 0.0
    scale = float(np.std(values)) or 1.0
    used = (values - level) / scale
    fit = SARIMAX(used, order=order, seasonal_order=seasonal, simple_differencing=True).fit(
        disp=False, maxiter=100, cov_type="none"
    )
    # Fitted on the differences, which is fast; looked ahead on the values themselves.
    whole = SARIMAX(used, order=order, seasonal_order=seasonal).filter(fit.params, cov_type="none")
    found = whole.get_forecast(periods)
    count = len(used) - order[1] - seasonal[1] * seasonal[3]
    size = len(fit.params) + mean
    aic = float(fit.aic + 2 * mean + 2 * count * np.log(scale))
    expected = level + scale * np.asarray(found.predicted_mean)
    aicc = aic + 2 * size * (size + 1) / max(count - size - 1, 1)
    return Ahead(expected=expected, deviation=scale * np.asarray(found.se_mean), aicc=aicc, aic=aic)


def _times_differenced(values: np.ndarray, *, season: int) -> tuple[int, int]:
    """Ordinary and seasonal differences: those after which the values vary least.

    Criteria of fits compare only over as many values, so this is settled first.
    """
    spread = {(0, 0): float(np.std(values)), (1, 0): float(np.std(np.diff(values)))}
    if season > 1 and len(values) >= 2 * season:
        seasonal = values[season:] - values[:-season]
        spread |= {(0, 1): float(np.std(seasonal)), (1, 1): float(np.std(np.diff(seasonal)))}
    return min(spread, key=lambda order: spread[order])


def _line(spec: Spec, values: np.ndarray, periods: int) -> Ahead:
    from statsmodels.tsa.forecasting.theta import ThetaModel
    from statsmodels.tsa.seasonal import seasonal_decompose

    season, ahead = spec.season, np.arange(periods)
    factor, is_share = np.zeros(len(values)), False
    if season > 1:
        is_share = bool(values.min() > 0)
        way = "multiplicative" if is_share else "additive"
        factor = np.asarray(seasonal_decompose(values, period=season, model=way).seasonal)
    plain = values / factor if is_share else values - factor
    fit = ThetaModel(plain, period=2, deseasonalize=False).fit(disp=False)
    coming = factor[len(values) - season + ahead % season] if season > 1 else np.zeros(periods)
    middle = np.asarray(fit.forecast(periods))
    alpha, drift = float(fit.params["alpha"]), float(fit.params["b0"]) / 2
    error, level = np.empty(len(plain) - 1), plain[0]
    for place, value in enumerate(plain[1:]):
        error[place] = value - level - drift
        level += alpha * (value - level)
    # The seasons were read from the same values: they take part of the errors with them.
    free = max(len(plain) - (season if season > 1 else 0) - 2, 1)
    size = np.sqrt((error**2).sum() / free * (1 + ahead * alpha**2))
    if is_share:
        return Ahead(expected=middle * coming, deviation=size * coming)
    return Ahead(expected=middle + coming, deviation=size)


_FITS: dict[str, Callable[[Spec, np.ndarray, int], Ahead]] = {
    SEASONAL: _seasonal_naive,
    GROWN: _seasonal_grown,
    LATELY: _lately,
    SMOOTHING: _smoothing,
    DIFFERENCES: _differences,
    LINE: _line,
}


MOST_ORIGINS, FEWEST_ORIGINS = 12, 5
"""From so many past periods it is foretold; with fewer than the second nothing is chosen by them."""

FEWEST_PERIODS = 12


_STOPPED_SHARE = 0.05
_LONG_STOP = {12: 3, 52: 13}


def after_stop(values: np.ndarray, *, season: int) -> tuple[int, np.ndarray]:
    """Where the time after the last long stop begins, and the values with short gaps filled.

    Periods with next to no sales, in a series that has them nowhere else at that time of the year, are no season. A
    quarter of a year or more of them is a stop: what came before says nothing of how things go on, and only what
    follows is learnt from. Fewer are taken for missing, and filled by the line between their neighbours. A series
    that often sells nothing, as single products do, is left as it is.
    """
    usual = np.median(values[values > 0]) if (values > 0).any() else 0.0
    empty = np.abs(values) <= _STOPPED_SHARE * usual
    if not usual > 0 or not empty.any():
        return 0, values
    place = np.arange(len(values))
    again = np.array([empty[(place % season == at % season) & (place != at)].any() for at in place])
    runs = np.split(place, np.flatnonzero(np.diff(empty.astype(int))) + 1)
    begin, gaps = 0, []
    for run in runs:
        inside = run[0] > 0 and run[-1] < len(values) - 1
        if not empty[run[0]] or not inside:
            continue
        if len(run) >= _LONG_STOP[season]:
            begin = int(run[-1]) + 1
        elif not again[run].any():
            gaps.append(run)
    filled = values.astype(float).copy()
    missing = np.concatenate([*gaps, np.empty(0, int)])
    missing = missing[missing > begin]
    if 5 * (empty[begin:].sum()) <= len(values) - begin and len(missing):
        kept = ~np.isin(place, missing)
        filled[missing] = np.interp(missing, place[kept], values[kept])
    return begin, filled


@dataclass(frozen=True, kw_only=True, eq=False)
class Tried:
    """What was tried on a series.

    `past` (one row a way, origin and period ahead): `way`, `made_on`, `until`, `ahead` (1 for the next
        period), `expected`, `deviation`, `actual`, `low`, `high`, `is_covered`, `known_errors`.
    `sums`: The same for the sum of all periods ahead, one row a way and origin.
    `now` (dict way -> Ahead): From the end of the series.
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
    """
    with one_thread():
        return _try_ways(values, periods=periods, season=season, families=families, lowest=lowest)


def _try_ways(
    values: pd.Series, *, periods: int, season: int, families: tuple[str, ...], lowest: float | None
) -> Tried:
    numbers = values.to_numpy(float)
    begin = first_origin(len(numbers), periods=periods, season=season)
    baseline = SEASONAL if season > 1 and min(begin, len(numbers)) >= season else LATELY
    rules = [
        baseline,
        *([LATELY] if baseline == SEASONAL else []),
        *([GROWN] if begin >= 2 * season > 2 else []),
    ]
    simple = [Spec(family=rule, order=(), season=season, is_log=False) for rule in rules]
    is_testable = (len(numbers) - periods - begin) // stride_of(periods) + 1 >= FEWEST_ORIGINS
    used = families if is_testable and len(numbers) >= FEWEST_PERIODS else ()
    origins = range(len(numbers) - periods, begin - 1, -stride_of(periods))[:MOST_ORIGINS][::-1]
    chosen = [_chosen(numbers[: origins[0]], used, season=season) if len(origins) else []]
    chosen.append(_chosen(numbers, used, season=season))
    rows = []
    for origin in origins:
        found = _all_ways(numbers[:origin], [*simple, *chosen[0]], periods=periods)
        rows += list(_rows(values, found, origin=origin, periods=periods))
    columns = ["way", "made_on", "until", "ahead", "expected", "deviation", "actual"]
    past = _everywhere(pd.DataFrame(rows, columns=columns))
    sums = stretched_past(_summed(past), lowest=lowest)
    now = _all_ways(numbers, [*simple, *chosen[1]], periods=periods)
    return Tried(past=stretched_past(past, lowest=lowest), sums=sums, now=now, baseline=baseline)


def stride_of(periods: int) -> int:
    """Periods from one origin to the next: times that are long need not be tried from each."""
    return max(1, periods // 4)


def deviation_of_sum(deviation: np.ndarray) -> float:
    """Standard deviation of the sum of periods whose errors go together by half."""
    return float(np.sqrt(0.5 * (deviation**2).sum() + 0.5 * deviation.sum() ** 2))


def first_origin(count: int, *, periods: int, season: int) -> int:
    """How many values are learnt from at the first origin: two whole years where that leaves enough to test."""
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
    parts = [ahead for way, ahead in found.items() if way not in PLAIN]
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
