"""Resamples of customers in order of value: what share of the whole the first of them bring, each time."""

from dataclasses import dataclass

import numpy as np

DRAWS = 1000
MOST_CELLS = 20_000
_BORDERS = (50.0, 80.0, 95.0)


@dataclass(frozen=True, kw_only=True)
class Curves:
    """Figures of several draws of the same customers; NaN where a draw has no value.

    Parameters
    ----------
    at_customers : array (draws, 101)
        Percent of value that the first 0, 1, ... 100 percent of customers bring.
    gini : array (draws,)
    customers_for : array (draws, 3)
        Percent of customers it takes to reach 50, 80 and 95 percent of value.

    Examples
    --------
    >>> draw_curves(np.ones((1, 2)), np.array([9.0, 1.0])).gini.round(3).tolist()
    [0.4]
    """

    at_customers: np.ndarray
    gini: np.ndarray
    customers_for: np.ndarray


def in_cells(ordered: np.ndarray, *, most: int = MOST_CELLS) -> tuple[np.ndarray, np.ndarray]:
    """Customers in order of value as at most `most` cells: one each at the top, neighbours together below.

    Parameters
    ----------
    ordered : array (customers,), descending
    most : int

    Returns
    -------
    sizes : array (cells,)
        Customers of each.
    means : array (cells,), descending

    Examples
    --------
    >>> sizes, means = in_cells(np.array([9.0, 8.0, 3.0, 3.0, 2.0, 0.0]), most=4)
    >>> sizes.tolist(), means.tolist()
    ([1, 1, 2, 2], [9.0, 8.0, 3.0, 1.0])
    """
    n = len(ordered)
    if n <= most:
        return np.ones(n, dtype="int64"), ordered.astype("float64")
    top = most // 2
    borders = np.r_[np.arange(top), np.linspace(top, n, most - top + 1).astype("int64")]
    sizes = np.diff(borders)
    return sizes, np.add.reduceat(ordered, borders[:-1]) / sizes


def resampled(sizes: np.ndarray, *, seed: int, draws: int = DRAWS) -> np.ndarray:
    """How often each cell's customers are drawn: a Poisson number, on average as many as there are.

    Parameters
    ----------
    sizes : array (cells,)
    seed : int
    draws : int

    Returns
    -------
    array (draws, cells) of whole numbers

    Examples
    --------
    >>> resampled(np.array([1, 1]), seed=0, draws=3).shape
    (3, 2)
    """
    small = len(sizes) == 0 or sizes.max() < 30_000
    counts = np.empty((draws, len(sizes)), dtype="uint16" if small else "uint32")
    random = np.random.default_rng(seed)
    for i in range(draws):
        counts[i] = random.poisson(sizes)
    return counts


def draw_curves(counts: np.ndarray, means: np.ndarray) -> Curves:
    """The curve of value over customers for each draw.

    Parameters
    ----------
    counts : array (draws, cells)
        Customers drawn of each cell.
    means : array (cells,), descending, 0 or more

    Returns
    -------
    Curves

    Examples
    --------
    >>> found = draw_curves(np.array([[1, 1, 1, 1, 1]]), np.array([6.0, 1.0, 1.0, 1.0, 1.0]))
    >>> found.at_customers[0, 20], found.customers_for[0].round(1).tolist()
    (np.float64(60.0), [16.7, 60.0, 90.0])
    """
    found = [_one_draw(drawn.astype("float64"), means) for drawn in counts]
    at, gini, needed = zip(*found, strict=True) if found else ((), (), ())
    return Curves(
        at_customers=np.array(at).reshape(-1, 101),
        gini=np.array(gini),
        customers_for=np.array(needed).reshape(-1, len(_BORDERS)),
    )


def _one_draw(drawn: np.ndarray, means: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    customers = np.r_[0.0, drawn.cumsum()]
    value = np.r_[0.0, (drawn * means).cumsum()]
    if value[-1] <= 0:
        return np.full(101, np.nan), np.nan, np.full(len(_BORDERS), np.nan)
    customers *= 100 / customers[-1]
    value *= 100 / value[-1]
    area = float((np.diff(customers) * (value[1:] + value[:-1])).sum()) / 2
    # Interpolating the other way round needs the first place at which a value is reached.
    first = np.r_[True, np.diff(value) > 0]
    needed = np.interp(_BORDERS, value[first], customers[first])
    return np.interp(np.arange(101.0), customers, value), area / 5000 - 1, needed
