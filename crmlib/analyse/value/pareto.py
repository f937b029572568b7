"""How unevenly value lies over the customers: what the top fifth brings, and who the A customers are."""

from dataclasses import dataclass
from html import escape
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.stats import FEWEST
from crmlib.schema.errors import ParameterError

DRAWS = 1000
MOST_CELLS = 20_000
_BORDERS = (50.0, 80.0, 95.0)


@dataclass(frozen=True, kw_only=True)
class Curves:
    """Figures of several draws of the same customers; NaN where a draw has no value.

    `at_customers` (draws, 101): Percent of value that the first 0, 1, ... 100 percent of customers bring.
    `gini`: draws,.
    `customers_for` (draws, 3): Percent of customers it takes to reach 50, 80 and 95 percent of value.
    """

    at_customers: np.ndarray
    gini: np.ndarray
    customers_for: np.ndarray


def in_cells(ordered: np.ndarray, *, most: int = MOST_CELLS) -> tuple[np.ndarray, np.ndarray]:
    """Customers in order of value as at most `most` cells: one each at the top, neighbours together below."""
    n = len(ordered)
    if n <= most:
        return np.ones(n, dtype="int64"), ordered.astype("float64")
    top = most // 2
    borders = np.r_[np.arange(top), np.linspace(top, n, most - top + 1).astype("int64")]
    sizes = np.diff(borders)
    return sizes, np.add.reduceat(ordered, borders[:-1]) / sizes


def resampled(sizes: np.ndarray, *, seed: int, draws: int = DRAWS) -> np.ndarray:
    """How often each cell's customers are drawn: a Poisson number, on average as many as there are."""
    small = len(sizes) == 0 or sizes.max() < 30_000
    counts = np.empty((draws, len(sizes)), dtype="uint16" if small else "uint32")
    random = np.random.default_rng(seed)
    for i in range(draws):
        counts[i] = random.poisson(sizes)
    return counts


def draw_curves(counts: np.ndarray, means: np.ndarray) -> Curves:
    """The curve of value over customers for each draw."""
    found = [_one_draw(drawn.astype("float64"), means) for drawn in counts]
    at, gini, needed = zip(*found, strict=True) if found else ((), (), ())
    at_customers = np.array(at).reshape(-1, 101)
    customers_for = np.array(needed).reshape(-1, len(_BORDERS))
    return Curves(at_customers=at_customers, gini=np.array(gini), customers_for=customers_for)


