"""Attitude of texts: a classifier that learns from the workspace's own scored opinions, and proves itself first."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.stats.intervals import share_interval
from crmlib.analyse.voice.satisfaction import UNHAPPY_PCT
from crmlib.measure.voice import said_texts, scored_feedback
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import min_group

FEWEST = 60
"""Scored wordings, and a sixth of it on either side, below which nothing is learnt."""
_FOLDS = 5


@dataclass(frozen=True, kw_only=True, eq=False)
class Sentiment:
    """Attitude of texts.

    Attributes
    ----------
    tested : dict
        `texts`, `accuracy_pct`, `low`, `high`, `majority_pct` (of always saying what is most frequent), `balanced_pct`
        (mean share found of either side): on wordings that were not learnt from.
    earned : bool
        Whether the whole interval lies above the majority; only then is anything said of other texts.
    table : DataFrame, one row a kind of text
        `source`, `texts`, `unhappy_pct`, `low`, `high` (of all texts, scored or not; empty unless earned, and of
        kinds with texts of fewer than `[privacy] min_group` customers).
    """

    tested: dict
    earned: bool
    table: pd.DataFrame = field(repr=False)


def attitude(crm: Crm, *, most: int = 20_000, seed: int = 0) -> Sentiment:
    """Learn from scored texts which words go with a score of at most 60 % of the best, and read the others.

    Parameters
    ----------
    crm : Crm
        With `feedback` that has texts and scores.
    most : int
        The latest so many texts are read.
    seed : int
        Of the folds.

    Returns
    -------
    Sentiment
        Nothing is said of texts (`table` is empty) unless the classifier beats the plain rule on texts held back.

    Notes
    -----
    Characters in runs of two to four are counted, so that all languages are read alike. Each wording counts once:
    what is tested was never seen. Nothing is downloaded.

    References
    ----------
    Pang, B., Lee, L. & Vaithyanathan, S. (2002). Thumbs up? Sentiment classification using machine learning
    techniques. EMNLP.

    Examples
    --------
    >>> said = pd.DataFrame({"feedback_id": ["1"], "customer_id": ["a"], "kind": ["review"],
    ...     "given_at": ["2024-01-05"], "score": [5], "score_max": [5], "text": ["good"]})
    >>> attitude(Crm.from_frames(as_of="2024-06-30", feedback=said, customers=said[["customer_id"]])).earned
    False
    """
    empty = pd.DataFrame(columns=["source", "texts", "unhappy_pct", "low", "high"])
    scored = (
        scored_feedback(crm) if "feedback" in crm else pd.DataFrame(columns=["text", "score", "score_max"])
    )
    share = 100 * scored["score"] / scored["score_max"]
    known = scored[scored["text"].fillna("").str.strip().ne("") & share.notna()]
    bad = (share[known.index] <= UNHAPPY_PCT).groupby(known["text"].str.strip()).mean() > 0.5
    texts, label = bad.index.to_numpy(dtype=object), bad.to_numpy()
    if len(texts) < FEWEST or min(label.sum(), (~label).sum()) < FEWEST // 6:
        return Sentiment(tested={}, earned=False, table=empty)
    tested = _tested(texts, label, seed)
    earned = tested["low"] > tested["majority_pct"]
    if not earned:
        return Sentiment(tested=tested, earned=False, table=empty)
    every = said_texts(crm, most=most)
    once = every["text"].drop_duplicates()
    read = pd.Series(_classifier().fit(texts, label).predict(once), index=once)
    counts = every["text"].map(read).astype(int).groupby(every["source"]).agg(["size", "sum"])
    counts = counts[every.groupby("source")["customer_id"].nunique() >= min_group(crm)]
    low, high = share_interval(counts["sum"].to_numpy(), counts["size"].to_numpy())
    table = counts.rename(columns={"size": "texts"}).assign(
        unhappy_pct=100 * counts["sum"] / counts["size"], low=100 * low, high=100 * high
    )
    return Sentiment(tested=tested, earned=True, table=table.reset_index()[list(empty.columns)])


def _tested(texts: np.ndarray, label: np.ndarray, seed: int) -> dict:
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    folds = StratifiedKFold(n_splits=_FOLDS, shuffle=True, random_state=seed)
    found = cross_val_predict(_classifier(), texts, label, cv=folds)
    right = int((found == label).sum())
    low, high = share_interval(right, len(label))
    majority = max(label.mean(), 1 - label.mean())
    return {"texts": len(texts), "accuracy_pct": 100 * right / len(label), "low": 100 * low, "high": 100 * high,
            "majority_pct": 100 * majority, "balanced_pct": 100 * balanced_accuracy_score(label, found)}  # fmt: skip


def _classifier() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    words = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True)
    return make_pipeline(words, LogisticRegression(C=10.0, max_iter=1_000, class_weight="balanced"))
