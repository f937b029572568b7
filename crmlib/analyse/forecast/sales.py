"""What will be sold: time series tried on the past against a simple way, the nearest one used."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.forecast.pipeline import Horizon, read_horizon
from crmlib.analyse.forecast.result import (
    PLAIN,
    SALES,
    Forecast,
    Remark,
    compare_ways,
    nearest_plain,
    score_ways,
)
from crmlib.analyse.forecast.series import (
    FAMILIES,
    FEWEST_ORIGINS,
    LINE,
    Tried,
    after_stop,
    deviation_of_sum,
    stride_of,
    try_ways,
)
from crmlib.analyse.learn.evaluate import LEVEL_PCT, Stretch, independent_dates, learn_stretch
from crmlib.analyse.stats.small_groups import OTHER
from crmlib.measure.sales import FREQUENCIES, SalesSeries, facts_steps, sales_series
from crmlib.prepare.clock import closing_day
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError, nearest

SEASONS = {"month": 12, "week": 52}

MOST_GROUPS = 12
"""So many groups, the largest of the last year, are foretold one by one; the others together."""


_UNITS = {"quantity": "pieces", "order_count": "orders"}
_OF_GROUPS = (LINE,)


def forecast_sales(
    crm: Crm,
    *,
    by: str | None = None,
    horizon: Any = "3 months",
    freq: str = "month",
    measure: str = "net_amount",
    seed: int = 0,
) -> Forecast:
    """What will be sold in the coming weeks or months: in all, and by what sales may be told apart by.

    Exponential smoothing, differences (ARIMA), a drifting line (Theta) and their average are tried against a
    simple way: as a year earlier, or, where the history is too short for that, as lately. Each foretells past
    periods from what came before them only. The way whose errors were smallest makes the forecast; intervals are as
    wide as its errors ask for. A period that is not over at the closing moment is left out.

    Parameters
    ----------
    crm : Crm
        With `transactions` (or `opportunities`, for `won_amount`).
    by : "category", "product", "region", "customer", ..., optional
        The `MOST_GROUPS` largest are foretold each by itself, by the drifting line or the simple way.
    horizon : "3 months", "13 weeks" or a number of periods
    freq : "month" or "week"
    measure : "net_amount", "quantity", "margin", "order_count" or "won_amount"

    Returns
    -------
    Forecast
        `periods` begin after the last whole period. With too little history by the simple way, which `way` names;
        bounds are NaN where not even that could be tried on the past.

    Raises
    ------
    SchemaError
        If the workspace lacks the table or column.
    ParameterError
        If an argument does not fit, or no whole period has a sale.

    References
    ----------
    Hyndman, R. J. & Athanasopoulos, G. (2021). Forecasting: Principles and Practice, 3rd ed. Tashman, L. J. (2000).
    Out-of-sample tests of forecasting accuracy. International Journal of Forecasting 16(4), 437-450.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> days = pd.date_range("2021-01-15", periods=30, freq="MS")
    >>> lines = pd.DataFrame({"order_id": [str(n) for n in range(30)], "product_id": "tea",
    ...                       "net_amount": 100.0 + np.arange(30) % 12, "ordered_at": days})
    >>> found = forecast_sales(Crm.from_frames(as_of="2023-07-31", transactions=lines), horizon="2 months")
    >>> found.way, found.periods["expected"].round().tolist()
    ('a year earlier', [106.0, 107.0])
    """
    if freq not in FREQUENCIES:
        raise ParameterError(f"there is no freq {freq!r}.{nearest(str(freq), FREQUENCIES)}")
    asked = read_horizon(horizon, unit=freq)
    periods = _periods(asked, freq)
    series = sales_series(crm, freq=freq, measure=measure, today=closing_day(crm))
    if not len(series.values):
        raise ParameterError(f"no whole {freq} has a sale yet: there is nothing to go by.")
    if by is not None:
        # What cannot be told apart is refused before the long work.
        facts_steps(crm, by=by, measure=measure)
    whole = series.values["all"]
    begin, mended = after_stop(whole.to_numpy(float), season=SEASONS[freq])
    total = pd.Series(mended, index=whole.index)[begin:]
    lowest = None if (total < 0).any() or measure == "margin" else 0.0
    tried = try_ways(total, periods=periods, season=SEASONS[freq], families=FAMILIES, lowest=lowest)
    story = _judged(tried, seed=seed, periods=periods)
    stopped = _stopped(whole, begin, mended)
    table, sums = _expected(tried, story, series, lowest=lowest, periods=periods)
    groups, said = _groups(
        crm, by, series=series, begin=begin, sums=sums, periods=periods, freq=freq, measure=measure
    )
    unit = _UNITS.get(measure, crm.currency)
    return Forecast(
        kind=SALES, measure=measure, unit=unit, today=series.last_day,
        ends_on=table["period_end"].iloc[-1], horizon=Horizon(count=periods, unit=freq).says, total=sums, periods=table,
        by={by: groups} if by is not None else {}, history=_history(series), past=tried.past,
        scores=story["scores"], comparison=story["comparison"], way=story["way"], baseline=story["baseline"],
        is_thin=story["is_thin"], level_pct=LEVEL_PCT, currency=crm.currency,
        learnt_from=total.index[0], notes=(*_notes(series), *stopped, *said),
        limits=_limits(tried, series, is_thin=story["is_thin"]),
        workings={"series": series, "tried": tried},
    )  # fmt: skip


def _periods(horizon: Horizon, freq: str) -> int:
    if horizon.unit == freq:
        return horizon.count
    start = pd.Timestamp("2024-01-01")
    days = (horizon.later(start) - start).days
    return max(1, round(days / (7 if freq == "week" else 30.44)))


def _judged(tried: Tried, *, seed: int, periods: int) -> dict[str, Any]:
    past = tried.past
    scores = score_ways(past)
    is_thin = past["made_on"].nunique() < FEWEST_ORIGINS or set(tried.now) <= set(PLAIN)
    ways = [way for way in scores["way"] if way in tried.now]
    way = tried.baseline if is_thin or not ways else ways[0]
    baseline = tried.baseline if is_thin or not ways else nearest_plain(scores)
    comparison = (
        compare_ways(past, chosen=way, block=-(-periods // stride_of(periods)), seed=seed)
        if len(past)
        else None
    )
    if comparison is None:
        comparison = pd.DataFrame(columns=["way", "gain_pct", "low", "high", "better"])
    return {
        "way": way,
        "baseline": baseline,
        "is_thin": is_thin,
        "scores": scores.assign(is_chosen=scores["way"] == way),
        "comparison": comparison,
    }


def _expected(
    tried: Tried, story: dict[str, Any], series: SalesSeries, *, lowest: float | None, periods: int
) -> tuple[pd.DataFrame, dict[str, float]]:
    way = story["way"]
    now, simple = tried.now[way], tried.now[story["baseline"]]
    each, whole = (_stretch(table, way) for table in (tried.past, tried.sums))
    low, high = _bounds(each, now.expected, now.deviation, lowest)
    months = series.freq == "month"
    starts = pd.date_range(
        series.last_day + pd.Timedelta(days=1), periods=periods + 1, freq="MS" if months else "7D"
    ).astype("datetime64[us]")
    table = pd.DataFrame(
        {
            "period_start": starts[:-1], "period_end": starts[1:] - pd.Timedelta(days=1), "is_whole": True,
            "expected": now.expected, "low": low, "high": high, "baseline": simple.expected,
        }
    )  # fmt: skip
    expected = float(now.expected.sum())
    ends = _bounds(whole, np.array([expected]), np.array([deviation_of_sum(now.deviation)]), lowest)
    return table, {
        "expected": expected,
        "low": float(ends[0][0]),
        "high": float(ends[1][0]),
        "baseline": float(simple.expected.sum()),
    }


def _stretch(past: pd.DataFrame, way: str) -> Stretch | None:
    own = past[past["way"] == way]
    if own["made_on"].nunique() < 2:
        return None
    errors = (own["actual"] - own["expected"]) / own["deviation"].where(own["deviation"] > 0)
    return learn_stretch(errors, independent=independent_dates(own))


def _bounds(
    stretch: Stretch | None, expected: np.ndarray, deviation: np.ndarray, lowest: float | None
) -> tuple[np.ndarray, np.ndarray]:
    if stretch is None:
        return np.full(len(expected), np.nan), np.full(len(expected), np.nan)
    low, high = stretch.ends(expected, deviation)
    return (low if lowest is None else np.maximum(low, np.minimum(lowest, expected))), high


def _groups(
    crm: Crm, by: str | None, *, series: SalesSeries, begin: int, sums: dict[str, float], periods: int,
    freq: str, measure: str,
) -> tuple[pd.DataFrame, tuple[Remark, ...]]:  # fmt: skip
    """What is expected of each group: forecast by itself, then all in one proportion so that they make the whole.

    Athanasopoulos, G., Ahmed, R. A. & Hyndman, R. J. (2009). Hierarchical forecasts for Australian domestic tourism.
    International Journal of Forecasting 25(1), 146-166: proportions of forecasts.
    """
    if by is None:
        return pd.DataFrame(), ()
    apart = sales_series(crm, freq=freq, by=by, measure=measure, today=closing_day(crm))
    wide = apart.values.reindex(series.values.index).fillna(0.0)[begin:]
    size = wide.tail(SEASONS[freq]).sum().sort_values(ascending=False, kind="stable")
    large = list(size.index[:MOST_GROUPS])
    small = [name for name in wide.columns if name not in large]
    if small:
        wide = wide.assign(**{OTHER: wide[small].sum(axis=1)})
    rows = []
    for name in [*large, *([OTHER] if small else [])]:
        lowest = None if (wide[name] < 0).any() or measure == "margin" else 0.0
        tried = try_ways(
            wide[name], periods=periods, season=SEASONS[freq], families=_OF_GROUPS, lowest=lowest
        )
        story = _judged(tried, seed=0, periods=periods)
        _, own = _expected(tried, story, series, lowest=lowest, periods=periods)
        score = story["scores"].set_index("way")
        here = score.loc[story["way"]] if story["way"] in score.index else pd.Series(dtype=float)
        rows.append(
            {
                "key": name,
                **own,
                "way": story["way"],
                "wape_pct": here.get("wape_pct", np.nan),
                "coverage_pct": here.get("coverage_pct", np.nan),
                "last_year": float(wide[name].tail(SEASONS[freq]).sum()),
            }
        )
    table = pd.DataFrame(rows)
    table, changed_pct = _adding_up(table, sums)
    said = [Remark("parts_fitted" if np.isfinite(changed_pct) else "parts_apart", {"changed": changed_pct})]
    if small:
        said.append(Remark("others_together", {"n": len(small)}))
    return table, tuple(said)


def _adding_up(table: pd.DataFrame, sums: dict[str, float]) -> tuple[pd.DataFrame, float]:
    """The groups multiplied by what makes their sum the whole, and by how many percent that changed them."""
    found = table.copy()
    for name, ends in (("expected", ["expected", "low", "high"]), ("baseline", ["baseline"])):
        own = float(table[name].sum())
        factor = sums[name] / own if own > 0 and sums[name] > 0 else np.nan
        if not np.isfinite(factor):
            return table, float("nan")
        found[ends] = table[ends] * factor
    return found, 100 * (sums["expected"] / float(table["expected"].sum()) - 1)


def _stopped(whole: pd.Series, begin: int, mended: np.ndarray) -> tuple[Remark, ...]:
    """That sales stood still for long, or that periods without any were taken for missing."""
    said = []
    if begin:
        said.append(Remark("after_stop", {"day": whole.index[begin]}))
    filled = int((mended != whole.to_numpy(float)).sum())
    return (*said, Remark("missing_filled", {"n": filled})) if filled else tuple(said)


def _notes(series: SalesSeries) -> tuple[Remark, ...]:
    """What was left out."""
    left, freq, said = series.left_out, series.freq, []
    if pd.notna(left["running_start"]):
        said.append(Remark("running_left_out", {"unit": freq, "day": left["running_start"]}))
    if pd.notna(left["first_start"]):
        said.append(Remark("first_left_out", {"unit": freq, "day": left["first_start"]}))
    if series.measure == "margin":
        said.append(Remark("known_cost"))
    return tuple(said)


def _limits(tried: Tried, series: SalesSeries, *, is_thin: bool) -> tuple[Remark, ...]:
    """What the forecast cannot know, and why only a simple way was open to it."""
    said = []
    if is_thin:
        said.append(Remark("short_history", {"n": len(series.values), "unit": series.freq}))
        if tried.past["made_on"].nunique() < 2:
            said.append(Remark("no_bounds"))
    return (*said, Remark("no_example_sales"))


def _history(series: SalesSeries) -> pd.DataFrame:
    starts = series.values.index
    step = pd.DateOffset(months=1) if series.freq == "month" else pd.Timedelta(days=7)
    return pd.DataFrame(
        {
            "period_start": starts,
            "period_end": starts + step - pd.Timedelta(days=1),
            "actual": series.values["all"].to_numpy(float),
        }
    )
