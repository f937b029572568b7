"""What each customer is expected to bring in the time to come, and whether such a prediction held before."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.lifetime.choice import (
    OWN_RATE,
    RATE_KINDS,
    NaiveRateModel,
    PurchaseFit,
    SpendFit,
    fit_purchases,
    fit_spend,
)
from crmlib.analyse.lifetime.history import Regularity, regularity
from crmlib.analyse.lifetime.holdout import DAYS_OF_UNIT, HoldoutCheck, holdout_check, with_last_period
from crmlib.measure.indicators.compute import compute_indicators
from crmlib.measure.purchases.history import margin_of_costed_sales, purchase_days, purchase_history
from crmlib.measure.purchases.outcomes import read_once
from crmlib.prepare.clock import in_zone
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError

FEWEST_TO_CHECK, FEWEST_DAYS_TO_CHECK = 50, 28
"""Customers known at the day of prediction, and days to predict, from which on the past is put to the test."""

STRONG_CORRELATION = 0.3
"""Correlation of how often and how much from which on taking them for unrelated is doubtful."""

_COLUMNS = ["probability_alive", "expected_purchases", "expected_average_spend", "future_contribution"]


@dataclass(frozen=True, kw_only=True, eq=False)
class FutureContribution:
    """What each customer is expected to bring, and how far to trust it.

    Parameters
    ----------
    table : DataFrame indexed by customer_id, every customer of the workspace
        `probability_alive` (0 to 1: still buys), `expected_purchases` (purchase days within the horizon),
        `expected_average_spend` (account currency), `future_contribution` (account currency of today: margin,
        or revenue where the margin is not known). NaN for customers without a purchase, and where no
        model could be fitted in `probability_alive`.
    method : str
        What `expected_purchases` rests on: the name of a model, or of a plain rate.
    method_says : str
        By which rule, in a sentence.
    fit : PurchaseFit
    spend : SpendFit
    regularity : Regularity
    holdout : HoldoutCheck or None
        None where the history is too short; `holdout_missing` says so.
    holdout_missing : str
    spend_check : dict
        `expected`, `actual` and `error_pct` of revenue in the time of the holdout; empty without one.
    margin_pct : float or None
    margin_source : "given", "costs" or "unknown"
    horizon_days : int
    discount_rate : float
        A year.
    currency : str
    as_of : Timestamp
        The closing day, in the workspace's calendar.
    history : DataFrame
        What was fitted on, in weeks.
    says : str
    limits : tuple of str

    Examples
    --------
    See `future_contribution`.
    """

    table: pd.DataFrame
    method: str
    method_says: str
    fit: PurchaseFit
    spend: SpendFit
    regularity: Regularity
    holdout: HoldoutCheck | None
    holdout_missing: str
    spend_check: dict[str, float]
    margin_pct: float | None
    margin_source: str
    horizon_days: int
    discount_rate: float
    currency: str
    as_of: pd.Timestamp
    history: pd.DataFrame
    says: str
    limits: tuple[str, ...]

    @property
    def is_revenue(self) -> bool:
        """Whether the contribution is revenue, because the margin is not known.

        Examples
        --------
        See `future_contribution`.
        """
        return self.margin_pct is None

    def _repr_html_(self) -> str:
        return f"<p>{self.says}</p>{self.table.describe().to_html()}"


def future_contribution(
    crm: Crm,
    *,
    horizon_days: int = 365,
    margin_pct: float | None = None,
    discount_rate: float = 0.1,
    model: str = "auto",
    seed: int = 0,
    indicators: pd.DataFrame | None = None,
) -> FutureContribution:
    """What each customer is expected to bring within the horizon, in money of today.

    Expected purchases times expected spend times margin, each purchase discounted from its day. The last third of
    the history (at most the horizon) is first predicted from what was known before. Where the model was then
    further off than a plain rate beyond chance, that rate gives the purchases; else the model does.

    Parameters
    ----------
    crm : Crm
        With `transactions`.
    horizon_days : int, above 0
    margin_pct : number, optional
        Share of spend that is earned, percent. Without it the margin of all lines whose cost is known in the
        year before `as_of`; where no cost is known the result is revenue, and says so.
    discount_rate : number, 0 or more
        A year.
    model : "auto" or the name of one
        As for `fit_purchases`.
    seed : int
    indicators : DataFrame indexed by customer_id, optional
        As `compute_indicators` makes it, to know who is a customer; computed where none is given.

    Returns
    -------
    FutureContribution

    Raises
    ------
    ParameterError
        If a figure does not fit, or nobody has bought.
    SchemaError
        If the workspace has no transactions.

    References
    ----------
    Fader, P. S., Hardie, B. G. S. & Lee, K. L. (2005). RFM and CLV: using iso-value curves for customer base
    analysis. Journal of Marketing Research 42(4), 415-430.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> ledger = pd.DataFrame({
    ...     "customer_id": ["ann"] * 3 + ["bob"], "order_id": list("1234"), "product_id": "tea",
    ...     "ordered_at": ["2024-01-01", "2024-02-01", "2024-03-01", "2024-02-10"], "net_amount": 10.0})
    >>> crm = Crm.from_frames(as_of="2024-03-31", transactions=ledger)
    >>> future = future_contribution(crm, margin_pct=40, horizon_days=90)
    >>> future.method, future.table["expected_purchases"].round(2).to_dict()
    ('own rate', {'ann': 1.29, 'bob': 1.29})
    """
    _check(horizon_days, margin_pct, discount_rate)
    transactions, zone = read_once(crm), crm.time_zone
    history = purchase_history(transactions, as_of=crm.as_of, time_zone=zone)
    if history.empty:
        raise ParameterError("nobody has bought in these data: there is no purchase to go by.")
    days = purchase_days(transactions, as_of=crm.as_of, time_zone=zone)
    today = in_zone(crm.as_of, time_zone=zone).tz_localize(None).normalize()
    holdout, missing = _holdout(
        crm, transactions, days, today=today, horizon_days=horizon_days, model=model, seed=seed
    )
    length = holdout.holdout_days if holdout else horizon_days
    history = with_last_period(history, days, last_day=today, length=length)
    fit = fit_purchases(history, model=model)
    buying, method, method_says = _method(fit, holdout, history)
    spend = fit_spend(history, within_variance=_within_variance(days))
    margin, source = _margin(crm, margin_pct)
    everyone = (compute_indicators(crm, ["order_count"]) if indicators is None else indicators).index
    table = _table(
        history, buying, fit, spend, horizon_days=horizon_days, margin=margin, discount_rate=discount_rate
    )
    found = {
        "fit": fit,
        "spend": spend,
        "regularity": regularity(days, seed=seed),
        "holdout": holdout,
        "margin_pct": margin,
        "horizon_days": horizon_days,
    }
    return FutureContribution(
        table=table.reindex(everyone),
        method=method,
        method_says=method_says,
        holdout_missing=missing,
        spend_check=_spend_check(
            holdout, _within_variance(days[days["ordered_on"] <= holdout.calibration_end])
        )
        if holdout
        else {},
        margin_source=source,
        discount_rate=discount_rate,
        currency=crm.currency,
        as_of=today,
        history=history,
        says=_says(table, margin, horizon_days=horizon_days, currency=crm.currency),
        limits=_limits(**found, missing=missing),
        **found,
    )


def _check(horizon_days: int, margin_pct: float | None, discount_rate: float) -> None:
    if not (np.isfinite(horizon_days) and horizon_days >= 1 and horizon_days == int(horizon_days)):
        raise ParameterError(f"horizon_days is {horizon_days!r}: give a whole number of days, such as 365.")
    if margin_pct is not None and not np.isfinite(margin_pct):
        raise ParameterError(f"margin_pct is {margin_pct!r}: give a percentage such as 30, or leave it out.")
    if not (np.isfinite(discount_rate) and discount_rate >= 0):
        raise ParameterError(f"discount_rate is {discount_rate!r}: give a rate a year, such as 0.1 for 10 %.")


def _holdout(
    crm: Crm,
    transactions: Any,
    days: pd.DataFrame,
    *,
    today: pd.Timestamp,
    horizon_days: int,
    model: str,
    seed: int,
) -> tuple[HoldoutCheck | None, str]:
    span = int((today - days["ordered_on"].min()).days)
    length = min(int(horizon_days), span // 3)
    split = today - pd.Timedelta(days=length)
    before = days.loc[days["ordered_on"] <= split, "customer_id"].nunique()
    if length < FEWEST_DAYS_TO_CHECK or before < FEWEST_TO_CHECK:
        return None, (
            f"The history is too short to be put to the test: it spans {span} days, and {before} customers had "
            f"bought by {split:%Y-%m-%d}. The figures are not checked."
        )
    check = holdout_check(
        transactions,
        calibration_end=f"{split:%Y-%m-%d}",
        holdout_end=crm.as_of,
        time_zone=crm.time_zone,
        model=model,
        seed=seed,
        days=days,
    )
    return check, ""


def _method(fit: PurchaseFit, holdout: HoldoutCheck | None, history: pd.DataFrame) -> tuple[Any, str, str]:
    if holdout is not None and holdout.beats_baselines == "no":
        kind = next(kind for kind, says in RATE_KINDS.items() if says == holdout.best_baseline)
        says = (
            f"When the last {holdout.holdout_days} days were predicted from what was known before, the plain "
            f"rate “{holdout.best_baseline}” came nearer than {holdout.fit.name}: it gives the purchases expected."
        )
        return NaiveRateModel(kind).fit(history), holdout.best_baseline, says
    if fit.name == OWN_RATE:
        return fit.model, OWN_RATE, fit.says
    if holdout is None:
        return fit.model, fit.name, f"{fit.says} It could not be checked on these data."
    how = (
        "was nearer than every plain rate"
        if holdout.beats_baselines == "yes"
        else "was not beaten by a plain rate"
    )
    says = (
        f"{fit.says} When the last {holdout.holdout_days} days were predicted from what was known before, "
        f"the model {how}."
    )
    return fit.model, fit.name, says


def _table(
    history: pd.DataFrame,
    buying: Any,
    fit: PurchaseFit,
    spend: SpendFit,
    *,
    horizon_days: int,
    margin: float | None,
    discount_rate: float,
) -> pd.DataFrame:
    weeks = horizon_days / DAYS_OF_UNIT
    rate = float(np.log1p(discount_rate) / 365.25 * DAYS_OF_UNIT)
    brings = spend.model.expected_average_spend(history) if spend.model else np.nan
    worth = buying.discounted_purchases(history, weeks, rate=rate)
    return pd.DataFrame(
        {
            "probability_alive": fit.model.probability_alive(history),
            "expected_purchases": buying.expected_purchases(history, weeks),
            "expected_average_spend": brings,
            "future_contribution": worth * brings * (1.0 if margin is None else margin / 100),
        },
        columns=_COLUMNS,
    )


def _within_variance(days: pd.DataFrame) -> float:
    """Variance of the values of one customer's repeat purchases, mean over customers."""
    repeats = days[days.groupby("customer_id")["ordered_on"].transform("min") < days["ordered_on"]]
    by_customer = repeats.groupby("customer_id")["kept_amount"].agg(["size", "var"])
    several = by_customer[by_customer["size"] > 1]
    freedom = several["size"] - 1
    return float((freedom * several["var"]).sum() / freedom.sum()) if len(several) else float("nan")