def _one_draw(drawn: np.ndarray, means: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    customers = np.r_[0.0, drawn.cumsum()]
    value = np.r_[0.0, (drawn * means).cumsum()]
    if value[-1] <= 0:
        return np.full(101, np.nan), np.nan, np.full(len(_BORDERS), np.nan)
    customers *= 100 / customers[-1]
    value *= 100 / value[-1]
    area = float((np.diff(customers) * (value[1:] + value[:-1])).sum()) / 2
    # Interpolating the other way round needs the first place at which a value is reached.
    first = np.r_[True, np.diff(value) > 0]
    needed = np.interp(_BORDERS, value[first], customers[first])
    return np.interp(np.arange(101.0), customers, value), area / 5000 - 1, needed


NEARLY_80 = 75.0
"""From this share on, the top fifth is said to bring about 80 % or more."""


CLASS_BORDERS = {"A": 80.0, "B": 95.0, "C": 100.0}
"""Class -> up to which percent of all value it reaches, the most valuable customers first."""

_ALMOST = 1 - 1e-12


@dataclass(frozen=True, kw_only=True, eq=False)
class ParetoCurve:
    """How the value that customers bring is shared out among them.

    Parameters
    ----------
    curve : DataFrame of 101 rows (none without value)
        `customers_share_pct` (0 to 100, the most valuable first), `value_share_pct`, and `low`, `high`: the
        95 % interval of the latter.
    top20_share_pct : (value, low, high)
        Percent of all value that the top 20 % of customers bring.
    gini : (value, low, high)
        0 where all bring the same, towards 1 where one brings all.
    classes : Series customer_id -> "A", "B" or "C", in the order given
    class_table : DataFrame indexed by class
        `customers`, `customers_share_pct` with its interval `low`, `high`, `value`, `value_share_pct`.
    half_of_value_customers_pct : float
        The share of customers that bring half of all value.
    customers : int
        With a known value, those of 0 and below among them.
    missing : int
        Customers whose value is not known; they are left out.
    without_value : int
        Customers whose value is exactly 0.
    negative_customers, negative_total : int, float
        Customers below 0, and what they come to (0 or less). On the curve they count as 0.
    total : float
        The value that is shared out: the sum of all that is above 0.
    measure : str
        What the value is: the name of the Series, such as "spend_total".
    currency : str
        Of the values, where `values.attrs` has it.

    Examples
    --------
    >>> found = pareto(pd.Series([50.0, 20.0, 10.0, 10.0, 10.0], name="spend_total"))
    >>> found.top20_share_pct[0], round(found.gini[0], 3), found.classes.tolist()
    (50.0, 0.36, ['A', 'A', 'A', 'A', 'A'])
    """

    curve: pd.DataFrame
    top20_share_pct: tuple[float, float, float]
    gini: tuple[float, float, float]
    classes: pd.Series
    class_table: pd.DataFrame
    half_of_value_customers_pct: float
    customers: int
    missing: int
    without_value: int
    negative_customers: int
    negative_total: float
    total: float
    measure: str
    currency: str = ""

    @property
    def says_80_20(self) -> str:
        """Whether the top fifth brings about 80 % or more.

        Returns
        -------
        "yes", "no" or "uncertain"
            Yes where the whole interval is at 75 % or more, no where it is below; uncertain where 75 % lies
            inside it, and with fewer than 30 customers.

        Examples
        --------
        >>> pareto(pd.Series([1.0] * 40)).says_80_20, pareto(pd.Series([1.0] * 8)).says_80_20
        ('no', 'uncertain')
        """
        _, low, high = self.top20_share_pct
        if self.customers < FEWEST or not np.isfinite(low):
            return "uncertain"
        return "yes" if low >= NEARLY_80 else "no" if high < NEARLY_80 else "uncertain"

    def _repr_html_(self) -> str:
        share, low, high = self.top20_share_pct
        rows = "".join(
            f"<tr><th scope='row'>{escape(str(name))}</th><td>{int(row['customers']):,}</td>"
            f"<td>{row['customers_share_pct']:.1f}</td><td>{row['value_share_pct']:.1f}</td></tr>"
            for name, row in self.class_table.iterrows()
        )
        heads = "".join(
            f"<th scope='col'>{head}</th>" for head in ("Class", "Customers", "Share, %", "Share of value, %")
        )
        return (
            f"<table><caption>The top 20 % of {self.customers:,} customers bring {share:.1f} % "
            f"({low:.1f} to {high:.1f}) of {escape(self.measure)}</caption>"
            f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        )


def pareto(values: pd.Series, *, seed: int = 0) -> ParetoCurve:
    """What the most valuable customers bring of the whole, with intervals, and the classes A, B and C.

    Customers are put in order of value. Class A are those who bring the first 80 % of it, the one who passes
    that border among them, B the next 15 %, C the rest; customers of the same value are in the same class,
    and nobody without value is above C. A share of customers that is no whole number takes a part of the next
    one. Customers below 0 (more came back than was bought) bring nothing: they count as customers with 0, and
    `negative_total` says what they come to. Intervals are percentiles of 1,000 resamples of the customers
    (each customer is drawn a Poisson number of times; of more than 20,000 customers, those below the top
    10,000 are taken in 10,000 groups of neighbours in value). With a few hundred customers and some very
    large ones among them, such intervals hold the truth about 9 times in 10 rather than 95 in 100.

    Parameters
    ----------
    values : Series customer_id -> value
        Such as `spend_total` or `margin_total`. Missing ones are left out and counted.

    Raises
    ------
    ParameterError
        If it is no Series of numbers, a customer comes twice, or a value is infinite.

    References
    ----------
    Lorenz, M. O. (1905). Methods of measuring the concentration of wealth. Publications of the American
    Statistical Association 9.

    Gini, C. (1912). Variabilità e mutabilità.

    Hanley, J. A. & MacGibbon, B. (2006). Creating non-parametric bootstrap samples using Poisson frequencies.
    Computer Methods and Programs in Biomedicine 83.

    Examples
    --------
    >>> ledger = pd.Series({"ann": 80.0, "bob": 15.0, "cy": 4.0, "dot": 1.0, "eve": -3.0})
    >>> found = pareto(ledger)
    >>> found.top20_share_pct[0], found.negative_total, found.classes.to_dict()
    (80.0, -3.0, {'ann': 'A', 'bob': 'B', 'cy': 'C', 'dot': 'C', 'eve': 'C'})
    >>> found.class_table["customers"].to_dict()
    {'A': 1, 'B': 1, 'C': 3}
    """
    known = _checked(values, seed)
    brought = known.clip(lower=0.0)
    ordered = np.sort(brought.to_numpy())[::-1]
    sizes, means = in_cells(ordered)
    draws = draw_curves(resampled(sizes, seed=seed), means)
    now = draw_curves(np.ones((1, len(ordered))), ordered)
    classes = value_classes(brought).reindex(values.index)
    return ParetoCurve(
        curve=_curve(now, draws),
        top20_share_pct=_with_interval(now.at_customers[0, 20], draws.at_customers[:, 20]),
        gini=_with_interval(now.gini[0], draws.gini),
        classes=classes.rename("value_class"),
        class_table=_class_table(brought, classes, draws.customers_for),
        half_of_value_customers_pct=float(now.customers_for[0, 0]),
        customers=len(known),
        missing=len(values) - len(known),
        without_value=int((known == 0).sum()),
        negative_customers=int((known < 0).sum()),
        negative_total=float(known[known < 0].sum()),
        total=float(brought.sum()),
        measure=str(values.name) if values.name is not None else "value",
        currency=str(values.attrs.get("currency") or ""),
    )


def value_classes(values: pd.Series) -> pd.Series:
    """Class A, B or C of every customer."""
    brought = values.clip(lower=0.0).to_numpy(dtype="float64")
    different, place = np.unique(brought, return_inverse=True)
    each = different * np.bincount(place, minlength=len(different))
    reached = each[::-1].cumsum()[::-1]
    before = reached - each
    total = reached[0] if len(reached) else 0.0
    found = np.full(len(different), "C", dtype=object)
    for name, border in (("B", CLASS_BORDERS["B"]), ("A", CLASS_BORDERS["A"])):
        found[(different > 0) & (before < total * border / 100 * _ALMOST)] = name
    return pd.Series(found[place], index=values.index, dtype="str")


def customer_value(indicators: pd.DataFrame, measure: str = "spend_total") -> pd.Series:
    """What every customer with a purchase has brought, ready for `pareto`."""
    if measure not in indicators:
        raise ParameterError(f"indicators has no column {measure!r}. Compute it, or name another measure.")
    values = indicators[measure]
    if "order_count" in indicators:
        values = values[indicators["order_count"].gt(0)]
    values.attrs = {"currency": indicators.attrs.get("currency", "")}
    return values


def _checked(values: Any, seed: Any) -> pd.Series:
    if isinstance(seed, bool) or not isinstance(seed, Integral) or not 0 <= seed < 2**31:
        raise ParameterError(f"seed={seed!r}: give a whole number, 0 or more.")
    if not isinstance(values, pd.Series):
        raise ParameterError(
            f"pareto takes a Series of one value a customer, not a {type(values).__name__}. "
            'Give a column of the indicators, such as indicators["spend_total"].'
        )
    if values.index.has_duplicates:
        raise ParameterError(
            "values has a customer twice. Give one value a customer, indexed by customer_id."
        )
    try:
        known = values.astype("float64").dropna()
    except (TypeError, ValueError) as error:
        raise ParameterError(
            f"values holds something that is no number ({error}). Give a column of numbers."
        ) from error
    if np.isinf(known).any():
        raise ParameterError(f"values has {int(np.isinf(known).sum())} infinite values. Mend or drop them.")
    return known


def _with_interval(value: float, draws: np.ndarray) -> tuple[float, float, float]:
    low, high = _interval(draws)
    return float(value), min(float(low), float(value)), max(float(high), float(value))


def _interval(draws: np.ndarray) -> np.ndarray:
    there = draws[np.isfinite(draws).reshape(len(draws), -1).all(axis=1)]
    if not len(there):
        return np.full((2, *draws.shape[1:]), np.nan)
    return np.percentile(there, [2.5, 97.5], axis=0)


def _curve(now: Any, draws: Any) -> pd.DataFrame:
    points = now.at_customers[0]
    low, high = _interval(draws.at_customers)
    table = pd.DataFrame(
        {
            "customers_share_pct": np.arange(101.0),
            "value_share_pct": points,
            "low": np.minimum(low, points),
            "high": np.maximum(high, points),
        }
    )
    return table if np.isfinite(points).all() else table.iloc[:0]


def _class_table(brought: pd.Series, classes: pd.Series, customers_for: np.ndarray) -> pd.DataFrame:
    groups = brought.groupby(classes.reindex(brought.index))
    table = pd.DataFrame({"customers": groups.size(), "value": groups.sum()})
    table = table.reindex(list(CLASS_BORDERS)).fillna(0.0).rename_axis("class")
    table["customers"] = table["customers"].astype("int64")
    everyone, total = len(brought), float(brought.sum())
    share = 100 * table["customers"] / everyone if everyone else table["value"] * np.nan
    table.insert(1, "customers_share_pct", share)
    a, b = customers_for[:, 1], customers_for[:, 2]
    low, high = np.transpose([_interval(part) for part in (a, b - a, 100 - b)])
    table.insert(2, "low", np.minimum(low, share))
    table.insert(3, "high", np.maximum(high, share))
    table["value_share_pct"] = 100 * table["value"] / total if total else np.nan
    return table
