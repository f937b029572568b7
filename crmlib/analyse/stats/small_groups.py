"""Groups so small that they point at somebody are put together, so that none can be worked out again."""

import pandas as pd

from crmlib.schema.errors import ParameterError
from crmlib.schema.fields import MINIMUM_GROUP

OTHER = "all other values"
NOT_STATED = "not stated"


def safe_groups(
    values: pd.Series, *, minimum: int = MINIMUM_GROUP, beside: pd.Series | None = None
) -> pd.Series:
    """Replace the values that fewer than `minimum` rows have, and as many more as it takes to hide them.

    Where all customers are told of elsewhere and these are some of them, `beside` are the others: nor may so few
    be left of a value when one table is taken from the other.

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
    others = pd.Series([], dtype="str") if beside is None else beside.dropna().astype("str")
    outside = others.value_counts()
    hidden_in_all = _hidden_in_all(values, others, minimum=minimum) if len(others) else set()

    def is_small(value: str) -> bool:
        return counted[value] < minimum or 0 < outside.get(value, 0) < minimum or value in hidden_in_all

    hidden, left = list(filter(is_small, order)), [value for value in order if not is_small(value)]
    while hidden and left:
        inside = counted[hidden].sum()
        around = outside.reindex(sorted({*hidden, *hidden_in_all} - set(left))).sum()
        if inside >= minimum and not 0 < around < minimum:
            break
        hidden.append(left.pop(0))
    return words.where(~words.isin(hidden) | values.isna(), OTHER)


def _hidden_in_all(values: pd.Series, others: pd.Series, *, minimum: int) -> set[str]:
    """The values that are not shown of all customers: they are not shown of some of them, either."""
    known = pd.concat([values.dropna().astype("str"), others], ignore_index=True)
    return set(known[safe_groups(known, minimum=minimum) == OTHER])


def frequent_groups(values: pd.Series, *, most: int = 10) -> pd.Series:
    """Keep the most frequent values of a column that is not sensitive, and put the rest together."""
    words = values.astype("str").where(values.notna(), NOT_STATED)
    counted = words[values.notna()].value_counts()
    kept = sorted(counted.index, key=lambda value: (-counted[value], value))[:most]
    return words.where(words.isin(kept) | values.isna(), OTHER)


def shown_groups(
    values: pd.Series,
    *,
    min_group: int = MINIMUM_GROUP,
    most: int | None = 10,
    beside: pd.Series | None = None,
) -> pd.Series:
    """What a page may show of a column: no group of fewer than `min_group`, and only the `most` frequent.

    The rest is `OTHER`, which is large enough itself; missing values are "not stated". `beside`: see `safe_groups`.
    """
    words = safe_groups(values, minimum=min_group, beside=beside) if min_group > 1 else values.astype("str")
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
