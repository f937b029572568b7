"""Who works at the sample company, and its campaigns."""

import numpy as np
import pandas as pd

from crmlib.sample.customers import Register
from crmlib.sample.raw import lots
from crmlib.sample.truths import DAYS, PLAN_FACTORS, START

_TEAMS = ("North", "South", "East", "West")
LEFT = {"E07": "2025-06-30", "E13": "2025-09-30", "E20": "2025-11-28"}
"""Sellers who have left; their open deals still carry their name."""

TESTED = {"K09": True, "K10": False}
"""Campaigns with a control group, and whether they had any effect (`SEGMENTS` has its size)."""
ORDERS_WITHIN_DAYS, CONTROL_SHARE = 28, 0.3

_CAMPAIGNS = (
    # id, name, kind, channel, source it brings, first day, days, cost
    ("K01", "Hannover fair 2023", "trade fair", "visit", "Trade fair", "2023-04-17", 5, 42_000),
    ("K02", "Search advertising 2023", "advertising", "web", "Advertising", "2023-02-01", 300, 30_000),
    ("K03", "Shanghai fair 2023", "trade fair", "visit", "Trade fair", "2023-09-19", 5, 38_000),
    ("K04", "Catalogue 2024", "mailing", "mail", "", "2024-02-12", 30, 16_000),
    ("K05", "Hannover fair 2024", "trade fair", "visit", "Trade fair", "2024-04-22", 5, 45_000),
    ("K06", "Search advertising 2024", "advertising", "web", "Advertising", "2024-02-01", 300, 34_000),
    ("K07", "Tokyo fair 2024", "trade fair", "visit", "Trade fair", "2024-10-08", 4, 36_000),
    ("K08", "Filters by e-mail", "e-mail", "email", "", "2025-02-03", 14, 2_500),
    ("K09", "Spring offer 2025", "e-mail", "email", "", "2025-03-10", 28, 6_000),
    ("K10", "Autumn letter 2025", "e-mail", "email", "", "2025-09-15", 28, 6_000),
    ("K11", "Hannover fair 2025", "trade fair", "visit", "Trade fair", "2025-04-07", 5, 47_000),
    ("K12", "Search advertising 2025", "advertising", "web", "Advertising", "2025-02-03", 300, 36_000),
)


def still_here(employees: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Who does the work on a day: the employee, or the head of the team once the employee has left."""
    found = np.array(employees, dtype=object)
    for name, last in LEFT.items():
        gone = (found == name) & (np.asarray(days) > int((np.datetime64(last, "D") - START).astype(int)))
        found[gone] = f"E{25 + (int(name[1:]) - 1) % 4}"
    return found


def make_employees(*, seed: int) -> pd.DataFrame:
    """Forty people: sellers E01 to E24 in four teams, their heads, service and office."""
    register = Register(seed + 2)
    countries = ("Germany", "China", "Japan", "United Kingdom", "France")
    rows = []
    for i in range(1, 41):
        seller = i <= 24
        department = "Sales" if i <= 29 else "Service" if i <= 36 else "Marketing"
        manager = f"E{25 + (i - 1) % 4}" if seller else "E29" if i != 29 else ""
        rows.append(
            {
                "employee_id": f"E{i:02d}",
                "name": register.person(countries[i % 5]),
                "department": department,
                "team": _TEAMS[(i - 1) % 4] if i <= 28 else "",
                "manager_id": manager,
                "left_on": LEFT.get(f"E{i:02d}", ""),
            }
        )
    return pd.DataFrame(rows)


def make_campaigns() -> pd.DataFrame:
    """Twelve campaigns; `source` is the source that deals and customers have who came by it."""
    names = ("campaign_id", "name", "kind", "channel", "source", "started_on", "days", "cost_amount")
    table = pd.DataFrame(_CAMPAIGNS, columns=list(names))
    table["started_on"] = [int((np.datetime64(day, "D") - START).astype(int)) for day in table["started_on"]]
    return table.assign(ended_on=table["started_on"] + table["days"] - 1)


def make_campaign_contacts(customers: pd.DataFrame, campaigns: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Who was in each campaign; those with a control group leave three in ten alone, drawn by lot."""
    rng = lots(seed, "campaign contacts")
    parts = []
    for row in campaigns.itertuples():
        tested = row.campaign_id in TESTED
        share = (
            0.9
            if tested
            else {"mailing": 0.3, "e-mail": 0.2, "trade fair": 0.06, "advertising": 0.0}[row.kind]
        )
        asked = customers[
            (customers["weight"] > 0)
            & (customers["first_day"] <= row.started_on)
            & (customers["end_day"] > row.started_on if tested else True)
            & (rng.random(len(customers)) < share)
        ]
        if len(asked):
            parts.append(
                pd.DataFrame(
                    {
                        "campaign_id": row.campaign_id,
                        "customer_id": asked["customer_id"],
                        "contacted_on": row.started_on,
                        "is_control": (rng.random(len(asked)) < CONTROL_SHARE) & tested,
                        "segment": asked["segment"],
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


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
    """Targets of 2024 and 2025, and the total's for the first quarter of 2026."""
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
