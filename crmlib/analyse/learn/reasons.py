"""Why: which figures a prediction rests on, overall, for each customer, and as a tree that can be read."""

from collections.abc import Callable, Collection, Iterator
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.learn.candidates import ROWS_AT_ONCE, Fitted, Learnt, Rows, reason_series
from crmlib.analyse.learn.evaluate import area, draws_of, weighted_measures
from crmlib.analyse.learn.features import Encoding
from crmlib.analyse.segments.names import shown
from crmlib.schema.states import LIKELY

MOST_DRIVERS = 15
"""Figures that are looked at closely; the others matter less."""
MOST_REASONS = 3
WORTH_SAYING = 0.1
"""A figure is a reason if it moves the odds by a tenth at least."""
_SCREENED, _SHUFFLES, _DRAWS = 600, 3, 100
_SHUFFLED = 10_000


ALL_EXPLAINED = 100_000
"""Of more customers only those whose chance is acted on have reasons: a list shows nobody else's."""


def explained(
    tested: Fitted,
    matrix: np.ndarray,
    label: np.ndarray,
    final: Learnt,
    rows: Rows,
    scored: pd.DataFrame,
    *,
    seed: int,
    chance: pd.Series | None = None,
    hidden: Collection[str] = (),
) -> dict[str, Any]:
    """The parts of the result that say why; a customer's reasons are figures with an effect in the test."""
    if chance is not None:
        told = chance[chance >= LIKELY] if len(chance) > ALL_EXPLAINED else chance
        scored = scored.loc[told.index]
    table = drivers(tested, matrix, label, seed=seed)
    proven = table.loc[table["low"] > 0, "indicator"]
    told = [name for name in proven if name not in hidden]
    reasons = reason_table(final.chosen, final.encoding.matrix(scored), scored, names=told)
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


def contributions(model: Fitted, matrix: np.ndarray, features: list[str] | None = None) -> pd.DataFrame:
    """How far each figure moves each customer's log odds against the same customer with an ordinary one.

    Measured before the calibration: its steps give many customers the same chance, whatever one figure says.
    """
    encoding = model.encoding
    wanted = [
        name for name in (encoding.features if features is None else features) if name in encoding.features
    ]
    if not len(matrix):
        return pd.DataFrame(columns=wanted, dtype="float64")
    if len(matrix) > ROWS_AT_ONCE:
        # Each figure in turn is a copy of all rows.
        parts = [matrix[first : first + ROWS_AT_ONCE] for first in range(0, len(matrix), ROWS_AT_ONCE)]
        return pd.concat([contributions(model, part, features) for part in parts], ignore_index=True)
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

    Breiman, L. (2001). Random forests. Machine Learning 45.
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
    """Up to three figures of each customer that speak most for the outcome."""
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
    strength = np.take_along_axis(moved.to_numpy(), order, axis=1)
    values = numbers | texts
    known = np.column_stack([pd.notna(values[name]) for name in moved]) if values else order
    # That something is not known may well foretell the outcome, but nobody can act on it.
    told = (strength >= WORTH_SAYING) & np.take_along_axis(known, order, axis=1).astype(bool)
    place = told.cumsum(axis=1)
    row, nth = np.nonzero(told & (place <= MOST_REASONS))
    which = moved.columns.to_numpy()[order[row, nth]]
    found = [values[name][i] for i, name in zip(row, which, strict=True)]
    rows = {
        "customer_id": features.index[row].tolist(),
        "place": place[row, nth],
        "indicator": which.tolist(),
        "value": found,
        "typical": [typical[name] for name in which],
        "direction": [_side(value, typical[name]) for value, name in zip(found, which, strict=True)],
        "log_odds": strength[row, nth],
    }
    return pd.DataFrame(rows)


def reasons_in_words(
    table: pd.DataFrame, customers: pd.Index, *, label_of: Callable[[str], str] | None = None
) -> pd.Series:
    """The reasons of each customer as one text."""
    plain = label_of or plain_name
    said: dict[object, list[str]] = {}
    written: dict[tuple[Any, ...], str] = {}
    columns = ["customer_id", "indicator", "value", "typical"]
    for who, *reason in table.reindex(columns=columns).itertuples(index=False):
        if (told := written.get(tuple(reason))) is None:
            told = written[tuple(reason)] = _words(plain(reason[0]), *reason[1:])
        said.setdefault(who, []).append(told)
    texts = ["; ".join(said[who]) if who in said else "nothing stands out" for who in customers]
    return pd.Series(texts, index=customers, name="reason", dtype="str")


def tree_table(model: Fitted, matrix: np.ndarray, label: np.ndarray) -> pd.DataFrame:
    """The decision tree as rows: every branch under the one it belongs to."""
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


def tree_paths(tree: pd.DataFrame) -> Iterator[tuple[list[Any], Any]]:
    """The branches that lead to each leaf, and the leaf."""
    path: list[Any] = []
    for row in tree.itertuples(index=False):
        path = [*path[: row.depth - 1], row]
        if row.is_leaf:
            yield path, row


def tree_in_words(tree: pd.DataFrame, *, label_of: Callable[[str], str] | None = None) -> str:
    """The decision tree as indented lines."""
    plain = label_of or plain_name
    return "\n".join(
        f"{'    ' * (row.depth - 1)}{branch_words(row, plain)}: {row.outcome_share_pct:.0f} % of "
        f"{row.customers:,} customers"
        for row in tree.itertuples(index=False)
    )


def branch_words(row: Any, plain: Callable[[str], str]) -> str:
    """One branch's condition."""
    if row.level:
        return f"{plain(row.indicator)} is {'not ' if row.at_most else ''}{row.level}"
    limit = shown(row.threshold)
    bound = f"{limit} or less" if row.at_most else f"over {limit}"
    return f"{plain(row.indicator)} {bound}{' or not known' if row.or_not_known else ''}"


def plain_name(name: str) -> str:
    """An indicator's name without its underscores."""
    return name.replace("_", " ")


def _batches(rows: int, wanted: int) -> list[tuple[int, int]]:
    many = max(1, ROWS_AT_ONCE // max(rows, 1))
    return [(first, min(many, wanted - first)) for first in range(0, wanted, many)]


def _log_odds(p: np.ndarray) -> np.ndarray:
    clipped = np.clip(p, 1e-6, 1 - 1e-6)
    return np.log(clipped) - np.log1p(-clipped)


def _direction(columns: np.ndarray, p: np.ndarray) -> str:
    from scipy.stats import rankdata

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
