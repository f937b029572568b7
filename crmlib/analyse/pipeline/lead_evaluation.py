"""How good chances to win were on a later period, with intervals from drawing whole deals again."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from crmlib.analyse.churn_evaluation import MEASURES, draws_of, weighted_measures


def deal_draws(groups: np.ndarray, *, seed: int, draws: int | None = None) -> Iterator[np.ndarray]:
    """How often each row comes when deals are drawn again, all rows of a deal together.

    Parameters
    ----------
    groups : array of int
        Rows of one deal have one number, from 0.
    seed : int
    draws : int, optional

    Yields
    ------
    array (some draws, rows)

    References
    ----------
    Field, C. A. & Welsh, A. H. (2007). Bootstrapping clustered data. JRSS B 69.

    Examples
    --------
    >>> first = next(deal_draws(np.array([0, 0, 1]), seed=0, draws=5))
    >>> first.shape, bool((first[:, 0] == first[:, 1]).all())
    ((5, 3), True)
    """
    for weights in draws_of(int(groups.max()) + 1, seed=seed, draws=draws):
        yield weights[:, groups]


def evaluate_leads(
    predictions: Mapping[str, np.ndarray],
    label: np.ndarray,
    groups: np.ndarray,
    *,
    chosen: str,
    baselines: tuple[str, ...],
    seed: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every measure of every way to foretell, and how far the chosen one is ahead of each baseline.

    As `churn_evaluation.evaluate`, but deals are drawn again, not rows: a deal that was open at several moments
    counts as one.

    Parameters
    ----------
    predictions : name -> array of probabilities
    label : array of bool
    groups : array of int
    chosen : name
    baselines : names
    seed : int

    Returns
    -------
    evaluation : DataFrame
        `model`, `kind` ("candidate" or "baseline"), each of `MEASURES` with `_low` and `_high` (95 %),
        `chosen`.
    differences : DataFrame, one row a baseline
        `baseline`, chosen minus baseline of each measure as `auc_difference`, `auc_low`, `auc_high` and so on;
        `better` (the interval of the AUC's difference lies above 0), `sharper` (that of the log loss lies below).

    Examples
    --------
    >>> lot = np.random.default_rng(0)
    >>> truth = lot.random(300)
    >>> label = lot.random(300) < truth
    >>> table, ahead = evaluate_leads({"good": truth, "base_rate": np.full(300, 0.5)}, label, np.arange(300) // 2,
    ...                               chosen="good", baselines=("base_rate",))
    >>> ahead[["better", "sharper"]].values.tolist()
    [[True, True]]
    """
    one = np.ones((1, len(label)))
    exact = {name: weighted_measures(p, label, one)[0] for name, p in predictions.items()}
    drawn: dict[str, list[np.ndarray]] = {name: [] for name in predictions}
    for weights in deal_draws(groups, seed=seed):
        for name, p in predictions.items():
            drawn[name].append(weighted_measures(p, label, weights))
    spread = {name: np.concatenate(parts) for name, parts in drawn.items()}
    rows, ahead = [], []
    for name in predictions:
        low, high = np.nanquantile(spread[name], [0.025, 0.975], axis=0)
        row: dict[str, object] = {"model": name, "kind": "baseline" if name in baselines else "candidate"}
        for i, measure in enumerate(MEASURES):
            row |= {measure: exact[name][i], f"{measure}_low": low[i], f"{measure}_high": high[i]}
        rows.append(row | {"chosen": name == chosen})
    for name in baselines:
        low, high = np.nanquantile(spread[chosen] - spread[name], [0.025, 0.975], axis=0)
        row = {"baseline": name}
        for i, measure in enumerate(MEASURES):
            difference = exact[chosen][i] - exact[name][i]
            row |= {f"{measure}_difference": difference, f"{measure}_low": low[i], f"{measure}_high": high[i]}
        ahead.append(row | {"better": bool(low[0] > 0), "sharper": bool(high[1] < 0)})
    return pd.DataFrame(rows), pd.DataFrame(ahead)


def tenths(probability: np.ndarray, label: np.ndarray, groups: np.ndarray, *, seed: int = 0) -> pd.DataFrame:
    """Deals in ten groups by their chance: what was foretold, and what share was won.

    Parameters
    ----------
    probability : array
    label : array of bool
    groups : array of int
    seed : int

    Returns
    -------
    DataFrame, the likeliest first
        `tenth` (1 to 10; fewer where deals are under 300), `deals` (rows), `predicted_pct`, `won_pct`, `low`,
        `high` (95 %, deals drawn again), `lift` (won_pct over that of all).

    Examples
    --------
    >>> lot = np.random.default_rng(0)
    >>> truth = lot.random(600)
    >>> table = tenths(truth, lot.random(600) < truth, np.arange(600))
    >>> len(table), table["won_pct"].iloc[0] > table["won_pct"].iloc[-1]
    (10, np.True_)
    """
    won = label.astype("float64")
    many = int(np.clip(len(label) // 30, 1, 10))
    order = np.argsort(-probability, kind="stable")
    place = np.empty(len(label), dtype=int)
    place[order] = np.arange(len(label)) * many // len(label)
    inside = (place[:, None] == np.arange(many)).astype("float64")
    drawn = []
    for weights in deal_draws(groups, seed=seed, draws=300):
        with np.errstate(divide="ignore", invalid="ignore"):
            drawn.append((weights * won) @ inside / (weights @ inside))
    low, high = np.nanquantile(np.concatenate(drawn), [0.025, 0.975], axis=0)
    n = inside.sum(axis=0)
    share = won @ inside / n
    return pd.DataFrame(
        {"tenth": np.arange(1, many + 1), "deals": n.astype(int), "predicted_pct": 100 * (probability @ inside) / n,
         "won_pct": 100 * share, "low": 100 * low, "high": 100 * high, "lift": share / won.mean()}
    )  # fmt: skip
