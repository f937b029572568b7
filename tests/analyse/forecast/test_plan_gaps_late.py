"""A target that was set when its period had begun is told, and one of the day itself is not."""

import pandas as pd

from crmlib import Crm
from crmlib.analyse.forecast.plan import SET_LATE, find_gaps


def test_targets_set_late_are_told_with_the_days():
    begun = ["2024-01-01", "2024-01-01", "2024-01-01", "2023-01-01"]
    plans = pd.DataFrame(
        {
            "period_start": begun,
            "period_end": ["2024-12-31"] * 3 + ["2023-12-31"],
            "dimension": "region",
            "key": ["north", "south", "west", "north"],
            "measure": "net_amount",
            "target": 100.0,
            "set_on": ["2024-01-11", "2024-01-01", None, "2023-05-01"],
        }
    )
    crm = Crm.from_frames(as_of="2024-06-30", plans=plans)
    when = {"period_start": pd.Timestamp("2024-01-01"), "period_end": pd.Timestamp("2024-12-31")}
    table = pd.DataFrame({"key": ["north"], "planned_days": 366, "period_days": 366, **when})
    rows = pd.DataFrame({"measure": ["net_amount"], **when})
    gaps = find_gaps(crm, by="region", rows=rows, table=table, unplanned=table.head(0), not_computed={},
                     today=pd.Timestamp("2024-06-30"))  # fmt: skip
    late = gaps[gaps["problem"] == SET_LATE]
    assert late["key"].tolist() == ["north"]
    assert late["day"].tolist() == [pd.Timestamp("2024-01-11")] and late["days"].tolist() == [10]
