"""What the lifetime models read: a purchase history that was checked, equal customers put together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from crmlib.analyse.stats import FEWEST
from crmlib.analyse.stats.intervals import interval, resampled_means
from crmlib.prepare.engine import require_columns
from crmlib.schema.errors import ParameterError, SchemaError

SKETCH_ROWS = 2_000
"""Customers in the sample on which the starts are tried."""
WIDE_ROWS = 10_000
"""Customers in the sample on which they are tried again where that one leads to no summit."""
MOST_FITTED = 50_000
"""Of more customers so many, drawn at random, are fitted on: the parameters then miss by a hundredth or so."""
_LOOKED_AT = 10_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Groups:
    """Customers with the same purchase history, counted.

    `x`, `recency`, `T` (groups,): Repeat purchases; first to last purchase; first purchase to the closing
        moment. By ascending `x`; within it ascending too, or as they came where many customers have hardly a
        history in common.
    `weights` (groups,): Customers in the group.
    `counts` (distinct x,): The distinct numbers of repeat purchases, ascending.
    `position` (groups,): Where in `counts` the `x` of the group stands.
    """

    x: np.ndarray
    recency: np.ndarray
    T: np.ndarray
    weights: np.ndarray
    counts: np.ndarray
    position: np.ndarray

    @cached_property
    def customers(self) -> float:
        """Number of customers."""
        return float(self.weights.sum())

    @cached_property
    def count_weights(self) -> np.ndarray:
        """Customers with each of the distinct numbers of repeat purchases."""
        return np.bincount(self.position, weights=self.weights, minlength=len(self.counts))

    def in_time_units_of(self, scale: float) -> "Groups":
        """The same customers, times divided by `scale`."""
        return replace(self, recency=self.recency / scale, T=self.T / scale)

    def sketch(self, rows: int = SKETCH_ROWS) -> "Groups | None":
        """A sample of the customers, evenly spaced in their order, or None where there are not many more."""
        if len(self.x) <= 2 * rows:
            return None
        places = (np.arange(rows) + 0.5) * (self.customers / rows)
        drawn = np.minimum(np.searchsorted(np.cumsum(self.weights), places), len(self.x) - 1)
        kept, times = np.unique(drawn, return_counts=True)
        return _groups(self.x[kept], self.recency[kept], self.T[kept], times.astype(float))


def group_histories(history: pd.DataFrame) -> Groups:
    """Put customers with the same history together."""
    x, recency, age = history_arrays(history)
    if len(x) and not _all_differ(x, recency, age):
        codes, values = zip(*(pd.factorize(column, sort=True) for column in (x, recency, age)), strict=True)
        sizes = [len(of) for of in values]
        # Beyond this one whole number cannot hold three; putting together only saves time and can be left out.
        if prod(sizes) < 2**62:
            key, weights = np.unique(np.ravel_multi_index(codes, sizes), return_counts=True)
            places = np.unravel_index(key, sizes)
            return _groups(*(of[at] for of, at in zip(values, places, strict=True)), weights.astype(float))
    # Small whole numbers are sorted in a tenth of the time that floats take.
    order = np.argsort(x.astype(np.uint16) if x.max(initial=0) < 2**16 else x, kind="stable")
    return _groups(x[order], recency[order], age[order], np.ones(len(x)))


def some_histories(history: pd.DataFrame) -> pd.DataFrame:
    """The histories that models are fitted on: those of some customers, where there are more than need be."""
    if len(history) <= MOST_FITTED:
        return history
    return history.iloc[np.sort(np.random.default_rng(0).permutation(len(history))[:MOST_FITTED])]


def history_arrays(history: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`frequency`, `recency` and `T` as arrays of floats, after a check that they can be."""
    require_columns(history, ("frequency", "recency", "T"), table_name="history")
    x, recency, age = (
        history[name].to_numpy(dtype=float, na_value=np.nan) for name in ("frequency", "recency", "T")
    )
    wrong = [
        (
            ~(np.isfinite(x) & np.isfinite(recency) & np.isfinite(age)),
            "frequency {x:g}, recency {recency:g} or T {age:g} missing or infinite",
        ),
        ((x < 0) | (x != np.floor(x)), "frequency {x:g}, which is no count"),
        (recency < 0, "recency {recency:g} below 0"),
        (recency > age, "recency {recency:g} above T {age:g}"),
        ((x > 0) & (recency == 0), "repeat purchases but recency {recency:g}"),
        ((x == 0) & (recency > 0), "recency {recency:g} but no repeat purchase"),
    ]
    refuse_first(history, wrong, x=x, recency=recency, age=age)
    return x, recency, age


