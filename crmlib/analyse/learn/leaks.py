"""The guard against features that know the outcome: each is asked alone how much of it it tells."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.learn.evaluate import area
from crmlib.analyse.learn.features import UNKNOWN, is_number

CERTAIN_AUC = 0.95
"""A feature that ranks customers so well by itself is refused."""
SUSPECT_AUC, SUSPECT_SHARE = 0.90, 0.50
"""Above this one it is refused if values that only one outcome has hold so much of the rarer outcome."""
FEWEST_OF_A_VALUE = 30
_FOLDS, _BINS, _FEW_VALUES = 5, 20, 30
_NO_NAMES = {"label", "value", "flag", "target", "outcome", "customer", "within", "next", "days"}


def find_leaks(
    features: pd.DataFrame,
    label: np.ndarray,
    *,
    groups: np.ndarray | None = None,
    label_name: str = "",
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
