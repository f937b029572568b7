"""Lots that are the same in every run: one stream of chance for each purpose."""

import zlib
from collections.abc import Mapping, Sequence

import numpy as np


def lots(seed: int, purpose: str) -> np.random.Generator:
    """A stream of chance of its own for a purpose, so that a change in one part leaves the others alone.

    Examples
    --------
    >>> int(lots(1, "orders").integers(1000) - lots(1, "orders").integers(1000))
    0
    """
    return np.random.Generator(np.random.PCG64([seed, zlib.crc32(purpose.encode())]))


def pick(rng: np.random.Generator, weights: Sequence[float] | np.ndarray, size: int) -> np.ndarray:
    """Places drawn in proportion to weights.

    Examples
    --------
    >>> pick(lots(1, "x"), [0, 1, 0], 3).tolist()
    [1, 1, 1]
    """
    edges = np.cumsum(np.asarray(weights, dtype=float))
    return np.searchsorted(edges, rng.random(size) * edges[-1], side="right")


def pick_name(rng: np.random.Generator, shares: Mapping[str, float], size: int) -> np.ndarray:
    """Names drawn in proportion to their shares.

    Examples
    --------
    >>> pick_name(lots(1, "x"), {"a": 1.0}, 2).tolist()
    ['a', 'a']
    """
    return np.array(list(shares), dtype=object)[pick(rng, list(shares.values()), size)]


def pick_by_row(rng: np.random.Generator, weights: np.ndarray) -> np.ndarray:
    """One place for each row, in proportion to that row's weights.

    Examples
    --------
    >>> pick_by_row(lots(1, "x"), np.array([[0, 1.0], [1.0, 0]])).tolist()
    [1, 0]
    """
    edges = np.cumsum(weights, axis=1)
    drawn = rng.random(len(weights)) * edges[:, -1]
    return (drawn[:, None] >= edges).sum(axis=1)