def _margin(crm: Crm, given: float | None) -> tuple[float | None, str]:
    if given is not None:
        return float(given), "given"
    if "cost_amount" not in crm.columns("transactions"):
        return None, "unknown"
    margin, sales = margin_of_costed_sales(crm, days=365)
    if pd.isna(sales) or sales <= 0:
        return None, "unknown"
    return float(100 * margin / sales), "costs"


def _spend_check(holdout: HoldoutCheck, within_variance: float) -> dict[str, float]:
    """Revenue expected for the time of the holdout against what came in."""
    known = holdout.customers_table
    spend = fit_spend(known, within_variance=within_variance)
    if spend.model is None:
        return {}
    expected = float((known[holdout.used] * spend.model.expected_average_spend(known)).sum())
    actual = float(known["actual_amount"].sum())
    error = 100 * (expected / actual - 1) if actual > 0 else float("nan")
    return {"expected": expected, "actual": actual, "error_pct": error}


def _says(table: pd.DataFrame, margin: float | None, *, horizon_days: int, currency: str) -> str:
    total = table["future_contribution"].sum(min_count=1)
    what = "revenue, as the margin is not known" if margin is None else f"margin, at {margin:.3g} % of spend"
    said = (
        f"Within {horizon_days} days {len(table):,} customers are expected to make "
        f"{table['expected_purchases'].sum():,.0f} purchases"
    )
    if pd.isna(total):
        return f"{said}; what these will bring is not known."
    return f"{said} and to bring {currency} {total:,.0f} ({what}).".replace("bring  ", "bring ")


