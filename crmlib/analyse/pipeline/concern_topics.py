"""Topics of notes: words that stand together."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

_NOTES_A_TOPIC = 20
_SHARE_OF_A_NOTE = 0.3
_WORDS_OF_A_LABEL = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class HeldTerms:
    """Which note holds which term.

    Attributes
    ----------
    terms : list of str
    matrix : sparse matrix of bool, shape (notes, terms)

    Examples
    --------
    >>> HeldTerms(terms=["price"], matrix=np.array([[True]])).terms
    ['price']
    """

    terms: list[str]
    matrix: Any


def find_topics(
    said: Sequence[Sequence[str]], customers: pd.Series, *, minimum: int, most: int
) -> tuple[HeldTerms, list[str], np.ndarray]:
    """Terms and topics of notes in one language.

    Parameters
    ----------
    said : the telling words of each note
    customers : Series
        Whose note it is, in the same order.
    minimum : int
        Customers that must have used a term, and deals less would tell nothing.
    most : int
        Topics. There are fewer where notes or words are few: one for every 20 notes at the most.

    Returns
    -------
    HeldTerms
        Words, and two words beside each other, of enough customers.
    list of str
        The topics' names: their three weightiest words.
    array, shape (notes, topics)
        How much of each topic is in a note; 0 where it is less than three tenths of the note.

    References
    ----------
    Lee, D. D. & Seung, H. S. (1999). Learning the parts of objects by non-negative matrix factorization. Nature
    401.

    Examples
    --------
    >>> said = [["price", "high"], ["slow", "delivery"]] * 30
    >>> held, topics, weights = find_topics(said, pd.Series(range(60)), minimum=10, most=2)
    >>> held.terms
    ['delivery', 'high', 'price', 'price high', 'slow', 'slow delivery']
    >>> sorted(topics), (weights > 0).sum(axis=0).tolist()
    (['delivery, slow', 'high, price'], [30, 30])
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
