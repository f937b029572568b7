"""Twenty deals of which eight are open, and a team of two of whom one has left, for the examples."""

from functools import cache

import pandas as pd

from crmlib.analyse.pipeline.durations import StageDurations, stage_durations
from crmlib.analyse.pipeline.overdue import Overdue, overdue_opportunities
from crmlib.analyse.pipeline.team import TeamWork, team_work
from crmlib.prepare.crm import Crm
from tests.analyse.pipeline.little import little_history


@cache
def little_pipeline() -> tuple[StageDurations, Overdue]:
    history = little_history()
    lost = history[history["stage"] == "Lost"].set_index("opportunity_id")["entered_at"]
    sold = history[["opportunity_id"]].drop_duplicates().assign(stage="x", amount=100.0)
    sold["closed_at"] = sold["opportunity_id"].map(lost)
    sold["outcome"] = sold["closed_at"].notna().map({True: "lost", False: "open"})
    crm = Crm.from_frames(as_of="2024-03-31", currency="EUR", opportunities=sold, stage_history=history)
    return stage_durations(crm), overdue_opportunities(crm, quantile=0.5)


@cache
def little_team() -> Crm:
    sold = pd.DataFrame(
        {
            "opportunity_id": ["a", "b", "c"],
            "stage": "x",
            "owner_id": ["e1", "e2", "e1"],
            "outcome": ["open", "open", "won"],
            "amount": [10.0, 20.0, 30.0],
            "created_at": "2024-01-01",
            "closed_at": [None, None, "2024-01-09"],
        }
    )
    staff = pd.DataFrame({"employee_id": ["e1", "e2"], "left_on": [None, "2024-01-20"]})
    return Crm.from_frames(as_of="2024-01-31", currency="EUR", opportunities=sold, employees=staff)


def little_work() -> TeamWork:
    return team_work(little_team())
