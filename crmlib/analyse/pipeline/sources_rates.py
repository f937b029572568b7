"""Differences of two shares, as they are and at one and the same mix."""

import numpy as np
import pandas as pd
from scipy.stats import norm

_Z = float(norm.ppf(0.975))


def newcombe_difference(
    hits: np.ndarray, n: np.ndarray, other_hits: np.ndarray, other_n: np.ndarray
) -> pd.DataFrame:
    """Differences of two shares with their 95 % interval, put together from the two shares' own intervals.

    Parameters
    ----------
    hits, n, other_hits, other_n : arrays

    Returns
    -------
    DataFrame
        `difference`, `low`, `high`, from -1 to 1; NaN where a side has none.

    References
    ----------
    Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions: comparison
    of eleven methods. Statistics in Medicine 17.

    Examples
    --------
    Newcombe's table II, contrast (a): 56/70 against 48/80.

    >>> one = newcombe_difference(np.array([56]), np.array([70]), np.array([48]), np.array([80]))
    >>> one.round(4).values.tolist()
    [[0.2, 0.0524, 0.3339]]
    """
    from statsmodels.stats.proportion import confint_proportions_2indep

    hits, n, other_hits, other_n = (np.asarray(x, dtype=float) for x in (hits, n, other_hits, other_n))
    n, other_n = (np.where(size > 0, size, np.nan) for size in (n, other_n))
    low, high = confint_proportions_2indep(hits, n, other_hits, other_n, compare="diff", method="newcomb")
    return pd.DataFrame({"difference": hits / n - other_hits / other_n, "low": low, "high": high})


def standardised_difference(won: np.ndarray, inside: np.ndarray, stratum: np.ndarray) -> dict[str, float]:
    """The difference of a group's share to the rest's if both had the same mix (direct standardisation).

    Strata in which either side has no deal are left aside; the mix is that of all deals in the others.

    Parameters
    ----------
    won : array of bool
    inside : array of bool
        The group; the others are the rest.
    stratum : array of int
        Of each deal; below 0 where not known, which is left aside.

    Returns
    -------
    dict
        `crude`, `standardised` (differences, -1 to 1, over the same strata), `low`, `high` (95 % interval of the
        standardised one), `covered` (share of the deals with a known stratum that are compared). NaN where
        nothing can be compared.

    References
    ----------
    Simpson, E. H. (1951). The interpretation of interaction in contingency tables. JRSS B 13.

    Examples
    --------
    Wins of two sources: each does better with the second in both products, and the first does better in all.

    >>> won = np.repeat([True, False, True, False, True, False, True, False], [18, 2, 19, 1, 60, 140, 10, 40])
    >>> first = np.repeat([True, True, False, False, False, False, True, True], [18, 2, 19, 1, 60, 140, 10, 40])
    >>> product = np.repeat([0, 0, 0, 0, 1, 1, 1, 1], [18, 2, 19, 1, 60, 140, 10, 40])
    >>> found = standardised_difference(won, first, product)
    >>> round(found["crude"], 2), round(found["standardised"], 2)
    (0.04, -0.09)
    """
    known = stratum >= 0
    size = int(stratum.max()) + 1 if known.any() else 0
    sides = [known & inside, known & ~inside]
    counts = np.array([np.bincount(stratum[side], minlength=size) for side in sides], dtype=float)
    hits = np.array([np.bincount(stratum[side & won], minlength=size) for side in sides], dtype=float)
    shared = (counts > 0).all(axis=0)
    if not shared.any():
        return dict.fromkeys(("crude", "standardised", "low", "high", "covered"), float("nan"))
    n, w = counts[:, shared], hits[:, shared]
    weight = n.sum(axis=0) / n.sum()
    share = w / n
    # One win and one loss more, so that a stratum where all were won is not taken to be without doubt.
    doubt = ((w + 1) / (n + 2)) * (1 - (w + 1) / (n + 2)) / n
    spread = float(np.sqrt((weight**2 * doubt).sum()))
    difference = float(((share[0] - share[1]) * weight).sum())
    crude = w.sum(axis=1) / n.sum(axis=1)
    return {
        "crude": float(crude[0] - crude[1]),
        "standardised": difference,
        "low": difference - _Z * spread,
        "high": difference + _Z * spread,
        "covered": float(n.sum() / counts.sum()),
    }
