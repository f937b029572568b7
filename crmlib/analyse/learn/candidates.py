"""The models that compete, calibrated and chosen on the rows that are learnt from alone."""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.learn.evaluate import area, log_losses
from crmlib.analyse.learn.features import Encoding, learn_encoding, size_of, unbent
from crmlib.schema.errors import ParameterError, nearest

CANDIDATES = ("logistic_regression", "decision_tree", "boosted_trees", "neural_net")
"""All that can compete, the simplest first."""

RULES = (
    *("recency", "category_recency", "probability_alive", "probability_alive_modified", "own_rate"),
    *("best_single", "base_rate"),
)
"""The plain rules that candidates are compared with."""

WAYS = (*CANDIDATES, *RULES)
ISOTONIC_FROM = 1_000
"""Customers of the rarer outcome from which a probability is calibrated by steps rather than by a curve."""
_CAP = 0.005
ROWS_AT_ONCE = 100_000
"""Matrices of more rows are predicted from in pieces: a copy of all of them is large."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Straightener:
    """Makes columns fit for a weighted sum: gaps filled and marked, tails capped and unbent, scaled.

    `medians`, `size`, `low`, `high`, `mean`, `deviation`: arrays, one entry a column.
    `gaps`: array of the columns whose gaps are marked by a column of their own.
    """

    medians: np.ndarray
    size: np.ndarray
    low: np.ndarray
    high: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    gaps: np.ndarray

    def apply(self, matrix: np.ndarray) -> np.ndarray:
        """The columns, straightened, and one column a mark."""
        missing = np.isnan(matrix)
        filled = np.clip(np.where(missing, self.medians, matrix), self.low, self.high)
        straight = (unbent(filled, self.size) - self.mean) / self.deviation
        return np.column_stack([straight, missing[:, self.gaps].astype("float64")])


def learn_straightener(matrix: np.ndarray) -> Straightener:
    """Learn it from the rows that are learnt from."""
    medians = np.array([np.nanmedian(column) if not np.isnan(column).all() else 0.0 for column in matrix.T])
    filled = np.where(np.isnan(matrix), medians, matrix)
    low, high = np.quantile(filled, [_CAP, 1 - _CAP], axis=0)
    size = np.array([size_of(column) for column in filled.T])
    straight = unbent(np.clip(filled, low, high), size)
    deviation = straight.std(axis=0)
    share = np.isnan(matrix).mean(axis=0)
    return Straightener(
        medians=medians,
        size=size,
        low=low,
        high=high,
        mean=straight.mean(axis=0),
        deviation=np.where(deviation > 1e-12, deviation, 1.0),
        gaps=np.flatnonzero((share > 0.01) & (share < 0.99)),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Fitted:
    """A model that gives calibrated probabilities.

    `name`: one of `CANDIDATES`
    `model`: scikit-learn classifier.
    `calibrate`: function of raw probabilities.
    `out_of_fold`: Calibrated probabilities of the rows learnt from, each by models that had not seen the
        customer.
    """

    name: str
    model: Any
    straightener: Straightener | None
    calibrate: Callable[[np.ndarray], np.ndarray]
    encoding: Encoding
    out_of_fold: np.ndarray

    def probability(self, matrix: np.ndarray) -> np.ndarray:
        """The probability of the outcome for each row of a matrix made by `encoding`."""
        return self.calibrate(self.leaning(matrix))

    def probability_of(self, features: pd.DataFrame) -> np.ndarray:
        """The probability of the outcome for each row of a table, some rows at a time: matrices are large."""
        parts = [np.empty(0)]
        for at in range(0, len(features), ROWS_AT_ONCE):
            parts.append(self.leaning(self.encoding.matrix(features.iloc[at : at + ROWS_AT_ONCE])))
        return self.calibrate(np.concatenate(parts))

    def leaning(self, matrix: np.ndarray) -> np.ndarray:
        """What the model says before it is calibrated, 0 to 1: it has no steps on which a figure moves nothing."""
        return _raw(self.model, self.straightener, matrix)


def one_thread() -> Any:
    """One core for as long as a `with` block lasts, so that sums are added up in the same order everywhere.

    Small tables are learnt from faster so, too. The library is loaded first: a limit holds for what is there.
    """
    import sklearn  # noqa: F401
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1)


def check_candidates(names: Iterable[str] | str | None) -> tuple[str, ...]:
    """The candidates that were asked for."""
    asked = CANDIDATES if names is None else [names] if isinstance(names, str) else list(names)
    for name in asked:
        if name not in CANDIDATES:
            raise ParameterError(f"there is no candidate {name!r}.{nearest(name, CANDIDATES)}")
    if not asked:
        raise ParameterError(f"candidates is empty: give at least one of {', '.join(CANDIDATES)}.")
    return tuple(name for name in CANDIDATES if name in asked)


def folds_of(groups: np.ndarray, label: np.ndarray, *, folds: int, seed: int) -> np.ndarray:
    """A fold for each row: a customer stays in one, and each fold has its share of the outcome."""
    customers = int(groups.max()) + 1
    hit = np.zeros(customers, dtype=bool)
    np.logical_or.at(hit, groups, label)
    shuffled = np.random.default_rng(seed).permutation(customers)
    order = shuffled[np.argsort(~hit[shuffled], kind="stable")]
    fold = np.empty(customers, dtype=int)
    fold[order] = np.arange(customers) % folds
    return fold[groups]


def fit_candidate(
    name: str, matrix: np.ndarray, label: np.ndarray, fold: np.ndarray, *, encoding: Encoding, seed: int
) -> Fitted:
    """Fit one candidate on all rows, calibrated by what it says about rows left out in turn.

    Niculescu-Mizil, A. & Caruana, R. (2005). Predicting good probabilities with supervised learning. ICML.
    """
    raw = np.empty(len(label))
    for k in np.unique(fold):
        inside = fold != k
        raw[~inside] = _raw(*_fit(name, matrix[inside], label[inside], seed), matrix[~inside])
    model, straightener = _fit(name, matrix, label, seed)
    out_of_fold = np.empty(len(label))
    for k in np.unique(fold):
        inside = fold != k
        out_of_fold[~inside] = learn_calibration(raw[inside], label[inside])(raw[~inside])
    return Fitted(
        name=name,
        model=model,
        straightener=straightener,
        calibrate=learn_calibration(raw, label),
        encoding=encoding,
        out_of_fold=out_of_fold,
    )


def choose(fitted: Iterable[Fitted], label: np.ndarray) -> Fitted:
    """The candidate with the smallest log loss on rows it had not seen, of those that are learnt from."""
    return min(fitted, key=lambda model: float(log_losses(model.out_of_fold, label).mean()))


def learn_calibration(raw: np.ndarray, label: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """From what a model says to a probability: by steps where there is much to learn from, else by a curve.

    Platt, J. (1999). Probabilistic outputs for support vector machines. Advances in Large Margin Classifiers.
    Zadrozny, B. & Elkan, C. (2002). Transforming classifier scores into accurate multiclass probability
    estimates. KDD.
    """
    from sklearn.isotonic import IsotonicRegression
    from sklearn.linear_model import LogisticRegression

    if min(label.sum(), (~label).sum()) >= ISOTONIC_FROM:
        height = IsotonicRegression().fit(raw, label).predict(raw)
        _, step, size = np.unique(height, return_inverse=True, return_counts=True)
        # No step is taken to be certain: two more customers like everybody else stand on each.
        softened = (size * height[np.unique(step, return_index=True)[1]] + 2 * label.mean()) / (size + 2)
        steps = IsotonicRegression(out_of_bounds="clip").fit(raw, softened[step])
        return lambda p: steps.predict(p)
    curve = LogisticRegression(C=1e4).fit(_odds(raw)[:, None], label)
    return lambda p: curve.predict_proba(_odds(p)[:, None])[:, 1]


def _odds(p: np.ndarray) -> np.ndarray:
    clipped = np.clip(p, 1e-4, 1 - 1e-4)
    return np.log(clipped) - np.log1p(-clipped)


def _fit(name: str, matrix: np.ndarray, label: np.ndarray, seed: int) -> tuple[Any, Straightener | None]:
    model = _made(name, len(label), seed)
    straightener = learn_straightener(matrix) if name in ("logistic_regression", "neural_net") else None
    with warnings.catch_warnings():
        # The net is stopped after few rounds on purpose: it is one way to keep it simple.
        warnings.filterwarnings("ignore", category=UserWarning, module="sklearn")
        model.fit(matrix if straightener is None else straightener.apply(matrix), label)
    return model, straightener


def _made(name: str, rows: int, seed: int) -> Any:
    if name == "logistic_regression":
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(C=0.05, max_iter=300)
    if name == "decision_tree":
        from sklearn.tree import DecisionTreeClassifier

        return DecisionTreeClassifier(max_depth=4, min_samples_leaf=max(20, rows // 100), random_state=seed)
    if name == "boosted_trees":
        from sklearn.ensemble import HistGradientBoostingClassifier

        return HistGradientBoostingClassifier(
            max_iter=70, learning_rate=0.07, max_leaf_nodes=8, min_samples_leaf=20, l2_regularization=5.0,
            early_stopping=False, random_state=seed,
        )  # fmt: skip
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier((8,), solver="lbfgs", alpha=30.0, max_iter=60, random_state=seed)


def _raw(model: Any, straightener: Straightener | None, matrix: np.ndarray) -> np.ndarray:
    return model.predict_proba(matrix if straightener is None else straightener.apply(matrix))[:, 1]


def base_rate(label: np.ndarray, customers: int) -> np.ndarray:
    """The same probability for everybody."""
    return np.full(customers, float(label.mean()))


def single_figure(values: np.ndarray, label: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """The probability that one figure alone gives, calibrated on the rows that are learnt from."""
    from sklearn.linear_model import LogisticRegression

    known = values[~np.isnan(values)]
    most, size = (float(known.max()), size_of(values)) if len(known) else (0.0, 1.0)

    def straight(x: np.ndarray) -> np.ndarray:
        return unbent(np.where(np.isnan(x), most, x), size)[:, None]

    curve = LogisticRegression(C=1e4).fit(straight(values), label)
    return curve.predict_proba(straight(asked))[:, 1]


def best_single(
    matrix: np.ndarray, encoding: Encoding, label: np.ndarray, asked: np.ndarray
) -> tuple[str, np.ndarray]:
    """The one column that ranks customers best by itself, chosen on the rows that are learnt from."""
    filled = np.where(np.isnan(matrix), np.where(np.isnan(matrix), -np.inf, matrix).max(axis=0), matrix)
    best = int(np.argmax([abs(area(column, label) - 0.5) for column in filled.T]))
    return encoding.columns[best][0], single_figure(matrix[:, best], label, asked[:, best])


MOST_LEARNT = 30_000
"""Rows that are learnt from at the most: more take longer and hardly teach more."""

LEARN_FOLDS = 3
"""Into so many parts the rows learnt from are cut, to calibrate and to choose."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """Rows to learn from: features, label, and which customer each belongs to.

    `label`: array of bool.
    """

    features: pd.DataFrame
    label: np.ndarray
    groups: np.ndarray


@dataclass(frozen=True, kw_only=True, eq=False)
class Learnt:
    """Candidates fitted on the same rows, and the one chosen there.

    `fitted`: name -> Fitted.
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


def reason_series(reasons: Mapping[str, str]) -> pd.Series:
    """Reasons by feature."""
    return pd.Series(dict(reasons), name="reason", dtype="str").rename_axis("feature")


def check_seed(seed: Any) -> int:
    """A seed that can be one."""
    if isinstance(seed, bool) or not isinstance(seed, Integral) or not 0 <= seed < 2**31:
        raise ParameterError(f"seed={seed!r}: give a whole number, 0 or more.")
    return int(seed)
