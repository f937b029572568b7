"""One way to learn, test and explain, whatever the outcome and wherever the label comes from."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.learn.candidates import Fitted, choose, fit_candidate, folds_of
from crmlib.analyse.learn.evaluate import calibration_table, evaluate, gains_table
from crmlib.analyse.learn.features import Encoding, learn_encoding
from crmlib.analyse.learn.reasons import (
    drivers,
    plain_name,
    reason_table,
    reasons_in_words,
    tree_in_words,
    tree_table,
)
from crmlib.schema.errors import ParameterError

MOST_LEARNT = 30_000
"""Rows that are learnt from at the most: more take longer and hardly teach more."""

LEARN_FOLDS = 3
"""Into so many parts the rows learnt from are cut, to calibrate and to choose."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """Rows to learn from: features, label, and which customer each belongs to.

    Parameters
    ----------
    features : DataFrame
    label : array of bool
    groups : array of int
    """

    features: pd.DataFrame
    label: np.ndarray
    groups: np.ndarray


@dataclass(frozen=True, kw_only=True, eq=False)
class Learnt:
    """Candidates fitted on the same rows, and the one chosen there.

    Parameters
    ----------
    fitted : name -> Fitted
    chosen : Fitted
    encoding : Encoding
    matrix : array
    fold : array of int
    """

    fitted: dict[str, Fitted]
    chosen: Fitted
    encoding: Encoding
    matrix: np.ndarray
    fold: np.ndarray


def rows_of(parts: Sequence[tuple[pd.DataFrame, np.ndarray]]) -> Rows:
    """Samples of one or more cut-offs, one under the other."""
    features = pd.concat([features for features, _ in parts])
    groups, _ = pd.factorize(features.index)
    return Rows(features=features, label=np.concatenate([label for _, label in parts]), groups=groups)


def some_of(rows: Rows, *, seed: int, most: int = MOST_LEARNT) -> Rows:
    """The rows of some customers, drawn at random, where there are more rows than need be learnt from."""
    if len(rows.label) <= most:
        return rows
    customers = int(rows.groups.max()) + 1
    drawn = np.zeros(customers, dtype=bool)
    drawn[np.random.default_rng(seed).permutation(customers)[: customers * most // len(rows.label)]] = True
    kept = drawn[rows.groups]
    groups, _ = pd.factorize(rows.groups[kept])
    return Rows(features=rows.features[kept], label=rows.label[kept], groups=groups)


def learn(
    rows: Rows,
    *,
    names: Sequence[str],
    refused: Mapping[str, str],
    folds: int = LEARN_FOLDS,
    seed: int = 0,
    tree_too: bool = False,
) -> Learnt:
    """Fit candidates on rows, and choose by what each says about rows left out in turn."""
    encoding = learn_encoding(rows.features, refused=dict(refused))
    if not encoding.features:
        why = "; ".join(f"{name} {reason}" for name, reason in list(encoding.left_out.items())[:5])
        raise ParameterError(f"no feature is left that tells customers apart ({why or 'all are refused'}).")
    matrix = encoding.matrix(rows.features)
    fold = folds_of(rows.groups, rows.label, folds=folds, seed=seed)
    wanted = [*names, *(["decision_tree"] if tree_too and "decision_tree" not in names else [])]
    fitted = {
        name: fit_candidate(name, matrix, rows.label, fold, encoding=encoding, seed=seed) for name in wanted
    }
    chosen = choose([fitted[name] for name in names], rows.label)
    return Learnt(fitted=fitted, chosen=chosen, encoding=encoding, matrix=matrix, fold=fold)


def judged(
    predictions: Mapping[str, np.ndarray],
    label: np.ndarray,
    *,
    chosen: str,
    baselines: tuple[str, ...],
    seed: int,
) -> dict[str, Any]:
    """The parts of the result that say how good the predictions are."""
    evaluation, differences = evaluate(predictions, label, chosen=chosen, baselines=baselines, seed=seed)
    rivals = {name: predictions[name] for name in baselines if name != "base_rate"}
    return {
        "evaluation": evaluation,
        "differences": differences,
        "calibration": calibration_table(predictions[chosen], label),
        "gains": gains_table(predictions[chosen], rivals, label, seed=seed),
        "base_rate": float(label.mean()),
        "beats_baselines": bool(differences["better"].all()),
    }


def explained(
    tested: Fitted,
    matrix: np.ndarray,
    label: np.ndarray,
    final: Learnt,
    rows: Rows,
    scored: pd.DataFrame,
    *,
    seed: int,
    hidden: Collection[str] = (),
) -> dict[str, Any]:
    """The parts of the result that say why."""
    table = drivers(tested, matrix, label, seed=seed)
    told = [name for name in table["indicator"] if name not in hidden]
    reasons = _reasons(final, scored, told=told, hidden=hidden)
    tree = pd.DataFrame()
    if "decision_tree" in final.fitted:
        tree = tree_table(final.fitted["decision_tree"], final.matrix, rows.label)
    return {
        "drivers": table,
        "reason_table": reasons,
        "reasons": reasons_in_words(reasons, scored.index),
        "tree": tree,
        "tree_text": tree_in_words(tree, label_of=plain_name) if len(tree) else "",
        "left_out": reason_series({**tested.encoding.left_out, **final.encoding.left_out}),
        "features": list(final.encoding.features),
    }


def _reasons(
    final: Learnt, scored: pd.DataFrame, *, told: list[str], hidden: Collection[str]
) -> pd.DataFrame:
    """Reasons from the figures that proved themselves; where they say nothing of a likely customer, from the rest."""
    matrix = final.encoding.matrix(scored)
    proven = reason_table(final.chosen, matrix, scored, names=told)
    chance = final.chosen.probability(matrix)
    bare = (chance > chance.mean()) & ~scored.index.isin(proven["customer_id"])
    rest = [name for name in final.encoding.features if name not in hidden and name not in told]
    if not bare.any() or not rest:
        return proven
    more = reason_table(final.chosen, matrix[bare], scored[bare], names=rest)
    both = pd.concat([part for part in (proven, more) if len(part)] or [proven])
    place = scored.index.get_indexer(both["customer_id"])
    return both.iloc[np.argsort(place, kind="stable")].reset_index(drop=True)


def reason_series(reasons: Mapping[str, str]) -> pd.Series:
    """Reasons by feature."""
    return pd.Series(dict(reasons), name="reason", dtype="str").rename_axis("feature")


def check_seed(seed: Any) -> int:
    """A seed that can be one."""
    if isinstance(seed, bool) or not isinstance(seed, Integral) or not 0 <= seed < 2**31:
        raise ParameterError(f"seed={seed!r}: give a whole number, 0 or more.")
    return int(seed)
