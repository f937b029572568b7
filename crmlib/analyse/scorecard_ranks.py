"""From figures to scores: the share of customers that a customer leaves behind."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

SAME, UNKNOWN = "is the same for every customer", "is known for no customer"
NO_NUMBER, NOT_GIVEN = "is no number", "is not among the figures given"
NEITHER, UNLISTED = "neither end of it is better", "is not in the catalogue of indicators"
GROWS = "grows with how much a customer buys"
NO_WEIGHT, NOUGHT = "was given no weight", "its weight is 0"
OWN_REASONS = frozenset({SAME, UNKNOWN, NO_NUMBER, NOT_GIVEN, NEITHER, UNLISTED, NO_WEIGHT, NOUGHT, GROWS})
"""Why an indicator does not count although it could be computed; any other reason tells what data are missing."""


def rank_score(values: pd.Series, *, better: str) -> pd.Series:
    """A score from 0 to 100: the percentage of customers behind this one, those level with it half.

    Parameters
    ----------
    values : Series of numbers
        Missing ones stay missing, and nobody is compared with them.
    better : "higher" or "lower"

    Returns
    -------
    Series of float
        Those of the same value have the same score; the mean of all scores is 50. Any growing change of the
        values (a logarithm, another currency) leaves the scores as they are.

    Examples
    --------
    >>> rank_score(pd.Series([5.0, 1.0, 1.0, None]), better="higher").round(1).tolist()
    [83.3, 33.3, 33.3, nan]
    >>> rank_score(pd.Series([5.0, 1.0, 1.0, None]), better="lower").round(1).tolist()
    [16.7, 66.7, 66.7, nan]
    """
    places = values.rank(method="average", ascending=better == "higher")
    return (places - 0.5) * (100 / max(int(places.count()), 1))


def unusable(
    table: pd.DataFrame, given: Iterable[str], *, better: Mapping[str, str], left_out: Mapping[str, str]
) -> dict[str, str]:
    """Why indicators cannot be scored.

    Parameters
    ----------
    table : DataFrame of floats
        The numeric columns of what was given.
    given : all columns
    better : indicator -> "higher", "lower" or None, of the whole catalogue
    left_out : indicator -> why it could not be computed

    Returns
    -------
    dict of indicator -> reason
        In the order of the catalogue; columns that are not in it come last.

    Examples
    --------
    >>> table = pd.DataFrame({"visits": [1.0, 1.0], "spend": [2.0, 3.0]})
    >>> unusable(table, ["visits", "spend", "city"], better={"visits": "higher", "spend": "higher",
    ...          "city": None, "margin": "higher"}, left_out={})
    {'visits': 'is the same for every customer', 'city': 'is no number', 'margin': 'is not among the figures given'}
    """
    given = list(given)
    found = {}
    for name in [*better, *(name for name in given if name not in better)]:
        if name not in given:
            found[name] = left_out.get(name, NOT_GIVEN)
        elif name not in table:
            found[name] = NO_NUMBER
        elif name not in better:
            found[name] = UNLISTED
        elif better[name] not in ("higher", "lower"):
            found[name] = NEITHER
        else:
            found[name] = _tells_nothing(table[name])
    return {name: reason for name, reason in found.items() if reason}


def _tells_nothing(column: pd.Series) -> str:
    known = column.dropna().to_numpy()
    if not len(known):
        return UNKNOWN
    return SAME if np.ptp(known) == 0 else ""
