"""What is expected at the end of a period of the plan: what was reached so far and the forecast of the rest."""

import numpy as np
import pandas as pd

from crmlib.analyse.forecast.horizon import closing_day
from crmlib.analyse.forecast.pipeline import expected_until, forecast_pipeline
from crmlib.analyse.forecast.result import PIPELINE, SALES, Forecast
from crmlib.analyse.forecast.sales import forecast_sales
from crmlib.measure.sales_series import sales_series
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError

COLUMNS = {
    "total": None,
    "customer": "customer_id",
    "product": "product_id",
    "category": "category",
    "department": "department",
    "employee": "owner_id",
    "region": "region",
}
"""Dimension -> column of the deals."""

_Z = 1.2816
_SHARE_MONTHS = 12


def forecast_for(
    crm: Crm, *, measure: str, end: pd.Timestamp, given: tuple[Forecast, ...], seed: int
) -> Forecast | None:
    """The forecast of a measure that reaches to a day: one that was given, or a new one.

    Parameters
    ----------
    crm : Crm
    measure : str
    end : Timestamp
        Later than the closing day.
    given : tuple of Forecast
    seed : int

    Returns
    -------
    Forecast, or None where nothing can be foretold

    Examples
    --------
    >>> from crmlib.analyse.forecast.pipeline import _little_company, forecast_pipeline
    >>> company = _little_company()
    >>> found = forecast_pipeline(company, horizon="1 month", draws=100, most_past=0)
    >>> end = pd.Timestamp("2025-01-31")
    >>> forecast_for(company, measure="won_amount", end=end, given=(found,), seed=0) is found
    True
    """
    kind = PIPELINE if measure == "won_amount" else SALES
    for forecast in given:
        if (forecast.kind, forecast.measure) == (kind, measure) and forecast.ends_on >= end:
            return forecast
    today = closing_day(crm)
    months = 12 * (end.year - today.year) + end.month - today.month
    try:
        if kind == PIPELINE:
            return forecast_pipeline(crm, horizon=max(1, months + (end.day > today.day)), seed=seed)
        # The running month is foretold too: it is no whole period yet.
        return forecast_sales(
            crm, horizon=max(1, months + (not today.is_month_end)), measure=measure, seed=seed
        )
    except ParameterError:
        return None


def rest_of_period(
    crm: Crm, forecast: Forecast | None, *, by: str, measure: str, first: pd.Timestamp, last: pd.Timestamp
) -> pd.DataFrame:
    """What is expected from tomorrow, or the first day if that is later, to the last day, by key.

    Sales of keys are their shares of the forecast of the whole, as they were in the last twelve months; their bounds
    rest on how far their months strayed from that.

    Parameters
    ----------
    crm : Crm
    forecast : Forecast or None
    by : one of `COLUMNS`
    measure : str
    first, last : Timestamp

    Returns
    -------
    DataFrame indexed by key
        `expected`, `low`, `high`. Zeros where the period is over, empty where nothing can be foretold.

    Examples
    --------
    >>> from crmlib.analyse.forecast.pipeline import _little_company, forecast_pipeline
    >>> company = _little_company()
    >>> found = forecast_pipeline(company, horizon="2 months", draws=100, most_past=0)
    >>> rest = rest_of_period(company, found, by="employee", measure="won_amount",
    ...                       first=pd.Timestamp("2025-01-01"), last=pd.Timestamp("2025-01-31"))
    >>> rest.index.tolist(), bool(np.isclose(rest["expected"].sum(), found.periods["expected"].iloc[0]))
    (['e1', 'e2'], True)
    """
    empty = pd.DataFrame(columns=["expected", "low", "high"], index=pd.Index([], name="key"), dtype="float64")
    today = closing_day(crm)
    if forecast is None or last <= today:
        return empty
    if forecast.kind == PIPELINE:
        begin = max((first - today).days, 1)
        if begin == 1:
            return expected_until(forecast, until=last, by=COLUMNS[by])[list(empty)]
        futures = forecast.workings["futures"]
        return futures.between(begin, (last - today).days, by=COLUMNS[by])[list(empty)]
    begin = max(first, today + pd.Timedelta(days=1))
    expected, half, months = _of_series(forecast, begin, last)
    if by == "total":
        row = {"expected": expected, "low": expected - half, "high": expected + half}
        return pd.DataFrame(row, index=pd.Index(["all"], name="key"))
    return _shared_out(crm, by=by, measure=measure, expected=expected, half=half, months=months)


def _of_series(forecast: Forecast, first: pd.Timestamp, last: pd.Timestamp) -> tuple[float, float, float]:
    """Expected sum, half of its interval, and how many periods it makes up; parts of a period count by days."""
    table = forecast.periods
    length = (table["period_end"] - table["period_start"]).dt.days + 1
    ends, begins = table["period_end"].clip(upper=last), table["period_start"].clip(lower=first)
    share = (((ends - begins).dt.days + 1) / length).clip(lower=0).to_numpy()
    expected = float((share * table["expected"]).sum())
    if np.allclose(share, 1):
        return expected, (forecast.total["high"] - forecast.total["low"]) / 2, float(share.sum())
    half = share * ((table["high"] - table["low"]) / 2).to_numpy()
    # Errors of neighbouring periods go together by half.
    return expected, float(np.sqrt(0.5 * (half**2).sum() + 0.5 * half.sum() ** 2)), float(share.sum())


def _shared_out(
    crm: Crm, *, by: str, measure: str, expected: float, half: float, months: float
) -> pd.DataFrame:
    apart = sales_series(crm, by=by, measure=measure, today=closing_day(crm)).values
    recent = apart.tail(_SHARE_MONTHS)
    whole = float(recent.to_numpy().sum())
    share = recent.sum() / whole if whole else recent.sum() * 0.0
    total = apart.sum(axis=1)
    rolled = apart.rolling(_SHARE_MONTHS, min_periods=3).sum().shift(1)
    usual = rolled.div(rolled.sum(axis=1), axis=0)
    stray = (apart - usual.mul(total, axis=0)).tail(2 * _SHARE_MONTHS)
    size = np.sqrt((stray**2).mean())
    own = _Z * size * np.sqrt(months)
    bound = np.sqrt(own**2 + (share * half) ** 2)
    table = pd.DataFrame({"expected": share * expected})
    table = table.assign(low=table["expected"] - bound, high=table["expected"] + bound)
    table.index = table.index.astype(str)
    table.index.name = "key"
    return table
