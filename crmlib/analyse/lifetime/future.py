"""What each customer is expected to bring in the time to come, and whether such a prediction held before."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.learn.evaluate import Level, cutoffs, learn_level
from crmlib.analyse.lifetime.choice import (
    PURCHASE_MODELS,
    RATE_KINDS,
    NaiveRateModel,
    PurchaseFit,
    SpendFit,
    fit_purchases,
    fit_spend,
)
from crmlib.analyse.lifetime.history import Regularity, regularity, some_histories
from crmlib.analyse.lifetime.holdout import DAYS_OF_UNIT, HoldoutCheck, holdout_check, with_last_period
from crmlib.analyse.lifetime.model import FitError
from crmlib.analyse.stats.intervals import interval, resampled_means
from crmlib.measure.indicators.compute import compute_indicators
from crmlib.measure.purchases.history import (
    margin_of_costed_sales,
    purchase_days,
    purchase_history,
    read_once,
)
from crmlib.prepare.clock import closing_day
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError

FEWEST_TO_CHECK, FEWEST_DAYS_TO_CHECK = 50, 28
"""Customers known at the day of prediction, and days to predict, from which on the past is put to the test."""

LEARN_DAYS = 90
"""History before a past day, from which on it is predicted from."""

LAST_AMOUNT = "last amount"
"""The plain rule that each customer spends again what they spent in the last stretch of equal length."""

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
    holdout : HoldoutCheck or None
        None where the history is too short.
    holdout_missing : dict
        Then how long and how large it is: `span_days`, `customers` who had bought by the `day` of prediction.
    spend_check : dict
        Revenue in the time of the holdout: `expected`, `actual`, `error_pct` with its 95 % interval `error_low`
        and `error_high`; the plain `rule` that came nearest, its `rule_expected` and `rule_error_pct`; which was
        `nearer`, beyond chance: "method", "rule", or "level". Empty without a holdout.
    margin_source : "given", "costs" or "unknown"
    discount_rate : float
        A year.
    as_of : Timestamp
        The closing day, in the workspace's calendar.
    history : DataFrame
        What was fitted on, in weeks.
    levels : dict of Level
        "purchases" and "revenue" (the future contribution) in all: what past days let expect, and within which
        bounds; `table` is at these levels.
    """

    table: pd.DataFrame
    method: str
    fit: PurchaseFit
    spend: SpendFit
    regularity: Regularity
    holdout: HoldoutCheck | None
    holdout_missing: dict[str, Any]
    spend_check: dict[str, Any]
    margin_pct: float | None
    margin_source: str
    horizon_days: int
    discount_rate: float
    currency: str
    as_of: pd.Timestamp
    history: pd.DataFrame
    levels: dict[str, Level]

    @property
    def is_revenue(self) -> bool:
        """Whether the contribution is revenue, because the margin is not known."""
        return self.margin_pct is None

    def _repr_html_(self) -> str:
        return self.table.describe().to_html()


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
    indicators : DataFrame indexed by customer_id, optional
        As `compute_indicators` makes it, to know who is a customer; computed where none is given.

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
    days = _placed(purchase_days(transactions, as_of=crm.as_of, time_zone=zone), history.index)
    today = closing_day(crm)
    holdout, missing = _holdout(
        crm, transactions, days, today=today, horizon_days=horizon_days, model=model, seed=seed
    )
    length = holdout.holdout_days if holdout else horizon_days
    history = with_last_period(history, days, last_day=today, length=length)
    fit = fit_purchases(history, model=model)
    buying, method = _method(fit, holdout, history)
    spend = fit_spend(history, within_variance=_within_variance(days))
    margin, source = _margin(crm, margin_pct)
    everyone = (compute_indicators(crm, ["order_count"]) if indicators is None else indicators).index
    table = _table(
        history, buying, fit, spend, horizon_days=horizon_days, margin=margin, discount_rate=discount_rate
    )
    levels = _levels(days, table, method=method, today=today, horizon_days=horizon_days)
    return FutureContribution(
        table=_at_levels(table, levels).reindex(everyone),
        levels=levels,
        method=method,
        fit=fit,
        spend=spend,
        regularity=regularity(days, seed=seed),
        holdout=holdout,
        holdout_missing=missing,
        spend_check=_spend_check(holdout, days, seed=seed) if holdout else {},
        margin_pct=margin,
        margin_source=source,
        horizon_days=horizon_days,
        discount_rate=discount_rate,
        currency=crm.currency,
        as_of=today,
        history=history,
    )


