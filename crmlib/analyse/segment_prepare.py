"""What columns undergo before customers are grouped: filled, capped, unbent, scaled, near copies left out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

TAIL_SHARE = 0.01
"""This share of the rows is capped at either end of every column: at least one, from `FEW` rows on."""
FEW = 20
FENCE = 3.0
"""A value this many quartile distances beyond the quartiles is an outlier (Tukey's outer fence)."""
SKEWED = 0.5
POWERS = (-5.0, 5.0)
_NOTHING = 1e-100


@dataclass(frozen=True, kw_only=True, eq=False)
class Preparation:
    """How to bring columns of any unit onto one footing, learnt from one table.

    Every array has one entry a column. In order: a missing value becomes the column's median; values beyond
    `low` and `high` are capped, so that one whale pulls no segment towards itself; a skewed column is
    divided by its own size and unbent by Yeo and Johnson's power (unlike a logarithm it takes zero and
    negative money and columns skewed to the left; dividing first makes cents and dollars give the same
    segments); mean 0, standard deviation 1. Of columns that move together only the first is kept.

    Parameters
    ----------
    names : the columns' names
    medians, low, high : arrays, in the columns' units
    fence_low, fence_high : arrays, in the columns' units
        Values beyond are outliers.
    size, power : arrays
        The divisor, and Yeo and Johnson's lambda; NaN where a column is left straight.
    mean, deviation : arrays
    kept : array of column numbers
    dropped : dict of name to reason

    References
    ----------
    Tukey, J. W. (1977). Exploratory Data Analysis.

    Yeo, I.-K. and Johnson, R. A. (2000). A new family of power transformations to improve normality or
    symmetry. Biometrika 87(4).

    Examples
    --------
    >>> table = np.column_stack([np.arange(100.0), np.arange(100.0) * 2, np.arange(100.0)[::-1] % 7])
    >>> preparation = learn_preparation(table, ["orders", "items", "weekday"])
    >>> preparation.dropped
    {'items': 'moves with orders (r = 1.00), which counts already'}
    >>> preparation.apply(table).shape
    (100, 2)
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
        """The kept columns, prepared.

        Parameters
        ----------
        values : array (rows, columns), NaN where missing

        Returns
        -------
        array (rows, kept columns), float64, without NaN

        Examples
        --------
        >>> learnt = learn_preparation(np.array([[1.0], [2.0], [3.0], [2.0], [np.nan]]), ["orders"])
        >>> learnt.apply(np.array([[2.0], [np.nan], [99.0]])).ravel().round(1).tolist()
        [0.0, 0.0, 1.6]
        """
        prepared = [self._column(values[:, j], j) for j in self.kept]
        return np.ascontiguousarray(np.column_stack(prepared)) if prepared else np.empty((len(values), 0))

    def outliers(self, values: np.ndarray) -> np.ndarray:
        """Which values lie beyond the fences.

        Returns
        -------
        array (rows, columns) of bool

        Examples
        --------
        >>> learnt = learn_preparation(np.array([*range(1, 100), 9_999.0])[:, None], ["spend"])
        >>> np.flatnonzero(learnt.outliers(np.array([[50.0], [9_999.0]]))).tolist()
        [1]
        """
        with np.errstate(invalid="ignore"):
            return (values < self.fence_low) | (values > self.fence_high)

    def _column(self, column: np.ndarray, j: int) -> np.ndarray:
        filled = np.where(np.isnan(column), self.medians[j], column)
        straight = _unbend(np.clip(filled, self.low[j], self.high[j]), self.size[j], self.power[j])
        return (straight - self.mean[j]) / self.deviation[j]


def learn_preparation(values: np.ndarray, names: Sequence[str], *, near_copy: float = 0.9) -> Preparation:
    """Learn the preparation of a table.

    Parameters
    ----------
    values : array (rows, columns), NaN where missing
    names : one a column
    near_copy : float
        Of columns whose correlation, once prepared, is stronger than this, the first is kept.

    Returns
    -------
    Preparation

    Examples
    --------
    >>> learn_preparation(np.array([[1.0, 5.0], [2.0, 5.0], [9.0, 5.0], [3.0, 5.0]]), ["a", "b"]).dropped
    {'b': 'hardly differs between customers'}
    """
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
            dropped[name] = "hardly differs between customers"
            continue
        links = [(abs(_correlation(prepared[:, i], prepared[:, j])), i) for i in kept]
        strength, i = max(links, default=(0.0, -1))
        if strength > near_copy:
            r = _correlation(prepared[:, i], prepared[:, j])
            dropped[name] = f"moves with {names[i]} (r = {r:.2f}), which counts already"
        else:
            kept.append(j)
    return kept, dropped


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float((a * b).mean())
