"""Topics of texts, and how much more often one side speaks of something than the other."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix
from scipy.special import ndtr

from crmlib.analyse.stats.intervals import share_interval
from crmlib.analyse.stats.tests import SURE

_NOTES_A_TOPIC = 20
_SHARE_OF_A_NOTE = 0.3
_WORDS_OF_A_LABEL = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class HeldTerms:
    """Which note holds which term.

    `matrix`: sparse matrix of bool, shape (notes, terms).
    """

    terms: list[str]
    matrix: Any


def find_topics(
    said: Sequence[Sequence[str]], customers: pd.Series, *, minimum: int, most: int
) -> tuple[HeldTerms, list[str], np.ndarray]:
    """Terms and topics of notes in one language.

    References
    ----------
    Lee, D. D. & Seung, H. S. (1999). Learning the parts of objects by non-negative matrix factorization. Nature
    401.
    """
    from sklearn.feature_extraction.text import CountVectorizer

    nothing = HeldTerms(terms=[], matrix=np.zeros((len(said), 0), dtype=bool))
    if not any(said):
        return nothing, [], np.zeros((len(said), 0))
    counter = CountVectorizer(analyzer=_terms_of, binary=True, dtype=np.int32)
    counts = counter.fit_transform(said).tocsc()
    terms = counter.get_feature_names_out()
    codes, _ = pd.factorize(customers)
    enough = [
        place
        for place in range(counts.shape[1])
        if len(np.unique(codes[counts.indices[counts.indptr[place] : counts.indptr[place + 1]]])) >= minimum
    ]
    held = HeldTerms(terms=[str(terms[place]) for place in enough], matrix=counts[:, enough].astype(bool))
    single = [place for place, term in enumerate(held.terms) if " " not in term]
    labels, weights = _factors(held, single, most)
    return held, labels, weights


def _terms_of(words):
    return [*words, *(f"{one} {next_one}" for one, next_one in pairwise(words))]


def _factors(held, single, most):
    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.feature_extraction.text import TfidfTransformer

    notes = held.matrix.shape[0]
    count = min(most, notes // _NOTES_A_TOPIC, len(single) // 2)
    if count < 1:
        return [], np.zeros((notes, 0))
    table = TfidfTransformer().fit_transform(held.matrix[:, single].astype(float))
    model = NMF(n_components=count, init="nndsvd", max_iter=1_000, tol=1e-3, random_state=0)
    with np.errstate(invalid="ignore"), warnings.catch_warnings():
        # Parts that fit exactly have an error of 0, which comes out below 0 and gets no smaller.
        warnings.simplefilter("ignore", ConvergenceWarning)
        amounts = model.fit_transform(table)
    # Rounded, so that the last digit of a sum does not decide what a note is about.
    amounts = np.round(amounts, 6)
    parts = np.round(model.components_, 6)
    share = amounts * parts.sum(axis=1)
    whole = share.sum(axis=1, keepdims=True)
    share = np.divide(share, whole, out=np.zeros_like(share), where=whole > 0)
    weights = np.where(share >= _SHARE_OF_A_NOTE, share * whole, 0.0)
    words = np.array([held.terms[place] for place in single])
    labels = [
        ", ".join(words[place] for place in np.lexsort((words, -row))[:_WORDS_OF_A_LABEL] if row[place] > 0)
        for row in parts
    ]
    used = [place for place, label in enumerate(labels) if label and (weights[:, place] > 0).any()]
    return [labels[place] for place in used], weights[:, used]


OUTCOMES = ("lost", "open", "won")
SHARE_COLUMNS = (
    *("lost_share_pct", "open_share_pct", "won_share_pct", "difference", "low", "high", "p_value"),
    *("recent_share_pct", "earlier_share_pct", "trend"),
)
FEWEST_DEALS = 10
"""Deals with notes on either side, below which two sides are not compared."""


def shares_of_notes(
    notes: pd.DataFrame, held: Any, labels: Sequence[str], *, since: pd.Timestamp
) -> pd.DataFrame:
    """For each label, the share of notes that speak of it by what became of the deal, and by time.

    Notes
    -----
    Shares are of notes, because a deal of many notes speaks of everything sooner or later, and won deals have
    more notes. See `difference_of_note_shares` for the intervals.
    """
    matrix = csr_matrix(held, dtype=float)
    codes, deals = pd.factorize(notes["opportunity_id"], sort=True)
    outcome = notes["outcome"].to_numpy()
    recent = (notes["happened_at"] > since).to_numpy()
    found = pd.DataFrame({"term": pd.Series(list(labels), dtype="str")})
    found["deals"] = (_by_deal(matrix, codes, len(deals), np.ones(len(notes))) > 0).sum(axis=0)
    for name in OUTCOMES:
        found[f"{name}_share_pct"] = 100 * _shares_share(matrix, outcome == name)
    gap, error, p_value = difference_of_note_shares(matrix, codes, outcome == "lost", outcome == "won")
    found["difference"], found["p_value"] = 100 * gap, p_value
    found["low"], found["high"] = (
        100 * np.maximum(gap - 1.96 * error, -1),
        100 * np.minimum(gap + 1.96 * error, 1),
    )
    found["recent_share_pct"], found["earlier_share_pct"] = (
        100 * _shares_share(matrix, recent),
        100 * _shares_share(matrix, ~recent),
    )
    gap, _, p_value = difference_of_note_shares(matrix, codes, recent, ~recent)
    found["trend"] = trend_words(gap, p_value)
    return found[["term", "deals", *SHARE_COLUMNS]]


def difference_of_note_shares(
    held: Any, deals: np.ndarray, one: np.ndarray, other: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Share among the notes of one side less that of the other, with its error when deals are drawn as wholes.

    Notes
    -----
    A share is a ratio of two sums over deals; its error comes from its linear part in each deal, so that notes of
    one deal count together, and a deal may stand on both sides. Where a share is nothing or all, and would seem to
    have no error, that side has at least the error of one note a deal with Agresti and Caffo's two imagined ones.

    References
    ----------
    Cochran, W. G. (1977). Sampling Techniques, 3rd ed., chapter 6. Agresti, A. & Caffo, B. (2000). Simple and
    effective confidence intervals for proportions. The American Statistician 54.
    """
    matrix = csr_matrix(held, dtype=float)
    n = int(deals.max(initial=-1)) + 1
    sides = [(np.asarray(side, dtype=float), len(np.unique(deals[side]))) for side in (one, other)]
    if min(count for _, count in sides) < FEWEST_DEALS:
        return tuple(np.full(matrix.shape[1], np.nan) for _ in range(3))
    parts, least = [], 0.0
    for side, count in sides:
        share = _shares_share(matrix, side > 0)
        sums, sizes = _by_deal(matrix, deals, n, side), np.bincount(deals, weights=side, minlength=n)
        parts.append(((sums - np.outer(sizes, share)) / side.sum(), share))
        imagined = (share * count + 1) / (count + 2)
        least = least + np.where(np.isin(share, (0, 1)), imagined * (1 - imagined) / (count + 2), 0.0)
    influence, known = parts[0][0] - parts[1][0], len(np.unique(deals[np.asarray(one) | np.asarray(other)]))
    variance = (influence**2).sum(axis=0) * known / max(known - 1, 1)
    gap, error = parts[0][1] - parts[1][1], np.sqrt(np.maximum(variance, least))
    return gap, error, 2 * ndtr(-np.abs(gap) / error)


