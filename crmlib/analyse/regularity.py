"""Do customers buy at random moments, or like clockwork? The models of buying and leaving take the former."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr

from crmlib.analyse.resampling import interval, resampled_means
from crmlib.prepare.engine import require_columns
from crmlib.schema.errors import ParameterError

SHORTEST_PAIR = 8
"""Days that two gaps must last together, so that whole days do not blur how they are split."""

FEWEST_CUSTOMERS = 30
"""Customers from whom on something is said."""

PAIRS_OF_ONE = 8
"""Pairs of gaps from which on a single customer is judged."""

_RANDOM, _ONE_SIDED = 1 / 12, 1.644854
_CLASSES = ((3, 4), (5, 9), (10, 24), (25, None))


@dataclass(frozen=True, kw_only=True, eq=False)
class Regularity:
    """How regularly customers buy.

    Parameters
    ----------
    shape : float
        Of the gamma distribution of the time between two purchases: 1 is at random (Poisson), 2 clearly
        regular, far above like clockwork, below 1 in bursts. NaN where too few customers say anything.
    low, high : float
        95 % interval, customers drawn again.
    p_value : float
        Of buying at random, two-sided.
    customers, pairs : int
        Customers with at least one pair of gaps that counts, and those pairs.
    measured_share_pct : float
        Those customers' share of all who have bought.
    regular_share_pct : float
        Of the customers with at least `PAIRS_OF_ONE` pairs, the share that is by itself more regular than
        chance allows (one-sided, 5 %; so 5 % is what chance alone brings). NaN without such customers.
    judged_customers : int
        Those with so many pairs.
    by_purchases : DataFrame
        `purchases` (days with a purchase, class), `customers`, `pairs`, `shape`, `low`, `high`.
    verdict : "regular", "random", "bursts" or "unknown"
    says : str

    Examples
    --------
    See `regularity`.
    """

    shape: float
    low: float
    high: float
    p_value: float
    customers: int
    pairs: int
    measured_share_pct: float
    regular_share_pct: float
    judged_customers: int
    by_purchases: pd.DataFrame
    verdict: str
    says: str

    def _repr_html_(self) -> str:
        return f"<p>{self.says}</p>{self.by_purchases.to_html(index=False)}"


def regularity(days: pd.DataFrame, *, seed: int = 0) -> Regularity:
    """Test whether customers buy at random moments, each at an own rate, and measure how far they do not.

    Of two consecutive gaps of a customer, t1 / (t1 + t2) is uniform on 0 to 1 if purchases come at random,
    whatever the customer's rate, and nearer to a half the more regular they are: its variance is
    1 / (4 (2 shape + 1)). Every customer counts once, with the mean over all disjoint pairs of gaps, counted
    from the first purchase on; how a pair is split has nothing to do with how long it lasts, so that the pairs
    which the closing day cuts off bias nothing. Gaps are whole days: within its day a purchase is taken to be
    anywhere, and pairs shorter than `SHORTEST_PAIR` days are left out.

    Parameters
    ----------
    days : DataFrame
        `customer_id`, `ordered_on`: the days on which each customer bought, once each, as `purchase_days`
        gives them.
    seed : int

    Returns
    -------
    Regularity

    Raises
    ------
    SchemaError
        If a column is missing.
    ParameterError
        If a customer's day stands there twice.

    References
    ----------
    Wheat, R. D. & Morrison, D. G. (1990). Estimating purchase regularity with two interpurchase times. Journal
    of Marketing Research 27(1), 87-93.

    Examples
    --------
    Every fortnight is as regular as can be:

    >>> days = pd.DataFrame({"customer_id": np.repeat(np.arange(40), 5),
    ...                      "ordered_on": pd.to_datetime(["2024-01-01"] * 200)
    ...                      + pd.to_timedelta(np.tile(np.arange(5), 40) * 14, unit="D")})
    >>> found = regularity(days)
    >>> found.verdict, found.customers, found.pairs, bool(found.low > 50)
    ('regular', 40, 80, True)
    """
    require_columns(days, ("customer_id", "ordered_on"), table_name="days")
    buyers = int(days["customer_id"].nunique())
    pairs = _pairs(days)
    table = pairs.groupby("customer_id", sort=True)["spread"].agg(["mean", "size"])
    table["purchases"] = days.groupby("customer_id").size().reindex(table.index)
    few = len(table) < FEWEST_CUSTOMERS
    shape, low, high = _shape(table["mean"].to_numpy(), seed=seed)
    verdict = "unknown" if few else "regular" if low > 1 else "bursts" if high < 1 else "random"
    judged = table[table["size"] >= PAIRS_OF_ONE]
    surprise = (judged["mean"] - _RANDOM) / np.sqrt(1 / 180 / judged["size"])
    share = float(100 * (surprise < -_ONE_SIDED).mean()) if len(judged) else float("nan")
    return Regularity(
        shape=shape,
        low=low,
        high=high,
        p_value=_p_value(table["mean"].to_numpy()),
        customers=len(table),
        pairs=len(pairs),
        measured_share_pct=100 * len(table) / buyers if buyers else float("nan"),
        regular_share_pct=share,
        judged_customers=len(judged),
        by_purchases=_by_purchases(table, seed=seed),
        verdict=verdict,
        says=_says(verdict, shape, low, high),
    )


def _pairs(days: pd.DataFrame) -> pd.DataFrame:
    """The disjoint pairs of gaps that count: how far from an even split, squared, whatever the blur of days."""
    ordered = days[["customer_id", "ordered_on"]].sort_values(["customer_id", "ordered_on"], kind="stable")
    groups = ordered.groupby("customer_id", sort=False)["ordered_on"]
    place, ahead, second = groups.cumcount(), groups.shift(-1), groups.shift(-2)
    first_gap = (ahead - ordered["ordered_on"]).dt.days
    if (first_gap == 0).any():
        raise ParameterError("days holds a day of one customer twice: make it with purchase_days.")
    whole = (second - ordered["ordered_on"]).dt.days
    counts = (place % 2 == 0) & (whole >= SHORTEST_PAIR)
    cells = whole[counts] - 1
    # Uniform within its day, a purchase at random is uniform over the pair, whatever the pair's length.
    spread = ((first_gap[counts] - 0.5) / cells - 0.5) ** 2 + 1 / (12 * cells**2)
    return pd.DataFrame({"customer_id": ordered.loc[counts, "customer_id"], "spread": spread})


def _shape(spreads: np.ndarray, *, seed: int) -> tuple[float, float, float]:
    if len(spreads) < 2:
        return float("nan"), float("nan"), float("nan")
    found = _shape_of(spreads.mean())
    high, low = interval(resampled_means(spreads[:, None], seed=seed)[:, 0])
    return found, _shape_of(low), _shape_of(high)


def _shape_of(spread: float) -> float:
    return float(1 / (8 * spread) - 0.5) if spread > 0 else float("inf")


def _p_value(spreads: np.ndarray) -> float:
    if len(spreads) < 2 or not np.ptp(spreads):
        return float("nan")
    error = spreads.std(ddof=1) / np.sqrt(len(spreads))
    return float(2 * ndtr(-abs(spreads.mean() - _RANDOM) / error))


def _by_purchases(table: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    rows = []
    for least, most in _CLASSES:
        members = table[(table["purchases"] >= least) & (table["purchases"] <= (most or np.inf))]
        name = f"{least} to {most}" if most else f"{least}+"
        shape, low, high = _shape(members["mean"].to_numpy(), seed=seed)
        if len(members) < FEWEST_CUSTOMERS:
            shape = low = high = float("nan")
        rows.append((name, len(members), int(members["size"].sum()), shape, low, high))
    return pd.DataFrame(rows, columns=["purchases", "customers", "pairs", "shape", "low", "high"])


def _says(verdict: str, shape: float, low: float, high: float) -> str:
    if verdict == "unknown":
        return "Too few customers have bought three times to say whether they buy regularly or at random."
    figures = f"(regularity {shape:.2f}, {low:.2f} to {high:.2f}, where 1 is at random)"
    if verdict == "random":
        return f"Customers buy at random moments {figures}, as models of buying and leaving take it."
    if verdict == "bursts":
        return (
            f"Customers buy in bursts, with long pauses between {figures}: a long silence says less about who "
            "has left than models of buying and leaving take it to say."
        )
    how = (
        "a little more regularly"
        if shape < 1.5
        else "more regularly"
        if shape < 2.5
        else "far more regularly"
    )
    return (
        f"Customers buy {how} than at random {figures}: models of buying and leaving, which take purchases "
        "for random, see too late that somebody has stopped."
    )
