"""Why: which figures a prediction rests on, overall, for each customer, and as a tree that can be read."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from crmlib.analyse.churn_candidates import Fitted
from crmlib.analyse.churn_evaluation import area, draws_of, weighted_measures
from crmlib.analyse.churn_features import Encoding
from crmlib.analyse.segment_words import shown

MOST_DRIVERS = 15
"""Figures that are looked at closely; the others matter less."""
MOST_REASONS = 3
WORTH_SAYING = 0.1
"""A figure is a reason if it moves the odds by a tenth at least."""
_SCREENED, _SHUFFLES, _DRAWS, _ROWS = 600, 3, 100, 200_000
_SHUFFLED = 10_000


def contributions(model: Fitted, matrix: np.ndarray, features: list[str] | None = None) -> pd.DataFrame:
    """How far each figure moves each customer's log odds against the same customer with an ordinary one.

    Measured before the calibration: its steps give many customers the same chance, whatever one figure says.

    Parameters
    ----------
    model : Fitted
    matrix : array (customers, columns)
    features : names, optional

    Returns
    -------
    DataFrame customers x features
        Above 0: the figure speaks for the outcome. Figures that move together share what they say.

    Examples
    --------
    >>> model, table, _ = _little_model()
    >>> moved = contributions(model, model.encoding.matrix(table.iloc[[0, 399]]))
    >>> (moved["silence"] > 0).tolist()
    [False, True]
    """
    encoding = model.encoding
    wanted = [
        name for name in (encoding.features if features is None else features) if name in encoding.features
    ]
    base = _log_odds(model.leaning(matrix))
    found = np.empty((len(matrix), len(wanted)))
    for first, many in _batches(len(matrix), len(wanted)):
        blocks = []
        for name in wanted[first : first + many]:
            changed, own = matrix.copy(), encoding.owner == encoding.features.index(name)
            changed[:, own] = encoding.reference[own]
            blocks.append(changed)
        moved = _log_odds(model.leaning(np.concatenate(blocks))).reshape(len(blocks), len(matrix))
        found[:, first : first + many] = base[:, None] - moved.T
    return pd.DataFrame(found, columns=wanted)


def drivers(model: Fitted, matrix: np.ndarray, label: np.ndarray, *, seed: int = 0) -> pd.DataFrame:
    """The figures that predictions rest on: how much worse customers are ranked when one is shuffled.

    Parameters
    ----------
    model : Fitted
    matrix : array (customers, columns), of the test
        Of more than 10,000 customers, so many are drawn.
    label : array of bool
    seed : int

    Returns
    -------
    DataFrame, the most important first
        `indicator`, `auc_loss` (with `low` and `high`, 95 %, customers drawn again), `direction` ("more" or
        "less": which way the outcome becomes likelier; empty where it is neither).

    References
    ----------
    Breiman, L. (2001). Random forests. Machine Learning 45.

    Examples
    --------
    >>> model, table, label = _little_model()
    >>> drivers(model, model.encoding.matrix(table), label)[["indicator", "direction"]].iloc[0].tolist()
    ['silence', 'more']
    """
    encoding, lot = model.encoding, np.random.default_rng(seed)
    if len(matrix) > _SHUFFLED:
        some = np.sort(lot.choice(len(matrix), _SHUFFLED, replace=False))
        matrix, label = matrix[some], label[some]
    few = np.sort(lot.choice(len(matrix), min(len(matrix), _SCREENED), replace=False))
    size = contributions(model, matrix[few]).abs().mean()
    names = list(size[size > 1e-9].sort_values(ascending=False, kind="stable").index[:MOST_DRIVERS])
    weights = next(draws_of(len(label), seed=seed, draws=_DRAWS))
    base = model.probability(matrix)
    auc, spread = area(base, label), weighted_measures(base, label, weights)[:, 0]
    rows = []
    for name in names:
        own = np.flatnonzero(encoding.owner == encoding.features.index(name))
        losses, draws = [], []
        for _ in range(_SHUFFLES):
            changed = matrix.copy()
            changed[:, own] = matrix[lot.permutation(len(matrix))][:, own]
            p = model.probability(changed)
            losses.append(auc - area(p, label))
            draws.append(spread - weighted_measures(p, label, weights)[:, 0])
        low, high = np.nanquantile(np.mean(draws, axis=0), [0.025, 0.975])
        rows.append((name, float(np.mean(losses)), low, high, _direction(matrix[:, own], base)))
    table = pd.DataFrame(rows, columns=["indicator", "auc_loss", "low", "high", "direction"])
    return table.sort_values("auc_loss", ascending=False, kind="stable").reset_index(drop=True)


def reason_table(
    model: Fitted, matrix: np.ndarray, features: pd.DataFrame, *, names: list[str]
) -> pd.DataFrame:
    """Up to three figures of each customer that speak most for the outcome.

    Parameters
    ----------
    model : Fitted
    matrix : array (customers, columns)
    features : DataFrame indexed by customer_id, what the matrix was made of
    names : the figures to choose from

    Returns
    -------
    DataFrame
        `customer_id`, `place` (1 is the strongest), `indicator`, `value`, `typical` (median, or the most
        frequent), `direction` ("high", "low", "is"), `log_odds`.

    Examples
    --------
    >>> model, table, _ = _little_model()
    >>> one = table.iloc[[399]]
    >>> reason_table(model, model.encoding.matrix(one), one, names=["silence"])[["indicator", "direction"]]
      indicator direction
    0   silence      high
    """
    encoding = model.encoding
    moved = contributions(model, matrix, names)
    order = np.argsort(-moved.to_numpy(), axis=1, kind="stable")
    typical = {name: _typical(encoding, name) for name in moved.columns}
    numbers = {
        name: matrix[:, int(np.flatnonzero(encoding.owner == encoding.features.index(name))[0])]
        for name in moved.columns
        if name not in encoding.levels
    }
    texts = {
        name: features[name].astype(object).to_numpy() for name in moved.columns if name in encoding.levels
    }
    rows = []
    for i, who in enumerate(features.index):
        place = 0
        for j in order[i]:
            name, strength = moved.columns[j], float(moved.iat[i, j])
            value = numbers[name][i] if name in numbers else texts[name][i]
            if strength < WORTH_SAYING or place == MOST_REASONS:
                break
            # That something is not known may well foretell the outcome, but nobody can act on it.
            if pd.isna(value):
                continue
            place += 1
            rows.append((who, place, name, value, typical[name], _side(value, typical[name]), strength))
    columns = ["customer_id", "place", "indicator", "value", "typical", "direction", "log_odds"]
    return pd.DataFrame(rows, columns=columns)


def reasons_in_words(
    table: pd.DataFrame, customers: pd.Index, *, label_of: Callable[[str], str] | None = None
) -> pd.Series:
    """The reasons of each customer as one text.

    Parameters
    ----------
    table : DataFrame of `reason_table`
    customers : Index of all customers
    label_of : function of an indicator's name, optional
        Its name in plain words.

    Returns
    -------
    Series customer_id -> text

    Examples
    --------
    >>> table = pd.DataFrame([("ann", 1, "recency_days", 45.0, 12.0, "high", 0.8)], columns=["customer_id",
    ...     "place", "indicator", "value", "typical", "direction", "log_odds"])
    >>> reasons_in_words(table, pd.Index(["ann", "bob"])).tolist()
    ['recency days 45 (ordinary: 12)', 'nothing stands out']
    """
    plain = label_of or plain_name
    said: dict[object, list[str]] = {}
    for row in table.itertuples(index=False):
        said.setdefault(row.customer_id, []).append(_words(plain(row.indicator), row.value, row.typical))
    texts = ["; ".join(said[who]) if who in said else "nothing stands out" for who in customers]
    return pd.Series(texts, index=customers, name="reason", dtype="str")


def tree_table(model: Fitted, matrix: np.ndarray, label: np.ndarray) -> pd.DataFrame:
    """The decision tree as rows: every branch under the one it belongs to.

    Parameters
    ----------
    model : Fitted
        The decision tree.
    matrix : array (rows, columns), learnt from
    label : array of bool

    Returns
    -------
    DataFrame
        `depth` (1 is the first question), `indicator`, `level` (empty for numbers), `at_most` (True: the value
        is `threshold` or less; for a level: it is not this one), `threshold`, `or_not_known`, `customers`,
        `outcome_share_pct`, `is_leaf`.

    Examples
    --------
    >>> model, table, label = _little_model("decision_tree")
    >>> rows = tree_table(model, model.encoding.matrix(table), label)
    >>> rows.loc[rows["is_leaf"], "customers"].sum() == len(label)
    np.True_
    """
    tree, rows = model.model.tree_, []
    inside = model.model.decision_path(matrix).toarray().astype(bool)
    gaps = np.isnan(matrix).any(axis=0)
    whole = np.array([np.array_equal(column, np.round(column)) for column in np.nan_to_num(matrix).T])

    def grow(node: int, depth: int) -> None:
        for child, at_most in ((tree.children_left[node], True), (tree.children_right[node], False)):
            if child < 0:
                return
            column = int(tree.feature[node])
            name, level = model.encoding.columns[column]
            members = inside[:, child]
            goes_left = bool(tree.missing_go_to_left[node])
            rows.append(
                {
                    "depth": depth, "indicator": name, "level": level or "", "at_most": at_most,
                    "threshold": float(np.floor(tree.threshold[node]) if whole[column] else tree.threshold[node]),
                    "or_not_known": bool(gaps[column]) and goes_left == at_most,
                    "customers": int(members.sum()),
                    "outcome_share_pct": 100 * float(label[members].mean()) if members.any() else float("nan"),
                    "is_leaf": tree.children_left[child] < 0,
                }
            )  # fmt: skip
            grow(child, depth + 1)

    grow(0, 1)
    columns = ["depth", "indicator", "level", "at_most", "threshold", "or_not_known", "customers",
               "outcome_share_pct", "is_leaf"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def tree_in_words(tree: pd.DataFrame, *, label_of: Callable[[str], str] | None = None) -> str:
    """The decision tree as indented lines.

    Parameters
    ----------
    tree : DataFrame of `tree_table`
    label_of : function of an indicator's name, optional

    Returns
    -------
    str

    Examples
    --------
    >>> model, table, label = _little_model("decision_tree")
    >>> print(tree_in_words(tree_table(model, model.encoding.matrix(table), label)).splitlines()[0])
    silence 61.4 or less: 26 % of 246 customers
    """
    plain = label_of or plain_name
    return "\n".join(
        f"{'    ' * (row.depth - 1)}{branch_words(row, plain)}: {row.outcome_share_pct:.0f} % of "
        f"{row.customers:,} customers"
        for row in tree.itertuples(index=False)
    )


def branch_words(
    row: object, plain: Callable[[str], str], says: Callable[[str, float], str] | None = None
) -> str:
    """One branch's condition.

    Parameters
    ----------
    row : a row of `tree_table`, as `itertuples` gives it
    plain : function of an indicator's name
    says : function of an indicator's name and a value, optional
        The value in words, with its unit.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> branch_words(SimpleNamespace(indicator="channel", level="web", at_most=True), plain_name)
    'channel is not web'
    """
    if row.level:
        return f"{plain(row.indicator)} is {'not ' if row.at_most else ''}{row.level}"
    limit = shown(row.threshold) if says is None else says(row.indicator, row.threshold)
    bound = f"{limit} or less" if row.at_most else f"over {limit}"
    return f"{plain(row.indicator)} {bound}{' or not known' if row.or_not_known else ''}"


def plain_name(name: str) -> str:
    """An indicator's name without its underscores.

    Examples
    --------
    >>> plain_name("order_count_90d")
    'order count 90d'
    """
    return name.replace("_", " ")


def _batches(rows: int, wanted: int) -> list[tuple[int, int]]:
    many = max(1, _ROWS // max(rows, 1))
    return [(first, min(many, wanted - first)) for first in range(0, wanted, many)]


def _log_odds(p: np.ndarray) -> np.ndarray:
    clipped = np.clip(p, 1e-6, 1 - 1e-6)
    return np.log(clipped) - np.log1p(-clipped)


def _direction(columns: np.ndarray, p: np.ndarray) -> str:
    if columns.shape[1] != 1:
        return ""
    known = ~np.isnan(columns[:, 0])
    values = columns[known, 0]
    if len(values) < 3 or np.ptp(values) == 0 or np.ptp(p[known]) == 0:
        return ""
    link = np.corrcoef(rankdata(values), rankdata(p[known]))[0, 1]
    return "more" if link > 0.1 else "less" if link < -0.1 else ""


def _typical(encoding: Encoding, name: str) -> object:
    if name in encoding.levels:
        return encoding.levels[name][0]
    return float(encoding.reference[encoding.owner == encoding.features.index(name)][0])


def _side(value: object, typical: object) -> str:
    if isinstance(typical, str):
        return "is"
    return "high" if value >= typical else "low"


def _words(name: str, value: object, typical: object) -> str:
    said = [part if isinstance(part, str) else shown(float(part)) for part in (value, typical)]
    return f"{name} {said[0]} (ordinary: {said[1]})"


def _little_model(name: str = "logistic_regression") -> tuple[Fitted, pd.DataFrame, np.ndarray]:
    """Four hundred customers of whom the silent ones stop, for the examples."""
    from crmlib.analyse.churn_candidates import fit_candidate, folds_of
    from crmlib.analyse.churn_features import learn_encoding

    lot = np.random.default_rng(0)
    table = pd.DataFrame({"silence": np.arange(400) / 4, "visits": lot.integers(0, 9, 400)})
    label = lot.random(400) * 100 < table["silence"].to_numpy()
    encoding = learn_encoding(table)
    fold = folds_of(np.arange(400), label, folds=3, seed=0)
    return fit_candidate(name, encoding.matrix(table), label, fold, encoding=encoding, seed=0), table, label
