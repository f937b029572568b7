"""Groups so small that they point at somebody are put together, so that none can be worked out again."""

from collections.abc import Iterable, Sequence

import pandas as pd

from crmlib.schema.errors import ParameterError
from crmlib.schema.fields import MINIMUM_GROUP

OTHER = "all other values"
OTHERS = "others"
"""Whoever, or whatever, is left of a list of names."""
NOT_STATED = "not stated"
NESTED = ("country", "region", "city")
"""Traits of which each is a part of the one before: everybody knows in which country a region lies."""


def safe_groups(
    values: pd.Series,
    *,
    minimum: int = MINIMUM_GROUP,
    beside: pd.Series | None = None,
    within: Sequence[pd.Series] = (),
) -> pd.Series:
    """Replace the values that fewer than `minimum` rows have, and as many more as it takes to hide them.

    Where all customers are told of elsewhere and these are some of them, `beside` are the others: nor may so few
    be left of a value when one table is taken from the other. `within` are groups, as they are shown, that these
    lie in, such as the countries of regions: nor may so few be left of one when its parts are taken from it.

    Hundepool, A. et al. (2012). Statistical Disclosure Control, chapter 4 (primary and secondary
    suppression, hierarchical tables).
    """
    if isinstance(minimum, bool) or not isinstance(minimum, int) or minimum < 2:
        raise ParameterError(f"minimum must be a whole number from 2 on, not {minimum!r}.")
    words = values.astype("str").where(values.notna(), NOT_STATED)
    counted = words[values.notna()].value_counts()
    order = sorted(counted.index, key=lambda value: (counted[value], value))
    others = pd.Series([], dtype="str") if beside is None else beside.dropna().astype("str")
    outside = others.value_counts()
    hidden_in_all = _hidden_in_all(values, others, minimum=minimum, within=within) if len(others) else set()

    def is_small(value: str) -> bool:
        return counted[value] < minimum or 0 < outside.get(value, 0) < minimum or value in hidden_in_all

    hidden, left = list(filter(is_small, order)), [value for value in order if not is_small(value)]
    parts = _parts(words[values.notna()], within) if len(within) else []
    while hidden and left:
        inside = counted[hidden].sum()
        around = outside.reindex(sorted({*hidden, *hidden_in_all} - set(left))).sum()
        if inside < minimum or 0 < around < minimum:
            hidden.append(left.pop(0))
        elif (more := _gives_away(parts, hidden, left, minimum)) is not None:
            left.remove(more)
            hidden.append(more)
        else:
            break
    return words.where(~words.isin(hidden) | values.isna(), OTHER)


def _hidden_in_all(
    values: pd.Series, others: pd.Series, *, minimum: int, within: Sequence[pd.Series]
) -> set[str]:
    """The values that are not shown of all customers: they are not shown of some of them, either."""
    known = pd.concat([values.dropna().astype("str"), others])
    return set(known[safe_groups(known, minimum=minimum, within=within) == OTHER])


def _parts(words: pd.Series, within: Sequence[pd.Series]) -> list[pd.Series]:
    """How many rows of each value lie in each group that they are within."""
    pairs = [words.groupby(groups.reindex(words.index).to_numpy()) for groups in within]
    return [part.value_counts() for grouped in pairs for _, part in grouped]


def _gives_away(
    parts: Iterable[pd.Series], hidden: Sequence[str], left: Sequence[str], minimum: int
) -> str | None:
    """The smallest value whose group gives away what is hidden in it once its parts are taken from it."""
    for part in parts:
        if 0 < part.reindex(hidden).sum() < minimum:
            shown = [value for value in left if part.get(value, 0)]
            if shown:
                return shown[0]
    return None


def widest_first(traits: Iterable[str]) -> list[str]:
    """Traits in the order in which they are to be judged: what others lie within comes before those."""
    return sorted(traits, key=lambda name: NESTED.index(name) if name in NESTED else len(NESTED))


def shown_traits(
    traits: pd.DataFrame,
    *,
    min_group: int = MINIMUM_GROUP,
    most: int | None = 10,
    beside: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """What pages may show of traits of the same customers: `shown_groups` of each, regions within their countries.

    `beside`: the traits of all other customers, where the pages tell of everybody elsewhere.
    """
    shown: dict[str, pd.Series] = {}
    everyone = traits if beside is None else pd.concat([traits, beside])
    wider: dict[str, pd.Series] = {}
    for name in widest_first(traits):
        within = list(wider.values()) if name in NESTED else []
        asked = {"min_group": min_group, "most": most, "within": within}
        shown[name] = shown_groups(traits[name], beside=None if beside is None else beside[name], **asked)
        if name in NESTED:
            wider[name] = shown[name] if beside is None else shown_groups(everyone[name], **asked)
    return pd.DataFrame({name: shown[name] for name in traits}, index=traits.index)


def shown_groups(
    values: pd.Series,
    *,
    min_group: int = MINIMUM_GROUP,
    most: int | None = 10,
    beside: pd.Series | None = None,
    within: Sequence[pd.Series] = (),
) -> pd.Series:
    """What a page may show of a column: no group of fewer than `min_group`, and only the `most` frequent.

    The rest is `OTHER`, which is large enough itself; missing values are "not stated". `beside`, `within`: see
    `safe_groups`.
    """
    words = values.astype("str")
    if min_group > 1:
        words = safe_groups(values, minimum=min_group, beside=beside, within=within)
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
