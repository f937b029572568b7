"""Groups so small that they point at somebody are put together, so that none can be worked out again."""

import pandas as pd

from crmlib.schema.errors import ParameterError
from crmlib.schema.fields import MINIMUM_GROUP

OTHER = "all other values"
NOT_STATED = "not stated"


def safe_groups(values: pd.Series, *, minimum: int = MINIMUM_GROUP) -> pd.Series:
    """Replace the values that fewer than `minimum` rows have, and as many more as it takes to hide them.

    References
    ----------
    Hundepool, A. et al. (2012). Statistical Disclosure Control, chapter 4 (primary and secondary
    suppression).
    """
    if isinstance(minimum, bool) or not isinstance(minimum, int) or minimum < 2:
        raise ParameterError(f"minimum must be a whole number from 2 on, not {minimum!r}.")
    words = values.astype("str").where(values.notna(), NOT_STATED)
    counted = words[values.notna()].value_counts()
    order = sorted(counted.index, key=lambda value: (counted[value], value))
    hidden, together = [], 0
    for value in order:
        if counted[value] >= minimum and (together == 0 or together >= minimum):
            break
        hidden.append(value)
        together += counted[value]
    return words.where(~words.isin(hidden) | values.isna(), OTHER)


def frequent_groups(values: pd.Series, *, most: int = 10) -> pd.Series:
    """Keep the most frequent values of a column that is not sensitive, and put the rest together."""
    words = values.astype("str").where(values.notna(), NOT_STATED)
    counted = words[values.notna()].value_counts()
    kept = sorted(counted.index, key=lambda value: (-counted[value], value))[:most]
    return words.where(words.isin(kept) | values.isna(), OTHER)


def shown_groups(values: pd.Series, *, min_group: int = MINIMUM_GROUP, most: int | None = 10) -> pd.Series:
    """What a page may show of a column: no group of fewer than `min_group`, and only the `most` frequent.

    The rest is `OTHER`, which is large enough itself; missing values are "not stated".
    """
    words = safe_groups(values, minimum=min_group) if min_group > 1 else values.astype("str")
    words = words.where(values.notna(), NOT_STATED)
    counted = words[values.notna() & (words != OTHER)].value_counts()
    kept = sorted(counted.index, key=lambda value: (-counted[value], value))[:most]
    return words.where(words.isin(kept) | values.isna(), OTHER)


def age_bands(birth_on: pd.Series, *, as_of: pd.Timestamp) -> pd.Series:
    """Age at the closing moment, in bands of ten years."""
    born = pd.to_datetime(birth_on, errors="coerce")
    years = as_of.year - born.dt.year - (born.dt.strftime("%m-%d") > f"{as_of:%m-%d}")
    edges = [-1, 17, 24, 34, 44, 54, 64, 120]
    names = ["under 18", "18 to 24", "25 to 34", "35 to 44", "45 to 54", "55 to 64", "65 and over"]
    bands = pd.cut(years.where(years.between(0, 120)), edges, labels=names)
    return bands.astype("object").where(bands.notna(), None)
