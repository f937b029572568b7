"""Outcomes that the data state, such as contracts that were ended."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.churn_baselines import base_rate, best_single
from crmlib.analyse.churn_candidates import Fitted, check_candidates, fit_candidate, one_thread
from crmlib.analyse.churn_fit import (
    Learnt,
    Rows,
    check_seed,
    explained,
    judged,
    learn,
    reason_series,
    rows_of,
)
from crmlib.analyse.churn_leaks import find_leaks, label_array
from crmlib.analyse.churn_periods import FEWEST
from crmlib.analyse.churn_result import ChurnModel, verdict
from crmlib.schema.errors import ParameterError

FOLDS = 4
"""Into so many parts customers are cut where no later period can be tested."""
TEST_SHARE = 0.25
"""At least so much of the customers, the latest, are kept for the test where their order is known."""


def fit_given_label(
    features: pd.DataFrame,
    label: pd.Series,
    *,
    order: pd.Series | None = None,
    value: pd.Series | None = None,
    positive: Any = None,
    outcome: str = "leaves",
    candidates: Iterable[str] | None = None,
    currency: str = "",
    seed: int = 0,
) -> ChurnModel:
    """Who will leave, where the data state who did: contracts, subscriptions.

    Features that know the outcome are refused (see `churn_leaks.find_leaks`). With `order`, the earlier
    customers are learnt from and the latest quarter is the test. Without it every customer is judged by models
    that have not seen them (four parts, each left out in turn, each with its share of the outcome), and
    `says` states that no later period was tested.

    Parameters
    ----------
    features : DataFrame indexed by customer_id
        What was known before the outcome. Numbers, texts and truth values; dates are left out.
    label : Series customer_id -> the outcome
        True, 1 or "Yes", else False, 0 or "No"; missing where it is still to come.
    order : Series customer_id -> date or period, optional
        When each customer's outcome was known, such as the quarter.
    value : Series customer_id -> what the customer brings within the horizon, account currency, optional
    positive : optional
        The value of the label that is the outcome, where it cannot be told.
    outcome : str
        What it means, as it ends a sentence about one customer.
    currency : str
        Of `value`.
    candidates, seed
        As for `crmlib.analyse.churn.fit_churn`.

    Returns
    -------
    ChurnModel
        `scores` are those of the customers without a label yet; where all have one, those of all, each by
        models that had not seen the customer.

    Raises
    ------
    ParameterError
        If customers come twice, the label has not two values, an outcome is too rare, or `order` has one value.

    Examples
    --------
    >>> lot = np.random.default_rng(0)
    >>> table = pd.DataFrame({"silence": lot.random(400), "visits": lot.integers(0, 9, 400)})
    >>> label = pd.Series(np.where(lot.random(400) < table["silence"], "Yes", "No"), name="left")
    >>> model = fit_given_label(table.assign(left_reason=label.map({"Yes": "price"})), label,
    ...                         candidates=["logistic_regression"])
    >>> model.refused.index.tolist(), model.tested_later, model.drivers["indicator"].iloc[0]
    (['left_reason'], False, 'silence')
    """
    names, seed = check_candidates(candidates), check_seed(seed)
    table, truth, known, when = _aligned(features, label, order, positive)
    late = _latest(when, known, truth)
    early = known & ~late
    refused = find_leaks(table[early], truth[early], label_name=str(pd.Series(label).name or ""))
    rows = rows_of([(table[early], truth[early])])
    everything = rows_of([(table[known], truth[known])])
    scored = table[known] if known.all() else table[~known]
    with one_thread():
        test = (_later if late.any() else _in_turn)(rows, table[late], truth[late], names, refused, seed)
        found = judged(test.predictions, test.label, chosen=test.tester.name, baselines=_RIVALS, seed=seed)
        final = test.learnt or learn(
            everything, names=[test.tester.name], refused={**refused, **test.tester.encoding.left_out},
            seed=seed, tree_too="decision_tree" in names,
        )  # fmt: skip
        seen = known.all()
        p = final.chosen.out_of_fold if seen else final.chosen.probability(final.encoding.matrix(scored))
        why = explained(test.tester, test.matrix, test.matrix_label, final, everything, scored, seed=seed)
    scores = pd.Series(p, index=scored.index, name="probability")
    worth = pd.Series(np.nan, index=scored.index) if value is None else value.reindex(scored.index)
    return ChurnModel(
        outcome=outcome,
        stops=True,
        horizon_days=None,
        scores=scores,
        revenue_at_risk=(scores * worth).rename("revenue_at_risk"),
        value=worth.rename("value"),
        refused=reason_series(refused),
        periods=_periods(truth, known, late, when),
        tested_later=bool(late.any()),
        says=verdict(
            found["evaluation"], found["differences"], outcome=outcome, customers=len(test.label),
            hits=int(test.label.sum()), how=_how(late, when),
        ),
        notes=(f"The best single figure is {test.single}.",),
        currency=currency,
        **found,
        **why,
    )  # fmt: skip


_RIVALS = ("best_single", "base_rate")


@dataclass(frozen=True, kw_only=True, eq=False)
class _Test:
    """Predictions for customers not seen, and the model and rows on which its drivers are measured."""

    predictions: dict[str, np.ndarray]
    label: np.ndarray
    tester: Fitted
    matrix: np.ndarray
    matrix_label: np.ndarray
    single: str
    learnt: Learnt | None = None
    """Fitted on everybody with a label, where that has been done."""


def _later(
    rows: Rows, features: pd.DataFrame, label: np.ndarray, names: Sequence[str], refused: dict, seed: int
) -> _Test:
    learnt = learn(rows, names=names, refused=refused, seed=seed)
    matrix = learnt.encoding.matrix(features)
    single, alone = best_single(learnt.matrix, learnt.encoding, rows.label, matrix)
    predictions = {name: learnt.fitted[name].probability(matrix) for name in names}
    return _Test(
        predictions=predictions | {"best_single": alone, "base_rate": base_rate(rows.label, len(label))},
        label=label,
        tester=learnt.chosen,
        matrix=matrix,
        matrix_label=label,
        single=single,
    )


def _in_turn(
    rows: Rows, features: pd.DataFrame, label: np.ndarray, names: Sequence[str], refused: dict, seed: int
) -> _Test:
    learnt = learn(rows, names=names, refused=refused, folds=FOLDS, seed=seed)
    matrix, fold = learnt.matrix, learnt.fold
    alone, flat = np.empty(len(fold)), np.empty(len(fold))
    for k in range(FOLDS):
        inside = fold != k
        single, alone[~inside] = best_single(
            matrix[inside], learnt.encoding, rows.label[inside], matrix[~inside]
        )
        flat[~inside] = base_rate(rows.label[inside], int((~inside).sum()))
    seen = fold != 0
    tester = fit_candidate(
        learnt.chosen.name, matrix[seen], rows.label[seen], fold[seen], encoding=learnt.encoding, seed=seed
    )
    return _Test(
        predictions={name: learnt.fitted[name].out_of_fold for name in names}
        | {"best_single": alone, "base_rate": flat},
        label=rows.label,
        tester=tester,
        matrix=matrix[~seen],
        matrix_label=rows.label[~seen],
        single=single,
        learnt=learnt,
    )


def _aligned(
    features: pd.DataFrame, label: pd.Series, order: pd.Series | None, positive: Any
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, pd.Series | None]:
    if not isinstance(features, pd.DataFrame) or features.index.has_duplicates:
        raise ParameterError("features: give a DataFrame with one row a customer, indexed by customer_id.")
    label = pd.Series(label)
    strangers = label.index.difference(features.index)
    if label.index.has_duplicates or len(strangers):
        raise ParameterError(
            f"label: {len(strangers)} customers have no row in features, or one comes twice. Give both the same "
            "index, customer_id."
        )
    by_customer = np.argsort(features.index.astype(str).to_numpy(dtype=object), kind="stable")
    table = features.iloc[by_customer].rename(columns=str)
    truth, known = label_array(label.reindex(table.index), positive=positive)
    _require_both(truth[known], "")
    return table, truth, known, None if order is None else pd.Series(order).reindex(table.index)


def _latest(when: pd.Series | None, known: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """The latest quarter of the customers with a label, whole periods; nobody where no order is known."""
    if when is None:
        return np.zeros(len(known), dtype=bool)
    if when[known].isna().any():
        raise ParameterError(
            "order is missing for customers who have a label: give a date or period for each."
        )
    values = np.sort(when[known].unique())
    if len(values) < 2:
        raise ParameterError(
            f"order has one value ({values[0]}): no later period can be tested. Leave it out."
        )
    counts = when[known].value_counts().reindex(values).to_numpy()
    share_from = counts[::-1].cumsum()[::-1] / counts.sum()
    first = values[max(1, int(np.flatnonzero(share_from >= TEST_SHARE)[-1]))]
    late = known & (when >= first).to_numpy()
    _require_both(truth[late], f" from {first} on, which is kept for the test")
    _require_both(truth[known & ~late], f" before {first}, which is learnt from")
    return late


def _require_both(label: np.ndarray, when: str) -> None:
    hits = int(label.sum())
    if min(hits, len(label) - hits) < FEWEST:
        raise ParameterError(
            f"of {len(label):,} customers with a label{when}, {hits:,} have the outcome; at least {FEWEST} are "
            "needed with it and without. Give more customers."
        )


def _periods(truth: np.ndarray, known: np.ndarray, late: np.ndarray, when: pd.Series | None) -> pd.DataFrame:
    parts = {"learn": known & ~late, "test": late if late.any() else known, "score": ~known | known.all()}
    rows = []
    for role, part in parts.items():
        labelled = part & known if role != "score" else np.zeros(len(part), dtype=bool)
        rows.append(
            {
                "role": role,
                "cutoff": None if when is None else when[part].min(),
                "until": None if when is None else when[part].max(),
                "customers": int(part.sum()),
                "outcomes": float(truth[part].sum()) if labelled.any() else np.nan,
                "outcome_share_pct": 100 * float(truth[part].mean()) if labelled.any() else np.nan,
            }
        )
    return pd.DataFrame(rows)


def _how(late: np.ndarray, when: pd.Series | None) -> str:
    if late.any():
        return f"Learnt from customers before {when[late].min()}, tested on those from then on."
    return (
        f"No later period could be tested, since no date is given: customers were cut into {FOLDS} parts, and "
        "each part was judged by models that had learnt from the others."
    )
