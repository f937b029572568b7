"""A company whose deals move at known rates, so that what will be won can be worked out."""

from functools import cache

import numpy as np
import pandas as pd

from crmlib.analyse.forecast.chances import learn_amounts
from crmlib.analyse.forecast.outlooks import what_is_known
from crmlib.measure.deals.past import deal_ledger, past_pipeline
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


@cache
def little_company():
    """Two years of deals through two stages, thirty a month, and two sellers."""
    lot = np.random.default_rng(1)
    n, end = 720, pd.Timestamp("2024-12-31")
    begun = pd.Timestamp("2023-01-01") + pd.to_timedelta(np.sort(lot.uniform(0, 730, n)), unit="D")
    talk, offer = lot.exponential(20, n).round(2), lot.exponential(25, n).round(2)
    passed, won = lot.random(n) < 0.6, lot.random(n) < 0.5
    offered = begun + pd.to_timedelta(talk, unit="D")
    closed = offered + pd.to_timedelta(np.where(passed, offer, 0), unit="D")
    names = np.array([f"d{number:04}" for number in range(n)])
    sold = pd.DataFrame(
        {
            "opportunity_id": names, "stage": "x", "created_at": begun, "closed_at": closed.where(closed <= end),
            "outcome": np.where(closed > end, "open", np.where(passed & won, "won", "lost")),
            "amount": lot.lognormal(8, 0.5, n).round(), "owner_id": lot.choice(["e1", "e2"], n),
        }
    )  # fmt: skip
    first = pd.DataFrame(
        {"opportunity_id": names, "stage": "Talk", "entered_at": begun, "exited_at": offered}
    )
    second = first.assign(stage="Offer", entered_at=offered, exited_at=closed)[passed]
    history = pd.concat([first, second])
    history = history[history["entered_at"] <= end]
    history["exited_at"] = history["exited_at"].where(history["exited_at"] <= end)
    return Crm.from_frames(
        as_of="2024-12-31", currency="EUR", opportunities=sold, stage_history=history.reset_index(drop=True)
    )


def little_past(*, days):
    """Forty-two deals, each 9 days in its one stage, every second one won; four are open."""
    begun = pd.date_range("2024-01-01", periods=42, freq="2D")
    closed = begun.shift(9, freq="D")
    today = begun[-1] + pd.Timedelta(days=2)
    sold = pd.DataFrame(
        {
            "opportunity_id": [f"d{number:02}" for number in range(42)],
            "stage": "Talk",
            "outcome": np.where(closed > today, "open", np.where(np.arange(42) % 2 == 0, "won", "lost")),
            "created_at": begun,
            "closed_at": closed.where(closed <= today),
            "amount": 1.0,
        }
    )
    crm = Crm.from_frames(as_of=f"{today:%Y-%m-%d}", opportunities=sold)
    ledger = deal_ledger(crm)
    ledger = ledger.assign(created_on=ledger["created_at"], closed_on=ledger["closed_at"])
    past = past_pipeline(crm, moment=crm.as_of, ledger=ledger)
    usual = learn_amounts(past.decided, known_while_open=True)
    return what_is_known(past, ledger=ledger, amounts=usual, today=today, days=days)
