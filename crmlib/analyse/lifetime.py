"""Customer lifetime value: purchases to come, times what a purchase brings, less the price of waiting.

The models stand in modules of their own: `lifetime_bgnbd`, `lifetime_pareto` (when customers buy, and until
when) and `lifetime_spend` (how much they spend each time).
"""

import numpy as np
import pandas as pd

from crmlib.analyse.lifetime_bgnbd import BetaGeoModel, ModifiedBetaGeoModel
from crmlib.analyse.lifetime_fit import FitError
from crmlib.analyse.lifetime_model import TransactionsModel
from crmlib.analyse.lifetime_pareto import ParetoNBDModel
from crmlib.analyse.lifetime_spend import GammaGammaModel
from crmlib.schema.errors import ParameterError

__all__ = [
    "BetaGeoModel",
    "FitError",
    "GammaGammaModel",
    "ModifiedBetaGeoModel",
    "ParetoNBDModel",
    "lifetime_value",
]

_UNITS_IN_A_YEAR = {"D": 365.25, "W": 365.25 / 7, "M": 12.0}


def lifetime_value(
    transactions_model: TransactionsModel,
    spend_model: GammaGammaModel,
    history: pd.DataFrame,
    *,
    horizon: float,
    margin_pct: float = 100,
    discount_rate: float = 0.0,
    unit: str = "W",
) -> pd.DataFrame:
    """What each customer is expected to bring within a time, in money of today.

    Expected purchases times expected mean spend times margin; a purchase in a year's time is worth
    1 / (1 + discount_rate) of one today, and so on in between.

    Parameters
    ----------
    transactions_model : BetaGeoModel, ModifiedBetaGeoModel or ParetoNBDModel, fitted
    spend_model : GammaGammaModel, fitted
    history : DataFrame, one row per customer
        `frequency`, `recency`, `T`, `monetary_value`, as `purchase_history` gives them.
    horizon : number above 0
        How far to look ahead, in `unit`: 52 with "W" is a year less a day.
    margin_pct : number
        Share of spend that is earned, percent. With 100 the result is revenue.
    discount_rate : number, 0 or more
        A year, with yearly compounding: 0.1 is 10 % a year.
    unit : "D", "W" or "M"
        The time unit of the history.

    Returns
    -------
    DataFrame indexed as `history`
        `probability_alive` (0 to 1), `expected_purchases` (within the horizon, not discounted),
        `expected_average_spend` and `lifetime_value` (account currency).

    Raises
    ------
    ParameterError
        If a figure does not fit, or the unit is not that of the history.
    FitError
        If a model has no parameters yet, or spend has no mean.

    References
    ----------
    Fader, P. S., Hardie, B. G. S. & Lee, K. L. (2005). RFM and CLV: using iso-value curves for customer base
    analysis. Journal of Marketing Research 42(4), 415-430.

    Examples
    --------
    >>> buying = BetaGeoModel.with_params(r=0.2426, alpha=4.4136, a=0.7929, b=2.4259)
    >>> spending = GammaGammaModel.with_params(p=6.25, q=3.74, gamma=15.44)
    >>> history = pd.DataFrame({"frequency": [2], "recency": [30.43], "T": [38.86],
    ...                         "monetary_value": [22.35]}, index=["ann"])
    >>> value = lifetime_value(buying, spending, history, horizon=39, margin_pct=30, discount_rate=0.1)
    >>> value.loc["ann"].round(2)
    probability_alive          0.73
    expected_purchases         1.23
    expected_average_spend    24.66
    lifetime_value             8.77
    Name: ann, dtype: float64
    """
    if unit not in _UNITS_IN_A_YEAR:
        raise ParameterError(f'there is no unit {unit!r}: give "D" (days), "W" (weeks) or "M" (months).')
    if history.attrs.get("unit", unit) != unit:
        raise ParameterError(f"the history is in unit {history.attrs['unit']!r}, not {unit!r}: give unit=.")
    if not (np.isfinite(horizon) and horizon > 0):
        raise ParameterError(f"horizon is {horizon!r}: give a number of units above 0, such as 52.")
    if not (np.isfinite(discount_rate) and discount_rate >= 0):
        raise ParameterError(f"discount_rate is {discount_rate!r}: give a rate a year, such as 0.1 for 10 %.")
    if not np.isfinite(margin_pct):
        raise ParameterError(f"margin_pct is {margin_pct!r}: give a percentage, such as 30.")
    rate = float(np.log1p(discount_rate) / _UNITS_IN_A_YEAR[unit])
    spend = spend_model.expected_average_spend(history)
    purchases = transactions_model.expected_purchases(history, horizon)
    worth = purchases
    if rate:
        worth = transactions_model.discounted_purchases(history, float(horizon), rate=rate)
    return pd.DataFrame(
        {
            "probability_alive": transactions_model.probability_alive(history),
            "expected_purchases": purchases,
            "expected_average_spend": spend,
            "lifetime_value": worth * spend * (margin_pct / 100),
        }
    )