def share_intervals(held: Any, deals: pd.Series, side: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The 95 % interval of the share of one side's notes, when deals are drawn as wholes.

    It is Wilson's, of as many notes as would have the same error if each were of a deal of its own.
    """
    matrix = csr_matrix(held, dtype=float)
    if not side.any():
        return (np.full(matrix.shape[1], np.nan),) * 2
    codes, _ = pd.factorize(deals)
    n, count = int(codes.max()) + 1, len(np.unique(codes[side]))
    share, weights = _shares_share(matrix, side), side.astype(float)
    sizes = np.bincount(codes, weights=weights, minlength=n)
    influence = (_by_deal(matrix, codes, n, weights) - np.outer(sizes, share)) / side.sum()
    variance = (influence**2).sum(axis=0) * count / max(count - 1, 1)
    spread = share * (1 - share)
    worth = np.divide(
        spread, variance, out=np.full(len(share), float(count)), where=(variance > 0) & (spread > 0)
    )
    worth = np.minimum(worth, side.sum())
    return share_interval(share * worth, worth)


def trend_words(gap: np.ndarray, p_value: np.ndarray) -> list[str]:
    """Rising, falling or steady; empty where nothing can be said."""
    return [
        "" if np.isnan(p) else "steady" if p > SURE else "rising" if more > 0 else "falling"
        for more, p in zip(gap, p_value, strict=True)
    ]


def _shares_share(matrix, side):
    return matrix[side].sum(axis=0).A1 / side.sum() if side.any() else np.full(matrix.shape[1], np.nan)


def _by_deal(matrix, codes, n, weights):
    gather = csr_matrix((weights, (codes, np.arange(len(codes)))), shape=(n, len(codes)))
    return np.asarray((gather @ matrix).todense())
