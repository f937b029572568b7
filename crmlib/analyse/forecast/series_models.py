"""Time series foretold: smoothing, differences, a drifting line, their average, and two simple ways."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

SEASONAL, LATELY = "a year earlier", "lately"
"""The simple ways: the same period a year earlier, and the mean of the last `LATELY_PERIODS`."""

SMOOTHING, DIFFERENCES, LINE, AVERAGE = "smoothing", "differences", "drifting line", "average"

FAMILIES = (SMOOTHING, DIFFERENCES, LINE)
"""What is tried beside a simple way and the average: exponential smoothing, ARIMA, Theta."""

LATELY_PERIODS = 3

_MOST_LOG_SPREAD = 5.0
_ETS = ((None, False), ("add", True), ("add", False))
_ARMA = ((0, 1), (1, 0), (1, 1), (2, 1))


@dataclass(frozen=True, kw_only=True)
class Spec:
    """One model of a family.

    Parameters
    ----------
    family : str
    order : tuple
        Of the family: (trend, damped, seasonal) of smoothing; (p, d, q, P, D, Q) of differences.
    season : int
        Periods in a year; 1 for none.
    is_log : bool
        Whether the logarithm is foretold.

    Examples
    --------
    >>> Spec(family=LINE, order=(), season=12, is_log=False).season
    12
    """

    family: str
    order: tuple[Any, ...]
    season: int
    is_log: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class Ahead:
    """What a model says of the coming periods.

    Parameters
    ----------
    expected, deviation : arrays (periods,)
    aicc, aic : float
        Criteria of Akaike of the fit on the scale of the values; NaN where the family has none.

    Examples
    --------
    See `foretell`.
    """

    expected: np.ndarray
    deviation: np.ndarray
    aicc: float = float("nan")
    aic: float = float("nan")


def foretell(spec: Spec, values: np.ndarray, *, periods: int) -> Ahead:
    """Fit a model and look ahead.

    Parameters
    ----------
    spec : Spec
    values : array
        One a period, the latest last.
    periods : int

    Returns
    -------
    Ahead

    Raises
    ------
    ValueError, numpy.linalg.LinAlgError
        If it cannot be fitted to these values.

    References
    ----------
    Hyndman, R. J. & Athanasopoulos, G. (2021). Forecasting: Principles and Practice, 3rd ed. Assimakopoulos, V. &
    Nikolopoulos, K. (2000). The theta model. International Journal of Forecasting 16(4), 521-530.

    Examples
    --------
    >>> spec = Spec(family=LATELY, order=(), season=1, is_log=False)
    >>> ahead = foretell(spec, np.array([4.0, 5.0, 6.0, 7.0]), periods=2)
    >>> ahead.expected.tolist(), ahead.deviation.round(2).tolist()
    ([6.0, 6.0], [2.0, 2.0])
    """
    # Its import sets filters for its own warnings; done here, so that they are put back below.
    import statsmodels.tools.sm_exceptions  # noqa: F401

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
    """The models of a family that so many values can carry.

    Parameters
    ----------
    family : one of `FAMILIES`
    values : array
    season : int

    Returns
    -------
    list of Spec
        Seasonal ones from two whole years on. Where all values are well above 0 the logarithm is foretold.

    Examples
    --------
    >>> [spec.order for spec in specs_of(SMOOTHING, np.arange(12.0), season=12)]
    [(None, False, None), ('add', True, None), ('add', False, None)]
    """
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

    Parameters
    ----------
    family : one of `FAMILIES`
    values : array
    season : int

    Returns
    -------
    Spec, or None where none can be fitted

    References
    ----------
    Hurvich, C. M. & Tsai, C.-L. (1989). Regression and time series model selection in small samples. Biometrika
    76(2), 297-307.

    Examples
    --------
    >>> lot = np.random.default_rng(0)
    >>> choose_spec(SMOOTHING, 100 + lot.normal(size=40), season=1).order
    (None, False, None)
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
    """The mean of what several models say.

    Parameters
    ----------
    parts : list of Ahead

    Returns
    -------
    Ahead
        Its deviation is the mean of theirs: their errors go together.

    Examples
    --------
    >>> one = Ahead(expected=np.array([1.0]), deviation=np.array([1.0]))
    >>> average_of([one, Ahead(expected=np.array([3.0]), deviation=np.array([1.0]))]).expected.tolist()
    [2.0]
    """
    return Ahead(
        expected=np.mean([part.expected for part in parts], axis=0),
        deviation=np.mean([part.deviation for part in parts], axis=0),
    )


def _seasonal_naive(spec: Spec, values: np.ndarray, periods: int) -> Ahead:
    season = spec.season
    ahead = np.arange(periods)
    error = values[season:] - values[:-season]
    size = np.sqrt(np.mean(error**2)) if len(error) else float(np.std(values))
    return Ahead(
        expected=values[len(values) - season + ahead % season], deviation=size * np.sqrt(ahead // season + 1)
    )


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
    return Ahead(
        expected=np.asarray(fit.forecast(periods)),
        deviation=np.sqrt(variance * growth),
        aicc=float(fit.aicc),
        aic=float(fit.aic),
    )


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
    return Ahead(
        expected=level + scale * np.asarray(found.predicted_mean),
        deviation=scale * np.asarray(found.se_mean),
        aicc=aic + 2 * size * (size + 1) / max(count - size - 1, 1),
        aic=aic,
    )


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
    LATELY: _lately,
    SMOOTHING: _smoothing,
    DIFFERENCES: _differences,
    LINE: _line,
}
