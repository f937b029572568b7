"""A company whose deals move at known rates, so that what will be won can be worked out."""

from functools import cache

import numpy as np
import pandas as pd

from crmlib.prepare.crm import Crm

END = pd.Timestamp("2024-12-31 23:59:59")
TALK_TO_OFFER, TALK_TO_LOST, OFFER_TO_WON, OFFER_TO_LOST = 0.03, 0.02, 0.04, 0.03
"""Rates a day; constant, so that the time in a stage does not matter."""


@cache
def deals_and_history(*, count=1_500, seed=3, months=24):
    """All that happens to deals until the end of 2025: what lies after `END` is the future."""
    lot = np.random.default_rng(seed)
    start = END.normalize() - pd.DateOffset(months=months)
    span = (END + pd.DateOffset(years=1) - start).days
    count = round(count * span / (months * 30.4))
    begun = start + pd.to_timedelta(np.sort(lot.uniform(0, span, count)).round(3), unit="D")
    talk = lot.exponential(1 / (TALK_TO_OFFER + TALK_TO_LOST), count).round(3)
    offered = lot.random(count) < TALK_TO_OFFER / (TALK_TO_OFFER + TALK_TO_LOST)
    offer = lot.exponential(1 / (OFFER_TO_WON + OFFER_TO_LOST), count).round(3)
    won = offered & (lot.random(count) < OFFER_TO_WON / (OFFER_TO_WON + OFFER_TO_LOST))
    passed = begun + pd.to_timedelta(talk, unit="D")
    closed = passed + pd.to_timedelta(np.where(offered, offer, 0), unit="D")
    names = np.array([f"d{number:05}" for number in range(count)])
    deals = pd.DataFrame(
        {
            "opportunity_id": names, "stage": "x", "created_at": begun, "closed_at": closed,
            "outcome": np.where(won, "won", "lost"), "amount": lot.choice([100.0, 200.0, 300.0], count),
            "owner_id": lot.choice(["e1", "e2", "e3"], count), "product_id": lot.choice(["p1", "p2"], count),
        }
    )  # fmt: skip
    talks = pd.DataFrame({"opportunity_id": names, "stage": "Talk", "entered_at": begun, "exited_at": passed})
    offers = talks.assign(stage="Offer", entered_at=passed, exited_at=closed)[offered]
    return deals, pd.concat([talks, offers], ignore_index=True)


@cache
def company(*, until=END, with_future=False, change=None, **settings):
    """The company as it was known at `until`; `with_future` leaves later rows and dates in the tables."""
    deals, history = (table.copy() for table in deals_and_history(**settings))
    if not with_future:
        deals, history = deals[deals["created_at"] <= until], history[history["entered_at"] <= until]
        later = deals["closed_at"] > until
        deals = deals.assign(
            closed_at=deals["closed_at"].mask(later), outcome=deals["outcome"].mask(later, "open")
        )
        history = history.assign(exited_at=history["exited_at"].mask(history["exited_at"] > until))
    if change is not None:
        deals = change(deals)
    products = pd.DataFrame({"product_id": ["p1", "p2"], "category": ["tools", "paper"]})
    return Crm.from_frames(
        as_of=until, currency="EUR", opportunities=deals, stage_history=history, products=products
    )
