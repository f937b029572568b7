"""How often notes speak of something, compared between two kinds of notes, deals being drawn as wholes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

OUTCOMES = ("lost", "open", "won")
SHARE_COLUMNS = (
    *("lost_share_pct", "open_share_pct", "won_share_pct", "difference", "low", "high", "p_value"),
    *("recent_share_pct", "earlier_share_pct", "trend"),
)
FEWEST_DEALS = 10
"""Deals with notes on either side, below which two sides are not compared."""

_SURE = 0.05


def shares_of_notes(
    notes: pd.DataFrame, held: Any, labels: Sequence[str], *, since: pd.Timestamp
) -> pd.DataFrame:
    """For each label, the share of notes that speak of it by what became of the deal, and by time.

    Parameters
    ----------
    notes : DataFrame, one row a note
        `opportunity_id`, `outcome`, `happened_at`.
    held : array or sparse matrix of bool, shape (notes, labels)
    labels : list of str
    since : Timestamp
        Later notes are recent.

    Returns
    -------
    DataFrame, one row a label
        `term`, `deals` (that speak of it at all) and `SHARE_COLUMNS`.

    Notes
    -----
    Shares are of notes, because a deal of many notes speaks of everything sooner or later, and won deals have
    more notes. See `difference_of_note_shares` for the intervals.

    Examples
    --------
    >>> notes = pd.DataFrame({"opportunity_id": range(40), "outcome": ["lost", "won"] * 20,
    ...                       "happened_at": pd.Timestamp("2024-01-01")})
    >>> held = (notes[["outcome"]] == "lost").to_numpy()
    >>> found = shares_of_notes(notes, held, ["price"], since=pd.Timestamp("2023-12-01"))
    >>> found[["term", "deals", "lost_share_pct", "won_share_pct"]].to_dict("records")
    [{'term': 'price', 'deals': 20, 'lost_share_pct': 100.0, 'won_share_pct': 0.0}]
    """
    matrix = csr_matrix(held, dtype=float)
    codes, deals = pd.factorize(notes["opportunity_id"], sort=True)
    outcome = notes["outcome"].to_numpy()
    recent = (notes["happened_at"] > since).to_numpy()
    found = pd.DataFrame({"term": pd.Series(list(labels), dtype="str")})
    found["deals"] = (_by_deal(matrix, codes, len(deals), np.ones(len(notes))) > 0).sum(axis=0)
    for name in OUTCOMES:
        found[f"{name}_share_pct"] = 100 * _share(matrix, outcome == name)
    gap, error, p_value = difference_of_note_shares(matrix, codes, outcome == "lost", outcome == "won")
    found["difference"], found["p_value"] = 100 * gap, p_value
    found["low"], found["high"] = (
        100 * np.maximum(gap - 1.96 * error, -1),
        100 * np.minimum(gap + 1.96 * error, 1),
    )
    found["recent_share_pct"], found["earlier_share_pct"] = (
        100 * _share(matrix, recent),
        100 * _share(matrix, ~recent),
    )
    gap, _, p_value = difference_of_note_shares(matrix, codes, recent, ~recent)
    found["trend"] = trend_words(gap, p_value)
    return found[["term", "deals", *SHARE_COLUMNS]]


def difference_of_note_shares(
    held: Any, deals: np.ndarray, one: np.ndarray, other: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Share among the notes of one side less that of the other, with its error when deals are drawn as wholes.

    Parameters
    ----------
    held : array or sparse matrix, shape (notes, labels)
        1 where a note speaks of it.
    deals : int array, shape (notes,)
        Whose note it is.
    one, other : bool arrays, shape (notes,)

    Returns
    -------
    difference, standard error, p-value (two-sided, normal) : arrays, shape (labels,)
        NaN where a side has notes of fewer than ten deals.

    Notes
    -----
    A share is a ratio of two sums over deals; its error comes from its linear part in each deal, so that notes of
    one deal count together, and a deal may stand on both sides. Where a share is nothing or all, and would seem to
    have no error, that side has at least the error of one note a deal with Agresti and Caffo's two imagined ones.

    References
    ----------
    Cochran, W. G. (1977). Sampling Techniques, 3rd ed., chapter 6. Agresti, A. & Caffo, B. (2000). Simple and
    effective confidence intervals for proportions. The American Statistician 54.

    Examples
    --------
    >>> held = np.repeat([1.0, 0.0], 10)[:, None]
    >>> side = np.repeat([True, False], 10)
    >>> gap, error, p = difference_of_note_shares(held, np.arange(20), side, ~side)
    >>> float(gap[0]), round(float(error[0]), 3), bool(p[0] < 1e-6)
    (1.0, 0.113, True)
    """
    from scipy.stats import norm

    matrix = csr_matrix(held, dtype=float)
    n = int(deals.max(initial=-1)) + 1
    sides = [(np.asarray(side, dtype=float), len(np.unique(deals[side]))) for side in (one, other)]
    if min(count for _, count in sides) < FEWEST_DEALS:
        return tuple(np.full(matrix.shape[1], np.nan) for _ in range(3))
    parts, least = [], 0.0
    for side, count in sides:
        share = _share(matrix, side > 0)
        sums, sizes = _by_deal(matrix, deals, n, side), np.bincount(deals, weights=side, minlength=n)
        parts.append(((sums - np.outer(sizes, share)) / side.sum(), share))
        imagined = (share * count + 1) / (count + 2)
        least = least + np.where(np.isin(share, (0, 1)), imagined * (1 - imagined) / (count + 2), 0.0)
    influence, known = parts[0][0] - parts[1][0], len(np.unique(deals[np.asarray(one) | np.asarray(other)]))
    variance = (influence**2).sum(axis=0) * known / max(known - 1, 1)
    gap, error = parts[0][1] - parts[1][1], np.sqrt(np.maximum(variance, least))
    return gap, error, 2 * norm.sf(np.abs(gap) / error)


def trend_words(gap: np.ndarray, p_value: np.ndarray) -> list[str]:
    """Rising, falling or steady; empty where nothing can be said.

    Examples
    --------
    >>> trend_words(np.array([0.2, -0.2, 0.01, np.nan]), np.array([0.01, 0.01, 0.7, np.nan]))
    ['rising', 'falling', 'steady', '']
    """
    return [
        "" if np.isnan(p) else "steady" if p > _SURE else "rising" if more > 0 else "falling"
        for more, p in zip(gap, p_value, strict=True)
    ]


def _share(matrix, side):
    return matrix[side].sum(axis=0).A1 / side.sum() if side.any() else np.full(matrix.shape[1], np.nan)


def _by_deal(matrix, codes, n, weights):
    gather = csr_matrix((weights, (codes, np.arange(len(codes)))), shape=(n, len(codes)))
    return np.asarray((gather @ matrix).todense())
