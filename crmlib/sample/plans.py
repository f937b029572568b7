"""Targets: each a known factor times what came of it, some of them missing."""

import numpy as np
import pandas as pd

from crmlib.sample.lots import lots
from crmlib.sample.truths import DAYS, PLAN_FACTORS, START

MISSING = (("region", "France", 1), ("category", "Tools", 2), ("category", "Energy", 3))
"""Targets of 2025 that nobody has set: dimension, key, quarter (0 to 3)."""
_GROUPS = {
    # dimension: (column of lines, measures, months of a period)
    "total": ("all", ("net_amount", "margin", "order_count"), 1),
    "region": ("region", ("net_amount",), 3),
    "department": ("department", ("net_amount", "margin"), 3),
    "category": ("category", ("net_amount", "quantity"), 3),
    "product": ("product_id", ("net_amount", "quantity"), 12),
    "customer": ("customer_id", ("net_amount",), 12),
}


def make_plans(lines: pd.DataFrame, deals: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Targets of 2024 and 2025, and the total's for the first quarter of 2026.

    Parameters
    ----------
    lines : DataFrame
        Order lines with `all`, `region`, `department`, `category`, `product_id`, `customer_id`.
    deals : DataFrame
        `won`, `closed`, `amount`, `owner_id`.

    Returns
    -------
    DataFrame
        As in `plans`, with `factor` (target over what came of it; missing for the future), `actual`, `set_on`
        (days) and `is_late` (set after the period had begun).

    Examples
    --------
    >>> make_plans.__name__  # see crmlib.sample.company.make_company
    'make_plans'
    """
    rng = lots(seed, "plans")
    month = (START + lines["day"].to_numpy()).astype("datetime64[M]").astype(int) - START.astype(
        "datetime64[M]"
    ).astype(int)
    lines = lines.assign(month=month, margin=lines["net_amount"] - lines["cost_amount"])
    parts = [_of_lines(lines, dimension) for dimension in _GROUPS]
    parts.append(_of_deals(deals))
    table = pd.concat(parts, ignore_index=True)
    table["factor"] = np.array(PLAN_FACTORS)[rng.integers(len(PLAN_FACTORS), size=len(table))]
    table["target"] = np.round(table["actual"] * table["factor"], -1)
    table = pd.concat([table[table["target"] > 0], _next_quarter(table)], ignore_index=True)
    lead = np.where(
        rng.random(len(table)) < 0.08, -rng.integers(5, 40, len(table)), rng.integers(10, 60, len(table))
    )
    table["set_on"] = np.minimum(table["start"] - lead, DAYS - 1)
    table["is_late"] = table["set_on"] > table["start"]
    return table[~_is_missing(table)].reset_index(drop=True)


def _first_day(month: np.ndarray) -> np.ndarray:
    first = (START.astype("datetime64[M]") + np.asarray(month)).astype("datetime64[D]")
    return (first - START).astype(np.int64)


def _of_lines(lines: pd.DataFrame, dimension: str) -> pd.DataFrame:
    column, measures, length = _GROUPS[dimension]
    chosen = lines[lines["month"] >= 12]
    if length == 12:
        largest = (
            lines.groupby(column)["net_amount"].sum().sort_values(ascending=False, kind="stable").index[:25]
        )
        chosen = chosen[chosen[column].isin(largest)]
    keys = [chosen["month"] // length * length, column]
    sums = chosen.groupby(keys)[["net_amount", "quantity", "margin"]].sum()
    sums["order_count"] = chosen[~chosen["is_return"]].groupby(keys)["order_id"].nunique()
    long = sums[list(measures)].stack().rename("actual").reset_index()
    long.columns = ["month", "key", "measure", "actual"]
    return _periods(long, dimension, length)


def _of_deals(deals: pd.DataFrame) -> pd.DataFrame:
    won = deals[deals["won"] & (deals["closed"] < DAYS)]
    month = (START + won["closed"].to_numpy()).astype("datetime64[M]").astype(int) - START.astype(
        "datetime64[M]"
    ).astype(int)
    won = won.assign(month=month // 3 * 3)[month >= 12]
    long = won.groupby(["month", "owner_id"])["amount"].sum().rename("actual").reset_index()
    long.columns = ["month", "key", "actual"]
    return _periods(long.assign(measure="won_amount"), "employee", 3)


def _periods(long: pd.DataFrame, dimension: str, length: int) -> pd.DataFrame:
    month = long["month"].to_numpy()
    return pd.DataFrame(
        {
            "start": _first_day(month),
            "end": _first_day(month + length) - 1,
            "dimension": dimension,
            "key": long["key"].astype(object),
            "measure": long["measure"].astype(object),
            "actual": long["actual"].astype(float),
        }
    )


def _next_quarter(table: pd.DataFrame) -> pd.DataFrame:
    """The first three months of 2026: what 2025 was to reach, and twelve percent more."""
    total = table[(table["dimension"] == "total") & (table["start"].between(_first_day(24), _first_day(26)))]
    month = np.searchsorted(_first_day(np.arange(24, 27)), total["start"].to_numpy()) + 36
    return total.assign(
        start=_first_day(month), end=_first_day(month + 1) - 1, actual=np.nan, factor=np.nan,
        target=np.round(total["target"] * 1.12, -1),
    )  # fmt: skip


def _is_missing(table: pd.DataFrame) -> pd.Series:
    gone = pd.Series(False, index=table.index)
    for dimension, key, quarter in MISSING:
        first = int(_first_day(24 + 3 * quarter))
        gone |= (table["dimension"] == dimension) & (table["key"] == key) & (table["start"] == first)
    return gone
