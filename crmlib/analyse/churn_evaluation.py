"""How good predictions were on customers they had not seen, with intervals from drawing customers again."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from crmlib.analyse.shares import share_interval

DRAWS = 500
"""How often the customers of the test are drawn again; fewer where they are very many."""
_CELLS = 4_000_000
_TOP = 0.1
_LEAST = 1e-6
MEASURES = ("auc", "log_loss", "brier", "lift_top_decile")


def area(score: np.ndarray, label: np.ndarray) -> float:
    """The chance that a customer with the outcome stands above one without, ties counting half.

    Parameters
    ----------
    score : array of float
    label : array of bool

    Returns
    -------
    float
        NaN where all have one outcome.

    References
    ----------
    Hanley, J. A. & McNeil, B. J. (1982). The meaning and use of the area under a receiver operating
    characteristic (ROC) curve. Radiology 143.

    Examples
    --------
    >>> area(np.array([0.9, 0.5, 0.5, 0.1]), np.array([True, True, False, False]))
    0.875
    """
    hits = int(label.sum())
    if hits in (0, len(label)):
        return float("nan")
    ranks = rankdata(score)[label].sum()
    return float((ranks - hits * (hits + 1) / 2) / (hits * (len(label) - hits)))


def log_losses(probability: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Each customer's part of the log loss; no probability counts as less than one in a million.

    Examples
    --------
    >>> log_losses(np.array([0.5, 1.0]), np.array([True, True])).round(3).tolist()
    [0.693, 0.0]
    """
    p = np.clip(probability, _LEAST, 1 - _LEAST)
    return -np.where(label, np.log(p), np.log1p(-p))