def refuse_first(
    history: pd.DataFrame, wrong: Sequence[tuple[np.ndarray, str]], **figures: np.ndarray
) -> None:
    """Raise what the first row says that cannot be, of conditions and the words for each."""
    for rows, says in wrong:
        if rows.any():
            at = int(np.flatnonzero(rows)[0])
            text = says.format(**{name: values[at] for name, values in figures.items()})
            raise SchemaError(f"history: {history.index[at]} has {text}. Make it with purchase_history.")


def horizons(t: object, history: pd.DataFrame) -> np.ndarray:
    """A time ahead, or one for each customer, checked."""
    times = np.asarray(t, dtype=float)
    if times.ndim and times.shape != (len(history),):
        raise ParameterError(
            f"t has shape {times.shape}: give one time, or one for each of {len(history)} rows."
        )
    if not (np.isfinite(times) & (times >= 0)).all():
        raise ParameterError("t must be 0 or more, in the time unit of the history.")
    return times


def _all_differ(x: np.ndarray, recency: np.ndarray, age: np.ndarray) -> bool:
    """Whether hardly two of many customers have the same history, so that looking for such is lost time."""
    if len(x) <= 2 * _LOOKED_AT:
        return False
    some = slice(None, None, len(x) // _LOOKED_AT)
    # One number a history, since rows are slow to sort; two that meet by chance cost time, not truth.
    mixed = x[some] + np.sqrt(2) * recency[some] + np.sqrt(3) * age[some]
    return len(np.unique(mixed)) > 0.99 * len(mixed)


def _groups(x: np.ndarray, recency: np.ndarray, age: np.ndarray, weights: np.ndarray) -> Groups:
    counts, position = _distinct(x)
    return Groups(x=x, recency=recency, T=age, weights=weights, counts=counts, position=position)


def _distinct(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct counts, ascending, and where each stands among them; without a sort where they are small."""
    if not len(x) or x.max() > 10 * len(x) + 1_000:
        return np.unique(x, return_inverse=True)
    whole = x.astype(np.int64)
    is_there = np.bincount(whole) > 0
    return np.flatnonzero(is_there).astype(float), (np.cumsum(is_there) - 1)[whole]


SHORTEST_PAIR = 8
"""Days that two gaps must last together, so that whole days do not blur how they are split."""


PAIRS_OF_ONE = 8
"""Pairs of gaps from which on a single customer is judged."""

ONE_SIDED_PCT = 5.0
"""Of customers who buy at random, so many percent are called regular by themselves."""

_RANDOM, _ONE_SIDED = 1 / 12, -ndtri(ONE_SIDED_PCT / 100)
_CLASSES = ((3, 4), (5, 9), (10, 24), (25, None))


@dataclass(frozen=True, kw_only=True, eq=False)
class Regularity:
    """How regularly customers buy.

    Parameters
    ----------
    shape : float
        Of the gamma distribution of the time between two purchases: 1 is at random (Poisson), 2 clearly
        regular, far above like clockwork, below 1 in bursts. NaN where too few customers say anything.
    low, high : float
        95 % interval, customers drawn again.
    p_value : float
        Of buying at random, two-sided.
    customers, pairs : int
        Customers with at least one pair of gaps that counts, and those pairs.
    measured_share_pct : float
        Those customers' share of all who have bought.
    regular_share_pct : float
        Of the customers with at least `PAIRS_OF_ONE` pairs, the share that is by itself more regular than
        chance allows (one-sided, 5 %; so 5 % is what chance alone brings). NaN without such customers.
    judged_customers : int
        Those with so many pairs.
    by_purchases : DataFrame
        `purchases` (days with a purchase, class), `customers`, `pairs`, `shape`, `low`, `high`.
    verdict : "regular", "random", "bursts" or "unknown"
    """

    shape: float
    low: float
    high: float
    p_value: float
    customers: int
    pairs: int
    measured_share_pct: float
    regular_share_pct: float
    judged_customers: int
    by_purchases: pd.DataFrame
    verdict: str

    def _repr_html_(self) -> str:
        return self.by_purchases.to_html(index=False)


def regularity(days: pd.DataFrame, *, seed: int = 0) -> Regularity:
    """Test whether customers buy at random moments, each at an own rate, and measure how far they do not.

    Of two consecutive gaps of a customer, t1 / (t1 + t2) is uniform on 0 to 1 if purchases come at random,
    whatever the customer's rate, and nearer to a half the more regular they are: its variance is
    1 / (4 (2 shape + 1)). Every customer counts once, with the mean over all disjoint pairs of gaps, counted
    from the first purchase on; how a pair is split has nothing to do with how long it lasts, so that the pairs
    which the closing day cuts off bias nothing. Gaps are whole days: within its day a purchase is taken to be
    anywhere, and pairs shorter than `SHORTEST_PAIR` days are left out.

    Parameters
    ----------
    days : DataFrame
        `customer_id`, `ordered_on`: the days on which each customer bought, once each, as `purchase_days`
        gives them.

    Raises
    ------
    SchemaError
        If a column is missing.
    ParameterError
        If a customer's day stands there twice.

    References
    ----------
    Wheat, R. D. & Morrison, D. G. (1990). Estimating purchase regularity with two interpurchase times. Journal
    of Marketing Research 27(1), 87-93.

    Examples
    --------
    Every fortnight is as regular as can be:

    >>> days = pd.DataFrame({"customer_id": np.repeat(np.arange(40), 5),
    ...                      "ordered_on": pd.to_datetime(["2024-01-01"] * 200)
    ...                      + pd.to_timedelta(np.tile(np.arange(5), 40) * 14, unit="D")})
    >>> found = regularity(days)
    >>> found.verdict, found.customers, found.pairs, bool(found.low > 50)
    ('regular', 40, 80, True)
    """
    require_columns(days, ("customer_id", "ordered_on"), table_name="days")
    buyers = int(days["customer_id"].nunique())
    pairs = _pairs(days)
    table = pairs.groupby("customer_id", sort=True)["spread"].agg(["mean", "size"])
    table["purchases"] = days.groupby("customer_id").size().reindex(table.index)
    few = len(table) < FEWEST
    shape, low, high = _shape(table["mean"].to_numpy(), seed=seed)
    verdict = "unknown" if few else "regular" if low > 1 else "bursts" if high < 1 else "random"
    judged = table[table["size"] >= PAIRS_OF_ONE]
    surprise = (judged["mean"] - _RANDOM) / np.sqrt(1 / 180 / judged["size"])
    share = float(100 * (surprise < -_ONE_SIDED).mean()) if len(judged) else float("nan")
    return Regularity(
        shape=shape,
        low=low,
        high=high,
        p_value=_p_value(table["mean"].to_numpy()),
        customers=len(table),
        pairs=len(pairs),
        measured_share_pct=100 * len(table) / buyers if buyers else float("nan"),
        regular_share_pct=share,
        judged_customers=len(judged),
        by_purchases=_by_purchases(table, seed=seed),
        verdict=verdict,
    )


def _pairs(days: pd.DataFrame) -> pd.DataFrame:
    """The disjoint pairs of gaps that count: how far from an even split, squared, whatever the blur of days."""
    ordered = days[["customer_id", "ordered_on"]].sort_values(["customer_id", "ordered_on"], kind="stable")
    groups = ordered.groupby("customer_id", sort=False)["ordered_on"]
    place, ahead, second = groups.cumcount(), groups.shift(-1), groups.shift(-2)
    first_gap = (ahead - ordered["ordered_on"]).dt.days
    if (first_gap == 0).any():
        raise ParameterError("days holds a day of one customer twice: make it with purchase_days.")
    whole = (second - ordered["ordered_on"]).dt.days
    counts = (place % 2 == 0) & (whole >= SHORTEST_PAIR)
    cells = whole[counts] - 1
    # Uniform within its day, a purchase at random is uniform over the pair, whatever the pair's length.
    spread = ((first_gap[counts] - 0.5) / cells - 0.5) ** 2 + 1 / (12 * cells**2)
    return pd.DataFrame({"customer_id": ordered.loc[counts, "customer_id"], "spread": spread})


def _shape(spreads: np.ndarray, *, seed: int) -> tuple[float, float, float]:
    if len(spreads) < 2:
        return float("nan"), float("nan"), float("nan")
    found = _shape_of(spreads.mean())
    high, low = interval(resampled_means(spreads[:, None], seed=seed)[:, 0])
    return found, _shape_of(low), _shape_of(high)


def _shape_of(spread: float) -> float:
    return float(1 / (8 * spread) - 0.5) if spread > 0 else float("inf")


def _p_value(spreads: np.ndarray) -> float:
    if len(spreads) < 2 or not np.ptp(spreads):
        return float("nan")
    error = spreads.std(ddof=1) / np.sqrt(len(spreads))
    return float(2 * ndtr(-abs(spreads.mean() - _RANDOM) / error))


def _by_purchases(table: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    rows = []
    for least, most in _CLASSES:
        members = table[(table["purchases"] >= least) & (table["purchases"] <= (most or np.inf))]
        name = f"{least} to {most}" if most else f"{least}+"
        shape, low, high = _shape(members["mean"].to_numpy(), seed=seed)
        if len(members) < FEWEST:
            shape = low = high = float("nan")
        rows.append((name, len(members), int(members["size"].sum()), shape, low, high))
    return pd.DataFrame(rows, columns=["purchases", "customers", "pairs", "shape", "low", "high"])
