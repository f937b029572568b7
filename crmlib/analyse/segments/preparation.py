"""What columns undergo before customers are grouped: filled, capped, unbent, scaled, near copies left out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pandas as pd
from scipy import stats

from crmlib.measure.indicators.catalogue import INDICATORS
from crmlib.schema.errors import ParameterError, nearest

TAIL_SHARE = 0.01
"""This share of the rows is capped at either end of every column: at least one, from `FEW` rows on."""
FEW = 20
FENCE = 3.0
"""A value this many quartile distances beyond the quartiles is an outlier (Tukey's outer fence)."""
SKEWED = 0.5
POWERS = (-5.0, 5.0)
MOST_LEARNT = 100_000
"""Of more rows so many, drawn at random, say which power unbends a column and where groups settle: the power is then
known to a hundredth or so, and the middle, even of 5 % of the rows, to 0.02 spreads."""
_NOTHING = 1e-100


@dataclass(frozen=True, kw_only=True, eq=False)
class Preparation:
    """How to bring columns of any unit onto one footing, learnt from one table.

    Every array has one entry a column. In order: a missing value becomes the column's median; values beyond
    `low` and `high` are capped, so that one whale pulls no segment towards itself; a skewed column is
    divided by its own size and unbent by Yeo and Johnson's power (unlike a logarithm it takes zero and
    negative money and columns skewed to the left; dividing first makes cents and dollars give the same
    segments); mean 0, standard deviation 1. Of columns that move together only the first is kept.

    `names`: the columns' names.
    `medians`, `low`, `high`: arrays, in the columns' units.
    `fence_low`, `fence_high` (arrays, in the columns' units): Values beyond are outliers.
    `size`, `power`: The divisor, and Yeo and Johnson's lambda; NaN where a column is left straight.
    `kept`: array of column numbers.
    `dropped`: dict of name to reason.

    Tukey, J. W. (1977). Exploratory Data Analysis.
    Yeo, I.-K. and Johnson, R. A. (2000). A new family of power transformations to improve normality or
    symmetry. Biometrika 87(4).
    """

    names: tuple[str, ...]
    medians: np.ndarray
    low: np.ndarray
    high: np.ndarray
    fence_low: np.ndarray
    fence_high: np.ndarray
    size: np.ndarray
    power: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    kept: np.ndarray
    dropped: dict[str, str]

    def apply(self, values: np.ndarray) -> np.ndarray:
        """The kept columns, prepared."""
        prepared = [self._column(values[:, j], j) for j in self.kept]
        return np.ascontiguousarray(np.column_stack(prepared)) if prepared else np.empty((len(values), 0))

    def outliers(self, values: np.ndarray) -> np.ndarray:
        """Which values lie beyond the fences."""
        with np.errstate(invalid="ignore"):
            return (values < self.fence_low) | (values > self.fence_high)

    def _column(self, column: np.ndarray, j: int) -> np.ndarray:
        filled = np.where(np.isnan(column), self.medians[j], column)
        straight = _unbend(np.clip(filled, self.low[j], self.high[j]), self.size[j], self.power[j])
        return (straight - self.mean[j]) / self.deviation[j]


def learn_preparation(values: np.ndarray, names: Sequence[str], *, near_copy: float = 0.9) -> Preparation:
    """Learn the preparation of a table."""
    values = np.asarray(values, dtype="float64")
    columns = [_learn_column(values[:, j]) for j in range(values.shape[1])]
    facts = {key: np.array([column[key] for column in columns]) for key in columns[0]} if columns else {}
    everything = Preparation(names=tuple(names), kept=np.arange(len(columns)), dropped={}, **facts)
    kept, dropped = _leave_out_copies(everything.apply(values), list(names), near_copy)
    return Preparation(names=tuple(names), kept=np.array(kept, dtype=int), dropped=dropped, **facts)


def _learn_column(column: np.ndarray) -> dict[str, float]:
    known = column[~np.isnan(column)]
    median = float(np.median(known)) if len(known) else 0.0
    filled = np.where(np.isnan(column), median, column)
    low, high = _tails(filled)
    capped = np.clip(filled, low, high)
    size, power = _learn_power(capped)
    fence_low, fence_high = _fences(filled, _unbend_beyond(filled, low, high, size, power))
    low, high = max(low, fence_low), min(high, fence_high)
    straight = _unbend(np.clip(filled, low, high), size, power)
    deviation = float(straight.std())
    return {
        "medians": median,
        "low": low,
        "high": high,
        "fence_low": fence_low,
        "fence_high": fence_high,
        "size": size,
        "power": power,
        "mean": float(straight.mean()),
        "deviation": deviation if deviation > _NOTHING else 1.0,
    }


def _tails(filled: np.ndarray) -> tuple[float, float]:
    """The values that `TAIL_SHARE` of the rows lie beyond."""
    n = len(filled)
    cut = int(np.ceil(TAIL_SHARE * n)) if n >= FEW else 0
    ranked = np.sort(filled)
    return float(ranked[cut]), float(ranked[n - 1 - cut])


def _learn_power(capped: np.ndarray) -> tuple[float, float]:
    """The column's own size (median of what is not zero) and the power that unbends it; NaN: straight."""
    spread = float(np.ptp(capped))
    if spread <= max(_NOTHING, 1e-9 * float(np.abs(capped).max())) or abs(stats.skew(capped)) <= SKEWED:
        return 1.0, float("nan")
    size = float(np.median(np.abs(capped[capped != 0])))
    if size < 1e-9 * spread:
        return 1.0, float("nan")
    if len(capped) > MOST_LEARNT:
        capped = np.random.default_rng(0).choice(capped, MOST_LEARNT, replace=False)
    power = float(np.clip(stats.yeojohnson_normmax(capped / size), *POWERS))
    straight = stats.yeojohnson(capped / size, power)
    if np.ptp(straight) == 0 or abs(stats.skew(straight)) >= abs(stats.skew(capped)):
        return 1.0, float("nan")
    return size, power


def _unbend(values: np.ndarray, size: float, power: float) -> np.ndarray:
    return values if np.isnan(power) else stats.yeojohnson(values / size, power)


def _unbend_beyond(filled: np.ndarray, low: float, high: float, size: float, power: float) -> np.ndarray:
    """Unbent within the tails; beyond them along the tangent, since the power would flatten any whale."""
    capped = np.clip(filled, low, high)
    relative = capped / size
    exponent = 0.0 if np.isnan(power) else np.where(relative >= 0, power - 1, 1 - power)
    slope = (np.abs(relative) + 1) ** exponent / size
    with np.errstate(over="ignore"):
        return _unbend(capped, size, power) + (filled - capped) * slope


def _fences(filled: np.ndarray, straight: np.ndarray) -> tuple[float, float]:
    """The outermost values seen within Tukey's outer fence; no fence where half the values are the same."""
    first, third = np.quantile(straight, [0.25, 0.75])
    if third <= first:
        return -np.inf, np.inf
    reach = FENCE * (third - first)
    inside = filled[(straight >= first - reach) & (straight <= third + reach)]
    return float(inside.min()), float(inside.max())


def _leave_out_copies(
    prepared: np.ndarray, names: list[str], near_copy: float
) -> tuple[list[int], dict[str, str]]:
    kept: list[int] = []
    dropped: dict[str, str] = {}
    for j, name in enumerate(names):
        if prepared[:, j].std() < _NOTHING:
            dropped[name] = "hardly_differs"
            continue
        links = [(abs(_correlation(prepared[:, i], prepared[:, j])), i) for i in kept]
        strength, i = max(links, default=(0.0, -1))
        if strength > near_copy:
            dropped[name] = f"moves_with {names[i]}"
        else:
            kept.append(j)
    return kept, dropped


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float((a * b).mean())


FEWEST_CUSTOMERS = 50
MOST_MISSING_PCT = 40.0
CORE = ("spend_total", "order_count", "recency_days")
"""They come first, so that of columns that move together these are kept."""


SEGMENT_INDICATORS = (
    *("spend_total", "order_count", "recency_days", "basket_value_mean"),
    *("discount_share_pct", "margin_share_pct"),
)
"""What segments are made from where habits are not known: few figures, each of which one can act on."""

HABITS = (
    *("orders_per_year_mean", "basket_value_mean", "basket_lines_mean", "basket_items_mean"),
    *("discount_share_pct", "year_end_share_pct"),
)
"""What segments are made from unless somebody says otherwise: how somebody buys, not in what phase they are (of
that, states speak), nor how long they have been here."""

DESCRIBED = ("spend_total", "order_count", "recency_days", "margin_share_pct")
"""Segments of habits are described by these, too."""

OWN_SHARE = 0.1
"""A share of orders counts where a customer's own weighs at least so much against that of all, on average."""

_OF_ORDERS = ("year_end_share_pct", "weekend_share_pct", "morning_share_pct", "evening_share_pct")
"""Shares of a customer's orders: of few orders they say little."""


def choose_columns(
    indicators: pd.DataFrame, names: Iterable[str] | None = None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The columns that segments are made from, and those that were asked for and could not be computed.

    Without names `HABITS`, where the pace of orders is known, else `SEGMENT_INDICATORS`; of a table that has none
    of them, all columns.
    """
    if not isinstance(indicators, pd.DataFrame):
        raise ParameterError(
            f"segment_customers needs a DataFrame with a row a customer, not a {type(indicators).__name__}. "
            "Make it with crmlib.compute_indicators."
        )
    here = [str(name) for name in indicators.columns]
    usual = HABITS if HABITS[0] in here else SEGMENT_INDICATORS
    if names is None and not set(usual) & set(here):
        return indicators, ()
    wanted = list(dict.fromkeys(usual if names is None else names))
    known = {*here, *indicators.attrs.get("left_out", {}), *(one.name for one in INDICATORS)}
    for name in wanted:
        if name not in known:
            raise ParameterError(f"there is no indicator {name!r}.{nearest(name, known)}")
    missing = tuple(name for name in wanted if name not in here)
    places = sorted((wanted.index(name), place) for place, name in enumerate(here) if name in wanted)
    return indicators.iloc[:, [place for _, place in places]], missing


def numeric_table(indicators: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """The numeric columns as floats, the rows sorted by customer so that their order is irrelevant."""
    if not isinstance(indicators, pd.DataFrame):
        raise ParameterError(
            f"segment_customers needs a DataFrame with a row a customer, not a {type(indicators).__name__}. "
            "Make it with crmlib.compute_indicators."
        )
    if indicators.index.has_duplicates or indicators.columns.has_duplicates:
        raise ParameterError(
            "indicators has a customer or a column twice. Give one row a customer, indexed by customer_id."
        )
    order = np.argsort(indicators.index.astype(str).to_numpy(dtype=object), kind="stable")
    numeric = [name for name, column in indicators.items() if _is_numeric(column)]
    values = np.empty((len(order), len(numeric)), order="F")
    for place, name in enumerate(numeric):
        column = indicators[name].to_numpy(dtype="float64", na_value=np.nan)[order]
        values[:, place] = np.where(np.isfinite(column), column, np.nan)
    table = pd.DataFrame(values, indicators.index[order], numeric, copy=False)
    left_out = {str(name): "no_number" for name in indicators.columns if name not in numeric}
    return table.rename(columns=str), left_out


def learn_shares(values: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Of each share of orders, that of all orders, and how many orders it weighs against a customer's own.

    The weight comes from how much more alike two orders of one customer are than any two (moments of a Beta
    prior); where they are no more alike, a customer's own share says nothing.

    Gelman, A. et al. (2013). Bayesian Data Analysis, third edition, section 5.1.
    """
    if "order_count" not in values:
        return {}
    learnt, orders = {}, values["order_count"].fillna(0)
    for name in [name for name in _OF_ORDERS if name in values]:
        n = orders.where(values[name].notna(), 0)
        k = (values[name].fillna(0) * n / 100).clip(lower=0)
        rate, pairs = k.sum() / max(n.sum(), 1), (n * (n - 1)).sum()
        both = (k * (k - 1)).sum() / max(pairs, 1)
        likeness = (both - rate**2) / max(rate * (1 - rate), _NOTHING)
        learnt[name] = (float(100 * rate), float(np.clip(1 / max(likeness, 1e-3) - 1, 0, 1e3)))
    return learnt


def telling(values: pd.DataFrame, learnt: dict[str, tuple[float, float]]) -> dict[str, str]:
    """The shares of orders in which customers hardly differ but by chance, with the reason not to use them."""
    orders = values["order_count"].fillna(0) if learnt else 0
    return {
        name: "by_chance"
        for name, (_, weight) in learnt.items()
        if (orders / (orders + weight + _NOTHING)).mean() < OWN_SHARE
    }


def steady_shares(values: pd.DataFrame, learnt: dict[str, tuple[float, float]]) -> pd.DataFrame:
    """Shares of few orders drawn to the share of all."""
    orders = values["order_count"].fillna(0) if learnt else 0
    steadied = {
        name: (values[name].fillna(rate) * orders + weight * rate) / (orders + weight)
        for name, (rate, weight) in learnt.items()
    }
    return values.assign(**steadied)


def who_bought(table: pd.DataFrame) -> pd.Series:
    """The customers with a purchase.

    `order_count` decides where it is there, else `recency_days`, else whether anything is known.
    """
    for column in ("order_count", "recency_days"):
        if column in table and table[column].notna().any():
            return table[column].gt(0) if column == "order_count" else table[column].notna()
    return table.notna().any(axis=1)


def usable_columns(buyers: pd.DataFrame) -> tuple[list[str], dict[str, str]]:
    """The columns that can tell buyers apart, the core ones first."""
    if len(buyers) < FEWEST_CUSTOMERS:
        raise ParameterError(
            f"indicators has {len(buyers)} customers with a purchase; {FEWEST_CUSTOMERS} are needed to find "
            "segments. Take a longer period, or use customer_types, which needs no minimum."
        )
    left_out = {}
    for name, column in buyers.items():
        missing = 100 * column.isna().mean()
        if missing > MOST_MISSING_PCT:
            left_out[name] = f"often_missing {missing:.0f}"
        elif column.nunique() <= 1:
            left_out[name] = "same_for_all"
    used = [name for name in buyers.columns if name not in left_out]
    if not used:
        why = "; ".join(f"{name} {reason}" for name, reason in left_out.items()) or "none is numeric"
        raise ParameterError(
            f"indicators has no column that tells customers apart ({why}). Give at least one, "
            "such as spend_total."
        )
    first = [name for name in CORE if name in used]
    return [*first, *(name for name in used if name not in first)], left_out


def _is_numeric(column: pd.Series) -> bool:
    if column.dtype == object:
        known = column.dropna()
        return len(known) > 0 and all(isinstance(value, Decimal | int | float) for value in known)
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_complex_dtype(column)