def weighted_measures(probability: np.ndarray, label: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """All measures of one set of predictions, for each way to weigh the customers.

    Parameters
    ----------
    probability : array (customers,)
    label : array (customers,) of bool
    weights : array (draws, customers)
        How often each customer was drawn.

    Returns
    -------
    array (draws, measures)
        In the order of `MEASURES`. The lift is the share of the outcome among the tenth of customers with the
        highest probabilities, over the share among all; equal probabilities at the border count in proportion.

    Examples
    --------
    >>> p, y = np.array([0.9, 0.5, 0.5, 0.1]), np.array([True, True, False, False])
    >>> weighted_measures(p, y, np.ones((1, 4)))[0].round(3).tolist()
    [0.875, 0.399, 0.13, 2.0]
    """
    order = np.argsort(-probability, kind="stable")
    ends = np.flatnonzero(np.r_[np.diff(probability[order]) != 0, True])
    w = weights[:, order]
    everybody = np.cumsum(w, axis=1)[:, ends]
    hits = np.cumsum(w * label[order], axis=1)[:, ends]
    total, positive = everybody[:, -1], hits[:, -1]
    with np.errstate(divide="ignore", invalid="ignore"):
        others = np.diff(everybody - hits, axis=1, prepend=0)
        before = np.c_[np.zeros(len(w)), hits[:, :-1]]
        auc = (others * (hits + before) / 2).sum(axis=1) / (positive * (total - positive))
        lift = _hits_within(everybody, hits, _TOP * total) / (_TOP * total) / (positive / total)
    losses = weights @ log_losses(probability, label) / total
    brier = weights @ (probability - label) ** 2 / total
    return np.column_stack([auc, losses, brier, lift])


def _hits_within(everybody: np.ndarray, hits: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """Hits among so many of the first, between two ends of equal probabilities in proportion."""
    rows = np.arange(len(everybody))
    at = np.minimum((everybody < reach[:, None] - 1e-9).sum(axis=1), everybody.shape[1] - 1)
    low = np.where(at > 0, everybody[rows, np.maximum(at - 1, 0)], 0)
    found = np.where(at > 0, hits[rows, np.maximum(at - 1, 0)], 0)
    size = everybody[rows, at] - low
    share = np.where(size > 0, (reach - low) / np.where(size > 0, size, 1), 0)
    return found + share * (hits[rows, at] - found)


def draws_of(customers: int, *, seed: int, draws: int | None = None) -> Iterator[np.ndarray]:
    """How often each customer comes when as many are drawn again with replacement, some draws at a time.

    Parameters
    ----------
    customers : int
    seed : int
    draws : int, optional

    Yields
    ------
    array (some draws, customers)

    References
    ----------
    Efron, B. & Tibshirani, R. J. (1993). An Introduction to the Bootstrap.

    Examples
    --------
    >>> sum(len(part) for part in draws_of(10, seed=0, draws=20)), next(draws_of(10, seed=0)).sum(axis=1)[0]
    (20, np.float64(10.0))
    """
    wanted = draws or (DRAWS if customers <= 100_000 else 200)
    lot = np.random.default_rng(seed)
    step = max(1, _CELLS // max(customers, 1))
    for begin in range(0, wanted, step):
        many = min(step, wanted - begin)
        drawn = lot.integers(0, customers, (many, customers)) + np.arange(many)[:, None] * customers
        yield (
            np.bincount(drawn.ravel(), minlength=many * customers).reshape(many, customers).astype("float64")
        )


def evaluate(
    predictions: Mapping[str, np.ndarray],
    label: np.ndarray,
    *,
    chosen: str,
    baselines: tuple[str, ...],
    seed: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every measure of every model, and how far the chosen one is ahead of each baseline.

    Customers are drawn again for the intervals, the same ones for all models, so that differences are paired.

    Parameters
    ----------
    predictions : name -> array of probabilities
    label : array of bool
    chosen : name
    baselines : names
    seed : int

    Returns
    -------
    evaluation : DataFrame
        `model`, `kind` ("candidate" or "baseline"), then each of `MEASURES` with `_low` and `_high` (95 %
        intervals), `chosen`.
    differences : DataFrame, one row a baseline
        `baseline`, then for each measure chosen minus baseline as `auc_difference`, `auc_low`, `auc_high` and
        so on, and `better`: the interval of the AUC's difference lies above 0.

    Examples
    --------
    >>> lot = np.random.default_rng(0)
    >>> truth = lot.random(500)
    >>> label = lot.random(500) < truth
    >>> table, ahead = evaluate({"good": truth, "base_rate": np.full(500, 0.5)}, label, chosen="good",
    ...                         baselines=("base_rate",))
    >>> table["auc"].round(2).tolist(), ahead["better"].tolist()
    ([0.84, 0.5], [True])
    """
    names = list(predictions)
    exact = {
        name: weighted_measures(p, label, np.ones((1, len(label))))[0] for name, p in predictions.items()
    }
    drawn: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for weights in draws_of(len(label), seed=seed):
        for name in names:
            drawn[name].append(weighted_measures(predictions[name], label, weights))
    spread = {name: np.concatenate(parts) for name, parts in drawn.items()}
    rows = []
    for name in names:
        low, high = np.nanquantile(spread[name], [0.025, 0.975], axis=0)
        row: dict[str, object] = {"model": name, "kind": "baseline" if name in baselines else "candidate"}
        for i, measure in enumerate(MEASURES):
            row |= {measure: exact[name][i], f"{measure}_low": low[i], f"{measure}_high": high[i]}
        rows.append(row | {"chosen": name == chosen})
    ahead = []
    for name in [name for name in names if name in baselines]:
        low, high = np.nanquantile(spread[chosen] - spread[name], [0.025, 0.975], axis=0)
        row = {"baseline": name}
        for i, measure in enumerate(MEASURES):
            difference = exact[chosen][i] - exact[name][i]
            row |= {f"{measure}_difference": difference, f"{measure}_low": low[i], f"{measure}_high": high[i]}
        ahead.append(row | {"better": bool(low[0] > 0)})
    return pd.DataFrame(rows), pd.DataFrame(ahead)


def calibration_table(probability: np.ndarray, label: np.ndarray, *, most: int = 10) -> pd.DataFrame:
    """What was foretold against what happened, customers in groups of like probability.

    Parameters
    ----------
    probability : array
    label : array of bool
    most : int
        Groups, as even as ties allow; fewer where a group would have under 30 customers.

    Returns
    -------
    DataFrame
        `customers`, `predicted_pct` (mean), `observed_pct`, `low`, `high` (95 % interval of what was observed,
        Wilson's).

    Examples
    --------
    >>> p = np.repeat([0.2, 0.6], 50)
    >>> calibration_table(p, np.arange(100) % 5 < 2).round(1)
       customers  predicted_pct  observed_pct   low  high
    0         50           20.0          40.0  27.6  53.8
    1         50           60.0          40.0  27.6  53.8
    """
    groups = int(np.clip(len(label) // 30, 1, most))
    edges = np.unique(np.quantile(probability, np.linspace(0, 1, groups + 1)[1:-1]))
    place = np.searchsorted(edges, probability, side="right")
    frame = pd.DataFrame({"p": probability, "y": label.astype(float)}).groupby(place)
    n, share = frame.size().to_numpy(), frame["y"].mean().to_numpy()
    low, high = share_interval(frame["y"].sum().to_numpy(), n)
    return pd.DataFrame(
        {
            "customers": n,
            "predicted_pct": 100 * frame["p"].mean().to_numpy(),
            "observed_pct": 100 * share,
            "low": 100 * low,
            "high": 100 * high,
        }
    )


def gains_table(
    probability: np.ndarray, rivals: Mapping[str, np.ndarray], label: np.ndarray, *, seed: int = 0
) -> pd.DataFrame:
    """How many of those with the outcome are reached when the likeliest customers are called first.

    Parameters
    ----------
    probability : array, of the chosen model
    rivals : name -> array
        Drawn beside it.
    label : array of bool
    seed : int

    Returns
    -------
    DataFrame
        `reached_pct` (5, 10, 20 ... 100 % of customers), `found_pct` (of those with the outcome), `low`,
        `high` (95 % interval), and a column `found_pct_<rival>` each.

    Examples
    --------
    >>> label = np.arange(100) < 20
    >>> table = gains_table(-np.arange(100.0), {}, label)
    >>> table.loc[table["reached_pct"] == 10, "found_pct"].item()
    50.0
    """
    reached = np.array([5.0, *range(10, 101, 10)])
    drawn = np.concatenate([_gains(probability, label, w, reached) for w in draws_of(len(label), seed=seed)])
    low, high = np.nanquantile(drawn, [0.025, 0.975], axis=0)
    one = np.ones((1, len(label)))
    table = pd.DataFrame(
        {"reached_pct": reached, "found_pct": _gains(probability, label, one, reached)[0], "low": low,
         "high": high}
    )  # fmt: skip
    for name, rival in rivals.items():
        table[f"found_pct_{name}"] = _gains(rival, label, one, reached)[0]
    return table


def _gains(
    probability: np.ndarray, label: np.ndarray, weights: np.ndarray, reached: np.ndarray
) -> np.ndarray:
    order = np.argsort(-probability, kind="stable")
    ends = np.flatnonzero(np.r_[np.diff(probability[order]) != 0, True])
    w = weights[:, order]
    everybody = np.cumsum(w, axis=1)[:, ends]
    hits = np.cumsum(w * label[order], axis=1)[:, ends]
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = [_hits_within(everybody, hits, everybody[:, -1] * r / 100) / hits[:, -1] for r in reached]
    return 100 * np.column_stack(shares)
