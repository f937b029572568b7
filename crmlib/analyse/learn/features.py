"""From indicators to a matrix: numbers as they are, categories as yes or no, all learnt from the past alone."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

MOST_LEVELS = 8
"""A text column becomes at most so many yes-or-no columns: its most frequent values."""
FEWEST_OF_A_LEVEL = 30
NEAR_COPY = 0.98
MOST_MISSING = 0.95
OTHER, UNKNOWN = "(other)", "(not known)"
_SAME = "is the same for every customer"
_SAME_OR_UNKNOWN = "is the same for every customer of whom it is known"


@dataclass(frozen=True, kw_only=True, eq=False)
class Encoding:
    """How a table of features becomes a matrix.

    Parameters
    ----------
    features : names of the features that count
    columns : (name of the feature, its level or None) of each column of the matrix
    owner : array
        Which feature each column belongs to.
    levels : feature -> the levels that it is cut into; the first is the one that no column stands for
    numeric : features whose text holds numbers, or that are numbers
    reference : array (columns,)
        The ordinary customer: medians, and the most frequent levels.
    left_out : feature -> why it does not count
    """

    features: tuple[str, ...]
    columns: tuple[tuple[str, str | None], ...]
    owner: np.ndarray
    levels: dict[str, tuple[str, ...]]
    reference: np.ndarray
    left_out: dict[str, str]

    def matrix(self, features: pd.DataFrame) -> np.ndarray:
        """The table as numbers; what is not known stays NaN where the column is a number."""
        parts = []
        for name in self.features:
            if name in self.levels:
                said = _text(features[name])
                known = set(self.levels[name])
                codes, values = pd.factorize(said)
                said = np.array([value if value in known else OTHER for value in values], dtype=object)[codes]
                parts += [(said == level).astype("float64") for level in self.levels[name][1:]]
            else:
                parts.append(_numbers(features[name]))
        return np.column_stack(parts) if parts else np.empty((len(features), 0))


def learn_encoding(features: pd.DataFrame, *, refused: dict[str, str] | None = None) -> Encoding:
    """Learn from the rows that are learnt from how to make a matrix of any."""
    left_out, levels, numbers = {}, {}, {}
    for name in [name for name in features.columns if name not in (refused or {})]:
        column = features[name]
        reason = _unusable(column)
        if not reason and is_number(column):
            numbers[name] = _numbers(column)
            reason = _same_or_missing(numbers[name])
        elif not reason:
            levels[name] = _levels(_text(column))
            reason = _SAME if len(levels[name]) < 2 else ""
            if len(levels[name]) == 2 and UNKNOWN in levels[name]:
                reason = _SAME_OR_UNKNOWN
        if reason:
            left_out[name] = reason
    left_out |= _near_copies({name: value for name, value in numbers.items() if name not in left_out})
    used = tuple(name for name in features.columns if name in {**numbers, **levels} and name not in left_out)
    columns, owner, reference = [], [], []
    for place, name in enumerate(used):
        cut = [None] if name in numbers else levels[name][1:]
        columns += [(name, level) for level in cut]
        owner += [place] * len(cut)
        reference += [float(np.nanmedian(numbers[name]))] if name in numbers else [0.0] * len(cut)
    return Encoding(
        features=used,
        columns=tuple(columns),
        owner=np.array(owner, dtype=int),
        levels={name: levels[name] for name in used if name in levels},
        reference=np.array(reference),
        left_out={name: left_out[name] for name in features.columns if name in left_out},
    )


def is_number(column: pd.Series) -> bool:
    """Whether a column holds numbers, also written as text (unless they are few: then they are names)."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_complex_dtype(column):
        return True
    known = column.dropna()
    if all(isinstance(value, int | float | np.number) for value in known.head(50)):
        return bool(len(known))
    few = known.head(300).astype(str).str.strip()
    if pd.to_numeric(few[few != ""], errors="coerce").isna().mean() > 0.2:
        return False
    text = known.astype(str).str.strip()
    text = text[text != ""]
    read = pd.to_numeric(text, errors="coerce")
    return bool(len(text) and read.notna().mean() >= 0.95 and read.nunique() > 20)


def _numbers(column: pd.Series) -> np.ndarray:
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def _text(column: pd.Series) -> np.ndarray:
    codes, values = pd.factorize(column, use_na_sentinel=True)
    said = [str(value).strip() or UNKNOWN for value in values]
    return np.array([*said, UNKNOWN], dtype=object)[codes]


def _unusable(column: pd.Series) -> str:
    if pd.api.types.is_datetime64_any_dtype(column) or pd.api.types.is_timedelta64_dtype(column):
        return "is a date; give the days since then"
    first = column.dropna().head(1)
    if len(first) and isinstance(first.iloc[0], list | tuple | set | dict | np.ndarray):
        return "holds several values a customer"
    if not is_number(column):
        known = column.dropna().astype(str)
        if len(known) > 50 and known.nunique() > 0.5 * len(known):
            return "differs for nearly every customer, as a name or number of theirs does"
    return ""


def _same_or_missing(values: np.ndarray) -> str:
    known = values[~np.isnan(values)]
    if len(known) < (1 - MOST_MISSING) * len(values) or not len(known):
        return f"is not known for more than {MOST_MISSING:.0%} of the customers".replace("%", " %")
    if np.ptp(known) <= 1e-12 * max(1.0, float(np.abs(known).max())):
        return _SAME if len(known) == len(values) else _SAME_OR_UNKNOWN
    return ""


def _levels(said: np.ndarray) -> tuple[str, ...]:
    codes, values = pd.factorize(said, sort=True)
    counts = np.bincount(codes, minlength=len(values))
    order = np.argsort(-counts, kind="stable")
    kept = [str(values[i]) for i in order[:MOST_LEVELS] if counts[i] >= FEWEST_OF_A_LEVEL]
    rest = len(said) - int(sum(counts[i] for i in order[: len(kept)]))
    return (*kept, *([OTHER] if rest >= FEWEST_OF_A_LEVEL and OTHER not in kept else []))


def _near_copies(numbers: dict[str, np.ndarray]) -> dict[str, str]:
    if len(numbers) < 2:
        return {}
    names = list(numbers)
    table = np.column_stack([_standard(values) for values in numbers.values()])
    links = np.abs(table.T @ table) / len(table)
    missing = np.column_stack([np.isnan(values) for values in numbers.values()])
    dropped: dict[str, str] = {}
    for j, name in enumerate(names):
        for i in range(j):
            alike = names[i] not in dropped and links[i, j] > NEAR_COPY
            if alike and (missing[:, i] == missing[:, j]).mean() > NEAR_COPY:
                dropped[name] = f"moves with {names[i]}, which counts already"
                break
    return dropped


def _standard(values: np.ndarray) -> np.ndarray:
    straight = unbent(values, size_of(values))
    filled = np.where(np.isnan(straight), np.nanmedian(straight), straight)
    deviation = filled.std()
    return (filled - filled.mean()) / deviation if deviation > 0 else np.zeros(len(filled))


def size_of(values: np.ndarray) -> float:
    """The size of a column's ordinary values: the median of those that are not 0."""
    known = np.abs(values[~np.isnan(values) & (values != 0)])
    return float(np.median(known)) if len(known) else 1.0


def unbent(values: np.ndarray, size: float) -> np.ndarray:
    """Values on a scale that runs straight near 0 and by proportion far from it.

    References
    ----------
    Burbidge, J. B., Magee, L. & Robb, A. L. (1988). Alternative transformations to handle extreme values of
    the dependent variable. Journal of the American Statistical Association 83.
    """
    return np.arcsinh(values / size)
