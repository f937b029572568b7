"""Would it have been right? Purchases predicted at an earlier day against those that came, and plain guesses."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.lifetime.choice import OWN_RATE, RATE_KINDS, NaiveRateModel, PurchaseFit, fit_purchases
from crmlib.analyse.stats.intervals import interval, interval_of_mean, resampled_means
from crmlib.measure.purchases.history import purchase_days, purchase_history
from crmlib.prepare.clock import closing_moment_of_table, day_of
from crmlib.schema.errors import ParameterError

_WEEK = 7


def cumulative_curve(
    history: pd.DataFrame,
    days: pd.DataFrame,
    *,
    model: Any,
    baseline: Any,
    known: pd.Timestamp,
    last: pd.Timestamp,
) -> pd.DataFrame:
    """Repeat purchases of the same customers by the end of each week, since the first purchase of all."""
    ages = np.rint(history["T"].to_numpy() * _WEEK).astype(int)
    begin, end = known - pd.Timedelta(days=int(ages.max())), int((last - known).days)
    split = int(ages.max())
    places = sorted({*range(_WEEK, split + end + 1, _WEEK), split, split + end} - {0})
    day = np.array(places)
    first = np.bincount(split - ages, minlength=split + end + 1)
    repeats = days.groupby("customer_id")["ordered_on"].transform("min") < days["ordered_on"]
    at = (days.loc[repeats, "ordered_on"] - begin).dt.days.to_numpy()
    came = np.cumsum(np.bincount(np.clip(at, 0, split + end), minlength=split + end + 1))
    by_age = np.asarray(model.expected_purchases_new(np.arange(split + end + 1) / _WEEK))
    expected = np.convolve(first, by_age)[: split + end + 1]
    ahead = {
        name: [
            came[split] + one.expected_purchases(history, (place - split) / _WEEK).sum()
            if place >= split
            else np.nan
            for place in places
        ]
        for name, one in (("model", model), ("baseline", baseline))
    }
    return pd.DataFrame(
        {
            "week": day / _WEEK,
            "week_end": begin + pd.to_timedelta(day, unit="D"),
            "actual": came[day],
            "expected": expected[day],
            **ahead,
        }
    )


DAYS_OF_UNIT = 7.0
_CLASSES = 8


@dataclass(frozen=True, kw_only=True, eq=False)
class HoldoutCheck:
    """Purchases after a past day, as they were predicted on that day and as they came.

    Parameters
    ----------
    calibration_end, holdout_end : Timestamp
        Days, in the workspace's calendar: the last one that was known, and the last one predicted.
    customers : int
        Those who had bought by the first of the two.
    by_frequency : DataFrame
        `frequency` (class of repeat purchases so far), `customers`, `actual_mean`, `actual_low`,
        `actual_high` (95 % interval), and a column for each prediction: its mean.
    totals : DataFrame
        `model`, `kind` ("model" or "baseline"), `chosen`, `actual`, `predicted`, `error_pct` (of actual),
        `error_low`, `error_high` (95 %), `mae`, `rmse` (purchases a customer), `correlation`.
    differences : DataFrame
        The chosen model against each baseline: `baseline`, `squared_error_difference` (model less baseline,
        below 0 is better), `low`, `high` (95 %), `verdict` ("better", "worse", "not told apart").
    cumulative : DataFrame
        Repeat purchases of these customers by the end of each week since the first purchase: `week`,
        `week_end`, `actual`, `expected` (by the model, from each customer's first purchase on, its history
        not looked at), and from the day of prediction on `model` and `baseline` (the best one).
    customers_table : DataFrame indexed by customer_id
        The history at the day of prediction, `actual` (purchase days that came), `actual_amount` (account
        currency), and a column for each prediction.
    fit : PurchaseFit
        Fitted on what was known.
    beats_baselines : "yes", "no" or "uncertain"
        "yes": better than every baseline beyond chance. "no": worse than the best one beyond chance.
    """

    calibration_end: pd.Timestamp
    holdout_end: pd.Timestamp
    customers: int
    by_frequency: pd.DataFrame
    totals: pd.DataFrame
    differences: pd.DataFrame
    cumulative: pd.DataFrame
    customers_table: pd.DataFrame
    fit: PurchaseFit
    best_baseline: str
    beats_baselines: str

    @property
    def holdout_days(self) -> int:
        """Days that were predicted."""
        return int((self.holdout_end - self.calibration_end).days)

    @property
    def cumulative_error_pct(self) -> float:
        """All repeat purchases up to the last day, as the model expects them of customers of whom only the
        first day is known, against those that came: error in percent.
        """
        last = self.cumulative.iloc[-1]
        return float(100 * (last["expected"] / last["actual"] - 1)) if last["actual"] else float("nan")

    @property
    def chosen(self) -> str:
        """The name of the chosen prediction, as it stands in the tables."""
        return _chosen_name(self.fit)

    @property
    def used(self) -> str:
        """The name of the prediction to go by: the chosen one, or the best baseline where the chosen one lost."""
        return self.best_baseline if self.beats_baselines == "no" else self.chosen

    def total(self, name: str) -> pd.Series:
        """The row of `totals` of a model or baseline."""
        return self.totals.set_index("model").loc[name]

    def _repr_html_(self) -> str:
        return f"{self.totals.to_html(index=False)}{self.by_frequency.to_html(index=False)}"


def holdout_check(
    transactions: Any,
    *,
    calibration_end: Any,
    holdout_end: Any,
    time_zone: str = "UTC",
    model: str = "auto",
    seed: int = 0,
    days: pd.DataFrame | None = None,
    free_orders: str = "ignore",
) -> HoldoutCheck:
    """Fit on what was known at one day, predict up to another, and compare with what came.

    Beside the models stand four guesses that need none: each customer's own rate goes on; the same, drawn to
    the mean; everyone buys like the average; the last stretch of equal length repeats. A model is better than a
    baseline where the mean difference of their squared errors is below 0 with its whole interval, customers
    drawn again.

    Parameters
    ----------
    transactions : table, one row per order line
        As for `purchase_history`. Customers who first bought later are left out.
    calibration_end, holdout_end : Timestamp, date or text
        The last day known, and the last day predicted.
    time_zone : str
        Whose days are counted.
    model : "auto" or the name of one
        As for `fit_purchases`.
    days : DataFrame, optional
        As `purchase_days` makes it for `holdout_end`, where it is at hand.
    free_orders : "ignore" or "count"
        As for `purchase_history`.

    Raises
    ------
    ParameterError
        If the second day is not after the first, or nobody had bought by the first.
    SchemaError
        If a column is missing or holds what cannot be read.

    References
    ----------
    Fader, P. S., Hardie, B. G. S. & Lee, K. L. (2005). "Counting your customers" the easy way. Marketing
    Science 24(2), 275-284.
    Wübben, M. & von Wangenheim, F. (2008). Instant customer base analysis: managerial heuristics often "get it
    right". Journal of Marketing 72(3), 82-93.

    Examples
    --------
    >>> ledger = pd.DataFrame({
    ...     "customer_id": ["ann"] * 4 + ["bob"], "order_id": list("12345"), "net_amount": 9.0,
    ...     "ordered_at": pd.to_datetime(["2024-01-01", "2024-01-08", "2024-01-15", "2024-01-22", "2024-01-02"])})
    >>> check = holdout_check(ledger, calibration_end="2024-01-15", holdout_end="2024-01-29")
    >>> check.by_frequency[["frequency", "customers", "actual_mean", "past rate"]]
      frequency  customers  actual_mean  past rate
    0         0          1          0.0        0.0
    1         2          1          1.0        2.0
    >>> check.total("past rate")["error_pct"]
    np.float64(100.0)
    """
    ends = [closing_moment_of_table(end, time_zone=time_zone) for end in (calibration_end, holdout_end)]
    known, last = (day_of(end, time_zone=time_zone) for end in ends)
    if last <= known:
        raise ParameterError(f"holdout_end {last:%Y-%m-%d} is not after calibration_end {known:%Y-%m-%d}.")
    length = int((last - known).days)
    counted: dict[str, Any] = {"time_zone": time_zone, "free_orders": free_orders}
    history = purchase_history(transactions, as_of=ends[0], **counted)
    if history.empty:
        raise ParameterError(f"nobody had bought by {known:%Y-%m-%d}: give a later calibration_end.")
    past = purchase_days(transactions, as_of=ends[0], **counted)
    history = with_last_period(history, past, last_day=known, length=length)
    if days is None:
        days = purchase_days(transactions, as_of=ends[1], **counted)
    place = history.index.get_indexer(days["customer_id"])
    # Places in the history are put together faster than names.
    days = days.assign(customer_id=place)[place >= 0]
    later, places = days[days["ordered_on"] > known], pd.RangeIndex(len(history))
    actual = _counts(later, places).set_axis(history.index)
    fit = fit_purchases(history, model=model)
    models = fit.usable | {says: NaiveRateModel(kind).fit(history) for kind, says in RATE_KINDS.items()}
    predicted = pd.DataFrame(
        {name: one.expected_purchases(history, length / DAYS_OF_UNIT) for name, one in models.items()}
    )
    totals = _totals(predicted, actual, fit=fit, seed=seed)
    baselines = totals[totals["kind"] == "baseline"]
    best = str(baselines.loc[baselines["rmse"].idxmin(), "model"])
    differences = _differences(predicted, actual, name=_chosen_name(fit), seed=seed)
    verdict = _verdict(differences, best)
    amount = later.groupby("customer_id")["kept_amount"].sum().reindex(places, fill_value=0.0)
    return HoldoutCheck(
        calibration_end=known,
        holdout_end=last,
        customers=len(history),
        by_frequency=_by_frequency(history["frequency"], predicted, actual, seed=seed),
        totals=totals,
        differences=differences,
        cumulative=cumulative_curve(
            history, days, model=fit.model, baseline=models[best], known=known, last=last
        ),
        customers_table=history.assign(actual=actual, actual_amount=amount.to_numpy(), **predicted),
        fit=fit,
        best_baseline=best,
        beats_baselines=verdict,
    )


def with_last_period(
    history: pd.DataFrame, days: pd.DataFrame, *, last_day: pd.Timestamp, length: int
) -> pd.DataFrame:
    """The history with the rate of each customer in the last stretch of time, which a baseline repeats."""
    repeats = days[days.groupby("customer_id")["ordered_on"].transform("min") < days["ordered_on"]]
    recent = repeats[
        (repeats["ordered_on"] > last_day - pd.Timedelta(days=length)) & (repeats["ordered_on"] <= last_day)
    ]
    table = history.assign(last_period=_counts(recent, history.index) / (length / DAYS_OF_UNIT))
    table.attrs.update(history.attrs)
    return table


def frequency_classes(frequency: pd.Series) -> pd.Series:
    """Classes of customers by repeat purchases so far: 0 to 6 and 7 or more, or wider ones where all buy often."""
    x = frequency.to_numpy(dtype=int)
    starts = list(range(_CLASSES))
    if len(x) and (x >= _CLASSES - 1).mean() > 0.5:
        cuts = np.quantile(x, np.arange(1, _CLASSES) / _CLASSES, method="higher")
        starts = sorted({0, *(int(cut) for cut in cuts)})
    names = [
        f"{low}+" if low == starts[-1] else str(low) if high == low + 1 else f"{low} to {high - 1}"
        for low, high in zip(starts, [*starts[1:], 0], strict=True)
    ]
    place = np.searchsorted(starts, x, side="right") - 1
    return pd.Series(pd.Categorical.from_codes(place, names, ordered=True), index=frequency.index)


def _counts(days: pd.DataFrame, customers: pd.Index) -> pd.Series:
    return days.groupby("customer_id").size().reindex(customers, fill_value=0).astype(float)


def _chosen_name(fit: PurchaseFit) -> str:
    return RATE_KINDS["shrunk"] if fit.name == OWN_RATE else fit.name


def _by_frequency(
    frequency: pd.Series, predicted: pd.DataFrame, actual: pd.Series, *, seed: int
) -> pd.DataFrame:
    rows = []
    classes = frequency_classes(frequency)
    for name, members in classes.groupby(classes, observed=True):
        came = actual[members.index]
        low, high = interval_of_mean(came.to_numpy(), seed=seed)
        row = {"frequency": name, "customers": len(came), "actual_mean": came.mean()}
        rows.append(
            row | {"actual_low": low, "actual_high": high} | predicted.loc[members.index].mean().to_dict()
        )
    return pd.DataFrame(rows)


def _totals(predicted: pd.DataFrame, actual: pd.Series, *, fit: PurchaseFit, seed: int) -> pd.DataFrame:
    rows, came = [], actual.to_numpy()
    drawn = resampled_means(np.column_stack([came, predicted.to_numpy()]), seed=seed)
    for place, name in enumerate(predicted.columns, start=1):
        guess = predicted[name].to_numpy()
        with np.errstate(divide="ignore", invalid="ignore"):
            low, high = interval(100 * (drawn[:, place] / drawn[:, 0] - 1))
            error = 100 * (guess.sum() / came.sum() - 1) if came.sum() else np.nan
        varied = len(came) > 1 and np.ptp(guess) > 1e-12 and np.ptp(came) > 0
        rows.append(
            {
                "model": name,
                "kind": "baseline" if name in RATE_KINDS.values() else "model",
                "chosen": name == _chosen_name(fit),
                "actual": came.sum(),
                "predicted": guess.sum(),
                "error_pct": error,
                "error_low": low,
                "error_high": high,
                "mae": np.abs(guess - came).mean(),
                "rmse": np.sqrt(((guess - came) ** 2).mean()),
                "correlation": np.corrcoef(guess, came)[0, 1] if varied else np.nan,
            }
        )
    return pd.DataFrame(rows)


def _differences(predicted: pd.DataFrame, actual: pd.Series, *, name: str, seed: int) -> pd.DataFrame:
    squared = predicted.sub(actual, axis=0) ** 2
    others = [says for says in RATE_KINDS.values() if says != name]
    gaps = -squared[others].sub(squared[name], axis=0)
    drawn = resampled_means(gaps.to_numpy(), seed=seed)
    rows = []
    for place, other in enumerate(others):
        low, high = interval(drawn[:, place])
        says = "better" if high < 0 else "worse" if low > 0 else "not told apart"
        rows.append((other, gaps[other].mean(), low, high, says))
    return pd.DataFrame(rows, columns=["baseline", "squared_error_difference", "low", "high", "verdict"])


def _verdict(differences: pd.DataFrame, best: str) -> str:
    if (differences["verdict"] == "better").all():
        return "yes"
    against = differences.set_index("baseline")["verdict"]
    return "no" if against.get(best) == "worse" else "uncertain"
