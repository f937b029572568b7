"""What the lifetime models read: a purchase history that was checked, equal customers put together."""

from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

import numpy as np
import pandas as pd

from crmlib.prepare.engine import require_columns
from crmlib.schema.errors import ParameterError, SchemaError

SKETCH_ROWS = 2_000
"""Customers in the sample on which the starts are tried."""
_LOOKED_AT = 10_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Groups:
    """Customers with the same purchase history, counted.

    Parameters
    ----------
    x, recency, T : arrays (groups,)
        Repeat purchases; first to last purchase; first purchase to the closing moment. By ascending `x`; within
        it ascending too, or as they came where many customers have hardly a history in common.
    weights : array (groups,)
        Customers in the group.
    counts : array (distinct x,)
        The distinct numbers of repeat purchases, ascending.
    position : array (groups,)
        Where in `counts` the `x` of the group stands.

    Examples
    --------
    See `group_histories`.
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
    """Put customers with the same history together.

    Parameters
    ----------
    history : DataFrame, one row per customer
        `frequency`, `recency`, `T`, as `purchase_history` gives them.

    Raises
    ------
    SchemaError
        If a column is missing or a figure cannot be.

    Examples
    --------
    >>> groups = group_histories(pd.DataFrame({"frequency": [2, 0, 2], "recency": [3, 0, 3], "T": [9, 9, 9]}))
    >>> groups.x, groups.weights
    (array([0., 2.]), array([1., 2.]))
    """
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


def history_arrays(history: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`frequency`, `recency` and `T` as arrays of floats, after a check that they can be.

    Parameters
    ----------
    history : DataFrame, one row per customer

    Raises
    ------
    SchemaError
        If a column is missing or a figure cannot be; it names the customer.

    Examples
    --------
    >>> history_arrays(pd.DataFrame({"frequency": [1], "recency": [9.0], "T": [3.0]}, index=["ann"]))
    Traceback (most recent call last):
    ...
    crmlib.schema.errors.SchemaError: history: ann has recency 9 above T 3. Make it with purchase_history.
    """
    require_columns(history, ("frequency", "recency", "T"), table_name="history")
    x, recency, age = (
        history[name].to_numpy(dtype=float, na_value=np.nan) for name in ("frequency", "recency", "T")
    )
    wrong = [
        (~(np.isfinite(x) & np.isfinite(recency) & np.isfinite(age)), "a figure that is missing or infinite"),
        ((x < 0) | (x != np.floor(x)), "frequency {x:g}, which is no count"),
        (recency < 0, "recency {recency:g} below 0"),
        (recency > age, "recency {recency:g} above T {age:g}"),
        ((x > 0) & (recency == 0), "repeat purchases but recency 0"),
        ((x == 0) & (recency > 0), "recency {recency:g} but no repeat purchase"),
    ]
    for rows, says in wrong:
        if rows.any():
            at = int(np.flatnonzero(rows)[0])
            text = says.format(x=x[at], recency=recency[at], age=age[at])
            raise SchemaError(f"history: {history.index[at]} has {text}. Make it with purchase_history.")
    return x, recency, age


def horizons(t: object, history: pd.DataFrame) -> np.ndarray:
    """A time ahead, or one for each customer, checked.

    Parameters
    ----------
    t : number, or one for each row of `history`

    Raises
    ------
    ParameterError
        If one is negative, or there are as many as neither 1 nor customers.

    Examples
    --------
    >>> horizons(4, pd.DataFrame(index=["ann", "bob"]))
    array(4.)
    """
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
