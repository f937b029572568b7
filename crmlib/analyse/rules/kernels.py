"""Compiled loops: how they are compiled, where the result is kept, and how to have it ready beforehand.

Compiling takes half a minute in all, once for a machine: what is compiled is kept beside the modules
(``__pycache__``), or, where that cannot be written, in the user's cache folder (``NUMBA_CACHE_DIR`` names
another), or, where that cannot be written either, for the length of the process. ``python -m
crmlib.analyse.rules.mine`` compiles everything; `make setup` does that. No loop calls itself and none starts threads
of its own, so that a process may be forked after it has used them.
"""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba.core import types
from numba.extending import intrinsic


def kernel(function: Callable) -> Any:
    """A function compiled at its first call, kept on disk where that is possible; it lets other threads run."""
    try:
        return numba.njit(cache=True, nogil=True, boundscheck=False)(function)
    except RuntimeError:  # no folder for the cache can be written
        return numba.njit(nogil=True, boundscheck=False)(function)


@intrinsic
def count_bits(typing_context: Any, word: Any) -> Any:
    """How many bits of a 64-bit word are set (inside a compiled loop only)."""
    if word != types.uint64:
        return None

    def generate(context, builder, signature, arguments):
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


@kernel
def room(array: np.ndarray, needed: int) -> np.ndarray:
    """The same one-dimensional array, or a longer copy where it has no room for so many."""
    if needed <= len(array):
        return array
    longer = np.empty(max(needed, 2 * len(array)), dtype=array.dtype)
    longer[: len(array)] = array
    return longer


@kernel
def count_held(bits: np.ndarray, starts: np.ndarray, rows: np.ndarray, found: np.ndarray) -> None:
    """For each set of rows of bits (-1 is no row), the bits that all have, between each start and the next."""
    held = np.empty(bits.shape[1], dtype=np.uint64)
    for place in range(len(rows)):
        sets = rows[place][rows[place] >= 0]
        if len(sets) == 0:
            continue
        first, second = bits[sets[0]], bits[sets[min(1, len(sets) - 1)]]
        third = bits[sets[min(2, len(sets) - 1)]]
        for word in range(len(held)):
            held[word] = first[word] & second[word] & third[word]
        for further in range(3, len(sets)):
            for word in range(len(held)):
                held[word] &= bits[sets[further], word]
        for part in range(len(starts) - 1):
            many = np.uint64(0)
            for word in range(starts[part], starts[part + 1]):
                many += count_bits(held[word])
            found[place, part] = many
