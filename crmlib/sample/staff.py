"""Who works at the sample company, and its campaigns."""

import numpy as np
import pandas as pd

from crmlib.sample.lots import lots
from crmlib.sample.people import Register
from crmlib.sample.truths import START

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
    """Who does the work on a day: the employee, or the head of the team once the employee has left.

    Examples
    --------
    >>> still_here(np.array(["E07", "E07", ""], dtype=object), np.array([0, 1000, 0])).tolist()
    ['E07', 'E27', '']
    """
    found = np.array(employees, dtype=object)
    for name, last in LEFT.items():
        gone = (found == name) & (np.asarray(days) > int((np.datetime64(last, "D") - START).astype(int)))
        found[gone] = f"E{25 + (int(name[1:]) - 1) % 4}"
    return found


def make_employees(*, seed: int) -> pd.DataFrame:
    """Forty people: sellers E01 to E24 in four teams, their heads, service and office.

    Examples
    --------
    >>> make_employees(seed=1).department.value_counts().to_dict()
    {'Sales': 29, 'Service': 7, 'Marketing': 4}
    """
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
    """Twelve campaigns; `source` is the source that deals and customers have who came by it.

    Examples
    --------
    >>> make_campaigns().loc[8, ["campaign_id", "name"]].tolist()
    ['K09', 'Spring offer 2025']
    """
    names = ("campaign_id", "name", "kind", "channel", "source", "started_on", "days", "cost_amount")
    table = pd.DataFrame(_CAMPAIGNS, columns=list(names))
    table["started_on"] = [int((np.datetime64(day, "D") - START).astype(int)) for day in table["started_on"]]
    return table.assign(ended_on=table["started_on"] + table["days"] - 1)


def make_campaign_contacts(customers: pd.DataFrame, campaigns: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Who was in each campaign; those with a control group leave three in ten alone, drawn by lot.

    Examples
    --------
    >>> make_campaign_contacts.__name__  # see crmlib.sample.company.make_company
    'make_campaign_contacts'
    """
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
