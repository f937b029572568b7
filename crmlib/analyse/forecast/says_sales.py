"""What a forecast of sales says of itself, in sentences made from its numbers."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.forecast.says import coverage_words
from crmlib.analyse.forecast.series_models import AVERAGE, DIFFERENCES, LATELY, LINE, SEASONAL, SMOOTHING
from crmlib.analyse.forecast.series_past import FEWEST_ORIGINS, Tried
from crmlib.measure.sales_series import SalesSeries

SERIES_WORDS = {
    SEASONAL: "the same time a year earlier",
    LATELY: "the mean of the last three periods",
    SMOOTHING: "a smoothed level",
    DIFFERENCES: "changes from period to period",
    LINE: "a drifting line",
    AVERAGE: "the average of several ways",
}
"""How each way goes about it, as it ends "by ..."."""

MEASURE_WORDS = {
    "net_amount": "sales",
    "quantity": "pieces sold",
    "margin": "margin",
    "order_count": "orders",
    "won_amount": "won deals",
}


def sales_says(
    *, horizon: str, total: dict[str, float], measure: str, unit: str, way: str, is_thin: bool,
    scores: pd.DataFrame, comparison: pd.DataFrame, tried: Tried, **_: Any,
) -> str:  # fmt: skip
    """The forecast and how far to trust it, in two or three sentences.

    Parameters
    ----------
    horizon, total, measure, unit, way, is_thin, scores, comparison
        As `Forecast` has them.
    tried : Tried

    Returns
    -------
    str

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> sales_says(horizon="3 months", total={"expected": 5.0, "low": np.nan, "high": np.nan},
    ...            measure="net_amount", unit="EUR", way=LATELY, is_thin=True, scores=pd.DataFrame(),
    ...            comparison=pd.DataFrame(), tried=SimpleNamespace(baseline=LATELY)).partition(". ")[0]
    'In the coming 3 months 5 EUR of sales are expected, by the mean of the last three periods'
    """
    unit = f" {unit}" if unit else ""
    bounds = f" ({total['low']:,.0f} to {total['high']:,.0f})" if np.isfinite(total["low"]) else ""
    said = (
        f"In the coming {horizon} {total['expected']:,.0f}{unit} of {MEASURE_WORDS[measure]} are expected"
        f"{bounds}, by {SERIES_WORDS[way]}."
    )
    if is_thin:
        return f"{said} There is too little history to try other ways, so the simple one was taken."
    score, simple = scores.set_index("way"), tried.baseline
    said += f" On past periods that was off by {score.loc[way, 'wape_pct']:.1f} % on the whole"
    if way == simple:
        return f"{said}; no other way was nearer."
    better = comparison.set_index("way").loc[simple, "better"]
    return f"{said}, against {score.loc[simple, 'wape_pct']:.1f} % by {SERIES_WORDS[simple]}" + (
        "." if better == "yes" else ", a difference that chance may have made."
    )


def sales_notes(*, series: SalesSeries, freq: str, measure: str, **_: Any) -> tuple[str, ...]:
    """What was left out.

    Parameters
    ----------
    series : SalesSeries
    freq, measure : str

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> left_out = {"running": 5.0, "running_start": pd.Timestamp("2024-05-01"), "first_start": pd.NaT}
    >>> sales_notes(series=SimpleNamespace(left_out=left_out), freq="month", measure="net_amount")
    ('The month that began on 2024-05-01 was not over and is left out of the past.',)
    """
    left, said = series.left_out, []
    if pd.notna(left["running_start"]):
        said.append(
            f"The {freq} that began on {left['running_start']:%Y-%m-%d} was not over and is left out of the past."
        )
    if pd.notna(left["first_start"]):
        said.append(
            f"The {freq} that began on {left['first_start']:%Y-%m-%d} is left out: the data begin later in it."
        )
    if measure == "margin":
        said.append("Margin counts lines whose cost is known.")
    return tuple(said)


def sales_limits(
    *, way: str, scores: pd.DataFrame, comparison: pd.DataFrame, is_thin: bool, tried: Tried,
    series: SalesSeries, freq: str, **_: Any,
) -> tuple[str, ...]:  # fmt: skip
    """What the forecast cannot know, and where it lost.

    Parameters
    ----------
    way, scores, comparison, is_thin, tried, series, freq
        As `forecast_sales` has them.

    Returns
    -------
    tuple of str

    Examples
    --------
    See `crmlib.analyse.forecast.sales.forecast_sales`; of a history that is too short:

    >>> from types import SimpleNamespace
    >>> series = SimpleNamespace(values=pd.DataFrame({"all": [1.0]}))
    >>> tried = SimpleNamespace(baseline=LATELY, past=pd.DataFrame({"made_on": []}))
    >>> sales_limits(way=LATELY, scores=pd.DataFrame({"way": []}), comparison=pd.DataFrame(), is_thin=True,
    ...              tried=tried, series=series, freq="month")[0]
    'The history has 1 whole month: too few to try other ways than the mean of the last three periods.'
    """
    said, count = [], len(series.values)
    if is_thin:
        said.append(
            f"The history has {count:,} whole {freq}{'' if count == 1 else 's'}: too few to try other ways than "
            f"{SERIES_WORDS[way]}."
        )
        if tried.past["made_on"].nunique() < 2:
            said.append("How far off that was before could not be tried, so no bounds are given.")
    elif way == tried.baseline:
        said.append(f"No other way was nearer on the past than {SERIES_WORDS[way]}.")
    else:
        better = comparison.set_index("way")["better"]
        if better.get(tried.baseline) != "yes":
            said.append(
                f"It is not shown beyond chance that {SERIES_WORDS[way]} foretells better than "
                f"{SERIES_WORDS[tried.baseline]}."
            )
    covered = coverage_words(scores, way=way) if tried.past["made_on"].nunique() >= FEWEST_ORIGINS else ""
    if covered:
        said.append(covered)
    said.append("A change that has no example in the past, such as a new competitor or price, is not in it.")
    return tuple(said)
