"""How good predictions were on customers they had not seen, with intervals from drawing customers again."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.stats import rankdata

from crmlib.analyse.stats.intervals import share_interval

DRAWS, MANY, FEWER_DRAWS = 500, 20_000, 200
"""How often the customers of the test are drawn again; fewer times where they are so many that intervals are short."""
_CELLS = 4_000_000
_TOP = 0.1
_LEAST = 1e-6
MEASURES = ("auc", "log_loss", "brier", "lift_top_decile")


def area(score: np.ndarray, label: np.ndarray) -> float:
    """The chance that a customer with the outcome stands above one without, ties counting half.

    References
    ----------
    Hanley, J. A. & McNeil, B. J. (1982). The meaning and use of the area under a receiver operating
    characteristic (ROC) curve. Radiology 143.
    """
    hits = int(label.sum())
    if hits in (0, len(label)):
        return float("nan")
    ranks = rankdata(score)[label].sum()
    return float((ranks - hits * (hits + 1) / 2) / (hits * (len(label) - hits)))


def log_losses(probability: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Each customer's part of the log loss; no probability counts as less than one in a million."""
    p = np.clip(probability, _LEAST, 1 - _LEAST)
    return -np.where(label, np.log(p), np.log1p(-p))


def weighted_measures(probability: np.ndarray, label: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """All measures of one set of predictions, for each way to weigh the customers."""
    everybody, hits = _down_to_each(probability, label, weights)
    total, positive = everybody[:, -1], hits[:, -1]
    with np.errstate(divide="ignore", invalid="ignore"):
        others = np.diff(everybody - hits, axis=1, prepend=0)
        before = np.c_[np.zeros(len(hits)), hits[:, :-1]]
        auc = (others * (hits + before) / 2).sum(axis=1) / (positive * (total - positive))
        lift = _hits_within(everybody, hits, _TOP * total) / (_TOP * total) / (positive / total)
    losses = weights @ log_losses(probability, label) / total
    brier = weights @ (probability - label) ** 2 / total
    return np.column_stack([auc, losses, brier, lift])


def _down_to_each(probability: np.ndarray, label: np.ndarray, weights: np.ndarray) -> list[np.ndarray]:
    """Customers, and those with the outcome, down to each probability from the highest, for each way to weigh."""
    _, level = np.unique(-probability, return_inverse=True)
    place = (level, np.arange(len(level)))
    shape = (level.max() + 1, len(level))
    counted = (csr_array((part.astype("float64"), place), shape) for part in (np.ones(len(level)), label))
    return [np.cumsum((part @ weights.T).T, axis=1) for part in counted]


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

    References
    ----------
    Efron, B. & Tibshirani, R. J. (1993). An Introduction to the Bootstrap.
    """
    wanted = draws or (DRAWS if customers <= MANY else FEWER_DRAWS)
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
    """What was foretold against what happened, customers in groups of like probability."""
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
    """How many of those with the outcome are reached when the likeliest customers are called first."""
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


def _gains(
    probability: np.ndarray, label: np.ndarray, weights: np.ndarray, reached: np.ndarray
) -> np.ndarray:
    everybody, hits = _down_to_each(probability, label, weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = [_hits_within(everybody, hits, everybody[:, -1] * r / 100) / hits[:, -1] for r in reached]
    return 100 * np.column_stack(shares)
