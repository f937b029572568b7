"""From indicators to a matrix, learnt from the past alone, and the guard against those that know the outcome."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.learn.evaluate import area

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

    `features`: names of the features that count.
    `columns`: (name of the feature, its level or None) of each column of the matrix.
    `owner`: Which feature each column belongs to.
    `levels`: feature -> the levels that it is cut into; the first is the one that no column stands for.
    `numeric`: features whose text holds numbers, or that are numbers.
    `reference` (columns,): The ordinary customer: medians, and the most frequent levels.
    `left_out`: feature -> why it does not count.
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

    Burbidge, J. B., Magee, L. & Robb, A. L. (1988). Alternative transformations to handle extreme values of
    the dependent variable. Journal of the American Statistical Association 83.
    """
    return np.arcsinh(values / size)


CERTAIN_AUC = 0.95
"""A feature that ranks customers so well by itself is refused."""
SUSPECT_AUC, SUSPECT_SHARE = 0.90, 0.50
"""Above this one it is refused if values that only one outcome has hold so much of the rarer outcome."""
FEWEST_OF_A_VALUE = 30
_FOLDS, _BINS, _FEW_VALUES = 5, 20, 30
_NO_NAMES = {"label", "value", "flag", "target", "outcome", "customer", "within", "next", "days"}


def find_leaks(
    features: pd.DataFrame, label: np.ndarray, *, groups: np.ndarray | None = None, label_name: str = ""
) -> dict[str, str]:
    """Features that are refused because they know what happened, each with the reason.

    A feature is refused by any of three tests on the rows that are learnt from. (1) It carries the name of the
    outcome. (2) Alone it ranks customers with an AUC of 0.95 or more; its value is replaced by the share of the
    outcome among other customers with the same value (numbers with many values: the same twentieth). (3) Its
    AUC is 0.90 or more, and at least half of the customers of the rarer outcome have a value that 30 or
    more customers share and nobody of the other outcome has. What is known beforehand is hardly ever so sure.
    """
    rows = np.arange(len(label)) if groups is None else groups
    fold = np.random.default_rng(0).permutation(int(rows.max()) + 1)[rows] % _FOLDS
    named = {word for word in _words(label_name) if len(word) >= 4 and word not in _NO_NAMES}
    refused = {}
    for name in features.columns:
        shared = sorted(word for word in named if any(part.startswith(word) for part in _words(str(name))))
        reason = f"carries the name of the outcome ({shared[0]})" if shared else ""
        reason = reason or _told(features[name], label, fold)
        if reason:
            refused[str(name)] = reason
    return refused


def _told(column: pd.Series, label: np.ndarray, fold: np.ndarray) -> str:
    codes, said = _values(column)
    if len(said) < 2:
        return ""
    auc = area(_share_elsewhere(codes, label, fold, len(said)), label)
    if auc >= CERTAIN_AUC:
        return (
            f"alone it tells the outcome nearly without fail (AUC {_down(auc)}, where {CERTAIN_AUC} is too "
            "good for something known beforehand)"
        )
    if auc < SUSPECT_AUC:
        return ""
    rarer = label if label.mean() <= 0.5 else ~label
    counts = np.bincount(codes, minlength=len(said))
    inside = np.bincount(codes, weights=rarer, minlength=len(said))
    pure = (counts >= FEWEST_OF_A_VALUE) & (inside == counts)
    share = float(inside[pure].sum() / rarer.sum())
    if share < SUSPECT_SHARE:
        return ""
    values = [said[i] for i in np.flatnonzero(pure)]
    listed = ", ".join(values[:3]) + (f" and {len(values) - 3} more" if len(values) > 3 else "")
    return (
        f"alone it tells the outcome without fail for {int(100 * share)} % of the customers who have the rarer "
        f"one: nobody else has its values {listed} (AUC {_down(auc)})"
    )


def _values(column: pd.Series) -> tuple[np.ndarray, Sequence[str]]:
    """Which value each row has, as a number, and how each value is written."""
    if not is_number(column):
        try:
            text = column.astype(object).where(column.notna(), UNKNOWN).astype(str)
        except (TypeError, ValueError):
            return np.zeros(len(column), dtype=int), ["?"]
        codes, said = pd.factorize(text, sort=True)
        return codes, list(said)
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
    known = values[~np.isnan(values)]
    distinct = np.unique(known)
    if len(distinct) > _FEW_VALUES:
        edges = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1]))
        codes = np.searchsorted(edges, values, side="right")
        ends = ["", *(f"{edge:g}" for edge in edges), ""]
        said = [
            f"{low} to {high}" if low and high else f"under {high}" if high else f"{low} or more"
            for low, high in pairwise(ends)
        ]
    else:
        codes, said = np.searchsorted(distinct, values), [f"{value:g}" for value in distinct]
    return np.where(np.isnan(values), len(said), codes), [*said, "not known"]


def _share_elsewhere(codes: np.ndarray, label: np.ndarray, fold: np.ndarray, size: int) -> np.ndarray:
    """The share of the outcome among the rows of other folds that have the same value, drawn to the mean."""
    shares = np.empty(len(label))
    for k in range(_FOLDS):
        other = fold != k
        base = float(label[other].mean()) if other.any() else 0.5
        counts = np.bincount(codes[other], minlength=size)
        hits = np.bincount(codes[other], weights=label[other], minlength=size)
        shares[fold == k] = ((hits + base) / (counts + 1))[codes[fold == k]]
    return shares


def _words(name: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return [word.lower() for word in re.findall(r"[^\W\d_]+", spaced)]


def _down(value: float) -> str:
    return f"{np.floor(value * 100) / 100:.2f}"


def label_array(label: Any, *, positive: Any = None) -> tuple[np.ndarray, np.ndarray]:
    """A label as truth values, and which rows have one."""
    from crmlib.schema.errors import ParameterError

    series = pd.Series(label)
    known = series.notna().to_numpy()
    values = sorted({str(value).strip() for value in series[known]})
    if positive is None:
        yes = [value for value in values if value.lower() in ("1", "1.0", "true", "yes", "y")]
        positive = yes[0] if len(yes) == 1 else None
    if len(values) != 2 or str(positive).strip() not in values:
        raise ParameterError(
            f"the label has the values {', '.join(values[:5]) or 'none'}: give two, of which one is True, 1 or "
            "Yes, or say which one is the outcome (positive=...)."
        )
    return (series.astype(str).str.strip() == str(positive).strip()).to_numpy() & known, known
