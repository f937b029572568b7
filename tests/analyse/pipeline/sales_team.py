"""A sales team whose truth is known: who is overdue, what was done next with the won, who has left."""

import numpy as np
import pandas as pd

from crmlib import Crm

AS_OF = "2024-12-31"


def sales_team(*, seed=4, deals=400, difference=True):
    """Two stages of 10 days on average; the won got a visit next, if `difference`, the lost an e-mail."""
    draw = np.random.default_rng(seed)
    begin = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.sort(draw.integers(0, 355, deals)), unit="D")
    talk = begin + pd.to_timedelta(np.ceil(draw.exponential(10, deals)), unit="D")
    end = talk + pd.to_timedelta(np.ceil(draw.exponential(10, deals)), unit="D")
    won = draw.random(deals) < 0.5
    names = [f"d{i:03d}" for i in range(deals)]
    as_of = pd.Timestamp(AS_OF)
    over = end <= as_of
    sold = pd.DataFrame(
        {
            "opportunity_id": names,
            "customer_id": [f"c{i % 50}" for i in range(deals)],
            "owner_id": [f"e{i % 4}" for i in range(deals)],
            "stage": "as exported",
            "outcome": np.where(over, np.where(won, "won", "lost"), "open"),
            "amount": draw.integers(1, 100, deals) * 100.0,
            "created_at": begin,
            "closed_at": pd.Series(end).where(over),
        }
    )
    history = pd.concat(
        [
            pd.DataFrame({"opportunity_id": names, "stage": "Talk", "entered_at": begin, "exited_at": talk}),
            pd.DataFrame({"opportunity_id": names, "stage": "Offer", "entered_at": talk, "exited_at": end}),
        ]
    )
    visits = won if difference else draw.random(deals) < 0.5
    touch = begin + pd.to_timedelta(1, unit="D")
    calls = pd.DataFrame(
        {
            "interaction_id": [f"i{i:03d}" for i in range(deals)],
            "customer_id": sold["customer_id"],
            "opportunity_id": names,
            "employee_id": sold["owner_id"],
            "happened_at": touch,
            "direction": "out",
            "purpose": "follow-up",
            "channel": np.where(visits, "visit", "email"),
            "duration_minutes": 30,
            "cost_amount": 5.0,
            "planned_for": pd.NaT,
        }
    )
    plans = calls.assign(
        interaction_id="p" + calls["interaction_id"],
        planned_for=[
            pd.Timestamp("2025-01-05") if i % 2 else b + pd.Timedelta(days=2) for i, b in enumerate(touch)
        ],
    )
    staff = pd.DataFrame(
        {
            "employee_id": ["e0", "e1", "e2", "e3"],
            "team": "north",
            "left_on": [None, "2024-11-30", "2025-02-01", None],
        }
    )
    return Crm.from_frames(
        as_of=AS_OF, currency="EUR", opportunities=sold, stage_history=history, employees=staff,
        interactions=pd.concat([calls, plans], ignore_index=True),
    )  # fmt: skip
