"""Many possible futures of a pipeline, and what they say of any part of it and any time."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmlib.analyse.forecast.intervals import Stretch
from crmlib.analyse.forecast.outlooks import Outlook

_CELLS = 4_000_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Futures:
    """Drawn futures of an outlook.

    Parameters
    ----------
    outlook : Outlook
    stock : DataFrame
        The items and after them the pool of new deals: `amount`, `is_new` and the columns of `DEAL_KEYS`.
    draw, item, day : arrays
        One won deal each: of which future, which row of the stock, on which day ahead (from 1).
    draws : int
    stretch : Stretch
        By how much intervals are widened.

    Examples
    --------
    See `draw_futures`.
    """

    outlook: Outlook
    stock: pd.DataFrame
    draw: np.ndarray
    item: np.ndarray
    day: np.ndarray
    draws: int
    stretch: Stretch

    def between(self, first: int, last: int, *, by: str | None = None) -> pd.DataFrame:
        """What is won from one day ahead to another.

        Parameters
        ----------
        first, last : int
            Days ahead, from 1, both included.
        by : str, optional
            A column of the stock; all in one without.

        Returns
        -------
        DataFrame indexed by key ("" where it is not known; "all" without `by`)
            `expected`, `low`, `high`, `from_open`, `from_new` (account currency), `count` (won deals).
        """
        keys = (
            pd.Series("all", index=self.stock.index) if by is None else self.stock[by].fillna("").astype(str)
        )
        code, names = pd.factorize(keys, sort=True)
        if not len(names):
            return _no_keys()
        outlook, amount = self.outlook, self.stock["amount"].to_numpy()
        n = len(outlook.items)
        chance = outlook.chances[:, first - 1 : last].sum(axis=1)
        new = outlook.new_rates[first - 1 : last].sum() / max(len(outlook.pool), 1)
        weight = np.append(chance, np.full(len(outlook.pool), new))
        is_new = np.arange(len(weight)) >= n
        worth = weight * amount
        expected = np.bincount(code, worth, minlength=len(names))
        fresh = np.bincount(code, worth * is_new, minlength=len(names))
        low, high = self._ends(code, len(names), first, last, expected)
        return pd.DataFrame(
            {
                "expected": expected,
                "low": low,
                "high": high,
                "from_open": expected - fresh,
                "from_new": fresh,
                "count": np.bincount(code, weight, minlength=len(names)),
            },
            index=pd.Index(names, name="key"),
        )

    def _ends(
        self, code: np.ndarray, size: int, first: int, last: int, expected: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        inside = (self.day >= first) & (self.day <= last)
        item, draw = self.item[inside], self.draw[inside]
        amount = self.stock["amount"].to_numpy()[item]
        low, high = np.empty((2, size))
        at_once = max(1, _CELLS // self.draws)
        for begin in range(0, size, at_once):
            end = min(begin + at_once, size)
            here = (code[item] >= begin) & (code[item] < end)
            cell = draw[here] * (end - begin) + code[item[here]] - begin
            sums = np.bincount(cell, amount[here], minlength=self.draws * (end - begin))
            sums = sums.reshape(self.draws, end - begin)
            low[begin:end], high[begin:end] = self.stretch.of_draws(sums, expected[begin:end])
        return low, high


def draw_futures(outlook: Outlook, *, stretch: Stretch, draws: int, seed: int) -> Futures:
    """Draw futures: each open deal is won or not, on some day; new deals come and are won.

    Parameters
    ----------
    outlook : Outlook
    stretch : Stretch
    draws, seed : int

    Returns
    -------
    Futures

    Examples
    --------
    >>> from crmlib.analyse.forecast.intervals import learn_stretch
    >>> from crmlib.analyse.forecast.outlooks import _little_past, outlook_by_time
    >>> outlook = outlook_by_time(_little_past(days=20))
    >>> futures = draw_futures(outlook, stretch=learn_stretch([]), draws=500, seed=0)
    >>> all_days = futures.between(1, 20).loc["all"]
    >>> bool(all_days["low"] < all_days["expected"] < all_days["high"])
    True
    >>> bool(np.isclose(all_days["expected"], outlook.expected))
    True
    """
    lot = np.random.default_rng(seed)
    own = _of_items(lot, outlook, draws)
    new = _of_new(lot, outlook, draws)
    stock = pd.concat([outlook.items, outlook.pool], ignore_index=True)
    stock = stock.assign(is_new=np.arange(len(stock)) >= len(outlook.items))
    draw, item, day = (np.concatenate(pair) for pair in zip(own, new, strict=True))
    return Futures(outlook=outlook, stock=stock, draw=draw, item=item, day=day, draws=draws, stretch=stretch)


def _of_items(lot: np.random.Generator, outlook: Outlook, draws: int) -> tuple[np.ndarray, ...]:
    n = len(outlook.chances)
    if not n:
        return tuple(np.zeros(0, int) for _ in range(3))
    sums = np.cumsum(outlook.chances, axis=1)
    found = []
    at_once = max(1, _CELLS // n)
    for begin in range(0, draws, at_once):
        size = min(at_once, draws - begin)
        if outlook.repeats:
            often = lot.poisson(sums[:, -1], (size, n))
            draw, item = np.nonzero(often)
            draw, item = np.repeat(draw, often[draw, item]), np.repeat(item, often[draw, item])
            at = lot.random(len(draw)) * sums[item, -1]
        else:
            point = lot.random((size, n))
            draw, item = np.nonzero(point < sums[:, -1])
            at = point[draw, item]
        found.append((draw + begin, item, _day_of(sums, item, at)))
    return tuple(np.concatenate(part) for part in zip(*found, strict=True))


def _day_of(sums: np.ndarray, item: np.ndarray, at: np.ndarray) -> np.ndarray:
    # Each row's running sums lie in a span of their own, so that one search serves all rows.
    span = float(sums[:, -1].max()) + 1
    flat = (sums + span * np.arange(len(sums))[:, None]).ravel()
    place = np.searchsorted(flat, at + span * item, side="right") - item * sums.shape[1]
    return np.clip(place, 0, sums.shape[1] - 1) + 1


def _of_new(lot: np.random.Generator, outlook: Outlook, draws: int) -> tuple[np.ndarray, ...]:
    expected = float(outlook.new_rates.sum())
    if not len(outlook.pool) or expected <= 0:
        return tuple(np.zeros(0, int) for _ in range(3))
    spread = outlook.relative_variance
    level = lot.gamma(1 / spread, spread, draws) if spread > 0 else np.ones(draws)
    often = lot.poisson(expected * level)
    draw = np.repeat(np.arange(draws), often)
    item = len(outlook.items) + lot.integers(0, len(outlook.pool), len(draw))
    at = lot.random(len(draw)) * expected
    day = np.searchsorted(np.cumsum(outlook.new_rates), at, side="right") + 1
    return draw, item, np.minimum(day, len(outlook.new_rates))


def _no_keys() -> pd.DataFrame:
    columns = ["expected", "low", "high", "from_open", "from_new", "count"]
    return pd.DataFrame(columns=columns, index=pd.Index([], name="key"), dtype="float64")