def _limits(
    *,
    fit: PurchaseFit,
    spend: SpendFit,
    regularity: Regularity,
    holdout: HoldoutCheck | None,
    margin_pct: float | None,
    horizon_days: int,
    missing: str,
) -> tuple[str, ...]:
    limits = [missing] if missing else []
    if holdout is not None and holdout.holdout_days < horizon_days:
        limits.append(
            f"The check reaches {holdout.holdout_days} days ahead, the figures {horizon_days}: so far ahead "
            "nothing was checked."
        )
    if margin_pct is None:
        limits.append("The cost of the goods is not known, so what customers bring is revenue, not margin.")
    else:
        limits.append("One margin is taken for all customers; what each buys may bring more or less.")
    if regularity.verdict in ("regular", "bursts"):
        limits.append(regularity.says)
    if abs(spend.correlation) >= STRONG_CORRELATION:
        way = "more" if spend.correlation > 0 else "less"
        limits.append(
            f"Who buys often spends {way} each time (correlation {spend.correlation:.2f}), while the figures "
            "take the two for unrelated."
        )
    if fit.name == OWN_RATE:
        limits.append("Who has stopped buying is not told apart from who is only between two purchases.")
    limits.append("Seasons, campaigns and prices are not in the figures: they carry on what was, on average.")
    limits.append("Who bought before these data begin counts as new at the first purchase seen.")
    return tuple(limits)
