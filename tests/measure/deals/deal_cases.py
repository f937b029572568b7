"""Pipelines for the tests: written by hand, and random with dirt."""

import numpy as np
import pandas as pd

from crmlib import Crm

AS_OF = pd.Timestamp("2024-06-30 12:00")
STAGES = ("Inquiry", "Proposal", "Negotiation")


def pipeline(history, opportunities=None, *, as_of=AS_OF, **tables):
    """A workspace of (deal, stage, entered, exited) and (deal, outcome, created, closed)."""
    frames = {
        "stage_history": pd.DataFrame(history, columns=["opportunity_id", "stage", "entered_at", "exited_at"])
    }
    if opportunities is not None:
        table = pd.DataFrame(opportunities, columns=["opportunity_id", "outcome", "created_at", "closed_at"])
        frames["opportunities"] = table.assign(stage="as exported")
    return Crm.from_frames(as_of=as_of, **frames, **tables)


def random_pipeline(seed, *, deals=60, dirt=True):
    """History and deals of which some are still open, moments to the hour."""
    draw = np.random.default_rng(seed)
    begin = pd.Timestamp("2024-01-01")
    history, sold = [], []
    for number in range(deals):
        name, at = f"d{number:03d}", begin + pd.Timedelta(hours=int(draw.integers(0, 24 * 170)))
        created, place, outcome, closed = at, 0, "open", pd.NaT
        for _ in range(12):
            stay = pd.Timedelta(hours=int(draw.integers(1, 24 * 40)))
            stated = at + stay if draw.random() < 0.7 else pd.NaT
            history.append((name, STAGES[place], at, stated))
            at = at + stay
            step = draw.random()
            if step < 0.2:
                outcome, closed = ("won" if draw.random() < 0.5 else "lost"), at
                break
            place = max(place - 1, 0) if step < 0.35 else min(place + 1, 2)
        sold.append((name, outcome, created, closed))
    if dirt:
        for row in draw.choice(len(history), size=max(len(history) // 12, 1), replace=False):
            name, stage, entered, exited = history[row]
            kind = draw.integers(0, 3)
            if kind == 0:
                history[row] = (name, stage, entered, entered - pd.Timedelta(days=1))
            elif kind == 1 and not pd.isna(exited):
                history[row] = (name, stage, entered, exited + pd.Timedelta(days=20))
            else:
                history.append((name, stage.upper(), entered + pd.Timedelta(hours=1), exited))
    return history, sold


def known_then(history, sold, moment):
    """The same rows as they were known at an earlier moment, rebuilt by hand."""
    rows = [
        (name, stage, entered, pd.NaT if pd.isna(exited) or exited > moment else exited)
        for name, stage, entered, exited in history
        if entered <= moment
    ]
    deals = [
        (name, outcome, created, closed)
        if not pd.isna(closed) and closed <= moment
        else (name, "open", created, pd.NaT)
        for name, outcome, created, closed in sold
        if created <= moment
    ]
    return rows, deals
