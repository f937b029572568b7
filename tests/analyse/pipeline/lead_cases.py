"""Companies with deals whose odds are known, and real leads, for the tests of the pipeline."""

from functools import cache

import numpy as np
import pandas as pd

from crmlib import Crm

SOURCE_ODDS = {"web": 1.0, "referral": 3.0, "fair": 0.6}
INDUSTRY_ODDS = {"bank": 1.0, "food": 2.0, "retail": 0.5}


@cache
def planted_frames(seed=0, n=2000):
    """Deals whose odds hang on source and industry, with stages and contacts that tell something, not all."""
    lot = np.random.default_rng(seed)
    ids = np.array([f"o{i:04}" for i in range(n)])
    source = lot.choice(list(SOURCE_ODDS), n, p=[0.5, 0.2, 0.3])
    industry = lot.choice(list(INDUSTRY_ODDS), n)
    odds = 0.8 * pd.Series(source).map(SOURCE_ODDS) * pd.Series(industry).map(INDUSTRY_ODDS)
    won = lot.random(n) < (odds / (1 + odds)).to_numpy()
    created = pd.Timestamp("2023-01-01") + pd.to_timedelta(np.sort(lot.uniform(0, 700, n)).round(2), unit="D")
    first, second = lot.gamma(2, 12, n), lot.gamma(2, 10, n)
    drops = ~won & (lot.random(n) < 0.5)
    closed = created + pd.to_timedelta(np.where(drops, first, first + second).round(2), unit="D")
    deals = pd.DataFrame(
        {"opportunity_id": ids, "customer_id": ids, "source": source, "created_at": created, "closed_at": closed,
         "stage": np.where(won, "Won", "Lost"), "outcome": np.where(won, "won", "lost"), "owner_id": "e1",
         "amount": lot.integers(1, 50, n) * 100.0}
    )  # fmt: skip
    moved = created + pd.to_timedelta(first.round(2), unit="D")
    stays = pd.DataFrame({"opportunity_id": ids, "stage": "Talk", "entered_at": created,
                          "exited_at": np.where(drops, closed, moved)})  # fmt: skip
    later = pd.DataFrame({"opportunity_id": ids, "stage": "Offer", "entered_at": moved, "exited_at": closed})
    calls = []
    for i in range(n):
        end = (closed[i] - created[i]).days
        calls += [(ids[i], created[i] + pd.Timedelta(days=int(day)))
                  for day in lot.integers(0, max(end, 1), lot.poisson(1.5 + won[i]))]  # fmt: skip
    calls = pd.DataFrame(calls, columns=["opportunity_id", "happened_at"])
    calls = calls.assign(interaction_id=np.arange(len(calls)).astype(str), customer_id=calls["opportunity_id"],
                         direction="out")  # fmt: skip
    parties = pd.DataFrame({"customer_id": ids, "industry": industry, "country": industry})
    return {
        "opportunities": deals,
        "stage_history": pd.concat([stays, later[~drops]], ignore_index=True),
        "interactions": calls,
        "customers": parties,
    }


def planted(**changes):
    """The company as it is, made once, or with other tables in its place."""
    return _made(changes) if changes else _as_it_is()


@cache
def _as_it_is():
    return _made({})


def _made(changes):
    return Crm.from_frames(as_of="2024-12-01", currency="EUR", **{**planted_frames(), **changes})


def olist_leads(folder):
    """The leads of the Olist marketing funnel as opportunities: origin is the source, landing page the campaign."""
    leads = pd.read_csv(folder / "olist_marketing_qualified_leads_dataset.csv")
    deals = pd.read_csv(folder / "olist_closed_deals_dataset.csv", usecols=["mql_id", "won_date"])
    table = leads.merge(deals, on="mql_id", how="left")
    return pd.DataFrame(
        {"opportunity_id": table["mql_id"], "source": table["origin"], "campaign_id": table["landing_page_id"],
         "created_at": table["first_contact_date"], "closed_at": table["won_date"], "stage": "lead",
         "outcome": np.where(table["won_date"].notna(), "won", "open")}
    )  # fmt: skip
