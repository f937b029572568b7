"""Which offers were taken: by how likely they were said to be, and by kind."""

import numpy as np
import pandas as pd

from crmlib.analyse.offers.proof_measures import drawn_sums
from crmlib.analyse.resampling import interval
from crmlib.analyse.shares import share_interval

_LEAST = 30


def acceptance_by_decile(offers: pd.DataFrame, *, seed: int, most: int = 10) -> pd.DataFrame:
    """What was foretold of offers against how many were taken, offers in groups of like probability.

    Parameters
    ----------
    offers : DataFrame, one row an offer
        `customer_id`, `probability` (0 to 1; rows without one are left aside), `accepted`.
    seed : int
    most : int
        Groups, as even as ties allow; fewer where one would have under thirty offers.

    Returns
    -------
    DataFrame, the least likely first
        `decile` (from 1), `offered`, `predicted_pct` (mean), `accepted_pct`, `low`, `high` (95 %: customers
        drawn again, and at least as wide as Wilson's), `agrees` (what was foretold lies between them).

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. Journal of the
    American Statistical Association 22.

    Examples
    --------
    >>> offers = pd.DataFrame({"customer_id": np.arange(80).astype(str),
    ...                        "probability": np.repeat([0.1, 0.5], 40), "accepted": np.arange(80) % 4 < 2})
    >>> acceptance_by_decile(offers, seed=0)[["decile", "offered", "predicted_pct", "accepted_pct", "agrees"]]
       decile  offered  predicted_pct  accepted_pct  agrees
    0       1       40           10.0          50.0   False
    1       2       40           50.0          50.0    True
    """
    known = offers[offers["probability"].notna()]
    if known.empty:
        return _table(known.assign(decile=pd.Series(dtype="int64")), "decile", seed=seed)
    chance = known["probability"].to_numpy(dtype="float64")
    groups = int(np.clip(len(known) // _LEAST, 1, most))
    edges = np.unique(np.quantile(chance, np.linspace(0, 1, groups + 1)[1:-1]))
    place = np.unique(np.searchsorted(edges, chance, side="right"), return_inverse=True)[1]
    return _table(known.assign(decile=place + 1), "decile", seed=seed)


def acceptance_by_kind(offers: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """How many offers of each kind were taken, and what they brought.

    Parameters
    ----------
    offers : DataFrame, one row an offer
        `customer_id`, `kind`, `probability`, `accepted`, `paid` (account currency).
    seed : int

    Returns
    -------
    DataFrame, the kind offered most often first
        `kind`, `offered`, `predicted_pct`, `accepted_pct`, `low`, `high`, `agrees`, `revenue` (account
        currency).

    Examples
    --------
    >>> offers = pd.DataFrame({"customer_id": ["a", "b", "c"], "kind": ["up-sell", "cross-sell", "up-sell"],
    ...                        "probability": [0.5, 0.2, 0.5], "accepted": [True, False, False],
    ...                        "paid": [4.0, 0.0, 0.0]})
    >>> acceptance_by_kind(offers, seed=0)[["kind", "offered", "accepted_pct", "revenue"]]
             kind  offered  accepted_pct  revenue
    0     up-sell        2          50.0      4.0
    1  cross-sell        1           0.0      0.0
    """
    table = _table(offers, "kind", seed=seed)
    paid = offers.groupby("kind")["paid"].sum()
    table["revenue"] = table["kind"].map(paid).astype("float64")
    return table.sort_values(["offered", "kind"], ascending=[False, True], kind="stable").reset_index(
        drop=True
    )


def _table(offers: pd.DataFrame, by: str, *, seed: int) -> pd.DataFrame:
    place, groups = pd.factorize(offers[by], sort=True)
    person, people = pd.factorize(offers["customer_id"])
    sums = np.zeros((len(people), 2 * len(groups)))
    np.add.at(sums, (person, 2 * place), 1.0)
    np.add.at(sums, (person, 2 * place + 1), offers["accepted"].to_numpy(dtype="float64"))
    total = sums.sum(axis=0)
    drawn = drawn_sums(sums, seed=seed) if len(people) else np.zeros((0, 2 * len(groups)))
    rows = []
    for i, group in enumerate(groups):
        own = offers[place == i]
        low, high = _ends(drawn[:, 2 * i : 2 * i + 2], *total[2 * i : 2 * i + 2])
        foretold = 100 * float(own["probability"].mean())
        rows.append(
            {
                by: group,
                "offered": int(total[2 * i]),
                "predicted_pct": foretold,
                "accepted_pct": 100 * total[2 * i + 1] / total[2 * i],
                "low": low,
                "high": high,
                "agrees": bool(low <= foretold <= high),
            }
        )
    return pd.DataFrame(
        rows, columns=[by, "offered", "predicted_pct", "accepted_pct", "low", "high", "agrees"]
    )


def _ends(drawn: np.ndarray, offered: float, accepted: float) -> tuple[float, float]:
    """Drawing again cannot see beyond what happened: where nothing was taken it would give 0 to 0."""
    least, most = share_interval(accepted, offered)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = interval(drawn[:, 1] / drawn[:, 0])
    return 100 * min(low, least), 100 * max(high, most)