def _placed(days: pd.DataFrame, customers: pd.Index) -> pd.DataFrame:
    """Days whose customers are places among all: they are put together faster than names, and take less room."""
    codes, own = pd.factorize(days["customer_id"])
    return days.assign(customer_id=pd.Categorical.from_codes(customers.get_indexer(own)[codes], customers))


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
) -> tuple[HoldoutCheck | None, dict[str, Any]]:
    span = int((today - days["ordered_on"].min()).days)
    length = min(int(horizon_days), span // 3)
    split = today - pd.Timedelta(days=length)
    before = days.loc[days["ordered_on"] <= split, "customer_id"].nunique()
    if length < FEWEST_DAYS_TO_CHECK or before < FEWEST_TO_CHECK:
        return None, {"span_days": span, "customers": before, "day": split}
    check = holdout_check(
        transactions,
        calibration_end=f"{split:%Y-%m-%d}",
        holdout_end=crm.as_of,
        time_zone=crm.time_zone,
        model=model,
        seed=seed,
        days=days,
    )
    return check, {}


def _levels(
    days: pd.DataFrame, table: pd.DataFrame, *, method: str, today: pd.Timestamp, horizon_days: int
) -> dict[str, Level]:
    """How much is expected in all, of purchases and of money, by past days of those who are fitted on."""
    first = days["ordered_on"].min()
    days = days.assign(customer_id=days["customer_id"].cat.codes.astype("int64"))
    if len(some := some_histories(table)) < len(table):
        days = days[np.isin(days["customer_id"], table.index.get_indexer(some.index))]
    rows = []
    for day in cutoffs(today, first=first + pd.Timedelta(days=LEARN_DAYS), horizon_days=horizon_days, most=8):
        rows += _as_of_then(days, day, method=method, horizon_days=horizon_days)
    columns = ["what", "made_on", "until", "expected", "actual", "within"]
    past = pd.DataFrame(rows, columns=columns)
    totals = {"purchases": "expected_purchases", "revenue": "future_contribution"}
    found = {}
    for what, column in totals.items():
        own = past[past["what"] == what].drop(columns="what").reset_index(drop=True)
        within = float(own["within"].iloc[-1]) if len(own) else float("nan")
        raw = float(table[column].sum(min_count=1))
        found[what] = learn_level(own, raw=raw, within=within, today=today, span_days=(today - first).days)
    return found


def _as_of_then(
    days: pd.DataFrame, day: pd.Timestamp, *, method: str, horizon_days: int
) -> list[tuple[Any, ...]]:
    """What the same method would have expected on a past day, and what came."""
    past, until = days[days["ordered_on"] <= day], day + pd.Timedelta(days=horizon_days)
    history = with_last_period(history_of_days(past, today=day), past, last_day=day, length=horizon_days)
    later = days[(days["ordered_on"] > day) & (days["ordered_on"] <= until)]
    later = later[later["customer_id"].isin(history.index)]
    kinds = {rule: kind for kind, rule in RATE_KINDS.items()}
    try:
        model = NaiveRateModel(kinds.get(method, "shrunk")) if method not in PURCHASE_MODELS else None
        buying = (model or PURCHASE_MODELS[method]()).fit(history)
    except FitError:
        return []
    each = buying.expected_purchases(history, horizon_days / DAYS_OF_UNIT)
    spend = fit_spend(history, within_variance=_within_variance(past)).model
    by_customer = later.groupby("customer_id")["kept_amount"].agg(["size", "sum"]).reindex(history.index)
    found = []
    brings = None if spend is None else each * spend.expected_average_spend(history)
    for what, said, came in (
        ("purchases", each, by_customer["size"]),
        ("revenue", brings, by_customer["sum"]),
    ):
        if said is None or not came.sum() > 0:
            continue
        miss = float(np.sqrt(((came.fillna(0) - said) ** 2).sum()) / came.sum())
        found.append((what, day, until, float(said.sum()), float(came.sum()), miss))
    return found


def history_of_days(days: pd.DataFrame, *, today: pd.Timestamp) -> pd.DataFrame:
    """The history as `purchase_history` makes it, in weeks, from the days of purchases themselves."""
    grouped = days.groupby("customer_id")
    first, last, size = (grouped["ordered_on"].agg(how) for how in ("min", "max", "size"))
    repeats = days[days["ordered_on"] > days["customer_id"].map(first)]
    history = pd.DataFrame(
        {
            "frequency": size - 1,
            "recency": (last - first).dt.days / DAYS_OF_UNIT,
            "T": (today - first).dt.days / DAYS_OF_UNIT,
            "monetary_value": repeats.groupby("customer_id")["kept_amount"].mean().reindex(size.index),
        }
    )
    history.attrs["unit"] = "W"
    return history


def _at_levels(table: pd.DataFrame, levels: dict[str, Level]) -> pd.DataFrame:
    """The table with its amounts as large in all as past days let expect, each customer's share as it was."""
    moved = {
        "expected_purchases": levels["purchases"].moved(table["expected_purchases"]),
        "future_contribution": levels["revenue"].moved(table["future_contribution"]),
    }
    purchases = levels["purchases"].moved(pd.Series([1.0])).iloc[0]
    money = levels["revenue"].moved(pd.Series([1.0])).iloc[0]
    spend = table["expected_average_spend"] * (money / purchases)
    return table.assign(**moved, expected_average_spend=spend)


def _method(fit: PurchaseFit, holdout: HoldoutCheck | None, history: pd.DataFrame) -> tuple[Any, str]:
    if holdout is not None and holdout.beats_baselines == "no":
        kind = next(kind for kind, rule in RATE_KINDS.items() if rule == holdout.best_baseline)
        return NaiveRateModel(kind).fit(history), holdout.best_baseline
    return fit.model, fit.name


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


def _spend_check(holdout: HoldoutCheck, days: pd.DataFrame, *, seed: int) -> dict[str, Any]:
    """Revenue expected for the time of the holdout against what came in, beside the plain rule that was nearest."""
    known = holdout.customers_table
    past = days[days["ordered_on"] <= holdout.calibration_end]
    spend = fit_spend(known, within_variance=_within_variance(past))
    if spend.model is None:
        return {}
    each = spend.model.expected_average_spend(known)
    rules = [rule for rule in RATE_KINDS.values() if rule != holdout.used and rule in known]
    amounts = known[[holdout.used, *rules]].mul(each, axis=0)
    recent = past[past["ordered_on"] > holdout.calibration_end - pd.Timedelta(days=holdout.holdout_days)]
    again = recent.groupby("customer_id")["kept_amount"].sum()
    amounts[LAST_AMOUNT] = again.reindex(known.index, fill_value=0.0)
    return _in_money(known["actual_amount"], amounts, used=holdout.used, seed=seed)


def _in_money(came: pd.Series, amounts: pd.DataFrame, *, used: str, seed: int) -> dict[str, Any]:
    totals, actual = amounts.sum(), float(came.sum())
    found = {"expected": float(totals[used]), "actual": actual, "rule": "", "nearer": "level"}
    if not actual > 0:
        nothing = dict.fromkeys(("error_pct", "error_low", "error_high", "rule_error_pct"), float("nan"))
        return found | nothing | {"rule_expected": float("nan")}
    errors = 100 * (totals / actual - 1)
    rule = str(errors.drop(used).abs().idxmin())
    drawn = resampled_means(np.column_stack([came, amounts[used], amounts[rule]]), seed=seed)
    with np.errstate(divide="ignore", invalid="ignore"):
        own, other = (100 * (drawn[:, place] / drawn[:, 0] - 1) for place in (1, 2))
    low, high = interval(own)
    least, most = interval(np.abs(own) - np.abs(other))
    return found | {
        "error_pct": float(errors[used]),
        "error_low": low,
        "error_high": high,
        "rule": rule,
        "rule_expected": float(totals[rule]),
        "rule_error_pct": float(errors[rule]),
        "nearer": "method" if most < 0 else "rule" if least > 0 else "level",
    }
