"""Words of the report on forecast and plan: amounts, ways, and small examples."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.forecast.plan_result import PlanVsActual
from crmlib.analyse.forecast.result import PIPELINE, Forecast
from crmlib.analyse.forecast.says import WAY_WORDS
from crmlib.analyse.forecast.says_sales import MEASURE_WORDS, SERIES_WORDS
from crmlib.present.words import date, money, number, percent

MEASURE_UNITS = {"quantity": "pieces", "order_count": "orders"}


def amount(value: Any, *, measure: str, currency: str) -> str:
    """An amount of a measure with its unit.

    Parameters
    ----------
    value : number
    measure, currency : str

    Examples
    --------
    >>> amount(1200, measure="quantity", currency="EUR"), amount(1200, measure="margin", currency="EUR")
    ('1,200\\xa0pieces', 'EUR\\xa01,200')
    """
    unit = MEASURE_UNITS.get(measure)
    return f"{number(value)}\u00a0{unit}" if unit else money(value, currency)


def bounds(low: Any, high: Any, *, measure: str, currency: str) -> str:
    """An interval in brackets with a blank before; empty where it is not known.

    Parameters
    ----------
    low, high : numbers
    measure, currency : str

    Examples
    --------
    >>> bounds(1, 2, measure="margin", currency="EUR"), bounds(np.nan, 2, measure="margin", currency="")
    (' (likely EUR\\xa01 to EUR\\xa02)', '')
    """
    if not (np.isfinite(low) and np.isfinite(high)):
        return ""
    ends = [amount(end, measure=measure, currency=currency) for end in (low, high)]
    return f" (likely {ends[0]} to {ends[1]})"


def way_words(forecast: Forecast, way: str) -> str:
    """How a way goes about it, as it ends "by ...".

    Parameters
    ----------
    forecast : Forecast
    way : str

    Examples
    --------
    >>> way_words(_little_forecast(), "stage weights")
    'the win rate of each deal’s stage'
    """
    words = WAY_WORDS if forecast.kind == PIPELINE else SERIES_WORDS
    return words[way].replace("'", "’")


def what_is_foretold(forecast: Forecast) -> str:
    """What a forecast is of, as a subject: "won deals", "sales".

    Parameters
    ----------
    forecast : Forecast

    Examples
    --------
    >>> what_is_foretold(_little_forecast())
    'won deals'
    """
    return MEASURE_WORDS[forecast.measure]


def period_words(first: Any, last: Any) -> str:
    """A period as it is spoken: a quarter, month or year by its name, else its two days.

    Parameters
    ----------
    first, last : Timestamp

    Examples
    --------
    >>> period_words(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-03-31"))
    'the first quarter of 2024'
    >>> period_words(pd.Timestamp("2024-02-01"), pd.Timestamp("2024-02-29"))
    'February 2024'
    """
    for freq in ("M", "Q", "Y"):
        period = pd.Timestamp(first).to_period(freq)
        if period.start_time == first and period.end_time.normalize() == last:
            if freq == "M":
                return f"{first:%B %Y}"
            if freq == "Y":
                return f"{first:%Y}"
            return f"the {('first', 'second', 'third', 'fourth')[period.quarter - 1]} quarter of {first:%Y}"
    return f"{date(first)} to {date(last)}"


def covered(forecast: Forecast) -> tuple[int, int]:
    """How many past forecasts there were by the way taken, and in how many what happened lay in the bounds.

    Parameters
    ----------
    forecast : Forecast

    Returns
    -------
    (inside, all)

    Examples
    --------
    >>> inside, tried = covered(_little_forecast())
    >>> 0 <= inside <= tried == 6
    True
    """
    own = past_of(forecast)
    return int(own["is_covered"].sum()), len(own)


def past_of(forecast: Forecast) -> pd.DataFrame:
    """Past forecasts of the whole horizon by the way taken, the earliest first.

    Parameters
    ----------
    forecast : Forecast

    Examples
    --------
    >>> past_of(_little_forecast())["made_on"].is_monotonic_increasing
    True
    """
    tried = forecast.workings.get("tried")
    table = forecast.past if tried is None else tried.sums
    return table[table["way"] == forecast.way].sort_values("made_on").reset_index(drop=True)


def error_words(forecast: Forecast, way: str) -> str:
    """How far off a way was, in percent of what happened; "not known" where it was not tried.

    Parameters
    ----------
    forecast : Forecast
    way : str

    Examples
    --------
    >>> error_words(_little_forecast(), "no such way")
    'not known'
    """
    found = forecast.scores.loc[forecast.scores["way"] == way, "wape_pct"]
    return percent(found.iloc[0] if len(found) else None)


@cache
def _little_forecast() -> Forecast:
    from crmlib.analyse.forecast.pipeline import _little_company, forecast_pipeline

    return forecast_pipeline(_little_company(), draws=200, most_past=6)


@cache
def _little_plan() -> PlanVsActual:
    from crmlib.analyse.forecast.plan import plan_vs_actual

    return plan_vs_actual(_little_shop(), by="product")


@cache
def _little_shop() -> Any:
    """Thirty months of two products, a plan for each of them, and one for a third that does not exist."""
    from crmlib.prepare.crm import Crm

    lot = np.random.default_rng(0)
    days = pd.date_range("2022-07-01", "2024-12-15", freq="2D")
    lines = pd.DataFrame({"ordered_at": days, "order_id": [f"o{n}" for n in range(len(days))]})
    lines["product_id"] = np.where(lot.random(len(days)) < 0.5, "tea", "milk")
    lines["quantity"] = lot.integers(1, 9, len(days))
    price = lines["product_id"].map({"tea": 5.0, "milk": 2.0}) * np.where(days.year == 2024, 1.1, 1.0)
    lines["net_amount"] = (lines["quantity"] * price).round(2)
    plans = pd.DataFrame({"key": ["tea", "milk", "salt"], "target": [900.0, 250.0, 40.0]})
    plans = plans.assign(
        period_start="2024-10-01", period_end="2024-12-31", dimension="product", measure="net_amount"
    )
    total = plans.head(1).assign(dimension="total", key="all", target=1200.0)
    goods = pd.DataFrame({"product_id": ["tea", "milk"], "name": ["Tea", "Milk"]})
    return Crm.from_frames(
        as_of="2024-12-15",
        currency="EUR",
        transactions=lines,
        plans=pd.concat([plans, total]),
        products=goods,
    )
